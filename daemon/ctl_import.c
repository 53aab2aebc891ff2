/*
 * misuctl import: what a registry holds comes into the vault, a piece of the
 * list at a time.  How far it got is in a file beside the list, so that a run
 * that broke off goes on there.
 */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/text.h"
#include "ctl.h"

enum {
	PIECE_OBJECTS = 300,
	PIECE_BYTES = 24 * 1024, /* a control line has 64 KB, escaped */
	PIECE_SECONDS = 2,	 /* then there is progress to show */
	RATE = 20,
	RATE_MAX = 1000,
	TRIES = 5,	  /* without any progress */
	TELL_SECONDS = 5, /* between two lines where there is no terminal */
};

struct import {
	struct ctl *ctl;
	const char *upstream, *file, *client;
	char state[PATH_MAX];
	int64_t rate;
	struct slice list;
	char digest[2 * DIGEST_SIZE + 1]; /* of the list */
	size_t at;			  /* bytes of it that are done */
	size_t total, done, before; /* objects: all, done, by earlier runs */
	unsigned long imported, contacts, missing, failed;
	bool terminal;
	int64_t began, told; /* s */
};

/* --- the list --- */

static bool
fail_errno(struct fail *fail, const char *path)
{
	fail_set(fail, FAIL_WORLD, "%s", strerror(errno));
	fail_place(fail, "%s", path);
	return false;
}

static bool
read_file(
    struct arena *arena, const char *path, struct slice *out, struct fail *fail)
{
	FILE *file = fopen(path, "re");
	struct text text = text_start(arena);
	char buffer[16384];
	size_t got;
	bool ok;

	if (file == NULL)
		return fail_errno(fail, path);
	while ((got = fread(buffer, 1, sizeof(buffer), file)) != 0)
		text_add(&text, (struct slice){buffer, got});
	ok = !ferror(file);
	fclose(file);
	if (!ok)
		return fail_errno(fail, path);
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(fail);
}

static size_t
line_length(struct slice rest)
{
	const char *end = memchr(rest.data, '\n', rest.len);

	return end != NULL ? (size_t)(end - rest.data) + 1 : rest.len;
}

static struct slice
rest_of(struct slice list, size_t at)
{
	return (struct slice){list.data + at, list.len - at};
}

/* A line without its end, blanks and comment is an object or nothing. */
static bool
is_object(struct slice line)
{
	return line.len != 0 && line.data[0] != '\n' && line.data[0] != '\r' &&
	       line.data[0] != '#';
}

static bool
has_two_words(struct slice line, const char *first)
{
	size_t len = strlen(first), at = len, end;

	while (line.len != 0 && strchr("\r\n \t", line.data[line.len - 1]))
		line.len--;
	if (line.len < len + 2 || memcmp(line.data, first, len) != 0 ||
	    line.data[len] != ' ')
		return false;
	while (at < line.len && line.data[at] == ' ')
		at++;
	for (end = at; end < line.len; end++)
		if ((unsigned char)line.data[end] <= ' ')
			return false;
	return end - at <= 255;
}

/* Every line is looked at before anything begins. */
static bool
check_list(struct import *import, struct fail *fail)
{
	size_t number = 0;

	for (size_t at = 0, len; at < import->list.len; at += len) {
		struct slice line = rest_of(import->list, at);

		len = line.len = line_length(line);
		number++;
		if (!is_object(line))
			continue;
		if (!has_two_words(line, "contact") &&
		    !has_two_words(line, "domain")) {
			fail_set(fail, FAIL_INPUT,
			    "neither \"contact ID\" nor \"domain NAME\"");
			fail_place(fail, "%s:%zu", import->file, number);
			return false;
		}
		import->total++;
	}
	return true;
}

static size_t
count_objects(struct slice text)
{
	size_t count = 0;

	for (size_t at = 0; at < text.len; at += line_length(rest_of(text, at)))
		count += is_object(rest_of(text, at));
	return count;
}

/* --- how far it got --- */

static bool
save(struct import *import, struct fail *fail)
{
	char path[PATH_MAX + 8];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "%s.new", import->state);
	file = fopen(path, "we");
	if (file == NULL)
		return fail_errno(fail, path);
	fprintf(file, "misu-import 1 %s %s %zu %lu %lu %lu %lu\n",
	    import->upstream, import->digest, import->at, import->imported,
	    import->contacts, import->missing, import->failed);
	ok = fflush(file) == 0 && fsync(fileno(file)) == 0;
	ok = fclose(file) == 0 && ok;
	if (!ok || rename(path, import->state) != 0)
		return fail_errno(fail, import->state);
	return true;
}

