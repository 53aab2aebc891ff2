/* misuctl view: how the public view is, and making all of it anew. */
#include "ctl_order.h"

static int
print_status(int result, const struct json_node *node)
{
	const char *state;
	long long told;

	if (node == NULL)
		return result;
	state = ctl_string(node, "state");
	told = (long long)ctl_integer(node, "told");
	printf("%s: %lld object%s told of, %lld to be decided anew\n", state,
	    told, told == 1 ? " is" : "s are",
	    (long long)ctl_integer(node, "waiting"));
	if (strcmp(state, "whole") != 0)
		printf("looked at %lld records of the vault so far\n",
		    (long long)ctl_integer(node, "looked_at"));
	return result;
}

static int
ask(struct ctl *ctl, const struct ctl_command *command, const char *verb,
    int argc, char **argv)
{
	static const char *const none[] = {NULL};
	struct ctl_order order = {.ctl = ctl, .command = command};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){none, none, 0}, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(&order, verb, &node);
	return print_status(result, node);
}

static int
run_rebuild(struct ctl *ctl, int argc, char **argv)
{
	return ask(ctl, &ctl_view_rebuild, "view-rebuild", argc, argv);
}

static int
run_status(struct ctl *ctl, int argc, char **argv)
{
	return ask(ctl, &ctl_view_status, "view-status", argc, argv);
}

const struct ctl_command ctl_view_rebuild = {
    .name = "view rebuild",
    .usage = "[--json]",
    .summary = "make the public view anew from the vault",
    .help = "Every object that something is published of is decided anew,"
	    " with an entry, a\nfew at a time in the background; what the"
	    " vault has no record of goes.  Rows\nare told meanwhile.  After a"
	    " restart it goes on by itself, and where the view\nis missing it"
	    " begins by itself.",
    .run = run_rebuild,
};

const struct ctl_command ctl_view_status = {
    .name = "view status",
    .usage = "[--json]",
    .summary = "how much the public view tells of, and what is made anew",
    .help = "whole: nothing is being made anew; rebuilding: all is; extending:"
	    " another\npolicy publishes what had no row before.",
    .run = run_status,
};
