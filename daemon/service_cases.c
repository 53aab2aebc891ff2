/* Stops, requests and approvals: one small database of the keeper's. */
#include "service_priv.h"

bool
service_open_cases(struct service *service, const char *path, struct fail *fail)
{
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
