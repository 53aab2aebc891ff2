/* Every random record is well-formed, survives the vault, and merges. */
#include "codec/submission.h"
#include "runner/fuzz.h"
#include "runner/random_record.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct random random =
	    random_from((struct slice){(const char *)data, size});
	struct arena *arena = arena_create(NULL);
	struct record *a = random_record(&random, arena, NULL);
	struct record *b = random_record(&random, arena, NULL), *merged;
	struct submission *back;
	struct slice once;

	fuzz_must(a != NULL && b != NULL);
	merged = record_merge(arena, a, b, NULL);
	/* The limit of consents in a role may stop a merge, nothing else. */
	if (merged != NULL) {
		once = submission_print(arena, merged);
		back = submission_parse(arena, once, NULL);
		fuzz_must((back == NULL) ==
			  (record_operation(merged) == OPERATION_CREATE &&
			      strstr(once.data, "null") != NULL));
	}
	arena_destroy(arena);
	return 0;
}
