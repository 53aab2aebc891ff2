#include "answers.h"

#include <stdlib.h>

enum {
	PLACES_FIRST = 1024, /* a power of two */
	AROUND = 64	     /* what an allocation costs besides */
};

/* In the list the one that was asked for last comes first. */
struct kept {
	struct answer answer; /* first: an answer is what it is kept in */
	struct kept *same;    /* next in its place of the table */
	struct kept *newer, *older;
	uint64_t hash;
	size_t size;
	char room[];
};

struct answers {
	uint64_t seed;
	size_t bytes, bytes_max, count, places;
	struct kept **table;
	struct kept *newest, *oldest;
};

static uint64_t
hash_of(const struct answers *answers, struct slice key)
{
	uint64_t hash = answers->seed ^ key.len * 0x9e3779b97f4a7c15u;
	size_t at = 0;

	for (; at + 8 <= key.len; at += 8) {
		uint64_t word;

		memcpy(&word, key.data + at, 8);
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	for (; at < key.len; at++) {
		hash =
		    (hash ^ (unsigned char)key.data[at]) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	return hash;
}

struct answers *
answers_create(size_t bytes_max, uint64_t seed)
{
	struct answers *answers = calloc(1, sizeof(*answers));

	if (answers == NULL)
		return NULL;
	answers->seed = seed;
	answers->bytes_max = bytes_max;
	answers->places = PLACES_FIRST;
	answers->table = calloc(answers->places, sizeof(*answers->table));
	if (answers->table != NULL)
		return answers;
	free(answers);
	return NULL;
}

void
answers_destroy(struct answers *answers)
{
	if (answers == NULL)
		return;
	answers_clear(answers);
	free(answers->table);
	free(answers);
}

static struct kept **
place_of(struct answers *answers, uint64_t hash)
{
	return &answers->table[hash & (answers->places - 1)];
}

static void
unlink_one(struct answers *answers, struct kept *kept)
{
	if (kept->newer != NULL)
		kept->newer->older = kept->older;
	else
		answers->newest = kept->older;
	if (kept->older != NULL)
		kept->older->newer = kept->newer;
	else
		answers->oldest = kept->newer;
}

static void
link_newest(struct answers *answers, struct kept *kept)
{
	kept->newer = NULL;
	kept->older = answers->newest;
	if (answers->newest != NULL)
		answers->newest->newer = kept;
	else
		answers->oldest = kept;
	answers->newest = kept;
}

static void
drop(struct answers *answers, struct kept *kept)
{
	struct kept **at = place_of(answers, kept->hash);

	while (*at != kept)
		at = &(*at)->same;
	*at = kept->same;
	unlink_one(answers, kept);
	answers->bytes -= kept->size;
	answers->count--;
	free(kept);
}

static void
drop_oldest(struct answers *answers)
{
	struct kept *newer = answers->oldest->newer;

	drop(answers, answers->oldest);
	answers->oldest = newer;
}

void
answers_clear(struct answers *answers)
{
	while (answers->oldest != NULL)
		drop_oldest(answers);
}

static void
make_room(struct answers *answers, size_t size)
{
	while (answers->oldest != NULL &&
	       answers->bytes + size > answers->bytes_max)
		drop_oldest(answers);
}

void
answers_set_limit(struct answers *answers, size_t bytes_max)
{
	answers->bytes_max = bytes_max;
	make_room(answers, 0);
}

struct answer *
answers_find(struct answers *answers, struct slice key)
{
	uint64_t hash = hash_of(answers, key);
	struct kept *kept = *place_of(answers, hash);

	while (kept != NULL &&
	       (kept->hash != hash || !slice_equal(kept->answer.key, key)))
		kept = kept->same;
	if (kept == NULL)
		return NULL;
	if (kept != answers->newest) {
		unlink_one(answers, kept);
		link_newest(answers, kept);
	}
	return &kept->answer;
}

/* Without memory the lists only get longer. */
static void
widen(struct answers *answers)
{
	size_t places = answers->places * 2;
	struct kept **table;

	if (answers->count < answers->places)
		return;
	table = calloc(places, sizeof(*table));
	if (table == NULL)
		return;
	free(answers->table);
	answers->table = table;
	answers->places = places;
	for (struct kept *kept = answers->oldest; kept != NULL;
	     kept = kept->newer) {
		struct kept **at = place_of(answers, kept->hash);

		kept->same = *at;
		*at = kept;
	}
}

static struct slice
copy(char **room, struct slice from)
{
	struct slice out = {*room, from.len};

	if (from.len != 0)
		memcpy(*room, from.data, from.len);
	*room += from.len;
	return out;
}

struct answer *
answers_keep(struct answers *answers, const struct answer *answer)
{
	size_t room =
	    answer->key.len + answer->bytes.len + answer->ask.name.len;
	size_t size = sizeof(struct kept) + room + AROUND;
	struct answer *before = answers_find(answers, answer->key);
	struct kept *kept;
	char *at;

	if (before != NULL)
		answers_drop(answers, before);
	if (size > answers->bytes_max)
		return NULL;
	make_room(answers, size);
	kept = malloc(sizeof(*kept) + room);
	if (kept == NULL)
		return NULL;
	widen(answers);
	kept->answer = *answer;
	at = kept->room;
	kept->answer.bytes = copy(&at, answer->bytes);
	kept->answer.key = copy(&at, answer->key);
	kept->answer.ask.name = copy(&at, answer->ask.name);
	kept->hash = hash_of(answers, answer->key);
	kept->size = size;
	kept->same = *place_of(answers, kept->hash);
	*place_of(answers, kept->hash) = kept;
	link_newest(answers, kept);
	answers->bytes += size;
	answers->count++;
	return &kept->answer;
}

void
answers_drop(struct answers *answers, struct answer *answer)
{
	drop(answers, (struct kept *)answer);
}

size_t
answers_bytes(const struct answers *answers)
{
	return answers->bytes;
}

size_t
answers_count(const struct answers *answers)
{
	return answers->count;
}
