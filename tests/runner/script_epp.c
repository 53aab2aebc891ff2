/* EPP's part of a scenario's language. */
#include "runner/epp_make.h"
#include "runner/script_priv.h"

enum { WORDS_MAX = 64 };

/* --- what backends send --- */

/* A try, so that the place of an error is told before anything runs. */
static bool
try_frame(struct reader *reader, const struct step *step)
{
	struct bytes out = {NULL, 0, 0};
	const char *why = NULL;
	size_t wrong = 0;
	bool ok = epp_make(reader->script, step->words, step->word_count,
	    SLICE("x"), &out, &wrong, &why);

	bytes_finish(&out);
	if (ok)
		return true;
	if (wrong < step->word_count)
		reader->token.at = step->words[wrong].at;
	return reader_fail(reader, why != NULL ? why : "not a frame");
}

static bool
add_word(struct reader *reader, struct step *step)
{
	struct script_word *word = &step->words[step->word_count];

	if (reader->token.kind != TOKEN_WORD &&
	    reader->token.kind != TOKEN_STRING)
		return reader_fail(reader, "a word is missing here");
	if (step->word_count == WORDS_MAX)
		return reader_fail(reader, "too many words");
	step->word_count++;
	*word = (struct script_word){reader->token.text, reader->token.at,
	    reader->token.kind == TOKEN_STRING};
	if (step->word_count > 1 && word[-1].quoted == false &&
	    slice_is(word[-1].text, "record"))
		step->record = word->text;
	reader_next(reader);
	return !reader->failed;
}

static struct step *
frame_step(struct reader *reader, struct slice actor)
{
	struct step *step = reader_step(reader, STEP_FRAME);

	step->actor = actor;
	step->words = arena_take_array(
	    reader->script->arena, WORDS_MAX + 1, sizeof(*step->words));
	if (step->words == NULL)
		abort();
	return step;
}

static bool
read_words(struct reader *reader, struct step *step)
{
	while (reader->token.kind != TOKEN_NEWLINE &&
	       reader->token.kind != TOKEN_END)
		if (!add_word(reader, step))
			return false;
	return try_frame(reader, step);
}

bool
reader_frame(struct reader *reader, struct slice actor, bool hurries)
{
	struct step *step = frame_step(reader, actor);

	step->hurries = hurries;
	return read_words(reader, step);
}

bool
reader_is_frame(const struct reader *reader)
{
	const struct token *token = &reader->token;

	return token->kind == TOKEN_WORD &&
	       (memchr(token->text.data, ':', token->text.len) != NULL ||
		   slice_is(token->text, "poll") ||
		   slice_is(token->text, "hello") ||
		   slice_is(token->text, "login") ||
		   slice_is(token->text, "logout") ||
		   slice_is(token->text, "frame"));
}

/* b1 logs in "id" "password" ..., b1 logs out */
static bool
read_logs(struct reader *reader, struct slice actor)
{
	struct step *step = frame_step(reader, actor);

	step->words[0] =
	    (struct script_word){SLICE("login"), reader->token.at, false};
	step->word_count = 1;
	if (reader_skip(reader, "out"))
		step->words[0].text = SLICE("logout");
	else if (!reader_skip(reader, "in"))
		return reader_fail(reader, "not in or out");
	return read_words(reader, step);
}

/* --- what registries have and do --- */

static bool
read_has(struct reader *reader, struct slice actor)
{
	struct step *step = reader_step(reader, STEP_HAS_OBJECT);

	step->actor = actor;
	if (reader_skip(reader, "no"))
		step->kind = STEP_HAS_NO_OBJECT;
	if (!reader_is(reader, "contact") && !reader_is(reader, "domain") &&
	    !reader_is(reader, "host"))
		return reader_fail(reader, "not contact, domain or host");
	if (!reader_word(reader, &step->verb) ||
	    !reader_word(reader, &step->name))
		return false;
	return reader->token.kind != TOKEN_OPEN || reader_checks(reader, step);
}

static struct slice
rest_of_line(struct reader *reader)
{
	const struct slice text = reader->script->text;
	size_t begin = reader->token.at, at = begin;

	while (at < text.len && text.data[at] != '\n')
		at++;
	reader->at = at;
	reader_next(reader);
	return (struct slice){text.data + begin, at - begin};
}

static struct script_registry *
registry_of(struct script *script, struct slice upstream)
{
	for (size_t i = 0; i < script->registry_count; i++)
		if (slice_equal(script->registries[i].upstream, upstream))
			return &script->registries[i];
	return NULL;
}

static bool
read_registry_step(struct reader *reader, struct slice name)
{
	struct step *step = reader_step(reader, STEP_REGISTRY);

	step->actor = name;
	if (reader_skip(reader, "away")) {
		step->kind = STEP_REGISTRY_AWAY;
		return true;
	}
	if (reader_skip(reader, "back")) {
		step->kind = STEP_REGISTRY_BACK;
		return true;
	}
	if (reader_skip(reader, "dialed")) {
		step->kind = STEP_REGISTRY_DIALED;
		if (!reader_number(reader, &step->number))
			return false;
		return reader_skip(reader, "times") ||
		       reader_fail(reader, "not times");
	}
	if (!reader_skip(reader, ":"))
		return reader_fail(
		    reader, "not :, away, back, dialed or sees");
	step->name = rest_of_line(reader);
	return true;
}

