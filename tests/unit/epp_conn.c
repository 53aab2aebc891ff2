/*
 * EPP connections over loopback sockets and the real loop: how frames come
 * whatever their pieces, and how each end comes.
 */
#include "epp_conn_world.h"

enum { MANY = 16 };

/* --- frames --- */

static void
test_one_byte_a_record(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};
	char frames[128];
	size_t len = put_frame(frames, "<hello/>");

	len += put_frame(frames + len, "<x/>");
	assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
	for (size_t i = 0; i < len; i++) {
		hand_write(&hand, frames + i, 1);
		run_turns(world, 2);
	}
	run_until(world, &world->ends[0].frames, 2);
	assert_string_equal(world->ends[0].last, "<x/>");
	assert_int_equal(world->ends[0].bytes, 12);
	hand_finish(&hand);
}

static void
test_many_frames_in_one_record(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};
	char frames[16000];
	size_t len = 0;

	for (int i = 0; i < 1000; i++)
		len += put_frame(frames + len, "<hello/>");
	assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
	hand_write(&hand, frames, len);
	run_until(world, &world->ends[0].frames, 1000);
	assert_int_equal(world->ends[0].bytes, 8000);
	hand_finish(&hand);
}

/*
 * All lies in the socket, and by one read in OpenSSL, before the first frame
 * is looked at: no event tells of the rest.
 */
static void
test_data_within_openssl_is_found(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};
	char frame[64];
	size_t len = put_frame(frame, "<hello/>");

	assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
	for (int i = 0; i < 2000; i++)
		hand_write(&hand, frame, len);
	run_until(world, &world->ends[0].frames, 2000);
	hand_finish(&hand);
}

static void
test_large_frames_both_ways(void **state)
{
	struct world *world = *state;
	static char large[FRAME_LIMIT - EPP_FRAMING_HEADER];
	struct end client = {0};
	struct digest expected, seen;
	struct digest_run run;

	meet(world, &client);
	world->ends[0].echo = true;
	digest_start(&run);
	for (unsigned i = 0; i < 4; i++) {
		for (size_t j = 0; j < sizeof(large); j++)
			large[j] = (char)('a' + (i + j) % 23);
		digest_add(&run, large, sizeof(large));
		assert_true(client.conn->operations->send(
		    client.conn, (struct slice){large, sizeof(large)}));
	}
	run_until(world, &client.frames, 4);
	expected = digest_end(&run);
	seen = digest_end(&client.run);
	assert_true(digest_equal(&expected, &seen));
	assert_int_equal(client.conn->operations->queued(client.conn), 0);
	leave(&client);
}

static void
test_impossible_lengths(void **state)
{
	struct world *world = *state;
	const char headers[][5] = {"\0\0\0\4", "\0\0\0\0", "\0\1\0\1",
	    "\377\377\377\377", "\200\0\0\5"};

	for (unsigned i = 0; i < 5; i++) {
		struct hand hand = {0};

		assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
		hand_write(&hand, headers[i], 4);
		run_until(world, &world->ends[i].closed, 1);
		assert_int_equal(world->ends[i].fail.kind, FAIL_INPUT);
		assert_string_equal(world->ends[i].fail.text,
		    "a frame's length is not between 5 and 65536 bytes");
		assert_int_equal(world->ends[i].frames, 0);
		hand_finish(&hand);
	}
}

static void
test_frames_cut_short(void **state)
{
	struct world *world = *state;
	const size_t cuts[] = {1, 4, 11};
	char frame[64];

	put_frame(frame, "<hello/>");
	for (unsigned i = 0; i < 3; i++) {
		struct hand hand = {0};

		assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
		hand_write(&hand, frame, cuts[i]);
		if (i != 1)
			SSL_shutdown(hand.ssl);
		shutdown(hand.fd, SHUT_WR);
		run_until(world, &world->ends[i].closed, 1);
		hand_finish(&hand);
		assert_int_equal(world->ends[i].fail.kind, FAIL_INPUT);
		assert_string_equal(
		    world->ends[i].fail.text, "the peer left within a frame");
	}
}

/* --- times --- */

