/*
 * A commit: decided again, written, acknowledged.  What a worker says that
 * cannot be is refused and logged: the program is wrong then, not the world.
 */
#include "codec/pack.h"
#include "codec/verdicts.h"
#include "core/inputs.h"
#include "keeper_priv.h"
#include "must.h"
#include "provision.h"

struct commit {
	struct job job;
	struct batch *batch;
	uint64_t number;
	char request[WIRE_REQUEST];
	bool is_sealed;
	struct digest payload; /* SHA-256 */
	bool stores;	       /* the vault changes with it */
	struct slice withdraws; /* packed: ends consents; or empty */
	bool proposes;
	uint32_t hash;
	bool is_held;
	struct spool_item hold;
	int64_t approval;
	bool spent; /* just now */
	bool is_stopped;
	enum counted_channel channel;
	bool passes;
};

static void durable(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail);
static void refuse(struct commit *commit, const struct fail *fail);

/* --- answering --- */

/* To be filled in where it lies: it is long, and its fail mostly empty. */
static struct wire_committed *
answer_start(struct wire_message *message, uint64_t number)
{
	struct wire_committed *committed = &message->of.committed;

	message->type = WIRE_COMMITTED;
	committed->number = number;
	fail_clear(&committed->fail);
	committed->word = KEEPER_DURABLE;
	committed->is_sealed = false;
	committed->id = 0;
	committed->entry = 0;
	return committed;
}

static void
answer_fail(
    struct keeper_worker *worker, uint64_t number, const struct fail *fail)
{
	struct wire_message message;

	answer_start(&message, number)->fail = *fail;
	worker_send(worker, &message);
}

static void
answer_word(struct commit *commit, enum keeper_word word, int64_t id)
{
	struct wire_message message;
	struct wire_committed *committed =
	    answer_start(&message, commit->number);

	committed->word = word;
	committed->id = id;
	worker_send(commit->job.worker, &message);
}

/* --- deciding again --- */

/* Everything a commit is judged by; gone when it is with the ledger. */
struct judged {
	const struct wire_commit *from;
	struct record *record, *stored;
	struct disclosure *disclosure;
	struct ruling outcome;
	struct decide_given given;
	bool shadow; /* misu.conf says that this upstream is only watched */
	bool sends;  /* the worker has bytes, and they may go */
};

static struct disclosure *
decide_again(struct keeper *keeper, const struct judged *judged,
    struct arena *arena, struct fail *fail)
{
	const struct ruleset *ruleset = keeper->ruleset;
	const struct wire_commit *from = judged->from;

	if (from->in_scope) {
		if (from->scope.recipient < ruleset_recipient_count(ruleset))
			return decide_contact(ruleset, &from->scope,
			    judged->record, &judged->given, arena, fail);
	} else if (from->block < ruleset_block_count(ruleset)) {
		return decide(ruleset, ruleset_block(ruleset, from->block),
		    judged->record, &judged->given, arena, fail);
	}
	fail_set(fail, FAIL_DENIED,
	    "a worker names a block that the policy does not have");
	return NULL;
}

/* Claims that contradict each other, whatever was decided. */
static bool
check_claims(const struct judged *judged, struct fail *fail)
{
	const struct wire_commit *from = judged->from;
	bool passes =
	    judged->outcome.verdict == VERDICT_FORWARD || judged->shadow;

	if (verdicts_digest(judged->disclosure) != from->verdicts)
		return fail_set(
		    fail, FAIL_DENIED, "worker and keeper decided differently");
	if (!passes && from->has_payload)
		return fail_set(fail, FAIL_DENIED,
		    "a worker has bytes for what is held or refused");
	/* What nothing is sent of may pass a hold: misu alone keeps it. */
	if (from->has_payload && from->given.approved != (from->approval != 0))
		return fail_set(fail, FAIL_DENIED,
		    "a worker passes a hold without an approval");
	return true;
}

/* Not what the worker says: what the setup in force says. */
static bool
is_shadow(const struct keeper *keeper, const struct wire_commit *from)
{
	const struct conf_upstream *upstream =
	    conf_upstream(keeper->conf, from->upstream);

	return upstream != NULL && upstream->shadows && from->has_payload;
}

/*
 * Would the registry show again what it was told to hide of who stopped?  A
 * worker's frame says what may be shown as the policy has it.
 */
static bool
shows_again(struct keeper *keeper, const struct judged *judged,
    struct arena *arena)
{
	const struct record *record = judged->record, *current;
	struct fail fail = FAIL_INIT;
	const struct shown *held;
	uint64_t hidden;

