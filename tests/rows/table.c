#include "rows/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A word of the source and the fields it stands for. */
struct item {
	struct slice word;
	uint64_t fields;
};

struct reader {
	struct rows *rows;
	struct item items[ITEMS_MAX];
	size_t item_count;
	unsigned line;
};

static struct slice
trim(struct slice text)
{
	while (text.len != 0 && text.data[0] == ' ') {
		text.data++;
		text.len--;
	}
	while (text.len != 0 && text.data[text.len - 1] == ' ')
		text.len--;
	return text;
}

/* Cut what stands before `mark` off `rest`, without blanks around it. */
static struct slice
cut(struct slice *rest, char mark)
{
	const char *end =
	    rest->len == 0 ? NULL : memchr(rest->data, mark, rest->len);
	size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
	struct slice piece = trim((struct slice){rest->data, len});

	rest->data += len + (end != NULL);
	rest->len -= len + (end != NULL);
	*rest = trim(*rest);
	return piece;
}

static bool
skip_word(struct slice *rest, const char *word)
{
	size_t len = strlen(word);

	if (rest->len < len || memcmp(rest->data, word, len) != 0 ||
	    (rest->len > len && rest->data[len] != ' '))
		return false;
	rest->data += len;
	rest->len -= len;
	*rest = trim(*rest);
	return true;
}

static void
read_item(struct reader *reader, struct slice rest)
{
	struct item *item = &reader->items[reader->item_count++];

	assert_true(reader->item_count <= ITEMS_MAX);
	item->word = cut(&rest, '=');
	while (rest.len != 0) {
		enum field field;

		if (!field_find(cut(&rest, ' '), &field))
			fail_msg("rows.tbl:%u: no such field", reader->line);
		item->fields |= (uint64_t)1 << field;
	}
}

static uint64_t
item_fields(const struct reader *reader, struct slice word)
{
	for (size_t i = 0; i < reader->item_count; i++)
		if (slice_equal(reader->items[i].word, word))
			return reader->items[i].fields;
	fail_msg("rows.tbl:%u: no item %.*s", reader->line, SLICE_ARG(word));
	return 0;
}

/* "WORD ... of ROLE ..." */
static void
read_gets(const struct reader *reader, struct slice rest, struct row *row)
{
	uint64_t fields = 0;

	while (!skip_word(&rest, "of")) {
		assert_true(rest.len != 0);
		fields |= item_fields(reader, cut(&rest, ' '));
	}
	assert_true(rest.len != 0);
	while (rest.len != 0) {
		enum role role;

		if (!role_find(cut(&rest, ' '), &role))
			fail_msg("rows.tbl:%u: no such role", reader->line);
		row->fields[role] |= fields;
	}
}

static unsigned
read_revisions(const struct reader *reader, struct slice word)
{
	if (slice_is(word, "1"))
		return 1;
	if (slice_is(word, "2"))
		return 2;
	if (!slice_is(word, "1-2"))
		fail_msg("rows.tbl:%u: no such revision", reader->line);
	return 3;
}

static unsigned
read_who(const struct reader *reader, struct slice rest)
{
	unsigned who = 0;

	if (slice_is(rest, "any"))
		return (1u << WHO_COUNT) - 1;
	while (rest.len != 0) {
		struct slice word = cut(&rest, ' ');
		unsigned agreed = word.data[word.len - 1] == '+';
		enum kind kind;

		word.len -= agreed;
		if (!kind_find(word, &kind))
			fail_msg("rows.tbl:%u: no such kind", reader->line);
		who |= 1u << ((unsigned)kind + agreed * KIND_COUNT);
	}
	return who;
}

static void
read_row(struct reader *reader, struct slice rest)
{
	struct row *row = &reader->rows->items[reader->rows->count++];
	struct slice objects, block;

	assert_true(reader->rows->count <= ROWS_MAX);
	row->line = reader->line;
	row->source = cut(&rest, '|');
	row->revisions = read_revisions(reader, cut(&rest, '|'));
	row->file = cut(&rest, '|');
	objects = cut(&rest, '|');
	while (objects.len != 0) {
		assert_true(row->object_count < OBJECTS_MAX);
		row->objects[row->object_count++] = cut(&objects, ' ');
	}
	block = cut(&rest, '|');
	row->recipient = cut(&block, ' ');
	row->purpose = block;
	row->who = read_who(reader, cut(&rest, '|'));
	row->held = skip_word(&rest, "held");
	row->approved = skip_word(&rest, "approved");
	if (row->held || skip_word(&rest, "nothing"))
		assert_int_equal(rest.len, 0);
	while (rest.len != 0)
		read_gets(reader, cut(&rest, ';'), row);
}

static void
read_method(struct reader *reader, struct slice rest)
{
	struct method_row *row =
	    &reader->rows->methods[reader->rows->method_count++];

	assert_true(reader->rows->method_count <= 20);
	row->line = reader->line;
	row->source = cut(&rest, '|');
	read_revisions(reader, cut(&rest, '|'));
	row->method = cut(&rest, '|');
	while (rest.len != 0) {
		assert_true(row->recipient_count < 20);
		row->recipients[row->recipient_count++] = cut(&rest, ' ');
	}
}

struct rows *
rows_read(struct arena *arena, struct slice text)
{
	struct reader *reader = arena_take(arena, sizeof(*reader));

	assert_non_null(reader);
	reader->rows = arena_take(arena, sizeof(*reader->rows));
	assert_non_null(reader->rows);
	while (text.len != 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
		struct slice line = {text.data, len};

		reader->line++;
		text.data += len + (end != NULL);
		text.len -= len + (end != NULL);
		if (line.len == 0 || line.data[0] == '#')
			continue;
		if (skip_word(&line, "item"))
			read_item(reader, line);
		else if (skip_word(&line, "row"))
			read_row(reader, line);
		else if (skip_word(&line, "method"))
			read_method(reader, line);
		else
			fail_msg("rows.tbl:%u: neither item, row nor method",
			    reader->line);
	}
	return reader->rows;
}
