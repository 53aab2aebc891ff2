/* Plain commands, domains, answers, submissions: all that is not a contact. */
#include "unit/epp_frame_world.h"

#define DOMAIN " xmlns:domain=\"urn:ietf:params:xml:ns:domain-1.0\">"

static struct slice
plain_of(const char *frame)
{
	struct fail fail = FAIL_INIT;
	struct epp_plain *plain = epp_frame_plain(
	    command_of(slice_from(frame)), &manner, arena, &fail);

	if (plain == NULL)
		fail_msg("%s", fail.text);
	command_of(epp_plain_bytes(plain));
	valid_keep(epp_plain_bytes(plain));
	return epp_plain_bytes(plain);
}

#define LOGIN(objects, extensions)                                             \
	HEAD "<login><clID>misu</clID><pw>foo-BAR2</pw><options>"              \
	     "<version>1.0</version><lang>en</lang></options><svcs>" objects   \
	     "<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI>" extensions   \
	     "</svcs></login><clTRID>ABC-1</clTRID>" TAIL
#define OBJECT_URI "<objURI>urn:ietf:params:xml:ns:contact-1.0</objURI>"
#define MISU_URI "<extURI>" EPP_MISU_SPACE "</extURI>"
#define SECDNS_URI "<extURI>urn:ietf:params:xml:ns:secDNS-1.1</extURI>"

static void
a_login_asks_for_what_the_registry_has(void **state)
{
	(void)state;
	is(plain_of(LOGIN(OBJECT_URI,
	       "<svcExtension>" MISU_URI SECDNS_URI "</svcExtension>")),
	    LOGIN(OBJECT_URI, "<svcExtension>" SECDNS_URI "</svcExtension>"));
	is(plain_of(
	       LOGIN(OBJECT_URI, "<svcExtension>" MISU_URI "</svcExtension>")),
	    LOGIN(OBJECT_URI, ""));
	manner.prohibits_contacts = true;
	is(plain_of(
	       LOGIN(OBJECT_URI, "<svcExtension><extURI>" EPP_ADDL_EMAIL_SPACE
				 "</extURI></svcExtension>")),
	    LOGIN("", ""));
}

static void
only_the_closed_list_is_plain(void **state)
{
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_null(
	    epp_frame_plain(command_of(SLICE(CREATE)), &manner, arena, &fail));
	assert_int_equal(fail.kind, FAIL_DENIED);
	manner.client_id = SLICE("misu-1");
	is(plain_of(HEAD "<poll op=\"req\"/>" TAIL),
	    HEAD "<poll op=\"req\"/><clTRID>misu-1</clTRID>" TAIL);
	is(plain_of("<epp xmlns=\"" EPP_SPACE "\"><hello/></epp>"),
	    "<epp xmlns=\"" EPP_SPACE "\"><hello/></epp>");
}

static void
own(struct epp_plain *plain)
{
	assert_non_null(plain);
	command_of(epp_plain_bytes(plain));
	valid_keep(epp_plain_bytes(plain));
}

static void
misus_own_commands_can_be_read(void **state)
{
	static const struct slice objects[] = {SLICE(EPP_DOMAIN_SPACE)};
	static const struct slice extensions[] = {SLICE(EPP_LOGIN_SEC_SPACE)};
	struct epp_own_login login = {.id = SLICE("misu"),
	    .password = SLICE("a long & secret password"),
	    .version = SLICE("1.0"),
	    .language = SLICE("en"),
	    .objects = objects,
	    .extensions = extensions,
	    .object_count = 1,
	    .extension_count = 1};
	struct slice id = SLICE("misu-1");
	struct fail fail = FAIL_INIT;
	struct epp_plain *plain = epp_frame_own_login(&login, id, arena, &fail);

	(void)state;
	own(plain);
	has(epp_plain_bytes(plain), "<pw>[LOGIN-SECURITY]</pw>");
	assert_true(
	    slice_is(command_of(epp_plain_bytes(plain))->login->password,
		"a long & secret password"));
	own(epp_frame_own_hello(arena, &fail));
	own(epp_frame_own_logout(id, arena, &fail));
	own(epp_frame_own_ask(
	    EPP_INFO, EPP_CONTACT, SLICE("mihon-1"), id, arena, &fail));
	own(epp_frame_own_ask(
	    EPP_CHECK, EPP_DOMAIN, SLICE("mihon.example"), id, arena, &fail));
	own(epp_frame_own_ask(
	    EPP_INFO, EPP_HOST, SLICE("ns1.mihon.example"), id, arena, &fail));
	assert_null(epp_frame_own_ask(
	    EPP_DELETE, EPP_HOST, SLICE("ns1"), id, arena, &fail));
}

