/*
 * Layout: a version, then for each role of which anything is held the role (a
 * byte), and passed, altered and published of it (FIELD_BITs, 64 bits each,
 * little-endian); of what came by a file, which has another version, also part
 * of a digest of the values that passed.  Whoever changes the order of
 * field.tbl or of the roles raises the versions: what has another one is told
 * once more.
 */
#include "engine_told.h"

#include <assert.h>

#include "base/little.h"
#include "core/policy_tree.h"

enum {
	VERSION = 1,
	VERSION_FILE = 2,
	ROLE_SIZE = 25,
	ROLE_SIZE_FILE = ROLE_SIZE + 8,
	EPP_ROLES = 4
};

static const enum role epp_roles[EPP_ROLES] = {
    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};

static_assert(1 + EPP_ROLES * ROLE_SIZE <= SPOOL_TOLD, "it has room");
static_assert(1 + ROLE_COUNT * ROLE_SIZE_FILE <= SPOOL_TOLD, "it has room");

/* --- by a file --- */

bool
engine_told_by_file(const struct conf_recipient *binding)
{
	return binding != NULL && binding->channel == CHANNEL_FILE &&
	       binding->template != NULL &&
	       template_has_marks(binding->template);
}

bool
engine_told_has_public(const struct engine *engine, struct slice recipient)
{
	const struct ruleset *ruleset = engine->ruleset;
	size_t count = ruleset_recipient_count(ruleset);
	unsigned before;

	if (!ruleset_find_recipient(ruleset, recipient, &before))
		return false;
	for (unsigned i = 0; i < count; i++) {
		int at = (int)i;

		/* No chain is longer than there are recipients. */
		for (size_t n = 0; n < count && at >= 0; n++) {
			at = ruleset_recipient(ruleset, (unsigned)at)->via;
			if (at == (int)before &&
			    ruleset_recipient(ruleset, i)->public)
				return true;
		}
	}
	return false;
}

static struct shown
shown_by_file(const struct share *share, enum role role)
{
	const struct template *template = share->binding->template;
	struct shown shown = decide_shown(share->disclosure, role);
	uint64_t printed = template_printed(template, role);

	shown.passed &= printed;
	shown.altered &= printed;
	shown.published &= printed & template_marked(template, role);
	return shown;
}

/* Length before bytes: no two lists of values make the same. */
static uint64_t
digest_values(const struct engine *engine, const struct record *record,
    enum role role, uint64_t fields)
{
	struct digest_key key;
	struct digest_run run;
	struct digest digest;

	digest_key_set(&key, engine->content_key);
	digest_key_start(&key, &run);
	digest_add(&run, "told-values", sizeof("told-values"));
	for (uint64_t left = fields; left != 0; left &= left - 1) {
		unsigned f = (unsigned)__builtin_ctzll(left);
		struct values values =
		    record_values(record, role, (enum field)f);
		uint64_t head[] = {role, f, values.count};

		digest_add(&run, head, sizeof(head));
		for (size_t i = 0; i < values.count; i++) {
			uint64_t len = values.items[i].len;

			digest_add(&run, &len, sizeof(len));
			digest_add(&run, values.items[i].data, (size_t)len);
		}
	}
	digest = digest_key_end(&key, &run);
	digest_wipe(&key, sizeof(key));
	return little_get(digest.bytes, 8);
}

bool
engine_told_is_older(const struct engine *engine, const struct told_held *held,
    const struct record *record, enum role role)
{
	uint64_t passed = held->roles[role].passed;

	return passed != 0 && held->values[role] !=
				  digest_values(engine, record, role, passed);
}

/* --- by either --- */

/* Does a contact there have a place for it? */
static uint64_t
carried(void)
{
	static const char prefix[] = "contact:";
	uint64_t bits = 0;

	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (strncmp(field_info[f].epp, prefix, sizeof(prefix) - 1) == 0)
			bits |= (uint64_t)1 << f;
	return bits;
}

