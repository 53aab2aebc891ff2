/* An account as plain text. */
#include "codec/account_priv.h"

/* A piece with its further lines indented under the first. */
static void
add_indented(struct text *out, struct slice piece)
{
	for (size_t i = 0; i < piece.len; i++) {
		text_add_char(out, piece.data[i]);
		if (piece.data[i] == '\n')
			text_add_string(out, "      ");
	}
}

static void
add_number(struct text *out, const struct account *account,
    enum account_word word, uint64_t number)
{
	text_add_format(out, "%s: %llu\n", account_word(account, word),
	    (unsigned long long)number);
}

static void
add_head(struct text *out, const struct account *account)
{
	const struct provided_result *provided = account->provided;

	text_add_format(out, "%s\n\n%s\n\n", account_word(account, WORD_TITLE),
	    account_word(account, WORD_LAW));
	if (account->subject.len != 0) {
		text_add_format(
		    out, "%s: ", account_word(account, WORD_SUBJECT));
		text_add(out, account->subject);
		text_add_char(out, '\n');
	}
	text_add_format(out, "%s: ", account_word(account, WORD_PSEUDONYM));
	text_add(out, account->pseudonym);
	text_add_format(out, "\n%s: ", account_word(account, WORD_MADE));
	account_add_time(out, account, account->made);
	text_add_char(out, '\n');
	add_number(out, account, WORD_LEDGER, account->ledger);
	add_number(out, account, WORD_DISCLOSURES, provided->disclosures);
	if (provided->withheld != 0)
		add_number(out, account, WORD_WITHHELD, provided->withheld);
	if (provided->kept != 0)
		add_number(out, account, WORD_KEPT, provided->kept);
	if (account->minimum != 0)
		add_number(out, account, WORD_PRUNED, account->minimum);
	if (account->is_forgotten)
		text_add_format(
		    out, "%s\n", account_word(account, WORD_FORGOTTEN));
	else if (!account->has_names)
		text_add_format(
		    out, "%s\n", account_word(account, WORD_NO_NAMES));
	if (provided->cut)
		text_add_format(out, "%s\n", account_word(account, WORD_CUT));
}

static void
add_row(struct text *out, const struct account *account,
    const struct provided_row *row, unsigned number)
{
	text_add_format(out, "\n%u.", number);
	for (unsigned c = 0; c < CELL_COUNT; c++) {
		struct text cell = text_start(out->arena);

		account_add_cell(&cell, account, row, (enum account_cell)c);
		text_add_format(out, "%s%s: ", c == 0 ? " " : "   ",
		    account_cell_name(account, (enum account_cell)c));
		add_indented(out, text_slice(&cell));
		text_add_char(out, '\n');
	}
}

static void
add_rows(struct text *out, const struct account *account, bool published)
{
	unsigned number = 0;

	text_add_format(out, "\n== %s ==\n",
	    account_word(account, published ? WORD_PUBLISHED : WORD_PROVIDED));
	for (const struct provided_row *row = account->provided->rows;
	     row != NULL; row = row->next)
		if (row->published == published)
			add_row(out, account, row, ++number);
	if (number == 0)
		text_add_format(
		    out, "\n%s\n", account_word(account, WORD_NONE));
}

static void
add_steps(struct text *out, const struct account *account)
{
	if (account->provided->events == NULL)
		return;
	text_add_format(
	    out, "\n== %s ==\n\n", account_word(account, WORD_STEPS));
	for (const struct provided_event *event = account->provided->events;
	     event != NULL; event = event->next) {
		account_add_time(out, account, event->time);
		text_add_string(out, "  ");
		account_add_step(out, account, event);
		text_add_format(
		    out, "  #%llu\n", (unsigned long long)event->entry);
	}
}

static void
add_values(struct text *out, const struct account *account)
{
	if (!account->has_values)
		return;
	text_add_format(
	    out, "\n== %s ==\n\n", account_word(account, WORD_VALUES));
	for (size_t i = 0; i < account->value_count; i++) {
		const struct account_value *value = &account->values[i];

		text_add(out, value->object);
		text_add_string(out, ", ");
		account_add_role(out, account, value->type, value->role);
		text_add_string(out, ", ");
		account_add_field(out, account, value->field);
		text_add_string(out, ": ");
		add_indented(out, value->value);
		text_add_char(out, '\n');
	}
	if (account->value_count == 0)
		text_add_format(out, "%s\n", account_word(account, WORD_NONE));
}

struct slice
account_text(const struct account *account, struct arena *arena)
{
	struct text out = text_start(arena);

	add_head(&out, account);
	add_rows(&out, account, true);
	add_rows(&out, account, false);
	add_steps(&out, account);
	add_values(&out, account);
	return text_slice(&out);
}
