/* Landlock: which files a process still reaches. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

/* Headers may be older than the kernel. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

enum {
	OLDEST = 2, /* the first that lets a file be moved at all */
	WITH_TRUNCATE = 3,
};

static const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE |
    LANDLOCK_ACCESS_FS_READ_DIR;

/* What can be said of a file that is no directory. */
static const uint64_t of_file = LANDLOCK_ACCESS_FS_READ_FILE |
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE;

/* All that the first versions know: files, directories, sockets. */
static const uint64_t everything = (1ULL << 13) - 1;

static uint64_t
handled(long version)
{
	uint64_t access = everything | LANDLOCK_ACCESS_FS_REFER;

	return version >= WITH_TRUNCATE
	    ? access | LANDLOCK_ACCESS_FS_TRUNCATE
	    : access;
}

static bool
add_rule(int rules, int fd, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = {
	    .allowed_access = access, .parent_fd = fd};
	struct stat status;

	if (fstat(fd, &status) != 0)
		return false;
	if (!S_ISDIR(status.st_mode))
		beneath.allowed_access &= of_file;
	return syscall(SYS_landlock_add_rule, rules,
		   LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
}

static bool
allow(int rules, const char *path, uint64_t access, struct fail *fail)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	bool ok;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	ok = fd >= 0 && add_rule(rules, fd, access);
	if (!ok) {
		fail_set(fail, FAIL_WORLD, "cannot be kept to it: %s",
		    strerror(errno));
		fail_place(fail, "%s", path);
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
allow_all(int rules, const char *const *paths, uint64_t access,
    struct fail *fail)
{
	for (; paths != NULL && *paths != NULL; paths++)
		if (!allow(rules, *paths, access, fail))
			return false;
	return true;
}

static bool
restrict_files(
    const struct sandbox_paths *paths, uint64_t access, struct fail *fail)
{
	/* The first member is all that is asked for. */
	const struct landlock_ruleset_attr wants = {
	    .handled_access_fs = access};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &wants,
	    sizeof(wants.handled_access_fs), 0);
	bool ok;

	if (rules < 0)
		return fail_set(
		    fail, FAIL_WORLD, "no Landlock rules: %s", strerror(errno));
	ok = paths == NULL ||
	    (allow_all(rules, paths->reads, reading, fail) &&
		allow_all(rules, paths->writes,
		    access & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE, fail));
	if (ok && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		ok = fail_set(fail, FAIL_WORLD,
		    "Landlock does not take hold: %s", strerror(errno));
	close(rules);
	return ok;
}

bool
sandbox_files(
    const struct sandbox_paths *paths, bool *in_force, struct fail *fail)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	*in_force = version >= OLDEST;
	if (!*in_force)
		return true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail_set(fail, FAIL_WORLD,
		    "cannot give up new privileges: %s", strerror(errno));
	return restrict_files(paths, handled(version), fail);
}
