/*
 * What one request writes: entries and the vault's record are made here,
 * where the request is at hand; ledger.c gives them their numbers.
 */
#include "store/ledger_priv.h"

#include "base/text.h"

enum { SUBJECT_ID = 400 };

struct batch *
ledger_begin(struct ledger *ledger, struct arena *arena, struct fail *fail)
{
	struct batch *batch = arena_take(arena, sizeof(*batch));

	if (ledger->stopped.kind != FAIL_NONE) {
		if (fail->kind == FAIL_NONE)
			*fail = ledger->stopped;
		return NULL;
	}
	if (batch == NULL) {
		fail_memory(fail);
		return NULL;
	}
	batch->ledger = ledger;
	batch->arena = arena;
	batch->last = &batch->items;
	return batch;
}

static struct item *
item_add(struct batch *batch, enum item_kind kind, struct slice bytes,
    struct fail *fail)
{
	struct item *item = batch->count < BATCH_ITEMS
				? &batch->first[batch->count]
				: arena_take(batch->arena, sizeof(*item));

	if (item == NULL) {
		fail_memory(fail);
		return NULL;
	}
	item->kind = kind;
	item->bytes = bytes;
	*batch->last = item;
	batch->last = &item->next;
	batch->bytes += bytes.len;
	batch->count++;
	return item;
}

/* --- subjects --- */

/* A new assignment rides in this batch. */
static bool
assignment_item(struct batch *batch, const struct digest *id,
    const struct subject *subject, struct fail *fail)
{
	char bytes[DIGEST_SIZE + 4];
	struct slice line;
	struct item *item;

	memcpy(bytes, id->bytes, DIGEST_SIZE);
	for (unsigned i = 0; i < 4; i++)
		bytes[DIGEST_SIZE + i] = (char)(subject->slot >> (24 - 8 * i));
	line = arena_copy(batch->arena, (struct slice){bytes, sizeof(bytes)});
	if (line.data == NULL)
		return fail_memory(fail);
	item = item_add(batch, ITEM_SUBJECT, line, fail);
	if (item != NULL)
		item->slot = subject->slot;
	return item != NULL;
}

bool
ledger_add_assignment(struct batch *batch, const struct digest *id,
    uint32_t slot, struct fail *fail)
{
	const struct subject subject = {.slot = slot};

	return assignment_item(batch, id, &subject, fail);
}

/* The batch has the subject then. */
static bool
find_subject(struct batch *batch, struct slice id, struct fail *fail)
{
	struct keys *keys = batch->ledger->options.keys;
	struct subject *subject = &batch->subject;
	struct digest digest;
	bool fresh;

	if (batch->subject_id.data != NULL &&
	    slice_equal(batch->subject_id, id))
		return true;
	batch->subject_id.data = NULL;
	digest = keys_id(keys, id);
	if (!keys_subject(keys, &digest, subject, &fresh, fail) ||
	    (fresh && !assignment_item(batch, &digest, subject, fail)))
		return false;
	digest_key_set(&batch->subject_key, subject->key);
	batch->subject_id = arena_copy(batch->arena, id);
	return batch->subject_id.data != NULL || fail_memory(fail);
}

static size_t
append(char buffer[SUBJECT_ID], size_t at, struct slice piece)
{
	size_t len = piece.len < SUBJECT_ID - at ? piece.len : SUBJECT_ID - at;

	memcpy(buffer + at, piece.data, len);
	return at + len;
}

/* Where nobody is named, the object's name and the role stand for them. */
static struct slice
subject_id(char buffer[SUBJECT_ID], struct slice given, enum object_type type,
    struct slice object, const char *role)
{
	size_t len;

	if (given.len != 0)
		return given;
	len = append(buffer, 0, SLICE("object:"));
	len = append(buffer, len, slice_from(object_type_name(type)));
	len = append(buffer, len, SLICE(":"));
	len = append(buffer, len, object);
	if (*role != '\0') {
		len = append(buffer, len, SLICE("/"));
		len = append(buffer, len, slice_from(role));
	}
	return (struct slice){buffer, len};
}

static bool
entry_subject(struct batch *batch, struct slice id, struct entry_subject *out,
    struct fail *fail)
{
	if (!find_subject(batch, id, fail))
		return false;
	memcpy(out->pseudonym, batch->subject.pseudonym, ENTRY_PSEUDONYM);
	out->slot = batch->subject.slot;
	out->key = batch->subject_key;
	return true;
}

/* --- entries --- */

static bool
common_fill(struct ledger *ledger, struct entry_common *common,
    struct slice request, struct fail *fail)
{
	common->time = ledger->options.now(ledger->options.now_context);
	common->request = request;
	return ledger_random(ledger, common->salt, ENTRY_SALT, fail);
}

