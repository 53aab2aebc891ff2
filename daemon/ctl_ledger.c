/* misuctl log: on the ledger's files, with misu running or not. */
#include <unistd.h>

#include "base/date.h"
#include "base/name.h"
#include "ctl.h"
#include "proc.h"
#include "store/log_query.h"
#include "store/vault.h"

/* What a log command works with; keys only where they are. */
struct log_view {
	struct ctl *ctl;
	struct log_query query;
	struct keys *keys;
	bool json, follow, has_subjects;
	bool live; /* a misu runs on this ledger */
};

static bool
show_entry(void *context, const struct entry_shown *shown)
{
	struct log_view *view = context;
	struct arena *arena = arena_create(NULL);
	struct slice line = {NULL, 0};

	if (arena != NULL)
		line = view->json ? entry_print_json(arena, shown)
				  : entry_print_text(arena, shown);
	if (line.data != NULL) {
		fwrite(line.data, 1, line.len, stdout);
		putchar('\n');
	}
	arena_destroy(arena);
	return line.data != NULL && !ferror(stdout);
}

/*
 * The vault tells the keys which slots are whose.  It is let go at once: a misu
 * that starts while somebody follows the log must find it free.  While misu
 * runs the vault is its own.
 */
static void
learn_subjects(struct log_view *view, const struct setup *setup)
{
	struct fail fail = FAIL_INIT;
	struct vault *vault = vault_open(view->query.disk,
	    setup_state_path(setup, SLICE("vault")), view->keys, &fail);

	view->has_subjects = vault != NULL;
	vault_close(vault);
}

/*
 * Names are encrypted: whoever may read the master key sees them.  Without
 * it the log stays readable, with pseudonyms.
 */
static void
open_keys(struct log_view *view)
{
	const struct setup *setup = ctl_setup(view->ctl);
	const char *path, *directory;
	struct fail fail = FAIL_INIT;
	uint8_t master[KEY_SIZE];
	bool fresh;

	if (setup == NULL)
		return;
	path = setup_state_path(setup, setup->conf->master_key);
	directory = setup_state_path(setup, SLICE("keys"));
	if (path == NULL || directory == NULL || access(path, R_OK) != 0 ||
	    access(directory, R_OK | X_OK) != 0)
		return;
	if (proc_master_key(path, master, &fresh, &fail))
		view->keys = keys_look(
		    view->query.disk, directory, master, &fail);
	digest_wipe(master, sizeof(master));
	view->query.keys = view->keys;
	/* While misu runs the vault is its own, and it is asked instead. */
	if (view->keys != NULL && !view->live &&
	    view->query.filter.subject.len != 0)
		learn_subjects(view, setup);
}

/*
 * A running misu says which pseudonym a subject has, and writes down that it
 * was asked, as it does when an object is looked for.
 */
