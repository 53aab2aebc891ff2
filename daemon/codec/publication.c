#include "codec/publication.h"

struct publication_item
publication_either(const struct publication *it, enum role role,
    enum field prefer, enum field other)
{
	const struct publication_role *of = &it->roles[role];
	struct publication_item none = {NOT_COLLECTED, {NULL, 0}};

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