static struct slice
object_of(const char *frame)
{
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("mihon.example"), &fail);
	struct slice out;

	assert_true(epp_frame_object(command_of(slice_from(frame)),
	    decide_record(ruleset_of(ALL, NULL), record), &manner, arena, &out,
	    &fail));
	if (out.len != 0) {
		command_of(out);
		valid_keep(out);
	}
	return out;
}

#define DOMAIN_CREATE(links)                                                   \
	HEAD "<create><domain:create" DOMAIN "<domain:name>mihon.example"      \
	     "</domain:name>" links "<domain:authInfo><domain:pw>x"            \
	     "</domain:pw></domain:authInfo></domain:create></create>" TAIL
#define DOMAIN_UPDATE(inside)                                                  \
	HEAD "<update><domain:update" DOMAIN "<domain:name>mihon.example"      \
	     "</domain:name>" inside "</domain:update></update>" TAIL
#define LINKS                                                                  \
	"<domain:registrant>mihon-1</domain:registrant>"                       \
	"<domain:contact type=\"tech\">mihon-2</domain:contact>"
#define STATUS "<domain:status s=\"clientHold\"/>"

static void
links_go_where_contacts_are_prohibited(void **state)
{
	(void)state;
	is(object_of(DOMAIN_CREATE(LINKS)), DOMAIN_CREATE(LINKS));
	manner.prohibits_contacts = true;
	is(object_of(DOMAIN_CREATE(LINKS)), DOMAIN_CREATE(""));
	is(object_of(DOMAIN_UPDATE(
	       "<domain:add><domain:contact type=\"tech\">mihon-2"
	       "</domain:contact>" STATUS "</domain:add><domain:chg>"
	       "<domain:registrant>mihon-1</domain:registrant></domain:chg>")),
	    DOMAIN_UPDATE("<domain:add>" STATUS "</domain:add>"));
	assert_int_equal(
	    object_of(DOMAIN_UPDATE("<domain:chg><domain:registrant>mihon-1"
				    "</domain:registrant></domain:chg>"))
		.len,
	    0);
	assert_int_equal(
	    object_of(DOMAIN_UPDATE("<domain:add/><domain:rem/><domain:chg>"
				    "<domain:registrant>mihon-1"
				    "</domain:registrant></domain:chg>"))
		.len,
	    0);
}

static void
empty_parts_go_where_the_schema_forbids_them(void **state)
{
#define HOST_UPDATE(inside)                                                    \
	HEAD "<update><host:update xmlns:host=\"" EPP_HOST_SPACE               \
	     "\"><host:name>ns1.mihon.example</host:name>" inside              \
	     "</host:update></update>" TAIL
#define HOLLOW_DOMAIN DOMAIN_UPDATE("<domain:add/><domain:rem/><domain:chg/>")
	(void)state;
	is(object_of(HOST_UPDATE("<host:add/><host:chg/>")),
	    HOST_UPDATE("<host:add/>"));
	is(object_of(HOLLOW_DOMAIN), HOLLOW_DOMAIN);
	manner.prohibits_contacts = true;
	is(object_of(HOLLOW_DOMAIN), HOLLOW_DOMAIN);
}

static void
hosts_and_transfers_go_as_written(void **state)
{
	static const char *const frames[] = {HEAD
	    "<transfer op=\"request\"><contact:transfer" CONTACT
	    "<contact:id>mihon-1</contact:id><contact:authInfo>"
	    "<contact:pw>x</contact:pw></contact:authInfo>"
	    "</contact:transfer></transfer>" TAIL,
	    HEAD "<create><host:create xmlns:host=\"" EPP_HOST_SPACE
		 "\"><host:name>ns1.mihon.example</host:name><host:addr>"
		 "192.0.2.1</host:addr></host:create></create>" TAIL};
	struct fail fail = FAIL_INIT;
	struct slice out;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		is(object_of(frames[i]), frames[i]);
	assert_false(epp_frame_object(command_of(SLICE(CREATE)),
	    decide_record(
		ruleset_of(ALL, NULL), record_of(command_of(SLICE(CREATE)))),
	    &manner, arena, &out, &fail));
	assert_int_equal(fail.kind, FAIL_DENIED);
}

