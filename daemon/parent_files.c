/* What the parent reads and opens for its children. */
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "credentials.h"
#include "log.h"
#include "net/peer.h"
#include "parent_priv.h"
#include "secrets.h"

enum { LISTEN_AGAIN = 1000, DAY = 86400000 /* ms */ };

unsigned
parent_workers_wanted(const struct parent *parent)
{
	const struct conf *conf = parent->setup->conf;

	if (conf->upstream_count == 0)
		return 0;
	return conf->workers > WORKERS_MAX ? WORKERS_MAX
	    : conf->workers == 0	   ? 1
					   : conf->workers;
}

/* A port that misu.conf names. */
struct wanted {
	enum child_kind kind;
	struct slice name, address; /* no address: it names none */
};

static struct listener *
find(const struct parent *parent, const struct wanted *wanted)
{
	struct listener *l = parent->listeners;

	while (l != NULL &&
	    !(l->kind == wanted->kind && slice_equal(l->name, wanted->name) &&
		slice_equal(l->address, wanted->address)))
		l = l->next;
	return l;
}

static bool
is_wanted(const struct conf *conf, const struct listener *listener)
{
	const struct conf_upstream *upstream;

	if (listener->kind == CHILD_CONSOLE)
		return slice_equal(slice_is(listener->name, "operators")
			? conf->operators_address
			: conf->console_address,
		    listener->address);
	if (listener->kind == CHILD_PUBLISHER)
		return slice_equal(slice_is(listener->name, "whois")
			? conf->publish.whois_address
			: conf->publish.rdap_address,
		    listener->address);
	upstream = conf_upstream(conf, listener->name);
	return upstream != NULL &&
	    slice_equal(upstream->listen, listener->address);
}

static struct listener *
listener_new(const struct wanted *wanted)
{
	struct slice name = wanted->name, address = wanted->address;
	struct listener *listener = calloc(
	    1, sizeof(*listener) + name.len + address.len + 2);
	char *at;

	if (listener == NULL)
		return NULL;
	at = listener->text + name.len + 1;
	memcpy(listener->text, name.data, name.len);
	memcpy(at, address.data, address.len);
	listener->kind = wanted->kind;
	listener->name = (struct slice){listener->text, name.len};
	listener->address = (struct slice){at, address.len};
	return listener;
}

static bool
open_one(
    struct parent *parent, const struct wanted *wanted, struct fail *fail)
{
	struct listener *listener;

	if (wanted->address.len == 0 || find(parent, wanted) != NULL)
		return true;
	listener = listener_new(wanted);
	if (listener == NULL)
		return fail_memory(fail);
	listener->fd = peer_listen(listener->address.data, fail);
	if (listener->fd < 0) {
		free(listener);
		return false;
	}
	listener->next = parent->listeners;
	parent->listeners = listener;
	return true;
}

static void
close_unwanted(struct parent *parent)
{
	struct listener **at = &parent->listeners;

	while (*at != NULL) {
		struct listener *listener = *at;

		if (is_wanted(parent->setup->conf, listener)) {
			at = &listener->next;
		} else {
			*at = listener->next;
			close(listener->fd);
			free(listener);
		}
	}
}

static bool
listen_workers(struct parent *parent, struct fail *fail)
{
	const struct conf *conf = parent->setup->conf;
	bool ok = true;

	for (size_t i = 0; i < conf->upstream_count; i++)
		ok = open_one(parent,
			 &(struct wanted){CHILD_WORKER,
			     conf->upstreams[i].name,
			     conf->upstreams[i].listen},
			 fail) &&
		    ok;
	return ok;
}

bool
parent_listen(struct parent *parent, struct fail *fail)
{
	const struct conf *conf = parent->setup->conf;
	const struct wanted others[] = {
	    {CHILD_CONSOLE, SLICE(""), conf->console_address},
	    {CHILD_CONSOLE, SLICE("operators"), conf->operators_address},
	    {CHILD_PUBLISHER, SLICE("whois"), conf->publish.whois_address},
	    {CHILD_PUBLISHER, SLICE("rdap"), conf->publish.rdap_address}};
	bool ok;

	close_unwanted(parent);
	ok = listen_workers(parent, fail);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		ok = open_one(parent, &others[i], fail) && ok;
	return ok;
}

void
parent_close_listeners(struct parent *parent)
{
	while (parent->listeners != NULL) {
		struct listener *listener = parent->listeners;

		parent->listeners = listener->next;
		close(listener->fd);
		free(listener);
	}
}

static void
give_socket(struct child *child, const struct listener *listener)
{
	int fd;

	if (child->kind != listener->kind)
		return;
	fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, LINE_FD + 1);
	if (fd >= 0)
		child_tell(child, LINE_LISTEN, listener->name, fd);
}

