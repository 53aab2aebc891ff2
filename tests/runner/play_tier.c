/* Somebody asks with a token: the publisher's part, played by the world. */
#include "runner/epp_world.h"

struct asking {
	struct world *world;
	struct answer *answer;
	const struct step *step;
};

static void
told(void *arg, enum tier_result result, struct tier *tier,
    const struct sealed *sealed)
{
	struct asking asking = *(struct asking *)arg;
	const struct tier_wording *wording = tier_wording(result);
	struct world *world = asking.world;

	free(arg);
	play_answered(
	    asking.answer, wording->status, slice_from(wording->word));
	if (tier == NULL)
		return;
	recipients_keep(world, sealed);
	if (slice_is(asking.step->verb, "unsaid"))
		world->unsaid = tier;
	else
		engine_tier_end(tier,
		    slice_is(asking.step->verb, "lost") ? "not-sent" : "sent");
}

static bool
read_question(const struct world *world, const struct step *step,
    struct tier_question *out)
{
	struct fail fail = FAIL_INIT;
	const char *token = step->number != 0 ? "misu-forged" : world->token;

	*out = (struct tier_question){.number = 1,
	    .token = digest_sha256(slice_from(token)),
	    .object = step->name};
	out->type = prefix_parse(step->name, &out->network, &fail)
			? OBJECT_NETWORK
			: OBJECT_DOMAIN;
	return prefix_parse_address(
	    step->string_count != 0 ? step->strings[0] : SLICE("192.0.2.1"),
	    &out->address);
}

static void
ask(struct world *world, const struct step *step)
{
	struct asking *asking = calloc(1, sizeof(*asking));
	struct tier_question question;

	if (asking == NULL)
		abort();
	if (!read_question(world, step, &question)) {
		free(asking);
		return;
	}
	*asking = (struct asking){world, play_expect(world, step->actor), step};
	world_note(world, "%.*s > token %.*s", SLICE_ARG(step->actor),
	    SLICE_ARG(step->name));
	engine_tier_ask(world->engine, &question, told, asking);
	daemon_settle(world, 0);
}

bool
play_tier(struct world *world, const struct step *step)
{
	if (step->kind == STEP_TIER && world->engine != NULL)
		ask(world, step);
	return step->kind == STEP_TIER;
}

void
play_tier_end(struct world *world)
{
	struct tier *tier = world->unsaid;

	world->unsaid = NULL;
	if (tier != NULL)
		engine_tier_end(tier, "unknown");
}
