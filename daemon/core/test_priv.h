/* Shared by policy_test.c and test_record.c only. */
#ifndef MISU_TEST_PRIV_H
#define MISU_TEST_PRIV_H

#include "core/parse_priv.h"

/* Complain in words of one's own; false always. */
bool test_wrong(struct parser *parser, struct place place, struct slice text);

/* `{ object ... }`, the brace not taken yet; false after a complaint. */
bool test_record(struct parser *parser, struct record **out);

#endif
