#include "core/policy_parse.h"

#include "base/date.h"
#include "base/text.h"
#include "core/grow.h"
#include "core/parse_priv.h"

enum { DEPTH_MAX = 8, SETS_ITEMS_MAX = 1000, LIST_MAX = 2000 };

/* The sources opened so far, newest first. */
struct opened {
	struct source source;
	struct opened *next;
};

static const char *const statements[] = {
    "policy", "include", "purpose", "set", "recipient", "for", NULL};

static bool parse_source(struct parser *, const struct policy_source *);

struct policy *
policy_parse(const struct policy_given *given,
    const struct policy_source *source, struct complaints *complaints)
{
	struct policy *policy = arena_take(given->arena, sizeof(*policy));
	struct parser parser = {.given = given,
	    .arena = given->arena,
	    .complaints = complaints,
	    .policy = policy};

	if (policy == NULL || !parse_source(&parser, source))
		return NULL;
	if (!policy->named && text_is_utf8(source->text)) {
		policy->place = (struct place){&parser.opened->source, 0};
		for (struct opened *o = parser.opened; o != NULL; o = o->next)
			policy->place.source = &o->source;
		complain(complaints, policy->place, COMPLAINT_POLICY_NONE,
		    NOTHING, NOTHING);
	}
	return complaints->failed ? NULL : policy;
}

/* Where a sentence went wrong: go to the next line that begins one. */
static void
resume(struct parser *parser)
{
	while (parser->token.type != TOKEN_END &&
	       !parse_begins(parser, statements))
		parse_next(parser);
}

static bool
parse_policy(struct parser *parser)
{
	struct policy *policy = parser->policy;
	struct token token;
	struct place place = parser->token.place;

	parse_next(parser);
	if (policy->named)
		complain(parser->complaints, place, COMPLAINT_POLICY_TWICE,
		    NOTHING, NOTHING);
	policy->named = true;
	policy->place = place;
	if (!parse_string(parser, "the policy's name", &policy->name) ||
	    !parse_keyword(parser, "revision") ||
	    !parse_word(parser, "a number", &token))
		return false;
	if (!parse_number(token.text, 1000000, &policy->revision) ||
	    policy->revision == 0)
		complain(parser->complaints, token.place, COMPLAINT_REVISION,
		    token.text, NOTHING);
	if (!parse_keyword(parser, "effective") ||
	    !parse_word(parser, "a date and time", &token))
		return false;
	if (!date_parse(token.text, &policy->effective, NULL))
		complain(parser->complaints, token.place, COMPLAINT_DATE,
		    token.text, NOTHING);
	return true;
}

/* Included files lie beside the first one: an editor finds them so. */
static struct slice
name_of(const struct parser *parser, struct slice name)
{
	const struct opened *first = parser->opened;
	struct text text = text_start(parser->arena);
	struct slice place;

	while (first->next != NULL)
		first = first->next;
	place = first->source.name;
	while (place.len != 0 && place.data[place.len - 1] != '/')
		place.len--;
	if (place.len == 0 || (name.len != 0 && name.data[0] == '/'))
		return name;
	text_add(&text, place);
	text_add(&text, name);
	return text_slice(&text);
}

static bool
parse_include(struct parser *parser)
{
	const struct policy_loader *loader = parser->given->loader;
	struct parser inner = *parser;
	struct policy_source source;
	struct slice name;
	struct place place;
	bool ok;

	parse_next(parser);
	place = parser->token.place;
	if (!parse_string(parser, "a file's name", &name))
		return false;
	source.name = name_of(parser, name);
	if (source.name.data == NULL)
		return parse_memory(parser);
	for (struct opened *o = parser->opened; o != NULL; o = o->next) {
		if (!slice_equal(o->source.name, source.name))
			continue;
		complain(parser->complaints, place, COMPLAINT_INCLUDE_TWICE,
		    name, NOTHING);
		return true;
	}
	if (parser->depth + 1 == DEPTH_MAX) {
		complain(parser->complaints, place, COMPLAINT_INCLUDE_DEEP,
		    name, NOTHING);
		return true;
	}
	if (loader == NULL ||
	    !loader->load(loader->context, name, &source.text)) {
		complain(parser->complaints, place, COMPLAINT_INCLUDE_NONE,
		    name, NOTHING);
		return true;
	}
	inner.depth++;
	inner.opened = parser->opened;
	ok = parse_source(&inner, &source);
	parser->opened = inner.opened;
	return ok || parse_memory(parser);
}

