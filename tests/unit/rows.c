/*
 * Walks tests/rows/rows.tbl: every row of the privacy policy, under each
 * revision.  A record with a value of its own in every field of every role
 * goes in; what the row's recipient gets, in the text that the template or
 * the work item makes of it, must be the row's items and nothing else.  What
 * is expected comes from the table, never from the policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "codec/workitem.h"
#include "conf.h"
#include "core/decide.h"
#include "rows/table.h"
#include "runner/canary.h"

enum { BLOCKS_MAX = 64, REVISIONS = 2 };

/* Canaries: in each value that the row does not name. */
#define LETTERS "xqjzvk"
#define DIGITS "904172"

/* The same values where the row's items are, others everywhere else. */
enum { SEED_ONE = 1, SEED_TWO = 2 };

static struct arena *whole; /* what lives as long as the program */
static struct rows *rows;
static struct conf *conf;
static struct ruleset *rulesets[REVISIONS];

static struct slice
read_file(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *data;
	size_t len;

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	data = arena_take(arena, 1 << 17);
	assert_non_null(data);
	len = fread(data, 1, 1 << 17, file);
	assert_true(len < 1 << 17);
	fclose(file);
	return (struct slice){data, len};
}

/* A file below the directory that is the context. */
static bool
load(void *context, struct slice name, struct slice *text)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%.*s", (const char *)context,
	    SLICE_ARG(name));
	*text = read_file(whole, path);
	return true;
}

