/*
 * Contacts that misu alone keeps, and which domains name them.  A domain's
 * record says whom it names; a contact's says which domains came to name it,
 * so that only these need be looked at.
 *
 *	domain recorded as proposed -> noted in its contacts -> sent
 *	contact looked at -> its domains looked at -> nobody names it -> deleted
 *
 * The contact's record changes with each note, and a change of what changed
 * since it was read begins anew (struct epp_kept).  So a domain that is noted
 * after the look at the contact undoes the deletion, and one that is noted
 * after the deletion finds no contact.
 */
#include "base/text.h"
#include "filter_priv.h"

struct page {
	struct page *next;
	struct slice name;
};

struct kept_work {
	const struct record *contact;
	/* looking */
	struct values domains; /* looked at now */
	int64_t page;	       /* comes then; 0: none */
	struct page *pages;    /* that were looked at */
	void (*then)(struct command *command, bool is_named);
	/* noting */
	struct record *const *contacts;
	size_t count, at;
};

const struct record *
kept_contact(const struct keeper_held *held)
{
	return held->current != NULL ? held->current : held->proposed;
}

static bool
make_number(const struct command *command, int64_t *out, struct fail *fail)
{
	uint8_t random[16];
	uint64_t number = 0;

	if (!filter_random(command->session->upstream->filter, random, fail))
		return false;
	for (size_t i = 0; i < 8; i++)
		number = number << 8 | random[i];
	*out = (int64_t)(number >> 2) + 1;
	return true;
}

bool
kept_change(
    const struct command *command, struct epp_kept *kept, struct fail *fail)
{
	kept->before = kept->revision;
	return make_number(command, &kept->revision, fail);
}

/* No id has a tab in it. */
static struct slice
page_name(struct slice contact, int64_t page, struct arena *arena)
{
	struct text text = text_start(arena);

	text_add(&text, contact);
	text_add_format(&text, "\t%016llx", (unsigned long long)page);
	return text_slice(&text);
}

/* --- looking --- */

static void look(struct command *command);

/* "UPSTREAM/ID" */
static struct slice
id_of(const struct command *command)
{
	struct slice name = record_object(command->kept->contact);
	size_t head = strlen(command->session->upstream->name) + 1;

	return (struct slice){name.data + head, name.len - head};
}

static bool
names(const struct record *domain, struct slice id)
{
	static const enum role roles[] = {
	    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};

	for (size_t r = 0; domain != NULL && r < 4; r++) {
		struct values handles =
		    record_values(domain, roles[r], FIELD_HANDLE);

		for (size_t i = 0; i < handles.count; i++)
			if (slice_equal(handles.items[i], id))
				return true;
	}
	return false;
}

/* May it go on after the keeper was asked?  Else it was answered. */
static bool
goes_on(struct command *command, const struct keeper_committed *committed,
    const struct fail *fail)
{
	if (fail != NULL && fail->kind != FAIL_NONE) {
		command_not_recorded(command, committed, fail);
		return false;
	}
	if (command->session->conn == NULL) {
		command_outcome(command, KEEPER_NOT_SENT, 0);
		command->state = COMMAND_DONE;
		return false;
	}
	if (command->session->upstream->conf == NULL) {
		command_answer(command, EPP_FAILED,
		    "misu stands before this registry no more");
		return false;
	}
	return true;
}

static void
no_memory(struct command *command)
{
	command_answer(command, EPP_FAILED, "out of memory");
}

static void
page_fetched(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail)
{
	struct command *command = arg;
	struct session *session = command->session;
	const struct record *page = NULL;

	if (goes_on(command, NULL, fail)) {
		if (count != 0)
			page = held[0].current;
		/* It goes only before its contact does: none is older. */
		command->kept->page = 0;
		command->kept->domains = (struct values){NULL, 0};
		if (page != NULL) {
			command->kept->page = record_epp(page)->kept.page;
			command->kept->domains = record_epp(page)->kept.domains;
		}
		look(command);
	}
	session_pump(session);
}

static void
next_page(struct command *command)
{
	struct kept_work *work = command->kept;
	struct page *page;
	struct keeper_object *object;

	if (work->page == 0) {
		work->then(command, false);
		return;
	}
	page = arena_take(command->arena, sizeof(*page));
	object = arena_take(command->arena, sizeof(*object));
	if (page == NULL || object == NULL) {
		no_memory(command);
		return;
	}
	*page =
	    (struct page){work->pages, page_name(record_object(work->contact),
					   work->page, command->arena)};
	if (page->name.data == NULL) {
		no_memory(command);
		return;
	}
	work->pages = page;
	*object = (struct keeper_object){OBJECT_CONTACT, page->name};
	command->state = COMMAND_ASKING;
	keeper_fetch(command->session->upstream->filter->o.link, command->arena,
	    object, 1, page_fetched, command);
}

