/*
 * A keeper and its workers' lines, joined by queues of messages: the fake
 * loop, a disk in memory, an engine for what operators do.  A keeper can be
 * killed and started again, a line cut, a worker lost.
 */
#ifndef MISU_KEEPER_WORLD_H
#define MISU_KEEPER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/wire.h"
#include "core/policy.h"
#include "keeper.h"
#include "net/keeper_link.h"
#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "runner/sqlite_vfs.h"

enum { SIDES = 2, SEGMENT = 1 << 20 };

/* A message under way. */
struct letter {
	struct letter *next;
	struct side *side;
	bool to_worker;
	size_t len;
	char bytes[];
};

/* A worker. */
struct side {
	struct keeper_world *world;
	struct keeper_link *link;
	struct keeper_worker *worker; /* NULL: the line is cut */
	bool is_deaf;		      /* what the keeper says is lost */
	unsigned setups, deliveries, asks;
	int64_t delivery_id, ask_id;
	bool delivery_again;
	char payload[4096];
	size_t len;
};

struct keeper_world {
	struct loop *loop;
	struct disk *disk;
	struct random_source random;
	uint8_t counter;
	struct arena *arena;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct engine *engine;
	struct keeper *keeper;
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct digest setup;
	struct side sides[SIDES];
	struct letter *first, **last;
	unsigned journal_writes, errors;
	struct fail fail;
};

static const char keeper_policy[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, email, auth-info of registrant\n"
    "}\n"
    "for .example to reg for p10 {\n"
    "  refuse \"no transfers\" when request is transfer\n"
    "  hold \"kind unknown\" when registrant.kind is unknown\n"
    "  forward name of registrant\n"
    "  redact * of *\n"
    "}\n";

#define KEEPER_CONF(more)                                                      \
	"state /state policy p\n"                                              \
	"recipient reg to epp u {\n"                                           \
	"  placeholder \"x\" for name, city of *\n"                            \
	"  placeholder \"x@example.org\" for email of *\n"                     \
	"  placeholder \"JP\" for country of *\n"                              \
	"}\n"                                                                  \
	"upstream u { listen 192.0.2.1:700 certificate a key b\n"              \
	"server epp.example:700 " more "}\n"

static bool
keeper_random(void *context, void *out, size_t len)
{
	struct keeper_world *world = context;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)(world->counter * 31 + i);
	world->counter++;
	return true;
}

static int64_t
keeper_clock(void *context)
{
	struct keeper_world *world = context;

	return world->loop->operations->now(world->loop);
}

static void
keeper_logged(void *context, const char *level, const char *event,
    const struct fail *fail)
{
	struct keeper_world *world = context;

	world->errors += strcmp(level, "error") == 0;
	if (getenv("V") != NULL)
		print_message("%s %s: %s\n", level, event,
		    fail != NULL ? fail->text : "");
}

static void
keeper_wrote_file(void *arg, const char *path, struct slice data)
{
	struct keeper_world *world = arg;

	(void)data;
	world->journal_writes += strstr(path, "/journal/") != NULL;
}

/* --- the line --- */

static bool
post(struct side *side, bool to_worker, struct slice message)
{
	struct letter *letter = malloc(sizeof(*letter) + message.len);

	assert_non_null(letter);
	*letter = (struct letter){
	    .side = side, .to_worker = to_worker, .len = message.len};
	memcpy(letter->bytes, message.data, message.len);
	*side->world->last = letter;
	side->world->last = &letter->next;
	return true;
}

static bool
to_keeper(void *context, struct slice message)
{
	struct side *side = context;

	return side->worker != NULL && post(side, false, message);
}

static bool
to_worker(void *context, struct slice message)
{
	return post(context, true, message);
}

static void
deliver_letter(struct letter *letter)
{
	struct side *side = letter->side;
	struct slice bytes = {letter->bytes, letter->len};

	if (letter->to_worker) {
		if (side->link != NULL && !side->is_deaf)
			assert_true(keeper_link_receive(side->link, bytes));
	} else if (side->worker != NULL) {
		assert_true(keeper_receive(side->worker, bytes));
	}
}

static inline void
carry(struct keeper_world *world)
{
	struct letter *letter;

	while ((letter = world->first) != NULL) {
		world->first = letter->next;
		if (world->first == NULL)
			world->last = &world->first;
		deliver_letter(letter);
		free(letter);
	}
}

/* Until nothing happens any more. */
static inline void
settle(struct keeper_world *world)
{
	do {
		carry(world);
		assert_true(fake_loop_settle(world->loop));
	} while (world->first != NULL);
}

static inline void
pass_time(struct keeper_world *world, int64_t milliseconds)
{
	settle(world);
	assert_true(fake_loop_advance(world->loop, milliseconds));
	settle(world);
}