static void
load_conf(void)
{
	static char directory[] = "conf";
	const struct policy_loader loader = {load, directory};
	struct policy_source source = {.name = SLICE("misu.conf")};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;

	load(directory, source.name, &source.text);
	conf = conf_parse(whole, &source, &loader, &diagnostics, &fail);
	if (conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
}

static struct ruleset *
load_revision(unsigned number)
{
	static char directory[] = "conf/policy";
	const struct policy_loader loader = {load, directory};
	struct policy_source source;
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	struct ruleset *ruleset;
	char name[40];

	snprintf(name, sizeof(name), "revision-%u.policy", number);
	source.name = arena_copy(whole, slice_from(name));
	load(directory, source.name, &source.text);
	ruleset = policy_load(whole, &source, &loader, conf->networks,
	    conf->network_count, &diagnostics, &fail);
	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	return ruleset;
}

static int
set_up(void **state)
{
	(void)state;
	whole = arena_create(NULL);
	rows = rows_read(whole, read_file(whole, "tests/rows/rows.tbl"));
	load_conf();
	for (unsigned i = 0; i < REVISIONS; i++)
		rulesets[i] = load_revision(i + 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_destroy(whole);
	return 0;
}

/* --- records -------------------------------------------------------------- */

/* A country no other role has; the registrant is in Japan, as .jp asks. */
static const char *
country_of(enum role role, unsigned seed)
{
	static const char *const one[ROLE_COUNT] = {"JP", "FR", "DE", "IT",
	    "ES", "SE", "NO", "FI", "DK"};
	static const char *const two[ROLE_COUNT] = {"JP", "PT", "AT", "CH",
	    "GR", "PL", "CZ", "HU", "RO"};

	return seed == SEED_ONE ? one[role] : two[role];
}

/*
 * A value that stands nowhere else, with what each escape must escape.  Those
 * that the row does not name hold a canary, in letters or in digits.
 */
static struct slice
value_of(struct arena *arena, unsigned role, unsigned field, bool named,
    unsigned seed)
{
	const struct field_info *info = &field_info[field];
	struct text text = text_start(arena);
	char token[16], digits[16];

	snprintf(token, sizeof(token), "%s%x%02x%u",
	    named ? "amdfrl" : LETTERS, role, field, seed);
	snprintf(digits, sizeof(digits), "%s%02u%02u%u",
	    named ? "355500" : DIGITS, role, field, seed);
	switch (info->check) {
	case CHECK_TEXT:
		text_add_format(&text, "山田 \"%s\" & <犬>", token);
		break;
	case CHECK_ASCII:
		text_add_format(
		    &text, info->max < 32 ? "%s" : "A \"%s\" & <b> 50%%", token);
		break;
	case CHECK_EMAIL:
		text_add_format(&text, "%s+x@mail.example", token);
		break;
	case CHECK_PHONE:
		text_add_format(&text, "+81.%s", digits);
		break;
	case CHECK_DIGITS:
		text_add_string(&text, digits);
		break;
	case CHECK_COUNTRY:
		text_add_string(&text, country_of((enum role)role, seed));
		break;
	case CHECK_DOMAIN:
		text_add_format(&text, "%s.example", token);
		break;
	case CHECK_HOST:
		text_add_format(&text, "%s.ns.example", token);
		break;
	case CHECK_DS:
		text_add_format(&text, "%u 13 2 %s%053u", 20000 + role * 2 + seed,
		    digits, role);
		break;
	case CHECK_PREFIX:
		text_add_format(
		    &text, "203.0.113.%u/32", role * 2 + seed * 100);
		break;
	}
	return text_slice(&text);
}

static enum object_type
type_of(struct slice object)
{
	if (slice_is(object, "subscriber"))
		return OBJECT_SUBSCRIBER;
	if (slice_is(object, "spam-report"))
		return OBJECT_SPAM_REPORT;
	return memchr(object.data, '/', object.len) != NULL ? OBJECT_NETWORK
							    : OBJECT_DOMAIN;
}

static void
agree(struct record *record, enum role role)
{
	struct fail fail = FAIL_INIT;

	for (unsigned i = 1; i <= 18; i++) {
		char purpose[4];
		struct consent consent = {.audience = AUDIENCE_ANY,
		    .given = true,
		    .time = 1700000000};

		snprintf(purpose, sizeof(purpose), "p%u", i);
		consent.purpose = slice_from(purpose);
		assert_true(record_add_consent(record, role, &consent, &fail));
	}
}

/* Every field of every role; those outside `row` differ with the seed. */
static struct record *
record_of(struct arena *arena, const struct row *row, struct slice object,
    unsigned who, unsigned seed)
{
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(
	    arena, type_of(object), OPERATION_CREATE, object, &fail);
	bool wide = object.len > 3 &&
	    memcmp(object.data + object.len - 3, "/28", 3) == 0;

	assert_non_null(record);
	if (type_of(object) == OBJECT_NETWORK)
		assert_true(record_set_plan(record,
		    wide ? SLICE("fixed-16") : SLICE("fixed-8"), &fail));
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;

		assert_true(record_set_role(
		    record, role, (enum kind)(who % KIND_COUNT), &fail));
		if (who >= KIND_COUNT)
			agree(record, role);
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			enum field field = (enum field)f;
			bool named = row_has(row, role, field);
			struct slice value = value_of(
			    arena, r, f, named, named ? SEED_ONE : seed);

			if (!record_set(
				record, role, field, &value, 1, &fail))
				fail_msg("%s.%s: %s", role_name(role),
				    field_info[field].name, fail.text);
		}
	}
	assert_true(record_default_subjects(record, &fail));
	return record;
}

/* --- decisions ------------------------------------------------------------ */

struct got {
	const struct disclosure *disclosure;
	const struct recipient *recipient; /* who is reached: the chain's first */
	size_t onward; /* 0, or 1 + the place in the chain behind */
	struct slice text;
};

static const struct block *
find_block(const struct ruleset *ruleset, const struct record *record,
    unsigned recipient, struct slice purpose)
{
	const struct block *blocks[BLOCKS_MAX];
	size_t count = ruleset_match(ruleset, record, blocks, BLOCKS_MAX);

	assert_true(count <= BLOCKS_MAX);
	for (size_t i = 0; i < count; i++)
		if (blocks[i]->recipient == recipient &&
		    slice_equal(blocks[i]->purpose, purpose))
			return blocks[i];
	return NULL;
}

/* How misu.conf has the recipient reached. */
static const struct conf_recipient *
way_to(const struct recipient *recipient)
{
	const struct conf_recipient *way = conf_recipient(conf, recipient->id);

	if (way == NULL)
		fail_msg("misu.conf has no %.*s", SLICE_ARG(recipient->id));
	return way;
}

static struct slice
render(struct arena *arena, const struct disclosure *disclosure,
    const struct recipient *recipient)
{
	const struct conf_recipient *way = way_to(recipient);
	struct fail fail = FAIL_INIT;
	struct slice text = way->channel == CHANNEL_DESK
	    ? workitem_render(disclosure, arena, &fail)
	    : template_render(way->template, disclosure, &way->placeholders,
		  arena, &fail);

	if (text.data == NULL)
		fail_msg("%s", fail.text);
	return text;
}

