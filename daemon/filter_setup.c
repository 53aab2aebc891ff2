/*
 * What a setup means for the filter: which upstreams there are, how frames
 * for each are made, and the certificates, keys and passwords it needs.
 */
#include <unistd.h>

#include "base/text.h"
#include "filter_priv.h"

/* Everything of one upstream that can fail, before anything is swapped. */
struct prepared {
	const struct conf_upstream *conf;
	struct epp_tls *server_tls, *client_tls;
	struct digest secrets;
	struct arena *passwords;
	struct slice own, backends[64];
	bool keeps_tls;
};

static bool
secret_of(const struct filter_secrets *secrets, struct slice path,
    struct slice *out, struct fail *fail)
{
	*out = (struct slice){NULL, 0};
	if (path.len == 0)
		return true;
	for (size_t i = 0; i < secrets->count; i++)
		if (slice_equal(secrets->items[i].path, path)) {
			*out = secrets->items[i].text;
			return true;
		}
	fail_set(fail, FAIL_WORLD, "the file was not given");
	fail_place(fail, "%.*s", SLICE_ARG(path));
	return false;
}

/* Who is trusted where misu.conf names nobody: what came under no path. */
static struct slice
system_authority(const struct filter_secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		if (secrets->items[i].path.len == 0)
			return secrets->items[i].text;
	return (struct slice){NULL, 0};
}

/* A password's file holds one line. */
static bool
password_of(const struct filter_secrets *secrets, struct slice path,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct slice text;

	if (!secret_of(secrets, path, &text, fail))
		return false;
	while (text.len != 0 && (text.data[text.len - 1] == '\n' ||
				    text.data[text.len - 1] == '\r'))
		text.len--;
	if (text.len == 0 && path.len != 0) {
		fail_set(fail, FAIL_INPUT, "the password is empty");
		fail_place(fail, "%.*s", SLICE_ARG(path));
		return false;
	}
	if (text.len == 0) {
		*out = text;
		return true;
	}
	*out = arena_copy(arena, text);
	return out->data != NULL || fail_memory(fail);
}

static void
add_secret(struct digest_run *run, struct slice text)
{
	uint64_t len = text.len;

	digest_add(run, &len, sizeof(len));
	digest_add(run, text.data, text.len);
}

/* Names files as misu.conf does. */
static bool
make_tls(struct prepared *prepared, struct epp_tls_options *server,
    struct epp_tls_options *client, struct fail *fail)
{
	const struct conf_upstream *conf = prepared->conf;

	server->certificate_path = conf->certificate;
	server->key_path = conf->key;
	server->authority_path = conf->clients;
	client->certificate_path = conf->client_certificate;
	client->key_path = conf->client_key;
	client->authority_path = conf->authority;
	prepared->server_tls = epp_tls_create(server, fail);
	if (prepared->server_tls != NULL)
		prepared->client_tls = epp_tls_create(client, fail);
	if (prepared->client_tls == NULL)
		fail_hint(fail, "upstream %.*s in misu.conf names it",
		    SLICE_ARG(conf->name));
	return prepared->client_tls != NULL;
}

static bool
prepare_tls(struct prepared *prepared, const struct upstream *old,
    const struct filter_secrets *secrets, struct fail *fail)
{
	const struct conf_upstream *conf = prepared->conf;
	struct slice texts[6];
	const struct slice paths[6] = {conf->certificate, conf->key,
	    conf->clients, conf->authority, conf->client_certificate,
	    conf->client_key};
	struct epp_tls_options server = {.server = true};
	struct epp_tls_options client = {.name = conf->server_name,
	    .pins = conf->pins,
	    .pin_count = conf->pin_count};
	struct digest_run run;

	digest_start(&run);
	for (size_t i = 0; i < 6; i++) {
		if (!secret_of(secrets, paths[i], &texts[i], fail))
			return false;
		if (i == 3 && paths[i].len == 0)
			texts[i] = system_authority(secrets);
		add_secret(&run, texts[i]);
	}
	add_secret(&run, conf->server_name);
	add_secret(&run, conf->server);
	add_secret(&run, conf->login);
	add_secret(&run, prepared->own);
	for (size_t i = 0; i < conf->pin_count; i++)
		digest_add(&run, conf->pins[i].bytes, DIGEST_SIZE);
	prepared->secrets = digest_end(&run);
	prepared->keeps_tls = old != NULL && old->client_tls != NULL &&
	    digest_equal(&prepared->secrets, &old->secrets);
	if (prepared->keeps_tls)
		return true;
	server.certificate = texts[0];
	server.key = texts[1];
	server.authority = texts[2];
	client.authority = texts[3];
	client.certificate = texts[4];
	client.key = texts[5];
	return make_tls(prepared, &server, &client, fail);
}

