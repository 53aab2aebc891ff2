/*
 * What the keeper acknowledged: a durable entry and the bytes it covers.
 * Only net/keeper_link.c may make one, from the keeper's message, and only
 * seal.c takes one.
 */
#ifndef MISU_ACKNOWLEDGEMENT_PRIV_H
#define MISU_ACKNOWLEDGEMENT_PRIV_H

#include "store/seal.h"

struct acknowledgement {
	uint64_t index;
	struct digest leaf;
	struct digest payload; /* SHA-256 */
};

#endif
