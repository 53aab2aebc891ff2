/*
 * Which requests made which of the newest entries, so that asking twice makes
 * no second entry.  It remembers at least the last REQUESTS_KEPT.
 */
#ifndef MISU_REQUESTS_H
#define MISU_REQUESTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"

enum { REQUESTS_KEPT = 65536 };

struct requests;

struct requests *requests_create(void);
void requests_destroy(struct requests *requests);

/* It will be looked for soon. */
void requests_expect(
    const struct requests *requests, const struct digest *key);
bool requests_find(const struct requests *requests, const struct digest *key,
    uint64_t *index);

void requests_add(
    struct requests *requests, const struct digest *key, uint64_t index);

/* The words that make two entries the same request, NUL-parted and digested. */
struct digest requests_key(
    struct slice request, const char *type, const struct slice words[2],
    uint64_t about);

/* The same, from an entry's canonical bytes; false if it has no request. */
bool requests_key_of(
    struct slice entry, struct arena *arena, struct digest *out);

#endif
