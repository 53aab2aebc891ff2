#include "service.h"

#include <event2/event.h>
#include <signal.h>
#include <unistd.h>

#include "codec/json.h"
#include "embed.h"
#include "log.h"
#include "net/peer.h"
#include "proc.h"
#include "sandbox.h"
#include "service_priv.h"

enum { LEDGER_LOOK = 1000 /* ms */ };

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

/* One misu a directory: the lock goes with the process. */
static bool
open_state(struct service *service, struct fail *fail)
{
	const char *lock = state_path(service, "lock", fail);
	const char *state = setup_state_path(service->setup, SLICE("."));

	if (lock == NULL || state == NULL ||
	    !proc_make_directory(service->setup->state.data, fail))
		return false;
	return service->disk->operations->lock(service->disk, lock, fail) &&
	    service_state_whole(service, fail);
}

static bool
open_keys(struct service *service, struct fail *fail)
{
	const char *path = setup_state_path(
	    service->setup, service->setup->conf->master_key);
	const char *directory = state_path(service, "keys", fail);
	uint8_t master[KEY_SIZE];
	bool fresh;

	if (path == NULL || directory == NULL)
		return fail_memory(fail);
	if (!service_state_fresh(service, &fresh, fail) ||
	    !proc_master_key(path, master, &fresh, fail))
		return false;
	if (fresh)
		log_event(LOG_LEVEL_WARN, "master-key-made", "file", path,
		    "hint", "keep a copy somewhere safe: without it nobody can"
			    " read the vault, the spool or the keys again",
		    NULL);
	service->keys = keys_open(
	    service->disk, directory, master, &random_system, fail);
	digest_wipe(master, sizeof(master));
	return service->keys != NULL;
}

static bool
open_stores(struct service *service, struct fail *fail)
{
	const char *vault = state_path(service, "vault.db", fail);
	const char *spool = state_path(service, "spool.db", fail);
	struct ledger_options options = {.disk = service->disk,
	    .keys = service->keys,
	    .directory = state_path(service, "ledger", fail),
	    .origin = service->setup->conf->origin.data,
	    .random = &random_system,
	    .now = ledger_now,
	    .now_context = service->loop};

	if (vault == NULL || spool == NULL || options.directory == NULL)
		return false;
	service->vault = vault_open(vault, service->keys, fail);
	if (service->vault == NULL)
		return false;
	options.vault = service->vault;
	service->spool = spool_open(
	    service->disk, spool, service->keys, &random_system, fail);
	if (service->spool == NULL)
		return false;
	service->ledger = ledger_open(&options, fail);
	return service->ledger != NULL;
}

static bool
open_engine(struct service *service, struct fail *fail)
{
	const struct engine_options options = {.loop = service->loop,
	    .disk = service->disk,
	    .random = &random_system,
	    .keys = service->keys,
	    .vault = service->vault,
	    .ledger = service->ledger,
	    .spool = service->spool,
	    .log = log_engine};

	service->engine = engine_create(&options, fail);
	return service->engine != NULL && reload_apply(service, fail);
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
	static const struct fail stopping = {
	    .kind = FAIL_WORLD, .text = "misu is stopping"};
	struct service *service = context;

	return service->stopping ? &stopping
				 : ledger_stopped(service->ledger);
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

static bool
open_control(struct service *service, struct fail *fail)
{
	const struct control_options options = {
	    .base = loop_base(service->loop),
	    .handle = service_control,
	    .context = service};
	const char *path = setup_run_path(
	    service->setup, service->setup->conf->control_socket);
	int fd;

	if (path == NULL)
		return fail_memory(fail);
	fd = peer_listen_unix(path, 0600, fail);
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

static void
watchdog_due(void *arg)
{
	struct service *service = arg;

	proc_notify_watchdog();
	service->loop->operations->timer_set(
	    service->watchdog_timer, service->watchdog);
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
		proc_notify_ready("the ledger stopped: nothing is sent");
	}
	reload_free_retired(service);
	service->loop->operations->timer_set(
	    service->ledger_timer, LEDGER_LOOK);
}

static bool
start_timers(struct service *service, struct fail *fail)
{
	const struct loop_operations *loop = service->loop->operations;

	service->policy_timer =
	    loop->timer_create(service->loop, policy_due, service);
	service->watchdog_timer =
	    loop->timer_create(service->loop, watchdog_due, service);
	service->ledger_timer =
	    loop->timer_create(service->loop, ledger_due, service);
	if (service->policy_timer == NULL ||
	    service->watchdog_timer == NULL || service->ledger_timer == NULL)
		return fail_memory(fail);
	service->watchdog = proc_watchdog_interval();
	if (service->watchdog > 0)
		loop->timer_set(service->watchdog_timer, 0);
	loop->timer_set(service->ledger_timer, LEDGER_LOOK);
	return true;
}

static void
drained(void *arg)
{
	struct service *service = arg;

	log_event(LOG_LEVEL_INFO, "drained", NULL);
	loop_stop(service->loop);
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
	proc_notify_stopping();
	log_event(LOG_LEVEL_INFO, "stopping", NULL);
	for (size_t i = 0; i < service->intake_count; i++)
		intake_http_pause(service->intakes[i]);
	engine_drain(service->engine, drained, service);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct service *service = arg;
	struct fail fail = FAIL_INIT;
	char *diagnostics = NULL;

	(void)what;
	if (number != SIGHUP) {
		service_stop(service);
		return;
	}
	reload_run(service, &diagnostics, &fail);
	if (diagnostics != NULL)
		fputs(diagnostics, stderr);
	free(diagnostics);
}

static bool
catch_signals(struct service *service, struct fail *fail)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

	for (size_t i = 0; i < 3; i++) {
		service->signals[i] = evsignal_new(
		    loop_base(service->loop), numbers[i], on_signal, service);
		if (service->signals[i] == NULL ||
		    event_add(service->signals[i], NULL) != 0)
			return fail_memory(fail);
	}
	return true;
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
open_all(struct service *service, struct fail *fail)
{
	if (!start_json(fail))
		return false;
	service->loop = loop_create();
	if (service->loop == NULL)
		return fail_memory(fail);
	service->started =
	    service->loop->operations->now(service->loop);
	service->disk =
	    disk_real_create(loop_base(service->loop), fail);
	return service->disk != NULL && start_timers(service, fail) &&
	    open_state(service, fail) && open_keys(service, fail) &&
	    open_stores(service, fail) && open_engine(service, fail) &&
	    open_ways_in(service, fail) && catch_signals(service, fail) &&
	    sandbox_enter(fail);
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
	proc_notify_ready("running");
	log_event(LOG_LEVEL_INFO, "ready", "state",
	    service->setup->state.data, NULL);
	return loop_run(service->loop);
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
	for (size_t i = 0; i < service->intake_count; i++)
		intake_http_destroy(service->intakes[i]);
	control_destroy(service->control);
	engine_destroy(service->engine);
	spool_close(service->spool);
	ledger_close(service->ledger);
	vault_close(service->vault);
	keys_close(service->keys);
	if (service->loop != NULL) {
		service->loop->operations->timer_destroy(
		    service->policy_timer);
		service->loop->operations->timer_destroy(
		    service->watchdog_timer);
		service->loop->operations->timer_destroy(
		    service->ledger_timer);
	}
	for (size_t i = 0; i < 3; i++)
		if (service->signals[i] != NULL)
			event_free(service->signals[i]);
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
