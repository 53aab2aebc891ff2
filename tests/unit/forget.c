/*
 * Forgetting below the engine: after it neither a key, nor a record, nor
 * anything that a key of the daemon could confirm a guess by is in any file,
 * and all the rest is still there.
 */
#include "ledger_world.h"

#include <ftw.h>

#include "store/spool.h"
#include "store/view.h"
#include "store/verify.h"

/* --- looking at every file --- */

static struct slice wanted;
static unsigned found;

static int
look(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	FILE *file;
	char *bytes;
	size_t len;

	(void)at;
	if (kind != FTW_F)
		return 0;
	file = fopen(path, "r");
	assert_non_null(file);
	bytes = malloc((size_t)status->st_size + 1);
	assert_non_null(bytes);
	len = fread(bytes, 1, (size_t)status->st_size, file);
	found += memmem(bytes, len, wanted.data, wanted.len) != NULL;
	free(bytes);
	fclose(file);
	return 0;
}

static unsigned
files_with(struct world *world, const void *bytes, size_t len)
{
	wanted = (struct slice){bytes, len};
	found = 0;
	nftw(world->root, look, 16, FTW_PHYS);
	return found;
}

/* --- what there is --- */

static struct digest
object_key(struct world *world, enum object_type type, const char *name)
{
	uint8_t bytes[KEY_SIZE], kind = (uint8_t)type;
	struct digest_key key;
	struct digest_run run;

	keys_derive(world->keys, "vault-object", bytes);
	digest_key_set(&key, bytes);
	digest_key_start(&key, &run);
	digest_add(&run, &kind, 1);
	digest_add(&run, name, strlen(name));
	return digest_key_end(&key, &run);
}

static void
set_role(struct world *world, struct record *record, enum role role,
    const char *subject)
{
	struct slice value = SLICE("Somebody Example");

	assert_true(record_set_role(record, role, KIND_NATURAL, &world->fail));
	assert_true(record_set_subject(
	    record, role, slice_from(subject), &world->fail));
	assert_true(
	    record_set(record, role, FIELD_NAME_INT, &value, 1, &world->fail));
}

