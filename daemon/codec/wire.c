#include "codec/wire.h"

#include "base/little.h"
#include "codec/pack.h"

/* --- writing --- */

struct writer {
	struct text *out;
	bool too_long;
};

static void
put_bytes(struct writer *w, const void *bytes, size_t len)
{
	text_add(w->out, (struct slice){bytes, len});
}

static void
put8(struct writer *w, unsigned n)
{
	text_add_char(w->out, (char)n);
}

static void
put16(struct writer *w, size_t n)
{
	uint8_t bytes[2];

	little_put(bytes, n, 2);
	put_bytes(w, bytes, 2);
}

static void
put32(struct writer *w, size_t n)
{
	uint8_t bytes[4];

	little_put(bytes, n, 4);
	put_bytes(w, bytes, 4);
}

static void
put64(struct writer *w, uint64_t n)
{
	uint8_t bytes[8];

	little_put(bytes, n, 8);
	put_bytes(w, bytes, 8);
}

static void
put_name(struct writer *w, struct slice name)
{
	w->too_long |= name.len > WIRE_NAME_MAX;
	put16(w, name.len);
	text_add(w->out, name);
}

static void
put_long(struct writer *w, struct slice bytes, size_t longest)
{
	w->too_long |= bytes.len > longest;
	put32(w, bytes.len);
	text_add(w->out, bytes);
}

/* Packed where it travels; its length is written over when it is known. */
static void
put_record(struct writer *w, const struct wire_record *record)
{
	size_t at = w->out->len, len;

	if (record->record == NULL) {
		put_long(w, record->packed, WIRE_RECORD_MAX);
		return;
	}
	put32(w, 0);
	pack_record(w->out, record->record);
	if (w->out->failed)
		return;
	len = w->out->len - at - 4;
	w->too_long |= len > WIRE_RECORD_MAX;
	little_put(w->out->data + at, len, 4);
}

static void
put_fail(struct writer *w, const struct fail *fail)
{
	put8(w, fail->kind);
	if (fail->kind == FAIL_NONE)
		return;
	put_name(w, slice_from(fail->place));
	put_name(w, slice_from(fail->text));
	put_name(w, slice_from(fail->hint));
}

static void
put_numbers(struct writer *w, const struct wire_numbers *numbers)
{
	w->too_long |= wire_count(numbers) > WIRE_ENTRIES_MAX;
	text_add(w->out, numbers->bytes);
}

static void
put_fetch(struct writer *w, const struct wire_fetch *fetch)
{
	w->too_long |= fetch->count > WIRE_OBJECTS_MAX;
	put64(w, fetch->number);
	put16(w, fetch->count);
	for (size_t i = 0; i < fetch->count && !w->too_long; i++) {
		put8(w, fetch->objects[i].type);
		put_name(w, fetch->objects[i].name);
	}
}

static void
put_fetched(struct writer *w, const struct wire_fetched *fetched)
{
	w->too_long |= fetched->count > WIRE_OBJECTS_MAX;
	put64(w, fetched->number);
	put64(w, fetched->seen);
	put_fail(w, &fetched->fail);
	put16(w, fetched->count);
	for (size_t i = 0; i < fetched->count && !w->too_long; i++) {
		put_record(w, &fetched->held[i].current);
		put_record(w, &fetched->held[i].proposed);
		put8(w, fetched->held[i].in_doubt);
	}
}

static void
put_scope(struct writer *w, const struct decide_scope *scope)
{
	put32(w, scope->recipient);
	put32(w, scope->roles);
	put_name(w, scope->object);
	put_name(w, scope->suffix);
	put8(w, scope->is_placed);
	w->too_long |= scope->place_count > PLACES_MAX;
	put8(w, (unsigned)scope->place_count);
	for (size_t i = 0; i < scope->place_count && !w->too_long; i++) {
		put32(w, scope->places[i].roles);
		put_name(w, scope->places[i].suffix);
	}
}

static void
put_link(struct writer *w, const struct decide_given *given)
{
	put8(w, given->link != NULL);
	if (given->link == NULL)
		return;
	put8(w, given->link_role);
	put64(w, given->link->passed);
	put64(w, given->link->altered);
	put64(w, given->link->published);
}

