#include "net/http_client.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	CONNECT_SECONDS = 10,
	IDLE_CONNECTIONS = 8,
	URL_MAX = 2048,
	WAIT_LONGEST = 366 * 86400, /* seconds */
};

struct exchange {
	struct http_client *client;
	struct http_client_ask ask;
	CURL *curl;
	struct curl_slist *headers;
	char *body, *post; /* own */
	size_t len, size;
	bool too_long;
	char error[CURL_ERROR_SIZE];
	struct exchange *next;
};

struct http_client {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	struct exchange *exchanges;
	unsigned done; /* how many, so far */
};

/* A socket of libcurl's that the loop looks at. */
struct watch {
	struct event *event;
};

static void
exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->curl != NULL) {
		curl_multi_remove_handle(
		    exchange->client->multi, exchange->curl);
		curl_easy_cleanup(exchange->curl);
	}
	curl_slist_free_all(exchange->headers);
	free(exchange->body);
	free(exchange->post);
	free(exchange);
}

static void
take_out(struct exchange *exchange)
{
	struct exchange **at = &exchange->client->exchanges;

	while (*at != exchange)
		at = &(*at)->next;
	*at = exchange->next;
}

static void
finish(struct exchange *exchange, CURLcode code)
{
	struct http_client_answer answer = {.reason = "", .type = ""};
	const char *type = NULL;
	curl_off_t wait = 0;
	long status = 0;

	if (exchange->too_long)
		answer.reason = "the answer is too long";
	else if (code != CURLE_OK)
		/* Behind a redirect it would say a name of the server's choice. */
		answer.reason = exchange->error[0] != '\0' &&
					exchange->ask.redirects == 0
				    ? exchange->error
				    : curl_easy_strerror(code);
	else if (exchange->ask.is_line)
		status = 200;
	else
		curl_easy_getinfo(
		    exchange->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(exchange->curl, CURLINFO_CONTENT_TYPE, &type);
	if (type != NULL)
		answer.type = type;
	if (curl_easy_getinfo(exchange->curl, CURLINFO_RETRY_AFTER, &wait) ==
		CURLE_OK &&
	    wait > 0)
		answer.wait = wait < WAIT_LONGEST ? (unsigned)wait
						  : WAIT_LONGEST;
	answer.status = (int)status;
	answer.body = (struct slice){
	    exchange->body != NULL ? exchange->body : "", exchange->len};
	take_out(exchange);
	exchange->client->done++;
	exchange->ask.done(exchange->ask.context, &answer);
	exchange_free(exchange);
}

static void
finish_all(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		struct exchange *exchange = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, &exchange);
		finish(exchange, message->data.result);
	}
}

static void
socket_ready(evutil_socket_t fd, short what, void *arg)
{
	struct http_client *client = arg;
	int events = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
		     ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(client->multi, fd, events, &running);
	finish_all(client);
}

static void
timer_due(evutil_socket_t fd, short what, void *arg)
{
	struct http_client *client = arg;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(
	    client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_all(client);
}

static int
set_timer(CURLM *multi, long milliseconds, void *arg)
{
	struct http_client *client = arg;
	struct timeval after = {
	    milliseconds / 1000, milliseconds % 1000 * 1000};

	(void)multi;
	if (milliseconds < 0)
		event_del(client->timer);
	else
		event_add(client->timer, &after);
	return 0;
}

static void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->event != NULL)
		event_free(watch->event);
	free(watch);
}

static int
set_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *kept)
{
	struct http_client *client = arg;
	struct watch *watch = kept;
	short events = EV_PERSIST;

	(void)curl;
	watch_free(watch);
	curl_multi_assign(client->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what != CURL_POLL_OUT)
		events |= EV_READ;
	if (what != CURL_POLL_IN)
		events |= EV_WRITE;
	watch = calloc(1, sizeof(*watch));
	if (watch != NULL)
		watch->event =
		    event_new(client->base, fd, events, socket_ready, client);
	if (watch == NULL || watch->event == NULL ||
	    event_add(watch->event, NULL) != 0) {
		watch_free(watch);
		return -1;
	}
	curl_multi_assign(client->multi, fd, watch);
	return 0;
}

static bool
set_up(struct http_client *client)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	client->timer = event_new(client->base, -1, 0, timer_due, client);
	client->multi = curl_multi_init();
	if (client->timer == NULL || client->multi == NULL)
		return false;
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(
	    client->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
	return true;
}

struct http_client *
http_client_create(struct event_base *base, struct fail *fail)
{
	struct http_client *client = calloc(1, sizeof(*client));

	if (client != NULL) {
		client->base = base;
		if (set_up(client))
			return client;
	}
	http_client_destroy(client);
	fail_memory(fail);
	return NULL;
}

void
http_client_destroy(struct http_client *client)
{
	if (client == NULL)
		return;
	while (client->exchanges != NULL) {
		struct exchange *exchange = client->exchanges;

		client->exchanges = exchange->next;
		exchange_free(exchange);
	}
	if (client->multi != NULL)
		curl_multi_cleanup(client->multi);
	if (client->timer != NULL)
		event_free(client->timer);
	free(client);
}

