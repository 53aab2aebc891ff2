#include "keeper_priv.h"

static void save_mark(void *arg);
static void checkpoint(void *arg);
static void outcomes(void *arg);
static void orphans(void *arg);

/* What a worker saw of an earlier life tells nothing of this one. */
static bool
begin_counting(struct keeper *keeper, struct fail *fail)
{
	uint64_t number;

	if (!keeper->o.random->fill(
		keeper->o.random->context, &number, sizeof(number)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	keeper->changes = keeper->changes_before = (number >> 2) + 1;
	return true;
}

struct keeper *
keeper_create(const struct keeper_options *options, struct fail *fail)
{
	const struct loop_operations *ops = options->loop->operations;
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (keeper == NULL) {
		fail_memory(fail);
		return NULL;
	}
	keeper->o = *options;
	keeper->parked_end = &keeper->parked;
	keeper->following_end = &keeper->following;
	keeper->scratch = arena_create(options->memory);
	keys_derive(options->keys, "content", keeper->content_key);
	keeper->mark_timer =
	    ops->timer_create(options->loop, save_mark, keeper);
	keeper->checkpoint_timer =
	    ops->timer_create(options->loop, checkpoint, keeper);
	keeper->outcome_timer =
	    ops->timer_create(options->loop, outcomes, keeper);
	keeper->orphan_timer =
	    ops->timer_create(options->loop, orphans, keeper);
	keeper->follow_timer =
	    ops->timer_create(options->loop, follow_run, keeper);
	if (keeper->mark_timer == NULL || keeper->checkpoint_timer == NULL ||
	    keeper->outcome_timer == NULL || keeper->orphan_timer == NULL ||
	    keeper->follow_timer == NULL || keeper->scratch == NULL)
		fail_memory(fail);
	else if (begin_counting(keeper, fail) && open_scan(keeper, fail))
		return keeper;
	keeper_destroy(keeper);
	return NULL;
}

void
keeper_destroy(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	deliveries_finish(keeper);
	for (struct job *job = keeper->jobs, *older; job; job = older) {
		older = job->older;
		if (job->worker != NULL && job->worker->is_gone &&
		    --job->worker->jobs == 0)
			free(job->worker);
		open_drop(job->open);
		arena_destroy(job->arena);
	}
	for (struct keeper_worker *w = keeper->workers, *next; w; w = next) {
		next = w->next;
		free(w);
	}
	while (keeper->arena_count != 0)
		arena_destroy(keeper->arenas[--keeper->arena_count]);
	open_finish(keeper);
	if (keeper->mark_timer != NULL)
		keeper->o.loop->operations->timer_destroy(keeper->mark_timer);
	if (keeper->checkpoint_timer != NULL)
		keeper->o.loop->operations->timer_destroy(
		    keeper->checkpoint_timer);
	if (keeper->outcome_timer != NULL)
		keeper->o.loop->operations->timer_destroy(
		    keeper->outcome_timer);
	if (keeper->orphan_timer != NULL)
		keeper->o.loop->operations->timer_destroy(keeper->orphan_timer);
	if (keeper->follow_timer != NULL)
		keeper->o.loop->operations->timer_destroy(keeper->follow_timer);
	arena_destroy(keeper->bundle_arena);
	arena_destroy(keeper->scratch);
	digest_wipe(keeper->content_key, KEY_SIZE);
	free(keeper);
}

bool
keeper_is_idle(const struct keeper *keeper)
{
	return keeper->job_count == 0;
}

/* --- services --- */

int64_t
keeper_now(const struct keeper *keeper)
{
	return keeper->o.loop->operations->now(keeper->o.loop);
}

void
keeper_log(const struct keeper *keeper, const char *level, const char *event,
    const struct fail *fail)
{
	if (keeper->o.log != NULL)
		keeper->o.log(keeper->o.log_context, level, event, fail);
}

struct arena *
keeper_arena(struct keeper *keeper)
{
	if (keeper->arena_count != 0)
		return keeper->arenas[--keeper->arena_count];
	return arena_create(keeper->o.memory);
}

void
keeper_arena_give(struct keeper *keeper, struct arena *arena)
{
	if (keeper->arena_count == ARENAS_MAX) {
		arena_destroy(arena);
		return;
	}
	arena_reset(arena);
	keeper->arenas[keeper->arena_count++] = arena;
}

void *
job_create(struct keeper *keeper, struct keeper_worker *worker, size_t size)
{
	struct arena *arena = keeper_arena(keeper);
	struct job *job = arena != NULL ? arena_take(arena, size) : NULL;

	if (job == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	job->keeper = keeper;
	job->worker = worker;
	job->arena = arena;
	job->older = keeper->jobs;
	if (keeper->jobs != NULL)
		keeper->jobs->newer = job;
	keeper->jobs = job;
	keeper->job_count++;
	if (worker != NULL)
		worker->jobs++;
	return job;
}

static void
worker_release(struct keeper_worker *worker)
{
	if (--worker->jobs == 0 && worker->is_gone)
		free(worker);
}

void
job_end(struct job *job)
{
	struct keeper *keeper = job->keeper;

	if (job->newer != NULL)
		job->newer->older = job->older;
	else
		keeper->jobs = job->older;
	if (job->older != NULL)
		job->older->newer = job->newer;
	keeper->job_count--;
	if (job->worker != NULL)
		worker_release(job->worker);
	open_drop(job->open);
	keeper_arena_give(keeper, job->arena);
}

static void
save_mark(void *arg)
{
	struct keeper *keeper = arg;

	keeper->mark_set = false;
	open_save_mark(keeper);
	if (keeper->o.marked != NULL)
		keeper->o.marked(keeper->o.marked_context);
}

static void
checkpoint(void *arg)
{
	struct keeper *keeper = arg;

	keeper->checkpoint_set = false;
	ledger_tick(keeper->o.ledger);
}

static void
outcomes(void *arg)
{
	struct keeper *keeper = arg;

	keeper->outcome_set = false;
	ledger_hurry(keeper->o.ledger);
}

void
keeper_waits(struct keeper *keeper)
{
	if (!keeper->outcome_set)
		keeper->o.loop->operations->timer_set(
		    keeper->outcome_timer, KEEPER_OUTCOME_DELAY);
	keeper->outcome_set = true;
}

void
keeper_wrote(struct keeper *keeper)
{
	const struct loop_operations *ops = keeper->o.loop->operations;

	if (!keeper->mark_set)
		ops->timer_set(keeper->mark_timer, MARK_DELAY);
	keeper->mark_set = true;
	if (!keeper->checkpoint_set)
		ops->timer_set(keeper->checkpoint_timer, CHECKPOINT_DELAY_MS);
	keeper->checkpoint_set = true;
}

/* --- workers --- */

bool
worker_send(struct keeper_worker *worker, const struct wire_message *message)
{
	struct keeper *keeper;
	struct arena *arena;
	struct text text;
	struct fail fail;
	bool ok;

	fail_clear(&fail);
	if (worker == NULL || worker->is_gone)
		return false;
	keeper = worker->keeper;
	arena = keeper_arena(keeper);
	if (arena == NULL)
		return false;
	text = text_start(arena);
	ok = wire_write(&text, message, &fail);
	if (!ok)
		keeper_log(keeper, "error", "message-not-sent", &fail);
	ok = ok && worker->send(worker->context, text_slice(&text));
	keeper_arena_give(keeper, arena);
	return ok;
}

static void
send_setup(struct keeper_worker *worker)
{
	struct wire_message message;

	message.type = WIRE_SETUP;
	message.of.setup = worker->keeper->bundle;
	worker_send(worker, &message);
}

struct keeper_worker *
keeper_join(struct keeper *keeper,
    bool (*send)(void *context, struct slice message), void *context)
{
	struct keeper_worker *worker = calloc(1, sizeof(*worker));
	struct keeper_worker **at = &keeper->workers;

	if (worker == NULL)
		return NULL;
	worker->keeper = keeper;
	worker->send = send;
	worker->context = context;
	while (*at != NULL)
		at = &(*at)->next;
	*at = worker;
	if (!keeper->was_joined)
		open_first_join(keeper);
	keeper->was_joined = true;
	if (keeper->ruleset != NULL)
		send_setup(worker);
	return worker;
}

void
keeper_leave(struct keeper_worker *worker)
{
	struct keeper *keeper = worker->keeper;
	struct keeper_worker **at = &keeper->workers;

	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	worker->is_gone = true;
	worker->jobs++;
	open_orphan(keeper, worker);
	deliveries_leave(worker);
	worker_release(worker);
}

static void
orphans(void *arg)
{
	struct keeper *keeper = arg;

	open_orphan(keeper, NULL);
}

bool
keeper_set_policy(struct keeper *keeper, const struct ruleset *ruleset,
    const struct conf *conf, struct slice bundle, struct fail *fail)
{
	struct arena *arena = arena_create(keeper->o.memory);
	struct slice copy = {NULL, 0};

	if (arena != NULL)
		copy = arena_copy(arena, bundle);
	if (copy.data == NULL) {
		arena_destroy(arena);
		return fail_memory(fail);
	}
	arena_destroy(keeper->bundle_arena);
	keeper->bundle_arena = arena;
	keeper->bundle = copy;
	keeper->ruleset = ruleset;
	keeper->conf = conf;
	keeper->policy = *ruleset_identity(ruleset);
	keeper->setup = conf_setup_identity(conf, arena);
	for (struct keeper_worker *w = keeper->workers; w != NULL; w = w->next)
		send_setup(w);
	return true;
}

bool
keeper_receive(struct keeper_worker *worker, struct slice bytes)
{
	struct wire_message message;

	if (!wire_read(bytes, &message))
		return false;
	switch (message.type) {
	case WIRE_HELLO:
		open_adopt(worker, &message.of.hello);
		return true;
	case WIRE_FETCH:
		fetch_take(worker, &message.of.fetch);
		return true;
	case WIRE_COMMIT:
		commit_take(worker, &message.of.commit);
		return true;
	case WIRE_OUTCOME:
		end_take(worker, &message.of.outcome);
		return true;
	case WIRE_DELIVERED:
		delivered_take(worker, &message.of.delivered);
		return true;
	case WIRE_ANSWER:
		answer_take(worker, &message.of.answer);
		return true;
	case WIRE_SETUP:
	case WIRE_FETCHED:
	case WIRE_COMMITTED:
	case WIRE_NOTED:
	case WIRE_DELIVER:
	case WIRE_ASK:
	case WIRE_TYPE_COUNT:
		break;
	}
	return false;
}
