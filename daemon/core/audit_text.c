/*
 * All that an answer says, wherever it stands: remarks, labels that nobody
 * knows, a line behind the end.  A value of the record that must not be seen
 * is a leak there, too, unless it stands in a longer one that may be.
 *
 * What could stand in any answer by chance does not count: short values, and
 * those that are a part of another word.  Lines of a registrar's own may name
 * who is its contact in the record, and only the registrant not.
 */
#include "base/name.h"
#include "base/text.h"
#include "core/audit_key.h"
#include "core/audit_priv.h"
#include "core/policy_tree.h"

enum {
	SHORT = 8,	  /* bytes of a key that stands in a text by chance */
	SHORT_WORDS = 6,  /* of several words */
	SHORT_MAIL = 6,	  /* of an address of mail */
	SHORT_NUMBER = 8, /* digits */
	DIGITS_MAX = 40,
	WAYS_MAX = 2, /* a value can be written */
};

/* What tells a person; towns and countries stand in many a text. */
static const uint64_t telling =
    FIELD_BIT(FIELD_NAME_LOC) | FIELD_BIT(FIELD_NAME_INT) |
    FIELD_BIT(FIELD_NAME_KANA) | FIELD_BIT(FIELD_STREET_LOC) |
    FIELD_BIT(FIELD_STREET_INT) | FIELD_BIT(FIELD_PHONE) |
    FIELD_BIT(FIELD_FAX) | FIELD_BIT(FIELD_EMAIL) |
    FIELD_BIT(FIELD_NOTIFY_EMAIL) | FIELD_BIT(FIELD_REPRESENTATIVE);

/* Registrars are often contacts themselves, and stand in every answer. */
static const uint64_t telling_registrant =
    FIELD_BIT(FIELD_ORG_LOC) | FIELD_BIT(FIELD_ORG_INT);

struct texts {
	struct slice text; /* audit_key_text() of the answer's */
	struct slice *allowed;
	size_t allowed_count;
};

/* --- what may be seen ----------------------------------------------------- */

static bool
add_allowed(
    struct audit_comparison *it, struct texts *texts, struct values values)
{
	struct slice *keys = audit_keys(it, FIELD_STREET_LOC, values);

	if (keys == NULL)
		return false;
	for (size_t i = 0; i < values.count; i++)
		texts->allowed[texts->allowed_count++] = keys[i];
	return true;
}

/* The object's name, in both its forms, and whatever is allowed of it. */
static bool
find_allowed(struct audit_comparison *it, struct texts *texts)
{
	const struct audit_intent *intent = it->intent;
	struct slice names[2] = {intent->object, intent->object};
	struct fail ignored = FAIL_INIT;
	size_t room = 2;

	for (unsigned slot = 0; slot < SLOT_COUNT; slot++)
		room += intent->items[slot / FIELD_COUNT][slot % FIELD_COUNT]
			    .allowed.count;
	texts->allowed =
	    arena_take_array(it->arena, room, sizeof(*texts->allowed));
	if (texts->allowed == NULL)
		return fail_memory(it->fail);
	if (!name_display(it->arena, names[0], &names[1], &ignored))
		names[1] = names[0];
	if (!add_allowed(it, texts, (struct values){names, 2}))
		return false;
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++)
		if (!add_allowed(it, texts,
			intent->items[slot / FIELD_COUNT][slot % FIELD_COUNT]
			    .allowed))
			return false;
	return true;
}

/* --- where it stands ------------------------------------------------------ */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z');
}

/* How far the key reaches that begins here; SIZE_MAX: it does not. */
static size_t
end_of(struct slice text, size_t at, struct slice key)
{
	for (size_t i = 0; i < key.len; i++, at++) {
		while (i != 0 && at < text.len && audit_is_gap(text.data[at]))
			at++;
		if (at >= text.len || text.data[at] != key.data[i])
			return SIZE_MAX;
	}
	return at;
}

/* Where the first `len` bytes of the key begin that end here; SIZE_MAX. */
static size_t
begin_of(struct slice text, size_t at, struct slice key, size_t len)
{
	while (len-- != 0) {
		while (at != 0 && audit_is_gap(text.data[at - 1]))
			at--;
		if (at == 0 || text.data[at - 1] != key.data[len])
			return SIZE_MAX;
		at--;
	}
	return at;
}

/* Is it a part of something longer that may be seen? */
static bool
is_within_allowed(const struct texts *texts, size_t at, struct slice key)
{
	for (size_t i = 0; i < texts->allowed_count; i++) {
		struct slice whole = texts->allowed[i];

		for (size_t off = 0; off + key.len <= whole.len; off++) {
			size_t begin;

			if (memcmp(whole.data + off, key.data, key.len) != 0)
				continue;
			begin = begin_of(texts->text, at, whole, off);
			if (begin != SIZE_MAX &&
			    end_of(texts->text, begin, whole) != SIZE_MAX)
				return true;
		}
	}
	return false;
}

