#include "publisher_priv.h"

#include <strings.h>
#include <unistd.h>

#include "child.h"
#include "codec/json.h"
#include "log.h"
#include "net/wiped.h"
#include "sandbox.h"

/* The sanitizers' leak check looks at its own process. */
static const char *const always[] = {"/dev/urandom", "/proc/self"};

int64_t
publisher_now(const struct publisher *publisher)
{
	return publisher->loop->operations->now(publisher->loop) / 1000;
}

/* --- what is asked for --- */

static bool
is_free(const struct publisher *publisher, const struct prefix *asker)
{
	const struct conf_publish *publish = &publisher->conf->publish;

	for (size_t i = 0; i < publish->free_count; i++)
		if (prefix_contains(&publish->free[i], asker))
			return true;
	return false;
}

bool
publisher_may_ask(
    struct publisher *publisher, const struct prefix *asker, unsigned *wait)
{
	*wait = 0;
	return is_free(publisher, asker) ||
	       rate_ask(publisher->rate, asker,
		   publisher->loop->operations->now(publisher->loop), wait);
}

bool
publisher_is_personal(const struct publication *it)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned field = 0;
		     it->roles[role].present && field < FIELD_COUNT; field++)
			if (it->roles[role].items[field].state == PUBLISHED &&
			    field_info[field].class == CLASS_PERSONAL)
				return true;
	return false;
}

bool
publisher_look(struct publisher *publisher, const struct ask *ask,
    struct arena *arena, struct view_found *found, struct fail *fail)
{
	struct view *view = publisher->view;

	*found = (struct view_found){.state = VIEW_NONE};
	switch (ask->kind) {
	case ASK_DOMAIN:
		return view_get(
		    view, arena, SLICE("domain"), ask->name, found, fail);
	case ASK_NETWORK:
		return view_get_network(view, arena, &ask->prefix, found, fail);
	case ASK_CONTACT:
		return view_get_handle(view, arena, ask->name, found, fail);
	case ASK_NAMESERVER:
		return view_get_host(view, arena, ask->name, found, fail);
	case ASK_REFERENCES:
	case ASK_AUTNUM:
	case ASK_HELP:
	case ASK_SEARCH:
		break;
	}
	return true;
}

static bool
has_handle(const struct publication *it, enum role role, struct slice handle)
{
	struct publication_item item =
	    publication_either(it, role, FIELD_HANDLE, FIELD_HANDLE);

	for (size_t i = 0; item.state == PUBLISHED && i < item.values.count;
	     i++)
		if (item.values.items[i].len == handle.len &&
		    strncasecmp(item.values.items[i].data, handle.data,
			handle.len) == 0)
			return true;
	return false;
}

bool
publisher_find_role(
    const struct publication *it, const struct ask *ask, enum role *role)
{
	if (ask->kind != ASK_CONTACT)
		return true;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (has_handle(it, (enum role)r, ask->name)) {
			*role = (enum role)r;
			return true;
		}
	return false;
}

bool
publisher_open(struct publisher *publisher, struct fail *fail)
{
	if (publisher->view == NULL)
		publisher->view =
		    view_open_reader(publisher->view_path, fail);
	return publisher->view != NULL;
}

bool
publisher_may_tell(struct publisher *publisher, const struct prefix *asker,
    bool personal, unsigned *wait)
{
	*wait = 0;
	return !personal || is_free(publisher, asker) ||
	       rate_spend(publisher->rate, asker,
		   publisher->loop->operations->now(publisher->loop), wait);
}

enum looked_up
publisher_find(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct arena *arena,
    struct publisher_found *out)
{
	struct view_row *row = &out->row;
	struct fail fail = FAIL_INIT;
	struct view_found found;

