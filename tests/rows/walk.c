#include "rows/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "codec/workitem.h"

enum { BLOCKS_MAX = 64, FILE_ROOM = 1 << 17 };

static struct arena *loading; /* of load(), which has no other way to it */

struct slice
walk_read(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	char *data;
	size_t len;

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	data = arena_take(arena, FILE_ROOM);
	assert_non_null(data);
	len = fread(data, 1, FILE_ROOM, file);
	assert_true(len < FILE_ROOM);
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
	*text = walk_read(loading, path);
	return true;
}

static void
load_conf(struct walk *walk)
{
	static char directory[] = "conf";
	const struct policy_loader loader = {load, directory};
	struct policy_source source = {.name = SLICE("misu.conf")};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;

	load(directory, source.name, &source.text);
	walk->conf = conf_parse(walk->arena, &source, &loader, &diagnostics, &fail);
	if (walk->conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
}

static struct ruleset *
load_revision(const struct walk *walk, unsigned number)
{
	static char directory[] = "conf/policy";
	const struct policy_loader loader = {load, directory};
	struct policy_source source;
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	struct ruleset *ruleset;
	char name[40];

	snprintf(name, sizeof(name), "revision-%u.policy", number);
	source.name = arena_copy(walk->arena, slice_from(name));
	load(directory, source.name, &source.text);
	ruleset = policy_load(walk->arena, &source, &loader,
	    walk->conf->networks, walk->conf->network_count, &diagnostics, &fail);
	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	return ruleset;
}

struct walk *
walk_open(void)
{
	struct arena *arena = arena_create(NULL);
	struct walk *walk = arena_take(arena, sizeof(*walk));

	assert_non_null(walk);
	loading = walk->arena = arena;
	walk->rows = rows_read(arena, walk_read(arena, "tests/rows/rows.tbl"));
	load_conf(walk);
	for (unsigned i = 0; i < REVISIONS; i++)
		walk->rulesets[i] = load_revision(walk, i + 1);
	return walk;
}

void
walk_close(struct walk *walk)
{
	arena_destroy(walk->arena);
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
	    named ? NAMED_LETTERS : LETTERS, role, field, seed);
	snprintf(digits, sizeof(digits), "%s%02u%02u%u",
	    named ? NAMED_DIGITS : DIGITS, role, field, seed);
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

struct record *
walk_record(struct arena *arena, const struct row *row, struct slice object,
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

const struct conf_recipient *
walk_way(const struct walk *walk, const struct recipient *recipient)
{
	const struct conf_recipient *way =
	    conf_recipient(walk->conf, recipient->id);

	if (way == NULL)
		fail_msg("misu.conf has no %.*s", SLICE_ARG(recipient->id));
	return way;
}

struct slice
walk_render(
    struct arena *arena, const struct walk *walk, const struct expected *got)
{
	const struct conf_recipient *way = walk_way(walk, got->recipient);
	struct fail fail = FAIL_INIT;
	struct slice text = way->channel == CHANNEL_DESK
	    ? workitem_render(got->disclosure, arena, &fail)
	    : template_render(way->template, got->disclosure,
		  &way->placeholders, arena, &fail);

	if (text.data == NULL)
		fail_msg("%s", fail.text);
	return text;
}

struct expected
walk_decide(struct arena *arena, const struct ruleset *ruleset,
    const struct row *row, const struct record *record)
{
	static const struct decide_given asked = {.approved = false};
	static const struct decide_given approved = {.approved = true};
	struct expected got = {.onward = 0};
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