/* Decide for the one misu itself reaches, and find the row's recipient. */
static struct got
decide_row(struct arena *arena, const struct ruleset *ruleset,
    const struct row *row, const struct record *record)
{
	static const struct decide_given asked = {.approved = false};
	static const struct decide_given approved = {.approved = true};
	struct got got = {.onward = 0};
	struct fail fail = FAIL_INIT;
	struct slice purpose = row->purpose;
	const struct block *block;
	unsigned index;

	if (!ruleset_find_recipient(ruleset, row->recipient, &index))
		fail_msg("line %u: no such recipient", row->line);
	while (ruleset_recipient(ruleset, index)->via >= 0) {
		index = (unsigned)ruleset_recipient(ruleset, index)->via;
		purpose = SLICE("p10");
	}
	got.recipient = ruleset_recipient(ruleset, index);
	block = find_block(ruleset, record, index, purpose);
	if (block == NULL)
		fail_msg("line %u: no block", row->line);
	got.disclosure = decide(ruleset, block, record,
	    row->approved ? &approved : &asked, arena, &fail);
	assert_non_null(got.disclosure);
	if (slice_equal(got.recipient->id, row->recipient))
		return got;
	while (got.onward < disclosure_onward_count(got.disclosure))
		if (slice_equal(disclosure_onward(got.disclosure, got.onward++)
				    ->id,
			row->recipient))
			return got;
	fail_msg("line %u: nobody of this name behind", row->line);
	return got;
}

static bool
passes(enum verdict verdict)
{
	return verdict == VERDICT_FORWARD || verdict == VERDICT_REPLACE ||
	    verdict == VERDICT_GENERALISE;
}

static struct ruling
ruling_of(const struct got *got, enum role role, enum field field)
{
	return got->onward == 0
	    ? disclosure_ruling(got->disclosure, role, field)
	    : disclosure_onward_ruling(
		  got->disclosure, got->onward - 1, role, field);
}

/* The rule that lets an item pass stands in the file the row names. */
static void
check_place(const struct row *row, const struct ruleset *ruleset, unsigned rule)
{
	struct slice place = ruleset_rule_place(ruleset, rule);
	char start[60];
	int len = snprintf(start, sizeof(start), "%.*s.policy:",
	    SLICE_ARG(row->file));

	if (memmem(place.data, place.len, start, (size_t)len) == NULL)
		fail_msg("line %u: carried out at %.*s", row->line,
		    SLICE_ARG(place));
}

static void
check_verdicts(const struct row *row, const struct got *got,
    const struct record *record)
{
	const struct ruleset *ruleset = disclosure_ruleset(got->disclosure);

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			enum role role = (enum role)r;
			enum field field = (enum field)f;
			struct ruling ruling = ruling_of(got, role, field);
			struct values has = disclosure_values(
			    got->disclosure, role, field);
			struct values gave =
			    record_values(record, role, field);

			if (passes(ruling.verdict) != row_has(row, role, field))
				fail_msg("line %u: %s.%s: %s by %.*s",
				    row->line, role_name(role),
				    field_info[field].name,
				    verdict_name(ruling.verdict),
				    SLICE_ARG(ruleset_rule_place(
					ruleset, ruling.rule)));
			if (!row_has(row, role, field)) {
				if (got->onward == 0)
					assert_int_equal(has.count, 0);
				continue;
			}
			assert_int_equal(has.count, gave.count);
			assert_true(slice_equal(has.items[0], gave.items[0]));
			check_place(row, ruleset, ruling.rule);
		}
	}
}

/* --- what left ------------------------------------------------------------ */

static const char *
find(struct slice text, struct slice needle)
{
	return memmem(text.data, text.len, needle.data, needle.len);
}

/* As the recipient's template writes values. */
static struct slice
escaped(struct arena *arena, const struct recipient *recipient,
    struct slice value)
{
	const struct conf_recipient *way = way_to(recipient);
	struct text text = text_start(arena);

