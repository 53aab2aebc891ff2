/*
 * epp-client: an EPP client for tests, the demo and the benchmark.  What its
 * files share.
 */
#ifndef TESTS_REGISTRY_CLIENT_H
#define TESTS_REGISTRY_CLIENT_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "registry/bytes.h"

struct client_options {
	struct sockaddr_storage address;
	socklen_t address_size;
	const char *host; /* to verify against; the part before the port */
	const char *certificate, *key, *ca;
	const char *id, *password;
	const char *pids;
	unsigned connections, depth;
	double rate, seconds;
};

/* Ends the program, with one line on standard error. */
_Noreturn void client_die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

SSL_CTX *client_tls(const struct client_options *options);

/* The frame of a login, and of a logout, behind its header. */
void client_login_frame(
    struct bytes *out, const char *id, const char *password, const char *next);
void client_logout_frame(struct bytes *out);

/* The result code of a response, 0 if there is none. */
unsigned client_code(struct slice frame);

/* Each plays until it is done and returns the exit status. */
int client_script(const struct client_options *options);
int client_load(const struct client_options *options);
int client_idle(const struct client_options *options);
int client_tell(const char *path, int count, char **words);

/* Microseconds of a steady clock. */
uint64_t client_now(void);

/*
 * CPU time in microseconds and memory (proportional set size) in bytes of the
 * processes whose ids are in the file, one a line; 0 without a file.
 */
uint64_t client_cpu(const char *pids);
uint64_t client_memory(const char *pids);

#endif
