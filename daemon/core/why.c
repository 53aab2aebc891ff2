#include "core/why.h"

#include "base/date.h"
#include "core/inputs.h"
#include "core/policy_explain.h"
#include "core/policy_tree.h"

struct why {
	const struct why_given *given;
	const struct entry_rulings *rulings;
	struct text out;
	struct arena *arena;
};

static void
add_time(struct text *out, int64_t time)
{
	char printed[DATE_SIZE];

	date_print(time / 1000, 0, printed);
	text_add_string(out, printed);
}

static void
add_line(struct why *why, const char *name, struct slice value)
{
	text_add_format(&why->out, "  %-10s ", name);
	text_add(&why->out, value.len != 0 ? value : SLICE("-"));
}

/* --- who gets it --- */

static void
add_recipient(struct why *why, const char *name, struct slice id)
{
	const struct ruleset *ruleset = why->given->ruleset;
	const struct recipient *is;
	unsigned index;

	add_line(why, name, id);
	if (ruleset == NULL || !ruleset_find_recipient(ruleset, id, &index)) {
		text_add_char(&why->out, '\n');
		return;
	}
	is = ruleset_recipient(ruleset, index);
	text_add_string(&why->out, ", \"");
	text_add(&why->out, is->title);
	text_add_string(
	    &why->out, is->public ? "\", unspecified persons" : "\"");
	if (is->country.len != 0) {
		text_add_string(&why->out, ", in ");
		text_add(&why->out, is->country);
	}
	if (is->method != METHOD_NONE)
		text_add_format(&why->out, ", by %s", method_name(is->method));
	text_add_char(&why->out, '\n');
	policy_explain_ceiling(
	    ruleset, index, "             may receive ", &why->out);
}

static void
add_purpose(struct why *why)
{
	struct slice title;

	add_line(why, "for", why->rulings->purpose);
	if (why->given->ruleset != NULL &&
	    ruleset_find_purpose(
		why->given->ruleset, why->rulings->purpose, &title)) {
		text_add_string(&why->out, ", \"");
		text_add(&why->out, title);
		text_add_char(&why->out, '"');
	}
	text_add_string(&why->out, "\n");
	add_line(why, "basis", why->rulings->basis);
	text_add_char(&why->out, '\n');
}

static void
add_policy(struct why *why)
{
	const struct ruleset *ruleset = why->given->ruleset;

	text_add_string(&why->out, "  policy     ");
	if (ruleset != NULL) {
		text_add(&why->out, ruleset_name(ruleset));
		text_add_format(&why->out, " revision %u, effective ",
		    ruleset_revision(ruleset));
		add_time(&why->out, ruleset_effective(ruleset) * 1000);
		text_add_string(&why->out, ", ");
	}
	text_add_hex(&why->out, why->rulings->policy.bytes, DIGEST_SIZE);
	text_add_string(&why->out, "\n  setup      ");
	text_add_hex(&why->out, why->rulings->setup.bytes, DIGEST_SIZE);
	text_add_char(&why->out, '\n');
	if (ruleset == NULL) {
		text_add_string(
		    &why->out, "             its text cannot be shown: ");
		text_add(&why->out, why->given->missing);
		text_add_char(&why->out, '\n');
	}
}

/* "rule 4, conf/x.policy:31: forward name of registrant" */
static void
add_rule(struct why *why, unsigned rule)
{
	const struct ruleset *ruleset = why->given->ruleset;

	text_add_format(&why->out, "rule %u", rule);
	if (rule == 0) {
		text_add_string(&why->out,
		    ": no rule, or the subject had provision stopped or was"
		    " to be forgotten");
	} else if (ruleset != NULL && rule <= ruleset_rule_count(ruleset)) {
		text_add_string(&why->out, ", ");
		text_add(&why->out, ruleset_rule_place(ruleset, rule));
		text_add_string(&why->out, ": ");
		text_add(&why->out, ruleset_rule_text(ruleset, rule));
	}
	text_add_char(&why->out, '\n');
}

