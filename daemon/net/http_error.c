#include "net/http_error.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>

const char *
http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {{200, "OK"}, {202, "Accepted"}, {204, "No Content"},
	    {400, "Bad Request"},
	    {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
	    {405, "Method Not Allowed"}, {409, "Conflict"}, {410, "Gone"},
	    {413, "Content Too Large"}, {415, "Unsupported Media Type"},
	    {417, "Expectation Failed"}, {422, "Unprocessable Content"},
	    {429, "Too Many Requests"},
	    {431, "Request Header Fields Too Large"},
	    {500, "Internal Server Error"}, {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	    {505, "HTTP Version Not Supported"}};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Answer";
}

/* The status of the last answer in it; a "100 Continue" may stand before. */
static int
last_status(struct evbuffer *output)
{
	static const char between[] = "\r\n\r\nHTTP/1.";
	struct slice all = {(char *)evbuffer_pullup(output, -1),
	    evbuffer_get_length(output)};
	const char *start = all.data, *next;
	int status;

	if (all.data == NULL)
		return 0;
	next = memmem(all.data, all.len, between, sizeof(between) - 1);
	if (next != NULL)
		start = next + 4;
	if (all.len - (size_t)(start - all.data) < sizeof("HTTP/1.1 413") ||
	    strncmp(start, "HTTP/1.", 7) != 0)
		return 0;
	start += sizeof("HTTP/1.1 ") - 1;
	for (unsigned i = 0; i < 3; i++)
		if (start[i] < '0' || start[i] > '9')
			return 0;
	status = (start[0] - '0') * 100 + (start[1] - '0') * 10 +
	    (start[2] - '0');
	return status >= 400 ? status : 0;
}

int
http_error_reword(
    struct evbuffer *output, http_error_word *word, void *context)
{
	int status = last_status(output);
	char body[512];
	int len;

	if (status == 0)
		return 0;
	len = word(context, status, body, sizeof(body));
	if (len < 0 || (size_t)len >= sizeof(body))
		return status;
	/* A bufferevent lets nobody else take from its output. */
	evbuffer_unfreeze(output, 1);
	evbuffer_drain(output, evbuffer_get_length(output));
	evbuffer_freeze(output, 1);
	evbuffer_add_printf(output,
	    "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"
	    "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
	    status, http_reason(status), len, body);
	return status;
}
