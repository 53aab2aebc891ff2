/*
 * A policy as it was written: what the parser makes and the checker, the
 * printer, the compiler and the explainer read.  Includes are flattened, sets
 * of fields are field bits, names are resolved to indexes.  Only the policy's
 * own files (policy_*.c, ruleset.c, compile.c, prove.c, facts.c, alter.c,
 * decide.c) and the reference evaluator of the tests look inside.
 */
#ifndef MISU_POLICY_TREE_H
#define MISU_POLICY_TREE_H

#include "core/complaint.h"
#include "core/policy.h"

_Static_assert(FIELD_COUNT <= 64, "fields fit the bits of a uint64_t");

/* Bit sets over enum field and enum role. */
#define FIELD_BIT(field) ((uint64_t)1 << (field))
#define FIELD_ALL                                                              \
	(FIELD_BIT(FIELD_COUNT - 1) | (FIELD_BIT(FIELD_COUNT - 1) - 1))
#define ROLE_BIT(role) (1u << (role))
#define ROLE_ALL (ROLE_BIT(ROLE_COUNT) - 1)

enum {
	ROLE_RELATIVE = -1, /* the role of the slot being decided */
	POLICY_RULES_MAX = 60000,
	POLICY_NAME_MAX = 40,
	POLICY_STRING_MAX = 500,
	POLICY_PRODUCT_MAX = 65536,
	POLICY_PRODUCT_ALL = 1048576,
	POLICY_SETS_MAX = 60,
};

struct purpose {
	struct slice id, title;
	struct place place;
};

struct set {
	struct slice id;
	struct place place;
	const struct token_item *items; /* flattened: sets in it are gone */
	size_t count;
	bool tested; /* a condition names it */
};

struct token_item {
	struct slice text;
	struct place place;
};

enum test_subject {
	TEST_KIND,    /* kind is WORD */
	TEST_CONSENT, /* consent to PURPOSE */
	TEST_VALUE,   /* FIELD in SET, FIELD is VALUE */
	TEST_PRESENT, /* FIELD is present */
	TEST_PLAN,    /* plan in SET, plan is WORD */
	TEST_REQUEST, /* request is WORD */
	TEST_SIZE,    /* prefix-length in SET, prefix-length is N */
};

/* Of the object, and in no role. */
static inline bool
test_is_of_object(enum test_subject subject)
{
	return subject == TEST_PLAN || subject == TEST_REQUEST ||
	       subject == TEST_SIZE;
}

/* About a value among those that the policy names. */
static inline bool
test_is_of_value(enum test_subject subject)
{
	return subject == TEST_VALUE || subject == TEST_PLAN ||
	       subject == TEST_SIZE;
}

struct test {
	enum test_subject subject;
	int role; /* an enum role, or ROLE_RELATIVE */
	enum field field;
	unsigned word;		    /* an enum kind or an enum operation */
	struct slice purpose;	    /* of TEST_CONSENT */
	struct slice set;	    /* the set's name; empty after `is` */
	const struct slice *values; /* canonical, sorted, each once */
	size_t value_count;
};

struct condition {
	struct test *tests; /* joined by `and`; none: true */
	size_t count;
};

/* What a generalise rule makes of a value. */
enum generalise { GENERALISE_FIRST, GENERALISE_COUNTRY };

struct rule {
	unsigned number; /* from 1, in the order of the text */
	struct place place;
	enum verdict verdict;
	unsigned roles;	   /* ROLE_BIT */
	uint64_t fields;   /* FIELD_BIT */
	struct slice text; /* reason or template */
	enum generalise generalise;
	unsigned first; /* of GENERALISE_FIRST: how many characters */
	struct condition when, unless;
	bool wins;		  /* somewhere: the compiler saw it */
	struct slice line, where; /* canonical text and "file:line" */
};

struct pattern {
	struct place place;
	struct slice word; /* ".jp", a group's name, or empty */
	const struct network_group *group;
};

struct policy_recipient {
	struct recipient is;
	struct place place;
	struct slice via_word;
	struct place via_place;
	bool has_class, has_ceiling, registry;
	unsigned given; /* options that stand, for the complaint */
	uint64_t ceiling[ROLE_COUNT];
};

struct policy_block {
	struct block is;
	struct place place, recipient_place;
	struct pattern *patterns;
	size_t pattern_count;
	struct rule **gates; /* refuse and hold */
	size_t gate_count;
	struct rule **rules;
	size_t rule_count;
};

struct policy {
	struct slice name;
	unsigned revision;
	int64_t effective;
	bool named;
	struct place place;
	struct purpose *purposes;
	size_t purpose_count;
	struct set *sets;
	size_t set_count;
	struct policy_recipient *recipients;
	size_t recipient_count;
	struct policy_block *blocks;
	size_t block_count;
	struct rule **rules; /* rules[n - 1] is rule n */
	size_t rule_count;
};

/* The verdict a rule gives a field: a generalisation hides what it drops. */
static inline enum verdict
rule_verdict(const struct rule *rule, enum field field)
{
	if (rule->verdict == VERDICT_GENERALISE &&
	    rule->generalise == GENERALISE_COUNTRY && field != FIELD_COUNTRY)
		return VERDICT_REDACT;
	return rule->verdict;
}

/* Do values pass under this verdict? */
static inline bool
verdict_passes(enum verdict verdict)
{
	return verdict == VERDICT_FORWARD || verdict == VERDICT_REPLACE ||
	       verdict == VERDICT_GENERALISE;
}

#endif
