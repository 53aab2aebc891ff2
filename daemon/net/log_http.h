/*
 * A log that somebody serves over HTTP (C2SP tlog-tiles), read as a directory
 * is: one file at a time, while those that are wanted next are on their way.
 */
#ifndef MISU_LOG_HTTP_H
#define MISU_LOG_HTTP_H

#include "store/log_source.h"

struct log_http;

/*
 * The URL is that of the log's directory.  The token, which may be NULL, goes
 * with what only auditors may have.  Both are borrowed.
 */
struct log_http *log_http_create(
    const char *url, const char *token, struct fail *fail);
void log_http_destroy(struct log_http *log);

struct log_source *log_http_source(struct log_http *log);

/* Is this a URL and not a directory? */
bool log_http_is_url(const char *text);

#endif
