#include "setup.h"

#include <unistd.h>

#include "base/text.h"
#include "net/http_tls.h"
#include "proc.h"
#include "setup_priv.h"

enum { FILE_MAX = 1024 * 1024 };

/* Reads what misu.conf and the policies name, below one directory. */
struct files {
	struct arena *arena;
	struct slice directory;
	struct setup *setup; /* keeps what is read; NULL: a tool's file */
};

static bool
find_source(const struct setup *setup, struct slice path, struct slice *text,
    struct fail *fail)
{
	for (const struct setup_source *s = setup->sources; s != NULL;
	     s = s->next) {
		if (slice_equal(s->path, path)) {
			*text = s->text;
			return true;
		}
	}
	fail_set(fail, FAIL_WORLD, "not among the files that came");
	fail_place(fail, "%.*s", SLICE_ARG(path));
	return false;
}

/* From the disk and kept, or from what was kept in another process. */
static bool
read_source(const struct files *files, const char *path, struct slice *text,
    struct fail *fail)
{
	struct setup *setup = files->setup;
	struct setup_source *source;

	if (setup != NULL && setup->from_bundle)
		return find_source(setup, slice_from(path), text, fail);
	if (!proc_read_file(path, FILE_MAX, files->arena, text, fail))
		return false;
	if (setup == NULL)
		return true;
	source = arena_take(setup->arena, sizeof(*source));
	if (source == NULL)
		return fail_memory(fail);
	source->path = arena_copy(setup->arena, slice_from(path));
	source->text = *text;
	source->next = setup->sources;
	setup->sources = source;
	return source->path.data != NULL || fail_memory(fail);
}

static struct slice
directory_of(struct arena *arena, struct slice path)
{
	const char *slash = memrchr(path.data, '/', path.len);

	if (slash == NULL)
		return (struct slice){"", 0};
	return arena_copy(
	    arena, (struct slice){path.data, (size_t)(slash - path.data)});
}

static bool
load_file(void *context, struct slice name, struct slice *text)
{
	struct files *files = context;
	struct fail fail = FAIL_INIT;
	const char *path = proc_path(files->arena, files->directory, name);

	return path != NULL && read_source(files, path, text, &fail);
}

const char *
setup_default_conf(void)
{
	static const char installed[] = "/etc/misu/misu.conf";

	if (access(installed, F_OK) != 0 &&
	    access("conf/misu.conf", R_OK) == 0)
		return "conf/misu.conf";
	return installed;
}

static struct slice
first_of(const char *one, struct slice two, const char *three,
    const char *four)
{
	if (one != NULL)
		return slice_from(one);
	if (two.len != 0)
		return two;
	return slice_from(three != NULL ? three : four);
}

/*
 * Sockets live where others can reach them: systemd's run directory, or the
 * installed one; with a state directory of one's own, in that.
 */
static void
set_directories(struct setup *setup, const char *state)
{
	static const char installed[] = "/run/misu";
	const char *run = getenv("RUNTIME_DIRECTORY");
	bool own = state != NULL || setup->conf->state.len != 0;

	setup->state = first_of(state, setup->conf->state,
	    getenv("STATE_DIRECTORY"), "/var/lib/misu");
	setup->conf->state = setup->state;
	setup->run = setup->state;
	if (own)
		return;
	if (run != NULL)
		setup->run = slice_from(run);
	else if (access(installed, X_OK) == 0)
		setup->run = slice_from(installed);
}

const char *
setup_state_path(const struct setup *setup, struct slice name)
{
	return proc_path(setup->arena, setup->state, name);
}

const char *
setup_run_path(const struct setup *setup, struct slice name)
{
	return proc_path(setup->arena, setup->run, name);
}

static void
add_diagnostics(struct setup *setup, struct slice more)
{
	struct text text = text_start(setup->arena);

	text_add(&text, setup->diagnostics);
	text_add(&text, more);
	setup->diagnostics = text_slice(&text);
}

/* By date, and among equal dates by revision. */
static bool
comes_before(const struct ruleset *a, const struct ruleset *b)
{
	if (ruleset_effective(a) != ruleset_effective(b))
		return ruleset_effective(a) < ruleset_effective(b);
	return ruleset_revision(a) < ruleset_revision(b);
}

