/*
 * Plays scenarios: scenario [-1] [-v] [-t] [-s STEP] [-f "FAULT NTH"] FILE...
 *
 * Each runs in a process of its own, twice, and must give the same bytes both
 * times, or with -1 once; then its sweeps.  One line a failure, and the sum at
 * the end.  With -v the transcript is printed; with -t a line for each FILE,
 * and the seconds that it took: of processors, and by the clock.  A sweep takes
 * every STEPth occurrence, or more of them where there are few; -s 1 is all.  A
 * STEP that 3 does not divide gives each way to die its turn.  With -f a single
 * run of a sweep is played with its transcript, by the name that a failure
 * says: -f "write 7".
 */
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/registry.h"
#include "runner/canary.h"
#include "runner/sqlite_memory.h"
#include "runner/world.h"

/* 3 divides no STEP; CI's is DENSE, so that it takes all that others take. */
enum { TIME_LIMIT = 300, DENSE = 11, STEP = 7 * DENSE, RUNS_LEAST = 3 };

static bool verbose, times, once;
static unsigned step = STEP;
static struct plan single; /* PLAN_NONE: all that the script says */

struct result {
	unsigned failures;
	bool struck;
	unsigned counted[PLAN_COUNT];
	struct seen transcript;
	struct digest searched;
};

static struct plan
make_plan(enum fault_kind kind, unsigned nth)
{
	static const enum disk_loss losses[] = {
	    LOSS_ALL, LOSS_NONE, LOSS_TORN};

	return (struct plan){
	    .kind = kind, .nth = nth, .loss = losses[nth % 3]};
}

static struct result
play(const struct script *script, struct plan plan, bool print)
{
	size_t before = sqlite_memory_used();
	struct world *world = world_create(script, plan);
	struct result result = {.failures = 0};

	world->transcript = print;
	play_run(world);
	result.failures = world->failures;
	result.struck = world->struck || memory_disk_struck(world->disk);
	for (unsigned i = PLAN_ALLOC; i < PLAN_COUNT; i++)
		result.counted[i] = world_counted(world, (enum fault_kind)i);
	result.transcript = world->transcript_bytes;
	result.searched = digest_end(&world->searched);
	world->transcript_bytes = (struct seen){NULL, 0, 0};
	world_destroy(world);
	if (sqlite_memory_used() != before) {
		printf("%s:1: a database or a statement is left open\n",
		    script->path);
		result.failures++;
	}
	return result;
}

