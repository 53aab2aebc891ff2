/* The words of an account, and what stands in each cell of a row. */
#include "base/date.h"
#include "codec/account_priv.h"
#include "core/policy_tree.h"
#include "core/subject_step.h"

static const char *const words[WORD_COUNT][ACCOUNT_LANGUAGES] = {
#define WORD(id, japanese, english) [WORD_##id] = {japanese, english},
#include "codec/account_words.tbl"
#undef WORD
};

/*
 * A word of the policy, the ledger or a channel, and what it is called.  Lists
 * end with a NULL.
 */
struct named {
	const char *word;
	const char *names[ACCOUNT_LANGUAGES];
};

static const struct named bases[] = {
    {"consent", {"本人の同意（法27条1項）", "consent (article 27(1))"}},
    {"contract", {"契約に基づく提供", "contract"}},
    {"law", {"法令に基づく場合（法27条1項1号）", "law (article 27(1)(i))"}},
    {"opt-out", {"オプトアウト（法27条2項）", "opt-out (article 27(2))"}},
    {"entrust", {"委託（法27条5項1号）", "entrustment (article 27(5)(i))"}},
    {"joint-use",
	{"共同利用（法27条5項3号）", "joint use (article 27(5)(iii))"}},
    {"court", {"裁判所・公的機関の命令等（法令に基づく場合）",
		  "order of a court or authority, as law provides"}},
    {"urgent", {"生命・財産の保護等（法27条1項2号）",
		   "protection of life or property (article 27(1)(ii))"}},
    {NULL, {NULL, NULL}},
};

/* Privacy policy 2(3). */
static const struct named methods[] = {
    {"web-form", {"ウェブフォームでの送信", "web form"}},
    {"api", {"APIでの送信", "API"}},
    {"mail", {"メールによる送信", "e-mail"}},
    {"fax", {"FAXによる送信", "fax"}},
    {"post", {"郵送", "post"}},
    {"courier", {"宅配サービスの利用", "courier"}},
    {"phone", {"電話での伝達", "telephone"}},
    {"agreed", {"提供先と合意した方法", "a method agreed on"}},
    {NULL, {NULL, NULL}},
};

static const struct named channels[] = {
    {"epp", {"EPP", "EPP"}},
    {"epp-shadow", {"EPP", "EPP"}},
    {"file", {"ファイルの受渡し", "file"}},
    {"desk", {"担当者による", "by an operator"}},
    {"view", {"当社のWHOIS・RDAP", "our own WHOIS and RDAP"}},
    {"rdap", {"請求に対して発行したトークンによる照会への回答（RDAP）",
		 "answers over RDAP to a token given for the request"}},
    {NULL, {NULL, NULL}},
};

static const char *const outcomes[PROVIDED_OUTCOMES][ACCOUNT_LANGUAGES] = {
    [PROVIDED_OPEN] = {"結果の記録なし", "no outcome recorded yet"},
    [PROVIDED_DELIVERED] = {"提供済み", "delivered"},
    [PROVIDED_REFUSED] = {"送信したが提供先が受理せず",
	"sent; the recipient did not accept it"},
    [PROVIDED_NOT_SENT] = {"送信せず", "not sent"},
    [PROVIDED_UNKNOWN] = {"到達したか不明", "not known whether it arrived"},
};

static const char *const object_types[OBJECT_COUNT] = {
    [OBJECT_DOMAIN] = "ドメイン名",
    [OBJECT_NETWORK] = "IPアドレス",
    [OBJECT_SUBSCRIBER] = "契約",
    [OBJECT_SPAM_REPORT] = "迷惑メール",
    [OBJECT_CONTACT] = "連絡先",
    [OBJECT_HOST] = "ホスト",
};

const char *
account_word(const struct account *account, enum account_word word)
{
	return words[word][account->language];
}

const char *
account_cell_name(const struct account *account, enum account_cell cell)
{
	static const enum account_word names[CELL_COUNT] = {
	    [CELL_WHEN] = WORD_WHEN,
	    [CELL_RECIPIENT] = WORD_RECIPIENT,
	    [CELL_ITEMS] = WORD_ITEMS,
	    [CELL_OBJECT] = WORD_OBJECT,
	    [CELL_PURPOSE] = WORD_PURPOSE,
	    [CELL_BASIS] = WORD_BASIS,
	    [CELL_METHOD] = WORD_METHOD,
	    [CELL_POLICY] = WORD_POLICY,
	    [CELL_OUTCOME] = WORD_OUTCOME,
	    [CELL_ENTRIES] = WORD_ENTRIES,
	};

	return account_word(account, names[cell]);
}

