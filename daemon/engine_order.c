/* Verbs of operators whose arguments are one text of JSON: a table. */
#include "engine_order.h"

static const struct {
	const char *verb;
	engine_order *order;
} orders[] = {
    {"provision-stop", engine_provision_stop},
    {"provision-resume", engine_provision_resume},
    {"provision-list", engine_provision_list},
    {"resubmit", engine_resubmit},
    {"request-open", engine_request_open},
    {"request-list", engine_request_list},
    {"request-show", engine_request_show},
    {"request-verify", engine_request_verify},
    {"request-note", engine_request_note},
    {"request-fee", engine_request_fee},
    {"request-give", engine_request_give},
    {"request-grant", engine_request_grant},
    {"request-revoke", engine_request_revoke},
    {"request-close", engine_request_close},
    {"audit-start", engine_audit_start},
    {"audit-status", engine_audit_status},
    {"audit-stop", engine_audit_end},
    {"view-rebuild", engine_view_rebuild},
    {"view-status", engine_view_status},
};

engine_order *
engine_order_find(struct slice verb)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (slice_is(verb, orders[i].verb))
			return orders[i].order;
	return NULL;
}
