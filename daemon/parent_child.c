/* Starting children, and starting them again. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "parent_priv.h"

enum { NAME_SIZE = 24 };

const char *
child_kind_name(enum child_kind kind)
{
	static const char *const names[CHILD_KINDS] = {
	    [CHILD_KEEPER] = "keeper",
	    [CHILD_WORKER] = "worker",
	    [CHILD_CONSOLE] = "console",
	    [CHILD_PUBLISHER] = "publisher",
	    [CHILD_AUDITOR] = "auditor"};

	return names[kind];
}

static void
name_of(const struct child *child, char name[NAME_SIZE])
{
	if (child->kind == CHILD_WORKER)
		snprintf(name, NAME_SIZE, "worker %u", child->number);
	else
		snprintf(name, NAME_SIZE, "%s", child_kind_name(child->kind));
}

static void
timer_due(void *arg)
{
	struct child *child = arg;

	if (child->pid != 0)
		child_kill(child);
	else if (!child->parent->stopping && !child->unwanted)
		child_start(child);
}

bool
child_init(struct child *child, struct parent *parent, enum child_kind kind,
    unsigned number)
{
	*child = (struct child){
	    .parent = parent, .kind = kind, .number = number};
	child->timer = parent->loop->operations->timer_create(
	    parent->loop, timer_due, child);
	return child->timer != NULL;
}

void
child_finish(struct child *child)
{
	if (child->parent == NULL)
		return;
	child_kill(child);
	wire_stream_destroy(child->line);
	child->line = NULL;
	child->parent->loop->operations->timer_destroy(child->timer);
}

static bool
received(void *context, struct slice message, int fd)
{
	struct child *child = context;

	if (fd >= 0)
		close(fd);
	return message.len != 0 &&
	    parent_received(child, message.data[0],
		(struct slice){message.data + 1, message.len - 1});
}

/* It ends, or says what it should not: either way it is to go, and soon. */
static void
line_gone(void *context)
{
	struct child *child = context;
	struct parent *parent = child->parent;

	wire_stream_destroy(child->line);
	child->line = NULL;
	if (!parent->stopping)
		parent->loop->operations->timer_set(child->timer, LINE_GRACE);
}

/* Between fork and exec: what a signal handler may call, and no more. */
static void
become(const struct child *child, int line, const char **argv,
    char **environment)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (line == LINE_FD)
		fcntl(line, F_SETFD, 0);
	else if (dup2(line, LINE_FD) < 0)
		_exit(127);
	fexecve(child->parent->program, (char *const *)(uintptr_t)argv,
	    environment);
	_exit(127);
}

/* The service manager's socket is the parent's; credentials the keeper's. */
static bool
is_kept(const struct child *child, const char *variable)
{
	return strncmp(variable, "NOTIFY_SOCKET=", 14) != 0 &&
	    strncmp(variable, "WATCHDOG_", 9) != 0 &&
	    (child->kind == CHILD_KEEPER ||
		strncmp(variable, "CREDENTIALS_DIRECTORY=", 22) != 0);
}

static char **
make_environment(const struct child *child)
{
	size_t count = 0, kept = 0;
	char **copy;

	while (environ[count] != NULL)
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy != NULL && i < count; i++)
		if (is_kept(child, environ[i]))
			copy[kept++] = environ[i];
	return copy;
}

static pid_t
run(const struct child *child, int line)
{
	const struct parent *parent = child->parent;
	char name[NAME_SIZE], title[NAME_SIZE + 8], which[NAME_SIZE];
	const char *argv[10];
	char **environment = make_environment(child);
	size_t n = 0;
	pid_t pid;

	if (environment == NULL)
		return -1;
	name_of(child, name);
	snprintf(title, sizeof(title), "misu: %s", name);
	snprintf(which, sizeof(which), "%u/%u", child->number,
	    parent->worker_count);
	if (child->kind >= CHILD_CONSOLE)
		snprintf(which, sizeof(which), "%s", name);
	argv[n++] = title;
	argv[n++] = "-p";
	argv[n++] = which;
	if (parent->debug)
		argv[n++] = "-d";
	if (parent->given.conf != NULL) {
		argv[n++] = "-f";
		argv[n++] = parent->given.conf;
	}
	if (parent->given.state != NULL) {
		argv[n++] = "-s";
		argv[n++] = parent->given.state;
	}
	argv[n] = NULL;
	pid = fork();
	if (pid == 0)
		become(child, line, argv, environment);
	free(environment);
	return pid;
}

