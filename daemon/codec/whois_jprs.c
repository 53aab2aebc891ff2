/*
 * The layouts of whois.jprs.jp.  Where a single value is empty JPRS prints one
 * blank more than where a list is: readers depend on both.
 */
#include "codec/whois.h"
#include "codec/whois_columns.h"

/* Four lines of 79 columns stand before every answer. */
static const char banner[] =
    "[ JPRS database provides information on network administration. Its use"
    " is    ]\n"
    "[ restricted to network administration purposes. For further"
    " information,     ]\n"
    "[ use 'whois -h whois.jprs.jp help'. To suppress Japanese output, add'/e'"
    "     ]\n"
    "[ at the end of command, e.g. 'whois -h whois.jprs.jp xxx/e'."
    "                 ]\n";

struct page {
	struct text *text;
	const struct publication *it;
	bool english;
};

/* NULL where the language of the answer has no such line. */
static const char *
label_of(const struct page *page, struct whois_label label)
{
	return page->english ? label.english : label.japanese;
}

static void
put_one(struct page *page, struct whois_label label, struct slice value)
{
	if (label_of(page, label) != NULL)
		whois_put(
		    page->text, label_of(page, label), value, EMPTY_BLANK);
}

static void
put_list(struct page *page, struct whois_label label, struct values values,
    enum whois_empty empty)
{
	if (label_of(page, label) != NULL)
		whois_put_values(
		    page->text, label_of(page, label), values, empty);
}

static void
put_field(struct page *page, struct whois_label label, enum role role,
    enum field field)
{
	put_list(page, label,
	    whois_shown(publication_either(page->it, role, field, field)),
	    EMPTY_BLANK);
}

static void
put_day(struct page *page, struct whois_label label, int64_t time)
{
	char day[DATE_SIZE];

	put_one(page, label, whois_day(day, time));
}

static void
put_updated(struct page *page, struct whois_label label)
{
	char moment[DATE_SIZE + 8];

	put_one(page, label, whois_moment(moment, page->it->updated, " (JST)"));
}

static void
put_name(struct page *page, struct whois_label label)
{
	struct text name = text_start(page->text->arena);

	text_add(&name, page->it->name);
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] >= 'a' && name.data[i] <= 'z')
			name.data[i] -= 'a' - 'A';
	page->text->failed |= name.failed;
	put_one(page, label, text_slice(&name));
}

static void
begin(struct page *page)
{
	text_add_string(page->text, banner);
	text_add_string(
	    page->text, page->english ? "\nDomain Information:\n"
				      : "Domain Information: [ドメイン情報]\n");
}

static void
blank(struct page *page)
{
	text_add_char(page->text, '\n');
}

enum { DIGEST_LINE = 32 };

/*
 * "12345 13 2 (", the digest below it in lines of 32, and " )" behind the
 * last.  Numbers end where the third blank stands.
 */
static void
put_key(struct page *page, const char *label, struct slice key)
{
	struct text line = text_start(page->text->arena);
	size_t numbers = 0;

	for (unsigned blanks = 0; numbers < key.len && blanks < 3; numbers++)
		blanks += key.data[numbers] == ' ';
	text_add(&line, (struct slice){key.data, numbers});
	text_add_char(&line, '(');
	whois_put(page->text, label, text_slice(&line), EMPTY_PADDED);
	for (size_t at = numbers; at < key.len; at += DIGEST_LINE) {
		bool last = key.len - at <= DIGEST_LINE;
		size_t len = last ? key.len - at : DIGEST_LINE;

		line.len = 0;
		text_add(&line, (struct slice){key.data + at, len});
		text_add_string(&line, last ? " )" : "");
		whois_put(page->text, "", text_slice(&line), EMPTY_PADDED);
	}
	page->text->failed |= line.failed;
}

static void
put_keys(struct page *page, struct whois_label label)
{
	struct values keys = whois_shown(page->it->ds);

	if (keys.count == 0)
		put_list(page, label, keys, EMPTY_PADDED);
	for (size_t i = 0; i < keys.count; i++)
		put_key(page, label_of(page, label), keys.items[i]);
}

