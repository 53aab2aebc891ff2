/*
 * The public view follows what comes over EPP.  A domain there only names its
 * contacts: what is published of it is made from their current records, and
 * the view's rows are made anew when one of these changes.
 *
 * Who changes a record asks first whether anything is told of it; then all
 * that is told comes in doubt, some of it with each turn of the loop, and only
 * then is the change committed.  What is in doubt waits in the view itself, so
 * that nothing is lost with the process.
 */
#include "engine_view.h"

enum { FOLLOW_PAGE = 256, FOLLOW_ROWS = 1024 /* in one turn */ };

static const enum role linked[] = {
    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};
enum { LINKED = sizeof(linked) / sizeof(*linked) };
enum { PUBLISHED_OBJECT = 1 }; /* of struct published's doubts */

/* What came of what is in doubt, and what is published then. */
struct world {
	struct arena *arena;
	struct published *out;
	unsigned made;
};

/* The first block that goes by this channel, with its binding. */
static const struct block *
find_block(const struct engine *engine, const struct record *record,
    enum channel_kind channel, const struct conf_recipient **binding)
{
	const struct block *blocks[BLOCKS_MAX];
	size_t count =
	    ruleset_match(engine->ruleset, record, blocks, BLOCKS_MAX);

	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++) {
		const struct recipient *recipient =
		    ruleset_recipient(engine->ruleset, blocks[i]->recipient);

		*binding = conf_recipient(engine->conf, recipient->id);
		if (*binding != NULL && (*binding)->channel == channel)
			return blocks[i];
	}
	return NULL;
}

const struct block *
engine_view_block(const struct engine *engine, const struct record *record)
{
	const struct conf_recipient *binding;

	return find_block(engine, record, CHANNEL_VIEW, &binding);
}

/* --- what is published of an object --- */

/* Is a change of it on its way to the disk? */
static bool
is_changing(
    const struct engine *engine, enum object_type type, struct slice name)
{
	return (engine->o.changing != NULL &&
		   engine->o.changing(engine->o.follow_context, type, name)) ||
	       engine_is_submitted(engine, type, name);
}

static struct slice
contact_name(struct arena *arena, struct slice upstream, struct slice id)
{
	struct text text = text_start(arena);

	text_add(&text, upstream);
	text_add_char(&text, '/');
	text_add(&text, id);
	return text_slice(&text);
}

/* As the contact without a given subject has it: one key for both. */
static bool
own_subject(struct record *record, enum role role, struct slice contact,
    struct arena *arena, struct fail *fail)
{
	struct text text = text_start(arena);

	text_add_format(&text, "object:%s:", object_type_name(OBJECT_CONTACT));
	text_add(&text, contact);
	text_add_char(&text, '/');
	text_add_string(&text, object_role_name(OBJECT_CONTACT, CONTACT_ROLE));
	return text_slice(&text).data != NULL
		   ? record_set_subject(record, role, text_slice(&text), fail)
		   : fail_memory(fail);
}

/* Where nothing is published nothing follows. */
static void
add_part(const struct engine *engine, int type, struct slice name,
    struct published *out)
{
	struct digest part;

	if (engine->o.standing == NULL)
		return;
	part = standing_part(engine->o.standing, type, name);
	for (size_t i = 0; i < out->part_count; i++)
		if (digest_equal(&out->parts[i], &part))
			return;
	out->parts[out->part_count++] = part;
}

/*
 * The current record, or where it is in doubt (`doubt`, a bit) and among those
 * that were `made`, the proposed one.  NULL without a fail: there is none.
 */
static struct record *
get_one(const struct engine *engine, enum object_type type, struct slice name,
    struct world *world, unsigned doubt, struct fail *fail)
{
	struct record *proposed = NULL;
	bool awaited = engine->o.awaits != NULL &&
		       engine->o.awaits(engine->o.follow_context, type, name);

