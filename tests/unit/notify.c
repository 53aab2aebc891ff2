/*
 * What the service manager is told by a whole misu: ready only when it
 * answers, reloading with the time of it, stopping, and that it lives; and
 * all by the parent, which alone has the manager's socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <ftw.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/peer.h"

enum { PATIENCE = 30 /* seconds */ };

struct world {
	char directory[32], notify[64], control[64];
	int socket;
	pid_t misu;
};

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = PATIENCE};

	snprintf(world->directory, sizeof(world->directory),
	    "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(world->notify, sizeof(world->notify), "%s/notify",
	    world->directory);
	snprintf(world->control, sizeof(world->control),
	    "%s/state/control.sock", world->directory);
	memcpy(address.sun_path, world->notify, sizeof(world->notify));
	world->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(world->socket, (struct sockaddr *)&address,
			     sizeof(address)),
	    0);
	setsockopt(world->socket, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	*state = world;
	return 0;
}

static int
remove_one(
    const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static int
finish(void **state)
{
	struct world *world = *state;

	if (world->misu > 0) {
		kill(world->misu, SIGKILL);
		waitpid(world->misu, NULL, 0);
	}
	close(world->socket);
	nftw(world->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(world);
	return 0;
}

/* The misu that was built beside this program. */
static void
run(const struct world *world)
{
	char state[64], program[4096];
	ssize_t len = readlink("/proc/self/exe", program, 4000);
	char *slash;

	if (len <= 0)
		_exit(1);
	program[len] = '\0';
	slash = strrchr(program, '/');
	snprintf(slash, 16, "/../misu");
	snprintf(state, sizeof(state), "%s/state", world->directory);
	setenv("NOTIFY_SOCKET", world->notify, 1);
	setenv("WATCHDOG_USEC", "400000", 1);
	execl(program, "misu", "-f", "conf/misu.conf", "-s", state, NULL);
	_exit(127);
}

/* The next message that is no mere sign of life. */
static const char *
heard(struct world *world)
{
	static char message[1024];
	ssize_t len;

	do {
		len = recv(world->socket, message, sizeof(message) - 1, 0);
		assert_true(len > 0);
		message[len] = '\0';
	} while (strcmp(message, "WATCHDOG=1") == 0);
	return message;
}

static void
answers(const struct world *world)
{
	struct fail fail = FAIL_INIT;
	int fd = peer_connect_unix(world->control, &fail);

	assert_true(fd >= 0);
	close(fd);
}

static void
the_manager_hears_of_ready_reloading_and_stopping(void **state)
{
	struct world *world = *state;
	const char *message;
	int status;

	world->misu = fork();
	assert_true(world->misu >= 0);
	if (world->misu == 0)
		run(world);
	assert_string_equal(heard(world), "READY=1\nSTATUS=running");
	answers(world);
	kill(world->misu, SIGHUP);
	message = heard(world);
	assert_int_equal(
	    strncmp(message, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	assert_true(strtoull(message + 27, NULL, 10) > 0);
	assert_string_equal(heard(world), "READY=1\nSTATUS=running");
	answers(world);
	kill(world->misu, SIGTERM);
	assert_string_equal(heard(world), "STOPPING=1");
	assert_int_equal(waitpid(world->misu, &status, 0), world->misu);
	world->misu = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool
is_life(const char *message)
{
	return strcmp(message, "WATCHDOG=1") == 0;
}

static void
the_watchdog_hears_that_it_lives(void **state)
{
	struct world *world = *state;
	char message[64];
	ssize_t len;

	world->misu = fork();
	assert_true(world->misu >= 0);
	if (world->misu == 0)
		run(world);
	/* The first are of the start, the third is of a keeper that answers. */
	for (unsigned heard = 0; heard < 3; heard += is_life(message)) {
		len = recv(world->socket, message, sizeof(message) - 1, 0);
		assert_true(len > 0);
		message[len] = '\0';
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_manager_hears_of_ready_reloading_and_stopping),
	    TEST(the_watchdog_hears_that_it_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
