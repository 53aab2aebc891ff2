/*
 * Policy tests: given a record, expect verdicts.  A file has records and
 * expectations, in the words of the policy:
 *
 *	record taro {
 *		object domain example.jp
 *		request create
 *		plan fixed8
 *		registrant.kind natural
 *		registrant.consent to p11 for public given 2026-04-01T00:00:00Z
 *		registrant.name.loc "..."
 *		registrant.street.int "...", "..."
 *	}
 *	record hanako from "hanako.json"
 *
 *	expect taro to jprs for p10 {
 *		pass
 *		forward name of registrant
 *		redact phone of admin
 *	}
 *	expect taro to verisign for p10 nothing
 *
 * `pass`, `hold` and `refuse` are about the whole record, `nothing` says that
 * no block is for it.  Sets of the policy can stand for fields, * for all
 * fields or roles.
 */
#ifndef MISU_POLICY_TEST_H
#define MISU_POLICY_TEST_H

#include "core/policy.h"

struct policy_test;

/* Reads a JSON record for `record NAME from FILE`; NULL and a fail if not. */
struct policy_test_loader {
	struct record *(*load)(void *context, struct slice name,
	    struct arena *arena, struct fail *fail);
	void *context;
};

/* NULL when out of memory.  `loader` may be NULL: no JSON records then. */
struct policy_test *policy_test_create(struct arena *arena,
    const struct ruleset *ruleset, const struct policy_test_loader *loader);

/*
 * Run one file.  True if all it expects is so; else *report tells, with
 * places, what is not (FAIL_MEMORY in `fail` and no report if memory ran
 * out).  Files of one test share no records, but coverage adds up.
 */
bool policy_test_file(struct policy_test *test,
    const struct policy_source *source, struct slice *report,
    struct fail *fail);

/* "12 expectations, 1 not met; 20 of 27 rules decided something" and a line
 * for each rule that decided nothing.  {NULL, 0} when out of memory. */
struct slice policy_test_summary(struct policy_test *test);

#endif
