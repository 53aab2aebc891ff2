/* RDAP answers: what is in them, and what they say about what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json_quick.h"
#include "codec/jsonpath.h"
#include "codec/rdap_priv.h"

struct fixture {
	struct arena *arena;
	struct publication it;
	struct rdap_options options;
	struct publication_registrar registrar;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_create(NULL);
	fixture->registrar = (struct publication_registrar){
	    .name = SLICE("Example Registrar K.K."),
	    .iana_id = SLICE("9999"),
	    .abuse_email = SLICE("abuse@registrar.example"),
	    .abuse_phone = SLICE("+81.355550000")};
	fixture->it = (struct publication){.type = OBJECT_DOMAIN,
	    .name = SLICE("example.com"),
	    .registrar = &fixture->registrar,
	    .created = 1000000000,
	    .updated = 0,
	    .expires = 1900000000};
	fixture->options = (struct rdap_options){
	    .base = SLICE("https://rdap.registrar.example/"),
	    .whois = SLICE("whois.registrar.example"),
	    .contact_uri = SLICE("https://registrar.example/contact"),
	    .terms = SLICE("For lawful purposes."),
	    .terms_url = SLICE("https://registrar.example/terms"),
	    .now = 1800000000};
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

static void
show(
    struct fixture *fixture, enum role role, enum field field, const char *text)
{
	struct slice *value = arena_take(fixture->arena, sizeof(*value));

	*value = slice_from(text);
	fixture->it.roles[role].present = true;
	fixture->it.roles[role].items[field] =
	    (struct publication_item){.state = PUBLISHED, .values = {value, 1}};
}

static void
redact(struct fixture *fixture, enum role role, enum field field)
{
	fixture->it.roles[role].present = true;
	fixture->it.roles[role].items[field].state = REDACTED;
}

/* A registrant of whom only state and country are shown. */
static void
redact_registrant(struct fixture *fixture)
{
	static const enum field fields[] = {FIELD_HANDLE, FIELD_NAME_INT,
	    FIELD_ORG_INT, FIELD_STREET_INT, FIELD_CITY_INT, FIELD_POSTCODE,
	    FIELD_PHONE, FIELD_PHONE_EXT, FIELD_EMAIL};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		redact(fixture, ROLE_REGISTRANT, fields[i]);
	show(fixture, ROLE_REGISTRANT, FIELD_STATE_INT, "Kakuu");
	show(fixture, ROLE_REGISTRANT, FIELD_COUNTRY, "JP");
}

static struct slice
domain(struct fixture *fixture)
{
	struct text text = text_start(fixture->arena);
	struct fail fail = FAIL_INIT;

	if (!rdap_domain(&text, &fixture->it, &fixture->options, &fail))
		fail_msg("%s at %s", fail.text, fail.place);
	return text_slice(&text);
}

