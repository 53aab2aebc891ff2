/*
 * Another master key, or another signing key.  New files stand beside those
 * in use until the root says that they are the true ones; then what was in
 * use is overwritten and they take its name.  A crash leaves one or the other
 * whole, and the next start ends what it finds.
 */
#include "store/keys_priv.h"

static const char *const swapped[] = {"signing", "slots"};
enum { SWAPPED = 2 };

static void
path_of(const struct keys *keys, const char *name, const char *suffix,
    char path[KEYS_PATH])
{
	snprintf(path, KEYS_PATH, "%.900s/%s%s", keys->directory, name, suffix);
}

const char *
keys_file(const struct keys *keys, const char *name, struct arena *arena)
{
	char path[KEYS_PATH], fresh[32];

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	path_of(keys, name,
	    keys->root.swaps &&
		    disk_has(keys->disk, keys->directory, fresh, arena)
		? ".new"
		: "",
	    path);
	return arena_copy(arena, slice_from(path)).data;
}

static bool
swap_one(struct keys *keys, const char *name, struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	char path[KEYS_PATH], fresh[KEYS_PATH];

	path_of(keys, name, "", path);
	path_of(keys, name, ".new", fresh);
	return disk_wipe_file(keys->disk, path, fail) &&
	       op->rename(keys->disk, fresh, path, fail) &&
	       op->sync_directory(keys->disk, keys->directory, fail);
}

static bool
drop_one(struct keys *keys, const char *name, struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	char fresh[KEYS_PATH];

	path_of(keys, name, ".new", fresh);
	return disk_wipe_file(keys->disk, fresh, fail) &&
	       op->remove(keys->disk, fresh, fail) &&
	       op->sync_directory(keys->disk, keys->directory, fail);
}

bool
keys_settle(struct keys *keys, struct arena *arena, struct fail *fail)
{
	for (unsigned i = 0; i < SWAPPED; i++) {
		char fresh[32];

		snprintf(fresh, sizeof(fresh), "%s.new", swapped[i]);
		if (!disk_has(keys->disk, keys->directory, fresh, arena))
			continue;
		if (!(keys->root.swaps ? swap_one(keys, swapped[i], fail)
				       : drop_one(keys, swapped[i], fail)))
			return false;
	}
	if (!keys->root.swaps)
		return true;
	keys->root.swaps = false;
	return keys_root_write(keys, fail);
}

/* The root names the new files; from here on they are in use. */
static bool
commit(struct keys *keys, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	bool ok = arena != NULL || fail_memory(fail);

	keys->root.swaps = true;
	ok =
	    ok && keys_root_write(keys, fail) && keys_settle(keys, arena, fail);
	arena_destroy(arena);
	keys->broken = !ok;
	if (!ok)
		fail_hint(fail, "start misu again: either the old or the new "
				"key is in use then");
	return ok;
}

/* --- slots --- */

static bool
slots_seal(struct keys *keys, const uint8_t wrap[KEY_SIZE], uint32_t first,
    uint32_t count, uint8_t *out, struct fail *fail)
{
	struct digest_cipher *cipher = digest_cipher_create();
	uint8_t key[KEY_SIZE];
	bool ok = cipher != NULL || fail_memory(fail), keyed = false;

	keys_derive_from(wrap, "slots", key);
	memset(out, 0, (size_t)count * SLOT_SIZE);
	for (uint32_t i = 0; ok && i < count; i++) {
		const struct slot *slot = &keys->slots[first + i];
		uint8_t *record = out + (size_t)i * SLOT_SIZE;
		struct fresh fresh;

		if (slot->forgotten) {
			record[0] = 'F';
			continue;
		}
		memcpy(fresh.plain, slot->key, KEY_SIZE);
		memcpy(fresh.plain + KEY_SIZE, slot->pseudonym, PSEUDONYM_SIZE);
		ok = keys_fill(keys, fresh.nonce, NONCE_SIZE, fail) &&
		     (keys_slot_make(keyed ? NULL : key, cipher, first + i,
			  &fresh, record) ||
			 fail_memory(fail));
		keyed = true;
		digest_wipe(&fresh, sizeof(fresh));
	}
	digest_cipher_destroy(cipher);
	digest_wipe(key, sizeof(key));
	return ok;
}

static bool
slots_rewrap(struct keys *keys, const uint8_t wrap[KEY_SIZE], struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	uint8_t *records = malloc((size_t)SLOT_CHUNK * SLOT_SIZE);
	char path[KEYS_PATH];
	struct disk_file *file;
	bool ok = records != NULL || fail_memory(fail);

	path_of(keys, "slots", ".new", path);
	if (!ok || !op->open(keys->disk, path, DISK_WRITE, &file, fail)) {
		free(records);
		return false;
	}
	ok = op->truncate(keys->disk, file, 0, fail);
	for (uint32_t at = 0; ok && at < keys->slot_count; at += SLOT_CHUNK) {
		uint32_t count = keys->slot_count - at < SLOT_CHUNK
				     ? keys->slot_count - at
				     : SLOT_CHUNK;

		ok = slots_seal(keys, wrap, at, count, records, fail) &&
		     op->write(keys->disk, file, (uint64_t)at * SLOT_SIZE,
			 records, (size_t)count * SLOT_SIZE, fail);
	}
	ok = ok && op->sync(keys->disk, file, fail);
	op->close(keys->disk, file);
	free(records);
	return ok;
}

