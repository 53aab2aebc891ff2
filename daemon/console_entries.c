/*
 * GET /v1/entries and /v1/events: queries over HTTP, for auditors.  What is
 * given stands under the checkpoint.  The console has no keys: it names no
 * object, and knows a subject by its pseudonym only.  Those that a query asks
 * for the keeper finds, see console_find.c.
 *
 * The event stream is answered in pieces: what there is at once, else when
 * something comes or PATIENCE is over.  Whoever reads event streams comes
 * again by itself, with the last event's id.
 */
#include <event2/http.h>

#include "base/text.h"
#include "console_priv.h"
#include "core/query.h"
#include "store/log_query.h"

enum {
	LIMIT = 50,
	LIMIT_MAX = 1000,
	BUDGET = 100000, /* entries that are read for one answer */
	WAITING_MAX = 32,
	PATIENCE = 20, /* seconds; connections have a few more */
	LOOK = 1000,   /* ms between two looks */
	EVENTS_MAX = 200
};

/* One request for a page, or for the next events. */
struct asking {
	struct console *console;
	struct arena *arena;
	struct query query;
	struct console_givens givens; /* objects of the query */
	struct log_query run;
	struct log_page page;
	struct text text;
	bool as_events;
	uint64_t count;
};

/* Somebody who waits for an event that is not there yet. */
struct console_waiting {
	struct console_waiting *next;
	struct console *console;
	struct http_request *request;
	struct asking asking;
	struct loop_timer *timer;
	unsigned looks;
};

static bool
on_entry(void *context, const struct entry_shown *shown)
{
	struct asking *asking = context;
	struct text *text = &asking->text;
	struct slice line = entry_print_json(asking->arena, shown);

	if (asking->as_events)
		text_add_format(text, "id: %llu\nevent: entry\ndata: ",
		    (unsigned long long)shown->index);
	else if (asking->count != 0)
		text_add_char(text, ',');
	text_add(text, line);
	if (asking->as_events)
		text_add_string(text, "\n\n");
	asking->count++;
	return line.data != NULL;
}

/* --- what is asked --- */

static bool
parameter_number(const struct evkeyvalq *parameters, const char *name, uint64_t *out)
{
	const char *value = evhttp_find_header(parameters, name);
	char *end;

	if (value == NULL)
		return true;
	*out = strtoull(value, &end, 10);
	return *end == '\0' && end != value && strlen(value) < 18;
}

static bool
take_parameters(struct asking *asking, const struct evkeyvalq *parameters,
    struct fail *fail)
{
	const char *text = evhttp_find_header(parameters, "q");
	const char *cursor = evhttp_find_header(parameters, "cursor");
	struct log_query *run = &asking->run;
	uint64_t limit = LIMIT;

	query_init(&asking->query);
	if (text != NULL && !query_parse(&asking->query, slice_from(text), 0,
				asking->arena, fail))
		return false;
	if (!parameter_number(parameters, "limit", &limit) || limit == 0 ||
	    limit > LIMIT_MAX) {
		fail_set(fail, FAIL_INPUT, "this is no limit");
		fail_place(fail, "limit");
		fail_hint(fail, "a number, %d at most", LIMIT_MAX);
		return false;
	}
	run->limit = (size_t)limit;
	run->newest_first = asking->query.sort != QUERY_OLDEST;
	if (cursor == NULL)
		return true;
	run->has_start = true;
	return log_cursor_read(
	    slice_from(cursor), run->newest_first, &run->start, fail);
}

static void
give_fail(struct console_request *asked, const struct fail *fail)
{
	console_fail(asked, fail->kind == FAIL_INPUT ? 422 : 503, fail);
}

/* False: it was answered, or is asked again when the keeper has answered. */
static bool
parse(struct asking *asking, struct console_request *asked)
{
	struct console_request longer = *asked;
	struct fail fail = FAIL_INIT;

	asking->run = (struct log_query){.disk = asking->console->disk,
	    .directory = asking->console->ledger,
	    .index = asking->console->index,
	    .query = &asking->query,
	    .budget = BUDGET,
	    .bundles_only = true,
	    .show = on_entry,
	    .context = asking};
	if (!take_parameters(asking, asked->parameters, &fail)) {
		give_fail(asked, &fail);
		return false;
	}
	longer.arena = asking->arena;
	if (!console_find(&longer, &asking->query, &asking->givens))
		return false;
	asking->run.givens = asking->givens.items;
	asking->run.given_count = asking->givens.count;
	return true;
}

/* --- pages --- */

static struct slice
finish_page(struct asking *asking)
{
	struct text *text = &asking->text;
	char cursor[LOG_CURSOR_SIZE];

	log_cursor_write(asking->run.newest_first, asking->page.start, cursor);
	text_add_format(text, "],\"size\":%llu,\"indexed\":%llu",
	    (unsigned long long)asking->page.size,
	    (unsigned long long)asking->page.indexed);
	if (asking->page.has_more)
		text_add_format(text, ",\"cursor\":\"%s\"", cursor);
	text_add_string(text, "}\n");
	return text_slice(text);
}

