/*
 * How a worker gets a setup: the texts from the keeper, compiled again; then
 * the files of its upstreams from the parent, one answer each; then the
 * filter, and the listening sockets whose upstreams are there now.
 */
#include <unistd.h>

#include "base/text.h"
#include "child.h"
#include "filter.h"
#include "log.h"
#include "secrets.h"
#include "worker_priv.h"

/* A setup that waits for its secrets; they go with its arena. */
struct worker_next {
	struct setup *setup;
	const struct ruleset *ruleset;
	struct arena *arena;
	struct filter_secret *secrets; /* a text that is not there: NULL */
	size_t count, room, missing;
	unsigned tag; /* of what is asked for it */
};

static void
free_next(struct worker *worker)
{
	struct worker_next *next = worker->next;

	worker->next = NULL;
	if (next == NULL)
		return;
	setup_free(next->setup);
	arena_destroy(next->arena);
	free(next);
}

/* The setup before stays; without one before there is nothing to do. */
static void
refuse(struct worker *worker, const struct fail *fail)
{
	free_next(worker);
	log_fail(LOG_LEVEL_ERROR, "setup-refused", fail);
	if (worker->setup != NULL)
		return;
	worker->broken = true;
	loop_stop(worker->loop);
}

static struct filter_secret *
find(const struct worker_next *next, struct slice path)
{
	for (size_t i = 0; i < next->count; i++)
		if (slice_equal(next->secrets[i].path, path))
			return &next->secrets[i];
	return NULL;
}

void
worker_free_setups(struct worker *worker)
{
	setup_free(worker->setup);
	worker->setup = NULL;
	free_next(worker);
	while (worker->sockets != NULL) {
		struct worker_socket *socket = worker->sockets;

		worker->sockets = socket->next;
		close(socket->fd);
		free(socket);
	}
}

static void
offer_sockets(struct worker *worker)
{
	struct worker_socket **at = &worker->sockets;

	while (worker->setup != NULL && *at != NULL) {
		struct worker_socket *socket = *at;
		struct slice upstream = slice_from(socket->upstream);
		struct fail fail = FAIL_INIT;

		if (conf_upstream(worker->setup->conf, upstream) == NULL) {
			at = &socket->next;
			continue;
		}
		*at = socket->next;
		if (!filter_listen(
			worker->filter, upstream, socket->fd, &fail))
			log_fail(LOG_LEVEL_ERROR, "not-listening", &fail);
		free(socket);
	}
}

static void
tell_ready(struct worker *worker)
{
	if (worker->ready)
		return;
	worker->ready = true;
	wire_stream_post(worker->parent, LINE_READY, SLICE(""), -1);
}

static void
put_in_force(struct worker *worker)
{
	struct worker_next *next = worker->next;
	const struct filter_secrets secrets = {next->secrets, next->count};
	struct fail fail = FAIL_INIT;

	if (!filter_set(worker->filter, next->ruleset, next->setup->conf,
		&secrets, &fail)) {
		refuse(worker, &fail);
		return;
	}
	setup_free(worker->setup);
	worker->setup = next->setup;
	next->setup = NULL;
	free_next(worker);
	offer_sockets(worker);
	tell_ready(worker);
}

static bool
count_file(void *context, const struct conf_upstream *upstream,
    struct slice path, bool secret)
{
	struct worker_next *next = context;

	(void)upstream;
	(void)path;
	(void)secret;
	next->room++;
	return true;
}

/* Each file is asked for once. */
static bool
want(void *context, const struct conf_upstream *upstream, struct slice path,
    bool secret)
{
	struct worker_next *next = context;

	(void)upstream;
	(void)secret;
	if (find(next, path) == NULL)
		next->secrets[next->count++].path = path;
	return true;
}

static bool
list_secrets(struct worker_next *next)
{
	const struct conf *conf = next->setup->conf;

	secrets_visit(conf, count_file, next);
	next->secrets = arena_take_array(
	    next->arena, next->room + 1, sizeof(*next->secrets));
	if (next->secrets == NULL)
		return false;
	secrets_visit(conf, want, next);
	next->missing = next->count;
	return true;
}

