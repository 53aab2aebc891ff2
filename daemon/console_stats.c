/* GET /v1/stats: how many entries answer a query, for auditors. */
#include <event2/http.h>

#include "base/text.h"
#include "console_priv.h"
#include "store/log_stats.h"

enum { BUDGET = 100000 /* entries that are read for one answer */ };

static void
give_fail(struct console_request *asked, const struct fail *fail)
{
	console_fail(asked, fail->kind == FAIL_INPUT ? 422 : 503, fail);
}

/* Disclosures are counted, unless the query says what else. */
static bool
read_query(struct console_request *asked, struct query *query,
    enum stats_by *by, struct fail *fail)
{
	const char *text = evhttp_find_header(asked->parameters, "q");
	const char *word = evhttp_find_header(asked->parameters, "by");

	*by = STATS_RECIPIENT;
	if (word != NULL && !stats_by_find(slice_from(word), by)) {
		fail_set(fail, FAIL_INPUT, "nothing is counted by this");
		fail_place(fail, "by");
		fail_hint(fail, "%s", stats_by_hint);
		return false;
	}
	query_init(query);
	if (text != NULL &&
	    !query_parse(query, slice_from(text), 0, asked->arena, fail))
		return false;
	return query_has(query, QUERY_TYPE) || *by == STATS_TYPE ||
	       query_add(query, QUERY_TYPE, SLICE("disclosure"), 0,
		   asked->arena, fail);
}

static void
give_rows(struct console_request *asked, enum stats_by by,
    const struct stats_result *result)
{
	struct text text = text_start(asked->arena);
	struct slice body;

	text_add_format(&text, "{\"by\":\"%s\",\"entries\":%llu,\"rows\":[",
	    stats_by_name(by), (unsigned long long)result->total);
	for (size_t i = 0; i < result->count; i++) {
		text_add_string(&text, i == 0 ? "{\"key\":" : ",{\"key\":");
		text_add_json(&text, result->rows[i].key);
		text_add_format(&text, ",\"count\":%llu}",
		    (unsigned long long)result->rows[i].count);
	}
	text_add_string(&text, "]}\n");
	body = text_slice(&text);
	if (body.data == NULL)
		console_refuse(asked, 503, "out of memory");
	else
		console_give(asked, "application/json", "no-store", body);
}

void
console_stats(struct console_request *asked)
{
	struct console *console = asked->console;
	struct fail fail = FAIL_INIT;
	struct console_givens givens;
	struct stats_result result;
	struct query query;
	struct log_stats stats = {.disk = console->disk,
	    .directory = console->ledger,
	    .index = console->index,
	    .query = &query,
	    .givens = givens.items,
	    .budget = BUDGET};

	if (!read_query(asked, &query, &stats.by, &fail)) {
		give_fail(asked, &fail);
		return;
	}
	if (!console_find(asked, &query, &givens))
		return;
	stats.given_count = givens.count;
	if (log_stats_run(&stats, asked->arena, &result, &fail))
		give_rows(asked, stats.by, &result);
	else
		give_fail(asked, &fail);
}
