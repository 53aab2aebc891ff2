/*
 * What the files that read EPP share: one reading of a command, a walk over
 * an element's children in the schema's order, and values by their XSD types.
 * Functions that return bool return false once a problem is set.
 */
#ifndef MISU_EPP_PRIV_H
#define MISU_EPP_PRIV_H

#include "codec/epp.h"

struct epp_reader {
	struct arena *arena;
	struct xml_document *document;
	struct epp_command *command;
	struct epp_problem *problem;
	struct fail *fail;
};

/* Say why, with the place of `element`; false always. */
bool epp_refuse(
    struct epp_reader *r, unsigned code, uint32_t element, const char *what);
/* The same with a place in the text. */
bool epp_refuse_at(
    struct epp_reader *r, unsigned code, uint32_t at, const char *what);
/* 2003; the place is the name. */
bool epp_missing(struct epp_reader *r, const char *name);
bool epp_no_memory(struct epp_reader *r);

/* The children of one element that are in its namespace, one by one. */
struct epp_walk {
	struct epp_reader *r;
	uint32_t parent, at, space;
};

struct epp_walk epp_walk(struct epp_reader *r, uint32_t parent);
/*
 * The next child if it is called so, else XML_NONE.  Here, so that a name is
 * compared as the few bytes it is.
 */
static inline uint32_t
epp_take(struct epp_walk *walk, const char *name)
{
	uint32_t at = walk->at;
	const struct xml_element *e;

	if (at == XML_NONE)
		return XML_NONE;
	e = &walk->r->document->elements[at];
	if (e->space != walk->space || !slice_is(e->name, name))
		return XML_NONE;
	walk->at = e->next;
	return at;
}
/* The next child must be called so. */
bool epp_need(struct epp_walk *walk, const char *name, uint32_t *out);
/* There must be no other child. */
bool epp_end(struct epp_walk *walk);

/*
 * Only these attributes may stand there (NULL: none), and the
 * xsi:schemaLocation of a validating client.
 */
bool epp_check_attributes(
    struct epp_reader *r, uint32_t element, const char *a, const char *b);
static inline bool
epp_attributes(
    struct epp_reader *r, uint32_t element, const char *a, const char *b)
{
	return r->document->elements[element].attribute_count == 0 ||
	       epp_check_attributes(r, element, a, b);
}
/* No children, no text, no attributes. */
bool epp_empty(struct epp_reader *r, uint32_t element);

/*
 * Text of `min` to `max` characters.  A line has no tabs or line ends, and a
 * token no white space at its ends or twice in it: XML Schema would have a
 * receiver change these, and not every one does.
 */
bool epp_line(struct epp_reader *r, uint32_t element, size_t min, size_t max,
    struct slice *out);
bool epp_token(struct epp_reader *r, uint32_t element, size_t min, size_t max,
    struct slice *out);
/* The same of an attribute: empty if it is absent. */
bool epp_attribute_token(struct epp_reader *r, uint32_t element,
    const char *name, struct slice *out);
/* One of the words of a NULL-ended list, which must be there. */
bool epp_attribute_word(struct epp_reader *r, uint32_t element,
    const char *name, const char *const *words, size_t *index);
/* "true", "false", "1" or "0", as XML Schema has it. */
bool epp_attribute_flag(
    struct epp_reader *r, uint32_t element, const char *name, bool *out);

struct slice epp_prefix(const struct xml_document *document, uint32_t element);
struct xml_span epp_nowhere(uint32_t at);

/*
 * <authInfo>: a password, into `out` unless that is NULL; with `null`, nothing
 * too.  `ext` is 2102.
 */
bool epp_read_auth(
    struct epp_reader *r, uint32_t element, bool null, struct slice *out);
/* Any number of <status>, at most `max`; each is noted unless that is NULL. */
bool epp_read_statuses(struct epp_walk *walk, unsigned max,
    void (*note)(void *arg, struct slice status), void *arg);
bool epp_read_period(struct epp_reader *r, uint32_t element);
/* A host's or domain's name, made canonical. */
bool epp_read_name(struct epp_reader *r, uint32_t element, struct slice *out);
bool epp_make_name(struct epp_reader *r, uint32_t element, struct slice text,
    struct slice *out);

bool epp_read_login(struct epp_reader *r, uint32_t element);
bool epp_read_contact(struct epp_reader *r, uint32_t object);
bool epp_read_domain(struct epp_reader *r, uint32_t object);
bool epp_read_host(struct epp_reader *r, uint32_t object);
/* An address as host:addrType has it. */
bool epp_read_address(
    struct epp_reader *r, uint32_t element, struct slice *out);
/* check, info, delete, renew and transfer. */
bool epp_read_ids(struct epp_reader *r, uint32_t object);
/* The extensions that misu understands. */
bool epp_read_hints(struct epp_reader *r, uint32_t element);
bool epp_read_additional(
    struct epp_reader *r, uint32_t element, struct epp_contact *contact);
bool epp_read_login_security(
    struct epp_reader *r, uint32_t element, struct epp_login *login);
/* Of a login: what <pw> points to must be there. */
bool epp_check_passwords(struct epp_reader *r);

/* The field of an element of postalInfo or addr. */
bool epp_postal_field(struct slice name, bool loc, enum field *out);

/* For what registries send: the first child {parent's space}name. */
uint32_t epp_child(
    const struct xml_document *document, uint32_t parent, const char *name);

#endif
