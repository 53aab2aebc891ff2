/*
 * The filter under everything at once: scenarios made up by chance.  Several
 * backends send whatever comes to mind, many frames at a time, and break off;
 * the registry is slow, silent, mad or away; setups change; worker and keeper
 * die; memory runs out; time passes.  After each the runner's invariants must
 * hold: no canary out, an entry before each frame and one outcome after it,
 * answers in order, every arena and timer given back.
 *
 * MISU_STRESS=N plays N of them, from the seed MISU_STRESS_SEED on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "runner/world.h"

enum { RUNS = 3, STEPS = 90, BACKENDS = 4 };

struct chance {
	uint64_t state;
};

/* splitmix64 */
static unsigned
below(struct chance *chance, unsigned n)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (unsigned)((z ^ (z >> 31)) % n);
}

#define ONE_OF(chance, list)                                                  \
	(list)[below((chance), sizeof(list) / sizeof((list)[0]))]

static const char head[] =
    "scenario \"made up\"\n"
    "policy tests/scenario/common/epp.policy\n"
    "conf %s\n"
    "upstream biz registry contacts accepted %s\n"
    "text nowhere {\n"
    "state state\norigin scenario.example/log\npolicy epp.policy\n"
    "recipient neustar to desk\n}\n"
    "text strict {\n"
    "policy \"epp\" revision 2 effective 2026-01-02T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "recipient neustar \"the registry of .biz\" in US class registry "
    "basis contract by api {\n"
    "    may receive name, org, handle of registrant, admin, tech, billing\n"
    "    may receive ns, ds of subscriber\n}\n"
    "for .biz to neustar for p10 {\n"
    "    forward name, handle of registrant, admin, tech, billing\n"
    "    forward ns, ds of subscriber\n"
    "    redact * of *\n}\n}\n"
    "record taro {\n"
    "    registrant.name.int *     registrant.street.int *\n"
    "    registrant.city.int *     registrant.postcode *\n"
    "    registrant.country \"JP\" registrant.phone *\n"
    "    registrant.fax *          registrant.email *\n}\n"
    "record kim like taro { registrant.country \"KP\" }\n"
    "record later { registrant.phone * registrant.fax * }\n"
    "record moved {\n"
    "    registrant.street.int *   registrant.city.int *\n"
    "    registrant.country \"JP\"\n}\n";

static const char *const confs[] = {"tests/scenario/common/epp.conf",
    "tests/scenario/common/epp-pool.conf",
    "tests/scenario/common/epp-pool.conf",
    "tests/scenario/common/epp-on-link.conf",
    "tests/scenario/common/epp-shadow.conf",
    "tests/scenario/common/epp-thin.conf", "nowhere"};
static const char *const contacts[] = {"CON-1", "CON-2", "CON-3", "ADM-4"};
static const char *const domains[] = {"one.biz", "two.biz", "three.biz"};
static const char *const records[] = {"taro", "taro", "kim"};
static const char *const parts[] = {"later", "moved", "taro"};
static const char *const seats[] = {"registrant", "admin", "tech", "billing"};
static const char *const hints[] = {"", " with misu kind natural",
    " with misu kind legal", " with misu kind natural role registrant",
    " with misu kind legal role admin",
    " with misu kind natural object one.biz",
    " with misu kind natural consent p10 public given"};
static const char *const whats[] = {"contact:create", "contact:update",
    "contact:info", "domain:create", "domain:update", "domain:info", "login",
    "greeting", "hello", "poll", "contact:delete", "*", "*", "*"};
static const char *const faults[] = {"lost", "reset", "close", "stall",
    "silent", "slow 20", "slow 700", "slow 40000", "wrong-cltrid",
    "code 2400", "code 2500", "code 2502", "code 1001", "code 1500",
    "code 2302", "garbage", "length", "cut"};
static const char *const times[] = {
    "1s", "2s", "6s", "11s", "31s", "70s", "600s", "3000s"};

