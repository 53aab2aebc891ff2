/* The steps of a scenario: actor, arrow, what. */
#include "base/text.h"
#include "runner/script_priv.h"

struct step *
reader_step(struct reader *reader, enum step_kind kind)
{
	struct script *script = reader->script;
	struct step *step;

	if (script->step_count == script->step_room) {
		size_t room = script->step_room * 2 + 32;
		struct step *more =
		    arena_take_array(script->arena, room, sizeof(*more));

		if (more == NULL)
			abort();
		if (script->step_count != 0)
			memcpy(more, script->steps,
			    script->step_count * sizeof(*more));
		script->steps = more;
		script->step_room = room;
	}
	step = &script->steps[script->step_count++];
	step->kind = kind;
	step->line = reader_line(reader);
	return step;
}

bool
reader_strings(struct reader *reader, struct step *step)
{
	while (reader->token.kind == TOKEN_STRING) {
		if (step->string_count == STRINGS_MAX)
			return reader_fail(reader, "too many strings");
		if (!reader_string(
			reader, &step->strings[step->string_count++]))
			return false;
	}
	return true;
}

/* [record R] [to A, B] [key K] [waits] in any order */
static bool
read_submit_rest(struct reader *reader, struct step *step)
{
	while (reader->token.kind == TOKEN_WORD) {
		if (reader_skip(reader, "record")) {
			if (script_record(reader->script,
				reader->token.text) == NULL)
				return reader_fail(
				    reader, "no such record above");
			reader_word(reader, &step->record);
		} else if (reader_skip(reader, "waits")) {
			step->waits = true;
		} else if (reader_skip(reader, "key")) {
			if (!reader_word(reader, &step->key))
				return false;
		} else if (reader_skip(reader, "to")) {
			do {
				if (step->to_count == RECIPIENTS_MAX)
					return reader_fail(
					    reader, "too many recipients");
				if (reader->token.kind == TOKEN_COMMA)
					reader_next(reader);
				if (!reader_word(reader,
					&step->to[step->to_count++]))
					return false;
			} while (reader->token.kind == TOKEN_COMMA);
		} else {
			return reader_fail(reader, "not record, to or key");
		}
	}
	return true;
}

/* NAME [from "ADDRESS"] [forged] [lost | unsaid] */
static bool
read_tier(struct reader *reader, struct step *step)
{
	if (!reader_word(reader, &step->name))
		return false;
	if (reader_skip(reader, "from") && !reader_strings(reader, step))
		return false;
	step->number = reader_skip(reader, "forged");
	return reader->token.kind != TOKEN_WORD ||
	    reader_word(reader, &step->verb);
}

static bool
read_ask(struct reader *reader, struct slice actor)
{
	struct step *step = reader_step(reader, STEP_SUBMIT);
	struct slice word;

	if (reader_is_frame(reader)) {
		reader->script->step_count--;
		return reader_frame(reader, actor, false);
	}
	step->actor = actor;
	if (reader_skip(reader, "status")) {
		step->kind = STEP_STATUS;
		return true;
	}
	if (reader_skip(reader, "token")) {
		step->kind = STEP_TIER;
		reader->script->has_cases = true;
		return read_tier(reader, step);
	}
	if (reader_skip(reader, "post")) {
		step->kind = STEP_POST;
		return reader_strings(reader, step) &&
		    read_submit_rest(reader, step);
	}
	if (!reader_skip(reader, "submit"))
		return reader_fail(reader, "not submit, post or status");
	if (!operation_find(reader->token.text, &step->operation))
		return reader_fail(reader, "not an operation");
	if (!reader_word(reader, &word) ||
	    !reader_word(reader, &step->name) ||
	    !read_submit_rest(reader, step))
		return false;
	return step->record.len != 0 ||
	    reader_fail(reader, "a record is missing here");
}

/* VERB NAME "text" ...: the pairs become one text of JSON. */
static bool
read_order(struct reader *reader, struct step *step)
{
	struct text json = text_start(reader->script->arena);
	struct slice name, value;
	bool any = false;

	step->kind = STEP_ORDER;
	reader->script->has_cases = true;
	if (!reader_word(reader, &step->verb))
		return false;
	while (reader->token.kind == TOKEN_WORD) {
		if (!reader_word(reader, &name) ||
		    !reader_string(reader, &value))
			return false;
		text_add_char(&json, any ? ',' : '{');
		text_add_json(&json, name);
		text_add_char(&json, ':');
		text_add_json(&json, value);
		any = true;
	}
	if (any)
		text_add_char(&json, '}');
	step->strings[0] = text_slice(&json);
	step->string_count = any ? 1 : 0;
	return true;
}

