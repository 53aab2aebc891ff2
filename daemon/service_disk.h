/* What misu takes of its disk, and how long that goes on. */
#ifndef MISU_SERVICE_DISK_H
#define MISU_SERVICE_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct disk_use {
	uint64_t ledger, vault, spool, free; /* bytes */
};

struct disk_sample {
	int64_t time;  /* Unix ms; 0: none */
	uint64_t used; /* bytes */
};

struct disk_forecast {
	struct disk_use use;
	struct disk_sample now, minutes[60], hours[24];
	uint64_t looks;
	int64_t told_at; /* Unix ms of the last warning */
};

/*
 * Seconds until `free` bytes are used at the rate between the two samples;
 * -1: nothing grew, or that is longer than anybody asks.
 */
int64_t disk_full_in(const struct disk_sample *then,
    const struct disk_sample *now, uint64_t free);

#endif
