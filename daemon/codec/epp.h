/*
 * EPP frames (RFC 5730-5733) as misu understands them: which command, about
 * which object, and where in the bytes each decided thing stands.  Reading is
 * by the schemas and closed: an element that is not known where it stands is
 * 2001, an object namespace that is not known 2307.  Nothing is changed here:
 * codec/epp_frame.h makes outgoing frames.
 *
 * All slices and spans are of the frame's text, or decoded in the arena.
 */
#ifndef MISU_EPP_H
#define MISU_EPP_H

#include "codec/xml.h"
#include "core/field.h"
#include "core/record.h"

#define EPP_SPACE "urn:ietf:params:xml:ns:epp-1.0"
#define EPP_CONTACT_SPACE "urn:ietf:params:xml:ns:contact-1.0"
#define EPP_DOMAIN_SPACE "urn:ietf:params:xml:ns:domain-1.0"
#define EPP_HOST_SPACE "urn:ietf:params:xml:ns:host-1.0"
#define EPP_LOGIN_SEC_SPACE "urn:ietf:params:xml:ns:epp:loginSec-1.0"
#define EPP_ADDL_EMAIL_SPACE "urn:ietf:params:xml:ns:epp:addlEmail-1.0"
#define EPP_MISU_SPACE "urn:misu:params:xml:ns:misu-1.0"

/* Result codes (RFC 5730 section 3), with their texts in epp_code.tbl. */
enum epp_code {
#define EPP_CODE(id, number, text) EPP_##id = number,
#include "codec/epp_code.tbl"
#undef EPP_CODE
};

/* The RFC's English text of a code; "" for one that is none. */
const char *epp_code_text(unsigned code);
/* Does whoever says it end the session: 1500, and 2500 and above? */
bool epp_code_closes(unsigned code);

enum epp_verb {
	EPP_HELLO,
	EPP_LOGIN,
	EPP_LOGOUT,
	EPP_POLL,
	EPP_CHECK,
	EPP_INFO,
	EPP_RENEW,
	EPP_DELETE,
	EPP_CREATE,
	EPP_UPDATE,
	EPP_TRANSFER,
	EPP_VERB_COUNT
};

enum epp_object { EPP_NO_OBJECT, EPP_CONTACT, EPP_DOMAIN, EPP_HOST };

/*
 * Carries the command nothing personal, so that it passes without an entry?
 * hello, login, logout, poll, check, info, renew, delete: a closed list.
 */
bool epp_verb_is_plain(enum epp_verb verb);
const char *epp_verb_name(enum epp_verb verb);

/* An extension element of a command, or a URI of a login. */
struct epp_extension {
	struct slice space;    /* namespace URI */
	uint32_t element;      /* index in the document */
	struct xml_span whole;
};

enum { EPP_CONSENTS_MAX = 8, EPP_EXTENSIONS_MAX = 16 };

/* What `misu-1.0` says of the person in a contact; see conf/epp/misu-1.0.xsd. */
struct epp_hints {
	bool given;
	bool has_kind;
	enum kind kind;
	unsigned roles;        /* ROLE_BIT of EPP roles; 0: not said */
	struct slice domain;   /* canonical object it will serve; or empty */
	struct slice tld;      /* ".org"; or empty */
	struct slice subject, plan;
	struct consent *consents; /* at most EPP_CONSENTS_MAX */
	size_t consent_count;
};

/* One value of a contact, where it stands. */
struct epp_value {
	enum field field;
	struct xml_span whole;   /* the element; for an extension the attribute */
	struct xml_span content; /* what is between tags or quotes */
	uint32_t element;        /* in the document */
	struct slice text;       /* decoded; empty: an element that removes */
	int postal;              /* index into postals, or -1 */
	bool additional;         /* RFC 9873's second e-mail */
};

struct epp_postal {
	bool loc; /* type="loc" */
	struct xml_span whole, content;
	struct xml_span addr; /* whole <addr>; at == end: none */
	uint32_t element, addr_element;
};

enum { EPP_VALUES_MAX = 32, EPP_POSTALS_MAX = 2, EPP_LINKS_MAX = 64 };

/* contact:create, and the <chg> of a contact:update. */
struct epp_contact {
	struct epp_postal postals[EPP_POSTALS_MAX];
	size_t postal_count;
	struct epp_value values[EPP_VALUES_MAX]; /* in the frame's order */
	size_t value_count;
	struct xml_span disclose; /* whole <disclose>; at == end: none */
	struct xml_span auth;     /* whole <authInfo>; at == end: none */
	/* What they say (core/record.h), for whoever keeps the contact. */
	unsigned disclosed;
	struct slice password;
	/* Of an update, as bits; and is one there that is no client's? */
	unsigned add_statuses, remove_statuses;
	bool has_foreign_status;
	struct xml_span change;   /* update: whole <chg>; at == end: none */
	uint32_t change_element;
	struct xml_span object;   /* whole <contact:create> or <contact:update> */
	struct slice prefix;      /* as written before names: "contact:" or "" */
};

enum epp_link_change { EPP_LINK_SET, EPP_LINK_ADD, EPP_LINK_REMOVE };

/* One contact a domain command names. */
struct epp_link {
	enum role role;          /* registrant, admin, tech, billing */
	enum epp_link_change change; /* registrants SET, others never */
	struct slice id;         /* empty: <registrant/>, which removes */
	struct xml_span whole;
};

