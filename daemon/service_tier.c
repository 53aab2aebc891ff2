/*
 * The keeper's line to the publisher: questions of those who have a token
 * come in, what the engine tells goes out, and how each ended comes back.
 * Whoever is silent too long, or gone, is taken to have got it or not:
 * nobody knows.
 */
#include <unistd.h>

#include "log.h"
#include "net/tier_line.h"
#include "service_priv.h"

enum {
	ASKED_MAX = 256,	 /* under way at one time */
	END_PATIENCE = 60 * 1000 /* ms from an answer to how it ended */
};

/* One question, until its end is known. */
struct asked {
	struct asked *next;
	struct service_tiers *tiers; /* NULL: its line is over */
	uint64_t number;
	struct tier *tier; /* NULL: nothing was handed out yet */
	int64_t due;	   /* ms; its end is known by then */
};

struct service_tiers {
	struct service *service;
	struct wire_stream *stream;
	struct loop_timer *timer;
	struct asked *asked;
	size_t count;
};

static int64_t
now(const struct service_tiers *tiers)
{
	struct loop *loop = tiers->service->loop;

	return loop->operations->now(loop);
}

static void
drop(struct asked *asked)
{
	struct asked **at = &asked->tiers->asked;

	while (*at != asked)
		at = &(*at)->next;
	*at = asked->next;
	asked->tiers->count--;
	free(asked);
}

static void
told(void *arg, enum tier_result result, struct tier *tier,
    const struct sealed *sealed)
{
	struct asked *asked = arg;
	struct service_tiers *tiers = asked->tiers;
	bool sent;

	if (tiers == NULL) {
		if (tier != NULL)
			engine_tier_end(tier, "not-sent");
		free(asked);
		return;
	}
	sent = tier != NULL
		   ? tier_line_tell(tiers->stream, asked->number, sealed)
		   : tier_line_refuse(tiers->stream, asked->number, result);
	if (tier != NULL && sent) {
		asked->tier = tier;
		asked->due = now(tiers) + END_PATIENCE;
		return;
	}
	if (tier != NULL)
		engine_tier_end(tier, "not-sent");
	drop(asked);
}

static bool
take_question(struct service_tiers *tiers, struct slice message)
{
	struct tier_question question;
	struct asked *asked;

	if (!tier_read_question(message, &question))
		return false;
	asked = tiers->count < ASKED_MAX ? calloc(1, sizeof(*asked)) : NULL;
	if (asked == NULL)
		return tier_line_refuse(
		    tiers->stream, question.number, TIER_BUSY);
	asked->tiers = tiers;
	asked->number = question.number;
	asked->next = tiers->asked;
	tiers->asked = asked;
	tiers->count++;
	engine_tier_ask(tiers->service->engine, &question, told, asked);
	return true;
}

static bool
take_end(struct service_tiers *tiers, struct slice message)
{
	struct asked *asked = tiers->asked;
	struct tier_end end;

	if (!tier_read_end(message, &end))
		return false;
	while (asked != NULL &&
	       (asked->number != end.number || asked->tier == NULL))
		asked = asked->next;
	/* It came too late. */
	if (asked == NULL)
		return true;
	engine_tier_end(asked->tier, tier_left_word(end.left));
	drop(asked);
	return true;
}

static bool
received(void *context, struct slice message, int fd)
{
	struct service_tiers *tiers = context;
	char kind = message.len != 0 ? message.data[0] : '\0';
	struct slice rest;

	(void)fd;
	if (message.len == 0)
		return false;
	rest = (struct slice){message.data + 1, message.len - 1};
	if (kind == TIER_QUESTION)
		return take_question(tiers, rest);
	if (kind == TALLY_MESSAGE)
		return tally_add(&tiers->service->tally, rest);
	return kind == TIER_END && take_end(tiers, rest);
}

void
service_close_tiers(struct service *service)
{
	struct service_tiers *tiers = service->tiers;

	if (tiers == NULL)
		return;
	service->tiers = NULL;
	for (struct asked *at = tiers->asked, *next; at != NULL; at = next) {
		next = at->next;
		at->tiers = NULL;
		if (at->tier == NULL)
			continue; /* told() frees it */
		engine_tier_end(at->tier, "unknown");
		free(at);
	}
	if (tiers->timer != NULL)
		service->loop->operations->timer_destroy(tiers->timer);
	wire_stream_destroy(tiers->stream);
	free(tiers);
}

static void
line_gone(void *context)
{
	struct service_tiers *tiers = context;

	service_close_tiers(tiers->service);
}

static void
look(void *arg)
{
	struct service_tiers *tiers = arg;
	int64_t at = now(tiers);

	for (struct asked *one = tiers->asked, *next; one != NULL; one = next) {
		next = one->next;
		if (one->tier == NULL || one->due > at)
			continue;
		engine_tier_end(one->tier, "unknown");
		drop(one);
	}
	tiers->service->loop->operations->timer_set(
	    tiers->timer, END_PATIENCE / 4);
}

/* Another line takes the place of the one there was: its publisher is gone. */
void
service_open_tiers(struct service *service, int fd)
{
	struct service_tiers *tiers = calloc(1, sizeof(*tiers));
	const struct loop_operations *loop = service->loop->operations;
	struct wire_stream_options options = {.base = loop_base(service->loop),
	    .received = received,
	    .gone = line_gone,
	    .wipes = true};
	struct fail fail = FAIL_INIT;

	service_close_tiers(service);
	if (tiers == NULL) {
		close(fd);
		fail_memory(&fail);
		log_fail(LOG_LEVEL_ERROR, "publisher-refused", &fail);
		return;
	}
	options.context = tiers;
	tiers->service = service;
	service->tiers = tiers;
	tiers->stream = wire_stream_create(&options, fd, &fail);
	tiers->timer = loop->timer_create(service->loop, look, tiers);
	if (tiers->stream == NULL || tiers->timer == NULL) {
		log_fail(LOG_LEVEL_ERROR, "publisher-refused", &fail);
		service_close_tiers(service);
		return;
	}
	loop->timer_set(tiers->timer, END_PATIENCE / 4);
}
