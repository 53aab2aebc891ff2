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

enum { RATE_DEFAULT = 20, RATE_MAX = 1000 };

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
		own->list = arena_copy(own->arena, rest);
		own->client = arena_copy(own->arena, client);
	}
	if (own == NULL || own->list.data == NULL ||
	    own->client.data == NULL) {
		answer_error(filter, ask->id, 503, "out of memory");
		return;
	}
	own_queue(own);
}

/* --- one object after the other --- */

static bool
next_object(struct own *own)
{
	struct slice word, id, name;
	struct fail fail = FAIL_INIT;

	while (own->list.len != 0) {
		if (own->list.data[0] == '\n') {
			own->list.data++;
			own->list.len--;
			continue;
		}
		if (!next_word(&own->list, &word) ||
		    !next_word(&own->list, &id))
			continue;
		own->object = slice_is(word, "domain") ? EPP_DOMAIN
						       : EPP_CONTACT;
		own->object_id = id;
		if (own->object == EPP_DOMAIN) {
			if (!name_canonical(own->arena, id, &name, &fail)) {
				own->failed++;
				continue;
			}
			own->object_id = name;
		}
		return true;
	}
	return false;
}

static void
go_on(void *arg)
{
	struct own *own = arg;
	struct fail fail = FAIL_INIT;

	if (!next_object(own)) {
		own_end(own, DELIVERY_SENT, NULL);
	} else if (!own_ask(own, own->object, own->object_id)) {
		fail_set(&fail, FAIL_WORLD,
		    "the session at the registry is gone");
		own_end(own, DELIVERY_LATER, &fail);
	}
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
vault_name(const struct own *own)
{
	struct text text = text_start(own->arena);

	if (own->object == EPP_DOMAIN)
		return own->object_id;
	text_add_string(&text, own->upstream->name);
	text_add_char(&text, '/');
	text_add(&text, own->object_id);
	return text_slice(&text);
}

/* As the vault keeps it: what the registry holds is all that is known. */
static struct record *
kept_record(
    struct own *own, const struct record *found, struct fail *fail)
{
	bool contact = own->object == EPP_CONTACT;
	struct filter *filter = own->upstream->filter;
	struct epp_facts facts = {.given = true,
	    .client = own->client,
	    .created = filter_now(filter) / 1000};
	struct record *record = record_create(own->arena,
	    contact ? OBJECT_CONTACT : OBJECT_DOMAIN, OPERATION_CREATE,
	    vault_name(own), fail);

	for (unsigned r = 0; record != NULL && r < ROLE_COUNT; r++)
		if (record_has_role(found, (enum role)r) &&
		    !record_copy_role(record, found, (enum role)r, fail))
			return NULL;
	for (unsigned f = 0; record != NULL && contact && f < FIELD_COUNT; f++)
		if (record_values(record, CONTACT_ROLE, (enum field)f).count)
			facts.shown.passed |= (uint64_t)1 << f;
	if (own->upstream->manner.publishes)
		facts.shown.published = facts.shown.passed;
	if (record == NULL || !record_set_epp(record, &facts, fail))
		return NULL;
	return record;
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
	keeper_commit(filter->o.link, own->arena, &commit, stored, own);
	return true;
}

static void
stored(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct own *own = arg;

	if (fail != NULL && fail->kind != FAIL_NONE) {
		own_end(own, DELIVERY_LATER, fail);
		return;
	}
	if (committed->word == KEEPER_DURABLE)
		own->done++;
	else
		own->failed++;
	pace(own);
}

void
import_answered(struct own *own, const struct epp_response *response)
{
	struct fail fail = FAIL_INIT;
	struct record *found;

	if (response->code != EPP_OK) {
		if (response->code == EPP_NOT_EXISTS)
			own->missing++;
		else
			own->failed++;
		pace(own);
		return;
	}
	found = epp_response_record(response, own->arena, &fail);
	own->record = found != NULL ? kept_record(own, found, &fail) : NULL;
	if (own->record == NULL || !store(own, own->record, &fail)) {
		own->failed++;
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
	text_add_format(&text,
	    "{\"imported\":%zu,\"missing\":%zu,\"failed\":%zu,\"left\":%zu",
	    own->done, own->missing, own->failed, own->list.len);
	if (!ok) {
		text_add_string(&text, ",\"title\":");
		text_add_json(&text, slice_from(fail->text));
	}
	text_add_char(&text, '}');
	keeper_answer(filter->o.link, own->id, ok ? 200 : 503,
	    text_slice(&text), true);
}
