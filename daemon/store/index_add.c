/* The terms of an entry, and what an outcome changes of an earlier one. */
#include "base/text.h"
#include "core/canon.h"
#include "store/index_priv.h"

static int64_t
term_of(enum index_class class, const struct digest *digest)
{
	uint64_t hash = 0;

	for (unsigned i = 0; i < 8; i++)
		hash = hash << 8 | digest->bytes[i];
	return (int64_t)((uint64_t) class << CLASS_SHIFT |
			 (hash & ((UINT64_C(1) << CLASS_SHIFT) - 1)));
}

static uint64_t
some_bits(struct slice word, unsigned count)
{
	struct digest digest = digest_sha256(word);

	return ((uint64_t)digest.bytes[0] << 8 | digest.bytes[1]) >>
	       (16 - count);
}

/* What is of one recipient, and of one role for it, lies together. */
static int64_t
shape_term(struct slice shape)
{
	struct digest digest = digest_sha256(shape);
	struct entry_group group;
	uint64_t term = (uint64_t)term_of(INDEX_SHAPE, &digest);

	if (!index_shape(shape, &group))
		return (int64_t)term;
	term &= ~(UINT64_C(0xffff) << SHAPE_SHIFT);
	term |= some_bits(group.recipient, 12) << (SHAPE_SHIFT + 4);
	term |= some_bits(group.role, 4) << SHAPE_SHIFT;
	return (int64_t)term;
}

int64_t
index_word_term(enum index_class class, struct slice word)
{
	struct digest digest;

	if (class == INDEX_SHAPE)
		return shape_term(word);
	digest = digest_sha256(word);
	return term_of(class, &digest);
}

int64_t
index_object_term(const struct digest_key *key, struct slice name)
{
	struct digest digest = digest_key_hmac(key, name);

	return term_of(INDEX_OBJECT, &digest);
}

/* An entry while its terms are set. */
struct adding {
	struct index *index;
	const struct index_item *item;
	unsigned at; /* in its span */
	struct index_terms *noted; /* what is set is noted here, too; or NULL */
	struct decided *decided;   /* and here; or NULL */
	struct fail *fail;
};

/* Into the set of this number. */
static bool
add_set(struct adding *adding, uint32_t set)
{
	struct index_terms *noted = adding->noted;
	struct decided *decided = adding->decided;

	if (decided != NULL && decided->count++ < INDEX_TERMS_MAX)
		decided->sets[decided->count - 1] = set;
	if (noted != NULL && noted->load != 0) {
		if (noted->count == INDEX_TERMS_MAX)
			noted->load = 0;
		else
			noted->sets[noted->count++] = set;
	}
	return span_put(adding->index->span, set, adding->at, adding->fail);
}

static bool
add_term(struct adding *adding, int64_t term)
{
	uint32_t set;

	return span_find(adding->index->span, term, &set, adding->fail) &&
	       add_set(adding, set);
}

static bool
add_word(struct adding *adding, enum index_class class, struct slice word)
{
	int64_t term;

	return word.len == 0 || (index_use_word(adding->index, class, word,
				     &term, adding->fail) &&
				    add_term(adding, term));
}

/* --- shapes --- */

/* `{"email":["forward",3],...}`, without commitments. */
static void
add_fields(struct text *text, struct slice fields)
{
	struct slice field, ruling, verdict;
	char mark = '{';
	int64_t rule;

	while (canon_next_member(&fields, &field, &ruling)) {
		if (!entry_ruling(ruling, &verdict, &rule))
			continue;
		text_add_char(text, mark);
		text_add_char(text, '"');
		text_add(text, field);
		text_add(text, SLICE("\":[\""));
		text_add(text, verdict);
		text_add(text, SLICE("\","));
		text_add_number(text, rule);
		text_add_char(text, ']');
		mark = ',';
	}
	if (mark == '{')
		text_add_char(text, mark);
	text_add_char(text, '}');
}

static bool
add_shapes(struct adding *adding, const struct entry_parts *of)
{
	struct arena *arena = adding->index->arena;
	struct entry_groups groups;
	struct entry_group group;

	entry_groups_start(&groups, of, arena);
	while (entry_groups_next(&groups, &group)) {
		struct text text = text_start(arena);
		struct slice shape;

		text_add(&text, group.recipient);
		text_add_char(&text, '\0');
		text_add(&text, group.role);
		text_add_char(&text, '\0');
		if (group.role.len != 0)
			add_fields(&text, group.fields);
		else
			text_add(&text, group.fields);
		shape = text_slice(&text);
		if (shape.data == NULL)
			return fail_memory(adding->fail);
		if (!add_word(adding, INDEX_SHAPE, shape))
			return false;
	}
	return true;
}

/* --- terms --- */

static bool
add_onward(struct adding *adding, struct slice onward)
{
	struct slice item, recipient;

	while (canon_next_item(&onward, &item))
		if (canon_get_string(
			item, "recipient", adding->index->arena, &recipient) &&
		    !add_word(adding, INDEX_RECIPIENT, recipient))
			return false;
	return true;
}

