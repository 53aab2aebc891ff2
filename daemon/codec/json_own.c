#include "codec/json_own.h"

/* Nodes of lists that are still open: many times what an answer has. */
enum { OPEN_MAX = 512 };

struct reader {
	struct arena *arena;
	const char *at, *end;
	struct json_node open[OPEN_MAX];
	size_t count;
	unsigned depth;
	bool no_memory;
};

static bool read_value(struct reader *reader, struct json_node *out);

static bool
take(struct reader *reader, char c)
{
	if (reader->at == reader->end || *reader->at != c)
		return false;
	reader->at++;
	return true;
}

static bool
take_word(struct reader *reader, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(reader->end - reader->at) < len ||
	    memcmp(reader->at, word, len) != 0)
		return false;
	reader->at += len;
	return true;
}

static bool
read_string(struct reader *reader, struct slice *out)
{
	const char *start;

	if (!take(reader, '"'))
		return false;
	start = reader->at;
	while (reader->at < reader->end && *reader->at != '"') {
		if ((unsigned char)*reader->at < ' ')
			return false;
		reader->at += *reader->at == '\\' ? 2 : 1;
	}
	if (reader->at >= reader->end)
		return false;
	*out = (struct slice){start, (size_t)(reader->at - start)};
	reader->at++;
	return true;
}

static bool
read_integer(struct reader *reader, struct json_node *out)
{
	bool negative = take(reader, '-');
	const char *start = reader->at;

	out->kind = JSON_KIND_INTEGER;
	while (reader->at < reader->end && *reader->at >= '0' &&
	       *reader->at <= '9' && reader->at - start < 18)
		out->integer = out->integer * 10 + (*reader->at++ - '0');
	if (negative)
		out->integer = -out->integer;
	return reader->at != start;
}

/* What was read since `first` becomes the node's. */
static bool
close_list(struct reader *reader, size_t first, struct json_node *out)
{
	size_t size = (reader->count - first) * sizeof(*out);
	struct json_node *items =
	    arena_take(reader->arena, size != 0 ? size : 1);

	if (items == NULL) {
		reader->no_memory = true;
		return false;
	}
	memcpy(items, reader->open + first, size);
	out->items = items;
	out->count = reader->count - first;
	reader->count = first;
	reader->depth--;
	return true;
}

static bool
read_list(struct reader *reader, char end, struct json_node *out)
{
	size_t first = reader->count;
	bool is_object = end == '}';

	out->kind = is_object ? JSON_KIND_OBJECT : JSON_KIND_ARRAY;
	if (++reader->depth > JSON_DEPTH_MAX)
		return false;
	reader->at++;
	if (take(reader, end))
		return close_list(reader, first, out);
	do {
		struct json_node item = {.kind = JSON_KIND_NULL};

		if (reader->count == OPEN_MAX ||
		    (is_object && (!read_string(reader, &item.name) ||
				      !take(reader, ':'))) ||
		    !read_value(reader, &item) || reader->count == OPEN_MAX)
			return false;
		reader->open[reader->count++] = item;
	} while (take(reader, ','));
	return take(reader, end) && close_list(reader, first, out);
}

static bool
read_value(struct reader *reader, struct json_node *out)
{
	if (reader->at == reader->end)
		return false;
	switch (*reader->at) {
	case '{':
		return read_list(reader, '}', out);
	case '[':
		return read_list(reader, ']', out);
	case '"':
		out->kind = JSON_KIND_STRING;
		return read_string(reader, &out->string);
	case 't':
		out->kind = JSON_KIND_BOOLEAN;
		out->boolean = true;
		return take_word(reader, "true");
	case 'f':
		out->kind = JSON_KIND_BOOLEAN;
		return take_word(reader, "false");
	case 'n':
		out->kind = JSON_KIND_NULL;
		return take_word(reader, "null");
	default:
		return read_integer(reader, out);
	}
}

const struct json_node *
json_own(struct arena *arena, struct slice text, struct fail *fail)
{
	struct json_node *root = arena_take(arena, sizeof(*root));
	struct reader reader; /* large, and not all of it to be cleared */

	reader.arena = arena;
	reader.at = text.data;
	reader.end = text.data + text.len;
	reader.count = 0;
	reader.depth = 0;
	reader.no_memory = root == NULL;
	if (root != NULL && read_value(&reader, root) &&
	    reader.at == reader.end)
		return root;
	if (reader.no_memory) {
		fail_memory(fail);
		return NULL;
	}
	fail_set(fail, FAIL_WORLD, "an answer would be no JSON");
	fail_hint(fail, "this is an error in misu: nothing was answered");
	return NULL;
}
