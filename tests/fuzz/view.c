/*
 * A row of the public view, as it may have been damaged: refused, or an
 * answer in every layout, of RDAP one that is true of itself.
 */
#include <stdlib.h>

#include "codec/rdap.h"
#include "codec/view.h"
#include "codec/whois.h"
#include "runner/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rdap_options options = {
	    .base = SLICE("https://rdap.example/")};
	static const struct whois_style style = {.roles = ~0u, .streets = 1};
	struct slice bytes = {(const char *)data, size};
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct view_row row;
	struct text text;

	if (arena == NULL || !view_decode(bytes, arena, &row, &fail)) {
		arena_destroy(arena);
		return 0;
	}
	text = text_start(arena);
	whois_gtld(&text, &row.it, &style, 0);
	whois_jprs_generic(&text, &row.it, false);
	whois_jprs_organizational(&text, &row.it, true);
	whois_jpnic_network(&text, &row.it, false);
	text = text_start(arena);
	if (!rdap_domain(&text, &row.it, &options, &fail) &&
	    fail.kind == FAIL_WORLD && fail.hint[0] != '\0')
		abort();
	arena_destroy(arena);
	return 0;
}
