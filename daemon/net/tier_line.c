#include "net/tier_line.h"

static bool
post(struct wire_stream *stream, const struct tier_answer *answer)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	bool ok = arena != NULL && tier_write_answer(&text, answer) &&
		  wire_stream_post(stream, TIER_ANSWER,
		      (struct slice){text.data, text.len}, -1);

	arena_destroy(arena);
	return ok;
}

bool
tier_line_tell(
    struct wire_stream *stream, uint64_t number, const struct sealed *sealed)
{
	const struct tier_answer answer = {.number = number,
	    .result = TIER_TOLD,
	    .entry = sealed_index(sealed),
	    .bytes = sealed_payload(sealed)};

	return post(stream, &answer);
}

bool
tier_line_refuse(
    struct wire_stream *stream, uint64_t number, enum tier_result result)
{
	const struct tier_answer answer = {.number = number, .result = result};

	return post(stream, &answer);
}
