/*
 * contact:create and contact:update.  A contact has neither TLD nor role of
 * its own, so it is judged by the strictest of all it may come to stand in
 * (core/decide.h); an update is judged on the record it makes.
 */
#include "core/place.h"
#include "filter_priv.h"

/* In the order they are fetched. */
enum { THE_CONTACT, ITS_PLACES, UNSEEN, FETCHED };

struct decide_scope
contact_scope(const struct upstream *upstream, struct slice id,
    const struct epp_hints *hints)
{
	const struct conf_pattern *pattern = conf_pattern(upstream->conf, id);
	struct decide_scope scope = {.recipient = upstream->recipient,
	    .roles = hints->roles,
	    .object = hints->domain,
	    .suffix = hints->tld};

	if (scope.roles == 0 && pattern != NULL)
		scope.roles = pattern->roles;
	if (scope.roles == 0)
		scope.roles = upstream->conf->roles;
	if (scope.object.len == 0 && scope.suffix.len == 0 && pattern != NULL)
		scope.suffix = pattern->suffix;
	return scope;
}

/* The same person, under the name the vault knows. */
struct record *
contact_record(struct command *command, struct fail *fail)
{
	const struct epp_command *epp = command->epp;
	struct record *record =
	    epp_contact_record(epp, command->arena, fail);
	struct slice name =
	    command_object_name(command, epp->id, command->arena);

	if (record == NULL || name.data == NULL ||
	    !record_set_object(record, name, fail) ||
	    !record_date_consents(record,
		filter_now(command->session->upstream->filter) / 1000, fail))
		return NULL;
	return record;
}

static struct slice
scope_text(const struct decide_scope *scope)
{
	return scope->object.len != 0 ? scope->object : scope->suffix;
}

/* Passed as it was, or never seen: the registry has all of it. */
static void
show_all(const struct upstream *upstream, const struct record *record,
    struct epp_facts *facts)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (record_values(record, CONTACT_ROLE, (enum field)f).count)
			facts->shown.passed |= (uint64_t)1 << f;
	if (upstream->manner.publishes)
		facts->shown.published |= facts->shown.passed;
}

void
contact_presume(const struct upstream *upstream, struct slice id,
    const struct record *record, struct epp_facts *facts)
{
	const struct epp_hints nothing = {0};
	struct decide_scope scope = contact_scope(upstream, id, &nothing);

	facts->roles = scope.roles;
	facts->scope = scope_text(&scope);
	show_all(upstream, record, facts);
}

/*
 * What it was told to be for at its creation holds on, and what earlier domain
 * commands made of it holds, too.  Where nobody told a TLD, these are all of
 * them, if there can be no others.
 */
static void
add_known(struct command *command, const struct epp_facts *before,
    struct decide_scope *scope)
{
	const struct places *places = command->places;

	if (before != NULL && before->given) {
		if (command->epp->hints.roles == 0)
			scope->roles = before->roles;
		if (scope_text(scope).len == 0 && before->scope.len != 0) {
			if (before->scope.data[0] == '.')
				scope->suffix = before->scope;
			else
				scope->object = before->scope;
		}
	}
	if (places == NULL)
		return;
	scope->places = places->items;
	scope->place_count = places->count;
	scope->is_placed = places->since != 0 && places->count != 0 &&
			   scope_text(scope).len == 0;
}

/*
 * An update brings what its frame names, and what the registry has may stay;
 * of nothing else that the record holds does the entry say that it went.
 * NULL: no limit.
 */
static const uint64_t *
limit_to_frame(const struct command *command, uint64_t limit[ROLE_COUNT])
{
	const struct shown *held = command->shown;

	if (command->epp->verb != EPP_UPDATE || held == NULL ||
	    command->session->upstream->conf->shadows)
		return NULL;
	memset(limit, 0, ROLE_COUNT * sizeof(*limit));
	limit[CONTACT_ROLE] =
	    command->named | held->passed | held->altered | held->published;
	return limit;
}

static void
decide_it(struct command *command)
{
	struct upstream *upstream = command->session->upstream;
	struct filter *filter = upstream->filter;
	const struct epp_facts *before = record_epp(command->record);
	struct decide_scope scope =
	    contact_scope(upstream, command->epp->id, &command->epp->hints);
	uint64_t limit[ROLE_COUNT];
	struct decide_given given = {.approved = command->approved,
	    .limit = limit_to_frame(command, limit)};
	struct epp_facts facts = {.given = true,
	    .client = slice_from(command->session->client),
	    .created = filter_now(filter) / 1000,
	    .made = command->epp->verb == EPP_CREATE};
	struct decision decision = {
	    .scope = &scope, .given = &given, .store = KEEP_RECORD};
	struct fail fail;

	fail_clear(&fail);
	if (before != NULL && before->given)
		facts = *before;
	add_known(command, before, &scope);
	if (!filter_random(filter, given.random, &fail) ||
	    !conf_presume_kind(upstream->conf, command->record,
		command->epp->id, &fail)) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	decision.disclosure = decide_contact(filter->ruleset, &scope,
	    command->record, &given, command->arena, &fail);
	if (decision.disclosure == NULL) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	facts.shown = decide_shown(decision.disclosure, CONTACT_ROLE);
	if (upstream->conf->shadows)
		show_all(upstream, command->record, &facts);
	facts.roles = scope.roles;
	facts.scope = scope_text(&scope);
	if (!record_set_epp(command->record, &facts, &fail)) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	command->object = (struct keeper_object){
	    OBJECT_CONTACT, record_object(command->record)};
	if (command->epp->verb == EPP_UPDATE)
		decision.seen = command->held[THE_CONTACT].seen;
	command_commit(command, &decision);
}

