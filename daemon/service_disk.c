/*
 * How long the disk lasts: what ledger, vault and spool take, how fast that
 * grew in the last hour and the last day, and what is free.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/text.h"
#include "log.h"
#include "service_disk.h"
#include "service_priv.h"

enum {
	LOOK = 60 * 1000, /* ms between two looks */
	MINUTES = 60,
	HOURS = 24,
	SECOND = 1000,
	ROOM = 1 << 20, /* bytes */
	DAY = 24 * 3600 * 1000,
};

static uint64_t
file_size(struct service *service, const char *name)
{
	const char *path = setup_state_path(service->setup, slice_from(name));
	struct stat status;

	return path != NULL && stat(path, &status) == 0
		   ? (uint64_t)status.st_size
		   : 0;
}

static struct disk_use
measure(struct service *service)
{
	struct disk_use use = {.ledger = ledger_bytes(service->ledger),
	    .vault = vault_bytes(service->vault),
	    .spool = file_size(service, "spool.db") +
		     file_size(service, "spool.db-wal")};
	struct statvfs status;

	if (statvfs(service->setup->state.data, &status) == 0)
		use.free = (uint64_t)status.f_bavail * status.f_frsize;
	return use;
}

static uint64_t
total(const struct disk_use *use)
{
	return use->ledger + use->vault + use->spool;
}

int64_t
disk_full_in(const struct disk_sample *then, const struct disk_sample *now,
    uint64_t free)
{
	int64_t elapsed = (now->time - then->time) / SECOND;
	uint64_t grown;

	if (elapsed <= 0 || now->used <= then->used)
		return -1;
	grown = now->used - then->used;
	if (free / grown >= INT64_MAX / (uint64_t)elapsed)
		return -1;
	return (int64_t)((double)free / (double)grown * (double)elapsed);
}

/* The oldest of a ring whose next place is `at`; what is empty is skipped. */
static const struct disk_sample *
oldest(const struct disk_sample *ring, unsigned size, unsigned at)
{
	for (unsigned i = 0; i < size; i++) {
		const struct disk_sample *sample = &ring[(at + i) % size];

		if (sample->time != 0)
			return sample;
	}
	return NULL;
}

static void
warn(struct service *service, int64_t seconds)
{
	struct disk_forecast *forecast = &service->forecast;
	bool low = seconds >= 0 &&
		   seconds < (int64_t)service->setup->conf->disk_warning;
	char left[32];

	if (!low || forecast->told_at + DAY > forecast->now.time)
		return;
	forecast->told_at = forecast->now.time;
	snprintf(left, sizeof(left), "%lldh", (long long)seconds / 3600);
	log_event(LOG_LEVEL_WARN, "disk-fills", "full_in", left, "hint",
	    "make room, or keep entries for a shorter time (misu.conf)", NULL);
}

void
service_disk_tick(struct service *service)
{
	struct disk_forecast *forecast = &service->forecast;
	int64_t now = service->loop->operations->now(service->loop);
	const struct disk_sample *day;
	struct disk_use use;

	/* Also where the clock was set back since. */
	if (now >= forecast->now.time && now - forecast->now.time < LOOK)
		return;
	use = measure(service);
	forecast->use = use;
	forecast->now = (struct disk_sample){now, total(&use)};
	if (forecast->looks % MINUTES == 0)
		forecast->hours[forecast->looks / MINUTES % HOURS] =
		    forecast->now;
	forecast->minutes[forecast->looks % MINUTES] = forecast->now;
	forecast->looks++;
	day = oldest(
	    forecast->hours, HOURS, (forecast->looks / MINUTES + 1) % HOURS);
	/* A few minutes say nothing about days. */
	if (day != NULL && now - day->time >= 10 * LOOK)
		warn(service, disk_full_in(day, &forecast->now, use.free));
}

/* Does anything fit that a submission writes? */
static bool
has_room(const struct service *service)
{
	struct statvfs status;

	return statvfs(service->setup->state.data, &status) == 0 &&
	       (uint64_t)status.f_bavail * status.f_frsize >= ROOM &&
	       (status.f_files == 0 || status.f_favail != 0);
}

const struct fail *
service_refuses(struct service *service)
{
	static const struct fail stopping = {
	    .kind = FAIL_WORLD, .text = "misu is stopping"};
	int64_t now = service_up(service);

	if (service->stopping)
		return &stopping;
	if (ledger_stopped(service->ledger) != NULL)
		return ledger_stopped(service->ledger);
	/* Who asks for health sends nothing here, where it was bad. */
	if (engine_trouble(service->engine) != NULL &&
	    now >= service->try_after) {
		service->try_after = now + SECOND;
		if (has_room(service))
			engine_try_write(service->engine);
	}
	return engine_trouble(service->engine);
}

static void
add_rate(struct text *text, const char *rate, const struct disk_sample *then,
    const struct disk_forecast *forecast)
{
	int64_t seconds = then == NULL ? -1
				       : disk_full_in(then, &forecast->now,
					     forecast->use.free);

	if (seconds >= 0)
		text_add_format(text,
		    "misu_disk_full_seconds{rate=\"%s\"} %lld\n", rate,
		    (long long)seconds);
}

void
service_disk_metrics(struct service *service, struct text *text)
{
	struct disk_forecast *forecast = &service->forecast;
	const struct disk_use use = measure(service);
	uint64_t entries = ledger_size(service->ledger);

	text_add_format(text,
	    "# TYPE misu_disk_bytes gauge\n"
	    "misu_disk_bytes{part=\"ledger\"} %llu\n"
	    "misu_disk_bytes{part=\"vault\"} %llu\n"
	    "misu_disk_bytes{part=\"spool\"} %llu\n"
	    "# TYPE misu_disk_free_bytes gauge\n"
	    "misu_disk_free_bytes %llu\n"
	    "# TYPE misu_disk_entry_bytes gauge\n"
	    "misu_disk_entry_bytes %llu\n"
	    "# TYPE misu_disk_full_seconds gauge\n",
	    (unsigned long long)use.ledger, (unsigned long long)use.vault,
	    (unsigned long long)use.spool, (unsigned long long)use.free,
	    (unsigned long long)(entries == 0
				     ? 0
				     : (use.ledger + use.vault) / entries));
	add_rate(text, "hour",
	    oldest(forecast->minutes, MINUTES, forecast->looks % MINUTES),
	    forecast);
	add_rate(text, "day",
	    oldest(forecast->hours, HOURS,
		(forecast->looks / MINUTES + 1) % HOURS),
	    forecast);
}
