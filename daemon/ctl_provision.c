/* misuctl provision stop, resume, list. */
#include "ctl_order.h"

static const char *const subject[] = {"subject", NULL};
static const char *const why[] = {"case", "reason", NULL};

static void
print_holder(const struct json_node *held)
{
	const char *onward = ctl_string(held, "onward");
	const char *reason = ctl_string(held, "why");

	printf("  %-9s %-28s %-18s ", ctl_string(held, "state"),
	    ctl_string(held, "object"), ctl_string(held, "recipient"));
	ctl_print_time(ctl_integer(held, "time"));
	printf("  by %s, entry %lld", ctl_string(held, "channel"),
	    (long long)ctl_integer(held, "entry"));
	if (*onward != '\0')
		printf(", and behind it %s", onward);
	if (json_find(held, "removal") != NULL)
		printf(", %s entry %lld",
		    strstr(ctl_string(held, "state"), "hid") != NULL
			? "told by"
			: "removal",
		    (long long)ctl_integer(held, "removal"));
	putchar('\n');
	if (*reason != '\0')
		printf("            %s\n", reason);
}

static void
print_stop(const struct json_node *stop)
{
	const char *case_id = ctl_string(stop, "case");

	printf("%s  stopped ", ctl_string(stop, "subject"));
	ctl_print_time(ctl_integer(stop, "since"));
	printf("  entry %lld", (long long)ctl_integer(stop, "entry"));
	if (*case_id != '\0')
		printf("  case %s", case_id);
	printf("  by %s\n", ctl_string(stop, "actor"));
}

static bool
has_more(const struct json_node *node)
{
	return node != NULL && json_find(node, "next") != NULL;
}

/* One page of them. */
static void
print_held(const struct json_node *node, bool first)
{
	const struct json_node *held = json_find(node, "held");

	if (first)
		print_stop(node);
	if (held == NULL || held->kind != JSON_KIND_ARRAY)
		return;
	if (first && held->count == 0)
		puts("  no recipient holds data of it");
	for (size_t i = 0; i < held->count; i++)
		print_holder(&held->items[i]);
	if (held->count != 0 && !has_more(node))
		printf("`misuctl resubmit %s` asks them to lose it\n",
		    ctl_string(node, "subject"));
}

static int
run_stop(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_order order = {.ctl = ctl, .command = &ctl_provision_stop};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){subject, why, 1}, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(&order, "provision-stop", &node);
	if (node != NULL)
		print_held(node, true);
	if (has_more(node))
		printf("... and more: misuctl provision list %s\n",
		    ctl_string(node, "subject"));
	return result;
}

static int
run_resume(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_order order = {.ctl = ctl, .command = &ctl_provision_resume};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){subject, why, 1}, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(&order, "provision-resume", &node);
	if (node != NULL)
		puts("resumed");
	return result;
}

/* Page after page, to the last; as JSON each is a document of its own. */
static int
list_held(struct ctl_order *order)
{
	const struct json_node *node;
	struct fail fail = FAIL_INIT;
	char from[24] = "0";
	bool first = true;
	int result;

	ctl_order_add(order, "from", from);
	do {
		result = ctl_order_ask(order, "provision-list", &node);
		if (result != CTL_OK)
			return result;
		if (node != NULL)
			print_held(node, first);
		else
			node = json_parse(
			    order->ctl->arena, order->body, &fail);
		first = false;
		if (has_more(node))
			snprintf(from, sizeof(from), "%lld",
			    (long long)ctl_integer(node, "next"));
	} while (has_more(node));
	return result;
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_order order = {.ctl = ctl, .command = &ctl_provision_list};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){subject, NULL, 0}, argc, argv))
		return CTL_TROUBLE;
	if (order.count != 0)
		return list_held(&order);
	result = ctl_order_ask(&order, "provision-list", &node);
	if (node != NULL)
		for (size_t i = 0; i < node->count; i++)
			print_stop(&node->items[i]);
	return result;
}

const struct ctl_command ctl_provision_stop = {
    .name = "provision stop",
    .usage = "SUBJECT [--case ID] [--reason TEXT] [--json]",
    .summary = "provide a person's data to nobody any more",
    .help = "What waits is decided again at once.  Printed is who holds data"
	    " of the\nsubject already.  Law, court and urgent bases, renewals,"
	    " deletions and\nupdates that only take data away pass all the"
	    " same.  The reason stands in\nthe ledger in clear and for good:"
	    " name no person in it.",
    .run = run_stop,
};

const struct ctl_command ctl_provision_resume = {
    .name = "provision resume",
    .usage = "SUBJECT [--case ID] [--reason TEXT]",
    .summary = "the policy alone decides about a person's data again",
    .run = run_resume,
};

const struct ctl_command ctl_provision_list = {
    .name = "provision list",
    .usage = "[SUBJECT] [--json]",
    .summary = "who stopped; of one, who holds data and what came of it",
    .run = run_list,
};
