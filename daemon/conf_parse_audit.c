/* Whom to ask what others publish: audit. */
#include "base/text.h"
#include "codec/bootstrap.h"
#include "conf_parse_priv.h"
#include "core/grow.h"
#include "net/peer.h"

static const char *const layouts[] = {"gtld", "jprs", "jpnic", NULL};

static const enum audit_layout layout_of[] = {
    AUDIT_GTLD, AUDIT_JPRS, AUDIT_JPNIC_NETWORK};

/* --- where --- */

static bool
is_host(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && strchr(".-:[]", c) == NULL)
			return false;
	}
	return text.len != 0 && text.len <= 260;
}

static bool
take_where(struct parser *parser, struct conf_audit_server *server)
{
	struct token token;

	if (!conf_take_text(
		parser, server->is_rdap ? "a URL" : "a WHOIS server", &token))
		return false;
	if (!(server->is_rdap ? bootstrap_is_base(token.text)
			      : is_host(token.text)))
		conf_complain_at(parser, &token,
		    server->is_rdap ? CONF_AUDIT_URL : CONF_AUDIT_SERVER,
		    NOTHING);
	server->server = token.text;
	return true;
}

/* --- of which objects --- */

static const struct network_group *
find_network(const struct conf *conf, struct slice name)
{
	for (size_t i = 0; i < conf->network_count; i++)
		if (slice_equal(conf->networks[i].name, name))
			return &conf->networks[i];
	return NULL;
}

static bool
take_network(struct parser *parser, struct conf_audit_server *server)
{
	struct network_group *copy;
	const struct network_group *found;
	struct token token;

	if (!conf_take_name(parser, "the network's name", &token))
		return false;
	found = find_network(parser->conf, token.text);
	if (found == NULL)
		conf_complain_at(parser, &token, CONF_AUDIT_NETWORK, NOTHING);
	copy = arena_take(parser->arena, sizeof(*copy));
	if (copy == NULL)
		return conf_memory(parser);
	if (found != NULL)
		*copy = *found;
	copy->name = token.text;
	server->network = copy;
	return true;
}

static bool
is_suffix(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && !(c == '.' && text.data[i + 1] != '.'))
			return false;
	}
	return text.len > 1 && text.len < 254 && text.data[0] == '.' &&
	       text.data[text.len - 1] != '.';
}

