/*
 * Splices: a text made from another by putting pieces in the place of spans
 * of it, in one pass and one allocation of the exact size.  Bytes outside the
 * spans are copied as they are.
 *
 * A span inside one that was given too is passed over, so that who cuts an
 * element need not know what others do inside it; a piece put in at the very
 * beginning or end of a span stays.  Pieces are borrowed until the end; one
 * without data is one that there was no memory for, and then so is the result.
 */
#ifndef MISU_SPLICE_H
#define MISU_SPLICE_H

#include "codec/xml.h"

struct splice {
	struct xml_span span; /* at == end: put in there */
	struct slice text;
};

enum { SPLICES_FIRST = 48 };

struct splices {
	struct slice source;
	struct arena *arena;
	struct splice *items;
	size_t count, size;
	bool failed;
	struct splice first[SPLICES_FIRST]; /* enough for any usual frame */
};

void splices_start(
    struct splices *splices, struct slice source, struct arena *arena);
void splices_replace(
    struct splices *splices, struct xml_span span, struct slice text);
void splices_cut(struct splices *splices, struct xml_span span);
/* Pieces at the same place come out in the order they were put in. */
void splices_insert(struct splices *splices, uint32_t at, struct slice text);

/* The result, with a NUL behind it; data NULL when out of memory. */
struct slice splices_apply(struct splices *splices);

#endif