static void
put_decision(struct writer *w, const struct wire_commit *commit)
{
	const uint64_t *limit = commit->given.limit;

	put8(w, commit->in_scope);
	if (commit->in_scope)
		put_scope(w, &commit->scope);
	else
		put32(w, commit->block);
	put_bytes(w, commit->given.random, sizeof(commit->given.random));
	put8(w, commit->given.approved);
	put8(w, limit != NULL);
	for (unsigned i = 0; limit != NULL && i < ROLE_COUNT; i++)
		put64(w, limit[i]);
	put_link(w, &commit->given);
	put64(w, commit->verdicts);
}

static void
put_commit(struct writer *w, const struct wire_commit *commit)
{
	put64(w, commit->link);
	put64(w, commit->number);
	put_bytes(w, commit->policy.bytes, DIGEST_SIZE);
	put_bytes(w, commit->setup.bytes, DIGEST_SIZE);
	put_decision(w, commit);
	put8(w, commit->has_payload);
	if (commit->has_payload)
		put_bytes(w, commit->payload.bytes, DIGEST_SIZE);
	put_name(w, commit->upstream);
	put_name(w, commit->channel);
	put_name(w, commit->principal);
	put8(w, commit->store);
	put64(w, (uint64_t)commit->approval);
	put64(w, commit->seen);
	put_record(w, &commit->record);
	put_record(w, &commit->stored);
}

static void
put_committed(struct writer *w, const struct wire_committed *committed)
{
	put64(w, committed->number);
	put_fail(w, &committed->fail);
	put8(w, committed->word);
	put64(w, (uint64_t)committed->id);
	put64(w, committed->entry);
	put8(w, committed->is_sealed);
	if (!committed->is_sealed)
		return;
	put_bytes(w, committed->leaf.bytes, DIGEST_SIZE);
	put_bytes(w, committed->payload.bytes, DIGEST_SIZE);
}

static void
put_outcome(struct writer *w, const struct wire_outcome *outcome)
{
	put64(w, outcome->number);
	put64(w, outcome->entry);
	put8(w, outcome->end);
	put8(w, outcome->store);
	put32(w, outcome->code);
	put8(w, outcome->object.type);
	put_name(w, outcome->object.name);
	put_long(w, outcome->registered, WIRE_REGISTERED_MAX);
}

static void
put_deliver(struct writer *w, const struct wire_deliver *deliver)
{
	put64(w, (uint64_t)deliver->id);
	put8(w, deliver->again);
	put64(w, deliver->entry);
	put_bytes(w, deliver->leaf.bytes, DIGEST_SIZE);
	put_bytes(w, deliver->sha256.bytes, DIGEST_SIZE);
	put_name(w, deliver->upstream);
	put_name(w, deliver->recipient);
	put_long(w, deliver->payload, WIRE_MESSAGE_MAX);
}

static void
put_delivered(struct writer *w, const struct wire_delivered *delivered)
{
	put64(w, (uint64_t)delivered->id);
	put8(w, delivered->delivery);
	put_fail(w, &delivered->fail);
}

static void
put_ask(struct writer *w, const struct wire_ask *ask)
{
	put64(w, (uint64_t)ask->id);
	put_name(w, ask->verb);
	put_long(w, ask->text, WIRE_RECORD_MAX);
}

static void
put_answer(struct writer *w, const struct wire_answer *answer)
{
	put64(w, (uint64_t)answer->id);
	put32(w, answer->status);
	put8(w, answer->last);
	put_long(w, answer->body, WIRE_RECORD_MAX);
}

static void
put_message(struct writer *w, const struct wire_message *message)
{
	switch (message->type) {
	case WIRE_HELLO:
		put_numbers(w, &message->of.hello);
		break;
	case WIRE_FETCH:
		put_fetch(w, &message->of.fetch);
		break;
	case WIRE_COMMIT:
		put_commit(w, &message->of.commit);
		break;
	case WIRE_OUTCOME:
		put_outcome(w, &message->of.outcome);
		break;
	case WIRE_DELIVERED:
		put_delivered(w, &message->of.delivered);
		break;
	case WIRE_ANSWER:
		put_answer(w, &message->of.answer);
		break;
	case WIRE_SETUP:
		text_add(w->out, message->of.setup);
		break;
	case WIRE_FETCHED:
		put_fetched(w, &message->of.fetched);
		break;
	case WIRE_COMMITTED:
		put_committed(w, &message->of.committed);
		break;
	case WIRE_NOTED:
		put_numbers(w, &message->of.noted);
		break;
	case WIRE_DELIVER:
		put_deliver(w, &message->of.deliver);
		break;
	case WIRE_ASK:
		put_ask(w, &message->of.ask);
		break;
	case WIRE_TYPE_COUNT:
		w->too_long = true;
		break;
	}
}