/* The subjects of all roles; the object's name is under the first one's. */
static bool
subjects_fill(struct batch *batch, struct entry_disclosure *entry,
    struct entry_subject *subjects, struct fail *fail)
{
	const struct disclosure *disclosure = entry->disclosure;
	enum object_type type = disclosure_type(disclosure);
	struct slice object = disclosure_reference(disclosure);
	char buffer[SUBJECT_ID];

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;
		struct slice id;

		if (!disclosure_has_role(disclosure, role))
			continue;
		id = subject_id(buffer, disclosure_subject(disclosure, role),
		    type, object, object_role_name(type, role));
		if (!entry_subject(batch, id, &subjects[r], fail))
			return false;
		entry->subjects[r] = &subjects[r];
		if (entry->owner == NULL)
			entry->owner = &subjects[r];
	}
	if (entry->owner != NULL)
		return true;
	entry->owner = &subjects[ROLE_COUNT];
	return entry_subject(batch,
	    subject_id(buffer, (struct slice){NULL, 0}, type, object, ""),
	    &subjects[ROLE_COUNT], fail);
}

/* The name, and after a NUL the inputs: they are encrypted where they lie. */
static struct slice
object_plain(uint8_t *at, struct slice name, struct slice inputs)
{
	size_t len = name.len;

	if (name.len != 0)
		memcpy(at, name.data, name.len);
	if (inputs.len != 0) {
		at[len++] = '\0';
		memcpy(at + len, inputs.data, inputs.len);
		len += inputs.len;
	}
	return (struct slice){(const char *)at, len};
}

static bool
object_encrypt(struct batch *batch, struct entry_disclosure *entry,
    struct slice inputs, struct fail *fail)
{
	struct slice object = disclosure_reference(entry->disclosure);
	struct digest key = entry_object_key(&entry->owner->key);
	size_t len = object.len + 1 + inputs.len;
	uint8_t *out = arena_take(batch->arena, NONCE_SIZE + len + TAG_SIZE);
	struct digest_seal seal;
	bool ok;

	if (out == NULL)
		return fail_memory(fail);
	object = object_plain(out + NONCE_SIZE, object, inputs);
	seal = (struct digest_seal){.key = key.bytes,
	    .nonce = out,
	    .label = {(const char *)entry->common.salt, ENTRY_SALT},
	    .plain = object};
	ok = ledger_random(batch->ledger, out, NONCE_SIZE, fail) &&
	     (digest_cipher_encrypt(
		  batch->ledger->cipher, &seal, out + NONCE_SIZE) ||
		 fail_memory(fail));
	digest_wipe(&key, sizeof(key));
	entry->object =
	    (struct slice){(char *)out, NONCE_SIZE + object.len + TAG_SIZE};
	return ok;
}

/* Written where there is room for any entry, then copied at its length. */
static struct text
entry_start(struct batch *batch)
{
	struct text text = text_start(batch->arena);

	text.data = batch->ledger->scratch;
	text.size = sizeof(batch->ledger->scratch);
	return text;
}

static struct item *
entry_item(struct batch *batch, enum item_kind kind, const struct text *text,
    struct fail *fail)
{
	struct slice bytes =
	    arena_copy(batch->arena, (struct slice){text->data, text->len});
	struct item *item;

