/*
 * The registry simulator judges what misu sends to a registry; here it is
 * judged itself, by the RFCs.  Everything it answers has to be valid too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "registry/registry.h"

#define EPP(inner)                                                             \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                         \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\">" inner "</epp>"
#define COMMAND(inner)                                                         \
	EPP("<command>" inner "<clTRID>ABC-123</clTRID></command>")
#define OBJECT(verb, kind, inner)                                              \
	COMMAND("<" verb "><" kind ":" verb " xmlns:" kind                     \
		"=\"urn:ietf:params:xml:ns:" kind "-1.0\">" inner "</" kind    \
		":" verb "></" verb ">")
#define SERVICES(more)                                                         \
	"<svcs><objURI>urn:ietf:params:xml:ns:contact-1.0</objURI>"            \
	"<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI>"                   \
	"<objURI>urn:ietf:params:xml:ns:host-1.0</objURI>" more "</svcs>"
#define EXTENSIONS                                                             \
	"<svcExtension>"                                                       \
	"<extURI>urn:ietf:params:xml:ns:secDNS-1.1</extURI>"                   \
	"<extURI>urn:ietf:params:xml:ns:epp:fee-1.0</extURI></svcExtension>"
#define LOGIN(id, password, services)                                          \
	COMMAND("<login><clID>" id "</clID><pw>" password "</pw><options>"     \
		"<version>1.0</version><lang>en</lang></options>" services     \
		"</login>")
#define ADDRESS(city)                                                          \
	"<contact:addr><contact:street>1 Example</contact:street>"             \
	"<contact:city>" city "</contact:city><contact:pc>670</contact:pc>"    \
	"<contact:cc>JP</contact:cc></contact:addr>"
#define POSTAL(type, name)                                                     \
	"<contact:postalInfo type=\"" type "\"><contact:name>" name            \
	"</contact:name><contact:org>Example</contact:org>" ADDRESS(           \
	    "Kobe") "</contact:postalInfo>"
#define AUTH(kind, password)                                                   \
	"<" kind ":authInfo><" kind ":pw>" password "</" kind ":pw></" kind    \
	":authInfo>"
#define CONTACT(id, more)                                                      \
	OBJECT("create", "contact",                                            \
	    "<contact:id>" id "</contact:id>" POSTAL("int",                    \
		"Taro") "<contact:voice "                                      \
			"x=\"12\">+81.792955353</contact:voice>"               \
			"<contact:email>taro@mail.example</"                   \
			"contact:email>" AUTH("contact", "auth-1") more)
#define INFO_CONTACT(id, more)                                                 \
	OBJECT("info", "contact", "<contact:id>" id "</contact:id>" more)
#define DOMAIN(name, more)                                                     \
	OBJECT("create", "domain",                                             \
	    "<domain:name>" name                                               \
	    "</domain:name>" more AUTH("domain", "auth-2"))
#define NAME(name) "<domain:name>" name "</domain:name>"

struct world {
	struct registry *registry;
	struct registry_session *session, *other;
	struct bytes out, said;
	struct registry_reply reply;
};

static void
line(struct world *world, const char *text)
{
	world->said.len = 0;
	assert_true(
	    registry_line(world->registry, slice_from(text), &world->said));
	bytes_add(&world->said, "", 1);
}

static unsigned
send_by(struct world *world, struct registry_session *session, const char *xml)
{
	struct bytes complaint = {NULL, 0, 0};
	struct slice frame;
	const char *at;

	world->out.len = 0;
	world->reply = registry_receive(session, slice_from(xml), &world->out);
	bytes_add(&world->out, "", 1);
	if (world->out.len < 5)
		return 0;
	frame = (struct slice){world->out.data + 4, world->out.len - 5};
	assert_int_equal(bytes_frame_length(world->out.data), frame.len + 4);
	if (!registry_valid(frame, &complaint))
		fail_msg("an answer is not valid: %s\n%s", complaint.data,
		    frame.data);
	bytes_finish(&complaint);
	at = strstr(frame.data, "<result code=\"");
	return at == NULL ? 0 : (unsigned)strtoul(at + 14, NULL, 10);
}

static unsigned
ask(struct world *world, const char *xml)
{
	return send_by(world, world->session, xml);
}

static void
says(struct world *world, const char *text)
{
	if (strstr(world->out.data + 4, text) == NULL)
		fail_msg("no %s in %s", text, world->out.data + 4);
}

static const char *
value(struct world *world, const char *kind, const char *name, const char *key)
{
	const char *found = registry_value(world->registry, kind, name, key);

	return found == NULL ? "" : found;
}

static int
setup(void **state)
{
	static struct world world;

	world = (struct world){.registry = registry_create(NULL)};
	registry_set_time(world.registry, 1790000000);
	world.session = registry_session_create(world.registry);
	world.other = registry_session_create(world.registry);
	*state = &world;
	if (!registry_validates(world.registry))
		print_message("skipped: validation, for the EPP schemas are "
			      "not there\n");
	return 0;
}

static int
setup_in(void **state)
{
	struct world *world;

	(void)setup(state);
	world = *state;
	assert_int_equal(
	    ask(world, LOGIN("registrar", "password-1", SERVICES(EXTENSIONS))),
	    1000);
	assert_int_equal(send_by(world, world->other,
			     LOGIN("other", "password-2", SERVICES(""))),
	    1000);
	return 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;

	registry_session_destroy(world->session);
	registry_session_destroy(world->other);
	registry_destroy(world->registry);
	bytes_finish(&world->out);
	bytes_finish(&world->said);
	return 0;
}

static void
test_sessions(void **state)
{
	struct world *world = *state;

	line(world, "set client registrar password-1");
	line(world, "set session-limit 1");
	registry_greeting(world->session, &world->out);
	assert_int_equal(ask(world, INFO_CONTACT("C-1", "")), 2002);
	assert_int_equal(ask(world, EPP("<hello/>")), 0);
	says(world, "<greeting>");
	assert_int_equal(
	    ask(world, LOGIN("registrar", "password-2", SERVICES(""))), 2200);
	says(world, "<clTRID>ABC-123</clTRID>");
	says(world, "<svTRID>SIM-0000000");
	assert_int_equal(
	    ask(world, LOGIN("registrar", "password-1", SERVICES(""))), 1000);
	assert_int_equal(
	    ask(world, LOGIN("registrar", "password-1", SERVICES(""))), 2002);
	assert_int_equal(send_by(world, world->other,
			     LOGIN("registrar", "password-1", SERVICES(""))),
	    2502);
	assert_int_equal(world->reply.action, REGISTRY_ANSWER_CLOSE);
	assert_int_equal(ask(world, COMMAND("<logout/>")), 1500);
	assert_int_equal(world->reply.action, REGISTRY_ANSWER_CLOSE);
}

static void
test_new_password(void **state)
{
	struct world *world = *state;

	line(world, "set client registrar password-1");
	assert_int_equal(
	    ask(world,
		COMMAND("<login><clID>registrar</clID><pw>password-1</pw>"
			"<newPW>password-2</newPW><options><version>1.0"
			"</version><lang>en</lang></options>" SERVICES(
			    "") "</login>")),
	    1000);
	assert_int_equal(send_by(world, world->other,
			     LOGIN("registrar", "password-1", SERVICES(""))),
	    2200);
	assert_int_equal(send_by(world, world->other,
			     LOGIN("registrar", "password-2", SERVICES(""))),
	    1000);
}

static void
test_contact(void **state)
{
	struct world *world = *state;

	assert_int_equal(
	    ask(world, CONTACT("C-1", "<contact:disclose flag=\"0\">"
				      "<contact:name type=\"int\"/>"
				      "<contact:voice/></contact:disclose>")),
	    1000);
	assert_int_equal(ask(world, CONTACT("C-1", "")), 2302);
	assert_int_equal(ask(world, INFO_CONTACT("C-1", "")), 1000);
	says(world, "<contact:voice x=\"12\">+81.792955353</contact:voice>");
	says(world, "<contact:disclose flag=\"0\"><contact:name type=\"int\"/>"
		    "<contact:voice/></contact:disclose>");
	says(world, "<contact:pw>auth-1</contact:pw>");
	assert_int_equal(
	    send_by(world, world->other, INFO_CONTACT("C-1", "")), 1000);
	assert_null(strstr(world->out.data + 4, "auth-1"));
	assert_int_equal(send_by(world, world->other,
			     INFO_CONTACT("C-1", AUTH("contact", "auth-x"))),
	    2202);
	assert_int_equal(ask(world, INFO_CONTACT("C-2", "")), 2303);
	assert_int_equal(ask(world, OBJECT("check", "contact",
					"<contact:id>C-1</contact:id>"
					"<contact:id>C-2</contact:id>")),
	    1000);
	says(world, "<contact:id avail=\"0\">C-1");
	says(world, "<contact:id avail=\"1\">C-2");
	line(world, "dump contact C-1");
	assert_non_null(strstr(world->said.data, "contact C-1 "));
	assert_non_null(strstr(world->said.data, " disclose=0:name.int,voice"));
	assert_non_null(strstr(world->said.data, " street.int=\"1 Example\""));
}

#define UPDATE_CONTACT(inner)                                                  \
	OBJECT("update", "contact", "<contact:id>C-1</contact:id>" inner)

static void
test_contact_update(void **state)
{
	struct world *world = *state;

	assert_int_equal(ask(world, CONTACT("C-1", "")), 1000);
	assert_int_equal(
	    send_by(world, world->other,
		UPDATE_CONTACT("<contact:chg><contact:voice/></contact:chg>")),
	    2201);
	assert_int_equal(
	    ask(world,
		UPDATE_CONTACT("<contact:chg><contact:postalInfo type=\"int\">"
			       "<contact:org/></contact:postalInfo>"
			       "<contact:voice/></contact:chg>")),
	    1000);
	assert_string_equal(value(world, "contact", "C-1", "org.int"), "");
	assert_string_equal(value(world, "contact", "C-1", "name.int"), "Taro");
	assert_string_equal(value(world, "contact", "C-1", "voice"), "");
	assert_string_equal(value(world, "contact", "C-1", "voice.x"), "");
	assert_int_equal(
	    ask(world,
		UPDATE_CONTACT("<contact:chg><contact:postalInfo type=\"loc\">"
			       "<contact:org>X</contact:org>"
			       "</contact:postalInfo></contact:chg>")),
	    2003);
	assert_int_equal(ask(world, UPDATE_CONTACT("<contact:chg>" POSTAL(
					"loc", "太郎") "</contact:chg>")),
	    1000);
	assert_int_equal(ask(world, UPDATE_CONTACT("<contact:chg>" POSTAL(
					"int", "太郎") "</contact:chg>")),
	    2005);
	assert_int_equal(ask(world, INFO_CONTACT("C-1", "")), 1000);
	says(world, "<contact:postalInfo type=\"loc\"><contact:name>太郎");
	says(world, "<contact:upID>registrar</contact:upID>");
	assert_int_equal(ask(world, UPDATE_CONTACT("")), 2003);
	assert_int_equal(
	    ask(world,
		UPDATE_CONTACT("<contact:add><contact:status "
			       "s=\"clientUpdateProhibited\"/></contact:add>")),
	    1000);
	assert_int_equal(
	    ask(world,
		UPDATE_CONTACT("<contact:chg><contact:fax/></contact:chg>")),
	    2304);
	assert_int_equal(
	    ask(world,
		UPDATE_CONTACT("<contact:rem><contact:status "
			       "s=\"clientUpdateProhibited\"/></contact:rem>")),
	    1000);
}

static void
test_domain(void **state)
{
	struct world *world = *state;

	line(world, "set tlds org,co.jp");
	line(world, "set contacts required");
	assert_int_equal(ask(world, CONTACT("C-1", "")), 1000);
	assert_int_equal(ask(world, CONTACT("C-2", "")), 1000);
	assert_int_equal(ask(world, DOMAIN("example.com", "")), 2306);
	assert_int_equal(ask(world, DOMAIN("example.org", "")), 2003);
	assert_int_equal(
	    ask(world, DOMAIN("example.org",
			   "<domain:registrant>C-9</domain:registrant>")),
	    2303);
	assert_int_equal(
	    ask(world, DOMAIN("example.org",
			   "<domain:registrant>C-1</domain:registrant>"
			   "<domain:contact type=\"tech\">C-2"
			   "</domain:contact>")),
	    1000);
	assert_int_equal(ask(world, OBJECT("delete", "contact",
					"<contact:id>C-2</contact:id>")),
	    2305);
	assert_int_equal(ask(world, INFO_CONTACT("C-2", "")), 1000);
	says(world, "<contact:status s=\"linked\"/>");
	assert_int_equal(
	    ask(world,
		OBJECT("update", "domain",
		    NAME("example.org") "<domain:rem><domain:contact "
					"type=\"tech\">C-2</domain:contact>"
					"</domain:rem><domain:chg>"
					"<domain:registrant>C-2"
					"</domain:registrant></domain:chg>")),
	    1000);
	assert_string_equal(
	    value(world, "domain", "example.org", "registrant"), "C-2");
	assert_string_equal(
	    value(world, "domain", "example.org", "contact.tech"), "");
	assert_int_equal(ask(world, OBJECT("delete", "contact",
					"<contact:id>C-1</contact:id>")),
	    1000);
	assert_int_equal(
	    ask(world, OBJECT("info", "domain", NAME("EXAMPLE.org"))), 1000);
	says(world, "<domain:registrant>C-2</domain:registrant>");
	assert_int_equal(
	    ask(world, OBJECT("renew", "domain",
			   NAME("example.org") "<domain:curExpDate>2020-01-01"
					       "</domain:curExpDate>")),
	    2004);
	assert_int_equal(
	    ask(world, OBJECT("delete", "domain", NAME("example.org"))), 1000);
	assert_int_equal(
	    ask(world, OBJECT("info", "domain", NAME("example.org"))), 2303);
}

static void
test_hosts(void **state)
{
	struct world *world = *state;
	const char *const create = OBJECT("create", "host",
	    "<host:name>ns1.example.org</host:name>"
	    "<host:addr ip=\"v4\">192.0.2.1</host:addr>"
	    "<host:addr ip=\"v6\">2001:db8::1</host:addr>");
	const char *const delete =
	    OBJECT("delete", "host", "<host:name>ns1.example.org</host:name>");

	assert_int_equal(
	    ask(world, DOMAIN("example.net",
			   "<domain:ns><domain:hostObj>ns1.example.org"
			   "</domain:hostObj></domain:ns>")),
	    2303);
	assert_int_equal(ask(world, DOMAIN("example.org", "")), 1000);
	assert_int_equal(ask(world, create), 1000);
	assert_int_equal(ask(world, create), 2302);
	assert_int_equal(
	    ask(world, DOMAIN("example.net",
			   "<domain:ns><domain:hostObj>ns1.example.org"
			   "</domain:hostObj></domain:ns>")),
	    1000);
	assert_int_equal(
	    ask(world, OBJECT("info", "host",
			   "<host:name>ns1.example.org</host:name>")),
	    1000);
	says(world, "<host:addr ip=\"v6\">2001:db8::1</host:addr>");
	assert_int_equal(ask(world, delete), 2305);
	assert_int_equal(
	    ask(world, OBJECT("delete", "domain", NAME("example.org"))), 2305);
	assert_int_equal(
	    ask(world, OBJECT("info", "domain", NAME("example.net"))), 1000);
	says(world, "<domain:hostObj>ns1.example.org</domain:hostObj>");
	assert_int_equal(
	    ask(world, OBJECT("delete", "domain", NAME("example.net"))), 1000);
	assert_int_equal(ask(world, delete), 1000);
}

#define TRANSFER(op, more)                                                     \
	COMMAND("<transfer op=\"" op "\"><domain:transfer xmlns:domain=\"urn:" \
		"ietf:params:xml:ns:domain-1.0\">" NAME("example.org") more    \
	    "</domain:transfer></transfer>")

static void
test_transfer_and_poll(void **state)
{
	struct world *world = *state;
	struct registry_session *other = world->other;

	assert_int_equal(ask(world, DOMAIN("example.org", "")), 1000);
	assert_int_equal(
	    send_by(world, other, TRANSFER("request", AUTH("domain", "bad"))),
	    2202);
	assert_int_equal(send_by(world, other,
			     TRANSFER("request", AUTH("domain", "auth-2"))),
	    1001);
	assert_int_equal(send_by(world, other,
			     TRANSFER("request", AUTH("domain", "auth-2"))),
	    2300);
	assert_int_equal(ask(world, COMMAND("<poll op=\"req\"/>")), 1301);
	says(world, "<msgQ count=\"1\" id=\"1\">");
	says(world, "<domain:trStatus>pending</domain:trStatus>");
	assert_int_equal(
	    ask(world, COMMAND("<poll op=\"ack\" msgID=\"7\"/>")), 2303);
	assert_int_equal(
	    ask(world, COMMAND("<poll op=\"ack\" msgID=\"1\"/>")), 1000);
	assert_int_equal(ask(world, COMMAND("<poll op=\"req\"/>")), 1300);
	assert_int_equal(send_by(world, other, TRANSFER("approve", "")), 2201);
	assert_int_equal(ask(world, TRANSFER("approve", "")), 1000);
	assert_string_equal(
	    value(world, "domain", "example.org", "clID"), "other");
	assert_int_equal(
	    send_by(world, other, COMMAND("<poll op=\"req\"/>")), 1301);
	line(world, "message \"Made \\\"up\\\" <text>\"");
	assert_int_equal(ask(world, COMMAND("<poll op=\"req\"/>")), 1301);
	says(world, "Made &quot;up&quot; &lt;text&gt;");
}

static void
test_contacts_prohibited(void **state)
{
	struct world *world = *state;

	line(world, "object contact C-1 exists registrar");
	line(world, "set contacts prohibited");
	assert_int_equal(ask(world, CONTACT("C-2", "")), 2307);
	assert_int_equal(
	    ask(world, DOMAIN("example.org",
			   "<domain:registrant>C-1</domain:registrant>")),
	    2306);
	assert_int_equal(ask(world, DOMAIN("example.org", "")), 1000);
	assert_int_equal(ask(world, EPP("<hello/>")), 0);
	assert_null(strstr(world->out.data + 4, "contact-1.0"));
}

static void
test_invalid_frames(void **state)
{
	struct world *world = *state;
	const char *const empty = OBJECT("update", "contact",
	    "<contact:id>C-1</contact:id><contact:add/><contact:rem/>"
	    "<contact:chg><contact:voice/></contact:chg>");

	if (!registry_validates(world->registry))
		skip();
	assert_int_equal(ask(world, INFO_CONTACT("C", "")), 2001);
	says(world, "<clTRID>ABC-123</clTRID>");
	assert_int_equal(registry_invalid(world->registry), 1);
	assert_non_null(
	    strstr(registry_complaint(world->registry), "minLength"));
	assert_int_equal(ask(world, "<epp"), 2001);
	assert_int_equal(ask(world, "<!DOCTYPE epp [<!ENTITY a \"b\">]>"
				    "<epp xmlns=\"urn:ietf:params:xml:ns:"
				    "epp-1.0\"><hello/></epp>"),
	    2001);
	assert_int_equal(registry_invalid(world->registry), 3);
	assert_int_equal(ask(world, CONTACT("C-1", "")), 1000);
	assert_int_equal(ask(world, empty), 2001);
	line(world, "set lenient on");
	assert_int_equal(ask(world, empty), 1000);
	assert_int_equal(registry_invalid(world->registry), 4);
}

static void
test_extensions(void **state)
{
	struct world *world = *state;
	const char *const secure = EPP(
	    "<command><create><domain:create xmlns:domain=\"urn:ietf:params:"
	    "xml:ns:domain-1.0\">" NAME("example.org") AUTH("domain",
		"auth-2") "</domain:create></create>"
			  "<extension><secDNS:create "
			  "xmlns:secDNS=\"urn:ietf:params:xml:ns:"
			  "secDNS-1.1\"><secDNS:dsData><secDNS:keyTag>12345</"
			  "secDNS:keyTag>"
			  "<secDNS:alg>13</secDNS:alg><secDNS:digestType>2"
			  "</"
			  "secDNS:digestType><secDNS:digest>"
			  "49FD46E6C4B45C55D4AC"
			  "</secDNS:digest></secDNS:dsData></secDNS:create>"
			  "<f:create "
			  "xmlns:f=\"urn:ietf:params:xml:ns:epp:fee-1.0\">"
			  "<f:fee>5.00</f:fee></f:create></extension></"
			  "command>");

	assert_int_equal(ask(world, secure), 1000);
	assert_int_equal(
	    ask(world, OBJECT("info", "domain", NAME("example.org"))), 1000);
	says(world, "<secDNS:keyTag>12345</secDNS:keyTag>");
	assert_string_equal(value(world, "domain", "example.org", "extension"),
	    "<f:create xmlns:f=\"urn:ietf:params:xml:ns:epp:fee-1.0\">"
	    "<f:fee>5.00</f:fee></f:create>");
	line(world, "counts");
	assert_non_null(strstr(world->said.data,
	    "count urn:ietf:params:xml:ns:epp:fee-1.0 create 1\n"));
	/* The other session's login did not name them. */
	assert_int_equal(send_by(world, world->other, secure), 2103);
}

