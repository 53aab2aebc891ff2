/*
 * Where the files of a log (store/tiles.h) are read from: a directory here, or
 * a server somewhere else (net/log_http.h).  Who reads checks what he gets.
 */
#ifndef MISU_LOG_SOURCE_H
#define MISU_LOG_SOURCE_H

#include "core/proof.h"
#include "store/disk.h"

enum log_got {
	LOG_GOT,
	LOG_GONE, /* entries that the log does not keep any more */
	LOG_FAILED,
	LOG_AWAY /* it cannot be asked now, or not by us: no fault of the log */
};

struct log_source {
	/* The file in `arena`; a fail unless it was got. */
	enum log_got (*get)(struct log_source *source, const char *name,
	    size_t max, struct arena *arena, struct slice *out,
	    struct fail *fail);
	/* It will be asked for soon.  May be NULL. */
	void (*ahead)(struct log_source *source, const char *name, size_t max);
};

/*
 * A directory of the disk's, which are both borrowed.  A partial file that a
 * later checkpoint has taken the place of is the beginning of what lies there
 * now, and is given as that.
 */
struct log_directory {
	struct log_source source;
	struct disk *disk;
	const char *directory;
};

void log_directory_init(
    struct log_directory *log, struct disk *disk, const char *directory);

/* Entries that its checkpoint covers; the signature is not looked at. */
bool log_directory_size(struct log_directory *log, struct arena *arena,
    uint64_t *size, struct fail *fail);

/*
 * Hashes of the tree, from the tiles of a log that has `size` entries.  They
 * are what the source says: a root has to be derived from them.
 */
struct log_hashes;

struct log_hashes *log_hashes_create(
    struct log_source *source, uint64_t size, struct fail *fail);
void log_hashes_destroy(struct log_hashes *hashes);

/* For proof.h; its context is the hashes. */
struct proof_source log_hashes_source(struct log_hashes *hashes);

#endif
