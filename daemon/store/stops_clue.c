#include "store/stops_priv.h"

enum { CLUE_TEXT = 700, CLUES_MAX = 1 << 20 };

struct digest
clue_of(const struct stops *stops, enum clue_kind kind, struct slice what)
{
	char text[CLUE_TEXT];
	size_t len = what.len < sizeof(text) - 1 ? what.len : sizeof(text) - 1;
	struct digest digest;

	text[0] = (char)kind;
	if (len != 0)
		memcpy(text + 1, what.data, len);
	digest =
	    digest_key_hmac(&stops->hash_key, (struct slice){text, len + 1});
	digest_wipe(text, len + 1);
	return digest;
}

#define PLACE "object:"
enum { PLACE_PREFIX = sizeof(PLACE) - 1 };

/* "object:domain:example.jp/registrant" */
static struct slice
name_place(char text[CLUE_TEXT], enum object_type type, struct slice object,
    enum role role)
{
	int len = snprintf(text, CLUE_TEXT, PLACE "%s:%.*s/%s",
	    object_type_name(type), (int)(object.len < 600 ? object.len : 600),
	    object.data, object_role_name(type, role));

	return (struct slice){text, len < 0 ? 0 : (size_t)len};
}

struct digest
clue_of_place(const struct stops *stops, enum object_type type,
    struct slice object, enum role role)
{
	char text[CLUE_TEXT];
	struct slice place = name_place(text, type, object, role);

	return clue_of(stops, CLUE_PLACE,
	    (struct slice){place.data + PLACE_PREFIX,
		place.len - PLACE_PREFIX});
}

/* Of who has no id, and is stopped by the place: it stops the place. */
static struct digest
clue_of_stopped_place(
    const struct stops *stops, const struct record *record, enum role role)
{
	char text[CLUE_TEXT];

	return clue_of(stops, CLUE_SUBJECT,
	    name_place(text, record_type(record), record_object(record), role));
}

/* As letters of either case reach the same mailbox nearly everywhere. */
static struct digest
clue_of_email(const struct stops *stops, struct slice email)
{
	char text[CLUE_TEXT];
	size_t len = email.len < sizeof(text) ? email.len : sizeof(text);

	for (size_t i = 0; i < len; i++) {
		char c = email.data[i];

		text[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	return clue_of(stops, CLUE_EMAIL, (struct slice){text, len});
}

/* The digits of E.164: "+81.79295535" and "+8179295535" are one number. */
static struct digest
clue_of_phone(const struct stops *stops, struct slice phone)
{
	char text[CLUE_TEXT];
	size_t len = 0;

	for (size_t i = 0; i < phone.len && len < sizeof(text); i++)
		if (phone.data[i] >= '0' && phone.data[i] <= '9')
			text[len++] = phone.data[i];
	return clue_of(stops, CLUE_PHONE, (struct slice){text, len});
}

static bool
each_value(const struct stops *stops, struct values values, bool phone,
    const struct clue_visit *visit)
{
	for (size_t i = 0; i < values.count; i++) {
		struct digest clue =
		    phone ? clue_of_phone(stops, values.items[i])
			  : clue_of_email(stops, values.items[i]);

		if (values.items[i].len != 0 && visit->visit(visit->arg, &clue))
			return true;
	}
	return false;
}

/*
 * "object:contact:biz/C1/contact": nobody's id, but where the person stands,
 * which a domain over EPP has from its contact.
 */
static bool
is_place(struct slice subject)
{
	return subject.len > PLACE_PREFIX &&
	       memcmp(subject.data, PLACE, PLACE_PREFIX) == 0;
}

bool
clue_each(const struct stops *stops, const struct record *record,
    enum role role, const struct clue_visit *visit)
{
	static const struct {
		enum field field;
		bool phone;
	} known_by[] = {{FIELD_EMAIL, false}, {FIELD_NOTIFY_EMAIL, false},
	    {FIELD_PHONE, true}, {FIELD_IP_PHONE, true}};
	struct slice subject = record_subject(record, role);
	struct digest clue;

	if (!visit->all) {
		clue = clue_of_stopped_place(stops, record, role);
		if (visit->visit(visit->arg, &clue))
			return true;
	}
	if (subject.len != 0) {
		clue = clue_of(stops, CLUE_SUBJECT, subject);
		if (visit->visit(visit->arg, &clue))
			return true;
		if (record_subject_given(record, role) && !visit->all &&
		    !is_place(subject))
			return false;
	}
	clue = clue_of_place(
	    stops, record_type(record), record_object(record), role);
	if (visit->visit(visit->arg, &clue))
		return true;
	for (size_t i = 0; i < sizeof(known_by) / sizeof(known_by[0]); i++)
		if (each_value(stops,
			record_values(record, role, known_by[i].field),
			known_by[i].phone, visit))
			return true;
	return false;
}

/* --- in memory --- */

static size_t
start_of(const struct stops *stops, const struct digest *clue)
{
	uint64_t at;

	memcpy(&at, clue->bytes, sizeof(at));
	return (size_t)at & (stops->clue_size - 1);
}

static bool
is_empty(const struct digest *clue)
{
	static const struct digest none;

	return digest_equal(clue, &none);
}

static bool
is_known(void *arg, const struct digest *clue)
{
	const struct stops *stops = arg;
	size_t at;

	if (stops->clue_count == 0)
		return false;
	for (at = start_of(stops, clue); !is_empty(&stops->clues[at]);
	     at = (at + 1) & (stops->clue_size - 1))
		if (digest_equal(&stops->clues[at], clue))
			return true;
	return false;
}

bool
stops_any(const struct stops *stops)
{
	return stops != NULL && stops->count != 0;
}

size_t
stops_count(const struct stops *stops)
{
	return stops != NULL ? stops->count : 0;
}

uint64_t
stops_version(const struct stops *stops)
{
	return stops != NULL ? stops->version : 0;
}

unsigned
stops_roles(const struct stops *stops, const struct record *record)
{
	const struct clue_visit visit = {
	    .visit = is_known, .arg = (void *)(uintptr_t)stops};
	unsigned roles = 0;

	if (!stops_any(stops))
		return 0;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (record_has_role(record, (enum role)r) &&
		    clue_each(stops, record, (enum role)r, &visit))
			roles |= 1u << r;
	return roles;
}

/* --- of stops that ended --- */

static int
compare_clues(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct digest));
}

