/*
 * What is published of a subject goes, a page of the public view at a time.
 * An object that stays is decided anew, without what was the subject's.
 */
#include "codec/view.h"
#include "engine_view.h"

enum { PAGE = 256 };

struct engine_view_walk {
	struct arena *arena; /* of the place */
	struct slice type, name;
	bool scrubs;
};

struct engine_view_walk *
engine_view_walk_create(bool scrubs)
{
	struct engine_view_walk *walk = calloc(1, sizeof(*walk));

	if (walk == NULL)
		return NULL;
	walk->scrubs = scrubs;
	walk->arena = arena_create(NULL);
	if (walk->arena != NULL)
		return walk;
	free(walk);
	return NULL;
}

void
engine_view_walk_destroy(struct engine_view_walk *walk)
{
	if (walk == NULL)
		return;
	arena_destroy(walk->arena);
	free(walk);
}

/* Does the row tell of what the record does not have? */
static bool
tells_more(const struct view_row *told, const struct record *record)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct publication_role *role = &told->it.roles[r];

		for (unsigned f = 0; role->present && f < FIELD_COUNT; f++)
			if (role->items[f].state == PUBLISHED &&
			    record_values(record, (enum role)r, (enum field)f)
				    .count == 0)
				return true;
	}
	return false;
}

/*
 * The entry is pruned and says nothing any more: does the row tell of what the
 * vault has forgotten?
 */
static bool
tells_forgotten(struct engine *engine, const struct view_stale *row,
    struct arena *arena, bool *found, struct fail *fail)
{
	struct published published;
	enum object_type type;
	struct view_row told;

	if (row->bytes.len == 0 || !object_type_find(row->type, &type))
		return true;
	if (!view_decode(row->bytes, arena, &told, fail) ||
	    !engine_published(
		engine, type, row->name, arena, &published, fail))
		return false;
	*found = published.record == NULL ||
		 tells_more(&told, published.record) ||
		 engine_leaving_roles(engine, published.record) != 0;
	return true;
}

/* Does the entry that the row came from have this text? */
static bool
names(struct engine *engine, const struct view_stale *row, struct slice mark,
    struct arena *arena, bool *found, struct fail *fail)
{
	struct slice entry;

	*found = false;
	if (row->entry >= ledger_size(engine->o.ledger))
		return true;
	if (row->entry < ledger_minimum(engine->o.ledger))
		return tells_forgotten(engine, row, arena, found, fail);
	if (!ledger_read(engine->o.ledger, row->entry, arena, &entry, fail))
		return false;
	*found = memmem(entry.data, entry.len, mark.data, mark.len) != NULL;
	return true;
}

/* All that the row said goes; what is left of the object is told again. */
static bool
forget_row(struct engine *engine, const struct view_stale *row,
    struct arena *arena, struct fail *fail)
{
	const struct view_doubted again = {row->type, row->name};
	struct published published = {.record = NULL};
	enum object_type type;

	if (object_type_find(row->type, &type) &&
	    !engine_published(
		engine, type, row->name, arena, &published, fail))
		return false;
	if (!view_drop(engine->o.view, row->type, row->name, fail))
		return false;
	if (published.record == NULL)
		return engine->o.standing == NULL ||
		       standing_forget(
			   engine->o.standing, row->type, row->name, fail);
	engine_view_look(engine);
	return view_want(engine->o.view, &again, 1,
	    ledger_next(engine->o.ledger), fail);
}

static bool
page(struct engine *engine, struct engine_view_walk *walk, struct slice mark,
    struct arena *arena, size_t *count, struct fail *fail)
{
	struct view_stale rows[PAGE];
	bool found, ok;

	if (!view_page(engine->o.view, arena, walk->type, walk->name, rows,
		count, PAGE, fail))
		return false;
	ok = view_batch_begin(engine->o.view, fail);
	for (size_t i = 0; ok && i < *count; i++) {
		ok = names(engine, &rows[i], mark, arena, &found, fail) &&
		     (!found || forget_row(engine, &rows[i], arena, fail));
	}
	ok = view_batch_end(engine->o.view, ok, fail);
	if (!ok || *count == 0)
		return ok;
	arena_reset(walk->arena);
	walk->type = arena_copy(walk->arena, rows[*count - 1].type);
	walk->name = arena_copy(walk->arena, rows[*count - 1].name);
	return (walk->type.data != NULL && walk->name.data != NULL) ||
	       fail_memory(fail);
}

bool
engine_view_walk_on(struct engine *engine, struct engine_view_walk *walk,
    struct slice mark, bool *left, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	size_t count = 0;
	bool ok = arena != NULL ? page(engine, walk, mark, arena, &count, fail)
				: fail_memory(fail);

	arena_destroy(arena);
	*left = ok && count == PAGE;
	return ok && (*left || !walk->scrubs || (view_scrub(engine->o.view, fail) &&
				   (engine->o.standing == NULL ||
				       standing_scrub(
					   engine->o.standing, fail))));
}
