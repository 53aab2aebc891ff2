#include <libxml/parser.h>

#include "registry/registry_priv.h"

static int frame_read(struct request *request, xmlDoc *doc);
static void answer(struct request *request, int code, struct bytes *out);
static struct registry_reply play(struct request *request,
    const struct fault *fault, int code, struct bytes *out);

static const char *const extension_uris[EXTENSIONS] = {SECDNS_URI, LOGINSEC_URI,
    ADDLEMAIL_URI, "urn:ietf:params:xml:ns:rgp-1.0",
    "urn:ietf:params:xml:ns:launch-1.0", "urn:ietf:params:xml:ns:epp:fee-1.0",
    "http://www.verisign-grs.com/epp/namestoreExt-1.1",
    "urn:ietf:params:xml:ns:neulevel-1.0"};

struct registry *
registry_create(const char *schemas)
{
	struct registry *registry = calloc(1, sizeof(*registry));
	const char *data = getenv("MISU_DATA");
	char path[1024];
	size_t i;

	if (registry == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/epp-xsd",
	    data == NULL ? "../shared/data" : data);
	registry->validates = schema_load(schemas == NULL ? path : schemas);
	registry->contacts = CONTACTS_ACCEPTED;
	for (i = 0; i < KIND_COUNT; i++)
		registry->objects[i] =
		    (struct service){registry_kind_uris[i], true};
	for (i = 0; i < EXTENSIONS && extension_uris[i] != NULL; i++)
		registry->extensions[i] =
		    (struct service){extension_uris[i], true};
	for (; i < EXTENSIONS; i++)
		registry->extensions[i] = (struct service){"", false};
	return registry;
}

void
registry_destroy(struct registry *registry)
{
	struct count *count;
	size_t i;

	if (registry == NULL)
		return;
	if (registry->sessions != NULL)
		abort();
	while (registry->newest != NULL)
		stored_destroy(registry, registry->newest);
	publish_clear(registry);
	while ((count = registry->counts) != NULL) {
		registry->counts = count->next;
		free(count->what);
		free(count);
	}
	while (registry->clients != NULL) {
		struct client *client = registry->clients;

		registry->clients = client->next;
		free(client->id);
		free(client->password);
		free(client);
	}
	while (registry->messages != NULL) {
		struct message *message = registry->messages;

		registry->messages = message->next;
		free(message->client);
		free(message->text);
		free(message->data);
		free(message);
	}
	while (registry->faults != NULL) {
		struct fault *fault = registry->faults;

		registry->faults = fault->next;
		free(fault->what);
		free(fault);
	}
	for (i = 0; i < FRAMES_KEPT; i++)
		bytes_finish(&registry->kept[i]);
	bytes_finish(&registry->complaint);
	free(registry->tlds);
	free(registry->required);
	free(registry);
}

bool
registry_validates(const struct registry *registry)
{
	return registry->validates;
}

void
registry_set_time(struct registry *registry, int64_t now)
{
	registry->now = now;
}

struct registry_session *
registry_session_create(struct registry *registry)
{
	struct registry_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		abort();
	session->registry = registry;
	session->next = registry->sessions;
	session->previous = &registry->sessions;
	if (session->next != NULL)
		session->next->previous = &session->next;
	registry->sessions = session;
	return session;
}

void
registry_session_destroy(struct registry_session *session)
{
	if (session == NULL)
		return;
	*session->previous = session->next;
	if (session->next != NULL)
		session->next->previous = session->previous;
	free(session->client);
	free(session);
}

static void
greeting_services(const struct registry *registry, struct bytes *out)
{
	bool open = false;
	size_t i;

	for (i = 0; i < KIND_COUNT; i++)
		if (registry->objects[i].announced)
			bytes_add_format(out, "<objURI>%s</objURI>",
			    registry->objects[i].uri);
	for (i = 0; i < EXTENSIONS; i++) {
		if (!registry->extensions[i].announced)
			continue;
		if (!open)
			bytes_add_string(out, "<svcExtension>");
		open = true;
		bytes_add_format(
		    out, "<extURI>%s</extURI>", registry->extensions[i].uri);
	}
	if (open)
		bytes_add_string(out, "</svcExtension>");
}

