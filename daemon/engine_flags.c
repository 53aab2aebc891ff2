/*
 * When a policy revision or a person's stop changes what may be
 * published of a contact that a registry holds, the registry is told so: a
 * contact:update with <contact:disclose>, which also takes away what it may
 * hold no more, decided, recorded and sent like any other submission.  Nothing
 * is told that was told before: the vault's record says what that was.
 */
#include "engine_flags.h"

#include "core/place.h"
#include "engine_stop.h"
#include "engine_view.h"

enum {
	AT_ONCE = 16,	   /* submissions in one batch */
	LOOK_AT_ONCE = 32, /* records in one turn */
	BACKLOG = 1000,	   /* as many wait, and no more are made */
	BACKLOG_DELAY = 1000,
	PACE = 2, /* ms between two turns: others have the loop, too */
	TROUBLE_DELAY = 10000,
	SUBMISSION_SIZE = 48,
	HELD_MAX = 10000,
};

/* One that somebody wants looked at, before the walk goes on. */
struct wanted {
	struct wanted *next;
	enum object_type type;
	int64_t held; /* row of a stop, or 0 */
	struct slice object, recipient, purpose;
	char bytes[];
};

struct flags {
	struct loop_timer *timer;
	struct wanted *first, **last;
	struct vault_cursor cursor;
	bool walks, busy;
	struct digest identity; /* the policy's */
	bool is_due, has_begun; /* whether that was told before is to be seen */
	unsigned walk;		/* which one, counted */
	uint64_t number;	/* of submissions in this life */
};

struct told {
	struct record *record;
	struct share share;
	int64_t held;
	char submission[SUBMISSION_SIZE];
};

struct round {
	struct engine *engine;
	struct arena *arena;
	struct batch *batch;
	struct told told[AT_ONCE];
	size_t count;
	size_t waiting; /* behind others of the same object */
	/* As it was before: where nothing comes of it, that is done again. */
	struct wanted *taken;
	struct vault_cursor cursor;
	bool walks;
	unsigned walk;
};

static void turn(void *arg);
static bool begin_if_due(struct engine *engine);

bool
engine_is_flags(const struct spool_item *item)
{
	const struct slice prefix = SLICE(ENGINE_FLAGS);

	return item->submission.len > prefix.len &&
	       memcmp(item->submission.data, prefix.data, prefix.len) == 0;
}

/* --- what would be told --- */

/* Of misu's own session, where the registry takes such words. */
static const struct conf_upstream *
upstream_of(const struct engine *engine, struct slice name)
{
	const struct conf_upstream *upstream =
	    conf_upstream(engine->conf, name);

	return upstream != NULL && upstream->login.len != 0 &&
		       !upstream->shadows &&
		       upstream->contacts != CONTACTS_PROHIBITED &&
		       upstream->disclose == EPP_DISCLOSE_SUPPORTED
		   ? upstream
		   : NULL;
}

static struct slice
upstream_name(struct slice contact)
{
	const char *slash =
	    contact.len != 0 ? memchr(contact.data, '/', contact.len) : NULL;

	return slash != NULL ? (struct slice){contact.data,
				   (size_t)(slash - contact.data)}
			     : (struct slice){"", 0};
}

/* By where it stands, as a command of a backend would be judged. */
static bool
read_places(struct engine *engine, const struct record *record,
    struct arena *arena, struct decide_scope *scope, struct fail *fail)
{
	struct slice contact = record_object(record);
	struct vault *vault = engine->o.vault;
	struct places *places = arena_take(arena, sizeof(*places));
	const struct record *unseen, *there;

	if (places == NULL)
		return fail_memory(fail);
	there = vault_get(
	    vault, arena, OBJECT_CONTACT, place_name(arena, contact), fail);
	if (there == NULL && fail->kind != FAIL_NONE)
		return false;
	unseen = vault_get(vault, arena, OBJECT_HOST,
	    place_mark_name(arena, upstream_name(contact)), fail);
	if (unseen == NULL && fail->kind != FAIL_NONE)
		return false;
	place_read(there, record, places);
	if (unseen != NULL && record_epp(unseen)->created >= places->since)
		places->since = 0;
	scope->places = places->items;
	scope->place_count = places->count;
	scope->is_placed = places->since != 0 && places->count != 0;
	return true;
}

static bool
is_news(const struct shown *held, const struct shown *now)
{
	uint64_t has = held->passed | held->altered;
	uint64_t keeps = now->passed | now->altered;

	return ((held->published ^ now->published) & has) != 0 ||
	       (has & ~keeps) != 0;
}

