#include "net/wire_stream.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEADER = 4,
	READ_SIZE = 256 * 1024,
	KEEP_SIZE = 1024 * 1024, /* a longer empty queue is given back */
	EARLY = 4 * 1024,	 /* so much does not wait for the turn's end */
	FDS_MAX = 64,
	LATE = 2, /* ms that nobody minds */
};

/* In a header: this message has a descriptor. */
static const uint32_t with_fd = UINT32_C(1) << 31;

/* Bytes in a row; `start` of them are used up. */
struct run {
	char *data;
	size_t start, len, size;
};

/* A descriptor that leaves with the byte at this place of the stream. */
struct parcel {
	uint64_t at;
	int fd;
};

struct wire_stream {
	struct wire_stream_options options;
	int fd;
	struct event *reading, *writing, *flushing, *late;
	struct run out, in; /* `in`: a message that is not whole */
	uint64_t written;   /* bytes that have left */
	struct parcel out_fds[FDS_MAX];
	size_t out_fd_count;
	int in_fds[FDS_MAX];
	size_t in_fd_count;
	bool flush_soon; /* at the end of this turn */
	bool late_is_set;
	bool blocked; /* until the socket takes more */
	bool over, told;
};

/* One buffer to read into for all streams of the process. */
static char *shared;
static unsigned shared_users;

static void
put_length(char *at, uint32_t length)
{
	for (unsigned i = 0; i < HEADER; i++)
		at[i] = (char)(length >> 8 * i & 0xff);
}

static uint32_t
get_length(const char *at)
{
	uint32_t length = 0;

	for (unsigned i = 0; i < HEADER; i++)
		length |= (uint32_t)(unsigned char)at[i] << 8 * i;
	return length;
}

/* Room for `more` bytes at the end. */
static bool
run_reserve(struct run *run, size_t more)
{
	size_t used = run->len - run->start;
	size_t size = run->size == 0 ? 4096 : run->size;
	char *data;

	if (run->size - run->len >= more)
		return true;
	if (run->start >= run->size / 2 && run->size - used >= more) {
		memmove(run->data, run->data + run->start, used);
		/* What moved is not left behind, either. */
		explicit_bzero(run->data + used, run->len - used);
		run->start = 0;
		run->len = used;
		return true;
	}
	while (size - run->len < more)
		size *= 2;
	data = malloc(size);
	if (data == NULL)
		return false;
	if (run->len != 0) {
		memcpy(data, run->data, run->len);
		explicit_bzero(run->data, run->len);
	}
	free(run->data);
	run->data = data;
	run->size = size;
	return true;
}

/* All of it is used up. */
static void
run_clear(struct run *run, bool wipes)
{
	if (wipes && run->data != NULL)
		explicit_bzero(run->data, run->len);
	run->start = run->len = 0;
	if (run->size > KEEP_SIZE) {
		free(run->data);
		run->data = NULL;
		run->size = 0;
	}
}

static void
tell_gone(struct wire_stream *stream)
{
	if (stream->told)
		return;
	stream->told = true;
	event_del(stream->reading);
	event_del(stream->writing);
	stream->options.gone(stream->options.context);
}

/* `gone` is not called out of a call of the owner's: from the loop, soon. */
static bool
give_up(struct wire_stream *stream)
{
	stream->over = true;
	event_active(stream->flushing, EV_WRITE, 0);
	return false;
}

/* How much may leave at once: what is before the next descriptor's byte. */
static size_t
part_length(const struct wire_stream *stream, bool *has_fd)
{
	size_t waiting = stream->out.len - stream->out.start;
	size_t next = stream->out_fd_count > 0 &&
	    stream->out_fds[0].at == stream->written;

	*has_fd = next == 1;
	if (stream->out_fd_count > next) {
		uint64_t before =
		    stream->out_fds[next].at - stream->written;

		if (before < waiting)
			return (size_t)before;
	}
	return waiting;
}

