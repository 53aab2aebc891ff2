/* Blocks and their rules. */
#include "base/name.h"
#include "base/text.h"
#include "core/grow.h"
#include "core/parse_priv.h"

enum { PATTERNS_MAX = 200, BLOCKS_MAX = 2000 };

static const char *const rule_words[] = {
    "forward", "redact", "replace", "generalise", "hold", "refuse", NULL};
static const char *const resume_words[] = {"policy", "include", "purpose",
    "set", "recipient", "for", "forward", "redact", "replace", "generalise",
    "hold", "refuse", NULL};

static bool
find_group(struct parser *parser, struct token *token,
    const struct network_group **out)
{
	const struct policy_given *given = parser->given;

	for (size_t i = 0; i < given->network_count; i++) {
		if (slice_equal(given->networks[i].name, token->text)) {
			*out = &given->networks[i];
			return true;
		}
	}
	complain(parser->complaints, token->place, COMPLAINT_NETWORK_NONE,
	    token->text, NOTHING);
	return false;
}

/* A dot and a domain name, in A-labels and lower case after this. */
static bool
canonical_suffix(struct parser *parser, struct slice word, struct slice *out)
{
	struct slice name = {word.data + 1, word.len - 1};
	struct text text = text_start(parser->arena);
	struct fail fail = FAIL_INIT;

	if (!name_canonical(parser->arena, name, &name, &fail)) {
		if (fail.kind == FAIL_MEMORY)
			parse_memory(parser);
		return false;
	}
	text_add_char(&text, '.');
	text_add(&text, name);
	*out = text_slice(&text);
	return out->data != NULL || parse_memory(parser);
}

static bool
parse_pattern(
    struct parser *parser, enum object_type *type, struct pattern *pattern)
{
	struct token token;

	*pattern =
	    (struct pattern){.place = parser->token.place, .word = NOTHING};
	if (!parse_word(parser, "a pattern", &token))
		return false;
	if (token.text.data[0] == '.') {
		*type = OBJECT_DOMAIN;
		if (!canonical_suffix(parser, token.text, &pattern->word))
			complain(parser->complaints, token.place,
			    COMPLAINT_SUFFIX, token.text, NOTHING);
		return true;
	}
	if (slice_is(token.text, "network")) {
		*type = OBJECT_NETWORK;
		if (!parse_name(parser, "a group's name", &token))
			return false;
		pattern->word = token.text;
		find_group(parser, &token, &pattern->group);
		return true;
	}
	*type = OBJECT_SUBSCRIBER;
	if (slice_is(token.text, "spam-report"))
		*type = OBJECT_SPAM_REPORT;
	else if (!slice_is(token.text, "subscriber"))
		complain(parser->complaints, token.place, COMPLAINT_PATTERN,
		    token.text, NOTHING);
	return true;
}

static bool
parse_patterns(struct parser *parser, struct policy_block *block)
{
	do {
		enum object_type type;
		struct pattern *more = grow(parser->arena, block->patterns,
		    block->pattern_count, sizeof(*more));

		if (more == NULL)
			return parse_memory(parser);
		block->patterns = more;
		more += block->pattern_count;
		if (!parse_pattern(parser, &type, more))
			return false;
		if (block->pattern_count++ == 0)
			block->is.type = type;
		else if (block->is.type != type)
			complain(parser->complaints, more->place,
			    COMPLAINT_PATTERN_MIXED, NOTHING, NOTHING);
		if (block->pattern_count > PATTERNS_MAX) {
			complain(parser->complaints, more->place,
			    COMPLAINT_TOO_MANY, SLICE("patterns"), NOTHING);
			return false;
		}
	} while (parse_mark(parser, TOKEN_COMMA));
	return true;
}

/* `to RECIPIENT for PURPOSE [on request]`; unknown names are complained of. */
static bool
parse_key(struct parser *parser, struct policy_block *block, bool *known)
{
	struct policy *policy = parser->policy;
	struct token token;

	*known = false;
	if (!parse_keyword(parser, "to") ||
	    !parse_word(parser, "a recipient", &token))
		return false;
	block->recipient_place = token.place;
	for (unsigned i = 0; i < policy->recipient_count; i++) {
		if (!slice_equal(policy->recipients[i].is.id, token.text))
			continue;
		block->is.recipient = i;
		*known = true;
		break;
	}
	if (!*known)
		complain(parser->complaints, token.place,
		    COMPLAINT_RECIPIENT_NONE, token.text, NOTHING);
	if (!parse_keyword(parser, "for") ||
	    !parse_word(parser, "a purpose", &token))
		return false;
	block->is.purpose = token.text;
	parse_purpose_known(parser, &token);
	if (!parse_accept(parser, "on"))
		return true;
	block->is.on_request = true;
	return parse_keyword(parser, "request");
}

static bool
resume(struct parser *parser)
{
	while (parser->token.type != TOKEN_END &&
	       parser->token.type != TOKEN_CLOSE &&
	       !parse_begins(parser, resume_words))
		parse_next(parser);
	return parser->token.type == TOKEN_CLOSE ||
	       parse_begins(parser, rule_words);
}

static bool
parse_rules(struct parser *parser, struct policy_block *block)
{
	if (!parse_mark(parser, TOKEN_OPEN))
		return parse_expected(parser, "{");
	while (!parse_mark(parser, TOKEN_CLOSE))
		if (!parse_rule(parser, block) &&
		    (parser->complaints->failed || !resume(parser)))
			return false;
	if (block->rule_count == 0)
		complain(parser->complaints, block->place,
		    COMPLAINT_BLOCK_EMPTY, NOTHING, NOTHING);
	return true;
}

bool
parse_block(struct parser *parser)
{
	struct policy *policy = parser->policy;
	struct policy_block *more, block = {.place = parser->token.place};
	bool known;

	parse_next(parser);
	if (!parse_patterns(parser, &block) ||
	    !parse_key(parser, &block, &known))
		return false;
	block.is.number = (unsigned)policy->block_count;
	if (policy->block_count == BLOCKS_MAX) {
		complain(parser->complaints, block.place, COMPLAINT_TOO_MANY,
		    SLICE("blocks"), NOTHING);
		return false;
	}
	if (!parse_rules(parser, &block))
		return false;
	more = grow(
	    parser->arena, policy->blocks, policy->block_count, sizeof(block));
	if (more == NULL)
		return parse_memory(parser);
	policy->blocks = more;
	if (known)
		more[policy->block_count++] = block;
	return true;
}
