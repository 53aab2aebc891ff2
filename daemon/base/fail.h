/*
 * A fail says what went wrong, where, and what to do about it.  The pure
 * layers return false or NULL and leave the story here; the first failure
 * wins, so that callers may go on cleaning up without hiding the cause.
 * A fail never holds a registrant's value: name the place, not the content.
 */
#ifndef MISU_FAIL_H
#define MISU_FAIL_H

#include <stdbool.h>

enum fail_kind {
	FAIL_NONE,
	FAIL_INPUT,  /* what came in is wrong: answer the peer, go on */
	FAIL_WORLD,  /* disk or network: hold what waits, try again */
	FAIL_MEMORY, /* no memory: refuse new work */
	FAIL_DENIED, /* not allowed, unknown key, bad authentication */
};

struct fail {
	enum fail_kind kind;
	char place[96]; /* file:line:col, a JSON pointer, or a file name */
	char text[256]; /* one line, lower case, the fact first */
	char hint[160]; /* what to do; may be empty */
};

#define FAIL_INIT {.kind = FAIL_NONE}

/* As FAIL_INIT, without wiping half a kilobyte: for what runs often. */
static inline void
fail_clear(struct fail *fail)
{
	fail->kind = FAIL_NONE;
	fail->place[0] = fail->text[0] = fail->hint[0] = '\0';
}

/* Record a failure unless one is recorded already; returns false always. */
bool fail_set(struct fail *fail, enum fail_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add the place and the hint to a fail that has none yet. */
void fail_place(struct fail *fail, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fail_hint(struct fail *fail, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The usual complaint of an arena that could not grow; returns false. */
static inline bool
fail_memory(struct fail *fail)
{
	fail_set(fail, FAIL_MEMORY, "out of memory");
	return false;
}

#endif
