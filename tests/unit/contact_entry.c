/* A contact's way into the ledger, with its payload in another process. */
#include "disclosure_world.h"

#include "core/canon.h"
#include "core/entry.h"
#include "core/tree.h"

struct acknowledged {
	struct world_answer answer;
	const struct batch *batch;
	uint64_t index[3];
	struct digest leaf[3];
	bool found[4];
};

static void
on_done(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct acknowledged *it = arg;
	struct digest ignored;
	uint64_t none;

	world_answered(&it->answer, first, sealed, count, fail);
	if (fail != NULL)
		return;
	for (size_t n = 0; n < 3; n++)
		it->found[n] = batch_acknowledged(
		    it->batch, n, &it->index[n], &it->leaf[n]);
	it->found[3] = batch_acknowledged(it->batch, 3, &none, &ignored);
}

static struct record *
contact_of(struct world *world)
{
	struct record *domain = record_of(world, KIND_NATURAL, "cust-1");
	struct record *record = record_create(world->arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("reg/TARO-1"), &world->fail);

	assert_non_null(record);
	assert_true(record_copy_person(record, CONTACT_ROLE, domain,
	    ROLE_REGISTRANT, &world->fail));
	return record;
}

static const struct disclosure *
decided(struct world *world, const struct record *record)
{
	const struct ruleset *ruleset = load(world->arena);
	struct decide_scope scope = {.recipient = 0};
	struct decide_given given = {.approved = false};

	return decide_contact(
	    ruleset, &scope, record, &given, world->arena, &world->fail);
}

static struct acknowledged
commit_contact(struct world *world, const struct record *record,
    const struct digest *sha, const char *request)
{
	struct dispatch dispatch = {.channel = SLICE("epp"),
	    .payload_sha = sha,
	    .request = slice_from(request),
	    .supersedes = LEDGER_NONE};
	struct event event = {.type = EVENT_OUTCOME,
	    .word = SLICE("answered"),
	    .request = slice_from(request)};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);
	struct acknowledged it = {.batch = batch};

	assert_non_null(batch);
	assert_true(ledger_add_event(batch, &event, &world->fail));
	assert_true(ledger_add_record_as(
	    batch, record, VAULT_PROPOSED, &world->fail));
	assert_true(ledger_add_disclosure(
	    batch, decided(world, record), &dispatch, &world->fail));
	ledger_commit(batch, on_done, &it);
	world_wait(world, &it.answer);
	return it;
}

static struct slice
entry_at(struct world *world, uint64_t index)
{
	struct slice entry;

	assert_true(ledger_read(
	    world->ledger, index, world->arena, &entry, &world->fail));
	return entry;
}

static void
the_person_of_a_contact_is_called_contact(void **state)
{
	struct world *world = world_create(1 << 20);
	struct digest sha = digest_sha256(SLICE("<contact/>")), commitment;
	struct slice entry, fields, value, item, bytes;
	struct slice name = SLICE("Taro Canary");
	struct subject subject;
	struct digest_key key;

	(void)state;
	commit_contact(world, contact_of(world), &sha, "s-1");
	entry = entry_at(world, 1);
	assert_null(memmem(entry.data, entry.len, "registrant", 10));
	assert_true(canon_member(entry, "subjects", &fields));
	assert_true(canon_member(fields, "contact", &value));
	assert_true(canon_member(entry, "object", &fields));
	assert_true(
	    canon_get_string(fields, "type", world->arena, &value));
	assert_true(slice_is(value, "contact"));
	assert_true(keys_find(world->keys, SLICE("cust-1"), &subject));
	digest_key_set(&key, subject.key);
	commitment = entry_commit(
	    &key, "contact", FIELD_NAME_INT, (struct values){&name, 1});
	assert_true(canon_member(entry, "fields", &fields));
	assert_true(canon_member(fields, "contact", &fields));
	assert_true(canon_member(fields, "name.int", &value));
	for (int i = 0; i < 3; i++)
		assert_true(canon_next_item(&value, &item));
	assert_true(canon_string(item, world->arena, &item));
	assert_true(text_base64_decode(world->arena, item, &bytes));
	assert_memory_equal(bytes.data, commitment.bytes, DIGEST_SIZE);
	world_destroy(world);
}

static void
a_contact_without_a_subject_has_one_of_its_name(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_create(world->arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("reg/TARO-2"), &world->fail);
	struct digest sha = digest_sha256(SLICE("<contact/>"));
	struct subject subject;

	(void)state;
	assert_true(record_set_role(
	    record, CONTACT_ROLE, KIND_LEGAL, &world->fail));
	commit_contact(world, record, &sha, "s-1");
	assert_true(keys_find(world->keys,
	    SLICE("object:contact:reg/TARO-2/contact"), &subject));
	world_destroy(world);
}

