#include "store/forgotten.h"

#include "base/text.h"

enum {
	LIST_MAX = 512 << 20,
	LIST_SLOTS = 1 << 24,
	LINE_MAX = 256,
	HEX = 2 * SIGNATURE_SIZE
};

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

/* Which slots are in a list, a bit each, and where its lines end. */
struct end {
	size_t len; /* bytes of whole lines */
	struct slice before;
	uint8_t *slots;
	uint32_t room; /* slots that there are bits for */
};

static bool
end_has(const struct end *end, uint32_t slot)
{
	return slot < end->room && (end->slots[slot / 8] >> slot % 8 & 1) != 0;
}

/* Room for one more slot. */
static bool
end_note(struct end *end, struct arena *arena, uint32_t slot)
{
	uint32_t room = end->room == 0 ? 8192 : end->room;
	uint8_t *grown;

	while (slot >= room)
		room *= 2;
	if (room != end->room) {
		grown = arena_take(arena, room / 8);
		if (grown == NULL)
			return false;
		if (end->room != 0)
			memcpy(grown, end->slots, end->room / 8);
		end->slots = grown;
		end->room = room;
	}
	end->slots[slot / 8] |= (uint8_t)(1u << slot % 8);
	return true;
}

static bool
find_end(struct slice text, struct arena *arena, struct end *end)
{
	const char *start = text.data;
	struct slice found;
	struct line line;

	*end = (struct end){.before = {"", 0}};
	for (bool first = true; slice_take_line(&text, &found); first = false) {
		end->len = (size_t)(text.data - start);
		if (first || !read_line(found, &line) || line.slot >= LIST_SLOTS)
			continue;
		end->before = line.hex;
		if (!end_note(end, arena, line.slot))
			return false;
	}
	return true;
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

/* What is being written at the end of a list. */
struct adding {
	const struct forgotten_list *list;
	struct arena *arena;
	struct slice head, old; /* bytes that are there */
	struct end end;
	struct text fresh;
};

static bool
add_line(struct adding *adding, uint32_t slot, int64_t time)
{
	char text[LINE_MAX + 256];
	uint8_t signature[SIGNATURE_SIZE];
	struct end *end = &adding->end;
	struct text hex = text_start(adding->arena);

	if (end->len == 0 && adding->fresh.len == 0) {
		text_add(&adding->fresh, adding->head);
		text_add_char(&adding->fresh, '\n');
	}
	if (!digest_sign(keys_signing_seed(adding->list->keys),
		message(text, adding->head, end->before, slot, time),
		signature))
		return false;
	text_add_hex(&hex, signature, sizeof(signature));
	end->before = text_slice(&hex);
	text_add_format(&adding->fresh, "%u %lld ", slot, (long long)time);
	text_add(&adding->fresh, end->before);
	text_add_char(&adding->fresh, '\n');
	return end->before.data != NULL &&
	       end_note(end, adding->arena, slot);
}

/* --- what the copy has more --- */

static bool
is_alive(const struct keys *keys, uint32_t slot)
{
	uint8_t key[KEY_SIZE];
	bool alive = keys_slot(keys, slot, key);

	digest_wipe(key, sizeof(key));
	return alive;
}

static bool
refuse(const struct forgotten_list *list, unsigned alive, struct fail *fail)
{
	fail_set(fail, FAIL_DENIED,
	    "%u subjects of this copy of the list of what was forgotten are"
	    " known again",
	    alive);
	fail_place(fail, "%s", list->copy);
	fail_hint(fail,
	    "a backup was restored without it: restore again with --forgotten"
	    " and this file; nothing was changed");
	return false;
}

static bool
read_copy(const struct adding *adding, struct slice *out, struct fail *fail)
{
	const struct forgotten_list *list = adding->list;
	struct slice rest, first;

	*out = (struct slice){"", 0};
	if (list->copy == NULL || !there(list->disk, list->copy))
		return true;
	if (!disk_read_file(
		list->disk, list->copy, LIST_MAX, adding->arena, out, fail))
		return false;
	rest = *out;
	if (!slice_take_line(&rest, &first) ||
	    slice_equal(first, adding->head))
		return true;
	fail_set(fail, FAIL_DENIED,
	    "not a list of what this log's misu has forgotten");
	fail_place(fail, "%s", list->copy);
	fail_hint(fail, "move it away, or name another file in `forget copy`");
	return false;
}

/* Nothing that the copy has is lost: the list gets it first. */
static bool
take_over(struct adding *adding, struct fail *fail)
{
	struct slice copy, found;
	unsigned alive = 0;
	struct line line;

	if (!read_copy(adding, &copy, fail))
		return false;
	while (slice_take_line(&copy, &found)) {
		if (!read_line(found, &line) || line.slot >= LIST_SLOTS ||
		    end_has(&adding->end, line.slot))
			continue;
		if (is_alive(adding->list->keys, line.slot))
			alive++;
		else if (!add_line(adding, line.slot, line.time))
			return fail_memory(fail);
	}
	return alive == 0 || refuse(adding->list, alive, fail);
}

/* --- the two files --- */

static bool
begin(struct adding *adding, bool *is_new, struct fail *fail)
{
	const struct forgotten_list *list = adding->list;

	adding->old = (struct slice){"", 0};
	adding->fresh = text_start(adding->arena);
	*is_new = !there(list->disk, list->path);
	if (!*is_new && !disk_read_file(list->disk, list->path, LIST_MAX,
			    adding->arena, &adding->old, fail))
		return false;
	return find_end(adding->old, adding->arena, &adding->end) ||
	       fail_memory(fail);
}

static bool
write_own(struct adding *adding, bool is_new, struct fail *fail)
{
	const struct forgotten_list *list = adding->list;
	struct slice more = text_slice(&adding->fresh);

	if (more.data == NULL)
		return fail_memory(fail);
	return more.len == 0 ||
	       (write_end(list, list->path, adding->end.len, more, fail) &&
		   (!is_new || sync_above(list->disk, list->path, fail)));
}

/* The copy is whole each time: it may be on a disk that comes and goes. */
static bool
write_copy(struct adding *adding, struct fail *fail)
{
	const struct forgotten_list *list = adding->list;
	struct text all = text_start(adding->arena);

	if (list->copy == NULL)
		return true;
	text_add(&all, (struct slice){adding->old.data, adding->end.len});
	text_add(&all, text_slice(&adding->fresh));
	if (text_slice(&all).data == NULL)
		return fail_memory(fail);
	return write_end(list, list->copy, 0, text_slice(&all), fail) &&
	       sync_above(list->disk, list->copy, fail);
}

static bool
add(struct adding *adding, uint32_t slot, int64_t time, struct fail *fail)
{
	bool is_new;

	if (!begin(adding, &is_new, fail) || !take_over(adding, fail))
		return false;
	if (!end_has(&adding->end, slot) && !add_line(adding, slot, time))
		return fail_memory(fail);
	return write_own(adding, is_new, fail) && write_copy(adding, fail);
}

bool
forgotten_add(const struct forgotten_list *list, uint32_t slot, int64_t time,
    struct fail *fail)
{
	char head[LINE_MAX];
	struct adding adding = {.list = list,
	    .arena = arena_create(NULL),
	    .head = head_of(list->origin, head)};
	bool ok = adding.arena != NULL ? add(&adding, slot, time, fail)
				       : fail_memory(fail);

	arena_destroy(adding.arena);
	return ok;
}

bool
forgotten_settle(const struct forgotten_list *list, struct fail *fail)
{
	char head[LINE_MAX];
	struct adding adding = {.list = list,
	    .arena = arena_create(NULL),
	    .head = head_of(list->origin, head)};
	bool is_new, ok = adding.arena != NULL || fail_memory(fail);

	ok = ok && begin(&adding, &is_new, fail) && take_over(&adding, fail) &&
	     write_own(&adding, is_new, fail);
	arena_destroy(adding.arena);
	return ok;
}
