/*
 * What durable groups bring: each change goes behind what is pending and into
 * the index.  A flush gives all of it to the disk at once, if it has another
 * thread beside the loop, which meanwhile reads from the buffer that flies.
 */
#include "store/vault_priv.h"

/* --- changes --- */

bool
vault_change_is_sound(struct slice change)
{
	if (change.len < CHANGE_HEAD)
		return false;
	switch ((enum change)change.data[0]) {
	case CHANGE_CURRENT:
	case CHANGE_PROPOSED:
		return change.len > CHANGE_HEAD;
	case CHANGE_PROMOTE:
	case CHANGE_REMOVE:
	case CHANGE_WITHDRAW:
		return change.len == CHANGE_HEAD;
	}
	return false;
}

static void
move(struct vault *vault, struct vault_place *to, struct vault_place from)
{
	vault->live -= to->len;
	*to = from;
}

static bool
write_generation(struct vault *vault, const uint8_t *key, enum vault_slot slot,
    const struct vault_place *place, struct fail *fail)
{
	struct vault_object *object = vault_index_make(&vault->index, key);

	if (object == NULL)
		return fail_memory(fail);
	move(vault, &object->of[slot], *place);
	vault->live += place->len;
	return true;
}

/* What a promotion or removal leaves; no proposal: the current one stays. */
static void
end_generation(
    struct vault *vault, struct vault_object *object, enum change change)
{
	struct vault_place *proposed = &object->of[VAULT_PROPOSED];
	struct vault_place *current = &object->of[VAULT_CURRENT];
	const struct vault_place none = {0, 0, 0};

	if (change == CHANGE_REMOVE)
		move(vault, current, none);
	else if (change == CHANGE_WITHDRAW)
		move(vault, proposed, none);
	else if (proposed->len != 0) {
		move(vault, current, *proposed);
		*proposed = none;
	}
	if (current->len == 0 && proposed->len == 0)
		vault_index_drop(&vault->index, object);
}

bool
vault_apply(struct vault *vault, struct slice change,
    const struct vault_place *place, struct fail *fail)
{
	const uint8_t *key = (const uint8_t *)change.data + 1;
	enum change word = (enum change)change.data[0];
	struct vault_object *object;

	switch (word) {
	case CHANGE_CURRENT:
		return write_generation(vault, key, VAULT_CURRENT, place, fail);
	case CHANGE_PROPOSED:
		return write_generation(
		    vault, key, VAULT_PROPOSED, place, fail);
	case CHANGE_PROMOTE:
	case CHANGE_REMOVE:
	case CHANGE_WITHDRAW:
		object = vault_index_find(&vault->index, key);
		if (object != NULL)
			end_generation(vault, object, word);
		return true;
	}
	return false;
}

/* Does it change anything?  What does not is not worth its bytes. */
static bool
has_effect(const struct vault *vault, struct slice change)
{
	const struct vault_object *object;

	switch ((enum change)change.data[0]) {
	case CHANGE_CURRENT:
	case CHANGE_PROPOSED:
		return true;
	case CHANGE_PROMOTE:
	case CHANGE_WITHDRAW:
	case CHANGE_REMOVE:
		break;
	}
	object =
	    vault_index_find(&vault->index, (const uint8_t *)change.data + 1);
	return object != NULL &&
	       object->of[change.data[0] == CHANGE_REMOVE ? VAULT_CURRENT
							  : VAULT_PROPOSED]
		       .len != 0;
}

bool
vault_put(struct vault *vault, uint64_t sequence, struct slice change,
    struct fail *fail)
{
	const struct slice body[2] = {change, {NULL, 0}};
	struct vault_place place;

	if (!vault_change_is_sound(change))
		return fail_set(fail, FAIL_WORLD,
		    "a vault record in the journal is malformed");
	vault->newest = sequence;
	return !has_effect(vault, change) ||
	       (vault_append(vault, VAULT_RECORD, body, &place, fail) &&
		   vault_apply(vault, change, &place, fail));
}

void
vault_expect(const struct vault *vault, struct slice change)
{
	if (change.len >= CHANGE_HEAD)
		vault_index_expect(
		    &vault->index, (const uint8_t *)change.data + 1);
}