bool
reader_registry(struct reader *reader)
{
	struct script_registry *registry;
	struct slice name = reader->token.text;

	registry = registry_of(reader->script, name);
	if (registry == NULL)
		return reader_fail(reader, "no such upstream above");
	reader_word(reader, &name);
	if (!reader_skip(reader, "sees"))
		return read_registry_step(reader, name);
	registry->sees_invalid = true;
	return (reader_skip(reader, "invalid") &&
		   reader_skip(reader, "frames")) ||
	       reader_fail(reader, "not invalid frames");
}

static bool
add_line(
    struct reader *reader, struct script_registry *registry, struct slice line)
{
	if (registry->line_count == 32)
		return reader_fail(reader, "too many lines");
	registry->lines[registry->line_count++] = line;
	return true;
}

/* The lines between the braces, each as it is. */
static bool
read_lines(struct reader *reader, struct script_registry *registry)
{
	struct slice block;

	if (!reader_block(reader, &block))
		return false;
	while (block.len != 0) {
		const char *end = memchr(block.data, '\n', block.len);
		size_t len =
		    end != NULL ? (size_t)(end - block.data) : block.len;

		if (!add_line(
			reader, registry, (struct slice){block.data, len}))
			return false;
		len += len < block.len;
		block.data += len;
		block.len -= len;
	}
	return true;
}

/* upstream NAME registry [KEY VALUE ...] [{ lines }] */
bool
reader_upstream(struct reader *reader)
{
	struct script *script = reader->script;
	struct script_registry *registry =
	    &script->registries[script->registry_count];
	struct slice key, value;

	if (script->registry_count == 4)
		return reader_fail(reader, "too many registries");
	script->registry_count++;
	if (!reader_word(reader, &registry->upstream))
		return false;
	if (!reader_skip(reader, "registry"))
		return reader_fail(reader, "not registry");
	while (reader->token.kind == TOKEN_WORD) {
		char *line = arena_take(script->arena, 200);

		if (!reader_word(reader, &key) || !reader_word(reader, &value))
			return false;
		if (line == NULL)
			abort();
		snprintf(line, 200, "set %.*s %.*s", SLICE_ARG(key),
		    SLICE_ARG(value));
		if (!add_line(reader, registry, slice_from(line)))
			return false;
	}
	return reader->token.kind != TOKEN_OPEN || read_lines(reader, registry);
}

/* --- misu's processes --- */

bool
reader_process(struct reader *reader, bool keeper)
{
	struct step *step =
	    reader_step(reader, keeper ? STEP_KEEPER : STEP_WORKER);

	if (!reader_is(reader, "killed") && !reader_is(reader, "starts"))
		return reader_fail(reader, "not killed or starts");
	reader_word(reader, &step->verb);
	if (slice_is(step->verb, "starts"))
		return true;
	if (reader_is(reader, "lost") || reader_is(reader, "kept") ||
	    (keeper && reader_is(reader, "torn")))
		reader_word(reader, &step->name);
	if (reader->token.kind != TOKEN_COMMA)
		return true;
	reader_next(reader);
	step = reader_step(reader, keeper ? STEP_KEEPER : STEP_WORKER);
	step->verb = SLICE("starts");
	return reader_skip(reader, "restarted") ||
	       reader_fail(reader, "not restarted");
}

/* --- statements whose second word tells them --- */

bool
reader_epp(struct reader *reader, struct slice actor, bool *taken)
{
	struct step *step;

	*taken = true;
	if (reader_skip(reader, "connects")) {
		step = reader_step(reader, STEP_CONNECT);
		step->actor = actor;
		return reader_word(reader, &step->name);
	}
	if (reader_skip(reader, "drops")) {
		step = reader_step(reader, STEP_DROP);
		step->actor = actor;
		return true;
	}
	if (reader_skip(reader, "logs"))
		return read_logs(reader, actor);
	if (reader_skip(reader, "has"))
		return read_has(reader, actor);
	if (reader_skip(reader, ">>"))
		return reader_frame(reader, actor, true);
	*taken = false;
	return true;
}

/* After the <: greeting, closed, or a frame's name; else not taken. */
bool
reader_heard(struct reader *reader, struct step *step, bool *taken)
{
	*taken = true;
	if (reader_skip(reader, "greeting")) {
		step->kind = STEP_GREETING;
		return reader_strings(reader, step);
	}
	if (reader_skip(reader, "closed")) {
		step->kind = STEP_CLOSED;
		return true;
	}
	*taken = reader_is_frame(reader);
	if (!*taken)
		return true;
	step->kind = STEP_RECEIVED;
	if (!reader_word(reader, &step->name))
		return false;
	if (reader_skip(reader, "of") && !reader_word(reader, &step->record))
		return false;
	return reader->token.kind != TOKEN_OPEN || reader_checks(reader, step);
}
