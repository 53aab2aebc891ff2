/*
 * What a registry would be told now of what it holds, and what it was told:
 * of contacts that came over EPP the vault's record says what that was, of
 * domains that were submitted here the spool (engine_told.h).
 */
#include "core/place.h"
#include "core/policy_tree.h"
#include "engine_flags_priv.h"
#include "engine_stop.h"
#include "engine_told.h"
#include "provision.h"

/* --- what would be told --- */

/* Of misu's own session, where the registry takes such words. */
static const struct conf_upstream *
upstream_of(const struct engine *engine, struct slice name)
{
	const struct conf_upstream *upstream =
	    conf_upstream(engine->conf, name);

	return upstream != NULL && upstream->login.len != 0 &&
		       !upstream->shadows &&
		       upstream->contacts != CONTACTS_PROHIBITED &&
		       upstream->disclose == EPP_DISCLOSE_SUPPORTED
		   ? upstream
		   : NULL;
}

static struct slice
upstream_name(struct slice contact)
{
	const char *slash =
	    contact.len != 0 ? memchr(contact.data, '/', contact.len) : NULL;

	return slash != NULL ? (struct slice){contact.data,
				   (size_t)(slash - contact.data)}
			     : (struct slice){"", 0};
}

/* By where it stands, as a command of a backend would be judged. */
static bool
read_places(struct engine *engine, const struct record *record,
    struct arena *arena, struct decide_scope *scope, struct fail *fail)
{
	struct slice contact = record_object(record);
	struct vault *vault = engine->o.vault;
	struct places *places = arena_take(arena, sizeof(*places));
	const struct record *unseen, *there;

	if (places == NULL)
		return fail_memory(fail);
	there = vault_get(
	    vault, arena, OBJECT_CONTACT, place_name(arena, contact), fail);
	if (there == NULL && fail->kind != FAIL_NONE)
		return false;
	unseen = vault_get(vault, arena, OBJECT_HOST,
	    place_mark_name(arena, upstream_name(contact)), fail);
	if (unseen == NULL && fail->kind != FAIL_NONE)
		return false;
	place_read(there, record, places);
	if (unseen != NULL && record_epp(unseen)->created >= places->since)
		places->since = 0;
	scope->places = places->items;
	scope->place_count = places->count;
	scope->is_placed = places->since != 0 && places->count != 0;
	return true;
}

/* What somebody's rule refuses or holds: no rule, and no block is for it. */
static enum flags_found
not_forwarded(const struct disclosure *disclosure)
{
	return disclosure_outcome(disclosure).rule != 0 ? FLAGS_REFUSED
							: FLAGS_NOTHING;
}

static bool
is_forwarded(const struct share *share)
{
	return disclosure_outcome(share->disclosure).verdict == VERDICT_FORWARD;
}

/* By what misu.conf says now. */
static bool
presume(const struct conf_upstream *upstream, struct record *contact,
    struct fail *fail)
{
	struct slice name = record_object(contact);
	size_t head = upstream->name.len + 1;

	return conf_presume_kind(upstream, contact,
	    (struct slice){name.data + head, name.len - head}, fail);
}

static enum flags_found
look_at_contact(struct engine *engine, struct record *record,
    struct decide_given *given, struct arena *arena, struct share *share,
    struct fail *fail)
{
	const struct epp_facts *facts = record_epp(record);
	const struct conf_upstream *upstream =
	    upstream_of(engine, upstream_name(record_object(record)));
	const struct conf_recipient *binding =
	    upstream != NULL ? conf_upstream_recipient(engine->conf, upstream)
			     : NULL;
	uint64_t limit[ROLE_COUNT] = {0};
	struct decide_scope scope = {.recipient = 0};
	struct shown now;

	limit[CONTACT_ROLE] = facts->shown.passed | facts->shown.altered;
	if (!facts->given || limit[CONTACT_ROLE] == 0 || binding == NULL ||
	    !ruleset_find_recipient(
		engine->ruleset, binding->id, &scope.recipient))
		return FLAGS_NOTHING;
	given->limit = limit;
	if (!presume(upstream, record, fail) ||
	    !read_places(engine, record, arena, &scope, fail))
		return FLAGS_NOTHING;
	scope.is_placed = scope.is_placed && facts->scope.len == 0;
	if (!engine_share_contact(
		engine, record, &scope, given, share, arena, fail))
		return FLAGS_REFUSED;
	given->limit = NULL;
	if (!is_forwarded(share))
		return not_forwarded(share->disclosure);
	now = decide_shown(share->disclosure, CONTACT_ROLE);
	return engine_told_is_news(&facts->shown, &now, ~(uint64_t)0)
		   ? FLAGS_NEWS
		   : FLAGS_SAME;
}

