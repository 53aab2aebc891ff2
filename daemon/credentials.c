#include "credentials.h"

#include "base/date.h"
#include "net/epp_conn.h"
#include "proc.h"
#include "secrets.h"

enum { DAY = 86400 };

struct looking {
	struct setup *setup;
	struct arena *arena; /* what was read; wiped with it */
	const struct conf_upstream *upstream; /* NULL: operators' */
	int64_t now;
	void (*tell)(void *context, const struct fail *fail, bool expires);
	void *context;
	bool ok;
};

static void
refuse(struct looking *looking, struct fail *fail)
{
	if (looking->upstream != NULL)
		fail_hint(fail, "upstream %.*s in misu.conf names it",
		    SLICE_ARG(looking->upstream->name));
	looking->ok = false;
	looking->tell(looking->context, fail, false);
}

/* {NULL, 0} if there is none, or it was complained of. */
static struct slice
read_file(struct looking *looking, struct slice path)
{
	struct fail fail = FAIL_INIT;
	struct slice text = {NULL, 0};

	if (!secrets_read(
		looking->setup, path, looking->arena, &text, &fail)) {
		text = (struct slice){NULL, 0};
		refuse(looking, &fail);
	}
	return text;
}

static struct slice
full_path(const struct looking *looking, struct slice path)
{
	const char *full = path.len != 0
	    ? setup_state_path(looking->setup, path)
	    : NULL;

	return full != NULL ? slice_from(full) : (struct slice){"", 0};
}

/* --- how long it is good --- */

static void
tell_end(struct looking *looking, struct slice path, int64_t end)
{
	struct slice full = full_path(looking, path);
	struct fail fail = FAIL_INIT;
	char date[DATE_SIZE];

	date_print(end, 0, date);
	if (end <= looking->now)
		fail_set(&fail, FAIL_WORLD,
		    "the certificate has expired: %s", date);
	else
		fail_set(&fail, FAIL_WORLD,
		    "the certificate expires in %lld days: %s",
		    (long long)((end - looking->now) / DAY), date);
	fail_place(&fail, "%.*s", SLICE_ARG(full));
	if (looking->upstream != NULL)
		fail_hint(&fail,
		    "put a new one there and misuctl reload; upstream %.*s "
		    "shows it",
		    SLICE_ARG(looking->upstream->name));
	else
		fail_hint(&fail, "put a new one there and misuctl reload;"
				 " operators are shown it");
	looking->tell(looking->context, &fail, true);
}

static void
tell_early(struct looking *looking, struct slice path, int64_t begin)
{
	struct slice full = full_path(looking, path);
	struct fail fail = FAIL_INIT;
	char date[DATE_SIZE];

	date_print(begin, 0, date);
	fail_set(&fail, FAIL_WORLD, "the certificate is not good before %s",
	    date);
	fail_place(&fail, "%.*s", SLICE_ARG(full));
	fail_hint(&fail, "is the clock right?");
	looking->tell(looking->context, &fail, true);
}

static void
look_at_times(struct looking *looking, struct slice path, struct slice pem)
{
	int64_t begin, end;

	if (pem.data == NULL || !epp_tls_times(pem, &begin, &end))
		return;
	if (end - looking->now < CREDENTIALS_DAYS * (int64_t)DAY)
		tell_end(looking, path, end);
	else if (begin > looking->now)
		tell_early(looking, path, begin);
}

/* --- of an upstream --- */

static void
look_at_password(struct looking *looking, struct slice path)
{
	struct slice text, full = full_path(looking, path);
	struct fail fail = FAIL_INIT;

	if (path.len == 0)
		return;
	text = read_file(looking, path);
	while (text.len != 0 && (text.data[text.len - 1] == '\n' ||
				    text.data[text.len - 1] == '\r'))
		text.len--;
	if (text.data == NULL || text.len != 0)
		return;
	fail_set(&fail, FAIL_INPUT, "the password is empty");
	fail_place(&fail, "%.*s", SLICE_ARG(full));
	refuse(looking, &fail);
}

static void
look_at_tls(struct looking *looking, const struct epp_tls_options *options)
{
	struct fail fail = FAIL_INIT;
	struct epp_tls *tls = epp_tls_create(options, &fail);

	if (tls == NULL)
		refuse(looking, &fail);
	epp_tls_destroy(tls);
}

/* What misu shows to backends. */
static void
look_at_server(struct looking *looking)
{
	const struct conf_upstream *conf = looking->upstream;
	bool was_ok = looking->ok;
	struct epp_tls_options options = {.server = true};

	looking->ok = true;
	options.certificate = read_file(looking, conf->certificate);
	options.key = read_file(looking, conf->key);
	if (conf->clients.len != 0)
		options.authority = read_file(looking, conf->clients);
	options.certificate_path = full_path(looking, conf->certificate);
	options.key_path = full_path(looking, conf->key);
	options.authority_path = full_path(looking, conf->clients);
	if (looking->ok)
		look_at_tls(looking, &options);
	if (looking->ok)
		look_at_times(
		    looking, conf->certificate, options.certificate);
	looking->ok = looking->ok && was_ok;
}

/* What it shows to the registry, and whom it believes to be that. */
static void
look_at_client(struct looking *looking)
{
	const struct conf_upstream *conf = looking->upstream;
	bool was_ok = looking->ok;
	struct epp_tls_options options = {.name = conf->server_name,
	    .pins = conf->pins,
	    .pin_count = conf->pin_count};

	looking->ok = true;
	if (conf->client_certificate.len != 0) {
		options.certificate =
		    read_file(looking, conf->client_certificate);
		options.key = read_file(looking, conf->client_key);
	}
	options.authority = read_file(looking, conf->authority);
	options.certificate_path =
	    full_path(looking, conf->client_certificate);
	options.key_path = full_path(looking, conf->client_key);
	options.authority_path = full_path(looking, conf->authority);
	if (looking->ok)
		look_at_tls(looking, &options);
	if (looking->ok)
		look_at_times(looking, conf->client_certificate,
		    options.certificate);
	looking->ok = looking->ok && was_ok;
}

static void
look_at_upstream(struct looking *looking)
{
	const struct conf_upstream *conf = looking->upstream;

	look_at_server(looking);
	look_at_client(looking);
	look_at_password(looking, conf->password_file);
	for (size_t i = 0; i < conf->backend_count; i++)
		look_at_password(looking, conf->backends[i].password_file);
}

static void
look_at_console(struct looking *looking)
{
	struct setup *setup = looking->setup;
	struct fail fail = FAIL_INIT;

	if (!setup_read_console(setup, &fail))
		refuse(looking, &fail);
	else if (setup->conf->operators_address.len != 0)
		look_at_times(looking, setup->conf->operators_certificate,
		    setup->operators.certificate);
}

bool
credentials_check(struct setup *setup, int64_t now,
    void (*tell)(void *context, const struct fail *fail, bool expires),
    void *context)
{
	struct looking looking = {.setup = setup,
	    .arena = arena_create(NULL),
	    .now = now,
	    .tell = tell,
	    .context = context,
	    .ok = true};
	struct fail fail = FAIL_INIT;

	if (looking.arena == NULL) {
		fail_memory(&fail);
		refuse(&looking, &fail);
		return false;
	}
	for (size_t i = 0; i < setup->conf->upstream_count; i++) {
		looking.upstream = &setup->conf->upstreams[i];
		look_at_upstream(&looking);
	}
	looking.upstream = NULL;
	look_at_console(&looking);
	arena_destroy(looking.arena);
	return looking.ok;
}
