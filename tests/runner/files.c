#include "runner/files.h"

#include <glob.h>

#include "base/text.h"

enum { GROUPS_MAX = 32 };

struct folder {
	struct arena *arena;
	struct slice path; /* with the slash */
	struct network_group groups[GROUPS_MAX];
	size_t group_count;
};

static const struct slice prefixes[] = {
    {"192.0.2.0/24", 12}, {"2001:db8::/32", 13}};

static void
need(bool claim)
{
	if (!claim)
		abort();
}

bool
files_read(struct arena *arena, const char *path, struct slice *out)
{
	FILE *file = fopen(path, "rb");
	char *data;
	long size;

	if (file == NULL)
		return false;
	need(fseek(file, 0, SEEK_END) == 0);
	size = ftell(file);
	need(size >= 0);
	rewind(file);
	data = arena_take(arena, (size_t)size + 1);
	need(data != NULL);
	need(fread(data, 1, (size_t)size, file) == (size_t)size);
	fclose(file);
	*out = (struct slice){data, (size_t)size};
	return true;
}

static bool
load_beside(void *context, struct slice name, struct slice *text)
{
	struct folder *folder = context;
	struct text path = text_start(folder->arena);

	text_add(&path, folder->path);
	text_add(&path, name);
	return files_read(folder->arena, text_slice(&path).data, text);
}

static void
add_group(struct folder *folder, struct slice name)
{
	for (size_t i = 0; i < folder->group_count; i++)
		if (slice_equal(folder->groups[i].name, name))
			return;
	if (name.len == 0 || folder->group_count == GROUPS_MAX ||
	    slice_is(name, "theirs"))
		return;
	folder->groups[folder->group_count++] =
	    (struct network_group){name, prefixes, 2};
}

/* What follows each "network " in the text. */
static void
find_groups(struct folder *folder, struct slice text)
{
	static const char word[] = "network ";
	const char *at = text.data, *end = text.data + text.len;

	while (
	    (at = memmem(at, (size_t)(end - at), word, strlen(word))) != NULL) {
		const char *start = at += strlen(word);

		while (at<end && * at> ' ' && *at != ',')
			at++;
		add_group(folder, (struct slice){start, (size_t)(at - start)});
	}
}

static void
find_all_groups(struct folder *folder)
{
	struct text pattern = text_start(folder->arena);
	struct slice text;
	glob_t found;

	text_add(&pattern, folder->path);
	text_add_string(&pattern, "*.[ip][no][cl]*");
	if (glob(text_slice(&pattern).data, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (files_read(folder->arena, found.gl_pathv[i], &text))
				find_groups(folder, text);
	globfree(&found);
}

struct ruleset *
files_load(struct arena *arena, const char *path, struct slice *diagnostics)
{
	const char *name = strrchr(path, '/') + 1;
	struct folder folder = {
	    .arena = arena, .path = {path, (size_t)(name - path)}};
	struct policy_loader loader = {load_beside, &folder};
	struct policy_source source = {slice_from(name), {NULL, 0}};
	struct fail fail = FAIL_INIT;
	struct network_group *groups = arena_take(arena, sizeof(folder.groups));

	need(groups != NULL && files_read(arena, path, &source.text));
	find_all_groups(&folder);
	memcpy(groups, folder.groups, sizeof(folder.groups));
	return policy_load(arena, &source, &loader, groups, folder.group_count,
	    diagnostics, &fail);
}

void
files_each(
    const char *pattern, void (*each)(struct arena *arena, const char *path))
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct arena *arena = arena_create(NULL);

		need(arena != NULL);
		each(arena, found.gl_pathv[i]);
		arena_destroy(arena);
	}
	globfree(&found);
}
