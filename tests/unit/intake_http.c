/*
 * The HTTP way in over a real Unix socket and the real loop: what is answered
 * to requests that are well or badly made, and to peers that leave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/text.h"
#include "net/intake_http.h"
#include "net/loop.h"
#include "net/peer.h"

enum { ANSWER_SIZE = 8192 };

/* A way in with an engine that answers 202 at once, or keeps them waiting. */
struct world {
	struct arena *arena;
	struct loop *loop;
	struct intake *intake;
	char directory[32], path[64];
	bool is_unix, wait, sick;
	const struct tokens *tokens;
	intake_answer *answer;
	void *arg;
	char principal[80], key[256];
	size_t body, submissions;
};

static const struct fail sickness = {
    .kind = FAIL_WORLD, .text = "ledger \"x\": no space left"};

static void
submit(void *context, struct slice principal, struct slice key,
    struct slice body, intake_answer *answer, void *arg)
{
	struct world *world = context;

	snprintf(world->principal, sizeof(world->principal), "%.*s",
	    SLICE_ARG(principal));
	snprintf(world->key, sizeof(world->key), "%.*s", SLICE_ARG(key));
	world->body = body.len;
	world->submissions++;
	world->answer = answer;
	world->arg = arg;
	if (!world->wait)
		answer(arg, 202, SLICE("{\"id\":\"abc123\"}"));
}

static void
status(void *context, struct slice principal, struct slice id,
    intake_answer *answer, void *arg)
{
	(void)context;
	(void)principal;
	answer(arg, slice_is(id, "abc123") ? 200 : 404, SLICE("{}"));
}

static struct slice
metrics(void *context, struct arena *arena)
{
	struct world *world = context;

	return intake_http_metrics(&world->intake, 1, arena);
}

static const struct fail *
health(void *context)
{
	return ((struct world *)context)->sick ? &sickness : NULL;
}

static const struct tokens *
tokens(void *context)
{
	return ((struct world *)context)->tokens;
}

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->arena = arena_create(NULL);
	world->loop = loop_create();
	snprintf(world->directory, sizeof(world->directory),
	    "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(world->path, sizeof(world->path), "%s/http.sock",
	    world->directory);
	*state = world;
	return 0;
}

static void
serve(struct world *world, bool is_unix)
{
	const struct intake_options options = {
	    .base = loop_base(world->loop),
	    .handler = {world, submit, status, metrics, health, tokens},
	    .openapi = SLICE("{\"openapi\":\"3.1.0\"}"),
	    .unix_socket = is_unix};
	struct fail fail = FAIL_INIT;

	world->intake = intake_http_create(
	    &options, peer_listen_unix(world->path, 0600, &fail), &fail);
	assert_non_null(world->intake);
}

static int
finish(void **state)
{
	struct world *world = *state;

	intake_http_destroy(world->intake);
	loop_destroy(world->loop);
	unlink(world->path);
	rmdir(world->directory);
	arena_destroy(world->arena);
	free(world);
	return 0;
}

