/*
 * What the files of the auditor share: auditor.c (the process and its lines),
 * auditor_queue.c (one question at a time to a server, and not too many) and
 * auditor_find.c (which server has an object where misu.conf does not say).
 */
#ifndef MISU_AUDITOR_PRIV_H
#define MISU_AUDITOR_PRIV_H

#include "auditor.h"
#include "codec/audit_line.h"
#include "codec/bootstrap.h"
#include "codec/json.h"
#include "conf.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "net/srv_client.h"

enum {
	ASKS_MAX = 1024, /* questions that wait */
	FOUND_MAX = 64,	 /* TLDs whose server is remembered */
	BOOTSTRAPS = 3,
};

struct wire_stream;
struct server;

/* One question of the keeper's, in an arena of its own. */
struct asked {
	struct auditor *auditor;
	struct asked *next;
	struct arena *arena;
	struct audit_ask ask;
	struct slice where;    /* the server; in the arena */
	struct server *server; /* whose turn it waits for */
	bool dropped;	       /* nobody waits for the answer any more */
	bool again;	       /* it was put off once */
};

/* What SRV said of a TLD. */
struct found {
	char tld[64];
	struct srv_answer answer;
	int64_t until; /* ms */
};

struct bootstrap_kept {
	struct arena *arena; /* NULL: not read */
	struct bootstrap bootstrap;
	int64_t changed; /* of the file; Unix seconds */
	int64_t looked;	 /* ms */
	bool told;	 /* that it is old, or cannot be read */
};

struct auditor {
	struct loop *loop;
	struct wire_stream *parent, *keeper; /* keeper NULL: no line to it */
	struct setup *setup; /* where things are: a glance at misu.conf */
	/* Of misu.conf as it was at the start: what the sandbox lets it read.
	 */
	const char *bootstrap, *authority; /* NULL: none */
	struct arena *arena;		   /* of what the parent told last */
	struct conf *conf;		   /* NULL: nothing yet */
	struct http_client *client;
	struct srv_client *srv; /* NULL: not needed yet, or none */
	void *from_jis;		/* iconv_t, or NULL */
	struct server *servers;
	struct asked *finding; /* those whose server is being looked for */
	size_t waiting;
	struct found found[FOUND_MAX];
	size_t found_next;
	struct bootstrap_kept kept[BOOTSTRAPS];
	bool ready, broken, has_landlock;
};

static inline int64_t
auditor_now(const struct auditor *auditor)
{
	return auditor->loop->operations->now(auditor->loop);
}

/* --- auditor.c ----------------------------------------------------------- */

/* Tell the keeper, and forget the question. */
void auditor_tell(struct asked *asked, struct audit_told *told);
void auditor_tell_end(
    struct asked *asked, enum audit_end end, const char *reason);

/* --- auditor_queue.c ----------------------------------------------------- */

/* asked->where says which server: it gets its turn there. */
void auditor_queue(struct asked *asked);
/* Nobody waits any more. */
void auditor_queue_drop(struct auditor *auditor);
void auditor_queue_finish(struct auditor *auditor);

/* --- auditor_find.c ------------------------------------------------------ */

/* Then it is queued, or the keeper is told that nobody has it. */
void auditor_find(struct asked *asked);
/* misu.conf was read anew: what another resolver said counts no more. */
void auditor_find_apply(
    struct auditor *auditor, const struct conf *before, const struct conf *now);
void auditor_find_finish(struct auditor *auditor);

#endif
