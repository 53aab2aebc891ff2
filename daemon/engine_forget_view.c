/* What is published of a subject goes, a page of the public view at a time. */
#include "codec/view.h"
#include "engine_priv.h"
#include "store/view.h"

enum { PAGE = 256 };

struct engine_view_walk {
	struct arena *arena; /* of the place */
	struct slice type, name;
};

struct engine_view_walk *
engine_view_walk_create(void)
{
	struct engine_view_walk *walk = calloc(1, sizeof(*walk));

	if (walk == NULL)
		return NULL;
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

/*
 * The entry is pruned and says nothing any more: does the row tell of a role
 * that the vault has forgotten?
 */
static bool
tells_forgotten(struct engine *engine, const struct view_stale *row,
    struct arena *arena, bool *found, struct fail *fail)
{
	const struct record *record;
	enum object_type type;
	struct view_row told;

	if (row->bytes.len == 0 || !object_type_find(row->type, &type))
		return true;
	if (!view_decode(row->bytes, arena, &told, fail))
		return false;
	record = vault_get(engine->o.vault, arena, type, row->name, fail);
	if (record == NULL && fail->kind != FAIL_NONE)
		return false;
	*found = record == NULL;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		*found |= record != NULL && told.it.roles[r].present &&
			  !record_has_role(record, (enum role)r);
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

static bool
page(struct engine *engine, struct engine_view_walk *walk, struct slice mark,
    struct arena *arena, size_t *count, struct fail *fail)
{
	struct view_stale rows[PAGE];
	bool found, ok;

	ok = view_page(engine->o.view, arena, walk->type, walk->name, rows,
	    count, PAGE, fail);
	for (size_t i = 0; ok && i < *count; i++) {
		ok = names(engine, &rows[i], mark, arena, &found, fail) &&
		     (!found || view_drop(engine->o.view, rows[i].type,
				    rows[i].name, fail));
	}
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
	return ok && (*left || view_scrub(engine->o.view, fail));
}
