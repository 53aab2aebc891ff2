/*
 * The channels as the engine starts them, each wrapped (ld --wrap): what a
 * channel is given is checked and kept, and the scenario may let a delivery
 * fail, get lost, or be answered by nobody.  The real channel does the rest.
 */
#include <unistd.h>

#include "runner/epp_world.h"
#include "store/view_mark.h"

enum { OUTPUTS_MAX = 64 };

struct wrapped {
	struct channel channel;
	struct channel *real;
	struct world *world;
	char recipient[64];
};

static struct world *current;
static char outputs[OUTPUTS_MAX][200];
static size_t output_count;

struct channel *__real_channel_file_start(
    const struct channel_options *options, struct fail *fail);
struct channel *__real_channel_desk_start(
    const struct channel_options *options, struct fail *fail);
struct channel *__wrap_channel_file_start(
    const struct channel_options *options, struct fail *fail);
struct channel *__wrap_channel_desk_start(
    const struct channel_options *options, struct fail *fail);

struct view_mark *__real_view_mark_open(
    const char *view_path, bool writes, struct fail *fail);
struct view_mark *__wrap_view_mark_open(
    const char *view_path, bool writes, struct fail *fail);

void
recipients_use(struct world *world)
{
	current = world;
	output_count = 0;
}

bool
recipients_is_output(const struct world *world, const char *path)
{
	(void)world;
	for (size_t i = 0; i < output_count; i++) {
		size_t len = strlen(outputs[i]);

		if (strncmp(path, outputs[i], len) == 0 && path[len] == '/')
			return true;
	}
	return false;
}

static struct behaviour *
behaviour_of(struct wrapped *wrapped, bool evidence)
{
	struct behaviour *b = wrapped->world->behaviours;

	for (; b != NULL; b = b->next)
		if (b->evidence == evidence && b->times != 0 &&
		    strcmp(b->recipient, wrapped->recipient) == 0) {
			b->times--;
			return b;
		}
	return NULL;
}

static struct attempt *
attempt_of(struct world *world, uint64_t entry)
{
	struct attempt *a;

	for (a = world->attempts; a != NULL; a = a->next)
		if (a->entry == entry)
			return a;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		abort();
	a->entry = entry;
	a->told = DELIVERY_NOT_SENT;
	a->next = world->attempts;
	world->attempts = a;
	return a;
}

static char *
copy(struct slice from)
{
	char *out = malloc(from.len + 1);

	if (out == NULL)
		abort();
	if (from.len != 0)
		memcpy(out, from.data, from.len);
	out[from.len] = '\0';
	return out;
}

static struct got *
keep(struct wrapped *wrapped, const struct sealed *sealed, bool arrived)
{
	struct world *world = wrapped->world;
	struct slice payload = sealed_payload(sealed), entry = {NULL, 0};
	struct got *got = calloc(1, sizeof(*got));

	if (got == NULL)
		abort();
	snprintf(got->recipient, sizeof(got->recipient), "%s",
	    wrapped->recipient);
	got->entry = sealed_index(sealed);
	got->arrived = arrived;
	got->payload = copy(payload);
	got->len = payload.len;
	if (!invariants_durable(world, sealed, &entry))
		world_fail(world,
		    "%s was given bytes before their entry %llu was durable",
		    wrapped->recipient, (unsigned long long)got->entry);
	got->text = copy(entry);
	got->text_len = entry.len;
	free((void *)(uintptr_t)entry.data);
	*world->got_last = got;
	world->got_last = &got->next;
	world_note(world, "%s < entry %llu, %zu bytes%s", wrapped->recipient,
	    (unsigned long long)got->entry, payload.len,
	    arrived ? "" : " (did not arrive)");
	seen_add(&world->transcript_bytes, payload);
	if (world->transcript)
		printf("%.*s\n", SLICE_ARG(payload));
	return got;
}