static void
test_faults(void **state)
{
	struct world *world = *state;

	line(world, "fault contact:create lost");
	line(world, "fault contact:* code 2400 times 2");
	line(world, "fault create code 2500");
	assert_int_equal(ask(world, CONTACT("C-1", "")), 0);
	assert_int_equal(world->reply.action, REGISTRY_RESET);
	assert_string_equal(
	    value(world, "contact", "C-1", "email"), "taro@mail.example");
	assert_int_equal(ask(world, CONTACT("C-2", "")), 2400);
	assert_int_equal(ask(world, INFO_CONTACT("C-1", "")), 2400);
	assert_int_equal(ask(world, CONTACT("C-2", "")), 2500);
	assert_int_equal(world->reply.action, REGISTRY_ANSWER_CLOSE);
	assert_string_equal(value(world, "contact", "C-2", "email"), "");
	line(world, "fault * slow 250");
	assert_int_equal(ask(world, CONTACT("C-2", "")), 1000);
	assert_int_equal(world->reply.delay_ms, 250);
	line(world, "fault info wrong-cltrid");
	assert_int_equal(ask(world, INFO_CONTACT("C-1", "")), 1000);
	assert_null(strstr(world->out.data + 4, "ABC-123"));
	line(world, "fault info reset");
	assert_int_equal(ask(world, INFO_CONTACT("C-1", "")), 0);
	assert_int_equal(world->reply.action, REGISTRY_RESET);
	line(world, "fault info silent");
	assert_int_equal(ask(world, INFO_CONTACT("C-1", "")), 0);
	assert_int_equal(world->reply.action, REGISTRY_STALL);
	line(world, "fault greeting stall");
	assert_int_equal(registry_greeting(world->session, &world->out).action,
	    REGISTRY_STALL);
}

