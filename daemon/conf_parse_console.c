/* The console and the witnesses it asks. */
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

void
conf_check_console(const struct conf *conf, struct complaints *complaints)
{
	if (conf->console_address.len == 0) {
		if (conf->witness_count != 0)
			conf_complain(complaints, conf->place,
			    CONF_WITNESS_ALONE, NOTHING, NOTHING);
		return;
	}
	if (peer_is_address(conf->console_address.data) &&
	    !peer_is_loopback(conf->console_address.data))
		conf_complain(complaints, conf->console_place,
		    CONF_CONSOLE_OPEN, conf->console_address, NOTHING);
	if (conf->console_tokens.len != 0 &&
	    slice_equal(conf->console_tokens, conf->tokens_file))
		conf_complain(complaints, conf->console_place,
		    CONF_CONSOLE_TOKENS, conf->console_tokens, NOTHING);
}