static struct epp_response *
response_of(struct slice text)
{
	struct fail fail = FAIL_INIT;
	struct epp_response *response =
	    epp_read_response(arena, text, &xml_limits_default, &fail);

	if (response == NULL)
		fail_msg(
		    "%s: %s\n%.*s", fail.place, fail.text, SLICE_ARG(text));
	valid_keep(text);
	return response;
}

static void
an_answer_says_what_misu_says(void **state)
{
	struct epp_answer answer = {.code = EPP_POLICY,
	    .message = SLICE("rule 7 <street> & \"more\""),
	    .client_id = SLICE("A<BC"),
	    .server_id = SLICE("misu-77")};
	struct slice text = epp_frame_answer(&answer, arena);

	(void)state;
	response_of(text);
	has(text,
	    "<result code=\"2308\"><msg>Data management policy violation; "
	    "rule 7 &lt;street&gt; &amp; &quot;more&quot;</msg></result>"
	    "<trID><clTRID>A&lt;BC</clTRID><svTRID>misu-77</svTRID></trID>");
	answer =
	    (struct epp_answer){.code = EPP_OK, .server_id = SLICE("misu-78")};
	text = epp_frame_answer(&answer, arena);
	response_of(text);
	has(text, "<trID><svTRID>misu-78</svTRID></trID>");
}

#define RESPONSE(data, transaction)                                            \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><response>"             \
	"<result code=\"1000\"><msg>Done</msg></result>" data                  \
	"<trID>" transaction "<svTRID>R-1</svTRID></trID></response></epp>"

static void
a_response_carries_the_backends_name(void **state)
{
	struct epp_response *response =
	    response_of(SLICE(RESPONSE("", "<clTRID>misu-1</clTRID>")));

	(void)state;
	is(epp_frame_response(response, SLICE("ABC&1"), arena),
	    RESPONSE("", "<clTRID>ABC&amp;1</clTRID>"));
	is(epp_frame_response(response, SLICE(""), arena), RESPONSE("", ""));
	is(epp_frame_response(
	       response_of(SLICE(RESPONSE("", ""))), SLICE("ABC-1"), arena),
	    RESPONSE("", "<clTRID>ABC-1</clTRID>"));
}

#define GREETING(date, objects, extensions)                                    \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><greeting>"             \
	"<svID>Registry</svID><svDate>" date "</svDate><svcMenu>"              \
	"<version>1.0</version><lang>en</lang>"                                \
	"<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI>" objects           \
	    extensions "</svcMenu><dcp><access><all/></access><statement>"     \
	"<purpose><prov/></purpose><recipient><public/></recipient>"           \
	"<retention><stated/></retention></statement></dcp></greeting></epp>"

static void
a_greeting_has_misu_in_it(void **state)
{
	struct fail fail = FAIL_INIT;
	struct slice text = SLICE(GREETING("2026-01-01T00:00:00Z", "", ""));
	struct epp_greeting *greeting =
	    epp_read_greeting(arena, text, &xml_limits_default, &fail);

	(void)state;
	assert_non_null(greeting);
	text = epp_frame_greeting(
	    greeting, true, SLICE("2026-02-02T00:00:00Z"), arena);
	is(text, GREETING("2026-02-02T00:00:00Z", OBJECT_URI,
		     "<svcExtension>" MISU_URI "</svcExtension>"));
	valid_keep(text);
	text = SLICE(GREETING("2026-01-01T00:00:00Z", OBJECT_URI,
	    "<svcExtension>" SECDNS_URI "</svcExtension>"));
	greeting = epp_read_greeting(arena, text, &xml_limits_default, &fail);
	assert_non_null(greeting);
	is(epp_frame_greeting(
	       greeting, true, SLICE("2026-02-02T00:00:00Z"), arena),
	    GREETING("2026-02-02T00:00:00Z", OBJECT_URI,
		"<svcExtension>" SECDNS_URI MISU_URI "</svcExtension>"));
}