static bool
prepare(struct filter *filter, struct prepared *prepared,
    const struct filter_secrets *secrets, struct fail *fail)
{
	const struct conf_upstream *conf = prepared->conf;
	const struct upstream *old = filter_upstream(filter, conf->name);

	prepared->passwords = arena_create(filter->o.memory);
	if (prepared->passwords == NULL)
		return fail_memory(fail);
	if (!password_of(secrets, conf->password_file, prepared->passwords,
		&prepared->own, fail))
		return false;
	for (size_t i = 0; i < conf->backend_count && i < 64; i++)
		if (!password_of(secrets, conf->backends[i].password_file,
			prepared->passwords, &prepared->backends[i], fail))
			return false;
	return filter->o.base == NULL ||
	    prepare_tls(prepared, old, secrets, fail);
}

static void
prepared_free(struct prepared *prepared)
{
	epp_tls_destroy(prepared->server_tls);
	epp_tls_destroy(prepared->client_tls);
	arena_destroy(prepared->passwords);
}

/* --- sockets --- */

void
filter_drop_listener(struct upstream *upstream)
{
	epp_listener_destroy(upstream->listener);
	upstream->listener = NULL;
}

void
filter_drop_upstream_sockets(struct upstream *upstream)
{
	filter_drop_listener(upstream);
	if (upstream->fd >= 0)
		close(upstream->fd);
	upstream->fd = -1;
	if (upstream->dialer_ours)
		epp_tcp_dialer_destroy(upstream->dialer);
	upstream->dialer = NULL;
	upstream->dialer_ours = false;
	epp_tls_destroy(upstream->server_tls);
	epp_tls_destroy(upstream->client_tls);
	upstream->server_tls = upstream->client_tls = NULL;
}

static bool
accept_backend(void *context, struct epp_conn *conn,
    const struct epp_conn_events **events, void **arg)
{
	struct upstream *upstream = context;

	return filter_accept(upstream->filter, slice_from(upstream->name),
	    conn, events, arg);
}

static struct epp_conn_limits
limits_of(const struct conf_upstream *conf)
{
	return (struct epp_conn_limits){.frame = conf->frame + 4,
	    .handshake = conf->greet,
	    .partial = conf->log_in,
	    .queue = 8 * conf->frame + (1 << 20)};
}

/* An answer says more than the question: a check's, about each name. */
static struct epp_conn_limits
registry_limits_of(const struct conf_upstream *conf)
{
	struct epp_conn_limits limits = limits_of(conf);

	limits.frame = ANSWER_TIMES * conf->frame + 4;
	return limits;
}

/* The listening socket stays; who listens on it is made anew. */
static bool
listen_again(struct upstream *upstream, struct fail *fail)
{
	const struct filter_options *o = &upstream->filter->o;
	struct epp_listener_options options = {.base = o->base,
	    .loop = o->loop,
	    .tls = upstream->server_tls,
	    .limits = limits_of(upstream->conf),
	    .connections = (unsigned)filter_share(
		upstream->filter, upstream->conf->connections),
	    .accept = accept_backend,
	    .context = upstream};
	int fd;

	if (upstream->fd < 0 || upstream->filter->draining)
		return true;
	fd = dup(upstream->fd);
	if (fd < 0)
		return fail_set(fail, FAIL_WORLD, "no file descriptor left");
	upstream->listener = epp_listener_create(&options, fd, fail);
	return upstream->listener != NULL;
}

bool
filter_listen(
    struct filter *filter, struct slice name, int fd, struct fail *fail)
{
	struct upstream *upstream = filter_upstream(filter, name);

