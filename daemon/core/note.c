#include "core/note.h"

enum {
	KEY_ID = 4,
	ED25519 = 1,
	COSIGNATURE = 4,
	TIMESTAMP = 8, /* bytes before a cosignature's signature */
};

#define DASH "\xe2\x80\x94 "

bool
note_is_origin(struct slice origin)
{
	for (size_t i = 0; i < origin.len; i++) {
		unsigned char c = (unsigned char)origin.data[i];

		if (c <= 0x20 || c == '+' || c == 0x7f)
			return false;
	}
	return origin.len != 0 && text_is_utf8(origin);
}

static void
key_id(struct slice name, uint8_t type, const uint8_t public_key[32],
    uint8_t out[KEY_ID])
{
	struct digest_run run;
	struct digest digest;

	digest_start(&run);
	digest_add(&run, name.data, name.len);
	digest_add(&run, "\n", 1);
	digest_add(&run, &type, 1);
	digest_add(&run, public_key, 32);
	digest = digest_end(&run);
	memcpy(out, digest.bytes, KEY_ID);
}

static bool
finish(struct text *text, struct slice *out, struct fail *fail)
{
	*out = text_slice(text);
	return out->data != NULL || fail_memory(fail);
}

struct slice
note_sign(struct arena *arena, const struct checkpoint *checkpoint,
    const uint8_t seed[KEY_SIZE], struct fail *fail)
{
	struct text text = text_start(arena);
	uint8_t public_key[32], line[KEY_ID + SIGNATURE_SIZE];
	struct slice body;

	text_add(&text, checkpoint->origin);
	text_add_format(
	    &text, "\n%llu\n", (unsigned long long)checkpoint->size);
	text_add_base64(&text, checkpoint->root.bytes, DIGEST_SIZE);
	text_add_char(&text, '\n');
	if (!finish(&text, &body, fail))
		return body;
	if (!digest_public_key(seed, public_key) ||
	    !digest_sign(seed, body, line + KEY_ID)) {
		fail_memory(fail);
		return (struct slice){NULL, 0};
	}
	key_id(checkpoint->origin, ED25519, public_key, line);
	text_add(&text, SLICE("\n" DASH));
	text_add(&text, checkpoint->origin);
	text_add_char(&text, ' ');
	text_add_base64(&text, line, sizeof(line));
	text_add_char(&text, '\n');
	finish(&text, &body, fail);
	return body;
}

struct slice
note_sign_too(struct arena *arena, struct slice note, struct slice origin,
    const uint8_t seed[KEY_SIZE], struct fail *fail)
{
	struct text text = text_start(arena);
	uint8_t public_key[32], line[KEY_ID + SIGNATURE_SIZE];
	struct slice out = {NULL, 0};

	if (!digest_public_key(seed, public_key) ||
	    !digest_sign(seed, note_body(note), line + KEY_ID)) {
		fail_memory(fail);
		return out;
	}
	key_id(origin, ED25519, public_key, line);
	text_add(&text, note);
	text_add(&text, SLICE(DASH));
	text_add(&text, origin);
	text_add_char(&text, ' ');
	text_add_base64(&text, line, sizeof(line));
	text_add_char(&text, '\n');
	finish(&text, &out, fail);
	return out;
}

struct slice
note_verifier_key(struct arena *arena, struct slice name,
    const uint8_t public_key[32], struct fail *fail)
{
	struct text text = text_start(arena);
	uint8_t key[1 + 32] = {ED25519}, id[KEY_ID];
	struct slice out;

	memcpy(key + 1, public_key, 32);
	key_id(name, ED25519, public_key, id);
	text_add(&text, name);
	text_add_char(&text, '+');
	text_add_hex(&text, id, sizeof(id));
	text_add_char(&text, '+');
	text_add_base64(&text, key, sizeof(key));
	finish(&text, &out, fail);
	return out;
}

