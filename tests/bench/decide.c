/*
 * How long one whole-record decision takes once the facts are known: the gate
 * of a block, the row of every role, and the rule and verdict of 60 slots.
 * The figure is for the shipped policy; the facts of each record, made once a
 * record, are timed beside it.
 */
#include <time.h>

#include "core/compile.h"
#include "core/decide.h"
#include "core/facts.h"
#include "runner/files.h"

enum { SLOTS = 60, ROLES = 5, FIELDS = SLOTS / ROLES, ROUNDS = 2000000 };

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct record *
record_make(struct arena *arena, struct ruleset *ruleset)
{
	static const enum field fields[] = {
	    FIELD_NAME_LOC, FIELD_NAME_INT, FIELD_ORG_LOC, FIELD_ORG_INT};
	struct record *record = record_create(
	    arena, OBJECT_DOMAIN, OPERATION_CREATE, SLICE("bench.jp"), NULL);

	(void)ruleset;
	for (unsigned role = 0; role < ROLES && record != NULL; role++) {
		struct slice value = SLICE("Bench Person"), jp = SLICE("JP");

		record_set_role(record, (enum role)role, KIND_LEGAL, NULL);
		for (size_t i = 0; i < 4; i++)
			record_set(record, (enum role)role, fields[i], &value,
			    1, NULL);
		record_set(
		    record, (enum role)role, FIELD_COUNTRY, &jp, 1, NULL);
	}
	return record;
}

/* The sum keeps the compiler from leaving anything out. */
static unsigned
decide_once(const struct ruleset *ruleset, const struct block *block,
    const uint16_t *facts)
{
	const uint16_t *rows[ROLE_COUNT];
	struct ruling gate = decide_gate(ruleset, block, facts);
	unsigned sum = gate.verdict;

	decide_rows(ruleset, block, facts, rows);
	for (unsigned role = 0; role < ROLES; role++)
		for (unsigned f = 0; f < FIELDS; f++) {
			unsigned rule = rows[role][f];

			sum += rule + ruleset->policy->rules[rule - 1]->verdict;
		}
	return sum;
}

static double
time_decisions(const struct ruleset *ruleset, const uint16_t *facts)
{
	size_t blocks = ruleset_block_count(ruleset);
	volatile unsigned sink = 0;
	double start = now();
	unsigned next = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		sink +=
		    decide_once(ruleset, ruleset_block(ruleset, next), facts);
		if (++next == blocks)
			next = 0;
	}
	return (now() - start) / ROUNDS * 1e9;
}

static double
time_facts(const struct ruleset *ruleset, const struct record *record)
{
	struct arena *arena = arena_create(NULL);
	double start = now();

	for (size_t i = 0; i < ROUNDS / 20; i++) {
		facts_of(ruleset, record, arena, NULL);
		arena_reset(arena);
	}
	arena_destroy(arena);
	return (now() - start) / (ROUNDS / 20) * 1e9;
}

int
main(void)
{
	struct arena *arena = arena_create(NULL);
	struct slice diagnostics;
	const char *path = "conf/policy/revision-2.policy";
	FILE *file = fopen(path, "r");
	struct ruleset *ruleset;
	struct record *record;
	const uint16_t *facts;

	if (file == NULL)
		path = "tests/policy/ok/example.policy";
	else
		fclose(file);
	ruleset = files_load(arena, path, &diagnostics);
	if (ruleset == NULL) {
		fprintf(stderr, "%.*s", SLICE_ARG(diagnostics));
		return 1;
	}
	record = record_make(arena, ruleset);
	facts = facts_of(ruleset, record, arena, NULL);
	printf("decide: %.1f ns for 60 role x field slots (goal 100)\n",
	    time_decisions(ruleset, facts));
	printf("facts: %.0f ns once a record, %zu variables, %u rules\n",
	    time_facts(ruleset, record), ruleset->variable_count,
	    ruleset_rule_count(ruleset));
	arena_destroy(arena);
	return 0;
}