static void
put_contact(FILE *out, struct chance *chance)
{
	const char *id = ONE_OF(chance, contacts);

	switch (below(chance, 6)) {
	case 0:
		fprintf(out, "contact:check %s", id);
		return;
	case 1:
		fprintf(out, "contact:info %s", id);
		return;
	case 2:
		fprintf(out, "contact:delete %s", id);
		return;
	case 3:
		fprintf(out, "contact:update %s record %s%s", id,
		    ONE_OF(chance, parts), ONE_OF(chance, hints));
		return;
	default:
		fprintf(out, "contact:create %s record %s%s", id,
		    ONE_OF(chance, records), ONE_OF(chance, hints));
	}
}

static void
put_domain(FILE *out, struct chance *chance)
{
	const char *name = ONE_OF(chance, domains);

	switch (below(chance, 7)) {
	case 0:
		fprintf(out, "domain:check %s", name);
		return;
	case 1:
		fprintf(out, "domain:info %s", name);
		return;
	case 2:
		fprintf(out, "domain:delete %s", name);
		return;
	case 3:
		fprintf(out, "domain:renew %s 2027-04-01", name);
		return;
	case 4:
		fprintf(out, "domain:update %s add %s %s", name,
		    seats[1 + below(chance, 3)], ONE_OF(chance, contacts));
		return;
	default:
		fprintf(out, "domain:create %s", name);
		for (unsigned n = below(chance, 4); n != 0; n--)
			fprintf(out, " %s %s", ONE_OF(chance, seats),
			    ONE_OF(chance, contacts));
	}
}

static void
put_frame(FILE *out, struct chance *chance)
{
	static const char *const others[] = {"hello", "poll req", "poll ack 1",
	    "logout", "frame \"\"",
	    /* Sound, but misu does not read instructions: a shadow passes it. */
	    "frame \"<?odd one?><epp xmlns="
	    "\\\"urn:ietf:params:xml:ns:epp-1.0\\\"><command><info>"
	    "<c:info xmlns:c=\\\"urn:ietf:params:xml:ns:contact-1.0\\\">"
	    "<c:id>CON-1</c:id></c:info></info></command></epp>\"",
	    "login \"hosting\" \"hosting-pw\"",
	    "login \"shop-22\" \"wrong-pw\"",
	    "frame \"<epp xmlns=\\\"urn:ietf:params:xml:ns:epp-1.0\\\">"
	    "<command><transfer op=\\\"query\\\"><d:transfer xmlns:d="
	    "\\\"urn:ietf:params:xml:ns:domain-1.0\\\"><d:name>one.biz"
	    "</d:name></d:transfer></transfer></command></epp>\""};

	switch (below(chance, 8)) {
	case 0:
		fputs(ONE_OF(chance, others), out);
		break;
	case 1:
	case 2:
	case 3:
		put_domain(out, chance);
		break;
	default:
		put_contact(out, chance);
	}
}

static void
put_login(FILE *out, struct chance *chance, unsigned n)
{
	static const char *const who[] = {"\"hosting\" \"hosting-pw\"",
	    "\"shop-22\" \"shop-22-pw\"", "\"registrar-x\" \"secret-one\""};

	fprintf(out, "b%u connects biz\n", n);
	if (below(chance, 8) != 0)
		fprintf(out, "b%u >> login %s\n", n, ONE_OF(chance, who));
}

/* Several frames at once, in one turn of the loop or in several. */
static void
put_burst(FILE *out, struct chance *chance)
{
	unsigned count = below(chance, 10) == 0 ? 70 : 1 + below(chance, 6);

	while (count-- != 0) {
		fprintf(out, "b%u %s ", 1 + below(chance, BACKENDS),
		    below(chance, 4) == 0 ? ">" : ">>");
		put_frame(out, chance);
		fputc('\n', out);
	}
}