/* All at once, as each takes a second: half a frame, no hello, no word. */
static void
test_silence(void **state)
{
	struct world *world = *state;
	struct hand half = {0}, idle = {0}, well = {0};
	struct end *ends = world->ends;
	char frame[64];
	int fd;

	put_frame(frame, "<hello/>");
	assert_true(hand_shake(world, &half, TLS1_3_VERSION));
	assert_true(hand_shake(world, &idle, TLS1_3_VERSION));
	assert_true(hand_shake(world, &well, TLS1_3_VERSION));
	ends[1].conn->operations->patience(ends[1].conn, 1);
	hand_write(&half, frame, 5);
	fd = connect_to(world->address);
	run_until(world, &ends[0].closed, 1);
	run_until(world, &ends[1].closed, 1);
	run_until(world, &ends[3].closed, 1);
	assert_string_equal(
	    ends[0].fail.text, "a frame was not whole within 1 s");
	assert_string_equal(ends[1].fail.text, "the peer was silent for 1 s");
	assert_string_equal(ends[3].fail.text, "tls: no handshake within 1 s");
	hand_write(&well, frame, 12);
	run_until(world, &ends[2].frames, 1);
	hand_finish(&half);
	hand_finish(&idle);
	hand_finish(&well);
	close(fd);
}

/* --- what the owner does --- */

static void
test_queue_is_bounded(void **state)
{
	struct world *world = *state;
	static char large[60000];
	struct hand hand = {0};
	struct end *end = &world->ends[0];
	int sent = 0;

	memset(large, 'x', sizeof(large));
	assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
	while (sent < 2000 && end->conn->operations->send(end->conn,
				  (struct slice){large, sizeof(large)})) {
		assert_true(
		    end->conn->operations->queued(end->conn) <= QUEUE_LIMIT);
		run_turns(world, 1);
		sent++;
	}
	assert_in_range(sent, 5, 1999);
	assert_int_equal(end->closed, 0);
	run_until(world, &end->closed, 1);
	assert_int_equal(end->fail.kind, FAIL_WORLD);
	hand_finish(&hand);
}

/* A record's worth of frames need not wait for those that follow. */
static void
test_much_leaves_within_the_turn(void **state)
{
	struct world *world = *state;
	static char large[8000];
	struct end client = {0};
	struct epp_conn *conn;

	memset(large, 'x', sizeof(large));
	meet(world, &client);
	conn = world->ends[0].conn;
	for (unsigned i = 1; i <= 5; i++) {
		assert_true(conn->operations->send(
		    conn, (struct slice){large, sizeof(large)}));
		assert_int_equal(conn->operations->queued(conn), i % 3 * 8004);
	}
	run_until(world, &client.frames, 5);
	assert_int_equal(client.bytes, 5 * sizeof(large));
	leave(&client);
}

/* What is found broken within a call is told when the turn ends. */
static void
test_a_peer_that_is_gone_is_not_told_within_a_call(void **state)
{
	struct world *world = *state;
	static char large[20000];
	struct hand hand = {0};
	struct end *end = &world->ends[0];

	memset(large, 'x', sizeof(large));
	assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
	hand_reset(&hand);
	for (int i = 0; i < 3; i++)
		(void)end->conn->operations->send(
		    end->conn, (struct slice){large, sizeof(large)});
	assert_int_equal(end->closed, 0);
	run_until(world, &end->closed, 1);
	assert_int_equal(end->fail.kind, FAIL_WORLD);
}

/* MANY clients, whose ends note how many of them have something to write. */
static void
meet_many(struct world *world, struct end *clients, unsigned *most)
{
	memset(clients, 0, MANY * sizeof(*clients));
	for (int i = 0; i < MANY; i++) {
		meet(world, &clients[i]);
		world->ends[i].most_waiting = most;
		world->ends[i].world = world;
	}
}

/* However many speak in one turn, the first do not wait for the last. */
static void
test_answers_leave_while_others_are_read(void **state)
{
	struct world *world = *state;
	static struct end clients[MANY];
	unsigned most = 0;

	meet_many(world, clients, &most);
	for (int i = 0; i < MANY; i++)
		world->ends[i].echo = true;
	for (int i = 0; i < MANY; i++)
		clients[i].conn->operations->send(
		    clients[i].conn, SLICE("<hello/>"));
	for (int i = 0; i < MANY; i++)
		run_until(world, &clients[i].frames, 1);
	assert_in_range(most, 4, 8);
	for (int i = 0; i < MANY; i++)
		leave(&clients[i]);
}

/* As a registry's, of which each goes to another backend. */
static void
test_answers_leave_while_one_is_read(void **state)
{
	struct world *world = *state;
	static struct end clients[MANY];
	unsigned most = 0;

	meet_many(world, clients, &most);
	world->ends[0].spread = true;
	for (int i = 0; i < 2 * MANY; i++)
		clients[0].conn->operations->send(
		    clients[0].conn, SLICE("<hello/>"));
	for (int i = 0; i < MANY; i++)
		run_until(world, &clients[i].frames, 2);
	assert_int_equal(most, 8);
	for (int i = 0; i < MANY; i++)
		leave(&clients[i]);
}

/*
 * A registry's frames are read, and a backend to which one of them goes is
 * found gone: its end is that of the line it had.
 */
