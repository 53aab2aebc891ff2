/*
 * publish_load OPTIONS: asks one server for domains, over RDAP with
 * connections that stay, or over WHOIS with one for each question.
 *
 *	-a ADDRESS:PORT   of this machine
 *	-m rdap|whois
 *	-n CONNECTIONS    at one time
 *	-t SECONDS
 *	-r RATE           questions a second; without: as fast as it answers
 *	-k COUNT          of d0000000.example and on, each as likely
 *	-p FILE           pids of the server's processes: their CPU is told
 *	-d DIRECTORY      keep the answers there, each once; nothing is timed
 *
 * With a rate, what a question took counts from when it should have been
 * asked: a server that stops for a while is not asked less.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
	LONGEST = 2000000, /* us */
	ANSWER_MAX = 64 * 1024,
	PLACES = 4096,
	WAITING_MAX = 1 << 20,
	PIDS_MAX = 16
};

struct one {
	int fd;
	bool busy;
	uint64_t since; /* us */
	size_t have;
	unsigned nth;
	char answer[ANSWER_MAX];
};

struct load {
	struct sockaddr_in at;
	bool whois;
	unsigned connections, seconds, rate, count;
	const char *pids, *directory;
	struct one *ones;
	struct one **idle;
	unsigned idle_count;
	int epoll, timer;
	uint64_t started, asked, answered, failed;
	uint64_t random;
	unsigned saved;
	uint32_t *took;
};

static void
die(const char *what)
{
	fprintf(stderr, "publish_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static unsigned
pick(struct load *load)
{
	load->random ^= load->random << 13;
	load->random ^= load->random >> 7;
	load->random ^= load->random << 17;
	return (unsigned)(load->random % load->count);
}

/* --- connections --- */

/* Many addresses of this machine, so that no pair of ports comes again. */
static void
dial(struct load *load, struct one *one)
{
	static uint32_t next;
	struct sockaddr_in from = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK + next++ % 250)};
	struct epoll_event event = {
	    .events = EPOLLIN | EPOLLRDHUP, .data.ptr = one};
	int on = 1;

	one->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (one->fd < 0)
		die("socket");
	setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(
	    one->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(one->fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		die("bind");
	if (connect(one->fd, (struct sockaddr *)&load->at, sizeof(load->at)) !=
	    0)
		die("connect");
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, one->fd, &event) != 0)
		die("epoll_ctl");
}

static void
ask(struct load *load, struct one *one, uint64_t since)
{
	char text[160];
	int len;

	one->nth = load->directory != NULL ? load->saved++ : pick(load);
	if (load->whois)
		len =
		    snprintf(text, sizeof(text), "d%07u.example\r\n", one->nth);
	else
		len = snprintf(text, sizeof(text),
		    "GET /domain/d%07u.example HTTP/1.1\r\n"
		    "Host: localhost\r\nAccept: application/rdap+json\r\n\r\n",
		    one->nth);
	if (load->whois)
		dial(load, one);
	one->busy = true;
	one->since = since;
	one->have = 0;
	load->asked++;
	if (send(one->fd, text, (size_t)len, MSG_NOSIGNAL) != len)
		die("send");
}

static void
save(struct load *load, struct one *one, const char *body, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(
	    path, sizeof(path), "%s/d%07u.example", load->directory, one->nth);
	file = fopen(path, "w");
	if (file == NULL || fwrite(body, 1, len, file) != len ||
	    fclose(file) != 0)
		die(path);
}

/* Whole: the body's length; 0: not yet. */
static size_t
whole(struct one *one, const char **body)
{
	static const char length[] = "Content-Length: ";
	const char *end, *at;
	size_t head, len;

	one->answer[one->have] = '\0';
	end = strstr(one->answer, "\r\n\r\n");
	at = end != NULL ? strstr(one->answer, length) : NULL;
	if (at == NULL || at > end)
		return 0;
	head = (size_t)(end + 4 - one->answer);
	len = strtoul(at + sizeof(length) - 1, NULL, 10);
	*body = end + 4;
	return one->have >= head + len ? len : 0;
}

static void
finish(struct load *load, struct one *one, bool ok)
{
	uint64_t took = now_us() - one->since;

	load->answered++;
	load->failed += !ok;
	load->took[took < LONGEST ? took : LONGEST - 1]++;
	one->busy = false;
	if (load->whois)
		close(one->fd);
	if (load->rate != 0)
		load->idle[load->idle_count++] = one;
	else if (load->directory != NULL
		     ? load->saved < load->count
		     : now_us() - load->started <
			   (uint64_t)load->seconds * 1000000)
		ask(load, one, now_us());
}

static void
hear(struct load *load, struct one *one)
{
	ssize_t len = recv(one->fd, one->answer + one->have,
	    ANSWER_MAX - 1 - one->have, MSG_DONTWAIT);
	const char *body;
	size_t size;

	if (len < 0 && errno == EAGAIN)
		return;
	if (len > 0)
		one->have += (size_t)len;
	if (load->whois) {
		if (len > 0)
			return;
		finish(load, one,
		    one->have > 100 &&
			memcmp(one->answer, "Domain Name: ", 13) == 0);
		return;
	}
	if (len <= 0) {
		errno = ECONNRESET;
		die("the server hung up");
	}
	size = whole(one, &body);
	if (size == 0)
		return;
	if (load->directory != NULL)
		save(load, one, body, size);
	finish(load, one, memcmp(one->answer, "HTTP/1.1 200", 12) == 0);
}

