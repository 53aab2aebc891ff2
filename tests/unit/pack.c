/* Packed records: what comes back, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "codec/pack.h"
#include "codec/submission.h"
#include "runner/random_record.h"

static struct slice
packed(struct arena *arena, const struct record *record)
{
	struct text text = text_start(arena);

	pack_record(&text, record);
	assert_false(text.failed);
	return text_slice(&text);
}

static struct record *
contact(struct arena *arena)
{
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("pir/TARO-1"), &fail);
	struct slice name = SLICE("Taro Example");
	struct slice streets[2] = {SLICE("1-1 Example"), SLICE("Room 2")};
	struct consent consent = {
	    SLICE("p11"), AUDIENCE_PUBLIC, true, 1775000000, SLICE("2026-04")};
	const struct slice domains[] = {
	    SLICE("one.example"), SLICE("two.example")};
	struct epp_facts facts = {.given = true,
	    .shown = {1, 2, UINT64_C(1) << 40},
	    .roles = 3,
	    .scope = SLICE(".org"),
	    .client = SLICE("tenant"),
	    .created = -5,
	    .made = true,
	    .auth = SLICE("not-a-password"),
	    .kept = {.revision = 7,
		.before = 6,
		.updated = 5,
		.page = 4,
		.statuses = CONTACT_NO_UPDATE,
		.disclose = DISCLOSE_IS_GIVEN | DISCLOSE_EMAIL,
		.domains = {domains, 2}}};

	assert_true(record_set_role(record, CONTACT_ROLE, KIND_NATURAL, &fail));
	assert_true(
	    record_set(record, CONTACT_ROLE, FIELD_NAME_INT, &name, 1, &fail));
	assert_true(record_set(
	    record, CONTACT_ROLE, FIELD_STREET_INT, streets, 2, &fail));
	assert_true(record_remove(record, CONTACT_ROLE, FIELD_FAX, &fail));
	assert_true(record_default_subjects(record, &fail));
	assert_true(record_add_consent(record, CONTACT_ROLE, &consent, &fail));
	assert_true(record_set_plan(record, SLICE("hosting"), &fail));
	assert_true(record_set_epp(record, &facts, &fail));
	return record;
}

static void
a_contact_comes_back_whole(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct record *back =
	    unpack_record(arena, packed(arena, contact(arena)), &fail);
	const struct consent *consents;
	const struct epp_facts *epp;
	size_t count;

	(void)state;
	assert_non_null(back);
	assert_int_equal(record_type(back), OBJECT_CONTACT);
	assert_true(slice_is(record_object(back), "pir/TARO-1"));
	assert_true(slice_is(record_plan(back), "hosting"));
	assert_int_equal(record_kind(back, CONTACT_ROLE), KIND_NATURAL);
	assert_true(slice_is(record_subject(back, CONTACT_ROLE),
	    "object:contact:pir/TARO-1/contact"));
	assert_false(record_subject_given(back, CONTACT_ROLE));
	assert_true(record_removed(back, CONTACT_ROLE, FIELD_FAX));
	assert_int_equal(
	    record_values(back, CONTACT_ROLE, FIELD_STREET_INT).count, 2);
	consents = record_consents(back, CONTACT_ROLE, &count);
	assert_int_equal(count, 1);
	assert_true(consents[0].given && consents[0].time == 1775000000);
	epp = record_epp(back);
	assert_true(epp->given && epp->roles == 3 && epp->created == -5);
	assert_true(epp->made);
	assert_true(epp->shown.passed == 1 && epp->shown.altered == 2 &&
		    epp->shown.published == UINT64_C(1) << 40);
	assert_true(slice_is(epp->scope, ".org"));
	assert_true(slice_is(epp->client, "tenant"));
	assert_true(slice_is(epp->auth, "not-a-password"));
	assert_true(epp->kept.revision == 7 && epp->kept.before == 6 &&
		    epp->kept.updated == 5 && epp->kept.page == 4);
	assert_int_equal(epp->kept.statuses, CONTACT_NO_UPDATE);
	assert_int_equal(
	    epp->kept.disclose, DISCLOSE_IS_GIVEN | DISCLOSE_EMAIL);
	assert_int_equal(epp->kept.domains.count, 2);
	assert_true(slice_is(epp->kept.domains.items[1], "two.example"));
	arena_destroy(arena);
}

static void
any_record_comes_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct arena *arena = arena_create(NULL);
		struct random random =
		    random_from((struct slice){(const char *)&i, sizeof(i)});
		struct record *record = random_record(&random, arena, NULL);
		struct slice bytes = packed(arena, record);
		struct record *back = unpack_record(arena, bytes, NULL);

		assert_non_null(back);
		assert_string_equal(submission_print(arena, back).data,
		    submission_print(arena, record).data);
		assert_true(slice_equal(packed(arena, back), bytes));
		arena_destroy(arena);
	}
}

static void
a_role_has_the_head_and_its_person_alone(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct record *record = contact(arena), *back;
	struct text text = text_start(arena);

	(void)state;
	assert_true(record_add_role(record, ROLE_ADMIN, NULL));
	pack_role(&text, record, CONTACT_ROLE);
	back = unpack_record(arena, text_slice(&text), NULL);
	assert_non_null(back);
	assert_true(record_has_role(back, CONTACT_ROLE));
	assert_false(record_has_role(back, ROLE_ADMIN));
	assert_true(record_epp(back)->given);
	arena_destroy(arena);
}

static void
a_record_without_roles_keeps_its_facts(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct record *host = record_create(arena, OBJECT_HOST,
	    OPERATION_CREATE, SLICE("pir/ns1.example.org"), NULL);
	struct epp_facts facts = {.given = true, .client = SLICE("tenant")};

	(void)state;
	assert_true(record_set_epp(host, &facts, NULL));
	host = unpack_record(arena, packed(arena, host), NULL);
	assert_non_null(host);
	assert_true(slice_is(record_epp(host)->client, "tenant"));
	arena_destroy(arena);
}

/* What changes found there is kept, but for handles; a renewal has its day. */
static void
what_there_was_comes_back(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice name = SLICE("example.jp"), handle = SLICE("CON-1");
	struct slice servers[2] = {
	    SLICE("ns1.example.net"), SLICE("ns1.example.jp 192.0.2.1")};
	struct record *stored =
	    record_create(arena, OBJECT_DOMAIN, OPERATION_CREATE, name, &fail);
	struct record *update =
	    record_create(arena, OBJECT_DOMAIN, OPERATION_UPDATE, name, &fail);
	struct record *renewal =
	    record_create(arena, OBJECT_DOMAIN, OPERATION_RENEW, name, &fail);
	struct record *back, *again;

	(void)state;
	record_set(stored, ROLE_TECH, FIELD_HANDLE, &handle, 1, &fail);
	record_set(stored, ROLE_SUBSCRIBER, FIELD_NS, servers, 2, &fail);
	record_set(update, ROLE_SUBSCRIBER, FIELD_NS, servers, 1, &fail);
	record_remove_role(update, ROLE_TECH, &fail);
	back = unpack_record(arena,
	    packed(arena, record_merge(arena, stored, update, &fail)), &fail);
	assert_non_null(back);
	assert_false(record_former(back)->known);
	again = record_merge(arena, back, update, &fail);
	/* As the merge found it, and as what waits must know it. */
	assert_int_equal(record_former(again)->servers.count, 1);
	record_decide_again(again, back, true);
	assert_true(record_former(again)->known);
	assert_int_equal(record_former(again)->servers.count, 2);
	assert_int_equal(record_former(again)->roles, 1u << ROLE_TECH);
	assert_int_equal(record_former(again)->renamed, 1u << ROLE_TECH);
	assert_int_equal(record_former(again)->handles[ROLE_TECH].len, 0);
	assert_true(record_set_expires(renewal, SLICE("2027-01-31"), &fail));
	back = unpack_record(arena, packed(arena, renewal), &fail);
	assert_true(slice_is(record_expires(back), "2027-01-31"));
	arena_destroy(arena);
}

