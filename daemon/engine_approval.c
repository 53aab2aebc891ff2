#include "engine_approval.h"

#include "store/approvals.h"

struct giving {
	struct engine *engine;
	struct arena *arena;
	struct approval approval;
	bool is_second;
	approval_done *done;
	void *arg;
};

static const struct slice matters[] = {
    [CONF_TWO_HOLDS] = {"hold", 4},
    [CONF_TWO_FORGETTING] = {"forgetting", 10},
    [CONF_TWO_AUTHORITY] = {"authority-request", 17},
};

bool
approval_needed(const struct engine *engine, enum conf_matter matter)
{
	return (engine->conf->two_for & 1u << matter) != 0;
}

/* What an actor's text says, "uid 1001 (alice)" or "certificate 0a1b (bob)". */
struct person {
	struct slice who, name;
	bool by_certificate;
	bool by_group; /* the name is not the user's own */
};

/* Whom misu.conf names this user, "uid 1001"; empty: only a group of theirs. */
static struct slice
name_of(const struct conf *conf, struct slice who)
{
	char uid[24];

	for (size_t i = 0; i < conf->operator_count; i++) {
		if (conf->operators[i].by != CONF_BY_USER)
			continue;
		snprintf(uid, sizeof(uid), "uid %u", conf->operators[i].id);
		if (slice_is(who, uid))
			return conf->operators[i].name;
	}
	return (struct slice){"", 0};
}

/* A user has the name that misu.conf gives them now, or the one they had. */
static struct person
read_actor(const struct conf *conf, struct slice actor)
{
	static const char begin[] = "certificate ";
	struct person person = {.who = actor, .name = {"", 0}};
	const char *end =
	    actor.len != 0 ? memmem(actor.data, actor.len, " (", 2) : NULL;
	struct slice own;

	if (end != NULL) {
		person.who.len = (size_t)(end - actor.data);
		person.name = (struct slice){
		    end + 2, actor.len - person.who.len - 3};
	}
	person.by_certificate = actor.len >= sizeof(begin) - 1 &&
	    memcmp(actor.data, begin, sizeof(begin) - 1) == 0;
	if (person.by_certificate)
		return person;
	own = name_of(conf, person.who);
	person.by_group = own.len == 0;
	if (own.len != 0)
		person.name = own;
	return person;
}

bool
approval_is_same_person(
    const struct conf *conf, struct slice one, struct slice two)
{
	struct person a = read_actor(conf, one), b = read_actor(conf, two);

	if (slice_equal(a.who, b.who))
		return true;
	if (a.name.len != 0 && slice_equal(a.name, b.name))
		return !a.by_group || !b.by_group;
	return (a.by_certificate && b.by_group && b.name.len != 0) ||
	       (b.by_certificate && a.by_group && a.name.len != 0);
}

static void
finish(struct giving *giving, enum approval_word word, const struct fail *fail)
{
	approval_done *done = giving->done;
	void *arg = giving->arg;

	arena_destroy(giving->arena);
	done(arg, word, fail);
}

static int64_t
oldest(const struct engine *engine)
{
	return engine_now(engine) -
	       (int64_t)engine->conf->approval_lasts * 1000;
}

/* A first approval that still counts. */
static bool
find_first(struct engine *engine, struct arena *arena, struct slice matter,
    struct slice about, struct approval *out, struct fail *fail)
{
	return approvals_find(
		   engine->o.approvals, arena, matter, about, out, fail) &&
	       out->time >= oldest(engine);
}

/* The first one may be spent by another order that was under way, too. */
static bool
is_spent(struct giving *giving, struct fail *fail)
{
	struct approval first;

	if (!giving->is_second ||
	    find_first(giving->engine, giving->arena, giving->approval.matter,
		giving->approval.about, &first, fail))
		return false;
	if (fail->kind == FAIL_NONE)
		fail_set(fail, FAIL_INPUT,
		    "the first approval was spent at the same time");
	return true;
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct giving *giving = arg;
	struct engine *engine = giving->engine;
	struct approvals *approvals = engine->o.approvals;
	const struct approval *approval = &giving->approval;
	struct fail fail = FAIL_INIT;
	bool ok;

	(void)first;
	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		finish(giving, APPROVAL_FAILED, ledger_fail);
	} else if (is_spent(giving, &fail)) {
		finish(giving,
		    fail.kind == FAIL_INPUT ? APPROVAL_REFUSED
					    : APPROVAL_FAILED,
		    &fail);
	} else {
		ok = giving->is_second
			 ? approvals_remove(approvals, approval->matter,
			       approval->about, &fail)
			 : approvals_prune(approvals, oldest(engine), &fail) &&
			       approvals_put(approvals, approval, &fail);
		finish(giving,
		    !ok			? APPROVAL_FAILED
		    : giving->is_second ? APPROVAL_WHOLE
					: APPROVAL_WAITS,
		    ok ? NULL : &fail);
	}
	engine_finish_one(engine);
}

static bool
record(struct giving *giving, const struct approval_ask *ask, struct fail *fail)
{
	struct engine *engine = giving->engine;
	struct event event = engine_step_event(engine, giving->is_second
						   ? SUBJECT_APPROVAL_SECOND
						   : SUBJECT_APPROVAL_FIRST);
	struct text reason = text_start(giving->arena);
	struct batch *batch =
	    ledger_begin(engine->o.ledger, giving->arena, fail);