/* Answers that are no frame. */
static void
test_broken_answers(void **state)
{
	struct world *world = *state;
	struct slice hello = SLICE(EPP("<hello/>"));

	world->out.len = 0;
	line(world, "fault hello cut");
	world->reply = registry_receive(world->session, hello, &world->out);
	assert_true(bytes_frame_length(world->out.data) > world->out.len);
	assert_int_equal(world->reply.action, REGISTRY_ANSWER_CLOSE);
	world->out.len = 0;
	line(world, "fault hello garbage");
	world->reply = registry_receive(world->session, hello, &world->out);
	assert_int_equal(bytes_frame_length(world->out.data), world->out.len);
	assert_int_equal((unsigned char)world->out.data[4], 0xa5);
	world->out.len = 0;
	line(world, "fault hello length");
	(void)registry_receive(world->session, hello, &world->out);
	assert_int_equal(bytes_frame_length(world->out.data), 0xffffffff);
}

static void
test_lines(void **state)
{
	struct world *world = *state;
	static const char *const bad[] = {"nonsense", "set", "set contacts no",
	    "fault login", "fault login code", "fault login lost often",
	    "object person X exists", "message", "message \"open",
	    "sessions open"};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(registry_line(
		    world->registry, slice_from(bad[i]), &world->said));
	line(world, "");
	line(world, "# a comment");
	line(world, "object domain example.org exists other");
	line(world, "object domain example.org set pw \"a b\"");
	line(world, "dump");
	assert_non_null(strstr(world->said.data, "pw=\"a b\""));
	line(world, "object domain example.org missing");
	line(world, "dump");
	assert_string_equal(world->said.data, "");
	assert_false(registry_take_drop(world->registry));
	line(world, "sessions drop");
	assert_true(registry_take_drop(world->registry));
	assert_false(registry_take_drop(world->registry));
	assert_int_equal(ask(world, EPP("<hello/>")), 0);
	line(world, "frames 1");
	assert_non_null(strstr(world->said.data, EPP("<hello/>")));
	assert_true(
	    slice_is(registry_frame(world->registry, 0), EPP("<hello/>")));
}