bool
wire_write(
    struct text *out, const struct wire_message *message, struct fail *fail)
{
	struct writer w = {.out = out};

	put8(&w, WIRE_VERSION);
	put8(&w, message->type);
	put_message(&w, message);
	if (w.too_long || out->len > WIRE_MESSAGE_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "more than a message to or from the keeper can carry");
	return !out->failed || fail_memory(fail);
}

/* --- reading --- */

struct reader {
	const uint8_t *at, *end;
	bool bad;
};

static const uint8_t *
take(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->bad || len > (size_t)(r->end - r->at)) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	return at;
}

static inline uint64_t
get(struct reader *r, unsigned bytes)
{
	const uint8_t *at = take(r, bytes);

	return at != NULL ? little_get(at, bytes) : 0;
}

/* A number that must be below `limit`. */
static unsigned
get_word(struct reader *r, unsigned limit)
{
	unsigned word = (unsigned)get(r, 1);

	r->bad |= word >= limit;
	return r->bad ? 0 : word;
}

static struct slice
get_bytes(struct reader *r, size_t len, size_t longest)
{
	const uint8_t *at;

	r->bad |= len > longest;
	at = take(r, len);
	return at == NULL ? (struct slice){NULL, 0}
			  : (struct slice){(const char *)at, len};
}

static struct slice
get_name(struct reader *r)
{
	return get_bytes(r, get(r, 2), WIRE_NAME_MAX);
}

static struct slice
get_long(struct reader *r, size_t longest)
{
	return get_bytes(r, get(r, 4), longest);
}

static void
get_digest(struct reader *r, struct digest *out)
{
	const uint8_t *at = take(r, DIGEST_SIZE);

	if (at != NULL)
		memcpy(out->bytes, at, DIGEST_SIZE);
}

static void
get_record(struct reader *r, struct wire_record *out)
{
	out->record = NULL;
	out->packed = get_long(r, WIRE_RECORD_MAX);
}

static void
get_part(struct reader *r, char *out, size_t size)
{
	struct slice text = get_name(r);

	r->bad |= text.len >= size ||
		  (text.len != 0 && memchr(text.data, '\0', text.len) != NULL);
	if (!r->bad && text.len != 0)
		memcpy(out, text.data, text.len);
	out[r->bad ? 0 : text.len] = '\0';
}

static void
get_fail(struct reader *r, struct fail *out)
{
	out->kind = (enum fail_kind)get_word(r, FAIL_DENIED + 1);
	out->place[0] = out->text[0] = out->hint[0] = '\0';
	if (out->kind == FAIL_NONE)
		return;
	get_part(r, out->place, sizeof(out->place));
	get_part(r, out->text, sizeof(out->text));
	get_part(r, out->hint, sizeof(out->hint));
}

static void
get_numbers(struct reader *r, struct wire_numbers *out)
{
	size_t len = (size_t)(r->end - r->at);

	r->bad |= len % 8 != 0;
	out->bytes = get_bytes(r, len, WIRE_ENTRIES_MAX * 8);
}

static void
get_object(struct reader *r, struct wire_object *out)
{
	out->type = (enum object_type)get_word(r, OBJECT_COUNT);
	out->name = get_name(r);
}

static size_t
get_count(struct reader *r)
{
	size_t count = get(r, 2);

	r->bad |= count > WIRE_OBJECTS_MAX;
	return r->bad ? 0 : count;
}

static void
get_fetch(struct reader *r, struct wire_fetch *out)
{
	out->number = get(r, 8);
	out->count = get_count(r);
	for (size_t i = 0; i < out->count; i++)
		get_object(r, &out->objects[i]);
}

