/*
 * rows.tbl as the tests see it.  The head of that file says how it is written.
 * A table that cannot be read fails the test that reads it.
 */
#ifndef MISU_TESTS_ROWS_TABLE_H
#define MISU_TESTS_ROWS_TABLE_H

#include <stdint.h>

#include "base/arena.h"
#include "core/field.h"

enum {
	ROWS_MAX = 400,
	ITEMS_MAX = 80,
	OBJECTS_MAX = 10,
	/* Who stands in the roles: enum kind, + KIND_COUNT when all agreed */
	WHO_COUNT = 2 * KIND_COUNT
};

struct row {
	unsigned line;
	struct slice source;
	unsigned revisions; /* 1 << (revision - 1) */
	struct slice file;
	struct slice objects[OBJECTS_MAX];
	size_t object_count;
	struct slice recipient, purpose;
	unsigned who; /* 1 << who */
	bool held, approved;
	uint64_t fields[ROLE_COUNT];
};

struct method_row {
	unsigned line;
	struct slice source, method;
	struct slice recipients[20];
	size_t recipient_count;
};

struct rows {
	struct row items[ROWS_MAX];
	size_t count;
	struct method_row methods[20];
	size_t method_count;
};

struct rows *rows_read(struct arena *arena, struct slice text);

static inline bool
row_has(const struct row *row, enum role role, enum field field)
{
	return (row->fields[role] >> field & 1) != 0;
}

#endif
