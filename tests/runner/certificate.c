#include "runner/certificate.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "must.h"

static void
extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	must(extension != NULL);
	must(X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

static void
take_text(BIO *text, char *out, size_t size)
{
	int len = BIO_read(text, out, (int)size - 1);

	must(len > 0 && (size_t)len + 1 < size);
	out[len] = '\0';
	BIO_free(text);
}

static void
write_out(struct certificate *certificate)
{
	BIO *text = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
	unsigned char *der = NULL;
	int len;

	must(PEM_write_bio_X509(text, certificate->x509) == 1);
	take_text(text, certificate->pem, sizeof(certificate->pem));
	must(PEM_write_bio_PrivateKey(
		 key, certificate->pkey, NULL, NULL, 0, NULL, NULL) == 1);
	take_text(key, certificate->key, sizeof(certificate->key));
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate->x509), &der);
	certificate->spki =
	    digest_sha256((struct slice){(char *)der, (size_t)len});
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509(certificate->x509, &der);
	certificate->der =
	    digest_sha256((struct slice){(char *)der, (size_t)len});
	OPENSSL_free(der);
}

void
certificate_make(
    struct certificate *certificate, const struct certificate_wish *wish)
{
	static long serial = 1;
	X509 *x509 = X509_new();
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	X509 *issuer = wish->issuer != NULL ? wish->issuer->x509 : x509;
	EVP_PKEY *signer = wish->issuer != NULL ? wish->issuer->pkey : pkey;
	X509_NAME *name = X509_get_subject_name(x509);

	must(pkey != NULL);
	certificate->x509 = x509;
	certificate->pkey = pkey;
	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x509), -7200);
	X509_gmtime_adj(X509_getm_notAfter(x509), wish->expired ? -3600 : 3600);
	X509_set_pubkey(x509, pkey);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)wish->name, -1, -1, 0);
	X509_set_issuer_name(x509, X509_get_subject_name(issuer));
	extend(x509, issuer, NID_basic_constraints,
	    wish->issuer == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	if (wish->alternative != NULL)
		extend(x509, issuer, NID_subject_alt_name, wish->alternative);
	must(X509_sign(x509, signer, EVP_sha256()) != 0);
	write_out(certificate);
}

void
certificate_finish(struct certificate *certificate)
{
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->pkey);
	*certificate = (struct certificate){0};
}

void
certificate_encrypt_key(
    const struct certificate *certificate, char *out, size_t size)
{
	BIO *text = BIO_new(BIO_s_mem());

	must(
	    PEM_write_bio_PrivateKey(text, certificate->pkey, EVP_aes_256_cbc(),
		(const unsigned char *)"example", 7, NULL, NULL) == 1);
	take_text(text, out, size);
}