	if (slice_is(way->suffix, ".json"))
		text_add_json_escaped(&text, value);
	else if (slice_is(way->suffix, ".form"))
		text_add_percent(&text, value);
	else
		text_add(&text, value);
	return text_slice(&text);
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* Where the whole value stands, with nothing run into it; NULL: nowhere. */
static const char *
find_whole(struct slice text, struct slice value)
{
	const char *end = text.data + text.len, *at;
	struct slice rest = text;

	while ((at = find(rest, value)) != NULL) {
		if ((at == text.data || !is_alnum(at[-1])) &&
		    (at + value.len == end || !is_alnum(at[value.len])))
			return at;
		rest = (struct slice){at + 1, (size_t)(end - at - 1)};
	}
	return NULL;
}

/* The line a value stands on. */
static struct slice
line_of(struct slice text, const char *at)
{
	const char *start = at, *end;

	while (start > text.data && start[-1] != '\n')
		start--;
	end = memchr(at, '\n', (size_t)(text.data + text.len - at));
	return (struct slice){start,
	    (size_t)((end != NULL ? end : text.data + text.len) - start)};
}

/* Whoever publishes is told, beside each value, whether to. */
static void
check_mark(const struct row *row, const struct got *got, struct slice line,
    bool shown)
{
	const struct recipient *behind =
	    disclosure_onward(got->disclosure, got->onward - 1);

	if (!behind->public ||
	    ruleset_recipient(disclosure_ruleset(got->disclosure),
		(unsigned)behind->via) != got->recipient)
		return;
	if ((find(line, SLICE("publish: yes")) != NULL) != shown ||
	    (find(line, SLICE("publish: no")) != NULL) == shown)
		fail_msg("line %u: the mark is wrong: %.*s", row->line,
		    SLICE_ARG(line));
}

static void
check_text(struct arena *arena, const struct row *row, const struct got *got,
    const struct record *record)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			enum role role = (enum role)r;
			enum field field = (enum field)f;
			bool expected = disclosure_values(got->disclosure, role,
			    field).count != 0;
			struct slice value = escaped(arena, got->recipient,
			    record_values(record, role, field).items[0]);
			const char *at = find_whole(got->text, value);

			if (got->onward == 0)
				expected = row_has(row, role, field);
			if (expected ? at == NULL
				     : field != FIELD_COUNTRY &&
				    find(got->text, value) != NULL)
				fail_msg("line %u: %s.%s %s in:\n%.*s",
				    row->line, role_name(role),
				    field_info[field].name,
				    expected ? "is not" : "is",
				    SLICE_ARG(got->text));
			if (expected && got->onward != 0)
				check_mark(row, got, line_of(got->text, at),
				    row_has(row, role, field));
		}
	}
}

/* In no encoding that a wire or a file could give it. */
static void
check_canaries(const struct row *row, struct slice text)
{
	static const struct slice canaries[] = {
	    {LETTERS, sizeof(LETTERS) - 1}, {DIGITS, sizeof(DIGITS) - 1}};
	struct canary_found found;

	if (canary_find(text, canaries, 2, &found))
		fail_msg("line %u: a value that is not the row's left as %s",
		    row->line, found.how);
}

/* The same but for values the row does not name: the same bytes. */
static void
check_blind(struct arena *arena, const struct ruleset *ruleset,
    const struct row *row, struct slice object, unsigned who)
{
	struct slice texts[2];

	for (unsigned i = 0; i < 2; i++) {
		struct record *record =
		    record_of(arena, row, object, who, SEED_ONE + i);
		struct got got = decide_row(arena, ruleset, row, record);

		texts[i] = render(arena, got.disclosure, got.recipient);
	}
	if (!slice_equal(texts[0], texts[1]))
		fail_msg("line %u: what left depends on what may not:\n%.*s\n"
			 "%.*s",
		    row->line, SLICE_ARG(texts[0]), SLICE_ARG(texts[1]));
}

static void
check_held(const struct row *row, const struct got *got)
{
	enum verdict verdict = disclosure_outcome(got->disclosure).verdict;

	if (verdict != VERDICT_HOLD)
		fail_msg("line %u: not held but %s", row->line,
		    verdict_name(verdict));
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			assert_int_equal(disclosure_values(got->disclosure,
			    (enum role)r, (enum field)f).count, 0);
}

