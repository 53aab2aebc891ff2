/*
 * The channel `desk`: fax, post, courier and telephone are done by a person.
 * Submitting lays the work item out: it stays in the spool, encrypted, until
 * an operator asks for it and says it is done.
 */
#include "net/channel.h"

static void
lay_out(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	(void)channel;
	(void)sealed;
	done(arg, DELIVERY_ACCEPTED, NULL);
}

static void
stop(struct channel *channel)
{
	free(channel);
}

static const struct channel_operations operations = {
    .name = "desk", .submit = lay_out, .status = lay_out, .stop = stop};

struct channel *
channel_desk_start(const struct channel_options *options, struct fail *fail)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	(void)options;
	if (channel == NULL)
		fail_memory(fail);
	else
		channel->operations = &operations;
	return channel;
}
