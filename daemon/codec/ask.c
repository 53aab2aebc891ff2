#include "codec/ask.h"

#include <string.h>
#include <strings.h>

#include "base/name.h"
#include "base/text.h"

static bool
refuse(struct fail *fail, const char *what)
{
	return fail_set(fail, FAIL_INPUT, "%s", what);
}

/* The first word, made small where `word` asks for that, taken off. */
static bool
take_word(struct slice *line, const char *word)
{
	size_t len = strlen(word);

	if (line->len <= len || line->data[len] != ' ' ||
	    strncasecmp(line->data, word, len) != 0)
		return false;
	while (len < line->len && line->data[len] == ' ')
		len++;
	line->data += len;
	line->len -= len;
	return line->len != 0;
}

static struct slice
trim(struct slice line)
{
	while (line.len != 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
		line.data++;
		line.len--;
	}
	while (line.len != 0 && (line.data[line.len - 1] == ' ' ||
				    line.data[line.len - 1] == '\t'))
		line.len--;
	return line;
}

static bool
ends_in_english(struct slice line)
{
	return line.len > 2 && line.data[line.len - 2] == '/' &&
	       (line.data[line.len - 1] == 'e' ||
		   line.data[line.len - 1] == 'E');
}

/* "::ffff:192.0.2.1" is another spelling of 192.0.2.1 (RFC 4291 2.5.5.2). */
static void
as_ipv4(struct prefix *prefix)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct prefix inner = {.bits = (uint8_t)(prefix->bits - 96)};

	if (!prefix->six || prefix->bits < 96 ||
	    memcmp(prefix->bytes, mapped, sizeof(mapped)) != 0)
		return;
	memcpy(inner.bytes, prefix->bytes + 12, 4);
	*prefix = inner;
}

/* False without a fail where it is no prefix. */
static bool
take_prefix(struct slice text, struct ask *out)
{
	struct fail ignored = FAIL_INIT;

	out->kind = ASK_NETWORK;
	if (!prefix_parse_address(text, &out->prefix) &&
	    !prefix_parse(text, &out->prefix, &ignored))
		return false;
	as_ipv4(&out->prefix);
	return true;
}

/* An address is no name, whatever full stop stands at its end. */
static bool
take_name(struct arena *arena, struct slice text, enum ask_kind kind,
    struct ask *out, struct fail *fail)
{
	struct fail why = FAIL_INIT;
	struct ask address;

	out->kind = kind;
	if (name_canonical(arena, text, &out->name, &why) &&
	    !take_prefix(out->name, &address))
		return true;
	return why.kind == FAIL_MEMORY ? fail_memory(fail)
				       : refuse(fail, "this is no domain name");
}

/* Letters, digits, hyphens and underscores; in capitals. */
static bool
take_handle(
    struct arena *arena, struct slice text, struct ask *out, struct fail *fail)
{
	struct slice copy = arena_copy(arena, text);
	char *at = (char *)(uintptr_t)copy.data;

	if (at == NULL)
		return fail_memory(fail);
	if (text.len == 0 || text.len > 64)
		return refuse(fail, "this is no handle");
	for (size_t i = 0; i < copy.len; i++) {
		if (at[i] >= 'a' && at[i] <= 'z')
			at[i] = (char)(at[i] - 'a' + 'A');
		if (!(at[i] >= 'A' && at[i] <= 'Z') &&
		    !(at[i] >= '0' && at[i] <= '9') && at[i] != '-' &&
		    at[i] != '_')
			return refuse(fail, "this is no handle");
	}
	out->kind = ASK_CONTACT;
	out->name = copy;
	return true;
}

static bool
is_number(struct slice text, uint64_t max)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		sum = sum * 10 + (uint64_t)(text.data[i] - '0');
	}
	return text.len != 0 && text.len <= 10 && sum <= max;
}

static bool
is_autnum(struct slice line)
{
	size_t digits = 0;

	if (line.len < 3 || strncasecmp(line.data, "as", 2) != 0)
		return false;
	for (size_t i = 2; i < line.len; i++) {
		if (line.data[i] == ' ' && digits == 0)
			continue;
		if (line.data[i] < '0' || line.data[i] > '9')
			return false;
		digits++;
	}
	return digits != 0;
}

/* The full stops of other scripts are not ASCII. */
static bool
is_name(struct slice text)
{
	return memchr(text.data, '.', text.len) != NULL ||
	       !text_is_printable(text);
}