/* False with a fail if there is one of another list or registry. */
static bool
resume(struct import *import, struct fail *fail)
{
	char upstream[64], digest[2 * DIGEST_SIZE + 1];
	FILE *file = fopen(import->state, "re");
	int got;

	if (file == NULL)
		return errno == ENOENT || fail_errno(fail, import->state);
	got = fscanf(file, "misu-import 1 %63s %64s %zu %lu %lu %lu %lu",
	    upstream, digest, &import->at, &import->imported, &import->contacts,
	    &import->missing, &import->failed);
	fclose(file);
	if (got == 7 && import->at <= import->list.len &&
	    strcmp(upstream, import->upstream) == 0 &&
	    strcmp(digest, import->digest) == 0)
		return true;
	fail_set(fail, FAIL_INPUT, "is of another import than this one");
	fail_place(fail, "%s", import->state);
	fail_hint(fail, "the list or the upstream is another than then; remove "
			"the file to begin anew");
	return false;
}

/* --- progress --- */

static void
print_left(double seconds)
{
	long left = (long)(seconds + 0.5);

	if (left >= 3600)
		fprintf(stderr, "%ldh%02ldm", left / 3600, left / 60 % 60);
	else if (left >= 60)
		fprintf(stderr, "%ldm%02lds", left / 60, left % 60);
	else
		fprintf(stderr, "%lds", left);
	fputs(" left", stderr);
}

static void
tell(struct import *import)
{
	int64_t now = time(NULL);
	double seconds = difftime(now, import->began), speed;
	size_t ours = import->done - import->before;

	if (!import->terminal && now - import->told < TELL_SECONDS)
		return;
	import->told = now;
	fprintf(stderr, "%s%zu of %zu, %lu missing, %lu failed",
	    import->terminal ? "\r" : "", import->done, import->total,
	    import->missing, import->failed);
	if (seconds >= 1 && ours != 0) {
		speed = (double)ours / seconds;
		fprintf(stderr, ", %.1f a second, ", speed);
		print_left((double)(import->total - import->done) / speed);
	}
	fputs(import->terminal ? "\033[K" : "\n", stderr);
	fflush(stderr);
}

static void
end_line(const struct import *import)
{
	if (import->terminal)
		fputs("\r\033[K", stderr);
}

static void
print_problems(const struct import *import, const struct json_node *node)
{
	const struct json_node *problems = json_find(node, "problems");

	if (problems == NULL || problems->kind != JSON_KIND_ARRAY ||
	    problems->count == 0)
		return;
	end_line(import);
	for (size_t i = 0; i < problems->count; i++)
		fprintf(stderr, "%s %s: %s\n",
		    ctl_string(&problems->items[i], "type"),
		    ctl_string(&problems->items[i], "id"),
		    ctl_string(&problems->items[i], "why"));
}

/* --- a piece --- */

/* Comments stay at home; `*taken` are the bytes of the list it stands for. */
static struct slice
make_piece(const struct import *import, struct arena *arena, size_t *taken)
{
	size_t most = (size_t)import->rate * PIECE_SECONDS, count = 0, at, len;
	struct text text = text_start(arena);

	if (most > PIECE_OBJECTS)
		most = PIECE_OBJECTS;
	text_add_format(&text, "upstream %s rate %lld", import->upstream,
	    (long long)import->rate);
	if (import->client != NULL)
		text_add_format(&text, " client %s", import->client);
	text_add_char(&text, '\n');
	for (at = import->at;
	     at < import->list.len && count < most && text.len < PIECE_BYTES;
	     at += len) {
		struct slice line = rest_of(import->list, at);

		len = line.len = line_length(line);
		if (!is_object(line))
			continue;
		while (
		    line.len != 0 && strchr("\r\n \t", line.data[line.len - 1]))
			line.len--;
		text_add(&text, line);
		text_add_char(&text, '\n');
		count++;
	}
	*taken = at - import->at;
	return text_slice(&text);
}

/* Of a piece that broke off: its objects that are behind us. */
static size_t
part_done(const struct import *import, struct slice piece, int64_t left)
{
	size_t objects, at = import->at;

	if (left < 0 || (size_t)left >= piece.len)
		return 0;
	piece.len -= (size_t)left;
	objects = count_objects(piece);
	objects -= objects != 0; /* its first line names the upstream */
	while (objects != 0 && at < import->list.len) {
		objects -= is_object(rest_of(import->list, at));
		at += line_length(rest_of(import->list, at));
	}
	return at - import->at;
}

static void
take(struct import *import, const struct json_node *node, size_t bytes)
{
	import->done += count_objects(
	    (struct slice){import->list.data + import->at, bytes});
	import->at += bytes;
	import->imported += (unsigned long)ctl_integer(node, "imported");
	import->contacts += (unsigned long)ctl_integer(node, "contacts");
	import->missing += (unsigned long)ctl_integer(node, "missing");
	import->failed += (unsigned long)ctl_integer(node, "failed");
	print_problems(import, node);
}

