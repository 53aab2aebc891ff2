/*
 * Answers to those who have a token: what the publisher asks the keeper for
 * them, and what it is answered.  A message is a letter and a line of words;
 * an answer's has the bytes to be told behind it (codec/view.h).  The carrier
 * frames the messages (net/wire_stream.h).
 *
 *	q7 TOKEN domain 192.0.2.1/32 example.jp		from the publisher
 *	q8 TOKEN domain 192.0.2.1/32 example.jp AB123	its contact alone
 *	a7 told 1234\n{"name":"example.jp", ...		from the keeper
 *	a7 expired
 *	e7 sent						from the publisher
 *
 * TOKEN is the SHA-256 of the token, in hex: the token itself never travels.
 */
#ifndef MISU_TIER_H
#define MISU_TIER_H

#include "base/digest.h"
#include "base/prefix.h"
#include "base/text.h"
#include "core/field.h"

enum {
	TIER_QUESTION = 'q',
	TIER_ANSWER = 'a',
	TIER_END = 'e',
	TIER_LINE_MAX = 512,	 /* bytes of a line */
	TIER_OBJECT_MAX = 255,	 /* of an object's name */
	TIER_HANDLE_MAX = 64,
	TIER_BYTES_MAX = 1 << 20 /* of what is told */
};

enum tier_result {
#define TIER(id, word, status, error, title, english, japanese) TIER_##id,
#include "codec/tier.tbl"
#undef TIER
	TIER_RESULTS
};

struct tier_wording {
	const char *word;
	int status;	   /* of HTTP */
	const char *error; /* of RFC 6750, or "" */
	const char *title, *english, *japanese;
};
const struct tier_wording *tier_wording(enum tier_result result);

struct tier_question {
	uint64_t number; /* the publisher's own */
	struct digest token;
	enum object_type type; /* a domain or a network */
	struct prefix address; /* the asker's block */
	struct slice object;   /* canonical */
	struct prefix network; /* the object, where it is one */
	struct slice handle;   /* of the contact that is asked for; or empty */
};

struct tier_answer {
	uint64_t number;
	enum tier_result result;
	uint64_t entry;	    /* TOLD: of the ledger */
	struct slice bytes; /* TOLD */
};

/* How much of what was told left for whoever asked. */
enum tier_left {
	TIER_LEFT_ALL,
	TIER_LEFT_NONE,
	TIER_LEFT_PART, /* nobody knows how much was heard */
	TIER_LEFT_COUNT
};
/* As the ledger's outcome has it: "sent", "not-sent", "unknown". */
const char *tier_left_word(enum tier_left left);

struct tier_end {
	uint64_t number;
	enum tier_left left;
};

/* Without the letter; false without memory. */
bool tier_write_question(
    struct text *out, const struct tier_question *question);
bool tier_write_answer(struct text *out, const struct tier_answer *answer);
bool tier_write_end(struct text *out, const struct tier_end *end);

/* False: it is none.  What is read borrows from the message. */
bool tier_read_question(struct slice message, struct tier_question *out);
bool tier_read_answer(struct slice message, struct tier_answer *out);
bool tier_read_end(struct slice message, struct tier_end *out);

/*
 * The token of "Bearer TOKEN", as RFC 6750 section 2.1 has it: false if it is
 * nothing of the kind.
 */
enum { TIER_TOKEN_MAX = 128 };
bool tier_find_token(struct slice header, struct slice *token);

#endif
