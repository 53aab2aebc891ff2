/*
 * Text made comparable: what a reader takes for the same letters becomes the
 * same bytes, whatever the case, the width of Latin letters, digits and
 * katakana, and the way a letter with its marks was put together (Unicode's
 * NFKC and full case folding).
 */
#ifndef MISU_FOLD_H
#define MISU_FOLD_H

#include "base/arena.h"
#include "base/fail.h"

/*
 * Folding folded text again changes nothing.  What is not UTF-8 is copied as
 * it is.  False only when out of memory.
 */
bool fold_text(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail);

#endif
