#include "store/log_query.h"

#include "core/canon.h"
#include "core/entry.h"
#include "store/log_reader.h"

struct reader {
	const struct log_query *query;
	struct log_reader *log;
	struct arena *arena; /* of one entry */
	char pseudonym[2 * PSEUDONYM_SIZE + 1]; /* looked for; or "" */
	bool ended;
	uint64_t next;
};

bool
log_query_object(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name)
{
	struct slice inputs;

	return log_query_inputs(keys, entry, arena, name, &inputs);
}

/* The name ends at a NUL, where there is one. */
static void
split(struct slice plain, struct slice *name, struct slice *inputs)
{
	const char *end =
	    plain.len != 0 ? memchr(plain.data, '\0', plain.len) : NULL;

	*name = plain;
	*inputs = (struct slice){"", 0};
	if (end == NULL)
		return;
	name->len = (size_t)(end - plain.data);
	*inputs = (struct slice){end + 1, plain.len - name->len - 1};
}

bool
log_query_inputs(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name, struct slice *inputs)
{
	struct slice object, data, salt, bytes;
	uint8_t secret[KEY_SIZE], raw_salt[ENTRY_SALT];
	struct digest_key key;
	struct digest object_key;
	int64_t slot;
	uint8_t *plain;
	bool ok;

	if (!canon_member(entry, "object", &object) ||
	    !canon_get_number(object, "slot", &slot) || slot < 0 ||
	    slot > UINT32_MAX ||
	    !canon_get_string(object, "data", arena, &data) ||
	    !canon_get_string(entry, "salt", arena, &salt) ||
	    !text_hex_decode(salt, raw_salt, sizeof(raw_salt)) ||
	    !text_base64_decode(arena, data, &bytes) ||
	    bytes.len < NONCE_SIZE + TAG_SIZE ||
	    !keys_slot(keys, (uint32_t)slot, secret))
		return false;
	digest_key_set(&key, secret);
	object_key = entry_object_key(&key);
	plain = arena_take(arena, bytes.len);
	ok = plain != NULL &&
	    digest_decrypt(object_key.bytes, (const uint8_t *)bytes.data,
		(struct slice){(char *)raw_salt, sizeof(raw_salt)},
		(struct slice){
		    bytes.data + NONCE_SIZE, bytes.len - NONCE_SIZE},
		plain);
	digest_wipe(secret, sizeof(secret));
	digest_wipe(&key, sizeof(key));
	digest_wipe(&object_key, sizeof(object_key));
	if (ok)
		split((struct slice){(char *)plain,
			  bytes.len - NONCE_SIZE - TAG_SIZE},
		    name, inputs);
	return ok;
}

bool
log_query_forgotten(const struct keys *keys, struct slice entry)
{
	uint8_t secret[KEY_SIZE];
	struct slice object;
	int64_t slot;
	bool there;

	if (keys == NULL || !canon_member(entry, "object", &object) ||
	    !canon_get_number(object, "slot", &slot) || slot < 0 ||
	    slot > UINT32_MAX)
		return false;
	there = keys_slot(keys, (uint32_t)slot, secret);
	digest_wipe(secret, sizeof(secret));
	return !there;
}

/* --- filters --- */

static bool
has_string(struct reader *reader, struct slice entry, const char *name,
    struct slice wanted)
{
	struct slice value;

	return wanted.len == 0 ||
	    (canon_get_string(entry, name, reader->arena, &value) &&
		slice_equal(value, wanted));
}

static bool
ruling_is(const struct log_filter *filter, struct slice ruling,
    struct arena *arena)
{
	struct slice item, word;
	int64_t rule;

	if (!canon_next_item(&ruling, &item) ||
	    !canon_string(item, arena, &word))
		return false;
	if (filter->has_verdict &&
	    !slice_is(word, verdict_name(filter->verdict)))
		return false;
	return filter->rule == 0 ||
	    (canon_next_item(&ruling, &item) && canon_number(item, &rule) &&
		rule == filter->rule);
}

static bool
has_ruling(struct reader *reader, struct slice entry)
{
	const struct log_filter *filter = &reader->query->filter;
	struct slice fields, role, members, field, ruling;

	if (!filter->has_verdict && filter->rule == 0)
		return true;
	if (canon_member(entry, "outcome", &ruling) &&
	    ruling_is(filter, ruling, reader->arena))
		return true;
	if (!canon_member(entry, "fields", &fields))
		return false;
	while (canon_next_member(&fields, &role, &members))
		while (canon_next_member(&members, &field, &ruling))
			if (ruling_is(filter, ruling, reader->arena))
				return true;
	return false;
}

static bool
wants_subject(const struct log_filter *filter)
{
	return filter->subject.len != 0 || filter->pseudonym.len != 0;
}

static bool
has_subject(struct reader *reader, struct slice entry)
{
	struct slice subjects, role, line, item, text;

	if (!wants_subject(&reader->query->filter))
		return true;
	if (reader->pseudonym[0] == '\0' ||
	    !canon_member(entry, "subjects", &subjects))
		return false;
	while (canon_next_member(&subjects, &role, &line))
		if (canon_next_item(&line, &item) &&
		    canon_string(item, reader->arena, &text) &&
		    slice_is(text, reader->pseudonym))
			return true;
	return false;
}

/* What only a disclosure has. */
static bool
disclosure_passes(
    struct reader *reader, struct slice entry, struct slice name)
{
	const struct log_filter *filter = &reader->query->filter;

