#include "codec/template.h"

#include "base/text.h"

enum { DEPTH_MAX = 8, NODES_MAX = 4096 };

enum node_type {
	NODE_TEXT,
	NODE_VALUE,
	NODE_DEMAND,
	NODE_EACH_VALUE,
	NODE_EACH_COMMA,
	NODE_PUBLISH,
	NODE_VERDICT,
	NODE_OBJECT,
	NODE_RECIPIENT,
	NODE_PURPOSE,
	NODE_OPERATION,
	NODE_IF,
	NODE_UNLESS,
	NODE_EACH,
	NODE_END,
};

enum escape { ESCAPE_NONE, ESCAPE_JSON, ESCAPE_FORM, ESCAPE_XML };

struct node {
	enum node_type type;
	enum role role;
	enum field field;
	struct slice text;
	size_t partner; /* IF, UNLESS, EACH: index of END; END: its opener */
};

struct template {
	enum escape escape;
	struct node *nodes;
	size_t count, room;
	/* Bits of the types of nodes that stand for a slot. */
	uint16_t types[ROLE_COUNT][FIELD_COUNT];
};

struct parser {
	struct template *template;
	struct slice name;
	unsigned line;
	size_t open[DEPTH_MAX];
	size_t depth;
	struct fail *fail;
};

static bool parse_line(struct parser *parser, struct slice line, bool newline);
static bool parse_directive(struct parser *parser, struct slice line);
static bool complain(struct parser *parser, size_t column, const char *text);
static size_t count_nodes(struct slice text);
static void note_slots(struct template *template);

struct template *
template_parse(struct arena *arena, struct slice name, struct slice text,
    struct fail *fail)
{
	struct template *template = arena_take(arena, sizeof(*template));
	struct parser parser = {.template = template, .name = name,
	    .fail = fail};
	struct slice copy = arena_copy(arena, text);

	if (template != NULL) {
		template->room = count_nodes(text);
		template->nodes = arena_take_array(
		    arena, template->room, sizeof(*template->nodes));
	}
	if (template == NULL || template->nodes == NULL || copy.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	while (copy.len != 0) {
		const char *end = memchr(copy.data, '\n', copy.len);
		size_t len = end != NULL ? (size_t)(end - copy.data) : copy.len;
		struct slice line = {copy.data, len};

		parser.line++;
		if (!parse_line(&parser, line, end != NULL))
			return NULL;
		len += end != NULL;
		copy = (struct slice){copy.data + len, copy.len - len};
	}
	if (parser.depth != 0) {
		complain(&parser, 1, "a block is still open at the end");
		fail_hint(fail, "close %%if, %%unless and %%each with %%end");
		return NULL;
	}
	note_slots(template);
	return template;
}

/* At most so many: a line's end, and what stands before and after a %. */
static size_t
count_nodes(struct slice text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.data[i] == '%' ? 2 : text.data[i] == '\n';
	return count < NODES_MAX ? count : NODES_MAX;
}

static void
note_slots(struct template *template)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct node *node = &template->nodes[i];

		template->types[node->role][node->field] |=
		    (uint16_t)(1u << node->type);
	}
}

static bool
complain(struct parser *parser, size_t column, const char *text)
{
	fail_set(parser->fail, FAIL_INPUT, "%s", text);
	fail_place(parser->fail, "%.*s:%u:%zu", SLICE_ARG(parser->name),
	    parser->line, column);
	return false;
}

static struct node *
add_node(struct parser *parser, enum node_type type)
{
	struct template *template = parser->template;
	struct node *node;

	if (template->count == template->room) {
		complain(parser, 1, "the template is too long");
		return NULL;
	}
	node = &template->nodes[template->count++];
	node->type = type;
	return node;
}

/* "role.field" */
static bool
parse_slot(
    struct parser *parser, struct slice word, size_t column, struct node *node)
{
	const char *dot = memchr(word.data, '.', word.len);
	struct slice role, field;

	if (dot == NULL)
		return complain(parser, column, "unknown name");
	role = (struct slice){word.data, (size_t)(dot - word.data)};
	field = (struct slice){dot + 1, word.len - role.len - 1};
	if (!role_find(role, &node->role))
		return complain(parser, column, "unknown role");
	if (!field_find(field, &node->field)) {
		complain(parser, column + role.len + 1, "unknown field");
		fail_hint(parser->fail,
		    "misu.policy(5) lists the fields; name, org and addresses "
		    "need .loc or .int");
		return false;
	}
	return true;
}