static void
insert(struct setup *setup, const struct ruleset *ruleset)
{
	size_t at = setup->ruleset_count++;

	for (; at > 0 && comes_before(ruleset, setup->rulesets[at - 1]); at--)
		setup->rulesets[at] = setup->rulesets[at - 1];
	setup->rulesets[at] = ruleset;
}

/* Includes of a policy are relative to its own directory. */
static const struct ruleset *
compile(const struct conf *conf, struct files *files, struct slice path,
    struct slice *diagnostics, struct fail *fail)
{
	struct policy_source source = {.name = path};
	const struct policy_loader loader = {load_file, files};
	struct ruleset *ruleset;

	files->directory = directory_of(files->arena, path);
	if (!read_source(files, path.data, &source.text, fail))
		return NULL;
	ruleset = policy_load(files->arena, &source, &loader, conf->networks,
	    conf->network_count, diagnostics, fail);
	if (ruleset == NULL)
		fail_set(fail, FAIL_INPUT, "the policy has errors");
	return ruleset;
}

const struct ruleset *
setup_policy(const struct setup *setup, struct arena *arena,
    struct slice path, struct slice *diagnostics, struct fail *fail)
{
	struct files files = {.arena = arena};

	return compile(setup->conf, &files, path, diagnostics, fail);
}

/* Remember which sources were read for it. */
static bool
note_policy(struct setup *setup, const struct ruleset *ruleset,
    const struct setup_source *before, struct fail *fail)
{
	struct setup_policy *policy = arena_take(setup->arena, sizeof(*policy));

	if (policy == NULL)
		return fail_memory(fail);
	*policy = (struct setup_policy){
	    ruleset, setup->sources, before, setup->policies};
	setup->policies = policy;
	return true;
}

const struct policy_source *
setup_policy_files(const struct setup *setup, const struct ruleset *ruleset,
    struct arena *arena, size_t *count)
{
	const struct setup_policy *policy = setup->policies;
	struct policy_source *files;
	size_t left = 0;

	while (policy != NULL && policy->ruleset != ruleset)
		policy = policy->next;
	for (const struct setup_source *s = policy != NULL ? policy->newest
							   : NULL;
	     s != NULL && s != policy->before; s = s->next)
		left++;
	*count = left;
	files = arena_take_array(arena, left + 1, sizeof(*files));
	if (files == NULL || left == 0)
		return files;
	for (const struct setup_source *s = policy->newest;
	     s != policy->before; s = s->next)
		files[--left] = (struct policy_source){s->path, s->text};
	return files;
}

/* The log names a policy by its revision: one number is one text. */
static bool
is_new(const struct setup *setup, const struct ruleset *ruleset,
    struct slice path, struct fail *fail)
{
	for (size_t i = 0; i < setup->ruleset_count; i++) {
		const struct ruleset *other = setup->rulesets[i];

		if (ruleset_revision(other) != ruleset_revision(ruleset) ||
		    !slice_equal(ruleset_name(other), ruleset_name(ruleset)))
			continue;
		fail_set(fail, FAIL_INPUT,
		    "%.*s revision %u stands in another file already",
		    SLICE_ARG(ruleset_name(ruleset)),
		    ruleset_revision(ruleset));
		fail_place(fail, "%.*s", SLICE_ARG(path));
		fail_hint(fail, "give each text a number of its own");
		return false;
	}
	return true;
}

static bool
load_policy(struct setup *setup, const struct files *files, struct slice name,
    struct fail *fail)
{
	const struct setup_source *before = setup->sources;
	struct slice diagnostics = {"", 0};
	struct files own = {.arena = setup->arena, .setup = setup};
	const struct ruleset *ruleset;
	struct slice path = slice_from(
	    proc_path(setup->arena, files->directory, name));

	if (path.data == NULL)
		return fail_memory(fail);
	ruleset = compile(setup->conf, &own, path, &diagnostics, fail);
	add_diagnostics(setup, diagnostics);
	if (ruleset == NULL || !is_new(setup, ruleset, path, fail))
		return false;
	insert(setup, ruleset);
	return note_policy(setup, ruleset, before, fail);
}

