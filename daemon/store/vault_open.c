/*
 * Opening the log: the newest mark is looked for, then everything up to it is
 * taken into the index.  Nothing is written to a log that is there: what
 * follows the mark is cut with the first write.
 */
#include "store/vault_priv.h"

struct scan {
	struct vault *vault;
	struct disk_file *file;
	uint32_t segment;
	bool applies;	   /* or it is only read */
	uint64_t size, at; /* where to stop; behind the last whole item */
	bool has_mark;
	struct vault_mark mark;
	uint64_t mark_end;
	char *window;
};

/* --- items --- */

static bool
is_head(const struct scan *scan, struct slice body)
{
	const struct slice format = SLICE(VAULT_FORMAT);

	return body.len == format.len + 4 &&
	       memcmp(body.data, format.data, format.len) == 0 &&
	       vault_get32(body.data + format.len) == scan->segment;
}

static bool
is_expected(const struct scan *scan, enum vault_item kind, struct slice body)
{
	if ((scan->at == 0) != (kind == VAULT_HEAD))
		return false;
	switch (kind) {
	case VAULT_HEAD:
		return is_head(scan, body);
	case VAULT_RECORD:
		return vault_change_is_sound(body);
	case VAULT_SUBJECT:
		return body.len == SUBJECT_SIZE;
	case VAULT_MARK:
		return body.len == MARK_SIZE;
	}
	return false;
}

static bool
learn(struct vault *vault, struct slice body, struct fail *fail)
{
	struct digest id;

	memcpy(id.bytes, body.data, DIGEST_SIZE);
	return keys_learn(
	    vault->keys, &id, vault_get32(body.data + DIGEST_SIZE), fail);
}

static bool
take(struct scan *scan, enum vault_item kind, struct slice body,
    struct fail *fail)
{
	struct vault *vault = scan->vault;
	const struct vault_place place = {.segment = scan->segment,
	    .offset = (uint32_t)scan->at,
	    .len = (uint32_t)(FRAME_HEAD + body.len)};

	scan->at += place.len;
	if (kind == VAULT_MARK) {
		scan->has_mark = true;
		scan->mark = vault_mark_read(body);
		scan->mark_end = scan->at;
	}
	if (!scan->applies)
		return true;
	if (kind == VAULT_RECORD)
		return vault_apply(vault, body, &place, fail);
	if (kind != VAULT_SUBJECT)
		return true;
	vault->live += place.len;
	return learn(vault, body, fail);
}

/* Takes what is whole in the window; *end: nothing more is to be had. */
static bool
take_window(struct scan *scan, struct slice bytes, bool *end, struct fail *fail)
{
	uint64_t before = scan->at;
	enum vault_frame frame = FRAME_SHORT;
	enum vault_item kind;
	struct slice body;

	while (bytes.len != 0) {
		frame = vault_frame(
		    bytes, scan->segment, (uint32_t)scan->at, &kind, &body);
		if (frame != FRAME_WHOLE)
			break;
		if (!is_expected(scan, kind, body))
			return vault_damaged(scan->segment, scan->at,
			    "an item that has no place there", fail);
		bytes.data += FRAME_HEAD + body.len;
		bytes.len -= FRAME_HEAD + body.len;
		if (!take(scan, kind, body, fail))
			return false;
	}
	*end =
	    frame == FRAME_BAD || scan->at == scan->size || scan->at == before;
	return true;
}

static bool
run(struct scan *scan, struct fail *fail)
{
	struct vault *vault = scan->vault;
	bool end = scan->size == 0;

	scan->at = 0;
	scan->has_mark = false;
	while (!end) {
		uint64_t len = scan->size - scan->at;
		size_t got;

		if (!vault->disk->operations->read(vault->disk, scan->file,
			scan->at, scan->window,
			len > WINDOW ? WINDOW : (size_t)len, &got, fail) ||
		    !take_window(
			scan, (struct slice){scan->window, got}, &end, fail))
			return false;
	}
	return true;
}

/* --- torn or damaged? --- */

