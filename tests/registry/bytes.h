/*
 * A growing run of bytes for the registry simulator and its client, which
 * share no code with the daemon they judge.  It owns its memory; a test that
 * has none left aborts.
 */
#ifndef TESTS_REGISTRY_BYTES_H
#define TESTS_REGISTRY_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct bytes {
	char *data;
	size_t len, size;
};

/* Room for `more` bytes behind what is there. */
char *bytes_room(struct bytes *bytes, size_t more);

void bytes_add(struct bytes *bytes, const void *data, size_t len);
void bytes_add_string(struct bytes *bytes, const char *string);
void bytes_add_format(struct bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* XML character data or an attribute's value. */
void bytes_add_xml(struct bytes *bytes, const char *string);

/* RFC 5734's frame: reserve the header, then say that all is there. */
size_t bytes_frame_start(struct bytes *bytes);
void bytes_frame_end(struct bytes *bytes, size_t start);

/* Forget the first `len` bytes. */
void bytes_drop(struct bytes *bytes, size_t len);

void bytes_finish(struct bytes *bytes);

static inline struct slice
bytes_slice(const struct bytes *bytes)
{
	return (struct slice){bytes->data, bytes->len};
}

/* The length that a frame's four first bytes give, themselves included. */
static inline size_t
bytes_frame_length(const void *header)
{
	const unsigned char *at = header;

	return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 |
	       (size_t)at[3];
}

#endif
