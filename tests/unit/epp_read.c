/* EPP frames: what is read, what is refused with which code, and records. */
#include "unit/arena_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

#include "codec/epp.h"
#include "runner/frames.h"

static struct epp_command *
read_command(const char *text)
{
	struct epp_problem problem;
	struct fail fail = FAIL_INIT;
	struct epp_command *c = epp_read_command(
	    arena, slice_from(text), &xml_limits_default, &problem, &fail);

	if (c == NULL)
		fail_msg(
		    "%u %s: %s\n%s", problem.code, fail.place, fail.text, text);
	return c;
}

static void
refuses_frame(const char *text, unsigned code, const char *what)
{
	struct epp_problem problem;
	struct fail fail = FAIL_INIT;

	if (epp_read_command(arena, slice_from(text), &xml_limits_default,
		&problem, &fail) != NULL)
		fail_msg("read: %s", text);
	if (problem.code != code || strstr(fail.text, what) == NULL)
		fail_msg(
		    "%u %s: %s\n%s", problem.code, fail.place, fail.text, text);
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_null(strstr(fail.text, "SECRET"));
	assert_null(strstr(fail.place, "SECRET"));
}

#define HEAD "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><command>"
#define TAIL "<clTRID>ABC-12345</clTRID></command></epp>"
#define OBJECT(verb, name, inside)                                             \
	HEAD "<" verb "><x:" verb " xmlns:x=\"urn:ietf:params:xml:ns:" name    \
	     "-1.0\">" inside "</x:" verb "></" verb ">" TAIL
#define EXTENDED(verb, name, inside, extension)                                \
	HEAD "<" verb "><x:" verb " xmlns:x=\"urn:ietf:params:xml:ns:" name    \
	     "-1.0\">" inside "</x:" verb "></" verb "><extension>" extension  \
	     "</extension>" TAIL

#define ID "<x:id>mihon-0001</x:id>"
#define ADDR                                                                   \
	"<x:addr><x:street>SECRET 1-2</x:street><x:city>Minato</x:city>"       \
	"<x:cc>JP</x:cc></x:addr>"
#define POSTAL(type, name, addr)                                               \
	"<x:postalInfo type=\"" type "\">" name addr "</x:postalInfo>"
#define NAME "<x:name>SECRET Taro</x:name>"
#define EMAIL "<x:email>secret@example.jp</x:email>"
#define AUTH "<x:authInfo><x:pw>2fooBAR</x:pw></x:authInfo>"
#define PERSON POSTAL("int", NAME, ADDR) EMAIL AUTH
#define CREATE(inside) OBJECT("create", "contact", inside)
#define CHANGE(inside)                                                         \
	OBJECT("update", "contact", ID "<x:chg>" inside "</x:chg>")

/* --- frames as they should be ------------------------------------------- */

