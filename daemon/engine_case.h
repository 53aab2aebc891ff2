/* What the files of the engine that keep cases share. */
#ifndef MISU_ENGINE_CASE_H
#define MISU_ENGINE_CASE_H

#include "codec/json.h"
#include "engine_approval.h"
#include "engine_priv.h"
#include "store/cases.h"
#include "store/grants.h"

enum { CASE_NAME = 24 };

/* An operator's order about one case, in its arena. */
struct affair {
	struct engine *engine;
	struct arena *arena;
	struct slice actor;
	const struct json_node *node;
	struct slice object; /* what is given out, by its canonical name */
	struct case_row row;	   /* as it was when it was read */
	struct case_change change; /* what the step makes of it */
	struct case_step step;
	char name[CASE_NAME]; /* "R-7" */
	int64_t entry;	      /* of the step, once it is durable */
	struct slice state;   /* what the answer says, besides */
	struct slice more;    /* members of the answer, each after a comma */
	engine_answer *answer;
	void *arg;
};

/* NULL after an answer.  `text` is JSON. */
struct affair *affair_create(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
/* The same for a case that is there; `open`: and not closed. */
struct affair *affair_find(struct affair *affair, bool open);

void affair_fail(struct affair *affair, int status, const struct fail *fail);
/*
 * What came of an approval: true if it is whole.  Else the operator was
 * answered, and the affair is over.
 */
bool affair_is_approved(
    struct affair *affair, enum approval_word word, const struct fail *fail);
/* FAIL_INPUT: 400. */
void affair_wrong(struct affair *affair, const char *text, const char *hint);

/* Is it open still, after something else was waited for?  Else answered. */
bool affair_stays_open(struct affair *affair);

/* Does the subject ask itself? */
bool affair_is_of_subject(enum case_kind kind);
/*
 * Is the role this subject's own?  What stands of the object itself, and is
 * nobody's, is too.
 */
bool affair_is_own(
    const struct record *record, enum role role, struct slice subject);
/* Is any role of the record this subject's? */
bool affair_is_about(const struct record *record, struct slice subject);

/* The member "grants" of a case that has some (engine_grant.c). */
bool affair_add_grants(
    struct affair *affair, struct text *text, struct fail *fail);

/*
 * How many tokens of a case can be used, and how many could if the policy had
 * not other rules by now.
 */
struct grant_counts {
	unsigned valid, outdated;
};
bool affair_count_grants(const struct affair *affair, int64_t case_id,
    struct grant_counts *out, struct fail *fail);

/*
 * Does the policy in force say of its recipient and purpose what it said when
 * it was granted?  False: a fail.
 */
bool engine_grant_is_in_force(const struct engine *engine,
    const struct grant *grant, struct arena *arena, bool *is,
    struct fail *fail);
/* Then it is not answered, which becomes a step of its request, once. */
void engine_grant_outdated(struct engine *engine, const struct grant *grant);

/*
 * The step of a giving, by what affair->state says became of it; `text` is
 * cut where it is too long, `about` the entry of the disclosure.
 */
void affair_take_given(
    struct affair *affair, struct slice text, int64_t about);
/*
 * Make the step and affair->change durable, then its entry; then answer with
 * the case's name, the entry and affair->state.
 */
void affair_take_step(
    struct affair *affair, enum subject_step step, struct slice text,
    int64_t about);

#endif
