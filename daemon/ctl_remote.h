/*
 * misuctl from afar: what it asks of a running misu goes over HTTPS to the port
 * that `operators` of misu.conf names, with the operator's certificate.
 */
#ifndef MISU_CTL_REMOTE_H
#define MISU_CTL_REMOTE_H

#include "ctl.h"

/* Can it be given from afar?  Others read files of the machine. */
bool ctl_remote_can(const struct ctl_command *command);

/* As ctl_ask(), to ctl->remote. */
bool ctl_remote_ask(struct ctl *ctl, const char *verb, int64_t id,
    const char *text, int *status, struct slice *body);

/* What is at this path, "/v1/entries?limit=1", into the arena. */
bool ctl_remote_get(struct ctl *ctl, struct arena *arena, const char *path,
    int *status, struct slice *body);

#endif
