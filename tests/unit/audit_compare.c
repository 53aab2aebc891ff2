/* What is found where an answer differs from what a policy intends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/text.h"
#include "codec/audit_answer.h"
#include "core/decide.h"
#include "core/policy.h"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

/* Rules by number: 1 refuses, 2 holds, 3 replaces, ... */
static const char policy[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p11 \"publish\"\n"
    "recipient whois \"public\" public via self basis contract {\n"
    "  may receive name, email, phone, street, city, state, postcode,\n"
    "    country, ns, handle of registrant, public-contact\n"
    "}\n"
    "for .jp, .example to whois for p11 {\n"
    "  refuse \"not from there\" when registrant.country is KP\n"
    "  replace email by \"proxy@proxy.example\"\n"
    "    of registrant, public-contact\n"
    "  redact street, phone of registrant, public-contact\n"
    "  forward name, city, state, postcode, country, ns\n"
    "    of registrant, public-contact\n"
    "  redact * of *\n"
    "}\n";

enum { REFUSES = 1, REPLACES, REDACTS, FORWARDS, REST };

struct field_value {
	enum role role;
	enum field field;
	const char *value;
};

static const struct ruleset *
load(void)
{
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset = policy_load(arena,
	    &(struct policy_source){SLICE("t.policy"), slice_from(policy)},
	    NULL, NULL, 0, &diagnostics, &fail);

	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	return ruleset;
}

static const struct field_value someone[] = {
    {ROLE_REGISTRANT, FIELD_NAME_LOC, "架空 花子"},
    {ROLE_REGISTRANT, FIELD_NAME_INT, "Hanako Kakuu"},
    {ROLE_REGISTRANT, FIELD_EMAIL, "hanako@mail.example"},
    {ROLE_REGISTRANT, FIELD_PHONE, "+81.312345678"},
    {ROLE_REGISTRANT, FIELD_COUNTRY, "JP"},
    {ROLE_REGISTRANT, FIELD_NS, "ns1.dns.example"},
    {ROLE_PUBLIC_CONTACT, FIELD_NAME_LOC, "架空窓口"},
    {ROLE_PUBLIC_CONTACT, FIELD_STREET_LOC, "架空町1-2-3"},
    {ROLE_PUBLIC_CONTACT, FIELD_CITY_LOC, "姫路市"},
    {ROLE_PUBLIC_CONTACT, FIELD_STATE_LOC, "兵庫県"},
    {ROLE_PUBLIC_CONTACT, FIELD_POSTCODE, "670-0000"},
    {ROLE_PUBLIC_CONTACT, FIELD_COUNTRY, "JP"},
};

static struct record *
make_record(const char *name)
{
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(
	    arena, OBJECT_DOMAIN, OPERATION_CREATE, slice_from(name), &fail);

	for (size_t i = 0; i < sizeof(someone) / sizeof(*someone); i++) {
		struct slice value = slice_from(someone[i].value);

		assert_true(record_set(record, someone[i].role,
		    someone[i].field, &value, 1, &fail));
	}
	return record;
}

/* `knows`: the record is given to the audit, too. */
static struct audit_intent *
intend(const char *name, struct decide_given given, bool knows,
    const struct field_value *more)
{
	struct record *record = make_record(name);
	const struct ruleset *ruleset = load();
	struct fail fail = FAIL_INIT;
	struct audit_intent *intent;
	struct slice value;

	if (more != NULL) {
		value = slice_from(more->value);
		assert_true(record_set(
		    record, more->role, more->field, &value, 1, &fail));
	}
	intent = audit_intend(decide(ruleset, ruleset_block(ruleset, 0), record,
				  &given, arena, &fail),
	    knows ? record : NULL, arena, &fail);
	assert_non_null(intent);
	return intent;
}

static struct audit_findings
judge(const struct audit_intent *intent, enum audit_layout layout,
    const char *text)
{
	struct audit_question question = {.name = intent->object};
	struct audit_answer answer;
	struct audit_findings findings;
	struct fail fail = FAIL_INIT;

	assert_true(audit_read_whois(
	    layout, &question, slice_from(text), arena, &answer, &fail));
	assert_true(audit_compare(intent, &answer, arena, &findings, &fail));
	return findings;
}

static void
assert_found(struct audit_findings findings, const char *expected)
{
	struct text text = text_start(arena);

	for (size_t i = 0; i < findings.count; i++) {
		const struct audit_finding *of = &findings.items[i];

		text_add_format(&text, "%s%s", i == 0 ? "" : ", ",
		    audit_kind_name(of->kind));
		if (!of->is_whole)
			text_add_format(&text, " %s/%s by %u%s",
			    role_name(of->role), field_info[of->field].name,
			    of->rule, of->is_current ? " now" : "");
	}
	assert_string_equal(text_slice(&text).data, expected);
}

#define GTLD                                                                   \
	"Domain Name: hanako.example\n"                                        \
	"Registrant Name: Hanako Kakuu\n"                                      \
	"Registrant Country: JP\n"                                             \
	"Name Server: NS1.DNS.EXAMPLE\n"

/* A line below one with a label. */
#define INDENT "                                "

static const struct decide_given nothing_given;

static void
what_is_replaced_may_be_seen_replaced_only(void **state)
{
	struct audit_intent *knows =
	    intend("hanako.example", nothing_given, true, NULL);
	struct audit_intent *knows_not =
	    intend("hanako.example", nothing_given, false, NULL);

	(void)state;
	assert_found(judge(knows, AUDIT_GTLD,
			 GTLD "Registrant Email: PROXY@proxy.example\n"),
	    "");
	assert_found(judge(knows, AUDIT_GTLD,
			 GTLD "Registrant Email: hanako@mail.example\n"),
	    "leak registrant/email by 2 now");
	assert_found(judge(knows, AUDIT_GTLD,
			 GTLD "Registrant Email: old@proxy.example\n"),
	    "stale registrant/email by 2");
	/* Nobody knows whose address that is. */
	assert_found(judge(knows_not, AUDIT_GTLD,
			 GTLD "Registrant Email: old@proxy.example\n"),
	    "leak registrant/email by 2");
	assert_found(
	    judge(knows, AUDIT_GTLD, GTLD "Registrant Email: REDACTED\n"),
	    "over-redaction registrant/email by 2");
}

static void
any_value_of_what_is_redacted_is_a_leak(void **state)
{
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);

	(void)state;
	assert_found(judge(intent, AUDIT_GTLD,
			 GTLD "Registrant Email: proxy@proxy.example\n"
			      "Registrant Phone: 03-1234-5678\n"),
	    "leak registrant/phone by 3 now");
	assert_found(judge(intent, AUDIT_GTLD,
			 GTLD "Registrant Email: proxy@proxy.example\n"
			      "Registrant Phone: +81.399999999\n"),
	    "leak registrant/phone by 3");
	/* Of whom the record has none, that is the registry's own. */
	assert_found(judge(intent, AUDIT_GTLD,
			 GTLD "Registrant Email: proxy@proxy.example\n"
			      "Admin Name: Example NOC\n"
			      "Admin Phone: +81.399990000\n"
			      "Admin Email: noc@registrar.example\n"),
	    "");
	assert_found(judge(intent, AUDIT_GTLD,
			 GTLD "Registrant Email: proxy@proxy.example\n"
			      "Admin Email: hanako@mail.example\n"),
	    "leak registrant/email by 2 now");
	/* A registry's own handle of her is none of the record's. */
	assert_found(judge(intent, AUDIT_GTLD,
			 GTLD "Registrant Email: proxy@proxy.example\n"
			      "Registry Registrant ID: C1-EXAMPLE\n"),
	    "");
}

