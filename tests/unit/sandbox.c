/*
 * What each process may not do, tried in processes of their own: a worker
 * opens no file, a keeper reaches its directories and makes no connection,
 * and neither starts a program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

/* What a child found out. */
enum { FINE = 0, NOT_ENTERED = 1, WRONG = 2, NO_LANDLOCK = 3 };

/* The exit status, or 128 and the signal. */
static int
outcome(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(act());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status);
}

static bool
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
be_worker(void)
{
	struct fail fail = FAIL_INIT;
	bool in_force;
	int fd;

	if (!sandbox_files(NULL, &in_force, &fail) ||
	    !sandbox_enter(SANDBOX_WORKER, &fail))
		return NOT_ENTERED;
	if (opens("/etc/passwd", O_RDONLY) || errno != EACCES ||
	    opens("/tmp/misu-no-such-file", O_WRONLY | O_CREAT) ||
	    mkdir("/tmp/misu-no-such-directory", 0700) == 0 ||
	    unlink("/tmp/misu-no-such-file") == 0 || errno != EACCES)
		return WRONG;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 ? FINE : WRONG;
}

static int
start_program(void)
{
	execl("/bin/true", "true", NULL);
	return WRONG;
}

static int
be_worker_that_starts_a_program(void)
{
	int status = be_worker();

	return status == FINE ? start_program() : status;
}

static int
be_keeper(void)
{
	const char *const reads[] = {"/etc", NULL};
	const char *const writes[] = {"/var/tmp", "/no/such/place", NULL};
	const struct sandbox_paths paths = {reads, writes};
	static const char name[] = "/var/tmp/misu-sandbox-test";
	struct fail fail = FAIL_INIT;
	bool in_force, ok;

	if (!sandbox_files(&paths, &in_force, &fail) ||
	    !sandbox_enter(SANDBOX_KEEPER, &fail))
		return NOT_ENTERED;
	if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ||
	    errno != EACCES)
		return WRONG;
	ok = opens("/etc/passwd", O_RDONLY) &&
	    opens(name, O_WRONLY | O_CREAT) && unlink(name) == 0;
	if (!ok)
		return WRONG;
	if (!in_force)
		return NO_LANDLOCK;
	return opens("/etc/misu-no-such-file", O_WRONLY | O_CREAT) ||
		opens("/usr/include/stdio.h", O_RDONLY) || errno != EACCES
	    ? WRONG
	    : FINE;
}

static int
be_keeper_that_starts_a_program(void)
{
	int status = be_keeper();

	return status == FINE || status == NO_LANDLOCK ? start_program()
						       : status;
}

static int
be_console(void)
{
	const char *const reads[] = {"/etc", NULL};
	const char *const writes[] = {"/var/tmp", NULL};
	const struct sandbox_paths paths = {reads, writes};
	const struct sockaddr any = {.sa_family = AF_INET};
	struct fail fail = FAIL_INIT;
	bool in_force;
	int fd;

	if (!sandbox_files(&paths, &in_force, &fail) ||
	    !sandbox_enter(SANDBOX_CONSOLE, &fail))
		return NOT_ENTERED;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, &any, sizeof(any)) == 0 || errno != EACCES ||
	    listen(fd, 1) == 0 || errno != EACCES)
		return WRONG;
	if (!opens("/etc/passwd", O_RDONLY) ||
	    mkdir("/var/tmp/misu-no-such-directory", 0700) == 0 ||
	    errno != EACCES)
		return WRONG;
	if (!in_force)
		return NO_LANDLOCK;
	return opens("/etc/misu-no-such-file", O_WRONLY | O_CREAT) ||
		opens("/usr/include/stdio.h", O_RDONLY) || errno != EACCES
	    ? WRONG
	    : FINE;
}

static int
be_auditor(void)
{
	const char *const reads[] = {"/etc", NULL};
	const char *const writes[] = {NULL};
	const struct sandbox_paths paths = {reads, writes};
	const struct sockaddr any = {.sa_family = AF_INET};
	struct fail fail = FAIL_INIT;
	bool in_force;
	int fd;

	if (!sandbox_files(&paths, &in_force, &fail) ||
	    !sandbox_enter(SANDBOX_AUDITOR, &fail))
		return NOT_ENTERED;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, &any, sizeof(any)) == 0 || errno != EACCES ||
	    unlink("/var/tmp/misu-no-such-file") == 0 || errno != EACCES ||
	    !opens("/etc/passwd", O_RDONLY))
		return WRONG;
	if (!in_force)
		return NO_LANDLOCK;
	return opens("/var/tmp/misu-no-such-file", O_WRONLY | O_CREAT) ||
			opens("/usr/include/stdio.h", O_RDONLY) ||
			errno != EACCES
		   ? WRONG
		   : FINE;
}

static int
be_console_that_starts_a_program(void)
{
	int status = be_console();

	return status == FINE || status == NO_LANDLOCK ? start_program()
						       : status;
}

static int
be_parent(void)
{
	struct fail fail = FAIL_INIT;

	if (!sandbox_enter(SANDBOX_PARENT, &fail))
		return NOT_ENTERED;
	execl("/bin/true", "true", NULL);
	return WRONG;
}

static void
a_worker_has_the_network_and_no_file(void **state)
{
	(void)state;
	assert_int_equal(outcome(be_worker), FINE);
}

static void
a_keeper_has_its_directories_and_no_network(void **state)
{
	int status = outcome(be_keeper);

	(void)state;
	if (status == NO_LANDLOCK) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(status, FINE);
}

static void
a_console_reads_its_files_and_opens_no_port(void **state)
{
	int status = outcome(be_console);

	(void)state;
	if (status == NO_LANDLOCK) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(status, FINE);
}

static void
an_auditor_asks_and_writes_nothing(void **state)
{
	int status = outcome(be_auditor);

	(void)state;
	if (status == NO_LANDLOCK) {
		print_message("skipped: this kernel has no Landlock\n");
		skip();
	}
	assert_int_equal(status, FINE);
}

static void
only_the_parent_starts_programs(void **state)
{
	(void)state;
	assert_int_equal(
	    outcome(be_console_that_starts_a_program), 128 + SIGSYS);
	assert_int_equal(
	    outcome(be_worker_that_starts_a_program), 128 + SIGSYS);
	assert_int_equal(
	    outcome(be_keeper_that_starts_a_program), 128 + SIGSYS);
	assert_int_equal(outcome(be_parent), FINE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_worker_has_the_network_and_no_file),
	    cmocka_unit_test(a_keeper_has_its_directories_and_no_network),
	    cmocka_unit_test(a_console_reads_its_files_and_opens_no_port),
	    cmocka_unit_test(an_auditor_asks_and_writes_nothing),
	    cmocka_unit_test(only_the_parent_starts_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
