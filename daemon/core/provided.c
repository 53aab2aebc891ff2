/* Reading what entries say of one subject. */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "core/inputs.h"
#include "core/provided_priv.h"

struct provided *
provided_create(struct slice pseudonym, struct arena *arena)
{
	struct provided *provided = arena_take(arena, sizeof(*provided));

	if (provided == NULL)
		return NULL;
	provided->arena = arena;
	provided->pseudonym = pseudonym;
	provided->events_last = &provided->events;
	return provided;
}

const uint64_t *
provided_entries(const struct provided *provided, size_t *count)
{
	*count = provided->count;
	return provided->entries;
}

/* The first place whose entry is not before this one. */
static size_t
place_of(const struct provided *provided, uint64_t index)
{
	size_t low = 0, high = provided->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (provided->entries[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Room for one more in both tables. */
static bool
make_room(struct provided *provided)
{
	size_t room = provided->room == 0 ? 64 : 2 * provided->room;
	struct disclosed **by_entry;
	uint64_t *entries;

	if (provided->count < provided->room)
		return true;
	entries = arena_take_array(provided->arena, room, sizeof(*entries));
	by_entry =
	    arena_take_array(provided->arena, room, sizeof(struct disclosed *));
	if (entries == NULL || by_entry == NULL)
		return false;
	if (provided->count != 0) {
		memcpy(entries, provided->entries,
		    provided->count * sizeof(*entries));
		memcpy(by_entry, provided->by_entry,
		    provided->count * sizeof(struct disclosed *));
	}
	provided->entries = entries;
	provided->by_entry = by_entry;
	provided->room = room;
	return true;
}

static struct disclosed *
find(const struct provided *provided, uint64_t index)
{
	size_t at = place_of(provided, index);

	return at < provided->count && provided->entries[at] == index
		   ? provided->by_entry[at]
		   : NULL;
}

/* What was carried on comes after what is younger than it. */
static void
put(struct provided *provided, struct disclosed *disclosed)
{
	size_t at = place_of(provided, disclosed->index);
	size_t after = provided->count++ - at;

	memmove(&provided->entries[at + 1], &provided->entries[at],
	    after * sizeof(*provided->entries));
	memmove(&provided->by_entry[at + 1], &provided->by_entry[at],
	    after * sizeof(*provided->by_entry));
	provided->entries[at] = disclosed->index;
	provided->by_entry[at] = disclosed;
}

/* --- a disclosure --- */

/* What is being read. */
struct reading {
	struct provided *provided;
	const struct provided_entry *entry;
	const struct entry_rulings *rulings;
	struct disclosed *disclosed;
	struct arena *scratch;
};

/*
 * The purposes of the blocks of a recipient that is behind another: the entry
 * has only that of the first.
 */
static struct slice
purposes_of(const struct reading *reading, unsigned recipient)
{
	const struct ruleset *ruleset = reading->entry->ruleset;
	enum object_type type = reading->rulings->type == OBJECT_CONTACT
				    ? OBJECT_DOMAIN
				    : reading->rulings->type;
	struct text text = text_start(reading->provided->arena);
	struct slice last = {"", 0};

	for (unsigned b = 0; b < ruleset_block_count(ruleset); b++) {
		const struct block *block = ruleset_block(ruleset, b);

		if (block->recipient != recipient || block->type != type ||
		    slice_equal(block->purpose, last))
			continue;
		if (text.len != 0)
			text_add_string(&text, ", ");
		text_add(&text, block->purpose);
		last = block->purpose;
	}
	return text_slice(&text);
}

static void
sort_verdicts(const struct entry_table *table, enum role role, bool watched,
    struct part *part)
{
	part->listed = table->listed[role];
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if ((part->listed & FIELD_BIT(f)) == 0)
			continue;
		switch (watched ? VERDICT_FORWARD
				: table->rulings[role][f].verdict) {
		case VERDICT_FORWARD:
			part->forwarded |= FIELD_BIT(f);
			break;
		case VERDICT_GENERALISE:
			part->generalised |= FIELD_BIT(f);
			break;
		case VERDICT_REPLACE:
			part->replaced |= FIELD_BIT(f);
			break;
		case VERDICT_REDACT:
		case VERDICT_HOLD:
		case VERDICT_REFUSE:
		case VERDICT_COUNT:
			break;
		}
	}
}

static bool
add_part(struct reading *reading, const struct entry_table *table,
    enum role role, struct part ***last)
{
	struct provided *provided = reading->provided;
	const struct ruleset *ruleset = reading->entry->ruleset;
	struct part *part = arena_take(provided->arena, sizeof(*part));
	bool is_own = table == &reading->rulings->own;
	unsigned index;

	if (part == NULL)
		return false;
	part->recipient = arena_copy(provided->arena, table->recipient);
	part->role = role;
	part->purpose = SLICE("");
	if (is_own)
		part->purpose =
		    arena_copy(provided->arena, reading->rulings->purpose);
	else
		part->via = arena_copy(
		    provided->arena, reading->rulings->own.recipient);
	if (ruleset != NULL &&
	    ruleset_find_recipient(ruleset, table->recipient, &index)) {
		part->is = ruleset_recipient(ruleset, index);
		if (!is_own)
			part->purpose = purposes_of(reading, index);
	}
	/* What passed unchanged went to the first one; who knows how on. */
	sort_verdicts(table, role, is_own && reading->disclosed->watched, part);
	**last = part;
	*last = &part->next;
	return part->recipient.data != NULL && part->purpose.data != NULL;
}

static bool
add_parts(struct reading *reading)
{
	const struct entry_rulings *rulings = reading->rulings;
	struct part **last = &reading->disclosed->parts;

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if (!slice_equal(
			rulings->pseudonyms[r], reading->provided->pseudonym))
			continue;
		reading->provided->result.has_slot = true;
		reading->provided->result.slot = rulings->slots[r];
		if (!add_part(reading, &rulings->own, (enum role)r, &last))
			return false;
		for (size_t i = 0; i < rulings->onward_count; i++)
			if (!add_part(reading, &rulings->onward[i],
				(enum role)r, &last))
				return false;
	}
	return true;
}

static bool
copy_consents(
    struct reading *reading, const struct inputs_role *from, enum role role)
{
	struct arena *arena = reading->provided->arena;
	struct provided_consent *consents =
	    arena_take_array(arena, from->consent_count, sizeof(*consents));

	if (consents == NULL)
		return false;
	for (size_t i = 0; i < from->consent_count; i++) {
		consents[i].purpose =
		    arena_copy(arena, from->consents[i].purpose);
		consents[i].version =
		    arena_copy(arena, from->consents[i].version);
		consents[i].given = from->consents[i].given;
		consents[i].time = from->consents[i].time;
		if (consents[i].purpose.data == NULL ||
		    consents[i].version.data == NULL)
			return false;
	}
	reading->disclosed->consents[role] = consents;
	reading->disclosed->consent_counts[role] = from->consent_count;
	return true;
}

static bool
add_inputs(struct reading *reading)
{
	struct disclosed *disclosed = reading->disclosed;
	struct inputs inputs;

	if (reading->entry->inputs.len == 0 ||
	    !inputs_read(reading->entry->inputs, reading->scratch, &inputs) ||
	    inputs.too_much)
		return true;
	disclosed->has_inputs = true;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		disclosed->present[r] = inputs.roles[r].present;
		if (!copy_consents(reading, &inputs.roles[r], (enum role)r))
			return false;
	}
	return true;
}

