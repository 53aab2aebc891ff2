/*
 * What registries are told of domains that came by HTTP, while the disk of the
 * spool fails and a registry refuses: the engine with a registry that does what
 * the test says, its databases on one disk in memory and all else on another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy.h"
#include "engine_told.h"
#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "runner/sqlite_vfs.h"
#include "store/standing.h"

#define CONF                                                                   \
	"state /state policy p\n"                                              \
	"upstream biz {\n"                                                     \
	"  listen 127.0.0.1:7001 certificate c key k\n"                        \
	"  server epp.registry.example:700 mode session\n"                     \
	"  login registrar-x password p\n"                                     \
	"}\n"                                                                  \
	"recipient neustar to epp biz {\n"                                     \
	"  placeholder \"R\" for name, city of *\n"                            \
	"  placeholder \"r@privacy.example\" for email of *\n"                 \
	"  placeholder \"JP\" for country of *\n"                              \
	"}\n"

#define POLICY(revision, published)                                            \
	"policy \"t\" revision " revision " effective 2026-01-01T00:00:00Z\n"  \
	"purpose p10 \"register\"\npurpose p11 \"publish\"\n"                  \
	"recipient neustar \"r\" in US class registry basis contract by api "  \
	"{\n  may receive name, city, country, email of registrant\n}\n"       \
	"recipient whois \"public\" public via neustar\n"                      \
	"for .biz to neustar for p10 {\n"                                      \
	"  forward name, city, country, email of registrant\n"                 \
	"  redact * of *\n}\n"                                                 \
	"for .biz to whois for p11 {\n" published "  redact * of *\n}\n"

static const char open_policy[] = POLICY("1", "  forward name of registrant\n");
static const char again[] = POLICY("4", "  forward name of registrant\n");
static const char less[] = POLICY("2", "");
static const char more[] = POLICY("3", "  forward name, email of registrant\n");

struct world {
	struct channel channel; /* first: what the engine calls is this */
	struct loop *loop;
	struct disk *disk, *files;
	struct random_source random;
	uint32_t counter;
	struct arena *arena;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct standing *standing;
	struct engine *engine;
	const struct conf *conf;
	enum delivery says; /* what the registry makes of a delivery */
	unsigned deliveries;
	int status;
	unsigned errors;
	const struct conf *before; /* a reload took its place */
	bool in_use;		   /* and it was in use still, just then */
	struct fail fail;
};

static bool
fill(void *context, void *out, size_t len)
{
	struct world *world = context;

	for (size_t i = 0; i < len; i++) {
		world->counter = world->counter * 1664525 + 1013904223;
		((uint8_t *)out)[i] = (uint8_t)(world->counter >> 24);
	}
	return true;
}

static int64_t
now(void *context)
{
	struct world *world = context;

	return world->loop->operations->now(world->loop);
}

static void
logged(void *context, const char *level, const char *event,
    const struct fail *fail)
{
	struct world *world = context;

	world->errors += strcmp(level, "error") == 0;
	if (getenv("V") != NULL)
		print_message("%s %s: %s\n", level, event,
		    fail != NULL ? fail->text : "");
}

/* --- the registry */

static void
deliver(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	struct world *world = (struct world *)(void *)channel;

	(void)sealed;
	world->deliveries++;
	done(arg, world->says, NULL);
}

static void
stop(struct channel *channel)
{
	(void)channel;
}

static const struct channel_operations operations = {
    .name = "epp", .submit = deliver, .status = deliver, .stop = stop};

static struct channel *
make_channel(void *context, struct slice upstream, struct fail *fail)
{
	struct world *world = context;

	(void)upstream;
	(void)fail;
	world->channel.operations = &operations;
	return &world->channel;
}

/* --- the world */

static void
open_store(struct world *world)
{
	static const uint8_t master[KEY_SIZE] = "a master key for tests";
	struct ledger_options options = {.disk = world->disk,
	    .directory = "/state/ledger",
	    .origin = "ledger.example/misu",
	    .random = &world->random,
	    .now = now,
	    .now_context = world,
	    .segment_size = 1 << 20};
	struct fail *fail = &world->fail;

	assert_true(world->disk->operations->make_directory(
	    world->disk, "/state", fail));
	world->keys =
	    keys_open(world->disk, "/state/keys", master, &world->random, fail);
	assert_non_null(world->keys);
	world->vault =
	    vault_open(world->disk, "/state/vault", world->keys, fail);
	assert_non_null(world->vault);
	options.keys = world->keys;
	options.vault = world->vault;
	world->ledger = ledger_open(&options, fail);
	assert_non_null(world->ledger);
	world->spool = spool_open(
	    world->disk, "/spool", world->keys, &world->random, fail);
	if (world->spool == NULL)
		fail_msg("%s: %s", fail->place, fail->text);
	world->standing = standing_open("/standing", world->keys, fail);
	assert_non_null(world->standing);
}