/* Is there a mark that says the byte at `at` was durable? */
static bool
is_proof(const struct scan *scan, struct slice bytes, uint64_t offset)
{
	enum vault_item kind;
	struct slice body;

	return vault_frame(bytes, scan->segment, (uint32_t)offset, &kind,
		   &body) == FRAME_WHOLE &&
	       kind == VAULT_MARK && body.len == MARK_SIZE &&
	       vault_mark_read(body).durable > scan->at;
}

static bool
look_for_proof(const struct scan *scan, struct slice bytes, uint64_t offset)
{
	static const char sign[5] = {0, 0, 0, MARK_SIZE, VAULT_MARK};
	const char *at = bytes.data, *end = at + bytes.len;

	while ((at = memmem(at, (size_t)(end - at), sign, 5)) != NULL) {
		size_t back = (size_t)(at - bytes.data);

		if (back >= 8 &&
		    is_proof(scan,
			(struct slice){at - 8, (size_t)(end - at) + 8},
			offset + back - 8))
			return true;
		at++;
	}
	return false;
}

/* A torn write is at the end: nothing behind it calls it durable. */
static bool
check_torn(const struct scan *scan, struct fail *fail)
{
	const struct disk_operations *op = scan->vault->disk->operations;
	const uint64_t overlap = FRAME_HEAD + MARK_SIZE;
	uint64_t at = scan->at;

	while (at < scan->size) {
		size_t got;

		if (!op->read(scan->vault->disk, scan->file, at, scan->window,
			WINDOW, &got, fail))
			return false;
		if (look_for_proof(scan, (struct slice){scan->window, got}, at))
			return vault_damaged(scan->segment, scan->at,
			    "an item cannot be read", fail);
		if (got < WINDOW)
			break;
		at += got - overlap;
	}
	return true;
}

/* --- segments --- */

static bool
open_file(struct scan *scan, uint32_t segment, struct fail *fail)
{
	struct disk *disk = scan->vault->disk;
	char path[1024];

	vault_path(scan->vault, segment, path);
	scan->segment = segment;
	if (!disk->operations->open(disk, path, DISK_WRITE, &scan->file, fail))
		return false;
	if (!disk->operations->size(disk, scan->file, &scan->size, fail))
		return false;
	return scan->size <= UINT32_MAX || vault_damaged(segment, UINT32_MAX,
					       "the segment is too long", fail);
}

/* One that others follow is whole and ends with a mark. */
static bool
check_whole(const struct scan *scan, struct fail *fail)
{
	if (scan->at != scan->size)
		return vault_damaged(
		    scan->segment, scan->at, "an item cannot be read", fail);
	return (scan->has_mark && scan->mark_end == scan->at) ||
	       vault_damaged(
		   scan->segment, scan->at, "the segment was cut", fail);
}

/* The newest mark; if the newest segment has none, the one before has. */
static bool
find_mark(struct scan *scan, uint32_t lowest, uint32_t highest,
    struct vault_mark *mark, uint32_t *end, struct fail *fail)
{
	struct disk *disk = scan->vault->disk;
	bool ok;

	scan->applies = false;
	ok = open_file(scan, highest, fail) && run(scan, fail) &&
	     check_torn(scan, fail);
	*end = ok && scan->has_mark ? (uint32_t)scan->mark_end : 0;
	disk->operations->close(disk, scan->file);
	scan->file = NULL;
	if (ok && !scan->has_mark && highest > lowest) {
		ok = open_file(scan, highest - 1, fail) && run(scan, fail) &&
		     check_whole(scan, fail);
		disk->operations->close(disk, scan->file);
		scan->file = NULL;
	}
	if (!ok)
		return false;
	*mark = scan->mark;
	if (!scan->has_mark)
		*mark = (struct vault_mark){.sequence = 0};
	return true;
}

static bool
load_segment(
    struct scan *scan, uint32_t segment, const uint32_t *end, struct fail *fail)
{
	struct vault *vault = scan->vault;
	struct vault_segment *at;
	bool ok;

