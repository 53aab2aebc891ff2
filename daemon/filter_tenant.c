/*
 * Several backends of a pool are one client to the registry, which lets each
 * of them do anything to the objects of all.  So misu looks whose an object
 * is, before a command about it goes on.  What nobody is known to have is
 * nobody's to change.
 */
#include "filter_priv.h"

bool
tenant_is_one_of_many(const struct session *session)
{
	const struct conf_upstream *conf = session->upstream->conf;

	return session->pooled && conf != NULL && conf->backend_count > 1;
}

bool
tenant_is_others(const struct session *session, const struct record *record)
{
	const struct epp_facts *facts =
	    record != NULL ? record_epp(record) : NULL;

	return facts != NULL && facts->client.len != 0 &&
	       !slice_is(facts->client, session->client);
}

enum tenancy
tenant_of(const struct command *command, size_t index)
{
	const struct session *session = command->session;
	const struct keeper_held *held = &command->held[index];

	if (!tenant_is_one_of_many(session))
		return TENANT_OWN;
	/* What another only tries to create is whose it was. */
	if (tenant_is_others(session,
		held->current != NULL ? held->current : held->proposed))
		return TENANT_OTHER;
	return held->current != NULL || held->proposed != NULL ? TENANT_OWN
							       : TENANT_NOBODY;
}

void
tenant_refuse(struct command *command)
{
	command_answer(command, EPP_AUTHORIZATION,
	    "not known as an object of %s", command->session->client);
}

/* --- commands that name an object and pass as they are --- */

/*
 * May it be about what nobody here has?  Who shows the authInfo may look at
 * an object that another registrar has, or ask for it; the registry judges
 * the authInfo only of those, so that it opens nothing of another backend's.
 */
static bool
may_be_foreign(const struct epp_command *epp)
{
	if (epp->verb == EPP_TRANSFER)
		return !slice_is(epp->operation, "approve") &&
		       !slice_is(epp->operation, "reject");
	return epp->object == EPP_HOST ||
	       (epp->verb == EPP_INFO && epp->shows_auth);
}

static void
looked(struct command *command)
{
	const bool foreign = may_be_foreign(command->epp);

	for (size_t i = 0; i < command->object_count; i++) {
		enum tenancy tenancy = tenant_of(command, i);

		if (tenancy == TENANT_OTHER ||
		    (tenancy == TENANT_NOBODY && !foreign)) {
			tenant_refuse(command);
			return;
		}
	}
	command->cleared(command);
}

/* A host is of those who have a domain that it stands under. */
static size_t
list_parents(struct slice name, struct keeper_object *objects, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < name.len && count < room; i++) {
		if (i != 0 && name.data[i - 1] != '.')
			continue;
		objects[count++] = (struct keeper_object){
		    OBJECT_DOMAIN, {name.data + i, name.len - i}};
	}
	return count;
}

static size_t
list_objects(struct command *command, struct keeper_object *objects)
{
	const struct epp_command *epp = command->epp;
	size_t count;

	if (epp->object == EPP_HOST) {
		count = list_parents(
		    epp->id, objects, (size_t)KEEPER_OBJECTS_MAX / 2);
		return count + list_parents(epp->new_name, objects + count,
				   (size_t)KEEPER_OBJECTS_MAX / 2);
	}
	objects[0] = (struct keeper_object){OBJECT_DOMAIN, epp->id};
	if (epp->object == EPP_CONTACT)
		objects[0] = (struct keeper_object){OBJECT_CONTACT,
		    command_object_name(command, epp->id, command->arena)};
	return 1;
}

static bool
is_looked_at(const struct epp_command *epp)
{
	switch (epp->verb) {
	case EPP_INFO:
		return epp->object == EPP_CONTACT || epp->object == EPP_DOMAIN;
	case EPP_DELETE:
	case EPP_RENEW:
	case EPP_TRANSFER:
		return true;
	case EPP_CREATE:
	case EPP_UPDATE:
		return epp->object == EPP_HOST;
	case EPP_HELLO:
	case EPP_LOGIN:
	case EPP_LOGOUT:
	case EPP_POLL:
	case EPP_CHECK:
	case EPP_VERB_COUNT:
		break;
	}
	return false;
}

void
tenant_look(struct command *command, void (*then)(struct command *command))
{
	struct keeper_object objects[KEEPER_OBJECTS_MAX];
	size_t count;

	if (!tenant_is_one_of_many(command->session) ||
	    !is_looked_at(command->epp)) {
		then(command);
		return;
	}
	command->cleared = then;
	count = list_objects(command, objects);
	command_fetch(command, objects, count, looked);
}