	if (publisher_open(publisher, &fail))
		out->generation = view_generation(publisher->view);
	if (publisher->view == NULL ||
	    !publisher_look(publisher, ask, arena, &found, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "view-not-read", &fail);
		return NOT_NOW;
	}
	if (found.state != VIEW_CURRENT)
		return found.state == VIEW_NONE ? NOT_FOUND : NOT_NOW;
	if (!view_decode(found.bytes, arena, row, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "view-damaged", &fail);
		return NOT_NOW;
	}
	out->entry = found.entry;
	if (!publisher_find_role(&row->it, ask, &out->role))
		return NOT_FOUND;
	if (ask->kind == ASK_CONTACT)
		publication_narrow(&row->it, out->role, ask->name);
	row->it.registrar = &publisher->conf->publish.registrar;
	if (row->it.registrar->name.len == 0)
		row->it.registrar = NULL;
	row->it.hidden = row->it.type == OBJECT_NETWORK
			     ? &publisher->conf->publish.hidden_jpnic
			     : &publisher->conf->publish.hidden_jprs;
	out->personal = publisher_is_personal(&row->it);
	if (!publisher_may_tell(
		publisher, asker, out->personal, &out->wait))
		return TOO_MANY;
	if (ask->kind == ASK_NETWORK && row->it.type == OBJECT_NETWORK &&
	    !publisher_relatives(publisher, asker, arena, &row->it, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "view-not-read", &fail);
		return NOT_NOW;
	}
	return FOUND;
}

bool
publisher_object_of(struct publisher *publisher, struct slice handle,
    struct arena *arena, struct view_row *row)
{
	struct fail fail = FAIL_INIT;
	struct view_found found;

	return publisher->view != NULL &&
	    view_get_handle(publisher->view, arena, handle, &found, &fail) &&
	    found.state == VIEW_CURRENT &&
	    view_decode(found.bytes, arena, row, &fail);
}

/* --- the process --- */

static void
serve(struct publisher *publisher)
{
	const struct conf_publish *publish;

	if (publisher->ready || publisher->conf == NULL)
		return;
	publish = &publisher->conf->publish;
	if ((publish->whois_address.len != 0 && publisher->whois == NULL) ||
	    (publish->rdap_address.len != 0 && publisher->rdap == NULL))
		return;
	publisher->ready = true;
	wire_stream_post(publisher->parent, LINE_READY, SLICE(""), -1);
}

static void
take_socket(struct publisher *publisher, struct slice name, int fd)
{
	struct fail fail = FAIL_INIT;
	bool ok = slice_is(name, "whois")
		      ? publisher_whois_open(publisher, fd, &fail)
		      : publisher_rdap_open(publisher, fd, &fail);

	if (!ok) {
		log_fail(LOG_LEVEL_ERROR, "not-listening", &fail);
		publisher->broken = true;
		loop_stop(publisher->loop);
		return;
	}
	serve(publisher);
}

/* Ports that misu.conf has no more are closed; new ones come by themselves. */
static void
close_ports(
    struct publisher *publisher, const struct conf_publish *before)
{
	const struct conf_publish *now = &publisher->conf->publish;

	if (!slice_equal(before->whois_address, now->whois_address)) {
		whois_server_destroy(publisher->whois);
		publisher->whois = NULL;
	}
	if (!slice_equal(before->rdap_address, now->rdap_address)) {
		rdap_server_destroy(publisher->rdap);
		publisher->rdap = NULL;
	}
}

/* The parent has checked it: what cannot be used now ends the process. */
static bool
take_settings(struct publisher *publisher, struct slice text)
{
	struct arena *arena = arena_create(NULL), *before = publisher->arena;
	struct policy_source source = {.name = SLICE("misu.conf")};
	struct fail fail = FAIL_INIT;
	const struct conf *old = publisher->conf;
	struct conf *conf = NULL;
	struct slice rest;

	if (arena != NULL && child_settings(text, &source.text, &rest))
		conf = conf_glance(arena, &source, &fail);
	if (conf == NULL) {
		log_fail(LOG_LEVEL_ERROR, "settings-not-read", &fail);
		arena_destroy(arena);
		return false;
	}
	publisher->conf = conf;
	publisher->arena = arena;
	if (old != NULL)
		close_ports(publisher, &old->publish);
	/* They say what misu.conf said, too. */
	answers_clear(publisher->answers);
	answers_set_limit(publisher->answers,
	    (size_t)conf->publish.cache * 1024 * 1024);
	arena_destroy(before);
	rate_set_limits(publisher->rate,
	    &(struct rate_limits){conf->publish.rate, conf->publish.budget});
	serve(publisher);
	return true;
}

