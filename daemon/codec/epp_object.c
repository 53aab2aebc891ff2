/* What objects share, hosts, and the commands that only name an object. */
#include "codec/epp_priv.h"

#include "base/name.h"
#include "base/prefix.h"

bool
epp_make_name(struct epp_reader *r, uint32_t element, struct slice text,
    struct slice *out)
{
	struct fail why = FAIL_INIT;

	if (name_canonical(r->arena, text, out, &why))
		return true;
	if (why.kind == FAIL_MEMORY)
		return epp_no_memory(r);
	return epp_refuse(r, EPP_VALUE, element, "no name of a host or domain");
}

bool
epp_read_name(struct epp_reader *r, uint32_t element, struct slice *out)
{
	struct slice text;

	return epp_token(r, element, 1, 255, &text) &&
	       epp_make_name(r, element, text, out);
}

bool
epp_read_address(struct epp_reader *r, uint32_t element, struct slice *out)
{
	static const char *const words[] = {"v4", "v6", NULL};
	struct prefix prefix;
	size_t six = 0;

	if (!epp_attributes(r, element, "ip", NULL) ||
	    !epp_token(r, element, 3, 45, out))
		return false;
	if (xml_attribute(r->document, element, "ip") != NULL &&
	    !epp_attribute_word(r, element, "ip", words, &six))
		return false;
	return (prefix_parse_address(*out, &prefix) &&
		   prefix.six == (six == 1)) ||
	       epp_refuse(r, EPP_VALUE, element, "no address of its family");
}

bool
epp_read_auth(
    struct epp_reader *r, uint32_t element, bool null, struct slice *out)
{
	struct epp_walk walk = epp_walk(r, element);
	uint32_t child = epp_take(&walk, "pw");
	struct slice text;

	if (!epp_attributes(r, element, NULL, NULL))
		return false;
	if (child != XML_NONE)
		return epp_attributes(r, child, "roid", NULL) &&
		       epp_attribute_token(r, child, "roid", &text) &&
		       epp_line(r, child, 0, 1024, out != NULL ? out : &text) &&
		       epp_end(&walk);
	child = null ? epp_take(&walk, "null") : XML_NONE;
	if (child != XML_NONE)
		return epp_empty(r, child) && epp_end(&walk);
	child = epp_take(&walk, "ext");
	if (child != XML_NONE)
		return epp_refuse(
		    r, EPP_OPTION, child, "authorization by an extension");
	return epp_need(&walk, "pw", &child);
}

static bool
is_word(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-')
			return false;
	}
	return text.len != 0;
}

bool
epp_read_statuses(struct epp_walk *walk, unsigned max,
    void (*note)(void *arg, struct slice status), void *arg)
{
	struct epp_reader *r = walk->r;
	unsigned count = 0;
	uint32_t element;
	struct slice text;

	while ((element = epp_take(walk, "status")) != XML_NONE) {
		if (++count > max)
			return epp_refuse(
			    r, EPP_SYNTAX, element, "too many statuses");
		if (xml_attribute(r->document, element, "s") == NULL)
			return epp_missing(r, "s");
		if (!epp_attributes(r, element, "s", "lang") ||
		    !epp_attribute_token(r, element, "s", &text))
			return false;
		if (!is_word(text))
			return epp_refuse(
			    r, EPP_VALUE, element, "no status of EPP");
		if (note != NULL)
			note(arg, text);
		if (!epp_attribute_token(r, element, "lang", &text) ||
		    !epp_line(r, element, 0, 255, &text))
			return false;
	}
	return true;
}

bool
epp_read_period(struct epp_reader *r, uint32_t element)
{
	static const char *const words[] = {"y", "m", NULL};
	struct slice text;
	size_t unit;

	if (!epp_attributes(r, element, "unit", NULL) ||
	    !epp_attribute_word(r, element, "unit", words, &unit) ||
	    !epp_token(r, element, 1, 2, &text))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < (i == 0 ? '1' : '0') || text.data[i] > '9')
			return epp_refuse(
			    r, EPP_VALUE, element, "no period of 1 to 99");
	return true;
}

static uint32_t
take_all(struct epp_walk *walk, const char *name)
{
	uint32_t count = 0;

	while (epp_take(walk, name) != XML_NONE)
		count++;
	return count;
}

/* check: one or more; what they are named is the registry's to judge. */
static bool
read_many(struct epp_reader *r, struct epp_walk *walk, const char *name)
{
	struct epp_walk ahead = *walk;
	uint32_t count = take_all(&ahead, name), element;
	struct slice *ids = arena_take_array(r->arena, count, sizeof(*ids));

	if (ids == NULL)
		return epp_no_memory(r);
	r->command->ids = ids;
	r->command->id_count = count;
	if (count == 0)
		return epp_need(walk, name, &element);
	for (uint32_t i = 0; i < count; i++) {
		element = epp_take(walk, name);
		if (!epp_attributes(r, element, NULL, NULL) ||
		    !epp_token(r, element, 1, 255, &ids[i]))
			return false;
	}
	r->command->id = ids[0];
	return epp_end(walk);
}