/* --- what a worker is asked --- */

static void
side_setup(void *context, struct slice bundle)
{
	struct side *side = context;

	assert_true(slice_is(bundle, "the bundle"));
	side->setups++;
}

static void
side_deliver(void *context, const struct keeper_delivery *delivery)
{
	struct side *side = context;
	struct slice payload = sealed_payload(delivery->sealed);

	side->deliveries++;
	side->delivery_id = delivery->id;
	side->delivery_again = delivery->again;
	assert_true(payload.len <= sizeof(side->payload));
	memcpy(side->payload, payload.data, payload.len);
	side->len = payload.len;
	arena_destroy(delivery->arena);
}

static void
side_ask(void *context, const struct keeper_ask *ask)
{
	struct side *side = context;

	side->asks++;
	side->ask_id = ask->id;
	assert_true(slice_is(ask->verb, "import"));
}

/* --- the keeper's life --- */

static struct channel *
make_channel(void *context, struct slice upstream, struct fail *fail)
{
	struct keeper_world *world = context;

	return keeper_channel(world->keeper, upstream, fail);
}

static inline void
open_store(struct keeper_world *world)
{
	static const uint8_t master[KEY_SIZE] = "a master key for tests";
	struct ledger_options options = {.disk = world->disk,
	    .directory = "/state/ledger",
	    .origin = "ledger.example/misu",
	    .random = &world->random,
	    .now = keeper_clock,
	    .now_context = world,
	    .segment_size = SEGMENT};

	assert_true(world->disk->operations->make_directory(
	    world->disk, "/state", &world->fail));
	world->keys = keys_open(
	    world->disk, "/state/keys", master, &world->random, &world->fail);
	assert_non_null(world->keys);
	world->vault =
	    vault_open(world->disk, "/state/vault", world->keys, &world->fail);
	assert_non_null(world->vault);
	options.keys = world->keys;
	options.vault = world->vault;
	world->ledger = ledger_open(&options, &world->fail);
	assert_non_null(world->ledger);
	world->spool = spool_open(world->disk, "/state/spool", world->keys,
	    &world->random, &world->fail);
	assert_non_null(world->spool);
}

static inline void
mark_engine(void *context)
{
	struct keeper_world *world = context;

	engine_mark(world->engine);
}

static inline void
keeper_start(struct keeper_world *world)
{
	struct keeper_options options;
	struct engine_options engine;

	open_store(world);
	options = (struct keeper_options){.loop = world->loop,
	    .random = &world->random,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .log = keeper_logged,
	    .log_context = world,
	    .marked = mark_engine,
	    .marked_context = world};
	engine = (struct engine_options){.loop = world->loop,
	    .disk = world->disk,
	    .random = &world->random,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .epp_channel = make_channel,
	    .epp_context = world,
	    .log = keeper_logged,
	    .log_context = world};
	world->keeper = keeper_create(&options, &world->fail);
	assert_non_null(world->keeper);
	world->engine = engine_create(&engine, &world->fail);
	assert_non_null(world->engine);
	assert_true(keeper_set_policy(world->keeper, world->ruleset,
	    world->conf, SLICE("the bundle"), &world->fail));
	if (!engine_set_policy(
		world->engine, world->ruleset, world->conf, &world->fail))
		fail_msg("%s", world->fail.text);
}

/* As it ends, well or not: what is on the disk is on the disk. */
static inline void
keeper_stop(struct keeper_world *world)
{
	for (size_t i = 0; i < SIDES; i++) {
		if (world->sides[i].link != NULL)
			keeper_link_down(world->sides[i].link);
		world->sides[i].worker = NULL;
	}
	for (struct letter *letter; (letter = world->first) != NULL;) {
		world->first = letter->next;
		free(letter);
	}
	world->last = &world->first;
	engine_destroy(world->engine);
	keeper_destroy(world->keeper);
	spool_close(world->spool);
	ledger_close(world->ledger);
	vault_close(world->vault);
	keys_close(world->keys);
}

static inline void
keeper_kill(struct keeper_world *world)
{
	memory_disk_die(world->disk);
	assert_true(fake_loop_settle(world->loop));
	keeper_stop(world);
	assert_true(fake_loop_settle(world->loop));
	fake_loop_drop(world->loop);
	memory_disk_revive(world->disk, LOSS_ALL);
	keeper_start(world);
}

static inline void
join(struct side *side)
{
	side->worker = keeper_join(side->world->keeper, to_worker, side);
	assert_non_null(side->worker);
	keeper_link_up(side->link);
	settle(side->world);
}

/* The line is cut; the worker lives. */
static inline void
cut(struct side *side)
{
	struct keeper_worker *worker = side->worker;

	side->worker = NULL;
	keeper_link_down(side->link);
	keeper_leave(worker);
}