static ssize_t
write_part(struct wire_stream *stream)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	bool has_fd;
	struct iovec part = {.iov_base = stream->out.data + stream->out.start,
	    .iov_len = part_length(stream, &has_fd)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (!has_fd)
		return send(
		    stream->fd, part.iov_base, part.iov_len, MSG_NOSIGNAL);
	message.msg_control = control.room;
	message.msg_controllen = sizeof(control.room);
	control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
	    .cmsg_level = SOL_SOCKET,
	    .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), &stream->out_fds[0].fd,
	    sizeof(int));
	return sendmsg(stream->fd, &message, MSG_NOSIGNAL);
}

/* The descriptor that left with these bytes is ours no more. */
static void
drop_parcel(struct wire_stream *stream)
{
	if (stream->out_fd_count == 0 ||
	    stream->out_fds[0].at != stream->written)
		return;
	close(stream->out_fds[0].fd);
	stream->out_fd_count--;
	memmove(stream->out_fds, stream->out_fds + 1,
	    stream->out_fd_count * sizeof(*stream->out_fds));
}

static void
write_out(struct wire_stream *stream)
{
	while (stream->out.start < stream->out.len) {
		ssize_t sent = write_part(stream);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			stream->blocked = true;
			if (event_add(stream->writing, NULL) != 0)
				stream->over = true;
			return;
		}
		if (sent < 0) {
			stream->over = true;
			return;
		}
		drop_parcel(stream);
		stream->written += (uint64_t)sent;
		stream->out.start += (size_t)sent;
	}
	run_clear(&stream->out, stream->options.wipes);
}

void
wire_stream_flush(struct wire_stream *stream)
{
	stream->flush_soon = false;
	if (stream->over)
		return;
	if (!stream->blocked)
		write_out(stream);
	if (stream->over)
		give_up(stream);
}

void
wire_stream_finish(struct wire_stream *stream, int patience)
{
	struct pollfd room = {.fd = stream->fd, .events = POLLOUT};

	while (!stream->over && wire_stream_waits(stream)) {
		if (poll(&room, 1, patience) <= 0)
			return;
		write_out(stream);
	}
}

/* At the end of the turn in which something was sent, or it broke. */
static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct wire_stream *stream = arg;

	(void)fd;
	(void)what;
	stream->flush_soon = false;
	if (!stream->over && !stream->blocked)
		write_out(stream);
	if (stream->over)
		tell_gone(stream);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct wire_stream *stream = arg;

	stream->late_is_set = false;
	if (wire_stream_waits(stream) && !stream->over)
		on_flush(fd, what, stream);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct wire_stream *stream = arg;

	stream->blocked = false;
	on_flush(fd, what, stream);
}

static bool
put_message(
    struct wire_stream *stream, char kind, struct slice message, int fd)
{
	size_t len = message.len + (kind != '\0');
	struct run *out = &stream->out;

	if (stream->over || len > WIRE_MESSAGE_MAX ||
	    out->len - out->start + len > WIRE_QUEUE_MAX ||
	    (fd >= 0 && stream->out_fd_count == FDS_MAX) ||
	    !run_reserve(out, HEADER + len)) {
		if (fd >= 0)
			close(fd);
		return stream->over ? false : give_up(stream);
	}
	if (fd >= 0)
		stream->out_fds[stream->out_fd_count++] =
		    (struct parcel){.fd = fd,
			.at = stream->written + out->len - out->start};
	put_length(
	    out->data + out->len, (uint32_t)len | (fd >= 0 ? with_fd : 0));
	out->len += HEADER;
	if (kind != '\0')
		out->data[out->len++] = kind;
	if (message.len != 0)
		memcpy(out->data + out->len, message.data, message.len);
	out->len += message.len;
	return true;
}

