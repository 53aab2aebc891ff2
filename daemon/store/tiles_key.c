/* Another signing key: who verifies finds the new one and those before. */
#include "store/tiles_priv.h"

enum { KEYS_MAX = 65536 };

void
tiles_sign_too(struct tiles *tiles, const uint8_t *seed)
{
	tiles->seed_too = seed;
}

static bool
read_key(struct tiles *tiles, const char *name, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	char path[TILES_FULL_PATH];

	*out = (struct slice){"", 0};
	if (!disk_has(tiles->disk, tiles->directory, name, arena))
		return true;
	tiles_full_path(tiles, path, name);
	return disk_read_file(tiles->disk, path, KEYS_MAX, arena, out, fail);
}

/* A rotation may have been cut short: it is ended later. */
static bool
is_previous(struct tiles *tiles, struct slice kept)
{
	struct fail ignored = FAIL_INIT;

	return tiles->previous_key != NULL &&
	       slice_equal(kept,
		   note_verifier_key(tiles->arena, slice_from(tiles->origin),
		       tiles->previous_key, &ignored));
}

bool
tiles_keep_key(struct tiles *tiles, struct fail *fail)
{
	struct slice kept, key;

	if (tiles->seed == NULL)
		return true;
	key = note_verifier_key(tiles->arena, slice_from(tiles->origin),
	    tiles->public_key, fail);
	if (key.data == NULL ||
	    !read_key(tiles, "log.vkey", tiles->arena, &kept, fail))
		return false;
	if (kept.len == 0)
		return disk_replace_file(
		    tiles->disk, tiles->directory, "log.vkey", key, fail);
	if (slice_equal(kept, key) || is_previous(tiles, kept))
		return true;
	fail_set(fail, FAIL_WORLD, "this is not the log's verifier key");
	fail_place(fail, "log.vkey");
	fail_hint(fail, "it is damaged, or another log's: remove it, and misu "
			"writes it anew from the key");
	return false;
}

bool
tiles_key_changed(struct tiles *tiles, struct arena *arena, struct slice *from,
    struct slice *to, struct fail *fail)
{
	*to = note_verifier_key(
	    arena, slice_from(tiles->origin), tiles->public_key, fail);
	return to->data != NULL &&
	       read_key(tiles, "log.vkey", arena, from, fail) &&
	       from->len != 0 && !slice_equal(*from, *to);
}

/* Is this line there already? */
static bool
has_line(struct slice text, struct slice line)
{
	return memmem(text.data, text.len, line.data, line.len) != NULL;
}

bool
tiles_write_key(struct tiles *tiles, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct slice from, to, old;
	struct text text;
	bool ok = arena != NULL || fail_memory(fail);

	if (!ok)
		return false;
	text = text_start(arena);
	if (!tiles_key_changed(tiles, arena, &from, &to, fail)) {
		arena_destroy(arena);
		return fail->kind == FAIL_NONE;
	}
	ok = read_key(tiles, "log.vkey.old", arena, &old, fail);
	if (ok && !has_line(old, from)) {
		text_add(&text, old);
		text_add(&text, from);
		text_add_char(&text, '\n');
		ok = disk_replace_file(tiles->disk, tiles->directory,
		    "log.vkey.old", text_slice(&text), fail);
	}
	ok = ok && disk_replace_file(
		       tiles->disk, tiles->directory, "log.vkey", to, fail);
	arena_destroy(arena);
	return ok;
}