	if (record_type(record) != OBJECT_CONTACT ||
	    record_operation(record) != OPERATION_UPDATE ||
	    provision_is_duty(judged->disclosure) ||
	    stops_roles(keeper->o.stops, record) == 0)
		return false;
	current = vault_get_slot(keeper->o.vault, arena, OBJECT_CONTACT,
	    record_object(record), VAULT_CURRENT, &fail);
	if (current == NULL)
		return fail.kind != FAIL_NONE;
	held = &record_epp(current)->shown;
	hidden = (held->passed | held->altered) & ~held->published;
	for (; hidden != 0; hidden &= hidden - 1)
		if (disclosure_publishable(judged->disclosure, CONTACT_ROLE,
			(enum field)__builtin_ctzll(hidden)))
			return true;
	return false;
}

/*
 * A person's stop, which workers do not know of.  What misu alone keeps is
 * provided to nobody.
 */
static bool
heed_stops(struct keeper *keeper, struct arena *arena, struct judged *judged,
    struct fail *fail)
{
	const struct provision provision = {
	    keeper->o.stops, keeper->o.ledger, keeper->o.keys};

	const struct provision_asked asked = {.provision = &provision,
	    .record = judged->record,
	    .disclosure = judged->disclosure,
	    .way = PROVISION_SENT,
	    .arena = arena};
	struct provision_ruling ruling;

	if (!judged->sends && judged->outcome.verdict != VERDICT_HOLD)
		return true;
	provision_judge(&asked, &ruling);
	/* The bytes are made: they go as they are, or not at all. */
	judged->given.stopped = ruling.stopped != 0 && ruling.cuts
	    ? ruling.stopped
	    : shows_again(keeper, judged, arena) ? 1u << CONTACT_ROLE
						 : 0;
	if (judged->given.stopped == 0)
		return true;
	judged->disclosure = decide_again(keeper, judged, arena, fail);
	if (judged->disclosure == NULL)
		return false;
	judged->outcome = disclosure_outcome(judged->disclosure);
	judged->sends = judged->shadow;
	return true;
}

static bool
judge(struct keeper *keeper, struct arena *arena, struct judged *judged,
    struct fail *fail)
{
	const struct wire_commit *from = judged->from;

	judged->record = unpack_record(arena, from->record.packed, fail);
	if (judged->record == NULL)
		return false;
	judged->stored = judged->record;
	if (from->stored.packed.len != 0)
		judged->stored =
		    unpack_record(arena, from->stored.packed, fail);
	if (judged->stored == NULL)
		return false;
	judged->given = from->given;
	judged->given.stopped = 0;
	judged->disclosure = decide_again(keeper, judged, arena, fail);
	if (judged->disclosure == NULL)
		return false;
	judged->outcome = disclosure_outcome(judged->disclosure);
	judged->shadow = is_shadow(keeper, from);
	judged->sends = from->has_payload;
	return check_claims(judged, fail) &&
	       (!stops_any(keeper->o.stops) ||
		   heed_stops(keeper, arena, judged, fail));
}

/* --- writing --- */

static bool
goes(const struct judged *judged)
{
	return judged->shadow || judged->outcome.verdict == VERDICT_FORWARD;
}

/* What is known of it now ends what was in doubt: an import. */
static bool
end_doubt(struct commit *commit, const struct judged *judged,
    struct batch *batch, struct fail *fail)
{
	enum object_type type = record_type(judged->stored);
	struct slice name = record_object(judged->stored);
	struct record *proposed;

	return doubt_of(commit->job.keeper, type, name, &proposed, fail) &&
	       (proposed == NULL ||
		   store_removal(batch, type, name, true, fail));
}

static bool
add_store(struct commit *commit, const struct judged *judged,
    struct batch *batch, struct fail *fail)
{
	enum keeper_store store = (enum keeper_store)judged->from->store;

	if (commit->job.open != NULL && commit->job.open->is_claim)
		return true;
	switch (store) {
	case KEEP_RECORD:
	case KEEP_HERE:
		commit->stores = goes(judged);
		return !commit->stores ||
		       (store_record(batch, judged->stored,
			    store == KEEP_RECORD, fail) &&
			   (store == KEEP_RECORD ||
			       end_doubt(commit, judged, batch, fail)));
	case KEEP_REMOVAL:
		commit->stores = goes(judged) && !judged->sends;
		return !commit->stores ||
		       store_removal(batch, record_type(judged->stored),
			   record_object(judged->stored), false, fail);
	case KEEP_NOTHING:
	case KEEP_REGISTERED:
		break;
	}
	return true;
}

