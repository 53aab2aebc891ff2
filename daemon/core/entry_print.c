#include "core/entry_print.h"

#include "base/date.h"
#include "core/canon.h"
#include "core/field.h"

static void
add_time(struct text *text, int64_t ms)
{
	char printed[DATE_SIZE];
	int64_t part = (ms % 1000 + 1000) % 1000;
	size_t len = date_print((ms - part) / 1000, 0, printed);

	text_add(text, (struct slice){printed, len == 0 ? 0 : len - 1});
	text_add_format(text, ".%03dZ", (int)part);
}

static void
add_column(struct text *text, struct slice column)
{
	text_add(text, SLICE("  "));
	text_add(text, column.len != 0 ? column : SLICE("-"));
}

static void
add_member(struct text *text, const struct entry_shown *shown,
    const char *name)
{
	struct slice value = {NULL, 0};

	canon_get_string(shown->entry, name, text->arena, &value);
	add_column(text, value);
}

/* How many fields have each verdict. */
static void
count_verdicts(struct slice fields, struct arena *arena,
    unsigned counts[VERDICT_COUNT])
{
	struct slice role, members, field, ruling;

	while (canon_next_member(&fields, &role, &members))
		while (canon_next_member(&members, &field, &ruling)) {
			struct slice item, word;
			enum verdict verdict;

			if (canon_next_item(&ruling, &item) &&
			    canon_string(item, arena, &word) &&
			    verdict_find(word, &verdict))
				counts[verdict]++;
		}
}

static void
add_verdicts(struct text *text, const struct entry_shown *shown)
{
	unsigned counts[VERDICT_COUNT] = {0};
	const char *comma = "  ";
	struct slice value, item, word;
	int64_t rule;

	if (canon_member(shown->entry, "outcome", &value)) {
		if (canon_next_item(&value, &item) &&
		    canon_string(item, text->arena, &word))
			add_column(text, word);
		if (canon_next_item(&value, &item) &&
		    canon_number(item, &rule))
			text_add_format(text, " rule %d", (int)rule);
		if (canon_next_item(&value, &item) &&
		    canon_string(item, text->arena, &word))
			add_column(text, word);
		return;
	}
	if (canon_member(shown->entry, "fields", &value))
		count_verdicts(value, text->arena, counts);
	for (unsigned v = VERDICT_COUNT; v-- > 0;) {
		if (counts[v] == 0)
			continue;
		text_add_format(text, "%s%s %u", comma,
		    verdict_name((enum verdict)v), counts[v]);
		comma = ", ";
	}
}

/* A tab parts the names of misu's own records, "biz/\tunseen". */
struct slice
entry_object_text(struct arena *arena, const struct entry_shown *shown)
{
	const char *tab = shown->object.len == 0
	    ? NULL
	    : memchr(shown->object.data, '\t', shown->object.len);
	struct text text = text_start(arena);
	struct slice head = shown->object, tail;

	if (shown->is_forgotten)
		return SLICE("forgotten");
	if (tab == NULL)
		return shown->object;
	head.len = (size_t)(tab - head.data);
	tail = (struct slice){tab + 1, shown->object.len - head.len - 1};
	text_add(&text, head);
	text_add_string(&text, " (");
	text_add(&text, tail);
	text_add_char(&text, ')');
	return text_slice(&text);
}

static void
add_disclosure(struct text *text, const struct entry_shown *shown)
{
	int64_t supersedes;

	add_member(text, shown, "recipient");
	add_column(text, entry_object_text(text->arena, shown));
	add_member(text, shown, "operation");
	add_member(text, shown, "purpose");
	add_member(text, shown, "channel");
	add_verdicts(text, shown);
	if (canon_get_number(shown->entry, "supersedes", &supersedes))
		text_add_format(
		    text, "  supersedes #%lld", (long long)supersedes);
}

enum { FINDINGS_SHOWN = 12 };

static bool
is_of_stop(struct slice words, struct arena *arena)
{
	struct slice item, word;

	while (canon_next_item(&words, &item))
		if (canon_string(item, arena, &word) &&
		    slice_is(word, "stopped"))
			return true;
	return false;
}

/* ["leak","registrant","email",12,"current"] or ["missing"] */
static void
add_finding(struct text *text, struct slice finding, struct arena *arena)
{
	struct slice item, word;
	int64_t rule;

	if (!canon_next_item(&finding, &item) ||
	    !canon_string(item, arena, &word))
		return;
	text_add(text, word);
	if (!canon_next_item(&finding, &item) ||
	    !canon_string(item, arena, &word))
		return;
	text_add_char(text, ' ');
	text_add(text, word);
	text_add_char(text, '.');
	if (canon_next_item(&finding, &item) &&
	    canon_string(item, arena, &word))
		text_add(text, word);
	if (!canon_next_item(&finding, &item) || !canon_number(item, &rule))
		return;
	if (rule != 0)
		text_add_format(text, " rule %d", (int)rule);
	else
		text_add_string(
		    text, is_of_stop(finding, arena) ? " stopped" : " no rule");
}

void
entry_add_findings(
    struct text *text, struct slice findings, struct arena *arena)
{
	struct slice finding;
	unsigned count = 0;

	while (canon_next_item(&findings, &finding)) {
		if (count++ >= FINDINGS_SHOWN)
			continue;
		if (count > 1)
			text_add_string(text, ", ");
		add_finding(text, finding, arena);
	}
	if (count > FINDINGS_SHOWN)
		text_add_format(text, " and %u more", count - FINDINGS_SHOWN);
}

/* What an audit has beside an event's words. */
static void
add_audit(struct text *text, const struct entry_shown *shown)
{
	struct slice findings;

	if (!canon_member(shown->entry, "findings", &findings))
		return;
	add_member(text, shown, "recipient");
	add_column(text, entry_object_text(text->arena, shown));
	add_member(text, shown, "server");
	text_add_string(text, "  ");
	entry_add_findings(text, findings, text->arena);
}

static void
add_event(struct text *text, const struct entry_shown *shown)
{
	static const char *const names[] = {"word", "actor", "reason"};
	struct slice value;
	int64_t about;

	if (canon_get_number(shown->entry, "entry", &about))
		text_add_format(text, "  #%lld", (long long)about);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (canon_get_string(
			shown->entry, names[i], text->arena, &value))
			add_column(text, value);
	add_audit(text, shown);
}

struct slice
entry_print_text(struct arena *arena, const struct entry_shown *shown)
{
	struct text text = text_start(arena);
	struct slice type = {NULL, 0};
	int64_t time = 0;

	canon_get_number(shown->entry, "time", &time);
	canon_get_string(shown->entry, "type", arena, &type);
	text_add_number(&text, (int64_t)shown->index);
	text_add(&text, SLICE("  "));
	add_time(&text, time);
	add_column(&text, type);
	if (slice_is(type, "disclosure"))
		add_disclosure(&text, shown);
	else
		add_event(&text, shown);
	return text_slice(&text);
}

struct slice
entry_print_json(struct arena *arena, const struct entry_shown *shown)
{
	struct text text = text_start(arena);

	text_add(&text, SLICE("{\"index\":"));
	text_add_number(&text, (int64_t)shown->index);
	if (shown->object.len != 0) {
		text_add(&text, SLICE(",\"name\":"));
		text_add_json(&text, shown->object);
	}
	text_add_char(&text, ',');
	text_add(&text,
	    (struct slice){shown->entry.data + 1, shown->entry.len - 1});
	return text_slice(&text);
}
