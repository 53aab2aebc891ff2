/*
 * Is the view that is open the one that is there?  Who removed it while misu
 * ran, and whose keeper then made another, would be told the old rows for
 * good: another publisher, started anew, has the new one.
 */
#include "publisher_file.h"

#include <sys/stat.h>

#include "log.h"
#include "publisher_priv.h"

enum { LOOK = 1000 }; /* milliseconds */

static bool
id_of(const char *path, struct publisher_file *out)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	out->device = (uint64_t)status.st_dev;
	out->inode = (uint64_t)status.st_ino;
	return true;
}

/* One that is gone and has no successor yet is what the keeper writes, too. */
static void
look(void *arg)
{
	struct publisher *publisher = arg;
	const struct publisher_file *had = &publisher->file;
	struct publisher_file has = *had;

	if (id_of(publisher->view_path, &has) &&
	    (has.inode != had->inode || has.device != had->device)) {
		log_event(LOG_LEVEL_INFO, "publisher-starts-anew", "reason",
		    "the public view was made again", NULL);
		loop_stop(publisher->loop);
		return;
	}
	publisher->loop->operations->timer_set(had->timer, LOOK);
}

bool
publisher_file_watch(struct publisher *publisher, struct fail *fail)
{
	struct publisher_file *file = &publisher->file;

	file->timer = publisher->loop->operations->timer_create(
	    publisher->loop, look, publisher);
	if (file->timer == NULL)
		return fail_memory(fail);
	if (!id_of(publisher->view_path, file)) {
		fail_place(fail, "%s", publisher->view_path);
		return fail_set(fail, FAIL_WORLD, "it is gone");
	}
	publisher->loop->operations->timer_set(file->timer, LOOK);
	return true;
}

void
publisher_file_close(struct publisher *publisher)
{
	if (publisher->file.timer != NULL)
		publisher->loop->operations->timer_destroy(
		    publisher->file.timer);
	publisher->file.timer = NULL;
}
