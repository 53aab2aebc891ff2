/*
 * EPP connections over loopback sockets and the real loop: who is let in, how
 * frames come whatever their pieces, and how each end comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/epp_framing.h"
#include "net/epp_conn.h"
#include "runner/certificate.h"

enum { FRAME_LIMIT = 65536, QUEUE_LIMIT = 300000, LAST_TURN = 4000 };

/* One owner of a connection, and what it was told. */
struct end {
	struct epp_conn *conn;
	unsigned opened, frames, closed;
	size_t bytes;
	struct fail fail;
	char last[64];
	struct digest_run run;
	/* What to do on a frame; each is NULL or false as a rule. */
	bool echo, pause_on_frame;
	struct end *close_on_frame;
	unsigned close_at;
};

struct world {
	struct loop *loop;
	struct certificate authority, stranger, server, client, alien, old;
	struct epp_tls *server_tls, *client_tls;
	struct epp_conn_limits limits;
	struct epp_listener *listener;
	struct epp_dialer *dialer;
	char address[64];
	struct end ends[64]; /* what was accepted */
	unsigned accepted;
	bool refuse;
};

static void
end_opened(void *arg)
{
	((struct end *)arg)->opened++;
}

static void
end_frame(void *arg, struct slice xml)
{
	struct end *end = arg;

	assert_int_equal(end->closed, 0);
	end->frames++;
	end->bytes += xml.len;
	snprintf(end->last, sizeof(end->last), "%.*s",
	    xml.len < 60 ? (int)xml.len : 60, xml.data);
	digest_add(&end->run, xml.data, xml.len);
	if (end->echo)
		end->conn->operations->send(end->conn, xml);
	if (end->pause_on_frame)
		end->conn->operations->pause(end->conn, true);
	if (end->close_on_frame != NULL && end->frames == end->close_at) {
		struct end *other = end->close_on_frame;

		other->conn->operations->close(other->conn);
		other->conn = NULL;
		end->close_on_frame = NULL;
	}
}

static void
end_closed(void *arg, const struct fail *fail)
{
	struct end *end = arg;

	end->closed++;
	end->fail = *fail;
	end->conn = NULL;
}

static const struct epp_conn_events end_events = {
    .opened = end_opened, .frame = end_frame, .closed = end_closed};

static bool
accept_end(void *context, struct epp_conn *conn,
    const struct epp_conn_events **events, void **arg)
{
	struct world *world = context;
	struct end *end = &world->ends[world->accepted];

	if (world->refuse)
		return false;
	world->accepted++;
	digest_start(&end->run);
	end->conn = conn;
	*events = &end_events;
	*arg = end;
	return true;
}

static struct slice
text(const char *data)
{
	return slice_from(data);
}

static struct epp_tls *
tls_server(struct world *world)
{
	struct fail fail = FAIL_INIT;
	struct epp_tls *tls = epp_tls_create(
	    &(struct epp_tls_options){
		.server = true,
		.certificate = text(world->server.pem),
		.key = text(world->server.key),
		.authority = text(world->authority.pem),
	    },
	    &fail);

	if (tls == NULL)
		fail_msg("%s", fail.text);
	return tls;
}

static struct epp_tls *
tls_client(struct world *world, const struct certificate *shown,
    const struct certificate *trusted, const char *name)
{
	struct fail fail = FAIL_INIT;
	struct epp_tls_options options = {
	    .authority = text(trusted->pem),
	    .name = text(name),
	};
	struct epp_tls *tls;

	(void)world;
	if (shown != NULL) {
		options.certificate = text(shown->pem);
		options.key = text(shown->key);
	}
	tls = epp_tls_create(&options, &fail);
	if (tls == NULL)
		fail_msg("%s", fail.text);
	return tls;
}