static void
add_word(
    struct text *out, const struct account *account, enum account_word word)
{
	text_add_string(out, account_word(account, word));
}

/* What is in no list is shown as it stands. */
static void
add_named(struct text *out, const struct account *account,
    const struct named *named, struct slice word)
{
	while (named->word != NULL && !slice_is(word, named->word))
		named++;
	if (named->word != NULL)
		text_add_string(out, named->names[account->language]);
	else
		text_add(out, word);
}

void
account_add_time(struct text *out, const struct account *account, int64_t time)
{
	struct date date = date_split(time / 1000, ACCOUNT_ZONE);

	if (account->language == ACCOUNT_JAPANESE)
		text_add_format(out, "%d年%d月%d日 %d時%02d分", date.year,
		    date.month, date.day, date.hour, date.minute);
	else
		text_add_format(out, "%04d-%02d-%02d %02d:%02d JST", date.year,
		    date.month, date.day, date.hour, date.minute);
}

void
account_add_role(struct text *out, const struct account *account,
    enum object_type type, enum role role)
{
	if (type == OBJECT_CONTACT)
		text_add_string(out, account->language == ACCOUNT_JAPANESE
					 ? "連絡先"
					 : "contact");
	else
		text_add_string(out, account->language == ACCOUNT_JAPANESE
					 ? role_japanese(role)
					 : role_name(role));
}

void
account_add_field(
    struct text *out, const struct account *account, enum field field)
{
	static const char *const forms[] = {[FORM_ONE] = "",
	    [FORM_LOC] = " (own script)",
	    [FORM_INT] = " (ASCII)"};

	if (account->language == ACCOUNT_JAPANESE)
		text_add_string(out, field_info[field].japanese);
	else
		text_add_format(out, "%s%s", field_info[field].group,
		    forms[field_info[field].form]);
}

void
account_add_step(struct text *out, const struct account *account,
    const struct provided_event *event)
{
	const struct subject_step_info *step =
	    subject_step_find(event->type, event->word);

	if (step != NULL) {
		text_add_string(out, step->names[account->language]);
	} else {
		text_add(out, event->type);
		text_add_char(out, ' ');
		text_add(out, event->word);
	}
	if (event->case_id.len != 0) {
		text_add_string(out, ", ");
		text_add(out, event->case_id);
	}
}

/* --- cells --- */

static void
add_when(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	account_add_time(out, account, row->from);
	if (row->published && row->until == 0) {
		text_add_char(out, ' ');
		add_word(out, account, WORD_SINCE);
	} else if (row->published || row->count > 1) {
		text_add_char(out, ' ');
		add_word(out, account, WORD_TO);
		text_add_char(out, ' ');
		account_add_time(out, account, row->until);
	}
	if (row->count > 1) {
		text_add_format(out, "\n%llu ", (unsigned long long)row->count);
		add_word(out, account, WORD_TIMES);
	}
	if (row->doubtful != ENTRY_NONE) {
		text_add_char(out, '\n');
		add_word(out, account, WORD_DOUBT);
		text_add_format(
		    out, " %llu", (unsigned long long)row->doubtful);
	}
}

static void
add_recipient(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	unsigned via;

	if (row->published) {
		add_word(out, account, WORD_PUBLIC);
		text_add_char(out, '\n');
	}
	text_add(out, row->is != NULL ? row->is->title : row->recipient);
	if (row->is != NULL && row->is->country.len != 0) {
		text_add_char(out, '\n');
		add_word(out, account, WORD_COUNTRY);
		text_add_string(out, ": ");
		text_add(out, row->is->country);
	}
	if (row->via.len == 0)
		return;
	text_add_char(out, '\n');
	add_word(out, account, WORD_VIA);
	text_add_string(out, ": ");
	if (row->ruleset != NULL &&
	    ruleset_find_recipient(row->ruleset, row->via, &via))
		text_add(out, ruleset_recipient(row->ruleset, via)->title);
	else
		text_add(out, row->via);
}

static void
add_fields(struct text *out, const struct account *account, uint64_t fields,
    const char *how)
{
	const char *comma = "";

	if (fields == 0)
		return;
	if (how != NULL)
		text_add_format(out, "\n%s: ", how);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if ((fields & FIELD_BIT(f)) == 0)
			continue;
		text_add_string(out, comma);
		account_add_field(out, account, (enum field)f);
		comma = account->language == ACCOUNT_JAPANESE ? "、" : ", ";
	}
}

