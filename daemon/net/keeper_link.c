#include "codec/pack.h"
#include "codec/verdicts.h"
#include "net/channel.h"
#include "net/keeper_link_priv.h"
#include "store/acknowledgement_priv.h"

_Static_assert((int)KEEPER_OBJECTS_MAX <= (int)WIRE_OBJECTS_MAX, "fetch");
_Static_assert((int)KEEP_REGISTERED + 1 == (int)WIRE_STORES, "stores");
_Static_assert((int)KEEPER_STOPPED + 1 == (int)WIRE_WORDS, "words");
_Static_assert((int)DELIVERY_COUNT == (int)WIRE_DELIVERIES, "deliveries");
_Static_assert((int)KEEPER_UNKNOWN + 1 == (int)WIRE_ENDS, "ends");

/* Where a commit is written without being moved while it grows. */
enum { COMMIT_ROOM = 2048 };

/* What was asked; all of it is in the asker's arena. */
struct pending {
	struct pending *chain; /* in its bucket */
	struct pending *older, *newer;
	uint64_t number;
	int64_t deadline; /* Unix ms */
	struct arena *arena;
	struct slice message;
	bool carried;		 /* to a keeper that may have done it */
	size_t count;		 /* objects of a fetch */
	keeper_fetched *fetched; /* or */
	keeper_done *done;	 /* or */
	keeper_noted *noted;
	void *arg;
	struct opened *opened; /* of a commit that can be sealed */
	struct draft *draft;   /* what is to be */
};

static void expire(void *arg);

struct keeper_link *
keeper_link_create(const struct keeper_link_options *options, struct fail *fail)
{
	struct keeper_link *link = calloc(1, sizeof(*link));

	if (link == NULL) {
		fail_memory(fail);
		return NULL;
	}
	link->o = *options;
	if (link->o.send_late == NULL)
		link->o.send_late = options->send;
	outcomes_init(link);
	link->scratch = arena_create(options->memory);
	link->timer = options->loop->operations->timer_create(
	    options->loop, expire, link);
	if (link->scratch == NULL || link->timer == NULL)
		fail_memory(fail);
	else if (options->random->fill(
		     options->random->context, &link->id, sizeof(link->id)))
		return link;
	else
		fail_set(fail, FAIL_WORLD, "no random bytes to be had");
	keeper_link_destroy(link);
	return NULL;
}

void
keeper_link_destroy(struct keeper_link *link)
{
	if (link == NULL)
		return;
	keeper_link_forget(link);
	outcomes_finish(link);
	if (link->timer != NULL)
		link->o.loop->operations->timer_destroy(link->timer);
	arena_destroy(link->scratch);
	free(link);
}

/* --- carrying --- */

typedef bool sender(void *context, struct slice message);

static bool
carry(struct keeper_link *link, struct slice message, sender *send)
{
	if (link->is_up && !send(link->o.context, message))
		link->is_up = false;
	return link->is_up;
}

bool
link_carry(struct keeper_link *link, struct slice message)
{
	return carry(link, message, link->o.send);
}

static bool
write_and_carry(struct keeper_link *link, const struct wire_message *message,
    sender *send)
{
	struct text text = text_start(link->scratch);
	bool ok = link->is_up && wire_write(&text, message, NULL) &&
		  carry(link, text_slice(&text), send);

	arena_reset(link->scratch);
	return ok;
}

bool
link_send(struct keeper_link *link, const struct wire_message *message)
{
	return write_and_carry(link, message, link->o.send);
}

bool
link_send_late(struct keeper_link *link, const struct wire_message *message)
{
	return write_and_carry(link, message, link->o.send_late);
}

bool
keeper_link_is_up(const struct keeper_link *link)
{
	return link->is_up;
}

void
keeper_link_down(struct keeper_link *link)
{
	link->is_up = false;
}

/* Outcomes first: what is asked now may be about the same objects. */
void
keeper_link_up(struct keeper_link *link)
{
	link->is_up = true;
	outcomes_resume(link);
	for (struct pending *p = link->oldest; p != NULL; p = p->newer) {
		if (!link_carry(link, p->message))
			break;
		p->carried = true;
	}
}

/* --- what is pending --- */