	if (upstream == NULL || upstream->conf == NULL) {
		close(fd);
		return fail_set(fail, FAIL_INPUT,
		    "there is no upstream %.*s", SLICE_ARG(name));
	}
	filter_drop_listener(upstream);
	if (upstream->fd >= 0)
		close(upstream->fd);
	upstream->fd = fd;
	return listen_again(upstream, fail);
}

/* --- in force --- */

static struct upstream *
upstream_create(struct filter *filter, struct slice name, struct fail *fail)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (upstream == NULL) {
		fail_memory(fail);
		return NULL;
	}
	upstream->filter = filter;
	upstream->fd = -1;
	upstream->own_last = &upstream->own_first;
	snprintf(upstream->name, sizeof(upstream->name), "%.*s",
	    SLICE_ARG(name));
	upstream->next = filter->upstreams;
	filter->upstreams = upstream;
	return upstream;
}

/* What misu.conf says never hides that the registry publishes. */
bool
filter_publishes(const struct upstream *upstream)
{
	enum upstream_dcp dcp = upstream->conf != NULL
	    ? upstream->conf->dcp
	    : UPSTREAM_DCP_UNSAID;

	if (upstream->greeting == NULL)
		return dcp != UPSTREAM_DCP_PRIVATE;
	return dcp == UPSTREAM_DCP_PUBLIC || upstream->greeting->publishes;
}

static void
set_manner(struct upstream *upstream)
{
	const struct conf_upstream *conf = upstream->conf;
	static const struct placeholders none = {NULL, 0};

	upstream->manner = (struct epp_manner){
	    .extensions = conf->extensions,
	    .extension_count = conf->extension_count,
	    .placeholders = upstream->binding != NULL
		? &upstream->binding->placeholders
		: &none,
	    .disclose = conf->disclose,
	    .publishes = filter_publishes(upstream),
	    .prohibits_contacts = conf->contacts == CONTACTS_PROHIBITED};
}

/* As whom misu logs in, and for what: a line that has cannot change it. */
static struct digest
login_of(const struct prepared *prepared)
{
	const struct conf_upstream *conf = prepared->conf;
	const char contacts = conf->contacts == CONTACTS_PROHIBITED;
	struct digest_run run;

	digest_start(&run);
	digest_add(&run, &contacts, sizeof(contacts));
	add_secret(&run, conf->login);
	add_secret(&run, prepared->own);
	for (size_t i = 0; i < conf->extension_count; i++)
		if (conf->extensions[i].pass)
			add_secret(&run, conf->extensions[i].space);
	return digest_end(&run);
}

static bool
set_dialer(struct upstream *upstream, struct prepared *prepared,
    struct fail *fail)
{
	const struct filter_options *o = &upstream->filter->o;
	const struct epp_tcp_options tcp = {.base = o->base,
	    .loop = o->loop,
	    .tls = upstream->client_tls,
	    .address = upstream->address,
	    .dns = o->dns,
	    .limits = registry_limits_of(upstream->conf)};

	if (o->dialer != NULL) {
		upstream->dialer =
		    o->dialer(o->context, slice_from(upstream->name));
		return true;
	}
	(void)prepared;
	if (upstream->dialer_ours)
		epp_tcp_dialer_destroy(upstream->dialer);
	upstream->dialer = epp_tcp_dialer_create(&tcp, fail);
	upstream->dialer_ours = true;
	return upstream->dialer != NULL;
}

static bool
set_upstream(struct upstream *upstream, struct prepared *prepared,
    struct fail *fail)
{
	struct filter *filter = upstream->filter;
	const struct conf_upstream *conf = prepared->conf;
	struct digest login;

