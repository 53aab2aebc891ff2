#include "codec/tier.h"

#include <strings.h>

static const struct tier_wording wordings[TIER_RESULTS] = {
#define TIER(id, word, status, error, title, english, japanese)                \
	[TIER_##id] = {word, status, error, title, english, japanese},
#include "codec/tier.tbl"
#undef TIER
};

const struct tier_wording *
tier_wording(enum tier_result result)
{
	return &wordings[result];
}

/* --- writing --- */

bool
tier_write_question(struct text *out, const struct tier_question *question)
{
	char address[PREFIX_SIZE];

	text_add_format(out, "%llu ", (unsigned long long)question->number);
	text_add_hex(out, question->token.bytes, DIGEST_SIZE);
	text_add_format(out, " %s ", object_type_name(question->type));
	text_add(out,
	    (struct slice){address, prefix_print(&question->address, address)});
	text_add_char(out, ' ');
	text_add(out, question->object);
	if (question->handle.len != 0) {
		text_add_char(out, ' ');
		text_add(out, question->handle);
	}
	return !out->failed;
}

bool
tier_write_answer(struct text *out, const struct tier_answer *answer)
{
	text_add_format(out, "%llu %s", (unsigned long long)answer->number,
	    tier_wording(answer->result)->word);
	if (answer->result == TIER_TOLD) {
		text_add_format(
		    out, " %llu\n", (unsigned long long)answer->entry);
		text_add(out, answer->bytes);
	}
	return !out->failed;
}

bool
tier_write_end(struct text *out, const struct tier_end *end)
{
	text_add_format(out, "%llu %s", (unsigned long long)end->number,
	    tier_left_word(end->left));
	return !out->failed;
}

const char *
tier_left_word(enum tier_left left)
{
	static const char *const words[TIER_LEFT_COUNT] = {
	    [TIER_LEFT_ALL] = "sent",
	    [TIER_LEFT_NONE] = "not-sent",
	    [TIER_LEFT_PART] = "unknown"};

	return words[left];
}

/* --- reading --- */

/* What stands before the next blank; the rest is behind it. */
static struct slice
take_word(struct slice *rest)
{
	const char *end =
	    rest->len != 0 ? memchr(rest->data, ' ', rest->len) : NULL;
	struct slice word = *rest;

	if (end == NULL) {
		*rest = (struct slice){"", 0};
		return word;
	}
	word.len = (size_t)(end - word.data);
	rest->data = end + 1;
	rest->len -= word.len + 1;
	return word;
}

/* As it is written: no sign, no zero before it. */
static bool
read_number(struct slice word, uint64_t *out)
{
	uint64_t number = 0;

	if (word.len == 0 || word.len > 18 ||
	    (word.len > 1 && word.data[0] == '0'))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(word.data[i] - '0');
	}
	*out = number;
	return true;
}

/* In its canonical form alone. */
static bool
read_prefix(struct slice word, struct prefix *out)
{
	struct fail ignored = FAIL_INIT;
	char text[PREFIX_SIZE];
	size_t len;

	if (!prefix_parse(word, out, &ignored))
		return false;
	len = prefix_print(out, text);
	return slice_equal(word, (struct slice){text, len});
}

/* One word that can be seen. */
static bool
is_object(struct slice word)
{
	return word.len != 0 && word.len <= TIER_OBJECT_MAX &&
	       text_is_printable(word) &&
	       memchr(word.data, ' ', word.len) == NULL;
}

/* As codec/ask.h has it; nothing where no blank is before it. */
static bool
read_handle(struct slice *rest, struct slice *out)
{
	const char *blank =
	    rest->len != 0 ? memchr(rest->data, ' ', rest->len) : NULL;

	*out = (struct slice){"", 0};
	if (blank == NULL)
		return true;
	out->data = blank + 1;
	out->len = rest->len - (size_t)(blank + 1 - rest->data);
	rest->len = (size_t)(blank - rest->data);
	for (size_t i = 0; i < out->len; i++)
		if (!(out->data[i] >= 'A' && out->data[i] <= 'Z') &&
		    !(out->data[i] >= '0' && out->data[i] <= '9') &&
		    out->data[i] != '-' && out->data[i] != '_')
			return false;
	return out->len != 0 && out->len <= TIER_HANDLE_MAX;
}

bool
tier_read_question(struct slice message, struct tier_question *out)
{
	struct slice type;

	*out = (struct tier_question){.number = 0};
	if (message.len > TIER_LINE_MAX ||
	    !read_number(take_word(&message), &out->number) ||
	    !text_hex_decode(
		take_word(&message), out->token.bytes, DIGEST_SIZE))
		return false;
	type = take_word(&message);
	if (!object_type_find(type, &out->type) ||
	    !read_prefix(take_word(&message), &out->address) ||
	    !read_handle(&message, &out->handle))
		return false;
	out->object = message;
	if (out->type == OBJECT_NETWORK)
		return read_prefix(message, &out->network);
	return out->type == OBJECT_DOMAIN && is_object(message);
}

static bool
find_result(struct slice word, enum tier_result *out)
{
	for (unsigned i = 0; i < TIER_RESULTS; i++)
		if (slice_is(word, wordings[i].word)) {
			*out = (enum tier_result)i;
			return true;
		}
	return false;
}

/* "told" and the entry; else the result alone. */
static bool
read_result(struct slice words, struct tier_answer *out)
{
	static const char told[] = "told ";
	const size_t len = sizeof(told) - 1;

	if (words.len < len || memcmp(words.data, told, len) != 0)
		return find_result(words, &out->result) &&
		       out->result != TIER_TOLD;
	out->result = TIER_TOLD;
	return read_number(
	    (struct slice){words.data + len, words.len - len}, &out->entry);
}

bool
tier_read_answer(struct slice message, struct tier_answer *out)
{
	struct slice line = message, rest = message;
	bool has_bytes = slice_take_line(&rest, &line);

	*out = (struct tier_answer){.bytes = {"", 0}};
	if (has_bytes)
		out->bytes = rest;
	return line.len <= TIER_LINE_MAX && out->bytes.len <= TIER_BYTES_MAX &&
	       read_number(take_word(&line), &out->number) &&
	       read_result(line, out) &&
	       has_bytes == (out->result == TIER_TOLD) &&
	       (!has_bytes || out->bytes.len != 0);
}

bool
tier_read_end(struct slice message, struct tier_end *out)
{
	*out = (struct tier_end){.number = 0};
	if (message.len > TIER_LINE_MAX ||
	    !read_number(take_word(&message), &out->number))
		return false;
	for (unsigned i = 0; i < TIER_LEFT_COUNT; i++)
		if (slice_is(message, tier_left_word((enum tier_left)i))) {
			out->left = (enum tier_left)i;
			return true;
		}
	return false;
}

/* --- the token --- */

static bool
is_token_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~+/", c) != NULL);
}

bool
tier_find_token(struct slice header, struct slice *token)
{
	static const char scheme[] = "Bearer ";
	const size_t len = sizeof(scheme) - 1;
	size_t at = 0;

	if (header.len <= len || strncasecmp(header.data, scheme, len) != 0)
		return false;
	*token = (struct slice){header.data + len, header.len - len};
	while (at < token->len && is_token_character(token->data[at]))
		at++;
	if (at == 0 || token->len > TIER_TOKEN_MAX)
		return false;
	while (at < token->len && token->data[at] == '=')
		at++;
	return at == token->len;
}