static void
spin(struct world *world)
{
	event_base_loop(loop_base(world->loop), EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static int
dial(struct world *world)
{
	struct fail fail = FAIL_INIT;
	int fd = peer_connect_unix(world->path, &fail);

	assert_true(fd >= 0);
	return fd;
}

/* Send, and let the loop run until an answer or the end has come. */
static const char *
ask_on(struct world *world, int fd, const char *request, char *answer)
{
	ssize_t len = 0;

	assert_int_equal(
	    send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	for (unsigned i = 0; i < 1000 && len <= 0; i++) {
		spin(world);
		len = recv(fd, answer, ANSWER_SIZE - 1, MSG_DONTWAIT);
		if (len == 0)
			break;
	}
	answer[len > 0 ? len : 0] = '\0';
	return answer;
}

static const char *
ask(struct world *world, const char *request)
{
	static char answer[ANSWER_SIZE];
	int fd = dial(world);

	ask_on(world, fd, request, answer);
	close(fd);
	return answer;
}

#define POST "POST /v1/submissions HTTP/1.1\r\nHost: x\r\n"
#define JSON "Content-Type: application/json\r\n"

static void
a_submission_is_handed_on_and_located(void **state)
{
	struct world *world = *state;
	const char *answer;
	char me[32];

	serve(world, true);
	answer = ask(world,
	    POST JSON "Idempotency-Key: 12345678\r\n"
		      "Content-Length: 2\r\n\r\n{}");
	assert_non_null(strstr(answer, "HTTP/1.1 202 "));
	assert_non_null(
	    strstr(answer, "Location: /v1/submissions/abc123\r\n"));
	assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
	snprintf(me, sizeof(me), "uid %u", (unsigned)geteuid());
	assert_string_equal(world->principal, me);
	assert_string_equal(world->key, "12345678");
	assert_int_equal(world->body, 2);
}

static void
what_is_badly_made_is_a_problem_and_not_handed_on(void **state)
{
	static const char *const asked[][2] = {
	    {POST "Content-Length: 2\r\n\r\n{}", "HTTP/1.1 415 "},
	    {POST "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 415 "},
	    {POST JSON "Idempotency-Key: short\r\nContent-Length: 2\r\n\r\n{}",
		"HTTP/1.1 400 "},
	    {POST JSON "Idempotency-Key: with a blank\r\n"
		       "Content-Length: 2\r\n\r\n{}",
		"HTTP/1.1 400 "},
	    {"GET /v1/submissions HTTP/1.1\r\nHost: x\r\n\r\n",
		"\r\nAllow: POST\r\n"},
	    {"DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
		"\r\nAllow: GET, HEAD\r\n"},
	    {"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 "},
	    {"GET /v1/submissions/a/b HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.1 404 "},
	    {"GET / HTTP/9\r\n\r\n", "HTTP/1.1 400 "},
	};
	struct world *world = *state;

	serve(world, true);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		const char *answer = ask(world, asked[i][0]);

		if (strstr(answer, asked[i][1]) == NULL)
			fail_msg("%s\n%s", asked[i][0], answer);
	}
	assert_int_equal(world->submissions, 0);
}

/* What libevent would answer with a page of HTML. */
static void
what_is_no_request_is_a_problem_too(void **state)
{
	static const char *const asked[][2] = {
	    {POST JSON "Content-Length: -2\r\n\r\n{}", "HTTP/1.1 400 "},
	    {POST JSON "Content-Length: 2x\r\n\r\n{}", "HTTP/1.1 400 "},
	    {POST JSON "Content-Length: 2\r\nExpect: tea\r\n\r\n",
		"HTTP/1.1 417 "},
	    {POST JSON "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
		"HTTP/1.1 413 "},
	    {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501 "},
	    {"GET / HTTP/9\r\n\r\n", "HTTP/1.1 400 "},
	    {"hello\r\n\r\n", "HTTP/1.1 400 "},
	    {"GET / HTTP/1.1\r\nno header\r\n\r\n", "HTTP/1.1 400 "},
	    {"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 "},
	};
	struct world *world = *state;

	serve(world, true);
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		const char *answer = ask(world, asked[i][0]);

		if (strncmp(answer, asked[i][1], strlen(asked[i][1])) != 0 ||
		    strstr(answer, "\r\nContent-Type: "
				   "application/problem+json\r\n") == NULL ||
		    strstr(answer, "\r\n\r\n{\"type\":\"urn:misu:") == NULL ||
		    strstr(answer, "}\n") == NULL ||
		    strchr(answer, '<') != NULL)
			fail_msg("%s\n%s", asked[i][0], answer);
	}
	assert_int_equal(world->submissions, 0);
}

/* A client that asks nothing beforehand and reads only when all is sent. */
static void
a_body_over_the_limit_is_413_to_who_sends_it_all(void **state)
{
	enum { LENGTH = 3000000 };
	static char answer[ANSWER_SIZE], chunk[10000];
	const char *head = POST JSON "Content-Length: 3000000\r\n\r\n";
	struct world *world = *state;
	size_t sent = 0;
	int fd;

	serve(world, true);
	fd = dial(world);
	ask_on(world, fd, head, answer);
	memset(chunk, ' ', sizeof(chunk));
	while (sent < LENGTH) {
		size_t len = LENGTH - sent;
		ssize_t got = send(fd, chunk,
		    len < sizeof(chunk) ? len : sizeof(chunk),
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (got > 0)
			sent += (size_t)got;
		else
			assert_int_equal(errno, EAGAIN);
		spin(world);
	}
	ask_on(world, fd, "", answer);
	assert_non_null(strstr(answer, "HTTP/1.1 413 "));
	assert_non_null(strstr(answer, "at most 1 MiB"));
	assert_int_equal(world->submissions, 0);
	close(fd);
}

static void
over_tcp_a_token_is_needed(void **state)
{
	/* The SHA-256 of "a-token-of-24-characters". */
	struct digest digest = digest_sha256(SLICE("a-token-of-24-characters"));
	struct world *world = *state;
	struct text line = text_start(world->arena);
	struct fail fail = FAIL_INIT;
	const char *answer;

	text_add_string(&line, "# who may submit\nbackend ");
	text_add_hex(&line, digest.bytes, DIGEST_SIZE);
	text_add_string(&line, "\n");
	world->tokens = tokens_parse(
	    world->arena, SLICE("tokens"), text_slice(&line), &fail);
	assert_non_null(world->tokens);
	serve(world, false);
	answer = ask(world, POST JSON "Content-Length: 2\r\n\r\n{}");
	assert_non_null(strstr(answer, "HTTP/1.1 401 "));
	assert_non_null(strstr(answer, "WWW-Authenticate: Bearer"));
	answer = ask(world,
	    POST JSON "Authorization: Bearer a-token-of-24-characterz\r\n"
		      "Content-Length: 2\r\n\r\n{}");
	assert_non_null(strstr(answer, "HTTP/1.1 401 "));
	assert_int_equal(world->submissions, 0);
	answer = ask(world,
	    POST JSON "Authorization: Bearer a-token-of-24-characters\r\n"
		      "Content-Length: 2\r\n\r\n{}");
	assert_non_null(strstr(answer, "HTTP/1.1 202 "));
	assert_string_equal(world->principal, "backend");
}

static void
a_peer_may_leave_before_its_answer(void **state)
{
	static char answer[ANSWER_SIZE];
	struct world *world = *state;
	int fd;

	serve(world, true);
	world->wait = true;
	fd = dial(world);
	assert_true(send(fd, POST JSON "Content-Length: 2\r\n\r\n{}",
			strlen(POST JSON "Content-Length: 2\r\n\r\n{}"),
			MSG_NOSIGNAL) > 0);
	while (world->submissions == 0)
		spin(world);
	close(fd);
	for (unsigned i = 0; i < 10; i++)
		spin(world);
	world->answer(world->arg, 202, SLICE("{\"id\":\"abc123\"}"));
	world->wait = false;
	fd = dial(world);
	ask_on(world, fd, POST JSON "Content-Length: 2\r\n\r\n{}", answer);
	assert_non_null(strstr(answer, "HTTP/1.1 202 "));
	close(fd);
}

static void
one_connection_asks_many_times(void **state)
{
	static char answer[ANSWER_SIZE];
	struct world *world = *state;
	int fd;

	serve(world, true);
	fd = dial(world);
	for (unsigned i = 1; i <= 5; i++) {
		ask_on(world, fd, POST JSON "Content-Length: 2\r\n\r\n{}",
		    answer);
		assert_non_null(strstr(answer, "HTTP/1.1 202 "));
		assert_int_equal(world->submissions, i);
	}
	close(fd);
}

static void
health_says_why_it_is_bad(void **state)
{
	struct world *world = *state;
	const char *get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	const char *answer;

	serve(world, true);
	assert_non_null(strstr(ask(world, get), "HTTP/1.1 200 "));
	world->sick = true;
	answer = ask(world, get);
	assert_non_null(strstr(answer, "HTTP/1.1 503 "));
	assert_non_null(strstr(answer, "no space left"));
}

static void
head_has_the_length_and_no_body(void **state)
{
	struct world *world = *state;
	const char *answer;

	serve(world, true);
	answer = ask(
	    world, "HEAD /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(answer, "Content-Length: 19\r\n"));
	assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

static void
idle_connections_are_bounded(void **state)
{
	struct world *world = *state;
	int idle[600];
	const struct rlimit files = {2048, 2048};
	const char *taken;
	size_t count = 0;
	struct slice text;

	setrlimit(RLIMIT_NOFILE, &files);

	serve(world, true);
	/* The kernel's queue holds what misu does not take. */
	for (; count < 600; count++) {
		struct fail fail = FAIL_INIT;

		if (count % 100 == 99)
			for (unsigned i = 0; i < 20; i++)
				spin(world);
		idle[count] = peer_connect_unix(world->path, &fail);
		if (idle[count] < 0)
			break;
	}
	for (unsigned i = 0; i < 50; i++)
		spin(world);
	text = intake_http_metrics(&world->intake, 1, world->arena);
	taken = strstr(text.data, "misu_http_connections{");
	assert_non_null(taken);
	assert_in_range(strtoul(strchr(taken, ' '), NULL, 10), 512, 600);
	while (count > 0)
		close(idle[--count]);
}

static void
only_loopback_addresses_are_taken(void **state)
{
	static const char *const good[] = {
	    "127.0.0.1:8053", "127.1.2.3:1", "[::1]:8053"};
	static const char *const bad[] = {"192.0.2.1:80", "0.0.0.0:80",
	    "[::]:80", "127.0.0.1", "localhost:80", "127.0.0.1:0", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(peer_is_loopback(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(peer_is_loopback(bad[i]));
}

static void
a_living_socket_is_not_taken_over(void **state)
{
	struct world *world = *state;
	struct fail fail = FAIL_INIT;

	serve(world, true);
	assert_int_equal(peer_listen_unix(world->path, 0600, &fail), -1);
	assert_string_equal(fail.text, "another process listens here");
}

static void
tokens_that_are_no_tokens_are_named_by_line(void **state)
{
	struct world *world = *state;
	struct fail fail = FAIL_INIT;

	assert_null(tokens_parse(world->arena, SLICE("tokens"),
	    SLICE("# one\n\nbackend secret\n"), &fail));
	assert_string_equal(fail.place, "tokens:3:1");
	assert_null(strstr(fail.text, "secret"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_submission_is_handed_on_and_located),
	    TEST(what_is_badly_made_is_a_problem_and_not_handed_on),
	    TEST(what_is_no_request_is_a_problem_too),
	    TEST(a_body_over_the_limit_is_413_to_who_sends_it_all),
	    TEST(over_tcp_a_token_is_needed),
	    TEST(a_peer_may_leave_before_its_answer),
	    TEST(one_connection_asks_many_times),
	    TEST(health_says_why_it_is_bad),
	    TEST(head_has_the_length_and_no_body),
	    TEST(idle_connections_are_bounded),
	    TEST(only_loopback_addresses_are_taken),
	    TEST(a_living_socket_is_not_taken_over),
	    TEST(tokens_that_are_no_tokens_are_named_by_line),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