/* No part of another word, or of another address of mail. */
static bool
is_apart(struct slice text, size_t begin, size_t end, bool is_mail)
{
	char before = begin != 0 ? text.data[begin - 1] : ' ';
	char after = end < text.len ? text.data[end] : ' ';
	char next = end + 1 < text.len ? text.data[end + 1] : ' ';

	if ((is_word(text.data[begin]) && is_word(before)) ||
	    (is_word(text.data[end - 1]) && is_word(after)))
		return false;
	return !is_mail || (strchr("-_+.%", before) == NULL &&
			       !(strchr("-.", after) != NULL && is_word(next)));
}

/* Where a line began that a search has come to; it only goes on. */
struct line {
	size_t begin, looked;
};

static bool
is_servers_own(struct slice text, size_t at, struct line *line)
{
	for (; line->looked < at; line->looked++)
		if (text.data[line->looked] == '\n')
			line->begin = line->looked + 1;
	return text.data[line->begin] == AUDIT_TEXT_OWN;
}

static bool
is_written(const struct texts *texts, struct slice key, enum role role)
{
	struct slice text = texts->text;
	bool is_mail = memchr(key.data, '@', key.len) != NULL;
	struct line line = {0, 0};

	for (size_t at = 0; at + key.len <= text.len; at++) {
		const char *next =
		    memchr(text.data + at, key.data[0], text.len - at);
		size_t end;

		if (next == NULL)
			return false;
		at = (size_t)(next - text.data);
		end = end_of(text, at, key);
		if (end != SIZE_MAX && is_apart(text, at, end, is_mail) &&
		    (role == ROLE_REGISTRANT ||
			!is_servers_own(text, at, &line)) &&
		    !is_within_allowed(texts, at, key))
			return true;
	}
	return false;
}

/* --- names, streets and addresses ----------------------------------------- */

/* Words that stand for whoever has a duty, and in all kinds of texts. */
static bool
is_common(struct slice folded)
{
	static const char *const words[] = {"abuse", "account", "admin",
	    "administration", "administrative", "administrator", "and",
	    "billing", "center", "contact", "department", "dept", "dns",
	    "domain", "domains", "for", "holder", "hostmaster", "internet",
	    "management", "manager", "name", "names", "network", "noc", "of",
	    "operation", "operations", "operator", "organization", "owner",
	    "person", "postmaster", "privacy", "private", "protection",
	    "redacted", "registrant", "registrar", "registration", "registry",
	    "service", "services", "support", "team", "tech", "technical",
	    "the", "webmaster", "whois"};

	while (folded.len != 0) {
		size_t len = 0;
		bool found = false;

		while (len < folded.len && is_word(folded.data[len]))
			len++;
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			found |= slice_is(
			    (struct slice){folded.data, len}, words[i]);
		if (!found && (len != 0 || !audit_is_gap(folded.data[0])))
			return false;
		len += len == 0;
		folded.data += len;
		folded.len -= len;
	}
	return true;
}

/* By its text in which gaps are kept, and its key. */
static bool
is_telling(struct slice folded, struct slice key)
{
	size_t least = SHORT;

	if (key.len == 0 || is_common(folded))
		return false;
	if (memchr(key.data, '@', key.len) != NULL)
		least = SHORT_MAIL;
	else if (memchr(folded.data, ' ', folded.len) != NULL)
		least = SHORT_WORDS;
	return key.len >= least;
}

/* A name as it is, and with its last word before the others. */
static bool
ways_of(struct audit_comparison *it, struct slice value, struct slice *ways,
    size_t *count)
{
	struct text text = text_start(it->arena);
	size_t first = value.len;

	*count = 1;
	ways[0] = value;
	while (first != 0 && value.data[first - 1] != ' ')
		first--;
	if (first == 0)
		return true;
	text_add(&text, (struct slice){value.data + first, value.len - first});
	text_add_char(&text, ' ');
	text_add(&text, (struct slice){value.data, first});
	ways[(*count)++] = text_slice(&text);
	return ways[1].data != NULL || fail_memory(it->fail);
}

