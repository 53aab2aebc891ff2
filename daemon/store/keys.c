/*
 * On disk, beside what keys_root.c keeps: `slots`, records of 128 bytes under
 * the wrapping secret.  A slot is one of
 *
 *	'K' nonce[12] AES-256-GCM(key[32] pseudonym[16]) tag[16] zeros
 *	'F' zeros	(forgotten)
 *
 * with the slot's number as associated data, so that slots cannot change
 * places.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/text.h"
#include "store/keys_priv.h"

static bool
system_fill(void *context, void *out, size_t len)
{
	size_t done = 0;

	(void)context;
	while (done < len) {
		ssize_t n = getrandom((char *)out + done, len - done, 0);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

const struct random_source random_system = {.fill = system_fill};

/* --- slots --- */

enum { SLOT_LABEL = 5 + TEXT_NUMBER_MAX };

static struct slice
slot_label(uint32_t number, char label[SLOT_LABEL])
{
	memcpy(label, "slot ", 5);
	return (struct slice){
	    label, (size_t)(text_put_number(label + 5, number) - label)};
}

/*
 * The slots have one place in memory from the first to the last, taken as
 * they grow: who reads them in another thread (the index) never finds them
 * moved.
 */
static bool
slots_grow(struct keys *keys, uint32_t count, struct fail *fail)
{
	size_t whole = (size_t)SLOTS_MAX * sizeof(*keys->slots);
	size_t page = 65536, size = count * sizeof(*keys->slots);
	void *place = keys->slots;

	if (count > SLOTS_MAX)
		return fail_set(fail, FAIL_WORLD, "the key slots are full");
	if (count <= keys->slot_room)
		return true;
	if (place == NULL)
		place = mmap(NULL, whole, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (place == MAP_FAILED)
		return fail_memory(fail);
	keys->slots = place;
	size = (size + page - 1) / page * page;
	if (size > whole)
		size = whole;
	if (mprotect(place, size, PROT_READ | PROT_WRITE) != 0)
		return fail_memory(fail);
	keys->slot_room = (uint32_t)(size / sizeof(*keys->slots));
	return true;
}

/* `wrap` may be NULL: the key that the cipher had before. */
bool
keys_slot_make(const uint8_t *wrap, struct digest_cipher *cipher,
    uint32_t number, const struct fresh *fresh, uint8_t record[SLOT_SIZE])
{
	char label[SLOT_LABEL];
	struct digest_seal seal = {.key = wrap,
	    .nonce = record + 1,
	    .label = slot_label(number, label),
	    .plain = {(const char *)fresh->plain, SLOT_PLAIN}};

	record[0] = 'K';
	memcpy(record + 1, fresh->nonce, NONCE_SIZE);
	return digest_cipher_encrypt(cipher, &seal, record + 1 + NONCE_SIZE);
}

/* A chunk's records and what they are made of. */
struct chunk {
	uint8_t records[SLOT_CHUNK * SLOT_SIZE];
	struct fresh fresh[SLOT_CHUNK];
};

static bool
chunk_make(struct keys *keys, uint32_t first, struct chunk *chunk,
    struct fail *fail)
{
	struct digest_cipher *cipher = digest_cipher_create();
	uint8_t wrap[KEY_SIZE];
	bool ok = cipher != NULL || fail_memory(fail);

	ok = ok && keys_fill(keys, chunk->fresh, sizeof(chunk->fresh), fail);
	keys_derive_from(keys->root.wrap, "slots", wrap);
	for (uint32_t i = 0; ok && i < SLOT_CHUNK; i++)
		ok = keys_slot_make(i == 0 ? wrap : NULL, cipher, first + i,
			 &chunk->fresh[i],
			 chunk->records + (size_t)i * SLOT_SIZE) ||
		    fail_memory(fail);
	digest_wipe(wrap, sizeof(wrap));
	digest_cipher_destroy(cipher);
	return ok;
}

/* The first chunk is there whole or not at all: then it is made anew. */
static bool
chunk_write(struct keys *keys, uint32_t first, const struct chunk *chunk,
    struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	char fresh[KEYS_PATH + 16];
	struct disk_file *file;
	bool ok;

	snprintf(fresh, sizeof(fresh), "%s%s", keys->slots_path,
	    first == 0 ? ".first" : "");
	if (!op->open(keys->disk, fresh, DISK_WRITE, &file, fail))
		return false;
	ok = op->write(keys->disk, file, (uint64_t)first * SLOT_SIZE,
		 chunk->records, sizeof(chunk->records), fail) &&
	    op->sync(keys->disk, file, fail);
	op->close(keys->disk, file);
	return ok &&
	    (first != 0 ||
		(op->rename(keys->disk, fresh, keys->slots_path, fail) &&
		    op->sync_directory(keys->disk, keys->directory, fail)));
}

/* A chunk is whole and synced before any of its slots is given out. */
static bool
pool_extend(struct keys *keys, struct fail *fail)
{
	uint32_t first = keys->slot_count;
	struct chunk *chunk;
	bool ok;

	if (keys->broken)
		return fail_set(
		    fail, FAIL_WORLD, "a rotation of keys failed");
	if (!slots_grow(keys, first + SLOT_CHUNK, fail))
		return false;
	chunk = calloc(1, sizeof(*chunk));
	if (chunk == NULL)
		return fail_memory(fail);
	ok = chunk_make(keys, first, chunk, fail) &&
	    chunk_write(keys, first, chunk, fail);
	for (uint32_t i = 0; ok && i < SLOT_CHUNK; i++) {
		const uint8_t *plain = chunk->fresh[i].plain;
		struct slot *slot = &keys->slots[first + i];

		memcpy(slot->key, plain, KEY_SIZE);
		memcpy(slot->pseudonym, plain + KEY_SIZE, PSEUDONYM_SIZE);
	}
	/* Another thread sees a slot only when it is whole. */
	if (ok)
		__atomic_store_n(&keys->slot_count, first + SLOT_CHUNK,
		    __ATOMIC_RELEASE);
	digest_wipe(chunk, sizeof(*chunk));
	free(chunk);
	return ok;
}

/* What opens slots, one after another. */
struct opener {
	struct digest_cipher *cipher;
	uint8_t wrap[KEY_SIZE];
};

static bool
slot_open(const struct opener *opener, uint32_t number,
    const uint8_t record[SLOT_SIZE], uint8_t plain[SLOT_PLAIN])
{
	char label[SLOT_LABEL];
	struct digest_seal seal = {.key = opener->wrap,
	    .nonce = record + 1,
	    .label = slot_label(number, label),
	    .plain = {(const char *)record + 1 + NONCE_SIZE,
		SLOT_PLAIN + TAG_SIZE}};

	return record[0] == 'K' &&
	       digest_cipher_decrypt(opener->cipher, &seal, plain);
}

static bool
slot_load(struct keys *keys, const struct opener *opener, uint32_t number,
    const uint8_t record[SLOT_SIZE], struct fail *fail)
{
	struct slot *slot = &keys->slots[number];
	uint8_t plain[SLOT_PLAIN];

	if (record[0] == 'F') {
		slot->forgotten = true;
		keys->forgotten++;
		return true;
	}
	if (!slot_open(opener, number, record, plain)) {
		fail_set(fail, FAIL_WORLD, "key slot %u is damaged", number);
		fail_place(fail, "%s:%llu", keys->slots_path,
		    (unsigned long long)number * SLOT_SIZE);
		fail_hint(fail, "restore the keys directory from a backup");
		return false;
	}
	memcpy(slot->key, plain, KEY_SIZE);
	memcpy(slot->pseudonym, plain + KEY_SIZE, PSEUDONYM_SIZE);
	digest_wipe(plain, sizeof(plain));
	return true;
}

/*
 * How many slots of the file are whole.  A crash may leave the last chunk with
 * fewer bytes than it should have, or zeros where they were to come: none of
 * it was given out, and it is cut.  That cannot be so of the first one, which
 * comes by a rename, nor of one in which a slot was forgotten.
 */
static uint32_t
count_whole(struct slice file)
{
	static const char nothing[SLOT_SIZE];
	uint32_t all = (uint32_t)(file.len / SLOT_SIZE);
	uint32_t count = all / SLOT_CHUNK * SLOT_CHUNK;
	uint32_t last = file.len % ((size_t)SLOT_CHUNK * SLOT_SIZE) == 0 &&
				count != 0
			    ? count - SLOT_CHUNK
			    : count;
	bool torn = last == count;

	for (uint32_t i = last; last != 0 && i < all; i++) {
		const char *record = file.data + (size_t)i * SLOT_SIZE;

		if (record[0] == 'F')
			return all;
		torn = torn || memcmp(record, nothing, SLOT_SIZE) == 0;
	}
	return last == 0 ? all : torn ? last : count;
}

static bool
slots_cut(struct keys *keys, size_t len, struct fail *fail)
{
	fail_set(fail, FAIL_WORLD, "the key slots are cut: %zu bytes", len);
	fail_place(fail, "%s", keys->slots_path);
	fail_hint(fail, "restore the keys directory from a backup;"
			" nothing was changed");
	return false;
}

static bool
slots_load(struct keys *keys, struct arena *arena, struct fail *fail)
{
	struct opener opener;
	struct slice file;
	uint32_t count;
	bool ok = true;

	const char *path = keys_file(keys, "slots", arena);

	if (path == NULL)
		return fail_memory(fail);
	if (!disk_read_file(keys->disk, path,
		(size_t)SLOTS_MAX * SLOT_SIZE, arena, &file, fail))
		return false;
	count = count_whole(file);
	if (count == 0 || count % SLOT_CHUNK != 0)
		return slots_cut(keys, file.len, fail);
	if (!slots_grow(keys, count, fail))
		return false;
	opener.cipher = digest_cipher_create();
	if (opener.cipher == NULL)
		ok = fail_memory(fail);
	keys_derive_from(keys->root.wrap, "slots", opener.wrap);
	for (uint32_t i = 0; ok && i < count; i++)
		ok = slot_load(keys, &opener, i,
		    (const uint8_t *)file.data + (size_t)i * SLOT_SIZE, fail);
	digest_cipher_destroy(opener.cipher);
	digest_wipe(opener.wrap, sizeof(opener.wrap));
	keys->slot_count = count;
	return ok;
}

/* --- opening --- */

/* Whole or not there: a first start that failed is begun anew. */
static bool
make_signing(struct keys *keys, struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	char from[KEYS_PATH + 16], to[KEYS_PATH + 16];

	snprintf(from, sizeof(from), "%s/signing.first", keys->directory);
	snprintf(to, sizeof(to), "%s/signing", keys->directory);
	return keys_signing_write(keys, &keys->signing, keys->root.wrap,
		   "signing.first", fail) &&
	       op->rename(keys->disk, from, to, fail) &&
	       op->sync_directory(keys->disk, keys->directory, fail);
}

/*
 * The root is made first and the slots last: keys without a signing key were
 * never in use.
 */
static bool
make_all(struct keys *keys, bool had_slots, struct fail *fail)
{
	if (had_slots) {
		fail_set(fail, FAIL_WORLD,
		    "there are key slots but no signing key");
		fail_place(fail, "%s/signing", keys->directory);
		fail_hint(fail, "restore the keys directory from a backup");
		return false;
	}
	return keys_root_create(keys, fail) &&
	    keys_fill(keys, keys->signing.seed, KEY_SIZE, fail) &&
	    (digest_public_key(
		 keys->signing.seed, keys->signing.public_key) ||
		fail_memory(fail)) &&
	    make_signing(keys, fail);
}

static bool
check_version(struct keys *keys, struct arena *arena, struct fail *fail)
{
	if (disk_has(keys->disk, keys->directory, "root", arena))
		return true;
	fail_set(fail, FAIL_WORLD, "there is a signing key but no root");
	fail_place(fail, "%s/root", keys->directory);
	fail_hint(fail, "restore the keys directory from a backup; one that a"
			" trial version made is not read any more");
	return false;
}

static bool
keys_start(struct keys *keys, struct arena *arena, struct fail *fail)
{
	struct disk *disk = keys->disk;
	uint8_t id[KEY_SIZE];
	bool writes = keys->random != NULL, had_slots, had_signing;

	if (writes &&
	    !disk->operations->make_directory(disk, keys->directory, fail))
		return false;
	had_slots = disk_has(disk, keys->directory, "slots", arena);
	had_signing = disk_has(disk, keys->directory, "signing", arena);
	if (!had_signing && writes) {
		if (!make_all(keys, had_slots, fail))
			return false;
	} else if (!check_version(keys, arena, fail) ||
	    !keys_root_load(keys, arena, fail) ||
	    (writes &&
		(!disk->operations->sync_directory(
		     disk, keys->directory, fail) ||
		    !keys_settle(keys, arena, fail))) ||
	    !keys_signing_load(keys, arena, fail))
		return false;
	keys_derive(keys, "subject-id", id);
	digest_key_set(&keys->id_key, id);
	digest_wipe(id, sizeof(id));
	if (had_slots && !slots_load(keys, arena, fail))
		return false;
	if (keys->slot_count != 0 || !writes)
		return true;
	keys->is_settled = pool_extend(keys, fail);
	return keys->is_settled;
}

static struct keys *
open_all(struct disk *disk, const char *directory,
    const uint8_t master[KEY_SIZE], const struct random_source *random,
    struct fail *fail)
{
	struct keys *keys = calloc(1, sizeof(*keys));
	struct arena *arena = arena_create(NULL);
	bool ok = keys != NULL && arena != NULL;

	if (!ok)
		fail_memory(fail);
	else if (strlen(directory) > 900)
		ok = fail_set(fail, FAIL_INPUT, "the path is too long");
	if (ok) {
		keys->disk = disk;
		keys->random = random;
		keys_derive_from(master, "root", keys->master_wrap.bytes);
		keys->fingerprint = keys_fingerprint(master);
		snprintf(keys->directory, KEYS_PATH, "%s", directory);
		snprintf(keys->slots_path, KEYS_PATH, "%.1000s/slots",
		    directory);
		ok = keys_start(keys, arena, fail);
	}
	arena_destroy(arena);
	if (ok)
		return keys;
	keys_close(keys);
	return NULL;
}

struct keys *
keys_open(struct disk *disk, const char *directory,
    const uint8_t master[KEY_SIZE], const struct random_source *random,
    struct fail *fail)
{
	return open_all(disk, directory, master, random, fail);
}

struct keys *
keys_look(struct disk *disk, const char *directory,
    const uint8_t master[KEY_SIZE], struct fail *fail)
{
	return open_all(disk, directory, master, NULL, fail);
}

void
keys_close(struct keys *keys)
{
	if (keys == NULL)
		return;
	if (keys->slots != NULL) {
		digest_wipe(
		    keys->slots, keys->slot_count * sizeof(*keys->slots));
		munmap(keys->slots,
		    (size_t)SLOTS_MAX * sizeof(*keys->slots));
	}
	free(keys->places);
	digest_wipe(keys, sizeof(*keys));
	free(keys);
}

/* --- who has which slot --- */

struct digest
keys_id(const struct keys *keys, struct slice id)
{
	return digest_key_hmac(&keys->id_key, id);
}

/* The place of this id, or the empty one where it would stand. */
static struct place *
place_of(struct place *places, size_t count, const uint8_t id[ID_SIZE])
{
	uint64_t hash;
	size_t at;

	memcpy(&hash, id, sizeof(hash));
	at = (size_t)hash & (count - 1);
	while (places[at].slot_plus_one != 0 &&
	    memcmp(places[at].id, id, ID_SIZE) != 0)
		at = (at + 1) & (count - 1);
	return &places[at];
}

static bool
places_grow(struct keys *keys, struct fail *fail)
{
	size_t count = keys->place_count == 0 ? 1024 : keys->place_count * 2;
	struct place *places = calloc(count, sizeof(*places));

	if (places == NULL)
		return fail_memory(fail);
	for (size_t i = 0; i < keys->place_count; i++) {
		const struct place *old = &keys->places[i];

		if (old->slot_plus_one != 0)
			*place_of(places, count, old->id) = *old;
	}
	free(keys->places);
	keys->places = places;
	keys->place_count = count;
	return true;
}

static bool
assign(struct keys *keys, const struct digest *id, uint32_t slot,
    struct fail *fail)
{
	struct place *place;

	if (keys->place_used * 4 >= keys->place_count * 3 &&
	    !places_grow(keys, fail))
		return false;
	place = place_of(keys->places, keys->place_count, id->bytes);
	if (place->slot_plus_one == 0)
		keys->place_used++;
	memcpy(place->id, id->bytes, ID_SIZE);
	place->slot_plus_one = slot + 1;
	keys->slots[slot].taken = true;
	return true;
}

static bool
find(const struct keys *keys, const struct digest *id, uint32_t *slot)
{
	const struct place *place;

	if (keys->place_count == 0)
		return false;
	place = place_of(keys->places, keys->place_count, id->bytes);
	*slot = place->slot_plus_one - 1;
	return place->slot_plus_one != 0 && !keys->slots[*slot].forgotten;
}

static void
give(const struct keys *keys, uint32_t slot, struct subject *out)
{
	out->slot = slot;
	memcpy(out->pseudonym, keys->slots[slot].pseudonym, PSEUDONYM_SIZE);
	memcpy(out->key, keys->slots[slot].key, KEY_SIZE);
}

static bool
chunk_write_again(struct keys *keys, uint8_t *records, struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	size_t size = (size_t)SLOT_CHUNK * SLOT_SIZE;
	uint64_t at = (uint64_t)(keys->slot_count - SLOT_CHUNK) * SLOT_SIZE;
	struct disk_file *file;
	size_t got = 0;
	bool ok;

	if (!op->open(keys->disk, keys->slots_path, DISK_WRITE, &file, fail))
		return false;
	ok = op->read(keys->disk, file, at, records, size, &got, fail) &&
	     (got == size ||
		 fail_set(fail, FAIL_WORLD, "the key slots were cut")) &&
	     op->write(keys->disk, file, at, records, size, fail) &&
	     op->sync(keys->disk, file, fail);
	op->close(keys->disk, file);
	return ok;
}

/*
 * The newest chunk may have been read back although the sync of it failed in
 * an earlier life: it is written again before a slot of it is given out.
 */
static bool
settle_chunk(struct keys *keys, struct fail *fail)
{
	uint8_t *records;

	if (keys->is_settled || keys->slot_count == 0)
		return true;
	records = malloc((size_t)SLOT_CHUNK * SLOT_SIZE);
	keys->is_settled = records != NULL
			       ? chunk_write_again(keys, records, fail)
			       : fail_memory(fail);
	free(records);
	return keys->is_settled;
}

/* The next slot nobody has. */
static bool
take_slot(struct keys *keys, uint32_t *out, struct fail *fail)
{
	if (!settle_chunk(keys, fail))
		return false;
	while (keys->next < keys->slot_count &&
	    (keys->slots[keys->next].taken ||
		keys->slots[keys->next].forgotten))
		keys->next++;
	if (keys->slot_count - keys->next < SLOT_SPARE &&
	    !pool_extend(keys, fail))
		return false;
	*out = keys->next++;
	return true;
}

bool
keys_subject(struct keys *keys, const struct digest *id, struct subject *out,
    bool *fresh, struct fail *fail)
{
	uint32_t slot;

	if (!find(keys, id, &slot) &&
	    (!take_slot(keys, &slot, fail) ||
		!assign(keys, id, slot, fail)))
		return false;
	*fresh = !keys->slots[slot].noted;
	give(keys, slot, out);
	return true;
}

void
keys_note(struct keys *keys, uint32_t slot)
{
	if (slot < keys->slot_count)
		keys->slots[slot].noted = true;
}

bool
keys_learn(struct keys *keys, const struct digest *id, uint32_t slot,
    struct fail *fail)
{
	if (slot >= keys->slot_count) {
		fail_set(fail, FAIL_WORLD,
		    "a subject has key slot %u, and there are only %u", slot,
		    keys->slot_count);
		fail_place(fail, "%s", keys->slots_path);
		fail_hint(fail, "restore the keys directory from a backup");
		return false;
	}
	if (!assign(keys, id, slot, fail))
		return false;
	keys_note(keys, slot);
	return true;
}

bool
keys_has(const struct keys *keys, const struct digest *id, uint32_t slot)
{
	uint32_t found;

	return find(keys, id, &found) && found == slot;
}

bool
keys_is_taken(const struct keys *keys, uint32_t slot)
{
	return slot < keys->slot_count && keys->slots[slot].taken;
}

bool
keys_find(const struct keys *keys, struct slice id, struct subject *out)
{
	struct digest digest = keys_id(keys, id);
	uint32_t slot;

	if (!find(keys, &digest, &slot))
		return false;
	give(keys, slot, out);
	return true;
}

bool
keys_slot(const struct keys *keys, uint32_t slot, uint8_t out[KEY_SIZE])
{
	struct subject subject;

	if (!keys_slot_subject(keys, slot, &subject))
		return false;
	memcpy(out, subject.key, KEY_SIZE);
	digest_wipe(&subject, sizeof(subject));
	return true;
}

bool
keys_slot_subject(
    const struct keys *keys, uint32_t slot, struct subject *out)
{
	if (slot >= __atomic_load_n(&keys->slot_count, __ATOMIC_ACQUIRE) ||
	    keys->slots[slot].forgotten)
		return false;
	give(keys, slot, out);
	return true;
}

bool
keys_forget(struct keys *keys, uint32_t slot, struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	const uint8_t record[SLOT_SIZE] = {'F'};
	struct disk_file *file;
	bool ok;

	if (slot >= SLOTS_MAX)
		return fail_set(fail, FAIL_INPUT, "no key slot %u", slot);
	/* In a restored copy that is older than the slot: nobody gets it. */
	while (slot >= keys->slot_count)
		if (!pool_extend(keys, fail))
			return false;
	if (keys->broken)
		return fail_set(
		    fail, FAIL_WORLD, "a rotation of keys failed");
	if (!op->open(keys->disk, keys->slots_path, DISK_WRITE, &file, fail))
		return false;
	ok = op->write(keys->disk, file, (uint64_t)slot * SLOT_SIZE, record,
		 sizeof(record), fail) &&
	    op->sync(keys->disk, file, fail);
	op->close(keys->disk, file);
	if (!ok)
		return false;
	keys->forgotten += !keys->slots[slot].forgotten;
	keys->slots[slot].forgotten = true;
	digest_wipe(keys->slots[slot].key, KEY_SIZE);
	digest_wipe(keys->slots[slot].pseudonym, PSEUDONYM_SIZE);
	return true;
}