bool
vault_put_subject(struct vault *vault, const struct digest *id, uint32_t slot,
    struct fail *fail)
{
	uint8_t bytes[4];
	const struct slice body[2] = {{(const char *)id->bytes, DIGEST_SIZE},
	    {(const char *)bytes, sizeof(bytes)}};
	struct vault_place place;

	vault_put32(bytes, slot);
	if (!vault_append(vault, VAULT_SUBJECT, body, &place, fail))
		return false;
	vault->live += place.len;
	return true;
}

/* --- to the disk --- */

/* How much of the pending buffer's segment is known to be durable. */
static uint32_t
durable_before(const struct vault *vault)
{
	return vault->pending.segment == vault->durable_segment ? vault->durable
								: 0;
}

/* A proof is written when all before it is durable. */
static bool
add_mark(struct vault *vault, uint64_t sequence, bool proof, struct fail *fail)
{
	struct vault_buffer *pending = &vault->pending;
	uint8_t bytes[MARK_SIZE];
	const struct slice body[2] = {
	    {(const char *)bytes, sizeof(bytes)}, {NULL, 0}};
	struct vault_place place;

	if (!vault_buffer_start(vault, fail))
		return false;
	vault_put32(bytes, (uint32_t)(sequence >> 32));
	vault_put32(bytes + 4, (uint32_t)sequence);
	vault_put32(bytes + 8, vault->kept);
	vault_put32(bytes + 12, proof ? pending->at + (uint32_t)pending->len
				      : durable_before(vault));
	return vault_append(vault, VAULT_MARK, body, &place, fail);
}

/* The pending buffer flies, the one that flew is empty and used again. */
static void
swap(struct vault *vault)
{
	struct vault_write *write = &vault->write;
	struct vault_buffer spare = write->buffer;
	uint32_t n = vault->pending.segment - vault->first;
	struct vault_segment *segment = &vault->segments[n];

	*write = (struct vault_write){.buffer = vault->pending,
	    .first = vault->kept,
	    .held = vault->is_held,
	    .stale = vault->stale,
	    .cut = segment->cut,
	    .file = segment->file,
	    .before = n == 0 ? NULL : vault->segments[n - 1].file};
	segment->cut = false;
	spare.len = 0;
	vault->pending = spare;
	vault->is_flying = true;
}

bool
vault_flush_begin(
    struct vault *vault, uint64_t sequence, bool *due, struct fail *fail)
{
	struct vault_buffer *pending = &vault->pending;
	size_t before;

	*due = sequence != vault->sequence || !vault->is_synced ||
	       pending->len != 0 || vault_is_cleaning(vault) ||
	       vault_wants_cleaning(vault) || vault->stale != vault->kept;
	if (!*due)
		return true;
	if (!add_mark(vault, sequence, false, fail))
		return false;
	before = pending->len;
	if (!add_mark(vault, sequence, true, fail))
		return false;
	swap(vault);
	vault->write.proof = vault->write.buffer.len - before;
	vault->write.sequence = sequence;
	vault->write.sync = true;
	vault_clean_begin(vault);
	return true;
}

/* The segment before is durable before the next one has a name. */
static bool
make_segment(struct vault *vault, struct vault_write *write)
{
	const struct disk_operations *op = vault->disk->operations;
	char path[1024];

	vault_path(vault, write->buffer.segment, path);
	return (write->before == NULL ||
		   op->sync(vault->disk, write->before, &write->fail)) &&
	       op->open(vault->disk, path, DISK_CREATE, &write->file,
		   &write->fail) &&
	       op->sync_directory(vault->disk, vault->directory, &write->fail);
}

static bool
write_all(struct vault *vault, struct vault_write *write)
{
	const struct disk_operations *op = vault->disk->operations;
	const struct vault_buffer *buffer = &write->buffer;
	size_t len = buffer->len - write->proof;

	if (write->file == NULL && !make_segment(vault, write))
		return false;
	if (write->cut &&
	    !op->truncate(vault->disk, write->file, buffer->at, &write->fail))
		return false;
	if (!op->write(vault->disk, write->file, buffer->at, buffer->data, len,
		&write->fail))
		return false;
	if (!write->sync)
		return true;
	return op->sync(vault->disk, write->file, &write->fail) &&
	       op->write(vault->disk, write->file, buffer->at + len,
		   buffer->data + len, write->proof, &write->fail);
}

