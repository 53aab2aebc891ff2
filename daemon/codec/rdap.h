/*
 * RDAP answers (RFC 9083) of what is published, with RFC 9537's "redacted"
 * members made from the same publication.  Values that were redacted have no
 * placeholder; what was never collected is nowhere said to be redacted.
 *
 * Contacts are jCards (RFC 7095).
 */
#ifndef MISU_RDAP_H
#define MISU_RDAP_H

#include "base/text.h"
#include "codec/publication.h"

struct rdap_options {
	struct slice base;  /* "https://rdap.registrar.example/" */
	struct slice whois; /* port43; empty: no such member */
	/*
	 * A registrar says how a registrant can be reached where it redacts
	 * the e-mail address: a form.  Empty: the address is only removed.
	 */
	struct slice contact_uri;
	struct slice terms, terms_url; /* the terms of service; may be empty */
	bool with_token; /* it is for one who asked with a token, and says so */
	int64_t now; /* when the database was last updated; Unix seconds */
};

/*
 * Each appends one JSON document.  False if memory ran out, or if an entry of
 * "redacted" is not true of the document (FAIL_WORLD; then the text must not
 * be sent: that is checked here, of each answer made).
 */
bool rdap_domain(struct text *text, const struct publication *it,
    const struct rdap_options *options, struct fail *fail);
bool rdap_network(struct text *text, const struct publication *it,
    const struct rdap_options *options, struct fail *fail);
/* The contact of a role, as asked for by its handle. */
bool rdap_entity(struct text *text, const struct publication *it,
    enum role role, const struct rdap_options *options, struct fail *fail);
/*
 * A name server that some object has: `it` has its name and no more;
 * `addresses` may be none.
 */
bool rdap_nameserver(struct text *text, const struct publication *it,
    struct values addresses, const struct rdap_options *options,
    struct fail *fail);
bool rdap_help(
    struct text *text, const struct rdap_options *options, struct fail *fail);
/* Why one with a token is not answered, in English and Japanese. */
struct tier_wording;
bool rdap_tier_error(struct text *text, const struct tier_wording *wording,
    struct fail *fail);
/* `status` as the HTTP answer has it; texts of ours. */
bool rdap_error(struct text *text, int status, const char *title,
    const char *description, struct fail *fail);

#endif
