/* Records: setting, removing, and what a partial update makes of one. */
#include "unit/arena_fixture.h"

#include "codec/submission.h"
#include "core/record.h"

/* Single quotes stand for double ones; `roles` is the inside of "roles". */
static struct record *
record_of(const char *request, const char *roles)
{
	struct fail fail = FAIL_INIT;
	struct submission *s;
	char json[2048];

	snprintf(json, sizeof(json),
	    "{'object':{'type':'domain','name':'example.jp'},"
	    "'request':'%s','roles':{%s}}",
	    request, roles);
	for (char *c = json; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	s = submission_parse(arena, slice_from(json), &fail);
	if (s == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
	return s->record;
}

static struct record *
merge(struct record *stored, const char *roles)
{
	struct record *merged =
	    record_merge(arena, stored, record_of("update", roles), NULL);

	assert_non_null(merged);
	return merged;
}

static void
has(const struct record *record, enum role role, enum field field,
    const char *value)
{
	struct values values = record_values(record, role, field);

	if (value == NULL) {
		assert_int_equal(values.count, 0);
		return;
	}
	assert_int_equal(values.count, 1);
	assert_string_equal(values.items[0].data, value);
}

#define TARO                                                                   \
	"'registrant':{'kind':'natural','subject':'taro','consents':["         \
	"{'purpose':'p11','audience':'public','given':true,"                   \
	"'time':'2026-01-01T00:00:00Z'},"                                      \
	"{'purpose':'p10','audience':'registry','given':true,"                 \
	"'time':'2026-01-01T00:00:00Z'}],"                                     \
	"'fields':{'name':{'loc':'太郎','int':'Taro'},"                      \
	"'email':'taro@example.jp','phone':'03-1234-5678'}}"

static void
an_update_replaces_what_it_names(void **state)
{
	struct record *stored = record_of("create", TARO);
	struct record *merged =
	    merge(stored, "'registrant':{'fields':{'email':'new@example.jp',"
			  "'name':{'int':null},'fax':null}},"
			  "'tech':{'fields':{'email':'tech@example.jp'}}");

	(void)state;
	assert_int_equal(record_operation(merged), OPERATION_UPDATE);
	has(merged, ROLE_REGISTRANT, FIELD_EMAIL, "new@example.jp");
	has(merged, ROLE_REGISTRANT, FIELD_NAME_LOC, "太郎");
	has(merged, ROLE_REGISTRANT, FIELD_NAME_INT, NULL);
	has(merged, ROLE_REGISTRANT, FIELD_PHONE, "+81.312345678");
	has(merged, ROLE_TECH, FIELD_EMAIL, "tech@example.jp");
	assert_true(record_removed(merged, ROLE_REGISTRANT, FIELD_NAME_INT));
	assert_true(record_removed(merged, ROLE_REGISTRANT, FIELD_FAX));
	assert_false(record_removed(merged, ROLE_REGISTRANT, FIELD_EMAIL));
	assert_int_equal(record_kind(merged, ROLE_REGISTRANT), KIND_NATURAL);
	assert_string_equal(
	    record_subject(merged, ROLE_REGISTRANT).data, "taro");
}

static void
a_mark_of_removal_lasts_for_one_update(void **state)
{
	struct record *stored = record_of("create", TARO);
	struct record *merged =
	    merge(stored, "'registrant':{'fields':{'email':null}}");

	(void)state;
	merged = merge(merged, "'tech':{}");
	has(merged, ROLE_REGISTRANT, FIELD_EMAIL, NULL);
	assert_false(record_removed(merged, ROLE_REGISTRANT, FIELD_EMAIL));
	merged = merge(merged, "'registrant':{'kind':'unknown'}");
	assert_false(record_removed(merged, ROLE_REGISTRANT, FIELD_EMAIL));
	assert_int_equal(record_kind(merged, ROLE_REGISTRANT), KIND_UNKNOWN);
}

static void
consents_add_up_and_the_newer_word_counts(void **state)
{
	struct record *merged = merge(record_of("create", TARO),
	    "'registrant':{'consents':[{'purpose':'p11','audience':'public',"
	    "'given':false,'time':'2026-02-01T00:00:00Z'}]}");
	const struct consent *consents;
	size_t count;

	(void)state;
	consents = record_consents(merged, ROLE_REGISTRANT, &count);
	assert_int_equal(count, 2);
	assert_string_equal(consents[0].purpose.data, "p10");
	assert_true(consents[0].given);
	assert_string_equal(consents[1].purpose.data, "p11");
	assert_false(consents[1].given);
}

static void
another_person_gets_nothing_of_the_one_before(void **state)
{
	struct record *merged = merge(record_of("create", TARO),
	    "'registrant':{'subject':'hanako','fields':{"
	    "'email':'hanako@example.jp'}}");
	size_t count;

	(void)state;
	has(merged, ROLE_REGISTRANT, FIELD_EMAIL, "hanako@example.jp");
	has(merged, ROLE_REGISTRANT, FIELD_NAME_LOC, NULL);
	has(merged, ROLE_REGISTRANT, FIELD_PHONE, NULL);
	assert_true(record_removed(merged, ROLE_REGISTRANT, FIELD_PHONE));
	assert_false(record_removed(merged, ROLE_REGISTRANT, FIELD_EMAIL));
	assert_int_equal(record_kind(merged, ROLE_REGISTRANT), KIND_UNKNOWN);
	record_consents(merged, ROLE_REGISTRANT, &count);
	assert_int_equal(count, 0);
}

static void
a_removed_role_keeps_only_its_subject(void **state)
{
	struct record *merged =
	    merge(record_of("create", TARO), "'registrant':null");
	size_t count;

	(void)state;
	assert_true(record_role_removed(merged, ROLE_REGISTRANT));
	assert_true(record_removed(merged, ROLE_REGISTRANT, FIELD_EMAIL));
	has(merged, ROLE_REGISTRANT, FIELD_EMAIL, NULL);
	assert_string_equal(
	    record_subject(merged, ROLE_REGISTRANT).data, "taro");
	record_consents(merged, ROLE_REGISTRANT, &count);
	assert_int_equal(count, 0);
	merged = merge(merged, "'tech':{}");
	assert_false(record_has_role(merged, ROLE_REGISTRANT));
}

static void
naming_a_subject_later_does_not_make_another_person(void **state)
{
	struct record *stored =
	    record_of("create", "'admin':{'fields':{'email':'a@example.jp'}}");
	struct record *merged = merge(stored, "'admin':{'subject':'taro'}");

	(void)state;
	has(merged, ROLE_ADMIN, FIELD_EMAIL, "a@example.jp");
	assert_string_equal(record_subject(merged, ROLE_ADMIN).data, "taro");
	assert_true(record_subject_given(merged, ROLE_ADMIN));
}

static void
only_new_values_make_another_person_of_who_had_no_id(void **state)
{
	struct record *stored = record_of("create",
	    "'admin':{'fields':{'name':{'int':'A B'},"
	    "'email':'a@example.jp','postcode':'100-0001'}}");
	struct record *merged = merge(stored,
	    "'admin':{'subject':'s','fields':{"
	    "'name':{'int':'C D'},'email':'A@Example.jp'}}");

	(void)state;
	has(merged, ROLE_ADMIN, FIELD_POSTCODE, "100-0001");
	assert_true(record_keep_person(merged, ROLE_ADMIN, stored));
	assert_false(record_subject_given(merged, ROLE_ADMIN));
	merged = merge(stored,
	    "'admin':{'subject':'s','fields':{"
	    "'name':{'int':'C D'},'email':'c@example.jp'}}");
	has(merged, ROLE_ADMIN, FIELD_POSTCODE, NULL);
	assert_true(record_removed(merged, ROLE_ADMIN, FIELD_POSTCODE));
	assert_false(record_keep_person(merged, ROLE_ADMIN, stored));
	assert_true(record_subject_given(merged, ROLE_ADMIN));
	/* Half of it is nobody else. */
	merged = merge(stored,
	    "'admin':{'subject':'s','fields':{'email':'c@example.jp'}}");
	has(merged, ROLE_ADMIN, FIELD_NAME_INT, "A B");
	assert_true(record_keep_person(merged, ROLE_ADMIN, stored));
}

/* It could be taken back by nobody: the latest word counts. */
static void
a_consent_of_a_time_to_come_is_refused(void **state)
{
	static const int64_t now = 1767225600; /* 2026-01-01 */
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(record_date_consents(
	    record_of("create",
		"'admin':{'consents':[{'purpose':'p11','audience':'any',"
		"'given':true,'time':'2026-01-01T00:05:00Z'}]}"),
	    now, &fail));
	assert_false(record_date_consents(
	    record_of("create",
		"'admin':{'consents':[{'purpose':'p11','audience':'any',"
		"'given':true,'time':'2026-01-01T00:05:01Z'}]}"),
	    now, &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_string_equal(fail.place, "/roles/admin/consents/0/time");
	assert_true(record_date_consents(
	    record_of("create",
		"'admin':{'consents':[{'purpose':'p11','audience':'any',"
		"'given':false,'time':'2036-01-01T00:00:00Z'}]}"),
	    now, &fail));
}

static struct record *
contact_with(const char *phone, const char *city, uint64_t passed)
{
	const struct epp_facts facts = {
	    .given = true, .shown = {.passed = passed}};
	struct slice values[] = {slice_from(phone), slice_from(city)};
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(
	    arena, OBJECT_CONTACT, OPERATION_UPDATE, SLICE("up/C-1"), &fail);

	assert_non_null(record);
	assert_true(record_set(
	    record, CONTACT_ROLE, FIELD_PHONE, &values[0], 1, &fail));
	assert_true(record_set(
	    record, CONTACT_ROLE, FIELD_CITY_INT, &values[1], 1, &fail));
	assert_true(record_set_epp(record, &facts, &fail));
	return record;
}

static void
what_a_registry_shows_tells_which_record_it_has(void **state)
{
	const uint64_t both =
	    (uint64_t)1 << FIELD_PHONE | (uint64_t)1 << FIELD_CITY_INT;
	struct record *old = contact_with("+81.300000001", "Himeji", both);
	struct record *new = contact_with("+81.300000002", "Himeji", both);
	struct record *less = contact_with("+81.300000002", "Himeji",
	    (uint64_t)1 << FIELD_CITY_INT);
	struct record *moved = contact_with("+81.300000002", "Kobe", both);
	struct record *bare = record_create(
	    arena, OBJECT_CONTACT, OPERATION_UPDATE, SLICE("up/C-1"), NULL);

	(void)state;
	assert_int_equal(record_which(old, old, new, true), WHICH_FIRST);
	assert_int_equal(record_which(new, old, new, true), WHICH_SECOND);
	/* What may not be there is not shown. */
	assert_int_equal(record_which(bare, old, less, true), WHICH_SECOND);
	assert_int_equal(record_which(old, old, less, true), WHICH_FIRST);
	/* Somebody else's change, or a bit of both, tells nothing. */
	assert_int_equal(
	    record_which(contact_with("+81.300000009", "Himeji", both), old,
		new, true),
	    WHICH_UNTOLD);
	assert_int_equal(
	    record_which(contact_with("+81.300000001", "Kobe", both), old,
		moved, true),
	    WHICH_UNTOLD);
	assert_int_equal(record_which(old, old, old, true), WHICH_UNTOLD);
}

static void
a_merge_leaves_both_sources_alone(void **state)
{
	struct record *stored = record_of("create", TARO);
	struct slice before = submission_print(arena, stored);
	struct record *merged = merge(stored, "'registrant':{'fields':null}");
	const struct consent more = {.purpose = SLICE("p1")};
	size_t count;

	(void)state;
	merged = merge(stored, "'tech':{}");
	assert_true(record_add_consent(merged, ROLE_REGISTRANT, &more, NULL));
	assert_string_equal(submission_print(arena, stored).data, before.data);
	record_consents(stored, ROLE_REGISTRANT, &count);
	assert_int_equal(count, 2);
}

static void
a_copied_role_keeps_every_mark(void **state)
{
	struct record *from = record_of(
	    "update", TARO ",'admin':null,'tech':{'fields':{'email':null}}");
	struct record *to = record_create(arena, record_type(from),
	    record_operation(from), record_object(from), NULL);

	(void)state;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (record_has_role(from, (enum role)r))
			assert_true(
			    record_copy_role(to, from, (enum role)r, NULL));
	assert_string_equal(submission_print(arena, to).data,
	    submission_print(arena, from).data);
	assert_false(record_subject_given(to, ROLE_TECH));
	assert_false(record_kind_given(to, ROLE_TECH));
	assert_true(record_removed(to, ROLE_TECH, FIELD_EMAIL));
}

static void
limits_are_kept(void **state)
{
	struct record *record = record_of("create", "");
	const struct consent consent = {.purpose = SLICE("p1")};
	struct slice four[4] = {SLICE("1"), SLICE("2"), SLICE("3"), SLICE("4")};
	struct fail fail = FAIL_INIT;
	char big[300] = {0};

	(void)state;
	for (int i = 0; i < 64; i++)
		assert_true(
		    record_add_consent(record, ROLE_TECH, &consent, &fail));
	assert_false(record_add_consent(record, ROLE_TECH, &consent, &fail));
	assert_non_null(strstr(fail.text, "more than 64"));
	fail = (struct fail)FAIL_INIT;
	assert_false(
	    record_set(record, ROLE_TECH, FIELD_STREET_LOC, four, 4, &fail));
	assert_string_equal(fail.place, "tech/street.loc");
	assert_true(
	    record_set(record, ROLE_TECH, FIELD_STREET_LOC, four, 3, NULL));
	memset(big, 'x', 256);
	assert_false(
	    record_set_subject(record, ROLE_TECH, slice_from(big), NULL));
	assert_null(record_create(
	    arena, OBJECT_SUBSCRIBER, OPERATION_CREATE, slice_from(big), NULL));
	assert_null(record_create(
	    arena, OBJECT_SUBSCRIBER, OPERATION_CREATE, SLICE(""), NULL));
}

static void *
take(void *context, size_t size)
{
	unsigned *left = context;

	if (*left == 0)
		return NULL;
	--*left;
	return malloc(size);
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

static void
a_merge_without_memory_fails_whole(void **state)
{
	struct record *stored = record_of("create", TARO);
	struct record *update =
	    record_of("update", "'registrant':{'kind':'legal'},'tech':{}");
	bool ok = false;

	(void)state;
	for (unsigned n = 0; !ok; n++) {
		unsigned left = n;
		struct memory memory = {take, give, &left};
		struct arena *small = arena_create(&memory);
		struct fail fail = FAIL_INIT;

		assert_true(n < 100);
		if (small == NULL)
			continue;
		ok = record_merge(small, stored, update, &fail) != NULL;
		assert_true(ok || fail.kind == FAIL_MEMORY);
		arena_destroy(small);
	}
}

static void
facts_of_epp_outlive_an_update_that_has_none(void **state)
{
	struct record *stored = record_create(
	    arena, OBJECT_CONTACT, OPERATION_CREATE, SLICE("pir/C-1"), NULL);
	struct record *update = record_create(
	    arena, OBJECT_CONTACT, OPERATION_UPDATE, SLICE("pir/C-1"), NULL);
	char client[] = "tenant";
	struct epp_facts facts = {
	    .given = true, .client = slice_from(client), .roles = 3};
	const struct epp_facts *epp;

	(void)state;
	assert_false(record_epp(stored)->given);
	assert_true(record_set_epp(stored, &facts, NULL));
	client[0] = 'x';
	epp = record_epp(record_merge(arena, stored, update, NULL));
	assert_true(epp->given && epp->roles == 3);
	assert_true(slice_is(epp->client, "tenant"));
	facts.roles = 1;
	assert_true(record_set_epp(update, &facts, NULL));
	epp = record_epp(record_merge(arena, stored, update, NULL));
	assert_int_equal(epp->roles, 1);
}

static void
a_person_may_stand_in_another_role(void **state)
{
	struct record *from = record_create(
	    arena, OBJECT_CONTACT, OPERATION_CREATE, SLICE("pir/C-1"), NULL);
	struct record *to = record_create(
	    arena, OBJECT_DOMAIN, OPERATION_CREATE, SLICE("a.org"), NULL);
	struct slice name = SLICE("Taro");

	(void)state;
	assert_true(record_set(
	    from, CONTACT_ROLE, FIELD_NAME_INT, &name, 1, NULL));
	assert_true(
	    record_copy_person(to, ROLE_TECH, from, CONTACT_ROLE, NULL));
	assert_false(record_has_role(to, CONTACT_ROLE));
	assert_int_equal(
	    record_values(to, ROLE_TECH, FIELD_NAME_INT).count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_update_replaces_what_it_names),
	    cmocka_unit_test(a_mark_of_removal_lasts_for_one_update),
	    cmocka_unit_test(consents_add_up_and_the_newer_word_counts),
	    cmocka_unit_test(another_person_gets_nothing_of_the_one_before),
	    cmocka_unit_test(a_removed_role_keeps_only_its_subject),
	    cmocka_unit_test(
		naming_a_subject_later_does_not_make_another_person),
	    cmocka_unit_test(a_consent_of_a_time_to_come_is_refused),
	    cmocka_unit_test(
		only_new_values_make_another_person_of_who_had_no_id),
	    cmocka_unit_test(what_a_registry_shows_tells_which_record_it_has),
	    cmocka_unit_test(a_merge_leaves_both_sources_alone),
	    cmocka_unit_test(a_copied_role_keeps_every_mark),
	    cmocka_unit_test(facts_of_epp_outlive_an_update_that_has_none),
	    cmocka_unit_test(a_person_may_stand_in_another_role),
	    cmocka_unit_test(limits_are_kept),
	    cmocka_unit_test(a_merge_without_memory_fails_whole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
