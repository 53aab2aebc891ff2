#include "store/forgotten.h"

#include "base/text.h"

enum { LIST_MAX = 512 << 20, LINE_MAX = 256, HEX = 2 * SIGNATURE_SIZE };

struct line {
	uint32_t slot;
	int64_t time;
	struct slice hex;
};

static struct slice
message(char out[LINE_MAX + 256], struct slice head, struct slice before,
    uint32_t slot, int64_t time)
{
	int n = snprintf(out, LINE_MAX + 256, "%.*s\n%.*s\n%u %lld\n",
	    SLICE_ARG(head), SLICE_ARG(before), slot, (long long)time);

	return (struct slice){out, (size_t)n};
}

static bool
read_line(struct slice text, struct line *out)
{
	char copy[LINE_MAX];
	unsigned slot;
	long long time;
	int at = 0;

	if (text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	if (sscanf(copy, "%u %lld %n", &slot, &time, &at) != 2 || at <= 0 ||
	    text.len - (size_t)at != HEX)
		return false;
	*out = (struct line){
	    .slot = slot, .time = time, .hex = {text.data + at, HEX}};
	return true;
}

static struct slice
head_of(const char *origin, char out[LINE_MAX])
{
	snprintf(out, LINE_MAX, "misu-forgotten-1 %.200s", origin);
	return slice_from(out);
}

static bool
is_signed(const struct line *line, struct slice head, struct slice before,
    const uint8_t (*public_keys)[32], size_t count)
{
	uint8_t signature[SIGNATURE_SIZE];
	char text[LINE_MAX + 256];

	if (!text_hex_decode(line->hex, signature, sizeof(signature)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (digest_verify(public_keys[i],
			message(text, head, before, line->slot, line->time),
			signature))
			return true;
	return false;
}

bool
forgotten_read(struct slice text, const char *origin,
    const uint8_t (*public_keys)[32], size_t count,
    bool (*visit)(void *arg, uint32_t slot, int64_t time), void *arg,
    struct fail *fail)
{
	char buffer[LINE_MAX];
	struct slice head = head_of(origin, buffer), found;
	struct slice before = {"", 0};
	struct line line;

	if (!slice_take_line(&text, &found) || !slice_equal(found, head))
		return fail_set(fail, FAIL_INPUT,
		    "not a list of what this log's misu has forgotten");
	for (unsigned n = 2; slice_take_line(&text, &found); n++) {
		if (!read_line(found, &line) ||
		    !is_signed(&line, head, before, public_keys, count))
			return fail_set(fail, FAIL_DENIED,
			    "line %u is not signed by this log", n);
		before = line.hex;
		if (!visit(arg, line.slot, line.time))
			break;
	}
	return true;
}

/* --- adding --- */

struct end {
	size_t len; /* bytes of whole lines */
	struct slice before;
	bool has;
};

static struct end
find_end(struct slice text, uint32_t slot)
{
	struct end end = {.before = {"", 0}};
	const char *start = text.data;
	struct slice found;
	struct line line;

	for (bool first = true; slice_take_line(&text, &found); first = false) {
		end.len = (size_t)(text.data - start);
		if (first || !read_line(found, &line))
			continue;
		end.before = line.hex;
		end.has = end.has || line.slot == slot;
	}
	return end;
}

static bool
write_end(const struct forgotten_list *list, const char *path, size_t at,
    struct slice text, struct fail *fail)
{
	const struct disk_operations *op = list->disk->operations;
	struct disk_file *file;
	bool ok;

	if (!op->open(list->disk, path, DISK_WRITE, &file, fail))
		return false;
	ok = op->write(list->disk, file, at, text.data, text.len, fail) &&
	     op->truncate(list->disk, file, at + text.len, fail) &&
	     op->sync(list->disk, file, fail);
	op->close(list->disk, file);
	return ok;
}

static bool
sync_above(struct disk *disk, const char *path, struct fail *fail)
{
	const char *slash = strrchr(path, '/');
	char directory[1024];

	snprintf(directory, sizeof(directory), "%.*s",
	    slash == NULL   ? 1
	    : slash == path ? 1
			    : (int)(slash - path),
	    slash == NULL ? "." : path);
	return disk->operations->sync_directory(disk, directory, fail);
}

static bool
there(struct disk *disk, const char *path)
{
	struct fail absent = FAIL_INIT;
	struct disk_file *file;

	if (!disk->operations->open(disk, path, DISK_READ, &file, &absent))
		return false;
	disk->operations->close(disk, file);
	return true;
}

static bool
add_line(const struct forgotten_list *list, struct slice head,
    const struct end *end, const struct line *line, struct text *out)
{
	char text[LINE_MAX + 256];
	uint8_t signature[SIGNATURE_SIZE];

	if (end->len == 0) {
		text_add(out, head);
		text_add_char(out, '\n');
	}
	if (!digest_sign(keys_signing_seed(list->keys),
		message(text, head, end->before, line->slot, line->time),
		signature))
		return false;
	text_add_format(out, "%u %lld ", line->slot, (long long)line->time);
	text_add_hex(out, signature, sizeof(signature));
	text_add_char(out, '\n');
	return true;
}

/* The copy is whole each time: it may be on a disk that comes and goes. */
static bool
add(const struct forgotten_list *list, const struct line *line,
    struct arena *arena, struct fail *fail)
{
	char buffer[LINE_MAX];
	struct slice head = head_of(list->origin, buffer);
	struct slice old = {"", 0}, more;
	struct text fresh = text_start(arena), all = text_start(arena);
	bool is_new = !there(list->disk, list->path);
	struct end end;

	if (!is_new && !disk_read_file(
			   list->disk, list->path, LIST_MAX, arena, &old, fail))
		return false;
	end = find_end(old, line->slot);
	if (!end.has && !add_line(list, head, &end, line, &fresh))
		return fail_memory(fail);
	more = text_slice(&fresh);
	if (more.data == NULL)
		return fail_memory(fail);
	if (!end.has &&
	    (!write_end(list, list->path, end.len, more, fail) ||
		(is_new && !sync_above(list->disk, list->path, fail))))
		return false;
	if (list->copy == NULL)
		return true;
	text_add(&all, (struct slice){old.data, end.len});
	text_add(&all, more);
	return write_end(list, list->copy, 0, text_slice(&all), fail) &&
	       sync_above(list->disk, list->copy, fail);
}

bool
forgotten_add(const struct forgotten_list *list, uint32_t slot, int64_t time,
    struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct line line = {.slot = slot, .time = time};
	bool ok =
	    arena != NULL ? add(list, &line, arena, fail) : fail_memory(fail);

	arena_destroy(arena);
	return ok;
}
