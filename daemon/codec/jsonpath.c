#include "codec/jsonpath.h"

#include <string.h>

#include "base/text.h"

static bool
take(struct slice *path, const char *piece)
{
	size_t len = strlen(piece);

	if (path->len < len || memcmp(path->data, piece, len) != 0)
		return false;
	path->data += len;
	path->len -= len;
	return true;
}

static bool
is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool
take_name(struct slice *path, struct slice *name)
{
	*name = (struct slice){path->data, 0};
	while (path->len != 0 && is_name_byte(path->data[0])) {
		path->data++;
		path->len--;
		name->len++;
	}
	return name->len != 0;
}

static bool
take_number(struct slice *path, size_t *number)
{
	size_t digits = 0;

	*number = 0;
	while (path->len != 0 && path->data[0] >= '0' && path->data[0] <= '9' &&
	       digits++ < 6) {
		*number = *number * 10 + (size_t)(path->data[0] - '0');
		path->data++;
		path->len--;
	}
	return digits != 0;
}

/* What stands between single quotes; none is escaped in what we read. */
static bool
take_quoted(struct slice *path, struct slice *text)
{
	const char *end;

	if (!take(path, "'"))
		return false;
	end = memchr(path->data, '\'', path->len);
	if (end == NULL)
		return false;
	*text = (struct slice){path->data, (size_t)(end - path->data)};
	path->len -= text->len + 1;
	path->data = end + 1;
	return true;
}

static const struct json_node *
member(const struct json_node *node, struct slice name)
{
	if (node->kind != JSON_KIND_OBJECT)
		return NULL;
	for (size_t i = 0; i < node->count; i++)
		if (slice_equal(node->items[i].name, name))
			return &node->items[i];
	return NULL;
}

static const struct json_node *
item(const struct json_node *node, size_t index)
{
	if (node->kind != JSON_KIND_ARRAY || index >= node->count)
		return NULL;
	return &node->items[index];
}

/* One ".name" or "[n]"; *node becomes NULL where there is none. */
static bool
step_single(struct slice *path, const struct json_node **node)
{
	struct slice name;
	size_t index;

	if (take(path, ".")) {
		if (!take_name(path, &name))
			return false;
		*node = *node != NULL ? member(*node, name) : NULL;
		return true;
	}
	if (!take(path, "[") || !take_number(path, &index) || !take(path, "]"))
		return false;
	*node = *node != NULL ? item(*node, index) : NULL;
	return true;
}

/* The test of a filter, "@.roles[0]=='registrant'", on one element. */
static bool
test(struct slice *path, const struct json_node *element, bool *holds)
{
	struct slice wanted;

	if (!take(path, "@"))
		return false;
	while (!take(path, "=="))
		if (!step_single(path, &element))
			return false;
	if (!take_quoted(path, &wanted))
		return false;
	*holds = element != NULL && element->kind == JSON_KIND_STRING &&
		 slice_equal(element->string, wanted);
	return true;
}

static bool
keep(struct jsonpath_found *found, const struct json_node *node)
{
	if (found->count == JSONPATH_NODES)
		return false;
	found->nodes[found->count++] = node;
	return true;
}

/* The elements of every node for which the filter holds. */
static bool
step_filter(struct slice *path, const struct jsonpath_found *from,
    struct jsonpath_found *to)
{
	struct slice after = *path;
	bool holds;

	/* Once for the syntax, where there may be no element at all. */
	if (!test(&after, NULL, &holds) || !take(&after, ")]"))
		return false;
	for (size_t i = 0; i < from->count; i++)
		for (size_t k = 0; k < from->nodes[i]->count; k++) {
			struct slice once = *path;

			test(&once, &from->nodes[i]->items[k], &holds);
			if (holds && !keep(to, &from->nodes[i]->items[k]))
				return false;
		}
	*path = after;
	return true;
}

static bool
step_slice(struct slice *path, const struct jsonpath_found *from,
    struct jsonpath_found *to)
{
	size_t end;

	if (!take_number(path, &end) || !take(path, "]"))
		return false;
	for (size_t i = 0; i < from->count; i++)
		for (size_t k = 0; k < end; k++)
			if (item(from->nodes[i], k) != NULL &&
			    !keep(to, item(from->nodes[i], k)))
				return false;
	return true;
}

static bool
step_each(struct slice *path, const struct jsonpath_found *from,
    struct jsonpath_found *to)
{
	struct slice after = *path;
	const struct json_node *none = NULL;

	if (!step_single(&after, &none))
		return false;
	for (size_t i = 0; i < from->count; i++) {
		struct slice once = *path;
		const struct json_node *node = from->nodes[i];

		step_single(&once, &node);
		if (node != NULL && !keep(to, node))
			return false;
	}
	*path = after;
	return true;
}

bool
jsonpath_find(const struct json_node *root, struct slice path,
    struct jsonpath_found *found)
{
	*found = (struct jsonpath_found){.nodes = {root}, .count = 1};
	if (!take(&path, "$"))
		return false;
	while (path.len != 0) {
		struct jsonpath_found next = {.count = 0};
		bool ok;

		if (take(&path, "[?("))
			ok = step_filter(&path, found, &next);
		else if (take(&path, "[:"))
			ok = step_slice(&path, found, &next);
		else
			ok = step_each(&path, found, &next);
		if (!ok)
			return false;
		*found = next;
	}
	return true;
}
