/*
 * Name servers are no objects of their own here: one is there while a
 * published object has it, and its addresses are what the domain it is named
 * in was delegated with.
 */
#include "base/name.h"
#include "log.h"
#include "publisher_priv.h"

enum { ADDRESSES_MAX = 2 * GLUE_MAX };

/* The words behind the first, which is the server's name. */
static bool
read_glue(struct slice server, struct arena *arena, struct values *out)
{
	struct slice *items =
	    arena_take_array(arena, ADDRESSES_MAX, sizeof(*items));
	const char *blank = memchr(server.data, ' ', server.len);
	size_t count = 0;

	if (items == NULL)
		return false;
	while (blank != NULL && count < ADDRESSES_MAX) {
		server.len -= (size_t)(blank + 1 - server.data);
		server.data = blank + 1;
		blank = memchr(server.data, ' ', server.len);
		items[count++] = (struct slice){server.data,
		    blank != NULL ? (size_t)(blank - server.data) : server.len};
	}
	*out = (struct values){items, count};
	return true;
}

static bool
is_of(struct slice server, struct slice name)
{
	return server.len >= name.len &&
	       memcmp(server.data, name.data, name.len) == 0 &&
	       (server.len == name.len || server.data[name.len] == ' ');
}

/* What this domain, if it is published, was delegated with. */
static bool
look_in(struct publisher *publisher, struct slice domain, struct arena *arena,
    struct publisher_server *out, struct fail *fail)
{
	struct slice name = out->it.name;
	const struct publication_item *ns;
	struct view_found found;
	struct view_row row;

	if (!view_get(
		publisher->view, arena, SLICE("domain"), domain, &found, fail))
		return false;
	if (found.state != VIEW_CURRENT)
		return true;
	if (!view_decode(found.bytes, arena, &row, fail))
		return false;
	out->is_ours = true;
	ns = &row.it.ns;
	for (size_t i = 0; ns->state == PUBLISHED && i < ns->values.count; i++)
		if (is_of(ns->values.items[i], name))
			return read_glue(ns->values.items[i], arena,
				   &out->addresses) ||
			       fail_memory(fail);
	return true;
}

static bool
find_addresses(struct publisher *publisher, struct arena *arena,
    struct publisher_server *out, struct fail *fail)
{
	struct slice domain = out->it.name;
	const char *dot;

	while (out->addresses.count == 0 &&
	       (dot = memchr(domain.data, '.', domain.len)) != NULL) {
		if (!look_in(publisher, domain, arena, out, fail))
			return false;
		domain.len -= (size_t)(dot + 1 - domain.data);
		domain.data = dot + 1;
	}
	return true;
}

enum looked_up
publisher_find_server(struct publisher *publisher, struct slice name,
    struct arena *arena, struct publisher_server *out)
{
	const struct ask ask = {.kind = ASK_NAMESERVER, .name = name};
	struct fail fail = FAIL_INIT;
	struct view_found found;

	*out = (struct publisher_server){.it = {.name = name}};
	/* Without a dot it could be somebody's handle. */
	if (memchr(name.data, '.', name.len) == NULL)
		return NOT_FOUND;
	if (!publisher_open(publisher, &fail) ||
	    !publisher_look(publisher, &ask, arena, &found, &fail) ||
	    (found.state == VIEW_CURRENT &&
		(!find_addresses(publisher, arena, out, &fail) ||
		    !name_display(arena, name, &out->it.unicode, &fail)))) {
		log_fail(LOG_LEVEL_ERROR, "view-not-read", &fail);
		return NOT_NOW;
	}
	if (slice_equal(out->it.unicode, name))
		out->it.unicode.len = 0;
	return found.state == VIEW_CURRENT ? FOUND
	       : found.state == VIEW_STALE ? NOT_NOW
					   : NOT_FOUND;
}
