/*
 * Whatever is asked of WHOIS or RDAP: refused, or a canonical name that asks
 * for the same once more.
 */
#include <stdlib.h>

#include "base/text.h"
#include "codec/ask.h"
#include "runner/fuzz.h"

/* What is asked about stands there as it is asked for. */
static void
ask_again(struct arena *arena, const struct ask *ask)
{
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;
	struct ask again;

	text_add_char(&text, '^');
	text_add(&text, ask->name);
	if (memchr(ask->name.data, '.', ask->name.len) != NULL &&
	    (!ask_whois(arena, text_slice(&text), &again, &fail) ||
		again.kind != ASK_REFERENCES ||
		!slice_equal(again.name, ask->name)))
		abort();
}

/* One byte says of which of the two. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct ask ask, again;
	struct slice text;
	bool ok;

	if (arena == NULL || size == 0) {
		arena_destroy(arena);
		return 0;
	}
	text = (struct slice){(const char *)data + 1, size - 1};
	ok = data[0] == 'r' ? ask_rdap(arena, text, &ask, &fail)
			    : ask_whois(arena, text, &ask, &fail);
	if (!ok && fail.text[0] == '\0')
		abort();
	if (ok && ask.kind == ASK_DOMAIN &&
	    (!ask_whois(arena, ask.name, &again, &fail) ||
		again.kind != ASK_DOMAIN ||
		!slice_equal(again.name, ask.name)) &&
	    memchr(ask.name.data, '.', ask.name.len) != NULL)
		abort();
	if (ok && ask.kind == ASK_REFERENCES)
		ask_again(arena, &ask);
	arena_destroy(arena);
	return 0;
}
