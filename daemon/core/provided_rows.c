/* From disclosures to the rows of the record of provision. */
#include "core/provided_priv.h"

enum { BUCKETS = 512 };

/* What is published of a subject in one role of one object, field by field. */
struct track {
	struct track *chain, *next;
	const struct part *like; /* whose recipient and role */
	const struct disclosed *began[FIELD_COUNT];
	const struct part *began_as[FIELD_COUNT];
	const struct disclosed *doubt[FIELD_COUNT];
	const struct disclosed *of; /* whose object */
	struct provided_row *rows;  /* that were made of it */
};

struct making {
	struct provided *provided;
	struct arena *arena;
	struct provided_row *first, **last;
	struct provided_row *open[BUCKETS]; /* the newest of each bucket */
	struct track *tracks[BUCKETS];
	struct track *all, **all_last;
};

static size_t
bucket_of(const struct disclosed *disclosed, const struct part *part)
{
	size_t hash = 5381 + (size_t)part->role + 16 * (size_t)disclosed->type;

	for (size_t i = 0; i < part->recipient.len; i++)
		hash = hash * 33 + (unsigned char)part->recipient.data[i];
	for (size_t i = 0; i < disclosed->object.len; i++)
		hash = hash * 33 + (unsigned char)disclosed->object.data[i];
	return hash % BUCKETS;
}

static uint64_t
passing(const struct part *part)
{
	return part->forwarded | part->generalised | part->replaced;
}

static struct provided_row *
add_row(struct making *making, const struct disclosed *disclosed,
    const struct part *part, struct fail *fail)
{
	struct provided_row *row = arena_take(making->arena, sizeof(*row));

	if (row == NULL) {
		fail_memory(fail);
		return NULL;
	}
	*row = (struct provided_row){
	    .published = part->is != NULL && part->is->public,
	    .watched = disclosed->watched,
	    .recipient = part->recipient,
	    .is = part->is,
	    .via = part->via,
	    .type = disclosed->type,
	    .object = disclosed->object,
	    .role = part->role,
	    .purpose = part->purpose,
	    .basis = part->is != NULL && part->is->basis.len != 0
			 ? part->is->basis
			 : disclosed->basis,
	    .channel = disclosed->channel,
	    .ruleset = disclosed->ruleset,
	    .policy = disclosed->policy,
	    .from = disclosed->time,
	    .count = 1,
	    .entries = {disclosed->index},
	    .ended_by = ENTRY_NONE,
	    .doubtful = ENTRY_NONE,
	    .outcome = disclosed->outcome,
	    .consents = disclosed->consents[part->role],
	    .consent_count = disclosed->consent_counts[part->role]};
	row->purpose_title = (struct slice){"", 0};
	if (disclosed->ruleset != NULL)
		ruleset_find_purpose(
		    disclosed->ruleset, part->purpose, &row->purpose_title);
	*making->last = row;
	making->last = &row->next;
	making->provided->result.row_count++;
	return row;
}

/* --- to a named recipient --- */

static bool
is_alike(const struct provided_row *row, const struct disclosed *disclosed,
    const struct part *part)
{
	return row != NULL && row->type == disclosed->type &&
	       row->role == part->role && row->outcome == disclosed->outcome &&
	       row->watched == disclosed->watched &&
	       row->forwarded == part->forwarded &&
	       row->generalised == part->generalised &&
	       row->replaced == part->replaced &&
	       digest_equal(&row->policy, &disclosed->policy) &&
	       slice_equal(row->recipient, part->recipient) &&
	       slice_equal(row->purpose, part->purpose) &&
	       slice_equal(row->object, disclosed->object) &&
	       slice_equal(row->channel, disclosed->channel);
}