	if (!vault_segment_add(vault, fail))
		return false;
	scan->applies = true;
	at = &vault->segments[vault->count - 1];
	ok = open_file(scan, segment, fail);
	at->file = scan->file;
	scan->file = NULL;
	if (!ok)
		return false;
	if (end != NULL && *end < scan->size) {
		at->cut = true;
		scan->size = *end;
	}
	at->size = (uint32_t)scan->size;
	vault->total += at->size;
	scan->file = at->file;
	ok = run(scan, fail) &&
	     ((end != NULL && at->size == 0) || check_whole(scan, fail));
	scan->file = NULL;
	return ok;
}

static bool
load(struct scan *scan, uint32_t lowest, uint32_t highest, struct fail *fail)
{
	struct vault *vault = scan->vault;
	struct vault_mark mark;
	uint32_t end;
	bool ok = find_mark(scan, lowest, highest, &mark, &end, fail);

	if (!ok)
		return false;
	if (mark.first < lowest || mark.first > highest) {
		fail_set(fail, FAIL_WORLD, "a segment of the vault is missing");
		fail_place(fail, "vault/%08x", mark.first);
		fail_hint(
		    fail, "restore ledger, vault and keys from one backup");
		return false;
	}
	vault->sequence = vault->newest = mark.sequence;
	vault->first = vault->kept = mark.first;
	vault->stale = lowest;
	vault->durable_segment = highest;
	vault->durable = end == 0 ? 0 : mark.durable;
	for (uint32_t n = mark.first; ok && n <= highest; n++)
		ok = load_segment(scan, n, n == highest ? &end : NULL, fail);
	return ok;
}

/* --- the directory --- */

static bool
is_number(struct slice name, uint32_t *number)
{
	uint8_t bytes[4];

	if (name.len != 8 || !text_hex_decode(name, bytes, 4))
		return false;
	*number = vault_get32(bytes);
	return true;
}

static bool
check_format(
    struct vault *vault, bool fresh, struct arena *arena, struct fail *fail)
{
	char path[1024];
	struct slice format;

	if (fresh)
		return disk_replace_file(vault->disk, vault->directory,
		    "format", SLICE(VAULT_FORMAT), fail);
	snprintf(path, sizeof(path), "%s/format", vault->directory);
	if (!disk_read_file(vault->disk, path, 100, arena, &format, fail))
		return false;
	if (slice_is(format, VAULT_FORMAT))
		return true;
	fail_set(fail, FAIL_WORLD, "not a vault that this misu can read");
	fail_place(fail, "%s", path);
	fail_hint(fail, "use the misu that wrote it, or restore it");
	return false;
}

static bool
open_directory(struct scan *scan, struct arena *arena, struct fail *fail)
{
	struct vault *vault = scan->vault;
	const struct disk_operations *op = vault->disk->operations;
	uint32_t lowest = UINT32_MAX, highest = 0, n;
	struct slice *names;
	size_t count;
	bool any = false, fresh;

	if (!op->make_directory(vault->disk, vault->directory, fail) ||
	    !op->list(
		vault->disk, vault->directory, arena, &names, &count, fail))
		return false;
	fresh = true;
	for (size_t i = 0; i < count; i++) {
		fresh = fresh && !slice_is(names[i], "format");
		if (!is_number(names[i], &n))
			continue;
		any = true;
		lowest = n < lowest ? n : lowest;
		highest = n > highest ? n : highest;
	}
	vault->is_synced = !any;
	return check_format(vault, fresh && !any, arena, fail) &&
	       (!any || load(scan, lowest, highest, fail));
}

bool
vault_log_open(struct vault *vault, struct fail *fail)
{
	struct scan scan = {.vault = vault, .window = malloc(WINDOW)};
	struct arena *arena = arena_create(NULL);
	bool ok = (arena != NULL && scan.window != NULL) || fail_memory(fail);

	ok = ok && open_directory(&scan, arena, fail);
	arena_destroy(arena);
	free(scan.window);
	return ok;
}
