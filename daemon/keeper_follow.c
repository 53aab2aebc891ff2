/*
 * The public view follows what comes over EPP (engine.h).  A change of a
 * record of which something is told there waits here until all of that is in
 * doubt, and is committed only then; of other records nothing is done.
 *
 * A domain of which something is told also keeps what its registry says of it
 * (when it was made, when it ends), and one that is deleted stays in the vault,
 * as deleted, until the last entry about its publication is durable.
 */
#include "codec/pack.h"
#include "keeper_priv.h"

enum { FOLLOW_MAX = 64 /* in one turn */, AGAIN_MS = 1000 };

struct follow {
	struct follow *next;
	struct job *job;
	struct engine_followed of;
	uint32_t hash;
	bool began;
	bool waits; /* for others only: nothing of it is told */
	void (*then)(struct job *job);
};

void
keeper_follow_with(struct keeper *keeper, struct engine *engine)
{
	keeper->engine = engine;
}

bool
keeper_is_changing(
    const struct keeper *keeper, enum object_type type, struct slice name)
{
	return keeper->unsettled[object_hash(type, name) % UNSETTLED_HEADS] !=
	       0;
}

void
keeper_change(struct keeper *keeper, enum object_type type, struct slice name,
    bool begins)
{
	uint32_t hash = object_hash(type, name);

	if (begins)
		unsettled_begin(keeper, hash);
	else
		unsettled_end(keeper, hash);
}

bool
follow_wants(
    const struct keeper *keeper, enum object_type type, struct slice name)
{
	return keeper->engine != NULL && name.len != 0 &&
	       engine_follows(keeper->engine, type, name);
}

static void
wake(struct keeper *keeper)
{
	keeper->o.loop->operations->timer_set(keeper->follow_timer, 0);
}

/* Those whose turn it is: each object's changes one after the other. */
static size_t
take_turn(struct keeper *keeper, struct engine_followed **all)
{
	size_t count = 0;

	for (struct follow *f = keeper->following; f != NULL; f = f->next) {
		if (count == FOLLOW_MAX)
			break;
		if (!f->began &&
		    keeper->unsettled[f->hash % UNSETTLED_HEADS] != 0) {
			ledger_hurry(keeper->o.ledger);
			continue;
		}
		if (!f->began)
			unsettled_begin(keeper, f->hash);
		f->began = true;
		f->of.is_done = f->waits;
		if (!f->waits)
			all[count++] = &f->of;
	}
	return count;
}

/* Those that are done leave the list before any of them goes on. */
static struct follow *
take_done(struct keeper *keeper)
{
	struct follow *done = NULL, **end = &done;
	struct follow **at = &keeper->following;

	while (*at != NULL) {
		struct follow *f = *at;

		if (!f->of.is_done) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		f->next = NULL;
		*end = f;
		end = &f->next;
	}
	keeper->following_end = at;
	return done;
}

void
follow_run(void *arg)
{
	struct keeper *keeper = arg;
	struct engine_followed *all[FOLLOW_MAX];
	size_t count = take_turn(keeper, all);
	bool told = count == 0 || engine_follow(keeper->engine, all, count);
	struct follow *done, *next;

	for (done = take_done(keeper); done != NULL; done = next) {
		uint32_t hash = done->hash;

		next = done->next;
		done->then(done->job);
		unsettled_end(keeper, hash);
	}
	if (!told)
		keeper->o.loop->operations->timer_set(
		    keeper->follow_timer, AGAIN_MS);
	else if (keeper->following != NULL && count != 0)
		wake(keeper); /* others: what settles wakes them */
}

bool
follow_begin(struct job *job, const struct wire_object *object,
    void (*then)(struct job *job), struct fail *fail)
{
	struct keeper *keeper = job->keeper;
	struct follow *follow = arena_take(job->arena, sizeof(*follow));
	struct slice name = arena_copy(job->arena, object->name);

	if (follow == NULL || name.data == NULL)
		return fail_memory(fail);
	*follow = (struct follow){.job = job,
	    .of = {.type = object->type, .name = name},
	    .hash = object_hash(object->type, name),
	    .then = then};
	job->follow = follow;
	*keeper->following_end = follow;
	keeper->following_end = &follow->next;
	wake(keeper);
	return true;
}

bool
follow_wait(struct job *job, const struct wire_object *object,
    void (*then)(struct job *job), struct fail *fail)
{
	if (!follow_begin(job, object, then, fail))
		return false;
	job->follow->waits =
	    !follow_wants(job->keeper, object->type, object->name);
	return true;
}

/* Its own changes are not what it waits for. */
bool
follow_begin_own(struct job *job, const struct wire_object *object,
    void (*then)(struct job *job), struct fail *fail)
{
	if (!follow_begin(job, object, then, fail))
		return false;
	job->follow->began = true;
	unsettled_begin(job->keeper, job->follow->hash);
	return true;
}

