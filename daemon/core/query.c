#include "core/query.h"

#include <limits.h>

#include "base/date.h"
#include "base/name.h"
#include "base/near.h"
#include "base/text.h"
#include "core/entry.h"
#include "core/field.h"

static const char *const key_names[QUERY_WORDS] = {
    [QUERY_TYPE] = "type",
    [QUERY_RECIPIENT] = "recipient",
    [QUERY_ROLE] = "role",
    [QUERY_FIELD] = "field",
    [QUERY_VERDICT] = "verdict",
    [QUERY_RULE] = "rule",
    [QUERY_OBJECT] = "object",
    [QUERY_SUBJECT] = "subject",
    [QUERY_PSEUDONYM] = "pseudonym",
    [QUERY_PURPOSE] = "purpose",
    [QUERY_OPERATION] = "operation",
    [QUERY_CHANNEL] = "channel",
    [QUERY_POLICY] = "policy",
    [QUERY_OUTCOME] = "outcome",
    [QUERY_ACTOR] = "actor",
    [QUERY_CASE] = "case",
    [QUERY_ABOUT] = "about",
    [QUERY_ENTRY] = "entry",
    [QUERY_TIME] = "time",
    [QUERY_FROM] = "from",
    [QUERY_UNTIL] = "until",
    [QUERY_SORT] = "sort",
};

enum operator{ IS, AT_LEAST, ABOVE, BELOW, AT_MOST };

/* A term as it stands in the text. */
struct word {
	bool negated;
	enum query_key key;
	enum operator operator;
	struct slice values[QUERY_VALUES_MAX];
	size_t places[QUERY_VALUES_MAX]; /* where each begins */
	size_t count;
};

struct parser {
	struct query *query;
	struct slice text;
	size_t at;
	int zone; /* minutes */
	struct arena *arena;
	struct fail *fail;
};

const char *
query_key_name(enum query_key key)
{
	return key_names[key];
}

bool
query_has(const struct query *query, enum query_key key)
{
	for (size_t i = 0; i < query->count; i++)
		if (query->terms[i].key == key)
			return true;
	return false;
}

void
query_init(struct query *query)
{
	memset(query, 0, sizeof(*query));
	query->end = UINT64_MAX;
	query->from = INT64_MIN;
	query->until = INT64_MAX;
}

/* --- complaints --- */

static bool
complain(struct parser *parser, size_t at, const char *hint)
{
	fail_place(parser->fail, "query:%zu", at + 1);
	fail_hint(parser->fail, "%s", hint);
	return false;
}

static bool
no_such_word(struct parser *parser, size_t at, struct slice word)
{
	const char *near = NULL;
	size_t best = 3;

	fail_set(parser->fail, FAIL_INPUT, "there is no term \"%.*s\"",
	    word.len > 40 ? 40 : (int)word.len, word.data);
	for (unsigned i = 0; i < QUERY_WORDS; i++) {
		size_t far = near_distance(word, slice_from(key_names[i]));

		if (far < best) {
			best = far;
			near = key_names[i];
		}
	}
	if (near == NULL)
		return complain(parser, at,
		    "a term is KEY:VALUE, recipient:jprs; misuctl help log "
		    "lists the keys");
	fail_place(parser->fail, "query:%zu", at + 1);
	fail_hint(parser->fail, "did you mean %s?", near);
	return false;
}

static bool
bad_value(
    struct parser *parser, size_t at, enum query_key key, const char *hint)
{
	fail_set(parser->fail, FAIL_INPUT, "this cannot be a value of \"%s\"",
	    key_names[key]);
	return complain(parser, at, hint);
}

/* --- values --- */

static bool
digits(struct slice text, uint64_t *out)
{
	uint64_t n = 0;

	if (text.len == 0 || text.len > 18)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text.data[i] - '0');
	}
	*out = n;
	return true;
}

/* A domain as people write it; anything else as it is. */
static struct slice
object_name(struct arena *arena, struct slice text)
{
	struct fail ignored = FAIL_INIT;
	struct slice canonical;

	if (text.len != 0 && memchr(text.data, '/', text.len) == NULL &&
	    memchr(text.data, '.', text.len) != NULL &&
	    name_canonical(arena, text, &canonical, &ignored))
		return canonical;
	return text;
}

