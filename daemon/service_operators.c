/* Who may ask a running misu for what: misu.conf's operators and verbs. */
#include "net/peer.h"
#include "service_priv.h"

unsigned
service_operator(void *context, int fd, uid_t uid, struct slice *name)
{
	const struct service *service = context;
	const struct conf *conf = service->setup->conf;
	unsigned rights = 0;

	for (size_t i = 0; i < conf->operator_count; i++) {
		const struct conf_operator *operator= & conf->operators[i];

		if (operator->by == CONF_BY_GROUP
			? !peer_in_group(fd, operator->id)
			: operator->by != CONF_BY_USER || operator->id != uid)
			continue;
		rights |= operator->rights;
		/* A name of one's own says more than a group's. */
		if (name->len == 0 || operator->by == CONF_BY_USER)
			*name = operator->name;
	}
	return rights;
}

unsigned
service_certificate(const struct service *service,
    const struct digest *certificate, struct slice subject, struct slice *name)
{
	const struct conf *conf = service->setup->conf;
	unsigned rights = 0;

	for (size_t i = 0; i < conf->operator_count; i++) {
		const struct conf_operator *operator= & conf->operators[i];

		if (operator->by == CONF_BY_CERTIFICATE
			? !digest_equal(&operator->certificate, certificate)
			: operator->by != CONF_BY_SUBJECT ||
			      !slice_equal(operator->subject, subject))
			continue;
		rights |= operator->rights;
		/* One certificate says more than all of a subject's. */
		if (name->len == 0 || operator->by == CONF_BY_CERTIFICATE)
			*name = operator->name;
	}
	return rights;
}

unsigned
service_right_of(struct slice verb)
{
	static const struct {
		const char *begin;
		unsigned right;
	} verbs[] = {
	    {"status", CONF_MAY_LOOK},
	    {"upstreams", CONF_MAY_LOOK},
	    {"view-status", CONF_MAY_LOOK},
	    {"hold-list", CONF_MAY_LOOK},
	    {"desk-list", CONF_MAY_LOOK},
	    {"hold-", CONF_MAY_HOLD},
	    {"desk-", CONF_MAY_DESK},
	    {"provision-", CONF_MAY_REQUEST},
	    {"resubmit", CONF_MAY_REQUEST},
	    {"request-", CONF_MAY_REQUEST},
	    {"forget", CONF_MAY_FORGET},
	    {"index-status", CONF_MAY_LOOK},
	    {"audit-status", CONF_MAY_LOOK},
	    {"audit-", CONF_MAY_REQUEST},
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		size_t len = strlen(verbs[i].begin);

		if (verb.len >= len &&
		    memcmp(verb.data, verbs[i].begin, len) == 0)
			return verbs[i].right;
	}
	return CONF_MAY_ALL;
}

/* Which word of misu.conf(5) would have let this operator do it. */
void
service_refuse_right(struct slice verb, struct control_request *request)
{
	static const char *const words[] = {
	    "look", "hold", "desk", "request", "forget", "all"};
	unsigned right = service_right_of(verb), at = 0;
	char body[200];
	int len;

	while (right >> (at + 1) != 0)
		at++;
	len = snprintf(body, sizeof(body),
	    "{\"title\":\"misu.conf does not let this operator do that\","
	    "\"detail\":\"misu.conf: operator ... may %s\","
	    "\"status\":403}",
	    words[at]);
	control_answer(request, 403, (struct slice){body, (size_t)len});
}
