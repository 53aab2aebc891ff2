/* Where contacts stand: what the keeper adds, forgets and will not believe. */
#include "core/place.h"

#include "keeper_world.h"

/* A commit about contact u/C1: of itself, or of a domain that names it. */
struct about {
	bool is_domain;
	enum operation operation;
	uint64_t seen;
	struct places places;
	bool is_placed;
};

static struct record *
make_record(struct keeper_world *world, const struct about *about)
{
	const struct wish wish = {.kind = KIND_NATURAL,
	    .operation = about->operation,
	    .is_contact = !about->is_domain,
	    .object = about->is_domain ? NULL : "u/C1"};
	struct record *record = record_of(world, &wish);
	const struct epp_facts made = {
	    .given = true, .created = 1700000000, .made = true};

	if (!about->is_domain && about->operation == OPERATION_CREATE)
		assert_true(record_set_epp(record, &made, &world->fail));
	if (about->is_domain)
		assert_true(record_add_value(record, ROLE_ADMIN, FIELD_HANDLE,
		    SLICE("C1"), &world->fail));
	return record;
}

static struct asked *
say(struct keeper_world *world, const struct about *about)
{
	struct asked *asked = arena_take(world->arena, sizeof(*asked));
	struct decide_given given = {.random = {7}};
	const struct decide_scope scope = {.places = about->places.items,
	    .place_count = about->places.count,
	    .is_placed = about->is_placed};
	struct record *record = make_record(world, about);
	const struct block *block = ruleset_block(world->ruleset, 0);
	struct keeper_commit commit = {.record = record,
	    .block = about->is_domain ? block : NULL,
	    .scope = about->is_domain ? NULL : &scope,
	    .given = &given,
	    .upstream = SLICE("u"),
	    .channel = SLICE("epp"),
	    .principal = SLICE("backend"),
	    .payload = SLICE("the exact bytes"),
	    .setup = world->setup,
	    .store = KEEP_RECORD,
	    .seen = about->seen};

	commit.disclosure = about->is_domain
				? decide(world->ruleset, block, record, &given,
				      world->arena, &world->fail)
				: decide_contact(world->ruleset, &scope, record,
				      &given, world->arena, &world->fail);
	assert_non_null(commit.disclosure);
	asked->arena = world->arena;
	keeper_commit(
	    world->sides[0].link, asked->arena, &commit, asked_done, asked);
	return asked;
}

static struct asked *
said(struct keeper_world *world, const struct about *about)
{
	struct asked *asked = say(world, about);

	settle(world);
	assert_int_equal(asked->done, 1);
	assert_int_equal(asked->fail.kind, FAIL_NONE);
	return asked;
}

static void
tell_end(
    struct keeper_world *world, const struct asked *asked, enum keeper_end how)
{
	const struct keeper_outcome outcome = {.entry = asked->committed.entry,
	    .end = how,
	    .code = how == KEEPER_ANSWERED ? 1000 : 0,
	    .object = {OBJECT_CONTACT, SLICE("u/C1")},
	    .store = KEEP_RECORD};

	keeper_outcome(world->sides[0].link, &outcome);
}

static void
end_contact(
    struct keeper_world *world, const struct asked *asked, enum keeper_end how)
{
	tell_end(world, asked, how);
	settle(world);
}

/* --- what a worker fetches --- */

struct seen {
	bool done, has_list;
	uint64_t number;
	struct places places;
};

static void
seen_done(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail)
{
	struct seen *seen = arg;

	assert_null(fail);
	assert_int_equal(count, 2);
	seen->done = true;
	seen->has_list = held[0].current != NULL;
	seen->number = held[0].seen;
	place_read(held[0].current, held[1].current, &seen->places);
}

static struct seen
look(struct keeper_world *world)
{
	struct keeper_object objects[2] = {
	    {OBJECT_CONTACT, place_name(world->arena, SLICE("u/C1"))},
	    {OBJECT_CONTACT, SLICE("u/C1")}};
	struct seen seen = {.done = false};

	keeper_fetch(
	    world->sides[0].link, world->arena, objects, 2, seen_done, &seen);
	settle(world);
	assert_true(seen.done);
	return seen;
}

