#include "core/tile.h"

#include "core/tree.h"

enum { GROUP = 3, GROUPS_MAX = 6 }; /* 10^18 is over 2^56 */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
skip(struct slice *rest, const char *word)
{
	size_t len = strlen(word);

	if (rest->len < len || memcmp(rest->data, word, len) != 0)
		return false;
	rest->data += len;
	rest->len -= len;
	return true;
}

/* "entries/", or a level without a zero before it. */
static bool
parse_level(struct slice *rest, int *level)
{
	*level = TILE_ENTRIES;
	if (skip(rest, "entries/"))
		return true;
	if (rest->len < 2 || !is_digit(rest->data[0]))
		return false;
	*level = rest->data[0] - '0';
	rest->data++;
	rest->len--;
	return *level < TILE_LEVELS && skip(rest, "/");
}

static bool
parse_group(struct slice *rest, uint64_t *number)
{
	if (rest->len < GROUP)
		return false;
	for (size_t i = 0; i < GROUP; i++) {
		if (!is_digit(rest->data[i]))
			return false;
		*number = *number * 10 + (uint64_t)(rest->data[i] - '0');
	}
	rest->data += GROUP;
	rest->len -= GROUP;
	return true;
}

/* Groups of three digits, an x before all but the last; none is needless. */
static bool
parse_number(struct slice *rest, uint64_t *number)
{
	*number = 0;
	for (unsigned i = 0; i < GROUPS_MAX; i++) {
		bool more = skip(rest, "x");

		if (!parse_group(rest, number))
			return false;
		if (!more)
			return *number < (uint64_t)1 << 56;
		if (*number == 0 || !skip(rest, "/"))
			return false;
	}
	return false;
}

static bool
parse_width(struct slice rest, unsigned *width)
{
	*width = 0;
	if (rest.len < 1 || rest.len > 3 || rest.data[0] == '0')
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		if (!is_digit(rest.data[i]))
			return false;
		*width = *width * 10 + (unsigned)(rest.data[i] - '0');
	}
	return *width < TILE_WIDTH;
}

bool
tile_parse(struct slice name, struct tile *out)
{
	*out = (struct tile){.width = 0};
	if (!skip(&name, "tile/") || !parse_level(&name, &out->level) ||
	    !parse_number(&name, &out->number))
		return false;
	if (name.len == 0)
		return true;
	return skip(&name, ".p/") && parse_width(name, &out->width);
}

unsigned
tile_filled(const struct tile *tile, uint64_t size)
{
	unsigned level = tile->level < 0 ? 0 : (unsigned)tile->level;
	uint64_t items = size >> TILE_HEIGHT * level;
	uint64_t full = items >> TILE_HEIGHT;

	if (tile->number < full)
		return TILE_WIDTH;
	return tile->number == full ? (unsigned)(items & 255) : 0;
}
