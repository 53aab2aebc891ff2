/*
 * Two pairs of eyes: what misu.conf wants approved by two operators waits
 * after the first, and goes on with the second, who must be another.  Each
 * approval is an entry, durable before anything comes of it.
 */
#ifndef MISU_ENGINE_APPROVAL_H
#define MISU_ENGINE_APPROVAL_H

#include "engine_priv.h"

enum approval_word {
	APPROVAL_WHOLE,	  /* none was needed, or this was the second */
	APPROVAL_WAITS,	  /* it is the first of two */
	APPROVAL_REFUSED, /* the same operator again: the fail says so */
	APPROVAL_FAILED	  /* the world is wrong */
};

struct approval_ask {
	enum conf_matter matter;
	struct slice about;   /* which: a hold's id, a digest, a case's id */
	struct slice actor;   /* "uid 1001 (alice)" */
	struct slice reason;  /* may be empty; stands in the ledger */
	struct slice case_id; /* may be empty */
	const struct subject *subject; /* whom it is about; or NULL */
	uint64_t entry;		       /* what it is about, or LEDGER_NONE */
};

typedef void approval_done(
    void *arg, enum approval_word word, const struct fail *fail);

/* Does misu.conf want two for it? */
bool approval_needed(const struct engine *engine, enum conf_matter matter);

/*
 * Are these actors one person, or may they be?  Two names of misu.conf are two
 * persons, and one name is one, by whichever users and certificates they come.
 * A group's name is nobody's own: of two who come by groups the numbers say
 * who they are, and who comes by a group may have any certificate.
 */
bool approval_is_same_person(
    const struct conf *conf, struct slice one, struct slice two);

/*
 * Give one.  `done` is called once, at once where none is needed.  What the
 * ask points to is copied.
 */
void approval_give(struct engine *engine, const struct approval_ask *ask,
    approval_done *done, void *arg);

/*
 * ,"approved_by":"uid 1001 (alice)","approved":1775001600000 where a first
 * approval waits for the second; nothing otherwise.
 */
void approval_add(struct engine *engine, struct text *text,
    enum conf_matter matter, struct slice about);

/*
 * The same for all that begins so: ,"approvals":[{"about","by","time"}, ...];
 * nothing where none is needed.
 */
void approval_add_all(struct engine *engine, struct text *text,
    enum conf_matter matter, struct slice begin);

/* It was refused, or is over otherwise: a first approval is of no use. */
void approval_drop(
    struct engine *engine, enum conf_matter matter, struct slice about);

#endif
