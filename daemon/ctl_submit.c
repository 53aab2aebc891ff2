/*
 * misuctl submit: several connections take records off one reader and post
 * them; answers are printed in the order of the records.
 */
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl.h"
#include "ctl_http.h"
#include "ctl_records.h"

enum { JOBS_MAX = 64, KEY_SIZE_MAX = 256 };

struct job {
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t printed;
	struct ctl_records records;
	const char *socket, *key;
	bool raw, quiet, progress, ended;
	unsigned long given, done; /* records taken, answers printed */
	unsigned long accepted, refused, failed;
	unsigned long long total; /* bytes of all files; 0: unknown */
	time_t told;
};

/* One record and what was answered. */
struct turn {
	unsigned long number;
	struct slice record, answer;
	char place[128], stamp[64];
	int status; /* 0: no answer */
	struct fail fail;
	struct arena *arena;
};

/*
 * The same place of the same state of the same file gets the same key: a run
 * that broke off can be repeated and does no harm.  A file written anew is a
 * new wish, even where it says what an older one said.
 */
static void
make_key(const struct job *job, const struct turn *turn, char out[KEY_SIZE_MAX])
{
	char origin[256];
	int len = snprintf(origin, sizeof(origin), "%s\n%s\n", turn->stamp,
	    turn->place);
	struct digest digest = digest_sha256_two(
	    (struct slice){origin, len > 0 ? (size_t)len : 0}, turn->record);

	if (job->key != NULL) {
		snprintf(out, KEY_SIZE_MAX, "%s", job->key);
		return;
	}
	memcpy(out, "sha256-", 8);
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(out + 7 + 2 * i, 3, "%02x", digest.bytes[i]);
}

/* By a person's stop: a field is hidden, or an answer may be outdated. */
static bool
is_stopped(const struct json_node *node)
{
	return json_find(node, "stopped") != NULL;
}

static void
print_field(const struct json_node *field)
{
	char slot[96];

	snprintf(slot, sizeof(slot), "%s.%s", ctl_string(field, "role"),
	    ctl_string(field, "field"));
	printf("    %-32s %-11s", slot, ctl_string(field, "verdict"));
	if (ctl_integer(field, "rule") != 0)
		printf(" rule %lld", (long long)ctl_integer(field, "rule"));
	else
		fputs(is_stopped(field) ? " stopped" : " no rule", stdout);
	putchar('\n');
}

static void
print_recipient(const struct json_node *recipient)
{
	const struct json_node *fields = json_find(recipient, "fields");

	printf("  %s %s: %s, entry %lld", ctl_string(recipient, "recipient"),
	    ctl_string(recipient, "purpose"),
	    ctl_string(recipient, "outcome"),
	    (long long)ctl_integer(recipient, "entry"));
	if (ctl_integer(recipient, "rule") != 0)
		printf(", rule %lld: %s",
		    (long long)ctl_integer(recipient, "rule"),
		    ctl_string(recipient, "reason"));
	else if (*ctl_string(recipient, "reason") != '\0')
		printf(": %s", ctl_string(recipient, "reason"));
	putchar('\n');
	for (size_t i = 0; fields != NULL && i < fields->count; i++)
		print_field(&fields->items[i]);
}

static bool
any_refused(const struct json_node *recipients)
{
	for (size_t i = 0; recipients != NULL && i < recipients->count; i++)
		if (strcmp(ctl_string(&recipients->items[i], "outcome"),
			"refused") == 0)
			return true;
	return false;
}

static void
print_answer(const struct job *job, const struct turn *turn,
    const struct json_node *node)
{
	const struct json_node *recipients = json_find(node, "recipients");
	const char *pointer = ctl_string(node, "pointer");

	printf("%s: %s", turn->place,
	    turn->status < 300 ? "accepted" : "not accepted");
	if (*ctl_string(node, "id") != '\0')
		printf(", submission %s", ctl_string(node, "id"));
	if (turn->status >= 300)
		printf(": %s%s%s", pointer, *pointer != '\0' ? ": " : "",
		    ctl_string(node, "title"));
	if (json_find(node, "replayed") != NULL)
		printf(" (handed in before: nothing new is sent)");
	putchar('\n');
	if (is_stopped(node))
		puts("  somebody in it has stopped provision: this is the first"
		     " answer, and handed in anew\n  it would be decided with"
		     " the stop (misuctl provision list)");
	if (*ctl_string(node, "detail") != '\0')
		printf("  hint: %s\n", ctl_string(node, "detail"));
	for (size_t i = 0; !job->quiet && recipients != NULL &&
	     i < recipients->count;
	     i++)
		print_recipient(&recipients->items[i]);
}

/* Count and print one answer; the lock is held, and it is its turn. */
static void
report(struct job *job, struct turn *turn)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node = NULL;

	if (turn->status == 0) {
		job->failed++;
		fprintf(stderr, "%s: ", turn->place);
		ctl_fail(&turn->fail);
		return;
	}
	node = json_parse(turn->arena, turn->answer, &fail);
	if (turn->status >= 500 || node == NULL)
		job->failed++;
	else if (turn->status >= 300 ||
	    any_refused(json_find(node, "recipients")) || is_stopped(node))
		job->refused++;
	else
		job->accepted++;
	if (job->raw)
		printf("%.*s\n", SLICE_ARG(turn->answer));
	else if (node != NULL &&
	    (!job->quiet || turn->status >= 300 || is_stopped(node)))
		print_answer(job, turn, node);
}