static bool
check_usable(const struct keys *keys, struct fail *fail)
{
	if (!keys->broken)
		return true;
	fail_set(fail, FAIL_WORLD, "an earlier rotation of keys failed");
	fail_hint(fail, "start misu again");
	return false;
}

bool
keys_rotate_master(struct keys *keys, const uint8_t master[KEY_SIZE],
    int64_t now, struct fail *fail)
{
	struct digest fingerprint = keys_fingerprint(master);
	uint8_t wrap[KEY_SIZE];

	if (!check_usable(keys, fail))
		return false;
	if (digest_equal(&fingerprint, &keys->fingerprint))
		return fail_set(
		    fail, FAIL_INPUT, "it is the master key in use");
	if (!keys_fill(keys, wrap, KEY_SIZE, fail) ||
	    !keys_signing_write(
		keys, &keys->signing, wrap, "signing.new", fail) ||
	    !slots_rewrap(keys, wrap, fail) ||
	    !keys->disk->operations->sync_directory(
		keys->disk, keys->directory, fail)) {
		digest_wipe(wrap, sizeof(wrap));
		return false;
	}
	memcpy(keys->root.wrap, wrap, KEY_SIZE);
	digest_wipe(wrap, sizeof(wrap));
	keys_derive_from(master, "root", keys->master_wrap.bytes);
	keys->fingerprint = fingerprint;
	keys->root.made = now;
	keys->root.confirmed = 0;
	keys->root.unrecorded = true;
	return commit(keys, fail);
}

static bool
signing_replace(
    struct keys *keys, const struct signing *signing, struct fail *fail)
{
	if (!keys_signing_write(
		keys, signing, keys->root.wrap, "signing.new", fail) ||
	    !keys->disk->operations->sync_directory(
		keys->disk, keys->directory, fail))
		return false;
	keys->signing = *signing;
	return commit(keys, fail);
}

bool
keys_rotate_signing(
    struct keys *keys, int64_t now, int64_t until, struct fail *fail)
{
	struct signing next = {.made = now, .until = until};
	bool ok;

	memcpy(next.previous, keys->signing.seed, KEY_SIZE);
	memcpy(next.previous_public, keys->signing.public_key, 32);
	ok = check_usable(keys, fail) &&
	     keys_fill(keys, next.seed, KEY_SIZE, fail) &&
	     (digest_public_key(next.seed, next.public_key) ||
		 fail_memory(fail)) &&
	     signing_replace(keys, &next, fail);
	digest_wipe(&next, sizeof(next));
	return ok;
}

bool
keys_retire_signing(struct keys *keys, int64_t now, struct fail *fail)
{
	struct signing next = keys->signing;
	bool ok;

	if (next.until == 0 || now < next.until)
		return true;
	memset(next.previous, 0, KEY_SIZE);
	next.until = 0;
	ok = check_usable(keys, fail) && signing_replace(keys, &next, fail);
	digest_wipe(&next, sizeof(next));
	return ok;
}

/* --- what is told of them --- */

bool
keys_date(struct keys *keys, int64_t now, struct fail *fail)
{
	if (keys->root.made != 0)
		return true;
	keys->root.made = now;
	return keys_root_write(keys, fail);
}

bool
keys_confirm(struct keys *keys, const struct digest *fingerprint, int64_t now,
    struct fail *fail)
{
	if (!digest_equal(fingerprint, &keys->fingerprint))
		return fail_set(fail, FAIL_DENIED,
		    "this copy is not the master key in use");
	keys->root.confirmed = now;
	return keys_root_write(keys, fail);
}

bool
keys_recorded(struct keys *keys, struct fail *fail)
{
	if (!keys->root.unrecorded)
		return true;
	keys->root.unrecorded = false;
	return keys_root_write(keys, fail);
}

struct keys_state
keys_describe(const struct keys *keys)
{
	return (struct keys_state){.fingerprint = keys->fingerprint,
	    .made = keys->root.made,
	    .confirmed = keys->root.confirmed,
	    .unrecorded = keys->root.unrecorded,
	    .signing_made = keys->signing.made,
	    .previous_until = keys->signing.until,
	    .slots = keys->slot_count,
	    .forgotten = keys->forgotten};
}

const uint8_t *
keys_signing_seed(const struct keys *keys)
{
	return keys->signing.seed;
}

const uint8_t *
keys_public(const struct keys *keys)
{
	return keys->signing.public_key;
}

const uint8_t *
keys_previous_seed(const struct keys *keys)
{
	return keys->signing.until != 0 ? keys->signing.previous : NULL;
}

const uint8_t *
keys_previous_public(const struct keys *keys)
{
	return keys->signing.until != 0 ? keys->signing.previous_public : NULL;
}
