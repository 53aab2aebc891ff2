/*
 * An engine with a real view, a disk in memory whose writes wait for the loop:
 * what the public view tells of example.com.
 */
#ifndef MISU_VIEW_WORLD_H
#define MISU_VIEW_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/policy.h"
#include "engine_priv.h"
#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/sqlite.h"
#include "store/standing.h"
#include "store/view.h"

#ifndef CONF
#define CONF                                                                   \
	"state /state policy p forget now recipient self to view\n"            \
	"registrar \"R\" { iana-id \"9999\" }\n"                               \
	"publish whois on 127.0.0.1:4343\n"
#endif

#define POLICY(revision, rules)                                                \
	"policy \"t\" revision " revision " effective 2026-01-01T00:00:00Z\n"  \
	"purpose p11 \"publish\"\n"                                            \
	"recipient self \"public\" public via self basis contract {\n"         \
	"  may receive name, state, country of registrant\n"                   \
	"}\n" rules

#define FOR_COM "for .com to self for p11 {\n"

struct world {
	struct loop *loop;
	struct disk *disk;
	struct random_source random;
	uint32_t counter;
	struct arena *arena;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct view *view, *reader;
	struct standing *standing;
	struct sqlite *cases;
	struct stops *stops;
	struct engine *engine;
	const struct conf *conf;
	char directory[32], spool_path[64], view_path[64],
	    standing_path[64], cases_path[64];
	int status;
	unsigned errors;
	struct fail fail;
};

static inline bool
fill(void *context, void *out, size_t len)
{
	struct world *world = context;

	for (size_t i = 0; i < len; i++) {
		world->counter = world->counter * 1664525 + 1013904223;
		((uint8_t *)out)[i] = (uint8_t)(world->counter >> 24);
	}
	return true;
}

static inline int64_t
now(void *context)
{
	struct world *world = context;

	return world->loop->operations->now(world->loop);
}

static inline void
logged(void *context, const char *level, const char *event,
    const struct fail *fail)
{
	struct world *world = context;

	world->errors += strcmp(level, "error") == 0;
	if (getenv("V") != NULL)
		print_message("%s %s: %s\n", level, event,
		    fail != NULL ? fail->text : "");
}

static inline void
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
	    world->disk, world->spool_path, world->keys, &world->random, fail);
	assert_non_null(world->spool);
	world->view = view_open(world->view_path, fail);
	assert_non_null(world->view);
	world->reader = view_open_reader(world->view_path, fail);
	assert_non_null(world->reader);
	world->standing =
	    standing_open(world->standing_path, world->keys, fail);
	assert_non_null(world->standing);
	world->cases = sqlite_open(world->cases_path, "", 1, fail);
	assert_non_null(world->cases);
	world->stops =
	    stops_open(world->cases, world->keys, &world->random, fail);
	assert_non_null(world->stops);
}

static inline const struct ruleset *
load(struct world *world, const char *text)
{
	struct slice diagnostics = {NULL, 0};
	const struct ruleset *ruleset = policy_load(world->arena,
	    &(struct policy_source){SLICE("t"), slice_from(text)}, NULL, NULL,
	    0, &diagnostics, &world->fail);

	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	return ruleset;
}

static inline void
set_policy(struct world *world, const char *text)
{
	const struct ruleset *ruleset = load(world, text);

	if (!engine_set_policy(
		world->engine, ruleset, world->conf, &world->fail))
		fail_msg("%s", world->fail.text);
}

static inline void
make_engine(struct world *world)
{
	struct engine_options options;

	options = (struct engine_options){.loop = world->loop,
	    .disk = world->disk,
	    .random = &world->random,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .view = world->view,
	    .standing = world->standing,
	    .stops = world->stops,
	    .log = logged,
	    .log_context = world};

#ifdef EPP_CHANNEL
	options.epp_channel = EPP_CHANNEL;
#endif
	world->engine = engine_create(&options, &world->fail);
	assert_non_null(world->engine);
}

static inline int
start(void **state)
{
	const struct policy_source conf = {SLICE("c"), SLICE(CONF)};
	struct world *world = calloc(1, sizeof(*world));
	struct slice diagnostics = {NULL, 0};

	*state = world;
	world->random = (struct random_source){fill, world};
	world->loop = fake_loop_create(INT64_C(1775001600000));
	world->disk = memory_disk_create(world->loop);
	world->arena = arena_create(NULL);
	snprintf(world->directory, sizeof(world->directory),
	    "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(world->spool_path, sizeof(world->spool_path), "%s/spool",
	    world->directory);
	snprintf(world->view_path, sizeof(world->view_path), "%s/view",
	    world->directory);
	snprintf(world->standing_path, sizeof(world->standing_path),
	    "%s/standing", world->directory);
	snprintf(world->cases_path, sizeof(world->cases_path), "%s/cases",
	    world->directory);
	world->conf =
	    conf_parse(world->arena, &conf, NULL, &diagnostics, &world->fail);
	if (world->conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	open_store(world);
	make_engine(world);
	return 0;
}

static inline void
remove_file(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-mark"};
	char name[80];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static inline int
end(void **state)
{
	struct world *world = *state;

	engine_destroy(world->engine);
	view_close(world->reader);
	view_close(world->view);
	standing_close(world->standing);
	stops_close(world->stops);
	sqlite_close(world->cases);
	spool_close(world->spool);
	ledger_close(world->ledger);
	vault_close(world->vault);
	keys_close(world->keys);
	arena_destroy(world->arena);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
	remove_file(world->spool_path);
	remove_file(world->view_path);
	remove_file(world->standing_path);
	remove_file(world->cases_path);
	rmdir(world->directory);
	free(world);
	return 0;
}

static inline void
answered(void *arg, int status, struct slice body)
{
	struct world *world = arg;

	world->status = status;
	if (getenv("V") != NULL)
		print_message("%d %.*s\n", status, SLICE_ARG(body));
}

/* Nothing of it is durable before the loop runs. */
static inline void
submit(struct world *world, const char *request, const char *registrant)
{
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"object\":{\"type\":\"domain\",\"name\":\"example.com\"},"
	    "\"request\":\"%s\",\"roles\":{\"registrant\":{%s}}}",
	    request, registrant);
	world->status = 0;
	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    slice_from(body), answered, world);
}

static inline void
pass_time(struct world *world, int64_t seconds)
{
	assert_true(fake_loop_advance(world->loop, seconds * 1000));
}

static inline struct view_found
find(struct world *world)
{
	struct view_found found;

	assert_true(view_get(world->reader, world->arena, SLICE("domain"),
	    SLICE("example.com"), &found, &world->fail));
	return found;
}

static inline bool
tells(struct world *world, const char *value)
{
	struct view_found found = find(world);

	return found.state == VIEW_CURRENT &&
	       memmem(found.bytes.data, found.bytes.len, value,
		   strlen(value)) != NULL;
}

#define LEGAL                                                                  \
	"\"kind\":\"legal\",\"fields\":{\"state\":{\"int\":\"Kakuu\"},"        \
	"\"country\":\"JP\"}"

#endif
