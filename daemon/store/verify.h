/*
 * Verification of a ledger directory, or of a log that is served somewhere,
 * from nothing but its files: each entry's canonical form, every leaf, tile and root derived anew,
 * the checkpoint's signature, every block of the journal, and what the journal
 * says against the bundles.  It writes nothing and goes on after a finding.
 */
#ifndef MISU_VERIFY_H
#define MISU_VERIFY_H

#include "base/digest.h"
#include "store/log_source.h"

struct verify_options {
	struct disk *disk;
	const char *directory;
	/*
	 * Where the log is read instead of the directory, whose journal and
	 * names are then not looked at.  NULL: the directory.
	 */
	struct log_source *source;
	/* Entries cannot be had: hashes are followed from the leaves up. */
	bool hashes_only;
	/*
	 * A signed checkpoint from before; empty: none.  The log must go on
	 * from it, and only what is new since is derived anew.
	 */
	struct slice from;
	struct arena *arena; /* for the result's note */
	/*
	 * The verifier key the checkpoint must be signed with; empty: the one
	 * in log.vkey, which then proves only that the parts fit together.
	 */
	struct slice verifier_key;
	/* A witness' key: it must have signed the checkpoint.  Empty: none. */
	struct slice witness_key;
	/*
	 * A daemon is writing: the journal, which changes under the reader,
	 * is left out, and files newer than the checkpoint are not strange.
	 */
	bool live;
	/* `place` is a file below the directory with an offset or entry. */
	void (*finding)(void *context, const char *place, const char *text);
	void (*progress)(void *context, uint64_t done, uint64_t size);
	void *context;
};

struct verify_result {
	uint64_t size;    /* entries that the checkpoint covers */
	uint64_t journal; /* entries in the journal alone */
	uint64_t findings;
	struct digest root;
	uint64_t from;     /* entries that were not looked at again */
	uint64_t gone;     /* entries that are not kept: only their hashes */
	struct slice note; /* the checkpoint; NULL: none that holds */
};

/* False only if it could not be carried out (no memory, no server). */
bool verify_ledger(const struct verify_options *options,
    struct verify_result *result, struct fail *fail);

#endif
