/*
 * What the ledger has about one subject, and what came later about one of its
 * disclosures: queries (store/log_query.h) that are made here, so that an
 * index is used where there is one.
 *
 * Who was forgotten cannot be found by the index: give none for such a
 * subject, and for one of whom it is not known, look again without it.
 */
#ifndef MISU_LOG_ABOUT_H
#define MISU_LOG_ABOUT_H

#include "store/log_query.h"

/*
 * Of `run` all is used but the query.  `pseudonym` in hex: disclosures that
 * name it, events about those and events about it.
 */
bool log_about_subject(const struct log_query *run, struct slice pseudonym,
    struct log_page *page, struct fail *fail);

/*
 * Later entries that are about this disclosure or supersede it.  `object` of
 * it: its name, where it can be read; without it more has to be looked at.
 */
bool log_about_entry(const struct log_query *run,
    const struct entry_shown *disclosure, struct log_page *page,
    struct fail *fail);

#endif
