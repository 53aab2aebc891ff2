/*
 * The smallest network that holds an address.  Each network stands among the
 * handles by a key that orders all of them by family, first address and
 * length, so that the one before what is asked for either holds it, and is the
 * smallest that does, or says how much of it any that does can have in common:
 * each look leaves out all networks between, and not one length of prefix.
 *
 * No handle that can be asked for begins as these keys do.
 */
#include <stdio.h>

#include "store/view_priv.h"

enum { KEY_LEN = 2 + 32 + 2, FAMILY_LEN = 2 };

/* "/6" or "/4", the address and the bits in hex. */
static struct slice
key_of(const struct prefix *prefix, char out[KEY_LEN + 1])
{
	size_t bytes = prefix->six ? 16 : 4, len = FAMILY_LEN;

	snprintf(out, KEY_LEN + 1, "/%c", prefix->six ? '6' : '4');
	for (size_t i = 0; i < bytes; i++, len += 2)
		snprintf(out + len, 3, "%02x", prefix->bytes[i]);
	snprintf(out + len, 3, "%02x", prefix->bits);
	return (struct slice){out, len + 2};
}

bool
view_network_prepare(struct view *view, struct fail *fail)
{
	view->network = sqlite_prepare(view->sqlite,
	    "SELECT name FROM handle WHERE handle <= ?1 AND handle >= ?2"
	    " ORDER BY handle DESC LIMIT 1",
	    fail);
	view->below = sqlite_prepare(view->sqlite,
	    "SELECT name FROM handle WHERE handle > ?1 AND handle <= ?2"
	    " ORDER BY handle LIMIT 1",
	    fail);
	return view->network != NULL && view->below != NULL;
}

/* --- writing --- */

bool
view_network_note(
    struct view *view, struct slice type, struct slice name, struct fail *fail)
{
	struct fail ignored = FAIL_INIT;
	char key[KEY_LEN + 1];
	struct prefix prefix;

	if (!slice_is(type, "network") ||
	    !prefix_parse(name, &prefix, &ignored))
		return true;
	statement_bind_text(view->add_handle, 1, key_of(&prefix, key));
	statement_bind_text(view->add_handle, 2, type);
	statement_bind_text(view->add_handle, 3, name);
	return statement_do(view->add_handle, fail);
}

/* The network before all others of both families; false: there is none. */
static bool
find_before(struct view *view, struct slice last, struct slice least,
    struct prefix *out, bool *found, struct fail *fail)
{
	struct fail damaged = FAIL_INIT;
	bool ok;

	*found = false;
	statement_bind_text(view->network, 1, last);
	statement_bind_text(view->network, 2, least);
	ok = statement_step(view->network, found, fail);
	if (ok && *found)
		*found = prefix_parse(
		    statement_bytes(view->network, 0), out, &damaged);
	statement_reset(view->network);
	return ok;
}

static bool
note_each(struct view *view, struct fail *fail)
{
	char name[PREFIX_SIZE] = "";
	size_t len = 0;
	bool row = true, ok = true;

	while (ok) {
		struct slice next;

		statement_bind_text(
		    view->old_networks, 1, (struct slice){name, len});
		ok = statement_step(view->old_networks, &row, fail);
		if (!ok || !row)
			break;
		next = statement_bytes(view->old_networks, 0);
		len = next.len < sizeof(name) ? next.len : sizeof(name);
		memcpy(name, next.data, len);
		statement_reset(view->old_networks);
		ok = view_network_note(
		    view, SLICE("network"), (struct slice){name, len}, fail);
	}
	statement_reset(view->old_networks);
	return ok;
}

bool
view_network_note_all(struct view *view, struct fail *fail)
{
	struct prefix any;
	bool found;

	if (!find_before(view, SLICE("/7"), SLICE("/4"), &any, &found, fail))
		return false;
	return found || (view_change_begin(view, fail) &&
			    view_change_end(view, note_each(view, fail), fail));
}

/* --- reading --- */

