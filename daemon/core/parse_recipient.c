/* The sentence that declares a recipient and its ceiling. */
#include "core/grow.h"
#include "core/parse_priv.h"

enum {
	OPTION_IN,
	OPTION_CLASS,
	OPTION_PUBLIC,
	OPTION_VIA,
	OPTION_BASIS,
	OPTION_BY
};

static const char *const options[] = {
    "in", "class", "public", "via", "basis", "by", NULL};
static const char *const bases[] = {"consent", "contract", "law", "opt-out",
    "entrust", "joint-use", "court", "urgent", NULL};

static bool
among(struct slice word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_is(word, *words))
			return true;
	return false;
}

static void
complain_at(
    struct parser *parser, const struct token *token, enum complaint complaint)
{
	complain(
	    parser->complaints, token->place, complaint, token->text, NOTHING);
}

static bool
is_country(struct slice text)
{
	return text.len == 2 && text.data[0] >= 'A' && text.data[0] <= 'Z' &&
	       text.data[1] >= 'A' && text.data[1] <= 'Z';
}

static void
set_class(struct parser *parser, struct policy_recipient *recipient,
    const struct token *token)
{
	recipient->has_class = true;
	if (slice_is(token->text, "registry")) {
		recipient->is.audience = AUDIENCE_REGISTRY;
		recipient->registry = true;
	} else if (slice_is(token->text, "company")) {
		recipient->is.audience = AUDIENCE_COMPANY;
	} else if (slice_is(token->text, "authority")) {
		/* No class of consents is its own: only those for any count. */
		recipient->is.audience = AUDIENCE_ANY;
	} else {
		complain_at(parser, token, COMPLAINT_CLASS_WORD);
	}
}

static bool
set_method(struct parser *parser, struct policy_recipient *recipient,
    const struct token *token)
{
	for (unsigned i = 0; i < METHOD_NONE; i++)
		if (slice_is(token->text, method_name((enum method)i)))
			recipient->is.method = (enum method)i;
	if (recipient->is.method == METHOD_NONE)
		complain_at(parser, token, COMPLAINT_METHOD_WORD);
	if (recipient->is.method != METHOD_AGREED)
		return true;
	return parse_string(
	    parser, "the agreement's name", &recipient->is.agreement);
}

/* What follows the option's own word. */
static bool
parse_option(
    struct parser *parser, struct policy_recipient *recipient, unsigned option)
{
	static const char *const what[] = {"a country", "a class", "",
	    "a recipient or self", "a legal basis", "a method"};
	struct token token;

	if (option == OPTION_PUBLIC) {
		recipient->is.public = true;
		return true;
	}
	if (!parse_word(parser, what[option], &token))
		return false;
	switch (option) {
	case OPTION_IN:
		recipient->is.country = token.text;
		if (!is_country(token.text))
			complain_at(parser, &token, COMPLAINT_COUNTRY_WORD);
		return true;
	case OPTION_CLASS:
		set_class(parser, recipient, &token);
		return true;
	case OPTION_VIA:
		recipient->via_word = token.text;
		recipient->via_place = token.place;
		return true;
	case OPTION_BASIS:
		recipient->is.basis = token.text;
		if (!among(token.text, bases))
			complain_at(parser, &token, COMPLAINT_BASIS_WORD);
		return true;
	}
	return set_method(parser, recipient, &token);
}

static bool
parse_options(struct parser *parser, struct policy_recipient *recipient)
{
	while (parser->token.type == TOKEN_WORD) {
		struct token token = parser->token;
		unsigned option = 0;

		while (options[option] != NULL &&
		       !slice_is(token.text, options[option]))
			option++;
		if (options[option] == NULL) {
			if (token.first)
				return true;
			return parse_wrong(
			    parser, COMPLAINT_OPTION, token.text);
		}
		if (recipient->given & 1u << option)
			complain_at(parser, &token, COMPLAINT_OPTION_TWICE);
		recipient->given |= 1u << option;
		parse_next(parser);
		if (!parse_option(parser, recipient, option))
			return false;
	}
	return true;
}

static bool
parse_ceiling(struct parser *parser, struct policy_recipient *recipient)
{
	recipient->has_ceiling = true;
	while (!parse_mark(parser, TOKEN_CLOSE)) {
		uint64_t fields;
		unsigned roles;

		if (!parse_keyword(parser, "may") ||
		    !parse_keyword(parser, "receive"))
			return false;
		if (parser->token.type == TOKEN_STAR)
			return parse_wrong(
			    parser, COMPLAINT_CEILING_STAR, NOTHING);
		if (!parse_fields(parser, false, &fields) ||
		    !parse_keyword(parser, "of"))
			return false;
		if (parser->token.type == TOKEN_STAR)
			return parse_wrong(
			    parser, COMPLAINT_CEILING_STAR, NOTHING);
		if (!parse_roles(parser, false, &roles))
			return false;
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			if (roles & ROLE_BIT(role))
				recipient->ceiling[role] |= fields;
	}
	return true;
}

bool
parse_recipient(struct parser *parser)
{
	struct policy *policy = parser->policy;
	struct policy_recipient *recipient;
	struct token token;

	parse_next(parser);
	if (!parse_name(parser, "a recipient's name", &token))
		return false;
	for (size_t i = 0; i < policy->recipient_count; i++)
		if (slice_equal(policy->recipients[i].is.id, token.text))
			complain_at(parser, &token, COMPLAINT_RECIPIENT_TWICE);
	recipient = grow(parser->arena, policy->recipients,
	    policy->recipient_count, sizeof(*recipient));
	if (recipient == NULL)
		return parse_memory(parser);
	policy->recipients = recipient;
	recipient += policy->recipient_count++;
	*recipient = (struct policy_recipient){.is = {.id = token.text,
						   .title = NOTHING,
						   .country = NOTHING,
						   .basis = NOTHING,
						   .agreement = NOTHING,
						   .audience = AUDIENCE_COMPANY,
						   .method = METHOD_NONE,
						   .via = VIA_NONE},
	    .place = token.place,
	    .via_word = NOTHING};
	if (!parse_string(
		parser, "the recipient's title", &recipient->is.title) ||
	    !parse_options(parser, recipient))
		return false;
	if (recipient->is.public)
		recipient->is.audience = AUDIENCE_PUBLIC;
	return !parse_mark(parser, TOKEN_OPEN) ||
	       parse_ceiling(parser, recipient);
}