static void
a_payload_elsewhere_is_acknowledged_not_sealed(void **state)
{
	uint8_t secret[KEY_SIZE];
	struct digest_key key;
	int64_t slot;
	struct world *world = world_create(1 << 20);
	struct digest sha = digest_sha256(SLICE("<contact/>"));
	struct digest other = digest_sha256(SLICE("<Contact/>"));
	struct acknowledged first =
	    commit_contact(world, contact_of(world), &sha, "s-1");
	struct acknowledged again =
	    commit_contact(world, contact_of(world), &sha, "s-1");
	struct acknowledged changed =
	    commit_contact(world, contact_of(world), &other, "s-1");
	struct digest leaf = tree_leaf(entry_at(world, 1)), digest;
	struct slice text, bytes;

	(void)state;
	assert_int_equal(first.answer.count, 1);
	assert_null(first.answer.sealed[0]);
	assert_true(first.found[0] && first.found[1]);
	assert_false(first.found[2] || first.found[3]);
	assert_int_equal(first.index[0], 0);
	assert_int_equal(first.index[1], 1);
	assert_true(digest_equal(&first.leaf[1], &leaf));
	assert_int_equal(again.index[1], 1);
	assert_true(digest_equal(&again.leaf[1], &leaf));
	assert_int_equal(changed.answer.fail.kind, FAIL_INPUT);
	assert_int_equal(ledger_size(world->ledger), 2);
	assert_true(canon_get_string(
	    entry_at(world, 1), "payload", world->arena, &text));
	assert_true(text_base64_decode(world->arena, text, &bytes));
	digest = ledger_payload_digest(world->ledger, SLICE("<contact/>"));
	assert_memory_not_equal(bytes.data, digest.bytes, DIGEST_SIZE);
	/* Under the subject's key, so that it goes with that. */
	assert_true(canon_member(entry_at(world, 1), "object", &text) &&
	    canon_get_number(text, "slot", &slot) &&
	    keys_slot(world->keys, (uint32_t)slot, secret));
	digest_key_set(&key, secret);
	digest = entry_payload(&key, &digest);
	assert_memory_equal(bytes.data, digest.bytes, DIGEST_SIZE);
	/* Whoever has the bytes may restore the seal. */
	assert_non_null(seal_restore(world->ledger, world->arena, 1, &leaf,
	    SLICE("<contact/>"), &world->fail));
	world_destroy(world);
}

static void
a_payload_is_here_or_elsewhere(void **state)
{
	struct world *world = world_create(1 << 20);
	struct digest sha = digest_sha256(SLICE("x"));
	struct dispatch dispatch = {.channel = SLICE("epp"),
	    .payload = SLICE("x"),
	    .payload_sha = &sha,
	    .supersedes = LEDGER_NONE};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_false(ledger_add_disclosure(
	    batch, decided(world, contact_of(world)), &dispatch, &fail));
	assert_int_equal(fail.kind, FAIL_DENIED);
	world_destroy(world);
}

/* Not even a disclosure that no block is for stops the ledger. */
static void
a_refused_contact_and_a_host_have_entries(void **state)
{
	struct world *world = world_create(1 << 20);
	const struct ruleset *ruleset = load(world->arena);
	struct decide_scope scope = {.suffix = SLICE(".org")};
	struct decide_given given = {.approved = false};
	struct dispatch dispatch = {
	    .channel = SLICE("epp"), .supersedes = LEDGER_NONE};
	struct digest sha = digest_sha256(SLICE("<host/>"));
	struct record *host = record_create(world->arena, OBJECT_HOST,
	    OPERATION_CREATE, SLICE("reg/ns1.taro.example"), &world->fail);
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);
	struct world_answer answer = {.done = 0};
	struct slice outcome;

	(void)state;
	assert_true(ledger_add_disclosure(batch,
	    decide_contact(ruleset, &scope, contact_of(world), &given,
		world->arena, &world->fail),
	    &dispatch, &world->fail));
	scope.suffix = SLICE(".example");
	dispatch.payload_sha = &sha;
	assert_true(ledger_add_record(batch, host, &world->fail));
	assert_true(ledger_add_disclosure(batch,
	    decide_contact(
		ruleset, &scope, host, &given, world->arena, &world->fail),
	    &dispatch, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_int_equal(answer.fail.kind, FAIL_NONE);
	assert_true(canon_member(entry_at(world, 0), "outcome", &outcome));
	assert_memory_equal(outcome.data, "[\"refuse\",0]", 12);
	assert_false(canon_member(entry_at(world, 1), "outcome", &outcome));
	assert_non_null(vault_get(world->vault, world->arena, OBJECT_HOST,
	    SLICE("reg/ns1.taro.example"), &world->fail));
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_person_of_a_contact_is_called_contact),
	    cmocka_unit_test(a_contact_without_a_subject_has_one_of_its_name),
	    cmocka_unit_test(a_payload_elsewhere_is_acknowledged_not_sealed),
	    cmocka_unit_test(a_payload_is_here_or_elsewhere),
	    cmocka_unit_test(a_refused_contact_and_a_host_have_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
