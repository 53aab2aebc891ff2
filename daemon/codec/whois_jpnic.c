/*
 * The layouts of whois.nic.ad.jp: networks and the contacts behind their
 * handles.  An IPv4 assignment has letters before its labels; allocations and
 * all of IPv6 have the same labels without.
 */
#include "base/width.h"
#include "codec/whois.h"
#include "codec/whois_columns.h"

static const char banner[] =
    "[ JPNIC database provides information regarding IP address and ASN. Its"
    " use   ]\n"
    "[ is restricted to network administration purposes. For further"
    " information,  ]\n"
    "[ use 'whois -h whois.nic.ad.jp help'. To only display English output,"
    "        ]\n"
    "[ add '/e' at the end of command, e.g. 'whois -h whois.nic.ad.jp xxx/e'."
    "      ]\n"
    "\n";

struct page {
	struct text *text;
	const struct publication *it;
	bool english, letters;
};

/* "a. " before the label, where this object has letters. */
static void
put_as(struct page *page, char letter, struct whois_label label,
    struct values values, enum whois_empty empty)
{
	const char *word = page->english ? label.english : label.japanese;
	char line[80];

	if (word == NULL)
		return;
	if (page->letters && letter != 0)
		snprintf(line, sizeof(line), "%c. %s", letter, word);
	else
		snprintf(line, sizeof(line), "%s", word);
	whois_put_values(page->text, line, values, empty);
}

static void
put(struct page *page, char letter, struct whois_label label,
    struct values values)
{
	put_as(page, letter, label, values, EMPTY_PADDED);
}

static void
put_field(struct page *page, char letter, struct whois_label label,
    enum role role, enum field field)
{
	put(page, letter, label,
	    whois_shown(publication_either(page->it, role, field, field)));
}

static void
put_text(struct page *page, struct whois_label label, struct slice value)
{
	put(page, 0, label, (struct values){&value, value.len != 0});
}

static void
put_title(struct page *page, const char *english, const char *japanese)
{
	size_t start = page->text->len;

	text_add_string(page->text, english);
	width_pad(page->text, start, WHOIS_COLUMN);
	if (!page->english)
		text_add_string(page->text, japanese);
	text_add_char(page->text, '\n');
}

static void
put_updated(struct page *page)
{
	char moment[DATE_SIZE + 8];

	put_text(page, (struct whois_label){"[最終更新]", "[Last Update]"},
	    whois_moment(moment, page->it->updated, "(JST)"));
}

/* --- the blocks around a network ----------------------------------------- */

static void
put_blanks(struct text *text, size_t count)
{
	while (count-- > 0)
		text_add_char(text, ' ');
}

/* A name up to column 20, the kind, and the range up to column 78. */
static void
put_relative(struct page *page, const struct publication_relative *relative)
{
	struct text *text = page->text;
	struct slice kind =
	    page->english ? relative->kind : relative->kind_japanese;
	size_t name = width_of(relative->netname);
	size_t taken = 21 + width_of(kind) + 2;
	size_t range = relative->range.len;

	text_add(text, page->english ? relative->organization
				     : relative->organization_japanese);
	text_add_char(text, '\n');
	put_blanks(text, name < 20 ? 20 - name : 0);
	text_add(text, relative->netname);
	text_add_string(text, " [");
	text_add(text, kind);
	text_add_char(text, ']');
	put_blanks(text, taken + range < 78 ? 78 - taken - range : 1);
	text_add(text, relative->range);
	text_add_char(text, '\n');
}

static void
put_relatives(struct page *page, struct whois_label title,
    struct publication_relatives relatives)
{
	struct text *text = page->text;

	text_add_string(text, page->english ? title.english : title.japanese);
	text_add_string(text, "\n----------\n");
	for (size_t i = 0; i < relatives.count; i++)
		put_relative(page, &relatives.items[i]);
	if (relatives.more)
		text_add_string(text, page->english
					  ? "(more are not listed)\n"
					  : "(以下は省略されています)\n");
	else if (relatives.count == 0)
		text_add_string(text, page->english
					  ? "No match!!\n"
					  : "該当するデータがありません。\n");
}

