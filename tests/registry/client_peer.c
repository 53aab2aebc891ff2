#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <unistd.h>

#include "registry/client_peer.h"

/* So many handshakes at a time: more would only wait for one another. */
#define AT_A_TIME 32

static void peer_ready(int fd, short what, void *argument);
static void peer_start(struct crowd *crowd, struct peer *peer);

void
crowd_start(struct crowd *crowd)
{
	struct event_config *config = event_config_new();
	unsigned i;

	if (config == NULL)
		abort();
	event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
	crowd->base = event_base_new_with_config(config);
	event_config_free(config);
	crowd->tls = client_tls(crowd->options);
	crowd->size = crowd->options->connections;
	crowd->peers = calloc(crowd->size, sizeof(*crowd->peers));
	if (crowd->base == NULL || crowd->peers == NULL)
		abort();
	client_login_frame(
	    &crowd->login, crowd->options->id, crowd->options->password, NULL);
	for (i = 0; i < AT_A_TIME && i < crowd->size; i++)
		peer_start(crowd, &crowd->peers[crowd->started++]);
}

static void
peer_end(struct peer *peer)
{
	event_del(&peer->readable);
	event_del(&peer->writable);
	SSL_free(peer->ssl);
	(void)close(peer->fd);
	bytes_finish(&peer->in);
	bytes_finish(&peer->out);
	peer->state = PEER_DEAD;
}

void
crowd_finish(struct crowd *crowd)
{
	unsigned i;

	for (i = 0; i < crowd->started; i++) {
		if (crowd->peers[i].state != PEER_DEAD)
			peer_end(&crowd->peers[i]);
		free(crowd->peers[i].flights);
	}
	free(crowd->peers);
	bytes_finish(&crowd->login);
	SSL_CTX_free(crowd->tls);
	event_base_free(crowd->base);
}

static void
peer_start(struct crowd *crowd, struct peer *peer)
{
	int one = 1;

	peer->crowd = crowd;
	peer->fd = socket(crowd->options->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	peer->ssl = SSL_new(crowd->tls);
	if (crowd->flights > 0)
		peer->flights = calloc(crowd->flights, sizeof(*peer->flights));
	if (peer->fd < 0)
		client_die("no socket: %s", strerror(errno));
	if (peer->ssl == NULL || (crowd->flights > 0 && peer->flights == NULL))
		abort();
	(void)setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(peer->fd, (const struct sockaddr *)&crowd->options->address,
		crowd->options->address_size) != 0 &&
	    errno != EINPROGRESS)
		client_die("%s: %s", crowd->options->host, strerror(errno));
	SSL_set_fd(peer->ssl, peer->fd);
	SSL_set_connect_state(peer->ssl);
	event_assign(&peer->readable, crowd->base, peer->fd,
	    EV_READ | EV_PERSIST, peer_ready, peer);
	event_assign(
	    &peer->writable, crowd->base, peer->fd, EV_WRITE, peer_ready, peer);
	event_add(&peer->writable, NULL);
}

/* The connection is gone, or says what is no EPP. */
static void
peer_fail(struct peer *peer, const char *why)
{
	struct crowd *crowd = peer->crowd;

	if (peer->state != PEER_READY) {
		unsigned long error = ERR_peek_last_error();
		const char *more = error != 0	? ERR_reason_error_string(error)
				   : errno != 0 ? strerror(errno)
						: "no reason is known";

		client_die("session %u of %u: %s: %s", crowd->ready + 1,
		    crowd->size, why, more);
	}
	peer_end(peer);
	crowd->dead++;
}

void
peer_write(struct peer *peer, const char *data, size_t len)
{
	size_t written;
	int error;

	if (peer->out.len > 0) {
		bytes_add(&peer->out, data, len);
		return;
	}
	for (; len > 0; data += written, len -= written) {
		ERR_clear_error();
		if (SSL_write_ex(peer->ssl, data, len, &written) == 1)
			continue;
		error = SSL_get_error(peer->ssl, 0);
		if (error != SSL_ERROR_WANT_WRITE &&
		    error != SSL_ERROR_WANT_READ) {
			peer_fail(peer, "cannot write");
			return;
		}
		bytes_add(&peer->out, data, len);
		event_add(&peer->writable, NULL);
		return;
	}
}

