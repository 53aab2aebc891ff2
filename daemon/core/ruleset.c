#include "core/ruleset.h"

#include "base/prefix.h"
#include "core/match.h"
#include "core/policy_print.h"
#include "core/ruleset_priv.h"

static const char *const methods[METHOD_COUNT] = {
    [METHOD_WEB_FORM] = "web-form",
    [METHOD_API] = "api",
    [METHOD_MAIL] = "mail",
    [METHOD_FAX] = "fax",
    [METHOD_POST] = "post",
    [METHOD_COURIER] = "courier",
    [METHOD_PHONE] = "phone",
    [METHOD_AGREED] = "agreed",
    [METHOD_NONE] = "none",
};

const char *
method_name(enum method method)
{
	return methods[method];
}

struct slice
ruleset_name(const struct ruleset *ruleset)
{
	return ruleset->policy->name;
}

unsigned
ruleset_revision(const struct ruleset *ruleset)
{
	return ruleset->policy->revision;
}

int64_t
ruleset_effective(const struct ruleset *ruleset)
{
	return ruleset->policy->effective;
}

const struct digest *
ruleset_identity(const struct ruleset *ruleset)
{
	return &ruleset->identity;
}

struct slice
ruleset_text(const struct ruleset *ruleset)
{
	return ruleset->text;
}

size_t
ruleset_recipient_count(const struct ruleset *ruleset)
{
	return ruleset->policy->recipient_count;
}

const struct recipient *
ruleset_recipient(const struct ruleset *ruleset, unsigned index)
{
	return &ruleset->policy->recipients[index].is;
}

bool
ruleset_find_recipient(
    const struct ruleset *ruleset, struct slice id, unsigned *index)
{
	for (unsigned i = 0; i < ruleset->policy->recipient_count; i++) {
		if (slice_equal(ruleset->policy->recipients[i].is.id, id)) {
			*index = i;
			return true;
		}
	}
	return false;
}

bool
ruleset_find_purpose(
    const struct ruleset *ruleset, struct slice id, struct slice *title)
{
	for (size_t i = 0; i < ruleset->policy->purpose_count; i++) {
		if (slice_equal(ruleset->policy->purposes[i].id, id)) {
			*title = ruleset->policy->purposes[i].title;
			return true;
		}
	}
	return false;
}

size_t
ruleset_block_count(const struct ruleset *ruleset)
{
	return ruleset->block_count;
}

const struct block *
ruleset_block(const struct ruleset *ruleset, unsigned number)
{
	return &ruleset->blocks[number].block->is;
}

unsigned
ruleset_rule_count(const struct ruleset *ruleset)
{
	return (unsigned)ruleset->policy->rule_count;
}

struct slice
ruleset_rule_text(const struct ruleset *ruleset, unsigned rule)
{
	if (rule == 0 || rule > ruleset->policy->rule_count)
		return SLICE("no rule names it");
	return ruleset->policy->rules[rule - 1]->line;
}

struct slice
ruleset_rule_place(const struct ruleset *ruleset, unsigned rule)
{
	if (rule == 0 || rule > ruleset->policy->rule_count)
		return (struct slice){"", 0};
	return ruleset->policy->rules[rule - 1]->where;
}

unsigned
ruleset_slot_ever(const struct ruleset *ruleset, const struct block *block,
    enum role role, enum field field)
{
	return ruleset->blocks[block->number].slots[SLOT(role, field)];
}

/* ".co.jp" holds "example.co.jp", not "co.jp": a suffix is not its own. */
static size_t
suffix_length(struct slice suffix, struct slice name)
{
	if (name.len < suffix.len || memcmp(name.data + name.len - suffix.len,
					 suffix.data, suffix.len) != 0)
		return 0;
	return suffix.len;
}

/* One more than the longest prefix of the group that holds all of `name`. */
static size_t
group_length(const struct network_group *group, struct slice name)
{
	struct prefix inner, outer;
	size_t longest = 0;

	if (group == NULL || !prefix_parse(name, &inner, NULL))
		return 0;
	for (size_t i = 0; i < group->count; i++)
		if (prefix_parse(group->prefixes[i], &outer, NULL) &&
		    prefix_contains(&outer, &inner) &&
		    (size_t)outer.bits + 1 > longest)
			longest = (size_t)outer.bits + 1;
	return longest;
}

