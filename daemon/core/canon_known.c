#include "core/canon_known.h"

#include "core/canon.h"

enum { HOLE = 44 }; /* 32 bytes in base64 */

/* Could another string of this length stand here, and end where this does? */
static bool
fits_hole(const char *at)
{
	return memchr(at, '"', HOLE) == NULL && at[HOLE - 1] != '\\';
}

static bool
matches(const struct canon_known_value *value, struct slice rest)
{
	size_t at = 0;

	if (rest.len < value->len)
		return false;
	for (size_t i = 0; i < value->hole_count; i++) {
		size_t hole = value->holes[i];

		if (memcmp(rest.data + at, value->text + at, hole - at) != 0 ||
		    !fits_hole(rest.data + hole))
			return false;
		at = hole + HOLE;
	}
	return memcmp(rest.data + at, value->text + at, value->len - at) == 0;
}

/* False where there are too many. */
static bool
find_holes(struct canon_known_value *value)
{
	const char *text = value->text, *end = text + value->len;
	const char *at = text;

	value->hole_count = 0;
	while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
		struct slice rest = {at, (size_t)(end - at)}, string;

		if (!canon_take_value(&rest, &string))
			return false;
		if (string.len == HOLE + 2 && string.data[HOLE] == '=') {
			if (value->hole_count == CANON_KNOWN_HOLES)
				return false;
			value->holes[value->hole_count++] =
			    (uint16_t)(at + 1 - text);
		}
		at = rest.data;
	}
	return true;
}

static void
to_front(struct canon_known *known, unsigned place)
{
	uint8_t which = known->order[place];

	memmove(known->order + 1, known->order, place);
	known->order[0] = which;
}

static uint64_t
learn(struct canon_known *known, struct slice text)
{
	struct canon_known_value *value;

	/* What has brackets ends with one, whatever stands behind it. */
	if (text.len > CANON_KNOWN_TEXT ||
	    (text.data[0] != '{' && text.data[0] != '['))
		return 0;
	if (known->count < CANON_KNOWN) {
		known->order[known->count] = (uint8_t)known->count;
		known->count++;
	}
	to_front(known, known->count - 1);
	value = &known->values[known->order[0]];
	memcpy(value->text, text.data, text.len);
	value->len = text.len;
	value->number = ++known->numbers;
	if (find_holes(value))
		return value->number;
	/* Nothing is as long: it is never met again. */
	value->len = SIZE_MAX;
	return 0;
}

bool
canon_known_take(struct canon_known *known, struct slice *rest,
    struct slice *value, uint64_t *number)
{
	for (unsigned i = 0; i < known->count; i++) {
		const struct canon_known_value *one =
		    &known->values[known->order[i]];

		if (!matches(one, *rest))
			continue;
		*value = (struct slice){rest->data, one->len};
		*rest =
		    (struct slice){rest->data + one->len, rest->len - one->len};
		*number = one->number;
		if (i != 0)
			to_front(known, i);
		return true;
	}
	if (!canon_take_value(rest, value))
		return false;
	*number = learn(known, *value);
	return true;
}