static void
set_policy(struct world *world, const char *text)
{
	struct slice diagnostics = {NULL, 0};
	const struct ruleset *ruleset = policy_load(world->arena,
	    &(struct policy_source){SLICE("t"), slice_from(text)}, NULL, NULL,
	    0, &diagnostics, &world->fail);

	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	if (!engine_set_policy(
		world->engine, ruleset, world->conf, &world->fail))
		fail_msg("%s", world->fail.text);
}

static void
pass_time(struct world *world, int64_t seconds)
{
	assert_true(fake_loop_advance(world->loop, seconds * 1000));
}

static void
answered(void *arg, int status, struct slice body)
{
	struct world *world = arg;

	world->status = status;
	if (getenv("V") != NULL)
		print_message("%d %.*s\n", status, SLICE_ARG(body));
}

static void
submit(struct world *world, const char *request, const char *name)
{
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"object\":{\"type\":\"domain\",\"name\":\"example.biz\"},"
	    "\"request\":\"%s\",\"roles\":{\"registrant\":{\"kind\":\"legal\","
	    "\"fields\":{\"name\":{\"int\":\"%s\"},\"city\":{\"int\":\"K\"},"
	    "\"country\":\"JP\",\"email\":\"a@mail.example\"}}}}",
	    request, name);
	world->status = 0;
	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    slice_from(body), answered, world);
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
}

/* A domain is at the registry, under the first policy. */
static int
start(void **state)
{
	const struct policy_source conf = {SLICE("c"), SLICE(CONF)};
	struct world *world = calloc(1, sizeof(*world));
	struct slice diagnostics = {NULL, 0};
	struct engine_options options;

	*state = world;
	world->random = (struct random_source){fill, world};
	world->loop = fake_loop_create(INT64_C(1775001600000));
	world->disk = memory_disk_create(world->loop);
	world->files = memory_disk_create(world->loop);
	assert_true(sqlite_vfs_use(world->files, world->loop, &world->random));
	world->arena = arena_create(NULL);
	world->conf =
	    conf_parse(world->arena, &conf, NULL, &diagnostics, &world->fail);
	if (world->conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	open_store(world);
	options = (struct engine_options){.loop = world->loop,
	    .disk = world->disk,
	    .random = &world->random,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .standing = world->standing,
	    .epp_channel = make_channel,
	    .epp_context = world,
	    .log = logged,
	    .log_context = world};
	world->engine = engine_create(&options, &world->fail);
	assert_non_null(world->engine);
	set_policy(world, open_policy);
	submit(world, "create", "Taro Kaku");
	assert_int_equal(world->deliveries, 1);
	world->deliveries = 0;
	return 0;
}

static int
end(void **state)
{
	struct world *world = *state;

	engine_destroy(world->engine);
	standing_close(world->standing);
	spool_close(world->spool);
	ledger_close(world->ledger);
	vault_close(world->vault);
	keys_close(world->keys);
	arena_destroy(world->arena);
	memory_disk_destroy(world->files);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
	free(world);
	return 0;
}

static unsigned
entries_with(struct world *world, const char *words)
{
	unsigned found = 0;
	struct slice entry;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		assert_true(ledger_read(
		    world->ledger, i, world->arena, &entry, &world->fail));
		found +=
		    memmem(entry.data, entry.len, words, strlen(words)) != NULL;
	}
	return found;
}

static struct standing_walk
walk_of(struct world *world)
{
	struct standing_walk at;

	assert_true(standing_walk(world->standing, STANDING_FOR_REGISTRIES,
	    world->arena, &at, &world->fail));
	return at;
}

/* --- tests */

static void
a_revision_is_told_once(void **state)
{
	struct world *world = *state;

	set_policy(world, less);
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 1);
	assert_int_equal(walk_of(world).stage, STANDING_WHOLE);
	/* The one before again: what is told is not what was told. */
	set_policy(world, open_policy);
	pass_time(world, 1);
	assert_int_equal(world->deliveries, 2);
	assert_int_equal(world->errors, 0);
}

/*
 * The entry is there and its item is not: it gets its end, and what was looked
 * at is looked at once more, whether now or after a crash.
 */
static void
a_round_that_is_not_in_the_spool_is_done_again(void **state)
{
	struct world *world = *state;

	set_policy(world, less);
	/* How far it is is written behind what it has come to, or not at all.
	 */
	memory_disk_set_fault(world->files, FAULT_WRITE, 1, LOSS_ALL);
	pass_time(world, 1);
	assert_int_equal(world->deliveries, 0);
	assert_int_equal(entries_with(world, "\"disclose-"), 1);
	assert_int_equal(entries_with(world, "\"word\":\"not-sent\""), 1);
	assert_int_equal(walk_of(world).stage, STANDING_VAULT);
	assert_int_equal(walk_of(world).key.len, 0);
	pass_time(world, 8);
	assert_int_equal(world->deliveries, 0);
	pass_time(world, 3);
	assert_int_equal(world->deliveries, 1);
	assert_int_equal(entries_with(world, "\"disclose-"), 2);
	assert_int_equal(walk_of(world).stage, STANDING_WHOLE);
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 1);
}

