/* Upstreams: one registry each, and those who come to it through misu. */
#include "base/name.h"
#include "conf_parse_priv.h"
#include "core/grow.h"
#include "net/peer.h"

enum {
	CLIENT_ID_SHORTEST = 3, /* RFC 5730: clIDType */
	CLIENT_ID_LONGEST = 16,
	SESSIONS_MAX = 1000,
	CONNECTIONS_MAX = 100000,
	FRAME_KILOBYTES_SHORTEST = 4,
	FRAME_KILOBYTES_LONGEST = 1024,
};

static const struct conf_upstream defaults = {
    .mode = UPSTREAM_SESSION,
    .sessions = 4,
    .contacts = CONTACTS_REQUIRED,
    .disclose = EPP_DISCLOSE_SUPPORTED,
    .on_link = ON_LINK_REFUSE,
    .kind = KIND_UNKNOWN,
    .connections = 1000,
    .backend_connections = 100,
    .frame = (size_t)64 * 1024,
    .greet = 10,
    .log_in = 30,
    .idle = 600,
    .answer = 30,
};

static bool
take_into(struct parser *parser, const char *what, struct slice *out)
{
	struct token token;

	if (!conf_take_text(parser, what, &token))
		return false;
	*out = token.text;
	return true;
}

static bool
parse_listen(struct parser *parser, struct conf_upstream *upstream)
{
	const struct conf *conf = parser->conf;
	struct token token;

	if (!conf_take_text(parser, "an address with a port", &token))
		return false;
	if (!peer_is_address(token.text.data))
		conf_complain_at(parser, &token, CONF_LISTEN_ADDRESS, NOTHING);
	for (size_t i = 0; i < conf->upstream_count; i++)
		if (slice_equal(conf->upstreams[i].listen, token.text))
			conf_complain(parser->complaints, token.place,
			    CONF_LISTEN_TWICE, conf->upstreams[i].name,
			    NOTHING);
	upstream->listen = token.text;
	return true;
}

static bool
take_pair(struct parser *parser, struct slice *certificate, struct slice *key)
{
	return take_into(parser, "a certificate's file", certificate) &&
	       conf_keyword(parser, "key") &&
	       take_into(parser, "a key's file", key);
}

static bool
parse_certificate(struct parser *parser, struct conf_upstream *upstream)
{
	return take_pair(parser, &upstream->certificate, &upstream->key);
}

static bool
parse_clients(struct parser *parser, struct conf_upstream *upstream)
{
	return conf_keyword(parser, "from") &&
	       take_into(parser, "a file of certificates", &upstream->clients);
}

/* The host before the port, without the brackets of an IPv6 address. */
static bool
split_server(struct slice server, struct slice *host)
{
	const char *colon = memrchr(server.data, ':', server.len);
	unsigned long port = 0;
	size_t len;

	if (colon == NULL)
		return false;
	len = (size_t)(colon - server.data);
	if (len + 1 == server.len || server.len - len > 6)
		return false;
	for (size_t i = len + 1; i < server.len; i++) {
		if (server.data[i] < '0' || server.data[i] > '9')
			return false;
		port = port * 10 + (unsigned)(server.data[i] - '0');
	}
	*host = (struct slice){server.data, len};
	if (len > 2 && host->data[0] == '[' && host->data[len - 1] == ']')
		*host = (struct slice){server.data + 1, len - 2};
	return port != 0 && port <= 65535;
}

static bool
is_host_name(struct parser *parser, struct slice text)
{
	struct fail fail = FAIL_INIT;
	struct slice canonical;

	return memchr(text.data, ':', text.len) == NULL &&
	       name_canonical(parser->arena, text, &canonical, &fail);
}

static bool
parse_server(struct parser *parser, struct conf_upstream *upstream)
{
	struct slice host = NOTHING;
	struct token token;

	if (!conf_take_text(parser, "a host with a port", &token))
		return false;
	if (!split_server(token.text, &host) ||
	    (!peer_is_address(token.text.data) && !is_host_name(parser, host)))
		conf_complain_at(parser, &token, CONF_SERVER_ADDRESS, NOTHING);
	upstream->server = token.text;
	if (upstream->server_name.len == 0)
		upstream->server_name = host;
	return true;
}

