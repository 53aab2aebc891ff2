/* What an upstream says of contacts: who they are, and what they can carry. */
#include "base/name.h"
#include "base/text.h"
#include "conf_parse_priv.h"
#include "core/grow.h"

enum {
	CONTACT_ID_LONGEST = 16, /* RFC 5730: clIDType */
	SPACE_LONGEST = 255,
};

#define SHIPPED_SPACE(text)                                                    \
	{                                                                      \
		{text, sizeof(text) - 1}, true                                 \
	}

/* Nothing of a person is in them, or misu decides it. */
static const struct epp_extension_rule shipped[] = {
    SHIPPED_SPACE("urn:ietf:params:xml:ns:secDNS-1.1"),
    SHIPPED_SPACE("urn:ietf:params:xml:ns:rgp-1.0"),
    SHIPPED_SPACE("urn:ietf:params:xml:ns:epp:fee-1.0"),
    SHIPPED_SPACE("urn:ietf:params:xml:ns:launch-1.0"),
    SHIPPED_SPACE(EPP_LOGIN_SEC_SPACE),
    SHIPPED_SPACE(EPP_ADDL_EMAIL_SPACE),
    SHIPPED_SPACE("http://www.verisign-grs.com/epp/namestoreExt-1.1"),
    SHIPPED_SPACE("urn:ietf:params:xml:ns:neulevel-1.0"),
};

enum { SHIPPED = sizeof(shipped) / sizeof(*shipped) };

bool
conf_parse_contacts(struct parser *parser, struct conf_upstream *upstream)
{
	static const char *const words[] = {
	    "required", "accepted", "prohibited", NULL};
	unsigned choice;

	if (!conf_take_choice(parser, words,
		"contacts required, accepted or prohibited", &choice))
		return false;
	upstream->contacts = (enum upstream_contacts)choice;
	return true;
}

bool
conf_parse_disclose(struct parser *parser, struct conf_upstream *upstream)
{
	static const char *const words[] = {
	    "supported", "ignored", "rejected", NULL};
	unsigned choice;

	if (!conf_take_choice(parser, words,
		"disclose supported, ignored or rejected", &choice))
		return false;
	upstream->disclose = (enum epp_disclose)choice;
	return true;
}

bool
conf_parse_dcp(struct parser *parser, struct conf_upstream *upstream)
{
	static const char *const words[] = {"public", "private", NULL};
	unsigned choice;

	if (!conf_take_choice(parser, words, "dcp public or private", &choice))
		return false;
	upstream->dcp =
	    choice == 0 ? UPSTREAM_DCP_PUBLIC : UPSTREAM_DCP_PRIVATE;
	return true;
}

bool
conf_parse_on_link(struct parser *parser, struct conf_upstream *upstream)
{
	static const char *const words[] = {"refuse", "update", NULL};
	unsigned choice;

	if (!conf_take_choice(
		parser, words, "on-link refuse or update", &choice))
		return false;
	upstream->on_link = (enum upstream_on_link)choice;
	return true;
}

static bool
is_space(struct slice text)
{
	static const char *const known[] = {EPP_SPACE, EPP_CONTACT_SPACE,
	    EPP_DOMAIN_SPACE, EPP_HOST_SPACE, EPP_MISU_SPACE};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (slice_is(text, known[i]))
			return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] <= ' ' ||
		    (unsigned char)text.data[i] >= 0x7f)
			return false;
	return text.len <= SPACE_LONGEST;
}

