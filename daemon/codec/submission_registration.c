/* "registration" of a submission: what is registered of the object itself. */
#include "base/date.h"
#include "codec/submission_priv.h"
#include "core/status.h"

static const struct json_place above = {NULL, SLICE("registration"), 0};

static bool
read_time(struct reader *reader, const struct json_node *root, const char *name,
    int64_t *out)
{
	const struct json_node *node = json_find(root, name);
	const struct json_place place = {&above, slice_from(name), 0};
	struct slice text;

	if (node == NULL)
		return true;
	if (!submission_read_string(reader, node, &place, 40, &text))
		return false;
	if (date_parse(text, out, reader->fail))
		return true;
	json_set_place(reader->fail, &place);
	return false;
}

static bool
check_status(struct slice word, struct fail *fail)
{
	if (status_rdap(word) != NULL)
		return true;
	fail_set(fail, FAIL_INPUT, "not a status of EPP or JPRS");
	fail_hint(
	    fail, "one of EPP's, \"clientHold\", or \"Active\" for .jp");
	return false;
}

static bool
check_lock(struct slice word, struct fail *fail)
{
	if (status_is_lock(word))
		return true;
	fail_set(fail, FAIL_INPUT, "not a lock of JPRS");
	fail_hint(fail, "one like \"AgentChangeLocked\"");
	return false;
}

static bool
read_words(struct reader *reader, const struct json_node *root,
    const char *name, bool (*check)(struct slice word, struct fail *fail),
    struct values *out)
{
	const struct json_node *node = json_find(root, name);
	const struct json_place place = {&above, slice_from(name), 0};
	struct slice *items;

	if (node == NULL)
		return true;
	if (node->kind != JSON_KIND_ARRAY || node->count > REGISTRATION_WORDS)
		return json_fail(reader->fail, &place,
		    "not an array of at most %d words", REGISTRATION_WORDS);
	items =
	    arena_take_array(reader->arena, node->count + 1, sizeof(*items));
	if (items == NULL)
		return fail_memory(reader->fail);
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place at = {&place, {NULL, 0}, i};

		if (!submission_read_string(reader, &node->items[i], &at,
			REGISTRATION_WORD, &items[i]))
			return false;
		if (!check(items[i], reader->fail)) {
			json_set_place(reader->fail, &at);
			return false;
		}
	}
	*out = (struct values){items, node->count};
	return true;
}

static bool
read_roid(
    struct reader *reader, const struct json_node *node, struct slice *out)
{
	const struct json_place place = {&above, SLICE("roid"), 0};

	return node == NULL || submission_read_string(reader, node, &place,
				   REGISTRATION_WORD, out);
}

bool
submission_read_registration(
    struct reader *reader, const struct json_node *node)
{
	static const char *const names[] = {"created", "updated", "expires",
	    "connected", "returned", "roid", "status", "locks", NULL};
	struct registration it = {.given = true};

	if (node == NULL)
		return true;
	if (node->kind != JSON_KIND_OBJECT)
		return json_fail(reader->fail, &above, "not an object");
	if (!submission_only_members(reader, node, &above, names) ||
	    !read_time(reader, node, "created", &it.created) ||
	    !read_time(reader, node, "updated", &it.updated) ||
	    !read_time(reader, node, "expires", &it.expires) ||
	    !read_time(reader, node, "connected", &it.connected) ||
	    !read_time(reader, node, "returned", &it.returned) ||
	    !read_roid(reader, json_find(node, "roid"), &it.roid) ||
	    !read_words(reader, node, "status", check_status, &it.status) ||
	    !read_words(reader, node, "locks", check_lock, &it.locks))
		return false;
	if (record_set_registration(reader->record, &it, reader->fail))
		return true;
	json_set_place(reader->fail, &above);
	return false;
}
