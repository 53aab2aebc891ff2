/* Stops of provision: by what a person is known, and what is durable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <unistd.h>

#include "store/stops.h"

static const uint8_t master[KEY_SIZE] = "a master key of tests, no secret";

struct fixture {
	char directory[64], path[96];
	struct event_base *base;
	struct arena *arena;
	struct disk *disk;
	struct keys *keys;
	struct sqlite *db;
	struct stops *stops;
	struct fail fail;
};

static void
open_stops(struct fixture *f)
{
	f->db = sqlite_open(f->path, "", 1, &f->fail);
	assert_non_null(f->db);
	f->stops = stops_open(f->db, f->keys, &random_system, &f->fail);
	assert_non_null(f->stops);
}

static void
close_stops(struct fixture *f)
{
	stops_close(f->stops);
	sqlite_close(f->db);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char keys[96];

	snprintf(f->directory, sizeof(f->directory), "/tmp/misu-stops-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/cases", f->directory);
	snprintf(keys, sizeof(keys), "%s/keys", f->directory);
	f->base = event_base_new();
	f->disk = disk_real_create(f->base, &f->fail);
	f->arena = arena_create(NULL);
	f->keys = keys_open(f->disk, keys, master, &random_system, &f->fail);
	assert_non_null(f->keys);
	open_stops(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	close_stops(f);
	keys_close(f->keys);
	disk_real_destroy(f->disk);
	event_base_free(f->base);
	arena_destroy(f->arena);
	snprintf(command, sizeof(command), "rm -rf %s", f->directory);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static struct record *
person(struct fixture *f, const char *name, const char *subject,
    const char *email, const char *phone)
{
	struct record *record = record_create(f->arena, OBJECT_CONTACT,
	    OPERATION_CREATE, slice_from(name), &f->fail);
	struct slice value = slice_from(email);

	assert_non_null(record);
	assert_true(
	    record_set_role(record, CONTACT_ROLE, KIND_NATURAL, &f->fail));
	if (subject != NULL)
		assert_true(record_set_subject(
		    record, CONTACT_ROLE, slice_from(subject), &f->fail));
	assert_true(
	    record_set(record, CONTACT_ROLE, FIELD_EMAIL, &value, 1, &f->fail));
	value = slice_from(phone);
	assert_true(
	    record_set(record, CONTACT_ROLE, FIELD_PHONE, &value, 1, &f->fail));
	return record;
}

static int64_t
stop(struct fixture *f, const char *subject)
{
	const struct stop one = {.subject = slice_from(subject), .since = 7};
	int64_t id;

	assert_true(stops_add(f->stops, &one, &id, &f->fail));
	return id;
}

static unsigned
roles(struct fixture *f, const char *name, const char *subject,
    const char *email, const char *phone)
{
	return stops_roles(f->stops, person(f, name, subject, email, phone));
}

static void
nothing_is_stopped_at_first(void **state)
{
	struct fixture *f = *state;

	assert_false(stops_any(f->stops));
	assert_false(stops_any(NULL));
	assert_int_equal(
	    roles(f, "biz/C1", "s", "a@example.jp", "+81.31234567"), 0);
}

static void
a_subject_is_known_by_its_id_and_learnt_by_the_rest(void **state)
{
	struct fixture *f = *state;
	int64_t id = stop(f, "s");
	struct record *record =
	    person(f, "biz/C1", "s", "a@example.jp", "+81.31234567");

	assert_true(stops_any(f->stops));
	assert_int_equal(stops_roles(f->stops, record), 1 << CONTACT_ROLE);
	assert_int_equal(
	    roles(f, "biz/C2", NULL, "A@Example.jp", "+81.39999999"), 0);
	assert_true(stops_begin(f->stops, &f->fail));
	assert_true(
	    stops_learn(f->stops, id, record, 1 << CONTACT_ROLE, &f->fail));
	assert_true(stops_commit(f->stops, id, &f->fail));
	/* By mail in other letters, telephone without the dot, or its place. */
	assert_int_not_equal(
	    roles(f, "biz/C2", NULL, "A@Example.jp", "+81.39999999"), 0);
	assert_int_not_equal(
	    roles(f, "biz/C2", NULL, "b@example.jp", "+81.31234567"), 0);
	assert_int_not_equal(
	    roles(f, "biz/C1", NULL, "b@example.jp", "+81.39999999"), 0);
	/* Who is given another id is another person. */
	assert_int_equal(
	    roles(f, "biz/C1", "t", "a@example.jp", "+81.31234567"), 0);
}

