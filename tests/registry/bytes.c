#include "registry/bytes.h"

#include <stdarg.h>

char *
bytes_room(struct bytes *bytes, size_t more)
{
	size_t size = bytes->size == 0 ? 256 : bytes->size;

	while (size - bytes->len < more)
		size *= 2;
	if (size != bytes->size) {
		bytes->data = realloc(bytes->data, size);
		if (bytes->data == NULL)
			abort();
		bytes->size = size;
	}
	return bytes->data + bytes->len;
}

void
bytes_add(struct bytes *bytes, const void *data, size_t len)
{
	if (len == 0)
		return;
	memcpy(bytes_room(bytes, len), data, len);
	bytes->len += len;
}

void
bytes_add_string(struct bytes *bytes, const char *string)
{
	bytes_add(bytes, string, strlen(string));
}

void
bytes_add_format(struct bytes *bytes, const char *format, ...)
{
	va_list arguments, again;
	int len;

	va_start(arguments, format);
	va_copy(again, arguments);
	len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (len < 0)
		abort();
	(void)vsnprintf(
	    bytes_room(bytes, (size_t)len + 1), (size_t)len + 1, format, again);
	va_end(again);
	bytes->len += (size_t)len;
}

void
bytes_add_xml(struct bytes *bytes, const char *string)
{
	for (; *string != '\0'; string++) {
		switch (*string) {
		case '<':
			bytes_add_string(bytes, "&lt;");
			break;
		case '>':
			bytes_add_string(bytes, "&gt;");
			break;
		case '&':
			bytes_add_string(bytes, "&amp;");
			break;
		case '"':
			bytes_add_string(bytes, "&quot;");
			break;
		case '\r':
			bytes_add_string(bytes, "&#13;");
			break;
		default:
			bytes_add(bytes, string, 1);
		}
	}
}

size_t
bytes_frame_start(struct bytes *bytes)
{
	size_t start = bytes->len;

	bytes_add(bytes, "\0\0\0\0", 4);
	return start;
}

void
bytes_frame_end(struct bytes *bytes, size_t start)
{
	size_t len = bytes->len - start;
	unsigned char *at = (unsigned char *)bytes->data + start;

	at[0] = (unsigned char)(len >> 24);
	at[1] = (unsigned char)(len >> 16);
	at[2] = (unsigned char)(len >> 8);
	at[3] = (unsigned char)len;
}

void
bytes_drop(struct bytes *bytes, size_t len)
{
	bytes->len -= len;
	if (bytes->len > 0)
		memmove(bytes->data, bytes->data + len, bytes->len);
}

void
bytes_finish(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){NULL, 0, 0};
}