static unsigned
bits_in_common(const struct prefix *a, const struct prefix *b)
{
	unsigned most = a->bits < b->bits ? a->bits : b->bits, bits = 0;

	while (bits < most && ((a->bytes[bits / 8] ^ b->bytes[bits / 8]) &
				  0x80 >> bits % 8) == 0)
		bits++;
	return bits;
}

/* All bits beyond the prefix are zero in its key. */
static void
shorten(struct prefix *prefix, unsigned bits)
{
	for (unsigned i = bits; i < prefix->bits; i++)
		prefix->bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	prefix->bits = (uint8_t)bits;
}

/* Where nothing is told of a network, a wider one may be told of. */
static bool
look_at(struct view *view, struct arena *arena, const struct prefix *network,
    struct view_found *found, struct fail *fail)
{
	char text[PREFIX_SIZE];
	size_t len = prefix_print(network, text);

	return view_get(view, arena, SLICE("network"),
	    (struct slice){text, len}, found, fail);
}

/* Each turn `at` becomes shorter: there are never more than it has bits. */
static bool
get_network(struct view *view, struct arena *arena,
    const struct prefix *prefix, enum view_state least,
    struct view_found *found, struct fail *fail)
{
	struct prefix at = *prefix, near;
	char key[KEY_LEN + 1];
	bool any;

	*found = (struct view_found){.state = VIEW_NONE};
	for (;;) {
		struct slice last = key_of(&at, key);

		view->seeks++;
		if (!find_before(view, last, (struct slice){key, FAMILY_LEN},
			&near, &any, fail))
			return false;
		if (!any)
			return true;
		if (!prefix_contains(&near, &at)) {
			shorten(&at, bits_in_common(&near, &at));
			continue;
		}
		if (!look_at(view, arena, &near, found, fail))
			return false;
		if (found->state >= least || near.bits == 0)
			return true;
		shorten(&at, near.bits - 1u);
	}
}

bool
view_get_network(struct view *view, struct arena *arena,
    const struct prefix *prefix, struct view_found *found, struct fail *fail)
{
	return get_network(view, arena, prefix, VIEW_STALE, found, fail);
}

bool
view_get_wider(struct view *view, struct arena *arena,
    const struct prefix *prefix, struct view_found *found, struct fail *fail)
{
	struct prefix wider = *prefix;

	*found = (struct view_found){.state = VIEW_NONE};
	if (prefix->bits == 0)
		return true;
	shorten(&wider, prefix->bits - 1u);
	return get_network(view, arena, &wider, VIEW_CURRENT, found, fail);
}

/* Behind the key of all that this one holds. */
static struct slice
last_key(const struct prefix *prefix, char out[KEY_LEN + 1])
{
	struct prefix last = *prefix;

	prefix_last(&last);
	last.bits = UINT8_MAX;
	return key_of(&last, out);
}

static bool
find_behind(struct view *view, const struct view_below *below,
    struct prefix *out, bool *found, struct fail *fail)
{
	char first[KEY_LEN + 1], last[KEY_LEN + 1];
	struct fail damaged = FAIL_INIT;
	bool ok;

	view->seeks++;
	*found = false;
	statement_bind_text(view->below, 1,
	    below->inside ? key_of(&below->behind, first)
			  : last_key(&below->behind, first));
	statement_bind_text(view->below, 2, last_key(&below->within, last));
	ok = statement_step(view->below, found, fail);
	if (ok && *found)
		*found = prefix_parse(
		    statement_bytes(view->below, 0), out, &damaged);
	statement_reset(view->below);
	return ok;
}

/* What nothing is told of may have others below it that are told of. */
bool
view_next_below(struct view *view, struct arena *arena,
    struct view_below *below, struct view_found *found, struct fail *fail)
{
	bool any;

	*found = (struct view_found){.state = VIEW_NONE};
	for (;;) {
		if (!find_behind(view, below, &below->behind, &any, fail))
			return false;
		if (!any)
			return true;
		if (!look_at(view, arena, &below->behind, found, fail))
			return false;
		below->inside = found->state != VIEW_CURRENT;
		if (!below->inside)
			return true;
	}
}
