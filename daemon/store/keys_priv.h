/*
 * What keys.c (slots, and who has which), keys_root.c (the root secret under
 * the master key) and keys_rotate.c share.
 */
#ifndef MISU_KEYS_PRIV_H
#define MISU_KEYS_PRIV_H

#include "store/keys.h"

enum {
	SLOT_SIZE = 128,
	SLOT_PLAIN = KEY_SIZE + PSEUDONYM_SIZE,
	SLOT_CHUNK = 1024, /* slots made at a time */
	SLOT_SPARE = 256,  /* fewer free ones than this: make more */
	ID_SIZE = 16,	   /* bytes of an id's digest that are kept */
	KEYS_PATH = 1024,
	SLOTS_MAX = 1 << 24
};

struct slot {
	uint8_t key[KEY_SIZE];
	uint8_t pseudonym[PSEUDONYM_SIZE];
	bool forgotten, taken, noted;
};

/* Open addressing; slot 0 is written as 1, so that 0 is an empty place. */
struct place {
	uint8_t id[ID_SIZE];
	uint32_t slot_plus_one;
};

/* What stands under the master key. */
struct root {
	uint64_t sequence;	  /* of the half it stands in */
	uint8_t secret[KEY_SIZE]; /* all keys for one use come from it */
	uint8_t wrap[KEY_SIZE];	  /* signing key and slots are under it */
	int64_t made;		  /* Unix ms the master key came; 0: unknown */
	int64_t confirmed;	  /* a copy was; 0: never */
	bool swaps;		  /* files "*.new" are the true ones */
	bool unrecorded;	  /* no entry tells of the rotation yet */
};

struct signing {
	uint8_t seed[KEY_SIZE], public_key[32];
	uint8_t previous[KEY_SIZE], previous_public[32];
	int64_t made, until; /* Unix ms; until 0: there is no previous one */
};

struct keys {
	struct disk *disk;
	const struct random_source *random; /* NULL: nothing is written */
	struct digest master_wrap, fingerprint;
	struct root root;
	struct signing signing;
	bool broken; /* a rotation failed: what the disk has is not known */
	bool is_settled; /* the newest chunk is durable for certain */
	struct digest_key id_key;
	struct slot *slots;
	uint32_t slot_count, slot_room, next, forgotten;
	struct place *places;
	size_t place_count, place_used;
	char directory[KEYS_PATH], slots_path[KEYS_PATH];
};

/* What a new slot needs of randomness. */
struct fresh {
	uint8_t plain[SLOT_PLAIN];
	uint8_t nonce[NONCE_SIZE];
};

bool keys_fill(struct keys *keys, void *out, size_t len, struct fail *fail);

/* A key for one use from a secret. */
void keys_derive_from(
    const uint8_t secret[KEY_SIZE], const char *use, uint8_t out[KEY_SIZE]);

/* `wrap` may be NULL: the key that the cipher had before. */
bool keys_slot_make(const uint8_t *wrap, struct digest_cipher *cipher,
    uint32_t number, const struct fresh *fresh, uint8_t record[SLOT_SIZE]);

/* --- keys_root.c --- */

/* FAIL_DENIED if the file is there and this master key opens neither half. */
bool keys_root_load(struct keys *keys, struct arena *arena, struct fail *fail);
bool keys_root_create(struct keys *keys, struct fail *fail);
/* Durable when it returns true; what stood there before is overwritten. */
bool keys_root_write(struct keys *keys, struct fail *fail);

bool keys_signing_load(
    struct keys *keys, struct arena *arena, struct fail *fail);
/* Under `wrap`, to a file of this name beside the others; not yet in use. */
bool keys_signing_write(struct keys *keys, const struct signing *signing,
    const uint8_t wrap[KEY_SIZE], const char *name, struct fail *fail);

/* --- keys_rotate.c --- */

/* Bring a rotation that was cut short to its end, or take it back. */
bool keys_settle(struct keys *keys, struct arena *arena, struct fail *fail);

/* "slots" or, for who only looks while it changes places, "slots.new". */
const char *keys_file(
    const struct keys *keys, const char *name, struct arena *arena);

#endif
