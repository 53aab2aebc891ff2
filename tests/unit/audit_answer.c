/* What real servers answer, and looser forms than misu's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/audit_answer.h"
#include "codec/whois.h"
#include "core/policy_tree.h"

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

/* The sample of that name; the test is skipped where there is none. */
static struct slice
sample(const char *name)
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
	bytes = arena_take(arena, 65536);
	len = fread(bytes, 1, 65536, file);
	fclose(file);
	return (struct slice){bytes, len};
}

static struct audit_answer
whois(enum audit_layout layout, const char *name, struct slice bytes)
{
	struct audit_question question = {
	    .name = slice_from(name), .role = ROLE_TECH};
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;

	assert_true(
	    audit_read_whois(layout, &question, bytes, arena, &answer, &fail));
	return answer;
}

static struct audit_answer
rdap(enum object_type type, const char *name, const char *text)
{
	struct audit_question question = {
	    .type = type, .name = slice_from(name)};
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;

	assert_true(audit_read_rdap(
	    &question, slice_from(text), arena, &answer, &fail));
	return answer;
}

/* Of two places, where the field is rather looked for. */
static bool
is_better(const struct audit_item *a, const struct audit_item *b)
{
	if (a->sight != b->sight)
		return a->sight > b->sight;
	return __builtin_popcountll(a->fields) <
	       __builtin_popcountll(b->fields);
}

/* The place of that role where the field is seen, or could be. */
static const struct audit_item *
item(const struct audit_answer *answer, enum role role, enum field field)
{
	const struct audit_item *best = NULL;

	for (size_t i = 0; i < answer->count; i++)
		if (answer->items[i].role == role &&
		    (answer->items[i].fields & FIELD_BIT(field)) != 0 &&
		    (best == NULL || is_better(&answer->items[i], best)))
			best = &answer->items[i];
	if (best == NULL)
		fail_msg("there is no place for %s", field_info[field].name);
	return best;
}

static void
assert_shown(const struct audit_answer *answer, enum role role,
    enum field field, const char *const *texts)
{
	const struct audit_item *of = item(answer, role, field);
	size_t count = 0;

	assert_int_equal(of->sight, AUDIT_SHOWN);
	for (; texts[count] != NULL && count < of->values.count; count++)
		if (!slice_is(of->values.items[count], texts[count]))
			fail_msg("%.*s is not %s",
			    SLICE_ARG(of->values.items[count]), texts[count]);
	assert_null(texts[count]);
	assert_int_equal(of->values.count, count);
}

#define SHOWN(answer, role, field, ...)                                        \
	assert_shown(                                                          \
	    &(answer), role, field, (const char *const[]){__VA_ARGS__, NULL})
#define SEEN(answer, role, field, as)                                          \
	assert_int_equal(item(&(answer), role, field)->sight, as)

/* --- gTLDs ---------------------------------------------------------------- */

static void
a_thick_registry_redacts_most(void **state)
{
	struct audit_answer it =
	    whois(AUDIT_GTLD, "google.biz", sample("biz.txt"));

	(void)state;
	assert_int_equal(it.state, AUDIT_FOUND);
	SEEN(it, ROLE_REGISTRANT, FIELD_NAME_INT, AUDIT_REDACTED);
	SEEN(it, ROLE_REGISTRANT, FIELD_STREET_INT, AUDIT_REDACTED);
	SEEN(it, ROLE_REGISTRANT, FIELD_EMAIL, AUDIT_REDACTED);
	SEEN(it, ROLE_TECH, FIELD_ORG_INT, AUDIT_REDACTED);
	SEEN(it, ROLE_ADMIN, FIELD_NAME_INT, AUDIT_ABSENT);
	SHOWN(it, ROLE_REGISTRANT, FIELD_ORG_INT, "Google LLC");
	SHOWN(it, ROLE_REGISTRANT, FIELD_STATE_INT, "CA");
	SHOWN(it, ROLE_REGISTRANT, FIELD_COUNTRY, "US");
	SHOWN(it, ROLE_REGISTRANT, FIELD_NS, "ns1.google.com", "ns2.google.com",
	    "ns3.google.com", "ns4.google.com");
}

