/*
 * What a registry holds of an object that misu itself submitted there, over EPP
 * or by a file: which fields of which of its persons, and which of them it may
 * publish.  The spool keeps it with the item that said so.  For engine_*.c.
 */
#ifndef MISU_ENGINE_TOLD_H
#define MISU_ENGINE_TOLD_H

#include "engine_priv.h"

/*
 * What is held when the item of this share is done; no word on it where the
 * share says nothing of persons to a registry.
 */
void engine_told_write(const struct engine *engine, const struct record *record,
    const struct share *share, struct spool_told *out);

/* Of one role, what the share has a registry hold and publish. */
struct shown engine_told_shown(
    const struct engine *engine, const struct share *share, enum role role);

struct told_held {
	bool is_known;	  /* something was submitted there, and not deleted */
	bool is_doubtful; /* perhaps it holds something else */
	bool is_read;	  /* what it holds stands in `roles` */
	struct shown roles[ROLE_COUNT];
	/*
	 * It came by a file, which names every value anew: keyed digests of
	 * those that passed.
	 */
	bool by_file;
	uint64_t values[ROLE_COUNT];
};
bool engine_told_held(const struct engine *engine,
    const struct spool_item *target, struct told_held *out, struct fail *fail);

/* Is it reached by a file whose template has a word for what is published? */
bool engine_told_by_file(const struct conf_recipient *binding);

/* Does any public stand behind it, at whatever distance? */
bool engine_told_has_public(
    const struct engine *engine, struct slice recipient);

/*
 * Has the record other values in what passed of this role?  Then a file, which
 * has no way to leave something as it is, would bring them there.
 */
bool engine_told_is_older(const struct engine *engine,
    const struct told_held *held, const struct record *record, enum role role);

/*
 * Makes a decision know it: share->held, in the arena, and the handles by
 * which the registry knows contacts.  Nothing where it is not known.
 */
bool engine_told_name(const struct engine *engine,
    const struct spool_item *target, struct arena *arena, struct share *share,
    struct decide_given *given, struct fail *fail);

/*
 * Of what is held, as far as it is in `there`: may something be published that
 * might not, or the other way round, or must something go?
 */
bool engine_told_is_news(
    const struct shown *held, const struct shown *now, uint64_t there);

/*
 * Nothing is known of what entries said that have the text `mark`, or are not
 * there any more; a page with each call, from behind *at, while any is *left.
 */
bool engine_told_forget(struct engine *engine, struct slice mark, int64_t *at,
    bool *left, struct fail *fail);

#endif
