/*
 * A blocking HTTP client for one thing: posting submissions to misu over a
 * kept-alive Unix socket.  It understands what intake_http answers and no
 * more.
 */
#ifndef MISU_CTL_HTTP_H
#define MISU_CTL_HTTP_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/slice.h"

struct ctl_http {
	const char *socket;
	int fd; /* -1: not connected */
};

/*
 * POST /v1/submissions.  A connection that went stale while idle is made
 * anew once: the Idempotency-Key makes that harmless.
 */
bool ctl_http_post(struct ctl_http *http, const char *key, struct slice body,
    struct arena *arena, int *status, struct slice *answer,
    struct fail *fail);
void ctl_http_close(struct ctl_http *http);

#endif
