/*
 * domain:create and domain:update.  A link is a disclosure: a contact that
 * comes to stand in a role, under this name, must show no more there than the
 * policy lets it.  What the rules ask of the other persons of the domain is
 * known from the contacts' own records.
 *
 *	stored domain -> its links after the command -> their contacts
 *	    -> one record with all persons -> decided -> each new link judged
 *
 * An update that touches no link shows the registry nobody.  Where misu does
 * not know who stands in the domain it passes, under an entry as a host's:
 * rules that ask for a person would be true of nobody.
 */
#include "base/text.h"
#include "core/policy_tree.h"
#include "filter_priv.h"

enum { SEATS_MAX = KEEPER_OBJECTS_MAX };

/* One contact in one role, once the command is done. */
struct seat {
	enum role role;
	struct slice id;
	bool is_new;
	size_t object; /* index of its contact in `contacts` */
};

struct domain_work {
	struct record *stored; /* NULL: nothing is known */
	struct seat seats[SEATS_MAX];
	size_t count;
	struct slice ids[SEATS_MAX]; /* distinct contacts */
	struct record *contacts[SEATS_MAX];
	size_t contact_count;
	size_t asking; /* the contact that the registry is asked for */
	size_t turn;   /* which of each role is judged and recorded */
	uint64_t seen; /* of the first fetch, of itself or the contacts */
};

/* --- which contacts stand where --- */

static bool
add_seat(struct domain_work *work, enum role role, struct slice id, bool new)
{
	size_t at = 0;

	for (size_t i = 0; i < work->count; i++)
		if (work->seats[i].role == role &&
		    slice_equal(work->seats[i].id, id))
			return true;
	while (at < work->contact_count && !slice_equal(work->ids[at], id))
		at++;
	if (work->count == SEATS_MAX || at == SEATS_MAX)
		return false;
	if (at == work->contact_count)
		work->ids[work->contact_count++] = id;
	work->seats[work->count++] =
	    (struct seat){.role = role, .id = id, .is_new = new, .object = at};
	return true;
}

static bool
is_removed(const struct epp_domain *domain, enum role role, struct slice id)
{
	for (size_t i = 0; i < domain->link_count; i++) {
		const struct epp_link *link = &domain->links[i];

		if (link->role != role)
			continue;
		if (link->change == EPP_LINK_SET && role == ROLE_REGISTRANT)
			return true;
		if (link->change == EPP_LINK_REMOVE &&
		    slice_equal(link->id, id))
			return true;
	}
	return false;
}

static bool
find_seats(struct domain_work *work, const struct epp_domain *domain)
{
	static const enum role roles[] = {
	    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};

	for (size_t i = 0; i < domain->link_count; i++) {
		const struct epp_link *link = &domain->links[i];

		if (link->change != EPP_LINK_REMOVE && link->id.len != 0 &&
		    !add_seat(work, link->role, link->id, true))
			return false;
	}
	for (size_t r = 0; work->stored != NULL && r < 4; r++) {
		struct values handles =
		    record_values(work->stored, roles[r], FIELD_HANDLE);

		for (size_t i = 0; i < handles.count; i++)
			if (!is_removed(domain, roles[r], handles.items[i]) &&
			    !add_seat(work, roles[r], handles.items[i], false))
				return false;
	}
	return true;
}

/* --- the record that is judged, and the one that is kept --- */

static const struct seat *
seat_of(const struct domain_work *work, enum role role, size_t nth)
{
	for (size_t i = 0; i < work->count; i++)
		if (work->seats[i].role == role && nth-- == 0)
			return &work->seats[i];
	return NULL;
}

static bool
set_servers(struct record *record, const struct domain_work *work,
    const struct epp_domain *domain, struct fail *fail)
{
	struct values kept = {NULL, 0};

	if (work->stored != NULL)
		kept = record_values(work->stored, ROLE_SUBSCRIBER, FIELD_NS);
	if (domain->server_count != 0)
		return record_set(record, ROLE_SUBSCRIBER, FIELD_NS,
		    domain->servers, domain->server_count, fail);
	return kept.count == 0 || record_set(record, ROLE_SUBSCRIBER, FIELD_NS,
				      kept.items, kept.count, fail);
}

