/*
 * When a policy revision or a person's stop changes what may be published of a
 * contact that a registry holds, or of a domain's persons that were submitted
 * there, the registry is told so: contact:update with <contact:disclose>, which
 * also takes away what it may hold no more, or where it is reached by files
 * whose template has a word for it, an update by file; decided, recorded and
 * sent like any other submission.  Nothing is told that was told before
 * (engine_flags_share.c).
 */
#include "engine_flags_priv.h"

#include "engine_stop.h"
#include "engine_told.h"

enum {
	AT_ONCE = 16,	   /* submissions in one batch */
	LOOK_AT_ONCE = 32, /* records in one turn */
	BACKLOG = 1000,	   /* as many wait, and no more are made */
	BACKLOG_DELAY = 1000,
	PACE = 2, /* ms between two turns: others have the loop, too */
};

struct told {
	struct record *record;
	struct share share;
	int64_t held;
	char submission[FLAGS_SUBMISSION];
};

struct round {
	struct engine *engine;
	struct conf_use use;
	struct arena *arena;
	struct batch *batch;
	struct told told[AT_ONCE + BLOCKS_MAX];
	size_t count;
	size_t waiting; /* behind others of the same object */
	/* As it was before: where nothing comes of it, that is done again. */
	struct flags_wanted *taken;
	struct vault_cursor cursor;
	bool walks;
	unsigned walk;
	uint64_t refused;
};

/* --- a turn --- */

static void
free_all(struct flags_wanted *list)
{
	for (struct flags_wanted *next; list != NULL; list = next) {
		next = list->next;
		free(list);
	}
}

/* Nothing came of it: who was looked at is looked at once more. */
static void
round_undo(struct round *round)
{
	struct flags *flags = round->engine->flags;

	for (struct flags_wanted *w = round->taken, *next; w != NULL;
	     w = next) {
		next = w->next;
		w->next = flags->first;
		if (flags->first == NULL)
			flags->last = &w->next;
		flags->first = w;
	}
	round->taken = NULL;
	/* Unless it was begun anew meanwhile. */
	if (flags->walk == round->walk) {
		flags->cursor = round->cursor;
		flags->walks = round->walks;
		flags->refused = round->refused;
	}
}

static void
round_end(struct round *round, int64_t delay)
{
	struct engine *engine = round->engine;
	struct flags *flags = engine->flags;

	flags->busy = false;
	free_all(round->taken);
	engine_leave_conf(&round->use);
	arena_destroy(round->arena);
	if (!engine->draining && (delay != 0 || flags->first != NULL ||
				     flags->walks || flags->is_due))
		flags_look_in(engine, delay != 0 ? delay : PACE);
	engine_finish_one(engine);
}

/* What a stop's row waits for is found by the row. */
static void
name_submission(struct told *told)
{
	if (told->held != 0)
		snprintf(told->submission, sizeof(told->submission),
		    ENGINE_HIDING "%lld-%llu", (long long)told->held,
		    (unsigned long long)told->share.entry);
}

static bool
to_spool(struct round *round, uint64_t first, struct fail *fail)
{
	struct engine *engine = round->engine;
	struct spool *spool = engine->o.spool;
	bool ok = spool_begin(spool, fail);

	for (size_t i = 0; ok && i < round->count; i++) {
		struct told *told = &round->told[i];
		struct spool_item item;

		name_submission(told);
		item = engine_item(engine, told->record, &told->share,
		    slice_from(told->submission), round->arena);
		ok = spool_add(spool, &item, fail);
	}
	ok = ok && spool_set_mark(spool, first + round->count, fail) &&
	     spool_commit(spool, fail);
	if (!ok)
		spool_rollback(spool);
	return ok;
}

static void
set_row(struct engine *engine, int64_t row, const char *state, int64_t about)
{
	struct fail fail = FAIL_INIT;

	if (row != 0 &&
	    !stops_set_held(engine->o.stops, row, state, about, &fail))
		engine_log(engine, "error", "stops", &fail);
}

/* An operator is to know of what a new policy leaves as it was. */
static void
walk_ended(struct engine *engine)
{
	struct flags *flags = engine->flags;
	struct fail fail = FAIL_INIT;

	if (flags->refused == 0)
		return;
	fail_set(&fail, FAIL_DENIED,
	    "%llu contacts and domains stay at their registries as they were: "
	    "the policy in force refuses or holds them, what they are to "
	    "lose cannot be said there, or a file would bring a newer record",
	    (unsigned long long)flags->refused);
	fail_hint(&fail,
	    "misuctl replay --policy shows the rules; update or delete them");
	engine_log(engine, "warn", "registry-keeps", &fail);
	flags->refused = 0;
}

