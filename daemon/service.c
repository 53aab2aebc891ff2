#include "service.h"

#include <unistd.h>

#include "codec/json.h"
#include "embed.h"
#include "indexer.h"
#include "keeper.h"
#include "line.h"
#include "log.h"
#include "net/peer.h"
#include "proc.h"
#include "sandbox.h"
#include "service_priv.h"
#include "store/standing.h"

enum {
	LEDGER_LOOK = 1000, /* ms */
	HOUR = 3600000, /* ms */
	LOCK_PATIENCE = 2000, /* ms */
	LOCK_PAUSE = 10, /* ms */
	IDLE_LOOK = 20, /* ms */
};

static int64_t
ledger_now(void *context)
{
	struct loop *loop = context;

	return loop->operations->now(loop);
}

/* A path below the state directory, in the setup's arena. */
static const char *
state_path(struct service *service, const char *name, struct fail *fail)
{
	const char *path =
	    setup_state_path(service->setup, slice_from(name));

	if (path == NULL)
		fail_memory(fail);
	return path;
}

/*
 * One misu a directory: the lock goes with the process.  A keeper whose
 * parent was killed goes a moment later: it is waited for.
 */
static bool
open_state(struct service *service, struct fail *fail)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE * 1000000};
	const char *path = state_path(service, "lock", fail);
	struct disk *disk = service->disk;
	bool ok = false;

	if (path == NULL)
		return false;
	for (int waited = 0; !ok && waited < LOCK_PATIENCE;
	     waited += LOCK_PAUSE) {
		struct fail locked = FAIL_INIT;

		if (waited != 0)
			nanosleep(&pause, NULL);
		ok = disk->operations->lock(disk, path, &locked);
		if (!ok && waited + LOCK_PAUSE >= LOCK_PATIENCE)
			*fail = locked;
	}
	return ok && service_state_whole(service, fail);
}

/* In a directory of its own, which is all that the publisher reaches. */
static bool
open_view(struct service *service, struct fail *fail)
{
	const char *directory = state_path(service, "view", fail);
	const char *path = state_path(service, "view/view.db", fail);
	const char *standing = state_path(service, "standing.db", fail);

	if (directory == NULL || path == NULL || standing == NULL ||
	    !service->disk->operations->make_directory(
		service->disk, directory, fail))
		return false;
	service->view = view_open(path, fail);
	if (service->view == NULL)
		return false;
	service->standing = standing_open(standing, service->keys, fail);
	return service->standing != NULL;
}

static bool
open_stores(struct service *service, struct fail *fail)
{
	const char *vault = state_path(service, "vault", fail);
	const char *spool = state_path(service, "spool.db", fail);
	const char *cases = state_path(service, "cases.db", fail);
	struct ledger_options options = {.disk = service->disk,
	    .keys = service->keys,
	    .directory = state_path(service, "ledger", fail),
	    .origin = service->setup->conf->origin.data,
	    .random = &random_system,
	    .now = ledger_now,
	    .now_context = service->loop};

	if (vault == NULL || spool == NULL || cases == NULL ||
	    options.directory == NULL ||
	    !service_backup_older(service, &options.older, fail))
		return false;
	service->vault = vault_open(
	    service->disk, vault, service->keys, fail);
	if (service->vault == NULL)
		return false;
	options.vault = service->vault;
	service->spool = spool_open(
	    service->disk, spool, service->keys, &random_system, fail);
	if (service->spool == NULL ||
	    !service_open_cases(service, cases, fail))
		return false;
	service->ledger = ledger_open(&options, fail);
	return service->ledger != NULL &&
	       service_check_cases(service, options.older != 0, fail) &&
	       open_view(service, fail);
}

static void
marked(void *context)
{
	const struct service *service = context;

	if (service->engine != NULL)
		engine_mark(service->engine);
}

static bool
open_keeper(struct service *service, struct fail *fail)
{
	const struct keeper_options options = {.loop = service->loop,
	    .random = &random_system,
	    .keys = service->keys,
	    .vault = service->vault,
	    .ledger = service->ledger,
	    .spool = service->spool,
	    .stops = service->stops,
	    .log = log_engine,
	    .marked = marked,
	    .marked_context = service};

	service->keeper = keeper_create(&options, fail);
	return service->keeper != NULL;
}

