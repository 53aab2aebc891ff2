/*
 * Where a contact is known to stand: in which roles, under which TLDs, as the
 * domain commands that passed misu said.  The list only grows while there is
 * a contact, so that it is never less than what the registry has of what
 * passed; `since` says whether anything else can be there.
 *
 * It is a record of its own beside the contact's, "UPSTREAM/ID\tplaces", in
 * which each role has the suffixes as its handles.  No id has a tab in it.
 * Until a domain names the contact there is none: then the contact's own
 * record says whether its creation passed misu, and when.
 */
#ifndef MISU_PLACE_H
#define MISU_PLACE_H

#include "core/decide.h"

struct places {
	/* Unix seconds: its creation passed misu then, so none came before;
	   0: it may stand elsewhere, too. */
	int64_t since;
	size_t count;
	struct decide_place items[PLACES_MAX];
};

/* In `arena`; empty when out of memory. */
struct slice place_name(struct arena *arena, struct slice contact);

/* ".co.jp" of "example.co.jp"; PLACE_ANYWHERE where it is too long. */
struct slice place_suffix(struct slice domain);

/*
 * Add a place; false if it was there.  `suffix` is borrowed.  Where there are
 * too many they become one: the roles of all, anywhere.
 */
bool place_add(struct places *places, unsigned roles, struct slice suffix);

/* Does the list have all these roles under this suffix? */
bool place_has(const struct decide_place *items, size_t count, unsigned roles,
    struct slice suffix);

/* `contact` is the contact's own name, whose key it is under. */
struct record *place_record(struct arena *arena, struct slice contact,
    const struct places *places, struct fail *fail);

/*
 * When something last made contacts of this upstream stand where misu did not
 * see it: what was made before may stand anywhere.  A record that says no more
 * than that, under this name.
 */
struct slice place_mark_name(struct arena *arena, struct slice upstream);
struct record *place_mark(struct arena *arena, struct slice upstream,
    int64_t seconds, struct fail *fail);

/*
 * Of the list, or where there is none of the contact's current record; either
 * may be NULL.  Borrows from the list.
 */
void place_read(const struct record *list, const struct record *contact,
    struct places *out);

#endif
