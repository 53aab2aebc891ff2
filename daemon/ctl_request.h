/* What the files of misuctl request share. */
#ifndef MISU_CTL_REQUEST_H
#define MISU_CTL_REQUEST_H

#include <stdio.h>

#include "codec/json.h"

/* Tokens of a case, a line each; NULL: there are none. */
void request_print_grants(const struct json_node *grants);

/*
 * The text of the answer, in Japanese or English; `row` is a case as
 * request-show has it.
 */
void request_letter(const struct json_node *row, bool japanese, FILE *out);

#endif