static int
ask_daemon(struct log_view *view)
{
	struct log_filter *filter = &view->query.filter;
	struct fail fail = FAIL_INIT;
	const struct json_node *node;
	struct slice body;
	int status;

	if (filter->object.len != 0) {
		if (!ctl_ask(view->ctl, "log-object", 0, NULL, &status, &body))
			return CTL_TROUBLE;
		if (status != 200)
			return ctl_problem(view->ctl, status, body);
	}
	if (filter->subject.len == 0)
		return CTL_OK;
	if (!ctl_ask(view->ctl, "log-subject", 0, filter->subject.data,
		&status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(view->ctl, status, body);
	node = json_parse(view->ctl->arena, body, &fail);
	if (node == NULL)
		return ctl_fail(&fail);
	filter->pseudonym = slice_from(ctl_string(node, "pseudonym"));
	filter->subject = (struct slice){NULL, 0};
	return CTL_OK;
}

static bool
parse_time(const char *text, int64_t *out)
{
	struct fail fail = FAIL_INIT;
	char day[DATE_SIZE];

	if (strlen(text) == 10) {
		snprintf(day, sizeof(day), "%sT00:00:00Z", text);
		text = day;
	}
	if (!date_parse(slice_from(text), out, &fail))
		return false;
	*out *= 1000;
	return true;
}

/* A domain as people write it; anything else as it is. */
static struct slice
object_name(struct ctl *ctl, const char *text)
{
	struct slice name = slice_from(text), canonical;
	struct fail fail = FAIL_INIT;

	if (strchr(text, '/') == NULL && strchr(text, '.') != NULL &&
	    name_canonical(ctl->arena, name, &canonical, &fail))
		return canonical;
	return name;
}

static bool
parse_option(struct log_view *view, const char *option, const char *value)
{
	struct log_filter *filter = &view->query.filter;
	int64_t number;

	if (strcmp(option, "--from") == 0)
		return filter->has_from = true,
		       parse_time(value, &filter->from);
	if (strcmp(option, "--until") == 0)
		return filter->has_until = true,
		       parse_time(value, &filter->until);
	if (strcmp(option, "--verdict") == 0)
		return filter->has_verdict = true,
		       verdict_find(slice_from(value), &filter->verdict);
	if (strcmp(option, "--object") == 0)
		filter->object = object_name(view->ctl, value);
	else if (strcmp(option, "--subject") == 0)
		filter->subject = slice_from(value);
	else if (strcmp(option, "--recipient") == 0)
		filter->recipient = slice_from(value);
	else if (strcmp(option, "--type") == 0)
		filter->type = slice_from(value);
	else if (strcmp(option, "--outcome") == 0)
		filter->outcome = slice_from(value);
	else if (strcmp(option, "--dir") == 0)
		view->query.directory = value;
	else if (strcmp(option, "--rule") == 0 && ctl_number(value, &number))
		filter->rule = (unsigned)number;
	else
		return false;
	return true;
}

static bool
cannot_be(const char *option, const char *value)
{
	fprintf(stderr, "misuctl: %s cannot be %s\n", option, value);
	return false;
}

static bool
parse_log(struct log_view *view, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			view->json = true;
		else if (strcmp(argv[i], "--follow") == 0)
			view->follow = true;
		else if (i + 1 == argc)
			return false;
		else if (!parse_option(view, argv[i], argv[i + 1]))
			return cannot_be(argv[i], argv[i + 1]);
		else
			i++;
	}
	return true;
}

static bool
follow(struct log_view *view, struct fail *fail)
{
	const struct timespec pause = {.tv_nsec = 300000000};

	for (;;) {
		if (!log_query_run(&view->query, &view->query.start, fail))
			return false;
		if (fflush(stdout) != 0 || !view->follow)
			return true;
		nanosleep(&pause, NULL);
	}
}

/* Can what is looked for be found at all? */
static int
prepare(struct log_view *view)
{
	const struct log_filter *filter = &view->query.filter;
	struct fail fail = FAIL_INIT;

	view->live = ctl_is_live(view->ctl, view->query.directory);
	open_keys(view);
	if (view->keys == NULL &&
	    (filter->object.len != 0 ||
		(filter->subject.len != 0 && !view->live))) {
		fail_set(&fail, FAIL_DENIED,
		    "objects and subjects need the master key, which cannot"
		    " be read");
		return ctl_fail(&fail);
	}
	if (view->live)
		return ask_daemon(view);
	if (view->has_subjects || filter->subject.len == 0)
		return CTL_OK;
	fail_set(&fail, FAIL_WORLD,
	    "--subject needs the vault, which cannot be opened");
	return ctl_fail(&fail);
}

static int
run_log(struct ctl *ctl, int argc, char **argv)
{
	struct log_view view = {.ctl = ctl};
	struct fail fail = FAIL_INIT;
	int status;

	if (!parse_log(&view, argc, argv))
		return ctl_usage(&ctl_log);
	if (view.query.directory == NULL)
		view.query.directory = ctl_ledger_directory(ctl);
	view.query.disk = disk_real_create(NULL, &fail);
	if (view.query.directory == NULL || view.query.disk == NULL)
		return CTL_TROUBLE;
	view.query.show = show_entry;
	view.query.context = &view;
	status = prepare(&view);
	if (status == CTL_OK && !follow(&view, &fail))
		status = ctl_fail(&fail);
	keys_close(view.keys);
	disk_real_destroy(view.query.disk);
	return status;
}

const struct ctl_command ctl_log = {
    .name = "log",
    .usage = "[--from TIME] [--until TIME] [--object NAME] [--subject ID]\n"
	     "           [--recipient ID] [--type TYPE] [--outcome WORD]"
	     " [--verdict WORD]\n           [--rule N] [--follow] [--json]"
	     " [--dir DIRECTORY]",
    .summary = "read the ledger's entries",
    .help = "TIME is a day (UTC) or an RFC 3339 time.  Names of objects are\n"
	    "shown to who may read the master key.  That a running misu was\n"
	    "asked for an object or a subject is an entry too.",
    .run = run_log,
};
