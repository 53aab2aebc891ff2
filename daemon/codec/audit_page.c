#include "codec/audit_page.h"

#include "base/fold.h"
#include "base/name.h"
#include "base/prefix.h"
#include "base/text.h"
#include "core/grow.h"
#include "core/policy_tree.h"

bool
audit_page_start(struct audit_page *page, const struct audit_question *question,
    struct arena *arena, struct fail *fail)
{
	*page = (struct audit_page){.question = question, .arena = arena};
	page->places =
	    arena_take_array(arena, AUDIT_ITEMS_MAX, sizeof(*page->places));
	if (page->places == NULL)
		return fail_memory(fail);
	return true;
}

size_t
audit_page_place(struct audit_page *page, const struct audit_item *item)
{
	if (page->count == AUDIT_ITEMS_MAX) {
		page->too_much = true;
		return AUDIT_ITEMS_MAX - 1;
	}
	page->places[page->count].item = *item;
	return page->count++;
}

void
audit_page_add(struct audit_page *page, size_t number, struct slice value)
{
	struct audit_place *place = &page->places[number];
	struct slice *values;

	value = audit_trim(value);
	if (value.len == 0)
		return;
	if (value.len > AUDIT_VALUE_MAX || place->count == AUDIT_VALUES_MAX) {
		page->too_much = true;
		return;
	}
	values =
	    grow(page->arena, place->values, place->count, sizeof(*values));
	if (values == NULL) {
		page->no_memory = true;
		return;
	}
	place->values = values;
	place->values[place->count++] = value;
}

void
audit_page_append(struct audit_page *page, size_t number, struct slice more)
{
	struct audit_place *place = &page->places[number];
	struct text text = text_start(page->arena);
	struct slice *last;

	more = audit_trim(more);
	if (place->count == 0) {
		audit_page_add(page, number, more);
		return;
	}
	last = &place->values[place->count - 1];
	if (more.len == 0 || last->len + more.len > AUDIT_VALUE_MAX) {
		page->too_much |= more.len != 0;
		return;
	}
	text_add(&text, *last);
	text_add_char(&text, ' ');
	text_add(&text, more);
	if (text_slice(&text).data == NULL)
		page->no_memory = true;
	else
		*last = text_slice(&text);
}

/* --- placeholders --------------------------------------------------------- */

/* In small letters.  They stand for the whole of a value. */
static const char *const known_placeholders[] = {
    "redacted",
    "redacted for privacy",
    "redacted for privacy purposes",
    "redacted for gdpr",
    "data redacted",
    "data protected",
    "data protected, not disclosed",
    "not disclosed",
    "not disclosed!",
    "not applicable",
    "non-public data",
    "statutory masking enabled",
    "gdpr masked",
    "gdpr redacted",
    "withheld for privacy",
    "hidden upon user request",
    "not available from registry",
    "not available",
    "suspended domain name",
    "private",
    "n/a",
    "-",
};

/* "@proxy.example": an address of that domain. */
static bool
is_at(struct slice value, struct slice domain)
{
	return domain.len > 1 && domain.data[0] == '@' &&
	       value.len > domain.len &&
	       memcmp(value.data + value.len - domain.len, domain.data,
		   domain.len) == 0;
}

static bool
is_given_placeholder(struct audit_page *page, struct slice folded)
{
	const struct values *given = &page->question->placeholders;
	struct fail ignored = FAIL_INIT;
	struct slice text;

	for (size_t i = 0; i < given->count; i++) {
		if (!fold_text(page->arena, audit_trim(given->items[i]), &text,
			&ignored)) {
			page->no_memory = true;
			return false;
		}
		if (slice_equal(folded, text) || is_at(folded, text))
			return true;
	}
	return false;
}

