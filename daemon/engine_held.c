/*
 * Who holds data of a subject: the latest disclosure of each object to each
 * recipient for each purpose, as the ledger has it.  One pass from the first
 * entry; most entries are passed over by one search for the pseudonym.  Then it
 * is known by what else the subject is known (e-mail, telephone), and where
 * others are known by that (engine_alike.c) there is a second pass for all.
 */
#include "codec/wire.h"
#include "core/canon.h"
#include "core/entry_parts.h"
#include "engine_stop.h"
#include "engine_view.h"
#include "store/log_query.h"

enum { LOOK_AT_ONCE = 1000, FOUND_HEADS = 1024, FOUND_MAX = 100000 };

enum stage {
	STAGE_OWN,   /* the ledger, for the subject */
	STAGE_ALIKE, /* the vault, for who is the same */
	STAGE_ALL,   /* the ledger, for all of them */
};

/* One disclosure of an object to a recipient. */
struct given {
	uint64_t entry; /* LEDGER_NONE: none */
	uint64_t at;	/* where it stands: carried on, not there any more */
	int64_t time;
	unsigned roles;
	struct slice channel, onward;
	bool shows; /* something of the subject */
};

struct found {
	struct found *next, *next_object;
	enum object_type type;
	struct slice object, recipient, purpose;
	struct given now, before; /* before: where `now` did not come to be */
};

struct lookup {
	struct engine *engine;
	struct arena *arena, *scratch;
	struct stop stop;
	char pseudonym[2 * PSEUDONYM_SIZE + 1];
	enum stage stage;
	struct alike *alike;
	uint64_t next;
	struct found *heads[FOUND_HEADS], *first, **last;
	size_t count;
	bool doubts; /* of this turn: a batch of the view's was begun */
	void (*then)(void *arg, const struct fail *fail);
	void *arg;
};

static void turn(void *arg);

static void
finish(struct lookup *lookup, const struct fail *fail)
{
	struct engine *engine = lookup->engine;
	void (*then)(void *, const struct fail *) = lookup->then;
	void *arg = lookup->arg;

	arena_destroy(lookup->scratch);
	arena_destroy(lookup->arena);
	then(arg, fail);
	engine_finish_one(engine);
}

/* --- an entry --- */

static bool
is_pseudonym(const struct lookup *lookup, struct slice line)
{
	struct slice item, text;

	return canon_next_item(&line, &item) &&
	       canon_string(item, lookup->scratch, &text) &&
	       engine_alike_has(lookup->alike, text);
}

static bool
role_of(struct slice word, enum role *role)
{
	if (slice_is(word, "contact")) {
		*role = CONTACT_ROLE;
		return true;
	}
	return role_find(word, role);
}

static unsigned
roles_of(const struct lookup *lookup, struct slice entry)
{
	struct slice subjects, word, line;
	unsigned roles = 0;
	enum role role;

	if (!canon_member(entry, "subjects", &subjects))
		return 0;
	while (canon_next_member(&subjects, &word, &line))
		if (role_of(word, &role) && is_pseudonym(lookup, line))
			roles |= 1u << role;
	return roles;
}

/* Does some field of these roles pass? */
static bool
shows(struct arena *arena, struct slice fields, unsigned roles)
{
	struct slice word, members, name, ruling, item, text;
	enum verdict verdict;
	enum role role;

	while (canon_next_member(&fields, &word, &members)) {
		if (!role_of(word, &role) || (roles & 1u << role) == 0)
			continue;
		while (canon_next_member(&members, &name, &ruling))
			if (canon_next_item(&ruling, &item) &&
			    canon_string(item, arena, &text) &&
			    verdict_find(text, &verdict) &&
			    verdict > VERDICT_REDACT)
				return true;
	}
	return false;
}

/* "jprs-whois, jpnic": those behind that get some of it. */
static struct slice
onward_of(struct lookup *lookup, struct slice entry, unsigned roles)
{
	struct text text = text_start(lookup->arena);
	struct slice onward, item, fields, id;

	if (!canon_member(entry, "onward", &onward))
		return (struct slice){"", 0};
	while (canon_next_item(&onward, &item)) {
		if (!canon_member(item, "fields", &fields) ||
		    !shows(lookup->scratch, fields, roles) ||
		    !canon_get_string(item, "recipient", lookup->scratch, &id))
			continue;
		if (text.len != 0)
			text_add_string(&text, ", ");
		text_add(&text, id);
	}
	return text.len != 0 ? text_slice(&text) : (struct slice){"", 0};
}