static struct epp_response *
answered(struct slice data)
{
	struct epp_answer answer = {
	    .code = EPP_OK, .data = data, .server_id = SLICE("misu-79")};

	return response_of(epp_frame_answer(&answer, arena));
}

static struct record *
kept_contact(void)
{
	struct fail fail = FAIL_INIT;
	struct epp_facts facts = {.given = true,
	    .created = 1700000000,
	    .auth = SLICE("a<b"),
	    .kept = {.updated = 1700000001,
		.statuses = CONTACT_NO_DELETE | CONTACT_NO_UPDATE,
		.disclose = DISCLOSE_IS_GIVEN | DISCLOSE_NAME_INT << 1 |
		    DISCLOSE_ADDR_INT | DISCLOSE_FAX}};
	struct record *record = record_create(arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("reg/mihon-1"), &fail);

	assert_true(record_copy_role(
	    record, record_of(command_of(SLICE(CREATE))), CONTACT_ROLE, &fail));
	assert_true(record_set_epp(record, &facts, &fail));
	return record;
}

static void
a_kept_contact_is_told_as_a_registry_would(void **state)
{
	static const struct slice ids[] = {SLICE("mihon-1"), SLICE("mihon-2")};
	static const bool available[] = {false, true};
	struct epp_response *info = answered(epp_frame_contact_info(
	    kept_contact(), SLICE("backend"), true, arena));

	(void)state;
	has(info->text, "<contact:crDate>2023-11-14T22:13:20Z");
	has(info->text, "<contact:upDate>2023-11-14T22:13:21Z");
	has(info->text,
	    "<contact:status s=\"clientDeleteProhibited\"/>"
	    "<contact:status s=\"clientUpdateProhibited\"/>"
	    "<contact:status s=\"linked\"/>");
	has(info->text,
	    "<contact:authInfo><contact:pw>a&lt;b</contact:pw>"
	    "</contact:authInfo><contact:disclose flag=\"0\">"
	    "<contact:name type=\"loc\"/><contact:addr type=\"int\"/>"
	    "<contact:fax/></contact:disclose></contact:infData>");
	assert_true(epp_frame_agrees(SLICE(CREATE), info, arena));
	assert_false(epp_frame_agrees(
	    SLICE(CREATE_WITH(
		"<contact:postalInfo type=\"int\"><contact:name>Jiro Mihon"
		"</contact:name><contact:addr><contact:city>Himeji-shi"
		"</contact:city><contact:cc>JP</contact:cc></contact:addr>"
		"</contact:postalInfo><contact:email>taro@mihon.example"
		"</contact:email>",
		"", "")),
	    info, arena));
	answered(epp_frame_contact_created(SLICE("mihon-1"), 0, arena));
	has(answered(epp_frame_contact_check(ids, available, 2, arena))->text,
	    "avail=\"0\">mihon-1</contact:id>");
}

#define INFO(links)                                                            \
	"<resData><domain:infData" DOMAIN "<domain:name>MIHON.example"         \
	"</domain:name><domain:roid>D1-R</domain:roid><domain:status "         \
	"s=\"ok\"/>" links "<domain:ns><domain:hostObj>ns1.mihon.example"      \
	"</domain:hostObj></domain:ns><domain:clID>misu</domain:clID>"         \
	"</domain:infData></resData>"

static void
links_are_put_back_into_a_domain(void **state)
{
	static const struct slice ids[] = {SLICE("mihon-1"), SLICE("mihon-2")};
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("mihon.example"), &fail);
	struct slice text;

	(void)state;
	record_set(record, ROLE_REGISTRANT, FIELD_HANDLE, &ids[0], 1, &fail);
	record_set(record, ROLE_TECH, FIELD_HANDLE, &ids[1], 1, &fail);
	text = epp_frame_domain_info(
	    response_of(SLICE(RESPONSE(INFO(""), "<clTRID>m-1</clTRID>"))),
	    record, SLICE("ABC-1"), arena);
	is(text, RESPONSE(INFO(LINKS), "<clTRID>ABC-1</clTRID>"));
	assert_true(epp_frame_agrees(
	    SLICE(DOMAIN_CREATE("<domain:ns><domain:hostObj>ns1.mihon.example"
				"</domain:hostObj></domain:ns>" LINKS)),
	    response_of(text), arena));
	assert_false(epp_frame_agrees(
	    SLICE(DOMAIN_CREATE("<domain:ns><domain:hostObj>ns2.mihon.example"
				"</domain:hostObj></domain:ns>" LINKS)),
	    response_of(text), arena));
	assert_false(epp_frame_agrees(SLICE(DOMAIN_CREATE(LINKS)),
	    response_of(SLICE(RESPONSE(INFO(""), ""))), arena));
}

