/* Inputs as bytes; stand_in.c makes a record of them. */
#include "core/inputs.h"

#include "core/facts.h"
#include "core/record_priv.h"
#include "core/ruleset_priv.h"

enum { VERSION = 1 };
enum {
	IS_APPROVED = 1,
	IN_SCOPE = 2,
	TOO_MUCH = 4,
	IS_PLACED = 8,
	IS_MINIMAL = 16,
	HIDES = 32,
	FLAGS = 63
};
enum { KIND_IS_PRESUMED = 64 }; /* in the byte of a kind */

/* --- writing --- */

/* Nothing is allocated before the length is known. */
struct writer {
	uint8_t bytes[INPUTS_MAX];
	size_t len;
	bool full;
};

static inline void
put_byte(struct writer *out, unsigned byte)
{
	if (out->len < sizeof(out->bytes))
		out->bytes[out->len++] = (uint8_t)byte;
	else
		out->full = true;
}

static inline void
put_number(struct writer *out, uint64_t number)
{
	for (; number >= 128; number >>= 7)
		put_byte(out, (unsigned)(number & 127) | 128);
	put_byte(out, (unsigned)number);
}

static void
put_string(struct writer *out, struct slice text)
{
	put_number(out, text.len);
	if (text.len > sizeof(out->bytes) - out->len) {
		out->full = true;
		return;
	}
	if (text.len != 0)
		memcpy(out->bytes + out->len, text.data, text.len);
	out->len += text.len;
}

static void
put_consents(struct writer *out, const struct person *person)
{
	put_number(out, person->consent_count);
	for (size_t i = 0; i < person->consent_count; i++) {
		const struct consent *consent = &person->consents[i];

		put_byte(out,
		    (unsigned)consent->audience * 2 + (consent->given ? 1 : 0));
		put_number(out, (uint64_t)consent->time);
		put_string(out, consent->purpose);
		put_string(out, consent->version);
	}
}

/* Without either it is unknown because nobody said anything. */
static bool
is_presumed(const struct person *person)
{
	return !person->kind_given && person->kind != KIND_UNKNOWN;
}

static void
put_role(struct writer *out, enum role role, const struct person *person)
{
	uint64_t present = 0, several = 0;

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct values *values = &person->fields[f];

		if (values->count == 0 || values->items[0].len == 0)
			continue;
		present |= FIELD_BIT(f);
		if (values->count > 1)
			several |= FIELD_BIT(f);
	}
	put_byte(out, role);
	put_byte(out,
	    person->kind |
		(is_presumed(person) ? (unsigned)KIND_IS_PRESUMED : 0u));
	put_number(out, present);
	put_number(out, several);
	put_consents(out, person);
}

static void
put_roles(struct writer *out, const struct record *record)
{
	unsigned count = 0;

	for (unsigned r = 0; r < ROLE_COUNT; r++)
		count += record->persons[r] != NULL;
	put_byte(out, count);
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (record->persons[r] != NULL)
			put_role(out, (enum role)r, record->persons[r]);
}

/* Whose values a variable about that role sees. */
static inline enum role
person_of(enum object_type type, const struct variable *variable)
{
	return type == OBJECT_CONTACT ? CONTACT_ROLE
				      : (enum role)variable->role;
}

/* What is missing, several or another value is known without this. */
static void
put_literals(struct writer *out, const struct record *record,
    const struct ruleset *ruleset)
{
	size_t at = out->len;
	unsigned count = 0;

	put_byte(out, 0);
	for (unsigned v = 0; v < ruleset->variable_count; v++) {
		const struct variable *variable = &ruleset->variables[v];
		enum role role = person_of(record->type, variable);
		uint16_t state;

		if (variable->subject != TEST_VALUE ||
		    variable->set_count == 0 || record->persons[role] == NULL ||
		    record->persons[role]->fields[variable->field].count != 1)
			continue;
		state = fact_of(ruleset, v, record, role);
		if (state <= STATE_OTHER)
			continue;
		put_number(out, v);
		put_number(out, state);
		count++;
	}
	out->full |= count > 127;
	if (!out->full)
		out->bytes[at] = (uint8_t)count;
}

