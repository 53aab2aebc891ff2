/*
 * The clock, and what is said when it was set while misu ran, or stands before
 * what the log has.  What must be kept or may go is told by the order of
 * entries, too; their times are what the clock said.
 */
#include <time.h>

#include "core/canon.h"
#include "log.h"
#include "service_priv.h"

enum {
	SLACK = 5000,  /* ms that a clock may go back by itself */
	LEAP = 3600000 /* ms: no clock is brought near the truth so far ahead */
};

/* Of a clock that nobody sets, and that goes on while the machine sleeps. */
static int64_t
steady(void)
{
	struct timespec at;

	clock_gettime(CLOCK_BOOTTIME, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

int64_t
service_up(const struct service *service)
{
	return steady() - service->steady_start;
}

static void
warn(const char *event, int64_t milliseconds, const char *what,
    const char *hint)
{
	char by[32];

	snprintf(by, sizeof(by), "%llds", (long long)milliseconds / 1000);
	log_event(
	    LOG_LEVEL_WARN, event, "by", by, "reason", what, "hint", hint, NULL);
}

void
service_clock_start(struct service *service)
{
	int64_t now = service->loop->operations->now(service->loop), time;
	uint64_t size = ledger_size(service->ledger);
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice entry;

	service->clock_ahead = now - steady();
	if (arena != NULL && size > ledger_minimum(service->ledger) &&
	    ledger_read(service->ledger, size - 1, arena, &entry, &fail) &&
	    canon_get_number(entry, "time", &time) && time > now + SLACK)
		warn("clock-back", time - now,
		    "the clock is behind the newest entry of the log",
		    "set the clock right: entries get its time");
	arena_destroy(arena);
}

void
service_clock_tick(struct service *service)
{
	int64_t now = service->loop->operations->now(service->loop);
	int64_t ahead = now - steady(), by = ahead - service->clock_ahead;

	service->clock_ahead = ahead;
	if (by < -SLACK)
		warn("clock-back", -by, "the clock was set back",
		    "see that it is right now: entries get its time");
	else if (by > LEAP)
		warn("clock-forward", by, "the clock was set forward",
		    "if it is not right, set it right: what is kept for a time"
		    " goes by it");
}
