/*
 * Open entries: sealed by a worker, without an outcome.  A worker that comes
 * back says which are its own; the others become unknown when their time is
 * over.  The spool's line mark says where a start looks for them.
 */
#include "keeper_priv.h"

#include "core/canon.h"

/* --- the table --- */

struct open *
open_create(struct keeper *keeper, enum keeper_store store,
    const struct record *object, struct slice packed, struct fail *fail)
{
	struct slice name =
	    object != NULL ? record_object(object) : (struct slice){"", 0};
	struct open *open;

	/* Those of earlier lives are there, however many. */
	if (keeper->open_count >= OPEN_MAX && object != NULL) {
		fail_set(fail, FAIL_WORLD,
		    "the outcomes of %d disclosures are not known yet",
		    OPEN_MAX);
		return NULL;
	}
	open = malloc(sizeof(*open) + name.len + packed.len);
	if (open == NULL) {
		fail_memory(fail);
		return NULL;
	}
	*open = (struct open){.entry = LEDGER_NONE,
	    .deadline = INT64_MAX,
	    .store = store,
	    .creates =
		object != NULL && record_operation(object) == OPERATION_CREATE,
	    .type = object != NULL ? record_type(object) : OBJECT_COUNT,
	    .size = name.len + packed.len,
	    .name = {open->bytes, name.len},
	    .packed = {open->bytes + name.len, packed.len}};
	if (name.len != 0)
		memcpy(open->bytes, name.data, name.len);
	if (packed.len != 0)
		memcpy(open->bytes + name.len, packed.data, packed.len);
	open->hash = object_hash(open->type, open->name);
	return open;
}

static struct open **
entry_head(struct keeper *keeper, uint64_t entry)
{
	return &keeper->open[entry % OPEN_HEADS];
}

struct open *
open_find(const struct keeper *keeper, uint64_t entry)
{
	struct open *open = keeper->open[entry % OPEN_HEADS];

	while (open != NULL && open->entry != entry)
		open = open->next;
	return open;
}

/* What has bytes of its own, not the struct's, gives them back. */
static void
drop_bytes(const struct open *open, struct slice bytes)
{
	uintptr_t at = (uintptr_t)bytes.data, from = (uintptr_t)open->bytes;
	char *data = (char *)at;

	if (at >= from && at - from <= open->size)
		return;
	if (bytes.len != 0)
		digest_wipe(data, bytes.len);
	free(data);
}

bool
open_replace(
    struct open *open, struct slice *what, struct slice by, struct fail *fail)
{
	char *bytes;

	if (by.data == what->data)
		return true;
	bytes = malloc(by.len);
	if (bytes == NULL)
		return fail_memory(fail);
	memcpy(bytes, by.data, by.len);
	drop_bytes(open, *what);
	what->data = bytes;
	what->len = by.len;
	return true;
}

void
open_drop(struct open *open)
{
	if (open == NULL)
		return;
	drop_bytes(open, open->packed);
	drop_bytes(open, open->before);
	digest_wipe(open->bytes, open->size);
	free(open);
}

static void
insert(struct keeper *keeper, struct open *open, uint64_t entry)
{
	struct open **at = entry_head(keeper, entry);

	open->entry = entry;
	open->next = *at;
	*at = open;
	at = &keeper->by_object[open->hash % OPEN_HEADS];
	open->next_object = *at;
	*at = open;
	keeper->open_count++;
}

void
open_add(struct keeper *keeper, struct open *open, uint64_t entry,
    struct keeper_worker *worker)
{
	struct open *there = open_find(keeper, entry);

	/* Asked twice: it is known, perhaps from before a restart. */
	if (there != NULL && there->name.len == 0)
		open_remove(keeper, there);
	else if (there != NULL) {
		open_drop(open);
		open = there;
	}
	if (open != there)
		insert(keeper, open, entry);
	open->worker = worker;
	open->deadline = INT64_MAX;
	if (worker->is_gone)
		open_orphan(keeper, worker);
}

void
open_remove(struct keeper *keeper, struct open *open)
{
	struct open **at = entry_head(keeper, open->entry);

	while (*at != open)
		at = &(*at)->next;
	*at = open->next;
	at = &keeper->by_object[open->hash % OPEN_HEADS];
	while (*at != open)
		at = &(*at)->next_object;
	*at = open->next_object;
	keeper->open_count--;
	open_drop(open);
	if (keeper->engine != NULL)
		engine_settled(keeper->engine);
}

struct open *
open_rival(struct keeper *keeper, const struct open *open,
    const struct wire_object *object)
{
	uint32_t hash = object_hash(object->type, object->name);
	struct open *best = NULL;

	for (struct open *o = keeper->by_object[hash % OPEN_HEADS]; o != NULL;
	     o = o->next_object)
		if (o != open && o->store == KEEP_RECORD && !o->is_ending &&
		    !o->is_claim &&
		    o->type == object->type &&
		    slice_equal(o->name, object->name) &&
		    (best == NULL || o->entry > best->entry))
			best = o;
	return best;
}

void
open_finish(struct keeper *keeper)
{
	for (size_t i = 0; i < OPEN_HEADS; i++) {
		for (struct open *o = keeper->open[i], *next; o; o = next) {
			next = o->next;
			open_drop(o);
		}
	}
}

void
keeper_mark(struct keeper *keeper)
{
	open_save_mark(keeper);
}

