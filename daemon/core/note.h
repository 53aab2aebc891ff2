/*
 * Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint): what is
 * written on a log's front door, and what a verifier is given to check it.
 */
#ifndef MISU_NOTE_H
#define MISU_NOTE_H

#include "base/digest.h"
#include "base/text.h"

enum { NOTE_MAX = 65536 };

struct checkpoint {
	struct slice origin;
	uint64_t size;
	struct digest root;
};

/* Is it a name for a log: not empty, no space, plus or control character? */
bool note_is_origin(struct slice origin);

/* The checkpoint signed with an Ed25519 seed, the origin as key name. */
struct slice note_sign(struct arena *arena,
    const struct checkpoint *checkpoint, const uint8_t seed[KEY_SIZE],
    struct fail *fail);

/* A second line, of another key of the same log; NULL with a fail. */
struct slice note_sign_too(struct arena *arena, struct slice note,
    struct slice origin, const uint8_t seed[KEY_SIZE], struct fail *fail);

/* "<name>+<key id>+<base64 of type and key>": the verifier key. */
struct slice note_verifier_key(struct arena *arena, struct slice name,
    const uint8_t public_key[32], struct fail *fail);

/* What a verifier key says; `name` borrows from `text`. */
bool note_parse_verifier_key(struct slice text, struct arena *arena,
    struct slice *name, uint8_t public_key[32], struct fail *fail);

/* As note_parse_verifier_key(), of a witness: its type is cosignature/v1. */
bool note_parse_witness_key(struct slice text, struct arena *arena,
    struct slice *name, uint8_t public_key[32], struct fail *fail);

/*
 * Read a signed checkpoint.  It must carry a good signature of this key under
 * this origin; lines of keys unknown are skipped.  FAIL_DENIED if it has none.
 */
bool note_open(struct slice note, struct arena *arena, struct slice origin,
    const uint8_t public_key[32], struct checkpoint *out, struct fail *fail);

/* What a note says, whoever signed it or did not; false if it is none. */
bool note_read(
    struct slice note, struct arena *arena, struct checkpoint *out);

/* The text that is signed, without the blank line; NULL: no signed note. */
struct slice note_body(struct slice note);

/*
 * Is this line, without its end, a witness' cosignature of this body?  *time
 * is then when it saw it (Unix seconds).
 */
bool note_is_cosignature(struct slice line, struct slice body,
    struct slice name, const uint8_t public_key[32], uint64_t *time);

/*
 * Has the witness with this verifier key signed the note?  FAIL_DENIED if
 * not.
 */
bool note_check_witness(struct slice note, struct slice verifier_key,
    struct arena *arena, struct fail *fail);

#endif