static void
a_stop_outlives_a_restart_and_ends_with_its_removal(void **state)
{
	struct fixture *f = *state;
	struct stop found;
	int64_t id = stop(f, "s");

	assert_true(stops_set_recorded(f->stops, id, 12, &f->fail));
	close_stops(f);
	open_stops(f);
	assert_true(
	    stops_find(f->stops, f->arena, SLICE("s"), &found, &f->fail));
	assert_int_equal(found.entry, 12);
	assert_int_equal(found.since, 7);
	assert_true(slice_is(found.subject, "s"));
	assert_true(stops_remove(f->stops, id, &f->fail));
	assert_false(stops_any(f->stops));
	assert_false(
	    stops_find(f->stops, f->arena, SLICE("s"), &found, &f->fail));
	assert_int_equal(f->fail.kind, FAIL_NONE);
}

static void
a_subject_stops_once(void **state)
{
	struct fixture *f = *state;
	const struct stop one = {.subject = SLICE("s")};
	int64_t id;

	stop(f, "s");
	assert_false(stops_add(f->stops, &one, &id, &f->fail));
	assert_int_equal(stops_count(f->stops), 1);
}

/* One comes and another goes: as many as before, and not the same. */
static void
as_many_stops_are_not_the_same_stops(void **state)
{
	struct fixture *f = *state;
	struct stop found;
	uint64_t before;

	stop(f, "s");
	before = stops_version(f->stops);
	stop(f, "t");
	assert_true(stops_find(
	    f->stops, f->arena, SLICE("s"), &found, &f->fail));
	assert_true(stops_end(f->stops, found.id, &f->fail));
	assert_int_equal(stops_count(f->stops), 1);
	assert_true(stops_version(f->stops) != before);
}

static void
who_is_forgotten_leaves_nothing_in_the_file(void **state)
{
	static const uint8_t nobody[PSEUDONYM_SIZE] = {1},
			     whose[PSEUDONYM_SIZE];
	struct fixture *f = *state;
	struct stop found;

	stop(f, "somebody-who-is-forgotten");
	assert_true(stops_forget(f->stops, nobody, &f->fail));
	assert_true(stops_any(f->stops));
	assert_true(stops_forget(f->stops, whose, &f->fail));
	assert_true(sqlite_scrub(f->db, &f->fail));
	assert_false(stops_find(f->stops, f->arena,
	    SLICE("somebody-who-is-forgotten"), &found, &f->fail));
	assert_false(stops_any(f->stops));
}

static void
the_latest_disclosure_is_found_by_object_and_recipient(void **state)
{
	struct fixture *f = *state;
	int64_t id = stop(f, "s");
	struct record *record =
	    person(f, "biz/C1", "s", "a@example.jp", "+81.31234567");
	const struct stop_held held = {.type = OBJECT_CONTACT,
	    .object = SLICE("biz/C1"),
	    .recipient = SLICE("neustar"),
	    .purpose = SLICE("p10"),
	    .channel = SLICE("epp"),
	    .onward = SLICE(""),
	    .entry = 41,
	    .state = SLICE("held"),
	    .about = -1};
	uint64_t entry = 0;

	assert_true(stops_begin(f->stops, &f->fail));
	assert_true(stops_hold(f->stops, id, &held, &f->fail));
	assert_true(stops_commit(f->stops, id, &f->fail));
	assert_true(stops_shown(
	    f->stops, record, SLICE("neustar"), SLICE("p10"), &entry));
	assert_int_equal(entry, 41);
	assert_false(stops_shown(
	    f->stops, record, SLICE("neustar"), SLICE("p11"), &entry));
}

static void
whose_stop_it_is_is_found_by_what_a_person_is_known_by(void **state)
{
	struct fixture *f = *state;
	struct stop found;
	struct record *record =
	    person(f, "biz/C1", "s", "a@example.jp", "+81.31234567");
	struct record *other =
	    person(f, "biz/C2", NULL, "A@Example.jp", "+81.39999999");
	struct record *nobody =
	    person(f, "biz/C3", NULL, "b@example.jp", "+81.38888888");
	int64_t id;

	assert_false(stops_of_role(
	    f->stops, record, CONTACT_ROLE, f->arena, &found, &f->fail));
	id = stop(f, "s");
	assert_true(stops_begin(f->stops, &f->fail));
	assert_true(stops_learn(
	    f->stops, id, record, 1 << CONTACT_ROLE, &f->fail));
	assert_true(stops_commit(f->stops, id, &f->fail));
	assert_true(stops_of_role(
	    f->stops, record, CONTACT_ROLE, f->arena, &found, &f->fail));
	assert_true(found.id == id);
	assert_true(stops_of_role(
	    f->stops, other, CONTACT_ROLE, f->arena, &found, &f->fail));
	assert_true(slice_is(found.subject, "s"));
	assert_false(stops_of_role(
	    f->stops, nobody, CONTACT_ROLE, f->arena, &found, &f->fail));
	assert_int_equal(f->fail.kind, FAIL_NONE);
}