/*
 * What is there is told of and nothing else.  Servers stay as they are, and
 * signers, which an update over EPP would take away and put back, are not named
 * there.
 */
static void
limit_to(const struct told_held *held, uint64_t limit[ROLE_COUNT])
{
	uint64_t object = 0;

	for (unsigned f = 0; !held->by_file && f < FIELD_COUNT; f++)
		if (field_info[f].class == CLASS_OBJECT && f != FIELD_DS)
			object |= FIELD_BIT(f);
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		limit[r] =
		    object | held->roles[r].passed | held->roles[r].altered;
}

/* What the record does not have any more is not the policy's word. */
static bool
is_news_of(const struct engine *engine, const struct told_held *held,
    const struct record *record, const struct share *share)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct shown now =
		    engine_told_shown(engine, share, (enum role)r);
		uint64_t there, removed;

		record_fields(record, (enum role)r, &there, &removed);
		if (!held->by_file)
			there &= ~FIELD_BIT(FIELD_HANDLE);
		if (engine_told_is_news(&held->roles[r], &now, there))
			return true;
	}
	return false;
}

/* Does the policy send it there still, and can misu tell of it? */
static bool
is_reached(const struct engine *engine, const struct record *record,
    const struct spool_item *target)
{
	const struct block *block =
	    engine_block(engine, record, target->recipient, target->purpose);
	const struct conf_recipient *binding =
	    conf_recipient(engine->conf, target->recipient);

	return block != NULL && binding != NULL &&
	       (engine_told_by_file(binding) ||
		   (binding->channel == CHANNEL_EPP &&
		       upstream_of(engine, binding->upstream) != NULL));
}

/*
 * May it be there although nothing is known of it?  A stop says so, which has
 * it from the ledger, unless it was deleted since.
 */
static bool
may_be_there(struct engine *engine, const struct record *record,
    const struct flags_asked *asked, struct arena *arena, struct fail *fail)
{
	const struct record *stored;

	if (!asked->insists || record_epp(record)->given)
		return false;
	stored = vault_get(engine->o.vault, arena, record_type(record),
	    record_object(record), fail);
	return stored != NULL && record_operation(stored) != OPERATION_DELETE;
}

struct filed {
	struct engine *engine;
	const struct record *record;
	const struct told_held *held;
	const struct share *share;
	unsigned stopped;
	bool learns;	     /* what is there is known from the log alone */
	const uint64_t *had; /* with that: of all roles */
};

/* Of who stopped, does the policy let be published what has no mark? */
static bool
is_published_unmarked(
    const struct filed *filed, struct arena *arena, struct fail *fail)
{
	const struct share *share = filed->share;
	const struct template *template = share->binding->template;
	const struct decide_given given = {.kept = NULL};
	const struct disclosure *before =
	    filed->stopped != 0
		? decide(filed->engine->ruleset, share->block, filed->record,
		      &given, arena, fail)
		: NULL;

	for (unsigned r = 0; before != NULL && r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;
		struct shown now = decide_shown(share->disclosure, role);
		uint64_t unmarked = template_printed(template, role) &
				    ~template_marked(template, role) &
				    ~provision_of_nobody();

		if ((filed->stopped & 1u << r) != 0 &&
		    ((now.passed | now.altered) & unmarked &
			decide_shown(before, role).published) != 0)
			return true;
	}
	return false;
}

/*
 * A file names all values: it would bring those of another record there, which
 * were not sent or not taken, or are older since a restore.  Of who stopped
 * there is nothing else in the share; what others have must be what they had.
 */
static bool
brings_others(const struct filed *filed)
{
	if (filed->learns && filed->stopped == 0)
		return true;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;
		struct shown now = decide_shown(filed->share->disclosure, role);

		if ((filed->stopped & 1u << r) != 0)
			continue;
		if (filed->learns ? (now.passed & ~filed->had[r]) != 0
				  : engine_told_is_older(filed->engine,
					filed->held, filed->record, role))
			return true;
	}
	return false;
}

static enum flags_found
look_at_file(const struct filed *filed, bool insists, struct arena *arena,
    struct fail *fail)
{
	const struct told_held *held = filed->held;
	bool again = held->is_doubtful && insists && filed->stopped != 0;

