#include "codec/json.h"

#include <jansson.h>
#include <malloc.h>
#include <stdarg.h>

#include "base/digest.h"

enum { WORD_MAX = 24 };

/* Where a scan of raw text stands: for each open bracket its key or index. */
struct scan {
	struct json_place steps[JSON_DEPTH_MAX + 1];
	bool object[JSON_DEPTH_MAX + 1];
	size_t depth;
};

static void explain(
    struct slice text, const json_error_t *error, struct fail *fail);
static bool check_depth(struct slice text, struct fail *fail);
static bool copy_node(struct arena *arena, json_t *from, struct json_node *to,
    const struct json_place *place, struct fail *fail);

const struct json_node *
json_parse(struct arena *arena, struct slice text, struct fail *fail)
{
	struct json_node *root = arena_take(arena, sizeof(*root));
	json_error_t error;
	json_t *tree;
	bool ok;

	if (root == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (text.len > JSON_BYTES_MAX) {
		fail_set(fail, FAIL_INPUT, "more than %d bytes of JSON",
		    JSON_BYTES_MAX);
		return NULL;
	}
	if (!check_depth(text, fail))
		return NULL;
	tree = json_loadb(text.len != 0 ? text.data : "", text.len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (tree == NULL) {
		explain(text, &error, fail);
		return NULL;
	}
	ok = copy_node(arena, tree, root, NULL, fail);
	json_decref(tree);
	return ok ? root : NULL;
}

/* What jansson gives back held a record. */
static void
wipe_and_free(void *pointer)
{
	if (pointer != NULL)
		digest_wipe(pointer, malloc_usable_size(pointer));
	free(pointer);
}

void
json_start(uint32_t seed)
{
	json_set_alloc_funcs(malloc, wipe_and_free);
	json_object_seed(seed != 0 ? seed : 1);
}

const struct json_node *
json_find(const struct json_node *object, const char *name)
{
	if (object == NULL || object->kind != JSON_KIND_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->count; i++)
		if (slice_is(object->items[i].name, name))
			return &object->items[i];
	return NULL;
}

/* --- places --------------------------------------------------------------- */

/* Names of ours are short lower-case words; others may be anybody's data. */
static bool
is_word(struct slice name)
{
	if (name.len == 0 || name.len > WORD_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((name.data[i] < 'a' || name.data[i] > 'z') &&
		    name.data[i] != '-')
			return false;
	return true;
}

static size_t
print_step(const struct json_place *place, char *out, size_t size)
{
	size_t at = 0;
	int len;

	if (place->outer != NULL)
		at = print_step(place->outer, out, size);
	if (at + 1 >= size)
		return at;
	if (place->name.data == NULL)
		len = snprintf(out + at, size - at, "/%zu", place->index);
	else if (is_word(place->name))
		len = snprintf(
		    out + at, size - at, "/%.*s", SLICE_ARG(place->name));
	else
		len = snprintf(out + at, size - at, "/*");
	return len < 0 ? at : at + (size_t)len;
}

void
json_print_place(const struct json_place *place, char *out, size_t size)
{
	out[0] = '\0';
	if (place != NULL)
		print_step(place, out, size);
}

void
json_set_place(struct fail *fail, const struct json_place *place)
{
	if (fail != NULL && fail->kind == FAIL_INPUT)
		json_print_place(place, fail->place, sizeof(fail->place));
}

bool
json_fail(
    struct fail *fail, const struct json_place *place, const char *format, ...)
{
	char text[sizeof(fail->text)];
	va_list args;

	if (fail == NULL || fail->kind != FAIL_NONE)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_set(fail, FAIL_INPUT, "%s", text);
	json_set_place(fail, place);
	return false;
}

/* --- looking at raw text -------------------------------------------------- */

/* From the opening quote to after the closing one, or to the end. */
static size_t
skip_string(struct slice text, size_t at)
{
	for (at++; at < text.len; at++) {
		if (text.data[at] == '\\')
			at++;
		else if (text.data[at] == '"')
			return at + 1;
	}
	return text.len;
}

/* jansson's own limit of depth cannot be set, so ours is checked before. */
static bool
check_depth(struct slice text, struct fail *fail)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '"')
			i = skip_string(text, i) - 1;
		else if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > JSON_DEPTH_MAX)
			return fail_set(fail, FAIL_INPUT,
			    "JSON nested deeper than %d", JSON_DEPTH_MAX);
	}
	return true;
}

static void
scan_mark(struct scan *scan, char c)
{
	struct json_place *step = &scan->steps[scan->depth];

	if (c == '{' || c == '[') {
		if (scan->depth == JSON_DEPTH_MAX)
			return;
		scan->depth++;
		step = &scan->steps[scan->depth];
		*step = (struct json_place){
		    .outer = scan->depth > 1 ? step - 1 : NULL};
		scan->object[scan->depth] = c == '{';
	} else if ((c == '}' || c == ']') && scan->depth > 0) {
		scan->depth--;
	} else if (c == ',' && !scan->object[scan->depth]) {
		step->index++;
	}
}