static size_t
received(char *data, size_t size, size_t count, void *arg)
{
	struct exchange *exchange = arg;
	size_t more = size * count;

	if (more > exchange->ask.answer_max - exchange->len) {
		exchange->too_long = true;
		return 0;
	}
	if (exchange->len + more > exchange->size) {
		size_t room = 2 * (exchange->len + more);
		char *grown = realloc(exchange->body, room);

		if (grown == NULL)
			return 0;
		exchange->body = grown;
		exchange->size = room;
	}
	memcpy(exchange->body + exchange->len, data, more);
	exchange->len += more;
	return more;
}

static bool
add_header(struct exchange *exchange, const char *line)
{
	struct curl_slist *more = curl_slist_append(exchange->headers, line);

	if (more != NULL)
		exchange->headers = more;
	return more != NULL;
}

static bool
set_headers(struct exchange *exchange)
{
	char line[512];

	if (exchange->ask.token != NULL) {
		snprintf(line, sizeof(line), "Authorization: Bearer %s",
		    exchange->ask.token);
		if (!add_header(exchange, line))
			return false;
	}
	if (exchange->ask.accept != NULL) {
		snprintf(
		    line, sizeof(line), "Accept: %s", exchange->ask.accept);
		if (!add_header(exchange, line))
			return false;
	}
	/* No 100-continue, which costs a second at some servers. */
	return add_header(exchange, "Expect:") &&
	       curl_easy_setopt(exchange->curl, CURLOPT_HTTPHEADER,
		   exchange->headers) == CURLE_OK;
}

static bool
set_post(struct exchange *exchange)
{
	struct slice post = exchange->ask.post;
	char line[128];

	if (post.data == NULL)
		return true;
	exchange->post = malloc(post.len + 1);
	snprintf(line, sizeof(line), "Content-Type: %s",
	    exchange->ask.media != NULL ? exchange->ask.media
					: "text/plain; charset=utf-8");
	if (exchange->post == NULL || !add_header(exchange, line))
		return false;
	memcpy(exchange->post, post.data, post.len);
	return curl_easy_setopt(exchange->curl, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(exchange->curl, CURLOPT_POSTFIELDSIZE,
		   (long)post.len) == CURLE_OK &&
	       curl_easy_setopt(exchange->curl, CURLOPT_POSTFIELDS,
		   exchange->post) == CURLE_OK;
}

/* A redirect never leads from https to http. */
static bool
set_ways(struct exchange *exchange)
{
	const struct http_client_ask *ask = &exchange->ask;
	CURL *curl = exchange->curl;
	bool ok = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
		      ask->is_line ? "gopher" : "http,https") == CURLE_OK;

	if (ok && ask->redirects != 0)
		ok = curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L) ==
			 CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_MAXREDIRS,
			 (long)ask->redirects) == CURLE_OK &&
		     curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR,
			 "https") == CURLE_OK;
	return ok && (ask->authority == NULL ||
			 curl_easy_setopt(curl, CURLOPT_CAINFO,
			     ask->authority) == CURLE_OK);
}

static bool
set_certificate(struct exchange *exchange)
{
	const struct http_client_ask *ask = &exchange->ask;
	CURL *curl = exchange->curl;

	return ask->certificate == NULL ||
	       (curl_easy_setopt(curl, CURLOPT_SSLCERT, ask->certificate) ==
		       CURLE_OK &&
		   curl_easy_setopt(curl, CURLOPT_SSLKEY,
		       ask->key != NULL ? ask->key : ask->certificate) ==
		       CURLE_OK);
}

static bool
set_options(struct exchange *exchange)
{
	CURL *curl = exchange->curl;

	curl_easy_setopt(curl, CURLOPT_PRIVATE, exchange);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, received);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)exchange->ask.patience);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "misu");
	return set_ways(exchange) &&
	       curl_easy_setopt(curl, CURLOPT_URL, exchange->ask.url) ==
		   CURLE_OK &&
	       set_certificate(exchange) && set_post(exchange) &&
	       set_headers(exchange);
}

bool
http_client_start(struct http_client *client, const struct http_client_ask *ask,
    struct fail *fail)
{
	struct exchange *exchange;

	if (strlen(ask->url) > URL_MAX)
		return fail_set(fail, FAIL_INPUT, "the URL is too long");
	exchange = calloc(1, sizeof(*exchange));
	if (exchange == NULL)
		return fail_memory(fail);
	exchange->client = client;
	exchange->ask = *ask;
	exchange->curl = curl_easy_init();
	if (exchange->curl == NULL || !set_options(exchange) ||
	    curl_multi_add_handle(client->multi, exchange->curl) != CURLM_OK) {
		exchange_free(exchange);
		return fail_set(fail, FAIL_WORLD, "the URL cannot be asked");
	}
	exchange->next = client->exchanges;
	client->exchanges = exchange;
	return true;
}

bool
http_client_wait(struct http_client *client)
{
	unsigned before = client->done;

	while (client->exchanges != NULL && client->done == before)
		if (event_base_loop(client->base, EVLOOP_ONCE) != 0)
			return false;
	return client->done != before;
}
