/*
 * A worker: the EPP filter in a process of its own, with the network and
 * without a disk, a ledger or a key of subjects.  Setups come from the keeper
 * as texts, certificates and passwords from the parent, which asks for them
 * in misu.conf's names.
 */
#ifndef MISU_WORKER_H
#define MISU_WORKER_H

#include "base/fail.h"

struct worker;

/* Which of how many; from 1. */
struct worker_number {
	unsigned number, count;
};

/* It is in its sandbox when this returns. */
struct worker *worker_create(struct worker_number number, struct fail *fail);

/* Until the parent says stop and it has drained; false if it broke. */
bool worker_run(struct worker *worker);
void worker_destroy(struct worker *worker);

#endif
