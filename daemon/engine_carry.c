/*
 * What is older than `keep entries` and about something that is here still:
 * an entry of type "kept" has the whole disclosure, byte for byte, and what
 * came of it, so that the bundle it stood in can go.  The disclosure's leaf
 * stays in the tree, where verify finds it.
 */
#include "core/entry_parts.h"
#include "engine_priv.h"
#include "store/log_look.h"
#include "store/tiles.h"

enum {
	CARRY_MAX = 1024,	  /* entries of a piece */
	BATCH_BYTES = 256 * 1024, /* written at once; a group has 1 MiB */
	BEHIND_MAX = 20000,	  /* entries that the index does not have */
	REQUEST_SIZE = 40
};

struct engine_carry {
	struct engine *engine;
	uint64_t entries[CARRY_MAX]; /* rising */
	size_t count, next;	     /* durable are those before `next` */
	/* The batch under way. */
	struct batch *batch;
	struct arena *arena;
	size_t batch_count;
	void (*then)(void *arg, const struct fail *fail);
	void *arg;
};

struct engine_carry *
engine_carry_create(struct engine *engine)
{
	struct engine_carry *carry = calloc(1, sizeof(*carry));

	if (carry != NULL)
		carry->engine = engine;
	return carry;
}

void
engine_carry_destroy(struct engine_carry *carry)
{
	if (carry == NULL)
		return;
	arena_destroy(carry->arena);
	free(carry);
}

bool
engine_carry_has_room(const struct engine_carry *carry)
{
	return carry->count + TILE_WIDTH <= CARRY_MAX;
}

void
engine_carry_add(struct engine_carry *carry, uint64_t index)
{
	carry->entries[carry->count++] = index;
}

void
engine_carry_cut(struct engine_carry *carry, uint64_t end)
{
	while (carry->count != 0 && carry->entries[carry->count - 1] >= end)
		carry->count--;
}

void
engine_carry_drop(struct engine_carry *carry)
{
	carry->count = carry->next = 0;
}

/* --- who refers to it --- */

static bool
point_on(
    struct engine_carry *carry, uint64_t from, uint64_t to, struct fail *fail)
{
	const struct engine_options *o = &carry->engine->o;

	return spool_move_held(o->spool, from, to, fail) &&
	       (o->stops == NULL || stops_move(o->stops, from, to, fail)) &&
	       (o->cases == NULL || cases_move(o->cases, from, to, fail));
}

static bool
point_all(struct engine_carry *carry, struct fail *fail)
{
	struct digest leaf;
	uint64_t index;

	for (size_t i = 0; i < carry->batch_count; i++)
		if (batch_acknowledged(carry->batch, i, &index, &leaf) &&
		    !point_on(
			carry, carry->entries[carry->next + i], index, fail))
			return false;
	return true;
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct engine_carry *carry = arg;
	struct engine *engine = carry->engine;
	struct fail trouble = FAIL_INIT;

	(void)first;
	(void)sealed;
	(void)count;
	if (fail != NULL && fail->kind != FAIL_NONE)
		trouble = *fail;
	else if (point_all(carry, &trouble))
		carry->next += carry->batch_count;
	arena_destroy(carry->arena);
	carry->arena = NULL;
	carry->then(carry->arg, trouble.kind != FAIL_NONE ? &trouble : NULL);
	engine_finish_one(engine);
}

/* --- the entries --- */

/* One that carries another on already is carried on itself. */
static bool
add_kept(struct engine_carry *carry, struct batch *batch,
    const struct log_entry *found, struct fail *fail)
{
	struct event event =
	    engine_event(carry->engine, EVENT_KEPT, "", found->index);
	struct entry_kept kept = {found->index, found->entry, found->outcome};
	struct arena *scratch = arena_create(NULL);
	char request[REQUEST_SIZE];
	bool ok = scratch != NULL || fail_memory(fail);

	if (ok && !found->parts.is_disclosure)
		entry_kept_read(found->entry, scratch, &kept);
	snprintf(request, sizeof(request), "kept-%llu",
	    (unsigned long long)found->index);
	event.entry = kept.index;
	event.word = kept.outcome;
	event.kept = kept.disclosure;
	event.request = slice_from(request);
	ok = ok && ledger_add_event(batch, &event, fail);
	arena_destroy(scratch);
	return ok;
}

static bool
add_some(struct engine_carry *carry, struct log_look *look, struct batch *batch,
    struct fail *fail)
{
	size_t bytes = 0;

	for (size_t i = carry->next; i < carry->count && bytes < BATCH_BYTES;
	     i++) {
		struct log_entry found;
		bool matches;

		if (!log_look_at(look, carry->entries[i], false, &found,
			&matches, fail) ||
		    !add_kept(carry, batch, &found, fail))
			return false;
		bytes += found.entry.len;
		carry->batch_count++;
	}
	return true;
}

/* What came of each is known by the index, and in what it does not have. */
static bool
fill_batch(struct engine_carry *carry, struct batch *batch, struct fail *fail)
{
	const struct engine_options *o = &carry->engine->o;
	struct query all;
	struct log_look look = {.query = &all,
	    .wants_outcome = true,
	    .budget = BEHIND_MAX,
	    .bundles_only = true};
	bool ok;

	query_init(&all);
	if ((carry->next == 0 && !ledger_checkpoint(o->ledger, fail)) ||
	    !log_look_start(
		&look, o->disk, o->ledger_path, o->index_path, fail))
		return false;
	ok = add_some(carry, &look, batch, fail);
	log_look_finish(&look);
	return ok;
}

bool
engine_carry_on(struct engine_carry *carry, bool *left,
    void (*then)(void *arg, const struct fail *fail), void *arg,
    struct fail *fail)
{
	struct engine *engine = carry->engine;

	*left = carry->next < carry->count;
	if (!*left) {
		engine_carry_drop(carry);
		return true;
	}
	carry->arena = engine_arena(engine);
	carry->batch_count = 0;
	carry->batch = carry->arena != NULL
			   ? ledger_begin(engine->o.ledger, carry->arena, fail)
			   : NULL;
	if (carry->arena == NULL)
		fail_memory(fail);
	if (carry->batch == NULL || !fill_batch(carry, carry->batch, fail)) {
		arena_destroy(carry->arena);
		carry->arena = NULL;
		return false;
	}
	carry->then = then;
	carry->arg = arg;
	engine->under_way++;
	ledger_commit(carry->batch, durable, carry);
	return true;
}
