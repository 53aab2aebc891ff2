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

/* NULL with a fail.  `disk` must outlive it. */
struct log_reader *log_reader_open(
    struct disk *disk, const char *directory, struct fail *fail);
/* Leaves the journal alone: what stands in bundles is all it has. */
struct log_reader *log_reader_open_bundles(
    struct disk *disk, const char *directory, struct fail *fail);
void log_reader_close(struct log_reader *reader);

/* Look again what is there.  After a false it has no entries. */
bool log_reader_renew(struct log_reader *reader, struct fail *fail);

/* How many entries there are: the index of the next. */
uint64_t log_reader_size(const struct log_reader *reader);
/* Those below were pruned. */
uint64_t log_reader_minimum(const struct log_reader *reader);
/* Entries that stand in bundles. */
uint64_t log_reader_bundled(const struct log_reader *reader);

/* Digest of the log's origin: which log is it? */
struct digest log_reader_log(const struct log_reader *reader);

/*
 * The canonical bytes of an entry; they live as long as `arena`.  FAIL_INPUT
 * if there is no such entry.
 */
bool log_reader_entry(struct log_reader *reader, uint64_t index,
    struct arena *arena, struct slice *entry, struct fail *fail);
/*
 * The same without a copy: borrowed until log_reader_renew() or the second
 * reading after this one, whichever comes first.
 */
bool log_reader_borrow(struct log_reader *reader, uint64_t index,
    struct slice *entry, struct fail *fail);

#endif
