#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <sys/socket.h>
#include <time.h>

#include "registry/server.h"

enum { LINE_MAX_BYTES = 512 };

struct publishing {
	struct server *server;
	struct evconnlistener *whois;
	struct evhttp *rdap;
};

/* An answer that waits for its time; of one of the two, or of who has gone. */
struct waiting {
	struct bufferevent *whois;
	struct evhttp_request *rdap;
	unsigned status;
	enum registry_action action;
	struct bytes out;
};

/* --- WHOIS ---------------------------------------------------------------- */

static void
whois_end(struct bufferevent *asker, short what, void *argument)
{
	(void)what;
	(void)argument;
	bufferevent_free(asker);
}

static void
whois_written(struct bufferevent *asker, void *argument)
{
	(void)argument;
	bufferevent_free(asker);
}

static void
whois_send(struct bufferevent *asker, struct bytes *out)
{
	bufferevent_setcb(asker, NULL, whois_written, whois_end, NULL);
	if (out->len == 0)
		bytes_add_string(out, "\n");
	bufferevent_write(asker, out->data, out->len);
}

/* --- RDAP ----------------------------------------------------------------- */

static void
rdap_send(struct evhttp_request *request, unsigned status, struct bytes *out)
{
	struct evbuffer *body = evbuffer_new();

	if (body == NULL)
		abort();
	evbuffer_add(body, out->data, out->len);
	evhttp_add_header(evhttp_request_get_output_headers(request),
	    "Content-Type", "application/rdap+json");
	evhttp_send_reply(request, (int)status, NULL, body);
	evbuffer_free(body);
}

static void
rdap_closed(struct evhttp_connection *connection, void *argument)
{
	struct waiting *waiting = argument;

	(void)connection;
	waiting->rdap = NULL;
}

/* --- both ----------------------------------------------------------------- */

static void
rdap_act(struct waiting *waiting)
{
	struct evhttp_connection *connection =
	    evhttp_request_get_connection(waiting->rdap);

	evhttp_connection_set_closecb(connection, NULL, NULL);
	if (waiting->action == REGISTRY_ANSWER_CLOSE)
		rdap_send(waiting->rdap, waiting->status, &waiting->out);
	else
		evhttp_connection_free(connection);
}

static void
on_time(evutil_socket_t fd, short what, void *argument)
{
	struct waiting *waiting = argument;

	(void)fd;
	(void)what;
	if (waiting->rdap != NULL)
		rdap_act(waiting);
	else if (waiting->whois != NULL &&
		 waiting->action == REGISTRY_ANSWER_CLOSE)
		whois_send(waiting->whois, &waiting->out);
	else if (waiting->whois != NULL)
		bufferevent_free(waiting->whois);
	bytes_finish(&waiting->out);
	free(waiting);
}

/* Who is left without an answer goes when it likes. */
static void
stall(const struct waiting *waiting)
{
	if (waiting->whois == NULL)
		return;
	bufferevent_setcb(waiting->whois, NULL, NULL, whois_end, NULL);
	bufferevent_enable(waiting->whois, EV_READ);
}

static void
answer(struct server *server, struct waiting given, struct registry_reply reply)
{
	struct timeval delay = {
	    reply.delay_ms / 1000, reply.delay_ms % 1000 * 1000};
	struct waiting *waiting;

	if (reply.action == REGISTRY_STALL) {
		stall(&given);
		bytes_finish(&given.out);
		return;
	}
	waiting = malloc(sizeof(*waiting));
	if (waiting == NULL)
		abort();
	*waiting = given;
	waiting->action = reply.action;
	if (waiting->rdap != NULL)
		evhttp_connection_set_closecb(
		    evhttp_request_get_connection(waiting->rdap), rdap_closed,
		    waiting);
	event_base_once(server->base, -1, EV_TIMEOUT, on_time, waiting, &delay);
}

static void
whois_read(struct bufferevent *asker, void *argument)
{
	struct server *server = argument;
	struct evbuffer *in = bufferevent_get_input(asker);
	struct waiting waiting = {.whois = asker};
	struct registry_reply reply;
	size_t len;
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF);

	if (line == NULL) {
		if (evbuffer_get_length(in) > LINE_MAX_BYTES)
			bufferevent_free(asker);
		return;
	}
	bufferevent_disable(asker, EV_READ);
	registry_set_time(server->registry, time(NULL));
	reply = registry_whois(
	    server->registry, (struct slice){line, len}, &waiting.out);
	free(line);
	answer(server, waiting, reply);
}

static void
on_whois(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *argument)
{
	struct server *server = argument;
	struct bufferevent *asker =
	    bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)listener;
	(void)address;
	(void)len;
	if (asker == NULL)
		abort();
	bufferevent_setcb(asker, whois_read, NULL, whois_end, server);
	bufferevent_enable(asker, EV_READ | EV_WRITE);
}

static void
on_rdap(struct evhttp_request *request, void *argument)
{
	struct server *server = argument;
	const char *path =
	    evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	struct waiting waiting = {.rdap = request};
	struct registry_reply reply;

	if (path != NULL && *path == '/')
		path++;
	registry_set_time(server->registry, time(NULL));
	waiting.status = registry_rdap(
	    server->registry, slice_from(path), &waiting.out, &reply);
	answer(server, waiting, reply);
}

static bool
whois_listen(struct publishing *publishing, const char *where)
{
	struct server *server = publishing->server;
	struct sockaddr_storage address;
	socklen_t len = 0;

	if (!address_read(where, &address, &len))
		return false;
	publishing->whois = evconnlistener_new_bind(server->base, on_whois,
	    server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
	    64, (struct sockaddr *)&address, (int)len);
	return publishing->whois != NULL &&
	       listening_tell(
		   "whois", evconnlistener_get_fd(publishing->whois));
}

static bool
rdap_listen(struct publishing *publishing, const char *where)
{
	struct server *server = publishing->server;
	struct evhttp_bound_socket *bound;
	struct evconnlistener *listener;
	struct sockaddr_storage address;
	socklen_t len = 0;

	if (!address_read(where, &address, &len))
		return false;
	publishing->rdap = evhttp_new(server->base);
	listener = evconnlistener_new_bind(server->base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
	    64, (struct sockaddr *)&address, (int)len);
	if (publishing->rdap == NULL || listener == NULL)
		return false;
	bound = evhttp_bind_listener(publishing->rdap, listener);
	evhttp_set_gencb(publishing->rdap, on_rdap, server);
	return bound != NULL &&
	       listening_tell("rdap", evconnlistener_get_fd(listener));
}

bool
publishing_start(struct server *server, const char *whois, const char *rdap)
{
	struct publishing *publishing = calloc(1, sizeof(*publishing));

	if (publishing == NULL)
		abort();
	publishing->server = server;
	server->publishing = publishing;
	return (whois == NULL || whois_listen(publishing, whois)) &&
	       (rdap == NULL || rdap_listen(publishing, rdap));
}

void
publishing_end(struct server *server)
{
	struct publishing *publishing = server->publishing;

	if (publishing->whois != NULL)
		evconnlistener_free(publishing->whois);
	if (publishing->rdap != NULL)
		evhttp_free(publishing->rdap);
	free(publishing);
	server->publishing = NULL;
}
