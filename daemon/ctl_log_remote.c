#include "ctl_log_remote.h"

#include <time.h>

#include "core/canon.h"
#include "ctl_remote.h"
#include "store/log_query.h"

enum { PAGE = 200, PAUSE = 1 /* seconds */ };

struct reading {
	const struct ctl_log_remote *o;
	struct query query;
	struct arena *arena; /* of one page */
	int64_t left;	     /* entries that are still wanted */
	char cursor[LOG_CURSOR_SIZE];
	bool has_more;
};

static struct slice
make_path(struct reading *reading)
{
	struct text path = text_start(reading->arena);

	text_add_format(&path, "/v1/entries?limit=%d",
	    (int)(reading->left < PAGE ? reading->left : PAGE));
	if (reading->cursor[0] != '\0') {
		text_add_string(&path, "&cursor=");
		text_add_percent(&path, slice_from(reading->cursor));
	}
	text_add_string(&path, "&q=");
	text_add_percent(&path, query_print(&reading->query, reading->arena));
	return text_slice(&path);
}

/* {"index":12,ENTRY...: what is behind the index is the entry. */
static bool
take_entry(struct reading *reading, struct slice item)
{
	struct text entry = text_start(reading->arena);
	struct slice rest = item, name, value;
	struct entry_shown shown = {.object = {"", 0}};
	int64_t index;
	size_t place;

	if (!canon_next_member(&rest, &name, &value) ||
	    !slice_is(name, "index") || !canon_number(value, &index) ||
	    index < 0 || rest.len < 2)
		return false;
	text_add_char(&entry, '{');
	text_add(&entry, (struct slice){rest.data + 1, rest.len - 1});
	shown.index = (uint64_t)index;
	shown.entry = text_slice(&entry);
	if (shown.entry.data == NULL || !canon_check(shown.entry, &place))
		return false;
	reading->left--;
	return reading->o->show(reading->o->context, &shown);
}

/* Where the next page starts; after the last, where what comes will be. */
static bool
take_end(struct reading *reading, struct slice body)
{
	struct slice cursor;
	int64_t size;

	reading->has_more =
	    canon_get_string(body, "cursor", reading->arena, &cursor);
	if (reading->has_more && cursor.len < sizeof(reading->cursor) &&
	    text_is_name(cursor, sizeof(reading->cursor) - 1)) {
		snprintf(reading->cursor, sizeof(reading->cursor), "%.*s",
		    SLICE_ARG(cursor));
		return true;
	}
	if (reading->has_more || !canon_get_number(body, "size", &size) ||
	    size < 0)
		return false;
	log_cursor_write(false, (uint64_t)size, reading->cursor);
	return true;
}

static bool
take_page(struct reading *reading, struct slice body)
{
	struct slice entries, item;

	if (!canon_member(body, "entries", &entries))
		return false;
	while (canon_next_item(&entries, &item))
		if (!take_entry(reading, item))
			return false;
	return take_end(reading, body);
}

static int
read_page(struct reading *reading)
{
	const struct ctl_log_remote *o = reading->o;
	struct fail fail = FAIL_INIT;
	struct slice path, body;
	int status;

	arena_reset(reading->arena);
	path = make_path(reading);
	if (path.data == NULL) {
		fail_memory(&fail);
		return ctl_fail(&fail);
	}
	if (!ctl_remote_get(o->ctl, reading->arena, path.data, &status, &body))
		return CTL_TROUBLE;
	/* The keeper there is away for a moment, say: who follows waits. */
	if (status == 503 && o->follow) {
		reading->has_more = false;
		return CTL_OK;
	}
	if (status != 200)
		return ctl_problem(o->ctl, status, body);
	if (take_page(reading, body))
		return fflush(stdout) == 0 ? CTL_OK : CTL_TROUBLE;
	fail_set(&fail, FAIL_WORLD, "the answer is not a page of entries");
	fail_place(&fail, "%s", o->ctl->remote.url);
	return ctl_fail(&fail);
}

static int
read_pages(struct reading *reading)
{
	const struct timespec pause = {.tv_sec = PAUSE};
	int status;

	for (;;) {
		status = read_page(reading);
		if (status != CTL_OK || reading->left == 0)
			break;
		if (reading->has_more)
			continue;
		if (!reading->o->follow)
			break;
		nanosleep(&pause, NULL);
	}
	if (status == CTL_OK && reading->has_more)
		fprintf(
		    stderr, "there are more: --cursor %s\n", reading->cursor);
	return status;
}

int
ctl_log_remote_run(const struct ctl_log_remote *remote)
{
	struct reading reading = {.o = remote,
	    .query = *remote->query,
	    .arena = arena_create(NULL),
	    .left = remote->limit != 0 ? remote->limit : INT64_MAX};
	struct fail fail = FAIL_INIT;
	int status;

	if (reading.arena == NULL) {
		fail_memory(&fail);
		return ctl_fail(&fail);
	}
	/* As on the machine itself: the API has the newest first by default. */
	if (remote->follow || reading.query.sort == QUERY_SORT_UNSAID)
		reading.query.sort = QUERY_OLDEST;
	if (remote->cursor != NULL)
		snprintf(reading.cursor, sizeof(reading.cursor), "%s",
		    remote->cursor);
	status = read_pages(&reading);
	arena_destroy(reading.arena);
	return status;
}
