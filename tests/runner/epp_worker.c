/*
 * The worker's process, and the messages between it and the keeper: one turn
 * of the loop each, in order.  Either may be killed; what was on its way then
 * is lost, or arrives.
 */
#include "runner/epp_world.h"

struct letter {
	struct letter *next;
	bool to_keeper;
	size_t len;
	char bytes[];
};

struct letters {
	struct letter *first, **last;
};

static void turn(void *arg);

static struct letters *
letters_of(struct world *world)
{
	struct letters *letters = world->letters;

	if (letters != NULL)
		return letters;
	letters = calloc(1, sizeof(*letters));
	if (letters == NULL)
		abort();
	letters->last = &letters->first;
	world->letters = letters;
	return letters;
}

static void
post(struct world *world, bool to_keeper, struct slice message)
{
	struct letters *letters = letters_of(world);
	struct letter *letter = calloc(1, sizeof(*letter) + message.len + 1);

	if (letter == NULL)
		abort();
	letter->to_keeper = to_keeper;
	letter->len = message.len;
	if (message.len != 0)
		memcpy(letter->bytes, message.data, message.len);
	*letters->last = letter;
	letters->last = &letter->next;
	world->outside->operations->soon(world->outside, turn, world);
}

static struct letter *
take(struct letters *letters)
{
	struct letter *letter = letters->first;

	if (letter == NULL)
		return NULL;
	letters->first = letter->next;
	if (letters->first == NULL)
		letters->last = &letters->first;
	return letter;
}

static void
deliver(struct world *world, const struct letter *letter)
{
	struct slice message = {letter->bytes, letter->len};

	if (letter->to_keeper) {
		if (world->seat != NULL && !memory_disk_is_dead(world->disk) &&
		    !keeper_receive(world->seat, message))
			world_fail(world,
			    "the keeper takes a worker's message for none");
	} else if (world->worker != NULL && world->worker->link != NULL &&
	    keeper_link_is_up(world->worker->link) &&
	    !keeper_link_receive(world->worker->link, message)) {
		world_fail(
		    world, "the worker takes a keeper's message for none");
	}
}

static void
drop_letters(struct world *world)
{
	struct letter *letter;

	while (
	    world->letters != NULL && (letter = take(world->letters)) != NULL)
		free(letter);
}

void
epp_letters_finish(struct world *world)
{
	if (world->letters == NULL)
		return;
	drop_letters(world);
	free(world->letters);
	world->letters = NULL;
}

/* The planned end of one of the two, before the nth message arrives. */
static void
strike(struct world *world)
{
	if (world_strikes(world, PLAN_WORKER)) {
		epp_worker_kill(world, world->plan.loss == LOSS_ALL);
		epp_worker_start(world);
	} else if (world_strikes(world, PLAN_KEEPER)) {
		memory_disk_die(world->disk);
		epp_keeper_gone(world);
	}
}

static void
turn(void *arg)
{
	struct world *world = arg;
	struct letter *letter;

	if (world->letters == NULL || world->letters->first == NULL)
		return;
	strike(world);
	letter = take(world->letters);
	if (letter == NULL)
		return;
	deliver(world, letter);
	free(letter);
}

/* --- the worker --- */

static void *
take_memory(void *context, size_t size)
{
	struct epp_worker *worker = context;
	struct world *world = worker->world;
	void *out;

	if (world_strikes(world, PLAN_ALLOC))
		return NULL;
	out = malloc(size);
	if (out != NULL)
		worker->allocated++;
	return out;
}

static void
give_memory(void *context, void *pointer)
{
	struct epp_worker *worker = context;

	if (pointer != NULL)
		worker->allocated--;
	free(pointer);
}

static bool
send_to_keeper(void *context, struct slice message)
{
	struct epp_worker *worker = context;
	struct world *world = worker->world;

	if (world->worker != worker || world->seat == NULL ||
	    memory_disk_is_dead(world->disk))
		return false;
	post(world, true, message);
	return true;
}

static bool
send_to_worker(void *context, struct slice message)
{
	struct world *world = context;

	if (world->worker == NULL || memory_disk_is_dead(world->disk))
		return false;
	post(world, false, message);
	return true;
}

