/*
 * Witnesses (C2SP tlog-witness): others who look at each checkpoint, see that
 * it goes on from the last one they saw, and sign it too.  This posts the
 * ledger's newest checkpoint to each, holds what they answer against their
 * keys, keeps it, and tries again when they are away.
 */
#ifndef MISU_CONSOLE_WITNESS_H
#define MISU_CONSOLE_WITNESS_H

#include "base/text.h"
#include "conf.h"
#include "net/loop.h"
#include "store/log_source.h"

struct witnesses;

struct witnesses_options {
	struct loop *loop;
	struct disk *disk;
	struct log_directory *log;
	const char *directory; /* where what they signed is kept */
	const struct conf_witness *items;
	size_t count;
};

/* Borrows what the options point to.  NULL with a fail. */
struct witnesses *witnesses_create(
    const struct witnesses_options *options, struct fail *fail);
void witnesses_destroy(struct witnesses *witnesses);

/*
 * The newest checkpoint that one of them signed, with the lines of all who
 * signed it; empty if there is none yet.
 */
struct slice witnesses_checkpoint(
    const struct witnesses *witnesses, struct arena *arena);

/* How far they are, Prometheus text. */
void witnesses_metrics(const struct witnesses *witnesses, struct text *out);

#endif
