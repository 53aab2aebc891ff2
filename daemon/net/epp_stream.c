#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/epp_tls_priv.h"

static enum epp_stream_step outcome(
    SSL *ssl, int result, int system_error, struct fail *fail);
static void explain(SSL *ssl, int system_error, struct fail *fail);

/* A stream is OpenSSL's own object: there is nothing to add. */
static SSL *
ssl_of(const struct epp_stream *stream)
{
	return (SSL *)(void *)stream;
}

struct epp_stream *
epp_stream_create(struct epp_tls *tls, int fd)
{
	SSL *ssl = SSL_new(tls->context);

	if (ssl == NULL || !epp_bio_attach(ssl, fd) ||
	    (tls->name[0] != '\0' && !tls->is_address &&
		SSL_set_tlsext_host_name(ssl, tls->name) != 1)) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	if (tls->server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	tls->references++;
	return (struct epp_stream *)(void *)ssl;
}

void
epp_stream_destroy(struct epp_stream *stream)
{
	struct epp_tls *tls;

	if (stream == NULL)
		return;
	tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl_of(stream)));
	SSL_free(ssl_of(stream));
	epp_tls_destroy(tls);
}

/* OpenSSL takes an old error of anybody's for one of this call. */
static void
forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

/* Who comes back with a ticket was checked when it was given, not today. */
static bool
is_still_valid(SSL *ssl)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	return !SSL_session_reused(ssl) || certificate == NULL ||
	       X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

enum epp_stream_step
epp_stream_shake(struct epp_stream *stream, struct fail *fail)
{
	SSL *ssl = ssl_of(stream);
	int result;

	forget_errors();
	result = SSL_do_handshake(ssl);
	if (result != 1)
		return outcome(ssl, result, errno, fail);
	if (!is_still_valid(ssl)) {
		fail_set(fail, FAIL_WORLD,
		    "tls: the peer's certificate has expired");
		return EPP_STREAM_BROKEN;
	}
	return EPP_STREAM_DONE;
}

enum epp_stream_step
epp_stream_read(struct epp_stream *stream, char *data, size_t size, size_t *got,
    struct fail *fail)
{
	int result;

	forget_errors();
	*got = 0;
	result = SSL_read_ex(ssl_of(stream), data, size, got);
	if (result == 1)
		return EPP_STREAM_DONE;
	return outcome(ssl_of(stream), result, errno, fail);
}

enum epp_stream_step
epp_stream_write(struct epp_stream *stream, struct slice data, size_t *done,
    struct fail *fail)
{
	int result;

	forget_errors();
	*done = 0;
	result = SSL_write_ex(ssl_of(stream), data.data, data.len, done);
	if (result == 1)
		return EPP_STREAM_DONE;
	return outcome(ssl_of(stream), result, errno, fail);
}

bool
epp_stream_has_more(const struct epp_stream *stream)
{
	return SSL_has_pending(ssl_of(stream)) == 1;
}

void
epp_stream_end(struct epp_stream *stream)
{
	forget_errors();
	(void)SSL_shutdown(ssl_of(stream));
	ERR_clear_error();
}

static enum epp_stream_step
outcome(SSL *ssl, int result, int system_error, struct fail *fail)
{
	switch (SSL_get_error(ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return EPP_STREAM_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return EPP_STREAM_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return EPP_STREAM_ENDED;
	default:
		explain(ssl, system_error, fail);
		ERR_clear_error();
		return EPP_STREAM_BROKEN;
	}
}

/* --- what went wrong --- */

static void
explain_certificate(SSL *ssl, struct fail *fail)
{
	const struct epp_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const char *whose = tls->server ? "backend" : "registry";
	const char *hint = "is the authority of misu.conf the registry's?";
	long why = SSL_get_verify_result(ssl);

	if (why == X509_V_ERR_HOSTNAME_MISMATCH ||
	    why == X509_V_ERR_IP_ADDRESS_MISMATCH) {
		fail_set(fail, FAIL_WORLD,
		    "tls: the registry's certificate is not for %s", tls->name);
		hint = "are server and name of misu.conf right?";
	} else if (why == X509_V_ERR_APPLICATION_VERIFICATION) {
		fail_set(fail, FAIL_WORLD,
		    "tls: the registry's key is none of those pinned");
		hint = "ask the registry whether its key is a new one; if so, "
		       "put it into misu.conf as one more pin";
	} else {
		fail_set(fail, FAIL_WORLD,
		    "tls: the %s's certificate is refused: %s", whose,
		    X509_verify_cert_error_string(why));
	}
	fail_hint(fail, "%s",
	    tls->server ? "is its authority in clients of misu.conf?" : hint);
}

static void
explain(SSL *ssl, int system_error, struct fail *fail)
{
	const struct epp_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	unsigned long error = ERR_peek_error();
	const char *reason = ERR_reason_error_string(error);

	if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		explain_certificate(ssl, fail);
	else if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
		 ERR_GET_REASON(error) ==
		     SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
		fail_set(
		    fail, FAIL_WORLD, "tls: the peer showed no certificate");
		fail_hint(fail, "because of clients in misu.conf it has to");
	} else if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
		   ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET) {
		fail_set(fail, FAIL_WORLD, "tls: the peer refuses: %s",
		    reason != NULL ? reason : "no reason known");
		fail_hint(fail, "does the %s know the certificate that %s?",
		    tls->server ? "backend" : "registry",
		    tls->server ? "misu has" : "misu.conf shows it");
	} else if (error != 0 && ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
		fail_memory(fail);
	else if (error != 0)
		fail_set(fail, FAIL_WORLD, "tls: %s",
		    reason != NULL ? reason : "no reason known");
	else if (system_error != 0)
		fail_set(
		    fail, FAIL_WORLD, "network: %s", strerror(system_error));
	else
		fail_set(fail, FAIL_WORLD, "tls: the peer left at once");
}

/* --- who it is --- */

/* A name goes into logs: only what cannot do harm there stays. */
static void
common_name(const X509 *certificate, char *out, size_t size)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	size_t len = 0;
	int found;

	if (at < 0)
		return;
	found = ASN1_STRING_to_UTF8(
	    &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	for (int i = 0; i < found && len + 1 < size; i++)
		out[len++] =
		    text[i] >= ' ' && text[i] < 127 ? (char)text[i] : '?';
	out[len] = '\0';
	OPENSSL_free(text);
	ERR_clear_error();
}

void
epp_stream_peer(const struct epp_stream *stream, struct epp_peer *peer)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl_of(stream));
	unsigned len = sizeof(peer->certificate.bytes);

	if (certificate == NULL || X509_digest(certificate, EVP_sha256(),
				       peer->certificate.bytes, &len) != 1)
		return;
	peer->has_certificate = true;
	common_name(certificate, peer->name, sizeof(peer->name));
}
