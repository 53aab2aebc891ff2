#include "store/log_about.h"

#include "core/canon.h"
#include "core/entry_parts.h"

/* As entries have it: it is no word that somebody typed. */
static void
add_term(struct query *query, enum query_key key, struct slice *value)
{
	if (value->len != 0)
		query->terms[query->count++] = (struct query_term){
		    .key = key, .values = value, .count = 1};
}

bool
log_about_subject(const struct log_query *run, struct slice pseudonym,
    struct log_page *page, struct fail *fail)
{
	struct log_query about = *run;
	struct query query;

	query_init(&query);
	add_term(&query, QUERY_PSEUDONYM, &pseudonym);
	about.query = &query;
	return log_query_run(&about, page, fail);
}

/* --- what came later --- */

struct later {
	const struct log_query *run;
	uint64_t index;
};

static bool
names(struct slice entry, const char *member, uint64_t index)
{
	int64_t number;

	return canon_get_number(entry, member, &number) && number >= 0 &&
	       (uint64_t)number == index;
}

static bool
on_candidate(void *context, const struct entry_shown *shown)
{
	const struct later *later = context;

	return (!names(shown->entry, "entry", later->index) &&
		   !names(shown->entry, "supersedes", later->index)) ||
	       later->run->show(later->run->context, shown);
}

/*
 * Whatever is about it has its object and recipient, and what supersedes it
 * has the same ones.
 */
bool
log_about_entry(const struct log_query *run,
    const struct entry_shown *disclosure, struct log_page *page,
    struct fail *fail)
{
	struct later later = {run, disclosure->index};
	struct arena *arena = arena_create(NULL);
	struct slice object = disclosure->object;
	struct log_query about = *run;
	struct entry_parts parts;
	struct query query;
	bool ok;

	if (arena == NULL)
		return fail_memory(fail);
	query_init(&query);
	query.first = disclosure->index + 1;
	if (entry_parts_read(disclosure->entry, arena, &parts)) {
		add_term(&query, QUERY_RECIPIENT, &parts.recipient);
		if (run->keys != NULL)
			add_term(&query, QUERY_OBJECT, &object);
	}
	about.query = &query;
	about.show = on_candidate;
	about.context = &later;
	ok = log_query_run(&about, page, fail);
	arena_destroy(arena);
	return ok;
}
