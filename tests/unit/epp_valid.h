/*
 * Is every frame of a test valid by the schemas of EPP?  Frames are kept in a
 * directory of their own and given to one xmllint at the end.  Elements of an
 * extension whose schema is not there are taken out first.
 */
#ifndef MISU_TESTS_EPP_VALID_H
#define MISU_TESTS_EPP_VALID_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"

static char valid_directory[] = "/tmp/misu-epp-XXXXXX";
static unsigned valid_count;

static inline int
valid_setup(void **state)
{
	(void)state;
	return mkdtemp(valid_directory) == NULL;
}

/* Keep a frame, without an <extension> that the schemas do not know. */
static inline void
valid_keep(struct slice frame)
{
	const char *from = memmem(frame.data, frame.len, "<extension>", 11);
	const char *to = memmem(frame.data, frame.len, "</extension>", 12);
	char path[80];
	FILE *file;

	if (memmem(frame.data, frame.len, "<secDNS:", 8) != NULL)
		from = NULL;
	snprintf(
	    path, sizeof(path), "%s/%u.xml", valid_directory, valid_count++);
	file = fopen(path, "w");
	assert_non_null(file);
	if (from == NULL || to == NULL) {
		fwrite(frame.data, 1, frame.len, file);
	} else {
		fwrite(frame.data, 1, (size_t)(from - frame.data), file);
		to += 12;
		fwrite(to, 1, (size_t)(frame.data + frame.len - to), file);
	}
	assert_int_equal(fclose(file), 0);
}

/* The last test of a program. */
static inline void
every_frame_is_valid(void **state)
{
	const char *data = getenv("MISU_DATA");
	char schema[256], command[1024];

	(void)state;
	snprintf(schema, sizeof(schema), "%s/epp-xsd/all.xsd",
	    data != NULL ? data : "../shared/data");
	if (access(schema, R_OK) != 0 || system("which xmllint >&2") != 0) {
		print_message("skipped: no xmllint, or no %s\n", schema);
		skip();
	}
	assert_true(valid_count > 0);
	snprintf(command, sizeof(command),
	    "xmllint --nonet --noout --schema %s %s/*.xml 2>%s/said || "
	    "{ grep -v ' validates$' %s/said >&2; false; }",
	    schema, valid_directory, valid_directory, valid_directory);
	assert_int_equal(system(command), 0);
}

static inline int
valid_teardown(void **state)
{
	char command[80];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", valid_directory);
	return system(command);
}

#endif