static int
listen_on(char *address, size_t size)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 128), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(address, size, "127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

static void
world_listen(struct world *world, unsigned connections)
{
	struct fail fail = FAIL_INIT;
	int fd = listen_on(world->address, sizeof(world->address));

	world->listener = epp_listener_create(
	    &(struct epp_listener_options){
		.base = loop_base(world->loop),
		.loop = world->loop,
		.tls = world->server_tls,
		.limits = world->limits,
		.connections = connections,
		.accept = accept_end,
		.context = world,
	    },
	    fd, &fail);
	assert_non_null(world->listener);
}

static struct epp_dialer *
dialer_to(struct world *world, struct epp_tls *tls, const char *address)
{
	struct fail fail = FAIL_INIT;
	struct epp_dialer *dialer = epp_tcp_dialer_create(
	    &(struct epp_tcp_options){
		.base = loop_base(world->loop),
		.loop = world->loop,
		.tls = tls,
		.address = address,
		.limits = world->limits,
	    },
	    &fail);

	if (dialer == NULL)
		fail_msg("%s", fail.text);
	return dialer;
}

static void
dial_with(struct epp_dialer *dialer, struct end *end)
{
	struct fail fail = FAIL_INIT;

	digest_start(&end->run);
	end->conn = dialer->dial(dialer, &end_events, end, &fail);
	assert_non_null(end->conn);
}

static int
make_authorities(void **state)
{
	static struct world world;

	signal(SIGPIPE, SIG_IGN);
	certificate_make(&world.authority,
	    &(struct certificate_wish){.name = "Example Authority"});
	certificate_make(&world.stranger,
	    &(struct certificate_wish){.name = "Another Authority"});
	certificate_make(&world.server,
	    &(struct certificate_wish){.name = "epp.registry.example",
		.alternative = "DNS:epp.registry.example,IP:127.0.0.1",
		.issuer = &world.authority});
	certificate_make(
	    &world.client, &(struct certificate_wish){.name = "Example Backend",
			       .issuer = &world.authority});
	certificate_make(
	    &world.alien, &(struct certificate_wish){
			      .name = "Somebody", .issuer = &world.stranger});
	certificate_make(
	    &world.old, &(struct certificate_wish){.name = "Example Backend",
			    .issuer = &world.authority,
			    .expired = true});
	*state = &world;
	return 0;
}

static int
finish_authorities(void **state)
{
	struct world *world = *state;

	certificate_finish(&world->authority);
	certificate_finish(&world->stranger);
	certificate_finish(&world->server);
	certificate_finish(&world->client);
	certificate_finish(&world->alien);
	certificate_finish(&world->old);
	return 0;
}

static int
world_make(void **state)
{
	struct world *world = *state;

	world->loop = loop_create();
	world->server_tls = tls_server(world);
	world->client_tls = tls_client(
	    world, &world->client, &world->authority, "epp.registry.example");
	world->limits = (struct epp_conn_limits){.frame = FRAME_LIMIT,
	    .handshake = 1,
	    .partial = 1,
	    .queue = QUEUE_LIMIT};
	memset(world->ends, 0, sizeof(world->ends));
	world->accepted = 0;
	world->refuse = false;
	world_listen(world, 32);
	world->dialer = dialer_to(world, world->client_tls, world->address);
	return 0;
}

static int
world_finish(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < world->accepted; i++)
		if (world->ends[i].conn != NULL)
			world->ends[i].conn->operations->close(
			    world->ends[i].conn);
	epp_tcp_dialer_destroy(world->dialer);
	epp_listener_destroy(world->listener);
	epp_conn_drop(loop_base(world->loop));
	epp_tls_destroy(world->client_tls);
	epp_tls_destroy(world->server_tls);
	loop_destroy(world->loop);
	world->loop = NULL;
	return 0;
}