struct name {
	const char *word;
	enum node_type type;
	bool slot; /* a prefix before role.field */
};

static const struct name names[] = {
    {"object", NODE_OBJECT, false},
    {"recipient", NODE_RECIPIENT, false},
    {"purpose", NODE_PURPOSE, false},
    {"operation", NODE_OPERATION, false},
    {"value", NODE_EACH_VALUE, false},
    {",", NODE_EACH_COMMA, false},
    {"publish:", NODE_PUBLISH, true},
    {"verdict:", NODE_VERDICT, true},
    {"!", NODE_DEMAND, true},
    {"", NODE_VALUE, true},
};

static bool
in_each(const struct parser *parser)
{
	for (size_t i = 0; i < parser->depth; i++)
		if (parser->template->nodes[parser->open[i]].type == NODE_EACH)
			return true;
	return false;
}

/* What stands between %{ and }. */
static bool
parse_name(struct parser *parser, struct slice word, size_t column)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct slice known = slice_from(names[i].word);
		struct node *node;

		if (word.len < known.len ||
		    (known.len != 0 &&
			memcmp(word.data, known.data, known.len) != 0) ||
		    (!names[i].slot && word.len != known.len))
			continue;
		node = add_node(parser, names[i].type);
		if (node == NULL)
			return false;
		if ((node->type == NODE_EACH_VALUE ||
			node->type == NODE_EACH_COMMA) &&
		    !in_each(parser))
			return complain(parser, column,
			    "this name has a meaning only inside %each");
		word.data += known.len;
		word.len -= known.len;
		return !names[i].slot ||
		    parse_slot(parser, word, column + known.len, node);
	}
	return complain(parser, column, "unknown name");
}

static bool
add_text(struct parser *parser, const char *data, size_t len)
{
	struct node *node;

	if (len == 0)
		return true;
	node = add_node(parser, NODE_TEXT);
	if (node != NULL)
		node->text = (struct slice){data, len};
	return node != NULL;
}

static bool
parse_line(struct parser *parser, struct slice line, bool newline)
{
	size_t start = 0, i = 0;

	if (line.len > 1 && line.data[0] == '%' && line.data[1] != '{' &&
	    line.data[1] != '%')
		return parse_directive(parser, line);
	while (i < line.len) {
		const char *close;

		if (line.data[i] != '%') {
			i++;
			continue;
		}
		if (!add_text(parser, line.data + start, i - start))
			return false;
		if (i + 1 < line.len && line.data[i + 1] == '%') {
			start = i + 1;
			i += 2;
			continue;
		}
		close = memchr(line.data + i, '}', line.len - i);
		if (i + 1 == line.len || line.data[i + 1] != '{' ||
		    close == NULL)
			return complain(
			    parser, i + 1, "a lone %: write %% or %{name}");
		start = (size_t)(close - line.data) + 1;
		if (!parse_name(parser,
			(struct slice){line.data + i + 2, start - i - 3},
			i + 3))
			return false;
		i = start;
	}
	return add_text(parser, line.data + start, line.len - start + newline);
}

static bool
parse_escape(struct parser *parser, struct slice word)
{
	static const char *const escapes[] = {"none", "json", "form", "xml"};

	if (parser->line != 1)
		return complain(
		    parser, 1, "%escape may only stand in the first line");
	for (unsigned i = 0; i < 4; i++) {
		if (slice_is(word, escapes[i])) {
			parser->template->escape = (enum escape)i;
			return true;
		}
	}
	return complain(
	    parser, 9, "unknown escape: none, json, form or xml");
}

static bool
parse_end(struct parser *parser)
{
	struct node *node;
	size_t opener;

	if (parser->depth == 0)
		return complain(parser, 1, "%end without a block to close");
	node = add_node(parser, NODE_END);
	if (node == NULL)
		return false;
	opener = parser->open[--parser->depth];
	node->partner = opener;
	parser->template->nodes[opener].partner = parser->template->count - 1;
	return true;
}

