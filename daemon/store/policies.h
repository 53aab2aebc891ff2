/*
 * Every policy and every setup that was ever in force, kept by identity so
 * that an entry's rule number can be shown with its text and place long after.
 * In the directory `policies` of the state:
 *
 *	IDENTITY	the canonical text of a policy, or a setup's: the name
 *			is the SHA-256 of what is in the file
 *	IDENTITY.source	the policy's files as they were when it first came into
 *			force, comments and all:
 *				misu policy source 1
 *				sha256 HEX		of all that follows
 *				file LENGTH NAME
 *				LENGTH bytes and a newline
 *			and so on, the policy's own file first
 *
 * A file is written once, whole, and never changed.
 */
#ifndef MISU_POLICIES_H
#define MISU_POLICIES_H

#include "core/policy.h"
#include "store/disk.h"

enum { POLICIES_FILE_MAX = 16 * 1024 * 1024 };

/*
 * Durable when it returns true; what is there and sound already stays.  The
 * directory is made where absent.  `files` may be none: then the canonical
 * text alone says what the rules were.
 */
bool policies_keep(struct disk *disk, const char *directory,
    const struct ruleset *ruleset, const struct policy_source *files,
    size_t file_count, struct fail *fail);
bool policies_keep_setup(struct disk *disk, const char *directory,
    struct slice text, struct fail *fail);

/*
 * A kept text in `arena`; FAIL_INPUT if none was kept, FAIL_WORLD if the file
 * is not what its name says.
 */
bool policies_read(struct disk *disk, const char *directory,
    const struct digest *identity, struct arena *arena, struct slice *out,
    struct fail *fail);

/*
 * The ruleset of an identity, compiled again from its files, or where these
 * are missing or do not come out the same from its canonical text, which is
 * then the place of its rules.  Its networks are those of `setup`; without
 * that text the groups are empty.  NULL with a fail.
 */
const struct ruleset *policies_load(struct disk *disk, const char *directory,
    const struct digest *policy, const struct digest *setup,
    struct arena *arena, struct fail *fail);

#endif