static bool
share_contact(struct engine *engine, const struct record *record,
    struct decide_given *given, struct arena *arena, struct share *share,
    struct fail *fail)
{
	const struct epp_facts *facts = record_epp(record);
	const struct conf_upstream *upstream =
	    upstream_of(engine, upstream_name(record_object(record)));
	const struct conf_recipient *binding =
	    upstream != NULL ? conf_upstream_recipient(engine->conf, upstream)
			     : NULL;
	uint64_t limit[ROLE_COUNT] = {0};
	struct decide_scope scope = {.recipient = 0};
	struct shown now;

	limit[CONTACT_ROLE] = facts->shown.passed | facts->shown.altered;
	if (!facts->given || limit[CONTACT_ROLE] == 0 || binding == NULL ||
	    !ruleset_find_recipient(
		engine->ruleset, binding->id, &scope.recipient))
		return false;
	given->limit = limit;
	if (!read_places(engine, record, arena, &scope, fail))
		return false;
	scope.is_placed = scope.is_placed && facts->scope.len == 0;
	if (!engine_share_contact(
		engine, record, &scope, given, share, arena, fail))
		return false;
	given->limit = NULL;
	now = decide_shown(share->disclosure, CONTACT_ROLE);
	return disclosure_outcome(share->disclosure).verdict ==
		   VERDICT_FORWARD &&
	       is_news(&facts->shown, &now);
}

/* What a submission of misu's own brought there is sent as it is. */
static bool
share_object(struct engine *engine, const struct record *record,
    const struct spool_item *target, struct decide_given *given,
    struct arena *arena, struct share *share, struct fail *fail)
{
	struct fail own = FAIL_INIT;
	uint64_t kept[ROLE_COUNT];

	/* A value that was refused since the stop does not come with it. */
	if (!engine_find_had(
		engine, record, target, given->stopped, kept, arena, fail))
		return false;
	if (given->stopped != 0)
		given->kept = kept;
	if (record_epp(record)->given ||
	    !engine_share_object(
		engine, record, target, given, share, arena, &own)) {
		/* No block sends it any more: nothing is to be told. */
		if (own.kind != FAIL_NONE && own.kind != FAIL_INPUT)
			*fail = own;
		return false;
	}
	return disclosure_outcome(share->disclosure).verdict ==
		   VERDICT_FORWARD &&
	       share->binding != NULL &&
	       share->binding->channel == CHANNEL_EPP &&
	       upstream_of(engine, share->binding->upstream) != NULL;
}

bool
engine_flags_share(struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct share *share, struct record **record,
    struct fail *fail)
{
	uint64_t kept[ROLE_COUNT];
	struct decide_given given = {.kept = NULL};
	const struct random_source *random = engine->o.random;
	struct fail gone = FAIL_INIT;
	bool told;