	upstream->conf = conf;
	upstream->binding = conf_upstream_recipient(filter->conf, conf);
	if (upstream->binding == NULL ||
	    !ruleset_find_recipient(filter->ruleset, upstream->binding->id,
		&upstream->recipient)) {
		/* No policy sends there: nothing passes. */
		upstream->conf = NULL;
		return true;
	}
	snprintf(upstream->address, sizeof(upstream->address), "%.*s",
	    SLICE_ARG(conf->server));
	snprintf(upstream->password, sizeof(upstream->password), "%.*s",
	    SLICE_ARG(prepared->own));
	arena_destroy(upstream->password_arena);
	upstream->password_arena = prepared->passwords;
	prepared->passwords = NULL;
	memcpy(upstream->backend_passwords, prepared->backends,
	    sizeof(upstream->backend_passwords));
	set_manner(upstream);
	upstream->elsewhere = !prepared->keeps_tls && filter->o.base != NULL;
	if (upstream->elsewhere) {
		filter_drop_listener(upstream);
		if (upstream->dialer_ours)
			epp_tcp_dialer_destroy(upstream->dialer);
		upstream->dialer = NULL;
		upstream->dialer_ours = false;
		epp_tls_destroy(upstream->server_tls);
		epp_tls_destroy(upstream->client_tls);
		upstream->server_tls = prepared->server_tls;
		upstream->client_tls = prepared->client_tls;
		prepared->server_tls = prepared->client_tls = NULL;
		upstream->secrets = prepared->secrets;
	}
	login = login_of(prepared);
	if (!digest_equal(&login, &upstream->login))
		upstream->elsewhere = true;
	upstream->login = login;
	filter_drop_listener(upstream);
	return set_dialer(upstream, prepared, fail) &&
	    listen_again(upstream, fail);
}

/*
 * What waited for this setup begins anew, and what was decided under the one
 * before and has not left: that entry's outcome is "not sent".
 */
static void
wake(struct upstream *upstream)
{
	struct session *next;

	for (struct session *s = upstream->sessions; s != NULL; s = next) {
		next = s->next;
		for (struct command *c = s->first; c != NULL; c = c->next)
			if (c->state == COMMAND_STALE ||
			    c->state == COMMAND_READY) {
				/* An approval went with the entry. */
				if (c->state == COMMAND_READY) {
					c->approved = false;
					c->approval = 0;
				}
				c->state = COMMAND_NEW;
				c->deadline = INT64_MAX;
			}
		session_pump(s);
	}
	pool_fill(upstream);
	own_pump(upstream);
}

/*
 * There is no way back from here: an upstream that cannot be had under this
 * setup is none, and says so.
 */
static void
put_in_force(struct filter *filter, struct prepared *prepared, size_t count)
{
	/* Borrowed pieces of the old setup are let go of first. */
	for (struct upstream *u = filter->upstreams; u != NULL; u = u->next)
		u->conf = NULL;
	for (size_t i = 0; i < count; i++) {
		struct slice name = prepared[i].conf->name;
		struct upstream *upstream = filter_upstream(filter, name);
		struct fail fail = FAIL_INIT;

		if (set_upstream(upstream, &prepared[i], &fail))
			continue;
		filter_log(upstream, "error", "upstream-not-set", &fail);
		upstream->conf = NULL;
	}
	for (struct upstream *u = filter->upstreams; u != NULL; u = u->next) {
		if (u->conf == NULL) {
			filter_drop_listener(u);
			while (u->lines != NULL)
				line_close(u->lines);
			filter_end_sessions(u);
		} else {
			pool_settle(u, u->elsewhere);
			wake(u);
		}
	}
}

bool
filter_set(struct filter *filter, const struct ruleset *ruleset,
    const struct conf *conf, const struct filter_secrets *secrets,
    struct fail *fail)
{
	size_t count = conf->upstream_count;
	struct prepared *prepared = calloc(count + 1, sizeof(*prepared));
	struct arena *arena = arena_create(filter->o.memory);
	bool ok = prepared != NULL && arena != NULL;

	if (!ok)
		fail_memory(fail);
	for (size_t i = 0; ok && i < count; i++) {
		prepared[i].conf = &conf->upstreams[i];
		ok = prepare(filter, &prepared[i], secrets, fail) &&
		    (filter_upstream(filter, prepared[i].conf->name) != NULL ||
			upstream_create(
			    filter, prepared[i].conf->name, fail) != NULL);
	}
	if (ok) {
		filter->ruleset = ruleset;
		filter->conf = conf;
		filter->publishes = conf_has_view(conf);
		filter->setup = conf_setup_identity(conf, arena);
		filter->setups++;
		put_in_force(filter, prepared, count);
	}
	for (size_t i = 0; prepared != NULL && i < count; i++)
		prepared_free(&prepared[i]);
	free(prepared);
	arena_destroy(arena);
	return ok;
}