static void
log_worker(void *context, const char *level, const char *event,
    struct slice upstream, const struct fail *fail)
{
	struct epp_worker *worker = context;
	char name[128];

	snprintf(
	    name, sizeof(name), "%s upstream=%.*s", event, SLICE_ARG(upstream));
	daemon_log(worker->world, level, name, fail);
}

/* A file's text is the scenario's, or the name of the file. */
struct secrets {
	struct world *world;
	struct filter_secret items[64];
	size_t count;
};

static bool
add_secret(void *context, const struct conf_upstream *upstream,
    struct slice file, bool secret)
{
	struct secrets *secrets = context;
	const struct script_text *text =
	    script_text(secrets->world->script, file);
	struct filter_secret *item = &secrets->items[secrets->count];
	size_t at = file.len;

	(void)upstream;
	(void)secret;
	if (secrets->count == 64)
		return false;
	while (at != 0 && file.data[at - 1] != '/')
		at--;
	item->path = file;
	item->text = (struct slice){file.data + at, file.len - at};
	if (text != NULL)
		item->text = text->text;
	secrets->count++;
	return true;
}

/* "POLICY\nCONF": the names; the worker reads both itself. */
static void
take_setup(void *context, struct slice bundle)
{
	struct epp_worker *worker = context;
	struct world *world = worker->world;
	const char *line = memchr(bundle.data, '\n', bundle.len);
	size_t len = line != NULL ? (size_t)(line - bundle.data) : 0;
	struct slice copy = arena_copy(worker->arena, bundle);
	struct secrets secrets = {.world = world};
	struct filter_secrets given;
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct fail fail = FAIL_INIT;

	if (worker->filter == NULL)
		return; /* it is ending */
	if (line == NULL ||
	    !daemon_read(world, (struct slice){copy.data, len},
		(struct slice){copy.data + len + 1, copy.len - len - 1},
		&ruleset, &conf, &fail)) {
		world_fail(
		    world, "the worker cannot read its setup: %s", fail.text);
		return;
	}
	conf_upstream_files(conf, add_secret, &secrets);
	given = (struct filter_secrets){secrets.items, secrets.count};
	if (filter_set(worker->filter, ruleset, conf, &given, &fail))
		worker->conf = conf;
	else
		log_worker(worker, "error", "setup-refused", SLICE("-"), &fail);
}

static void
carry(void *context, const struct keeper_delivery *delivery)
{
	struct epp_worker *worker = context;

	if (worker->filter != NULL)
		filter_deliver(worker->filter, delivery);
	else
		arena_destroy(delivery->arena); /* it is ending */
}

static void
asked(void *context, const struct keeper_ask *ask)
{
	struct epp_worker *worker = context;

	if (worker->filter != NULL)
		filter_ask(worker->filter, ask);
}

static bool
open_worker(struct epp_worker *worker, struct fail *fail)
{
	struct keeper_link_options link = {.loop = worker->loop,
	    .random = &worker->world->random,
	    .memory = &worker->memory,
	    .send = send_to_keeper,
	    .setup = take_setup,
	    .deliver = carry,
	    .ask = asked,
	    .context = worker};
	struct filter_options filter = {.loop = worker->loop,
	    .random = &worker->world->random,
	    .memory = &worker->memory,
	    .dialer = epp_registry_dialer,
	    .log = log_worker,
	    .context = worker,
	    .workers = 1};

	worker->link = keeper_link_create(&link, fail);
	if (worker->link == NULL)
		return false;
	filter.link = worker->link;
	worker->filter = filter_create(&filter, fail);
	return worker->filter != NULL;
}

static void
check_returned(struct epp_worker *worker)
{
	struct world *world = worker->world;

	if (worker->allocated != 0)
		world_fail(world,
		    "%zu arena blocks of the worker were not given back",
		    worker->allocated);
	if (fake_loop_timers(worker->loop) != 0)
		world_fail(world, "%zu timers of the worker were not destroyed",
		    fake_loop_timers(worker->loop));
}

static void
free_worker(struct epp_worker *worker)
{
	arena_destroy(worker->arena);
	fake_loop_drop(worker->loop);
	check_returned(worker);
	fake_loop_destroy(worker->loop);
	free(worker);
}

