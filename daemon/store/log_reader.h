/*
 * A ledger's entries by number, from bundles and journal, also while a daemon
 * writes: those that were durable when it was opened.
 */
#ifndef MISU_LOG_READER_H
#define MISU_LOG_READER_H

#include "store/disk.h"

struct log_reader;

/* NULL with a fail.  `disk` must outlive it. */
struct log_reader *log_reader_open(
    struct disk *disk, const char *directory, struct fail *fail);
void log_reader_close(struct log_reader *reader);

/* How many entries there are: the index of the next. */
uint64_t log_reader_size(const struct log_reader *reader);

/* Those below were pruned. */
uint64_t log_reader_minimum(const struct log_reader *reader);

/*
 * The canonical bytes of an entry; they live as long as `arena` and the
 * reader do.  FAIL_INPUT if there is no such entry.
 */
bool log_reader_entry(struct log_reader *reader, uint64_t index,
    struct arena *arena, struct slice *entry, struct fail *fail);

#endif
