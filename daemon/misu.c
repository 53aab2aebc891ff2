/*
 * misu: options, the check of a configuration, or the service: its parent or,
 * as the parent starts it, one of its processes.
 */
#include <errno.h>
#include <unistd.h>

#include "auditor.h"
#include "child.h"
#include "console.h"
#include "credentials.h"
#include "log.h"
#include "parent.h"
#include "proc.h"
#include "publisher.h"
#include "report.h"
#include "service.h"
#include "version.h"
#include "worker.h"

struct options {
	struct setup_given given;
	bool check, show, debug;
	const char *process; /* "0/0" the keeper, "1/2" a worker, "console" */
};

static int
usage(void)
{
	fputs("usage: misu [-dnvV] [-f misu.conf] [-s state-directory]\n",
	    stderr);
	return 2;
}

static bool
parse_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "df:np:s:vV")) != -1) {
		switch (option) {
		case 'd':
			options->debug = true;
			break;
		case 'f':
			options->given.conf = optarg;
			break;
		case 'n':
			options->check = true;
			break;
		case 'p':
			options->process = optarg;
			break;
		case 's':
			options->given.state = optarg;
			break;
		case 'v':
			options->show = true;
			break;
		case 'V':
			puts("misu " MISU_VERSION);
			exit(0);
		default:
			return false;
		}
	}
	return optind == argc;
}

