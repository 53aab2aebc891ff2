#include "codec/json_quick.h"

#include <cjson/cJSON.h>
#include <malloc.h>
#include <stdlib.h>

#include "base/digest.h"

/* It may have held what only one who asked with a token was told. */
static void
wipe_and_free(void *pointer)
{
	if (pointer != NULL)
		digest_wipe(pointer, malloc_usable_size(pointer));
	free(pointer);
}

static size_t
count_of(const cJSON *value)
{
	size_t count = 0;

	for (const cJSON *item = value->child; item != NULL; item = item->next)
		count++;
	return count;
}

static bool
copy_string(struct arena *arena, const char *from, struct slice *out)
{
	*out = arena_copy(arena, slice_from(from));
	return out->data != NULL;
}

/* Of one node, but for what is in it. */
static bool
copy_value(struct arena *arena, const cJSON *from, struct json_node *out)
{
	if (from->string != NULL &&
	    !copy_string(arena, from->string, &out->name))
		return false;
	if (cJSON_IsString(from)) {
		out->kind = JSON_KIND_STRING;
		return copy_string(arena, from->valuestring, &out->string);
	}
	if (cJSON_IsNumber(from)) {
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
	return true;
}

/* At most JSON_DEPTH_MAX calls deep. */
static bool
copy(struct arena *arena, const cJSON *from, unsigned depth,
    struct json_node *out, struct fail *fail)
{
	struct json_node *items;
	size_t count = count_of(from), i = 0;

	if (!copy_value(arena, from, out))
		return fail_memory(fail);
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
	cJSON_Hooks hooks = {malloc, wipe_and_free};
	struct json_node *root = arena_take(arena, sizeof(*root));
	const char *end = NULL;
	cJSON *read;
	bool ok;

	if (root == NULL) {
		fail_memory(fail);
		return NULL;
	}
	memset(root, 0, sizeof(*root));
	cJSON_InitHooks(&hooks);
	read = cJSON_ParseWithLengthOpts(text.data, text.len, &end, false);
	ok = read != NULL && end == text.data + text.len;
	if (!ok)
		fail_set(fail, FAIL_WORLD, "this is no JSON");
	ok = ok && copy(arena, read, 1, root, fail);
	cJSON_Delete(read);
	return ok ? root : NULL;
}
