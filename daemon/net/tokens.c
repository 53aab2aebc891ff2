#include "net/tokens.h"

#include <strings.h>

#include "base/digest.h"
#include "base/text.h"

enum { TOKENS_MAX = 1000, NAME_MAX_BYTES = 64, TOKEN_MIN = 16 };

struct token_row {
	struct slice name;
	struct digest digest;
};

struct tokens {
	struct token_row *rows;
	size_t count;
};

static bool
is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '-' || c == '.' ||
			c == '_'))
			return false;
	}
	return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

/* Take a line off the front. */
static struct slice
take_line(struct slice *text)
{
	const char *end = memchr(text->data, '\n', text->len);
	struct slice line = {text->data,
	    end != NULL ? (size_t)(end - text->data) : text->len};
	size_t taken = line.len + (end != NULL);

	*text = (struct slice){text->data + taken, text->len - taken};
	return line;
}

static bool
parse_line(struct tokens *tokens, struct slice line)
{
	struct token_row *row = &tokens->rows[tokens->count];
	const char *space = memchr(line.data, ' ', line.len);

	if (space == NULL || tokens->count == TOKENS_MAX)
		return false;
	row->name = (struct slice){line.data, (size_t)(space - line.data)};
	line.data += row->name.len + 1;
	line.len -= row->name.len + 1;
	if (!is_name(row->name) ||
	    !text_hex_decode(line, row->digest.bytes, DIGEST_SIZE))
		return false;
	tokens->count++;
	return true;
}

struct tokens *
tokens_parse(struct arena *arena, struct slice file, struct slice text,
    struct fail *fail)
{
	struct tokens *tokens = arena_take(arena, sizeof(*tokens));
	unsigned number = 0;

	text = arena_copy(arena, text);
	if (tokens != NULL)
		tokens->rows = arena_take_array(
		    arena, TOKENS_MAX, sizeof(*tokens->rows));
	if (tokens == NULL || text.data == NULL || tokens->rows == NULL) {
		fail_memory(fail);
		return NULL;
	}
	while (text.len > 0) {
		struct slice line = take_line(&text);

		number++;
		if (line.len == 0 || line.data[0] == '#' ||
		    parse_line(tokens, line))
			continue;
		fail_set(fail, FAIL_INPUT, "no token's line");
		fail_place(fail, "%.*s:%u:1", SLICE_ARG(file), number);
		fail_hint(fail, "a name, a space, and the SHA-256 of the token"
				" as 64 hex digits");
		return NULL;
	}
	return tokens;
}

struct slice
tokens_find(const struct tokens *tokens, struct slice authorization)
{
	static const struct slice scheme = {"Bearer ", 7};
	struct slice found = {"", 0}, token;
	struct digest digest;

	if (authorization.len < scheme.len + TOKEN_MIN ||
	    strncasecmp(authorization.data, scheme.data, scheme.len) != 0)
		return found;
	token = (struct slice){authorization.data + scheme.len,
	    authorization.len - scheme.len};
	digest = digest_sha256(token);
	for (size_t i = 0; i < tokens->count; i++)
		if (digest_equal(&digest, &tokens->rows[i].digest))
			found = tokens->rows[i].name;
	return found;
}