static struct channel *
epp_channel(void *context, struct slice upstream, struct fail *fail)
{
	struct service *service = context;

	return keeper_channel(service->keeper, upstream, fail);
}

static void
mark(void *context)
{
	const struct service *service = context;

	keeper_mark(service->keeper);
}

static bool
in_flight(void *context, struct slice text)
{
	const struct service *service = context;

	return keeper_waits_for(service->keeper, text);
}

static bool
changing(void *context, enum object_type type, struct slice name)
{
	const struct service *service = context;

	return keeper_is_changing(service->keeper, type, name);
}

static bool
awaits(void *context, enum object_type type, struct slice name)
{
	const struct service *service = context;

	return keeper_awaits(service->keeper, type, name);
}

static bool
under_way(void *context, enum object_type type, struct slice name)
{
	const struct service *service = context;

	return keeper_is_under_way(service->keeper, type, name);
}

static void
change(void *context, enum object_type type, struct slice name, bool begins)
{
	const struct service *service = context;

	keeper_change(service->keeper, type, name, begins);
}

static bool
open_engine(struct service *service, struct fail *fail)
{
	struct engine_options options = {.loop = service->loop,
	    .disk = service->disk,
	    .random = &random_system,
	    .keys = service->keys,
	    .vault = service->vault,
	    .ledger = service->ledger,
	    .spool = service->spool,
	    .stops = service->stops,
	    .approvals = service->approvals,
	    .cases = service->cases,
	    .grants = service->grants,
	    .view = service->view,
	    .standing = service->standing,
	    .changing = changing,
	    .change = change,
	    .awaits = awaits,
	    .under_way = under_way,
	    .follow_context = service,
	    .epp_channel = epp_channel,
	    .epp_context = service,
	    .forgotten_path = state_path(service, "forgotten", fail),
	    .ledger_path = state_path(service, "ledger", fail),
	    .index_path = state_path(service, "index/index.db", fail),
	    .in_flight = in_flight,
	    .forget_more = service_forget_more,
	    .mark = mark,
	    .forget_context = service,
	    .audit_ask = service_audit_ask,
	    .audit_context = service,
	    .audit_directory = service->setup->state.data,
	    .log = log_engine};

	service_clock_start(service);
	if (options.forgotten_path == NULL || options.ledger_path == NULL ||
	    options.index_path == NULL)
		return false;
	if (!service_backup_forget(service, fail))
		return false;
	options.recovered = service->recovered.end;
	if (!engine_forget_check(&options, service->setup->conf, fail) ||
	    !open_keeper(service, fail))
		return false;
	service->engine = engine_create(&options, fail);
	if (service->engine == NULL)
		return false;
	keeper_follow_with(service->keeper, service->engine);
	return reload_apply(service, fail) && !service->broken;
}

static void
submit(void *context, struct slice principal, struct slice key,
    struct slice body, intake_answer *answer, void *arg)
{
	struct service *service = context;

	engine_submit(service->engine, principal, key, body, answer, arg);
}

static void
status(void *context, struct slice principal, struct slice id,
    intake_answer *answer, void *arg)
{
	struct service *service = context;

	engine_status(service->engine, principal, id, answer, arg);
}

static const struct fail *
health(void *context)
{
	return service_refuses(context);
}

static const struct tokens *
tokens(void *context)
{
	struct service *service = context;

	return service->setup->tokens;
}

static bool
open_intake(struct service *service, int fd, bool is_unix, struct fail *fail)
{
	const struct intake_options options = {
	    .base = loop_base(service->loop),
	    .handler = {.context = service,
		.submit = submit,
		.status = status,
		.metrics = service_metrics,
		.health = health,
		.tokens = tokens},
	    .openapi = embed_openapi(),
	    .unix_socket = is_unix};
	struct intake *intake;

	if (fd < 0)
		return false;
	intake = intake_http_create(&options, fd, fail);
	if (intake == NULL)
		return false;
	service->intakes[service->intake_count++] = intake;
	return true;
}

