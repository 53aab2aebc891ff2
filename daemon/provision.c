#include "provision.h"

#include "core/canon.h"
#include "core/entry_parts.h"
#include "core/policy_tree.h"

/* Exceptions of APPI arts. 27(1) and 35: what must be given all the same. */
bool
provision_owes(const struct recipient *recipient)
{
	static const char *const duties[] = {"law", "court", "urgent"};

	for (size_t i = 0; i < sizeof(duties) / sizeof(*duties); i++)
		if (slice_is(recipient->basis, duties[i]))
			return true;
	return false;
}

bool
provision_is_duty(const struct disclosure *disclosure)
{
	return provision_owes(disclosure_recipient(disclosure));
}

/* Name servers and keys of a name are nobody's data. */
static bool
is_of_person(enum field field)
{
	return field_info[field].class != CLASS_OBJECT;
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

/* FIELD_BITs of this role that show something of the person. */
static uint64_t
fields_shown(const struct disclosure *disclosure, enum role role)
{
	uint64_t fields = 0;

	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (is_of_person((enum field)f) &&
		    disclosure_values(disclosure, role, (enum field)f).count !=
			0)
			fields |= FIELD_BIT(f);
	return fields;
}

bool
provision_shows(const struct disclosure *disclosure, enum role role)
{
	return fields_shown(disclosure, role) != 0;
}

uint64_t
provision_of_nobody(void)
{
	uint64_t fields = 0;

	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (!is_of_person((enum field)f))
			fields |= FIELD_BIT(f);
	return fields;
}

static bool
find_before(const struct provision *provision, const struct record *record,
    const struct disclosure *disclosure, const char *word,
    struct shown_before *before)
{
	struct slice entry, fields;
	struct fail fail = FAIL_INIT;
	uint64_t index;

	return stops_shown(provision->stops, record,
		   disclosure_recipient(disclosure)->id,
		   disclosure_purpose(disclosure), &index) &&
	    ledger_read(provision->ledger, index, before->arena, &entry,
		&fail) &&
	    entry_disclosed(entry, before->arena, &entry) &&
	    canon_member(entry, "fields", &fields) &&
	    canon_member(fields, word, &before->fields) &&
	    find_key(provision, entry, word, before);
}

uint64_t
provision_had(const struct provision *provision, const struct record *record,
    const struct disclosure *disclosure, enum role role, struct arena *arena)
{
	const char *word = disclosure_role_word(disclosure, role);
	struct shown_before before = {.arena = arena};
	uint64_t had = 0;

	if (!find_before(provision, record, disclosure, word, &before))
		return 0;
	for (uint64_t left = fields_shown(disclosure, role); left != 0;
	     left &= left - 1) {
		enum field field = (enum field)__builtin_ctzll(left);

		if (was_shown(&before, word, field,
			disclosure_values(disclosure, role, field)))
			had |= FIELD_BIT(field);
	}
	digest_wipe(&before.key, sizeof(before.key));
	return had;
}

/* By an operation of the backend's, to one that may have some of it. */
static void
judge_sent(const struct provision_asked *asked, struct provision_ruling *ruling)
{
	const struct disclosure *disclosure = asked->disclosure;
	enum operation operation = record_operation(asked->record);
	bool may_keep = operation == OPERATION_UPDATE ||
	    operation == OPERATION_RENEW || operation == OPERATION_DELETE;

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;
		uint64_t shown = fields_shown(disclosure, role), had;

		if ((ruling->stopped & 1u << r) == 0 || shown == 0)
			continue;
		had = may_keep ? provision_had(asked->provision, asked->record,
				     disclosure, role, asked->arena)
			       : 0;
		ruling->kept[r] |= had;
		ruling->cuts |= (shown & ~had) != 0;
	}
	/* An update is for what it changes: it goes whole, or not at all. */
	ruling->minimises = may_keep &&
	    (operation != OPERATION_UPDATE || !ruling->cuts);
	ruling->hides = ruling->minimises;
}

void
provision_judge(
    const struct provision_asked *asked, struct provision_ruling *ruling)
{
	const struct disclosure *disclosure = asked->disclosure;
	enum verdict outcome = disclosure_outcome(disclosure).verdict;
	enum operation operation = record_operation(asked->record);

	*ruling = (struct provision_ruling){.stopped = 0};
	if (!stops_any(asked->provision->stops) ||
	    outcome == VERDICT_REFUSE || provision_is_duty(disclosure))
		return;
	ruling->stopped = stops_roles(asked->provision->stops, asked->record);
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		ruling->kept[r] = provision_of_nobody();
		if (outcome != VERDICT_HOLD &&
		    fields_shown(disclosure, (enum role)r) == 0)
			ruling->stopped &= ~(1u << r);
	}
	if (ruling->stopped == 0)
		return;
	switch (asked->way) {
	case PROVISION_PUBLISHED:
		ruling->minimises = ruling->cuts = true;
		break;
	case PROVISION_ANSWERED:
		ruling->cuts = true;
		break;
	case PROVISION_SENT:
		/* What is held has no values yet, and is decided once more. */
		if (outcome != VERDICT_HOLD)
			judge_sent(asked, ruling);
		else if (operation == OPERATION_RENEW ||
		    operation == OPERATION_DELETE)
			ruling->stopped = 0;
		else
			ruling->cuts = true;
		break;
	}
}
