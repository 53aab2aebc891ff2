#include "runner/canary.h"

#include <iconv.h>
#include <stdint.h>

#include "runner/undress.h"

/* The charsets a value may have been written in; the first is its own. */
static const char *const charsets[] = {
    "utf-8", "utf-16le", "utf-16be", "iso-2022-jp", "euc-jp", "shift_jis"};

enum { CHARSETS = sizeof(charsets) / sizeof(*charsets) };

/* One value in one charset, ready to be looked for. */
struct needle {
	char *data;
	size_t len;
	size_t value;
	const char *charset;
};

/* Needles by their first two bytes, so that bytes are read through once. */
struct search {
	struct needle *needles;
	size_t count;
	struct canary_found *found;
	uint16_t *next; /* by needle: another with these two, or 0 */
	uint16_t first[1 << 16]; /* 0: none; else 1 + index of a needle */
};

/* Opened once: the library loads a module for each. */
static iconv_t
conversion_to(size_t charset)
{
	static iconv_t opened[CHARSETS];

	if (opened[charset] == NULL)
		opened[charset] = iconv_open(charsets[charset], "utf-8");
	if (opened[charset] == (iconv_t)-1)
		abort();
	iconv(opened[charset], NULL, NULL, NULL, NULL);
	return opened[charset];
}

static void
add_needle(
    struct search *search, size_t value, size_t number, struct slice from)
{
	const char *charset = charsets[number];
	struct needle *needle = &search->needles[search->count];
	char *in = (char *)(uintptr_t)from.data, *out;
	size_t left = from.len, size = 4 * from.len + 16, room = size;
	iconv_t conversion = conversion_to(number);

	needle->data = out = undress_take(size);
	/* A value that the charset cannot say cannot be found in it. */
	if (iconv(conversion, &in, &left, &out, &room) != (size_t)-1 &&
	    iconv(conversion, NULL, NULL, &out, &room) != (size_t)-1) {
		needle->len = size - room;
		needle->value = value;
		needle->charset = charset;
		if (strcmp(charset, "iso-2022-jp") == 0)
			needle->len = undress_shifts(needle->data, needle->len);
		search->count++;
	} else {
		undress_give_back(needle->data);
	}
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned
pair_of(const char *data)
{
	return (unsigned)(unsigned char)data[0] << 8 | (unsigned char)data[1];
}

static void
index_needles(struct search *search)
{
	search->next = (uint16_t *)(void *)undress_take(
	    (search->count + 1) * sizeof(*search->next));
	/* From the last: of equal ones the first is found. */
	for (size_t i = search->count; i-- != 0;) {
		struct needle *needle = &search->needles[i];
		unsigned pair;

		for (size_t k = 0; k < needle->len; k++)
			needle->data[k] = lower(needle->data[k]);
		pair = pair_of(needle->data);
		search->next[i] = search->first[pair];
		search->first[pair] = (uint16_t)(i + 1);
	}
}

/* The needles are in lower case already. */
static const struct needle *
look_in(const struct search *search, const char *bytes, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		for (size_t n = search->first[pair_of(bytes + i)]; n != 0;
		    n = search->next[n - 1]) {
			const struct needle *needle = &search->needles[n - 1];

			if (needle->len <= len - i &&
			    memcmp(bytes + i, needle->data, needle->len) == 0)
				return needle;
		}
	return NULL;
}

/* As it is, and again without the escapes that ISO-2022-JP text has inside. */
static const struct needle *
look(const struct search *search, struct slice bytes)
{
	const struct needle *hit;
	char *copy = undress_take(bytes.len);
	size_t len;

	for (size_t i = 0; i < bytes.len; i++)
		copy[i] = lower(bytes.data[i]);
	hit = look_in(search, copy, bytes.len);
	len = undress_shifts(copy, bytes.len);
	if (hit == NULL && len != bytes.len)
		hit = look_in(search, copy, len);
	undress_give_back(copy);
	return hit;
}

static bool
dig(struct search *search, struct slice bytes, unsigned depth, const char *how)
{
	const struct needle *hit = look(search, bytes);

	if (hit != NULL) {
		search->found->value = hit->value;
		snprintf(search->found->how, sizeof(search->found->how), "%s%s",
		    how, hit->charset);
		return true;
	}
	if (depth == 0)
		return false;
	for (size_t i = 0; i < undress_count; i++) {
		struct slice naked;
		char path[96];
		bool deeper;

		if (!undress[i].undo(bytes, &naked))
			continue;
		snprintf(path, sizeof(path), "%s%s > ", how, undress[i].name);
		deeper = dig(search, naked, depth - 1, path);
		undress_give_back(naked.data);
		if (deeper)
			return true;
	}
	return false;
}

/* The table is 128 KB: only what was set is set back. */
static void
forget_needles(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		search->first[pair_of(search->needles[i].data)] = 0;
	search->count = 0;
}

bool
canary_find(struct slice bytes, const struct slice *values, size_t count,
    struct canary_found *found)
{
	static struct search search;
	char *needles = undress_take((count * CHARSETS + 1) *
	    sizeof(struct needle));
	bool hit;

	if (count * CHARSETS >= UINT16_MAX)
		abort();
	search.found = found;
	search.needles = (struct needle *)(void *)needles;
	for (size_t i = 0; i < count; i++)
		for (size_t c = 0; c < CHARSETS; c++)
			if (values[i].len >= CANARY_MIN)
				add_needle(&search, i, c, values[i]);
	index_needles(&search);
	hit = search.count != 0 && dig(&search, bytes, CANARY_DEPTH, "");
	forget_needles(&search);
	undress_give_back(needles);
	return hit;
}
