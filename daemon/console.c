#include "console.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "child.h"
#include "console_priv.h"
#include "log.h"
#include "net/http_client.h"
#include "net/http_tls.h"
#include "proc.h"
#include "sandbox.h"

enum { LAST_ANSWERS = 500, LOOK_AT_LISTS = 3600 * 1000 /* ms */ };

static void
serve(struct console *console)
{
	const struct conf *conf = console->conf;

	if (console->ready || conf == NULL ||
	    (conf->console_address.len != 0 && console->server == NULL) ||
	    (conf->operators_address.len != 0 && console->operators == NULL))
		return;
	console->ready = true;
	wire_stream_post(console->parent, LINE_READY, SLICE(""), -1);
}

static void
take_socket(struct console *console, struct slice name, int fd)
{
	struct fail fail = FAIL_INIT;

	if (!(slice_is(name, "operators")
		    ? console_orders_open(console, fd, &fail)
		    : console_http_open(console, fd, &fail))) {
		log_fail(LOG_LEVEL_ERROR, "not-listening", &fail);
		console->broken = true;
		loop_stop(console->loop);
		return;
	}
	serve(console);
}

/* What the parent told last. */
struct settings {
	struct arena *arena;
	struct conf *conf;
	struct tokens *auditors;
	struct witnesses *witnesses;
	struct http_tls *tls;
};

static bool
open_witnesses(
    struct console *console, struct settings *settings, struct fail *fail)
{
	const struct witnesses_options options = {.loop = console->loop,
	    .disk = console->disk,
	    .log = &console->log,
	    .directory = console->kept,
	    .items = settings->conf->witnesses,
	    .count = settings->conf->witness_count};

	if (options.count == 0)
		return true;
	settings->witnesses = witnesses_create(&options, fail);
	return settings->witnesses != NULL;
}

static bool
open_tls(const struct http_tls_options *options, struct settings *settings,
    struct fail *fail)
{
	if (settings->conf->operators_address.len == 0)
		return true;
	settings->tls = http_tls_create(options, fail);
	return settings->tls != NULL;
}

static bool
read_settings(struct console *console, struct slice text, struct settings *out,
    struct fail *fail)
{
	struct policy_source source = {.name = SLICE("misu.conf")};
	struct http_tls_options tls;
	struct slice tokens;

	if (out->arena == NULL)
		return fail_memory(fail);
	if (!child_settings(text, &source.text, &text) ||
	    !child_settings(text, &tokens, &text) ||
	    !child_settings(text, &tls.certificate, &text) ||
	    !child_settings(text, &tls.key, &text) ||
	    !child_settings(text, &tls.clients, &text) ||
	    !child_settings(text, &tls.revoked, &text))
		return fail_set(fail, FAIL_INPUT, "settings that are cut");
	out->conf = conf_glance(out->arena, &source, fail);
	if (out->conf == NULL)
		return false;
	if (out->conf->console_tokens.len != 0) {
		out->auditors = tokens_parse(
		    out->arena, out->conf->console_tokens, tokens, fail);
		if (out->auditors == NULL)
			return false;
	}
	return open_tls(&tls, out, fail) && open_witnesses(console, out, fail);
}

/* Ports that misu.conf has no more are closed; new ones come by themselves. */
static void
close_ports(struct console *console, const struct conf *now)
{
	const struct conf *before = console->conf;

	if (!slice_equal(before->operators_address, now->operators_address)) {
		http_server_destroy(console->operators);
		console->operators = NULL;
	}
	if (!slice_equal(before->console_address, now->console_address)) {
		console_events_end(console);
		http_server_destroy(console->server);
		console->server = NULL;
	}
}

/* Nobody of that authority is let in from then on: said when it is so. */
static void
watch_lists(void *arg)
{
	struct console *console = arg;
	const struct loop_operations *timers = console->loop->operations;
	int64_t left, end = console->tls != NULL
	    ? http_tls_lists_end(console->tls)
	    : INT64_MAX;

	if (end == INT64_MAX)
		return;
	left = end * 1000 - timers->now(console->loop);
	if (left > 0) {
		timers->timer_set(console->lists,
		    left < LOOK_AT_LISTS ? left : LOOK_AT_LISTS);
		return;
	}
	log_event(LOG_LEVEL_ERROR, "revocation-list-expired", "reason",
	    "operators of its authority are refused", "hint",
	    "put a newer list in the file of misu.conf's `revoked by`, and "
	    "reload", NULL);
	http_server_end_connections(console->operators);
}

/* The parent has checked them: what cannot be used now ends the process. */
static bool
take_settings(struct console *console, struct slice text)
{
	struct settings new = {.arena = arena_create(NULL)};
	struct fail fail = FAIL_INIT;

	/* Their successors read what they have kept. */
	witnesses_destroy(console->witnesses);
	console->witnesses = NULL;
	if (!read_settings(console, text, &new, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "console-not-reloaded", &fail);
		http_tls_destroy(new.tls);
		arena_destroy(new.arena);
		return false;
	}
	if (console->conf != NULL)
		close_ports(console, new.conf);
	arena_destroy(console->arena);
	console->arena = new.arena;
	console->conf = new.conf;
	console->auditors = new.auditors;
	console->witnesses = new.witnesses;
	http_tls_destroy(console->tls);
	console->tls = new.tls;
	/* Who may come is another question now, for those that are here, too. */
	console_events_end(console);
	http_server_end_connections(console->operators);
	watch_lists(console);
	console_find_forget(console);
	serve(console);
	return true;
}

