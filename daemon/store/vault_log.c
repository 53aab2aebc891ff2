/* Items of the log: how they are framed, added and read. */
#include "store/vault_priv.h"

#include <endian.h>

/*
 * A word at a time: each step is a bijection of what was before and of the
 * word, so no change within one word goes unseen, and any other with a chance
 * of one in 2^64.  It is about the disk's mistakes, not about forgers.
 */
uint64_t
vault_check_sum(
    const char *frame, size_t len, uint32_t segment, uint32_t offset)
{
	const uint64_t factor = 0x9e3779b97f4a7c15;
	uint64_t sum = ((uint64_t)segment << 32 | offset) ^ factor, word;

	for (; len >= 8; frame += 8, len -= 8) {
		memcpy(&word, frame, 8);
		sum = (sum ^ htole64(word)) * factor;
		sum ^= sum >> 32;
	}
	word = 0;
	memcpy(&word, frame, len);
	sum = (sum ^ htole64(word) ^ (uint64_t)len << 56) * factor;
	return (sum ^ sum >> 29) * factor;
}

static uint64_t
get64(const void *at)
{
	return (uint64_t)vault_get32(at) << 32 |
	       vault_get32((const char *)at + 4);
}

static void
put_sum(char *frame, size_t len, uint32_t segment, uint32_t offset)
{
	uint64_t sum = vault_check_sum(frame + 8, len - 8, segment, offset);

	vault_put32(frame, (uint32_t)(sum >> 32));
	vault_put32(frame + 4, (uint32_t)sum);
}

enum vault_frame
vault_frame(struct slice bytes, uint32_t segment, uint32_t offset,
    enum vault_item *kind, struct slice *body)
{
	size_t len;

	if (bytes.len < FRAME_HEAD)
		return FRAME_SHORT;
	len = vault_get32(bytes.data + 8);
	if (len > ITEM_MAX)
		return FRAME_BAD;
	if (len > bytes.len - FRAME_HEAD)
		return FRAME_SHORT;
	if (get64(bytes.data) != vault_check_sum(bytes.data + 8,
				     FRAME_HEAD - 8 + len, segment, offset))
		return FRAME_BAD;
	*kind = (enum vault_item)bytes.data[FRAME_HEAD - 1];
	*body = (struct slice){bytes.data + FRAME_HEAD, len};
	return FRAME_WHOLE;
}

struct vault_mark
vault_mark_read(struct slice body)
{
	return (struct vault_mark){.sequence = get64(body.data),
	    .first = vault_get32(body.data + 8),
	    .durable = vault_get32(body.data + 12)};
}

void
vault_path(const struct vault *vault, uint32_t segment, char out[1024])
{
	snprintf(out, 1024, "%s/%08x", vault->directory, segment);
}

bool
vault_damaged(
    uint32_t segment, uint64_t offset, const char *what, struct fail *fail)
{
	fail_set(fail, FAIL_WORLD, "the vault is damaged: %s", what);
	fail_place(
	    fail, "vault/%08x:%llu", segment, (unsigned long long)offset);
	fail_hint(fail, "restore ledger, vault and keys from one backup; "
			"nothing was changed");
	return false;
}

/* --- adding --- */

static bool
reserve(struct vault_buffer *buffer, size_t len, struct fail *fail)
{
	size_t room = buffer->room == 0 ? 1 << 16 : buffer->room;
	char *data;

	if (len <= buffer->room - buffer->len)
		return true;
	while (room - buffer->len < len)
		room *= 2;
	data = realloc(buffer->data, room);
	if (data == NULL)
		return fail_memory(fail);
	buffer->data = data;
	buffer->room = room;
	return true;
}

static struct vault_segment *
last_segment(struct vault *vault)
{
	return vault->count == 0 ? NULL : &vault->segments[vault->count - 1];
}

bool
vault_segment_add(struct vault *vault, struct fail *fail)
{
	if (vault->count == vault->room) {
		uint32_t room = vault->room == 0 ? 16 : vault->room * 2;
		struct vault_segment *segments =
		    realloc(vault->segments, room * sizeof(*segments));

		if (segments == NULL)
			return fail_memory(fail);
		vault->segments = segments;
		vault->room = room;
	}
	vault->segments[vault->count++] = (struct vault_segment){.file = NULL};
	return true;
}

