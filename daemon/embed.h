/* Files that are part of the program. */
#ifndef MISU_EMBED_H
#define MISU_EMBED_H

#include "base/slice.h"

/* conf/openapi.json */
struct slice embed_openapi(void);

#endif