/*
 * States as JPRS words them, each once; those of EPP that it has no word for
 * stay as they are.
 */
static void
put_states(struct page *page, struct whois_label label,
    struct slice (*word)(struct page *, struct slice))
{
	const struct values from = page->it->status;
	struct slice *words =
	    arena_take_array(page->text->arena, from.count, sizeof(*words));
	struct values to = {words, 0};

	if (words == NULL) {
		page->text->failed = true;
		return;
	}
	for (size_t i = 0; i < from.count; i++) {
		size_t k = 0;

		words[to.count] = word(page, from.items[i]);
		while (!slice_equal(words[k], words[to.count]))
			k++;
		to.count += k == to.count;
	}
	put_list(page, label, to, EMPTY_BLANK);
}

/* --- generic and prefecture names ---------------------------------------- */

/* The lines of an address, one below the other in the second column. */
static void
put_address(struct page *page, struct whois_label label,
    const enum field *fields, size_t count)
{
	size_t lines = 0;

	if (label_of(page, label) == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		struct values part = whois_shown(publication_either(
		    page->it, ROLE_PUBLIC_CONTACT, fields[i], fields[i]));

		for (size_t k = 0; k < part.count; k++)
			whois_put(page->text,
			    lines++ == 0 ? label_of(page, label) : "",
			    part.items[k], EMPTY_BLANK);
	}
	if (lines == 0)
		put_one(page, label, (struct slice){"", 0});
}

/* Japanese addresses go from the large to the small. */
static void
put_contact_address(struct page *page)
{
	static const enum field japanese[] = {
	    FIELD_STATE_LOC, FIELD_CITY_LOC, FIELD_STREET_LOC};
	static const enum field english[] = {
	    FIELD_STREET_INT, FIELD_CITY_INT, FIELD_STATE_INT};

	put_address(page, (struct whois_label){"[住所]", NULL}, japanese, 3);
	put_address(page,
	    (struct whois_label){"[Postal Address]", "[Postal Address]"},
	    english, 3);
}

static void
put_contact_phone(struct page *page, struct whois_label label, enum field field)
{
	char digits[40];

	whois_put(page->text, label_of(page, label),
	    whois_phone(digits, whois_shown(publication_either(page->it,
				    ROLE_PUBLIC_CONTACT, field, field))),
	    EMPTY_PADDED);
}

static void
put_public_contact(struct page *page)
{
	const enum role role = ROLE_PUBLIC_CONTACT;

	text_add_string(page->text,
	    page->english ? "Contact Information:\n"
			  : "Contact Information: [公開連絡窓口]\n");
	put_field(
	    page, (struct whois_label){"[名前]", NULL}, role, FIELD_NAME_LOC);
	put_field(page, (struct whois_label){"[Name]", "[Name]"}, role,
	    FIELD_NAME_INT);
	put_list(page, (struct whois_label){"[Email]", "[Email]"},
	    whois_shown(
		publication_either(page->it, role, FIELD_EMAIL, FIELD_EMAIL)),
	    EMPTY_PADDED);
	put_field(page, (struct whois_label){"[Web Page]", "[Web Page]"}, role,
	    FIELD_WEB);
	put_field(page, (struct whois_label){"[郵便番号]", "[Postal code]"},
	    role, FIELD_POSTCODE);
	put_contact_address(page);
	put_contact_phone(
	    page, (struct whois_label){"[電話番号]", "[Phone]"}, FIELD_PHONE);
	put_contact_phone(
	    page, (struct whois_label){"[FAX番号]", "[Fax]"}, FIELD_FAX);
}

static struct slice
generic_state(struct page *page, struct slice status)
{
	(void)page;
	if (slice_is(status, "ok"))
		return SLICE("Active");
	if (slice_is(status, "clientHold") || slice_is(status, "serverHold"))
		return SLICE("Suspended");
	return status;
}

