/*
 * A check of 128 bits against torn writes and damage, ten times as quick as
 * SHA-256.  It is no digest: who writes the bytes can make them fit.
 */
#ifndef MISU_CHECKSUM_H
#define MISU_CHECKSUM_H

#include <stdint.h>

#include "base/slice.h"

enum { CHECKSUM_SIZE = 16 };

struct checksum {
	uint8_t bytes[CHECKSUM_SIZE];
};

struct checksum checksum_of(struct slice data);

#endif