/* Where a person's name has its place, an organization's may stand. */
static void
an_organization_may_stand_for_its_person(void **state)
{
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true,
		&(struct field_value){
		    ROLE_REGISTRANT, FIELD_ORG_INT, "Kakuu K.K."});
	struct audit_intended *name =
	    &intent->items[ROLE_REGISTRANT][FIELD_NAME_INT];
	struct audit_intended *org =
	    &intent->items[ROLE_REGISTRANT][FIELD_ORG_INT];
	static const char text[] = "Domain Name: hanako.example\n"
				   "Registrant Name: KAKUU K.K.\n"
				   "Registrant Country: JP\n"
				   "Registrant Email: proxy@proxy.example\n"
				   "Name Server: ns1.dns.example\n";

	(void)state;
	assert_found(judge(intent, AUDIT_GTLD, text),
	    "leak registrant/org.int by 5 now");
	org->allowed = org->hidden;
	name->hidden = name->allowed;
	name->allowed = (struct values){NULL, 0};
	assert_found(judge(intent, AUDIT_GTLD, text),
	    "over-redaction registrant/org.int by 5");
}

#define JPRS                                                                   \
	"Domain Information: [ドメイン情報]\n"                           \
	"[Domain Name]                   HANAKO.JP\n"                          \
	"[登録者名]                      架空　花子\n"                \
	"[Registrant]                    Kakuu, Hanako\n"                      \
	"[Name Server]                   ns1.dns.example\n"                    \
	"Contact Information: [公開連絡窓口]\n"                          \
	"[名前]                          架空窓口\n"                     \
	"[郵便番号]                      ６７０ー００００\n"

