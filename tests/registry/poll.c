#include "registry/registry_priv.h"

void
registry_message(struct registry *registry, const char *client,
    const char *text, const char *data)
{
	struct message *message = calloc(1, sizeof(*message));
	struct message **at = &registry->messages;

	if (message == NULL)
		abort();
	message->id = ++registry->messages_made;
	message->client = client == NULL ? NULL : registry_copy(client);
	message->text = registry_copy(text);
	message->data = data == NULL ? NULL : registry_copy(data);
	message->time = registry->now;
	while (*at != NULL)
		at = &(*at)->next;
	*at = message;
}

static bool
is_for(const struct message *message, const char *client)
{
	return message->client == NULL || strcmp(message->client, client) == 0;
}

/* The first message of the client's, and how many it has. */
static struct message **
first_of(struct request *request, unsigned long *count)
{
	struct message **first = NULL, **at;

	*count = 0;
	for (at = &request->registry->messages; *at != NULL;
	     at = &(*at)->next) {
		if (!is_for(*at, request->session->client))
			continue;
		if (first == NULL)
			first = at;
		(*count)++;
	}
	return first;
}

static int
ask(struct request *request)
{
	unsigned long count;
	struct message **first = first_of(request, &count);
	char date[DATE_SIZE];

	if (first == NULL)
		return 1300;
	registry_date((*first)->time, date);
	bytes_add_format(&request->queue,
	    "<msgQ count=\"%lu\" id=\"%lu\"><qDate>%s</qDate><msg>", count,
	    (*first)->id, date);
	bytes_add_xml(&request->queue, (*first)->text);
	bytes_add_string(&request->queue, "</msg></msgQ>");
	if ((*first)->data != NULL)
		bytes_add_string(&request->data, (*first)->data);
	return 1301;
}

static int
acknowledge(struct request *request)
{
	const char *id = dom_attribute(request, request->verb, "msgID");
	unsigned long count;
	struct message **first = first_of(request, &count), *message;
	char number[32];

	if (id == NULL)
		return 2003;
	if (first == NULL)
		return 2303;
	message = *first;
	(void)snprintf(number, sizeof(number), "%lu", message->id);
	if (strcmp(number, id) != 0)
		return 2303;
	*first = message->next;
	free(message->client);
	free(message->text);
	free(message->data);
	free(message);
	first = first_of(request, &count);
	bytes_add_format(
	    &request->queue, "<msgQ count=\"%lu\" id=\"%s\"/>", count, number);
	return 1000;
}

int
registry_poll(struct request *request)
{
	const char *op = dom_attribute(request, request->verb, "op");

	if (op == NULL)
		return 2003;
	if (strcmp(op, "req") == 0)
		return ask(request);
	return strcmp(op, "ack") == 0 ? acknowledge(request) : 2001;
}
