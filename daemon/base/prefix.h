/*
 * Address prefixes, IPv4 and IPv6: reading, the canonical text, containment
 * and the reverse zones that belong to one.
 */
#ifndef MISU_PREFIX_H
#define MISU_PREFIX_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

enum { PREFIX_SIZE = 64, PREFIX_ZONES_MAX = 128 };

struct prefix {
	uint8_t bytes[16]; /* network order; IPv4 fills the first four */
	uint8_t bits;
	bool six;
};

/*
 * "192.0.2.0/29", "2001:db8::/32".  Bits below the prefix must be zero; if
 * they are not, the hint names the prefix that was probably meant.  That
 * repeats the input: clear the hint where it must not be shown.
 */
bool prefix_parse(struct slice text, struct prefix *out, struct fail *fail);

/* An address alone, as the prefix of all its bits. */
bool prefix_parse_address(struct slice text, struct prefix *out);

/* The canonical text (RFC 5952 for IPv6), with or without "/bits". */
size_t prefix_print(const struct prefix *prefix, char out[PREFIX_SIZE]);
size_t prefix_print_address(
    const struct prefix *prefix, char out[PREFIX_SIZE]);

/* Make it the last of its addresses, as the prefix of all its bits. */
void prefix_last(struct prefix *prefix);

/* Is all of `inner` in `outer`?  Always false across families. */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);

/* Families first, then bytes, then shorter prefixes. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

/*
 * The names of the reverse zones that make up this prefix, canonical: one on
 * an octet or nibble boundary, else one for each zone of the next longer
 * boundary ("192.0.2.0/23" has two), and for IPv4 longer than /24 the one
 * name of RFC 2317 ("0/29.2.0.192.in-addr.arpa").  `out` has room for
 * PREFIX_ZONES_MAX; false only when out of memory.
 */
bool prefix_zones(struct arena *arena, const struct prefix *prefix,
    struct slice *out, size_t *count, struct fail *fail);

#endif