/* All of the round is where it is to be: nothing of it is done again. */
static bool
round_done(struct round *round, struct fail *fail)
{
	struct engine *engine = round->engine;
	struct flags *flags = engine->flags;
	bool pays = flags->owes && flags->first == NULL, ok;

	flags->owes = flags->owes && !pays;
	ok = (!round->walks && !pays) || flags_keep_walk(engine, fail);
	flags->owes = flags->owes || (pays && !ok);
	if (ok && round->walks && !flags->walks)
		walk_ended(engine);
	return ok;
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct round *round = arg;
	struct engine *engine = round->engine;
	struct fail fail = FAIL_INIT;
	int64_t delay = 0;

	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		round_undo(round);
		round_end(round, FLAGS_TROUBLE_DELAY);
		return;
	}
	engine_checkpoint_soon(engine);
	for (size_t i = 0; i < round->count; i++) {
		round->told[i].share.entry = first + i;
		if (i < count && sealed[i] != NULL)
			round->told[i].share.leaf = *sealed_leaf(sealed[i]);
	}
	engine_flush(engine); /* the mark covers earlier entries too */
	if (!to_spool(round, first, &fail)) {
		engine_spool_failed(engine, &fail);
		for (size_t i = 0; i < round->count; i++)
			engine_record_outcome(engine, first + i, "not-sent",
			    SLICE("the spool failed"));
		round_undo(round);
		round_end(round, FLAGS_TROUBLE_DELAY);
		return;
	}
	for (size_t i = 0; i < round->count; i++)
		set_row(engine, round->told[i].held, "hiding",
		    (int64_t)(first + i));
	/* Only now: a crash between the two has it looked at again. */
	if (!round_done(round, &fail)) {
		engine_log(engine, "error", "registry-not-told", &fail);
		delay = FLAGS_TROUBLE_DELAY;
	}
	engine_courier_wake(engine);
	round_end(round, delay);
}

/*
 * Is something of it on its way?  Of a domain, to the same registry; others
 * may keep what they have on a desk for long.
 */
static bool
is_under_way(struct engine *engine, const struct spool_item *target,
    bool *waits, struct fail *fail)
{
	struct spool *spool = engine->o.spool;

	if (target->object_type == OBJECT_CONTACT)
		return spool_waits(
		    spool, target->object_type, target->object, waits, fail);
	*waits = engine_is_submitted(
	    engine, (enum object_type)target->object_type, target->object);
	return *waits || spool_is_followed(spool, target, waits, fail);
}

static bool
add(struct round *round, const struct flags_wanted *wanted, struct fail *fail)
{
	struct engine *engine = round->engine;
	struct told *told = &round->told[round->count++];

	snprintf(told->submission, sizeof(told->submission),
	    ENGINE_FLAGS "%llx-%llu",
	    (unsigned long long)ledger_next(engine->o.ledger),
	    (unsigned long long)engine->flags->number++);
	told->held = wanted->held;
	return engine_add_entry(engine, round->batch, &told->share,
	    slice_from(told->submission), LEDGER_NONE, fail);
}

/* A walk counts them and says so at its end. */
static void
refused(struct engine *engine, const struct flags_wanted *wanted)
{
	struct fail fail = FAIL_INIT;

	if (wanted->held == 0 && !wanted->again) {
		engine->flags->refused++;
		return;
	}
	/* What EPP refused was said then; a file's recipient has no say. */
	if (!engine_told_by_file(
		conf_recipient(engine->conf, wanted->recipient)))
		return;
	set_row(engine, wanted->held, "not-hidden", -1);
	fail_set(&fail, FAIL_DENIED,
	    "an object stays at %.*s as it was: the policy in force refuses "
	    "or holds it, or a file would bring a newer record",
	    SLICE_ARG(wanted->recipient));
	fail_hint(&fail, "submit its record there");
	engine_log(engine, "warn", "registry-keeps", &fail);
}

/* `*waiting`: something of the object is on its way. */
static bool
consider(struct round *round, const struct flags_wanted *wanted, bool *waiting,
    struct fail *fail)
{
	struct engine *engine = round->engine;
	struct told *told = &round->told[round->count];
	const struct spool_item target = {.object = wanted->object,
	    .object_type = (int)wanted->type,
	    .recipient = wanted->recipient,
	    .purpose = wanted->purpose,
	    .place = UINT64_MAX /* before all others */};
	const struct flags_asked asked = {&target, !wanted->again};
	bool waits;

	if (!is_under_way(engine, &target, &waits, fail))
		return false;
	*waiting = waits;
	if (waits)
		return true;
	switch (engine_flags_look(
	    engine, &asked, round->arena, &told->share, &told->record, fail)) {
	case FLAGS_NOTHING:
		break;
	case FLAGS_SAME:
		set_row(engine, wanted->held, "hidden", -1);
		break;
	case FLAGS_REFUSED:
		refused(engine, wanted);
		break;
	case FLAGS_NEWS:
		return add(round, wanted, fail);
	}
	return fail->kind == FAIL_NONE;
}

