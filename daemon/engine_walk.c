/*
 * Making the public view anew, from the vault: all of it where it is missing
 * or another state's, or an operator wants it; or what has no row yet, when
 * another policy publishes more.  A few objects at a time, each then decided
 * as any row that waits; how far it is is kept, and a start goes on from there.
 */
#include "engine_view.h"

enum {
	WALK_OBJECTS = 64, /* at once */
	WALK_STEPS = 32,   /* between two notes of how far it is */
};

struct walk {
	struct standing_walk at;
	struct vault_cursor cursor;
	struct arena *arena; /* of the place among the rows */
	unsigned steps;
};

/* --- how far it is --- */

static void
walk_end(struct engine *engine)
{
	if (engine->walk == NULL)
		return;
	arena_destroy(engine->walk->arena);
	free(engine->walk);
	engine->walk = NULL;
}

void
engine_walk_stop(struct engine *engine)
{
	engine_view_note(engine);
	walk_end(engine);
}

void
engine_view_note(struct engine *engine)
{
	struct fail fail = FAIL_INIT;
	int64_t changes;
	bool ok;

	if (!engine->view_known || engine->o.standing == NULL)
		return;
	ok = view_changes(engine->o.view, &changes, &fail);
	if (ok && changes == engine->view_changes)
		return;
	ok = ok &&
	     standing_set_changes(engine->o.standing, changes, &fail);
	if (ok)
		engine->view_changes = changes;
	else
		engine_log(engine, "error", "view-not-noted", &fail);
}

static bool
keep(struct engine *engine, struct fail *fail)
{
	struct walk *walk = engine->walk;

	walk->at.key = (struct slice){(const char *)walk->cursor.key,
	    walk->cursor.begun ? sizeof(walk->cursor.key) : 0};
	return standing_set_walk(
	    engine->o.standing, STANDING_FOR_VIEW, &walk->at, fail);
}

static struct walk *
walk_make(struct engine *engine, struct fail *fail)
{
	walk_end(engine);
	engine->walk = calloc(1, sizeof(*engine->walk));
	if (engine->walk != NULL)
		engine->walk->arena = arena_create(NULL);
	if (engine->walk != NULL && engine->walk->arena != NULL)
		return engine->walk;
	walk_end(engine);
	fail_memory(fail);
	return NULL;
}

/* From the beginning; `from` is not 0 where rows that are there go, too. */
static bool
walk_begin(struct engine *engine, uint64_t from, struct fail *fail)
{
	struct walk *walk = walk_make(engine, fail);

	if (walk == NULL)
		return false;
	walk->at = (struct standing_walk){.stage = STANDING_VAULT,
	    .from = from,
	    .type = SLICE(""),
	    .name = SLICE("")};
	return keep(engine, fail);
}

static bool
walk_resume(struct engine *engine, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	struct standing_walk at;
	struct walk *walk;
	bool ok = (arena != NULL || fail_memory(fail)) &&
		  standing_walk(
		      engine->o.standing, STANDING_FOR_VIEW, arena, &at, fail);

	if (ok && at.stage != STANDING_WHOLE) {
		walk = walk_make(engine, fail);
		ok = walk != NULL;
		if (ok) {
			walk->at = at;
			walk->at.type = arena_copy(walk->arena, at.type);
			walk->at.name = arena_copy(walk->arena, at.name);
			walk->cursor.begun = at.key.len == VAULT_CURSOR;
			if (walk->cursor.begun)
				memcpy(walk->cursor.key, at.key.data,
				    VAULT_CURSOR);
			ok = (walk->at.type.data != NULL &&
				 walk->at.name.data != NULL) ||
			     fail_memory(fail);
		}
	}
	arena_destroy(arena);
	return ok;
}

/* --- whose view it is --- */

static bool
is_none(const uint8_t life[VIEW_LIFE])
{
	static const uint8_t none[VIEW_LIFE];

	return memcmp(life, none, VIEW_LIFE) == 0;
}