/* YYYY-MM-DD, and a time zone as XML Schema allows. */
static bool
read_day(struct epp_reader *r, uint32_t element)
{
	static const char shape[] = "0000-00-00";
	struct slice text;
	size_t i = 0;

	if (!epp_attributes(r, element, NULL, NULL) ||
	    !epp_token(r, element, 10, 16, &text))
		return false;
	while (i < 10 &&
	       (shape[i] == '-' ? text.data[i] == '-'
				: text.data[i] >= '0' && text.data[i] <= '9'))
		i++;
	while (i >= 10 && i < text.len && text.data[i] != '\0' &&
	       strchr("Z+-:0123456789", text.data[i]) != NULL)
		i++;
	return i == text.len || epp_refuse(r, EPP_VALUE, element, "no date");
}

static bool
read_one_name(struct epp_reader *r, struct epp_walk *walk)
{
	static const char *const hosts[] = {"all", "del", "none", "sub", NULL};
	struct epp_command *c = r->command;
	bool may = c->verb == EPP_INFO && c->object == EPP_DOMAIN;
	uint32_t element;
	size_t which;

	if (c->object == EPP_CONTACT)
		return epp_need(walk, "id", &element) &&
		       epp_attributes(r, element, NULL, NULL) &&
		       epp_token(r, element, 3, 16, &c->id);
	return epp_need(walk, "name", &element) &&
	       epp_attributes(r, element, may ? "hosts" : NULL, NULL) &&
	       (xml_attribute(r->document, element, "hosts") == NULL ||
		   epp_attribute_word(r, element, "hosts", hosts, &which)) &&
	       epp_read_name(r, element, &c->id);
}

/* A transfer of a domain is decided on, so that it has more to say. */
static bool
note_domain(struct epp_reader *r, uint32_t object)
{
	struct epp_domain *domain = arena_take(r->arena, sizeof(*domain));

	if (domain == NULL)
		return epp_no_memory(r);
	domain->name = r->command->id;
	domain->object = r->document->elements[object].whole;
	domain->change = domain->add = domain->remove =
	    epp_nowhere(r->document->elements[object].content.end);
	r->command->domain = domain;
	return true;
}

bool
epp_read_ids(struct epp_reader *r, uint32_t object)
{
	struct epp_command *c = r->command;
	struct epp_walk walk = epp_walk(r, object);
	bool domain = c->object == EPP_DOMAIN;
	uint32_t element;

	if (c->verb == EPP_CHECK)
		return read_many(
		    r, &walk, c->object == EPP_CONTACT ? "id" : "name");
	if ((c->verb == EPP_RENEW && !domain) ||
	    (c->verb == EPP_TRANSFER && c->object == EPP_HOST))
		return epp_refuse(r, EPP_SYNTAX, object,
		    "a command that this object does not have");
	if (!read_one_name(r, &walk))
		return false;
	c->ids = &c->id;
	c->id_count = 1;
	if (c->verb == EPP_RENEW &&
	    (!epp_need(&walk, "curExpDate", &element) || !read_day(r, element)))
		return false;
	if (domain && (c->verb == EPP_RENEW || c->verb == EPP_TRANSFER)) {
		element = epp_take(&walk, "period");
		if (element != XML_NONE && !epp_read_period(r, element))
			return false;
	}
	if ((c->verb == EPP_INFO && c->object != EPP_HOST) ||
	    c->verb == EPP_TRANSFER) {
		element = epp_take(&walk, "authInfo");
		if (element != XML_NONE &&
		    !epp_read_auth(r, element, false, NULL))
			return false;
		c->shows_auth = element != XML_NONE;
	}
	return epp_end(&walk) &&
	       (!domain || c->verb != EPP_TRANSFER || note_domain(r, object));
}

static bool
read_addresses(struct epp_walk *walk)
{
	struct slice address;
	uint32_t element;

	while ((element = epp_take(walk, "addr")) != XML_NONE)
		if (!epp_read_address(walk->r, element, &address))
			return false;
	return true;
}

static bool
read_host_change(struct epp_reader *r, uint32_t element)
{
	struct epp_walk walk = epp_walk(r, element);
	uint32_t name;

	if (!epp_attributes(r, element, NULL, NULL))
		return false;
	/* One that changes nothing is as good as none. */
	if (walk.at == XML_NONE)
		return epp_end(&walk);
	return epp_need(&walk, "name", &name) &&
	       epp_attributes(r, name, NULL, NULL) &&
	       epp_read_name(r, name, &r->command->new_name) && epp_end(&walk);
}

static bool
read_host_parts(struct epp_reader *r, uint32_t element)
{
	struct epp_walk walk = epp_walk(r, element);

	return epp_attributes(r, element, NULL, NULL) &&
	       read_addresses(&walk) &&
	       epp_read_statuses(&walk, 7, NULL, NULL) && epp_end(&walk);
}

bool
epp_read_host(struct epp_reader *r, uint32_t object)
{
	struct epp_command *c = r->command;
	struct epp_walk walk = epp_walk(r, object);
	uint32_t element;

	if (!read_one_name(r, &walk))
		return false;
	c->ids = &c->id;
	c->id_count = 1;
	if (c->verb == EPP_CREATE)
		return read_addresses(&walk) && epp_end(&walk);
	element = epp_take(&walk, "add");
	if (element != XML_NONE && !read_host_parts(r, element))
		return false;
	element = epp_take(&walk, "rem");
	if (element != XML_NONE && !read_host_parts(r, element))
		return false;
	element = epp_take(&walk, "chg");
	return (element == XML_NONE || read_host_change(r, element)) &&
	       epp_end(&walk);
}