/* What is asked again after the keeper died was judged rightly then. */
static bool
is_recorded(const struct keeper *keeper, const struct commit *commit,
    const struct judged *judged)
{
	return ledger_has_disclosure(keeper->o.ledger, judged->disclosure,
	    (struct slice){commit->request, WIRE_REQUEST});
}

/*
 * Did another change what only misu keeps, since the worker read it?  The same
 * change again is none: its worker asks once more after a keeper's death.
 */
static bool
is_changed(struct keeper *keeper, const struct judged *judged, bool *changed,
    struct fail *fail)
{
	const struct record *stored = judged->stored, *current;
	const struct epp_kept *kept = &record_epp(stored)->kept;
	int64_t revision;

	*changed = false;
	if (kept->revision == 0 || judged->from->has_payload ||
	    (judged->from->store != KEEP_HERE &&
		judged->from->store != KEEP_REMOVAL))
		return true;
	/* What is on its way to the disk was not read. */
	*changed = keeper->unsettled[object_hash(record_type(stored),
					 record_object(stored)) %
				     UNSETTLED_HEADS] != 0;
	if (*changed)
		return true;
	current = vault_get_slot(keeper->o.vault, keeper->scratch,
	    record_type(stored), record_object(stored), VAULT_CURRENT, fail);
	if (current == NULL && fail->kind != FAIL_NONE)
		return false;
	if (current == NULL && judged->from->store == KEEP_REMOVAL)
		return true;
	revision = current != NULL ? record_epp(current)->kept.revision : 0;
	*changed = revision != kept->before && revision != kept->revision;
	return true;
}

/* Does a contact come to stand somewhere, or may it from now on? */
static bool
add_places(struct commit *commit, const struct judged *judged,
    struct batch *batch, struct fail *fail)
{
	const struct wire_commit *from = judged->from;
	const struct record *stored = judged->stored;
	const struct conf_upstream *upstream =
	    conf_upstream(commit->job.keeper->conf, from->upstream);

	if (!goes(judged) || upstream == NULL ||
	    upstream->contacts == CONTACTS_PROHIBITED)
		return true;
	if (record_type(stored) == OBJECT_DOMAIN &&
	    (from->store == KEEP_RECORD || from->store == KEEP_HERE))
		return place_domain(
		    &commit->job, batch, from->upstream, stored, fail);
	if (record_type(stored) == OBJECT_HOST && from->has_payload &&
	    record_operation(stored) == OPERATION_TRANSFER)
		return place_doubt(
		    &commit->job, batch, record_object(stored), fail);
	return true;
}

/*
 * What was in doubt before this takes its place.  What a worker asks again
 * after the keeper died is there already, and is no doubt.
 */
static bool
note_doubt(struct commit *commit, const struct judged *judged,
    struct fail *fail)
{
	struct keeper *keeper = commit->job.keeper;
	enum keeper_store store = (enum keeper_store)judged->from->store;
	struct record *before;

	if (store != KEEP_RECORD || commit->job.open->is_claim)
		return true;
	if (!doubt_of(keeper, record_type(judged->stored),
		record_object(judged->stored), &before, fail))
		return false;
	return before == NULL || is_recorded(keeper, commit, judged) ||
	       doubt_note(
		   commit->job.open, before, keeper->scratch, fail);
}

static bool
is_of_another(struct keeper *keeper, const struct record *created,
    enum vault_slot slot, bool *out, struct fail *fail)
{
	struct slice client = record_epp(created)->client;
	const struct record *there = vault_get_slot(keeper->o.vault,
	    keeper->scratch, record_type(created), record_object(created), slot,
	    fail);

	*out = there != NULL && record_epp(there)->client.len != 0 &&
	       !slice_equal(record_epp(there)->client, client);
	return there != NULL || fail->kind == FAIL_NONE;
}

/*
 * The backends of a pool are one client to the registry.  Who creates what
 * another of them has, or is creating, has it once the registry says so, and
 * until then, or for ever, it stays the other's.
 */
static bool
note_claim(struct commit *commit, const struct judged *judged,
    struct fail *fail)
{
	struct keeper *keeper = commit->job.keeper;
	const struct record *stored = judged->stored;
	const struct conf_upstream *upstream =
	    conf_upstream(keeper->conf, judged->from->upstream);
	bool *is_claim = &commit->job.open->is_claim;