static uint32_t
hash_of(struct slice object, struct slice recipient, struct slice purpose)
{
	const struct slice parts[] = {object, recipient, purpose};
	uint32_t hash = 2166136261U;

	for (size_t p = 0; p < 3; p++)
		for (size_t i = 0; i < parts[p].len; i++)
			hash = (hash ^ (unsigned char)parts[p].data[i]) *
			       16777619U;
	return hash;
}

/* Found or made; NULL with a fail. */
static struct found *
find(struct lookup *lookup, const struct found *key, struct fail *fail)
{
	struct found **at =
	    &lookup->heads[hash_of(key->object, key->recipient, key->purpose) %
			   FOUND_HEADS];
	struct found *found;

	for (; *at != NULL; at = &(*at)->next)
		if ((*at)->type == key->type &&
		    slice_equal((*at)->object, key->object) &&
		    slice_equal((*at)->recipient, key->recipient) &&
		    slice_equal((*at)->purpose, key->purpose))
			return *at;
	if (lookup->count++ == FOUND_MAX) {
		fail_set(fail, FAIL_WORLD,
		    "the subject stands in more than %d objects", FOUND_MAX);
		return NULL;
	}
	found = arena_take(lookup->arena, sizeof(*found));
	if (found == NULL) {
		fail_memory(fail);
		return NULL;
	}
	*found = (struct found){.type = key->type,
	    .object = arena_copy(lookup->arena, key->object),
	    .recipient = arena_copy(lookup->arena, key->recipient),
	    .purpose = arena_copy(lookup->arena, key->purpose),
	    .now = {.entry = LEDGER_NONE},
	    .before = {.entry = LEDGER_NONE}};
	if (found->object.data == NULL || found->recipient.data == NULL ||
	    found->purpose.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	*at = found;
	*lookup->last = found;
	lookup->last = &found->next_object;
	return found;
}

static bool
type_of(struct slice word, enum object_type *type)
{
	for (unsigned t = 0; t < OBJECT_COUNT; t++)
		if (slice_is(word, object_type_name((enum object_type)t))) {
			*type = (enum object_type)t;
			return true;
		}
	return false;
}

static bool
read_key(struct lookup *lookup, struct slice entry, struct found *key)
{
	struct arena *arena = lookup->scratch;
	struct slice object, type;

	return canon_member(entry, "object", &object) &&
	       canon_get_string(object, "type", arena, &type) &&
	       type_of(type, &key->type) &&
	       canon_get_string(entry, "recipient", arena, &key->recipient) &&
	       canon_get_string(entry, "purpose", arena, &key->purpose) &&
	       log_query_object(
		   lookup->engine->o.keys, entry, arena, &key->object);
}

/* It did not come to be: what was before holds. */
static void
take_back(struct found *found)
{
	found->now = found->before;
	found->before = (struct given){.entry = LEDGER_NONE};
}

/* Did bytes of it go to somebody, or were found there? */
static bool
was_given(struct arena *arena, struct slice entry, struct slice *channel)
{
	struct slice ignored;

	return canon_get_string(entry, "channel", arena, channel) &&
	       (canon_member(entry, "payload", &ignored) ||
		   slice_is(*channel, "import"));
}

/*
 * A domain over EPP names contacts; what is known of them is theirs.  Where
 * it changes no link it says nothing of anybody.
 */
static bool
says_nothing(struct arena *arena, const struct found *found,
    const struct given *given, struct slice entry)
{
	struct slice request;

	return found->type == OBJECT_DOMAIN && !given->shows &&
	       canon_get_string(entry, "request", arena, &request) &&
	       wire_is_request(request);
}

/* What was carried on is met after what is younger. */
static void
put_given(struct found *found, const struct given *given)
{
	if (found->now.entry == LEDGER_NONE ||
	    given->entry > found->now.entry) {
		found->before = found->now;
		found->now = *given;
	} else if (given->entry == found->now.entry) {
		found->now.at = given->at;
	} else if (given->entry < found->now.entry &&
		   (found->before.entry == LEDGER_NONE ||
		       given->entry > found->before.entry)) {
		found->before = *given;
	}
}

static bool
doubt_row(
    struct lookup *lookup, const struct found *found, struct fail *fail)
{
	struct engine *engine = lookup->engine;
	const struct view_doubted row = {
	    slice_from(object_type_name(found->type)), found->object};

	/* What has none, or none any more, gets none. */
	if (engine->o.view == NULL ||
	    !view_has(engine->o.view, row.type, row.name))
		return true;
	lookup->doubts =
	    lookup->doubts || view_batch_begin(engine->o.view, fail);
	return lookup->doubts &&
	       view_doubt(engine->o.view, &row, 1,
		   ledger_next(engine->o.ledger), engine_now(engine) / 1000,
		   fail);
}

/* Those of one turn come in doubt together. */
static bool
end_doubts(struct lookup *lookup, bool ok, struct fail *fail)
{
	bool doubts = lookup->doubts;

	lookup->doubts = false;
	return doubts ? view_batch_end(lookup->engine->o.view, ok, fail) : ok;
}

static bool
take_disclosure(struct lookup *lookup, const struct entry_kept *is,
    uint64_t at, struct fail *fail)
{
	struct arena *arena = lookup->scratch;
	struct slice entry = is->disclosure;
	struct given given = {.entry = is->index,
	    .at = at,
	    .roles = roles_of(lookup, entry)};
	struct slice fields = SLICE("{}"), operation, channel;
	struct found key, *found;
	int64_t supersedes;

	if (given.roles == 0 || !read_key(lookup, entry, &key))
		return true;
	found = find(lookup, &key, fail);
	if (found == NULL)
		return false;
	if (canon_get_number(entry, "supersedes", &supersedes) &&
	    found->now.entry == (uint64_t)supersedes)
		take_back(found);
	if (!was_given(arena, entry, &channel))
		return true;
	canon_member(entry, "fields", &fields);
	canon_get_number(entry, "time", &given.time);
	given.shows =
	    shows(arena, fields, given.roles) &&
	    !(canon_get_string(entry, "operation", arena, &operation) &&
		slice_is(operation, "delete"));
	if (says_nothing(arena, found, &given, entry))
		return true;
	/* Told no more from here on, however the rest of this ends. */
	if (given.shows && slice_is(channel, "view") &&
	    !doubt_row(lookup, found, fail))
		return false;
	given.channel = arena_copy(lookup->arena, channel);
	given.onward = onward_of(lookup, entry, given.roles);
	if (given.channel.data == NULL || given.onward.data == NULL)
		return fail_memory(fail);
	put_given(found, &given);
	return true;
}

/* Did it not come to be? */
static bool
is_void(struct slice outcome)
{
	return slice_is(outcome, "refused") || slice_is(outcome, "not-sent") ||
	       slice_is(outcome, "given-up");
}

static void
take_outcome(struct lookup *lookup, struct slice entry)
{
	struct slice word;
	int64_t about;

	if (lookup->first == NULL ||
	    !canon_get_number(entry, "entry", &about) ||
	    !canon_get_string(entry, "word", lookup->scratch, &word) ||
	    !is_void(word))
		return;
	for (struct found *f = lookup->first; f != NULL; f = f->next_object)
		if (f->now.entry == (uint64_t)about)
			take_back(f);
}

static bool
has(struct slice entry, struct slice text)
{
	return memmem(entry.data, entry.len, text.data, text.len) != NULL;
}

static bool
look_at(struct lookup *lookup, uint64_t index, struct fail *fail)
{
	struct entry_kept kept;
	struct slice entry;

	arena_reset(lookup->scratch);
	if (!ledger_read(
		lookup->engine->o.ledger, index, lookup->scratch, &entry, fail))
		return false;
	if (has(entry, SLICE("\"type\":\"outcome\""))) {
		take_outcome(lookup, entry);
		return true;
	}
	if ((lookup->stage == STAGE_OWN &&
		!has(entry, slice_from(lookup->pseudonym))) ||
	    !has(entry, SLICE("\"type\":\"disclosure\"")))
		return true;
	if (!entry_kept_read(entry, lookup->scratch, &kept))
		kept = (struct entry_kept){index, entry, {"", 0}};
	return is_void(kept.outcome) ||
	       take_disclosure(lookup, &kept, index, fail);
}

/* --- what the stop gets to know --- */

bool
engine_is_subject(
    const struct record *record, enum role role, struct slice subject)
{
	struct slice given = record_subject(record, role);
	char place[400];

	if (!record_has_role(record, role))
		return false;
	if (given.len != 0)
		return slice_equal(given, subject);
	snprintf(place, sizeof(place), "object:%s:%.*s/%s",
	    object_type_name(record_type(record)),
	    SLICE_ARG(record_object(record)),
	    object_role_name(record_type(record), role));
	return slice_is(subject, place);
}

/* By what the object's record knows the subject; *there: it has one. */
static bool
learn(struct lookup *lookup, const struct found *found, enum vault_slot slot,
    bool *there, struct fail *fail)
{
	struct engine *engine = lookup->engine;
	const struct record *record;
	unsigned roles = 0;

	arena_reset(lookup->scratch);
	record = vault_get_slot(engine->o.vault, lookup->scratch, found->type,
	    found->object, slot, fail);
	if (record == NULL)
		return fail->kind == FAIL_NONE;
	*there = true;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (engine_is_subject(
			record, (enum role)r, lookup->stop.subject))
			roles |= 1u << r;
	return stops_learn(
	    engine->o.stops, lookup->stop.id, record, roles, fail);
}

static bool
learn_both(struct lookup *lookup, const struct found *found, bool *there,
    struct fail *fail)
{
	*there = false;
	return learn(lookup, found, VAULT_CURRENT, there, fail) &&
	       learn(lookup, found, VAULT_PROPOSED, there, fail);
}

/* So that others are found by that; and nobody is who has it from them. */
static bool
learn_all(struct lookup *lookup, struct fail *fail)
{
	struct stops *stops = lookup->engine->o.stops;
	bool there, ok = stops_begin(stops, fail);

	for (const struct found *f = lookup->first; ok && f != NULL;
	     f = f->next_object)
		ok = learn_both(lookup, f, &there, fail);
	ok = ok && stops_keep(stops, fail);
	if (!ok)
		stops_rollback(stops);
	return ok;
}

static bool
keep(struct lookup *lookup, const struct found *found, struct fail *fail)
{
	struct stops *stops = lookup->engine->o.stops;
	const struct given *now = &found->now;
	bool there;
	bool own = slice_is(now->channel, "view");
	const struct stop_held held = {.type = found->type,
	    .object = found->object,
	    .recipient = found->recipient,
	    .purpose = found->purpose,
	    .channel = now->channel,
	    .onward = now->onward,
	    .entry = now->at,
	    .time = now->time,
	    .roles = now->roles,
	    .state = own ? SLICE("removed") : SLICE("held"),
	    .about = -1};

	if (!learn_both(lookup, found, &there, fail))
		return false;
	/* What misu itself publishes ends here and now. */
	if (own && now->shows &&
	    !engine_view_renew(
		lookup->engine, found->type, found->object, fail))
		return false;
	/* What the vault has no record of any more was deleted there. */
	return now->entry == LEDGER_NONE || !now->shows || !there ||
	       stops_hold(stops, lookup->stop.id, &held, fail);
}

static bool
waits(void *arg, const struct spool_item *item)
{
	struct lookup *lookup = arg;

	for (struct found *f = lookup->first; f != NULL; f = f->next_object)
		if (f->now.entry == item->entry)
			take_back(f);
	return true;
}

/* What waits has not been given, and will be decided again. */
static bool
take_back_waiting(struct lookup *lookup, struct fail *fail)
{
	struct spool *spool = lookup->engine->o.spool;

	return lookup->first == NULL ||
	       (spool_each(
		    spool, SPOOL_QUEUED, SIZE_MAX >> 1, waits, lookup, fail) &&
		   spool_each(spool, SPOOL_LAID_OUT, SIZE_MAX >> 1, waits,
		       lookup, fail));
}

static bool
keep_all(struct lookup *lookup, struct fail *fail)
{
	struct stops *stops = lookup->engine->o.stops;
	bool ok = take_back_waiting(lookup, fail) && stops_begin(stops, fail);

	for (const struct found *f = lookup->first; ok && f != NULL;
	     f = f->next_object)
		ok = keep(lookup, f, fail);
	/* By what it is known by now it may stand in other objects, too. */
	ok = ok && engine_walk_stops(lookup->engine, fail) &&
	     stops_commit(stops, lookup->stop.id, fail);
	if (!ok)
		stops_rollback(stops);
	return ok;
}

/* Entries of the ledger, some of them. */
static bool
read_some(struct lookup *lookup, bool *left, struct fail *fail)
{
	struct ledger *ledger = lookup->engine->o.ledger;
	uint64_t size = ledger_size(ledger);
	bool ok = true;

	/* What was pruned is known to nobody, perhaps since we began. */
	if (lookup->next < ledger_minimum(ledger))
		lookup->next = ledger_minimum(ledger);
	for (int i = 0; ok && i < LOOK_AT_ONCE && lookup->next < size; i++)
		ok = look_at(lookup, lookup->next++, fail);
	*left = lookup->next < size;
	return end_doubts(lookup, ok || fail->kind == FAIL_WORLD, fail) && ok;
}

/* All of it once more, with those who are the same. */
static void
begin_again(struct lookup *lookup)
{
	memset(lookup->heads, 0, sizeof(lookup->heads));
	lookup->first = NULL;
	lookup->last = &lookup->first;
	lookup->count = 0;
	lookup->next = 0;
	lookup->stage = STAGE_ALL;
}

static bool
step(struct lookup *lookup, bool *left, struct fail *fail)
{
	if (lookup->stage == STAGE_ALIKE) {
		if (!engine_alike_walk(lookup->alike, left, fail) || *left)
			return fail->kind == FAIL_NONE;
		*left = engine_alike_any(lookup->alike);
		if (*left)
			begin_again(lookup);
		return true;
	}
	if (!read_some(lookup, left, fail) || *left)
		return fail->kind == FAIL_NONE;
	if (lookup->stage == STAGE_ALL)
		return true;
	lookup->stage = STAGE_ALIKE;
	*left = true;
	return learn_all(lookup, fail);
}

static void
turn(void *arg)
{
	struct lookup *lookup = arg;
	struct engine *engine = lookup->engine;
	struct fail fail = FAIL_INIT;
	bool left = false, ok = true;

	if (engine->draining)
		ok = fail_set(&fail, FAIL_WORLD,
		    "misu is stopping; it goes on when it is there again");
	ok = ok && step(lookup, &left, &fail);
	if (ok && left &&
	    engine->o.loop->operations->soon(engine->o.loop, turn, lookup))
		return;
	if (ok && left)
		ok = fail_memory(&fail);
	ok = ok && keep_all(lookup, &fail);
	finish(lookup, ok ? NULL : &fail);
}

static struct lookup *
lookup_create(struct engine *engine, const struct stop *stop)
{
	struct arena *arena = engine_arena(engine);
	struct lookup *lookup =
	    arena != NULL ? arena_take(arena, sizeof(*lookup)) : NULL;

	if (lookup == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	*lookup = (struct lookup){.engine = engine,
	    .arena = arena,
	    .scratch = engine_arena(engine),
	    .stop = *stop};
	lookup->last = &lookup->first;
	lookup->alike = engine_alike_create(engine, stop, arena);
	lookup->stop.subject = arena_copy(arena, stop->subject);
	for (size_t i = 0; i < PSEUDONYM_SIZE; i++)
		snprintf(
		    lookup->pseudonym + 2 * i, 3, "%02x", stop->pseudonym[i]);
	if (lookup->scratch != NULL && lookup->stop.subject.data != NULL &&
	    lookup->alike != NULL)
		return lookup;
	arena_destroy(lookup->scratch);
	arena_destroy(arena);
	return NULL;
}

void
engine_look_up(struct engine *engine, const struct stop *stop,
    void (*then)(void *arg, const struct fail *fail), void *arg)
{
	struct lookup *lookup = lookup_create(engine, stop);
	struct fail fail = FAIL_INIT;

	if (lookup == NULL) {
		fail_memory(&fail);
		then(arg, &fail);
		return;
	}
	lookup->then = then;
	lookup->arg = arg;
	engine->under_way++;
	if (!engine->o.loop->operations->soon(engine->o.loop, turn, lookup))
		turn(lookup);
}