/*
 * Is it a person who came by HTTP, not as a contact over EPP, and stays where
 * it stands?
 */
static bool
stays(const struct domain_work *work, enum role role)
{
	struct values ids = record_values(work->stored, role, FIELD_HANDLE);
	uint64_t present, removed;
	size_t count = 0;

	record_fields(work->stored, role, &present, &removed);
	if (role == ROLE_SUBSCRIBER ||
	    (present & ~FIELD_BIT(FIELD_HANDLE)) == 0)
		return false;
	while (seat_of(work, role, count) != NULL)
		if (seat_of(work, role, count++)->is_new)
			return false;
	return count == ids.count;
}

/* The nth contact of each role stands for it; the first where there is none. */
static struct record *
judged_record(struct command *command, size_t nth, struct fail *fail)
{
	const struct domain_work *work = command->domain;
	const struct epp_domain *domain = command->epp->domain;
	struct record *record = record_create(command->arena, OBJECT_DOMAIN,
	    command->epp->verb == EPP_CREATE ? OPERATION_CREATE
					     : OPERATION_UPDATE,
	    domain->name, fail);
	static const enum role roles[] = {
	    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};

	if (record == NULL)
		return NULL;
	for (size_t r = 0; r < 4; r++) {
		const struct seat *seat = seat_of(work, roles[r], nth);
		const struct record *contact;

		if (seat == NULL)
			seat = seat_of(work, roles[r], 0);
		contact = seat != NULL ? work->contacts[seat->object] : NULL;
		if (contact != NULL) {
			if (!record_copy_person(
				record, roles[r], contact, CONTACT_ROLE, fail))
				return NULL;
		} else if (work->stored != NULL &&
			   (seat == NULL || stays(work, roles[r])) &&
			   record_has_role(work->stored, roles[r]) &&
			   !record_copy_role(
			       record, work->stored, roles[r], fail)) {
			return NULL;
		}
	}
	return set_servers(record, work, domain, fail) ? record : NULL;
}

/* Who stands where, and the servers: the persons are in their contacts. */
static struct record *
kept_record(
    struct command *command, const struct record *judged, struct fail *fail)
{
	const struct domain_work *work = command->domain;
	struct filter *filter = command->session->upstream->filter;
	const struct epp_facts *before =
	    work->stored != NULL ? record_epp(work->stored) : NULL;
	struct epp_facts facts = {.given = true,
	    .client = slice_from(command->session->client),
	    .created = filter_now(filter) / 1000};
	struct record *record = record_create(command->arena, OBJECT_DOMAIN,
	    record_operation(judged), record_object(judged), fail);

	if (record == NULL)
		return NULL;
	if (before != NULL && before->given)
		facts = *before;
	for (size_t i = 0; i < work->count; i++)
		if (!record_add_value(record, work->seats[i].role, FIELD_HANDLE,
			work->seats[i].id, fail))
			return NULL;
	if (record_has_role(judged, ROLE_SUBSCRIBER) &&
	    !record_copy_role(record, judged, ROLE_SUBSCRIBER, fail))
		return NULL;
	for (unsigned r = 0; work->stored != NULL && r < ROLE_COUNT; r++)
		if (stays(work, (enum role)r) &&
		    !record_copy_role(record, work->stored, (enum role)r, fail))
			return NULL;
	return record_set_epp(record, &facts, fail) &&
		       command_keep_statuses(
			   command, work->stored, record, fail)
		   ? record
		   : NULL;
}

/* --- judging --- */

static const struct block *
block_for(const struct command *command, const struct record *record)
{
	const struct upstream *upstream = command->session->upstream;
	const struct ruleset *ruleset = upstream->filter->ruleset;
	const struct block *blocks[64];
	size_t count = ruleset_match(ruleset, record, blocks, 64);

	for (size_t i = 0; i < count && i < 64; i++)
		if (blocks[i]->recipient == upstream->recipient &&
		    !blocks[i]->on_request)
			return blocks[i];
	return NULL;
}