static void
test_one_that_is_read_is_closed_by_the_end_of_another(void **state)
{
	enum { OTHERS = 8, FRAMES = 30 };
	struct world *world = *state;
	struct hand speaker = {0}, gone = {0};
	static struct end clients[OTHERS];
	char frames[FRAMES * 12];
	size_t len = 0;

	memset(clients, 0, sizeof(clients));
	assert_true(hand_shake(world, &speaker, TLS1_3_VERSION));
	assert_true(hand_shake(world, &gone, TLS1_3_VERSION));
	for (int i = 0; i < OTHERS; i++)
		meet(world, &clients[i]);
	world->ends[0].world = world;
	world->ends[0].spread = true;
	world->ends[1].close_when_closed = &world->ends[0];
	for (int i = 0; i < FRAMES; i++)
		len += put_frame(frames + len, "<hello/>");
	hand_write(&speaker, frames, len);
	hand_reset(&gone);
	run_until(world, &world->ends[1].closed, 1);
	run_turns(world, 5);
	assert_int_equal(world->ends[0].closed, 0);
	assert_in_range(world->ends[0].frames, 1, FRAMES - 1);
	for (int i = 0; i < OTHERS; i++)
		leave(&clients[i]);
	hand_finish(&speaker);
}

static void
test_close_from_a_frame(void **state)
{
	struct world *world = *state;
	struct hand one = {0}, two = {0};
	char frames[240];
	size_t len = 0;

	for (int i = 0; i < 20; i++)
		len += put_frame(frames + len, "<hello/>");
	assert_true(hand_shake(world, &one, TLS1_3_VERSION));
	assert_true(hand_shake(world, &two, TLS1_3_VERSION));
	/* The first closes the second, and then itself. */
	world->ends[0].close_on_frame = &world->ends[1];
	world->ends[0].close_at = 3;
	hand_write(&one, frames, len);
	hand_write(&two, frames, len);
	run_until(world, &world->ends[0].frames, 20);
	assert_true(world->ends[1].frames == 0 || world->ends[1].frames == 20);
	world->ends[0].close_on_frame = &world->ends[0];
	world->ends[0].close_at = 25;
	hand_write(&one, frames, len);
	run_until(world, &world->ends[0].frames, 25);
	run_turns(world, 20);
	assert_int_equal(world->ends[0].frames, 25);
	assert_int_equal(world->ends[0].closed + world->ends[1].closed, 0);
	hand_finish(&one);
	hand_finish(&two);
	run_turns(world, 20);
}

/* What was queued before close() arrives, though the peer still sends. */
static void
test_close_flushes(void **state)
{
	struct world *world = *state;
	static char large[60000];
	struct end client = {0};
	struct event_base *base = loop_base(world->loop);
	struct epp_conn *conn;

	memset(large, 'x', sizeof(large));
	meet(world, &client);
	conn = world->ends[0].conn;
	assert_false(epp_conn_leaving(base));
	for (int i = 0; i < 4; i++)
		assert_true(conn->operations->send(
		    conn, (struct slice){large, sizeof(large)}));
	assert_true(conn->operations->send(conn, SLICE("<bye/>")));
	leave(&world->ends[0]);
	assert_true(epp_conn_leaving(base));
	assert_false(conn->operations->send(conn, SLICE("<late/>")));
	client.conn->operations->send(client.conn, SLICE("<hello/>"));
	run_until(world, &client.closed, 1);
	assert_int_equal(client.frames, 5);
	assert_string_equal(client.last, "<bye/>");
	assert_int_equal(client.fail.kind, FAIL_NONE);
	assert_int_equal(world->ends[0].frames, 0);
	run_turns(world, 20);
	assert_false(epp_conn_leaving(base));
}

static void
test_pause(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};
	struct end *end = &world->ends[0];
	char frames[1200];
	size_t len = 0;

	for (int i = 0; i < 100; i++)
		len += put_frame(frames + len, "<hello/>");
	assert_true(hand_shake(world, &hand, TLS1_3_VERSION));
	end->pause_on_frame = true;
	hand_write(&hand, frames, len);
	SSL_shutdown(hand.ssl);
	for (unsigned i = 1; i <= 100; i++) {
		run_until(world, &end->frames, i);
		run_turns(world, 3);
		assert_int_equal(end->frames, i);
		if (end->conn != NULL)
			end->conn->operations->pause(end->conn, false);
	}
	run_until(world, &end->closed, 1);
	assert_int_equal(end->fail.kind, FAIL_NONE);
	hand_finish(&hand);
}

/* --- listening and dialing --- */