static bool
start_next(struct worker *worker, struct slice bundle, struct fail *fail)
{
	struct worker_next *next = calloc(1, sizeof(*next));

	worker->next = next;
	if (next == NULL)
		return fail_memory(fail);
	next->arena = arena_create(NULL);
	if (next->arena == NULL)
		return fail_memory(fail);
	next->tag = ++worker->tag;
	next->setup = setup_from_bundle(bundle, &next->ruleset, fail);
	if (next->setup == NULL)
		return false;
	return list_secrets(next) || fail_memory(fail);
}

static bool
ask_for(struct worker *worker, struct slice path)
{
	struct text text = text_start(worker->next->arena);

	text_add_format(
	    &text, "%u %.*s", worker->next->tag, SLICE_ARG(path));
	return !text.failed &&
	    wire_stream_post(
		worker->parent, LINE_ASK_SECRET, text_slice(&text), -1);
}

static bool
ask_for_all(struct worker *worker, struct fail *fail)
{
	for (size_t i = 0; i < worker->next->count; i++)
		if (!ask_for(worker, worker->next->secrets[i].path))
			return fail_memory(fail);
	return true;
}

void
worker_take_setup(struct worker *worker, struct slice bundle)
{
	struct fail fail = FAIL_INIT;

	free_next(worker);
	if (!start_next(worker, bundle, &fail) ||
	    !ask_for_all(worker, &fail)) {
		refuse(worker, &fail);
		return;
	}
	if (worker->next->missing == 0)
		put_in_force(worker);
}

/* Up to the next NUL, which is taken too; or all. */
static struct slice
cut(struct slice *text)
{
	const char *end = memchr(text->data, '\0', text->len);
	struct slice piece = *text;

	if (end == NULL) {
		text->data += text->len;
		text->len = 0;
		return piece;
	}
	piece.len = (size_t)(end - text->data);
	text->data += piece.len + 1;
	text->len -= piece.len + 1;
	return piece;
}

static void
refuse_as_told(struct worker *worker, struct slice told)
{
	struct slice text = cut(&told), place = cut(&told);
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "%.*s", SLICE_ARG(text));
	fail_place(&fail, "%.*s", SLICE_ARG(place));
	fail_hint(&fail, "%.*s", SLICE_ARG(told));
	refuse(worker, &fail);
}

/* The secret that "12 path" names, if it was asked for the setup that waits. */
static struct filter_secret *
asked(const struct worker_next *next, struct slice name)
{
	char tag[16];
	size_t len;

	if (next == NULL)
		return NULL;
	len = (size_t)snprintf(tag, sizeof(tag), "%u ", next->tag);
	if (name.len < len || memcmp(name.data, tag, len) != 0)
		return NULL;
	return find(next, (struct slice){name.data + len, name.len - len});
}

/* Answers for a setup that another has replaced are of no use. */
bool
worker_take_secret(struct worker *worker, struct slice answer)
{
	struct slice name = cut(&answer);
	struct worker_next *next = worker->next;
	struct filter_secret *secret = asked(next, name);

	if (answer.len == 0)
		return false;
	if (secret == NULL || secret->text.data != NULL)
		return true;
	if (answer.data[0] != '1') {
		answer.data++;
		answer.len--;
		refuse_as_told(worker, answer);
		return true;
	}
	secret->text = arena_copy(next->arena,
	    (struct slice){answer.data + 1, answer.len - 1});
	if (secret->text.data == NULL) {
		struct fail fail = FAIL_INIT;

		fail_memory(&fail);
		refuse(worker, &fail);
		return true;
	}
	if (--next->missing == 0)
		put_in_force(worker);
	return true;
}

void
worker_listen(struct worker *worker, struct slice upstream, int fd)
{
	struct worker_socket *socket =
	    calloc(1, sizeof(*socket) + upstream.len + 1);

	if (socket == NULL) {
		close(fd);
		return;
	}
	memcpy(socket->upstream, upstream.data, upstream.len);
	socket->fd = fd;
	socket->next = worker->sockets;
	worker->sockets = socket;
	offer_sockets(worker);
}