/* What the registry holds of the contacts that come to stand here. */
static void
limit_to_links(
    const struct command *command, size_t nth, uint64_t limit[ROLE_COUNT])
{
	const struct domain_work *work = command->domain;
	const struct conf_upstream *conf = command->session->upstream->conf;

	memset(limit, 0, ROLE_COUNT * sizeof(*limit));
	if (command->epp->domain->server_count != 0)
		limit[ROLE_SUBSCRIBER] = (uint64_t)1 << FIELD_NS;
	if (conf->contacts == CONTACTS_PROHIBITED)
		return;
	for (size_t i = 0; i < work->count; i++) {
		const struct seat *seat = &work->seats[i];
		const struct record *contact = work->contacts[seat->object];
		const struct epp_facts *facts =
		    contact != NULL ? record_epp(contact) : NULL;

		if (seat->is_new && facts != NULL &&
		    seat == seat_of(work, seat->role, nth))
			limit[seat->role] = facts->shown.passed;
	}
}

static void
answer_unknown(struct command *command, const struct seat *seat)
{
	command_answer(command, EPP_POLICY,
	    "misu knows no contact %.*s, and the registry does not show it: "
	    "what %s would show is not known",
	    SLICE_ARG(seat->id), seat->is_new ? "the link" : "the domain");
}

/* Has the registry contacts, and is it to get only what may go there? */
static bool
judges(const struct command *command)
{
	const struct conf_upstream *conf = command->session->upstream->conf;

	return conf->contacts != CONTACTS_PROHIBITED && !conf->shadows;
}

static bool
is_known(const struct domain_work *work, const struct seat *seat)
{
	return work->contacts[seat->object] != NULL ||
	       (!seat->is_new && stays(work, seat->role));
}

/*
 * Who is not known makes rules match that name another cause.  False if the
 * command goes, or is answered, without them.
 */
static bool
knows_all(struct command *command)
{
	const struct domain_work *work = command->domain;

	for (size_t i = 0; judges(command) && i < work->count; i++) {
		const struct seat *seat = &work->seats[i];

		if (is_known(work, seat))
			continue;
		if (command->epp->domain->link_count == 0)
			object_start(command);
		else
			answer_unknown(command, seat);
		return false;
	}
	return true;
}

static bool decide_nth(struct command *command, size_t nth,
    struct decision *decision, struct decide_given *given);

/* An entry says so, as of all that is refused. */
static void
refuse_link(struct command *command, size_t nth, const struct seat *seat)
{
	const struct record *contact =
	    command->domain->contacts[seat->object];
	uint64_t limit[ROLE_COUNT];
	struct decide_given given = {.approved = command->approved,
	    .limit = limit,
	    .link = &record_epp(contact)->shown,
	    .link_role = seat->role};
	struct decision decision = {.given = &given, .store = KEEP_NOTHING};
	struct fail fail = FAIL_INIT;

	command->more = NULL;
	if (!filter_random(
		command->session->upstream->filter, given.random, &fail))
		command_answer_fail(command, EPP_FAILED, &fail);
	else if (decide_nth(command, nth, &decision, &given))
		command_commit(command, &decision);
}

/* True if it may stand there; else it is refused, or is being updated. */
static bool
judge_link(struct command *command, const struct disclosure *disclosure,
    const struct seat *seat, size_t nth)
{
	struct text text = text_start(command->arena);
	const struct domain_work *work = command->domain;
	const struct conf_upstream *conf = command->session->upstream->conf;
	const struct record *contact = work->contacts[seat->object];
	const struct epp_facts *facts =
	    contact != NULL ? record_epp(contact) : NULL;
	enum field field;
	struct ruling ruling;

	if (contact == NULL || facts == NULL) {
		answer_unknown(command, seat);
		return false;
	}
	if (decide_link(disclosure, seat->role, &facts->shown, &field, &ruling))
		return true;
	if (conf->on_link == ON_LINK_UPDATE && seat->is_new) {
		command_update_contact(command,
		    &(struct link){seat->role, seat->id, work->seen},
		    work->contacts[seat->object], domain_start);
		return false;
	}
	text_add_format(&text,
	    "as %s of %.*s, contact %.*s would show its %s, which rule %u "
	    "does not let through; use another contact, or set on-link update",
	    role_name(seat->role), SLICE_ARG(command->epp->domain->name),
	    SLICE_ARG(seat->id), field_info[field].name, ruling.rule);
	command->refusal = text_slice(&text);
	refuse_link(command, nth, seat);
	return false;
}

