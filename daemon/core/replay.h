/*
 * What another policy would have done with what was submitted: entry by entry
 * the decision is made again from what the ledger kept (core/inputs.h), field
 * by field the verdict is compared, and what differs is counted in groups.
 * Where the other policy tests what was not kept, that is said and not
 * guessed.
 */
#ifndef MISU_REPLAY_H
#define MISU_REPLAY_H

#include "core/entry_rulings.h"

enum { REPLAY_EXAMPLES = 5, REPLAY_GROUPS_MAX = 65536 };

/* A verdict beside those of the policy. */
enum replay_word {
	REPLAY_NOTHING = VERDICT_COUNT, /* it was not asked for at all */
	REPLAY_UNKNOWN			/* it cannot be told */
};

struct replay_group {
	struct replay_group *next; /* in the order they were met */
	struct slice recipient;
	const char *role, *field;
	unsigned old_verdict, new_verdict; /* enum verdict or replay_word */
	unsigned old_rule, new_rule;
	bool more; /* a value would pass that did not, or less altered */
	uint64_t count;
	uint64_t examples[REPLAY_EXAMPLES]; /* entries */
	/* private */
	struct replay_group *chain;
};

struct replay_result {
	uint64_t disclosures; /* looked at */
	uint64_t same, changed;
	uint64_t more;	  /* of the changed: something would be shown more */
	uint64_t unkept;  /* inputs not kept, or the subject was forgotten */
	uint64_t unknown; /* no change seen, but some of it cannot be told */
	const struct replay_group *groups;
	size_t group_count;
	bool cut; /* there were more groups than are kept */
};

struct replay;

/* Groups live in `arena`, which is given nothing else by the way. */
struct replay *replay_create(const struct ruleset *now, struct arena *arena);

struct replay_entry {
	uint64_t index;
	struct slice entry;
	struct slice object, inputs; /* empty: not to be had */
	const struct ruleset *was;   /* NULL: not to be had */
};

/* `scratch` is used until it returns.  False only when out of memory. */
bool replay_add(struct replay *replay, const struct replay_entry *entry,
    struct arena *scratch, struct fail *fail);

const struct replay_result *replay_finish(const struct replay *replay);

const char *replay_verdict_name(unsigned verdict);

/* "3 disclosures would change ...", a table; and the same as JSON. */
struct slice replay_text(const struct replay *replay, struct arena *arena);
struct slice replay_json(const struct replay *replay, struct arena *arena);

#endif
