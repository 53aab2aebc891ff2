/* GET /metrics: the engine's counters, and those of what is around it. */
#include "base/text.h"
#include "indexer.h"
#include "keeper.h"
#include "service_priv.h"
#include "version.h"

static void
add_build(struct text *text, const struct service *service)
{
	text_add_string(text, "# TYPE misu_build_info gauge\n");
	text_add_format(text, "misu_build_info{version=\"%s\"} 1\n",
	    MISU_VERSION);
	text_add_string(text, "# TYPE misu_policy_info gauge\n"
			      "misu_policy_info{policy=");
	text_add_json(text, ruleset_name(service->ruleset));
	text_add_format(text, ",revision=\"%u\",identity=\"",
	    ruleset_revision(service->ruleset));
	text_add_hex(
	    text, ruleset_identity(service->ruleset)->bytes, DIGEST_SIZE);
	text_add_string(text, "\"} 1\n");
}

static void
add_service(struct text *text, const struct service *service)
{
	text_add_format(text,
	    "# TYPE misu_reloads_total counter\n"
	    "misu_reloads_total{result=\"taken\"} %llu\n"
	    "misu_reloads_total{result=\"refused\"} %llu\n"
	    "# TYPE misu_start_time_seconds gauge\n"
	    "misu_start_time_seconds %lld\n",
	    (unsigned long long)service->reloads,
	    (unsigned long long)service->reloads_failed,
	    (long long)service->started / 1000);
}

struct slice
service_metrics(void *context, struct arena *arena)
{
	struct service *service = context;
	struct text text = text_start(arena);

	add_build(&text, service);
	add_service(&text, service);
	text_add(&text,
	    intake_http_metrics(
		service->intakes, service->intake_count, arena));
	text_add(&text, engine_metrics(service->engine, arena));
	service_disk_metrics(service, &text);
	keeper_add_metrics(service->keeper, &text);
	engine_request_metrics(service->engine, &text);
	engine_audit_metrics(service->engine, &text);
	engine_tier_metrics(service->engine, &text);
	if (conf_publishes(service->setup->conf))
		tally_metrics(&text, &service->tally);
	text_add_format(&text,
	    "# TYPE misu_index_entries gauge\n"
	    "misu_index_entries %llu\n"
	    "# TYPE misu_index_behind gauge\n"
	    "misu_index_behind %llu\n",
	    (unsigned long long)indexer_done(service->indexer),
	    (unsigned long long)(ledger_size(service->ledger) -
		indexer_done(service->indexer)));
	return text_slice(&text);
}