static bool
judge_links(
    struct command *command, const struct disclosure *disclosure, size_t nth)
{
	const struct domain_work *work = command->domain;
	const struct conf_upstream *conf = command->session->upstream->conf;

	if (conf->contacts == CONTACTS_PROHIBITED || conf->shadows ||
	    disclosure_outcome(disclosure).verdict != VERDICT_FORWARD)
		return true;
	for (size_t i = 0; i < work->count; i++) {
		const struct seat *seat = &work->seats[i];
		const struct seat *own = seat_of(work, seat->role, nth);

		/* The others of a role are judged in a turn of their own. */
		if (!seat->is_new || seat != own)
			continue;
		if (!judge_link(command, disclosure, seat, nth))
			return false;
	}
	return true;
}

/* Does anybody new stand there as the nth of a role? */
static bool
has_nth(const struct domain_work *work, size_t nth)
{
	for (size_t i = 0; i < work->count; i++)
		if (work->seats[i].is_new &&
		    &work->seats[i] == seat_of(work, work->seats[i].role, nth))
			return true;
	return false;
}

/* Decide with the nth contact of each role; false if it was answered. */
static bool
decide_nth(struct command *command, size_t nth, struct decision *decision,
    struct decide_given *given)
{
	struct filter *filter = command->session->upstream->filter;
	struct fail fail = FAIL_INIT;

	command->record = judged_record(command, nth, &fail);
	if (command->record == NULL) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return false;
	}
	decision->block = block_for(command, command->record);
	if (decision->block == NULL) {
		command_answer(command, EPP_POLICY,
		    "no block of the policy sends this name to this registry");
		return false;
	}
	limit_to_links(command, nth, (uint64_t *)(uintptr_t)given->limit);
	decision->disclosure = decide(filter->ruleset, decision->block,
	    command->record, given, command->arena, &fail);
	if (decision->disclosure == NULL) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return false;
	}
	return true;
}

/*
 * One entry for each turn: where several contacts stand in a role, the later
 * ones first.  The first turn's is the one that the domain's record rides in.
 */
static void
commit_turn(struct command *command)
{
	struct domain_work *work = command->domain;
	uint64_t limit[ROLE_COUNT];
	struct decide_given given = {
	    .approved = command->approved, .limit = limit};
	struct decision decision = {.given = &given, .store = KEEP_NOTHING};
	struct fail fail = FAIL_INIT;

	if (!filter_random(
		command->session->upstream->filter, given.random, &fail)) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	if (!decide_nth(command, work->turn, &decision, &given))
		return;
	command->more = work->turn != 0 ? commit_turn : NULL;
	if (work->turn-- == 0) {
		decision.store = KEEP_RECORD;
		decision.seen = work->seen;
		decision.stored = kept_record(command, command->record, &fail);
		if (decision.stored == NULL) {
			command_answer_fail(command, EPP_FAILED, &fail);
			return;
		}
		command->object = (struct keeper_object){
		    OBJECT_DOMAIN, record_object(decision.stored)};
	}
	command_commit(command, &decision);
}

/* Every turn is judged before the first entry is written. */
static void
decide_it(struct command *command)
{
	struct domain_work *work = command->domain;
	uint64_t limit[ROLE_COUNT];
	struct decide_given given = {
	    .approved = command->approved, .limit = limit};
	struct decision decision = {.given = &given};
	size_t turns = 1;

	if (!knows_all(command))
		return;
	while (has_nth(work, turns))
		turns++;
	work->turn = 0;
	for (size_t nth = turns; nth-- > 0;) {
		if (!decide_nth(command, nth, &decision, &given) ||
		    !judge_links(command, decision.disclosure, nth))
			return;
		/* The strictest word is the whole command's. */
		if (disclosure_outcome(decision.disclosure).verdict !=
			VERDICT_FORWARD &&
		    !command->session->upstream->conf->shadows) {
			work->turn = nth;
			turns = 0;
			break;
		}
	}
	if (turns != 0)
		work->turn = turns - 1;
	commit_turn(command);
}

