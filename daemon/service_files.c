/*
 * Which files the keeper still reaches once it runs: the directories of its
 * state and sockets, those that file channels deliver into, and those that
 * misu.conf, policies, templates and tokens were read from.
 */
#include <unistd.h>

#include "sandbox.h"
#include "service_priv.h"
#include "setup_priv.h"

/* The sanitizers' leak check looks at its own process. */
static const char *const always[] = {"/dev/urandom", "/proc/self", NULL};

struct list {
	struct arena *arena;
	const char **items; /* ended by NULL */
	size_t count, size;
};

static bool
list_start(struct list *list, struct arena *arena, size_t size)
{
	*list = (struct list){.arena = arena, .size = size + 1};
	list->items = arena_take_array(arena, size + 1, sizeof(*list->items));
	return list->items != NULL;
}

static bool
list_add(struct list *list, const char *path)
{
	if (path == NULL || list->count + 1 >= list->size)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], path) == 0)
			return true;
	list->items[list->count++] = path;
	return true;
}

/* The directory that a file is in. */
static bool
list_add_above(struct list *list, const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	size_t len;

	if (path == NULL)
		return false;
	if (slash == NULL)
		return list_add(list, ".");
	len = slash == path ? 1 : (size_t)(slash - path);
	return list_add(
	    list, arena_copy(list->arena, (struct slice){path, len}).data);
}

static bool
add_reads(struct list *list, struct service *service)
{
	const struct setup *setup = service->setup;
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	bool ok = true;

	for (size_t i = 0; always[i] != NULL; i++)
		ok = ok && list_add(list, always[i]);
	if (credentials != NULL)
		ok = ok && list_add(list, credentials);
	if (setup->conf->tokens_file.len != 0)
		ok = ok && list_add_above(list,
		    setup_state_path(setup, setup->conf->tokens_file));
	if (setup->conf->console_tokens.len != 0)
		ok = ok && list_add_above(list,
		    setup_state_path(setup, setup->conf->console_tokens));
	for (struct setup_source *s = setup->sources; s != NULL; s = s->next)
		ok = ok && list_add_above(list, s->path.data);
	return ok;
}

static bool
add_writes(struct list *list, struct service *service)
{
	const struct setup *setup = service->setup;
	const struct conf *conf = setup->conf;
	bool ok = list_add(list, setup->state.data) &&
	    list_add(list, setup->run.data) &&
	    list_add_above(list, setup_state_path(setup, conf->master_key)) &&
	    list_add_above(list, setup_run_path(setup, conf->control_socket));

	if (conf->forgotten_copy.len != 0)
		ok = ok && list_add_above(list,
		    setup_state_path(setup, conf->forgotten_copy));
	if (conf->unix_socket.len != 0)
		ok = ok && list_add_above(list,
		    setup_run_path(setup, conf->unix_socket));
	for (size_t i = 0; i < conf->recipient_count; i++)
		if (conf->recipients[i].channel == CHANNEL_FILE)
			ok = ok && list_add(list,
			    setup_state_path(
				setup, conf->recipients[i].directory));
	return ok;
}

static size_t
source_count(const struct setup *setup)
{
	size_t count = 0;

	for (struct setup_source *s = setup->sources; s != NULL; s = s->next)
		count++;
	return count;
}

bool
service_keep_to_files(struct service *service, struct fail *fail)
{
	struct arena *arena = service->setup->arena;
	struct list reads, writes;
	struct sandbox_paths paths;

	if (!list_start(&reads, arena, source_count(service->setup) + 8) ||
	    !list_start(&writes, arena,
		service->setup->conf->recipient_count + 8) ||
	    !add_reads(&reads, service) || !add_writes(&writes, service))
		return fail_memory(fail);
	paths = (struct sandbox_paths){reads.items, writes.items};
	return sandbox_files(&paths, &service->has_landlock, fail);
}
