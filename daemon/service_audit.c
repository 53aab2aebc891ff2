/*
 * The keeper's line to the auditor: questions go out, what came of them comes
 * in, and no more.  What should be published stays here.
 */
#include "log.h"
#include "net/wire_stream.h"
#include "service_priv.h"

static bool
received(void *context, struct slice message, int fd)
{
	struct service *service = context;

	(void)fd;
	return engine_audit_told(service->engine, message);
}

static void
gone(void *context)
{
	struct service *service = context;

	wire_stream_destroy(service->auditor);
	service->auditor = NULL;
	engine_audit_lost(service->engine);
}

void
service_meet_auditor(struct service *service, int fd)
{
	const struct wire_stream_options options = {
	    .base = loop_base(service->loop),
	    .received = received,
	    .gone = gone,
	    .context = service};
	struct fail fail = FAIL_INIT;

	if (service->auditor != NULL)
		gone(service);
	service->auditor = wire_stream_create(&options, fd, &fail);
	if (service->auditor != NULL)
		engine_audit_met(service->engine);
	else
		log_fail(LOG_LEVEL_ERROR, "not-connected", &fail);
}

bool
service_audit_ask(void *context, struct slice message)
{
	struct service *service = context;

	return service->auditor != NULL &&
	       wire_stream_send(service->auditor, message);
}