/* Does anybody else of this machine come to the control socket? */
static bool
has_users(const struct conf *conf)
{
	for (size_t i = 0; i < conf->operator_count; i++)
		if (conf->operators[i].by == CONF_BY_USER ||
		    conf->operators[i].by == CONF_BY_GROUP)
			return true;
	return false;
}

static bool
open_control(struct service *service, struct fail *fail)
{
	const struct control_options options = {
	    .base = loop_base(service->loop),
	    .handle = service_control,
	    .operator = service_operator,
	    .context = service};
	const char *path = setup_run_path(
	    service->setup, service->setup->conf->control_socket);
	int fd;

	if (path == NULL)
		return fail_memory(fail);
	/* Who comes is looked at: the kernel says who it is. */
	fd = peer_listen_unix(path,
	    has_users(service->setup->conf) ? 0666 : 0600, fail);
	if (fd < 0)
		return false;
	service->control = control_create(&options, fd, fail);
	return service->control != NULL;
}

/* Last of all, when everything behind it is ready. */
static bool
open_ways_in(struct service *service, struct fail *fail)
{
	const struct conf *conf = service->setup->conf;
	const char *path = setup_run_path(service->setup, conf->unix_socket);

	if (path == NULL)
		return fail_memory(fail);
	if (conf->unix_socket.len != 0 &&
	    !open_intake(service, peer_listen_unix(path, 0660, fail), true,
		fail))
		return false;
	if (conf->http_address.len != 0 &&
	    !open_intake(service,
		peer_listen_loopback(conf->http_address.data, fail), false,
		fail))
		return false;
	return open_control(service, fail);
}

static void
policy_due(void *arg)
{
	struct service *service = arg;
	struct fail fail = FAIL_INIT;

	if (!reload_apply(service, &fail))
		log_fail(LOG_LEVEL_ERROR, "policy-not-in-force", &fail);
}

/* A ledger that stopped is told once; health and answers tell it always. */
static void
ledger_due(void *arg)
{
	struct service *service = arg;
	const struct fail *fail = ledger_stopped(service->ledger);

	if (fail != NULL && !service->ledger_told) {
		service->ledger_told = true;
		log_fail(LOG_LEVEL_ERROR, "ledger-stopped", fail);
		service_tell(service, LINE_STATUS,
		    SLICE("the ledger stopped: nothing is sent"));
	}
	service_index_tick(service);
	service_clock_tick(service);
	if (service->hours * HOUR < service_up(service)) {
		service->hours++;
		service_keys_tick(service);
		service_backup_tick(service);
	}
	service_disk_tick(service);
	reload_free_retired(service);
	service->loop->operations->timer_set(
	    service->ledger_timer, LEDGER_LOOK);
}

/* What workers had committed is written to its end, too. */
static void
look_idle(void *arg)
{
	struct service *service = arg;

	if (!keeper_is_idle(service->keeper)) {
		service->loop->operations->timer_set(
		    service->idle_timer, IDLE_LOOK);
		return;
	}
	log_event(LOG_LEVEL_INFO, "drained", NULL);
	loop_stop(service->loop);
}

static bool
start_timers(struct service *service, struct fail *fail)
{
	const struct loop_operations *loop = service->loop->operations;

	service->policy_timer =
	    loop->timer_create(service->loop, policy_due, service);
	service->ledger_timer =
	    loop->timer_create(service->loop, ledger_due, service);
	service->idle_timer =
	    loop->timer_create(service->loop, look_idle, service);
	if (service->policy_timer == NULL || service->ledger_timer == NULL ||
	    service->idle_timer == NULL)
		return fail_memory(fail);
	loop->timer_set(service->ledger_timer, LEDGER_LOOK);
	return true;
}

/* When the last worker that spoke is gone, and what it said was read. */
void
service_drain(struct service *service)
{
	if (service->stopping && service->workers == NULL)
		engine_drain(service->engine, look_idle, service);
}