bool
wire_stream_post(
    struct wire_stream *stream, char kind, struct slice message, int fd)
{
	if (!put_message(stream, kind, message, fd))
		return false;
	if (stream->blocked)
		return true;
	if (stream->out.len - stream->out.start >= EARLY) {
		wire_stream_flush(stream);
	} else if (!stream->flush_soon) {
		stream->flush_soon = true;
		event_active(stream->flushing, EV_WRITE, 0);
	}
	return true;
}

bool
wire_stream_send(struct wire_stream *stream, struct slice message)
{
	return wire_stream_post(stream, '\0', message, -1);
}

/* A timer that is set stays so: it costs nothing to find that all has left. */
bool
wire_stream_send_late(struct wire_stream *stream, struct slice message)
{
	const struct timeval delay = {.tv_usec = LATE * 1000};

	if (!put_message(stream, '\0', message, -1))
		return false;
	if (!stream->flush_soon && !stream->blocked && !stream->late_is_set) {
		if (event_add(stream->late, &delay) != 0)
			return give_up(stream);
		stream->late_is_set = true;
	}
	return true;
}

bool
wire_stream_waits(const struct wire_stream *stream)
{
	return stream->out.len != stream->out.start;
}

static bool
keep_fd(struct wire_stream *stream, int fd)
{
	if (stream->in_fd_count == FDS_MAX) {
		close(fd);
		return false;
	}
	stream->in_fds[stream->in_fd_count++] = fd;
	return true;
}

static bool
take_fds(struct wire_stream *stream, struct msghdr *message)
{
	bool ok = (message->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
	     c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			ok = keep_fd(stream, fd) && ok;
		}
	}
	return ok;
}

/* As recv(), with the descriptors where the stream has some. */
static ssize_t
receive(struct wire_stream *stream, char *data, size_t size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct iovec part = {.iov_base = data, .iov_len = size};
	struct msghdr message = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = control.room,
	    .msg_controllen = sizeof(control.room)};
	ssize_t got;

	if (!stream->options.fds)
		return recv(stream->fd, data, size, 0);
	got = recvmsg(stream->fd, &message, MSG_CMSG_CLOEXEC);
	if (got >= 0 && !take_fds(stream, &message))
		return 0;
	return got;
}

static bool
take_fd(struct wire_stream *stream, int *fd)
{
	if (stream->in_fd_count == 0)
		return false;
	*fd = stream->in_fds[0];
	stream->in_fd_count--;
	memmove(stream->in_fds, stream->in_fds + 1,
	    stream->in_fd_count * sizeof(*stream->in_fds));
	return true;
}

/* Hand whole messages on; *used bytes are over with. */
static bool
hand_on(struct wire_stream *stream, const char *data, size_t len, size_t *used)
{
	*used = 0;
	while (len - *used >= HEADER) {
		uint32_t header = get_length(data + *used);
		uint32_t length = header & ~with_fd;
		int fd = -1;

		if (length > WIRE_MESSAGE_MAX)
			return false;
		if (len - *used - HEADER < length)
			break;
		if ((header & with_fd) != 0 && !take_fd(stream, &fd))
			return false;
		if (!stream->options.received(stream->options.context,
			(struct slice){data + *used + HEADER, length}, fd))
			return false;
		*used += HEADER + length;
	}
	return true;
}

/* How many bytes the message that `in` has the beginning of still needs. */
static size_t
missing(const struct run *in)
{
	size_t whole;

	if (in->len < HEADER)
		return HEADER - in->len;
	whole = HEADER + (size_t)(get_length(in->data) & ~with_fd);
	return whole - in->len;
}

/* The rest of a long message goes right behind its beginning. */
static bool
read_on(struct wire_stream *stream)
{
	struct run *in = &stream->in;
	size_t want = missing(in), used;
	ssize_t got;

	if (!run_reserve(in, want))
		return false;
	got = receive(stream, in->data + in->len, want);
	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	in->len += (size_t)got;
	if (in->len == HEADER &&
	    (get_length(in->data) & ~with_fd) > WIRE_MESSAGE_MAX)
		return false;
	if (in->len < HEADER || missing(in) != 0)
		return true;
	if (!hand_on(stream, in->data, in->len, &used))
		return false;
	run_clear(in, stream->options.wipes);
	return true;
}