static bool
provide(struct making *making, const struct disclosed *disclosed,
    const struct part *part, struct fail *fail)
{
	struct provided_row **open = &making->open[bucket_of(disclosed, part)];

	if (passing(part) == 0)
		return true;
	if (is_alike(*open, disclosed, part)) {
		if ((*open)->count < PROVIDED_ENTRIES_MAX)
			(*open)->entries[(*open)->count] = disclosed->index;
		(*open)->count++;
		(*open)->until = disclosed->time;
		return true;
	}
	*open = add_row(making, disclosed, part, fail);
	if (*open == NULL)
		return false;
	(*open)->forwarded = part->forwarded;
	(*open)->generalised = part->generalised;
	(*open)->replaced = part->replaced;
	(*open)->until = disclosed->time;
	return true;
}

/* --- to unspecified persons --- */

static struct track *
track_of(struct making *making, const struct disclosed *disclosed,
    const struct part *part, struct fail *fail)
{
	size_t bucket = bucket_of(disclosed, part);
	struct track *track = making->tracks[bucket];

	while (track != NULL &&
	       !(track->like->role == part->role &&
		   track->of->type == disclosed->type &&
		   slice_equal(track->like->recipient, part->recipient) &&
		   slice_equal(track->of->object, disclosed->object)))
		track = track->chain;
	if (track != NULL)
		return track;
	track = arena_take(making->arena, sizeof(*track));
	if (track == NULL) {
		fail_memory(fail);
		return NULL;
	}
	track->like = part;
	track->of = disclosed;
	track->chain = making->tracks[bucket];
	making->tracks[bucket] = track;
	*making->all_last = track;
	making->all_last = &track->next;
	return track;
}

static uint64_t *
bits_of(struct provided_row *row, const struct part *part, unsigned field)
{
	if ((part->forwarded & FIELD_BIT(field)) != 0)
		return &row->forwarded;
	return (part->generalised & FIELD_BIT(field)) != 0 ? &row->generalised
							   : &row->replaced;
}

/* A field stood there from its beginning until `end` (NULL: still). */
static bool
close_field(struct making *making, struct track *track, unsigned field,
    const struct disclosed *end, struct fail *fail)
{
	const struct disclosed *began = track->began[field];
	const struct part *as = track->began_as[field];
	uint64_t ended_by = end != NULL ? end->index : ENTRY_NONE;
	uint64_t doubtful = track->doubt[field] != NULL
				? track->doubt[field]->index
				: ENTRY_NONE;
	struct provided_row *row = track->rows;

	if (end != NULL)
		doubtful = ENTRY_NONE;
	while (row != NULL &&
	       !(row->entries[0] == began->index && row->ended_by == ended_by &&
		   row->doubtful == doubtful))
		row = row->chain;
	if (row == NULL) {
		row = add_row(making, began, as, fail);
		if (row == NULL)
			return false;
		row->chain = track->rows;
		track->rows = row;
	}
	row->until = end != NULL ? end->time : 0;
	row->ended_by = ended_by;
	row->doubtful = doubtful;
	*bits_of(row, as, field) |= FIELD_BIT(field);
	track->began[field] = NULL;
	track->doubt[field] = NULL;
	return true;
}

/* Was this field taken back, as far as the disclosure goes? */
static bool
is_withdrawn(
    const struct disclosed *disclosed, const struct part *part, unsigned field)
{
	uint64_t bit = FIELD_BIT(field);

	if (disclosed->operation == OPERATION_DELETE)
		return true;
	if ((part->listed & bit) != 0)
		return (passing(part) & bit) == 0;
	if (disclosed->has_inputs)
		return (disclosed->present[part->role] & bit) == 0;
	return disclosed->is_whole || disclosed->operation == OPERATION_CREATE;
}

/* Passes as before: the same bits of the verdict. */
static bool
is_other_way(const struct part *was, const struct part *is, unsigned field)
{
	uint64_t bit = FIELD_BIT(field);

	return ((was->forwarded ^ is->forwarded) & bit) != 0 ||
	       ((was->generalised ^ is->generalised) & bit) != 0;
}

