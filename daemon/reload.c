/*
 * Reload, and the passing of time: a new setup is read and checked beside the
 * one in force, and takes its place whole or not at all; a revision of the
 * policy comes into force when its date comes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "keeper.h"
#include "line.h"
#include "log.h"
#include "proc.h"
#include "service_priv.h"
#include "store/policies.h"

enum { LONGEST_WAIT = 24 * 3600 };

static int64_t
now_seconds(struct service *service)
{
	return service->loop->operations->now(service->loop) / 1000;
}

static void
tell_policy(const struct ruleset *ruleset)
{
	const struct digest *identity = ruleset_identity(ruleset);
	char name[128], revision[16], hex[2 * DIGEST_SIZE + 1];

	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(ruleset_name(ruleset)));
	snprintf(revision, sizeof(revision), "%u", ruleset_revision(ruleset));
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", identity->bytes[i]);
	log_event(LOG_LEVEL_INFO, "policy-in-force", "policy", name,
	    "revision", revision, "identity", hex, NULL);
}

/* A clock may be set: look again once a day at the latest. */
static void
wait_for_next(struct service *service)
{
	int64_t now = now_seconds(service);
	int64_t next = setup_next(service->setup, now);

	if (next < 0)
		return;
	if (next > now + LONGEST_WAIT)
		next = now + LONGEST_WAIT;
	service->loop->operations->timer_set(
	    service->policy_timer, (next - now) * 1000 + 1);
}

/* A file channel's directory below ours is ours to make. */
static bool
make_directories(const struct setup *setup, struct fail *fail)
{
	const struct conf *conf = setup->conf;

	for (size_t i = 0; i < conf->recipient_count; i++) {
		const struct conf_recipient *recipient = &conf->recipients[i];
		const char *path;

		if (recipient->channel != CHANNEL_FILE ||
		    recipient->directory.data[0] == '/')
			continue;
		path = setup_state_path(setup, recipient->directory);
		if (path == NULL)
			return fail_memory(fail);
		if (!proc_make_directory(path, fail))
			return false;
	}
	return true;
}

/*
 * Workers and parent hear of it.  The engine has it already: a keeper that
 * cannot follow is no good, and is started anew.
 */
static void
tell_workers(struct service *service, const struct ruleset *ruleset)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice bundle = {NULL, 0};

	service->told_setup = service->setup;
	if (arena != NULL)
		bundle = setup_bundle(service->setup, ruleset, arena);
	if (bundle.data == NULL)
		fail_memory(&fail);
	service_tell(service, LINE_SETUP, SLICE(""));
	if (bundle.data == NULL ||
	    !keeper_set_policy(service->keeper, ruleset, service->setup->conf,
		bundle, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "workers-not-told", &fail);
		service->broken = true;
		loop_stop(service->loop);
	}
	arena_destroy(arena);
}

/*
 * What an entry's rule numbers mean is durable before any entry can name it.
 */
static bool
keep_policy(struct service *service, const struct ruleset *ruleset,
    struct fail *fail)
{
	const char *directory =
	    setup_state_path(service->setup, SLICE("policies"));
	struct arena *arena = arena_create(NULL);
	const struct policy_source *files = NULL;
	struct slice setup = {NULL, 0};
	size_t count = 0;
	bool ok;

	if (arena != NULL) {
		files = setup_policy_files(
		    service->setup, ruleset, arena, &count);
		setup = conf_setup_text(service->setup->conf, arena);
	}
	if (directory == NULL || files == NULL || setup.data == NULL)
		ok = fail_memory(fail);
	else
		ok = policies_keep(service->disk, directory, ruleset, files,
			 count, fail) &&
		    policies_keep_setup(
			service->disk, directory, setup, fail);
	arena_destroy(arena);
	return ok;
}

bool
reload_apply(struct service *service, struct fail *fail)
{
	const struct ruleset *ruleset =
	    setup_in_force(service->setup, now_seconds(service));

	if (ruleset == NULL) {
		fail_hint(fail, "see the `effective` dates");
		return fail_set(fail, FAIL_INPUT,
		    "no revision of the policy is effective yet");
	}
	if (!make_directories(service->setup, fail) ||
	    !keep_policy(service, ruleset, fail) ||
	    !engine_set_policy(
		service->engine, ruleset, service->setup->conf, fail))
		return false;
	if (service->ruleset == NULL ||
	    !digest_equal(ruleset_identity(ruleset),
		ruleset_identity(service->ruleset)))
		tell_policy(ruleset);
	if (service->told_setup != service->setup ||
	    service->ruleset != ruleset)
		tell_workers(service, ruleset);
	service->ruleset = ruleset;
	wait_for_next(service);
	return true;
}

static bool
differs(struct slice a, struct slice b)
{
	return !slice_equal(a, b);
}