int64_t
link_now(const struct keeper_link *link)
{
	return link->o.loop->operations->now(link->o.loop);
}

static struct pending **
bucket_of(struct keeper_link *link, uint64_t number)
{
	return &link->heads[number % PENDING_HEADS];
}

/* All wait equally long, so whoever set it first is the first. */
void
link_wait(struct keeper_link *link, int64_t delay)
{
	if (link->timer_set)
		return;
	link->timer_set = true;
	link->o.loop->operations->timer_set(link->timer, delay);
}

static void
pending_add(struct keeper_link *link, struct pending *pending)
{
	struct pending **at = bucket_of(link, pending->number);

	pending->chain = *at;
	*at = pending;
	pending->older = link->newest;
	if (link->newest != NULL)
		link->newest->newer = pending;
	else
		link->oldest = pending;
	link->newest = pending;
	link->pending_count++;
	pending->deadline = link_now(link) + KEEPER_PATIENCE;
	link_wait(link, KEEPER_PATIENCE);
	pending->carried = link_carry(link, pending->message);
}

static struct pending *
pending_find(struct keeper_link *link, uint64_t number)
{
	struct pending *pending = *bucket_of(link, number);

	while (pending != NULL && pending->number != number)
		pending = pending->chain;
	return pending;
}

static void
pending_remove(struct keeper_link *link, struct pending *pending)
{
	struct pending **at = bucket_of(link, pending->number);

	while (*at != pending)
		at = &(*at)->chain;
	*at = pending->chain;
	if (pending->older != NULL)
		pending->older->newer = pending->newer;
	else
		link->oldest = pending->newer;
	if (pending->newer != NULL)
		pending->newer->older = pending->older;
	else
		link->newest = pending->older;
	link->pending_count--;
	link->tells -= pending->noted != NULL;
}

/* `pending` is of no use after this: its arena is the asker's. */
static void
answer_fail(const struct pending *pending, const struct fail *fail)
{
	if (pending->fetched != NULL)
		pending->fetched(pending->arg, NULL, 0, fail);
	else if (pending->noted != NULL)
		pending->noted(pending->arg, fail);
	else
		pending->done(pending->arg, NULL, fail);
}

/* Its keeper may have died between the disk and the answer. */
static void
give_up(struct keeper_link *link, const struct pending *pending,
    const struct fail *fail)
{
	const struct keeper_committed lost = {.word = KEEPER_LOST};

	if (pending->opened != NULL && pending->carried)
		opened_keep(pending->opened, pending->message);
	opened_abandon(link, pending->opened, pending->number);
	if (pending->done != NULL && pending->carried)
		pending->done(pending->arg, &lost, fail);
	else
		answer_fail(pending, fail);
}

static void
expire(void *arg)
{
	struct keeper_link *link = arg;
	int64_t time = link_now(link);
	struct fail fail = FAIL_INIT;
	struct pending *pending;

	fail_set(&fail, FAIL_WORLD, "the keeper does not answer");
	link->timer_set = false;
	while ((pending = link->oldest) != NULL && pending->deadline <= time) {
		pending_remove(link, pending);
		give_up(link, pending, &fail);
	}
	if (link->oldest != NULL)
		link_wait(link, link->oldest->deadline - time);
	if (outcomes_retry(link))
		link_wait(link, KEEPER_PATIENCE);
}

void
keeper_link_forget(struct keeper_link *link)
{
	struct pending *pending;

	while ((pending = link->oldest) != NULL) {
		pending_remove(link, pending);
		opened_abandon(link, pending->opened, pending->number);
	}
}

static struct pending *
pending_create(
    struct keeper_link *link, struct arena *arena, void *arg, struct fail *fail)
{
	struct pending *pending;

	if (link->pending_count >= PENDING_MAX) {
		fail_set(fail, FAIL_WORLD,
		    "%d requests to the keeper are not answered yet",
		    PENDING_MAX);
		return NULL;
	}
	pending = arena_take(arena, sizeof(*pending));
	if (pending == NULL) {
		fail_memory(fail);
		return NULL;
	}
	pending->number = ++link->number;
	pending->arena = arena;
	pending->arg = arg;
	return pending;
}

/* --- telling --- */

static bool
tell_write(struct pending *pending, const struct keeper_outcome *outcome,
    struct fail *fail)
{
	struct text text = text_start(pending->arena);
	struct wire_message message;

