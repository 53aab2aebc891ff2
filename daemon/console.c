#include "console.h"

#include <unistd.h>

#include "base/text.h"
#include "child.h"
#include "console_priv.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"

/* The sanitizers' leak check looks at its own process. */
static const char *const always[] = {"/dev/urandom", "/proc/self"};

static void
serve(struct console *console)
{
	if (console->ready || console->server == NULL || console->conf == NULL)
		return;
	console->ready = true;
	wire_stream_post(console->parent, LINE_READY, SLICE(""), -1);
}

static void
take_socket(struct console *console, int fd)
{
	struct fail fail = FAIL_INIT;

	if (!console_http_open(console, fd, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "not-listening", &fail);
		console->broken = true;
		loop_stop(console->loop);
		return;
	}
	serve(console);
}

/* "LENGTH\n", misu.conf, tokens. */
static bool
split_settings(struct slice text, struct slice *conf, struct slice *tokens)
{
	size_t len = 0;

	while (text.len != 0 && text.data[0] >= '0' && text.data[0] <= '9') {
		len = len * 10 + (size_t)(text.data[0] - '0');
		text.data++;
		text.len--;
		if (len > WIRE_MESSAGE_MAX)
			return false;
	}
	if (text.len == 0 || text.data[0] != '\n' || text.len - 1 < len)
		return false;
	*conf = (struct slice){text.data + 1, len};
	*tokens = (struct slice){text.data + 1 + len, text.len - 1 - len};
	return true;
}

static bool
read_settings(struct console *console, struct arena *arena, struct slice text,
    struct fail *fail)
{
	struct policy_source source = {.name = SLICE("misu.conf")};
	struct slice tokens;
	struct tokens *auditors = NULL;
	struct conf *conf;

	if (!split_settings(text, &source.text, &tokens))
		return fail_set(fail, FAIL_INPUT, "settings that are cut");
	conf = conf_glance(arena, &source, fail);
	if (conf == NULL)
		return false;
	if (conf->console_tokens.len != 0) {
		auditors =
		    tokens_parse(arena, conf->console_tokens, tokens, fail);
		if (auditors == NULL)
			return false;
	}
	console->conf = conf;
	console->auditors = auditors;
	return true;
}

/* The parent has checked them: what cannot be used now ends the process. */
static bool
take_settings(struct console *console, struct slice text)
{
	struct arena *arena = arena_create(NULL), *before = console->arena;
	struct fail fail = FAIL_INIT;

	if (arena == NULL || !read_settings(console, arena, text, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "console-not-reloaded", &fail);
		arena_destroy(arena);
		return false;
	}
	console->arena = arena;
	arena_destroy(before);
	serve(console);
	return true;
}

static bool
parent_received(void *context, struct slice message, int fd)
{
	struct console *console = context;
	char kind = message.len != 0 ? message.data[0] : '\0';

	if (kind == LINE_LISTEN && fd >= 0) {
		take_socket(console, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	if (kind == LINE_CONSOLE)
		return take_settings(
		    console, (struct slice){message.data + 1, message.len - 1});
	if (kind == LINE_STOP)
		loop_stop(console->loop);
	return kind == LINE_STOP;
}

static bool
keep_to_files(struct console *console, struct fail *fail)
{
	const char *reads[] = {always[0], always[1], console->ledger,
	    setup_state_path(console->setup, SLICE("index.db")),
	    setup_state_path(console->setup, SLICE("index.db-wal")),
	    setup_state_path(console->setup, SLICE("index.db-shm")), NULL};
	const char *writes[] = {NULL};
	const struct sandbox_paths paths = {reads, writes};

	for (size_t i = 0; i + 1 < sizeof(reads) / sizeof(*reads); i++)
		if (reads[i] == NULL)
			return fail_memory(fail);
	return sandbox_files(&paths, &console->has_landlock, fail);
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
	if (console->ledger == NULL || console->loop == NULL)
		return fail_memory(fail);
	console->disk = disk_real_create(NULL, fail);
	if (console->disk == NULL)
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
	http_server_destroy(console->server);
	wire_stream_destroy(console->parent);
	disk_real_destroy(console->disk);
	loop_destroy(console->loop);
	arena_destroy(console->arena);
	setup_free(console->setup);
	free(console);
}
