/* STUB, replaced by part F: it gives workers their setup. */
#include "keeper.h"

#include <stdlib.h>

enum { WORKERS = 64 };

struct keeper_worker {
	struct keeper *keeper;
	bool (*send)(void *context, struct slice message);
	void *context;
};

struct keeper {
	struct keeper_worker *workers[WORKERS];
	char *message;
	size_t len;
};

struct keeper *
keeper_create(const struct keeper_options *options, struct fail *fail)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));

	(void)options;
	if (keeper == NULL)
		fail_memory(fail);
	return keeper;
}

void
keeper_destroy(struct keeper *keeper)
{
	if (keeper == NULL)
		return;
	free(keeper->message);
	free(keeper);
}

static void
give(struct keeper_worker *worker)
{
	const struct keeper *keeper = worker->keeper;

	worker->send(worker->context,
	    (struct slice){keeper->message, keeper->len});
}

bool
keeper_set_policy(struct keeper *keeper, const struct ruleset *ruleset,
    const struct conf *conf, struct slice bundle, struct fail *fail)
{
	(void)ruleset;
	(void)conf;
	free(keeper->message);
	keeper->len = 0;
	keeper->message = malloc(bundle.len + 1);
	if (keeper->message == NULL)
		return fail_memory(fail);
	keeper->message[0] = 'B';
	memcpy(keeper->message + 1, bundle.data, bundle.len);
	keeper->len = bundle.len + 1;
	for (size_t i = 0; i < WORKERS; i++)
		if (keeper->workers[i] != NULL)
			give(keeper->workers[i]);
	return true;
}

struct keeper_worker *
keeper_join(struct keeper *keeper,
    bool (*send)(void *context, struct slice message), void *context)
{
	struct keeper_worker *worker = calloc(1, sizeof(*worker));
	size_t i = 0;

	while (i < WORKERS && keeper->workers[i] != NULL)
		i++;
	if (worker == NULL || i == WORKERS) {
		free(worker);
		return NULL;
	}
	*worker = (struct keeper_worker){keeper, send, context};
	keeper->workers[i] = worker;
	give(worker);
	return worker;
}

void
keeper_leave(struct keeper_worker *worker)
{
	struct keeper *keeper = worker->keeper;

	for (size_t i = 0; i < WORKERS; i++)
		if (keeper->workers[i] == worker)
			keeper->workers[i] = NULL;
	free(worker);
}

bool
keeper_receive(struct keeper_worker *worker, struct slice message)
{
	(void)worker;
	(void)message;
	return false;
}
