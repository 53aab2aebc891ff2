/*
 * The console: where auditors and operators reach it, and the witnesses it
 * asks.
 */
#include "conf_parse_priv.h"
#include "core/grow.h"
#include "core/note.h"
#include "net/peer.h"

bool
conf_parse_console(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct token address;

	if (!conf_take_listen(
		parser, statement, &conf->console_address, &address))
		return false;
	conf->console_place = address.place;
	return !conf_goes_on(parser, "tokens") ||
	       conf_take_once(parser, statement, "the tokens' file",
		   &conf->console_tokens);
}

static bool
take_file(struct parser *parser, const char *what, struct slice *out)
{
	struct token token;

	if (!conf_take_text(parser, what, &token))
		return false;
	if (token.text.len == 0)
		conf_complain_at(parser, &token, CONF_EMPTY, NOTHING);
	*out = token.text;
	return true;
}

/*
 * operators on ADDRESS certificate FILE key FILE clients from FILE
 *	[revoked by FILE]
 */
bool
conf_parse_operators(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct token address;

	conf->operators_place = statement->place;
	return conf_take_listen(
		   parser, statement, &conf->operators_address, &address) &&
	       conf_keyword(parser, "certificate") &&
	       take_file(parser, "a certificate's file",
		   &conf->operators_certificate) &&
	       conf_keyword(parser, "key") &&
	       take_file(parser, "a key's file", &conf->operators_key) &&
	       conf_keyword(parser, "clients") &&
	       conf_keyword(parser, "from") &&
	       take_file(parser, "a file of certificates",
		   &conf->operators_clients) &&
	       (!conf_accept(parser, "revoked") ||
		   (conf_keyword(parser, "by") &&
		       take_file(parser, "a file of revocation lists",
			   &conf->operators_revoked)));
}

static bool
take_finds(struct parser *parser, unsigned *out)
{
	static const char *const finds[] = {"subjects", "objects", NULL};

	*out = 0;
	do {
		unsigned find;

		if (!conf_take_choice(
			parser, finds, "subjects or objects", &find))
			return false;
		*out |= 1u << find;
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}

/* auditor NAME may find subjects, objects */
bool
conf_parse_auditor(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct conf_auditor *more =
	    (struct conf_auditor *)(uintptr_t)conf->auditors;
	struct conf_auditor auditor = {.finds = 0};
	struct token name;

	if (!conf_take_text(parser, "the name of an auditor's token", &name) ||
	    !conf_keyword(parser, "may") || !conf_keyword(parser, "find") ||
	    !take_finds(parser, &auditor.finds))
		return false;
	auditor.name = name.text;
	for (size_t i = 0; i < conf->auditor_count; i++)
		if (slice_equal(more[i].name, name.text))
			conf_complain_at(
			    parser, statement, CONF_AUDITOR_TWICE, name.text);
	more = grow(parser->arena, more, conf->auditor_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[conf->auditor_count++] = auditor;
	conf->auditors = more;
	return true;
}

/* No query and no fragment: a path is put behind it. */
static bool
is_url(struct slice url)
{
	static const char *const schemes[] = {"https://", "http://"};
	size_t host = 0;

	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(schemes[i]);

		if (url.len > len && memcmp(url.data, schemes[i], len) == 0)
			host = len;
	}
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.data[i];

		if (c <= ' ' || c >= 0x7f || c == '?' || c == '#' || c == '@')
			return false;
	}
	return host != 0 && url.data[host] != '/' && url.len <= 500;
}

static bool
take_witness(struct parser *parser, struct conf_witness *witness)
{
	struct fail ignored = FAIL_INIT;
	struct token key, url;
	struct slice name;
	uint8_t public_key[32];

	if (!conf_take_text(parser, "a witness' key", &key))
		return false;
	if (!note_parse_witness_key(
		key.text, parser->arena, &name, public_key, &ignored))
		conf_complain_at(parser, &key, CONF_WITNESS, NOTHING);
	if (!conf_keyword(parser, "at") ||
	    !conf_take_text(parser, "a URL", &url))
		return false;
	if (!is_url(url.text))
		conf_complain_at(parser, &url, CONF_WITNESS_URL, NOTHING);
	for (size_t i = 0; i < parser->conf->witness_count; i++)
		if (slice_equal(
			parser->conf->witnesses[i].verifier_key, key.text))
			conf_complain_at(
			    parser, &key, CONF_WITNESS_TWICE, NOTHING);
	*witness = (struct conf_witness){key.text, url.text};
	return true;
}

bool
conf_parse_witness(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct conf_witness *more =
	    (struct conf_witness *)(uintptr_t)conf->witnesses;
	struct conf_witness witness;

	(void)statement;
	if (!take_witness(parser, &witness))
		return false;
	more = grow(parser->arena, more, conf->witness_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[conf->witness_count++] = witness;
	conf->witnesses = more;
	return true;
}

bool
conf_has_console(const struct conf *conf)
{
	return conf->console_address.len != 0 ||
	       conf->operators_address.len != 0;
}

/* Whom a certificate makes an operator needs the port to come to. */
static void
check_operators(const struct conf *conf, struct complaints *complaints)
{
	bool any = false;

	for (size_t i = 0; i < conf->operator_count; i++)
		any = any || conf->operators[i].by == CONF_BY_CERTIFICATE ||
		      conf->operators[i].by == CONF_BY_SUBJECT;
	if (any && conf->operators_address.len == 0)
		conf_complain(complaints, conf->place, CONF_OPERATORS_NONE,
		    NOTHING, NOTHING);
	if (!any && conf->operators_address.len != 0)
		conf_complain(complaints, conf->operators_place,
		    CONF_OPERATORS_IDLE, conf->operators_address, NOTHING);
}

void
conf_check_console(const struct conf *conf, struct complaints *complaints)
{
	check_operators(conf, complaints);
	if (conf->auditor_count != 0 && conf->console_tokens.len == 0)
		conf_complain(complaints, conf->place, CONF_AUDITOR_ALONE,
		    conf->auditors[0].name, NOTHING);
	if (conf->witness_count != 0 && !conf_has_console(conf))
		conf_complain(complaints, conf->place, CONF_WITNESS_ALONE,
		    NOTHING, NOTHING);
	if (conf->console_address.len == 0)
		return;
	if (peer_is_address(conf->console_address.data) &&
	    !peer_is_loopback(conf->console_address.data))
		conf_complain(complaints, conf->console_place,
		    CONF_CONSOLE_OPEN, conf->console_address, NOTHING);
	if (conf->console_tokens.len != 0 &&
	    slice_equal(conf->console_tokens, conf->tokens_file))
		conf_complain(complaints, conf->console_place,
		    CONF_CONSOLE_TOKENS, conf->console_tokens, NOTHING);
}
