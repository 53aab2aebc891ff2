#include "codec/bootstrap.h"

#include "base/name.h"
#include "codec/json.h"

enum { ENTRIES_MAX = 20000, URL_LONGEST = 500 };

const char *
bootstrap_file(enum bootstrap_kind kind)
{
	static const char *const names[] = {[BOOTSTRAP_DNS] = "dns.json",
	    [BOOTSTRAP_IPV4] = "ipv4.json",
	    [BOOTSTRAP_IPV6] = "ipv6.json"};

	return names[kind];
}

static bool
begins(struct slice text, const char *with)
{
	size_t len = strlen(with);

	return text.len > len && memcmp(text.data, with, len) == 0;
}

bool
bootstrap_is_base(struct slice url)
{
	static const char *const clear[] = {"http://127.0.0.1:",
	    "http://127.0.0.1/", "http://[::1]:", "http://[::1]/"};
	bool ok = begins(url, "https://") && url.data[8] != '/';

	for (size_t i = 0; i < sizeof(clear) / sizeof(*clear); i++)
		ok = ok || begins(url, clear[i]);
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.data[i];

		if (c <= ' ' || c >= 0x7f || strchr("?#@\\", c) != NULL)
			return false;
	}
	return ok && url.len <= URL_LONGEST && url.data[url.len - 1] == '/';
}

/* --- reading --- */

struct reader {
	struct arena *arena;
	struct bootstrap *out;
	struct bootstrap_service *services;
	struct fail *fail;
};

static bool
is_array(const struct json_node *node)
{
	return node != NULL && node->kind == JSON_KIND_ARRAY;
}

static bool
wrong(struct reader *reader, const char *what)
{
	return json_fail(reader->fail, NULL, "%s", what);
}

/* The first that may be asked, https before all. */
static bool
read_urls(
    struct reader *reader, const struct json_node *urls, struct slice *out)
{
	*out = (struct slice){"", 0};
	if (!is_array(urls) || urls->count == 0)
		return wrong(reader, "no URLs");
	for (size_t i = 0; i < urls->count; i++) {
		struct slice url = urls->items[i].string;

		if (urls->items[i].kind != JSON_KIND_STRING || url.len == 0 ||
		    url.data[url.len - 1] != '/')
			return wrong(reader, "no base URL");
		if (bootstrap_is_base(url) &&
		    (out->len == 0 ||
			(begins(url, "https://") && !begins(*out, "https://"))))
			*out = url;
	}
	return true;
}

static bool
read_name(struct reader *reader, struct slice name, struct slice *out)
{
	struct fail ignored = FAIL_INIT;

	if (name.len == 0)
		*out = (struct slice){"", 0};
	else if (!name_canonical(reader->arena, name, out, &ignored))
		return wrong(reader, "no domain name");
	return true;
}

static bool
read_entry(
    struct reader *reader, const struct json_node *node, struct slice url)
{
	struct bootstrap *out = reader->out;
	struct bootstrap_service *service = &reader->services[out->count];
	struct fail ignored = FAIL_INIT;

	if (node->kind != JSON_KIND_STRING)
		return wrong(reader, "an entry is no string");
	service->url = url;
	if (out->kind == BOOTSTRAP_DNS) {
		if (!read_name(reader, node->string, &service->entry))
			return false;
	} else {
		service->entry = node->string;
		if (!prefix_parse(node->string, &service->prefix, &ignored) ||
		    service->prefix.six != (out->kind == BOOTSTRAP_IPV6))
			return wrong(reader, "no prefix of this family");
	}
	out->count++;
	return true;
}

/* [[entry, ...], [URL, ...]] */
static bool
read_service(struct reader *reader, const struct json_node *service)
{
	const struct json_node *entries;
	struct slice url;

	if (!is_array(service) || service->count != 2 ||
	    !is_array(&service->items[0]))
		return wrong(reader, "a service is two arrays");
	if (!read_urls(reader, &service->items[1], &url))
		return false;
	entries = &service->items[0];
	for (size_t i = 0; i < entries->count; i++)
		if (!read_entry(reader, &entries->items[i], url))
			return false;
	return true;
}

static bool
read_services(struct reader *reader, const struct json_node *services)
{
	const struct json_place at = {NULL, SLICE("services"), 0};
	size_t entries = 0;

	if (!is_array(services))
		return wrong(reader, "no services");
	for (size_t i = 0; i < services->count; i++)
		if (is_array(&services->items[i]) &&
		    services->items[i].count != 0)
			entries += services->items[i].items[0].count;
	if (entries > ENTRIES_MAX)
		return wrong(reader, "too many entries");
	reader->services = arena_take_array(
	    reader->arena, entries + 1, sizeof(*reader->services));
	if (reader->services == NULL)
		return fail_memory(reader->fail);
	reader->out->services = reader->services;
	for (size_t i = 0; i < services->count; i++) {
		const struct json_place here = {&at, {NULL, 0}, i};

		if (!read_service(reader, &services->items[i])) {
			json_set_place(reader->fail, &here);
			return false;
		}
	}
	return true;
}

bool
bootstrap_read(struct slice text, enum bootstrap_kind kind, struct arena *arena,
    struct bootstrap *out, struct fail *fail)
{
	const struct json_node *node = json_parse(arena, text, fail), *member;
	struct reader reader = {.arena = arena, .out = out, .fail = fail};

	*out = (struct bootstrap){.kind = kind};
	if (node == NULL)
		return false;
	if (node->kind != JSON_KIND_OBJECT)
		return wrong(&reader, "no object");
	member = json_find(node, "version");
	if (member == NULL || member->kind != JSON_KIND_STRING ||
	    !slice_is(member->string, "1.0"))
		return wrong(&reader, "not of version 1.0");
	member = json_find(node, "publication");
	if (member == NULL || member->kind != JSON_KIND_STRING)
		return wrong(&reader, "it does not say when it was published");
	out->publication = member->string;
	return read_services(&reader, json_find(node, "services"));
}

/* --- finding --- */

bool
bootstrap_find_domain(
    const struct bootstrap *bootstrap, struct slice name, struct slice *url)
{
	const struct bootstrap_service *best = NULL;

	for (size_t i = 0; i < bootstrap->count; i++) {
		const struct bootstrap_service *service =
		    &bootstrap->services[i];

		if (name_is_under(name, service->entry) &&
		    (best == NULL || service->entry.len > best->entry.len))
			best = service;
	}
	if (best == NULL || best->url.len == 0)
		return false;
	*url = best->url;
	return true;
}

bool
bootstrap_find_prefix(const struct bootstrap *bootstrap,
    const struct prefix *prefix, struct slice *url)
{
	const struct bootstrap_service *best = NULL;

	for (size_t i = 0; i < bootstrap->count; i++) {
		const struct bootstrap_service *service =
		    &bootstrap->services[i];

		if (prefix_contains(&service->prefix, prefix) &&
		    (best == NULL || service->prefix.bits > best->prefix.bits))
			best = service;
	}
	if (best == NULL || best->url.len == 0)
		return false;
	*url = best->url;
	return true;
}
