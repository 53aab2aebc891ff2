#include "store/cosigned.h"

enum { NAME_SIZE = 32, ID = 8 };

/* A name for the file that no key can make odd. */
static void
file_name(struct slice verifier_key, char out[NAME_SIZE])
{
	struct digest digest = digest_sha256(verifier_key);

	for (size_t i = 0; i < ID; i++)
		snprintf(
		    out + 2 * i, NAME_SIZE - 2 * i, "%02x", digest.bytes[i]);
}

/* The last line is the witness'. */
static bool
split(struct slice text, struct cosigned *out)
{
	size_t at = text.len;

	if (at < 2 || text.data[at - 1] != '\n')
		return false;
	for (at--; at > 0 && text.data[at - 1] != '\n'; at--)
		;
	out->note = (struct slice){text.data, at};
	out->line = (struct slice){text.data + at, text.len - at};
	return at != 0;
}

bool
cosigned_read(struct disk *disk, const char *directory,
    struct slice verifier_key, struct arena *arena, struct cosigned *out)
{
	struct fail ignored = FAIL_INIT;
	struct checkpoint checkpoint;
	struct slice text, name, line;
	char path[1024], file[NAME_SIZE];
	uint8_t key[32];

	file_name(verifier_key, file);
	snprintf(path, sizeof(path), "%.900s/%s", directory, file);
	if (!note_parse_witness_key(
		verifier_key, arena, &name, key, &ignored) ||
	    !disk_read_file(disk, path, NOTE_MAX, arena, &text, &ignored) ||
	    !split(text, out) || !note_read(out->note, arena, &checkpoint))
		return false;
	out->size = checkpoint.size;
	line = (struct slice){out->line.data, out->line.len - 1};
	return note_is_cosignature(
	    line, note_body(out->note), name, key, &out->time);
}

bool
cosigned_write(struct disk *disk, const char *directory,
    struct slice verifier_key, const struct cosigned *cosigned,
    struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	char file[NAME_SIZE];
	struct slice all;
	bool ok;

	if (arena == NULL)
		return fail_memory(fail);
	file_name(verifier_key, file);
	text_add(&text, cosigned->note);
	text_add(&text, cosigned->line);
	all = text_slice(&text);
	ok = all.data != NULL
		 ? disk_replace_file(disk, directory, file, all, fail)
		 : fail_memory(fail);
	arena_destroy(arena);
	return ok;
}
