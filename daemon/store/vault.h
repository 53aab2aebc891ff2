/*
 * The vault keeps the latest record of each object, each role's part
 * encrypted under its subject's key, in SQLite behind the ledger's journal:
 * a record is durable with its entry, and the database catches up.
 */
#ifndef MISU_VAULT_H
#define MISU_VAULT_H

#include "core/record.h"
#include "store/disk.h"
#include "store/keys.h"

struct vault;

struct vault *vault_open(
    const char *path, struct keys *keys, struct fail *fail);
void vault_close(struct vault *vault);

/* The latest record of an object: NULL without a fail if there is none. */
struct record *vault_get(struct vault *vault, struct arena *arena,
    enum object_type type, struct slice object, struct fail *fail);

#endif