static void
what_is_registered_of_an_object_comes_back(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct slice status[2] = {SLICE("clientHold"), SLICE("ok")};
	const struct registration it = {.created = 1000000000,
	    .expires = 1900000000,
	    .roid = SLICE("D1-EXAMPLE"),
	    .status = {status, 2}};
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("example.com"), &fail);
	const struct registration *back;

	(void)state;
	assert_true(record_set_registration(record, &it, &fail));
	back = record_registration(
	    unpack_record(arena, packed(arena, record), &fail));
	assert_true(back->given);
	assert_int_equal(back->created, 1000000000);
	assert_int_equal(back->updated, 0);
	assert_true(slice_is(back->roid, "D1-EXAMPLE"));
	assert_int_equal(back->status.count, 2);
	assert_true(slice_is(back->status.items[1], "ok"));
	arena_destroy(arena);
}

/* Those who wrote version 4 did not know who made it. */
static void
an_older_version_is_read(void **state)
{
	struct arena *arena = arena_create(NULL);
	const struct epp_facts facts = {.given = true, .created = 5};
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("pir/TARO-1"), &fail);
	struct slice bytes;
	struct record *back;

	(void)state;
	assert_true(record_set_epp(record, &facts, &fail));
	bytes = arena_copy(arena, packed(arena, record));
	((char *)bytes.data)[0] = 4;
	back = unpack_record(arena, bytes, &fail);
	assert_non_null(back);
	assert_int_equal(record_epp(back)->created, 5);
	assert_false(record_epp(back)->made);
	arena_destroy(arena);
}