static bool
has_ended(void *arg, const struct digest *clue)
{
	const struct stops *stops = arg;

	return bsearch(clue, stops->ended, stops->ended_count, sizeof(*clue),
		   compare_clues) != NULL;
}

bool
stops_touch_any(const struct stops *stops)
{
	return stops_any(stops) || (stops != NULL && stops->ended_count != 0);
}

bool
stops_place(
    const struct stops *stops, const struct record *record, enum role role)
{
	struct digest clue;

	if (!stops_any(stops))
		return false;
	clue = clue_of_stopped_place(stops, record, role);
	return is_known((void *)(uintptr_t)stops, &clue);
}

bool
stops_touch(const struct stops *stops, const struct record *record)
{
	const struct clue_visit visit = {
	    .visit = has_ended, .arg = (void *)(uintptr_t)stops};

	if (stops_roles(stops, record) != 0)
		return true;
	for (unsigned r = 0;
	     stops != NULL && stops->ended_count != 0 && r < ROLE_COUNT; r++)
		if (record_has_role(record, (enum role)r) &&
		    clue_each(stops, record, (enum role)r, &visit))
			return true;
	return false;
}

void
stops_settle(struct stops *stops)
{
	if (stops == NULL)
		return;
	free(stops->ended);
	stops->ended = NULL;
	stops->ended_count = 0;
}

static bool
add_ended(struct stops *stops, struct slice bytes, struct fail *fail)
{
	size_t count = stops->ended_count;
	struct digest *ended = stops->ended;

	if (bytes.len != DIGEST_SIZE || count == CLUES_MAX)
		return true;
	/* Room is doubled. */
	if ((count & (count - 1)) == 0) {
		ended = realloc(
		    ended, (count != 0 ? 2 * count : 1) * sizeof(*ended));
		if (ended == NULL)
			return fail_memory(fail);
		stops->ended = ended;
	}
	memcpy(ended[count].bytes, bytes.data, DIGEST_SIZE);
	stops->ended_count++;
	return true;
}

bool
clue_keep_ended(struct stops *stops, int64_t id, struct fail *fail)
{
	struct statement *s = stops->clues_of;
	bool row, ok;

	statement_bind_number(s, 1, id);
	while ((ok = statement_step(s, &row, fail)) && row) {
		ok = add_ended(stops, statement_bytes(s, 0), fail);
		if (!ok)
			break;
	}
	statement_reset(s);
	if (stops->ended_count != 0)
		qsort(stops->ended, stops->ended_count, sizeof(*stops->ended),
		    compare_clues);
	return ok;
}

static bool
make_room(struct stops *stops, size_t count, struct fail *fail)
{
	struct digest *clues;
	size_t size = 64;

	if (count > CLUES_MAX)
		return fail_set(fail, FAIL_WORLD,
		    "more stops than misu can keep in memory");
	while (size < 2 * count)
		size *= 2;
	clues = calloc(size, sizeof(*clues));
	if (clues == NULL)
		return fail_memory(fail);
	free(stops->clues);
	stops->clues = clues;
	stops->clue_size = size;
	stops->clue_count = 0;
	return true;
}

static bool
count_all(struct stops *stops, size_t *clues, struct fail *fail)
{
	bool row = false;

	if (!statement_step(stops->counted, &row, fail))
		return false;
	*clues = row ? (size_t)statement_number(stops->counted, 0) : 0;
	stops->count = row ? (size_t)statement_number(stops->counted, 1) : 0;
	statement_reset(stops->counted);
	return true;
}

bool
clue_load(struct stops *stops, struct fail *fail)
{
	struct statement *s = stops->all_clues;
	size_t count, at;
	bool row, ok;

	if (!count_all(stops, &count, fail) || !make_room(stops, count, fail))
		return false;
	while ((ok = statement_step(s, &row, fail)) && row) {
		struct slice bytes = statement_bytes(s, 0);
		struct digest clue;

		if (bytes.len != DIGEST_SIZE)
			continue;
		memcpy(clue.bytes, bytes.data, DIGEST_SIZE);
		for (at = start_of(stops, &clue); !is_empty(&stops->clues[at]);
		     at = (at + 1) & (stops->clue_size - 1))
			;
		stops->clues[at] = clue;
		stops->clue_count++;
	}
	statement_reset(s);
	return ok;
}
