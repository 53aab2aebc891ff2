/*
 * What misu's own layouts say of an object is read again by the audit, field
 * by field: nothing is found where all is as intended, and what differs is
 * found and named.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "net/jis.h"
#include "runner/audit_world.h"

enum { RULE = 42 };

typedef void change(
    struct audit_world *world, enum role role, enum field field);

static struct audit_findings
compare(const struct audit_world *world, enum audit_paper paper)
{
	struct audit_findings findings;
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;

	audit_world_read(
	    world, paper, audit_world_write(world, paper), &answer);
	assert_int_equal(answer.state, AUDIT_FOUND);
	assert_true(audit_compare(
	    world->intent, &answer, world->arena, &findings, &fail));
	return findings;
}

static void
complain(enum audit_paper paper, enum role role, enum field field,
    struct audit_findings findings, struct slice bytes)
{
	print_error("paper %d, %s of %s:\n", paper, field_info[field].name,
	    role_name(role));
	for (size_t i = 0; i < findings.count; i++)
		print_error("  %s: %s of %s, rule %u\n",
		    audit_kind_name(findings.items[i].kind),
		    field_info[findings.items[i].field].name,
		    role_name(findings.items[i].role), findings.items[i].rule);
	print_error("%.*s\n", SLICE_ARG(bytes));
	fail();
}

static void
what_is_as_intended_gives_no_finding(void **state)
{
	(void)state;
	for (unsigned paper = 0; paper < PAPER_COUNT; paper++) {
		struct arena *arena = arena_create(NULL);
		struct audit_world world;
		struct audit_findings findings;

		audit_world_make(&world, paper, arena);
		findings = compare(&world, paper);
		if (findings.count != 0)
			complain(paper, 0, 0, findings,
			    audit_world_write(&world, paper));
		arena_destroy(arena);
	}
}

/* Does what this paper says depend on the field? */
static bool said[PAPER_COUNT][SLOT_COUNT];

static bool
find_said(enum audit_paper paper, enum role role, enum field field)
{
	struct arena *arena = arena_create(NULL);
	struct audit_world world;
	struct slice with, without;
	bool differs;

	audit_world_make(&world, paper, arena);
	with = audit_world_write(&world, paper);
	audit_world_change(&world, role, field);
	without = audit_world_write(&world, paper);
	differs = !slice_equal(with, without);
	arena_destroy(arena);
	return differs;
}

static void
find_all_said_on(enum audit_paper paper)
{
	struct arena *arena = arena_create(NULL);
	struct audit_world world;

	audit_world_make(&world, paper, arena);
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = slot / FIELD_COUNT;
		enum field field = slot % FIELD_COUNT;

		said[paper][slot] =
		    world.intent->items[role][field].collected &&
		    find_said(paper, role, field);
	}
	arena_destroy(arena);
}

static int
find_all_said(void **state)
{
	(void)state;
	for (unsigned paper = 0; paper < PAPER_COUNT; paper++)
		find_all_said_on(paper);
	return 0;
}

/* gTLD registries and RDAP servers have handles of their own. */
static bool
is_own(enum audit_paper paper, enum field field)
{
	return field == FIELD_HANDLE &&
	       (paper == PAPER_GTLD || paper >= PAPER_RDAP);
}

/* Without its handle, an answer about a contact is about nobody. */
static bool
is_nameless(enum audit_paper paper, enum role role, enum field field)
{
	return field == FIELD_HANDLE && role == ROLE_ADMIN &&
	       (paper == PAPER_CONTACT || paper == PAPER_CONTACT_ENGLISH ||
		   paper == PAPER_GROUP);
}

static bool
is_of_group(enum field a, enum field b)
{
	return strcmp(field_info[a].group, field_info[b].group) == 0;
}

/* What is below an organization, and titles, few have. */
static bool
is_unsaid(enum audit_paper paper, enum field field)
{
	return paper >= PAPER_RDAP && (is_of_group(field, FIELD_DIVISION_LOC) ||
					  is_of_group(field, FIELD_TITLE_LOC));
}

/* In a jCard, an extension stands in its number. */
static bool
goes_with(enum field field, enum field number)
{
	return (field == FIELD_PHONE_EXT && number == FIELD_PHONE) ||
	       (field == FIELD_FAX_EXT && number == FIELD_FAX);
}

static bool
is_right_finding(const struct audit_finding *finding, enum audit_kind kind,
    enum role role, enum field field)
{
	return finding->kind == kind && finding->role == role &&
	       finding->rule == (kind == AUDIT_LEAK ? RULE : 7) &&
	       finding->is_current == (kind == AUDIT_LEAK) &&
	       (finding->field == field ||
		   (kind == AUDIT_OVER_REDACTION &&
		       (is_of_group(finding->field, field) ||
			   goes_with(finding->field, field))));
}

/* How many findings there should be where the paper says the field or not. */
static bool
is_right_count(enum audit_paper paper, enum audit_kind kind, enum field field,
    bool is_said, size_t count)
{
	if ((kind != AUDIT_LEAK && is_own(paper, field)) ||
	    (kind == AUDIT_OVER_REDACTION && is_unsaid(paper, field)))
		return count == 0;
	if (!is_said)
		return count == 0 || kind == AUDIT_OVER_REDACTION;
	/* Both forms were hidden, and may have places apart. */
	return count == 1 || (kind == AUDIT_OVER_REDACTION && count == 2);
}

/*
 * One difference of one field gives this finding and no other wherever the
 * paper says the field, and none elsewhere.
 */
