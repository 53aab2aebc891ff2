#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

bool
child_begin(struct fail *fail)
{
	struct pollfd line = {.fd = LINE_FD};
	struct stat status;

	if (fstat(LINE_FD, &status) != 0 || !S_ISSOCK(status.st_mode))
		return fail_set(fail, FAIL_DENIED,
		    "only misu itself starts its processes");
	if (!proc_become_child(fail))
		return false;
	fcntl(LINE_FD, F_SETFD, FD_CLOEXEC);
	/* It may have died before this process followed it. */
	if (poll(&line, 1, 0) < 0 || (line.revents & POLLHUP) != 0)
		return fail_set(fail, FAIL_WORLD, "the parent is gone");
	return true;
}

/* Nothing is lost that is not also safe from a kill. */
static void
parent_gone(void *context)
{
	(void)context;
	_exit(1);
}

struct wire_stream *
child_line(struct event_base *base,
    bool (*received)(void *context, struct slice message, int fd),
    void *context, struct fail *fail)
{
	const struct wire_stream_options options = {.base = base,
	    .received = received,
	    .gone = parent_gone,
	    .context = context,
	    .fds = true,
	    .wipes = true};

	return wire_stream_create(&options, LINE_FD, fail);
}

bool
child_settings(struct slice text, struct slice *piece, struct slice *rest)
{
	size_t len = 0;

	while (text.len != 0 && text.data[0] >= '0' && text.data[0] <= '9') {
		len = len * 10 + (size_t)(text.data[0] - '0');
		text.data++;
		text.len--;
		if (len > WIRE_MESSAGE_MAX)
			return false;
	}
	if (text.len == 0 || text.data[0] != '\n' || text.len - 1 < len)
		return false;
	*piece = (struct slice){text.data + 1, len};
	*rest = (struct slice){text.data + 1 + len, text.len - 1 - len};
	return true;
}
