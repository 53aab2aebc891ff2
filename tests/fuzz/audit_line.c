/*
 * What a hostile auditor says, and a bootstrap file of anybody's: it is read
 * whole or refused, and what was read comes out again as it was.
 */
#include "codec/audit_line.h"
#include "codec/bootstrap.h"
#include "runner/fuzz.h"

static void
read_told(struct slice text, struct arena *arena)
{
	struct audit_told told, again;
	struct slice written;

	if (!audit_read_told(text, arena, &told))
		return;
	written = audit_write_told(&told, arena);
	/* What grew by escapes may be too long. */
	if (written.data == NULL)
		return;
	fuzz_must(audit_read_told(written, arena, &again));
	fuzz_must(again.number == told.number && again.end == told.end &&
		  again.answer.count == told.answer.count);
	for (size_t i = 0; i < told.answer.count; i++)
		fuzz_must(again.answer.items[i].fields ==
			      told.answer.items[i].fields &&
			  again.answer.items[i].values.count ==
			      told.answer.items[i].values.count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size}, url;
	struct arena *arena = arena_create(NULL);
	struct bootstrap bootstrap;
	struct audit_ask ask;

	read_told(text, arena);
	audit_read_ask(text, arena, &ask);
	for (int kind = BOOTSTRAP_DNS; kind <= BOOTSTRAP_IPV6; kind++) {
		struct fail fail = FAIL_INIT;

		if (!bootstrap_read(text, (enum bootstrap_kind)kind, arena,
			&bootstrap, &fail))
			fuzz_must(fail.text[0] != '\0');
		else if (bootstrap_find_domain(
			     &bootstrap, SLICE("example.com"), &url))
			fuzz_must(bootstrap_is_base(url));
	}
	arena_destroy(arena);
	return 0;
}
