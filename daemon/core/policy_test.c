#include "core/policy_test.h"

#include "base/text.h"
#include "core/decide.h"
#include "core/grow.h"
#include "core/match.h"
#include "core/ruleset_priv.h"
#include "core/test_priv.h"

struct named {
	struct slice name;
	struct record *record;
};

struct policy_test {
	struct arena *arena;
	const struct ruleset *ruleset;
	const struct policy_test_loader *loader;
	bool *decided;	       /* by rule number */
	struct named *records; /* of the file being run */
	size_t record_count;
	unsigned expected, unmet;
};

static const char *const begins[] = {"record", "expect", NULL};

struct policy_test *
policy_test_create(struct arena *arena, const struct ruleset *ruleset,
    const struct policy_test_loader *loader)
{
	struct policy_test *test = arena_take(arena, sizeof(*test));

	if (test == NULL)
		return NULL;
	*test = (struct policy_test){
	    .arena = arena, .ruleset = ruleset, .loader = loader};
	test->decided = arena_take_array(
	    arena, ruleset_rule_count(ruleset) + 1, sizeof(bool));
	return test->decided == NULL ? NULL : test;
}

/* `record NAME { ... }` or `record NAME from "file"` */
static bool
parse_record(struct policy_test *test, struct parser *parser)
{
	struct fail fail = FAIL_INIT;
	struct named *more, named;
	struct slice file;
	struct place place;
	struct token token;

	parse_next(parser);
	if (!parse_name(parser, "the record's name", &token))
		return false;
	named.name = token.text;
	if (parse_accept(parser, "from")) {
		place = parser->token.place;
		if (!parse_string(parser, "a file's name", &file))
			return false;
		named.record = test->loader == NULL
				   ? NULL
				   : test->loader->load(test->loader->context,
					 file, test->arena, &fail);
		if (named.record == NULL)
			return test_wrong(parser, place,
			    test->loader == NULL
				? SLICE(
				      "records from files cannot be read here")
				: slice_from(fail.text));
	} else if (!test_record(parser, &named.record)) {
		return false;
	}
	more =
	    grow(test->arena, test->records, test->record_count, sizeof(named));
	if (more == NULL)
		return parse_memory(parser);
	test->records = more;
	more[test->record_count++] = named;
	return true;
}

static const struct record *
find_record(const struct policy_test *test, struct slice name)
{
	for (size_t i = 0; i < test->record_count; i++)
		if (slice_equal(test->records[i].name, name))
			return test->records[i].record;
	return NULL;
}

/* An expectation that is not met: what is, and by which rule. */
static void
unmet(struct policy_test *test, struct parser *parser, struct place place,
    struct slice what, struct ruling ruling)
{
	struct text text = text_start(test->arena);
	struct text hint = text_start(test->arena);
	enum verdict verdict = ruling.verdict;

	test->unmet++;
	text_add(&text, what);
	text_add_format(&text, ": %s",
	    what.len != 0 && verdict == VERDICT_FORWARD && ruling.rule == 0
		? "pass"
		: verdict_name(verdict));
	if (ruling.rule != 0) {
		text_add_format(&hint, "rule %u, %.*s: ", ruling.rule,
		    SLICE_ARG(ruleset_rule_place(test->ruleset, ruling.rule)));
		text_add(&hint, ruleset_rule_text(test->ruleset, ruling.rule));
	}
	complain(parser->complaints, place, COMPLAINT_OTHER, text_slice(&text),
	    text_slice(&hint));
}

