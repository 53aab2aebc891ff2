/*
 * Verbs of operators whose arguments are one text of JSON, found by their
 * names: the control socket and the scenarios ask for them alike.
 */
#ifndef MISU_ENGINE_ORDER_H
#define MISU_ENGINE_ORDER_H

#include "engine.h"

typedef void engine_order(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);

/* NULL: there is no such verb. */
engine_order *engine_order_find(struct slice verb);

#endif