#define MAIL_LEAKS "leak registrant/email by 2 now"

/* Labels and remarks that nobody knows tell of her, too. */
static void
what_has_no_place_is_searched(void **state)
{
	static const struct {
		const char *line, *found;
	} cases[] = {
	    {"Registrant Mobile: 03 1234 5678\n",
		"leak registrant/phone by 3 now"},
	    {"Registrant Remarks: write to Hanako@mail.example, please\n",
		"leak registrant/email by 2 now"},
	    {"Registrant Remarks: write to proxy@proxy.example\n", ""},
	    {"Registrant Mobile: +81.90000000000\n", ""},
	    /* It is shown as the published contact's, who may be. */
	    {"Registrant Remarks: 兵庫県姫路市\n", ""},
	    {"Registrar Remarks: +81.312345678\n",
		"leak registrant/phone by 3 now"},
	    {"Owner Email: hanako@mail.example\n", MAIL_LEAKS},
	    {"e-mail: HANAKO@MAIL.EXAMPLE\n", MAIL_LEAKS},
	    {"Holder of the record\n    hanako@mail.example\n", MAIL_LEAKS},
	    {"% her address is hanako@mail.example.\n", MAIL_LEAKS},
	    {"# tel. (03) 1234 5678\n", "leak registrant/phone by 3 now"},
	    {"A label of more than sixty-four bytes is a label as well as all"
	     " others are: hanako@mail.example\n",
		MAIL_LEAKS},
	    {"Domain Status: ok\rOwner Email: hanako@mail.example\n",
		MAIL_LEAKS},
	    {">>> Last update of WHOIS: now <<<\nhanako@mail.example\n",
		MAIL_LEAKS},
	    {"Domain: hanako.example\nRegistrant Phone: 03-1234-5678\n",
		"leak registrant/phone by 3 now"},
	    {"Domain: other.example\nOwner Email: hanako@mail.example\n",
		MAIL_LEAKS},
	    {"Registrant Phone.....: +81 (0)3 1234 5678\n",
		"leak registrant/phone by 3 now"},
	    {"Note: hanako\xe2\x80\x8b@mail.example\n", MAIL_LEAKS},
	    /* Parts of others' addresses and numbers. */
	    {"Owner Email: old-hanako@mail.example\n", ""},
	    {"Owner Email: ohanako@mail.example\n", ""},
	    {"Owner Email: hanako@mail.example.com\n", ""},
	    {"Serial: 10312345678\nSerial: 81312345678901\n", ""},
	};
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text text = text_start(arena);

		text_add_string(
		    &text, GTLD "Registrant Email: proxy@proxy.example\n");
		text_add_string(&text, cases[i].line);
		assert_found(judge(intent, AUDIT_GTLD, text_slice(&text).data),
		    cases[i].found);
	}
	assert_found(
	    judge(intend("hanako.jp", nothing_given, true, NULL), AUDIT_JPRS,
		JPRS "[住所]                          兵庫県姫路市\n"
		     "[備考]                          架空町１-２-３\n"),
	    "leak public-contact/street.loc by 3 now");
}

