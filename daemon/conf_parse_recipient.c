/* Recipients: each one's channel, its template and its placeholders. */
#include "base/text.h"
#include "conf_parse_priv.h"
#include "core/grow.h"
#include "core/value.h"

enum { SUFFIX_LONGEST = 15 };

struct placeholder_words {
	struct token value;
	uint64_t fields;
	unsigned roles;
};

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

		if (!conf_take(parser, TOKEN_WORD, "a field", &token))
			return false;
		bits = field_bits(token.text);
		if (bits == 0)
			conf_complain_at(parser, &token, CONF_FIELD, NOTHING);
		*out |= bits;
	} while (conf_mark(parser, TOKEN_COMMA));
	return true;
}
static bool
has_placeholder(
    const struct conf_recipient *recipient, enum role role, enum field field)
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
	struct placeholder *more = (struct placeholder *)(uintptr_t)all->items;
	struct slice name = slice_from(field_info[placeholder.field].name);
	struct fail fail = FAIL_INIT;

	if (has_placeholder(recipient, placeholder.role, placeholder.field))
		conf_complain(parser->complaints, token->place,
		    CONF_PLACEHOLDER_TWICE, name, NOTHING);
	if (!value_canonical(parser->arena, placeholder.field, token->text,
		&placeholder.value, &fail)) {
		if (fail.kind == FAIL_MEMORY)
			return conf_memory(parser);
		conf_complain(parser->complaints, token->place,
		    CONF_PLACEHOLDER, name, NOTHING);
		placeholder.value = token->text;
	}
	more = grow(parser->arena, more, all->count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[all->count++] = placeholder;
	all->items = more;
	return true;
}

static bool
add_placeholders(struct parser *parser, struct conf_recipient *recipient,
    const struct placeholder_words *words)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned field = 0; field < FIELD_COUNT; field++) {
			struct placeholder placeholder = {
			    .role = (enum role)role,
			    .field = (enum field)field};

			if ((words->roles & 1u << role) == 0 ||
			    (words->fields & (uint64_t)1 << field) == 0)
				continue;
			if (!add_placeholder(
				parser, recipient, placeholder, &words->value))
				return false;
		}
	return true;
}

/* A contact has no role of its own, and few fields must be there. */
static bool
take_contact(struct parser *parser, struct placeholder_words *words)
{
	if (!conf_mark(parser, TOKEN_STAR))
		return conf_expected(parser, "*");
	words->roles = 1u << CONTACT_ROLE;
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		if ((words->fields & (uint64_t)1 << i) != 0 &&
		    !conf_epp_demands((enum field)i)) {
			words->fields &= ~((uint64_t)1 << i);
			conf_complain(parser->complaints, words->value.place,
			    CONF_PLACEHOLDER_EPP,
			    slice_from(field_info[i].name), NOTHING);
		}
	return true;
}

static bool
parse_placeholder(struct parser *parser, struct conf_recipient *recipient)
{
	struct placeholder_words words = {.fields = 0};

	if (!conf_keyword(parser, "placeholder") ||
	    !conf_take(
		parser, TOKEN_STRING, "a value in quotes", &words.value) ||
	    !conf_keyword(parser, "for") ||
	    !take_fields(parser, &words.fields) || !conf_keyword(parser, "of"))
		return false;
	if (recipient->channel == CHANNEL_EPP
		? !take_contact(parser, &words)
		: !conf_take_roles(parser, &words.roles))
		return false;
	return add_placeholders(parser, recipient, &words);
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
		suffix =
		    (struct slice){dot, name.len - (size_t)(dot - name.data)};
	return is_suffix(suffix) ? suffix : SLICE(".txt");
}

static bool
load_template(struct parser *parser, struct conf_recipient *recipient,
    const struct token *token)
{
	const struct policy_loader *loader = parser->loader;
	struct fail fail = FAIL_INIT;

	recipient->template_name = token->text;
	if (loader == NULL || !loader->load(loader->context, token->text,
				  &recipient->template_text)) {
		conf_complain_at(parser, token, CONF_TEMPLATE_NONE, NOTHING);
		return true;
	}
	recipient->template = template_parse(
	    parser->arena, token->text, recipient->template_text, &fail);
	if (recipient->template != NULL)
		return true;
	if (fail.kind == FAIL_MEMORY)
		return conf_memory(parser);
	conf_complain(parser->complaints, token->place, CONF_TEMPLATE,
	    slice_from(fail.place), slice_from(fail.text));
	return true;
}

static bool
parse_file(struct parser *parser, struct conf_recipient *recipient)
{
	struct token token;

	if (!conf_take_text(parser, "a directory", &token))
		return false;
	recipient->directory = token.text;
	if (conf_accept(parser, "suffix")) {
		if (!conf_take_text(parser, "a suffix", &token))
			return false;
		if (!is_suffix(token.text))
			conf_complain_at(parser, &token, CONF_SUFFIX, NOTHING);
		recipient->suffix = token.text;
	}
	if (!conf_keyword(parser, "template") ||
	    !conf_take_text(parser, "a template's file", &token))
		return false;
	if (recipient->suffix.len == 0)
		recipient->suffix = default_suffix(token.text);
	return load_template(parser, recipient, &token);
}

static bool
parse_rest(struct parser *parser, struct conf_recipient *recipient)
{
	struct token token;

	switch (recipient->channel) {
	case CHANNEL_FILE:
		return parse_file(parser, recipient);
	case CHANNEL_EPP:
		if (!conf_take_name(parser, "an upstream's name", &token))
			return false;
		recipient->upstream = token.text;
		recipient->upstream_place = token.place;
		return true;
	case CHANNEL_DESK:
	case CHANNEL_VIEW:
	case CHANNEL_COUNT:
		break;
	}
	return true;
}

static bool
parse_channel(struct parser *parser, struct conf_recipient *recipient)
{
	struct token token;

	if (!conf_keyword(parser, "to") ||
	    !conf_take(parser, TOKEN_WORD, "a channel", &token))
		return false;
	for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
		if (!slice_is(
			token.text, channel_kind_name((enum channel_kind)i)))
			continue;
		recipient->channel = (enum channel_kind)i;
		return parse_rest(parser, recipient);
	}
	conf_complain_at(parser, &token, CONF_CHANNEL, NOTHING);
	return false;
}

bool
conf_parse_recipient(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct conf_recipient recipient = {.suffix = NOTHING};
	struct conf_recipient *more =
	    (struct conf_recipient *)(uintptr_t)conf->recipients;
	struct token token;

	(void)statement;
	if (!conf_take_name(parser, "a recipient's name", &token))
		return false;
	recipient.id = token.text;
	recipient.place = token.place;
	if (conf_recipient(conf, recipient.id) != NULL)
		conf_complain_at(parser, &token, CONF_RECIPIENT_TWICE, NOTHING);
	if (!parse_channel(parser, &recipient))
		return false;
	if (conf_mark(parser, TOKEN_OPEN))
		while (!conf_mark(parser, TOKEN_CLOSE))
			if (!parse_placeholder(parser, &recipient))
				return false;
	more = grow(parser->arena, more, conf->recipient_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[conf->recipient_count++] = recipient;
	conf->recipients = more;
	return true;
}
