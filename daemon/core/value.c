#include "core/value.h"

#include "base/name.h"
#include "base/prefix.h"
#include "base/text.h"
#include "core/country.h"

enum {
	SHORT_MAX = 320,     /* room for a value that is folded to ASCII */
	LINES_FROM = 1024,   /* fields longer than this may have lines */
	VALUE_BYTES = 65535, /* whatever its characters, as a record packs it */
	LOCAL_MAX = 64,	     /* RFC 5321 section 4.5.3.1.1 */
	E164_DIGITS_MAX = 15 /* RFC 5733 e164StringType has room for no more */
};

struct scratch {
	char data[SHORT_MAX];
	size_t len;
};

static bool check_text(
    const struct field_info *info, struct slice value, struct fail *fail);
static bool canonical_by_check(struct arena *arena, enum field field,
    struct slice value, struct slice *out, struct fail *fail);

/* Of what is known to be UTF-8. */
static size_t
characters(struct slice value)
{
	size_t count = 0;

	for (size_t i = 0; i < value.len; i++)
		count += ((unsigned char)value.data[i] & 0xc0) != 0x80;
	return count;
}

static bool
too_long(const struct field_info *info, struct fail *fail)
{
	if (info->max > VALUE_BYTES / 4)
		return fail_set(fail, FAIL_INPUT, "%s is longer than %d bytes",
		    info->name, (int)VALUE_BYTES);
	return fail_set(fail, FAIL_INPUT, "%s is longer than %zu characters",
	    info->name, info->max);
}

bool
value_canonical(struct arena *arena, enum field field, struct slice value,
    struct slice *out, struct fail *fail)
{
	const struct field_info *info = &field_info[field];
	struct fail why;
	bool ok;

	if (value.len == 0)
		return fail_set(fail, FAIL_INPUT, "%s is empty", info->name);
	if (value.len > 4 * info->max)
		return too_long(info, fail);
	if (!check_text(info, value, fail))
		return false;
	fail_clear(&why);
	ok = canonical_by_check(arena, field, value, out, &why);
	if (why.kind == FAIL_MEMORY)
		return fail_memory(fail);
	/* Hints of lower layers may repeat the value and are left behind. */
	if (!ok)
		return fail_set(
		    fail, FAIL_INPUT, "%s: %.200s", info->name, why.text);
	if (out->len > info->max &&
	    (out->len > VALUE_BYTES || characters(*out) > info->max))
		return too_long(info, fail);
	return true;
}

/* --- characters ----------------------------------------------------------- */

/* Long fields may have lines: LF or CR LF, and tabs. */
static bool
has_control(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];

		if (c == '\r' && i + 1 < value.len && value.data[i + 1] == '\n')
			continue;
		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static bool
check_text(const struct field_info *info, struct slice value, struct fail *fail)
{
	if (text_is_printable(value))
		return true;
	if (!text_is_utf8(value))
		return fail_set(
		    fail, FAIL_INPUT, "%s is not UTF-8", info->name);
	if (info->max > LINES_FROM ? has_control(value) : !text_is_plain(value))
		return fail_set(
		    fail, FAIL_INPUT, "%s has a control character", info->name);
	return true;
}

/* The ASCII twin of a full-width or typographic character, or 0. */
static char
fold(unsigned point)
{
	if (point < 0x80)
		return (char)point;
	if (point >= 0xff01 && point <= 0xff5e)
		return (char)(point - 0xff01 + '!');
	if (point == 0x3000 || point == 0xa0)
		return ' ';
	if ((point >= 0x2010 && point <= 0x2015) || point == 0x2212 ||
	    point == 0x30fc || point == 0xff70)
		return '-';
	return '\0';
}

static bool
fold_ascii(struct slice value, struct scratch *out, struct fail *fail)
{
	out->len = 0;
	if (value.len <= sizeof(out->data) && text_is_printable(value)) {
		memcpy(out->data, value.data, value.len);
		out->len = value.len;
		return true;
	}
	for (size_t i = 0, len; i < value.len; i += len) {
		char c = value.data[i];

		len = 1;
		if ((unsigned char)c >= 0x80)
			c = fold(text_code_point(
			    (struct slice){value.data + i, value.len - i},
			    &len));
		if (c == '\0')
			return fail_set(fail, FAIL_INPUT,
			    "has a character that is not ASCII");
		if (out->len == sizeof(out->data))
			return fail_set(fail, FAIL_INPUT, "is too long");
		out->data[out->len++] = c;
	}
	return true;
}

