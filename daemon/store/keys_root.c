/*
 * `root` has two halves of 4,096 bytes, written in turn, so that one of them
 * is whole whatever is killed when:
 *
 *	0	"misu root 1\n", zeros to 16 bytes
 *	16	sequence: the higher one counts, 64 bits
 *	24	nonce[12] AES-256-GCM(root, wrapping secret, made, confirmed,
 *		flags) tag[16], under a key of the master key's, with the 24
 *		bytes before as associated data
 *
 * The half that is not in use is zeros.  So the master key opens nothing but
 * this, and another one in its place opens everything; what is derived from
 * the root secret stays as it is.
 *
 * `signing` has the seed of the log's key, that of the one before it, until
 * when that one signs too, and when the newer one came.
 */
#include "base/big.h"
#include "store/keys_priv.h"

enum {
	HALF = 4096,
	ROOT_HEAD = 24,
	ROOT_PLAIN = 2 * KEY_SIZE + 8 + 8 + 4,
	ROOT_SIZE = ROOT_HEAD + NONCE_SIZE + ROOT_PLAIN + TAG_SIZE,
	FLAG_SWAPS = 1,
	FLAG_UNRECORDED = 2,
	MAGIC = 16,
	SIGNING_PLAIN = 2 * KEY_SIZE + 8 + 8,
	SIGNING_SIZE = MAGIC + NONCE_SIZE + SIGNING_PLAIN + TAG_SIZE
};

static const char root_magic[MAGIC] = "misu root 1\n";
static const char signing_magic[MAGIC] = "misu signing 2\n";

bool
keys_fill(struct keys *keys, void *out, size_t len, struct fail *fail)
{
	if (keys->random->fill(keys->random->context, out, len))
		return true;
	return fail_set(fail, FAIL_WORLD, "no random bytes to be had");
}

void
keys_derive_from(
    const uint8_t secret[KEY_SIZE], const char *use, uint8_t out[KEY_SIZE])
{
	struct digest_key key;
	struct digest_run run;
	struct digest digest;

	digest_key_set(&key, secret);
	digest_key_start(&key, &run);
	digest_add(&run, "misu-derive-1:", 14);
	digest_add(&run, use, strlen(use));
	digest = digest_key_end(&key, &run);
	memcpy(out, digest.bytes, KEY_SIZE);
	digest_wipe(&key, sizeof(key));
	digest_wipe(&digest, sizeof(digest));
}

void
keys_derive(const struct keys *keys, const char *use, uint8_t out[KEY_SIZE])
{
	keys_derive_from(keys->root.secret, use, out);
}

struct digest
keys_fingerprint(const uint8_t master[KEY_SIZE])
{
	struct digest out = {.bytes = {0}};

	keys_derive_from(master, "fingerprint", out.bytes);
	return out;
}

/* --- root --- */

static void
root_path(const struct keys *keys, char path[KEYS_PATH])
{
	snprintf(path, KEYS_PATH, "%.1000s/root", keys->directory);
}

static void
root_put(const struct root *root, uint8_t out[ROOT_PLAIN])
{
	uint8_t *at = out;

	memcpy(at, root->secret, KEY_SIZE);
	memcpy(at + KEY_SIZE, root->wrap, KEY_SIZE);
	at += 2 * KEY_SIZE;
	big_put64(at, (uint64_t)root->made);
	big_put64(at + 8, (uint64_t)root->confirmed);
	memset(at + 16, 0, 4);
	at[19] = (uint8_t)((root->swaps ? FLAG_SWAPS : 0) |
			   (root->unrecorded ? FLAG_UNRECORDED : 0));
}

static void
root_get(const uint8_t *at, struct root *root)
{
	memcpy(root->secret, at, KEY_SIZE);
	memcpy(root->wrap, at + KEY_SIZE, KEY_SIZE);
	at += 2 * KEY_SIZE;
	root->made = (int64_t)big_get64(at);
	root->confirmed = (int64_t)big_get64(at + 8);
	root->swaps = (at[19] & FLAG_SWAPS) != 0;
	root->unrecorded = (at[19] & FLAG_UNRECORDED) != 0;
}

