/*
 * A ruleset is a policy compiled: immutable, in its own arena, made only from
 * a policy that every check at load has passed.  It answers which blocks an
 * object falls under, who the recipients are, and what a rule says; decide.h
 * asks it for verdicts.  Rules are numbered from 1 in the canonical text
 * (policy_print.h); number 0 is "no rule named it", the default redact.
 */
#ifndef MISU_RULESET_H
#define MISU_RULESET_H

#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/fail.h"
#include "core/record.h"

struct ruleset;

/* How a recipient is reached: privacy policy 2(3). */
enum method {
	METHOD_WEB_FORM,
	METHOD_API,
	METHOD_MAIL,
	METHOD_FAX,
	METHOD_POST,
	METHOD_COURIER,
	METHOD_PHONE,
	METHOD_AGREED, /* another way agreed on: the agreement is named */
	METHOD_NONE,   /* reached by way of another recipient */
	METHOD_COUNT
};

enum { VIA_NONE = -1, VIA_SELF = -2 };

struct recipient {
	struct slice id;	/* "jprs" */
	struct slice title;	/* as operators and subjects read it */
	struct slice country;	/* two letters; empty for a public */
	struct slice basis;	/* legal basis, one of the policy's words */
	struct slice agreement; /* names the agreement of METHOD_AGREED */
	enum audience audience; /* whose consent class it is */
	enum method method;
	bool public; /* unspecified persons */
	int via;     /* index of the recipient before it, VIA_* */
};

struct block {
	unsigned number;    /* index in the ruleset */
	unsigned recipient; /* index of the recipient */
	struct slice purpose;
	enum object_type type;
	bool on_request; /* takes part only where a submission names it */
};

struct slice ruleset_name(const struct ruleset *ruleset);
unsigned ruleset_revision(const struct ruleset *ruleset);
int64_t ruleset_effective(const struct ruleset *ruleset);

/* SHA-256 of the canonical text. */
const struct digest *ruleset_identity(const struct ruleset *ruleset);
struct slice ruleset_text(const struct ruleset *ruleset);

size_t ruleset_recipient_count(const struct ruleset *ruleset);
const struct recipient *ruleset_recipient(
    const struct ruleset *ruleset, unsigned index);
bool ruleset_find_recipient(
    const struct ruleset *ruleset, struct slice id, unsigned *index);

/* What a purpose of the policy says it is. */
bool ruleset_find_purpose(
    const struct ruleset *ruleset, struct slice id, struct slice *title);

size_t ruleset_block_count(const struct ruleset *ruleset);
const struct block *ruleset_block(
    const struct ruleset *ruleset, unsigned number);

/* The one-line canonical text of a rule, and "file:line" it came from. */
unsigned ruleset_rule_count(const struct ruleset *ruleset);
struct slice ruleset_rule_text(const struct ruleset *ruleset, unsigned rule);
struct slice ruleset_rule_place(const struct ruleset *ruleset, unsigned rule);

/*
 * A digest over all that the policy says of what this recipient gets for this
 * purpose: whoever approved that, approved nothing else.  Other parts of a
 * policy, and its revision, do not change it.  False without memory.
 */
bool ruleset_terms(const struct ruleset *ruleset, struct slice recipient,
    struct slice purpose, struct arena *arena, struct digest *out);

/*
 * The blocks of direct recipients (no `via`, or `via self`) that this
 * record's object falls under: at most one for each (recipient, purpose), by
 * the longest suffix or prefix.  On-request blocks are included.  Returns
 * how many there are; writes at most `max`.
 */
size_t ruleset_match(const struct ruleset *ruleset, const struct record *record,
    const struct block **out, size_t max);

/* The one of them for this recipient and purpose, or NULL. */
const struct block *ruleset_find_block(const struct ruleset *ruleset,
    const struct record *record, struct slice recipient, struct slice purpose);

/* Is there an object that falls under both of these blocks? */
bool ruleset_overlap(const struct ruleset *ruleset, const struct block *one,
    const struct block *other);

/* Is there a domain below this suffix (".jp") that falls under the block? */
bool ruleset_reaches(const struct ruleset *ruleset, const struct block *block,
    struct slice suffix);

/*
 * The blocks behind `block`, nearest first: for each recipient reached `via`
 * it, directly or through others, the block for the same object.
 */
size_t ruleset_onward(const struct ruleset *ruleset, const struct block *block,
    const struct record *record, const struct block **out, size_t max);

/* What a slot can ever do under a block, whatever the record. */
enum {
	SLOT_PASSES = 1,   /* some record lets a value through */
	SLOT_REDACTS = 2,  /* some record does not */
	SLOT_HIDDEN = 4,   /* it passes while one behind may not have it */
	SLOT_REPLACES = 8, /* it passes as another value */
};

/*
 * SLOT_* bits, so that a configuration can be checked: SLOT_REDACTS needs a
 * placeholder where the wire demands a value, SLOT_HIDDEN a way to say "do
 * not disclose".
 */
unsigned ruleset_slot_ever(const struct ruleset *ruleset,
    const struct block *block, enum role role, enum field field);

const char *method_name(enum method method);

#endif
