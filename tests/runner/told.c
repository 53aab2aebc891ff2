/*
 * What recipients hold of objects that were submitted is what they would be
 * told now: nothing is left to be told, and a registry's own <disclose> is as
 * the frames have it that would be sent.
 */
#include "codec/epp_frame.h"
#include "engine_flags.h"
#include "runner/epp_world.h"

/* The text between two others; empty: there is none. */
static struct slice
between(struct slice text, const char *from, const char *to)
{
	const char *at = memmem(text.data, text.len, from, strlen(from)), *end;
	const char *start = at != NULL ? at + strlen(from) : NULL;

	end = start != NULL
		  ? memmem(start, (size_t)(text.data + text.len - start), to,
			strlen(to))
		  : NULL;
	return end != NULL ? (struct slice){start, (size_t)(end - start)}
			   : (struct slice){"", 0};
}

/* "0:name.int,voice", as the registry has it. */
static size_t
as_stored(struct slice disclose, char *out, size_t size)
{
	struct slice rest = disclose;
	size_t len = (size_t)snprintf(out, size, "%c:", disclose.data[0]);
	const char *comma = "";

	while (rest.len != 0 && len < size) {
		struct slice name = between(rest, "<contact:", "/>");
		struct slice type = between(name, " type=\"", "\"");
		const char *blank = memchr(name.data, ' ', name.len);

		if (name.len == 0)
			break;
		len += (size_t)snprintf(out + len, size - len, "%s%.*s%s%.*s",
		    comma,
		    (int)(blank != NULL ? blank - name.data : (long)name.len),
		    name.data, type.len != 0 ? "." : "", SLICE_ARG(type));
		comma = ",";
		rest.len -= (size_t)(name.data + name.len - rest.data);
		rest.data = name.data + name.len;
	}
	return len;
}

static void
compare(struct world *world, struct slice upstream, struct slice frame)
{
	struct registry *registry = epp_registry(world, upstream);
	struct slice id = between(frame, "<contact:id>", "<");
	struct slice disclose =
	    between(frame, "<contact:disclose flag=\"", "</contact:disclose>");
	struct bytes out = {NULL, 0, 0};
	char line[80], stored[200];
	struct slice text;

	if (registry == NULL || id.len == 0 || disclose.len == 0)
		return;
	snprintf(line, sizeof(line), "dump contact %.*s", SLICE_ARG(id));
	as_stored(disclose, stored, sizeof(stored));
	registry_line(registry, slice_from(line), &out);
	text = bytes_slice(&out);
	/* A create has no word for what the registry does by itself. */
	if (memmem(text.data, text.len, "disclose=", 9) != NULL &&
	    memmem(text.data, text.len, stored, strlen(stored)) == NULL)
		world_fail(world, "%.*s is to be told %s of %.*s and has %.*s",
		    SLICE_ARG(upstream), stored, SLICE_ARG(id),
		    SLICE_ARG(text));
	bytes_finish(&out);
}

static void
check(struct world *world, struct arena *arena, const struct spool_item *target)
{
	const struct flags_asked asked = {.target = target};
	struct slice rest, frame;
	struct fail fail = FAIL_INIT;
	struct record *record;
	struct share share;
	bool waits = false;

	spool_waits(
	    world->spool, target->object_type, target->object, &waits, &fail);
	if (waits)
		return;
	switch (engine_flags_look(
	    world->engine, &asked, arena, &share, &record, &fail)) {
	case FLAGS_NEWS:
		world_fail(world, "a registry was not told of %.*s",
		    SLICE_ARG(target->object));
		break;
	case FLAGS_SAME:
		if (share.binding->channel != CHANNEL_EPP)
			break;
		rest = share.payload;
		while (epp_frame_next(&rest, &frame))
			compare(world, share.binding->upstream, frame);
		break;
	case FLAGS_NOTHING:
	case FLAGS_REFUSED:
		if (fail.kind != FAIL_NONE)
			world_fail(world, "not to be told: %s", fail.text);
		break;
	}
}

static void
check_record(
    struct world *world, struct arena *arena, const struct record *record)
{
	const struct block *blocks[BLOCKS_MAX];
	struct spool_item target = {.object_type = record_type(record),
	    .object = record_object(record)};
	size_t count;

	if (record_type(record) >= OBJECT_SUBMITTED)
		return;
	count = ruleset_match(world->ruleset, record, blocks, BLOCKS_MAX);
	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++) {
		struct spool_held held = {.is_known = false};
		struct fail fail = FAIL_INIT;

		target.recipient =
		    ruleset_recipient(world->ruleset, blocks[i]->recipient)->id;
		target.purpose = blocks[i]->purpose;
		spool_get_held(world->spool, &target, &held, &fail);
		if (held.is_known && !held.is_doubtful)
			check(world, arena, &target);
	}
}

void
told_check(struct world *world)
{
	struct vault_cursor cursor = {.begun = false};
	struct fail fail = FAIL_INIT;
	struct record *record;
	struct arena *arena;

	if (world->engine == NULL || world->ruleset == NULL)
		return;
	arena = arena_create(NULL);
	while (vault_next(world->vault, &cursor, arena, &record, &fail) &&
	       record != NULL) {
		check_record(world, arena, record);
		arena_reset(arena);
	}
	arena_destroy(arena);
}
