#include "codec/http_head.h"

#include <stdio.h>
#include <strings.h>

#include "base/date.h"

/* RFC 9110 section 5.6.2: what names of methods and fields are made of. */
static bool
is_token(struct slice text)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr(marks, c) == NULL))
			return false;
	}
	return text.len != 0;
}

/* No control characters, but for tabs between words. */
static bool
is_value(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct slice
cut(struct slice text, char mark, struct slice *rest)
{
	const char *at =
	    text.len != 0 ? memchr(text.data, mark, text.len) : NULL;

	*rest = (struct slice){"", 0};
	if (at == NULL)
		return text;
	*rest = (struct slice){at + 1, text.len - (size_t)(at + 1 - text.data)};
	return (struct slice){text.data, (size_t)(at - text.data)};
}

static struct slice
trim(struct slice text)
{
	while (text.len != 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
		text.data++;
		text.len--;
	}
	while (text.len != 0 && (text.data[text.len - 1] == ' ' ||
				    text.data[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* A proxy's form has scheme and host before the path. */
static bool
read_target(struct slice target, struct http_head *out)
{
	const char *host = NULL, *slash;

	for (size_t i = 0; i < target.len; i++)
		if (target.data[i] <= ' ' || target.data[i] == 0x7f)
			return false;
	if (target.len > 8 && (strncasecmp(target.data, "http://", 7) == 0 ||
				  strncasecmp(target.data, "https://", 8) == 0))
		host = target.data + (target.data[4] == ':' ? 7 : 8);
	if (host != NULL) {
		size_t left = target.len - (size_t)(host - target.data);

		slash = memchr(host, '/', left);
		target = slash != NULL ? (struct slice){slash,
					     left - (size_t)(slash - host)}
				       : SLICE("/");
	}
	out->path = cut(target, '?', &out->query);
	return out->path.len != 0 &&
	       (out->path.data[0] == '/' || slice_is(target, "*"));
}

static enum http_head_state
read_first(struct slice line, struct http_head *out)
{
	struct slice rest, version, target;

	out->method = cut(line, ' ', &rest);
	target = cut(rest, ' ', &version);
	if (!is_token(out->method) || version.len != 8 ||
	    memcmp(version.data, "HTTP/", 5) != 0)
		return HTTP_HEAD_BAD;
	if (!slice_is(version, "HTTP/1.1") && !slice_is(version, "HTTP/1.0"))
		return HTTP_HEAD_VERSION;
	out->is_1_0 = version.data[7] == '0';
	return read_target(target, out) ? HTTP_HEAD_WHOLE : HTTP_HEAD_BAD;
}

static enum http_head_state
read_field(struct slice line, struct http_head *out)
{
	struct slice name, value;

	if (out->count == HTTP_FIELDS_MAX)
		return HTTP_HEAD_LONG;
	name = cut(line, ':', &value);
	value = trim(value);
	if (name.len == line.len || !is_token(name) || !is_value(value))
		return HTTP_HEAD_BAD;
	out->fields[out->count++] = (struct http_field){name, value};
	return HTTP_HEAD_WHOLE;
}

static struct slice
without_cr(struct slice line)
{
	if (line.len != 0 && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* One Host, as RFC 9112 section 3.2 demands of HTTP/1.1. */
static bool
has_host(const struct http_head *head)
{
	const struct http_field *host = http_head_first(head, "Host");

	return host != NULL ? host == http_head_last(head, "Host")
			    : head->is_1_0;
}

/* Empty lines before it are of a client that ended a body with one more. */
static struct slice
skip_empty(struct slice bytes)
{
	while (bytes.len != 0 &&
	       (bytes.data[0] == '\r' || bytes.data[0] == '\n')) {
		bytes.data++;
		bytes.len--;
	}
	return bytes;
}

enum http_head_state
http_head_read(struct slice bytes, struct http_head *out, size_t *len)
{
	struct slice rest = skip_empty(bytes), line;
	enum http_head_state state;

	out->count = 0;
	if (!slice_take_line(&rest, &line))
		return bytes.len >= HTTP_HEAD_MAX ? HTTP_HEAD_LONG
						  : HTTP_HEAD_MORE;
	state = read_first(without_cr(line), out);
	while (state == HTTP_HEAD_WHOLE) {
		if (!slice_take_line(&rest, &line))
			return bytes.len >= HTTP_HEAD_MAX ? HTTP_HEAD_LONG
							  : HTTP_HEAD_MORE;
		line = without_cr(line);
		if (line.len == 0)
			break;
		state = read_field(line, out);
	}
	*len = bytes.len - rest.len;
	if (state == HTTP_HEAD_WHOLE && *len > HTTP_HEAD_MAX)
		return HTTP_HEAD_LONG;
	if (state == HTTP_HEAD_WHOLE && !has_host(out))
		return HTTP_HEAD_BAD;
	return state;
}

static bool
is_named(const struct http_field *field, const char *name, size_t len)
{
	return field->name.len == len &&
	       strncasecmp(field->name.data, name, len) == 0;
}

const struct http_field *
http_head_first(const struct http_head *head, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < head->count; i++)
		if (is_named(&head->fields[i], name, len))
			return &head->fields[i];
	return NULL;
}

const struct http_field *
http_head_last(const struct http_head *head, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = head->count; i-- > 0;)
		if (is_named(&head->fields[i], name, len))
			return &head->fields[i];
	return NULL;
}

/* Is this word in the field's list? */
static bool
lists(const struct http_field *field, const char *word)
{
	size_t len = strlen(word);
	struct slice rest =
	    field != NULL ? field->value : (struct slice){"", 0};

	while (rest.len != 0) {
		struct slice item = trim(cut(rest, ',', &rest));

		if (item.len == len && strncasecmp(item.data, word, len) == 0)
			return true;
	}
	return false;
}

bool
http_head_ends(const struct http_head *head)
{
	const struct http_field *field = http_head_first(head, "Connection");

	return head->is_1_0 ? !lists(field, "keep-alive")
			    : lists(field, "close");
}

bool
http_head_has_body(const struct http_head *head)
{
	const struct http_field *first =
	    http_head_first(head, "Content-Length");

	return http_head_first(head, "Transfer-Encoding") != NULL ||
	       (first != NULL &&
		   (!slice_is(first->value, "0") ||
		       http_head_last(head, "Content-Length") != first));
}

void
http_date_print(int64_t time, char out[HTTP_DATE_LEN + 1])
{
	static const char days[][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct date date = date_split(time, 0);

	snprintf(out, HTTP_DATE_LEN + 1, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[date.weekday], date.day, months[date.month - 1], date.year,
	    date.hour, date.minute, date.second);
}
