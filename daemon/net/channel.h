/*
 * A channel carries sealed bytes to one recipient: file and desk now; EPP,
 * SMTP, HTTPS and the public view fit the same four verbs.  A channel takes
 * nothing but a struct sealed, never decides, and never repeats a delivery
 * whose answer was lost: it says `unknown`, and the courier asks status().
 *
 * Encoding comes earlier and is pure (codec/template.h, codec/workitem.h):
 * the ledger entry covers the exact bytes.
 */
#ifndef MISU_CHANNEL_H
#define MISU_CHANNEL_H

#include "net/loop.h"
#include "store/disk.h"
#include "store/seal.h"

enum delivery {
	DELIVERY_SENT,    /* the recipient has it, or the work is done */
	DELIVERY_ACCEPTED, /* it waits for someone: a desk item was laid out */
	DELIVERY_REFUSED, /* the recipient said no: do not try again */
	DELIVERY_LATER,   /* nothing left; try again */
	DELIVERY_UNKNOWN, /* it may have left; find out before anything else */
	DELIVERY_NOT_SENT, /* status(): there is evidence that nothing left */
	/*
	 * What is newer stands there: it will not be told.  By status() it may
	 * have been, before.
	 */
	DELIVERY_SUPERSEDED,
	DELIVERY_COUNT
};

/* The fail explains LATER, REFUSED and UNKNOWN to an operator; no values. */
typedef void channel_done(
    void *arg, enum delivery delivery, const struct fail *fail);

struct channel;

struct channel_operations {
	const char *name; /* "file": as misu.conf and the ledger write it */
	/*
	 * Begin one delivery.  `sealed` is borrowed until `done`, which may
	 * be called from within or later from the loop.  The sending mark is durable before this.
	 */
	void (*submit)(struct channel *channel, const struct sealed *sealed,
	    channel_done *done, void *arg);
	/* What became of an earlier delivery of this entry, by evidence. */
	void (*status)(struct channel *channel, const struct sealed *sealed,
	    channel_done *done, void *arg);
	/*
	 * End those under way now, calling `done`: before a reload, so that
	 * two channels never write in one place.  NULL: none ever wait.
	 */
	void (*flush)(struct channel *channel);
	/*
	 * No more submits come: end those under way, calling `done`, and free
	 * everything.
	 */
	void (*stop)(struct channel *channel);
};

struct channel {
	const struct channel_operations *operations;
};

/* What makes a channel for one recipient: the `start` verb of each kind. */
struct channel_options {
	struct loop *loop;
	struct disk *disk;
	const char *recipient; /* the recipient's id */
	const char *directory; /* file: where; desk: where items lie */
	const char *suffix;    /* file: ".txt", ".json" */
	struct view *view;     /* view: borrowed */
	const int64_t *epoch;  /* view: in which is decided now */
};

struct channel *channel_file_start(
    const struct channel_options *options, struct fail *fail);
/* The public view, which belongs to the caller; see engine_options. */
struct view;
struct channel *channel_view_start(
    const struct channel_options *options, struct fail *fail);
struct channel *channel_desk_start(
    const struct channel_options *options, struct fail *fail);

const char *delivery_name(enum delivery delivery);

#endif