/* Does the policy let any public behind the registry have it? */
static bool
is_for_public(const struct disclosure *disclosure, enum role role, unsigned f)
{
	for (size_t i = 0; i < disclosure_onward_count(disclosure); i++)
		if (disclosure_onward(disclosure, i)->public &&
		    verdict_passes(disclosure_onward_ruling(
			disclosure, i, role, (enum field)f)
				       .verdict))
			return true;
	return false;
}

/*
 * A registry that publishes only what it is told to is told of what somebody
 * is meant to see.  An id is what the rest is known by: it cannot be hidden.
 */
struct shown
engine_told_shown(
    const struct engine *engine, const struct share *share, enum role role)
{
	const struct conf_upstream *upstream =
	    conf_upstream(engine->conf, share->binding->upstream);
	struct shown shown;
	uint64_t fields = carried();

	if (share->binding->channel == CHANNEL_FILE)
		return shown_by_file(share, role);
	shown = decide_shown(share->disclosure, role);
	shown.passed &= fields;
	shown.altered &= fields;
	shown.published &= fields & ~FIELD_BIT(FIELD_HANDLE);
	if (upstream == NULL || upstream->dcp != UPSTREAM_DCP_PRIVATE)
		return shown;
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if ((shown.published & FIELD_BIT(f)) != 0 &&
		    !is_for_public(share->disclosure, role, f))
			shown.published &= ~FIELD_BIT(f);
	return shown;
}

static void
put_role(struct spool_told *out, enum role role, const struct shown *shown)
{
	uint8_t *at = out->bytes + out->len;

	at[0] = (uint8_t)role;
	little_put(at + 1, shown->passed, 8);
	little_put(at + 9, shown->altered, 8);
	little_put(at + 17, shown->published, 8);
	out->len += ROLE_SIZE;
}

/* Does it say what persons are there? */
static bool
says(const struct engine *engine, const struct record *record,
    const struct share *share)
{
	const struct conf_recipient *binding = share->binding;
	const struct conf_upstream *upstream;

	if (binding == NULL || share->payload.len == 0)
		return false;
	/* Where nothing can be published there is nothing to hide. */
	if (binding->channel == CHANNEL_FILE)
		return disclosure_onward_count(share->disclosure) != 0 &&
		       engine_told_by_file(binding);
	if (binding->channel != CHANNEL_EPP ||
	    record_type(record) != OBJECT_DOMAIN)
		return false;
	upstream = conf_upstream(engine->conf, binding->upstream);
	return upstream != NULL && upstream->contacts != CONTACTS_PROHIBITED;
}

static void
write_by_file(const struct engine *engine, const struct record *record,
    const struct share *share, struct spool_told *out)
{
	out->bytes[out->len++] = VERSION_FILE;
	if (record_operation(record) == OPERATION_DELETE)
		return;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct shown shown = shown_by_file(share, (enum role)r);

		if ((shown.passed | shown.altered) == 0)
			continue;
		put_role(out, (enum role)r, &shown);
		little_put(out->bytes + out->len,
		    digest_values(engine, record, (enum role)r, shown.passed),
		    8);
		out->len += 8;
	}
}

void
engine_told_write(const struct engine *engine, const struct record *record,
    const struct share *share, struct spool_told *out)
{
	enum operation operation = record_operation(record);

	out->len = 0;
	if (!says(engine, record, share) ||
	    (operation != OPERATION_CREATE && operation != OPERATION_UPDATE &&
		operation != OPERATION_DELETE))
		return;
	if (share->binding->channel == CHANNEL_FILE) {
		write_by_file(engine, record, share, out);
		return;
	}
	out->bytes[out->len++] = VERSION;
	for (size_t i = 0; i < EPP_ROLES && operation != OPERATION_DELETE;
	     i++) {
		struct shown shown =
		    engine_told_shown(engine, share, epp_roles[i]);

		/* Whatever goes, what it is known by stays what it was. */
		if (share->held != NULL)
			shown.passed |= share->held[epp_roles[i]].passed &
					FIELD_BIT(FIELD_HANDLE);
		if ((shown.passed | shown.altered) != 0)
			put_role(out, epp_roles[i], &shown);
	}
}