/* The policy is in force; that registries are to be told is found out later. */
static void
what_cannot_begin_begins_later(void **state)
{
	struct world *world = *state;

	memory_disk_set_state(world->files, DISK_FULL);
	set_policy(world, less);
	assert_int_equal(world->errors, 1);
	pass_time(world, 5);
	assert_int_equal(world->deliveries, 0);
	memory_disk_set_state(world->files, DISK_OK);
	pass_time(world, 4);
	assert_int_equal(world->deliveries, 0);
	pass_time(world, 2);
	assert_int_equal(world->deliveries, 1);
}

static void
what_a_registry_refuses_is_not_repeated_but_for_a_revision(void **state)
{
	struct world *world = *state;

	world->says = DELIVERY_REFUSED;
	set_policy(world, less);
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 1);
	/* It may have been carried out: not even what was there is sure. */
	world->says = DELIVERY_SENT;
	set_policy(world, open_policy);
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 2);
	set_policy(world, open_policy);
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 2);
}

/* What was there before stays after a refusal, and is more than may be. */
static void
what_a_refused_submission_leaves_is_as_the_policy_has_it(void **state)
{
	struct world *world = *state;

	world->says = DELIVERY_LATER;
	submit(world, "update", "Taro Mihon");
	assert_int_equal(world->deliveries, 1);
	/* Decided again under this one, it is refused. */
	set_policy(world, more);
	world->says = DELIVERY_REFUSED;
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 3);
	assert_int_equal(entries_with(world, "\"disclose-"), 1);
}

/* With the subject's entries goes what is known of by them, and no more. */
static void
what_entries_of_a_forgotten_subject_said_is_known_no_more(void **state)
{
	struct world *world = *state;
	int64_t at = -1;
	bool left;

	assert_true(engine_told_forget(
	    world->engine, SLICE("\"of another\""), &at, &left, &world->fail));
	assert_false(left);
	set_policy(world, less);
	pass_time(world, 1);
	assert_int_equal(world->deliveries, 1);
	at = -1;
	assert_true(engine_told_forget(
	    world->engine, SLICE("\"neustar\""), &at, &left, &world->fail));
	set_policy(world, more);
	pass_time(world, 1);
	assert_int_equal(world->deliveries, 1);
}

/* What cannot be read any more is told once more, and is known then. */
static void
what_is_not_understood_is_told_once_more(void **state)
{
	struct world *world = *state;
	struct spool_item item = {.entry = 1,
	    .recipient = SLICE("neustar"),
	    .purpose = SLICE("p10"),
	    .channel = SLICE("epp"),
	    .object = SLICE("example.biz"),
	    .object_type = OBJECT_DOMAIN,
	    .submission = SLICE("s"),
	    .told = {3, "?!?"}};

	assert_true(spool_begin(world->spool, &world->fail));
	assert_true(spool_add(world->spool, &item, &world->fail));
	assert_true(
	    spool_set_state(world->spool, item.id, SPOOL_DONE, &world->fail));
	assert_true(spool_commit(world->spool, &world->fail));
	/* Another policy, under which the same may be published. */
	set_policy(world, again);
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 1);
	set_policy(world, open_policy);
	pass_time(world, 3600);
	assert_int_equal(world->deliveries, 1);
}

static const struct conf *
read_conf(struct world *world)
{
	const struct policy_source source = {SLICE("c"), SLICE(CONF)};
	struct slice diagnostics = {NULL, 0};
	const struct conf *conf = conf_parse(
	    world->arena, &source, NULL, &diagnostics, &world->fail);

	assert_non_null(conf);
	return conf;
}

static void
reload_at_once(void *arg, const char *path, struct slice data)
{
	struct world *world = arg;

	(void)path;
	if (world->before != NULL ||
	    memmem(data.data, data.len, "disclose-", 9) == NULL)
		return;
	world->before = world->conf;
	world->conf = read_conf(world);
	set_policy(world, more);
	world->in_use = engine_uses(world->engine, world->before);
}

/* The entry of a round is being written: the conf is freed, but not now. */
static void
a_reload_waits_for_a_round_that_is_being_recorded(void **state)
{
	struct world *world = *state;

	memory_disk_watch(world->disk, reload_at_once, world);
	set_policy(world, less);
	pass_time(world, 3600);
	assert_non_null(world->before);
	assert_true(world->in_use);
	assert_false(engine_uses(world->engine, world->before));
	assert_true(engine_uses(world->engine, world->conf));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
	    CASE(a_revision_is_told_once),
	    CASE(a_round_that_is_not_in_the_spool_is_done_again),
	    CASE(what_cannot_begin_begins_later),
	    CASE(what_a_registry_refuses_is_not_repeated_but_for_a_revision),
	    CASE(what_a_refused_submission_leaves_is_as_the_policy_has_it),
	    CASE(what_entries_of_a_forgotten_subject_said_is_known_no_more),
	    CASE(what_is_not_understood_is_told_once_more),
	    CASE(a_reload_waits_for_a_round_that_is_being_recorded),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