static void
check_slots(struct policy_test *test, struct parser *parser, struct place place,
    const struct disclosure *disclosure, enum verdict verdict, uint64_t fields,
    unsigned roles)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		enum role role = (enum role)(i / FIELD_COUNT);
		enum field field = (enum field)(i % FIELD_COUNT);
		struct ruling ruling;
		struct text slot = text_start(test->arena);

		if ((roles & ROLE_BIT(role)) == 0 ||
		    (fields & FIELD_BIT(field)) == 0)
			continue;
		ruling = disclosure_ruling(disclosure, role, field);
		test->expected++;
		if (ruling.verdict == verdict)
			continue;
		text_add_format(&slot, "%s of %s is not %s but",
		    field_info[field].name, role_name(role),
		    verdict_name(verdict));
		unmet(test, parser, place, text_slice(&slot), ruling);
	}
}

static void
check_outcome(struct policy_test *test, struct parser *parser,
    struct place place, const struct disclosure *disclosure,
    enum verdict verdict)
{
	struct ruling outcome = disclosure_outcome(disclosure);
	struct text what = text_start(test->arena);

	test->expected++;
	if (outcome.verdict == verdict)
		return;
	text_add_format(&what, "the record does not %s but",
	    verdict == VERDICT_FORWARD ? "pass" : verdict_name(verdict));
	unmet(test, parser, place, text_slice(&what), outcome);
}

/* One line of an expectation. */
static bool
parse_line(struct policy_test *test, struct parser *parser,
    const struct disclosure *disclosure)
{
	struct token token;
	enum verdict verdict;
	uint64_t fields;
	unsigned roles;

	if (!parse_word(parser, "a verdict", &token))
		return false;
	if (slice_is(token.text, "pass")) {
		check_outcome(
		    test, parser, token.place, disclosure, VERDICT_FORWARD);
		return true;
	}
	if (!verdict_find(token.text, &verdict))
		return test_wrong(parser, token.place,
		    SLICE("expected pass, hold, refuse, forward, redact, "
			  "replace or generalise"));
	if (verdict == VERDICT_HOLD || verdict == VERDICT_REFUSE) {
		check_outcome(test, parser, token.place, disclosure, verdict);
		return true;
	}
	if (!parse_fields(parser, true, &fields) ||
	    !parse_keyword(parser, "of") || !parse_roles(parser, true, &roles))
		return false;
	check_slots(
	    test, parser, token.place, disclosure, verdict, fields, roles);
	return true;
}

/* The rules that decided what the record has, for the coverage. */
static void
note_rules(struct policy_test *test, const struct disclosure *disclosure)
{
	test->decided[disclosure_outcome(disclosure).rule] = true;
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		enum role role = (enum role)(i / FIELD_COUNT);
		enum field field = (enum field)(i % FIELD_COUNT);

		if (disclosure_collected(disclosure, role, field))
			test->decided[disclosure_ruling(disclosure, role, field)
					  .rule] = true;
	}
}

static const struct block *
find_block(const struct ruleset *ruleset, const struct record *record,
    struct slice recipient, struct slice purpose)
{
	for (size_t b = 0; b < ruleset->block_count; b++) {
		const struct policy_block *block = ruleset->blocks[b].block;

		if (slice_equal(
			ruleset_recipient(ruleset, block->is.recipient)->id,
			recipient) &&
		    slice_equal(block->is.purpose, purpose) &&
		    match_wins(ruleset->policy, block, record_type(record),
			record_object(record)))
			return &block->is;
	}
	return NULL;
}

/* The lines in braces, or `nothing` where there is no block. */
static bool
parse_expected_lines(struct policy_test *test, struct parser *parser,
    const struct record *record, const struct block *block)
{
	struct decide_given given = {.approved = false};
	struct place place = parser->token.place;
	const struct disclosure *disclosure;

	if (parse_accept(parser, "nothing")) {
		test->expected++;
		if (block == NULL)
			return true;
		test->unmet++;
		return test_wrong(
		    parser, place, SLICE("a block is for this record"));
	}
	if (!parse_mark(parser, TOKEN_OPEN))
		return parse_expected(parser, "{ or nothing");
	if (block == NULL) {
		test->expected++;
		test->unmet++;
		return test_wrong(
		    parser, place, SLICE("no block is for this record"));
	}
	disclosure =
	    decide(test->ruleset, block, record, &given, test->arena, NULL);
	if (disclosure == NULL)
		return parse_memory(parser);
	note_rules(test, disclosure);
	while (!parse_mark(parser, TOKEN_CLOSE))
		if (!parse_line(test, parser, disclosure))
			return false;
	return true;
}

