/*
 * epp-client [-c HOST:PORT] [-C CERTIFICATE -K KEY] [-A CA] <SCRIPT
 * epp-client load -c HOST:PORT -n CONNECTIONS [-d DEPTH] [-r RATE]
 *     -t SECONDS [-p PIDS-FILE] [-u ID -w PASSWORD]
 * epp-client idle -c HOST:PORT -n CONNECTIONS -t SECONDS [-p PIDS-FILE]
 * epp-client tell CONTROL-SOCKET LINE...
 *
 * The first plays a script (client_script.c says what may be in it), the
 * second measures, the third only keeps sessions open, and the last speaks to
 * the registry simulator's control socket.
 */
#include <errno.h>
#include <event2/util.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <unistd.h>

#include "registry/client.h"

#define EPP_URI "urn:ietf:params:xml:ns:epp-1.0"

void
client_die(const char *format, ...)
{
	va_list arguments;

	(void)fputs("epp-client: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputs("\n", stderr);
	exit(1);
}

SSL_CTX *
client_tls(const struct client_options *options)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL)
		abort();
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(tls, 1);
	if (options->certificate != NULL &&
	    (SSL_CTX_use_certificate_chain_file(tls, options->certificate) !=
		    1 ||
		SSL_CTX_use_PrivateKey_file(
		    tls, options->key, SSL_FILETYPE_PEM) != 1))
		client_die(
		    "%s: not a certificate with its key", options->certificate);
	if (options->ca != NULL) {
		if (SSL_CTX_load_verify_locations(tls, options->ca, NULL) != 1)
			client_die("%s: no certificates", options->ca);
		SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	}
	return tls;
}

void
client_login_frame(
    struct bytes *out, const char *id, const char *password, const char *next)
{
	size_t start = bytes_frame_start(out);

	bytes_add_string(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<epp xmlns=\"" EPP_URI "\"><command><login><clID>");
	bytes_add_xml(out, id);
	bytes_add_string(out, "</clID><pw>");
	bytes_add_xml(out, password);
	bytes_add_string(out, "</pw>");
	if (next != NULL) {
		bytes_add_string(out, "<newPW>");
		bytes_add_xml(out, next);
		bytes_add_string(out, "</newPW>");
	}
	bytes_add_string(out,
	    "<options><version>1.0</version><lang>en</lang></options><svcs>"
	    "<objURI>urn:ietf:params:xml:ns:contact-1.0</objURI>"
	    "<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI>"
	    "<objURI>urn:ietf:params:xml:ns:host-1.0</objURI>"
	    "<svcExtension>"
	    "<extURI>urn:ietf:params:xml:ns:secDNS-1.1</extURI>"
	    "</svcExtension></svcs></login>"
	    "<clTRID>CLIENT-LOGIN</clTRID></command></epp>\n");
	bytes_frame_end(out, start);
}

void
client_logout_frame(struct bytes *out)
{
	size_t start = bytes_frame_start(out);

	bytes_add_string(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<epp xmlns=\"" EPP_URI "\"><command><logout/>"
	    "<clTRID>CLIENT-LOGOUT</clTRID></command></epp>\n");
	bytes_frame_end(out, start);
}

unsigned
client_code(struct slice frame)
{
	const char *at = memmem(frame.data, frame.len, "<result code=\"", 14);

	if (at == NULL || (size_t)(frame.data + frame.len - at) < 18)
		return 0;
	return (unsigned)strtoul(at + 14, NULL, 10);
}

uint64_t
client_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* utime and stime: the 12th and 13th number behind the name. */
static uint64_t
cpu_of(unsigned long pid)
{
	char path[64], text[1024];
	const char *at;
	unsigned long long user = 0, system = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%lu/stat", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	at = strrchr(text, ')');
	if (at == NULL ||
	    sscanf(at + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
		&system) != 2)
		return 0;
	return (user + system) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t
memory_of(unsigned long pid)
{
	char path[64], line[256];
	unsigned long long kilobytes = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%lu/smaps_rollup", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Pss: %llu kB", &kilobytes) == 1)
			break;
	(void)fclose(file);
	return kilobytes * 1024;
}

static uint64_t
sum(const char *pids, uint64_t (*of)(unsigned long))
{
	FILE *file = pids == NULL ? NULL : fopen(pids, "r");
	uint64_t all = 0;
	char line[64];

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		all += of(strtoul(line, NULL, 10));
	(void)fclose(file);
	return all;
}

uint64_t
client_cpu(const char *pids)
{
	return sum(pids, cpu_of);
}

uint64_t
client_memory(const char *pids)
{
	return sum(pids, memory_of);
}

static void
address_read(struct client_options *options, char *where)
{
	struct evutil_addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	char *colon = strrchr(where, ':');

	if (colon == NULL)
		client_die("%s: no port", where);
	*colon = '\0';
	if (*where == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		where++;
	}
	if (evutil_getaddrinfo(where, colon + 1, &hints, &found) != 0)
		client_die("%s: not found", where);
	memcpy(&options->address, found->ai_addr, found->ai_addrlen);
	options->address_size = found->ai_addrlen;
	options->host = where;
	evutil_freeaddrinfo(found);
}

static bool
option_read(struct client_options *options, int letter)
{
	switch (letter) {
	case 'c':
		address_read(options, optarg);
		return true;
	case 'C':
		options->certificate = optarg;
		return true;
	case 'K':
		options->key = optarg;
		return true;
	case 'A':
		options->ca = optarg;
		return true;
	case 'u':
		options->id = optarg;
		return true;
	case 'w':
		options->password = optarg;
		return true;
	case 'p':
		options->pids = optarg;
		return true;
	case 'n':
		options->connections = (unsigned)strtoul(optarg, NULL, 10);
		return true;
	case 'd':
		options->depth = (unsigned)strtoul(optarg, NULL, 10);
		return true;
	case 'r':
		options->rate = strtod(optarg, NULL);
		return true;
	case 't':
		options->seconds = strtod(optarg, NULL);
		return true;
	default:
		return false;
	}
}

static int
usage(void)
{
	(void)fprintf(stderr,
	    "usage: epp-client -c HOST:PORT [-C CERTIFICATE -K KEY] [-A CA] "
	    "<SCRIPT\n       epp-client load|idle -c HOST:PORT -n CONNECTIONS "
	    "-t SECONDS [-d DEPTH] [-r RATE] [-p PIDS-FILE]\n"
	    "           [-u ID -w PASSWORD] [-C CERTIFICATE -K KEY] [-A CA]\n"
	    "       epp-client tell CONTROL-SOCKET LINE...\n");
	return 2;
}

int
main(int count, char **words)
{
	struct client_options options = {.connections = 1,
	    .depth = 1,
	    .seconds = 5,
	    .id = "registrar",
	    .password = "registrar-pw"};
	int (*play)(const struct client_options *) = client_script;
	struct rlimit files;
	int letter;

	if (count > 3 && strcmp(words[1], "tell") == 0)
		return client_tell(words[2], count - 3, words + 3);
	if (count > 1 && strcmp(words[1], "load") == 0)
		play = client_load;
	else if (count > 1 && strcmp(words[1], "idle") == 0)
		play = client_idle;
	if (play != client_script)
		optind = 2;
	while ((letter = getopt(count, words, "c:C:K:A:u:w:p:n:d:r:t:")) != -1)
		if (!option_read(&options, letter))
			return usage();
	if (optind != count || options.host == NULL ||
	    (options.certificate == NULL) != (options.key == NULL) ||
	    options.connections == 0 || options.depth == 0)
		return usage();
	(void)signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	return play(&options);
}
