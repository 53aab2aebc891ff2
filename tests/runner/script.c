#include "runner/script_priv.h"

static bool read_statement(struct reader *reader);

struct slice
script_file(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct slice out = {NULL, 0};
	char *data;
	long size;

	if (file == NULL)
		return out;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 &&
	    fseek(file, 0, SEEK_SET) == 0 &&
	    (data = arena_take(arena, (size_t)size + 1)) != NULL) {
		out.data = data;
		out.len = fread(data, 1, (size_t)size, file);
	}
	fclose(file);
	return out;
}

struct script *
script_read(struct arena *arena, const char *path)
{
	struct script *script = arena_take(arena, sizeof(*script));
	struct reader reader = {.script = script};

	if (script == NULL)
		return NULL;
	script->arena = arena;
	script->path = path;
	script->text = script_file(arena, path);
	if (script->text.data == NULL) {
		fprintf(stderr, "%s: cannot read\n", path);
		return NULL;
	}
	reader_next(&reader);
	while (reader.token.kind != TOKEN_END) {
		reader.failed = false;
		if (read_statement(&reader) &&
		    reader.token.kind != TOKEN_NEWLINE &&
		    reader.token.kind != TOKEN_END)
			reader_fail(&reader, "the statement should end here");
		while (reader.token.kind != TOKEN_NEWLINE &&
		    reader.token.kind != TOKEN_END)
			reader_next(&reader);
		if (reader.token.kind == TOKEN_NEWLINE)
			reader_next(&reader);
	}
	if (script->errors == 0 && script->policy.len == 0)
		reader_fail(&reader, "no policy");
	return script->errors == 0 ? script : NULL;
}

const struct script_record *
script_record(const struct script *script, struct slice name)
{
	for (size_t i = 0; i < script->record_count; i++)
		if (slice_equal(script->records[i]->name, name))
			return script->records[i];
	return NULL;
}

const struct script_text *
script_text(const struct script *script, struct slice name)
{
	for (size_t i = 0; i < script->text_count; i++)
		if (slice_equal(script->texts[i].name, name))
			return &script->texts[i];
	return NULL;
}

/* --- tokens */

static void
place_of(const struct script *script, size_t at, unsigned *line,
    unsigned *column, size_t *begin)
{
	*line = 1;
	*begin = 0;
	for (size_t i = 0; i < at && i < script->text.len; i++)
		if (script->text.data[i] == '\n') {
			++*line;
			*begin = i + 1;
		}
	*column = (unsigned)(at - *begin) + 1;
}

unsigned
reader_line(const struct reader *reader)
{
	unsigned line, column;
	size_t begin;

	place_of(reader->script, reader->token.at, &line, &column, &begin);
	return line;
}

bool
reader_fail(struct reader *reader, const char *what)
{
	const struct script *script = reader->script;
	unsigned line, column;
	size_t begin, end;

	if (reader->failed)
		return false;
	reader->failed = true;
	reader->script->errors++;
	place_of(script, reader->token.at, &line, &column, &begin);
	for (end = begin; end < script->text.len &&
	    script->text.data[end] != '\n'; end++)
		;
	fprintf(stderr, "%s:%u:%u: error: %s\n    %.*s\n    ", script->path,
	    line, column, what, (int)(end - begin),
	    script->text.data + begin);
	for (size_t i = begin; i < reader->token.at; i++)
		fputc(script->text.data[i] == '\t' ? '\t' : ' ', stderr);
	fputs("^\n", stderr);
	return false;
}

static bool
is_word(char c)
{
	return strchr(" \t\r\n\"{},#;", c) == NULL && c != '\0';
}