static void
fill(struct reading *reading)
{
	const struct entry_rulings *rulings = reading->rulings;
	struct arena *arena = reading->provided->arena;
	struct disclosed *disclosed = reading->disclosed;

	disclosed->index = reading->entry->index;
	disclosed->time = rulings->time;
	disclosed->type = rulings->type;
	disclosed->operation = rulings->operation;
	disclosed->object = arena_copy(arena, reading->entry->object);
	disclosed->basis = arena_copy(arena, rulings->basis);
	disclosed->channel = arena_copy(arena, rulings->channel);
	disclosed->ruleset = reading->entry->ruleset;
	disclosed->policy = rulings->policy;
	disclosed->watched = slice_is(rulings->channel, "epp-shadow");
	disclosed->has_payload = rulings->has_payload;
	disclosed->goes =
	    disclosed->watched || rulings->outcome.verdict == VERDICT_FORWARD;
	/* An EPP command may carry less than the record it is judged on. */
	disclosed->is_whole =
	    !disclosed->watched && !slice_is(rulings->channel, "epp");
}

static bool
is_mine(const struct entry_rulings *rulings, struct slice pseudonym)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (slice_equal(rulings->pseudonyms[r], pseudonym))
			return true;
	return false;
}

static bool
add_disclosure(struct reading *reading)
{
	struct provided *provided = reading->provided;
	struct disclosed *disclosed;

	if (!is_mine(reading->rulings, provided->pseudonym) ||
	    find(provided, reading->entry->index) != NULL)
		return true;
	if (provided->count == PROVIDED_MAX) {
		provided->result.cut = true;
		return true;
	}
	disclosed = arena_take(provided->arena, sizeof(*disclosed));
	if (disclosed == NULL || !make_room(provided))
		return false;
	reading->disclosed = disclosed;
	fill(reading);
	if (disclosed->object.data == NULL || disclosed->basis.data == NULL ||
	    disclosed->channel.data == NULL || !add_parts(reading) ||
	    !add_inputs(reading))
		return false;
	put(provided, disclosed);
	return true;
}

/* --- an event --- */

