#include "codec/json_quick.h"

#include <cjson/cJSON.h>

/*
 * cJSON asks for memory by functions that all of a process share.  It takes
 * it from the caller's arena, which is wiped, and gives nothing back.
 */
static _Thread_local struct arena *lender;

static void *
take(size_t size)
{
	return lender != NULL ? arena_take(lender, size) : NULL;
}

static void
leave(void *pointer)
{
	(void)pointer;
}

static size_t
count_of(const cJSON *value)
{
	size_t count = 0;

	for (const cJSON *item = value->child; item != NULL; item = item->next)
		count++;
	return count;
}

/* Of one node, but for what is in it. */
static void
copy_value(const cJSON *from, struct json_node *out)
{
	if (from->string != NULL)
		out->name = slice_from(from->string);
	if (cJSON_IsString(from)) {
		out->kind = JSON_KIND_STRING;
		out->string = slice_from(from->valuestring);
	} else if (cJSON_IsNumber(from)) {
		out->kind = JSON_KIND_INTEGER;
		out->integer = (int64_t)from->valuedouble;
	} else if (cJSON_IsBool(from)) {
		out->kind = JSON_KIND_BOOLEAN;
		out->boolean = cJSON_IsTrue(from);
	} else if (cJSON_IsArray(from)) {
		out->kind = JSON_KIND_ARRAY;
	} else if (cJSON_IsObject(from)) {
		out->kind = JSON_KIND_OBJECT;
	}
}

/* At most JSON_DEPTH_MAX calls deep. */
static bool
copy(struct arena *arena, const cJSON *from, unsigned depth,
    struct json_node *out, struct fail *fail)
{
	struct json_node *items;
	size_t count = count_of(from), i = 0;

	copy_value(from, out);
	if (count == 0)
		return true;
	if (depth == JSON_DEPTH_MAX)
		return fail_set(fail, FAIL_WORLD, "JSON nested deeper than %d",
		    JSON_DEPTH_MAX);
	items = arena_take_array(arena, count, sizeof(*items));
	if (items == NULL)
		return fail_memory(fail);
	memset(items, 0, count * sizeof(*items));
	for (const cJSON *item = from->child; item != NULL; item = item->next)
		if (!copy(arena, item, depth + 1, &items[i++], fail))
			return false;
	out->items = items;
	out->count = count;
	return true;
}

const struct json_node *
json_quick_parse(struct arena *arena, struct slice text, struct fail *fail)
{
	cJSON_Hooks hooks = {take, leave};
	struct json_node *root = arena_take(arena, sizeof(*root));
	const char *end = NULL;
	const cJSON *read;

	if (root == NULL) {
		fail_memory(fail);
		return NULL;
	}
	memset(root, 0, sizeof(*root));
	cJSON_InitHooks(&hooks);
	lender = arena;
	read = cJSON_ParseWithLengthOpts(text.data, text.len, &end, false);
	lender = NULL;
	if (read == NULL || end != text.data + text.len) {
		fail_set(fail, FAIL_WORLD, "this is no JSON");
		return NULL;
	}
	return copy(arena, read, 1, root, fail) ? root : NULL;
}
