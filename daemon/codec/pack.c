/*
 * Layout, numbers little-endian, a string after its length in 16 bits:
 *
 *	version, type, operation: a byte each
 *	object, plan
 *	expires (since version 2)
 *	what is registered of the object (since version 4): a byte, 0
 *		without; with: created, updated, expires, connected, returned
 *		(64 bits each), roid, number of statuses and of locks (a byte
 *		each), the statuses, the locks
 *	what the latest change and the oldest that may wait found (since
 *		version 2), each: a byte, 0 without; with: roles, renamed (32
 *		bits each), number of servers: a byte, the servers
 *	EPP facts: a byte, 0 without, 2 where it was made then (since version
 *		5), else 1; with: passed, altered, published and created (64
 *		bits each), roles (32), scope, client, auth
 *	what is kept here alone: a byte, 0 without; with: revision, before,
 *		updated, page (64 bits each), statuses and disclose (16 each),
 *		number of domains: a byte, the domains (since version 3)
 *	number of roles, then each, in rising order:
 *		role, kind, flags: a byte each; subject.  A kind without
 *			its flag was presumed (conf_presume_kind()); before
 *			that was told apart, it had the flag
 *		number of consents: a byte; each: audience, given (a byte
 *			each), time (64 bits), purpose, version
 *		removed and present fields: a FIELD_BIT set of 64 bits each
 *		for each present one: number of values (a byte), the values
 *
 * Roles and fields stand as their numbers: whoever changes the order of an
 * enum of core/field.h or of field.tbl raises the version, and the one of
 * what registries were told (engine_told.c).
 */
#include "codec/pack.h"

#include "base/little.h"
#include "core/policy_tree.h"
#include "core/record_priv.h"

enum { VERSION = 5, VERSION_OLDEST = 1 };

/* Flags of a role. */
enum {
	KIND_IS_GIVEN = 1,
	SUBJECT_IS_GIVEN = 2,
	ROLE_IS_REMOVED = 4,
	FLAGS = 7,
};

/* --- writing --- */

static void
add_byte(struct text *out, unsigned byte)
{
	text_add_char(out, (char)byte);
}

static void
add_bits(struct text *out, uint64_t number, unsigned bytes)
{
	char *at = text_room(out, bytes);

	if (at != NULL)
		little_put(at, number, bytes);
}

static void
add_string(struct text *out, struct slice value)
{
	char *at;

	if (value.len > UINT16_MAX) {
		out->failed = true;
		return;
	}
	at = text_room(out, 2 + value.len);
	if (at == NULL)
		return;
	at[0] = (char)(value.len & 0xff);
	at[1] = (char)(value.len >> 8);
	if (value.len != 0)
		memcpy(at + 2, value.data, value.len);
}

static void
add_kept(struct text *out, const struct epp_kept *kept)
{
	add_byte(out, kept->revision != 0 || kept->domains.count != 0);
	if (kept->revision == 0 && kept->domains.count == 0)
		return;
	add_bits(out, (uint64_t)kept->revision, 8);
	add_bits(out, (uint64_t)kept->before, 8);
	add_bits(out, (uint64_t)kept->updated, 8);
	add_bits(out, (uint64_t)kept->page, 8);
	add_bits(out, kept->statuses, 2);
	add_bits(out, kept->disclose, 2);
	add_byte(out, (unsigned)kept->domains.count);
	for (size_t i = 0; i < kept->domains.count; i++)
		add_string(out, kept->domains.items[i]);
}

static void
add_epp(struct text *out, const struct epp_facts *epp)
{
	add_byte(out, !epp->given ? 0 : epp->made ? 2 : 1);
	if (!epp->given)
		return;
	add_bits(out, epp->shown.passed, 8);
	add_bits(out, epp->shown.altered, 8);
	add_bits(out, epp->shown.published, 8);
	add_bits(out, (uint64_t)epp->created, 8);
	add_bits(out, epp->roles, 4);
	add_string(out, epp->scope);
	add_string(out, epp->client);
	add_string(out, epp->auth);
	add_kept(out, &epp->kept);
}

static void
add_words(struct text *out, struct values words)
{
	for (size_t i = 0; i < words.count; i++)
		add_string(out, words.items[i]);
}