/*
 * The pointer to where jansson stopped.  It says a byte position but no path;
 * all before the position is well-formed, so that a small scan finds it.
 */
static void
scan_place(struct slice text, size_t end, struct fail *fail)
{
	struct scan scan = {.depth = 0};
	bool key = true; /* the next string of an object is a key */

	if (end > text.len)
		end = text.len;
	for (size_t i = 0; i < end; i++) {
		char c = text.data[i];

		if (c == '"') {
			size_t after = skip_string(text, i);

			if (scan.object[scan.depth] && key && after <= end)
				scan.steps[scan.depth].name = (struct slice){
				    text.data + i + 1, after - i - 2};
			i = after - 1;
			continue;
		}
		scan_mark(&scan, c);
		if (c == ':')
			key = false;
		else if (c == ',' || c == '{')
			key = true;
	}
	if (scan.depth > 0 && scan.object[scan.depth] &&
	    scan.steps[scan.depth].name.data == NULL)
		scan.depth--;
	json_set_place(fail, scan.depth > 0 ? &scan.steps[scan.depth] : NULL);
}

/* jansson's own text may quote the input; only its code is passed on. */
static const char *
reason(enum json_error_code code)
{
	switch ((int)code) {
	case json_error_duplicate_key:
		return "the member stands twice in its object";
	case json_error_invalid_utf8:
		return "not UTF-8";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a NUL character";
	case json_error_numeric_overflow:
		return "a number too large";
	case json_error_premature_end_of_input:
		return "JSON ends too early";
	case json_error_end_of_input_expected:
		return "more text after the end of JSON";
	default:
		return "not JSON";
	}
}

static void
explain(struct slice text, const json_error_t *error, struct fail *fail)
{
	enum json_error_code code = json_error_code(error);

	/*
	 * Memory that jansson's tree did not get has a code of its own or
	 * none; what its lexer did not get looks like bad syntax.
	 */
	if (code == json_error_out_of_memory || code == json_error_unknown ||
	    error->text[0] == '\0') {
		fail_memory(fail);
		return;
	}
	if (fail == NULL || fail->kind != FAIL_NONE)
		return;
	fail_set(fail, FAIL_INPUT, "%s: line %d, column %d", reason(code),
	    error->line, error->column);
	scan_place(
	    text, error->position > 0 ? (size_t)error->position : 0, fail);
}

/* --- from jansson's tree to ours ------------------------------------------ */

static bool
copy_string(struct arena *arena, const char *data, size_t len,
    struct slice *out, struct fail *fail)
{
	*out = arena_copy(arena, (struct slice){data, len});
	return out->data != NULL || fail_memory(fail);
}

static bool
copy_array(struct arena *arena, json_t *from, struct json_node *to,
    const struct json_place *place, struct fail *fail)
{
	size_t count = json_array_size(from);
	struct json_node *items =
	    arena_take_array(arena, count, sizeof(*items));

	if (items == NULL)
		return fail_memory(fail);
	for (size_t i = 0; i < count; i++) {
		struct json_place here = {.outer = place, .index = i};
		if (!copy_node(
			arena, json_array_get(from, i), &items[i], &here, fail))
			return false;
	}
	to->items = items;
	to->count = count;
	return true;
}

static bool
copy_object(struct arena *arena, json_t *from, struct json_node *to,
    const struct json_place *place, struct fail *fail)
{
	size_t count = json_object_size(from);
	struct json_node *item = arena_take_array(arena, count, sizeof(*item));
	const char *name;
	json_t *value;

	if (item == NULL)
		return fail_memory(fail);
	to->items = item;
	to->count = count;
	json_object_foreach(from, name, value)
	{
		struct json_place here = {place, slice_from(name), 0};
		if (!copy_string(
			arena, name, strlen(name), &item->name, fail) ||
		    !copy_node(arena, value, item, &here, fail))
			return false;
		item++;
	}
	return true;
}

static bool
copy_node(struct arena *arena, json_t *from, struct json_node *to,
    const struct json_place *place, struct fail *fail)
{
	switch (json_typeof(from)) {
	case JSON_OBJECT:
		to->kind = JSON_KIND_OBJECT;
		return copy_object(arena, from, to, place, fail);
	case JSON_ARRAY:
		to->kind = JSON_KIND_ARRAY;
		return copy_array(arena, from, to, place, fail);
	case JSON_STRING:
		to->kind = JSON_KIND_STRING;
		return copy_string(arena, json_string_value(from),
		    json_string_length(from), &to->string, fail);
	case JSON_INTEGER:
		to->kind = JSON_KIND_INTEGER;
		to->integer = json_integer_value(from);
		return true;
	case JSON_REAL:
		return json_fail(fail, place, "the number is not an integer");
	case JSON_TRUE:
	case JSON_FALSE:
		to->kind = JSON_KIND_BOOLEAN;
		to->boolean = json_is_true(from);
		return true;
	case JSON_NULL:
		to->kind = JSON_KIND_NULL;
		return true;
	}
	return json_fail(fail, place, "a value of no known type");
}
