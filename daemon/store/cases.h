/*
 * Cases: what subjects (APPI arts. 33-35, 38; GDPR arts. 12-17), public
 * authorities and registries asked for, with every step until the answer.
 * What is personal stands encrypted under a key of its own: who asks, whom it
 * is about, on which basis, what was asked and noted.  Kinds, times and states
 * stand in clear, so that time limits can be watched.
 */
#ifndef MISU_CASES_H
#define MISU_CASES_H

#include "store/keys.h"
#include "store/sqlite.h"

struct cases;

enum case_kind {
	CASE_DISCLOSURE, /* the subject: its own data */
	CASE_CORRECTION,
	CASE_STOP,   /* of use or of provision */
	CASE_RECORD, /* the record of provision to third parties */
	CASE_AUTHORITY,
	CASE_REGISTRY,
	CASE_KINDS
};

enum case_state {
	CASE_OPEN,
	CASE_ANSWERED,
	CASE_REFUSED,
	CASE_WITHDRAWN,
	CASE_STATES
};
enum case_fee { FEE_NONE, FEE_DUE, FEE_PAID, FEE_WAIVED, FEES };

enum { CASE_TEXT_MAX = 2000, CASE_NOT_RECORDED = -1 };

struct case_row {
	int64_t id; /* 0 when new */
	enum case_kind kind;
	enum case_state state;
	enum case_fee fee;
	unsigned law;		     /* enum conf_law */
	int64_t opened, due, closed; /* Unix ms; 0: none */
	int64_t amount;		     /* of the fee */
	struct slice unit;
	bool is_verified; /* who it is */
	bool has_basis;
	bool has_pseudonym; /* whom it is about, where misu knows them */
	uint8_t pseudonym[PSEUDONYM_SIZE];
	/* encrypted; may be empty */
	struct slice subject, who, basis, asked;
};

/* What happened to a case, in order. */
struct case_step {
	int64_t id, case_id, time;
	struct slice actor, word;
	struct slice text; /* encrypted; may be empty */
	int64_t about;	   /* an entry of a disclosure, or -1 */
	int64_t entry;	   /* that says so, or CASE_NOT_RECORDED */
};

struct cases *cases_open(struct sqlite *db, const struct keys *keys,
    const struct random_source *random, struct fail *fail);
void cases_close(struct cases *cases);

/*
 * What a step changes of its case; the rest is as it is by then, not as
 * somebody read it before.
 */
struct case_change {
	bool closes, charges, verifies;
	enum case_state state; /* where it closes */
	int64_t closed;
	enum case_fee fee; /* where it charges */
	int64_t amount;
};

/* Durable when it returns true; row->id and step->id are set. */
bool cases_add(struct cases *cases, struct case_row *row,
    struct case_step *step, struct fail *fail);
/*
 * The change, and the step that says why.  The row's pseudonym comes in, too,
 * where one is given and the subject was not forgotten since; then the step
 * says nothing personal either.  FAIL_INPUT: it is to be closed, and is.
 */
bool cases_change(struct cases *cases, const struct case_row *row,
    const struct case_change *change, struct case_step *step,
    struct fail *fail);
bool cases_set_recorded(
    struct cases *cases, int64_t step, uint64_t entry, struct fail *fail);

/* False without a fail: there is none. */
bool cases_get(struct cases *cases, struct arena *arena, int64_t id,
    struct case_row *out, struct fail *fail);
/* Open ones first, those due soonest before; nothing encrypted is read. */
bool cases_each(struct cases *cases, struct arena *arena,
    bool (*visit)(void *arg, const struct case_row *row), void *arg,
    struct fail *fail);
bool cases_each_step(struct cases *cases, struct arena *arena, int64_t id,
    bool (*visit)(void *arg, const struct case_step *step), void *arg,
    struct fail *fail);
/* Steps whose entry is not known to be durable; without their texts. */
bool cases_each_unrecorded(struct cases *cases, struct arena *arena,
    bool (*visit)(void *arg, const struct case_step *step), void *arg,
    struct fail *fail);

/* How many are open of each kind, due by `soon`, and overdue at `now`. */
struct case_counts {
	size_t open[CASE_KINDS], soon[CASE_KINDS], overdue[CASE_KINDS];
};
bool cases_count(struct cases *cases, int64_t now, int64_t soon,
    struct case_counts *out, struct fail *fail);

/*
 * A case may be older than anything else that misu has of its subject: those
 * whose subject has a key by now get its pseudonym, so that cases_forget()
 * finds them.  To be called while the key is still there.
 */
bool cases_name(struct cases *cases, struct arena *arena, struct fail *fail);
/*
 * The next step after *step (0: the first) that says what was given, and the
 * entry of it; an authority's case gives data of persons whose it is not.
 */
bool cases_next_given(struct cases *cases, int64_t *step, int64_t *about,
    bool *found, struct fail *fail);
/* What the entry said stands at another one now. */
bool cases_move(
    struct cases *cases, uint64_t from, uint64_t to, struct fail *fail);
/* What the step says goes; that it was taken, and its entry, stay. */
bool cases_wipe_step(struct cases *cases, int64_t step, struct fail *fail);

/*
 * Nothing personal of this subject's cases stays; their kinds, times and
 * states do.
 */
bool cases_forget(struct cases *cases, const uint8_t pseudonym[PSEUDONYM_SIZE],
    struct fail *fail);

/*
 * Steps and stops are here before their entries are in the ledger, by numbers
 * that only rise: so an entry with a higher one says that this file is older.
 * `entry` is where to look from: those below it were looked at, with this file
 * or one before it; CASE_NOT_RECORDED: nobody did.
 */
struct cases_seen {
	int64_t entry, step, stop;
};
bool cases_seen(struct cases *cases, struct cases_seen *out, struct fail *fail);
bool cases_set_seen(struct cases *cases, uint64_t entry, struct fail *fail);

const char *case_kind_name(enum case_kind kind);
bool case_kind_find(struct slice name, enum case_kind *out);
const char *case_state_name(enum case_state state);
bool case_state_find(struct slice name, enum case_state *out);
const char *case_fee_name(enum case_fee fee);
bool case_fee_find(struct slice name, enum case_fee *out);

#endif
