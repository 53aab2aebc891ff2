#include "base/text.h"
#include "core/audit_key.h"
#include "core/audit_priv.h"
#include "core/policy_tree.h"

enum {
	COUNTRY_MIN = 4, /* bytes of a key that a country's name is no part of */
	COUNTRY_MAX = 60 /* bytes of a country's name */
};

/* --- what is found -------------------------------------------------------- */

void
audit_tell(struct audit_comparison *it, enum audit_kind kind,
    const struct audit_candidate *of, bool is_current)
{
	if ((kind != AUDIT_LEAK && it->intent->is_deleted) ||
	    (kind == AUDIT_OVER_REDACTION && of->of->may_hide) ||
	    ((kind == AUDIT_OVER_REDACTION || kind == AUDIT_STALE) &&
		of->of->may_differ))
		return;
	it->told[kind][SLOT(of->role, of->field)] = true;
	it->is_current[SLOT(of->role, of->field)] |= is_current;
}

/*
 * Where a value should be replaced and its own is not known, what is seen may
 * be its own: that counts as a leak.  A server's handle of a person whose
 * handle nobody told is not the record's.
 */
void
audit_tell_other(struct audit_comparison *it, const struct audit_candidate *of)
{
	if (of->field == FIELD_HANDLE && !of->of->collected)
		return;
	switch (of->of->ruling.verdict) {
	case VERDICT_FORWARD:
		audit_tell(it, AUDIT_STALE, of, false);
		break;
	case VERDICT_REPLACE:
	case VERDICT_GENERALISE:
		audit_tell(it,
		    it->intent->knows_record ? AUDIT_STALE : AUDIT_LEAK, of,
		    false);
		break;
	case VERDICT_REFUSE:
	case VERDICT_HOLD:
	case VERDICT_REDACT:
	case VERDICT_COUNT:
		audit_tell(it, AUDIT_LEAK, of, false);
		break;
	}
}

static size_t
count_told(const struct audit_comparison *it)
{
	size_t count = 0;

	for (unsigned kind = 0; kind < AUDIT_KIND_COUNT; kind++)
		for (unsigned slot = 0; slot < SLOT_COUNT; slot++)
			count += it->told[kind][slot];
	return count;
}

static bool
give(struct audit_comparison *it, struct audit_findings *out)
{
	struct audit_finding *items =
	    arena_take_array(it->arena, count_told(it) + 1, sizeof(*items));

	if (items == NULL)
		return fail_memory(it->fail);
	*out = (struct audit_findings){items, 0};
	for (unsigned kind = 0; kind < AUDIT_KIND_COUNT; kind++)
		for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
			enum role role = (enum role)(slot / FIELD_COUNT);
			enum field field = (enum field)(slot % FIELD_COUNT);
			unsigned rule =
			    it->intent->items[role][field].ruling.rule;

			if (!it->told[kind][slot])
				continue;
			items[out->count++] = (struct audit_finding){
			    .kind = (enum audit_kind)kind,
			    .role = role,
			    .field = field,
			    .rule = rule,
			    .is_stop = rule == 0 &&
				(it->intent->stopped & 1u << role) != 0,
			    .is_current =
				kind == AUDIT_LEAK && it->is_current[slot]};
		}
	return true;
}

/* --- what can stand in a place -------------------------------------------- */

struct slice *
audit_keys(struct audit_comparison *it, enum field field, struct values values)
{
	struct slice *keys =
	    arena_take_array(it->arena, values.count + 1, sizeof(*keys));

	for (size_t i = 0; keys != NULL && i < values.count; i++)
		if (!audit_key(
			it->arena, field, values.items[i], &keys[i], it->fail))
			return NULL;
	if (keys == NULL)
		fail_memory(it->fail);
	return keys;
}

/* All lines of a value as one text. */
static bool
join(struct audit_comparison *it, struct values *values, struct slice *room)
{
	struct text text = text_start(it->arena);

	if (values->count < 2)
		return true;
	for (size_t i = 0; i < values->count; i++) {
		if (i != 0)
			text_add_char(&text, ' ');
		text_add(&text, values->items[i]);
	}
	*room = text_slice(&text);
	*values = (struct values){room, 1};
	return room->data != NULL || fail_memory(it->fail);
}

