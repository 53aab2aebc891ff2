#include "registry/registry_priv.h"

/* How long a losing client may think before the registry would answer. */
#define TRANSFER_SECONDS (5 * 24 * 3600)

static bool
is_pending(const struct object *object)
{
	const char *status = stored_get(object, "transfer.status");

	return status != NULL && strcmp(status, "pending") == 0;
}

/* <trnData>, as an answer and as a poll message's data. */
static void
give(struct bytes *out, const struct object *object)
{
	static const char *const keys[] = {"reID", "reDate", "acID", "acDate"};
	const char *prefix = registry_kind_names[object->kind];
	char key[32];
	size_t i;

	bytes_add_format(out, "<%s:trnData xmlns:%s=\"%s\">", prefix, prefix,
	    registry_kind_uris[object->kind]);
	common_element(out, prefix, object->kind == KIND_DOMAIN ? "name" : "id",
	    object->name);
	common_element(
	    out, prefix, "trStatus", stored_get(object, "transfer.status"));
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		(void)snprintf(key, sizeof(key), "transfer.%s", keys[i]);
		common_element(out, prefix, keys[i], stored_get(object, key));
	}
	bytes_add_format(out, "</%s:trnData>", prefix);
}

/* Tell a client by its poll queue. */
static void
tell(struct request *request, const struct object *object, const char *client,
    const char *text)
{
	struct bytes data = {NULL, 0, 0};

	give(&data, object);
	bytes_add(&data, "", 1);
	registry_message(request->registry, client, text, data.data);
	bytes_finish(&data);
}

static void
end(struct request *request, struct object *object, const char *status)
{
	struct registry *registry = request->registry;
	char *winner = registry_copy(stored_get(object, "transfer.reID"));
	char date[DATE_SIZE];

	registry_date(registry->now, date);
	stored_set(registry, object, "transfer.status", status);
	stored_set(registry, object, "transfer.acDate", date);
	if (strstr(status, "Approved") != NULL) {
		stored_set(registry, object, "clID", winner);
		stored_set(registry, object, "trDate", date);
	}
	free(winner);
}

static int
request_transfer(struct request *request, struct object *object)
{
	struct registry *registry = request->registry;
	char now[DATE_SIZE], then[DATE_SIZE];
	int code = common_authorised(request, object);

	if (common_mine(request, object))
		return 2106;
	if (is_pending(object))
		return 2300;
	if (code != 1000)
		return code == 0 ? 2003 : code;
	if (stored_has(object, "status", "clientTransferProhibited") ||
	    stored_has(object, "status", "serverTransferProhibited"))
		return 2304;
	registry_date(registry->now, now);
	registry_date(registry->now + TRANSFER_SECONDS, then);
	stored_set(registry, object, "transfer.status", "pending");
	stored_set(registry, object, "transfer.reID", request->session->client);
	stored_set(registry, object, "transfer.reDate", now);
	stored_set(
	    registry, object, "transfer.acID", stored_get(object, "clID"));
	stored_set(registry, object, "transfer.acDate", then);
	tell(request, object, stored_get(object, "transfer.acID"),
	    "Transfer requested.");
	if (!registry->transfer_immediate)
		return 1001;
	end(request, object, "serverApproved");
	tell(request, object, stored_get(object, "transfer.reID"),
	    "Transfer approved.");
	return 1000;
}

/* Approve, reject or cancel what is pending. */
static int
decide(struct request *request, struct object *object, const char *op)
{
	bool cancel = strcmp(op, "cancel") == 0;
	const char *decider;

	if (!is_pending(object))
		return 2301;
	decider =
	    stored_get(object, cancel ? "transfer.reID" : "transfer.acID");
	if (strcmp(decider, request->session->client) != 0)
		return 2201;
	if (cancel)
		end(request, object, "clientCancelled");
	else if (strcmp(op, "approve") == 0)
		end(request, object, "clientApproved");
	else
		end(request, object, "clientRejected");
	tell(request, object,
	    stored_get(object, cancel ? "transfer.acID" : "transfer.reID"),
	    cancel ? "Transfer cancelled." : "Transfer decided.");
	return 1000;
}

int
registry_transfer(struct request *request, struct object *object)
{
	const char *op = dom_attribute(request, request->verb, "op");
	int code;

	if (object == NULL)
		return 2303;
	if (op == NULL)
		return 2001;
	if (strcmp(op, "request") == 0)
		code = request_transfer(request, object);
	else if (strcmp(op, "query") == 0)
		code =
		    stored_get(object, "transfer.status") == NULL ? 2301 : 1000;
	else
		code = decide(request, object, op);
	if (code < 2000) {
		common_extensions(request, object);
		give(&request->data, object);
	}
	return code;
}
