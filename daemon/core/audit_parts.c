/*
 * An address in one text: the lines of .jp's, the label of a jCard's.  What
 * may be seen is taken out of it, whatever the order and wherever the lines
 * end; what is left over should not be there.
 */
#include "core/audit_priv.h"
#include "core/policy_tree.h"

enum {
	PIECES_MAX = 64,
	SHORT = 4 /* bytes of a key that stands in other words by chance */
};

struct piece {
	const struct audit_candidate *of;
	struct slice key;
	bool found;
};

struct pieces {
	struct piece items[PIECES_MAX];
	size_t count;
};

/* What is seen, as keys of its lines, less what was taken out. */
struct rest {
	struct slice *lines;
	size_t count;
	char *data; /* once the lines are one */
	size_t len;
};

static void
add_pieces(struct pieces *to, const struct audit_candidate *of,
    const struct slice *keys, size_t count)
{
	for (size_t i = 0; i < count && to->count < PIECES_MAX; i++)
		if (keys[i].len != 0)
			to->items[to->count++] =
			    (struct piece){of, keys[i], false};
}

static void
take_lines(struct pieces *pieces, struct rest *rest)
{
	for (size_t i = 0; i < pieces->count; i++)
		for (size_t k = 0; k < rest->count; k++)
			if (!pieces->items[i].found &&
			    slice_equal(pieces->items[i].key, rest->lines[k])) {
				pieces->items[i].found = true;
				rest->lines[k].len = 0;
			}
}

static bool
join_lines(struct audit_comparison *it, struct rest *rest)
{
	size_t room = 1;

	for (size_t i = 0; i < rest->count; i++)
		room += rest->lines[i].len;
	rest->data = arena_take(it->arena, room);
	if (rest->data == NULL)
		return fail_memory(it->fail);
	for (size_t i = 0; i < rest->count; i++) {
		memcpy(rest->data + rest->len, rest->lines[i].data,
		    rest->lines[i].len);
		rest->len += rest->lines[i].len;
	}
	return true;
}

/* The longest that is not found and was not tried. */
static struct piece *
longest(struct pieces *pieces, const bool *tried)
{
	struct piece *best = NULL;

	for (size_t i = 0; i < pieces->count; i++)
		if (!pieces->items[i].found && !tried[i] &&
		    (best == NULL || pieces->items[i].key.len > best->key.len))
			best = &pieces->items[i];
	return best;
}

char *
audit_find(char *text, size_t len, struct slice key)
{
	for (size_t at = 0; at + key.len <= len; at++) {
		char *next =
		    memchr(text + at, key.data[0], len - key.len - at + 1);

		if (next == NULL)
			break;
		if (memcmp(next, key.data, key.len) == 0)
			return next;
		at = (size_t)(next - text);
	}
	return NULL;
}

/* Pieces shorter than `least` are found only where they are all there is. */
static void
take_pieces(struct pieces *pieces, struct rest *rest, size_t least)
{
	bool tried[PIECES_MAX] = {false};
	struct piece *piece;

	while ((piece = longest(pieces, tried)) != NULL) {
		size_t len = piece->key.len;
		char *at = audit_find(rest->data, rest->len, piece->key);

		tried[piece - pieces->items] = true;
		if (at == NULL || (len < least && len != rest->len))
			continue;
		piece->found = true;
		rest->len -= len;
		memmove(at, at + len, rest->len - (size_t)(at - rest->data));
	}
}

/* Is the field there, or the same thing in its other form? */
static bool
is_found(const struct pieces *pieces, const struct audit_candidate *of)
{
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->items[i].found &&
		    strcmp(field_info[pieces->items[i].of->field].group,
			field_info[of->field].group) == 0)
			return true;
	return false;
}

static bool
is_lacking(const struct pieces *pieces, const struct audit_candidate *of)
{
	return of->of->allowed.count != 0 && !is_found(pieces, of);
}

/* "Japan" where the record has "JP": a word, and nothing else is amiss. */
static bool
is_country_name(
    struct audit_comparison *it, const struct pieces *pieces, struct rest *rest)
{
	bool lacks_country = false;

	for (size_t i = 0; i < it->count; i++) {
		if (!is_lacking(pieces, &it->candidates[i]))
			continue;
		if (it->candidates[i].field != FIELD_COUNTRY)
			return false;
		lacks_country = true;
	}
	for (size_t i = 0; i < rest->len; i++)
		if (rest->data[i] >= '0' && rest->data[i] <= '9')
			return false;
	return lacks_country && rest->len != 0;
}

/*
 * Something is left over.  It may be an older value of what is lacking, and
 * any value of what should not be there.
 */
static void
tell_rest(struct audit_comparison *it, const struct pieces *pieces)
{
	const struct audit_candidate *hidden = NULL;
	bool told = false;

	for (size_t i = 0; i < it->count; i++) {
		const struct audit_candidate *of = &it->candidates[i];

		if (is_lacking(pieces, of)) {
			audit_tell_other(it, of);
			told = true;
		} else if (of->of->allowed.count == 0 &&
			   !verdict_passes(of->of->ruling.verdict) &&
			   (hidden == NULL ||
			       (of->of->collected && !hidden->of->collected)))
			hidden = of;
	}
	if (hidden != NULL)
		audit_tell_other(it, hidden);
	else if (!told)
		audit_tell_other(it, &it->candidates[0]);
}

static void
tell_lacking(struct audit_comparison *it, const struct pieces *pieces)
{
	for (size_t i = 0; i < it->count; i++) {
		const struct audit_candidate *of = &it->candidates[i];

		if ((it->item->expected & FIELD_BIT(of->field)) != 0 &&
		    is_lacking(pieces, of))
			audit_tell(it, AUDIT_OVER_REDACTION, of, false);
	}
}

bool
audit_compare_parts(struct audit_comparison *it)
{
	struct values shown = it->item->values;
	struct pieces allowed = {.count = 0}, hidden = {.count = 0};
	struct rest rest = {.count = shown.count};

	for (size_t i = 0; i < it->count; i++) {
		const struct audit_candidate *of = &it->candidates[i];

		add_pieces(&allowed, of, of->allowed, of->of->allowed.count);
		add_pieces(&hidden, of, of->hidden, of->of->hidden.count);
	}
	rest.lines = audit_keys(it, FIELD_STREET_LOC, shown);
	if (rest.lines == NULL)
		return false;
	take_lines(&allowed, &rest);
	take_lines(&hidden, &rest);
	if (!join_lines(it, &rest))
		return false;
	take_pieces(&allowed, &rest, 0);
	take_pieces(&hidden, &rest, SHORT);
	for (size_t i = 0; i < hidden.count; i++)
		if (hidden.items[i].found)
			audit_tell(it, AUDIT_LEAK, hidden.items[i].of, true);
	if (is_country_name(it, &allowed, &rest) ||
	    (rest.len != 0 && audit_is_own(it)))
		return true;
	if (rest.len != 0 && it->item->sight == AUDIT_SHOWN)
		tell_rest(it, &allowed);
	else
		tell_lacking(it, &allowed);
	return true;
}
