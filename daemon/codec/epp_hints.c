/*
 * The extensions that say more of a contact's person.
 *
 * misu-1.0, which misu takes out of every frame before it leaves:
 *
 *     <misu:person xmlns:misu="urn:misu:params:xml:ns:misu-1.0">
 *       <misu:kind>natural|legal</misu:kind>                     0..1
 *       <misu:role>registrant|admin|tech|billing</misu:role>     0..4
 *       <misu:object>example.org</misu:object>                   0..1
 *       <misu:tld>.org</misu:tld>                                0..1
 *       <misu:subject>ID</misu:subject>                          0..1
 *       <misu:plan>WORD</misu:plan>                              0..1
 *       <misu:consent purpose="WORD" audience="public|registry|company|any"
 *         given="true|false" at="RFC 3339 time" version="TEXT"/> 0..8
 *     </misu:person>
 *
 * in this order; `version` may be left out, and the TLD's dot.  An id has 1 to
 * 255 bytes, a word 1 to 64 of lower-case letters, digits and hyphens, a letter
 * first; a text up to 64.
 *
 * addlEmail-1.0 (RFC 9873): a contact's second e-mail.  It is no value of a
 * record: what is decided of the e-mail holds for both.
 */
#include "codec/epp_priv.h"

#include "base/date.h"
#include "base/name.h"
#include "base/text.h"

enum { WORD_MAX = 64, SUBJECT_MAX = 255 };

static bool
read_kind(struct epp_reader *r, uint32_t element, struct epp_hints *hints)
{
	struct slice text;

	if (!epp_attributes(r, element, NULL, NULL) ||
	    !epp_token(r, element, 1, WORD_MAX, &text))
		return false;
	hints->has_kind =
	    kind_find(text, &hints->kind) && hints->kind != KIND_UNKNOWN;
	return hints->has_kind ||
	       epp_refuse(r, EPP_VALUE, element, "neither natural nor legal");
}

static bool
read_roles(struct epp_walk *walk, struct epp_hints *hints)
{
	struct epp_reader *r = walk->r;
	uint32_t element;
	struct slice text;
	enum role role;

	while ((element = epp_take(walk, "role")) != XML_NONE) {
		if (!epp_attributes(r, element, NULL, NULL) ||
		    !epp_token(r, element, 1, WORD_MAX, &text))
			return false;
		if (!role_find(text, &role) ||
		    (role != ROLE_REGISTRANT && role != ROLE_ADMIN &&
			role != ROLE_TECH && role != ROLE_BILLING))
			return epp_refuse(r, EPP_VALUE, element,
			    "not registrant, admin, tech or billing");
		if ((hints->roles & 1u << role) != 0)
			return epp_refuse(
			    r, EPP_VALUE, element, "the same role twice");
		hints->roles |= 1u << role;
	}
	return true;
}

/* Kept with its dot, however it is written. */
static bool
read_tld(struct epp_reader *r, uint32_t element, struct epp_hints *hints)
{
	struct text text = text_start(r->arena);
	struct slice name;

	if (!epp_attributes(r, element, NULL, NULL) ||
	    !epp_token(r, element, 1, 255, &name))
		return false;
	if (name.data[0] == '.')
		name = (struct slice){name.data + 1, name.len - 1};
	if (!epp_make_name(r, element, name, &name))
		return false;
	text_add_char(&text, '.');
	text_add(&text, name);
	hints->tld = text_slice(&text);
	return hints->tld.data != NULL || epp_no_memory(r);
}

static bool
read_scope(struct epp_walk *walk, struct epp_hints *hints)
{
	struct epp_reader *r = walk->r;
	uint32_t element = epp_take(walk, "object");

	if (element != XML_NONE &&
	    (!epp_attributes(r, element, NULL, NULL) ||
		!epp_read_name(r, element, &hints->domain)))
		return false;
	element = epp_take(walk, "tld");
	return element == XML_NONE || read_tld(r, element, hints);
}

static bool
read_person(struct epp_walk *walk, struct epp_hints *hints)
{
	struct epp_reader *r = walk->r;
	uint32_t element = epp_take(walk, "subject");

	if (element != XML_NONE) {
		if (!epp_attributes(r, element, NULL, NULL) ||
		    !epp_token(r, element, 1, SUBJECT_MAX, &hints->subject))
			return false;
		if (hints->subject.len > SUBJECT_MAX)
			return epp_refuse(
			    r, EPP_VALUE, element, "a value too long");
	}
	element = epp_take(walk, "plan");
	if (element == XML_NONE)
		return true;
	return epp_attributes(r, element, NULL, NULL) &&
	       epp_token(r, element, 1, WORD_MAX, &hints->plan) &&
	       (text_is_name(hints->plan, WORD_MAX) ||
		   epp_refuse(r, EPP_VALUE, element, "no word of a policy"));
}

