#include "net/http_tls.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "net/epp_tls_priv.h"

struct http_tls {
	struct epp_tls *rules;
};

struct http_tls *
http_tls_create(struct slice certificate, struct slice key,
    struct slice clients, struct fail *fail)
{
	const struct epp_tls_options options = {.server = true,
	    .certificate = certificate,
	    .key = key,
	    .authority = clients};
	struct http_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (clients.len == 0)
		fail_set(fail, FAIL_INPUT,
		    "tls: the authority is not certificates in PEM");
	else
		tls->rules = epp_tls_create(&options, fail);
	if (tls->rules == NULL) {
		free(tls);
		return NULL;
	}
	/*
	 * Streams outlive the rules, but not the context, which is all that
	 * they look at then.  Every connection shows its certificate anew.
	 */
	SSL_CTX_set_verify(tls->rules->context,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_options(tls->rules->context, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(tls->rules->context, 0);
	/* libevent asks OpenSSL for what is left of a record, not before it. */
	SSL_CTX_set_read_ahead(tls->rules->context, 0);
	return tls;
}

void
http_tls_destroy(struct http_tls *tls)
{
	if (tls == NULL)
		return;
	epp_tls_destroy(tls->rules);
	free(tls);
}

struct bufferevent *
http_tls_stream(const struct http_tls *tls, struct event_base *base)
{
	SSL *ssl = SSL_new(tls->rules->context);
	struct bufferevent *stream;

	if (ssl == NULL)
		return NULL;
	stream = bufferevent_openssl_socket_new(
	    base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (stream == NULL)
		SSL_free(ssl);
	else
		bufferevent_openssl_set_allow_dirty_shutdown(stream, 1);
	return stream;
}

static bool
print_subject(const X509 *certificate, char out[HTTP_TLS_SUBJECT])
{
	BIO *text = BIO_new(BIO_s_mem());
	int len = -1;

	if (text != NULL &&
	    X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0,
		XN_FLAG_RFC2253) >= 0 &&
	    BIO_pending(text) < HTTP_TLS_SUBJECT)
		len = BIO_read(text, out, HTTP_TLS_SUBJECT - 1);
	BIO_free(text);
	if (len <= 0)
		return false;
	out[len] = '\0';
	return strlen(out) == (size_t)len;
}

bool
http_tls_peer(const struct bufferevent *stream, struct digest *certificate,
    char subject[HTTP_TLS_SUBJECT])
{
	SSL *ssl = bufferevent_openssl_get_ssl(
	    (struct bufferevent *)(uintptr_t)stream);
	X509 *peer = ssl != NULL && SSL_get_verify_result(ssl) == X509_V_OK
			 ? SSL_get1_peer_certificate(ssl)
			 : NULL;
	unsigned char *der = NULL;
	int len = peer != NULL ? i2d_X509(peer, &der) : -1;
	bool ok = len > 0 && print_subject(peer, subject);

	if (ok)
		*certificate = digest_sha256(
		    (struct slice){(const char *)der, (size_t)len});
	OPENSSL_free(der);
	X509_free(peer);
	return ok;
}