/*
 * What the process is kept from reaching since it started is of no use to it.
 * A directory that is not there is somebody else's to complain of.
 */
static bool
can_reach(struct service *service, const char *what, const char *directory,
    struct fail *fail)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || !service->has_landlock ||
	    (errno != EACCES && errno != EPERM))
		return true;
	fail_set(fail, FAIL_INPUT, "%s: misu cannot write there before a restart",
	    what);
	fail_place(fail, "%s", directory);
	fail_hint(fail, "start misu again with this configuration; the old one"
			" stays in force until then");
	return false;
}

static bool
can_reach_copy(struct service *service, const struct setup *new,
    struct fail *fail)
{
	const char *path, *slash;
	struct slice above;

	if (new->conf->forgotten_copy.len == 0)
		return true;
	path = setup_state_path(new, new->conf->forgotten_copy);
	slash = path != NULL ? strrchr(path, '/') : NULL;
	if (slash == NULL)
		return path != NULL || fail_memory(fail);
	above = arena_copy(new->arena,
	    (struct slice){path, slash == path ? 1 : (size_t)(slash - path)});
	if (above.data == NULL)
		return fail_memory(fail);
	return can_reach(service, "forget copy", above.data, fail) &&
	       engine_forget_check(
		   engine_given(service->engine), new->conf, fail);
}

static bool
can_reach_files(struct service *service, const struct setup *new,
    struct fail *fail)
{
	for (size_t i = 0; i < new->conf->recipient_count; i++) {
		const struct conf_recipient *recipient =
		    &new->conf->recipients[i];
		char what[128];
		const char *path;

		if (recipient->channel != CHANNEL_FILE)
			continue;
		snprintf(what, sizeof(what), "recipient %.*s",
		    SLICE_ARG(recipient->id));
		path = setup_state_path(new, recipient->directory);
		if (path == NULL)
			return fail_memory(fail);
		if (!can_reach(service, what, path, fail))
			return false;
	}
	return true;
}

/* What only a restart can bring about is refused, and nothing is changed. */
static bool
can_change(struct service *service, const struct setup *new, struct fail *fail)
{
	const struct setup *old = service->setup;

	if (differs(old->state, new->state)) {
		fail_set(fail, FAIL_INPUT,
		    "state: the directory changes at a restart only");
		fail_place(fail, "%.*s", SLICE_ARG(new->state));
		fail_hint(fail, "stop misu, move the directory, and start it");
		return false;
	}
	return can_reach_copy(service, new, fail) &&
	       can_reach_files(service, new, fail);
}

/*
 * Sockets and stores stay as they were opened, and a sandbox lets what it did
 * be read: later reloads say so, too.
 */
static void
tell_restart(
    struct service *service, const struct conf *old, const struct conf *new)
{
	if (differs(old->audit.bootstrap, new->audit.bootstrap) ||
	    differs(old->audit.authority, new->audit.authority))
		service->restart_needed = true;
	if (differs(old->origin, new->origin) ||
	    differs(old->master_key, new->master_key) ||
	    differs(old->unix_socket, new->unix_socket) ||
	    differs(old->http_address, new->http_address) ||
	    differs(old->control_socket, new->control_socket)) {
		service->restart_needed = true;
		log_event(LOG_LEVEL_WARN, "restart-needed", "reason",
		    "directories, keys and sockets change at a restart only",
		    NULL);
	}
}

void
reload_free_retired(struct service *service)
{
	struct setup **at = &service->retired;

	while (*at != NULL) {
		struct setup *setup = *at;

		if (engine_uses(service->engine, setup->conf)) {
			at = &setup->next;
		} else {
			*at = setup->next;
			setup_free(setup);
		}
	}
}

bool
reload_run(struct service *service, char **diagnostics, struct fail *fail)
{
	struct setup *old = service->setup;
	struct setup *setup;

	service_tell(service, LINE_RELOADING, SLICE(""));
	setup = setup_load(&service->given, diagnostics, fail);
	if (setup != NULL && !can_change(service, setup, fail)) {
		setup_free(setup);
		setup = NULL;
	}
	if (setup != NULL) {
		tell_restart(service, old->conf, setup->conf);
		service->setup = setup;
		if (!reload_apply(service, fail)) {
			service->setup = old;
			setup_free(setup);
			setup = NULL;
		}
	}
	service_tell(service, LINE_RELOADED, SLICE(""));
	if (setup == NULL) {
		service->reloads_failed++;
		log_fail(LOG_LEVEL_ERROR, "reload-refused", fail);
		return false;
	}
	old->next = service->retired;
	service->retired = old;
	reload_free_retired(service);
	service->reloads++;
	log_event(LOG_LEVEL_INFO, "reloaded", NULL);
	return true;
}