static bool
look_for_text(struct audit_comparison *it, const struct texts *texts,
    const struct audit_candidate *of, struct slice value)
{
	struct slice ways[WAYS_MAX], folded, key;
	size_t count;

	if (!ways_of(it, value, ways, &count) ||
	    !audit_key_text(it->arena, value, &folded, it->fail))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!audit_key(
			it->arena, FIELD_STREET_LOC, ways[i], &key, it->fail))
			return false;
		if (is_telling(folded, key) && is_written(texts, key, of->role))
			audit_tell(it, AUDIT_LEAK, of, true);
	}
	return true;
}

/* --- numbers -------------------------------------------------------------- */

/* The digits with whatever people write between them, and no more digits. */
static bool
has_digits_at(struct slice text, size_t at, struct slice digits)
{
	for (size_t i = 0; i < digits.len; i++, at++) {
		while (i != 0 && at < text.len &&
		       strchr(" .-()/", text.data[at]) != NULL &&
		       text.data[at] != '\0')
			at++;
		if (at >= text.len || text.data[at] != digits.data[i])
			return false;
	}
	return at == text.len || !is_digit(text.data[at]);
}

static bool
has_digits(const struct texts *texts, struct slice digits, enum role role)
{
	struct slice text = texts->text;
	struct line line = {0, 0};

	for (size_t at = 0; at < text.len; at++) {
		if (is_digit(text.data[at]) &&
		    (at == 0 || !is_word(text.data[at - 1])) &&
		    has_digits_at(text, at, digits) &&
		    (role == ROLE_REGISTRANT ||
			!is_servers_own(text, at, &line)))
			return true;
	}
	return false;
}

static bool
is_number_allowed(struct audit_comparison *it, struct slice key, bool *allowed)
{
	static const enum field fields[] = {FIELD_PHONE, FIELD_FAX};

	*allowed = false;
	for (unsigned i = 0; i < 2 * ROLE_COUNT; i++) {
		struct values values =
		    it->intent->items[i / 2][fields[i % 2]].allowed;
		struct slice *keys = audit_keys(it, FIELD_PHONE, values);

		if (keys == NULL)
			return false;
		for (size_t k = 0; k < values.count; k++)
			*allowed |= slice_equal(keys[k], key);
	}
	return true;
}

/* As from abroad, the same with "(0)", and as within Japan. */
static bool
look_for_number(struct audit_comparison *it, const struct texts *texts,
    const struct audit_candidate *of, struct slice value)
{
	char national[DIGITS_MAX + 1] = "0", mixed[DIGITS_MAX + 1] = "810";
	struct slice key;
	bool allowed, found;

	if (!audit_key(it->arena, FIELD_PHONE, value, &key, it->fail))
		return false;
	if (key.len < SHORT_NUMBER || key.len > DIGITS_MAX - 1)
		return true;
	if (!is_number_allowed(it, key, &allowed))
		return false;
	found = has_digits(texts, key, of->role);
	if (!found && memcmp(key.data, "81", 2) == 0) {
		memcpy(national + 1, key.data + 2, key.len - 2);
		memcpy(mixed + 3, key.data + 2, key.len - 2);
		found = has_digits(texts, (struct slice){national, key.len - 1},
			    of->role) ||
			has_digits(texts, (struct slice){mixed, key.len + 1},
			    of->role);
	}
	if (found && !allowed)
		audit_tell(it, AUDIT_LEAK, of, true);
	return true;
}

/* --- the whole ------------------------------------------------------------ */

static bool
look_for(struct audit_comparison *it, const struct texts *texts,
    const struct audit_candidate *of)
{
	struct values hidden = of->of->hidden;
	bool is_phone = field_info[of->field].check == CHECK_PHONE;

	for (size_t i = 0; i < hidden.count; i++)
		if (!(is_phone ? look_for_number(it, texts, of, hidden.items[i])
			       : look_for_text(it, texts, of, hidden.items[i])))
			return false;
	return true;
}

static bool
is_looked_for(const struct audit_candidate *of)
{
	uint64_t fields = telling;

	if (of->role == ROLE_REGISTRANT)
		fields |= telling_registrant;
	return (fields & FIELD_BIT(of->field)) != 0 &&
	       of->of->hidden.count != 0;
}

bool
audit_compare_text(struct audit_comparison *it, struct slice text)
{
	struct texts texts = {.allowed_count = 0};

	if (text.len == 0)
		return true;
	if (!audit_key_text(it->arena, text, &texts.text, it->fail) ||
	    !find_allowed(it, &texts))
		return false;
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		const struct audit_candidate of = {
		    .role = (enum role)(slot / FIELD_COUNT),
		    .field = (enum field)(slot % FIELD_COUNT),
		    .of = &it->intent
			       ->items[slot / FIELD_COUNT][slot % FIELD_COUNT]};

		if (is_looked_for(&of) && !look_for(it, &texts, &of))
			return false;
	}
	return true;
}
