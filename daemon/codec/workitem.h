/*
 * A work item: what an operator at the desk needs to send a fax, write a
 * label or make a call, and nothing else.  Only permitted fields are in it;
 * in Japanese and English, with the "do not publish" marks spelled out.
 */
#ifndef MISU_WORKITEM_H
#define MISU_WORKITEM_H

#include "core/disclosure.h"

/* The item's text; data NULL when out of memory. */
struct slice workitem_render(const struct disclosure *disclosure,
    struct arena *arena, struct fail *fail);

#endif