size_t
match_block(
    const struct policy_block *block, enum object_type type, struct slice name)
{
	size_t longest = 0;

	if (block->is.type != type)
		return 0;
	for (size_t i = 0; i < block->pattern_count; i++) {
		const struct pattern *pattern = &block->patterns[i];
		size_t length = 1;

		if (type == OBJECT_DOMAIN)
			length = suffix_length(pattern->word, name);
		else if (type == OBJECT_NETWORK)
			length = group_length(pattern->group, name);
		if (length > longest)
			longest = length;
	}
	return longest;
}

/* Is there a block with the same key whose pattern is longer? */
static bool
is_beaten(const struct policy *policy, const struct policy_block *block,
    enum object_type type, struct slice name)
{
	size_t length = match_block(block, type, name);

	for (size_t i = 0; i < policy->block_count; i++) {
		const struct policy_block *other = &policy->blocks[i];

		if (other->is.recipient == block->is.recipient &&
		    slice_equal(other->is.purpose, block->is.purpose) &&
		    match_block(other, type, name) > length)
			return true;
	}
	return false;
}

bool
match_wins(const struct policy *policy, const struct policy_block *block,
    enum object_type type, struct slice name)
{
	return match_block(block, type, name) != 0 &&
	       !is_beaten(policy, block, type, name);
}

size_t
ruleset_match(const struct ruleset *ruleset, const struct record *record,
    const struct block **out, size_t max)
{
	const struct policy *policy = ruleset->policy;
	struct slice name = record_object(record);
	size_t count = 0;

	for (size_t i = 0; i < policy->block_count; i++) {
		const struct policy_block *block = &policy->blocks[i];

		if (policy->recipients[block->is.recipient].is.via >= 0 ||
		    !match_wins(policy, block, record_type(record), name))
			continue;
		if (count < max)
			out[count] = &block->is;
		count++;
	}
	return count;
}

const struct block *
ruleset_find_block(const struct ruleset *ruleset, const struct record *record,
    struct slice recipient, struct slice purpose)
{
	const struct policy *policy = ruleset->policy;
	struct slice name = record_object(record);

	for (size_t i = 0; i < policy->block_count; i++) {
		const struct policy_block *block = &policy->blocks[i];
		const struct recipient *whose =
		    &policy->recipients[block->is.recipient].is;

		if (whose->via < 0 && slice_equal(whose->id, recipient) &&
		    slice_equal(block->is.purpose, purpose) &&
		    match_wins(policy, block, record_type(record), name))
			return &block->is;
	}
	return NULL;
}

/*
 * A block reaches the objects of one of its patterns where no longer one of
 * its key does; so it is with all names below a suffix as with the suffix.
 */
static bool
reaches_in(const struct policy *policy, const struct policy_block *one,
    const struct policy_block *other, struct slice name)
{
	return match_wins(policy, one, one->is.type, name) &&
	       match_wins(policy, other, one->is.type, name);
}

static bool
meets_in_pattern(const struct policy *policy, const struct policy_block *one,
    const struct policy_block *other, const struct pattern *pattern)
{
	if (one->is.type != OBJECT_NETWORK)
		return reaches_in(policy, one, other, pattern->word);
	for (size_t i = 0; pattern->group != NULL && i < pattern->group->count;
	     i++)
		if (reaches_in(
			policy, one, other, pattern->group->prefixes[i]))
			return true;
	return false;
}

bool
ruleset_overlap(const struct ruleset *ruleset, const struct block *one,
    const struct block *other)
{
	const struct policy *policy = ruleset->policy;
	const struct policy_block *blocks[2] = {
	    ruleset->blocks[one->number].block,
	    ruleset->blocks[other->number].block};

	for (unsigned b = 0; one->type == other->type && b < 2; b++)
		for (size_t i = 0; i < blocks[b]->pattern_count; i++)
			if (meets_in_pattern(policy, blocks[0], blocks[1],
				&blocks[b]->patterns[i]))
				return true;
	return false;
}

