/*
 * The letter that answers a request: what was asked, what was decided, what
 * was given, the fee, and whom to ask.  The record of provision is a page of
 * its own (misuctl subject), which the letter encloses.
 */
#include "base/date.h"
#include "codec/account.h"
#include "ctl.h"
#include "ctl_request.h"

struct words {
	const char *title, *number, *received, *answered, *asked, *given;
	const char *answers; /* to who had a token */
	const char *kinds[6], *states[4];
	const char *enclosed, *fee, *fees[4], *nothing;
	const char *objection;
};

static const char *const kind_names[6] = {
    "disclosure", "correction", "stop", "record", "authority", "registry"};
static const char *const state_names[4] = {
    "open", "answered", "refused", "withdrawn"};
static const char *const fee_names[4] = {"none", "due", "paid", "waived"};

static const struct words japanese_words = {
    .title = "個人情報に関するご請求への回答書",
    .number = "受付番号",
    .received = "受付日",
    .answered = "回答日",
    .asked = "ご請求の内容",
    .given = "開示・提供した項目",
    .answers = "トークンによる照会への回答数",
    .kinds = {"個人データの開示", "個人データの訂正・追加・削除",
	"個人データの利用停止・第三者提供の停止", "第三者提供記録の開示",
	"公的機関からの照会", "レジストリ等からの照会"},
    .states = {"対応中です。", "ご請求のとおり対応いたしました。",
	"次の理由により、ご請求に応じることができません。",
	"ご請求の取下げを承りました。"},
    .enclosed = "第三者提供の記録は、別紙「提供記録」のとおりです。",
    .fee = "手数料",
    .fees = {"不要", "未納", "受領済み", "免除"},
    .nothing = "なし",
    .objection = "この回答についてのお問い合わせ・お申し出は、個人情報"
		 "ご相談窓口までお願いいたします。",
};

static const struct words english_words = {
    .title = "Answer to your request about personal data",
    .number = "Case",
    .received = "Received",
    .answered = "Answered",
    .asked = "Your request",
    .given = "Data given",
    .answers = "answers to a token",
    .kinds = {"disclosure of personal data",
	"correction, addition or deletion of personal data",
	"stop of use or of provision to third parties",
	"disclosure of the record of provision to third parties",
	"inquiry of a public authority", "inquiry of a registry"},
    .states = {"We are working on it.", "We have done what you asked for.",
	"We cannot do what you asked for, for the following reason.",
	"You have withdrawn your request."},
    .enclosed = "The record of provision to third parties is enclosed.",
    .fee = "Fee",
    .fees = {"none", "due", "received", "waived"},
    .nothing = "none",
    .objection = "Questions and complaints about this answer are taken by "
		 "the contact point for personal data.",
};

static size_t
word_of(const char *const *names, size_t count, const char *name)
{
	size_t at = 0;

	while (at + 1 < count && strcmp(names[at], name) != 0)
		at++;
	return at;
}

/* The day on which the record that the letter encloses has it. */
static void
put_day(FILE *out, const struct words *words, const char *name,
    int64_t milliseconds)
{
	struct date date = date_split(milliseconds / 1000, ACCOUNT_ZONE);

	if (milliseconds <= 0)
		return;
	fprintf(out, "%s: ", name);
	fprintf(out, words == &japanese_words ? "%d年%d月%d日\n"
					      : "%04d-%02d-%02d\n",
	    date.year, date.month, date.day);
}

/* What misu.conf counts the fee in. */
static const char *
unit_of(const struct words *words, const char *unit)
{
	static const char *const units[][2] = {
	    {"JPY without tax", "円（税抜）"},
	    {"JPY with tax", "円（税込）"},
	    {"JPY", "円"},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (words == &japanese_words && strcmp(unit, units[i][0]) == 0)
			return units[i][1];
	return unit;
}

static void
put_fee(FILE *out, const struct words *words, const struct json_node *row)
{
	fprintf(out, "\n%s: %s", words->fee,
	    words->fees[word_of(fee_names, 4, ctl_string(row, "fee"))]);
	if (ctl_integer(row, "amount") != 0)
		fprintf(out, words == &japanese_words ? "（%lld%s）"
						      : " (%lld %s)",
		    (long long)ctl_integer(row, "amount"),
		    unit_of(words, ctl_string(row, "unit")));
	fputs("\n\n", out);
}

/* What each giving says it was; the last step's text is the reason. */
static void
put_given(FILE *out, const struct words *words, const struct json_node *steps,
    const struct letter_given *given)
{
	bool any = false;

	fprintf(out, "\n%s:\n", words->given);
	for (size_t i = 0; steps != NULL && i < steps->count; i++) {
		const struct json_node *step = &steps->items[i];

		if (strcmp(ctl_string(step, "word"), "given") != 0)
			continue;
		letter_put_given(out, slice_from(ctl_string(step, "text")),
		    words == &japanese_words);
		any = true;
	}
	for (size_t i = 0; i < given->count; i++) {
		letter_put_given(
		    out, given->lines[i], words == &japanese_words);
		fprintf(out, "      (%s: %zu)\n", words->answers,
		    given->times[i]);
		any = true;
	}
	if (given->others != 0)
		fprintf(out, "  - ... (%s: %zu)\n", words->answers,
		    given->others);
	if (!any && given->others == 0)
		fprintf(out, "  %s\n", words->nothing);
}

static const char *
reason_of(const struct json_node *steps, const char *state)
{
	for (size_t i = 0; steps != NULL && i < steps->count; i++)
		if (strcmp(ctl_string(&steps->items[i], "word"), state) == 0)
			return ctl_string(&steps->items[i], "text");
	return "";
}

void
request_letter(const struct json_node *row, const struct letter_given *given,
    bool japanese, FILE *out)
{
	const struct words *words = japanese ? &japanese_words : &english_words;
	const struct json_node *steps = json_find(row, "steps");
	const char *kind = ctl_string(row, "kind");
	const char *state = ctl_string(row, "state");
	const char *reason = reason_of(steps, state);

	fprintf(out, "%s\n\n%s: %s\n", words->title, words->number,
	    ctl_string(row, "id"));
	put_day(out, words, words->received, ctl_integer(row, "opened"));
	put_day(out, words, words->answered, ctl_integer(row, "closed"));
	fprintf(out, "\n%s: %s\n", words->asked,
	    words->kinds[word_of(kind_names, 6, kind)]);
	if (*ctl_string(row, "asked") != '\0')
		fprintf(out, "  %s\n", ctl_string(row, "asked"));
	fprintf(out, "\n%s\n", words->states[word_of(state_names, 4, state)]);
	if (*reason != '\0')
		fprintf(out, "  %s\n", reason);
	if (strcmp(state, "answered") == 0)
		put_given(out, words, steps, given);
	if (strcmp(kind, "record") == 0 || strcmp(kind, "disclosure") == 0)
		fprintf(out, "\n%s\n", words->enclosed);
	put_fee(out, words, row);
	fprintf(out, "%s\n", words->objection);
}