/* Run the loop until `count` is `wanted`, at most some seconds. */
static void
run_until(struct world *world, const unsigned *count, unsigned wanted)
{
	struct event_base *base = loop_base(world->loop);
	int64_t end = world->loop->operations->now(world->loop) + LAST_TURN;
	struct timeval turn = {.tv_usec = 10000};

	while (*count < wanted &&
	       world->loop->operations->now(world->loop) < end) {
		event_base_loopexit(base, &turn);
		event_base_loop(base, EVLOOP_ONCE);
	}
	if (*count < wanted)
		fail_msg(
		    "%u and not %u after %d ms", *count, wanted, LAST_TURN);
}

static void
run_turns(struct world *world, int turns)
{
	struct event_base *base = loop_base(world->loop);

	for (int i = 0; i < turns; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
meet(struct world *world, struct end *client)
{
	unsigned at = world->accepted;

	dial_with(world->dialer, client);
	run_until(world, &client->opened, 1);
	run_until(world, &world->ends[at].opened, 1);
}

static void
leave(struct end *end)
{
	if (end->conn != NULL)
		end->conn->operations->close(end->conn);
	end->conn = NULL;
}

/* --- who is let in --- */

static void
test_both_know_each_other(void **state)
{
	struct world *world = *state;
	struct end client = {0};
	const struct epp_peer *peer;

	meet(world, &client);
	peer = epp_conn_peer(world->ends[0].conn);
	assert_true(peer->has_certificate);
	assert_string_equal(peer->name, "Example Backend");
	assert_true(digest_equal(&peer->certificate, &world->client.der));
	assert_memory_equal(peer->address, "127.0.0.1:", 10);
	peer = epp_conn_peer(client.conn);
	assert_string_equal(peer->name, "epp.registry.example");
	assert_string_equal(peer->address, world->address);
	world->ends[0].conn->operations->send(
	    world->ends[0].conn, SLICE("<greeting/>"));
	run_until(world, &client.frames, 1);
	assert_string_equal(client.last, "<greeting/>");
	leave(&client);
	run_until(world, &world->ends[0].closed, 1);
	assert_int_equal(world->ends[0].fail.kind, FAIL_NONE);
}

/* Dial with other certificates; both ends' fails are kept. */
static void
dial_as(struct world *world, struct epp_tls *tls, struct end *client)
{
	struct epp_dialer *dialer = dialer_to(world, tls, world->address);

	dial_with(dialer, client);
	epp_tcp_dialer_destroy(dialer);
	run_until(world, &client->closed, 1);
	assert_int_equal(client->fail.kind, FAIL_WORLD);
	epp_tls_destroy(tls);
}

static void
test_wrong_name(void **state)
{
	struct world *world = *state;
	struct end client = {0};

	dial_as(world,
	    tls_client(
		world, &world->client, &world->authority, "epp.other.example"),
	    &client);
	assert_string_equal(client.fail.text,
	    "tls: the registry's certificate is not for epp.other.example");
	assert_int_equal(client.opened, 0);
	run_until(world, &world->ends[0].closed, 1);
	assert_int_equal(world->ends[0].opened, 0);
}

static void
test_name_may_be_an_address(void **state)
{
	struct world *world = *state;
	struct end client = {0};
	struct epp_tls *tls =
	    tls_client(world, &world->client, &world->authority, "127.0.0.1");
	struct epp_dialer *dialer = dialer_to(world, tls, world->address);

	dial_with(dialer, &client);
	run_until(world, &client.opened, 1);
	leave(&client);
	epp_tcp_dialer_destroy(dialer);
	epp_tls_destroy(tls);
	client = (struct end){0};
	dial_as(world,
	    tls_client(world, &world->client, &world->authority, "192.0.2.1"),
	    &client);
	assert_string_equal(client.fail.text,
	    "tls: the registry's certificate is not for 192.0.2.1");
}

static void
test_wrong_authority(void **state)
{
	struct world *world = *state;
	struct end client = {0};

	dial_as(world,
	    tls_client(world, &world->client, &world->stranger,
		"epp.registry.example"),
	    &client);
	assert_non_null(strstr(
	    client.fail.text, "tls: the registry's certificate is refused: "));
	assert_int_equal(client.opened, 0);
}

/* In TLS 1.3 the client learns of it when it thinks all is well. */
static void
test_clients_refused(void **state)
{
	struct world *world = *state;
	const struct certificate *shown[] = {NULL, &world->alien, &world->old};
	const char *why[] = {"tls: the peer showed no certificate",
	    "tls: the backend's certificate is refused: ",
	    "tls: the backend's certificate is refused: certificate has "
	    "expired"};

	for (unsigned i = 0; i < 3; i++) {
		struct end client = {0};

		dial_as(world,
		    tls_client(world, shown[i], &world->authority,
			"epp.registry.example"),
		    &client);
		assert_non_null(
		    strstr(client.fail.text, "tls: the peer refuses: "));
		run_until(world, &world->ends[i].closed, 1);
		assert_int_equal(world->ends[i].opened, 0);
		assert_int_equal(world->ends[i].frames, 0);
		assert_non_null(strstr(world->ends[i].fail.text, why[i]));
	}
}

static struct epp_tls *
tls_pinned(struct world *world, const struct digest *pins, size_t count)
{
	struct fail fail = FAIL_INIT;
	struct epp_tls *tls = epp_tls_create(
	    &(struct epp_tls_options){
		.certificate = text(world->client.pem),
		.key = text(world->client.key),
		.authority = text(world->authority.pem),
		.name = text("epp.registry.example"),
		.pins = pins,
		.pin_count = count,
	    },
	    &fail);

	assert_non_null(tls);
	return tls;
}

static void
test_pins(void **state)
{
	struct world *world = *state;
	struct digest pins[] = {world->alien.spki, world->server.spki};
	struct epp_tls *tls = tls_pinned(world, pins, 2);
	struct epp_dialer *dialer = dialer_to(world, tls, world->address);
	struct end client = {0};

	dial_with(dialer, &client);
	run_until(world, &client.opened, 1);
	leave(&client);
	epp_tcp_dialer_destroy(dialer);
	epp_tls_destroy(tls);
	client = (struct end){0};
	dial_as(world, tls_pinned(world, pins, 1), &client);
	assert_string_equal(client.fail.text,
	    "tls: the registry's key is none of those pinned");
}

static void
test_keys_refused(void **state)
{
	struct world *world = *state;
	char locked[2048];
	struct {
		const char *certificate, *key, *authority, *why;
	} cases[] = {
	    {world->server.pem, locked, "",
		"tls: the key is encrypted: give it without a password"},
	    {world->server.pem, world->client.key, "",
		"tls: the key is not the certificate's"},
	    {world->server.pem, "none", "",
		"tls: the key is not a private key in PEM"},
	    {world->server.pem, "", "",
		"tls: the key is not a private key in PEM"},
	    {"", world->server.key, "",
		"tls: the certificate is not a certificate in PEM"},
	    {world->server.key, world->server.key, "",
		"tls: the certificate is not a certificate in PEM"},
	    {world->server.pem, world->server.key, "none",
		"tls: the authority is not certificates in PEM"},
	};

	certificate_encrypt_key(&world->server, locked, sizeof(locked));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fail fail = FAIL_INIT;

		assert_null(epp_tls_create(
		    &(struct epp_tls_options){
			.server = true,
			.certificate = text(cases[i].certificate),
			.key = text(cases[i].key),
			.authority = text(cases[i].authority),
		    },
		    &fail));
		assert_string_equal(fail.text, cases[i].why);
		assert_int_equal(fail.kind, FAIL_INPUT);
		assert_int_equal(ERR_peek_error(), 0);
	}
}

/* --- a client by hand: OpenSSL on a blocking socket --- */

struct hand {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	bool shaken;
};

static int
connect_to(const char *address)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port =
		htons((uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* False: refused. */
static bool
hand_shake(struct world *world, struct hand *hand, int version)
{
	int result = -1;

	hand->context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(hand->context, 0);
	SSL_CTX_set_min_proto_version(hand->context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(hand->context, version);
	SSL_CTX_use_certificate(hand->context, world->client.x509);
	SSL_CTX_use_PrivateKey(hand->context, world->client.pkey);
	hand->ssl = SSL_new(hand->context);
	hand->fd = connect_to(world->address);
	evutil_make_socket_nonblocking(hand->fd);
	SSL_set_fd(hand->ssl, hand->fd);
	SSL_set_connect_state(hand->ssl);
	for (int i = 0; i < 2000 && result != 1; i++) {
		result = SSL_do_handshake(hand->ssl);
		if (result != 1 &&
		    SSL_get_error(hand->ssl, result) != SSL_ERROR_WANT_READ)
			break;
		run_turns(world, 2);
	}
	ERR_clear_error();
	run_turns(world, 10);
	return result == 1;
}

static void
hand_finish(struct hand *hand)
{
	SSL_free(hand->ssl);
	SSL_CTX_free(hand->context);
	close(hand->fd);
}

static void
hand_write(struct hand *hand, const void *data, size_t len)
{
	assert_int_equal(SSL_write(hand->ssl, data, (int)len), (int)len);
}

static size_t
put_frame(char *out, const char *xml)
{
	size_t len = strlen(xml);

	epp_framing_put(out, len);
	memcpy(out + EPP_FRAMING_HEADER, xml, len);
	return len + EPP_FRAMING_HEADER;
}

static void
test_old_tls_is_refused(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};

	assert_false(hand_shake(world, &hand, TLS1_1_VERSION));
	hand_finish(&hand);
	run_until(world, &world->ends[0].closed, 1);
	assert_int_equal(world->ends[0].opened, 0);
	assert_string_equal(
	    world->ends[0].fail.text, "tls: unsupported protocol");
}

static void
test_tls_1_2(void **state)
{
	struct world *world = *state;
	struct hand hand = {0};
	char frame[64];

	assert_true(hand_shake(world, &hand, TLS1_2_VERSION));
	assert_string_equal(SSL_get_version(hand.ssl), "TLSv1.2");
	hand_write(&hand, frame, put_frame(frame, "<hello/>"));
	run_until(world, &world->ends[0].frames, 1);
	assert_string_equal(world->ends[0].last, "<hello/>");
	assert_true(epp_conn_peer(world->ends[0].conn)->has_certificate);
	hand_finish(&hand);
	run_until(world, &world->ends[0].closed, 1);
}

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
	struct epp_conn *conn;

	memset(large, 'x', sizeof(large));
	meet(world, &client);
	conn = world->ends[0].conn;
	for (int i = 0; i < 4; i++)
		assert_true(conn->operations->send(
		    conn, (struct slice){large, sizeof(large)}));
	assert_true(conn->operations->send(conn, SLICE("<bye/>")));
	leave(&world->ends[0]);
	assert_false(conn->operations->send(conn, SLICE("<late/>")));
	client.conn->operations->send(client.conn, SLICE("<hello/>"));
	run_until(world, &client.closed, 1);
	assert_int_equal(client.frames, 5);
	assert_string_equal(client.last, "<bye/>");
	assert_int_equal(client.fail.kind, FAIL_NONE);
	assert_int_equal(world->ends[0].frames, 0);
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

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_make, world_finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_both_know_each_other),
	    TEST(test_wrong_name),
	    TEST(test_name_may_be_an_address),
	    TEST(test_wrong_authority),
	    TEST(test_clients_refused),
	    TEST(test_pins),
	    TEST(test_keys_refused),
	    TEST(test_old_tls_is_refused),
	    TEST(test_tls_1_2),
	    TEST(test_one_byte_a_record),
	    TEST(test_many_frames_in_one_record),
	    TEST(test_data_within_openssl_is_found),
	    TEST(test_large_frames_both_ways),
	    TEST(test_impossible_lengths),
	    TEST(test_frames_cut_short),
	    TEST(test_silence),
	    TEST(test_queue_is_bounded),
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