static void
add_items(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	account_add_role(out, account, row->type, row->role);
	if (row->watched) {
		text_add_char(out, ' ');
		add_word(out, account, WORD_WATCHED);
	}
	add_fields(
	    out, account, row->forwarded, account_word(account, WORD_AS_IS));
	add_fields(out, account, row->generalised,
	    account_word(account, WORD_GENERALISED));
	add_fields(
	    out, account, row->replaced, account_word(account, WORD_REPLACED));
}

static void
add_object(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	text_add_string(out, account->language == ACCOUNT_JAPANESE
				 ? object_types[row->type]
				 : object_type_name(row->type));
	text_add_char(out, ' ');
	if (row->object.len != 0)
		text_add(out, row->object);
	else
		add_word(out, account, WORD_UNNAMED);
}

static void
add_purpose(struct text *out, const struct provided_row *row)
{
	text_add(out, row->purpose);
	if (row->purpose_title.len != 0) {
		text_add_char(out, ' ');
		text_add(out, row->purpose_title);
	}
}

/* The basis, and what the person had said about this purpose by then. */
static void
add_basis(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	add_named(out, account, bases, row->basis);
	for (size_t i = 0; i < row->consent_count; i++) {
		const struct provided_consent *consent = &row->consents[i];

		if (!slice_equal(consent->purpose, row->purpose))
			continue;
		text_add_char(out, '\n');
		add_word(out, account,
		    consent->given ? WORD_CONSENT_GIVEN
				   : WORD_CONSENT_WITHDRAWN);
		text_add_string(out, ": ");
		account_add_time(out, account, consent->time * 1000);
		if (consent->version.len == 0)
			continue;
		text_add_string(out, ", ");
		add_word(out, account, WORD_VERSION);
		text_add_char(out, ' ');
		text_add(out, consent->version);
	}
}

static void
add_method(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	if (row->published) {
		add_word(out, account, WORD_PUBLISHING);
		text_add_char(out, '\n');
	} else if (row->is != NULL && row->is->method != METHOD_NONE &&
		   !slice_is(row->channel, "rdap")) {
		/* With a token it is asked for in another way than agreed. */
		add_named(out, account, methods,
		    slice_from(method_name(row->is->method)));
		if (row->is->agreement.len != 0) {
			text_add_string(out, ": ");
			text_add(out, row->is->agreement);
		}
		text_add_char(out, '\n');
	}
	add_named(out, account, channels, row->channel);
}

static void
add_policy(struct text *out, const struct account *account,
    const struct provided_row *row)
{
	if (row->ruleset != NULL) {
		text_add(out, ruleset_name(row->ruleset));
		text_add_char(out, ' ');
		add_word(out, account, WORD_REVISION);
		text_add_format(out, "%u%s\n", ruleset_revision(row->ruleset),
		    account->language == ACCOUNT_JAPANESE ? "版" : "");
	}
	text_add_hex(out, row->policy.bytes, 4);
}

static void
add_entries(struct text *out, const struct provided_row *row)
{
	uint64_t shown = row->count < PROVIDED_ENTRIES_MAX
			     ? row->count
			     : PROVIDED_ENTRIES_MAX;

	for (uint64_t i = 0; i < shown; i++)
		text_add_format(out, "%s%llu", i == 0 ? "" : ", ",
		    (unsigned long long)row->entries[i]);
	if (row->count > shown)
		text_add_string(out, ", ...");
	if (row->ended_by != ENTRY_NONE)
		text_add_format(
		    out, " - %llu", (unsigned long long)row->ended_by);
}

void
account_add_cell(struct text *out, const struct account *account,
    const struct provided_row *row, enum account_cell cell)
{
	switch (cell) {
	case CELL_WHEN:
		add_when(out, account, row);
		return;
	case CELL_RECIPIENT:
		add_recipient(out, account, row);
		return;
	case CELL_ITEMS:
		add_items(out, account, row);
		return;
	case CELL_OBJECT:
		add_object(out, account, row);
		return;
	case CELL_PURPOSE:
		add_purpose(out, row);
		return;
	case CELL_BASIS:
		add_basis(out, account, row);
		return;
	case CELL_METHOD:
		add_method(out, account, row);
		return;
	case CELL_POLICY:
		add_policy(out, account, row);
		return;
	case CELL_OUTCOME:
		text_add_string(out, outcomes[row->outcome][account->language]);
		return;
	case CELL_ENTRIES:
		add_entries(out, row);
		return;
	case CELL_COUNT:
		break;
	}
}
