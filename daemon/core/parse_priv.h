/*
 * What the files of the parser share: the reader of tokens, and the parts of
 * sentences.  Only policy_parse.c, parse_*.c include it.
 */
#ifndef MISU_PARSE_PRIV_H
#define MISU_PARSE_PRIV_H

#include "core/lex.h"
#include "core/policy_parse.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the one looked at */
	const struct policy_given *given;
	struct arena *arena;
	struct complaints *complaints;
	struct policy *policy;
	unsigned depth;
	struct opened *opened;
};

#define NOTHING ((struct slice){"", 0})

void parse_next(struct parser *parser);

/* Complain at the token looked at; false always. */
bool parse_expected(struct parser *parser, const char *what);
bool parse_wrong(
    struct parser *parser, enum complaint complaint, struct slice word);
bool parse_memory(struct parser *parser);

/* Take the token if it is this word or mark; else leave it. */
bool parse_accept(struct parser *parser, const char *word);
bool parse_mark(struct parser *parser, enum token_type type);

/* Take a token of the kind or complain. */
bool parse_keyword(struct parser *parser, const char *word);
bool parse_word(struct parser *parser, const char *what, struct token *out);
bool parse_string(struct parser *parser, const char *what, struct slice *out);
bool parse_name(struct parser *parser, const char *what, struct token *out);
bool parse_number(struct slice text, unsigned max, unsigned *out);

/* Does the token looked at begin a line with one of these words? */
bool parse_begins(const struct parser *parser, const char *const *words);

/* Lists: FIELDS, ROLES (with or without *), a set's items. */
bool parse_fields(struct parser *parser, bool star, uint64_t *out);
bool parse_roles(struct parser *parser, bool star, unsigned *out);
const struct set *parse_find_set(
    const struct parser *parser, struct slice name);

/* Sentences in files of their own. */
bool parse_recipient(struct parser *parser);
bool parse_block(struct parser *parser);
bool parse_rule(struct parser *parser, struct policy_block *block);
void parse_purpose_known(struct parser *parser, const struct token *token);
bool parse_condition(struct parser *parser, bool whole, struct condition *out);

#endif
