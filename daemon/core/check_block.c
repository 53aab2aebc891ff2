/* What must hold of blocks before any table is made. */
#include "base/text.h"
#include "core/alter.h"
#include "core/match.h"
#include "core/policy_check.h"
#include "core/policy_print.h"

static const struct slice nothing = {"", 0};

/* A public behind another gets at most what that one may receive. */
static uint64_t
ceiling_of(const struct policy *policy, unsigned recipient, unsigned role)
{
	uint64_t fields = FIELD_ALL;

	for (int at = (int)recipient; at >= 0;
	     at = policy->recipients[at].is.via)
		if (policy->recipients[at].has_ceiling)
			fields &= policy->recipients[at].ceiling[role];
	return fields;
}

static bool
complain_ceiling(struct complaints *complaints, const struct rule *rule,
    unsigned role, uint64_t fields, struct slice id)
{
	struct text past = text_start(complaints->arena);
	struct slice text;

	policy_print_fields(&past, fields);
	text_add_string(&past, " of ");
	policy_print_roles(&past, ROLE_BIT(role));
	text = text_slice(&past);
	if (text.data == NULL)
		return false;
	complain(complaints, rule->place, COMPLAINT_CEILING, text, id);
	return true;
}

static bool
check_ceiling(const struct policy *policy, const struct policy_block *block,
    const struct rule *rule, struct complaints *complaints)
{
	unsigned recipient = block->is.recipient;

	if (!verdict_passes(rule->verdict))
		return true;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		uint64_t past =
		    rule->fields & ~ceiling_of(policy, recipient, role);

		if ((rule->roles & ROLE_BIT(role)) != 0 && past != 0 &&
		    !complain_ceiling(complaints, rule, role, past,
			policy->recipients[recipient].is.id))
			return false;
	}
	return true;
}

/* The longest text that could stand for the object, and a short one. */
static bool
check_template(struct arena *arena, const struct policy_block *block,
    const struct rule *rule, struct complaints *complaints)
{
	struct fail fail = FAIL_INIT;
	bool named =
	    block->is.type == OBJECT_DOMAIN || block->is.type == OBJECT_NETWORK;
	struct slice wrong = nothing;

	if (rule->verdict != VERDICT_REPLACE)
		return true;
	if (!alter_template_sound(rule->text, &wrong)) {
		complain(complaints, rule->place, COMPLAINT_TEMPLATE, wrong,
		    nothing);
		return true;
	}
	if (!named && alter_template_names_object(rule->text)) {
		complain(complaints, rule->place, COMPLAINT_TEMPLATE_OBJECT,
		    nothing, nothing);
		return true;
	}
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if ((rule->fields & FIELD_BIT(f)) == 0 ||
		    alter_template_fits(arena, rule->text, (enum field)f,
			block->is.type, &fail))
			continue;
		if (fail.kind == FAIL_MEMORY)
			return false;
		complain(complaints, rule->place, COMPLAINT_TEMPLATE_VALUE,
		    slice_from(field_info[f].name), slice_from(fail.text));
		fail = (struct fail)FAIL_INIT;
	}
	return true;
}

static bool
same_key(const struct policy_block *a, const struct policy_block *b)
{
	return a->is.type == b->is.type && a->is.recipient == b->is.recipient &&
	       slice_equal(a->is.purpose, b->is.purpose);
}

/* Does an earlier pattern, of this block or another, say the same? */
static bool
stands_before(const struct policy *policy, size_t block, size_t pattern)
{
	const struct policy_block *mine = &policy->blocks[block];
	struct slice word = mine->patterns[pattern].word;

	for (size_t b = 0; b <= block; b++) {
		const struct policy_block *other = &policy->blocks[b];
		size_t count = b == block ? pattern : other->pattern_count;

		for (size_t p = 0; same_key(mine, other) && p < count; p++)
			if (slice_equal(other->patterns[p].word, word))
				return true;
	}
	return false;
}

static void
check_keys(
    const struct policy *policy, size_t at, struct complaints *complaints)
{
	const struct policy_block *block = &policy->blocks[at];
	const struct policy_recipient *recipient =
	    &policy->recipients[block->is.recipient];

	for (size_t p = 0; p < block->pattern_count; p++) {
		struct slice word = block->patterns[p].word;

		if (word.len == 0)
			word = slice_from(object_type_name(block->is.type));
		if (stands_before(policy, at, p))
			complain(complaints, block->patterns[p].place,
			    COMPLAINT_BLOCK_TWICE, word, recipient->is.id);
	}
	if (block->is.on_request && recipient->is.via >= 0)
		complain(complaints, block->recipient_place,
		    COMPLAINT_REQUEST_VIA, nothing, nothing);
}

/* The recipient at the head of a chain. */
static unsigned
head_of(const struct policy *policy, unsigned recipient)
{
	while (policy->recipients[recipient].is.via >= 0)
		recipient = (unsigned)policy->recipients[recipient].is.via;
	return recipient;
}

/* The first block of its key among those behind somebody. */
static bool
is_first_behind(const struct policy *policy, size_t at)
{
	for (size_t b = 0; b < at; b++)
		if (same_key(&policy->blocks[b], &policy->blocks[at]))
			return false;
	return policy->recipients[policy->blocks[at].is.recipient].is.via >= 0;
}

/* One object has at most one block a key, so keys are what to count. */
static void
check_behind(const struct policy *policy, struct complaints *complaints)
{
	for (unsigned r = 0; r < policy->recipient_count; r++) {
		size_t keys = 0;

		for (size_t b = 0; b < policy->block_count; b++)
			keys += is_first_behind(policy, b) &&
				head_of(policy,
				    policy->blocks[b].is.recipient) == r;
		if (keys > ONWARD_MAX)
			complain(complaints, policy->recipients[r].place,
			    COMPLAINT_TOO_MANY,
			    SLICE("recipients behind one another"), nothing);
	}
}

bool
policy_check_blocks(struct arena *arena, const struct policy *policy,
    struct complaints *complaints)
{
	check_behind(policy, complaints);
	for (size_t b = 0; b < policy->block_count; b++) {
		const struct policy_block *block = &policy->blocks[b];

		check_keys(policy, b, complaints);
		for (size_t r = 0; r < block->rule_count; r++)
			if (!check_ceiling(
				policy, block, block->rules[r], complaints) ||
			    !check_template(
				arena, block, block->rules[r], complaints))
				return false;
	}
	return true;
}