	if (judged->from->store != KEEP_RECORD || upstream == NULL ||
	    upstream->mode != UPSTREAM_POOL || upstream->backend_count < 2 ||
	    record_operation(stored) != OPERATION_CREATE ||
	    record_epp(stored)->client.len == 0)
		return true;
	return is_of_another(
		   keeper, stored, VAULT_CURRENT, is_claim, fail) &&
	       (*is_claim || is_of_another(keeper, stored, VAULT_PROPOSED,
				 is_claim, fail));
}

/* Room for what waits for an outcome, before anything is written. */
static bool
make_open(struct commit *commit, const struct judged *judged, struct fail *fail)
{
	const struct wire_commit *from = judged->from;
	struct slice packed = from->stored.packed.len != 0
				  ? from->stored.packed
				  : from->record.packed;

	commit->is_sealed = judged->sends;
	if (!commit->is_sealed)
		return true;
	commit->payload = from->payload;
	if (from->store != KEEP_RECORD)
		packed.len = 0;
	commit->job.open = open_create(commit->job.keeper,
	    (enum keeper_store)from->store, judged->stored, packed, fail);
	return commit->job.open != NULL && note_claim(commit, judged, fail) &&
	       note_doubt(commit, judged, fail);
}

static void
commit_now(struct job *job)
{
	struct commit *commit = (struct commit *)job;

	if (job->open != NULL && commit->stores)
		job->open->deletions = ledger_deletions(job->keeper->o.ledger);
	ledger_commit(commit->batch, durable, commit);
}

static void
begin_storing(struct commit *commit)
{
	if (commit->stores)
		unsettled_begin(commit->job.keeper, commit->hash);
	place_begin(&commit->job);
}

/* It is known what there is now, and that is told no more. */
static void
commit_withdrawal(struct job *job)
{
	struct commit *commit = (struct commit *)job;
	struct fail fail = FAIL_INIT;

	if (withdraw_add(job, commit->batch, commit->withdraws,
		commit->proposes, &fail) &&
	    (commit->passes || job->keeper->engine == NULL ||
		engine_consent_promise(job->keeper->engine, &fail))) {
		commit->stores = true;
		begin_storing(commit);
		commit_now(job);
		return;
	}
	follow_end(job);
	if (commit->spent)
		hold_give_back(job->keeper, commit->approval);
	refuse(commit, &fail);
}

/* Does it end consents that are known here as given? */
static bool
look_for_withdrawal(
    struct commit *commit, const struct judged *judged, struct fail *fail)
{
	enum keeper_store store = (enum keeper_store)judged->from->store;
	struct slice packed = judged->from->stored.packed.len != 0
				  ? judged->from->stored.packed
				  : judged->from->record.packed;
	bool news;

	if (!withdraw_is_asked(judged->stored) ||
	    (store == KEEP_HERE && goes(judged)))
		return true;
	if (!withdraw_is_news(commit->job.keeper, judged->stored, &news, fail))
		return false;
	if (!news)
		return true;
	commit->proposes = store == KEEP_RECORD && goes(judged);
	commit->withdraws = arena_copy(commit->job.arena, packed);
	return commit->withdraws.data != NULL || fail_memory(fail);
}

/* What changes at once, and is told of, is in doubt before. */
static bool
commit_when_followed(
    struct commit *commit, const struct judged *judged, struct fail *fail)
{
	struct job *job = &commit->job;
	const struct wire_object object = {
	    record_type(judged->stored), record_object(judged->stored)};
	enum keeper_store store = (enum keeper_store)judged->from->store;

	if (commit->withdraws.len != 0)
		return follow_wait(job, &object, commit_withdrawal, fail);
	begin_storing(commit);
	if (!commit->stores || store == KEEP_RECORD ||
	    !follow_wants(job->keeper, object.type, object.name)) {
		commit_now(job);
		return true;
	}
	if (follow_begin_own(job, &object, commit_now, fail))
		return true;
	place_end(job);
	unsettled_end(job->keeper, commit->hash);
	return false;
}

