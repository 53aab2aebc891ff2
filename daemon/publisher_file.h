/* The publisher's look at the files of the view that it has open. */
#ifndef MISU_PUBLISHER_FILE_H
#define MISU_PUBLISHER_FILE_H

#include <stdint.h>

#include "base/fail.h"
#include "net/loop.h"

struct publisher;

struct publisher_file_id {
	bool is_there;
	uint64_t device, inode;
};

struct publisher_file {
	struct loop_timer *timer;
	struct publisher_file_id view, mark;
};

/* Before the view is opened: which files stand there. */
void publisher_file_note(const char *view_path, struct publisher_file *out);
/* Does another stand in the place of either, or where there was none? */
bool publisher_file_changed(
    const char *view_path, const struct publisher_file *had);

/* Once the view is open; ends the process when that is so. */
bool publisher_file_watch(struct publisher *publisher, struct fail *fail);
void publisher_file_close(struct publisher *publisher);

#endif
