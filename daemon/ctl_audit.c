/* misuctl audit: what servers of others publish, held against the policy. */
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl.h"

enum { LOOK_FIRST = 100, LOOK_LONGEST = 1000 /* ms between two looks */ };

struct asked {
	struct ctl *ctl;
	const char *object;
	bool all, status, stop, json;
};

/* --- what is shown --- */

static void
print_where(const struct json_node *result)
{
	const char *server = ctl_string(result, "server");

	printf("  %s  %s  %s", ctl_string(result, "object"),
	    ctl_string(result, "recipient"),
	    *server != '\0' ? server : ctl_string(result, "protocol"));
}

static void
print_end(const struct json_node *result)
{
	const char *reason = ctl_string(result, "reason");

	if (*reason != '\0')
		printf("  %s", reason);
	if (json_find(result, "entry") != NULL)
		printf("  entry %lld", (long long)ctl_integer(result, "entry"));
	putchar('\n');
}

/* No rule hides it but the person's stop. */
static bool
print_stop(const struct json_node *finding)
{
	const struct json_node *stop = json_find(finding, "stop");
	const char *id;

	if (stop == NULL)
		return false;
	printf("  stopped");
	if (json_find(stop, "entry") == NULL)
		return true;
	printf(" by entry %lld", (long long)ctl_integer(stop, "entry"));
	id = ctl_string(stop, "case");
	if (*id != '\0')
		printf(", case %s", id);
	return true;
}

/* The rule that is broken, its text and where that stands. */
static void
print_finding(const struct json_node *result, const struct json_node *finding)
{
	const char *role = ctl_string(finding, "role");
	long long rule = ctl_integer(finding, "rule");

	printf("%-14s", ctl_string(finding, "kind"));
	print_where(result);
	if (*role != '\0')
		printf("  %s.%s", role, ctl_string(finding, "field"));
	if (rule != 0)
		printf("  rule %lld", rule);
	else if (!print_stop(finding) && *role != '\0')
		printf("  no rule");
	if (json_find(finding, "current") != NULL)
		printf(", the value of today");
	print_end(result);
	if (rule != 0)
		printf("%-14s  %s: %s\n", "", ctl_string(finding, "place"),
		    ctl_string(finding, "text"));
}

static void
print_result(const struct json_node *result)
{
	const struct json_node *findings = json_find(result, "findings");

	if (findings != NULL && findings->kind == JSON_KIND_ARRAY &&
	    findings->count != 0) {
		for (size_t i = 0; i < findings->count; i++)
			print_finding(result, &findings->items[i]);
		return;
	}
	printf("%-14s", ctl_string(result, "state"));
	print_where(result);
	print_end(result);
}

static void
print_count(FILE *out, long long count, const char *what)
{
	fprintf(out, "%lld %s%s", count, what, count == 1 ? "" : "s");
}

/* One object is shown by several servers: these are what is clean or not. */
static void
print_sum(FILE *out, const struct json_node *node)
{
	const long long clean = ctl_integer(node, "clean"),
			found = ctl_integer(node, "found"),
			unreachable = ctl_integer(node, "unreachable"),
			skipped = ctl_integer(node, "skipped");

	print_count(out, ctl_integer(node, "objects"), "object");
	fputs(", ", out);
	print_count(out, clean + found + unreachable + skipped, "server");
	fprintf(out,
	    ": %lld clean, %lld with findings, %lld unreachable,"
	    " %lld skipped\n",
	    clean, found, unreachable, skipped);
}

/* The end: what misu kept no room for is in the log all the same. */
static void
print_whole(const struct json_node *node)
{
	const long long left_out = ctl_integer(node, "left_out");

	print_sum(stdout, node);
	if (left_out == 0)
		return;
	print_count(stdout, left_out, "result");
	puts(" more in the log: misuctl log type:audit");
}