#define UPDATE_DOMAIN(rest)                                                    \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><command><update>"      \
	"<domain:update" DOMAIN                                                \
	"<domain:name>mihon.example</domain:name>" rest                        \
	"</domain:update></update></command></epp>"
#define NS(name)                                                               \
	"<domain:ns><domain:hostObj>" name "</domain:hostObj></domain:ns>"
#define TECH(id) "<domain:contact type=\"tech\">" id "</domain:contact>"

/* Against ns1.mihon.example, registrant mihon-1 and tech mihon-2. */
static bool
agrees(const char *frame)
{
	struct slice info = SLICE(RESPONSE(INFO(LINKS), ""));

	return epp_frame_agrees(slice_from(frame), response_of(info), arena);
}

static void
an_update_agrees_when_it_was_carried_out(void **state)
{
	(void)state;
	assert_true(
	    agrees(UPDATE_DOMAIN("<domain:add>" NS("NS1.mihon.example") TECH(
		"mihon-2") "</domain:add><domain:rem>" NS("ns2.mihon.example")
		    TECH("mihon-9") "</domain:rem><domain:chg>"
				    "<domain:registrant>mihon-1</"
				    "domain:registrant></domain:chg>")));
	assert_false(agrees(UPDATE_DOMAIN(
	    "<domain:add>" NS("ns2.mihon.example") "</domain:add>")));
	assert_false(agrees(
	    UPDATE_DOMAIN("<domain:add>" TECH("mihon-9") "</domain:add>")));
	assert_false(agrees(UPDATE_DOMAIN(
	    "<domain:rem>" NS("ns1.mihon.example") "</domain:rem>")));
	assert_false(agrees(
	    UPDATE_DOMAIN("<domain:rem>" TECH("mihon-2") "</domain:rem>")));
	assert_false(
	    agrees(UPDATE_DOMAIN("<domain:chg><domain:registrant>"
				 "mihon-9</domain:registrant></domain:chg>")));
	/* Other addresses of one server: it goes and comes in one command. */
	assert_true(agrees(UPDATE_DOMAIN(
	    "<domain:add><domain:ns>"
	    "<domain:hostAttr><domain:hostName>ns1.mihon.example"
	    "</domain:hostName><domain:hostAddr>192.0.2.7</domain:hostAddr>"
	    "</domain:hostAttr></domain:ns></domain:add><domain:rem>"
	    "<domain:ns><domain:hostAttr><domain:hostName>ns1.mihon.example"
	    "</domain:hostName></domain:hostAttr></domain:ns>"
	    "</domain:rem>")));
}

#define RENEW(day)                                                             \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><command><renew>"       \
	"<domain:renew" DOMAIN "<domain:name>mihon.example</domain:name>"      \
	"<domain:curExpDate>" day "</domain:curExpDate></domain:renew>"        \
	"</renew></command></epp>"

static void
a_renewal_agrees_when_the_day_is_later(void **state)
{
	struct slice info = SLICE(RESPONSE(
	    "<resData><domain:infData" DOMAIN "<domain:name>mihon.example"
	    "</domain:name><domain:roid>D1-R</domain:roid><domain:clID>misu"
	    "</domain:clID><domain:exDate>2028-01-31T00:00:00Z"
	    "</domain:exDate></domain:infData></resData>",
	    ""));

	(void)state;
	assert_true(epp_frame_agrees(
	    SLICE(RENEW("2027-01-31")), response_of(info), arena));
	assert_false(epp_frame_agrees(
	    SLICE(RENEW("2028-01-31")), response_of(info), arena));
	assert_false(agrees(RENEW("2027-01-31")));
}

#define UPDATE_CONTACT(change)                                                 \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><command><update>"      \
	"<contact:update "                                                     \
	"xmlns:contact=\"urn:ietf:params:xml:ns:contact-1.0\">"                \
	"<contact:id>mihon-1</contact:id><contact:chg>" change                 \
	"</contact:chg></contact:update></update></command></epp>"

