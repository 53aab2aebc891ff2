/*
 * What the files of misu.conf's compiler share.  Only conf*.c include it.
 */
#ifndef MISU_CONF_PRIV_H
#define MISU_CONF_PRIV_H

#include "conf.h"

enum conf_complaint {
#define CONF(id, level, text, hint) CONF_##id,
#include "conf.tbl"
#undef CONF
	CONF_COUNT
};

void conf_complain(struct complaints *complaints, struct place place,
    enum conf_complaint complaint, struct slice one, struct slice two);

#define NOTHING ((struct slice){"", 0})

#endif
