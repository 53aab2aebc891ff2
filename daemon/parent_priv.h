/* What the files of the parent share. */
#ifndef MISU_PARENT_PRIV_H
#define MISU_PARENT_PRIV_H

#include <sys/types.h>

#include "line.h"
#include "net/loop.h"
#include "net/wire_stream.h"
#include "parent.h"

enum {
	WORKERS_MAX = 64,
	BACKOFF_FIRST = 100, /* ms */
	BACKOFF_LONGEST = 30 * 1000,
	BACKOFF_FORGET = 10 * 1000, /* ready so long: all is well again */
	LINE_GRACE = 2000, /* from the end of its line to its own */
	WORKER_DRAIN = 15 * 1000,
	READER_DRAIN = 5 * 1000,
	KEEPER_DRAIN = 30 * 1000,
	START_LONGEST = 300 * 1000, /* a keeper that replays its journal */
};

/* Events of the keeper's line come before those of workers (SETUP). */
enum { PRIORITY_KEEPER, PRIORITY_WORKER, PRIORITIES };

struct event;

enum child_kind {
	CHILD_KEEPER,
	CHILD_WORKER,
	/* Those that only read: misu.conf says whether they are there. */
	CHILD_CONSOLE,
	CHILD_PUBLISHER,
	CHILD_AUDITOR,
	CHILD_KINDS
};

enum { READERS = CHILD_KINDS - CHILD_CONSOLE };

struct child {
	struct parent *parent;
	enum child_kind kind;
	unsigned number; /* of a worker, from 1 */
	pid_t pid;       /* 0: none */
	struct wire_stream *line;
	struct loop_timer *timer; /* to start it again, or to kill it */
	int64_t backoff, started; /* ms */
	bool ready;     /* it serves */
	bool told_down; /* its end is in the log */
	bool unwanted;  /* misu.conf has it no more */
};

/*
 * A port, whose it is and what it is called there: for workers the upstream,
 * for the publisher "whois" or "rdap".
 */
struct listener {
	struct listener *next;
	int fd;
	enum child_kind kind;
	struct slice name, address; /* own copies, in `text` */
	char text[];
};

struct parent {
	struct setup_given given;
	bool debug;
	struct setup *setup;
	struct loop *loop;
	int program; /* this executable, to be run again */
	struct event *signals[4];
	struct child keeper, workers[WORKERS_MAX];
	unsigned worker_count; /* that are to run */
	struct child readers[READERS]; /* none: no parent in it */
	/*
	 * What was last good: misu.conf with its length, as publisher and
	 * auditor get it, and behind it what the console gets, too (line.h).
	 */
	char *settings;
	size_t settings_len, settings_conf_len;
	struct listener *listeners;
	struct loop_timer *listen_timer, *day_timer;
	unsigned deaf; /* how often it could not listen since a reload */
	struct loop_timer *watchdog_timer;
	int64_t watchdog; /* ms; 0: none */
	bool pinged;      /* and not answered */
	bool serving;     /* all were ready once */
	bool stopping, failed;
};

static inline int64_t
parent_now(struct parent *parent)
{
	return parent->loop->operations->now(parent->loop);
}

/* --- parent.c ----------------------------------------------------------- */

/* A message of a child. */
bool parent_received(struct child *child, char kind, struct slice text);

/* It serves, or it is gone. */
void parent_child_ready(struct child *child);
void parent_child_gone(struct child *child, bool well);

void parent_stop(struct parent *parent);

/* --- parent_child.c ----------------------------------------------------- */

bool child_init(struct child *child, struct parent *parent,
    enum child_kind kind, unsigned number);
void child_finish(struct child *child);

/* If it cannot be started it is tried again later. */
void child_start(struct child *child);

/* Those that have ended. */
void child_reap(struct parent *parent);

/* Say stop; after `patience` ms it is killed. */
void child_stop(struct child *child, int64_t patience);

void child_kill(struct child *child);
bool child_tell(struct child *child, char kind, struct slice text, int fd);

/* A line between the keeper and this child, if both are there. */
void child_connect(struct parent *parent, struct child *child);

/* --- parent_files.c ----------------------------------------------------- */

/* Open what misu.conf wants and is not open, close what it wants no more. */
bool parent_listen(struct parent *parent, struct fail *fail);
/* Once, before the next; false: no memory. */
bool parent_may_listen_again(struct parent *parent);
/* Certificates that run out are told of each day. */
bool parent_watch_certificates(struct parent *parent);
/*
 * After a reload, and when readers have been told of it, so that they have
 * closed what is no more theirs; what cannot be had yet is tried again.
 */
void parent_listen_anew(struct parent *parent);
void parent_close_listeners(struct parent *parent);

/* Give a child the listening sockets that are its. */
void parent_give_sockets(struct child *child);

/* misu.conf may have changed; if it cannot be read all stays as it is. */
void parent_read_setup(struct parent *parent);

/* How many workers misu.conf wants. */
unsigned parent_workers_wanted(const struct parent *parent);

void parent_give_secret(struct child *worker, struct slice asked);

/* --- parent_readers.c --------------------------------------------------- */

/* What misu.conf says of them, made ready; before they are started. */
bool parent_readers_read(struct parent *parent, struct fail *fail);

/* At the end: nothing of what they were told stays in memory. */
void parent_readers_forget(struct parent *parent);

/* Start, tell or stop each, as misu.conf now wants. */
void parent_readers_run(struct parent *parent);

/* Are all that are wanted ready?  Have all ended? */
bool parent_readers_ready(const struct parent *parent);
bool parent_readers_gone(const struct parent *parent);

void parent_readers_stop(struct parent *parent);
void parent_readers_kill(struct parent *parent);

/* To one that was just started. */
void parent_reader_tell(struct child *reader);

/* As the log and the process list name a kind. */
const char *child_kind_name(enum child_kind kind);

#endif
