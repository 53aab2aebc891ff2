/*
 * What the files of misu.conf's compiler share.  Only conf*.c include it.
 */
#ifndef MISU_CONF_PRIV_H
#define MISU_CONF_PRIV_H

#include "base/text.h"
#include "conf.h"

enum conf_complaint {
#define CONF(id, level, text, hint) CONF_##id,
#include "conf.tbl"
#undef CONF
	CONF_COUNT
};

void conf_complain(struct complaints *complaints, struct place place,
    enum conf_complaint complaint, struct slice one, struct slice two);

enum {
	EPP_ROLES = 1 << ROLE_REGISTRANT | 1 << ROLE_ADMIN | 1 << ROLE_TECH |
	    1 << ROLE_BILLING,
};

/* Must a contact:create have a value of this field (RFC 5733)? */
bool conf_epp_demands(enum field field);

/* Their part of the setup's canonical text. */
void conf_add_upstreams(struct text *out, const struct conf *conf);

/* One recipient of the policy, and what its channel can say. */
struct conf_checked {
	const struct conf *conf;
	const struct ruleset *ruleset;
	const struct recipient *recipient;
	unsigned index;
	const struct conf_recipient *channel;
	struct arena *arena;
	struct complaints *complaints;
	unsigned ever[SLOT_COUNT]; /* SLOT_* over all its blocks */
	bool has_block;
};

/* With the recipient's name as %1. */
void conf_check_say(struct conf_checked *check, struct place place,
    enum conf_complaint complaint, struct slice two);

bool conf_check_has_placeholder(
    const struct conf_checked *check, enum role role, enum field field);

/* One complaint with all the slots of which `test` is true. */
void conf_check_slots(struct conf_checked *check,
    enum conf_complaint complaint,
    bool (*test)(const struct conf_checked *, enum role, enum field));

/* What an upstream must be able to do for its recipient. */
void conf_check_epp(struct conf_checked *check);

#define NOTHING ((struct slice){"", 0})

#endif
