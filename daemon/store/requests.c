/*
 * Two tables, of which the younger fills; when it is full the older one is
 * forgotten and they change places.
 */
#include "store/requests.h"

#include <sys/mman.h>

#include "core/canon.h"

enum { PLACES = 2 * REQUESTS_KEPT };

struct place {
	uint8_t key[16];
	uint64_t index_plus_one;
};

struct requests {
	struct place *young, *old;
	size_t used;
};

/* Of its 3 MB only those pages are there that something was put in. */
static struct place *
table_create(void)
{
	void *table = mmap(NULL, PLACES * sizeof(struct place),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return table != MAP_FAILED ? table : NULL;
}

static void
table_destroy(struct place *table)
{
	if (table != NULL)
		munmap(table, PLACES * sizeof(struct place));
}

struct requests *
requests_create(void)
{
	struct requests *requests = calloc(1, sizeof(*requests));

	if (requests == NULL)
		return NULL;
	requests->young = table_create();
	requests->old = table_create();
	if (requests->young != NULL && requests->old != NULL)
		return requests;
	requests_destroy(requests);
	return NULL;
}

void
requests_destroy(struct requests *requests)
{
	if (requests == NULL)
		return;
	table_destroy(requests->young);
	table_destroy(requests->old);
	free(requests);
}

static struct place *
place_of(struct place *places, const struct digest *key)
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, key->bytes, sizeof(hash));
	at = (size_t)hash % PLACES;
	while (places[at].index_plus_one != 0 &&
	    memcmp(places[at].key, key->bytes, sizeof(places[at].key)) != 0)
		at = (at + 1) % PLACES;
	return &places[at];
}

/* The tables are large: a look into them waits for the memory. */
void
requests_expect(const struct requests *requests, const struct digest *key)
{
	uint64_t hash;

	memcpy(&hash, key->bytes, sizeof(hash));
	__builtin_prefetch(&requests->young[hash % PLACES]);
	__builtin_prefetch(&requests->old[hash % PLACES]);
}

bool
requests_find(const struct requests *requests, const struct digest *key,
    uint64_t *index)
{
	const struct place *place = place_of(requests->young, key);

	if (place->index_plus_one == 0)
		place = place_of(requests->old, key);
	*index = place->index_plus_one - 1;
	return place->index_plus_one != 0;
}

void
requests_add(
    struct requests *requests, const struct digest *key, uint64_t index)
{
	struct place *place;

	if (requests->used == REQUESTS_KEPT) {
		struct place *young = requests->old;

		memset(young, 0, PLACES * sizeof(*young));
		requests->old = requests->young;
		requests->young = young;
		requests->used = 0;
	}
	place = place_of(requests->young, key);
	if (place->index_plus_one == 0)
		requests->used++;
	memcpy(place->key, key->bytes, sizeof(place->key));
	place->index_plus_one = index + 1;
}

static void
add(struct digest_run *run, struct slice word)
{
	digest_add(run, word.data, word.len);
	digest_add(run, "", 1);
}

static struct digest
key_long(const struct slice words[4], uint64_t about)
{
	struct digest_run run;

	digest_start(&run);
	for (size_t i = 0; i < 4; i++)
		add(&run, words[i]);
	digest_add(&run, &about, sizeof(about));
	return digest_end(&run);
}

/* The same in one piece, where it is as short as it is nearly always. */
struct digest
requests_key(struct slice request, const char *type,
    const struct slice words[2], uint64_t about)
{
	const struct slice all[4] = {
	    slice_from(type), request, words[0], words[1]};
	struct digest_piece piece;

	digest_piece_start(&piece);
	for (size_t i = 0; i < 4; i++) {
		digest_put(&piece, all[i].data, all[i].len);
		digest_put(&piece, "", 1);
	}
	digest_put(&piece, &about, sizeof(about));
	return piece.is_full ? key_long(all, about)
			     : digest_piece_sha256(&piece);
}

bool
requests_key_of(struct slice entry, struct arena *arena, struct digest *out)
{
	struct slice request, type, words[2] = {{NULL, 0}, {NULL, 0}};
	bool disclosure;
	int64_t about;

	if (!canon_get_string(entry, "request", arena, &request) ||
	    !canon_get_string(entry, "type", arena, &type))
		return false;
	disclosure = slice_is(type, "disclosure");
	canon_get_string(
	    entry, disclosure ? "recipient" : "word", arena, &words[0]);
	if (disclosure)
		canon_get_string(entry, "purpose", arena, &words[1]);
	if (!canon_get_number(
		entry, disclosure ? "supersedes" : "entry", &about))
		about = -1;
	type = arena_copy(arena, type);
	if (type.data == NULL)
		return false;
	*out = requests_key(request, type.data, words, (uint64_t)about);
	return true;
}
