/*
 * What libevent itself answers to requests that it cannot read (no HTTP, an
 * unknown method, a body far over the limit) is a page of HTML, and version
 * 2.1 has no callback to word it.  It lies in the connection's output until
 * the loop next writes; there it is put into words of ours, with the status
 * that libevent found.
 */
#ifndef MISU_HTTP_ERROR_H
#define MISU_HTTP_ERROR_H

#include <stddef.h>

#include "base/slice.h"

struct evbuffer;

/* The words for a status, into `out`; gives their length, as snprintf(). */
typedef int http_error_word(
    void *context, int status, char *out, size_t size);

/*
 * Replace the page at the end of the output.  Gives its status, or 0 if there
 * is none.
 */
int http_error_reword(
    struct evbuffer *output, http_error_word *word, void *context);

const char *http_reason(int status);

#endif