	if (!awaited)
		proposed = vault_get_slot(engine->o.vault, world->arena, type,
		    name, VAULT_PROPOSED, fail);
	if (proposed == NULL && fail->kind != FAIL_NONE)
		return NULL;
	if (proposed != NULL)
		world->out->doubts |= doubt;
	return proposed != NULL && (world->made & doubt) != 0
		   ? proposed
		   : vault_get(
			 engine->o.vault, world->arena, type, name, fail);
}

/* Of several contacts in a role the first one is told of. */
static bool
stand_in(const struct engine *engine, const struct record *stored, size_t nth,
    struct slice upstream, struct world *world, struct fail *fail)
{
	enum role role = linked[nth];
	struct published *out = world->out;
	struct arena *arena = world->arena;
	struct values ids = record_values(stored, role, FIELD_HANDLE);
	const struct conf_upstream *conf =
	    conf_upstream(engine->conf, upstream);
	struct record *contact;
	struct slice name;

	if (!record_has_role(stored, role))
		return true;
	if (ids.count == 0)
		return record_copy_role(out->record, stored, role, fail);
	name = contact_name(arena, upstream, ids.items[0]);
	if (name.data == NULL)
		return fail_memory(fail);
	add_part(engine, OBJECT_CONTACT, name, out);
	out->changes |= is_changing(engine, OBJECT_CONTACT, name);
	contact = get_one(
	    engine, OBJECT_CONTACT, name, world, 2u << nth, fail);
	if (contact == NULL)
		return fail->kind == FAIL_NONE &&
		       record_copy_role(out->record, stored, role, fail);
	if (record_operation(contact) == OPERATION_DELETE)
		return true;
	if ((conf != NULL &&
		!conf_presume_kind(conf, contact, ids.items[0], fail)) ||
	    !record_copy_person(
		out->record, role, contact, CONTACT_ROLE, fail))
		return false;
	if ((record_subject(out->record, role).len == 0 ||
		engine_place_is_kept(engine, contact, CONTACT_ROLE)) &&
	    !own_subject(out->record, role, name, arena, fail))
		return false;
	if (role == ROLE_REGISTRANT && record_plan(contact).len != 0 &&
	    !record_set_plan(out->record, record_plan(contact), fail))
		return false;
	return record_set(out->record, role, FIELD_HANDLE, ids.items, 1, fail);
}

static bool
is_linked(enum role role)
{
	for (size_t i = 0; i < LINKED; i++)
		if (linked[i] == role)
			return true;
	return false;
}

/* A domain over EPP, with the persons of its contacts in its roles. */
static bool
assemble(const struct engine *engine, const struct record *stored,
    struct slice upstream, struct world *world, struct fail *fail)
{
	const struct registration *registration = record_registration(stored);
	struct published *out = world->out;
	bool ok;

	out->record = record_create(world->arena, OBJECT_DOMAIN,
	    record_operation(stored), record_object(stored), fail);
	ok = out->record != NULL &&
	     record_set_epp(out->record, record_epp(stored), fail) &&
	     (!registration->given ||
		 record_set_registration(out->record, registration, fail)) &&
	     (record_plan(stored).len == 0 ||
		 record_set_plan(out->record, record_plan(stored), fail));
	for (size_t i = 0; ok && i < LINKED; i++)
		ok = stand_in(engine, stored, i, upstream, world, fail);
	for (unsigned role = 0; ok && role < ROLE_COUNT; role++)
		if (!is_linked((enum role)role) &&
		    record_has_role(stored, (enum role)role))
			ok = record_copy_role(
			    out->record, stored, (enum role)role, fail);
	return ok;
}

/* Who stands in it: as given, or by the place. */
static bool
add_subjects(const struct engine *engine, const struct record *record,
    struct arena *arena, struct published *out, struct fail *fail)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct text text = text_start(arena);
		struct slice subject = record_subject(record, (enum role)r);

		if (!record_has_role(record, (enum role)r))
			continue;
		if (subject.len == 0) {
			text_add_format(&text, "object:%s:%.*s/%s",
			    object_type_name(record_type(record)),
			    SLICE_ARG(record_object(record)),
			    object_role_name(
				record_type(record), (enum role)r));
			subject = text_slice(&text);
		}
		if (subject.data == NULL)
			return fail_memory(fail);
		add_part(engine, STANDING_SUBJECT, subject, out);
	}
	return true;
}

