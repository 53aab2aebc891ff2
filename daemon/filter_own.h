/* What filter_own.c (requests of misu's own) and filter_import.c share. */
#ifndef MISU_FILTER_OWN_H
#define MISU_FILTER_OWN_H

#include "filter_priv.h"
#include "net/channel.h"

enum own_kind { OWN_DELIVERY, OWN_IMPORT };
/* STEP_CLEARED: what stood in a create's way; STEP_TAKEN_BACK: what it made. */
enum own_step { STEP_LOOKED, STEP_SENT, STEP_CLEARED, STEP_TAKEN_BACK };

/* As many as a domain has roles with contacts. */
enum { OWN_MADE = 4 };


struct own {
	struct flight flight; /* first */
	struct own *next;
	struct upstream *upstream;
	struct arena *arena;
	struct line *line;
	enum own_kind kind;
	int64_t id;       /* what the keeper knows it by */
	int64_t deadline; /* ms: a line must be had by then */
	bool running;
	bool asking; /* the keeper has a call of it to answer */
	bool over;   /* ended meanwhile: it goes with that answer */
	/* delivery */
	struct arena *sealed_arena;
	const struct sealed *sealed;
	struct slice rest, frame;
	struct epp_command *epp;
	enum own_step step;
	uint64_t setups; /* the filter's, when it came */
	bool again;	 /* find out what became of it */
	bool wrote; /* something left */
	/* contacts that serve nobody but the domain that comes after them */
	struct slice made[OWN_MADE];
	size_t made_count;
	struct fail refusal; /* why it is refused, while these go */
	/* import */
	struct slice list; /* lines "contact ID" and "domain NAME" */
	struct slice here; /* where in the list the object under way stands */
	struct slice object_id, client;
	enum epp_object object;
	bool has_object, is_extra;
	struct record *record;
	/* contacts of the last domain, in question or to be imported too */
	struct keeper_object *extras;
	size_t extra_count, extra_at;
	struct text problems; /* JSON, of objects that did not come */
	size_t problem_count;
	size_t done, contacts, missing, failed;
	struct loop_timer *pace;
	unsigned rate; /* objects a second */
};

struct own *own_create(
    struct upstream *upstream, enum own_kind kind, int64_t id);
void own_queue(struct own *own);
/* In an answer of the keeper: false if `own` ended meanwhile and is gone. */
bool own_answered(struct own *own);
void own_end(struct own *own, enum delivery delivery, const struct fail *fail);
/* info of one object, on its line. */
bool own_ask(struct own *own, enum epp_object object, struct slice id);

/* --- filter_import.c --- */

void import_ask(struct filter *filter, const struct keeper_ask *ask);
void import_step(struct own *own);
void import_answered(struct own *own, const struct epp_response *response);
void import_end(struct own *own, const struct fail *fail);

#endif