	if (bytes.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	item = item_add(batch, kind, bytes, fail);
	if (item != NULL)
		item->leaf = tree_leaf(bytes);
	return item;
}

static bool
disclosure_item(struct batch *batch, const struct entry_disclosure *entry,
    const struct dispatch *dispatch, struct fail *fail)
{
	struct text text = entry_start(batch);
	const struct recipient *recipient =
	    disclosure_recipient(entry->disclosure);
	struct slice words[2] = {
	    recipient->id, disclosure_purpose(entry->disclosure)};
	struct item *item;

	if (!entry_write_disclosure(&text, entry, fail))
		return false;
	item = entry_item(batch, ITEM_DISCLOSURE, &text, fail);
	if (item == NULL)
		return false;
	item->recipient = arena_copy(batch->arena, recipient->id);
	item->payload = arena_copy(batch->arena, dispatch->payload);
	if (entry->payload != NULL)
		item->payload_digest = *entry->payload;
	item->is_elsewhere = dispatch->payload_sha != NULL;
	item->has_request = dispatch->request.len != 0;
	if (item->has_request) {
		item->request = requests_key(dispatch->request, "disclosure",
		    words, dispatch->supersedes);
		requests_expect(batch->ledger->requests, &item->request);
	}
	batch->disclosures++;
	return (item->recipient.data != NULL && item->payload.data != NULL) ||
	       fail_memory(fail);
}

bool
ledger_has_disclosure(const struct ledger *ledger,
    const struct disclosure *disclosure, struct slice request)
{
	const struct slice words[2] = {disclosure_recipient(disclosure)->id,
	    disclosure_purpose(disclosure)};
	struct digest key =
	    requests_key(request, "disclosure", words, LEDGER_NONE);
	uint64_t index;

	return requests_find(ledger->requests, &key, &index);
}

bool
ledger_has_event(const struct ledger *ledger, const struct event *event)
{
	const struct slice words[2] = {event->word, {NULL, 0}};
	struct digest key = requests_key(event->request,
	    event_type_name(event->type), words,
	    event_type_is_about(event->type) || event->has_entry ? event->entry
								 : ENTRY_NONE);
	uint64_t index;

	return requests_find(ledger->requests, &key, &index);
}

bool
ledger_add_disclosure(struct batch *batch, const struct disclosure *disclosure,
    const struct dispatch *dispatch, struct fail *fail)
{
	struct ledger *ledger = batch->ledger;
	struct entry_subject subjects[ROLE_COUNT + 1];
	struct digest payload =
	    dispatch->payload_sha != NULL
		? ledger_payload_digest_of(ledger, dispatch->payload_sha)
		: ledger_payload_digest(ledger, dispatch->payload);
	struct entry_disclosure entry = {
	    .common = {.policy =
			   *ruleset_identity(disclosure_ruleset(disclosure)),
		.setup = dispatch->setup},
	    .disclosure = disclosure,
	    .order = &ledger->order,
	    .channel = dispatch->channel,
	    .case_id = dispatch->case_id,
	    .supersedes = dispatch->supersedes};
	bool goes = dispatch->shadow ||
		    disclosure_outcome(disclosure).verdict == VERDICT_FORWARD;
	bool has_bytes =
	    dispatch->payload.len != 0 || dispatch->payload_sha != NULL;
	bool ok;

	if (dispatch->payload_sha != NULL && dispatch->payload.len != 0)
		return fail_set(
		    fail, FAIL_DENIED, "a payload is here or elsewhere");
	if (!goes && has_bytes)
		return fail_set(fail, FAIL_DENIED,
		    "a held or refused disclosure has nothing to send");
	if (has_bytes)
		entry.payload = &payload;
	ok = common_fill(ledger, &entry.common, dispatch->request, fail) &&
	     subjects_fill(batch, &entry, subjects, fail);
	if (ok)
		payload = entry_payload(&entry.owner->key, &payload);
	ok = ok && object_encrypt(batch, &entry, dispatch->inputs, fail) &&
	     disclosure_item(batch, &entry, dispatch, fail);
	digest_wipe(subjects, sizeof(subjects));
	return ok;
}

/*
 * The object's name stands under the same subject's key as in its
 * disclosures, and goes with it.
 */
static bool
audit_fill(struct batch *batch, const struct event_audit *event,
    const struct entry_common *common, struct entry_audit *audit,
    struct entry_subject subjects[ROLE_COUNT + 1], struct fail *fail)
{
	struct entry_disclosure entry = {
	    .common = *common, .disclosure = event->decided};

	if (!subjects_fill(batch, &entry, subjects, fail) ||
	    !object_encrypt(batch, &entry, (struct slice){NULL, 0}, fail))
		return false;
	*audit = (struct entry_audit){.type = disclosure_type(event->decided),
	    .owner = entry.owner,
	    .object = entry.object,
	    .recipient = disclosure_recipient(event->decided)->id,
	    .server = event->server,
	    .findings = event->findings};
	return true;
}

/* With its audit, where it has one. */
static bool
event_write(struct batch *batch, const struct event *event,
    struct entry_event *entry, struct text *text, struct fail *fail)
{
	struct entry_subject subjects[ROLE_COUNT + 1];
	struct entry_audit audit;
	bool ok;

	if (event->audit == NULL)
		return entry_write_event(text, entry, fail);
	entry->audit = &audit;
	ok = audit_fill(batch, event->audit, &entry->common, &audit, subjects,
		 fail) &&
	     entry_write_event(text, entry, fail);
	digest_wipe(subjects, sizeof(subjects));
	entry->audit = NULL;
	return ok;
}

bool
ledger_add_event(
    struct batch *batch, const struct event *event, struct fail *fail)
{
	struct entry_event entry = {
	    .common = {.policy = event->policy, .setup = event->setup},
	    .type = event_type_name(event->type),
	    .entry = ENTRY_NONE,
	    .word = event->word,
	    .actor = event->actor,
	    .reason = event->reason,
	    .case_id = event->case_id,
	    .kept = event->kept};
	struct entry_subject subject;
	struct slice words[2] = {event->word, {NULL, 0}};
	struct text text = entry_start(batch);
	struct item *item;

