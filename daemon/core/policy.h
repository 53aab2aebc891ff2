/*
 * From policy text to ruleset: parse, check, compile.  All errors of all
 * files come out in one run, each with file:line:col, the source line, a
 * caret and a hint.
 */
#ifndef MISU_POLICY_H
#define MISU_POLICY_H

#include "core/ruleset.h"

/* One source file; `include "other"` in it asks the loader for more. */
struct policy_source {
	struct slice name; /* as it stands in diagnostics */
	struct slice text;
};

/*
 * Gives the text of an included file, NUL not needed; false if there is none
 * (the parser then says so at the place of the include).  The shell reads
 * files; the pure layers only ask.
 */
struct policy_loader {
	bool (*load)(void *context, struct slice name, struct slice *text);
	void *context;
};

/* Prefix groups that misu.conf names for `for network NAME`. */
struct network_group {
	struct slice name;
	const struct slice *prefixes; /* canonical, "192.0.2.0/24" */
	size_t count;
};

/*
 * NULL when the text has errors; then *diagnostics holds them all, ready to
 * print.  Warnings may be there with a ruleset too.
 */
struct ruleset *policy_load(struct arena *arena,
    const struct policy_source *source, const struct policy_loader *loader,
    const struct network_group *networks, size_t network_count,
    struct slice *diagnostics, struct fail *fail);

/*
 * Of several revisions the newest that is effective at `now`: the latest
 * date, and the highest revision where dates are equal.  False if none is.
 */
bool policy_choose(const struct ruleset *const *rulesets, size_t count,
    int64_t now, size_t *out);

#endif
