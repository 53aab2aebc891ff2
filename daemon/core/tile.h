/*
 * Names of the log's files below its directory, "tile/0/x001/234.p/17" and so
 * on (C2SP tlog-tiles), as strangers may ask for them.
 */
#ifndef MISU_TILE_H
#define MISU_TILE_H

#include <stdint.h>

#include "base/slice.h"

enum { TILE_ENTRIES = -1 };

struct tile {
	int level;	 /* TILE_ENTRIES: a bundle of entries */
	uint64_t number; /* below 2^56 */
	unsigned width;	 /* 1 to 255; 0: a full one, of 256 */
};

/* Only the one way in which a name is written is taken. */
bool tile_parse(struct slice name, struct tile *out);

/*
 * How many of the tile's 256 places a log of `size` entries has filled; the
 * name's width does not matter.
 */
unsigned tile_filled(const struct tile *tile, uint64_t size);

#endif