static void
thin_registries_show_nobody(void **state)
{
	static const char *const files[][2] = {
	    {"net.txt", "google.net"}, {"org.txt", "google.org"}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct audit_answer it =
		    whois(AUDIT_GTLD, files[i][1], sample(files[i][0]));

		assert_int_equal(it.state, AUDIT_FOUND);
		SEEN(it, ROLE_REGISTRANT, FIELD_NAME_INT, AUDIT_ABSENT);
		SEEN(it, ROLE_REGISTRANT, FIELD_NS, AUDIT_SHOWN);
		assert_int_equal(
		    item(&it, ROLE_REGISTRANT, FIELD_NS)->values.count, 4);
	}
}

static void
older_labels_are_read(void **state)
{
	struct audit_answer it = whois(AUDIT_GTLD, "example.info",
	    SLICE("\xef\xbb\xbf"
		  "Domain Name:EXAMPLE.INFO\r\n"
		  "Registrant ID:mm-1\r\n"
		  "Registrant Name:Hanako Kakuu\r\n"
		  "Registrant Street1:1-2-3 Kakuu\r\n"
		  "Registrant Street2:\r\n"
		  "Registrant Phone Ext.:12\r\n"
		  "Administrative Contact Email: a@mail.example\r\n"
		  "Registrar Name: R\r\n"
		  "Domain Name:OTHER.INFO\r\n"
		  "Registrant Name:Of another answer"));

	(void)state;
	assert_int_equal(it.state, AUDIT_FOUND);
	SHOWN(it, ROLE_REGISTRANT, FIELD_NAME_LOC, "Hanako Kakuu");
	SHOWN(it, ROLE_REGISTRANT, FIELD_STREET_INT, "1-2-3 Kakuu");
	SHOWN(it, ROLE_REGISTRANT, FIELD_PHONE_EXT, "12");
	SHOWN(it, ROLE_ADMIN, FIELD_EMAIL, "a@mail.example");
}

static void
names_with_marks_are_read_as_latin(void **state)
{
	struct audit_answer it = whois(AUDIT_GTLD, "example.info",
	    SLICE("Domain Name: example.info\n"
		  "Registrant Name: Jos\xe9\n"));

	(void)state;
	SHOWN(it, ROLE_REGISTRANT, FIELD_NAME_INT, "José");
}

static void
placeholders_of_a_server_are_its_own(void **state)
{
	static const struct slice words[] = {
	    SLICE("Masked by Policy"), SLICE("@proxy.example")};
	struct audit_question question = {.placeholders = {words, 2}};
	struct audit_answer it;
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(audit_read_whois(AUDIT_GTLD, &question,
	    SLICE("Domain Name: example.org\n"
		  "Registrant Name: masked by policy\n"
		  "Registrant Email: 5f3a@Proxy.example\n"
		  "Tech Email: taro@notproxy.example\n"
		  "Admin Email: https://form.example/?d=example.org\n"),
	    arena, &it, &fail));
	SEEN(it, ROLE_REGISTRANT, FIELD_NAME_INT, AUDIT_REDACTED);
	SEEN(it, ROLE_REGISTRANT, FIELD_EMAIL, AUDIT_REDACTED);
	SEEN(it, ROLE_ADMIN, FIELD_EMAIL, AUDIT_REDACTED);
	SHOWN(it, ROLE_TECH, FIELD_EMAIL, "taro@notproxy.example");
}

/* --- .jp ------------------------------------------------------------------ */

static void
assert_generic(const struct audit_answer *it)
{
	assert_int_equal(it->state, AUDIT_FOUND);
	SHOWN(*it, ROLE_REGISTRANT, FIELD_NAME_LOC, "Google LLC");
	SHOWN(*it, ROLE_PUBLIC_CONTACT, FIELD_NAME_INT, "Google LLC");
	SHOWN(*it, ROLE_PUBLIC_CONTACT, FIELD_EMAIL, "dns-admin@google.com");
	SHOWN(*it, ROLE_PUBLIC_CONTACT, FIELD_PHONE, "16502530000");
	SHOWN(*it, ROLE_PUBLIC_CONTACT, FIELD_STREET_INT, "Mountain View",
	    "1600 Amphitheatre Parkway", "CA");
	SEEN(*it, ROLE_PUBLIC_CONTACT, FIELD_WEB, AUDIT_ABSENT);
	SEEN(*it, ROLE_REGISTRANT, FIELD_DS, AUDIT_ABSENT);
}