/* Where the terms of such a decision stand or would; NULL: nowhere. */
static struct decided *
decided_place(struct index *index, const struct entry_parts *of)
{
	if (of->fields_number == 0 || of->outcome.len != 0 ||
	    (of->onward.len != 0 && of->onward_number == 0) ||
	    of->recipient.len > sizeof(index->decided->recipient))
		return NULL;
	return &index->decided[(of->fields_number + 7 * of->onward_number) %
			       DECIDED];
}

static bool
is_decided(const struct decided *decided, const struct span *span,
    const struct entry_parts *of)
{
	return decided->fields == of->fields_number &&
	       decided->onward == of->onward_number &&
	       decided->load == span->load &&
	       slice_equal((struct slice){decided->recipient,
			       decided->recipient_len},
		   of->recipient);
}

/* The decision, and whom it lets know. */
static bool
add_decision(struct adding *adding, const struct entry_parts *of)
{
	struct decided *decided = decided_place(adding->index, of);
	bool ok = true;

	if (decided != NULL && is_decided(decided, adding->index->span, of)) {
		for (unsigned i = 0; ok && i < decided->count; i++)
			ok = add_set(adding, decided->sets[i]);
		return ok;
	}
	if (decided != NULL)
		decided->fields = decided->count = 0;
	adding->decided = decided;
	ok = add_onward(adding, of->onward) && add_shapes(adding, of);
	adding->decided = NULL;
	if (!ok || decided == NULL || decided->count > INDEX_TERMS_MAX)
		return ok;
	decided->fields = of->fields_number;
	decided->onward = of->onward_number;
	decided->load = adding->index->span->load;
	decided->recipient_len = of->recipient.len;
	memcpy(decided->recipient, of->recipient.data, of->recipient.len);
	return true;
}

/* What an event has of the disclosure it is about, and a disclosure itself. */
static bool
add_about(struct adding *adding, const struct entry_parts *of)
{
	return add_word(adding, INDEX_RECIPIENT, of->recipient) &&
	       add_word(adding, INDEX_PURPOSE, of->purpose) &&
	       add_word(adding, INDEX_CHANNEL, of->channel) &&
	       add_word(adding, INDEX_OPERATION, of->operation) &&
	       add_decision(adding, of) &&
	       (adding->item->object == 0 ||
		   add_term(adding, adding->item->object));
}

static bool
add_subjects(struct adding *adding)
{
	for (size_t i = 0; i < adding->item->subject_count; i++)
		if (!add_term(adding, index_word_term(INDEX_SUBJECT,
					  adding->item->subjects[i])))
			return false;
	return true;
}

bool
index_terms_hold(const struct index *index, const struct index_terms *terms)
{
	return terms->load == index->span->load &&
	       index->span->number == index->next >> SPAN_BITS;
}

/* An event's, as they were noted of the disclosure. */
static bool
add_noted(struct adding *adding, const struct index_terms *terms)
{
	for (unsigned i = 0; i < terms->count; i++)
		if (!add_set(adding, terms->sets[i]))
			return false;
	return true;
}

/* What a disclosure shares with the events about it. */
static bool
add_shared(struct adding *adding)
{
	const struct index_item *item = adding->item;
	bool ok;

	if (item->parts->is_disclosure && item->terms != NULL) {
		adding->noted = item->terms;
		item->terms->load = adding->index->span->load;
		item->terms->count = 0;
	}
	ok = (item->about == NULL || add_about(adding, item->about)) &&
	    add_subjects(adding);
	adding->noted = NULL;
	if (!ok || item->parts->is_disclosure || item->terms == NULL)
		return ok;
	return add_noted(adding, item->terms);
}

static bool
add_decided(struct adding *adding)
{
	struct slice decided = SLICE("forward");
	const struct entry_parts *parts = adding->item->parts;
	int64_t rule;

	if (!parts->is_disclosure)
		return add_word(adding, INDEX_OUTCOME, parts->word);
	if (parts->outcome.len == 0 &&
	    !add_word(adding, INDEX_OUTCOME, SLICE("open")))
		return false;
	if (parts->outcome.len != 0 &&
	    !entry_ruling(parts->outcome, &decided, &rule))
		return true;
	return add_word(adding, INDEX_DECIDED, decided);
}

static bool
add_terms(struct adding *adding)
{
	const struct index_item *item = adding->item;
	const struct entry_parts *parts = item->parts;

	return add_word(adding, INDEX_TYPE, parts->type) &&
	       add_word(adding, INDEX_POLICY, parts->policy) &&
	       add_word(adding, INDEX_ACTOR, parts->actor) &&
	       add_word(adding, INDEX_CASE, parts->case_id) &&
	       add_shared(adding) && add_decided(adding);
}

/* --- outcomes --- */

/* In a span that is full already. */
static bool
settle_older(
    struct index *index, uint64_t entry, uint64_t event, struct fail *fail)
{
	struct statement *get = index->do_.outcomes;
	struct statement *put = index->do_.put_outcomes;
	uint32_t distance = (uint32_t)(event - entry);
	uint8_t stored[OUTCOMES_SIZE] = {0};
	bool row, ok;