/* False if there is nothing of ours, or not under this master key. */
static bool
half_open(const struct keys *keys, struct slice half, struct root *out)
{
	const uint8_t *at = (const uint8_t *)half.data;
	uint8_t plain[ROOT_PLAIN];

	if (half.len < ROOT_SIZE || memcmp(at, root_magic, MAGIC) != 0 ||
	    !digest_decrypt(keys->master_wrap.bytes, at + ROOT_HEAD,
		(struct slice){half.data, ROOT_HEAD},
		(struct slice){
		    half.data + ROOT_HEAD + NONCE_SIZE, ROOT_PLAIN + TAG_SIZE},
		plain))
		return false;
	root_get(plain, out);
	out->sequence = big_get64(at + MAGIC);
	digest_wipe(plain, sizeof(plain));
	return true;
}

static bool
is_zeros(struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] != 0)
			return false;
	return true;
}

static bool
half_write(struct keys *keys, unsigned half, const uint8_t bytes[HALF],
    struct fail *fail)
{
	const struct disk_operations *op = keys->disk->operations;
	char path[KEYS_PATH];
	struct disk_file *file;
	bool ok;

	root_path(keys, path);
	if (!op->open(keys->disk, path, DISK_WRITE, &file, fail))
		return false;
	ok = op->write(keys->disk, file, half * HALF, bytes, HALF, fail) &&
	     op->sync(keys->disk, file, fail);
	op->close(keys->disk, file);
	return ok;
}

/* A half that a cut write or rotation left is no way in any more. */
static bool
other_clear(struct keys *keys, struct slice file, struct fail *fail)
{
	static const uint8_t zeros[HALF];
	unsigned other = keys->root.sequence % 2 == 0 ? 1 : 0;
	struct slice half = {NULL, 0};

	if (file.len > (size_t)other * HALF)
		half = (struct slice){
		    file.data + other * HALF, file.len - (size_t)other * HALF};
	if (half.len > HALF)
		half.len = HALF;
	return keys->random == NULL || is_zeros(half) ||
	       half_write(keys, other, zeros, fail);
}

bool
keys_root_load(struct keys *keys, struct arena *arena, struct fail *fail)
{
	char path[KEYS_PATH];
	struct slice file;
	bool found = false;

	root_path(keys, path);
	if (!disk_read_file(
		keys->disk, path, (size_t)2 * HALF, arena, &file, fail))
		return false;
	for (unsigned i = 0; i < 2 && file.len > (size_t)i * HALF; i++) {
		struct root root;

		if (!half_open(keys,
			(struct slice){file.data + (size_t)i * HALF,
			    file.len - (size_t)i * HALF},
			&root) ||
		    root.sequence % 2 != i ||
		    (found && root.sequence < keys->root.sequence))
			continue;
		keys->root = root;
		found = true;
		digest_wipe(&root, sizeof(root));
	}
	if (found)
		return other_clear(keys, file, fail);
	if (is_zeros(file)) {
		fail_set(fail, FAIL_WORLD, "not a key file, or cut");
		fail_hint(fail, "restore the keys directory from a backup");
	} else {
		fail_set(fail, FAIL_DENIED,
		    "the master key is not the one these keys are under");
		fail_hint(fail, "give the master key this directory was made "
				"with, or rotated to last");
	}
	fail_place(fail, "%s", path);
	return false;
}

bool
keys_root_write(struct keys *keys, struct fail *fail)
{
	static const uint8_t zeros[HALF];
	struct root *root = &keys->root;
	uint64_t sequence = root->sequence + 1;
	uint8_t half[HALF] = {0}, plain[ROOT_PLAIN];
	bool ok;

	memcpy(half, root_magic, MAGIC);
	big_put64(half + MAGIC, sequence);
	root_put(root, plain);
	ok = keys_fill(keys, half + ROOT_HEAD, NONCE_SIZE, fail) &&
	     (digest_encrypt(keys->master_wrap.bytes, half + ROOT_HEAD,
		  (struct slice){(const char *)half, ROOT_HEAD},
		  (struct slice){(const char *)plain, ROOT_PLAIN},
		  half + ROOT_HEAD + NONCE_SIZE) ||
		 fail_memory(fail));
	digest_wipe(plain, sizeof(plain));
	if (!ok || !half_write(keys, sequence % 2, half, fail))
		return false;
	root->sequence = sequence;
	return half_write(keys, (sequence + 1) % 2, zeros, fail);
}

