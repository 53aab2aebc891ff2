/* misuctl stats: how many entries, for each recipient, field, day ... */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/width.h"
#include "core/entry_table.h"
#include "ctl_query.h"
#include "store/log_stats.h"

enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

enum { KEY_MAX = 40, WIDTH_MAX = 1000, BAR_MAX = 60 };

struct stats_view {
	struct ctl_query query;
	struct log_stats stats;
	enum form form;
	int64_t width;
};

static bool
parse_by(const char *value, enum stats_by *by)
{
	if (stats_by_find(slice_from(value), by))
		return true;
	fprintf(stderr, "misuctl: nothing is counted by %s\nhint: %s\n",
	    value, stats_by_hint);
	return false;
}

static bool
parse_own(struct stats_view *view, const char *option, const char *value)
{
	if (value == NULL)
		return false;
	if (strcmp(option, "--by") == 0)
		return parse_by(value, &view->stats.by);
	return strcmp(option, "--width") == 0 &&
	       ctl_number(value, &view->width) && view->width <= WIDTH_MAX;
}

static enum ctl_query_took
take_own(void *context, const char *argument, const char *next)
{
	struct stats_view *view = context;

	if (strcmp(argument, "--json") == 0)
		view->form = FORM_JSON;
	else if (strcmp(argument, "--csv") == 0)
		view->form = FORM_CSV;
	else
		return parse_own(view, argument, next) ? CTL_TWO : CTL_NOT_MINE;
	return CTL_ONE;
}

/* --- the table --- */

static size_t
width_of_terminal(const struct stats_view *view)
{
	struct winsize size;

	if (view->width != 0)
		return (size_t)view->width;
	if (isatty(STDOUT_FILENO) &&
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0)
		return size.ws_col;
	return 80;
}

