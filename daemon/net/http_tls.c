#include "net/http_tls.h"

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#include "net/epp_tls_priv.h"

struct http_tls {
	struct epp_tls *rules;
	int64_t lists_end; /* Unix seconds */
};

/* --- revocation lists --- */

/* Who made the list is among the authorities, and signed it. */
static bool
is_of_authority(X509_STORE *authorities, X509_CRL *list)
{
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(authorities);

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509 *one =
		    X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

		if (one != NULL &&
		    X509_NAME_cmp(X509_get_subject_name(one),
			X509_CRL_get_issuer(list)) == 0 &&
		    X509_CRL_verify(list, X509_get0_pubkey(one)) == 1)
			return true;
	}
	return false;
}

/* One that names no next one is good for ever. */
static bool
note_end(struct http_tls *tls, const X509_CRL *list)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
	ASN1_TIME *begin = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	bool ok = begin != NULL &&
		  (next == NULL ||
		      ASN1_TIME_diff(&days, &seconds, begin, next) == 1);
	int64_t end = (int64_t)days * 86400 + seconds;

	ASN1_TIME_free(begin);
	if (ok && next != NULL && end < tls->lists_end)
		tls->lists_end = end;
	return ok;
}

static bool
add_list(struct http_tls *tls, X509_CRL *list, struct fail *fail)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls->rules->context);

	if (!is_of_authority(store, list)) {
		fail_set(fail, FAIL_INPUT,
		    "tls: a revocation list is signed by none of the "
		    "authorities");
		fail_hint(fail, "the file of clients' authorities has the "
				"certificate of each that makes a list");
		return false;
	}
	if (!note_end(tls, list) || X509_STORE_add_crl(store, list) != 1)
		return fail_set(fail, FAIL_INPUT,
		    "tls: a revocation list is not usable");
	return true;
}

static bool
add_lists(struct http_tls *tls, BIO *text, struct fail *fail)
{
	size_t count = 0;
	X509_CRL *list;
	bool ok = true;

	while (ok &&
	       (list = PEM_read_bio_X509_CRL(text, NULL, NULL, NULL)) != NULL) {
		ok = add_list(tls, list, fail);
		X509_CRL_free(list);
		count++;
	}
	if (ok && (count == 0 || ERR_GET_REASON(ERR_peek_last_error()) !=
				     PEM_R_NO_START_LINE))
		ok = fail_set(fail, FAIL_INPUT,
		    "tls: the revocation lists are not lists (CRL) in PEM");
	ERR_clear_error();
	return ok;
}

static bool
use_lists(struct http_tls *tls, struct slice pem, struct fail *fail)
{
	BIO *text;
	bool ok;

	if (pem.data == NULL || pem.len == 0)
		return true;
	if (pem.len > 1 << 20)
		return fail_set(
		    fail, FAIL_INPUT, "tls: the revocation lists are too long");
	text = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (text == NULL)
		return fail_memory(fail);
	ok = add_lists(tls, text, fail);
	BIO_free(text);
	X509_VERIFY_PARAM_set_flags(
	    SSL_CTX_get0_param(tls->rules->context), X509_V_FLAG_CRL_CHECK);
	return ok;
}

/* --- the rules --- */

/*
 * Streams outlive the rules, but not the context, which is all that they look
 * at then.  Every connection shows its certificate anew.
 */
static void
set_context(SSL_CTX *context)
{
	SSL_CTX_set_verify(
	    context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(context, 0);
	/* libevent asks OpenSSL for what is left of a record, not before it. */
	SSL_CTX_set_read_ahead(context, 0);
}

struct http_tls *
http_tls_create(const struct http_tls_options *options, struct fail *fail)
{
	const struct epp_tls_options rules = {.server = true,
	    .certificate = options->certificate,
	    .key = options->key,
	    .authority = options->clients};
	struct http_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL) {
		fail_memory(fail);
		return NULL;
	}
	tls->lists_end = INT64_MAX;
	if (options->clients.len == 0)
		fail_set(fail, FAIL_INPUT,
		    "tls: the authority is not certificates in PEM");
	else
		tls->rules = epp_tls_create(&rules, fail);
	if (tls->rules == NULL || !use_lists(tls, options->revoked, fail)) {
		http_tls_destroy(tls);
		return NULL;
	}
	set_context(tls->rules->context);
	return tls;
}

int64_t
http_tls_lists_end(const struct http_tls *tls)
{
	return tls->lists_end;
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