	message.type = WIRE_OUTCOME;
	message.of.outcome = (struct wire_outcome){.number = pending->number,
	    .entry = UINT64_MAX,
	    .end = outcome->end,
	    .store = outcome->store,
	    .code = outcome->code,
	    .object = {outcome->object.type, outcome->object.name}};
	if (!wire_write(&text, &message, fail))
		return false;
	pending->message = text_slice(&text);
	return pending->message.data != NULL || fail_memory(fail);
}

void
keeper_tell(struct keeper_link *link, struct arena *arena,
    const struct keeper_outcome *outcome, keeper_noted *done, void *arg)
{
	struct fail fail = FAIL_INIT;
	struct pending *pending = pending_create(link, arena, arg, &fail);

	if (pending == NULL || !tell_write(pending, outcome, &fail)) {
		done(arg, &fail);
		return;
	}
	pending->noted = done;
	link->tells++;
	pending_add(link, pending);
}

static void
take_noted(struct keeper_link *link, const struct wire_numbers *numbers)
{
	outcomes_noted(link, numbers);
	for (size_t i = 0; link->tells != 0 && i < wire_count(numbers); i++) {
		struct pending *pending =
		    pending_find(link, wire_number(numbers, i));

		if (pending == NULL || pending->noted == NULL)
			continue;
		pending_remove(link, pending);
		pending->noted(pending->arg, NULL);
	}
}

/* --- fetching --- */

static bool
fetch_write(struct pending *pending, const struct keeper_object *objects,
    size_t count, struct fail *fail)
{
	struct text text = text_start(pending->arena);
	struct wire_message message;

	if (count > KEEPER_OBJECTS_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "more than %d objects in one command", KEEPER_OBJECTS_MAX);
	message.type = WIRE_FETCH;
	message.of.fetch.number = pending->number;
	message.of.fetch.count = pending->count = count;
	for (size_t i = 0; i < count; i++)
		message.of.fetch.objects[i] =
		    (struct wire_object){objects[i].type, objects[i].name};
	if (!wire_write(&text, &message, fail))
		return false;
	pending->message = text_slice(&text);
	return pending->message.data != NULL || fail_memory(fail);
}

void
keeper_fetch(struct keeper_link *link, struct arena *arena,
    const struct keeper_object *objects, size_t count, keeper_fetched *done,
    void *arg)
{
	struct fail fail = FAIL_INIT;
	struct pending *pending = pending_create(link, arena, arg, &fail);

	if (pending == NULL || !fetch_write(pending, objects, count, &fail)) {
		done(arg, NULL, 0, &fail);
		return;
	}
	pending->fetched = done;
	pending_add(link, pending);
}

/* The record borrows from a copy that lives as long as it does. */
static bool
unpack(struct arena *arena, struct slice packed, struct record **out,
    struct fail *fail)
{
	*out = NULL;
	if (packed.len == 0)
		return true;
	packed = arena_copy(arena, packed);
	if (packed.data == NULL)
		return fail_memory(fail);
	*out = unpack_record(arena, packed, fail);
	return *out != NULL;
}

static bool
unpack_all(struct pending *pending, const struct wire_fetched *fetched,
    struct keeper_held *held, struct fail *fail)
{
	if (fetched->count != pending->count)
		return fail_set(fail, FAIL_WORLD,
		    "the keeper answered about other objects");
	for (size_t i = 0; i < fetched->count; i++) {
		held[i].seen = fetched->seen;
		held[i].in_doubt = fetched->held[i].in_doubt;
		if (!unpack(pending->arena, fetched->held[i].current.packed,
			&held[i].current, fail) ||
		    !unpack(pending->arena, fetched->held[i].proposed.packed,
			&held[i].proposed, fail))
			return false;
	}
	return true;
}

static void
take_fetched(struct keeper_link *link, const struct wire_fetched *fetched)
{
	struct pending *pending = pending_find(link, fetched->number);
	struct fail fail = fetched->fail;
	struct keeper_held *held;

	if (pending == NULL || pending->fetched == NULL)
		return;
	pending_remove(link, pending);
	held =
	    arena_take_array(pending->arena, pending->count + 1, sizeof(*held));
	if (held == NULL)
		fail_memory(&fail);
	if (fail.kind != FAIL_NONE ||
	    !unpack_all(pending, fetched, held, &fail))
		answer_fail(pending, &fail);
	else
		pending->fetched(pending->arg, held, pending->count, NULL);
}

