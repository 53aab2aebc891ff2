#include "store/journal_priv.h"

/* --- groups --- */

struct group {
	uint8_t *data; /* aligned; GROUP_BLOCKS blocks, all of each is set */
	size_t stream; /* bytes of the stream so far */
	uint32_t entries;
};

struct group *
group_create(void)
{
	struct group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	group->data = aligned_alloc(DISK_BLOCK, JOURNAL_GROUP_MAX);
	if (group->data == NULL) {
		free(group);
		return NULL;
	}
	group_reset(group);
	return group;
}

void
group_destroy(struct group *group)
{
	if (group == NULL)
		return;
	free(group->data);
	free(group);
}

void
group_reset(struct group *group)
{
	group->stream = STREAM_HEAD;
	group->entries = 0;
}

bool
group_is_empty(const struct group *group)
{
	return group->stream == STREAM_HEAD;
}

bool
group_has_room(const struct group *group, size_t bytes, size_t count)
{
	size_t room = (size_t)GROUP_BLOCKS * BLOCK_ROOM - group->stream;

	return bytes <= room && count * ITEM_HEAD <= room - bytes;
}

/* Copy into the blocks' middle parts, at byte `at` of the stream. */
static void
put(struct group *group, size_t at, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len != 0) {
		size_t in = at % BLOCK_ROOM;
		size_t n = BLOCK_ROOM - in < len ? BLOCK_ROOM - in : len;

		memcpy(group->data + at / BLOCK_ROOM * DISK_BLOCK +
			BLOCK_HEAD + in,
		    from, n);
		from += n;
		at += n;
		len -= n;
	}
}

void
group_add(struct group *group, enum journal_item type, struct slice item)
{
	uint8_t head[ITEM_HEAD] = {(uint8_t)type};

	big_put32(head + 1, (uint32_t)item.len);
	put(group, group->stream, head, sizeof(head));
	put(group, group->stream + sizeof(head), item.data, item.len);
	group->stream += sizeof(head) + item.len;
	group->entries += type == JOURNAL_ENTRY;
}

static void
block_seal(uint8_t *block, uint32_t number, uint64_t sequence)
{
	struct checksum check;

	memcpy(block, BLOCK_MAGIC, 4);
	big_put32(block + 4, number);
	big_put64(block + 8, sequence);
	check = checksum_of((struct slice){
	    (const char *)block, DISK_BLOCK - BLOCK_CHECK});
	memcpy(block + DISK_BLOCK - BLOCK_CHECK, check.bytes, BLOCK_CHECK);
}

struct group_head {
	uint64_t sequence, size;
	uint32_t generation;
	const struct digest *root;
};

/* Returns the number of blocks. */
static uint32_t
group_seal(struct group *group, const struct group_head *head)
{
	static const uint8_t zeros[BLOCK_ROOM];
	uint32_t count =
	    (uint32_t)((group->stream + BLOCK_ROOM - 1) / BLOCK_ROOM);
	uint8_t bytes[STREAM_HEAD];

	big_put32(bytes, count);
	big_put32(bytes + 4, head->generation);
	big_put64(bytes + 8, head->size);
	big_put32(bytes + 16, group->entries);
	big_put32(bytes + 20, (uint32_t)group->stream);
	memcpy(bytes + 24, head->root->bytes, DIGEST_SIZE);
	put(group, 0, bytes, sizeof(bytes));
	put(group, group->stream, zeros,
	    (size_t)count * BLOCK_ROOM - group->stream);
	for (uint32_t i = 0; i < count; i++)
		block_seal(group->data + (size_t)i * DISK_BLOCK, i,
		    head->sequence);
	return count;
}

/* --- segments --- */

struct segment {
	char name[24];
	struct disk_file *file;
	uint32_t generation;
	uint64_t newest; /* sequence of the newest group in it */
	bool busy; /* holds what is nowhere else yet, or the newest group */
};

struct journal {
	struct disk *disk;
	char directory[JOURNAL_PATH];
	uint64_t segment_size, sequence, offset, pending;
	struct segment *segments;
	size_t segment_count;
	size_t current; /* SIZE_MAX: none yet */
	bool roll;
};

static bool
segment_path(const struct journal *journal, const char *name,
    char path[JOURNAL_PATH], struct fail *fail)
{
	int n = snprintf(
	    path, JOURNAL_PATH, "%s/%s", journal->directory, name);

	if (n < 0 || n >= JOURNAL_PATH)
		return fail_set(fail, FAIL_INPUT, "the path is too long");
	return true;
}

static struct segment *
segment_new(struct journal *journal, struct fail *fail)
{
	struct segment *grown = realloc(journal->segments,
	    (journal->segment_count + 1) * sizeof(*grown));

	if (grown == NULL) {
		fail_memory(fail);
		return NULL;
	}
	journal->segments = grown;
	grown += journal->segment_count;
	*grown = (struct segment){.file = NULL};
	return grown;
}

