/*
 * A disclosure is what ONE recipient gets for one purpose: the values that
 * may pass, and for every field a verdict with the number of its rule.  Only
 * core/decide.c and core/decide_contact.c can make one; encoders take it and nothing rawer.
 *
 * Where the outcome is hold or refuse no value is in it at all.
 */
#ifndef MISU_DISCLOSURE_H
#define MISU_DISCLOSURE_H

#include "core/ruleset.h"

struct disclosure;

struct ruling {
	enum verdict verdict;
	unsigned rule; /* 0: no rule named it, or a subject's stop did */
};

/* VERDICT_FORWARD (it goes), VERDICT_HOLD or VERDICT_REFUSE, and its rule. */
struct ruling disclosure_outcome(const struct disclosure *disclosure);

/* Is it refused because a person in it stopped the provision of their data? */
bool disclosure_is_stopped(const struct disclosure *disclosure);
/* 1 << role of those whose person's stop it was decided with. */
unsigned disclosure_stopped_roles(const struct disclosure *disclosure);

/* The reason a hold or refuse rule gives; empty otherwise. */
struct slice disclosure_reason(const struct disclosure *disclosure);

const struct ruleset *disclosure_ruleset(const struct disclosure *disclosure);
const struct recipient *disclosure_recipient(
    const struct disclosure *disclosure);
struct slice disclosure_purpose(const struct disclosure *disclosure);
enum operation disclosure_operation(const struct disclosure *disclosure);
enum object_type disclosure_type(const struct disclosure *disclosure);

/* What the ledger calls a role of it: object_role_name(). */
const char *disclosure_role_word(
    const struct disclosure *disclosure, enum role role);

/*
 * The object's name where it is the thing registered (a domain, a network);
 * empty for a subscriber or a spam report, whose reference stays here, and
 * for a contact or host, whose id stands in the frame.
 */
struct slice disclosure_object(const struct disclosure *disclosure);

/* The object's name for the ledger, which encrypts it.  Never encode it. */
struct slice disclosure_reference(const struct disclosure *disclosure);

bool disclosure_has_role(const struct disclosure *disclosure, enum role role);
struct slice disclosure_subject(
    const struct disclosure *disclosure, enum role role);

/* Did the record carry this field at all?  ("not collected" is not redacted) */
bool disclosure_collected(
    const struct disclosure *disclosure, enum role role, enum field field);
/* Or does it, and nothing is said of it for its limit (record_set_limit())? */
bool disclosure_withheld(
    const struct disclosure *disclosure, enum role role, enum field field);

/*
 * May some record let this recipient have the field?  Then it may hold an
 * older value, which an update that redacts must make it lose.
 */
bool disclosure_could_pass(
    const struct disclosure *disclosure, enum role role, enum field field);

/* Did this update take the field away?  The recipient must lose it too. */
bool disclosure_removed(
    const struct disclosure *disclosure, enum role role, enum field field);

struct ruling disclosure_ruling(
    const struct disclosure *disclosure, enum role role, enum field field);

/*
 * What the object was before this update: servers where its name servers are
 * forwarded, handles where those are, and which roles there were.  Not known
 * where the vault had nothing.
 */
const struct record_former *disclosure_former(
    const struct disclosure *disclosure);

/* Of a renewal, the date of expiry that the backend knows; empty: none. */
struct slice disclosure_expires(const struct disclosure *disclosure);

/* FIELD_BITs of those that were collected: all others have no value. */
uint64_t disclosure_collected_all(
    const struct disclosure *disclosure, enum role role);

/* What is registered of the object itself; no person's data. */
const struct registration *disclosure_registration(
    const struct disclosure *disclosure);

/* What passes: count 0 unless forwarded, replaced or generalised. */
struct values disclosure_values(
    const struct disclosure *disclosure, enum role role, enum field field);

/* Recipients behind this one, nearest first, and their rulings. */
size_t disclosure_onward_count(const struct disclosure *disclosure);
const struct recipient *disclosure_onward(
    const struct disclosure *disclosure, size_t index);
struct ruling disclosure_onward_ruling(const struct disclosure *disclosure,
    size_t index, enum role role, enum field field);

/*
 * May whoever is behind this recipient have the field?  False means that its
 * channel must mark it "do not disclose": a public behind it, at any distance,
 * would show what its block does not let through, or another registry would
 * be passed what it may get only under other conditions.
 */
bool disclosure_publishable(
    const struct disclosure *disclosure, enum role role, enum field field);
/* The same of a decision of one block, with the ruling that withholds it. */
bool disclosure_is_withheld(const struct disclosure *disclosure, enum role role,
    enum field field, struct ruling *by);

#endif