/* `expect RECORD to RECIPIENT for PURPOSE { ... }` */
static bool
parse_expect(struct policy_test *test, struct parser *parser)
{
	const struct record *record;
	struct token name, recipient, purpose;
	unsigned index;

	parse_next(parser);
	if (!parse_word(parser, "a record's name", &name) ||
	    !parse_keyword(parser, "to") ||
	    !parse_word(parser, "a recipient", &recipient) ||
	    !parse_keyword(parser, "for") ||
	    !parse_word(parser, "a purpose", &purpose))
		return false;
	record = find_record(test, name.text);
	if (record == NULL)
		return test_wrong(parser, name.place,
		    SLICE("there is no record of this name before here"));
	if (!ruleset_find_recipient(test->ruleset, recipient.text, &index)) {
		complain(parser->complaints, recipient.place,
		    COMPLAINT_RECIPIENT_NONE, recipient.text, NOTHING);
		return false;
	}
	parse_purpose_known(parser, &purpose);
	return parse_expected_lines(test, parser, record,
	    find_block(test->ruleset, record, recipient.text, purpose.text));
}

static void
run(struct policy_test *test, struct parser *parser)
{
	parse_next(parser);
	while (parser->token.type != TOKEN_END && !parser->complaints->failed) {
		bool ok = false;

		if (slice_is(parser->token.text, "record"))
			ok = parse_record(test, parser);
		else if (slice_is(parser->token.text, "expect"))
			ok = parse_expect(test, parser);
		else {
			parse_expected(parser, "record or expect");
			parse_next(parser);
		}
		while (!ok && parser->token.type != TOKEN_END &&
		       !parse_begins(parser, begins))
			parse_next(parser);
	}
}

bool
policy_test_file(struct policy_test *test, const struct policy_source *source,
    struct slice *report, struct fail *fail)
{
	struct complaints complaints = {.arena = test->arena};
	struct source *kept = arena_take(test->arena, sizeof(*kept));
	struct parser parser = {.arena = test->arena,
	    .complaints = &complaints,
	    .policy = test->ruleset->policy};

	*report = NOTHING;
	if (kept == NULL)
		return fail_memory(fail);
	kept->name = source->name;
	kept->text = source->text;
	test->records = NULL;
	test->record_count = 0;
	parser.lexer = lex_start(kept, &complaints);
	run(test, &parser);
	if (complaints.failed)
		return fail_memory(fail);
	if (complaints.count == 0)
		return true;
	*report = complaints_print(&complaints);
	if (report->data == NULL) {
		*report = NOTHING;
		return fail_memory(fail);
	}
	return fail_set(fail, FAIL_INPUT, "%zu expectation%s not met or wrong",
	    complaints.count, complaints.count == 1 ? "" : "s");
}

struct slice
policy_test_summary(struct policy_test *test)
{
	unsigned count = ruleset_rule_count(test->ruleset), decided = 0;
	struct text out = text_start(test->arena);

	for (unsigned i = 1; i <= count; i++)
		decided += test->decided[i];
	text_add_format(&out,
	    "%u expectations, %u not met; %u of %u rules decided something\n",
	    test->expected, test->unmet, decided, count);
	for (unsigned i = 1; i <= count; i++) {
		struct slice place = ruleset_rule_place(test->ruleset, i);

		if (test->decided[i])
			continue;
		text_add_format(
		    &out, "rule %u, %.*s, never: ", i, SLICE_ARG(place));
		text_add(&out, ruleset_rule_text(test->ruleset, i));
		text_add_char(&out, '\n');
	}
	return text_slice(&out);
}
