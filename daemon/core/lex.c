#include "core/lex.h"

#include "base/text.h"

static const struct slice nothing = {"", 0};

struct lexer
lex_start(const struct source *source, struct complaints *complaints)
{
	struct lexer lexer = {source, complaints, 0, true};

	if (!text_is_utf8(source->text)) {
		complain(complaints, (struct place){source, 0},
		    COMPLAINT_NOT_UTF8, nothing, nothing);
		lexer.at = source->text.len;
	}
	return lexer;
}

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("-._:+/@", c) != NULL);
}

bool
lex_is_word(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_word_char(text.data[i]))
			return false;
	return text.len != 0;
}

static void
skip_blanks(struct lexer *lexer)
{
	struct slice text = lexer->source->text;

	for (; lexer->at < text.len; lexer->at++) {
		char c = text.data[lexer->at];

		if (c == '#')
			while (lexer->at + 1 < text.len &&
			       text.data[lexer->at + 1] != '\n')
				lexer->at++;
		else if (c == '\n')
			lexer->fresh = true;
		else if (c != ' ' && c != '\t' && c != '\r')
			return;
	}
}

static void
stray(struct lexer *lexer, enum complaint complaint, size_t at)
{
	complain(lexer->complaints, (struct place){lexer->source, at},
	    complaint, nothing, nothing);
}

/*
 * The opening quote is behind us.  A string without escapes is a slice of the
 * source; one with escapes is copied.
 */
static struct slice
read_string(struct lexer *lexer)
{
	struct slice text = lexer->source->text;
	size_t start = lexer->at, out = 0;
	char *copy = NULL;

	for (; lexer->at < text.len; lexer->at++) {
		char c = text.data[lexer->at];

		if (c == '"') {
			size_t len = lexer->at++ - start;

			return copy != NULL
				   ? (struct slice){copy, out}
				   : (struct slice){text.data + start, len};
		}
		if ((unsigned char)c < 0x20 || c == 0x7f)
			break;
		if (c == '\\') {
			struct slice left = {
			    text.data + start, text.len - start};
			char next = lexer->at + 1 < text.len
					? text.data[lexer->at + 1]
					: '\0';

			if (next != '\\' && next != '"') {
				stray(
				    lexer, COMPLAINT_STRING_ESCAPE, lexer->at);
				continue;
			}
			if (copy == NULL) {
				const char *end =
				    memchr(left.data, '\n', left.len);

				out = lexer->at - start;
				if (end != NULL)
					left.len = (size_t)(end - left.data);
				copy = (char *)(uintptr_t)arena_copy(
				    lexer->complaints->arena, left)
					   .data;
				if (copy == NULL) {
					lexer->complaints->failed = true;
					break;
				}
			}
			c = next;
			lexer->at++;
		}
		if (copy != NULL)
			copy[out++] = c;
	}
	stray(lexer, COMPLAINT_STRING_OPEN, start - 1);
	return nothing;
}

static enum token_type
punctuation(char c)
{
	switch (c) {
	case '{':
		return TOKEN_OPEN;
	case '}':
		return TOKEN_CLOSE;
	case ',':
		return TOKEN_COMMA;
	case '=':
		return TOKEN_EQUALS;
	case '*':
		return TOKEN_STAR;
	}
	return TOKEN_END;
}

struct token
lex_next(struct lexer *lexer)
{
	struct slice text = lexer->source->text;
	struct token token = {.text = nothing};

	for (;;) {
		size_t start;

		skip_blanks(lexer);
		start = lexer->at;
		token.place = (struct place){lexer->source, start};
		token.first = lexer->fresh;
		lexer->fresh = false;
		if (start >= text.len)
			return token;
		if (text.data[start] == '"') {
			lexer->at++;
			token.type = TOKEN_STRING;
			token.text = read_string(lexer);
			return token;
		}
		while (
		    lexer->at < text.len && is_word_char(text.data[lexer->at]))
			lexer->at++;
		token.type = TOKEN_WORD;
		if (lexer->at == start) {
			token.type = punctuation(text.data[start]);
			lexer->at++;
		}
		token.text =
		    (struct slice){text.data + start, lexer->at - start};
		if (token.type != TOKEN_END)
			return token;
		stray(lexer, COMPLAINT_STRAY, start);
	}
}