static bool
start(struct child *child, struct fail *fail)
{
	const struct wire_stream_options options = {
	    .base = loop_base(child->parent->loop),
	    .received = received,
	    .gone = line_gone,
	    .context = child,
	    .fds = true,
	    .wipes = true,
	    .priority =
		child->kind == CHILD_KEEPER ? PRIORITY_KEEPER : PRIORITY_WORKER};
	int ends[2];

	if (!wire_stream_pair(ends, fail))
		return false;
	child->line = wire_stream_create(&options, ends[0], fail);
	child->pid = child->line != NULL ? run(child, ends[1]) : -1;
	close(ends[1]);
	if (child->pid > 0)
		return true;
	child->pid = 0;
	wire_stream_destroy(child->line);
	child->line = NULL;
	return fail_set(fail, FAIL_WORLD, "cannot start a process: %s",
	    strerror(errno));
}

static void
try_later(struct child *child)
{
	struct parent *parent = child->parent;

	if (child->backoff == 0)
		child->backoff = BACKOFF_FIRST;
	parent->loop->operations->timer_set(child->timer, child->backoff);
	child->backoff *= 2;
	if (child->backoff > BACKOFF_LONGEST)
		child->backoff = BACKOFF_LONGEST;
}

void
child_start(struct child *child)
{
	struct parent *parent = child->parent;
	struct fail fail = FAIL_INIT;

	child->ready = false;
	child->started = parent_now(parent);
	if (!start(child, &fail)) {
		if (!child->told_down)
			log_fail(LOG_LEVEL_ERROR, "process-not-started", &fail);
		child->told_down = true;
		try_later(child);
		return;
	}
	if (child->kind == CHILD_KEEPER) {
		for (unsigned i = 0; i < parent->worker_count; i++)
			child_connect(parent, &parent->workers[i]);
		for (size_t i = 0; i < READERS; i++)
			child_connect(parent, &parent->readers[i]);
		return;
	}
	if (child->kind >= CHILD_CONSOLE)
		parent_reader_tell(child);
	parent_give_sockets(child);
	child_connect(parent, child);
}

/* As the keeper calls a line to it; 0: it has none. */
static char
line_to(enum child_kind kind)
{
	return kind == CHILD_WORKER	 ? LINE_WORKER
	       : kind == CHILD_CONSOLE	 ? LINE_CONSOLE
	       : kind == CHILD_PUBLISHER ? LINE_PUBLISHER
	       : kind == CHILD_AUDITOR	 ? LINE_AUDITOR
					 : 0;
}

void
child_connect(struct parent *parent, struct child *child)
{
	char kind = line_to(child->kind);
	struct fail fail = FAIL_INIT;
	int ends[2];

	if (kind == 0 || parent->keeper.line == NULL || child->line == NULL)
		return;
	if (!wire_stream_pair(ends, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "not-connected", &fail);
		child_kill(child);
		return;
	}
	child_tell(&parent->keeper, kind, SLICE(""), ends[0]);
	child_tell(child, LINE_KEEPER, SLICE(""), ends[1]);
}

bool
child_tell(struct child *child, char kind, struct slice text, int fd)
{
	if (child->line != NULL)
		return wire_stream_post(child->line, kind, text, fd);
	if (fd >= 0)
		close(fd);
	return false;
}

void
child_kill(struct child *child)
{
	if (child->pid > 0)
		kill(child->pid, SIGKILL);
}

void
child_stop(struct child *child, int64_t patience)
{
	struct loop *loop = child->parent->loop;

	child_tell(child, LINE_STOP, SLICE(""), -1);
	loop->operations->timer_set(child->timer, patience);
}

/* Once a state change: not again until it was ready in between. */
static void
tell_ended(struct child *child, int status)
{
	char name[NAME_SIZE], how[32];

	if (child->told_down || child->unwanted)
		return;
	child->told_down = true;
	name_of(child, name);
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "exit status %d",
		    WEXITSTATUS(status));
	log_event(LOG_LEVEL_ERROR, "process-ended", "process", name, "reason",
	    how, NULL);
}

static void
ended(struct child *child, int status)
{
	struct parent *parent = child->parent;
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	child->pid = 0;
	wire_stream_destroy(child->line);
	child->line = NULL;
	/* At the first start a child that ends has said why by itself. */
	if (!parent->stopping && (parent->serving || WIFSIGNALED(status)))
		tell_ended(child, status);
	if (child->ready &&
	    parent_now(parent) - child->started > BACKOFF_FORGET)
		child->backoff = 0;
	child->ready = false;
	parent_child_gone(child, well);
	if (parent->serving && !parent->stopping && !child->unwanted)
		try_later(child);
}

static void
reap(struct child *child)
{
	int status;

	if (child->pid > 0 &&
	    waitpid(child->pid, &status, WNOHANG) == child->pid)
		ended(child, status);
}

void
child_reap(struct parent *parent)
{
	reap(&parent->keeper);
	for (unsigned i = 0; i < parent->worker_count; i++)
		reap(&parent->workers[i]);
	for (size_t i = 0; i < READERS; i++)
		reap(&parent->readers[i]);
}
