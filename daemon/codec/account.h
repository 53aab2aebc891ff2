/*
 * The record of provision as it is handed to a subject: plain text, a page of
 * HTML that needs nothing besides itself and prints on A4, or JSON; in
 * Japanese or English.  Nothing of it is a value but where values are given.
 */
#ifndef MISU_ACCOUNT_H
#define MISU_ACCOUNT_H

#include "core/provided.h"

/* Its days are those of Japan: minutes east. */
enum { ACCOUNT_ZONE = 9 * 60 };

enum account_language { ACCOUNT_JAPANESE, ACCOUNT_ENGLISH, ACCOUNT_LANGUAGES };

/* What is held of the subject now, where it was asked for. */
struct account_value {
	enum object_type type;
	struct slice object;
	enum role role;
	enum field field;
	struct slice value;
};

struct account {
	const struct provided_result *provided;
	enum account_language language;
	struct slice subject;	/* the id that was asked for; may be empty */
	struct slice pseudonym; /* hex */
	bool is_forgotten;	/* names of objects are gone for good */
	bool has_names;		/* names of objects could be read */
	int64_t made;		/* Unix ms */
	uint64_t ledger;	/* entries that the ledger had */
	uint64_t minimum;	/* those before this one were pruned */
	const struct account_value *values;
	size_t value_count;
	bool has_values; /* they were asked for */
};

/* {NULL, 0} when out of memory. */
struct slice account_text(const struct account *account, struct arena *arena);
struct slice account_html(const struct account *account, struct arena *arena);
struct slice account_json(const struct account *account, struct arena *arena);

#endif
