/*
 * misuctl verify: a log is what it says it is, from its files or over HTTP,
 * all of it or what is new since a checkpoint that was kept.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "core/note.h"
#include "ctl_source.h"
#include "store/verify.h"

struct asked {
	struct verify_options options;
	const char *place, *from, *token_file, *key, *witness;
};

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

static void
print_seen(const struct asked *asked, const struct ctl_source *source,
    const struct verify_result *result)
{
	printf("%" PRIu64 " entries under the checkpoint", result->size);
	if (!source->is_url)
		printf(", %" PRIu64 " in the journal%s", result->journal,
		    asked->options.live ? " (not read: misu is running)" : "");
	printf("\nroot ");
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		printf("%02x", result->root.bytes[i]);
	putchar('\n');
	if (result->from != 0)
		printf(
		    "%" PRIu64 " of them as verified before\n", result->from);
	if (result->gone != 0)
		printf("%" PRIu64 " of them are kept no more: only their"
		       " hashes were verified\n",
		    result->gone);
	if (asked->options.hashes_only)
		puts("hashes only: the entries are for auditors"
		     " (--token-file)");
}

static int
print_result(const struct asked *asked, const struct ctl_source *source,
    const struct verify_result *result)
{
	print_seen(asked, source, result);
	if (result->findings != 0) {
		printf("%" PRIu64 " findings: this is not the ledger that was"
		       " written\n",
		    result->findings);
		return CTL_REFUSED;
	}
	if (asked->from != NULL && !ctl_write(asked->from, result->note))
		return CTL_TROUBLE;
	puts(asked->key != NULL
		 ? "verified"
		 : "verified, with the key that lies beside it (--key gives"
		   " your own)");
	return CTL_OK;
}

/* What `option` wants; NULL: no such option. */
static const char **
value_of(struct asked *asked, const char *option)
{
	if (strcmp(option, "--key") == 0)
		return &asked->key;
	if (strcmp(option, "--from") == 0)
		return &asked->from;
	if (strcmp(option, "--token-file") == 0)
		return &asked->token_file;
	if (strcmp(option, "--witness") == 0)
		return &asked->witness;
	return NULL;
}

static bool
parse(struct asked *asked, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **value = value_of(asked, argv[i]);

		if (value != NULL && i + 1 < argc)
			*value = argv[++i];
		else if (strcmp(argv[i], "--progress") == 0)
			asked->options.progress = print_progress;
		else if (argv[i][0] == '-' || asked->place != NULL)
			return false;
		else
			asked->place = argv[i];
	}
	if (isatty(STDERR_FILENO))
		asked->options.progress = print_progress;
	return true;
}

/* A checkpoint that is not there yet will be, after the first time. */
static bool
prepare(struct ctl *ctl, struct asked *asked, struct ctl_source *source)
{
	struct verify_options *options = &asked->options;

	options->arena = ctl->arena;
	if (asked->key != NULL) {
		options->verifier_key = ctl_key(ctl, asked->key);
		if (options->verifier_key.data == NULL)
			return false;
	}
	if (asked->witness != NULL) {
		options->witness_key = ctl_key(ctl, asked->witness);
		if (options->witness_key.data == NULL)
			return false;
	}
	if (asked->from != NULL &&
	    (access(asked->from, F_OK) == 0 || errno != ENOENT) &&
	    !ctl_file(ctl, asked->from, NOTE_MAX, &options->from))
		return false;
	if (!ctl_source_open(ctl, source, asked->place, asked->token_file))
		return false;
	options->directory = source->place;
	options->disk = source->disk;
	if (source->is_url) {
		options->source = source->log;
		options->hashes_only = asked->token_file == NULL;
	} else {
		options->live = ctl_is_live(ctl, source->place);
	}
	return true;
}

static int
run_verify(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {.options = {.finding = print_finding}};
	struct ctl_source source = {.place = NULL};
	struct verify_result result;
	struct fail fail = FAIL_INIT;
	time_t told = time(NULL);
	int status;

	if (!parse(&asked, argc, argv))
		return ctl_usage(&ctl_verify);
	asked.options.context = &told;
	if (!prepare(ctl, &asked, &source))
		status = CTL_TROUBLE;
	else if (!verify_ledger(&asked.options, &result, &fail))
		status = ctl_fail(&fail);
	else
		status = print_result(&asked, &source, &result);
	ctl_source_close(&source);
	return status;
}

const struct ctl_command ctl_verify = {
    .name = "verify",
    .usage = "[--key VERIFIER-KEY|FILE] [--from CHECKPOINT]\n"
	     "           [--witness KEY|FILE] [--token-file FILE]"
	     " [--progress]\n           [DIRECTORY|URL]",
    .summary = "prove that the ledger is whole and was not changed",
    .help =
	"Reads the ledger's own files, or those that a console serves at a\n"
	"URL.  Keep the line in log.vkey elsewhere and give it with --key:\n"
	"then nobody can put another ledger in its place.  With --from the\n"
	"log must go on from that checkpoint, only what is new is looked at,\n"
	"and the newer checkpoint is kept there.  Over HTTP entries are for\n"
	"auditors: without a token their hashes are verified.  With --witness\n"
	"that witness must have signed the checkpoint too.  Exit status 1:\n"
	"something was found.",
    .run = run_verify,
};