/* A value of the record's that is hidden, in an answer that is else right. */
static struct audit_findings
judge_hidden(enum role role, enum field field, const char *value,
    const char *more)
{
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);
	struct audit_intended *of = &intent->items[role][field];
	struct text text = text_start(arena);
	struct slice *hidden = arena_take(arena, sizeof(*hidden));

	*hidden = slice_from(value);
	of->hidden = (struct values){hidden, 1};
	of->allowed = (struct values){NULL, 0};
	of->collected = intent->has_role[role] = true;
	text_add_string(&text, GTLD "Registrant Email: proxy@proxy.example\n");
	text_add_string(&text, more);
	return judge(intent, AUDIT_GTLD, text_slice(&text).data);
}

static void
values_that_stand_anywhere_by_chance_are_no_leak(void **state)
{
	static const struct {
		enum role role;
		enum field field;
		const char *value, *line, *found;
	} cases[] = {
	    {ROLE_TECH, FIELD_NAME_INT, "Tanaka", "Note: Tanaka\n", ""},
	    {ROLE_TECH, FIELD_NAME_INT, "Taro Ito", "Note: Ito, Taro\n",
		"leak tech/name.int by 5 now"},
	    {ROLE_TECH, FIELD_NAME_INT, "Domain Administrator",
		"Note: ask the domain administrator\n", ""},
	    {ROLE_TECH, FIELD_NAME_INT, "Example Registrar",
		"Registrar: Example Registrar\n", ""},
	    {ROLE_TECH, FIELD_EMAIL, "noc@registrar.example",
		"Registrar Abuse Contact Email: noc@registrar.example\n", ""},
	    {ROLE_TECH, FIELD_EMAIL, "noc@registrar.example",
		"Note: noc@registrar.example\n",
		"leak tech/email by 5 now"},
	    {ROLE_TECH, FIELD_PHONE, "+81.355550000",
		"Registrar Abuse Contact Phone: +81.355550000\n", ""},
	    /* Its own name, and what may be seen of another. */
	    {ROLE_TECH, FIELD_NAME_INT, "hanako example", "", ""},
	    {ROLE_TECH, FIELD_NAME_INT, "Hanako Kakuu", "", ""},
	    {ROLE_TECH, FIELD_NAME_INT, "ns1 dns example", "", ""},
	    {ROLE_REGISTRANT, FIELD_ORG_INT, "Kakuu Trading K.K.",
		"Owner: Kakuu Trading, K.K.\n",
		"leak registrant/org.int by 5 now"},
	    {ROLE_TECH, FIELD_STREET_INT, "Kakuu 1-2-3",
		"Note: Kakuu\nNote: 1-2-3\n", ""},
	    {ROLE_TECH, FIELD_STREET_INT, "Kakuu 1-2-3",
		"  Kakuu\n  1-2-3\n", "leak tech/street.int by 5 now"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_found(judge_hidden(cases[i].role, cases[i].field,
				 cases[i].value, cases[i].line),
		    cases[i].found);
}

/* A whole address in the country's line, and names of countries. */
static void
a_country_is_no_place_for_an_address(void **state)
{
	static const struct {
		const char *value, *country, *found;
	} cases[] = {
	    {"Himeji", "Himeji, JP", "leak registrant/city.int by 4 now"},
	    {"Himeji", "1-2-3 Somewhere", "stale registrant/country by 4"},
	    {"Himeji", "Japan", ""},
	    {"Singapore", "Republic of Singapore", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct audit_intent *intent =
		    intend("hanako.example", nothing_given, true, NULL);
		struct audit_intended *city =
		    &intent->items[ROLE_REGISTRANT][FIELD_CITY_INT];
		struct slice hidden = slice_from(cases[i].value);
		struct text text = text_start(arena);

		city->hidden = (struct values){&hidden, 1};
		city->collected = true;
		text_add_format(&text,
		    "Domain Name: hanako.example\n"
		    "Registrant Name: Hanako Kakuu\n"
		    "Registrant Country: %s\n"
		    "Registrant Email: proxy@proxy.example\n"
		    "Name Server: NS1.DNS.EXAMPLE\n",
		    cases[i].country);
		assert_found(judge(intent, AUDIT_GTLD, text_slice(&text).data),
		    cases[i].found);
	}
}

/* What a server shows instead of a value it may show anywhere. */
static void
what_misu_conf_says_is_hidden_is_not_searched(void **state)
{
	static const struct slice words[] = {SLICE("HANAKO@mail.example")};
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);
	struct audit_question question = {
	    .name = intent->object, .placeholders = {words, 1}};
	struct audit_findings findings;
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(audit_read_whois(AUDIT_GTLD, &question,
	    SLICE(GTLD "Registrant Email: proxy@proxy.example\n"
		       "Note: hanako@mail.example\n"),
	    arena, &answer, &fail));
	assert_true(audit_compare(intent, &answer, arena, &findings, &fail));
	assert_found(findings, "");
}

/* An answer that there is none, and yet says much. */
static void
no_object_may_be_a_leak_as_well(void **state)
{
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);

	(void)state;
	assert_found(judge(intent, AUDIT_GTLD,
			 "No match for hanako.example\n"
			 "% It was hanako@mail.example's\n"),
	    "leak registrant/email by 2 now, missing");
}

static void
assert_rdap_found(const char *registrant, const char *more, const char *found)
{
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);
	struct audit_question question = {
	    .type = OBJECT_DOMAIN, .name = intent->object};
	struct text text = text_start(arena);
	struct audit_findings findings;
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;

	for (unsigned f = 0; f < FIELD_COUNT; f++)
		intent->items[ROLE_PUBLIC_CONTACT][f].allowed.count = 0;
	text_add_format(&text,
	    "{\"objectClassName\":\"domain\",\"ldhName\":\"hanako.example\","
	    "\"nameservers\":[{\"ldhName\":\"ns1.dns.example\"%s}],"
	    "\"entities\":[{\"roles\":[\"registrant\"],\"vcardArray\":["
	    "\"vcard\",[[\"fn\",{},\"text\",\"Hanako Kakuu\"],"
	    "[\"adr\",{\"cc\":\"JP\"},\"text\",[]],"
	    "[\"email\",{},\"text\",\"proxy@proxy.example\"]%s]]}%s}",
	    strncmp(more, ",\"entities\"", 11) == 0 ? more : "", registrant,
	    strncmp(more, ",\"entities\"", 11) == 0 ? "]"
	    : more[0] == '\0'			    ? "]"
						    : more);
	assert_true(audit_read_rdap(
	    &question, text_slice(&text), arena, &answer, &fail));
	assert_int_equal(answer.state, AUDIT_FOUND);
	assert_true(audit_compare(intent, &answer, arena, &findings, &fail));
	assert_found(findings, found);
}

