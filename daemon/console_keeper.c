#include "console_keeper.h"

#include <stdlib.h>

#include "base/text.h"
#include "console_line.h"
#include "log.h"
#include "net/http_problem.h"
#include "net/loop.h"
#include "net/wire_stream.h"

/* Connections have a few seconds more, to say so. */
enum { PATIENCE = 25 * 1000, LOOK = 1000 /* ms */ };

struct pending {
	struct pending *next;
	uint64_t number;
	int64_t since; /* ms */
	console_answer *answer;
	void *arg;
};

struct console_keeper {
	struct loop *loop;
	struct wire_stream *stream; /* NULL: it is away */
	struct loop_timer *timer;
	struct pending *pending; /* the newest first */
	unsigned count;
	uint64_t last; /* number */
};

static int64_t
now(const struct console_keeper *keeper)
{
	return keeper->loop->operations->now(keeper->loop);
}

static void
give_problem(console_answer *answer, void *arg, const char *detail)
{
	char body[512];
	int len = http_problem_print(body, sizeof(body), 503, detail);

	answer(arg, 503, (struct slice){body, (size_t)len});
}

/* Out of the list; *at is it. */
static void
finish(struct console_keeper *keeper, struct pending **at, int status,
    struct slice body, const char *detail)
{
	struct pending *pending = *at;

	*at = pending->next;
	keeper->count--;
	if (detail != NULL)
		give_problem(pending->answer, pending->arg, detail);
	else
		pending->answer(pending->arg, status, body);
	free(pending);
}

/* All that are older than that: the rest of the list. */
static void
give_up(struct console_keeper *keeper, int64_t before, const char *detail)
{
	struct slice none = {"", 0};
	struct pending **at = &keeper->pending, *rest;

	while (*at != NULL && (*at)->since >= before)
		at = &(*at)->next;
	rest = *at;
	*at = NULL;
	/* An answer may bring another question: that is not among them. */
	while (rest != NULL)
		finish(keeper, &rest, 503, none, detail);
}

static void
look(void *arg)
{
	struct console_keeper *keeper = arg;

	give_up(keeper, now(keeper) - PATIENCE,
	    "the keeper has not answered yet: look whether it was done before "
	    "it is asked again");
	if (keeper->count != 0)
		keeper->loop->operations->timer_set(keeper->timer, LOOK);
}

/* --- the line --- */

/* "12 200\n", and the body. */
static bool
read_answer(struct slice message, uint64_t *number, unsigned *status,
    struct slice *body)
{
	const char *end = memchr(message.data, '\n', message.len);
	char head[48], rest;
	unsigned long long n;
	size_t len;

	if (end == NULL || (size_t)(end - message.data) >= sizeof(head))
		return false;
	len = (size_t)(end - message.data);
	memcpy(head, message.data, len);
	head[len] = '\0';
	if (sscanf(head, "%20llu %3u%c", &n, status, &rest) != 2 ||
	    *status < 100)
		return false;
	*number = n;
	*body = (struct slice){end + 1, message.len - len - 1};
	return true;
}

/* One that nobody waits for any more is let go. */
static bool
received(void *context, struct slice message, int fd)
{
	struct console_keeper *keeper = context;
	unsigned status;
	struct slice body;
	uint64_t number;

	(void)fd;
	if (!read_answer(message, &number, &status, &body))
		return false;
	for (struct pending **at = &keeper->pending; *at != NULL;
	     at = &(*at)->next)
		if ((*at)->number == number) {
			finish(keeper, at, (int)status, body, NULL);
			break;
		}
	return true;
}

static void
leave(struct console_keeper *keeper)
{
	wire_stream_destroy(keeper->stream);
	keeper->stream = NULL;
	give_up(keeper, INT64_MAX,
	    "the keeper ended before it answered: look whether it was done, "
	    "and ask again");
}

static void
gone(void *context)
{
	leave(context);
}

void
console_keeper_join(struct console_keeper *keeper, int fd)
{
	const struct wire_stream_options options = {
	    .base = loop_base(keeper->loop),
	    .received = received,
	    .gone = gone,
	    .context = keeper,
	    .wipes = true};
	struct fail fail = FAIL_INIT;

	leave(keeper);
	keeper->stream = wire_stream_create(&options, fd, &fail);
	if (keeper->stream == NULL)
		log_fail(LOG_LEVEL_ERROR, "keeper-not-joined", &fail);
}

static bool
send(struct console_keeper *keeper, struct slice json)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	bool ok = false;

	if (arena != NULL) {
		text_add_format(
		    &text, "%llu\n", (unsigned long long)keeper->last);
		text_add(&text, json);
		ok = text_slice(&text).data != NULL &&
		     wire_stream_send(keeper->stream, text_slice(&text));
	}
	arena_destroy(arena);
	return ok;
}

void
console_keeper_ask(struct console_keeper *keeper, struct slice json,
    console_answer *answer, void *arg)
{
	struct pending *pending = NULL;
	const char *detail = "the keeper is away and is started again: ask in "
			     "a few seconds";

	if (keeper->count >= CONSOLE_LINE_AT_ONCE)
		detail = "too much is asked of the keeper: ask in a moment";
	else if (keeper->stream != NULL)
		pending = calloc(1, sizeof(*pending));
	if (pending != NULL) {
		keeper->last++;
		if (!send(keeper, json)) {
			free(pending);
			pending = NULL;
		}
	}
	if (pending == NULL) {
		give_problem(answer, arg, detail);
		return;
	}
	*pending = (struct pending){
	    keeper->pending, keeper->last, now(keeper), answer, arg};
	keeper->pending = pending;
	if (keeper->count++ == 0)
		keeper->loop->operations->timer_set(keeper->timer, LOOK);
}

struct console_keeper *
console_keeper_create(struct loop *loop, struct fail *fail)
{
	struct console_keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper != NULL) {
		keeper->loop = loop;
		keeper->timer =
		    loop->operations->timer_create(loop, look, keeper);
		if (keeper->timer != NULL)
			return keeper;
	}
	free(keeper);
	fail_memory(fail);
	return NULL;
}

void
console_keeper_destroy(struct console_keeper *keeper)
{
	if (keeper == NULL)
		return;
	leave(keeper);
	keeper->loop->operations->timer_destroy(keeper->timer);
	free(keeper);
}