	text_add(&reason, giving->approval.matter);
	if (ask->reason.len != 0) {
		text_add_string(&reason, ": ");
		text_add(&reason, ask->reason);
	}
	event.has_entry = ask->entry != LEDGER_NONE;
	event.entry = ask->entry;
	event.actor = giving->approval.actor;
	event.reason = text_slice(&reason);
	event.case_id = ask->case_id;
	event.subject = ask->subject;
	if (event.reason.data == NULL)
		return fail_memory(fail);
	if (batch == NULL || !ledger_add_event(batch, &event, fail))
		return false;
	engine->under_way++;
	ledger_commit(batch, durable, giving);
	return true;
}

static struct giving *
giving_create(struct engine *engine, const struct approval_ask *ask)
{
	struct arena *arena = engine_arena(engine);
	struct giving *giving =
	    arena != NULL ? arena_take(arena, sizeof(*giving)) : NULL;

	if (giving == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	*giving = (struct giving){.engine = engine,
	    .arena = arena,
	    .approval = {.matter = matters[ask->matter],
		.about = arena_copy(arena, ask->about),
		.actor = arena_copy(arena, ask->actor),
		.time = engine_now(engine)}};
	if (giving->approval.about.data != NULL &&
	    giving->approval.actor.data != NULL)
		return giving;
	arena_destroy(arena);
	return NULL;
}

void
approval_give(struct engine *engine, const struct approval_ask *ask,
    approval_done *done, void *arg)
{
	struct fail fail = FAIL_INIT;
	struct approval earlier;
	struct giving *giving;

	if (!approval_needed(engine, ask->matter)) {
		done(arg, APPROVAL_WHOLE, NULL);
		return;
	}
	giving =
	    engine->o.approvals != NULL ? giving_create(engine, ask) : NULL;
	if (giving == NULL) {
		fail_memory(&fail);
		done(arg, APPROVAL_FAILED, &fail);
		return;
	}
	giving->done = done;
	giving->arg = arg;
	giving->is_second = find_first(engine, giving->arena,
	    giving->approval.matter, ask->about, &earlier, &fail);
	if (giving->is_second &&
	    approval_is_same_person(
		engine->conf, earlier.actor, ask->actor)) {
		fail_set(&fail, FAIL_INPUT,
		    "%.*s approved this already: it needs another operator",
		    SLICE_ARG(earlier.actor));
		fail_hint(&fail, "misu.conf: approval ... by two operators; who "
				 "comes by a group may be whoever has a "
				 "certificate");
		finish(giving, APPROVAL_REFUSED, &fail);
	} else if (fail.kind != FAIL_NONE || !record(giving, ask, &fail)) {
		finish(giving, APPROVAL_FAILED, &fail);
	}
}

void
approval_add(struct engine *engine, struct text *text, enum conf_matter matter,
    struct slice about)
{
	struct fail fail = FAIL_INIT;
	struct approval first;

	if (!approval_needed(engine, matter) || engine->o.approvals == NULL ||
	    !find_first(
		engine, text->arena, matters[matter], about, &first, &fail))
		return;
	text_add_string(text, ",\"approved_by\":");
	text_add_json(text, first.actor);
	text_add_format(text, ",\"approved\":%lld", (long long)first.time);
}

struct adding {
	struct text *text;
	struct slice matter, begin;
	int64_t oldest;
	bool any;
};

static bool
add_one(void *arg, const struct approval *approval)
{
	struct adding *adding = arg;
	struct text *text = adding->text;

	if (!slice_equal(approval->matter, adding->matter) ||
	    approval->time < adding->oldest ||
	    approval->about.len < adding->begin.len ||
	    memcmp(approval->about.data, adding->begin.data,
		adding->begin.len) != 0)
		return true;
	text_add_string(text, adding->any ? ",{\"about\":" : "{\"about\":");
	text_add_json(text, approval->about);
	text_add_string(text, ",\"by\":");
	text_add_json(text, approval->actor);
	text_add_format(text, ",\"time\":%lld}", (long long)approval->time);
	adding->any = true;
	return true;
}

void
approval_add_all(struct engine *engine, struct text *text,
    enum conf_matter matter, struct slice begin)
{
	struct adding adding = {.text = text,
	    .matter = matters[matter],
	    .begin = begin,
	    .oldest = oldest(engine)};
	struct fail fail = FAIL_INIT;

	if (!approval_needed(engine, matter) || engine->o.approvals == NULL)
		return;
	text_add_string(text, ",\"approvals\":[");
	if (!approvals_each(
		engine->o.approvals, text->arena, add_one, &adding, &fail))
		engine_log(engine, "error", "approvals", &fail);
	text_add_char(text, ']');
}

void
approval_drop(
    struct engine *engine, enum conf_matter matter, struct slice about)
{
	struct fail fail = FAIL_INIT;

	if (engine->o.approvals != NULL &&
	    !approvals_remove(
		engine->o.approvals, matters[matter], about, &fail))
		engine_log(engine, "error", "approvals", &fail);
}