static bool
check_ascii(struct slice value, struct fail *fail)
{
	if (text_is_printable(value))
		return true;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] >= 0x80)
			return fail_set(fail, FAIL_INPUT,
			    "has a character that is not ASCII");
	return true;
}

/* --- telephone numbers ---------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is it "+CC.NUMBER" already?  Then the writer has told the country's part. */
static bool
is_epp_phone(const struct scratch *text, size_t *country)
{
	size_t at = 1;

	while (at < text->len && is_digit(text->data[at]))
		at++;
	*country = at - 1;
	if (*country < 1 || *country > 3 || at + 1 >= text->len ||
	    text->data[at] != '.')
		return false;
	for (at++; at < text->len; at++)
		if (!is_digit(text->data[at]))
			return false;
	return true;
}

/* Take out what people put between digits; "(0)" goes whole. */
static bool
strip_phone(struct scratch *text, struct fail *fail)
{
	size_t len = 0;

	for (size_t i = 0; i < text->len; i++) {
		char c = text->data[i];

		if (text->len - i >= 3 && i > 0 &&
		    memcmp(text->data + i, "(0)", 3) == 0) {
			i += 2;
			continue;
		}
		if (is_digit(c) || (c == '+' && len == 0))
			text->data[len++] = c;
		else if (c != ' ' && c != '-' && c != '.' && c != '/' &&
			 c != '(' && c != ')')
			return fail_set(fail, FAIL_INPUT,
			    "has something else than digits and separators");
	}
	text->len = len;
	return true;
}

/* Japan's numbers are 0 and then nine or ten digits, written at home. */
static bool
domestic_phone(
    const struct scratch *text, struct slice *number, struct fail *fail)
{
	if (text->len < 10 || text->len > 11 || text->data[0] != '0' ||
	    text->data[1] == '0')
		return fail_set(fail, FAIL_INPUT,
		    "is neither \"+country.number\" nor a Japanese number");
	*number = (struct slice){text->data + 1, text->len - 1};
	return true;
}

/* After "+": `country` digits of it are the country's. */
static bool
international_phone(const struct scratch *text, size_t country,
    struct slice *code, struct slice *number, struct fail *fail)
{
	*number = (struct slice){text->data + 1, text->len - 1};
	if (country == 0)
		country = country_dial_digits(*number);
	if (number->len <= country || number->data[0] == '0')
		return fail_set(fail, FAIL_INPUT, "has no country code");
	*code = (struct slice){number->data, country};
	number->data += country;
	number->len -= country;
	if (slice_is(*code, "81") && number->data[0] == '0') {
		number->data++;
		number->len--;
		if (number->len == 0 || number->data[0] == '0')
			return fail_set(
			    fail, FAIL_INPUT, "is no number that Japan has");
	}
	return true;
}

static bool
canonical_phone(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	char digits[E164_DIGITS_MAX + 2];
	struct slice code = SLICE("81"), number;
	struct scratch raw;
	size_t country = 0;

	if (!fold_ascii(value, &raw, fail))
		return false;
	if (raw.data[0] != '+' || !is_epp_phone(&raw, &country))
		country = 0;
	if (!strip_phone(&raw, fail))
		return false;
	if (raw.len > 0 && raw.data[0] == '+'
		? !international_phone(&raw, country, &code, &number, fail)
		: !domestic_phone(&raw, &number, fail))
		return false;
	if (number.len < 2 || code.len + number.len > E164_DIGITS_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "has too few digits, or more than %d", E164_DIGITS_MAX);
	digits[0] = '+';
	memcpy(digits + 1, code.data, code.len);
	digits[1 + code.len] = '.';
	memcpy(digits + 2 + code.len, number.data, number.len);
	*out = arena_copy(
	    arena, (struct slice){digits, 2 + code.len + number.len});
	return out->data != NULL || fail_memory(fail);
}

/* --- the other shapes ----------------------------------------------------- */