static const struct about created = {.operation = OPERATION_CREATE};
static const struct about named = {.is_domain = true};

static const struct about changed = {.operation = OPERATION_UPDATE};

static void
create_contact(struct keeper_world *world)
{
	end_contact(world, said(world, &created), KEEPER_ANSWERED);
}

/* --- tests --- */

static void
a_name_counts_from_the_entry_on(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct seen seen;

	(void)state;
	create_contact(world);
	seen = look(world);
	assert_int_equal(seen.places.since, 1700000000);
	assert_int_equal(seen.places.count, 0);
	/* Nothing is written of a contact that nobody named. */
	assert_false(seen.has_list);
	said(world, &named);
	keeper_kill(world);
	join(&world->sides[0]);
	seen = look(world);
	assert_true(seen.places.since > 0);
	assert_int_equal(seen.places.count, 1);
	assert_int_equal(seen.places.items[0].roles, 1u << ROLE_ADMIN);
	assert_true(slice_is(seen.places.items[0].suffix, ".example"));
	keeper_world_destroy(world);
}

/* The answer is known, and its entry not on the disk. */
static void
a_name_right_after_the_creation_knows_of_it(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct asked *asked;
	struct seen seen;

	(void)state;
	tell_end(world, said(world, &created), KEEPER_ANSWERED);
	asked = say(world, &named);
	settle(world);
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	seen = look(world);
	assert_true(seen.places.since > 0);
	assert_int_equal(seen.places.count, 1);
	keeper_world_destroy(world);
}

/* A list that is there already, as of a contact of the same name before. */
static void
a_creation_is_noted_in_the_list(void **state)
{
	struct keeper_world *world = keeper_world_create();

	(void)state;
	said(world, &named);
	assert_int_equal(look(world).places.since, 0);
	create_contact(world);
	assert_true(look(world).places.since > 0);
	assert_int_equal(look(world).places.count, 1);
	keeper_world_destroy(world);
}

static void
what_was_not_made_here_may_stand_anywhere(void **state)
{
	struct keeper_world *world = keeper_world_create();

	(void)state;
	end_contact(world, said(world, &created), KEEPER_UNKNOWN);
	said(world, &named);
	assert_int_equal(look(world).places.since, 0);
	/* A change that is taken makes it no more known. */
	end_contact(world,
	    said(world, &(struct about){.operation = OPERATION_UPDATE,
			    .places = look(world).places}),
	    KEEPER_ANSWERED);
	assert_int_equal(look(world).places.since, 0);
	assert_int_equal(look(world).places.count, 1);
	keeper_world_destroy(world);
}

/* Two workers at once: the contact's change did not know of the name. */
static void
a_change_judged_by_fewer_places_begins_anew(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct about about = {.operation = OPERATION_UPDATE, .is_placed = true};

	(void)state;
	create_contact(world);
	about.places = look(world).places;
	say(world, &named);
	/* The name is not even on the disk. */
	assert_int_equal(said(world, &about)->committed.word, KEEPER_CHANGED);
	about.places = look(world).places;
	assert_int_equal(said(world, &about)->committed.word, KEEPER_DURABLE);
	assert_int_equal(said(world, &changed)->committed.word, KEEPER_CHANGED);
	keeper_world_destroy(world);
}

/* And the other way round: the name did not know of the change. */
static void
a_name_judged_by_an_older_contact_begins_anew(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct about about = named;

	(void)state;
	create_contact(world);
	about.seen = look(world).number;
	said(world, &changed);
	assert_int_equal(said(world, &about)->committed.word, KEEPER_CHANGED);
	about.seen = look(world).number;
	assert_int_equal(said(world, &about)->committed.word, KEEPER_DURABLE);
	/* What a keeper said that died is of no use. */
	about.seen = look(world).number;
	keeper_kill(world);
	join(&world->sides[0]);
	assert_int_equal(said(world, &about)->committed.word, KEEPER_CHANGED);
	keeper_world_destroy(world);
}