	if (disclosure_onward_count(filed->share->disclosure) == 0)
		return FLAGS_NOTHING;
	if (is_published_unmarked(filed, arena, fail))
		return FLAGS_REFUSED;
	if (held->is_read && !again &&
	    !is_news_of(filed->engine, held, filed->record, filed->share))
		return FLAGS_SAME;
	return brings_others(filed) ? FLAGS_REFUSED : FLAGS_NEWS;
}

/* What a submission of misu's own brought there. */
static enum flags_found
look_at_object(struct engine *engine, const struct record *record,
    const struct flags_asked *asked, struct decide_given *given,
    struct arena *arena, struct share *share, struct fail *fail)
{
	const unsigned all = (1u << ROLE_COUNT) - 1;
	uint64_t limit[ROLE_COUNT], had[ROLE_COUNT];
	struct told_held held;
	struct filed filed = {engine, record, &held, share, 0, false, had};

	if (!is_reached(engine, record, asked->target) ||
	    !engine_told_held(engine, asked->target, &held, fail) ||
	    (!held.is_known &&
		!may_be_there(engine, record, asked, arena, fail)) ||
	    !engine_told_name(engine, asked->target, arena, share, given, fail))
		return FLAGS_NOTHING;
	/* Of a stop alone does the log say what a file brought there. */
	filed.learns = held.by_file && (!held.is_read || held.is_doubtful);
	filed.stopped = given->stopped;
	/* A value that was refused since the stop does not come with it. */
	if (!engine_find_had(engine, record, asked->target,
		filed.learns && given->stopped != 0 ? all : given->stopped, had,
		arena, fail))
		return FLAGS_NOTHING;
	if (given->stopped != 0)
		given->kept = had;
	if (share->held != NULL && !(filed.learns && given->stopped != 0)) {
		limit_to(&held, limit);
		given->limit = limit;
	}
	if (!engine_share_object(
		engine, record, asked->target, given, share, arena, fail))
		return FLAGS_REFUSED;
	given->limit = NULL;
	if (!is_forwarded(share))
		return not_forwarded(share->disclosure);
	if (held.by_file)
		return look_at_file(&filed, asked->insists, arena, fail);
	return !held.is_read || (held.is_doubtful && asked->insists) ||
		       is_news_of(engine, &held, record, share)
		   ? FLAGS_NEWS
		   : FLAGS_SAME;
}

/*
 * Of the same object under the same policy the same opaque tokens are made: so
 * what was sent can be told from what is to be sent now.
 */
static bool
set_random(const struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct decide_given *given)
{
	const struct digest *policy = ruleset_identity(engine->ruleset);
	struct text text = text_start(arena);
	struct digest digest;

	text_add(
	    &text, (struct slice){(const char *)policy->bytes, DIGEST_SIZE});
	text_add_format(&text, "%d/", target->object_type);
	text_add(&text, target->object);
	if (text_slice(&text).data == NULL)
		return false;
	digest = digest_hmac(engine->content_key, text_slice(&text));
	memcpy(given->random, digest.bytes, sizeof(given->random));
	return true;
}

enum flags_found
engine_flags_look(struct engine *engine, const struct flags_asked *asked,
    struct arena *arena, struct share *share, struct record **record,
    struct fail *fail)
{
	uint64_t kept[ROLE_COUNT];
	struct decide_given given = {.kept = NULL};
	struct fail gone = FAIL_INIT;
	enum flags_found found;

	*share = (struct share){.block = NULL};
	*record = engine_record_now(engine, asked->target, arena, &gone);
	if (*record == NULL) {
		if (gone.kind != FAIL_INPUT)
			*fail = gone;
		return FLAGS_NOTHING;
	}
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		kept[r] = ((uint64_t)1 << FIELD_COUNT) - 1;
	if (stops_any(engine->o.stops))
		given.stopped = stops_roles(engine->o.stops, *record);
	/* It stays there, and is hidden from those behind. */
	given.minimises = given.hides = given.stopped != 0;
	given.kept = given.stopped != 0 ? kept : NULL;
	if (!set_random(engine, asked->target, arena, &given)) {
		fail_memory(fail);
		return FLAGS_NOTHING;
	}
	found =
	    asked->target->object_type == OBJECT_CONTACT
		? look_at_contact(engine, *record, &given, arena, share, fail)
		: look_at_object(
		      engine, *record, asked, &given, arena, share, fail);
	/* It cannot be said there: no placeholder for what it demands, ... */
	if (found == FLAGS_REFUSED && fail->kind == FAIL_INPUT)
		*fail = gone;
	if (fail->kind != FAIL_NONE)
		return FLAGS_NOTHING;
	/* There is no word for it. */
	return found == FLAGS_NEWS && share->payload.len == 0 ? FLAGS_SAME
							      : found;
}

