/*
 * Policy and misu.conf together: can each recipient's channel express what
 * the policy asks of it?
 */
#include "base/text.h"
#include "conf_priv.h"

static bool
serves(enum channel_kind channel, enum method method)
{
	switch (method) {
	case METHOD_API:
		return channel == CHANNEL_FILE || channel == CHANNEL_EPP;
	case METHOD_MAIL:
		return channel == CHANNEL_FILE;
	case METHOD_FAX:
	case METHOD_POST:
	case METHOD_COURIER:
	case METHOD_PHONE:
		return channel == CHANNEL_DESK;
	case METHOD_WEB_FORM:
		return channel == CHANNEL_FILE || channel == CHANNEL_DESK;
	case METHOD_AGREED:
		return channel != CHANNEL_VIEW;
	case METHOD_NONE:
	case METHOD_COUNT:
		break;
	}
	return false;
}

static void
gather(struct conf_checked *check)
{
	size_t count = ruleset_block_count(check->ruleset);

	memset(check->ever, 0, sizeof(check->ever));
	check->has_block = false;
	for (unsigned n = 0; n < count; n++) {
		const struct block *block = ruleset_block(check->ruleset, n);

		if (block->recipient != check->index)
			continue;
		check->has_block = true;
		for (unsigned slot = 0; slot < SLOT_COUNT; slot++)
			check->ever[slot] |= ruleset_slot_ever(check->ruleset,
			    block, (enum role)(slot / FIELD_COUNT),
			    (enum field)(slot % FIELD_COUNT));
	}
}

void
conf_check_say(struct conf_checked *check, struct place place, enum conf_complaint complaint,
    struct slice two)
{
	conf_complain(
	    check->complaints, place, complaint, check->recipient->id, two);
}

static struct slice
revision(const struct conf_checked *check)
{
	struct text text = text_start(check->arena);

	text_add(&text, ruleset_name(check->ruleset));
	text_add_format(
	    &text, " revision %u", ruleset_revision(check->ruleset));
	return text_slice(&text);
}

bool
conf_check_has_placeholder(const struct conf_checked *check, enum role role, enum field field)
{
	const struct placeholders *all = &check->channel->placeholders;

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].role == role && all->items[i].field == field)
			return true;
	return false;
}

static bool
is_unprinted(const struct conf_checked *check, enum role role, enum field field)
{
	return (check->ever[SLOT(role, field)] & SLOT_PASSES) != 0 &&
	    !template_prints(check->channel->template, role, field) &&
	    !template_demands(check->channel->template, role, field);
}

/* What is not printed does not go, so it needs no mark. */
static bool
is_unmarked(const struct conf_checked *check, enum role role, enum field field)
{
	return (check->ever[SLOT(role, field)] & SLOT_HIDDEN) != 0 &&
	    !is_unprinted(check, role, field) &&
	    !template_marks(check->channel->template, role, field);
}

static bool
is_demanded_in_vain(
    const struct conf_checked *check, enum role role, enum field field)
{
	unsigned ever = check->ever[SLOT(role, field)];

	return template_demands(check->channel->template, role, field) &&
	    ((ever & SLOT_PASSES) == 0 || (ever & SLOT_REDACTS) != 0) &&
	    !conf_check_has_placeholder(check, role, field);
}

void
conf_check_slots(struct conf_checked *check, enum conf_complaint complaint,
    bool (*test)(const struct conf_checked *, enum role, enum field))
{
	struct text text = text_start(check->arena);

	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = (enum role)(slot / FIELD_COUNT);
		enum field field = (enum field)(slot % FIELD_COUNT);

		if (test(check, role, field))
			text_add_format(&text, "%s%s.%s",
			    text.len == 0 ? "" : ", ", role_name(role),
			    field_info[field].name);
	}
	if (text.failed)
		check->complaints->failed = true;
	if (text.len != 0)
		conf_check_say(check, check->channel->place, complaint,
		    text_slice(&text));
}

static void
check_placeholders(struct conf_checked *check)
{
	const struct placeholders *all = &check->channel->placeholders;

	for (size_t i = 0; i < all->count; i++) {
		struct text text = text_start(check->arena);

		if (check->channel->template != NULL &&
		    template_demands(check->channel->template,
			all->items[i].role, all->items[i].field))
			continue;
		text_add_format(&text, "%s.%s", role_name(all->items[i].role),
		    field_info[all->items[i].field].name);
		conf_complain(check->complaints, check->channel->place,
		    CONF_PLACEHOLDER_IDLE, text_slice(&text), NOTHING);
	}
}

