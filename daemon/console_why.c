/*
 * GET /v1/why: what an entry says, with the rules as they stood then, for
 * auditors.  What the keys would tell beside it, the object's name and what
 * each condition came to, is misuctl's.
 */
#include <event2/http.h>
#include <stdlib.h>

#include "base/text.h"
#include "console_priv.h"
#include "core/canon.h"
#include "core/entry_parts.h"
#include "core/why.h"
#include "store/log_about.h"
#include "store/log_reader.h"
#include "store/policies.h"

enum {
	BUDGET = 100000, /* entries that are read for what came later */
	LATER_MAX = 256,
	ABOUT_DEPTH = 4
};

struct asking {
	struct console_request *asked;
	struct log_reader *log;
	struct entry_shown shown;
	struct entry_shown later[LATER_MAX];
	size_t later_count;
	bool failed; /* out of memory */
};

static bool
on_later(void *context, const struct entry_shown *shown)
{
	struct asking *asking = context;
	struct slice entry = arena_copy(asking->asked->arena, shown->entry);

	if (entry.data == NULL) {
		asking->failed = true;
		return false;
	}
	asking->later[asking->later_count++] =
	    (struct entry_shown){.index = shown->index, .entry = entry};
	return asking->later_count < LATER_MAX;
}

static bool
find_later(struct asking *asking, struct fail *fail)
{
	const struct console *console = asking->asked->console;
	const struct log_query run = {.disk = console->disk,
	    .directory = console->ledger,
	    .index = console->index,
	    .budget = BUDGET,
	    .bundles_only = true,
	    .show = on_later,
	    .context = asking};
	struct log_page page;

	return log_about_entry(&run, &asking->shown, &page, fail) &&
	       (!asking->failed || fail_memory(fail));
}

static struct slice
explain(struct asking *asking, struct fail *fail)
{
	struct console_request *asked = asking->asked;
	struct why_given given = {.shown = asking->shown};
	struct digest policy = {{0}}, setup = {{0}};
	struct fail missing = FAIL_INIT;

	if (!find_later(asking, fail))
		return (struct slice){NULL, 0};
	given.later = asking->later;
	given.later_count = asking->later_count;
	if (entry_digest(given.shown.entry, "policy", &policy) &&
	    entry_digest(given.shown.entry, "setup", &setup))
		given.ruleset = policies_load(asked->console->disk,
		    asked->console->policies, &policy, &setup, asked->arena,
		    &missing);
	given.missing = slice_from(missing.text);
	return why_json(&given, asked->arena, fail);
}

/* From an event down to the disclosure; false: it is of none. */
static bool
find_disclosure(struct asking *asking, struct fail *fail)
{
	struct arena *arena = asking->asked->arena;
	struct entry_shown *shown = &asking->shown;
	struct entry_kept kept;
	struct slice type;
	int64_t about;

	for (unsigned i = 0; i < ABOUT_DEPTH; i++) {
		if (!log_reader_entry(
			asking->log, shown->index, arena, &shown->entry, fail))
			return false;
		if (canon_get_string(shown->entry, "type", arena, &type) &&
		    slice_is(type, "disclosure"))
			return true;
		if (entry_kept_read(shown->entry, arena, &kept)) {
			*shown = (struct entry_shown){
			    .index = kept.index, .entry = kept.disclosure};
			return true;
		}
		if (!canon_get_number(shown->entry, "entry", &about) ||
		    about < 0)
			break;
		shown->index = (uint64_t)about;
	}
	return false;
}

/* An event that is about nothing is its own answer. */
static struct slice
answer(struct asking *asking, struct fail *fail)
{
	struct console *console = asking->asked->console;
	struct slice body = {NULL, 0};

	asking->log =
	    log_reader_open_bundles(console->disk, console->ledger, fail);
	if (asking->log == NULL)
		return body;
	if (find_disclosure(asking, fail))
		body = explain(asking, fail);
	else if (fail->kind == FAIL_NONE)
		body = entry_print_json(asking->asked->arena, &asking->shown);
	log_reader_close(asking->log);
	return body;
}

static bool
read_index(const char *text, uint64_t *out)
{
	char *end;

	if (text == NULL || *text < '0' || *text > '9' || strlen(text) > 18)
		return false;
	*out = strtoull(text, &end, 10);
	return *end == '\0';
}

void
console_why(struct console_request *asked)
{
	struct asking *asking = arena_take(asked->arena, sizeof(*asking));
	struct fail fail = FAIL_INIT;
	struct slice body;

	if (asking == NULL) {
		console_refuse(asked, 503, "out of memory");
		return;
	}
	asking->asked = asked;
	if (!read_index(evhttp_find_header(asked->parameters, "entry"),
		&asking->shown.index)) {
		console_refuse(asked, 422, "entry is the index of one");
		return;
	}
	body = answer(asking, &fail);
	if (body.data != NULL)
		console_give(asked, "application/json", "no-store", body);
	else
		console_fail(asked, fail.kind == FAIL_INPUT ? 404 : 503, &fail);
}
