#include <iconv.h>

#include "base/text.h"
#include "codec/audit_page.h"
#include "codec/audit_text.h"

/* --- charsets ------------------------------------------------------------- */

/*
 * What an escape of ISO-2022-JP switches to, and its length; 0: none that is
 * known.  JIS X 0201's Latin letters pass for ASCII.
 */
enum set { SET_ASCII, SET_KANA, SET_KANJI };

static size_t
escape(struct slice at, enum set *set)
{
	if (at.len < 3)
		return 0;
	if (at.data[1] == '(' && (at.data[2] == 'B' || at.data[2] == 'J'))
		*set = SET_ASCII;
	else if (at.data[1] == '(' && at.data[2] == 'I')
		*set = SET_KANA;
	else if (at.data[1] == '$' && (at.data[2] == 'B' || at.data[2] == '@'))
		*set = SET_KANJI;
	else
		return 0;
	return 3;
}

/* EUC-JP has the same characters, told by their highest bit. */
static bool
make_euc(struct slice bytes, struct text *out)
{
	enum set set = SET_ASCII;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.data[i];

		if (c == '\x1b') {
			size_t len = escape(
			    (struct slice){bytes.data + i, bytes.len - i},
			    &set);

			if (len == 0)
				return false;
			i += len - 1;
			continue;
		}
		/* A line begins in ASCII, whatever was forgotten before. */
		if (c == '\n' || c == '\r')
			set = SET_ASCII;
		if (set == SET_KANA && c > ' ')
			text_add_char(out, '\x8e');
		if (set != SET_ASCII && c > ' ')
			c = (char)(c | '\x80');
		text_add_char(out, c);
	}
	return true;
}

/* A character that is in no set that is known becomes a mark. */
static void
convert(void *from_jis, struct slice euc, struct text *out)
{
	static const char mark[] = "\xef\xbf\xbd";
	char *from = (char *)(uintptr_t)euc.data;
	size_t left = euc.len;

	while (left != 0) {
		/* Two bytes become three at most. */
		size_t all = 2 * left + sizeof(mark), room = all;
		char *to = text_room(out, all);

		if (to == NULL)
			return;
		iconv(from_jis, &from, &left, &to, &room);
		out->len -= room;
		if (left == 0)
			return;
		text_add_string(out, mark);
		for (unsigned i = 0; i < 2 && left != 0; i++, left--)
			if (*from++ >= 0)
				i++;
	}
}

static bool
is_jis(struct slice bytes)
{
	return bytes.len != 0 && memchr(bytes.data, '\x1b', bytes.len) != NULL;
}

/* ISO-8859-1, as some write names in Latin letters with marks. */
static void
convert_latin(struct slice bytes, struct text *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned c = (unsigned char)bytes.data[i];

		if (c >= 0x80) {
			text_add_char(out, (char)(0xc0 | c >> 6));
			c = 0x80 | (c & 0x3f);
		}
		text_add_char(out, (char)c);
	}
}

/*
 * The answer in UTF-8; *out has no data where it is in no charset that is
 * known.  False only when out of memory.
 */
static bool
decode(enum audit_layout layout, const struct audit_question *question,
    struct slice bytes, struct arena *arena, struct slice *out)
{
	struct text euc = text_start(arena), text = text_start(arena);
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, before it */

	if (bytes.len >= 3 && memcmp(bytes.data, mark, 3) == 0) {
		bytes.data += 3;
		bytes.len -= 3;
	}
	*out = bytes;
	if (is_jis(bytes)) {
		*out = (struct slice){NULL, 0};
		if (question->from_jis == NULL)
			return true;
		if (!make_euc(bytes, &euc))
			return true;
		if (text_slice(&euc).data == NULL)
			return false;
		convert(question->from_jis, text_slice(&euc), &text);
		*out = text_slice(&text);
		return out->data != NULL;
	}
	if (text_is_utf8(bytes))
		return true;
	*out = (struct slice){NULL, 0};
	if (layout != AUDIT_GTLD)
		return true;
	convert_latin(bytes, &text);
	*out = text_slice(&text);
	return out->data != NULL;
}

/* --- dispatch ------------------------------------------------------------- */

bool
audit_read_whois(enum audit_layout layout,
    const struct audit_question *question, struct slice bytes,
    struct arena *arena, struct audit_answer *out, struct fail *fail)
{
	struct audit_page page;
	struct slice text;

	*out = (struct audit_answer){.state = AUDIT_NOT_UNDERSTOOD};
	if (bytes.len == 0 || bytes.len > AUDIT_BYTES_MAX)
		return true;
	if (!decode(layout, question, bytes, arena, &text))
		return fail_memory(fail);
	if (text.data == NULL)
		return true;
	if (!audit_text_of_lines(question, text, arena, &out->text))
		return fail_memory(fail);
	if (!audit_page_start(&page, question, arena, fail))
		return false;
	if (layout == AUDIT_GTLD)
		return audit_read_gtld(&page, text, out, fail);
	return audit_read_columns(layout, &page, text, out, fail);
}
