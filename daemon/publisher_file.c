/*
 * Is the view that is open the one that is there, and the number beside it the
 * one that its writer moves (store/view_mark.h)?  Who removed either while
 * misu ran, and whose keeper then made another, would be told what was there
 * before for good: another publisher, started anew, has the new one.
 */
#include "publisher_file.h"

#include <stdio.h>
#include <sys/stat.h>

#include "log.h"
#include "publisher_priv.h"

enum { LOOK = 1000 }; /* milliseconds */

static struct publisher_file_id
id_of(const char *path, const char *end)
{
	struct publisher_file_id id = {false, 0, 0};
	struct stat status;
	char whole[512];

	if (snprintf(whole, sizeof(whole), "%s%s", path, end) >=
		(int)sizeof(whole) ||
	    stat(whole, &status) != 0)
		return id;
	id.is_there = true;
	id.device = (uint64_t)status.st_dev;
	id.inode = (uint64_t)status.st_ino;
	return id;
}

void
publisher_file_note(const char *view_path, struct publisher_file *out)
{
	out->view = id_of(view_path, "");
	out->mark = id_of(view_path, "-mark");
}

/* One that is gone and has no successor yet is what the keeper writes, too. */
static bool
is_another(
    const struct publisher_file_id *had, const struct publisher_file_id *has)
{
	return has->is_there &&
	       (!had->is_there || has->inode != had->inode ||
		   has->device != had->device);
}

bool
publisher_file_changed(
    const char *view_path, const struct publisher_file *had)
{
	struct publisher_file has = *had;

	publisher_file_note(view_path, &has);
	return is_another(&had->view, &has.view) ||
	       is_another(&had->mark, &has.mark);
}

static void
look(void *arg)
{
	struct publisher *publisher = arg;

	if (publisher_file_changed(publisher->view_path, &publisher->file)) {
		log_event(LOG_LEVEL_INFO, "publisher-starts-anew", "reason",
		    "the public view was made again", NULL);
		loop_stop(publisher->loop);
		return;
	}
	publisher->loop->operations->timer_set(publisher->file.timer, LOOK);
}

bool
publisher_file_watch(struct publisher *publisher, struct fail *fail)
{
	struct publisher_file *file = &publisher->file;

	file->timer = publisher->loop->operations->timer_create(
	    publisher->loop, look, publisher);
	if (file->timer == NULL)
		return fail_memory(fail);
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
