/* misuctl request: requests of subjects, authorities and registries. */
#include "ctl_order.h"
#include "ctl_request.h"

static const char *const id_only[] = {"id", NULL};

/* A verb that answers with the case's number and state. */
static int
run_step(struct ctl_order *order, const struct ctl_words *words, int argc,
    char **argv, const char *verb)
{
	const struct json_node *node;
	int result;

	if (!ctl_order_read(order, words, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(order, verb, &node);
	if (node == NULL)
		return result;
	printf("%s  %s", ctl_string(node, "id"), ctl_string(node, "state"));
	if (ctl_integer(node, "due") > 0) {
		fputs("  due ", stdout);
		ctl_print_time(ctl_integer(node, "due"));
	}
	if (json_find(node, "entry") != NULL)
		printf("  entry %lld", (long long)ctl_integer(node, "entry"));
	putchar('\n');
	return result;
}

static int
run_open(struct ctl *ctl, int argc, char **argv)
{
	static const char *const kind[] = {"kind", NULL};
	static const char *const options[] = {
	    "subject", "who", "basis", "asked", "law", "due", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_open};

	return run_step(&order, &(struct ctl_words){kind, options, 1}, argc,
	    argv, "request-open");
}

static int
run_verify(struct ctl *ctl, int argc, char **argv)
{
	static const char *const options[] = {
	    "evidence", "date", "agent", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_verify};

	return run_step(&order, &(struct ctl_words){id_only, options, 1}, argc,
	    argv, "request-verify");
}

static int
run_note(struct ctl *ctl, int argc, char **argv)
{
	static const char *const words[] = {"id", "text", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_note};

	return run_step(&order, &(struct ctl_words){words, NULL, 2}, argc, argv,
	    "request-note");
}

static int
run_fee(struct ctl *ctl, int argc, char **argv)
{
	static const char *const words[] = {"id", "fee", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_fee};

	return run_step(&order, &(struct ctl_words){words, NULL, 2}, argc, argv,
	    "request-fee");
}

static int
run_give(struct ctl *ctl, int argc, char **argv)
{
	static const char *const options[] = {
	    "object", "type", "to", "purpose", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_give};

	return run_step(&order, &(struct ctl_words){id_only, options, 1}, argc,
	    argv, "request-give");
}

static int
run_close(struct ctl *ctl, int argc, char **argv)
{
	static const char *const options[] = {"as", "text", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_close};

	return run_step(&order, &(struct ctl_words){id_only, options, 1}, argc,
	    argv, "request-close");
}

/* --- list and show --- */

static bool
is_true(const struct json_node *object, const char *name)
{
	const struct json_node *node = json_find(object, name);

	return node != NULL && node->kind == JSON_KIND_BOOLEAN && node->boolean;
}

static void
print_case(const struct json_node *row)
{
	printf("%-7s %-10s %-9s %-9s opened ", ctl_string(row, "id"),
	    ctl_string(row, "kind"), ctl_string(row, "state"),
	    ctl_string(row, "law"));
	ctl_print_time(ctl_integer(row, "opened"));
	if (ctl_integer(row, "due") > 0) {
		fputs("  due ", stdout);
		ctl_print_time(ctl_integer(row, "due"));
	}
	if (is_true(row, "overdue"))
		fputs("  OVERDUE", stdout);
	else if (is_true(row, "soon"))
		fputs("  due within a day", stdout);
	if (strcmp(ctl_string(row, "fee"), "due") == 0)
		printf("  fee %lld %s due",
		    (long long)ctl_integer(row, "amount"),
		    ctl_string(row, "unit"));
	if (ctl_integer(row, "outdated") > 0)
		printf("  %lld of %lld tokens OUTDATED",
		    (long long)ctl_integer(row, "outdated"),
		    (long long)ctl_integer(row, "tokens"));
	putchar('\n');
}

static int
run_list(struct ctl *ctl, int argc, char **argv)
{
	static const char *const none[] = {NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_list};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){none, NULL, 0}, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(&order, "request-list", &node);
	for (size_t i = 0; node != NULL && i < node->count; i++)
		print_case(&node->items[i]);
	return result;
}

static void
print_line(const char *name, const char *text)
{
	if (*text != '\0')
		printf("  %-9s %s\n", name, text);
}

static void
print_approvals(const struct json_node *approvals)
{
	for (size_t i = 0; approvals != NULL && i < approvals->count; i++) {
		const struct json_node *one = &approvals->items[i];

		fputs("  ", stdout);
		ctl_print_time(ctl_integer(one, "time"));
		printf("  approved by %s, wants another: %s\n",
		    ctl_string(one, "by"), ctl_string(one, "about"));
	}
}

static void
print_steps(const struct json_node *steps)
{
	for (size_t i = 0; steps != NULL && i < steps->count; i++) {
		const struct json_node *step = &steps->items[i];

		fputs("  ", stdout);
		ctl_print_time(ctl_integer(step, "time"));
		printf("  %-18s %s  entry %lld", ctl_string(step, "word"),
		    ctl_string(step, "actor"),
		    (long long)ctl_integer(step, "entry"));
		if (ctl_integer(step, "about") >= 0)
			printf(" about %lld",
			    (long long)ctl_integer(step, "about"));
		if (*ctl_string(step, "text") != '\0')
			printf("  %s", ctl_string(step, "text"));
		putchar('\n');
	}
}

static int
run_show(struct ctl *ctl, int argc, char **argv)
{
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_show};
	const struct json_node *node;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){id_only, NULL, 1}, argc, argv))
		return CTL_TROUBLE;
	result = ctl_order_ask(&order, "request-show", &node);
	if (node == NULL)
		return result;
	print_case(node);
	print_line("subject", ctl_string(node, "subject"));
	print_line("who", ctl_string(node, "who"));
	print_line("basis", ctl_string(node, "basis"));
	print_line("asked", ctl_string(node, "asked"));
	request_print_grants(json_find(node, "grants"));
	print_steps(json_find(node, "steps"));
	print_approvals(json_find(node, "approvals"));
	return result;
}

