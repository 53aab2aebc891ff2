/*
 * Who is at the other end of a socket, and sockets that only this machine can
 * reach.
 */
#ifndef MISU_PEER_H
#define MISU_PEER_H

#include <sys/types.h>

#include "base/fail.h"
#include "base/slice.h"

/* The user at the other end of a Unix socket, as the kernel knows it. */
bool peer_user(int fd, uid_t *out);

/* Is the peer in this group, by its first or another one? */
bool peer_in_group(int fd, gid_t group);

/*
 * A listening Unix socket of this mode.  A socket file that nobody listens on
 * any more is replaced; one that is in use is refused.  -1 with a fail.
 */
int peer_listen_unix(const char *path, mode_t mode, struct fail *fail);

/* "127.0.0.1:8053" or "[::1]:8053"; anything but loopback is refused. */
int peer_listen_loopback(const char *address, struct fail *fail);

/* Any numeric address with a port, for those who come from elsewhere. */
int peer_listen(const char *address, struct fail *fail);

/* Is this an address that only this machine can reach, with a port? */
bool peer_is_loopback(const char *address);

/* Is this any numeric address with a port: "192.0.2.1:700", "[::]:700"? */
bool peer_is_address(const char *address);

/* A connection to a Unix socket, or -1 with a fail. */
int peer_connect_unix(const char *path, struct fail *fail);

#endif
