/*
 * The bytes of the channel `view`: what the public gets of one object, as the
 * publisher keeps it.  Written from a disclosure and nothing else; read back
 * as a publication.  Canonical JSON:
 *
 *	{"name":"example.com","operation":"create","registration":{"created":
 *	1767225600,"status":["clientHold"]},"roles":{"registrant":{"country":
 *	["JP"],"email":0}},"type":"domain","v":1}
 *
 * A field has its values, 0 where it was redacted, or 1 where it is withheld,
 *as nobody knows what the registry has; what was not collected is not there.
 * Before values that are not the record's own stands a number: 1
 * where they were generalised, 2 where others stand in their place.
 */
#ifndef MISU_VIEW_CODEC_H
#define MISU_VIEW_CODEC_H

#include "codec/publication.h"
#include "core/disclosure.h"

enum { VIEW_VERSION = 1 };

/* {NULL, 0} with a fail when out of memory. */
struct slice view_encode(const struct disclosure *disclosure,
    struct arena *arena, struct fail *fail);

struct view_row {
	struct publication
	    it; /* texts in `arena`, or borrowed from the bytes */
	enum operation operation;
};

/*
 * FAIL_WORLD if these are not bytes that view_encode() wrote: the row was
 * damaged.  The registrar is not in it.
 */
bool view_decode(struct slice bytes, struct arena *arena, struct view_row *out,
    struct fail *fail);

#endif
