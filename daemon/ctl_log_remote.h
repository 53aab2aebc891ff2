/*
 * misuctl log of a misu that is asked over HTTPS (ctl_remote.h): the console
 * there reads the log, page by page.  It has no keys, and shows no names.
 */
#ifndef MISU_CTL_LOG_REMOTE_H
#define MISU_CTL_LOG_REMOTE_H

#include "core/entry_print.h"
#include "core/query.h"
#include "ctl.h"

struct ctl_log_remote {
	struct ctl *ctl;
	const struct query *query;
	int64_t limit;	    /* entries; 0: all */
	const char *cursor; /* of the page before; NULL: from the start */
	bool follow;	    /* and for ever after */
	bool (*show)(void *context, const struct entry_shown *shown);
	void *context;
};

/* What to exit with, after a complaint if it is not CTL_OK. */
int ctl_log_remote_run(const struct ctl_log_remote *remote);

#endif
