#include "worker.h"

#include <event2/dns.h>
#include <malloc.h>
#include <unistd.h>

#include "child.h"
#include "filter.h"
#include "log.h"
#include "sandbox.h"
#include "worker_priv.h"

enum {
	LOOK = 20, /* ms between looks at the connections that are left */
	LOOKS = 50,
	HEAP_KEPT = 1 << 20,
};

static bool
keeper_send(void *context, struct slice message)
{
	struct worker *worker = context;

	return worker->keeper != NULL &&
	    wire_stream_send(worker->keeper, message);
}

static bool
keeper_send_late(void *context, struct slice message)
{
	struct worker *worker = context;

	return worker->keeper != NULL &&
	    wire_stream_send_late(worker->keeper, message);
}

static bool
keeper_received(void *context, struct slice message, int fd)
{
	struct worker *worker = context;

	(void)fd;
	return keeper_link_receive(worker->link, message);
}

/* Backends stay; what they ask waits for the next keeper. */
static void
keeper_gone(void *context)
{
	struct worker *worker = context;

	wire_stream_destroy(worker->keeper);
	worker->keeper = NULL;
	keeper_link_down(worker->link);
	log_event(LOG_LEVEL_WARN, "keeper-away", NULL);
}

static void
keeper_came(struct worker *worker, int fd)
{
	const struct wire_stream_options options = {
	    .base = loop_base(worker->loop),
	    .received = keeper_received,
	    .gone = keeper_gone,
	    .context = worker};
	struct fail fail = FAIL_INIT;

	if (worker->keeper != NULL)
		keeper_gone(worker);
	worker->keeper = wire_stream_create(&options, fd, &fail);
	if (worker->keeper == NULL)
		log_fail(LOG_LEVEL_ERROR, "keeper-refused", &fail);
	else
		keeper_link_up(worker->link);
}

/* The last answers are on their way still; who does not take them may not. */
static void
look_left(void *context)
{
	struct worker *worker = context;

	if (worker->leave == NULL || worker->looks++ == LOOKS ||
	    !epp_conn_leaving(loop_base(worker->loop)))
		loop_stop(worker->loop);
	else
		worker->loop->operations->timer_set(worker->leave, LOOK);
}

static void
drained(void *context)
{
	struct worker *worker = context;
	struct loop *loop = worker->loop;

	worker->leave =
	    loop->operations->timer_create(loop, look_left, worker);
	look_left(worker);
}

/* Asked twice, it does not wait for what is under way. */
static void
stop(struct worker *worker)
{
	if (worker->stopping) {
		loop_stop(worker->loop);
		return;
	}
	worker->stopping = true;
	filter_drain(worker->filter, drained, worker);
}

static bool
parent_received(void *context, struct slice message, int fd)
{
	struct worker *worker = context;
	char kind = message.len != 0 ? message.data[0] : '\0';
	struct slice text = {message.data + 1, message.len - 1};

	if (kind == LINE_KEEPER && fd >= 0) {
		keeper_came(worker, fd);
		return true;
	}
	if (kind == LINE_LISTEN && fd >= 0) {
		worker_listen(worker, text, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (kind == LINE_SECRET)
		return worker_take_secret(worker, text);
	if (kind == LINE_STOP)
		stop(worker);
	return kind == LINE_STOP;
}

static void
take_setup(void *context, struct slice bundle)
{
	worker_take_setup(context, bundle);
}

static void
deliver(void *context, const struct keeper_delivery *delivery)
{
	struct worker *worker = context;

	filter_deliver(worker->filter, delivery);
}

static void
ask(void *context, const struct keeper_ask *asked)
{
	struct worker *worker = context;

	filter_ask(worker->filter, asked);
}

static void
log_filter(void *context, const char *level, const char *event,
    struct slice upstream, const struct fail *fail)
{
	enum log_level found = log_level_of(level);
	char name[128];

	(void)context;
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(upstream));
	if (fail == NULL)
		log_event(found, event, "upstream", name, NULL);
	else
		log_event(found, event, "upstream", name, "place",
		    fail->place, "reason", fail->text, "hint", fail->hint,
		    NULL);
}

/* resolv.conf is read here, once; where there is none, names do not resolve. */
static bool
open_dns(struct worker *worker, struct fail *fail)
{
	worker->dns = evdns_base_new(loop_base(worker->loop), 0);
	if (worker->dns == NULL)
		return fail_memory(fail);
	if (evdns_base_resolv_conf_parse(
		worker->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf") != 0)
		log_event(LOG_LEVEL_DEBUG, "no-resolver", NULL);
	return true;
}

static bool
open_filter(
    struct worker *worker, struct worker_number number, struct fail *fail)
{
	const struct keeper_link_options link = {.loop = worker->loop,
	    .random = &worker->random,
	    .send = keeper_send,
	    .send_late = keeper_send_late,
	    .setup = take_setup,
	    .deliver = deliver,
	    .ask = ask,
	    .context = worker};
	struct filter_options filter = {.base = loop_base(worker->loop),
	    .dns = worker->dns,
	    .loop = worker->loop,
	    .random = &worker->random,
	    .log = log_filter,
	    .worker = number.number - 1,
	    .workers = number.count};

	worker->random = random_pool_source(&worker->pool, &random_system);
	worker->link = keeper_link_create(&link, fail);
	if (worker->link == NULL)
		return false;
	filter.link = worker->link;
	worker->filter = filter_create(&filter, fail);
	return worker->filter != NULL;
}

static bool
open_all(
    struct worker *worker, struct worker_number number, struct fail *fail)
{
	bool has_landlock;

	worker->loop = loop_create();
	if (worker->loop == NULL)
		return fail_memory(fail);
	if (!open_dns(worker, fail) || !open_filter(worker, number, fail))
		return false;
	worker->parent = child_line(
	    loop_base(worker->loop), parent_received, worker, fail);
	return worker->parent != NULL &&
	    sandbox_files(NULL, &has_landlock, fail) &&
	    sandbox_enter(SANDBOX_WORKER, fail);
}

struct worker *
worker_create(struct worker_number number, struct fail *fail)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL) {
		fail_memory(fail);
		return NULL;
	}
	/* OpenSSL takes and gives a buffer with every read: not the kernel. */
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	if (open_all(worker, number, fail))
		return worker;
	worker_destroy(worker);
	return NULL;
}

bool
worker_run(struct worker *worker)
{
	return loop_run(worker->loop) && !worker->broken;
}

void
worker_destroy(struct worker *worker)
{
	if (worker == NULL)
		return;
	filter_destroy(worker->filter);
	/* What it told of commands under way has to be recorded. */
	if (worker->keeper != NULL)
		wire_stream_finish(worker->keeper, KEEPER_PATIENCE);
	keeper_link_destroy(worker->link);
	if (worker->leave != NULL)
		worker->loop->operations->timer_destroy(worker->leave);
	if (worker->loop != NULL)
		epp_conn_drop(loop_base(worker->loop));
	wire_stream_destroy(worker->keeper);
	wire_stream_destroy(worker->parent);
	worker_free_setups(worker);
	if (worker->dns != NULL)
		evdns_base_free(worker->dns, 0);
	loop_destroy(worker->loop);
	free(worker);
}
