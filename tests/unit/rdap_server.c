/*
 * HTTP for RDAP on a real loopback port: requests, their answers, bounds.  A
 * second of patience is the only time that passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/rdap_server_priv.h"

enum { CONNECTIONS = 4, TURNS = 4000, LONG = 6000000 };

static const char ready[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

struct world {
	struct event_base *base;
	struct rdap_server *server;
	struct sockaddr_in at;
	unsigned asked;
	char paths[400]; /* each with a blank behind */
	struct rdap_request *later;
	bool watches; /* each answer */
	unsigned ends; /* of watched answers that were told */
	enum rdap_end end;
	struct slice body;
	char *all; /* what was heard */
	struct fail fail;
};

static void ended(void *arg, enum rdap_end end);

static void
respond(void *context, struct rdap_request *request)
{
	static const struct rdap_header header[] = {{"X-One", "1"}};
	struct world *world = context;
	struct slice path = rdap_request_path(request);
	size_t len = strlen(world->paths);

	world->asked++;
	if (world->watches)
		rdap_request_watch(request, ended, world);
	if (rdap_request_header(request, "Authorization").data != NULL)
		rdap_request_wipe(
		    request, rdap_request_header(request, "Authorization"));
	snprintf(world->paths + len, sizeof(world->paths) - len, "%.*s ",
	    SLICE_ARG(path));
	if (slice_is(path, "/later"))
		world->later = request;
	else if (slice_is(path, "/ready"))
		rdap_answer_ready(request,
		    (struct slice){ready, sizeof(ready) - 1},
		    sizeof(ready) - 3);
	else if (rdap_request_method(request) == RDAP_OPTIONS)
		rdap_answer(request, 204, header, 1, (struct slice){"", 0});
	else
		rdap_answer(request, 200, header, 1, world->body);
}

static int
word(void *context, int status, char *out, size_t size)
{
	(void)context;
	return snprintf(out, size, "no %d", status);
}

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct rdap_server_options options = {.connections = CONNECTIONS,
	    .patience = 1,
	    .output = LONG + LONG / 2,
	    .handle = respond,
	    .error = word,
	    .context = world};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(world->at);
	int room = 64 * 1024;

	/* What is accepted has it too: little leaves before it is read. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	*state = world;
	world->base = options.base = event_base_new();
	world->body = SLICE("body");
	world->at = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)&world->at, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(
	    getsockname(fd, (struct sockaddr *)&world->at, &len), 0);
	world->server = rdap_server_create(&options, fd, &world->fail);
	assert_non_null(world->server);
	world->all = malloc(2 * LONG + 1);
	return 0;
}

static int
end(void **state)
{
	struct world *world = *state;

	rdap_server_destroy(world->server);
	event_base_free(world->base);
	free(world->all);
	free(world);
	return 0;
}

static int
dial(struct world *world)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int room = 64 * 1024;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	assert_int_equal(
	    connect(fd, (struct sockaddr *)&world->at, sizeof(world->at)), 0);
	return fd;
}

static void
turn(struct world *world, bool wait)
{
	event_base_loop(
	    world->base, wait ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* What comes until `until` ends it, or the server's end is said. */
