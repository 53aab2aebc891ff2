/*
 * The channel `file`: one file a delivery, named by the ledger entry's index.
 * A reader may take it away at any time, so its absence proves nothing; what
 * does is a small log beside it.  The order is
 *
 *	NAME.part written and durable -> index in the log durable
 *	-> NAME.part renamed to NAME, durable
 *
 * and after a crash: not in the log, or .part still there: nothing left;
 * in the log and no .part: the recipient has it.  Deliveries of one turn of
 * the loop take the steps together: each costs one sync, not one a file.
 */
#include "net/channel.h"

enum { LOG_LINE = 16, LOG_MAX = 4096 * LOG_LINE };

/* A delivery whose .part is written and waits for the next steps. */
struct waiting {
	struct waiting *next;
	const struct sealed *sealed;
	channel_done *done;
	void *arg;
	bool renamed;
	struct fail fail;
};

struct channel_file {
	struct channel channel;
	struct loop *loop;
	struct loop_timer *timer;
	struct waiting *waiting, **waiting_end;
	struct disk *disk;
	char directory[200];
	char recipient[64];
	char suffix[16];
	struct disk_file *logs[2]; /* written in turn: the other is older */
	uint64_t sizes[2];
	unsigned turn;
};

struct paths {
	char final[320], part[330];
};

static struct paths
paths_of(const struct channel_file *self, const struct sealed *sealed)
{
	struct paths paths;

	snprintf(paths.final, sizeof(paths.final), "%s/%012llu-%s%s",
	    self->directory, (unsigned long long)sealed_index(sealed),
	    self->recipient, self->suffix);
	snprintf(paths.part, sizeof(paths.part), "%s.part", paths.final);
	return paths;
}

/*
 * Always a new one: where others may write, what stands there under this name
 * may lead elsewhere, or be open to them.
 */
static bool
write_part(const struct channel_file *self, const char *path,
    struct slice payload, struct fail *fail)
{
	const struct disk_operations *ops = self->disk->operations;
	struct disk_file *file;
	bool ok;

	if (!ops->open(self->disk, path, DISK_CREATE, &file, NULL)) {
		(void)ops->remove(self->disk, path, NULL);
		if (!ops->open(self->disk, path, DISK_CREATE, &file, fail))
			return false;
	}
	ok = ops->write(self->disk, file, 0, payload.data, payload.len, fail);
	ops->close(self->disk, file);
	return ok;
}

static void
log_line(const struct sealed *sealed, char line[LOG_LINE + 1])
{
	snprintf(line, LOG_LINE + 1, "%015llu\n",
	    (unsigned long long)sealed_index(sealed));
}

/* From here on a missing .part means that the file stood in its place. */
static bool
log_intents(struct channel_file *self, const struct waiting *list,
    struct fail *fail)
{
	const struct disk_operations *ops = self->disk->operations;

	if (self->sizes[self->turn] >= LOG_MAX) {
		unsigned other = 1 - self->turn;

		if (!ops->truncate(self->disk, self->logs[other], 0, fail))
			return false;
		self->sizes[other] = 0;
		self->turn = other;
	}
	for (; list != NULL; list = list->next) {
		char line[LOG_LINE + 1];

		log_line(list->sealed, line);
		if (!ops->write(self->disk, self->logs[self->turn],
			self->sizes[self->turn], line, LOG_LINE, fail))
			return false;
		self->sizes[self->turn] += LOG_LINE;
	}
	return ops->sync(self->disk, self->logs[self->turn], fail);
}

static void
rename_parts(struct channel_file *self, struct waiting *list)
{
	for (; list != NULL; list = list->next) {
		struct paths paths = paths_of(self, list->sealed);

		list->renamed = self->disk->operations->rename(
		    self->disk, paths.part, paths.final, &list->fail);
	}
}

/* The steps after the first, for all that wait. */
static void
flush(void *arg)
{
	struct channel_file *self = arg;
	const struct disk_operations *ops = self->disk->operations;
	struct waiting *list = self->waiting;
	struct fail fail = FAIL_INIT;
	bool ready, durable = true;

	self->waiting = NULL;
	self->waiting_end = &self->waiting;
	if (list == NULL)
		return;
	ready = ops->sync_all(self->disk, self->directory, &fail) &&
	    log_intents(self, list, &fail);
	if (ready) {
		rename_parts(self, list);
		durable = ops->sync_directory(
		    self->disk, self->directory, &fail);
	}
	for (struct waiting *w = list, *next; w != NULL; w = next) {
		next = w->next;
		if (!w->renamed)
			w->done(w->arg, DELIVERY_LATER,
			    ready ? &w->fail : &fail);
		else if (durable)
			w->done(w->arg, DELIVERY_SENT, NULL);
		else
			w->done(w->arg, DELIVERY_UNKNOWN, &fail);
		free(w);
	}
}

