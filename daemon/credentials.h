/*
 * The certificates, keys, passwords and tokens that misu.conf names: are they
 * there, do they fit, how long are they good?  Looked at before a start, by
 * `misu -n`, and each day; what is in them is told to nobody.
 */
#ifndef MISU_CREDENTIALS_H
#define MISU_CREDENTIALS_H

#include "setup.h"

enum {
	CREDENTIALS_DAYS = 14 /* a certificate is to be renewed before */
};

/*
 * `tell` is called for each thing that is wrong; with `expires`, of a
 * certificate that is good no more or not for long, which keeps nothing from
 * starting.  False if misu could not start so.  `now` in Unix seconds.
 */
bool credentials_check(struct setup *setup, int64_t now,
    void (*tell)(void *context, const struct fail *fail, bool expires),
    void *context);

#endif