static void
domains_fetched(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail)
{
	struct command *command = arg;
	struct session *session = command->session;
	struct slice id = id_of(command);
	bool is_named = false;

	for (size_t i = 0; i < count; i++)
		is_named = is_named || names(held[i].current, id) ||
			   names(held[i].proposed, id);
	filter_give_arena(session->upstream->filter, command->scratch);
	command->scratch = NULL;
	if (goes_on(command, NULL, fail)) {
		if (is_named)
			command->kept->then(command, true);
		else
			next_page(command);
	}
	session_pump(session);
}

/* Whatever was looked at goes at once: there may be many. */
static void
look(struct command *command)
{
	struct filter *filter = command->session->upstream->filter;
	struct values domains = command->kept->domains;
	struct keeper_object *objects;

	if (domains.count == 0) {
		next_page(command);
		return;
	}
	command->scratch = filter_arena(filter);
	objects = command->scratch == NULL
		      ? NULL
		      : arena_take_array(
			    command->scratch, domains.count, sizeof(*objects));
	if (objects == NULL) {
		no_memory(command);
		return;
	}
	for (size_t i = 0; i < domains.count; i++)
		objects[i] =
		    (struct keeper_object){OBJECT_DOMAIN, domains.items[i]};
	command->state = COMMAND_ASKING;
	keeper_fetch(filter->o.link, command->scratch, objects, domains.count,
	    domains_fetched, command);
}

void
kept_look(struct command *command, const struct record *contact,
    void (*then)(struct command *command, bool is_named))
{
	const struct epp_kept *kept = &record_epp(contact)->kept;
	struct kept_work *work = arena_take(command->arena, sizeof(*work));

	if (work == NULL) {
		no_memory(command);
		return;
	}
	*work = (struct kept_work){.contact = contact,
	    .domains = kept->domains,
	    .page = kept->page,
	    .then = then};
	command->kept = work;
	look(command);
}

void
kept_forget_pages(struct command *command)
{
	struct keeper_outcome outcome = {.entry = UINT64_MAX,
	    .end = KEEPER_ANSWERED,
	    .object.type = OBJECT_CONTACT,
	    .store = KEEP_REMOVAL};

	for (struct page *p = command->kept->pages; p != NULL; p = p->next) {
		outcome.object.name = p->name;
		keeper_outcome(
		    command->session->upstream->filter->o.link, &outcome);
	}
}

/* --- noting --- */

static void note_next(struct command *command);

/* Nothing of it was sent yet. */
static void
begin_anew(struct command *command)
{
	command_outcome(command, KEEPER_NOT_SENT, 0);
	command->sealed = NULL;
	command->state = COMMAND_NEW;
}

static void
noted(struct command *command, const struct keeper_committed *committed,
    bool is_last)
{
	if (committed->word == KEEPER_CHANGED) {
		begin_anew(command);
	} else if (committed->word == KEEPER_STALE) {
		begin_anew(command);
		command_stale(command);
	} else if (committed->word != KEEPER_DURABLE) {
		command_answer(command, EPP_POLICY,
		    "the contact may not be kept any more");
	} else {
		command->kept->at += is_last;
		note_next(command);
	}
}

static void
note_committed(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct command *command = arg;
	struct session *session = command->session;

	if (goes_on(command, committed, fail))
		noted(command, committed, true);
	session_pump(session);
}

static void
page_committed(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct command *command = arg;
	struct session *session = command->session;

	if (goes_on(command, committed, fail))
		noted(command, committed, false);
	session_pump(session);
}

