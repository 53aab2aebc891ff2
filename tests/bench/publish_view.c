/*
 * publish_view VIEW COUNT: so many domains, d0000000.example and on, in a
 * public view that misu has made already, in the epoch it has there; what the
 * public gets of each is what a registrar's policy lets through.  Their
 * entries stand in no ledger: for measuring alone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "codec/view.h"
#include "store/view_priv.h"

enum { BATCH = 20000 };

static void
die(const struct fail *fail)
{
	fprintf(stderr, "publish_view: %s: %s\n", fail->place, fail->text);
	exit(1);
}

static struct slice
row_of(struct text *text, unsigned nth, const char *name)
{
	static const char redacted[] =
	    "\"city.int\":0,\"country\":[\"JP\"],\"email\":0,\"fax\":0,"
	    "\"name.int\":0,\"org.int\":[\"Mihon Shoji K.K.\"],\"phone\":0,"
	    "\"postcode\":0,\"state.int\":[\"Hyogo\"],\"street.int\":0";

	text_add_format(text,
	    "{\"name\":\"%s\",\"operation\":\"create\",\"registration\":{"
	    "\"created\":%u,\"expires\":%u,\"roid\":[\"D%07u-EXAMPLE\"],"
	    "\"status\":[\"clientTransferProhibited\"],\"updated\":%u},"
	    "\"roles\":{\"registrant\":{%s},\"subscriber\":{\"ns\":["
	    "\"ns1.dns%u.example\",\"ns2.dns%u.example\"]},\"tech\":{"
	    "\"email\":0,\"handle\":[\"TM%u-EXAMPLE\"],\"name.int\":0,"
	    "\"phone\":0}},\"type\":\"domain\",\"v\":1}",
	    name, 1500000000 + nth, 1900000000 + nth, nth, 1700000000 + nth,
	    redacted, nth % 100, nth % 100, nth % 5000);
	return text_slice(text);
}

/* As view_put() does, without a commit for each. */
static void
put_one(struct view *view, unsigned nth, int64_t epoch, struct arena *arena)
{
	struct fail fail = FAIL_INIT;
	struct text text = text_start(arena);
	struct slice bytes;
	struct view_row row;
	char name[32];

	snprintf(name, sizeof(name), "d%07u.example", nth);
	bytes = row_of(&text, nth, name);
	if (!view_decode(bytes, arena, &row, &fail))
		die(&fail);
	statement_bind_text(view->put, 1, SLICE("domain"));
	statement_bind_text(view->put, 2, slice_from(name));
	statement_bind_number(view->put, 3, 1);
	statement_bind_number(view->put, 4, epoch);
	statement_bind_number(view->put, 5, 1700000000);
	statement_bind_bytes(view->put, 6, bytes.data, bytes.len);
	if (!statement_do(view->put, &fail))
		die(&fail);
	for (size_t i = 0; i < row.it.ns.values.count; i++) {
		statement_bind_text(
		    view->add_handle, 1, row.it.ns.values.items[i]);
		statement_bind_text(view->add_handle, 2, SLICE("domain"));
		statement_bind_text(view->add_handle, 3, slice_from(name));
		if (!statement_do(view->add_handle, &fail))
			die(&fail);
	}
}

static int64_t
epoch_of(struct view *view)
{
	struct fail fail = FAIL_INIT;
	int64_t epoch;
	bool row;

	if (!statement_step(view->head, &row, &fail) || !row)
		die(&fail);
	epoch = statement_number(view->head, 0);
	statement_reset(view->head);
	return epoch;
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_create(NULL);
	unsigned count = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	struct fail fail = FAIL_INIT;
	struct view *view;
	int64_t epoch;

	if (count == 0) {
		fprintf(stderr, "usage: publish_view VIEW COUNT\n");
		return 2;
	}
	view = view_open(argv[1], &fail);
	if (view == NULL || arena == NULL)
		die(&fail);
	epoch = epoch_of(view);
	for (unsigned i = 0; i < count; i++) {
		if (i % BATCH == 0 &&
		    !sqlite_run(view->sqlite,
			i == 0 ? "BEGIN" : "COMMIT; BEGIN", &fail))
			die(&fail);
		put_one(view, i, epoch, arena);
		arena_reset(arena);
	}
	if (!sqlite_run(view->sqlite, "COMMIT", &fail) ||
	    !sqlite_checkpoint(view->sqlite, true, &fail))
		die(&fail);
	view_close(view);
	arena_destroy(arena);
	return 0;
}
