/* The publisher's look at the file of the view that it has open. */
#ifndef MISU_PUBLISHER_FILE_H
#define MISU_PUBLISHER_FILE_H

#include <stdint.h>

#include "base/fail.h"
#include "net/loop.h"

struct publisher;

struct publisher_file {
	struct loop_timer *timer;
	uint64_t device, inode;
};

/* After the view was opened; ends the process when another is in its place. */
bool publisher_file_watch(struct publisher *publisher, struct fail *fail);
void publisher_file_close(struct publisher *publisher);

#endif
