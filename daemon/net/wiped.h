/*
 * For a process whose requests have secrets in them: whatever libevent gives
 * back is overwritten first, headers and bodies among it.
 */
#ifndef MISU_WIPED_H
#define MISU_WIPED_H

/* Before anything else asks libevent for memory. */
void wiped_start(void);

/*
 * What the calls that have returned left on the stack, as far down as readers
 * and writers of an answer go, is written over.
 */
void wiped_stack(void);

#endif
