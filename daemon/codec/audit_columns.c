/*
 * The layouts of JPRS and JPNIC: a label in brackets, blanks, a value; lines
 * without a label go on with the value above.  Letters before labels differ
 * from one kind of object to another and say nothing more than the label.
 */
#include "base/prefix.h"
#include "base/text.h"
#include "codec/audit_lines.h"
#include "codec/audit_page.h"
#include "codec/whois_columns.h"
#include "core/policy_tree.h"

#define ONE(name) FIELD_BIT(FIELD_##name)
#define COUNT(lines) (sizeof(lines) / sizeof(*(lines)))

/* Lines of one role, and the first of their places. */
struct group {
	struct audit_lines lines;
	size_t first;
	enum role role; /* of lines that say ROLE_COUNT */
	unsigned where; /* for all of them, beside their own */
};

enum { GROUPS_MAX = 5 };

struct reading {
	struct audit_page *page;
	struct group groups[GROUPS_MAX];
	size_t group_count;
	size_t section; /* of .jp: the group of the persons' lines */
	bool is_japanese, is_lettered, is_group, is_over, has_name;
	const struct audit_line *line; /* the one before, and its place */
	size_t place;
	struct slice name;
};

/* --- places --------------------------------------------------------------- */

static void
add_group(struct reading *reading, struct audit_lines lines, enum role role,
    unsigned where)
{
	struct group *group = &reading->groups[reading->group_count++];

	*group = (struct group){lines, reading->page->count, role, where};
	for (size_t i = 0; i < lines.count; i++) {
		const struct audit_line *line = &lines.items[i];

		audit_page_place(reading->page,
		    &(struct audit_item){
			.role = line->role == ROLE_COUNT ? role : line->role,
			.fields = line->fields,
			.shape = line->shape});
	}
}

static void
make_places(struct reading *reading, enum audit_layout layout)
{
	static const enum role persons[] = {
	    ROLE_REGISTRANT, ROLE_PUBLIC_CONTACT, ROLE_ADMIN, ROLE_TECH};

	switch (layout) {
	case AUDIT_JPRS:
		add_group(reading, audit_lines_jprs, ROLE_REGISTRANT, 0);
		for (size_t i = 0; i < COUNT(persons); i++)
			add_group(reading, audit_lines_person, persons[i],
			    persons[i] == ROLE_PUBLIC_CONTACT ? 0 : LINE_NEVER);
		reading->section = 1;
		break;
	case AUDIT_JPNIC_NETWORK:
		add_group(reading, audit_lines_network, ROLE_REGISTRANT, 0);
		break;
	case AUDIT_CONTACT:
		add_group(reading, audit_lines_contact,
		    reading->page->question->role, 0);
		break;
	case AUDIT_GTLD:
		break;
	}
}

static bool
is_expected(const struct reading *reading, unsigned where)
{
	return (where & LINE_NEVER) == 0 &&
	       ((where & LINE_JAPANESE) == 0 || reading->is_japanese) &&
	       ((where & LINE_LETTERED) == 0 || reading->is_lettered) &&
	       ((where & LINE_PLAIN) == 0 || !reading->is_lettered) &&
	       ((where & LINE_PERSON) == 0 || !reading->is_group);
}

/* Only the whole answer tells its language and kind. */
static void
expect(struct reading *reading)
{
	for (size_t i = 0; i < reading->group_count; i++) {
		const struct group *group = &reading->groups[i];

		for (size_t k = 0; k < group->lines.count; k++) {
			const struct audit_line *line = &group->lines.items[k];

			if (is_expected(reading, group->where | line->where))
				reading->page->places[group->first + k]
				    .item.expected = line->expected;
		}
	}
}

/* --- lines ---------------------------------------------------------------- */

static bool
begins(struct slice text, const char *with)
{
	size_t len = strlen(with);

	return text.len >= len && memcmp(text.data, with, len) == 0;
}

/* Titles have no bracket before them. */
static void
read_title(struct reading *reading, struct slice line)
{
	static const struct {
		const char *title;
		size_t section;
	} sections[] = {
	    {"Domain Information:", 1},
	    {"Contact Information:", 2},
	    {"Administrative Contact:", 3},
	    {"Technical Contact:", 4},
	};

	reading->line = NULL;
	reading->is_over = begins(line, "上位情報") ||
			   begins(line, "下位情報") ||
			   begins(line, "Less Specific Info") ||
			   begins(line, "More Specific Info");
	if (begins(line, "Group Contact Information"))
		reading->is_group = true;
	for (size_t i = 0; i < COUNT(sections); i++)
		if (begins(line, sections[i].title)) {
			if (reading->section != 0)
				reading->section = sections[i].section;
			reading->is_japanese |= !text_is_printable(line);
		}
	if (begins(line, "Network Information:") ||
	    begins(line, "Group Contact Information:"))
		reading->is_japanese |= !text_is_printable(line);
}

static bool
has_label(const struct audit_line *line, struct slice label)
{
	for (size_t i = 0; i < 4 && line->labels[i] != NULL; i++)
		if (slice_is(label, line->labels[i]))
			return true;
	return false;
}

/* The place of a label: the object's, or of the section's person. */
static bool
find_line(struct reading *reading, struct slice label)
{
	for (size_t i = 0; i < reading->group_count; i++) {
		const struct group *group = &reading->groups[i];

		if (i != 0 && i != reading->section)
			continue;
		for (size_t k = 0; k < group->lines.count; k++)
			if (has_label(&group->lines.items[k], label)) {
				reading->line = &group->lines.items[k];
				reading->place = group->first + k;
				return true;
			}
	}
	return false;
}