static bool
read_operator(struct reader *reader, struct slice actor)
{
	struct step *step = reader_step(reader, STEP_OPERATOR);

	step->actor = actor;
	if (reader_skip(reader, "ask")) {
		step->kind = STEP_ASK;
		return reader_word(reader, &step->verb) &&
		    reader_strings(reader, step);
	}
	if (reader_skip(reader, "order"))
		return read_order(reader, step);
	if (reader_skip(reader, "forget")) {
		step->verb = SLICE("forget");
		if (reader_skip(reader, "now"))
			step->number = 1;
		return reader_strings(reader, step);
	}
	if (!reader_is(reader, "hold") && !reader_is(reader, "desk"))
		return reader_fail(reader, "not hold, desk, ask or order");
	if (!reader_word(reader, &step->name) ||
	    !reader_word(reader, &step->verb))
		return false;
	if (!slice_is(step->verb, "list") &&
	    !reader_number(reader, &step->number))
		return false;
	return reader_strings(reader, step);
}

/* A field without its role is the contact's, or the registrant's. */
static bool
is_field(struct slice word)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (slice_is(word, field_info[f].name) ||
		    slice_is(word, field_info[f].group))
			return true;
	return false;
}

/* One line of a payload's block. */
static bool
read_check(struct reader *reader, struct step *step)
{
	struct script_check *check = &step->checks[step->check_count];
	struct slice word = reader->token.text;
	const char *dot;

	if (step->check_count == CHECKS_MAX)
		return reader_fail(reader, "too many checks");
	step->check_count++;
	if (reader_is(reader, "has") || reader_is(reader, "lacks")) {
		check->kind =
		    reader_is(reader, "has") ? CHECK_HAS : CHECK_LACKS;
		reader_next(reader);
		return reader_string(reader, &check->text);
	}
	dot = reader->token.kind == TOKEN_WORD
	    ? memchr(word.data, '.', word.len)
	    : NULL;
	if (reader->token.kind == TOKEN_WORD && is_field(word)) {
		check->role = ROLE_REGISTRANT;
		check->field = word;
	} else if (dot == NULL ||
	    !role_find(
		(struct slice){word.data, (size_t)(dot - word.data)},
		&check->role)) {
		return reader_fail(reader, "not has, lacks or ROLE.FIELD");
	} else {
		check->field = (struct slice){
		    dot + 1, word.len - (size_t)(dot - word.data) - 1};
	}
	reader_next(reader);
	if (reader->token.kind == TOKEN_STRING) {
		check->kind = CHECK_HAS;
		check->field.len = 0;
		return reader_string(reader, &check->text);
	}
	check->kind =
	    reader_is(reader, "present") ? CHECK_PRESENT : CHECK_ABSENT;
	if (!reader_is(reader, "present") && !reader_is(reader, "absent"))
		return reader_fail(reader, "not present or absent");
	reader_next(reader);
	return true;
}

bool
reader_checks(struct reader *reader, struct step *step)
{
	if (reader->token.kind != TOKEN_OPEN)
		return reader_fail(reader, "a { is missing here");
	step->checks = arena_take_array(
	    reader->script->arena, CHECKS_MAX, sizeof(*step->checks));
	reader_next(reader);
	while (step->checks != NULL && reader->token.kind != TOKEN_CLOSE) {
		if (reader->token.kind == TOKEN_NEWLINE)
			reader_next(reader);
		else if (reader->token.kind == TOKEN_END)
			return reader_fail(reader, "a } is missing here");
		else if (!read_check(reader, step))
			return false;
	}
	reader_next(reader);
	return true;
}

static bool
read_payload(struct reader *reader, struct step *step)
{
	step->kind = STEP_PAYLOAD;
	if (reader_skip(reader, "of") && !reader_word(reader, &step->record))
		return false;
	return reader_checks(reader, step);
}

