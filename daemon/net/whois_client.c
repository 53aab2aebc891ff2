#include "net/whois_client.h"

#include "base/text.h"

/* A port stands behind the last colon, but not of a bare IPv6 address. */
static bool
has_port(struct slice server)
{
	size_t colons = 0;

	if (server.len != 0 && server.data[0] == '[')
		return server.data[server.len - 1] != ']';
	for (size_t i = 0; i < server.len; i++)
		colons += server.data[i] == ':';
	return colons == 1;
}

static bool
is_bare_six(struct slice server)
{
	size_t colons = 0;

	for (size_t i = 0; i < server.len; i++)
		colons += server.data[i] == ':';
	return colons > 1 && server.data[0] != '[';
}

/* What an URL's authority cannot hold would say another host. */
static bool
is_server(struct slice server)
{
	for (size_t i = 0; i < server.len; i++) {
		char c = server.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && strchr(".-_:[]", c) == NULL)
			return false;
	}
	return server.len != 0 && server.len <= WHOIS_SERVER_MAX;
}

static bool
is_line(struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.data[i];

		if (c < ' ' || c == 0x7f)
			return false;
	}
	return line.len != 0 && line.len <= WHOIS_LINE_MAX;
}

/* "gopher://host:43/0" and the line: 0 is a type of gopher's, never sent. */
static struct slice
url_of(const struct whois_client_ask *ask, struct arena *arena)
{
	struct text url = text_start(arena);

	text_add_string(&url, "gopher://");
	if (is_bare_six(ask->server))
		text_add_char(&url, '[');
	text_add(&url, ask->server);
	if (is_bare_six(ask->server))
		text_add_char(&url, ']');
	if (!has_port(ask->server))
		text_add_format(&url, ":%d", WHOIS_PORT);
	text_add_string(&url, "/0");
	text_add_percent(&url, ask->line);
	return text_slice(&url);
}

bool
whois_client_start(struct http_client *client,
    const struct whois_client_ask *ask, struct fail *fail)
{
	struct arena *arena;
	struct slice url;
	bool ok;

	if (!is_server(ask->server))
		return fail_set(fail, FAIL_INPUT, "that is no WHOIS server");
	if (!is_line(ask->line))
		return fail_set(
		    fail, FAIL_INPUT, "WHOIS cannot be asked for that");
	arena = arena_create(NULL);
	url = arena != NULL ? url_of(ask, arena) : (struct slice){NULL, 0};
	ok = url.data != NULL ? http_client_start(client,
				    &(struct http_client_ask){.url = url.data,
					.is_line = true,
					.answer_max = WHOIS_ANSWER_MAX,
					.patience = ask->patience,
					.done = ask->done,
					.context = ask->context},
				    fail)
			      : fail_memory(fail);
	arena_destroy(arena);
	return ok;
}