/* CTL_OK: it went on; *moved: by something.  Else what to exit with. */
static int
run_piece(struct import *import, struct ctl *ctl, bool *moved)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node;
	struct slice piece, body;
	size_t bytes;
	int status;

	piece = make_piece(import, ctl->arena, &bytes);
	if (piece.data == NULL) {
		fail_memory(&fail);
		return ctl_fail(&fail);
	}
	if (!ctl_ask(ctl, "import", 0, piece.data, &status, &body))
		return CTL_TROUBLE;
	node = json_parse(ctl->arena, body, &fail);
	if (node == NULL)
		return ctl_fail(&fail);
	if (status != 200 && json_find(node, "left") != NULL) {
		bytes = part_done(import, piece, ctl_integer(node, "left"));
		end_line(import);
		fprintf(stderr, "misuctl: %s\n", ctl_string(node, "title"));
	} else if (status == 503) {
		end_line(import);
		(void)ctl_problem(ctl, status, body);
		bytes = 0;
	} else if (status != 200) {
		end_line(import);
		return ctl_problem(ctl, status, body);
	}
	*moved = bytes != 0;
	take(import, node, bytes);
	return save(import, &fail) ? CTL_OK : ctl_fail(&fail);
}

/* What a long list takes must not grow with it: each piece has an arena. */
static int
run_pieces(struct import *import)
{
	struct ctl ctl = *import->ctl;
	unsigned idle = 0;
	int result = CTL_OK;

	while (result == CTL_OK && import->at < import->list.len) {
		bool moved = false;

		ctl.arena = arena_create(NULL);
		if (ctl.arena == NULL)
			return CTL_TROUBLE;
		result = run_piece(import, &ctl, &moved);
		arena_destroy(ctl.arena);
		if (result != CTL_OK)
			break;
		idle = moved ? 0 : idle + 1;
		if (idle == TRIES)
			result = CTL_TROUBLE;
		else if (idle != 0)
			sleep(1U << idle);
		tell(import);
	}
	end_line(import);
	return result;
}

/* --- the command --- */

static bool
read_options(struct import *import, int argc, char **argv)
{
	const char *state = NULL;

	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--rate") == 0 && more) {
			if (!ctl_number(argv[++i], &import->rate) ||
			    import->rate > RATE_MAX)
				return false;
		} else if (strcmp(argv[i], "--client") == 0 && more) {
			import->client = argv[++i];
		} else if (strcmp(argv[i], "--state") == 0 && more) {
			state = argv[++i];
		} else if (argv[i][0] == '-' || import->file != NULL) {
			return false;
		} else if (import->upstream == NULL) {
			import->upstream = argv[i];
		} else {
			import->file = argv[i];
		}
	}
	if (import->file == NULL || strpbrk(import->upstream, " \n") != NULL ||
	    strlen(import->upstream) > 47 ||
	    (import->client != NULL &&
		(strlen(import->client) > 16 ||
		    strpbrk(import->client, " \n") != NULL)))
		return false;
	return (size_t)snprintf(import->state, sizeof(import->state), "%s%s",
		   state != NULL ? state : import->file,
		   state != NULL ? "" : ".import") < sizeof(import->state);
}

static bool
prepare(struct import *import, struct fail *fail)
{
	struct digest digest;

	if (!read_file(import->ctl->arena, import->file, &import->list, fail) ||
	    !check_list(import, fail))
		return false;
	digest = digest_sha256(import->list);
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(import->digest + 2 * i, 3, "%02x", digest.bytes[i]);
	if (!resume(import, fail))
		return false;
	import->done = import->before =
	    count_objects((struct slice){import->list.data, import->at});
	return true;
}

static int
run_import(struct ctl *ctl, int argc, char **argv)
{
	struct import import = {.ctl = ctl,
	    .rate = RATE,
	    .terminal = isatty(STDERR_FILENO) != 0,
	    .began = time(NULL),
	    .told = time(NULL)};
	struct fail fail = FAIL_INIT;
	int result;

	if (!read_options(&import, argc, argv))
		return ctl_usage(&ctl_import);
	if (ctl_setup(ctl) == NULL)
		return CTL_TROUBLE;
	if (!prepare(&import, &fail))
		return ctl_fail(&fail);
	if (import.before != 0)
		fprintf(stderr, "going on after %zu of %zu objects\n",
		    import.before, import.total);
	result = run_pieces(&import);
	if (result != CTL_OK && import.at == 0)
		return result;
	printf("%lu imported, %lu contacts of domains with them, %lu missing, "
	       "%lu failed, %zu of %zu done\n",
	    import.imported, import.contacts, import.missing, import.failed,
	    import.done, import.total);
	if (result != CTL_OK) {
		fprintf(stderr,
		    "hint: what is done is kept in %s; the same command goes "
		    "on there\n",
		    import.state);
		return result;
	}
	(void)unlink(import.state);
	return import.failed != 0 ? CTL_REFUSED : CTL_OK;
}

const struct ctl_command ctl_import = {
    .name = "import",
    .usage = "UPSTREAM FILE [--rate N] [--client CLID] [--state FILE]",
    .summary = "fill the vault with what a registry holds already",
    .help = "FILE has lines \"contact ID\" and \"domain NAME\".  misu asks for"
	    " each by info,\nover its own login, at most N a second (20), and"
	    " for the contacts of each\ndomain that it does not know yet.  With"
	    " --client they are that backend's.\nHow far it got is in"
	    " FILE.import (--state): after a break the same command\ngoes on"
	    " there.  It ends with 1 if something could not be imported.",
    .run = run_import,
};
