/*
 * The control socket, through which misuctl talks to a running misu.  Only
 * root, the daemon's own user and the operators of misu.conf are answered.  One connection is one
 * request: a line of JSON,
 *
 *	{"verb":"hold-approve","id":12,"text":"called the registrant"}
 *
 * answered with a line {"status":200,"length":N} and N bytes of body.
 */
#ifndef MISU_CONTROL_H
#define MISU_CONTROL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/fail.h"
#include "base/slice.h"

struct event_base;
struct control;
struct control_request;

enum { CONTROL_LINE_MAX = 64 * 1024 };

struct control_ask {
	struct slice verb;
	int64_t id;         /* 0: not given */
	struct slice text;  /* a reason or a note; may be empty */
	/* "uid 0", "uid 1001 (alice)": the kernel's word; service_console.c */
	struct slice actor;
	unsigned rights;    /* CONF_MAY_*; all of them for root */
};

struct control_options {
	struct event_base *base;
	/* `ask` is borrowed; control_answer() is called once, now or later. */
	void (*handle)(void *context, const struct control_ask *ask,
	    struct control_request *request);
	/*
	 * Who of misu.conf's operators is at the other end of `fd`: their
	 * rights, 0 for nobody, and a name that lives as long as the call.
	 */
	unsigned (*operator)(
	    void *context, int fd, uid_t uid, struct slice *name);
	void *context;
};

/* Takes the listening socket over. */
struct control *control_create(const struct control_options *options,
    int listen_fd, struct fail *fail);
void control_destroy(struct control *control);

/*
 * A request that came another way, and is answered there: once, at once or
 * later.  NULL when out of memory.
 */
struct control_request *control_request_create(
    void (*answer)(void *arg, int status, struct slice body), void *arg);

/* Has the shape of an engine_answer; `request` is freed. */
void control_answer(void *request, int status, struct slice body);

#endif
