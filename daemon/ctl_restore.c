/*
 * misuctl restore: a backup becomes a state directory.  It is not served
 * before what was forgotten since is forgotten again, and not at all if a
 * newer checkpoint of the log was seen: going on would make two logs of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/note.h"
#include "ctl.h"
#include "ctl_files.h"
#include "ctl_restore.h"
#include "ctl_source.h"
#include "proc.h"
#include "restored.h"
#include "store/forgotten.h"
#include "store/journal.h"
#include "store/verify.h"

enum { KEYS_MAX = 256, NEWER_MAX = 16 };

struct restore {
	struct arena *arena;
	const char *from, *to, *forgotten, *checkpoint;
	const char *newer[NEWER_MAX]; /* keys, as given */
	size_t newer_count;
	struct ctl_manifest manifest;
	uint8_t keys[KEYS_MAX][32];
	size_t key_count;
	uint64_t seen;	   /* entries of the newest checkpoint anybody has */
	struct text slots; /* "forget N" lines */
	size_t slot_count;
	struct ctl_restore_ledger newer_log; /* place NULL: the backup's */
	struct stat owner;
	bool gives_away; /* run by root: files become the directory's owner's */
	struct fail fail;
};

/* --- before anything is written --- */

static bool
not_empty(void *context, struct slice name)
{
	(void)name;
	*(bool *)context = true;
	return true;
}

static bool
check_target(struct restore *restore)
{
	bool any = false;

	if (!proc_make_directory(restore->to, &restore->fail) ||
	    !ctl_files_walk(restore->to, not_empty, &any, &restore->fail))
		return false;
	if (any) {
		fail_set(&restore->fail, FAIL_INPUT,
		    "the state directory is not empty");
		fail_place(&restore->fail, "%s", restore->to);
		fail_hint(&restore->fail,
		    "move what is there away; nothing was changed");
		return false;
	}
	restore->gives_away =
	    geteuid() == 0 && stat(restore->to, &restore->owner) == 0;
	return true;
}

static bool
check_manifest(struct restore *restore)
{
	if (!ctl_manifest_read(restore->from, restore->arena,
		&restore->manifest, &restore->fail)) {
		if (restore->fail.kind == FAIL_NONE)
			fail_set(&restore->fail, FAIL_INPUT,
			    "there is no backup in %s", restore->from);
		return false;
	}
	for (size_t i = 0; i < restore->manifest.count; i++)
		if (!ctl_file_check(restore->from, &restore->manifest.files[i],
			&restore->fail))
			return false;
	return true;
}

/* The key that signs now and those before. */
static bool
read_keys(struct restore *restore, const char *name)
{
	char path[4096];
	struct slice text, line, origin;

	snprintf(path, sizeof(path), "%.3000s/ledger/%s", restore->from, name);
	if (access(path, F_OK) != 0)
		return true;
	if (!proc_read_file(
		path, 1 << 20, restore->arena, &text, &restore->fail))
		return false;
	while (text.len != 0 && restore->key_count < KEYS_MAX) {
		const char *end = memchr(text.data, '\n', text.len);

		line = (struct slice){text.data,
		    end != NULL ? (size_t)(end - text.data) : text.len};
		text.data += line.len + (end != NULL);
		text.len -= line.len + (end != NULL);
		if (line.len == 0)
			continue;
		if (!note_parse_verifier_key(line, restore->arena, &origin,
			restore->keys[restore->key_count], &restore->fail))
			return false;
		restore->key_count++;
	}
	return true;
}

/*
 * Those that signed since a rotation which the backup is older than: the
 * newest list and checkpoint are theirs.
 */
static bool
read_newer_keys(struct ctl *ctl, struct restore *restore)
{
	for (size_t i = 0;
	     i < restore->newer_count && restore->key_count < KEYS_MAX; i++) {
		struct slice line = ctl_key(ctl, restore->newer[i]), origin;

		if (line.data == NULL)
			return fail_set(&restore->fail, FAIL_INPUT,
			    "--key %s cannot be used", restore->newer[i]);
		if (!note_parse_verifier_key(line, restore->arena, &origin,
			restore->keys[restore->key_count], &restore->fail))
			return false;
		if (!slice_equal(origin, restore->manifest.origin))
			return fail_set(&restore->fail, FAIL_INPUT,
			    "--key %s is not a key of this log",
			    restore->newer[i]);
		restore->key_count++;
	}
	return true;
}

