/* misuctl log: the ledger's entries that answer a query. */
#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/entry_table.h"
#include "ctl_log_remote.h"
#include "ctl_query.h"
#include "store/log_query.h"

enum form { FORM_TEXT, FORM_COLUMNS, FORM_JSON, FORM_CSV };

struct log_view {
	struct ctl_query query;
	enum form form;
	bool json, csv; /* as given */
	struct entry_layout layout;
	bool follow, headed;
	int64_t limit;
	const char *cursor;
};

static bool
print_line(struct slice line, bool returns)
{
	if (line.data == NULL)
		return false;
	fwrite(line.data, 1, line.len, stdout);
	fputs(returns ? "\r\n" : "\n", stdout);
	return !ferror(stdout);
}

static bool
print_heading(struct log_view *view, struct arena *arena)
{
	if (view->headed)
		return true;
	view->headed = true;
	if (view->form == FORM_COLUMNS)
		return print_line(
		    entry_print_heading(arena, &view->layout), false);
	return view->form != FORM_CSV ||
	       print_line(entry_print_csv_heading(arena), true);
}

static bool
show_entry(void *context, const struct entry_shown *shown)
{
	struct log_view *view = context;
	struct arena *arena = arena_create(NULL);
	struct slice line = {NULL, 0};
	bool ok = arena != NULL && print_heading(view, arena);

	if (ok) {
		switch (view->form) {
		case FORM_TEXT:
			line = entry_print_text(arena, shown);
			break;
		case FORM_COLUMNS:
			line = entry_print_columns(arena, shown, &view->layout);
			break;
		case FORM_JSON:
			line = entry_print_json(arena, shown);
			break;
		case FORM_CSV:
			line = entry_print_csv(arena, shown, view->layout.zone);
			break;
		}
		ok = print_line(line, view->form == FORM_CSV);
	}
	arena_destroy(arena);
	return ok;
}

/* --- arguments --- */

static bool
parse_own(struct log_view *view, const char *option, const char *value)
{
	int64_t width;

	if (value == NULL)
		return false;
	if (strcmp(option, "--limit") == 0)
		return ctl_number(value, &view->limit);
	if (strcmp(option, "--cursor") == 0) {
		view->cursor = value;
		return true;
	}
	if (strcmp(option, "--width") != 0 || !ctl_number(value, &width) ||
	    width < ENTRY_WIDTH_MIN || width > 1000)
		return false;
	view->layout.width = (size_t)width;
	return true;
}

static enum ctl_query_took
take_own(void *context, const char *argument, const char *next)
{
	struct log_view *view = context;

	if (strcmp(argument, "--json") == 0)
		view->json = true;
	else if (strcmp(argument, "--csv") == 0)
		view->csv = true;
	else if (strcmp(argument, "--follow") == 0)
		view->follow = true;
	else
		return parse_own(view, argument, next) ? CTL_TWO : CTL_NOT_MINE;
	return CTL_ONE;
}

/* The terminal's width; where there is none, nothing is cut. */
static void
choose_form(struct log_view *view)
{
	struct winsize size;

	view->layout.zone = view->query.zone;
	view->form = view->json	 ? FORM_JSON
		     : view->csv ? FORM_CSV
				 : FORM_TEXT;
	if (view->form != FORM_TEXT)
		return;
	if (view->layout.width == 0 && isatty(STDOUT_FILENO)) {
		view->layout.width = 80;
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		    size.ws_col >= ENTRY_WIDTH_MIN)
			view->layout.width = size.ws_col;
	}
	if (view->layout.width != 0)
		view->form = FORM_COLUMNS;
}

/* --- running --- */

static bool
run_pages(struct log_view *view, struct fail *fail)
{
	const struct timespec pause = {.tv_nsec = 300000000};
	const struct query *query = &view->query.query;
	struct log_query run = {.disk = view->query.disk,
	    .directory = view->query.directory,
	    .index = view->query.index,
	    .keys = view->query.keys,
	    .query = query,
	    .newest_first = query->sort == QUERY_NEWEST && !view->follow,
	    .limit = (size_t)view->limit,
	    .show = show_entry,
	    .context = view};
	struct log_page page;
	char cursor[LOG_CURSOR_SIZE];

	if (view->cursor != NULL) {
		if (!log_cursor_read(slice_from(view->cursor), run.newest_first,
			&run.start, fail))
			return false;
		run.has_start = true;
	}
	for (;;) {
		if (!log_query_run(&run, &page, fail))
			return false;
		if (fflush(stdout) != 0 || !view->follow)
			break;
		run.has_start = true;
		run.start = page.start;
		nanosleep(&pause, NULL);
	}
	log_cursor_write(run.newest_first, page.start, cursor);
	if (page.has_more)
		fprintf(stderr, "there are more: --cursor %s\n", cursor);
	return true;
}

static int
run_remote(struct log_view *view)
{
	const struct ctl_log_remote remote = {.ctl = view->query.ctl,
	    .query = &view->query.query,
	    .limit = view->limit,
	    .cursor = view->cursor,
	    .follow = view->follow,
	    .show = show_entry,
	    .context = view};

	return ctl_log_remote_run(&remote);
}

static int
run_log(struct ctl *ctl, int argc, char **argv)
{
	struct log_view view = {.query = {.ctl = ctl}};
	bool remote = ctl->remote.url != NULL;
	struct fail fail = FAIL_INIT;
	int status;

	if (!ctl_query_take_all(&view.query, argc, argv, take_own, &view) ||
	    (view.json && view.csv) ||
	    (remote && view.query.directory != NULL))
		return ctl_usage(&ctl_log);
	status = ctl_query_prepare(&view.query);
	choose_form(&view);
	if (status == CTL_OK && remote)
		status = run_remote(&view);
	else if (status == CTL_OK && !run_pages(&view, &fail))
		status = ctl_fail(&fail);
	ctl_query_finish(&view.query);
	return status;
}

const struct ctl_command ctl_log = {
    .name = "log",
    .usage =
	"[QUERY ...] [--from TIME] [--until TIME] [--object NAME]\n"
	"           [--subject ID] [--recipient ID] [--type TYPE]"
	" [--outcome WORD]\n           [--verdict WORD] [--rule N]"
	" [--sort newest|oldest] [--limit N]\n           [--cursor CURSOR]"
	" [--follow] [--json | --csv] [--width N]\n           [--zone ZONE]"
	" [--dir DIRECTORY]",
    .summary = "find entries of the ledger",
    .help =
	"QUERY is terms KEY:VALUE[,VALUE], all of which hold; - before one"
	" is not:\n"
	"  type recipient role field verdict rule object subject pseudonym\n"
	"  purpose operation channel policy outcome actor case about\n"
	"  entry:12..40 entry>=12, time>=2026-04-01 time<2026-05-01, sort:\n"
	"as in `misuctl log field:email verdict:forward -recipient:jprs`.\n"
	"TIME is a day (in ZONE, or UTC) or an RFC 3339 time.  Names of\n"
	"objects are shown to who may read the master key.  That a running"
	" misu was\nasked for an object or a subject is an entry too.",
    .run = run_log,
};