static void
generic_names_of_jp_are_read(void **state)
{
	struct audit_answer it =
	    whois(AUDIT_JPRS, "google.jp", sample("jprs-generic.txt"));

	(void)state;
	assert_generic(&it);
}

/* The bytes in that charset; the test is skipped where the machine has none. */
static struct slice
encode(const char *charset, struct slice text)
{
	iconv_t conversion = iconv_open(charset, "UTF-8");
	char *from = (char *)(uintptr_t)text.data, *bytes, *to;
	size_t left = text.len, room = 2 * text.len + 64;

	if (conversion == (iconv_t)-1) {
		print_message("skipped: there is no %s\n", charset);
		skip();
	}
	bytes = to = arena_take(arena, room);
	assert_int_equal(iconv(conversion, &from, &left, &to, &room), 0);
	assert_int_equal(iconv(conversion, NULL, NULL, &to, &room), 0);
	iconv_close(conversion);
	return (struct slice){bytes, (size_t)(to - bytes)};
}

static void
an_answer_in_iso_2022_jp_says_the_same(void **state)
{
	struct slice bytes =
	    encode("ISO-2022-JP", sample("jprs-organizational.txt"));
	struct audit_question question = {.name = SLICE("u-tokyo.ac.jp")};
	struct audit_answer it;
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(
	    audit_read_whois(AUDIT_JPRS, &question, bytes, arena, &it, &fail));
	assert_int_equal(it.state, AUDIT_NOT_UNDERSTOOD);
	question.from_jis = iconv_open(AUDIT_ICONV_TO, AUDIT_ICONV_FROM);
	assert_true(question.from_jis != (iconv_t)-1);
	assert_true(
	    audit_read_whois(AUDIT_JPRS, &question, bytes, arena, &it, &fail));
	SHOWN(it, ROLE_REGISTRANT, FIELD_ORG_LOC, "東京大学");
	SHOWN(it, ROLE_REGISTRANT, FIELD_ORG_TYPE, "国立大学");
	/* What no set has is a mark, and what follows is read. */
	assert_true(audit_read_whois(AUDIT_JPRS, &question,
	    SLICE("a. [Domain Name]                u-tokyo.ac.jp\n"
		  "f. [\x1b$BAH?%L>\x1b(B]                     "
		  "\x1b$BEl\x7f\x7f\x1b(B\n"
		  "g. [Organization]               Tokyo\n"),
	    arena, &it, &fail));
	SHOWN(it, ROLE_REGISTRANT, FIELD_ORG_INT, "Tokyo");
	iconv_close(question.from_jis);
}

static void
organizational_names_have_handles(void **state)
{
	struct audit_answer it = whois(
	    AUDIT_JPRS, "u-tokyo.ac.jp", sample("jprs-organizational.txt"));

	(void)state;
	SHOWN(it, ROLE_REGISTRANT, FIELD_ORG_LOC, "東京大学");
	SHOWN(it, ROLE_ADMIN, FIELD_HANDLE, "MN010JP");
	SHOWN(it, ROLE_TECH, FIELD_HANDLE, "MN010JP", "YS7474JP");
	/* There is no place for a published contact in this kind. */
	assert_int_equal(
	    item(&it, ROLE_PUBLIC_CONTACT, FIELD_EMAIL)->expected, 0);
}

static void
a_key_goes_on_below(void **state)
{
	struct audit_answer it = whois(AUDIT_JPRS, "example.jp",
	    SLICE("[Domain Name]                   EXAMPLE.JP\n"
		  "[Signing Key]                   63574 8 2 (\n"
		  "                                ABCD\n"
		  "                                EF01 )\n"
		  "[Signing Key]                   1 8 2 (AA)\n"));

	(void)state;
	SHOWN(it, ROLE_REGISTRANT, FIELD_DS, "63574 8 2 ( ABCD EF01 )",
	    "1 8 2 (AA)");
}

/* As a registrar of gTLDs JPRS has sections for contacts. */
static void
sections_are_of_their_contacts(void **state)
{
	struct audit_answer it = whois(AUDIT_JPRS, "example.com",
	    SLICE("Domain Information: [ドメイン情報]\n"
		  "[Domain Name]                   EXAMPLE.COM\n"
		  "[住所]                          架空市1-2-3\n"
		  "Technical Contact: [Techコンタクト]\n"
		  "[Name]                          Hanako\n"));

	(void)state;
	SHOWN(it, ROLE_REGISTRANT, FIELD_STREET_LOC, "架空市1-2-3");
	SHOWN(it, ROLE_TECH, FIELD_NAME_INT, "Hanako");
	SEEN(it, ROLE_PUBLIC_CONTACT, FIELD_NAME_INT, AUDIT_ABSENT);
}

