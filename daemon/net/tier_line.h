/*
 * The keeper's end of the line on which the publisher asks for those who have
 * a token.  What is told goes in as a sealed and nothing else.
 */
#ifndef MISU_TIER_LINE_H
#define MISU_TIER_LINE_H

#include "codec/tier.h"
#include "net/wire_stream.h"
#include "store/seal.h"

/* False if the stream is over, or without memory. */
bool tier_line_tell(
    struct wire_stream *stream, uint64_t number, const struct sealed *sealed);
/* Any result but TIER_TOLD. */
bool tier_line_refuse(
    struct wire_stream *stream, uint64_t number, enum tier_result result);

#endif
