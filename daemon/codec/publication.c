#include "codec/publication.h"

#include <strings.h>

struct publication_item
publication_either(const struct publication *it, enum role role,
    enum field prefer, enum field other)
{
	const struct publication_role *of = &it->roles[role];
	struct publication_item none = {.state = NOT_COLLECTED};

	if (!of->present)
		return none;
	if (of->items[prefer].state == PUBLISHED ||
	    of->items[other].state == NOT_COLLECTED)
		return of->items[prefer];
	return of->items[other].state == PUBLISHED ||
		       of->items[prefer].state == NOT_COLLECTED
		   ? of->items[other]
		   : of->items[prefer];
}

struct slice
publication_host(struct slice server)
{
	const char *blank =
	    server.len != 0 ? memchr(server.data, ' ', server.len) : NULL;

	if (blank != NULL)
		server.len = (size_t)(blank - server.data);
	return server;
}

struct values
publication_hosts(const struct publication *it, struct arena *arena)
{
	struct values servers = it->ns.values;
	struct slice *hosts =
	    it->ns.state == PUBLISHED
		? arena_take(arena, servers.count * sizeof(*hosts))
		: NULL;

	if (hosts == NULL)
		return (struct values){NULL, 0};
	for (size_t i = 0; i < servers.count; i++)
		hosts[i] = publication_host(servers.items[i]);
	return (struct values){hosts, servers.count};
}

void
publication_narrow(
    struct publication *it, enum role role, struct slice handle)
{
	struct publication_role *of = &it->roles[role];
	struct publication_item whose = of->items[FIELD_HANDLE];
	size_t i = 0;

	while (i < whose.values.count &&
	    (whose.values.items[i].len != handle.len ||
		strncasecmp(whose.values.items[i].data, handle.data,
		    handle.len) != 0))
		i++;
	if (i == whose.values.count)
		return;
	whose.values = (struct values){whose.values.items + i, 1};
	if (i != 0)
		*of = (struct publication_role){.present = true};
	of->items[FIELD_HANDLE] = whose;
}
