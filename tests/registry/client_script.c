/*
 * A script is lines of these, played one after another; every response is
 * printed.  At the first surprise the client says which line, and ends with 1.
 *
 *   login ID PASSWORD [NEW-PASSWORD]
 *   logout
 *   hello
 *   frame FILE          send a file as a frame, read the response
 *   <...                send the rest of the line as a frame, the same way
 *   xml                 send the lines that follow, up to one with a dot
 *   send FILE           send a frame and do not wait (a pipeline)
 *   read                read a response
 *   raw HEX             send bytes as they are, without a header
 *   expect CODE         the last response's
 *   contains TEXT       the last response does
 *   lacks TEXT          it does not
 *   closed              the peer has closed, within ten seconds
 *   quiet | loud        print responses no more, again
 *   # a comment
 */
#include <errno.h>
#include <openssl/err.h>
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "registry/client.h"

#define FRAME_MAX (64U << 20)
#define SECONDS 30

struct script {
	SSL *ssl;
	struct bytes last; /* the last response, NUL-terminated */
	struct bytes out;
	unsigned line;
	bool quiet;
};

static SSL *
tls_connect(const struct client_options *options, SSL_CTX *tls)
{
	const struct timeval patience = {SECONDS, 0};
	int fd = socket(options->address.ss_family, SOCK_STREAM, 0);
	SSL *ssl = SSL_new(tls);
	struct in6_addr number;

	if (fd < 0 || ssl == NULL)
		abort();
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&options->address,
		options->address_size) != 0)
		client_die("%s: %s", options->host, strerror(errno));
	if (options->ca != NULL) {
		if (inet_pton(AF_INET, options->host, &number) == 1 ||
		    inet_pton(AF_INET6, options->host, &number) == 1)
			(void)X509_VERIFY_PARAM_set1_ip_asc(
			    SSL_get0_param(ssl), options->host);
		else {
			(void)SSL_set1_host(ssl, options->host);
			(void)SSL_set_tlsext_host_name(ssl, options->host);
		}
	}
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		client_die("no TLS: %s",
		    ERR_reason_error_string(ERR_peek_last_error()) == NULL
			? "closed"
			: ERR_reason_error_string(ERR_peek_last_error()));
	return ssl;
}

_Noreturn static void
surprise(const struct script *script, const char *what)
{
	client_die("line %u: %s", script->line, what);
}

static bool
read_all(struct script *script, char *to, size_t len)
{
	size_t got;

	for (; len > 0; to += got, len -= got)
		if (SSL_read_ex(script->ssl, to, len, &got) != 1)
			return false;
	return true;
}

static void
read_response(struct script *script)
{
	char header[4];
	size_t len;

	if (!read_all(script, header, 4))
		surprise(script, "no response: the peer closed or is late");
	len = bytes_frame_length(header);
	if (len < 5 || len > FRAME_MAX)
		surprise(script, "the response's length is absurd");
	script->last.len = 0;
	(void)bytes_room(&script->last, len);
	if (!read_all(script, script->last.data, len - 4))
		surprise(script, "the response is cut");
	script->last.len = len - 4;
	script->last.data[len - 4] = '\0';
	if (script->quiet)
		return;
	(void)fwrite(script->last.data, 1, script->last.len, stdout);
	if (script->last.data[script->last.len - 1] != '\n')
		(void)fputc('\n', stdout);
	(void)fflush(stdout);
}

static void
write_out(struct script *script)
{
	size_t at, done;

	for (at = 0; at < script->out.len; at += done)
		if (SSL_write_ex(script->ssl, script->out.data + at,
			script->out.len - at, &done) != 1)
			surprise(script, "the peer takes no more");
	script->out.len = 0;
}

static void
send_frame(struct script *script, struct slice frame)
{
	size_t start = bytes_frame_start(&script->out);

	bytes_add(&script->out, frame.data, frame.len);
	bytes_frame_end(&script->out, start);
	write_out(script);
}

static void
send_file(struct script *script, const char *path)
{
	FILE *file = fopen(path, "r");
	struct bytes frame = {NULL, 0, 0};
	size_t got;

	if (file == NULL)
		surprise(script, strerror(errno));
	while ((got = fread(bytes_room(&frame, 65536), 1, 65536, file)) > 0)
		frame.len += got;
	(void)fclose(file);
	send_frame(script, bytes_slice(&frame));
	bytes_finish(&frame);
}

