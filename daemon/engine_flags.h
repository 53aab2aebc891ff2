/*
 * What registries are told to publish: who is told anew when it changes.  For
 * engine_*.c.
 */
#ifndef MISU_ENGINE_FLAGS_H
#define MISU_ENGINE_FLAGS_H

#include "engine_priv.h"

/* The id that begins these submissions. */
#define ENGINE_FLAGS "disclose-"
bool engine_is_flags(const struct spool_item *item);

/* What hides the data of who stopped begins with this, row and entry. */
#define ENGINE_HIDING ENGINE_FLAGS "stop-"
enum { FLAGS_SUBMISSION = 64 };

/* --- engine_flags_share.c --- */

/* Object, recipient and purpose of an item; of a contact the first alone. */
struct flags_asked {
	const struct spool_item *target;
	bool insists; /* what is doubtful is told once more */
};

enum flags_found {
	FLAGS_NOTHING, /* nothing is there, or nobody to tell; or a fail */
	FLAGS_SAME,    /* it was told so, or there is no word for it */
	FLAGS_REFUSED, /* a rule refuses or holds it, or it cannot be said */
	FLAGS_NEWS,
};
enum flags_found engine_flags_look(struct engine *engine,
    const struct flags_asked *asked, struct arena *arena, struct share *share,
    struct record **record, struct fail *fail);

/*
 * Is the block's recipient told what it may publish: a registry over EPP, or
 * who is reached by a file with a word for it?
 */
bool engine_is_told(const struct engine *engine, const struct block *block);

/* Would it be told something now, that it has not been told? */
bool engine_flags_share(struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct share *share, struct record **record,
    struct fail *fail);

/*
 * Why what a stop's row says is still held as it was, in words of an operator;
 * never NULL.
 */
const char *engine_flags_why_held(
    const struct engine *engine, const struct stop_held *row);

/*
 * A contact was told: the vault's record says so, with the outcome, unless
 * others change it.  *changes: engine_options.change() is to be called when
 * that is durable, or never will be.
 */
bool engine_flags_told(struct engine *engine, struct batch *batch,
    const struct spool_item *item, struct arena *arena, bool *changes,
    struct fail *fail);

/* --- engine_flags.c --- */

/*
 * An item of the courier's came to its end.  Before that is durable it is
 * asked whether its object is looked at once more then, and that is promised,
 * so that it is done whatever fails; afterwards it is.
 */
struct flags_end {
	const struct spool_item *item;
	enum delivery result;
	bool gives_up;
};
bool engine_flags_promise(
    struct engine *engine, const struct flags_end *end, struct fail *fail);
void engine_flags_ended(struct engine *engine, const struct flags_end *end);

/*
 * A submission comes that is not for all registries which hold its object, and
 * may change what may be published of it: *follows, what is promised, is to be
 * called for with engine_flags_follow() when its record is durable.
 */
bool engine_flags_expect(struct engine *engine, const struct record *record,
    bool *follows, struct fail *fail);
void engine_flags_follow(struct engine *engine, const struct record *record);

/* What may be published may have changed, nobody knows of what: a promise. */
bool engine_flags_suspect(struct engine *engine, struct fail *fail);

/*
 * The policy has this identity from now on: where it is another, all that
 * registries hold is looked through in the background.  Another mode of
 * an upstream, or another setup at all, is no reason to write to a registry.
 * What cannot be begun is logged, and begun later: the policy is in force.
 */
void engine_flags_begin(struct engine *engine, const struct digest *identity);

/* What registries hold of the subject of this stop is published no more. */
void engine_flags_stop(struct engine *engine, int64_t stop);
/*
 * Another conf than `old` is in force, or after a start (NULL) perhaps: of
 * stops that no registry could be told, being watched only, they are told now.
 */
void engine_flags_catch_up(struct engine *engine, const struct conf *old);
/* The stop is about to end: afterwards it is as the policy has it. */
void engine_flags_resume(struct engine *engine, int64_t stop);

void engine_flags_finish(struct engine *engine);

#endif
