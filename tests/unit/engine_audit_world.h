/*
 * An engine with all its stores for the test of its audit: the test plays the
 * auditor, and hears what is asked.
 */
#ifndef TESTS_ENGINE_AUDIT_WORLD_H
#define TESTS_ENGINE_AUDIT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/audit_line.h"
#include "core/canon.h"
#include "core/policy.h"
#include "engine_audit.h"
#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/view.h"

static const char policy_text[] =
    "policy \"t\" revision 1 effective 2026-01-01T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "purpose p11 \"publish\"\n"
    "purpose p12 \"publish, if only for research\"\n"
    "recipient self \"public\" public via self basis contract {\n"
    "  may receive name, state, country of registrant\n"
    "  may receive handle of tech\n"
    "}\n"
    "recipient registry \"r\" in US class registry basis contract by post {\n"
    "  may receive name, state, country of registrant\n"
    "}\n"
    "recipient shown \"public of it\" public via registry\n"
    "for .com, .org to self for p11 {\n"
    "  forward state, country of registrant\n"
    "  redact * of *\n"
    "}\n"
    "for .jp to self for p11 {\n"
    "  forward handle of tech\n"
    "  redact * of *\n"
    "}\n"
    /* With a letter that stays on the desk. */
    "for .com, .net to registry for p10 {\n"
    "  forward name, state, country of registrant\n"
    "  redact * of *\n"
    "}\n"
    "for .net to shown for p11 {\n"
    "  forward state, country of registrant\n"
    "  redact * of *\n"
    "}\n"
    "for .net to shown for p12 {\n"
    "  forward name of registrant\n"
    "  redact * of *\n"
    "}\n";

static const char conf_text[] =
    "state /state policy p forget now recipient self to view\n"
    "recipient registry to desk\n"
    "audit whois whois.net.example for .net as shown\n"
    "publish whois on 127.0.0.1:4343\n"
    "audit whois whois.example for .com as self\n"
    "audit whois whois.jprs.example for .jp as self\n"
    "audit rdap \"https://rdap.example/\" for .org as self\n"
    "audit every 1000s\n";

enum { ASKED_MAX = 64 };

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
	struct view *view;
	struct engine *engine;
	const struct conf *conf;
	char directory[32], spool_path[64], view_path[64];
	int status;
	char body[4096];
	struct audit_ask asked[ASKED_MAX]; /* not answered yet */
	size_t asked_count, total;
	bool is_away; /* the auditor */
	unsigned warned;
	struct memory memory;
	unsigned left; /* so many allocations work; 0: all */
	struct fail fail;
};

static void *
take(void *context, size_t size)
{
	struct world *world = context;

	return world->left != 0 && --world->left == 0 ? NULL : malloc(size);
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

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

	world->warned += strcmp(event, "audit-leak") == 0;
	if (strcmp(level, "error") == 0)
		print_message("%s: %s\n", event, fail ? fail->text : "");
}

static bool
ask(void *context, struct slice message)
{
	struct world *world = context;
	struct audit_ask *next = &world->asked[world->asked_count];

	if (world->is_away)
		return false;
	assert_true(world->asked_count < ASKED_MAX);
	assert_true(audit_read_ask(message, world->arena, next));
	/* What should be seen is not in it. */
	assert_null(memmem(message.data, message.len, "Kakuu", 5));
	world->asked_count++;
	world->total++;
	return true;
}

static void
open_engine(struct world *world)
{
	const struct engine_options options = {.loop = world->loop,
	    .disk = world->disk,
	    .random = &world->random,
	    .memory = &world->memory,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .view = world->view,
	    .audit_ask = ask,
	    .audit_context = world,
	    .audit_directory = "/state",
	    .log = logged,
	    .log_context = world};
	struct slice diagnostics = {NULL, 0};
	const struct ruleset *ruleset = policy_load(world->arena,
	    &(struct policy_source){SLICE("t"), slice_from(policy_text)}, NULL,
	    NULL, 0, &diagnostics, &world->fail);

	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	world->engine = engine_create(&options, &world->fail);
	assert_non_null(world->engine);
	if (!engine_set_policy(
		world->engine, ruleset, world->conf, &world->fail))
		fail_msg("%s", world->fail.text);
	engine_audit_met(world->engine);
	assert_true(fake_loop_settle(world->loop));
}

static void
open_stores(struct world *world)
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
}

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct policy_source conf = {SLICE("c"), slice_from(conf_text)};
	struct slice diagnostics = {NULL, 0};

	*state = world;
	world->random = (struct random_source){fill, world};
	world->memory = (struct memory){take, give, world};
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
	world->conf =
	    conf_parse(world->arena, &conf, NULL, &diagnostics, &world->fail);
	if (world->conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	open_stores(world);
	open_engine(world);
	return 0;
}

static int
end(void **state)
{
	struct world *world = *state;
	char command[80];

	engine_destroy(world->engine);
	view_close(world->view);
	spool_close(world->spool);
	ledger_close(world->ledger);
	vault_close(world->vault);
	keys_close(world->keys);
	arena_destroy(world->arena);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
	snprintf(command, sizeof(command), "rm -r %s", world->directory);
	assert_int_equal(system(command), 0);
	free(world);
	return 0;
}

/* --- the players --- */

static void
answered(void *arg, int status, struct slice body)
{
	struct world *world = arg;

	world->status = status;
	snprintf(world->body, sizeof(world->body), "%.*s", SLICE_ARG(body));
}

static void
pass_time(struct world *world, int64_t seconds)
{
	assert_true(fake_loop_advance(world->loop, seconds * 1000));
}