static bool
has_text(struct keeper *keeper, const struct open *open, struct slice text)
{
	struct fail unread = FAIL_INIT;
	struct slice entry;

	arena_reset(keeper->scratch);
	return ledger_read(keeper->o.ledger, open->entry, keeper->scratch,
		   &entry, &unread) &&
	       memmem(entry.data, entry.len, text.data, text.len) != NULL;
}

bool
keeper_waits_for(struct keeper *keeper, struct slice text)
{
	bool found = false;

	for (size_t i = 0; i < OPEN_HEADS && !found; i++)
		for (const struct open *o = keeper->open[i]; o != NULL && !found;
		     o = o->next)
			found = has_text(keeper, o, text);
	arena_reset(keeper->scratch);
	return found;
}

/* --- whose they are --- */

void
open_adopt(struct keeper_worker *worker, const struct wire_numbers *entries)
{
	for (size_t i = 0; i < wire_count(entries); i++) {
		struct open *open =
		    open_find(worker->keeper, wire_number(entries, i));

		if (open == NULL || open->worker != NULL)
			continue;
		open->worker = worker;
		open->deadline = INT64_MAX;
	}
}

static void
end_overdue(struct keeper *keeper)
{
	int64_t now = keeper_now(keeper), next = INT64_MAX;

	if (ledger_stopped(keeper->o.ledger) != NULL)
		return;
	for (size_t i = 0; i < OPEN_HEADS; i++) {
		for (struct open *o = keeper->open[i]; o; o = o->next) {
			if (o->worker != NULL || o->is_ending)
				continue;
			if (o->deadline <= now)
				end_unknown(keeper, o);
			else if (o->deadline < next)
				next = o->deadline;
		}
	}
	if (next != INT64_MAX)
		keeper->o.loop->operations->timer_set(
		    keeper->orphan_timer, next - now);
}

/* Begin the time of those nobody has. */
static void
give_time(struct keeper *keeper, const struct keeper_worker *gone)
{
	int64_t deadline = keeper_now(keeper) + KEEPER_PATIENCE;

	for (size_t i = 0; i < OPEN_HEADS; i++) {
		for (struct open *o = keeper->open[i]; o; o = o->next) {
			if (o->worker != gone)
				continue;
			o->worker = NULL;
			if (o->deadline == INT64_MAX)
				o->deadline = deadline;
		}
	}
	end_overdue(keeper);
}

void
open_orphan(struct keeper *keeper, struct keeper_worker *worker)
{
	if (worker != NULL)
		give_time(keeper, worker);
	else
		end_overdue(keeper);
}

void
open_first_join(struct keeper *keeper)
{
	give_time(keeper, NULL);
	doubt_look(keeper);
}

/* --- those of earlier lives --- */

void
open_save_mark(struct keeper *keeper)
{
	uint64_t mark = ledger_size(keeper->o.ledger);
	struct fail fail = FAIL_INIT;
	bool ok;

	for (size_t i = 0; i < OPEN_HEADS; i++)
		for (struct open *o = keeper->open[i]; o; o = o->next)
			if (o->entry < mark)
				mark = o->entry;
	ok = mark <= spool_line_mark(keeper->o.spool) ||
	     spool_set_line_mark(keeper->o.spool, mark, &fail);
	if (!ok && !keeper->mark_told)
		keeper_log(keeper, "error", "spool-failed", &fail);
	keeper->mark_told = !ok;
}

/* Was this sealed for a worker? */
static bool
is_sealed(struct slice entry, struct arena *arena)
{
	struct slice request, payload;

	return canon_get_string(entry, "request", arena, &request) &&
	       wire_is_request(request) &&
	       canon_member(entry, "payload", &payload);
}

static bool
scan_entry(struct keeper *keeper, uint64_t index, struct slice entry,
    struct arena *arena, struct fail *fail)
{
	struct slice type;
	struct open *open;
	int64_t about;

	if (!canon_get_string(entry, "type", arena, &type))
		return true;
	if (slice_is(type, "outcome")) {
		open = canon_get_number(entry, "entry", &about)
			   ? open_find(keeper, (uint64_t)about)
			   : NULL;
		if (open != NULL)
			open_remove(keeper, open);
		return true;
	}
	if (!slice_is(type, "disclosure") || !is_sealed(entry, arena))
		return true;
	open = open_create(
	    keeper, KEEP_NOTHING, NULL, (struct slice){"", 0}, fail);
	if (open == NULL)
		return false;
	insert(keeper, open, index);
	return true;
}

bool
open_scan(struct keeper *keeper, struct fail *fail)
{
	uint64_t size = ledger_size(keeper->o.ledger);
	struct arena *arena = arena_create(keeper->o.memory);
	bool ok = arena != NULL || fail_memory(fail);

	if (ok && spool_line_mark(keeper->o.spool) > size) {
		fail_set(fail, FAIL_WORLD,
		    "the spool knows of %llu entries, the ledger of %llu",
		    (unsigned long long)spool_line_mark(keeper->o.spool),
		    (unsigned long long)size);
		fail_hint(fail, "restore spool and ledger from one backup");
		ok = false;
	}
	for (uint64_t i = spool_line_mark(keeper->o.spool); ok && i < size;
	     i++) {
		struct slice entry;

		arena_reset(arena);
		ok = ledger_read(keeper->o.ledger, i, arena, &entry, fail) &&
		     scan_entry(keeper, i, entry, arena, fail);
	}
	arena_destroy(arena);
	return ok;
}
