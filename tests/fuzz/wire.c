/* What is read as a message is written as the same bytes again. */
#include "codec/wire.h"
#include "runner/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wire_message message;
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	struct slice bytes = {(const char *)data, size}, again;
	struct fail fail = FAIL_INIT;

	if (wire_read(bytes, &message)) {
		fuzz_must(wire_write(&text, &message, &fail));
		again = text_slice(&text);
		fuzz_must(slice_equal(bytes, again));
	}
	arena_destroy(arena);
	return 0;
}
