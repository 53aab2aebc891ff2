/* What setup.c and setup_bundle.c share. */
#ifndef MISU_SETUP_PRIV_H
#define MISU_SETUP_PRIV_H

#include "setup.h"

/* The text of one file; the newest read is first. */
struct setup_source {
	struct slice path, text;
	struct setup_source *next;
};

/* Those of one policy: from the newest on, down to `before`. */
struct setup_policy {
	const struct ruleset *ruleset;
	const struct setup_source *newest, *before;
	struct setup_policy *next;
};

/* With an arena and nothing else. */
struct setup *setup_new(struct fail *fail);

/*
 * Read misu.conf at setup->path and all it names, from the disk or, with
 * setup->from_bundle, from setup->sources.
 */
bool setup_read(
    struct setup *setup, const struct setup_given *given, struct fail *fail);

#endif
