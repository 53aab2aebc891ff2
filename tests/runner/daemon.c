/* The daemon's life inside a scenario: start, stop, kill, reload. */
#include "core/policy.h"
#include "runner/epp_world.h"
#include "store/standing.h"

const uint8_t daemon_master_key[KEY_SIZE] = "scenario master key, not secret";

static void parts_close(struct world *world);

static int64_t
now(void *context)
{
	struct loop *loop = context;

	return loop->operations->now(loop);
}

void
daemon_log(void *context, const char *level, const char *event,
    const struct fail *fail)
{
	struct world *world = context;
	char line[1024];

	snprintf(line, sizeof(line), "%s %s%s%s%s%s%s%s", level, event,
	    fail != NULL ? " " : "", fail != NULL ? fail->place : "",
	    fail != NULL ? ": " : "", fail != NULL ? fail->text : "",
	    fail != NULL && fail->hint[0] != '\0' ? "; " : "",
	    fail != NULL ? fail->hint : "");
	seen_add(&world->log, slice_from(line));
	seen_add(&world->log, SLICE("\n"));
	world_note(world, "log: %s", line);
}

/* --- policy and conf */

struct includer {
	struct world *world;
	struct arena *arena;
	struct slice base; /* the file that includes */
};

/* A text of the scenario, a file by its path, or one beside the first. */
static bool
load(void *context, struct slice name, struct slice *text)
{
	const struct includer *place = context;
	struct world *world = place->world;
	const struct script_text *own = script_text(world->script, name);
	char path[512];
	size_t len = place->base.len;

	if (own != NULL) {
		*text = own->text;
		return true;
	}
	snprintf(path, sizeof(path), "%.*s", SLICE_ARG(name));
	*text = script_file(place->arena, path);
	if (text->data != NULL)
		return true;
	while (len != 0 && place->base.data[len - 1] != '/')
		len--;
	snprintf(path, sizeof(path), "%.*s%.*s", (int)len, place->base.data,
	    SLICE_ARG(name));
	*text = script_file(place->arena, path);
	return text->data != NULL;
}

static bool
source_of(struct world *world, struct arena *arena, struct slice name,
    struct policy_source *out, struct fail *fail)
{
	struct includer place = {world, arena, {NULL, 0}};

	out->name = name;
	return load(&place, name, &out->text) ||
	    fail_set(fail, FAIL_INPUT, "cannot read %.*s", SLICE_ARG(name));
}

/* What was read in this process, and was sound. */
struct read_before {
	struct read_before *next;
	struct slice script, policy_name, conf_name;
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct arena *arena;
};

static struct read_before *all_read;

static bool
read_anew(struct world *world, struct read_before *read, struct fail *fail)
{
	struct arena *arena = read->arena;
	struct policy_source policy, setup;
	struct includer policy_place = {world, arena, read->policy_name};
	struct includer conf_place = {world, arena, read->conf_name};
	struct policy_loader policies = {load, &policy_place};
	struct policy_loader confs = {load, &conf_place};
	struct slice diagnostics = {NULL, 0};
	struct fail ignored = FAIL_INIT; /* the diagnostics say more */

	if (!source_of(world, arena, read->policy_name, &policy, fail) ||
	    !source_of(world, arena, read->conf_name, &setup, fail))
		return false;
	read->conf =
	    conf_parse(arena, &setup, &confs, &diagnostics, &ignored);
	if (read->conf != NULL)
		read->ruleset = policy_load(arena, &policy, &policies,
		    read->conf->networks, read->conf->network_count,
		    &diagnostics, &ignored);
	if (read->conf != NULL && read->ruleset != NULL &&
	    conf_check(read->conf,
		(const struct ruleset *const *)&read->ruleset, 1, arena,
		&diagnostics, &ignored))
		return true;
	/* The first diagnostic, as far as it fits. */
	return fail_set(fail, FAIL_INPUT, "%.*s", SLICE_ARG(diagnostics));
}

/* All of a world's lives, and all worlds of a sweep, read the same. */
bool
daemon_read(struct world *world, struct slice policy_name,
    struct slice conf_name, const struct ruleset **ruleset,
    const struct conf **conf, struct fail *fail)
{
	struct arena *arena;
	struct slice script = slice_from(world->script->path);
	struct read_before *read = all_read;

	while (read != NULL &&
	    !(slice_equal(read->script, script) &&
		slice_equal(read->policy_name, policy_name) &&
		slice_equal(read->conf_name, conf_name)))
		read = read->next;
	if (read == NULL) {
		arena = arena_create(NULL);
		read = arena_take(arena, sizeof(*read));
		*read = (struct read_before){.next = all_read,
		    .script = arena_copy(arena, script),
		    .policy_name = arena_copy(arena, policy_name),
		    .conf_name = arena_copy(arena, conf_name),
		    .arena = arena};
		if (!read_anew(world, read, fail)) {
			arena_destroy(arena);
			return false;
		}
		all_read = read;
	}
	*ruleset = read->ruleset;
	*conf = read->conf;
	return true;
}

/* --- start */