static bool
fill_zeros(struct journal *journal, struct disk_file *file, uint64_t size,
    struct fail *fail)
{
	const struct disk_operations *op = journal->disk->operations;
	size_t piece = size < JOURNAL_GROUP_MAX ? (size_t)size
						: JOURNAL_GROUP_MAX;
	void *zeros = aligned_alloc(DISK_BLOCK, piece);
	bool ok = zeros != NULL || fail_memory(fail);

	if (ok)
		memset(zeros, 0, piece);
	for (uint64_t at = 0; ok && at < size; at += piece)
		ok = op->write(journal->disk, file, at, zeros,
		    size - at < piece ? (size_t)(size - at) : piece, fail);
	free(zeros);
	return ok;
}

/* A restored journal has one segment, of any number. */
static void
name_segment(const struct journal *journal, struct segment *segment)
{
	bool taken = true;

	for (size_t n = journal->segment_count; taken; n++) {
		taken = false;
		snprintf(segment->name, sizeof(segment->name), "%08zu", n);
		for (size_t i = 0; i < journal->segment_count; i++)
			taken = taken ||
			    strcmp(journal->segments[i].name,
				segment->name) == 0;
	}
}

/* A new file is whole under a name of its own before it is a segment. */
static bool
segment_make(struct journal *journal, struct fail *fail)
{
	const struct disk_operations *op = journal->disk->operations;
	struct segment *segment = segment_new(journal, fail);
	char path[JOURNAL_PATH], fresh[JOURNAL_PATH];
	struct disk_file *file;
	bool ok;

	if (segment == NULL)
		return false;
	name_segment(journal, segment);
	if (!segment_path(journal, segment->name, path, fail) ||
	    !segment_path(journal, "new", fresh, fail) ||
	    !op->open(journal->disk, fresh, DISK_WRITE, &file, fail))
		return false;
	ok = fill_zeros(journal, file, journal->segment_size, fail);
	if (!op->put_away(journal->disk, &file, 1, fail) || !ok ||
	    !op->rename(journal->disk, fresh, path, fail) ||
	    !op->sync_directory(journal->disk, journal->directory, fail) ||
	    !op->open(journal->disk, path, DISK_JOURNAL, &segment->file,
		fail))
		return false;
	journal->segment_count++;
	return true;
}

/* Overwrite every block in flight at a crash, and every bad one, by zeros. */
static bool
segment_cut(struct journal *journal, struct segment *segment, uint64_t newest,
    struct fail *fail)
{
	const struct disk_operations *op = journal->disk->operations;
	uint8_t *block = aligned_alloc(DISK_BLOCK, 2 * DISK_BLOCK);
	bool ok = block != NULL || fail_memory(fail);
	uint64_t size = 0;

	ok = ok && op->size(journal->disk, segment->file, &size, fail);
	if (ok)
		memset(block + DISK_BLOCK, 0, DISK_BLOCK);
	for (uint64_t at = 0; ok && at < size; at += DISK_BLOCK) {
		size_t got;

		ok = op->read(journal->disk, segment->file, at, block,
		    DISK_BLOCK, &got, fail);
		if (!ok || got < DISK_BLOCK ||
		    block_state(block) == BLOCK_ZERO ||
		    (block_state(block) == BLOCK_GOOD &&
			big_get64(block + 8) <= newest))
			continue;
		ok = op->write(journal->disk, segment->file, at,
			 block + DISK_BLOCK, DISK_BLOCK, fail) &&
		    op->sync(journal->disk, segment->file, fail);
	}
	free(block);
	return ok;
}

static bool
segments_open(struct journal *journal, const struct journal_state *state,
    struct fail *fail)
{
	for (size_t i = 0; i < state->segment_count; i++) {
		const struct segment_info *info = &state->segments[i];
		struct segment *segment = segment_new(journal, fail);
		char path[JOURNAL_PATH];

		if (segment == NULL)
			return false;
		memcpy(segment->name, info->name, sizeof(segment->name));
		segment->generation = info->generation;
		segment->newest = info->newest;
		segment->busy =
		    info->newest >= state->newest && state->newest != 0;
		if (!segment_path(journal, segment->name, path, fail) ||
		    !journal->disk->operations->open(journal->disk, path,
			DISK_JOURNAL, &segment->file, fail))
			return false;
		journal->segment_count++;
		/*
		 * After a failed sync a group may be readable and yet not on
		 * disk: no checkpoint must cover it before it is.
		 */
		if (!journal->disk->operations->sync(
			journal->disk, segment->file, fail))
			return false;
		if (i == 0)
			journal->segment_size = info->size;
		if (state->cut &&
		    !segment_cut(journal, segment, state->newest, fail))
			return false;
	}
	while (journal->segment_count < 2)
		if (!segment_make(journal, fail))
			return false;
	/* An earlier start may have failed between a name and its sync. */
	return journal->disk->operations->sync_directory(
	    journal->disk, journal->directory, fail);
}

