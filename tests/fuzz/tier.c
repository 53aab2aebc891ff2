/*
 * Whatever of the line between publisher and keeper is read as a message is
 * written as the same bytes again; the first byte says which of them it is.
 */
#include "codec/tier.h"
#include "runner/fuzz.h"

static bool
again(struct text *out, char kind, struct slice message)
{
	struct tier_question question;
	struct tier_answer answer;
	struct tier_end end;
	struct slice token;

	if (kind == TIER_QUESTION)
		return tier_read_question(message, &question) &&
		       tier_write_question(out, &question);
	if (kind == TIER_ANSWER)
		return tier_read_answer(message, &answer) &&
		       tier_write_answer(out, &answer);
	if (kind == TIER_END)
		return tier_read_end(message, &end) &&
		       tier_write_end(out, &end);
	/* A header's value: the token is its end. */
	if (tier_find_token(message, &token))
		fuzz_must(token.len != 0 && token.len <= TIER_TOKEN_MAX &&
			  token.data + token.len == message.data + message.len);
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct slice message;
	struct text text;

	if (size == 0)
		return 0;
	arena = arena_create(NULL);
	text = text_start(arena);
	message = (struct slice){(const char *)data + 1, size - 1};
	if (again(&text, (char)data[0], message))
		fuzz_must(
		    slice_equal(message, (struct slice){text.data, text.len}));
	arena_destroy(arena);
	return 0;
}
