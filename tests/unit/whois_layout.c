/*
 * The layouts of WHOIS, byte for byte against real outputs where there are
 * some; what those say stands in records made to match, companies' all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/whois.h"

#define TIMES(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

struct fixture {
	struct arena *arena;
	struct publication it;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_create(NULL);
	fixture->it = (struct publication){.type = OBJECT_DOMAIN};
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	arena_destroy(fixture->arena);
	free(fixture);
	return 0;
}

static struct values
values_of(struct fixture *fixture, const char *const *texts)
{
	struct slice *items =
	    arena_take_array(fixture->arena, 16, sizeof(*items));
	size_t count = 0;

	for (; texts[count] != NULL; count++)
		items[count] = slice_from(texts[count]);
	return (struct values){items, count};
}

static struct publication_item
shown(struct fixture *fixture, const char *const *texts)
{
	return (struct publication_item){
	    .state = PUBLISHED, .values = values_of(fixture, texts)};
}

static void
show(struct fixture *fixture, enum role role, enum field field,
    const char *const *texts)
{
	fixture->it.roles[role].present = true;
	fixture->it.roles[role].items[field] = shown(fixture, texts);
}

static void
redact_all(struct fixture *fixture, enum role role)
{
	struct publication_role *of = &fixture->it.roles[role];

	of->present = true;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (of->items[i].state == NOT_COLLECTED)
			of->items[i].state = REDACTED;
}

static int64_t
at(const char *text)
{
	struct fail fail = FAIL_INIT;
	int64_t time;

	assert_true(date_parse(slice_from(text), &time, &fail));
	return time;
}

/* The sample of that name; the test is skipped where there is none. */
static struct slice
sample(struct fixture *fixture, const char *name)
{
	const char *data = getenv("MISU_DATA");
	char path[512];
	char *bytes;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/whois-samples/%s",
	    data != NULL ? data : "../shared/data", name);
	file = fopen(path, "rb");
	if (file == NULL) {
		print_message("skipped: there is no %s\n", path);
		skip();
	}
	bytes = arena_take(fixture->arena, 65536);
	len = fread(bytes, 1, 65536, file);
	fclose(file);
	return (struct slice){bytes, len};
}

static void
assert_same(struct text *text, struct slice expected)
{
	struct slice got = text_slice(text);
	size_t at = 0;

	while (at < got.len && at < expected.len &&
	       got.data[at] == expected.data[at])
		at++;
	if (at != got.len || at != expected.len)
		fail_msg("they differ at byte %zu:\n--- made\n%.*s\n"
			 "--- expected\n%.*s",
		    at, SLICE_ARG(got), SLICE_ARG(expected));
}

/* What follows a line, the line included: terms of use are the operator's. */
static struct slice
footer_of(struct slice text, const char *after)
{
	char *found = memmem(text.data, text.len, after, strlen(after));
	size_t from;

	assert_non_null(found);
	from = (size_t)(found - text.data) + strlen(after);
	return (struct slice){text.data + from, text.len - from};
}

#define CODES "https://icann.org/epp\n\n"

/* In the style of its TLD, with the terms that stand there. */
static void
assert_told(struct fixture *fixture, struct slice expected, const char *now)
{
	struct whois_style style = whois_style_of(&fixture->it);
	struct text text = text_start(fixture->arena);

	style.footer = footer_of(expected, CODES);
	whois_gtld(&text, &fixture->it, &style, at(now));
	assert_same(&text, expected);
}