static void
join(struct world *world)
{
	if (world->worker == NULL || world->keeper == NULL)
		return;
	world->seat = keeper_join(world->keeper, send_to_worker, world);
	if (world->seat == NULL)
		abort();
	keeper_link_up(world->worker->link);
}

void
epp_worker_start(struct world *world)
{
	struct epp_worker *worker;
	struct fail fail = FAIL_INIT;

	if (world->worker != NULL)
		return;
	world_note(world, "worker starts");
	worker = calloc(1, sizeof(*worker));
	if (worker == NULL)
		abort();
	worker->world = world;
	worker->memory = (struct memory){take_memory, give_memory, worker};
	worker->loop = fake_loop_share(world->loop);
	worker->arena = arena_create(NULL);
	if (!open_worker(worker, &fail)) {
		keeper_link_destroy(worker->link);
		free_worker(worker);
		if (world->plan.kind != PLAN_ALLOC)
			world_fail(
			    world, "the worker does not start: %s", fail.text);
		return;
	}
	world->worker = worker;
	join(world);
}

static void
drained(void *arg)
{
	*(bool *)arg = true;
}

/* What the registry still owes is waited for; then it goes. */
void
epp_worker_stop(struct world *world)
{
	struct epp_worker *worker = world->worker;
	bool done = false;

	if (worker == NULL)
		return;
	world_note(world, "worker stops");
	filter_drain(worker->filter, drained, &done);
	daemon_settle(world, 0);
	for (int i = 0; !done && i < 120; i++)
		daemon_settle(world, 1000);
	if (!done && world->plan.kind == PLAN_NONE)
		world_fail(world, "the worker does not drain");
	filter_destroy(worker->filter);
	worker->filter = NULL;
	daemon_settle(world, 0);
	world->worker = NULL;
	keeper_link_destroy(worker->link);
	if (world->seat != NULL)
		keeper_leave(world->seat);
	world->seat = NULL;
	free_worker(worker);
}

/* Its connections end; what it said in its last turn is lost, or not. */
void
epp_worker_kill(struct world *world, bool lost)
{
	struct epp_worker *worker = world->worker;
	struct letter *letter;

	if (worker == NULL)
		return;
	world_note(world, "worker killed (%s)", lost ? "lost" : "kept");
	while (!lost && (letter = take(letters_of(world))) != NULL) {
		if (letter->to_keeper)
			deliver(world, letter);
		free(letter);
	}
	world->worker = NULL; /* what it says from here on nobody hears */
	drop_letters(world);
	epp_registries_kill(world, lost);
	epp_backends_kill(world, lost);
	filter_destroy(worker->filter);
	keeper_link_destroy(worker->link);
	free_worker(worker);
	if (world->seat != NULL)
		keeper_leave(world->seat);
	world->seat = NULL;
}

/* --- the keeper --- */

static bool
set_policy(struct world *world, struct fail *fail)
{
	char *bundle = arena_take(world->load, 512);

	if (bundle == NULL)
		abort();
	snprintf(bundle, 512, "%.*s\n%.*s", SLICE_ARG(world->policy_name),
	    SLICE_ARG(world->conf_name));
	return keeper_set_policy(world->keeper, world->ruleset, world->conf,
	    slice_from(bundle), fail);
}

bool
epp_keeper_start(struct world *world, struct fail *fail)
{
	if (!set_policy(world, fail))
		return false;
	join(world);
	if (world->conf->upstream_count != 0)
		epp_worker_start(world);
	return true;
}

bool
epp_keeper_reload(struct world *world, struct fail *fail)
{
	if (!set_policy(world, fail))
		return false;
	if (world->conf->upstream_count != 0)
		epp_worker_start(world);
	return true;
}

void
epp_keeper_gone(struct world *world)
{
	drop_letters(world);
	if (world->worker != NULL && world->worker->link != NULL &&
	    keeper_link_is_up(world->worker->link))
		keeper_link_down(world->worker->link);
}

void
epp_keeper_close(struct world *world)
{
	world->seat = NULL; /* the keeper's to free */
	keeper_destroy(world->keeper);
	world->keeper = NULL;
}
