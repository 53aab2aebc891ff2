/* What verify and proof share: a log to read, wherever it is, and its key. */
#ifndef MISU_CTL_SOURCE_H
#define MISU_CTL_SOURCE_H

#include "ctl.h"
#include "net/log_http.h"

struct ctl_source {
	const char *place; /* a directory or a URL */
	bool is_url;
	struct log_source *log;
	struct disk *disk;
	struct log_directory directory;
	struct log_http *http;
};

/* NULL: the ledger of misu.conf.  With a token file, or NULL.  Complains. */
bool ctl_source_open(struct ctl *ctl, struct ctl_source *source,
    const char *place, const char *token_file);
void ctl_source_close(struct ctl_source *source);

/*
 * A verifier key: as it is, or the file that it is in.  {NULL, 0} after a
 * complaint.
 */
struct slice ctl_key(struct ctl *ctl, const char *text);

/* The whole file, for who named it.  False after a complaint. */
bool ctl_file(struct ctl *ctl, const char *path, size_t max, struct slice *out);

/* Written whole or not at all, to a file or, with NULL, standard output. */
bool ctl_write(const char *path, struct slice text);

#endif
