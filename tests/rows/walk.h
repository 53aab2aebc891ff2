/*
 * What the walks of rows.tbl share: the shipped configuration, both revisions
 * of its policy, records with a value of its own in every field of every
 * role, and the text that the row's recipient should get.
 */
#ifndef MISU_TESTS_ROWS_WALK_H
#define MISU_TESTS_ROWS_WALK_H

#include "conf.h"
#include "core/decide.h"
#include "rows/table.h"

enum { REVISIONS = 2 };

/* Canaries, in each value that the row does not name; and the others' mark. */
#define LETTERS "xqjzvk"
#define DIGITS "904172"
#define NAMED_LETTERS "amdfrl"
#define NAMED_DIGITS "355500"

/* Values that the row does not name differ between the two. */
enum { SEED_ONE = 1, SEED_TWO = 2 };

struct walk {
	struct arena *arena;
	struct rows *rows;
	struct conf *conf;
	struct ruleset *rulesets[REVISIONS];
};

/* What the row's recipient, or the one it is behind, was decided to get. */
struct expected {
	const struct disclosure *disclosure;
	const struct recipient *recipient; /* who is reached: the chain's first */
	size_t onward; /* 0, or 1 + the place in the chain behind */
	struct slice text;
};

struct walk *walk_open(void);
void walk_close(struct walk *walk);

struct slice walk_read(struct arena *arena, const char *path);

/* Every field of every role; those outside `row` hold a canary. */
struct record *walk_record(struct arena *arena, const struct row *row,
    struct slice object, unsigned who, unsigned seed);

/* Decide for the one misu itself reaches, and find the row's recipient. */
struct expected walk_decide(struct arena *arena, const struct ruleset *ruleset,
    const struct row *row, const struct record *record);

/* How misu.conf has the recipient reached. */
const struct conf_recipient *walk_way(
    const struct walk *walk, const struct recipient *recipient);

/* The text that its template, or the work item, makes. */
struct slice walk_render(
    struct arena *arena, const struct walk *walk, const struct expected *got);

#endif
