/* The index beside the keeper: its thread, and what operators ask of it. */
#include "base/text.h"
#include "indexer.h"
#include "log.h"
#include "proc.h"
#include "service_priv.h"

bool
service_open_index(struct service *service, struct fail *fail)
{
	const struct indexer_options options = {.loop = service->loop,
	    .keys = service->keys,
	    .directory = setup_state_path(service->setup, SLICE("ledger")),
	    .path = setup_state_path(service->setup, SLICE("index/index.db")),
	    .log = log_engine};
	const char *directory;

	directory = setup_state_path(service->setup, SLICE("index"));
	if (options.directory == NULL || options.path == NULL ||
	    directory == NULL)
		return fail_memory(fail);
	if (!proc_make_directory(directory, fail))
		return false;
	service->indexer = indexer_create(&options, fail);
	if (service->indexer == NULL)
		return false;
	service_index_tick(service);
	return true;
}

static void
pruned(void *arg, const struct fail *fail)
{
	(void)arg;
	if (fail != NULL)
		log_fail(LOG_LEVEL_WARN, "index-not-pruned", fail);
}

void
service_index_tick(struct service *service)
{
	uint64_t minimum = ledger_minimum(service->ledger);

	indexer_nudge(service->indexer, ledger_bundled(service->ledger));
	if (minimum == service->index_minimum)
		return;
	service->index_minimum = minimum;
	indexer_prune(service->indexer, minimum, pruned, service);
}

/* --- forgetting --- */

static void
forgotten(void *arg, const struct fail *fail)
{
	struct service *service = arg;

	service->forgetting.is_done = true;
	if (fail != NULL)
		service->forgetting.fail = *fail;
}

bool
service_index_forget(struct service *service,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail)
{
	struct index_forgetting *forgetting = &service->forgetting;
	char hex[2 * PSEUDONYM_SIZE + 1];

	for (size_t i = 0; i < PSEUDONYM_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", pseudonym[i]);
	if (strcmp(forgetting->pseudonym, hex) != 0) {
		*forgetting = (struct index_forgetting){.is_done = false};
		memcpy(forgetting->pseudonym, hex, sizeof(hex));
		indexer_forget(service->indexer,
		    slice_from(forgetting->pseudonym), forgotten, service);
	}
	if (!forgetting->is_done)
		return false;
	forgetting->pseudonym[0] = '\0';
	if (forgetting->fail.kind != FAIL_NONE)
		*fail = forgetting->fail;
	return fail->kind == FAIL_NONE;
}

/* --- operators --- */

static void
answer_progress(struct service *service, struct control_request *request)
{
	char body[96];
	int len =
	    snprintf(body, sizeof(body), "{\"indexed\":%llu,\"entries\":%llu}",
		(unsigned long long)indexer_done(service->indexer),
		(unsigned long long)ledger_bundled(service->ledger));

	control_answer(request, 200, (struct slice){body, (size_t)len});
}

void
service_index_status(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	(void)ask;
	answer_progress(service, request);
}

struct asked {
	struct service *service;
	struct control_request *request;
};

static void
begun(void *arg, const struct fail *fail)
{
	struct asked *asked = arg;

	if (fail == NULL)
		answer_progress(asked->service, asked->request);
	else
		service_problem(asked->request, 503, fail);
	free(asked);
}

void
service_reindex(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	(void)ask;
	if (asked == NULL) {
		control_answer(request, 503, SLICE("{}"));
		return;
	}
	*asked = (struct asked){service, request};
	indexer_rebuild(service->indexer, begun, asked);
}