/* --- committing --- */

static void
commit_fill(struct wire_commit *out, const struct keeper_commit *commit,
    const struct draft *draft)
{
	*out = (struct wire_commit){
	    .policy = *ruleset_identity(disclosure_ruleset(commit->disclosure)),
	    .setup = commit->setup,
	    .in_scope = commit->scope != NULL,
	    .given = *commit->given,
	    .verdicts = verdicts_digest(commit->disclosure),
	    .has_payload = draft != NULL,
	    .upstream = commit->upstream,
	    .channel = commit->channel,
	    .principal = commit->principal,
	    .store = commit->store,
	    .approval = commit->approval,
	    .seen = commit->seen,
	    .record = {commit->record, {NULL, 0}},
	    .stored = {commit->stored, {NULL, 0}}};
	if (commit->scope != NULL)
		out->scope = *commit->scope;
	else
		out->block = commit->block->number;
	if (draft != NULL)
		out->payload = *draft_digest(draft);
}

static bool
commit_write(struct keeper_link *link, struct pending *pending,
    const struct keeper_commit *commit, struct fail *fail)
{
	struct text text = text_start(pending->arena);
	struct wire_message message;

	message.type = WIRE_COMMIT;
	commit_fill(&message.of.commit, commit, pending->draft);
	message.of.commit.link = link->id;
	message.of.commit.number = pending->number;
	text.data = arena_take(pending->arena, COMMIT_ROOM);
	if (text.data == NULL)
		return fail_memory(fail);
	text.size = COMMIT_ROOM;
	if (!wire_write(&text, &message, fail))
		return false;
	pending->message = text_slice(&text);
	return pending->message.data != NULL || fail_memory(fail);
}

/* What the sealed will be made of. */
static bool
commit_keep(struct keeper_link *link, struct pending *pending,
    const struct keeper_commit *commit, struct fail *fail)
{
	const struct record *object =
	    commit->stored != NULL ? commit->stored : commit->record;

	if (commit->payload.len == 0)
		return true;
	pending->draft = seal_draft(pending->arena,
	    disclosure_recipient(commit->disclosure)->id, commit->payload,
	    fail);
	if (pending->draft == NULL)
		return false;
	pending->opened = opened_create(link, record_object(object).len, fail);
	return pending->opened != NULL;
}

void
keeper_commit(struct keeper_link *link, struct arena *arena,
    const struct keeper_commit *commit, keeper_done *done, void *arg)
{
	struct pending *pending;
	struct fail fail;

	fail_clear(&fail);
	pending = pending_create(link, arena, arg, &fail);
	if (pending == NULL || !commit_keep(link, pending, commit, &fail) ||
	    !commit_write(link, pending, commit, &fail)) {
		opened_drop(link, pending != NULL ? pending->opened : NULL);
		done(arg, NULL, &fail);
		return;
	}
	pending->done = done;
	pending_add(link, pending);
}

/* The one place where an acknowledgement becomes a sealed. */
static const struct sealed *
seal(struct keeper_link *link, struct pending *pending,
    const struct wire_committed *committed, struct fail *fail)
{
	struct acknowledgement acknowledgement = {
	    committed->entry, committed->leaf, committed->payload};
	const struct sealed *sealed;

	if (pending->opened == NULL) {
		fail_set(fail, FAIL_WORLD,
		    "entry %llu was acknowledged for bytes nobody has",
		    (unsigned long long)committed->entry);
		return NULL;
	}
	sealed = seal_acknowledged(
	    pending->arena, &acknowledgement, pending->draft, fail);
	if (sealed == NULL)
		return NULL;
	opened_is_sealed(link, pending->opened, committed->entry);
	pending->opened = NULL;
	return sealed;
}

