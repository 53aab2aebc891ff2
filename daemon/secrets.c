#include "secrets.h"

#include "proc.h"

enum { FILE_MAX = 1024 * 1024 };

bool
secrets_visit(const struct conf *conf,
    bool (*visit)(void *context, const struct conf_upstream *upstream,
	struct slice path, bool secret),
    void *context)
{
	if (!conf_upstream_files(conf, visit, context))
		return false;
	for (size_t i = 0; i < conf->upstream_count; i++)
		if (conf->upstreams[i].authority.len == 0)
			return visit(
			    context, &conf->upstreams[i], SLICE(""), false);
	return true;
}

/* What misu.conf says of a path: secret wins, if it is both. */
struct search {
	struct slice path;
	bool named, is_secret;
};

static bool
compare(void *context, const struct conf_upstream *upstream,
    struct slice path, bool secret)
{
	struct search *search = context;

	(void)upstream;
	if (slice_equal(path, search->path)) {
		search->named = true;
		search->is_secret = search->is_secret || secret;
	}
	return true;
}

/* Where distributions keep the authorities they trust, in one file. */
static bool
read_system(struct arena *arena, struct slice *text, struct fail *fail)
{
	static const char *const paths[] = {
	    "/etc/ssl/certs/ca-certificates.crt",
	    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct fail ignored = FAIL_INIT;

		if (proc_read_file(paths[i], FILE_MAX, arena, text, &ignored))
			return true;
	}
	fail_hint(fail, "install ca-certificates, or name an authority");
	return fail_set(
	    fail, FAIL_WORLD, "this system has no file of authorities");
}

bool
secrets_read(const struct setup *setup, struct slice path,
    struct arena *arena, struct slice *text, struct fail *fail)
{
	struct search search = {.path = path};
	const char *full;

	secrets_visit(setup->conf, compare, &search);
	if (!search.named) {
		fail_place(fail, "%.*s", SLICE_ARG(path));
		return fail_set(
		    fail, FAIL_DENIED, "misu.conf names no such file");
	}
	if (path.len == 0)
		return read_system(arena, text, fail);
	full = proc_path(arena, setup->state, path);
	if (full == NULL)
		return fail_memory(fail);
	return search.is_secret
	    ? proc_read_secret(full, FILE_MAX, arena, text, fail)
	    : proc_read_file(full, FILE_MAX, arena, text, fail);
}