/* --- networks ------------------------------------------------------------ */

/* Of an individual, who has no organization, the name stands there. */
struct values
whois_jpnic_holder(
    const struct publication *it, bool english, struct slice *room)
{
	bool person = publication_either(it, ROLE_REGISTRANT, FIELD_ORG_INT,
			  FIELD_ORG_LOC).state == NOT_COLLECTED;
	enum field japanese = person ? FIELD_NAME_LOC : FIELD_ORG_LOC;
	enum field latin = person ? FIELD_NAME_INT : FIELD_ORG_INT;

	return english ? whois_or_hidden(it, latin, japanese, true, room)
		       : whois_or_hidden(it, japanese, latin, false, room);
}

static void
put_holder(struct page *page)
{
	struct slice room;

	put(page, 'f', (struct whois_label){"[組織名]", NULL},
	    whois_jpnic_holder(page->it, false, &room));
	put(page, 'g',
	    (struct whois_label){"[Organization]", "[Organization]"},
	    whois_jpnic_holder(page->it, true, &room));
}

static void
put_network(struct page *page)
{
	const enum role own = ROLE_REGISTRANT;

	put(page, 'a',
	    (struct whois_label){
		"[IPネットワークアドレス]", "[Network Number]"},
	    (struct values){&page->it->name, 1});
	put_field(page, 'b',
	    (struct whois_label){"[ネットワーク名]", "[Network Name]"}, own,
	    FIELD_NETNAME);
	put_holder(page);
	put_field(page, 'm',
	    (struct whois_label){
		"[管理者連絡窓口]", "[Administrative Contact]"},
	    ROLE_ADMIN, FIELD_HANDLE);
	put_field(page, 'n',
	    (struct whois_label){"[技術連絡担当者]", "[Technical Contact]"},
	    ROLE_TECH, FIELD_HANDLE);
	put_field(page, 'o', (struct whois_label){"[Abuse]", "[Abuse]"},
	    ROLE_ABUSE, FIELD_EMAIL);
	/* An empty list of servers is not padded: that is how it looks. */
	put_as(page, 'p', (struct whois_label){"[ネームサーバ]", "[Nameserver]"},
	    publication_hosts(page->it, page->text->arena), EMPTY_BARE);
}

static void
put_network_dates(struct page *page)
{
	char day[DATE_SIZE];

	put_text(page,
	    page->it->is_allocation
		? (struct whois_label){"[割振年月日]", "[Allocated Date]"}
		: (struct whois_label){"[割当年月日]", "[Assigned Date]"},
	    whois_day(day, page->it->created));
	put_text(page, (struct whois_label){"[返却年月日]", "[Return Date]"},
	    whois_day(day, page->it->returned));
	put_updated(page);
}

static bool
is_version_6(struct slice prefix)
{
	return memchr(prefix.data, ':', prefix.len) != NULL;
}

void
whois_jpnic_network(
    struct text *text, const struct publication *it, bool english)
{
	struct page page = {text, it, english,
	    !it->is_allocation && !is_version_6(it->name)};

	text_add_string(text, banner);
	put_title(&page, "Network Information:", "[ネットワーク情報]");
	put_network(&page);
	put_network_dates(&page);
	put_blanks(text, WHOIS_COLUMN);
	text_add_char(text, '\n');
	put_relatives(&page,
	    (struct whois_label){"上位情報", "Less Specific Info."}, it->above);
	text_add_char(text, '\n');
	put_relatives(&page,
	    (struct whois_label){"下位情報", "More Specific Info."}, it->below);
}

/* --- contacts ------------------------------------------------------------ */

static void
put_phone(struct page *page, char letter, struct whois_label label,
    enum role role, enum field field)
{
	char digits[40];
	struct slice phone = whois_phone(digits,
	    whois_shown(publication_either(page->it, role, field, field)));

	put(page, letter, label, (struct values){&phone, phone.len != 0});
}

