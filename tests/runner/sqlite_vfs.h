/*
 * SQLite's view of the disk of a scenario: every database byte passes through
 * struct disk, so that faults and kills reach the spool too.
 * Time and randomness are the scenario's.  No shared memory: databases are
 * opened in exclusive mode.
 */
#ifndef MISU_TESTS_SQLITE_VFS_H
#define MISU_TESTS_SQLITE_VFS_H

#include "net/loop.h"
#include "store/disk.h"
#include "store/keys.h"

/* From now on SQLite opens its files here; the three are borrowed. */
bool sqlite_vfs_use(struct disk *disk, struct loop *loop,
    const struct random_source *random);

#endif
