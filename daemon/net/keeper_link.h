/*
 * A worker's line to the keeper.  The worker decides and encodes; the keeper
 * decides the same again from the same record and random bytes, writes the
 * entry with the record for the vault, and acknowledges what is durable.  Only
 * from such an acknowledgement does a worker get a sealed (store/seal.h).
 *
 * What is asked and not answered when the keeper goes away is asked again
 * under the same request id when it is back, so no entry is made twice; what
 * waits longer than KEEPER_PATIENCE fails with FAIL_WORLD: not recorded, not
 * sent.  Outcomes are kept until the keeper has acknowledged them.
 *
 * No socket here: messages are bytes that the owner carries.
 */
#ifndef MISU_KEEPER_LINK_H
#define MISU_KEEPER_LINK_H

#include "core/decide.h"
#include "net/loop.h"
#include "store/keys.h"
#include "store/seal.h"

enum { KEEPER_PATIENCE = 5000 /* ms */, KEEPER_OBJECTS_MAX = 80 };

struct keeper_link;

/* An object of the vault: OBJECT_CONTACT "pir/C1", OBJECT_DOMAIN a name. */
struct keeper_object {
	enum object_type type;
	struct slice name;
};

struct keeper_held {
	/* What the registry is known to have; NULL: nothing is known. */
	struct record *current;
	/* What it was sent without an answer (yet): judge by this too. */
	struct record *proposed;
	/* No answer to that is awaited any more: made or not, nobody knows. */
	bool in_doubt;
	uint64_t seen; /* for the commit of what is judged by it */
};

/* In the order asked; `held` is in the asker's arena. */
typedef void keeper_fetched(void *arg, const struct keeper_held *held,
    size_t count, const struct fail *fail);

void keeper_fetch(struct keeper_link *link, struct arena *arena,
    const struct keeper_object *objects, size_t count, keeper_fetched *done,
    void *arg);

enum keeper_store {
	KEEP_NOTHING, /* the record is only what was judged */
	KEEP_RECORD,  /* proposed until the outcome says the registry took it */
	KEEP_HERE,    /* at once: a contact that only misu keeps */
	KEEP_REMOVAL, /* the object goes with a successful outcome; at once
			 where nothing is to be sent */
	KEEP_REGISTERED, /* what the registry says of a domain: of an outcome
			    without an entry */
};

/* One disclosure, as the keeper must see it to decide it again. */
struct keeper_commit {
	const struct disclosure *disclosure;
	const struct record *record; /* merged: what was judged */
	/* How: decide_contact() in this scope, or decide() for this block. */
	const struct decide_scope *scope; /* or NULL */
	const struct block *block;	  /* or NULL */
	const struct decide_given *given;
	struct slice upstream;	/* name in misu.conf: part of the hold's key */
	struct slice channel;	/* "epp", "epp-shadow", "vault" */
	struct slice principal; /* the backend that asked */
	struct slice payload;	/* exact bytes; empty: held or refused */
	struct digest setup;
	enum keeper_store store;
	const struct record *stored; /* what the vault gets; NULL: `record` */
	int64_t approval;	     /* id of the approved hold, or 0 */
	/*
	 * Of the fetch of the object that is updated, and of the contacts
	 * that a domain names: KEEPER_CHANGED if one is another by now.
	 */
	uint64_t seen;
};

enum keeper_word {
	KEEPER_DURABLE,	 /* sealed for what goes; NULL for what is refused */
	KEEPER_HELD,	 /* a hold was laid out: `id` */
	KEEPER_APPROVED, /* an operator approved this content: decide again
			    with `approved`, commit with approval `id` */
	KEEPER_STALE,	 /* another policy or setup is in force: a new setup
			    was or will be given; decide again under it */
	KEEPER_CHANGED,	 /* what it was judged by changed since it was fetched
			    (struct epp_kept, the object, contacts that it
			    names, where a contact stands): begin anew */
	KEEPER_STOPPED,	 /* durable as refused: a person whose data it shows
			    stopped its provision */
	KEEPER_LOST,	 /* asked, and no answer came: it may be recorded.
			    Nothing of it goes, and an entry will say so.
			    With a fail */
};