/* Every string of RDAP, at every depth. */
static void
all_of_rdap_is_searched(void **state)
{
	static const char phone[] = "leak registrant/phone by 3 now";

	(void)state;
	assert_rdap_found("", "", "");
	assert_rdap_found(
	    ",[\"email\",{},\"text\",\"REDACTED\",\"hanako@mail.example\"]", "",
	    MAIL_LEAKS);
	assert_rdap_found(
	    ",[\"tel\",{\"type\":\"voice\"},\"uri\",\"\","
	    "\"tel:+81.312345678\"]",
	    "", phone);
	assert_rdap_found(",[\"contact-uri\",{},\"uri\","
			  "\"mailto:hanako@mail.example\"]",
	    "", MAIL_LEAKS);
	assert_rdap_found(",[\"adr\",{\"cc\":\"hanako@mail.example\"},"
			  "\"text\",[]]",
	    "", MAIL_LEAKS);
	assert_rdap_found(
	    ",[\"x-owner\",{},\"text\",{\"a\":[\"hanako@mail.example\"]}]", "",
	    MAIL_LEAKS);
	assert_rdap_found("", "],\"remarks\":[{\"description\":"
			      "[\"Registrant: hanako@mail.example\"]}]",
	    MAIL_LEAKS);
	assert_rdap_found("", ",{\"roles\":[\"holder\"],\"jscard\":{\"emails\":"
			      "{\"e\":{\"address\":\"hanako@mail.example\"}}}}]",
	    MAIL_LEAKS);
	assert_rdap_found("", ",{\"roles\":[\"registrar\"],\"entities\":[{"
			      "\"roles\":[\"registrant\"],\"vcardArray\":["
			      "\"vcard\",[[\"note\",{},\"text\","
			      "\"hanako@mail.example\"]]]}]}]",
	    MAIL_LEAKS);
	assert_rdap_found("", ",\"entities\":[{\"vcardArray\":[\"vcard\",[["
			      "\"email\",{},\"text\","
			      "\"hanako@mail.example\"]]]}]",
	    MAIL_LEAKS);
	assert_rdap_found("", "],\"extra\":81312345678", phone);
	assert_rdap_found("", "],\"hanako@mail.example\":true", MAIL_LEAKS);
}

