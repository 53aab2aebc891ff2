#include "store/seal_priv.h"

#include "core/canon.h"
#include "core/tree.h"
#include "store/acknowledgement_priv.h"
#include "store/ledger.h"

struct sealed {
	uint64_t index;
	struct digest leaf;
	struct slice recipient, payload;
};

struct sealed *
seal_make(struct arena *arena, uint64_t index, const struct digest *leaf,
    struct slice recipient, struct slice payload)
{
	struct sealed *sealed = arena_take(arena, sizeof(*sealed));

	if (sealed == NULL)
		return NULL;
	sealed->index = index;
	sealed->leaf = *leaf;
	sealed->recipient = recipient;
	sealed->payload = payload;
	return sealed;
}

uint64_t
sealed_index(const struct sealed *sealed)
{
	return sealed->index;
}

const struct digest *
sealed_leaf(const struct sealed *sealed)
{
	return &sealed->leaf;
}

struct slice
sealed_recipient(const struct sealed *sealed)
{
	return sealed->recipient;
}

struct slice
sealed_payload(const struct sealed *sealed)
{
	return sealed->payload;
}

/* As the entry has it; false if its subject was forgotten. */
static bool
payload_digest(const struct ledger *ledger, struct slice entry,
    struct slice payload, struct digest *out)
{
	struct digest keyed = ledger_payload_digest(ledger, payload);
	uint8_t secret[KEY_SIZE];
	struct digest_key key;
	struct slice object;
	int64_t slot;

	if (!canon_member(entry, "object", &object) ||
	    !canon_get_number(object, "slot", &slot) || slot < 0 ||
	    slot > UINT32_MAX ||
	    !keys_slot(ledger_keys(ledger), (uint32_t)slot, secret))
		return false;
	digest_key_set(&key, secret);
	*out = entry_payload(&key, &keyed);
	digest_wipe(secret, sizeof(secret));
	digest_wipe(&key, sizeof(key));
	return true;
}

/* Does the entry say that exactly these bytes may go? */
static bool
covers(const struct ledger *ledger, struct slice entry, struct slice payload,
    struct arena *arena)
{
	struct slice type, text, bytes;
	struct digest digest;

	return payload_digest(ledger, entry, payload, &digest) &&
	    canon_get_string(entry, "type", arena, &type) &&
	    slice_is(type, "disclosure") &&
	    canon_get_string(entry, "payload", arena, &text) &&
	    text_base64_decode(arena, text, &bytes) &&
	    bytes.len == DIGEST_SIZE &&
	    digest_equal(&digest, (const struct digest *)bytes.data);
}

struct sealed *
seal_restore(struct ledger *ledger, struct arena *arena, uint64_t index,
    const struct digest *leaf, struct slice payload, struct fail *fail)
{
	struct slice entry, recipient;
	struct digest found;
	struct sealed *sealed;

	if (index >= ledger_size(ledger)) {
		fail_set(fail, FAIL_WORLD, "the ledger has no entry %llu",
		    (unsigned long long)index);
		return NULL;
	}
	if (!ledger_read(ledger, index, arena, &entry, fail))
		return NULL;
	found = tree_leaf(entry);
	if (!digest_equal(&found, leaf)) {
		fail_set(fail, FAIL_DENIED, "entry %llu is another one",
		    (unsigned long long)index);
		return NULL;
	}
	if (!covers(ledger, entry, payload, arena) ||
	    !canon_get_string(entry, "recipient", arena, &recipient)) {
		fail_set(fail, FAIL_DENIED,
		    "entry %llu does not cover these bytes",
		    (unsigned long long)index);
		return NULL;
	}
	payload = arena_copy(arena, payload);
	sealed = payload.data == NULL
	    ? NULL
	    : seal_make(arena, index, leaf, recipient, payload);
	if (sealed == NULL)
		fail_memory(fail);
	return sealed;
}

struct draft {
	struct slice recipient, payload;
	struct digest digest;
};

struct draft *
seal_draft(struct arena *arena, struct slice recipient, struct slice payload,
    struct fail *fail)
{
	struct draft *draft = arena_take(arena, sizeof(*draft));

	if (draft != NULL) {
		draft->recipient = arena_copy(arena, recipient);
		draft->payload = arena_copy(arena, payload);
	}
	if (draft == NULL || draft->recipient.data == NULL ||
	    draft->payload.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	draft->digest = digest_sha256(draft->payload);
	return draft;
}

const struct digest *
draft_digest(const struct draft *draft)
{
	return &draft->digest;
}

struct sealed *
seal_acknowledged(struct arena *arena,
    const struct acknowledgement *acknowledgement, const struct draft *draft,
    struct fail *fail)
{
	struct sealed *sealed;

	if (!digest_equal(&draft->digest, &acknowledgement->payload)) {
		fail_set(fail, FAIL_WORLD,
		    "entry %llu was acknowledged for other bytes",
		    (unsigned long long)acknowledgement->index);
		return NULL;
	}
	sealed = seal_make(arena, acknowledgement->index,
	    &acknowledgement->leaf, draft->recipient, draft->payload);
	if (sealed == NULL)
		fail_memory(fail);
	return sealed;
}
