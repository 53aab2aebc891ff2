/*
 * The ledger's entries by index, straight from its files, also while a daemon
 * writes: bundles up to the signed checkpoint, then the journal.  It checks
 * the checkpoint's signature and nothing more; what is damaged beneath it is
 * verify's to find.  One thread's; it shares nothing with others.
 */
#ifndef MISU_LOG_READER_H
#define MISU_LOG_READER_H

#include "base/digest.h"
#include "base/text.h"
#include "store/disk.h"

struct log_reader;

struct log_reader_options {
	struct disk *disk;	/* borrowed */
	const char *directory;	/* borrowed; the ledger's */
	bool bundles_only;	/* leave the journal alone */
};

struct log_reader *log_reader_open(
    const struct log_reader_options *options, struct fail *fail);
void log_reader_close(struct log_reader *reader);

/* Look again what is there.  After a false the reader is closed in all but name. */
bool log_reader_renew(struct log_reader *reader, struct fail *fail);

/* Entries that can be read are those below this. */
uint64_t log_reader_size(const struct log_reader *reader);
/* Entries that stand in bundles. */
uint64_t log_reader_bundled(const struct log_reader *reader);

/* Digest of the log's verifier key: which log is it? */
struct digest log_reader_log(const struct log_reader *reader);

/*
 * The canonical bytes, borrowed until LOG_READER_HELD other calls.  False
 * without a fail of the world is an index that is not there.
 */
bool log_reader_entry(struct log_reader *reader, uint64_t index,
    struct slice *out, struct fail *fail);

enum { LOG_READER_HELD = 4 };

#endif
