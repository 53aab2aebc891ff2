/*
 * What the readers of codec/audit_answer.h share: the places of a layout,
 * filled as an answer is read, and the words that servers have for what they
 * do not show or do not have.
 */
#ifndef MISU_AUDIT_PAGE_H
#define MISU_AUDIT_PAGE_H

#include "codec/audit_answer.h"

struct audit_place {
	struct audit_item item;
	struct slice *values;
	size_t count;
	bool is_hidden;	  /* the answer says that it shows no value */
	bool is_replaced; /* the answer says that its value is another's */
};

struct audit_page {
	const struct audit_question *question;
	struct arena *arena;
	struct audit_place *places; /* AUDIT_ITEMS_MAX */
	size_t count;
	bool too_much; /* some limit was passed: the answer is not read */
	bool no_memory;
};

/* False only when out of memory. */
bool audit_page_start(struct audit_page *page,
    const struct audit_question *question, struct arena *arena,
    struct fail *fail);

/* A new place; its number. */
size_t audit_page_place(struct audit_page *page, const struct audit_item *item);

/* Blanks around a value are not its; an empty one is none. */
void audit_page_add(struct audit_page *page, size_t place, struct slice value);
/* More of the last value of a place, after a blank. */
void audit_page_append(
    struct audit_page *page, size_t place, struct slice more);

/* Fills all but the object's name and the text.  False only when out of memory. */
bool audit_page_finish(struct audit_page *page, enum audit_state state,
    struct audit_answer *out, struct fail *fail);

/* --- texts of WHOIS ------------------------------------------------------- */

/* The next line, the last one too if its end is missing; without blanks
 * behind it. */
bool audit_take_line(struct slice *rest, struct slice *line);
struct slice audit_trim(struct slice text);

/* Is it the text, ASCII letters' case aside?  `text` is in small letters. */
bool audit_is_text(struct slice slice, const char *text);

/* What a text says in which no object was found. */
enum audit_state audit_state_of_text(struct slice text);

/* --- the object ----------------------------------------------------------- */

/* AUDIT_FOUND if the answer is about the domain that was asked for. */
enum audit_state audit_state_of_domain(
    struct audit_page *page, struct slice name, struct slice *object);
/*
 * The same for a network from its first to its last address; one around it
 * says that it was not found.
 */
enum audit_state audit_state_of_network(struct audit_page *page,
    struct slice first, struct slice last, struct slice *object);

/* --- layouts -------------------------------------------------------------- */

/* Each reads `text`, which is UTF-8.  False only when out of memory. */
bool audit_read_gtld(struct audit_page *page, struct slice text,
    struct audit_answer *out, struct fail *fail);
bool audit_read_columns(enum audit_layout layout, struct audit_page *page,
    struct slice text, struct audit_answer *out, struct fail *fail);

#endif