static bool
write(struct commit *commit, const struct judged *judged, uint64_t supersedes,
    struct fail *fail)
{
	struct keeper *keeper = commit->job.keeper;
	const struct wire_commit *from = judged->from;
	struct dispatch dispatch = {.channel = from->channel,
	    .setup = from->setup,
	    .payload_sha = judged->sends ? &from->payload : NULL,
	    .request = {commit->request, WIRE_REQUEST},
	    .supersedes = supersedes,
	    .shadow = judged->shadow};
	const struct inputs_given decided = {.ruleset = keeper->ruleset,
	    .scope = from->in_scope ? &from->scope : NULL,
	    .approved = from->given.approved};
	struct batch *batch;

	commit->channel = counted_channel(from->channel);
	commit->passes = goes(judged);
	commit->is_stopped =
	    !judged->sends && disclosure_is_stopped(judged->disclosure);
	dispatch.inputs =
	    inputs_write(judged->record, &decided, keeper->scratch);
	if (dispatch.inputs.data == NULL)
		return fail_memory(fail);
	if (!make_open(commit, judged, fail))
		return false;
	commit->batch = batch =
	    ledger_begin(keeper->o.ledger, commit->job.arena, fail);
	if (batch == NULL ||
	    !ledger_add_disclosure(
		batch, judged->disclosure, &dispatch, fail) ||
	    !add_store(commit, judged, batch, fail) ||
	    !add_places(commit, judged, batch, fail) ||
	    !look_for_withdrawal(commit, judged, fail))
		return false;
	commit->hash = object_hash(
	    record_type(judged->stored), record_object(judged->stored));
	return commit_when_followed(commit, judged, fail);
}

/* --- holds --- */

/* What the item will need when the entry is durable. */
static bool
keep_hold(struct commit *commit, const struct judged *judged,
    const struct digest *content, struct fail *fail)
{
	struct arena *arena = commit->job.arena;
	struct spool_item *item = &commit->hold;
	int64_t now = keeper_now(commit->job.keeper);

	commit->is_held = true;
	*item = (struct spool_item){.state = SPOOL_HELD,
	    .recipient =
		arena_copy(arena, disclosure_recipient(judged->disclosure)->id),
	    .purpose =
		arena_copy(arena, disclosure_purpose(judged->disclosure)),
	    .channel = SLICE("epp"),
	    .object = arena_copy(arena, record_object(judged->record)),
	    .object_type = record_type(judged->record),
	    .operation = record_operation(judged->record),
	    .content = *content,
	    .payload = arena_copy(arena, judged->from->record.packed),
	    .submission = {commit->request, WIRE_REQUEST},
	    .rule = judged->outcome.rule,
	    .due = now,
	    .created = now};
	return (item->recipient.data != NULL && item->purpose.data != NULL &&
		   item->object.data != NULL && item->payload.data != NULL) ||
	       fail_memory(fail);
}

/* An approval is spent on what passes by it, and on nothing else. */
static bool
use_approval(struct commit *commit, const struct judged *judged,
    const struct digest *content, uint64_t *supersedes, struct fail *fail)
{
	struct hold_use use = {.id = judged->from->approval,
	    .request = {commit->request, WIRE_REQUEST}};

	if (!goes(judged))
		return true;
	if (!hold_use(
		commit->job.keeper, commit->job.arena, content, &use, fail))
		return false;
	commit->approval = use.id;
	commit->spent = use.is_new;
	*supersedes = use.entry;
	return true;
}

/* A hold, or what was one; false with a fail. *done: it was answered. */
static bool
consider_hold(struct commit *commit, const struct judged *judged,
    uint64_t *supersedes, bool *done, struct fail *fail)
{
	struct keeper *keeper = commit->job.keeper;
	struct digest content;
	int64_t id = 0;

	if (judged->shadow || (judged->outcome.verdict != VERDICT_HOLD &&
				  judged->from->approval == 0))
		return true;
	if (!hold_content(keeper, commit->job.arena, judged->from,
		judged->record, &content, fail))
		return false;
	if (judged->outcome.verdict != VERDICT_HOLD)
		return use_approval(commit, judged, &content, supersedes, fail);
	*done = hold_is_approved(keeper, &content, &id, fail);
	if (!*done)
		return fail->kind == FAIL_NONE &&
		       keep_hold(commit, judged, &content, fail);
	answer_word(commit, KEEPER_APPROVED, id);
	return true;
}

/* --- the whole way --- */

static void
refuse(struct commit *commit, const struct fail *fail)
{
	if (fail->kind == FAIL_DENIED)
		keeper_log(commit->job.keeper, "error", "commit-refused", fail);
	answer_fail(commit->job.worker, commit->number, fail);
	job_end(&commit->job);
}