static bool
parent_received(void *context, struct slice message, int fd)
{
	struct console *console = context;
	char kind = message.len != 0 ? message.data[0] : '\0';

	if (kind == LINE_LISTEN && fd >= 0) {
		take_socket(console,
		    (struct slice){message.data + 1, message.len - 1}, fd);
		return true;
	}
	if (kind == LINE_KEEPER && fd >= 0) {
		console_keeper_join(console->keeper, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (kind == LINE_SETTINGS)
		return take_settings(
		    console, (struct slice){message.data + 1, message.len - 1});
	if (kind == LINE_STOP)
		loop_stop(console->loop);
	return kind == LINE_STOP;
}

/*
 * What it reads: the log, the index, the policies there were, and what names and certificates of
 * witnesses are looked up in.  What it writes: what witnesses signed.
 */
static bool
keep_to_files(struct console *console, struct fail *fail)
{
	static const char *const own[] = {"ledger", "index", "policies"};
	const char *reads[16] = {"/dev/urandom", "/proc/self",
	    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
	    "/etc/gai.conf", "/etc/host.conf", "/etc/ssl/certs",
	    "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates",
	    "/usr/local/share/ca-certificates"};
	const char *writes[] = {console->kept, NULL};
	const struct sandbox_paths paths = {reads, writes};
	size_t count = 11;

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		reads[count] =
		    setup_state_path(console->setup, slice_from(own[i]));
		if (reads[count++] == NULL)
			return fail_memory(fail);
	}
	return sandbox_files(&paths, &console->has_landlock, fail);
}

static uint64_t
inode_of(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

static void
end_now(void *arg)
{
	struct console *console = arg;

	loop_stop(console->loop);
}

/*
 * The index may be removed, and the keeper makes it again: in a directory that
 * this process' sandbox does not know.  Another one, started anew, does.
 */
void
console_look(struct console *console)
{
	uint64_t inode = inode_of(console->index_directory);

	if (!console->has_landlock || console->ends || inode == 0 ||
	    inode == console->index_inode)
		return;
	console->ends = true;
	log_event(LOG_LEVEL_INFO, "console-starts-anew", "reason",
	    "the directory of the index was made again", NULL);
	console->loop->operations->timer_set(console->anew, LAST_ANSWERS);
}

/* libcurl and OpenSSL read their configuration the first time. */
static bool
warm_up(struct console *console, struct fail *fail)
{
	struct http_client *client =
	    http_client_create(loop_base(console->loop), fail);

	http_client_destroy(client);
	return client != NULL;
}

static bool
open_all(
    struct console *console, const struct setup_given *given, struct fail *fail)
{
	struct setup_given glance = *given;
	char *diagnostics;

	glance.glance = true;
	console->setup = setup_load(&glance, &diagnostics, fail);
	free(diagnostics);
	if (console->setup == NULL)
		return false;
	console->ledger = setup_state_path(console->setup, SLICE("ledger"));
	console->loop = loop_create();
	console->kept = setup_state_path(console->setup, SLICE("witness"));
	console->index =
	    setup_state_path(console->setup, SLICE("index/index.db"));
	console->index_directory =
	    setup_state_path(console->setup, SLICE("index"));
	console->policies =
	    setup_state_path(console->setup, SLICE("policies"));
	if (console->ledger == NULL || console->kept == NULL ||
	    console->policies == NULL ||
	    console->index == NULL || console->index_directory == NULL ||
	    console->loop == NULL)
		return fail_memory(fail);
	console->anew = console->loop->operations->timer_create(
	    console->loop, end_now, console);
	console->lists = console->loop->operations->timer_create(
	    console->loop, watch_lists, console);
	if (console->anew == NULL || console->lists == NULL)
		return fail_memory(fail);
	if (!proc_make_directory(console->kept, fail) ||
	    !proc_make_directory(console->index_directory, fail) ||
	    !warm_up(console, fail))
		return false;
	console->index_inode = inode_of(console->index_directory);
	console->disk = disk_real_create(NULL, fail);
	if (console->disk == NULL)
		return false;
	log_directory_init(&console->log, console->disk, console->ledger);
	console->keeper = console_keeper_create(console->loop, fail);
	if (console->keeper == NULL)
		return false;
	console->parent = child_line(
	    loop_base(console->loop), parent_received, console, fail);
	return console->parent != NULL && keep_to_files(console, fail) &&
	       sandbox_enter(SANDBOX_CONSOLE, fail);
}

struct console *
console_create(const struct setup_given *given, struct fail *fail)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (open_all(console, given, fail))
		return console;
	console_destroy(console);
	return NULL;
}

bool
console_run(struct console *console)
{
	return loop_run(console->loop) && !console->broken;
}

void
console_destroy(struct console *console)
{
	if (console == NULL)
		return;
	console_events_end(console);
	console_keeper_destroy(console->keeper);
	console_find_forget(console);
	http_server_destroy(console->server);
	http_server_destroy(console->operators);
	http_tls_destroy(console->tls);
	witnesses_destroy(console->witnesses);
	wire_stream_destroy(console->parent);
	disk_real_destroy(console->disk);
	if (console->loop != NULL) {
		console->loop->operations->timer_destroy(console->anew);
		console->loop->operations->timer_destroy(console->lists);
	}
	loop_destroy(console->loop);
	arena_destroy(console->arena);
	setup_free(console->setup);
	free(console);
}
