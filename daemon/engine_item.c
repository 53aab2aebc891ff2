/* What goes into the spool of a share whose entry is durable. */
#include "engine_told.h"

struct digest
engine_content(const struct engine *engine, const struct record *record,
    struct arena *arena)
{
	struct slice text = submission_print(arena, record);

	/* Out of memory makes a digest that equals no other. */
	return text.data != NULL ? digest_hmac(engine->content_key, text)
				 : (struct digest){{0}};
}

static struct digest
consents_digest(const struct record *record, struct arena *arena)
{
	struct text text = text_start(arena);

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		size_t count;
		const struct consent *all =
		    record_consents(record, (enum role)role, &count);

		for (size_t i = 0; i < count; i++)
			text_add_format(&text, "%u %.*s %u %d %lld\n", role,
			    SLICE_ARG(all[i].purpose), all[i].audience,
			    all[i].given, (long long)all[i].time);
	}
	return digest_sha256(text_slice(&text));
}

static bool
passes_any(const struct disclosure *disclosure)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (disclosure_values(
				disclosure, (enum role)r, (enum field)f)
				.count != 0)
				return true;
	return false;
}

bool
engine_is_nothing(const struct share *share)
{
	const struct recipient *recipient =
	    disclosure_recipient(share->disclosure);

	return !recipient->public && recipient->audience != AUDIENCE_REGISTRY &&
	       (share->is_given || disclosure_operation(share->disclosure) ==
				       OPERATION_CREATE) &&
	       !passes_any(share->disclosure);
}

struct spool_item
engine_item(const struct engine *engine, const struct record *record,
    const struct share *share, struct slice submission, struct arena *arena)
{
	struct ruling outcome = disclosure_outcome(share->disclosure);
	bool held = outcome.verdict == VERDICT_HOLD;
	struct spool_item item = {
	    .state = held ? SPOOL_HELD
		     /* Nothing is left of an update: nothing is to be sent. */
		     : share->payload.len == 0 ? SPOOL_DONE
					       : SPOOL_QUEUED,
	    .entry = share->entry,
	    .leaf = share->leaf,
	    .recipient = disclosure_recipient(share->disclosure)->id,
	    .purpose = disclosure_purpose(share->disclosure),
	    .channel = share->binding == NULL ? SLICE("none")
					      : slice_from(channel_kind_name(
						    share->binding->channel)),
	    .object = record_object(record),
	    .object_type = record_type(record),
	    .operation = record_operation(record),
	    .epoch = share->epoch,
	    .consents = consents_digest(record, arena),
	    .content = held ? engine_content(engine, record, arena)
			    : (struct digest){{0}},
	    .payload = share->payload,
	    .submission = submission,
	    .rule = outcome.rule,
	    .due = engine_now(engine),
	    .created = engine_now(engine),
	    .place = share->entry,
	};

	engine_told_write(engine, record, share, &item.told);
	return item;
}