static void
add_registration(struct text *out, const struct registration *of)
{
	add_byte(out, of->given);
	if (!of->given)
		return;
	add_bits(out, (uint64_t)of->created, 8);
	add_bits(out, (uint64_t)of->updated, 8);
	add_bits(out, (uint64_t)of->expires, 8);
	add_bits(out, (uint64_t)of->connected, 8);
	add_bits(out, (uint64_t)of->returned, 8);
	add_string(out, of->roid);
	add_byte(out, (unsigned)of->status.count);
	add_byte(out, (unsigned)of->locks.count);
	add_words(out, of->status);
	add_words(out, of->locks);
}

static void
add_former(struct text *out, const struct record_former *former)
{
	add_byte(out, former->known);
	if (!former->known)
		return;
	add_bits(out, former->roles, 4);
	add_bits(out, former->renamed, 4);
	add_byte(out, (unsigned)former->servers.count);
	for (size_t i = 0; i < former->servers.count; i++)
		add_string(out, former->servers.items[i]);
}

static void
add_head(struct text *out, const struct record *record)
{
	add_byte(out, VERSION);
	add_byte(out, record->type);
	add_byte(out, record->operation);
	add_string(out, record->object);
	add_string(out, record->plan);
	add_string(out, record->expires);
	add_registration(out, &record->registration);
	add_former(out, &record->latest);
	add_former(out, &record->waiting);
	add_epp(out, &record->epp);
}

static void
add_consents(struct text *out, const struct person *person)
{
	add_byte(out, (unsigned)person->consent_count);
	for (size_t i = 0; i < person->consent_count; i++) {
		const struct consent *consent = &person->consents[i];

		add_byte(out, consent->audience);
		add_byte(out, consent->given);
		add_bits(out, (uint64_t)consent->time, 8);
		add_string(out, consent->purpose);
		add_string(out, consent->version);
	}
}

static void
add_fields(struct text *out, const struct record *record, enum role role)
{
	uint64_t removed, present;

	record_fields(record, role, &present, &removed);
	add_bits(out, removed, 8);
	add_bits(out, present, 8);
	for (; present != 0; present &= present - 1) {
		const struct values *values =
		    &record->persons[role]->fields[__builtin_ctzll(present)];

		add_byte(out, (unsigned)values->count);
		for (size_t i = 0; i < values->count; i++)
			add_string(out, values->items[i]);
	}
}

static void
add_person(struct text *out, const struct record *record, unsigned role)
{
	const struct person *person = record->persons[role];

	add_byte(out, role);
	add_byte(out, person->kind);
	add_byte(out, (person->kind_given ? KIND_IS_GIVEN : 0u) |
			  (person->subject_given ? SUBJECT_IS_GIVEN : 0u) |
			  (person->removed ? ROLE_IS_REMOVED : 0u));
	add_string(out, person->subject);
	add_consents(out, person);
	add_fields(out, record, (enum role)role);
}

void
pack_record(struct text *out, const struct record *record)
{
	unsigned count = 0;

	add_head(out, record);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		count += record->persons[role] != NULL;
	add_byte(out, count);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (record->persons[role] != NULL)
			add_person(out, record, role);
}

void
pack_role(struct text *out, const struct record *record, enum role role)
{
	add_head(out, record);
	add_byte(out, record->persons[role] != NULL);
	if (record->persons[role] != NULL)
		add_person(out, record, role);
}

/* --- reading: what is wrong sticks, and what is read then is 0 --- */

struct unpacker {
	const uint8_t *at, *end;
	bool bad;
};

static const uint8_t *
take(struct unpacker *from, size_t count)
{
	const uint8_t *at = from->at;

	if (from->bad || (size_t)(from->end - at) < count) {
		from->bad = true;
		return NULL;
	}
	from->at += count;
	return at;
}

static inline uint64_t
take_bits(struct unpacker *from, unsigned bytes)
{
	const uint8_t *at = take(from, bytes);

	return at != NULL ? little_get(at, bytes) : 0;
}

/* A number less than `limit`. */
static unsigned
take_byte(struct unpacker *from, unsigned limit)
{
	unsigned byte = (unsigned)take_bits(from, 1);

	if (byte < limit)
		return byte;
	from->bad = true;
	return 0;
}