static void
try(enum audit_paper paper, enum role role, enum field field, change *make,
    enum audit_kind kind)
{
	struct arena *arena;
	struct audit_findings found;
	bool is_said = said[paper][SLOT(role, field)], is_right;
	struct audit_world world;

	/* Of one role it is tried, too, that nothing is found elsewhere. */
	if ((!is_said && role != ROLE_REGISTRANT) ||
	    is_nameless(paper, role, field))
		return;
	arena = arena_create(NULL);
	audit_world_make(&world, paper, arena);
	if (world.intent->items[role][field].collected) {
		make(&world, role, field);
		found = compare(&world, paper);
		is_right =
		    is_right_count(paper, kind, field, is_said, found.count);
		for (size_t i = 0; i < found.count; i++)
			is_right &= is_right_finding(
			    &found.items[i], kind, role, field);
		if (!is_right)
			complain(paper, role, field, found,
			    audit_world_write(&world, paper));
	}
	arena_destroy(arena);
}

static void
walk(change *make, enum audit_kind kind)
{
	for (unsigned paper = 0; paper < PAPER_COUNT; paper++)
		for (unsigned slot = 0; slot < SLOT_COUNT; slot++)
			try(paper, slot / FIELD_COUNT, slot % FIELD_COUNT, make,
			    kind);
}

static void
leak(struct audit_world *world, enum role role, enum field field)
{
	audit_world_leak(world, role, field, RULE);
}

static void
a_leak_is_found_in_every_layout_and_names_its_rule(void **state)
{
	(void)state;
	walk(leak, AUDIT_LEAK);
}

static void
another_value_is_stale_in_every_layout(void **state)
{
	(void)state;
	walk(audit_world_change, AUDIT_STALE);
}

static void
hide(struct audit_world *world, enum role role, enum field field)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (is_of_group(f, field))
			audit_world_hide(world, role, f);
}

static void
what_a_server_hides_is_found_in_every_layout(void **state)
{
	(void)state;
	walk(hide, AUDIT_OVER_REDACTION);
}

/* As a server says it that writes ISO-2022-JP, ours for one. */
static void
another_charset_changes_nothing(void **state)
{
	static const enum audit_paper papers[] = {PAPER_JPRS,
	    PAPER_JPRS_ORGANIZATIONAL, PAPER_NETWORK, PAPER_CONTACT};
	struct jis *jis = jis_open();

	(void)state;
	if (jis == NULL) {
		print_message("skipped: iconv has no ISO-2022-JP\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(papers) / sizeof(*papers); i++) {
		struct arena *arena = arena_create(NULL);
		struct text text = text_start(arena);
		struct audit_findings findings;
		struct audit_answer answer;
		struct audit_world world;
		struct fail fail = FAIL_INIT;

		audit_world_make(&world, papers[i], arena);
		jis_add(&text, jis, audit_world_write(&world, papers[i]));
		audit_world_read(&world, papers[i], text_slice(&text), &answer);
		assert_int_equal(answer.state, AUDIT_FOUND);
		assert_true(audit_compare(
		    world.intent, &answer, arena, &findings, &fail));
		assert_int_equal(findings.count, 0);
		arena_destroy(arena);
	}
	jis_close(jis);
}

/* --- memory --------------------------------------------------------------- */

static void *
take(void *context, size_t size)
{
	unsigned *left = context;

	return *left == 0 ? NULL : ((*left)--, malloc(size));
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

/* Reads and compares with so many blocks, of which `filled` bytes are gone. */
static bool
judge_with(const struct audit_world *world, struct slice bytes,
    enum audit_paper paper, unsigned blocks, size_t filled)
{
	struct audit_question question = {.type = OBJECT_DOMAIN};
	struct memory memory = {take, give, &blocks};
	struct arena *arena = arena_create(&memory);
	struct audit_findings findings;
	struct audit_answer answer;
	struct fail fail = FAIL_INIT;
	bool ok;

	arena_take(arena, filled);
	ok = paper == PAPER_RDAP
		 ? audit_read_rdap(&question, bytes, arena, &answer, &fail)
		 : audit_read_whois(
		       AUDIT_JPRS, &question, bytes, arena, &answer, &fail);
	ok = ok &&
	     audit_compare(world->intent, &answer, arena, &findings, &fail);
	assert_true(ok || fail.kind == FAIL_MEMORY);
	if (ok)
		assert_int_equal(findings.count, 0);
	arena_destroy(arena);
	return ok;
}

static void
without_memory_nothing_is_said(void **state)
{
	static const enum audit_paper papers[] = {PAPER_JPRS, PAPER_RDAP};
	struct arena *arena = arena_create(NULL);
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct audit_world world;
		struct slice bytes;

		audit_world_make(&world, papers[i], arena);
		bytes = audit_world_write(&world, papers[i]);
		for (unsigned blocks = 1; blocks < 12; blocks++)
			for (size_t filled = 0; filled < 16384; filled += 1499)
				refused += !judge_with(
				    &world, bytes, papers[i], blocks, filled);
		assert_true(judge_with(&world, bytes, papers[i], 99, 0));
	}
	assert_true(refused > 20);
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_as_intended_gives_no_finding),
	    cmocka_unit_test(
		a_leak_is_found_in_every_layout_and_names_its_rule),
	    cmocka_unit_test(another_value_is_stale_in_every_layout),
	    cmocka_unit_test(what_a_server_hides_is_found_in_every_layout),
	    cmocka_unit_test(another_charset_changes_nothing),
	    cmocka_unit_test(without_memory_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, find_all_said, NULL);
}
