/*
 * The domain of a submission: a create says all of it, an update what is to
 * be added and removed against what there was.
 */
#include "codec/epp_frame_submission_priv.h"

#define SECDNS_SPACE "urn:ietf:params:xml:ns:secDNS-1.1"

static const struct slice domain = {"domain:", 7};

/* The object's data stand in whatever role the backend gave them. */
static struct values
find_values(const struct epp_made *made, enum field field)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct values values = disclosure_values(
		    made->writer.disclosure, (enum role)role, field);

		if (values.count != 0)
			return values;
	}
	return (struct values){NULL, 0};
}

static struct slice
next_word(struct slice *rest)
{
	const char *blank = memchr(rest->data, ' ', rest->len);
	size_t len = blank != NULL ? (size_t)(blank - rest->data) : rest->len;
	struct slice word = {rest->data, len};

	len += blank != NULL;
	*rest = (struct slice){rest->data + len, rest->len - len};
	return word;
}

static void
put_server(struct epp_made *made, struct slice server, bool object)
{
	struct text *frame = &made->frame;
	struct slice name = next_word(&server);

	if (object) {
		epp_put(frame, domain, "hostObj", name);
		return;
	}
	epp_put_open(frame, domain, "hostAttr");
	epp_put(frame, domain, "hostName", name);
	while (server.len != 0) {
		struct slice address = next_word(&server);

		text_add_format(frame, "<domain:hostAddr ip=\"%s\">",
		    memchr(address.data, ':', address.len) != NULL ? "v6"
								   : "v4");
		text_add_xml(frame, address);
		epp_put_close(frame, domain, "hostAddr");
	}
	epp_put_close(frame, domain, "hostAttr");
}

static bool
has_glue(struct values servers)
{
	for (size_t i = 0; i < servers.count; i++)
		if (memchr(servers.items[i].data, ' ', servers.items[i].len) !=
		    NULL)
			return true;
	return false;
}

static bool
holds(struct values servers, struct slice server)
{
	for (size_t i = 0; i < servers.count; i++)
		if (slice_equal(servers.items[i], server))
			return true;
	return false;
}

static bool
differs(struct values servers, struct values others)
{
	for (size_t i = 0; i < servers.count; i++)
		if (!holds(others, servers.items[i]))
			return true;
	return false;
}

/*
 * Those that the others have not, all as objects, or where addresses are
 * given all as attributes.  What is removed goes by its name alone.
 */
static void
put_servers(struct epp_made *made, struct values servers, struct values others,
    bool removed)
{
	bool objects = !has_glue(servers) && !has_glue(others);

	if (!differs(servers, others))
		return;
	epp_put_open(&made->frame, domain, "ns");
	for (size_t i = 0; i < servers.count; i++) {
		struct slice server = servers.items[i], rest = server;

		if (holds(others, server))
			continue;
		put_server(made, removed ? next_word(&rest) : server, objects);
	}
	epp_put_close(&made->frame, domain, "ns");
}

static void
put_link(struct epp_made *made, enum role role, const char *id)
{
	text_add_format(
	    &made->frame, "<domain:contact type=\"%s\">", role_name(role));
	text_add_xml(&made->frame, slice_from(id));
	epp_put_close(&made->frame, domain, "contact");
}

static void
put_links(struct epp_made *made)
{
	if (made->parties[0].links)
		epp_put(&made->frame, domain, "registrant",
		    slice_from(made->parties[0].id));
	for (size_t i = 1; i < EPP_ROLES; i++)
		if (made->parties[i].links)
			put_link(made, epp_roles[i], made->parties[i].id);
}

static void
put_delegation(struct epp_made *made, struct values signers)
{
	static const char *const names[] = {
	    "keyTag", "alg", "digestType", "digest"};

	for (size_t i = 0; i < signers.count; i++) {
		struct slice rest = signers.items[i];

		text_add_string(&made->frame, "<secDNS:dsData>");
		for (size_t k = 0; k < 4; k++)
			epp_put(&made->frame, SLICE("secDNS:"), names[k],
			    next_word(&rest));
		text_add_string(&made->frame, "</secDNS:dsData>");
	}
}

static void
open_domain(struct epp_made *made, const char *verb, const char *attributes)
{
	epp_made_start(made);
	text_add_format(&made->frame,
	    "<%s%s><domain:%s xmlns:domain=\"" EPP_DOMAIN_SPACE "\">", verb,
	    attributes, verb);
	epp_put(&made->frame, domain, "name",
	    disclosure_object(made->writer.disclosure));
}

static void
close_domain(struct epp_made *made, const char *verb)
{
	text_add_format(&made->frame, "</domain:%s></%s>", verb, verb);
}

static void
put_create(struct epp_made *made)
{
	struct values signers = find_values(made, FIELD_DS);

	open_domain(made, "create", "");
	put_servers(
	    made, find_values(made, FIELD_NS), (struct values){NULL, 0}, false);
	put_links(made);
	epp_made_put_secret(made, domain, find_values(made, FIELD_AUTH_INFO));
	close_domain(made, "create");
	if (signers.count != 0) {
		text_add_string(&made->frame,
		    "<extension><secDNS:create xmlns:secDNS=\"" SECDNS_SPACE
		    "\">");
		put_delegation(made, signers);
		text_add_string(&made->frame, "</secDNS:create></extension>");
	}
	epp_made_end(made);
}

