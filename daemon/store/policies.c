#include "store/policies.h"

#include <stdio.h>

#include "base/text.h"

enum { NAME_SIZE = 2 * DIGEST_SIZE + 16, PATH_SIZE = 1024, FILES_MAX = 1024 };

static const char magic[] = "misu policy source 1\nsha256 ";

static void
name_print(const struct digest *identity, const char *end, char out[NAME_SIZE])
{
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", identity->bytes[i]);
	snprintf(out + 2 * DIGEST_SIZE, 16, "%s", end);
}

static bool
read_file(struct disk *disk, const char *directory, const char *name,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return fail_set(fail, FAIL_INPUT, "the path is too long");
	return disk_read_file(disk, path, POLICIES_FILE_MAX, arena, out, fail);
}

/* --- keeping --- */

/* Is exactly this there?  Then nothing is written. */
static bool
is_kept(struct disk *disk, const char *directory, const char *name,
    struct slice text)
{
	struct arena *arena = arena_create(NULL);
	struct fail ignored = FAIL_INIT;
	struct slice there;
	bool same;

	same = arena != NULL && disk_has(disk, directory, name, arena) &&
	       read_file(disk, directory, name, arena, &there, &ignored) &&
	       slice_equal(there, text);
	arena_destroy(arena);
	return same;
}

static bool
keep(struct disk *disk, const char *directory, const char *name,
    struct slice text, struct fail *fail)
{
	return disk->operations->make_directory(disk, directory, fail) &&
	       (is_kept(disk, directory, name, text) ||
		   disk_replace_file(disk, directory, name, text, fail));
}

static bool
keep_text(struct disk *disk, const char *directory, struct slice text,
    struct fail *fail)
{
	const struct digest identity = digest_sha256(text);
	char name[NAME_SIZE];

	name_print(&identity, "", name);
	return keep(disk, directory, name, text, fail);
}

bool
policies_keep_setup(struct disk *disk, const char *directory, struct slice text,
    struct fail *fail)
{
	return keep_text(disk, directory, text, fail);
}

/* The files after one another; {NULL, 0} when out of memory. */
static struct slice
join(const struct policy_source *files, size_t count, struct arena *arena)
{
	struct text body = text_start(arena), out = text_start(arena);
	struct slice bytes;
	struct digest digest;

	for (size_t i = 0; i < count; i++) {
		text_add_format(&body, "file %zu ", files[i].text.len);
		text_add(&body, files[i].name);
		text_add_char(&body, '\n');
		text_add(&body, files[i].text);
		text_add_char(&body, '\n');
	}
	bytes = text_slice(&body);
	if (bytes.data == NULL)
		return bytes;
	digest = digest_sha256(bytes);
	text_add_string(&out, magic);
	text_add_hex(&out, digest.bytes, DIGEST_SIZE);
	text_add_char(&out, '\n');
	text_add(&out, bytes);
	return text_slice(&out);
}

static bool
keep_files(struct disk *disk, const char *directory,
    const struct digest *identity, const struct policy_source *files,
    size_t count, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	char name[NAME_SIZE];
	struct slice joined = {NULL, 0};
	bool ok = true;

	name_print(identity, ".source", name);
	if (arena != NULL)
		joined = join(files, count, arena);
	if (joined.data == NULL)
		ok = fail_memory(fail);
	/* Those it first came into force with stay. */
	else if (!disk_has(disk, directory, name, arena))
		ok = disk_replace_file(disk, directory, name, joined, fail);
	arena_destroy(arena);
	return ok;
}

bool
policies_keep(struct disk *disk, const char *directory,
    const struct ruleset *ruleset, const struct policy_source *files,
    size_t file_count, struct fail *fail)
{
	return keep_text(disk, directory, ruleset_text(ruleset), fail) &&
	       (file_count == 0 ||
		   keep_files(disk, directory, ruleset_identity(ruleset), files,
		       file_count, fail));
}

/* --- reading --- */

bool
policies_read(struct disk *disk, const char *directory,
    const struct digest *identity, struct arena *arena, struct slice *out,
    struct fail *fail)
{
	char name[NAME_SIZE];
	struct digest found;

	name_print(identity, "", name);
	if (!disk_has(disk, directory, name, arena)) {
		fail_set(fail, FAIL_INPUT, "nothing was kept of %.16s", name);
		fail_place(fail, "%.60s", directory);
		return false;
	}
	if (!read_file(disk, directory, name, arena, out, fail))
		return false;
	found = digest_sha256(*out);
	if (digest_equal(&found, identity))
		return true;
	fail_set(fail, FAIL_WORLD, "the file is not what its name says");
	fail_hint(fail, "restore %.16s... from a backup", name);
	fail_place(fail, "%.20s.../%.16s...", directory, name);
	return false;
}

/* A file of a bundle, if it is the next. */
static bool
next_file(struct slice *rest, struct policy_source *file)
{
	struct slice line;
	size_t len = 0, at = 5;

	if (!slice_take_line(rest, &line) || line.len < 7 ||
	    memcmp(line.data, "file ", 5) != 0)
		return false;
	for (; at < line.len && line.data[at] >= '0' && line.data[at] <= '9' &&
	       len < POLICIES_FILE_MAX;
	     at++)
		len = 10 * len + (size_t)(line.data[at] - '0');
	if (at == line.len || line.data[at] != ' ' || len >= rest->len ||
	    rest->data[len] != '\n')
		return false;
	file->name = (struct slice){line.data + at + 1, line.len - at - 1};
	file->text = (struct slice){rest->data, len};
	rest->data += len + 1;
	rest->len -= len + 1;
	return true;
}

