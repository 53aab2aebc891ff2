/* The parser's small change: tokens, names, numbers, lists. */
#include "base/text.h"
#include "conf_parse_priv.h"
#include "net/peer.h"

enum {
	NAME_LONGEST = 40,
	DURATION_LONGEST = 366 * 86400,
};

void
conf_next(struct parser *parser)
{
	parser->token = lex_next(&parser->lexer);
}

bool
conf_memory(struct parser *parser)
{
	parser->complaints->failed = true;
	return false;
}

void
conf_complain_at(struct parser *parser, const struct token *token,
    enum conf_complaint complaint, struct slice two)
{
	conf_complain(
	    parser->complaints, token->place, complaint, token->text, two);
}

bool
conf_expected(struct parser *parser, const char *what)
{
	struct slice found = parser->token.text;

	if (parser->token.type == TOKEN_END)
		found = SLICE("the end of the file");
	conf_complain(parser->complaints, parser->token.place, CONF_EXPECTED,
	    slice_from(what), found);
	return false;
}

bool
conf_take(struct parser *parser, enum token_type type, const char *what,
    struct token *out)
{
	*out = parser->token;
	if (parser->token.type != type)
		return conf_expected(parser, what);
	conf_next(parser);
	return true;
}

bool
conf_keyword(struct parser *parser, const char *word)
{
	if (parser->token.type != TOKEN_WORD ||
	    !slice_is(parser->token.text, word))
		return conf_expected(parser, word);
	conf_next(parser);
	return true;
}

/* The word, where it goes on with this line's statement. */
bool
conf_accept(struct parser *parser, const char *word)
{
	return parser->token.type == TOKEN_WORD &&
	       slice_is(parser->token.text, word) && (conf_next(parser), true);
}

bool
conf_mark(struct parser *parser, enum token_type type)
{
	if (parser->token.type != type)
		return false;
	conf_next(parser);
	return true;
}

/* A path may stand without quotes. */
bool
conf_take_text(struct parser *parser, const char *what, struct token *out)
{
	*out = parser->token;
	if (out->type != TOKEN_WORD && out->type != TOKEN_STRING)
		return conf_expected(parser, what);
	conf_next(parser);
	out->text = arena_copy(parser->arena, out->text);
	if (out->text.data == NULL)
		return conf_memory(parser);
	if (out->text.len != 0)
		return true;
	conf_complain_at(parser, out, CONF_EMPTY, NOTHING);
	return false;
}

/* A statement that may stand once, with one text. */
bool
conf_take_once(struct parser *parser, const struct token *statement,
    const char *what, struct slice *out)
{
	struct token token;

	if (!conf_take_text(parser, what, &token))
		return false;
	if (out->len != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	*out = token.text;
	return true;
}

bool
conf_take_listen(struct parser *parser, const struct token *statement,
    struct slice *out, struct token *address)
{
	if (!conf_keyword(parser, "on") ||
	    !conf_take_text(parser, "an address with a port", address))
		return false;
	if (!peer_is_address(address->text.data))
		conf_complain_at(parser, address, CONF_LISTEN_ADDRESS, NOTHING);
	if (out->len != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	*out = address->text;
	return true;
}

bool
conf_take_name(struct parser *parser, const char *what, struct token *out)
{
	if (!conf_take(parser, TOKEN_WORD, what, out))
		return false;
	if (!text_is_name(out->text, NAME_LONGEST))
		conf_complain_at(parser, out, CONF_NAME, NOTHING);
	out->text = arena_copy(parser->arena, out->text);
	return out->text.data != NULL || conf_memory(parser);
}
static unsigned
unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	}
	return 0;
}

bool
conf_read_duration(struct slice text, unsigned *out)
{
	unsigned number = 0, unit;

	if (text.len < 2 || text.len > 9)
		return false;
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text.data[i] - '0');
	}
	unit = unit_seconds(text.data[text.len - 1]);
	if (unit == 0 || number == 0 || number > DURATION_LONGEST / unit)
		return false;
	*out = number * unit;
	return true;
}

bool
conf_take_duration(struct parser *parser, unsigned *out)
{
	struct token token;

	if (!conf_take(parser, TOKEN_WORD, "a duration", &token))
		return false;
	if (!conf_read_duration(token.text, out))
		conf_complain_at(parser, &token, CONF_DURATION, NOTHING);
	return true;
}

static bool
period(struct slice text, unsigned *out)
{
	const unsigned year = 366 * 86400;
	unsigned years = 0;

	if (text.len < 2 || text.len > 4 || text.data[text.len - 1] != 'y')
		return conf_read_duration(text, out);
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		years = years * 10 + (unsigned)(text.data[i] - '0');
	}
	*out = years * year;
	return years != 0 && years <= 100;
}

bool
conf_take_period(struct parser *parser, unsigned *out)
{
	struct token token;

	if (!conf_take(parser, TOKEN_WORD, "a period", &token))
		return false;
	if (!period(token.text, out))
		conf_complain_at(parser, &token, CONF_PERIOD, NOTHING);
	return true;
}

bool
conf_take_roles(struct parser *parser, unsigned *out)
{
	struct token token;

	do {
		enum role role;

		if (!conf_take(parser, TOKEN_WORD, "a role", &token))
			return false;
		if (role_find(token.text, &role))
			*out |= 1u << role;
		else
			conf_complain_at(parser, &token, CONF_ROLE, NOTHING);
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}

bool
conf_goes_on(struct parser *parser, const char *word)
{
	return !parser->token.first && conf_accept(parser, word);
}

static bool
number(struct slice text, unsigned max, unsigned *out)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		sum = sum * 10 + (unsigned)(text.data[i] - '0');
	}
	if (text.len == 0 || text.len > 9 || sum == 0 || sum > max)
		return false;
	*out = (unsigned)sum;
	return true;
}

bool
conf_take_number(struct parser *parser, unsigned max, unsigned *out)
{
	struct token token;
	char printed[16];

	if (!conf_take(parser, TOKEN_WORD, "a number", &token))
		return false;
	snprintf(printed, sizeof(printed), "%u", max);
	if (!number(token.text, max, out))
		conf_complain_at(
		    parser, &token, CONF_NUMBER, slice_from(printed));
	return true;
}

bool
conf_take_digest(struct parser *parser, struct digest *out)
{
	struct token token;

	if (!conf_keyword(parser, "sha256") ||
	    !conf_take_text(parser, "64 hex digits", &token))
		return false;
	if (!text_hex_decode(token.text, out->bytes, DIGEST_SIZE))
		conf_complain_at(parser, &token, CONF_DIGEST, NOTHING);
	return true;
}

bool
conf_begins(const struct parser *parser, const char *const *words)
{
	if (!parser->token.first || parser->token.type != TOKEN_WORD)
		return false;
	for (size_t i = 0; words[i] != NULL; i++)
		if (slice_is(parser->token.text, words[i]))
			return true;
	return false;
}

bool
conf_take_choice(struct parser *parser, const char *const *words,
    const char *hint, unsigned *out)
{
	struct token token;

	if (!conf_take(parser, TOKEN_WORD, words[0], &token))
		return false;
	for (*out = 0; words[*out] != NULL; (*out)++)
		if (slice_is(token.text, words[*out]))
			return true;
	*out = 0;
	conf_complain_at(parser, &token, CONF_WORD, slice_from(hint));
	return true;
}