static void
put_scope(struct writer *out, const struct decide_scope *scope)
{
	put_number(out, scope->roles);
	put_string(out, scope->object);
	put_string(out, scope->suffix);
	put_number(out, scope->place_count);
	for (size_t i = 0; i < scope->place_count; i++) {
		put_number(out, scope->places[i].roles);
		put_string(out, scope->places[i].suffix);
	}
}

static unsigned
flags_of(const struct inputs_given *given)
{
	unsigned flags = given->approved ? IS_APPROVED : 0;

	if (given->scope != NULL)
		flags |= IN_SCOPE | (given->scope->is_placed ? IS_PLACED : 0u);
	if (given->minimal != NULL)
		flags |= IS_MINIMAL | (given->minimal->hides ? HIDES : 0u);
	return flags;
}

static void
put_minimal(struct writer *out, const struct decide_given *given)
{
	put_number(out, given->stopped);
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if ((given->stopped & 1u << r) != 0)
			put_number(
			    out, given->kept != NULL ? given->kept[r] : 0);
}

struct slice
inputs_write(const struct record *record, const struct inputs_given *given,
    struct arena *arena)
{
	struct writer out;
	unsigned flags = flags_of(given);

	out.len = 0;
	out.full = false;
	put_byte(&out, VERSION);
	put_byte(&out, flags);
	put_string(&out, record->plan);
	if (given->minimal != NULL)
		put_minimal(&out, given->minimal);
	if (given->scope != NULL)
		put_scope(&out, given->scope);
	put_roles(&out, record);
	put_literals(&out, record, given->ruleset);
	if (out.full) {
		out.bytes[1] = (uint8_t)(flags | TOO_MUCH);
		out.len = 2;
	}
	return arena_copy(
	    arena, (struct slice){(const char *)out.bytes, out.len});
}

/* --- reading --- */

struct reader {
	const uint8_t *at, *end;
	bool bad;
};

static unsigned
get_byte(struct reader *in)
{
	if (in->at == in->end) {
		in->bad = true;
		return 0;
	}
	return *in->at++;
}

static uint64_t
get_number(struct reader *in)
{
	uint64_t number = 0;
	unsigned byte = 128;

	for (unsigned shift = 0; byte >= 128; shift += 7) {
		byte = get_byte(in);
		if (in->bad || shift > 63 ||
		    (shift == 63 && (byte & 127) > 1)) {
			in->bad = true;
			return 0;
		}
		number |= (uint64_t)(byte & 127) << shift;
	}
	return number;
}

static struct slice
get_string(struct reader *in)
{
	uint64_t len = get_number(in);
	struct slice text = {(const char *)in->at, 0};

	if (len > (size_t)(in->end - in->at)) {
		in->bad = true;
		return text;
	}
	text.len = (size_t)len;
	in->at += len;
	return text;
}

/* A number below `bound`; else everything is bad. */
static unsigned
get_below(struct reader *in, unsigned bound)
{
	uint64_t number = get_number(in);

	if (number < bound)
		return (unsigned)number;
	in->bad = true;
	return 0;
}

static void
get_consents(struct reader *in, struct arena *arena, struct inputs_role *role)
{
	size_t count = get_below(in, RECORD_CONSENTS_MAX + 1);
	struct consent *consents =
	    arena_take_array(arena, count, sizeof(*consents));

	in->bad |= consents == NULL;
	for (size_t i = 0; !in->bad && i < count; i++) {
		unsigned word = get_below(in, AUDIENCE_COUNT * 2);

		consents[i].audience = (enum audience)(word / 2);
		consents[i].given = (word & 1) != 0;
		consents[i].time = (int64_t)get_number(in);
		consents[i].purpose = get_string(in);
		consents[i].version = get_string(in);
	}
	role->consents = consents;
	role->consent_count = count;
}