static void
a_contact_agrees_when_it_has_what_was_set(void **state)
{
	struct record *record = record_of(command_of(SLICE(CREATE)));
	struct epp_response *info = answered(epp_frame_contact_info(
	    record, SLICE("misu"), INT64_C(1700000000), arena));

	(void)state;
	assert_true(epp_frame_agrees(
	    SLICE(UPDATE_CONTACT(
		"<contact:email>taro@mihon.example</contact:email>")),
	    info, arena));
	assert_false(epp_frame_agrees(
	    SLICE(UPDATE_CONTACT(
		"<contact:email>other@mihon.example</contact:email>")),
	    info, arena));
	/* What was to be lost is still there. */
	assert_false(epp_frame_agrees(
	    SLICE(UPDATE_CONTACT("<contact:voice/>")), info, arena));
	/* Nothing says that it is hidden. */
	assert_false(epp_frame_agrees(
	    SLICE(UPDATE_CONTACT("<contact:disclose flag=\"0\">"
				 "<contact:fax/></contact:disclose>")),
	    info, arena));
}

static struct record *
submitted(enum operation operation)
{
	static const struct slice servers[] = {
	    SLICE("ns1.mihon.example 192.0.2.1 2001:db8::1"),
	    SLICE("ns2.mihon.example 192.0.2.2")};
	static const struct slice ds = SLICE(
	    "12345 13 2 "
	    "4DC3FB5FA06CB5B8F30CE2D6E5E3E5A1C7A2B5A97D3CCE7A3C5A9F36A3B2C1D0");
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(
	    arena, OBJECT_DOMAIN, operation, SLICE("mihon.example"), &fail);

	assert_true(record_copy_role(
	    record, record_of(command_of(SLICE(CREATE))), CONTACT_ROLE, &fail));
	assert_true(record_copy_role(record, record, ROLE_TECH, &fail));
	record_set(record, ROLE_TECH, FIELD_EMAIL,
	    &(struct slice){"t@x.example", 11}, 1, &fail);
	record_set(record, ROLE_SUBSCRIBER, FIELD_NS, servers, 2, &fail);
	record_set(record, ROLE_SUBSCRIBER, FIELD_DS, &ds, 1, &fail);
	if (fail.kind != FAIL_NONE)
		fail_msg("%s", fail.text);
	return record;
}

static size_t
frames_of(const struct ruleset *ruleset, const struct record *record,
    struct slice frames[8])
{
	static const uint8_t random[16] = {1, 2, 3};
	struct fail fail = FAIL_INIT;
	struct slice rest;
	size_t count = 0;

	if (!epp_frame_submission(decide_record(ruleset, record), &manner,
		random, arena, &rest, &fail))
		fail_msg("%s", fail.text);
	while (epp_frame_next(&rest, &frames[count])) {
		command_of(frames[count]);
		valid_keep(frames[count]);
		count++;
	}
	assert_int_equal(rest.len, 0);
	return count;
}

/* An update is of what a create before had said. */
static struct record *
updated(const struct record *update)
{
	struct fail fail = FAIL_INIT;
	struct record *merged =
	    record_merge(arena, submitted(OPERATION_CREATE), update, &fail);

	assert_non_null(merged);
	return merged;
}

static size_t
submit(const struct ruleset *ruleset, enum operation operation,
    struct slice frames[8])
{
	struct record *record = submitted(operation);

	if (operation == OPERATION_UPDATE)
		record = updated(record);
	return frames_of(ruleset, record, frames);
}

static void
a_submission_is_contacts_and_then_the_domain(void **state)
{
	struct slice frames[8];

	(void)state;
	assert_int_equal(
	    submit(ruleset_of("\tforward name.int, ns, ds of registrant, tech, "
			      "subscriber\n",
		       NULL),
		OPERATION_CREATE, frames),
	    2);
	has(frames[0], "<contact:name>Taro Mihon</contact:name>");
	has(frames[0], "<contact:city>No City</contact:city>");
	lacks(frames[0], "street");
	lacks(frames[0], "taro@");
	has(frames[1], "<domain:hostAddr ip=\"v6\">2001:db8::1<");
	has(frames[1], "<secDNS:keyTag>12345</secDNS:keyTag>");
	assert_int_equal(
	    submit(ruleset_of(ALL, NULL), OPERATION_CREATE, frames), 3);
	has(frames[0], "見本太郎");
	has(frames[1], "t@x.example");
	has(frames[2], "<domain:contact type=\"tech\">M");
	manner.prohibits_contacts = true;
	assert_int_equal(
	    submit(ruleset_of(ALL, NULL), OPERATION_CREATE, frames), 1);
	lacks(frames[0], "registrant");
}

