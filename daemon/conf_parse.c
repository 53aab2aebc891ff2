/* misu.conf from text: one function a statement, all complaints in one run. */
#include "base/prefix.h"
#include "base/text.h"
#include "conf_priv.h"
#include "core/grow.h"
#include "core/lex.h"
#include "core/value.h"
#include "net/peer.h"

enum {
	NAME_LONGEST = 40,
	SUFFIX_LONGEST = 15,
	DAY = 86400,
	DURATION_LONGEST = 366 * DAY,
};

struct parser {
	struct lexer lexer;
	struct token token; /* the one looked at */
	struct arena *arena;
	struct complaints *complaints;
	const struct policy_loader *loader;
	struct conf *conf;
	bool retry_given, give_up_given;
};

static const char *const statements[] = {"state", "origin", "master-key",
    "policy", "listen", "control", "network", "retry", "give-up", "recipient",
    NULL};

static void
next(struct parser *parser)
{
	parser->token = lex_next(&parser->lexer);
}

static bool
memory(struct parser *parser)
{
	parser->complaints->failed = true;
	return false;
}

static void
complain_at(struct parser *parser, const struct token *token,
    enum conf_complaint complaint, struct slice two)
{
	conf_complain(parser->complaints, token->place, complaint, token->text,
	    two);
}

static bool
expected(struct parser *parser, const char *what)
{
	struct slice found = parser->token.text;

	if (parser->token.type == TOKEN_END)
		found = SLICE("the end of the file");
	conf_complain(parser->complaints, parser->token.place, CONF_EXPECTED,
	    slice_from(what), found);
	return false;
}

static bool
take(struct parser *parser, enum token_type type, const char *what,
    struct token *out)
{
	*out = parser->token;
	if (parser->token.type != type)
		return expected(parser, what);
	next(parser);
	return true;
}

static bool
keyword(struct parser *parser, const char *word)
{
	if (parser->token.type != TOKEN_WORD ||
	    !slice_is(parser->token.text, word))
		return expected(parser, word);
	next(parser);
	return true;
}

/* The word, where it goes on with this line's statement. */
static bool
accept(struct parser *parser, const char *word)
{
	return parser->token.type == TOKEN_WORD &&
	    slice_is(parser->token.text, word) && (next(parser), true);
}

static bool
mark(struct parser *parser, enum token_type type)
{
	if (parser->token.type != type)
		return false;
	next(parser);
	return true;
}

/* A path may stand without quotes. */
static bool
take_text(struct parser *parser, const char *what, struct token *out)
{
	*out = parser->token;
	if (out->type != TOKEN_WORD && out->type != TOKEN_STRING)
		return expected(parser, what);
	next(parser);
	out->text = arena_copy(parser->arena, out->text);
	if (out->text.data == NULL)
		return memory(parser);
	if (out->text.len != 0)
		return true;
	complain_at(parser, out, CONF_EMPTY, NOTHING);
	return false;
}

/* A statement that may stand once, with one text. */
static bool
take_once(struct parser *parser, const struct token *statement,
    const char *what, struct slice *out)
{
	struct token token;

	if (!take_text(parser, what, &token))
		return false;
	if (out->len != 0)
		complain_at(parser, statement, CONF_TWICE, NOTHING);
	*out = token.text;
	return true;
}

static bool
parse_state(struct parser *parser, const struct token *statement)
{
	return take_once(
	    parser, statement, "a directory", &parser->conf->state);
}

/* What a signed note's first line and key name allow. */
static bool
is_origin(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c <= ' ' || c == '+' || c >= 0x7f)
			return false;
	}
	return text.len <= 200;
}

static bool
parse_origin(struct parser *parser, const struct token *statement)
{
	struct token token = parser->token;

	if (!take_once(parser, statement, "the log's name",
		&parser->conf->origin))
		return false;
	if (!is_origin(parser->conf->origin))
		complain_at(parser, &token, CONF_ORIGIN, NOTHING);
	return true;
}

static bool
parse_master_key(struct parser *parser, const struct token *statement)
{
	return take_once(
	    parser, statement, "a file", &parser->conf->master_key);
}