static bool
take_references(
    struct arena *arena, struct slice text, struct ask *out, struct fail *fail)
{
	bool ok = is_name(text)
		      ? take_name(arena, text, ASK_REFERENCES, out, fail)
		      : take_handle(arena, text, out, fail);

	out->kind = ASK_REFERENCES;
	return ok;
}

bool
ask_whois(
    struct arena *arena, struct slice line, struct ask *out, struct fail *fail)
{
	*out = (struct ask){.kind = ASK_HELP};
	if (line.len > ASK_LINE_MAX)
		return refuse(fail, "the query is too long");
	if (!text_is_utf8(line) || !text_is_plain(line))
		return refuse(fail, "the query has to be a line of UTF-8");
	line = trim(line);
	out->english = ends_in_english(line);
	if (out->english)
		line = trim((struct slice){line.data, line.len - 2});
	if (line.len == 0)
		return refuse(fail, "the query is empty");
	if (line.len == 4 && strncasecmp(line.data, "help", 4) == 0)
		return true;
	if (take_word(&line, "dom") || take_word(&line, "domain"))
		return take_name(arena, line, ASK_DOMAIN, out, fail);
	if (take_word(&line, "host"))
		return take_name(arena, line, ASK_NAMESERVER, out, fail);
	if (take_word(&line, "contact"))
		return take_handle(arena, line, out, fail);
	if (take_word(&line, "net"))
		return take_prefix(line, out) ||
		       refuse(fail, "this is no address and no prefix");
	if (take_prefix(line, out))
		return true;
	if (is_autnum(line)) {
		out->kind = ASK_AUTNUM;
		return true;
	}
	if (line.data[0] == '^')
		return take_references(arena,
		    trim((struct slice){line.data + 1, line.len - 1}), out,
		    fail);
	if (is_name(line))
		return take_name(arena, line, ASK_DOMAIN, out, fail);
	return take_handle(arena, line, out, fail);
}

/* --- RDAP --- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-encoding undone, once; a NUL or a bad escape is refused. */
static bool
decode(struct arena *arena, struct slice path, struct slice *out)
{
	char *to = arena_take(arena, path.len + 1);
	size_t len = 0;

	for (size_t i = 0; to != NULL && i < path.len; i++) {
		int high, low;

		if (path.data[i] != '%') {
			to[len++] = path.data[i];
			continue;
		}
		if (i + 2 >= path.len)
			return false;
		high = hex(path.data[i + 1]);
		low = hex(path.data[i + 2]);
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		to[len++] = (char)(high << 4 | low);
		i += 2;
	}
	*out = (struct slice){to, len};
	return to != NULL;
}

static bool
take_part(struct slice *path, const char *part)
{
	size_t len = strlen(part);

	if (path->len < len || memcmp(path->data, part, len) != 0)
		return false;
	path->data += len;
	path->len -= len;
	return true;
}

bool
ask_rdap(
    struct arena *arena, struct slice path, struct ask *out, struct fail *fail)
{
	struct slice text;

	*out = (struct ask){.kind = ASK_HELP};
	if (path.len > ASK_LINE_MAX)
		return refuse(fail, "the path is too long");
	if (slice_is(path, "help"))
		return true;
	if (slice_is(path, "domains") || slice_is(path, "nameservers") ||
	    slice_is(path, "entities")) {
		out->kind = ASK_SEARCH;
		return true;
	}
	if (!decode(arena, path, &text) || !text_is_utf8(text) ||
	    !text_is_plain(text))
		return refuse(fail, "the path has to be UTF-8");
	if (take_part(&text, "domain/"))
		return take_name(arena, text, ASK_DOMAIN, out, fail);
	if (take_part(&text, "nameserver/"))
		return take_name(arena, text, ASK_NAMESERVER, out, fail);
	if (take_part(&text, "entity/"))
		return take_handle(arena, text, out, fail);
	if (take_part(&text, "ip/"))
		return take_prefix(text, out) ||
		       refuse(fail, "this is no address and no prefix");
	if (take_part(&text, "autnum/")) {
		out->kind = ASK_AUTNUM;
		return is_number(text, UINT32_MAX) ||
		       refuse(fail, "this is no AS number");
	}
	return refuse(
	    fail, "domain, nameserver, entity, ip and help can be asked for");
}
