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

/*
 * What a registry would be told now of an item, which names object, recipient
 * and purpose.  False without a fail: nothing that it has not been told.
 */
bool engine_flags_share(struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct share *share, struct record **record,
    struct fail *fail);

/*
 * It was told: the vault's record says so, with the outcome, unless others
 * change it.  *changes: engine_options.change() is to be called when that is
 * durable, or never will be; and then engine_flags_again().
 */
bool engine_flags_told(struct engine *engine, struct batch *batch,
    const struct spool_item *item, struct arena *arena, bool *changes,
    struct fail *fail);
void engine_flags_again(struct engine *engine, const struct spool_item *item);

/*
 * The policy has this identity from now on: where it is another, all contacts
 * that registries hold are looked through in the background.  Another mode of
 * an upstream, or another setup at all, is no reason to write to a registry.
 * What cannot be begun is logged, and begun later: the policy is in force.
 */
void engine_flags_begin(
    struct engine *engine, const struct digest *identity);

/* What registries hold of the subject of this stop is published no more. */
void engine_flags_stop(struct engine *engine, int64_t stop);
/* The stop is about to end: afterwards it is as the policy has it. */
void engine_flags_resume(struct engine *engine, int64_t stop);

void engine_flags_finish(struct engine *engine);

#endif