static void
remarks_of_rdap_are_searched(void **state)
{
	static const char document[] =
	    "{\"objectClassName\":\"domain\",\"ldhName\":\"hanako.example\","
	    "\"nameservers\":[{\"ldhName\":\"ns1.dns.example\"}],"
	    "\"entities\":[{\"roles\":[\"registrant\"],\"remarks\":[{"
	    "\"description\":[\"HANAKO@mail.example\"]},7],\"vcardArray\":["
	    "\"vcard\",[[\"fn\",{},\"text\",\"Hanako Kakuu\"],"
	    "[\"adr\",{\"cc\":\"JP\"},\"text\",[]],"
	    "[\"note\",{},\"text\",\"tel 03-1234-5678\"],"
	    "[\"impp\",{},\"uri\",[\"+81312345678\",1]],"
	    "[\"email\",{},\"text\",\"proxy@proxy.example\"]]]},"
	    "{\"roles\":[\"proxy\"],\"vcardArray\":[\"vcard\",["
	    "[\"fn\",{},\"text\",\"架空窓口\"],[\"adr\",{},\"text\","
	    "[\"\",\"\",\"\",\"姫路市\",\"兵庫県\",\"670-0000\",\"JP\"]]"
	    "]]}]}";
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);
	struct audit_question question = {
	    .type = OBJECT_DOMAIN, .name = intent->object};
	struct audit_findings findings;
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(audit_read_rdap(
	    &question, slice_from(document), arena, &answer, &fail));
	assert_true(audit_compare(intent, &answer, arena, &findings, &fail));
	assert_found(findings, "leak registrant/phone by 3 now, "
			       "leak registrant/email by 2 now");
}

static void
one_of_two_servers_is_stale(void **state)
{
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);

	(void)state;
	assert_found(judge(intent, AUDIT_GTLD,
			 GTLD "Registrant Email: proxy@proxy.example\n"
			      "Name Server: ns2.dns.example\n"),
	    "stale registrant/ns by 4");
	assert_found(judge(intent, AUDIT_GTLD,
			 "Domain Name: hanako.example\n"
			 "Registrant Email: proxy@proxy.example\n"),
	    "over-redaction registrant/name.loc by 4, over-redaction "
	    "registrant/country by 4, over-redaction registrant/ns by 4");
}