/* The string that begins at a quote; \" \\ \n and \t are known. */
static void
read_string(struct reader *reader)
{
	struct script *script = reader->script;
	const char *text = script->text.data;
	size_t at = reader->at + 1, n = 0;
	char *out = arena_take(script->arena, script->text.len - at + 1);

	reader->token.kind = TOKEN_STRING;
	while (out != NULL && at < script->text.len && text[at] != '"' &&
	    text[at] != '\n') {
		char c = text[at++];

		if (c == '\\' && at < script->text.len) {
			c = text[at++];
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		out[n++] = c;
	}
	if (at >= script->text.len || text[at] != '"')
		reader_fail(reader, "the string does not end on its line");
	reader->at = at + 1;
	reader->token.text = (struct slice){out, n};
}

void
reader_next(struct reader *reader)
{
	const struct slice text = reader->script->text;
	struct token *token = &reader->token;

	while (reader->at < text.len &&
	    strchr(" \t\r;", text.data[reader->at]) != NULL)
		reader->at++;
	if (reader->at < text.len && text.data[reader->at] == '#')
		while (reader->at < text.len && text.data[reader->at] != '\n')
			reader->at++;
	*token = (struct token){.kind = TOKEN_END, .at = reader->at};
	if (reader->at >= text.len)
		return;
	switch (text.data[reader->at]) {
	case '\n':
		token->kind = TOKEN_NEWLINE;
		reader->at++;
		return;
	case '{':
		token->kind = TOKEN_OPEN;
		reader->at++;
		return;
	case '}':
		token->kind = TOKEN_CLOSE;
		reader->at++;
		return;
	case ',':
		token->kind = TOKEN_COMMA;
		reader->at++;
		return;
	case '"':
		read_string(reader);
		return;
	}
	token->kind = TOKEN_WORD;
	while (reader->at < text.len && is_word(text.data[reader->at]))
		reader->at++;
	token->text =
	    (struct slice){text.data + token->at, reader->at - token->at};
}

bool
reader_is(const struct reader *reader, const char *word)
{
	return reader->token.kind == TOKEN_WORD &&
	    slice_is(reader->token.text, word);
}

bool
reader_skip(struct reader *reader, const char *word)
{
	if (!reader_is(reader, word))
		return false;
	reader_next(reader);
	return true;
}

bool
reader_word(struct reader *reader, struct slice *out)
{
	if (reader->token.kind != TOKEN_WORD)
		return reader_fail(reader, "a word is missing here");
	*out = reader->token.text;
	reader_next(reader);
	return true;
}

bool
reader_string(struct reader *reader, struct slice *out)
{
	if (reader->token.kind != TOKEN_STRING)
		return reader_fail(reader, "a quoted string is missing here");
	*out = reader->token.text;
	reader_next(reader);
	return !reader->failed;
}

bool
reader_number(struct reader *reader, int64_t *out)
{
	const struct slice text = reader->token.text;

	*out = 0;
	if (reader->token.kind != TOKEN_WORD || text.len == 0 || text.len > 12)
		return reader_fail(reader, "a number is missing here");
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return reader_fail(reader, "not a number");
		*out = *out * 10 + (text.data[i] - '0');
	}
	reader_next(reader);
	return true;
}

bool
reader_block(struct reader *reader, struct slice *out)
{
	const struct slice text = reader->script->text;
	size_t at = reader->at, begin;
	unsigned depth = 1;

	if (reader->token.kind != TOKEN_OPEN)
		return reader_fail(reader, "a { is missing here");
	while (at < text.len && text.data[at] != '\n')
		at++;
	begin = at + 1;
	for (; at < text.len; at++) {
		depth += text.data[at] == '{';
		depth -= text.data[at] == '}';
		if (depth == 0)
			break;
	}
	if (at >= text.len || begin > at)
		return reader_fail(reader, "the } of this block is missing");
	*out = (struct slice){text.data + begin, at - begin};
	reader->at = at + 1;
	reader_next(reader);
	return true;
}

/* --- statements that set the scene */

static bool
read_text(struct reader *reader, struct slice name)
{
	struct script *script = reader->script;
	struct script_text *text = &script->texts[script->text_count];

	if (script->text_count == 32)
		return reader_fail(reader, "too many texts");
	if (!reader_block(reader, &text->text))
		return false;
	text->name = name;
	script->text_count++;
	return true;
}

/* `policy FILE`, or `policy {` with the text itself, named by the word. */
static bool
read_source(struct reader *reader, const char *word, struct slice *out)
{
	if (reader->token.kind == TOKEN_WORD)
		return reader_word(reader, out);
	*out = slice_from(word);
	return read_text(reader, *out);
}