/* Every cut is found, and no changed byte does harm. */
static void
what_is_damaged_is_refused(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct slice bytes = packed(arena, contact(arena));
	char *copy = malloc(bytes.len + 1);

	(void)state;
	assert_non_null(copy);
	for (size_t len = 0; len < bytes.len; len++) {
		struct fail fail = FAIL_INIT;

		assert_null(unpack_record(
		    arena, (struct slice){bytes.data, len}, &fail));
		assert_int_equal(fail.kind, FAIL_WORLD);
	}
	for (size_t at = 0; at < bytes.len; at++)
		for (int byte = 0; byte < 256; byte += 5) {
			memcpy(copy, bytes.data, bytes.len);
			copy[at] = (char)byte;
			unpack_record(
			    arena, (struct slice){copy, bytes.len}, NULL);
		}
	memcpy(copy, bytes.data, bytes.len);
	copy[bytes.len] = '\0';
	assert_null(
	    unpack_record(arena, (struct slice){copy, bytes.len + 1}, NULL));
	copy[0] = 6;
	assert_null(
	    unpack_record(arena, (struct slice){copy, bytes.len}, NULL));
	free(copy);
	arena_destroy(arena);
}

/* Numbers stand for words in what is kept: here they are, once more. */
static void
numbers_mean_what_they_did(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena), hex = text_start(arena);
	struct digest digest;

	(void)state;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		text_add_format(&text, "%s\n", field_info[i].name);
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		text_add_format(&text, "%s\n", role_name((enum role)i));
	for (unsigned i = 0; i < OBJECT_COUNT; i++)
		text_add_format(
		    &text, "%s\n", object_type_name((enum object_type)i));
	for (unsigned i = 0; i < OPERATION_COUNT; i++)
		text_add_format(
		    &text, "%s\n", operation_name((enum operation)i));
	for (unsigned i = 0; i < KIND_COUNT; i++)
		text_add_format(&text, "%s\n", kind_name((enum kind)i));
	for (unsigned i = 0; i < AUDIENCE_COUNT; i++)
		text_add_format(&text, "%s\n", audience_name((enum audience)i));
	digest = digest_sha256(text_slice(&text));
	text_add_hex(&hex, digest.bytes, 8);
	/* Was a word added at the end of its list?  Then say so here. */
	assert_string_equal(text_slice(&hex).data, "fdb0a881e36038df");
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_contact_comes_back_whole),
	    cmocka_unit_test(any_record_comes_back),
	    cmocka_unit_test(a_role_has_the_head_and_its_person_alone),
	    cmocka_unit_test(a_record_without_roles_keeps_its_facts),
	    cmocka_unit_test(what_there_was_comes_back),
	    cmocka_unit_test(what_is_registered_of_an_object_comes_back),
	    cmocka_unit_test(an_older_version_is_read),
	    cmocka_unit_test(what_is_damaged_is_refused),
	    cmocka_unit_test(numbers_mean_what_they_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