static bool
parent_received(void *context, struct slice message, int fd)
{
	struct publisher *publisher = context;
	char kind = message.len != 0 ? message.data[0] : '\0';
	struct slice rest;

	if (message.len == 0)
		return false;
	rest = (struct slice){message.data + 1, message.len - 1};
	if (kind == LINE_LISTEN && fd >= 0) {
		take_socket(publisher, rest, fd);
		return true;
	}
	if (kind == LINE_KEEPER && fd >= 0) {
		publisher_tier_connect(publisher, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (kind == LINE_SETTINGS)
		return take_settings(publisher, rest);
	if (kind == LINE_STOP)
		loop_stop(publisher->loop);
	return kind == LINE_STOP;
}

static bool
keep_to_files(struct publisher *publisher, struct fail *fail)
{
	const char *reads[] = {always[0], always[1],
	    setup_state_path(publisher->setup, SLICE("view")), NULL};
	const char *writes[] = {NULL};
	const struct sandbox_paths paths = {reads, writes};

	if (reads[2] == NULL)
		return fail_memory(fail);
	return sandbox_files(&paths, &publisher->has_landlock, fail);
}

/* What was told to one with a token is nowhere afterwards. */
static bool
start_json(struct fail *fail)
{
	uint32_t seed;

	if (!random_system.fill(random_system.context, &seed, sizeof(seed)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	json_start(seed);
	return true;
}

static bool
open_answers(struct publisher *publisher, struct fail *fail)
{
	uint64_t seed;

	if (!random_system.fill(random_system.context, &seed, sizeof(seed)))
		return fail_set(
		    fail, FAIL_WORLD, "no random bytes to be had");
	publisher->answers = answers_create(0, seed);
	publisher->scratch = arena_create(NULL);
	return (publisher->answers != NULL && publisher->scratch != NULL) ||
	       fail_memory(fail);
}

static bool
open_all(struct publisher *publisher, const struct setup_given *given,
    struct fail *fail)
{
	static const struct rate_limits limits = {60, 1000};
	struct setup_given glance = *given;
	char *diagnostics;

	wiped_start();
	if (!start_json(fail))
		return false;
	glance.glance = true;
	publisher->setup = setup_load(&glance, &diagnostics, fail);
	free(diagnostics);
	if (publisher->setup == NULL)
		return false;
	publisher->view_path =
	    setup_state_path(publisher->setup, SLICE("view/view.db"));
	publisher->loop = loop_create();
	if (publisher->view_path == NULL || publisher->loop == NULL)
		return fail_memory(fail);
	publisher->rate = rate_create(&limits, &random_system, fail);
	if (publisher->rate == NULL || !open_answers(publisher, fail))
		return false;
	publisher->jis = jis_open();
	if (publisher->jis == NULL)
		log_event(LOG_LEVEL_WARN, "no-iso-2022-jp", NULL);
	publisher->parent = child_line(
	    loop_base(publisher->loop), parent_received, publisher, fail);
	if (publisher->parent == NULL || !keep_to_files(publisher, fail))
		return false;
	/* What is replaced while it is opened is seen to be another. */
	publisher_file_note(publisher->view_path, &publisher->file);
	/* Before the sandbox: SQLite makes what it needs of its own. */
	publisher->view = view_open_reader(publisher->view_path, fail);
	return publisher->view != NULL &&
	       publisher_file_watch(publisher, fail) &&
	       sandbox_enter(SANDBOX_PUBLISHER, fail);
}

struct publisher *
publisher_create(const struct setup_given *given, struct fail *fail)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (open_all(publisher, given, fail))
		return publisher;
	publisher_destroy(publisher);
	return NULL;
}

bool
publisher_run(struct publisher *publisher)
{
	return loop_run(publisher->loop) && !publisher->broken;
}

void
publisher_destroy(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	whois_server_destroy(publisher->whois);
	rdap_server_destroy(publisher->rdap);
	publisher_tier_close(publisher);
	publisher_count_close(publisher);
	publisher_file_close(publisher);
	wire_stream_destroy(publisher->parent);
	view_close(publisher->view);
	jis_close(publisher->jis);
	answers_destroy(publisher->answers);
	arena_destroy(publisher->scratch);
	rate_destroy(publisher->rate);
	loop_destroy(publisher->loop);
	arena_destroy(publisher->arena);
	setup_free(publisher->setup);
	free(publisher);
}