	return (filter->object.len == 0 ||
		   slice_equal(name, filter->object)) &&
	    has_string(reader, entry, "recipient", filter->recipient) &&
	    has_subject(reader, entry) && has_ruling(reader, entry);
}

static bool
wants_disclosure(const struct log_filter *filter)
{
	return filter->object.len != 0 || filter->recipient.len != 0 ||
	    wants_subject(filter) || filter->has_verdict ||
	    filter->rule != 0;
}

static bool
outcome_passes(struct reader *reader, struct slice entry, bool disclosure)
{
	struct slice wanted = reader->query->filter.outcome, value, item;

	if (wanted.len == 0)
		return true;
	if (!disclosure)
		return has_string(reader, entry, "word", wanted);
	if (!canon_member(entry, "outcome", &value))
		return slice_is(wanted, "forward");
	return canon_next_item(&value, &item) &&
	    canon_string(item, reader->arena, &item) &&
	    slice_equal(item, wanted);
}

static bool
time_passes(struct reader *reader, struct slice entry)
{
	const struct log_filter *filter = &reader->query->filter;
	int64_t time;

	if (!filter->has_from && !filter->has_until)
		return true;
	return canon_get_number(entry, "time", &time) &&
	    (!filter->has_from || time >= filter->from) &&
	    (!filter->has_until || time < filter->until);
}

/* --- entries --- */

static void
find_name(struct reader *reader, struct slice entry, struct slice *name)
{
	*name = (struct slice){NULL, 0};
	if (reader->query->keys != NULL)
		log_query_object(
		    reader->query->keys, entry, reader->arena, name);
}

/* For an event, the filters on disclosures ask the one it is about. */
static bool
event_passes(struct reader *reader, struct slice entry, struct slice *name)
{
	struct fail ignored = FAIL_INIT;
	struct slice about;
	int64_t index;

	*name = (struct slice){NULL, 0};
	if (!wants_disclosure(&reader->query->filter))
		return true;
	if (!canon_get_number(entry, "entry", &index) || index < 0 ||
	    !log_reader_entry(reader->log, (uint64_t)index, reader->arena,
		&about, &ignored))
		return false;
	find_name(reader, about, name);
	return disclosure_passes(reader, about, *name);
}

static bool
look_at(struct reader *reader, uint64_t index, struct fail *fail)
{
	const struct log_query *query = reader->query;
	struct entry_shown shown = {.index = index};
	struct slice type;
	bool disclosure, passes;

	arena_reset(reader->arena);
	if (!log_reader_entry(
		reader->log, index, reader->arena, &shown.entry, fail))
		return false;
	if (!canon_get_string(shown.entry, "type", reader->arena, &type))
		return true;
	disclosure = slice_is(type, "disclosure");
	passes = time_passes(reader, shown.entry) &&
	    (query->filter.type.len == 0 ||
		slice_equal(type, query->filter.type)) &&
	    outcome_passes(reader, shown.entry, disclosure);
	if (!passes)
		return true;
	if (disclosure) {
		find_name(reader, shown.entry, &shown.object);
		shown.is_forgotten = shown.object.len == 0 &&
		    log_query_forgotten(query->keys, shown.entry);
		passes =
		    disclosure_passes(reader, shown.entry, shown.object);
	} else
		passes = event_passes(reader, shown.entry, &shown.object);
	if (passes && !query->show(query->context, &shown))
		reader->ended = true;
	return true;
}

/* --- the whole --- */

/* A subject without a slot is in no entry. */
static void
find_pseudonym(struct reader *reader)
{
	const struct log_query *query = reader->query;
	char *hex = reader->pseudonym;
	struct subject subject;

	if (query->filter.pseudonym.len != 0) {
		snprintf(hex, sizeof(reader->pseudonym), "%.*s",
		    SLICE_ARG(query->filter.pseudonym));
	} else if (query->keys != NULL && query->filter.subject.len != 0 &&
	    keys_find(query->keys, query->filter.subject, &subject)) {
		for (size_t i = 0; i < PSEUDONYM_SIZE; i++)
			snprintf(hex + 2 * i, 3, "%02x", subject.pseudonym[i]);
		digest_wipe(&subject, sizeof(subject));
	}
}

static bool
run(struct reader *reader, struct fail *fail)
{
	const struct log_query *query = reader->query;
	uint64_t size;

	reader->log = log_reader_open(
	    reader->query->disk, reader->query->directory, fail);
	if (reader->log == NULL)
		return false;
	find_pseudonym(reader);
	size = log_reader_size(reader->log);
	reader->next = query->start;
	if (reader->next < log_reader_minimum(reader->log))
		reader->next = log_reader_minimum(reader->log);
	while (reader->next < size && !reader->ended)
		if (!look_at(reader, reader->next++, fail))
			return false;
	return true;
}

bool
log_query_run(
    const struct log_query *query, uint64_t *next, struct fail *fail)
{
	struct reader reader = {.query = query,
	    .arena = arena_create(NULL)};
	bool ok = reader.arena != NULL;

	if (!ok)
		fail_memory(fail);
	if (query->keys == NULL &&
	    (query->filter.object.len != 0 || query->filter.subject.len != 0))
		ok = fail_set(fail, FAIL_INPUT,
		    "objects and subjects are found with the keys only");
	ok = ok && run(&reader, fail);
	*next = reader.next;
	log_reader_close(reader.log);
	arena_destroy(reader.arena);
	return ok;
}
