/*
 * A setup is everything that was read at one time and belongs together: a
 * misu.conf, all revisions of the policy it names, the templates and tokens,
 * all checked against one another.  It never changes; a reload makes another.
 */
#ifndef MISU_SETUP_H
#define MISU_SETUP_H

#include "conf.h"
#include "net/tokens.h"

struct setup_source;
struct setup_policy;

struct setup {
	struct arena *arena;
	struct slice path; /* of misu.conf */
	struct conf *conf;
	const struct ruleset **rulesets; /* by effective date, oldest first */
	size_t ruleset_count;
	struct tokens *tokens;   /* NULL where TCP is not listened on */
	struct slice auditors;   /* text of the console's tokens, as read */
	struct {
		struct slice certificate, key, clients, revoked;
	} operators; /* PEM, of the console's port for them, as read */
	struct slice state, run; /* directories, as they are used */
	struct slice diagnostics; /* warnings, where there is no error */
	struct setup *next; /* for whoever keeps a list of them */
	struct setup_source *sources; /* the text of each file, as read */
	struct setup_policy *policies; /* and which are whose */
	bool from_bundle;
};

/* What the command line says instead of misu.conf; NULL: nothing. */
struct setup_given {
	const char *conf;  /* misu.conf; NULL: where it usually is */
	const char *state; /* state directory */
	bool check;        /* the tokens need not be there */
	bool glance;       /* only where things are: no policy, no templates */
};

/*
 * NULL with a fail; *diagnostics then has what is wrong with the files, ready
 * to print, to be freed by the caller.  With a setup they are the warnings.
 */
struct setup *setup_load(const struct setup_given *given, char **diagnostics,
    struct fail *fail);
void setup_free(struct setup *setup);

/* The tokens of `listen on`, which setup_load() leaves out with `check`. */
bool setup_read_tokens(struct setup *setup, struct fail *fail);

/*
 * The console's tokens, which setup_load() leaves out with `check`, and the
 * certificates and key of its port for operators, which it always does.
 */
bool setup_read_console(struct setup *setup, struct fail *fail);

/*
 * A setup for a process that has no files: the text of all it was read from,
 * and which policy of it is in force.  {NULL, 0} when out of memory.  No
 * secrets and no tokens.
 */
struct slice setup_bundle(const struct setup *setup,
    const struct ruleset *in_force, struct arena *arena);

/*
 * The same setup, compiled from the same texts; NULL with a fail if it does
 * not come out the same, identity for identity.  Without tokens.
 */
struct setup *setup_from_bundle(struct slice bundle,
    const struct ruleset **in_force, struct fail *fail);

/*
 * The files that a ruleset of this setup was compiled from, its own first, in
 * `arena`; NULL when out of memory.  Not for one that came in a bundle.
 */
const struct policy_source *setup_policy_files(const struct setup *setup,
    const struct ruleset *ruleset, struct arena *arena, size_t *count);

/*
 * One policy file with this setup's networks, for tools; NULL with its
 * diagnostics and a fail.
 */
const struct ruleset *setup_policy(const struct setup *setup,
    struct arena *arena, struct slice path, struct slice *diagnostics,
    struct fail *fail);

/* The newest revision that is effective at `now` (Unix seconds), or NULL. */
const struct ruleset *setup_in_force(
    const struct setup *setup, int64_t now);

/* When the next revision becomes effective (Unix seconds); -1: never. */
int64_t setup_next(const struct setup *setup, int64_t now);

/* A path of misu.conf: below the state or the run directory. */
const char *setup_state_path(const struct setup *setup, struct slice name);
const char *setup_run_path(const struct setup *setup, struct slice name);

/* The file of misu.conf that is read if none is named. */
const char *setup_default_conf(void);

#endif