size_t
match_onward(const struct policy *policy, unsigned recipient,
    enum object_type type, struct slice name, const struct policy_block **out,
    size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->block_count; i++) {
		const struct policy_block *block = &policy->blocks[i];

		if (policy->recipients[block->is.recipient].is.via !=
			(int)recipient ||
		    !match_wins(policy, block, type, name))
			continue;
		if (count < max)
			out[count] = block;
		count++;
	}
	return count;
}

/* Nearest first: what is appended is itself looked behind, in turn. */
static bool
ends(struct slice text, struct slice with)
{
	return text.len >= with.len &&
	       memcmp(text.data + text.len - with.len, with.data, with.len) ==
		   0;
}

bool
ruleset_reaches(const struct ruleset *ruleset, const struct block *block,
    struct slice suffix)
{
	const struct policy_block *of = ruleset->blocks[block->number].block;

	if (block->type != OBJECT_DOMAIN)
		return false;
	for (size_t i = 0; i < of->pattern_count; i++)
		if (ends(of->patterns[i].word, suffix))
			return true;
	return match_block(of, OBJECT_DOMAIN, suffix) != 0;
}

size_t
ruleset_onward(const struct ruleset *ruleset, const struct block *block,
    const struct record *record, const struct block **out, size_t max)
{
	const struct policy_block *found[ONWARD_MAX];
	unsigned before = block->recipient;
	size_t count = 0, next = 0;

	if (block->on_request)
		return 0;
	for (;;) {
		count += match_onward(ruleset->policy, before,
		    record_type(record), record_object(record), found + count,
		    ONWARD_MAX - count);
		if (count > ONWARD_MAX)
			count = ONWARD_MAX;
		if (next == count)
			break;
		before = found[next++]->is.recipient;
	}
	for (size_t i = 0; i < count && i < max; i++)
		out[i] = &found[i]->is;
	return count;
}

bool
ruleset_passes_on(const struct ruleset *ruleset, unsigned recipient,
    enum role role, enum field field)
{
	const struct policy_recipient *it =
	    &ruleset->policy->recipients[recipient];

	return it->is.public || (it->ceiling[role] & FIELD_BIT(field)) != 0;
}

/* What a condition may name, or a pattern stand for. */
static void
add_named(struct text *text, const struct policy *policy,
    const struct policy_block *block)
{
	for (size_t i = 0; i < block->pattern_count; i++) {
		const struct network_group *group = block->patterns[i].group;

		for (size_t n = 0; group != NULL && n < group->count; n++) {
			text_add(text, group->prefixes[n]);
			text_add_char(text, '\n');
		}
	}
	for (size_t i = 0; i < policy->set_count; i++) {
		const struct set *set = &policy->sets[i];

		for (size_t n = 0; set->tested && n < set->count; n++) {
			text_add(text, set->id);
			text_add_char(text, ' ');
			text_add(text, set->items[n].text);
			text_add_char(text, '\n');
		}
	}
}

static void
add_terms(struct text *text, const struct policy *policy,
    const struct policy_block *block)
{
	text_add_string(text,
	    audience_name(policy->recipients[block->is.recipient].is.audience));
	text_add_string(text, " for ");
	policy_print_key(text, policy, block);
	text_add_char(text, '\n');
	for (size_t i = 0; i < block->gate_count; i++) {
		text_add(text, block->gates[i]->line);
		text_add_char(text, '\n');
	}
	for (size_t i = 0; i < block->rule_count; i++) {
		text_add(text, block->rules[i]->line);
		text_add_char(text, '\n');
	}
	add_named(text, policy, block);
}

bool
ruleset_terms(const struct ruleset *ruleset, struct slice recipient,
    struct slice purpose, struct arena *arena, struct digest *out)
{
	const struct policy *policy = ruleset->policy;
	struct text text = text_start(arena);

	for (size_t i = 0; i < policy->block_count; i++) {
		const struct policy_block *block = &policy->blocks[i];

		if (slice_equal(policy->recipients[block->is.recipient].is.id,
			recipient) &&
		    slice_equal(block->is.purpose, purpose))
			add_terms(&text, policy, block);
	}
	*out = digest_sha256((struct slice){text.data, text.len});
	return !text.failed;
}
