/*
 * The parent's line to each of its children: file descriptor 3, messages that
 * begin with one of these letters.
 */
#ifndef MISU_LINE_H
#define MISU_LINE_H

enum { LINE_FD = 3 };

enum line_kind {
	/* From the parent. */
	LINE_STOP = 'S',   /* finish and exit; again: at once */
	LINE_RELOAD = 'R', /* keeper: read everything anew */
	LINE_PING = 'P',   /* keeper: answer with a pong */
	LINE_WORKER = 'W', /* keeper: a line to a worker */
	LINE_AUDITOR = 'A', /* keeper: a line to the auditor */
	LINE_CONSOLE = 'Q', /* keeper: a line to the console */
	LINE_PUBLISHER = 'U', /* keeper: a line to the publisher */
	LINE_KEEPER = 'K', /* worker and readers: a line to the keeper */
	LINE_LISTEN = 'L', /* a listening socket, and what it is called */
	LINE_SECRET = 'X', /* worker: see below */
	LINE_SETTINGS = 'C', /* console, publisher, auditor: see below */
	/* From a child. */
	LINE_READY = 'r',
	LINE_PONG = 'p',
	LINE_RELOADING = 'a',
	LINE_RELOADED = 'b', /* taken or not: all is as it will be */
	LINE_SETUP = 'c',    /* misu.conf may have changed */
	LINE_STATUS = 'd',   /* for the service manager; text */
	LINE_STOP_ASKED = 's',
	LINE_ASK_SECRET = 'x', /* "12 path": a number of its own, a file */
};

/*
 * LINE_SECRET: what was asked, a NUL, then '1' and the file's text, or '0' and
 * the fail's text, place and hint with a NUL between them.
 *
 * LINE_SETTINGS: pieces, each its length in decimal, a newline and its bytes:
 * misu.conf, and, for the console, the tokens of auditors, and certificate, key
 * and clients' certificates of the operators' port.
 */

#endif