static bool
check_local(struct slice local, struct fail *fail)
{
	char before = '.';

	if (local.len == 0 || local.len > LOCAL_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "has not 1 to %d bytes before the @", LOCAL_MAX);
	for (size_t i = 0; i < local.len; i++) {
		char c = local.data[i];

		if (c == '.' ? before == '.'
			     : !is_digit(c) && (c < 'a' || c > 'z') &&
				   (c < 'A' || c > 'Z') &&
				   strchr("!#$%&'*+-/=?^_`{|}~", c) == NULL)
			return fail_set(fail, FAIL_INPUT,
			    "is not an address (RFC 5321 dot-string)");
		before = c;
	}
	return before != '.' ||
	       fail_set(fail, FAIL_INPUT, "has a dot before the @");
}

static bool
check_email(struct arena *arena, struct slice value, struct fail *fail)
{
	const char *at = memchr(value.data, '@', value.len);
	struct slice local, domain;

	if (at == NULL)
		return fail_set(fail, FAIL_INPUT, "has no @");
	local = (struct slice){value.data, (size_t)(at - value.data)};
	domain = (struct slice){at + 1, value.len - local.len - 1};
	if (!check_local(local, fail) ||
	    !name_canonical(arena, domain, &domain, fail))
		return false;
	return name_labels(domain) > 1 ||
	       fail_set(fail, FAIL_INPUT, "its domain has one label only");
}

static bool
canonical_digits(struct scratch *text, struct fail *fail)
{
	for (size_t i = 0; i < text->len; i++)
		if (!is_digit(text->data[i]))
			return fail_set(
			    fail, FAIL_INPUT, "has something else than digits");
	return true;
}

static bool
canonical_country(struct scratch *text, struct fail *fail)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] >= 'a' && text->data[i] <= 'z')
			text->data[i] = (char)(text->data[i] - 'a' + 'A');
	return country_exists((struct slice){text->data, text->len}) ||
	       fail_set(
		   fail, FAIL_INPUT, "is not a country code of ISO 3166-1");
}

/* Shapes that are folded to ASCII first: digits, country, postcode. */
static bool
canonical_folded(struct arena *arena, enum field_check check,
    struct slice value, struct slice *out, struct fail *fail)
{
	struct scratch text;

	if (!fold_ascii(value, &text, fail))
		return false;
	if (check == CHECK_DIGITS && !canonical_digits(&text, fail))
		return false;
	if (check == CHECK_COUNTRY && !canonical_country(&text, fail))
		return false;
	*out = arena_copy(arena, (struct slice){text.data, text.len});
	return out->data != NULL || fail_memory(fail);
}

static bool
canonical_prefix(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct prefix prefix;
	char text[PREFIX_SIZE];
	size_t len;

	if (!prefix_parse(value, &prefix, fail))
		return false;
	len = prefix_print(&prefix, text);
	*out = arena_copy(arena, (struct slice){text, len});
	return out->data != NULL || fail_memory(fail);
}

static bool
copy(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	*out = arena_copy(arena, value);
	return out->data != NULL || fail_memory(fail);
}

static bool
canonical_by_check(struct arena *arena, enum field field, struct slice value,
    struct slice *out, struct fail *fail)
{
	enum field_check check = field_info[field].check;

	if (field == FIELD_POSTCODE)
		return canonical_folded(arena, check, value, out, fail);
	switch (check) {
	case CHECK_TEXT:
		return copy(arena, value, out, fail);
	case CHECK_ASCII:
		return check_ascii(value, fail) &&
		       copy(arena, value, out, fail);
	case CHECK_EMAIL:
		return check_email(arena, value, fail) &&
		       copy(arena, value, out, fail);
	case CHECK_PHONE:
		return canonical_phone(arena, value, out, fail);
	case CHECK_DIGITS:
	case CHECK_COUNTRY:
		return canonical_folded(arena, check, value, out, fail);
	case CHECK_DOMAIN:
		return name_canonical(arena, value, out, fail);
	case CHECK_HOST:
		return name_server(arena, value, out, fail);
	case CHECK_DS:
		return name_ds(arena, value, out, fail);
	case CHECK_PREFIX:
		return canonical_prefix(arena, value, out, fail);
	}
	return fail_set(fail, FAIL_INPUT, "has no known shape");
}
