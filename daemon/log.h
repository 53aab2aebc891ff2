/*
 * The operational log: logfmt lines on standard error, one a state change,
 *
 *	time=2026-04-01T00:00:00.000Z level=info event=ready policy=...
 *
 * Never a registrant's value.  Under journald each line has its priority.
 */
#ifndef MISU_LOG_H
#define MISU_LOG_H

#include "base/fail.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN,
	LOG_LEVEL_ERROR };

void log_start(bool debug);

/* Pairs of key and value follow, ended by NULL. */
void log_event(enum log_level level, const char *event, ...)
    __attribute__((sentinel));

/* With the fail's place, text and hint. */
void log_fail(
    enum log_level level, const char *event, const struct fail *fail);

/* "info", "warn" or "debug"; what else it is, is an error. */
enum log_level log_level_of(const char *level);

/* What the engine and the stores call: level is "info", "warn", "error". */
void log_engine(void *context, const char *level, const char *event,
    const struct fail *fail);

#endif
