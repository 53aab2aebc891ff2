/*
 * Which servers show an object, and as which public of the policy: those of
 * misu.conf; where it names none for a public behind a registry, those that
 * SRV and bootstrap files find.
 */
#include "base/name.h"
#include "engine_audit.h"

/* --- what was decided for a public --- */

/* The blocks for one public, each once, in the order of the policy. */
struct blocks {
	struct slice recipient;
	const struct block *items[BLOCKS_MAX];
	size_t count;
};

static void
add_block(
    const struct ruleset *ruleset, const struct block *block, struct blocks *out)
{
	if (!slice_equal(ruleset_recipient(ruleset, block->recipient)->id,
		out->recipient) ||
	    out->count == BLOCKS_MAX)
		return;
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i] == block)
			return;
	out->items[out->count++] = block;
}

/*
 * Several purposes make several blocks.  Where another registry stands before
 * it, they are those behind that.
 */
static void
find_blocks(const struct ruleset *ruleset, const struct record *record,
    struct blocks *out)
{
	const struct block *direct[BLOCKS_MAX], *behind[BLOCKS_MAX];
	size_t count = ruleset_match(ruleset, record, direct, BLOCKS_MAX);

	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++) {
		size_t more = ruleset_onward(
		    ruleset, direct[i], record, behind, BLOCKS_MAX);

		add_block(ruleset, direct[i], out);
		for (size_t k = 0; k < more && k < BLOCKS_MAX; k++)
			add_block(ruleset, behind[k], out);
	}
}

static const struct disclosure *
decide_one(struct engine *engine, const struct block *block,
    const struct record *record, struct arena *arena, struct fail *fail)
{
	struct engine_judged judged = {.block = block, .record = record};
	struct disclosure *disclosure;

	if (!engine->o.random->fill(engine->o.random->context,
		judged.given.random, sizeof(judged.given.random))) {
		fail_set(fail, FAIL_WORLD, "no random bytes");
		return NULL;
	}
	disclosure = decide(
	    engine->ruleset, block, record, &judged.given, arena, fail);
	if (disclosure != NULL && (stops_any(engine->o.stops) ||
					  engine_any_leaves(engine)))
		disclosure =
		    engine_heed_stops(engine, disclosure, &judged, arena, fail);
	return disclosure;
}

const struct audit_decided *
audit_decide(struct engine *engine, const struct record *record,
    struct slice recipient, struct arena *arena, struct fail *fail)
{
	struct blocks blocks = {.recipient = recipient};
	struct audit_decided *decided = arena_take(arena, sizeof(*decided));

	if (decided == NULL) {
		fail_memory(fail);
		return NULL;
	}
	find_blocks(engine->ruleset, record, &blocks);
	for (size_t i = 0; i < blocks.count; i++) {
		decided->items[i] = decide_one(
		    engine, blocks.items[i], record, arena, fail);
		if (decided->items[i] == NULL)
			return NULL;
	}
	decided->count = blocks.count;
	return blocks.count != 0 ? decided : NULL;
}

struct audit_intent *
audit_intend_all(const struct audit_decided *decided,
    const struct record *record, struct arena *arena, struct fail *fail)
{
	struct audit_intent *intent =
	    audit_intend(decided->items[0], record, arena, fail);

	for (size_t i = 1; intent != NULL && i < decided->count; i++) {
		const struct audit_intent *other =
		    audit_intend(decided->items[i], record, arena, fail);

		if (other == NULL)
			return NULL;
		audit_widen(intent, other);
	}
	return intent;
}

/* --- servers of misu.conf --- */

/* How much of the object's name the server is named for; 0: not at all. */
static size_t
suffix_fits(const struct conf_audit_server *server, struct slice name)
{
	size_t best = 0;

	for (size_t i = 0; i < server->suffix_count; i++) {
		struct slice suffix = server->suffixes[i];
		struct slice zone = {suffix.data + 1, suffix.len - 1};

		if (name.len > suffix.len && name_is_under(name, zone) &&
		    suffix.len > best)
			best = suffix.len;
	}
	return best;
}

static size_t
network_fits(const struct conf_audit_server *server, struct slice name)
{
	struct fail ignored = FAIL_INIT;
	struct prefix inner, outer;
	size_t best = 0;

	if (server->network == NULL || !prefix_parse(name, &inner, &ignored))
		return 0;
	for (size_t i = 0; i < server->network->count; i++)
		if (prefix_parse(
			server->network->prefixes[i], &outer, &ignored) &&
		    prefix_contains(&outer, &inner) && outer.bits + 1u > best)
			best = outer.bits + 1u;
	return best;
}