static void
put(struct world *world, const char *name, const char *registrant,
    const char *tech)
{
	struct event event = {.type = EVENT_OUTCOME, .word = SLICE("sent")};
	struct world_answer answer = {.done = 0};
	struct record *record = record_create(world->arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, slice_from(name), &world->fail);
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	set_role(world, record, ROLE_REGISTRANT, registrant);
	if (tech != NULL)
		set_role(world, record, ROLE_TECH, tech);
	assert_true(ledger_add_event(batch, &event, &world->fail));
	assert_true(ledger_add_record(batch, record, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_int_equal(answer.fail.kind, FAIL_NONE);
	arena_reset(world->arena);
}

static void
note(struct world *world, const char *word)
{
	struct event event = {.type = EVENT_FORGET, .word = slice_from(word)};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_true(ledger_add_event(batch, &event, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_int_equal(answer.fail.kind, FAIL_NONE);
}

/* As engine_forget.c does it. */
static void
forget(struct world *world, uint32_t slot)
{
	bool left = true;

	assert_true(keys_forget(world->keys, slot, &world->fail));
	note(world, "destroyed");
	ledger_wipe_begin(world->ledger);
	vault_purge(world->vault);
	for (unsigned i = 0; !vault_is_purged(world->vault); i++) {
		assert_true(i < 1000);
		assert_true(ledger_checkpoint(world->ledger, &world->fail));
	}
	note(world, "erased");
	for (unsigned i = 0; left; i++) {
		assert_true(i < 1000);
		assert_true(ledger_checkpoint(world->ledger, &world->fail) &&
			    ledger_wipe(world->ledger, &left, &world->fail));
	}
	note(world, "done");
}

static void
assert_roles(struct world *world, const char *name, bool registrant, bool tech)
{
	struct record *record = vault_get(world->vault, world->arena,
	    OBJECT_DOMAIN, slice_from(name), &world->fail);

	assert_int_equal(record != NULL, registrant || tech);
	if (record == NULL)
		return;
	assert_int_equal(record_has_role(record, ROLE_REGISTRANT), registrant);
	assert_int_equal(record_has_role(record, ROLE_TECH), tech);
}

static void
assert_verifies(struct world *world)
{
	struct verify_options options = {
	    .disk = world->disk, .directory = world->ledger_path};
	struct verify_result result;

	assert_true(verify_ledger(&options, &result, &world->fail));
	assert_int_equal(result.findings, 0);
}

static void
nothing_of_a_forgotten_subject_is_in_any_file(void **state)
{
	struct world *world = world_create(1 << 20);
	struct digest own, shared, other, id;
	struct subject gone, kept;

	(void)state;
	put(world, "own.example", "cust-1", NULL);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	put(world, "shared.example", "cust-1", "cust-2");
	put(world, "other.example", "cust-2", NULL);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	own = object_key(world, OBJECT_DOMAIN, "own.example");
	shared = object_key(world, OBJECT_DOMAIN, "shared.example");
	other = object_key(world, OBJECT_DOMAIN, "other.example");
	id = keys_id(world->keys, SLICE("cust-1"));
	assert_true(keys_find(world->keys, SLICE("cust-1"), &gone));
	assert_true(keys_find(world->keys, SLICE("cust-2"), &kept));
	assert_true(files_with(world, own.bytes, DIGEST_SIZE) >= 2);
	assert_true(files_with(world, id.bytes, DIGEST_SIZE) >= 2);

	forget(world, gone.slot);
	assert_int_equal(files_with(world, own.bytes, DIGEST_SIZE), 0);
	assert_int_equal(files_with(world, id.bytes, DIGEST_SIZE), 0);
	assert_int_equal(files_with(world, gone.key, KEY_SIZE), 0);
	assert_true(files_with(world, shared.bytes, DIGEST_SIZE) >= 1);
	assert_true(files_with(world, other.bytes, DIGEST_SIZE) >= 1);
	for (unsigned i = 0; i < 2; i++) {
		assert_roles(world, "own.example", false, false);
		assert_roles(world, "shared.example", false, true);
		assert_roles(world, "other.example", true, false);
		assert_verifies(world);
		assert_true(world_restart(world));
	}
	world_destroy(world);
}

static void
what_is_added_meanwhile_is_kept(void **state)
{
	struct world *world = world_create(1 << 20);
	struct subject gone;

	(void)state;
	put(world, "own.example", "cust-1", NULL);
	assert_true(keys_find(world->keys, SLICE("cust-1"), &gone));
	assert_true(keys_forget(world->keys, gone.slot, &world->fail));
	vault_purge(world->vault);
	put(world, "own.example", "cust-1", NULL);
	put(world, "new.example", "cust-3", NULL);
	forget(world, gone.slot);
	assert_roles(world, "own.example", true, false);
	assert_roles(world, "new.example", true, false);
	assert_true(world_restart(world));
	assert_roles(world, "own.example", true, false);
	assert_roles(world, "new.example", true, false);
	world_destroy(world);
}

/* --- the spool --- */

static void
add_item(struct world *world, struct spool *spool, const char *name,
    const char *submission)
{
	struct spool_item item = {.state = SPOOL_QUEUED,
	    .recipient = SLICE("jprs"),
	    .purpose = SLICE("p10"),
	    .channel = SLICE("file"),
	    .object = slice_from(name),
	    .object_type = OBJECT_DOMAIN,
	    .payload = SLICE("who and where"),
	    .submission = slice_from(submission)};
	struct spool_request request = {.principal = SLICE("uid 0"),
	    .key = slice_from(name),
	    .body = digest_sha256(slice_from(name)),
	    .submission = slice_from(submission),
	    .answer = SLICE("{}")};

	assert_true(spool_begin(spool, &world->fail));
	assert_true(spool_add(spool, &item, &world->fail));
	assert_true(spool_add_request(spool, &request, &world->fail));
	assert_true(spool_commit(spool, &world->fail));
}

static struct digest
item_hash(struct world *world, const char *name)
{
	uint8_t key[KEY_SIZE];
	char text[64];

	keys_derive(world->keys, "spool-object", key);
	snprintf(text, sizeof(text), "%d/%s", OBJECT_DOMAIN, name);
	return digest_hmac(key, slice_from(text));
}

static void
a_dropped_item_is_in_neither_the_database_nor_its_log(void **state)
{
	struct world *world = world_create(1 << 20);
	struct digest hash = item_hash(world, "own.example");
	struct digest body = digest_sha256(SLICE("own.example"));
	struct digest other = item_hash(world, "other.example");
	struct spool_row rows[SPOOL_PAGE];
	struct spool *spool;
	size_t count;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/spool.db", world->root);
	spool = spool_open(
	    world->disk, path, world->keys, &random_system, &world->fail);
	assert_non_null(spool);
	for (unsigned i = 0; i < 40; i++) {
		char submission[32];

		snprintf(submission, sizeof(submission), "s-%u", i);
		add_item(world, spool,
		    i == 20 ? "own.example" : "other.example", submission);
		if (i == 20)
			continue;
		assert_true(spool_page(spool, 0, rows, &count, &world->fail));
		assert_true(
		    spool_drop(spool, rows[count - 1].id, &world->fail));
	}
	add_item(world, spool, "other.example", "s-40");
	assert_true(files_with(world, hash.bytes, DIGEST_SIZE) >= 1);
	assert_true(spool_page(spool, 0, rows, &count, &world->fail));
	assert_int_equal(count, 2);
	assert_true(spool_drop(spool, rows[0].id, &world->fail));
	assert_true(spool_scrub(spool, &world->fail));
	assert_int_equal(files_with(world, hash.bytes, DIGEST_SIZE), 0);
	assert_int_equal(files_with(world, body.bytes, DIGEST_SIZE), 0);
	assert_true(files_with(world, other.bytes, DIGEST_SIZE) >= 1);
	spool_close(spool);
	world_destroy(world);
}

/* --- the public view --- */

static void
publish(
    struct view *view, const char *name, const char *bytes, struct fail *fail)
{
	const struct slice handle = SLICE("TARO-9XQ");
	const struct view_put put = {.type = SLICE("domain"),
	    .name = slice_from(name),
	    .entry = 7,
	    .epoch = 1,
	    .time = 1775000000,
	    .bytes = slice_from(bytes),
	    .handles = &handle,
	    .handle_count = 1};

	assert_true(view_put(view, &put, fail));
}

static void
a_dropped_row_is_in_neither_the_view_nor_its_log(void **state)
{
	static const char value[] = "Taro Example 9xq",
			  name[] = "own9xq.example";
	struct world *world = world_create(1 << 20);
	struct slice nothing = {"", 0};
	struct view_stale rows[8];
	struct view *view;
	size_t count;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/view.db", world->root);
	view = view_open(path, &world->fail);
	assert_non_null(view);
	publish(view, name, value, &world->fail);
	publish(view, "other.example", "Hanako Example", &world->fail);
	assert_true(files_with(world, value, sizeof(value) - 1) >= 1);
	assert_true(view_page(view, world->arena, nothing, nothing, rows,
	    &count, 8, &world->fail));
	assert_int_equal(count, 2);
	assert_true(
	    view_drop(view, SLICE("domain"), slice_from(name), &world->fail));
	assert_true(view_scrub(view, &world->fail));
	assert_int_equal(files_with(world, value, sizeof(value) - 1), 0);
	assert_int_equal(files_with(world, name, sizeof(name) - 1), 0);
	assert_true(files_with(world, "Hanako Example", 14) >= 1);
	assert_true(view_page(view, world->arena, nothing, nothing, rows,
	    &count, 8, &world->fail));
	assert_int_equal(count, 1);
	view_close(view);
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_of_a_forgotten_subject_is_in_any_file),
	    cmocka_unit_test(what_is_added_meanwhile_is_kept),
	    cmocka_unit_test(
		a_dropped_item_is_in_neither_the_database_nor_its_log),
	    cmocka_unit_test(a_dropped_row_is_in_neither_the_view_nor_its_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