static void
check_row(const struct ruleset *ruleset, const struct row *row,
    struct slice object, unsigned who)
{
	struct arena *arena = arena_create(NULL);
	struct record *record = record_of(arena, row, object, who, SEED_ONE);
	struct got got = decide_row(arena, ruleset, row, record);

	if (row->held) {
		check_held(row, &got);
		arena_destroy(arena);
		return;
	}
	if (disclosure_outcome(got.disclosure).verdict != VERDICT_FORWARD)
		fail_msg("line %u: %.*s: %s", row->line, SLICE_ARG(object),
		    disclosure_reason(got.disclosure).data);
	check_verdicts(row, &got, record);
	got.text = render(arena, got.disclosure, got.recipient);
	check_text(arena, row, &got, record);
	if (got.onward == 0) {
		check_canaries(row, got.text);
		check_blind(arena, ruleset, row, object, who);
	}
	arena_destroy(arena);
}

/* --- the tests ------------------------------------------------------------ */

static void
every_row_gets_its_items_and_no_more(void **state)
{
	size_t walked = 0;

	(void)state;
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];

		for (unsigned rev = 0; rev < REVISIONS; rev++)
			for (size_t o = 0; o < row->object_count; o++)
				for (unsigned w = 0; w < WHO_COUNT; w++) {
					if ((row->revisions & 1u << rev) == 0 ||
					    (row->who & 1u << w) == 0)
						continue;
					check_row(rulesets[rev], row,
					    row->objects[o], w);
					walked++;
				}
	}
	assert_true(walked > 500);
}

static void
every_method_of_the_source_is_some_recipients(void **state)
{
	bool used[METHOD_COUNT] = {false};

	(void)state;
	for (size_t i = 0; i < rows->method_count; i++) {
		const struct method_row *row = &rows->methods[i];

		for (unsigned rev = 0; rev < REVISIONS; rev++)
			for (size_t k = 0; k < row->recipient_count; k++) {
				const struct recipient *recipient;
				unsigned index;

				if (!ruleset_find_recipient(rulesets[rev],
					row->recipients[k], &index))
					fail_msg("line %u: no such recipient",
					    row->line);
				recipient =
				    ruleset_recipient(rulesets[rev], index);
				assert_true(slice_is(row->method,
				    method_name(recipient->method)));
				used[recipient->method] = true;
			}
	}
	for (unsigned m = 0; m < METHOD_NONE; m++)
		assert_true(used[m]);
}

/* A recipient or a purpose nobody walked would be one nobody checked. */
static void
every_block_of_the_policy_has_a_row(void **state)
{
	(void)state;
	for (unsigned rev = 0; rev < REVISIONS; rev++)
		for (size_t b = 0; b < ruleset_block_count(rulesets[rev]);
		     b++) {
			const struct block *block =
			    ruleset_block(rulesets[rev], (unsigned)b);
			struct slice id =
			    ruleset_recipient(rulesets[rev], block->recipient)
				->id;
			bool found = false;

			for (size_t i = 0; i < rows->count; i++)
				if ((rows->items[i].revisions & 1u << rev) !=
					0 &&
				    slice_equal(rows->items[i].recipient, id) &&
				    slice_equal(rows->items[i].purpose,
					block->purpose))
					found = true;
			if (!found)
				fail_msg("revision %u: %.*s for %.*s has no "
					 "row",
				    rev + 1, SLICE_ARG(id),
				    SLICE_ARG(block->purpose));
		}
}

/* Not even a warning: each field that may go is printed, and marked. */
static void
misu_conf_expresses_both_revisions(void **state)
{
	struct slice diagnostics = SLICE("");
	struct fail fail = FAIL_INIT;

	(void)state;
	for (unsigned i = 0; i < REVISIONS; i++)
		conf_check(conf, rulesets[i], whole, &diagnostics, &fail);
	conf_check_idle(conf, (const struct ruleset *const *)rulesets,
	    REVISIONS, whole, &diagnostics, &fail);
	if (diagnostics.len != 0)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_gets_its_items_and_no_more),
	    cmocka_unit_test(every_method_of_the_source_is_some_recipients),
	    cmocka_unit_test(every_block_of_the_policy_has_a_row),
	    cmocka_unit_test(misu_conf_expresses_both_revisions),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
