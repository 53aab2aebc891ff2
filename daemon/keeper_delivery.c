/*
 * What workers are asked: to carry deliveries of the spool to a registry, and
 * what operators want to know.  A worker that goes away with a delivery leaves
 * it unknown: evidence is sought by whoever is there next.
 */
#include "keeper_priv.h"

enum { PROGRESS_MAX = 32768 };

struct epp_channel {
	struct channel base;
	struct keeper *keeper;
	char upstream[WIRE_NAME_MAX + 1];
};

struct delivery_job {
	struct delivery_job *next;
	int64_t id;
	struct epp_channel *channel;
	struct keeper_worker *worker;
	channel_done *done;
	void *arg;
};

/* Each in its turn; NULL: none is there. */
static struct keeper_worker *
next_worker(struct keeper *keeper)
{
	size_t count = 0, turn;
	struct keeper_worker *worker = keeper->workers;

	for (struct keeper_worker *w = worker; w != NULL; w = w->next)
		count++;
	if (count == 0)
		return NULL;
	for (turn = (size_t)keeper->serial % count; turn != 0; turn--)
		worker = worker->next;
	return worker;
}

/* --- deliveries --- */

static void
end_delivery(
    struct delivery_job **at, enum delivery delivery, const struct fail *fail)
{
	struct delivery_job *job = *at;
	channel_done *done = job->done;
	void *arg = job->arg;

	*at = job->next;
	free(job);
	done(arg, delivery, fail);
}

/* What left is not known, whoever it was that could say. */
static void
lose_delivery(struct delivery_job **at)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "the worker with this delivery is gone");
	end_delivery(at, DELIVERY_UNKNOWN, &fail);
}

/* Nobody has it: what was not given did not leave. */
static void
not_given(bool again, channel_done *done, void *arg)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "no worker is there to carry this");
	done(arg, again ? DELIVERY_UNKNOWN : DELIVERY_LATER, &fail);
}

static void
give(struct epp_channel *channel, const struct sealed *sealed, bool again,
    channel_done *done, void *arg)
{
	struct keeper *keeper = channel->keeper;
	struct keeper_worker *worker;
	struct delivery_job *job = malloc(sizeof(*job));
	struct wire_message message;

	keeper->serial++;
	worker = next_worker(keeper);
	if (job == NULL || worker == NULL) {
		free(job);
		not_given(again, done, arg);
		return;
	}
	*job = (struct delivery_job){.next = keeper->deliveries,
	    .id = keeper->serial,
	    .channel = channel,
	    .worker = worker,
	    .done = done,
	    .arg = arg};
	keeper->deliveries = job;
	message.type = WIRE_DELIVER;
	message.of.deliver = (struct wire_deliver){.id = job->id,
	    .again = again,
	    .entry = sealed_index(sealed),
	    .leaf = *sealed_leaf(sealed),
	    .sha256 = digest_sha256(sealed_payload(sealed)),
	    .recipient = sealed_recipient(sealed),
	    .upstream = slice_from(channel->upstream),
	    .payload = sealed_payload(sealed)};
	if (worker_send(worker, &message))
		return;
	keeper->deliveries = job->next;
	free(job);
	not_given(again, done, arg);
}

static void
submit(struct channel *channel, const struct sealed *sealed, channel_done *done,
    void *arg)
{
	give((struct epp_channel *)channel, sealed, false, done, arg);
}

static void
status(struct channel *channel, const struct sealed *sealed, channel_done *done,
    void *arg)
{
	give((struct epp_channel *)channel, sealed, true, done, arg);
}

static void
stop(struct channel *base)
{
	struct epp_channel *channel = (struct epp_channel *)base;
	struct delivery_job **at = &channel->keeper->deliveries;

	while (*at != NULL) {
		if ((*at)->channel != channel) {
			at = &(*at)->next;
			continue;
		}
		lose_delivery(at);
		at = &channel->keeper->deliveries;
	}
	free(channel);
}

static const struct channel_operations operations = {
    .name = "epp",
    .submit = submit,
    .status = status,
    .stop = stop,
};

struct channel *
keeper_channel(struct keeper *keeper, struct slice upstream, struct fail *fail)
{
	struct epp_channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (upstream.len > WIRE_NAME_MAX) {
		free(channel);
		fail_set(fail, FAIL_INPUT, "the upstream's name is too long");
		return NULL;
	}
	channel->base.operations = &operations;
	channel->keeper = keeper;
	memcpy(channel->upstream, upstream.data, upstream.len);
	return &channel->base;
}

void
delivered_take(
    struct keeper_worker *worker, const struct wire_delivered *delivered)
{
	struct delivery_job **at = &worker->keeper->deliveries;
	const struct fail *fail = &delivered->fail;

