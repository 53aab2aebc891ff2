/* What changes about recipients and sets, apart from any block. */
#include "core/diff_cell.h"
#include "core/policy_print.h"

static const struct policy_recipient *
find_recipient(const struct ruleset *ruleset, struct slice id)
{
	unsigned index;

	if (!ruleset_find_recipient(ruleset, id, &index))
		return NULL;
	return &ruleset->policy->recipients[index];
}

static void
add_option(struct text *out, const char *word, struct slice a, struct slice b)
{
	if (slice_equal(a, b))
		return;
	text_add_format(out, "    %s: ", word);
	text_add(out, a.len != 0 ? a : SLICE("none"));
	text_add_string(out, " -> ");
	text_add(out, b.len != 0 ? b : SLICE("none"));
	text_add_char(out, '\n');
}

static void
add_ceiling(struct text *out, const struct policy_recipient *a,
    const struct policy_recipient *b, bool gained)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		uint64_t from = a->ceiling[role], to = b->ceiling[role];
		uint64_t fields = gained ? to & ~from : from & ~to;

		if (fields == 0)
			continue;
		text_add_string(out, gained ? "    may now receive "
					    : "    may no longer receive ");
		policy_print_fields(out, fields);
		text_add_format(out, " of %s\n", role_name((enum role)role));
	}
}

static struct slice
class_word(const struct policy_recipient *recipient)
{
	return recipient->is.public
		   ? SLICE("public")
		   : slice_from(recipient->is.audience == AUDIENCE_ANY
				    ? "authority"
				    : audience_name(recipient->is.audience));
}

static void
add_recipient_change(struct text *out, const struct policy_recipient *a,
    const struct policy_recipient *b)
{
	size_t start = out->len, lead;

	text_add_string(out, "~ recipient ");
	text_add(out, a->is.id);
	text_add_char(out, '\n');
	lead = out->len;
	add_option(out, "title", a->is.title, b->is.title);
	add_option(out, "country", a->is.country, b->is.country);
	add_option(out, "class", class_word(a), class_word(b));
	add_option(out, "via", a->via_word, b->via_word);
	add_option(out, "basis", a->is.basis, b->is.basis);
	add_option(out, "by", slice_from(method_name(a->is.method)),
	    slice_from(method_name(b->is.method)));
	add_option(out, "agreement", a->is.agreement, b->is.agreement);
	add_ceiling(out, a, b, false);
	add_ceiling(out, a, b, true);
	if (out->len == lead)
		out->len = start;
}

static void
add_gone(struct text *out, char sign, const struct policy_recipient *recipient)
{
	text_add_format(out, "%c recipient ", sign);
	text_add(out, recipient->is.id);
	text_add_string(out, " \"");
	text_add(out, recipient->is.title);
	text_add_string(out, "\"");
	if (recipient->is.country.len != 0) {
		text_add_string(out, " in ");
		text_add(out, recipient->is.country);
	}
	text_add_char(out, '\n');
}

void
diff_recipients(
    struct text *out, const struct ruleset *from, const struct ruleset *to)
{
	const struct policy *before = from->policy, *after = to->policy;

	for (size_t i = 0; i < before->recipient_count; i++) {
		const struct policy_recipient *a = &before->recipients[i];
		const struct policy_recipient *b = find_recipient(to, a->is.id);

		if (b == NULL)
			add_gone(out, '-', a);
		else
			add_recipient_change(out, a, b);
	}
	for (size_t i = 0; i < after->recipient_count; i++)
		if (find_recipient(from, after->recipients[i].is.id) == NULL)
			add_gone(out, '+', &after->recipients[i]);
}

static bool
set_has(const struct set *set, struct slice item)
{
	for (size_t i = 0; i < set->count; i++)
		if (slice_equal(set->items[i].text, item))
			return true;
	return false;
}

/* Items of one set that the other has not. */
static void
add_items(struct text *out, const struct set *set, const struct set *other,
    const char *sign)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set_has(other, set->items[i].text))
			continue;
		text_add_string(out, sign);
		text_add(out, set->items[i].text);
	}
}

/* Conditions name sets, so what is in them belongs to the change log. */
void
diff_sets(
    struct text *out, const struct ruleset *older, const struct ruleset *newer)
{
	const struct policy *before = older->policy, *after = newer->policy;

	for (size_t a = 0; a < before->set_count; a++) {
		const struct set *from = &before->sets[a];

		for (size_t b = 0; b < after->set_count; b++) {
			const struct set *to = &after->sets[b];
			size_t start = out->len, lead;

			if (!from->tested || !to->tested ||
			    !slice_equal(from->id, to->id))
				continue;
			text_add_string(out, "~ set ");
			text_add(out, to->id);
			text_add_char(out, ':');
			lead = out->len;
			add_items(out, from, to, " -");
			add_items(out, to, from, " +");
			if (out->len == lead)
				out->len = start;
			else
				text_add_char(out, '\n');
		}
	}
}