static void
add_outcome(struct why *why)
{
	struct ruling outcome = why->rulings->outcome;

	text_add_string(&why->out, "  outcome    ");
	if (outcome.verdict == VERDICT_FORWARD) {
		text_add_string(
		    &why->out, why->rulings->has_payload
				   ? "it was to go\n"
				   : "decided; nothing was to be sent\n");
		return;
	}
	text_add_format(&why->out, "%s, ", verdict_name(outcome.verdict));
	if (outcome.rule == 0 && outcome.verdict == VERDICT_REFUSE)
		text_add_string(&why->out,
		    "rule 0: the subject had provision stopped or was to be "
		    "forgotten, or no block is for this object\n");
	else
		add_rule(why, outcome.rule);
}

/* Not by a channel of misu.conf: who asked was answered with it. */
static bool
is_by_token(const struct entry_rulings *rulings)
{
	return rulings->case_id.len != 0 && slice_is(rulings->channel, "rdap");
}

static void
add_head(struct why *why)
{
	const struct entry_rulings *rulings = why->rulings;

	text_add_format(&why->out, "entry %llu, ",
	    (unsigned long long)why->given->shown.index);
	add_time(&why->out, rulings->time);
	text_add_format(&why->out, ": %s of a %s\n",
	    operation_name(rulings->operation),
	    object_type_name(rulings->type));
	add_line(why, "object",
	    why->given->shown.object.len != 0 ? why->given->shown.object
					      : SLICE("(name not shown)"));
	text_add_char(&why->out, '\n');
	add_recipient(why, "to", rulings->own.recipient);
	for (size_t i = 0; i < rulings->onward_count; i++)
		add_recipient(why, "behind it", rulings->onward[i].recipient);
	add_purpose(why);
	add_line(why, "channel", rulings->channel);
	text_add_char(&why->out, '\n');
	add_line(why, "request", rulings->request);
	text_add_char(&why->out, '\n');
	if (rulings->case_id.len != 0) {
		add_line(why, "case", rulings->case_id);
		text_add_string(&why->out, is_by_token(rulings)
			? ", to one who had a token for it\n"
			: ", in which it was given out\n");
	}
	add_policy(why);
	add_outcome(why);
	if (rulings->supersedes != ENTRY_NONE)
		text_add_format(&why->out,
		    "  supersedes entry %llu, decided anew\n",
		    (unsigned long long)rulings->supersedes);
}

/* --- what came of each field --- */

/* Of one role, the fields that one rule decided alike, and the rule. */
static void
add_alike(struct why *why, const struct entry_table *table, enum role role,
    uint64_t *left)
{
	struct ruling first = {.rule = 0};
	const char *comma = "";

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		struct ruling ruling = table->rulings[role][f];

		if ((*left & FIELD_BIT(f)) == 0)
			continue;
		if (*comma == '\0') {
			first = ruling;
			text_add_format(&why->out, "    %-10s ",
			    verdict_name(ruling.verdict));
		}
		if (ruling.verdict != first.verdict ||
		    ruling.rule != first.rule)
			continue;
		text_add_format(&why->out, "%s%s", comma, field_info[f].name);
		comma = ", ";
		*left &= ~FIELD_BIT(f);
	}
	text_add_string(&why->out, "\n               by ");
	add_rule(why, first.rule);
}

static void
add_table(struct why *why, const struct entry_table *table)
{
	uint64_t left;

	text_add_string(&why->out, "\nfields, to ");
	text_add(&why->out, table->recipient);
	text_add_char(&why->out, '\n');
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if (!table->has_role[r])
			continue;
		text_add_format(&why->out, "  %s\n",
		    object_role_name(why->rulings->type, (enum role)r));
		left = table->listed[r];
		while (left != 0)
			add_alike(why, table, (enum role)r, &left);
	}
}

/* --- step by step --- */

static bool
add_blocks(struct why *why, const struct record *record, struct fail *fail)
{
	const struct ruleset *ruleset = why->given->ruleset;
	const struct block *block = ruleset_find_block(ruleset, record,
	    why->rulings->own.recipient, why->rulings->purpose);
	const struct block *onward[64];
	size_t count;
	struct slice text;

	if (block == NULL) {
		text_add_string(&why->out, "  no block was for this object\n");
		return true;
	}
	text = policy_explain_block(ruleset, record, block, why->arena, fail);
	text_add(&why->out, text);
	count = ruleset_onward(ruleset, block, record, onward, 64);
	for (size_t i = 0; text.data != NULL && i < count && i < 64; i++) {
		text = policy_explain_block(
		    ruleset, record, onward[i], why->arena, fail);
		text_add(&why->out, text);
	}
	return text.data != NULL;
}

