/*
 * Policies of one registry with domains, a contact, and what it gets of it.
 */
#ifndef MISU_CONTACT_WORLD_H
#define MISU_CONTACT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/decide.h"
#include "core/policy.h"
#include "core/policy_tree.h"

static struct arena *arena;

static inline int
make_arena(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL;
}

static inline int
drop_arena(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const char head[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\npurpose p11 \"publish\"\n"
    "set japan = JP\n"
    "recipient other \"Other\" in JP class registry basis contract by api {\n"
    "  may receive name of registrant\n}\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, org, email, phone, postcode, country of registrant, "
    "admin, tech\n"
    "}\n"
    "recipient whois \"public\" public via reg\n"
    "for .jp to other for p10 {\n forward name of registrant\n"
    " redact * of *\n}\n";

static inline const struct ruleset *
load(const char *body)
{
	static char text[8192];
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset;

	snprintf(text, sizeof(text), "%s%s", head, body);
	ruleset = policy_load(arena,
	    &(struct policy_source){SLICE("t.policy"), slice_from(text)}, NULL,
	    NULL, 0, &diagnostics, &fail);
	if (ruleset == NULL)
		print_message("%.*s%s\n", SLICE_ARG(diagnostics), fail.text);
	assert_non_null(ruleset);
	return ruleset;
}

static inline void
put(struct record *record, enum field field, const char *value)
{
	struct fail fail = FAIL_INIT;
	struct slice item = slice_from(value);

	assert_true(record_set(record, CONTACT_ROLE, field, &item, 1, &fail));
}

static inline struct record *
contact(void)
{
	struct record *record = record_create(
	    arena, OBJECT_CONTACT, OPERATION_CREATE, SLICE("reg/TARO-1"), NULL);

	assert_non_null(record);
	put(record, FIELD_NAME_INT, "Taro");
	put(record, FIELD_EMAIL, "taro@mail.example");
	put(record, FIELD_POSTCODE, "100-0001");
	put(record, FIELD_COUNTRY, "JP");
	return record;
}

static inline struct decide_scope
scope_of(const struct ruleset *ruleset)
{
	struct decide_scope scope = {.recipient = 0};

	assert_true(
	    ruleset_find_recipient(ruleset, SLICE("reg"), &scope.recipient));
	return scope;
}

static inline struct disclosure *
decide_in(const struct ruleset *ruleset, const struct decide_scope *scope,
    const struct record *record)
{
	struct decide_given given = {.approved = false};
	struct fail fail = FAIL_INIT;
	struct disclosure *d =
	    decide_contact(ruleset, scope, record, &given, arena, &fail);

	assert_non_null(d);
	return d;
}

static inline struct disclosure *
decide_any(const struct ruleset *ruleset, const struct record *record)
{
	struct decide_scope scope = scope_of(ruleset);

	return decide_in(ruleset, &scope, record);
}

static const char two_tlds[] = "for .jp to reg for p10 {\n"
			       " forward name, email of registrant, admin\n"
			       " forward postcode of registrant, admin\n"
			       " redact * of *\n}\n"
			       "for .org to reg for p10 {\n"
			       " forward name of registrant, admin\n"
			       " generalise postcode to first 3 of registrant\n"
			       " forward postcode of admin\n"
			       " redact * of *\n}\n";

static const char published[] =
    "for .jp to reg for p10 {\n forward name, email of registrant\n"
    " redact * of *\n}\n"
    "for .org to reg for p10 {\n forward name, email of registrant\n"
    " redact * of *\n}\n"
    "for .jp to whois for p11 {\n"
    " forward name of registrant\n redact * of *\n}\n"
    "for .org to whois for p11 {\n"
    " forward name of registrant when consent to p11\n"
    " redact * of *\n}\n";

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

#endif
