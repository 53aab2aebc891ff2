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

/* Where the string ends; the place of the closing quote, or none. */
static bool
find_quote(struct lexer *lexer, size_t *end, bool *escapes)
{
	struct slice text = lexer->source->text;

	*escapes = false;
	for (size_t i = lexer->at; i < text.len; i++) {
		char c = text.data[i], next;

		*end = i;
		if (c == '"')
			return true;
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return false;
		if (c != '\\')
			continue;
		next = i + 1 < text.len ? text.data[i + 1] : '\0';
		if (next == '\\' || next == '"') {
			*escapes = true;
			i++;
		} else {
			stray(lexer, COMPLAINT_STRING_ESCAPE, i);
		}
	}
	*end = text.len;
	return false;
}

/* A copy with each escaped character alone. */
static struct slice
undo_escapes(struct lexer *lexer, struct slice text)
{
	char *copy = arena_take(lexer->complaints->arena, text.len);
	size_t len = 0;

	if (copy == NULL) {
		lexer->complaints->failed = true;
		return nothing;
	}
	for (size_t i = 0; i < text.len; i++) {
		char next = i + 1 < text.len ? text.data[i + 1] : '\0';

		if (text.data[i] == '\\' && (next == '\\' || next == '"'))
			i++;
		copy[len++] = text.data[i];
	}
	return (struct slice){copy, len};
}

/*
 * The opening quote is behind us.  A string without escapes is a slice of the
 * source; one with escapes is copied.
 */
static struct slice
read_string(struct lexer *lexer)
{
	size_t start = lexer->at, end = start;
	bool escapes, closed = find_quote(lexer, &end, &escapes);
	struct slice text = {lexer->source->text.data + start, end - start};

	lexer->at = end;
	if (!closed) {
		stray(lexer, COMPLAINT_STRING_OPEN, start - 1);
		return nothing;
	}
	lexer->at++;
	return escapes ? undo_escapes(lexer, text) : text;
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