/* Every policy is read, so that one run shows what is wrong with all. */
static bool
load_policies(struct setup *setup, const struct files *files,
    struct fail *fail)
{
	const struct conf *conf = setup->conf;
	bool ok = true;

	setup->rulesets = arena_take_array(
	    setup->arena, conf->policy_count, sizeof(*setup->rulesets));
	if (setup->rulesets == NULL)
		return fail_memory(fail);
	for (size_t i = 0; i < conf->policy_count; i++)
		ok = load_policy(setup, files, conf->policies[i], fail) && ok;
	return ok;
}

static bool
check(struct setup *setup, struct fail *fail)
{
	struct slice found = {"", 0};
	bool ok = conf_check(setup->conf,
	    (const struct ruleset *const *)setup->rulesets,
	    setup->ruleset_count, setup->arena, &found, fail);

	ok = conf_check_idle(setup->conf, setup->rulesets,
		 setup->ruleset_count, setup->arena, &found, fail) &&
	    ok;
	add_diagnostics(setup, found);
	return ok;
}

/* NULL with a fail. */
static struct tokens *
read_tokens(struct setup *setup, struct slice file, struct slice *text,
    struct fail *fail)
{
	const char *path = setup_state_path(setup, file);

	if (path == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (!proc_read_secret(path, FILE_MAX, setup->arena, text, fail))
		return NULL;
	return tokens_parse(setup->arena, slice_from(path), *text, fail);
}

bool
setup_read_tokens(struct setup *setup, struct fail *fail)
{
	struct slice text;

	if (setup->conf->http_address.len == 0)
		return true;
	setup->tokens =
	    read_tokens(setup, setup->conf->tokens_file, &text, fail);
	if (setup->tokens == NULL)
		fail_hint(fail, "misu.conf: listen on ... tokens; a file of"
				" mode 0600 with a line for each, NAME"
				" SHA-256");
	return setup->tokens != NULL;
}

static bool
read_auditors(struct setup *setup, struct fail *fail)
{
	setup->auditors = (struct slice){"", 0};
	if (setup->conf->console_tokens.len == 0 ||
	    read_tokens(setup, setup->conf->console_tokens, &setup->auditors,
		fail) != NULL)
		return true;
	fail_hint(fail, "misu.conf: console on ... tokens; a file of mode 0600"
			" with a line for each, NAME SHA-256");
	return false;
}

/* The place of a complaint is the file that it is about. */
static bool
try_operators(struct setup *setup, const char *certificate,
    const char *revoked, struct fail *fail)
{
	struct http_tls_options options = {
	    .certificate = setup->operators.certificate,
	    .key = setup->operators.key,
	    .clients = setup->operators.clients};
	const char *place = certificate;
	struct http_tls *tls = http_tls_create(&options, fail);

	if (tls != NULL && revoked != NULL) {
		http_tls_destroy(tls);
		place = revoked;
		options.revoked = setup->operators.revoked;
		tls = http_tls_create(&options, fail);
	}
	if (tls == NULL) {
		fail_place(fail, "%s", place);
		return false;
	}
	http_tls_destroy(tls);
	return true;
}

static bool
read_revoked(struct setup *setup, const char *path, struct fail *fail)
{
	setup->operators.revoked = (struct slice){"", 0};
	if (path == NULL)
		return true;
	if (!proc_read_file(path, FILE_MAX, setup->arena,
		&setup->operators.revoked, fail)) {
		fail_hint(fail, "misu.conf: operators ... revoked by; a list "
				"(CRL) in PEM of each authority, or leave the "
				"words out");
		return false;
	}
	return setup->operators.revoked.len != 0 ||
	       fail_set(fail, FAIL_INPUT, "there is no revocation list");
}

/* Can they be what they are said to be?  That is seen here, at a start. */
static bool
read_operators(struct setup *setup, struct fail *fail)
{
	const struct conf *conf = setup->conf;
	const char *certificate =
	    setup_state_path(setup, conf->operators_certificate);
	const char *key = setup_state_path(setup, conf->operators_key);
	const char *clients = setup_state_path(setup, conf->operators_clients);
	const char *revoked = conf->operators_revoked.len != 0
	    ? setup_state_path(setup, conf->operators_revoked)
	    : NULL;

	if (certificate == NULL || key == NULL || clients == NULL ||
	    (revoked == NULL && conf->operators_revoked.len != 0))
		return fail_memory(fail);
	return proc_read_file(certificate, FILE_MAX, setup->arena,
		   &setup->operators.certificate, fail) &&
	       proc_read_secret(key, FILE_MAX, setup->arena,
		   &setup->operators.key, fail) &&
	       proc_read_file(clients, FILE_MAX, setup->arena,
		   &setup->operators.clients, fail) &&
	       read_revoked(setup, revoked, fail) &&
	       try_operators(setup, certificate, revoked, fail);
}

bool
setup_read_console(struct setup *setup, struct fail *fail)
{
	return read_auditors(setup, fail) &&
	       (setup->conf->operators_address.len == 0 ||
		   read_operators(setup, fail));
}

/* Here, or as they are in the process that the sources came from. */
static void
place(struct setup *setup, const struct setup_given *given)
{
	if (setup->from_bundle)
		setup->conf->state = setup->state;
	else
		set_directories(setup, given->state);
}

bool
setup_read(
    struct setup *setup, const struct setup_given *given, struct fail *fail)
{
	struct policy_source source = {.name = setup->path};
	struct files files = {.arena = setup->arena,
	    .directory = directory_of(setup->arena, source.name),
	    .setup = setup};
	const struct policy_loader loader = {load_file, &files};

