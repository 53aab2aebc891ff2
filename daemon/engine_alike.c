/*
 * Who is the same person as one who stopped, by e-mail or telephone alone: a
 * role for which no subject is given, in another place.  The ledger has each
 * under a pseudonym of its own, so all current records are looked through for
 * them, some at a turn of the loop.
 */
#include "engine_stop.h"

enum { ALIKE_HEADS = 1024, ALIKE_AT_ONCE = 500, ALIKE_MAX = 100000 };

struct pseudonym {
	struct pseudonym *next;
	uint8_t bytes[PSEUDONYM_SIZE];
};

struct alike {
	struct engine *engine;
	struct arena *arena;
	int64_t stop;
	struct vault_cursor cursor;
	struct pseudonym *heads[ALIKE_HEADS];
	size_t count;
};

/* They are random. */
static struct pseudonym **
head_of(struct alike *alike, const uint8_t bytes[PSEUDONYM_SIZE])
{
	return &alike->heads[(bytes[0] | bytes[1] << 8) % ALIKE_HEADS];
}

static bool
add(struct alike *alike, const uint8_t bytes[PSEUDONYM_SIZE], struct fail *fail)
{
	struct pseudonym **head = head_of(alike, bytes), *new;

	for (const struct pseudonym *p = *head; p != NULL; p = p->next)
		if (memcmp(p->bytes, bytes, PSEUDONYM_SIZE) == 0)
			return true;
	if (alike->count == ALIKE_MAX)
		return fail_set(fail, FAIL_WORLD,
		    "the subject is known by e-mail or telephone in more than "
		    "%d places",
		    ALIKE_MAX);
	new = arena_take(alike->arena, sizeof(*new));
	if (new == NULL)
		return fail_memory(fail);
	memcpy(new->bytes, bytes, PSEUDONYM_SIZE);
	new->next = *head;
	*head = new;
	alike->count++;
	return true;
}

struct alike *
engine_alike_create(
    struct engine *engine, const struct stop *stop, struct arena *arena)
{
	struct alike *alike = arena_take(arena, sizeof(*alike));
	struct fail fail = FAIL_INIT;

	if (alike == NULL)
		return NULL;
	*alike =
	    (struct alike){.engine = engine, .arena = arena, .stop = stop->id};
	return add(alike, stop->pseudonym, &fail) ? alike : NULL;
}

static bool
read_hex(struct slice hex, uint8_t out[PSEUDONYM_SIZE])
{
	if (hex.len != 2 * (size_t)PSEUDONYM_SIZE)
		return false;
	for (size_t i = 0; i < hex.len; i++) {
		char c = hex.data[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f'
				     ? (unsigned)(c - 'a') + 10
				     : 16;

		if (digit == 16)
			return false;
		out[i / 2] =
		    (uint8_t)(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
	}
	return true;
}

bool
engine_alike_has(struct alike *alike, struct slice hex)
{
	uint8_t bytes[PSEUDONYM_SIZE];

	if (!read_hex(hex, bytes))
		return false;
	for (const struct pseudonym *p = *head_of(alike, bytes); p != NULL;
	     p = p->next)
		if (memcmp(p->bytes, bytes, PSEUDONYM_SIZE) == 0)
			return true;
	return false;
}

bool
engine_alike_any(const struct alike *alike)
{
	return alike->count > 1;
}

/* --- looking through the records --- */

static bool
is_of_stop(struct alike *alike, const struct record *record, enum role role,
    struct arena *arena, bool *is, struct fail *fail)
{
	struct stop stop = {.id = 0};

	*is = stops_of_role(
		  alike->engine->o.stops, record, role, arena, &stop, fail) &&
	      stop.id == alike->stop;
	return fail->kind == FAIL_NONE;
}

static bool
look_at(struct alike *alike, const struct record *record, struct arena *arena,
    struct fail *fail)
{
	struct engine *engine = alike->engine;
	unsigned roles = stops_roles(engine->o.stops, record);
	struct subject subject;
	bool is, ok = true;

	for (unsigned r = 0; ok && r < ROLE_COUNT; r++) {
		if ((roles & 1u << r) == 0)
			continue;
		ok = is_of_stop(alike, record, (enum role)r, arena, &is, fail);
		if (!ok || !is ||
		    !engine_find_person(engine, record, (enum role)r, &subject))
			continue;
		ok = add(alike, subject.pseudonym, fail);
		digest_wipe(&subject, sizeof(subject));
	}
	return ok;
}

bool
engine_alike_walk(struct alike *alike, bool *left, struct fail *fail)
{
	struct engine *engine = alike->engine;
	struct arena *arena = engine_arena(engine);
	struct record *record = NULL;
	bool ok = arena != NULL || fail_memory(fail);

	*left = true;
	for (int i = 0; ok && *left && i < ALIKE_AT_ONCE; i++) {
		arena_reset(arena);
		ok = vault_next(
		    engine->o.vault, &alike->cursor, arena, &record, fail);
		*left = ok && record != NULL;
		if (*left && record_operation(record) != OPERATION_DELETE)
			ok = look_at(alike, record, arena, fail);
	}
	arena_destroy(arena);
	return ok;
}