/* A deletion that is proposed leaves nothing but the name. */
static struct record *
deleted(const struct record *current, struct arena *arena, struct fail *fail)
{
	struct record *bare = record_create(arena, record_type(current),
	    record_operation(current), record_object(current), fail);

	return bare != NULL &&
		       record_set_epp(bare, record_epp(current), fail)
		   ? bare
		   : NULL;
}

static bool
publish(const struct engine *engine, enum object_type type, struct slice name,
    struct world *world, struct fail *fail)
{
	const struct conf_recipient *binding;
	struct published *out = world->out;
	const struct record *current =
	    vault_get(engine->o.vault, world->arena, type, name, fail);
	struct record *stored;

	out->changes |= is_changing(engine, type, name);
	out->record = (struct record *)(uintptr_t)current;
	if (current == NULL)
		return fail->kind == FAIL_NONE;
	if (type != OBJECT_DOMAIN || !record_epp(current)->given ||
	    find_block(engine, current, CHANNEL_EPP, &binding) == NULL)
		return true;
	out->is_assembled = true;
	stored = get_one(engine, type, name, world, PUBLISHED_OBJECT, fail);
	if (stored != NULL &&
	    record_operation(stored) != record_operation(current) &&
	    record_operation(stored) == OPERATION_DELETE)
		stored = deleted(current, world->arena, fail);
	return stored != NULL &&
	       assemble(engine, stored, binding->upstream, world, fail);
}

bool
engine_published_if(const struct engine *engine, enum object_type type,
    struct slice name, unsigned made, struct arena *arena,
    struct published *out, struct fail *fail)
{
	struct world world = {.arena = arena, .out = out, .made = made};

	*out = (struct published){.record = NULL};
	return publish(engine, type, name, &world, fail);
}

/* What it may be made from, and who may stand in it, is all of that. */
static bool
find_published(const struct engine *engine, enum object_type type,
    struct slice name, struct arena *arena, struct published *out,
    struct fail *fail)
{
	struct world world = {.arena = arena, .out = out};
	struct record *record;

	*out = (struct published){.record = NULL};
	if (!publish(engine, type, name, &world, fail))
		return false;
	if (out->doubts == 0)
		return true;
	record = out->record;
	world.made = PUBLISHED_WORLDS - 1;
	if (!publish(engine, type, name, &world, fail) ||
	    !add_subjects(engine, out->record, arena, out, fail))
		return false;
	out->record = record;
	return true;
}

bool
engine_published(const struct engine *engine, enum object_type type,
    struct slice name, struct arena *arena, struct published *out,
    struct fail *fail)
{
	return find_published(engine, type, name, arena, out, fail) &&
	       (out->record == NULL ||
		   add_subjects(engine, out->record, arena, out, fail));
}

bool
engine_view_know(struct engine *engine, const struct record *record,
    const struct share *shares, size_t count, struct arena *arena,
    struct fail *fail)
{
	struct published published = {.part_count = 0};
	struct standing_made made = {
	    .type = slice_from(object_type_name(record_type(record))),
	    .name = record_object(record)};

	while (count != 0 &&
	       (shares[count - 1].binding == NULL ||
		   shares[count - 1].binding->channel != CHANNEL_VIEW))
		count--;
	if (count == 0 || engine->o.standing == NULL)
		return true;
	if (!add_subjects(engine, record, arena, &published, fail))
		return false;
	made.parts = published.parts;
	made.count = published.part_count;
	return standing_add(engine->o.standing, &made, fail);
}

struct record *
engine_whole_record(const struct engine *engine, enum object_type type,
    struct slice name, struct arena *arena, struct fail *fail)
{
	struct published published;

