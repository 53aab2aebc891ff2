/*
 * The channel `file`: one file a delivery, written beside its place, synced,
 * and renamed into it.  The name is the ledger entry's index, so a delivery
 * is found again after a crash and never stands twice.
 */
#include "net/channel.h"

struct channel_file {
	struct channel channel;
	struct disk *disk;
	char directory[200];
	char recipient[64];
	char suffix[16];
};

struct paths {
	char final[320], temporary[330];
};

static struct paths
paths_of(const struct channel_file *self, const struct sealed *sealed)
{
	struct paths paths;

	snprintf(paths.final, sizeof(paths.final), "%s/%012llu-%s%s",
	    self->directory, (unsigned long long)sealed_index(sealed),
	    self->recipient, self->suffix);
	snprintf(paths.temporary, sizeof(paths.temporary), "%s.part",
	    paths.final);
	return paths;
}

static bool
write_file(const struct channel_file *self, const char *path,
    struct slice payload, struct fail *fail)
{
	const struct disk_operations *ops = self->disk->operations;
	struct disk_file *file;
	bool ok;

	if (!ops->open(self->disk, path, DISK_WRITE, &file, fail))
		return false;
	ok = ops->truncate(self->disk, file, 0, fail) &&
	    ops->write(
		self->disk, file, 0, payload.data, payload.len, fail) &&
	    ops->sync(self->disk, file, fail);
	ops->close(self->disk, file);
	return ok;
}

static void
submit(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	struct channel_file *self = (struct channel_file *)channel;
	const struct disk_operations *ops = self->disk->operations;
	struct paths paths = paths_of(self, sealed);
	struct fail fail = FAIL_INIT;

	if (!write_file(
		self, paths.temporary, sealed_payload(sealed), &fail)) {
		done(arg, DELIVERY_LATER, &fail);
		return;
	}
	/* From the rename on the recipient may have read it. */
	if (!ops->rename(self->disk, paths.temporary, paths.final, &fail)) {
		done(arg, DELIVERY_LATER, &fail);
		return;
	}
	if (!ops->sync_directory(self->disk, self->directory, &fail)) {
		done(arg, DELIVERY_UNKNOWN, &fail);
		return;
	}
	done(arg, DELIVERY_SENT, NULL);
}

/*
 * A reader may have taken the file away: then nobody can tell whether it was
 * there, and the name of the next try is the same, so nothing stands twice
 * at once.  A file channel's reader must tell repeats by the name.
 */
static void
status(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	struct channel_file *self = (struct channel_file *)channel;
	const struct disk_operations *ops = self->disk->operations;
	struct paths paths = paths_of(self, sealed);
	struct disk_file *file;

	if (!ops->open(self->disk, paths.final, DISK_READ, &file, NULL)) {
		done(arg, DELIVERY_NOT_SENT, NULL);
		return;
	}
	ops->close(self->disk, file);
	done(arg, DELIVERY_SENT, NULL);
}

static void
stop(struct channel *channel)
{
	free(channel);
}

static const struct channel_operations operations = {
    .name = "file", .submit = submit, .status = status, .stop = stop};

struct channel *
channel_file_start(const struct channel_options *options, struct fail *fail)
{
	struct channel_file *self = calloc(1, sizeof(*self));

	if (self == NULL) {
		fail_memory(fail);
		return NULL;
	}
	self->channel.operations = &operations;
	self->disk = options->disk;
	if (strlen(options->directory) >= sizeof(self->directory) ||
	    strlen(options->recipient) >= sizeof(self->recipient) ||
	    strlen(options->suffix) >= sizeof(self->suffix)) {
		fail_set(fail, FAIL_INPUT,
		    "the directory, id or suffix of recipient %s is too long",
		    options->recipient);
		free(self);
		return NULL;
	}
	snprintf(self->directory, sizeof(self->directory), "%s",
	    options->directory);
	snprintf(self->recipient, sizeof(self->recipient), "%s",
	    options->recipient);
	snprintf(self->suffix, sizeof(self->suffix), "%s", options->suffix);
	if (!self->disk->operations->make_directory(
		self->disk, self->directory, fail)) {
		free(self);
		return NULL;
	}
	return &self->channel;
}
