#include "ctl_remote.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "control.h"
#include "net/peer.h"
#include "proc.h"

int
ctl_fail(const struct fail *fail)
{
	fprintf(stderr, "misuctl: %s%s%s\n", fail->place,
	    fail->place[0] != '\0' ? ": " : "", fail->text);
	if (fail->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", fail->hint);
	return CTL_TROUBLE;
}

int
ctl_usage(const struct ctl_command *command)
{
	fprintf(stderr, "usage: misuctl %s %s\n", command->name,
	    command->usage);
	return CTL_TROUBLE;
}

const struct setup *
ctl_setup(struct ctl *ctl)
{
	struct setup_given given = ctl->given;
	struct fail fail = FAIL_INIT;
	char *diagnostics;

	given.glance = true;
	if (ctl->setup == NULL)
		ctl->setup = setup_load(&given, &diagnostics, &fail);
	if (ctl->setup == NULL)
		ctl_fail(&fail);
	return ctl->setup;
}

static bool
send_ask(struct ctl *ctl, int fd, const char *verb, int64_t id,
    const char *text)
{
	struct text line = text_start(ctl->arena);
	struct slice bytes;

	text_add_string(&line, "{\"verb\":");
	text_add_json(&line, slice_from(verb));
	if (id != 0)
		text_add_format(&line, ",\"id\":%lld", (long long)id);
	if (text != NULL) {
		text_add_string(&line, ",\"text\":");
		text_add_json(&line, slice_from(text));
	}
	text_add_string(&line, "}\n");
	bytes = text_slice(&line);
	return bytes.data != NULL &&
	    write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len;
}

static bool
read_answer(struct ctl *ctl, int fd, int *status, struct slice *body)
{
	struct text all = text_start(ctl->arena);
	struct slice bytes;
	const char *end;
	char buffer[4096];
	size_t length;
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		text_add(&all, (struct slice){buffer, (size_t)got});
	}
	bytes = text_slice(&all);
	end = bytes.len == 0 ? NULL : memchr(bytes.data, '\n', bytes.len);
	if (end == NULL ||
	    sscanf(bytes.data, "{\"status\":%d,\"length\":%zu}", status,
		&length) != 2)
		return false;
	body->data = end + 1;
	body->len = bytes.len - (size_t)(end + 1 - bytes.data);
	return body->len == length;
}

bool
ctl_ask(struct ctl *ctl, const char *verb, int64_t id, const char *text,
    int *status, struct slice *body)
{
	const struct setup *setup;
	struct fail fail = FAIL_INIT;
	const char *path;
	bool ok;
	int fd;

	if (ctl->remote.url != NULL)
		return ctl_remote_ask(ctl, verb, id, text, status, body);
	setup = ctl_setup(ctl);
	if (setup == NULL)
		return false;
	path = setup_run_path(setup, setup->conf->control_socket);
	fd = path != NULL ? peer_connect_unix(path, &fail) : -1;
	if (fd < 0) {
		fail_hint(&fail, "is misu running? -f and -s say where");
		ctl_fail(&fail);
		return false;
	}
	ok = send_ask(ctl, fd, verb, id, text) &&
	    read_answer(ctl, fd, status, body);
	close(fd);
	if (ok)
		return true;
	fail_set(&fail, FAIL_WORLD, "misu hung up");
	fail_place(&fail, "%s", path);
	fail_hint(&fail, "only root, misu's own user and operators of misu.conf are "
	    "answered");
	ctl_fail(&fail);
	return false;
}

int
ctl_problem(struct ctl *ctl, int status, struct slice body)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node = json_parse(ctl->arena, body, &fail);
	const char *more;

	if (node == NULL || node->kind != JSON_KIND_OBJECT) {
		fprintf(stderr, "misuctl: misu answered %d\n", status);
		return CTL_TROUBLE;
	}
	fputs(ctl_string(node, "diagnostics"), stderr);
	more = ctl_string(node, "pointer");
	if (*more == '\0')
		more = ctl_string(node, "place");
	fprintf(stderr, "misuctl: %s%s%s\n", more, *more != '\0' ? ": " : "",
	    ctl_string(node, "title"));
	more = ctl_string(node, "detail");
	if (*more != '\0')
		fprintf(stderr, "hint: %s\n", more);
	return status >= 500 ? CTL_TROUBLE : CTL_REFUSED;
}

bool
ctl_number(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && end != text && *out > 0;
}

void
ctl_print_time(int64_t milliseconds)
{
	time_t seconds = (time_t)(milliseconds / 1000);
	struct tm parts;
	char text[32];

	if (gmtime_r(&seconds, &parts) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &parts) != 0)
		fputs(text, stdout);
}

const char *
ctl_string(const struct json_node *object, const char *name)
{
	const struct json_node *node = json_find(object, name);

	return node != NULL && node->kind == JSON_KIND_STRING
	    ? node->string.data
	    : "";
}

int64_t
ctl_integer(const struct json_node *object, const char *name)
{
	const struct json_node *node = json_find(object, name);

	return node != NULL && node->kind == JSON_KIND_INTEGER ? node->integer
							       : 0;
}

/* Its lock is there as long as it runs. */
bool
ctl_is_live(struct ctl *ctl, const char *directory)
{
	const char *path =
	    proc_path(ctl->arena, slice_from(directory), SLICE("lock"));
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	bool live;

	if (fd < 0)
		return false;
	live = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	return live;
}

const char *
ctl_ledger_directory(struct ctl *ctl)
{
	const struct setup *setup = ctl_setup(ctl);

	return setup != NULL ? setup_state_path(setup, SLICE("ledger")) : NULL;
}