struct epp_domain {
	struct slice name;       /* canonical (base/name.h) */
	struct epp_link links[EPP_LINKS_MAX];
	size_t link_count;
	/* canonical "ns1.example.jp 192.0.2.1"; of an update those added */
	const struct slice *servers;
	size_t server_count;
	/* Of an update: a client's statuses (epp_domain_status()), as bits. */
	unsigned add_statuses, remove_statuses;
	struct xml_span object;  /* whole <domain:...> */
	struct xml_span change, add, remove; /* update's <chg> <add> <rem> */
	bool change_only_links, add_only_links, remove_only_links;
};

struct epp_uri {
	struct slice uri;
	struct xml_span whole; /* the whole <objURI> or <extURI> */
};

struct epp_login {
	struct slice id, password, new_password; /* loginSec's where used */
	bool has_new_password;
	struct slice version, language;
	struct epp_uri objects[32], extensions[64];
	size_t object_count, extension_count;
	struct xml_span services_extension; /* whole <svcExtension> */
};

struct epp_command {
	enum epp_verb verb;
	enum epp_object object;
	struct slice text;            /* the frame's XML, borrowed */
	struct xml_document *document;
	/*
	 * First id or name of the object; a name canonical but in a check,
	 * where it is for the registry to judge.
	 */
	struct slice id;
	struct slice client_id;       /* clTRID; empty: none */
	struct xml_span client_id_whole; /* at == end: where one would stand */
	struct xml_span extension;    /* whole <extension>; at == end: none */
	struct epp_extension *extensions; /* at most EPP_EXTENSIONS_MAX */
	size_t extension_count;
	struct slice operation;       /* `op` of poll and transfer */
	struct slice message_id;      /* `msgID` of poll */
	const struct slice *ids;      /* all of them: one but in a check */
	size_t id_count;
	bool shows_auth;              /* an info or transfer has an authInfo */
	struct slice new_name;        /* host:update's, canonical; or empty */
	const struct epp_login *login;
	const struct epp_contact *contact; /* create and update of a contact */
	const struct epp_domain *domain;   /* create, update, transfer of one */
	struct epp_hints hints;
	struct slice prefix;          /* as written before EPP's names */
};

/* Why a frame is refused, as the answer will say it. */
struct epp_problem {
	unsigned code; /* 2001, 2003, 2005, 2103, 2307, ... */
	struct slice client_id; /* if it could be read */
};

/*
 * NULL with a problem and a fail whose place is "line:column" or an element's
 * name and whose text says what is wrong and never quotes a value.
 */
struct epp_command *epp_read_command(struct arena *arena, struct slice text,
    const struct xml_limits *limits, struct epp_problem *problem,
    struct fail *fail);

/* The registry's greeting. */
struct epp_greeting {
	struct slice text;
	struct xml_document *document;
	struct slice server;             /* svID */
	struct slice objects[32], extensions[64];
	struct xml_span object_spans[32], extension_spans[64];
	size_t object_count, extension_count;
	struct xml_span menu_end;        /* where <svcExtension> would begin */
	struct xml_span services_extension; /* whole; at == end: none */
	struct xml_span date;            /* svDate's content */
	/* <dcp>: does the registry publish what is not marked otherwise? */
	bool publishes; /* recipient has <public>, or <access> is <all> */
	struct slice prefix;
};

struct epp_greeting *epp_read_greeting(struct arena *arena, struct slice text,
    const struct xml_limits *limits, struct fail *fail);

/* A response, as far as misu must know it. */
struct epp_response {
	struct slice text;
	struct xml_document *document;
	unsigned code;               /* of the first result */
	struct slice client_id, server_id;
	struct xml_span client_id_whole; /* whole <clTRID>; at == end: none */
	struct xml_span transaction; /* whole <trID> */
	struct slice message_id;     /* msgQ id, if any */
	uint32_t data;               /* element inside <resData>; XML_NONE */
	enum epp_object object;      /* whose namespace it is in */
};

struct epp_response *epp_read_response(struct arena *arena, struct slice text,
    const struct xml_limits *limits, struct fail *fail);

/* A client's status of a contact: its bit, or 0; and its name. */
unsigned epp_contact_status(struct slice name);
const char *epp_contact_status_name(unsigned bit);

/* A client's status of a domain, by its bit's number; NULL: there is none. */
const char *epp_domain_status(unsigned nth);

/*
 * What infData says, as a record of type contact (core/record.h) or domain
 * (roles with the contacts' ids as `handle`), to be kept in the vault.
 * NULL with a fail if the response holds none.
 */
struct record *epp_response_record(const struct epp_response *response,
    struct arena *arena, struct fail *fail);

/*
 * What creData, renData or infData say of a domain itself; not `given` where
 * the response has none of them.  Texts in the arena; false without memory.
 */
bool epp_response_registration(const struct epp_response *response,
    struct arena *arena, struct registration *out, struct fail *fail);

/* Does infData of a contact say that some object names it? */
bool epp_response_is_linked(
    const struct epp_response *response, struct arena *arena);

/*
 * Does it say (trnData) that a domain was passed on to another client, and by
 * whom?  The name is canonical.
 */
bool epp_response_passed_on(const struct epp_response *response,
    struct arena *arena, struct slice *domain, struct slice *from);

/*
 * The person of a contact create, or the change of an update, as a record of
 * type contact; hints are taken in.  NULL with FAIL_INPUT whose place is the
 * element's name (2005 is the answer).
 */
struct record *epp_contact_record(const struct epp_command *command,
    struct arena *arena, struct fail *fail);

#endif
