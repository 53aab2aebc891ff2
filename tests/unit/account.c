/*
 * The record of provision of a made-up person, from a ledger of their own, as
 * tests/account/ has it in each form and language.  With MISU_REWRITE set
 * the files are written anew, to be read by whoever changed something.
 */
#include "disclosure_world.h"

#include "codec/account.h"
#include "core/inputs.h"
#include "store/log_query.h"

static const char text[] =
    "policy \"perfect\" revision 7 effective 2026-04-01T00:00:00Z\n"
    "purpose p1 \"bill <monthly> & more\"\n"
    "purpose p10 \"submit to the registry\"\n"
    "purpose p11 \"publish in whois\"\n"
    "recipient reg \"登録機関\" in JP class registry basis contract by agreed"
    " \"登録契約\" {\n"
    "  may receive name, email, postcode, phone of registrant\n"
    "}\n"
    "recipient whois \"public: whois.example\" public via reg\n"
    "recipient carrier \"Carrier & <Co>\" in US class company basis entrust by"
    " fax {\n"
    "  may receive name, phone, email of subscriber\n"
    "}\n"
    "for .example to reg for p10 {\n"
    "  hold \"kind unknown\" when registrant.kind is unknown\n"
    "  generalise postcode to first 3 of registrant\n"
    "  forward name, email, phone of registrant\n"
    "  redact * of *\n"
    "}\n"
    "for .example to whois for p11 {\n"
    "  forward name of registrant\n"
    "  forward email of registrant when consent to p11\n"
    "  redact * of *\n"
    "}\n"
    "for subscriber to carrier for p1 {\n"
    "  replace email by \"%{opaque}@relay.example\" of subscriber\n"
    "  forward name, phone of subscriber\n"
    "  redact * of *\n"
    "}\n";

static const char subject[] = "cust-1 <script>";

struct test {
	struct world *world;
	const struct ruleset *ruleset;
	uint64_t last; /* entry */
};

static const struct ruleset *
compile(struct arena *arena)
{
	struct slice diagnostics = {"", 0};
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset = policy_load(arena,
	    &(struct policy_source){SLICE("perfect.policy"), SLICE(text)}, NULL,
	    NULL, 0, &diagnostics, &fail);

	if (ruleset == NULL)
		print_message("%.*s\n", SLICE_ARG(diagnostics));
	assert_non_null(ruleset);
	return ruleset;
}

static void
set(struct world *world, struct record *record, enum role role,
    enum field field, const char *value)
{
	struct slice item = slice_from(value);

	assert_true(record_set(record, role, field, &item, 1, &world->fail));
}

static struct record *
person(struct test *test, enum object_type type, const char *object,
    enum operation operation, enum role role)
{
	struct world *world = test->world;
	struct record *record = record_create(
	    world->arena, type, operation, slice_from(object), &world->fail);

	assert_non_null(record);
	assert_true(record_set_role(record, role, KIND_NATURAL, &world->fail));
	assert_true(record_set_subject(
	    record, role, slice_from(subject), &world->fail));
	set(world, record, role, FIELD_NAME_LOC, "見本 太郎");
	set(world, record, role, FIELD_EMAIL, "canary@mail.example");
	set(world, record, role, FIELD_PHONE, "+81.312345678");
	return record;
}