/* Servers, keys and names of networks are the object's, in whatever role. */
static enum role
role_of(const struct audit_intent *intent, enum role role, enum field field)
{
	enum role collected = role;

	if (field_info[field].class != CLASS_OBJECT)
		return role;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if (intent->items[r][field].allowed.count != 0)
			return (enum role)r;
		if (intent->items[r][field].collected)
			collected = (enum role)r;
	}
	return collected;
}

static bool
load_candidate(struct audit_comparison *it, enum field field)
{
	const struct audit_item *item = it->item;
	struct audit_candidate *to = &it->candidates[it->count];
	enum field by = item->shape == AUDIT_PARTS ? FIELD_STREET_LOC : field;
	struct audit_intended *joined;
	struct slice *room;

	to->role = role_of(it->intent, item->role, field);
	to->field = field;
	to->of = &it->intent->items[to->role][field];
	if (item->shape == AUDIT_LINES) {
		joined = arena_take(it->arena, sizeof(*joined));
		room = arena_take_array(it->arena, 2, sizeof(*room));
		if (joined == NULL || room == NULL)
			return fail_memory(it->fail);
		*joined = *to->of;
		if (!join(it, &joined->allowed, &room[0]) ||
		    !join(it, &joined->hidden, &room[1]))
			return false;
		to->of = joined;
	}
	to->allowed = audit_keys(it, by, to->of->allowed);
	to->hidden = audit_keys(it, by, to->of->hidden);
	it->count++;
	return to->allowed != NULL && to->hidden != NULL;
}

static bool
load(struct audit_comparison *it, const struct audit_item *item)
{
	it->item = item;
	it->count = 0;
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if ((item->fields & FIELD_BIT(f)) != 0 &&
		    it->count < AUDIT_CANDIDATES_MAX &&
		    !load_candidate(it, (enum field)f))
			return false;
	return true;
}

/* --- one value ------------------------------------------------------------ */

static bool
is_among(struct slice key, const struct slice *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(key, keys[i]))
			return true;
	return false;
}

/* Names of countries are letters, and of no great length. */
static bool
is_country(struct slice key)
{
	for (size_t i = 0; i < key.len; i++)
		if (key.data[i] >= '0' && key.data[i] <= '9')
			return false;
	return key.len != 2 && key.len <= COUNTRY_MAX;
}

/* Of these a town and its country have one name. */
static bool
is_town_and_country(struct slice key)
{
	static const char *const names[] = {"andorra", "djibouti", "gibraltar",
	    "guatemala", "hongkong", "kuwait", "luxembourg", "macao", "macau",
	    "mexico", "monaco", "panama", "sanmarino", "singapore"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_is(key, names[i]))
			return true;
	return false;
}

/*
 * In a country's place all that is no code passes for one; but not what the
 * record has of the role and nobody may see.
 */
static bool
tell_country(struct audit_comparison *it, enum role role, struct slice value,
    bool *told)
{
	struct slice key;

	*told = false;
	if (!audit_key(
		it->arena, FIELD_STREET_LOC, value, &key, it->fail))
		return false;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct audit_candidate of = {.role = role,
		    .field = (enum field)f,
		    .of = &it->intent->items[role][f]};
		struct slice *hidden =
		    audit_keys(it, FIELD_STREET_LOC, of.of->hidden);

		if (hidden == NULL)
			return false;
		for (size_t i = 0; i < of.of->hidden.count; i++)
			if (hidden[i].len >= COUNTRY_MIN &&
			    !is_town_and_country(hidden[i]) &&
			    audit_find((char *)(uintptr_t)key.data, key.len,
				hidden[i]) != NULL) {
				audit_tell(it, AUDIT_LEAK, &of, true);
				*told = true;
			}
	}
	return true;
}

