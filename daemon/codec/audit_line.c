#include "codec/audit_line.h"

#include "base/text.h"
#include "codec/json.h"

enum { REASON_MAX = 200, SERVER_MAX = 600, NAME_MAX_LEN = 300 };

static const char *const ends[AUDIT_END_COUNT] = {[AUDIT_ANSWERED] = "answered",
    [AUDIT_UNANSWERED] = "unanswered",
    [AUDIT_NOBODY] = "nobody",
    [AUDIT_HELD] = "held"};

enum { STATE_COUNT = AUDIT_NOT_UNDERSTOOD + 1 };

/* --- writing --- */

static void
add_values(struct text *out, struct values values)
{
	text_add_char(out, '[');
	for (size_t i = 0; i < values.count; i++) {
		if (i != 0)
			text_add_char(out, ',');
		text_add_json(out, values.items[i]);
	}
	text_add_char(out, ']');
}

static void
add_flag(struct text *out, const char *name, bool flag)
{
	if (flag)
		text_add_format(out, ",\"%s\":true", name);
}

struct slice
audit_write_ask(const struct audit_ask *ask, struct arena *arena)
{
	const struct audit_question *question = &ask->question;
	struct text out = text_start(arena);

	text_add_format(&out,
	    "{\"number\":%lld,\"layout\":%d,\"type\":%d,\"role\":%d",
	    (long long)ask->number, (int)ask->layout, (int)question->type,
	    (int)question->role);
	add_flag(&out, "rdap", ask->is_rdap);
	add_flag(&out, "english", ask->english);
	add_flag(&out, "waits", ask->waits);
	add_flag(&out, "contact", question->is_contact);
	text_add_string(&out, ",\"name\":");
	text_add_json(&out, question->name);
	text_add_string(&out, ",\"server\":");
	text_add_json(&out, ask->server);
	text_add_string(&out, ",\"hidden\":");
	add_values(&out, question->placeholders);
	text_add_char(&out, '}');
	return text_slice(&out);
}

static void
add_item(struct text *out, const struct audit_item *item)
{
	text_add_format(out, "[%d,%lld,%lld,%d,%d,", (int)item->role,
	    (long long)item->fields, (long long)item->expected,
	    (int)item->sight, (int)item->shape);
	add_values(out, item->values);
	text_add_char(out, ']');
}

static void
add_answer(struct text *out, const struct audit_answer *answer)
{
	text_add_format(out, ",\"state\":%d,\"object\":", (int)answer->state);
	text_add_json(out, answer->object);
	text_add_string(out, ",\"text\":");
	text_add_json(out, answer->text);
	text_add_string(out, ",\"items\":[");
	for (size_t i = 0; i < answer->count; i++) {
		if (i != 0)
			text_add_char(out, ',');
		add_item(out, &answer->items[i]);
	}
	text_add_char(out, ']');
}

struct slice
audit_write_told(const struct audit_told *told, struct arena *arena)
{
	struct text out = text_start(arena);
	struct slice written;

	text_add_format(&out, "{\"number\":%lld,\"end\":\"%s\",\"wait\":%u",
	    (long long)told->number, ends[told->end], told->wait);
	text_add_string(&out, ",\"server\":");
	text_add_json(&out, told->server);
	text_add_string(&out, ",\"reason\":");
	text_add_json(&out, told->reason);
	if (told->end == AUDIT_ANSWERED)
		add_answer(&out, &told->answer);
	text_add_char(&out, '}');
	written = text_slice(&out);
	return written.len <= JSON_BYTES_MAX ? written
					     : (struct slice){NULL, 0};
}

/* --- reading --- */

static bool
get_integer(const struct json_node *object, const char *name, int64_t limit,
    int64_t *out)
{
	const struct json_node *node = json_find(object, name);

	if (node == NULL || node->kind != JSON_KIND_INTEGER ||
	    node->integer < 0 || node->integer >= limit)
		return false;
	*out = node->integer;
	return true;
}

static bool
get_word(const struct json_node *object, const char *name, int64_t limit,
    unsigned *out)
{
	int64_t word;

	if (!get_integer(object, name, limit, &word))
		return false;
	*out = (unsigned)word;
	return true;
}

static bool
get_string(const struct json_node *object, const char *name, size_t longest,
    struct slice *out)
{
	const struct json_node *node = json_find(object, name);

	if (node == NULL || node->kind != JSON_KIND_STRING ||
	    node->string.len > longest)
		return false;
	*out = node->string;
	return true;
}

static bool
get_flag(const struct json_node *object, const char *name)
{
	const struct json_node *node = json_find(object, name);

	return node != NULL && node->kind == JSON_KIND_BOOLEAN && node->boolean;
}

static bool
get_values(
    const struct json_node *node, struct arena *arena, struct values *out)
{
	struct slice *items;

	if (node == NULL || node->kind != JSON_KIND_ARRAY ||
	    node->count > AUDIT_VALUES_MAX)
		return false;
	items = arena_take_array(arena, node->count + 1, sizeof(*items));
	if (items == NULL)
		return false;
	for (size_t i = 0; i < node->count; i++) {
		if (node->items[i].kind != JSON_KIND_STRING ||
		    node->items[i].string.len > AUDIT_VALUE_MAX)
			return false;
		items[i] = node->items[i].string;
	}
	*out = (struct values){items, node->count};
	return true;
}

