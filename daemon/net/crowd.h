/*
 * How many connections one address block (IPv4 /32, IPv6 /64) has open.  Of
 * fixed size: blocks that meet in one counter, which a seed of each process
 * decides, share what one of them may have.
 */
#ifndef MISU_CROWD_H
#define MISU_CROWD_H

#include <stdint.h>
#include <sys/socket.h>

enum {
	CROWD_COUNTERS = 4096,
	CROWD_FREE = CROWD_COUNTERS, /* it is not counted */
	CROWD_FULL = -1
};

struct crowd {
	uint64_t seed;
	unsigned limit;
	uint16_t counters[CROWD_COUNTERS];
};

/* At most `limit` of each block, and that is less than 65,536. */
void crowd_init(struct crowd *crowd, unsigned limit);

/*
 * One more: the counter to leave by, or FULL.  A proxy on this machine has
 * connections for many, and is FREE.
 */
int crowd_join(struct crowd *crowd, const struct sockaddr *from);
void crowd_leave(struct crowd *crowd, int counter);

#endif
