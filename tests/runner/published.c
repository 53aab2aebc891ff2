/* What the public view tells is what would be decided now, and all of it. */
#include "engine_view.h"
#include "runner/world.h"

static void
compare(struct world *world, struct slice name, struct slice wanted)
{
	struct arena *arena = arena_create(NULL);
	struct view_found found;
	struct fail fail = FAIL_INIT;

	if (!view_get(world->view, arena, SLICE("domain"), name, &found, &fail))
		world_fail(world, "the view cannot be read: %s", fail.text);
	else if (found.state == VIEW_CURRENT &&
		 !slice_equal(found.bytes, wanted))
		world_fail(world, "the view tells of %.*s %.*s, not %.*s",
		    SLICE_ARG(name), SLICE_ARG(found.bytes), SLICE_ARG(wanted));
	else if (found.state != VIEW_CURRENT && wanted.len != 0 &&
		 ledger_stopped(world->ledger) == NULL)
		world_fail(world, "the view does not tell of %.*s (%d)",
		    SLICE_ARG(name), (int)found.state);
	arena_destroy(arena);
}

static void
check_domain(struct world *world, struct arena *arena, struct slice name)
{
	struct published published;
	struct share share = {.binding = NULL};
	const struct block *block = NULL;
	struct fail fail = FAIL_INIT;
	bool ok = engine_published(
	    world->engine, OBJECT_DOMAIN, name, arena, &published, &fail);

	if (ok && published.record != NULL &&
	    record_operation(published.record) != OPERATION_DELETE)
		block = engine_view_block(world->engine, published.record);
	if (ok && block != NULL)
		ok = engine_either(world->engine, block, HOW_ASKED, arena,
			 &published, &fail) &&
		    engine_share(world->engine, block, published.record,
			HOW_ASKED, arena, &share, &fail);
	if (ok)
		compare(world, name, share.payload);
	else
		world_fail(world, "not to be decided: %s", fail.text);
}

static void
check_vault(struct world *world)
{
	struct arena *arena = arena_create(NULL);
	struct vault_cursor cursor = {.begun = false};
	struct record *record;
	struct fail fail = FAIL_INIT;

	for (;;) {
		arena_reset(arena);
		if (!vault_next(world->vault, &cursor, arena, &record, &fail)) {
			world_fail(world, "vault: %s", fail.text);
			break;
		}
		if (record == NULL)
			break;
		if (record_type(record) == OBJECT_DOMAIN)
			check_domain(world, arena, record_object(record));
	}
	arena_destroy(arena);
}

static void
check_rows(struct world *world)
{
	struct arena *arena = arena_create(NULL);
	struct view_stale rows[256];
	struct fail fail = FAIL_INIT;
	size_t count = 0;

	view_page(
	    world->view, arena, SLICE(""), SLICE(""), rows, &count, 256, &fail);
	for (size_t i = 0; i < count; i++)
		if (slice_is(rows[i].type, "domain") && rows[i].bytes.len != 0)
			check_domain(world, arena, rows[i].name);
	arena_destroy(arena);
}

void
published_check(struct world *world)
{
	if (world->view == NULL || world->engine == NULL)
		return;
	check_vault(world);
	check_rows(world);
}
