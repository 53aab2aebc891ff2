/* The steps of EPP: see script.h. */
#include "runner/epp_world.h"

/* --- what backends hear --- */

static struct answer *
next_answer(struct world *world, struct slice actor)
{
	struct answer *answer = world->answers;

	while (answer != NULL && (answer->consumed || answer->status == 0 ||
				     !slice_is(actor, answer->actor)))
		answer = answer->next;
	return answer;
}

static void
run_heard(struct world *world, const struct step *step, enum answer_kind kind,
    const char *what)
{
	struct answer *answer = next_answer(world, step->actor);

	/* Greetings nobody asked about are passed over. */
	while (answer != NULL && kind != ANSWER_GREETING &&
	       answer->kind == ANSWER_GREETING) {
		answer->consumed = true;
		answer = next_answer(world, step->actor);
	}
	if (answer == NULL || answer->kind != kind) {
		play_unmet(world, "%.*s heard no %s but %.300s",
		    SLICE_ARG(step->actor), what,
		    answer != NULL ? answer->body : "nothing");
		return;
	}
	answer->consumed = true;
	for (size_t i = 0; i < step->string_count; i++)
		if (memmem(answer->body, answer->len, step->strings[i].data,
			step->strings[i].len) == NULL)
			play_unmet(world, "the %s lacks \"%.*s\": %.900s", what,
			    SLICE_ARG(step->strings[i]), answer->body);
}

/* --- what registries got --- */

static bool
is_aside(const struct got *got)
{
	return strcmp(got->frame, "login") == 0 ||
	       strcmp(got->frame, "logout") == 0;
}

static struct got *
next_frame(struct world *world, const struct step *step)
{
	struct got *got = world->got;

	while (got != NULL &&
	       (got->consumed || got->frame[0] == '\0' ||
		   !slice_is(step->actor, got->recipient) ||
		   (is_aside(got) && !slice_is(step->name, got->frame))))
		got = got->next;
	return got;
}

static void
run_received(struct world *world, const struct step *step)
{
	struct got *got = next_frame(world, step);

	if (got == NULL || !slice_is(step->name, got->frame)) {
		play_unmet(world, "%.*s got no %.*s but %s",
		    SLICE_ARG(step->actor), SLICE_ARG(step->name),
		    got != NULL ? got->frame : "nothing");
		return;
	}
	got->consumed = true;
	play_check(world, step, got->recipient,
	    (struct slice){got->payload, got->len});
}

static struct bytes
dump_of(struct world *world, const struct step *step)
{
	struct registry *registry = epp_registry(world, step->actor);
	struct bytes out = {NULL, 0, 0};
	char line[300];

	snprintf(line, sizeof(line), "dump %.*s %.*s", SLICE_ARG(step->verb),
	    SLICE_ARG(step->name));
	if (registry != NULL &&
	    !registry_line(registry, slice_from(line), &out))
		world_fail(world, "the registry does not know: %s", line);
	return out;
}

static void
run_object(struct world *world, const struct step *step)
{
	struct bytes dump = dump_of(world, step);
	bool want = step->kind == STEP_HAS_OBJECT;

	if ((dump.len != 0) != want)
		play_unmet(world, "%.*s has %s %.*s %.*s",
		    SLICE_ARG(step->actor), want ? "no" : "the",
		    SLICE_ARG(step->verb), SLICE_ARG(step->name));
	else if (want)
		play_check(world, step, "the registry", bytes_slice(&dump));
	if (world->transcript)
		printf("%.*s", (int)dump.len, dump.data);
	bytes_finish(&dump);
}

static void
run_line(struct world *world, const struct step *step)
{
	struct registry *registry = epp_registry(world, step->actor);
	struct bytes out = {NULL, 0, 0};

	if (registry == NULL) {
		world_fail(
		    world, "there is no registry %.*s", SLICE_ARG(step->actor));
		return;
	}
	world_note(world, "registry %.*s: %.*s", SLICE_ARG(step->actor),
	    SLICE_ARG(step->name));
	if (!registry_line(registry, step->name, &out))
		world_fail(world, "registry: %.*s", (int)out.len, out.data);
	bytes_finish(&out);
	epp_registry_look(world, step->actor);
	daemon_settle(world, 0);
}

/* --- misu's processes --- */

static void
run_worker(struct world *world, const struct step *step)
{
	if (slice_is(step->verb, "starts"))
		epp_worker_start(world);
	else
		epp_worker_kill(world, !slice_is(step->name, "kept"));
	daemon_settle(world, 0);
}

static void
run_keeper(struct world *world, const struct step *step)
{
	struct fail fail = FAIL_INIT;

	if (!slice_is(step->verb, "starts")) {
		daemon_kill(world, slice_is(step->name, "kept")	  ? LOSS_NONE
				   : slice_is(step->name, "torn") ? LOSS_TORN
								  : LOSS_ALL);
		return;
	}
	if (world->engine == NULL && !daemon_start(world, &fail))
		world_fail(world, "the keeper does not start: %s", fail.text);
}

static void
run_ask(struct world *world, const struct step *step)
{
	if (world->keeper == NULL)
		return;
	keeper_ask_worker(world->keeper, step->verb,
	    step->string_count != 0 ? step->strings[0] : SLICE(""),
	    play_answered, play_expect(world, step->actor));
	daemon_settle(world, 0);
}

static void
run_away(struct world *world, const struct step *step)
{
	bool away = step->kind == STEP_REGISTRY_AWAY;

	world_note(world, "registry %.*s is %s", SLICE_ARG(step->actor),
	    away ? "away" : "back");
	epp_registry_away(world, step->actor, away);
	daemon_settle(world, 0);
}

static void
run_dialed(struct world *world, const struct step *step)
{
	unsigned dials = epp_registry_dials(world, step->actor);

	if (dials != (unsigned)step->number)
		play_unmet(world, "%.*s was dialed %u times",
		    SLICE_ARG(step->actor), dials);
}

bool
play_epp(struct world *world, const struct step *step)
{
	switch ((int)step->kind) {
	case STEP_CONNECT:
		epp_backend_connect(world, step->actor, step->name);
		return true;
	case STEP_DROP:
		epp_backend_drop(world, step->actor);
		return true;
	case STEP_FRAME:
		if (step->record.len != 0)
			world->record = step->record;
		epp_backend_send(world, step);
		return true;
	case STEP_GREETING:
		run_heard(world, step, ANSWER_GREETING, "greeting");
		return true;
	case STEP_CLOSED:
		run_heard(world, step, ANSWER_CLOSED, "end");
		return true;
	case STEP_RECEIVED:
		run_received(world, step);
		return true;
	case STEP_HAS_OBJECT:
	case STEP_HAS_NO_OBJECT:
		run_object(world, step);
		return true;
	case STEP_REGISTRY:
		run_line(world, step);
		return true;
	case STEP_REGISTRY_AWAY:
	case STEP_REGISTRY_BACK:
		run_away(world, step);
		return true;
	case STEP_REGISTRY_DIALED:
		run_dialed(world, step);
		return true;
	case STEP_WORKER:
		run_worker(world, step);
		return true;
	case STEP_KEEPER:
		run_keeper(world, step);
		return true;
	case STEP_ASK:
		run_ask(world, step);
		return true;
	}
	return false;
}
