/* What misu itself publishes: over WHOIS and RDAP, and for which registrar. */
#include "base/prefix.h"
#include "base/text.h"
#include "conf_parse_priv.h"
#include "core/grow.h"

/* A base ends in a slash: paths are put behind it. */
static bool
take_base(struct parser *parser, struct slice *out)
{
	struct token url;

	if (!conf_keyword(parser, "at") ||
	    !conf_take_text(parser, "the URL it has for others", &url))
		return false;
	if (url.text.data[url.text.len - 1] != '/' ||
	    (memcmp(url.text.data, "http://",
		 url.text.len < 7 ? url.text.len : 7) != 0 &&
		memcmp(url.text.data, "https://",
		    url.text.len < 8 ? url.text.len : 8) != 0))
		conf_complain_at(parser, &url, CONF_RDAP_BASE, NOTHING);
	*out = url.text;
	return true;
}

static bool
take_free(struct parser *parser, struct conf_publish *publish)
{
	struct prefix *more = (struct prefix *)(uintptr_t)publish->free;
	struct fail fail = FAIL_INIT;
	struct prefix prefix;
	struct token token;

	do {
		if (!conf_take(parser, TOKEN_WORD, "a prefix", &token))
			return false;
		if (!prefix_parse_address(token.text, &prefix) &&
		    !prefix_parse(token.text, &prefix, &fail)) {
			conf_complain_at(
			    parser, &token, CONF_PREFIX, slice_from(fail.text));
			continue;
		}
		more = grow(
		    parser->arena, more, publish->free_count, sizeof(*more));
		if (more == NULL)
			return conf_memory(parser);
		more[publish->free_count++] = prefix;
		publish->free = more;
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}

static bool
take_tiers(struct parser *parser, struct conf_publish *publish)
{
	struct conf_tier *more = (struct conf_tier *)(uintptr_t)publish->tiers;
	struct token name;

	do {
		if (!conf_take_name(parser, "a recipient", &name))
			return false;
		more = grow(
		    parser->arena, more, publish->tier_count, sizeof(*more));
		if (more == NULL)
			return conf_memory(parser);
		more[publish->tier_count++] =
		    (struct conf_tier){name.text, name.place};
		publish->tiers = more;
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}

/* A text that answers hold: one line of it, and of what can be read. */
static void
check_line(struct parser *parser, const struct token *token)
{
	if (!text_is_utf8(token->text) || !text_is_plain(token->text))
		conf_complain_at(parser, token, CONF_PLAIN, NOTHING);
}

/* jprs or jpnic, and what stands for a hidden name in both languages. */
static bool
take_hidden(struct parser *parser, const struct token *statement)
{
	static const char *const words[] = {"jprs", "jpnic", NULL};
	struct conf_publish *publish = &parser->conf->publish;
	struct publication_hidden *hidden;
	struct token japanese, english;
	unsigned choice = 0;

	if (!conf_take_choice(parser, words, "jprs or jpnic", &choice))
		return false;
	hidden = choice == 0 ? &publish->hidden_jprs : &publish->hidden_jpnic;
	if (!conf_take_text(parser, "what Japanese answers say", &japanese) ||
	    !conf_take_text(parser, "what English answers say", &english))
		return false;
	check_line(parser, &japanese);
	if (!text_is_printable(english.text))
		conf_complain_at(parser, &english, CONF_ENGLISH, NOTHING);
	if (hidden->english.len != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	*hidden = (struct publication_hidden){japanese.text, english.text};
	return true;
}

/* What JPNIC's readers expect is the first. */
static bool
take_charset(struct parser *parser, struct conf_publish *publish)
{
	static const char *const words[] = {"iso-2022-jp", "utf-8", NULL};
	unsigned choice = 0;

	if (!conf_keyword(parser, "in") ||
	    !conf_take_choice(
		parser, words, "iso-2022-jp or utf-8", &choice))
		return false;
	publish->networks_in_utf8 = choice == 1;
	return true;
}

bool
conf_parse_publish(struct parser *parser, const struct token *statement)
{
	struct conf_publish *publish = &parser->conf->publish;
	struct token address;

	publish->place = statement->place;
	if (conf_accept(parser, "whois"))
		return conf_take_listen(
		    parser, statement, &publish->whois_address, &address);
	if (conf_accept(parser, "rdap"))
		return conf_take_listen(parser, statement,
			   &publish->rdap_address, &address) &&
		       take_base(parser, &publish->rdap_base);
	if (conf_accept(parser, "rate"))
		return conf_take_number(parser, 1000000, &publish->rate);
	if (conf_accept(parser, "budget"))
		return conf_take_number(parser, 100000000, &publish->budget);
	if (conf_accept(parser, "cache"))
		return conf_take_number(parser, 65536, &publish->cache);
	if (conf_accept(parser, "networks"))
		return take_charset(parser, publish);
	if (conf_accept(parser, "references"))
		return publish->references = true;
	if (conf_accept(parser, "hidden"))
		return take_hidden(parser, statement);
	if (conf_accept(parser, "free"))
		return take_free(parser, publish);
	if (conf_accept(parser, "tier"))
		return take_tiers(parser, publish);
	return conf_expected(
	    parser,
	    "whois, rdap, rate, budget, cache, networks, references, hidden,"
	    " free or tier");
}

/* Lines of terms, each a statement; one may be empty. */
static bool
take_terms(struct parser *parser, struct slice *terms)
{
	struct text text = text_start(parser->arena);
	struct token token;

	if (!conf_take(parser, TOKEN_STRING, "a text", &token))
		return false;
	check_line(parser, &token);
	text_add(&text, *terms);
	text_add(&text, token.text);
	text_add_char(&text, '\n');
	*terms = text_slice(&text);
	return terms->data != NULL || conf_memory(parser);
}

/* One line of the registrar's block. */
static bool
parse_line(struct parser *parser, struct conf_publish *publish)
{
	const struct {
		const char *word;
		struct slice *out;
	} lines[] = {{"iana-id", &publish->registrar.iana_id},
	    {"whois", &publish->registrar.whois_server},
	    {"url", &publish->registrar.url},
	    {"abuse-email", &publish->registrar.abuse_email},
	    {"abuse-phone", &publish->registrar.abuse_phone},
	    {"reseller", &publish->registrar.reseller},
	    {"contact-form", &publish->contact_form},
	    {"terms-url", &publish->terms_url}};
	struct token token = parser->token;

	if (conf_accept(parser, "terms"))
		return take_terms(parser, &publish->terms);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (!conf_accept(parser, lines[i].word))
			continue;
		if (!conf_take_once(parser, &token, "a text", lines[i].out))
			return false;
		token.text = *lines[i].out;
		check_line(parser, &token);
		return true;
	}
	return conf_expected(parser,
	    "iana-id, whois, url, abuse-email, abuse-phone, reseller,"
	    " contact-form, terms, terms-url or }");
}

bool
conf_parse_registrar(struct parser *parser, const struct token *statement)
{
	struct conf_publish *publish = &parser->conf->publish;

	if (!conf_take_once(parser, statement, "the registrar's name",
		&publish->registrar.name))
		return false;
	if (!conf_mark(parser, TOKEN_OPEN))
		return true;
	while (!conf_mark(parser, TOKEN_CLOSE))
		if (!parse_line(parser, publish))
			return false;
	return true;
}

/* What misu itself shows in place of a name is known when it is audited. */
void
conf_publish_defaults(struct parser *parser)
{
	const struct conf_publish *publish = &parser->conf->publish;
	const struct conf_audit *audit = &parser->conf->audit;
	const struct slice texts[] = {publish->hidden_jprs.japanese,
	    publish->hidden_jprs.english, publish->hidden_jpnic.japanese,
	    publish->hidden_jpnic.english};

	for (size_t i = 0; i < audit->server_count; i++) {
		struct conf_audit_server *server =
		    (struct conf_audit_server *)(uintptr_t)&audit->servers[i];

		for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++)
			if (texts[k].len != 0 &&
			    !conf_add_hidden(parser, server, texts[k]))
				return;
	}
}

bool
conf_has_tier(const struct conf *conf, struct slice recipient)
{
	for (size_t i = 0; i < conf->publish.tier_count; i++)
		if (slice_equal(conf->publish.tiers[i].recipient, recipient))
			return true;
	return false;
}

bool
conf_publishes(const struct conf *conf)
{
	return conf->publish.whois_address.len != 0 ||
	       conf->publish.rdap_address.len != 0;
}