static void
a_submitted_update_takes_away(void **state)
{
	struct slice frames[8];

	(void)state;
	assert_int_equal(
	    submit(ruleset_of("\tredact phone, org, street.int of registrant "
			      "unless registrant.kind is legal\n" ALL,
		       NULL),
		OPERATION_UPDATE, frames),
	    3);
	has(frames[0], "<contact:voice/>");
	has(frames[0], "<contact:org/>");
	lacks(frames[0], "Otesaki");
	has(frames[2], "<secDNS:all>true</secDNS:all>");
	assert_int_equal(
	    submit(ruleset_of(ALL, NULL), OPERATION_DELETE, frames), 1);
}

static struct record *
update_of(void)
{
	struct fail fail = FAIL_INIT;

	return record_create(arena, OBJECT_DOMAIN, OPERATION_UPDATE,
	    SLICE("mihon.example"), &fail);
}

static void
set(struct record *record, enum role role, enum field field, const char *value)
{
	struct slice item = slice_from(value);
	struct fail fail = FAIL_INIT;

	assert_true(record_set(record, role, field, &item, 1, &fail));
}

static void
a_submitted_update_adds_and_removes_servers(void **state)
{
	static const struct slice servers[] = {
	    SLICE("ns2.mihon.example 192.0.2.2"), SLICE("ns3.x.example")};
	struct record *update = update_of();
	struct fail fail = FAIL_INIT;
	struct slice frames[8];

	(void)state;
	record_set(update, ROLE_SUBSCRIBER, FIELD_NS, servers, 2, &fail);
	/* registrant, tech, the domain, its signers */
	assert_int_equal(
	    frames_of(ruleset_of(ALL, NULL), updated(update), frames), 4);
	has(frames[2],
	    "<domain:add><domain:ns><domain:hostAttr><domain:hostName>"
	    "ns3.x.example</domain:hostName></domain:hostAttr></domain:ns>"
	    "</domain:add><domain:rem><domain:ns><domain:hostAttr>"
	    "<domain:hostName>ns1.mihon.example</domain:hostName>"
	    "</domain:hostAttr></domain:ns></domain:rem>");
	lacks(frames[2], "registrant");
	lacks(frames[2], "ns2");
	has(frames[3], "<secDNS:all>true");
}

static void
a_submitted_update_adds_and_removes_links(void **state)
{
	struct record *update = update_of();
	struct fail fail = FAIL_INIT;
	struct slice frames[8];

	(void)state;
	set(update, ROLE_ADMIN, FIELD_NAME_INT, "Bill Mihon");
	set(update, ROLE_ADMIN, FIELD_EMAIL, "b@x.example");
	record_remove_role(update, ROLE_TECH, &fail);
	assert_int_equal(
	    frames_of(ruleset_of(ALL, NULL), updated(update), frames), 5);
	has(frames[0], "<contact:update ");
	has(frames[1], "<contact:create ");
	has(frames[1], "Bill Mihon");
	has(frames[2], "<domain:add><domain:contact type=\"admin\">M");
	has(frames[2], "<domain:rem><domain:contact type=\"tech\">M");
	lacks(frames[2], "hostAttr");
	has(frames[3], "<contact:delete ");
	has(frames[4], "<secDNS:all>true");
}