static bool
keep(struct run *in, const char *data, size_t len)
{
	if (len == 0)
		return true;
	if (!run_reserve(in, len))
		return false;
	memcpy(in->data, data, len);
	in->len = len;
	return true;
}

/*
 * One read a turn.  A short beginning left from before is put in front of
 * what is read, so that it costs no read of its own.
 */
static bool
read_in(struct wire_stream *stream)
{
	struct run *in = &stream->in;
	size_t before = in->len, used;
	ssize_t got;
	bool ok;

	if (before >= HEADER && missing(in) > READ_SIZE / 2)
		return read_on(stream);
	if (before > READ_SIZE / 2)
		return read_on(stream);
	if (before != 0)
		memcpy(shared, in->data, before);
	got = receive(stream, shared + before, READ_SIZE - before);
	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	in->len = 0;
	ok = hand_on(stream, shared, before + (size_t)got, &used);
	ok = ok && keep(in, shared + used, before + (size_t)got - used);
	if (stream->options.wipes)
		explicit_bzero(shared, before + (size_t)got);
	return ok;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct wire_stream *stream = arg;

	(void)fd;
	(void)what;
	if (stream->over || !read_in(stream)) {
		stream->over = true;
		tell_gone(stream);
	}
}

static bool
start(struct wire_stream *stream, struct fail *fail)
{
	struct event_base *base = stream->options.base;
	struct event **events[] = {&stream->reading, &stream->writing,
	    &stream->flushing, &stream->late};

	stream->reading = event_new(
	    base, stream->fd, EV_READ | EV_PERSIST, on_readable, stream);
	stream->writing =
	    event_new(base, stream->fd, EV_WRITE, on_writable, stream);
	stream->flushing = event_new(base, -1, 0, on_flush, stream);
	stream->late = event_new(base, -1, 0, on_late, stream);
	for (size_t i = 0; i < 4; i++)
		if (*events[i] == NULL ||
		    event_priority_set(
			*events[i], stream->options.priority) != 0)
			return fail_memory(fail);
	return event_add(stream->reading, NULL) == 0 || fail_memory(fail);
}

struct wire_stream *
wire_stream_create(
    const struct wire_stream_options *options, int fd, struct fail *fail)
{
	struct wire_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL) {
		close(fd);
		fail_memory(fail);
		return NULL;
	}
	shared_users++;
	stream->options = *options;
	stream->fd = fd;
	if (shared == NULL)
		shared = malloc(READ_SIZE);
	if (shared == NULL)
		fail_memory(fail);
	else if (start(stream, fail))
		return stream;
	wire_stream_destroy(stream);
	return NULL;
}

void
wire_stream_destroy(struct wire_stream *stream)
{
	struct event *events[4];

	if (stream == NULL)
		return;
	events[0] = stream->reading;
	events[1] = stream->writing;
	events[2] = stream->flushing;
	events[3] = stream->late;
	for (size_t i = 0; i < 4; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	for (size_t i = 0; i < stream->out_fd_count; i++)
		close(stream->out_fds[i].fd);
	for (size_t i = 0; i < stream->in_fd_count; i++)
		close(stream->in_fds[i]);
	close(stream->fd);
	if (stream->out.data != NULL)
		explicit_bzero(stream->out.data, stream->out.size);
	if (stream->in.data != NULL)
		explicit_bzero(stream->in.data, stream->in.size);
	free(stream->out.data);
	free(stream->in.data);
	free(stream);
	if (--shared_users == 0) {
		free(shared);
		shared = NULL;
	}
}

bool
wire_stream_pair(int ends[2], struct fail *fail)
{
	if (socketpair(AF_UNIX,
		SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0)
		return true;
	return fail_set(
	    fail, FAIL_WORLD, "no pair of sockets: %s", strerror(errno));
}
