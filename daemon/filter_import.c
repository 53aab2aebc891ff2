/*
 * misuctl import: what a registry holds already comes into the vault, one
 * object after the other by info, at the pace that the operator sets.  The
 * contacts of a domain that is imported come with it, unless they are known.
 *
 * The list of what to import comes in pieces; how far it got is misuctl's to
 * remember, so that it can go on where it was.
 */
#include "base/name.h"
#include "base/text.h"
#include "filter_own.h"

enum {
	RATE_DEFAULT = 20,
	RATE_MAX = 1000,
	PROBLEMS_MAX = 500, /* of one list, that are told one by one */
};

static void go_on(void *arg);
static void stored(void *arg, const struct keeper_committed *committed,
    const struct fail *fail);

/* "upstream biz rate 20 client reg-a\n" and then lines of objects. */
static bool
next_word(struct slice *rest, struct slice *word)
{
	size_t at = 0, end;

	while (at < rest->len && rest->data[at] == ' ')
		at++;
	end = at;
	while (end < rest->len && rest->data[end] != ' ' &&
	       rest->data[end] != '\n')
		end++;
	*word = (struct slice){rest->data + at, end - at};
	*rest = (struct slice){rest->data + end, rest->len - end};
	return word->len != 0;
}

static unsigned
number_of(struct slice word)
{
	unsigned n = 0;

	for (size_t i = 0; i < word.len && n <= RATE_MAX; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return 0;
		n = n * 10 + (unsigned)(word.data[i] - '0');
	}
	return n;
}

static void
answer_error(struct filter *filter, int64_t id, int status, const char *title)
{
	char body[300];
	int len = snprintf(body, sizeof(body), "{\"title\":\"%s\"}", title);

	keeper_answer(filter->o.link, id, status,
	    (struct slice){body, (size_t)len}, true);
}

void
import_ask(struct filter *filter, const struct keeper_ask *ask)
{
	struct slice rest = ask->text, key, value;
	struct upstream *upstream = NULL;
	struct slice client = {NULL, 0};
	unsigned rate = RATE_DEFAULT;
	struct own *own;

	while (rest.len != 0 && rest.data[0] != '\n' &&
	       next_word(&rest, &key) && next_word(&rest, &value)) {
		if (slice_is(key, "upstream"))
			upstream = filter_upstream(filter, value);
		else if (slice_is(key, "rate"))
			rate = number_of(value);
		else if (slice_is(key, "client"))
			client = value;
	}
	if (upstream == NULL || upstream->conf == NULL) {
		answer_error(filter, ask->id, 404, "no such upstream");
		return;
	}
	if (upstream->conf->login.len == 0) {
		answer_error(filter, ask->id, 409,
		    "the upstream has no login of misu's own in misu.conf");
		return;
	}
	if (rate == 0 || rate > RATE_MAX) {
		answer_error(filter, ask->id, 400,
		    "the rate is a number from 1 to 1000 objects a second");
		return;
	}
	own = own_create(upstream, OWN_IMPORT, ask->id);
	if (own != NULL) {
		own->rate = rate;
		own->problems = text_start(own->arena);
		own->list = arena_copy(own->arena, rest);
		own->client = arena_copy(own->arena, client);
	}
	if (own == NULL || own->list.data == NULL || own->client.data == NULL) {
		answer_error(filter, ask->id, 503, "out of memory");
		return;
	}
	own_queue(own);
}

/* --- one object after the other --- */

/* Why it did not come: a code, or a word; never a value of it. */
static void
note_problem(struct own *own, const char *why)
{
	struct text *text = &own->problems;

	if (own->problem_count++ >= PROBLEMS_MAX)
		return;
	text_add_string(
	    text, own->problem_count == 1 ? "{\"type\":" : ",{\"type\":");
	text_add_string(
	    text, own->object == EPP_DOMAIN ? "\"domain\"" : "\"contact\"");
	text_add_string(text, ",\"id\":");
	text_add_json(text, own->object_id);
	text_add_string(text, ",\"why\":");
	text_add_json(text, slice_from(why));
	text_add_char(text, '}');
}

static void
skip_line(struct own *own)
{
	while (own->list.len != 0 && own->list.data[0] != '\n') {
		own->list.data++;
		own->list.len--;
	}
	if (own->list.len != 0) {
		own->list.data++;
		own->list.len--;
	}
}

/* "contact ID" or "domain NAME"; false: it is neither. */
static bool
read_object(struct own *own)
{
	struct slice word = {NULL, 0}, id = {NULL, 0};
	struct fail fail = FAIL_INIT;

	(void)(next_word(&own->list, &word) && next_word(&own->list, &id));
	own->object = slice_is(word, "domain") ? EPP_DOMAIN : EPP_CONTACT;
	own->object_id = id;
	if (id.len == 0 ||
	    (own->object == EPP_CONTACT && !slice_is(word, "contact"))) {
		note_problem(own, "neither \"contact ID\" nor \"domain NAME\"");
		return false;
	}
	if (own->object == EPP_DOMAIN &&
	    !name_canonical(own->arena, id, &own->object_id, &fail)) {
		own->object_id = id;
		note_problem(own, fail.text);
		return false;
	}
	return true;
}

