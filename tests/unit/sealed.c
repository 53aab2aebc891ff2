/* From disclosure to sealed: what an entry says, and what it never says. */
#include "disclosure_world.h"

#include "core/canon.h"
#include "core/entry.h"
#include "core/tree.h"

static struct slice
entry_at(struct world *world, uint64_t index)
{
	struct slice entry;
	size_t at;

	assert_true(ledger_read(
	    world->ledger, index, world->arena, &entry, &world->fail));
	assert_true(canon_check(entry, &at));
	return entry;
}

static void
a_sealed_has_the_exact_bytes_and_its_entry(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	struct world_answer answer = commit(world, record, "s-1", "bytes\n");
	struct slice entry = entry_at(world, 0), value;
	struct digest leaf = tree_leaf(entry);

	(void)state;
	assert_int_equal(answer.count, 1);
	assert_true(slice_is(sealed_payload(answer.sealed[0]), "bytes\n"));
	assert_true(slice_is(sealed_recipient(answer.sealed[0]), "reg"));
	assert_int_equal(sealed_index(answer.sealed[0]), 0);
	assert_true(digest_equal(sealed_leaf(answer.sealed[0]), &leaf));
	assert_true(canon_member(entry, "fields", &value));
	assert_non_null(memmem(value.data, value.len,
	    "{\"email\":[\"redact\",", 18));
	assert_non_null(memmem(value.data, value.len,
	    "\"name.int\":[\"forward\",", 22));
	assert_true(canon_get_string(entry, "type", world->arena, &value));
	assert_true(slice_is(value, "disclosure"));
	world_destroy(world);
}

static void
an_entry_has_no_value_and_no_name_of_the_object(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	static const char *const never[] = {"Taro", "Canary", "canary",
	    "mail.example", "taro.example", "cust-1"};
	char command[256];

	(void)state;
	commit(world, record, "s-1", "Taro Canary");
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		snprintf(command, sizeof(command), "! grep -rqaF '%s' '%s'",
		    never[i], world->root);
		assert_int_equal(system(command), 0);
	}
	world_destroy(world);
}

static void
commitments_and_the_object_open_with_the_subjects_key(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	struct slice entry, fields, value, item, bytes, salt;
	struct slice name = SLICE("Taro Canary");
	struct subject subject;
	struct digest_key key;
	struct digest commitment, object;
	uint8_t raw_salt[16];
	char plain[64];

	(void)state;
	commit(world, record, "s-1", "x");
	entry = entry_at(world, 0);
	assert_true(keys_find(world->keys, SLICE("cust-1"), &subject));
	digest_key_set(&key, subject.key);
	commitment = entry_commit(&key, "registrant", FIELD_NAME_INT,
	    (struct values){&name, 1});
	assert_true(canon_member(entry, "fields", &fields));
	assert_true(canon_member(fields, "registrant", &fields));
	assert_true(canon_member(fields, "name.int", &value));
	for (int i = 0; i < 3; i++)
		assert_true(canon_next_item(&value, &item));
	assert_true(canon_string(item, world->arena, &item));
	assert_true(text_base64_decode(world->arena, item, &bytes));
	assert_memory_equal(bytes.data, commitment.bytes, DIGEST_SIZE);
	assert_true(canon_member(entry, "object", &value));
	assert_true(canon_get_string(value, "data", world->arena, &item));
	assert_true(text_base64_decode(world->arena, item, &bytes));
	assert_true(canon_get_string(entry, "salt", world->arena, &salt));
	assert_true(text_hex_decode(salt, raw_salt, sizeof(raw_salt)));
	object = entry_object_key(&key);
	assert_true(digest_decrypt(object.bytes, (const uint8_t *)bytes.data,
	    (struct slice){(char *)raw_salt, sizeof(raw_salt)},
	    (struct slice){bytes.data + NONCE_SIZE, bytes.len - NONCE_SIZE},
	    (uint8_t *)plain));
	assert_memory_equal(plain, "taro.example", 12);
	world_destroy(world);
}

static void
a_repeated_request_gets_the_first_receipt(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	struct world_answer first = commit(world, record, "s-1", "x");
	struct world_answer again = commit(world, record, "s-1", "x");
	struct world_answer other = commit(world, record, "s-1", "y");

	(void)state;
	assert_int_equal(ledger_size(world->ledger), 1);
	assert_int_equal(again.first, 0);
	assert_true(digest_equal(
	    sealed_leaf(first.sealed[0]), sealed_leaf(again.sealed[0])));
	assert_int_equal(other.fail.kind, FAIL_INPUT);
	assert_int_equal(other.count, 0);
	world_destroy(world);
}

