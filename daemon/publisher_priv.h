/* What the files of the publisher share: publisher*.c. */
#ifndef MISU_PUBLISHER_PRIV_H
#define MISU_PUBLISHER_PRIV_H

#include "codec/ask.h"
#include "codec/view.h"
#include "conf.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/rate.h"
#include "net/whois_server.h"
#include "publisher.h"
#include "store/view.h"

struct wire_stream;

struct publisher {
	struct loop *loop;
	struct wire_stream *parent;
	struct setup *setup; /* where things are: a glance at misu.conf */
	const char *view_path;
	struct view *view; /* NULL: it could not be opened yet */
	struct rate *rate;
	struct whois_server *whois; /* NULL: no port yet */
	struct http_server *rdap;
	struct arena *arena; /* of what the parent told last */
	struct conf *conf;   /* NULL: nothing yet */
	bool ready, broken, has_landlock;
};

/* Why there is no answer, or FOUND. */
enum looked_up {
	FOUND,
	NOT_FOUND,
	NOT_NOW, /* it is being decided anew, or the view cannot be read */
	TOO_MANY /* the asker has had all it may have today */
};

/*
 * What is published of what was asked for; texts in the arena.  *role is the
 * contact's whose handle it was.
 */
enum looked_up publisher_find(struct publisher *publisher,
    const struct ask *ask, const struct prefix *asker, struct arena *arena,
    struct view_row *row, enum role *role);

/* May it ask once more?  Else *wait is in seconds. */
bool publisher_may_ask(
    struct publisher *publisher, const struct prefix *asker, unsigned *wait);

/* Unix seconds. */
int64_t publisher_now(const struct publisher *publisher);

/* Each takes the socket over, in place of the one there was. */
bool publisher_whois_open(
    struct publisher *publisher, int fd, struct fail *fail);
bool publisher_rdap_open(
    struct publisher *publisher, int fd, struct fail *fail);

#endif