static void
add_contact(struct why *why, const struct record *record)
{
	const struct entry_table *own = &why->rulings->own;
	unsigned before = 0;

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		unsigned rule = own->rulings[CONTACT_ROLE][f].rule;

		if ((own->listed[CONTACT_ROLE] & FIELD_BIT(f)) == 0 ||
		    rule == before || rule == 0)
			continue;
		before = rule;
		text_add_string(&why->out, "        by ");
		add_rule(why, rule);
		policy_explain_contact_rule(
		    why->given->ruleset, record, rule, &why->out);
	}
}

/* Does the policy that was kept say the same of the inputs that were? */
static bool
is_confirmed(struct why *why, const struct stand_in *stand_in, bool *confirmed,
    struct fail *fail)
{
	const struct entry_rulings *rulings = why->rulings;
	const struct ruleset *ruleset = why->given->ruleset;
	const struct record *record = stand_in_record(stand_in);
	const struct block *block = ruleset_find_block(
	    ruleset, record, rulings->own.recipient, rulings->purpose);
	const struct disclosure *again;
	unsigned recipient;

	*confirmed = false;
	if (!ruleset_find_recipient(
		ruleset, rulings->own.recipient, &recipient))
		return true;
	if (rulings->type < OBJECT_SUBMITTED && block == NULL)
		return true;
	again = stand_in_decide(stand_in, recipient, block, why->arena, fail);
	if (again == NULL)
		return false;
	*confirmed = true;
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = (enum role)(slot / FIELD_COUNT);
		enum field field = (enum field)(slot % FIELD_COUNT);
		struct ruling is = disclosure_ruling(again, role, field);
		struct ruling was = rulings->own.rulings[role][field];

		if ((rulings->own.listed[role] & FIELD_BIT(field)) != 0 &&
		    (is.verdict != was.verdict || is.rule != was.rule))
			*confirmed = false;
	}
	return true;
}

/* What misu.conf presumes is nobody's word. */
static void
add_presumed(struct why *why, const struct inputs *inputs)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct inputs_role *role = &inputs->roles[r];

		if (role->is_there && role->is_presumed)
			text_add_format(&why->out,
			    "  nobody told the kind of %s: by misu.conf it is "
			    "%s\n",
			    object_role_name(why->rulings->type, (enum role)r),
			    kind_name(role->kind));
	}
}

static bool
explain(struct why *why, const struct inputs *inputs, struct fail *fail)
{
	const struct stand_in_given given = {.inputs = inputs,
	    .was = why->given->ruleset,
	    .now = why->given->ruleset,
	    .type = why->rulings->type,
	    .operation = why->rulings->operation,
	    .object = why->given->shown.object};
	struct stand_in *stand_in = stand_in_create(&given, why->arena, fail);
	bool confirmed = false;

	if (stand_in == NULL || !is_confirmed(why, stand_in, &confirmed, fail))
		return false;
	add_presumed(why, inputs);
	if (inputs->approved)
		text_add_string(&why->out, is_by_token(why->rulings)
			? "  an operator had approved it, for the token\n"
			: "  an operator had approved what was held\n");
	if (inputs->in_scope)
		add_contact(why, stand_in_record(stand_in));
	else if (!add_blocks(why, stand_in_record(stand_in), fail))
		return false;
	text_add_string(&why->out,
	    confirmed ? "  decided again from what was kept: the same\n"
		      : "  decided again from what was kept: NOT the same\n");
	return true;
}