/* What misu publishes itself stands in the view and nowhere else. */
static void
check_view(struct conf_checked *check)
{
	if (check->channel == NULL ||
	    check->channel->channel != CHANNEL_VIEW)
		conf_check_say(check,
		    check->channel != NULL ? check->channel->place
					   : check->conf->place,
		    CONF_SELF, revision(check));
	else if (!conf_publishes(check->conf))
		conf_check_say(
		    check, check->channel->place, CONF_VIEW_UNSEEN, NOTHING);
}

static void
check_recipient(struct conf_checked *check)
{
	const struct recipient *recipient = check->recipient;

	check->channel = conf_recipient(check->conf, recipient->id);
	if (recipient->via >= 0) {
		if (check->channel != NULL)
			conf_check_say(check, check->channel->place, CONF_RECIPIENT_VIA,
			    NOTHING);
		return;
	}
	gather(check);
	if (!check->has_block)
		return;
	if (recipient->via == VIA_SELF) {
		check_view(check);
		return;
	}
	if (check->channel == NULL) {
		conf_check_say(check, check->conf->place, CONF_RECIPIENT_NONE,
		    revision(check));
		return;
	}
	if (check->channel->channel == CHANNEL_VIEW) {
		conf_check_say(check, check->channel->place, CONF_VIEW_OTHER,
		    revision(check));
		return;
	}
	if (!serves(check->channel->channel, recipient->method))
		conf_check_say(check, check->channel->place, CONF_METHOD,
		    slice_from(method_name(recipient->method)));
	if (check->channel->channel == CHANNEL_EPP) {
		conf_check_epp(check);
		return;
	}
	check_placeholders(check);
	if (check->channel->channel != CHANNEL_FILE)
		return;
	conf_check_slots(check, CONF_NOT_PRINTED, is_unprinted);
	conf_check_slots(check, CONF_NOT_MARKED, is_unmarked);
	conf_check_slots(check, CONF_PLACEHOLDER_NONE, is_demanded_in_vain);
}

static bool
is_shown(const struct conf_checked *check, const struct block *block)
{
	const struct recipient *recipient =
	    ruleset_recipient(check->ruleset, block->recipient);
	const struct conf_recipient *channel =
	    conf_recipient(check->conf, recipient->id);

	return recipient->via == VIA_SELF && channel != NULL &&
	       channel->channel == CHANNEL_VIEW;
}

/* "p12, and for recipient self, p11" */
static struct slice
both(const struct conf_checked *check, const struct block *one,
    const struct block *other)
{
	struct text text = text_start(check->arena);

	text_add(&text, other->purpose);
	text_add_string(&text, ", and for recipient ");
	text_add(&text, ruleset_recipient(check->ruleset, one->recipient)->id);
	text_add_string(&text, ", ");
	text_add(&text, one->purpose);
	return text_slice(&text);
}

/* What one block publishes in the view another would take away again. */
static void
check_view_once(struct conf_checked *check)
{
	const struct ruleset *ruleset = check->ruleset;
	size_t count = ruleset_block_count(ruleset);

	for (unsigned n = 0; n < count; n++) {
		const struct block *block = ruleset_block(ruleset, n);

		if (!is_shown(check, block))
			continue;
		for (unsigned k = 0; k < n; k++) {
			const struct block *other = ruleset_block(ruleset, k);

			if (is_shown(check, other) &&
			    ruleset_overlap(ruleset, block, other)) {
				check->recipient = ruleset_recipient(
				    ruleset, block->recipient);
				check->channel = conf_recipient(
				    check->conf, check->recipient->id);
				conf_check_say(check, check->channel->place,
				    CONF_VIEW_TWICE, both(check, other, block));
				return;
			}
		}
	}
}

/* Is anything ever said to the recipient of what the server is named for? */
static bool
is_reached(
    const struct conf_checked *check, const struct conf_audit_server *server)
{
	const struct ruleset *ruleset = check->ruleset;

	for (unsigned n = 0; n < ruleset_block_count(ruleset); n++) {
		const struct block *block = ruleset_block(ruleset, n);

		if (block->recipient != check->index)
			continue;
		if (server->network != NULL && block->type == OBJECT_NETWORK)
			return true;
		for (size_t i = 0; i < server->suffix_count; i++)
			if (ruleset_reaches(
				ruleset, block, server->suffixes[i]))
				return true;
	}
	return false;
}

/* What is no public's nobody can ask for. */
static void
check_audited(struct conf_checked *check)
{
	const struct conf_audit *audit = &check->conf->audit;

	for (size_t i = 0; i < audit->server_count; i++) {
		const struct conf_audit_server *server = &audit->servers[i];

		if (!slice_equal(server->recipient, check->recipient->id))
			continue;
		if (!check->recipient->public)
			conf_check_say(check, server->place,
			    CONF_AUDIT_RECIPIENT, revision(check));
		else if (!is_reached(check, server))
			conf_check_say(check, server->place,
			    CONF_AUDIT_NOTHING, revision(check));
	}
}

