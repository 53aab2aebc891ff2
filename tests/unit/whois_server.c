/*
 * The WHOIS server on a real loopback port: lines, ends, bounds.  A second
 * of patience is the only time that passes.
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
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/ask.h"
#include "net/whois_server.h"

enum { CONNECTIONS = 3, TURNS = 4000, BIG = 2000000 };

struct world {
	struct event_base *base;
	struct whois_server *server;
	struct sockaddr_in at;
	char line[2 * ASK_LINE_MAX];
	size_t len;
	unsigned asked;
	const char *answer;
	size_t repeat;
	struct slice ready;
	struct fail fail;
};

static struct slice
answer(void *context, const struct sockaddr *from, struct slice line,
    struct text *text)
{
	struct world *world = context;

	assert_int_equal(from->sa_family, AF_INET);
	assert_true(line.len <= sizeof(world->line));
	if (line.len != 0)
		memcpy(world->line, line.data, line.len);
	world->len = line.len;
	world->asked++;
	for (size_t i = 0; i < world->repeat; i++)
		text_add_string(text, world->answer);
	return world->ready;
}

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct whois_server_options options = {.connections = CONNECTIONS,
	    .patience = 1,
	    .answer = answer,
	    .context = world};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(world->at);

	*state = world;
	world->base = options.base = event_base_new();
	world->answer = "one\ntwo\n";
	world->repeat = 1;
	world->at = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(bind(fd, (struct sockaddr *)&world->at, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(
	    getsockname(fd, (struct sockaddr *)&world->at, &len), 0);
	world->server = whois_server_create(&options, fd, &world->fail);
	assert_non_null(world->server);
	return 0;
}

static int
end(void **state)
{
	struct world *world = *state;

	whois_server_destroy(world->server);
	event_base_free(world->base);
	free(world);
	return 0;
}

static int
dial(struct world *world)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    connect(fd, (struct sockaddr *)&world->at, sizeof(world->at)), 0);
	return fd;
}

/* What there is to do; waits for the next thing where that is asked. */
static void
turn(struct world *world, bool wait)
{
	event_base_loop(
	    world->base, wait ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* All that comes until the server's end is said; freed by the caller. */
static char *
hear(struct world *world, int fd, size_t *count)
{
	char *all = malloc(BIG + 1);

	*count = 0;
	for (unsigned i = 0; i < TURNS; i++) {
		ssize_t n = recv(fd, all + *count, BIG - *count, MSG_DONTWAIT);

		if (n > 0)
			*count += (size_t)n;
		else if (n == 0 || errno != EAGAIN)
			break;
		else
			turn(world, *count == 0);
	}
	all[*count] = '\0';
	return all;
}

static void
expect(struct world *world, int fd, const char *text)
{
	size_t count;
	char *got = hear(world, fd, &count);

	assert_string_equal(got, text);
	free(got);
}

static void
say(int fd, const char *text)
{
	assert_int_equal(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
a_line_is_answered_and_the_connection_ends(void **state)
{
	static const char *const lines[] = {
	    "example.jp\r\n", "example.jp\n", "example.jp\r\nmore\r\n"};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int fd = dial(world);

		say(fd, lines[i]);
		expect(world, fd, "one\r\ntwo\r\n");
		assert_int_equal(world->len, strlen("example.jp"));
		assert_memory_equal(world->line, "example.jp", world->len);
		close(fd);
	}
	assert_int_equal(world->asked, 3);
}

static void
a_line_in_pieces_is_one_line(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, "exam");
	turn(world, true);
	say(fd, "ple.jp\r");
	turn(world, true);
	assert_int_equal(world->asked, 0);
	say(fd, "\n");
	expect(world, fd, "one\r\ntwo\r\n");
	assert_memory_equal(world->line, "example.jp", world->len);
	close(fd);
}

/* `printf example.jp | nc -N`: the end of what comes ends the line too. */
static void
an_end_without_a_line_end_is_answered(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, "example.jp");
	shutdown(fd, SHUT_WR);
	expect(world, fd, "one\r\ntwo\r\n");
	close(fd);
}

static void
who_says_nothing_and_leaves_is_forgotten(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	turn(world, true);
	assert_int_equal(whois_server_connections(world->server), 1);
	close(fd);
	turn(world, true);
	assert_int_equal(whois_server_connections(world->server), 0);
	assert_int_equal(world->asked, 0);
}

/* Not a byte more than can be a line is kept of it. */
static void
an_endless_line_is_handed_over_as_too_long(void **state)
{
	struct world *world = *state;
	int fd = dial(world);
	char *much = malloc(64 * 1024 + 1);

	memset(much, 'a', 64 * 1024);
	much[64 * 1024] = '\0';
	say(fd, much);
	expect(world, fd, "one\r\ntwo\r\n");
	assert_true(world->len > ASK_LINE_MAX);
	assert_true(world->len <= ASK_LINE_MAX + 2);
	assert_int_equal(world->asked, 1);
	free(much);
	close(fd);
}

static void
a_long_answer_arrives_whole(void **state)
{
	struct world *world = *state;
	int fd = dial(world);
	size_t count;
	char *got;

	world->answer = "0123456789\n";
	world->repeat = 100000;
	say(fd, "x\r\n");
	got = hear(world, fd, &count);
	assert_int_equal(count, 1200000);
	assert_string_equal(got + count - 12, "0123456789\r\n");
	free(got);
	close(fd);
}

static void
no_answer_ends_the_connection(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	world->repeat = 0;
	say(fd, "x\r\n");
	expect(world, fd, "");
	assert_int_equal(whois_server_connections(world->server), 0);
	close(fd);
}

/* Those past the bound wait in the kernel until others have gone. */
static void
more_connections_than_allowed_wait_their_turn(void **state)
{
	struct world *world = *state;
	int fds[CONNECTIONS + 1];

	for (size_t i = 0; i <= CONNECTIONS; i++)
		fds[i] = dial(world);
	say(fds[CONNECTIONS], "x\r\n");
	for (unsigned i = 0; i < 10; i++)
		turn(world, false);
	assert_int_equal(whois_server_connections(world->server), CONNECTIONS);
	assert_int_equal(world->asked, 0);
	close(fds[0]);
	expect(world, fds[CONNECTIONS], "one\r\ntwo\r\n");
	for (size_t i = 1; i <= CONNECTIONS; i++)
		close(fds[i]);
}

/* A byte now and then does not help, nor does not reading the answer. */
static void
who_is_slow_is_cut_off(void **state)
{
	struct world *world = *state;
	int idle = dial(world), deaf = dial(world);

	world->answer = "0123456789\n";
	world->repeat = 1000000;
	say(deaf, "x\r\n");
	say(idle, "a");
	turn(world, true);
	assert_int_equal(whois_server_connections(world->server), 2);
	for (unsigned i = 0;
	     i < TURNS && whois_server_connections(world->server) != 0; i++) {
		send(idle, "a", i % 50 == 0, MSG_NOSIGNAL);
		turn(world, true);
	}
	assert_int_equal(whois_server_connections(world->server), 0);
	close(idle);
	close(deaf);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
	    CASE(a_line_is_answered_and_the_connection_ends),
	    CASE(a_line_in_pieces_is_one_line),
	    CASE(an_end_without_a_line_end_is_answered),
	    CASE(who_says_nothing_and_leaves_is_forgotten),
	    CASE(an_endless_line_is_handed_over_as_too_long),
	    CASE(a_long_answer_arrives_whole),
	    CASE(no_answer_ends_the_connection),
	    CASE(more_connections_than_allowed_wait_their_turn),
	    CASE(who_is_slow_is_cut_off),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