static bool
is_hex(struct slice text, size_t longest)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] < '0' || text.data[i] > '9') &&
		    (text.data[i] < 'a' || text.data[i] > 'f'))
			return false;
	return text.len != 0 && text.len <= longest;
}

/* NULL where the value can stand, else what can. */
static const char *
check_value(enum query_key key, struct slice value)
{
	enum verdict verdict;
	enum operation operation;
	enum role role;
	uint64_t number;

	if (key == QUERY_TYPE && !entry_is_type(value))
		return "disclosure, outcome, hold, reveal, start, stop, policy,"
		       " setup and the other types of entries";
	if (key == QUERY_VERDICT && !verdict_find(value, &verdict))
		return "refuse, hold, redact, replace, generalise, forward";
	if (key == QUERY_OPERATION && !operation_find(value, &operation))
		return "create, update, renew, transfer, delete";
	if (key == QUERY_ROLE && !role_find(value, &role) &&
	    !slice_is(value, "contact"))
		return "registrant, admin, tech, billing, public-contact and "
		       "the other roles, or contact";
	if ((key == QUERY_RULE || key == QUERY_ABOUT) &&
	    !digits(value, &number))
		return "a number";
	if (key == QUERY_POLICY && !is_hex(value, 64))
		return "the identity in lower-case hex, or its first digits";
	if (key == QUERY_PSEUDONYM && !is_hex(value, 32))
		return "32 lower-case hex digits, as entries have it";
	return NULL;
}

/* "name" is both of its forms. */
static bool
add_field(struct parser *parser, struct query_term *term, struct slice value,
    size_t at)
{
	size_t before = term->count;

	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (!slice_is(value, field_info[i].name) &&
		    !slice_is(value, field_info[i].group))
			continue;
		if (term->count < 2 * QUERY_VALUES_MAX)
			term->values[term->count++] =
			    slice_from(field_info[i].name);
	}
	return term->count != before ||
	       bad_value(parser, at, QUERY_FIELD,
		   "a field of misu.policy(5), email, or both forms of one, "
		   "name");
}

static bool
add_value(struct parser *parser, struct query_term *term, struct slice value,
    size_t at)
{
	const char *hint = check_value(term->key, value);

	if (value.len == 0)
		hint = "a word, or \"words in quotes\"";
	if (hint != NULL)
		return bad_value(parser, at, term->key, hint);
	if (term->key == QUERY_FIELD)
		return add_field(parser, term, value, at);
	value = term->key == QUERY_OBJECT ? object_name(parser->arena, value)
					  : arena_copy(parser->arena, value);
	term->values[term->count++] = value;
	return value.data != NULL || fail_memory(parser->fail);
}

static bool
add_term(struct parser *parser, const struct word *word)
{
	struct query *query = parser->query;
	struct query_term *term = &query->terms[query->count];

	if (query->count == QUERY_TERMS_MAX) {
		fail_set(parser->fail, FAIL_INPUT, "more than %d terms",
		    QUERY_TERMS_MAX);
		return complain(parser, parser->at,
		    "several values of one term stand with commas");
	}
	*term = (struct query_term){word->key, word->negated,
	    arena_take_array(
		parser->arena, 2 * QUERY_VALUES_MAX, sizeof(struct slice)),
	    0};
	if (term->values == NULL)
		return fail_memory(parser->fail);
	for (size_t i = 0; i < word->count; i++)
		if (!add_value(parser, term, word->values[i], word->places[i]))
			return false;
	query->count++;
	return true;
}

/* --- ranges --- */

static void
clip_entries(struct query *query, uint64_t first, uint64_t end)
{
	if (first > query->first)
		query->first = first;
	if (end < query->end)
		query->end = end;
}