bool
journal_exists(struct disk *disk, const char *directory)
{
	struct arena *arena = arena_create(NULL);
	struct slice *names;
	size_t count = 0;
	struct fail fail = FAIL_INIT;

	if (arena != NULL)
		disk->operations->list(
		    disk, directory, arena, &names, &count, &fail);
	arena_destroy(arena);
	return count != 0;
}

struct journal *
journal_open(struct disk *disk, const char *directory, uint64_t segment_size,
    uint64_t durable, const struct journal_scan *scan, struct fail *fail)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	struct journal_state state = {.segments = NULL};
	bool ok;

	if (journal == NULL) {
		fail_memory(fail);
		return NULL;
	}
	journal->disk = disk;
	journal->segment_size = segment_size;
	journal->current = SIZE_MAX;
	snprintf(journal->directory, JOURNAL_PATH, "%.900s", directory);
	ok = disk->operations->make_directory(disk, directory, fail) &&
	    journal_scan_all(
		disk, journal->directory, durable, scan, &state, fail) &&
	    segments_open(journal, &state, fail);
	journal->sequence = state.newest;
	free(state.segments);
	if (ok)
		return journal;
	journal_close(journal);
	return NULL;
}

void
journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	for (size_t i = 0; i < journal->segment_count; i++)
		journal->disk->operations->close(
		    journal->disk, journal->segments[i].file);
	free(journal->segments);
	free(journal);
}

/* --- writing --- */

static bool
segment_begin(struct journal *journal, struct fail *fail)
{
	size_t i = 0;

	while (i < journal->segment_count && journal->segments[i].busy)
		i++;
	if (i == journal->segment_count && !segment_make(journal, fail))
		return false;
	journal->current = i;
	journal->offset = 0;
	journal->roll = false;
	journal->segments[i].busy = true;
	journal->segments[i].generation++;
	return true;
}

bool
journal_write(struct journal *journal, struct group *group,
    uint64_t tree_size, const struct digest *root,
    void (*done)(void *arg, const struct fail *fail), void *arg,
    struct fail *fail)
{
	struct group_head head = {.size = tree_size, .root = root};
	size_t count = (group->stream + BLOCK_ROOM - 1) / BLOCK_ROOM;
	size_t len = count * DISK_BLOCK;
	uint64_t offset;

	if (journal->current == SIZE_MAX || journal->roll ||
	    journal->offset + len > journal->segment_size)
		if (!segment_begin(journal, fail))
			return false;
	head.sequence = ++journal->sequence;
	journal->segments[journal->current].newest = head.sequence;
	head.generation = journal->segments[journal->current].generation;
	group_seal(group, &head);
	offset = journal->offset;
	journal->offset += len;
	journal->pending += len;
	journal->disk->operations->write_behind(journal->disk,
	    journal->segments[journal->current].file, offset, group->data, len,
	    done, arg);
	return true;
}

void
journal_release(struct journal *journal, uint64_t sequence)
{
	for (size_t i = 0; i < journal->segment_count; i++)
		if (i != journal->current && journal->current != SIZE_MAX &&
		    journal->segments[i].newest <= sequence)
			journal->segments[i].busy = false;
	journal->pending = 0;
}

bool
journal_current(
    const struct journal *journal, char name[64], uint64_t *size)
{
	if (journal->current == SIZE_MAX)
		return false;
	snprintf(
	    name, 64, "%s", journal->segments[journal->current].name);
	*size = journal->offset;
	return true;
}

uint64_t
journal_bytes(const struct journal *journal)
{
	return journal->segment_count * journal->segment_size;
}

void
journal_roll(struct journal *journal)
{
	journal->roll = true;
}

bool
journal_wipe(struct journal *journal, uint64_t sequence, bool *left,
    struct fail *fail)
{
	bool wiped = false;

	*left = false;
	for (size_t i = 0; i < journal->segment_count; i++) {
		struct segment *segment = &journal->segments[i];

		if (segment->newest == 0 || segment->newest > sequence)
			continue;
		if (wiped || segment->busy || i == journal->current) {
			*left = true;
			continue;
		}
		if (!fill_zeros(journal, segment->file,
			journal->segment_size, fail) ||
		    !journal->disk->operations->sync(
			journal->disk, segment->file, fail))
			return false;
		segment->newest = 0;
		wiped = true;
	}
	return true;
}

uint64_t
journal_sequence(const struct journal *journal)
{
	return journal->sequence;
}

uint64_t
journal_pending(const struct journal *journal)
{
	return journal->pending;
}
