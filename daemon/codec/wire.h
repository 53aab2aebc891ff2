/*
 * The messages between a worker and the keeper (net/keeper_link.h): version,
 * type, then fields of fixed width or with their length before them, all
 * little-endian.  Reading checks every length, count and word against the
 * limits here and wants no byte left over; what is read borrows from the
 * message.  The carrier frames the messages.
 */
#ifndef MISU_WIRE_H
#define MISU_WIRE_H

#include "base/digest.h"
#include "base/text.h"
#include "core/decide.h"
#include "core/record.h"

enum {
	WIRE_VERSION = 1,
	WIRE_OBJECTS_MAX = 80,	 /* of one fetch */
	WIRE_ENTRIES_MAX = 4096, /* of one hello or acknowledgement */
	WIRE_NAME_MAX = 1023,	 /* bytes of a name */
	WIRE_RECORD_MAX = 1
			  << 20, /* of a packed record, a question, an answer */
	WIRE_REGISTERED_MAX = 4096, /* of what a registry said of an object */
	WIRE_MESSAGE_MAX = 16 << 20,
};

enum wire_type {
	/* from the worker */
	WIRE_HELLO,
	WIRE_FETCH,
	WIRE_COMMIT,
	WIRE_OUTCOME,
	WIRE_DELIVERED,
	WIRE_ANSWER,
	/* from the keeper */
	WIRE_SETUP,
	WIRE_FETCHED,
	WIRE_COMMITTED,
	WIRE_NOTED, /* outcomes that are durable */
	WIRE_DELIVER,
	WIRE_ASK,
	WIRE_TYPE_COUNT
};

/* How many words the enums of net/keeper_link.h and net/channel.h have. */
enum {
	WIRE_STORES = 5,
	WIRE_WORDS = 6,
	WIRE_ENDS = 4,
	WIRE_DELIVERIES = 7,
};

struct wire_object {
	enum object_type type;
	struct slice name;
};

/* Written from the record where there is one, else from its bytes. */
struct wire_record {
	const struct record *record;
	struct slice packed; /* empty: none */
};

/* Entries or outcomes by their numbers, 64 bits each as they travel. */
struct wire_numbers {
	struct slice bytes;
};

struct wire_fetch {
	uint64_t number;
	size_t count;
	struct wire_object objects[WIRE_OBJECTS_MAX];
};

struct wire_held {
	struct wire_record current, proposed;
	bool in_doubt; /* for what is proposed no answer is awaited */
};

struct wire_fetched {
	uint64_t number;
	uint64_t seen; /* how much had changed when this was read */
	struct fail fail;
	size_t count;
	struct wire_held held[WIRE_OBJECTS_MAX];
};

struct wire_commit {
	uint64_t link, number; /* both together: the request id */
	struct digest policy, setup;
	bool in_scope; /* decide_contact(), else decide() for `block` */
	uint32_t block;
	struct decide_scope scope; /* `places` points to `places` when read */
	struct decide_place places[PLACES_MAX];
	struct decide_given given; /* `limit` points to `limits` when read */
	uint64_t limits[ROLE_COUNT];
	struct shown linked; /* given.link points to it when read */
	uint64_t verdicts; /* verdicts_digest() */
	bool has_payload;
	struct digest payload; /* SHA-256 */
	struct slice upstream, channel, principal;
	unsigned store;
	int64_t approval;
	uint64_t seen; /* of the fetch it was judged by; 0: none */
	struct wire_record record, stored;
};

struct wire_committed {
	uint64_t number;
	struct fail fail;
	unsigned word;
	bool is_sealed;
	int64_t id;
	uint64_t entry;
	struct digest leaf, payload;
};

struct wire_outcome {
	uint64_t number, entry; /* UINT64_MAX: of no entry */
	unsigned end, store;
	uint32_t code;
	struct wire_object object;
	struct slice registered; /* packed; empty: nothing was said */
};

struct wire_deliver {
	int64_t id;
	bool again;
	uint64_t entry; /* what covers the payload */
	struct digest leaf, sha256;
	struct slice upstream, recipient, payload;
};

struct wire_delivered {
	int64_t id;
	unsigned delivery;
	struct fail fail;
};

struct wire_ask {
	int64_t id;
	struct slice verb, text;
};

struct wire_answer {
	int64_t id;
	uint32_t status;
	bool last;
	struct slice body;
};

struct wire_message {
	enum wire_type type;
	union {
		struct wire_numbers hello, noted;
		struct slice setup;
		struct wire_fetch fetch;
		struct wire_fetched fetched;
		struct wire_commit commit;
		struct wire_committed committed;
		struct wire_outcome outcome;
		struct wire_deliver deliver;
		struct wire_delivered delivered;
		struct wire_ask ask;
		struct wire_answer answer;
	} of;
};

/*
 * Append a message to `out`, which must be empty.  False if memory ran out
 * or, with FAIL_INPUT, if a part is longer than it may be.
 */
bool wire_write(
    struct text *out, const struct wire_message *message, struct fail *fail);

/* False: no message.  `out` points into itself, so it is not to be copied. */
bool wire_read(struct slice message, struct wire_message *out);

void wire_add_number(struct text *numbers, uint64_t number);
size_t wire_count(const struct wire_numbers *numbers);
uint64_t wire_number(const struct wire_numbers *numbers, size_t index);

/* "epp-" and 32 hex digits: how the ledger knows a request of a worker. */
enum { WIRE_REQUEST = 36 };
void wire_request(const struct wire_commit *commit, char out[WIRE_REQUEST]);
bool wire_is_request(struct slice request);

#endif