/* Else what the one withdrew came back with the other. */
static void
a_change_judged_by_an_older_contact_begins_anew(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct about about = changed;

	(void)state;
	create_contact(world);
	about.seen = look(world).number;
	end_contact(world, said(world, &changed), KEEPER_ANSWERED);
	assert_int_equal(said(world, &about)->committed.word, KEEPER_CHANGED);
	about.seen = look(world).number;
	assert_int_equal(said(world, &about)->committed.word, KEEPER_DURABLE);
	keeper_world_destroy(world);
}

static void
a_deleted_contact_leaves_no_places(void **state)
{
	struct keeper_world *world = keeper_world_create();
	const struct keeper_outcome gone = {.entry = UINT64_MAX,
	    .end = KEEPER_ANSWERED,
	    .object = {OBJECT_CONTACT, SLICE("u/C1")},
	    .store = KEEP_REMOVAL};

	(void)state;
	create_contact(world);
	said(world, &named);
	keeper_outcome(world->sides[0].link, &gone);
	pass_time(world, KEEPER_OUTCOME_DELAY);
	assert_int_equal(look(world).places.since, 0);
	assert_int_equal(look(world).places.count, 0);
	keeper_world_destroy(world);
}

/* --- the list itself --- */

static void
too_many_places_are_anywhere(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct places places = {.since = 7}, read;
	struct fail fail = FAIL_INIT;
	char suffix[PLACES_MAX + 1][8];

	(void)state;
	for (unsigned i = 0; i < PLACES_MAX; i++) {
		snprintf(suffix[i], sizeof(suffix[i]), ".t%u", i);
		assert_true(
		    place_add(&places, 1u << ROLE_TECH, slice_from(suffix[i])));
		assert_false(
		    place_add(&places, 1u << ROLE_TECH, slice_from(suffix[i])));
	}
	place_read(
	    place_record(arena, SLICE("u/C1"), &places, &fail), NULL, &read);
	assert_int_equal(read.since, 7);
	assert_int_equal(read.count, PLACES_MAX);
	assert_true(place_add(&read, 1u << ROLE_ADMIN, SLICE(".t3")));
	assert_int_equal(read.count, PLACES_MAX);
	assert_true(place_add(&read, 1u << ROLE_ADMIN, SLICE(".more")));
	assert_int_equal(read.count, 1);
	assert_true(slice_equal(read.items[0].suffix, PLACE_ANYWHERE));
	assert_int_equal(
	    read.items[0].roles, 1u << ROLE_ADMIN | 1u << ROLE_TECH);
	assert_false(place_add(&read, 1u << ROLE_TECH, SLICE(".else")));
	arena_destroy(arena);
}

static void
a_suffix_is_what_follows_the_name(void **state)
{
	(void)state;
	assert_true(slice_is(place_suffix(SLICE("example.co.jp")), ".co.jp"));
	assert_true(slice_is(place_suffix(SLICE("example")), "."));
	assert_true(slice_is(
	    place_suffix(SLICE("a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
			       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
	    "."));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_counts_from_the_entry_on),
	    cmocka_unit_test(a_name_right_after_the_creation_knows_of_it),
	    cmocka_unit_test(a_creation_is_noted_in_the_list),
	    cmocka_unit_test(what_was_not_made_here_may_stand_anywhere),
	    cmocka_unit_test(a_change_judged_by_fewer_places_begins_anew),
	    cmocka_unit_test(a_name_judged_by_an_older_contact_begins_anew),
	    cmocka_unit_test(a_change_judged_by_an_older_contact_begins_anew),
	    cmocka_unit_test(a_deleted_contact_leaves_no_places),
	    cmocka_unit_test(too_many_places_are_anywhere),
	    cmocka_unit_test(a_suffix_is_what_follows_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