/* A country's name cannot be told from its code here, and passes for it. */
static bool
is_allowed(const struct audit_comparison *it, const struct audit_candidate *of,
    struct slice key)
{
	if (of->field == FIELD_COUNTRY && is_country(key) &&
	    of->of->allowed.count != 0 && it->item->sight == AUDIT_SHOWN)
		return true;
	return is_among(key, of->allowed, of->of->allowed.count);
}

/*
 * Whose value may this be that is none of those that are known?  The record
 * has the field, before it has its script, before it is what stands there as a
 * rule.
 */
static const struct audit_candidate *
choose(const struct audit_comparison *it, struct slice value)
{
	enum field_form other = text_is_printable(value) ? FORM_LOC : FORM_INT;
	const struct audit_candidate *best = &it->candidates[0];
	int best_rank = -1;

	for (size_t i = 0; i < it->count; i++) {
		const struct audit_candidate *of = &it->candidates[i];
		int rank = 4 * of->of->collected +
			   2 * (field_info[of->field].form != other) +
			   ((it->item->expected & FIELD_BIT(of->field)) != 0);

		if (rank > best_rank) {
			best = of;
			best_rank = rank;
		}
	}
	return best;
}

/* Whoever stands there where the record has nobody is the server's own. */
static bool
is_own_contact(const struct audit_comparison *it)
{
	for (size_t i = 0; i < it->count; i++)
		if (it->candidates[i].role != it->item->role)
			return false;
	return !it->intent->has_role[it->item->role];
}

bool
audit_is_own(const struct audit_comparison *it)
{
	return it->item->shape == AUDIT_OWN || is_own_contact(it) ||
	       (it->is_anothers[it->item->role] &&
		   it->item->fields != FIELD_BIT(FIELD_HANDLE));
}

static void
judge_unknown(struct audit_comparison *it, struct slice value)
{
	const struct audit_candidate *of = choose(it, value);

	if (it->item->sight != AUDIT_SHOWN)
		return;
	if (!audit_is_own(it))
		audit_tell_other(it, of);
	else if (of->of->collected && of->of->allowed.count == 0 &&
		 !it->intent->knows_record)
		audit_tell(it, AUDIT_LEAK, of, false);
}

/* *served: it is one of those that may be seen. */
static bool
judge_value(struct audit_comparison *it, struct slice value, bool *served)
{
	struct slice keys[AUDIT_CANDIDATES_MAX];
	bool told = false;

	*served = false;
	for (size_t i = 0; i < it->count; i++) {
		const struct audit_candidate *of = &it->candidates[i];

		if (!audit_key(it->arena, of->field, value, &keys[i], it->fail))
			return false;
		if (of->field == FIELD_COUNTRY && keys[i].len != 2 &&
		    !tell_country(it, of->role, value, &told))
			return false;
		*served |= !told && is_allowed(it, of, keys[i]);
	}
	if (told)
		return true;
	for (size_t i = 0; !*served && i < it->count; i++) {
		const struct audit_candidate *of = &it->candidates[i];

		if (is_among(keys[i], of->hidden, of->of->hidden.count)) {
			audit_tell(it, AUDIT_LEAK, of, true);
			return true;
		}
	}
	if (!*served)
		judge_unknown(it, value);
	return true;
}

/* --- a place -------------------------------------------------------------- */

/* Of a field with many values, one that may be seen is not. */
static bool
judge_lacking(struct audit_comparison *it, struct values shown)
{
	const struct audit_candidate *of = &it->candidates[0];
	struct slice *keys;

	if (it->count != 1 || it->item->shape != AUDIT_EACH ||
	    (it->intent->is_contact && of->field == FIELD_HANDLE) ||
	    field_info[of->field].many == 1)
		return true;
	keys = audit_keys(it, of->field, shown);
	if (keys == NULL)
		return false;
	for (size_t i = 0; i < of->of->allowed.count; i++)
		if (!is_among(of->allowed[i], keys, shown.count))
			audit_tell(it, AUDIT_STALE, of, false);
	return true;
}

static bool
judge_shown(struct audit_comparison *it, bool *served)
{
	struct values shown = it->item->values;
	struct slice room;

	*served = false;
	if (it->item->shape == AUDIT_LINES && !join(it, &shown, &room))
		return false;
	for (size_t i = 0; i < shown.count; i++) {
		bool is_served;

		if (!judge_value(it, shown.items[i], &is_served))
			return false;
		*served |= is_served;
	}
	return it->item->sight != AUDIT_SHOWN || judge_lacking(it, shown);
}

