/*
 * How long one whole-record decision takes once the facts are known: the gate
 * of a block, the row of every role, and the rule and verdict of 60 slots.
 * The figure is for the shipped policy; the facts of each record, made once a
 * record, are timed beside it.
 */
#include <time.h>

#include "codec/pack.h"
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
	volatile unsigned sink __attribute__((unused)) = 0;
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

/* --- a contact, decided for ten TLDs and three roles --- */

enum { TLDS = 10 };

static const char contact_head[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\npurpose p11 \"publish\"\nset japan = JP\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, org, street, city, postcode, country, phone, email of "
    "registrant, admin, tech\n}\n"
    "recipient whois \"public\" public via reg\n";

static struct ruleset *
contact_policy(struct arena *arena, const char *condition)
{
	static char text[16384];
	struct slice diagnostics;
	int at = snprintf(text, sizeof(text), "%s", contact_head);

	for (int i = 0; i < TLDS; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at,
		    "for .tld%c to reg for p10 {\n"
		    " refuse \"x\" unless registrant.country in japan\n"
		    " forward name, org of registrant, admin, tech\n"
		    " forward street, city, postcode, country, phone, email of "
		    "registrant, admin, tech%s\n redact * of *\n}\n"
		    "for .tld%c to whois for p11 {\n"
		    " forward name of registrant%s\n redact * of *\n}\n",
		    'a' + i, condition, 'a' + i, condition);
	return policy_load(arena,
	    &(struct policy_source){SLICE("bench"), slice_from(text)}, NULL,
	    NULL, 0, &diagnostics, NULL);
}

static struct record *
contact_make(struct arena *arena)
{
	static const enum field fields[] = {FIELD_NAME_LOC, FIELD_NAME_INT,
	    FIELD_ORG_INT, FIELD_STREET_INT, FIELD_CITY_INT};
	struct record *record = record_create(
	    arena, OBJECT_CONTACT, OPERATION_CREATE, SLICE("reg/C-1"), NULL);
	struct slice value = SLICE("Bench Person"), jp = SLICE("JP");

	record_set_role(record, CONTACT_ROLE, KIND_LEGAL, NULL);
	for (size_t i = 0; i < 5; i++)
		record_set(record, CONTACT_ROLE, fields[i], &value, 1, NULL);
	record_set(record, CONTACT_ROLE, FIELD_COUNTRY, &jp, 1, NULL);
	return record;
}

static double
time_contacts(const struct ruleset *ruleset, const struct record *record,
    struct slice suffix)
{
	struct decide_scope scope = {.suffix = suffix};
	struct decide_given given = {.approved = false};
	struct arena *arena = arena_create(NULL);
	double start = now();

	for (size_t i = 0; i < ROUNDS / 20; i++) {
		decide_contact(ruleset, &scope, record, &given, arena, NULL);
		arena_reset(arena);
	}
	arena_destroy(arena);
	return (now() - start) / (ROUNDS / 20) * 1e9;
}

static double
time_packing(const struct record *record, bool back)
{
	struct arena *arena = arena_create(NULL);
	struct text packed = text_start(arena);
	double start = now();

	for (size_t i = 0; i < ROUNDS / 20; i++) {
		struct text text = text_start(arena);

		pack_record(back ? &packed : &text, record);
		if (back)
			unpack_record(arena,
			    (struct slice){packed.data, packed.len}, NULL);
		arena_reset(arena);
		packed = text_start(arena);
	}
	arena_destroy(arena);
	return (now() - start) / (ROUNDS / 20) * 1e9;
}

static void
bench_contacts(struct arena *arena)
{
	struct ruleset *fixed = contact_policy(arena, "");
	struct ruleset *open = contact_policy(arena, " when kind is legal");
	struct record *record = contact_make(arena);
	struct slice all = {NULL, 0};

	if (fixed == NULL || open == NULL || record == NULL) {
		fprintf(stderr, "the bench's own policy does not load\n");
		return;
	}
	printf("contact: %.0f ns for %d TLDs, %.0f ns with conditions, "
	       "%.0f ns in the scope of one (goal 1000)\n",
	    time_contacts(fixed, record, all), TLDS,
	    time_contacts(open, record, all),
	    time_contacts(open, record, SLICE(".tlda")));
	printf("pack: %.0f ns, and %.0f ns there and back (goal 1000)\n",
	    time_packing(record, false), time_packing(record, true));
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
	bench_contacts(arena);
	arena_destroy(arena);
	return 0;
}
