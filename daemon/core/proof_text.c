/* An inclusion proof as a file: c2sp.org/tlog-proof@v1. */
#include "core/proof.h"

static const struct slice first_line = {"c2sp.org/tlog-proof@v1\n", 23};

struct slice
proof_print(struct arena *arena, const struct proof_file *file)
{
	struct text text = text_start(arena);

	text_add(&text, first_line);
	text_add_format(&text, "index %llu\n", (unsigned long long)file->index);
	for (size_t i = 0; i < file->proof.count; i++) {
		text_add_base64(
		    &text, file->proof.hashes[i].bytes, DIGEST_SIZE);
		text_add_char(&text, '\n');
	}
	text_add_char(&text, '\n');
	text_add(&text, file->note);
	return text_slice(&text);
}

static bool
skip(struct slice *line, const char *word)
{
	size_t len = strlen(word);

	if (line->len < len || memcmp(line->data, word, len) != 0)
		return false;
	line->data += len;
	line->len -= len;
	return true;
}

/* Below 2^63, without a zero before it. */
static bool
read_index(struct slice text, uint64_t *out)
{
	*out = 0;
	if (text.len == 0 || text.len > 18 ||
	    (text.data[0] == '0' && text.len != 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(text.data[i] - '0');
	}
	return true;
}

static bool
add_hash(struct slice line, struct arena *arena, struct proof *proof)
{
	struct slice bytes;

	if (proof->count == PROOF_HASHES ||
	    !text_base64_decode(arena, line, &bytes) ||
	    bytes.len != DIGEST_SIZE)
		return false;
	memcpy(proof->hashes[proof->count++].bytes, bytes.data, DIGEST_SIZE);
	return true;
}

static bool
parse(struct slice text, struct arena *arena, struct proof_file *out)
{
	struct slice line, ignored;

	out->proof.count = 0;
	if (!skip(&text, first_line.data) || !slice_take_line(&text, &line))
		return false;
	/* What else the maker had to say is not ours to judge. */
	if (skip(&line, "extra ") &&
	    (!text_base64_decode(arena, line, &ignored) ||
		!slice_take_line(&text, &line)))
		return false;
	if (!skip(&line, "index ") || !read_index(line, &out->index))
		return false;
	while (slice_take_line(&text, &line) && line.len != 0)
		if (!add_hash(line, arena, &out->proof))
			return false;
	out->note = text;
	return line.len == 0 && text.len != 0;
}

bool
proof_parse(struct slice text, struct arena *arena, struct proof_file *out,
    struct fail *fail)
{
	return parse(text, arena, out) ||
	       fail_set(
		   fail, FAIL_INPUT, "not a proof of c2sp.org/tlog-proof@v1");
}
