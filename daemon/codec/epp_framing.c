#include "codec/epp_framing.h"

#include <stdint.h>
#include <stdlib.h>

enum {
	SMALLEST = EPP_FRAMING_HEADER + 1,
	FIRST_SIZE = 512,
	REUSED = 4096 /* a larger buffer does not wait for the next frame */
};

static size_t announced(const char *header);
static bool is_possible(const struct epp_framing *framing, size_t length);
static bool keep(struct epp_framing *framing, struct slice *piece, size_t upto);
static enum epp_framing_step go_on(
    struct epp_framing *framing, struct slice *piece, struct slice *xml);

static void
skip(struct slice *piece, size_t len)
{
	piece->data += len;
	piece->len -= len;
}

enum epp_framing_step
epp_framing_next(
    struct epp_framing *framing, struct slice *piece, struct slice *xml)
{
	size_t length;

	if (framing->handed && framing->size > REUSED)
		epp_framing_finish(framing);
	else if (framing->handed) {
		framing->handed = false;
		framing->len = 0;
	}
	if (framing->len != 0)
		return go_on(framing, piece, xml);
	if (piece->len == 0) {
		epp_framing_finish(framing);
		return EPP_FRAMING_MORE;
	}
	if (piece->len < EPP_FRAMING_HEADER)
		return go_on(framing, piece, xml);
	length = announced(piece->data);
	if (!is_possible(framing, length))
		return EPP_FRAMING_BAD;
	if (piece->len < length)
		return go_on(framing, piece, xml);
	*xml = (struct slice){
	    piece->data + EPP_FRAMING_HEADER, length - EPP_FRAMING_HEADER};
	skip(piece, length);
	return EPP_FRAMING_FRAME;
}

/* Add to what is kept: the header first, as it tells how much to take. */
static enum epp_framing_step
go_on(struct epp_framing *framing, struct slice *piece, struct slice *xml)
{
	size_t length;

	if (framing->len < EPP_FRAMING_HEADER &&
	    !keep(framing, piece, EPP_FRAMING_HEADER))
		return EPP_FRAMING_MEMORY;
	if (framing->len < EPP_FRAMING_HEADER)
		return EPP_FRAMING_MORE;
	length = announced(framing->kept);
	if (!is_possible(framing, length))
		return EPP_FRAMING_BAD;
	if (!keep(framing, piece, length))
		return EPP_FRAMING_MEMORY;
	if (framing->len < length)
		return EPP_FRAMING_MORE;
	framing->handed = true;
	*xml = (struct slice){
	    framing->kept + EPP_FRAMING_HEADER, length - EPP_FRAMING_HEADER};
	return EPP_FRAMING_FRAME;
}

static bool
grow(struct epp_framing *framing, size_t need, size_t most)
{
	size_t size = framing->size == 0 ? FIRST_SIZE : 2 * framing->size;
	char *more;

	if (need <= framing->size)
		return true;
	if (size > most)
		size = most;
	if (size < need)
		size = need;
	more = realloc(framing->kept, size);
	if (more == NULL)
		return false;
	framing->kept = more;
	framing->size = size;
	return true;
}

/* Move bytes from the piece until `upto` are kept or there are no more. */
static bool
keep(struct epp_framing *framing, struct slice *piece, size_t upto)
{
	size_t len = upto - framing->len;

	if (len > piece->len)
		len = piece->len;
	if (len == 0)
		return true;
	if (!grow(framing, framing->len + len,
		upto == EPP_FRAMING_HEADER ? FIRST_SIZE : upto))
		return false;
	memcpy(framing->kept + framing->len, piece->data, len);
	framing->len += len;
	skip(piece, len);
	return true;
}

static size_t
announced(const char *header)
{
	const unsigned char *byte = (const unsigned char *)header;

	return (size_t)byte[0] << 24 | (size_t)byte[1] << 16 |
	       (size_t)byte[2] << 8 | (size_t)byte[3];
}

static bool
is_possible(const struct epp_framing *framing, size_t length)
{
	return length >= SMALLEST && length <= framing->limit;
}

bool
epp_framing_is_within(const struct epp_framing *framing)
{
	return framing->len != 0 && !framing->handed;
}

void
epp_framing_finish(struct epp_framing *framing)
{
	free(framing->kept);
	framing->kept = NULL;
	framing->len = framing->size = 0;
	framing->handed = false;
}

void
epp_framing_put(char header[EPP_FRAMING_HEADER], size_t len)
{
	uint32_t length = (uint32_t)(len + EPP_FRAMING_HEADER);

	header[0] = (char)(unsigned char)(length >> 24);
	header[1] = (char)(unsigned char)(length >> 16);
	header[2] = (char)(unsigned char)(length >> 8);
	header[3] = (char)(unsigned char)length;
}
