#include "core/status.h"

static const struct {
	const char *word, *rdap;
	bool has_day;
} statuses[] = {
#define STATUS(word, rdap, has_day) {word, rdap, has_day},
#include "core/status.tbl"
#undef STATUS
};

/* " (2027/03/31)", or nothing. */
static bool
is_day(struct slice text)
{
	static const char shape[] = " (0000/00/00)";

	if (text.len == 0)
		return true;
	if (text.len != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (shape[i] == '0' ? c < '0' || c > '9' : c != shape[i])
			return false;
	}
	return true;
}

const char *
status_rdap(struct slice status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		struct slice word = slice_from(statuses[i].word), rest;

		if (status.len < word.len ||
		    memcmp(status.data, word.data, word.len) != 0)
			continue;
		rest = (struct slice){
		    status.data + word.len, status.len - word.len};
		if (rest.len == 0 || (statuses[i].has_day && is_day(rest)))
			return statuses[i].rdap;
	}
	return NULL;
}

bool
status_is_lock(struct slice lock)
{
	static const char end[] = "Locked";
	size_t len = sizeof(end) - 1;

	if (lock.len <= len ||
	    memcmp(lock.data + lock.len - len, end, len) != 0)
		return false;
	for (size_t i = 0; i < lock.len; i++) {
		char c = lock.data[i];

		if ((c < 'A' || c > 'Z') && (c < 'a' || c > 'z'))
			return false;
	}
	return true;
}