/* --- the load --- */

/* All that should have been asked by now. */
static void
ask_due(struct load *load)
{
	uint64_t at = now_us() - load->started;
	uint64_t due = at * load->rate / 1000000;

	if (at > (uint64_t)load->seconds * 1000000)
		return;
	while (load->asked < due && load->idle_count != 0)
		ask(load, load->idle[--load->idle_count],
		    load->started + load->asked * 1000000 / load->rate);
}

static bool
goes_on(const struct load *load)
{
	if (load->directory != NULL)
		return load->answered < load->count;
	return now_us() - load->started < (uint64_t)load->seconds * 1000000 ||
	       load->answered < load->asked;
}

static void
run(struct load *load)
{
	struct epoll_event events[PLACES];
	uint64_t ticks;

	load->started = now_us();
	for (unsigned i = 0; i < load->connections; i++)
		if (load->rate != 0)
			load->idle[load->idle_count++] = &load->ones[i];
		else if (load->directory == NULL || load->saved < load->count)
			ask(load, &load->ones[i], now_us());
	while (goes_on(load)) {
		int count = epoll_wait(load->epoll, events, PLACES, 100);

		for (int i = 0; i < count; i++)
			if (events[i].data.ptr == NULL)
				(void)!read(load->timer, &ticks, sizeof(ticks));
			else
				hear(load, events[i].data.ptr);
		if (load->rate != 0)
			ask_due(load);
	}
}

static void
prepare(struct load *load)
{
	const struct itimerspec often = {{0, 50000}, {0, 50000}};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->ones = calloc(load->connections, sizeof(*load->ones));
	load->idle = calloc(load->connections, sizeof(*load->idle));
	load->took = calloc(LONGEST, sizeof(*load->took));
	if (load->epoll < 0 || load->ones == NULL || load->idle == NULL ||
	    load->took == NULL)
		die("memory");
	for (unsigned i = 0; !load->whois && i < load->connections; i++)
		dial(load, &load->ones[i]);
	if (load->rate == 0)
		return;
	load->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (load->timer < 0 ||
	    timerfd_settime(load->timer, 0, &often, NULL) != 0 ||
	    epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->timer, &event) != 0)
		die("timer");
}

/* --- what is told --- */

static double
cpu_of(const char *pid)
{
	char path[64], line[1024];
	unsigned long user, kernel;
	const char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "r");
	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		return 0;
	fclose(file);
	at = strrchr(line, ')');
	if (at == NULL ||
	    sscanf(at + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		&kernel) != 2)
		return 0;
	return (double)(user + kernel) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static double
cpu_us(const struct load *load)
{
	FILE *file = load->pids != NULL ? fopen(load->pids, "r") : NULL;
	double sum = 0;
	char pid[32];

	for (int i = 0;
	     file != NULL && i < PIDS_MAX && fscanf(file, "%31s", pid) == 1;
	     i++)
		sum += cpu_of(pid);
	if (file != NULL)
		fclose(file);
	return sum;
}

static unsigned
percentile(const struct load *load, double part)
{
	uint64_t want = (uint64_t)((double)load->answered * part), seen = 0;

	for (unsigned i = 0; i < LONGEST; i++) {
		seen += load->took[i];
		if (seen > want)
			return i;
	}
	return LONGEST;
}

static void
tell(const struct load *load, double cpu)
{
	double took = (double)(now_us() - load->started) / 1e6;

	printf("answers_per_second %.0f\n", (double)load->answered / took);
	printf("failed %" PRIu64 "\n", load->failed);
	printf("p50_us %u\n", percentile(load, 0.5));
	printf("p99_us %u\n", percentile(load, 0.99));
	printf("p999_us %u\n", percentile(load, 0.999));
	if (load->answered != 0)
		printf(
		    "cpu_us_per_answer %.2f\n", cpu / (double)load->answered);
}

static bool
read_address(struct load *load, char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL)
		return false;
	*colon = '\0';
	load->at.sin_family = AF_INET;
	load->at.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	return inet_pton(AF_INET, text, &load->at.sin_addr) == 1;
}

int
main(int argc, char **argv)
{
	struct load load = {.connections = 64,
	    .seconds = 3,
	    .count = 1,
	    .random = 0x9e3779b97f4a7c15u};
	bool known = false;
	double before;
	int option;

	while ((option = getopt(argc, argv, "a:m:n:t:r:k:p:d:")) != -1)
		switch (option) {
		case 'a':
			known = read_address(&load, optarg);
			break;
		case 'm':
			load.whois = strcmp(optarg, "whois") == 0;
			break;
		case 'n':
			load.connections = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 't':
			load.seconds = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			load.rate = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'k':
			load.count = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			load.pids = optarg;
			break;
		case 'd':
			load.directory = optarg;
			break;
		default:
			known = false;
			break;
		}
	if (!known || load.count == 0 || load.connections == 0) {
		fprintf(stderr, "usage: see the top of publish_load.c\n");
		return 2;
	}
	prepare(&load);
	before = cpu_us(&load);
	run(&load);
	tell(&load, cpu_us(&load) - before);
	return load.failed != 0;
}
