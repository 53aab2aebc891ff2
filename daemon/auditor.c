#include "auditor_priv.h"

#include <iconv.h>
#include <unistd.h>

#include "base/text.h"
#include "child.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"
#include "store/random_pool.h"

/* --- the keeper's questions --- */

static void
asked_free(struct asked *asked)
{
	asked->auditor->waiting--;
	arena_destroy(asked->arena);
}

/* What cannot be written, or read again, is told as not understood. */
static struct slice
written(const struct audit_told *told, struct arena *arena)
{
	struct audit_told again;
	struct slice message = audit_write_told(told, arena);
	const struct audit_told plain = {.number = told->number,
	    .end = AUDIT_ANSWERED,
	    .answer = {.state = AUDIT_NOT_UNDERSTOOD}};

	if (message.data != NULL && audit_read_told(message, arena, &again))
		return message;
	return audit_write_told(&plain, arena);
}

void
auditor_tell(struct asked *asked, struct audit_told *told)
{
	struct auditor *auditor = asked->auditor;
	struct slice message;

	if (auditor->keeper != NULL && !asked->dropped) {
		told->number = asked->ask.number;
		if (told->server.data == NULL)
			told->server = asked->where;
		message = written(told, asked->arena);
		if (message.data != NULL)
			wire_stream_send(auditor->keeper, message);
	}
	asked_free(asked);
}

void
auditor_tell_end(struct asked *asked, enum audit_end end, const char *reason)
{
	struct audit_told told = {.end = end, .reason = slice_from(reason)};

	if (told.reason.len > 160)
		told.reason.len = 160;
	if (!text_is_printable(told.reason))
		told.reason = SLICE("no answer");
	auditor_tell(asked, &told);
}

static bool
keeper_received(void *context, struct slice message, int fd)
{
	struct auditor *auditor = context;
	struct arena *arena = arena_create(NULL);
	struct asked *asked =
	    arena != NULL ? arena_take(arena, sizeof(*asked)) : NULL;

	(void)fd;
	if (asked == NULL) {
		arena_destroy(arena);
		return false;
	}
	asked->auditor = auditor;
	asked->arena = arena;
	auditor->waiting++;
	if (!audit_read_ask(message, arena, &asked->ask)) {
		asked_free(asked);
		return false;
	}
	asked->ask.question.from_jis = auditor->from_jis;
	asked->where = asked->ask.server;
	if (auditor->waiting > ASKS_MAX || auditor->conf == NULL)
		auditor_tell_end(
		    asked, AUDIT_UNANSWERED, "too many questions wait");
	else if (asked->where.len != 0)
		auditor_queue(asked);
	else
		auditor_find(asked);
	return true;
}

static void
drop_all(struct auditor *auditor)
{
	for (struct asked *a = auditor->finding; a != NULL; a = a->next)
		a->dropped = true;
	auditor_queue_drop(auditor);
}

/* Its successor asks anew. */
static void
keeper_gone(void *context)
{
	struct auditor *auditor = context;

	wire_stream_destroy(auditor->keeper);
	auditor->keeper = NULL;
	drop_all(auditor);
}

static void
take_keeper(struct auditor *auditor, int fd)
{
	const struct wire_stream_options options = {
	    .base = loop_base(auditor->loop),
	    .received = keeper_received,
	    .gone = keeper_gone,
	    .context = auditor};
	struct fail fail = FAIL_INIT;

	if (auditor->keeper != NULL)
		keeper_gone(auditor);
	auditor->keeper = wire_stream_create(&options, fd, &fail);
	if (auditor->keeper == NULL)
		log_fail(LOG_LEVEL_ERROR, "not-connected", &fail);
}

/* --- the parent's line --- */

static bool
is_path(const char *path, struct slice name, const struct setup *setup)
{
	const char *now = name.len != 0 ? setup_state_path(setup, name) : NULL;

	return now == NULL || path == NULL ? now == path
					   : strcmp(now, path) == 0;
}

/* The sandbox lets it read what misu.conf said when it began. */
static void
look_at_paths(const struct auditor *auditor)
{
	const struct conf_audit *audit = &auditor->conf->audit;

	if (!is_path(auditor->bootstrap, audit->bootstrap, auditor->setup) ||
	    !is_path(auditor->authority, audit->authority, auditor->setup))
		log_event(LOG_LEVEL_WARN, "restart-needed", "reason",
		    "audit bootstrap and authority change at a restart only",
		    NULL);
}

/* The parent has checked it: what cannot be used now ends the process. */
static bool
take_settings(struct auditor *auditor, struct slice text)
{
	struct arena *arena = arena_create(NULL), *before = auditor->arena;
	struct policy_source source = {.name = SLICE("misu.conf")};
	struct fail fail = FAIL_INIT;
	struct conf *conf = NULL;
	struct slice rest;

	if (arena != NULL && child_settings(text, &source.text, &rest))
		conf = conf_glance(arena, &source, &fail);
	if (conf == NULL) {
		log_fail(LOG_LEVEL_ERROR, "settings-not-read", &fail);
		arena_destroy(arena);
		return false;
	}
	if (auditor->conf != NULL)
		auditor_find_apply(auditor, auditor->conf, conf);
	auditor->conf = conf;
	auditor->arena = arena;
	arena_destroy(before);
	look_at_paths(auditor);
	if (!auditor->ready)
		wire_stream_post(auditor->parent, LINE_READY, SLICE(""), -1);
	auditor->ready = true;
	return true;
}

