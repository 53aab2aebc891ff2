/*
 * What a record is made of, for record.c and record_merge.c, and for
 * codec/pack.c, which writes it down and reads it back as it was.
 */
#ifndef MISU_RECORD_PRIV_H
#define MISU_RECORD_PRIV_H

#include "core/record.h"

enum { RECORD_CONSENTS_MAX = 64 }; /* in one role */

struct person {
	enum kind kind;
	bool kind_given, subject_given, removed;
	struct slice subject;
	struct consent *consents;
	size_t consent_count, consent_size;
	struct values fields[FIELD_COUNT];
	uint64_t fields_removed; /* bits, by the fields' numbers */
};

struct record {
	struct arena *arena;
	enum object_type type;
	enum operation operation;
	struct slice object, plan, expires;
	struct registration registration;
	struct epp_facts epp;
	struct record_former former;  /* before this update */
	struct record_former latest;  /* the same as the vault keeps it */
	struct record_former waiting; /* before the oldest that may wait */
	const uint64_t *limit; /* NULL: all of it can be told */
	struct person *persons[ROLE_COUNT]; /* NULL: nobody in that role */
};

/* The person in that role, who is brought into being if need be. */
struct person *record_person(
    struct record *record, enum role role, struct fail *fail);

#endif
