/* Certificates and keys made in memory, for tests of TLS. */
#ifndef TESTS_CERTIFICATE_H
#define TESTS_CERTIFICATE_H

#include "base/digest.h"

struct certificate {
	char pem[2048], key[1024];
	struct digest spki, der;
	void *x509, *pkey; /* OpenSSL's, to sign others with */
};

struct certificate_wish {
	const char *name;		  /* common name */
	const char *alternative;	  /* "DNS:a.example", "IP:192.0.2.1" */
	const struct certificate *issuer; /* NULL: an authority of its own */
	bool expired;
};

void certificate_make(
    struct certificate *certificate, const struct certificate_wish *wish);
void certificate_finish(struct certificate *certificate);

/* The key as text that asks for a password. */
void certificate_encrypt_key(
    const struct certificate *certificate, char *out, size_t size);

#endif