/*
 * The record and what is decided of it are needed no longer than this lasts:
 * they are in the keeper's own arena, which stays in the processor's cache.
 */
static void
take(struct commit *commit, const struct wire_commit *from)
{
	struct keeper *keeper = commit->job.keeper;
	struct judged judged = {.from = from};
	uint64_t supersedes = LEDGER_NONE;
	struct fail fail;
	bool done = false, changed = false;

	fail_clear(&fail);
	if (keeper->ruleset == NULL ||
	    !digest_equal(&from->policy, &keeper->policy) ||
	    !digest_equal(&from->setup, &keeper->setup)) {
		answer_word(commit, KEEPER_STALE, 0);
		job_end(&commit->job);
		return;
	}
	if (!judge(keeper, keeper->scratch, &judged, &fail) ||
	    !is_changed(keeper, &judged, &changed, &fail) ||
	    (!changed && !place_is_changed(keeper, from, judged.stored,
			     &changed, &fail))) {
		refuse(commit, &fail);
	} else if (changed && !is_recorded(keeper, commit, &judged)) {
		answer_word(commit, KEEPER_CHANGED, 0);
		job_end(&commit->job);
	} else if (!consider_hold(commit, &judged, &supersedes, &done, &fail))
		refuse(commit, &fail);
	else if (done)
		job_end(&commit->job);
	else if (!write(commit, &judged, supersedes, &fail)) {
		if (commit->spent)
			hold_give_back(keeper, commit->approval);
		refuse(commit, &fail);
	}
}

void
commit_take(struct keeper_worker *worker, const struct wire_commit *from)
{
	struct keeper *keeper = worker->keeper;
	struct commit *commit = job_create(keeper, worker, sizeof(*commit));
	struct fail fail;

	if (commit == NULL) {
		fail_clear(&fail);
		fail_memory(&fail);
		answer_fail(worker, from->number, &fail);
		return;
	}
	commit->number = from->number;
	wire_request(from, commit->request);
	take(commit, from);
	arena_reset(keeper->scratch);
}

/* The entry of the hold is durable: now its item. */
static void
lay_out(struct commit *commit, uint64_t entry)
{
	struct fail fail = FAIL_INIT;
	struct wire_message message;
	struct wire_committed *held = answer_start(&message, commit->number);

	commit->hold.entry = entry;
	commit->hold.place = entry;
	if (!hold_lay_out(commit->job.keeper, &commit->hold, &fail)) {
		keeper_log(commit->job.keeper, "error", "spool-failed", &fail);
		answer_fail(commit->job.worker, commit->number, &fail);
		return;
	}
	held->word = KEEPER_HELD;
	held->entry = entry;
	held->id = commit->hold.id;
	worker_send(commit->job.worker, &message);
}

static enum counted_how
how_of(const struct commit *commit)
{
	if (commit->passes)
		return COUNTED_PASSED;
	return commit->is_held ? COUNTED_HELD : COUNTED_REFUSED;
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct commit *commit = arg;
	struct keeper *keeper = commit->job.keeper;
	struct wire_message message;
	struct wire_committed *committed;

	(void)sealed; /* the bytes are the worker's */
	(void)count;
	place_end(&commit->job);
	if (commit->stores)
		unsettled_end(keeper, commit->hash);
	follow_end(&commit->job);
	if (fail != NULL) {
		refuse(commit, fail);
		return;
	}
	if (commit->withdraws.len != 0 && !commit->passes &&
	    keeper->engine != NULL)
		engine_consent_ended(keeper->engine, follow_name(&commit->job));
	keeper_wrote(keeper);
	keeper->counted[commit->channel][how_of(commit)]++;
	/* What is sent may yet not be: then the approval is given back. */
	if (commit->approval != 0 && !commit->is_sealed)
		hold_finish(keeper, commit->approval);
	if (commit->is_held) {
		lay_out(commit, first);
	} else {
		committed = answer_start(&message, commit->number);
		committed->entry = first;
		if (commit->is_stopped)
			committed->word = KEEPER_STOPPED;
		committed->is_sealed = commit->is_sealed;
		committed->payload = commit->payload;
		if (commit->is_sealed) {
			must(batch_acknowledged(commit->batch, 0,
			    &committed->entry, &committed->leaf));
			commit->job.open->approval = commit->approval;
			open_add(keeper, commit->job.open, first,
			    commit->job.worker);
			commit->job.open = NULL;
		}
		worker_send(commit->job.worker, &message);
	}
	job_end(&commit->job);
}
