/*
 * Reading the journal back.  Every block of every segment is looked at; whole
 * groups are sorted by sequence, and those that follow each other up to the
 * newest are what the journal says.
 *
 * A young log has segments of which the most was never written to.  They are
 * read in pieces, and one that is all zeros costs neither memory nor a second
 * look: whoever begins, and any misuctl that reads the log, waits for this.
 */
#include "store/journal_priv.h"

enum {
	PIECE = 1 << 20,
	PIECES_MAX = UINT32_MAX / PIECE + 1 /* of a segment */
};

/* What stands at the end of a block of this magic; false: of no magic. */
static bool
block_check(const uint8_t *block, uint8_t out[BLOCK_CHECK])
{
	struct slice checked = {
	    (const char *)block, DISK_BLOCK - BLOCK_CHECK};
	struct checksum sum;
	struct digest digest;

	if (memcmp(block, BLOCK_MAGIC, 4) == 0) {
		sum = checksum_of(checked);
		memcpy(out, sum.bytes, BLOCK_CHECK);
		return true;
	}
	if (memcmp(block, BLOCK_MAGIC_1, 4) != 0)
		return false;
	digest = digest_sha256(checked);
	memcpy(out, digest.bytes, BLOCK_CHECK);
	return true;
}

enum block_state
block_state(const uint8_t *block)
{
	static const uint8_t zeros[DISK_BLOCK];
	uint8_t check[BLOCK_CHECK];

	if (memcmp(block, zeros, DISK_BLOCK) == 0)
		return BLOCK_ZERO;
	if (block_check(block, check) &&
	    memcmp(block + DISK_BLOCK - BLOCK_CHECK, check, BLOCK_CHECK) == 0)
		return BLOCK_GOOD;
	return BLOCK_BAD;
}

bool
journal_next(
    struct slice *stream, enum journal_item *type, struct slice *item)
{
	const uint8_t *at = (const uint8_t *)stream->data;
	uint32_t len;

	if (stream->len < ITEM_HEAD)
		return false;
	len = big_get32(at + 1);
	if (len > stream->len - ITEM_HEAD ||
	    (at[0] != JOURNAL_ENTRY && at[0] != JOURNAL_RECORD &&
		at[0] != JOURNAL_SUBJECT))
		return false;
	*type = (enum journal_item)at[0];
	*item = (struct slice){stream->data + ITEM_HEAD, len};
	stream->data += ITEM_HEAD + len;
	stream->len -= ITEM_HEAD + len;
	return true;
}

/* A whole group and where it lies. */
struct found {
	uint64_t sequence, first, offset;
	uint32_t blocks, entries;
	size_t segment;
};

struct reader {
	struct disk *disk;
	const char *directory;
	const struct journal_scan *scan;
	struct journal_state *state;
	uint8_t *data; /* a segment up to its last piece with something in it */
	size_t data_size, filled;
	uint8_t *piece; /* where one is read to before it is known */
	size_t piece_size;
	bool blank[PIECES_MAX]; /* all zeros */
	struct found *found;
	size_t found_count, found_room;
	uint64_t highest;      /* sequence of any good block */
	char highest_segment[24];
	uint64_t highest_offset;
	char bad_segment[24]; /* the first bad block, for the place */
	uint64_t bad_offset;
	bool bad;
};

