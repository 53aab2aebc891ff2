#include "net/http_problem.h"

#include <stdio.h>

static const struct {
	int status;
	const char *type, *title;
} titles[] = {{400, "bad-request", "Bad Request"},
    {401, "unauthorized", "Unauthorized"}, {403, "forbidden", "Forbidden"},
    {404, "not-found", "Not Found"},
    {405, "method-not-allowed", "Method Not Allowed"}, {410, "gone", "Gone"},
    {413, "too-large", "Content Too Large"},
    {415, "media-type", "Unsupported Media Type"},
    {417, "expectation", "Expectation Failed"},
    {501, "method-unknown", "Not Implemented"},
    {503, "unavailable", "Service Unavailable"}};

int
http_problem_print(char *out, size_t size, int status, const char *detail)
{
	const char *type = "error", *title = "Error";

	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (titles[i].status == status) {
			type = titles[i].type;
			title = titles[i].title;
		}
	return snprintf(out, size,
	    "{\"type\":\"urn:misu:problem:%s\",\"title\":\"%s\","
	    "\"status\":%d,\"detail\":\"%s\"}\n",
	    type, title, status, detail);
}
