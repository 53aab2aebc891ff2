/*
 * Framing: however the bytes are cut into pieces, the same frames come out,
 * a bad length stops at the same place, and no more is kept than came.
 */
#include "codec/epp_framing.h"
#include "base/digest.h"
#include "runner/fuzz.h"

enum { LIMIT = 3000 };

struct outcome {
	size_t frames;
	enum epp_framing_step last;
	struct digest digest;
};

/* Play all bytes in pieces of 1 to `most` bytes. */
static struct outcome
play(const uint8_t *data, size_t size, size_t most)
{
	struct epp_framing framing = {.limit = LIMIT};
	struct outcome outcome = {.last = EPP_FRAMING_MORE};
	struct digest_run run;
	struct slice piece, xml;
	size_t len = 1;

	digest_start(&run);
	while (size != 0 && outcome.last == EPP_FRAMING_MORE) {
		len = len % most + 1;
		/* A copy of its own, so that reading beyond it is seen. */
		size_t taken = len < size ? len : size;
		char *copy = malloc(taken);

		fuzz_must(copy != NULL);
		memcpy(copy, data, taken);
		piece = (struct slice){copy, taken};
		while ((outcome.last = epp_framing_next(
			    &framing, &piece, &xml)) == EPP_FRAMING_FRAME) {
			fuzz_must(xml.len >= 1 && xml.len <= LIMIT - 4);
			digest_add(&run, xml.data, xml.len);
			digest_add(&run, &xml.len, sizeof(xml.len));
			outcome.frames++;
		}
		fuzz_must(outcome.last != EPP_FRAMING_MORE || piece.len == 0);
		fuzz_must(
		    framing.size <= 4096 || framing.size <= 2 * framing.len);
		fuzz_must(
		    epp_framing_is_within(&framing) == (framing.len != 0));
		fuzz_must(framing.kept == NULL || framing.len != 0 ||
			  outcome.last != EPP_FRAMING_MORE);
		free(copy);
		data += taken;
		size -= taken;
	}
	epp_framing_finish(&framing);
	outcome.digest = digest_end(&run);
	return outcome;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t pieces[] = {1, 2, 3, 7, 100, 4096};
	struct outcome whole = play(data, size, size + 1);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct outcome cut = play(data, size, pieces[i]);

		fuzz_must(cut.frames == whole.frames);
		fuzz_must(cut.last == whole.last);
		fuzz_must(digest_equal(&cut.digest, &whole.digest));
	}
	return 0;
}