bool
keys_root_create(struct keys *keys, struct fail *fail)
{
	keys->root = (struct root){.sequence = 0};
	return keys_fill(keys, keys->root.secret, KEY_SIZE, fail) &&
	       keys_fill(keys, keys->root.wrap, KEY_SIZE, fail) &&
	       keys_root_write(keys, fail) &&
	       keys->disk->operations->sync_directory(
		   keys->disk, keys->directory, fail);
}

/* --- the signing key --- */

bool
keys_signing_write(struct keys *keys, const struct signing *signing,
    const uint8_t wrap[KEY_SIZE], const char *name, struct fail *fail)
{
	uint8_t file[SIGNING_SIZE], plain[SIGNING_PLAIN], key[KEY_SIZE];
	char path[KEYS_PATH + 16];
	bool ok;

	memcpy(file, signing_magic, MAGIC);
	memcpy(plain, signing->seed, KEY_SIZE);
	memcpy(plain + KEY_SIZE, signing->previous, KEY_SIZE);
	big_put64(plain + 2 * KEY_SIZE, (uint64_t)signing->until);
	big_put64(plain + 2 * KEY_SIZE + 8, (uint64_t)signing->made);
	keys_derive_from(wrap, "signing", key);
	snprintf(path, sizeof(path), "%s/%s", keys->directory, name);
	ok = keys_fill(keys, file + MAGIC, NONCE_SIZE, fail) &&
	     (digest_encrypt(key, file + MAGIC,
		  (struct slice){signing_magic, MAGIC},
		  (struct slice){(const char *)plain, SIGNING_PLAIN},
		  file + MAGIC + NONCE_SIZE) ||
		 fail_memory(fail)) &&
	     disk_write_file(keys->disk, path,
		 (struct slice){(const char *)file, sizeof(file)}, fail);
	digest_wipe(key, sizeof(key));
	digest_wipe(plain, sizeof(plain));
	return ok;
}

static bool
signing_take(
    struct signing *out, const uint8_t plain[SIGNING_PLAIN], struct fail *fail)
{
	memcpy(out->seed, plain, KEY_SIZE);
	memcpy(out->previous, plain + KEY_SIZE, KEY_SIZE);
	out->until = (int64_t)big_get64(plain + 2 * KEY_SIZE);
	out->made = (int64_t)big_get64(plain + 2 * KEY_SIZE + 8);
	return (digest_public_key(out->seed, out->public_key) &&
		   (out->until == 0 || digest_public_key(out->previous,
					   out->previous_public))) ||
	       fail_memory(fail);
}

bool
keys_signing_load(struct keys *keys, struct arena *arena, struct fail *fail)
{
	uint8_t key[KEY_SIZE], plain[SIGNING_PLAIN];
	const char *path = keys_file(keys, "signing", arena);
	struct slice file;
	bool ok;

	if (path == NULL)
		return fail_memory(fail);
	if (!disk_read_file(keys->disk, path, SIGNING_SIZE, arena, &file, fail))
		return false;
	keys_derive_from(keys->root.wrap, "signing", key);
	ok = file.len == SIGNING_SIZE &&
	     memcmp(file.data, signing_magic, MAGIC) == 0 &&
	     digest_decrypt(key, (const uint8_t *)file.data + MAGIC,
		 (struct slice){signing_magic, MAGIC},
		 (struct slice){
		     file.data + MAGIC + NONCE_SIZE, SIGNING_PLAIN + TAG_SIZE},
		 plain);
	digest_wipe(key, sizeof(key));
	if (!ok) {
		fail_set(fail, FAIL_WORLD, "not a signing key file, or cut");
		fail_place(fail, "%s", path);
		fail_hint(fail, "restore the keys directory from a backup");
		return false;
	}
	ok = signing_take(&keys->signing, plain, fail);
	digest_wipe(plain, sizeof(plain));
	return ok;
}