/* The contacts of the last domain come before what the list names next. */
static bool
next_object(struct own *own)
{
	size_t prefix = strlen(own->upstream->name) + 1;
	bool ok;

	own->is_extra = own->extra_at < own->extra_count;
	if (own->is_extra) {
		struct slice name = own->extras[own->extra_at++].name;

		own->object = EPP_CONTACT;
		own->object_id =
		    (struct slice){name.data + prefix, name.len - prefix};
		return true;
	}
	while (own->list.len != 0) {
		own->here = own->list;
		if (own->list.data[0] == '\n') {
			skip_line(own);
			continue;
		}
		ok = read_object(own);
		skip_line(own);
		if (ok)
			return true;
		own->failed++;
	}
	own->here = own->list;
	return false;
}

/* A reload took its upstream away. */
static bool
is_gone(struct own *own)
{
	struct fail fail = FAIL_INIT;

	if (own->upstream->conf != NULL)
		return false;
	fail_set(&fail, FAIL_WORLD, "misu stands before this registry no more");
	own_end(own, DELIVERY_LATER, &fail);
	return true;
}

/*
 * The line may have gone while nothing was in flight: then the object waits
 * for the next that is ready.
 */
static void
go_on(void *arg)
{
	struct own *own = arg;
	struct upstream *upstream = own->upstream;

	if (is_gone(own))
		return;
	own->has_object = own->has_object || next_object(own);
	if (!own->has_object) {
		own_end(own, DELIVERY_SENT, NULL);
		return;
	}
	own->line = pool_own_line(upstream);
	if (own->line != NULL && own_ask(own, own->object, own->object_id)) {
		own->has_object = false;
		return;
	}
	own->running = false;
	own->deadline = filter_now(upstream->filter) +
			2 * (int64_t)upstream->conf->answer * 1000;
	pool_fill(upstream);
	filter_tick(upstream);
}

/* Not faster than the operator said. */
static void
pace(struct own *own)
{
	struct loop *loop = own->upstream->filter->o.loop;

	if (own->pace == NULL)
		own->pace = loop->operations->timer_create(loop, go_on, own);
	if (own->pace == NULL)
		go_on(own);
	else
		loop->operations->timer_set(own->pace, 1000 / own->rate);
}

void
import_step(struct own *own)
{
	go_on(own);
}

static struct slice
contact_name(const struct own *own, struct slice id)
{
	struct text text = text_start(own->arena);

	text_add_string(&text, own->upstream->name);
	text_add_char(&text, '/');
	text_add(&text, id);
	return text_slice(&text);
}

/* As the vault keeps it: what the registry holds is all that is known. */
static struct record *
kept_record(struct own *own, const struct record *found, struct fail *fail)
{
	bool contact = own->object == EPP_CONTACT;
	struct upstream *upstream = own->upstream;
	struct epp_facts facts = {.given = true,
	    .client = own->client,
	    .created = filter_now(upstream->filter) / 1000};
	struct slice name =
	    contact ? contact_name(own, own->object_id) : own->object_id;
	struct record *record =
	    name.data == NULL ? NULL
			      : record_create(own->arena,
				    contact ? OBJECT_CONTACT : OBJECT_DOMAIN,
				    OPERATION_CREATE, name, fail);

	for (unsigned r = 0; record != NULL && r < ROLE_COUNT; r++)
		if (record_has_role(found, (enum role)r) &&
		    !record_copy_role(record, found, (enum role)r, fail))
			return NULL;
	if (record == NULL || (contact && !conf_presume_kind(upstream->conf,
					      record, own->object_id, fail)))
		return NULL;
	if (contact)
		contact_presume(upstream, own->object_id, record, &facts);
	return record_set_epp(record, &facts, fail) ? record : NULL;
}

/* It is disclosed to nobody: the entry says that misu holds it. */
static bool
store(struct own *own, const struct record *record, struct fail *fail)
{
	struct upstream *upstream = own->upstream;
	struct filter *filter = upstream->filter;
	struct decide_scope scope = {.recipient = upstream->recipient};
	struct decide_given given = {.approved = true};
	struct record *bare = record_create(own->arena, OBJECT_HOST,
	    OPERATION_CREATE, record_object(record), fail);
	struct keeper_commit commit = {.record = bare,
	    .scope = &scope,
	    .given = &given,
	    .upstream = slice_from(upstream->name),
	    .channel = SLICE("import"),
	    .principal = own->client,
	    .setup = filter->setup,
	    .store = KEEP_HERE,
	    .stored = record};

	if (bare == NULL || !filter_random(filter, given.random, fail))
		return false;
	commit.disclosure = decide_contact(
	    filter->ruleset, &scope, bare, &given, own->arena, fail);
	if (commit.disclosure == NULL)
		return false;
	own->asking = true;
	keeper_commit(filter->o.link, own->arena, &commit, stored, own);
	return true;
}