static void
get_fetched(struct reader *r, struct wire_fetched *out)
{
	out->number = get(r, 8);
	out->seen = get(r, 8);
	get_fail(r, &out->fail);
	out->count = get_count(r);
	for (size_t i = 0; i < out->count; i++) {
		get_record(r, &out->held[i].current);
		get_record(r, &out->held[i].proposed);
		out->held[i].in_doubt = get_word(r, 2) != 0;
	}
}

static void
get_scope(struct reader *r, struct wire_commit *out)
{
	struct decide_scope *scope = &out->scope;

	scope->recipient = (unsigned)get(r, 4);
	scope->roles = (unsigned)get(r, 4);
	scope->object = get_name(r);
	scope->suffix = get_name(r);
	scope->is_placed = get_word(r, 2) != 0;
	scope->places = out->places;
	scope->place_count = get_word(r, PLACES_MAX + 1);
	for (size_t i = 0; i < scope->place_count; i++) {
		out->places[i].roles = (unsigned)get(r, 4);
		out->places[i].suffix = get_name(r);
	}
}

static void
get_link(struct reader *r, struct wire_commit *out)
{
	out->given.link = get_word(r, 2) != 0 ? &out->linked : NULL;
	out->given.link_role = ROLE_REGISTRANT;
	if (out->given.link == NULL)
		return;
	out->given.link_role = (enum role)get_word(r, ROLE_COUNT);
	out->linked.passed = get(r, 8);
	out->linked.altered = get(r, 8);
	out->linked.published = get(r, 8);
}

static void
get_decision(struct reader *r, struct wire_commit *out)
{
	const uint8_t *random;

	out->in_scope = get_word(r, 2) != 0;
	out->block = 0;
	out->scope = (struct decide_scope){.recipient = 0};
	if (out->in_scope)
		get_scope(r, out);
	else
		out->block = (uint32_t)get(r, 4);
	random = take(r, sizeof(out->given.random));
	if (random != NULL)
		memcpy(out->given.random, random, sizeof(out->given.random));
	out->given.approved = get_word(r, 2) != 0;
	/* These are for the keeper to say. */
	out->given.only = 0;
	out->given.stopped = 0;
	out->given.minimises = false;
	out->given.kept = NULL;
	out->given.limit = get_word(r, 2) != 0 ? out->limits : NULL;
	for (unsigned i = 0; out->given.limit != NULL && i < ROLE_COUNT; i++)
		out->limits[i] = get(r, 8);
	get_link(r, out);
	out->verdicts = get(r, 8);
}

static void
get_commit(struct reader *r, struct wire_commit *out)
{
	out->link = get(r, 8);
	out->number = get(r, 8);
	get_digest(r, &out->policy);
	get_digest(r, &out->setup);
	get_decision(r, out);
	out->has_payload = get_word(r, 2) != 0;
	if (out->has_payload)
		get_digest(r, &out->payload);
	out->upstream = get_name(r);
	out->channel = get_name(r);
	out->principal = get_name(r);
	out->store = get_word(r, WIRE_STORES);
	out->approval = (int64_t)get(r, 8);
	out->seen = get(r, 8);
	get_record(r, &out->record);
	get_record(r, &out->stored);
	r->bad |= out->record.packed.len == 0 || out->approval < 0;
}

static void
get_committed(struct reader *r, struct wire_committed *out)
{
	out->number = get(r, 8);
	get_fail(r, &out->fail);
	out->word = get_word(r, WIRE_WORDS);
	out->id = (int64_t)get(r, 8);
	out->entry = get(r, 8);
	out->is_sealed = get_word(r, 2) != 0;
	if (!out->is_sealed)
		return;
	get_digest(r, &out->leaf);
	get_digest(r, &out->payload);
}

static void
get_outcome(struct reader *r, struct wire_outcome *out)
{
	out->number = get(r, 8);
	out->entry = get(r, 8);
	out->end = get_word(r, WIRE_ENDS);
	out->store = get_word(r, WIRE_STORES);
	out->code = (uint32_t)get(r, 4);
	get_object(r, &out->object);
	out->registered = get_long(r, WIRE_REGISTERED_MAX);
}