/* What persons and groups have alike. */
static void
put_place_of_work(struct page *page, enum role role)
{
	put_field(page, 'f', (struct whois_label){"[組織名]", NULL}, role,
	    FIELD_ORG_LOC);
	put_field(page, 'g',
	    (struct whois_label){"[Organization]", "[Organization]"}, role,
	    FIELD_ORG_INT);
	put_field(page, 'k', (struct whois_label){"[部署]", NULL}, role,
	    FIELD_DIVISION_LOC);
	put_field(page, 'l', (struct whois_label){"[Division]", "[Division]"},
	    role, FIELD_DIVISION_INT);
}

static void
put_person(struct page *page, enum role role)
{
	put_title(page, "Contact Information:", "[担当者情報]");
	put_field(page, 'a',
	    (struct whois_label){"[JPNICハンドル]", "[JPNIC Handle]"}, role,
	    FIELD_HANDLE);
	put_field(page, 'b', (struct whois_label){"[氏名]", NULL}, role,
	    FIELD_NAME_LOC);
	put_field(page, 'c',
	    (struct whois_label){"[Last, First]", "[Last, First]"}, role,
	    FIELD_NAME_INT);
	put_field(page, 'd', (struct whois_label){"[電子メイル]", "[E-Mail]"},
	    role, FIELD_EMAIL);
	put_place_of_work(page, role);
	put_field(page, 'm', (struct whois_label){"[肩書]", NULL}, role,
	    FIELD_TITLE_LOC);
	put_field(page, 'n', (struct whois_label){"[Title]", "[Title]"}, role,
	    FIELD_TITLE_INT);
}

/* A group: the usual way not to publish a person.  It has no letters. */
static void
put_group(struct page *page, enum role role)
{
	page->letters = false;
	put_title(page, "Group Contact Information:", "[担当グループ情報]");
	put_field(page, 'a',
	    (struct whois_label){"[グループハンドル]", "[Group Handle]"}, role,
	    FIELD_HANDLE);
	put_field(page, 'b', (struct whois_label){"[グループ名]", NULL}, role,
	    FIELD_NAME_LOC);
	put_field(page, 'c',
	    (struct whois_label){"[Group Name]", "[Group Name]"}, role,
	    FIELD_NAME_INT);
	put_field(page, 'd', (struct whois_label){"[電子メール]", "[E-Mail]"},
	    role, FIELD_EMAIL);
	put_place_of_work(page, role);
}

/* "JP00000127": a group; a person's has its initials before the number. */
static bool
is_group(struct values handle)
{
	return handle.count != 0 && handle.items[0].len == 10 &&
	       memcmp(handle.items[0].data, "JP", 2) == 0;
}

static void
put_notify(struct page *page, enum role role)
{
	put_field(page, 'y',
	    (struct whois_label){"[通知アドレス]", "[Reply Mail]"}, role,
	    FIELD_NOTIFY_EMAIL);
}

/* The dates that there are are the object's, not the contact's. */
void
whois_contact(struct text *text, const struct publication *it, enum role role,
    bool english)
{
	struct page page = {text, it, english, true};
	bool group = is_group(whois_shown(
	    publication_either(it, role, FIELD_HANDLE, FIELD_HANDLE)));

	if (group)
		put_group(&page, role);
	else
		put_person(&page, role);
	put_phone(&page, 'o', (struct whois_label){"[電話番号]", "[TEL]"}, role,
	    FIELD_PHONE);
	put_phone(&page, 'p', (struct whois_label){"[FAX番号]", "[FAX]"}, role,
	    FIELD_FAX);
	put_notify(&page, role);
}

void
whois_jpnic_contact(struct text *text, const struct publication *it,
    enum role role, bool english)
{
	text_add_string(text, banner);
	whois_contact(text, it, role, english);
	put_blanks(text, WHOIS_COLUMN);
	text_add_char(text, '\n');
}

void
whois_jpnic_not_found(struct text *text, bool english)
{
	text_add_string(text, banner);
	text_add_string(
	    text, english ? "No match!!\n" : "該当するデータがありません。\n");
}