/* The one named most exactly; NULL: none is. */
static const struct conf_audit_server *
find_server(const struct conf *conf, const struct record *record,
    struct slice recipient, bool is_rdap)
{
	const struct conf_audit *audit = &conf->audit;
	const struct conf_audit_server *found = NULL;
	size_t best = 0;

	for (size_t i = 0; i < audit->server_count; i++) {
		const struct conf_audit_server *server = &audit->servers[i];
		size_t fits;

		if (server->is_rdap != is_rdap ||
		    !slice_equal(server->recipient, recipient))
			continue;
		fits = record_type(record) == OBJECT_NETWORK
			   ? network_fits(server, record_object(record))
			   : suffix_fits(server, record_object(record));
		if (fits > best) {
			best = fits;
			found = server;
		}
	}
	return found;
}

/* --- questions --- */

static bool
copy(struct arena *arena, struct slice from, struct slice *to)
{
	*to =
	    arena_copy(arena, from.data != NULL ? from : (struct slice){"", 0});
	return to->data != NULL;
}

static bool
copy_values(struct arena *arena, struct values from, struct values *to)
{
	struct slice *items =
	    arena_take_array(arena, from.count + 1, sizeof(*items));

	if (items == NULL)
		return false;
	for (size_t i = 0; i < from.count; i++)
		if (!copy(arena, from.items[i], &items[i]))
			return false;
	*to = (struct values){items, from.count};
	return true;
}

static enum audit_layout
layout_of(const struct record *record, const struct conf_audit_server *server)
{
	if (server != NULL && server->has_layout)
		return server->layout;
	if (record_type(record) == OBJECT_NETWORK)
		return AUDIT_JPNIC_NETWORK;
	return name_is_under(record_object(record), SLICE("jp")) ? AUDIT_JPRS
								 : AUDIT_GTLD;
}

/* Members of .jp and JPNIC's contacts are asked for by their handles. */
static bool
has_contacts(const struct audit_target *target)
{
	return !target->asks[0].is_rdap &&
	       (target->asks[0].layout == AUDIT_JPNIC_NETWORK ||
		   target->asks[0].layout == AUDIT_JPRS);
}

/* It is one and the same, whichever of the decisions lets it be seen. */
static struct values
handle_of(const struct audit_decided *decided, enum role role)
{
	struct values handle = {NULL, 0};

	for (size_t i = 0; handle.count == 0 && i < decided->count; i++)
		handle =
		    disclosure_values(decided->items[i], role, FIELD_HANDLE);
	return handle;
}

/* What the record has of a role is of who has the first handle. */
static bool
add_contact(struct audited *audited, struct audit_target *target,
    enum role role, struct slice handle, bool is_another)
{
	struct audit_ask *ask = &target->asks[target->ask_count];

	if (target->ask_count == QUESTIONS_MAX)
		return true;
	*ask = target->asks[0];
	ask->layout = AUDIT_CONTACT;
	ask->question.is_contact = true;
	ask->question.role = role;
	target->is_another[target->ask_count++] = is_another;
	return copy(audited->arena, handle, &ask->question.name);
}

/* Handles that the public is shown lead to more that it is shown. */
static bool
add_contacts(struct audited *audited, struct audit_target *target,
    const struct audit_decided *decided, struct fail *fail)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct values handles = handle_of(decided, (enum role)r);

		for (size_t i = 0; i < handles.count; i++)
			if (!add_contact(audited, target, (enum role)r,
				handles.items[i], i != 0))
				return fail_memory(fail);
	}
	return true;
}

static struct slice
key_of(const struct audit_target *target, struct arena *arena,
    const struct audited *audited)
{
	struct slice tld = audited->object;
	struct text key = text_start(arena);

	text_add_string(&key, target->asks[0].is_rdap ? "rdap " : "whois ");
	if (target->asks[0].server.len != 0) {
		text_add(&key, target->asks[0].server);
	} else if (audited->type == OBJECT_DOMAIN) {
		for (size_t i = 0; i < audited->object.len; i++)
			if (audited->object.data[i] == '.')
				tld = (struct slice){audited->object.data + i,
				    audited->object.len - i};
		text_add(&key, tld);
	}
	return text_slice(&key);
}

/* What a target is made from; `server` NULL: it is to be found. */
struct shown_by {
	const struct record *record;
	const struct audit_decided *decided;
	const struct recipient *recipient;
	const struct conf_audit_server *server;
	bool is_rdap;
};

/* Whoever publishes it has it from there; it may have to come yet. */
static struct slice
behind_of(const struct engine *engine, const struct recipient *recipient)
{
	return recipient->via >= 0
		   ? ruleset_recipient(
			 engine->ruleset, (unsigned)recipient->via)
			 ->id
		   : (struct slice){"", 0};
}

