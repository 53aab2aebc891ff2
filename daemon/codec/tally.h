/*
 * How many questions of the public were answered, and how: the publisher
 * counts, and tells the keeper now and then what came since on its line
 * (codec/tier.h), where GET /metrics has the sums.
 */
#ifndef MISU_TALLY_H
#define MISU_TALLY_H

#include "base/text.h"

enum { TALLY_MESSAGE = 'n' };

enum tally_protocol { TALLY_WHOIS, TALLY_RDAP, TALLY_PROTOCOLS };

enum tally_result {
	TALLY_TOLD,
	TALLY_NONE,    /* there is no such object */
	TALLY_LIMITED, /* asked too often, or had all of a day */
	TALLY_REFUSED, /* no question that is answered here */
	TALLY_FAILED,  /* not now */
	TALLY_RESULTS
};

struct tally {
	uint64_t counts[TALLY_PROTOCOLS][TALLY_RESULTS];
};

/* What an HTTP status means. */
enum tally_result tally_of_status(int status);

/* Numbers with a blank between them, without the message's letter. */
void tally_write(struct text *out, const struct tally *tally);
/* Adds what a message says; false, and nothing is added, if it is none. */
bool tally_add(struct tally *sum, struct slice message);

void tally_metrics(struct text *out, const struct tally *tally);

#endif