	if (!read_source(&files, source.name.data, &source.text, fail)) {
		fail_hint(fail, access(source.name.data, F_OK) != 0
			? "misu -f names another misu.conf"
			: "it must be readable by the user that runs this");
		return false;
	}
	setup->conf = given->glance
	    ? conf_glance(setup->arena, &source, fail)
	    : conf_parse(setup->arena, &source, &loader,
		  &setup->diagnostics, fail);
	if (setup->conf == NULL)
		return false;
	place(setup, given);
	if (given->glance)
		return true;
	return load_policies(setup, &files, fail) && check(setup, fail) &&
	    (given->check ||
		(setup_read_tokens(setup, fail) && read_auditors(setup, fail)));
}

struct setup *
setup_new(struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct setup *setup =
	    arena != NULL ? arena_take(arena, sizeof(*setup)) : NULL;

	if (setup == NULL) {
		arena_destroy(arena);
		fail_memory(fail);
		return NULL;
	}
	setup->arena = arena;
	setup->diagnostics = (struct slice){"", 0};
	return setup;
}

struct setup *
setup_load(const struct setup_given *given, char **diagnostics,
    struct fail *fail)
{
	struct setup *setup = setup_new(fail);
	bool ok;

	*diagnostics = NULL;
	if (setup == NULL)
		return NULL;
	setup->path = arena_copy(setup->arena,
	    slice_from(
		given->conf != NULL ? given->conf : setup_default_conf()));
	ok = setup->path.data != NULL ? setup_read(setup, given, fail)
				      : fail_memory(fail);
	if (setup->diagnostics.len != 0)
		*diagnostics =
		    strndup(setup->diagnostics.data, setup->diagnostics.len);
	if (ok)
		return setup;
	setup_free(setup);
	return NULL;
}

void
setup_free(struct setup *setup)
{
	if (setup != NULL)
		arena_destroy(setup->arena);
}

const struct ruleset *
setup_in_force(const struct setup *setup, int64_t now)
{
	const struct ruleset *found = NULL;

	for (size_t i = 0; i < setup->ruleset_count; i++)
		if (ruleset_effective(setup->rulesets[i]) <= now)
			found = setup->rulesets[i];
	return found;
}

int64_t
setup_next(const struct setup *setup, int64_t now)
{
	for (size_t i = 0; i < setup->ruleset_count; i++)
		if (ruleset_effective(setup->rulesets[i]) > now)
			return ruleset_effective(setup->rulesets[i]);
	return -1;
}
