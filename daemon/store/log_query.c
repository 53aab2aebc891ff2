#include "store/log_query.h"

#include "store/log_look.h"

enum { SPAN_BITS = 16 };

struct run {
	const struct log_query *o;
	struct log_look look;
	struct log_page *page;
	uint64_t first, end; /* indexes of this page */
	size_t shown;
	bool ended;
};

/* The next one begins with this entry. */
static void
end_page(struct run *run, uint64_t index)
{
	run->page->has_more = true;
	run->page->start = run->o->newest_first ? index + 1 : index;
	run->ended = true;
}

static bool
look_at(struct run *run, uint64_t index, struct fail *fail)
{
	const struct log_query *o = run->o;
	struct log_entry found;
	struct entry_shown shown;
	bool matches;

	if (o->budget != 0 && run->look.looked >= o->budget) {
		end_page(run, index);
		return true;
	}
	if (!log_look_at(&run->look, index, true, &found, &matches, fail))
		return false;
	if (!matches)
		return true;
	if (o->limit != 0 && run->shown == o->limit) {
		end_page(run, index);
		return true;
	}
	shown = (struct entry_shown){.index = index,
	    .entry = found.entry,
	    .object = found.object,
	    .is_forgotten = found.object.len == 0 &&
			    found.parts.is_disclosure &&
			    log_query_forgotten(o->keys, found.entry)};
	run->shown++;
	run->ended = !o->show(o->context, &shown);
	return true;
}

/* --- one after the other --- */

static bool
walk(struct run *run, uint64_t first, uint64_t end, struct fail *fail)
{
	if (first < run->first)
		first = run->first;
	if (end > run->end)
		end = run->end;
	while (first < end && !run->ended)
		if (!look_at(run, run->o->newest_first ? --end : first++, fail))
			return false;
	return true;
}

/* --- by the index --- */

static bool
walk_span(struct run *run, uint64_t span, struct fail *fail)
{
	uint64_t base = span << SPAN_BITS;
	struct bits bits;
	unsigned at;

	if (base >= run->end || base + BITS_COUNT <= run->first)
		return true;
	if (!log_look_span(&run->look, span, &bits, NULL, fail))
		return false;
	at = run->o->newest_first ? bits_before(&bits, BITS_COUNT)
				  : bits_next(&bits, 0);
	while (at < BITS_COUNT && !run->ended) {
		if (base + at >= run->first && base + at < run->end &&
		    !look_at(run, base + at, fail))
			return false;
		at = run->o->newest_first ? bits_before(&bits, at)
					  : bits_next(&bits, at + 1);
	}
	return true;
}

static bool
walk_spans(struct run *run, struct fail *fail)
{
	uint64_t count = (run->look.indexed + BITS_COUNT - 1) >> SPAN_BITS;

	if (run->look.index == NULL)
		return true;
	for (uint64_t i = 0; i < count && !run->ended; i++)
		if (!walk_span(
			run, run->o->newest_first ? count - 1 - i : i, fail))
			return false;
	return true;
}

/* Entries that can be judged. */
static uint64_t
reach(const struct run *run)
{
	return run->o->given_count != 0 ? run->look.indexed : run->look.size;
}

static void
set_range(struct run *run)
{
	const struct log_query *o = run->o;

	run->first = o->query->first;
	run->end = o->query->end;
	if (run->first < run->look.minimum)
		run->first = run->look.minimum;
	if (run->end > reach(run))
		run->end = reach(run);
	if (!o->has_start)
		return;
	if (o->newest_first && o->start < run->end)
		run->end = o->start;
	if (!o->newest_first && o->start > run->first)
		run->first = o->start;
}

static bool
go(struct run *run, struct fail *fail)
{
	uint64_t indexed = run->look.indexed, size = run->look.size;

	if (run->o->newest_first)
		return walk(run, indexed, size, fail) && walk_spans(run, fail);
	return walk_spans(run, fail) && walk(run, indexed, size, fail);
}

bool
log_query_run(
    const struct log_query *query, struct log_page *page, struct fail *fail)
{
	struct run run = {.o = query,
	    .look = {.query = query->query,
		.keys = query->keys,
		.givens = query->givens,
		.given_count = query->given_count,
		.budget = query->budget,
		.bundles_only = query->bundles_only},
	    .page = page};
	bool ok;

	memset(page, 0, sizeof(*page));
	if (!log_look_start(
		&run.look, query->disk, query->directory, query->index, fail))
		return false;
	page->size = run.look.size;
	page->minimum = run.look.minimum;
	page->start = query->newest_first ? 0 : reach(&run);
	set_range(&run);
	ok = go(&run, fail);
	page->looked = run.look.looked;
	page->indexed = run.look.index != NULL ? run.look.indexed : 0;
	log_look_finish(&run.look);
	return ok;
}

/* --- cursors --- */

void
log_cursor_write(bool newest_first, uint64_t start, char out[LOG_CURSOR_SIZE])
{
	snprintf(out, LOG_CURSOR_SIZE, "%c%llx", newest_first ? 'n' : 'o',
	    (unsigned long long)start);
}

bool
log_cursor_read(
    struct slice text, bool newest_first, uint64_t *start, struct fail *fail)
{
	bool ok = text.len >= 2 && text.len <= 16 &&
		  text.data[0] == (newest_first ? 'n' : 'o');

	*start = 0;
	for (size_t i = 1; ok && i < text.len; i++) {
		char c = text.data[i];

		ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		*start =
		    *start << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	if (ok)
		return true;
	fail_set(fail, FAIL_INPUT, "this is no cursor of such a query");
	fail_place(fail, "cursor");
	fail_hint(fail, "give the one that the page before it ended with, and "
			"the same sort");
	return false;
}