	statement_bind_number(get, 1, (int64_t)(entry >> 8));
	ok = statement_step(get, &row, fail);
	if (ok && row && statement_bytes(get, 0).len == sizeof(stored))
		memcpy(stored, statement_bytes(get, 0).data, sizeof(stored));
	statement_reset(get);
	for (unsigned b = 0; b < 4; b++)
		stored[4 * (entry & 255) + b] =
		    (uint8_t)(distance >> (24 - 8 * b));
	statement_bind_number(put, 1, (int64_t)(entry >> 8));
	statement_bind_bytes(put, 2, stored, sizeof(stored));
	return ok && statement_do(put, fail);
}

/* The words that an entry's outcome had in a span that is full. */
struct former {
	int64_t terms[SAID_MAX];
	size_t count;
};

static bool
unsay_older(struct index *index, uint64_t span, unsigned at, struct fail *fail)
{
	struct statement *posts = index->do_.posts;
	struct former former = {.count = 0};
	struct bits bits;
	bool row = true, ok = true;

	statement_bind_number(posts, 1, (int64_t)span);
	statement_bind_number(posts, 2, class_first(INDEX_OUTCOME));
	statement_bind_number(posts, 3, class_first(INDEX_OUTCOME + 1));
	while (ok && former.count < SAID_MAX) {
		ok = statement_step(posts, &row, fail);
		if (!ok || !row)
			break;
		bits_none(&bits);
		if (bits_read(&bits, statement_bytes(posts, 1)) &&
		    bits_has(&bits, at))
			former.terms[former.count++] =
			    statement_number(posts, 0);
	}
	statement_reset(posts);
	for (size_t i = 0; ok && i < former.count; i++) {
		ok = index_get_row(index, span, former.terms[i], &bits, fail);
		bits_unset(&bits, at);
		ok = ok &&
		     index_put_row(index, span, former.terms[i], &bits, fail);
	}
	return ok;
}

static bool
say(struct index *index, uint64_t entry, struct slice word, struct fail *fail)
{
	uint64_t span = entry >> SPAN_BITS;
	unsigned at = (unsigned)(entry & (BITS_COUNT - 1));
	struct bits bits;
	int64_t term;

	if (!index_use_word(index, INDEX_OUTCOME, word, &term, fail))
		return false;
	if (span == index->span->number)
		return span_set(index->span, term, at, fail);
	if (!index_get_row(index, span, term, &bits, fail))
		return false;
	bits_set(&bits, at);
	return index_put_row(index, span, term, &bits, fail);
}

/* A disclosure's latest outcome is this event's word. */
static bool
settle(struct adding *adding)
{
	struct index *index = adding->index;
	const struct entry_parts *parts = adding->item->parts;
	uint64_t entry = (uint64_t)parts->about, event = adding->item->index;
	unsigned at = (unsigned)(entry & (BITS_COUNT - 1));

	if (event - entry > UINT32_MAX)
		return true;
	if (!index_write_begin(index, adding->fail))
		return false;
	if (entry >> SPAN_BITS != index->span->number) {
		if (!settle_older(index, entry, event, adding->fail) ||
		    !unsay_older(index, entry >> SPAN_BITS, at, adding->fail))
			return false;
	} else {
		index->span->outcomes[at] = (uint32_t)(event - entry);
		index->span->outcomes_dirty[at / BUNDLES] = true;
		span_unsay(index->span, at);
	}
	return say(index, entry, parts->word, adding->fail);
}

/* --- entries --- */

static void
add_time(struct adding *adding)
{
	struct index_times *times = &adding->index->span->times;
	int64_t time = adding->item->parts->time;
	unsigned bundle = adding->at / BUNDLES;

	if (adding->at % BUNDLES == 0) {
		times->first[bundle] = INT64_MAX;
		times->last[bundle] = INT64_MIN;
	}
	if (time < times->first[bundle])
		times->first[bundle] = time;
	if (time > times->last[bundle])
		times->last[bundle] = time;
	adding->index->span->is_dirty = true;
}

static bool
next_span(struct index *index, struct fail *fail)
{
	if (index->next >> SPAN_BITS == index->span->number)
		return true;
	return index_write_begin(index, fail) && span_write(index, fail) &&
	       span_load(index, index->next >> SPAN_BITS, fail);
}

bool
index_add(struct index *index, const struct index_item *item, struct fail *fail)
{
	struct adding adding = {.index = index,
	    .item = item,
	    .at = (unsigned)(item->index & (BITS_COUNT - 1)),
	    .fail = fail};
	bool is_about = item->about != NULL || item->terms != NULL;

	if (item->index != index->next)
		return fail_set(fail, FAIL_INPUT,
		    "entry %llu cannot follow in the index",
		    (unsigned long long)item->index);
	if (!next_span(index, fail))
		return false;
	arena_reset(index->arena);
	add_time(&adding);
	if (!add_terms(&adding))
		return false;
	if (slice_is(item->parts->type, "outcome") && is_about &&
	    !item->parts->is_disclosure && !settle(&adding))
		return false;
	index->next++;
	return index_note_last(index, item->entry, fail);
}