static bool
same(const struct result *one, const struct result *other)
{
	const struct seen *a = &one->transcript, *b = &other->transcript;

	return digest_equal(&one->searched, &other->searched) &&
	    a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* What is rare fails a few times, too, and in each way to die. */
static unsigned
step_of(unsigned counted)
{
	unsigned least = counted / RUNS_LEAST + 1;

	if (step <= least)
		return step;
	if (least < DENSE)
		return least + (least % 3 == 0);
	least -= least % DENSE;
	return least % 3 == 0 ? least - DENSE : least;
}

/* The 1st, 2nd, 3rd ... occurrence fails, in a run of its own each. */
static unsigned
sweep(const struct script *script, enum fault_kind kind, unsigned counted)
{
	unsigned failures = 0, runs = 0, next = step_of(counted);

	for (unsigned nth = 1; nth <= counted && failures == 0; nth += next) {
		struct result result =
		    play(script, make_plan(kind, nth), false);

		failures += result.failures;
		seen_finish(&result.transcript);
		runs++;
		if (result.struck)
			continue;
		printf("%s:1: there is no %s %u\n", script->path,
		    world_fault_name(kind), nth);
		failures++;
	}
	if (verbose)
		printf("    sweep %s: %u runs of %u\n",
		    world_fault_name(kind), runs, counted);
	return failures;
}

/* How many occurrences there are is seen first, in a run without a fault. */
static unsigned
play_sweeps(const struct script *script)
{
	const bool swept[PLAN_COUNT] = {[PLAN_ALLOC] = script->sweep_alloc,
	    [PLAN_WRITE] = script->sweep_write,
	    [PLAN_SYNC] = script->sweep_sync,
	    [PLAN_KILL] = script->sweep_kill,
	    [PLAN_WORKER] = script->sweep_worker,
	    [PLAN_KEEPER] = script->sweep_keeper};
	struct result all = {.failures = 0};

	for (unsigned i = PLAN_ALLOC; i < PLAN_COUNT; i++) {
		if (!swept[i] || all.failures != 0)
			continue;
		if (all.transcript.data == NULL)
			all = play(script, make_plan(PLAN_COUNT, 0), false);
		all.failures +=
		    sweep(script, (enum fault_kind)i, all.counted[i]);
	}
	seen_finish(&all.transcript);
	return all.failures;
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
	const struct plan none = {.kind = PLAN_NONE};
	const struct plan again = {.kind = PLAN_NONE, .again = true};
	struct result first, second;
	unsigned failures;

	first = play(script, none, verbose);
	failures = first.failures;
	if (failures == 0 && !once) {
		second = play(script, again, false);
		failures += second.failures;
		if (!same(&first, &second)) {
			printf("%s:1: playing it again gives other bytes\n",
			    script->path);
			failures++;
		}
		seen_finish(&second.transcript);
	}
	seen_finish(&first.transcript);
	return failures != 0 ? failures : play_sweeps(script);
}

static int
child(const char *path)
{
	struct arena *arena = arena_create(NULL);
	struct script *script = script_read(arena, path);
	unsigned failures;

	/* A thorough sweep takes as much longer as it has more runs. */
	alarm(step < STEP ? TIME_LIMIT * (STEP / step) : TIME_LIMIT);
	if (script == NULL)
		return 1;
	failures = single.kind != PLAN_NONE ? play_single(script)
					    : play_all(script);
	arena_destroy(arena);
	return failures != 0;
}

static double
seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool
run(const char *path, struct rusage *usage)
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
	if (pid < 0 || wait4(pid, &status, 0, usage) != pid)
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
	char name[16];
	unsigned nth;

	if (sscanf(text, "%15s %u", name, &nth) != 2)
		return false;
	for (unsigned i = PLAN_ALLOC; i < PLAN_COUNT; i++)
		if (strcmp(name, world_fault_name((enum fault_kind)i)) == 0)
			single = make_plan((enum fault_kind)i, nth);
	return single.kind != PLAN_NONE;
}

static bool
run_and_tell(const char *path)
{
	struct rusage usage = {.ru_nsignals = 0};
	double begun = now();
	bool ok = run(path, &usage);

	if (times)
		printf("%s %s # %.2f %.2f\n", ok ? "ok" : "not ok", path,
		    seconds(usage.ru_utime) + seconds(usage.ru_stime),
		    now() - begun);
	return ok;
}

/* What libraries do at their first use they do once, and not in each child. */
static void
warm_up(void)
{
	static const struct slice value = {"カナリア", 12};
	static const uint8_t seed[KEY_SIZE];
	uint8_t signature[64];
	struct canary_found found;

	sqlite_memory_use();
	registry_destroy(registry_create(NULL));
	digest_cipher_destroy(digest_cipher_create());
	digest_sign(seed, value, signature);
	canary_find(SLICE("nothing"), &value, 1, &found);
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;

	/* Worlds come and go: their memory need not go back each time. */
	mallopt(M_MMAP_THRESHOLD, 1 << 28);
	mallopt(M_TRIM_THRESHOLD, 1 << 29);
	warm_up();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0) {
			verbose = true;
			continue;
		}
		if (strcmp(argv[i], "-t") == 0) {
			times = true;
			continue;
		}
		if (strcmp(argv[i], "-1") == 0) {
			once = true;
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
		if (run_and_tell(argv[i]))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	fflush(stdout);
	_exit(failed != 0); /* it has done nothing itself */
}