static bool
parse_directive(struct parser *parser, struct slice line)
{
	static const char *const openers[] = {"%if", "%unless", "%each"};
	static const enum node_type types[] = {
	    NODE_IF, NODE_UNLESS, NODE_EACH};
	const char *space = memchr(line.data, ' ', line.len);
	size_t len = space != NULL ? (size_t)(space - line.data) : line.len;
	struct slice verb = {line.data, len};
	struct slice word = {line.data + len + (space != NULL),
	    line.len - len - (space != NULL)};

	if (slice_is(verb, "%end"))
		return parse_end(parser);
	if (slice_is(verb, "%escape"))
		return parse_escape(parser, word);
	for (unsigned i = 0; i < 3; i++) {
		struct node *node;

		if (!slice_is(verb, openers[i]))
			continue;
		if (parser->depth == DEPTH_MAX)
			return complain(parser, 1, "blocks are nested too deep");
		parser->open[parser->depth++] = parser->template->count;
		node = add_node(parser, types[i]);
		return node != NULL &&
		    parse_slot(parser, word, len + 2, node);
	}
	complain(parser, 1, "unknown directive");
	fail_hint(parser->fail,
	    "%%if, %%unless, %%each, %%end and %%escape are known; a line "
	    "that begins with a percent sign needs %%%%");
	return false;
}

struct renderer {
	const struct template *template;
	const struct disclosure *disclosure;
	const struct placeholders *placeholders;
	struct text out;
	size_t each[DEPTH_MAX]; /* the EACH nodes under way, and where */
	size_t at[DEPTH_MAX];
	size_t depth;
	struct fail *fail;
};

static void
put(struct renderer *renderer, struct slice value)
{
	struct text *out = &renderer->out;

	if (renderer->template->escape == ESCAPE_NONE) {
		text_add(out, value);
		return;
	}
	if (renderer->template->escape == ESCAPE_JSON) {
		text_add_json_escaped(out, value);
		return;
	}
	if (renderer->template->escape == ESCAPE_FORM)
		text_add_percent(out, value);
	else
		text_add_xml(out, value);
}

static void
put_values(struct renderer *renderer, struct values values)
{
	for (size_t i = 0; i < values.count; i++) {
		if (i != 0)
			put(renderer, SLICE(", "));
		put(renderer, values.items[i]);
	}
}

static struct values
values_of(const struct renderer *renderer, const struct node *node)
{
	return disclosure_values(renderer->disclosure, node->role, node->field);
}

/* A value passed, or the recipient must lose the one it has. */
static bool
stands(const struct renderer *renderer, const struct node *node)
{
	return values_of(renderer, node).count != 0 ||
	    (disclosure_operation(renderer->disclosure) == OPERATION_UPDATE &&
		disclosure_has_role(renderer->disclosure, node->role));
}

static bool
put_demanded(struct renderer *renderer, const struct node *node)
{
	const struct placeholders *all = renderer->placeholders;
	struct values values = values_of(renderer, node);

	if (values.count != 0) {
		put_values(renderer, values);
		return true;
	}
	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].role == node->role &&
		    all->items[i].field == node->field) {
			put(renderer, all->items[i].value);
			return true;
		}
	}
	return fail_set(renderer->fail, FAIL_INPUT,
	    "no placeholder for %s.%s, which the wire demands",
	    role_name(node->role), field_info[node->field].name);
}

/* The value of the innermost %each, or an empty one on a removal. */
static void
put_each(struct renderer *renderer, bool comma)
{
	const struct node *each =
	    &renderer->template->nodes[renderer->each[renderer->depth - 1]];
	size_t at = renderer->at[renderer->depth - 1];
	struct values values = values_of(renderer, each);

	if (comma && at + 1 < values.count)
		text_add_char(&renderer->out, ',');
	if (!comma && at < values.count)
		put(renderer, values.items[at]);
}

