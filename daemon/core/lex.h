/*
 * The words of a policy: tokens with their places.  Comments and blanks are
 * gone; a string's escapes are undone.  What is no token at all is complained
 * about and left out, so that the parser goes on.
 */
#ifndef MISU_LEX_H
#define MISU_LEX_H

#include "core/complaint.h"

enum token_type {
	TOKEN_END,
	TOKEN_WORD, /* jprs  .co.jp  registrant.country  2026-04-01T00:00:00Z */
	TOKEN_STRING, /* "..." */
	TOKEN_OPEN,   /* { */
	TOKEN_CLOSE,  /* } */
	TOKEN_COMMA,
	TOKEN_EQUALS,
	TOKEN_STAR,
};

struct token {
	enum token_type type;
	struct slice text; /* a string's content, else as written */
	struct place place;
	bool first; /* on its line: where a parser that lost its way resumes */
};

struct lexer {
	const struct source *source;
	struct complaints *complaints;
	size_t at;
	bool fresh; /* nothing on this line yet */
};

/* Complains if the text is not UTF-8, and then gives no tokens. */
struct lexer lex_start(
    const struct source *source, struct complaints *complaints);

struct token lex_next(struct lexer *lexer);

/* Can this be written as a word, without quotes? */
bool lex_is_word(struct slice text);

#endif