static void
biz_redacts_what_a_thick_registry_redacts(void **state)
{
	struct fixture *fixture = *state;
	struct slice expected = sample(fixture, "biz.txt");
	struct publication_registrar registrar = {
	    .name = SLICE("MarkMonitor, Inc."),
	    .iana_id = SLICE("292"),
	    .whois_server = SLICE("whois.markmonitor.com"),
	    .url = SLICE("www.markmonitor.com"),
	    .abuse_email = SLICE("registry.admin@markmonitor.com"),
	    .abuse_phone = SLICE("+1.2083895740")};

	fixture->it.name = SLICE("google.biz");
	fixture->it.registrar = &registrar;
	fixture->it.updated = at("2026-02-27T10:34:33Z");
	fixture->it.created = at("2002-03-27T16:03:44Z");
	fixture->it.expires = at("2027-03-26T23:59:59Z");
	fixture->it.status = values_of(
	    fixture, TIMES("clientUpdateProhibited", "clientDeleteProhibited",
			 "clientTransferProhibited"));
	fixture->it.ns =
	    shown(fixture, TIMES("ns1.google.com", "ns2.google.com",
			       "ns3.google.com", "ns4.google.com"));
	show(fixture, ROLE_REGISTRANT, FIELD_ORG_INT, TIMES("Google LLC"));
	show(fixture, ROLE_REGISTRANT, FIELD_STATE_INT, TIMES("CA"));
	show(fixture, ROLE_REGISTRANT, FIELD_COUNTRY, TIMES("US"));
	redact_all(fixture, ROLE_REGISTRANT);
	redact_all(fixture, ROLE_TECH);
	assert_told(fixture, expected, "2026-07-12T12:34:24Z");
}

static struct publication_registrar markmonitor = {
    .name = SLICE("MarkMonitor Inc."),
    .iana_id = SLICE("292"),
    .whois_server = SLICE("whois.markmonitor.com"),
    .url = SLICE("http://www.markmonitor.com"),
    .abuse_email = SLICE("abusecomplaints@markmonitor.com"),
    .abuse_phone = SLICE("+1.2083895740")};

static void
org_has_no_contacts_and_a_lead(void **state)
{
	struct fixture *fixture = *state;
	struct slice expected = sample(fixture, "org.txt");

	fixture->it.name = SLICE("google.org");
	fixture->it.registrar = &markmonitor;
	fixture->it.updated = at("2025-09-23T10:18:47Z");
	fixture->it.created = at("1998-10-21T04:00:00Z");
	fixture->it.expires = at("2026-10-20T04:00:00Z");
	fixture->it.status = values_of(
	    fixture, TIMES("clientDeleteProhibited", "serverDeleteProhibited",
			 "clientTransferProhibited", "serverTransferProhibited",
			 "clientUpdateProhibited", "serverUpdateProhibited"));
	fixture->it.ns =
	    shown(fixture, TIMES("ns1.google.com", "ns2.google.com",
			       "ns3.google.com", "ns4.google.com"));
	assert_told(fixture, expected, "2026-07-12T12:34:25Z");
}

static void
net_is_indented_and_in_capitals(void **state)
{
	struct fixture *fixture = *state;
	struct slice expected = sample(fixture, "net.txt");
	struct publication_registrar registrar = markmonitor;

	registrar.abuse_phone = SLICE("+1.2086851750");
	fixture->it.name = SLICE("google.net");
	fixture->it.roid = shown(fixture, TIMES("4802712_DOMAIN_NET-VRSN"));
	fixture->it.registrar = &registrar;
	fixture->it.updated = at("2026-02-11T10:34:25Z");
	fixture->it.created = at("1999-03-15T05:00:00Z");
	fixture->it.expires = at("2027-03-15T04:00:00Z");
	fixture->it.status = values_of(
	    fixture, TIMES("clientDeleteProhibited", "clientTransferProhibited",
			 "clientUpdateProhibited", "serverDeleteProhibited",
			 "serverTransferProhibited", "serverUpdateProhibited"));
	fixture->it.ns =
	    shown(fixture, TIMES("ns1.google.com", "ns2.google.com",
			       "ns3.google.com", "ns4.google.com"));
	assert_told(fixture, expected, "2026-07-12T12:34:16Z");
}