/* A status and words of its answer, or what a recipient got. */
static bool
read_got(struct reader *reader, struct slice actor)
{
	struct step *step = reader_step(reader, STEP_ANSWER);
	bool taken;

	step->actor = actor;
	if (!reader_heard(reader, step, &taken) || taken)
		return !reader->failed;
	if (reader->token.kind == TOKEN_OPEN || reader_is(reader, "of"))
		return read_payload(reader, step);
	if (reader_skip(reader, "nothing")) {
		step->kind = STEP_NOTHING;
		return true;
	}
	return reader_number(reader, &step->number) &&
	    reader_strings(reader, step);
}

static bool
one_of(struct reader *reader, const char *const *words, const char *complaint)
{
	for (; *words != NULL; words++)
		if (reader_is(reader, *words))
			return true;
	return reader_fail(reader, complaint);
}

static bool
read_behaviour(struct reader *reader, struct slice actor, bool evidence)
{
	static const char *const does[] = {
	    "later", "refused", "unknown", "lost", NULL};
	static const char *const shows[] = {
	    "sent", "not-sent", "refused", "unknown", NULL};
	struct step *step =
	    reader_step(reader, evidence ? STEP_EVIDENCE : STEP_BEHAVE);

	step->actor = actor;
	step->number = 1;
	if (!one_of(reader, evidence ? shows : does,
		evidence ? "not sent, not-sent, refused or unknown"
			 : "not later, refused, unknown or lost"))
		return false;
	reader_word(reader, &step->name);
	return !reader_skip(reader, "times") ||
	    reader_number(reader, &step->number);
}

static bool
read_ledger(struct reader *reader)
{
	struct step *step = reader_step(reader, STEP_LEDGER_ENTRIES);

	if (reader_skip(reader, "verifies")) {
		step->kind = STEP_LEDGER_VERIFIES;
		return true;
	}
	if (reader_is(reader, "has") || reader_is(reader, "lacks") ||
	    reader_is(reader, "finds")) {
		step->kind = reader_is(reader, "finds") ? STEP_LEDGER_FINDS
							: STEP_LEDGER_HAS;
		step->lacks = reader_is(reader, "lacks");
		reader_next(reader);
		return reader_strings(reader, step);
	}
	if (reader_skip(reader, "account")) {
		step->kind = STEP_LEDGER_ACCOUNT;
		return reader_strings(reader, step) &&
		    (step->string_count > 1 ||
			reader_fail(reader, "not a subject and words"));
	}
	if (reader_skip(reader, "grows")) {
		step->kind = STEP_LEDGER_GROWS;
		if (!reader_skip(reader, "to"))
			return reader_fail(reader, "not to how many entries");
	}
	if (!reader_number(reader, &step->number))
		return false;
	return reader_skip(reader, "entries") ||
	    reader_fail(reader, "not entries");
}

static bool
read_view(struct reader *reader)
{
	static const char *const words[] = {
	    "tells", "lacks", "nothing", "stale", NULL};
	struct step *step = reader_step(reader, STEP_VIEW);

	if (reader_skip(reader, "lost")) {
		step->verb = SLICE("lost");
		return true;
	}
	return reader_word(reader, &step->name) &&
	    one_of(reader, words, "not tells, lacks, nothing or stale") &&
	    reader_word(reader, &step->verb) && reader_strings(reader, step);
}

static bool
read_auditor(struct reader *reader)
{
	static const char *const words[] = {"shows", "silent", NULL};
	struct step *step = reader_step(reader, STEP_AUDITOR);

	if (!one_of(reader, words, "not shows or silent") ||
	    !reader_word(reader, &step->verb))
		return false;
	return reader->token.kind != TOKEN_STRING ||
	    reader_strings(reader, step);
}

static bool
read_log(struct reader *reader)
{
	struct step *step = reader_step(reader, STEP_LOG_HAS);

	if (reader_skip(reader, "lacks"))
		step->kind = STEP_LOG_LACKS;
	else if (!reader_skip(reader, "has"))
		return reader_fail(reader, "not has or lacks");
	return reader_strings(reader, step);
}

/* +60s, +5m, +2h, +3d; -3d where it is set */
static bool
read_clock(struct reader *reader)
{
	struct step *step = reader_step(reader, STEP_CLOCK);
	struct slice text;
	int64_t unit, n = 0;

	step->is_set = reader_skip(reader, "set");
	text = reader->token.text;
	if (reader->token.kind != TOKEN_WORD || text.len < 3 ||
	    text.len > 9 ||
	    (text.data[0] != '+' && !(step->is_set && text.data[0] == '-')))
		return reader_fail(reader, "not a time such as +60s");
	switch (text.data[text.len - 1]) {
	case 's':
		unit = 1000;
		break;
	case 'm':
		unit = 60 * 1000;
		break;
	case 'h':
		unit = 3600 * 1000;
		break;
	case 'd':
		unit = 24 * 3600 * 1000;
		break;
	default:
		return reader_fail(reader, "the unit is s, m, h or d");
	}
	for (size_t i = 1; i + 1 < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return reader_fail(reader, "not a time");
		n = n * 10 + (text.data[i] - '0');
	}
	step->number = text.data[0] == '-' ? -n * unit : n * unit;
	reader_next(reader);
	return true;
}