/* --- the contacts of a domain --- */

static void
fetched(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail)
{
	struct own *own = arg;
	size_t unknown = 0;

	if (!own_answered(own))
		return;
	if (fail != NULL && fail->kind != FAIL_NONE) {
		own_end(own, DELIVERY_LATER, fail);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (held[i].current == NULL && held[i].proposed == NULL)
			own->extras[unknown++] = own->extras[i];
	own->extra_count = unknown;
	pace(own);
}

static bool
is_listed(const struct own *own, struct slice name)
{
	for (size_t i = 0; i < own->extra_count; i++)
		if (slice_equal(own->extras[i].name, name))
			return true;
	return false;
}

static void
list_contacts(struct own *own, enum role role)
{
	struct values handles = record_values(own->record, role, FIELD_HANDLE);

	for (size_t i = 0;
	     i < handles.count && own->extra_count < KEEPER_OBJECTS_MAX; i++) {
		struct slice name = contact_name(own, handles.items[i]);

		if (name.data != NULL && !is_listed(own, name))
			own->extras[own->extra_count++] =
			    (struct keeper_object){OBJECT_CONTACT, name};
	}
}

static void
look_for_contacts(struct own *own)
{
	if (own->extras == NULL)
		own->extras = arena_take_array(
		    own->arena, KEEPER_OBJECTS_MAX, sizeof(*own->extras));
	own->extra_count = own->extra_at = 0;
	for (unsigned r = 0; own->extras != NULL && r < ROLE_COUNT; r++)
		if (record_has_role(own->record, (enum role)r))
			list_contacts(own, (enum role)r);
	if (own->extra_count == 0) {
		pace(own);
		return;
	}
	own->asking = true;
	keeper_fetch(own->upstream->filter->o.link, own->arena, own->extras,
	    own->extra_count, fetched, own);
}

static void
stored(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct own *own = arg;

	if (!own_answered(own))
		return;
	if (fail != NULL && fail->kind != FAIL_NONE) {
		own_end(own, DELIVERY_LATER, fail);
		return;
	}
	if (committed->word == KEEPER_STALE) {
		own->has_object = true; /* once more, under the new setup */
	} else if (committed->word != KEEPER_DURABLE) {
		own->failed++;
		note_problem(own, "not recorded");
	} else if (own->is_extra) {
		own->contacts++;
	} else {
		own->done++;
	}
	if (committed->word == KEEPER_DURABLE && own->object == EPP_DOMAIN)
		look_for_contacts(own);
	else
		pace(own);
}

static void
not_shown(struct own *own, unsigned code)
{
	char why[80];

	if (code == EPP_NOT_EXISTS)
		own->missing++;
	else
		own->failed++;
	snprintf(why, sizeof(why), "%u %s", code, epp_code_text(code));
	note_problem(own, why);
	pace(own);
}

void
import_answered(struct own *own, const struct epp_response *response)
{
	struct fail fail = FAIL_INIT;
	struct record *found;

	if (is_gone(own))
		return;
	if (response->code != EPP_OK) {
		not_shown(own, response->code);
		return;
	}
	found = epp_response_record(response, own->arena, &fail);
	own->record = found != NULL ? kept_record(own, found, &fail) : NULL;
	if (own->record == NULL || !store(own, own->record, &fail)) {
		own->failed++;
		note_problem(own, fail.text);
		pace(own);
	}
}

void
import_end(struct own *own, const struct fail *fail)
{
	struct filter *filter = own->upstream->filter;
	struct text text = text_start(own->arena);
	bool ok = fail == NULL || fail->kind == FAIL_NONE;

	if (own->pace != NULL)
		filter->o.loop->operations->timer_destroy(own->pace);
	own->pace = NULL;
	text_add_format(&text,
	    "{\"imported\":%zu,\"contacts\":%zu,\"missing\":%zu,"
	    "\"failed\":%zu,\"left\":%zu,\"problems\":[",
	    own->done, own->contacts, own->missing, own->failed,
	    own->here.data != NULL ? own->here.len : own->list.len);
	if (own->problem_count != 0)
		text_add(&text, text_slice(&own->problems));
	text_add_char(&text, ']');
	if (!ok) {
		text_add_string(&text, ",\"title\":");
		text_add_json(&text, slice_from(fail->text));
	}
	text_add_char(&text, '}');
	keeper_answer(
	    filter->o.link, own->id, ok ? 200 : 503, text_slice(&text), true);
}
