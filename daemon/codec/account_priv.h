/* What the makers of an account share: its words and the cells of its rows. */
#ifndef MISU_ACCOUNT_PRIV_H
#define MISU_ACCOUNT_PRIV_H

#include "codec/account.h"

enum account_word {
#define WORD(id, japanese, english) WORD_##id,
#include "codec/account_words.tbl"
#undef WORD
	WORD_COUNT
};

/* The columns of a row, in their order. */
enum account_cell {
	CELL_WHEN,
	CELL_RECIPIENT,
	CELL_ITEMS,
	CELL_OBJECT,
	CELL_PURPOSE,
	CELL_BASIS,
	CELL_METHOD,
	CELL_POLICY,
	CELL_OUTCOME,
	CELL_ENTRIES,
	CELL_COUNT
};

const char *account_word(const struct account *account, enum account_word word);
const char *account_cell_name(
    const struct account *account, enum account_cell cell);

/*
 * One cell as plain text; parts that belong on lines of their own are
 * separated by newlines.
 */
void account_add_cell(struct text *out, const struct account *account,
    const struct provided_row *row, enum account_cell cell);

/* "2026-04-01 09:30 JST", or as Japanese write it. */
void account_add_time(
    struct text *out, const struct account *account, int64_t time);

void account_add_role(struct text *out, const struct account *account,
    enum object_type type, enum role role);
void account_add_field(
    struct text *out, const struct account *account, enum field field);
void account_add_step(struct text *out, const struct account *account,
    const struct provided_event *event);

#endif
