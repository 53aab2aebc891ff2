/* What the files of the registry simulator's core share. */
#ifndef TESTS_REGISTRY_PRIV_H
#define TESTS_REGISTRY_PRIV_H

#include <libxml/tree.h>

#include "registry/registry.h"

#define EPP_URI "urn:ietf:params:xml:ns:epp-1.0"
#define SECDNS_URI "urn:ietf:params:xml:ns:secDNS-1.1"
#define LOGINSEC_URI "urn:ietf:params:xml:ns:epp:loginSec-1.0"
#define ADDLEMAIL_URI "urn:ietf:params:xml:ns:epp:addlEmail-1.0"

enum registry_kind { KIND_CONTACT, KIND_DOMAIN, KIND_HOST, KIND_COUNT };

enum registry_contacts {
	CONTACTS_REQUIRED,
	CONTACTS_ACCEPTED,
	CONTACTS_PROHIBITED,
};

/* Values in the order they came; a key may be there more than once. */
struct property {
	char *key, *value;
};

struct object {
	enum registry_kind kind;
	unsigned long number; /* of its roid */
	unsigned links;	      /* domains that name it */
	char *name;
	struct property *properties;
	size_t count, size;
	struct object *next;	      /* in its bucket */
	struct object *older, *newer; /* in the order of creation */
};

struct client {
	char *id, *password;
	struct client *next;
};

struct message {
	unsigned long id;
	char *client; /* NULL: whoever asks first */
	char *text;
	char *data; /* resData, or NULL */
	int64_t time;
	struct message *next;
};

enum fault_kind {
	FAULT_NONE,
	FAULT_LOST,
	FAULT_RESET,
	FAULT_CLOSE,
	FAULT_STALL,
	FAULT_SILENT,
	FAULT_SLOW,
	FAULT_CLTRID,
	FAULT_CODE,
	FAULT_GARBAGE,
	FAULT_LENGTH,
	FAULT_CUT,
};

struct fault {
	char *what;
	enum fault_kind kind;
	unsigned number; /* milliseconds or a result code */
	unsigned long times;
	struct fault *next;
};

/* One that WHOIS and RDAP make: 'l'eak, 'h'ide, or an 'o'lder value. */
struct mistake {
	char kind;
	char *key, *value;
	struct mistake *next;
};

/* A service or extension by its namespace. */
struct service {
	const char *uri;
	bool announced;
};

struct count {
	char *what;
	uint64_t count;
	struct count *next;
};

#define BUCKETS 8192
#define FRAMES_KEPT 256
#define EXTENSIONS 16

struct registry {
	struct object *buckets[BUCKETS];
	struct object *oldest, *newest;
	unsigned long objects_made;

	struct client *clients;
	struct message *messages;
	unsigned long messages_made;
	struct fault *faults;
	struct mistake *mistakes;
	struct count *counts;

	enum registry_contacts contacts;
	bool dcp_public, transfer_immediate, bench, drop, validates, lenient;
	unsigned session_limit;
	char *tlds, *required;
	struct service objects[KIND_COUNT];
	struct service extensions[EXTENSIONS];

	int64_t now;
	uint64_t transactions, frames, invalid, tolerated;
	struct bytes complaint;
	struct bytes kept[FRAMES_KEPT];
	struct registry_session *sessions;
};

struct registry_session {
	struct registry *registry;
	char *client; /* NULL until logged in */
	unsigned failures;
	bool services[KIND_COUNT];
	bool extensions[EXTENSIONS];
	struct registry_session *next, **previous;
};

/* One frame in work. */
struct request {
	struct registry *registry;
	struct registry_session *session;
	xmlNode *verb;	    /* <create> */
	xmlNode *command;   /* <contact:create>, NULL if the verb has none */
	xmlNode *extension; /* <extension>, or NULL */
	enum registry_kind kind;
	const char *cltrid;    /* NULL if none */
	const char *reason;    /* may stay NULL */
	struct bytes queue;    /* <msgQ> */
	struct bytes data;     /* inside <resData> */
	struct bytes response; /* inside <extension> */
	bool close;
	char **texts;
	size_t texts_count;
};

