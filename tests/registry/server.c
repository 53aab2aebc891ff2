/*
 * registry -l ADDRESS:PORT -c CERTIFICATE -k KEY [-a CLIENT-CA]
 *     [-s CONTROL-SOCKET] [-f LINES] [-w ADDRESS:PORT] [-r ADDRESS:PORT]
 *     [-b] [-e]
 *
 * The registry simulator (see registry.h) on a TLS port.  Port 0 takes a free
 * one; the line "listening ADDRESS PORT" says which.  -a demands client
 * certificates; -f reads lines of the simulator's language before it starts,
 * -s takes them from a socket, one connection a command; -w and -r publish
 * what it has by WHOIS and RDAP; -b answers without reading XML; -e ends when
 * standard input does.  SIGTERM ends it too.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "registry/server.h"

struct options {
	const char *listen, *certificate, *key, *ca, *control, *lines;
	const char *whois, *rdap;
	bool bench, with_stdin;
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "registry: %s: %s\n", what,
	    errno == 0 ? "not good" : strerror(errno));
	exit(1);
}

static bool
options_read(int count, char **words, struct options *options)
{
	int letter;

	while ((letter = getopt(count, words, "l:c:k:a:s:f:w:r:be")) != -1)
		switch (letter) {
		case 'l':
			options->listen = optarg;
			break;
		case 'c':
			options->certificate = optarg;
			break;
		case 'k':
			options->key = optarg;
			break;
		case 'a':
			options->ca = optarg;
			break;
		case 's':
			options->control = optarg;
			break;
		case 'f':
			options->lines = optarg;
			break;
		case 'w':
			options->whois = optarg;
			break;
		case 'r':
			options->rdap = optarg;
			break;
		case 'b':
			options->bench = true;
			break;
		case 'e':
			options->with_stdin = true;
			break;
		default:
			return false;
		}
	return optind == count && options->listen != NULL &&
	       options->certificate != NULL && options->key != NULL;
}

static SSL_CTX *
tls_create(const struct options *options)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL)
		abort();
	errno = 0;
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_session_id_context(tls, (const unsigned char *)"epp", 3);
	/* One read for header and record: reading goes on until it is dry. */
	SSL_CTX_set_read_ahead(tls, 1);
	if (SSL_CTX_use_certificate_chain_file(tls, options->certificate) != 1)
		die(options->certificate);
	if (SSL_CTX_use_PrivateKey_file(tls, options->key, SSL_FILETYPE_PEM) !=
	    1)
		die(options->key);
	if (options->ca != NULL) {
		if (SSL_CTX_load_verify_locations(tls, options->ca, NULL) != 1)
			die(options->ca);
		SSL_CTX_set_verify(tls,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return tls;
}

static void
lines_read(struct registry *registry, const char *path)
{
	FILE *file = fopen(path, "r");
	struct bytes said = {NULL, 0, 0};
	char line[4096];
	int number = 0;

	if (file == NULL)
		die(path);
	while (fgets(line, sizeof(line), file) != NULL) {
		number++;
		if (registry_line(registry, slice_from(line), &said))
			continue;
		(void)fprintf(stderr, "registry: %s:%d: %.*s", path, number,
		    (int)said.len, said.data);
		exit(1);
	}
	bytes_finish(&said);
	(void)fclose(file);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *argument)
{
	(void)listener;
	(void)address;
	(void)len;
	connection_accept(argument, fd);
}

/* libevent takes no port 0, which means any. */
bool
address_read(
    const char *where, struct sockaddr_storage *address, socklen_t *size)
{
	const char *port = strrchr(where, ':');
	char text[128];
	int len = sizeof(*address);
	bool any = port != NULL && strcmp(port, ":0") == 0;

	(void)snprintf(text, sizeof(text), "%s", where);
	if (any)
		text[strlen(text) - 1] = '1';
	if (evutil_parse_sockaddr_port(
		text, (struct sockaddr *)address, &len) != 0)
		return false;
	*size = (socklen_t)len;
	if (any && address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = 0;
	else if (any)
		((struct sockaddr_in *)address)->sin_port = 0;
	return true;
}

bool
listening_tell(const char *what, int fd)
{
	struct sockaddr_storage address;
	char name[INET6_ADDRSTRLEN] = "";
	socklen_t got = sizeof(address);
	unsigned port;

	if (getsockname(fd, (struct sockaddr *)&address, &got) != 0)
		return false;
	if (address.ss_family == AF_INET6) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;

		port = ntohs(six->sin6_port);
		(void)inet_ntop(AF_INET6, &six->sin6_addr, name, sizeof(name));
	} else {
		struct sockaddr_in *four = (struct sockaddr_in *)&address;

		port = ntohs(four->sin_port);
		(void)inet_ntop(AF_INET, &four->sin_addr, name, sizeof(name));
	}
	(void)printf("%s %s %u\n", what, name, port);
	(void)fflush(stdout);
	return true;
}

static struct evconnlistener *
listen_on(struct server *server, const char *where)
{
	struct sockaddr_storage address;
	struct evconnlistener *listener;
	socklen_t len = 0;

	if (!address_read(where, &address, &len))
		die(where);
	listener = evconnlistener_new_bind(server->base, on_accept, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC,
	    4096, (struct sockaddr *)&address, (int)len);
	if (listener == NULL ||
	    !listening_tell("listening", evconnlistener_get_fd(listener)))
		die(where);
	return listener;
}

static void
control_end(struct bufferevent *control, short what, void *argument)
{
	(void)what;
	(void)argument;
	bufferevent_free(control);
}

static void
control_written(struct bufferevent *control, void *argument)
{
	(void)argument;
	bufferevent_free(control);
}

/* The lines that came together are one command. */
static void
control_read(struct bufferevent *control, void *argument)
{
	struct server *server = argument;
	struct evbuffer *in = bufferevent_get_input(control);
	struct bytes said = {NULL, 0, 0};
	size_t lines = 0, len;
	char *line;

	registry_set_time(server->registry, time(NULL));
	while ((line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF)) != NULL) {
		lines++;
		if (registry_line(
			server->registry, (struct slice){line, len}, &said) &&
		    said.len == 0)
			bytes_add_string(&said, "ok\n");
		free(line);
	}
	if (registry_take_drop(server->registry))
		connections_drop(server);
	if (lines == 0)
		return;
	bufferevent_disable(control, EV_READ);
	bufferevent_setcb(control, NULL, control_written, control_end, server);
	if (said.len == 0)
		bytes_add_string(&said, "\n");
	bufferevent_write(control, said.data, said.len);
	bytes_finish(&said);
}

