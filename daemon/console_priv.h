/*
 * What the files of the console share.  A new path is a line in the table of
 * console_http.c and a function in a file of its own.
 */
#ifndef MISU_CONSOLE_PRIV_H
#define MISU_CONSOLE_PRIV_H

#include "console.h"
#include "console_keeper.h"
#include "console_witness.h"
#include "net/http_server.h"
#include "net/http_tls.h"
#include "net/loop.h"
#include "core/query.h"
#include "store/log_query.h"
#include "store/log_source.h"

struct console_found;
struct console_waiting;
struct evkeyvalq;
struct text;
struct wire_stream;

struct console {
	struct loop *loop;
	struct disk *disk;
	struct setup *setup;	  /* where things are: a glance at misu.conf */
	const char *ledger;	  /* its directory */
	const char *index;	  /* its index, which the keeper writes */
	const char *index_directory;
	const char *policies; /* as they were kept */
	uint64_t index_inode; /* of the directory that this process reaches */
	struct log_directory log; /* the same, as who reads it sees it */
	struct wire_stream *parent;
	struct console_keeper *keeper;
	struct console_found *found; /* that it said lately; or NULL */
	struct http_server *server;  /* NULL: no port yet */
	struct http_server *operators; /* the same */
	struct http_tls *tls;	       /* of the operators' port; or NULL */
	struct arena *arena;	     /* of what the parent told last */
	struct conf *conf;	     /* NULL: nothing yet */
	struct tokens *auditors;     /* NULL: there are none */
	const char *kept;	     /* directory of what witnesses signed */
	struct witnesses *witnesses; /* NULL: there are none */
	struct console_waiting *waiting; /* for events */
	unsigned waiting_count;
	uint64_t answers[6]; /* by the first digit of the status */
	struct loop_timer *anew; /* set: it ends, to be started anew */
	struct loop_timer *lists; /* when a revocation list is over */
	bool ready, broken, has_landlock, ends;
};

/* An operator, as TLS knows them; what they may the keeper says. */
struct console_operator {
	struct digest certificate;
	char subject[HTTP_TLS_SUBJECT];
};

/* One request, while its handler runs. */
struct console_request {
	struct console *console;
	struct http_request *request; /* outlives this until it is answered */
	struct slice rest;	      /* of the path, behind the route's */
	/* The token's name, or the certificate; empty where none is asked. */
	struct slice auditor;
	const struct console_operator *operator; /* NULL: it is none */
	const struct evkeyvalq *parameters; /* behind the question mark */
	struct arena *arena;  /* ends with the handler */
};

struct console_route {
	const char *path;
	bool below;		 /* and all paths that begin so */
	bool auditor;		 /* a token of the console's is needed */
	bool operators;		 /* can be had at their port, too */
	enum http_method method; /* HTTP_GET: HEAD as well */
	const char *const *parameters; /* that it has, NULL-ended; or NULL */
	void (*run)(struct console_request *asked);
};

/* --- console.c ---------------------------------------------------------- */

/* To be called now and then: does it still reach what it has to read? */
void console_look(struct console *console);

/* --- console_http.c ----------------------------------------------------- */

/* Takes the socket over, in place of the one there was. */
bool console_http_open(struct console *console, int fd, struct fail *fail);

/* All of them, for who compares them with what is written elsewhere. */
const struct console_route *console_routes(size_t *count);

/* A request is looked at, anew where it had to wait. */
void console_respond(void *console, struct http_request *request);

/* Is this a path that operators may read?  Then the operator reads it. */
bool console_is_reading(struct slice path);
void console_read(struct console *console, struct http_request *request,
    const struct console_operator *operator);

/* What the keeper answered: JSON, a problem from 400 on. */
void console_pass_on(
    struct console_request *asked, int status, struct slice body);

/* Answer.  `cache` is the Cache-Control header. */
void console_give(struct console_request *asked, const char *type,
    const char *cache, struct slice body);
/* The detail is a constant: no quotes in it. */
void console_refuse(
    struct console_request *asked, int status, const char *detail);
/* A fail's text, place and hint as a problem. */
void console_fail(
    struct console_request *asked, int status, const struct fail *fail);

/* --- console_orders.c --------------------------------------------------- */

/* The same, for the operators' port. */
bool console_orders_open(struct console *console, int fd, struct fail *fail);
/* The members "certificate" and "subject" of a question (console_line.h). */
void console_add_operator(
    struct text *question, const struct console_operator *operator);
/* See console_respond(). */
void console_orders_respond(void *console, struct http_request *request);
/* The nth order that is only looked at; NULL: there are no more. */
const char *console_orders_look(size_t n);

/* --- console_log.c ------------------------------------------------------ */

void console_log_checkpoint(struct console_request *asked);
void console_log_key(struct console_request *asked);
void console_log_old_keys(struct console_request *asked);
void console_log_tile(struct console_request *asked);
void console_log_entries(struct console_request *asked);

/* --- console_entries.c -------------------------------------------------- */

void console_entries(struct console_request *asked);
void console_events(struct console_request *asked);
/* Those who wait for events get what there is. */
void console_events_end(struct console *console);

/* --- console_stats.c ---------------------------------------------------- */

void console_stats(struct console_request *asked);

/* --- console_why.c ------------------------------------------------------ */

void console_why(struct console_request *asked);

/* --- console_find.c ----------------------------------------------------- */

/* What a query says of objects, in terms of the index. */
struct console_givens {
	struct log_given items[QUERY_TERMS_MAX];
	size_t count;
};

/*
 * Objects go from the query into *out, and subjects become pseudonyms, in the
 * asked one's arena.  False: it was answered, or the keeper is asked first and
 * the request then looked at anew.
 */
bool console_find(struct console_request *asked, struct query *query,
    struct console_givens *out);
/* What was found before is asked for again: rights may have changed. */
void console_find_forget(struct console *console);

/* NULL when the log can be read. */
const char *console_log_trouble(struct console *console, struct arena *arena);

#endif