static bool
refuse_older(struct restore *restore, uint64_t size, const char *what)
{
	fail_set(&restore->fail, FAIL_DENIED,
	    "a checkpoint of %llu entries was published, %s %llu",
	    (unsigned long long)restore->seen, what, (unsigned long long)size);
	fail_hint(&restore->fail,
	    "going on would fork the log: restore a newer backup, or this one"
	    " with --ledger COPY; or begin a log of another origin");
	return false;
}

/* A newer one was published: this log must not go on. */
static bool
check_checkpoint(struct restore *restore)
{
	struct checkpoint seen;
	struct fail why = FAIL_INIT;
	struct slice note;
	bool ours = false;

	if (restore->checkpoint == NULL)
		return true;
	if (!proc_read_file(restore->checkpoint, NOTE_MAX, restore->arena,
		&note, &restore->fail))
		return false;
	for (size_t i = 0; i < restore->key_count && !ours; i++)
		ours = note_open(note, restore->arena, restore->manifest.origin,
		    restore->keys[i], &seen, &why);
	if (!ours) {
		restore->fail = why;
		fail_place(&restore->fail, "%s", restore->checkpoint);
		return false;
	}
	restore->seen = seen.size;
	/* A newer copy of the ledger is looked at when it is there. */
	if (restore->newer_log.place != NULL ||
	    seen.size <= restore->manifest.size)
		return true;
	return refuse_older(restore, restore->manifest.size, "the backup has");
}

static bool
add_slot(void *context, uint32_t slot, int64_t time)
{
	struct restore *restore = context;

	(void)time;
	text_add_format(&restore->slots, "forget %u\n", slot);
	restore->slot_count++;
	return true;
}

static bool
read_forgotten(struct restore *restore)
{
	char origin[256];
	struct slice text;

	restore->slots = text_start(restore->arena);
	text_add_format(&restore->slots, "%s\nmade %lld\nsize %llu\n",
	    RESTORED_INCOMPLETE,
	    (long long)restore->manifest.made,
	    (unsigned long long)restore->manifest.size);
	if (restore->newer_log.place != NULL)
		text_add_format(&restore->slots, "ledger %llu\n",
		    (unsigned long long)restore->manifest.size);
	if (restore->forgotten == NULL)
		return true;
	snprintf(origin, sizeof(origin), "%.*s",
	    SLICE_ARG(restore->manifest.origin));
	if (!proc_read_file(restore->forgotten, (size_t)1 << 29, restore->arena,
		&text, &restore->fail))
		return false;
	if (forgotten_read(text, origin, (const uint8_t(*)[32])restore->keys,
		restore->key_count, add_slot, restore, &restore->fail))
		return true;
	if (restore->fail.kind == FAIL_DENIED)
		fail_hint(&restore->fail,
		    "if the signing key was rotated after the backup, --key"
		    " gives the newer verifier key");
	fail_place(&restore->fail, "%s", restore->forgotten);
	return false;
}

/* --- writing --- */

static bool
give_away(void *context, struct slice name)
{
	struct restore *restore = context;
	char path[4096];

	snprintf(
	    path, sizeof(path), "%.3000s/%.*s", restore->to, SLICE_ARG(name));
	for (char *end = path + strlen(path);
	     end != NULL && (size_t)(end - path) > strlen(restore->to);
	     end = strrchr(path, '/')) {
		*end = '\0';
		if (lchown(path, restore->owner.st_uid,
			restore->owner.st_gid) != 0)
			return false;
	}
	return true;
}

/* A segment of the journal was cut where it was written to. */
static bool
fill_segment(struct restore *restore, struct slice name)
{
	char path[4096];

	if (name.len < 15 || memcmp(name.data, "ledger/journal/", 15) != 0)
		return true;
	snprintf(
	    path, sizeof(path), "%.3000s/%.*s", restore->to, SLICE_ARG(name));
	return truncate(path, JOURNAL_SEGMENT) == 0 ||
	       fail_set(&restore->fail, FAIL_WORLD, "cannot lengthen %s: %s",
		   path, strerror(errno));
}