static bool
take_wanted(struct round *round, struct fail *fail)
{
	struct flags *flags = round->engine->flags;
	bool ok = true, waits = false;

	for (int i = 0; ok && flags->first != NULL && i < AT_ONCE; i++) {
		struct flags_wanted *wanted = flags->first;

		flags->first = wanted->next;
		if (flags->first == NULL)
			flags->last = &flags->first;
		ok = consider(round, wanted, &waits, fail);
		if (!ok || !waits) {
			wanted->next = round->taken;
			round->taken = wanted;
			continue;
		}
		round->waiting++;
		wanted->next = NULL;
		*flags->last = wanted;
		flags->last = &wanted->next;
	}
	return ok;
}

static bool
look_at_submitted(
    struct round *round, const struct record *record, struct fail *fail)
{
	struct flags_target targets[BLOCKS_MAX];
	size_t count;
	bool waits, ok = flags_find_targets(
			round->engine, record, targets, &count, fail);

	for (size_t i = 0; ok && i < count; i++) {
		const struct flags_wanted wanted = {.type = record_type(record),
		    .object = record_object(record),
		    .recipient = targets[i].recipient,
		    .purpose = targets[i].purpose};

		ok = consider(round, &wanted, &waits, fail);
	}
	return ok;
}

static bool
look_at_record(
    struct round *round, const struct record *record, struct fail *fail)
{
	struct slice name = record_object(record);
	const struct flags_wanted wanted = {.type = OBJECT_CONTACT,
	    .object = name,
	    .recipient = SLICE(""),
	    .purpose = SLICE("")};
	bool waits;

	if (record_type(record) < OBJECT_SUBMITTED)
		return look_at_submitted(round, record, fail);
	/* Lists of places are no contacts. */
	if (record_type(record) != OBJECT_CONTACT ||
	    !record_epp(record)->given ||
	    memchr(name.data, '\t', name.len) != NULL)
		return true;
	/* What waits is decided again before it leaves. */
	return consider(round, &wanted, &waits, fail);
}

static bool
walk_on(struct round *round, struct fail *fail)
{
	struct engine *engine = round->engine;
	struct flags *flags = engine->flags;
	struct record *record;

	if (!flags->walks)
		return true;
	for (int i = 0; i < LOOK_AT_ONCE && round->count < AT_ONCE; i++) {
		if (!vault_next(engine->o.vault, &flags->cursor, round->arena,
			&record, fail))
			return false;
		if (record == NULL) {
			flags->walks = false;
			break;
		}
		if (!look_at_record(round, record, fail))
			return false;
	}
	return true;
}

static struct round *
round_begin(struct engine *engine, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	struct round *round =
	    arena != NULL ? arena_take(arena, sizeof(*round)) : NULL;

	if (round == NULL) {
		arena_destroy(arena);
		fail_memory(fail);
		return NULL;
	}
	round->engine = engine;
	round->arena = arena;
	round->cursor = engine->flags->cursor;
	round->walks = engine->flags->walks;
	round->walk = engine->flags->walk;
	round->refused = engine->flags->refused;
	round->batch = ledger_begin(engine->o.ledger, arena, fail);
	engine_use_conf(engine, &round->use);
	engine->flags->busy = true;
	engine->under_way++;
	return round;
}

void
flags_turn(void *arg)
{
	struct engine *engine = arg;
	struct flags *flags = engine->flags;
	struct fail fail = FAIL_INIT;
	struct round *round;

	if (engine->draining || flags->busy || engine->conf == NULL ||
	    ledger_stopped(engine->o.ledger) != NULL)
		return;
	if (!flags_begin_if_due(engine))
		return;
	if (spool_count(engine->o.spool, SPOOL_QUEUED) > BACKLOG) {
		flags_look_in(engine, BACKLOG_DELAY);
		return;
	}
	engine_flush(engine); /* what is accepted waits in the spool */
	round = round_begin(engine, &fail);
	if (round == NULL) {
		flags_look_in(engine, FLAGS_TROUBLE_DELAY);
		return;
	}
	if (round->batch == NULL || !take_wanted(round, &fail) ||
	    !walk_on(round, &fail) ||
	    (round->count == 0 && !round_done(round, &fail))) {
		engine_log(engine, "error", "registry-not-told", &fail);
		round_undo(round);
		round_end(round, FLAGS_TROUBLE_DELAY);
	} else if (round->count == 0) {
		round_end(round, round->waiting != 0 ? BACKLOG_DELAY : 0);
	} else {
		ledger_commit(round->batch, durable, round);
	}
}
