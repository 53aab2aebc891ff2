/*
 * What the keeper and the auditor tell one another: JSON, one object a
 * message.  The auditor reads what strangers answer, so the keeper trusts
 * nothing it says: each word, number and length is looked at, and a message
 * that is none is the end of the line to it.
 */
#ifndef MISU_AUDIT_LINE_H
#define MISU_AUDIT_LINE_H

#include "codec/audit_answer.h"

/* One question to one server. */
struct audit_ask {
	int64_t number;
	bool is_rdap, english;
	bool waits; /* where the server wants a pause; else it is held */
	enum audit_layout layout; /* of WHOIS */
	struct slice server;	  /* as misu.conf has it; empty: to be found */
	/* Without from_jis, which is the auditor's own. */
	struct audit_question question;
};

enum audit_end {
	AUDIT_ANSWERED,
	AUDIT_UNANSWERED, /* and why stands in `reason` */
	AUDIT_NOBODY,	  /* no server was found that has the object */
	AUDIT_HELD,	  /* the server wants no more questions for now */
	AUDIT_END_COUNT
};

struct audit_told {
	int64_t number;
	enum audit_end end;
	struct slice server;	    /* that was asked; may be empty */
	struct slice reason;	    /* in a few words, of ours and libraries' */
	unsigned wait;		    /* AUDIT_HELD: seconds; 0: it did not say */
	struct audit_answer answer; /* AUDIT_ANSWERED */
};

/*
 * Written into `arena`; {NULL, 0} when out of memory, and for what was told
 * also where it is longer than can be read again.
 */
struct slice audit_write_ask(const struct audit_ask *ask, struct arena *arena);
struct slice audit_write_told(
    const struct audit_told *told, struct arena *arena);

/* Into `arena`.  False: no such message. */
bool audit_read_ask(
    struct slice message, struct arena *arena, struct audit_ask *out);
bool audit_read_told(
    struct slice message, struct arena *arena, struct audit_told *out);

#endif