/* --- networks and contacts ------------------------------------------------ */

static void
a_network_is_read_and_not_those_around_it(void **state)
{
	struct audit_answer it = whois(AUDIT_JPNIC_NETWORK,
	    "202.218.223.128/25", sample("jpnic-network-en.txt"));

	(void)state;
	assert_int_equal(it.state, AUDIT_FOUND);
	SHOWN(it, ROLE_REGISTRANT, FIELD_NETNAME, "IMPRESSGROUP");
	SHOWN(it, ROLE_REGISTRANT, FIELD_ORG_INT, "Impress Holdings, Inc.");
	/* It could be an individual's name, which has no other line. */
	SHOWN(it, ROLE_REGISTRANT, FIELD_NAME_INT, "Impress Holdings, Inc.");
	SHOWN(it, ROLE_ADMIN, FIELD_HANDLE, "MY7594JP");
	SEEN(it, ROLE_ABUSE, FIELD_EMAIL, AUDIT_ABSENT);
	SEEN(it, ROLE_REGISTRANT, FIELD_NS, AUDIT_ABSENT);
	it = whois(AUDIT_JPNIC_NETWORK, "202.218.223.128/26",
	    sample("jpnic-network-en.txt"));
	assert_int_equal(it.state, AUDIT_NOT_FOUND);
	it = whois(AUDIT_JPNIC_NETWORK, "192.0.2.0/26",
	    sample("jpnic-network-en.txt"));
	assert_int_equal(it.state, AUDIT_NOT_UNDERSTOOD);
}

static void
a_contact_is_of_the_role_it_was_asked_for(void **state)
{
	struct audit_answer it = whois(AUDIT_CONTACT, "KH1234JP",
	    SLICE("Contact Information: [担当者情報]\n"
		  "a. [JPNICハンドル]              kh1234jp\n"
		  "b. [氏名]                       架空 花子\n"
		  "c. [Last, First]                Kakuu, Hanako\n"
		  "d. [電子メイル]                 hanako@mail.example\n"));

	(void)state;
	assert_int_equal(it.state, AUDIT_FOUND);
	SHOWN(it, ROLE_TECH, FIELD_NAME_LOC, "架空 花子");
	SHOWN(it, ROLE_TECH, FIELD_EMAIL, "hanako@mail.example");
	it = whois(AUDIT_CONTACT, "KH9999JP",
	    SLICE("a. [JPNICハンドル]              KH1234JP\n"));
	assert_int_equal(it.state, AUDIT_NOT_UNDERSTOOD);
}

/* --- no object ------------------------------------------------------------ */

static void
what_is_no_object_is_told_apart(void **state)
{
	static const struct {
		enum audit_layout layout;
		const char *text;
		enum audit_state state;
	} cases[] = {
	    {AUDIT_GTLD, "No match for \"EXAMPLE.COM\".\r\n>>> Last update",
		AUDIT_NOT_FOUND},
	    {AUDIT_GTLD, "Domain not found.\n", AUDIT_NOT_FOUND},
	    {AUDIT_GTLD, "No Data Found\n", AUDIT_NOT_FOUND},
	    {AUDIT_GTLD, "WHOIS LIMIT EXCEEDED - SEE WWW.EXAMPLE\n",
		AUDIT_LIMITED},
	    {AUDIT_GTLD, "WHOIS LIMIT EXCEEDED: ask again in 7 seconds\n",
		AUDIT_LIMITED},
	    {AUDIT_GTLD, "% exceeded quota\nDomain not found.\n",
		AUDIT_NOT_FOUND},
	    {AUDIT_GTLD, "TLD is not supported.\n", AUDIT_NOT_UNDERSTOOD},
	    {AUDIT_GTLD, "", AUDIT_NOT_UNDERSTOOD},
	    {AUDIT_JPRS, "[ x ]\nNo match!!\n", AUDIT_NOT_FOUND},
	    {AUDIT_JPNIC_NETWORK, "該当するデータがありません。\n",
		AUDIT_NOT_FOUND},
	    {AUDIT_CONTACT, "No match!!\n", AUDIT_NOT_FOUND},
	    {AUDIT_JPRS, "\xff\xfe", AUDIT_NOT_UNDERSTOOD},
	    {AUDIT_GTLD, "Domain Name: other.com\nRegistrant Name: T\n",
		AUDIT_NOT_UNDERSTOOD},
	};
	struct audit_answer it;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		it = whois(
		    cases[i].layout, "example.com", slice_from(cases[i].text));
		assert_int_equal(it.state, cases[i].state);
		assert_int_equal(it.count, 0);
	}
	it = whois(AUDIT_JPRS, "x.jp", sample("jprs-not-found.txt"));
	assert_int_equal(it.state, AUDIT_NOT_FOUND);
}