static void
generic_jp_has_a_public_contact(void **state)
{
	struct fixture *fixture = *state;
	struct slice expected = sample(fixture, "jprs-generic.txt");
	struct text text = text_start(fixture->arena);
	const enum role contact = ROLE_PUBLIC_CONTACT;
	const char *const *address =
	    TIMES("Mountain View", "1600 Amphitheatre Parkway", "CA");

	fixture->it.name = SLICE("google.jp");
	show(fixture, ROLE_REGISTRANT, FIELD_NAME_LOC, TIMES("Google LLC"));
	show(fixture, ROLE_REGISTRANT, FIELD_NAME_INT, TIMES("Google LLC"));
	fixture->it.ns =
	    shown(fixture, TIMES("ns1.google.com", "ns2.google.com",
			       "ns3.google.com", "ns4.google.com"));
	fixture->it.created = at("2005-05-30T00:00:00+09:00");
	fixture->it.expires = at("2027-05-31T00:00:00+09:00");
	fixture->it.updated = at("2026-06-01T01:05:03+09:00");
	fixture->it.status = values_of(fixture, TIMES("Active"));
	fixture->it.locks = values_of(
	    fixture, TIMES("DomainTransferLocked", "AgentChangeLocked"));
	show(fixture, contact, FIELD_NAME_LOC, TIMES("Google LLC"));
	show(fixture, contact, FIELD_NAME_INT, TIMES("Google LLC"));
	show(fixture, contact, FIELD_EMAIL, TIMES("dns-admin@google.com"));
	show(fixture, contact, FIELD_POSTCODE, TIMES("94043"));
	show(fixture, contact, FIELD_STREET_LOC, address);
	show(fixture, contact, FIELD_STREET_INT, address);
	show(fixture, contact, FIELD_PHONE, TIMES("+1.6502530000"));
	show(fixture, contact, FIELD_FAX, TIMES("+1.6502530001"));
	whois_jprs_generic(&text, &fixture->it, false);
	assert_same(&text, expected);
}

static void
organizational_jp_names_handles(void **state)
{
	struct fixture *fixture = *state;
	struct slice expected = sample(fixture, "jprs-organizational.txt");
	struct text text = text_start(fixture->arena);

	fixture->it.name = SLICE("u-tokyo.ac.jp");
	show(fixture, ROLE_REGISTRANT, FIELD_ORG_LOC, TIMES("東京大学"));
	show(fixture, ROLE_REGISTRANT, FIELD_ORG_INT,
	    TIMES("University of Tokyo"));
	show(fixture, ROLE_REGISTRANT, FIELD_ORG_TYPE, TIMES("国立大学"));
	show(fixture, ROLE_ADMIN, FIELD_HANDLE, TIMES("MN010JP"));
	show(fixture, ROLE_TECH, FIELD_HANDLE, TIMES("MN010JP", "YS7474JP"));
	fixture->it.ns = shown(
	    fixture, TIMES("dns1.nc.u-tokyo.ac.jp", "dns2.nc.u-tokyo.ac.jp",
			 "dns3.nc.u-tokyo.ac.jp", "dns-x.sinet.ad.jp"));
	fixture->it.status =
	    values_of(fixture, TIMES("Connected (2027/03/31)"));
	fixture->it.connected = at("2020-06-08T00:00:00+09:00");
	fixture->it.updated = at("2026-04-01T01:03:07+09:00");
	whois_jprs_organizational(&text, &fixture->it, false);
	assert_same(&text, expected);
}

static void
what_jprs_does_not_have_is_said_so(void **state)
{
	struct fixture *fixture = *state;
	struct slice expected = sample(fixture, "jprs-not-found.txt");
	struct text text = text_start(fixture->arena);

	whois_jprs_not_found(&text, false);
	assert_same(&text, expected);
}

