/*
 * Reads JSON that misu wrote itself, for a check before it leaves: cJSON
 * takes a fifth of jansson's time for it.  What others send is json_parse()'s,
 * which says where it is wrong and refuses more.
 */
#ifndef MISU_JSON_QUICK_H
#define MISU_JSON_QUICK_H

#include "codec/json.h"

/*
 * As json_parse(); all is in the arena, what cJSON takes too.  NULL with
 * FAIL_WORLD if it is no JSON (or there is no memory for it), deeper than
 * JSON_DEPTH_MAX, or more than one value; with FAIL_MEMORY.
 */
const struct json_node *json_quick_parse(
    struct arena *arena, struct slice text, struct fail *fail);

#endif
