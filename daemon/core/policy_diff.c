#include "core/policy_diff.h"

#include "core/diff_cell.h"
#include "core/match.h"
#include "core/policy_matrix.h"
#include "core/policy_print.h"

struct page {
	struct text out;
	struct differ differ;
};

/* Two blocks for the same objects, recipient and purpose; one may be NULL. */
struct pair {
	const struct bound_block *before, *after;
};

static const char *
change_word(enum change change)
{
	switch (change) {
	case CHANGE_NONE:
		break;
	case CHANGE_TIGHTER:
		return "tighter";
	case CHANGE_LOOSER:
		return "looser";
	case CHANGE_BOTH:
		return "tighter for some, looser for others";
	case CHANGE_OTHER:
		return "otherwise";
	case CHANGE_UNSURE:
		return "too many combinations to compare";
	}
	return "the same";
}

static bool
add_cascade(struct page *page, const struct ruleset *ruleset,
    const struct bound_block *block, enum role role, enum field field)
{
	struct cascade cascade;

	if (block == NULL) {
		text_add_string(&page->out, "nothing");
		return true;
	}
	if (!policy_cascade(ruleset, &block->block->is, role, field,
		page->differ.arena, &cascade))
		return false;
	policy_cascade_print(&page->out, ruleset, &cascade, field);
	return true;
}

/* "    email: tighter: forward -> redact" */
static bool
add_cell(struct page *page, const struct pair *pair, enum role role,
    unsigned roles, uint64_t fields, enum change change)
{
	unsigned first = 0;

	while ((fields & FIELD_BIT(first)) == 0)
		first++;
	text_add_string(&page->out, "    ");
	policy_print_fields(&page->out, fields);
	text_add_string(&page->out, " of ");
	policy_print_roles(&page->out, roles);
	text_add_format(&page->out, ": %s: ", change_word(change));
	if (!add_cascade(page, page->differ.before, pair->before, role,
		(enum field)first))
		return false;
	text_add_string(&page->out, " -> ");
	if (!add_cascade(
		page, page->differ.after, pair->after, role, (enum field)first))
		return false;
	text_add_char(&page->out, '\n');
	return true;
}

/* Do two fields change from the same to the same?  Their lines agree. */
static bool
same_cells(struct page *page, const struct pair *pair, enum role role,
    unsigned a, unsigned b)
{
	const unsigned fields[2] = {a, b};
	struct text lines[2];

	for (size_t i = 0; i < 2; i++) {
		struct text kept = page->out;

		page->out = text_start(page->differ.arena);
		add_cascade(page, page->differ.before, pair->before, role,
		    (enum field)fields[i]);
		text_add_string(&page->out, " -> ");
		add_cascade(page, page->differ.after, pair->after, role,
		    (enum field)fields[i]);
		lines[i] = page->out;
		page->out = kept;
	}
	return slice_equal(text_slice(&lines[0]), text_slice(&lines[1]));
}

/* The cells of one role, said of all `roles`, which are alike. */
static bool
add_role(
    struct page *page, const struct pair *pair, enum role role, unsigned roles)
{
	enum change changes[FIELD_COUNT] = {CHANGE_NONE};
	uint64_t done = 0;

	diff_tables(&page->differ,
	    pair->before != NULL ? &pair->before->roles[role] : NULL,
	    pair->after != NULL ? &pair->after->roles[role] : NULL, changes);
	for (unsigned f = 0; f < FIELD_COUNT && !page->differ.failed; f++) {
		uint64_t alike = FIELD_BIT(f);

		if (changes[f] == CHANGE_NONE || (done & alike) != 0)
			continue;
		for (unsigned g = f + 1; g < FIELD_COUNT; g++)
			if (changes[g] == changes[f] &&
			    same_cells(page, pair, role, f, g))
				alike |= FIELD_BIT(g);
		done |= alike;
		if (!add_cell(page, pair, role, roles, alike, changes[f]))
			return false;
	}
	return !page->differ.failed;
}

/* The cells of one role alone, with no role named: to compare. */
static struct slice
role_lines(struct page *page, const struct pair *pair, enum role role)
{
	struct text kept = page->out, lines;
	bool ok;

	page->out = text_start(page->differ.arena);
	ok = add_role(page, pair, role, 0);
	lines = page->out;
	page->out = kept;
	return ok ? text_slice(&lines) : (struct slice){NULL, 0};
}

/* Roles whose cells change alike share their lines. */
static bool
add_roles(struct page *page, const struct pair *pair)
{
	struct slice lines[ROLE_COUNT];
	unsigned done = 0;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		lines[role] = role_lines(page, pair, (enum role)role);
		if (lines[role].data == NULL)
			return false;
	}
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		unsigned roles = 0;

		if ((done & ROLE_BIT(role)) != 0 || lines[role].len == 0)
			continue;
		for (unsigned i = role; i < ROLE_COUNT; i++)
			if (slice_equal(lines[i], lines[role]))
				roles |= ROLE_BIT(i);
		done |= roles;
		if (!add_role(page, pair, (enum role)role, roles))
			return false;
	}
	return true;
}

static void
add_gates(struct page *page, const struct bound_block *block, const char *lead)
{
	for (size_t i = 0; block != NULL && i < block->gate.rule_count; i++) {
		text_add_string(&page->out, lead);
		text_add(&page->out, block->gate.rules[i].rule->line);
		text_add_char(&page->out, '\n');
	}
}