static void
get_deliver(struct reader *r, struct wire_deliver *out)
{
	out->id = (int64_t)get(r, 8);
	out->again = get_word(r, 2) != 0;
	out->entry = get(r, 8);
	get_digest(r, &out->leaf);
	get_digest(r, &out->sha256);
	out->upstream = get_name(r);
	out->recipient = get_name(r);
	out->payload = get_long(r, WIRE_MESSAGE_MAX);
}

static void
get_delivered(struct reader *r, struct wire_delivered *out)
{
	out->id = (int64_t)get(r, 8);
	out->delivery = get_word(r, WIRE_DELIVERIES);
	get_fail(r, &out->fail);
}

static void
get_ask(struct reader *r, struct wire_ask *out)
{
	out->id = (int64_t)get(r, 8);
	out->verb = get_name(r);
	out->text = get_long(r, WIRE_RECORD_MAX);
}

static void
get_answer(struct reader *r, struct wire_answer *out)
{
	out->id = (int64_t)get(r, 8);
	out->status = (uint32_t)get(r, 4);
	out->last = get_word(r, 2) != 0;
	out->body = get_long(r, WIRE_RECORD_MAX);
}

static void
get_message(struct reader *r, struct wire_message *out)
{
	switch (out->type) {
	case WIRE_HELLO:
		get_numbers(r, &out->of.hello);
		break;
	case WIRE_FETCH:
		get_fetch(r, &out->of.fetch);
		break;
	case WIRE_COMMIT:
		get_commit(r, &out->of.commit);
		break;
	case WIRE_OUTCOME:
		get_outcome(r, &out->of.outcome);
		break;
	case WIRE_DELIVERED:
		get_delivered(r, &out->of.delivered);
		break;
	case WIRE_ANSWER:
		get_answer(r, &out->of.answer);
		break;
	case WIRE_SETUP:
		out->of.setup =
		    get_bytes(r, (size_t)(r->end - r->at), WIRE_MESSAGE_MAX);
		break;
	case WIRE_FETCHED:
		get_fetched(r, &out->of.fetched);
		break;
	case WIRE_COMMITTED:
		get_committed(r, &out->of.committed);
		break;
	case WIRE_NOTED:
		get_numbers(r, &out->of.noted);
		break;
	case WIRE_DELIVER:
		get_deliver(r, &out->of.deliver);
		break;
	case WIRE_ASK:
		get_ask(r, &out->of.ask);
		break;
	case WIRE_TYPE_COUNT:
		r->bad = true;
		break;
	}
}

bool
wire_read(struct slice message, struct wire_message *out)
{
	struct reader r = {.at = (const uint8_t *)message.data};

	if (message.len < 2 || message.len > WIRE_MESSAGE_MAX)
		return false;
	r.end = r.at + message.len;
	if (get(&r, 1) != WIRE_VERSION)
		return false;
	out->type = (enum wire_type)get_word(&r, WIRE_TYPE_COUNT);
	if (r.bad)
		return false;
	get_message(&r, out);
	return !r.bad && r.at == r.end;
}

/* --- numbers and requests --- */

void
wire_add_number(struct text *numbers, uint64_t number)
{
	uint8_t bytes[8];

	little_put(bytes, number, 8);
	text_add(numbers, (struct slice){(const char *)bytes, 8});
}

size_t
wire_count(const struct wire_numbers *numbers)
{
	return numbers->bytes.len / 8;
}

uint64_t
wire_number(const struct wire_numbers *numbers, size_t index)
{
	return little_get(numbers->bytes.data + 8 * index, 8);
}

static const char request_head[] = {'e', 'p', 'p', '-'};

void
wire_request(const struct wire_commit *commit, char out[WIRE_REQUEST])
{
	static const char hex[] = "0123456789abcdef";
	const uint64_t id[2] = {commit->link, commit->number};

	memcpy(out, request_head, sizeof(request_head));
	for (unsigned i = 0; i < 32; i++)
		out[sizeof(request_head) + i] =
		    hex[id[i / 16] >> (60 - 4 * (i % 16)) & 15];
}

bool
wire_is_request(struct slice request)
{
	return request.len == WIRE_REQUEST &&
	       memcmp(request.data, request_head, sizeof(request_head)) == 0;
}