void
parent_give_sockets(struct child *child)
{
	for (struct listener *l = child->parent->listeners; l != NULL;
	     l = l->next)
		give_socket(child, l);
}

/*
 * As long as it is not, it is tried again, and said once: not the first time,
 * which may have come before the port's last holder was gone.
 */
static void
tell_listening(struct parent *parent, bool ok, struct fail *fail)
{
	if (!ok && parent->deaf++ == 1) {
		fail->hint[0] = '\0';
		fail_hint(fail,
		    "it is tried each second: is another program there, or "
		    "did misu.conf mean another address?");
		log_fail(LOG_LEVEL_ERROR, "not-listening", fail);
	} else if (ok && parent->deaf > 1) {
		log_event(LOG_LEVEL_INFO, "listening", NULL);
	}
	if (ok)
		parent->deaf = 0;
	else
		parent->loop->operations->timer_set(
		    parent->listen_timer, LISTEN_AGAIN);
}

/* Sockets that were not there before, to children that have the others. */
static void
give_new(struct parent *parent, const struct listener *before)
{
	for (struct listener *l = parent->listeners; l != before; l = l->next) {
		for (unsigned i = 0; i < parent->worker_count; i++)
			give_socket(&parent->workers[i], l);
		for (size_t i = 0; i < READERS; i++)
			if (parent->readers[i].parent != NULL)
				give_socket(&parent->readers[i], l);
	}
}

void
parent_listen_anew(struct parent *parent)
{
	const struct listener *before;
	struct fail fail = FAIL_INIT;

	close_unwanted(parent);
	before = parent->listeners;
	tell_listening(parent, parent_listen(parent, &fail), &fail);
	give_new(parent, before);
}

static void
listen_again(void *arg)
{
	parent_listen_anew(arg);
}

bool
parent_may_listen_again(struct parent *parent)
{
	parent->listen_timer = parent->loop->operations->timer_create(
	    parent->loop, listen_again, parent);
	return parent->listen_timer != NULL;
}

static void
warn_of(void *context, const struct fail *fail, bool expires)
{
	(void)context;
	log_fail(LOG_LEVEL_WARN,
	    expires ? "certificate-expires" : "credential-not-usable", fail);
}

static void
day_due(void *arg)
{
	struct parent *parent = arg;

	if (parent->stopping)
		return;
	credentials_check(parent->setup, time(NULL), warn_of, NULL);
	parent->loop->operations->timer_set(parent->day_timer, DAY);
}

bool
parent_watch_certificates(struct parent *parent)
{
	parent->day_timer = parent->loop->operations->timer_create(
	    parent->loop, day_due, parent);
	if (parent->day_timer == NULL)
		return false;
	parent->loop->operations->timer_set(parent->day_timer, DAY);
	return true;
}

void
parent_read_setup(struct parent *parent)
{
	struct setup_given given = parent->given;
	struct fail fail = FAIL_INIT;
	const struct listener *before;
	struct setup *setup;
	char *diagnostics;

	given.check = true; /* the tokens are the keeper's */
	setup = setup_load(&given, &diagnostics, &fail);
	free(diagnostics);
	if (setup == NULL) {
		log_fail(LOG_LEVEL_WARN, "parent-not-reloaded", &fail);
		return;
	}
	setup_free(parent->setup);
	parent->setup = setup;
	/* Workers are told by the keeper, soon. */
	close_unwanted(parent);
	before = parent->listeners;
	parent->deaf = 0;
	tell_listening(parent, listen_workers(parent, &fail), &fail);
	give_new(parent, before);
	if (!parent_readers_read(parent, &fail))
		log_fail(LOG_LEVEL_ERROR, "settings-not-read", &fail);
}

static void
add_piece(struct text *text, const char *piece)
{
	text_add_char(text, '\0');
	text_add_string(text, piece);
}

void
parent_give_secret(struct child *worker, struct slice asked)
{
	struct parent *parent = worker->parent;
	struct arena *arena = arena_create(NULL);
	const char *space = memchr(asked.data, ' ', asked.len);
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;
	struct slice path, secret;

	if (arena == NULL || space == NULL) {
		arena_destroy(arena);
		child_kill(worker);
		return;
	}
	path.data = space + 1;
	path.len = asked.len - (size_t)(path.data - asked.data);
	text_add(&text, asked);
	text_add_char(&text, '\0');
	if (secrets_read(parent->setup, path, arena, &secret, &fail)) {
		text_add_char(&text, '1');
		text_add(&text, secret);
	} else {
		text_add_char(&text, '0');
		text_add_string(&text, fail.text);
		add_piece(&text, fail.place);
		add_piece(&text, fail.hint);
	}
	if (text.failed ||
	    !child_tell(worker, LINE_SECRET, text_slice(&text), -1))
		child_kill(worker);
	arena_destroy(arena);
}
