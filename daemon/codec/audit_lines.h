/*
 * The labels of JPRS and JPNIC that have a field of a contact behind them, in
 * both languages, and where they stand; codec/audit_columns.c reads by them.
 */
#ifndef MISU_AUDIT_LINES_H
#define MISU_AUDIT_LINES_H

#include "core/audit.h"

/* Which answers have a line for what is published, whether it is or not. */
enum {
	LINE_JAPANESE = 1, /* only those that are not in English */
	LINE_LETTERED = 2, /* only with letters: organizational names of .jp */
	LINE_PLAIN = 4,	   /* only without: generic names of .jp */
	LINE_PERSON = 8,   /* only of persons, not of groups */
	LINE_NEVER = 16	   /* none: it is a leak wherever it stands */
};

struct audit_line {
	const char *labels[4];
	uint64_t fields, expected;
	enum role role; /* ROLE_COUNT: of the section, or of who was asked */
	enum audit_shape shape;
	unsigned where;
};

struct audit_lines {
	const struct audit_line *items;
	size_t count;
};

extern const struct audit_lines audit_lines_jprs;
/* Of the published contact, and of persons where a section is theirs. */
extern const struct audit_lines audit_lines_person;
extern const struct audit_lines audit_lines_network;
/* Of one who was asked for by the handle, which stands in the first. */
extern const struct audit_lines audit_lines_contact;

#endif