/* In place of an address of mail stand forms and sentences. */
static bool
is_no_address(struct slice folded)
{
	static const char *const begins[] = {
	    "http://", "https://", "please query the rdds"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (folded.len >= strlen(begins[i]) &&
		    memcmp(folded.data, begins[i], strlen(begins[i])) == 0)
			return true;
	return memchr(folded.data, '@', folded.len) == NULL;
}

static bool
is_placeholder(
    struct audit_page *page, const struct audit_item *item, struct slice value)
{
	struct fail ignored = FAIL_INIT;
	struct slice folded;

	if (!fold_text(page->arena, value, &folded, &ignored)) {
		page->no_memory = true;
		return false;
	}
	for (size_t i = 0;
	     i < sizeof(known_placeholders) / sizeof(*known_placeholders); i++)
		if (slice_is(folded, known_placeholders[i]))
			return true;
	if (is_given_placeholder(page, folded))
		return true;
	return (item->fields & FIELD_BIT(FIELD_EMAIL)) != 0 &&
	       is_no_address(folded);
}

/* --- the end -------------------------------------------------------------- */

/* Values before placeholders: only what is shown stays, if anything is. */
static void
finish_place(struct audit_page *page, struct audit_place *place)
{
	struct audit_item *item = &place->item;
	size_t shown = 0;

	for (size_t i = 0; i < place->count && !place->is_replaced; i++) {
		struct slice value = place->values[i];

		if (is_placeholder(page, item, value))
			continue;
		place->values[i] = place->values[shown];
		place->values[shown++] = value;
	}
	item->values = (struct values){place->values, place->count};
	if (shown != 0) {
		item->values.count = shown;
		item->sight = AUDIT_SHOWN;
	} else if (place->count != 0 || place->is_hidden)
		item->sight = AUDIT_REDACTED;
	else
		item->sight = AUDIT_ABSENT;
}

bool
audit_page_finish(struct audit_page *page, enum audit_state state,
    struct audit_answer *out, struct fail *fail)
{
	struct audit_item *items =
	    arena_take_array(page->arena, page->count + 1, sizeof(*items));

	for (size_t i = 0; items != NULL && i < page->count; i++) {
		finish_place(page, &page->places[i]);
		items[i] = page->places[i].item;
	}
	if (items == NULL || page->no_memory)
		return fail_memory(fail);
	out->state = page->too_much ? AUDIT_NOT_UNDERSTOOD : state;
	if (out->state == AUDIT_FOUND) {
		out->items = items;
		out->count = page->count;
	}
	return true;
}

/* --- texts ---------------------------------------------------------------- */

struct slice
audit_trim(struct slice text)
{
	while (text.len != 0 && (unsigned char)text.data[0] <= ' ') {
		text.data++;
		text.len--;
	}
	while (text.len != 0 && (unsigned char)text.data[text.len - 1] <= ' ')
		text.len--;
	return text;
}

bool
audit_take_line(struct slice *rest, struct slice *line)
{
	if (!slice_take_line(rest, line)) {
		if (rest->len == 0)
			return false;
		*line = *rest;
		rest->data += rest->len;
		rest->len = 0;
	}
	while (
	    line->len != 0 && (unsigned char)line->data[line->len - 1] <= ' ')
		line->len--;
	return true;
}

static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool
audit_is_text(struct slice slice, const char *text)
{
	for (size_t i = 0; i < slice.len; i++)
		if (text[i] == '\0' || small(slice.data[i]) != text[i])
			return false;
	return text[slice.len] == '\0';
}

static bool
says(struct slice line, const char *phrase)
{
	size_t len = strlen(phrase);

	for (size_t i = 0; i + len <= line.len; i++)
		if (audit_is_text((struct slice){line.data + i, len}, phrase))
			return true;
	return false;
}

static const struct {
	const char *phrase;
	enum audit_state state;
} phrases[] = {
    {"limit exceeded", AUDIT_LIMITED},
    {"rate limit", AUDIT_LIMITED},
    {"quota", AUDIT_LIMITED},
    {"too many", AUDIT_LIMITED},
    {"exceeded", AUDIT_LIMITED},
    {"try again", AUDIT_LIMITED},
    {"ask again", AUDIT_LIMITED},
    {"no match", AUDIT_NOT_FOUND},
    {"not found", AUDIT_NOT_FOUND},
    {"no data found", AUDIT_NOT_FOUND},
    {"no entries found", AUDIT_NOT_FOUND},
    {"no object found", AUDIT_NOT_FOUND},
    {"does not exist", AUDIT_NOT_FOUND},
    {"not registered", AUDIT_NOT_FOUND},
    {"該当するデータがありません", AUDIT_NOT_FOUND},
};

/* Lines of remarks begin so; they speak of much that is not the case. */
static bool
is_remark(struct slice line)
{
	return line.len == 0 || line.data[0] == '%' || line.data[0] == '#' ||
	       (line.len > 1 && line.data[0] == '[' && line.data[1] == ' ') ||
	       line.data[0] == '>';
}

enum audit_state
audit_state_of_text(struct slice text)
{
	struct slice line;

	while (audit_take_line(&text, &line)) {
		if (is_remark(line))
			continue;
		for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++)
			if (says(line, phrases[i].phrase))
				return phrases[i].state;
	}
	return AUDIT_NOT_UNDERSTOOD;
}

/* --- the object ----------------------------------------------------------- */

enum audit_state
audit_state_of_domain(
    struct audit_page *page, struct slice name, struct slice *object)
{
	struct slice asked = page->question->name;
	struct fail why = FAIL_INIT;

	if (!name_canonical(page->arena, name, object, &why)) {
		page->no_memory |= why.kind == FAIL_MEMORY;
		return AUDIT_NOT_UNDERSTOOD;
	}
	return asked.len == 0 || slice_equal(asked, *object)
		   ? AUDIT_FOUND
		   : AUDIT_NOT_UNDERSTOOD;
}

enum audit_state
audit_state_of_network(struct audit_page *page, struct slice first,
    struct slice last, struct slice *object)
{
	struct prefix asked, asked_last, from, to;
	struct fail ignored = FAIL_INIT;
	int begins, ends;

	*object = page->question->name;
	if (object->len == 0)
		return AUDIT_FOUND;
	if (!prefix_parse_address(first, &from) ||
	    !prefix_parse_address(last, &to) ||
	    !prefix_parse(page->question->name, &asked, &ignored) ||
	    from.six != asked.six || to.six != asked.six)
		return AUDIT_NOT_UNDERSTOOD;
	asked_last = asked;
	prefix_last(&asked_last);
	begins = memcmp(from.bytes, asked.bytes, asked.six ? 16 : 4);
	ends = memcmp(to.bytes, asked_last.bytes, asked.six ? 16 : 4);
	if (begins == 0 && ends == 0)
		return AUDIT_FOUND;
	return begins <= 0 && ends >= 0 ? AUDIT_NOT_FOUND
					: AUDIT_NOT_UNDERSTOOD;
}