/* A tool that only glances at misu.conf needs no policy. */
static bool
can_load(struct parser *parser, struct slice name)
{
	const struct policy_loader *loader = parser->loader;
	struct slice text;

	return loader == NULL || loader->load(loader->context, name, &text);
}

static bool
parse_policy(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct slice *more = (struct slice *)(uintptr_t)conf->policies;
	struct token token;

	(void)statement;
	if (!take_text(parser, "a policy's file", &token))
		return false;
	for (size_t i = 0; i < conf->policy_count; i++)
		if (slice_equal(more[i], token.text))
			complain_at(parser, &token, CONF_POLICY_TWICE, NOTHING);
	if (!can_load(parser, token.text))
		complain_at(parser, &token, CONF_POLICY_FILE, NOTHING);
	more = grow(parser->arena, more, conf->policy_count, sizeof(*more));
	if (more == NULL)
		return memory(parser);
	more[conf->policy_count++] = token.text;
	conf->policies = more;
	return true;
}

static bool
parse_listen(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct token address;
	struct slice tokens = NOTHING;

	if (!keyword(parser, "on"))
		return false;
	if (accept(parser, "socket"))
		return take_once(
		    parser, statement, "a socket's path", &conf->unix_socket);
	if (!take_text(parser, "socket or a loopback address", &address))
		return false;
	if (!peer_is_loopback(address.text.data))
		complain_at(parser, &address, CONF_LOOPBACK, NOTHING);
	if (!keyword(parser, "tokens") ||
	    !take_once(parser, statement, "the tokens' file", &tokens))
		return false;
	if (conf->http_address.len != 0)
		complain_at(parser, statement, CONF_TWICE, NOTHING);
	conf->http_address = address.text;
	conf->tokens_file = tokens;
	return true;
}

static bool
parse_control(struct parser *parser, const struct token *statement)
{
	return take_once(parser, statement, "a socket's path",
	    &parser->conf->control_socket);
}

static bool
take_name(struct parser *parser, const char *what, struct token *out)
{
	if (!take(parser, TOKEN_WORD, what, out))
		return false;
	if (!text_is_name(out->text, NAME_LONGEST))
		complain_at(parser, out, CONF_NAME, NOTHING);
	out->text = arena_copy(parser->arena, out->text);
	return out->text.data != NULL || memory(parser);
}

static bool
take_prefix(struct parser *parser, struct network_group *network)
{
	struct slice *more = (struct slice *)(uintptr_t)network->prefixes;
	struct fail fail = FAIL_INIT;
	char printed[PREFIX_SIZE];
	struct prefix prefix;
	struct token token;

	if (!take(parser, TOKEN_WORD, "a prefix", &token))
		return false;
	if (!prefix_parse(token.text, &prefix, &fail)) {
		complain_at(parser, &token, CONF_PREFIX, slice_from(fail.text));
		return true;
	}
	more = grow(parser->arena, more, network->count, sizeof(*more));
	if (more == NULL)
		return memory(parser);
	network->prefixes = more;
	more += network->count++;
	*more = arena_copy(parser->arena,
	    (struct slice){printed, prefix_print(&prefix, printed)});
	return more->data != NULL || memory(parser);
}

static bool
parse_network(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct network_group *more =
	    (struct network_group *)(uintptr_t)conf->networks;
	struct network_group network = {.count = 0};
	struct token token;

	(void)statement;
	if (!take_name(parser, "the network's name", &token))
		return false;
	network.name = token.text;
	for (size_t i = 0; i < conf->network_count; i++)
		if (slice_equal(more[i].name, token.text))
			complain_at(
			    parser, &token, CONF_NETWORK_TWICE, NOTHING);
	if (!mark(parser, TOKEN_EQUALS))
		return expected(parser, "=");
	do
		if (!take_prefix(parser, &network))
			return false;
	while (mark(parser, TOKEN_COMMA));
	more = grow(parser->arena, more, conf->network_count, sizeof(*more));
	if (more == NULL)
		return memory(parser);
	more[conf->network_count++] = network;
	conf->networks = more;
	return true;
}

static unsigned
unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return DAY;
	}
	return 0;
}