static bool
parent_received(void *context, struct slice message, int fd)
{
	struct auditor *auditor = context;
	char kind = message.len != 0 ? message.data[0] : '\0';

	if (kind == LINE_KEEPER && fd >= 0) {
		take_keeper(auditor, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (kind == LINE_SETTINGS)
		return take_settings(
		    auditor, (struct slice){message.data + 1, message.len - 1});
	if (kind == LINE_STOP)
		loop_stop(auditor->loop);
	return kind == LINE_STOP;
}

/* --- the process --- */

/*
 * What names and certificates are looked up in, and what misu.conf names; it
 * writes nothing.
 */
static bool
keep_to_files(struct auditor *auditor, struct fail *fail)
{
	const char *reads[16] = {"/dev/urandom", "/proc/self",
	    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
	    "/etc/gai.conf", "/etc/host.conf", "/etc/ssl/certs",
	    "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates",
	    "/usr/local/share/ca-certificates"};
	const char *writes[] = {NULL};
	const struct sandbox_paths paths = {reads, writes};
	size_t count = 11;

	if (auditor->bootstrap != NULL)
		reads[count++] = auditor->bootstrap;
	if (auditor->authority != NULL)
		reads[count++] = auditor->authority;
	return sandbox_files(&paths, &auditor->has_landlock, fail);
}

static bool
glance(
    struct auditor *auditor, const struct setup_given *given, struct fail *fail)
{
	struct setup_given glance = *given;
	const struct conf_audit *audit;
	char *diagnostics;

	glance.glance = true;
	auditor->setup = setup_load(&glance, &diagnostics, fail);
	free(diagnostics);
	if (auditor->setup == NULL)
		return false;
	audit = &auditor->setup->conf->audit;
	if (audit->bootstrap.len != 0)
		auditor->bootstrap =
		    setup_state_path(auditor->setup, audit->bootstrap);
	if (audit->authority.len != 0)
		auditor->authority =
		    setup_state_path(auditor->setup, audit->authority);
	return (auditor->bootstrap != NULL) == (audit->bootstrap.len != 0) &&
		       (auditor->authority != NULL) ==
			   (audit->authority.len != 0)
		   ? true
		   : fail_memory(fail);
}

/* Tables of letters, random seeds and OpenSSL's files: all read before. */
static bool
warm_up(struct auditor *auditor, struct fail *fail)
{
	iconv_t jis = iconv_open(AUDIT_ICONV_TO, AUDIT_ICONV_FROM);
	uint32_t seed;

	auditor->from_jis = jis != (iconv_t)-1 ? jis : NULL;
	if (auditor->from_jis == NULL)
		log_event(LOG_LEVEL_WARN, "no-iso-2022-jp", "reason",
		    "iconv lacks " AUDIT_ICONV_FROM
		    ": answers in ISO-2022-JP are not read",
		    NULL);
	if (!random_system.fill(random_system.context, &seed, sizeof(seed)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	json_start(seed);
	auditor->client = http_client_create(loop_base(auditor->loop), fail);
	return auditor->client != NULL;
}

static bool
open_all(
    struct auditor *auditor, const struct setup_given *given, struct fail *fail)
{
	if (!glance(auditor, given, fail))
		return false;
	auditor->loop = loop_create();
	if (auditor->loop == NULL)
		return fail_memory(fail);
	if (!warm_up(auditor, fail))
		return false;
	auditor->parent = child_line(
	    loop_base(auditor->loop), parent_received, auditor, fail);
	return auditor->parent != NULL && keep_to_files(auditor, fail) &&
	       sandbox_enter(SANDBOX_AUDITOR, fail);
}

struct auditor *
auditor_create(const struct setup_given *given, struct fail *fail)
{
	struct auditor *auditor = calloc(1, sizeof(*auditor));

	if (auditor == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (open_all(auditor, given, fail))
		return auditor;
	auditor_destroy(auditor);
	return NULL;
}

bool
auditor_run(struct auditor *auditor)
{
	return loop_run(auditor->loop) && !auditor->broken;
}

void
auditor_destroy(struct auditor *auditor)
{
	if (auditor == NULL)
		return;
	/* What was asked ends without an answer; then its owners go. */
	wire_stream_destroy(auditor->keeper);
	auditor->keeper = NULL;
	http_client_destroy(auditor->client);
	auditor_queue_finish(auditor);
	auditor_find_finish(auditor);
	wire_stream_destroy(auditor->parent);
	if (auditor->from_jis != NULL)
		iconv_close(auditor->from_jis);
	loop_destroy(auditor->loop);
	arena_destroy(auditor->arena);
	setup_free(auditor->setup);
	free(auditor);
}