static bool
set_entries(struct parser *parser, const struct word *word)
{
	struct slice value = word->values[0];
	uint64_t first, last;
	size_t dots = 0;

	while (dots + 1 < value.len &&
	       (value.data[dots] != '.' || value.data[dots + 1] != '.'))
		dots++;
	if (word->operator== IS && dots + 1<value.len &&
	    digits((struct slice){value.data, dots}, &first) &&
	    digits((struct slice){value.data + dots + 2, value.len - dots - 2},
		&last)) {
		if (last < first)
			return bad_value(parser, word->places[0], QUERY_ENTRY,
			    "the first comes first: 12..40");
		return clip_entries(parser->query, first, last + 1), true;
	}
	if (!digits(value, &first))
		return bad_value(parser, word->places[0], QUERY_ENTRY,
		    "an index, 12, or two, 12..40");
	switch (word->operator) {
	case IS:
		clip_entries(parser->query, first, first + 1);
		break;
	case AT_LEAST:
		clip_entries(parser->query, first, UINT64_MAX);
		break;
	case ABOVE:
		clip_entries(parser->query, first + 1, UINT64_MAX);
		break;
	case BELOW:
		clip_entries(parser->query, 0, first);
		break;
	case AT_MOST:
		clip_entries(parser->query, 0, first + 1);
		break;
	}
	return true;
}

/* From when until when, in ms, a day or a second lasts. */
static bool
read_time(
    struct parser *parser, struct slice value, int64_t *start, int64_t *end)
{
	struct fail ignored = FAIL_INIT;
	char day[DATE_SIZE];
	int64_t length = 1000;

	if (value.len == 10) {
		snprintf(day, sizeof(day), "%.10sT00:00:00Z", value.data);
		value = slice_from(day);
		length = INT64_C(86400000);
	}
	if (!date_parse(value, start, &ignored))
		return false;
	*start *= 1000;
	if (length != 1000)
		*start -= parser->zone * INT64_C(60000);
	*end = *start + length;
	return true;
}

static void
clip_times(struct query *query, int64_t from, int64_t until)
{
	if (from > query->from)
		query->from = from;
	if (until < query->until)
		query->until = until;
}

static bool
set_times(struct parser *parser, const struct word *word)
{
	enum operator operator= word->operator;
	int64_t start, end;

	if (!read_time(parser, word->values[0], &start, &end))
		return bad_value(parser, word->places[0], word->key,
		    "a day, 2026-04-01, or 2026-04-01T09:30:00+09:00");
	if (word->key == QUERY_FROM && operator== IS)
		operator= AT_LEAST;
	if (word->key == QUERY_UNTIL && operator== IS)
		operator= BELOW;
	switch (operator) {
	case IS:
		clip_times(parser->query, start, end);
		break;
	case AT_LEAST:
		clip_times(parser->query, start, INT64_MAX);
		break;
	case ABOVE:
		clip_times(parser->query, end, INT64_MAX);
		break;
	case BELOW:
		clip_times(parser->query, INT64_MIN, start);
		break;
	case AT_MOST:
		clip_times(parser->query, INT64_MIN, end);
		break;
	}
	return true;
}

static bool
set_sort(struct parser *parser, const struct word *word)
{
	if (slice_is(word->values[0], "newest"))
		parser->query->sort = QUERY_NEWEST;
	else if (slice_is(word->values[0], "oldest"))
		parser->query->sort = QUERY_OLDEST;
	else
		return bad_value(
		    parser, word->places[0], QUERY_SORT, "newest or oldest");
	return true;
}

/* --- reading --- */

static bool
take_word(struct parser *parser, const struct word *word)
{
	bool is_range = word->key == QUERY_ENTRY || word->key == QUERY_TIME ||
			word->key == QUERY_FROM || word->key == QUERY_UNTIL;

	if (!is_range && word->operator!= IS) {
		fail_set(parser->fail, FAIL_INPUT,
		    "\"%s\" is not more or less than something",
		    key_names[word->key]);
		return complain(parser, word->places[0],
		    "time and entry are; the others have a colon");
	}
	if (word->key < QUERY_KEYS)
		return add_term(parser, word);
	if (word->negated || word->count != 1) {
		fail_set(parser->fail, FAIL_INPUT,
		    "\"%s\" takes one value, and no \"-\"",
		    key_names[word->key]);
		return complain(parser, word->places[0],
		    "give a range: time>=2026-04-01 time<2026-05-01");
	}
	if (word->key == QUERY_ENTRY)
		return set_entries(parser, word);
	return word->key == QUERY_SORT ? set_sort(parser, word)
				       : set_times(parser, word);
}

