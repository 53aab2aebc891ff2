/*
 * Stops of provision inside the engine: what they make of a decision, who
 * holds data of the subject, what waits, and the verbs of operators.
 * engine.h has the latter; this is for engine_*.c.
 */
#ifndef MISU_ENGINE_STOP_H
#define MISU_ENGINE_STOP_H

#include "codec/json.h"
#include "engine_priv.h"

/* Is this the person a role of the record is about, by id or by place? */
bool engine_is_subject(
    const struct record *record, enum role role, struct slice subject);

/*
 * Read the ledger for whom the subject of a stop was disclosed to, a piece at
 * a turn of the loop, and make the stop know it and by what else the subject
 * is known.  `then` is called once.
 */
void engine_look_up(struct engine *engine, const struct stop *stop,
    void (*then)(void *arg, const struct fail *fail), void *arg);

/* --- engine_alike.c --- */

/*
 * The pseudonym of a stop's subject, and of those who are known to be the same
 * by what stops_learn() learned of it; in the arena.  NULL: no memory.
 */
struct alike;
struct alike *engine_alike_create(
    struct engine *engine, const struct stop *stop, struct arena *arena);
/* Some records more; *left: there are others. */
bool engine_alike_walk(struct alike *alike, bool *left, struct fail *fail);
/* Is there anybody but the subject itself? */
bool engine_alike_any(const struct alike *alike);
/* Is it one of these?  In hex, as entries have it. */
bool engine_alike_has(struct alike *alike, struct slice hex);

/* What waits in the spool and shows a stopped subject is decided again. */
void engine_stop_waiting(struct engine *engine);

/* The id that begins the submissions of resubmit: they take data away. */
#define ENGINE_REMOVAL "removal-"
bool engine_is_removal(const struct spool_item *item);

/*
 * FIELD_BITs of each role that a removal leaves as they are: what is nobody's
 * data, and what the channel cannot go without.
 */
void engine_find_kept(const struct engine *engine, struct slice recipient,
    uint64_t kept[ROLE_COUNT]);

/* Has its channel a word for what may be shown to nobody behind it? */
bool engine_can_hide(const struct engine *engine, struct slice recipient);

/*
 * FIELD_BITs of each role of `stopped` that the recipient and purpose of
 * `target` have already, and of what is nobody's data.
 */
bool engine_find_had(struct engine *engine, const struct record *record,
    const struct spool_item *target, unsigned stopped,
    uint64_t had[ROLE_COUNT], struct arena *arena, struct fail *fail);

/* Decide an item of resubmit, which names object, recipient and purpose. */
bool engine_removal_share(struct engine *engine,
    const struct spool_item *target, struct arena *arena, struct share *share,
    struct record **record, struct fail *fail);

/* The object as an update that changes nothing; or NULL. */
struct record *engine_record_now(struct engine *engine,
    const struct spool_item *target, struct arena *arena, struct fail *fail);
/*
 * What a registry gets of a contact that misu updates by itself: what it must
 * lose, and what it may publish.  `scope` gets where the contact is for.
 */
bool engine_share_contact(const struct engine *engine,
    const struct record *record, struct decide_scope *scope,
    const struct decide_given *given, struct share *share,
    struct arena *arena, struct fail *fail);
/* Of another object.  share->held is taken as it is. */
bool engine_share_object(struct engine *engine, const struct record *record,
    const struct spool_item *target, const struct decide_given *given,
    struct share *share, struct arena *arena, struct fail *fail);

/* Where it is now: "held", "asked", "at-desk", "removed" ... */
const char *engine_removal_state(
    struct engine *engine, struct arena *arena, const struct stop_held *row);

/* Members of a verb's JSON; empty where absent. */
struct slice engine_member(const struct json_node *node, const char *name);

#endif
