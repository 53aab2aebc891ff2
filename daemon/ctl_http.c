#include "ctl_http.h"

#include <errno.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "net/peer.h"

enum { HEAD_MAX = 16 * 1024, ANSWER_MAX = 64 * 1024 * 1024 };

void
ctl_http_close(struct ctl_http *http)
{
	if (http->fd >= 0)
		close(http->fd);
	http->fd = -1;
}

static bool
send_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes.data += sent;
		bytes.len -= (size_t)sent;
	}
	return true;
}

static bool
read_all(int fd, char *data, size_t len)
{
	while (len > 0) {
		ssize_t got = read(fd, data, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		data += got;
		len -= (size_t)got;
	}
	return true;
}

/* The number that follows a header's name; 0 if there is none. */
static size_t
header_number(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at != NULL ? strtoul(at + strlen(name), NULL, 10) : 0;
}

/*
 * Status line and headers up to the empty line; what was read of the body
 * already follows them.
 */
static bool
read_head(int fd, char *head, size_t *len, char **body)
{
	*len = 0;
	for (;;) {
		ssize_t got = read(fd, head + *len, HEAD_MAX - *len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		*len += (size_t)got;
		head[*len] = '\0';
		*body = strstr(head, "\r\n\r\n");
		if (*body != NULL) {
			**body = '\0';
			*body += 4;
			return true;
		}
		if (*len == HEAD_MAX)
			return false;
	}
}

static bool
read_answer(struct ctl_http *http, struct arena *arena, int *status,
    struct slice *answer)
{
	char *head = arena_take(arena, HEAD_MAX + 1);
	char *body, *copy;
	size_t len, there, length;

	if (head == NULL || !read_head(http->fd, head, &len, &body) ||
	    sscanf(head, "HTTP/1.1 %d", status) != 1)
		return false;
	length = header_number(head, "\r\nContent-Length:");
	there = len - (size_t)(body - head);
	if (length > ANSWER_MAX || there > length)
		return false;
	copy = arena_take(arena, length + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, body, there);
	if (!read_all(http->fd, copy + there, length - there))
		return false;
	*answer = (struct slice){copy, length};
	if (strcasestr(head, "\r\nConnection: close") != NULL)
		ctl_http_close(http);
	return true;
}

static struct slice
request_head(struct arena *arena, const char *key, size_t len)
{
	struct text text = text_start(arena);

	text_add_format(&text,
	    "POST /v1/submissions HTTP/1.1\r\nHost: misu\r\n"
	    "Content-Type: application/json\r\nContent-Length: %zu\r\n",
	    len);
	if (key != NULL)
		text_add_format(&text, "Idempotency-Key: %s\r\n", key);
	text_add_string(&text, "\r\n");
	return text_slice(&text);
}

static bool
exchange(struct ctl_http *http, struct slice head, struct slice body,
    struct arena *arena, int *status, struct slice *answer)
{
	return send_all(http->fd, head) && send_all(http->fd, body) &&
	    read_answer(http, arena, status, answer);
}

bool
ctl_http_post(struct ctl_http *http, const char *key, struct slice body,
    struct arena *arena, int *status, struct slice *answer, struct fail *fail)
{
	struct slice head = request_head(arena, key, body.len);
	bool kept = http->fd >= 0;

	if (head.data == NULL)
		return fail_memory(fail);
	for (;;) {
		if (http->fd < 0)
			http->fd = peer_connect_unix(http->socket, fail);
		if (http->fd < 0) {
			fail_hint(fail, "is misu running? -f and -s say where");
			return false;
		}
		if (exchange(http, head, body, arena, status, answer))
			return true;
		ctl_http_close(http);
		if (!kept || key == NULL)
			break;
		kept = false;
	}
	fail_place(fail, "%s", http->socket);
	return fail_set(fail, FAIL_WORLD, "misu hung up before it answered");
}
