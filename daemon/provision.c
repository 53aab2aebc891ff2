#include "provision.h"

#include "core/canon.h"
#include "core/entry_parts.h"

/* Exceptions of APPI arts. 27(1) and 35: what must be given all the same. */
static bool
is_duty(const struct disclosure *disclosure)
{
	static const char *const duties[] = {"law", "court", "urgent"};
	struct slice basis = disclosure_recipient(disclosure)->basis;

	for (size_t i = 0; i < sizeof(duties) / sizeof(*duties); i++)
		if (slice_is(basis, duties[i]))
			return true;
	return false;
}

/* Name servers and keys of a name are nobody's data. */
static bool
is_of_person(enum field field)
{
	return field_info[field].class != CLASS_OBJECT;
}

static bool
shows(const struct disclosure *disclosure, enum role role)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (is_of_person((enum field)f) &&
		    disclosure_values(disclosure, role, (enum field)f).count !=
			0)
			return true;
	return false;
}

/* The entry by which the recipient got what it has, as it is read. */
struct shown_before {
	struct slice fields; /* of the role */
	struct digest_key key;
	struct arena *arena;
};

static bool
find_key(const struct provision *provision, struct slice entry,
    const char *role, struct shown_before *before)
{
	struct slice subjects, line, item;
	uint8_t secret[KEY_SIZE];
	int64_t slot;

	if (!canon_member(entry, "subjects", &subjects) ||
	    !canon_member(subjects, role, &line) ||
	    !canon_next_item(&line, &item) || !canon_next_item(&line, &item) ||
	    !canon_number(item, &slot) || slot < 0 || slot > UINT32_MAX ||
	    !keys_slot(provision->keys, (uint32_t)slot, secret))
		return false;
	digest_key_set(&before->key, secret);
	digest_wipe(secret, sizeof(secret));
	return true;
}

/* Was this very value shown? */
static bool
was_shown(const struct shown_before *before, const char *role, enum field field,
    struct values values)
{
	struct slice ruling, item, text, bytes;
	struct digest now;

	if (!entry_may_commit(field) ||
	    !canon_member(before->fields, field_info[field].name, &ruling))
		return false;
	for (int i = 0; i < 3; i++)
		if (!canon_next_item(&ruling, &item))
			return false;
	now = entry_commit(&before->key, role, field, values);
	return canon_string(item, before->arena, &text) &&
	       text_base64_decode(before->arena, text, &bytes) &&
	       bytes.len == DIGEST_SIZE &&
	       memcmp(bytes.data, now.bytes, DIGEST_SIZE) == 0;
}

static bool
all_shown(const struct shown_before *before,
    const struct disclosure *disclosure, enum role role)
{
	const char *word = disclosure_role_word(disclosure, role);

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		enum field field = (enum field)f;
		struct values values =
		    disclosure_values(disclosure, role, field);

		if (values.count != 0 && is_of_person(field) &&
		    !was_shown(before, word, field, values))
			return false;
	}
	return true;
}

/* An update that shows of this role no more than was shown before. */
static bool
only_takes_away(const struct provision *provision, const struct record *record,
    const struct disclosure *disclosure, enum role role, struct arena *arena)
{
	const char *word = disclosure_role_word(disclosure, role);
	struct shown_before before = {.arena = arena};
	struct slice entry, fields;
	struct fail fail = FAIL_INIT;
	uint64_t index;
	bool ok;

	if (record_operation(record) != OPERATION_UPDATE ||
	    !stops_shown(provision->stops, record,
		disclosure_recipient(disclosure)->id,
		disclosure_purpose(disclosure), &index) ||
	    !ledger_read(provision->ledger, index, arena, &entry, &fail) ||
	    !entry_disclosed(entry, arena, &entry) ||
	    !canon_member(entry, "fields", &fields) ||
	    !canon_member(fields, word, &before.fields) ||
	    !find_key(provision, entry, word, &before))
		return false;
	ok = all_shown(&before, disclosure, role);
	digest_wipe(&before.key, sizeof(before.key));
	return ok;
}

unsigned
provision_stopped(const struct provision *provision,
    const struct record *record, const struct disclosure *disclosure,
    struct arena *arena)
{
	enum verdict outcome = disclosure_outcome(disclosure).verdict;
	enum operation operation = record_operation(record);
	unsigned roles;

	if (!stops_any(provision->stops) || outcome == VERDICT_REFUSE ||
	    operation == OPERATION_RENEW || operation == OPERATION_DELETE ||
	    is_duty(disclosure))
		return 0;
	roles = stops_roles(provision->stops, record);
	if (outcome == VERDICT_HOLD)
		return roles;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;

		if ((roles & 1u << r) != 0 &&
		    (!shows(disclosure, role) ||
			only_takes_away(
			    provision, record, disclosure, role, arena)))
			roles &= ~(1u << r);
	}
	return roles;
}
