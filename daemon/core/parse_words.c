/* The parser's small change: tokens, names, lists. */
#include "base/text.h"
#include "core/parse_priv.h"

void
parse_next(struct parser *parser)
{
	parser->token = lex_next(&parser->lexer);
}

bool
parse_memory(struct parser *parser)
{
	parser->complaints->failed = true;
	return false;
}

bool
parse_wrong(struct parser *parser, enum complaint complaint, struct slice word)
{
	if (parser->token.type == TOKEN_END)
		word = SLICE("the end of the file");
	complain(
	    parser->complaints, parser->token.place, complaint, word, NOTHING);
	return false;
}

bool
parse_expected(struct parser *parser, const char *what)
{
	struct slice found = parser->token.text;

	if (parser->token.type == TOKEN_END)
		found = SLICE("the end of the file");
	complain(parser->complaints, parser->token.place, COMPLAINT_EXPECTED,
	    slice_from(what), found);
	return false;
}

bool
parse_accept(struct parser *parser, const char *word)
{
	if (parser->token.type != TOKEN_WORD ||
	    !slice_is(parser->token.text, word))
		return false;
	parse_next(parser);
	return true;
}

bool
parse_mark(struct parser *parser, enum token_type type)
{
	if (parser->token.type != type)
		return false;
	parse_next(parser);
	return true;
}

bool
parse_keyword(struct parser *parser, const char *word)
{
	return parse_accept(parser, word) || parse_expected(parser, word);
}

bool
parse_word(struct parser *parser, const char *what, struct token *out)
{
	*out = parser->token;
	return parse_mark(parser, TOKEN_WORD) || parse_expected(parser, what);
}

bool
parse_string(struct parser *parser, const char *what, struct slice *out)
{
	*out = parser->token.text;
	if (out->len > POLICY_STRING_MAX) {
		complain(parser->complaints, parser->token.place,
		    COMPLAINT_TOO_MANY, SLICE("bytes in a string"), NOTHING);
		return false;
	}
	return parse_mark(parser, TOKEN_STRING) || parse_expected(parser, what);
}

bool
parse_name(struct parser *parser, const char *what, struct token *out)
{
	*out = parser->token;
	if (out->type == TOKEN_WORD &&
	    !text_is_name(out->text, POLICY_NAME_MAX))
		return parse_wrong(parser, COMPLAINT_NAME, out->text);
	return parse_word(parser, what, out);
}

bool
parse_number(struct slice text, unsigned max, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(text.data[i] - '0');
		if (*out > max)
			return false;
	}
	return text.len != 0;
}

bool
parse_begins(const struct parser *parser, const char *const *words)
{
	if (!parser->token.first || parser->token.type != TOKEN_WORD)
		return false;
	for (; *words != NULL; words++)
		if (slice_is(parser->token.text, *words))
			return true;
	return false;
}

/* A field, or the group of both its forms. */
static uint64_t
field_bits(struct slice word)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (slice_is(word, field_info[i].name) ||
		    slice_is(word, field_info[i].group))
			bits |= FIELD_BIT(i);
	return bits;
}

static uint64_t
set_bits(struct parser *parser, const struct set *set, struct place place)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < set->count; i++) {
		uint64_t more = field_bits(set->items[i].text);

		if (more == 0)
			complain(parser->complaints, place,
			    COMPLAINT_FIELD_WORD, set->items[i].text, NOTHING);
		bits |= more;
	}
	return bits;
}

static bool
parse_field(struct parser *parser, uint64_t *out)
{
	struct token token;
	const struct set *set;
	uint64_t bits;

	if (!parse_word(parser, "a field", &token))
		return false;
	bits = field_bits(token.text);
	set = parse_find_set(parser, token.text);
	if (bits == 0 && set != NULL)
		bits = set_bits(parser, set, token.place);
	else if (bits == 0)
		complain(parser->complaints, token.place, COMPLAINT_FIELD_WORD,
		    token.text, NOTHING);
	*out |= bits;
	return true;
}

bool
parse_fields(struct parser *parser, bool star, uint64_t *out)
{
	*out = 0;
	if (parser->token.type == TOKEN_STAR) {
		if (!star)
			parse_wrong(parser, COMPLAINT_STAR, NOTHING);
		parse_next(parser);
		*out = FIELD_ALL;
		return true;
	}
	do
		if (!parse_field(parser, out))
			return false;
	while (parse_mark(parser, TOKEN_COMMA));
	return true;
}

bool
parse_roles(struct parser *parser, bool star, unsigned *out)
{
	struct token token;
	enum role role;

	*out = 0;
	if (star && parse_mark(parser, TOKEN_STAR)) {
		*out = ROLE_ALL;
		return true;
	}
	do {
		if (!parse_word(parser, "a role", &token))
			return false;
		if (role_find(token.text, &role))
			*out |= ROLE_BIT(role);
		else
			complain(parser->complaints, token.place,
			    COMPLAINT_ROLE_WORD, token.text, NOTHING);
	} while (parse_mark(parser, TOKEN_COMMA));
	return true;
}