static char *
load(const char *directory, const char *name)
{
	char path[512], *text;
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	assert_non_null(file);
	text = arena_take(arena, 65536);
	len = fread(text, 1, 65535, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

static unsigned
read_seeds(const char *directory, bool validate, const char *schema)
{
	DIR *seeds = opendir(directory);
	struct dirent *entry;
	unsigned count = 0;
	char line[1024];

	assert_non_null(seeds);
	while ((entry = readdir(seeds)) != NULL) {
		bool valid = strncmp(entry->d_name, "valid-", 6) == 0;

		if (!valid && strncmp(entry->d_name, "extended-", 9) != 0)
			continue;
		read_command(load(directory, entry->d_name));
		count++;
		if (!valid || !validate)
			continue;
		snprintf(line, sizeof(line),
		    "xmllint --nonet --noout --schema %s %s/%s 2>/dev/null",
		    schema, directory, entry->d_name);
		if (system(line) != 0)
			fail_msg("%s: not valid by %s", entry->d_name, schema);
	}
	closedir(seeds);
	return count;
}

/* Seeds called valid-* are what the published schemas say. */
static void
reads_what_the_schemas_allow(void **state)
{
	const char *data = getenv("MISU_DATA");
	char schema[512];
	struct stat info;
	bool validate;

	(void)state;
	snprintf(schema, sizeof(schema), "%s/epp-xsd/all.xsd",
	    data != NULL ? data : "../shared/data");
	validate = stat(schema, &info) == 0 &&
		   system("command -v xmllint >/dev/null 2>&1") == 0;
	if (!validate)
		print_message("skipped: no xmllint, or no %s\n", schema);
	assert_true(
	    read_seeds("tests/fuzz/epp_contact.seeds", validate, schema) >= 8);
	assert_true(
	    read_seeds("tests/fuzz/epp_domain.seeds", validate, schema) >= 12);
}

static const struct epp_value *
find_value(const struct epp_contact *c, enum field field)
{
	for (size_t i = 0; i < c->value_count; i++)
		if (c->values[i].field == field)
			return &c->values[i];
	return NULL;
}

static bool
span_is(const struct epp_command *c, struct xml_span span, const char *text)
{
	return slice_is(
	    (struct slice){c->text.data + span.at, span.end - span.at}, text);
}

static void
reads_a_contact(void **state)
{
	struct epp_command *c = read_command(frame_contact_create);
	const struct epp_contact *k = c->contact;
	const struct epp_value *v;

	(void)state;
	assert_int_equal(c->verb, EPP_CREATE);
	assert_int_equal(c->object, EPP_CONTACT);
	assert_true(slice_is(c->id, "mihon-0001"));
	assert_true(slice_is(c->client_id, "EXAMPLE-12345"));
	assert_true(
	    span_is(c, c->client_id_whole, "<clTRID>EXAMPLE-12345</clTRID>"));
	assert_int_equal(c->extension.at, c->client_id_whole.at);
	assert_int_equal(c->extension.end, c->extension.at);
	assert_int_equal(c->prefix.len, 0);
	assert_true(slice_is(k->prefix, "contact:"));
	assert_int_equal(k->postal_count, 2);
	assert_true(k->postals[0].loc && !k->postals[1].loc);
	assert_int_equal(k->value_count, 20);
	v = find_value(k, FIELD_ORG_LOC);
	assert_true(slice_is(v->text, "見本商店 & 例"));
	assert_true(span_is(c, v->content, "見本商店 &amp; 例"));
	v = find_value(k, FIELD_PHONE_EXT);
	assert_true(span_is(c, v->whole, " x=\"12\""));
	assert_true(span_is(c, v->content, "12"));
	assert_true(span_is(c, find_value(k, FIELD_EMAIL)->whole,
	    "<contact:email>taro@example.jp</contact:email>"));
	assert_true(k->disclose.end > k->disclose.at);
	assert_true(k->auth.end > k->auth.at);
	assert_int_equal(k->change.at, k->change.end);
}

static struct slice
one(const struct record *record, enum role role, enum field field)
{
	struct values v = record_values(record, role, field);

	return v.count == 1 ? v.items[0] : SLICE("");
}

static struct record *
make_record(const char *text)
{
	struct fail fail = FAIL_INIT;
	struct record *r = epp_contact_record(read_command(text), arena, &fail);

	if (r == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
	return r;
}

static void
makes_a_record_of_a_create(void **state)
{
	struct record *r = make_record(frame_contact_create);

	(void)state;
	assert_int_equal(record_type(r), OBJECT_CONTACT);
	assert_int_equal(record_operation(r), OPERATION_CREATE);
	assert_true(slice_is(record_object(r), "mihon-0001"));
	assert_true(
	    slice_is(one(r, CONTACT_ROLE, FIELD_NAME_LOC), "見本 太郎"));
	assert_int_equal(
	    record_values(r, CONTACT_ROLE, FIELD_STREET_INT).count, 2);
	assert_true(slice_is(one(r, CONTACT_ROLE, FIELD_COUNTRY), "JP"));
	assert_true(slice_is(one(r, CONTACT_ROLE, FIELD_PHONE_EXT), "12"));
	assert_false(record_kind_given(r, CONTACT_ROLE));
}

/* What an update's address does not have is gone from it. */
static void
an_update_removes(void **state)
{
	struct record *r =
	    make_record(CHANGE(POSTAL("loc", "<x:org/>", ADDR) "<x:voice/>"));

	(void)state;
	assert_int_equal(record_operation(r), OPERATION_UPDATE);
	assert_true(record_removed(r, CONTACT_ROLE, FIELD_ORG_LOC));
	assert_true(record_removed(r, CONTACT_ROLE, FIELD_STATE_LOC));
	assert_true(record_removed(r, CONTACT_ROLE, FIELD_POSTCODE));
	assert_true(record_removed(r, CONTACT_ROLE, FIELD_PHONE));
	assert_true(record_removed(r, CONTACT_ROLE, FIELD_PHONE_EXT));
	assert_false(record_removed(r, CONTACT_ROLE, FIELD_STATE_INT));
	assert_false(record_removed(r, CONTACT_ROLE, FIELD_NAME_LOC));
	assert_false(record_removed(r, CONTACT_ROLE, FIELD_FAX));
	assert_true(slice_is(one(r, CONTACT_ROLE, FIELD_CITY_LOC), "Minato"));
	r = make_record(CHANGE(""));
	assert_true(record_has_role(r, CONTACT_ROLE));
}

/* Clients in use write them, though not each of them is valid. */
static void
parts_of_an_update_may_be_empty(void **state)
{
	(void)state;
	read_command(OBJECT("update", "contact", ID "<x:add/><x:rem/>"));
	read_command(
	    OBJECT("update", "contact", ID "<x:rem> </x:rem><x:chg/>"));
	read_command(OBJECT("update", "domain",
	    "<x:name>example.jp</x:name><x:add/><x:rem/><x:chg/>"));
	read_command(OBJECT("update", "host",
	    "<x:name>ns1.example.jp</x:name><x:add/><x:rem/><x:chg/>"));
	refuses_frame(OBJECT("update", "contact", ID "<x:add>SECRET</x:add>"),
	    2001, "text where");
	refuses_frame(OBJECT("update", "host",
			  "<x:name>ns1.example.jp</x:name><x:chg>SECRET"
			  "</x:chg>"),
	    2001, "text where");
	refuses_frame(OBJECT("update", "host",
			  "<x:name>ns1.example.jp</x:name><x:chg><x:id/>"
			  "</x:chg>"),
	    2003, "missing");
}

static void
a_record_says_which_element_is_wrong(void **state)
{
	struct fail fail = FAIL_INIT;
	struct epp_command *c = read_command(CREATE(
	    ID POSTAL("int", NAME, ADDR) "<x:email>SECRET</x:email>" AUTH));

	(void)state;
	assert_null(epp_contact_record(c, arena, &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_string_equal(fail.place, "email");
	assert_null(strstr(fail.text, "SECRET"));
}

#define SECOND_EMAIL(text)                                                     \
	EXTENDED("create", "contact", ID PERSON,                               \
	    "<a:addlEmail xmlns:a=\"" EPP_ADDL_EMAIL_SPACE "\"><a:email>" text \
	    "</a:email></a:addlEmail>")

static void
reads_hints_and_a_second_email(void **state)
{
	struct epp_command *c = read_command(
	    load("tests/fuzz/epp_contact.seeds", "extended-create.xml"));
	const struct epp_hints *h = &c->hints;
	struct fail fail = FAIL_INIT;
	struct record *r = epp_contact_record(c, arena, &fail);
	const struct epp_value *last =
	    &c->contact->values[c->contact->value_count - 1];
	size_t count;

	(void)state;
	assert_int_equal(c->extension_count, 2);
	assert_true(slice_is(c->extensions[1].space, EPP_ADDL_EMAIL_SPACE));
	assert_true(h->given && h->has_kind && h->kind == KIND_NATURAL);
	assert_int_equal(h->roles, 1u << ROLE_REGISTRANT | 1u << ROLE_ADMIN);
	assert_true(slice_is(h->domain, "example.org"));
	assert_true(slice_is(h->tld, ".org"));
	assert_true(last->additional && last->field == FIELD_EMAIL);
	assert_non_null(r);
	assert_int_equal(record_kind(r, CONTACT_ROLE), KIND_NATURAL);
	assert_true(slice_is(record_subject(r, CONTACT_ROLE), "cust-1001"));
	assert_true(slice_is(record_plan(r), "fixed-8"));
	assert_int_equal(record_consents(r, CONTACT_ROLE, &count)->audience,
	    AUDIENCE_PUBLIC);
	assert_int_equal(count, 1);
	assert_true(
	    slice_is(one(r, CONTACT_ROLE, FIELD_EMAIL), "taro@example.jp"));
	read_command(SECOND_EMAIL("見本@example.jp"));
	refuses_frame(SECOND_EMAIL("SECRET text"), 2005, "no e-mail");
}

static void
reads_domains(void **state)
{
	const char *seeds = "tests/fuzz/epp_domain.seeds";
	const struct epp_domain *d =
	    read_command(load(seeds, "valid-create.xml"))->domain;

	(void)state;
	assert_true(slice_is(d->name, "example.jp"));
	assert_int_equal(d->link_count, 4);
	assert_int_equal(d->links[0].role, ROLE_REGISTRANT);
	assert_int_equal(d->links[0].change, EPP_LINK_SET);
	assert_int_equal(d->links[3].role, ROLE_TECH);
	assert_true(slice_is(d->links[3].id, "sah8014"));
	assert_int_equal(d->server_count, 2);
	assert_true(slice_is(d->servers[1], "ns2.example.net"));
	d = read_command(load(seeds, "valid-create-glue.xml"))->domain;
	assert_true(
	    slice_is(d->servers[0], "ns1.example.jp 192.0.2.1 2001:db8::1"));
	d = read_command(load(seeds, "valid-update.xml"))->domain;
	assert_int_equal(d->link_count, 3);
	assert_int_equal(d->links[0].change, EPP_LINK_ADD);
	assert_int_equal(d->links[1].change, EPP_LINK_REMOVE);
	assert_int_equal(d->links[2].id.len, 0);
	assert_true(d->change_only_links && d->remove_only_links);
	assert_false(d->add_only_links);
	d = read_command(load(seeds, "valid-update-auth.xml"))->domain;
	assert_false(d->change_only_links);
	d = read_command(load(seeds, "valid-transfer.xml"))->domain;
	assert_true(slice_is(d->name, "example.jp"));
}

static void
reads_plain_commands(void **state)
{
	const char *seeds = "tests/fuzz/epp_domain.seeds";
	struct epp_command *c = read_command(load(seeds, "valid-check.xml"));

	(void)state;
	assert_int_equal(c->id_count, 2);
	assert_true(slice_is(c->ids[1], "bad..name"));
	c = read_command(load(seeds, "valid-poll.xml"));
	assert_true(slice_is(c->operation, "ack"));
	assert_true(slice_is(c->message_id, "12345"));
	c = read_command(load(seeds, "valid-login.xml"));
	assert_true(slice_is(c->login->password, "foo-BAR2"));
	assert_true(slice_is(c->login->new_password, "bar-FOO2"));
	assert_int_equal(c->login->object_count, 2);
	assert_int_equal(c->login->extension_count, 1);
	c = read_command(load(seeds, "valid-hello.xml"));
	assert_int_equal(c->verb, EPP_HELLO);
	for (unsigned v = 0; v < EPP_VERB_COUNT; v++)
		assert_int_equal(
		    epp_verb_is_plain((enum epp_verb)v), v < EPP_CREATE);
}

#define LOGIN(pw, extension)                                                   \
	HEAD "<login><clID>ClientX</clID><pw>" pw "</pw><options>"             \
	     "<version>1.0</version><lang>en</lang></options><svcs><objURI>"   \
	     "urn:ietf:params:xml:ns:domain-1.0</objURI></svcs></login>"       \
	     "<extension><s:loginSec "                                         \
	     "xmlns:s=\"urn:ietf:params:xml:ns:epp:loginSec-1.0\">" extension  \
	     "</s:loginSec></extension>" TAIL

static void
reads_long_passwords(void **state)
{
	struct epp_command *c = read_command(LOGIN("[LOGIN-SECURITY]",
	    "<s:userAgent><s:app>x</s:app></s:userAgent>"
	    "<s:pw>a password that is long</s:pw>"));

	(void)state;
	assert_true(slice_is(c->login->password, "a password that is long"));
	refuses_frame(LOGIN("foo-BAR2", "<s:pw>a SECRET is long</s:pw>"), 2005,
	    "point to");
	refuses_frame(LOGIN("[LOGIN-SECURITY]", ""), 2003, "missing");
}

/* --- refusals ------------------------------------------------------------ */

static void
a_comment_is_refused_where_it_stands(void **state)
{
	const char *text = HEAD "\n<!-- SECRET --><logout/>" TAIL;
	struct epp_problem problem;
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_null(epp_read_command(arena, slice_from(text),
	    &xml_limits_default, &problem, &fail));
	assert_int_equal(problem.code, 2001);
	assert_string_equal(fail.place, "2:1");
}

static void
refuses_frames_by_code(void **state)
{
	struct epp_problem problem;

	(void)state;
	refuses_frame("<epp", 2001, "without end");
	refuses_frame("<epp xmlns=\"urn:x\"><hello/></epp>", 2001, "EPP 1.0");
	refuses_frame(
	    "<epp xmlns=\"" EPP_SPACE "\"><greeting/></epp>", 2000, "neither");
	refuses_frame("<epp xmlns=\"" EPP_SPACE "\"><hello/><hello/></epp>",
	    2001, "must not stand");
	refuses_frame(HEAD "<remove/>" TAIL, 2000, "does not have");
	refuses_frame(HEAD "<logout>x</logout>" TAIL, 2001, "must be empty");
	refuses_frame(HEAD "<logout a=\"1\"/>" TAIL, 2001, "attribute");
	refuses_frame(HEAD "<logout/><logout/>" TAIL, 2001, "must not stand");
	refuses_frame(HEAD "<logout/><extension/>" TAIL, 2001, "no element");
	refuses_frame(HEAD "<logout/><clTRID>xy</clTRID></command></epp>", 2005,
	    "too short");
	refuses_frame(HEAD "<!-- SECRET --><logout/>" TAIL, 2001, "comment");
	refuses_frame(HEAD "<poll op=\"ack\"/>" TAIL, 2003, "missing");
	refuses_frame(HEAD "<poll op=\"get\"/>" TAIL, 2005, "none of");
	refuses_frame(HEAD "<poll/>" TAIL, 2003, "missing");
	refuses_frame(OBJECT("info", "launch", ID), 2307, "not know");
	refuses_frame(HEAD "<info/>" TAIL, 2003, "missing");
	refuses_frame(OBJECT("renew", "contact", ID), 2001, "not have");
	refuses_frame(OBJECT("check", "contact", ""), 2003, "missing");
	refuses_frame(
	    OBJECT("delete", "contact", ID "<x:y/>"), 2001, "must not stand");
	refuses_frame(OBJECT("delete", "contact", "<x:id> abc</x:id>"), 2005,
	    "white space");
	refuses_frame(OBJECT("delete", "domain", "<x:name>a..b</x:name>"), 2005,
	    "no name");
	refuses_frame(HEAD "<delete><x:create xmlns:x=\"" EPP_CONTACT_SPACE
			   "\">" ID "</x:create></delete>" TAIL,
	    2001, "not called");
	assert_null(epp_read_command(arena, slice_from(HEAD "<remove/>" TAIL),
	    &xml_limits_default, &problem, NULL));
	assert_true(slice_is(problem.client_id, "ABC-12345"));
}

static void
refuses_contacts_by_code(void **state)
{
	(void)state;
	read_command(CREATE(ID PERSON));
	refuses_frame(CREATE(PERSON), 2003, "missing");
	refuses_frame(CREATE("<x:id>ab</x:id>" PERSON), 2005, "too short");
	refuses_frame(
	    CREATE("<x:id>12345678901234567</x:id>" PERSON), 2005, "too long");
	refuses_frame(CREATE(ID EMAIL AUTH), 2003, "missing");
	refuses_frame(
	    CREATE(ID POSTAL("int", NAME, ADDR) AUTH), 2003, "missing");
	refuses_frame(
	    CREATE(ID POSTAL("int", NAME, ADDR) EMAIL), 2003, "missing");
	refuses_frame(CREATE(ID EMAIL POSTAL("int", NAME, ADDR) AUTH), 2001,
	    "must not stand");
	refuses_frame(
	    CREATE(ID POSTAL("int", "", ADDR) EMAIL AUTH), 2003, "missing");
	refuses_frame(
	    CREATE(ID POSTAL("int", NAME, "") EMAIL AUTH), 2003, "missing");
	refuses_frame(CREATE(ID POSTAL("int", "<x:name/>", ADDR) EMAIL AUTH),
	    2005, "empty");
	refuses_frame(
	    CREATE(ID POSTAL("utf", NAME, ADDR) EMAIL AUTH), 2005, "none of");
	refuses_frame(CREATE(ID POSTAL("int", NAME, ADDR)
			      POSTAL("int", NAME, ADDR) EMAIL AUTH),
	    2005, "one type");
	refuses_frame(CREATE(ID POSTAL("int", NAME, ADDR) POSTAL("loc", NAME,
			  "<x:addr><x:city>x</x:city><x:cc>US</x:cc></x:addr>")
			      EMAIL AUTH),
	    2005, "country of int and loc differ");
	refuses_frame(CREATE(ID POSTAL("int", NAME "<x:nick>SECRET</x:nick>",
			  ADDR) EMAIL AUTH),
	    2001, "must not stand");
	refuses_frame(CREATE(ID POSTAL("int", "<x:name a=\"1\">x</x:name>",
			  ADDR) EMAIL AUTH),
	    2001, "attribute");
	refuses_frame(
	    CREATE(ID POSTAL("int", NAME,
		ADDR) "<x:voice/>" EMAIL "<x:authInfo><x:ext><y/></x:ext>"
		      "</x:authInfo>"),
	    2102, "by an extension");
	refuses_frame(CREATE(ID PERSON "<x:disclose/>"), 2003, "missing");
	refuses_frame(
	    CREATE(ID PERSON "<x:disclose flag=\"2\"/>"), 2005, "none of");
	refuses_frame(
	    CREATE(ID PERSON "<x:disclose flag=\"1\"><x:name/></x:disclose>"),
	    2003, "missing");
	refuses_frame(CREATE(ID PERSON "<x:disclose flag=\"1\"><x:voice>SECRET"
				       "</x:voice></x:disclose>"),
	    2001, "must be empty");
	refuses_frame(CHANGE("<x:email/>"), 2005, "empty");
	refuses_frame(CHANGE("<x:voice x=\"1\"/>"), 2005, "no number");
	refuses_frame(
	    CHANGE(POSTAL("int", "", "<x:addr><x:city>x</x:city></x:addr>")),
	    2003, "missing");
}

static void
refuses_domains_by_code(void **state)
{
#define DOMAIN "<x:name>example.jp</x:name>"
#define REFUSED(inside) OBJECT("create", "domain", DOMAIN inside AUTH)
	(void)state;
	read_command(REFUSED(""));
	refuses_frame(OBJECT("create", "domain", DOMAIN), 2003, "missing");
	refuses_frame(
	    REFUSED("<x:contact>sh8013</x:contact>"), 2003, "missing");
	refuses_frame(REFUSED("<x:contact type=\"owner\">sh8013</x:contact>"),
	    2005, "none of");
	refuses_frame(REFUSED("<x:registrant/>"), 2005, "empty");
	refuses_frame(REFUSED("<x:ns/>"), 2003, "missing");
	refuses_frame(REFUSED("<x:ns><x:hostObj>ns1.example.jp</x:hostObj>"
			      "<x:hostAttr><x:hostName>ns2.example.jp"
			      "</x:hostName></x:hostAttr></x:ns>"),
	    2001, "must not stand");
	refuses_frame(REFUSED("<x:ns><x:hostAttr><x:hostName>ns1.example.jp"
			      "</x:hostName><x:hostAddr ip=\"v6\">192.0.2.1"
			      "</x:hostAddr></x:hostAttr></x:ns>"),
	    2005, "family");
	refuses_frame(
	    REFUSED("<x:period unit=\"y\">0</x:period>"), 2005, "no period");
	refuses_frame(OBJECT("update", "domain", DOMAIN "<x:chg/><x:add/>"),
	    2001, "must not stand");
	refuses_frame(OBJECT("update", "domain",
			  DOMAIN "<x:chg><x:registrant>ab</x:registrant>"
				 "</x:chg>"),
	    2005, "too short");
}

#define PERSON_HINT(inside)                                                    \
	EXTENDED("create", "contact", ID PERSON,                               \
	    "<m:person xmlns:m=\"" EPP_MISU_SPACE "\">" inside "</m:person>")

static void
refuses_hints_by_code(void **state)
{
	(void)state;
	read_command(PERSON_HINT(""));
	refuses_frame(PERSON_HINT("<m:age>7</m:age>"), 2001, "must not");
	refuses_frame(PERSON_HINT("<m:kind>robot</m:kind>"), 2005, "neither");
	refuses_frame(
	    PERSON_HINT("<m:role>abuse</m:role>"), 2005, "registrant");
	refuses_frame(PERSON_HINT("<m:tld>-</m:tld>"), 2005, "no name");
	refuses_frame(PERSON_HINT("<m:plan>A b</m:plan>"), 2005, "word");
	refuses_frame(PERSON_HINT("<m:consent purpose=\"p1\" given=\"true\" "
				  "audience=\"any\"/>"),
	    2003, "missing");
	refuses_frame(
	    PERSON_HINT("<m:consent purpose=\"p1\" given=\"yes\" "
			"audience=\"any\" at=\"2026-04-01T00:00:00Z\"/>"),
	    2005, "none of");
	refuses_frame(
	    PERSON_HINT("<m:consent purpose=\"p1\" given=\"1\" x=\"\" "
			"audience=\"any\" at=\"2026-04-01T00:00:00Z\"/>"),
	    2001, "attribute");
	refuses_frame(PERSON_HINT("<m:consent purpose=\"p1\" given=\"1\" "
				  "audience=\"any\" at=\"yesterday\"/>"),
	    2005, "RFC 3339");
}

/* --- what registries send ------------------------------------------------ */

static struct epp_response *
read_response(const char *directory, const char *name)
{
	struct fail fail = FAIL_INIT;
	struct epp_response *r = epp_read_response(arena,
	    slice_from(load(directory, name)), &xml_limits_default, &fail);

	if (r == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
	return r;
}

static void
reads_responses(void **state)
{
	struct epp_response *r =
	    read_response("tests/fuzz/epp_domain.seeds", "response-domain.xml");
	struct record *record = epp_response_record(r, arena, NULL);

	(void)state;
	assert_int_equal(r->code, 1000);
	assert_true(slice_is(r->client_id, "ABC-12345"));
	assert_true(slice_is(r->server_id, "54322-XYZ"));
	assert_true(slice_is(r->message_id, "12345"));
	assert_int_equal(r->object, EPP_DOMAIN);
	assert_non_null(record);
	assert_int_equal(
	    record_values(record, ROLE_TECH, FIELD_HANDLE).count, 2);
	assert_true(
	    slice_is(one(record, ROLE_REGISTRANT, FIELD_HANDLE), "mihon-0001"));
	assert_true(
	    slice_is(one(record, ROLE_REGISTRANT, FIELD_NS), "ns1.example.jp"));
	r = read_response(
	    "tests/fuzz/epp_contact.seeds", "response-contact.xml");
	record = epp_response_record(r, arena, NULL);
	assert_non_null(record);
	assert_true(slice_is(record_object(record), "mihon-0001"));
	assert_int_equal(record_kind(record, CONTACT_ROLE), KIND_UNKNOWN);
	assert_true(slice_is(one(record, CONTACT_ROLE, FIELD_PHONE_EXT), "12"));
	assert_true(slice_is(one(record, CONTACT_ROLE, FIELD_COUNTRY), "JP"));
}

#define ANSWER(code, data)                                                     \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><response>"             \
	"<result code=\"" code "\"><msg>x</msg></result><resData>" data        \
	"</resData><trID><svTRID>S-1</svTRID></trID></response></epp>"
#define DATA(kind, inside)                                                     \
	"<d:" kind " xmlns:d=\"urn:ietf:params:xml:ns:domain-1.0\">"           \
	"<d:name>Example.BIZ</d:name>" inside "</d:" kind ">"

static struct epp_response *
response_of(const char *text)
{
	struct fail fail = FAIL_INIT;
	struct epp_response *r = epp_read_response(
	    arena, slice_from(text), &xml_limits_default, &fail);

	if (r == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
	return r;
}

static struct registration
learned(const char *text)
{
	struct registration it;
	struct fail fail = FAIL_INIT;

	assert_true(epp_response_registration(
	    response_of(text), arena, &it, &fail));
	return it;
}

/* Of statuses those that are none are left out, and what is no date. */
static void
learns_what_is_registered(void **state)
{
	struct registration it = learned(ANSWER("1000",
	    DATA("infData",
		"<d:roid>D1-X</d:roid><d:status s=\"clientHold\"/>"
		"<d:status s=\"&lt;b&gt;\"/><d:clID>r</d:clID>"
		"<d:crDate>2026-01-01T00:00:00.0Z</d:crDate>"
		"<d:upDate>yesterday</d:upDate>"
		"<d:exDate>2027-01-01T00:00:00Z</d:exDate>")));

	(void)state;
	assert_true(it.given);
	assert_int_equal(it.created, 1767225600);
	assert_int_equal(it.updated, 0);
	assert_int_equal(it.expires, 1798761600);
	assert_true(slice_is(it.roid, "D1-X"));
	assert_int_equal(it.status.count, 1);
	assert_true(slice_is(it.status.items[0], "clientHold"));
	it = learned(ANSWER("1000",
	    DATA("renData", "<d:exDate>2027-01-01T00:00:00Z</d:exDate>")));
	assert_true(it.given);
	assert_int_equal(it.created, 0);
	/* Of a check nothing is learned. */
	it = learned(ANSWER("1000",
	    DATA("chkData", "<d:exDate>2027-01-01T00:00:00Z</d:exDate>")));
	assert_false(it.given);
}

#define PASSED_ON(status)                                                      \
	DATA("trnData",                                                        \
	    "<d:trStatus>" status "</d:trStatus><d:reID>other</d:reID>"        \
	    "<d:reDate>2026-01-01T00:00:00Z</d:reDate><d:acID>we</d:acID>"     \
	    "<d:acDate>2026-01-01T00:00:00Z</d:acDate>")

static void
learns_what_was_passed_on(void **state)
{
	struct slice domain, from;

	(void)state;
	assert_true(epp_response_passed_on(
	    response_of(ANSWER("1301", PASSED_ON("serverApproved"))), arena,
	    &domain, &from));
	assert_true(slice_is(domain, "example.biz"));
	assert_true(slice_is(from, "we"));
	assert_false(epp_response_passed_on(
	    response_of(ANSWER("1301", PASSED_ON("pending"))), arena, &domain,
	    &from));
	assert_false(epp_response_passed_on(
	    response_of(ANSWER("1301",
		DATA("trnData", "<d:trStatus>clientApproved</d:trStatus>"))),
	    arena, &domain, &from));
}

static void
reads_a_greeting(void **state)
{
	struct slice text =
	    slice_from(load("tests/fuzz/epp_domain.seeds", "greeting.xml"));
	struct epp_greeting *g =
	    epp_read_greeting(arena, text, &xml_limits_default, NULL);

	(void)state;
	assert_non_null(g);
	assert_true(slice_is(g->server, "Example EPP server"));
	assert_int_equal(g->object_count, 2);
	assert_int_equal(g->extension_count, 1);
	assert_int_equal(g->menu_end.at, g->services_extension.at);
	assert_true(g->publishes);
	assert_null(epp_read_greeting(arena,
	    slice_from("<epp xmlns=\"" EPP_SPACE "\"><greeting/></epp>"),
	    &xml_limits_default, NULL));
}

static bool
publishes(const char *dcp)
{
	char text[600];
	struct epp_greeting *g;

	snprintf(text, sizeof(text),
	    "<epp xmlns=\"" EPP_SPACE "\"><greeting><svID>reg</svID>"
	    "<svDate>2026-04-01T00:00:00Z</svDate><svcMenu><version>1.0"
	    "</version><lang>en</lang><objURI>urn:o</objURI></svcMenu>%s"
	    "</greeting></epp>",
	    dcp);
	g = epp_read_greeting(
	    arena, slice_from(text), &xml_limits_default, NULL);
	assert_non_null(g);
	return g->publishes;
}

/* RFC 5730 section 2.4: access is people's to their own data. */
static void
a_public_recipient_is_what_publishes(void **state)
{
	(void)state;
	assert_false(publishes("<dcp><access><all/></access><statement>"
			       "<recipient><ours/></recipient></statement>"
			       "</dcp>"));
	assert_true(publishes("<dcp><access><none/></access><statement>"
			      "<recipient><ours/></recipient></statement>"
			      "<statement><recipient><public/></recipient>"
			      "</statement></dcp>"));
	/* Who says nothing may publish all. */
	assert_true(publishes("<dcp><access><none/></access></dcp>"));
	assert_true(publishes(""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(reads_what_the_schemas_allow),
	    TEST(reads_a_contact),
	    TEST(makes_a_record_of_a_create),
	    TEST(an_update_removes),
	    TEST(parts_of_an_update_may_be_empty),
	    TEST(a_record_says_which_element_is_wrong),
	    TEST(reads_hints_and_a_second_email),
	    TEST(reads_domains),
	    TEST(reads_plain_commands),
	    TEST(reads_long_passwords),
	    TEST(a_comment_is_refused_where_it_stands),
	    TEST(refuses_frames_by_code),
	    TEST(refuses_contacts_by_code),
	    TEST(refuses_domains_by_code),
	    TEST(refuses_hints_by_code),
	    TEST(reads_responses),
	    TEST(learns_what_is_registered),
	    TEST(learns_what_was_passed_on),
	    TEST(reads_a_greeting),
	    TEST(a_public_recipient_is_what_publishes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
