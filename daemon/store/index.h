/*
 * The index: where in the ledger a query has to look.  It is derived, may be
 * thrown away at any time, and is only ever a hint: whoever finds an entry by
 * it asks the entry itself (core/query_match.h).
 *
 * One SQLite file.  Entries are counted in spans of 65,536; for each span and
 * each term that some entry of it has stands the set of those entries
 * (core/bits.h).  A term is 64 bits: its class in four of them, and 59 bits of
 *
 *	SHA-256 of the word		type, policy, recipient, purpose,
 *					channel, operation, what was decided,
 *					outcome, actor, case
 *	SHA-256 of the pseudonym	subjects
 *	HMAC of the object's name	under a key of the daemon: nobody finds
 *					out by trying names
 *	SHA-256 of a shape		recipient, role, and for each field its
 *					verdict and rule: what was decided of
 *					one role for one recipient.  There are
 *					few of them, however many entries.  12
 *					bits are the recipient's, 4 the role's
 *
 * Words and shapes stand in a dictionary.  Beside them are the times of each
 * bundle and, for each disclosure, its latest outcome entry.  The rows follow
 * from the entries alone, however often the work was broken off.
 *
 * An index that was opened is one thread's.
 */
#ifndef MISU_INDEX_H
#define MISU_INDEX_H

#include "base/digest.h"
#include "base/fail.h"
#include "core/bits.h"
#include "core/entry_parts.h"

struct index;

enum { INDEX_VERSION = 1, INDEX_TERMS_MAX = 30, INDEX_SUBJECTS_MAX = 16 };

enum index_class {
	INDEX_TYPE = 1,
	INDEX_POLICY,
	INDEX_RECIPIENT,
	INDEX_PURPOSE,
	INDEX_CHANNEL,
	INDEX_OPERATION,
	INDEX_DECIDED,
	INDEX_OUTCOME,
	INDEX_ACTOR,
	INDEX_CASE,
	INDEX_SHAPE,
	INDEX_OBJECT,
	INDEX_SUBJECT
};

/*
 * For the one who writes: made when absent.  Fails if it is damaged, of
 * another version or of another log: index_remove() it then.
 */
struct index *index_open(
    const char *path, const struct digest *log, struct fail *fail);
/* For others, while it is written.  NULL also if there is none. */
struct index *index_open_reader(const char *path, struct fail *fail);
void index_close(struct index *index);
/* The file and what SQLite has beside it. */
bool index_remove(const char *path, struct fail *fail);

/* Which log is it of?  (log_reader_log()) */
const struct digest *index_log(const struct index *index);
/* Entries below this are in it. */
uint64_t index_next(const struct index *index);
/*
 * What is below this entry cannot be had any more: an index that has not come
 * so far goes on there.
 */
bool index_begin_at(struct index *index, uint64_t minimum, struct fail *fail);
/* SHA-256 of the last of them; another one means another ledger. */
bool index_is_of(const struct index *index, struct slice last_entry);

/* --- writing (index_add.c) --- */

/*
 * The terms that events have of the disclosure they are about: most come soon
 * after it, and need not have it read again.  They stand as numbers of sets of
 * the open span, and are good as long as that is.  Owned by who keeps it; zero
 * it to begin.
 */
struct index_terms {
	uint64_t load; /* of the span; 0: none, or too many */
	unsigned count;
	uint32_t sets[INDEX_TERMS_MAX];
};

struct index_item {
	uint64_t index; /* index_next() of it */
	struct slice entry;
	const struct entry_parts *parts;
	/* The disclosure: itself, or what the event is about; or NULL. */
	const struct entry_parts *about;
	int64_t object; /* index_object_term() of its name; 0: not known */
	/* Pseudonyms that can be looked for. */
	struct slice subjects[INDEX_SUBJECTS_MAX];
	size_t subject_count;
	/*
	 * Of the disclosure: written with it, taken for an event where
	 * `about` is NULL; or NULL.
	 */
	struct index_terms *terms;
};

/* Are they of the span that is open, so that an event may take them? */
bool index_terms_hold(
    const struct index *index, const struct index_terms *terms);

bool index_add(
    struct index *index, const struct index_item *item, struct fail *fail);
/* All that was added, in one transaction. */
bool index_commit(struct index *index, struct fail *fail);
/* Forget what was added since: after a false of the two above. */
void index_abandon(struct index *index);

int64_t index_word_term(enum index_class class, struct slice word);
int64_t index_object_term(const struct digest_key *key, struct slice name);

/* --- forgetting (index_forget.c) --- */

/*
 * Nothing of this subject stays, in the file or beside it: neither who it was
 * nor the names of its objects.  `is_owner` says whether an entry's object is
 * named under the subject's key.
 */
bool index_forget(struct index *index, struct slice pseudonym,
    bool (*is_owner)(
	void *context, uint64_t entry, bool *owner, struct fail *fail),
    void *context, struct fail *fail);

/* Whole spans below this entry go. */
bool index_prune(struct index *index, uint64_t minimum, struct fail *fail);

/* --- reading --- */

/* One state of it, until it is closed, whatever is written meanwhile. */
bool index_read_begin(struct index *index, struct fail *fail);

/* Add the entries that have a term in a span. */
bool index_read_term(struct index *index, uint64_t span, int64_t term,
    struct bits *out, struct fail *fail);
/* Add those that have any of `count` terms, sorted, all of one class. */
bool index_read_terms(struct index *index, uint64_t span, const int64_t *terms,
    size_t count, struct bits *out, struct fail *fail);

/* Every word or shape of a class; false from `each` ends it. */
bool index_each_name(struct index *index, enum index_class class,
    bool (*each)(void *context, int64_t term, struct slice bytes),
    void *context, struct fail *fail);
/* What stands in the dictionary for a shape. */
bool index_shape(struct slice bytes, struct entry_group *out);

struct index_times {
	int64_t first[256], last[256]; /* of each bundle; first > last: none */
};
bool index_read_times(struct index *index, uint64_t span,
    struct index_times *out, struct fail *fail);

/* Index of the latest outcome entry about a disclosure; 0: none. */
bool index_read_outcome(
    struct index *index, uint64_t entry, uint64_t *out, struct fail *fail);

#endif
