/*
 * Answers of WHOIS (RFC 3912) in the layouts that readers know: gTLD
 * registries and registrars, JPRS and JPNIC.  Lines end with "\n" here; who
 * sends them makes CRLF of it, and another charset where one is asked for.
 *
 * A value never ends its line or begins another: control characters cannot
 * stand in a publication, and what a layout adds is its own.
 */
#ifndef MISU_WHOIS_H
#define MISU_WHOIS_H

#include "base/text.h"
#include "codec/publication.h"

/* ".co.jp" of a name; all end in "". */
bool whois_ends_in(struct slice name, const char *end);

/* What is said where there is none, as the registry of its TLD does. */
void whois_gtld_not_found(struct text *text, struct slice name);

/* How one gTLD's answers look. */
struct whois_style {
	unsigned indent;       /* blanks before each line: 3 for .com, .net */
	bool upper;	       /* names of domains and servers in capitals */
	bool always_id;	       /* the object's own id is redacted if not told */
	unsigned roles;	       /* 1 << role: contacts that have lines */
	unsigned streets;      /* lines of a street that is empty or redacted */
	struct slice redacted; /* what stands for a redacted value */
	struct slice redacted_id;    /* the same for the object's own id */
	struct slice redacted_email; /* a sentence, or a form's address */
	struct slice complaint_label, complaint_url;
	struct slice database;	   /* "WHOIS database" */
	/* Texts around; may be empty.  The footer may have several lines. */
	struct slice lead, footer;
};

/*
 * As the registry of its TLD does it, or as ICANN's policy says where none is
 * known.  Contacts that the object has, or that the registry always shows,
 * have lines.  There is no footer: terms of use are the operator's.
 */
struct whois_style whois_style_of(const struct publication *it);

/* `now` is when the database was last updated; Unix seconds. */
void whois_gtld(struct text *text, const struct publication *it,
    const struct whois_style *style, int64_t now);

/* Layouts of .jp: without Japanese where the query ended in "/e". */
void whois_jprs_generic(
    struct text *text, const struct publication *it, bool english);
void whois_jprs_organizational(
    struct text *text, const struct publication *it, bool english);
void whois_jprs_contact(struct text *text, const struct publication *it,
    enum role role, bool english);
void whois_jprs_not_found(struct text *text, bool english);
/* Names that refer to what was asked for; `more`: these are not all. */
void whois_jprs_references(
    struct text *text, struct values names, bool more, bool english);

/* Networks, and the contacts that their handles name. */
void whois_jpnic_network(
    struct text *text, const struct publication *it, bool english);
void whois_jpnic_contact(struct text *text, const struct publication *it,
    enum role role, bool english);
/*
 * Who has a network: the organization, of an individual the name, or what
 * stands for either where it is hidden, which `room` keeps.
 */
struct values whois_jpnic_holder(
    const struct publication *it, bool english, struct slice *room);
void whois_jpnic_not_found(struct text *text, bool english);

#endif
