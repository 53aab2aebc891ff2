/* misuctl verify: on the ledger's files, with misu running or not. */
#include <inttypes.h>
#include <unistd.h>

#include "ctl.h"
#include "store/verify.h"

static void
print_finding(void *context, const char *place, const char *text)
{
	(void)context;
	printf("%s: %s\n", place, text);
}

static void
print_progress(void *context, uint64_t done, uint64_t size)
{
	time_t *told = context;
	time_t now = time(NULL);

	if (now == *told || size == 0)
		return;
	*told = now;
	fprintf(stderr, "%" PRIu64 " of %" PRIu64 " entries%s", done, size,
	    isatty(STDERR_FILENO) ? "\r" : "\n");
}

static int
print_result(const struct verify_result *result, bool live, bool keyed)
{
	printf("%" PRIu64 " entries under the checkpoint, %" PRIu64
	       " in the journal%s\nroot ",
	    result->size, result->journal,
	    live ? " (not read: misu is running)" : "");
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		printf("%02x", result->root.bytes[i]);
	putchar('\n');
	if (result->findings != 0) {
		printf("%" PRIu64 " findings: this is not the ledger that was"
		       " written\n",
		    result->findings);
		return CTL_REFUSED;
	}
	puts(keyed ? "verified"
		   : "verified, with the key that lies beside it (--key gives"
		     " your own)");
	return CTL_OK;
}

static int
run_verify(struct ctl *ctl, int argc, char **argv)
{
	struct verify_options options = {.finding = print_finding};
	struct verify_result result;
	struct fail fail = FAIL_INIT;
	time_t told = time(NULL);
	bool ok;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--key") == 0 && i + 1 < argc)
			options.verifier_key = slice_from(argv[++i]);
		else if (strcmp(argv[i], "--progress") == 0)
			options.progress = print_progress;
		else if (argv[i][0] == '-' || options.directory != NULL)
			return ctl_usage(&ctl_verify);
		else
			options.directory = argv[i];
	}
	if (options.directory == NULL)
		options.directory = ctl_ledger_directory(ctl);
	if (options.directory == NULL)
		return CTL_TROUBLE;
	if (isatty(STDERR_FILENO))
		options.progress = print_progress;
	options.context = &told;
	options.live = ctl_is_live(ctl, options.directory);
	options.disk = disk_real_create(NULL, &fail);
	ok = options.disk != NULL && verify_ledger(&options, &result, &fail);
	disk_real_destroy(options.disk);
	return ok ? print_result(&result, options.live,
			options.verifier_key.len != 0)
		  : ctl_fail(&fail);
}

const struct ctl_command ctl_verify = {
    .name = "verify",
    .usage = "[--key VERIFIER-KEY] [--progress] [DIRECTORY]",
    .summary = "prove that the ledger is whole and was not changed",
    .help =
	"Reads nothing but the ledger's own files.  Keep the line in\n"
	"log.vkey elsewhere and give it with --key: then nobody can put\n"
	"another ledger in its place.  Exit status 1: something was found.",
    .run = run_verify,
};