static bool
parse_name(struct parser *parser, struct conf_upstream *upstream)
{
	struct token token;

	if (!conf_take_text(parser, "a host name", &token))
		return false;
	if (!is_host_name(parser, token.text))
		conf_complain_at(parser, &token, CONF_SERVER_NAME, NOTHING);
	upstream->server_name = token.text;
	return true;
}

static bool
parse_authority(struct parser *parser, struct conf_upstream *upstream)
{
	return take_into(
	    parser, "a file of certificates", &upstream->authority);
}

static bool
parse_pin(struct parser *parser, struct conf_upstream *upstream)
{
	struct digest *more = (struct digest *)(uintptr_t)upstream->pins;
	struct digest pin = {{0}};

	if (!conf_take_digest(parser, &pin))
		return false;
	more = grow(parser->arena, more, upstream->pin_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[upstream->pin_count++] = pin;
	upstream->pins = more;
	return true;
}

static bool
parse_show(struct parser *parser, struct conf_upstream *upstream)
{
	return take_pair(
	    parser, &upstream->client_certificate, &upstream->client_key);
}

static bool
parse_mode(struct parser *parser, struct conf_upstream *upstream)
{
	struct token token = parser->token;

	upstream->shadows = conf_accept(parser, "shadow");
	if (conf_accept(parser, "pool")) {
		upstream->mode = UPSTREAM_POOL;
		return !conf_goes_on(parser, "of") ||
		       (conf_take_number(
			    parser, SESSIONS_MAX, &upstream->sessions) &&
			   conf_keyword(parser, "sessions"));
	}
	if (conf_accept(parser, "session") || upstream->shadows)
		return true;
	conf_complain_at(parser, &token, CONF_MODE, NOTHING);
	return false;
}

static bool
take_client_id(struct parser *parser, struct slice *out, struct token *token)
{
	if (!conf_take_text(parser, "a login of EPP", token))
		return false;
	*out = token->text;
	if (out->len < CLIENT_ID_SHORTEST || out->len > CLIENT_ID_LONGEST ||
	    memchr(out->data, ' ', out->len) != NULL)
		conf_complain_at(parser, token, CONF_CLIENT_ID, NOTHING);
	return true;
}

static bool
parse_login(struct parser *parser, struct conf_upstream *upstream)
{
	struct token token;

	return take_client_id(parser, &upstream->login, &token) &&
	       conf_keyword(parser, "password") &&
	       take_into(parser, "a password's file", &upstream->password_file);
}

/* Certificate and connections begin statements too, so: on one line. */
static bool
take_backend_rest(struct parser *parser, struct conf_backend *backend)
{
	for (;;) {
		if (conf_goes_on(parser, "password")) {
			if (!take_into(parser, "a password's file",
				&backend->password_file))
				return false;
		} else if (conf_goes_on(parser, "certificate")) {
			backend->has_certificate = true;
			if (!conf_take_digest(parser, &backend->certificate))
				return false;
		} else if (conf_goes_on(parser, "connections")) {
			if (!conf_take_number(
				parser, CONNECTIONS_MAX, &backend->connections))
				return false;
		} else {
			return true;
		}
	}
}

static bool
parse_backend(struct parser *parser, struct conf_upstream *upstream)
{
	struct conf_backend *more =
	    (struct conf_backend *)(uintptr_t)upstream->backends;
	struct conf_backend backend = {.connections = 0};
	struct token token;

	if (!take_client_id(parser, &backend.login, &token))
		return false;
	backend.place = token.place;
	for (size_t i = 0; i < upstream->backend_count; i++)
		if (slice_equal(more[i].login, backend.login))
			conf_complain_at(
			    parser, &token, CONF_BACKEND_TWICE, NOTHING);
	if (!take_backend_rest(parser, &backend))
		return false;
	more =
	    grow(parser->arena, more, upstream->backend_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[upstream->backend_count++] = backend;
	upstream->backends = more;
	return true;
}

static bool
parse_connections(struct parser *parser, struct conf_upstream *upstream)
{
	return conf_take_number(
	    parser, CONNECTIONS_MAX, &upstream->connections);
}

static bool
parse_backend_connections(struct parser *parser, struct conf_upstream *upstream)
{
	return conf_take_number(
	    parser, CONNECTIONS_MAX, &upstream->backend_connections);
}

/* "64k" */
static bool
parse_frame(struct parser *parser, struct conf_upstream *upstream)
{
	struct token token;
	size_t kilobytes = 0;
	bool ok;

	if (!conf_take(parser, TOKEN_WORD, "a size", &token))
		return false;
	ok = token.text.len >= 2 && token.text.len <= 5 &&
	     token.text.data[token.text.len - 1] == 'k';
	for (size_t i = 0; ok && i + 1 < token.text.len; i++) {
		ok = token.text.data[i] >= '0' && token.text.data[i] <= '9';
		kilobytes = kilobytes * 10 + (size_t)(token.text.data[i] - '0');
	}
	if (!ok || kilobytes < FRAME_KILOBYTES_SHORTEST ||
	    kilobytes > FRAME_KILOBYTES_LONGEST)
		conf_complain_at(parser, &token, CONF_FRAME, NOTHING);
	upstream->frame = kilobytes * 1024;
	return true;
}

/* time to greet 10s, to log in 30s, idle 10m, to answer 30s */
static bool
parse_time(struct parser *parser, struct conf_upstream *upstream)
{
	do {
		unsigned *out = &upstream->idle;

		if (conf_accept(parser, "to")) {
			if (conf_accept(parser, "greet"))
				out = &upstream->greet;
			else if (conf_accept(parser, "answer"))
				out = &upstream->answer;
			else if (conf_keyword(parser, "log") &&
				 conf_keyword(parser, "in"))
				out = &upstream->log_in;
			else
				return false;
		} else if (!conf_keyword(parser, "idle")) {
			return false;
		}
		if (!conf_take_duration(parser, out))
			return false;
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}

static const struct statement {
	const char *word;
	bool many; /* it may stand more than once */
	bool (*parse)(struct parser *, struct conf_upstream *);
} statements[] = {
    {"listen", false, parse_listen},
    {"certificate", false, parse_certificate},
    {"clients", false, parse_clients},
    {"server", false, parse_server},
    {"name", false, parse_name},
    {"authority", false, parse_authority},
    {"pin", true, parse_pin},
    {"show", false, parse_show},
    {"mode", false, parse_mode},
    {"login", false, parse_login},
    {"backend", true, parse_backend},
    {"contacts", false, conf_parse_contacts},
    {"disclose", false, conf_parse_disclose},
    {"dcp", false, conf_parse_dcp},
    {"on-link", false, conf_parse_on_link},
    {"extension", true, conf_parse_extension},
    {"contact", true, conf_parse_contact},
    {"kind", false, conf_parse_kind},
    {"role", false, conf_parse_role},
    {"connections", false, parse_connections},
    {"backend-connections", false, parse_backend_connections},
    {"frame", false, parse_frame},
    {"time", false, parse_time},
};

enum { STATEMENTS = sizeof(statements) / sizeof(*statements) };

/* Its bit is in `seen` from then on. */
static bool
parse_statement(
    struct parser *parser, struct conf_upstream *upstream, unsigned *seen)
{
	struct token token = parser->token;

	for (unsigned i = 0; i < STATEMENTS; i++) {
		if (!conf_accept(parser, statements[i].word))
			continue;
		if ((*seen & 1u << i) != 0 && !statements[i].many)
			conf_complain_at(parser, &token, CONF_TWICE, NOTHING);
		*seen |= 1u << i;
		return statements[i].parse(parser, upstream);
	}
	if (token.type == TOKEN_END)
		token.text = SLICE("the end of the file");
	conf_complain_at(parser, &token, CONF_UPSTREAM_WORD, NOTHING);
	return false;
}

/* To the next statement of this upstream, so that all its errors come out. */
static bool
find_statement(struct parser *parser)
{
	static const char *const others[] = {"state", "origin", "master-key",
	    "policy", "control", "network", "retry", "give-up", "workers",
	    "recipient", "upstream", NULL};

	while (parser->token.type != TOKEN_END &&
	       parser->token.type != TOKEN_CLOSE &&
	       !conf_begins(parser, others)) {
		for (size_t i = 0; parser->token.first && i < STATEMENTS; i++)
			if (parser->token.type == TOKEN_WORD &&
			    slice_is(parser->token.text, statements[i].word))
				return true;
		conf_next(parser);
	}
	return parser->token.type == TOKEN_CLOSE;
}

static void
check_lacks(struct parser *parser, const struct conf_upstream *upstream)
{
	const struct {
		struct slice value;
		const char *what;
	} needs[] = {
	    {upstream->listen, "where it listens: listen 192.0.2.1:700"},
	    {upstream->certificate,
		"what backends are shown: certificate \"file\" key \"file\""},
	    {upstream->server, "where the registry is: server HOST:PORT"},
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (needs[i].value.len == 0)
			conf_complain(parser->complaints, upstream->place,
			    CONF_UPSTREAM_LACKS, upstream->name,
			    slice_from(needs[i].what));
	if (upstream->mode == UPSTREAM_POOL && upstream->login.len == 0)
		conf_complain(parser->complaints, upstream->place,
		    CONF_UPSTREAM_LACKS, upstream->name,
		    SLICE("how a pool logs in: login \"CLID\" password "
			  "\"file\""));
}

static void
check_backends(struct parser *parser, const struct conf_upstream *upstream)
{
	bool pool = upstream->mode == UPSTREAM_POOL;

	if (pool && upstream->backend_count == 0)
		conf_complain(parser->complaints, upstream->place,
		    CONF_BACKEND_NONE, upstream->name, NOTHING);
	for (size_t i = 0; i < upstream->backend_count; i++) {
		const struct conf_backend *backend = &upstream->backends[i];

		if (pool && backend->password_file.len == 0 &&
		    !backend->has_certificate)
			conf_complain(parser->complaints, backend->place,
			    CONF_BACKEND_OPEN, backend->login, NOTHING);
		if (backend->has_certificate && upstream->clients.len == 0)
			conf_complain(parser->complaints, backend->place,
			    CONF_BACKEND_CLIENTS, backend->login,
			    upstream->name);
	}
}

static bool
parse_block(struct parser *parser, struct conf_upstream *upstream)
{
	unsigned seen = 0;

	if (!conf_mark(parser, TOKEN_OPEN))
		return conf_expected(parser, "{");
	while (!conf_mark(parser, TOKEN_CLOSE)) {
		if (parser->complaints->failed)
			return false;
		if (!parse_statement(parser, upstream, &seen) &&
		    !find_statement(parser))
			return false;
	}
	check_lacks(parser, upstream);
	check_backends(parser, upstream);
	return true;
}

bool
conf_parse_upstream(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct conf_upstream upstream = defaults;
	struct conf_upstream *more =
	    (struct conf_upstream *)(uintptr_t)conf->upstreams;
	struct token token;

	(void)statement;
	if (!conf_take_name(parser, "the upstream's name", &token))
		return false;
	upstream.name = token.text;
	upstream.place = token.place;
	if (conf_upstream(conf, upstream.name) != NULL)
		conf_complain_at(parser, &token, CONF_UPSTREAM_TWICE, NOTHING);
	if (!conf_ship_extensions(parser, &upstream) ||
	    !parse_block(parser, &upstream))
		return false;
	more = grow(parser->arena, more, conf->upstream_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[conf->upstream_count++] = upstream;
	conf->upstreams = more;
	return true;
}
