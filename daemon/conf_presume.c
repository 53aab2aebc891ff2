/* What misu.conf says of a contact that nobody says more of. */
#include "conf.h"

/* "ADM-*": "*" is any run of characters, "?" any one. */
static bool
glob_matches(struct slice glob, struct slice id)
{
	size_t g = 0, i = 0, star = SIZE_MAX, mark = 0;

	while (i < id.len) {
		if (g < glob.len && glob.data[g] == '*') {
			star = g++;
			mark = i;
		} else if (g < glob.len && (glob.data[g] == '?' ||
					       glob.data[g] == id.data[i])) {
			g++;
			i++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (g < glob.len && glob.data[g] == '*')
		g++;
	return g == glob.len;
}

const struct conf_pattern *
conf_pattern(const struct conf_upstream *upstream, struct slice id)
{
	for (size_t i = 0; i < upstream->pattern_count; i++)
		if (glob_matches(upstream->patterns[i].glob, id))
			return &upstream->patterns[i];
	return NULL;
}

static bool
has_org(const struct record *contact)
{
	return record_values(contact, CONTACT_ROLE, FIELD_ORG_LOC).count != 0 ||
	       record_values(contact, CONTACT_ROLE, FIELD_ORG_INT).count != 0;
}

bool
conf_presume_kind(const struct conf_upstream *upstream, struct record *contact,
    struct slice id, struct fail *fail)
{
	const struct conf_pattern *pattern = conf_pattern(upstream, id);
	enum kind kind = upstream->kind;

	if (record_kind_given(contact, CONTACT_ROLE))
		return true;
	if (pattern != NULL && pattern->has_kind)
		kind = pattern->kind;
	else if (upstream->infer_kind && has_org(contact))
		kind = KIND_LEGAL;
	return record_presume_kind(contact, CONTACT_ROLE, kind, fail);
}