struct bundle {
	struct arena *arena;
	struct policy_source *files;
	size_t count;
};

static bool
open_bundle(struct slice bytes, struct bundle *bundle)
{
	const size_t head = sizeof(magic) - 1;
	struct digest said, found;

	if (bytes.len < head + 2 * DIGEST_SIZE + 1 ||
	    memcmp(bytes.data, magic, head) != 0 ||
	    !text_hex_decode((struct slice){bytes.data + head, 2 * DIGEST_SIZE},
		said.bytes, DIGEST_SIZE))
		return false;
	bytes.data += head + 2 * DIGEST_SIZE + 1;
	bytes.len -= head + 2 * DIGEST_SIZE + 1;
	found = digest_sha256(bytes);
	bundle->files =
	    arena_take_array(bundle->arena, FILES_MAX, sizeof(*bundle->files));
	if (!digest_equal(&found, &said) || bundle->files == NULL)
		return false;
	while (bytes.len != 0 && bundle->count < FILES_MAX)
		if (!next_file(&bytes, &bundle->files[bundle->count++]))
			return false;
	return bytes.len == 0 && bundle->count != 0;
}

/* "conf/policy/base.policy" is asked for as it stands after `include`. */
static bool
load_include(void *context, struct slice name, struct slice *text)
{
	const struct bundle *bundle = context;

	for (size_t i = 0; i < bundle->count; i++) {
		struct slice at = bundle->files[i].name;

		if (!slice_equal(at, name) &&
		    (at.len <= name.len ||
			at.data[at.len - name.len - 1] != '/' ||
			memcmp(at.data + at.len - name.len, name.data,
			    name.len) != 0))
			continue;
		*text = bundle->files[i].text;
		return true;
	}
	return false;
}

/* "network NAME PREFIX ..." of a setup's text (conf.c). */
static bool
parse_network(
    struct slice line, struct arena *arena, struct network_group *group)
{
	struct slice *prefixes =
	    arena_take_array(arena, line.len / 2 + 1, sizeof(*prefixes));
	size_t words = 0, at = 8;

	while (prefixes != NULL && at < line.len) {
		const char *from = line.data + at;
		const char *end = memchr(from, ' ', line.len - at);
		size_t len = end != NULL ? (size_t)(end - from) : line.len - at;

		if (words++ == 0)
			group->name = (struct slice){from, len};
		else
			prefixes[words - 2] = (struct slice){from, len};
		at += len + 1;
	}
	group->prefixes = prefixes;
	group->count = words < 2 ? 0 : words - 1;
	return prefixes != NULL && words != 0;
}

struct networks {
	struct network_group *groups;
	size_t count;
};

static bool
find_networks(struct slice text, struct arena *arena, struct networks *out)
{
	struct slice line;
	size_t most = 1;

	for (size_t i = 0; i < text.len; i++)
		most += text.data[i] == '\n';
	out->groups = arena_take_array(arena, most, sizeof(*out->groups));
	while (out->groups != NULL && slice_take_line(&text, &line))
		if (line.len > 8 && memcmp(line.data, "network ", 8) == 0 &&
		    parse_network(line, arena, &out->groups[out->count]))
			out->count++;
	return out->groups != NULL;
}

static const struct ruleset *
compile(const struct bundle *bundle, const struct networks *networks,
    const struct digest *identity, struct fail *fail)
{
	const struct policy_loader loader = {load_include, (void *)bundle};
	struct slice diagnostics;
	const struct ruleset *ruleset =
	    policy_load(bundle->arena, &bundle->files[0], &loader,
		networks->groups, networks->count, &diagnostics, fail);

	if (ruleset != NULL &&
	    digest_equal(ruleset_identity(ruleset), identity))
		return ruleset;
	fail_set(
	    fail, FAIL_WORLD, "the kept policy does not come out as it was");
	return NULL;
}

const struct ruleset *
policies_load(struct disk *disk, const char *directory,
    const struct digest *policy, const struct digest *setup,
    struct arena *arena, struct fail *fail)
{
	struct bundle bundle = {.arena = arena};
	struct fail ignored = FAIL_INIT;
	const struct ruleset *ruleset = NULL;
	struct networks networks = {NULL, 0};
	struct slice canonical, text;
	char name[NAME_SIZE];

	if (!policies_read(disk, directory, policy, arena, &canonical, fail))
		return NULL;
	if (setup != NULL &&
	    policies_read(disk, directory, setup, arena, &text, &ignored) &&
	    !find_networks(text, arena, &networks)) {
		fail_memory(fail);
		return NULL;
	}
	name_print(policy, ".source", name);
	fail_clear(&ignored);
	if (disk_has(disk, directory, name, arena) &&
	    read_file(disk, directory, name, arena, &text, &ignored) &&
	    open_bundle(text, &bundle))
		ruleset = compile(&bundle, &networks, policy, &ignored);
	if (ruleset != NULL)
		return ruleset;
	name[16] = '\0';
	bundle.count = 1;
	bundle.files = &(struct policy_source){
	    arena_copy(arena, slice_from(name)), canonical};
	return compile(&bundle, &networks, policy, fail);
}
