#include "core/subject_step.h"

const struct subject_step_info subject_step_info[SUBJECT_STEPS] = {
#define STEP(id, type, word, japanese, english)                                \
	[SUBJECT_##id] = {EVENT_##type, word, {japanese, english}},
#include "core/subject_step.tbl"
#undef STEP
};

const struct subject_step_info *
subject_step_find(struct slice type, struct slice word)
{
	for (unsigned i = 0; i < SUBJECT_STEPS; i++)
		if (slice_is(type,
			event_type_name(subject_step_info[i].type)) &&
		    slice_is(word, subject_step_info[i].word))
			return &subject_step_info[i];
	return NULL;
}