static void
add_frame(struct vault *vault, enum vault_item kind, const struct slice body[2],
    struct vault_place *place)
{
	struct vault_buffer *pending = &vault->pending;
	char *frame = pending->data + pending->len;
	size_t len = FRAME_HEAD + body[0].len + body[1].len;

	*place = (struct vault_place){.segment = pending->segment,
	    .offset = pending->at + (uint32_t)pending->len,
	    .len = (uint32_t)len};
	vault_put32(frame + 8, (uint32_t)(len - FRAME_HEAD));
	frame[FRAME_HEAD - 1] = (char)kind;
	memcpy(frame + FRAME_HEAD, body[0].data, body[0].len);
	if (body[1].len != 0)
		memcpy(frame + FRAME_HEAD + body[0].len, body[1].data,
		    body[1].len);
	put_sum(frame, len, place->segment, place->offset);
	pending->len += len;
	last_segment(vault)->size += (uint32_t)len;
	vault->total += len;
}

/* An empty buffer goes behind the last segment, or begins the next. */
bool
vault_buffer_start(struct vault *vault, struct fail *fail)
{
	struct vault_segment *last = last_segment(vault);
	uint8_t number[4];
	const struct slice head[2] = {
	    SLICE(VAULT_FORMAT), {(const char *)number, sizeof(number)}};
	struct vault_place ignored;

	if (vault->pending.len != 0)
		return true;
	if ((last == NULL || vault->roll ||
		last->size >= vault->limits.segment) &&
	    !vault_segment_add(vault, fail))
		return false;
	vault->roll = false;
	last = last_segment(vault);
	vault->pending.segment = vault->first + vault->count - 1;
	vault->pending.at = last->size;
	if (last->size != 0)
		return true;
	vault_put32(number, vault->pending.segment);
	if (!reserve(&vault->pending, 64, fail))
		return false;
	add_frame(vault, VAULT_HEAD, head, &ignored);
	return true;
}

bool
vault_append(struct vault *vault, enum vault_item kind,
    const struct slice body[2], struct vault_place *place, struct fail *fail)
{
	if (body[0].len + body[1].len > ITEM_MAX)
		return fail_set(fail, FAIL_WORLD,
		    "a vault record in the journal is too long");
	if (!vault_buffer_start(vault, fail) ||
	    !reserve(
		&vault->pending, FRAME_HEAD + body[0].len + body[1].len, fail))
		return false;
	add_frame(vault, kind, body, place);
	return true;
}

/* --- reading --- */

static const char *
in_buffer(const struct vault_buffer *buffer, const struct vault_place *place)
{
	if (buffer->len == 0 || buffer->segment != place->segment ||
	    place->offset < buffer->at)
		return NULL;
	return buffer->data + (place->offset - buffer->at);
}

static bool
read_disk(struct vault *vault, const struct vault_place *place,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	const struct vault_segment *segment =
	    &vault->segments[place->segment - vault->first];
	char *data = arena_take(arena, place->len);

	if (data == NULL)
		return fail_memory(fail);
	*out = (struct slice){data, 0};
	return vault->disk->operations->read(vault->disk, segment->file,
	    place->offset, data, place->len, &out->len, fail);
}

bool
vault_item_read(struct vault *vault, const struct vault_place *place,
    struct arena *arena, struct slice *body, struct fail *fail)
{
	struct slice frame = {in_buffer(&vault->pending, place), place->len};
	enum vault_item kind;

	if (frame.data == NULL && vault->is_flying)
		frame.data = in_buffer(&vault->write.buffer, place);
	if (frame.data != NULL) {
		*body = (struct slice){
		    frame.data + FRAME_HEAD, frame.len - FRAME_HEAD};
		return true;
	}
	if (!read_disk(vault, place, arena, &frame, fail))
		return false;
	if (frame.len == place->len &&
	    vault_frame(frame, place->segment, place->offset, &kind, body) ==
		FRAME_WHOLE &&
	    kind == VAULT_RECORD)
		return true;
	return vault_damaged(
	    place->segment, place->offset, "a record cannot be read", fail);
}