/*
 * A durable mark says that these are not needed.  They are overwritten, so
 * that what somebody asked to be forgotten is not left on the disk.
 */
static bool
remove_stale(struct vault *vault, struct vault_write *write)
{
	const struct disk_operations *op = vault->disk->operations;
	char path[1024];

	for (uint32_t n = write->stale; n < write->first && !write->held;
	     n++) {
		vault_path(vault, n, path);
		if (!disk_wipe_file(vault->disk, path, &write->fail) ||
		    !op->remove(vault->disk, path, &write->fail))
			return false;
	}
	return true;
}

void
vault_flush_work(struct vault *vault)
{
	struct vault_write *write = &vault->write;
	const struct disk_operations *op = vault->disk->operations;

	if (write_all(vault, write) && remove_stale(vault, write) &&
	    write->old != NULL)
		op->read(vault->disk, write->old, write->old_at, vault->chunk,
		    write->old_len, &write->old_len, &write->fail);
}

static void
drop_segments(struct vault *vault, uint32_t first)
{
	uint32_t gone = 0;

	for (; gone < vault->count && vault->first + gone < first; gone++) {
		vault->total -= vault->segments[gone].size;
		vault->disk->operations->close(
		    vault->disk, vault->segments[gone].file);
	}
	vault->count -= gone;
	vault->first += gone;
	memmove(vault->segments, vault->segments + gone,
	    vault->count * sizeof(*vault->segments));
}

bool
vault_flush_end(struct vault *vault, struct fail *fail)
{
	struct vault_write *write = &vault->write;
	struct vault_buffer *buffer = &write->buffer;

	vault->is_flying = false;
	vault->segments[buffer->segment - vault->first].file = write->file;
	if (write->fail.kind != FAIL_NONE) {
		if (fail->kind == FAIL_NONE)
			*fail = write->fail;
		return false;
	}
	if (write->sync) {
		vault->sequence = write->sequence;
		vault->is_synced = true;
		vault->durable_segment = buffer->segment;
		vault->durable =
		    buffer->at + (uint32_t)(buffer->len - write->proof);
		vault->proof = (uint32_t)write->proof;
		drop_segments(vault, write->first);
		if (!write->held)
			vault->stale = write->first;
	} else {
		vault->is_synced = false;
	}
	buffer->len = 0;
	if (buffer->room > vault->limits.pending / 4) {
		free(buffer->data);
		*buffer = (struct vault_buffer){.data = NULL};
	}
	return vault_clean_end(vault, fail);
}

bool
vault_flush(struct vault *vault, uint64_t sequence, struct fail *fail)
{
	bool due;

	if (!vault_flush_begin(vault, sequence, &due, fail))
		return false;
	if (!due)
		return true;
	vault_flush_work(vault);
	return vault_flush_end(vault, fail);
}

bool
vault_is_full(const struct vault *vault)
{
	return vault->pending.len >= vault->limits.pending;
}

bool
vault_trim(struct vault *vault, struct fail *fail)
{
	uint64_t sequence =
	    vault->newest > vault->sequence ? vault->newest : vault->sequence;

	if (!vault_is_full(vault))
		return true;
	if (!add_mark(vault, sequence, false, fail))
		return false;
	swap(vault);
	vault->write.first = vault->write.stale;
	vault_flush_work(vault);
	return vault_flush_end(vault, fail);
}

uint64_t
vault_sequence(const struct vault *vault)
{
	return vault->sequence;
}

void
vault_hold(struct vault *vault, bool held)
{
	vault->is_held = held;
}

void
vault_each_segment(const struct vault *vault,
    void (*visit)(void *context, uint32_t segment, uint32_t size),
    void *context)
{
	uint32_t last = vault->durable_segment;

	for (uint32_t i = 0; i < vault->count; i++) {
		uint32_t segment = vault->first + i;
		uint32_t size = vault->segments[i].size;

		if (segment > last)
			break;
		/* The mark that calls it durable follows it. */
		if (segment == last && vault->durable != 0)
			size = vault->durable + vault->proof;
		visit(context, segment, size);
	}
}

uint64_t
vault_bytes(const struct vault *vault)
{
	return vault->total;
}
