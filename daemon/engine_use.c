/* Which confs are in use still (struct conf_use). */
#include "engine_priv.h"

bool
engine_uses(const struct engine *engine, const struct conf *conf)
{
	const struct conf_use *use = engine->uses;

	while (use != NULL && use->conf != conf)
		use = use->next;
	return use != NULL || engine->conf == conf;
}

void
engine_use_conf(struct engine *engine, struct conf_use *use)
{
	engine_leave_conf(use);
	use->conf = engine->conf;
	use->next = engine->uses;
	use->at = &engine->uses;
	if (use->next != NULL)
		use->next->at = &use->next;
	engine->uses = use;
}

void
engine_leave_conf(struct conf_use *use)
{
	if (use->at == NULL)
		return;
	*use->at = use->next;
	if (use->next != NULL)
		use->next->at = use->at;
	use->at = NULL;
}
