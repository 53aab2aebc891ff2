#include "codec/audit_lines.h"

#include "core/policy_tree.h"

#define ONE(name) FIELD_BIT(FIELD_##name)
#define ADDRESS(form)                                                          \
	(ONE(STREET_##form) | ONE(CITY_##form) | ONE(STATE_##form))

#define ALL(lines)                                                             \
	{                                                                      \
		(lines), sizeof(lines) / sizeof(*(lines))                      \
	}

static const struct audit_line jprs_lines[] = {
    {{"登録者名"}, ONE(NAME_LOC) | ONE(ORG_LOC), ONE(NAME_LOC), ROLE_REGISTRANT,
	AUDIT_EACH, LINE_JAPANESE | LINE_PLAIN},
    {{"Registrant"}, ONE(NAME_INT) | ONE(ORG_INT), ONE(NAME_INT),
	ROLE_REGISTRANT, AUDIT_EACH, LINE_PLAIN},
    {{"Name Server", "ネームサーバ"}, ONE(NS), ONE(NS), ROLE_REGISTRANT,
	AUDIT_EACH, 0},
    {{"Signing Key", "署名鍵"}, ONE(DS), ONE(DS), ROLE_REGISTRANT, AUDIT_EACH,
	0},
    {{"そしきめい", "ねっとわーくさーびすめい"}, ONE(NAME_KANA), ONE(NAME_KANA),
	ROLE_REGISTRANT, AUDIT_EACH, LINE_JAPANESE | LINE_LETTERED},
    {{"組織名", "ネットワークサービス名"}, ONE(ORG_LOC), ONE(ORG_LOC),
	ROLE_REGISTRANT, AUDIT_EACH, LINE_JAPANESE | LINE_LETTERED},
    {{"Organization", "Network Service Name"}, ONE(ORG_INT), ONE(ORG_INT),
	ROLE_REGISTRANT, AUDIT_EACH, LINE_LETTERED},
    {{"組織種別"}, ONE(ORG_TYPE), ONE(ORG_TYPE), ROLE_REGISTRANT, AUDIT_EACH,
	LINE_JAPANESE | LINE_LETTERED},
    {{"Organization Type"}, ONE(ORG_TYPE), ONE(ORG_TYPE), ROLE_REGISTRANT,
	AUDIT_EACH, LINE_NEVER},
    {{"登録担当者", "Administrative Contact"}, ONE(HANDLE), ONE(HANDLE),
	ROLE_ADMIN, AUDIT_EACH, LINE_LETTERED},
    {{"技術連絡担当者", "Technical Contact"}, ONE(HANDLE), ONE(HANDLE),
	ROLE_TECH, AUDIT_EACH, LINE_LETTERED},
    {{"代表者名"}, ONE(REPRESENTATIVE), 0, ROLE_REGISTRANT, AUDIT_EACH,
	LINE_NEVER},
    {{"登記年月日"}, ONE(REGISTRY_DATE), 0, ROLE_REGISTRANT, AUDIT_EACH,
	LINE_NEVER},
    {{"登記地住所"}, ONE(REGISTRY_PLACE), 0, ROLE_REGISTRANT, AUDIT_EACH,
	LINE_NEVER},
    {{"通知アドレス"}, ONE(NOTIFY_EMAIL), 0, ROLE_REGISTRANT, AUDIT_EACH,
	LINE_NEVER},
    {{"Address"}, ADDRESS(INT), 0, ROLE_REGISTRANT, AUDIT_PARTS, LINE_NEVER},
};

static const struct audit_line jprs_person_lines[] = {
    {{"名前"}, ONE(NAME_LOC) | ONE(ORG_LOC), ONE(NAME_LOC), ROLE_COUNT,
	AUDIT_EACH, LINE_JAPANESE | LINE_PLAIN},
    {{"Name"}, ONE(NAME_INT) | ONE(ORG_INT), ONE(NAME_INT), ROLE_COUNT,
	AUDIT_EACH, LINE_PLAIN},
    {{"Email"}, ONE(EMAIL), ONE(EMAIL), ROLE_COUNT, AUDIT_EACH, LINE_PLAIN},
    {{"Web Page"}, ONE(WEB), ONE(WEB), ROLE_COUNT, AUDIT_EACH, LINE_PLAIN},
    {{"郵便番号", "Postal code"}, ONE(POSTCODE), ONE(POSTCODE), ROLE_COUNT,
	AUDIT_EACH, LINE_PLAIN},
    {{"住所"}, ADDRESS(LOC), ADDRESS(LOC), ROLE_COUNT, AUDIT_PARTS,
	LINE_JAPANESE | LINE_PLAIN},
    {{"Postal Address"}, ADDRESS(INT), ADDRESS(INT), ROLE_COUNT, AUDIT_PARTS,
	LINE_PLAIN},
    {{"電話番号", "Phone"}, ONE(PHONE), ONE(PHONE), ROLE_COUNT, AUDIT_EACH,
	LINE_PLAIN},
    {{"FAX番号", "Fax"}, ONE(FAX), ONE(FAX), ROLE_COUNT, AUDIT_EACH,
	LINE_PLAIN},
};

static const struct audit_line network_lines[] = {
    {{"ネットワーク名", "Network Name"}, ONE(NETNAME), ONE(NETNAME),
	ROLE_REGISTRANT, AUDIT_EACH, 0},
    /* An individual's name stands there, too. */
    {{"組織名"}, ONE(ORG_LOC) | ONE(NAME_LOC), ONE(ORG_LOC), ROLE_REGISTRANT,
	AUDIT_EACH, LINE_JAPANESE},
    {{"Organization"}, ONE(ORG_INT) | ONE(NAME_INT), ONE(ORG_INT),
	ROLE_REGISTRANT, AUDIT_EACH, 0},
    {{"管理者連絡窓口", "Administrative Contact"}, ONE(HANDLE), ONE(HANDLE),
	ROLE_ADMIN, AUDIT_EACH, 0},
    {{"技術連絡担当者", "Technical Contact"}, ONE(HANDLE), ONE(HANDLE),
	ROLE_TECH, AUDIT_EACH, 0},
    {{"Abuse"}, ONE(EMAIL), ONE(EMAIL), ROLE_ABUSE, AUDIT_EACH, 0},
    {{"ネームサーバ", "Nameserver"}, ONE(NS), ONE(NS), ROLE_REGISTRANT,
	AUDIT_EACH, 0},
    {{"DSレコード", "DS Record"}, ONE(DS), 0, ROLE_REGISTRANT, AUDIT_EACH,
	LINE_NEVER},
    {{"郵便番号"}, ONE(POSTCODE), 0, ROLE_REGISTRANT, AUDIT_EACH, LINE_NEVER},
    {{"住所"}, ADDRESS(LOC), 0, ROLE_REGISTRANT, AUDIT_PARTS, LINE_NEVER},
    {{"Address"}, ADDRESS(INT), 0, ROLE_REGISTRANT, AUDIT_PARTS, LINE_NEVER},
    {{"通知アドレス", "Reply Mail"}, ONE(NOTIFY_EMAIL), 0, ROLE_REGISTRANT,
	AUDIT_EACH, LINE_NEVER},
};

static const struct audit_line contact_lines[] = {
    {{"JPNICハンドル", "JPNIC Handle", "グループハンドル", "Group Handle"},
	ONE(HANDLE), ONE(HANDLE), ROLE_COUNT, AUDIT_EACH, 0},
    {{"氏名", "グループ名"}, ONE(NAME_LOC), ONE(NAME_LOC), ROLE_COUNT,
	AUDIT_EACH, LINE_JAPANESE},
    {{"Last, First", "Group Name"}, ONE(NAME_INT), ONE(NAME_INT), ROLE_COUNT,
	AUDIT_EACH, 0},
    {{"電子メイル", "電子メール", "E-Mail"}, ONE(EMAIL), ONE(EMAIL), ROLE_COUNT,
	AUDIT_EACH, 0},
    {{"組織名"}, ONE(ORG_LOC), ONE(ORG_LOC), ROLE_COUNT, AUDIT_EACH,
	LINE_JAPANESE},
    {{"Organization"}, ONE(ORG_INT), ONE(ORG_INT), ROLE_COUNT, AUDIT_EACH, 0},
    {{"部署"}, ONE(DIVISION_LOC), ONE(DIVISION_LOC), ROLE_COUNT, AUDIT_EACH,
	LINE_JAPANESE},
    {{"Division"}, ONE(DIVISION_INT), ONE(DIVISION_INT), ROLE_COUNT, AUDIT_EACH,
	0},
    {{"肩書"}, ONE(TITLE_LOC), ONE(TITLE_LOC), ROLE_COUNT, AUDIT_EACH,
	LINE_JAPANESE | LINE_PERSON},
    {{"Title"}, ONE(TITLE_INT), ONE(TITLE_INT), ROLE_COUNT, AUDIT_EACH,
	LINE_PERSON},
    {{"電話番号", "TEL"}, ONE(PHONE), ONE(PHONE), ROLE_COUNT, AUDIT_EACH, 0},
    {{"FAX番号", "FAX"}, ONE(FAX), ONE(FAX), ROLE_COUNT, AUDIT_EACH, 0},
    {{"通知アドレス", "Reply Mail"}, ONE(NOTIFY_EMAIL), ONE(NOTIFY_EMAIL),
	ROLE_COUNT, AUDIT_EACH, 0},
    {{"郵便番号"}, ONE(POSTCODE), 0, ROLE_COUNT, AUDIT_EACH, LINE_NEVER},
    {{"住所"}, ADDRESS(LOC), 0, ROLE_COUNT, AUDIT_PARTS, LINE_NEVER},
    {{"Address"}, ADDRESS(INT), 0, ROLE_COUNT, AUDIT_PARTS, LINE_NEVER},
};

const struct audit_lines audit_lines_jprs = ALL(jprs_lines);
const struct audit_lines audit_lines_person = ALL(jprs_person_lines);
const struct audit_lines audit_lines_network = ALL(network_lines);
const struct audit_lines audit_lines_contact = ALL(contact_lines);