static void
event(struct test *test, enum event_type type, const char *word)
{
	struct world *world = test->world;
	struct event made = {
	    .type = type, .entry = test->last, .word = slice_from(word)};
	struct world_answer answer = {.done = 0};
	struct subject who;
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_true(keys_find(world->keys, slice_from(subject), &who));
	if (type != EVENT_OUTCOME) {
		made.subject = &who;
		made.case_id = SLICE("R-1");
	}
	assert_true(ledger_add_event(batch, &made, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
}

/* Decide, record, and say how it ended. */
static void
disclose(struct test *test, const struct record *record, const char *channel,
    const char *outcome)
{
	struct world *world = test->world;
	const struct inputs_given kept = {.ruleset = test->ruleset};
	const struct decide_given given = {.approved = false};
	const struct block *block;
	struct world_answer answer = {.done = 0};
	struct dispatch dispatch = {.channel = slice_from(channel),
	    .payload = SLICE("x"),
	    .inputs = inputs_write(record, &kept, world->arena),
	    .supersedes = LEDGER_NONE};
	struct disclosure *disclosure;
	struct batch *batch;

	world->now += 86400000;
	assert_int_equal(ruleset_match(test->ruleset, record, &block, 1), 1);
	disclosure = decide(
	    test->ruleset, block, record, &given, world->arena, &world->fail);
	assert_non_null(disclosure);
	if (disclosure_outcome(disclosure).verdict != VERDICT_FORWARD)
		dispatch.payload = (struct slice){"", 0};
	batch = ledger_begin(world->ledger, world->arena, &world->fail);
	assert_true(
	    ledger_add_disclosure(batch, disclosure, &dispatch, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	test->last = answer.first;
	if (outcome != NULL)
		event(test, EVENT_OUTCOME, outcome);
}

static void
consent(struct test *test, struct record *record, bool given, int64_t time)
{
	const struct consent said = {.purpose = SLICE("p11"),
	    .audience = AUDIENCE_PUBLIC,
	    .given = given,
	    .time = time,
	    .version = SLICE("2026-04")};

	assert_true(record_add_consent(
	    record, ROLE_REGISTRANT, &said, &test->world->fail));
}

/* Registered with consent, billed twice, consent withdrawn, and so on. */
static void
live_on(struct test *test)
{
	struct record *record = person(test, OBJECT_DOMAIN, "taro.example",
	    OPERATION_CREATE, ROLE_REGISTRANT);
	struct record *billed = person(
	    test, OBJECT_SUBSCRIBER, "c-9", OPERATION_CREATE, ROLE_SUBSCRIBER);

	consent(test, record, true, 1774000000);
	set(test->world, record, ROLE_REGISTRANT, FIELD_POSTCODE, "670-0057");
	disclose(test, record, "file", "sent");
	disclose(test, billed, "desk", "sent");
	disclose(test, billed, "desk", "sent");
	disclose(test, billed, "desk", "given-up");
	record = person(test, OBJECT_DOMAIN, "taro.example", OPERATION_UPDATE,
	    ROLE_REGISTRANT);
	consent(test, record, false, 1776000000);
	disclose(test, record, "file", "unknown");
	disclose(test, record, "file", "sent");
	record = person(test, OBJECT_DOMAIN, "held.example", OPERATION_CREATE,
	    ROLE_REGISTRANT);
	assert_true(record_set_role(
	    record, ROLE_REGISTRANT, KIND_UNKNOWN, &test->world->fail));
	disclose(test, record, "file", NULL);
	event(test, EVENT_PROVISION, "stopped");
}

static struct provided_result
read_all(struct test *test, struct slice pseudonym)
{
	struct world *world = test->world;
	struct provided *provided = provided_create(pseudonym, world->arena);
	const struct provided_result *result;
	size_t count;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		struct provided_entry entry = {
		    .index = i, .ruleset = test->ruleset};

		assert_true(ledger_read(world->ledger, i, world->arena,
		    &entry.entry, &world->fail));
		log_query_inputs(world->keys, entry.entry, world->arena,
		    &entry.object, &entry.inputs);
		assert_true(
		    provided_add(provided, &entry, world->arena, &world->fail));
	}
	result = provided_finish(provided, &world->fail);
	assert_non_null(result);
	provided_entries(provided, &count);
	assert_true(count >= result->disclosures);
	return *result;
}

static struct slice
pseudonym_of(struct world *world)
{
	struct text hex = text_start(world->arena);
	struct subject who;

	assert_true(keys_find(world->keys, slice_from(subject), &who));
	text_add_hex(&hex, who.pseudonym, PSEUDONYM_SIZE);
	return text_slice(&hex);
}

static struct test
make(void)
{
	struct test test = {.world = world_create(1 << 20)};

	test.ruleset = compile(test.world->arena);
	live_on(&test);
	return test;
}

static void
check_golden(struct world *world, const char *name, struct slice made)
{
	char path[256];
	struct slice kept;
	FILE *file;

	assert_non_null(made.data);
	snprintf(path, sizeof(path), "tests/account/%s", name);
	if (getenv("MISU_REWRITE") != NULL) {
		file = fopen(path, "w");
		assert_non_null(file);
		fwrite(made.data, 1, made.len, file);
		fclose(file);
	}
	assert_true(disk_read_file(
	    world->disk, path, 1 << 20, world->arena, &kept, &world->fail));
	if (!slice_equal(kept, made))
		print_message("%s is not:\n%.*s\n", path, SLICE_ARG(made));
	assert_true(slice_equal(kept, made));
	assert_null(strstr(made.data, "canary"));
	assert_null(strstr(made.data, "太郎"));
}

static void
each_form_and_language_is_as_it_was_read(void **state)
{
	struct test test = make();
	struct arena *arena = test.world->arena;
	struct provided_result result =
	    read_all(&test, pseudonym_of(test.world));
	struct account account = {.provided = &result,
	    .subject = SLICE(subject),
	    .pseudonym = SLICE("00112233445566778899aabbccddeeff"),
	    .has_names = true,
	    .made = 1780000000000,
	    .ledger = ledger_size(test.world->ledger)};

	(void)state;
	check_golden(test.world, "ja.txt", account_text(&account, arena));
	check_golden(test.world, "ja.html", account_html(&account, arena));
	check_golden(test.world, "ja.json", account_json(&account, arena));
	account.language = ACCOUNT_ENGLISH;
	check_golden(test.world, "en.txt", account_text(&account, arena));
	check_golden(test.world, "en.html", account_html(&account, arena));
	world_destroy(test.world);
}

/* The row of what was published that has this field. */
static const struct provided_row *
published(const struct provided_result *result, enum field field)
{
	const struct provided_row *row = result->rows;

	while (row != NULL &&
	       !(row->published && (row->forwarded >> field & 1) != 0))
		row = row->next;
	assert_non_null(row);
	return row;
}

static void
publication_ends_when_its_withdrawal_arrives(void **state)
{
	struct test test = make();
	struct provided_result result =
	    read_all(&test, pseudonym_of(test.world));
	const struct provided_row *mail = published(&result, FIELD_EMAIL);
	const struct provided_row *name = published(&result, FIELD_NAME_LOC);

	(void)state;
	/* From the first entry; the name stands there still. */
	assert_int_equal(mail->entries[0], 0);
	assert_int_equal(name->entries[0], 0);
	assert_int_equal(name->until, 0);
	assert_int_equal(name->ended_by, ENTRY_NONE);
	/* An update of unknown outcome ended nothing; the next one did. */
	assert_int_equal(mail->ended_by, 10);
	assert_int_equal(mail->doubtful, ENTRY_NONE);
	assert_true(mail->until > mail->from);
	world_destroy(test.world);
}

/* It stands there until it is held there, or an entry ends it. */
static void
publication_ends_with_a_hold_or_where_no_policy_publishes(void **state)
{
	for (int held = 0; held < 2; held++) {
		struct test test = make();
		struct record *record = person(&test, OBJECT_DOMAIN,
		    "hanako.example", OPERATION_CREATE, ROLE_REGISTRANT);
		const struct provided_row *row;
		struct provided_result result;
		uint64_t began, end;

		(void)state;
		consent(&test, record, true, 1774000000);
		disclose(&test, record, "view", "sent");
		began = test.last;
		if (held) {
			assert_true(record_set_role(record, ROLE_REGISTRANT,
			    KIND_UNKNOWN, &test.world->fail));
			disclose(&test, record, "view", NULL);
			end = test.last;
		} else {
			end = ledger_size(test.world->ledger);
			event(&test, EVENT_OUTCOME, "ended");
		}
		result = read_all(&test, pseudonym_of(test.world));
		row = result.rows;
		while (row != NULL &&
		       (!row->published || row->entries[0] != began))
			row = row->next;
		assert_non_null(row);
		assert_true(row->until > row->from || !held);
		assert_int_equal(row->ended_by, end);
		world_destroy(test.world);
	}
}

static void
equal_provisions_are_one_continuous_record(void **state)
{
	struct test test = make();
	struct provided_result result =
	    read_all(&test, pseudonym_of(test.world));
	const struct provided_row *row = result.rows;

	(void)state;
	while (row != NULL && !slice_is(row->recipient, "carrier"))
		row = row->next;
	assert_non_null(row);
	assert_int_equal(row->count, 2);
	assert_int_equal(row->outcome, PROVIDED_DELIVERED);
	assert_true((row->replaced >> FIELD_EMAIL & 1) != 0);
	row = row->next;
	assert_int_equal(row->outcome, PROVIDED_NOT_SENT);
	assert_int_equal(result.withheld, 1);
	assert_true(slice_is(result.events->word, "stopped"));
	world_destroy(test.world);
}

static void
of_others_there_is_nothing(void **state)
{
	struct test test = make();
	struct provided_result result =
	    read_all(&test, SLICE("00000000000000000000000000000000"));

	(void)state;
	assert_int_equal(result.disclosures, 0);
	assert_int_equal(result.row_count, 0);
	assert_null(result.events);
	world_destroy(test.world);
}

static void
of_the_forgotten_the_rest_is_told(void **state)
{
	struct test test = make();
	struct world *world = test.world;
	struct slice pseudonym = pseudonym_of(world);
	struct provided_result result;
	struct account account = {.provided = &result,
	    .pseudonym = pseudonym,
	    .language = ACCOUNT_ENGLISH,
	    .is_forgotten = true};
	struct subject who;
	struct slice page;

	(void)state;
	assert_true(keys_find(world->keys, slice_from(subject), &who));
	assert_true(keys_forget(world->keys, who.slot, &world->fail));
	result = read_all(&test, pseudonym);
	assert_int_equal(result.slot, who.slot);
	assert_true(result.row_count > 2);
	page = account_text(&account, world->arena);
	assert_null(strstr(page.data, "taro.example"));
	assert_non_null(strstr(page.data, "登録機関"));
	assert_non_null(strstr(page.data, "key was destroyed"));
	world_destroy(test.world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_form_and_language_is_as_it_was_read),
	    cmocka_unit_test(publication_ends_when_its_withdrawal_arrives),
	    cmocka_unit_test(
		publication_ends_with_a_hold_or_where_no_policy_publishes),
	    cmocka_unit_test(equal_provisions_are_one_continuous_record),
	    cmocka_unit_test(of_others_there_is_nothing),
	    cmocka_unit_test(of_the_forgotten_the_rest_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
