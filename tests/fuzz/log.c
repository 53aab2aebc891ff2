/*
 * What strangers send of a log: names of tiles, proofs, checkpoints, keys and
 * cosignatures.  What is taken is written again as it was; nothing made up
 * is signed.
 */
#include "core/note.h"
#include "core/proof.h"
#include "core/tile.h"
#include "runner/fuzz.h"
#include "store/tiles.h"

static void
try_tile(struct slice text)
{
	char name[TILES_PATH];
	struct tile tile;

	if (!tile_parse(text, &tile))
		return;
	tiles_path(name, tile.level, tile.number, tile.width);
	fuzz_must(slice_equal(text, slice_from(name)));
	fuzz_must(tile_filled(&tile, UINT64_MAX) <= 256);
}

static void
try_proof(struct slice text, struct arena *arena)
{
	struct proof_tree tree = {.size = 5}, old = {.size = 3};
	struct proof_file file, again;
	struct digest leaf = digest_sha256(text);
	struct fail fail = FAIL_INIT;
	struct slice printed;

	if (!proof_parse(text, arena, &file, &fail))
		return;
	printed = proof_print(arena, &file);
	fuzz_must(proof_parse(printed, arena, &again, &fail));
	fuzz_must(again.index == file.index &&
		  again.proof.count == file.proof.count &&
		  slice_equal(again.note, file.note));
	fuzz_must(!proof_includes(&file.proof, file.index, &leaf, &tree));
	fuzz_must(!proof_follows(&file.proof, &old, &tree));
}

static void
try_note(struct slice text, struct arena *arena)
{
	static const uint8_t key[32] = "a key that has signed nothing";
	static const struct slice origin = {"log.example", 11};
	struct checkpoint checkpoint;
	struct fail fail = FAIL_INIT;
	struct slice name;
	uint8_t read[32];
	uint64_t time;

	fuzz_must(!note_open(text, arena, origin, key, &checkpoint, &fail));
	if (note_read(text, arena, &checkpoint))
		fuzz_must(note_body(text).data != NULL);
	fuzz_must(!note_is_cosignature(text, text, origin, key, &time));
	if (note_parse_verifier_key(text, arena, &name, read, &fail))
		fuzz_must(note_is_origin(name));
	if (note_parse_witness_key(text, arena, &name, read, &fail))
		fuzz_must(note_is_origin(name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct arena *arena = arena_create(NULL);

	try_tile(text);
	try_proof(text, arena);
	try_note(text, arena);
	arena_destroy(arena);
	return 0;
}
