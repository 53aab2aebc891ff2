/*
 * Changes wait in memory, one line an object, and are written in a few
 * transactions.  A row carries the sequence of the group that changed it
 * last: after a crash the journal brings changes again that some rows already
 * have, and a promotion made twice would promote the next proposal.
 */
#include "store/vault_priv.h"

enum {
	PENDING_MANY = 128, /* rows; more than these are trimmed */
	TRIM_ROWS = 64	    /* written at once: a few milliseconds */
};

static struct pending **
pending_of(struct vault *vault, const struct digest *key, bool is_subject)
{
	unsigned head = (unsigned)key->bytes[0] << 8 | key->bytes[1];
	struct pending **at = &vault->pending[head % PENDING_HEADS];

	while (*at != NULL && (!digest_equal(&(*at)->key, key) ||
				  (*at)->is_subject != is_subject))
		at = &(*at)->next;
	return at;
}

const struct pending *
vault_pending(struct vault *vault, const struct digest *key)
{
	return *pending_of(vault, key, false);
}

static struct pending *
pending_make(struct vault *vault, const struct digest *key, bool is_subject,
    struct fail *fail)
{
	struct pending **at = pending_of(vault, key, is_subject);

	if (*at != NULL)
		return *at;
	*at = calloc(1, sizeof(**at));
	if (*at == NULL) {
		fail_memory(fail);
		return NULL;
	}
	(*at)->key = *key;
	(*at)->is_subject = is_subject;
	vault->pending_count++;
	return *at;
}

static void
generation_set(struct generation *generation, enum fate fate)
{
	free(generation->data);
	*generation = (struct generation){.fate = fate};
}

static void
pending_free(struct pending *pending)
{
	for (unsigned i = 0; i < VAULT_SLOTS; i++)
		free(pending->of[i].data);
	free(pending);
}

/* --- what a group brings --- */

static bool
write_generation(
    struct generation *generation, struct slice parts, struct fail *fail)
{
	char *data = malloc(parts.len);

	if (data == NULL)
		return fail_memory(fail);
	memcpy(data, parts.data, parts.len);
	generation_set(generation, FATE_WRITTEN);
	generation->data = data;
	generation->len = parts.len;
	return true;
}

/*
 * The proposed generation moves.  Where there is none, nothing happens: the
 * current one stays.
 */
static bool
promote(struct vault *vault, struct pending *pending, struct fail *fail)
{
	struct generation *current = &pending->of[VAULT_CURRENT];
	struct generation *proposed = &pending->of[VAULT_PROPOSED];
	struct arena *arena;
	struct slice row;
	bool ok;

	if (proposed->fate == FATE_WRITTEN) {
		generation_set(current, FATE_KEPT);
		*current = *proposed;
		*proposed = (struct generation){.fate = FATE_GONE};
		return true;
	}
	if (proposed->fate == FATE_GONE)
		return true;
	proposed->fate = FATE_GONE;
	if (current->fate == FATE_KEPT) {
		current->fate = FATE_PROMOTED;
		return true;
	}
	/* The row's proposal, if any, wins over what is pending. */
	arena = arena_create(NULL);
	ok = arena != NULL || fail_memory(fail);
	ok = ok &&
	     vault_row(vault, &pending->key, VAULT_PROPOSED, arena, &row, fail);
	if (ok && row.data != NULL)
		generation_set(current, FATE_PROMOTED);
	arena_destroy(arena);
	return ok;
}

static bool
change(struct vault *vault, struct pending *pending, char word,
    struct slice parts, struct fail *fail)
{
	switch ((enum change)word) {
	case CHANGE_CURRENT:
		return write_generation(
		    &pending->of[VAULT_CURRENT], parts, fail);
	case CHANGE_PROPOSED:
		return write_generation(
		    &pending->of[VAULT_PROPOSED], parts, fail);
	case CHANGE_PROMOTE:
		return promote(vault, pending, fail);
	case CHANGE_REMOVE:
		generation_set(&pending->of[VAULT_CURRENT], FATE_GONE);
		return true;
	case CHANGE_WITHDRAW:
		generation_set(&pending->of[VAULT_PROPOSED], FATE_GONE);
		return true;
	}
	return false;
}

static bool
is_sound(struct slice item)
{
	if (item.len < CHANGE_HEAD)
		return false;
	switch ((enum change)item.data[0]) {
	case CHANGE_CURRENT:
	case CHANGE_PROPOSED:
		return item.len > CHANGE_HEAD;
	case CHANGE_PROMOTE:
	case CHANGE_REMOVE:
	case CHANGE_WITHDRAW:
		return item.len == CHANGE_HEAD;
	}
	return false;
}

/* Does the row have this group's change already?  Only after a crash. */
static bool
is_there(struct vault *vault, const struct digest *key, uint64_t sequence,
    bool *there, struct fail *fail)
{
	bool row = false, ok;

	*there = false;
	if (sequence > vault->trimmed)
		return true;
	statement_bind_bytes(vault->get, 1, key->bytes, DIGEST_SIZE);
	ok = statement_step(vault->get, &row, fail);
	*there =
	    ok && row && (uint64_t)statement_number(vault->get, 2) >= sequence;
	statement_reset(vault->get);
	return ok;
}

bool
vault_put(struct vault *vault, uint64_t sequence, struct slice item,
    struct fail *fail)
{
	struct pending *pending;
	struct digest key;
	bool there;