void
recipients_keep(struct world *world, const struct sealed *sealed)
{
	struct wrapped somebody = {.world = world};

	snprintf(somebody.recipient, sizeof(somebody.recipient), "%.*s",
	    SLICE_ARG(sealed_recipient(sealed)));
	attempt_of(world, sealed_index(sealed))->told = DELIVERY_SENT;
	keep(&somebody, sealed, true);
}

/* The real channel's word passes through, unless it is to get lost. */
struct pass {
	struct world *world;
	struct got *got;
	uint64_t entry;
	bool lose;
	channel_done *done;
	void *arg;
};

static void
tell(struct world *world, uint64_t entry, enum delivery delivery,
    channel_done *done, void *arg, const struct fail *fail)
{
	attempt_of(world, entry)->told = delivery;
	world_note(world, "entry %llu: %s", (unsigned long long)entry,
	    delivery_name(delivery));
	done(arg, delivery, fail);
}

static void
passed(void *arg, enum delivery delivery, const struct fail *fail)
{
	struct pass *pass = arg;
	struct pass p = *pass;

	free(pass);
	if (p.got != NULL)
		p.got->arrived = delivery == DELIVERY_SENT ||
		    delivery == DELIVERY_ACCEPTED;
	if (p.lose)
		delivery = DELIVERY_UNKNOWN;
	tell(p.world, p.entry, delivery, p.done, p.arg, fail);
}

static struct pass *
pass_on(struct wrapped *wrapped, const struct sealed *sealed, bool lose,
    channel_done *done, void *arg)
{
	struct pass *pass = calloc(1, sizeof(*pass));

	if (pass == NULL)
		abort();
	*pass = (struct pass){.world = wrapped->world,
	    .entry = sealed_index(sealed),
	    .lose = lose,
	    .done = done,
	    .arg = arg};
	return pass;
}

static void
fail_as(struct wrapped *wrapped, const struct sealed *sealed,
    const char *word, channel_done *done, void *arg)
{
	struct fail fail = FAIL_INIT;
	enum delivery delivery = DELIVERY_LATER;

	fail_set(&fail, FAIL_WORLD, "the scenario says %s", word);
	if (strcmp(word, "later") != 0)
		keep(wrapped, sealed, false);
	if (strcmp(word, "refused") == 0)
		delivery = DELIVERY_REFUSED;
	if (strcmp(word, "unknown") == 0)
		delivery = DELIVERY_UNKNOWN;
	tell(wrapped->world, sealed_index(sealed), delivery, done, arg, &fail);
}

static void
submit(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	struct wrapped *wrapped = (struct wrapped *)channel;
	struct world *world = wrapped->world;
	struct attempt *attempt = attempt_of(world, sealed_index(sealed));
	struct behaviour *behaviour;
	struct pass *pass;

	if (memory_disk_is_dead(world->disk)) {
		done(arg, DELIVERY_LATER, NULL);
		return;
	}
	if (attempt->told != DELIVERY_LATER &&
	    attempt->told != DELIVERY_NOT_SENT)
		world_fail(world,
		    "entry %llu was sent to %s again after \"%s\"",
		    (unsigned long long)attempt->entry, wrapped->recipient,
		    delivery_name(attempt->told));
	if (!slice_is(sealed_recipient(sealed), wrapped->recipient))
		world_fail(world, "%s was given what is sealed for another",
		    wrapped->recipient);
	attempt->told = DELIVERY_UNKNOWN;
	behaviour = behaviour_of(wrapped, false);
	if (behaviour != NULL && strcmp(behaviour->word, "lost") != 0) {
		fail_as(wrapped, sealed, behaviour->word, done, arg);
		return;
	}
	pass = pass_on(wrapped, sealed, behaviour != NULL, done, arg);
	pass->got = keep(wrapped, sealed, true);
	wrapped->real->operations->submit(
	    wrapped->real, sealed, passed, pass);
}

