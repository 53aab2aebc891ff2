/*
 * Bearer tokens: who may submit over TCP.  The file has a line for each,
 *
 *	name sha256-of-the-token-in-hex
 *
 * so that it gives no token away.  Finding one takes the same time whatever
 * was presented.
 */
#ifndef MISU_TOKENS_H
#define MISU_TOKENS_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"

struct tokens;

/* NULL with the line as the fail's place. */
struct tokens *tokens_parse(struct arena *arena, struct slice file,
    struct slice text, struct fail *fail);

/* The name behind the value of an Authorization header; empty if none. */
struct slice tokens_find(
    const struct tokens *tokens, struct slice authorization);

#endif
