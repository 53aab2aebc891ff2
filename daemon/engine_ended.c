/*
 * A spool that is older than the ledger: a crash came between the two, or an
 * older file was put in its place.  What the ledger says came to an end does
 * so here too, before anything is sent or approved.
 */
#include "ended.h"
#include "engine_priv.h"

struct settling {
	struct engine *engine;
	struct ended_list *list;
	size_t count;
	struct fail *fail;
};

/*
 * What a channel may have is asked for with it, and ends by what it says; but
 * it leaves by no older decision.
 */
static bool
settle_row(struct settling *settling, const struct spool_row *row)
{
	struct engine *engine = settling->engine;
	struct spool *spool = engine->o.spool;
	enum spool_state state;
	bool anew, ends;

	ends = ended_settles(settling->list, row->entry, &state, &anew);
	if (!ends && !anew)
		return true;
	settling->count++;
	if (anew || row->state == SPOOL_SENDING ||
	    row->state == SPOOL_UNKNOWN) {
		if (!anew && state != SPOOL_SUPERSEDED &&
		    state != SPOOL_REFUSED) {
			settling->count--;
			return true;
		}
		return row->state == SPOOL_HELD ||
		       row->state == SPOOL_APPROVED ||
		       spool_outdate_item(
			   spool, row->id, engine_now(engine), settling->fail);
	}
	if (state == SPOOL_UNKNOWN && row->state != SPOOL_QUEUED)
		return true;
	return spool_set_state(spool, row->id, state, settling->fail);
}

bool
engine_end_items(
    struct engine *engine, struct ended_list *list, struct fail *fail)
{
	struct settling settling = {engine, list, 0, fail};
	struct spool_row rows[SPOOL_PAGE];
	size_t count = SPOOL_PAGE;
	struct fail found = FAIL_INIT;
	int64_t after = 0;
	bool ok = true;

	while (ok && list->count != 0 && count == SPOOL_PAGE) {
		ok =
		    spool_page_open(engine->o.spool, after, rows, &count, fail);
		for (size_t i = 0; ok && i < count; i++) {
			ok = settle_row(&settling, &rows[i]);
			after = rows[i].id;
		}
	}
	if (!ok || settling.count == 0)
		return ok;
	fail_set(&found, FAIL_WORLD,
	    "%zu items of the spool had come to an end by the ledger",
	    settling.count);
	fail_hint(&found, "after a crash that is all; else spool.db is older "
			  "than the ledger, and others than misu wrote there");
	engine_log(engine, "warn", "spool-behind-ledger", &found);
	return true;
}