	*record = engine_record_now(engine, target, arena, &gone);
	if (*record == NULL) {
		if (gone.kind != FAIL_INPUT)
			*fail = gone;
		return false;
	}
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		kept[r] = ((uint64_t)1 << FIELD_COUNT) - 1;
	if (stops_any(engine->o.stops))
		given.stopped = stops_roles(engine->o.stops, *record);
	/* It stays there, and is hidden from those behind. */
	given.minimises = given.hides = given.stopped != 0;
	given.kept = given.stopped != 0 ? kept : NULL;
	if (!random->fill(random->context, given.random, sizeof(given.random)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	told = target->object_type == OBJECT_CONTACT
		   ? share_contact(engine, *record, &given, arena, share, fail)
		   : share_object(
			 engine, *record, target, &given, arena, share, fail);
	return told && share->payload.len != 0;
}

/* --- what was told --- */

bool
engine_flags_told(struct engine *engine, struct batch *batch,
    const struct spool_item *item, struct arena *arena, bool *changes,
    struct fail *fail)
{
	enum object_type type = (enum object_type)item->object_type;
	struct record *record, *merged;
	struct epp_facts facts;
	struct share share;

	*changes = false;
	if (type != OBJECT_CONTACT ||
	    (engine->o.changing != NULL &&
		engine->o.changing(
		    engine->o.follow_context, type, item->object)) ||
	    !engine_flags_share(engine, item, arena, &share, &merged, fail))
		return fail->kind == FAIL_NONE;
	/* It is to be told something else by now: that comes next. */
	if (!slice_equal(share.payload, item->payload))
		return true;
	record = vault_get(engine->o.vault, arena, type, item->object, fail);
	if (record == NULL)
		return fail->kind == FAIL_NONE;
	facts = *record_epp(record);
	facts.shown = decide_shown(share.disclosure, CONTACT_ROLE);
	if (!record_set_epp(record, &facts, fail) ||
	    !ledger_add_record(batch, record, fail))
		return false;
	*changes = true;
	if (engine->o.change != NULL)
		engine->o.change(
		    engine->o.follow_context, type, item->object, true);
	return true;
}

/* --- who is looked at --- */

static void
look_in(struct engine *engine, int64_t delay)
{
	const struct loop_operations *ops = engine->o.loop->operations;
	struct flags *flags = engine->flags;

	if (flags->timer == NULL)
		flags->timer = ops->timer_create(engine->o.loop, turn, engine);
	if (flags->timer != NULL)
		ops->timer_set(flags->timer, delay);
}

static bool
make_flags(struct engine *engine)
{
	if (engine->flags != NULL)
		return true;
	engine->flags = calloc(1, sizeof(*engine->flags));
	if (engine->flags == NULL)
		return false;
	engine->flags->last = &engine->flags->first;
	return true;
}

void
engine_flags_finish(struct engine *engine)
{
	struct flags *flags = engine->flags;

	if (flags == NULL)
		return;
	for (struct wanted *w = flags->first, *next; w != NULL; w = next) {
		next = w->next;
		free(w);
	}
	if (flags->timer != NULL)
		engine->o.loop->operations->timer_destroy(flags->timer);
	free(flags);
	engine->flags = NULL;
}

static void
want(struct engine *engine, const struct wanted *what)
{
	size_t len = what->object.len + what->recipient.len + what->purpose.len;
	struct wanted *wanted =
	    make_flags(engine) ? malloc(sizeof(*wanted) + len) : NULL;
	struct fail fail = FAIL_INIT;
	char *at;

	if (wanted == NULL) {
		fail_memory(&fail);
		engine_log(engine, "error", "registry-not-told", &fail);
		return;
	}
	at = wanted->bytes;
	*wanted = (struct wanted){.type = what->type, .held = what->held};
	memcpy(at, what->object.data, what->object.len);
	wanted->object = (struct slice){at, what->object.len};
	at += what->object.len;
	memcpy(at, what->recipient.data, what->recipient.len);
	wanted->recipient = (struct slice){at, what->recipient.len};
	at += what->recipient.len;
	memcpy(at, what->purpose.data, what->purpose.len);
	wanted->purpose = (struct slice){at, what->purpose.len};
	*engine->flags->last = wanted;
	engine->flags->last = &wanted->next;
	look_in(engine, 0);
}

void
engine_flags_again(struct engine *engine, const struct spool_item *item)
{
	const struct wanted again = {
	    .type = (enum object_type)item->object_type,
	    .object = item->object,
	    .recipient = item->recipient,
	    .purpose = item->purpose};

	if (item->object_type == OBJECT_CONTACT && !engine->draining)
		want(engine, &again);
}

/* --- a turn --- */

static void
free_all(struct wanted *list)
{
	for (struct wanted *next; list != NULL; list = next) {
		next = list->next;
		free(list);
	}
}

/* Nothing came of it: who was looked at is looked at once more. */
static void
round_undo(struct round *round)
{
	struct flags *flags = round->engine->flags;

	for (struct wanted *w = round->taken, *next; w != NULL; w = next) {
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
	}
}

static void
round_end(struct round *round, int64_t delay)
{
	struct engine *engine = round->engine;
	struct flags *flags = engine->flags;

	flags->busy = false;
	free_all(round->taken);
	arena_destroy(round->arena);
	if (!engine->draining && (delay != 0 || flags->first != NULL ||
				     flags->walks || flags->is_due))
		look_in(engine, delay != 0 ? delay : PACE);
	engine_finish_one(engine);
}

static bool
to_spool(struct round *round, uint64_t first, struct fail *fail)
{
	struct engine *engine = round->engine;
	struct spool *spool = engine->o.spool;
	bool ok = spool_begin(spool, fail);

	for (size_t i = 0; ok && i < round->count; i++) {
		struct told *told = &round->told[i];
		struct spool_item item = engine_item(engine, told->record,
		    &told->share, slice_from(told->submission), round->arena);

		ok = spool_add(spool, &item, fail);
	}
	ok = ok && spool_set_mark(spool, first + round->count, fail) &&
	     spool_commit(spool, fail);
	if (!ok)
		spool_rollback(spool);
	return ok;
}

static bool
keep_walk(struct engine *engine, struct fail *fail)
{
	const struct flags *flags = engine->flags;
	const struct standing_walk walk = {
	    .stage = flags->walks ? STANDING_VAULT : STANDING_WHOLE,
	    .type = SLICE(""),
	    .name = SLICE(""),
	    .key = {(const char *)flags->cursor.key,
		flags->cursor.begun ? VAULT_CURSOR : 0}};

	return standing_set_walk(
	    engine->o.standing, STANDING_FOR_REGISTRIES, &walk, fail);
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct round *round = arg;
	struct engine *engine = round->engine;
	struct fail fail = FAIL_INIT;

	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		round_undo(round);
		round_end(round, TROUBLE_DELAY);
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
		round_undo(round);
		round_end(round, TROUBLE_DELAY);
		return;
	}
	/* Only now: what is between the two is looked at again after a crash. */
	if (round->walks && !keep_walk(engine, &fail))
		engine_log(engine, "error", "registry-not-told", &fail);
	for (size_t i = 0; i < round->count; i++)
		if (round->told[i].held != 0 &&
		    !stops_set_held(engine->o.stops, round->told[i].held,
			"hidden", (int64_t)(first + i), &fail))
			engine_log(engine, "error", "stops", &fail);
	engine_courier_wake(engine);
	round_end(round, 0);
}

/* `*waiting`: something of the object is on its way to somebody. */
static bool
consider(struct round *round, const struct wanted *wanted, bool *waiting,
    struct fail *fail)
{
	struct engine *engine = round->engine;
	struct told *told = &round->told[round->count];
	const struct spool_item target = {.object = wanted->object,
	    .object_type = (int)wanted->type,
	    .recipient = wanted->recipient,
	    .purpose = wanted->purpose};
	bool waits;

