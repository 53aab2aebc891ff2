/* A made-up ledger somewhere below /tmp, and an index of it. */
#ifndef MISU_LOG_PLACE_H
#define MISU_LOG_PLACE_H

#include "ledger_world.h"

#include "runner/log_maker.h"
#include "store/index_feed.h"
#include "store/log_query.h"

struct place {
	char root[64], ledger[96], index[96], other[96], keys_path[96];
	struct disk *disk;
	struct keys *keys;
	struct log_maker *maker;
	struct arena *arena;
	uint64_t random;
	struct fail fail;
};

static void
must_do(const struct place *place, bool ok)
{
	if (!ok)
		print_message("%s: %s (%s)\n", place->fail.place,
		    place->fail.text, place->fail.hint);
	assert_true(ok);
}

/* With an audit's entry among so many; 0: with none. */
static struct place *
place_create_with(uint64_t seed, uint64_t count, unsigned audits)
{
	struct place *place = calloc(1, sizeof(*place));
	struct log_maker_options options = {.seed = seed,
	    .subjects = 40,
	    .objects = 90,
	    .start = 1775000000000,
	    .step = 20000,
	    .audits = audits};

	assert_non_null(place);
	world_directory(place->root);
	snprintf(place->ledger, 96, "%s/ledger", place->root);
	snprintf(place->index, 96, "%s/index.db", place->root);
	snprintf(place->other, 96, "%s/other.db", place->root);
	snprintf(place->keys_path, 96, "%s/keys", place->root);
	place->random = seed;
	place->arena = arena_create(NULL);
	place->disk = disk_real_create(NULL, &place->fail);
	place->keys = keys_open(place->disk, place->keys_path, world_master,
	    &random_system, &place->fail);
	must_do(place, place->keys != NULL);
	options.disk = place->disk;
	options.directory = place->ledger;
	options.keys = place->keys;
	place->maker = log_maker_create(&options, &place->fail);
	must_do(place, place->maker != NULL);
	must_do(place, log_maker_add(place->maker, count, &place->fail));
	must_do(place, log_maker_checkpoint(place->maker, &place->fail));
	return place;
}

static struct place *
place_create(uint64_t seed, uint64_t count)
{
	return place_create_with(seed, count, 0);
}

static void
place_destroy(struct place *place)
{
	char command[128];

	log_maker_destroy(place->maker);
	keys_close(place->keys);
	disk_real_destroy(place->disk);
	arena_destroy(place->arena);
	snprintf(command, sizeof(command), "rm -rf '%s'", place->root);
	assert_int_equal(system(command), 0);
	free(place);
}

static unsigned
below(struct place *place, unsigned limit)
{
	return (unsigned)(log_maker_random(&place->random) % limit);
}

static struct index_feed *
feed_open(struct place *place, const char *path, bool *anew)
{
	struct index_feed_options options = {.disk = place->disk,
	    .directory = place->ledger,
	    .path = path,
	    .keys = place->keys};
	struct index_feed *feed = index_feed_open(&options, anew, &place->fail);

	must_do(place, feed != NULL);
	return feed;
}

/* All there is, or the next so many entries; what is left. */
static uint64_t
feed_some(struct place *place, const char *path, uint64_t most)
{
	bool anew;
	struct index_feed *feed = feed_open(place, path, &anew);
	uint64_t left;

	must_do(place, index_feed_run(feed, most, NULL, &left, &place->fail));
	index_feed_close(feed);
	return left;
}

/* --- what queries find --- */

enum { FOUND_MAX = 20000 };

struct found {
	uint64_t indexes[FOUND_MAX];
	size_t count;
	uint64_t looked;
};

static bool
on_found(void *context, const struct entry_shown *shown)
{
	struct found *found = context;

	if (found->count < FOUND_MAX)
		found->indexes[found->count++] = shown->index;
	return true;
}

static void
add_pseudonym(struct place *place, struct text *text)
{
	struct subject subject;
	struct digest id;
	char name[24];
	bool fresh;

	snprintf(name, sizeof(name), "cust-%u", below(place, 45));
	id = keys_id(place->keys, slice_from(name));
	must_do(place,
	    keys_subject(place->keys, &id, &subject, &fresh, &place->fail));
	text_add_string(text, "pseudonym:");
	text_add_hex(text, subject.pseudonym, PSEUDONYM_SIZE);
}

#endif