static bool
push_extension(struct parser *parser, struct conf_upstream *upstream,
    const struct epp_extension_rule *rule)
{
	struct epp_extension_rule *more =
	    (struct epp_extension_rule *)(uintptr_t)upstream->extensions;

	more =
	    grow(parser->arena, more, upstream->extension_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[upstream->extension_count++] = *rule;
	upstream->extensions = more;
	return true;
}

/*
 * Those of misu.conf come behind the shipped ones, whose place they take when
 * they name the same.
 */
static bool
add_extension(struct parser *parser, struct conf_upstream *upstream,
    const struct epp_extension_rule *rule, const struct token *token)
{
	struct epp_extension_rule *all =
	    (struct epp_extension_rule *)(uintptr_t)upstream->extensions;

	for (size_t i = 0; i < upstream->extension_count; i++) {
		if (!slice_equal(all[i].space, rule->space))
			continue;
		/* What was read is the file's; what was shipped is not. */
		if (i >= SHIPPED || all[i].space.data != shipped[i].space.data)
			conf_complain_at(
			    parser, token, CONF_EXTENSION_TWICE, NOTHING);
		all[i] = *rule;
		return true;
	}
	return push_extension(parser, upstream, rule);
}

bool
conf_parse_extension(struct parser *parser, struct conf_upstream *upstream)
{
	static const char *const words[] = {"strip", "pass", NULL};
	struct epp_extension_rule rule;
	struct token token;
	unsigned choice;

	if (!conf_take_choice(
		parser, words, "extension pass or strip", &choice) ||
	    !conf_take_text(parser, "a namespace's URI", &token))
		return false;
	if (!is_space(token.text))
		conf_complain_at(parser, &token, CONF_EXTENSION, NOTHING);
	rule = (struct epp_extension_rule){token.text, choice == 1};
	return add_extension(parser, upstream, &rule, &token);
}

static bool
take_epp_roles(struct parser *parser, unsigned *out)
{
	struct token token = parser->token;

	if (!conf_take_roles(parser, out))
		return false;
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if ((*out & 1u << i & ~(unsigned)EPP_ROLES) != 0)
			conf_complain(parser->complaints, token.place,
			    CONF_EPP_ROLE, slice_from(role_name((enum role)i)),
			    NOTHING);
	return true;
}

/* ".biz" as the policy's suffixes are. */
static bool
take_suffix(struct parser *parser, struct slice *out)
{
	struct fail fail = FAIL_INIT;
	struct slice name = NOTHING;
	struct text text = text_start(parser->arena);
	struct token token;

	if (!conf_take_text(parser, "a domain suffix", &token))
		return false;
	if (token.text.data[0] != '.' ||
	    !name_canonical(parser->arena,
		(struct slice){token.text.data + 1, token.text.len - 1}, &name,
		&fail)) {
		conf_complain_at(parser, &token, CONF_TLD, NOTHING);
		return true;
	}
	text_add_char(&text, '.');
	text_add(&text, name);
	*out = text_slice(&text);
	return out->data != NULL || conf_memory(parser);
}

static bool
take_kind(struct parser *parser, enum kind *out)
{
	static const char *const words[] = {"natural", "legal", NULL};
	unsigned choice;

	if (!conf_take_choice(parser, words, "kind natural or legal", &choice))
		return false;
	*out = choice == 0 ? KIND_NATURAL : KIND_LEGAL;
	return true;
}

static bool
take_pattern_rest(struct parser *parser, struct conf_pattern *pattern)
{
	for (;;) {
		if (conf_accept(parser, "is")) {
			if (!take_epp_roles(parser, &pattern->roles))
				return false;
		} else if (conf_accept(parser, "under")) {
			if (!take_suffix(parser, &pattern->suffix))
				return false;
		} else if (conf_goes_on(parser, "kind")) {
			pattern->has_kind = true;
			if (!take_kind(parser, &pattern->kind))
				return false;
		} else {
			return true;
		}
	}
}

static bool
is_glob(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] <= ' ' || text.data[i] == 0x7f)
			return false;
	return text.len <= CONTACT_ID_LONGEST;
}

bool
conf_parse_contact(struct parser *parser, struct conf_upstream *upstream)
{
	struct conf_pattern *more =
	    (struct conf_pattern *)(uintptr_t)upstream->patterns;
	struct conf_pattern pattern = {.roles = 0};
	struct token token;

	if (!conf_take_text(parser, "a contact's id", &token))
		return false;
	pattern.glob = token.text;
	if (!is_glob(token.text))
		conf_complain_at(parser, &token, CONF_PATTERN, NOTHING);
	for (size_t i = 0; i < upstream->pattern_count; i++)
		if (slice_equal(more[i].glob, token.text))
			conf_complain_at(
			    parser, &token, CONF_PATTERN_TWICE, NOTHING);
	if (!take_pattern_rest(parser, &pattern))
		return false;
	if (pattern.roles == 0 && pattern.suffix.len == 0 && !pattern.has_kind)
		conf_complain_at(parser, &token, CONF_PATTERN_IDLE, NOTHING);
	more =
	    grow(parser->arena, more, upstream->pattern_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[upstream->pattern_count++] = pattern;
	upstream->patterns = more;
	return true;
}

bool
conf_parse_kind(struct parser *parser, struct conf_upstream *upstream)
{
	static const char *const words[] = {
	    "unknown", "natural", "legal", "inferred", NULL};
	static const enum kind kinds[] = {
	    KIND_UNKNOWN, KIND_NATURAL, KIND_LEGAL, KIND_UNKNOWN};
	unsigned choice;

	if (!conf_take_choice(parser, words,
		"kind unknown, natural, legal or inferred", &choice))
		return false;
	upstream->kind = kinds[choice];
	upstream->infer_kind = choice == 3;
	return true;
}

bool
conf_parse_role(struct parser *parser, struct conf_upstream *upstream)
{
	return take_epp_roles(parser, &upstream->roles);
}

bool
conf_ship_extensions(struct parser *parser, struct conf_upstream *upstream)
{
	for (size_t i = 0; i < SHIPPED; i++)
		if (!push_extension(parser, upstream, &shipped[i]))
			return false;
	return true;
}
