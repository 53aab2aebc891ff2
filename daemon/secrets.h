/*
 * The files of misu.conf that a worker needs and cannot read: certificates,
 * keys and passwords of upstreams.  The parent reads those that its misu.conf
 * names, and no others; a worker keeps them as long as it takes to put a
 * setup in force.
 */
#ifndef MISU_SECRETS_H
#define MISU_SECRETS_H

#include "setup.h"

/*
 * Call `visit` for each file of each upstream, once or more; the path is as
 * written in misu.conf.  The empty path is the system's authorities.  False
 * as soon as `visit` is.
 */
bool secrets_visit(const struct conf *conf,
    bool (*visit)(void *context, const struct conf_upstream *upstream,
	struct slice path, bool secret),
    void *context);

/*
 * The parent's side: read one.  Refused if misu.conf does not name it, or
 * others may read what is secret.
 */
bool secrets_read(const struct setup *setup, struct slice path,
    struct arena *arena, struct slice *text, struct fail *fail);

#endif