static bool
contains(struct slice text, const char *part)
{
	return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static struct jsonpath_found
found(struct fixture *fixture, struct slice document, const char *path)
{
	struct jsonpath_found result;
	struct fail fail = FAIL_INIT;
	const struct json_node *root =
	    json_parse(fixture->arena, document, &fail);

	assert_non_null(root);
	assert_true(jsonpath_find(root, slice_from(path), &result));
	return result;
}

#define REGISTRANT "$.entities[?(@.roles[0]=='registrant')]"

static void
what_is_redacted_is_said_by_its_registered_name(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	redact_registrant(fixture);
	answer = domain(fixture);
	assert_true(contains(answer,
	    "{\"name\":{\"type\":\"Registrant Street\"},\"postPath\":"
	    "\"" REGISTRANT ".vcardArray[1][?(@[0]=='adr')][3][:3]\","
	    "\"pathLang\":\"jsonpath\",\"method\":\"emptyValue\"}"));
	assert_true(contains(answer, "{\"type\":\"Registry Registrant ID\"}"));
	assert_true(contains(answer, "\"method\":\"replacementValue\""));
	assert_int_equal(found(fixture, answer, REGISTRANT ".handle").count, 0);
	assert_int_equal(
	    found(fixture, answer,
		REGISTRANT ".vcardArray[1][?(@[0]=='contact-uri')]")
		.count,
	    1);
	assert_false(contains(answer, "REDACTED"));
}

static void
what_is_withheld_for_a_while_has_a_reason(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	redact_registrant(fixture);
	fixture->it.roles[ROLE_REGISTRANT].items[FIELD_CITY_INT].withheld =
	    true;
	answer = domain(fixture);
	assert_true(contains(answer,
	    "{\"name\":{\"type\":\"Registrant City\"},\"postPath\":"
	    "\"" REGISTRANT ".vcardArray[1][?(@[0]=='adr')][3][3]\","
	    "\"pathLang\":\"jsonpath\",\"method\":\"emptyValue\","
	    "\"reason\":{\"description\":"
	    "\"A change is under way at the registry\"}}"));
	fixture->it.roles[ROLE_REGISTRANT].items[FIELD_CITY_INT].withheld =
	    false;
	assert_false(contains(domain(fixture), "reason"));
}

static void
what_was_never_collected_is_not_said_to_be_redacted(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	redact_registrant(fixture);
	answer = domain(fixture);
	assert_false(contains(answer, "Registrant Fax"));
	assert_false(contains(answer, "Tech"));
}

/* A delegation whose keys are not shown is not said to have none. */
static void
redacted_keys_and_servers_are_said_to_be_so(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	show(fixture, ROLE_REGISTRANT, FIELD_COUNTRY, "JP");
	fixture->it.ns.state = REDACTED;
	fixture->it.ds.state = REDACTED;
	answer = domain(fixture);
	assert_false(contains(answer, "\"secureDNS\":"));
	assert_false(contains(answer, "\"nameservers\":"));
	assert_int_equal(
	    found(fixture, answer,
		"$.redacted[?(@.prePath=='$.secureDNS')]").count, 1);
	assert_true(contains(answer, "{\"description\":\"DNSSEC\"}"));
	assert_true(contains(answer, "{\"description\":\"Name Servers\"}"));
}

static void
alter(struct fixture *fixture, enum field field,
    enum publication_alteration altered, const char *text)
{
	show(fixture, ROLE_REGISTRANT, field, text);
	fixture->it.roles[ROLE_REGISTRANT].items[field].altered = altered;
}

/* In part, or by something else: that too is said, with its place. */
static void
what_is_altered_is_said_where_it_stands(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	alter(fixture, FIELD_POSTCODE, GENERALISED, "514");
	alter(fixture, FIELD_EMAIL, REPLACED, "a1@relay.example");
	alter(fixture, FIELD_PHONE, REPLACED, "+81.355550100");
	alter(fixture, FIELD_PHONE_EXT, GENERALISED, "1");
	alter(fixture, FIELD_COUNTRY, GENERALISED, "Asia");
	answer = domain(fixture);
	assert_true(contains(answer, "{\"type\":\"Registrant Postal Code\"},"
	    "\"postPath\":\"" REGISTRANT
	    ".vcardArray[1][?(@[0]=='adr')][3][5]\","
	    "\"pathLang\":\"jsonpath\",\"method\":\"partialValue\""));
	assert_true(contains(answer, "{\"type\":\"Registrant Email\"},"
	    "\"postPath\":\"" REGISTRANT ".vcardArray[1][?(@[0]=='email')]\","
	    "\"pathLang\":\"jsonpath\",\"method\":\"replacementValue\""));
	assert_true(contains(answer,
	    "{\"description\":\"Registrant Country\"},\"prePath\":"));
}

/* Of all in a role; the person's data are the first one's. */
static void
each_handle_of_a_role_is_an_entity(void **state)
{
	static const struct slice handles[] = {SLICE("BB010JP"), SLICE("CC7474JP")};
	struct fixture *fixture = *state;
	struct publication it;
	struct slice answer;

	show(fixture, ROLE_TECH, FIELD_NAME_INT, "Taro Mihon");
	fixture->it.roles[ROLE_TECH].items[FIELD_HANDLE] =
	    (struct publication_item){
		.state = PUBLISHED, .values = {handles, 2}};
	answer = domain(fixture);
	assert_int_equal(found(fixture, answer,
			     "$.entities[?(@.handle=='BB010JP')]").count, 1);
	assert_int_equal(found(fixture, answer,
			     "$.entities[?(@.handle=='CC7474JP')]").count, 1);
	it = fixture->it;
	publication_narrow(&it, ROLE_TECH, SLICE("bb010jp"));
	assert_int_equal(it.roles[ROLE_TECH].items[FIELD_HANDLE].values.count, 1);
	assert_int_equal(
	    it.roles[ROLE_TECH].items[FIELD_NAME_INT].state, PUBLISHED);
	it = fixture->it;
	publication_narrow(&it, ROLE_TECH, SLICE("CC7474JP"));
	assert_true(slice_is(
	    it.roles[ROLE_TECH].items[FIELD_HANDLE].values.items[0], "CC7474JP"));
	assert_int_equal(
	    it.roles[ROLE_TECH].items[FIELD_NAME_INT].state, NOT_COLLECTED);
}

static void
nothing_redacted_nothing_said(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	show(fixture, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro Mihon");
	answer = domain(fixture);
	assert_false(contains(answer, "\"redacted\":"));
	assert_true(contains(answer, "[\"fn\",{},\"text\",\"Taro Mihon\"]"));
}

static void
a_registry_removes_an_address_without_a_form(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	redact_registrant(fixture);
	fixture->options.contact_uri = (struct slice){"", 0};
	answer = domain(fixture);
	assert_false(contains(answer, "replacementValue"));
	assert_true(contains(answer,
	    "{\"type\":\"Registrant Email\"},\"prePath\":\"" REGISTRANT
	    ".vcardArray[1][?(@[0]=='email')]\""));
}

static void
names_that_iana_did_not_register_are_descriptions(void **state)
{
	struct fixture *fixture = *state;
	struct slice answer;

	redact(fixture, ROLE_ADMIN, FIELD_NAME_INT);
	redact(fixture, ROLE_TECH, FIELD_CITY_INT);
	answer = domain(fixture);
	assert_true(contains(answer, "{\"description\":\"Admin Name\"}"));
	assert_true(contains(answer, "{\"description\":\"Tech City\"}"));
}

static void
a_network_has_its_first_and_last_address(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);
	struct fail fail = FAIL_INIT;

	fixture->it.type = OBJECT_NETWORK;
	fixture->it.name = SLICE("192.0.2.8/29");
	show(fixture, ROLE_REGISTRANT, FIELD_NETNAME, "MIHON-NET");
	assert_true(
	    rdap_network(&text, &fixture->it, &fixture->options, &fail));
	assert_true(contains(text_slice(&text),
	    "\"startAddress\":\"192.0.2.8\",\"endAddress\":\"192.0.2.15\","
	    "\"ipVersion\":\"v4\",\"name\":\"MIHON-NET\""));
}

static void
an_entity_alone_has_paths_of_its_own(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);
	struct fail fail = FAIL_INIT;

	redact(fixture, ROLE_TECH, FIELD_NAME_INT);
	show(fixture, ROLE_TECH, FIELD_HANDLE, "T1-EXAMPLE");
	assert_true(rdap_entity(
	    &text, &fixture->it, ROLE_TECH, &fixture->options, &fail));
	assert_true(contains(text_slice(&text),
	    "\"postPath\":\"$.vcardArray[1][?(@[0]=='fn')][3]\""));
	assert_true(contains(text_slice(&text), "/entity/T1-EXAMPLE\""));
	/* The dates are the object's. */
	assert_false(contains(text_slice(&text), "\"registration\""));
	assert_false(contains(text_slice(&text), "\"last changed\""));
}

