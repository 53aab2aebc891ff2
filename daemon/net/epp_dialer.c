#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/epp_conn_priv.h"

enum { ADDRESSES = 8 /* of a name, tried one after the other */ };

struct tcp_dialer {
	struct epp_dialer dialer;
	struct epp_tcp_options options;
	char host[256], port[8];
	struct evutil_addrinfo *numeric; /* the address, if it is no name */
	struct evdns_base *dns;
	bool dns_ours;
	struct epp_hub *hub;
	unsigned references; /* the owner's and those of dials */
};

/* One connection on its way: its addresses, and the next of them. */
struct epp_dial {
	struct tcp_dialer *dialer;
	struct conn *conn; /* NULL: it went while the name was asked for */
	struct evdns_getaddrinfo_request *asking;
	struct evutil_addrinfo *found;
	const struct evutil_addrinfo *next;
	unsigned tried;
	bool asked; /* and no answer yet */
	int error;  /* of the last address */
};

static struct epp_conn *dial(struct epp_dialer *dialer,
    const struct epp_conn_events *events, void *arg, struct fail *fail);
static void answered(int result, struct evutil_addrinfo *found, void *arg);
static void try_next(struct conn *conn);

/* --- the dialer --- */

/* "192.0.2.1:700", "[2001:db8::1]:700", "epp.registry.example:700" */
static bool
split(struct tcp_dialer *dialer, const char *address, struct fail *fail)
{
	const char *colon = strrchr(address, ':');
	const char *host = address;
	size_t len = colon == NULL ? 0 : (size_t)(colon - address);

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len) != NULL)
		len = 0;
	if (len == 0 || len >= sizeof(dialer->host) || colon[1] == '\0' ||
	    strlen(colon + 1) >= sizeof(dialer->port) ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return fail_set(fail, FAIL_INPUT, "%s: not HOST:PORT", address);
	memcpy(dialer->host, host, len);
	memcpy(dialer->port, colon + 1, strlen(colon + 1));
	return true;
}

/* A name needs somebody to ask: only then is one. */
static bool
prepare(struct tcp_dialer *dialer, struct fail *fail)
{
	struct evutil_addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_protocol = IPPROTO_TCP,
	    .ai_flags = EVUTIL_AI_NUMERICHOST | EVUTIL_AI_NUMERICSERV,
	};

	if (!split(dialer, dialer->options.address, fail))
		return false;
	dialer->hub = epp_hub_get(dialer->options.base);
	if (dialer->hub == NULL)
		return fail_memory(fail);
	if (evutil_getaddrinfo(
		dialer->host, dialer->port, &hints, &dialer->numeric) == 0)
		return true;
	dialer->numeric = NULL;
	dialer->dns = dialer->options.dns;
	if (dialer->dns != NULL)
		return true;
	dialer->dns_ours = true;
	dialer->dns = evdns_base_new(
	    dialer->options.base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
				      EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (dialer->dns == NULL)
		return fail_set(fail, FAIL_WORLD, "%s: no name server to ask",
		    dialer->host);
	return true;
}

static void
release(struct tcp_dialer *dialer)
{
	if (--dialer->references != 0)
		return;
	if (dialer->numeric != NULL)
		evutil_freeaddrinfo(dialer->numeric);
	if (dialer->dns_ours && dialer->dns != NULL)
		evdns_base_free(dialer->dns, 0);
	if (dialer->hub != NULL)
		epp_hub_release(dialer->hub);
	free(dialer);
}

struct epp_dialer *
epp_tcp_dialer_create(const struct epp_tcp_options *options, struct fail *fail)
{
	struct tcp_dialer *dialer = calloc(1, sizeof(*dialer));

	if (dialer == NULL) {
		fail_memory(fail);
		return NULL;
	}
	dialer->dialer.dial = dial;
	dialer->options = *options;
	dialer->references = 1;
	if (!prepare(dialer, fail)) {
		release(dialer);
		return NULL;
	}
	dialer->options.address = NULL;
	return &dialer->dialer;
}

void
epp_tcp_dialer_destroy(struct epp_dialer *dialer)
{
	if (dialer != NULL)
		release((struct tcp_dialer *)(void *)dialer);
}

/* --- one dial --- */

static void
dial_free(struct epp_dial *dial)
{
	if (dial->found != NULL)
		evutil_freeaddrinfo(dial->found);
	release(dial->dialer);
	free(dial);
}

/* If the name is being asked for, the answer frees it. */
void
epp_dial_free(struct epp_dial *dial)
{
	if (dial == NULL)
		return;
	dial->conn = NULL;
	if (!dial->asked)
		dial_free(dial);
	else if (dial->asking != NULL)
		evdns_getaddrinfo_cancel(dial->asking);
}

