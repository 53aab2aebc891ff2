/* One rule: a verdict, what it is about, and when. */
#include "core/grow.h"
#include "core/parse_priv.h"

#define ADDRESS_FIELDS                                                         \
	(FIELD_BIT(FIELD_STREET_LOC) | FIELD_BIT(FIELD_STREET_INT) |           \
	    FIELD_BIT(FIELD_CITY_LOC) | FIELD_BIT(FIELD_CITY_INT) |            \
	    FIELD_BIT(FIELD_STATE_LOC) | FIELD_BIT(FIELD_STATE_INT) |          \
	    FIELD_BIT(FIELD_POSTCODE) | FIELD_BIT(FIELD_COUNTRY))

enum { REASON_MAX = 200 };

static void
complain_here(struct parser *parser, struct place place,
    enum complaint complaint, const char *word)
{
	complain(
	    parser->complaints, place, complaint, slice_from(word), NOTHING);
}

static bool
parse_reason(
    struct parser *parser, struct policy_block *block, struct rule *rule)
{
	struct place place = parser->token.place;

	if (!parse_string(parser, "the reason", &rule->text))
		return false;
	if (rule->text.len == 0 || rule->text.len > REASON_MAX)
		complain_here(parser, place, COMPLAINT_REASON, "");
	rule->roles = 0;
	if (block->rule_count != 0)
		complain_here(parser, rule->place, COMPLAINT_GATE_LATE,
		    verdict_name(rule->verdict));
	return true;
}

/* The first field of `fields` that is not among `allowed`, or NULL. */
static const char *
field_outside(uint64_t fields, uint64_t allowed)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (fields & ~allowed & FIELD_BIT(i))
			return field_info[i].name;
	return NULL;
}

static bool
parse_first(struct parser *parser, struct rule *rule, struct place place)
{
	const char *wrong =
	    field_outside(rule->fields, FIELD_BIT(FIELD_POSTCODE));
	struct token token;

	rule->generalise = GENERALISE_FIRST;
	if (wrong != NULL)
		complain_here(parser, place, COMPLAINT_GENERALISE_FIRST, wrong);
	if (!parse_word(parser, "a number of characters", &token))
		return false;
	if (!parse_number(token.text, 9, &rule->first) || rule->first == 0)
		complain(parser->complaints, token.place,
		    COMPLAINT_GENERALISE_COUNT, token.text, NOTHING);
	return true;
}

static bool
parse_country(struct parser *parser, struct rule *rule, struct place place)
{
	const char *wrong = field_outside(rule->fields, ADDRESS_FIELDS);

	rule->generalise = GENERALISE_COUNTRY;
	if (wrong != NULL)
		complain_here(
		    parser, place, COMPLAINT_GENERALISE_COUNTRY, wrong);
	else if ((rule->fields & FIELD_BIT(FIELD_COUNTRY)) == 0)
		complain_here(parser, place, COMPLAINT_GENERALISE_KEEP, "");
	return true;
}

/* `generalise FIELDS to first N` or `... to country` */
static bool
parse_generalise(struct parser *parser, struct rule *rule)
{
	struct place place = parser->token.place;

	if (!parse_fields(parser, false, &rule->fields) ||
	    !parse_keyword(parser, "to"))
		return false;
	if (parse_accept(parser, "first"))
		return parse_first(parser, rule, place);
	if (parse_accept(parser, "country"))
		return parse_country(parser, rule, place);
	return parse_wrong(parser, COMPLAINT_GENERALISE, parser->token.text);
}

static bool
parse_subject(
    struct parser *parser, struct policy_block *block, struct rule *rule)
{
	bool star = rule->verdict == VERDICT_REDACT;

	switch (rule->verdict) {
	case VERDICT_REFUSE:
	case VERDICT_HOLD:
		return parse_reason(parser, block, rule);
	case VERDICT_GENERALISE:
		if (!parse_generalise(parser, rule))
			return false;
		break;
	case VERDICT_REPLACE:
		if (!parse_fields(parser, false, &rule->fields) ||
		    !parse_keyword(parser, "by") ||
		    !parse_string(parser, "a template", &rule->text))
			return false;
		break;
	case VERDICT_REDACT:
	case VERDICT_FORWARD:
	case VERDICT_COUNT:
		if (!parse_fields(parser, star, &rule->fields))
			return false;
		break;
	}
	return parse_keyword(parser, "of") &&
	       parse_roles(parser, star, &rule->roles);
}

/* `when` and `unless`, each at most once, in either order. */
static bool
parse_conditions(struct parser *parser, struct rule *rule)
{
	bool whole =
	    rule->verdict == VERDICT_REFUSE || rule->verdict == VERDICT_HOLD;

	for (;;) {
		struct condition *condition;
		bool when = parser->token.type == TOKEN_WORD &&
			    slice_is(parser->token.text, "when");

		if (!when && !(parser->token.type == TOKEN_WORD &&
				 slice_is(parser->token.text, "unless")))
			return true;
		condition = when ? &rule->when : &rule->unless;
		if (condition->count != 0)
			return parse_wrong(
			    parser, COMPLAINT_OPTION_TWICE, parser->token.text);
		parse_next(parser);
		if (!parse_condition(parser, whole, condition))
			return false;
	}
}

static bool
keep(struct parser *parser, struct policy_block *block, struct rule *rule)
{
	struct policy *policy = parser->policy;
	bool gate =
	    rule->verdict == VERDICT_REFUSE || rule->verdict == VERDICT_HOLD;
	struct rule ***list = gate ? &block->gates : &block->rules;
	size_t *count = gate ? &block->gate_count : &block->rule_count;
	struct rule **more = grow(parser->arena, *list, *count, sizeof(*more));
	struct rule **all = grow(
	    parser->arena, policy->rules, policy->rule_count, sizeof(*all));

	if (more == NULL || all == NULL)
		return parse_memory(parser);
	if (policy->rule_count == POLICY_RULES_MAX)
		return parse_wrong(parser, COMPLAINT_TOO_MANY, SLICE("rules"));
	*list = more;
	more[(*count)++] = rule;
	policy->rules = all;
	all[policy->rule_count++] = rule;
	rule->number = (unsigned)policy->rule_count;
	return true;
}

bool
parse_rule(struct parser *parser, struct policy_block *block)
{
	struct rule *rule;
	enum verdict verdict;

	if (parser->token.type != TOKEN_WORD ||
	    !verdict_find(parser->token.text, &verdict)) {
		parse_wrong(parser, COMPLAINT_RULE, parser->token.text);
		if (parser->token.type == TOKEN_WORD && !parser->token.first)
			parse_next(parser);
		return false;
	}
	rule = arena_take(parser->arena, sizeof(*rule));
	if (rule == NULL)
		return parse_memory(parser);
	rule->place = parser->token.place;
	rule->verdict = verdict;
	rule->text = NOTHING;
	parse_next(parser);
	return parse_subject(parser, block, rule) &&
	       parse_conditions(parser, rule) && keep(parser, block, rule);
}
