#include "ctl_remote.h"

#include <event2/event.h>
#include <strings.h>

#include "base/text.h"
#include "net/http_client.h"

enum { ANSWER_MAX = 16 * 1024 * 1024, PATIENCE = 40 /* seconds */ };

struct asked {
	struct arena *arena;
	int status;
	struct slice body;
	char reason[200];
};

bool
ctl_remote_can(const struct ctl_command *command)
{
	static const char *const names[] = {"status", "upstreams", "forget",
	    "resubmit", "log", "hold ", "desk ", "provision ", "request "};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(command->name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* --- what an order's arguments are over HTTPS --- */

/* "SUBJECT\nREASON" */
static void
add_forget(struct text *text, const char *given, bool now)
{
	size_t len = strcspn(given, "\n");

	text_add_string(text, "{\"subject\":");
	text_add_json(text, (struct slice){given, len});
	text_add_string(text, ",\"reason\":");
	text_add_json(
	    text, slice_from(given[len] != '\0' ? given + len + 1 : ""));
	text_add_format(text, ",\"now\":%s}", now ? "true" : "false");
}

static struct slice
make_arguments(
    struct arena *arena, const char *verb, int64_t id, const char *given)
{
	struct text text = text_start(arena);

	if (strcmp(verb, "forget") == 0) {
		add_forget(&text, given != NULL ? given : "", id != 0);
	} else if (given != NULL && given[0] == '{') {
		text_add_string(&text, given);
	} else {
		text_add_char(&text, '{');
		if (id != 0)
			text_add_format(&text, "\"id\":%lld", (long long)id);
		if (given != NULL && given[0] != '\0') {
			text_add_string(
			    &text, id != 0 ? ",\"text\":" : "\"text\":");
			text_add_json(&text, slice_from(given));
		}
		text_add_char(&text, '}');
	}
	return text_slice(&text);
}

/* --- asking --- */

static void
done(void *context, const struct http_client_answer *answer)
{
	struct asked *asked = context;

	asked->status = answer->status;
	snprintf(asked->reason, sizeof(asked->reason), "%s", answer->reason);
	asked->body = arena_copy(asked->arena, answer->body);
}

static bool
exchange(
    struct asked *asked, const struct http_client_ask *ask, struct fail *fail)
{
	struct event_base *base = event_base_new();
	struct http_client *client =
	    base != NULL ? http_client_create(base, fail) : NULL;

	if (client == NULL)
		fail_memory(fail);
	else if (http_client_start(client, ask, fail))
		http_client_wait(client);
	http_client_destroy(client);
	if (base != NULL)
		event_base_free(base);
	if (fail->kind == FAIL_NONE && asked->status == 0) {
		fail_set(fail, FAIL_WORLD, "%s", asked->reason);
		fail_place(fail, "%s", ask->url);
		fail_hint(fail,
		    "misuctl -c shows your certificate, -a says who "
		    "signed misu's; misu(8), FOR OPERATORS");
	}
	return fail->kind == FAIL_NONE;
}

/* The file behind misu's URL; false after a complaint. */
static bool
ask_path(const struct ctl_remote *remote, const char *path,
    struct http_client_ask *ask, struct asked *asked)
{
	struct text url = text_start(asked->arena);
	struct fail fail = FAIL_INIT;
	size_t len = strlen(remote->url);

	while (len != 0 && remote->url[len - 1] == '/')
		len--;
	text_add(&url, (struct slice){remote->url, len});
	text_add_string(&url, path);
	ask->url = text_slice(&url).data;
	ask->certificate = remote->certificate;
	ask->key = remote->key;
	ask->authority = remote->authority;
	ask->answer_max = ANSWER_MAX;
	ask->patience = PATIENCE;
	ask->done = done;
	ask->context = asked;
	if (strncasecmp(remote->url, "https://", 8) != 0)
		fail_set(&fail, FAIL_INPUT, "-u wants https://HOST:PORT");
	else if (ask->url == NULL)
		fail_memory(&fail);
	else
		exchange(asked, ask, &fail);
	if (fail.kind != FAIL_NONE)
		ctl_fail(&fail);
	return fail.kind == FAIL_NONE && asked->body.data != NULL;
}

bool
ctl_remote_ask(struct ctl *ctl, const char *verb, int64_t id, const char *text,
    int *status, struct slice *body)
{
	struct asked asked = {.arena = ctl->arena};
	struct http_client_ask ask = {.media = "application/json",
	    .post = make_arguments(ctl->arena, verb, id, text)};
	char path[80];

	snprintf(path, sizeof(path), "/v1/orders/%s", verb);
	if (ask.post.data == NULL) {
		struct fail fail = FAIL_INIT;

		fail_memory(&fail);
		ctl_fail(&fail);
		return false;
	}
	if (!ask_path(&ctl->remote, path, &ask, &asked))
		return false;
	*status = asked.status;
	*body = asked.body;
	return true;
}

bool
ctl_remote_get(struct ctl *ctl, struct arena *arena, const char *path,
    int *status, struct slice *body)
{
	struct asked asked = {.arena = arena};
	struct http_client_ask ask = {.post = {NULL, 0}};

	if (!ask_path(&ctl->remote, path, &ask, &asked))
		return false;
	*status = asked.status;
	*body = asked.body;
	return true;
}