static void
a_network_stands_between_its_relatives(void **state)
{
	struct fixture *fixture = *state;
	struct slice expected = sample(fixture, "jpnic-network-en.txt");
	struct text text = text_start(fixture->arena);
	const struct publication_relative above[] = {
	    {SLICE("IDC Frontier Inc."), {"", 0}, {"", 0}, SLICE("Allocation"),
		SLICE("割り振り"), SLICE("202.218.77.0-202.218.255.255")},
	    {SLICE("IDC Frontier Inc."), {"", 0}, SLICE("SUBA-032-223"),
		SLICE("Sub Allocation"), SLICE("SUBA"),
		SLICE("202.218.223.0/24")},
	};

	fixture->it.type = OBJECT_NETWORK;
	fixture->it.name = SLICE("202.218.223.128/25");
	fixture->it.created = at("2006-08-10T00:00:00+09:00");
	fixture->it.updated = at("2012-12-05T08:30:31+09:00");
	fixture->it.above = (struct publication_relatives){above, 2, false};
	show(fixture, ROLE_REGISTRANT, FIELD_NETNAME, TIMES("IMPRESSGROUP"));
	show(fixture, ROLE_REGISTRANT, FIELD_ORG_INT,
	    TIMES("Impress Holdings, Inc."));
	show(fixture, ROLE_ADMIN, FIELD_HANDLE, TIMES("MY7594JP"));
	show(fixture, ROLE_TECH, FIELD_HANDLE, TIMES("CK637JP"));
	whois_jpnic_network(&text, &fixture->it, true);
	assert_same(&text, expected);
}

/* --- what has no sample -------------------------------------------------- */

static void
assert_has(struct text *text, const char *part)
{
	struct slice got = text_slice(text);

	if (memmem(got.data, got.len, part, strlen(part)) == NULL)
		fail_msg("not in it: \"%s\"\n%.*s", part, SLICE_ARG(got));
}

static void
assert_lacks(struct text *text, const char *part)
{
	struct slice got = text_slice(text);

	if (memmem(got.data, got.len, part, strlen(part)) != NULL)
		fail_msg("in it: \"%s\"\n%.*s", part, SLICE_ARG(got));
}

static void
english_has_no_japanese_and_a_blank_line_first(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);

	fixture->it.name = SLICE("example.jp");
	show(fixture, ROLE_REGISTRANT, FIELD_NAME_LOC, TIMES("見本 太郎"));
	show(fixture, ROLE_REGISTRANT, FIELD_NAME_INT, TIMES("Taro Mihon"));
	whois_jprs_generic(&text, &fixture->it, true);
	assert_has(&text, "]\n\nDomain Information:\n[Domain Name]");
	assert_has(&text, "[Registrant]                    Taro Mihon\n");
	for (size_t i = 0; i < text.len; i++)
		assert_true((unsigned char)text.data[i] < 0x80);
}

static void
ne_jp_names_a_service(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);

	fixture->it.name = SLICE("example.ne.jp");
	show(fixture, ROLE_REGISTRANT, FIELD_ORG_LOC, TIMES("例示ネット"));
	whois_jprs_organizational(&text, &fixture->it, false);
	assert_has(&text, "c. [ネットワークサービス名]     例示ネット\n");
	assert_lacks(&text, "f. [組織名]");
}

static void
a_value_that_is_redacted_stands_nowhere(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);

	fixture->it.name = SLICE("example.jp");
	show(fixture, ROLE_PUBLIC_CONTACT, FIELD_EMAIL, TIMES("a@example.jp"));
	fixture->it.roles[ROLE_PUBLIC_CONTACT].items[FIELD_EMAIL].state =
	    REDACTED;
	whois_jprs_generic(&text, &fixture->it, false);
	assert_lacks(&text, "a@example.jp");
	assert_has(&text, "[Email]                         \n");
}

static void
ipv6_and_allocations_have_no_letters(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);

	fixture->it.type = OBJECT_NETWORK;
	fixture->it.name = SLICE("2001:db8::/48");
	whois_jpnic_network(&text, &fixture->it, false);
	assert_has(&text, "\n[IPネットワークアドレス]        2001:db8::/48\n");
	assert_has(
	    &text, "上位情報\n----------\n該当するデータがありません。\n");
	assert_lacks(&text, "a. [");
}