static void
send_hex(struct script *script, const char *hex)
{
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		unsigned char one = (unsigned char)byte;

		bytes_add(&script->out, &one, 1);
		if (hex[1] == '\0')
			break;
	}
	write_out(script);
}

/* The lines up to one that is only a dot. */
static void
send_lines(struct script *script)
{
	struct bytes frame = {NULL, 0, 0};
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) > 0) {
		script->line++;
		if (strcmp(line, ".\n") == 0)
			break;
		bytes_add(&frame, line, (size_t)len);
	}
	free(line);
	send_frame(script, bytes_slice(&frame));
	bytes_finish(&frame);
}

static void
login(struct script *script, char *words)
{
	char *save = NULL;
	const char *id = strtok_r(words, " ", &save);
	const char *password = strtok_r(NULL, " ", &save);
	const char *next = strtok_r(NULL, " ", &save);

	if (id == NULL || password == NULL)
		surprise(script, "login ID PASSWORD [NEW-PASSWORD]");
	client_login_frame(&script->out, id, password, next);
	write_out(script);
	read_response(script);
}

static void
expect(struct script *script, const char *code)
{
	unsigned got =
	    script->last.len == 0 ? 0 : client_code(bytes_slice(&script->last));
	char text[64];

	if (got == strtoul(code, NULL, 10))
		return;
	(void)snprintf(text, sizeof(text), "the code is %u, not %s", got, code);
	surprise(script, text);
}

static bool
has(const struct script *script, const char *text)
{
	return script->last.len > 0 && strstr(script->last.data, text) != NULL;
}

static void
closed(struct script *script)
{
	const struct timeval patience = {10, 0};
	size_t got;
	char one;

	(void)setsockopt(SSL_get_fd(script->ssl), SOL_SOCKET, SO_RCVTIMEO,
	    &patience, sizeof(patience));
	errno = 0;
	if (SSL_read_ex(script->ssl, &one, 1, &got) == 1)
		surprise(script, "there is a response");
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		surprise(script, "the connection is still open");
}

/* Lines that check the last response, or how it is shown. */
static void
check(struct script *script, const char *verb, char *rest)
{
	if (strcmp(verb, "expect") == 0)
		expect(script, rest);
	else if (strcmp(verb, "closed") == 0)
		closed(script);
	else if (strcmp(verb, "contains") == 0) {
		if (!has(script, rest))
			surprise(script, "the response does not contain it");
	} else if (strcmp(verb, "lacks") == 0) {
		if (has(script, rest))
			surprise(script, "the response contains it");
	} else if (strcmp(verb, "quiet") == 0 || strcmp(verb, "loud") == 0)
		script->quiet = *verb == 'q';
	else
		surprise(script, "no such command");
}

static void
play(struct script *script, char *line)
{
	char *rest = line + strcspn(line, " ");

	if (*line == '\0' || *line == '#')
		return;
	if (*line == '<') {
		send_frame(script, slice_from(line));
		read_response(script);
		return;
	}
	if (*rest != '\0')
		*rest++ = '\0';
	if (strcmp(line, "login") == 0)
		login(script, rest);
	else if (strcmp(line, "send") == 0)
		send_file(script, rest);
	else if (strcmp(line, "raw") == 0)
		send_hex(script, rest);
	else if (strcmp(line, "frame") == 0) {
		send_file(script, rest);
		read_response(script);
	} else if (strcmp(line, "xml") == 0) {
		send_lines(script);
		read_response(script);
	} else if (strcmp(line, "hello") == 0) {
		send_frame(script,
		    SLICE("<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\">"
			  "<hello/></epp>"));
		read_response(script);
	} else if (strcmp(line, "logout") == 0) {
		client_logout_frame(&script->out);
		write_out(script);
		read_response(script);
	} else if (strcmp(line, "read") == 0)
		read_response(script);
	else
		check(script, line, rest);
}

int
client_script(const struct client_options *options)
{
	SSL_CTX *tls = client_tls(options);
	struct script script = {.ssl = tls_connect(options, tls)};
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	/* The greeting. */
	read_response(&script);
	while ((len = getline(&line, &size, stdin)) > 0) {
		script.line++;
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		play(&script, line);
	}
	free(line);
	(void)SSL_shutdown(script.ssl);
	(void)close(SSL_get_fd(script.ssl));
	SSL_free(script.ssl);
	SSL_CTX_free(tls);
	bytes_finish(&script.last);
	bytes_finish(&script.out);
	return 0;
}