static int
run_letter(struct ctl *ctl, int argc, char **argv)
{
	static const char *const options[] = {"lang", NULL};
	struct ctl_order order = {.ctl = ctl, .command = &ctl_request_letter};
	const struct json_node *node;
	const char *language = "ja";
	struct letter_given *given;
	int result;

	if (!ctl_order_read(
		&order, &(struct ctl_words){id_only, options, 1}, argc, argv))
		return CTL_TROUBLE;
	for (size_t i = 0; i < order.count; i++)
		if (strcmp(order.names[i], "lang") == 0)
			language = order.values[i];
	if (strcmp(language, "ja") != 0 && strcmp(language, "en") != 0)
		return ctl_usage(&ctl_request_letter);
	result = ctl_order_ask(&order, "request-show", &node);
	if (node == NULL)
		return result;
	given = arena_take(ctl->arena, sizeof(*given));
	if (given == NULL)
		return CTL_TROUBLE;
	/* One that leaves something out is no answer. */
	if (letter_find_given(ctl, ctl_string(node, "id"), given) != CTL_OK)
		return CTL_TROUBLE;
	request_letter(node, given, strcmp(language, "ja") == 0, stdout);
	return result;
}

const struct ctl_command ctl_request_open = {
    .name = "request open",
    .usage = "KIND [--subject ID] [--who NAME] [--basis TEXT] [--asked TEXT]\n"
	     "           [--law LAW] [--due TIME]",
    .summary = "keep a request: of a subject, an authority, a registry",
    .help = "Kinds: disclosure, correction, stop, record (of the subject,"
	    " --subject), and\nauthority, registry (--who and --basis, the"
	    " article or the warrant's number).\nLaws give the time limit:"
	    " appi, gdpr, nis2, authority, registry; --due another.\nWho, basis"
	    " and what was asked are kept encrypted and are in no entry.",
    .run = run_open,
};

const struct ctl_command ctl_request_list = {
    .name = "request list",
    .usage = "[--json]",
    .summary = "requests, those due first; overdue ones are marked",
    .run = run_list,
};

const struct ctl_command ctl_request_show = {
    .name = "request show",
    .usage = "ID [--json]",
    .summary = "one of them, with its steps; showing it is an entry",
    .run = run_show,
};

const struct ctl_command ctl_request_verify = {
    .name = "request verify-identity",
    .usage = "ID --evidence KIND [--date DAY] [--agent AUTHORITY]",
    .summary = "who asks was checked: by what, never a copy of it",
    .run = run_verify,
};

const struct ctl_command ctl_request_note = {
    .name = "request note",
    .usage = "ID TEXT",
    .summary = "a few words; kept encrypted",
    .run = run_note,
};

const struct ctl_command ctl_request_fee = {
    .name = "request fee",
    .usage = "ID none|due|paid|waived",
    .summary = "how it is with the fee",
    .run = run_fee,
};

const struct ctl_command ctl_request_give = {
    .name = "request give",
    .usage = "ID --object NAME --to RECIPIENT [--type TYPE] [--purpose P]",
    .summary = "give data out: a disclosure that the policy decides",
    .help = "RECIPIENT is one of the policy's that gets data on request. "
	    " TYPE is\nsubscriber, domain or network.  To a subject only once"
	    " its identity is\nverified; for an authority two operators, where"
	    " misu.conf wants them.",
    .run = run_give,
};

const struct ctl_command ctl_request_close = {
    .name = "request close",
    .usage = "ID --as answered|refused|withdrawn [--text TEXT]",
    .summary = "the request is over",
    .run = run_close,
};

const struct ctl_command ctl_request_letter = {
    .name = "request letter",
    .usage = "ID [--lang ja|en]",
    .summary = "the answer's text, to be signed and sent",
    .run = run_letter,
};
