/*
 * Whatever a server answers to the audit, in every layout: read within its
 * limits, and nothing is a leak where everything may be seen.
 */
#include <stdlib.h>

#include "runner/audit_world.h"
#include "runner/fuzz.h"

enum { MEMORY_MAX = 96 << 20 };

/* One byte says which paper it shall be. */
static const char papers[] = "gjJoOnNcChrie";

_Static_assert(sizeof(papers) == PAPER_COUNT + 1, "a letter for each paper");

static void
check_answer(const struct audit_answer *answer)
{
	fuzz_must(answer->state == AUDIT_FOUND || answer->count == 0);
	fuzz_must(answer->count <= AUDIT_ITEMS_MAX);
	fuzz_must(answer->text.len <= AUDIT_TEXT_MAX);
	for (size_t i = 0; i < answer->count; i++) {
		const struct audit_item *item = &answer->items[i];

		fuzz_must(item->values.count <= AUDIT_VALUES_MAX);
		fuzz_must(item->sight != AUDIT_SHOWN || item->values.count > 0);
		fuzz_must((item->expected & ~item->fields) == 0);
		for (size_t k = 0; k < item->values.count; k++)
			fuzz_must(item->values.items[k].len > 0 &&
				  item->values.items[k].len <= AUDIT_VALUE_MAX);
	}
}

static void
check_findings(
    const struct audit_world *world, const struct audit_answer *answer)
{
	struct audit_findings findings;
	struct fail fail = FAIL_INIT;

	fuzz_must(audit_compare(
	    world->intent, answer, world->arena, &findings, &fail));
	for (size_t i = 0; i < findings.count; i++) {
		const struct audit_finding *of = &findings.items[i];

		fuzz_must(!of->is_whole || answer->state != AUDIT_FOUND);
		fuzz_must(
		    of->kind != AUDIT_LEAK ||
		    world->intent->items[of->role][of->field].ruling.verdict !=
			VERDICT_FORWARD);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(NULL);
	struct audit_world world;
	struct audit_answer answer;
	const char *paper;

	if (arena == NULL || size == 0 ||
	    (paper = memchr(papers, data[0], PAPER_COUNT)) == NULL) {
		arena_destroy(arena);
		return 0;
	}
	audit_world_make(&world, (enum audit_paper)(paper - papers), arena);
	audit_world_leak(&world, ROLE_REGISTRANT, FIELD_NAME_LOC, 1);
	audit_world_leak(&world, ROLE_PUBLIC_CONTACT, FIELD_STREET_INT, 2);
	audit_world_leak(&world, ROLE_ADMIN, FIELD_EMAIL, 3);
	audit_world_read(&world, (enum audit_paper)(paper - papers),
	    (struct slice){(const char *)data + 1, size - 1}, &answer);
	check_answer(&answer);
	check_findings(&world, &answer);
	fuzz_must(arena_used(arena) < MEMORY_MAX);
	arena_destroy(arena);
	return 0;
}