static void
a_handle_tells_a_group_from_a_person(void **state)
{
	struct fixture *fixture = *state;
	struct text person = text_start(fixture->arena);
	struct text group = text_start(fixture->arena);

	fixture->it.type = OBJECT_NETWORK;
	show(fixture, ROLE_TECH, FIELD_PHONE, TIMES("+81.355550101"));
	show(fixture, ROLE_TECH, FIELD_HANDLE, TIMES("TM1234JP"));
	whois_jpnic_contact(&person, &fixture->it, ROLE_TECH, false);
	assert_has(&person, "a. [JPNICハンドル]              TM1234JP\n");
	assert_has(&person, "o. [電話番号]                   0355550101\n");
	show(fixture, ROLE_TECH, FIELD_HANDLE, TIMES("JP00000127"));
	whois_jpnic_contact(&group, &fixture->it, ROLE_TECH, true);
	assert_has(&group, "\n[Group Handle]                  JP00000127\n");
	assert_lacks(&group, "a. [");
}

/* A digest in lines below its numbers, and a bracket around them. */
static void
a_key_of_jprs_goes_on_in_lines(void **state)
{
	struct fixture *fixture = *state;
	struct text generic = text_start(fixture->arena);
	struct text organization = text_start(fixture->arena);

	fixture->it.name = SLICE("example.jp");
	fixture->it.ds = (struct publication_item){.state = PUBLISHED,
	    .values = values_of(fixture,
		TIMES("7240 8 2 E147A85589E24FE0DBB5980C73501B5D"
		      "D656BE5550714F150BE574AE8777B77D",
		    "7241 8 1 E147A85589E24FE0DBB5980C73501B5DD656BE55"))};
	whois_jprs_generic(&generic, &fixture->it, false);
	assert_has(&generic,
	    "[Signing Key]                   7240 8 2 (\n"
	    "                                "
	    "E147A85589E24FE0DBB5980C73501B5D\n"
	    "                                "
	    "D656BE5550714F150BE574AE8777B77D )\n"
	    "[Signing Key]                   7241 8 1 (\n"
	    "                                "
	    "E147A85589E24FE0DBB5980C73501B5D\n"
	    "                                D656BE55 )\n\n");
	whois_jprs_organizational(&organization, &fixture->it, true);
	assert_has(
	    &organization, "s. [Signing Key]                7240 8 2 (\n");
}

static void
a_contact_of_jprs_has_its_banner_and_no_date_of_another(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);

	fixture->it.updated = 1774973103;
	show(fixture, ROLE_TECH, FIELD_HANDLE, TIMES("TM1234JP"));
	whois_jprs_contact(&text, &fixture->it, ROLE_TECH, false);
	assert_has(&text, "[ JPRS database provides");
	assert_has(&text, "a. [JPNICハンドル]              TM1234JP\n");
	/* That is when its domain was changed. */
	assert_lacks(&text, "[最終更新]");
}

static void
what_is_not_there_is_said_as_its_registry_does(void **state)
{
	static const char *const cases[] = {"none.com",
	    "No match for \"NONE.COM\".\n", "none.net",
	    "No match for \"NONE.NET\".\n", "none.org",
	    "Domain not found.\n", "none.info", "Domain not found.\n",
	    "none.biz", "No Data Found\n"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i += 2) {
		struct text text = text_start(fixture->arena);

		whois_gtld_not_found(&text, slice_from(cases[i]));
		assert_true(slice_is(text_slice(&text), cases[i + 1]));
	}
}

static size_t
count(struct slice text, const char *part)
{
	size_t times = 0, len = strlen(part);
	const char *at = text.data, *end = text.data + text.len;

	while ((at = memmem(at, (size_t)(end - at), part, len)) != NULL) {
		times++;
		at += len;
	}
	return times;
}

