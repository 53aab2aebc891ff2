/*
 * How it ended: an entry, and in the same batch what the vault makes of it.
 * The worker forgets an outcome when this is durable.
 */
#include "codec/epp.h"
#include "codec/pack.h"
#include "core/place.h"
#include "keeper_priv.h"

enum { REASON_SIZE = 24, REQUEST_SIZE = 64 };

struct end {
	struct job job;
	uint64_t number; /* of the worker's outcome */
	uint64_t entry;
	enum keeper_end how;
	bool stores; /* the vault changes with it */
	uint32_t hash;
	struct wire_outcome outcome; /* of one that waits; in the arena */
};

static const char *const words[] = {
    [KEEPER_ANSWERED] = "answered",
    [KEEPER_REFUSED] = "refused",
    [KEEPER_NOT_SENT] = "not-sent",
    [KEEPER_UNKNOWN] = "unknown",
};

static void
note(struct keeper_worker *worker, uint64_t number)
{
	struct wire_message message;
	char bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(number >> 8 * i);
	message.type = WIRE_NOTED;
	message.of.noted.bytes = (struct slice){bytes, sizeof(bytes)};
	worker_send(worker, &message);
}

/*
 * Not noted: the worker says it again when the keeper is there again.  The
 * entry is open still, and its end may come.
 */
static void
failed(struct end *end, const struct fail *fail)
{
	struct keeper *keeper = end->job.keeper;
	struct open *open = open_find(keeper, end->entry);

	if (open != NULL)
		open->is_ending = false;
	keeper_log(keeper, "error", "outcome-not-recorded", fail);
	job_end(&end->job);
}

/* What nobody got may be sent again under the same approval. */
static void
end_approval(
    struct keeper *keeper, const struct open *open, enum keeper_end how)
{
	if (open->approval == 0)
		return;
	if (how == KEEPER_NOT_SENT)
		hold_give_back(keeper, open->approval);
	else
		hold_finish(keeper, open->approval);
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct end *end = arg;
	struct keeper *keeper = end->job.keeper;
	struct open *open;

	(void)first;
	(void)sealed;
	(void)count;
	place_end(&end->job);
	if (end->stores)
		unsettled_end(keeper, end->hash);
	follow_end(&end->job);
	if (fail != NULL) {
		failed(end, fail);
		return;
	}
	keeper_wrote(keeper);
	open = open_find(keeper, end->entry);
	if (open != NULL && open->is_ending) {
		end_approval(keeper, open, end->how);
		open_remove(keeper, open);
	}
	if (end->job.worker != NULL)
		note(end->job.worker, end->number);
	job_end(&end->job);
}

/* --- what the vault makes of it --- */

/* What an entry proposed or found proposed, from its own copy. */
static bool
put_back(struct end *end, struct batch *batch, struct slice packed,
    bool proposed, struct fail *fail)
{
	const struct record *record =
	    unpack_record(end->job.arena, packed, fail);

	return record != NULL && store_record(batch, record, proposed, fail);
}

/* The same with what the registry said; false: as it is without that. */
static bool
settle_followed(struct end *end, struct batch *batch, const struct open *open,
    const struct wire_outcome *outcome, bool is_last, struct fail *fail)
{
	const struct wire_object *object = &outcome->object;
	struct record *record = is_last
	    ? vault_get_slot(end->job.keeper->o.vault, end->job.arena,
		  object->type, object->name, VAULT_PROPOSED, fail)
	    : unpack_record(end->job.arena, open->packed, fail);

	if (record == NULL)
		return fail->kind == FAIL_NONE;
	return follow_current(&end->job, batch, outcome, record, fail) &&
	       (!is_last || ledger_add_removal(batch, object->type,
				object->name, VAULT_PROPOSED, fail));
}