bool
engine_flags_share(struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct share *share, struct record **record,
    struct fail *fail)
{
	const struct flags_asked asked = {.target = target, .insists = true};

	return engine_flags_look(engine, &asked, arena, share, record, fail) ==
	       FLAGS_NEWS;
}

/* --- who holds it --- */

bool
engine_is_told(const struct engine *engine, const struct block *block)
{
	const struct conf_recipient *binding = conf_recipient(engine->conf,
	    ruleset_recipient(engine->ruleset, block->recipient)->id);

	return binding != NULL && (binding->channel == CHANNEL_EPP ||
				      engine_told_by_file(binding));
}

bool
flags_find_targets(struct engine *engine, const struct record *record,
    struct flags_target *out, size_t *count, struct fail *fail)
{
	const struct block *blocks[BLOCKS_MAX];
	size_t found =
	    ruleset_match(engine->ruleset, record, blocks, BLOCKS_MAX);
	struct told_held held;

	*count = 0;
	for (size_t i = 0; i < found && i < BLOCKS_MAX; i++) {
		const struct spool_item target = {
		    .object = record_object(record),
		    .object_type = (int)record_type(record),
		    .recipient =
			ruleset_recipient(engine->ruleset, blocks[i]->recipient)
			    ->id,
		    .purpose = blocks[i]->purpose};

		if (!engine_is_told(engine, blocks[i]))
			continue;
		if (!engine_told_held(engine, &target, &held, fail))
			return false;
		if (held.is_known)
			out[(*count)++] = (struct flags_target){
			    target.recipient, target.purpose};
	}
	return true;
}

/* --- what was told --- */

bool
engine_flags_told(struct engine *engine, struct batch *batch,
    const struct spool_item *item, struct arena *arena, bool *changes,
    struct fail *fail)
{
	enum object_type type = (enum object_type)item->object_type;
	struct record *record, *merged;
	struct epp_facts facts;
	struct share share;

	*changes = false;
	if (type != OBJECT_CONTACT ||
	    (engine->o.changing != NULL &&
		engine->o.changing(
		    engine->o.follow_context, type, item->object)) ||
	    !engine_flags_share(engine, item, arena, &share, &merged, fail))
		return fail->kind == FAIL_NONE;
	/* It is to be told something else by now: that comes next. */
	if (!slice_equal(share.payload, item->payload))
		return true;
	record = vault_get(engine->o.vault, arena, type, item->object, fail);
	if (record == NULL)
		return fail->kind == FAIL_NONE;
	facts = *record_epp(record);
	facts.shown = decide_shown(share.disclosure, CONTACT_ROLE);
	if (!record_set_epp(record, &facts, fail) ||
	    !ledger_add_record(batch, record, fail))
		return false;
	*changes = true;
	if (engine->o.change != NULL)
		engine->o.change(
		    engine->o.follow_context, type, item->object, true);
	return true;
}

static bool
is_watched(const struct engine *engine, const struct conf_recipient *binding)
{
	const struct conf_upstream *upstream =
	    conf_upstream(engine->conf, binding->upstream);

	return upstream != NULL && upstream->shadows;
}

const char *
engine_flags_why_held(const struct engine *engine, const struct stop_held *row)
{
	const struct conf_recipient *binding =
	    conf_recipient(engine->conf, row->recipient);

	if (binding == NULL)
		return "misu.conf has no channel for it any more";
	if (binding->channel == CHANNEL_VIEW)
		return "misu itself shows nothing of it any more";
	if (binding->channel == CHANNEL_DESK)
		return "it is reached by hand: tell it yourself, or resubmit";
	if (binding->channel == CHANNEL_EPP && is_watched(engine, binding))
		return "misu only watches there (mode shadow): it is told when "
		       "that ends";
	if (binding->channel == CHANNEL_EPP)
		return upstream_of(engine, binding->upstream) != NULL
			   ? "it is being told, or its contacts are, unless "
			     "misu has no record of it there or the policy "
			     "refuses it"
			   : "misu has no session of its own to tell it by, or "
			     "the registry has no word for it: resubmit";
	if (!engine_told_has_public(engine, row->recipient))
		return "nobody stands behind it to hide it from: resubmit "
		       "makes it lose it";
	if (!engine_told_by_file(binding))
		return "its template has no word for what may be published: "
		       "tell it yourself, or resubmit";
	return "it is being told, unless misu has no record of it any more or "
	       "the policy does not send it there";
}