struct slice
follow_name(const struct job *job)
{
	return job->follow->of.name;
}

void
follow_end(struct job *job)
{
	if (job->follow != NULL && !job->follow->waits)
		engine_followed(job->keeper->engine);
}

void
follow_settled(struct keeper *keeper)
{
	if (keeper->following != NULL)
		wake(keeper);
}

/* --- what the vault keeps of a domain that is told of --- */

/* What is said anew, and of the rest what was said before. */
static struct registration
merged(const struct registration *said, const struct registration *before)
{
	struct registration all = *said;

	if (!before->given)
		return all;
	if (all.created == 0)
		all.created = before->created;
	if (all.updated == 0)
		all.updated = before->updated;
	if (all.expires == 0)
		all.expires = before->expires;
	if (all.roid.len == 0)
		all.roid = before->roid;
	if (all.status.count == 0)
		all.status = before->status;
	all.connected = before->connected;
	all.returned = before->returned;
	all.locks = before->locks;
	return all;
}

static bool
same_words(struct values a, struct values b)
{
	bool same = a.count == b.count;

	for (size_t i = 0; same && i < a.count; i++)
		same = slice_equal(a.items[i], b.items[i]);
	return same;
}

static bool
is_same(const struct registration *a, const struct registration *b)
{
	return a->given == b->given && a->created == b->created &&
	       a->updated == b->updated && a->expires == b->expires &&
	       slice_equal(a->roid, b->roid) &&
	       same_words(a->status, b->status);
}

/* What the registry said with its answer; nothing where it said nothing. */
static bool
read_registered(struct job *job, struct slice packed, struct registration *out,
    struct fail *fail)
{
	const struct record *record;

	*out = (struct registration){.given = false};
	if (packed.len == 0)
		return true;
	record = unpack_record(job->arena, packed, fail);
	if (record == NULL)
		return false;
	*out = *record_registration(record);
	return true;
}

bool
follow_current(struct job *job, struct batch *batch,
    const struct wire_outcome *outcome, struct record *record,
    struct fail *fail)
{
	const struct wire_object *object = &outcome->object;
	const struct record *current = vault_get_slot(job->keeper->o.vault,
	    job->arena, object->type, object->name, VAULT_CURRENT, fail);
	struct registration said, all;

	if ((current == NULL && fail->kind != FAIL_NONE) ||
	    !read_registered(job, outcome->registered, &said, fail))
		return false;
	all = said;
	if (current != NULL && record_operation(current) != OPERATION_DELETE)
		all = merged(&said, record_registration(current));
	/* What the command itself makes of the statuses. */
	if (said.status.count == 0 && record_registration(record)->given)
		all.status = record_registration(record)->status;
	all.given = said.given ||
		    (current != NULL && record_registration(current)->given);
	return (!all.given || record_set_registration(record, &all, fail)) &&
	       store_record(batch, record, false, fail);
}

bool
follow_registration(struct job *job, struct batch *batch,
    const struct wire_outcome *outcome, bool *stores, struct fail *fail)
{
	const struct wire_object *object = &outcome->object;
	struct record *current = vault_get_slot(job->keeper->o.vault,
	    job->arena, object->type, object->name, VAULT_CURRENT, fail);
	struct registration said, all;

	*stores = false;
	if (current == NULL || !record_epp(current)->given ||
	    record_operation(current) == OPERATION_DELETE)
		return fail->kind == FAIL_NONE;
	if (!read_registered(job, outcome->registered, &said, fail))
		return false;
	all = merged(&said, record_registration(current));
	if (!said.given || is_same(&all, record_registration(current)))
		return true;
	*stores = true;
	return batch == NULL || (record_set_registration(current, &all, fail) &&
				    store_record(batch, current, false, fail));
}

bool
follow_removal(struct job *job, struct batch *batch,
    const struct wire_object *object, bool *stores, struct fail *fail)
{
	struct record *current = vault_get_slot(job->keeper->o.vault,
	    job->arena, object->type, object->name, VAULT_CURRENT, fail);
	struct record *gone;

	*stores = false;
	if (current == NULL || !record_epp(current)->given)
		return fail->kind == FAIL_NONE;
	*stores = true;
	gone = record_create(
	    job->arena, object->type, OPERATION_DELETE, object->name, fail);
	if (gone == NULL || !record_set_epp(gone, record_epp(current), fail))
		return false;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (record_has_role(current, (enum role)role) &&
		    !record_copy_role(gone, current, (enum role)role, fail))
			return false;
	return store_record(batch, gone, false, fail) &&
	       store_removal(batch, object->type, object->name, true, fail);
}
