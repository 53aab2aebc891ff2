/*
 * Policy files for tests: reading, includes beside the file, and a prefix for
 * every network group that a file of the same folder names.
 */
#ifndef MISU_TEST_FILES_H
#define MISU_TEST_FILES_H

#include "core/policy.h"

bool files_read(struct arena *arena, const char *path, struct slice *out);

/* As policy_load() with the file's own name in diagnostics. */
struct ruleset *files_load(
    struct arena *arena, const char *path, struct slice *diagnostics);

/* Calls `each` with a fresh arena for every file of the pattern. */
void files_each(
    const char *pattern, void (*each)(struct arena *arena, const char *path));

#endif
