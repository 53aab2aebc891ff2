#include "registry/registry_priv.h"

/* After that many wrong passwords the connection is closed. */
#define FAILURES 3

static struct client *
client_find(const struct registry *registry, const char *id)
{
	struct client *at = registry->clients;

	while (at != NULL && strcmp(at->id, id) != 0)
		at = at->next;
	return at;
}

/* RFC 8807: the passwords may be in an extension, as they may be longer. */
static const char *
password_of(struct request *request, const char *name)
{
	const xmlNode *at = dom_child(request->verb, name);
	const char *given = at == NULL ? NULL : dom_text(request, at);
	const xmlNode *security = dom_first(request->extension);

	while (security != NULL && strcmp(dom_uri(security), LOGINSEC_URI) != 0)
		security = dom_sibling(security);
	if (given == NULL || security == NULL ||
	    strcmp(given, "[LOGIN-SECURITY]") != 0)
		return given;
	at = dom_child(security, name);
	return at == NULL ? "" : dom_exact(request, at);
}

/* The services asked for are to be among those announced. */
static int
services_check(struct request *request, const xmlNode *services)
{
	struct registry *registry = request->registry;
	struct registry_session *session = request->session;
	const xmlNode *more = dom_child(services, "svcExtension"), *at;
	size_t i;

	for (at = dom_child(services, "objURI"); at != NULL;
	     at = dom_next(at, "objURI")) {
		for (i = 0; i < KIND_COUNT; i++)
			if (registry->objects[i].announced &&
			    strcmp(registry->objects[i].uri,
				dom_text(request, at)) == 0)
				break;
		if (i == KIND_COUNT)
			return 2307;
		session->services[i] = true;
	}
	for (at = more == NULL ? NULL : dom_child(more, "extURI"); at != NULL;
	     at = dom_next(at, "extURI")) {
		for (i = 0; i < EXTENSIONS; i++)
			if (registry->extensions[i].announced &&
			    strcmp(registry->extensions[i].uri,
				dom_text(request, at)) == 0)
				break;
		if (i == EXTENSIONS)
			return 2103;
		session->extensions[i] = true;
	}
	return 1000;
}

static unsigned
sessions_of(const struct registry *registry, const char *client)
{
	const struct registry_session *at;
	unsigned count = 0;

	for (at = registry->sessions; at != NULL; at = at->next)
		count += at->client != NULL && strcmp(at->client, client) == 0;
	return count;
}

static int
refuse(struct request *request)
{
	if (++request->session->failures < FAILURES)
		return 2200;
	request->close = true;
	return 2501;
}

int
registry_login(struct request *request)
{
	struct registry *registry = request->registry;
	struct registry_session *session = request->session;
	const xmlNode *name = dom_child(request->verb, "clID");
	const xmlNode *services = dom_child(request->verb, "svcs");
	const char *id = name == NULL ? "" : dom_text(request, name);
	const char *password = password_of(request, "pw");
	const char *next = password_of(request, "newPW");
	struct client *client = client_find(registry, id);
	int code;

	if (session->client != NULL)
		return 2002;
	if (*id == '\0' || password == NULL || services == NULL)
		return 2003;
	if (registry->clients != NULL &&
	    (client == NULL || strcmp(client->password, password) != 0))
		return refuse(request);
	memset(session->services, 0, sizeof(session->services));
	memset(session->extensions, 0, sizeof(session->extensions));
	code = services_check(request, services);
	if (code != 1000)
		return code;
	if (registry->session_limit > 0 &&
	    sessions_of(registry, id) >= registry->session_limit) {
		request->close = true;
		return 2502;
	}
	if (client != NULL && next != NULL) {
		free(client->password);
		client->password = registry_copy(next);
	}
	session->client = registry_copy(id);
	return 1000;
}