static bool
read_role(struct reader *reader, enum role *role)
{
	struct slice word = reader->token.text;

	if (reader->token.kind != TOKEN_WORD || !role_find(word, role))
		return reader_fail(reader, "not a role");
	reader_next(reader);
	return true;
}

static bool
read_consent(struct reader *reader, struct script_record *record)
{
	struct script_consent *consent =
	    &record->consents[record->consent_count];

	if (record->consent_count == 16)
		return reader_fail(reader, "too many consents");
	if (!read_role(reader, &consent->role) ||
	    !reader_word(reader, &consent->purpose) ||
	    !reader_word(reader, &consent->audience))
		return false;
	consent->given = reader_is(reader, "given");
	if (!consent->given && !reader_is(reader, "withdrawn"))
		return reader_fail(reader, "not given or withdrawn");
	reader_next(reader);
	record->consent_count++;
	return true;
}

/*
 * A made-up value of the right shape that occurs nowhere else: `record` and
 * slot are in it.
 */
static struct slice
made_up(struct script *script, const struct script_record *record,
    enum role role, enum field field)
{
	unsigned n = (unsigned)script->record_count * 10000 +
	    SLOT(role, field) + 1;
	char *out = arena_take(script->arena, 128);
	const char *format = "canary%uxq";

	(void)record;
	if (out == NULL)
		return (struct slice){NULL, 0};
	switch (field_info[field].check) {
	case CHECK_EMAIL:
		format = "canary%uxq@mail.example";
		break;
	case CHECK_PHONE:
		format = "+81.3129%06u";
		break;
	case CHECK_DIGITS:
		format = "7731%06u";
		break;
	case CHECK_COUNTRY:
		format = "JP";
		break;
	case CHECK_DOMAIN:
	case CHECK_HOST:
		format = "canary%uxq.example";
		break;
	case CHECK_DS:
		format = "12345 13 2 "
			 "49FD46E6C4B45C55D4AC49FD46E6C4B45C55D4AC49FD46E6C4"
			 "B45C55D4%06u";
		break;
	case CHECK_PREFIX:
		format = "192.0.2.0/29";
		break;
	case CHECK_TEXT:
	case CHECK_ASCII:
		break;
	}
	if (field_info[field].form == FORM_LOC)
		format = "御簾の裏%uあいう";
	if (field == FIELD_POSTCODE)
		format = "9%06u";
	if (field == FIELD_REGISTRY_DATE)
		format = "1994-07-06";
	if (field == FIELD_NETNAME)
		format = "N%u";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(out, 128, format, n);
#pragma GCC diagnostic pop
	return slice_from(out);
}

static struct script_value *
value_at(struct script_record *record, enum role role, enum field field)
{
	for (size_t i = 0; i < record->value_count; i++)
		if (record->values[i].role == role &&
		    record->values[i].field == field)
			return &record->values[i];
	record->values[record->value_count].role = role;
	record->values[record->value_count].field = field;
	return &record->values[record->value_count++];
}

/* ROLE.FIELD "value" ["value"], ROLE.FIELD * or ROLE.FIELD none. */
static bool
read_value(struct reader *reader, struct script_record *record)
{
	struct slice word = reader->token.text;
	const char *dot = memchr(word.data, '.', word.len);
	size_t len = dot != NULL ? (size_t)(dot - word.data) : word.len;
	struct script_value *value;
	enum field field;
	enum role role;

	if (dot == NULL || !role_find((struct slice){word.data, len}, &role))
		return reader_fail(reader, "not an item of a record");
	if (!field_find((struct slice){dot + 1, word.len - len - 1}, &field))
		return reader_fail(reader, "no such field");
	reader_next(reader);
	value = value_at(record, role, field);
	value->count = 0;
	if (reader_skip(reader, "none"))
		return true;
	if (reader_skip(reader, "*")) {
		value->items[value->count++] =
		    made_up(reader->script, record, role, field);
		return true;
	}
	do {
		if (value->count == VALUES_MAX)
			return reader_fail(reader, "too many values");
		if (!reader_string(reader, &value->items[value->count++]))
			return false;
	} while (reader->token.kind == TOKEN_STRING);
	return true;
}

