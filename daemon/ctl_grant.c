/* misuctl request grant and revoke: tokens for a case. */
#include "ctl_order.h"
#include "ctl_request.h"

static const char *const id_only[] = {"id", NULL};

/* Once, and here alone: misu keeps no more of it than its digest. */
static void
print_token(const struct json_node *node)
{
	printf("%s  token %lld  until ", ctl_string(node, "id"),
	    (long long)ctl_integer(node, "grant"));
	ctl_print_time(ctl_integer(node, "until"));
	printf("  %lld answers  entry %lld\n\n  %s\n\n",
	    (long long)ctl_integer(node, "answers"),
	    (long long)ctl_integer(node, "entry"), ctl_string(node, "token"));
	puts("It is shown this once.  Who has it asks over RDAP, with the"
	     " header\nAuthorization: Bearer TOKEN, over https.");
}

static int
run_grant(struct ctl *ctl, int argc, char **argv)
{
	static const char *const options[] = {
	    "to", "for", "objects", "purpose", "answers", "from", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_grant};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){id_only, options, 1}, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(&order, "request-grant", &node);
	if (node == NULL)
		return result;
	if (*ctl_string(node, "token") != '\0')
		print_token(node);
	else
		printf("%s  %s: another operator gives the token out\n",
		    ctl_string(node, "id"), ctl_string(node, "state"));
	return result;
}

static int
run_revoke(struct ctl *ctl, int argc, char **argv)
{
	static const char *const options[] = {"grant", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_revoke};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){id_only, options, 1}, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(&order, "request-revoke", &node);
	if (node != NULL)
		printf("%s  %s  entry %lld\n", ctl_string(node, "id"),
		    ctl_string(node, "state"),
		    (long long)ctl_integer(node, "entry"));
	return result;
}

void
request_print_grants(const struct json_node *grants)
{
	for (size_t i = 0; grants != NULL && i < grants->count; i++) {
		const struct json_node *one = &grants->items[i];
		const struct json_node *objects = json_find(one, "objects");

		printf("  token %-3lld %-8s until ",
		    (long long)ctl_integer(one, "grant"),
		    ctl_string(one, "state"));
		ctl_print_time(ctl_integer(one, "until"));
		printf("  to %s for %s  used %lld of %lld ",
		    ctl_string(one, "to"), ctl_string(one, "purpose"),
		    (long long)ctl_integer(one, "used"),
		    (long long)ctl_integer(one, "answers"));
		for (size_t k = 0; objects != NULL && k < objects->count; k++)
			printf(" %.*s", SLICE_ARG(objects->items[k].string));
		if (*ctl_string(one, "from") != '\0')
			printf("  from %s", ctl_string(one, "from"));
		putchar('\n');
		if (strcmp(ctl_string(one, "state"), "outdated") == 0)
			printf("    the policy has other rules for %s since:"
			       " nothing is answered;\n"
			       "    misuctl request grant gives another\n",
			    ctl_string(one, "to"));
	}
}

const struct ctl_command ctl_request_grant = {
    .name = "request grant",
    .usage = "ID --to RECIPIENT --for DURATION --objects NAME,... "
	     "[--purpose P]\n           [--answers N] [--from PREFIX,...]",
    .summary = "a token with which who asks is answered over RDAP",
    .help = "RECIPIENT has a tier in misu.conf, and gets by each answer what"
	    " the policy\nlets through then.  NAME is a domain, .DOMAIN for"
	    " all below it, or a prefix for\nthe networks in it.  DURATION is"
	    " 30m, 2h, 7d, at most 92d; 100 answers unless\nsaid otherwise."
	    "  The token is printed once.",
    .run = run_grant,
};

const struct ctl_command ctl_request_revoke = {
    .name = "request revoke",
    .usage = "ID [--grant NUMBER]",
    .summary = "take a token of the request back, or all of them",
    .run = run_revoke,
};
