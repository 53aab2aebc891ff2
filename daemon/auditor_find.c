/*
 * Which server has an object where misu.conf names none: for WHOIS the SRV
 * record of its TLD, for RDAP the files of RFC 9224.
 */
#include <sys/stat.h>

#include "auditor_priv.h"
#include "base/text.h"
#include "log.h"
#include "proc.h"

enum {
	FOUND_TTL = 3600 * 1000, /* ms */
	FAILED_TTL = 60 * 1000,
	LOOK = 60 * 1000, /* ms between looks whether a file changed */
	OLD = 30 * 86400, /* seconds: IANA's files change within days */
	PATH_SIZE = 1024,
};

/* --- WHOIS: SRV --- */

static struct slice
tld_of(struct slice name)
{
	struct slice tld = name;

	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] == '.')
			tld =
			    (struct slice){name.data + i + 1, name.len - i - 1};
	return tld;
}

static struct found *
find_tld(struct auditor *auditor, struct slice tld)
{
	int64_t now = auditor_now(auditor);

	for (size_t i = 0; i < FOUND_MAX; i++)
		if (slice_is(tld, auditor->found[i].tld) &&
		    auditor->found[i].until > now)
			return &auditor->found[i];
	return NULL;
}

static const struct found *
keep_tld(
    struct auditor *auditor, struct slice tld, const struct srv_answer *answer)
{
	struct found *found =
	    &auditor->found[auditor->found_next++ % FOUND_MAX];

	snprintf(found->tld, sizeof(found->tld), "%.*s", SLICE_ARG(tld));
	found->answer = *answer;
	found->until = auditor_now(auditor) +
		       (answer->state == SRV_FAILED ? FAILED_TTL : FOUND_TTL);
	return found;
}

static void
use_srv(struct asked *asked, const struct srv_answer *answer)
{
	struct text where = text_start(asked->arena);

	if (answer->state == SRV_FAILED) {
		auditor_tell_end(asked, AUDIT_UNANSWERED,
		    "the resolver does not say who has its WHOIS: it is"
		    " not there, or cannot tell");
		return;
	}
	if (answer->state == SRV_NONE) {
		auditor_tell_end(
		    asked, AUDIT_NOBODY, "its TLD names no WHOIS server");
		return;
	}
	text_add_format(&where, "%s:%u", answer->host, answer->port);
	asked->where = text_slice(&where);
	if (asked->where.data != NULL)
		auditor_queue(asked);
	else
		auditor_tell_end(asked, AUDIT_UNANSWERED, "out of memory");
}

static void
take_out(struct asked *asked)
{
	struct asked **at = &asked->auditor->finding;

	while (*at != asked)
		at = &(*at)->next;
	*at = asked->next;
	asked->next = NULL;
}

static void
srv_done(void *context, const struct srv_answer *answer)
{
	struct asked *asked = context;

	take_out(asked);
	keep_tld(asked->auditor, tld_of(asked->ask.question.name), answer);
	use_srv(asked, answer);
}

static bool
open_srv(struct auditor *auditor, struct fail *fail)
{
	const struct conf_audit *audit = &auditor->conf->audit;

	if (auditor->srv == NULL)
		auditor->srv = srv_client_create(loop_base(auditor->loop),
		    audit->resolver.len != 0 ? audit->resolver.data : NULL,
		    fail);
	return auditor->srv != NULL;
}

static void
find_whois(struct asked *asked)
{
	struct auditor *auditor = asked->auditor;
	struct slice tld = tld_of(asked->ask.question.name);
	const struct found *found = find_tld(auditor, tld);
	struct fail fail = FAIL_INIT;
	char name[96];

	if (asked->ask.question.type != OBJECT_DOMAIN || tld.len > 63) {
		auditor_tell_end(asked, AUDIT_NOBODY,
		    "misu.conf names no WHOIS server for it");
		return;
	}
	if (found != NULL) {
		use_srv(asked, &found->answer);
		return;
	}
	snprintf(name, sizeof(name), "_nicname._tcp.%.*s", SLICE_ARG(tld));
	if (open_srv(auditor, &fail) &&
	    srv_client_ask(auditor->srv, name, srv_done, asked, &fail)) {
		asked->next = auditor->finding;
		auditor->finding = asked;
		return;
	}
	auditor_tell_end(asked, AUDIT_UNANSWERED, fail.text);
}

/* --- RDAP: bootstrap files --- */

static enum bootstrap_kind
kind_of(const struct asked *asked)
{
	if (asked->ask.question.type != OBJECT_NETWORK)
		return BOOTSTRAP_DNS;
	return memchr(asked->ask.question.name.data, ':',
		   asked->ask.question.name.len) != NULL
		   ? BOOTSTRAP_IPV6
		   : BOOTSTRAP_IPV4;
}

