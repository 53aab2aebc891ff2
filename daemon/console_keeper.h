/*
 * The console's end of the line to the keeper (console_line.h).  While the
 * keeper is away, or where it takes too long, questions are answered here, with
 * 503 and what to do.
 */
#ifndef MISU_CONSOLE_KEEPER_H
#define MISU_CONSOLE_KEEPER_H

#include "base/fail.h"
#include "base/slice.h"

struct console_keeper;
struct loop;

/* Called once, maybe before the question returns; a problem from 400 on. */
typedef void console_answer(void *arg, int status, struct slice body);

struct console_keeper *console_keeper_create(
    struct loop *loop, struct fail *fail);
/* What is not answered yet is answered now. */
void console_keeper_destroy(struct console_keeper *keeper);

/* A line to it, in place of the one there was; takes the socket over. */
void console_keeper_join(struct console_keeper *keeper, int fd);

/* `json` is the question without its number. */
void console_keeper_ask(struct console_keeper *keeper, struct slice json,
    console_answer *answer, void *arg);

#endif
