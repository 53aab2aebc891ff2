/* STUB, replaced by part F: it carries setups and nothing else. */
#include "net/keeper_link.h"

#include <stdlib.h>

struct keeper_link {
	struct keeper_link_options options;
	bool up;
};

struct keeper_link *
keeper_link_create(
    const struct keeper_link_options *options, struct fail *fail)
{
	struct keeper_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		fail_memory(fail);
	else
		link->options = *options;
	return link;
}

void
keeper_link_destroy(struct keeper_link *link)
{
	free(link);
}

void
keeper_link_up(struct keeper_link *link)
{
	link->up = true;
}

void
keeper_link_down(struct keeper_link *link)
{
	link->up = false;
}

bool
keeper_link_is_up(const struct keeper_link *link)
{
	return link->up;
}

bool
keeper_link_receive(struct keeper_link *link, struct slice message)
{
	if (message.len == 0 || message.data[0] != 'B')
		return false;
	link->options.setup(link->options.context,
	    (struct slice){message.data + 1, message.len - 1});
	return true;
}

void
keeper_delivered(struct keeper_link *link, int64_t id, int delivery,
    const struct fail *fail)
{
	(void)link;
	(void)id;
	(void)delivery;
	(void)fail;
}

void
keeper_answer(struct keeper_link *link, int64_t id, int status,
    struct slice body, bool last)
{
	(void)link;
	(void)id;
	(void)status;
	(void)body;
	(void)last;
}
