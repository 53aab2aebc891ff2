/* Whatever comes, the reader ends within its limits and its spans are sound. */
#include "codec/xml.h"
#include "runner/fuzz.h"

static void
check(const struct xml_document *d, struct arena *arena)
{
	for (uint32_t i = 0; i < d->element_count; i++) {
		const struct xml_element *e = &d->elements[i];

		fuzz_must(e->whole.at < e->content.at &&
			  e->content.at <= e->content.end &&
			  e->content.end <= e->whole.end &&
			  e->whole.end <= d->text.len);
		fuzz_must(d->text.data[e->whole.at] == '<' &&
			  d->text.data[e->whole.end - 1] == '>');
		fuzz_must(e->parent == XML_NONE
			      ? i == 0
			      : e->parent < i &&
				    e->whole.end <=
					d->elements[e->parent].content.end);
		fuzz_must(e->next == XML_NONE ||
			  d->elements[e->next].whole.at >= e->whole.end);
		if (e->first == XML_NONE)
			fuzz_must(xml_text(d, i, arena).data != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};

	for (unsigned mixed = 0; mixed < 2; mixed++) {
		struct arena *arena = arena_create(NULL);
		struct fail fail = FAIL_INIT;
		struct xml_document *d = xml_read(
		    arena, text, &xml_limits_default, mixed == 1, &fail);

		fuzz_must(d != NULL ||
			  (fail.kind == FAIL_INPUT && fail.place[0] != '\0'));
		if (d != NULL)
			check(d, arena);
		arena_destroy(arena);
	}
	return 0;
}