static bool
is_changed(
    const struct record *stored, const struct record *merged, enum field field)
{
	struct values was = record_values(stored, CONTACT_ROLE, field);
	struct values is = record_values(merged, CONTACT_ROLE, field);

	return was.count != is.count ||
	       (was.count != 0 && !slice_equal(was.items[0], is.items[0]));
}

/* Which address does the frame bring, if it is one? */
static bool
brings_one_address(const struct epp_contact *contact, bool *loc)
{
	size_t count = 0;

	for (size_t i = 0; i < contact->postal_count; i++) {
		const struct epp_postal *postal = &contact->postals[i];

		if (postal->addr.at == postal->addr.end)
			continue;
		*loc = postal->loc;
		count++;
	}
	return count == 1;
}

static bool
has_address(const struct record *record, bool loc)
{
	static const enum field parts[2][3] = {
	    {FIELD_STREET_INT, FIELD_CITY_INT, FIELD_STATE_INT},
	    {FIELD_STREET_LOC, FIELD_CITY_LOC, FIELD_STATE_LOC}};

	for (size_t i = 0; i < 3; i++)
		if (record_values(record, CONTACT_ROLE, parts[loc][i]).count)
			return true;
	return false;
}

bool
contact_forms_agree(struct command *command, const struct record *stored)
{
	const struct record *merged = command->record;
	bool loc;

	if (command->session->upstream->conf->shadows ||
	    !brings_one_address(command->epp->contact, &loc) ||
	    !has_address(stored, !loc) ||
	    (!is_changed(stored, merged, FIELD_POSTCODE) &&
		!is_changed(stored, merged, FIELD_COUNTRY)))
		return true;
	command_answer(command, EPP_VALUE,
	    "the postcode and country of int and loc would differ, of which "
	    "misu keeps one: change both addresses in one update");
	return false;
}

static void
merge_with(struct command *command, const struct record *stored)
{
	const struct epp_facts *facts = record_epp(stored);
	struct fail fail = FAIL_INIT;
	uint64_t present, removed;

	if (facts != NULL && facts->given)
		command->shown = &facts->shown;
	record_fields(command->record, CONTACT_ROLE, &present, &removed);
	command->named = present | removed;
	command->record =
	    record_merge(command->arena, stored, command->record, &fail);
	if (command->record == NULL)
		command_answer_fail(command, EPP_FAILED, &fail);
	else if (contact_forms_agree(command, stored))
		decide_it(command);
}

/* What it shows says what became of a change whose answer was lost. */
static void
settled(struct command *command, struct record *found)
{
	const struct record *stored =
	    doubt_settle(command, THE_CONTACT, found);

	if (stored == NULL)
		command_answer(command, EPP_FAILED, "out of memory");
	else
		merge_with(command, stored);
}

/* Not in the vault: what the registry holds is the record. */
static void
inquired(struct command *command, struct record *found)
{
	if (found != NULL)
		merge_with(command, found);
	else if (command->session->upstream->conf->shadows)
		decide_it(command);
	else
		command_answer(command, EPP_POLICY,
		    "misu knows no such contact to judge the change by, and "
		    "the registry does not show it; misuctl import, or send "
		    "it whole by contact:create");
}

static void
update_fetched(struct command *command)
{
	const struct record *held = command_held(command, THE_CONTACT);
	struct places *places = arena_take(command->arena, sizeof(*places));
	const struct record *unseen;

	if (places == NULL) {
		command_answer(command, EPP_FAILED, "out of memory");
		return;
	}
	place_read(command->held[ITS_PLACES].current,
	    command->held[THE_CONTACT].current, places);
	/* A frame that nobody read may have named it, say. */
	unseen = command->held[UNSEEN].current;
	if (unseen != NULL && record_epp(unseen)->created >= places->since)
		places->since = 0;
	command->places = places;

	if (tenant_of(command, THE_CONTACT) != TENANT_OWN)
		tenant_refuse(command);
	else if (held == NULL)
		command_inquire(
		    command, EPP_CONTACT, command->epp->id, inquired);
	else if (doubt_wants_info(command, THE_CONTACT))
		command_inquire(
		    command, EPP_CONTACT, command->epp->id, settled);
	else
		merge_with(command, held);
}

void
contact_start(struct command *command)
{
	struct keeper_object objects[FETCHED];
	struct fail fail;

	fail_clear(&fail);
	command->places = NULL;
	command->record = contact_record(command, &fail);
	if (command->record == NULL) {
		command_answer_fail(command,
		    fail.kind == FAIL_INPUT ? EPP_VALUE : EPP_FAILED, &fail);
		return;
	}
	if (command->epp->verb == EPP_CREATE) {
		decide_it(command);
		return;
	}
	objects[THE_CONTACT] = (struct keeper_object){
	    OBJECT_CONTACT, record_object(command->record)};
	objects[ITS_PLACES] = (struct keeper_object){OBJECT_CONTACT,
	    place_name(command->arena, record_object(command->record))};
	objects[UNSEEN] = (struct keeper_object){OBJECT_HOST,
	    place_mark_name(command->arena,
		slice_from(command->session->upstream->name))};
	command_fetch(command, objects, FETCHED, update_fetched);
}
