/* Verbs that take JSON (engine_order.h), from arguments and options. */
#ifndef MISU_CTL_ORDER_H
#define MISU_CTL_ORDER_H

#include "ctl.h"

enum { CTL_PAIRS_MAX = 24 };

/* Members of the JSON in the making; values are borrowed. */
struct ctl_order {
	struct ctl *ctl;
	const struct ctl_command *command;
	const char *names[CTL_PAIRS_MAX], *values[CTL_PAIRS_MAX];
	size_t count;
	struct slice body; /* of the last answer */
	bool json; /* --json was given: print what comes as it is */
};

void ctl_order_add(
    struct ctl_order *order, const char *name, const char *value);

/*
 * Take "--NAME VALUE" of the options in `options` (ended by NULL) and
 * --json, and what is no option in turn as those in `names`, of which the
 * first `least` must be there.  False after the usage was printed.
 */
struct ctl_words {
	const char *const *names, *const *options;
	size_t least;
};
bool ctl_order_read(struct ctl_order *order, const struct ctl_words *words,
    int argc, char **argv);

/*
 * Ask; *node is what came, NULL where it was printed as JSON or refused.
 * Returns what the command does, if there is nothing more to print.
 */
int ctl_order_ask(
    struct ctl_order *order, const char *verb, const struct json_node **node);

#endif