static void
test_connections_are_bounded(void **state)
{
	struct world *world = *state;
	struct end clients[4] = {0};

	epp_listener_destroy(world->listener);
	epp_tcp_dialer_destroy(world->dialer);
	world_listen(world, 2);
	world->dialer = dialer_to(world, world->client_tls, world->address);
	for (int i = 0; i < 3; i++)
		dial_with(world->dialer, &clients[i]);
	run_until(world, &clients[0].opened, 1);
	run_until(world, &clients[1].opened, 1);
	run_turns(world, 50);
	assert_int_equal(world->accepted, 2);
	assert_int_equal(clients[2].opened, 0);
	leave(&clients[0]);
	run_until(world, &clients[2].opened, 1);
	assert_int_equal(world->accepted, 3);
	leave(&clients[1]);
	leave(&clients[2]);
}

static void
test_accept_may_refuse(void **state)
{
	struct world *world = *state;
	struct end client = {0};

	world->refuse = true;
	dial_with(world->dialer, &client);
	run_until(world, &client.closed, 1);
	assert_int_equal(client.fail.kind, FAIL_WORLD);
	assert_int_equal(world->accepted, 0);
}

static void
test_descriptors_run_out(void **state)
{
	struct world *world = *state;
	struct end client = {0};
	struct rlimit limit, less;
	int fd = connect_to(world->address);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	less = limit;
	less.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
	run_turns(world, 50);
	assert_int_equal(world->accepted, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	dial_with(world->dialer, &client);
	run_until(world, &world->accepted, 2);
	run_until(world, &client.opened, 1);
	leave(&client);
	close(fd);
}

static void
test_dials_that_fail(void **state)
{
	struct world *world = *state;
	struct end client = {0};
	struct fail fail = FAIL_INIT;
	char address[64], text_of[128];
	int fd = listen_on(address, sizeof(address));
	struct epp_dialer *dialer =
	    dialer_to(world, world->client_tls, address);

	close(fd);
	dial_with(dialer, &client);
	assert_int_equal(client.closed, 0);
	epp_tcp_dialer_destroy(dialer);
	run_until(world, &client.closed, 1);
	snprintf(text_of, sizeof(text_of),
	    "127.0.0.1 port %s: Connection refused", strchr(address, ':') + 1);
	assert_string_equal(client.fail.text, text_of);
	assert_null(epp_tcp_dialer_create(
	    &(struct epp_tcp_options){.base = loop_base(world->loop),
		.loop = world->loop,
		.tls = world->client_tls,
		.address = "2001:db8::1:700"},
	    &fail));
	assert_string_equal(fail.text, "2001:db8::1:700: not HOST:PORT");
}

static void
test_close_before_anything(void **state)
{
	struct world *world = *state;

	for (int turns = 0; turns < 12; turns++) {
		struct end client = {0};
		unsigned told;

		dial_with(world->dialer, &client);
		run_turns(world, turns);
		told = client.opened;
		leave(&client);
		run_turns(world, 20);
		assert_int_equal(client.opened, told);
		assert_int_equal(client.closed, 0);
	}
}

/* A name that is known here needs nobody to be asked. */
static void
test_names(void **state)
{
	struct world *world = *state;
	struct end client = {0}, gone = {0};
	char address[64];
	struct epp_dialer *dialer;

	snprintf(address, sizeof(address), "localhost:%s",
	    strchr(world->address, ':') + 1);
	dialer = dialer_to(world, world->client_tls, address);
	dial_with(dialer, &client);
	dial_with(dialer, &gone);
	leave(&gone);
	epp_tcp_dialer_destroy(dialer);
	run_until(world, &client.opened, 1);
	leave(&client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_one_byte_a_record),
	    TEST(test_many_frames_in_one_record),
	    TEST(test_data_within_openssl_is_found),
	    TEST(test_large_frames_both_ways),
	    TEST(test_impossible_lengths),
	    TEST(test_frames_cut_short),
	    TEST(test_silence),
	    TEST(test_queue_is_bounded),
	    TEST(test_much_leaves_within_the_turn),
	    TEST(test_a_peer_that_is_gone_is_not_told_within_a_call),
	    TEST(test_answers_leave_while_others_are_read),
	    TEST(test_answers_leave_while_one_is_read),
	    TEST(test_one_that_is_read_is_closed_by_the_end_of_another),
	    TEST(test_close_from_a_frame),
	    TEST(test_close_flushes),
	    TEST(test_pause),
	    TEST(test_connections_are_bounded),
	    TEST(test_accept_may_refuse),
	    TEST(test_descriptors_run_out),
	    TEST(test_dials_that_fail),
	    TEST(test_close_before_anything),
	    TEST(test_names),
	};

	return cmocka_run_group_tests(
	    tests, make_authorities, finish_authorities);
}
