#include "codec/splice.h"

void
splices_start(struct splices *splices, struct slice source, struct arena *arena)
{
	splices->source = source;
	splices->arena = arena;
	splices->items = splices->first;
	splices->count = 0;
	splices->size = SPLICES_FIRST;
	splices->failed = false;
}

static bool
grow(struct splices *splices)
{
	struct splice *more;

	more =
	    arena_take_array(splices->arena, 2 * splices->size, sizeof(*more));
	if (more == NULL) {
		splices->failed = true;
		return false;
	}
	memcpy(more, splices->items, splices->count * sizeof(*more));
	splices->items = more;
	splices->size *= 2;
	return true;
}

/* Does `a` come before `b`?  What is put in first, then the wider span. */
static bool
before(struct xml_span a, struct xml_span b)
{
	if (a.at != b.at)
		return a.at < b.at;
	if (a.at == a.end || b.at == b.end)
		return a.at == a.end && b.at != b.end;
	return a.end > b.end;
}

/* They come nearly in order, so that the place is found from the end. */
void
splices_replace(
    struct splices *splices, struct xml_span span, struct slice text)
{
	size_t at;

	splices->failed |= text.data == NULL;
	if (splices->count == splices->size && !grow(splices))
		return;
	for (at = splices->count++; at != 0; at--) {
		if (!before(span, splices->items[at - 1].span))
			break;
		splices->items[at] = splices->items[at - 1];
	}
	splices->items[at] = (struct splice){span, text};
}

void
splices_cut(struct splices *splices, struct xml_span span)
{
	if (span.at != span.end)
		splices_replace(splices, span, (struct slice){"", 0});
}

void
splices_insert(struct splices *splices, uint32_t at, struct slice text)
{
	if (text.data == NULL || text.len != 0)
		splices_replace(splices, (struct xml_span){at, at}, text);
}

/* Leave only those that take effect; how long the result will be. */
static size_t
settle(struct splices *splices)
{
	size_t kept = 0, len = splices->source.len;
	uint32_t done = 0;

	for (size_t i = 0; i < splices->count; i++) {
		struct splice *splice = &splices->items[i];

		if (splice->span.at < done)
			continue;
		done = splice->span.end;
		len += splice->text.len;
		len -= splice->span.end - splice->span.at;
		splices->items[kept++] = *splice;
	}
	splices->count = kept;
	return len;
}

static char *
put(char *out, const char *from, size_t len)
{
	if (len != 0)
		memcpy(out, from, len);
	return out + len;
}

struct slice
splices_apply(struct splices *splices)
{
	size_t len = settle(splices);
	const char *source = splices->source.data;
	char *start, *out;
	uint32_t done = 0;

	if (splices->failed)
		return (struct slice){NULL, 0};
	start = out = arena_take(splices->arena, len + 1);
	if (start == NULL)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < splices->count; i++) {
		const struct splice *splice = &splices->items[i];

		out = put(out, source + done, splice->span.at - done);
		out = put(out, splice->text.data, splice->text.len);
		done = splice->span.end;
	}
	put(out, source + done, splices->source.len - done);
	return (struct slice){start, len};
}