static void
another_handle_is_another_contact(void **state)
{
	struct record *before = submitted(OPERATION_CREATE);
	struct record *update = update_of(), *after;
	struct fail fail = FAIL_INIT;
	struct slice frames[8];

	(void)state;
	set(before, ROLE_REGISTRANT, FIELD_HANDLE, "mihon-1");
	set(before, ROLE_TECH, FIELD_HANDLE, "mihon-2");
	set(update, ROLE_REGISTRANT, FIELD_HANDLE, "mihon-3");
	record_remove_role(update, ROLE_TECH, &fail);
	after = record_merge(arena, before, update, &fail);
	assert_int_equal(frames_of(ruleset_of(ALL, NULL), after, frames), 3);
	has(frames[0], "<contact:create ");
	has(frames[0], "<contact:id>mihon-3<");
	has(frames[1], "<domain:rem><domain:contact type=\"tech\">mihon-2<");
	has(frames[1], "<domain:chg><domain:registrant>mihon-3<");
	/* Decided again, without the handles of before: it is not guessed. */
	record_settle(after);
	after = record_merge(arena, after, update_of(), &fail);
	record_decide_again(after, after, false);
	{
		static const uint8_t random[16] = {1};
		struct slice out;

		assert_false(epp_frame_submission(
		    decide_record(ruleset_of(ALL, NULL), after), &manner,
		    random, arena, &out, &fail));
		assert_int_equal(fail.kind, FAIL_INPUT);
	}
}

static void
a_link_alone_leaves_its_contact_alone(void **state)
{
	struct fail fail = FAIL_INIT;
	struct record *before = record_create(arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("mihon.example"), &fail);
	struct record *update = update_of();
	struct slice frames[8];

	(void)state;
	set(before, ROLE_REGISTRANT, FIELD_HANDLE, "mihon-1");
	set(before, ROLE_REGISTRANT, FIELD_NS, "ns1.x.example");
	set(update, ROLE_SUBSCRIBER, FIELD_NS, "ns2.x.example");
	assert_int_equal(
	    frames_of(ruleset_of(ALL, NULL),
		record_merge(arena, before, update, &fail), frames),
	    1);
	has(frames[0], "<domain:add><domain:ns><domain:hostObj>ns2.x.example<");
	has(frames[0], "<domain:rem><domain:ns><domain:hostObj>ns1.x.example<");
}

static bool
fails(struct record *record, const char *words)
{
	static const uint8_t random[16] = {1};
	struct fail fail = FAIL_INIT;
	struct slice out;

	if (epp_frame_submission(decide_record(ruleset_of(ALL, NULL), record),
		&manner, random, arena, &out, &fail))
		return false;
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_non_null(strstr(fail.text, words));
	return true;
}

static void
what_epp_must_know_is_asked_for(void **state)
{
	struct record *renewal = submitted(OPERATION_RENEW);
	struct slice frames[8];
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(fails(submitted(OPERATION_UPDATE), "does not know"));
	assert_true(fails(renewal, "expires now"));
	assert_false(record_set_expires(renewal, SLICE("31.1.2027"), &fail));
	assert_true(record_set_expires(renewal, SLICE("2027-01-31"), &fail));
	assert_int_equal(frames_of(ruleset_of(ALL, NULL), renewal, frames), 1);
	has(frames[0], "<domain:curExpDate>2027-01-31</domain:curExpDate>");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_login_asks_for_what_the_registry_has),
	    TEST(only_the_closed_list_is_plain),
	    TEST(misus_own_commands_can_be_read),
	    TEST(links_go_where_contacts_are_prohibited),
	    TEST(hosts_and_transfers_go_as_written),
	    TEST(empty_parts_go_where_the_schema_forbids_them),
	    TEST(an_answer_says_what_misu_says),
	    TEST(a_response_carries_the_backends_name),
	    TEST(a_greeting_has_misu_in_it),
	    TEST(a_kept_contact_is_told_as_a_registry_would),
	    TEST(links_are_put_back_into_a_domain),
	    TEST(an_update_agrees_when_it_was_carried_out),
	    TEST(a_renewal_agrees_when_the_day_is_later),
	    TEST(a_contact_agrees_when_it_has_what_was_set),
	    TEST(a_submission_is_contacts_and_then_the_domain),
	    TEST(a_submitted_update_takes_away),
	    TEST(a_submitted_update_adds_and_removes_servers),
	    TEST(a_submitted_update_adds_and_removes_links),
	    TEST(another_handle_is_another_contact),
	    TEST(a_link_alone_leaves_its_contact_alone),
	    TEST(what_epp_must_know_is_asked_for),
	    TEST(every_frame_is_valid),
	};

	return cmocka_run_group_tests(tests, valid_setup, valid_teardown);
}
