/* The word that was meant, for hints: `did you mean ...?` */
#ifndef MISU_NEAR_H
#define MISU_NEAR_H

#include "base/slice.h"

/* Edits that make one word of the other; many for words that are long. */
size_t near_distance(struct slice a, struct slice b);

#endif
