#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/epp_tls_priv.h"

enum {
	CHAIN_DEPTH = 5,
	TICKET_SECONDS = 3600, /* how long a backend may come back cheaply */
};

static bool set_rules(SSL_CTX *context, bool server);
static bool use_certificate(
    SSL_CTX *context, struct slice pem, struct fail *fail);
static bool use_key(SSL_CTX *context, struct slice pem, struct fail *fail);
static bool use_authority(struct epp_tls *tls,
    const struct epp_tls_options *options, struct fail *fail);
static bool expect_name(struct epp_tls *tls,
    const struct epp_tls_options *options, struct fail *fail);
static bool keep_pins(struct epp_tls *tls,
    const struct epp_tls_options *options, struct fail *fail);

static bool
is_in(struct slice path, struct fail *fail)
{
	fail_place(fail, "%.*s", SLICE_ARG(path));
	return false;
}

static bool
set_up(struct epp_tls *tls, const struct epp_tls_options *options,
    struct fail *fail)
{
	tls->context = SSL_CTX_new(
	    options->server ? TLS_server_method() : TLS_client_method());
	if (tls->context == NULL)
		return fail_memory(fail);
	SSL_CTX_set_app_data(tls->context, tls);
	if (!set_rules(tls->context, options->server))
		return fail_set(fail, FAIL_WORLD,
		    "tls: OpenSSL has not the ciphers misu demands");
	if (options->server || options->certificate.len != 0) {
		if (!use_certificate(tls->context, options->certificate, fail))
			return is_in(options->certificate_path, fail);
		if (!use_key(tls->context, options->key, fail))
			return is_in(options->key_path, fail);
	}
	return keep_pins(tls, options, fail) &&
	       expect_name(tls, options, fail) &&
	       (use_authority(tls, options, fail) ||
		   is_in(options->authority_path, fail));
}

struct epp_tls *
epp_tls_create(const struct epp_tls_options *options, struct fail *fail)
{
	struct epp_tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL) {
		fail_memory(fail);
		return NULL;
	}
	tls->references = 1;
	tls->server = options->server;
	if (!set_up(tls, options, fail)) {
		epp_tls_destroy(tls);
		tls = NULL;
	}
	/* What OpenSSL noted may quote what it read. */
	ERR_clear_error();
	return tls;
}

void
epp_tls_destroy(struct epp_tls *tls)
{
	if (tls == NULL || --tls->references != 0)
		return;
	SSL_CTX_free(tls->context);
	free(tls->pins);
	free(tls);
}

/*
 * Buffers are given back when empty, and no chain is sought anew for every
 * handshake.  Peers that leave without a goodbye are many, and a frame's
 * length tells whether it is whole.
 */
