/* What stops.c (the database) and stops_clue.c (the hashes) share. */
#ifndef MISU_STOPS_PRIV_H
#define MISU_STOPS_PRIV_H

#include "store/secretly.h"
#include "store/stops.h"

/* By what a person is known. */
enum clue_kind {
	CLUE_SUBJECT = 's',
	CLUE_PLACE = 'o', /* type, object, role */
	CLUE_EMAIL = 'e',
	CLUE_PHONE = 't',
	CLUE_HELD = 'h', /* object, recipient, purpose: no person */
};

struct stops {
	struct sqlite *db;
	uint8_t key[KEY_SIZE]; /* of what stands encrypted */
	struct secretly secret;
	struct digest_key hash_key;
	size_t count;
	uint64_t version;
	/* Open addressing, at most half full; a zero hash is no clue. */
	struct digest *clues;
	size_t clue_count, clue_size;
	/* Of stops that ended, in order: until what they hid is told again. */
	struct digest *ended;
	size_t ended_count;
	struct statement *begin, *commit, *rollback, *add, *remove,
	    *remove_clues, *remove_held, *recorded, *looked_up, *find, *whose,
	    *each, *clue, *all_clues, *hold, *each_held, *set_held, *end_hiding,
	    *move, *shown, *counted, *by_clue, *clues_of;
};

struct digest clue_of(
    const struct stops *stops, enum clue_kind kind, struct slice what);
struct digest clue_of_place(const struct stops *stops, enum object_type type,
    struct slice object, enum role role);

/*
 * The clues of one role of a record: `visit` is called with each, and true
 * from it ends the walk with true.
 */
struct clue_visit {
	bool all; /* also what a given subject makes needless */
	bool (*visit)(void *arg, const struct digest *clue);
	void *arg;
};
bool clue_each(const struct stops *stops, const struct record *record,
    enum role role, const struct clue_visit *visit);

/* The clues of one stop are kept as those of one that ended. */
bool clue_keep_ended(struct stops *stops, int64_t id, struct fail *fail);

/* Read all of the database's into memory. */
bool clue_load(struct stops *stops, struct fail *fail);

#endif