static void
an_address_in_lines_is_compared_by_its_parts(void **state)
{
	static const struct {
		const char *lines, *found;
	} cases[] = {
	    {"兵庫県\n" INDENT "姫路市\n", ""},
	    {"兵庫県姫路市\n", ""},
	    {"姫路市、兵庫県\n", ""},
	    {"兵庫県\n" INDENT "姫路市\n" INDENT "架空町１ー２ー３\n",
		"leak public-contact/street.loc by 3 now"},
	    {"兵庫県姫路市架空町1-2-3\n",
		"leak public-contact/street.loc by 3 now"},
	    {"兵庫県姫路市別町9\n", "leak public-contact/street.loc by 3"},
	    {"兵庫県\n", "over-redaction public-contact/city.loc by 4"},
	    {"\n", "over-redaction public-contact/city.loc by 4, "
		   "over-redaction public-contact/state.loc by 4"},
	    /* Another town, or its street: who could tell? */
	    {"兵庫県\n" INDENT "神戸市\n",
		"leak public-contact/street.loc by 3, "
		"stale public-contact/city.loc by 4"},
	};
	struct audit_intent *intent =
	    intend("hanako.jp", nothing_given, true, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text text = text_start(arena);

		text_add_string(&text, JPRS "[住所]                          ");
		text_add_string(&text, cases[i].lines);
		assert_found(judge(intent, AUDIT_JPRS, text_slice(&text).data),
		    cases[i].found);
	}
}

static void
nothing_may_be_seen_of_what_is_refused_or_stopped(void **state)
{
	const struct field_value north = {ROLE_REGISTRANT, FIELD_COUNTRY, "KP"};
	struct audit_intent *refused =
	    intend("hanako.example", nothing_given, true, &north);
	struct audit_intent *stopped = intend("hanako.example",
	    (struct decide_given){.stopped = 1 << ROLE_REGISTRANT}, true, NULL);

	(void)state;
	assert_found(judge(refused, AUDIT_GTLD,
			 "Domain Name: hanako.example\n"
			 "Registrant Name: Hanako Kakuu\n"),
	    "leak registrant/name.int by 1 now");
	assert_found(
	    judge(refused, AUDIT_GTLD, "Domain Name: hanako.example\n"), "");
	assert_found(judge(refused, AUDIT_GTLD, "Domain not found.\n"), "");
	assert_int_equal(stopped->stopped, 1 << ROLE_REGISTRANT);
	assert_found(judge(stopped, AUDIT_GTLD,
			 "Domain Name: hanako.example\n"
			 "Registrant Country: JP\n"),
	    "leak registrant/country by 0 now");
}

static void
no_object_and_no_answer_are_findings_of_the_whole(void **state)
{
	struct audit_intent *intent =
	    intend("hanako.example", nothing_given, true, NULL);

	(void)state;
	assert_found(
	    judge(intent, AUDIT_GTLD, "Domain not found.\n"), "missing");
	assert_found(judge(intent, AUDIT_GTLD, "Rate limit.\n"), "unreachable");
	assert_found(judge(intent, AUDIT_GTLD, "\x1b\x1b"), "unreachable");
}

/* A label of a jCard has the country's name, as posts want it. */
static void
a_country_in_words_is_no_leak(void **state)
{
	struct audit_intent *intent = intend("hanako.example", nothing_given,
	    true,
	    &(struct field_value){ROLE_REGISTRANT, FIELD_CITY_INT, "Himeji"});
	struct audit_question question = {
	    .type = OBJECT_DOMAIN, .name = intent->object};
	static const char document[] =
	    "{\"objectClassName\":\"domain\",\"ldhName\":\"hanako.example\","
	    "\"nameservers\":[{\"ldhName\":\"ns1.dns.example\"}],"
	    "\"entities\":[{\"roles\":[\"registrant\"],\"vcardArray\":["
	    "\"vcard\",[[\"fn\",{},\"text\",\"Hanako Kakuu\"],"
	    "[\"adr\",{\"label\":\"Himeji\\nJapan\"},\"text\",[]],"
	    "[\"email\",{},\"text\",\"proxy@proxy.example\"]]]},"
	    "{\"roles\":[\"proxy\"],\"vcardArray\":[\"vcard\",["
	    "[\"fn\",{},\"text\",\"架空窓口\"],[\"adr\",{},\"text\","
	    "[\"\",\"\",\"\",\"姫路市\",\"兵庫県\",\"670-0000\",\"Japan\"]]"
	    "]]}]}";
	struct audit_findings findings;
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(audit_read_rdap(
	    &question, slice_from(document), arena, &answer, &fail));
	assert_true(audit_compare(intent, &answer, arena, &findings, &fail));
	assert_found(findings, "");
}