static bool
speaks_utf8(void)
{
	return setlocale(LC_CTYPE, "") != NULL &&
	       strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* In eighths of a column where the terminal has such blocks. */
static void
add_bar(struct text *text, uint64_t count, uint64_t most, size_t columns)
{
	static const char *const parts[] = {"", "\xe2\x96\x8f", "\xe2\x96\x8e",
	    "\xe2\x96\x8d", "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a",
	    "\xe2\x96\x89"};
	bool fine = speaks_utf8();
	uint64_t eighths =
	    (uint64_t)((double)count / (double)most * (double)(columns * 8) +
		       0.5);

	if (eighths == 0)
		eighths = 1;
	for (uint64_t i = 0; i < eighths / 8; i++)
		text_add_string(text, fine ? "\xe2\x96\x88" : "#");
	if (fine)
		text_add_string(text, parts[eighths % 8]);
	else if (eighths < 8)
		text_add_string(text, ".");
}

/* "1,234,567" */
static void
add_count(struct text *text, uint64_t count, size_t columns)
{
	char digits[32], grouped[48];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	size_t at = 0;

	for (int i = 0; i < len; i++) {
		grouped[at++] = digits[i];
		if ((len - 1 - i) % 3 == 0 && i + 1 < len)
			grouped[at++] = ',';
	}
	for (size_t i = at; i < columns; i++)
		text_add_char(text, ' ');
	text_add(text, (struct slice){grouped, at});
}

static size_t
widest_key(const struct stats_result *result)
{
	size_t widest = 8;

	for (size_t i = 0; i < result->count; i++) {
		size_t width = width_of(result->rows[i].key);

		if (width > widest)
			widest = width;
	}
	return widest > KEY_MAX ? KEY_MAX : widest;
}

static void
add_row(struct text *text, const struct stats_row *row, size_t key_width,
    uint64_t most, size_t bar)
{
	size_t start = text->len;

	text_add(text, width_cut(row->key, key_width));
	width_pad(text, start, key_width);
	add_count(text, row->count, 14);
	text_add_string(text, "  ");
	add_bar(text, row->count, most, bar);
	text_add_char(text, '\n');
}

static void
add_table(struct text *text, const struct stats_view *view,
    const struct stats_result *result)
{
	size_t key = widest_key(result), width = width_of_terminal(view);
	size_t bar = width > key + 16 + 10 ? width - key - 16 : 10;
	uint64_t most = 1;

	if (bar > BAR_MAX)
		bar = BAR_MAX;
	for (size_t i = 0; i < result->count; i++)
		if (result->rows[i].count > most)
			most = result->rows[i].count;
	for (size_t i = 0; i < result->count; i++)
		add_row(text, &result->rows[i], key, most, bar);
	add_count(text, result->total, key + 14);
	text_add_format(
	    text, "  %s\n", result->total == 1 ? "entry" : "entries");
}

/* --- for programs --- */

static void
add_json(struct text *text, const struct stats_view *view,
    const struct stats_result *result)
{
	text_add_format(text,
	    "{\"by\":\"%s\",\"entries\":%" PRIu64 ",\"rows\":[",
	    stats_by_name(view->stats.by), result->total);
	for (size_t i = 0; i < result->count; i++) {
		text_add_string(text, i == 0 ? "{\"key\":" : ",{\"key\":");
		text_add_json(text, result->rows[i].key);
		text_add_format(
		    text, ",\"count\":%" PRIu64 "}", result->rows[i].count);
	}
	text_add_string(text, "]}\n");
}

static void
add_csv(struct text *text, const struct stats_view *view,
    const struct stats_result *result)
{
	text_add_format(text, "%s,entries\r\n", stats_by_name(view->stats.by));
	for (size_t i = 0; i < result->count; i++) {
		csv_add(text, result->rows[i].key);
		text_add_format(
		    text, ",%" PRIu64 "\r\n", result->rows[i].count);
	}
}

static int
print_stats(struct stats_view *view)
{
	struct arena *arena = view->query.ctl->arena;
	struct fail fail = FAIL_INIT;
	struct stats_result result;
	struct text text = text_start(arena);

	view->stats.disk = view->query.disk;
	view->stats.directory = view->query.directory;
	view->stats.index = view->query.index;
	view->stats.keys = view->query.keys;
	view->stats.query = &view->query.query;
	view->stats.zone = view->query.zone;
	if (!log_stats_run(&view->stats, arena, &result, &fail))
		return ctl_fail(&fail);
	switch (view->form) {
	case FORM_TABLE:
		add_table(&text, view, &result);
		break;
	case FORM_JSON:
		add_json(&text, view, &result);
		break;
	case FORM_CSV:
		add_csv(&text, view, &result);
		break;
	}
	if (text_slice(&text).data == NULL) {
		fail_memory(&fail);
		return ctl_fail(&fail);
	}
	fwrite(text.data, 1, text.len, stdout);
	return CTL_OK;
}

/* Disclosures are counted, unless the query says what else. */
static bool
count_disclosures(struct stats_view *view)
{
	struct query *query = &view->query.query;
	struct fail fail = FAIL_INIT;

	return query_has(query, QUERY_TYPE) || view->stats.by == STATS_TYPE ||
	       query_add(query, QUERY_TYPE, SLICE("disclosure"), 0,
		   view->query.ctl->arena, &fail);
}

static int
run_stats(struct ctl *ctl, int argc, char **argv)
{
	struct stats_view view = {
	    .query = {.ctl = ctl}, .stats = {.by = STATS_RECIPIENT}};
	int status;

	if (!ctl_query_take_all(&view.query, argc, argv, take_own, &view))
		return ctl_usage(&ctl_stats);
	status = ctl_query_prepare(&view.query);
	if (status == CTL_OK)
		status =
		    count_disclosures(&view) ? print_stats(&view) : CTL_TROUBLE;
	ctl_query_finish(&view.query);
	return status;
}

const struct ctl_command ctl_stats = {
    .name = "stats",
    .usage = "[QUERY ...] [--by KEY] [--json | --csv] [--width N]\n"
	     "             [--zone ZONE] [--dir DIRECTORY]",
    .summary = "count the entries of the ledger that answer a query",
    .help = "KEY is recipient (unless said otherwise), field, role, verdict,\n"
	    "rule, day, outcome, purpose, operation, channel, policy, type or\n"
	    "actor.  QUERY is as for `misuctl log`; disclosures are counted\n"
	    "unless it has a type.  Days are those of ZONE: UTC, JST, +09:00.",
    .run = run_stats,
};
