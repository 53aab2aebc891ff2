/* STUB, replaced by the lead: it answers nobody. */
#include "net/filter.h"

#include <stdlib.h>
#include <unistd.h>

enum { LISTENS = 8 };

struct filter {
	struct filter_options options;
	const struct conf *conf;
	int listens[LISTENS];
	size_t count;
	void (*drained)(void *context);
	void *drained_context;
};

struct filter *
filter_create(const struct filter_options *options, struct fail *fail)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (filter == NULL)
		fail_memory(fail);
	else
		filter->options = *options;
	return filter;
}

void
filter_destroy(struct filter *filter)
{
	if (filter == NULL)
		return;
	for (size_t i = 0; i < filter->count; i++)
		close(filter->listens[i]);
	free(filter);
}

bool
filter_set(struct filter *filter, const struct ruleset *ruleset,
    const struct conf *conf, const struct filter_secrets *secrets,
    struct fail *fail)
{
	(void)ruleset;
	(void)secrets;
	(void)fail;
	filter->conf = conf;
	return true;
}

bool
filter_uses(const struct filter *filter, const struct conf *conf)
{
	return filter->conf == conf;
}

bool
filter_listen(
    struct filter *filter, struct slice upstream, int fd, struct fail *fail)
{
	(void)upstream;
	if (filter->count == LISTENS) {
		close(fd);
		return fail_memory(fail);
	}
	filter->listens[filter->count++] = fd;
	return true;
}

void
filter_deliver(
    struct filter *filter, const struct keeper_delivery *delivery)
{
	keeper_delivered(filter->options.link, delivery->id, 0, NULL);
}

void
filter_ask(struct filter *filter, const struct keeper_ask *ask)
{
	keeper_answer(filter->options.link, ask->id, 501, SLICE("{}"), true);
}

static void
finish(void *arg)
{
	struct filter *filter = arg;

	filter->drained(filter->drained_context);
}

void
filter_drain(
    struct filter *filter, void (*drained)(void *context), void *context)
{
	struct loop *loop = filter->options.loop;

	filter->drained = drained;
	filter->drained_context = context;
	loop->operations->soon(loop, finish, filter);
}
