/* What the files of misuctl request share. */
#ifndef MISU_CTL_REQUEST_H
#define MISU_CTL_REQUEST_H

#include <stdio.h>

#include "codec/json.h"
#include "ctl.h"

/* Tokens of a case, a line each; NULL: there are none. */
void request_print_grants(const struct json_node *grants);

/* What tokens of a case were answered, each once with how often. */
enum { LETTER_GIVEN_MAX = 1000 };
struct letter_given {
	struct slice lines[LETTER_GIVEN_MAX];
	size_t times[LETTER_GIVEN_MAX];
	size_t count, others; /* others: answers beside these */
};
/* CTL_OK, or what to exit with after a complaint. */
int letter_find_given(
    struct ctl *ctl, const char *id, struct letter_given *out);

/* One line of what was given, and its items below it. */
void letter_put_given(FILE *out, struct slice line, bool japanese);

/*
 * The text of the answer, in Japanese or English; `row` is a case as
 * request-show has it.
 */
void request_letter(const struct json_node *row,
    const struct letter_given *given, bool japanese, FILE *out);

#endif
