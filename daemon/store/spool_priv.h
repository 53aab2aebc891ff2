/* What spool.c, spool_forget.c and spool_told.c share. */
#ifndef MISU_SPOOL_PRIV_H
#define MISU_SPOOL_PRIV_H

#include "store/spool.h"
#include "store/sqlite.h"

struct spool_forget_statements {
	struct statement *page, *page_open, *drop_request, *drop_item, *drop_orphans, *set,
	    *get, *each, *end, *oldest, *fill, *unfill;
};

struct spool_told_statements {
	struct statement *any, *add, *end, *find, *keep, *doubt, *doubt_all,
	    *remove, *get, *move, *page, *drop;
};

struct spool {
	struct sqlite *db;
	const struct random_source *random;
	uint8_t key[KEY_SIZE];	    /* payloads, names, answers */
	uint8_t hash_key[KEY_SIZE]; /* objects, so that they can be found */
	uint64_t mark, line_mark;
	struct statement *begin, *commit, *rollback, *add, *add_request,
	    *set_mark, *find_request, *find_submission, *get, *set_state,
	    *finish, *recover, *set_retry, *bring_near, *outdate,
	    *outdate_item, *waits, *refused, *stays, *follows, *each, *each_of, *due, *next_due, *count,
	    *prune_items, *prune_requests, *set_line_mark, *find_content, *has_held,
	    *spend;
	struct spool_forget_statements forget;
	struct spool_told_statements told;
	bool tells; /* some item may say what its recipient holds then */
};

struct digest spool_object_hash(
    const struct spool *spool, int type, struct slice object);

bool spool_forget_prepare(struct spool *spool, struct fail *fail);

bool spool_told_prepare(struct spool *spool, struct fail *fail);
/* The item was added; it comes to its end, and has its old state still. */
bool spool_told_begin(
    struct spool *spool, const struct spool_item *item, struct fail *fail);
bool spool_told_end(struct spool *spool, int64_t id, enum spool_state state,
    struct fail *fail);

#endif