static void
get_kind(struct reader *in, struct inputs_role *role)
{
	unsigned byte = get_below(in, 2 * (unsigned)KIND_IS_PRESUMED);
	unsigned kind = byte & ~(unsigned)KIND_IS_PRESUMED;

	role->is_presumed = byte != kind;
	in->bad |= kind >= KIND_COUNT;
	role->kind = in->bad ? KIND_UNKNOWN : (enum kind)kind;
}

static void
get_roles(struct reader *in, struct arena *arena, struct inputs *out)
{
	unsigned count = get_below(in, ROLE_COUNT + 1);

	for (unsigned i = 0; !in->bad && i < count; i++) {
		unsigned number = get_below(in, ROLE_COUNT);
		struct inputs_role *role = &out->roles[number];

		in->bad |= role->is_there;
		role->is_there = true;
		get_kind(in, role);
		role->present = get_number(in) & FIELD_ALL;
		role->several = get_number(in) & role->present;
		get_consents(in, arena, role);
	}
}

static void
get_literals(struct reader *in, struct arena *arena, struct inputs *out)
{
	size_t count = get_below(in, 128);
	struct inputs_literal *literals =
	    arena_take_array(arena, count, sizeof(*literals));

	in->bad |= literals == NULL;
	for (size_t i = 0; !in->bad && i < count; i++) {
		literals[i].variable = get_below(in, UINT16_MAX);
		literals[i].state = get_below(in, UINT16_MAX);
	}
	out->literals = literals;
	out->literal_count = count;
}

static void
get_scope(struct reader *in, struct arena *arena, struct inputs *out)
{
	struct decide_scope *scope = &out->scope;
	struct decide_place *places;

	scope->roles = get_below(in, ROLE_ALL + 1);
	scope->object = get_string(in);
	scope->suffix = get_string(in);
	scope->place_count = get_below(in, PLACES_MAX + 1);
	places = arena_take_array(arena, PLACES_MAX, sizeof(*places));
	in->bad |= places == NULL;
	for (size_t i = 0; !in->bad && i < scope->place_count; i++) {
		places[i].roles = get_below(in, ROLE_ALL + 1);
		places[i].suffix = get_string(in);
	}
	scope->places = places;
}

static void
get_minimal(struct reader *in, struct inputs *out)
{
	out->stopped = get_below(in, ROLE_ALL + 1);
	for (unsigned r = 0; !in->bad && r < ROLE_COUNT; r++)
		if ((out->stopped & 1u << r) != 0)
			out->kept[r] = get_number(in) & FIELD_ALL;
}

bool
inputs_read(struct slice bytes, struct arena *arena, struct inputs *out)
{
	struct reader in = {.at = (const uint8_t *)bytes.data,
	    .end = (const uint8_t *)bytes.data + bytes.len};
	unsigned flags;

	*out = (struct inputs){.approved = false};
	if (bytes.len < 2 || get_byte(&in) != VERSION)
		return false;
	flags = get_byte(&in);
	out->approved = (flags & IS_APPROVED) != 0;
	out->in_scope = (flags & IN_SCOPE) != 0;
	out->too_much = (flags & TOO_MUCH) != 0;
	if ((flags & ~(unsigned)FLAGS) != 0 || out->too_much)
		return (flags & ~(unsigned)FLAGS) == 0 && in.at == in.end;
	out->plan = get_string(&in);
	if ((flags & IS_MINIMAL) != 0)
		get_minimal(&in, out);
	out->hides = (flags & HIDES) != 0;
	out->scope.is_placed = (flags & IS_PLACED) != 0;
	if (out->in_scope)
		get_scope(&in, arena, out);
	get_roles(&in, arena, out);
	get_literals(&in, arena, out);
	return !in.bad && in.at == in.end;
}