static bool
write_failed(struct restore *restore, const char *path)
{
	return fail_set(&restore->fail, FAIL_WORLD, "cannot write %s: %s", path,
	    strerror(errno));
}

/*
 * Before anything else, and whole: misu does not start on what says that more
 * was to come.
 */
static bool
write_slots(struct restore *restore, int *out)
{
	struct slice text = text_slice(&restore->slots);
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%.3000s/restored", restore->to);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	*out = fd;
	return (text.data != NULL && fd >= 0 &&
		   write(fd, text.data, text.len) == (ssize_t)text.len &&
		   syncfs(fd) == 0) ||
	       write_failed(restore, path);
}

/* When all the rest is on the disk: it takes no room that was not taken. */
static bool
write_complete(struct restore *restore, int fd)
{
	static const char complete[] = RESTORED_COMPLETE;

	return (syncfs(fd) == 0 &&
		   pwrite(fd, complete, sizeof(complete) - 1, 0) ==
		       (ssize_t)sizeof(complete) - 1 &&
		   fsync(fd) == 0) ||
	       write_failed(restore, "restored");
}

static void
print_finding(void *context, const char *place, const char *text)
{
	(void)context;
	fprintf(stderr, "%s: %s\n", place, text);
}

/* `from`: a checkpoint that it must have gone on from, or empty. */
static bool
verify(struct restore *restore, struct slice from)
{
	/* The journal of a newer ledger is the backup's. */
	struct verify_options options = {.finding = print_finding,
	    .from = from,
	    .live = restore->newer_log.place != NULL};
	struct verify_result result;
	char path[4096];
	bool ok;

	snprintf(path, sizeof(path), "%.3000s/ledger", restore->to);
	options.directory = path;
	options.arena = restore->arena;
	options.disk = disk_real_create(NULL, &restore->fail);
	ok = options.disk != NULL &&
	     verify_ledger(&options, &result, &restore->fail);
	disk_real_destroy(options.disk);
	if (!ok || result.findings == 0)
		return ok;
	return fail_set(
	    &restore->fail, FAIL_WORLD, "the restored ledger does not verify");
}

/* Whole by itself, and the backup's own log up to where that goes. */
static bool
take_newer_log(struct restore *restore)
{
	struct ctl_restore_ledger *log = &restore->newer_log;
	char path[4096];
	struct slice note;

	if (log->place == NULL)
		return true;
	log->to = restore->to;
	log->origin = restore->manifest.origin;
	log->key = restore->keys[0];
	log->backed_up = restore->manifest.size;
	snprintf(
	    path, sizeof(path), "%.3000s/ledger/checkpoint", restore->from);
	if (!proc_read_file(
		path, NOTE_MAX, restore->arena, &note, &restore->fail) ||
	    !ctl_restore_fetch(log, &restore->fail))
		return false;
	if (restore->seen > log->size)
		return refuse_older(restore, log->size, "the copy has");
	return verify(restore, note);
}

static bool
copy_files(struct restore *restore)
{
	for (size_t i = 0; i < restore->manifest.count; i++) {
		struct ctl_file file = restore->manifest.files[i];

		if (restore->newer_log.place != NULL &&
		    ctl_restore_is_ledgers(file.name))
			continue;
		if (!ctl_file_copy(
			restore->from, restore->to, &file, &restore->fail) ||
		    !fill_segment(restore, file.name))
			return false;
	}
	return take_newer_log(restore) &&
	       verify(restore, (struct slice){"", 0}) &&
	       (!restore->gives_away ||
		   ctl_files_walk(
		       restore->to, give_away, restore, &restore->fail) ||
		   fail_set(&restore->fail, FAIL_WORLD,
		       "cannot give the files to the directory's owner"));
}

static bool
copy_all(struct restore *restore)
{
	int fd;
	bool ok = write_slots(restore, &fd) && copy_files(restore) &&
		  write_complete(restore, fd);

	if (fd >= 0)
		close(fd);
	if (!ok)
		fail_hint(&restore->fail,
		    "what was written so far is not served: remove %s, mend"
		    " what failed and restore again", restore->to);
	return ok;
}