static void
take_committed(struct keeper_link *link, const struct wire_committed *committed)
{
	struct pending *pending = pending_find(link, committed->number);
	struct keeper_committed out = {
	    .word = (enum keeper_word)committed->word,
	    .id = committed->id,
	    .entry = committed->entry};
	struct fail fail;

	fail_clear(&fail);
	if (committed->fail.kind != FAIL_NONE)
		fail = committed->fail;
	if (pending == NULL) {
		opened_late(link, committed);
		return;
	}
	if (pending->done == NULL)
		return;
	pending_remove(link, pending);
	if (fail.kind == FAIL_NONE && committed->is_sealed)
		out.sealed = seal(link, pending, committed, &fail);
	if (fail.kind != FAIL_NONE && committed->is_sealed) {
		/* It cannot be sent: then the entry must say so. */
		opened_abandon(link, pending->opened, pending->number);
		opened_late(link, committed);
	} else {
		opened_drop(link, pending->opened);
	}
	if (fail.kind != FAIL_NONE)
		answer_fail(pending, &fail);
	else
		pending->done(pending->arg, &out, NULL);
}

/* --- what the keeper asks --- */

void
keeper_delivered(
    struct keeper_link *link, int64_t id, int delivery, const struct fail *fail)
{
	struct wire_message message;

	message.type = WIRE_DELIVERED;
	message.of.delivered =
	    (struct wire_delivered){.id = id, .delivery = (unsigned)delivery};
	if (fail != NULL)
		message.of.delivered.fail = *fail;
	link_send(link, &message);
}

void
keeper_answer(struct keeper_link *link, int64_t id, int status,
    struct slice body, bool last)
{
	struct wire_message message;

	message.type = WIRE_ANSWER;
	message.of.answer = (struct wire_answer){
	    .id = id, .status = (uint32_t)status, .last = last, .body = body};
	link_send(link, &message);
}

/* The keeper restored it from the spool: it is sealed here again. */
static const struct sealed *
seal_delivery(
    struct arena *arena, const struct wire_deliver *deliver, struct fail *fail)
{
	struct acknowledgement acknowledgement = {
	    deliver->entry, deliver->leaf, deliver->sha256};
	const struct draft *draft;

	if (arena == NULL) {
		fail_memory(fail);
		return NULL;
	}
	draft = seal_draft(arena, deliver->recipient, deliver->payload, fail);
	return draft == NULL
		   ? NULL
		   : seal_acknowledged(arena, &acknowledgement, draft, fail);
}

static void
take_deliver(struct keeper_link *link, const struct wire_deliver *deliver)
{
	struct fail fail = FAIL_INIT;
	struct keeper_delivery delivery = {.id = deliver->id,
	    .upstream = deliver->upstream,
	    .arena = arena_create(link->o.memory),
	    .again = deliver->again};

	delivery.sealed = seal_delivery(delivery.arena, deliver, &fail);
	if (delivery.sealed != NULL) {
		link->o.deliver(link->o.context, &delivery);
		return;
	}
	arena_destroy(delivery.arena);
	keeper_delivered(link, deliver->id,
	    deliver->again ? DELIVERY_UNKNOWN : DELIVERY_LATER, &fail);
}

static void
take_ask(struct keeper_link *link, const struct wire_ask *from)
{
	struct keeper_ask ask = {
	    .id = from->id, .verb = from->verb, .text = from->text};

	link->o.ask(link->o.context, &ask);
}

bool
keeper_link_receive(struct keeper_link *link, struct slice bytes)
{
	struct wire_message message;

	if (!wire_read(bytes, &message))
		return false;
	switch (message.type) {
	case WIRE_SETUP:
		link->o.setup(link->o.context, message.of.setup);
		return true;
	case WIRE_FETCHED:
		take_fetched(link, &message.of.fetched);
		return true;
	case WIRE_COMMITTED:
		take_committed(link, &message.of.committed);
		return true;
	case WIRE_NOTED:
		take_noted(link, &message.of.noted);
		return true;
	case WIRE_DELIVER:
		take_deliver(link, &message.of.deliver);
		return true;
	case WIRE_ASK:
		take_ask(link, &message.of.ask);
		return true;
	case WIRE_HELLO:
	case WIRE_FETCH:
	case WIRE_COMMIT:
	case WIRE_OUTCOME:
	case WIRE_DELIVERED:
	case WIRE_ANSWER:
	case WIRE_TYPE_COUNT:
		break;
	}
	return false;
}
