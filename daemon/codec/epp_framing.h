/*
 * Frames of RFC 5734, section 4: four bytes of total length, big-endian and
 * including themselves, then the XML.  Bytes come in pieces of any size; a
 * frame that lies whole in a piece is handed out where it lies.  Only the
 * beginning of a frame is kept, in memory that grows as its bytes come: a
 * length that is announced costs nothing.
 */
#ifndef MISU_EPP_FRAMING_H
#define MISU_EPP_FRAMING_H

#include "base/slice.h"

enum { EPP_FRAMING_HEADER = 4 };

enum epp_framing_step {
	EPP_FRAMING_MORE,  /* the piece is used up */
	EPP_FRAMING_FRAME, /* here is one; there may be more in the piece */
	EPP_FRAMING_BAD,   /* a length that cannot be: there is no going on */
	EPP_FRAMING_MEMORY /* none left: there is no going on */
};

/* All zero but the limit to begin with. */
struct epp_framing {
	size_t limit; /* of the length, header included */
	char *kept;   /* the frame begun, with its header */
	size_t len, size;
	bool handed; /* what is kept was handed out and goes at the next call */
};

/*
 * Take the next frame out of `piece`, which moves past what was taken.  The
 * frame's XML is borrowed from the piece or from `framing` until the next
 * call.  After EPP_FRAMING_MORE with no frame begun no memory is held.
 */
enum epp_framing_step epp_framing_next(
    struct epp_framing *framing, struct slice *piece, struct slice *xml);

/* Has a frame begun that is not whole yet? */
bool epp_framing_is_within(const struct epp_framing *framing);

/* Give back what is kept; as new afterwards. */
void epp_framing_finish(struct epp_framing *framing);

/* The header of a frame with `len` bytes of XML. */
void epp_framing_put(char header[EPP_FRAMING_HEADER], size_t len);

#endif
