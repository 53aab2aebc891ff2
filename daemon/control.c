#include "control.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <unistd.h>

#include "codec/json.h"
#include "net/peer.h"

enum { REQUESTS_MAX = 32, PATIENCE = 30 };

struct control {
	struct control_options options;
	struct evconnlistener *listener;
	struct control_request *requests; /* open connections */
	unsigned count;
};

struct control_request {
	struct control *control; /* NULL: it is gone */
	struct control_request *next, **previous;
	struct bufferevent *stream; /* NULL: the peer is gone */
	char actor[96];
	unsigned rights;
	bool handed; /* to the handler: it will answer */
	/* Who is answered where there is no stream; or NULL. */
	void (*elsewhere)(void *arg, int status, struct slice body);
	void *arg;
};

static void
unlink_request(struct control_request *request)
{
	if (request->control == NULL)
		return;
	*request->previous = request->next;
	if (request->next != NULL)
		request->next->previous = request->previous;
	request->control->count--;
	request->control = NULL;
}

/* The stream goes; the request too, unless the handler still holds it. */
static void
end(struct control_request *request)
{
	if (request->stream != NULL)
		bufferevent_free(request->stream);
	request->stream = NULL;
	unlink_request(request);
	if (!request->handed)
		free(request);
}

static void
on_event(struct bufferevent *stream, short what, void *arg)
{
	(void)stream;
	(void)what;
	end(arg);
}

static void
on_written(struct bufferevent *stream, void *arg)
{
	(void)stream;
	end(arg);
}

static void
send_answer(struct control_request *request, int status, struct slice body)
{
	struct evbuffer *out = bufferevent_get_output(request->stream);

	evbuffer_add_printf(out, "{\"status\":%d,\"length\":%zu}\n", status,
	    body.len);
	evbuffer_add(out, body.data, body.len);
	bufferevent_disable(request->stream, EV_READ);
	bufferevent_setcb(
	    request->stream, NULL, on_written, on_event, request);
	bufferevent_enable(request->stream, EV_WRITE);
}

void
control_answer(void *arg, int status, struct slice body)
{
	struct control_request *request = arg;

	request->handed = false;
	if (request->elsewhere != NULL)
		request->elsewhere(request->arg, status, body);
	if (request->stream == NULL)
		end(request);
	else
		send_answer(request, status, body);
}

struct control_request *
control_request_create(
    void (*answer)(void *arg, int status, struct slice body), void *arg)
{
	struct control_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->handed = true;
	request->elsewhere = answer;
	request->arg = arg;
	return request;
}

static bool
read_ask(const struct json_node *node, struct control_ask *ask)
{
	const struct json_node *verb = json_find(node, "verb");
	const struct json_node *id = json_find(node, "id");
	const struct json_node *text = json_find(node, "text");

	if (verb == NULL || verb->kind != JSON_KIND_STRING ||
	    (id != NULL && id->kind != JSON_KIND_INTEGER) ||
	    (text != NULL && text->kind != JSON_KIND_STRING))
		return false;
	ask->verb = verb->string;
	ask->id = id != NULL ? id->integer : 0;
	ask->text = text != NULL ? text->string : (struct slice){"", 0};
	return true;
}

static void
handle_line(struct control_request *request, struct slice line)
{
	struct control *control = request->control;
	struct control_ask ask = {.actor = slice_from(request->actor),
	    .rights = request->rights};
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	const struct json_node *node =
	    arena != NULL ? json_parse(arena, line, &fail) : NULL;

	request->handed = true;
	if (node != NULL && node->kind == JSON_KIND_OBJECT &&
	    read_ask(node, &ask))
		control->options.handle(
		    control->options.context, &ask, request);
	else
		control_answer(request, 400,
		    SLICE("{\"title\":\"no request that misu knows\"}"));
	arena_destroy(arena);
}

static void
on_read(struct bufferevent *stream, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(stream);
	size_t len;
	char *line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);

	if (line == NULL) {
		if (evbuffer_get_length(in) > CONTROL_LINE_MAX)
			end(arg);
		return;
	}
	bufferevent_disable(stream, EV_READ);
	bufferevent_set_timeouts(stream, NULL, NULL);
	handle_line(arg, (struct slice){line, len});
	free(line);
}

/* Who may come, and for what; no rights: nobody. */
struct admitted {
	unsigned rights;
	struct slice name;
};

static struct admitted
admit(struct control *control, int fd, uid_t uid)
{
	struct admitted who = {UINT32_MAX, {"", 0}};

	if (uid == 0 || uid == geteuid())
		return who;
	who.rights = 0;
	if (control->options.operator != NULL)
		who.rights = control->options.operator(
		    control->options.context, fd, uid, &who.name);
	return who;
}

static struct control_request *
start_request(
    struct control *control, int fd, uid_t uid, const struct admitted *who)
{
	struct control_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->stream = bufferevent_socket_new(
	    control->options.base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (request->stream == NULL) {
		free(request);
		return NULL;
	}
	if (who->name.len != 0)
		snprintf(request->actor, sizeof(request->actor),
		    "uid %u (%.*s)", (unsigned)uid,
		    (int)(who->name.len < 64 ? who->name.len : 64),
		    who->name.data);
	else
		snprintf(request->actor, sizeof(request->actor), "uid %u",
		    (unsigned)uid);
	request->rights = who->rights;
	request->control = control;
	request->next = control->requests;
	request->previous = &control->requests;
	if (request->next != NULL)
		request->next->previous = &request->next;
	control->requests = request;
	control->count++;
	return request;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *arg)
{
	const struct timeval patience = {.tv_sec = PATIENCE};
	struct control *control = arg;
	struct control_request *request = NULL;
	struct admitted who = {0, {"", 0}};
	uid_t uid;

	(void)listener;
	(void)address;
	(void)len;
	if (control->count < REQUESTS_MAX && peer_user(fd, &uid))
		who = admit(control, fd, uid);
	if (who.rights != 0)
		request = start_request(control, fd, uid, &who);
	if (request == NULL) {
		close(fd);
		return;
	}
	bufferevent_setcb(request->stream, on_read, NULL, on_event, request);
	bufferevent_set_timeouts(request->stream, &patience, NULL);
	bufferevent_enable(request->stream, EV_READ);
}

struct control *
control_create(const struct control_options *options, int listen_fd,
    struct fail *fail)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control != NULL) {
		control->options = *options;
		control->listener = evconnlistener_new(options->base,
		    on_accept, control,
		    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0,
		    listen_fd);
		if (control->listener != NULL)
			return control;
	}
	free(control);
	close(listen_fd);
	fail_memory(fail);
	return NULL;
}

void
control_destroy(struct control *control)
{
	if (control == NULL)
		return;
	evconnlistener_free(control->listener);
	for (struct control_request *r = control->requests, *next; r != NULL;
	     r = next) {
		next = r->next;
		end(r);
	}
	free(control);
}