static bool
publish_field(struct making *making, struct track *track, unsigned field,
    const struct disclosed *disclosed, const struct part *part,
    struct fail *fail)
{
	bool goes = (passing(part) & FIELD_BIT(field)) != 0 &&
		    disclosed->operation != OPERATION_DELETE;
	bool sure = disclosed->outcome == PROVIDED_DELIVERED;

	if (track->began[field] == NULL) {
		if (!goes)
			return true;
		track->began[field] = disclosed;
		track->began_as[field] = part;
		return true;
	}
	if (goes && !is_other_way(track->began_as[field], part, field)) {
		track->doubt[field] = NULL;
		return true;
	}
	if (!goes && !is_withdrawn(disclosed, part, field))
		return true;
	if (!sure) {
		track->doubt[field] = disclosed;
		return true;
	}
	if (!close_field(making, track, field, disclosed, fail))
		return false;
	if (goes) {
		track->began[field] = disclosed;
		track->began_as[field] = part;
	}
	return true;
}

static bool
publish(struct making *making, const struct disclosed *disclosed,
    const struct part *part, struct fail *fail)
{
	struct track *track;

	/* What never arrived, or was refused there, changed nothing. */
	if (disclosed->outcome == PROVIDED_NOT_SENT ||
	    disclosed->outcome == PROVIDED_REFUSED)
		return true;
	track = track_of(making, disclosed, part, fail);
	if (track == NULL)
		return false;
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (!publish_field(making, track, f, disclosed, part, fail))
			return false;
	return true;
}

/*
 * Nothing of it is published from here on: it was refused or held there, or no
 * policy publishes it.
 */
static bool
unpublish(
    struct making *making, const struct disclosed *end, struct fail *fail)
{
	for (const struct part *p = end->parts; p != NULL; p = p->next) {
		struct track *track;

		if (p->is == NULL || !p->is->public)
			continue;
		track = track_of(making, end, p, fail);
		if (track == NULL)
			return false;
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (track->began[f] != NULL &&
			    !close_field(making, track, f, end, fail))
				return false;
	}
	return true;
}

static bool
add_parts(
    struct making *making, const struct disclosed *disclosed, struct fail *fail)
{
	for (const struct part *p = disclosed->parts; p; p = p->next)
		if (!(p->is != NULL && p->is->public
			    ? publish(making, disclosed, p, fail)
			    : provide(making, disclosed, p, fail)))
			return false;
	return true;
}

/* By the time that they began, then by recipient: as they were met. */
static void
sort_rows(struct provided_row **first)
{
	struct provided_row *sorted = NULL, **last = &sorted;

	while (*first != NULL) {
		struct provided_row *row = *first, **at = &sorted;

		*first = row->next;
		/* Most come in order. */
		if (sorted != NULL && (*last)->entries[0] <= row->entries[0])
			at = &(*last)->next;
		while (*at != NULL && (*at)->entries[0] <= row->entries[0])
			at = &(*at)->next;
		row->next = *at;
		*at = row;
		if (row->next == NULL)
			last = at;
	}
	*first = sorted;
}

bool
provided_make_rows(struct provided *provided, struct fail *fail)
{
	struct making making = {.provided = provided, .arena = provided->arena};

	making.last = &making.first;
	making.all_last = &making.all;
	for (const struct disclosed *d = provided->first; d; d = d->next) {
		bool goes = d->goes && !d->ends;

		provided->result.withheld += !d->goes && !d->ends;
		provided->result.kept += goes && !d->has_payload;
		if (goes ? d->has_payload && !add_parts(&making, d, fail)
			 : slice_is(d->channel, "view") &&
			       !unpublish(&making, d, fail))
			return false;
	}
	for (struct track *t = making.all; t != NULL; t = t->next)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (t->began[f] != NULL &&
			    !close_field(&making, t, f, NULL, fail))
				return false;
	sort_rows(&making.first);
	provided->result.rows = making.first;
	return true;
}
