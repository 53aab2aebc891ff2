/*
 * The channel `view`: what the public gets of an object becomes its row in
 * the public view, or the row goes with the object.  Deliveries of one turn of
 * the loop are one transaction, with one sync.
 */
#include "codec/view.h"
#include "net/channel.h"
#include "store/view.h"

enum { HANDLES_MAX = 64 };

/* A delivery that waits for the end of the turn. */
struct waiting {
	struct waiting *next;
	const struct sealed *sealed;
	channel_done *done;
	void *arg;
	bool written, told; /* told: its row is this one now */
	struct fail fail;
};

struct channel_view {
	struct channel channel;
	struct loop *loop;
	struct loop_timer *timer;
	struct waiting *waiting, **waiting_end;
	struct view *view;
	const int64_t *epoch;
};

/* {NULL, 0} without memory. */
static struct slice
capitals(struct slice handle, struct arena *arena)
{
	struct slice copy = arena_copy(arena, handle);
	char *at = (char *)(uintptr_t)copy.data;

	for (size_t i = 0; at != NULL && i < copy.len; i++)
		if (at[i] >= 'a' && at[i] <= 'z')
			at[i] = (char)(at[i] - 'a' + 'A');
	return copy;
}

/* Of a name server; its addresses stand behind a blank. */
static struct slice
name_of(struct slice server)
{
	const char *blank = memchr(server.data, ' ', server.len);

	if (blank != NULL)
		server.len = (size_t)(blank - server.data);
	return server;
}

/*
 * Contacts are asked for by handles that are published, in whatever letters;
 * servers by their names.  A handle has no dot.  False without memory.
 */
static bool
find_handles(const struct publication *it, struct arena *arena,
    struct slice out[HANDLES_MAX], size_t *found)
{
	size_t count = 0;

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct publication_item item = publication_either(
		    it, (enum role)role, FIELD_HANDLE, FIELD_HANDLE);

		for (size_t i = 0; item.state == PUBLISHED &&
		    i < item.values.count && count < HANDLES_MAX;
		    i++) {
			out[count] = capitals(item.values.items[i], arena);
			if (out[count++].data == NULL)
				return false;
		}
	}
	for (size_t i = 0; it->ns.state == PUBLISHED &&
	    i < it->ns.values.count && count < HANDLES_MAX;
	    i++) {
		struct slice name = name_of(it->ns.values.items[i]);

		if (memchr(name.data, '.', name.len) != NULL)
			out[count++] = name;
	}
	*found = count;
	return true;
}

static bool
write_row(struct channel_view *channel, const struct sealed *sealed,
    struct arena *arena, struct fail *fail)
{
	struct slice handles[HANDLES_MAX];
	struct view_put put;
	struct view_row row;

	if (!view_decode(sealed_payload(sealed), arena, &row, fail)) {
		/* Its own trouble, and not the view's. */
		fail->kind = fail->kind == FAIL_WORLD ? FAIL_DENIED
						      : fail->kind;
		return false;
	}
	put = (struct view_put){
	    .type = slice_from(object_type_name(row.it.type)),
	    .name = row.it.name,
	    .entry = sealed_index(sealed),
	    .epoch = *channel->epoch,
	    .time = channel->loop->operations->now(channel->loop) / 1000,
	    .bytes = sealed_payload(sealed),
	    .handles = handles};
	if (!find_handles(&row.it, arena, handles, &put.handle_count))
		return fail_memory(fail);
	if (row.operation == OPERATION_DELETE)
		return view_remove(channel->view, &put, fail);
	return view_put(channel->view, &put, fail);
}

/* One that cannot be read must not keep the others from the view. */
static bool
write_rows(struct channel_view *channel, struct waiting *list,
    struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	bool ok = arena != NULL || fail_memory(fail);

	for (struct waiting *w = list; ok && w != NULL; w = w->next) {
		arena_reset(arena);
		w->written = write_row(channel, w->sealed, arena, &w->fail);
		w->told = w->written && view_took(channel->view);
		ok = w->written || w->fail.kind == FAIL_DENIED;
		if (!ok)
			*fail = w->fail;
	}
	arena_destroy(arena);
	return ok;
}

