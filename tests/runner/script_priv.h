/* The tokens of a scenario: what script.c and script_step.c share. */
#ifndef MISU_TESTS_SCRIPT_PRIV_H
#define MISU_TESTS_SCRIPT_PRIV_H

#include "runner/script.h"

enum token_kind {
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
	TOKEN_NEWLINE,
	TOKEN_END
};

struct token {
	enum token_kind kind;
	struct slice text; /* a string's without its quotes and escapes */
	size_t at;         /* offset in the file */
};

struct reader {
	struct script *script;
	size_t at; /* where the next token begins */
	struct token token;
	bool failed; /* this statement has its error */
};

void reader_next(struct reader *reader);
bool reader_fail(struct reader *reader, const char *what);
bool reader_is(const struct reader *reader, const char *word);
/* Take this word if it stands here. */
bool reader_skip(struct reader *reader, const char *word);
bool reader_word(struct reader *reader, struct slice *out);
bool reader_string(struct reader *reader, struct slice *out);
bool reader_number(struct reader *reader, int64_t *out);
/* The lines after `{` up to the `}` that goes with it. */
bool reader_block(struct reader *reader, struct slice *out);
unsigned reader_line(const struct reader *reader);

struct step *reader_step(struct reader *reader, enum step_kind kind);

bool reader_strings(struct reader *reader, struct step *step);
/* What stands between the braces after a payload or an object. */
bool reader_checks(struct reader *reader, struct step *step);

/* --- script_epp.c --- */

bool reader_upstream(struct reader *reader);
bool reader_registry(struct reader *reader);
bool reader_process(struct reader *reader, bool keeper);
/* Does a frame's name or a command that makes one stand here? */
bool reader_is_frame(const struct reader *reader);
bool reader_frame(struct reader *reader, struct slice actor, bool hurries);
/* Statements of EPP's, where *taken says so. */
bool reader_epp(struct reader *reader, struct slice actor, bool *taken);
bool reader_heard(struct reader *reader, struct step *step, bool *taken);

/* One statement that begins with an actor. */
bool reader_actor(struct reader *reader);

#endif
