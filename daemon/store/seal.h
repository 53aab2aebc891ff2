/*
 * A sealed is a disclosure encoded into the exact bytes to send, whose ledger
 * entry is durable.  It is the only thing a channel accepts.
 *
 * There are three ways to get one, all in seal.c: ledger_commit() hands them
 * out when the group with their entries is on disk, seal_restore() makes one
 * again from the spool after checking entry index, leaf hash and payload
 * digest against the ledger, and seal_acknowledged() makes one where there is
 * no ledger, from what the keeper acknowledged (net/keeper_link.h).
 */
#ifndef MISU_SEAL_H
#define MISU_SEAL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/fail.h"

struct acknowledgement;
struct draft;
struct ledger;
struct sealed;

/* Index of the ledger entry that covers these bytes, and its leaf hash. */
uint64_t sealed_index(const struct sealed *sealed);
const struct digest *sealed_leaf(const struct sealed *sealed);

/* The recipient's id and the exact bytes to send. */
struct slice sealed_recipient(const struct sealed *sealed);
struct slice sealed_payload(const struct sealed *sealed);

/*
 * What came back from the spool.  NULL with FAIL_WORLD if the ledger has no
 * such entry, with FAIL_DENIED, now and for ever, if its leaf hash, recipient
 * or payload digest differ.
 */
struct sealed *seal_restore(struct ledger *ledger, struct arena *arena,
    uint64_t index, const struct digest *leaf, struct slice payload,
    struct fail *fail);

/*
 * What waits to be acknowledged, for a process without the ledger: a copy of
 * the bytes, digested when it is made, that nobody can write to from then on.
 * NULL with FAIL_MEMORY.
 */
struct draft *seal_draft(struct arena *arena, struct slice recipient,
    struct slice payload, struct fail *fail);
/* SHA-256 of the bytes. */
const struct digest *draft_digest(const struct draft *draft);

/*
 * NULL with FAIL_WORLD if the draft's bytes are not those acknowledged.  It
 * must live as long as `arena`.
 */
struct sealed *seal_acknowledged(struct arena *arena,
    const struct acknowledgement *acknowledgement, const struct draft *draft,
    struct fail *fail);

#endif