static bool
duration(struct slice text, unsigned *out)
{
	unsigned number = 0, unit;

	if (text.len < 2 || text.len > 9)
		return false;
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		number = number * 10 + (unsigned)(text.data[i] - '0');
	}
	unit = unit_seconds(text.data[text.len - 1]);
	if (unit == 0 || number == 0 || number > DURATION_LONGEST / unit)
		return false;
	*out = number * unit;
	return true;
}

static bool
take_duration(struct parser *parser, unsigned *out)
{
	struct token token;

	if (!take(parser, TOKEN_WORD, "a duration", &token))
		return false;
	if (!duration(token.text, out))
		complain_at(parser, &token, CONF_DURATION, NOTHING);
	return true;
}

static bool
parse_retry(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	unsigned first = 0, longest = 0;
	struct place place;

	if (parser->retry_given)
		complain_at(parser, statement, CONF_TWICE, NOTHING);
	parser->retry_given = true;
	if (!keyword(parser, "from") ||
	    !take_duration(parser, &first) || !keyword(parser, "to"))
		return false;
	place = parser->token.place;
	if (!take_duration(parser, &longest))
		return false;
	if (longest != 0 && longest < first)
		conf_complain(parser->complaints, place, CONF_RETRY_ORDER,
		    NOTHING, NOTHING);
	conf->retry_first = first;
	conf->retry_longest = longest;
	return true;
}

static bool
parse_give_up(struct parser *parser, const struct token *statement)
{
	if (parser->give_up_given)
		complain_at(parser, statement, CONF_TWICE, NOTHING);
	parser->give_up_given = true;
	return keyword(parser, "after") &&
	    take_duration(parser, &parser->conf->give_up_after);
}

/* The bits of all fields that have this name or are in this group. */
static uint64_t
field_bits(struct slice word)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if (slice_is(word, field_info[i].name) ||
		    slice_is(word, field_info[i].group))
			bits |= (uint64_t)1 << i;
	return bits;
}

static bool
take_fields(struct parser *parser, uint64_t *out)
{
	struct token token;

	do {
		uint64_t bits;

		if (!take(parser, TOKEN_WORD, "a field", &token))
			return false;
		bits = field_bits(token.text);
		if (bits == 0)
			complain_at(parser, &token, CONF_FIELD, NOTHING);
		*out |= bits;
	} while (mark(parser, TOKEN_COMMA));
	return true;
}

static bool
take_roles(struct parser *parser, unsigned *out)
{
	struct token token;

	do {
		enum role role;

		if (!take(parser, TOKEN_WORD, "a role", &token))
			return false;
		if (role_find(token.text, &role))
			*out |= 1u << role;
		else
			complain_at(parser, &token, CONF_ROLE, NOTHING);
	} while (mark(parser, TOKEN_COMMA));
	return true;
}

static bool
has_placeholder(const struct conf_recipient *recipient, enum role role,
    enum field field)
{
	for (size_t i = 0; i < recipient->placeholders.count; i++)
		if (recipient->placeholders.items[i].role == role &&
		    recipient->placeholders.items[i].field == field)
			return true;
	return false;
}

static bool
add_placeholder(struct parser *parser, struct conf_recipient *recipient,
    struct placeholder placeholder, const struct token *token)
{
	struct placeholders *all = &recipient->placeholders;
	struct placeholder *more =
	    (struct placeholder *)(uintptr_t)all->items;
	struct slice name =
	    slice_from(field_info[placeholder.field].name);
	struct fail fail = FAIL_INIT;

	if (has_placeholder(recipient, placeholder.role, placeholder.field))
		conf_complain(parser->complaints, token->place,
		    CONF_PLACEHOLDER_TWICE, name, NOTHING);
	if (!value_canonical(parser->arena, placeholder.field, token->text,
		&placeholder.value, &fail)) {
		if (fail.kind == FAIL_MEMORY)
			return memory(parser);
		conf_complain(parser->complaints, token->place,
		    CONF_PLACEHOLDER, name, NOTHING);
		placeholder.value = token->text;
	}
	more = grow(parser->arena, more, all->count, sizeof(*more));
	if (more == NULL)
		return memory(parser);
	more[all->count++] = placeholder;
	all->items = more;
	return true;
}