static void
test_bench(void **state)
{
	struct world *world = *state;

	line(world, "set bench on");
	assert_int_equal(ask(world, CONTACT("C-1", "")), 1000);
	says(world, "<contact:id>C-1</contact:id>");
	says(world, "<clTRID>ABC-123</clTRID>");
	assert_int_equal(ask(world, COMMAND("<poll op=\"req\"/>")), 1300);
	assert_int_equal(ask(world, EPP("<hello/>")), 0);
	says(world, "<greeting>");
	assert_int_equal(ask(world, COMMAND("<logout/>")), 1500);
	assert_int_equal(world->reply.action, REGISTRY_ANSWER_CLOSE);
}

/* What WHOIS says of the domain, or RDAP where `rdap` is not NULL. */
static const char *
published(struct world *world, unsigned *rdap)
{
	struct registry_reply reply;

	world->said.len = 0;
	if (rdap == NULL)
		reply = registry_whois(
		    world->registry, SLICE("taro.org"), &world->said);
	else
		*rdap = registry_rdap(world->registry, SLICE("domain/taro.org"),
		    &world->said, &reply);
	assert_int_equal(reply.action, REGISTRY_ANSWER_CLOSE);
	bytes_add(&world->said, "", 1);
	return world->said.data;
}

static void
test_publishing(void **state)
{
	struct world *world = *state;
	unsigned status;

	assert_int_equal(ask(world, CONTACT("C-1", "")), 1000);
	assert_int_equal(
	    ask(world, DOMAIN("taro.org",
			   "<domain:registrant>C-1</domain:registrant>")),
	    1000);
	assert_non_null(
	    strstr(published(world, NULL), "Registrant Organization: Example"));
	assert_non_null(strstr(
	    published(world, NULL), "Registrant Name: REDACTED FOR PRIVACY"));
	line(world, "object contact C-1 set disclose 1:name.int");
	line(world, "publish leak email");
	line(world, "publish hide org");
	line(world, "publish older cc FR");
	assert_non_null(
	    strstr(published(world, NULL), "Registrant Name: Taro"));
	assert_non_null(
	    strstr(published(world, NULL), "Email: taro@mail.example"));
	assert_null(
	    strstr(published(world, NULL), "Registrant Organization: E"));
	assert_non_null(strstr(published(world, &status), "\"cc\":\"FR\""));
	assert_int_equal(status, 200);
	assert_null(strstr(published(world, &status), "Registrant Email"));
	line(world, "publish well");
	line(world, "fault publish:rdap code 429");
	assert_null(strstr(published(world, NULL), "Email: taro@mail.example"));
	published(world, &status);
	assert_int_equal(status, 429);
	world->said.len = 0;
	assert_false(registry_line(
	    world->registry, SLICE("publish leak shoes"), &world->said));
}

#define IN(test) cmocka_unit_test_setup_teardown(test, setup_in, teardown)
#define OUT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    OUT(test_sessions),
	    OUT(test_new_password),
	    IN(test_contact),
	    IN(test_contact_update),
	    IN(test_domain),
	    IN(test_hosts),
	    IN(test_transfer_and_poll),
	    IN(test_contacts_prohibited),
	    IN(test_invalid_frames),
	    IN(test_extensions),
	    IN(test_faults),
	    IN(test_broken_answers),
	    OUT(test_lines),
	    IN(test_bench),
	    IN(test_publishing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