static void
our_own_that_is_not_there_is_not_found(void **state)
{
	(void)state;
	for (unsigned english = 0; english < 2; english++) {
		struct text jprs = text_start(arena);
		struct text jpnic = text_start(arena);

		whois_jprs_not_found(&jprs, english);
		whois_jpnic_not_found(&jpnic, english);
		assert_int_equal(
		    whois(AUDIT_JPRS, "x.jp", text_slice(&jprs)).state,
		    AUDIT_NOT_FOUND);
		assert_int_equal(whois(AUDIT_JPNIC_NETWORK, "192.0.2.0/24",
				     text_slice(&jpnic))
				     .state,
		    AUDIT_NOT_FOUND);
	}
}

static void
an_answer_beyond_the_limits_is_not_understood(void **state)
{
	struct text text = text_start(arena);

	(void)state;
	text_add_string(&text, "Domain Name: example.com\n");
	for (unsigned i = 0; i <= AUDIT_VALUES_MAX; i++)
		text_add_format(&text, "Name Server: ns%u.dns.example\n", i);
	assert_int_equal(
	    whois(AUDIT_GTLD, "example.com", text_slice(&text)).state,
	    AUDIT_NOT_UNDERSTOOD);
	text = text_start(arena);
	text_add_string(&text, "Domain Name: example.com\nTech Name: ");
	for (unsigned i = 0; i <= AUDIT_VALUE_MAX; i++)
		text_add_char(&text, 'a');
	assert_int_equal(
	    whois(AUDIT_GTLD, "example.com", text_slice(&text)).state,
	    AUDIT_NOT_UNDERSTOOD);
}

/* --- RDAP ----------------------------------------------------------------- */

static const char loose[] =
    "{\"objectClassName\":\"domain\",\"ldhName\":\"EXAMPLE.COM\","
    "\"entities\":[{\"roles\":[\"registrar\"],\"vcardArray\":[\"vcard\","
    "[[\"fn\",{},\"text\",\"A Registrar\"]]],\"entities\":[{\"roles\":"
    "[\"technical\"],\"vcardArray\":[\"vcard\",[[\"fn\",{},\"text\","
    "\"Registrar's\"]]]}]},{\"roles\":[\"registrant\",\"administrative\"],"
    "\"handle\":\"H1\",\"vcardArray\":[\"vcard\",["
    "[\"version\",{},\"text\",\"4.0\"],"
    "[\"fn\",{},\"text\",\"\"],"
    "[\"n\",{},\"text\",[\"Kakuu\",\"Hanako\",\"\",\"\",\"\"]],"
    "[\"org\",{},\"text\",[\"Example K.K.\",\"Sales\"]],"
    "[\"adr\",{\"label\":\"1-2-3 Kakuu\\nTokyo\\nJapan\"},\"text\","
    "[\"\",\"\",\"\",\"\",\"\",\"\",\"\"]],"
    "[\"tel\",{\"type\":[\"work\",\"fax\"]},\"uri\","
    "\"tel:+81.312345678;ext=9\"],"
    "[\"tel\",{},\"text\",\"03-1234-0000\"],"
    "[\"email\",{},\"text\",\"x9@forms.example\"]"
    "]]}],\"secureDNS\":{\"delegationSigned\":true},"
    "\"redacted\":[{\"name\":{\"type\":\"Registrant Email\"},\"method\":"
    "\"replacementValue\"},{\"name\":{\"description\":\"Administrative Fax\"},"
    "\"method\":\"partialValue\"},"
    "{\"name\":{\"type\":\"Registry Registrant ID\"}},7]}";