/* The contact as it is but for what is noted: nothing of it travels. */
static bool
commit(struct command *command, const struct record *record,
    const struct record *stored, keeper_done *done, struct fail *fail)
{
	struct upstream *upstream = command->session->upstream;
	struct filter *filter = upstream->filter;
	struct epp_hints nothing = {0};
	uint64_t limit[ROLE_COUNT] = {0};
	struct decide_scope scope =
	    contact_scope(upstream, id_of(command), &nothing);
	struct decide_given given = {.limit = limit, .approved = true};
	struct keeper_commit commit = {.record = record,
	    .scope = &scope,
	    .given = &given,
	    .upstream = slice_from(upstream->name),
	    .channel = SLICE("vault"),
	    .principal = slice_from(command->session->client),
	    .setup = filter->setup,
	    .store = KEEP_HERE,
	    .stored = stored};

	if (!filter_random(filter, given.random, fail))
		return false;
	commit.disclosure = decide_contact(
	    filter->ruleset, &scope, record, &given, command->arena, fail);
	if (commit.disclosure == NULL)
		return false;
	if (disclosure_outcome(commit.disclosure).verdict != VERDICT_FORWARD)
		return fail_set(fail, FAIL_DENIED,
		    "the policy does not let the contact be kept any more");
	command->state = COMMAND_ASKING;
	keeper_commit(filter->o.link, command->arena, &commit, done, command);
	return true;
}

static struct record *
copy_contact(
    struct command *command, const struct epp_facts *facts, struct fail *fail)
{
	const struct record *contact = command->kept->contact;
	struct record *record = record_create(command->arena, OBJECT_CONTACT,
	    OPERATION_UPDATE, record_object(contact), fail);

	return record != NULL &&
		       record_copy_role(record, contact, CONTACT_ROLE, fail) &&
		       (record_plan(contact).len == 0 ||
			   record_set_plan(
			       record, record_plan(contact), fail)) &&
		       record_set_epp(record, facts, fail)
		   ? record
		   : NULL;
}

/* What is full becomes a page, and then the contact begins a new list. */
static bool
commit_page(struct command *command, struct epp_facts *facts, struct fail *fail)
{
	struct kept_work *work = command->kept;
	const struct epp_facts page = {.given = true,
	    .client = facts->client,
	    .created = facts->created,
	    .kept = {.page = facts->kept.page, .domains = facts->kept.domains}};
	struct record *record;
	struct slice name;

	if (!make_number(command, &work->page, fail))
		return false;
	name =
	    page_name(record_object(work->contact), work->page, command->arena);
	if (name.data == NULL)
		return fail_memory(fail);
	record = record_create(
	    command->arena, OBJECT_CONTACT, OPERATION_CREATE, name, fail);
	return record != NULL && record_set_epp(record, &page, fail) &&
	       commit(command, work->contact, record, page_committed, fail);
}

/* The latest stands last, once. */
static bool
add_domain(const struct command *command, struct values *domains)
{
	struct slice name = command->epp->domain->name;
	struct slice *items = arena_take_array(
	    command->arena, domains->count + 1, sizeof(*items));
	size_t count = 0;

	if (items == NULL)
		return false;
	for (size_t i = 0; i < domains->count; i++)
		if (!slice_equal(domains->items[i], name))
			items[count++] = domains->items[i];
	items[count++] = name;
	*domains = (struct values){items, count};
	return true;
}

static bool
note(struct command *command, struct fail *fail)
{
	struct kept_work *work = command->kept;
	struct epp_facts facts = *record_epp(work->contact);
	struct record *record;

	if (facts.kept.domains.count == KEPT_DOMAINS_MAX) {
		if (work->page == 0)
			return commit_page(command, &facts, fail);
		facts.kept.page = work->page;
		facts.kept.domains.count = 0;
	}
	work->page = 0;
	if (!add_domain(command, &facts.kept.domains))
		return fail_memory(fail);
	if (!kept_change(command, &facts.kept, fail))
		return false;
	record = copy_contact(command, &facts, fail);
	return record != NULL &&
	       commit(command, record, NULL, note_committed, fail);
}

static void
note_next(struct command *command)
{
	struct kept_work *work = command->kept;
	struct fail fail = FAIL_INIT;

	while (work->at < work->count && work->contacts[work->at] == NULL)
		work->at++;
	if (work->at == work->count) {
		command->kept = NULL;
		command_go(command);
		return;
	}
	work->contact = work->contacts[work->at];
	if (!note(command, &fail))
		command_answer_fail(command,
		    fail.kind == FAIL_DENIED ? EPP_POLICY : EPP_FAILED, &fail);
}

bool
kept_plan(struct command *command, struct record *const *contacts, size_t count,
    struct fail *fail)
{
	struct kept_work *work = arena_take(command->arena, sizeof(*work));

	if (work == NULL)
		return fail_memory(fail);
	*work = (struct kept_work){.contacts = contacts, .count = count};
	command->kept = work;
	return true;
}

void
kept_note(struct command *command)
{
	note_next(command);
}