static bool
put_node(struct renderer *renderer, const struct node *node)
{
	const struct disclosure *disclosure = renderer->disclosure;

	switch (node->type) {
	case NODE_TEXT:
		text_add(&renderer->out, node->text);
		return true;
	case NODE_VALUE:
		put_values(renderer, values_of(renderer, node));
		return true;
	case NODE_DEMAND:
		return put_demanded(renderer, node);
	case NODE_EACH_VALUE:
	case NODE_EACH_COMMA:
		put_each(renderer, node->type == NODE_EACH_COMMA);
		return true;
	case NODE_PUBLISH:
		text_add_string(&renderer->out,
		    disclosure_publishable(disclosure, node->role, node->field)
			? "yes"
			: "no");
		return true;
	case NODE_VERDICT:
		text_add_string(&renderer->out,
		    verdict_name(disclosure_ruling(
			disclosure, node->role, node->field)
				     .verdict));
		return true;
	case NODE_OBJECT:
		put(renderer, disclosure_object(disclosure));
		return true;
	case NODE_RECIPIENT:
		put(renderer, disclosure_recipient(disclosure)->id);
		return true;
	case NODE_PURPOSE:
		put(renderer, disclosure_purpose(disclosure));
		return true;
	case NODE_OPERATION:
		text_add_string(&renderer->out,
		    operation_name(disclosure_operation(disclosure)));
		return true;
	case NODE_IF:
	case NODE_UNLESS:
	case NODE_EACH:
	case NODE_END:
		break;
	}
	return true;
}

/* Where to go on after a node that opens or closes a block. */
static size_t
step(struct renderer *renderer, size_t i)
{
	const struct node *node = &renderer->template->nodes[i];

	if (node->type == NODE_IF)
		return stands(renderer, node) ? i + 1 : node->partner + 1;
	if (node->type == NODE_UNLESS)
		return stands(renderer, node) ? node->partner + 1 : i + 1;
	if (node->type == NODE_EACH) {
		if (!stands(renderer, node))
			return node->partner + 1;
		renderer->each[renderer->depth] = i;
		renderer->at[renderer->depth++] = 0;
		return i + 1;
	}
	if (renderer->template->nodes[node->partner].type == NODE_EACH) {
		const struct node *each =
		    &renderer->template->nodes[node->partner];
		size_t *at = &renderer->at[renderer->depth - 1];

		if (++*at < values_of(renderer, each).count)
			return node->partner + 1;
		renderer->depth--;
	}
	return i + 1;
}

struct slice
template_render(const struct template *template,
    const struct disclosure *disclosure,
    const struct placeholders *placeholders, struct arena *arena,
    struct fail *fail)
{
	struct renderer renderer = {.template = template,
	    .disclosure = disclosure,
	    .placeholders = placeholders,
	    .out = text_start(arena),
	    .fail = fail};
	struct slice out;

	for (size_t i = 0; i < template->count;) {
		if (template->nodes[i].type >= NODE_IF) {
			i = step(&renderer, i);
			continue;
		}
		if (!put_node(&renderer, &template->nodes[i]))
			return (struct slice){NULL, 0};
		i++;
	}
	out = text_slice(&renderer.out);
	if (out.data == NULL)
		fail_memory(fail);
	return out;
}

static bool
has_node(const struct template *template, enum role role, enum field field,
    unsigned types)
{
	return (template->types[role][field] & types) != 0;
}

bool
template_prints(
    const struct template *template, enum role role, enum field field)
{
	return has_node(template, role, field,
	    1u << NODE_VALUE | 1u << NODE_DEMAND | 1u << NODE_EACH);
}

bool
template_demands(
    const struct template *template, enum role role, enum field field)
{
	return has_node(template, role, field, 1u << NODE_DEMAND);
}

bool
template_marks(
    const struct template *template, enum role role, enum field field)
{
	return has_node(template, role, field, 1u << NODE_PUBLISH);
}

static uint64_t
with_node(const struct template *template, enum role role, unsigned types)
{
	uint64_t fields = 0;

	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (has_node(template, role, (enum field)f, types))
			fields |= (uint64_t)1 << f;
	return fields;
}

uint64_t
template_marked(const struct template *template, enum role role)
{
	return with_node(template, role, 1u << NODE_PUBLISH);
}

uint64_t
template_printed(const struct template *template, enum role role)
{
	return with_node(template, role,
	    1u << NODE_VALUE | 1u << NODE_DEMAND | 1u << NODE_EACH);
}

bool
template_has_marks(const struct template *template)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (template_marked(template, (enum role)r) != 0)
			return true;
	return false;
}
