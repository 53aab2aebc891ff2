/* misu: options, the check of a configuration, or the service. */
#include <unistd.h>

#include "log.h"
#include "proc.h"
#include "report.h"
#include "service.h"
#include "version.h"

struct options {
	struct setup_given given;
	bool check, show, debug;
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

	while ((option = getopt(argc, argv, "df:ns:vV")) != -1) {
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

static int
check(const struct setup *setup, const struct options *options)
{
	bool ok = options->show ? report_setup(setup, stdout)
				: report_summary(setup, stdout);

	return ok && fflush(stdout) == 0 ? 0 : 1;
}

static int
serve(struct setup *setup, const struct options *options)
{
	struct fail fail = FAIL_INIT;
	struct service *service;
	bool ok;

	if (!proc_harden(&fail)) {
		setup_free(setup);
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
	log_event(LOG_LEVEL_INFO, "stopped", NULL);
	return ok ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct options options = {.check = false};
	struct fail fail = FAIL_INIT;
	struct setup *setup;
	char *diagnostics;
	int status;

	if (!parse_options(argc, argv, &options))
		return usage();
	log_start(options.debug);
	options.given.check = options.check;
	setup = setup_load(&options.given, &diagnostics, &fail);
	if (diagnostics != NULL)
		fputs(diagnostics, stderr);
	free(diagnostics);
	if (setup == NULL) {
		print_fail(&fail);
		return 1;
	}
	if (!options.check)
		return serve(setup, &options);
	status = check(setup, &options);
	setup_free(setup);
	return status;
}