static bool
parse_purpose(struct parser *parser)
{
	struct policy *policy = parser->policy;
	struct purpose *more, purpose;
	struct token token;

	parse_next(parser);
	if (!parse_name(parser, "a purpose's name", &token) ||
	    !parse_string(parser, "what the purpose is", &purpose.title))
		return false;
	purpose.id = token.text;
	purpose.place = token.place;
	for (size_t i = 0; i < policy->purpose_count; i++)
		if (slice_equal(policy->purposes[i].id, purpose.id))
			complain(parser->complaints, token.place,
			    COMPLAINT_PURPOSE_TWICE, purpose.id, NOTHING);
	more = grow(parser->arena, policy->purposes, policy->purpose_count,
	    sizeof(purpose));
	if (more == NULL)
		return parse_memory(parser);
	policy->purposes = more;
	more[policy->purpose_count++] = purpose;
	return true;
}

const struct set *
parse_find_set(const struct parser *parser, struct slice name)
{
	const struct policy *policy = parser->policy;

	for (size_t i = 0; i < policy->set_count; i++)
		if (slice_equal(policy->sets[i].id, name))
			return &policy->sets[i];
	return NULL;
}

static bool
set_add(struct parser *parser, struct set *set, struct token_item item)
{
	struct token_item *items;

	for (size_t i = 0; i < set->count; i++)
		if (slice_equal(set->items[i].text, item.text))
			return true;
	if (set->count == SETS_ITEMS_MAX) {
		complain(parser->complaints, item.place, COMPLAINT_TOO_MANY,
		    SLICE("items in a set"), NOTHING);
		return false;
	}
	items = grow(parser->arena, (void *)(uintptr_t)set->items, set->count,
	    sizeof(item));
	if (items == NULL)
		return parse_memory(parser);
	items[set->count++] = item;
	set->items = items;
	return true;
}

/* One item: a word or string, or an earlier set, whose items it stands for. */
static bool
parse_item(struct parser *parser, struct set *set)
{
	struct token token = parser->token;
	const struct set *other = NULL;

	if (token.type != TOKEN_WORD && token.type != TOKEN_STRING)
		return parse_expected(parser, "an item of the set");
	if (token.type == TOKEN_WORD)
		other = parse_find_set(parser, token.text);
	parse_next(parser);
	if (other == NULL)
		return set_add(
		    parser, set, (struct token_item){token.text, token.place});
	for (size_t i = 0; i < other->count; i++)
		if (!set_add(parser, set, other->items[i]))
			return false;
	return true;
}

static bool
parse_set(struct parser *parser)
{
	struct policy *policy = parser->policy;
	struct set *more, set = {.items = NULL};
	struct token token;

	parse_next(parser);
	if (!parse_name(parser, "a set's name", &token))
		return false;
	set.id = token.text;
	set.place = token.place;
	if (parse_find_set(parser, set.id) != NULL)
		complain(parser->complaints, token.place, COMPLAINT_SET_TWICE,
		    set.id, NOTHING);
	if (!parse_mark(parser, TOKEN_EQUALS))
		return parse_expected(parser, "=");
	do
		if (!parse_item(parser, &set))
			return false;
	while (parse_mark(parser, TOKEN_COMMA));
	more =
	    grow(parser->arena, policy->sets, policy->set_count, sizeof(set));
	if (more == NULL)
		return parse_memory(parser);
	policy->sets = more;
	more[policy->set_count++] = set;
	return true;
}

static bool
parse_statement(struct parser *parser)
{
	static bool (*const parse[])(struct parser *) = {parse_policy,
	    parse_include, parse_purpose, parse_set, parse_recipient,
	    parse_block};

	if (parser->token.type == TOKEN_WORD)
		for (size_t i = 0; statements[i] != NULL; i++)
			if (slice_is(parser->token.text, statements[i]))
				return parse[i](parser);
	parse_wrong(parser, COMPLAINT_STATEMENT, parser->token.text);
	parse_next(parser);
	return false;
}

static bool
parse_source(struct parser *parser, const struct policy_source *from)
{
	struct opened *opened = arena_take(parser->arena, sizeof(*opened));

	if (opened == NULL)
		return false;
	opened->source.name = arena_copy(parser->arena, from->name);
	opened->source.text = arena_copy(parser->arena, from->text);
	if (opened->source.name.data == NULL ||
	    opened->source.text.data == NULL)
		return false;
	opened->source.number =
	    parser->opened == NULL ? 0 : parser->opened->source.number + 1;
	opened->next = parser->opened;
	parser->opened = opened;
	parser->lexer = lex_start(&opened->source, parser->complaints);
	parse_next(parser);
	while (parser->token.type != TOKEN_END && !parser->complaints->failed)
		if (!parse_statement(parser))
			resume(parser);
	return !parser->complaints->failed;
}
