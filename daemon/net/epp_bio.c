/*
 * The socket as OpenSSL sees it.  Its own way reads and writes it as a file,
 * which costs a look at the file's position and at who watches files, twice a
 * frame; send() and recv() go straight to the socket.
 */
#include <errno.h>
#include <sys/socket.h>

#include "net/epp_tls_priv.h"

static int
fd_of(BIO *bio)
{
	return (int)(intptr_t)BIO_get_data(bio);
}

static bool
may_retry(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int
bio_write(BIO *bio, const char *data, int len)
{
	ssize_t done = send(fd_of(bio), data, (size_t)len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (done < 0 && may_retry())
		BIO_set_retry_write(bio);
	return (int)done;
}

static int
bio_read(BIO *bio, char *data, int len)
{
	ssize_t got = recv(fd_of(bio), data, (size_t)len, 0);

	BIO_clear_retry_flags(bio);
	if (got < 0 && may_retry())
		BIO_set_retry_read(bio);
	else if (got == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)got;
}

static long
bio_control(BIO *bio, int what, long number, void *pointer)
{
	(void)number;
	(void)pointer;
	switch (what) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	default:
		return 0;
	}
}

static int
bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

/* Made once and never freed: all streams of the process have it. */
static const BIO_METHOD *
method(void)
{
	static BIO_METHOD *made;
	BIO_METHOD *making;

	if (made != NULL)
		return made;
	making = BIO_meth_new(
	    BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "misu socket");
	if (making == NULL || BIO_meth_set_write(making, bio_write) != 1 ||
	    BIO_meth_set_read(making, bio_read) != 1 ||
	    BIO_meth_set_ctrl(making, bio_control) != 1 ||
	    BIO_meth_set_create(making, bio_create) != 1) {
		BIO_meth_free(making);
		return NULL;
	}
	return made = making;
}

bool
epp_bio_attach(SSL *ssl, int fd)
{
	const BIO_METHOD *how = method();
	BIO *bio = how != NULL ? BIO_new(how) : NULL;

	if (bio == NULL)
		return false;
	BIO_set_data(bio, (void *)(intptr_t)fd);
	SSL_set_bio(ssl, bio, bio);
	return true;
}