static void
an_answer_that_lies_about_redaction_is_not_given(void **state)
{
	struct fixture *fixture = *state;
	static const char *const lies[] = {
	    "{\"handle\":\"X\",\"redacted\":[{\"name\":{\"type\":\"a\"},"
	    "\"prePath\":\"$.handle\",\"method\":\"removal\"}]}",
	    "{\"a\":[\"x\"],\"redacted\":[{\"name\":{\"type\":\"a\"},"
	    "\"postPath\":\"$.a[0]\",\"method\":\"emptyValue\"}]}",
	    "{\"a\":[],\"redacted\":[{\"name\":{\"type\":\"a\"},"
	    "\"postPath\":\"$.a[0]\",\"method\":\"emptyValue\"}]}",
	    "{\"redacted\":[{\"name\":{\"type\":\"a\"},\"prePath\":\"$.a\","
	    "\"replacementPath\":\"$.b\",\"method\":\"replacementValue\"}]}",
	    "{\"redacted\":[{\"name\":{\"type\":\"a\"},"
	    "\"prePath\":\"$..a\",\"method\":\"removal\"}]}",
	};

	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		struct fail fail = FAIL_INIT;

		assert_false(rdap_redacted_check(
		    fixture->arena, slice_from(lies[i]), &fail));
		assert_int_equal(fail.kind, FAIL_WORLD);
	}
}

/* What is checked is what others read: jansson's tree is the same. */
static void
assert_same(const struct json_node *own, const struct json_node *other)
{
	assert_int_equal(own->kind, other->kind);
	assert_int_equal(own->count, other->count);
	assert_int_equal(own->integer, other->integer);
	assert_int_equal(own->boolean, other->boolean);
	assert_true(slice_equal(own->string, other->string));
	for (size_t i = 0; i < own->count; i++) {
		assert_true(slice_equal(
		    own->items[i].name, other->items[i].name));
		assert_same(&own->items[i], &other->items[i]);
	}
}

static void
read_both(struct fixture *fixture, struct slice document)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *own =
	    json_quick_parse(fixture->arena, document, &fail);
	const struct json_node *other =
	    json_parse(fixture->arena, document, &fail);

	assert_non_null(own);
	assert_non_null(other);
	assert_same(own, other);
}