static void
put_generic_dates(struct page *page)
{
	const struct publication *it = page->it;

	put_day(page, (struct whois_label){"[登録年月日]", "[Created on]"},
	    it->created);
	put_day(page, (struct whois_label){"[有効期限]", "[Expires on]"},
	    it->expires);
	put_states(page, (struct whois_label){"[状態]", "[Status]"},
	    generic_state);
	put_list(page, (struct whois_label){"[ロック状態]", "[Lock Status]"},
	    it->locks, EMPTY_LEFT_OUT);
	put_updated(page, (struct whois_label){"[最終更新]", "[Last Updated]"});
}

/* Other text stands for a name that is not shown: "Whois登録者名非表示". */
static void
put_registrant(struct page *page)
{
	struct slice room;

	put_list(page, (struct whois_label){"[登録者名]", NULL},
	    whois_or_hidden(
		page->it, FIELD_NAME_LOC, FIELD_NAME_INT, false, &room),
	    EMPTY_BLANK);
	put_list(page, (struct whois_label){"[Registrant]", "[Registrant]"},
	    whois_or_hidden(
		page->it, FIELD_NAME_INT, FIELD_NAME_LOC, true, &room),
	    EMPTY_BLANK);
}

void
whois_jprs_generic(
    struct text *text, const struct publication *it, bool english)
{
	struct page page = {text, it, english};

	begin(&page);
	put_name(&page, (struct whois_label){"[Domain Name]", "[Domain Name]"});
	blank(&page);
	put_registrant(&page);
	blank(&page);
	put_list(&page, (struct whois_label){"[Name Server]", "[Name Server]"},
	    publication_hosts(it, text->arena), EMPTY_PADDED);
	put_keys(&page, (struct whois_label){"[Signing Key]", "[Signing Key]"});
	blank(&page);
	put_generic_dates(&page);
	blank(&page);
	put_public_contact(&page);
	blank(&page);
}

/* --- organizational names ------------------------------------------------ */

static void
put_organization(struct page *page)
{
	const enum role role = ROLE_REGISTRANT;

	/* ne.jp names a network service where others name who they are. */
	if (whois_ends_in(page->it->name, ".ne.jp")) {
		put_field(page,
		    (struct whois_label){"b. [ねっとわーくさーびすめい]", NULL},
		    role, FIELD_NAME_KANA);
		put_field(page,
		    (struct whois_label){"c. [ネットワークサービス名]", NULL},
		    role, FIELD_ORG_LOC);
		put_field(page,
		    (struct whois_label){"d. [Network Service Name]",
			"d. [Network Service Name]"},
		    role, FIELD_ORG_INT);
		return;
	}
	put_field(page, (struct whois_label){"e. [そしきめい]", NULL}, role,
	    FIELD_NAME_KANA);
	put_field(page, (struct whois_label){"f. [組織名]", NULL}, role,
	    FIELD_ORG_LOC);
	put_field(page,
	    (struct whois_label){"g. [Organization]", "g. [Organization]"},
	    role, FIELD_ORG_INT);
}

static struct values
english_type(struct values type, struct slice *room)
{
	if (type.count == 0)
		return type;
	*room = whois_type_english(type.items[0]);
	if (room->len != 0)
		return (struct values){room, 1};
	if (text_is_printable(type.items[0]))
		return type;
	return (struct values){NULL, 0};
}

static void
put_organization_type(struct page *page)
{
	struct values type = whois_shown(publication_either(
	    page->it, ROLE_REGISTRANT, FIELD_ORG_TYPE, FIELD_ORG_TYPE));
	struct slice room;

	put_list(page, (struct whois_label){"k. [組織種別]", NULL}, type,
	    EMPTY_BLANK);
	put_list(page,
	    (struct whois_label){
		"l. [Organization Type]", "l. [Organization Type]"},
	    english_type(type, &room), EMPTY_BLANK);
}

static void
put_handles(struct page *page)
{
	put_list(page,
	    (struct whois_label){
		"m. [登録担当者]", "m. [Administrative Contact]"},
	    whois_shown(publication_either(
		page->it, ROLE_ADMIN, FIELD_HANDLE, FIELD_HANDLE)),
	    EMPTY_BLANK);
	put_list(page,
	    (struct whois_label){
		"n. [技術連絡担当者]", "n. [Technical Contact]"},
	    whois_shown(publication_either(
		page->it, ROLE_TECH, FIELD_HANDLE, FIELD_HANDLE)),
	    EMPTY_PADDED);
}

