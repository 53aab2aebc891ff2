/* A query as text again: one that was parsed here is asked elsewhere. */
#include <limits.h>

#include "base/date.h"
#include "base/text.h"
#include "core/query.h"

static void
add_blank(struct text *text)
{
	if (text->len != 0)
		text_add_char(text, ' ');
}

static void
add_quoted(struct text *text, struct slice value)
{
	text_add_char(text, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '"' || value.data[i] == '\\')
			text_add_char(text, '\\');
		text_add_char(text, value.data[i]);
	}
	text_add_char(text, '"');
}

static void
add_term(struct text *text, const struct query_term *term)
{
	add_blank(text);
	text_add_format(
	    text, "%s%s:", term->negated ? "-" : "", query_key_name(term->key));
	for (size_t i = 0; i < term->count; i++) {
		if (i != 0)
			text_add_char(text, ',');
		add_quoted(text, term->values[i]);
	}
}

static void
add_time(struct text *text, const char *mark, int64_t ms)
{
	char date[DATE_SIZE];

	date_print(ms / 1000, 0, date);
	add_blank(text);
	text_add_format(text, "time%s%s", mark, date);
}

static void
add_entry(struct text *text, const char *mark, uint64_t index)
{
	add_blank(text);
	text_add_format(text, "entry%s%llu", mark, (unsigned long long)index);
}

struct slice
query_print(const struct query *query, struct arena *arena)
{
	struct text text = text_start(arena);

	for (size_t i = 0; i < query->count; i++)
		add_term(&text, &query->terms[i]);
	if (query->from != INT64_MIN)
		add_time(&text, ">=", query->from);
	if (query->until != INT64_MAX)
		add_time(&text, "<", query->until);
	if (query->first != 0)
		add_entry(&text, ">=", query->first);
	if (query->end != UINT64_MAX)
		add_entry(&text, "<", query->end);
	if (query->sort != QUERY_SORT_UNSAID) {
		add_blank(&text);
		text_add_string(&text, query->sort == QUERY_OLDEST
					   ? "sort:oldest"
					   : "sort:newest");
	}
	return text_slice(&text);
}