/* Greeting, then the login's answer, then what the crowd asks. */
static void
take_frame(struct peer *peer, struct slice frame)
{
	struct crowd *crowd = peer->crowd;

	if (peer->state == PEER_READY) {
		crowd->on_response(peer, frame);
		return;
	}
	if (peer->state == PEER_SHAKING) {
		peer->state = PEER_GREETED;
		peer_write(peer, crowd->login.data, crowd->login.len);
		return;
	}
	if (client_code(frame) != 1000)
		client_die("session %u of %u: the login is answered %u",
		    crowd->ready + 1, crowd->size, client_code(frame));
	peer->state = PEER_READY;
	crowd->ready++;
	if (crowd->started < crowd->size)
		peer_start(crowd, &crowd->peers[crowd->started++]);
	if (crowd->ready == crowd->size)
		crowd->on_ready(crowd);
}

/* How far the whole frames go. */
static size_t
take_frames(struct peer *peer, struct slice from)
{
	size_t used = 0, len;

	while (from.len - used >= 4 && peer->state != PEER_DEAD) {
		len = bytes_frame_length(from.data + used);
		if (len < 5 || len > (16U << 20)) {
			peer_fail(peer, "a frame's length is absurd");
			return used;
		}
		if (from.len - used < len)
			break;
		take_frame(peer, (struct slice){from.data + used + 4, len - 4});
		used += len;
	}
	return used;
}

static void
take(struct peer *peer, struct slice piece)
{
	size_t used;

	if (peer->in.len > 0) {
		bytes_add(&peer->in, piece.data, piece.len);
		used = take_frames(peer, bytes_slice(&peer->in));
		if (peer->state != PEER_DEAD)
			bytes_drop(&peer->in, used);
		return;
	}
	used = take_frames(peer, piece);
	if (peer->state != PEER_DEAD)
		bytes_add(&peer->in, piece.data + used, piece.len - used);
}

static void
read_on(struct peer *peer)
{
	struct crowd *crowd = peer->crowd;
	size_t len;
	int error;

	for (;;) {
		ERR_clear_error();
		if (SSL_read_ex(peer->ssl, crowd->scratch, SCRATCH, &len) !=
		    1) {
			error = SSL_get_error(peer->ssl, 0);
			if (error == SSL_ERROR_WANT_READ ||
			    error == SSL_ERROR_WANT_WRITE)
				break;
			peer_fail(peer, "closed");
			return;
		}
		take(peer, (struct slice){crowd->scratch, len});
		if (peer->state == PEER_DEAD)
			return;
	}
	if (peer->state == PEER_READY && crowd->on_responses != NULL)
		crowd->on_responses(peer);
}

static void
shake(struct peer *peer)
{
	int result, error;

	if (peer->state == PEER_NEW) {
		event_add(&peer->readable, NULL);
		peer->state = PEER_SHAKING;
	}
	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(peer->ssl);
	if (result == 1) {
		read_on(peer);
		return;
	}
	error = SSL_get_error(peer->ssl, result);
	if (error == SSL_ERROR_WANT_WRITE)
		event_add(&peer->writable, NULL);
	else if (error != SSL_ERROR_WANT_READ)
		peer_fail(peer, "no TLS");
}

static void
peer_ready(int fd, short what, void *argument)
{
	struct peer *peer = argument;
	struct bytes left;

	(void)fd;
	if (!SSL_is_init_finished(peer->ssl) || peer->state == PEER_NEW) {
		shake(peer);
		return;
	}
	if ((what & EV_WRITE) != 0) {
		left = peer->out;
		peer->out = (struct bytes){NULL, 0, 0};
		peer_write(peer, left.data, left.len);
		bytes_finish(&left);
		return;
	}
	read_on(peer);
}
