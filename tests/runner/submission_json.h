/* The body a backend posts: JSON from a scenario's record. */
#ifndef MISU_TESTS_SUBMISSION_JSON_H
#define MISU_TESTS_SUBMISSION_JSON_H

#include "base/text.h"
#include "runner/script.h"

struct slice submission_json(struct arena *arena, const struct step *step,
    const struct script_record *record, int64_t now);

#endif