static void
ask(struct epp_dial *dial)
{
	struct tcp_dialer *dialer = dial->dialer;
	struct evutil_addrinfo hints = {
	    .ai_socktype = SOCK_STREAM,
	    .ai_protocol = IPPROTO_TCP,
	    .ai_flags = EVUTIL_AI_NUMERICSERV,
	};
	struct evdns_getaddrinfo_request *asking;

	dial->asked = true;
	/* It may answer within the call, and then there is no request. */
	asking = evdns_getaddrinfo(
	    dialer->dns, dialer->host, dialer->port, &hints, answered, dial);
	if (asking != NULL)
		dial->asking = asking;
}

static struct epp_conn *
dial(struct epp_dialer *public, const struct epp_conn_events *events, void *arg,
    struct fail *fail)
{
	struct tcp_dialer *dialer = (struct tcp_dialer *)(void *)public;
	const struct epp_tcp_options *options = &dialer->options;
	struct conn *conn =
	    conn_create(options->base, options->tls, &options->limits);
	struct epp_dial *dial = calloc(1, sizeof(*dial));

	if (conn == NULL || dial == NULL) {
		free(dial);
		conn_free(conn);
		fail_memory(fail);
		return NULL;
	}
	*dial = (struct epp_dial){.dialer = dialer, .conn = conn};
	dialer->references++;
	conn->dial = dial;
	conn->events = events;
	conn->arg = arg;
	epp_hub_time(conn);
	if (dialer->numeric == NULL) {
		ask(dial);
		return &conn->conn;
	}
	dial->next = dialer->numeric;
	try_next(conn);
	return &conn->conn;
}

static void
fail_dial(struct conn *conn, const char *why)
{
	const struct tcp_dialer *dialer = conn->dial->dialer;
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "%s port %s: %s", dialer->host,
	    dialer->port, why);
	fail_hint(&fail, "is server of misu.conf right, is the registry up, "
			 "and may this host reach it?");
	conn_fail(conn, &fail);
}

static void
free_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dial_free(arg);
}

static void
answered(int result, struct evutil_addrinfo *found, void *arg)
{
	struct epp_dial *dial = arg;

	dial->asked = false;
	dial->asking = NULL;
	dial->found = found;
	if (dial->conn == NULL) {
		/* Not from within the asking, which may go with it. */
		if (event_base_once(dial->dialer->options.base, -1, EV_TIMEOUT,
			free_later, dial, NULL) != 0)
			dial_free(dial);
		return;
	}
	if (result != 0) {
		fail_dial(dial->conn, evutil_gai_strerror(result));
		return;
	}
	dial->next = found;
	try_next(dial->conn);
}

/* False: this address cannot even be tried. */
static bool
try_one(struct conn *conn, const struct evutil_addrinfo *at)
{
	struct epp_dial *dial = conn->dial;
	int fd = socket(at->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0 ||
	    (connect(fd, at->ai_addr, (socklen_t)at->ai_addrlen) != 0 &&
		errno != EINPROGRESS)) {
		dial->error = errno;
		if (fd >= 0)
			close(fd);
		return false;
	}
	conn->fd = fd;
	conn->since = conn->hub->tick;
	event_assign(&conn->writable, conn->hub->base, fd, EV_WRITE,
	    conn_writable, conn);
	if (event_add(&conn->writable, NULL) != 0) {
		dial->error = ENOMEM;
		close(fd);
		conn->fd = -1;
		return false;
	}
	epp_hub_time(conn);
	return true;
}

static void
try_next(struct conn *conn)
{
	struct epp_dial *dial = conn->dial;
	const struct evutil_addrinfo *at;

	while ((at = dial->next) != NULL && dial->tried < ADDRESSES) {
		dial->next = at->ai_next;
		dial->tried++;
		if (try_one(conn, at))
			return;
	}
	fail_dial(conn, strerror(dial->error));
}

static void
give_up_one(struct conn *conn, int error)
{
	conn->dial->error = error;
	event_del(&conn->writable);
	close(conn->fd);
	conn->fd = -1;
	try_next(conn);
}

void
epp_dial_go_on(struct conn *conn)
{
	int fd = conn->fd, error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0) {
		give_up_one(conn, error);
		return;
	}
	event_del(&conn->writable);
	if (!conn_start(conn, fd)) {
		conn_fail(conn, &(struct fail){.kind = FAIL_MEMORY,
				    .text = "out of memory"});
		return;
	}
	epp_dial_free(conn->dial);
	conn->dial = NULL;
}

void
epp_dial_expire(struct conn *conn)
{
	if (conn->fd >= 0)
		give_up_one(conn, ETIMEDOUT);
	else
		fail_dial(conn, "no answer from the name server");
}