/* --- what must be known first --- */

/* Does this contact come to stand where it did not? */
static bool
is_new_somewhere(const struct domain_work *work, size_t contact)
{
	for (size_t i = 0; i < work->count; i++)
		if (work->seats[i].object == contact && work->seats[i].is_new)
			return true;
	return false;
}

static bool
stands_unknown(const struct domain_work *work, size_t contact)
{
	for (size_t i = 0; i < work->count; i++)
		if (work->seats[i].object == contact &&
		    !is_known(work, &work->seats[i]))
			return true;
	return false;
}

static void look_for_next(struct command *command);

static void
inquired(struct command *command, struct record *found)
{
	struct domain_work *work = command->domain;
	const struct conf_upstream *conf = command->session->upstream->conf;
	size_t i = work->asking++;
	struct fail fail = FAIL_INIT;

	if (work->contacts[i] != NULL)
		found = doubt_settle(command, i, found);
	work->contacts[i] = found;
	if (found != NULL &&
	    !conf_presume_kind(conf, found, work->ids[i], &fail))
		command_answer_fail(command, EPP_FAILED, &fail);
	else
		look_for_next(command);
}

/* Of one that is updated before the link it matters what the registry has. */
static bool
must_ask(const struct command *command, size_t i)
{
	const struct domain_work *work = command->domain;
	const struct conf_upstream *conf = command->session->upstream->conf;

	if (!is_new_somewhere(work, i))
		return judges(command) && stands_unknown(work, i);
	return conf->contacts != CONTACTS_PROHIBITED &&
	       (work->contacts[i] == NULL ||
		   (conf->on_link == ON_LINK_UPDATE &&
		       doubt_wants_info(command, i)));
}

/* A contact that is not known, or a new link's not for sure, is asked for. */
static void
look_for_next(struct command *command)
{
	struct domain_work *work = command->domain;

	for (; work->asking < work->contact_count; work->asking++)
		if (must_ask(command, work->asking)) {
			command_inquire(command, EPP_CONTACT,
			    work->ids[work->asking], inquired);
			return;
		}
	decide_it(command);
}

/* Where the registry has them: nobody's contact, or another backend's? */
static bool
may_name(struct command *command)
{
	const struct domain_work *work = command->domain;

	for (size_t i = 0; i < work->contact_count; i++) {
		enum tenancy tenancy = tenant_of(command, i);

		if (tenancy == TENANT_OTHER ||
		    (tenancy == TENANT_NOBODY && is_new_somewhere(work, i))) {
			command_answer(command, EPP_AUTHORIZATION,
			    "a contact is not known as an object of %s",
			    command->session->client);
			return false;
		}
	}
	return true;
}

/* Where only misu has contacts, it says what the registry would. */
static bool
may_name_kept(struct command *command)
{
	const struct domain_work *work = command->domain;

	for (size_t i = 0; i < work->contact_count; i++) {
		const struct record *contact = command_held(command, i);

		if (!is_new_somewhere(work, i))
			continue;
		if (contact == NULL) {
			command_answer(command, EPP_NOT_EXISTS,
			    "there is no contact %.*s",
			    SLICE_ARG(work->ids[i]));
			return false;
		}
		if (tenant_is_others(command->session, contact)) {
			command_answer(command, EPP_AUTHORIZATION,
			    "contact %.*s is not %s's", SLICE_ARG(work->ids[i]),
			    command->session->client);
			return false;
		}
	}
	return true;
}

