/*
 * Messages between processes: whole and in order however they are cut, all of
 * one turn in one write, descriptors with theirs, and bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/wire_stream.h"

struct world {
	struct loop *loop;
	struct wire_stream *stream;
	int other; /* the far end */
	size_t count, bytes, longest, gone, fd_count;
	char last[64];
	int fds[8];
	bool refuse;
	const char *where; /* the last message lay */
};

static bool
received(void *context, struct slice message, int fd)
{
	struct world *world = context;

	if (world->refuse)
		return false;
	world->count++;
	world->where = message.data;
	world->bytes += message.len;
	if (message.len > world->longest)
		world->longest = message.len;
	snprintf(world->last, sizeof(world->last), "%.*s",
	    (int)(message.len < 60 ? message.len : 60), message.data);
	if (fd >= 0)
		world->fds[world->fd_count++] = fd;
	return true;
}

static void
gone(void *context)
{
	struct world *world = context;

	world->gone++;
}

static void
make_wiping(struct world *world, bool fds, bool wipes)
{
	struct fail fail = FAIL_INIT;
	struct wire_stream_options options = {.received = received,
	    .gone = gone,
	    .context = world,
	    .wipes = wipes,
	    .fds = fds};
	int ends[2];

	world->loop = loop_create();
	options.base = loop_base(world->loop);
	assert_true(wire_stream_pair(ends, &fail));
	world->stream = wire_stream_create(&options, ends[0], &fail);
	assert_non_null(world->stream);
	world->other = ends[1];
}

static void
make(struct world *world, bool fds)
{
	make_wiping(world, fds, false);
}

static int
start(void **state)
{
	*state = calloc(1, sizeof(struct world));
	make(*state, true);
	return 0;
}

static int
finish(void **state)
{
	struct world *world = *state;

	wire_stream_destroy(world->stream);
	for (size_t i = 0; i < world->fd_count; i++)
		close(world->fds[i]);
	close(world->other);
	loop_destroy(world->loop);
	free(world);
	return 0;
}

static void
turn(struct world *world)
{
	event_base_loop(loop_base(world->loop), EVLOOP_NONBLOCK);
}

static void
write_other(struct world *world, const char *data, size_t len)
{
	assert_int_equal(write(world->other, data, len), len);
}

/* The room for messages is kept for the next: what was in it is not. */
static void
of_a_message_that_was_read_nothing_is_left(void **state)
{
	static const char bytes[] = "\6\0\0\0secret";
	struct world *world = calloc(1, sizeof(*world));

	*state = world;
	make_wiping(world, true, true);
	for (size_t cut = 1; cut < sizeof(bytes) - 1; cut += 4) {
		write_other(world, bytes, cut);
		turn(world);
		write_other(world, bytes + cut, sizeof(bytes) - 1 - cut);
		turn(world);
		assert_string_equal(world->last, "secret");
		assert_memory_equal(world->where, "\0\0\0\0\0\0", 6);
	}
	assert_int_equal(world->count, 3);
}

static void
messages_come_whole_however_they_are_cut(void **state)
{
	static const char bytes[] = "\5\0\0\0first\0\0\0\0\6\0\0\0second";
	struct world *world = *state;

	for (size_t i = 0; i + 1 < sizeof(bytes); i++) {
		write_other(world, bytes + i, 1);
		turn(world);
	}
	assert_int_equal(world->count, 3);
	assert_string_equal(world->last, "second");
	for (size_t cut = 1; cut + 2 < sizeof(bytes); cut++) {
		world->count = 0;
		write_other(world, bytes, cut);
		turn(world);
		write_other(world, bytes + cut, sizeof(bytes) - 1 - cut);
		turn(world);
		assert_int_equal(world->count, 3);
	}
}

static void
all_of_one_turn_leave_in_one_write(void **state)
{
	struct world *world = *state;
	char bytes[256];

	wire_stream_send(world->stream, SLICE("one"));
	wire_stream_post(world->stream, 'k', SLICE("two"), -1);
	wire_stream_send(world->stream, SLICE(""));
	assert_true(wire_stream_waits(world->stream));
	assert_int_equal(recv(world->other, bytes, sizeof(bytes), 0), -1);
	turn(world);
	assert_false(wire_stream_waits(world->stream));
	assert_int_equal(recv(world->other, bytes, sizeof(bytes), 0), 19);
	assert_memory_equal(bytes, "\3\0\0\0one\4\0\0\0ktwo\0\0\0\0", 19);
}

/* The other end works on the first of many while the rest is written. */
static void
much_leaves_before_the_turn_ends(void **state)
{
	struct world *world = *state;
	static char data[1000], bytes[8192];
	struct slice message = {data, sizeof(data)};

	for (int i = 0; i < 4; i++) {
		wire_stream_send(world->stream, message);
		assert_int_equal(
		    recv(world->other, bytes, sizeof(bytes), 0), -1);
	}
	wire_stream_send(world->stream, message);
	assert_false(wire_stream_waits(world->stream));
	assert_int_equal(recv(world->other, bytes, sizeof(bytes), 0), 5 * 1004);
	wire_stream_send(world->stream, SLICE("one"));
	assert_true(wire_stream_waits(world->stream));
	turn(world);
	assert_int_equal(recv(world->other, bytes, sizeof(bytes), 0), 7);
}

