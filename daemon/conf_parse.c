/* misu.conf from text: one function a statement, all complaints in one run. */
#include "base/prefix.h"
#include "base/text.h"
#include "conf_parse_priv.h"
#include "core/grow.h"
#include "net/peer.h"

enum {
	DAY = 86400,
	WORKERS_MAX = 64,
	PUBLISH_RATE = 60,
	PUBLISH_BUDGET = 1000,
	AUDIT_RATE = 30,
	PUBLISH_CACHE = 128,
};

/* Each statement's first word, and who reads the rest. */
#define STATEMENTS(X) \
	X("state", parse_state) \
	X("origin", parse_origin) \
	X("master-key", parse_master_key) \
	X("policy", parse_policy) \
	X("listen", parse_listen) \
	X("control", parse_control) \
	X("network", parse_network) \
	X("retry", parse_retry) \
	X("give-up", parse_give_up) \
	X("workers", parse_workers) \
	X("keep", conf_parse_keep) \
	X("forget", conf_parse_forget) \
	X("key-overlap", conf_parse_key_overlap) \
	X("disk-warning", conf_parse_disk_warning) \
	X("recipient", conf_parse_recipient) \
	X("upstream", conf_parse_upstream) \
	X("console", conf_parse_console) \
	X("operators", conf_parse_operators) \
	X("auditor", conf_parse_auditor) \
	X("witness", conf_parse_witness) \
	X("publish", conf_parse_publish) \
	X("registrar", conf_parse_registrar) \
	X("audit", conf_parse_audit) \
	X("operator", conf_parse_operator) \
	X("approval", conf_parse_approval) \
	X("time-limit", conf_parse_time_limit) \
	X("fee", conf_parse_fee)

static const char *const statements[] = {
#define WORD(word, parse) word,
    STATEMENTS(WORD)
#undef WORD
    NULL};