static void
what_is_no_json_is_refused(void **state)
{
	static const char *const bad[] = {"", "{", "{}x", "[1,]", "{\"a\"}",
	    "{\"a\":}", "\"a", "\"a\\", "tru", "-", "{a:1}", "[] []",
	    "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"};
	static const char *const good[] = {"{}", "[]", "[1,-2,\"a\\\"b\"]",
	    "{\"a\":[true,false,null],\"b\":{\"c\":\"\"}}"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct fail fail = FAIL_INIT;

		assert_null(json_quick_parse(
		    fixture->arena, slice_from(bad[i]), &fail));
		assert_int_equal(fail.kind, FAIL_WORLD);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		read_both(fixture, slice_from(good[i]));
}

/* Any publication at all gives an answer that is true of itself. */
static void
every_answer_is_true_of_itself(void **state)
{
	struct fixture *fixture = *state;
	static const enum field fields[] = {FIELD_HANDLE, FIELD_NAME_LOC,
	    FIELD_NAME_INT, FIELD_ORG_INT, FIELD_STREET_INT, FIELD_CITY_INT,
	    FIELD_STATE_INT, FIELD_POSTCODE, FIELD_COUNTRY, FIELD_PHONE,
	    FIELD_PHONE_EXT, FIELD_FAX, FIELD_FAX_EXT, FIELD_EMAIL, FIELD_WEB};
	uint64_t seed = 88172645463325252u;

	for (int round = 0; round < 300; round++) {
		memset(fixture->it.roles, 0, sizeof(fixture->it.roles));
		for (unsigned role = 0; role <= ROLE_ABUSE; role++)
			for (size_t i = 0; i < sizeof(fields) / sizeof(*fields);
			     i++) {
				seed ^= seed << 13;
				seed ^= seed >> 7;
				seed ^= seed << 17;
				if (seed % 3 == 0)
					redact(fixture, (enum role)role,
					    fields[i]);
				else if (seed % 3 == 1)
					show(fixture, (enum role)role,
					    fields[i],
					    fields[i] == FIELD_COUNTRY
						? "JP"
						: "+81.3\"\\x");
			}
		read_both(fixture, domain(fixture));
	}
}

/* Section 2.6.3 and on of ICANN's profile: each link says from where. */
static void
links_are_those_of_the_profile(void **state)
{
	static const char *const paths[] = {
	    "$.notices[?(@.title=='Terms of Service')].links[0].rel",
	    "terms-of-service",
	    "$.notices[?(@.title=='Status Codes')].links[0].rel", "glossary",
	    ("$.notices[?(@.title=='RDDS Inaccuracy Complaint Form')]"
	     ".links[0].rel"),
	    "help", "$.notices[?(@.title=='Status Codes')].links[0].value",
	    "https://rdap.registrar.example/domain/example.com",
	    "$.links[0].href",
	    "https://rdap.registrar.example/domain/example.com",
	    "$.entities[?(@.roles[0]=='registrar')].links[0].rel", "about",
	    "$.entities[?(@.roles[0]=='registrar')].links[0].href",
	    "https://rdap.registrar.example/"};
	struct fixture *fixture = *state;
	struct slice document = domain(fixture);

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i += 2) {
		struct jsonpath_found at = found(fixture, document, paths[i]);

		assert_int_equal(at.count, 1);
		assert_true(slice_is(at.nodes[0]->string, paths[i + 1]));
	}
}

static void
an_error_is_an_object(void **state)
{
	struct fixture *fixture = *state;
	struct text text = text_start(fixture->arena);
	struct fail fail = FAIL_INIT;

	assert_true(rdap_error(
	    &text, 404, "Not Found", "There is no such domain here.", &fail));
	assert_true(contains(
	    text_slice(&text), "\"errorCode\":404,\"title\":\"Not Found\""));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(what_is_redacted_is_said_by_its_registered_name),
	    CASE(what_is_withheld_for_a_while_has_a_reason),
	    CASE(what_was_never_collected_is_not_said_to_be_redacted),
	    CASE(redacted_keys_and_servers_are_said_to_be_so),
	    CASE(what_is_altered_is_said_where_it_stands),
	    CASE(each_handle_of_a_role_is_an_entity),
	    CASE(nothing_redacted_nothing_said),
	    CASE(a_registry_removes_an_address_without_a_form),
	    CASE(names_that_iana_did_not_register_are_descriptions),
	    CASE(a_network_has_its_first_and_last_address),
	    CASE(an_entity_alone_has_paths_of_its_own),
	    CASE(an_answer_that_lies_about_redaction_is_not_given),
	    CASE(every_answer_is_true_of_itself),
	    CASE(what_is_no_json_is_refused),
	    CASE(links_are_those_of_the_profile),
	    CASE(an_error_is_an_object),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
