/*
 * Policy text to policy tree: recursive descent over lex.h, one function a
 * sentence.  After a complaint it resumes at the next line that begins a
 * statement or a rule, so that one run shows all that is wrong.
 */
#ifndef MISU_POLICY_PARSE_H
#define MISU_POLICY_PARSE_H

#include "core/policy.h"
#include "core/policy_tree.h"

struct policy_given {
	struct arena *arena;
	const struct policy_loader *loader;
	const struct network_group *networks;
	size_t network_count;
};

/* NULL only when out of memory; complaints tell whether it is sound. */
struct policy *policy_parse(const struct policy_given *given,
    const struct policy_source *source, struct complaints *complaints);

#endif