static void
flush(void *arg)
{
	struct channel_view *channel = arg;
	struct waiting *list = channel->waiting;
	struct fail fail = FAIL_INIT;
	bool ok;

	channel->waiting = NULL;
	channel->waiting_end = &channel->waiting;
	if (list == NULL)
		return;
	ok = view_batch_begin(channel->view, &fail);
	if (ok)
		ok = view_batch_end(channel->view,
		    write_rows(channel, list, &fail), &fail);
	for (struct waiting *w = list, *next; w != NULL; w = next) {
		next = w->next;
		if (ok && w->written)
			w->done(w->arg,
			    w->told ? DELIVERY_SENT : DELIVERY_SUPERSEDED,
			    NULL);
		else
			w->done(w->arg, DELIVERY_LATER,
			    ok ? &w->fail : &fail);
		free(w);
	}
}

static void
submit(struct channel *base, const struct sealed *sealed, channel_done *done,
    void *arg)
{
	struct channel_view *channel = (struct channel_view *)base;
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	struct fail fail = FAIL_INIT;

	if (waiting == NULL) {
		fail_memory(&fail);
		done(arg, DELIVERY_LATER, &fail);
		return;
	}
	*waiting = (struct waiting){
	    .sealed = sealed, .done = done, .arg = arg};
	if (channel->waiting == NULL)
		channel->loop->operations->timer_set(channel->timer, 0);
	*channel->waiting_end = waiting;
	channel->waiting_end = &waiting->next;
}

/*
 * The row says which entry it came from.  Where that is a newer one nothing
 * says whether this one stood there before.
 */
static void
status(struct channel *base, const struct sealed *sealed, channel_done *done,
    void *arg)
{
	struct channel_view *channel = (struct channel_view *)base;
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct view_row row;
	uint64_t entry;
	bool known;

	if (arena == NULL ||
	    !view_decode(sealed_payload(sealed), arena, &row, &fail)) {
		if (fail.kind == FAIL_NONE)
			fail_memory(&fail);
		arena_destroy(arena);
		done(arg, DELIVERY_UNKNOWN, &fail);
		return;
	}
	known = view_entry(channel->view,
	    slice_from(object_type_name(row.it.type)), row.it.name, &entry);
	arena_destroy(arena);
	if (!known || entry < sealed_index(sealed))
		done(arg, DELIVERY_NOT_SENT, NULL);
	else
		done(arg,
		    entry == sealed_index(sealed) ? DELIVERY_SENT
						  : DELIVERY_SUPERSEDED,
		    NULL);
}

static void
flush_now(struct channel *channel)
{
	flush(channel);
}

static void
stop(struct channel *base)
{
	struct channel_view *channel = (struct channel_view *)base;

	flush(channel);
	if (channel->timer != NULL)
		channel->loop->operations->timer_destroy(channel->timer);
	free(channel);
}

static const struct channel_operations operations = {.name = "view",
    .submit = submit,
    .status = status,
    .flush = flush_now,
    .stop = stop};

struct channel *
channel_view_start(const struct channel_options *options, struct fail *fail)
{
	struct channel_view *channel;

	if (options->view == NULL) {
		fail_set(fail, FAIL_INPUT,
		    "recipient %s: there is no public view here",
		    options->recipient);
		return NULL;
	}
	channel = calloc(1, sizeof(*channel));
	if (channel == NULL) {
		fail_memory(fail);
		return NULL;
	}
	*channel = (struct channel_view){.channel = {&operations},
	    .loop = options->loop,
	    .view = options->view,
	    .epoch = options->epoch};
	channel->waiting_end = &channel->waiting;
	channel->timer = options->loop->operations->timer_create(
	    options->loop, flush, channel);
	if (channel->timer == NULL) {
		fail_memory(fail);
		free(channel);
		return NULL;
	}
	return &channel->channel;
}