static inline void
make_side(struct keeper_world *world, struct side *side)
{
	struct keeper_link_options options = {.loop = world->loop,
	    .random = &world->random,
	    .send = to_keeper,
	    .setup = side_setup,
	    .deliver = side_deliver,
	    .ask = side_ask,
	    .context = side};

	*side = (struct side){.world = world};
	side->link = keeper_link_create(&options, &world->fail);
	assert_non_null(side->link);
}

/* Its process is gone, with all it knew. */
static inline void
lose(struct side *side)
{
	cut(side);
	keeper_link_destroy(side->link);
	side->link = NULL;
}

static inline void
read_conf(struct keeper_world *world, const char *text)
{
	const struct policy_source source = {SLICE("test"), slice_from(text)};
	struct slice diagnostics = {NULL, 0};

	world->conf =
	    conf_parse(world->arena, &source, NULL, &diagnostics, &world->fail);
	if (world->conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	world->setup = conf_setup_identity(world->conf, world->arena);
}

static inline struct keeper_world *
keeper_world_create(void)
{
	struct keeper_world *world = calloc(1, sizeof(*world));
	struct slice diagnostics = {NULL, 0};

	assert_non_null(world);
	world->last = &world->first;
	world->random = (struct random_source){keeper_random, world};
	world->loop = fake_loop_create(INT64_C(1775001600000));
	world->disk = memory_disk_create(world->loop);
	memory_disk_watch(world->disk, keeper_wrote_file, world);
	assert_true(sqlite_vfs_use(world->disk, world->loop, &world->random));
	world->arena = arena_create(NULL);
	world->ruleset = policy_load(world->arena,
	    &(struct policy_source){
		SLICE("t.policy"), slice_from(keeper_policy)},
	    NULL, NULL, 0, &diagnostics, &world->fail);
	if (world->ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	read_conf(world, KEEPER_CONF(""));
	keeper_start(world);
	for (size_t i = 0; i < SIDES; i++) {
		make_side(world, &world->sides[i]);
		join(&world->sides[i]);
	}
	return world;
}

static inline void
keeper_world_destroy(struct keeper_world *world)
{
	keeper_stop(world);
	for (size_t i = 0; i < SIDES; i++)
		keeper_link_destroy(world->sides[i].link);
	arena_destroy(world->arena);
	assert_int_equal(fake_loop_timers(world->loop), 0);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
	free(world);
}

/* --- commits and fetches --- */

/* A commit and what became of it. */
struct asked {
	struct arena *arena;
	unsigned done;
	struct keeper_committed committed;
	struct fail fail;
};

static inline void
asked_done(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct asked *asked = arg;

	asked->done++;
	if (fail != NULL)
		asked->fail = *fail;
	if (committed != NULL)
		asked->committed = *committed;
}

/* What a commit is made of, where a test wants another. */
struct wish {
	const char *name, *object;
	enum kind kind;
	enum operation operation;
	enum keeper_store store;
	int64_t approval;
	bool is_old;		  /* under another setup */
	bool is_shadow;		  /* everything passes */
	bool is_local;		  /* nothing is sent */
	bool is_unasked;	  /* approved by nobody */
	bool is_contact;	  /* of no domain yet */
	int64_t created;	  /* 0: no facts */
	int64_t revision, before; /* of what is kept here alone */
};

static inline struct record *
record_of(struct keeper_world *world, const struct wish *wish)
{
	struct slice name =
	    slice_from(wish->name != NULL ? wish->name : "Taro Canary");
	struct record *record = record_create(world->arena,
	    wish->is_contact ? OBJECT_CONTACT : OBJECT_DOMAIN, wish->operation,
	    slice_from(wish->object != NULL ? wish->object : "taro.example"),
	    &world->fail);

	assert_non_null(record);
	assert_true(
	    record_set_role(record, ROLE_REGISTRANT, wish->kind, &world->fail));
	assert_true(record_set(
	    record, ROLE_REGISTRANT, FIELD_NAME_INT, &name, 1, &world->fail));
	return record;
}

/* As a filter does: what is known of it is put down when it is decided. */
static inline void
set_facts(struct keeper_world *world, const struct wish *wish,
    const struct disclosure *disclosure, struct record *record)
{
	struct epp_facts facts = {.given = true,
	    .client = SLICE("backend"),
	    .created = wish->created,
	    .shown = decide_shown(disclosure, ROLE_REGISTRANT),
	    .kept = {.revision = wish->revision, .before = wish->before}};

	if (wish->created != 0)
		assert_true(record_set_epp(record, &facts, &world->fail));
}

static inline struct slice
payload_of(const struct wish *wish, const struct disclosure *disclosure)
{
	bool goes = wish->is_shadow ||
		    disclosure_outcome(disclosure).verdict == VERDICT_FORWARD;

	return goes && !wish->is_local ? SLICE("the exact bytes") : SLICE("");
}

static inline struct asked *
ask(struct side *side, const struct wish *wish)
{
	struct keeper_world *world = side->world;
	struct asked *asked = arena_take(world->arena, sizeof(*asked));
	struct decide_given given = {
	    .random = {7}, .approved = wish->approval != 0 || wish->is_unasked};
	const struct decide_scope scope = {.recipient = 0};
	struct record *record = record_of(world, wish);
	const struct block *block = ruleset_block(world->ruleset, 0);
	struct disclosure *disclosure =
	    wish->is_contact ? decide_contact(world->ruleset, &scope, record,
				   &given, world->arena, &world->fail)
			     : decide(world->ruleset, block, record, &given,
				   world->arena, &world->fail);
	struct keeper_commit commit = {.disclosure = disclosure,
	    .record = record,
	    .block = wish->is_contact ? NULL : block,
	    .scope = wish->is_contact ? &scope : NULL,
	    .given = &given,
	    .upstream = SLICE("u"),
	    .channel = wish->is_shadow ? SLICE("epp-shadow") : SLICE("epp"),
	    .principal = SLICE("backend"),
	    .setup = world->setup,
	    .store = wish->store,
	    .approval = wish->approval};

	assert_non_null(disclosure);
	set_facts(world, wish, disclosure, record);
	commit.payload = payload_of(wish, disclosure);
	if (wish->is_old)
		commit.setup.bytes[0] ^= 1;
	asked->arena = world->arena;
	keeper_commit(side->link, asked->arena, &commit, asked_done, asked);
	return asked;
}

static inline struct asked *
commit(struct side *side, const struct wish *wish)
{
	struct asked *asked = ask(side, wish);

	settle(side->world);
	assert_int_equal(asked->done, 1);
	return asked;
}

static inline void
end(struct side *side, const struct asked *asked, enum keeper_end how,
    const char *object)
{
	struct keeper_outcome outcome = {.entry = asked->committed.entry,
	    .end = how,
	    .code = how == KEEPER_REFUSED ? 2302 : 1000,
	    .object = {OBJECT_DOMAIN, slice_from(object)},
	    .store = KEEP_RECORD};

	keeper_outcome(side->link, &outcome);
	pass_time(side->world, KEEPER_OUTCOME_DELAY);
}

/* How many durable entries have these texts in them? */
static inline unsigned
entries(struct keeper_world *world, const char *a, const char *b)
{
	unsigned count = 0;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		struct slice entry;

		assert_true(ledger_read(
		    world->ledger, i, world->arena, &entry, &world->fail));
		count += memmem(entry.data, entry.len, a, strlen(a)) != NULL &&
			 memmem(entry.data, entry.len, b, strlen(b)) != NULL;
	}
	return count;
}

#define DISCLOSURE "\"type\":\"disclosure\""
#define OUTCOME "\"type\":\"outcome\""

static inline struct slice
name_in(const struct record *record)
{
	if (record == NULL)
		return SLICE("");
	return record_values(record, ROLE_REGISTRANT, FIELD_NAME_INT).items[0];
}

/* What a fetch says of one object. */
struct fetched {
	unsigned done;
	char current[32], proposed[32];
	struct fail fail;
};

static inline void
fetched_done(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail)
{
	struct fetched *fetched = arg;

	fetched->done++;
	if (fail != NULL) {
		fetched->fail = *fail;
		return;
	}
	assert_int_equal(count, 1);
	snprintf(fetched->current, sizeof(fetched->current), "%.*s",
	    SLICE_ARG(name_in(held[0].current)));
	snprintf(fetched->proposed, sizeof(fetched->proposed), "%.*s",
	    SLICE_ARG(name_in(held[0].proposed)));
}

static inline void
ask_fetch(struct side *side, const char *name, struct fetched *out)
{
	struct keeper_object object = {OBJECT_DOMAIN, slice_from(name)};

	*out = (struct fetched){.done = 0};
	keeper_fetch(
	    side->link, side->world->arena, &object, 1, fetched_done, out);
}

static inline void
assert_held(struct side *side, const char *current, const char *proposed)
{
	struct fetched fetched;

	ask_fetch(side, "taro.example", &fetched);
	settle(side->world);
	assert_int_equal(fetched.done, 1);
	assert_int_equal(fetched.fail.kind, FAIL_NONE);
	assert_string_equal(fetched.current, current);
	assert_string_equal(fetched.proposed, proposed);
}

static const struct wish natural = {.kind = KIND_NATURAL, .store = KEEP_RECORD};

#endif
