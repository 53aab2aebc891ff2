/*
 * The sandboxes: what a process cannot do any more once it serves.  None may
 * gain privileges, trace, mount or load modules; only the parent may start
 * programs (itself); the keeper makes no connection; a worker opens no file; the
 * console opens no port and, but for a rename, changes no name; the auditor
 * opens no port and writes nothing.
 * A system call of that kind kills the process, or is refused where a library
 * may try it and go on.  Where the kernel has Landlock, the keeper reaches
 * the directories it was given and a worker none.
 */
#ifndef MISU_SANDBOX_H
#define MISU_SANDBOX_H

#include "base/fail.h"

enum sandbox {
	SANDBOX_PARENT,
	SANDBOX_KEEPER,
	SANDBOX_WORKER,
	SANDBOX_CONSOLE,
	SANDBOX_PUBLISHER,
	SANDBOX_AUDITOR
};

/* Directories and files, ended by NULL; what does not exist is left out. */
struct sandbox_paths {
	const char *const *reads;  /* and what is below */
	const char *const *writes; /* and makes, renames, removes */
};

/*
 * Landlock, for this thread and those it makes later; with NULL no file is
 * reached.  *in_force is false where the kernel has none.
 */
bool sandbox_files(
    const struct sandbox_paths *paths, bool *in_force, struct fail *fail);

/* Seccomp, for all threads there are. */
bool sandbox_enter(enum sandbox sandbox, struct fail *fail);

#endif