static bool
read_file(struct bootstrap_kept *kept, const char *path,
    enum bootstrap_kind kind, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct bootstrap bootstrap;
	struct slice text;

	if (arena == NULL)
		return fail_memory(fail);
	if (!proc_read_file(path, JSON_BYTES_MAX, arena, &text, fail) ||
	    !bootstrap_read(text, kind, arena, &bootstrap, fail)) {
		arena_destroy(arena);
		return false;
	}
	arena_destroy(kept->arena);
	kept->arena = arena;
	kept->bootstrap = bootstrap;
	kept->told = false;
	return true;
}

/* Once a state change. */
static void
tell_trouble(struct bootstrap_kept *kept, const char *path, const char *reason)
{
	if (kept->told)
		return;
	kept->told = true;
	log_event(
	    LOG_LEVEL_WARN, "bootstrap", "file", path, "reason", reason, NULL);
}

/* What was read once stays in use where a newer file is not sound. */
static const struct bootstrap *
bootstrap_of(struct auditor *auditor, enum bootstrap_kind kind)
{
	struct bootstrap_kept *kept = &auditor->kept[kind];
	int64_t now = auditor_now(auditor);
	struct fail fail = FAIL_INIT;
	struct stat status;
	char path[PATH_SIZE];

	if (auditor->bootstrap == NULL)
		return NULL;
	if (kept->looked != 0 && now - kept->looked < LOOK)
		return kept->arena != NULL ? &kept->bootstrap : NULL;
	kept->looked = now;
	snprintf(path, sizeof(path), "%s/%s", auditor->bootstrap,
	    bootstrap_file(kind));
	if (stat(path, &status) != 0) {
		tell_trouble(kept, path, "there is no such file");
	} else if (status.st_mtime != kept->changed &&
		   !read_file(kept, path, kind, &fail)) {
		tell_trouble(kept, path, fail.text);
	} else {
		kept->changed = status.st_mtime;
		if (now / 1000 - status.st_mtime > OLD)
			tell_trouble(
			    kept, path, "it was fetched more than 30 days ago");
	}
	return kept->arena != NULL ? &kept->bootstrap : NULL;
}

static void
find_rdap(struct asked *asked)
{
	enum bootstrap_kind kind = kind_of(asked);
	const struct bootstrap *bootstrap = bootstrap_of(asked->auditor, kind);
	struct slice name = asked->ask.question.name;
	struct fail ignored = FAIL_INIT;
	struct prefix prefix;
	bool found = bootstrap != NULL;

	if (found && kind == BOOTSTRAP_DNS)
		found = bootstrap_find_domain(bootstrap, name, &asked->where);
	else if (found)
		found =
		    prefix_parse(name, &prefix, &ignored) &&
		    bootstrap_find_prefix(bootstrap, &prefix, &asked->where);
	/* The file may be read anew while it waits. */
	if (found)
		asked->where = arena_copy(asked->arena, asked->where);
	if (!found)
		auditor_tell_end(asked, AUDIT_NOBODY,
		    bootstrap != NULL ? "no RDAP server is known for it"
				      : "there is no bootstrap file for it");
	else if (asked->where.data == NULL)
		auditor_tell_end(asked, AUDIT_UNANSWERED, "out of memory");
	else
		auditor_queue(asked);
}

void
auditor_find(struct asked *asked)
{
	if (asked->ask.is_rdap)
		find_rdap(asked);
	else
		find_whois(asked);
}

/* Nobody answers what was asked for there. */
static void
end_srv(struct auditor *auditor, const char *reason)
{
	srv_client_destroy(auditor->srv);
	auditor->srv = NULL;
	while (auditor->finding != NULL) {
		struct asked *asked = auditor->finding;

		auditor->finding = asked->next;
		auditor_tell_end(asked, AUDIT_UNANSWERED, reason);
	}
}

void
auditor_find_apply(
    struct auditor *auditor, const struct conf *before, const struct conf *now)
{
	if (slice_equal(before->audit.resolver, now->audit.resolver))
		return;
	end_srv(auditor, "another resolver is asked from now on");
	for (size_t i = 0; i < FOUND_MAX; i++)
		auditor->found[i].until = 0;
}

void
auditor_find_finish(struct auditor *auditor)
{
	end_srv(auditor, "it ends");
	for (size_t i = 0; i < BOOTSTRAPS; i++)
		arena_destroy(auditor->kept[i].arena);
}
