/*
 * The events about a person, and about what a person, an authority or a
 * registry asked for.  Who writes one names it here, so that the record of
 * provision has a word for each (core/subject_step.tbl).
 */
#ifndef MISU_SUBJECT_STEP_H
#define MISU_SUBJECT_STEP_H

#include "core/entry.h"

enum subject_step {
#define STEP(id, type, word, japanese, english) SUBJECT_##id,
#include "core/subject_step.tbl"
#undef STEP
	SUBJECT_STEPS
};

struct subject_step_info {
	enum event_type type;
	const char *word;
	const char *names[2]; /* Japanese, English */
};

extern const struct subject_step_info subject_step_info[SUBJECT_STEPS];

/* "case", "given": NULL where there is none. */
const struct subject_step_info *subject_step_find(
    struct slice type, struct slice word);

#endif