static const char *
hear(struct world *world, int fd, const char *until)
{
	size_t have = 0, len = until != NULL ? strlen(until) : 0;

	for (unsigned i = 0; i < TURNS; i++) {
		ssize_t n =
		    recv(fd, world->all + have, 2 * LONG - have, MSG_DONTWAIT);

		if (n > 0)
			have += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			break;
		else
			turn(world, have == 0);
		if (until != NULL && have >= len &&
		    memcmp(world->all + have - len, until, len) == 0)
			break;
	}
	world->all[have] = '\0';
	return world->all;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static void
a_connection_stays_for_more_than_one_question(void **state)
{
	struct world *world = *state;
	int fd = dial(world);
	const char *got;

	say(fd, GET("/a?b=c"));
	got = hear(world, fd, "body");
	assert_true(begins(got, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(got, "\r\nContent-Length: 4\r\n"));
	assert_non_null(strstr(got, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(got, "\r\nDate: "));
	assert_null(strstr(got, "Connection"));
	say(fd, GET("/ready"));
	assert_string_equal(hear(world, fd, "hi"), ready);
	assert_string_equal(world->paths, "/a /ready ");
	close(fd);
}

static void
requests_in_one_piece_are_answered_in_their_order(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, GET("/ready") GET("/one") GET("/ready"));
	hear(world, fd, "hi");
	while (world->asked < 3)
		turn(world, false);
	assert_string_equal(world->paths, "/ready /one /ready ");
	close(fd);
}

static void
a_request_in_pieces_is_one(void **state)
{
	struct world *world = *state;
	const char *text = GET("/ready");
	int fd = dial(world);

	for (size_t i = 0; text[i] != '\0'; i++) {
		send(fd, text + i, 1, MSG_NOSIGNAL);
		turn(world, true);
	}
	assert_string_equal(hear(world, fd, "hi"), ready);
	assert_int_equal(world->asked, 1);
	close(fd);
}

static void
a_head_has_no_body_behind_it(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, "HEAD /ready HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_string_equal(hear(world, fd, "\r\n\r\n"),
	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
	say(fd, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(
	    strstr(hear(world, fd, "\r\n\r\n"), "Content-Length: 4"));
	say(fd, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_null(strstr(hear(world, fd, "\r\n\r\n"), "Content-Length"));
	assert_true(begins(world->all, "HTTP/1.1 204 No Content"));
	close(fd);
}

static void
who_wants_to_leave_is_let_go(void **state)
{
	static const struct {
		const char *ask, *answer;
		bool stays;
	} cases[] = {
	    {"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: x, Close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n", false},
	    {"GET /ready HTTP/1.0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: close\r\n", false},
	    {"GET /ready HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
		"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n", true},
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = dial(world);

		say(fd, cases[i].ask);
		assert_true(
		    begins(hear(world, fd, cases[i].stays ? "hi" : NULL),
			cases[i].answer));
		close(fd);
	}
}

/* Each is answered once, and the connection ends: nobody guesses on. */
static void
what_is_no_request_is_refused(void **state)
{
	static const struct {
		const char *ask;
		int status;
	} cases[] = {{"\x16\x03\x01\r\n", 400}, {"GET /a\r\n\r\n", 400},
	    {"GET /a HTTP/2.0\r\n\r\n", 505},
	    {"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
	    {"GET /a HTTP/1.1\r\n\r\n", 400},
	    {"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
	    {"GET /a HTTP/1.1\r\nHost : x\r\n\r\n", 400},
	    {"GET /a HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400},
	    {"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400}};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char expect[32];
		int fd = dial(world);

		say(fd, cases[i].ask);
		snprintf(
		    expect, sizeof(expect), "HTTP/1.1 %d ", cases[i].status);
		assert_true(begins(hear(world, fd, NULL), expect));
		assert_non_null(strstr(world->all, "\r\n\r\nno "));
		close(fd);
	}
	assert_int_equal(world->asked, 0);
}

static void
a_head_without_end_is_refused(void **state)
{
	struct world *world = *state;
	int fd = dial(world);
	char much[9000];

	memset(much, 'a', sizeof(much));
	memcpy(much, "GET /a HTTP/1.1\r\nX: ", 20);
	much[sizeof(much) - 1] = '\0';
	say(fd, much);
	assert_true(begins(hear(world, fd, NULL), "HTTP/1.1 431 "));
	close(fd);
	fd = dial(world);
	say(fd, "GET /a HTTP/1.1\r\nHost: x\r\n");
	for (unsigned i = 0; i < 64; i++)
		say(fd, "A: b\r\n");
	assert_true(begins(hear(world, fd, NULL), "HTTP/1.1 431 "));
	close(fd);
}

/* What it would be the body of is answered; what it says is not read. */
static void
a_body_ends_the_connection(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n" GET(
		    "/b"));
	assert_non_null(strstr(hear(world, fd, NULL), "Connection: close"));
	assert_string_equal(world->paths, "/a ");
	close(fd);
}

static void
an_answer_may_come_later(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, GET("/later") GET("/ready"));
	while (world->later == NULL)
		turn(world, true);
	turn(world, false);
	assert_int_equal(world->asked, 1);
	assert_true(slice_is(rdap_request_path(world->later), "/later"));
	rdap_answer(world->later, 200, NULL, 0, SLICE("late"));
	assert_true(begins(hear(world, fd, "hi"), "HTTP/1.1 200 OK"));
	assert_non_null(strstr(world->all, "\r\n\r\nlateHTTP/1.1 200"));
	close(fd);
}

static void
an_answer_after_the_end_is_nobodys(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, GET("/later"));
	while (world->later == NULL)
		turn(world, true);
	rdap_server_destroy(world->server);
	world->server = NULL;
	rdap_answer(world->later, 200, NULL, 0, SLICE("late"));
	close(fd);
}

static bool
has_secret(const char *bytes, size_t len)
{
	return bytes != NULL && memmem(bytes, len, "secret", 6) != NULL;
}

/*
 * A token is nowhere once its question was read: not where requests come in,
 * not with what waits for its answer, nor with what is not whole yet.
 */
static void
of_a_secret_that_was_read_nothing_is_left(void **state)
{
	static const char asks[] =
	    "GET /later HTTP/1.1\r\nHost: x\r\nAuthorization: secret-one\r\n"
	    "\r\nGET /ready HTTP/1.1\r\nHost: x\r\nX: ";
	struct world *world = *state;
	int fd = dial(world), other = dial(world);

	say(fd, asks);
	while (world->later == NULL)
		turn(world, true);
	assert_false(has_secret(world->server->input, INPUT_MAX));
	assert_non_null(world->later->held);
	assert_false(has_secret(world->later->held, world->later->held_len));
	assert_true(slice_is(rdap_request_path(world->later), "/later"));
	/* Of one that never becomes whole, either. */
	say(other, "GET /a HTTP/1.1\r\nAuthorization: secret-two");
	for (unsigned i = 0; i < 4; i++)
		turn(world, false);
	assert_false(has_secret(world->server->input, INPUT_MAX));
	say(other, "\r\nHost: x\r\n\r\n");
	hear(world, other, "body");
	assert_false(has_secret(world->server->input, INPUT_MAX));
	assert_null(world->server->last->kept);
	/* What comes behind the last request is thrown away, and written over. */
	say(other, "GET /a HTTP/2.0\r\nAuthorization: secret-three\r\n\r\n");
	hear(world, other, NULL);
	say(other, "Authorization: secret-four\r\n");
	for (unsigned i = 0; i < 4; i++)
		turn(world, false);
	assert_false(has_secret(world->server->input, INPUT_MAX));
	rdap_answer(world->later, 200, NULL, 0, SLICE("late"));
	hear(world, fd, "late");
	close(fd);
	close(other);
}

/* --- how an answer ended --- */

static void
ended(void *arg, enum rdap_end end)
{
	struct world *world = arg;

	world->ends++;
	world->end = end;
}

static int
ask_for_later(struct world *world)
{
	int fd = dial(world);

	world->later = NULL;
	say(fd, GET("/later"));
	while (world->later == NULL)
		turn(world, true);
	turn(world, false);
	rdap_request_watch(world->later, ended, world);
	return fd;
}

/* More than any socket takes over at once. */
static void
answer_at_length(struct world *world, char *body)
{
	memset(body, 'x', LONG);
	memcpy(body + LONG - 4, "end.", 4);
	rdap_answer(
	    world->later, 200, NULL, 0, (struct slice){body, LONG});
	for (unsigned i = 0; i < 20; i++)
		turn(world, false);
}

static void
who_has_gone_is_noticed_before_the_answer(void **state)
{
	struct world *world = *state;
	int fd = ask_for_later(world);

	assert_false(rdap_request_is_gone(world->later));
	/* What it says behind its question does not hide its end. */
	say(fd, GET("/ready"));
	assert_false(rdap_request_is_gone(world->later));
	close(fd);
	assert_true(rdap_request_is_gone(world->later));
	assert_int_equal(rdap_server_connections(world->server), 0);
	assert_int_equal(world->ends, 0);
	rdap_answer(world->later, 200, NULL, 0, SLICE("late"));
	assert_int_equal(world->ends, 1);
	assert_int_equal(world->end, RDAP_GONE);
}

static void
an_answer_is_sent_when_all_of_it_has_left(void **state)
{
	struct world *world = *state;
	int fd = ask_for_later(world);
	char *body = malloc(LONG);

	answer_at_length(world, body);
	assert_int_equal(world->ends, 0);
	hear(world, fd, "end.");
	for (unsigned i = 0; i < 20 && world->ends == 0; i++)
		turn(world, false);
	assert_int_equal(world->ends, 1);
	assert_int_equal(world->end, RDAP_SENT);
	/* Nothing of the next is told to who watched this one. */
	say(fd, GET("/ready"));
	hear(world, fd, "hi");
	close(fd);
	turn(world, true);
	assert_int_equal(world->ends, 1);
	free(body);
}

static void
an_answer_that_breaks_off_is_neither_sent_nor_unsent(void **state)
{
	struct world *world = *state;
	int fd = ask_for_later(world);
	char *body = malloc(LONG);

	answer_at_length(world, body);
	assert_int_equal(world->ends, 0);
	close(fd);
	while (world->ends == 0)
		turn(world, true);
	assert_int_equal(world->end, RDAP_CUT);
	ask_for_later(world);
	answer_at_length(world, body);
	rdap_server_destroy(world->server);
	world->server = NULL;
	assert_int_equal(world->ends, 2);
	assert_int_equal(world->end, RDAP_CUT);
	free(body);
}

/* A watched answer that is given at once ends before the next is begun. */
static void
the_end_of_each_of_several_is_told(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	world->watches = true;
	say(fd, GET("/a") GET("/b") GET("/c"));
	for (unsigned i = 0; i < 20 && world->ends < 3; i++)
		turn(world, false);
	assert_int_equal(world->ends, 3);
	assert_int_equal(world->end, RDAP_SENT);
	close(fd);
}

/* However many do not read, what waits for them has one bound. */
static void
who_does_not_read_makes_room_for_others(void **state)
{
	struct world *world = *state;
	int slow[CONNECTIONS - 1], fd;
	char *body = malloc(LONG);
	unsigned before;

	for (size_t i = 0; i < CONNECTIONS - 1; i++) {
		slow[i] = ask_for_later(world);
		answer_at_length(world, body);
	}
	before = world->ends;
	assert_true(before != 0);
	assert_int_equal(world->end, RDAP_CUT);
	assert_true(rdap_server_connections(world->server) < CONNECTIONS - 1);
	/* The one that was answered last is there, and others are heard. */
	fd = dial(world);
	say(fd, GET("/ready"));
	assert_string_equal(hear(world, fd, "hi"), ready);
	close(fd);
	hear(world, slow[CONNECTIONS - 2], "end.");
	for (unsigned i = 0; i < 20 && world->ends == before; i++)
		turn(world, false);
	assert_int_equal(world->ends, before + 1);
	assert_int_equal(world->end, RDAP_SENT);
	for (size_t i = 0; i < CONNECTIONS - 1; i++)
		close(slow[i]);
	free(body);
}

/* More than a socket takes at once waits, and nobody is asked meanwhile. */
static void
a_long_answer_arrives_whole(void **state)
{
	struct world *world = *state;
	char *body = malloc(LONG);
	int fd = dial(world);

	memset(body, 'x', LONG);
	memcpy(body + LONG - 4, "end.", 4);
	world->body = (struct slice){body, LONG};
	say(fd, GET("/a") GET("/b"));
	for (unsigned i = 0; i < 20; i++)
		turn(world, false);
	assert_int_equal(world->asked, 1);
	hear(world, fd, "end.");
	while (world->asked < 2)
		turn(world, false);
	hear(world, fd, "end.");
	assert_string_equal(world->paths, "/a /b ");
	close(fd);
	free(body);
}

static void
who_is_silent_is_cut_off(void **state)
{
	struct world *world = *state;
	int idle = dial(world), slow = dial(world);

	say(slow, "GET ");
	turn(world, true);
	assert_int_equal(rdap_server_connections(world->server), 2);
	for (unsigned i = 0;
	     i < TURNS && rdap_server_connections(world->server) != 0; i++) {
		send(slow, "a", i % 50 == 0, MSG_NOSIGNAL);
		turn(world, true);
	}
	assert_int_equal(rdap_server_connections(world->server), 0);
	close(idle);
	close(slow);
}

static void
more_connections_than_allowed_wait_their_turn(void **state)
{
	struct world *world = *state;
	int fds[CONNECTIONS + 1];

	for (size_t i = 0; i <= CONNECTIONS; i++)
		fds[i] = dial(world);
	say(fds[CONNECTIONS], GET("/ready"));
	for (unsigned i = 0; i < 10; i++)
		turn(world, false);
	assert_int_equal(rdap_server_connections(world->server), CONNECTIONS);
	assert_int_equal(world->asked, 0);
	close(fds[0]);
	assert_string_equal(hear(world, fds[CONNECTIONS], "hi"), ready);
	for (size_t i = 1; i <= CONNECTIONS; i++)
		close(fds[i]);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
	    CASE(a_connection_stays_for_more_than_one_question),
	    CASE(requests_in_one_piece_are_answered_in_their_order),
	    CASE(a_request_in_pieces_is_one),
	    CASE(a_head_has_no_body_behind_it),
	    CASE(who_wants_to_leave_is_let_go),
	    CASE(what_is_no_request_is_refused),
	    CASE(a_head_without_end_is_refused),
	    CASE(a_body_ends_the_connection),
	    CASE(an_answer_may_come_later),
	    CASE(an_answer_after_the_end_is_nobodys),
	    CASE(of_a_secret_that_was_read_nothing_is_left),
	    CASE(who_has_gone_is_noticed_before_the_answer),
	    CASE(an_answer_is_sent_when_all_of_it_has_left),
	    CASE(an_answer_that_breaks_off_is_neither_sent_nor_unsent),
	    CASE(the_end_of_each_of_several_is_told),
	    CASE(who_does_not_read_makes_room_for_others),
	    CASE(a_long_answer_arrives_whole),
	    CASE(who_is_silent_is_cut_off),
	    CASE(more_connections_than_allowed_wait_their_turn),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
