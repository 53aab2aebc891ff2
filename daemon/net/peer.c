#include "net/peer.h"

#include <errno.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512, MANY = 4096, GROUPS_MAX = 1024 };

bool
peer_user(int fd, uid_t *out)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    len != sizeof(peer))
		return false;
	*out = peer.uid;
	return true;
}

bool
peer_in_group(int fd, gid_t group)
{
	struct ucred peer;
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(peer), size = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    len != sizeof(peer))
		return false;
	if (peer.gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
		return false;
	for (size_t i = 0; i < size / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool
unix_address(const char *path, struct sockaddr_un *out, struct fail *fail)
{
	size_t len = strlen(path);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len == 0 || len >= sizeof(out->sun_path)) {
		fail_place(fail, "%s", path);
		return fail_set(fail, FAIL_WORLD,
		    "the path of a socket has 1 to %zu bytes",
		    sizeof(out->sun_path) - 1);
	}
	memcpy(out->sun_path, path, len + 1);
	return true;
}

static int
give_up(int fd, const char *path, const char *what, struct fail *fail)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	fail_set(fail, FAIL_WORLD, "%s: %s", what, strerror(error));
	fail_place(fail, "%s", path);
	return -1;
}

static int
connect_unix(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) !=
	    0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int
peer_connect_unix(const char *path, struct fail *fail)
{
	struct sockaddr_un address;
	int fd;

	if (!unix_address(path, &address, fail))
		return -1;
	fd = connect_unix(&address);
	if (fd >= 0)
		return fd;
	if (errno == EACCES)
		fail_hint(fail, "it is for root and for the user misu runs as;"
				" others are `operator`s in misu.conf");
	return give_up(-1, path, "cannot connect", fail);
}

/* A file left by a daemon that died is in the way; a living one is not. */
static bool
clear_path(
    const char *path, const struct sockaddr_un *address, struct fail *fail)
{
	struct stat status;
	int fd;

	if (lstat(path, &status) != 0)
		return errno == ENOENT ||
		    give_up(-1, path, "cannot look at the socket", fail) == 0;
	if (!S_ISSOCK(status.st_mode)) {
		fail_place(fail, "%s", path);
		return fail_set(fail, FAIL_WORLD,
		    "there is a file, and it is no socket");
	}
	fd = connect_unix(address);
	if (fd >= 0) {
		close(fd);
		fail_place(fail, "%s", path);
		fail_hint(fail, "is another misu running?");
		return fail_set(
		    fail, FAIL_WORLD, "another process listens here");
	}
	return unlink(path) == 0 ||
	    give_up(-1, path, "cannot remove the old socket", fail) == 0;
}

int
peer_listen_unix(const char *path, mode_t mode, struct fail *fail)
{
	struct sockaddr_un address;
	int fd;

	if (!unix_address(path, &address, fail) ||
	    !clear_path(path, &address, fail))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return give_up(fd, path, "no socket", fail);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return give_up(fd, path, "cannot make the socket", fail);
	if (chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0)
		return give_up(fd, path, "cannot listen", fail);
	return fd;
}

static bool
parse_loopback(const char *text, struct sockaddr_storage *out, int *len)
{
	const struct sockaddr_in *four = (struct sockaddr_in *)out;
	const struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	*len = sizeof(*out);
	*out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)out, len) != 0)
		return false;
	if (out->ss_family == AF_INET)
		return four->sin_port != 0 &&
		    ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return out->ss_family == AF_INET6 && six->sin6_port != 0 &&
	    IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

bool
peer_is_loopback(const char *address)
{
	struct sockaddr_storage parsed;
	int len;

	return parse_loopback(address, &parsed, &len);
}

static bool
parse_address(const char *text, struct sockaddr_storage *out, int *len)
{
	const struct sockaddr_in *four = (struct sockaddr_in *)out;
	const struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	*len = sizeof(*out);
	*out = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)out, len) != 0)
		return false;
	return (out->ss_family == AF_INET && four->sin_port != 0) ||
	    (out->ss_family == AF_INET6 && six->sin6_port != 0);
}

bool
peer_is_address(const char *address)
{
	struct sockaddr_storage parsed;
	int len;

	return parse_address(address, &parsed, &len);
}

static int
cannot_listen(int fd, const char *name, struct fail *fail)
{
	int error = errno;

	if (error == EADDRINUSE)
		fail_hint(fail, "another program listens there (ss -ltnp), or"
				" misu.conf means another port");
	else if (error == EACCES)
		fail_hint(fail, "ports below 1024 need CAP_NET_BIND_SERVICE,"
				" which misu.service gives");
	else if (error == EADDRNOTAVAIL)
		fail_hint(fail, "it is no address of this machine (ip addr)");
	errno = error;
	return give_up(fd, name, "cannot listen", fail);
}

/* With a port of IPv6 alone, "[::]:700" leaves "0.0.0.0:700" to another. */
static int
listen_at(const char *name, const struct sockaddr_storage *address, int len,
    int backlog, struct fail *fail)
{
	int on = 1, fd = socket(address->ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return give_up(fd, name, "no socket", fail);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)address, (socklen_t)len) != 0 ||
	    listen(fd, backlog) != 0)
		return cannot_listen(fd, name, fail);
	return fd;
}

int
peer_listen(const char *address, struct fail *fail)
{
	struct sockaddr_storage parsed;
	int len;

	if (parse_address(address, &parsed, &len))
		return listen_at(address, &parsed, len, MANY, fail);
	fail_place(fail, "%s", address);
	fail_set(fail, FAIL_WORLD, "no numeric address with a port");
	return -1;
}

int
peer_listen_loopback(const char *address, struct fail *fail)
{
	struct sockaddr_storage parsed;
	int len;

	if (!parse_loopback(address, &parsed, &len)) {
		fail_place(fail, "%s", address);
		fail_hint(fail,
		    "127.0.0.1:8053 or [::1]:8053; let a proxy face others");
		fail_set(fail, FAIL_WORLD,
		    "misu listens on loopback addresses only");
		return -1;
	}
	return listen_at(address, &parsed, len, BACKLOG, fail);
}
