/* Verbs that a running misu answers: status, reload, stop, holds, the desk. */
#include "ctl.h"

/* A verb without arguments whose success needs one line, or none. */
static int
ask_simply(struct ctl *ctl, const struct ctl_command *command, int argc,
    const char *verb, const char *done)
{
	struct slice body;
	int status;

	if (argc != 1)
		return ctl_usage(command);
	if (!ctl_ask(ctl, verb, 0, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	puts(done);
	return CTL_OK;
}

static int
run_reload(struct ctl *ctl, int argc, char **argv)
{
	struct slice body;
	int status;

	(void)argv;
	if (argc != 1)
		return ctl_usage(&ctl_reload);
	if (!ctl_ask(ctl, "reload", 0, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	puts("reloaded");
	if (memmem(body.data, body.len, "\"restart\":true", 14) != NULL)
		puts("some of what was changed counts after a restart only:"
		     " directories, keys,\nsockets, audit bootstrap and"
		     " authority");
	return CTL_OK;
}

static int
run_stop(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return ask_simply(ctl, &ctl_stop, argc, "stop", "stopping");
}

/* What a witness signed last, and how many entries came since. */
static void
print_witness(const struct json_node *witness, int64_t entries)
{
	int64_t signed_entries = ctl_integer(witness, "entries");

	printf("witness   %s: ", ctl_string(witness, "name"));
	if (signed_entries == 0) {
		puts("has signed nothing yet");
		return;
	}
	printf("%lld entries, %lld behind, at ", (long long)signed_entries,
	    (long long)(entries - signed_entries));
	ctl_print_time(ctl_integer(witness, "time") * 1000);
	putchar('\n');
}

static void
print_status(const struct json_node *node)
{
	const struct json_node *witnesses = json_find(node, "witnesses");
	const struct json_node *spool = json_find(node, "spool");

	printf("policy    %s revision %lld\n", ctl_string(node, "policy"),
	    (long long)ctl_integer(node, "revision"));
	printf("identity  %s\n", ctl_string(node, "identity"));
	printf("uptime    %llds\n", (long long)ctl_integer(node, "uptime"));
	printf("ledger    %lld entries, %s\n",
	    (long long)ctl_integer(node, "entries"),
	    ctl_string(node, "ledger"));
	if (strcmp(ctl_string(node, "submissions"), "taken") != 0)
		printf("refused   submissions: %s\n",
		    ctl_string(node, "submissions"));
	for (size_t i = 0; spool != NULL && i < spool->count; i++)
		if (spool->items[i].integer != 0)
			printf("spool     %lld %.*s\n",
			    (long long)spool->items[i].integer,
			    SLICE_ARG(spool->items[i].name));
	for (size_t i = 0; witnesses != NULL && i < witnesses->count; i++)
		print_witness(
		    &witnesses->items[i], ctl_integer(node, "entries"));
}

static int
run_status(struct ctl *ctl, int argc, char **argv)
{
	bool raw = argc == 2 && strcmp(argv[1], "--json") == 0;
	struct fail fail = FAIL_INIT;
	const struct json_node *node;
	struct slice body;
	int status;

	if (argc != 1 && !raw)
		return ctl_usage(&ctl_status);
	if (!ctl_ask(ctl, "status", 0, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	node = json_parse(ctl->arena, body, &fail);
	if (raw)
		printf("%.*s\n", SLICE_ARG(body));
	else if (node != NULL)
		print_status(node);
	return node != NULL ? CTL_OK : ctl_fail(&fail);
}

static void
print_item(const struct json_node *item)
{
	printf("%-6lld ", (long long)ctl_integer(item, "id"));
	ctl_print_time(ctl_integer(item, "created"));
	printf("  %-20s %-5s %-8s %-11s entry %lld",
	    ctl_string(item, "recipient"), ctl_string(item, "purpose"),
	    ctl_string(item, "operation"), ctl_string(item, "object_type"),
	    (long long)ctl_integer(item, "entry"));
	if (ctl_integer(item, "rule") != 0)
		printf("  rule %lld", (long long)ctl_integer(item, "rule"));
	if (*ctl_string(item, "case") != '\0')
		printf("  request %s", ctl_string(item, "case"));
	if (*ctl_string(item, "approved_by") != '\0')
		printf("  approved by %s, wants another",
		    ctl_string(item, "approved_by"));
	putchar('\n');
}

static int
list(struct ctl *ctl, const struct ctl_command *command, int argc,
    char **argv, const char *verb)
{
	bool raw = argc == 2 && strcmp(argv[1], "--json") == 0;
	struct fail fail = FAIL_INIT;
	const struct json_node *node;
	struct slice body;
	int status;

	if (argc != 1 && !raw)
		return ctl_usage(command);
	if (!ctl_ask(ctl, verb, 0, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	if (raw) {
		printf("%.*s\n", SLICE_ARG(body));
		return CTL_OK;
	}
	node = json_parse(ctl->arena, body, &fail);
	if (node == NULL)
		return ctl_fail(&fail);
	for (size_t i = 0; i < node->count; i++)
		print_item(&node->items[i]);
	return CTL_OK;
}

static int
run_hold_list(struct ctl *ctl, int argc, char **argv)
{
	return list(ctl, &ctl_hold_list, argc, argv, "hold-list");
}

static int
run_desk_list(struct ctl *ctl, int argc, char **argv)
{
	return list(ctl, &ctl_desk_list, argc, argv, "desk-list");
}

/* What an operator reads stands in "text"; without it, the JSON as it is. */
static void
print_shown(struct ctl *ctl, struct slice body)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node = json_parse(ctl->arena, body, &fail);
	const char *text = node != NULL && node->kind == JSON_KIND_OBJECT
	    ? ctl_string(node, "text")
	    : "";

	if (*text == '\0')
		printf("%.*s\n", SLICE_ARG(body));
	else
		fputs(text, stdout);
}

static int
show(struct ctl *ctl, const struct ctl_command *command, int argc,
    char **argv, const char *verb)
{
	struct slice body;
	int64_t id;
	int status;

	if (argc != 2 || !ctl_number(argv[1], &id))
		return ctl_usage(command);
	if (!ctl_ask(ctl, verb, id, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	print_shown(ctl, body);
	return CTL_OK;
}

static int
run_hold_show(struct ctl *ctl, int argc, char **argv)
{
	return show(ctl, &ctl_hold_show, argc, argv, "hold-show");
}

static int
run_desk_show(struct ctl *ctl, int argc, char **argv)
{
	return show(ctl, &ctl_desk_show, argc, argv, "desk-show");
}

/* "14 approved, item 31 goes out" */
static void
print_decided(struct ctl *ctl, int64_t id, struct slice body)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node = json_parse(ctl->arena, body, &fail);
	int64_t item = 0;

	if (node != NULL)
		item = ctl_integer(node, "item");
	printf("%lld %s", (long long)id,
	    node != NULL ? ctl_string(node, "state") : "done");
	if (item != 0)
		printf(", item %lld goes out", (long long)item);
	if (node != NULL && json_find(node, "waits") != NULL)
		printf(", passes when it is sent again");
	putchar('\n');
}

/* Do something to each of some items; the words after -m are the reason. */
static int
decide(struct ctl *ctl, const struct ctl_command *command, int argc,
    char **argv, const char *verb)
{
	const char *text = NULL;
	int result = CTL_OK, count = 0;

	for (int i = 1; i < argc; i++) {
		struct slice body;
		int64_t id;
		int status;

		if (strcmp(argv[i], "-m") == 0 && i + 1 < argc) {
			text = argv[++i];
			continue;
		}
		if (!ctl_number(argv[i], &id))
			return ctl_usage(command);
		count++;
		if (!ctl_ask(ctl, verb, id, text, &status, &body))
			return CTL_TROUBLE;
		if (status >= 300)
			result = ctl_problem(ctl, status, body);
		else
			print_decided(ctl, id, body);
	}
	return count == 0 ? ctl_usage(command) : result;
}

static int
run_hold_approve(struct ctl *ctl, int argc, char **argv)
{
	return decide(ctl, &ctl_hold_approve, argc, argv, "hold-approve");
}

static int
run_hold_refuse(struct ctl *ctl, int argc, char **argv)
{
	return decide(ctl, &ctl_hold_refuse, argc, argv, "hold-refuse");
}

static int
run_desk_done(struct ctl *ctl, int argc, char **argv)
{
	return decide(ctl, &ctl_desk_done, argc, argv, "desk-done");
}

const struct ctl_command ctl_status = {
    .name = "status",
    .usage = "[--json]",
    .summary = "what misu is doing: policy in force, ledger, spool",
    .run = run_status,
};

const struct ctl_command ctl_reload = {
    .name = "reload",
    .usage = "",
    .summary = "read misu.conf and the policies again",
    .help = "Only a set without errors takes the place of the one in force.",
    .run = run_reload,
};

const struct ctl_command ctl_stop = {
    .name = "stop",
    .usage = "",
    .summary = "finish what is under way, then stop",
    .run = run_stop,
};

const struct ctl_command ctl_hold_list = {
    .name = "hold list",
    .usage = "[--json]",
    .summary = "records that wait for an operator's approval",
    .run = run_hold_list,
};

const struct ctl_command ctl_hold_show = {
    .name = "hold show",
    .usage = "ID",
    .summary = "one of them: which rule holds it, and why",
    .run = run_hold_show,
};

const struct ctl_command ctl_hold_approve = {
    .name = "hold approve",
    .usage = "[-m REASON] ID ...",
    .summary = "let it pass; an entry in the ledger says who did",
    .run = run_hold_approve,
};

const struct ctl_command ctl_hold_refuse = {
    .name = "hold refuse",
    .usage = "[-m REASON] ID ...",
    .summary = "do not let it pass; an entry says who decided",
    .run = run_hold_refuse,
};

const struct ctl_command ctl_desk_list = {
    .name = "desk list",
    .usage = "[--json]",
    .summary = "faxes, letters, parcels and calls that wait for somebody",
    .run = run_desk_list,
};

const struct ctl_command ctl_desk_show = {
    .name = "desk show",
    .usage = "ID",
    .summary = "the work item; showing it is an entry in the ledger",
    .run = run_desk_show,
};

const struct ctl_command ctl_desk_done = {
    .name = "desk done",
    .usage = "[-m NOTE] ID ...",
    .summary = "it was sent, posted or said",
    .run = run_desk_done,
};