/* APNIC shows JPNIC as the contact of every network of Japan's. */
static void
contacts_of_others_are_not_the_records(void **state)
{
	static const struct slice handle = SLICE("TM1234JP"),
				  email = SLICE("taro@mail.example");
	static const char document[] =
	    "{\"objectClassName\":\"ip network\",\"startAddress\":"
	    "\"192.0.2.0\",\"endAddress\":\"192.0.2.255\",\"entities\":[{"
	    "\"roles\":[\"technical\"],\"handle\":\"%s\",\"vcardArray\":["
	    "\"vcard\",[[\"fn\",{},\"text\",\"A Registry\"],[\"email\",{},"
	    "\"text\",\"%s\"]]]}]}";
	static const struct {
		const char *handle, *email, *found;
	} cases[] = {
	    {"JNIC1-AP", "hostmaster@nic.example", ""},
	    {"JNIC1-AP", "TARO@mail.example", "leak tech/email by 9 now"},
	    {"tm1234jp", "old@mail.example",
		"leak tech/name.int by 9, leak tech/email by 9"},
	};
	struct audit_intent *intent = arena_take(arena, sizeof(*intent));
	struct audit_intended *tech = intent->items[ROLE_TECH];
	struct audit_question question = {
	    .type = OBJECT_NETWORK, .name = SLICE("192.0.2.0/24")};

	(void)state;
	intent->type = OBJECT_NETWORK;
	intent->knows_record = intent->has_role[ROLE_TECH] = true;
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		tech[f].ruling = (struct ruling){VERDICT_REDACT, 9};
	tech[FIELD_HANDLE].allowed = (struct values){&handle, 1};
	tech[FIELD_EMAIL].hidden = (struct values){&email, 1};
	tech[FIELD_HANDLE].collected = tech[FIELD_EMAIL].collected = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text text = text_start(arena);
		struct audit_findings findings;
		struct audit_answer answer;
		struct fail fail = FAIL_INIT;

		text_add_format(
		    &text, document, cases[i].handle, cases[i].email);
		assert_true(audit_read_rdap(
		    &question, text_slice(&text), arena, &answer, &fail));
		assert_true(
		    audit_compare(intent, &answer, arena, &findings, &fail));
		assert_found(findings, cases[i].found);
	}
}

static void
kinds_have_words(void **state)
{
	enum audit_kind kind;

	(void)state;
	for (unsigned i = 0; i < AUDIT_KIND_COUNT; i++) {
		assert_true(
		    audit_kind_find(slice_from(audit_kind_name(i)), &kind));
		assert_int_equal(kind, i);
	}
	assert_false(audit_kind_find(SLICE("rumour"), &kind));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_replaced_may_be_seen_replaced_only),
	    cmocka_unit_test(any_value_of_what_is_redacted_is_a_leak),
	    cmocka_unit_test(an_organization_may_stand_for_its_person),
	    cmocka_unit_test(what_has_no_place_is_searched),
	    cmocka_unit_test(remarks_of_rdap_are_searched),
	    cmocka_unit_test(values_that_stand_anywhere_by_chance_are_no_leak),
	    cmocka_unit_test(a_country_is_no_place_for_an_address),
	    cmocka_unit_test(what_misu_conf_says_is_hidden_is_not_searched),
	    cmocka_unit_test(no_object_may_be_a_leak_as_well),
	    cmocka_unit_test(all_of_rdap_is_searched),
	    cmocka_unit_test(one_of_two_servers_is_stale),
	    cmocka_unit_test(an_address_in_lines_is_compared_by_its_parts),
	    cmocka_unit_test(nothing_may_be_seen_of_what_is_refused_or_stopped),
	    cmocka_unit_test(no_object_and_no_answer_are_findings_of_the_whole),
	    cmocka_unit_test(a_country_in_words_is_no_leak),
	    cmocka_unit_test(contacts_of_others_are_not_the_records),
	    cmocka_unit_test(kinds_have_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