/* The glue of a server is for its registry. */
static void
servers_are_told_by_name_alone(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);
	struct whois_style style = {.database = SLICE("WHOIS database")};

	fixture->it.name = SLICE("example.jp");
	fixture->it.ns = shown(
	    fixture, TIMES("ns.example.jp 192.0.2.53 2001:db8::53"));
	whois_jprs_generic(&text, &fixture->it, true);
	whois_jprs_organizational(&text, &fixture->it, true);
	whois_jpnic_network(&text, &fixture->it, true);
	whois_gtld(&text, &fixture->it, &style, 0);
	assert_false(text.failed);
	assert_int_equal(count(text_slice(&text), "ns.example.jp\n"), 4);
	assert_int_equal(count(text_slice(&text), "192.0.2.53"), 0);
}

static void
keys_that_are_not_shown_are_not_said_to_be_missing(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);
	struct whois_style style = {.redacted = SLICE("REDACTED"),
	    .database = SLICE("WHOIS database")};

	fixture->it.name = SLICE("example.com");
	fixture->it.ds.state = REDACTED;
	whois_gtld(&text, &fixture->it, &style, 0);
	assert_int_equal(count(text_slice(&text), "DNSSEC: REDACTED\n"), 1);
}

/* Also of a network's contact: only its list of servers is not padded. */
static void
an_empty_telefax_of_a_contact_is_padded(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);

	fixture->it.type = OBJECT_NETWORK;
	fixture->it.name = SLICE("192.0.2.0/29");
	show(fixture, ROLE_TECH, FIELD_HANDLE, TIMES("TM1234JP"));
	whois_jpnic_contact(&text, &fixture->it, ROLE_TECH, true);
	assert_int_equal(count(text_slice(&text),
			     "p. [FAX]                        \n"), 1);
}

static void
tlds_look_as_their_registries_do(void **state)
{
	static const struct {
		const char *name, *has;
	} cases[] = {{"a.com", "   Domain Name: A.COM\n"},
	    {"a.com", "\n   DNSSEC: unsigned\n"},
	    {"a.com", ">>> Last update of whois database: "},
	    {"a.info", "Domain Name: a.info\nRegistry Domain ID: REDACTED\n"},
	    {"a.info", "Form: https://icann.org/wicf/\n>>> Last"},
	    {"a.biz", "Registry Admin ID:\nAdmin Name:\n"},
	    {"a.example", "RDDS Inaccuracy Complaint Form"},
	    {"a.example", ">>> Last update of WHOIS database: "},
	    {"a.xbiz", "RDDS Inaccuracy Complaint Form"}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text text = text_start(fixture->arena);
		struct whois_style style;

		fixture->it.name = slice_from(cases[i].name);
		style = whois_style_of(&fixture->it);
		style.footer = SLICE("Terms");
		whois_gtld(&text, &fixture->it, &style, 0);
		assert_has(&text, cases[i].has);
		assert_has(&text, "/epp\n\nTerms\n");
		assert_lacks(&text, "Registry Lock");
	}
}

/* In each form, also in one that was never collected. */
static void
a_hidden_name_has_the_text_that_is_set(void **state)
{
	static const struct publication_hidden hidden = {
	    SLICE("非公開"), SLICE("(not shown)")};
	struct fixture *fixture = *state;
	struct publication_item *names =
	    fixture->it.roles[ROLE_REGISTRANT].items;
	struct text blank = text_start(fixture->arena);
	struct text text = text_start(fixture->arena);
	struct text network = text_start(fixture->arena);

	fixture->it.name = SLICE("example.jp");
	fixture->it.roles[ROLE_REGISTRANT].present = true;
	names[FIELD_NAME_LOC].state = REDACTED;
	whois_jprs_generic(&blank, &fixture->it, false);
	assert_has(&blank, "[登録者名]                       \n"
			   "[Registrant]                     \n");
	fixture->it.hidden = &hidden;
	whois_jprs_generic(&text, &fixture->it, false);
	assert_has(&text, "[登録者名]                      非公開\n"
			  "[Registrant]                    (not shown)\n");
	/* What nobody hides is not said to be hidden. */
	assert_has(&text, "[名前]                           \n");
	fixture->it.name = SLICE("192.0.2.0/29");
	whois_jpnic_network(&network, &fixture->it, false);
	assert_has(&network,
	    "f. [組織名]                     非公開\n"
	    "g. [Organization]               (not shown)\n");
}

