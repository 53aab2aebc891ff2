#include "parent.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "log.h"
#include "parent_priv.h"
#include "proc.h"
#include "sandbox.h"

static bool
workers_gone(const struct parent *parent)
{
	for (unsigned i = 0; i < parent->worker_count; i++)
		if (parent->workers[i].pid > 0)
			return false;
	return parent_readers_gone(parent);
}

/* Workers first, for what they drain is recorded; then the keeper. */
static void
stop_next(struct parent *parent)
{
	if (!workers_gone(parent))
		return;
	if (parent->keeper.pid > 0)
		child_stop(&parent->keeper, KEEPER_DRAIN);
	else
		loop_stop(parent->loop);
}

static void
stop_now(struct parent *parent)
{
	for (unsigned i = 0; i < parent->worker_count; i++)
		child_kill(&parent->workers[i]);
	parent_readers_kill(parent);
	child_tell(&parent->keeper, LINE_STOP, SLICE(""), -1);
	child_tell(&parent->keeper, LINE_STOP, SLICE(""), -1);
}

/* Asked twice, it does not wait for what is under way. */
void
parent_stop(struct parent *parent)
{
	if (parent->stopping) {
		stop_now(parent);
		return;
	}
	parent->stopping = true;
	proc_notify_stopping();
	for (unsigned i = 0; i < parent->worker_count; i++)
		child_stop(&parent->workers[i], WORKER_DRAIN);
	parent_readers_stop(parent);
	stop_next(parent);
}

/* A start that fails, fails whole. */
static void
give_up(struct parent *parent)
{
	parent->failed = true;
	parent_stop(parent);
}

void
parent_child_gone(struct child *child, bool well)
{
	struct parent *parent = child->parent;

	if (parent->stopping) {
		if (child == &parent->keeper && !well)
			parent->failed = true;
		stop_next(parent);
	} else if (!parent->serving) {
		give_up(parent);
	}
}

static bool
all_ready(const struct parent *parent)
{
	for (unsigned i = 0; i < parent->worker_count; i++)
		if (!parent->workers[i].ready)
			return false;
	return parent->keeper.ready && parent_readers_ready(parent);
}

static bool
start_workers(struct parent *parent, unsigned wanted)
{
	while (parent->worker_count < wanted) {
		struct child *worker =
		    &parent->workers[parent->worker_count];

		if (!child_init(worker, parent, CHILD_WORKER,
			parent->worker_count + 1))
			return false;
		parent->worker_count++;
	}
	return true;
}

/* Each is told how many there are: all are counted before one starts. */
static bool
more_workers(struct parent *parent)
{
	unsigned first = parent->worker_count;

	if (!start_workers(parent, parent_workers_wanted(parent)))
		return false;
	for (unsigned i = first; i < parent->worker_count; i++)
		child_start(&parent->workers[i]);
	return true;
}

void
parent_child_ready(struct child *child)
{
	struct parent *parent = child->parent;

	if (child->told_down)
		log_event(LOG_LEVEL_INFO, "process-ready", "process",
		    child_kind_name(child->kind), NULL);
	child->ready = true;
	child->told_down = false;
	if (parent->stopping)
		return;
	if (child == &parent->keeper && !parent->serving) {
		if (!more_workers(parent)) {
			give_up(parent);
			return;
		}
		parent_readers_run(parent);
	}
	if (parent->serving || !all_ready(parent))
		return;
	parent->serving = true;
	proc_notify_ready("running");
}

static void
reloaded(struct parent *parent)
{
	unsigned wanted = parent_workers_wanted(parent);

	if (wanted < parent->worker_count)
		log_event(LOG_LEVEL_WARN, "restart-needed", "reason",
		    "workers become fewer at a restart only", NULL);
	more_workers(parent);
	parent_readers_run(parent);
	parent_listen_anew(parent);
	proc_notify_ready("running");
}

static bool
keeper_said(struct parent *parent, char kind, struct slice text)
{
	char status[128];

	if (kind == LINE_PONG) {
		parent->pinged = false;
		proc_notify_watchdog();
	} else if (kind == LINE_RELOADING) {
		proc_notify_reloading();
	} else if (kind == LINE_SETUP) {
		parent_read_setup(parent);
	} else if (kind == LINE_RELOADED) {
		reloaded(parent);
	} else if (kind == LINE_STATUS) {
		snprintf(status, sizeof(status), "%.*s", SLICE_ARG(text));
		proc_notify_ready(status);
	} else if (kind == LINE_STOP_ASKED) {
		parent_stop(parent);
	} else {
		return false;
	}
	return true;
}