static void
seal_restore_takes_only_the_bytes_of_the_entry(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	struct world_answer answer = commit(world, record, "s-1", "bytes");
	struct digest leaf = *sealed_leaf(answer.sealed[0]);
	struct fail fail = FAIL_INIT;
	struct sealed *sealed;

	(void)state;
	assert_true(world_restart(world));
	sealed = seal_restore(
	    world->ledger, world->arena, 0, &leaf, SLICE("bytes"), &fail);
	assert_non_null(sealed);
	assert_true(slice_is(sealed_recipient(sealed), "reg"));
	assert_null(seal_restore(
	    world->ledger, world->arena, 0, &leaf, SLICE("Bytes"), &fail));
	assert_int_equal(fail.kind, FAIL_DENIED);
	fail = (struct fail)FAIL_INIT;
	assert_null(seal_restore(
	    world->ledger, world->arena, 1, &leaf, SLICE("bytes"), &fail));
	leaf.bytes[0] ^= 1;
	fail = (struct fail)FAIL_INIT;
	assert_null(seal_restore(
	    world->ledger, world->arena, 0, &leaf, SLICE("bytes"), &fail));
	world_destroy(world);
}

static void
a_held_disclosure_has_an_entry_without_payload(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_UNKNOWN, "cust-1");
	struct world_answer answer = commit(world, record, "s-1", "");
	struct slice entry = entry_at(world, 0), value;

	(void)state;
	assert_int_equal(answer.fail.kind, FAIL_NONE);
	assert_false(canon_member(entry, "payload", &value));
	assert_true(canon_member(entry, "outcome", &value));
	assert_memory_equal(value.data, "[\"hold\",", 8);
	world_destroy(world);
}

static void
the_vault_gives_the_latest_record_before_and_after_a_restart(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	struct record *back;
	struct values values;

	(void)state;
	commit(world, record, "s-1", "x");
	for (int round = 0; round < 2; round++) {
		back = vault_get(world->vault, world->arena, OBJECT_DOMAIN,
		    SLICE("taro.example"), &world->fail);
		assert_non_null(back);
		values =
		    record_values(back, ROLE_REGISTRANT, FIELD_NAME_INT);
		assert_int_equal(values.count, 1);
		assert_true(slice_is(values.items[0], "Taro Canary"));
		assert_true(world_restart(world));
	}
	assert_null(vault_get(world->vault, world->arena, OBJECT_DOMAIN,
	    SLICE("hanako.example"), &world->fail));
	assert_int_equal(world->fail.kind, FAIL_NONE);
	world_destroy(world);
}

static void
a_subject_keeps_the_slot_and_a_forgotten_one_is_gone(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	struct subject before, after;

	(void)state;
	commit(world, record, "s-1", "x");
	assert_true(keys_find(world->keys, SLICE("cust-1"), &before));
	assert_true(world_restart(world));
	assert_true(keys_find(world->keys, SLICE("cust-1"), &after));
	assert_memory_equal(&before, &after, sizeof(before));
	assert_true(keys_forget(world->keys, before.slot, &world->fail));
	assert_true(world_restart(world));
	assert_false(keys_find(world->keys, SLICE("cust-1"), &after));
	assert_null(vault_get(world->vault, world->arena, OBJECT_DOMAIN,
	    SLICE("taro.example"), &world->fail));
	assert_int_equal(world->fail.kind, FAIL_NONE);
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sealed_has_the_exact_bytes_and_its_entry),
	    cmocka_unit_test(an_entry_has_no_value_and_no_name_of_the_object),
	    cmocka_unit_test(
		commitments_and_the_object_open_with_the_subjects_key),
	    cmocka_unit_test(a_repeated_request_gets_the_first_receipt),
	    cmocka_unit_test(seal_restore_takes_only_the_bytes_of_the_entry),
	    cmocka_unit_test(a_held_disclosure_has_an_entry_without_payload),
	    cmocka_unit_test(
		the_vault_gives_the_latest_record_before_and_after_a_restart),
	    cmocka_unit_test(
		a_subject_keeps_the_slot_and_a_forgotten_one_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
