/*
 * The audit of all objects every so often, spread over the whole period: the
 * walk's place among the objects follows the clock.  Place and beginning of
 * the period are kept in a file, so that a restart goes on where it was; the
 * place is a hash and names no object.
 */
#include <inttypes.h>

#include "engine_audit.h"

enum {
	TICK = 1000,	  /* ms */
	KEEP = 60 * 1000, /* ms between notes of how far it is */
	STATE_MAX = 200,
};

#define STATE_FILE "audit"

/* --- the place that is kept --- */

static void
keep(struct engine *engine)
{
	struct engine_audit *audit = engine->audit;
	const struct vault_cursor *cursor =
	    audit->timed != NULL ? &audit->timed->cursor : NULL;
	struct arena *arena = engine_arena(engine);
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;

	audit->kept_at = engine_now(engine);
	if (engine->o.audit_directory == NULL || arena == NULL) {
		arena_destroy(arena);
		return;
	}
	text_add_format(&text, "%" PRId64 " ", audit->period_start);
	if (cursor != NULL && cursor->begun)
		text_add_hex(&text, cursor->key, sizeof(cursor->key));
	else
		text_add_char(&text, cursor != NULL ? '-' : '.');
	text_add_char(&text, '\n');
	if (text.failed ||
	    !disk_replace_file(engine->o.disk, engine->o.audit_directory,
		STATE_FILE, text_slice(&text), &fail))
		engine_log(engine, "error", "audit-place-not-kept", &fail);
	arena_destroy(arena);
}

/* False: there is none, and a period begins. */
static bool
read_kept(struct engine *engine, int64_t *start, struct vault_cursor *cursor,
    bool *under_way)
{
	struct arena *arena = engine_arena(engine);
	struct fail ignored = FAIL_INIT;
	char path[1024], place[64] = "";
	struct slice text;
	bool ok = arena != NULL && engine->o.audit_directory != NULL;

	*cursor = (struct vault_cursor){.begun = false};
	snprintf(path, sizeof(path), "%s/%s",
	    ok ? engine->o.audit_directory : "", STATE_FILE);
	ok = ok &&
	     disk_read_file(
		 engine->o.disk, path, STATE_MAX, arena, &text, &ignored) &&
	     sscanf(text.data, "%" SCNd64 " %63s", start, place) == 2 &&
	     *start > 0 && *start <= engine_now(engine);
	*under_way = ok && strcmp(place, ".") != 0;
	if (*under_way && strcmp(place, "-") != 0) {
		cursor->begun = text_hex_decode(
		    slice_from(place), cursor->key, sizeof(cursor->key));
		ok = cursor->begun;
	}
	arena_destroy(arena);
	return ok;
}

/* --- the clock --- */

static int64_t
period(const struct engine *engine)
{
	return (int64_t)engine->conf->audit.every * 1000;
}

bool
audit_timer_may(const struct engine *engine, const struct vault_cursor *cursor)
{
	int64_t elapsed = engine_now(engine) - engine->audit->period_start;

	return vault_cursor_share(cursor) * (double)period(engine) <=
	       (double)elapsed;
}

static void tick(void *arg);

static void
wake(struct engine *engine, int64_t delay)
{
	const struct loop_operations *loop = engine->o.loop->operations;
	struct engine_audit *audit = engine->audit;

	if (audit->timer == NULL)
		audit->timer = loop->timer_create(engine->o.loop, tick, engine);
	if (audit->timer != NULL)
		loop->timer_set(audit->timer, delay);
}

static void
begin_period(struct engine *engine, int64_t start)
{
	struct engine_audit *audit = engine->audit;

	audit->period_start = start;
	audit->timed = audit_run_create(engine, AUDIT_TIMED, SLICE("misu"));
	keep(engine);
}

static void
tick(void *arg)
{
	struct engine *engine = arg;
	struct engine_audit *audit = engine->audit;
	int64_t now = engine_now(engine);

	if (audit->is_stopped || engine->conf == NULL ||
	    engine->conf->audit.every == 0)
		return;
	if (audit->timed == NULL && now >= audit->period_start + period(engine))
		begin_period(engine, now);
	if (audit->timed != NULL)
		audit_run_pump(audit->timed);
	if (audit->timed != NULL && now - audit->kept_at >= KEEP)
		keep(engine);
	wake(engine, TICK);
}

void
audit_timer_ended(struct engine *engine)
{
	engine->audit->timed = NULL;
	keep(engine);
}

/* A run that was under way goes on, late as it may be. */
static void
resume(struct engine *engine)
{
	struct engine_audit *audit = engine->audit;
	struct vault_cursor cursor;
	bool under_way;

	if (!read_kept(engine, &audit->period_start, &cursor, &under_way)) {
		begin_period(engine, engine_now(engine));
		return;
	}
	if (!under_way)
		return;
	audit->timed = audit_run_create(engine, AUDIT_TIMED, SLICE("misu"));
	if (audit->timed != NULL)
		audit->timed->cursor = cursor;
}

void
engine_audit_apply(struct engine *engine)
{
	struct engine_audit *audit;

	if (engine->conf == NULL || engine->conf->audit.every == 0 ||
	    engine->o.audit_ask == NULL)
		return;
	audit = engine_audit_of(engine);
	if (audit == NULL || audit->is_stopped)
		return;
	if (audit->period_start == 0)
		resume(engine);
	wake(engine, TICK);
}

void
audit_timer_stop(struct engine *engine)
{
	struct engine_audit *audit = engine->audit;

	if (audit->timed != NULL)
		keep(engine);
	if (audit->timer != NULL)
		engine->o.loop->operations->timer_destroy(audit->timer);
	audit->timer = NULL;
}
