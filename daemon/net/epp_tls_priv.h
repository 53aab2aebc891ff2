/* What certificates and streams share: the context and what names it. */
#ifndef MISU_EPP_TLS_PRIV_H
#define MISU_EPP_TLS_PRIV_H

#include <openssl/ssl.h>

#include "net/epp_stream.h"

struct epp_tls {
	unsigned references; /* its owner's and its streams' */
	SSL_CTX *context;
	bool server;
	bool is_address; /* the name is an address: no SNI */
	char name[256];
	struct digest *pins;
	size_t pin_count;
};

/* Read and write that socket, which stays the caller's; false: no memory. */
bool epp_bio_attach(SSL *ssl, int fd);

#endif
