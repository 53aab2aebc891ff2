/*
 * A recipient that EPP reaches: is what the policy asks one thing for each
 * frame, and can a contact say it?
 */
#include "base/text.h"
#include "conf_priv.h"

enum { WHOLE_MAX = 8 };

/* What <contact:disclose> knows only as a whole: <addr>, <voice>, <fax>. */
static const struct whole {
	enum field fields[WHOLE_MAX];
	size_t count;
} wholes[] = {
    {{FIELD_STREET_LOC, FIELD_STREET_INT, FIELD_CITY_LOC, FIELD_CITY_INT,
	 FIELD_STATE_LOC, FIELD_STATE_INT, FIELD_POSTCODE, FIELD_COUNTRY},
	8},
    {{FIELD_PHONE, FIELD_PHONE_EXT}, 2},
    {{FIELD_FAX, FIELD_FAX_EXT}, 2},
};

static bool
is_one_of(enum field field, const enum field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fields[i] == field)
			return true;
	return false;
}

bool
conf_epp_demands(enum field field)
{
	static const enum field demanded[] = {FIELD_NAME_LOC, FIELD_NAME_INT,
	    FIELD_CITY_LOC, FIELD_CITY_INT, FIELD_COUNTRY, FIELD_EMAIL};

	return is_one_of(field, demanded, sizeof(demanded) / sizeof(*demanded));
}

static bool
has_placeholder(const struct conf_recipient *recipient, enum role role,
    enum field field)
{
	const struct placeholders *all = &recipient->placeholders;

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].field == field &&
		    (recipient->channel == CHANNEL_EPP ||
			all->items[i].role == role))
			return true;
	return false;
}

bool
conf_needs_value(
    const struct conf_recipient *recipient, enum role role, enum field field)
{
	switch (recipient->channel) {
	case CHANNEL_EPP:
		return field == FIELD_HANDLE ||
		    (conf_epp_demands(field) &&
			!has_placeholder(recipient, role, field));
	case CHANNEL_FILE:
		return template_demands(recipient->template, role, field) &&
		    !has_placeholder(recipient, role, field);
	case CHANNEL_DESK:
	case CHANNEL_VIEW:
	case CHANNEL_COUNT:
		break;
	}
	return false;
}

static bool
is_epp_role(enum role role)
{
	return (EPP_ROLES & 1 << role) != 0;
}

/* Name servers, keys and authInfo stand in the domain, whoever they are of. */
static bool
is_of_domain(enum field field)
{
	return field == FIELD_DOMAIN || field == FIELD_NS ||
	       field == FIELD_DS || field == FIELD_AUTH_INFO;
}

static bool
is_of_contact(enum role role, enum field field)
{
	return is_epp_role(role) && !is_of_domain(field) &&
	       field_info[field].epp[0] != '-';
}

static bool
passes(const struct conf_checked *check, enum role role, enum field field)
{
	return (check->ever[SLOT(role, field)] & SLOT_PASSES) != 0;
}

static bool
is_unspoken(const struct conf_checked *check, enum role role, enum field field)
{
	return passes(check, role, field) && !is_of_domain(field) &&
	       !is_of_contact(role, field);
}

static bool
is_prohibited(
    const struct conf_checked *check, enum role role, enum field field)
{
	return passes(check, role, field) && !is_of_domain(field);
}

/* An id names a contact; no registry is asked to hide it. */
static bool
is_hidden(const struct conf_checked *check, enum role role, enum field field)
{
	return field != FIELD_HANDLE && is_of_contact(role, field) &&
	       (check->ever[SLOT(role, field)] & SLOT_HIDDEN) != 0;
}

static bool
may_be_redacted(unsigned ever)
{
	return (ever & SLOT_PASSES) == 0 || (ever & SLOT_REDACTS) != 0;
}

/* A placeholder has no role: what one role redacts another's contact shows. */
static bool
lacks_placeholder(
    const struct conf_checked *check, enum role role, enum field field)
{
	return is_epp_role(role) && conf_epp_demands(field) &&
	       may_be_redacted(check->ever[SLOT(role, field)]) &&
	       !conf_check_has_placeholder(check, CONTACT_ROLE, field);
}

