/*
 * An account as a page: no script, nothing from elsewhere, every text escaped.
 * On a narrow screen each row becomes a list; on paper it is A4 across.
 */
#include "codec/account_priv.h"

static const char style[] =
    "body{font-family:\"Noto Sans JP\",\"Hiragino Sans\",\"Yu Gothic\",Meiryo,"
    "sans-serif;line-height:1.5;margin:1.5rem;color:#111;background:#fff}\n"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}\n"
    "dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}\n"
    "table{border-collapse:collapse;width:100%;font-size:.85rem}\n"
    "caption{text-align:left;font-weight:600;padding:.3rem 0}\n"
    "th,td{border:1px solid #888;padding:.35rem .5rem;text-align:left;"
    "vertical-align:top;white-space:pre-line;overflow-wrap:anywhere}\n"
    "thead th{background:#eee;white-space:nowrap}\n"
    "@media (max-width:60rem){thead{display:none}"
    "table,tbody,tr,td{display:block;width:auto}"
    "tr{margin:0 0 1rem;border:1px solid #888}"
    "td{border:0;border-bottom:1px solid #ddd}"
    "td::before{content:attr(data-name) \"\\A\";font-weight:600}}\n"
    "@page{size:A4 landscape;margin:12mm}\n"
    "@media print{body{margin:0;font-size:9pt}"
    "thead{display:table-header-group}tr{break-inside:avoid}}\n";

static void
add_escaped(struct text *out, const char *text)
{
	text_add_xml(out, slice_from(text));
}

static void
add_term(struct text *out, const struct account *account,
    enum account_word word, struct slice value)
{
	text_add_string(out, "<dt>");
	add_escaped(out, account_word(account, word));
	text_add_string(out, "</dt><dd>");
	text_add_xml(out, value);
	text_add_string(out, "</dd>\n");
}

static void
add_number(struct text *out, const struct account *account,
    enum account_word word, uint64_t number)
{
	struct text value = text_start(out->arena);

	text_add_number(&value, (int64_t)number);
	add_term(out, account, word, text_slice(&value));
}

static void
add_paragraph(
    struct text *out, const struct account *account, enum account_word word)
{
	text_add_string(out, "<p>");
	add_escaped(out, account_word(account, word));
	text_add_string(out, "</p>\n");
}

static void
add_head(struct text *out, const struct account *account)
{
	const char *title = account_word(account, WORD_TITLE);

	text_add_format(out,
	    "<!doctype html>\n<html lang=\"%s\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\">\n<title>",
	    account->language == ACCOUNT_JAPANESE ? "ja" : "en");
	add_escaped(out, title);
	text_add_string(out, "</title>\n<style>\n");
	text_add_string(out, style);
	text_add_string(out, "</style>\n</head>\n<body>\n<main>\n<h1>");
	add_escaped(out, title);
	text_add_string(out, "</h1>\n");
	add_paragraph(out, account, WORD_LAW);
}

static void
add_summary(struct text *out, const struct account *account)
{
	const struct provided_result *provided = account->provided;
	struct text made = text_start(out->arena);

	account_add_time(&made, account, account->made);
	text_add_string(out, "<dl>\n");
	if (account->subject.len != 0)
		add_term(out, account, WORD_SUBJECT, account->subject);
	add_term(out, account, WORD_PSEUDONYM, account->pseudonym);
	add_term(out, account, WORD_MADE, text_slice(&made));
	add_number(out, account, WORD_LEDGER, account->ledger);
	add_number(out, account, WORD_DISCLOSURES, provided->disclosures);
	if (provided->withheld != 0)
		add_number(out, account, WORD_WITHHELD, provided->withheld);
	if (provided->kept != 0)
		add_number(out, account, WORD_KEPT, provided->kept);
	if (account->minimum != 0)
		add_number(out, account, WORD_PRUNED, account->minimum);
	text_add_string(out, "</dl>\n");
	if (account->is_forgotten)
		add_paragraph(out, account, WORD_FORGOTTEN);
	else if (!account->has_names)
		add_paragraph(out, account, WORD_NO_NAMES);
	if (provided->cut)
		add_paragraph(out, account, WORD_CUT);
}

static void
open_table(
    struct text *out, const struct account *account, enum account_word word)
{
	text_add_string(out, "<section>\n<table>\n<caption><h2>");
	add_escaped(out, account_word(account, word));
	text_add_string(out, "</h2></caption>\n<thead><tr>");
}