static char
peek(const struct parser *parser)
{
	return parser->at < parser->text.len ? parser->text.data[parser->at]
					     : '\0';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool
read_quoted(struct parser *parser, struct slice *out)
{
	size_t start = parser->at++;
	struct text text = text_start(parser->arena);

	for (;;) {
		char c = peek(parser);

		if (parser->at == parser->text.len) {
			fail_set(
			    parser->fail, FAIL_INPUT, "the quote does not end");
			return complain(parser, start, "close it with \"");
		}
		parser->at++;
		if (c == '"')
			break;
		if (c == '\\' && (peek(parser) == '"' || peek(parser) == '\\'))
			c = parser->text.data[parser->at++];
		text_add_char(&text, c);
	}
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(parser->fail);
}

static bool
read_value(struct parser *parser, struct slice *out)
{
	size_t start = parser->at;

	if (peek(parser) == '"')
		return read_quoted(parser, out);
	while (parser->at < parser->text.len && !is_blank(peek(parser)) &&
	       peek(parser) != ',')
		parser->at++;
	*out = (struct slice){parser->text.data + start, parser->at - start};
	return true;
}

static bool
read_values(struct parser *parser, struct word *word)
{
	for (;;) {
		if (word->count == QUERY_VALUES_MAX) {
			fail_set(parser->fail, FAIL_INPUT,
			    "more than %d values", QUERY_VALUES_MAX);
			return complain(
			    parser, parser->at, "ask in several queries");
		}
		word->places[word->count] = parser->at;
		if (!read_value(parser, &word->values[word->count++]))
			return false;
		if (parser->at == parser->text.len || is_blank(peek(parser)))
			return true;
		if (peek(parser) != ',') {
			fail_set(parser->fail, FAIL_INPUT,
			    "a blank or a comma comes after a quote");
			return complain(
			    parser, parser->at, "quote the whole value");
		}
		parser->at++;
	}
}

static bool
read_operator(struct parser *parser, enum operator* out)
{
	char c = peek(parser);
	bool equal;

	if (c != ':' && c != '=' && c != '<' && c != '>')
		return false;
	parser->at++;
	*out = IS;
	if (c == ':' || c == '=')
		return true;
	equal = peek(parser) == '=';
	parser->at += equal;
	if (c == '<')
		*out = equal ? AT_MOST : BELOW;
	else
		*out = equal ? AT_LEAST : ABOVE;
	return true;
}

static bool
find_key(struct slice name, enum query_key *out)
{
	for (unsigned i = 0; i < QUERY_WORDS; i++)
		if (slice_is(name, key_names[i])) {
			*out = (enum query_key)i;
			return true;
		}
	return false;
}

static bool
read_word(struct parser *parser, struct word *word)
{
	struct slice name;
	size_t start;

	memset(word, 0, sizeof(*word));
	if (peek(parser) == '-') {
		word->negated = true;
		parser->at++;
	}
	start = parser->at;
	while (peek(parser) >= 'a' && peek(parser) <= 'z')
		parser->at++;
	name = (struct slice){parser->text.data + start, parser->at - start};
	if (!read_operator(parser, &word->operator)) {
		fail_set(parser->fail, FAIL_INPUT, "this is no term");
		return complain(parser, start,
		    "a term is KEY:VALUE, recipient:jprs; misuctl help log "
		    "lists the keys");
	}
	if (!find_key(name, &word->key))
		return no_such_word(parser, start, name);
	return read_values(parser, word);
}

bool
query_parse(struct query *query, struct slice text, int zone,
    struct arena *arena, struct fail *fail)
{
	struct parser parser = {query, text, 0, zone, arena, fail};
	struct word word;

	if (text.len > QUERY_TEXT_MAX || !text_is_utf8(text)) {
		fail_set(fail, FAIL_INPUT,
		    "the query is longer than %d bytes, or not UTF-8",
		    QUERY_TEXT_MAX);
		return complain(&parser, 0, "ask in several queries");
	}
	for (;;) {
		while (is_blank(peek(&parser)))
			parser.at++;
		if (parser.at == text.len)
			return true;
		if (!read_word(&parser, &word) || !take_word(&parser, &word))
			return false;
	}
}

bool
query_add(struct query *query, enum query_key key, struct slice value, int zone,
    struct arena *arena, struct fail *fail)
{
	struct parser parser = {query, value, 0, zone, arena, fail};
	struct word word = {.key = key, .values = {value}, .count = 1};

	if (text_is_utf8(value))
		return take_word(&parser, &word);
	return bad_value(&parser, 0, key, "UTF-8");
}