static bool
take_suffixes(struct parser *parser, struct conf_audit_server *server)
{
	struct slice *more = NULL;
	struct token token;

	do {
		if (!conf_take_text(
			parser, "a domain suffix or network", &token))
			return false;
		if (!is_suffix(token.text))
			conf_complain_at(parser, &token, CONF_TLD, NOTHING);
		more = grow(
		    parser->arena, more, server->suffix_count, sizeof(*more));
		if (more == NULL)
			return conf_memory(parser);
		more[server->suffix_count++] = token.text;
		server->suffixes = more;
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}

/* --- and how they look --- */

bool
conf_add_hidden(struct parser *parser, struct conf_audit_server *server,
    struct slice text)
{
	struct slice *more = (struct slice *)(uintptr_t)server->hidden.items;

	more = grow(parser->arena, more, server->hidden.count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[server->hidden.count++] = text;
	server->hidden.items = more;
	return true;
}

static bool
take_hidden(struct parser *parser, struct conf_audit_server *server)
{
	struct token token;

	do {
		if (!conf_take_text(
			parser, "what it shows instead", &token) ||
		    !conf_add_hidden(parser, server, token.text))
			return false;
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}

static bool
take_look(struct parser *parser, struct conf_audit_server *server)
{
	unsigned layout;

	for (;;) {
		if (conf_accept(parser, "hidden")) {
			if (!conf_keyword(parser, "as") ||
			    !take_hidden(parser, server))
				return false;
		} else if (!server->is_rdap && conf_accept(parser, "layout")) {
			if (!conf_take_choice(parser, layouts,
				"layout gtld, jprs or jpnic", &layout))
				return false;
			server->has_layout = true;
			server->layout = layout_of[layout];
		} else if (!server->is_rdap && conf_accept(parser, "english")) {
			server->english = true;
		} else if (parser->token.first ||
			   parser->token.type == TOKEN_END) {
			return true;
		} else {
			return conf_expected(parser,
			    server->is_rdap ? "hidden"
					    : "layout, english or hidden");
		}
	}
	return true;
}

/* --- a server --- */

static bool
share_suffix(const struct conf_audit_server *a,
    const struct conf_audit_server *b, struct slice *suffix)
{
	for (size_t i = 0; i < a->suffix_count; i++)
		for (size_t k = 0; k < b->suffix_count; k++)
			if (slice_equal(a->suffixes[i], b->suffixes[k])) {
				*suffix = a->suffixes[i];
				return true;
			}
	if (a->network == NULL || b->network == NULL)
		return false;
	*suffix = a->network->name;
	return slice_equal(a->network->name, b->network->name);
}

static void
check_twice(struct parser *parser, const struct conf_audit_server *server)
{
	const struct conf_audit *audit = &parser->conf->audit;
	struct slice suffix;

	for (size_t i = 0; i < audit->server_count; i++)
		if (audit->servers[i].is_rdap == server->is_rdap &&
		    slice_equal(
			audit->servers[i].recipient, server->recipient) &&
		    share_suffix(&audit->servers[i], server, &suffix))
			conf_complain(parser->complaints, server->place,
			    CONF_AUDIT_TWICE, server->recipient, suffix);
}

/* WHERE for .jp, .co.jp as RECIPIENT layout jprs hidden as "TEXT", ... */
static bool
take_server(struct parser *parser, struct conf_audit_server *server)
{
	struct token recipient;

	if (!take_where(parser, server) || !conf_keyword(parser, "for"))
		return false;
	if (conf_accept(parser, "network")) {
		if (!take_network(parser, server))
			return false;
	} else if (!take_suffixes(parser, server)) {
		return false;
	}
	if (!conf_keyword(parser, "as") ||
	    !conf_take_name(parser, "a recipient of the policy", &recipient))
		return false;
	server->recipient = recipient.text;
	server->place = recipient.place;
	check_twice(parser, server);
	return take_look(parser, server);
}

static bool
add_server(struct parser *parser, bool is_rdap)
{
	struct conf_audit *audit = &parser->conf->audit;
	struct conf_audit_server *more =
	    (struct conf_audit_server *)(uintptr_t)audit->servers;
	struct conf_audit_server server = {.is_rdap = is_rdap};

	if (!take_server(parser, &server))
		return false;
	more = grow(parser->arena, more, audit->server_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[audit->server_count++] = server;
	audit->servers = more;
	return true;
}

static bool
take_resolver(
    struct parser *parser, const struct token *statement, struct slice *out)
{
	struct token token = parser->token;

	if (!conf_take_once(parser, statement, "a name server", out))
		return false;
	if (!peer_is_address(out->data))
		conf_complain_at(parser, &token, CONF_LISTEN_ADDRESS, NOTHING);
	return true;
}

bool
conf_parse_audit(struct parser *parser, const struct token *statement)
{
	struct conf_audit *audit = &parser->conf->audit;

	audit->given = true;
	audit->place = statement->place;
	if (conf_accept(parser, "whois"))
		return add_server(parser, false);
	if (conf_accept(parser, "rdap"))
		return add_server(parser, true);
	if (conf_accept(parser, "every"))
		return conf_take_duration(parser, &audit->every);
	if (conf_accept(parser, "rate"))
		return conf_take_number(parser, 6000, &audit->rate);
	if (conf_accept(parser, "bootstrap"))
		return conf_take_once(
		    parser, statement, "a directory", &audit->bootstrap);
	if (conf_accept(parser, "resolver"))
		return take_resolver(parser, statement, &audit->resolver);
	if (conf_accept(parser, "authority"))
		return conf_take_once(
		    parser, statement, "a file", &audit->authority);
	if (conf_accept(parser, "record"))
		return conf_keyword(parser, "all") &&
		       (audit->records_all = true);
	if (conf_accept(parser, "named"))
		return conf_keyword(parser, "only") &&
		       (audit->named_only = true);
	return conf_expected(parser,
	    "whois, rdap, every, rate, bootstrap, resolver, authority, record"
	    " or named");
}
