/*
 * The sandbox: what the process cannot do any more once it serves.  No new
 * privileges, no other programs, no tracing, no mounts, no modules: a system
 * call of that kind kills it.
 */
#ifndef MISU_SANDBOX_H
#define MISU_SANDBOX_H

#include "base/fail.h"

bool sandbox_enter(struct fail *fail);

#endif
