/* What misuctl asks about forgetting: the subject, a line end, the reason. */
#include "service_priv.h"

void
service_forget(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	const char *end = ask->text.len == 0
			      ? NULL
			      : memchr(ask->text.data, '\n', ask->text.len);
	struct engine_forget_ask asked = {
	    .actor = ask->actor, .now = ask->id == 1};

	if (end == NULL || end == ask->text.data) {
		control_answer(
		    request, 400, SLICE("{\"title\":\"a subject is needed\"}"));
		return;
	}
	asked.subject =
	    (struct slice){ask->text.data, (size_t)(end - ask->text.data)};
	asked.reason =
	    (struct slice){end + 1, ask->text.len - asked.subject.len - 1};
	engine_forget_by_two(service->engine, &asked, control_answer, request);
}
