/* What tokens of a request were answered: the ledger says it, and no step. */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "ctl_log_remote.h"
#include "ctl_query.h"
#include "ctl_request.h"
#include "store/log_query.h"

struct collecting {
	struct arena *arena;
	struct letter_given *given;
};

/* "example.jp to authority for p16: registrant.name.int", as a step has it. */
static struct slice
line_of(struct arena *arena, const struct entry_shown *shown)
{
	struct text text = text_start(arena);
	struct slice recipient, purpose, roles;

	if (!canon_get_string(shown->entry, "recipient", arena, &recipient) ||
	    !canon_get_string(shown->entry, "purpose", arena, &purpose) ||
	    !canon_member(shown->entry, "fields", &roles))
		return (struct slice){"", 0};
	text_add(&text, shown->object.len != 0 ? shown->object
			: shown->is_forgotten  ? SLICE("(forgotten)")
					       : SLICE("(?)"));
	text_add_string(&text, " to ");
	text_add(&text, recipient);
	text_add_string(&text, " for ");
	text_add(&text, purpose);
	text_add_char(&text, ':');
	entry_add_passed(&text, roles);
	return text_slice(&text);
}

static bool
collect(void *context, const struct entry_shown *shown)
{
	static const char token[] = "\"request\":\"tier/";
	struct collecting *collecting = context;
	struct letter_given *given = collecting->given;
	struct slice line;
	size_t at = 0;

	if (memmem(shown->entry.data, shown->entry.len, token,
		sizeof(token) - 1) == NULL)
		return true;
	line = line_of(collecting->arena, shown);
	if (line.data == NULL)
		return false;
	while (at < given->count && !slice_equal(given->lines[at], line))
		at++;
	if (line.len == 0 || at == LETTER_GIVEN_MAX) {
		given->others++;
		return true;
	}
	given->lines[at] = line;
	given->times[at]++;
	if (at == given->count)
		given->count++;
	return true;
}

static int
run(struct ctl_query *query, struct collecting *collecting)
{
	const struct ctl_log_remote remote = {.ctl = query->ctl,
	    .query = &query->query,
	    .show = collect,
	    .context = collecting};
	const struct log_query local = {.disk = query->disk,
	    .directory = query->directory,
	    .index = query->index,
	    .keys = query->keys,
	    .query = &query->query,
	    .show = collect,
	    .context = collecting};
	struct fail fail = FAIL_INIT;
	struct log_page page;

	if (query->ctl->remote.url != NULL)
		return ctl_log_remote_run(&remote);
	return log_query_run(&local, &page, &fail) ? CTL_OK : ctl_fail(&fail);
}

int
letter_find_given(struct ctl *ctl, const char *id, struct letter_given *out)
{
	struct ctl_query query = {.ctl = ctl};
	struct collecting collecting = {ctl->arena, out};
	char term[40];
	int status;

	*out = (struct letter_given){.count = 0};
	snprintf(term, sizeof(term), "case:%s", id);
	ctl_query_take(&query, term, NULL);
	ctl_query_take(&query, "type:disclosure", NULL);
	ctl_query_take(&query, "outcome:sent,unknown", NULL);
	status = ctl_query_prepare(&query);
	if (status == CTL_OK)
		status = run(&query, &collecting);
	ctl_query_finish(&query);
	return status;
}
