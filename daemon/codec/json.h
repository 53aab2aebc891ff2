/*
 * JSON in: jansson behind a strict front, the only file that knows jansson.
 * What comes out is a plain tree in the arena, in the order of the text.
 * Refused: bad UTF-8, NUL, duplicate members, numbers that are not integers
 * of 64 bits, and anything deeper or larger than the limits.
 *
 * The place of a complaint is a JSON pointer (RFC 6901); its text gives line
 * and column for bad syntax.  Neither ever quotes a string of the input: a
 * member's name stands in the pointer only where it looks like a word of
 * ours, else its token is "*".
 *
 * JSON out is written with base/text.h.
 */
#ifndef MISU_JSON_H
#define MISU_JSON_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

enum { JSON_DEPTH_MAX = 16, JSON_BYTES_MAX = 1 << 20 };

enum json_kind {
	JSON_KIND_NULL,
	JSON_KIND_BOOLEAN,
	JSON_KIND_INTEGER,
	JSON_KIND_STRING,
	JSON_KIND_ARRAY,
	JSON_KIND_OBJECT
};

struct json_node {
	enum json_kind kind;
	struct slice name;   /* the member's, inside an object */
	struct slice string; /* NUL-terminated, the NUL not counted */
	int64_t integer;
	bool boolean;
	const struct json_node *items; /* of an array or object */
	size_t count;
};

/*
 * Prepare jansson, once, before threads and before a sandbox: it will wipe
 * memory that it frees, and mix `seed` into its hash tables, random so that
 * nobody can choose names that collide.  Without this it wipes nothing, and
 * opens /dev/urandom at the first object it makes.
 */
void json_start(uint32_t seed);

/* At most JSON_BYTES_MAX bytes.  NULL and a story if the text is refused. */
const struct json_node *json_parse(
    struct arena *arena, struct slice text, struct fail *fail);

/* The member of that name, or NULL. */
const struct json_node *json_find(
    const struct json_node *object, const char *name);

/*
 * A place in a document: a chain of steps from the innermost outward, made on
 * the stack as a reader goes down.
 */
struct json_place {
	const struct json_place *outer;
	struct slice name; /* a member, or data NULL */
	size_t index;      /* else an item of an array */
};

/* Writes the pointer of `place`, cut to size; tokens as said above. */
void json_print_place(const struct json_place *place, char *out, size_t size);

/* A complaint at that place; replaces a place that a lower layer named. */
bool json_fail(struct fail *fail, const struct json_place *place,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
void json_set_place(struct fail *fail, const struct json_place *place);

#endif
