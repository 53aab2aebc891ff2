/*
 * Reads records out of files: one JSON value after the other, on a line of
 * its own or over many.  It only finds where each ends; misu reads them.
 */
#ifndef MISU_CTL_RECORDS_H
#define MISU_CTL_RECORDS_H

#include <stdio.h>

#include "base/fail.h"
#include "base/slice.h"

enum { CTL_RECORD_MAX = 1024 * 1024 };

struct ctl_records {
	char *const *names; /* files, "-": standard input; NULL ends them */
	FILE *file;
	const char *name; /* of the open file */
	char stamp[64];   /* tells this state of the file from any other */
	unsigned long line, first_line; /* now; where the record began */
	unsigned long long bytes;       /* read so far, of all files */
};

/*
 * The next record, to be freed; false at the end, or with a fail.  `place`
 * gets "file:line".
 */
bool ctl_records_next(struct ctl_records *records, struct slice *out,
    char place[128], struct fail *fail);
void ctl_records_close(struct ctl_records *records);

#endif