/* Cut `*rest` at the first `mark`; false if there is none. */
static bool
cut(struct slice *rest, char mark, struct slice *piece)
{
	const char *at =
	    rest->len == 0 ? NULL : memchr(rest->data, mark, rest->len);

	if (at == NULL)
		return false;
	*piece = (struct slice){rest->data, (size_t)(at - rest->data)};
	rest->data = at + 1;
	rest->len -= piece->len + 1;
	return true;
}

static bool
parse_key(struct slice text, uint8_t type, struct arena *arena,
    struct slice *name, uint8_t public_key[32])
{
	uint8_t id[KEY_ID], expected[KEY_ID];
	struct slice hex, key;

	if (!cut(&text, '+', name) || !cut(&text, '+', &hex) ||
	    !note_is_origin(*name) || !text_hex_decode(hex, id, sizeof(id)) ||
	    !text_base64_decode(arena, text, &key) || key.len != 33 ||
	    key.data[0] != (char)type)
		return false;
	memcpy(public_key, key.data + 1, 32);
	key_id(*name, type, public_key, expected);
	return memcmp(id, expected, sizeof(id)) == 0;
}

bool
note_parse_verifier_key(struct slice text, struct arena *arena,
    struct slice *name, uint8_t public_key[32], struct fail *fail)
{
	return parse_key(text, ED25519, arena, name, public_key) ||
	    fail_set(fail, FAIL_INPUT,
		"not an Ed25519 verifier key, or its id is not its own");
}

bool
note_parse_witness_key(struct slice text, struct arena *arena,
    struct slice *name, uint8_t public_key[32], struct fail *fail)
{
	return parse_key(text, COSIGNATURE, arena, name, public_key) ||
	    fail_set(fail, FAIL_INPUT,
		"not a cosignature key, or its id is not its own");
}

static bool
read_size(struct slice text, uint64_t *out)
{
	uint64_t n = 0;

	if (text.len == 0 || text.len > 19 ||
	    (text.data[0] == '0' && text.len != 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.data[i] - '0');
	}
	*out = n;
	return true;
}

static bool
read_body(struct slice body, struct arena *arena, struct checkpoint *out)
{
	struct slice size, root, bytes;

	if (!cut(&body, '\n', &out->origin) || !cut(&body, '\n', &size) ||
	    !cut(&body, '\n', &root) || !read_size(size, &out->size) ||
	    !text_base64_decode(arena, root, &bytes) ||
	    bytes.len != DIGEST_SIZE)
		return false;
	memcpy(out->root.bytes, bytes.data, DIGEST_SIZE);
	return true;
}

/* One "— name base64" line: whose it says it is, key id and signature. */
static bool
split_line(struct slice line, struct slice *name, struct slice *encoded)
{
	if (line.len < sizeof(DASH) - 1 ||
	    memcmp(line.data, DASH, sizeof(DASH) - 1) != 0)
		return false;
	line.data += sizeof(DASH) - 1;
	line.len -= sizeof(DASH) - 1;
	if (!cut(&line, ' ', name) || name->len == 0)
		return false;
	*encoded = line;
	return true;
}

/* Sets *good if the line is ours and holds. */
static bool
read_line(struct slice line, struct slice body, struct arena *arena,
    const struct checkpoint *checkpoint, const uint8_t key[32], bool *good)
{
	struct slice name, encoded, bytes;
	uint8_t id[KEY_ID];

	if (!split_line(line, &name, &encoded) ||
	    !text_base64_decode(arena, encoded, &bytes) ||
	    bytes.len <= KEY_ID)
		return false;
	key_id(checkpoint->origin, ED25519, key, id);
	if (!slice_equal(name, checkpoint->origin) ||
	    memcmp(bytes.data, id, KEY_ID) != 0)
		return true;
	*good = bytes.len == KEY_ID + SIGNATURE_SIZE &&
	    digest_verify(
		key, body, (const uint8_t *)bytes.data + KEY_ID);
	return *good;
}

/* The last blank line parts the body from the signatures. */
static bool
split(struct slice note, struct slice *body, struct slice *lines)
{
	for (size_t i = note.len; i >= 2; i--)
		if (note.data[i - 1] == '\n' && note.data[i - 2] == '\n') {
			*body = (struct slice){note.data, i - 1};
			*lines =
			    (struct slice){note.data + i, note.len - i};
			return true;
		}
	return false;
}