static void
path_of(const struct world *world, const char *name, char out[200])
{
	snprintf(out, 200, "%.*s/%s", SLICE_ARG(world->conf->state), name);
}

static bool
make_state(struct world *world, struct fail *fail)
{
	const struct disk_operations *ops = world->disk->operations;
	char state[200], lock[200];

	snprintf(state, sizeof(state), "%.*s", SLICE_ARG(world->conf->state));
	path_of(world, "lock", lock);
	return ops->make_directory(world->disk, state, fail) &&
	    ops->lock(world->disk, lock, fail);
}

/* Only where a step is about it: a sweep fails every write there is. */
static bool
open_cases(struct world *world, struct fail *fail)
{
	char path[200];

	if (!world->script->has_cases)
		return true;
	path_of(world, "cases.sqlite", path);
	world->cases_db = sqlite_open(path, "", 1, fail);
	if (world->cases_db == NULL)
		return false;
	world->stops =
	    stops_open(world->cases_db, world->keys, &world->random, fail);
	if (world->stops == NULL)
		return false;
	world->approvals = approvals_open(world->cases_db, fail);
	if (world->approvals == NULL)
		return false;
	world->cases =
	    cases_open(world->cases_db, world->keys, &world->random, fail);
	if (world->cases == NULL)
		return false;
	world->grants =
	    grants_open(world->cases_db, world->keys, &world->random, fail);
	return world->grants != NULL;
}

/* In a directory of its own, as the publisher gets it. */
static bool
open_view(struct world *world, struct fail *fail)
{
	char directory[200], view[200], standing[200];

	if (!conf_has_view(world->conf))
		return true;
	path_of(world, "view", directory);
	path_of(world, "view/view.sqlite", view);
	path_of(world, "standing.sqlite", standing);
	recipients_add_output(directory);
	if (!world->disk->operations->make_directory(
		world->disk, directory, fail))
		return false;
	world->view = view_open(view, fail);
	if (world->view == NULL)
		return false;
	world->standing = standing_open(standing, world->keys, fail);
	return world->standing != NULL;
}

static bool
open_store(struct world *world, struct fail *fail)
{
	char keys[200], vault[200], ledger[200], spool[200], origin[200];
	struct ledger_options options = {.disk = world->disk,
	    .directory = ledger,
	    .origin = origin,
	    .random = &world->random,
	    .now = now,
	    .now_context = world->loop,
	    .segment_size = WORLD_SEGMENT};

	path_of(world, "keys", keys);
	path_of(world, "vault", vault);
	path_of(world, "ledger", ledger);
	path_of(world, "ledger", world->ledger_path);
	path_of(world, "spool.sqlite", spool);
	snprintf(origin, sizeof(origin), "%.*s",
	    SLICE_ARG(world->conf->origin));
	world->keys = keys_open(
	    world->disk, keys, daemon_master_key, &world->random, fail);
	if (world->keys == NULL)
		return false;
	world->vault = vault_open(
	    world->disk, vault, world->keys, fail);
	if (world->vault == NULL)
		return false;
	options.keys = world->keys;
	options.vault = world->vault;
	world->ledger = ledger_open(&options, fail);
	if (world->ledger == NULL)
		return false;
	world->spool = spool_open(
	    world->disk, spool, world->keys, &world->random, fail);
	return world->spool != NULL && open_cases(world, fail) &&
	    open_view(world, fail);
}

static bool
forget_more(void *context, uint32_t slot,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail)
{
	struct world *world = context;

	(void)slot;
	return world->cases_db == NULL ||
	    (stops_forget(world->stops, pseudonym, fail) &&
		cases_forget(world->cases, pseudonym, fail) &&
		sqlite_scrub(world->cases_db, fail));
}

static void
mark(void *context)
{
	const struct world *world = context;

	keeper_mark(world->keeper);
}

static bool
changing(void *context, enum object_type type, struct slice name)
{
	const struct world *world = context;

	return world->keeper != NULL &&
	    keeper_is_changing(world->keeper, type, name);
}

static bool
awaits(void *context, enum object_type type, struct slice name)
{
	const struct world *world = context;

	return world->keeper != NULL &&
	    keeper_awaits(world->keeper, type, name);
}

static bool
under_way(void *context, enum object_type type, struct slice name)
{
	const struct world *world = context;

	return world->keeper != NULL &&
	       keeper_is_under_way(world->keeper, type, name);
}

static void
change(void *context, enum object_type type, struct slice name, bool begins)
{
	const struct world *world = context;

	if (world->keeper != NULL)
		keeper_change(world->keeper, type, name, begins);
}

