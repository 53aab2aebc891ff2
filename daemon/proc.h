/*
 * The process: what it may not do (leave a core behind, make files others can
 * read), the master key, random bytes, and what systemd wants to know.
 */
#ifndef MISU_PROC_H
#define MISU_PROC_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/fail.h"
#include "store/keys.h"

/* No core dumps, umask 077, no SIGPIPE, room for file descriptors. */
bool proc_harden(struct fail *fail);

/* As many file descriptors as the hard limit allows. */
void proc_raise_files(void);

/* What ps(1) shows, as far as there is room; `argv` is written over. */
void proc_name(char **argv, const char *name);

/*
 * A child's first steps: it goes when its parent goes, keeps no capability,
 * and leaves signals for a process group to its parent.
 */
bool proc_become_child(struct fail *fail);

/*
 * The master key: the systemd credential "master-key" if there is one, else
 * the file, which must be ours and have mode 0600 or 0400 and 64 hex digits.
 * Where there is no file and *fresh is set, one is made; *fresh says whether.
 */
bool proc_master_key(const char *path, uint8_t out[KEY_SIZE], bool *fresh,
    struct fail *fail);

/* Does the master key come from systemd?  Then misu cannot change it. */
bool proc_has_credential(void);

/* A master key's file: its mode and its digits are looked at. */
bool proc_read_key(
    const char *path, uint8_t out[KEY_SIZE], struct fail *fail);

/*
 * The next master key, beside the one in use as "*.new"; and then in its
 * place, when what the old one opens is gone: the old one is overwritten.
 */
bool proc_next_key(
    const char *path, const uint8_t key[KEY_SIZE], struct fail *fail);
bool proc_swap_key(const char *path, struct fail *fail);

/* Make a directory and those above it, mode 0700; one that is there is fine. */
bool proc_make_directory(const char *path, struct fail *fail);

/* Read a whole file of at most `max` bytes. */
bool proc_read_file(const char *path, size_t max, struct arena *arena,
    struct slice *out, struct fail *fail);

/* As above, for secrets: refused if others may read it. */
bool proc_read_secret(const char *path, size_t max, struct arena *arena,
    struct slice *out, struct fail *fail);

/* "name" below "directory", or "name" where it is absolute; NULL: no memory. */
const char *proc_path(
    struct arena *arena, struct slice directory, struct slice name);

/* sd_notify(3). */
void proc_notify_ready(const char *status);
void proc_notify_reloading(void);
void proc_notify_stopping(void);
void proc_notify_watchdog(void);
/* Milliseconds between signs of life that systemd asks for; 0: none. */
int64_t proc_watchdog_interval(void);

#endif
