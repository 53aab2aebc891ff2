/*
 * Names on the Internet: domain names, name servers and DS records, checked
 * and made canonical by ldns and libidn2.  A canonical domain name is
 * lower-case A-labels without the last dot ("xn--r8jz45g.jp"); two names are
 * the same where their canonical bytes are.
 *
 * Pure: nothing here resolves, reads a file or prints.  The libraries'
 * results are copied into the arena and freed.  A complaint says which label
 * is wrong, counted from the left, and never quotes it.
 */
#ifndef MISU_NAME_H
#define MISU_NAME_H

#include "base/arena.h"
#include "base/fail.h"

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63, GLUE_MAX = 8 };

/*
 * The canonical form of a host or domain name in any script (IDNA2008,
 * non-transitional, full-width forms and dots mapped as UTS 46 says).  One
 * dot at the end is allowed and dropped.  Letters, digits and hyphens only;
 * hyphens in places 3 and 4 only in a valid A-label.
 */
bool name_canonical(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail);

/* The form for people, with U-labels, of a canonical name. */
bool name_display(struct arena *arena, struct slice canonical,
    struct slice *out, struct fail *fail);

/* How many labels a canonical name has. */
size_t name_labels(struct slice canonical);

/* Is `name` the zone itself or below it?  Both canonical; "" is the root. */
bool name_is_under(struct slice name, struct slice zone);

/*
 * A name server, "ns1.example.jp" or with glue "ns1.example.jp 192.0.2.1
 * 2001:db8::1": the canonical name, then canonical addresses, IPv4 before
 * IPv6 and in byte order, each once, a space between.  At most GLUE_MAX.
 */
bool name_server(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail);

/*
 * May this canonical name server stand in a delegation of `zone`?  Outside
 * the zone it must have no glue (RFC 5732 section 1.1).  Inside it needs
 * some where the zone is new; later its host may be known already.
 */
bool name_check_glue(struct slice server, struct slice zone, bool new,
    struct fail *fail);

/*
 * The RDATA of a DS record, "12345 13 2 HEX...": decimal numbers and upper
 * case hex, without spaces in it.  The algorithm signs zones and is not
 * retired (RFC 8624), the digest type is SHA-1, SHA-256 or SHA-384, and the
 * digest has the length of its type.
 */
bool name_ds(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail);

#endif