/* epp_attributes() takes two names; a consent has five. */
static bool
check_consent_attributes(struct epp_reader *r, uint32_t element)
{
	static const char *const names[] = {
	    "purpose", "audience", "given", "at", "version"};
	const struct xml_element *e = &r->document->elements[element];
	unsigned known = 0;

	for (size_t i = 0; i < 5; i++) {
		bool there =
		    xml_attribute(r->document, element, names[i]) != NULL;

		known += there;
		if (!there && i < 4)
			return epp_missing(r, names[i]);
	}
	if (known != e->attribute_count)
		return epp_refuse(r, EPP_SYNTAX, element,
		    "an attribute that must not stand here");
	return (e->first == XML_NONE && !e->has_text) ||
	       epp_refuse(r, EPP_SYNTAX, element,
		   "something inside an element that must be empty");
}

static bool
read_consent(struct epp_reader *r, uint32_t element, struct consent *out)
{
	struct slice audience, time;

	if (!check_consent_attributes(r, element) ||
	    !epp_attribute_token(r, element, "purpose", &out->purpose) ||
	    !epp_attribute_token(r, element, "audience", &audience) ||
	    !epp_attribute_flag(r, element, "given", &out->given) ||
	    !epp_attribute_token(r, element, "at", &time) ||
	    !epp_attribute_token(r, element, "version", &out->version))
		return false;
	if (!text_is_name(out->purpose, WORD_MAX))
		return epp_refuse(
		    r, EPP_VALUE, element, "a purpose that is no word");
	if (!audience_find(audience, &out->audience))
		return epp_refuse(r, EPP_VALUE, element,
		    "an audience but public, registry, company or any");
	if (!date_parse(time, &out->time, NULL))
		return epp_refuse(r, EPP_VALUE, element, "no time of RFC 3339");
	return (out->version.len <= WORD_MAX && text_is_plain(out->version)) ||
	       epp_refuse(r, EPP_VALUE, element,
		   "a version that is too long or not plain");
}

bool
epp_read_hints(struct epp_reader *r, uint32_t element)
{
	struct epp_hints *hints = &r->command->hints;
	struct epp_walk walk = epp_walk(r, element);
	uint32_t child;

	if (!slice_is(r->document->elements[element].name, "person"))
		return epp_refuse(
		    r, EPP_SYNTAX, element, "no element of misu-1.0");
	if (hints->given)
		return epp_refuse(r, EPP_SYNTAX, element, "a second person");
	hints->given = true;
	hints->consents = arena_take_array(
	    r->arena, EPP_CONSENTS_MAX, sizeof(*hints->consents));
	if (hints->consents == NULL)
		return epp_no_memory(r);
	if (!epp_attributes(r, element, NULL, NULL))
		return false;
	child = epp_take(&walk, "kind");
	if ((child != XML_NONE && !read_kind(r, child, hints)) ||
	    !read_roles(&walk, hints) || !read_scope(&walk, hints) ||
	    !read_person(&walk, hints))
		return false;
	while ((child = epp_take(&walk, "consent")) != XML_NONE) {
		if (hints->consent_count == EPP_CONSENTS_MAX)
			return epp_refuse(
			    r, EPP_RANGE, child, "too many consents");
		if (!read_consent(
			r, child, &hints->consents[hints->consent_count]))
			return false;
		hints->consent_count++;
	}
	return epp_end(&walk);
}

static bool
has_additional(const struct epp_contact *contact)
{
	for (size_t i = 0; i < contact->value_count; i++)
		if (contact->values[i].additional)
			return true;
	return false;
}

/* Also with letters beyond ASCII before the @ (RFC 6530). */
static bool
is_address(struct slice text)
{
	const char *at = memchr(text.data, '@', text.len);

	return at != NULL && at != text.data &&
	       at + 1 != text.data + text.len &&
	       memchr(at + 1, '@', (size_t)(text.data + text.len - at - 1)) ==
		   NULL &&
	       memchr(text.data, ' ', text.len) == NULL && text_is_plain(text);
}

bool
epp_read_additional(
    struct epp_reader *r, uint32_t element, struct epp_contact *contact)
{
	struct epp_walk walk = epp_walk(r, element);
	struct epp_value *value = &contact->values[contact->value_count];
	const struct xml_element *all = r->document->elements;
	uint32_t email;
	bool primary;

	if (!slice_is(all[element].name, "addlEmail"))
		return epp_refuse(
		    r, EPP_SYNTAX, element, "no element of addlEmail-1.0");
	if (contact->value_count == EPP_VALUES_MAX || has_additional(contact))
		return epp_refuse(r, EPP_SYNTAX, element, "a third e-mail");
	if (!epp_attributes(r, element, NULL, NULL) ||
	    !epp_need(&walk, "email", &email) ||
	    !epp_attributes(r, email, "primary", NULL) ||
	    (xml_attribute(r->document, email, "primary") != NULL &&
		!epp_attribute_flag(r, email, "primary", &primary)))
		return false;
	*value = (struct epp_value){
	    .field = FIELD_EMAIL,
	    .whole = all[email].whole,
	    .content = all[email].content,
	    .element = email,
	    .postal = -1,
	    .additional = true,
	};
	if (!epp_token(r, email, r->command->verb == EPP_CREATE ? 1 : 0, 320,
		&value->text))
		return false;
	if (value->text.len != 0 && !is_address(value->text))
		return epp_refuse(r, EPP_VALUE, email, "no e-mail address");
	contact->value_count++;
	return epp_end(&walk);
}