	while (*at != NULL &&
	       ((*at)->id != delivered->id || (*at)->worker != worker))
		at = &(*at)->next;
	if (*at != NULL)
		end_delivery(at, (enum delivery)delivered->delivery,
		    fail->kind != FAIL_NONE ? fail : NULL);
}

/* --- questions --- */

struct question {
	struct question *next;
	int64_t id;
	struct keeper_worker *worker;
	struct arena *arena;
	struct text progress; /* answers that were not the last one */
	bool is_cut;
	engine_answer *answer;
	void *arg;
};

static void
end_question(struct question **at, int status_code, struct slice body)
{
	struct question *question = *at;
	struct slice all = body;

	*at = question->next;
	if (question->progress.len != 0) {
		text_add_string(&question->progress,
		    question->is_cut ? "],\"cut\":true,\"last\":"
				     : "],\"last\":");
		text_add(
		    &question->progress, body.len != 0 ? body : SLICE("null"));
		text_add_char(&question->progress, '}');
		all = text_slice(&question->progress);
	}
	question->answer(
	    question->arg, status_code, all.data != NULL ? all : body);
	arena_destroy(question->arena);
	free(question);
}

static void
answer_gone(struct question **at)
{
	end_question(at, 503,
	    SLICE("{\"type\":\"urn:misu:problem:no-worker\",\"title\":\"the "
		  "worker that was asked is gone\",\"status\":503}"));
}

static void
answer_nobody(engine_answer *answer, void *arg)
{
	answer(arg, 503,
	    SLICE("{\"type\":\"urn:misu:problem:no-worker\",\"title\":\"no "
		  "worker is there to answer\",\"status\":503}"));
}

void
question_ask(struct keeper_worker *worker, struct slice verb, struct slice text,
    engine_answer *answer, void *arg)
{
	struct keeper *keeper = worker->keeper;
	struct question *question = calloc(1, sizeof(*question));
	struct arena *arena = arena_create(keeper->o.memory);
	struct wire_message message;

	keeper->serial++;
	if (question == NULL || arena == NULL) {
		free(question);
		arena_destroy(arena);
		answer_nobody(answer, arg);
		return;
	}
	*question = (struct question){.next = keeper->questions,
	    .id = keeper->serial,
	    .worker = worker,
	    .arena = arena,
	    .progress = text_start(arena),
	    .answer = answer,
	    .arg = arg};
	message.type = WIRE_ASK;
	message.of.ask = (struct wire_ask){question->id, verb, text};
	if (!worker_send(question->worker, &message)) {
		free(question);
		arena_destroy(arena);
		answer_nobody(answer, arg);
		return;
	}
	keeper->questions = question;
}

void
keeper_ask_worker(struct keeper *keeper, struct slice verb, struct slice text,
    engine_answer *answer, void *arg)
{
	struct keeper_worker *worker = next_worker(keeper);

	if (worker != NULL)
		question_ask(worker, verb, text, answer, arg);
	else
		answer_nobody(answer, arg);
}

/* {"progress":[...],"last":...}: what came before the last is bounded. */
static void
add_progress(struct question *question, struct slice body)
{
	struct text *text = &question->progress;

	if (text->len + body.len > PROGRESS_MAX || body.len == 0) {
		question->is_cut |= body.len != 0;
		return;
	}
	text_add_string(text, text->len == 0 ? "{\"progress\":[" : ",");
	text_add(text, body);
}

void
answer_take(struct keeper_worker *worker, const struct wire_answer *answer)
{
	struct question **at = &worker->keeper->questions;

	while (
	    *at != NULL && ((*at)->id != answer->id || (*at)->worker != worker))
		at = &(*at)->next;
	if (*at == NULL)
		return;
	if (answer->last)
		end_question(at, (int)answer->status, answer->body);
	else
		add_progress(*at, answer->body);
}

/* --- ends --- */

void
deliveries_leave(struct keeper_worker *worker)
{
	struct delivery_job **at = &worker->keeper->deliveries;
	struct question **asked = &worker->keeper->questions;

	while (*at != NULL) {
		if ((*at)->worker != worker) {
			at = &(*at)->next;
			continue;
		}
		lose_delivery(at);
		at = &worker->keeper->deliveries;
	}
	while (*asked != NULL) {
		if ((*asked)->worker != worker) {
			asked = &(*asked)->next;
			continue;
		}
		answer_gone(asked);
		asked = &worker->keeper->questions;
	}
}

/* The channels were stopped before. */
void
deliveries_finish(struct keeper *keeper)
{
	while (keeper->questions != NULL)
		answer_gone(&keeper->questions);
	for (struct delivery_job *job = keeper->deliveries, *next; job;
	     job = next) {
		next = job->next;
		free(job);
	}
}