static bool
read_item(struct reader *reader, struct script_record *record)
{
	struct slice word;
	enum role role;
	enum kind kind;

	if (reader_skip(reader, "type")) {
		if (!object_type_find(reader->token.text, &record->type))
			return reader_fail(reader, "not a type of object");
		return reader_word(reader, &word);
	}
	if (reader_skip(reader, "consent"))
		return read_consent(reader, record);
	if (reader_skip(reader, "plan"))
		return reader_word(reader, &record->plan);
	if (reader_skip(reader, "subject")) {
		if (reader->token.kind != TOKEN_WORD ||
		    !role_find(reader->token.text, &role))
			return reader_string(reader, &record->subject);
		reader_next(reader);
		return reader_string(reader, &record->subjects[role]);
	}
	if (!reader_skip(reader, "kind"))
		return read_value(reader, record);
	role = ROLE_COUNT;
	if (role_find(reader->token.text, &role))
		reader_next(reader);
	if (!kind_find(reader->token.text, &kind))
		return reader_fail(reader, "not natural, legal or unknown");
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (role == ROLE_COUNT || role == r)
			record->kinds[r] = reader->token.text;
	reader_next(reader);
	return true;
}

static bool
read_record(struct reader *reader)
{
	struct script *script = reader->script;
	struct script_record *record =
	    arena_take(script->arena, sizeof(*record));
	struct slice other;

	if (record == NULL || script->record_count == 32)
		return reader_fail(reader, "too many records");
	if (!reader_word(reader, &record->name))
		return false;
	if (reader_skip(reader, "like")) {
		struct slice name = record->name;

		if (script_record(script, reader->token.text) == NULL)
			return reader_fail(reader, "no such record above");
		*record = *script_record(script, reader->token.text);
		record->name = name;
		reader_word(reader, &other);
	}
	if (reader->token.kind != TOKEN_OPEN)
		return reader_fail(reader, "a { is missing here");
	reader_next(reader);
	while (reader->token.kind != TOKEN_CLOSE) {
		if (reader->token.kind == TOKEN_NEWLINE)
			reader_next(reader);
		else if (reader->token.kind == TOKEN_END)
			return reader_fail(reader, "a } is missing here");
		else if (!read_item(reader, record))
			return false;
	}
	reader_next(reader);
	script->records[script->record_count++] = record;
	return true;
}

static bool
read_sweep(struct reader *reader)
{
	struct script *script = reader->script;

	while (reader->token.kind == TOKEN_WORD) {
		bool *flag = reader_is(reader, "alloc") ? &script->sweep_alloc
		    : reader_is(reader, "write")	? &script->sweep_write
		    : reader_is(reader, "fsync")	? &script->sweep_sync
		    : reader_is(reader, "kill")		? &script->sweep_kill
		    : reader_is(reader, "worker")	? &script->sweep_worker
		    : reader_is(reader, "keeper")	? &script->sweep_keeper
							: NULL;

		if (flag == NULL)
			return reader_fail(
			    reader, "not alloc, write, fsync, kill, worker or keeper");
		*flag = true;
		reader_next(reader);
	}
	return true;
}

static bool
read_statement(struct reader *reader)
{
	struct script *script = reader->script;
	struct slice name;

	if (reader->token.kind == TOKEN_NEWLINE)
		return true;
	if (reader_skip(reader, "scenario"))
		return reader_string(reader, &script->title);
	if (reader_skip(reader, "policy"))
		return read_source(reader, "policy", &script->policy);
	if (reader_skip(reader, "conf"))
		return read_source(reader, "conf", &script->conf);
	if (reader_skip(reader, "text"))
		return reader_word(reader, &name) && read_text(reader, name);
	if (reader_skip(reader, "record"))
		return read_record(reader);
	if (reader_skip(reader, "upstream"))
		return reader_upstream(reader);
	if (reader_skip(reader, "sweep"))
		return read_sweep(reader);
	return reader_actor(reader);
}
