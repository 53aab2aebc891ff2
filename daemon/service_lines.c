/*
 * The keeper's lines: to the parent, which orders it about, to each worker,
 * whose messages are keeper.h's, to the console (service_console.c) and to the
 * publisher (service_tier.c).
 */
#include <unistd.h>

#include "child.h"
#include "keeper.h"
#include "log.h"
#include "service_priv.h"

/* One worker as the keeper sees it: gone with its line. */
struct service_worker {
	struct service *service;
	struct wire_stream *stream;
	struct keeper_worker *worker;
	struct service_worker *next;
};

static bool
send_worker(void *context, struct slice message)
{
	struct service_worker *worker = context;

	return wire_stream_send(worker->stream, message);
}

static bool
worker_received(void *context, struct slice message, int fd)
{
	struct service_worker *worker = context;

	(void)fd;
	return keeper_receive(worker->worker, message);
}

static void
free_worker(struct service_worker *worker)
{
	struct service_worker **at = &worker->service->workers;

	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	if (worker->worker != NULL)
		keeper_leave(worker->worker);
	wire_stream_destroy(worker->stream);
	free(worker);
}

static void
worker_gone(void *context)
{
	struct service_worker *worker = context;
	struct service *service = worker->service;

	free_worker(worker);
	service_drain(service);
}

static bool
start_worker(struct service_worker *worker, int fd, struct fail *fail)
{
	const struct wire_stream_options options = {
	    .base = loop_base(worker->service->loop),
	    .received = worker_received,
	    .gone = worker_gone,
	    .context = worker};

	worker->stream = wire_stream_create(&options, fd, fail);
	if (worker->stream == NULL)
		return false;
	worker->worker =
	    keeper_join(worker->service->keeper, send_worker, worker);
	return worker->worker != NULL || fail_memory(fail);
}

static void
add_worker(struct service *service, int fd)
{
	struct service_worker *worker = calloc(1, sizeof(*worker));
	struct fail fail = FAIL_INIT;

	if (worker == NULL) {
		close(fd);
		fail_memory(&fail);
		log_fail(LOG_LEVEL_ERROR, "worker-refused", &fail);
		return;
	}
	worker->service = service;
	worker->next = service->workers;
	service->workers = worker;
	if (start_worker(worker, fd, &fail))
		return;
	log_fail(LOG_LEVEL_ERROR, "worker-refused", &fail);
	free_worker(worker);
}

static void
reload(struct service *service)
{
	struct fail fail = FAIL_INIT;
	char *diagnostics = NULL;

	reload_run(service, &diagnostics, &fail);
	if (diagnostics != NULL)
		fputs(diagnostics, stderr);
	free(diagnostics);
}

static bool
received(void *context, struct slice message, int fd)
{
	struct service *service = context;
	char kind = message.len != 0 ? message.data[0] : '\0';

	if (kind == LINE_WORKER && fd >= 0) {
		add_worker(service, fd);
		return true;
	}
	if (kind == LINE_AUDITOR && fd >= 0) {
		service_meet_auditor(service, fd);
		return true;
	}
	if (kind == LINE_PUBLISHER && fd >= 0) {
		service_open_tiers(service, fd);
		return true;
	}
	if (kind == LINE_CONSOLE && fd >= 0) {
		service_console_join(service, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (kind == LINE_STOP)
		service_stop(service);
	else if (kind == LINE_RELOAD)
		reload(service);
	else if (kind == LINE_PING)
		service_tell(service, LINE_PONG, SLICE(""));
	else
		return false;
	return true;
}

bool
service_open_parent(struct service *service, struct fail *fail)
{
	service->parent = child_line(
	    loop_base(service->loop), received, service, fail);
	return service->parent != NULL;
}

/* At once: it must be there before what workers hear of it makes them ask. */
void
service_tell(struct service *service, char kind, struct slice text)
{
	if (service->parent == NULL)
		return;
	wire_stream_post(service->parent, kind, text, -1);
	wire_stream_flush(service->parent);
}

void
service_close_lines(struct service *service)
{
	struct service_worker *next;

	for (struct service_worker *w = service->workers; w != NULL; w = next) {
		next = w->next;
		free_worker(w);
	}
	wire_stream_destroy(service->auditor);
	service->auditor = NULL;
	service_close_tiers(service);
	service_console_leave(service);
	wire_stream_destroy(service->parent);
	service->parent = NULL;
}
