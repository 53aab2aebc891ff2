#include "base/digest.h"
#include "net/keeper_link_priv.h"

static void
queue_init(struct opened_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void
queue_push(struct opened_queue *queue, struct opened *opened)
{
	opened->next = NULL;
	*queue->last = opened;
	queue->last = &opened->next;
}

/* Take out the one with this number; NULL if there is none. */
static struct opened *
queue_take(struct opened_queue *queue, uint64_t number)
{
	struct opened **at = &queue->first, *found;

	while (*at != NULL && (*at)->number != number)
		at = &(*at)->next;
	found = *at;
	if (found == NULL)
		return NULL;
	*at = found->next;
	if (queue->last == &found->next)
		queue->last = at;
	return found;
}

static struct opened **
bucket_of(struct keeper_link *link, uint64_t entry)
{
	return &link->opened[entry % OPENED_HEADS];
}

struct opened *
opened_create(struct keeper_link *link, size_t room, struct fail *fail)
{
	struct opened *opened;

	if (link->opened_count >= OPENED_MAX) {
		fail_set(fail, FAIL_WORLD,
		    "the outcomes of %d disclosures are not recorded yet",
		    OPENED_MAX);
		return NULL;
	}
	opened = malloc(sizeof(*opened) + room);
	if (opened == NULL) {
		fail_memory(fail);
		return NULL;
	}
	*opened = (struct opened){.room = room};
	link->opened_count++;
	return opened;
}

static void
opened_free(struct opened *opened)
{
	if (opened->message != NULL)
		digest_wipe(opened->message, opened->message_len);
	free(opened->message);
	free(opened->registered);
	free(opened);
}

void
opened_drop(struct keeper_link *link, struct opened *opened)
{
	if (opened == NULL)
		return;
	link->opened_count--;
	opened_free(opened);
}

void
opened_is_sealed(
    struct keeper_link *link, struct opened *opened, uint64_t entry)
{
	struct opened **at = bucket_of(link, entry);

	opened->entry = entry;
	opened->next = *at;
	*at = opened;
}

/* --- how it ended --- */

static void
tell(struct keeper_link *link, struct opened *opened)
{
	struct wire_message message;

	opened->told = link_now(link);
	message.type = WIRE_OUTCOME;
	message.of.outcome = (struct wire_outcome){.number = opened->number,
	    .entry = opened->entry,
	    .end = opened->end,
	    .store = opened->store,
	    .code = opened->code,
	    .object = {opened->type, {opened->name, opened->len}},
	    .registered = {opened->registered, opened->registered_len}};
	/* The backend's answer does not wait for it, nor for its keeper. */
	link_send_late(link, &message);
}

/* Without memory for it, it was not said. */
static void
keep_registered(struct opened *opened, struct slice registered)
{
	if (registered.len == 0)
		return;
	opened->registered = malloc(registered.len);
	if (opened->registered == NULL)
		return;
	memcpy(opened->registered, registered.data, registered.len);
	opened->registered_len = registered.len;
}

static void
end(struct keeper_link *link, struct opened *opened,
    const struct keeper_outcome *outcome)
{
	opened->number = ++link->number;
	opened->end = outcome->end;
	opened->store = outcome->store;
	opened->code = outcome->code;
	opened->type = outcome->object.type;
	/* Without a name the keeper takes the one of the commit. */
	opened->len = outcome->object.name.len <= opened->room
			  ? outcome->object.name.len
			  : 0;
	if (opened->len != 0)
		memcpy(opened->name, outcome->object.name.data, opened->len);
	keep_registered(opened, outcome->registered);
	queue_push(&link->ended, opened);
	tell(link, opened);
	link_wait(link, KEEPER_PATIENCE);
}

/* Nothing was disclosed, but what the vault has changes. */
static void
end_without_entry(
    struct keeper_link *link, const struct keeper_outcome *outcome)
{
	struct fail fail = FAIL_INIT;
	struct opened *opened =
	    opened_create(link, outcome->object.name.len, &fail);

	if (opened == NULL)
		return;
	opened->entry = outcome->entry;
	end(link, opened, outcome);
}

void
keeper_outcome(struct keeper_link *link, const struct keeper_outcome *outcome)
{
	struct opened **at = bucket_of(link, outcome->entry), *opened;

	if (outcome->entry == UINT64_MAX) {
		end_without_entry(link, outcome);
		return;
	}
	while (*at != NULL && (*at)->entry != outcome->entry)
		at = &(*at)->next;
	opened = *at;
	if (opened == NULL)
		return;
	*at = opened->next;
	end(link, opened, outcome);
}

/* Without memory for it the entry's outcome is unknown, which is true too. */
void
opened_keep(struct opened *opened, struct slice message)
{
	opened->message = malloc(message.len);
	if (opened->message == NULL)
		return;
	memcpy(opened->message, message.data, message.len);
	opened->message_len = message.len;
}

void
opened_abandon(struct keeper_link *link, struct opened *opened, uint64_t number)
{
	if (opened == NULL)
		return;
	opened->number = number;
	queue_push(&link->abandoned, opened);
	if (++link->abandoned_count <= ABANDONED_MAX)
		return;
	/* The keeper finds it without an outcome when this worker ends. */
	opened_drop(
	    link, queue_take(&link->abandoned, link->abandoned.first->number));
	link->abandoned_count--;
}

void
opened_late(struct keeper_link *link, const struct wire_committed *committed)
{
	struct opened *opened = queue_take(&link->abandoned, committed->number);
	struct keeper_outcome outcome = {.entry = committed->entry,
	    .end = KEEPER_NOT_SENT,
	    .store = KEEP_RECORD};

	if (opened == NULL)
		return;
	link->abandoned_count--;
	if (committed->fail.kind != FAIL_NONE || !committed->is_sealed) {
		opened_drop(link, opened);
		return;
	}
	opened->entry = committed->entry;
	end(link, opened, &outcome);
}

void
outcomes_noted(struct keeper_link *link, const struct wire_numbers *numbers)
{
	for (size_t i = 0; i < wire_count(numbers); i++)
		opened_drop(
		    link, queue_take(&link->ended, wire_number(numbers, i)));
}

/* --- when the keeper is there again --- */

static void
hello(struct keeper_link *link, struct slice entries)
{
	struct wire_message message;

	message.type = WIRE_HELLO;
	do {
		size_t len = entries.len < WIRE_ENTRIES_MAX * 8
				 ? entries.len
				 : WIRE_ENTRIES_MAX * 8;

		message.of.hello.bytes = (struct slice){entries.data, len};
		entries.data += len;
		entries.len -= len;
	} while (link_send(link, &message) && entries.len != 0);
}

void
outcomes_resume(struct keeper_link *link)
{
	struct arena *arena = arena_create(link->o.memory);
	struct text entries = text_start(arena);

	if (arena == NULL)
		return;
	for (size_t i = 0; i < OPENED_HEADS; i++)
		for (struct opened *o = link->opened[i]; o; o = o->next)
			wire_add_number(&entries, o->entry);
	if (!entries.failed)
		hello(link, text_slice(&entries));
	arena_destroy(arena);
	for (struct opened *o = link->ended.first; o; o = o->next)
		tell(link, o);
	for (struct opened *o = link->abandoned.first; o; o = o->next)
		if (o->message != NULL)
			link_carry(link,
			    (struct slice){o->message, o->message_len});
}

/* The keeper had no memory for it, say: it makes no second entry of it. */
bool
outcomes_retry(struct keeper_link *link)
{
	int64_t before = link_now(link) - KEEPER_PATIENCE;

	for (struct opened *o = link->ended.first; o != NULL; o = o->next)
		if (link->is_up && o->told <= before)
			tell(link, o);
	return link->ended.first != NULL;
}

void
outcomes_init(struct keeper_link *link)
{
	queue_init(&link->ended);
	queue_init(&link->abandoned);
}

static void
drop_all(struct opened *first)
{
	for (struct opened *next; first != NULL; first = next) {
		next = first->next;
		opened_free(first);
	}
}

void
outcomes_finish(struct keeper_link *link)
{
	for (size_t i = 0; i < OPENED_HEADS; i++)
		drop_all(link->opened[i]);
	drop_all(link->ended.first);
	drop_all(link->abandoned.first);
}
