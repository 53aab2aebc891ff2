/*
 * What misuctl's commands on the ledger's own files share: the files, the
 * keys where the master key may be read, and the kept policies.
 */
#ifndef MISU_CTL_OPENED_H
#define MISU_CTL_OPENED_H

#include "core/ruleset.h"
#include "ctl.h"
#include "store/keys.h"
#include "store/log_query.h"
#include "store/log_reader.h"

struct ctl_policy;

struct ctl_opened {
	struct ctl *ctl;
	const char *ledger, *policies; /* directories */
	const char *index;	       /* file, there or not */
	struct disk *disk;
	struct log_reader *log;
	struct keys *keys;	   /* NULL: names stay unknown */
	bool live;		   /* a misu runs on this ledger */
	struct ctl_policy *loaded; /* each once */
};

/* False after a complaint; ctl_opened_close() either way. */
bool ctl_opened_open(struct ctl_opened *opened, struct ctl *ctl);
void ctl_opened_close(struct ctl_opened *opened);

/*
 * The policy of these identities, or NULL; `*missing` then says why.  It lives
 * as long as the ctl.
 */
const struct ruleset *ctl_opened_policy(struct ctl_opened *opened,
    const struct digest *policy, const struct digest *setup,
    struct slice *missing);

/*
 * A query of the ledger, to be completed: its index is asked, if there is one
 * that fits.
 */
struct log_query ctl_opened_query(const struct ctl_opened *opened,
    bool (*show)(void *context, const struct entry_shown *shown),
    void *context);

/*
 * That names of objects are shown is written down by a misu that runs.  False
 * after a complaint.
 */
bool ctl_opened_reveal(struct ctl_opened *opened);

/* "2026-04-01" or an RFC 3339 time, in Unix ms. */
bool ctl_parse_time(const char *text, int64_t *out);

#endif
