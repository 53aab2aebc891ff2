/* The text of the answer to a request, in Japanese and English. */
#ifndef MISU_CTL_REQUEST_H
#define MISU_CTL_REQUEST_H

#include <stdio.h>

#include "codec/json.h"

/* `row` is a case as request-show has it. */
void request_letter(const struct json_node *row, bool japanese, FILE *out);

#endif
