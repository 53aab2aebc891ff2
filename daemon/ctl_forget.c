/* misuctl forget: a subject's keys and records, at the running misu. */
#include "base/text.h"
#include "ctl.h"

static int
say(const char *subject, const struct json_node *node)
{
	const char *state = ctl_string(node, "state");

	if (strcmp(state, "done") == 0) {
		printf("%s is forgotten\n", subject);
		return CTL_OK;
	}
	if (strcmp(state, "approved-once") == 0) {
		printf("%s is forgotten when another operator asks for it"
		       " too\n",
		    subject);
		return CTL_OK;
	}
	if (strcmp(state, "waiting") == 0) {
		fputs("records of provision are kept until ", stdout);
		ctl_print_time(ctl_integer(node, "until"));
		printf(": %s is forgotten then, nothing more is to be done\n",
		    subject);
		return CTL_REFUSED;
	}
	printf("misu stopped: it goes on with it at its next start\n");
	return CTL_OK;
}

static int
ask(struct ctl *ctl, const char *subject, const char *reason, bool now)
{
	struct text text = text_start(ctl->arena);
	struct fail fail = FAIL_INIT;
	const struct json_node *node;
	struct slice body;
	int status;

	text_add_format(&text, "%s\n%s", subject, reason);
	if (text_slice(&text).data == NULL)
		return CTL_TROUBLE;
	if (!ctl_ask(ctl, "forget", now ? 1 : 0, text_slice(&text).data,
		&status, &body))
		return CTL_TROUBLE;
	if (status >= 300)
		return ctl_problem(ctl, status, body);
	node = json_parse(ctl->arena, body, &fail);
	return node != NULL ? say(subject, node) : ctl_fail(&fail);
}

static int
run_forget(struct ctl *ctl, int argc, char **argv)
{
	const char *subject = NULL, *reason = NULL;
	bool now = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--reason") == 0 && i + 1 < argc)
			reason = argv[++i];
		else if (strcmp(argv[i], "--now") == 0)
			now = true;
		else if (subject == NULL && argv[i][0] != '-')
			subject = argv[i];
		else
			return ctl_usage(&ctl_forget);
	}
	if (subject == NULL || reason == NULL || *subject == '\0' ||
	    strchr(subject, '\n') != NULL)
		return ctl_usage(&ctl_forget);
	return ask(ctl, subject, reason, now);
}

const struct ctl_command ctl_forget = {
    .name = "forget",
    .usage = "SUBJECT --reason TEXT [--now]",
    .summary = "destroy a subject's key and all that is kept under it",
    .help = "What waits for the subject is not sent.  While records of\n"
	    "provision must be kept (`keep records` in misu.conf) it waits\n"
	    "and goes on by itself; --now is for where `forget now` lets it.\n"
	    "The reason stands in the log: name nobody in it.",
    .run = run_forget,
};
