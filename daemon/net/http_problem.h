/* Problems in JSON (RFC 9457), as every HTTP listener of misu words them. */
#ifndef MISU_HTTP_PROBLEM_H
#define MISU_HTTP_PROBLEM_H

#include <stddef.h>

/*
 * The body for a status, its length as snprintf() gives it.  The detail has
 * no quote, backslash or control character.
 */
int http_problem_print(char *out, size_t size, int status, const char *detail);

#endif