	if (!spool_waits(engine->o.spool, (int)wanted->type, wanted->object,
		&waits, fail))
		return false;
	*waiting = waits;
	if (waits || !engine_flags_share(engine, &target, round->arena,
			 &told->share, &told->record, fail))
		return fail->kind == FAIL_NONE;
	snprintf(told->submission, sizeof(told->submission),
	    ENGINE_FLAGS "%llx-%llu",
	    (unsigned long long)ledger_next(engine->o.ledger),
	    (unsigned long long)engine->flags->number++);
	told->held = wanted->held;
	round->count++;
	return engine_add_entry(engine, round->batch, &told->share,
	    slice_from(told->submission), LEDGER_NONE, fail);
}

static bool
take_wanted(struct round *round, struct fail *fail)
{
	struct flags *flags = round->engine->flags;
	bool ok = true, waits = false;

	for (int i = 0; ok && flags->first != NULL && i < AT_ONCE; i++) {
		struct wanted *wanted = flags->first;

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
is_contact(const struct record *record)
{
	struct slice name = record_object(record);

	/* Lists of places are no contacts. */
	return record_type(record) == OBJECT_CONTACT &&
	       record_epp(record)->given &&
	       memchr(name.data, '\t', name.len) == NULL;
}

static bool
walk_on(struct round *round, struct fail *fail)
{
	struct engine *engine = round->engine;
	struct flags *flags = engine->flags;
	struct record *record;
	bool waits;

	if (!flags->walks)
		return true;
	for (int i = 0; i < LOOK_AT_ONCE && round->count < AT_ONCE; i++) {
		struct wanted wanted = {
		    .type = OBJECT_CONTACT, .recipient = SLICE("")};

		if (!vault_next(engine->o.vault, &flags->cursor, round->arena,
			&record, fail))
			return false;
		if (record == NULL) {
			flags->walks = false;
			break;
		}
		if (!is_contact(record))
			continue;
		wanted.object = record_object(record);
		wanted.purpose = SLICE("");
		/* What waits is decided again before it leaves. */
		if (!consider(round, &wanted, &waits, fail))
			return false;
	}
	return round->count != 0 || keep_walk(engine, fail);
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
	round->batch = ledger_begin(engine->o.ledger, arena, fail);
	engine->flags->busy = true;
	engine->under_way++;
	return round;
}

static void
turn(void *arg)
{
	struct engine *engine = arg;
	struct flags *flags = engine->flags;
	struct fail fail = FAIL_INIT;
	struct round *round;

	if (engine->draining || flags->busy || engine->conf == NULL ||
	    ledger_stopped(engine->o.ledger) != NULL)
		return;
	if (!begin_if_due(engine))
		return;
	if (spool_count(engine->o.spool, SPOOL_QUEUED) > BACKLOG) {
		look_in(engine, BACKLOG_DELAY);
		return;
	}
	round = round_begin(engine, &fail);
	if (round == NULL) {
		look_in(engine, TROUBLE_DELAY);
		return;
	}
	if (round->batch == NULL || !take_wanted(round, &fail) ||
	    !walk_on(round, &fail)) {
		engine_log(engine, "error", "registry-not-told", &fail);
		round_undo(round);
		round_end(round, TROUBLE_DELAY);
	} else if (round->count == 0) {
		round_end(round, round->waiting != 0 ? BACKLOG_DELAY : 0);
	} else {
		ledger_commit(round->batch, durable, round);
	}
}

/* --- what makes it look --- */

static bool
resume(struct engine *engine, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	struct standing_walk at = {.stage = STANDING_WHOLE};
	bool ok = (arena != NULL || fail_memory(fail)) &&
		  standing_walk(engine->o.standing, STANDING_FOR_REGISTRIES,
		      arena, &at, fail);

	if (ok && at.stage != STANDING_WHOLE) {
		engine->flags->walks = true;
		engine->flags->walk++;
		engine->flags->cursor.begun = at.key.len == VAULT_CURSOR;
		if (engine->flags->cursor.begun)
			memcpy(engine->flags->cursor.key, at.key.data,
			    VAULT_CURSOR);
		look_in(engine, 0);
	}
	arena_destroy(arena);
	return ok;
}

static bool
begin_anew(struct engine *engine, struct fail *fail)
{
	engine->flags->walks = true;
	engine->flags->walk++;
	engine->flags->cursor = (struct vault_cursor){.begun = false};
	look_in(engine, 0);
	return keep_walk(engine, fail);
}

static bool
begin(struct engine *engine, struct fail *fail)
{
	struct flags *flags = engine->flags;
	struct digest before;
	bool known, ok;

	if (!standing_told(engine->o.standing, &before, &known, fail))
		return false;
	if (known && digest_equal(&before, &flags->identity))
		ok = flags->has_begun || resume(engine, fail);
	else
		/* Nothing is known of before the first: that is as it was. */
		ok = (!known || begin_anew(engine, fail)) &&
		     standing_set_told(
			 engine->o.standing, &flags->identity, fail);
	flags->has_begun = flags->has_begun || ok;
	return ok;
}

static bool
begin_if_due(struct engine *engine)
{
	struct flags *flags = engine->flags;
	struct fail fail = FAIL_INIT;

	if (!flags->is_due)
		return true;
	flags->is_due = !begin(engine, &fail);
	if (!flags->is_due)
		return true;
	engine_log(engine, "error", "registry-not-told", &fail);
	look_in(engine, TROUBLE_DELAY);
	return false;
}

void
engine_flags_begin(struct engine *engine, const struct digest *identity)
{
	struct fail fail = FAIL_INIT;

	if (engine->o.standing == NULL)
		return;
	if (!make_flags(engine)) {
		fail_memory(&fail);
		engine_log(engine, "error", "registry-not-told", &fail);
		return;
	}
	engine->flags->identity = *identity;
	engine->flags->is_due = true;
	begin_if_due(engine);
}

/* Rows are read before any is changed. */
struct rows {
	struct engine *engine;
	bool again; /* also those that were told */
	struct fail *fail;
};

static bool
want_row(void *arg, const struct stop_held *row)
{
	const struct rows *rows = arg;
	const struct wanted wanted = {.type = (enum object_type)row->type,
	    .held = rows->again ? 0 : row->id,
	    .object = row->object,
	    .recipient = row->recipient,
	    .purpose = row->purpose};

	if (slice_is(row->channel, "epp") &&
	    (rows->again || slice_is(row->state, "held")))
		want(rows->engine, &wanted);
	/* What misu itself tells is as the policy has it, too. */
	if (slice_is(row->channel, "view") && rows->again)
		return engine_view_renew(rows->engine,
		    (enum object_type)row->type, row->object, rows->fail);
	return true;
}

static void
want_rows(struct engine *engine, int64_t stop, bool again)
{
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;
	struct rows rows = {engine, again, &fail};

	if (arena == NULL || !stops_each_held(engine->o.stops, arena, stop,
				 want_row, &rows, &fail))
		engine_log(engine, "error", "registry-not-told", &fail);
	arena_destroy(arena);
}

void
engine_flags_stop(struct engine *engine, int64_t stop)
{
	want_rows(engine, stop, false);
}

void
engine_flags_resume(struct engine *engine, int64_t stop)
{
	want_rows(engine, stop, true);
}
