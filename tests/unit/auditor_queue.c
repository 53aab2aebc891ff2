/* How servers of others are left alone, with one that wants much of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "auditor_priv.h"
#include "net/wire_stream.h"

static struct auditor auditor;
static struct loop_operations operations;
static const struct loop_operations *real;
static struct conf conf;
static struct evhttp *http;
static struct wire_stream *keeper;
static int64_t later; /* ms that the clock is ahead */
static char base_url[64];
static const char *pause_wanted; /* NULL: it answers */
static unsigned asked;

/* What came last. */
static struct {
	unsigned count;
	enum audit_end end;
	unsigned wait;
} got;

static int64_t
now(struct loop *loop)
{
	return real->now(loop) + later;
}

static bool
received(void *context, struct slice message, int fd)
{
	struct arena *arena = arena_create(NULL);
	struct audit_told told;

	(void)context;
	(void)fd;
	assert_true(audit_read_told(message, arena, &told));
	got.count++;
	got.end = told.end;
	got.wait = told.wait;
	arena_destroy(arena);
	return true;
}

static void
gone(void *context)
{
	(void)context;
}

static struct wire_stream *
stream(int fd)
{
	const struct wire_stream_options options = {
	    .base = loop_base(auditor.loop),
	    .received = received,
	    .gone = gone};
	struct fail fail = FAIL_INIT;

	return wire_stream_create(&options, fd, &fail);
}

static void
answer(struct evhttp_request *request, void *context)
{
	(void)context;
	asked++;
	if (pause_wanted != NULL)
		evhttp_add_header(evhttp_request_get_output_headers(request),
		    "Retry-After", pause_wanted);
	evhttp_send_reply(request, pause_wanted != NULL ? 429 : 404, "", NULL);
}

static void
serve(void)
{
	struct sockaddr_in address = {.sin_port = 0};
	socklen_t len = sizeof(address);
	struct evhttp_bound_socket *socket;

	http = evhttp_new(loop_base(auditor.loop));
	socket = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	assert_non_null(socket);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(socket),
			     (struct sockaddr *)&address, &len),
	    0);
	snprintf(base_url, sizeof(base_url), "http://127.0.0.1:%u/",
	    ntohs(address.sin_port));
	evhttp_set_gencb(http, answer, NULL);
}

static int
set_up(void **state)
{
	struct fail fail = FAIL_INIT;
	int ends[2];

	(void)state;
	memset(&auditor, 0, sizeof(auditor));
	later = asked = 0;
	auditor.loop = loop_create();
	real = auditor.loop->operations;
	operations = *real;
	operations.now = now;
	auditor.loop->operations = &operations;
	conf.audit.rate = 6000;
	auditor.conf = &conf;
	auditor.client = http_client_create(loop_base(auditor.loop), &fail);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
		return 1;
	auditor.keeper = stream(ends[0]);
	keeper = stream(ends[1]);
	serve();
	return auditor.client == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	wire_stream_destroy(auditor.keeper);
	auditor.keeper = NULL;
	wire_stream_destroy(keeper);
	http_client_destroy(auditor.client);
	auditor_queue_finish(&auditor);
	evhttp_free(http);
	loop_destroy(auditor.loop);
	return 0;
}

static void
put(bool waits)
{
	struct arena *arena = arena_create(NULL);
	struct asked *it = arena_take(arena, sizeof(*it));

	it->auditor = &auditor;
	it->arena = arena;
	it->ask = (struct audit_ask){.is_rdap = true,
	    .waits = waits,
	    .question = {.name = SLICE("a.example")}};
	it->where = slice_from(base_url);
	auditor.waiting++;
	auditor_queue(it);
}

/* Until so many answers came, or nothing happens for long. */
static void
hear(unsigned count)
{
	int64_t until = real->now(auditor.loop) + 20 * 1000;
	const struct timeval turn = {0, 50 * 1000};

	while (got.count < count && real->now(auditor.loop) < until) {
		event_base_loopexit(loop_base(auditor.loop), &turn);
		event_base_loop(loop_base(auditor.loop), EVLOOP_ONCE);
	}
	assert_int_equal(got.count, count);
}

static void
a_year_is_no_pause_to_wait_for(void **state)
{
	(void)state;
	memset(&got, 0, sizeof(got));
	pause_wanted = "31536000";
	put(false);
	put(true);
	put(true);
	hear(3);
	assert_int_equal(asked, 1);
	assert_int_equal(got.end, AUDIT_HELD);
	/* Who comes later hears of it at once, and waits for nothing. */
	pause_wanted = NULL;
	put(true);
	hear(4);
	assert_int_equal(got.end, AUDIT_HELD);
	assert_in_range(got.wait, 1, 15 * 60 + 1);
	assert_int_equal(asked, 1);
	/* Some time it is tried again, however long that year is. */
	later = 15 * 60 * 1000 + 1000;
	put(true);
	hear(5);
	assert_int_equal(asked, 2);
	assert_int_equal(got.end, AUDIT_ANSWERED);
	put(false);
	hear(6);
	assert_int_equal(got.end, AUDIT_ANSWERED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_year_is_no_pause_to_wait_for, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
