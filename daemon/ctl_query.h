/*
 * What misuctl's commands that ask the ledger have in common: a query from
 * arguments and options, keys where they may be read, and a running misu that
 * writes down that it was asked.
 */
#ifndef MISU_CTL_QUERY_H
#define MISU_CTL_QUERY_H

#include "core/query.h"
#include "ctl.h"
#include "store/keys.h"

enum { CTL_QUERY_WORDS_MAX = 64 };

struct ctl_query {
	struct ctl *ctl;
	struct query query;
	struct disk *disk;
	const char *directory; /* the ledger's */
	const char *index;     /* its index; NULL: of another ledger */
	struct keys *keys;     /* NULL: names stay unknown */
	int zone;	       /* minutes that days are ahead of UTC */
	bool live;	       /* a misu runs on this ledger */
	/* As given, until it is prepared. */
	struct {
		const char *option; /* NULL: words of a query */
		enum query_key key;
		const char *value;
	} words[CTL_QUERY_WORDS_MAX];
	size_t word_count;
	const char *zone_word;
};

enum ctl_query_took { CTL_NOT_MINE, CTL_ONE, CTL_TWO };

/*
 * Is this argument a word of a query or an option of it?  How many arguments
 * it took; the caller looks at the others.
 */
enum ctl_query_took ctl_query_take(
    struct ctl_query *query, const char *argument, const char *next);

/*
 * All arguments: `own` takes what is none of the query's (`next` NULL: it is
 * the last).  False if neither does.
 */
bool ctl_query_take_all(struct ctl_query *query, int argc, char **argv,
    enum ctl_query_took (*own)(
	void *context, const char *argument, const char *next),
    void *context);

/*
 * Parse, find keys, turn subjects into pseudonyms.  CTL_OK, or what to exit
 * with after a complaint; ctl_query_finish() is due in both cases.
 */
int ctl_query_prepare(struct ctl_query *query);
void ctl_query_finish(struct ctl_query *query);

/* The keys, for whoever may read the master key; NULL for others. */
struct keys *ctl_query_keys(
    struct ctl *ctl, struct disk *disk, struct fail *fail);

/*
 * A running misu says which pseudonym a subject has, and writes down that it
 * was asked.  CTL_OK, or what to exit with after a complaint; `id` ends in NUL.
 */
int ctl_query_pseudonym(struct ctl *ctl, struct slice id, struct slice *out);

#endif