static void
put_trouble(FILE *out, struct chance *chance)
{
	switch (below(chance, 13)) {
	case 0:
		fputs("registry biz away\n", out);
		break;
	case 1:
	case 2:
		fputs("registry biz back\n", out);
		break;
	case 3:
		fputs("registry biz : sessions drop\n", out);
		break;
	case 4:
		fputs("registry biz : message \"news\"\n", out);
		break;
	case 5:
		fprintf(out, "reload conf %s\n", ONE_OF(chance, confs));
		break;
	case 6:
		fprintf(out, "reload policy %s\n",
		    below(chance, 2) == 0
			? "strict"
			: "tests/scenario/common/epp.policy");
		break;
	case 7:
		fprintf(out, "worker killed %s, restarted\n",
		    below(chance, 2) == 0 ? "lost" : "kept");
		break;
	case 8:
		fprintf(out, "keeper killed %s\nclock +%us\nkeeper starts\n",
		    below(chance, 2) == 0 ? "lost" : "kept",
		    below(chance, 8));
		break;
	case 9:
		fputs("operator > ask import \"upstream biz rate 20 client "
		      "hosting\\ncontact CON-1\\ndomain one.biz\\n\"\n",
		    out);
		break;
	case 10:
		fprintf(out, "operator > hold approve %u \"why not\"\n",
		    1 + below(chance, 4));
		break;
	case 11:
		fprintf(out, "b1 > submit create %s record taro\n",
		    ONE_OF(chance, domains));
		break;
	default:
		fprintf(out, "registry biz : fault %s %s times %u\n",
		    ONE_OF(chance, whats), ONE_OF(chance, faults),
		    1 + below(chance, 3));
	}
}

static void
put_step(FILE *out, struct chance *chance)
{
	switch (below(chance, 10)) {
	case 0:
		put_login(out, chance, 1 + below(chance, BACKENDS));
		break;
	case 1:
		fprintf(out, "b%u drops\n", 1 + below(chance, BACKENDS));
		break;
	case 2:
	case 3:
		fprintf(out, "clock +%s\n", ONE_OF(chance, times));
		break;
	case 4:
	case 5:
		put_trouble(out, chance);
		break;
	default:
		put_burst(out, chance);
	}
}

static void
make_up(const char *path, uint64_t seed)
{
	static const char *const dcps[] = {"dcp public", "dcp private"};
	struct chance chance = {seed};
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fprintf(out, head, confs[below(&chance, 6)], ONE_OF(&chance, dcps));
	for (unsigned n = 1; n <= BACKENDS; n++)
		put_login(out, &chance, n);
	for (unsigned n = 0; n < STEPS; n++)
		put_step(out, &chance);
	fputs("registry biz back\nregistry biz : faults clear\n"
	      "reload conf tests/scenario/common/epp-pool.conf\n",
	    out);
	assert_int_equal(fclose(out), 0);
}

static struct plan
plan_of(uint64_t seed)
{
	static const enum fault_kind kinds[] = {
	    PLAN_WORKER, PLAN_KEEPER, PLAN_ALLOC, PLAN_KILL, PLAN_WORKER};
	static const enum disk_loss losses[] = {
	    LOSS_ALL, LOSS_NONE, LOSS_TORN};
	struct chance chance = {seed ^ 0x5eed};
	struct plan plan = {.kind = ONE_OF(&chance, kinds)};

	plan.loss = ONE_OF(&chance, losses);
	plan.nth = 1 + below(&chance, 800);
	return plan;
}

static unsigned
number_of(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void
test_by_chance(void **state)
{
	unsigned seed = number_of("MISU_STRESS_SEED", 1);
	unsigned last = seed + number_of("MISU_STRESS", RUNS);

	(void)state;
	for (; seed != last; seed++) {
		char path[64];
		struct arena *arena = arena_create(NULL);
		struct script *script;
		struct world *world;

		snprintf(path, sizeof(path), "/tmp/misu-stress-%u-%ld.scn",
		    seed, (long)getpid());
		make_up(path, seed);
		script = script_read(arena, path);
		assert_non_null(script);
		world = world_create(script, plan_of(seed));
		world->transcript = getenv("MISU_STRESS_SHOW") != NULL;
		play_run(world);
		if (world->failures != 0)
			fail_msg("seed %u: see %s", seed, path);
		world_destroy(world);
		arena_destroy(arena);
		unlink(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