static void
looser_cards_are_read(void **state)
{
	struct audit_answer it = rdap(OBJECT_DOMAIN, "example.com", loose);
	const struct audit_item *of;

	(void)state;
	assert_int_equal(it.state, AUDIT_FOUND);
	SHOWN(it, ROLE_REGISTRANT, FIELD_NAME_INT, "Kakuu Hanako");
	SHOWN(it, ROLE_ADMIN, FIELD_ORG_INT, "Example K.K.");
	SHOWN(it, ROLE_REGISTRANT, FIELD_DIVISION_INT, "Sales");
	SHOWN(it, ROLE_REGISTRANT, FIELD_FAX, "+81.312345678");
	SHOWN(it, ROLE_REGISTRANT, FIELD_FAX_EXT, "9");
	SHOWN(it, ROLE_REGISTRANT, FIELD_PHONE, "03-1234-0000");
	SHOWN(it, ROLE_REGISTRANT, FIELD_STREET_INT, "1-2-3 Kakuu", "Tokyo",
	    "Japan");
	of = item(&it, ROLE_REGISTRANT, FIELD_STREET_INT);
	assert_int_equal(of->shape, AUDIT_PARTS);
	assert_true(of->expected == of->fields);
	/* The replacement, and what only the role beside it is said to have. */
	SEEN(it, ROLE_REGISTRANT, FIELD_EMAIL, AUDIT_REDACTED);
	SHOWN(it, ROLE_ADMIN, FIELD_EMAIL, "x9@forms.example");
	SEEN(it, ROLE_ADMIN, FIELD_FAX, AUDIT_REDACTED);
	/* What a registrar has below it is no contact of the domain's. */
	SEEN(it, ROLE_TECH, FIELD_NAME_INT, AUDIT_ABSENT);
	assert_int_equal(item(&it, ROLE_REGISTRANT, FIELD_DS)->expected, 0);
}

static void
networks_and_errors_of_rdap_are_told_apart(void **state)
{
	static const char network[] =
	    "{\"objectClassName\":\"ip network\",\"startAddress\":"
	    "\"192.0.2.0\",\"endAddress\":\"192.0.2.255\",\"name\":\"NET\"}";

	(void)state;
	assert_int_equal(
	    rdap(OBJECT_NETWORK, "192.0.2.0/24", network).state, AUDIT_FOUND);
	assert_int_equal(rdap(OBJECT_NETWORK, "192.0.2.8/29", network).state,
	    AUDIT_NOT_FOUND);
	assert_int_equal(rdap(OBJECT_DOMAIN, "example.com", network).state,
	    AUDIT_NOT_UNDERSTOOD);
	assert_int_equal(
	    rdap(OBJECT_DOMAIN, "example.com", "{\"errorCode\":404}").state,
	    AUDIT_NOT_FOUND);
	assert_int_equal(
	    rdap(OBJECT_DOMAIN, "example.com", "{\"errorCode\":429}").state,
	    AUDIT_LIMITED);
	assert_int_equal(rdap(OBJECT_DOMAIN, "example.com", "[]").state,
	    AUDIT_NOT_UNDERSTOOD);
	assert_int_equal(rdap(OBJECT_DOMAIN, "example.com", "<html>").state,
	    AUDIT_NOT_UNDERSTOOD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thick_registry_redacts_most),
	    cmocka_unit_test(thin_registries_show_nobody),
	    cmocka_unit_test(older_labels_are_read),
	    cmocka_unit_test(names_with_marks_are_read_as_latin),
	    cmocka_unit_test(placeholders_of_a_server_are_its_own),
	    cmocka_unit_test(generic_names_of_jp_are_read),
	    cmocka_unit_test(an_answer_in_iso_2022_jp_says_the_same),
	    cmocka_unit_test(organizational_names_have_handles),
	    cmocka_unit_test(a_key_goes_on_below),
	    cmocka_unit_test(sections_are_of_their_contacts),
	    cmocka_unit_test(a_network_is_read_and_not_those_around_it),
	    cmocka_unit_test(a_contact_is_of_the_role_it_was_asked_for),
	    cmocka_unit_test(what_is_no_object_is_told_apart),
	    cmocka_unit_test(our_own_that_is_not_there_is_not_found),
	    cmocka_unit_test(an_answer_beyond_the_limits_is_not_understood),
	    cmocka_unit_test(looser_cards_are_read),
	    cmocka_unit_test(networks_and_errors_of_rdap_are_told_apart),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