static void
add_gate_change(struct page *page, const struct pair *pair)
{
	enum change change = CHANGE_NONE;

	if (pair->before == NULL) {
		add_gates(page, pair->after, "    ");
		return;
	}
	if (pair->after == NULL)
		return;
	diff_tables(
	    &page->differ, &pair->before->gate, &pair->after->gate, &change);
	if (change == CHANGE_NONE)
		return;
	text_add_format(
	    &page->out, "    refuse and hold: %s\n", change_word(change));
	add_gates(page, pair->before, "        was ");
	add_gates(page, pair->after, "        now ");
}

/* What changes between two blocks, under a heading; nothing if nothing. */
static bool
add_pair(struct page *page, const struct pair *pair, struct slice patterns)
{
	const struct ruleset *ruleset =
	    pair->after != NULL ? page->differ.after : page->differ.before;
	const struct policy_block *block =
	    (pair->after != NULL ? pair->after : pair->before)->block;
	size_t start = page->out.len, lead;
	bool new = pair->before == NULL, gone = pair->after == NULL;

	text_add_string(&page->out, new ? "+ " : gone ? "- " : "~ ");
	text_add(&page->out, patterns);
	text_add_string(&page->out, " to ");
	text_add(
	    &page->out, ruleset->policy->recipients[block->is.recipient].is.id);
	text_add_string(&page->out, " for ");
	text_add(&page->out, block->is.purpose);
	text_add_string(&page->out, gone ? ": nothing goes any more\n" : "\n");
	lead = page->out.len;
	if (gone)
		return true;
	if (!new && pair->before->block->is.on_request !=
			pair->after->block->is.on_request)
		text_add_string(&page->out,
		    block->is.on_request ? "    now only on request\n"
					 : "    no longer only on request\n");
	add_gate_change(page, pair);
	if (!add_roles(page, pair))
		return false;
	if (page->out.len == lead && !new)
		page->out.len = start;
	return true;
}

/* The block that decides for a name, of the same recipient and purpose. */
static const struct bound_block *
counterpart(const struct ruleset *ruleset, const struct ruleset *from,
    const struct policy_block *block, struct slice name)
{
	struct slice id = from->policy->recipients[block->is.recipient].is.id;

	for (size_t i = 0; i < ruleset->block_count; i++) {
		const struct policy_block *other = ruleset->blocks[i].block;
		unsigned at = other->is.recipient;

		if (slice_equal(ruleset->policy->recipients[at].is.id, id) &&
		    slice_equal(other->is.purpose, block->is.purpose) &&
		    match_wins(ruleset->policy, other, block->is.type, name))
			return &ruleset->blocks[i];
	}
	return NULL;
}

static struct slice
name_of(const struct policy_block *block, size_t pattern)
{
	const struct network_group *group = block->patterns[pattern].group;

	if (group != NULL && group->count != 0)
		return group->prefixes[0];
	return block->patterns[pattern].word;
}

/* Words of the block's patterns whose counterpart is the same as this one's. */
static struct slice
words_alike(struct page *page, const struct ruleset *other,
    const struct ruleset *from, const struct policy_block *block, size_t at)
{
	const struct bound_block *mine =
	    counterpart(other, from, block, name_of(block, at));
	struct text out = text_start(page->differ.arena);
	bool first = true;

	for (size_t p = 0; p < block->pattern_count; p++) {
		struct pattern pattern = block->patterns[p];
		struct policy_block one = *block;

		if (counterpart(other, from, block, name_of(block, p)) != mine)
			continue;
		if (p < at)
			return (struct slice){"", 0};
		one.patterns = &pattern;
		one.pattern_count = 1;
		if (!first)
			text_add_string(&out, ", ");
		first = false;
		policy_print_patterns(&out, &one);
	}
	return text_slice(&out);
}

static bool
has_word(const struct bound_block *block, struct slice word)
{
	for (size_t p = 0; p < block->block->pattern_count; p++)
		if (slice_equal(block->block->patterns[p].word, word))
			return true;
	return false;
}

/*
 * Each block of `from` with what stands for its patterns in `other`.  Of the
 * policy before, only what the other pass does not see: patterns that are
 * gone, so that nothing or a less specific block stands for them now.
 */
static bool
add_blocks(struct page *page, const struct ruleset *from,
    const struct ruleset *other, bool before)
{
	for (size_t b = 0; b < from->block_count; b++) {
		const struct bound_block *bound = &from->blocks[b];

		for (size_t p = 0; p < bound->block->pattern_count; p++) {
			struct slice words =
			    words_alike(page, other, from, bound->block, p);
			const struct bound_block *twin = counterpart(other,
			    from, bound->block, name_of(bound->block, p));
			struct pair pair = {twin, bound};

			if (before)
				pair = (struct pair){bound, twin};
			if (words.data == NULL)
				return false;
			if (words.len == 0 ||
			    (before && twin != NULL &&
				has_word(twin, bound->block->patterns[p].word)))
				continue;
			if (!add_pair(page, &pair, words))
				return false;
		}
	}
	return true;
}

struct slice
policy_diff(const struct ruleset *before, const struct ruleset *after,
    struct arena *arena)
{
	struct page page = {
	    .out = text_start(arena), .differ = {before, after, arena, false}};
	size_t lead;

	text_add_format(&page.out, "%.*s revision %u -> revision %u\n",
	    SLICE_ARG(before->policy->name), before->policy->revision,
	    after->policy->revision);
	lead = page.out.len;
	diff_sets(&page.out, before, after);
	diff_recipients(&page.out, before, after);
	if (!add_blocks(&page, before, after, true) ||
	    !add_blocks(&page, after, before, false))
		return (struct slice){NULL, 0};
	if (page.out.len == lead)
		text_add_string(&page.out, "no record is decided otherwise\n");
	return text_slice(&page.out);
}
