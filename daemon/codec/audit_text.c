#include "codec/audit_text.h"

#include "base/text.h"
#include "codec/audit_page.h"

/* --- lines ---------------------------------------------------------------- */

/* What is no letter becomes a blank, and of several there is one. */
static void
add_part(struct text *out, struct slice part)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.data[i];

		if ((unsigned char)c > ' ' && c != '\x7f')
			text_add_char(out, c);
		else if (out->len != 0 &&
			 (unsigned char)out->data[out->len - 1] > ' ')
			text_add_char(out, ' ');
	}
}

static void
begin_line(struct text *out, bool is_own)
{
	if (out->len != 0 && out->data[out->len - 1] != '\n')
		text_add_char(out, '\n');
	if (is_own)
		text_add_char(out, AUDIT_TEXT_OWN);
}

/* A line ends at CR as well as at LF. */
static struct slice
take_line(struct slice *rest)
{
	struct slice line = {rest->data, 0};

	while (line.len < rest->len && line.data[line.len] != '\n' &&
	       line.data[line.len] != '\r')
		line.len++;
	rest->data += line.len + (line.len < rest->len);
	rest->len -= line.len + (line.len < rest->len);
	return line;
}

static bool
is_registrars(struct slice line)
{
	static const char *const words[] = {"registrar", "reseller"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if (line.len > len &&
		    (line.data[len] == ' ' || line.data[len] == ':') &&
		    audit_is_text((struct slice){line.data, len}, words[i]))
			return true;
	}
	return false;
}

/* --- what the server shows instead ---------------------------------------- */

static bool
is_same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char x = a[i], y = b[i];

		x = x >= 'A' && x <= 'Z' ? (char)(x + ('a' - 'A')) : x;
		y = y >= 'A' && y <= 'Z' ? (char)(y + ('a' - 'A')) : y;
		if (x != y)
			return false;
	}
	return true;
}

static void
blank_placeholders(struct text *text, struct values placeholders)
{
	for (size_t i = 0; i < placeholders.count; i++) {
		struct slice word = audit_trim(placeholders.items[i]);

		for (size_t at = 0; word.len != 0 && at + word.len <= text->len;
		     at++)
			if (is_same(text->data + at, word.data, word.len))
				memset(text->data + at, ' ', word.len);
	}
}

static bool
finish(
    struct text *text, const struct audit_question *question, struct slice *out)
{
	if (text_slice(text).data == NULL)
		return false;
	blank_placeholders(text, question->placeholders);
	*out = text_slice(text);
	return true;
}

bool
audit_text_of_lines(const struct audit_question *question, struct slice text,
    struct arena *arena, struct slice *out)
{
	struct text all = text_start(arena);

	while (text.len != 0) {
		struct slice line = audit_trim(take_line(&text));

		if (line.len == 0)
			continue;
		begin_line(&all, is_registrars(line));
		add_part(&all, line);
	}
	return finish(&all, question, out);
}

/* --- JSON ----------------------------------------------------------------- */

/* A node whose members are being walked. */
struct level {
	const struct json_node *node;
	size_t next;
	bool is_own;
};

static bool
has_providers_role(const struct json_node *node)
{
	const struct json_node *roles = json_find(node, "roles");

	for (size_t i = 0; roles != NULL && roles->kind == JSON_KIND_ARRAY &&
			   i < roles->count;
	     i++)
		if (roles->items[i].kind == JSON_KIND_STRING &&
		    audit_is_provider(roles->items[i].string))
			return true;
	return false;
}

/* Who stands below a registrar is not the registrar. */
static bool
is_own(const struct level *above, const struct json_node *node)
{
	if (node->kind == JSON_KIND_OBJECT && has_providers_role(node))
		return true;
	return above->is_own && !slice_is(node->name, "entities");
}

static void
add_leaf(struct text *out, const struct json_node *node, bool is_own)
{
	struct slice rest = node->string;

	if (node->kind == JSON_KIND_INTEGER) {
		begin_line(out, is_own);
		text_add_number(out, node->integer);
	}
	while (node->kind == JSON_KIND_STRING && rest.len != 0) {
		struct slice line = audit_trim(take_line(&rest));

		if (line.len == 0)
			continue;
		begin_line(out, is_own);
		add_part(out, line);
	}
}

bool
audit_text_of_json(const struct audit_question *question,
    const struct json_node *root, struct arena *arena, struct slice *out)
{
	struct level levels[JSON_DEPTH_MAX + 1];
	struct text all = text_start(arena);
	size_t depth = 1;

	levels[0] = (struct level){.node = root};
	while (depth != 0) {
		struct level *level = &levels[depth - 1];
		const struct json_node *node;
		bool own;

		if (level->next == level->node->count) {
			depth--;
			continue;
		}
		node = &level->node->items[level->next++];
		own = is_own(level, node);
		if (node->name.len != 0) {
			begin_line(&all, own);
			add_part(&all, node->name);
		}
		add_leaf(&all, node, own);
		if (node->count != 0 && depth <= JSON_DEPTH_MAX)
			levels[depth++] =
			    (struct level){.node = node, .is_own = own};
	}
	return finish(&all, question, out);
}