bool
note_open(struct slice note, struct arena *arena, struct slice origin,
    const uint8_t public_key[32], struct checkpoint *out, struct fail *fail)
{
	struct slice body, lines, line;
	bool good = false;

	if (!text_is_utf8(note) || !split(note, &body, &lines) ||
	    !read_body(body, arena, out))
		return fail_set(fail, FAIL_WORLD, "not a signed checkpoint");
	if (!slice_equal(out->origin, origin))
		return fail_set(
		    fail, FAIL_DENIED, "the checkpoint is of another log");
	while (cut(&lines, '\n', &line))
		if (!read_line(line, body, arena, out, public_key, &good))
			return fail_set(fail, FAIL_DENIED,
			    "a signature of the checkpoint does not hold");
	if (lines.len != 0)
		return fail_set(fail, FAIL_WORLD, "not a signed checkpoint");
	if (!good) {
		fail_set(fail, FAIL_DENIED,
		    "the checkpoint is not signed with this log's key");
		fail_hint(fail, "the log's key may have been changed: "
				"log.vkey.old has those before");
		return false;
	}
	return true;
}

bool
note_read(struct slice note, struct arena *arena, struct checkpoint *out)
{
	struct slice body = note_body(note);

	return body.data != NULL && read_body(body, arena, out);
}

struct slice
note_body(struct slice note)
{
	struct slice body, lines;

	if (!text_is_utf8(note) || !split(note, &body, &lines))
		return (struct slice){NULL, 0};
	return body;
}

static uint64_t
read_time(const uint8_t bytes[TIMESTAMP])
{
	uint64_t time = 0;

	for (unsigned i = 0; i < TIMESTAMP; i++)
		time = time << 8 | bytes[i];
	return time;
}

/* What a witness signs: when, and the checkpoint's body. */
static bool
cosigned(struct arena *arena, struct slice encoded, struct slice body,
    struct slice name, const uint8_t public_key[32], uint64_t *time)
{
	struct text text = text_start(arena);
	const uint8_t *at;
	uint8_t id[KEY_ID];
	struct slice bytes;

	if (!text_base64_decode(arena, encoded, &bytes) ||
	    bytes.len != KEY_ID + TIMESTAMP + SIGNATURE_SIZE)
		return false;
	at = (const uint8_t *)bytes.data;
	key_id(name, COSIGNATURE, public_key, id);
	*time = read_time(at + KEY_ID);
	text_add_format(&text, "cosignature/v1\ntime %llu\n",
	    (unsigned long long)*time);
	text_add(&text, body);
	return memcmp(at, id, KEY_ID) == 0 && !text.failed &&
	    digest_verify(
		public_key, text_slice(&text), at + KEY_ID + TIMESTAMP);
}

bool
note_is_cosignature(struct slice line, struct slice body, struct slice name,
    const uint8_t public_key[32], uint64_t *time)
{
	struct slice whose, encoded;
	struct arena *arena;
	bool good;

	if (!split_line(line, &whose, &encoded) || !slice_equal(whose, name))
		return false;
	arena = arena_create(NULL);
	good = arena != NULL &&
	    cosigned(arena, encoded, body, name, public_key, time);
	arena_destroy(arena);
	return good;
}

bool
note_check_witness(struct slice note, struct slice verifier_key,
    struct arena *arena, struct fail *fail)
{
	struct slice name = SLICE(""), body, lines, line;
	uint8_t key[32];
	uint64_t time;

	if (!note_parse_witness_key(verifier_key, arena, &name, key, fail))
		return false;
	if (!text_is_utf8(note) || !split(note, &body, &lines))
		return fail_set(fail, FAIL_WORLD, "not a signed checkpoint");
	while (cut(&lines, '\n', &line))
		if (note_is_cosignature(line, body, name, key, &time))
			return true;
	return fail_set(fail, FAIL_DENIED,
	    "the witness %.*s has not signed the checkpoint",
	    SLICE_ARG(name));
}
