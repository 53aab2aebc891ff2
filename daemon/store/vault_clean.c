/*
 * Making room.  When the dead bytes are more than the live ones, all segments
 * there are are looked through, the oldest first, a chunk with each flush;
 * what is live in them is added again at the end of the log, and a segment
 * goes when a durable mark says that it is not needed.
 *
 * The oldest first is what makes it right: a promotion or removal has no
 * effect on what is added behind it, and what it did to older segments is
 * gone with them.
 */
#include "store/vault_priv.h"

bool
vault_is_cleaning(const struct vault *vault)
{
	return vault->kept < vault->clean_end;
}

bool
vault_wants_cleaning(const struct vault *vault)
{
	return vault->kept == vault->first && vault->count != 0 &&
	       (vault->purge_due ||
		   vault->total - vault->live >
		       vault->live + vault->limits.slack);
}

/* What a cleaning under way has looked through already may have it too. */
void
vault_purge(struct vault *vault)
{
	vault->purge_due = vault->count != 0 || vault->pending.len != 0;
}

bool
vault_is_purged(const struct vault *vault)
{
	return !vault->purge_due && !vault_is_cleaning(vault) &&
	       vault->kept == vault->first && vault->stale == vault->first;
}

void
vault_clean_begin(struct vault *vault)
{
	struct vault_write *write = &vault->write;
	const struct vault_segment *segment;

	if (!vault_is_cleaning(vault) && vault_wants_cleaning(vault)) {
		/* What comes now begins a segment of its own. */
		vault->clean_end = vault->first + vault->count;
		vault->clean_at = 0;
		vault->roll = true;
		vault->purging = vault->purge_due;
		vault->purge_due = false;
	}
	if (!vault_is_cleaning(vault))
		return;
	segment = &vault->segments[vault->kept - vault->first];
	if (segment->file == NULL)
		return; /* it is being made */
	if (vault->chunk == NULL)
		vault->chunk = malloc(vault->limits.chunk);
	if (vault->chunk == NULL)
		return; /* another time */
	write->old = segment->file;
	write->old_at = vault->clean_at;
	write->old_len = segment->size - vault->clean_at;
	if (write->old_len > vault->limits.chunk)
		write->old_len = vault->limits.chunk;
}

/* Nobody is left in it: the object is not known any more. */
static void
drop_generation(struct vault *vault, struct vault_object *object, unsigned i)
{
	vault->live -= object->of[i].len;
	object->of[i] = (struct vault_place){.len = 0};
	if (object->of[0].len == 0 && object->of[1].len == 0)
		vault_index_drop(&vault->index, object);
}

/* Adds the change again, but for parts whose subject was forgotten. */
static bool
add_again(struct vault *vault, char word, struct slice change,
    struct vault_object *object, unsigned i, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct slice rest = {change.data + 1, change.len - 1};
	struct slice body[2] = {{&word, 1}, {NULL, 0}};
	struct vault_place place;
	bool ok = arena != NULL || fail_memory(fail);

	ok = ok &&
	    (!vault->purging ||
		vault_parts_left(vault, change, arena, &rest, fail));
	if (ok && rest.len == 0) {
		drop_generation(vault, object, i);
	} else if (ok) {
		uint32_t before = object->of[i].len;

		body[1] = rest;
		ok = vault_append(vault, VAULT_RECORD, body, &place, fail);
		if (ok) {
			object->of[i] = place;
			vault->live += place.len;
			vault->live -= before;
		}
	}
	arena_destroy(arena);
	return ok;
}

/* A proposal that was promoted is the current record now. */
static bool
keep_record(struct vault *vault, struct slice change,
    const struct vault_place *place, struct fail *fail)
{
	static const char words[VAULT_SLOTS] = {
	    CHANGE_CURRENT, CHANGE_PROPOSED};
	struct vault_object *object;

	if (!vault_change_is_sound(change))
		return vault_damaged(place->segment, place->offset,
		    "a change is malformed", fail);
	object =
	    vault_index_find(&vault->index, (const uint8_t *)change.data + 1);
	for (unsigned i = 0; object != NULL && i < VAULT_SLOTS; i++) {
		if (object->of[i].segment != place->segment ||
		    object->of[i].offset != place->offset ||
		    object->of[i].len == 0)
			continue;
		return add_again(vault, words[i], change, object, i, fail);
	}
	return true;
}

static bool
keep_subject(struct vault *vault, struct slice body,
    const struct vault_place *place, struct fail *fail)
{
	struct digest id;
	uint32_t slot;

	if (body.len != SUBJECT_SIZE)
		return vault_damaged(place->segment, place->offset,
		    "a subject is malformed", fail);
	memcpy(id.bytes, body.data, DIGEST_SIZE);
	slot = vault_get32(body.data + DIGEST_SIZE);
	vault->live -= place->len;
	return !keys_has(vault->keys, &id, slot) ||
	       vault_put_subject(vault, &id, slot, fail);
}

static bool
keep(struct vault *vault, enum vault_item kind, struct slice body,
    const struct vault_place *place, struct fail *fail)
{
	switch (kind) {
	case VAULT_RECORD:
		return keep_record(vault, body, place, fail);
	case VAULT_SUBJECT:
		return keep_subject(vault, body, place, fail);
	case VAULT_HEAD:
	case VAULT_MARK:
		break;
	}
	return true;
}

/* The items that are whole in the chunk. */
static bool
keep_live(struct vault *vault, struct slice chunk, struct fail *fail)
{
	struct vault_place place = {.segment = vault->kept};
	enum vault_item kind;
	struct slice body;
	enum vault_frame frame = FRAME_WHOLE;

	while (chunk.len != 0) {
		place.offset = vault->clean_at;
		frame = vault_frame(
		    chunk, place.segment, place.offset, &kind, &body);
		if (frame != FRAME_WHOLE)
			break;
		place.len = (uint32_t)(FRAME_HEAD + body.len);
		if (!keep(vault, kind, body, &place, fail))
			return false;
		chunk.data += place.len;
		chunk.len -= place.len;
		vault->clean_at += place.len;
	}
	if (frame == FRAME_BAD ||
	    (frame == FRAME_SHORT && vault->clean_at == vault->write.old_at))
		return vault_damaged(place.segment, place.offset,
		    "an item cannot be read", fail);
	return true;
}

bool
vault_clean_end(struct vault *vault, struct fail *fail)
{
	const struct vault_write *write = &vault->write;
	uint32_t size;

	if (write->old == NULL)
		return true;
	if (!keep_live(
		vault, (struct slice){vault->chunk, write->old_len}, fail))
		return false;
	size = vault->segments[vault->kept - vault->first].size;
	if (vault->clean_at == size) {
		vault->kept++;
		vault->clean_at = 0;
	}
	if (!vault_is_cleaning(vault)) {
		free(vault->chunk);
		vault->chunk = NULL;
	}
	return true;
}