static void
greeting_write(const struct registry *registry, struct bytes *out)
{
	char date[DATE_SIZE];

	registry_date(registry->now, date);
	bytes_add_format(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
	    "<epp xmlns=\"%s\"><greeting><svID>Registry simulator</svID>"
	    "<svDate>%s</svDate><svcMenu><version>1.0</version>"
	    "<lang>en</lang>",
	    EPP_URI, date);
	greeting_services(registry, out);
	bytes_add_format(out,
	    "</svcMenu><dcp><access><all/></access><statement><purpose>"
	    "<admin/><prov/></purpose><recipient><ours/>%s</recipient>"
	    "<retention><stated/></retention></statement></dcp></greeting>"
	    "</epp>\n",
	    registry->dcp_public ? "<public/>" : "");
}

struct registry_reply
registry_greeting(struct registry_session *session, struct bytes *out)
{
	struct registry *registry = session->registry;
	struct fault fault = registry_fault(registry, NULL, "greeting");
	struct request request = {.registry = registry, .session = session};

	return play(&request, &fault, 0, out);
}

static void
finish(struct request *request)
{
	while (request->texts_count > 0)
		free(request->texts[--request->texts_count]);
	free(request->texts);
	bytes_finish(&request->queue);
	bytes_finish(&request->data);
	bytes_finish(&request->response);
}