static void
what_is_late_leaves_with_the_next_or_by_itself(void **state)
{
	struct world *world = *state;
	char bytes[256];

	wire_stream_send_late(world->stream, SLICE("one"));
	assert_true(wire_stream_waits(world->stream));
	wire_stream_send(world->stream, SLICE("two"));
	turn(world);
	assert_int_equal(recv(world->other, bytes, sizeof(bytes), 0), 14);
	assert_memory_equal(bytes, "\3\0\0\0one\3\0\0\0two", 14);
	wire_stream_send_late(world->stream, SLICE("three"));
	while (wire_stream_waits(world->stream))
		event_base_loop(loop_base(world->loop), EVLOOP_ONCE);
	assert_int_equal(recv(world->other, bytes, sizeof(bytes), 0), 9);
	assert_memory_equal(bytes, "\5\0\0\0three", 9);
}

/* A stream to ourselves at the other end; both ends in one loop. */
static struct wire_stream *
far_end(struct world *world, struct world *far, bool fds)
{
	struct fail fail = FAIL_INIT;
	const struct wire_stream_options options = {
	    .base = loop_base(world->loop),
	    .received = received,
	    .gone = gone,
	    .context = far,
	    .fds = fds};
	struct wire_stream *stream =
	    wire_stream_create(&options, dup(world->other), &fail);

	assert_non_null(stream);
	return stream;
}

static void
long_messages_and_many_pass(void **state)
{
	struct world *world = *state, far = {.count = 0};
	struct wire_stream *stream = far_end(world, &far, false);
	size_t total = 0, count = 0, size = 3 * 1024 * 1024 + 7;
	char *data = calloc(1, size);

	for (size_t len = size; len > 0; len /= 3) {
		for (int i = 0; i < 5; i++, count++, total += len)
			assert_true(wire_stream_send(
			    world->stream, (struct slice){data, len}));
	}
	for (int i = 0; i < 10000 && far.count < count; i++)
		turn(world);
	assert_int_equal(far.count, count);
	assert_int_equal(far.bytes, total);
	assert_int_equal(far.longest, size);
	assert_int_equal(far.gone, 0);
	free(data);
	wire_stream_destroy(stream);
}

/* Is it the writing end of this pipe? */
static void
is_pipe(int fd, int reading, const char *word)
{
	char got[8] = "";

	assert_int_equal(write(fd, word, strlen(word)), strlen(word));
	assert_int_equal(read(reading, got, sizeof(got)), strlen(word));
	assert_string_equal(got, word);
}

static void
a_descriptor_comes_with_its_message(void **state)
{
	struct world *world = *state, far = {.count = 0};
	struct wire_stream *stream = far_end(world, &far, true);
	int pipes[3][2];

	wire_stream_send(world->stream, SLICE("none"));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		wire_stream_post(
		    world->stream, 'f', SLICE("d"), pipes[i][1]);
		wire_stream_send(world->stream, SLICE("none"));
	}
	for (int i = 0; i < 20; i++)
		turn(world);
	assert_int_equal(far.count, 7);
	assert_int_equal(far.fd_count, 3);
	for (int i = 0; i < 3; i++) {
		is_pipe(far.fds[i], pipes[i][0], "abc");
		close(far.fds[i]);
		close(pipes[i][0]);
	}
	wire_stream_destroy(stream);
}

static void
a_promised_descriptor_that_is_missing_ends_it(void **state)
{
	struct world *world = *state;

	write_other(world, "\1\0\0\x80x", 5);
	turn(world);
	assert_int_equal(world->count, 0);
	assert_int_equal(world->gone, 1);
}

static void
nonsense_ends_it_once(void **state)
{
	struct world *world = *state;

	write_other(world, "\xff\xff\xff\x7f", 4);
	turn(world);
	turn(world);
	assert_int_equal(world->gone, 1);
	assert_false(wire_stream_send(world->stream, SLICE("x")));
	turn(world);
	assert_int_equal(world->gone, 1);
}

static void
a_refused_message_and_an_end_are_told(void **state)
{
	struct world *world = *state;

	world->refuse = true;
	write_other(world, "\1\0\0\0x", 5);
	turn(world);
	assert_int_equal(world->gone, 1);
}

static void
the_far_end_goes_away(void **state)
{
	struct world *world = *state;

	shutdown(world->other, SHUT_RDWR);
	turn(world);
	assert_int_equal(world->gone, 1);
	assert_false(wire_stream_send(world->stream, SLICE("x")));
}

static void
a_queue_that_grows_too_long_ends_it(void **state)
{
	struct world *world = *state;
	size_t size = 8 * 1024 * 1024, taken = 0;
	char *data = calloc(1, size);

	while (wire_stream_send(world->stream, (struct slice){data, size}))
		taken++;
	assert_in_range(taken, 7, 8);
	assert_int_equal(world->gone, 0);
	turn(world);
	assert_int_equal(world->gone, 1);
	free(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(
		of_a_message_that_was_read_nothing_is_left, finish),
	    TEST(messages_come_whole_however_they_are_cut),
	    TEST(all_of_one_turn_leave_in_one_write),
	    TEST(much_leaves_before_the_turn_ends),
	    TEST(what_is_late_leaves_with_the_next_or_by_itself),
	    TEST(long_messages_and_many_pass),
	    TEST(a_descriptor_comes_with_its_message),
	    TEST(a_promised_descriptor_that_is_missing_ends_it),
	    TEST(nonsense_ends_it_once),
	    TEST(a_refused_message_and_an_end_are_told),
	    TEST(the_far_end_goes_away),
	    TEST(a_queue_that_grows_too_long_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