static bool
parse_state(struct parser *parser, const struct token *statement)
{
	return conf_take_once(
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

	if (!conf_take_once(parser, statement, "the log's name",
		&parser->conf->origin))
		return false;
	if (!is_origin(parser->conf->origin))
		conf_complain_at(parser, &token, CONF_ORIGIN, NOTHING);
	return true;
}

static bool
parse_master_key(struct parser *parser, const struct token *statement)
{
	return conf_take_once(
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
	if (!conf_take_text(parser, "a policy's file", &token))
		return false;
	for (size_t i = 0; i < conf->policy_count; i++)
		if (slice_equal(more[i], token.text))
			conf_complain_at(parser, &token, CONF_POLICY_TWICE, NOTHING);
	if (!can_load(parser, token.text))
		conf_complain_at(parser, &token, CONF_POLICY_FILE, NOTHING);
	more = grow(parser->arena, more, conf->policy_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
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

	if (!conf_keyword(parser, "on"))
		return false;
	if (conf_accept(parser, "socket"))
		return conf_take_once(
		    parser, statement, "a socket's path", &conf->unix_socket);
	if (!conf_take_text(parser, "socket or a loopback address", &address))
		return false;
	if (!peer_is_loopback(address.text.data))
		conf_complain_at(parser, &address, CONF_LOOPBACK, NOTHING);
	if (!conf_keyword(parser, "tokens") ||
	    !conf_take_once(parser, statement, "the tokens' file", &tokens))
		return false;
	if (conf->http_address.len != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	conf->http_address = address.text;
	conf->tokens_file = tokens;
	return true;
}

static bool
parse_control(struct parser *parser, const struct token *statement)
{
	return conf_take_once(parser, statement, "a socket's path",
	    &parser->conf->control_socket);
}
static bool
take_prefix(struct parser *parser, struct network_group *network)
{
	struct slice *more = (struct slice *)(uintptr_t)network->prefixes;
	struct fail fail = FAIL_INIT;
	char printed[PREFIX_SIZE];
	struct prefix prefix;
	struct token token;

	if (!conf_take(parser, TOKEN_WORD, "a prefix", &token))
		return false;
	if (!prefix_parse(token.text, &prefix, &fail)) {
		conf_complain_at(parser, &token, CONF_PREFIX, slice_from(fail.text));
		return true;
	}
	more = grow(parser->arena, more, network->count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	network->prefixes = more;
	more += network->count++;
	*more = arena_copy(parser->arena,
	    (struct slice){printed, prefix_print(&prefix, printed)});
	return more->data != NULL || conf_memory(parser);
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
	if (!conf_take_name(parser, "the network's name", &token))
		return false;
	network.name = token.text;
	for (size_t i = 0; i < conf->network_count; i++)
		if (slice_equal(more[i].name, token.text))
			conf_complain_at(
			    parser, &token, CONF_NETWORK_TWICE, NOTHING);
	if (!conf_mark(parser, TOKEN_EQUALS))
		return conf_expected(parser, "=");
	do
		if (!take_prefix(parser, &network))
			return false;
	while (conf_mark(parser, TOKEN_COMMA));
	more = grow(parser->arena, more, conf->network_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[conf->network_count++] = network;
	conf->networks = more;
	return true;
}
static bool
parse_retry(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	unsigned first = 0, longest = 0;
	struct place place;

	if (parser->retry_given)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	parser->retry_given = true;
	if (!conf_keyword(parser, "from") ||
	    !conf_take_duration(parser, &first) || !conf_keyword(parser, "to"))
		return false;
	place = parser->token.place;
	if (!conf_take_duration(parser, &longest))
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
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	parser->give_up_given = true;
	return conf_keyword(parser, "after") &&
	    conf_take_duration(parser, &parser->conf->give_up_after);
}

static bool
parse_workers(struct parser *parser, const struct token *statement)
{
	if (parser->conf->workers != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	return conf_take_number(parser, WORKERS_MAX, &parser->conf->workers);
}

static bool
parse_statement(struct parser *parser)
{
	static bool (*const parse[])(
	    struct parser *, const struct token *) = {
#define PARSE(word, parse) parse,
	    STATEMENTS(PARSE)
#undef PARSE
	};
	struct token token = parser->token;

	conf_next(parser);
	if (token.type == TOKEN_WORD)
		for (size_t i = 0; statements[i] != NULL; i++)
			if (slice_is(token.text, statements[i]))
				return parse[i](parser, &token);
	conf_complain_at(parser, &token, CONF_STATEMENT, NOTHING);
	return false;
}

static void
set_defaults(struct conf *conf)
{
	if (conf->origin.len == 0)
		conf->origin = SLICE("misu.invalid/log");
	if (conf->master_key.len == 0)
		conf->master_key = SLICE("master.key");
	if (conf->workers == 0)
		conf->workers = 1;
	conf_default_requests(conf);
	if (conf->publish.rate == 0)
		conf->publish.rate = PUBLISH_RATE;
	if (conf->publish.budget == 0)
		conf->publish.budget = PUBLISH_BUDGET;
	if (conf->audit.rate == 0)
		conf->audit.rate = AUDIT_RATE;
	if (conf->publish.cache == 0)
		conf->publish.cache = PUBLISH_CACHE;
	if (conf->control_socket.len == 0)
		conf->control_socket = SLICE("control.sock");
	if (conf->unix_socket.len == 0 && conf->http_address.len == 0)
		conf->unix_socket = SLICE("http.sock");
}

static void
parse_all(struct parser *parser)
{
	conf_next(parser);
	while (parser->token.type != TOKEN_END &&
	    !parser->complaints->failed) {
		if (parse_statement(parser))
			continue;
		while (parser->token.type != TOKEN_END &&
		    !conf_begins(parser, statements))
			conf_next(parser);
	}
	if (parser->conf->policy_count == 0)
		conf_complain(parser->complaints, parser->conf->place,
		    CONF_POLICY_NONE, NOTHING, NOTHING);
	set_defaults(parser->conf);
	conf_publish_defaults(parser);
	conf_keep_defaults(parser);
	if (!parser->complaints->failed) {
		conf_check_pairs(parser->conf, parser->complaints);
		conf_check_console(parser->conf, parser->complaints);
	}
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
	if (complaints_errors(&complaints) == 0)
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