static void
who_stopped_no_more_is_known_until_all_is_shown_again(void **state)
{
	struct fixture *f = *state;
	struct record *one =
	    person(f, "biz/C1", NULL, "a@example.jp", "+81.31234567");
	struct record *two =
	    person(f, "biz/C2", NULL, "b@example.jp", "+81.31234567");
	struct record *nobody =
	    person(f, "biz/C3", NULL, "c@example.jp", "+81.38888888");
	int64_t id = stop(f, "object:contact:biz/C1/contact");

	assert_true(stops_begin(f->stops, &f->fail));
	assert_true(
	    stops_learn(f->stops, id, one, 1 << CONTACT_ROLE, &f->fail));
	assert_true(stops_commit(f->stops, id, &f->fail));
	assert_true(stops_touch(f->stops, two));
	assert_true(stops_end(f->stops, id, &f->fail));
	assert_int_equal(stops_roles(f->stops, two), 0);
	assert_true(stops_touch_any(f->stops));
	assert_true(stops_touch(f->stops, one));
	assert_true(stops_touch(f->stops, two));
	assert_false(stops_touch(f->stops, nobody));
	stops_settle(f->stops);
	assert_false(stops_touch_any(f->stops));
	assert_false(stops_touch(f->stops, two));
}

static void
a_place_for_a_subject_is_nobodys_id(void **state)
{
	struct fixture *f = *state;
	struct record *one =
	    person(f, "biz/C1", NULL, "a@example.jp", "+81.31234567");
	int64_t id = stop(f, "object:contact:biz/C1/contact");

	assert_true(stops_begin(f->stops, &f->fail));
	assert_true(
	    stops_learn(f->stops, id, one, 1 << CONTACT_ROLE, &f->fail));
	assert_true(stops_commit(f->stops, id, &f->fail));
	assert_int_equal(roles(f, "biz/C2", "object:contact:biz/C2/contact",
			     "a@example.jp", "+81.39999999"),
	    1 << CONTACT_ROLE);
	assert_int_equal(
	    roles(f, "biz/C2", "somebody", "a@example.jp", "+81.39999999"), 0);
}

static void
a_stopped_place_is_stopped_whoever_is_named_there(void **state)
{
	struct fixture *f = *state;
	struct record *named =
	    person(f, "biz/C1", "somebody", "b@example.jp", "+81.31234567");
	int64_t id = stop(f, "somebody else");

	/* A named subject's stop is not its place's. */
	assert_true(stops_begin(f->stops, &f->fail));
	assert_true(stops_learn_place(f->stops, id, OBJECT_CONTACT,
	    SLICE("biz/C1"), 1 << CONTACT_ROLE, &f->fail));
	assert_true(stops_commit(f->stops, id, &f->fail));
	assert_int_equal(stops_roles(f->stops, named), 0);
	assert_false(stops_place(f->stops, named, CONTACT_ROLE));
	stop(f, "object:contact:biz/C1/contact");
	assert_int_equal(stops_roles(f->stops, named), 1 << CONTACT_ROLE);
	assert_true(stops_place(f->stops, named, CONTACT_ROLE));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_stopped_at_first),
	    TEST(a_subject_is_known_by_its_id_and_learnt_by_the_rest),
	    TEST(a_stop_outlives_a_restart_and_ends_with_its_removal),
	    TEST(a_subject_stops_once),
	    TEST(as_many_stops_are_not_the_same_stops),
	    TEST(who_is_forgotten_leaves_nothing_in_the_file),
	    TEST(whose_stop_it_is_is_found_by_what_a_person_is_known_by),
	    TEST(who_stopped_no_more_is_known_until_all_is_shown_again),
	    TEST(a_place_for_a_subject_is_nobodys_id),
	    TEST(a_stopped_place_is_stopped_whoever_is_named_there),
	    TEST(the_latest_disclosure_is_found_by_object_and_recipient),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