/* Names of entities are never asked for, and no DTD is let in. */
static xmlDoc *
parse(struct slice frame, struct bytes *complaint)
{
	xmlDoc *doc = NULL;

	complaint->len = 0;
	if (frame.len > 0 && frame.len < INT32_MAX)
		doc = xmlReadMemory(frame.data, (int)frame.len, NULL, NULL,
		    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (doc == NULL)
		bytes_add_string(complaint, "not well-formed");
	else if (doc->intSubset != NULL)
		bytes_add_string(complaint, "a DTD");
	if (complaint->len == 0)
		return doc;
	xmlFreeDoc(doc);
	return NULL;
}

static bool
is_valid(struct registry *registry, xmlDoc *doc)
{
	bool tolerated = registry->lenient;

	if (!schema_valid(doc, &registry->complaint, &tolerated))
		return false;
	registry->tolerated += tolerated;
	registry->complaint.len = 0;
	return true;
}

bool
registry_valid(struct slice frame, struct bytes *complaint)
{
	xmlDoc *doc = parse(frame, complaint);
	bool tolerated = false, valid;

	valid = doc != NULL && schema_valid(doc, complaint, &tolerated);
	xmlFreeDoc(doc);
	bytes_add(complaint, "", 1);
	complaint->len--;
	return valid;
}

/* What the validator says has line ends. */
static void
invalid_note(struct request *request)
{
	struct bytes *complaint = &request->registry->complaint;
	size_t i;

	for (i = 0; i < complaint->len; i++)
		if (complaint->data[i] == '\n')
			complaint->data[i] = ' ';
	bytes_add(complaint, "", 1);
	complaint->len--;
	request->registry->invalid++;
	request->reason = complaint->data;
}

/* Read a frame and see whether it is to be tried: its code, 0 for a hello. */
static int
frame_open(struct request *request, struct slice frame, xmlDoc **doc)
{
	int code;

	*doc = parse(frame, &request->registry->complaint);
	if (*doc == NULL) {
		invalid_note(request);
		return 2001;
	}
	code = frame_read(request, *doc);
	if (is_valid(request->registry, *doc))
		return code;
	invalid_note(request);
	return 2001;
}

struct registry_reply
registry_receive(
    struct registry_session *session, struct slice frame, struct bytes *out)
{
	struct registry *registry = session->registry;
	struct request request = {.registry = registry, .session = session};
	const char *object = NULL, *verb = "hello";
	struct registry_reply reply;
	struct fault fault;
	xmlDoc *doc;
	int code;

	/* Only a hello is so short that it is worth a look. */
	if (registry->bench && (frame.len > 200 || memmem(frame.data, frame.len,
						       "hello", 5) == NULL))
		return registry_bench(frame, out);
	registry_keep(registry, frame);
	code = frame_open(&request, frame, &doc);
	if (request.command != NULL)
		object = registry_kind_names[request.kind];
	if (request.verb != NULL)
		verb = (const char *)request.verb->name;
	else if (code != 0)
		verb = "invalid";
	fault = registry_fault(registry, object, verb);
	reply = play(&request, &fault, code, out);
	finish(&request);
	xmlFreeDoc(doc);
	return reply;
}

/* The command's object and its service. */
static int
object_read(struct request *request)
{
	size_t i;

	request->command = dom_first(request->verb);
	if (request->command == NULL)
		return 2003;
	for (i = 0; i < KIND_COUNT; i++)
		if (strcmp(dom_uri(request->command), registry_kind_uris[i]) ==
		    0)
			break;
	if (i == KIND_COUNT) {
		request->command = NULL;
		return 2307;
	}
	request->kind = (enum registry_kind)i;
	if (strcmp((const char *)request->command->name,
		(const char *)request->verb->name) != 0)
		return 2001;
	return 1000;
}

/* 0: a hello; else the code that says whether the command may be tried. */
static int
frame_read(struct request *request, xmlDoc *doc)
{
	static const char *const plain[] = {"login", "logout", "poll"};
	xmlNode *root = xmlDocGetRootElement(doc), *command, *at;
	size_t i;

	if (!dom_is(root, "epp") || strcmp(dom_uri(root), EPP_URI) != 0)
		return 2001;
	if (dom_child(root, "hello") != NULL)
		return 0;
	command = dom_child(root, "command");
	if (command == NULL || dom_first(command) == NULL)
		return 2000;
	request->verb = dom_first(command);
	request->extension = dom_child(command, "extension");
	at = dom_child(command, "clTRID");
	if (at != NULL)
		request->cltrid = dom_text(request, at);
	for (i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (dom_is(request->verb, plain[i]))
			return 1000;
	return object_read(request);
}

/* Extensions are to be among those of the login (RFC 5730, 2.4). */
static int
extensions_check(struct request *request)
{
	struct registry *registry = request->registry;
	xmlNode *at;
	char name[256];
	size_t i;

	for (at = dom_first(request->extension); at != NULL;
	     at = dom_sibling(at)) {
		for (i = 0; i < EXTENSIONS; i++)
			if (strcmp(registry->extensions[i].uri, dom_uri(at)) ==
			    0)
				break;
		if (i == EXTENSIONS || !registry->extensions[i].announced ||
		    (!request->session->extensions[i] &&
			request->session->client != NULL))
			return 2103;
		(void)snprintf(name, sizeof(name), "%s %s", dom_uri(at),
		    (const char *)at->name);
		registry_count(registry, name);
	}
	return 1000;
}

static int
execute(struct request *request)
{
	static int (*const objects[KIND_COUNT])(struct request *) = {
	    [KIND_CONTACT] = registry_contact,
	    [KIND_DOMAIN] = registry_domain,
	    [KIND_HOST] = registry_host,
	};
	int code = extensions_check(request);

	if (code != 1000)
		return code;
	if (dom_is(request->verb, "login"))
		return registry_login(request);
	if (request->session->client == NULL)
		return 2002;
	if (dom_is(request->verb, "logout")) {
		request->close = true;
		return 1500;
	}
	if (dom_is(request->verb, "poll"))
		return registry_poll(request);
	if (!request->session->services[request->kind] ||
	    !request->registry->objects[request->kind].announced ||
	    (request->kind == KIND_CONTACT &&
		request->registry->contacts == CONTACTS_PROHIBITED))
		return 2307;
	return objects[request->kind](request);
}

static void
write_answer(struct request *request, int code, struct bytes *out)
{
	size_t start = bytes_frame_start(out);

	if (code == 0)
		greeting_write(request->registry, out);
	else
		answer(request, code, out);
	bytes_frame_end(out, start);
}

/* Is the command carried out without an answer? */
static bool
is_mute(const struct fault *fault, enum registry_action *action)
{
	if (fault->kind == FAULT_LOST)
		*action = REGISTRY_RESET;
	else if (fault->kind == FAULT_CLOSE)
		*action = REGISTRY_CLOSE;
	else if (fault->kind == FAULT_SILENT)
		*action = REGISTRY_STALL;
	else
		return false;
	return true;
}

/* Carry out what the fault lets be carried out, and spoil the answer. */
static struct registry_reply
play(struct request *request, const struct fault *fault, int code,
    struct bytes *out)
{
	struct registry_reply reply = {REGISTRY_ANSWER, 0};
	size_t start = out->len;

	if (fault->kind == FAULT_RESET || fault->kind == FAULT_STALL) {
		reply.action = fault->kind == FAULT_RESET ? REGISTRY_RESET
							  : REGISTRY_STALL;
		return reply;
	}
	if (fault->kind == FAULT_CODE) {
		code = (int)fault->number;
		request->close = code >= 2500;
	} else if (code == 1000)
		code = execute(request);
	if (is_mute(fault, &reply.action))
		return reply;
	if (fault->kind == FAULT_CLTRID)
		request->cltrid = "WRONG-0001";
	if (fault->kind == FAULT_SLOW)
		reply.delay_ms = fault->number;
	if (request->close)
		reply.action = REGISTRY_ANSWER_CLOSE;
	if (fault->kind == FAULT_LENGTH) {
		bytes_add(out, "\xff\xff\xff\xff<epp", 8);
		return reply;
	}
	write_answer(request, code, out);
	if (fault->kind == FAULT_CUT) {
		out->len = start + (out->len - start) / 2;
		reply.action = REGISTRY_ANSWER_CLOSE;
	} else if (fault->kind == FAULT_GARBAGE)
		memset(out->data + start + 4, 0xa5, out->len - start - 4);
	return reply;
}

static const char *
message_of(int code)
{
	static const struct {
		int code;
		const char *text;
	} messages[] = {
	    {1000, "Command completed successfully"},
	    {1001, "Command completed successfully; action pending"},
	    {1300, "Command completed successfully; no messages"},
	    {1301, "Command completed successfully; ack to dequeue"},
	    {1500, "Command completed successfully; ending session"},
	    {2000, "Unknown command"},
	    {2001, "Command syntax error"},
	    {2002, "Command use error"},
	    {2003, "Required parameter missing"},
	    {2004, "Parameter value range error"},
	    {2005, "Parameter value syntax error"},
	    {2101, "Unimplemented command"},
	    {2103, "Unimplemented extension"},
	    {2106, "Object is not eligible for transfer"},
	    {2200, "Authentication error"},
	    {2201, "Authorization error"},
	    {2202, "Invalid authorization information"},
	    {2300, "Object pending transfer"},
	    {2301, "Object not pending transfer"},
	    {2302, "Object exists"},
	    {2303, "Object does not exist"},
	    {2304, "Object status prohibits operation"},
	    {2305, "Object association prohibits operation"},
	    {2306, "Parameter value policy error"},
	    {2307, "Unimplemented object service"},
	    {2308, "Data management policy violation"},
	    {2400, "Command failed"},
	    {2500, "Command failed; server closing connection"},
	    {2501, "Authentication error; server closing connection"},
	    {2502, "Session limit exceeded; server closing connection"},
	};
	size_t i;

	for (i = 0; i < sizeof(messages) / sizeof(*messages); i++)
		if (messages[i].code == code)
			return messages[i].text;
	return "A scripted result";
}

static void
answer(struct request *request, int code, struct bytes *out)
{
	bool good = code < 2000;

	bytes_add_format(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
	    "<epp xmlns=\"%s\"><response><result code=\"%d\"><msg>%s</msg>",
	    EPP_URI, code, message_of(code));
	if (request->reason != NULL && !good) {
		bytes_add_format(out,
		    "<extValue><value><undef xmlns=\"%s\"/></value><reason>",
		    EPP_URI);
		bytes_add_xml(out, request->reason);
		bytes_add_string(out, "</reason></extValue>");
	}
	bytes_add_string(out, "</result>");
	if (good)
		bytes_add(out, request->queue.data, request->queue.len);
	if (good && request->data.len > 0) {
		bytes_add_string(out, "<resData>");
		bytes_add(out, request->data.data, request->data.len);
		bytes_add_string(out, "</resData>");
	}
	if (good && request->response.len > 0) {
		bytes_add_string(out, "<extension>");
		bytes_add(out, request->response.data, request->response.len);
		bytes_add_string(out, "</extension>");
	}
	bytes_add_string(out, "<trID>");
	if (request->cltrid != NULL) {
		bytes_add_string(out, "<clTRID>");
		bytes_add_xml(out, request->cltrid);
		bytes_add_string(out, "</clTRID>");
	}
	bytes_add_format(out,
	    "<svTRID>SIM-%08llu</svTRID></trID></response></epp>\n",
	    (unsigned long long)++request->registry->transactions);
}
