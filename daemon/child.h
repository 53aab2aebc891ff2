/*
 * What all children of the parent have in common: their first steps, and
 * their end of the line to it (line.h).
 */
#ifndef MISU_CHILD_H
#define MISU_CHILD_H

#include "line.h"
#include "net/wire_stream.h"

/*
 * False with a fail if no misu started this process, or the one that did is
 * gone already.
 */
bool child_begin(struct fail *fail);

/*
 * The line; NULL with a fail.  `received` is as wire_stream.h has it.  When
 * the parent goes, this process ends where it stands.
 */
struct wire_stream *child_line(struct event_base *base,
    bool (*received)(void *context, struct slice message, int fd),
    void *context, struct fail *fail);

/* A piece of what LINE_SETTINGS brought, and what follows it. */
bool child_settings(
    struct slice text, struct slice *piece, struct slice *rest);

#endif
