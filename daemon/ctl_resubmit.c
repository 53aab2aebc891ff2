/* misuctl resubmit: make those who hold a subject's data lose it. */
#include "ctl_order.h"

static void
print_result(const struct json_node *result)
{
	const char *why = ctl_string(result, "why");

	printf("%-10s %-28s %-18s", ctl_string(result, "state"),
	    ctl_string(result, "object"), ctl_string(result, "recipient"));
	if (json_find(result, "entry") != NULL)
		printf("  entry %lld", (long long)ctl_integer(result, "entry"));
	if (*why != '\0')
		printf("  %s", why);
	putchar('\n');
}

static bool
is_left(const struct json_node *result)
{
	const char *state = ctl_string(result, "state");

	return strcmp(state, "cannot") == 0 || strcmp(state, "refused") == 0 ||
	       strcmp(state, "held-back") == 0;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	static const char *const words[] = {"subject", NULL};
	static const char *const options[] = {"object", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_resubmit};
	const struct json_node *node, *results;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){words, options, 0}, argc, argv))
		return CTL_TROUBLE;
	if (order.count != 1)
		return ctl_usage(&ctl_resubmit);
	result = ctl_order_ask(&order, "resubmit", &node);
	results = node != NULL ? json_find(node, "results") : NULL;
	if (results == NULL || results->kind != JSON_KIND_ARRAY)
		return result;
	if (results->count == 0)
		puts("no recipient holds data that it could lose");
	for (size_t i = 0; i < results->count; i++) {
		print_result(&results->items[i]);
		if (is_left(&results->items[i]))
			result = CTL_REFUSED;
	}
	return result;
}

const struct ctl_command ctl_resubmit = {
    .name = "resubmit",
    .usage = "SUBJECT | --object NAME [--json]",
    .summary = "make those who hold a person's data lose it",
    .help = "Of a subject that stopped provision: each recipient that holds"
	    " data gets an\nupdate that shows nothing of them but what its"
	    " channel cannot go without,\nby the spool, a session of misu's"
	    " own at a registry, or the desk.  What came\nof it is in `misuctl"
	    " provision list SUBJECT`; what is under way or done is\nnot asked"
	    " again.",
    .run = run,
};
