/*
 * A number beside the public view, in memory that the writer and its readers
 * share: it grows before anything in the view begins to change, and again
 * once that is durable.  While it stands, and is even, what a reader took from
 * the view after it read the number is what the view says still; so an answer
 * that was made once can be told again for the price of one load.
 *
 * The order is what makes that true.  A change that returned to its caller
 * has moved the number twice: nothing read before can be told after.  A
 * writer that died half-way leaves it odd, and readers then ask the view each
 * time, until the next writer opens it.  There is one writer at a time, as
 * there is for the view itself.
 *
 * The file is never shortened or replaced, only made where there is none.  It
 * says which file it is: a copy that stands in its place is moved by nobody,
 * and is none until the next writer opens it.
 */
#ifndef MISU_VIEW_MARK_H
#define MISU_VIEW_MARK_H

#include <stdint.h>

#include "base/fail.h"

struct view_mark;

/* Beside the view of this path; the writer's sets right what it finds. */
struct view_mark *view_mark_open(
    const char *view_path, bool writes, struct fail *fail);
/* NULL-safe. */
void view_mark_close(struct view_mark *mark);

/* Something will change from here on; and it has, or nothing did. */
void view_mark_begin(struct view_mark *mark);
void view_mark_end(struct view_mark *mark);

/*
 * To be read before the view is; 0: the view is changing, or was left so, or
 * this is a copy of what its writer moves.
 */
uint64_t view_mark_read(const struct view_mark *mark);

#endif