/* "Connected (2027/03/31)": it has servers until then. */
static struct slice
organizational_state(struct page *page, struct slice status)
{
	const struct publication *it = page->it;
	struct text text = text_start(page->text->arena);
	char day[DATE_SIZE];

	if (!slice_is(status, "ok"))
		return status;
	text_add_string(&text,
	    it->connected != 0 || it->ns.state != NOT_COLLECTED
		? "Connected"
		: "Registered");
	if (it->expires != 0) {
		text_add_string(&text, " (");
		text_add(&text, whois_day(day, it->expires));
		text_add_char(&text, ')');
	}
	page->text->failed |= text.failed;
	return text_slice(&text);
}

void
whois_jprs_organizational(
    struct text *text, const struct publication *it, bool english)
{
	struct page page = {text, it, english};

	begin(&page);
	put_name(
	    &page, (struct whois_label){"a. [ドメイン名]", "a. [Domain Name]"});
	put_organization(&page);
	put_organization_type(&page);
	put_handles(&page);
	put_list(&page,
	    (struct whois_label){"p. [ネームサーバ]", "p. [Name Server]"},
	    publication_hosts(it, text->arena), EMPTY_PADDED);
	put_keys(
	    &page, (struct whois_label){"s. [署名鍵]", "s. [Signing Key]"});
	put_states(&page, (struct whois_label){"[状態]", "[State]"},
	    organizational_state);
	put_list(&page, (struct whois_label){"[ロック状態]", "[Lock Status]"},
	    it->locks, EMPTY_LEFT_OUT);
	put_day(&page,
	    (struct whois_label){"[登録年月日]", "[Registered Date]"},
	    it->created);
	put_day(&page, (struct whois_label){"[接続年月日]", "[Connected Date]"},
	    it->connected);
	put_updated(&page, (struct whois_label){"[最終更新]", "[Last Update]"});
	blank(&page);
}

/* --- nothing ------------------------------------------------------------- */

static const char elsewhere[] =
    "\n"
    "JPRS WHOISは、JPRSが管理している以下のドメイン名に関する情報を確認でき\n"
    "るサービスです。\n"
    "    ・登録されているJPドメイン名\n"
    "    ・JPRSを管理レジストラとするgTLD等ドメイン名\n"
    "詳しくは https://jprs.jp/about/dom-search/jprs-whois/ "
    "を参照してください。\n"
    "\n"
    "参考: IPアドレスのWHOISサーバ\n"
    "   ・JPNIC WHOIS(whois.nic.ad.jp)\n"
    "   ・APNIC WHOIS(whois.apnic.net)\n"
    "   ・ARIN WHOIS(whois.arin.net)\n"
    "   ・RIPE WHOIS(whois.ripe.net)\n"
    "   ・LACNIC WHOIS(whois.lacnic.net)\n"
    "   ・AfriNIC WHOIS(whois.afrinic.net)\n"
    "\n";

/* Its contacts are asked for by handle, and look as JPNIC's did. */
void
whois_jprs_contact(struct text *text, const struct publication *it,
    enum role role, bool english)
{
	text_add_string(text, banner);
	if (english)
		text_add_char(text, '\n');
	whois_contact(text, it, role, english);
}

void
whois_jprs_not_found(struct text *text, bool english)
{
	text_add_string(text, banner);
	text_add_string(text, english ? "\nNo match!!\n" : "No match!!\n");
	if (!english)
		text_add_string(text, elsewhere);
}

void
whois_jprs_references(
    struct text *text, struct values names, bool more, bool english)
{
	text_add_string(text, banner);
	if (english)
		text_add_char(text, '\n');
	for (size_t i = 0; i < names.count; i++) {
		text_add_format(text, "%-32s", "[Domain Name]");
		for (size_t k = 0; k < names.items[i].len; k++) {
			char c = names.items[i].data[k];

			text_add_char(text,
			    c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
		}
		text_add_char(text, '\n');
	}
	if (more)
		text_add_string(text, english
			? "\nThere are more.\n"
			: "\n他にもあります。 (There are more.)\n");
}