static bool
add_target(
    struct audited *audited, const struct shown_by *by, struct fail *fail)
{
	struct audit_target *target = &audited->targets[audited->target_count];
	const struct conf_audit_server *server = by->server;
	struct arena *arena = audited->arena;
	struct audit_ask *ask = &target->asks[0];
	const struct values none = {NULL, 0};

	if (audited->target_count == TARGETS_MAX)
		return true;
	*target =
	    (struct audit_target){.ask_count = 1, .is_found = server == NULL};
	ask->is_rdap = by->is_rdap;
	ask->english = server != NULL && server->english;
	ask->waits = audited->run->extent != AUDIT_ONE;
	ask->layout = layout_of(by->record, server);
	ask->question.type = audited->type;
	ask->question.name = audited->object;
	if (!copy(arena, by->recipient->id, &target->recipient) ||
	    !copy(arena, behind_of(audited->engine, by->recipient),
		&target->behind) ||
	    !copy(arena, server != NULL ? server->server : SLICE(""),
		&ask->server) ||
	    !copy_values(arena, server != NULL ? server->hidden : none,
		&ask->question.placeholders))
		return fail_memory(fail);
	target->server = ask->server;
	target->key = key_of(target, arena, audited);
	if (target->key.data == NULL)
		return fail_memory(fail);
	audited->target_count++;
	return record_operation(by->record) == OPERATION_DELETE ||
	       !has_contacts(target) ||
	       add_contacts(audited, target, by->decided, fail);
}

/* The publics that an object is shown to, each once. */
struct publics {
	const struct recipient *items[BLOCKS_MAX];
	size_t count;
};

static void
add_public(struct publics *publics, const struct recipient *recipient)
{
	if (!recipient->public || publics->count == BLOCKS_MAX)
		return;
	for (size_t i = 0; i < publics->count; i++)
		if (publics->items[i] == recipient)
			return;
	publics->items[publics->count++] = recipient;
}

static void
find_publics(const struct ruleset *ruleset, const struct record *record,
    struct publics *out)
{
	const struct block *direct[BLOCKS_MAX], *behind[BLOCKS_MAX];
	size_t count = ruleset_match(ruleset, record, direct, BLOCKS_MAX);

	out->count = 0;
	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++) {
		size_t more = ruleset_onward(
		    ruleset, direct[i], record, behind, BLOCKS_MAX);

		add_public(
		    out, ruleset_recipient(ruleset, direct[i]->recipient));
		for (size_t k = 0; k < more && k < BLOCKS_MAX; k++)
			add_public(out,
			    ruleset_recipient(ruleset, behind[k]->recipient));
	}
}

/*
 * Where the world says who has the object, that is one registry's: it stands
 * for the one public behind a registry that misu.conf has no server for.
 */
static bool
is_looked_for(const struct engine *engine, const struct record *record,
    const struct publics *publics, const struct recipient *recipient)
{
	const struct conf *conf = engine->conf;
	size_t others = 0;

	for (size_t i = 0; i < publics->count; i++) {
		const struct recipient *other = publics->items[i];

		others += other != recipient && other->via >= 0 &&
			  find_server(conf, record, other->id, false) == NULL &&
			  find_server(conf, record, other->id, true) == NULL;
	}
	return recipient->via >= 0 && !conf->audit.named_only && others == 0;
}

static bool
add_targets_of(struct audited *audited, const struct record *record,
    const struct publics *publics, const struct recipient *recipient,
    struct fail *fail)
{
	struct engine *engine = audited->engine;
	struct shown_by by = {.record = record, .recipient = recipient};
	const struct conf_audit_server *servers[2] = {
	    find_server(engine->conf, record, recipient->id, false),
	    find_server(engine->conf, record, recipient->id, true)};

	if (servers[0] == NULL && servers[1] == NULL &&
	    !is_looked_for(engine, record, publics, recipient))
		return true;
	by.decided =
	    audit_decide(engine, record, recipient->id, audited->arena, fail);
	if (by.decided == NULL)
		return fail->kind == FAIL_NONE;
	for (int rdap = 0; rdap < 2; rdap++) {
		by.server = servers[rdap];
		by.is_rdap = rdap == 1;
		/* One that misu.conf names is enough. */
		if (by.server == NULL && servers[1 - rdap] != NULL)
			continue;
		if (!add_target(audited, &by, fail))
			return false;
	}
	return true;
}

bool
audit_targets(
    struct audited *audited, const struct record *record, struct fail *fail)
{
	struct publics publics;

	find_publics(audited->engine->ruleset, record, &publics);
	for (size_t i = 0; i < publics.count; i++)
		if (!add_targets_of(
			audited, record, &publics, publics.items[i], fail))
			return false;
	return true;
}
