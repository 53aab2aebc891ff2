/*
 * JSONPath (RFC 9535), as much as RFC 9537's registered paths need: names,
 * indexes, slices from the beginning, and filters that compare a member or an
 * item of the element with a string.
 *
 *	$.entities[?(@.roles[0]=='registrant')].vcardArray[1]
 *	    [?(@[0]=='adr')][3][:3]
 */
#ifndef MISU_JSONPATH_H
#define MISU_JSONPATH_H

#include "codec/json.h"

enum { JSONPATH_NODES = 64 };

struct jsonpath_found {
	const struct json_node *nodes[JSONPATH_NODES];
	size_t count;
};

/* False if the path is not of this kind, or finds more than fit. */
bool jsonpath_find(const struct json_node *root, struct slice path,
    struct jsonpath_found *found);

#endif
