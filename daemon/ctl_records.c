#include "ctl_records.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/stat.h>

/* Bytes of one record as they come. */
struct growing {
	char *data;
	size_t len, size;
};

/* A file is what it is until it is written again; a pipe only once. */
static void
set_stamp(struct ctl_records *records)
{
	struct stat st;
	uint64_t once = 0;

	if (fstat(fileno(records->file), &st) == 0 && S_ISREG(st.st_mode)) {
		snprintf(records->stamp, sizeof(records->stamp),
		    "%llx.%llx.%llx.%lx", (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino,
		    (unsigned long long)st.st_mtim.tv_sec,
		    (unsigned long)st.st_mtim.tv_nsec);
		return;
	}
	if (getrandom(&once, sizeof(once), 0) != sizeof(once))
		once = (uint64_t)time(NULL);
	snprintf(records->stamp, sizeof(records->stamp), "%llx",
	    (unsigned long long)once);
}

static bool
open_next(struct ctl_records *records, struct fail *fail)
{
	records->name = *records->names++;
	records->line = 1;
	if (strcmp(records->name, "-") == 0) {
		records->file = stdin;
		records->name = "standard input";
		set_stamp(records);
		return true;
	}
	records->file = fopen(records->name, "re");
	if (records->file != NULL) {
		set_stamp(records);
		return true;
	}
	fail_place(fail, "%s", records->name);
	return fail_set(
	    fail, FAIL_WORLD, "cannot open: %s", strerror(errno));
}

void
ctl_records_close(struct ctl_records *records)
{
	if (records->file != NULL && records->file != stdin)
		fclose(records->file);
	records->file = NULL;
}

static int
next_char(struct ctl_records *records)
{
	int c = getc_unlocked(records->file);

	if (c == '\n')
		records->line++;
	if (c != EOF)
		records->bytes++;
	return c;
}

static bool
keep(struct growing *growing, int c)
{
	if (growing->len == growing->size) {
		size_t size = growing->size == 0 ? 4096 : 2 * growing->size;
		char *data = realloc(growing->data, size);

		if (data == NULL)
			return false;
		growing->data = data;
		growing->size = size;
	}
	growing->data[growing->len++] = (char)c;
	return growing->len <= CTL_RECORD_MAX;
}

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * From the first character of a value to the brace that closes it.  What is
 * no object ends with its line: misu will say what is wrong with it.
 */
static bool
read_value(struct ctl_records *records, int c, struct growing *growing)
{
	bool object = c == '{', string = false, escaped = false;
	size_t depth = 0;

	for (; c != EOF; c = next_char(records)) {
		if (!object && c == '\n')
			return true;
		if (!keep(growing, c))
			return false;
		if (string) {
			string = escaped || c != '"';
			escaped = !escaped && c == '\\';
		} else if (c == '"') {
			string = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0 && object) {
			return true;
		}
	}
	return true;
}

static bool
too_long(struct ctl_records *records, struct growing *growing,
    struct fail *fail)
{
	free(growing->data);
	fail_place(fail, "%s:%lu", records->name, records->first_line);
	return fail_set(fail, FAIL_INPUT,
	    "a record has at most %d bytes", CTL_RECORD_MAX);
}

bool
ctl_records_next(struct ctl_records *records, struct slice *out,
    char place[128], struct fail *fail)
{
	struct growing growing = {.data = NULL};
	int c;

	for (;;) {
		if (records->file == NULL) {
			if (*records->names == NULL ||
			    !open_next(records, fail))
				return false;
		}
		do
			c = next_char(records);
		while (is_blank(c));
		if (c != EOF)
			break;
		ctl_records_close(records);
	}
	records->first_line = records->line;
	if (!read_value(records, c, &growing))
		return too_long(records, &growing, fail);
	*out = (struct slice){growing.data, growing.len};
	snprintf(place, 128, "%s:%lu", records->name, records->first_line);
	return true;
}
