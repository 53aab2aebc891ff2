/*
 * misuctl backup: a running misu puts what changes aside, and here it is
 * fetched with all that does not change.  What an older backup in the same
 * directory has already is not copied again.
 */
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_files.h"
#include "proc.h"
#include "store/tiles.h"

struct backup {
	struct arena *arena;
	const char *state, *to;
	struct ctl_manifest old, now;
	uint64_t copied;
	struct fail fail;
};

/* Files that never change are known by their name and size. */
static bool
take(struct backup *backup, const char *from, const char *name, uint64_t size,
    bool is_fixed)
{
	struct ctl_file file = {.size = size};
	const struct ctl_file *old;
	char path[4096];
	struct stat status;

	file.name = arena_copy(backup->arena, slice_from(name));
	if (file.name.data == NULL)
		return fail_memory(&backup->fail);
	old = is_fixed ? ctl_manifest_find(&backup->old, file.name) : NULL;
	snprintf(path, sizeof(path), "%.3000s/%s", backup->to, name);
	if (old != NULL && (size == UINT64_MAX || old->size == size) &&
	    stat(path, &status) == 0 && (uint64_t)status.st_size == old->size)
		file = *old;
	else if (!ctl_file_copy(from, backup->to, &file, &backup->fail))
		return false;
	else
		backup->copied++;
	file.name = arena_copy(backup->arena, slice_from(name));
	return ctl_manifest_add(
	    &backup->now, backup->arena, &file, &backup->fail);
}

/* Full bundles from the minimum on, and full tiles of each level. */
static bool
take_tiles(struct backup *backup, uint64_t minimum)
{
	for (int level = TILES_ENTRIES; level < TILE_LEVELS - 1; level++) {
		unsigned shift = level <= 0 ? 8 : 8 * (unsigned)(level + 1);
		uint64_t first = level == TILES_ENTRIES ? minimum >> 8 : 0;

		for (uint64_t n = first; n < backup->now.size >> shift; n++) {
			char name[TILES_PATH], path[TILES_PATH + 8];

			tiles_path(name, level, n, 0);
			snprintf(path, sizeof(path), "ledger/%s", name);
			if (!take(
				backup, backup->state, path, UINT64_MAX, true))
				return false;
		}
	}
	return true;
}

static bool
take_segments(struct backup *backup, const struct json_node *segments)
{
	for (size_t i = 0; segments != NULL && i < segments->count; i++) {
		const struct json_node *pair = &segments->items[i];
		char name[32];

		if (pair->count != 2)
			return fail_set(&backup->fail, FAIL_WORLD,
			    "misu's answer is malformed");
		snprintf(name, sizeof(name), "vault/%08x",
		    (unsigned)pair->items[0].integer);
		if (!take(backup, backup->state, name,
			(uint64_t)pair->items[1].integer,
			i + 1 < segments->count))
			return false;
	}
	return true;
}

static bool
take_put_aside(void *context, struct slice name)
{
	struct backup *backup = context;
	char from[4096];

	snprintf(from, sizeof(from), "%.3000s/backup", backup->state);
	return take(backup, from, name.data, UINT64_MAX, false);
}

static bool
take_policy(void *context, struct slice name)
{
	struct backup *backup = context;
	char path[512];

	snprintf(path, sizeof(path), "policies/%.*s", SLICE_ARG(name));
	return take(backup, backup->state, path, UINT64_MAX, true);
}

/* What is not in this one goes: it may be what was forgotten since. */
static bool
drop_old(void *context, struct slice name)
{
	struct backup *backup = context;
	char path[4096];

	if (slice_is(name, "manifest") ||
	    ctl_manifest_find(&backup->now, name) != NULL)
		return true;
	snprintf(
	    path, sizeof(path), "%.3000s/%.*s", backup->to, SLICE_ARG(name));
	unlink(path);
	return true;
}

static bool
take_all(struct backup *backup, const struct json_node *answer)
{
	char path[4096];

	backup->now.size = (uint64_t)ctl_integer(answer, "size");
	backup->now.origin = slice_from(ctl_string(answer, "origin"));
	backup->now.made = (int64_t)time(NULL) * 1000;
	backup->state = ctl_string(answer, "state");
	if (backup->old.count != 0 &&
	    !slice_equal(backup->old.origin, backup->now.origin)) {
		fail_set(&backup->fail, FAIL_INPUT,
		    "there is a backup of another log");
		fail_place(&backup->fail, "%s", backup->to);
		return false;
	}
	snprintf(path, sizeof(path), "%.3000s/backup", backup->state);
	if (!ctl_files_walk(path, take_put_aside, backup, &backup->fail) ||
	    !take_tiles(backup, (uint64_t)ctl_integer(answer, "minimum")) ||
	    !take_segments(backup, json_find(answer, "segments")))
		return false;
	snprintf(path, sizeof(path), "%.3000s/policies", backup->state);
	if (access(path, F_OK) == 0 &&
	    !ctl_files_walk(path, take_policy, backup, &backup->fail))
		return false;
	return ctl_manifest_write(
		   backup->to, &backup->now, backup->arena, &backup->fail) &&
	       ctl_files_walk(backup->to, drop_old, backup, &backup->fail);
}

static int
run_backup(struct ctl *ctl, int argc, char **argv)
{
	bool again = argc == 3 && strcmp(argv[1], "--again") == 0;
	struct backup backup = {.arena = ctl->arena, .to = argv[argc - 1]};
	const struct json_node *answer;
	struct slice body;
	int status;
	bool ok;

	if ((argc != 2 && !again) || *backup.to == '-')
		return ctl_usage(&ctl_backup);
	if (!proc_make_directory(backup.to, &backup.fail))
		return ctl_fail(&backup.fail);
	if (!ctl_manifest_read(
		backup.to, ctl->arena, &backup.old, &backup.fail) &&
	    backup.fail.kind != FAIL_NONE)
		return ctl_fail(&backup.fail);
	if (!ctl_ask(ctl, "backup", again ? 1 : 0, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	answer = json_parse(ctl->arena, body, &backup.fail);
	ok = answer != NULL && take_all(&backup, answer);
	if (!ctl_ask(ctl, "backup", 0, "end", &status, &body))
		return CTL_TROUBLE;
	if (!ok)
		return ctl_fail(&backup.fail);
	printf("%llu entries, %zu files, %llu of them copied; the master key"
	       " is not in it\n",
	    (unsigned long long)backup.now.size, backup.now.count,
	    (unsigned long long)backup.copied);
	return CTL_OK;
}

const struct ctl_command ctl_backup = {
    .name = "backup",
    .usage = "[--again] DIRECTORY",
    .summary = "a consistent copy of the state of a running misu",
    .help = "What an older backup there has already is not copied again.\n"
	    "The master key is not in it: keep a copy of that elsewhere, and\n"
	    "the list of what was forgotten (`forget copy` in misu.conf).\n"
	    "--again: in place of one that was cut short.",
    .run = run_backup,
};
