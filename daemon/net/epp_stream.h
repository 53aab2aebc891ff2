/*
 * One end of TLS on a socket that never blocks, and the certificates and keys
 * behind it: the part of an EPP connection that knows OpenSSL.  A step tells
 * what to wait for; nothing here waits or knows the loop.
 */
#ifndef MISU_EPP_STREAM_H
#define MISU_EPP_STREAM_H

#include "net/epp_conn.h"

struct epp_stream;

enum epp_stream_step {
	EPP_STREAM_DONE,
	EPP_STREAM_WANTS_READ,
	EPP_STREAM_WANTS_WRITE,
	EPP_STREAM_ENDED, /* the peer said goodbye, or just left */
	EPP_STREAM_BROKEN /* the fail says why */
};

/* The socket stays the caller's; `tls` lives as long as its streams. */
struct epp_stream *epp_stream_create(struct epp_tls *tls, int fd);
void epp_stream_destroy(struct epp_stream *stream);

enum epp_stream_step epp_stream_shake(
    struct epp_stream *stream, struct fail *fail);
enum epp_stream_step epp_stream_read(struct epp_stream *stream, char *data,
    size_t size, size_t *got, struct fail *fail);
/* Bytes that were refused may move, but must come first the next time. */
enum epp_stream_step epp_stream_write(struct epp_stream *stream,
    struct slice data, size_t *done, struct fail *fail);
/* Does data lie in here of which the socket will not tell? */
bool epp_stream_has_more(const struct epp_stream *stream);
/* Say goodbye, if the kernel takes it at once. */
void epp_stream_end(struct epp_stream *stream);
/* The certificate's part of who the peer is, after the handshake. */
void epp_stream_peer(const struct epp_stream *stream, struct epp_peer *peer);

#endif