static void
submit(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	struct channel_file *self = (struct channel_file *)channel;
	struct paths paths = paths_of(self, sealed);
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	struct fail fail = FAIL_INIT;

	if (waiting == NULL)
		fail_memory(&fail);
	if (waiting == NULL ||
	    !write_part(self, paths.part, sealed_payload(sealed), &fail)) {
		free(waiting);
		done(arg, DELIVERY_LATER, &fail);
		return;
	}
	waiting->sealed = sealed;
	waiting->done = done;
	waiting->arg = arg;
	if (self->waiting == NULL)
		self->loop->operations->timer_set(self->timer, 0);
	*self->waiting_end = waiting;
	self->waiting_end = &waiting->next;
}

static bool
file_exists(const struct channel_file *self, const char *path)
{
	const struct disk_operations *ops = self->disk->operations;
	struct disk_file *file;

	if (!ops->open(self->disk, path, DISK_READ, &file, NULL))
		return false;
	ops->close(self->disk, file);
	return true;
}

static bool
in_log(const struct channel_file *self, unsigned which,
    const struct sealed *sealed, bool *found, struct fail *fail)
{
	const struct disk_operations *ops = self->disk->operations;
	char line[LOG_LINE + 1], read[LOG_LINE];

	log_line(sealed, line);
	for (uint64_t at = 0; at < self->sizes[which]; at += LOG_LINE) {
		size_t got = 0;

		if (!ops->read(self->disk, self->logs[which], at, read,
			LOG_LINE, &got, fail))
			return false;
		if (got == LOG_LINE && memcmp(read, line, LOG_LINE) == 0)
			*found = true;
	}
	return true;
}

static void
status(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	struct channel_file *self = (struct channel_file *)channel;
	struct paths paths = paths_of(self, sealed);
	struct fail fail = FAIL_INIT;
	bool found = false;

	if (file_exists(self, paths.final))
		done(arg, DELIVERY_SENT, NULL);
	else if (file_exists(self, paths.part))
		done(arg, DELIVERY_NOT_SENT, NULL);
	else if (!in_log(self, 0, sealed, &found, &fail) ||
	    !in_log(self, 1, sealed, &found, &fail))
		done(arg, DELIVERY_UNKNOWN, &fail);
	else
		done(arg, found ? DELIVERY_SENT : DELIVERY_NOT_SENT, NULL);
}

static void
flush_now(struct channel *channel)
{
	flush(channel);
}

static void
stop(struct channel *channel)
{
	struct channel_file *self = (struct channel_file *)channel;

	flush(self);
	if (self->timer != NULL)
		self->loop->operations->timer_destroy(self->timer);
	for (unsigned i = 0; i < 2; i++)
		if (self->logs[i] != NULL)
			self->disk->operations->close(
			    self->disk, self->logs[i]);
	free(self);
}

static const struct channel_operations operations = {
    .name = "file",
    .submit = submit,
    .status = status,
    .flush = flush_now,
    .stop = stop};

static bool
open_logs(struct channel_file *self, struct fail *fail)
{
	const struct disk_operations *ops = self->disk->operations;

	for (unsigned i = 0; i < 2; i++) {
		char path[320];

		snprintf(path, sizeof(path), "%s/.%s.log%u", self->directory,
		    self->recipient, i);
		if (!ops->open(
			self->disk, path, DISK_WRITE, &self->logs[i], fail) ||
		    !ops->size(
			self->disk, self->logs[i], &self->sizes[i], fail))
			return false;
		/* A torn last line never became an intent. */
		self->sizes[i] -= self->sizes[i] % LOG_LINE;
	}
	self->turn = self->sizes[1] != 0 && self->sizes[1] < LOG_MAX;
	return ops->sync_directory(self->disk, self->directory, fail);
}

struct channel *
channel_file_start(const struct channel_options *options, struct fail *fail)
{
	struct channel_file *self = calloc(1, sizeof(*self));

	if (self == NULL) {
		fail_memory(fail);
		return NULL;
	}
	self->channel.operations = &operations;
	self->loop = options->loop;
	self->disk = options->disk;
	self->waiting_end = &self->waiting;
	self->timer =
	    self->loop->operations->timer_create(self->loop, flush, self);
	if (self->timer == NULL) {
		fail_memory(fail);
		stop(&self->channel);
		return NULL;
	}
	if (strlen(options->directory) >= sizeof(self->directory) ||
	    strlen(options->recipient) >= sizeof(self->recipient) ||
	    strlen(options->suffix) >= sizeof(self->suffix)) {
		fail_set(fail, FAIL_INPUT,
		    "the directory, id or suffix of recipient %s is too long",
		    options->recipient);
		stop(&self->channel);
		return NULL;
	}
	snprintf(self->directory, sizeof(self->directory), "%s",
	    options->directory);
	snprintf(self->recipient, sizeof(self->recipient), "%s",
	    options->recipient);
	snprintf(self->suffix, sizeof(self->suffix), "%s", options->suffix);
	if (!self->disk->operations->make_directory(
		self->disk, self->directory, fail) ||
	    !open_logs(self, fail)) {
		stop(&self->channel);
		return NULL;
	}
	return &self->channel;
}