static void
an_individual_with_a_network_stands_for_an_organization(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);
	struct text english = text_start(fixture->arena);

	fixture->it.type = OBJECT_NETWORK;
	fixture->it.name = SLICE("203.0.113.8/29");
	show(fixture, ROLE_REGISTRANT, FIELD_NAME_INT, TIMES("Hanako Kokai"));
	whois_jpnic_network(&text, &fixture->it, false);
	assert_has(&text, "g. [Organization]               Hanako Kokai\n");
	show(fixture, ROLE_REGISTRANT, FIELD_ORG_INT, TIMES("Mihon K.K."));
	whois_jpnic_network(&english, &fixture->it, true);
	assert_has(&english, "g. [Organization]               Mihon K.K.\n");
	assert_lacks(&english, "Hanako");
}

static void
states_of_epp_are_said_as_jprs_does(void **state)
{
	struct fixture *fixture = *state;
	struct text open = text_start(fixture->arena);
	struct text held = text_start(fixture->arena);
	struct text of = text_start(fixture->arena);

	fixture->it.name = SLICE("example.jp");
	fixture->it.status = values_of(fixture, TIMES("ok"));
	whois_jprs_generic(&open, &fixture->it, true);
	assert_has(&open, "[Status]                        Active\n");
	fixture->it.name = SLICE("example.co.jp");
	fixture->it.expires = at("2027-03-31T00:00:00+09:00");
	whois_jprs_organizational(&of, &fixture->it, true);
	assert_has(&of, "[State]                         "
			"Registered (2027/03/31)\n");
	fixture->it.ns = shown(fixture, TIMES("ns.example.jp"));
	whois_jprs_organizational(&of, &fixture->it, true);
	assert_has(&of, "[State]                         "
			"Connected (2027/03/31)\n");
	fixture->it.status =
	    values_of(fixture, TIMES("clientHold", "serverHold", "inactive"));
	whois_jprs_generic(&held, &fixture->it, true);
	assert_has(&held, "[Status]                        Suspended\n"
			  "[Status]                        inactive\n");
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(biz_redacts_what_a_thick_registry_redacts),
	    CASE(org_has_no_contacts_and_a_lead),
	    CASE(net_is_indented_and_in_capitals),
	    CASE(generic_jp_has_a_public_contact),
	    CASE(organizational_jp_names_handles),
	    CASE(what_jprs_does_not_have_is_said_so),
	    CASE(a_network_stands_between_its_relatives),
	    CASE(english_has_no_japanese_and_a_blank_line_first),
	    CASE(ne_jp_names_a_service),
	    CASE(a_value_that_is_redacted_stands_nowhere),
	    CASE(ipv6_and_allocations_have_no_letters),
	    CASE(a_handle_tells_a_group_from_a_person),
	    CASE(a_key_of_jprs_goes_on_in_lines),
	    CASE(a_contact_of_jprs_has_its_banner_and_no_date_of_another),
	    CASE(what_is_not_there_is_said_as_its_registry_does),
	    CASE(servers_are_told_by_name_alone),
	    CASE(keys_that_are_not_shown_are_not_said_to_be_missing),
	    CASE(an_empty_telefax_of_a_contact_is_padded),
	    CASE(tlds_look_as_their_registries_do),
	    CASE(a_hidden_name_has_the_text_that_is_set),
	    CASE(an_individual_with_a_network_stands_for_an_organization),
	    CASE(states_of_epp_are_said_as_jprs_does),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