	if (!is_sound(item))
		return fail_set(fail, FAIL_WORLD,
		    "a vault record in the journal is malformed");
	memcpy(key.bytes, item.data + 1, DIGEST_SIZE);
	if (!is_there(vault, &key, sequence, &there, fail))
		return false;
	vault->newest = sequence;
	if (there)
		return true;
	pending = pending_make(vault, &key, false, fail);
	if (pending == NULL)
		return false;
	pending->sequence = sequence;
	return change(vault, pending, item.data[0],
	    (struct slice){item.data + CHANGE_HEAD, item.len - CHANGE_HEAD},
	    fail);
}

bool
vault_put_subject(struct vault *vault, const struct digest *id, uint32_t slot,
    struct fail *fail)
{
	struct pending *pending = pending_make(vault, id, true, fail);

	if (pending != NULL)
		pending->slot = slot;
	return pending != NULL;
}

/* --- to the database --- */

static bool
flush_subject(
    struct vault *vault, const struct pending *pending, struct fail *fail)
{
	statement_bind_bytes(
	    vault->put_subject, 1, pending->key.bytes, DIGEST_SIZE);
	statement_bind_number(vault->put_subject, 2, pending->slot);
	return statement_do(vault->put_subject, fail);
}

static bool
flush_one(struct vault *vault, const struct pending *pending, struct fail *fail)
{
	bool may_be_empty = true;

	if (pending->is_subject)
		return flush_subject(vault, pending, fail);
	statement_bind_bytes(vault->put, 1, pending->key.bytes, DIGEST_SIZE);
	for (int i = 0; i < VAULT_SLOTS; i++) {
		const struct generation *generation = &pending->of[i];

		statement_bind_number(vault->put, 5 + i, generation->fate);
		if (generation->fate != FATE_WRITTEN)
			continue;
		statement_bind_bytes(
		    vault->put, 2 + i, generation->data, generation->len);
		may_be_empty = false;
	}
	statement_bind_number(vault->put, 4, (int64_t)pending->sequence);
	if (!statement_do(vault->put, fail))
		return false;
	if (!may_be_empty)
		return true;
	statement_bind_bytes(vault->drop, 1, pending->key.bytes, DIGEST_SIZE);
	return statement_do(vault->drop, fail);
}

void
vault_drop_pending(struct vault *vault)
{
	for (size_t i = 0; i < PENDING_HEADS; i++) {
		struct pending *at = vault->pending[i], *next;

		for (; at != NULL; at = next) {
			next = at->next;
			pending_free(at);
		}
		vault->pending[i] = NULL;
	}
	vault->pending_count = 0;
}

/* Write whole heads from `trim_at` on; returns the head after the last. */
static size_t
write_heads(struct vault *vault, bool *ok, struct fail *fail)
{
	size_t head = vault->trim_at, rows = 0;

	for (size_t i = 0; *ok && i < PENDING_HEADS && rows < TRIM_ROWS; i++) {
		for (struct pending *at = vault->pending[head];
		     *ok && at != NULL; at = at->next, rows++)
			*ok = flush_one(vault, at, fail);
		head = (head + 1) % PENDING_HEADS;
	}
	return head;
}

static void
drop_heads(struct vault *vault, size_t end)
{
	do {
		struct pending **head = &vault->pending[vault->trim_at];

		for (struct pending *at; (at = *head) != NULL;) {
			*head = at->next;
			pending_free(at);
			vault->pending_count--;
		}
		vault->trim_at = (vault->trim_at + 1) % PENDING_HEADS;
	} while (vault->trim_at != end);
}

static bool
commit(struct vault *vault, bool ok, struct fail *fail)
{
	struct fail ignored = FAIL_INIT;

	if (ok && sqlite_run(vault->sqlite, "COMMIT", fail))
		return true;
	sqlite_run(vault->sqlite, "ROLLBACK", &ignored);
	return false;
}

/* Up to which group rows may stand there, before `sequence` says so. */
static bool
note_trimmed(struct vault *vault, struct fail *fail)
{
	if (vault->newest <= vault->trimmed)
		return true;
	statement_bind_number(vault->set_trimmed, 1, (int64_t)vault->newest);
	return statement_do(vault->set_trimmed, fail);
}

bool
vault_trim(struct vault *vault, struct fail *fail)
{
	size_t end;
	bool ok;

	while (vault->pending_count > PENDING_MANY) {
		if (!sqlite_run(vault->sqlite, "BEGIN IMMEDIATE", fail))
			return false;
		ok = note_trimmed(vault, fail);
		end = write_heads(vault, &ok, fail);
		if (!commit(vault, ok, fail))
			return false;
		vault->trimmed = vault->newest;
		drop_heads(vault, end);
	}
	return true;
}

bool
vault_flush(struct vault *vault, uint64_t sequence, struct fail *fail)
{
	bool ok;

	if (sequence == vault->sequence)
		return true;
	if (!sqlite_run(vault->sqlite, "BEGIN IMMEDIATE", fail))
		return false;
	statement_bind_number(vault->set_sequence, 1, (int64_t)sequence);
	ok = statement_do(vault->set_sequence, fail);
	for (size_t i = 0; i < PENDING_HEADS; i++)
		for (struct pending *at = vault->pending[i]; ok && at != NULL;
		     at = at->next)
			ok = flush_one(vault, at, fail);
	if (!commit(vault, ok, fail))
		return false;
	vault->sequence = sequence;
	vault_drop_pending(vault);
	return true;
}

uint64_t
vault_sequence(const struct vault *vault)
{
	return vault->sequence;
}