/* A token is for these alone. */
static bool
has_objects(const struct conf_checked *check)
{
	size_t count = ruleset_block_count(check->ruleset);

	for (unsigned n = 0; n < count; n++) {
		const struct block *block = ruleset_block(check->ruleset, n);

		if (block->recipient == check->index &&
		    (block->type == OBJECT_DOMAIN ||
			block->type == OBJECT_NETWORK))
			return true;
	}
	return false;
}

/* Who asks with a token is somebody, and asks for itself. */
static void
check_tiers(struct conf_checked *check)
{
	const struct conf_publish *publish = &check->conf->publish;

	for (size_t i = 0; i < publish->tier_count; i++) {
		const struct conf_tier *tier = &publish->tiers[i];

		if (!ruleset_find_recipient(
			check->ruleset, tier->recipient, &check->index))
			continue;
		check->recipient =
		    ruleset_recipient(check->ruleset, check->index);
		if (check->recipient->public ||
		    check->recipient->via != VIA_NONE)
			conf_check_say(
			    check, tier->place, CONF_TIER, revision(check));
		else if (publish->rdap_address.len == 0)
			conf_check_say(
			    check, tier->place, CONF_TIER_UNSEEN, NOTHING);
		else if (!has_objects(check))
			conf_check_say(
			    check, tier->place, CONF_TIER_EMPTY, NOTHING);
	}
}

static bool
finish(struct complaints *complaints, struct slice *diagnostics,
    struct fail *fail)
{
	struct slice printed = complaints_print(complaints);
	struct text text = text_start(complaints->arena);

	text_add(&text, *diagnostics);
	text_add(&text, printed);
	if (printed.data == NULL || text.failed)
		return fail_memory(fail);
	*diagnostics = text_slice(&text);
	if (!complaints_errors(complaints))
		return true;
	return fail_set(fail, FAIL_INPUT,
	    "misu.conf cannot carry out what the policy says");
}

bool
conf_check(const struct conf *conf, const struct ruleset *const *rulesets,
    size_t count, struct arena *arena, struct slice *diagnostics,
    struct fail *fail)
{
	struct complaints complaints = {.arena = arena};
	struct conf_checked *check = arena_take(arena, sizeof(*check));

	if (check == NULL)
		return fail_memory(fail);
	/* What holds under each of them is said once. */
	for (size_t i = 0; i < count; i++) {
		size_t recipients = ruleset_recipient_count(rulesets[i]);

		*check = (struct conf_checked){.conf = conf,
		    .ruleset = rulesets[i],
		    .arena = arena,
		    .complaints = &complaints};
		for (check->index = 0; check->index < recipients;
		     check->index++) {
			check->recipient =
			    ruleset_recipient(rulesets[i], check->index);
			check_recipient(check);
			check_audited(check);
		}
		check_tiers(check);
		check_view_once(check);
	}
	return finish(&complaints, diagnostics, fail);
}

static bool
is_known(
    struct slice recipient, const struct ruleset *const *rulesets, size_t count)
{
	unsigned index;

	for (size_t i = 0; i < count; i++)
		if (ruleset_find_recipient(rulesets[i], recipient, &index))
			return true;
	return false;
}

bool
conf_check_idle(const struct conf *conf, const struct ruleset *const *rulesets,
    size_t count, struct arena *arena, struct slice *diagnostics,
    struct fail *fail)
{
	struct complaints complaints = {.arena = arena};

	for (size_t i = 0; i < conf->recipient_count; i++) {
		const struct conf_recipient *recipient = &conf->recipients[i];

		if (!is_known(recipient->id, rulesets, count))
			conf_complain(&complaints, recipient->place,
			    CONF_RECIPIENT_POLICY, recipient->id, NOTHING);
	}
	for (size_t i = 0; i < conf->publish.tier_count; i++) {
		const struct conf_tier *tier = &conf->publish.tiers[i];

		if (!is_known(tier->recipient, rulesets, count))
			conf_complain(&complaints, tier->place,
			    CONF_RECIPIENT_POLICY, tier->recipient, NOTHING);
	}
	for (size_t i = 0; i < conf->audit.server_count; i++) {
		const struct conf_audit_server *server =
		    &conf->audit.servers[i];

		if (!is_known(server->recipient, rulesets, count))
			conf_complain(&complaints, server->place,
			    CONF_AUDIT_IDLE, server->recipient, NOTHING);
	}
	return finish(&complaints, diagnostics, fail);
}
