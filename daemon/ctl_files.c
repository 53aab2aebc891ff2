#include "ctl_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

enum { PIECE = 1 << 18, PATH = 4096, DEPTH = 10 };

#define MANIFEST "manifest"

static bool
world(struct fail *fail, const char *path, const char *what)
{
	fail_set(fail, FAIL_WORLD, "%s: %s", what, strerror(errno));
	fail_place(fail, "%s", path);
	return false;
}

static bool
path_of(const char *directory, struct slice name, const char *suffix,
    char path[PATH], struct fail *fail)
{
	int n = snprintf(
	    path, PATH, "%s/%.*s%s", directory, SLICE_ARG(name), suffix);

	return (n > 0 && n < PATH) ||
	       fail_set(fail, FAIL_INPUT, "the path is too long");
}

/* --- one file --- */

static bool
make_above(const char *path, struct fail *fail)
{
	char directory[PATH];

	snprintf(directory, sizeof(directory), "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	return proc_make_directory(directory, fail);
}

/* Reads up to file->size bytes, writes them where `to` is no -1. */
static bool
pump(int from, int to, struct ctl_file *file)
{
	static char piece[PIECE];
	struct digest_run run;
	uint64_t done = 0;

	digest_start(&run);
	while (done < file->size) {
		size_t want = file->size - done < PIECE
				  ? (size_t)(file->size - done)
				  : PIECE;
		ssize_t got = read(from, piece, want);

		if (got < 0)
			return false;
		if (got == 0)
			break;
		digest_add(&run, piece, (size_t)got);
		if (to >= 0 && write(to, piece, (size_t)got) != got)
			return false;
		done += (uint64_t)got;
	}
	if (file->size != UINT64_MAX && done != file->size) {
		errno = EIO;
		return false;
	}
	file->size = done;
	file->digest = digest_end(&run);
	return true;
}

bool
ctl_file_copy(
    const char *from, const char *to, struct ctl_file *file, struct fail *fail)
{
	char source[PATH], target[PATH], fresh[PATH];
	int in, out;
	bool ok;

	if (!path_of(from, file->name, "", source, fail) ||
	    !path_of(to, file->name, "", target, fail) ||
	    !path_of(to, file->name, ".part", fresh, fail) ||
	    !make_above(target, fail))
		return false;
	in = open(source, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return world(fail, source, "cannot read it");
	out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok = out >= 0 && pump(in, out, file) && fsync(out) == 0 &&
	     rename(fresh, target) == 0;
	if (!ok)
		world(fail, target, "cannot copy it");
	if (out >= 0)
		close(out);
	close(in);
	return ok;
}

bool
ctl_file_check(
    const char *directory, const struct ctl_file *file, struct fail *fail)
{
	struct ctl_file found = {.name = file->name, .size = UINT64_MAX};
	char path[PATH];
	bool ok;
	int fd;

	if (!path_of(directory, file->name, "", path, fail))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return world(fail, path, "cannot read it");
	ok = pump(fd, -1, &found) || world(fail, path, "cannot read it");
	close(fd);
	if (!ok)
		return false;
	if (found.size == file->size &&
	    digest_equal(&found.digest, &file->digest))
		return true;
	fail_set(fail, FAIL_WORLD, "not as the manifest has it");
	fail_place(fail, "%s", path);
	fail_hint(fail, "the backup was cut short or damaged: use another");
	return false;
}

/* --- the manifest --- */

bool
ctl_manifest_add(struct ctl_manifest *manifest, struct arena *arena,
    const struct ctl_file *file, struct fail *fail)
{
	if (manifest->count == manifest->room) {
		size_t room = manifest->room == 0 ? 256 : 2 * manifest->room;
		struct ctl_file *files =
		    arena_take_array(arena, room, sizeof(*files));

		if (files == NULL)
			return fail_memory(fail);
		if (manifest->count != 0)
			memcpy(files, manifest->files,
			    manifest->count * sizeof(*files));
		manifest->files = files;
		manifest->room = room;
	}
	manifest->files[manifest->count++] = *file;
	return true;
}

/* No way out of the directory. */
static bool
is_name(struct slice name)
{
	return name.len != 0 && name.data[0] != '/' &&
	       memmem(name.data, name.len, "..", 2) == NULL;
}

static bool
take_file(struct slice line, struct ctl_file *file)
{
	unsigned long long size;
	char hex[65];
	int at = 0;

	/* The text ends in NUL: proc_read_file() says so. */
	if (sscanf(line.data, "file %64[0-9a-f] %llu %n", hex, &size, &at) !=
		2 ||
	    at <= 0 || (size_t)at >= line.len ||
	    !text_hex_decode(slice_from(hex), file->digest.bytes, DIGEST_SIZE))
		return false;
	file->size = size;
	file->name = (struct slice){line.data + at, line.len - (size_t)at};
	return is_name(file->name);
}

static bool
take_head(struct slice line, struct ctl_manifest *out)
{
	unsigned long long size;
	long long made;

	if (line.len > 7 && memcmp(line.data, "origin ", 7) == 0)
		out->origin = (struct slice){line.data + 7, line.len - 7};
	else if (sscanf(line.data, "size %llu", &size) == 1)
		out->size = size;
	else if (sscanf(line.data, "made %lld", &made) == 1)
		out->made = made;
	else
		return false;
	return true;
}

static bool
malformed(const char *path, struct fail *fail)
{
	fail_set(fail, FAIL_INPUT, "not a backup's manifest, or cut");
	fail_place(fail, "%s", path);
	fail_hint(fail, "the backup was cut short: use another");
	return false;
}

bool
ctl_manifest_read(const char *directory, struct arena *arena,
    struct ctl_manifest *out, struct fail *fail)
{
	unsigned long long count;
	struct slice text, line;
	char path[PATH];

	*out = (struct ctl_manifest){.count = 0};
	if (!path_of(directory, SLICE(MANIFEST), "", path, fail) ||
	    access(path, F_OK) != 0)
		return false;
	if (!proc_read_file(path, (size_t)1 << 30, arena, &text, fail))
		return false;
	text = arena_copy(arena, text);
	if (!slice_take_line(&text, &line) || !slice_is(line, "misu-backup-1"))
		return malformed(path, fail);
	while (slice_take_line(&text, &line)) {
		struct ctl_file file = {.size = 0};

		if (take_file(line, &file)) {
			if (!ctl_manifest_add(out, arena, &file, fail))
				return false;
		} else if (sscanf(line.data, "end %llu", &count) == 1) {
			return count == out->count || malformed(path, fail);
		} else if (!take_head(line, out)) {
			return malformed(path, fail);
		}
	}
	return malformed(path, fail);
}

bool
ctl_manifest_write(const char *directory, const struct ctl_manifest *manifest,
    struct arena *arena, struct fail *fail)
{
	struct text text = text_start(arena);
	char path[PATH], fresh[PATH];
	struct slice bytes;
	bool ok;
	int fd;

	text_add_format(&text,
	    "misu-backup-1\norigin %.*s\nsize %llu\nmade %lld\n",
	    SLICE_ARG(manifest->origin), (unsigned long long)manifest->size,
	    (long long)manifest->made);
	for (size_t i = 0; i < manifest->count; i++) {
		const struct ctl_file *file = &manifest->files[i];

		text_add_string(&text, "file ");
		text_add_hex(&text, file->digest.bytes, DIGEST_SIZE);
		text_add_format(&text, " %llu %.*s\n",
		    (unsigned long long)file->size, SLICE_ARG(file->name));
	}
	text_add_format(&text, "end %zu\n", manifest->count);
	bytes = text_slice(&text);
	if (bytes.data == NULL)
		return fail_memory(fail);
	if (!path_of(directory, SLICE(MANIFEST), "", path, fail) ||
	    !path_of(directory, SLICE(MANIFEST), ".part", fresh, fail))
		return false;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok = fd >= 0 &&
	     write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len &&
	     syncfs(fd) == 0 && rename(fresh, path) == 0 && syncfs(fd) == 0;
	if (!ok)
		world(fail, path, "cannot write it");
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Names are mostly asked for in the order they stand. */
const struct ctl_file *
ctl_manifest_find(const struct ctl_manifest *manifest, struct slice name)
{
	static size_t last;

	for (size_t i = 0; i < manifest->count; i++) {
		size_t at = (last + i) % manifest->count;

		if (slice_equal(manifest->files[at].name, name)) {
			last = at;
			return &manifest->files[at];
		}
	}
	return NULL;
}

/* --- all files --- */

struct walk {
	const char *directory;
	bool (*visit)(void *context, struct slice name);
	void *context;
	struct fail *fail;
};

static bool walk_into(const struct walk *walk, const char *name, unsigned deep);

static bool
walk_one(
    const struct walk *walk, const char *name, const char *entry, unsigned deep)
{
	char below[PATH], path[PATH];
	struct stat status;

	if (snprintf(below, sizeof(below), "%s%s%s", name,
		*name != '\0' ? "/" : "", entry) >= PATH ||
	    !path_of(walk->directory, slice_from(below), "", path, walk->fail))
		return false;
	if (lstat(path, &status) != 0)
		return world(walk->fail, path, "cannot look at it");
	return S_ISDIR(status.st_mode)
		   ? walk_into(walk, below, deep + 1)
		   : walk->visit(walk->context, slice_from(below));
}

static bool
walk_into(const struct walk *walk, const char *name, unsigned deep)
{
	char path[PATH];
	const struct dirent *entry;
	bool ok = true;
	DIR *dir;

	if (deep > DEPTH)
		return fail_set(walk->fail, FAIL_INPUT, "too many folders");
	if (!path_of(walk->directory, slice_from(name), "", path, walk->fail))
		return false;
	dir = opendir(path);
	if (dir == NULL)
		return world(walk->fail, path, "cannot list it");
	while (ok && (entry = readdir(dir)) != NULL)
		ok = strcmp(entry->d_name, ".") == 0 ||
		     strcmp(entry->d_name, "..") == 0 ||
		     walk_one(walk, name, entry->d_name, deep);
	closedir(dir);
	return ok;
}

bool
ctl_files_walk(const char *directory,
    bool (*visit)(void *context, struct slice name), void *context,
    struct fail *fail)
{
	const struct walk walk = {directory, visit, context, fail};

	return walk_into(&walk, "", 0);
}
