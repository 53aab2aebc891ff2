/* What the files of RDAP share: rdap*.c. */
#ifndef MISU_RDAP_PRIV_H
#define MISU_RDAP_PRIV_H

#include "codec/rdap.h"

/* A document as it grows: whether a comma is due stands in `first`. */
struct rdap_page {
	struct text *text;
	const struct publication *it;
	const struct rdap_options *options;
	struct slice self; /* where this answer is had */
	bool first;
};

/* `"name":`, after a comma where one is due. */
void rdap_member(struct rdap_page *page, const char *name);
void rdap_string(struct rdap_page *page, const char *name, struct slice value);
/* An object, an array, and their ends; within an array, a member is "". */
void rdap_open(struct rdap_page *page, const char *name, char bracket);
void rdap_close(struct rdap_page *page, char bracket);

/* The document's beginning; its end, and the check of what it says. */
struct rdap_page rdap_begin(struct text *text, const struct publication *it,
    const struct rdap_options *options);
bool rdap_end(struct rdap_page *page, size_t start, struct fail *fail);

/* Members that several kinds of object have. */
void rdap_status(struct rdap_page *page);
void rdap_events(struct rdap_page *page);
/* The same of another's dates: those of a contact are not its object's. */
void rdap_events_of(struct rdap_page *page, const struct publication *it);
void rdap_entities(
    struct rdap_page *page, const enum role *roles, size_t count);
/* Where it is had: "domain/" and its name, below the base. */
void rdap_set_self(struct rdap_page *page, const char *what, struct slice name);
/* `links` with that address. */
void rdap_self(struct rdap_page *page);
void rdap_notices(struct rdap_page *page);
/* All that comes last: port43, lang, notices, redacted. */
void rdap_tail(struct rdap_page *page, const enum role *roles, size_t count);

/* What it means to have been answered with a token (rdap_tier.c). */
void rdap_tier_notice(struct rdap_page *page);

/* The contacts that have a place in an answer, in its order. */
size_t rdap_present(const struct publication *it, enum role roles[ROLE_COUNT]);

/* --- rdap_card.c --------------------------------------------------------- */

/* "registrant", "technical", ...: as RDAP calls a role. */
const char *rdap_role(enum role role);

/* The members "vcardArray", "roles" and, where published, "handle". */
void rdap_card(struct rdap_page *page, enum role role);
void rdap_other_handles(struct rdap_page *page, enum role role);

/* --- rdap_redacted.c ------------------------------------------------------ */

/*
 * The "redacted" member of a domain, a network, or of an entity that stands
 * alone (`own` true: its paths begin at the document).  None where nothing
 * is redacted.
 */
void rdap_redacted(
    struct rdap_page *page, const enum role *roles, size_t count, bool own);

/*
 * Is every entry of "redacted" true of this document?  What is said to be
 * removed is not there, what is said to be empty is, and what stands in the
 * place of another does.
 */
bool rdap_redacted_check(
    struct arena *arena, struct slice document, struct fail *fail);

#endif