/* These get to know who names them. */
static bool
plan_notes(struct command *command, struct fail *fail)
{
	const struct domain_work *work = command->domain;
	struct record **contacts = arena_take_array(
	    command->arena, work->contact_count, sizeof(*contacts));
	bool any = false;

	if (contacts == NULL)
		return fail_memory(fail);
	for (size_t i = 0; i < work->contact_count; i++) {
		contacts[i] =
		    is_new_somewhere(work, i) ? work->contacts[i] : NULL;
		any = any || contacts[i] != NULL;
	}
	return !any || kept_plan(command, contacts, work->contact_count, fail);
}

static void
contacts_fetched(struct command *command)
{
	struct domain_work *work = command->domain;
	const struct conf_upstream *conf = command->session->upstream->conf;
	bool kept = conf->contacts == CONTACTS_PROHIBITED;
	struct fail fail = FAIL_INIT;

	if (kept && !conf->shadows && !may_name_kept(command))
		return;
	if (!kept && !may_name(command))
		return;
	/* A shadow judges nothing by them. */
	if (!kept && !conf->shadows && work->seen == 0)
		work->seen = command->held[0].seen;
	for (size_t i = 0; i < work->contact_count; i++) {
		work->contacts[i] = command_held(command, i);
		if (work->contacts[i] != NULL &&
		    !conf_presume_kind(
			conf, work->contacts[i], work->ids[i], &fail)) {
			command_answer_fail(command, EPP_FAILED, &fail);
			return;
		}
	}
	if (kept && !plan_notes(command, &fail))
		command_answer_fail(command, EPP_FAILED, &fail);
	else
		look_for_next(command);
}

static void
fetch_contacts(struct command *command)
{
	struct domain_work *work = command->domain;
	struct keeper_object objects[SEATS_MAX];

	if (!find_seats(work, command->epp->domain)) {
		command_answer(command, EPP_RANGE, "more than %d contacts",
		    (int)SEATS_MAX);
		return;
	}
	if (work->contact_count == 0) {
		decide_it(command);
		return;
	}
	for (size_t i = 0; i < work->contact_count; i++)
		objects[i] = (struct keeper_object){OBJECT_CONTACT,
		    command_object_name(command, work->ids[i], command->arena)};
	command_fetch(command, objects, work->contact_count, contacts_fetched);
}

/* What it shows says what became of a change whose answer was lost. */
static void
settled(struct command *command, struct record *found)
{
	command->domain->stored = doubt_settle(command, 0, found);
	if (command->domain->stored == NULL)
		command_answer(command, EPP_FAILED, "out of memory");
	else
		fetch_contacts(command);
}

static void
domain_inquired(struct command *command, struct record *found)
{
	command->domain->stored = found;
	if (found == NULL)
		command_answer(command, EPP_POLICY,
		    "misu knows no domain %.*s, and the registry does not "
		    "show it: who stands there is not known",
		    SLICE_ARG(command->epp->domain->name));
	else
		fetch_contacts(command);
}

static void
domain_fetched(struct command *command)
{
	const struct keeper_held *held = &command->held[0];

	if (tenant_of(command, 0) != TENANT_OWN) {
		tenant_refuse(command);
		return;
	}
	command->domain->seen = held->seen;
	if (doubt_wants_info(command, 0)) {
		command_inquire(command, EPP_DOMAIN,
		    command->epp->domain->name, settled);
		return;
	}
	command->domain->stored =
	    held->proposed != NULL ? held->proposed : held->current;
	if (command->domain->stored != NULL)
		fetch_contacts(command);
	else if (command->epp->domain->link_count == 0)
		object_start(command);
	else if (judges(command))
		command_inquire(command, EPP_DOMAIN,
		    command->epp->domain->name, domain_inquired);
	else
		fetch_contacts(command);
}

void
domain_start(struct command *command)
{
	struct keeper_object object = {.type = OBJECT_DOMAIN};

	command->record = NULL;
	command->kept = NULL;
	command->refusal = (struct slice){NULL, 0};
	command->domain = arena_take(command->arena, sizeof(*command->domain));
	if (command->domain == NULL) {
		command_answer(command, EPP_FAILED, "out of memory");
		return;
	}
	if (command->epp->verb == EPP_CREATE) {
		fetch_contacts(command);
		return;
	}
	object.name = command->epp->domain->name;
	command_fetch(command, &object, 1, domain_fetched);
}
