/* misuctl reindex: the index of the ledger, made anew from its entries. */
#include <inttypes.h>
#include <unistd.h>

#include "ctl_query.h"
#include "proc.h"
#include "store/index_feed.h"

enum { BATCH = 8192, PAUSE_MS = 300 };

static void
print_progress(uint64_t done, uint64_t size, bool last)
{
	bool tty = isatty(STDERR_FILENO);

	if (tty)
		fprintf(stderr, "%" PRIu64 " of %" PRIu64 " entries%s", done,
		    size, last ? "\n" : "\r");
	if (last)
		printf("the index has %" PRIu64 " entries\n", done);
}

static bool
parse_progress(struct ctl *ctl, struct slice body, int64_t *done, int64_t *size)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node = json_parse(ctl->arena, body, &fail);

	if (node == NULL)
		return false;
	*done = ctl_integer(node, "indexed");
	*size = ctl_integer(node, "entries");
	return true;
}

/* A running misu does it, while nobody else wants the processor. */
static int
ask_misu(struct ctl *ctl)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	const char *verb = "reindex";
	int64_t done = 0, size = 0, goal = -1;
	struct slice body;
	int status;

	for (;;) {
		if (!ctl_ask(ctl, verb, 0, NULL, &status, &body))
			return CTL_TROUBLE;
		if (status != 200)
			return ctl_problem(ctl, status, body);
		if (!parse_progress(ctl, body, &done, &size))
			return CTL_TROUBLE;
		if (goal < 0)
			goal = size;
		if (done >= goal)
			break;
		print_progress((uint64_t)done, (uint64_t)size, false);
		verb = "index-status";
		nanosleep(&pause, NULL);
	}
	print_progress((uint64_t)done, (uint64_t)size, true);
	return CTL_OK;
}

static bool
make_anew(struct ctl *ctl, struct disk *disk, const char *ledger,
    struct keys *keys, struct fail *fail)
{
	const struct index_feed_options options = {.disk = disk,
	    .directory = ledger,
	    .path = setup_state_path(ctl_setup(ctl), SLICE("index/index.db")),
	    .keys = keys};
	const char *place = setup_state_path(ctl_setup(ctl), SLICE("index"));
	struct index_feed *feed;
	uint64_t left = 1, done;
	bool anew, ok = true;

	if (options.path == NULL || place == NULL)
		return fail_memory(fail);
	if (!proc_make_directory(place, fail) ||
	    !index_remove(options.path, fail))
		return false;
	feed = index_feed_open(&options, &anew, fail);
	while (ok && feed != NULL && left != 0) {
		ok = index_feed_run(feed, BATCH, NULL, &left, fail);
		done = index_feed_next(feed);
		if (ok)
			print_progress(done, done + left, left == 0);
	}
	index_feed_close(feed);
	return ok && feed != NULL;
}

static int
run_reindex(struct ctl *ctl, int argc, char **argv)
{
	const char *ledger = ctl_ledger_directory(ctl);
	struct fail fail = FAIL_INIT;
	struct keys *keys = NULL;
	struct disk *disk;

	(void)argv;
	if (argc != 1)
		return ctl_usage(&ctl_reindex);
	if (ledger == NULL)
		return CTL_TROUBLE;
	if (ctl_is_live(ctl, ledger))
		return ask_misu(ctl);
	disk = disk_real_create(NULL, &fail);
	if (disk != NULL)
		keys = ctl_query_keys(ctl, disk, &fail);
	if (keys != NULL)
		make_anew(ctl, disk, ledger, keys, &fail);
	keys_close(keys);
	disk_real_destroy(disk);
	return fail.kind == FAIL_NONE ? CTL_OK : ctl_fail(&fail);
}

const struct ctl_command ctl_reindex = {
    .name = "reindex",
    .usage = "",
    .summary = "make the index of the ledger anew",
    .help = "The index only makes queries fast: nothing is lost without it,\n"
	    "and misu makes it anew by itself where it is damaged.  A running\n"
	    "misu does it in the background; what it has not come to yet is\n"
	    "found all the same.",
    .run = run_reindex,
};
