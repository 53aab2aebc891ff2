/*
 * Can submissions be taken?  What the last one that could not be written failed
 * of is kept until a write succeeds.
 */
#include "engine_priv.h"

void
engine_spool_failed(struct engine *engine, const struct fail *fail)
{
	if (!engine->spool_trouble)
		engine_log(engine, "error", "spool-failed", fail);
	engine->spool_trouble = true;
	engine_write_failed(engine, fail);
}

void
engine_spool_works(struct engine *engine)
{
	if (engine->spool_trouble)
		engine_log(engine, "info", "spool-works", NULL);
	engine->spool_trouble = false;
	engine->trouble.kind = FAIL_NONE;
}

void
engine_write_failed(struct engine *engine, const struct fail *fail)
{
	if (fail != NULL && fail->kind == FAIL_WORLD)
		engine->trouble = *fail;
}

const struct fail *
engine_trouble(const struct engine *engine)
{
	return engine->trouble.kind != FAIL_NONE ? &engine->trouble : NULL;
}

void
engine_try_write(struct engine *engine)
{
	struct spool *spool = engine->o.spool;
	struct fail fail = FAIL_INIT;

	if (spool_set_mark(spool, spool_mark(spool), &fail))
		engine_spool_works(engine);
	else
		engine_spool_failed(engine, &fail);
}
