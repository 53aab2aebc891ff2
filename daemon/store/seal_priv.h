/*
 * The maker of sealed disclosures.  Only ledger.c may include this: it calls
 * it when the group with the entry is on disk.
 */
#ifndef MISU_SEAL_PRIV_H
#define MISU_SEAL_PRIV_H

#include "store/seal.h"

/* `recipient` and `payload` must live as long as `arena`. */
struct sealed *seal_make(struct arena *arena, uint64_t index,
    const struct digest *leaf, struct slice recipient, struct slice payload);

#endif