/* Asked twice, it does not wait for what is under way. */
void
service_stop(struct service *service)
{
	if (service->stopping) {
		loop_stop(service->loop);
		return;
	}
	service->stopping = true;
	log_event(LOG_LEVEL_INFO, "stopping", NULL);
	for (size_t i = 0; i < service->intake_count; i++)
		intake_http_pause(service->intakes[i]);
	service_drain(service);
}

static bool
start_json(struct fail *fail)
{
	uint32_t seed;

	if (!random_system.fill(random_system.context, &seed, sizeof(seed)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	json_start(seed);
	return true;
}

static bool
keys_started(struct service *service, struct fail *fail)
{
	if (!service_backup_started(service, fail))
		return false;
	service_keys_started(service);
	service_keys_tick(service);
	return true;
}

static bool
open_all(struct service *service, struct fail *fail)
{
	if (!start_json(fail))
		return false;
	service->loop = loop_create();
	if (service->loop == NULL)
		return fail_memory(fail);
	service->started =
	    service->loop->operations->now(service->loop);
	service->steady_start = service_up(service); /* from 0 */
	if (!proc_make_directory(service->setup->state.data, fail) ||
	    !service_state_own(service, fail) ||
	    !service_keep_to_files(service, fail))
		return false;
	service->disk =
	    disk_real_create(loop_base(service->loop), fail);
	return service->disk != NULL && start_timers(service, fail) &&
	    open_state(service, fail) && service_open_keys(service, fail) &&
	    open_stores(service, fail) && open_engine(service, fail) &&
	    keys_started(service, fail) && service_open_index(service, fail) &&
	    open_ways_in(service, fail) &&
	    service_open_parent(service, fail) &&
	    sandbox_enter(SANDBOX_KEEPER, fail);
}

struct service *
service_create(const struct setup_given *given, struct setup *setup,
    struct fail *fail)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL) {
		fail_memory(fail);
		setup_free(setup);
		return NULL;
	}
	service->given = *given;
	service->setup = setup;
	if (open_all(service, fail))
		return service;
	service_destroy(service);
	return NULL;
}

bool
service_run(struct service *service)
{
	if (!service->has_landlock)
		log_event(LOG_LEVEL_INFO, "no-landlock", "reason",
		    "this kernel has none: seccomp alone holds the processes",
		    NULL);
	service_tell(service, LINE_READY, SLICE(""));
	log_event(LOG_LEVEL_INFO, "ready", "state",
	    service->setup->state.data, NULL);
	return loop_run(service->loop) && !service->broken;
}

static void
remove_sockets(struct service *service)
{
	const struct conf *conf = service->setup->conf;
	const char *paths[] = {setup_run_path(service->setup, conf->unix_socket),
	    setup_run_path(service->setup, conf->control_socket)};

	if (service->control == NULL)
		return;
	for (size_t i = conf->unix_socket.len == 0; i < 2; i++)
		if (paths[i] != NULL)
			unlink(paths[i]);
}

void
service_destroy(struct service *service)
{
	if (service == NULL)
		return;
	remove_sockets(service);
	service_recover_finish(service);
	for (size_t i = 0; i < service->intake_count; i++)
		intake_http_destroy(service->intakes[i]);
	control_destroy(service->control);
	service_close_lines(service);
	indexer_destroy(service->indexer);
	engine_destroy(service->engine);
	keeper_destroy(service->keeper);
	view_close(service->view);
	standing_close(service->standing);
	spool_close(service->spool);
	service_close_cases(service);
	ledger_close(service->ledger);
	vault_close(service->vault);
	keys_close(service->keys);
	if (service->loop != NULL) {
		service->loop->operations->timer_destroy(
		    service->policy_timer);
		service->loop->operations->timer_destroy(
		    service->ledger_timer);
		service->loop->operations->timer_destroy(
		    service->idle_timer);
	}
	disk_real_destroy(service->disk);
	loop_destroy(service->loop);
	while (service->retired != NULL) {
		struct setup *setup = service->retired;

		service->retired = setup->next;
		setup_free(setup);
	}
	setup_free(service->setup);
	free(service);
}