/* The last step makes the two know each other: until then it begins anew. */
static bool
make_anew(struct engine *engine, struct fail *fail)
{
	const struct random_source *random = engine->o.random;
	uint8_t life[VIEW_LIFE];

	if (!random->fill(random->context, life, sizeof(life)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	return walk_begin(engine, ledger_next(engine->o.ledger), fail) &&
	       view_clear(engine->o.view, life, fail) &&
	       standing_clear(engine->o.standing, fail) &&
	       standing_set_changes(engine->o.standing, 0, fail) &&
	       standing_set_view(engine->o.standing, life, 0, fail);
}

bool
engine_walk_check(
    struct engine *engine, const struct conf *conf, struct fail *fail)
{
	uint8_t own[VIEW_LIFE], its[VIEW_LIFE];
	int64_t epoch, its_epoch, changes, its_changes;
	bool older;

	if (engine->view_known || engine->o.standing == NULL ||
	    !conf_has_view(conf))
		return true;
	if (!standing_view(engine->o.standing, own, &epoch, fail) ||
	    !view_life(engine->o.view, its, &its_epoch, fail) ||
	    !standing_changes(engine->o.standing, &changes, fail) ||
	    !view_changes(engine->o.view, &its_changes, fail))
		return false;
	if (is_none(own) || memcmp(own, its, VIEW_LIFE) != 0 ||
	    its_epoch < epoch || its_changes < changes) {
		if (!make_anew(engine, fail))
			return false;
	} else {
		engine->view_epoch = epoch;
		if (!engine_view_is_older(engine, &older, fail) ||
		    !(older ? make_anew(engine, fail)
			    : walk_resume(engine, fail)))
			return false;
	}
	if (!standing_set_seen(
		engine->o.standing, ledger_size(engine->o.ledger), fail))
		return false;
	/* Else what is in doubt since what was lost stays so for ever. */
	engine->view_known = view_cap(
	    engine->o.view, ledger_next(engine->o.ledger), fail);
	return engine->view_known;
}

bool
engine_walk_missing(
    struct engine *engine, const struct conf *conf, struct fail *fail)
{
	uint8_t life[VIEW_LIFE];
	int64_t epoch;

	if (engine->o.standing == NULL || !conf_has_view(conf))
		return true;
	return walk_begin(engine,
		   engine->walk != NULL ? engine->walk->at.from : 0, fail) &&
	       standing_view(engine->o.standing, life, &epoch, fail) &&
	       standing_set_view(
		   engine->o.standing, life, engine->view_epoch, fail);
}

bool
engine_walk_stops(struct engine *engine, struct fail *fail)
{
	if (engine->o.view == NULL || engine->o.standing == NULL ||
	    engine->conf == NULL || !conf_has_view(engine->conf))
		return true;
	engine->stops_since = ledger_next(engine->o.ledger);
	engine_view_look(engine);
	return walk_begin(
	    engine, engine->walk != NULL ? engine->walk->at.from : 0, fail);
}

/* --- walking --- */

/*
 * What is told of it was decided before a person in it stopped, or while that
 * was so.  Where that cannot be known it is decided anew.
 */
static bool
is_touched(
    struct engine *engine, const struct record *record, struct arena *arena)
{
	enum object_type type = record_type(record);
	struct slice name = record_object(record);
	struct fail fail = FAIL_INIT;
	struct published published;
	struct view_found found;

	if (!stops_touch_any(engine->o.stops))
		return false;
	if (!view_get(engine->o.view, arena, slice_from(object_type_name(type)),
		name, &found, &fail))
		return true;
	if (found.state != VIEW_CURRENT || found.entry >= engine->stops_since)
		return false;
	return !engine_published(
		   engine, type, name, arena, &published, &fail) ||
	       (published.record != NULL &&
		   stops_touch(engine->o.stops, published.record));
}

/* Where nothing is made anew, what has a row is decided anew as that. */
static bool
is_wanted(
    struct engine *engine, const struct record *record, struct arena *arena)
{
	enum object_type type = record_type(record);

	if (type == OBJECT_CONTACT || type == OBJECT_HOST ||
	    record_operation(record) == OPERATION_DELETE ||
	    (engine->walk->at.from == 0 &&
		view_has(engine->o.view, slice_from(object_type_name(type)),
		    record_object(record)) &&
		!is_touched(engine, record, arena)))
		return false;
	return engine_view_block(engine, record) != NULL;
}

static bool
walk_vault(struct engine *engine, struct arena *arena,
    struct view_doubted *rows, size_t *count, struct fail *fail)
{
	struct walk *walk = engine->walk;
	struct record *record;

	for (int i = 0; i < WALK_OBJECTS; i++) {
		if (!vault_next(
			engine->o.vault, &walk->cursor, arena, &record, fail))
			return false;
		if (record == NULL) {
			walk->at.stage =
			    walk->at.from != 0 ? STANDING_ROWS : STANDING_WHOLE;
			return true;
		}
		walk->at.done++;
		if (is_wanted(engine, record, arena))
			rows[(*count)++] = (struct view_doubted){
			    slice_from(object_type_name(record_type(record))),
			    record_object(record)};
	}
	return true;
}

/* What was not made anew has no record that could. */
static bool
walk_rows(struct engine *engine, struct arena *arena, struct view_doubted *rows,
    size_t *count, struct fail *fail)
{
	struct walk *walk = engine->walk;
	struct view_stale page[WALK_OBJECTS];
	size_t found;

	if (!view_page(engine->o.view, arena, walk->at.type, walk->at.name,
		page, &found, WALK_OBJECTS, fail))
		return false;
	for (size_t i = 0; i < found; i++)
		if (page[i].entry < walk->at.from && page[i].bytes.len != 0)
			rows[(*count)++] =
			    (struct view_doubted){page[i].type, page[i].name};
	if (found < WALK_OBJECTS)
		walk->at.stage = STANDING_WHOLE;
	if (found == 0)
		return true;
	arena_reset(walk->arena);
	walk->at.type = arena_copy(walk->arena, page[found - 1].type);
	walk->at.name = arena_copy(walk->arena, page[found - 1].name);
	return (walk->at.type.data != NULL && walk->at.name.data != NULL) ||
	       fail_memory(fail);
}

static bool
step(struct engine *engine, struct arena *arena, struct fail *fail)
{
	struct walk *walk = engine->walk;
	enum standing_stage before = walk->at.stage;
	struct view_doubted rows[WALK_OBJECTS];
	size_t count = 0;
	bool ok;

	ok = before == STANDING_VAULT
		 ? walk_vault(engine, arena, rows, &count, fail)
		 : walk_rows(engine, arena, rows, &count, fail);
	ok = ok && (count == 0 || view_want(engine->o.view, rows, count,
				      ledger_next(engine->o.ledger), fail));
	if (!ok ||
	    (walk->at.stage == before && ++walk->steps % WALK_STEPS != 0))
		return ok;
	return keep(engine, fail);
}

bool
engine_walk_on(struct engine *engine, bool *left, struct fail *fail)
{
	struct arena *arena;
	bool ok;

	*left = false;
	if (engine->view_lost && engine->o.standing != NULL) {
		if (!walk_begin(engine, ledger_next(engine->o.ledger), fail))
			return false;
		engine->view_lost = false;
	}
	if (engine->walk == NULL)
		return true;
	arena = engine_arena(engine);
	ok = arena != NULL ? step(engine, arena, fail) : fail_memory(fail);
	arena_destroy(arena);
	/* What was made to wait is looked at once more. */
	*left = ok;
	if (ok && engine->walk->at.stage == STANDING_WHOLE) {
		if (engine->walk->at.from != 0)
			engine_log(engine, "info", "view-made-anew", NULL);
		stops_settle(engine->o.stops);
		walk_end(engine);
	}
	return ok;
}

/* --- verbs --- */

static const char *
stage_name(const struct engine *engine)
{
	if (engine->walk == NULL)
		return "whole";
	return engine->walk->at.from != 0 ? "rebuilding" : "extending";
}

void
engine_view_status(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct fail fail = FAIL_INIT;
	int64_t current, stale;
	char body[200];

	(void)actor;
	(void)text;
	if (engine->o.view == NULL ||
	    !view_count(engine->o.view, &current, &stale, &fail)) {
		if (fail.kind == FAIL_NONE)
			fail_set(
			    &fail, FAIL_INPUT, "nothing is published here");
		engine_answer_fail(engine, fail.kind == FAIL_INPUT ? 404 : 503,
		    "view", &fail, answer, arg);
		return;
	}
	snprintf(body, sizeof(body),
	    "{\"state\":\"%s\",\"looked_at\":%lld,\"told\":%lld,"
	    "\"waiting\":%lld}",
	    stage_name(engine),
	    (long long)(engine->walk != NULL ? engine->walk->at.done : 0),
	    (long long)current, (long long)stale);
	answer(arg, 200, slice_from(body));
}

void
engine_view_rebuild(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct fail fail = FAIL_INIT;

	if (engine->o.standing == NULL || !conf_has_view(engine->conf)) {
		fail_set(&fail, FAIL_INPUT, "nothing is published here");
		fail_hint(&fail,
		    "a recipient \"to view\" and \"publish\" in misu.conf");
		engine_answer_fail(engine, 409, "view", &fail, answer, arg);
		return;
	}
	if (!walk_begin(engine, ledger_next(engine->o.ledger), &fail)) {
		engine_answer_fail(engine, 503, "view", &fail, answer, arg);
		return;
	}
	engine_log(engine, "info", "view-rebuild-asked", NULL);
	engine_view_look(engine);
	engine_view_status(engine, actor, text, answer, arg);
}