static bool
open_engine(struct world *world, struct fail *fail)
{
	struct engine_options options = {.loop = world->loop,
	    .disk = world->disk,
	    .random = &world->random,
	    .memory = &world->memory,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .stops = world->stops,
	    .approvals = world->approvals,
	    .cases = world->cases,
	    .ledger_path = world->ledger_path,
	    .grants = world->grants,
	    .view = world->view,
	    .standing = world->standing,
	    .changing = changing,
	    .change = change,
	    .awaits = awaits,
	    .under_way = under_way,
	    .follow_context = world,
	    .log = daemon_log,
	    .log_context = world,
	    .epp_channel = recipients_epp,
	    .epp_context = world,
	    .forget_more = forget_more,
	    .mark = mark,
	    .forget_context = world,
	    .audit_ask = play_audit_ask,
	    .audit_context = world};
	const struct keeper_options keeper = {.loop = world->loop,
	    .random = &world->random,
	    .memory = &world->memory,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .stops = world->stops,
	    .log = daemon_log,
	    .log_context = world};

	world->engine = engine_create(&options, fail);
	if (world->engine == NULL)
		return false;
	world->keeper = keeper_create(&keeper, fail);
	if (world->keeper != NULL)
		keeper_follow_with(world->keeper, world->engine);
	return world->keeper != NULL &&
	    engine_set_policy(
		world->engine, world->ruleset, world->conf, fail) &&
	    epp_keeper_start(world, fail);
}

bool
daemon_start(struct world *world, struct fail *fail)
{
	world->load = arena_create(NULL);
	world_note(world, "daemon starts");
	if (!daemon_read(world, world->policy_name, world->conf_name,
		&world->ruleset, &world->conf, fail) ||
	    !make_state(world, fail) || !open_store(world, fail) ||
	    !open_engine(world, fail)) {
		world_note(world, "daemon refuses: %s: %s %s", fail->place,
		    fail->text, fail->hint);
		daemon_settle(world, 0);
		parts_close(world);
		memory_disk_release(world->disk);
		return false;
	}
	play_audit_start(world);
	return daemon_settle(world, 0);
}

/* Time passes, at least as much as callbacks need to come to rest. */
bool
daemon_settle(struct world *world, int64_t milliseconds)
{
	if (fake_loop_advance(world->loop, milliseconds))
		return true;
	return world_fail(world, "the loop never comes to rest");
}

/* --- end */

static void
parts_close(struct world *world)
{
	engine_destroy(world->engine);
	world->engine = NULL;
	world->unsaid = NULL;
	epp_keeper_close(world);
	view_close(world->view);
	world->view = NULL;
	standing_close(world->standing);
	world->standing = NULL;
	if (world->spool != NULL)
		spool_close(world->spool);
	world->spool = NULL;
	grants_close(world->grants);
	world->grants = NULL;
	cases_close(world->cases);
	world->cases = NULL;
	approvals_close(world->approvals);
	world->approvals = NULL;
	stops_close(world->stops);
	world->stops = NULL;
	sqlite_close(world->cases_db);
	world->cases_db = NULL;
	if (world->ledger != NULL)
		ledger_close(world->ledger);
	world->ledger = NULL;
	if (world->vault != NULL)
		vault_close(world->vault);
	world->vault = NULL;
	if (world->keys != NULL)
		keys_close(world->keys);
	world->keys = NULL;
	arena_destroy(world->load);
	world->load = NULL;
	world->ruleset = NULL;
	world->conf = NULL;
}

/* What the seams counted must be nothing now. */
static void
check_returned(struct world *world)
{
	size_t handles = memory_disk_handles(world->disk);
	size_t timers = fake_loop_timers(world->loop);

	if (handles != 0)
		world_fail(world, "%zu files were not closed", handles);
	if (timers != 0)
		world_fail(world, "%zu timers were not destroyed", timers);
	if (world->allocated != 0)
		world_fail(world, "%zu arena blocks were not given back",
		    world->allocated);
	if (memory_disk_jobs(world->disk) != 0)
		world_fail(world, "disk work outlives the daemon");
}

static void
drained(void *arg)
{
	*(bool *)arg = true;
}

void
daemon_stop(struct world *world)
{
	bool done = false;

	if (world->engine == NULL)
		return;
	epp_worker_stop(world);
	play_tier_end(world);
	world_note(world, "daemon stops");
	engine_drain(world->engine, drained, &done);
	daemon_settle(world, KEEPER_OUTCOME_DELAY);
	if (!done && !world->struck && !memory_disk_struck(world->disk))
		world_fail(world, "the daemon does not drain");
	parts_close(world);
	daemon_settle(world, 0);
	check_returned(world);
	memory_disk_release(world->disk);
}

void
daemon_kill(struct world *world, enum disk_loss loss)
{
	world_note(world, "daemon killed (%d)", (int)loss);
	memory_disk_die(world->disk);
	epp_keeper_gone(world);
	if (world->engine != NULL) {
		daemon_settle(world, 0);
		parts_close(world);
		fake_loop_drop(world->loop);
		daemon_settle(world, 0);
	}
	fake_loop_drop(world->loop);
	check_returned(world);
	memory_disk_revive(world->disk, loss);
}

bool
daemon_reload(struct world *world, struct slice policy, struct slice conf,
    struct fail *fail)
{
	const struct ruleset *ruleset = NULL;
	const struct conf *setup = NULL;

	if (!daemon_read(world, policy, conf, &ruleset, &setup, fail) ||
	    !engine_set_policy(world->engine, ruleset, setup, fail))
		return false;
	world->ruleset = ruleset;
	world->conf = setup;
	world->policy_name = policy;
	world->conf_name = conf;
	return epp_keeper_reload(world, fail) && daemon_settle(world, 0);
}