/* For people: what is wrong, where, and what to do. */
static void
print_fail(const struct fail *fail)
{
	fprintf(stderr, "misu: %s%s%s\n", fail->place,
	    fail->place[0] != '\0' ? ": " : "", fail->text);
	if (fail->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", fail->hint);
}

/* Said before it can happen: nobody can make it good afterwards. */
static void
tell_key(const struct setup *setup)
{
	const char *path = setup_state_path(setup, setup->conf->master_key);

	if (path == NULL || proc_has_credential() || access(path, F_OK) == 0 ||
	    errno != ENOENT)
		return;
	fprintf(stderr,
	    "misu: the first start makes the master key, %s\n"
	    "hint: keep a copy elsewhere: without it no backup can be read,"
	    " see KEYS in misu(8)\n",
	    path);
}

static void
tell_credential(void *context, const struct fail *fail, bool expires)
{
	(void)context;
	(void)expires;
	print_fail(fail);
}

/* Where there is no state yet its files need not be there either. */
static bool
check_credentials(struct setup *setup)
{
	const char *state = setup->state.data;
	struct fail fail = FAIL_INIT;
	bool ok;

	if (access(state, X_OK) != 0) {
		if (setup->conf->upstream_count != 0 ||
		    setup->conf->operators_address.len != 0)
			fprintf(stderr,
			    "misu: %s: %s: certificates, keys and passwords"
			    " were not looked at\n",
			    state, strerror(errno));
		return true;
	}
	ok = credentials_check(setup, time(NULL), tell_credential, NULL);
	if (setup_read_tokens(setup, &fail))
		return ok;
	print_fail(&fail);
	return false;
}

static int
check(struct setup *setup, const struct options *options)
{
	bool ok = options->show ? report_setup(setup, stdout)
				: report_summary(setup, stdout);

	tell_key(setup);
	ok = check_credentials(setup) && ok;
	return ok && fflush(stdout) == 0 ? 0 : 1;
}

/* Names go where the arguments are: keep these. */
static bool
keep_given(struct setup_given *given)
{
	bool conf = given->conf != NULL, state = given->state != NULL;

	given->conf = conf ? strdup(given->conf) : NULL;
	given->state = state ? strdup(given->state) : NULL;
	return (given->conf != NULL) == conf && (given->state != NULL) == state;
}

static void
free_given(const struct setup_given *given)
{
	free((char *)(uintptr_t)given->conf);
	free((char *)(uintptr_t)given->state);
}

static struct setup *
load(const struct options *options, bool quiet, struct fail *fail)
{
	char *diagnostics;
	struct setup *setup =
	    setup_load(&options->given, &diagnostics, fail);

	if (diagnostics != NULL && (setup == NULL || !quiet))
		fputs(diagnostics, stderr);
	free(diagnostics);
	return setup;
}

/* What keeps misu from starting is for who starts it. */
static void
log_credential(void *context, const struct fail *fail, bool expires)
{
	(void)context;
	if (expires)
		log_fail(LOG_LEVEL_WARN, "certificate-expires", fail);
	else
		print_fail(fail);
}

static int
run_parent(struct options *options, struct setup *setup)
{
	struct fail fail = FAIL_INIT;
	struct parent *parent;
	bool ok;

	if (!proc_harden(&fail)) {
		setup_free(setup);
		print_fail(&fail);
		return 1;
	}
	if (!credentials_check(setup, time(NULL), log_credential, NULL)) {
		setup_free(setup);
		return 1;
	}
	parent =
	    parent_create(&options->given, options->debug, setup, &fail);
	if (parent == NULL) {
		print_fail(&fail);
		return 1;
	}
	ok = parent_run(parent);
	parent_destroy(parent);
	return ok ? 0 : 1;
}

/* The parent has said already what there is to warn of. */
static int
run_keeper(const struct options *options)
{
	struct fail fail = FAIL_INIT;
	struct setup *setup = load(options, true, &fail);
	struct service *service;
	bool ok;

	if (setup == NULL) {
		print_fail(&fail);
		return 1;
	}
	service = service_create(&options->given, setup, &fail);
	if (service == NULL) {
		print_fail(&fail);
		return 1;
	}
	ok = service_run(service);
	service_destroy(service);
	return ok ? 0 : 1;
}

static int
run_worker(struct worker_number number)
{
	struct fail fail = FAIL_INIT;
	struct worker *worker;
	bool ok;

	proc_raise_files();
	worker = worker_create(number, &fail);
	if (worker == NULL) {
		print_fail(&fail);
		return 1;
	}
	ok = worker_run(worker);
	worker_destroy(worker);
	/* No file can be opened any more, which the leak check wants to. */
	_exit(ok ? 0 : 1);
}

static int
run_console(const struct options *options)
{
	struct fail fail = FAIL_INIT;
	struct console *console = console_create(&options->given, &fail);
	bool ok;

	if (console == NULL) {
		print_fail(&fail);
		return 1;
	}
	ok = console_run(console);
	console_destroy(console);
	/* As for a worker. */
	_exit(ok ? 0 : 1);
}

static int
run_publisher(const struct options *options)
{
	struct fail fail = FAIL_INIT;
	struct publisher *publisher =
	    publisher_create(&options->given, &fail);
	bool ok;

	if (publisher == NULL) {
		print_fail(&fail);
		return 1;
	}
	ok = publisher_run(publisher);
	publisher_destroy(publisher);
	/* As for a worker. */
	_exit(ok ? 0 : 1);
}

static int
run_auditor(const struct options *options)
{
	struct fail fail = FAIL_INIT;
	struct auditor *auditor = auditor_create(&options->given, &fail);
	bool ok;

	if (auditor == NULL) {
		print_fail(&fail);
		return 1;
	}
	ok = auditor_run(auditor);
	auditor_destroy(auditor);
	/* As for a worker. */
	_exit(ok ? 0 : 1);
}

static int
run_child(char **argv, const struct options *options)
{
	struct worker_number number;
	struct fail fail = FAIL_INIT;
	char name[32], *end;

	if (!proc_harden(&fail) || !child_begin(&fail)) {
		print_fail(&fail);
		return 1;
	}
	if (strcmp(options->process, "console") == 0) {
		proc_name(argv, "misu: console");
		return run_console(options);
	}
	if (strcmp(options->process, "publisher") == 0) {
		proc_name(argv, "misu: publisher");
		return run_publisher(options);
	}
	if (strcmp(options->process, "auditor") == 0) {
		proc_name(argv, "misu: auditor");
		return run_auditor(options);
	}
	number.number = (unsigned)strtoul(options->process, &end, 10);
	if (*end != '/')
		return usage();
	number.count = (unsigned)strtoul(end + 1, NULL, 10);
	if (number.number == 0) {
		proc_name(argv, "misu: keeper");
		return run_keeper(options);
	}
	snprintf(name, sizeof(name), "misu: worker %u", number.number);
	proc_name(argv, name);
	return run_worker(number);
}

static int
run(char **argv, struct options *options)
{
	struct fail fail = FAIL_INIT;
	struct setup *setup;
	int status;

	if (options->process != NULL)
		return run_child(argv, options);
	options->given.check = true; /* the tokens are the keeper's */
	setup = load(options, false, &fail);
	options->given.check = options->check;
	if (setup == NULL) {
		print_fail(&fail);
		return 1;
	}
	if (!options->check) {
		proc_name(argv, "misu: parent");
		return run_parent(options, setup);
	}
	status = check(setup, options);
	setup_free(setup);
	return status;
}

int
main(int argc, char **argv)
{
	struct options options = {.check = false};
	int status;

	if (!parse_options(argc, argv, &options))
		return usage();
	log_start(options.debug);
	status = keep_given(&options.given) ? run(argv, &options) : 1;
	free_given(&options.given);
	return status;
}
