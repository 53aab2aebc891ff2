/*
 * What the files of forgetting share: engine_forget.c (the steps) and
 * engine_forget_items.c (what is under way for the subject ends).
 */
#ifndef MISU_ENGINE_FORGET_PRIV_H
#define MISU_ENGINE_FORGET_PRIV_H

#include "engine_priv.h"

enum {
	SOON = 20,		/* ms to the next piece */
	TROUBLE = 5000,		/* ms, when the world is wrong */
	LONGEST_WAIT = 3600000, /* ms: an hour */
	SLICE_ENTRIES = 2000,	/* looked at in one piece */
	MARK_SIZE = 2 * PSEUDONYM_SIZE + 3
};

enum step {
	STEP_NONE,  /* what is next stands in the spool */
	STEP_DUTY,  /* when was anything of it provided last? */
	STEP_HIDE,  /* what is published of it ends, where it must wait */
	STEP_WAIT,
	STEP_ITEMS, /* end what is under way */
	STEP_KEY,
	STEP_ROLL,
	STEP_REST, /* items that came to be meanwhile */
	STEP_TOLD, /* what registries hold of it is known no more */
	STEP_VIEW,
	STEP_PURGE,
	STEP_WIPE,
	STEP_ENTRY /* one is on its way to the disk */
};

/* Entries from this one on came at this time or later. */
struct forget_floor {
	uint64_t from;
	int64_t time;
};

struct forget {
	struct engine *engine;
	struct loop_timer *timer;
	struct forgetting what;
	enum step step, then;
	char mark[MARK_SIZE]; /* "PSEUDONYM" as entries have it */
	uint64_t scan;	      /* entries below are not looked at yet */
	int64_t provided;     /* latest that was found; 0: none was */
	uint64_t aged;	      /* those from scan to it look too old; 0: none */
	struct forget_floor floor;
	int64_t row, page_end;
	int64_t drops[SPOOL_PAGE]; /* rows of the page that go */
	size_t drop_count, ends;   /* ends: entries that say how */
	struct engine_view_walk *walk;
	int64_t told; /* what registries hold by entries up to it was seen */
	bool any_waits;
	struct arena *entry_arena; /* of the entry under way */
	/* Who asked and waits for the end of this one. */
	engine_answer *answer;
	void *arg;
	uint32_t asked_slot;
	int status; /* to be answered when the entry under way is durable */
	const char *state;
};

void forget_wake(struct forget *forget, int64_t delay);
/* Logged; it goes on where it was, in a while. */
void forget_trouble(struct forget *forget, const struct fail *fail);
/* Nothing is taken from the spool while it is walked through. */
void forget_pause_courier(struct forget *forget, bool pauses);
bool forget_names_subject(const struct forget *forget, struct slice entry);

/* --- engine_forget_duty.c --- */

/* A piece of looking back for when anything was provided last. */
bool forget_look_back(struct forget *forget, bool *ended, struct fail *fail);

/* --- engine_forget_heed.c --- */

/* Did this disclosure by misu's own publication show anything of it? */
bool forget_was_published(
    const struct forget *forget, struct slice disclosure);

/* --- engine_forget_items.c --- */

/* A page at a time; then the next step. */
void forget_run_items(struct forget *forget);

#endif