static void
submit(struct world *world, const char *name)
{
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"object\":{\"type\":\"domain\",\"name\":\"%s\"},"
	    "\"request\":\"create\",\"roles\":{\"registrant\":{\"kind\":"
	    "\"legal\",\"fields\":{\"state\":{\"int\":\"Kakuu\"},"
	    "\"name\":{\"int\":\"Canary\"},\"country\":\"JP\"}}}}",
	    name);
	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    slice_from(body), answered, world);
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
}

static void
order(struct world *world,
    void (*verb)(struct engine *engine, struct slice actor, struct slice text,
	engine_answer *answer, void *arg),
    const char *text)
{
	world->status = 0;
	verb(world->engine, SLICE("uid 0"), slice_from(text), answered, world);
	assert_true(fake_loop_settle(world->loop));
}

/* What the server shows: state and, where it leaks, the name. */
static void
tell(struct world *world, const char *place, const char *name)
{
	const struct slice seen[] = {slice_from(place), slice_from(name)};
	struct audit_item items[2] = {
	    {.role = ROLE_REGISTRANT,
		.fields = (uint64_t)1 << FIELD_STATE_INT |
			  (uint64_t)1 << FIELD_STATE_LOC,
		.expected = (uint64_t)1 << FIELD_STATE_INT |
			    (uint64_t)1 << FIELD_STATE_LOC,
		.sight = *place != '\0' ? AUDIT_SHOWN : AUDIT_ABSENT,
		.values = {&seen[0], *place != '\0'}},
	    {.role = ROLE_REGISTRANT,
		.fields = (uint64_t)1 << FIELD_NAME_INT | (uint64_t)1
							      << FIELD_NAME_LOC,
		.sight = *name != '\0' ? AUDIT_SHOWN : AUDIT_REDACTED,
		.values = {&seen[1], *name != '\0'}}};
	struct audit_told told = {.end = AUDIT_ANSWERED,
	    .server = SLICE("192.0.2.1:43"),
	    .reason = SLICE("")};

	assert_true(world->asked_count != 0);
	told.number = world->asked[0].number;
	told.answer = (struct audit_answer){
	    AUDIT_FOUND, world->asked[0].question.name, items, 2, SLICE("")};
	memmove(world->asked, world->asked + 1,
	    --world->asked_count * sizeof(*world->asked));
	/* One it has no memory to hear is as good as senseless. */
	if (world->left == 0)
		assert_true(engine_audit_told(
		    world->engine, audit_write_told(&told, world->arena)));
	else
		engine_audit_told(
		    world->engine, audit_write_told(&told, world->arena));
	assert_true(fake_loop_settle(world->loop));
}

/* An answer to the first question. */
static void
tell_answer(struct world *world, struct audit_answer answer)
{
	struct audit_told told = {.end = AUDIT_ANSWERED,
	    .server = SLICE("192.0.2.1:43"),
	    .reason = SLICE(""),
	    .answer = answer};

	assert_true(world->asked_count != 0);
	told.number = world->asked[0].number;
	told.answer.object = told.answer.text = SLICE("");
	memmove(world->asked, world->asked + 1,
	    --world->asked_count * sizeof(*world->asked));
	assert_true(engine_audit_told(
	    world->engine, audit_write_told(&told, world->arena)));
	assert_true(fake_loop_settle(world->loop));
}

static void
tell_absent(struct world *world)
{
	tell_answer(world, (struct audit_answer){.state = AUDIT_NOT_FOUND});
}

/* What is shown of a role: its handles, and who it is. */
static void
tell_jp(struct world *world, enum role role, const char *first,
    const char *second, const char *name)
{
	const struct slice handles[] = {slice_from(first), slice_from(second)},
			   names[] = {slice_from(name)};
	const uint64_t handle = (uint64_t)1 << FIELD_HANDLE;
	const struct audit_item items[] = {
	    {.role = role,
		.fields = handle,
		.expected = handle,
		.sight = AUDIT_SHOWN,
		.values = {handles, *second != '\0' ? 2 : 1}},
	    {.role = role,
		.fields = (uint64_t)1 << FIELD_NAME_INT,
		.sight = *name != '\0' ? AUDIT_SHOWN : AUDIT_ABSENT,
		.values = {names, *name != '\0'}}};

	tell_answer(world,
	    (struct audit_answer){
		.state = AUDIT_FOUND, .items = items, .count = 2});
}

static void
tell_end(struct world *world, enum audit_end how)
{
	struct audit_told told = {
	    .end = how, .server = SLICE(""), .reason = SLICE("a reason")};

	assert_true(world->asked_count != 0);
	told.number = world->asked[0].number;
	memmove(world->asked, world->asked + 1,
	    --world->asked_count * sizeof(*world->asked));
	assert_true(engine_audit_told(
	    world->engine, audit_write_told(&told, world->arena)));
	assert_true(fake_loop_settle(world->loop));
}

/* The entries of type audit with this word. */
static unsigned
entries(struct world *world, const char *word)
{
	unsigned count = 0;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		struct slice entry, type, got;

		assert_true(ledger_read(
		    world->ledger, i, world->arena, &entry, &world->fail));
		assert_null(memmem(entry.data, entry.len, "Canary", 6));
		assert_null(memmem(entry.data, entry.len, "Kakuu", 5));
		count += canon_get_string(entry, "type", world->arena, &type) &&
			 slice_is(type, "audit") &&
			 canon_get_string(entry, "word", world->arena, &got) &&
			 slice_is(got, word);
	}
	return count;
}

static bool
says(const struct world *world, const char *text)
{
	return strstr(world->body, text) != NULL;
}

#endif
