/*
 * How a submission is read, for submission.c and submission_role.c alone.
 */
#ifndef MISU_SUBMISSION_PRIV_H
#define MISU_SUBMISSION_PRIV_H

#include "codec/json.h"
#include "codec/submission.h"

enum { ID_MAX = 255, WORD_BYTES_MAX = 64 };

/* What is being read, and where complaints go. */
struct reader {
	struct arena *arena;
	struct record *record;
	struct slice subject; /* for roles that name none; may be empty */
	struct fail *fail;
};

/* Every member of an object must be one of these names, NULL after them. */
bool submission_only_members(struct reader *reader,
    const struct json_node *node, const struct json_place *place,
    const char *const *names);

/* A required string of 1 to `max` bytes without control characters. */
bool submission_read_string(struct reader *reader,
    const struct json_node *node, const struct json_place *place, size_t max,
    struct slice *out);

/* A word of the policy: a recipient, a purpose, a plan. */
bool submission_read_word(struct reader *reader, const struct json_node *node,
    const struct json_place *place, struct slice *out);

/* "registration" and all below it; `node` NULL: nothing is said. */
bool submission_read_registration(
    struct reader *reader, const struct json_node *node);

/* "roles" and all below it, into the record. */
bool submission_read_roles(
    struct reader *reader, const struct json_node *node);

#endif