void
console_entries(struct console_request *asked)
{
	struct asking asking = {.console = asked->console,
	    .arena = asked->arena,
	    .text = text_start(asked->arena)};
	struct fail fail = FAIL_INIT;
	struct slice body = {NULL, 0};

	text_add_string(&asking.text, "{\"entries\":[");
	if (!parse(&asking, asked))
		return;
	if (!log_query_run(&asking.run, &asking.page, &fail)) {
		give_fail(asked, &fail);
		return;
	}
	body = finish_page(&asking);
	if (body.data == NULL)
		console_refuse(asked, 503, "out of memory");
	else
		console_give(asked, "application/json", "no-store", body);
}

/* --- events --- */

static void
leave(struct console_waiting *waiting)
{
	struct console_waiting **at = &waiting->console->waiting;

	while (*at != waiting)
		at = &(*at)->next;
	*at = waiting->next;
	waiting->console->waiting_count--;
	waiting->console->loop->operations->timer_destroy(waiting->timer);
	arena_destroy(waiting->asking.arena);
	free(waiting);
}

/* The next ones from where it was; false: it cannot be read now. */
static bool
look(struct asking *asking)
{
	struct fail ignored = FAIL_INIT;

	asking->text = text_start(asking->arena);
	asking->count = 0;
	text_add_string(&asking->text, "retry: 1000\n\n");
	if (!log_query_run(&asking->run, &asking->page, &ignored))
		return false;
	asking->run.start = asking->page.start;
	return true;
}

static void
give_events(struct console_request *asked, struct asking *asking)
{
	struct slice body;

	if (asking->count == 0)
		text_add_string(&asking->text, ": nothing new\n\n");
	body = text_slice(&asking->text);
	if (body.data == NULL)
		console_refuse(asked, 503, "out of memory");
	else
		console_give(asked, "text/event-stream", "no-store", body);
}

static void
finish_waiting(struct console_waiting *waiting)
{
	struct console_request asked = {.console = waiting->console,
	    .request = waiting->request,
	    .arena = waiting->asking.arena};

	give_events(&asked, &waiting->asking);
	leave(waiting);
}

static void
look_again(void *arg)
{
	struct console_waiting *waiting = arg;
	struct asking *asking = &waiting->asking;

	look(asking);
	if (asking->count != 0 || ++waiting->looks == PATIENCE)
		finish_waiting(waiting);
	else
		waiting->console->loop->operations->timer_set(
		    waiting->timer, LOOK);
}

/* After the last event that was seen; from now on where none was. */
static void
set_start(struct asking *asking, struct console_request *asked)
{
	const char *last = http_request_header(asked->request, "Last-Event-ID");
	struct fail ignored = FAIL_INIT;
	struct log_query nothing = asking->run;
	struct query none;
	char *end;

	asking->run.newest_first = false;
	asking->run.limit = EVENTS_MAX;
	if (last != NULL && *last >= '0' && *last <= '9') {
		asking->run.start = strtoull(last, &end, 10) + 1;
		asking->run.has_start = *end == '\0';
	}
	if (asking->run.has_start)
		return;
	query_init(&none);
	none.end = 0;
	nothing.query = &none;
	nothing.given_count = 0;
	if (log_query_run(&nothing, &asking->page, &ignored))
		asking->run.start = asking->page.size;
	asking->run.has_start = true;
}

static struct console_waiting *
waiting_create(struct console_request *asked)
{
	struct console *console = asked->console;
	struct console_waiting *waiting;

	if (console->waiting_count == WAITING_MAX)
		return NULL;
	waiting = calloc(1, sizeof(*waiting));
	if (waiting == NULL)
		return NULL;
	waiting->console = console;
	waiting->request = asked->request;
	waiting->asking.console = console;
	waiting->asking.as_events = true;
	waiting->asking.arena = arena_create(NULL);
	waiting->timer = console->loop->operations->timer_create(
	    console->loop, look_again, waiting);
	waiting->next = console->waiting;
	console->waiting = waiting;
	console->waiting_count++;
	if (waiting->asking.arena != NULL && waiting->timer != NULL)
		return waiting;
	leave(waiting);
	return NULL;
}

void
console_events(struct console_request *asked)
{
	struct console_waiting *waiting = waiting_create(asked);

	if (waiting == NULL) {
		console_refuse(asked, 503, "too many wait for events");
		return;
	}
	if (!parse(&waiting->asking, asked)) {
		leave(waiting);
		return;
	}
	set_start(&waiting->asking, asked);
	look(&waiting->asking);
	if (waiting->asking.count != 0)
		finish_waiting(waiting);
	else
		asked->console->loop->operations->timer_set(
		    waiting->timer, LOOK);
}

void
console_events_end(struct console *console)
{
	struct console_waiting *next;

	for (struct console_waiting *waiting = console->waiting;
	     waiting != NULL; waiting = next) {
		next = waiting->next;
		finish_waiting(waiting);
	}
}
