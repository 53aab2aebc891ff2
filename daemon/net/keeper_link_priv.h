/*
 * What keeper_link.c (fetches, commits, the line) and keeper_outcome.c (how
 * what was acknowledged ended) share.
 */
#ifndef MISU_KEEPER_LINK_PRIV_H
#define MISU_KEEPER_LINK_PRIV_H

#include "codec/wire.h"
#include "net/keeper_link.h"

enum {
	PENDING_HEADS = 1024,
	PENDING_MAX = 8192, /* asked and not answered */
	OPENED_HEADS = 1024,
	OPENED_MAX = 65536, /* sealed, and how it ended not noted yet */
	ABANDONED_MAX = 1024,
};

/*
 * A sealed entry from its acknowledgement until the keeper has noted how it
 * ended.  It is taken with the commit, so that no outcome fails for want of
 * memory.
 */
struct opened {
	struct opened *next; /* in its bucket, or in a queue */
	uint64_t entry;
	uint64_t number; /* the commit's, then the outcome's */
	int64_t told;	 /* when, Unix ms */
	enum keeper_end end;
	enum keeper_store store;
	unsigned code;
	enum object_type type;
	char *registered; /* or NULL: struct keeper_outcome has it */
	size_t registered_len;
	char *message; /* an abandoned commit, to be said again; or NULL */
	size_t message_len;
	size_t room, len; /* of the object's name */
	char name[];
};

struct opened_queue {
	struct opened *first, **last;
};

struct pending;

struct keeper_link {
	struct keeper_link_options o;
	bool is_up;
	uint64_t id;	 /* random: with a number, it names a request */
	uint64_t number; /* of the last request or outcome */
	struct arena *scratch;

	struct pending *heads[PENDING_HEADS];
	struct pending *oldest, *newest;
	size_t pending_count;
	size_t tells; /* pending, of keeper_tell() */
	struct loop_timer *timer;
	bool timer_set;

	struct opened *opened[OPENED_HEADS]; /* by entry: not ended yet */
	struct opened_queue ended;	     /* not noted yet */
	struct opened_queue abandoned;	     /* nobody waits for them */
	size_t opened_count, abandoned_count;
};

/* Carry a message if the keeper is there; it is away if that fails. */
bool link_send(struct keeper_link *link, const struct wire_message *message);
bool link_send_late(
    struct keeper_link *link, const struct wire_message *message);
bool link_carry(struct keeper_link *link, struct slice message);

int64_t link_now(const struct keeper_link *link);
/* The timer fires by then at the latest. */
void link_wait(struct keeper_link *link, int64_t delay);

/* --- keeper_outcome.c --- */

/*
 * With room for the object's name.  NULL with a fail: no memory, or too many
 * wait for their end.
 */
struct opened *opened_create(
    struct keeper_link *link, size_t room, struct fail *fail);
/* NULL-safe.  It was not sealed after all. */
void opened_drop(struct keeper_link *link, struct opened *opened);
void opened_is_sealed(
    struct keeper_link *link, struct opened *opened, uint64_t entry);

/*
 * What was said of it is said again to the next keeper, which answers whether
 * it is recorded: it makes no second entry.
 */
void opened_keep(struct opened *opened, struct slice message);
/* Nobody waits any more for the answer to this commit. */
void opened_abandon(
    struct keeper_link *link, struct opened *opened, uint64_t number);
/* The answer came after all: what was sealed was not sent. */
void opened_late(
    struct keeper_link *link, const struct wire_committed *committed);

void outcomes_noted(
    struct keeper_link *link, const struct wire_numbers *numbers);
/* Tell the keeper which entries are open, and what it has not noted. */
void outcomes_resume(struct keeper_link *link);
/* Say again what was not noted in time; false: nothing waits. */
bool outcomes_retry(struct keeper_link *link);
void outcomes_init(struct keeper_link *link);
void outcomes_finish(struct keeper_link *link);

#endif