/* Did the update take it from where the registry may have got it? */
static bool
is_removed(const struct epp_made *made, enum field field)
{
	const struct disclosure *disclosure = made->writer.disclosure;

	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (disclosure_removed(disclosure, (enum role)r, field) &&
		    disclosure_could_pass(disclosure, (enum role)r, field))
			return true;
	return false;
}

/* All that is to be added, or removed, links after servers. */
static void
put_difference(struct epp_made *made, bool removed)
{
	const char *tag = removed ? "rem" : "add";
	struct values now = find_values(made, FIELD_NS);
	struct values former =
	    disclosure_former(made->writer.disclosure)->servers;
	bool any = removed ? differs(former, now) : differs(now, former);

	for (size_t i = 1; i < EPP_ROLES; i++)
		any |= removed ? epp_party_is_gone(&made->parties[i])
			       : epp_party_is_new(&made->parties[i]);
	if (!any)
		return;
	epp_put_open(&made->frame, domain, tag);
	put_servers(
	    made, removed ? former : now, removed ? now : former, removed);
	for (size_t i = 1; i < EPP_ROLES; i++) {
		const struct epp_party *party = &made->parties[i];

		if (removed ? epp_party_is_gone(party)
			    : epp_party_is_new(party))
			put_link(made, epp_roles[i],
			    removed ? party->former : party->id);
	}
	epp_put_close(&made->frame, domain, tag);
}

static bool
changes_domain(const struct epp_made *made)
{
	struct values now = find_values(made, FIELD_NS);
	struct values former =
	    disclosure_former(made->writer.disclosure)->servers;

	for (size_t i = 0; i < EPP_ROLES; i++)
		if (epp_party_is_new(&made->parties[i]) ||
		    (i != 0 && epp_party_is_gone(&made->parties[i])))
			return true;
	return differs(now, former) || differs(former, now);
}

/* Servers and links are added and removed, the registrant is set. */
static void
put_changes(struct epp_made *made)
{
	if (!changes_domain(made))
		return;
	open_domain(made, "update", "");
	put_difference(made, false);
	put_difference(made, true);
	if (epp_party_is_new(&made->parties[0])) {
		epp_put_open(&made->frame, domain, "chg");
		epp_put(&made->frame, domain, "registrant",
		    slice_from(made->parties[0].id));
		epp_put_close(&made->frame, domain, "chg");
	}
	close_domain(made, "update");
	epp_made_end(made);
}

/*
 * Signers are all replaced, in a frame of their own: it can be repeated, which
 * the one with additions and removals cannot.
 */
static void
put_signers(struct epp_made *made)
{
	struct values signers = find_values(made, FIELD_DS);

	if (signers.count == 0 && !is_removed(made, FIELD_DS))
		return;
	open_domain(made, "update", "");
	close_domain(made, "update");
	text_add_string(&made->frame,
	    "<extension><secDNS:update xmlns:secDNS=\"" SECDNS_SPACE
	    "\"><secDNS:rem><secDNS:all>true</secDNS:all></secDNS:rem>");
	if (signers.count != 0) {
		text_add_string(&made->frame, "<secDNS:add>");
		put_delegation(made, signers);
		text_add_string(&made->frame, "</secDNS:add>");
	}
	text_add_string(&made->frame, "</secDNS:update></extension>");
	epp_made_end(made);
}

static bool
put_update(struct epp_made *made)
{
	struct fail *fail = made->writer.fail;
	bool known = disclosure_former(made->writer.disclosure)->known;

	if (!known && (find_values(made, FIELD_NS).count != 0 ||
			  is_removed(made, FIELD_NS)))
		return epp_made_not_known(fail);
	put_changes(made);
	epp_made_put_removals(made);
	put_signers(made);
	return true;
}

static bool
put_transfer(struct epp_made *made)
{
	struct values secret = find_values(made, FIELD_AUTH_INFO);

	if (secret.count == 0)
		return fail_set(made->writer.fail, FAIL_INPUT,
		    "a transfer needs the auth-info, and none passes");
	open_domain(made, "transfer", " op=\"request\"");
	epp_made_put_secret(made, domain, secret);
	close_domain(made, "transfer");
	epp_made_end(made);
	return true;
}

static bool
put_renewal(struct epp_made *made)
{
	struct slice expires = disclosure_expires(made->writer.disclosure);

	if (expires.len == 0) {
		fail_set(made->writer.fail, FAIL_INPUT,
		    "a renewal at this registry needs the date on which the "
		    "domain expires now");
		fail_place(made->writer.fail, "/expires");
		return false;
	}
	open_domain(made, "renew", "");
	epp_put(&made->frame, domain, "curExpDate", expires);
	close_domain(made, "renew");
	epp_made_end(made);
	return true;
}

bool
epp_made_put_domain(struct epp_made *made)
{
	switch (disclosure_operation(made->writer.disclosure)) {
	case OPERATION_CREATE:
		put_create(made);
		return true;
	case OPERATION_UPDATE:
		return put_update(made);
	case OPERATION_TRANSFER:
		return put_transfer(made);
	case OPERATION_DELETE:
		open_domain(made, "delete", "");
		close_domain(made, "delete");
		epp_made_end(made);
		return true;
	case OPERATION_RENEW:
		return put_renewal(made);
	case OPERATION_COUNT:
		break;
	}
	return fail_set(
	    made->writer.fail, FAIL_DENIED, "EPP has no such operation");
}
