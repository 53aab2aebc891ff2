/* What spool.c and spool_forget.c share. */
#ifndef MISU_SPOOL_PRIV_H
#define MISU_SPOOL_PRIV_H

#include "store/spool.h"
#include "store/sqlite.h"

struct spool_forget_statements {
	struct statement *page, *drop_request, *drop_item, *drop_orphans, *set,
	    *get, *each, *end, *oldest, *fill, *unfill;
};

struct spool {
	struct sqlite *db;
	const struct random_source *random;
	uint8_t key[KEY_SIZE];	    /* payloads, names, answers */
	uint8_t hash_key[KEY_SIZE]; /* objects, so that they can be found */
	uint64_t mark, line_mark;
	struct statement *begin, *commit, *rollback, *add, *add_request,
	    *set_mark, *find_request, *find_submission, *get, *set_state,
	    *finish, *recover, *set_retry, *outdate, *outdate_item, *waits,
	    *refused, *follows, *each, *each_of, *due, *next_due, *count,
	    *prune_items, *prune_requests, *set_line_mark, *find_content, *has_held,
	    *spend;
	struct spool_forget_statements forget;
};

bool spool_forget_prepare(struct spool *spool, struct fail *fail);

#endif