static void
on_control(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *argument)
{
	struct server *server = argument;
	struct bufferevent *control =
	    bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);

	(void)listener;
	(void)address;
	(void)len;
	if (control == NULL)
		abort();
	bufferevent_setcb(control, control_read, NULL, control_end, server);
	bufferevent_enable(control, EV_READ | EV_WRITE);
}

static struct evconnlistener *
control_on(struct server *server, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct evconnlistener *listener;

	if (strlen(path) >= sizeof(address.sun_path))
		die(path);
	memcpy(address.sun_path, path, strlen(path));
	(void)unlink(path);
	listener = evconnlistener_new_bind(server->base, on_control, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 16,
	    (struct sockaddr *)&address, sizeof(address));
	if (listener == NULL)
		die(path);
	return listener;
}

static void
on_end(evutil_socket_t fd, short what, void *argument)
{
	struct server *server = argument;
	char some[256];

	if ((what & EV_READ) != 0 && read(fd, some, sizeof(some)) > 0)
		return;
	event_base_loopbreak(server->base);
}

static void
run(struct server *server, const struct options *options)
{
	struct evconnlistener *listener, *control = NULL;
	struct event *signals[2], *input = NULL;

	if (options->control != NULL)
		control = control_on(server, options->control);
	signals[0] = evsignal_new(server->base, SIGTERM, on_end, server);
	signals[1] = evsignal_new(server->base, SIGINT, on_end, server);
	event_add(signals[0], NULL);
	event_add(signals[1], NULL);
	if (options->with_stdin) {
		input = event_new(server->base, STDIN_FILENO,
		    EV_READ | EV_PERSIST, on_end, server);
		/* A file or /dev/null cannot be waited for: it has ended. */
		if (event_add(input, NULL) != 0)
			die("standard input");
	}
	if (!publishing_start(server, options->whois, options->rdap))
		die("what is to be published");
	listener = listen_on(server, options->listen);
	event_base_dispatch(server->base);
	connections_end(server);
	publishing_end(server);
	evconnlistener_free(listener);
	if (control != NULL) {
		evconnlistener_free(control);
		(void)unlink(options->control);
	}
	event_free(signals[0]);
	event_free(signals[1]);
	if (input != NULL)
		event_free(input);
}

int
main(int count, char **words)
{
	static struct server server;
	struct options options = {.listen = NULL};
	struct rlimit files;

	if (!options_read(count, words, &options)) {
		(void)fprintf(stderr,
		    "usage: registry -l ADDRESS:PORT -c CERTIFICATE -k KEY "
		    "[-a CA] [-s SOCKET] [-f LINES] [-w ADDRESS:PORT] "
		    "[-r ADDRESS:PORT] [-b] [-e]\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	server.tls = tls_create(&options);
	server.base = event_base_new();
	server.registry = registry_create(NULL);
	registry_set_time(server.registry, time(NULL));
	if (!options.bench && !registry_validates(server.registry))
		(void)fprintf(stderr,
		    "registry: the EPP schemas are not there: "
		    "frames are not validated\n");
	if (options.bench)
		(void)registry_line(
		    server.registry, SLICE("set bench on"), &server.out);
	if (options.lines != NULL)
		lines_read(server.registry, options.lines);
	run(&server, &options);
	registry_destroy(server.registry);
	bytes_finish(&server.out);
	SSL_CTX_free(server.tls);
	event_base_free(server.base);
	return 0;
}