static bool
is_blank(const uint8_t *data, size_t len)
{
	return len == 0 ||
	    (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

/* Room for the first `size` bytes of a segment: zeros after what is there. */
static bool
fill_up(struct reader *reader, size_t size, struct fail *fail)
{
	if (size > reader->data_size) {
		uint8_t *grown = realloc(reader->data, size);

		if (grown == NULL)
			return fail_memory(fail);
		reader->data = grown;
		reader->data_size = size;
	}
	memset(reader->data + reader->filled, 0, size - reader->filled);
	reader->filled = size;
	return true;
}

static bool
room_for_piece(struct reader *reader, size_t len, struct fail *fail)
{
	if (len <= reader->piece_size)
		return true;
	free(reader->piece);
	reader->piece = malloc(len);
	reader->piece_size = reader->piece == NULL ? 0 : len;
	return reader->piece != NULL || fail_memory(fail);
}

static bool
read_piece(struct reader *reader, struct disk_file *file, uint64_t at,
    size_t len, struct fail *fail)
{
	const struct disk_operations *op = reader->disk->operations;
	bool *blank = &reader->blank[at / PIECE];
	size_t got = 0;

	if (!op->read(
		reader->disk, file, at, reader->piece, len, &got, fail))
		return false;
	*blank = is_blank(reader->piece, got);
	if (*blank)
		return true;
	if (!fill_up(reader, (size_t)at + len, fail))
		return false;
	memcpy(reader->data + at, reader->piece, got);
	return true;
}

static bool
read_pieces(struct reader *reader, struct disk_file *file, uint64_t size,
    struct fail *fail)
{
	size_t len;

	reader->filled = 0;
	for (uint64_t at = 0; at < size; at += len) {
		len = size - at < PIECE ? (size_t)(size - at) : PIECE;
		if (!room_for_piece(reader, len, fail) ||
		    !read_piece(reader, file, at, len, fail))
			return false;
	}
	return true;
}

static bool
load(struct reader *reader, size_t index, struct fail *fail)
{
	const struct disk_operations *op = reader->disk->operations;
	struct segment_info *info = &reader->state->segments[index];
	char path[JOURNAL_PATH];
	struct disk_file *file;
	bool ok;

	snprintf(path, sizeof(path), "%.900s/%s", reader->directory,
	    info->name);
	if (!op->open(reader->disk, path, DISK_READ, &file, fail))
		return false;
	ok = op->size(reader->disk, file, &info->size, fail);
	if (ok && (info->size % DISK_BLOCK != 0 || info->size == 0 ||
		      info->size > UINT32_MAX)) {
		ok = fail_set(fail, FAIL_WORLD, "the segment was cut");
		fail_place(fail, "journal/%.60s:%llu", info->name,
		    (unsigned long long)info->size);
		fail_hint(fail, "restore the ledger from a backup");
	}
	ok = ok && read_pieces(reader, file, info->size, fail);
	op->close(reader->disk, file);
	return ok;
}

static bool
found_add(struct reader *reader, struct found found, struct fail *fail)
{
	if (reader->found_count == reader->found_room) {
		size_t room =
		    reader->found_room == 0 ? 64 : 2 * reader->found_room;
		struct found *grown =
		    realloc(reader->found, room * sizeof(*grown));

		if (grown == NULL)
			return fail_memory(fail);
		reader->found = grown;
		reader->found_room = room;
	}
	reader->found[reader->found_count++] = found;
	return true;
}

/* Is there a whole group at this offset? */
static bool
group_at(const struct reader *reader, size_t segment, uint64_t offset,
    struct found *out)
{
	const uint8_t *block = reader->data + offset;
	const uint8_t *head = block + BLOCK_HEAD;
	uint32_t count = big_get32(head);

	if (big_get32(block + 4) != 0 || count == 0 || count > GROUP_BLOCKS ||
	    offset + (uint64_t)count * DISK_BLOCK > reader->filled)
		return false;
	for (uint32_t i = 1; i < count; i++) {
		const uint8_t *next = block + (size_t)i * DISK_BLOCK;

		if (block_state(next) != BLOCK_GOOD || big_get32(next + 4) != i ||
		    big_get64(next + 8) != big_get64(block + 8))
			return false;
	}
	*out = (struct found){.sequence = big_get64(block + 8),
	    .first = big_get64(head + 8),
	    .offset = offset,
	    .blocks = count,
	    .entries = big_get32(head + 16),
	    .segment = segment};
	return big_get32(head + 20) >= STREAM_HEAD &&
	    big_get32(head + 20) <= count * (uint64_t)BLOCK_ROOM;
}

static bool
bad_block(struct reader *reader, const struct segment_info *info,
    uint64_t offset, struct fail *fail)
{
	if (!reader->bad) {
		memcpy(reader->bad_segment, info->name, sizeof(info->name));
		reader->bad_offset = offset;
		reader->bad = true;
	}
	return reader->scan->damage == NULL ||
	    reader->scan->damage(
		reader->scan->context, info->name, offset, fail);
}

static void
good_block(struct reader *reader, struct segment_info *info,
    const uint8_t *block, uint64_t offset)
{
	uint64_t sequence = big_get64(block + 8);
	const uint8_t *head = block + BLOCK_HEAD;

	if (sequence > info->newest)
		info->newest = sequence;
	if (sequence > reader->highest) {
		reader->highest = sequence;
		memcpy(reader->highest_segment, info->name,
		    sizeof(info->name));
		reader->highest_offset = offset;
	}
	if (big_get32(block + 4) == 0 && big_get32(head + 4) > info->generation)
		info->generation = big_get32(head + 4);
}

static bool
scan_segment(struct reader *reader, size_t index, struct fail *fail)
{
	struct segment_info *info = &reader->state->segments[index];
	uint64_t skip = 0;

	if (!load(reader, index, fail))
		return false;
	for (uint64_t at = 0; at < info->size; at += DISK_BLOCK) {
		const uint8_t *block;
		enum block_state state;
		struct found found;

		if (reader->blank[at / PIECE])
			continue;
		block = reader->data + at;
		state = block_state(block);
		if (state == BLOCK_BAD && !bad_block(reader, info, at, fail))
			return false;
		if (state != BLOCK_GOOD)
			continue;
		good_block(reader, info, block, at);
		if (at < skip || !group_at(reader, index, at, &found))
			continue;
		skip = at + (uint64_t)found.blocks * DISK_BLOCK;
		if (!found_add(reader, found, fail))
			return false;
	}
	return true;
}

static int
by_sequence(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* Name the bad block if there was one, else where the trouble shows. */
static bool
refuse(struct reader *reader, const char *segment, uint64_t offset,
    const char *what, struct fail *fail)
{
	if (reader->bad) {
		segment = reader->bad_segment;
		offset = reader->bad_offset;
	}
	fail_set(fail, FAIL_WORLD, "the journal is damaged: %s", what);
	fail_place(fail, "journal/%.60s:%llu", segment,
	    (unsigned long long)offset);
	fail_hint(fail, "misuctl verify lists all damage; restore the ledger "
			"from a backup, nothing was changed");
	return false;
}

/* Where the unbroken run that ends with the newest group begins. */
static size_t
run_start(const struct reader *reader)
{
	size_t i = reader->found_count;

	if (i == 0)
		return 0;
	for (i--; i > 0; i--) {
		const struct found *a = &reader->found[i - 1];
		const struct found *b = &reader->found[i];

		if (a->sequence + 1 != b->sequence ||
		    a->first + a->entries != b->first)
			break;
	}
	return i;
}

/* `least`: entries that it must reach to. */
static bool
check_run(struct reader *reader, size_t start, uint64_t durable,
    uint64_t least, struct fail *fail)
{
	const struct found *first, *last;

	if (reader->found_count == 0) {
		if (reader->highest > 1)
			return refuse(reader, reader->highest_segment,
			    reader->highest_offset,
			    "the groups before this one are not there", fail);
		if (durable != 0)
			return refuse(reader,
			    reader->state->segment_count != 0
				? reader->state->segments[0].name
				: "",
			    0, "there is a checkpoint, but no group", fail);
		return true;
	}
	first = &reader->found[start];
	last = &reader->found[reader->found_count - 1];
	if (reader->highest > last->sequence + 1)
		return refuse(reader, reader->highest_segment,
		    reader->highest_offset,
		    "a group before this one is not whole", fail);
	if (first->first > durable)
		return refuse(reader,
		    reader->state->segments[first->segment].name,
		    first->offset,
		    "entries before this group are in no bundle", fail);
	if (last->first + last->entries < least)
		return refuse(reader,
		    reader->state->segments[last->segment].name,
		    last->offset + (uint64_t)last->blocks * DISK_BLOCK,
		    "a group was here that the checkpoint covers", fail);
	return true;
}

/* The middle parts of the blocks, joined, without the stream's head. */
static struct slice
join(const uint8_t *from, uint32_t blocks, uint8_t *to)
{
	size_t len = big_get32(from + BLOCK_HEAD + 20);

	for (uint32_t i = 0; i < blocks; i++)
		memcpy(to + (size_t)i * BLOCK_ROOM,
		    from + (size_t)i * DISK_BLOCK + BLOCK_HEAD, BLOCK_ROOM);
	return (struct slice){
	    (const char *)to + STREAM_HEAD, len - STREAM_HEAD};
}

static bool
hand_out(struct reader *reader, const struct found *found, size_t *loaded,
    uint8_t *joined, struct fail *fail)
{
	const struct segment_info *info =
	    &reader->state->segments[found->segment];
	const uint8_t *head;
	struct journal_group group = {.sequence = found->sequence,
	    .first = found->first,
	    .entries = found->entries,
	    .segment = info->name,
	    .offset = found->offset};

	if (*loaded != found->segment &&
	    !load(reader, found->segment, fail))
		return false;
	*loaded = found->segment;
	head = reader->data + found->offset + BLOCK_HEAD;
	group.generation = big_get32(head + 4);
	memcpy(group.root.bytes, head + 24, DIGEST_SIZE);
	group.stream =
	    join(reader->data + found->offset, found->blocks, joined);
	return reader->scan->group(reader->scan->context, &group, fail);
}

static bool
hand_out_all(struct reader *reader, size_t start, struct fail *fail)
{
	uint8_t *joined = malloc((size_t)GROUP_BLOCKS * BLOCK_ROOM);
	size_t loaded = SIZE_MAX;
	bool ok = joined != NULL || fail_memory(fail);

	for (size_t i = start; ok && i < reader->found_count; i++)
		ok = hand_out(
		    reader, &reader->found[i], &loaded, joined, fail);
	free(joined);
	return ok;
}

static bool
list_segments(struct reader *reader, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct journal_state *state = reader->state;
	struct slice *names;
	size_t count = 0;
	bool ok = arena != NULL || fail_memory(fail);

	ok = ok && reader->disk->operations->list(reader->disk,
		       reader->directory, arena, &names, &count, fail);
	if (ok && (state->segments = calloc(count + 1,
		       sizeof(*state->segments))) == NULL)
		ok = fail_memory(fail);
	for (size_t i = 0; ok && i < count; i++) {
		struct segment_info *info =
		    &state->segments[state->segment_count];

		/* A segment that was still being filled is no segment. */
		if (slice_is(names[i], "new") ||
		    names[i].len >= sizeof(info->name))
			continue;
		memcpy(info->name, names[i].data, names[i].len);
		state->segment_count++;
	}
	arena_destroy(arena);
	return ok;
}

bool
journal_scan_all(struct disk *disk, const char *directory, uint64_t durable,
    const struct journal_scan *scan, struct journal_state *state,
    struct fail *fail)
{
	struct reader reader = {.disk = disk,
	    .directory = directory,
	    .scan = scan,
	    .state = state};
	bool ok = list_segments(&reader, fail);
	size_t start = 0;

	for (size_t i = 0; ok && i < state->segment_count; i++)
		ok = scan_segment(&reader, i, fail);
	if (ok && reader.found_count != 0) {
		qsort(reader.found, reader.found_count,
		    sizeof(*reader.found), by_sequence);
		start = run_start(&reader);
		state->newest = reader.found[reader.found_count - 1].sequence;
	}
	ok = ok &&
	    check_run(&reader, start, durable,
		scan->older != 0 ? scan->older : durable, fail) &&
	    hand_out_all(&reader, start, fail);
	state->cut = reader.bad || reader.highest > state->newest;
	free(reader.found);
	free(reader.data);
	free(reader.piece);
	return ok;
}

bool
journal_read(struct disk *disk, const char *directory, uint64_t durable,
    const struct journal_scan *scan, struct fail *fail)
{
	struct journal_state state = {.segments = NULL};
	bool ok =
	    journal_scan_all(disk, directory, durable, scan, &state, fail);

	free(state.segments);
	return ok;
}
