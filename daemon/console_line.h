/*
 * What console and keeper say to each other, over a line that the parent made
 * for the two (LINE_CONSOLE, LINE_KEEPER).  A question is its number in
 * decimal, a newline, and JSON:
 *
 *	{"token":NAME,"verb":"find","text":TEXT}
 *	{"certificate":SHA-256,"subject":SUBJECT,"verb":VERB,"text":TEXT}
 *
 * the first in the name of an auditor's token, the second of an operator, with
 * the certificate that the console saw in TLS: who that is, and what they may,
 * the keeper knows.  Verbs with a slash are the console's own, and no order has
 * one: "log/read", may they read the log, and "log/find", as "find" of a token.
 * TEXT is JSON.  An answer is the question's number, a
 * blank, a status of HTTP, a newline, and the body.
 *
 * The keeper works on so many at one time, and finds so many objects and so
 * many subjects for one query.
 */
#ifndef MISU_CONSOLE_LINE_H
#define MISU_CONSOLE_LINE_H

enum { CONSOLE_LINE_AT_ONCE = 64, CONSOLE_FIND_MAX = 16 };

#endif
