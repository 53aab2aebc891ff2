/*
 * Lexer and policy compiler: any text is either refused with diagnostics or
 * compiles, and then its canonical text compiles to itself.
 */
#include "core/policy.h"
#include "core/policy_diff.h"
#include "core/policy_matrix.h"
#include "runner/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct slice prefix = {"192.0.2.0/24", 12};
	static const struct network_group own = {{"own", 3}, &prefix, 1};
	struct arena *arena = arena_create(NULL);
	struct policy_source source = {
	    SLICE("fuzz"), {(const char *)data, size}};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	struct ruleset *once, *twice;

	once = policy_load(arena, &source, NULL, &own, 1, &diagnostics, &fail);
	if (once == NULL) {
		fuzz_must(fail.kind == FAIL_INPUT && diagnostics.len != 0);
		arena_destroy(arena);
		return 0;
	}
	source.text = ruleset_text(once);
	twice = policy_load(arena, &source, NULL, &own, 1, &diagnostics, &fail);
	fuzz_must(twice != NULL);
	fuzz_must(slice_equal(ruleset_text(once), ruleset_text(twice)));
	fuzz_must(slice_equal(
	    policy_matrix(once, arena), policy_matrix(twice, arena)));
	fuzz_must(policy_diff(once, twice, arena).data != NULL);
	arena_destroy(arena);
	return 0;
}