/* How far it is, on a terminal, in one line that is written over. */
static void
print_progress(const struct json_node *node)
{
	if (!isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	print_count(stderr, ctl_integer(node, "objects"), "object");
	fprintf(stderr, ", %lld with findings",
	    (long long)ctl_integer(node, "found"));
	fflush(stderr);
}

static void
end_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

/* --- asking --- */

static bool
ask(struct asked *asked, const char *verb, const char *text, int *result,
    const struct json_node **node, struct slice *body)
{
	struct fail fail = FAIL_INIT;
	int status;

	*result = CTL_TROUBLE;
	if (!ctl_ask(asked->ctl, verb, 0, text, &status, body))
		return false;
	if (status >= 300) {
		ctl_problem(asked->ctl, status, *body);
		return false;
	}
	*node = json_parse(asked->ctl->arena, *body, &fail);
	if (*node == NULL)
		ctl_fail(&fail);
	return *node != NULL;
}

static int
status_of(const struct json_node *node)
{
	if (ctl_integer(node, "found") != 0)
		return CTL_REFUSED;
	return ctl_integer(node, "unreachable") != 0 ||
		       ctl_integer(node, "skipped") != 0
		   ? CTL_TROUBLE
		   : CTL_OK;
}

static void
print_results(const struct json_node *node, struct slice body, bool json)
{
	const struct json_node *results = json_find(node, "results");

	if (json) {
		printf("%.*s\n", SLICE_ARG(body));
		return;
	}
	for (size_t i = 0; results != NULL && i < results->count; i++)
		print_result(&results->items[i]);
}

static int
run_one(struct asked *asked)
{
	struct text text = text_start(asked->ctl->arena);
	const struct json_node *node;
	struct slice body;
	int result;

	text_add_string(&text, "{\"object\":");
	text_add_json(&text, slice_from(asked->object));
	text_add_char(&text, '}');
	if (!ask(asked, "audit-start", text_slice(&text).data, &result, &node,
		&body))
		return result;
	print_results(node, body, asked->json);
	if (!asked->json && ctl_integer(node, "clean") == 0 &&
	    ctl_integer(node, "found") == 0 &&
	    ctl_integer(node, "unreachable") == 0 &&
	    ctl_integer(node, "skipped") == 0)
		puts("no server shows it to a public of the policy");
	return status_of(node);
}

static void
pause_for(long ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

/* What came since; *wait: nothing did, and *result -1: it is not over. */
static bool
follow_on(struct asked *asked, long long run, long long *from, bool *wait,
    int *result)
{
	const struct json_node *node, *results;
	struct slice body;
	char text[80];
	bool done;

	snprintf(text, sizeof(text), "{\"run\":\"%lld\",\"from\":\"%lld\"}",
	    run, *from);
	if (!ask(asked, "audit-status", text, result, &node, &body))
		return false;
	results = json_find(node, "results");
	*wait = results == NULL || results->count == 0;
	done = *wait && strcmp(ctl_string(node, "state"), "done") == 0;
	if (!*wait || done) {
		end_progress();
		print_results(node, body, asked->json);
	}
	*from = ctl_integer(node, "next");
	*result = done ? status_of(node) : -1;
	if (!done)
		print_progress(node);
	else if (!asked->json)
		print_whole(node);
	fflush(stdout);
	return true;
}

/* A long run's answers must not add up: each look has an arena of its own. */
static int
follow(const struct asked *asked, long long run)
{
	long pause = LOOK_FIRST;
	long long from = 0;
	int result = -1;

	while (result < 0) {
		struct ctl ctl = *asked->ctl;
		struct asked turn = *asked;
		bool wait = false;

		ctl.arena = arena_create(NULL);
		if (ctl.arena == NULL)
			return CTL_TROUBLE;
		turn.ctl = &ctl;
		if (!follow_on(&turn, run, &from, &wait, &result) && result < 0)
			result = CTL_TROUBLE;
		arena_destroy(ctl.arena);
		if (wait && result < 0) {
			pause_for(pause);
			pause =
			    pause * 2 < LOOK_LONGEST ? pause * 2 : LOOK_LONGEST;
		}
	}
	return result;
}

static int
run_all(struct asked *asked)
{
	const struct json_node *node;
	struct slice body;
	int result;

	if (!ask(asked, "audit-start", "{}", &result, &node, &body))
		return result;
	return follow(asked, (long long)ctl_integer(node, "run"));
}

/* The run over all objects: how far it is, or its end. */
static int
run_look(struct asked *asked)
{
	const struct json_node *node;
	struct slice body;
	int result;

	if (!ask(asked, asked->stop ? "audit-stop" : "audit-status", "{}",
		&result, &node, &body))
		return result;
	if (asked->json) {
		printf("%.*s\n", SLICE_ARG(body));
		return CTL_OK;
	}
	printf("%s since ", ctl_string(node, "state"));
	ctl_print_time(ctl_integer(node, "since"));
	fputs(": ", stdout);
	print_sum(stdout, node);
	return CTL_OK;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {.ctl = ctl};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			asked.json = true;
		else if (strcmp(argv[i], "--all") == 0)
			asked.all = true;
		else if (strcmp(argv[i], "--status") == 0)
			asked.status = true;
		else if (strcmp(argv[i], "--stop") == 0)
			asked.stop = true;
		else if (argv[i][0] != '-' && asked.object == NULL)
			asked.object = argv[i];
		else
			return ctl_usage(&ctl_audit);
	}
	if ((asked.object != NULL) + asked.all + asked.status + asked.stop != 1)
		return ctl_usage(&ctl_audit);
	if (asked.object != NULL)
		return run_one(&asked);
	return asked.all ? run_all(&asked) : run_look(&asked);
}

const struct ctl_command ctl_audit = {
    .name = "audit",
    .usage = "OBJECT|--all|--status|--stop [--json]",
    .summary = "do WHOIS and RDAP servers publish what the policy says?",
    .help = "Asks the servers that misu.conf names, or SRV and RDAP's"
	    " bootstrap files\nfind, and holds their answers against what is"
	    " decided for the public.\nExit status: 0 all is as it should be,"
	    " 1 findings, 2 no answer or another\ntrouble.  A run over all"
	    " objects goes on in misu where this is interrupted.",
    .run = run,
};
