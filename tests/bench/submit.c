/*
 * Submissions per second over HTTP, and what each costs the daemon in CPU.
 * Starts the real misu on a directory of its own with one recipient, keeps 64
 * connections busy on its Unix socket for a fixed number of submissions, and
 * stops it by pid.  The yardstick is the same daemon answering /healthz to
 * the same client in the same run.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS = 64, SUBMISSIONS = 20000, HEALTH = 40000, BUFFER = 16384 };

struct connection {
	int fd;
	size_t got;
	char answer[BUFFER];
};

static const char *directory;
static pid_t daemon_pid;

static void
die(const char *what)
{
	fprintf(stderr, "submit: %s: %s\n", what, strerror(errno));
	if (daemon_pid > 0)
		kill(daemon_pid, SIGTERM);
	exit(1);
}

static void
write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		die(path);
}

static void
make_setup(void)
{
	char conf[2048];

	write_file("bench.policy",
	    "policy \"bench\" revision 1 effective 2020-01-01T00:00:00Z\n"
	    "purpose p10 \"submit to the registry\"\n"
	    "recipient registry \"the registry\" in JP basis contract by api "
	    "class registry {\n"
	    "\tmay receive name, org, phone, email of registrant\n}\n"
	    "for .example to registry for p10 {\n"
	    "\tforward name, org, phone, email of registrant\n"
	    "\tredact * of *\n}\n");
	write_file("registry.txt",
	    "object %{object}\nname %{registrant.name.loc}\n"
	    "name-int %{registrant.name.int}\norg %{registrant.org.loc}\n"
	    "org-int %{registrant.org.int}\nphone %{registrant.phone}\n"
	    "email %{registrant.email}\n");
	snprintf(conf, sizeof(conf),
	    "state \"%s/state\"\norigin bench.example/log\n"
	    "policy bench.policy\nlisten on socket \"%s/misu.sock\"\n"
	    "recipient registry to file out template registry.txt\n",
	    directory, directory);
	write_file("misu.conf", conf);
}

static void
start_daemon(const char *misu)
{
	char conf[256], log[256];

	snprintf(conf, sizeof(conf), "%s/misu.conf", directory);
	snprintf(log, sizeof(log), "%s/log", directory);
	daemon_pid = fork();
	if (daemon_pid == 0) {
		if (freopen(log, "w", stderr) == NULL)
			_exit(1);
		execl(misu, misu, "-f", conf, (char *)NULL);
		_exit(127);
	}
	if (daemon_pid < 0)
		die("fork");
}

static int
try_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/misu.sock",
	    directory);
	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of CPU that a process has used. */
static double
process_cpu(int pid)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL ||
	    fscanf(file,
		"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
		"%lu %lu",
		&user, &system) != 2)
		die(path);
	fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* The parent's and its children's. */
static double
daemon_cpu(void)
{
	double sum = process_cpu((int)daemon_pid);
	char path[64];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
	    (int)daemon_pid, (int)daemon_pid);
	file = fopen(path, "r");
	if (file == NULL)
		die(path);
	while (fscanf(file, "%d", &pid) == 1)
		sum += process_cpu(pid);
	fclose(file);
	return sum;
}

static void
send_one(struct connection *connection, bool submit, unsigned number)
{
	char request[2048], body[1024];
	int len;

	if (submit) {
		int body_len = snprintf(body, sizeof(body),
		    "{\"object\":{\"type\":\"domain\",\"name\":"
		    "\"bench-%u.example\"},\"request\":\"create\","
		    "\"subject\":\"c-%u\",\"roles\":{\"registrant\":{"
		    "\"kind\":\"natural\",\"fields\":{\"name\":{\"loc\":"
		    "\"試験 花子\",\"int\":\"Hanako Shiken\"},\"org\":{"
		    "\"loc\":\"試験株式会社\",\"int\":\"Shiken K.K.\"},"
		    "\"street\":{\"loc\":\"試験町1-2-3\",\"int\":"
		    "\"1-2-3 Shiken-cho\"},\"city\":{\"loc\":\"試験市\","
		    "\"int\":\"Shiken-shi\"},\"postcode\":\"000-0000\","
		    "\"country\":\"JP\",\"phone\":\"+81.300000000\","
		    "\"email\":\"hanako%u@example.jp\"}}}}",
		    number, number, number);

		len = snprintf(request, sizeof(request),
		    "POST /v1/submissions HTTP/1.1\r\nHost: misu\r\n"
		    "Content-Type: application/json\r\n"
		    "Idempotency-Key: bench-%08u\r\n"
		    "Content-Length: %d\r\n\r\n%s",
		    number, body_len, body);
	} else {
		len = snprintf(request, sizeof(request),
		    "GET /healthz HTTP/1.1\r\nHost: misu\r\n\r\n");
	}
	connection->got = 0;
	if (write(connection->fd, request, (size_t)len) != len)
		die("write");
}

/* Has a whole answer arrived?  -1 for one that is not 2xx. */
static int
answer_state(struct connection *connection)
{
	char *end, *length;

	connection->answer[connection->got] = '\0';
	end = strstr(connection->answer, "\r\n\r\n");
	length = strcasestr(connection->answer, "content-length:");
	if (end == NULL)
		return 0;
	if (strncmp(connection->answer, "HTTP/1.1 2", 10) != 0)
		return -1;
	return length == NULL ||
	    connection->got >= (size_t)(end + 4 - connection->answer) +
		    strtoul(length + 15, NULL, 10);
}

static double
drive(struct connection *connections, bool submit, unsigned total)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned sent = 0, done = 0;
	double start = now();

	for (int i = 0; i < CONNECTIONS; i++) {
		struct epoll_event event = {.events = EPOLLIN,
		    .data.ptr = &connections[i]};

		epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
		send_one(&connections[i], submit, sent++);
	}
	while (done < total) {
		struct epoll_event events[CONNECTIONS];
		int n = epoll_wait(epoll, events, CONNECTIONS, 30000);

		if (n <= 0)
			die("no answer for 30 s");
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;
			ssize_t got = read(c->fd, c->answer + c->got,
			    BUFFER - 1 - c->got);
			int state;

			if (got <= 0)
				die("connection lost");
			c->got += (size_t)got;
			state = answer_state(c);
			if (state < 0) {
				fprintf(stderr, "%s\n", c->answer);
				die("not accepted");
			}
			if (state > 0 && ++done <= total && sent < total)
				send_one(c, submit, sent++);
		}
	}
	close(epoll);
	return (double)total / (now() - start);
}

int
main(int argc, char **argv)
{
	static struct connection connections[CONNECTIONS];
	double health, rate, cpu;
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: submit MISU EMPTY-DIRECTORY\n");
		return 2;
	}
	directory = argv[2];
	make_setup();
	start_daemon(argv[1]);
	for (int i = 0; i < CONNECTIONS; i++) {
		connections[i].fd = try_connect();
		for (int tries = 0; connections[i].fd < 0 && tries < 500;
		     tries++) {
			usleep(20000);
			connections[i].fd = try_connect();
		}
		if (connections[i].fd < 0)
			die("misu does not listen");
	}
	health = drive(connections, false, HEALTH);
	cpu = daemon_cpu();
	rate = drive(connections, true, SUBMISSIONS);
	cpu = daemon_cpu() - cpu;
	printf("submit: %.0f submissions/s over HTTP with %d connections, "
	       "%.0f us of CPU each (delivery included); healthz %.0f/s, "
	       "ratio %.2f\n",
	    rate, CONNECTIONS, cpu * 1e6 / SUBMISSIONS, health, rate / health);
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}
