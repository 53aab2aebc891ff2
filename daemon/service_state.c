/*
 * A state directory is whole or not served: a part that is missing would be
 * made anew, empty, and what it held would be forgotten without a word.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restored.h"
#include "service_priv.h"

/* There, and with something in it. */
static bool
is_there(struct service *service, const char *name, bool *there,
    struct fail *fail)
{
	const char *path =
	    setup_state_path(service->setup, slice_from(name));
	struct stat status;

	if (path == NULL)
		return fail_memory(fail);
	if (stat(path, &status) == 0) {
		*there = status.st_size != 0;
		return true;
	}
	*there = false;
	if (errno == ENOENT)
		return true;
	fail_set(fail, FAIL_WORLD, "cannot look at it: %s", strerror(errno));
	fail_place(fail, "%s", path);
	return false;
}

static bool
miss(struct service *service, const char *name, const char *other,
    struct fail *fail)
{
	const char *path =
	    setup_state_path(service->setup, slice_from(name));

	fail_set(fail, FAIL_WORLD,
	    "missing or empty, but %s beside it is in use", other);
	fail_place(fail, "%s", path != NULL ? path : name);
	fail_hint(fail, "restore it from the backup that the rest is from;"
			" nothing was changed");
	return false;
}

/* Records of a trial version, which nothing reads any more. */
static bool
refuse_old(struct service *service, const char *name, struct fail *fail)
{
	const char *path =
	    setup_state_path(service->setup, slice_from(name));

	fail_set(fail, FAIL_WORLD,
	    "a vault in a format that this misu does not read");
	fail_place(fail, "%s", path != NULL ? path : name);
	fail_hint(fail, "begin with an empty state directory, or go on with "
			"the misu that wrote this one");
	return false;
}

/* A restore that failed half way left neither all files nor a usable list. */
static bool
check_restored(struct service *service, struct fail *fail)
{
	static const char unfinished[] = RESTORED_INCOMPLETE;
	const char *path =
	    setup_state_path(service->setup, SLICE("restored"));
	char begins[sizeof(unfinished) - 1];
	ssize_t got;
	int fd;

	if (path == NULL)
		return fail_memory(fail);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ||
		       fail_set(fail, FAIL_WORLD, "cannot read %s: %s", path,
			   strerror(errno));
	got = read(fd, begins, sizeof(begins));
	close(fd);
	if (got == (ssize_t)sizeof(begins) &&
	    memcmp(begins, unfinished, sizeof(begins)) != 0)
		return true;
	fail_set(fail, FAIL_WORLD,
	    "`misuctl restore` did not come to its end here");
	fail_place(fail, "%s", path);
	fail_hint(fail, "remove what is in this directory and restore again");
	return false;
}

static bool
check_own(const char *path, struct fail *fail)
{
	struct stat status;
	bool writable;

	if (stat(path, &status) != 0)
		return fail_set(fail, FAIL_WORLD, "cannot look at %s: %s", path,
		    strerror(errno));
	writable = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
	if (!writable && status.st_uid == geteuid())
		return true;
	fail_place(fail, "%s", path);
	if (writable) {
		fail_hint(fail, "chmod 0700 %s, after a look at what is there",
		    path);
		return fail_set(fail, FAIL_DENIED,
		    "mode %04o lets others change what is in it",
		    (unsigned)status.st_mode & 07777);
	}
	fail_hint(fail, "run misu as the user it belongs to, or give it to the"
			" user that misu runs as (chown -R)");
	return fail_set(fail, FAIL_DENIED,
	    "it belongs to user %u, and misu runs as user %u",
	    (unsigned)status.st_uid, (unsigned)geteuid());
}

bool
service_state_own(const struct service *service, struct fail *fail)
{
	const struct setup *setup = service->setup;

	return check_own(setup->state.data, fail) &&
	       (slice_equal(setup->run, setup->state) ||
		   check_own(setup->run.data, fail));
}

bool
service_state_whole(struct service *service, struct fail *fail)
{
	/* Each is made before the ledger's first checkpoint. */
	static const char *const parts[] = {
	    "keys/root", "keys/signing", "keys/slots", "vault/format",
	    "spool.db", "cases.db"};
	static const char ledger[] = "ledger/checkpoint";
	bool in_use = false, there = false;

	if (!check_restored(service, fail) ||
	    !is_there(service, "vault.db", &there, fail))
		return false;
	if (there)
		return refuse_old(service, "vault.db", fail);
	if (!is_there(service, ledger, &in_use, fail))
		return false;
	for (size_t i = 0; in_use && i < sizeof(parts) / sizeof(*parts); i++) {
		if (!is_there(service, parts[i], &there, fail))
			return false;
		if (!there)
			return miss(service, parts[i], ledger, fail);
	}
	return true;
}

bool
service_state_fresh(struct service *service, bool *fresh, struct fail *fail)
{
	bool there = false;

	if (!is_there(service, "keys/signing", &there, fail))
		return false;
	*fresh = !there;
	return true;
}