static bool
add_steps(struct why *why, struct fail *fail)
{
	struct inputs inputs;

	text_add_string(&why->out, "\nstep by step\n");
	if (why->given->ruleset == NULL || why->given->shown.object.len == 0 ||
	    why->given->inputs.len == 0 ||
	    !inputs_read(why->given->inputs, why->arena, &inputs) ||
	    inputs.too_much) {
		text_add_string(&why->out,
		    "  what it was decided by cannot be shown: it was not "
		    "kept, the subject was forgotten,\n  or the master key "
		    "cannot be read here\n");
		return true;
	}
	return explain(why, &inputs, fail);
}

static void
add_later(struct why *why)
{
	text_add_string(&why->out, "\nafterwards\n");
	for (size_t i = 0; i < why->given->later_count; i++) {
		text_add_string(&why->out, "  ");
		text_add(&why->out,
		    entry_print_text(why->arena, &why->given->later[i]));
		text_add_char(&why->out, '\n');
	}
	if (why->given->later_count == 0)
		text_add_string(&why->out, "  nothing is recorded yet\n");
}

static bool
start(struct why *why, const struct why_given *given, struct arena *arena,
    struct fail *fail)
{
	*why = (struct why){.given = given,
	    .rulings = entry_rulings_read(given->shown.entry, arena),
	    .out = text_start(arena),
	    .arena = arena};
	return why->rulings != NULL ||
	       fail_set(fail, FAIL_INPUT, "entry %llu is no disclosure",
		   (unsigned long long)given->shown.index);
}

struct slice
why_text(const struct why_given *given, struct arena *arena, struct fail *fail)
{
	struct slice nothing = {NULL, 0}, out;
	struct why why;

	if (!start(&why, given, arena, fail))
		return nothing;
	add_head(&why);
	add_table(&why, &why.rulings->own);
	for (size_t i = 0; i < why.rulings->onward_count; i++)
		add_table(&why, &why.rulings->onward[i]);
	if (!add_steps(&why, fail))
		return nothing;
	add_later(&why);
	out = text_slice(&why.out);
	if (out.data == NULL)
		fail_memory(fail);
	return out;
}

/* --- the same for programs --- */

static void
add_member(struct text *out, const char *name, struct slice value)
{
	text_add_format(out, ",\"%s\":", name);
	text_add_json(out, value);
}

static void
json_recipient(struct why *why, struct slice id)
{
	const struct ruleset *ruleset = why->given->ruleset;
	const struct recipient *is;
	struct text ceiling = text_start(why->arena);
	unsigned index;

	text_add_string(&why->out, "{\"id\":");
	text_add_json(&why->out, id);
	if (ruleset != NULL && ruleset_find_recipient(ruleset, id, &index)) {
		is = ruleset_recipient(ruleset, index);
		policy_explain_ceiling(ruleset, index, "", &ceiling);
		add_member(&why->out, "title", is->title);
		add_member(&why->out, "country", is->country);
		add_member(&why->out, "basis", is->basis);
		add_member(
		    &why->out, "method", slice_from(method_name(is->method)));
		text_add_format(
		    &why->out, ",\"public\":%s", is->public ? "true" : "false");
		add_member(&why->out, "may_receive", text_slice(&ceiling));
	}
	text_add_char(&why->out, '}');
}

static void
json_ruling(struct why *why, struct ruling ruling)
{
	const struct ruleset *ruleset = why->given->ruleset;

	text_add_format(&why->out, "{\"verdict\":\"%s\",\"rule\":%u",
	    verdict_name(ruling.verdict), ruling.rule);
	if (ruleset != NULL && ruling.rule != 0 &&
	    ruling.rule <= ruleset_rule_count(ruleset)) {
		add_member(&why->out, "place",
		    ruleset_rule_place(ruleset, ruling.rule));
		add_member(
		    &why->out, "text", ruleset_rule_text(ruleset, ruling.rule));
	}
	text_add_char(&why->out, '}');
}

static void
json_role(struct why *why, const struct entry_table *table, enum role role)
{
	const char *comma = "";

	text_add_format(
	    &why->out, "\"%s\":{", object_role_name(why->rulings->type, role));
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if ((table->listed[role] & FIELD_BIT(f)) == 0)
			continue;
		text_add_format(
		    &why->out, "%s\"%s\":", comma, field_info[f].name);
		json_ruling(why, table->rulings[role][f]);
		comma = ",";
	}
	text_add_char(&why->out, '}');
}

