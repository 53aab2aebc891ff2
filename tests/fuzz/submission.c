/* What is read as a submission prints, and reads as the same again. */
#include "codec/submission.h"
#include "runner/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(NULL);
	struct slice json = {(const char *)data, size}, once, twice;
	struct fail fail = FAIL_INIT;
	struct submission *s = submission_parse(arena, json, &fail);

	if (s == NULL)
		fuzz_must(fail.kind == FAIL_INPUT && fail.text[0] != '\0');
	once = s != NULL ? submission_print(arena, s->record) : SLICE("");
	s = s != NULL ? submission_parse(arena, once, NULL) : NULL;
	fuzz_must(once.len == 0 || s != NULL);
	twice = s != NULL ? submission_print(arena, s->record) : SLICE("");
	fuzz_must(slice_equal(once, twice));
	arena_destroy(arena);
	return 0;
}