/* Each field once: its placeholder is for all roles. */
static void
check_placeholders(struct conf_checked *check)
{
	struct text text = text_start(check->arena);

	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		bool lacks = false;

		for (unsigned j = 0; j < ROLE_COUNT; j++)
			lacks = lacks || lacks_placeholder(check, (enum role)j,
					     (enum field)i);
		if (lacks)
			text_add_format(&text, "%s%s",
			    text.len == 0 ? "" : ", ", field_info[i].name);
	}
	if (text.failed)
		check->complaints->failed = true;
	if (text.len != 0)
		conf_check_say(check, check->channel->place,
		    CONF_EPP_PLACEHOLDER, text_slice(&text));
}

/* The two forms of an address are hidden apart; a country is in both. */
static bool
go_together(enum field one, enum field two)
{
	return field_info[one].form == FORM_ONE ||
	       field_info[two].form == FORM_ONE ||
	       field_info[one].form == field_info[two].form;
}

static bool
hides_whole(const struct conf_checked *check, enum role role, enum field field,
    const struct whole *whole)
{
	if (!is_one_of(field, whole->fields, whole->count))
		return false;
	for (size_t i = 0; i < whole->count; i++)
		if (is_hidden(check, role, whole->fields[i]) &&
		    go_together(field, whole->fields[i]))
			return true;
	return false;
}

static bool
is_hidden_with(
    const struct conf_checked *check, enum role role, enum field field)
{
	if (!is_epp_role(role) || !passes(check, role, field) ||
	    is_hidden(check, role, field))
		return false;
	for (size_t i = 0; i < sizeof(wholes) / sizeof(*wholes); i++)
		if (hides_whole(check, role, field, &wholes[i]))
			return true;
	return false;
}

static bool
is_first(const struct conf_checked *check, unsigned number)
{
	const struct block *one = ruleset_block(check->ruleset, number);

	for (unsigned i = 0; i < number; i++) {
		const struct block *other = ruleset_block(check->ruleset, i);

		if (other->recipient == check->index && !other->on_request &&
		    other->type == OBJECT_DOMAIN &&
		    slice_equal(other->purpose, one->purpose))
			return false;
	}
	return true;
}

/* A frame says of no purpose: there must be one, and domains only. */
static void
check_blocks(struct conf_checked *check)
{
	size_t count = ruleset_block_count(check->ruleset);
	unsigned purposes = 0;
	char printed[16];

	for (unsigned i = 0; i < count; i++) {
		const struct block *block = ruleset_block(check->ruleset, i);

		if (block->recipient != check->index)
			continue;
		if (block->type != OBJECT_DOMAIN)
			conf_check_say(check, check->channel->place,
			    CONF_EPP_OBJECT,
			    slice_from(object_type_name(block->type)));
		else if (!block->on_request && is_first(check, i))
			purposes++;
	}
	snprintf(printed, sizeof(printed), "%u", purposes);
	if (purposes != 1)
		conf_check_say(check, check->channel->place, CONF_EPP_PURPOSES,
		    slice_from(printed));
}

void
conf_check_epp(struct conf_checked *check)
{
	const struct conf_upstream *upstream =
	    conf_upstream(check->conf, check->channel->upstream);

	check_blocks(check);
	if (upstream->contacts == CONTACTS_PROHIBITED) {
		conf_check_slots(check, CONF_EPP_PROHIBITED, is_prohibited);
		return;
	}
	conf_check_slots(check, CONF_EPP_UNSPOKEN, is_unspoken);
	check_placeholders(check);
	if (upstream->disclose == EPP_DISCLOSE_SUPPORTED)
		conf_check_slots(check, CONF_EPP_COARSE, is_hidden_with);
	else
		conf_check_slots(check, CONF_EPP_HIDDEN, is_hidden);
}

unsigned
conf_epp_redacts(
    const struct ruleset *ruleset, struct slice recipient, enum field field)
{
	size_t count = ruleset_block_count(ruleset);
	unsigned index, passed = 0, redacted = 0, has_block = 0;

	if (!ruleset_find_recipient(ruleset, recipient, &index))
		return 0;
	for (unsigned n = 0; n < count; n++) {
		const struct block *block = ruleset_block(ruleset, n);

		if (block->recipient != index || block->type != OBJECT_DOMAIN)
			continue;
		has_block = EPP_ROLES;
		for (unsigned i = 0; i < ROLE_COUNT; i++) {
			unsigned ever = ruleset_slot_ever(
			    ruleset, block, (enum role)i, field);

			passed |= (ever & SLOT_PASSES) != 0 ? 1u << i : 0;
			redacted |= (ever & SLOT_REDACTS) != 0 ? 1u << i : 0;
		}
	}
	return (redacted | ~passed) & has_block;
}