	return engine_published(engine, type, name, arena, &published, fail)
		   ? published.record
		   : NULL;
}

struct record *
engine_stored(struct engine *engine, const struct spool_item *item,
    struct arena *arena, bool *changes, struct fail *fail)
{
	enum object_type type = (enum object_type)item->object_type;
	const struct conf_recipient *binding =
	    conf_recipient(engine->conf, item->recipient);
	int64_t given = engine_given_case(item->submission);
	struct published published;

	*changes = is_changing(engine, type, item->object);
	if (given != 0)
		return engine_given_record(
		    engine, given, type, item->object, arena, fail);
	if (binding == NULL || binding->channel != CHANNEL_VIEW)
		return vault_get(
		    engine->o.vault, arena, type, item->object, fail);
	if (!engine_published(
		engine, type, item->object, arena, &published, fail) ||
	    (published.doubts != 0 && published.record != NULL &&
		!engine_either(engine,
		    engine_block(engine, published.record, item->recipient,
			item->purpose),
		    HOW_ASKED, arena, &published, fail)))
		return NULL;
	*changes = published.changes;
	return published.record;
}

/* --- what follows a change --- */

static bool
is_published(struct engine *engine, enum object_type type, struct slice name)
{
	struct arena *arena = engine_arena(engine);
	struct fail ignored = FAIL_INIT;
	const struct record *record =
	    arena != NULL
		? record_create(arena, type, OPERATION_UPDATE, name, &ignored)
		: NULL;
	bool published =
	    record != NULL && engine_view_block(engine, record) != NULL;

	arena_destroy(arena);
	return published;
}

bool
engine_follows(struct engine *engine, enum object_type type, struct slice name)
{
	struct fail ignored = FAIL_INIT;
	struct digest part;
	bool has;

	if (engine->o.standing == NULL || engine->o.view == NULL ||
	    engine->ruleset == NULL || !conf_has_view(engine->conf))
		return false;
	if (type == OBJECT_DOMAIN)
		return is_published(engine, type, name);
	if (type != OBJECT_CONTACT)
		return false;
	part = standing_part(engine->o.standing, type, name);
	/* What cannot be known is found out when it comes to its rows. */
	return !standing_has(engine->o.standing, &part, &has, &ignored) || has;
}

static bool
doubt_standing(struct engine *engine, const struct digest *part,
    struct arena *arena, struct fail *fail)
{
	struct view_doubted rows[FOLLOW_PAGE], after = {SLICE(""), SLICE("")};
	size_t count;

	do {
		if (!standing_page(engine->o.standing, part, &after, arena,
			rows, &count, FOLLOW_PAGE, fail) ||
		    !view_doubt(engine->o.view, rows, count,
			ledger_next(engine->o.ledger),
			engine_now(engine) / 1000, fail))
			return false;
		if (count != 0)
			after = rows[count - 1];
	} while (count == FOLLOW_PAGE);
	return true;
}

/*
 * "object:TYPE:NAME/ROLE" is a place: what stands there is told no more,
 * whatever id its person has got since.
 */
static bool
doubt_place(struct engine *engine, struct slice subject, struct arena *arena,
    struct fail *fail)
{
	const struct slice prefix = SLICE("object:");
	const char *end = subject.data + subject.len, *name, *role;
	struct view_doubted row;
	enum object_type type;
	struct digest part;

	if (subject.len <= prefix.len ||
	    memcmp(subject.data, prefix.data, prefix.len) != 0)
		return true;
	row.type.data = subject.data + prefix.len;
	name = memchr(row.type.data, ':', (size_t)(end - row.type.data));
	role = memrchr(subject.data, '/', subject.len);
	if (name == NULL || role == NULL || role <= name)
		return true;
	row.type.len = (size_t)(name - row.type.data);
	row.name = (struct slice){name + 1, (size_t)(role - name - 1)};
	if (!object_type_find(row.type, &type))
		return true;
	part = standing_part(engine->o.standing, (int)type, row.name);
	return type == OBJECT_CONTACT
		   ? doubt_standing(engine, &part, arena, fail)
		   : view_doubt(engine->o.view, &row, 1,
			 ledger_next(engine->o.ledger),
			 engine_now(engine) / 1000, fail);
}