static void
add_column(struct text *out, const char *name)
{
	text_add_string(out, "<th scope=\"col\">");
	add_escaped(out, name);
	text_add_string(out, "</th>");
}

static void
add_cell(struct text *out, const char *name, struct slice value)
{
	text_add_string(out, "<td data-name=\"");
	add_escaped(out, name);
	text_add_string(out, "\">");
	text_add_xml(out, value);
	text_add_string(out, "</td>");
}

static void
add_row(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	text_add_string(out, "<tr>");
	for (unsigned c = 0; c < CELL_COUNT; c++) {
		struct text cell = text_start(out->arena);

		account_add_cell(&cell, account, row, (enum account_cell)c);
		add_cell(out, account_cell_name(account, (enum account_cell)c),
		    text_slice(&cell));
	}
	text_add_string(out, "</tr>\n");
}

static bool
has_rows(const struct account *account, bool published)
{
	const struct provided_row *row = account->provided->rows;

	while (row != NULL && row->published != published)
		row = row->next;
	return row != NULL;
}

static void
add_rows(struct text *out, const struct account *account, bool published)
{
	enum account_word word = published ? WORD_PUBLISHED : WORD_PROVIDED;

	if (!has_rows(account, published)) {
		text_add_string(out, "<section>\n<h2>");
		add_escaped(out, account_word(account, word));
		text_add_string(out, "</h2>\n");
		add_paragraph(out, account, WORD_NONE);
		text_add_string(out, "</section>\n");
		return;
	}
	open_table(out, account, word);
	for (unsigned c = 0; c < CELL_COUNT; c++)
		add_column(
		    out, account_cell_name(account, (enum account_cell)c));
	text_add_string(out, "</tr></thead>\n<tbody>\n");
	for (const struct provided_row *row = account->provided->rows;
	     row != NULL; row = row->next)
		if (row->published == published)
			add_row(out, account, row);
	text_add_string(out, "</tbody>\n</table>\n</section>\n");
}

static void
add_steps(struct text *out, const struct account *account)
{
	if (account->provided->events == NULL)
		return;
	open_table(out, account, WORD_STEPS);
	add_column(out, account_word(account, WORD_WHEN));
	add_column(out, account_word(account, WORD_STEP));
	add_column(out, account_word(account, WORD_ENTRIES));
	text_add_string(out, "</tr></thead>\n<tbody>\n");
	for (const struct provided_event *event = account->provided->events;
	     event != NULL; event = event->next) {
		struct text time = text_start(out->arena);
		struct text step = text_start(out->arena);
		struct text entry = text_start(out->arena);

		account_add_time(&time, account, event->time);
		account_add_step(&step, account, event);
		text_add_number(&entry, (int64_t)event->entry);
		text_add_string(out, "<tr>");
		add_cell(
		    out, account_word(account, WORD_WHEN), text_slice(&time));
		add_cell(
		    out, account_word(account, WORD_STEP), text_slice(&step));
		add_cell(out, account_word(account, WORD_ENTRIES),
		    text_slice(&entry));
		text_add_string(out, "</tr>\n");
	}
	text_add_string(out, "</tbody>\n</table>\n</section>\n");
}

static void
add_values(struct text *out, const struct account *account)
{
	if (!account->has_values)
		return;
	open_table(out, account, WORD_VALUES);
	add_column(out, account_word(account, WORD_OBJECT));
	add_column(out, account_word(account, WORD_ITEM));
	add_column(out, account_word(account, WORD_VALUE));
	text_add_string(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < account->value_count; i++) {
		const struct account_value *value = &account->values[i];
		struct text item = text_start(out->arena);

		account_add_role(&item, account, value->type, value->role);
		text_add_string(&item, ": ");
		account_add_field(&item, account, value->field);
		text_add_string(out, "<tr>");
		add_cell(
		    out, account_word(account, WORD_OBJECT), value->object);
		add_cell(
		    out, account_word(account, WORD_ITEM), text_slice(&item));
		add_cell(out, account_word(account, WORD_VALUE), value->value);
		text_add_string(out, "</tr>\n");
	}
	text_add_string(out, "</tbody>\n</table>\n</section>\n");
}

struct slice
account_html(const struct account *account, struct arena *arena)
{
	struct text out = text_start(arena);

	add_head(&out, account);
	add_summary(&out, account);
	add_rows(&out, account, true);
	add_rows(&out, account, false);
	add_steps(&out, account);
	add_values(&out, account);
	text_add_string(&out, "</main>\n</body>\n</html>\n");
	return text_slice(&out);
}
