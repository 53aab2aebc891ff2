/*
 * Answers that were made once, by what was asked for.  The publisher keeps
 * them here with what they were made from; whether they still hold is its to
 * ask, before each is told (publisher_kept.c).  Bounded by bytes: those that
 * were not asked for longest go first.
 */
#ifndef MISU_ANSWERS_H
#define MISU_ANSWERS_H

#include <stdint.h>

#include "base/slice.h"
#include "codec/ask.h"

struct answers;

struct answer {
	struct slice key;   /* how it is asked for, in one spelling */
	struct slice bytes; /* what is sent */
	size_t head;	    /* of them, before the body */
	/* Where the time stands, of HTTP and of the database; 0: nowhere. */
	size_t http_date, date;
	int64_t told;	     /* the second that stands there */
	struct ask ask;	     /* by which its row is found */
	uint64_t entry;	     /* the row came from */
	uint64_t generation; /* of the view when it was looked at */
	int64_t looked;	     /* and when: Unix seconds */
	bool personal;	     /* it counts against a budget */
};

/* `seed` keeps others from choosing keys that meet in one place. */
struct answers *answers_create(size_t bytes_max, uint64_t seed);
void answers_destroy(struct answers *answers);
/* Forgets all. */
void answers_clear(struct answers *answers);
void answers_set_limit(struct answers *answers, size_t bytes_max);

/* NULL if it is not there.  It stays until the next keep or drop. */
struct answer *answers_find(struct answers *answers, struct slice key);
/*
 * A copy of it with all it points at, in place of one with its key; NULL
 * where there is no room or no memory.
 */
struct answer *answers_keep(
    struct answers *answers, const struct answer *answer);
void answers_drop(struct answers *answers, struct answer *answer);

size_t answers_bytes(const struct answers *answers);
size_t answers_count(const struct answers *answers);

#endif