bool
engine_view_doubt_subject(
    struct engine *engine, struct slice subject, struct fail *fail)
{
	struct digest part;
	struct arena *arena;
	bool ok;

	if (engine->o.view == NULL || engine->o.standing == NULL)
		return true;
	arena = engine_arena(engine);
	part = standing_part(engine->o.standing, STANDING_SUBJECT, subject);
	ok = (arena != NULL || fail_memory(fail)) &&
	     view_batch_begin(engine->o.view, fail);
	if (ok)
		ok = view_batch_end(engine->o.view,
		    doubt_standing(engine, &part, arena, fail) &&
			doubt_place(engine, subject, arena, fail),
		    fail);
	arena_destroy(arena);
	if (ok)
		engine_view_look(engine);
	return ok;
}

static bool
doubt_parts(struct engine *engine, struct engine_followed *followed,
    struct arena *arena, size_t *budget, struct fail *fail)
{
	struct digest part =
	    standing_part(engine->o.standing, followed->type, followed->name);
	struct view_doubted rows[FOLLOW_PAGE];
	struct view_doubted after = {
	    SLICE("domain"), {followed->after, followed->after_len}};
	size_t count, max = *budget < FOLLOW_PAGE ? *budget : FOLLOW_PAGE;
	struct slice last;

	if (!standing_page(engine->o.standing, &part, &after, arena, rows,
		&count, max, fail) ||
	    !view_want(engine->o.view, rows, count,
		ledger_next(engine->o.ledger), fail))
		return false;
	*budget -= count;
	followed->is_done = count < max;
	if (count == 0)
		return true;
	last = rows[count - 1].name;
	followed->after_len = last.len < sizeof(followed->after) ? last.len : 0;
	memcpy(followed->after, last.data, followed->after_len);
	return true;
}

static bool
doubt_some(struct engine *engine, struct engine_followed *followed,
    struct arena *arena, size_t *budget, struct fail *fail)
{
	const struct view_doubted row = {
	    slice_from(object_type_name(followed->type)), followed->name};

	while (*budget != 0 && !followed->is_done) {
		if (followed->type == OBJECT_CONTACT) {
			if (!doubt_parts(engine, followed, arena, budget, fail))
				return false;
			continue;
		}
		if (!view_want(engine->o.view, &row, 1,
			ledger_next(engine->o.ledger), fail))
			return false;
		followed->is_done = true;
		--*budget;
	}
	return true;
}

bool
engine_follow(
    struct engine *engine, struct engine_followed *const *all, size_t count)
{
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;
	size_t budget = FOLLOW_ROWS;
	bool ok = (arena != NULL || fail_memory(&fail)) &&
		  view_batch_begin(engine->o.view, &fail);

	if (ok) {
		for (size_t i = 0; ok && i < count && budget != 0; i++)
			ok = doubt_some(engine, all[i], arena, &budget, &fail);
		ok = view_batch_end(engine->o.view, ok, &fail);
	}
	arena_destroy(arena);
	if (ok)
		return true;
	/* Nothing of it is there: each begins again. */
	for (size_t i = 0; i < count; i++) {
		all[i]->is_done = false;
		all[i]->after_len = 0;
	}
	fail_hint(&fail, "changes of what is published wait until the public "
			 "view takes them");
	engine_log(engine, "error", "view-not-followed", &fail);
	if (!engine->draining)
		return false;
	/* It happened, whatever the view says: it is made anew. */
	for (size_t i = 0; i < count; i++)
		all[i]->is_done = true;
	engine->view_lost = true;
	engine_view_look(engine);
	return true;
}