static void
status(struct channel *channel, const struct sealed *sealed,
    channel_done *done, void *arg)
{
	struct wrapped *wrapped = (struct wrapped *)channel;
	struct behaviour *behaviour = behaviour_of(wrapped, true);
	enum delivery delivery = DELIVERY_UNKNOWN;

	world_note(wrapped->world, "%s is asked about entry %llu",
	    wrapped->recipient, (unsigned long long)sealed_index(sealed));
	if (behaviour == NULL) {
		wrapped->real->operations->status(wrapped->real, sealed,
		    passed, pass_on(wrapped, sealed, false, done, arg));
		return;
	}
	if (strcmp(behaviour->word, "sent") == 0)
		delivery = DELIVERY_SENT;
	if (strcmp(behaviour->word, "refused") == 0)
		delivery = DELIVERY_REFUSED;
	if (strcmp(behaviour->word, "not-sent") == 0)
		delivery = DELIVERY_NOT_SENT;
	tell(wrapped->world, sealed_index(sealed), delivery, done, arg, NULL);
}

static void
flush(struct channel *channel)
{
	struct wrapped *wrapped = (struct wrapped *)channel;

	if (wrapped->real->operations->flush != NULL)
		wrapped->real->operations->flush(wrapped->real);
}

static void
stop(struct channel *channel)
{
	struct wrapped *wrapped = (struct wrapped *)channel;

	wrapped->real->operations->stop(wrapped->real);
	free(wrapped);
}

static const struct channel_operations file_operations = {
    .name = "file",
    .submit = submit,
    .status = status,
    .flush = flush,
    .stop = stop};
static const struct channel_operations desk_operations = {
    .name = "desk",
    .submit = submit,
    .status = status,
    .flush = flush,
    .stop = stop};

static const struct channel_operations epp_operations = {
    .name = "epp",
    .submit = submit,
    .status = status,
    .flush = flush,
    .stop = stop};

static struct channel *
wrap(struct channel *real, const struct channel_operations *operations,
    const struct channel_options *options)
{
	struct wrapped *wrapped;

	if (real == NULL)
		return NULL;
	wrapped = calloc(1, sizeof(*wrapped));
	if (wrapped == NULL)
		abort();
	wrapped->channel.operations = operations;
	wrapped->real = real;
	wrapped->world = current;
	snprintf(wrapped->recipient, sizeof(wrapped->recipient), "%s",
	    options->recipient);
	if (options->directory != NULL && options->directory[0] != '\0')
		recipients_add_output(options->directory);
	return &wrapped->channel;
}

void
recipients_add_output(const char *directory)
{
	if (output_count < OUTPUTS_MAX)
		snprintf(outputs[output_count++], sizeof(outputs[0]), "%s",
		    directory);
}

struct channel *
__wrap_channel_file_start(
    const struct channel_options *options, struct fail *fail)
{
	return wrap(__real_channel_file_start(options, fail),
	    &file_operations, options);
}

struct channel *
__wrap_channel_desk_start(
    const struct channel_options *options, struct fail *fail)
{
	return wrap(__real_channel_desk_start(options, fail),
	    &desk_operations, options);
}

/* Readers in other processes share it, and here is none: it has no name. */
struct view_mark *
__wrap_view_mark_open(const char *view_path, bool writes, struct fail *fail)
{
	char path[64], file[80];
	struct view_mark *mark;

	(void)view_path;
	snprintf(path, sizeof(path), "/tmp/misu-scenario-%d", (int)getpid());
	snprintf(file, sizeof(file), "%s-mark", path);
	mark = __real_view_mark_open(path, writes, fail);
	unlink(file);
	return mark;
}

/* Its frames are looked at once more when they arrive at the registry. */
struct channel *
recipients_epp(void *context, struct slice upstream, struct fail *fail)
{
	struct world *world = context;
	const struct conf_upstream *at =
	    conf_upstream(world->conf, upstream);
	const struct conf_recipient *binding =
	    at != NULL ? conf_upstream_recipient(world->conf, at) : NULL;
	char recipient[64];
	struct channel_options options = {.recipient = recipient};

	/* A reload may bring an upstream that was not there before. */
	snprintf(recipient, sizeof(recipient), "%.*s",
	    SLICE_ARG(binding != NULL ? binding->id : upstream));
	return wrap(keeper_channel(world->keeper, upstream, fail),
	    &epp_operations, &options);
}
