/*
 * Packed bytes are damaged or a record; a record packs to the same bytes
 * again.  What was packed from any record unpacks to it.
 */
#include "codec/pack.h"
#include "runner/fuzz.h"
#include "runner/random_record.h"

static void
back_and_forth(struct arena *arena, const struct record *record)
{
	struct text once = text_start(arena), twice = text_start(arena);
	struct record *back;

	pack_record(&once, record);
	fuzz_must(!once.failed);
	back = unpack_record(arena, (struct slice){once.data, once.len}, NULL);
	fuzz_must(back != NULL);
	pack_record(&twice, back);
	fuzz_must(once.len == twice.len &&
		  memcmp(once.data, twice.data, once.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = {(const char *)data, size};
	struct random random = random_from(bytes);
	struct arena *arena = arena_create(NULL);
	struct record *record = unpack_record(arena, bytes, NULL);

	if (record != NULL)
		back_and_forth(arena, record);
	back_and_forth(arena, random_record(&random, arena, NULL));
	arena_destroy(arena);
	return 0;
}
