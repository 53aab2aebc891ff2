/*
 * What the public asked is counted here and told to the keeper a few seconds
 * later, in one message however much it was.  What a publisher has not told
 * yet when it dies, or while there is no keeper to hear it, is not lost to
 * anybody but the figures.
 */
#include "publisher_priv.h"

enum { ROUND = 5000 /* ms */ };

static void
tell(void *arg)
{
	struct publisher *publisher = arg;
	struct arena *arena = arena_create(NULL);
	struct text text;

	publisher->tally_waits = false;
	if (arena == NULL)
		return;
	text = text_start(arena);
	tally_write(&text, &publisher->tally);
	/* A line that is being made anew hears it with the next. */
	if (publisher->keeper != NULL && !text.failed &&
	    wire_stream_post(publisher->keeper, TALLY_MESSAGE,
		(struct slice){text.data, text.len}, -1))
		publisher->tally = (struct tally){.counts = {{0}}};
	arena_destroy(arena);
}

void
publisher_count(struct publisher *publisher, enum tally_protocol protocol,
    enum tally_result result)
{
	const struct loop_operations *loop = publisher->loop->operations;

	publisher->tally.counts[protocol][result]++;
	if (publisher->tally_waits)
		return;
	if (publisher->tally_timer == NULL)
		publisher->tally_timer =
		    loop->timer_create(publisher->loop, tell, publisher);
	if (publisher->tally_timer == NULL)
		return;
	loop->timer_set(publisher->tally_timer, ROUND);
	publisher->tally_waits = true;
}

void
publisher_count_close(struct publisher *publisher)
{
	if (publisher->tally_timer != NULL)
		publisher->loop->operations->timer_destroy(
		    publisher->tally_timer);
	publisher->tally_timer = NULL;
}