static struct slice
take_string(struct unpacker *from)
{
	size_t len = (size_t)take_bits(from, 2);
	struct slice value = {(const char *)take(from, len), len};

	if (value.data != NULL && text_is_utf8(value))
		return value;
	from->bad = true;
	return (struct slice){"", 0};
}

/* False when out of memory. */
static bool
take_kept(struct unpacker *from, struct arena *arena, struct epp_kept *kept)
{
	size_t count;
	struct slice *domains;

	if (take_byte(from, 2) == 0)
		return true;
	kept->revision = (int64_t)take_bits(from, 8);
	kept->before = (int64_t)take_bits(from, 8);
	kept->updated = (int64_t)take_bits(from, 8);
	kept->page = (int64_t)take_bits(from, 8);
	kept->statuses = (unsigned)take_bits(from, 2);
	kept->disclose = (unsigned)take_bits(from, 2);
	if (kept->statuses > CONTACT_STATUSES || kept->disclose > DISCLOSE_BITS)
		from->bad = true;
	count = take_byte(from, KEPT_DOMAINS_MAX + 1);
	domains = arena_take_array(arena, count, sizeof(*domains));
	if (domains == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		domains[i] = take_string(from);
	kept->domains = (struct values){domains, count};
	return true;
}

/* False when out of memory. */
static bool
take_epp(struct unpacker *from, unsigned version, struct arena *arena,
    struct epp_facts *epp)
{
	unsigned word = take_byte(from, version < 5 ? 2 : 3);

	epp->given = word != 0;
	epp->made = word == 2;
	if (!epp->given)
		return true;
	epp->shown.passed = take_bits(from, 8);
	epp->shown.altered = take_bits(from, 8);
	epp->shown.published = take_bits(from, 8);
	epp->created = (int64_t)take_bits(from, 8);
	epp->roles = (unsigned)take_bits(from, 4);
	epp->scope = take_string(from);
	epp->client = take_string(from);
	epp->auth = take_string(from);
	return version < 3 || take_kept(from, arena, &epp->kept);
}

static bool
take_consents(struct unpacker *from, struct arena *arena, struct person *person)
{
	size_t count = take_byte(from, RECORD_CONSENTS_MAX + 1);

	person->consents =
	    arena_take_array(arena, count, sizeof(*person->consents));
	if (person->consents == NULL)
		return false;
	person->consent_count = person->consent_size = count;
	for (size_t i = 0; i < count && !from->bad; i++) {
		struct consent *consent = &person->consents[i];

		consent->audience =
		    (enum audience)take_byte(from, AUDIENCE_COUNT);
		consent->given = take_byte(from, 2) != 0;
		consent->time = (int64_t)take_bits(from, 8);
		consent->purpose = take_string(from);
		consent->version = take_string(from);
	}
	return true;
}

/* `one` is for a single value, as most fields have. */
static bool
take_values(struct unpacker *from, struct arena *arena, unsigned field,
    struct slice *one, struct values *values)
{
	size_t count = take_byte(from, (unsigned)field_info[field].many + 1);
	struct slice *items = one;

	if (count > 1)
		items = arena_take_array(arena, count, sizeof(*items));
	if (items == NULL)
		return false;
	if (count == 0)
		from->bad = true;
	for (size_t i = 0; i < count; i++)
		items[i] = take_string(from);
	*values = (struct values){items, count};
	return true;
}

/* False when out of memory. */
static bool
take_former(
    struct unpacker *from, struct arena *arena, struct record_former *former)
{
	size_t count;
	struct slice *servers;

	former->known = take_byte(from, 2) != 0;
	if (!former->known)
		return true;
	former->roles = (unsigned)take_bits(from, 4);
	former->renamed = (unsigned)take_bits(from, 4);
	if (((former->roles | former->renamed) >> ROLE_COUNT) != 0)
		from->bad = true;
	count = take_byte(from, (unsigned)field_info[FIELD_NS].many + 1);
	servers = arena_take_array(arena, count, sizeof(*servers));
	if (servers == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		servers[i] = take_string(from);
	former->servers = (struct values){servers, count};
	return true;
}

static bool
take_fields(struct unpacker *from, struct arena *arena, struct person *person)
{
	uint64_t removed = take_bits(from, 8), present = take_bits(from, 8);

	size_t count = (size_t)__builtin_popcountll(present);
	struct slice *ones = arena_take_array(arena, count, sizeof(*ones));

	if (ones == NULL)
		return false;
	if (((removed | present) & ~FIELD_ALL) != 0)
		from->bad = true;
	person->fields_removed = removed;
	for (; present != 0 && !from->bad; present &= present - 1) {
		unsigned f = (unsigned)__builtin_ctzll(present);

		if (!take_values(from, arena, f, ones++, &person->fields[f]))
			return false;
	}
	return true;
}

/* False when out of memory. */
static bool
take_words(struct unpacker *from, struct arena *arena, unsigned count,
    struct values *out)
{
	struct slice *items = arena_take_array(arena, count + 1, sizeof(*items));

	for (unsigned i = 0; items != NULL && i < count; i++)
		items[i] = take_string(from);
	*out = (struct values){items, count};
	return items != NULL;
}

/* The same. */
static bool
take_registration(struct unpacker *from, struct arena *arena,
    struct registration *out)
{
	unsigned status, locks;

	out->given = take_byte(from, 2) != 0;
	if (!out->given)
		return true;
	out->created = (int64_t)take_bits(from, 8);
	out->updated = (int64_t)take_bits(from, 8);
	out->expires = (int64_t)take_bits(from, 8);
	out->connected = (int64_t)take_bits(from, 8);
	out->returned = (int64_t)take_bits(from, 8);
	out->roid = take_string(from);
	status = take_byte(from, REGISTRATION_WORDS + 1);
	locks = take_byte(from, REGISTRATION_WORDS + 1);
	return take_words(from, arena, status, &out->status) &&
	    take_words(from, arena, locks, &out->locks);
}

/* False when out of memory. */
static bool
take_person(struct unpacker *from, struct record *record)
{
	unsigned role = take_byte(from, ROLE_COUNT);
	unsigned kind = take_byte(from, KIND_COUNT);
	unsigned flags = take_byte(from, FLAGS + 1);
	struct person *person;

	for (unsigned i = role; i < ROLE_COUNT; i++)
		if (record->persons[i] != NULL)
			from->bad = true;
	if (from->bad)
		return true;
	person = record_person(record, (enum role)role, NULL);
	if (person == NULL)
		return false;
	person->kind = (enum kind)kind;
	person->kind_given = (flags & KIND_IS_GIVEN) != 0;
	person->subject_given = (flags & SUBJECT_IS_GIVEN) != 0;
	person->removed = (flags & ROLE_IS_REMOVED) != 0;
	person->subject = take_string(from);
	return take_consents(from, record->arena, person) &&
	       take_fields(from, record->arena, person);
}

static bool
take_record(struct unpacker *from, struct record *record)
{
	unsigned count, version = take_byte(from, VERSION + 1);

	if (version < VERSION_OLDEST)
		from->bad = true;
	record->type = (enum object_type)take_byte(from, OBJECT_COUNT);
	record->operation = (enum operation)take_byte(from, OPERATION_COUNT);
	record->object = take_string(from);
	if (record->object.len == 0)
		from->bad = true;
	record->plan = take_string(from);
	if (version >= 2) {
		record->expires = take_string(from);
		if (version >= 4 &&
		    !take_registration(
			from, record->arena, &record->registration))
			return false;
		if (!take_former(from, record->arena, &record->latest) ||
		    !take_former(from, record->arena, &record->waiting))
			return false;
	}
	if (!take_epp(from, version, record->arena, &record->epp))
		return false;
	count = take_byte(from, ROLE_COUNT + 1);
	for (unsigned i = 0; i < count && !from->bad; i++)
		if (!take_person(from, record))
			return false;
	if (from->at != from->end)
		from->bad = true;
	return true;
}

struct record *
unpack_record(struct arena *arena, struct slice bytes, struct fail *fail)
{
	struct unpacker from = {.at = (const uint8_t *)bytes.data,
	    .end = (const uint8_t *)bytes.data + bytes.len};
	struct record *record = arena_take(arena, sizeof(*record));

	if (record != NULL)
		record->arena = arena;
	if (record == NULL || !take_record(&from, record)) {
		fail_memory(fail);
		return NULL;
	}
	if (!from.bad)
		return record;
	fail_set(fail, FAIL_WORLD, "a packed record is damaged");
	return NULL;
}
