/* The list of what was forgotten, and its copy elsewhere. */
#include "engine_priv.h"
#include "store/forgotten.h"

enum { PATH_SIZE = 1024 };

static struct forgotten_list
list_of(const struct engine_options *o, const struct conf *conf,
    char path[PATH_SIZE])
{
	const struct slice copy = conf->forgotten_copy;
	bool absolute = copy.len != 0 && copy.data[0] == '/';

	snprintf(path, PATH_SIZE, "%.*s%s%.*s",
	    absolute ? 0 : (int)conf->state.len, conf->state.data,
	    absolute ? "" : "/", SLICE_ARG(copy));
	return (struct forgotten_list){.disk = o->disk,
	    .path = o->forgotten_path,
	    .copy = copy.len != 0 ? path : NULL,
	    .origin = ledger_origin(o->ledger),
	    .keys = o->keys};
}

bool
engine_forget_list(struct engine *engine, uint32_t slot, struct fail *fail)
{
	char path[PATH_SIZE];
	const struct forgotten_list list =
	    list_of(&engine->o, engine->conf, path);

	return list.path == NULL ||
	       forgotten_add(&list, slot, engine_now(engine), fail);
}

bool
engine_forget_check(const struct engine_options *options,
    const struct conf *conf, struct fail *fail)
{
	char path[PATH_SIZE];
	const struct forgotten_list list = list_of(options, conf, path);

	return list.path == NULL || list.copy == NULL ||
	       forgotten_settle(&list, fail);
}
