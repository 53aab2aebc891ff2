/*
 * The file `restored` in a state directory: `misuctl restore` writes it before
 * anything else, and the first start after it reads and removes it.
 */
#ifndef MISU_RESTORED_H
#define MISU_RESTORED_H

/* How it begins while more is to come, and then: written over the other. */
#define RESTORED_INCOMPLETE "incomplete"
#define RESTORED_COMPLETE "complete  "

#endif