static bool
parse_placeholder(struct parser *parser, struct conf_recipient *recipient)
{
	struct token value;
	uint64_t fields = 0;
	unsigned roles = 0;

	if (!keyword(parser, "placeholder") ||
	    !take(parser, TOKEN_STRING, "a value in quotes", &value) ||
	    !keyword(parser, "for") || !take_fields(parser, &fields) ||
	    !keyword(parser, "of") || !take_roles(parser, &roles))
		return false;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned field = 0; field < FIELD_COUNT; field++) {
			struct placeholder placeholder = {
			    .role = (enum role)role,
			    .field = (enum field)field};

			if ((roles & 1u << role) == 0 ||
			    (fields & (uint64_t)1 << field) == 0)
				continue;
			if (!add_placeholder(
				parser, recipient, placeholder, &value))
				return false;
		}
	return true;
}

static bool
is_suffix(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '.' || c == '-'))
			return false;
	}
	return text.len > 1 && text.len <= SUFFIX_LONGEST &&
	    text.data[0] == '.';
}

/* What the template's own name ends with, if nothing else is said. */
static struct slice
default_suffix(struct slice name)
{
	const char *dot = memrchr(name.data, '.', name.len);
	struct slice suffix = NOTHING;

	if (dot != NULL)
		suffix = (struct slice){dot,
		    name.len - (size_t)(dot - name.data)};
	return is_suffix(suffix) ? suffix : SLICE(".txt");
}

static bool
load_template(struct parser *parser, struct conf_recipient *recipient,
    const struct token *token)
{
	const struct policy_loader *loader = parser->loader;
	struct fail fail = FAIL_INIT;

	recipient->template_name = token->text;
	if (loader == NULL ||
	    !loader->load(
		loader->context, token->text, &recipient->template_text)) {
		complain_at(parser, token, CONF_TEMPLATE_NONE, NOTHING);
		return true;
	}
	recipient->template = template_parse(parser->arena, token->text,
	    recipient->template_text, &fail);
	if (recipient->template != NULL)
		return true;
	if (fail.kind == FAIL_MEMORY)
		return memory(parser);
	conf_complain(parser->complaints, token->place, CONF_TEMPLATE,
	    slice_from(fail.place), slice_from(fail.text));
	return true;
}

static bool
parse_file(struct parser *parser, struct conf_recipient *recipient)
{
	struct token token;

	if (!take_text(parser, "a directory", &token))
		return false;
	recipient->directory = token.text;
	if (accept(parser, "suffix")) {
		if (!take_text(parser, "a suffix", &token))
			return false;
		if (!is_suffix(token.text))
			complain_at(parser, &token, CONF_SUFFIX, NOTHING);
		recipient->suffix = token.text;
	}
	if (!keyword(parser, "template") ||
	    !take_text(parser, "a template's file", &token))
		return false;
	if (recipient->suffix.len == 0)
		recipient->suffix = default_suffix(token.text);
	return load_template(parser, recipient, &token);
}

static bool
parse_channel(struct parser *parser, struct conf_recipient *recipient)
{
	struct token token;

	if (!keyword(parser, "to") ||
	    !take(parser, TOKEN_WORD, "a channel", &token))
		return false;
	for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
		if (!slice_is(
			token.text, channel_kind_name((enum channel_kind)i)))
			continue;
		recipient->channel = (enum channel_kind)i;
		return recipient->channel != CHANNEL_FILE ||
		    parse_file(parser, recipient);
	}
	complain_at(parser, &token, CONF_CHANNEL, NOTHING);
	return false;
}

static bool
parse_recipient(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct conf_recipient recipient = {.suffix = NOTHING};
	struct conf_recipient *more =
	    (struct conf_recipient *)(uintptr_t)conf->recipients;
	struct token token;

	(void)statement;
	if (!take_name(parser, "a recipient's name", &token))
		return false;
	recipient.id = token.text;
	recipient.place = token.place;
	if (conf_recipient(conf, recipient.id) != NULL)
		complain_at(parser, &token, CONF_RECIPIENT_TWICE, NOTHING);
	if (!parse_channel(parser, &recipient))
		return false;
	if (mark(parser, TOKEN_OPEN))
		while (!mark(parser, TOKEN_CLOSE))
			if (!parse_placeholder(parser, &recipient))
				return false;
	more = grow(parser->arena, more, conf->recipient_count, sizeof(*more));
	if (more == NULL)
		return memory(parser);
	more[conf->recipient_count++] = recipient;
	conf->recipients = more;
	return true;
}