static bool
is_name_label(struct slice label)
{
	return slice_is(label, "Domain Name") ||
	       slice_is(label, "ドメイン名") ||
	       slice_is(label, "Network Number") ||
	       slice_is(label, "IPネットワークアドレス");
}

/* Of an organisation's kind the record has the Japanese word. */
static struct slice
value_of(const struct reading *reading, struct slice value)
{
	struct slice japanese;

	if ((reading->line->fields & ONE(ORG_TYPE)) == 0)
		return value;
	japanese = whois_type_japanese(audit_trim(value));
	return japanese.len != 0 ? japanese : value;
}

static bool
is_same(struct slice a, struct slice b)
{
	for (size_t i = 0; a.len == b.len && i < a.len; i++)
		if ((a.data[i] ^ b.data[i]) & ~0x20)
			return false;
	return a.len == b.len;
}

/* Of several handles it is about the one that was asked for. */
static void
read_handle(struct reading *reading, struct slice handle)
{
	if (reading->name.len == 0 ||
	    is_same(handle, reading->page->question->name))
		reading->name = handle;
}

static void
read_labelled(struct reading *reading, struct slice label, struct slice value)
{
	reading->is_japanese |= !text_is_printable(label);
	reading->is_group |= slice_is(label, "グループハンドル") ||
			     slice_is(label, "Group Handle");
	reading->line = NULL;
	if (is_name_label(label)) {
		if (!reading->has_name)
			reading->name = audit_trim(value);
		reading->has_name = true;
	} else if (find_line(reading, label)) {
		if ((reading->line->fields & ONE(HANDLE)) != 0 &&
		    !reading->has_name &&
		    reading->line == audit_lines_contact.items)
			read_handle(reading, audit_trim(value));
		audit_page_add(
		    reading->page, reading->place, value_of(reading, value));
	}
}

/* A key goes on in the value above; of an address each line is one. */
static void
read_more(struct reading *reading, struct slice line)
{
	if (reading->line == NULL)
		return;
	if ((reading->line->fields & ONE(DS)) != 0)
		audit_page_append(reading->page, reading->place, line);
	else
		audit_page_add(reading->page, reading->place, line);
}

static bool
is_indented(struct slice line)
{
	for (size_t i = 0; i < WHOIS_COLUMN; i++)
		if (i == line.len || line.data[i] != ' ')
			return false;
	return true;
}

static void
read_line(struct reading *reading, struct slice line)
{
	struct slice label = line;
	const char *end;

	if (line.len == 0)
		return;
	if (is_indented(line)) {
		read_more(reading, line);
		return;
	}
	/* "a. " */
	if (line.len > 4 && line.data[1] == '.' && line.data[2] == ' ' &&
	    line.data[3] == '[') {
		reading->is_lettered = true;
		label.data += 3;
		label.len -= 3;
	}
	end = label.data[0] == '[' ? memchr(label.data, ']', label.len) : NULL;
	if (end == NULL) {
		read_title(reading, line);
		return;
	}
	label.data++;
	label.len = (size_t)(end - label.data);
	/* Lines around the answer are in brackets, too: "[ JPRS ...  ]". */
	if (label.len == 0 || label.data[0] == ' ')
		return;
	read_labelled(reading, label,
	    (struct slice){
		end + 1, (size_t)(line.data + line.len - (end + 1))});
}

/* --- the object ----------------------------------------------------------- */

/* "192.0.2.0/24", or from the first to the last address. */
static enum audit_state
state_of_network(struct reading *reading, struct slice *object)
{
	struct slice name = reading->name, first = name, last = name;
	struct audit_page *page = reading->page;
	struct fail ignored = FAIL_INIT;
	const char *hyphen =
	    name.len == 0 ? NULL : memchr(name.data, '-', name.len);
	struct prefix prefix;
	char from[PREFIX_SIZE], to[PREFIX_SIZE];

	if (hyphen != NULL) {
		first.len = (size_t)(hyphen - name.data);
		last.data = hyphen + 1;
		last.len = name.len - first.len - 1;
		return audit_state_of_network(
		    page, audit_trim(first), audit_trim(last), object);
	}
	if (!prefix_parse(name, &prefix, &ignored))
		return AUDIT_NOT_UNDERSTOOD;
	first = (struct slice){from, prefix_print_address(&prefix, from)};
	prefix_last(&prefix);
	last = (struct slice){to, prefix_print_address(&prefix, to)};
	return audit_state_of_network(page, first, last, object);
}

static enum audit_state
state_of_contact(struct reading *reading, struct slice *object)
{
	struct slice asked = reading->page->question->name;

	*object = asked.len != 0 ? asked : reading->name;
	return asked.len == 0 || is_same(asked, reading->name)
		   ? AUDIT_FOUND
		   : AUDIT_NOT_UNDERSTOOD;
}

static enum audit_state
state_of(struct reading *reading, enum audit_layout layout, struct slice text,
    struct slice *object)
{
	if (reading->name.len == 0)
		return audit_state_of_text(text);
	switch (layout) {
	case AUDIT_JPRS:
		return audit_state_of_domain(
		    reading->page, reading->name, object);
	case AUDIT_JPNIC_NETWORK:
		return state_of_network(reading, object);
	case AUDIT_CONTACT:
		return state_of_contact(reading, object);
	case AUDIT_GTLD:
		break;
	}
	return AUDIT_NOT_UNDERSTOOD;
}

bool
audit_read_columns(enum audit_layout layout, struct audit_page *page,
    struct slice text, struct audit_answer *out, struct fail *fail)
{
	struct reading reading = {.page = page};
	struct slice rest = text, line;

	make_places(&reading, layout);
	while (!reading.is_over && audit_take_line(&rest, &line))
		read_line(&reading, line);
	expect(&reading);
	return audit_page_finish(
	    page, state_of(&reading, layout, text, &out->object), out, fail);
}