/* Was no deletion at all proposed behind its own record? */
static bool
is_sure(const struct keeper *keeper, const struct open *open,
    const struct wire_object *object)
{
	return open != NULL &&
	       open->deletions == ledger_deletions(keeper->o.ledger) &&
	       open->type == object->type &&
	       slice_equal(open->name, object->name);
}

/* A deletion that came after it is proposed by now: that stays. */
static bool
is_newest(const struct end *end, const struct open *open,
    const struct wire_object *object, bool *out, struct fail *fail)
{
	const struct record *proposed;

	*out = true;
	if (is_sure(end->job.keeper, open, object))
		return true;
	proposed = vault_get_slot(end->job.keeper->o.vault, end->job.arena,
	    object->type, object->name, VAULT_PROPOSED, fail);
	*out = proposed == NULL ||
	       record_operation(proposed) != OPERATION_DELETE;
	return proposed != NULL || fail->kind == FAIL_NONE;
}

/* Nothing of it is proposed: whose it was has it no more. */
static bool
settle_claim(struct end *end, struct batch *batch, const struct open *open,
    const struct wire_outcome *outcome, struct fail *fail)
{
	const struct wire_object *object = &outcome->object;

	end->stores = true;
	if (open_rival(end->job.keeper, open, object) == NULL &&
	    !store_removal(batch, object->type, object->name, true, fail))
		return false;
	return end->job.follow != NULL && object->type == OBJECT_DOMAIN
		   ? settle_followed(end, batch, open, outcome, false, fail)
		   : put_back(end, batch, open->packed, false, fail);
}

/* The registry took it.  Another may be proposed by now. */
static bool
settle_record(struct end *end, struct batch *batch, const struct open *open,
    const struct wire_outcome *outcome, struct fail *fail)
{
	const struct wire_object *object = &outcome->object;
	const struct open *rival = open_rival(end->job.keeper, open, object);
	bool is_last = rival == NULL || rival->entry < open->entry;

	if (open != NULL && open->is_claim)
		return settle_claim(end, batch, open, outcome, fail);
	if (is_last && !is_newest(end, open, object, &is_last, fail))
		return false;
	end->stores = is_last || open->packed.len != 0;
	if (!end->stores)
		return true;
	if (end->job.follow != NULL && object->type == OBJECT_DOMAIN)
		return settle_followed(
		    end, batch, open, outcome, is_last, fail);
	return is_last ? store_promotion(
			     batch, object->type, object->name, fail)
		       : put_back(end, batch, open->packed, false, fail);
}

/* What the registry made just now stands nowhere yet. */
static bool
settle_places(struct end *end, struct batch *batch, const struct open *open,
    const struct wire_object *object, struct fail *fail)
{
	return open == NULL || !open->creates ||
	       object->type != OBJECT_CONTACT ||
	       place_created(&end->job, batch, object->name, fail);
}

/*
 * One that is told of stays until the last entry about that.  One that is
 * being made may not have been there yet when the registry was asked.
 */
static bool
settle_removal(struct end *end, struct batch *batch,
    const struct wire_object *object, struct fail *fail)
{
	const struct open *rival =
	    open_rival(end->job.keeper, NULL, object);

	if (rival != NULL && rival->creates && object->type == OBJECT_DOMAIN)
		return true;
	if (end->job.follow != NULL && object->type == OBJECT_DOMAIN)
		return follow_removal(
		    &end->job, batch, object, &end->stores, fail);
	end->stores = true;
	return store_removal(batch, object->type, object->name, false, fail);
}

static bool
forget_places(struct end *end, struct batch *batch,
    const struct wire_object *object, struct fail *fail)
{
	struct slice name;

	if (object->type != OBJECT_CONTACT)
		return true;
	name = place_name(end->job.arena, object->name);
	return name.data == NULL
		   ? fail_memory(fail)
		   : store_removal(batch, OBJECT_CONTACT, name, false, fail);
}