static void
tell_progress(struct job *job)
{
	time_t now = time(NULL);

	if (!job->progress || now == job->told)
		return;
	job->told = now;
	fprintf(stderr, "\r%lu records", job->done);
	if (job->total != 0)
		fprintf(stderr, ", %llu%%",
		    job->records.bytes * 100 / job->total);
	fputs(isatty(STDERR_FILENO) ? "\033[K" : "\n", stderr);
}

/* The next record, numbered; false at the end. */
static bool
take_turn(struct job *job, struct turn *turn)
{
	struct fail fail = FAIL_INIT;

	if (job->ended)
		return false;
	if (ctl_records_next(
		&job->records, &turn->record, turn->place, &fail)) {
		turn->number = job->given++;
		memcpy(turn->stamp, job->records.stamp, sizeof(turn->stamp));
		return true;
	}
	job->ended = true;
	if (fail.kind != FAIL_NONE) {
		job->failed++;
		ctl_fail(&fail);
	}
	return false;
}

static void *
work(void *arg)
{
	struct job *job = arg;
	struct ctl_http http = {.socket = job->socket, .fd = -1};
	struct turn turn = {.arena = arena_create(NULL)};
	char key[KEY_SIZE_MAX];

	pthread_mutex_lock(&job->lock);
	while (turn.arena != NULL && take_turn(job, &turn)) {
		pthread_mutex_unlock(&job->lock);
		turn.status = 0;
		turn.fail = (struct fail)FAIL_INIT;
		make_key(job, &turn, key);
		ctl_http_post(&http, key, turn.record, turn.arena,
		    &turn.status, &turn.answer, &turn.fail);
		pthread_mutex_lock(&job->lock);
		while (job->done != turn.number)
			pthread_cond_wait(&job->printed, &job->lock);
		report(job, &turn);
		/* Nobody there: the others will not find anybody either. */
		if (turn.status == 0)
			job->ended = true;
		job->done++;
		tell_progress(job);
		pthread_cond_broadcast(&job->printed);
		free((char *)(uintptr_t)turn.record.data);
		arena_reset(turn.arena);
	}
	pthread_mutex_unlock(&job->lock);
	arena_destroy(turn.arena);
	ctl_http_close(&http);
	return NULL;
}

static int
run_jobs(struct job *job, int64_t count)
{
	pthread_t threads[JOBS_MAX];
	int64_t started = 0;

	pthread_mutex_init(&job->lock, NULL);
	pthread_cond_init(&job->printed, NULL);
	while (started < count - 1 &&
	    pthread_create(&threads[started], NULL, work, job) == 0)
		started++;
	work(job);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	ctl_records_close(&job->records);
	if (job->progress)
		fputc('\n', stderr);
	if (job->done > 1 || job->quiet)
		fprintf(job->raw ? stderr : stdout,
		    "%lu accepted, %lu refused, %lu failed\n", job->accepted,
		    job->refused, job->failed);
	if (job->failed != 0)
		return CTL_TROUBLE;
	return job->refused != 0 ? CTL_REFUSED : CTL_OK;
}

static unsigned long long
total_size(char *const *names)
{
	unsigned long long total = 0;
	struct stat status;

	for (; *names != NULL; names++) {
		if (stat(*names, &status) != 0 || !S_ISREG(status.st_mode))
			return 0;
		total += (unsigned long long)status.st_size;
	}
	return total;
}

/* Options may stand before files only; returns where the files begin. */
static int
parse_options(struct job *job, int64_t *jobs, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
		if (strcmp(argv[i], "--json") == 0)
			job->raw = true;
		else if (strcmp(argv[i], "-q") == 0)
			job->quiet = true;
		else if (strcmp(argv[i], "--progress") == 0)
			job->progress = true;
		else if (strcmp(argv[i], "--key") == 0 && i + 1 < argc)
			job->key = argv[++i];
		else if (strcmp(argv[i], "--jobs") == 0 && i + 1 < argc &&
		    ctl_number(argv[i + 1], jobs) && *jobs <= JOBS_MAX)
			i++;
		else
			return argc;
	}
	return i;
}

static int
run_submit(struct ctl *ctl, int argc, char **argv)
{
	struct job job = {.progress = isatty(STDERR_FILENO) != 0};
	const struct setup *setup;
	int64_t jobs = 1;
	int first = parse_options(&job, &jobs, argc, argv);

	if (first >= argc || (job.key != NULL && first != argc - 1))
		return ctl_usage(&ctl_submit);
	setup = ctl_setup(ctl);
	if (setup == NULL)
		return CTL_TROUBLE;
	if (setup->conf->unix_socket.len == 0) {
		fputs("misuctl: misu.conf has no `listen on socket`\n", stderr);
		return CTL_TROUBLE;
	}
	job.socket = setup_run_path(setup, setup->conf->unix_socket);
	job.records.names = argv + first;
	job.total = total_size(argv + first);
	/* A handful of records needs no counter. */
	if (job.total != 0 && job.total < 256 * 1024 && isatty(STDERR_FILENO))
		job.progress = false;
	return run_jobs(&job, jobs);
}

const struct ctl_command ctl_submit = {
    .name = "submit",
    .usage = "[-q] [--json] [--jobs N] [--key KEY] [--progress] FILE ...",
    .summary = "hand records in, and print what each recipient gets",
    .help =
	"A FILE has JSON records one after the other, as JSON Lines or over\n"
	"many lines; - is standard input.  The Idempotency-Key is made from\n"
	"the file as it stands and the record's line in it, so a run that\n"
	"broke off can be repeated; a file written anew is handed in anew.\n"
	"--key gives another for a single record.  Exit status: 0 all was\n"
	"accepted, 1 something was refused, 2 there was trouble.",
    .run = run_submit,
};
