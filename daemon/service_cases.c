/* Stops, requests and approvals: one small database of the keeper's. */
#include "core/canon.h"
#include "service_priv.h"

bool
service_open_cases(struct service *service, const char *path, struct fail *fail)
{
	service->cases_path = path;
	service->cases_db = sqlite_open(path, "", 1, fail);
	if (service->cases_db == NULL)
		return false;
	service->stops =
	    stops_open(service->cases_db, service->keys, &random_system, fail);
	if (service->stops == NULL)
		return false;
	service->approvals = approvals_open(service->cases_db, fail);
	if (service->approvals == NULL)
		return false;
	service->cases =
	    cases_open(service->cases_db, service->keys, &random_system, fail);
	if (service->cases == NULL)
		return false;
	service->grants = grants_open(
	    service->cases_db, service->keys, &random_system, fail);
	return service->grants != NULL;
}

void
service_close_cases(struct service *service)
{
	grants_close(service->grants);
	cases_close(service->cases);
	approvals_close(service->approvals);
	stops_close(service->stops);
	sqlite_close(service->cases_db);
}

bool
service_forget_more(void *context, uint32_t slot,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail)
{
	struct service *service = context;

	(void)slot;
	/* The index is at it in its own thread, and this is called again. */
	return service_index_forget(service, pseudonym, fail) &&
	       stops_forget(service->stops, pseudonym, fail) &&
	       cases_forget(service->cases, pseudonym, fail) &&
	       sqlite_scrub(service->cases_db, fail);
}

/* --- an older file --- */

/* The number in "case/7" or "provision/7/stopped"; 0: there is none. */
static int64_t
number_of(struct slice request, struct slice prefix)
{
	int64_t number = 0;

	if (request.len <= prefix.len ||
	    memcmp(request.data, prefix.data, prefix.len) != 0)
		return 0;
	for (size_t i = prefix.len; i < request.len && i < prefix.len + 18; i++) {
		if (request.data[i] < '0' || request.data[i] > '9')
			break;
		number = 10 * number + (request.data[i] - '0');
	}
	return number;
}

static bool
refuse_older(
    const struct service *service, uint64_t entry, struct fail *fail)
{
	fail_set(fail, FAIL_WORLD,
	    "older than the ledger: it knows nothing of what entry %llu says",
	    (unsigned long long)entry);
	fail_place(fail, "%s", service->cases_path);
	fail_hint(fail,
	    "a stop, a request or the end of one would be undone: put the last "
	    "cases.db back, or restore all from one backup; nothing was "
	    "changed");
	return false;
}

static bool
check_entry(const struct service *service, const struct cases_seen *seen,
    uint64_t index, struct arena *arena, struct fail *fail)
{
	struct slice entry, type, request;

	arena_reset(arena);
	if (!ledger_read(service->ledger, index, arena, &entry, fail))
		return false;
	if (!canon_get_string(entry, "type", arena, &type) ||
	    (!slice_is(type, "case") && !slice_is(type, "provision")) ||
	    !canon_get_string(entry, "request", arena, &request))
		return true;
	return (number_of(request, SLICE("case/")) <= seen->step &&
		   number_of(request, SLICE("provision/")) <= seen->stop) ||
	       refuse_older(service, index, fail);
}

bool
service_check_cases(
    struct service *service, bool is_restored, struct fail *fail)
{
	uint64_t size = ledger_size(service->ledger);
	uint64_t at = ledger_minimum(service->ledger);
	struct arena *arena = arena_create(NULL);
	struct cases_seen seen;
	bool ok = (arena != NULL || fail_memory(fail)) &&
		  cases_seen(service->cases, &seen, fail);

	/* What a restore cannot bring back it said (misuctl restore). */
	if (ok && (is_restored || seen.entry < 0))
		at = size;
	else if (ok && (uint64_t)seen.entry > at)
		at = (uint64_t)seen.entry;
	for (; ok && at < size; at++)
		ok = check_entry(service, &seen, at, arena, fail);
	arena_destroy(arena);
	return ok && ((uint64_t)seen.entry == size ||
			 cases_set_seen(service->cases, size, fail));
}
