/* What provided.c (reading entries) and provided_rows.c share. */
#ifndef MISU_PROVIDED_PRIV_H
#define MISU_PROVIDED_PRIV_H

#include "core/policy_tree.h"
#include "core/provided.h"

/* What one recipient was given of the subject in one role. */
struct part {
	struct part *next;
	struct slice recipient, via;
	const struct recipient *is;
	struct slice purpose;
	enum role role;
	uint64_t listed, forwarded, generalised, replaced; /* FIELD_BIT */
};

/* A disclosure about the subject. */
struct disclosed {
	struct disclosed *next;
	uint64_t index;
	int64_t time;
	enum object_type type;
	enum operation operation;
	struct slice object, basis, channel;
	const struct ruleset *ruleset;
	struct digest policy;
	bool watched, has_payload, goes;
	bool ends; /* no disclosure: one before is published no longer */
	bool is_whole; /* a field not listed is one that was not there */
	bool has_inputs;
	uint64_t present[ROLE_COUNT]; /* with has_inputs */
	const struct provided_consent *consents[ROLE_COUNT];
	size_t consent_counts[ROLE_COUNT];
	enum provided_outcome outcome;
	struct part *parts;
};

struct provided {
	struct arena *arena;
	struct slice pseudonym;
	struct disclosed *first; /* of the chain, at the end */
	uint64_t *entries; /* of the disclosures, rising */
	struct disclosed **by_entry;
	size_t count, room, ends; /* ends: of count, no disclosures */
	struct provided_event *events, **events_last;
	struct provided_result result;
};

/* provided_rows.c */
bool provided_make_rows(struct provided *provided, struct fail *fail);

#endif
