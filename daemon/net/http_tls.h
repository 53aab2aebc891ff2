/*
 * TLS for an HTTP server whose clients show a certificate: the same rules as
 * for EPP (net/epp_tls.c), on libevent's streams.  Who has no certificate of
 * those that are trusted does not come to speak.
 */
#ifndef MISU_HTTP_TLS_H
#define MISU_HTTP_TLS_H

#include <stdint.h>

#include "base/digest.h"
#include "base/fail.h"

struct bufferevent;
struct event_base;
struct http_tls;

/* PEM texts. */
struct http_tls_options {
	struct slice certificate, key;
	struct slice clients; /* those that clients' certificates are from */
	/*
	 * Revocation lists (RFC 5280) of these.  With any, who is from one that
	 * has none here, or an old one, is refused.  Empty: none are looked at.
	 */
	struct slice revoked;
};

struct http_tls *http_tls_create(
    const struct http_tls_options *options, struct fail *fail);
/*
 * When the first of the lists is over (Unix seconds), from when on nobody of
 * that authority is let in; INT64_MAX: never.
 */
int64_t http_tls_lists_end(const struct http_tls *tls);
/* NULL-safe; streams that were made go on. */
void http_tls_destroy(struct http_tls *tls);

/* A stream of a connection to come, which is closed with it; or NULL. */
struct bufferevent *http_tls_stream(
    const struct http_tls *tls, struct event_base *base);

enum { HTTP_TLS_SUBJECT = 512 };

/*
 * The client's certificate: SHA-256 of it, and its subject as RFC 2253 writes
 * one.  False where there is none, or the subject is longer.
 */
bool http_tls_peer(const struct bufferevent *stream, struct digest *certificate,
    char subject[HTTP_TLS_SUBJECT]);

#endif