	if (event_type_is_about(event->type) || event->has_entry)
		entry.entry = event->entry;
	if (event->subject != NULL) {
		memcpy(subject.pseudonym, event->subject->pseudonym,
		    ENTRY_PSEUDONYM);
		subject.slot = event->subject->slot;
		entry.subject = &subject;
	}
	if (!common_fill(batch->ledger, &entry.common, event->request, fail) ||
	    !event_write(batch, event, &entry, &text, fail))
		return false;
	item = entry_item(batch, ITEM_EVENT, &text, fail);
	if (item == NULL)
		return false;
	item->has_request = event->request.len != 0;
	if (item->has_request) {
		item->request = requests_key(
		    event->request, entry.type, words, entry.entry);
		requests_expect(batch->ledger->requests, &item->request);
	}
	return true;
}

/* --- the vault's record --- */

static bool
find_owner(struct batch *batch, struct slice id, struct vault_owner *out,
    struct fail *fail)
{
	if (!find_subject(batch, id, fail))
		return false;
	*out = vault_owner(batch->subject.slot, &batch->subject_key);
	return true;
}

static bool
owners_fill(struct batch *batch, const struct record *record,
    struct vault_owners *owners, struct fail *fail)
{
	enum object_type type = record_type(record);
	struct slice object = record_object(record);
	char buffer[SUBJECT_ID];
	bool any = false;

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;

		if (!record_has_role(record, role))
			continue;
		any = true;
		if (!find_owner(batch,
			subject_id(buffer, record_subject(record, role), type,
			    object, object_role_name(type, role)),
			&owners->roles[r], fail))
			return false;
	}
	return any || find_owner(batch,
			  subject_id(buffer, (struct slice){NULL, 0}, type,
			      object, ""),
			  &owners->object, fail);
}

static bool
change_item(struct batch *batch, struct text *change, struct fail *fail)
{
	struct slice bytes = text_slice(change);

	if (bytes.data == NULL)
		return fail_memory(fail);
	return item_add(batch, ITEM_RECORD, bytes, fail) != NULL;
}

bool
ledger_add_record(
    struct batch *batch, const struct record *record, struct fail *fail)
{
	return ledger_add_record_as(batch, record, VAULT_CURRENT, fail);
}

bool
ledger_add_record_as(struct batch *batch, const struct record *record,
    enum vault_slot slot, struct fail *fail)
{
	struct ledger *ledger = batch->ledger;
	struct vault_owners owners = {.object_key = &ledger->vault_key,
	    .random = &ledger->random,
	    .cipher = ledger->cipher,
	    .scratch = ledger->scratch,
	    .scratch_size = sizeof(ledger->scratch)};
	struct text text = text_start(batch->arena);
	bool ok = owners_fill(batch, record, &owners, fail) &&
		  vault_encode(record, slot, &owners, &text, fail) &&
		  change_item(batch, &text, fail);

	batch->has_deletion |= slot == VAULT_PROPOSED &&
			       record_operation(record) == OPERATION_DELETE;
	digest_wipe(&owners, sizeof(owners));
	return ok;
}

bool
ledger_add_promotion(struct batch *batch, enum object_type type,
    struct slice object, struct fail *fail)
{
	struct text text = text_start(batch->arena);

	vault_encode_promotion(&batch->ledger->vault_key, type, object, &text);
	return change_item(batch, &text, fail);
}

bool
ledger_add_removal(struct batch *batch, enum object_type type,
    struct slice object, enum vault_slot slot, struct fail *fail)
{
	struct text text = text_start(batch->arena);

	vault_encode_removal(
	    &batch->ledger->vault_key, type, object, slot, &text);
	return change_item(batch, &text, fail);
}

uint64_t
ledger_next(const struct ledger *ledger)
{
	uint64_t next = ledger->next;

	for (const struct batch *b = ledger->waiting.first; b; b = b->next)
		for (const struct item *item = b->items; item;
		     item = item->next)
			next += item->kind == ITEM_DISCLOSURE ||
			    item->kind == ITEM_EVENT;
	return next;
}

/* --- on its way into the stores --- */

static void
fetch(const struct batch *batch)
{
	if (batch == NULL)
		return;
	__builtin_prefetch(batch);
	for (size_t i = 0; i < BATCH_ITEMS; i++) {
		__builtin_prefetch(&batch->first[i]);
		__builtin_prefetch(&batch->first[i].leaf);
	}
}

void
batch_expect(const struct batch *batch)
{
	const struct vault *vault;

	if (batch == NULL || batch->ledger->options.vault == NULL)
		return;
	fetch(batch->next);
	vault = batch->ledger->options.vault;
	for (const struct item *item = batch->items; item; item = item->next)
		if (item->kind == ITEM_RECORD)
			vault_expect(vault, item->bytes);
}