/* It did not: what is proposed then is what an earlier one proposed. */
static bool
drop_record(struct end *end, struct batch *batch, const struct open *open,
    const struct wire_object *object, struct fail *fail)
{
	const struct open *rival = open_rival(end->job.keeper, open, object);

	if (rival != NULL && rival->entry > open->entry)
		return doubt_hand_on(
		    end->job.keeper, open, open->before, fail);
	end->stores = true;
	if (rival != NULL && rival->packed.len != 0)
		return put_back(end, batch, rival->packed, true, fail);
	if (open->before.len != 0)
		return put_back(end, batch, open->before, true, fail);
	return store_removal(batch, object->type, object->name, true, fail);
}

/*
 * Nobody knows.  The next change takes the proposed one's place, and may be
 * refused: what the registry may show by now stays with the current one.
 */
static bool
widen_shown(struct end *end, struct batch *batch,
    const struct wire_object *object, struct fail *fail)
{
	struct vault *vault = end->job.keeper->o.vault;
	struct record *current = vault_get_slot(vault, end->job.arena,
	    object->type, object->name, VAULT_CURRENT, fail);
	const struct record *proposed = current == NULL
	    ? NULL
	    : vault_get_slot(vault, end->job.arena, object->type,
		  object->name, VAULT_PROPOSED, fail);
	struct epp_facts facts;
	const struct shown *more;

	if (proposed == NULL)
		return fail->kind == FAIL_NONE;
	facts = *record_epp(current);
	more = &record_epp(proposed)->shown;
	facts.shown.passed |= more->passed;
	facts.shown.altered |= more->altered;
	facts.shown.published |= more->published;
	end->stores = true;
	return record_set_epp(current, &facts, fail) &&
	    store_record(batch, current, false, fail);
}

static bool
add_store(struct end *end, struct batch *batch, const struct open *open,
    const struct wire_outcome *outcome, struct fail *fail)
{
	struct wire_object object = outcome->object;
	enum keeper_store store = (enum keeper_store)outcome->store;
	enum keeper_end how = (enum keeper_end)outcome->end;
	/* A change that is pending there may yet be refused. */
	bool unsure = how == KEEPER_UNKNOWN ||
	    (how == KEEPER_ANSWERED && outcome->code == EPP_PENDING);

	if (object.name.len == 0)
		return true;
	if (open != NULL && open->is_claim &&
	    (unsure || how != KEEPER_ANSWERED))
		return true;
	if (unsure && open != NULL &&
	    (how == KEEPER_UNKNOWN || object.type == OBJECT_CONTACT) &&
	    !doubt_hand_on(end->job.keeper, open, open->packed, fail))
		return false;
	/* Deletions have no entry: a worker tells when it sends one. */
	if (how == KEEPER_UNKNOWN && store == KEEP_REMOVAL && open == NULL &&
	    end->job.follow != NULL)
		return doubt_deletion(&end->job, batch, &object, fail);
	if (how == KEEPER_UNKNOWN &&
	    (store != KEEP_RECORD || object.type != OBJECT_CONTACT))
		return true;
	end->hash = object_hash(object.type, object.name);
	if (unsure && store == KEEP_RECORD && object.type == OBJECT_CONTACT)
		return widen_shown(end, batch, &object, fail);
	switch (store) {
	case KEEP_RECORD:
		return how == KEEPER_ANSWERED
			   ? settle_record(end, batch, open, outcome, fail) &&
				 settle_places(
				     end, batch, open, &object, fail)
			   : drop_record(end, batch, open, &object, fail);
	case KEEP_REMOVAL:
		if (how != KEEPER_ANSWERED)
			return open != NULL || end->job.follow == NULL ||
			       doubt_no_deletion(
				   &end->job, batch, &object, fail);
		return settle_removal(end, batch, &object, fail) &&
		       forget_places(end, batch, &object, fail);
	case KEEP_REGISTERED:
		return end->job.follow == NULL ||
		       follow_registration(
			   &end->job, batch, outcome, &end->stores, fail);
	case KEEP_NOTHING:
	case KEEP_HERE:
		break;
	}
	return true;
}