static bool
set_rules(SSL_CTX *context, bool server)
{
	SSL_CTX_set_options(context,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
		SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(context,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(context, TICKET_SECONDS);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_verify_depth(context, CHAIN_DEPTH);
	if (server && (SSL_CTX_set_num_tickets(context, 1) != 1 ||
			  SSL_CTX_set_session_id_context(context,
			      (const unsigned char *)"misu epp", 8) != 1))
		return false;
	return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(
		   context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK") == 1 &&
	       SSL_CTX_set_ciphersuites(context,
		   "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
		   "TLS_CHACHA20_POLY1305_SHA256") == 1;
}

/* --- what we show --- */

static BIO *
text_open(struct slice pem)
{
	if (pem.len == 0 || pem.len > 1 << 20)
		return NULL;
	return BIO_new_mem_buf(pem.data, (int)pem.len);
}

/* Nothing is encrypted here, and nobody is asked on a terminal. */
static int
no_password(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	if (asked != NULL)
		*(bool *)asked = true;
	return -1;
}

/* The next certificate of a text; NULL at its end or at a bad one. */
static X509 *
next_certificate(BIO *text, bool *bad)
{
	X509 *certificate = PEM_read_bio_X509(text, NULL, no_password, NULL);

	*bad = certificate == NULL &&
	       ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
	if (certificate == NULL)
		ERR_clear_error();
	return certificate;
}

static bool
use_chain(SSL_CTX *context, BIO *text, struct fail *fail)
{
	X509 *certificate;
	bool bad, ok = true;

	while (ok && (certificate = next_certificate(text, &bad)) != NULL) {
		ok = SSL_CTX_add0_chain_cert(context, certificate) == 1;
		if (!ok)
			X509_free(certificate);
	}
	if (!ok || bad)
		return fail_set(fail, FAIL_INPUT,
		    "tls: a certificate after the first is not usable");
	return true;
}

static bool
use_certificate(SSL_CTX *context, struct slice pem, struct fail *fail)
{
	BIO *text = text_open(pem);
	X509 *first = NULL;
	bool bad, ok = false;

	if (text != NULL)
		first = next_certificate(text, &bad);
	if (first == NULL)
		fail_set(fail, FAIL_INPUT,
		    "tls: the certificate is not a certificate in PEM");
	else if (SSL_CTX_use_certificate(context, first) != 1)
		fail_set(fail, FAIL_INPUT,
		    "tls: the certificate is not usable: its key is too weak "
		    "or of an unknown kind");
	else
		ok = use_chain(context, text, fail);
	X509_free(first);
	BIO_free(text);
	return ok;
}

static bool
use_key(SSL_CTX *context, struct slice pem, struct fail *fail)
{
	BIO *text = text_open(pem);
	EVP_PKEY *key = NULL;
	bool encrypted = false, ok = false;

	if (text != NULL)
		key = PEM_read_bio_PrivateKey(
		    text, NULL, no_password, &encrypted);
	if (encrypted)
		fail_set(fail, FAIL_INPUT,
		    "tls: the key is encrypted: give it without a password");
	else if (key == NULL)
		fail_set(fail, FAIL_INPUT,
		    "tls: the key is not a private key in PEM");
	else if (SSL_CTX_use_PrivateKey(context, key) != 1 ||
		 SSL_CTX_check_private_key(context) != 1)
		fail_set(
		    fail, FAIL_INPUT, "tls: the key is not the certificate's");
	else
		ok = true;
	EVP_PKEY_free(key);
	BIO_free(text);
	return ok;
}

static bool
unix_time(const ASN1_TIME *time, int64_t *out)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	bool ok = epoch != NULL &&
		  ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;

	ASN1_TIME_free(epoch);
	*out = (int64_t)days * 86400 + seconds;
	return ok;
}

bool
epp_tls_times(struct slice pem, int64_t *begin, int64_t *end)
{
	BIO *text = text_open(pem);
	X509 *first = NULL;
	bool bad, ok;

	if (text != NULL)
		first = next_certificate(text, &bad);
	ok = first != NULL && unix_time(X509_get0_notBefore(first), begin) &&
	     unix_time(X509_get0_notAfter(first), end);
	X509_free(first);
	BIO_free(text);
	ERR_clear_error();
	return ok;
}

/* --- what we demand of the peer --- */

static bool
is_pinned(const struct epp_tls *tls, X509 *certificate)
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	struct digest digest;
	bool found = false;

	if (len <= 0)
		return false;
	digest = digest_sha256((struct slice){(const char *)der, (size_t)len});
	OPENSSL_free(der);
	for (size_t i = 0; i < tls->pin_count && !found; i++)
		found = digest_equal(&digest, &tls->pins[i]);
	return found;
}

/* Called for every certificate of the chain, the peer's own last. */
static int
check_pins(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct epp_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (ok != 1 || tls->pin_count == 0 ||
	    X509_STORE_CTX_get_error_depth(store) != 0 ||
	    is_pinned(tls, X509_STORE_CTX_get_current_cert(store)))
		return ok;
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

static bool
keep_pins(struct epp_tls *tls, const struct epp_tls_options *options,
    struct fail *fail)
{
	if (options->server || options->pin_count == 0)
		return true;
	tls->pins = reallocarray(NULL, options->pin_count, sizeof(*tls->pins));
	if (tls->pins == NULL)
		return fail_memory(fail);
	memcpy(
	    tls->pins, options->pins, options->pin_count * sizeof(*tls->pins));
	tls->pin_count = options->pin_count;
	return true;
}

static bool
expect_name(struct epp_tls *tls, const struct epp_tls_options *options,
    struct fail *fail)
{
	X509_VERIFY_PARAM *demands = SSL_CTX_get0_param(tls->context);
	struct in6_addr address;

	if (options->server)
		return true;
	if (options->name.len == 0 && tls->pin_count == 0)
		return fail_set(fail, FAIL_INPUT,
		    "tls: neither a name nor a pin to know the registry by");
	if (options->name.len >= sizeof(tls->name) ||
	    (options->name.len != 0 &&
		memchr(options->name.data, '\0', options->name.len) != NULL))
		return fail_set(
		    fail, FAIL_INPUT, "tls: the registry's name is too long");
	if (options->name.len == 0)
		return true;
	memcpy(tls->name, options->name.data, options->name.len);
	tls->is_address = inet_pton(AF_INET, tls->name, &address) == 1 ||
			  inet_pton(AF_INET6, tls->name, &address) == 1;
	X509_VERIFY_PARAM_set_hostflags(
	    demands, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if ((tls->is_address ? X509_VERIFY_PARAM_set1_ip_asc(demands, tls->name)
			     : X509_VERIFY_PARAM_set1_host(
				   demands, tls->name, options->name.len)) != 1)
		return fail_memory(fail);
	return true;
}

static bool
trust(SSL_CTX *context, bool server, X509 *certificate)
{
	/* A client with many certificates picks the one asked for. */
	return X509_STORE_add_cert(
		   SSL_CTX_get_cert_store(context), certificate) == 1 &&
	       (!server || SSL_CTX_add_client_CA(context, certificate) == 1);
}

static bool
trust_all(SSL_CTX *context, bool server, struct slice pem, struct fail *fail)
{
	BIO *text = text_open(pem);
	X509 *certificate;
	size_t count = 0;
	bool bad = text == NULL;

	while (!bad && (certificate = next_certificate(text, &bad)) != NULL) {
		bad = !trust(context, server, certificate);
		X509_free(certificate);
		count++;
		if (bad)
			break;
	}
	BIO_free(text);
	if (bad || count == 0)
		return fail_set(fail, FAIL_INPUT,
		    "tls: the authority is not certificates in PEM");
	/* Whom the operator names is trusted, be it a root or not. */
	X509_VERIFY_PARAM_set_flags(
	    SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	return true;
}

static bool
use_authority(struct epp_tls *tls, const struct epp_tls_options *options,
    struct fail *fail)
{
	if (options->server && options->authority.len == 0) {
		SSL_CTX_set_verify(tls->context, SSL_VERIFY_NONE, NULL);
		return true;
	}
	SSL_CTX_set_verify(tls->context,
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, check_pins);
	if (options->authority.len != 0)
		return trust_all(
		    tls->context, options->server, options->authority, fail);
	if (SSL_CTX_set_default_verify_paths(tls->context) != 1)
		return fail_set(fail, FAIL_WORLD,
		    "tls: the system's authorities cannot be read");
	return true;
}