/* Both forms of a field in one place are one thing to see. */
static void
judge_absent(struct audit_comparison *it)
{
	for (size_t i = 0; i < it->count; i++) {
		const struct audit_candidate *of = &it->candidates[i];

		if ((it->item->expected & FIELD_BIT(of->field)) != 0 &&
		    of->of->allowed.count != 0) {
			audit_tell(it, AUDIT_OVER_REDACTION, of, false);
			return;
		}
	}
}

static bool
judge_item(struct audit_comparison *it, const struct audit_item *item)
{
	bool served;

	if (!load(it, item) || it->count == 0)
		return it->count == 0;
	if (item->shape == AUDIT_PARTS)
		return audit_compare_parts(it);
	if (!judge_shown(it, &served))
		return false;
	if (item->sight != AUDIT_SHOWN && !served && !audit_is_own(it))
		judge_absent(it);
	return true;
}

/* --- whose contacts ------------------------------------------------------- */

/*
 * Handles of networks' contacts are names that registries agree on: where an
 * answer has another one than the record, as APNIC has JPNIC's, the contact is
 * another.  A domain's are each registry's own.
 */
static bool
find_others(struct audit_comparison *it, const struct audit_item *item)
{
	const struct audit_candidate *of = &it->candidates[0];
	struct slice *shown;
	bool same = false;

	if (it->intent->type != OBJECT_NETWORK || item->sight != AUDIT_SHOWN ||
	    item->fields != FIELD_BIT(FIELD_HANDLE))
		return true;
	if (!load(it, item))
		return false;
	shown = audit_keys(it, FIELD_HANDLE, item->values);
	if (shown == NULL)
		return false;
	for (size_t i = 0; i < item->values.count; i++)
		same |=
		    is_among(shown[i], of->allowed, of->of->allowed.count) ||
		    is_among(shown[i], of->hidden, of->of->hidden.count);
	it->is_anothers[item->role] |= of->of->collected && !same;
	return true;
}

/* --- the whole ------------------------------------------------------------ */

static bool
is_anything_allowed(const struct audit_intent *intent)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned field = 0; field < FIELD_COUNT; field++)
			if (intent->items[role][field].allowed.count != 0 &&
			    !intent->items[role][field].may_hide)
				return true;
	return false;
}

/* What is found of the object as a whole; false: nothing. */
static bool
judge_whole(const struct audit_intent *intent, enum audit_state state,
    enum audit_kind *out)
{
	switch (state) {
	case AUDIT_FOUND:
		*out = AUDIT_STALE;
		return intent->is_deleted;
	case AUDIT_NOT_FOUND:
		*out = AUDIT_MISSING;
		return !intent->is_deleted && is_anything_allowed(intent);
	case AUDIT_LIMITED:
	case AUDIT_NOT_UNDERSTOOD:
		break;
	}
	*out = AUDIT_UNREACHABLE;
	return true;
}

bool
audit_compare(const struct audit_intent *intent,
    const struct audit_answer *answer, struct arena *arena,
    struct audit_findings *out, struct fail *fail)
{
	struct audit_comparison *it = arena_take(arena, sizeof(*it));
	struct audit_finding whole = {.is_whole = true};

	if (it == NULL)
		return fail_memory(fail);
	it->intent = intent;
	it->arena = arena;
	it->fail = fail;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		it->is_anothers[r] = intent->is_another;
	for (size_t i = 0; i < answer->count; i++)
		if (!find_others(it, &answer->items[i]))
			return false;
	for (size_t i = 0; i < answer->count; i++)
		if (!judge_item(it, &answer->items[i]))
			return false;
	if (!audit_compare_text(it, answer->text) || !give(it, out))
		return false;
	if (judge_whole(intent, answer->state, &whole.kind))
		((struct audit_finding *)(uintptr_t)
			out->items)[out->count++] = whole;
	return true;
}
