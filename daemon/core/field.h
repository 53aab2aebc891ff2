/*
 * The vocabulary: fields, roles, kinds, operations and verdicts, one enum and
 * one word each.  The words are those of the policy, the log and the manual.
 * Facts about fields stand in field.tbl.
 */
#ifndef MISU_FIELD_H
#define MISU_FIELD_H

#include "base/slice.h"

enum field {
#define FIELD(id, ...) FIELD_##id,
#include "core/field.tbl"
#undef FIELD
	FIELD_COUNT
};

enum field_form { FORM_ONE, FORM_LOC, FORM_INT };

/* What a field may never do, whatever a policy says: see DESIGN "Secrets". */
enum field_class {
	CLASS_PERSONAL, /* data about a person */
	CLASS_OBJECT,   /* technical data of the object: name servers, DS */
	CLASS_ACCOUNT,  /* account names: no registry, no public */
	CLASS_PASSWORD, /* passwords: no registry, no public */
	CLASS_CONTENT,  /* contents of mail and uploads: no registry, no public */
	CLASS_AUTHINFO, /* only to the sponsoring registry over EPP, never kept */
};

enum field_check {
	CHECK_TEXT,
	CHECK_ASCII,
	CHECK_EMAIL,
	CHECK_PHONE,
	CHECK_DIGITS,
	CHECK_COUNTRY,
	CHECK_DOMAIN,
	CHECK_HOST,
	CHECK_DS,
	CHECK_PREFIX,
};

struct field_info {
	const char *name;  /* "name.loc" */
	const char *group; /* "name": what a policy may write for both forms */
	enum field_form form;
	enum field_class class;
	enum field_check check;
	size_t max;  /* characters of one value; 65,535 bytes of UTF-8 */
	size_t many; /* how many values at most */
	const char *epp, *rdap, *whois, *jprs, *jpnic;
	const char *japanese;
};

extern const struct field_info field_info[FIELD_COUNT];

enum role {
	ROLE_REGISTRANT,
	ROLE_ADMIN,
	ROLE_TECH,
	ROLE_BILLING,
	ROLE_PUBLIC_CONTACT,
	ROLE_ABUSE,
	ROLE_SUBSCRIBER,
	ROLE_APPLICANT_AGENT,
	ROLE_SPAM_SENDER,
	ROLE_COUNT
};

/* The place of one field of one role in a whole-record table. */
#define SLOT(role, field) ((unsigned)(role) * FIELD_COUNT + (unsigned)(field))
#define SLOT_COUNT (ROLE_COUNT * FIELD_COUNT)

enum kind { KIND_UNKNOWN, KIND_NATURAL, KIND_LEGAL, KIND_COUNT };

enum object_type {
	OBJECT_DOMAIN,
	OBJECT_NETWORK,
	OBJECT_SUBSCRIBER,
	OBJECT_SPAM_REPORT,
	/*
	 * EPP objects, "UPSTREAM/id": no submission and no policy names them.
	 */
	OBJECT_CONTACT,
	OBJECT_HOST,
	OBJECT_COUNT,
	OBJECT_SUBMITTED = OBJECT_CONTACT /* those before it are named */
};

/* What the backend asks for: the policy's `request`. */
enum operation {
	OPERATION_CREATE,
	OPERATION_UPDATE,
	OPERATION_RENEW,
	OPERATION_TRANSFER,
	OPERATION_DELETE,
	OPERATION_COUNT
};

/* From most to least strict. */
enum verdict {
	VERDICT_REFUSE,
	VERDICT_HOLD,
	VERDICT_REDACT,
	VERDICT_REPLACE,
	VERDICT_GENERALISE,
	VERDICT_FORWARD,
	VERDICT_COUNT
};

const char *role_name(enum role role);
const char *role_japanese(enum role role);
const char *kind_name(enum kind kind);
const char *object_type_name(enum object_type type);
/* As the ledger and default subjects have it: a contact's is "contact". */
const char *object_role_name(enum object_type type, enum role role);
const char *operation_name(enum operation operation);
const char *verdict_name(enum verdict verdict);

/* Look a word up; false if there is none. */
bool field_find(struct slice name, enum field *out);
bool role_find(struct slice name, enum role *out);
bool kind_find(struct slice name, enum kind *out);
/* Of what a submission or a policy may name: no contact, no host. */
bool object_type_find(struct slice name, enum object_type *out);
bool operation_find(struct slice name, enum operation *out);
bool verdict_find(struct slice name, enum verdict *out);

#endif