/* NULL: it is no object. */
static const struct json_node *
read_object(struct slice message, struct arena *arena)
{
	struct fail ignored = FAIL_INIT;
	const struct json_node *node = json_parse(arena, message, &ignored);

	return node != NULL && node->kind == JSON_KIND_OBJECT ? node : NULL;
}

bool
audit_read_ask(struct slice message, struct arena *arena, struct audit_ask *out)
{
	const struct json_node *node = read_object(message, arena);
	unsigned layout, type, role;

	*out = (struct audit_ask){.number = 0};
	if (node == NULL ||
	    !get_integer(node, "number", INT64_MAX, &out->number) ||
	    !get_word(node, "layout", AUDIT_CONTACT + 1, &layout) ||
	    !get_word(node, "type", OBJECT_COUNT, &type) ||
	    !get_word(node, "role", ROLE_COUNT, &role) ||
	    !get_string(node, "name", NAME_MAX_LEN, &out->question.name) ||
	    !get_string(node, "server", SERVER_MAX, &out->server) ||
	    !get_values(
		json_find(node, "hidden"), arena, &out->question.placeholders))
		return false;
	out->layout = (enum audit_layout)layout;
	out->question.type = (enum object_type)type;
	out->question.role = (enum role)role;
	out->question.is_contact = get_flag(node, "contact");
	out->is_rdap = get_flag(node, "rdap");
	out->english = get_flag(node, "english");
	out->waits = get_flag(node, "waits");
	return true;
}

/* The number at `index` of an array. */
static bool
item_word(
    const struct json_node *array, size_t index, int64_t limit, unsigned *out)
{
	const struct json_node *node = &array->items[index];

	if (node->kind != JSON_KIND_INTEGER || node->integer < 0 ||
	    node->integer >= limit)
		return false;
	*out = (unsigned)node->integer;
	return true;
}

static bool
get_fields(const struct json_node *node, uint64_t *out)
{
	if (node->kind != JSON_KIND_INTEGER)
		return false;
	*out = (uint64_t)node->integer;
	return FIELD_COUNT >= 64 || *out >> FIELD_COUNT == 0;
}

static bool
get_item(
    const struct json_node *node, struct arena *arena, struct audit_item *out)
{
	unsigned role, sight, shape;

	if (node->kind != JSON_KIND_ARRAY || node->count != 6 ||
	    !item_word(node, 0, ROLE_COUNT, &role) ||
	    !get_fields(&node->items[1], &out->fields) ||
	    !get_fields(&node->items[2], &out->expected) ||
	    !item_word(node, 3, AUDIT_SHOWN + 1, &sight) ||
	    !item_word(node, 4, AUDIT_SHAPE_COUNT, &shape) ||
	    !get_values(&node->items[5], arena, &out->values))
		return false;
	out->role = (enum role)role;
	out->sight = (enum audit_sight)sight;
	out->shape = (enum audit_shape)shape;
	return out->sight != AUDIT_SHOWN || out->values.count != 0;
}

static bool
get_items(
    const struct json_node *node, struct arena *arena, struct audit_answer *out)
{
	struct audit_item *items;

	if (node == NULL || node->kind != JSON_KIND_ARRAY ||
	    node->count > AUDIT_ITEMS_MAX)
		return false;
	items = arena_take_array(arena, node->count + 1, sizeof(*items));
	if (items == NULL)
		return false;
	for (size_t i = 0; i < node->count; i++)
		if (!get_item(&node->items[i], arena, &items[i]))
			return false;
	out->items = items;
	out->count = node->count;
	return true;
}

static bool
get_answer(
    const struct json_node *node, struct arena *arena, struct audit_answer *out)
{
	unsigned state;

	if (!get_word(node, "state", STATE_COUNT, &state) ||
	    !get_string(node, "object", AUDIT_VALUE_MAX, &out->object) ||
	    !get_string(node, "text", AUDIT_TEXT_MAX, &out->text) ||
	    !get_items(json_find(node, "items"), arena, out))
		return false;
	out->state = (enum audit_state)state;
	return true;
}

bool
audit_read_told(
    struct slice message, struct arena *arena, struct audit_told *out)
{
	const struct json_node *node = read_object(message, arena);
	struct slice end;

	*out = (struct audit_told){.end = AUDIT_END_COUNT};
	if (node == NULL ||
	    !get_integer(node, "number", INT64_MAX, &out->number) ||
	    !get_string(node, "end", SERVER_MAX, &end) ||
	    !get_word(node, "wait", (int64_t)1 << 31, &out->wait) ||
	    !get_string(node, "server", SERVER_MAX, &out->server) ||
	    !get_string(node, "reason", REASON_MAX, &out->reason))
		return false;
	for (unsigned i = 0; i < AUDIT_END_COUNT; i++)
		if (slice_is(end, ends[i]))
			out->end = (enum audit_end)i;
	return out->end != AUDIT_END_COUNT && text_is_plain(out->reason) &&
	       text_is_plain(out->server) &&
	       (out->end != AUDIT_ANSWERED ||
		   get_answer(node, arena, &out->answer));
}