struct keeper_committed {
	enum keeper_word word;
	int64_t id;
	uint64_t entry;
	const struct sealed *sealed; /* in the asker's arena */
};

/* `committed` is NULL where a fail says that nothing was recorded. */
typedef void keeper_done(void *arg, const struct keeper_committed *committed,
    const struct fail *fail);

/* Everything is copied into the message; `arena` gets the sealed. */
void keeper_commit(struct keeper_link *link, struct arena *arena,
    const struct keeper_commit *commit, keeper_done *done, void *arg);

/* How it ended.  Exactly one for each KEEPER_DURABLE entry that is sealed. */
enum keeper_end {
	KEEPER_ANSWERED, /* the registry took it: the record is current */
	KEEPER_REFUSED,	 /* it said no: the record is as it was */
	KEEPER_NOT_SENT, /* no byte of it left */
	KEEPER_UNKNOWN,	 /* it may have: the record stays proposed */
};

struct keeper_outcome {
	uint64_t
	    entry; /* UINT64_MAX: none; only the vault's object is touched */
	enum keeper_end end;
	unsigned code;		     /* EPP's; 0: none */
	struct keeper_object object; /* empty name: none was kept */
	enum keeper_store store;
	/*
	 * What the answer said of a domain itself, as a packed record
	 * (epp_response_registration()); copied.  Empty: nothing.
	 */
	struct slice registered;
};

void keeper_outcome(
    struct keeper_link *link, const struct keeper_outcome *outcome);

/*
 * One without an entry, of which the keeper must know before anything is sent:
 * `done` is called once it is durable, or with a fail where the keeper does not
 * answer, who may know of it or not.
 */
typedef void keeper_noted(void *arg, const struct fail *fail);
void keeper_tell(struct keeper_link *link, struct arena *arena,
    const struct keeper_outcome *outcome, keeper_noted *done, void *arg);

/* --- what the keeper asks of a worker --- */

/* A sealed disclosure of the spool for an upstream, to be carried out. */
struct keeper_delivery {
	int64_t id; /* to answer with */
	struct slice upstream;
	struct arena
	    *arena; /* the receiver's to destroy; the sealed is in it */
	const struct sealed *sealed; /* frames: epp_frame_next() */
	bool again; /* find out what became of it, by evidence */
};

/* Something an operator asks: "import", "upstream-status". */
struct keeper_ask {
	int64_t id;
	struct slice verb, text;
};

struct keeper_link_options {
	struct loop *loop;
	const struct random_source *random;
	const struct memory *memory;
	/* Carry one message to the keeper; false: it is away. */
	bool (*send)(void *context, struct slice message);
	/* The same, in its order, for what may wait some ms; NULL: send. */
	bool (*send_late)(void *context, struct slice message);
	/* All sources of a setup; the newest replaces those before. */
	void (*setup)(void *context, struct slice bundle);
	void (*deliver)(void *context, const struct keeper_delivery *delivery);
	void (*ask)(void *context, const struct keeper_ask *ask);
	void *context;
};

/* `delivery` as net/channel.h has it; the fail explains, without values. */
void keeper_delivered(struct keeper_link *link, int64_t id, int delivery,
    const struct fail *fail);
/* More may follow unless `last`; JSON. */
void keeper_answer(struct keeper_link *link, int64_t id, int status,
    struct slice body, bool last);

struct keeper_link *keeper_link_create(
    const struct keeper_link_options *options, struct fail *fail);
void keeper_link_destroy(struct keeper_link *link);
/*
 * Whoever asked is going, and with it the arenas its questions are in: no
 * answer is passed on any more.  What turns out to be sealed was not sent.
 */
void keeper_link_forget(struct keeper_link *link);

/* The keeper is there (again), or went away. */
void keeper_link_up(struct keeper_link *link);
void keeper_link_down(struct keeper_link *link);
bool keeper_link_is_up(const struct keeper_link *link);

/* A message came; false if it is none: the line is then of no use. */
bool keeper_link_receive(struct keeper_link *link, struct slice message);

#endif