extern const char *const registry_kind_names[KIND_COUNT];
extern const char *const registry_kind_uris[KIND_COUNT];

/* stored.c */
struct object *stored_find(
    const struct registry *registry, enum registry_kind kind, const char *name);
struct object *stored_make(
    struct registry *registry, enum registry_kind kind, const char *name);
void stored_destroy(struct registry *registry, struct object *object);
const char *stored_get(const struct object *object, const char *key);
bool stored_has(
    const struct object *object, const char *key, const char *value);
void stored_add(struct registry *registry, struct object *object,
    const char *key, const char *value);
/* Takes all values of the key away first. */
void stored_set(struct registry *registry, struct object *object,
    const char *key, const char *value);
/* One value, or with NULL all of them; false if it was not there. */
bool stored_remove(struct registry *registry, struct object *object,
    const char *key, const char *value);
void stored_print(const struct object *object, struct bytes *out);
/* xsd:dateTime of now, and of now in `years`, in a buffer of 32. */
#define DATE_SIZE 32
void registry_date(int64_t time, char *out);
int64_t registry_years_later(int64_t time, int years);

/* dom.c: children by local name, in the parent's namespace. */
xmlNode *dom_child(const xmlNode *node, const char *name);
xmlNode *dom_next(const xmlNode *node, const char *name);
xmlNode *dom_first(const xmlNode *node); /* any element */
xmlNode *dom_sibling(const xmlNode *node);
bool dom_is(const xmlNode *node, const char *name);
const char *dom_uri(const xmlNode *node);
/* Owned by the request.  dom_text takes white space off both ends. */
const char *dom_text(struct request *request, const xmlNode *node);
const char *dom_exact(struct request *request, const xmlNode *node);
const char *dom_attribute(
    struct request *request, const xmlNode *node, const char *name);
/* The same, or "" where it is not there. */
const char *dom_word(
    struct request *request, const xmlNode *node, const char *name);
/* The element on its own, with the namespaces it uses. */
const char *dom_print(struct request *request, const xmlNode *node);
bool schema_load(const char *directory);
/*
 * False, with the validator's words in `complaint`.  If `tolerated` is true an
 * empty <add/>, <rem/> or <chg/> may be there, and it then says if one was.
 */
bool schema_valid(xmlDoc *doc, struct bytes *complaint, bool *tolerated);

/* Each returns a result code. */
int registry_contact(struct request *request);
int registry_domain(struct request *request);
int registry_host(struct request *request);
int registry_poll(struct request *request);
int registry_login(struct request *request);
int registry_transfer(struct request *request, struct object *object);

/* Shared by the objects' commands. */
int common_check(struct request *request, const char *key);
int common_owned(
    struct request *request, struct object *object, const char *prohibited);
int common_statuses(struct request *request, struct object *object);
void common_updated(struct request *request, struct object *object);
struct object *common_create(struct request *request, const char *name);
void common_info_head(
    struct request *request, const struct object *object, const char *key);
void common_info_tail(struct request *request, const struct object *object);
void common_info_statuses(struct request *request, const struct object *object);
void common_info_date(
    struct request *request, const struct object *object, const char *key);
/* The authInfo of a command: 0 if none, 1000 if right, else the code. */
int common_authorised(struct request *request, const struct object *object);
const char *common_password(struct request *request, const xmlNode *parent);
void common_extensions(struct request *request, struct object *object);
void common_element(
    struct bytes *out, const char *prefix, const char *name, const char *value);
bool common_mine(const struct request *request, const struct object *object);

/* publish.c: false if there is no such mistake or field. */
bool publish_mistake(struct registry *registry, const char *how,
    const char *key, const char *value);
void publish_clear(struct registry *registry);

/* counts and messages */
void registry_count(struct registry *registry, const char *what);
void registry_message(struct registry *registry, const char *client,
    const char *text, const char *data);
bool registry_word_in(const char *words, const char *word);
char *registry_copy(const char *text);
void registry_keep(struct registry *registry, struct slice frame);
struct fault registry_fault(
    struct registry *registry, const char *object, const char *verb);

#endif