static enum provided_outcome
outcome_of(struct slice word)
{
	static const struct {
		const char *word;
		enum provided_outcome outcome;
	} words[] = {{"sent", PROVIDED_DELIVERED},
	    {"answered", PROVIDED_DELIVERED}, {"refused", PROVIDED_REFUSED},
	    {"not-sent", PROVIDED_NOT_SENT}, {"given-up", PROVIDED_NOT_SENT},
	    {"unknown", PROVIDED_UNKNOWN}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (slice_is(word, words[i].word))
			return words[i].outcome;
	return PROVIDED_UNKNOWN;
}

static void
settle(struct provided *provided, uint64_t index, struct slice word)
{
	struct disclosed *disclosed = find(provided, index);

	if (disclosed != NULL && word.len != 0)
		disclosed->outcome = outcome_of(word);
}

/* What one disclosure published is so until here. */
static bool
add_end(const struct reading *reading, uint64_t about)
{
	struct provided *provided = reading->provided;
	const struct disclosed *began = find(provided, about);
	struct disclosed *end;

	if (began == NULL || provided->count == PROVIDED_MAX ||
	    find(provided, reading->entry->index) != NULL)
		return true;
	end = arena_take(provided->arena, sizeof(*end));
	if (end == NULL || !make_room(provided))
		return false;
	*end = *began;
	end->index = reading->entry->index;
	end->ends = true;
	canon_get_number(reading->entry->entry, "time", &end->time);
	put(provided, end);
	provided->ends++;
	return true;
}

static bool
add_outcome(const struct reading *reading, struct slice word)
{
	int64_t about;

	if (!canon_get_number(reading->entry->entry, "entry", &about) ||
	    about < 0)
		return true;
	if (slice_is(word, "ended"))
		return add_end(reading, (uint64_t)about);
	settle(reading->provided, (uint64_t)about, word);
	return true;
}

static bool
is_about_me(const struct reading *reading)
{
	struct slice subject, item, text;

	return canon_member(reading->entry->entry, "subject", &subject) &&
	       canon_next_item(&subject, &item) &&
	       canon_string(item, reading->scratch, &text) &&
	       slice_equal(text, reading->provided->pseudonym);
}

static bool
add_event(struct reading *reading, struct slice type)
{
	struct provided *provided = reading->provided;
	struct slice entry = reading->entry->entry, value = {"", 0};
	struct provided_event *event;

	canon_get_string(entry, "word", reading->scratch, &value);
	if (slice_is(type, "outcome"))
		return add_outcome(reading, value);
	if (!is_about_me(reading))
		return true;
	event = arena_take(provided->arena, sizeof(*event));
	if (event == NULL)
		return false;
	event->entry = reading->entry->index;
	canon_get_number(entry, "time", &event->time);
	event->type = arena_copy(provided->arena, type);
	event->word = arena_copy(provided->arena, value);
	value = (struct slice){"", 0};
	canon_get_string(entry, "case", reading->scratch, &value);
	event->case_id = arena_copy(provided->arena, value);
	*provided->events_last = event;
	provided->events_last = &event->next;
	return event->type.data != NULL && event->word.data != NULL &&
	       event->case_id.data != NULL;
}

static bool
read_disclosure(struct reading *reading, struct slice disclosure)
{
	reading->rulings = entry_rulings_read(disclosure, reading->scratch);
	return reading->rulings == NULL || add_disclosure(reading);
}

/* As if it still stood where it was. */
static bool
add_kept(const struct reading *reading, const struct entry_kept *kept)
{
	struct provided_entry there = *reading->entry;
	struct reading of = *reading;

	there.index = kept->index;
	there.entry = kept->disclosure;
	of.entry = &there;
	if (!read_disclosure(&of, kept->disclosure))
		return false;
	if (slice_is(kept->outcome, "ended")) {
		settle(reading->provided, kept->index, SLICE("sent"));
		return add_end(reading, kept->index);
	}
	settle(reading->provided, kept->index, kept->outcome);
	return true;
}

bool
provided_add(struct provided *provided, const struct provided_entry *entry,
    struct arena *scratch, struct fail *fail)
{
	struct reading reading = {
	    .provided = provided, .entry = entry, .scratch = scratch};
	struct entry_kept kept;
	struct slice type;
	bool ok;

	if (!canon_get_string(entry->entry, "type", scratch, &type))
		return true;
	if (slice_is(type, "disclosure"))
		ok = read_disclosure(&reading, entry->entry);
	else if (entry_kept_read(entry->entry, scratch, &kept))
		ok = add_kept(&reading, &kept);
	else
		ok = add_event(&reading, type);
	return ok || fail_memory(fail);
}

/* In the order of the ledger, whatever order they came in. */
static void
chain(struct provided *provided)
{
	struct disclosed **last = &provided->first;

	for (size_t i = 0; i < provided->count; i++) {
		*last = provided->by_entry[i];
		last = &provided->by_entry[i]->next;
	}
	*last = NULL;
}

const struct provided_result *
provided_finish(struct provided *provided, struct fail *fail)
{
	chain(provided);
	provided->result.disclosures = provided->count - provided->ends;
	provided->result.events = provided->events;
	return provided_make_rows(provided, fail) ? &provided->result : NULL;
}
