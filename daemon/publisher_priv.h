/* What the files of the publisher share: publisher*.c. */
#ifndef MISU_PUBLISHER_PRIV_H
#define MISU_PUBLISHER_PRIV_H

#include "answers.h"
#include "codec/ask.h"
#include "codec/http_head.h"
#include "codec/tally.h"
#include "codec/view.h"
#include "conf.h"
#include "net/jis.h"
#include "net/loop.h"
#include "net/rate.h"
#include "net/rdap_server.h"
#include "net/whois_server.h"
#include "net/wire_stream.h"
#include "publisher.h"
#include "publisher_file.h"
#include "store/view.h"

struct publisher {
	struct loop *loop;
	struct wire_stream *parent;
	struct setup *setup; /* where things are: a glance at misu.conf */
	const char *view_path;
	struct view *view; /* NULL: it could not be opened yet */
	struct publisher_file file; /* which one that is */
	struct rate *rate;
	struct answers *answers;
	struct arena *scratch; /* of a look at the view */
	struct whois_server *whois; /* NULL: no port yet */
	struct rdap_server *rdap;
	/* The time as answers write it, for one second. */
	int64_t second;
	char date[DATE_SIZE], http_date[HTTP_DATE_LEN + 1];
	struct arena *arena; /* of what the parent told last */
	struct conf *conf;   /* NULL: nothing yet */
	/* publisher_tier.c; no line: the keeper is down */
	struct wire_stream *keeper;
	struct waiting *waiting; /* for the keeper's answer */
	size_t waiting_count;
	uint64_t last_number;
	struct loop_timer *waiting_timer;
	struct jis *jis; /* NULL: this system has no ISO-2022-JP */
	struct tally tally; /* what the keeper has not been told yet */
	struct loop_timer *tally_timer;
	bool ready, broken, has_landlock, tally_waits;
};

/* Why there is no answer, or FOUND. */
enum looked_up {
	FOUND,
	NOT_FOUND,
	NOT_NOW, /* it is being decided anew, or the view cannot be read */
	TOO_MANY /* the asker has had all it may have today */
};

/* What was found, and what an answer made of it can be kept by. */
struct publisher_found {
	struct view_row row;
	enum role role;      /* the contact's whose handle it was */
	uint64_t entry;      /* of the row */
	uint64_t generation; /* of the view before it was read */
	bool personal;
	unsigned wait; /* TOO_MANY: seconds until it may be told more */
};

/* What is published of what was asked for; texts in the arena. */
enum looked_up publisher_find(struct publisher *publisher,
    const struct ask *ask, const struct prefix *asker, struct arena *arena,
    struct publisher_found *out);

/* A name server that some published object has. */
struct publisher_server {
	struct publication it;   /* its name, in both forms, and no more */
	struct values addresses; /* of the domain it belongs to, if any */
	bool is_ours;		 /* it is in a domain that is published here */
};
enum looked_up publisher_find_server(struct publisher *publisher,
    struct slice name, struct arena *arena, struct publisher_server *out);

/* The view, if it was not there before. */
bool publisher_open(struct publisher *publisher, struct fail *fail);

/* The view's row alone, without what it says being read. */
bool publisher_look(struct publisher *publisher, const struct ask *ask,
    struct arena *arena, struct view_found *found, struct fail *fail);

/*
 * May this be told, too, of what the asker may be told in a day?  Else *wait
 * is in seconds.
 */
bool publisher_may_tell(struct publisher *publisher,
    const struct prefix *asker, bool personal, unsigned *wait);

/* Is anything of a person told? */
bool publisher_is_personal(const struct publication *it);

/*
 * What stands around a network, as far as the asker may be told of it today:
 * publisher_network.c.
 */
bool publisher_relatives(struct publisher *publisher,
    const struct prefix *asker, struct arena *arena, struct publication *it,
    struct fail *fail);

/* May it ask once more?  Else *wait is in seconds. */
bool publisher_may_ask(
    struct publisher *publisher, const struct prefix *asker, unsigned *wait);

/* Unix seconds. */
int64_t publisher_now(const struct publisher *publisher);

/* --- answers that were made before: publisher_kept.c ---------------------- */

/*
 * What was kept under this key, if the view still says so, with the time as
 * it is now; NULL: it has to be made.  It stays until the next is kept.
 */
const struct answer *publisher_kept(
    struct publisher *publisher, struct slice key);

/*
 * Keep these bytes, which were just made of what was found; head and the
 * places of the times as in `made`.
 */
void publisher_keep(struct publisher *publisher, const struct ask *ask,
    const struct publisher_found *found, const struct answer *made);

/* Behind `key`: how it is asked for, in one spelling. */
void publisher_key(struct text *key, const struct ask *ask);

/* The time now, in both spellings, in publisher->date and ->http_date. */
void publisher_set_clock(struct publisher *publisher);

/* Each takes the socket over, in place of the one there was. */
bool publisher_whois_open(
    struct publisher *publisher, int fd, struct fail *fail);
bool publisher_rdap_open(
    struct publisher *publisher, int fd, struct fail *fail);

/* --- publisher_rdap.c */

/*
 * The block of who asks: the peer's, or where that is a proxy on this machine
 * the one that it names last in X-Forwarded-For.  False: no address.
 */
bool publisher_asker(const struct sockaddr *from, struct slice forwarded,
    struct prefix *asker);
/* Is the peer on this machine? */
bool publisher_is_here(const struct prefix *peer);

struct rdap_options;
struct rdap_options publisher_rdap_options(const struct publisher *publisher);

/* --- publisher_tally.c: what the public asked, for GET /metrics */

void publisher_count(struct publisher *publisher,
    enum tally_protocol protocol, enum tally_result result);
void publisher_count_close(struct publisher *publisher);

/* --- publisher_tier.c */

/* A line to the keeper, in place of the one there was. */
void publisher_tier_connect(struct publisher *publisher, int fd);
void publisher_tier_close(struct publisher *publisher);

/* Is it for an object, with an Authorization header? */
bool publisher_tier_is_asked(
    const struct rdap_request *request, const struct ask *ask);
/* Answer it, now or later; the request is the callee's from here on. */
void publisher_tier_ask(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct rdap_request *request);

/* The object that has a contact of this handle, if that is published. */
bool publisher_object_of(struct publisher *publisher, struct slice handle,
    struct arena *arena, struct view_row *row);
/* The role in which a contact asked for by its handle stands. */
bool publisher_find_role(
    const struct publication *it, const struct ask *ask, enum role *role);

#endif
