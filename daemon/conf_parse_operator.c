/*
 * Who may come to the control socket or over HTTPS and for what, what needs two of them,
 * and what the law gives for answering requests.
 */
#include "conf_parse_priv.h"
#include "core/grow.h"

enum { ID_MAX = 2000000000, FEE_MAX = 100000000, CONF_SUBJECT_MAX = 500 };

static const char *const rights[] = {
    "look", "hold", "desk", "request", "forget", "all", NULL};
static const char rights_hint[] = "look, hold, desk, request, forget or all";

static const char *const matters[] = {
    "holds", "forgetting", "authority-requests", NULL};

static const char *const laws[] = {
    "appi", "gdpr", "nis2", "authority", "registry", NULL};

static bool
take_rights(struct parser *parser, unsigned *out)
{
	*out = 0;
	if (!conf_goes_on(parser, "may")) {
		*out = CONF_MAY_LOOK;
		return true;
	}
	do {
		unsigned right;

		if (!conf_take_choice(parser, rights, rights_hint, &right))
			return false;
		*out |= 1u << right;
	} while (conf_mark(parser, TOKEN_COMMA));
	if ((*out & CONF_MAY_ALL) != 0)
		*out = UINT32_MAX;
	*out |= CONF_MAY_LOOK;
	return true;
}

/* As OpenSSL writes it with -nameopt RFC2253: "CN=alice,O=Example". */
static bool
take_subject(struct parser *parser, struct slice *out)
{
	struct token token;

	if (!conf_take_text(parser, "a certificate's subject", &token))
		return false;
	if (memchr(token.text.data, '=', token.text.len) == NULL ||
	    token.text.len > CONF_SUBJECT_MAX)
		conf_complain_at(parser, &token, CONF_SUBJECT, NOTHING);
	*out = token.text;
	return true;
}

/* An id of the kernel's, of which 0 needs no statement, or a certificate. */
static bool
take_id(struct parser *parser, struct conf_operator *operator)
{
	if (conf_accept(parser, "certificate")) {
		operator->by = CONF_BY_CERTIFICATE;
		return conf_take_digest(parser, &operator->certificate);
	}
	if (conf_accept(parser, "subject")) {
		operator->by = CONF_BY_SUBJECT;
		return take_subject(parser, &operator->subject);
	}
	operator->by = CONF_BY_GROUP;
	if (!conf_accept(parser, "gid")) {
		operator->by = CONF_BY_USER;
		if (!conf_keyword(parser, "uid"))
			return false;
	}
	return conf_take_number(parser, ID_MAX, &operator->id);
}

static bool
is_same(const struct conf_operator *a, const struct conf_operator *b)
{
	return a->by == b->by && a->id == b->id &&
	       digest_equal(&a->certificate, &b->certificate) &&
	       slice_equal(a->subject, b->subject);
}

bool
conf_parse_operator(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	struct conf_operator *more =
	    (struct conf_operator *)(uintptr_t)conf->operators;
	struct conf_operator operator= {.subject = NOTHING};
	struct token name;

	if (!take_id(parser, &operator) ||
	    !conf_take_name(parser, "the operator's name", &name) ||
	    !take_rights(parser, &operator.rights))
		return false;
	operator.name = name.text;
	for (size_t i = 0; i < conf->operator_count; i++)
		if (is_same(&more[i], &operator))
			conf_complain_at(
			    parser, statement, CONF_OPERATOR_TWICE, name.text);
	more = grow(parser->arena, more, conf->operator_count, sizeof(*more));
	if (more == NULL)
		return conf_memory(parser);
	more[conf->operator_count++] = operator;
	conf->operators = more;
	return true;
}

/* approval of holds, forgetting by two operators within 3d */
bool
conf_parse_approval(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;

	if (conf->two_for != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	if (!conf_keyword(parser, "of"))
		return false;
	do {
		unsigned matter;

		if (!conf_take_choice(parser, matters,
			"holds, forgetting or authority-requests", &matter))
			return false;
		conf->two_for |= 1u << matter;
	} while (conf_mark(parser, TOKEN_COMMA));
	return conf_keyword(parser, "by") && conf_keyword(parser, "two") &&
	       conf_keyword(parser, "operators") &&
	       (!conf_goes_on(parser, "within") ||
		   conf_take_duration(parser, &conf->approval_lasts));
}

/* time-limit appi 14d */
bool
conf_parse_time_limit(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;
	unsigned law;

	if (!conf_take_choice(
		parser, laws, "appi, gdpr, nis2, authority or registry", &law))
		return false;
	if (conf->limits[law] != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	return conf_take_duration(parser, &conf->limits[law]);
}

/* fee 1000 "JPY without tax", or fee none */
bool
conf_parse_fee(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;

	if (conf->fee_unit.len != 0)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	if (conf_accept(parser, "none")) {
		conf->fee = 0;
		conf->fee_unit = SLICE("none");
		return true;
	}
	return conf_take_number(parser, FEE_MAX, &conf->fee) &&
	       conf_take_once(
		   parser, statement, "what it is in", &conf->fee_unit);
}

/*
 * APPI arts. 33-35: without delay, in practice two weeks; GDPR art. 12(3): a
 * month; NIS2 art. 28(5): 72 hours.  An authority states its own.
 */
void
conf_default_requests(struct conf *conf)
{
	static const unsigned defaults[CONF_LAWS] = {
	    [CONF_LAW_APPI] = 14 * 86400,
	    [CONF_LAW_GDPR] = 30 * 86400,
	    [CONF_LAW_NIS2] = 72 * 3600,
	    [CONF_LAW_AUTHORITY] = 0,
	    [CONF_LAW_REGISTRY] = 14 * 86400,
	};

	for (unsigned law = 0; law < CONF_LAWS; law++)
		if (conf->limits[law] == 0)
			conf->limits[law] = defaults[law];
	if (conf->fee_unit.len == 0) {
		conf->fee = 1000;
		conf->fee_unit = SLICE("JPY without tax");
	}
	if (conf->approval_lasts == 0)
		conf->approval_lasts = 3 * 86400;
}

const char *
conf_law_name(enum conf_law law)
{
	return laws[law];
}
