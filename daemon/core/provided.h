/*
 * The record of provision to a subject (APPI articles 29 and 33(5), rules 19
 * to 21): to whom, which items, when or from when until when, for which
 * purpose, on which basis, by which method, under which policy, with which
 * outcome.  Made from the ledger's entries about one pseudonym; no value is
 * in it, for the ledger has none.
 *
 * What went to a named recipient is a row for each time, equal ones one after
 * another together (a record of continuous provision, rule 20(2)); what was
 * published is a row for the time that it stood there: from the entry that let
 * it through to the one that took it back.
 */
#ifndef MISU_PROVIDED_H
#define MISU_PROVIDED_H

#include "core/entry_rulings.h"

enum { PROVIDED_ENTRIES_MAX = 16, PROVIDED_MAX = 100000 };

/* How it ended, as far as the ledger says. */
enum provided_outcome {
	PROVIDED_OPEN, /* nothing is recorded yet */
	PROVIDED_DELIVERED,
	PROVIDED_REFUSED, /* sent, and the recipient said no */
	PROVIDED_NOT_SENT,
	PROVIDED_UNKNOWN,
	PROVIDED_OUTCOMES
};

struct provided_consent {
	struct slice purpose, version;
	bool given;
	int64_t time; /* Unix seconds */
};

struct provided_row {
	struct provided_row *next;
	bool published;		    /* to unspecified persons */
	bool watched;		    /* shadow mode: it passed unchanged */
	struct slice recipient;	    /* its id */
	const struct recipient *is; /* as the policy had it; NULL: unknown */
	struct slice via;	    /* by way of whom; or empty */
	enum object_type type;
	struct slice object; /* its name; empty: it cannot be read */
	enum role role;
	uint64_t forwarded, generalised, replaced; /* FIELD_BIT */
	struct slice purpose, purpose_title;
	struct slice basis, channel;
	const struct ruleset *ruleset; /* or NULL */
	struct digest policy;
	int64_t from, until; /* Unix ms; until 0: it still stands there */
	uint64_t count;	     /* of entries */
	uint64_t entries[PROVIDED_ENTRIES_MAX];
	uint64_t ended_by; /* entry, or ENTRY_NONE */
	uint64_t doubtful; /* entry that may have taken it back, or NONE */
	enum provided_outcome outcome;
	const struct provided_consent *consents; /* that the person gave */
	size_t consent_count;
	/* private */
	struct provided_row *chain;
};

/* A step about the subject: provision stopped, a request, a forgetting. */
struct provided_event {
	struct provided_event *next;
	uint64_t entry;
	int64_t time;
	struct slice type, word, case_id;
};

struct provided_result {
	const struct provided_row *rows; /* by the time that they began */
	size_t row_count;
	const struct provided_event *events;
	uint64_t disclosures; /* entries that decided about the subject */
	uint64_t withheld;    /* held or refused: nothing went */
	uint64_t kept;	      /* decided and stored here: nothing went */
	bool cut;	      /* there was more than PROVIDED_MAX */
	bool has_slot;	      /* some entry names the subject's key slot */
	uint32_t slot;
};

struct provided;

/* `pseudonym` in hex, as entries have it; borrowed. */
struct provided *provided_create(struct slice pseudonym, struct arena *arena);

struct provided_entry {
	uint64_t index;
	struct slice entry;
	struct slice object, inputs;   /* empty: not to be had */
	const struct ruleset *ruleset; /* its policy; NULL: not to be had */
};

/*
 * Entries in the order of the ledger; what is not about the subject is passed
 * over, outcomes of its disclosures are not.  One that carries a disclosure on
 * counts where that stood; object, inputs and ruleset are then the
 * disclosure's.  `scratch` is used until it returns.  False only when out of
 * memory.
 */
bool provided_add(struct provided *provided, const struct provided_entry *entry,
    struct arena *scratch, struct fail *fail);

/* NULL when out of memory. */
const struct provided_result *provided_finish(
    struct provided *provided, struct fail *fail);

/*
 * The entries that decided about the subject, or ended what was published of
 * it, for whoever notes what an answer was made from: borrowed, oldest first.
 */
const uint64_t *provided_entries(
    const struct provided *provided, size_t *count);

#endif