static void
json_table(struct why *why, const struct entry_table *table)
{
	const char *comma = "";

	text_add_string(&why->out, "{\"recipient\":");
	json_recipient(why, table->recipient);
	text_add_string(&why->out, ",\"fields\":{");
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if (!table->has_role[r])
			continue;
		text_add_string(&why->out, comma);
		json_role(why, table, (enum role)r);
		comma = ",";
	}
	text_add_string(&why->out, "}}");
}

static void
json_policy(struct why *why)
{
	const struct ruleset *ruleset = why->given->ruleset;

	text_add_string(&why->out, ",\"policy\":{\"identity\":\"");
	text_add_hex(&why->out, why->rulings->policy.bytes, DIGEST_SIZE);
	text_add_char(&why->out, '"');
	if (ruleset != NULL) {
		add_member(&why->out, "name", ruleset_name(ruleset));
		text_add_format(
		    &why->out, ",\"revision\":%u", ruleset_revision(ruleset));
	} else {
		add_member(&why->out, "missing", why->given->missing);
	}
	text_add_string(&why->out, "},\"setup\":\"");
	text_add_hex(&why->out, why->rulings->setup.bytes, DIGEST_SIZE);
	text_add_char(&why->out, '"');
}

static void
json_later(struct why *why)
{
	text_add_string(&why->out, ",\"later\":[");
	for (size_t i = 0; i < why->given->later_count; i++) {
		if (i != 0)
			text_add_char(&why->out, ',');
		text_add(&why->out,
		    entry_print_json(why->arena, &why->given->later[i]));
	}
	text_add_char(&why->out, ']');
}

/* The steps as the text has them: they are for people. */
static bool
json_steps(struct why *why, struct fail *fail)
{
	struct text out = why->out;
	struct slice steps;

	why->out = text_start(why->arena);
	if (!add_steps(why, fail))
		return false;
	steps = text_slice(&why->out);
	why->out = out;
	add_member(&why->out, "steps", steps);
	return true;
}

static void
json_head(struct why *why)
{
	struct slice title;

	text_add_format(&why->out, "{\"entry\":%llu,\"time\":%lld",
	    (unsigned long long)why->given->shown.index,
	    (long long)why->rulings->time);
	add_member(&why->out, "operation",
	    slice_from(operation_name(why->rulings->operation)));
	add_member(&why->out, "type",
	    slice_from(object_type_name(why->rulings->type)));
	if (why->given->shown.object.len != 0)
		add_member(&why->out, "object", why->given->shown.object);
	add_member(&why->out, "channel", why->rulings->channel);
	add_member(&why->out, "request", why->rulings->request);
	if (why->rulings->case_id.len != 0)
		add_member(&why->out, "case", why->rulings->case_id);
	add_member(&why->out, "basis", why->rulings->basis);
	text_add_string(&why->out, ",\"purpose\":{\"id\":");
	text_add_json(&why->out, why->rulings->purpose);
	if (why->given->ruleset != NULL &&
	    ruleset_find_purpose(
		why->given->ruleset, why->rulings->purpose, &title))
		add_member(&why->out, "title", title);
	text_add_char(&why->out, '}');
	json_policy(why);
	text_add_string(&why->out, ",\"outcome\":");
	json_ruling(why, why->rulings->outcome);
}

struct slice
why_json(const struct why_given *given, struct arena *arena, struct fail *fail)
{
	struct slice nothing = {NULL, 0}, out;
	struct why why;

	if (!start(&why, given, arena, fail))
		return nothing;
	json_head(&why);
	text_add_string(&why.out, ",\"disclosed\":[");
	json_table(&why, &why.rulings->own);
	for (size_t i = 0; i < why.rulings->onward_count; i++) {
		text_add_char(&why.out, ',');
		json_table(&why, &why.rulings->onward[i]);
	}
	text_add_char(&why.out, ']');
	if (!json_steps(&why, fail))
		return nothing;
	json_later(&why);
	text_add_char(&why.out, '}');
	out = text_slice(&why.out);
	if (out.data == NULL)
		fail_memory(fail);
	return out;
}
