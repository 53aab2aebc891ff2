#include "net/log_http.h"

#include <event2/event.h>
#include <strings.h>

#include "net/http_client.h"

enum { AHEAD = 8, NAME_SIZE = 96, URL_SIZE = 1024, PATIENCE = 60 };

/* A file that was asked for. */
struct wanted {
	char name[NAME_SIZE]; /* "": this place is free */
	bool done;
	int status;
	char reason[128];
	char *data; /* own */
	size_t len;
};

struct log_http {
	struct log_source source;
	const char *url, *token;
	struct event_base *base;
	struct http_client *client;
	struct wanted wanted[AHEAD];
};

bool
log_http_is_url(const char *text)
{
	return strncasecmp(text, "http://", 7) == 0 ||
	       strncasecmp(text, "https://", 8) == 0;
}

static void
forget(struct wanted *wanted)
{
	free(wanted->data);
	*wanted = (struct wanted){.data = NULL};
}

static void
answered(void *context, const struct http_client_answer *answer)
{
	struct wanted *wanted = context;

	wanted->done = true;
	wanted->status = answer->status;
	snprintf(wanted->reason, sizeof(wanted->reason), "%s", answer->reason);
	wanted->data = malloc(answer->body.len + 1);
	if (wanted->data == NULL) {
		wanted->status = 0;
		snprintf(
		    wanted->reason, sizeof(wanted->reason), "out of memory");
		return;
	}
	memcpy(wanted->data, answer->body.data, answer->body.len);
	wanted->len = answer->body.len;
}

static struct wanted *
find(struct log_http *log, const char *name)
{
	for (size_t i = 0; i < AHEAD; i++)
		if (strcmp(log->wanted[i].name, name) == 0)
			return &log->wanted[i];
	return NULL;
}

static bool
ask(struct log_http *log, struct wanted *wanted, const char *name, size_t max,
    struct fail *fail)
{
	bool is_entries = strncmp(name, "tile/entries/", 13) == 0;
	size_t len = strlen(log->url);
	char url[URL_SIZE];

	while (len != 0 && log->url[len - 1] == '/')
		len--;
	if (len + NAME_SIZE + 2 > sizeof(url) || strlen(name) >= NAME_SIZE)
		return fail_set(fail, FAIL_INPUT, "the URL is too long");
	snprintf(url, sizeof(url), "%.*s/%s", (int)len, log->url, name);
	if (!http_client_start(log->client,
		&(struct http_client_ask){.url = url,
		    .token = is_entries ? log->token : NULL,
		    .answer_max = max,
		    .patience = PATIENCE,
		    .done = answered,
		    .context = wanted},
		fail))
		return false;
	snprintf(wanted->name, sizeof(wanted->name), "%s", name);
	return true;
}

static void
ahead(struct log_source *source, const char *name, size_t max)
{
	struct log_http *log = (struct log_http *)source;
	struct fail ignored = FAIL_INIT;
	struct wanted *wanted;

	if (find(log, name) != NULL)
		return;
	wanted = find(log, "");
	if (wanted != NULL)
		ask(log, wanted, name, max, &ignored);
}

static struct wanted *
start(struct log_http *log, const char *name, size_t max, struct fail *fail)
{
	struct wanted *wanted = find(log, name);

	if (wanted != NULL)
		return wanted;
	/* What nobody came for makes room. */
	while ((wanted = find(log, "")) == NULL) {
		for (size_t i = 0; i < AHEAD; i++)
			if (log->wanted[i].done)
				forget(&log->wanted[i]);
		if (find(log, "") == NULL && !http_client_wait(log->client)) {
			fail_set(fail, FAIL_WORLD, "no answer comes");
			return NULL;
		}
	}
	return ask(log, wanted, name, max, fail) ? wanted : NULL;
}

static enum log_got
judge(const struct wanted *wanted, struct fail *fail)
{
	switch (wanted->status) {
	case 200:
		return LOG_GOT;
	case 0:
		fail_set(fail, FAIL_WORLD, "%s", wanted->reason);
		return LOG_AWAY;
	case 401:
	case 403:
		fail_set(fail, FAIL_DENIED,
		    "the server gives it to auditors only (%d)",
		    wanted->status);
		return LOG_AWAY;
	case 410:
		fail_set(fail, FAIL_WORLD, "the log keeps it no more (410)");
		return LOG_GONE;
	}
	fail_set(fail, FAIL_WORLD, "the server answered %d", wanted->status);
	return wanted->status == 404 ? LOG_FAILED : LOG_AWAY;
}

static enum log_got
get(struct log_source *source, const char *name, size_t max,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct log_http *log = (struct log_http *)source;
	struct wanted *wanted = start(log, name, max, fail);
	enum log_got got;

	if (wanted == NULL)
		return LOG_AWAY;
	while (!wanted->done)
		if (!http_client_wait(log->client)) {
			fail_set(fail, FAIL_WORLD, "no answer comes");
			return LOG_AWAY;
		}
	got = judge(wanted, fail);
	if (got == LOG_GOT)
		*out = arena_copy(
		    arena, (struct slice){wanted->data, wanted->len});
	forget(wanted);
	if (got == LOG_GOT && out->data == NULL) {
		fail_memory(fail);
		return LOG_AWAY;
	}
	fail_place(fail, "%s", name);
	return got;
}

struct log_http *
log_http_create(const char *url, const char *token, struct fail *fail)
{
	struct log_http *log = calloc(1, sizeof(*log));

	if (log == NULL) {
		fail_memory(fail);
		return NULL;
	}
	log->source = (struct log_source){get, ahead};
	log->url = url;
	log->token = token;
	log->base = event_base_new();
	if (log->base == NULL)
		fail_memory(fail);
	else
		log->client = http_client_create(log->base, fail);
	if (log->client != NULL)
		return log;
	log_http_destroy(log);
	return NULL;
}

void
log_http_destroy(struct log_http *log)
{
	if (log == NULL)
		return;
	http_client_destroy(log->client);
	for (size_t i = 0; i < AHEAD; i++)
		forget(&log->wanted[i]);
	if (log->base != NULL)
		event_base_free(log->base);
	free(log);
}

struct log_source *
log_http_source(struct log_http *log)
{
	return &log->source;
}