static bool
read_daemon(struct reader *reader)
{
	static const char *const verbs[] = {
	    "killed", "stopped", "starts", "refuses", NULL};
	static const char *const losses[] = {"lost", "kept", "torn", NULL};
	struct step *step = reader_step(reader, STEP_DAEMON);
	struct step *again;

	if (!one_of(reader, verbs, "not killed, stopped, starts or refuses"))
		return false;
	reader_word(reader, &step->verb);
	if (slice_is(step->verb, "refuses"))
		return reader_strings(reader, step);
	if (slice_is(step->verb, "killed") &&
	    reader->token.kind == TOKEN_WORD) {
		if (!one_of(reader, losses, "not lost, kept or torn"))
			return false;
		reader_word(reader, &step->name);
	}
	if (reader->token.kind != TOKEN_COMMA)
		return true;
	reader_next(reader);
	again = reader_step(reader, STEP_DAEMON);
	again->verb = SLICE("starts");
	return reader_skip(reader, "restarted") ||
	    reader_fail(reader, "not restarted");
}

static bool
read_disk(struct reader *reader)
{
	static const char *const states[] = {"full", "read-only", "ok", NULL};
	struct step *step = reader_step(reader, STEP_DISK);

	return one_of(reader, states, "not full, read-only or ok") &&
	    reader_word(reader, &step->name);
}

static bool
read_damage(struct reader *reader)
{
	struct step *step = reader_step(reader, STEP_DAMAGE);

	if (!reader_word(reader, &step->name))
		return false;
	return (reader_skip(reader, "at") ||
		   reader_fail(reader, "not at")) &&
	    reader_number(reader, &step->number);
}

static bool
read_reload(struct reader *reader)
{
	struct step *step = reader_step(reader, STEP_RELOAD_POLICY);

	if (reader_skip(reader, "conf"))
		step->kind = STEP_RELOAD_CONF;
	else if (!reader_skip(reader, "policy"))
		return reader_fail(reader, "not policy or conf");
	if (!reader_word(reader, &step->name))
		return false;
	if (reader_skip(reader, "fails"))
		step->verb = SLICE("fails");
	return reader_strings(reader, step);
}

bool
reader_actor(struct reader *reader)
{
	struct slice actor;
	bool taken;

	if (reader_skip(reader, "registry"))
		return reader_registry(reader);
	if (reader_skip(reader, "worker"))
		return reader_process(reader, false);
	if (reader_skip(reader, "keeper"))
		return reader_process(reader, true);
	if (reader_skip(reader, "ledger"))
		return read_ledger(reader);
	if (reader_skip(reader, "view"))
		return read_view(reader);
	if (reader_skip(reader, "auditor"))
		return read_auditor(reader);
	if (reader_skip(reader, "log"))
		return read_log(reader);
	if (reader_skip(reader, "clock"))
		return read_clock(reader);
	if (reader_skip(reader, "daemon"))
		return read_daemon(reader);
	if (reader_skip(reader, "disk"))
		return read_disk(reader);
	if (reader_skip(reader, "damage"))
		return read_damage(reader);
	if (reader_skip(reader, "reload"))
		return read_reload(reader);
	if (!reader_word(reader, &actor))
		return false;
	if (!reader_epp(reader, actor, &taken) || taken)
		return !reader->failed;
	if (reader_skip(reader, ">"))
		return actor.len >= 8 &&
			memcmp(actor.data, "operator", 8) == 0
		    ? read_operator(reader, actor)
		    : read_ask(reader, actor);
	if (reader_skip(reader, "<"))
		return read_got(reader, actor);
	if (reader_skip(reader, "!"))
		return read_behaviour(reader, actor, false);
	if (reader_skip(reader, "?"))
		return read_behaviour(reader, actor, true);
	return reader_fail(reader, "an arrow is missing here: > < ! or ?");
}