static bool
begins_statement(const struct parser *parser)
{
	if (!parser->token.first || parser->token.type != TOKEN_WORD)
		return false;
	for (size_t i = 0; statements[i] != NULL; i++)
		if (slice_is(parser->token.text, statements[i]))
			return true;
	return false;
}

static bool
parse_statement(struct parser *parser)
{
	static bool (*const parse[])(
	    struct parser *, const struct token *) = {parse_state,
	    parse_origin, parse_master_key, parse_policy, parse_listen,
	    parse_control, parse_network, parse_retry, parse_give_up,
	    parse_recipient};
	struct token token = parser->token;

	next(parser);
	if (token.type == TOKEN_WORD)
		for (size_t i = 0; statements[i] != NULL; i++)
			if (slice_is(token.text, statements[i]))
				return parse[i](parser, &token);
	complain_at(parser, &token, CONF_STATEMENT, NOTHING);
	return false;
}

static void
set_defaults(struct conf *conf)
{
	if (conf->origin.len == 0)
		conf->origin = SLICE("misu.invalid/log");
	if (conf->master_key.len == 0)
		conf->master_key = SLICE("master.key");
	if (conf->control_socket.len == 0)
		conf->control_socket = SLICE("control.sock");
	if (conf->unix_socket.len == 0 && conf->http_address.len == 0)
		conf->unix_socket = SLICE("http.sock");
}

static void
parse_all(struct parser *parser)
{
	next(parser);
	while (parser->token.type != TOKEN_END &&
	    !parser->complaints->failed) {
		if (parse_statement(parser))
			continue;
		while (parser->token.type != TOKEN_END &&
		    !begins_statement(parser))
			next(parser);
	}
	if (parser->conf->policy_count == 0)
		conf_complain(parser->complaints, parser->conf->place,
		    CONF_POLICY_NONE, NOTHING, NOTHING);
	set_defaults(parser->conf);
}

/* What can be understood; complaints tell of the rest. */
static struct conf *
read_conf(struct arena *arena, const struct policy_source *source,
    const struct policy_loader *loader, struct complaints *complaints)
{
	struct source *copy = arena_take(arena, sizeof(*copy));
	struct conf *conf = arena_take(arena, sizeof(*conf));
	struct parser parser = {.arena = arena,
	    .complaints = complaints,
	    .loader = loader,
	    .conf = conf};

	if (copy == NULL || conf == NULL)
		return NULL;
	copy->name = arena_copy(arena, source->name);
	copy->text = arena_copy(arena, source->text);
	if (copy->name.data == NULL || copy->text.data == NULL)
		return NULL;
	*conf = (struct conf){.retry_first = 30,
	    .retry_longest = 3600,
	    .give_up_after = 7 * DAY,
	    .place = {copy, 0}};
	parser.lexer = lex_start(copy, complaints);
	parse_all(&parser);
	return complaints->failed ? NULL : conf;
}

struct conf *
conf_parse(struct arena *arena, const struct policy_source *source,
    const struct policy_loader *loader, struct slice *diagnostics,
    struct fail *fail)
{
	struct complaints complaints = {.arena = arena};
	struct conf *conf = read_conf(arena, source, loader, &complaints);

	*diagnostics = NOTHING;
	if (conf == NULL)
		return fail_memory(fail), NULL;
	*diagnostics = complaints_print(&complaints);
	if (diagnostics->data == NULL)
		return fail_memory(fail), NULL;
	if (complaints.count == 0)
		return conf;
	fail_set(fail, FAIL_INPUT, "misu.conf has errors");
	return NULL;
}

struct conf *
conf_glance(struct arena *arena, const struct policy_source *source,
    struct fail *fail)
{
	struct complaints complaints = {.arena = arena};
	struct conf *conf = read_conf(arena, source, NULL, &complaints);

	if (conf == NULL)
		fail_memory(fail);
	return conf;
}