/* --- the entry --- */

static bool
add_event(struct end *end, struct batch *batch,
    const struct wire_outcome *outcome, struct fail *fail)
{
	struct keeper *keeper = end->job.keeper;
	struct text request = text_start(end->job.arena);
	struct text reason = text_start(end->job.arena);
	const char *word = words[outcome->end];
	char request_bytes[REQUEST_SIZE], reason_bytes[REASON_SIZE];
	struct event event = {.type = EVENT_OUTCOME,
	    .entry = outcome->entry,
	    .word = slice_from(word),
	    .policy = keeper->policy,
	    .setup = keeper->setup};

	request.data = request_bytes;
	request.size = sizeof(request_bytes);
	text_add(&request, SLICE("outcome/"));
	text_add_number(&request, (int64_t)outcome->entry);
	text_add_char(&request, '/');
	text_add_string(&request, word);
	event.request = text_slice(&request);
	if (outcome->code != 0) {
		reason.data = reason_bytes;
		reason.size = sizeof(reason_bytes);
		text_add(&reason, SLICE("EPP "));
		text_add_number(&reason, outcome->code);
		event.reason = text_slice(&reason);
	}
	return ledger_add_event(batch, &event, fail);
}

/* A deletion that a worker waits to send. */
static bool
is_foretold(const struct wire_outcome *outcome)
{
	return outcome->entry == LEDGER_NONE &&
	       outcome->store == KEEP_REMOVAL && outcome->end == KEEPER_UNKNOWN;
}

/*
 * Of an entry that is not open the end was told before, so the vault is as it
 * is.  Without an entry there is only the vault.
 */
static bool
write(struct end *end, struct open *open, const struct wire_outcome *outcome,
    struct fail *fail)
{
	struct keeper *keeper = end->job.keeper;
	bool has_entry = outcome->entry != LEDGER_NONE;
	struct batch *batch =
	    ledger_begin(keeper->o.ledger, end->job.arena, fail);

	if (batch == NULL)
		return false;
	if (open != NULL && open->is_ending)
		open = NULL;
	if (has_entry && !add_event(end, batch, outcome, fail))
		return false;
	if ((open != NULL || !has_entry) &&
	    !add_store(end, batch, open, outcome, fail))
		return false;
	if (open != NULL)
		open->is_ending = true;
	/* What is told waits for it also where the vault stays as it is. */
	if (end->job.follow != NULL && !end->stores) {
		end->hash = object_hash(
		    outcome->object.type, outcome->object.name);
		end->stores = true;
	}
	if (end->stores)
		unsettled_begin(keeper, end->hash);
	place_begin(&end->job);
	if (is_foretold(outcome)) {
		ledger_commit(batch, durable, end);
		return true;
	}
	ledger_commit_later(batch, durable, end);
	keeper_waits(keeper);
	return true;
}

static void
not_written(struct end *end, const struct fail *fail)
{
	keeper_log(end->job.keeper, "error", "outcome-not-recorded", fail);
	job_end(&end->job);
}

/* What is told of it is in doubt. */
static void
write_followed(struct job *job)
{
	struct end *end = (struct end *)job;
	struct fail fail = FAIL_INIT;

	if (!write(end, open_find(job->keeper, end->entry), &end->outcome,
		&fail))
		not_written(end, &fail);
}

/*
 * Without the registry's word on it, or where it comes to nothing after
 * something was in doubt, and be it only because it is of an earlier life.
 */
static bool
is_doubtful(const struct open *open, const struct wire_outcome *outcome)
{
	if (open == NULL)
		return outcome->entry == LEDGER_NONE &&
		       outcome->store == KEEP_REMOVAL;
	return outcome->store == KEEP_RECORD &&
	       (outcome->end == KEEPER_UNKNOWN ||
		   outcome->end == KEEPER_ANSWERED ||
		   open->name.len == 0 || open->before.len != 0);
}

