#include "codec/publication.h"

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