static void
tell(const struct restore *restore)
{
	printf("%llu entries restored, as of ",
	    (unsigned long long)restore->manifest.size);
	ctl_print_time(restore->manifest.made);
	puts("; put the master key there before misu starts");
	if (restore->newer_log.place == NULL)
		puts("What was disclosed since then is not in this log:"
		     " recipients may have it,\nand how it ended is not known.");
	if (restore->forgotten != NULL)
		printf("%zu subjects on the list are forgotten again before"
		       " misu serves\n",
		    restore->slot_count);
	else
		fputs("WARNING: no list of what was forgotten was given"
		      " (--forgotten): who asked to\nbe forgotten since then"
		      " is known again. Forget them before misu serves.\n",
		    stderr);
	if (restore->checkpoint == NULL)
		fputs("WARNING: no checkpoint was given (--checkpoint): if a"
		      " newer one of this log was\npublished, or a witness has"
		      " one, this log must not go on.\n",
		    stderr);
}

static bool
read_options(struct restore *restore, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--to") == 0 && i + 1 < argc)
			restore->to = argv[++i];
		else if (strcmp(argv[i], "--forgotten") == 0 && i + 1 < argc)
			restore->forgotten = argv[++i];
		else if (strcmp(argv[i], "--checkpoint") == 0 && i + 1 < argc)
			restore->checkpoint = argv[++i];
		else if (strcmp(argv[i], "--ledger") == 0 && i + 1 < argc)
			restore->newer_log.place = argv[++i];
		else if (strcmp(argv[i], "--token-file") == 0 && i + 1 < argc)
			restore->newer_log.token_file = argv[++i];
		else if (strcmp(argv[i], "--key") == 0 && i + 1 < argc &&
			 restore->newer_count < NEWER_MAX)
			restore->newer[restore->newer_count++] = argv[++i];
		else if (argv[i][0] != '-' && restore->from == NULL)
			restore->from = argv[i];
		else
			return false;
	}
	return restore->from != NULL && restore->to != NULL;
}

static int
run_restore(struct ctl *ctl, int argc, char **argv)
{
	struct restore restore = {
	    .arena = ctl->arena, .newer_log = {.ctl = ctl}};

	if (!read_options(&restore, argc, argv))
		return ctl_usage(&ctl_restore);
	if (!check_manifest(&restore) || !read_keys(&restore, "log.vkey") ||
	    !read_keys(&restore, "log.vkey.old") ||
	    !read_newer_keys(ctl, &restore) ||
	    !check_checkpoint(&restore) || !read_forgotten(&restore) ||
	    !check_target(&restore) || !copy_all(&restore)) {
		if (restore.fail.kind == FAIL_NONE)
			fail_memory(&restore.fail);
		ctl_fail(&restore.fail);
		return restore.fail.kind == FAIL_DENIED ? CTL_REFUSED
							: CTL_TROUBLE;
	}
	tell(&restore);
	return restore.newer_log.place == NULL ||
		       ctl_restore_tell(&restore.newer_log, &restore.fail)
		   ? CTL_OK
		   : ctl_fail(&restore.fail);
}

const struct ctl_command ctl_restore = {
    .name = "restore",
    .usage = "BACKUP --to STATE [--forgotten FILE] [--checkpoint FILE]\n"
	     "[--key VERIFIER-KEY|FILE ...] [--ledger DIRECTORY|URL\n"
	     "[--token-file FILE]]",
    .summary = "make a state directory of a backup; misu is not running",
    .help = "The manifest is checked, the ledger verified; STATE must be\n"
	    "absent or empty.  FILE after --forgotten is the newest list of\n"
	    "what was forgotten (`forget copy` in misu.conf): it is forgotten\n"
	    "again before misu serves.  FILE after --checkpoint is the newest\n"
	    "checkpoint anybody has of this log: an older log is refused.\n"
	    "Where the signing key was rotated since, they are signed by the\n"
	    "new one: --key gives it, once for each rotation.\n"
	    "--ledger: a copy of the log that is newer than the backup.",
    .run = run_restore,
};