static bool
read_roles(const struct spool_told *told, struct told_held *out)
{
	const uint8_t *at = told->bytes + 1;
	size_t left = told->len - 1;
	size_t size = out->by_file ? ROLE_SIZE_FILE : ROLE_SIZE;

	if (told->len == 0 ||
	    told->bytes[0] != (out->by_file ? VERSION_FILE : VERSION) ||
	    left % size != 0)
		return false;
	for (; left != 0; left -= size, at += size) {
		if (at[0] >= ROLE_COUNT)
			return false;
		out->roles[at[0]] = (struct shown){
		    little_get(at + 1, 8), little_get(at + 9, 8),
		    little_get(at + 17, 8)};
		if (out->by_file)
			out->values[at[0]] = little_get(at + ROLE_SIZE, 8);
	}
	return true;
}

bool
engine_told_held(const struct engine *engine, const struct spool_item *target,
    struct told_held *out, struct fail *fail)
{
	const struct conf_recipient *binding =
	    conf_recipient(engine->conf, target->recipient);
	struct spool_held held;

	*out = (struct told_held){.is_known = false};
	out->by_file = binding != NULL && binding->channel == CHANNEL_FILE;
	if (!spool_get_held(engine->o.spool, target, &held, fail))
		return false;
	out->is_known = held.is_known;
	out->is_doubtful = held.is_doubtful;
	out->is_read = held.is_known && read_roles(&held.told, out);
	return true;
}

bool
engine_told_name(const struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct share *share, struct decide_given *given,
    struct fail *fail)
{
	struct told_held *held = arena_take(arena, sizeof(*held));

	share->held = NULL;
	if (held == NULL)
		return fail_memory(fail);
	if (!engine_told_held(engine, target, held, fail))
		return false;
	if (!held->is_read)
		return true;
	share->held = held->roles;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if ((held->roles[r].passed & FIELD_BIT(FIELD_HANDLE)) != 0)
			given->named |= 1u << r;
	return true;
}

bool
engine_told_is_news(
    const struct shown *held, const struct shown *now, uint64_t there)
{
	uint64_t passed = held->passed & there;
	uint64_t has = passed | (held->altered & there);
	uint64_t keeps = now->passed | now->altered;

	return ((held->published ^ now->published) & has) != 0 ||
	       (has & ~keeps) != 0 || (passed & ~now->passed) != 0;
}

/* --- forgetting --- */

/*
 * Where the entry is gone so is the object: what it says of one that is here
 * would have been carried on.
 */
static bool
goes(struct engine *engine, uint64_t entry, struct slice mark,
    struct arena *arena, bool *out, struct fail *fail)
{
	struct slice text;

	*out = entry < ledger_minimum(engine->o.ledger);
	if (*out || entry >= ledger_size(engine->o.ledger))
		return true;
	arena_reset(arena);
	if (!ledger_read(engine->o.ledger, entry, arena, &text, fail))
		return false;
	*out = memmem(text.data, text.len, mark.data, mark.len) != NULL;
	return true;
}

bool
engine_told_forget(struct engine *engine, struct slice mark, int64_t *at,
    bool *left, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	uint64_t entries[SPOOL_PAGE];
	size_t count = 0;
	bool found = false,
	     ok = (arena != NULL || fail_memory(fail)) &&
		  spool_page_held(engine->o.spool, *at, entries, &count, fail);

	for (size_t i = 0; ok && i < count; i++)
		ok = goes(engine, entries[i], mark, arena, &found, fail) &&
		     (!found ||
			 spool_drop_held(engine->o.spool, entries[i], fail));
	arena_destroy(arena);
	*left = ok && count == SPOOL_PAGE;
	if (ok && count != 0)
		*at = (int64_t)entries[count - 1];
	return ok;
}
