/*
 * The HTTP server's connections: which may ask once more, and which end with
 * the answer in work.  A second is the most that passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/http_server.h"
#include "net/peer.h"

enum { TURNS = 400, CLIENTS = 2 };

struct world {
	struct event_base *base;
	struct http_server *server;
	char directory[32], path[64];
	struct http_request *later;
	unsigned asked;
	int clients[CLIENTS];
};

static void
handle(void *context, struct http_request *request)
{
	struct world *world = context;

	world->asked++;
	if (slice_is(http_request_path(request), "/later"))
		world->later = request;
	else
		http_answer(request, 200, NULL, 0, SLICE("yes"));
}

static int
word(void *context, int status, char *out, size_t size)
{
	(void)context;
	return snprintf(out, size, "{\"status\":%d}", status);
}

static void
open_server(struct world *world, unsigned age)
{
	const struct http_server_options options = {.base = world->base,
	    .body_max = 100,
	    .connections = 4,
	    .patience = 30,
	    .age = age,
	    .handle = handle,
	    .error = word,
	    .context = world};
	struct fail fail = FAIL_INIT;

	world->server = http_server_create(
	    &options, peer_listen_unix(world->path, 0600, &fail), &fail);
	assert_non_null(world->server);
	for (unsigned i = 0; i < CLIENTS; i++) {
		world->clients[i] = peer_connect_unix(world->path, &fail);
		assert_true(world->clients[i] >= 0);
		fcntl(world->clients[i], F_SETFL, O_NONBLOCK);
	}
}

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->base = event_base_new();
	snprintf(world->directory, sizeof(world->directory),
	    "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(
	    world->path, sizeof(world->path), "%s/http.sock", world->directory);
	*state = world;
	return 0;
}

static int
finish(void **state)
{
	struct world *world = *state;

	http_server_destroy(world->server);
	event_base_free(world->base);
	for (unsigned i = 0; i < CLIENTS; i++)
		close(world->clients[i]);
	unlink(world->path);
	rmdir(world->directory);
	free(world);
	return 0;
}

static void
ask(struct world *world, unsigned client, const char *path)
{
	char text[100];
	int len = snprintf(
	    text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);

	assert_int_equal(
	    send(world->clients[client], text, (size_t)len, MSG_NOSIGNAL), len);
}

/* What comes, until there is an answer or the connection's end. */
static const char *
hear(struct world *world, unsigned client)
{
	static char text[2000];
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	size_t len = 0;

	for (unsigned i = 0; i < TURNS; i++) {
		ssize_t got;

		event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		got = read(
		    world->clients[client], text + len, sizeof(text) - 1 - len);
		if (got == 0)
			return len != 0 ? text : NULL;
		len += got > 0 ? (size_t)got : 0;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n") != NULL)
			return text;
		nanosleep(&pause, NULL);
	}
	fail_msg("neither an answer nor an end");
	return NULL;
}

static void
idle_connections_end_at_once(void **state)
{
	struct world *world = *state;

	open_server(world, 0);
	ask(world, 0, "/");
	assert_non_null(strstr(hear(world, 0), "200"));
	ask(world, 0, "/");
	assert_non_null(strstr(hear(world, 0), "200"));
	http_server_end_connections(world->server);
	assert_null(hear(world, 0));
	/* One that has asked nothing yet, too. */
	assert_null(hear(world, 1));
	assert_int_equal(world->asked, 2);
}

static void
what_is_in_work_is_answered_and_nothing_after_it(void **state)
{
	struct world *world = *state;
	const char *answer;

	open_server(world, 0);
	ask(world, 0, "/later");
	while (world->later == NULL)
		event_base_loop(world->base, EVLOOP_ONCE);
	http_server_end_connections(world->server);
	ask(world, 0, "/");
	http_answer(world->later, 200, NULL, 0, SLICE("late"));
	answer = hear(world, 0);
	assert_non_null(strstr(answer, "200"));
	assert_non_null(strstr(answer, "Connection: close"));
	assert_null(hear(world, 0));
	assert_int_equal(world->asked, 1);
}

static void
a_connection_that_is_used_ends_at_its_age(void **state)
{
	struct world *world = *state;
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	struct timespec begun, now;
	const char *answer;

	open_server(world, 1);
	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		if (send(world->clients[0], "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
			27, MSG_NOSIGNAL) < 0)
			return;
		answer = hear(world, 0);
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		assert_true(now.tv_sec - begun.tv_sec < 10);
	} while (answer != NULL);
}

/* A proxy in front may have taken it for another one. */
static void
what_may_be_read_in_two_ways_is_refused(void **state)
{
	static const char *const texts[] = {
	    "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
	    "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
	    "Content-Length: +2\r\n\r\nhi",
	    "Content-Length: 2\r\nAuthorization: Bearer a\r\n"
	    "Authorization: Bearer b\r\n\r\nhi",
	    "Content-Length: 2\r\nIdempotency-Key: a\r\n"
	    "idempotency-key: b\r\n\r\nhi",
	    "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "0\r\n\r\n"};
	struct world *world = *state;
	char text[200];

	open_server(world, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct fail fail = FAIL_INIT;
		const char *answer;

		close(world->clients[0]);
		world->clients[0] = peer_connect_unix(world->path, &fail);
		fcntl(world->clients[0], F_SETFL, O_NONBLOCK);
		snprintf(text, sizeof(text),
		    "POST / HTTP/1.1\r\nHost: x\r\n%s", texts[i]);
		assert_int_equal(send(world->clients[0], text, strlen(text),
				     MSG_NOSIGNAL),
		    (int)strlen(text));
		answer = hear(world, 0);
		assert_non_null(answer);
		assert_non_null(strstr(answer, " 400 "));
		assert_non_null(strstr(answer, "Connection: close"));
	}
	assert_int_equal(world->asked, 0);
}

int
main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, start, finish)
	const struct CMUnitTest tests[] = {
	    WITH(idle_connections_end_at_once),
	    WITH(what_is_in_work_is_answered_and_nothing_after_it),
	    WITH(a_connection_that_is_used_ends_at_its_age),
	    WITH(what_may_be_read_in_two_ways_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
