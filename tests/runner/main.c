/*
 * Plays scenarios: scenario [-v] [-s STEP] [-f "FAULT NTH"] FILE...
 *
 * Each runs in a process of its own, twice, and must give the same bytes both
 * times; then its sweeps.  One line a failure, and the sum at the end.  With
 * -v the transcript is printed.  A sweep takes every STEPth occurrence; -s 1 is
 * all of them.  A STEP that 3 does not divide gives each way to die its turn.
 * With -f a single run of a sweep is played with its transcript, by the name
 * that a failure says: -f "write 7".
 */
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner/world.h"

enum { SWEEP_MAX = 20000, TIME_LIMIT = 300 };

static bool verbose;
static unsigned step = 47; /* 3 does not divide it */
static struct plan single; /* PLAN_NONE: all that the script says */

static const enum disk_loss losses[] = {LOSS_ALL, LOSS_NONE, LOSS_TORN};

struct result {
	unsigned failures;
	bool struck;
	struct seen transcript;
};

static struct result
play(const struct script *script, struct plan plan, bool print)
{
	struct world *world = world_create(script, plan);
	struct result result = {.failures = 0};

	world->transcript = print;
	play_run(world);
	result.failures = world->failures;
	result.struck = world->struck || memory_disk_struck(world->disk);
	result.transcript = world->transcript_bytes;
	world->transcript_bytes = (struct seen){NULL, 0, 0};
	world_destroy(world);
	return result;
}

static bool
same(const struct seen *a, const struct seen *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Fail the 1st, 2nd, 3rd ... occurrence until none fails. */
static unsigned
sweep(const struct script *script, enum fault_kind kind)
{
	unsigned nth, failures = 0;

	for (nth = 1; nth < SWEEP_MAX && failures == 0; nth += step) {
		struct plan plan = {
		    .kind = kind, .nth = nth, .loss = losses[nth % 3]};
		struct result result = play(script, plan, false);

		failures += result.failures;
		seen_finish(&result.transcript);
		if (!result.struck)
			break;
	}
	if (verbose)
		printf("    sweep %d: %u runs\n", (int)kind,
		    (nth - 1) / step + 1);
	return failures;
}

static unsigned
play_single(const struct script *script)
{
	struct result result = play(script, single, true);

	seen_finish(&result.transcript);
	return result.failures;
}

static unsigned
play_all(const struct script *script)
{
	struct plan none = {.kind = PLAN_NONE};
	struct result first, second;
	unsigned failures;

	first = play(script, none, verbose);
	failures = first.failures;
	if (failures == 0) {
		second = play(script, none, false);
		failures += second.failures;
		if (!same(&first.transcript, &second.transcript)) {
			printf("%s:1: playing it again gives other bytes\n",
			    script->path);
			failures++;
		}
		seen_finish(&second.transcript);
	}
	seen_finish(&first.transcript);
	if (failures == 0 && script->sweep_alloc)
		failures += sweep(script, PLAN_ALLOC);
	if (failures == 0 && script->sweep_write)
		failures += sweep(script, PLAN_WRITE);
	if (failures == 0 && script->sweep_sync)
		failures += sweep(script, PLAN_SYNC);
	if (failures == 0 && script->sweep_kill)
		failures += sweep(script, PLAN_KILL);
	if (failures == 0 && script->sweep_worker)
		failures += sweep(script, PLAN_WORKER);
	if (failures == 0 && script->sweep_keeper)
		failures += sweep(script, PLAN_KEEPER);
	return failures;
}

static int
child(const char *path)
{
	struct arena *arena = arena_create(NULL);
	struct script *script = script_read(arena, path);
	unsigned failures;

	alarm(TIME_LIMIT);
	if (script == NULL)
		return 1;
	failures = single.kind != PLAN_NONE ? play_single(script)
					    : play_all(script);
	arena_destroy(arena);
	return failures != 0;
}

static bool
run(const char *path)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int code = child(path);

		fflush(stdout);
		exit(code); /* so that leaks are looked for */
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("%s:1: ended by signal %d\n", path, WTERMSIG(status));
	else if (WEXITSTATUS(status) > 1)
		printf("%s:1: ended with %d\n", path, WEXITSTATUS(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* As world_fail() says it; what comes after the number has no meaning. */
static bool
read_single(const char *text)
{
	static const char *const names[] = {"none", "alloc", "write", "fsync",
	    "kill", "worker", "keeper"};
	char name[16];
	unsigned nth;

	if (sscanf(text, "%15s %u", name, &nth) != 2)
		return false;
	for (unsigned i = PLAN_ALLOC; i <= PLAN_KEEPER; i++)
		if (strcmp(name, names[i]) == 0)
			single = (struct plan){.kind = (enum fault_kind)i,
			    .nth = nth,
			    .loss = losses[nth % 3]};
	return single.kind != PLAN_NONE;
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;

	/* Worlds come and go: their memory need not go back each time. */
	mallopt(M_MMAP_THRESHOLD, 1 << 28);
	mallopt(M_TRIM_THRESHOLD, 1 << 29);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0) {
			verbose = true;
			continue;
		}
		if (strcmp(argv[i], "-s") == 0 && i + 1 < argc) {
			step = (unsigned)strtoul(argv[++i], NULL, 10);
			step += step == 0;
			continue;
		}
		if (strcmp(argv[i], "-f") == 0 && i + 1 < argc) {
			if (read_single(argv[++i]))
				continue;
			fprintf(stderr, "there is no fault %s\n", argv[i]);
			return 2;
		}
		if (run(argv[i]))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
