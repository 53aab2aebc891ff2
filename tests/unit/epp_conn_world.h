/*
 * What the tests of EPP connections share: two ends over a loopback socket
 * and the real loop, certificates, and a client made by hand.
 */
#ifndef TESTS_EPP_CONN_WORLD_H
#define TESTS_EPP_CONN_WORLD_H

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
	struct end *close_when_closed;
	struct world *world;
	bool spread;		/* each frame goes to another end of it */
	unsigned *most_waiting; /* of its ends with something to write */
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

static inline void
end_opened(void *arg)
{
	((struct end *)arg)->opened++;
}

static inline void
note_waiting(const struct world *world, unsigned *most)
{
	unsigned count = 0;

	for (unsigned i = 0; i < world->accepted; i++) {
		struct epp_conn *conn = world->ends[i].conn;

		count += conn != NULL && conn->operations->queued(conn) != 0;
	}
	if (count > *most)
		*most = count;
}

static inline void
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
	if (end->spread) {
		struct world *world = end->world;
		struct epp_conn *to =
		    world->ends[end->frames % world->accepted].conn;

		to->operations->send(to, xml);
	}
	if (end->most_waiting != NULL)
		note_waiting(end->world, end->most_waiting);
	if (end->pause_on_frame)
		end->conn->operations->pause(end->conn, true);
	if (end->close_on_frame != NULL && end->frames == end->close_at) {
		struct end *other = end->close_on_frame;

		other->conn->operations->close(other->conn);
		other->conn = NULL;
		end->close_on_frame = NULL;
	}
}

static inline void
end_closed(void *arg, const struct fail *fail)
{
	struct end *end = arg;

	struct end *other = end->close_when_closed;

	end->closed++;
	end->fail = *fail;
	end->conn = NULL;
	if (other != NULL && other->conn != NULL) {
		other->conn->operations->close(other->conn);
		other->conn = NULL;
	}
}

static const struct epp_conn_events end_events = {
    .opened = end_opened, .frame = end_frame, .closed = end_closed};

static inline bool
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

static inline struct slice
text(const char *data)
{
	return slice_from(data);
}

static inline struct epp_tls *
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

static inline struct epp_tls *
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

static inline int
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

static inline void
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

static inline struct epp_dialer *
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

static inline void
dial_with(struct epp_dialer *dialer, struct end *end)
{
	struct fail fail = FAIL_INIT;

	digest_start(&end->run);
	end->conn = dialer->dial(dialer, &end_events, end, &fail);
	assert_non_null(end->conn);
}

static inline int
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

static inline int
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

static inline int
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

static inline int
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
static inline void
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

static inline void
run_turns(struct world *world, int turns)
{
	struct event_base *base = loop_base(world->loop);

	for (int i = 0; i < turns; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static inline void
meet(struct world *world, struct end *client)
{
	unsigned at = world->accepted;

	dial_with(world->dialer, client);
	run_until(world, &client->opened, 1);
	run_until(world, &world->ends[at].opened, 1);
}

static inline void
leave(struct end *end)
{
	if (end->conn != NULL)
		end->conn->operations->close(end->conn);
	end->conn = NULL;
}

/* --- a client by hand: OpenSSL alone --- */

struct hand {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	SSL_SESSION *back; /* to come back with */
};

static inline int
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
static inline bool
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
	if (hand->back != NULL)
		SSL_set_session(hand->ssl, hand->back);
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

static inline void
hand_finish(struct hand *hand)
{
	SSL_free(hand->ssl);
	SSL_CTX_free(hand->context);
	close(hand->fd);
}

/* Gone without a word. */
static inline void
hand_reset(struct hand *hand)
{
	setsockopt(hand->fd, SOL_SOCKET, SO_LINGER,
	    &(struct linger){.l_onoff = 1}, sizeof(struct linger));
	hand_finish(hand);
}

static inline void
hand_write(struct hand *hand, const void *data, size_t len)
{
	assert_int_equal(SSL_write(hand->ssl, data, (int)len), (int)len);
}

static inline size_t
put_frame(char *out, const char *xml)
{
	size_t len = strlen(xml);

	epp_framing_put(out, len);
	memcpy(out + EPP_FRAMING_HEADER, xml, len);
	return len + EPP_FRAMING_HEADER;
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, world_make, world_finish)

#endif