/* Does it change a record of which something is told, or what is known? */
static bool
is_followed(const struct keeper *keeper, const struct open *open,
    const struct wire_outcome *outcome)
{
	const struct wire_object *object = &outcome->object;
	bool pends = object->type == OBJECT_CONTACT &&
		     outcome->code == EPP_PENDING;

	if ((open != NULL && open->is_ending) ||
	    (outcome->store != KEEP_RECORD &&
		outcome->store != KEEP_REMOVAL &&
		outcome->store != KEEP_REGISTERED) ||
	    ((outcome->end != KEEPER_ANSWERED || pends) &&
		!is_doubtful(open, outcome)))
		return false;
	return follow_wants(keeper, object->type, object->name);
}

/* *done: it is nothing new. */
static bool
follow(struct end *end, const struct wire_outcome *outcome, bool *done,
    struct fail *fail)
{
	struct slice registered =
	    arena_copy(end->job.arena, outcome->registered);
	bool stores = true;

	*done = false;
	if (outcome->store == KEEP_REGISTERED &&
	    !follow_registration(&end->job, NULL, outcome, &stores, fail))
		return false;
	*done = !stores;
	if (*done)
		return true;
	if (registered.data == NULL)
		return fail_memory(fail);
	if (!follow_begin(&end->job, &outcome->object, write_followed, fail))
		return false;
	end->outcome = *outcome;
	end->outcome.registered = registered;
	end->outcome.object.name = follow_name(&end->job);
	return true;
}

static bool
go_on(struct end *end, struct open *open, const struct wire_outcome *outcome,
    struct fail *fail)
{
	struct keeper *keeper = end->job.keeper;
	bool followed = is_followed(keeper, open, outcome);
	bool done = !followed &&
		    (outcome->store == KEEP_REGISTERED || is_foretold(outcome));

	if (followed && !follow(end, outcome, &done, fail))
		return false;
	if (done) {
		note(end->job.worker, end->number);
		job_end(&end->job);
	}
	return followed || done || write(end, open, outcome, fail);
}

/* The worker gave up before it knew of the entry: the commit knows more. */
static struct wire_outcome
known(const struct open *open, const struct wire_outcome *outcome)
{
	struct wire_outcome all = *outcome;

	if (all.object.name.len == 0 && open != NULL) {
		all.object = (struct wire_object){open->type, open->name};
		all.store = open->store;
	}
	return all;
}

static void
begin(struct keeper *keeper, struct keeper_worker *worker, struct open *open,
    const struct wire_outcome *outcome)
{
	const struct wire_outcome all = known(open, outcome);
	struct end *end = job_create(keeper, worker, sizeof(*end));
	struct fail fail;

	fail_clear(&fail);
	if (end == NULL) {
		fail_memory(&fail);
		keeper_log(keeper, "error", "outcome-not-recorded", &fail);
		return;
	}
	end->number = outcome->number;
	end->entry = outcome->entry;
	end->how = (enum keeper_end)outcome->end;
	if (!go_on(end, open, &all, &fail))
		not_written(end, &fail);
}

void
end_take(struct keeper_worker *worker, const struct wire_outcome *outcome)
{
	struct keeper *keeper = worker->keeper;

	if (outcome->entry != LEDGER_NONE &&
	    outcome->entry >= ledger_size(keeper->o.ledger)) {
		struct fail fail = FAIL_INIT;

		fail_set(&fail, FAIL_DENIED,
		    "a worker tells the outcome of an entry not written yet");
		keeper_log(keeper, "error", "outcome-refused", &fail);
		note(worker, outcome->number);
		return;
	}
	begin(keeper, worker, open_find(keeper, outcome->entry), outcome);
}

void
end_unknown(struct keeper *keeper, struct open *open)
{
	struct wire_outcome outcome = {
	    .entry = open->entry, .end = KEEPER_UNKNOWN};

	begin(keeper, NULL, open, &outcome);
}
