/*
 * What the layouts of JPRS and JPNIC share: a label in brackets, padded to 32
 * columns by display width, and a value.
 */
#ifndef MISU_WHOIS_COLUMNS_H
#define MISU_WHOIS_COLUMNS_H

#include "base/text.h"
#include "codec/publication.h"

enum { WHOIS_COLUMN = 32 };

/* The offset of Japan, in minutes: all their dates are in its time. */
enum { WHOIS_JST = 9 * 60 };

/* What follows the label where there is no value. */
enum whois_empty {
	EMPTY_PADDED, /* blanks up to the column */
	EMPTY_BLANK,  /* and one more, as JPRS does for single values */
	EMPTY_BARE,   /* nothing */
	EMPTY_LEFT_OUT
};

/* A label in both languages: the Japanese one where they differ. */
struct whois_label {
	const char *japanese, *english; /* NULL: no such line */
};

void whois_put(struct text *text, const char *label, struct slice value,
    enum whois_empty empty);
void whois_put_values(struct text *text, const char *label,
    struct values values, enum whois_empty empty);

/* "2026/04/01"; empty for 0. */
struct slice whois_day(char out[DATE_SIZE], int64_t time);
/* "2026/04/01 01:03:07" and what follows it. */
struct slice whois_moment(
    char out[DATE_SIZE + 8], int64_t time, const char *zone);

/* A contact behind its handle, without what stands around it. */
void whois_contact(struct text *text, const struct publication *it,
    enum role role, bool english);

/* The values of an item that is published; none otherwise. */
struct values whois_shown(struct publication_item item);

/*
 * The registrant's values of a field, `english` or Japanese; where it is
 * hidden, in this form or for want of it in the other, what stands for it,
 * which `room` keeps.
 */
struct values whois_or_hidden(const struct publication *it, enum field field,
    enum field other, bool english, struct slice *room);

/* A telephone number as Japan writes it: digits, a 0 in place of +81. */
struct slice whois_phone(char out[40], struct values values);

/*
 * Kinds of organisations as JPRS words them in its two languages: the English
 * word for the Japanese one, and back; empty where none is known.
 */
struct slice whois_type_english(struct slice japanese);
struct slice whois_type_japanese(struct slice english);

#endif
