/*
 * What the files of the index share: index.c (the file, reading),
 * index_add.c (terms of entries), index_span.c (the span that fills) and
 * index_forget.c.
 */
#ifndef MISU_INDEX_PRIV_H
#define MISU_INDEX_PRIV_H

#include "store/index.h"
#include "store/sqlite.h"

enum {
	SPAN_BITS = 16,
	BUNDLES = 256, /* a span */
	CLASS_SHIFT = 59,
	SHAPE_SHIFT = 43, /* above it 12 bits of the recipient, 4 of the role */
	OUTCOMES_SIZE = 4 * BUNDLES, /* a bundle's row of outcomes */
	TIMES_SIZE = 16 * BUNDLES,
	SAID_MAX = 64, /* words of outcomes; misu writes a dozen */
};

/* The entries of the open span that have one term, rising. */
struct set {
	int64_t term;
	uint32_t count, room; /* room 0: they stand in `few` */
	bool is_dirty;
	union {
		uint16_t few[4];
		uint16_t *many;
	} of;
};

/* The span that fills, in memory. */
struct span {
	uint64_t number;
	uint64_t load; /* counted: numbers of sets are this one's */
	struct set *sets;
	uint32_t set_count, set_room;
	uint32_t *places; /* open addressing; 1 + number of a set */
	uint32_t place_count;
	uint32_t
	    said[SAID_MAX]; /* numbers of the first sets of INDEX_OUTCOME */
	uint32_t said_count;
	struct index_times times;
	uint32_t outcomes[BITS_COUNT]; /* distance of the latest; 0: none */
	bool outcomes_dirty[BUNDLES];
	bool is_dirty;
};

/* A word or shape of the dictionary. */
struct word {
	struct word *next;
	uint64_t hash;
	int64_t term;
	uint64_t newest; /* span that has it, plus one, as it was written */
	size_t len;
	enum index_class class;
	char bytes[];
};

enum { WORD_HEADS = 16384 };

/*
 * Sets of the terms that follow from what was decided and for whom: the numbers
 * that canon_known_take() gave for it, and the recipient.
 */
struct decided {
	uint64_t fields, onward; /* `fields` 0: empty */
	uint64_t load;		 /* of the span */
	size_t recipient_len;
	char recipient[64];
	unsigned count;
	uint32_t sets[INDEX_TERMS_MAX];
};

enum { DECIDED = 64 };

struct index {
	char path[1024];
	struct sqlite *sqlite;
	struct digest log;
	uint64_t next;
	struct digest last; /* SHA-256 of the last entry */
	/* The last one that was added; its digest is made at the commit. */
	struct {
		char *data;
		size_t len, room;
	} entry;
	bool is_writing;    /* a transaction is open */
	struct span *span;  /* NULL for readers */
	uint64_t loads;	    /* of spans, so far */
	struct word *words[WORD_HEADS];
	size_t word_count;
	struct decided decided[DECIDED];
	struct arena *arena;
	struct {
		struct statement *post, *posts, *put, *drop, *name, *names,
		    *put_name, *times, *put_times, *outcomes, *put_outcomes,
		    *meta, *put_meta;
	} do_;
};

bool index_write_begin(struct index *index, struct fail *fail);

/* It is the last one now. */
bool index_note_last(
    struct index *index, struct slice entry, struct fail *fail);

/* The term of a word or shape that the open span has; noted as such. */
bool index_use_word(struct index *index, enum index_class class,
    struct slice bytes, int64_t *term, struct fail *fail);

/* A row of another span than the open one: its set, none where absent. */
bool index_get_row(struct index *index, uint64_t span, int64_t term,
    struct bits *out, struct fail *fail);
bool index_put_row(struct index *index, uint64_t span, int64_t term,
    const struct bits *bits, struct fail *fail);

/* How far the latest outcome of each entry of a bundle is; 0: none. */
bool index_read_outcomes(
    struct index *index, uint64_t bundle, uint32_t out[256], struct fail *fail);

/* --- index_span.c --- */

/* From the file. */
bool span_load(struct index *index, uint64_t number, struct fail *fail);
bool span_write(struct index *index, struct fail *fail);
void span_free(struct span *span);
/* The number of a term's set, which is made if there is none. */
bool span_find(
    struct span *span, int64_t term, uint32_t *set, struct fail *fail);
bool span_put(struct span *span, uint32_t set, unsigned at, struct fail *fail);
/* Both in one. */
bool span_set(struct span *span, int64_t term, unsigned at, struct fail *fail);
/* The entry has no outcome, whatever was said. */
void span_unsay(struct span *span, unsigned at);

static inline int64_t class_first(enum index_class class)
{
	return (int64_t)((uint64_t) class << CLASS_SHIFT);
}

static inline enum index_class
class_of(int64_t term)
{
	return (enum index_class)((uint64_t)term >> CLASS_SHIFT);
}

#endif
