/*
 * Stops: whose data may not be provided any more, until they say otherwise
 * (APPI art. 35).  Durable in a database of the keeper's; a subject's id and
 * the names of objects stand there encrypted, everything that is looked up
 * stands as keyed hashes: the subject, objects and roles the subject stands
 * in, canonical e-mail addresses and telephone numbers.  The hashes are in
 * memory too, so that asking costs a few HMACs, and nothing while nobody
 * stopped anything.
 *
 * Also what recipients held of the subject when it stopped (struct stop_held),
 * so that they can be told to lose it, and an update that only takes away can
 * be told from one that shows more.
 */
#ifndef MISU_STOPS_H
#define MISU_STOPS_H

#include "core/record.h"
#include "store/keys.h"
#include "store/sqlite.h"

struct stops;

enum { STOP_NOT_RECORDED = -1 };

struct stop {
	int64_t id;
	struct slice subject; /* the backend's id */
	uint8_t pseudonym[PSEUDONYM_SIZE];
	uint32_t slot;
	struct slice case_id, actor, reason; /* may be empty */
	int64_t since;			     /* Unix ms */
	int64_t entry;	   /* that says so; or STOP_NOT_RECORDED */
	bool is_looked_up; /* who holds what is known */
};

/* What one recipient has of one object in which the subject stands. */
struct stop_held {
	int64_t id;
	int type; /* enum object_type */
	struct slice object, recipient, purpose, channel;
	struct slice onward; /* those behind it that show some; "a, b" */
	uint64_t entry;	     /* the latest disclosure */
	int64_t time;	     /* Unix ms, of that */
	unsigned roles;	     /* 1 << role: of the subject there */
	struct slice state;  /* "held", "asked", "cannot" ... see resubmit */
	int64_t about;	     /* the entry that asks it to lose it, or -1 */
};

/* `db` is borrowed and must outlive it. */
struct stops *stops_open(struct sqlite *db, const struct keys *keys,
    const struct random_source *random, struct fail *fail);
void stops_close(struct stops *stops);

/* Is anything stopped at all?  The hot path asks only this.  NULL: no. */
bool stops_any(const struct stops *stops);

/*
 * 1 << role of those in the record whose person stopped.  Where the record
 * gives a subject for a role, that counts, and a stop of the very place
 * ("object:TYPE:NAME/ROLE", whoever is named there); else what is known of the
 * place, the e-mail address and the telephone number do.
 */
unsigned stops_roles(const struct stops *stops, const struct record *record);
/* Is the place itself stopped? */
bool stops_place(
    const struct stops *stops, const struct record *record, enum role role);

/* Does somebody stand in it who stopped, or who did and stopped no more? */
bool stops_touch(const struct stops *stops, const struct record *record);
bool stops_touch_any(const struct stops *stops);
void stops_settle(struct stops *stops);

/* Durable when it returns true.  FAIL_INPUT: it is stopped already. */
bool stops_add(struct stops *stops, const struct stop *stop, int64_t *id,
    struct fail *fail);
bool stops_remove(struct stops *stops, int64_t id, struct fail *fail);
/*
 * The same, and stops_touch() knows its person until stops_settle(): what the
 * stop hid is to be found and told again.
 */
bool stops_end(struct stops *stops, int64_t id, struct fail *fail);
bool stops_set_recorded(
    struct stops *stops, int64_t id, uint64_t entry, struct fail *fail);

/* False without a fail: there is none. */
bool stops_find(struct stops *stops, struct arena *arena, struct slice subject,
    struct stop *out, struct fail *fail);

/* Likewise, by whatever stops_roles() knows the person in the role. */
bool stops_of_role(struct stops *stops, const struct record *record,
    enum role role, struct arena *arena, struct stop *out, struct fail *fail);

/* All of them, oldest first; false from `visit` ends it. */
bool stops_each(struct stops *stops, struct arena *arena,
    bool (*visit)(void *arg, const struct stop *stop), void *arg,
    struct fail *fail);

/* Everything between begin and commit is durable whole or not at all. */
bool stops_begin(struct stops *stops, struct fail *fail);
/* Who holds what is known from here on. */
bool stops_commit(struct stops *stops, int64_t id, struct fail *fail);
/* The same while it is still looked for who else does. */
bool stops_keep(struct stops *stops, struct fail *fail);
void stops_rollback(struct stops *stops);

/* By what else the subject is known: the roles of a record. */
bool stops_learn(struct stops *stops, int64_t id, const struct record *record,
    unsigned roles, struct fail *fail);
/* The same where only the place is known. */
bool stops_learn_place(struct stops *stops, int64_t id, enum object_type type,
    struct slice object, unsigned roles, struct fail *fail);

bool stops_hold(struct stops *stops, int64_t id, const struct stop_held *held,
    struct fail *fail);
bool stops_each_held(struct stops *stops, struct arena *arena, int64_t id,
    bool (*visit)(void *arg, const struct stop_held *held), void *arg,
    struct fail *fail);
bool stops_set_held(struct stops *stops, int64_t held, const char *state,
    int64_t about, struct fail *fail);
/* Of one that is "hiding" by this entry; of another nothing changes. */
bool stops_end_hiding(struct stops *stops, int64_t held, int64_t about,
    const char *state, struct fail *fail);

/*
 * The entry by which this recipient last got the object for this purpose, of
 * a subject that stopped, or was made to lose it.  False: none is known.
 */
bool stops_shown(struct stops *stops, const struct record *record,
    struct slice recipient, struct slice purpose, uint64_t *entry);

/* What the entry said stands at another one now. */
bool stops_move(
    struct stops *stops, uint64_t from, uint64_t to, struct fail *fail);

/* Nothing of a subject that is forgotten stays, the stop neither. */
bool stops_forget(struct stops *stops, const uint8_t pseudonym[PSEUDONYM_SIZE],
    struct fail *fail);

size_t stops_count(const struct stops *stops);
/* Grows whenever one comes, goes, or learns of its person. */
uint64_t stops_version(const struct stops *stops);

#endif