bool
parent_received(struct child *child, char kind, struct slice text)
{
	struct parent *parent = child->parent;

	if (kind == LINE_READY)
		parent_child_ready(child);
	else if (child == &parent->keeper)
		return keeper_said(parent, kind, text);
	else if (kind == LINE_ASK_SECRET && child->kind == CHILD_WORKER)
		parent_give_secret(child, text);
	else
		return false;
	return true;
}

/* A keeper that starts may replay a long journal: it lives. */
static void
watchdog_due(void *arg)
{
	struct parent *parent = arg;
	struct child *keeper = &parent->keeper;

	if (!keeper->ready && keeper->pid > 0 &&
	    parent_now(parent) - keeper->started < START_LONGEST) {
		proc_notify_watchdog();
	} else if (!parent->pinged && keeper->ready) {
		parent->pinged = true;
		child_tell(keeper, LINE_PING, SLICE(""), -1);
	}
	if (!keeper->ready)
		parent->pinged = false;
	parent->loop->operations->timer_set(
	    parent->watchdog_timer, parent->watchdog);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct parent *parent = arg;

	(void)what;
	if (number == SIGCHLD)
		child_reap(parent);
	else if (number == SIGHUP)
		child_tell(&parent->keeper, LINE_RELOAD, SLICE(""), -1);
	else
		parent_stop(parent);
}

static bool
catch_signals(struct parent *parent, struct fail *fail)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};

	for (size_t i = 0; i < 4; i++) {
		parent->signals[i] = evsignal_new(
		    loop_base(parent->loop), numbers[i], on_signal, parent);
		if (parent->signals[i] == NULL ||
		    event_add(parent->signals[i], NULL) != 0)
			return fail_memory(fail);
	}
	return true;
}

static bool
start_watchdog(struct parent *parent, struct fail *fail)
{
	const struct loop_operations *loop = parent->loop->operations;

	parent->watchdog = proc_watchdog_interval();
	parent->watchdog_timer =
	    loop->timer_create(parent->loop, watchdog_due, parent);
	if (parent->watchdog_timer == NULL)
		return fail_memory(fail);
	if (parent->watchdog > 0)
		loop->timer_set(parent->watchdog_timer, 0);
	return true;
}

static bool
open_program(struct parent *parent, struct fail *fail)
{
	parent->program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return parent->program >= 0 ||
	    fail_set(fail, FAIL_WORLD, "cannot open its own program");
}

static bool
open_all(struct parent *parent, struct fail *fail)
{
	parent->loop = loop_create();
	if (parent->loop == NULL ||
	    event_base_priority_init(
		loop_base(parent->loop), PRIORITIES) != 0 ||
	    !child_init(&parent->keeper, parent, CHILD_KEEPER, 0) ||
	    !parent_may_listen_again(parent) ||
	    !parent_watch_certificates(parent))
		return fail_memory(fail);
	return catch_signals(parent, fail) && start_watchdog(parent, fail) &&
	    open_program(parent, fail) && parent_listen(parent, fail) &&
	    parent_readers_read(parent, fail) &&
	    sandbox_enter(SANDBOX_PARENT, fail);
}

struct parent *
parent_create(const struct setup_given *given, bool debug,
    struct setup *setup, struct fail *fail)
{
	struct parent *parent = calloc(1, sizeof(*parent));

	if (parent == NULL) {
		setup_free(setup);
		fail_memory(fail);
		return NULL;
	}
	parent->given = *given;
	parent->debug = debug;
	parent->setup = setup;
	parent->program = -1;
	if (open_all(parent, fail))
		return parent;
	parent_destroy(parent);
	return NULL;
}

bool
parent_run(struct parent *parent)
{
	bool ok;

	child_start(&parent->keeper);
	ok = loop_run(parent->loop);
	if (parent->serving)
		log_event(LOG_LEVEL_INFO, "stopped", NULL);
	return ok && !parent->failed;
}

void
parent_destroy(struct parent *parent)
{
	if (parent == NULL)
		return;
	for (unsigned i = 0; i < parent->worker_count; i++)
		child_finish(&parent->workers[i]);
	child_finish(&parent->keeper);
	for (size_t i = 0; i < READERS; i++)
		child_finish(&parent->readers[i]);
	parent_close_listeners(parent);
	for (size_t i = 0; i < 4; i++)
		if (parent->signals[i] != NULL)
			event_free(parent->signals[i]);
	if (parent->loop != NULL) {
		parent->loop->operations->timer_destroy(
		    parent->watchdog_timer);
		parent->loop->operations->timer_destroy(
		    parent->listen_timer);
		parent->loop->operations->timer_destroy(parent->day_timer);
	}
	loop_destroy(parent->loop);
	if (parent->program >= 0)
		close(parent->program);
	setup_free(parent->setup);
	parent_readers_forget(parent);
	free(parent);
}
