/*
 * Forgetting and pruning: rows go from the file (secure_delete wipes their
 * bytes) and from what SQLite has beside it.
 */
#include "store/index_priv.h"

struct forgetting {
	struct index *index;
	int64_t subject; /* the term */
	bool (*is_owner)(
	    void *context, uint64_t entry, bool *owner, struct fail *fail);
	void *context;
	struct fail *fail;
};

/* Which of the subject's entries in a span name an object under its key? */
static bool
find_owned(struct forgetting *forgetting, uint64_t span,
    const struct bits *entries, struct bits *owned)
{
	bits_none(owned);
	for (unsigned at = bits_next(entries, 0); at < BITS_COUNT;
	     at = bits_next(entries, at + 1)) {
		bool owner = false;

		if (!forgetting->is_owner(forgetting->context,
			(span << SPAN_BITS) + at, &owner, forgetting->fail))
			return false;
		if (owner)
			bits_set(owned, at);
	}
	return true;
}

/* Terms of objects in a span that some owned entry has. */
struct found {
	int64_t *terms;
	size_t count, room;
};

static bool
found_add(struct found *found, int64_t term, struct fail *fail)
{
	if (found->count == found->room) {
		size_t room = found->room == 0 ? 64 : 2 * found->room;
		int64_t *grown = realloc(found->terms, room * sizeof(*grown));

		if (grown == NULL)
			return fail_memory(fail);
		found->terms = grown;
		found->room = room;
	}
	found->terms[found->count++] = term;
	return true;
}

static bool
find_objects(struct index *index, uint64_t span, const struct bits *owned,
    struct found *found, struct fail *fail)
{
	struct statement *posts = index->do_.posts;
	bool row = true, ok = true;

	statement_bind_number(posts, 1, (int64_t)span);
	statement_bind_number(posts, 2, class_first(INDEX_OBJECT));
	statement_bind_number(posts, 3, class_first(INDEX_OBJECT + 1));
	while (ok) {
		struct bits bits;

		ok = statement_step(posts, &row, fail);
		if (!ok || !row)
			break;
		bits_none(&bits);
		if (bits_read(&bits, statement_bytes(posts, 1)) &&
		    bits_count_both(&bits, owned) != 0)
			ok = found_add(found, statement_number(posts, 0), fail);
	}
	statement_reset(posts);
	return ok;
}

static bool
forget_objects(
    struct forgetting *forgetting, uint64_t span, const struct bits *owned)
{
	struct found found = {.terms = NULL};
	struct index *index = forgetting->index;
	bool ok = find_objects(index, span, owned, &found, forgetting->fail);

	for (size_t i = 0; ok && i < found.count; i++) {
		struct bits bits;

		ok = index_get_row(
		    index, span, found.terms[i], &bits, forgetting->fail);
		bits_and_not(&bits, owned);
		ok = ok && index_put_row(index, span, found.terms[i], &bits,
			       forgetting->fail);
	}
	free(found.terms);
	return ok;
}

static bool
forget_span(struct forgetting *forgetting, uint64_t span)
{
	struct index *index = forgetting->index;
	struct bits entries, owned, none;

	if (!index_get_row(
		index, span, forgetting->subject, &entries, forgetting->fail))
		return false;
	if (bits_next(&entries, 0) == BITS_COUNT)
		return true;
	bits_none(&none);
	return find_owned(forgetting, span, &entries, &owned) &&
	       forget_objects(forgetting, span, &owned) &&
	       index_put_row(
		   index, span, forgetting->subject, &none, forgetting->fail);
}

/* What was deleted is out of the file, and nothing is left beside it. */
static bool
settle_file(struct index *index, struct fail *fail)
{
	return sqlite_run(
	    index->sqlite, "PRAGMA wal_checkpoint(TRUNCATE)", fail);
}

bool
index_forget(struct index *index, struct slice pseudonym,
    bool (*is_owner)(
	void *context, uint64_t entry, bool *owner, struct fail *fail),
    void *context, struct fail *fail)
{
	struct forgetting forgetting = {index,
	    index_word_term(INDEX_SUBJECT, pseudonym), is_owner, context, fail};

	if (!index_commit(index, fail) || !index_write_begin(index, fail))
		return false;
	for (uint64_t span = 0; span <= index->next >> SPAN_BITS; span++)
		if (!forget_span(&forgetting, span))
			return false;
	return index_commit(index, fail) && settle_file(index, fail) &&
	       span_load(index, index->next >> SPAN_BITS, fail);
}

bool
index_prune(struct index *index, uint64_t minimum, struct fail *fail)
{
	char sql[320];
	unsigned long long span = minimum >> SPAN_BITS;

	snprintf(sql, sizeof(sql),
	    "DELETE FROM post WHERE span < %llu;"
	    "DELETE FROM times WHERE span < %llu;"
	    "DELETE FROM name WHERE newest < %llu;"
	    "DELETE FROM outcome WHERE bundle < %llu;",
	    span, span, span, (unsigned long long)minimum >> 8);
	return index_commit(index, fail) && index_write_begin(index, fail) &&
	       sqlite_run(index->sqlite, sql, fail) &&
	       index_commit(index, fail) && settle_file(index, fail);
}
