/*
 * What the files that make EPP frames share; nothing else includes this.
 */
#ifndef MISU_EPP_FRAME_PRIV_H
#define MISU_EPP_FRAME_PRIV_H

#include "base/text.h"
#include "codec/epp_frame.h"
#include "codec/splice.h"

#define EPP_DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define EPP_ROOT EPP_DECLARATION "<epp xmlns=\"" EPP_SPACE "\">"

/* --- epp_frame.c --- */

/* What a frame that is made from another goes without. */
enum {
	FRAME_UNREAD = 1,     /* comments, and what else was not read */
	FRAME_EXTENSIONS = 2, /* those that do not pass; else misu's only */
};

/*
 * Extensions, comments and clTRID, as every command has them.  `cut` is a bit
 * for each extension that is to go whatever the manner says.
 */
void epp_frame_common(struct splices *splices,
    const struct epp_command *command, const struct epp_manner *manner,
    unsigned how, unsigned cut);

static inline bool
epp_frame_is_there(struct xml_span span)
{
	return span.at != span.end;
}

/* The free text of a status was not read: it could be anything. */
void epp_frame_cut_status_texts(
    struct splices *splices, const struct epp_command *command);

/* Does any extension stay? */
bool epp_frame_extended(const struct epp_command *command,
    const struct epp_manner *manner, unsigned cut);

bool epp_frame_passes_space(
    const struct epp_manner *manner, struct slice space);

/* False with a fail if memory ran out. */
bool epp_frame_finish(
    struct splices *splices, struct slice *out, struct fail *fail);

/* NULL with a fail if `bytes` has no data. */
struct epp_plain *epp_frame_as_plain(
    struct slice bytes, struct arena *arena, struct fail *fail);

/* As written before the name of the element that begins at the span. */
struct slice epp_frame_prefix(struct slice text, struct xml_span whole);

/* The element that begins there; XML_NONE if there is none. */
uint32_t epp_frame_find(
    const struct xml_document *document, struct xml_span whole);

/* --- epp_frame_put.c: pieces of contacts, from a disclosure only --- */

/* Whose values, and how they are written. */
struct epp_writer {
	const struct disclosure *disclosure;
	enum role role;
	const struct epp_manner *manner;
	struct arena *arena;
	struct fail *fail;
};

struct values epp_writer_values(
    const struct epp_writer *writer, enum field field);
bool epp_writer_passes(const struct epp_writer *writer, enum field field);

/* May the recipient have a value, as far as is known? */
bool epp_writer_may_hold(const struct epp_writer *writer, enum field field);

/* Must it lose what it may have of this? */
bool epp_writer_loses(const struct epp_writer *writer, enum field field);

/* Does another value pass now than the one that the recipient may have? */
bool epp_writer_lowers(const struct epp_writer *writer, enum field field);

/* A field of a postalInfo in its form. */
enum field epp_field_form(enum field loc, bool is_loc);

/* Does anything that only this form has pass? */
bool epp_writer_form_passes(const struct epp_writer *writer, bool loc);

/* What passes, else the placeholder; data NULL with FAIL_INPUT. */
struct slice epp_writer_demand(
    const struct epp_writer *writer, enum field field);
bool epp_writer_has_placeholder(
    const struct epp_writer *writer, enum field field);

/* Escaped, borrowed where there is nothing to escape. */
struct slice epp_escape(struct arena *arena, struct slice value);

/* <prefix:name>value</prefix:name>, the value escaped. */
void epp_put(struct text *out, struct slice prefix, const char *name,
    struct slice value);
void epp_put_open(struct text *out, struct slice prefix, const char *name);
void epp_put_close(struct text *out, struct slice prefix, const char *name);
void epp_put_empty(struct text *out, struct slice prefix, const char *name);

/* Whole <addr>, <postalInfo>, <voice> or <fax>, of all that passes. */
bool epp_put_address(const struct epp_writer *writer, struct text *out,
    struct slice prefix, bool loc);
void epp_put_number(const struct epp_writer *writer, struct text *out,
    struct slice prefix, enum field field);

/* --- disclose: bits of the nine things it can name --- */

enum { STATED_COUNT = 9 };

struct epp_statement {
	unsigned hidden, shown; /* what passes, by whether it may be seen */
};

struct epp_statement epp_state(const struct epp_writer *writer);

/*
 * What the registry has to be told; empty if nothing.  `whole`: an earlier
 * statement is to be replaced, whatever it said.
 */
struct slice epp_put_disclose(const struct epp_writer *writer,
    struct slice prefix, struct epp_statement statement, bool whole);

/* The field that must not be seen although the registry cannot hide it. */
bool epp_state_unsaid(const struct epp_writer *writer, enum field *field);

/* What a <disclose> of the backend wants hidden. */
unsigned epp_state_wishes(const struct xml_document *document,
    uint32_t disclose, bool publishes, struct arena *arena);

/* --- epp_frame_contact.c and epp_frame_update.c --- */

/*
 * What may stand in a create or a <chg>, in the schema's order.  Pieces that
 * the frame did not have are gathered by their rank and put in before the
 * next thing that it has.
 */
enum rank {
	RANK_POSTAL,
	RANK_VOICE,
	RANK_FAX,
	RANK_EMAIL,
	RANK_AUTH,
	RANK_DISCLOSE,
	RANK_COUNT
};

struct epp_contact_maker {
	struct epp_writer writer;
	const struct epp_command *command;
	const struct epp_contact *contact;
	bool update;
	bool empty; /* nothing is left of the update */
	bool dropped[EPP_POSTALS_MAX];
	size_t streets[EPP_POSTALS_MAX]; /* of a postalInfo, passed by */
	unsigned cut;			 /* extensions that are to go */
	uint64_t mentioned[2];		 /* FIELD_BITs; [1]: of loc postals */
	struct slice pieces[RANK_COUNT];
	struct splices splices; /* last: it needs no zeros */
};

/*
 * The policy's word on who may see what, and the backend's where it is
 * stricter, as a piece; the backend's own is cut.
 */
bool epp_contact_put_disclose(
    struct epp_contact_maker *maker, struct slice prefix);
void epp_contact_put_pieces(
    struct epp_contact_maker *maker, const struct xml_element *parent);

/* May the registry hold anything that stands in this form only? */
bool epp_contact_has_form(const struct epp_contact_maker *maker, bool loc);

/* Add to an update what it does not say and must. */
bool epp_contact_complete(
    struct epp_contact_maker *maker, const struct xml_element *object);

#endif
