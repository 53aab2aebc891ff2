/* misuctl upstreams: each registry as each worker sees it. */
#include "ctl.h"

static void
print_upstream(int64_t worker, const struct json_node *upstream)
{
	const struct json_node *shadow = json_find(upstream, "shadow");

	printf("%-16s %6lld  %-7s  %-6s  %8lld  %5lld/%-5lld %9lld %9lld %9lld"
	       " %6lld\n",
	    ctl_string(upstream, "name"), (long long)worker,
	    ctl_string(upstream, "mode"),
	    shadow != NULL && shadow->kind == JSON_KIND_BOOLEAN &&
		    shadow->boolean
		? "yes"
		: "no",
	    (long long)ctl_integer(upstream, "backends"),
	    (long long)ctl_integer(upstream, "ready"),
	    (long long)ctl_integer(upstream, "lines"),
	    (long long)ctl_integer(upstream, "passed"),
	    (long long)ctl_integer(upstream, "decided"),
	    (long long)ctl_integer(upstream, "refused"),
	    (long long)ctl_integer(upstream, "lost"));
}

static void
print_worker(const struct json_node *worker)
{
	const struct json_node *upstreams = json_find(worker, "upstreams");

	if (upstreams == NULL || upstreams->kind != JSON_KIND_ARRAY) {
		fprintf(stderr, "misuctl: a worker: %s\n",
		    ctl_string(worker, "title"));
		return;
	}
	for (size_t i = 0; i < upstreams->count; i++)
		print_upstream(
		    ctl_integer(worker, "worker"), &upstreams->items[i]);
}

static int
print_all(struct ctl *ctl, struct slice body)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node = json_parse(ctl->arena, body, &fail);
	const struct json_node *workers =
	    node != NULL ? json_find(node, "workers") : NULL;

	if (node == NULL)
		return ctl_fail(&fail);
	if (workers == NULL || workers->kind != JSON_KIND_ARRAY ||
	    workers->count == 0) {
		fputs("no worker is there: misu.conf has no upstream, or they "
		      "are only just starting\n",
		    stderr);
		return CTL_REFUSED;
	}
	printf("%-16s %6s  %-7s  %-6s  %8s  %11s %9s %9s %9s %6s\n", "upstream",
	    "worker", "mode", "shadow", "backends", "lines ready", "passed",
	    "decided", "refused", "lost");
	for (size_t i = 0; i < workers->count; i++)
		print_worker(&workers->items[i]);
	return CTL_OK;
}

static int
run_upstreams(struct ctl *ctl, int argc, char **argv)
{
	bool raw = argc == 2 && strcmp(argv[1], "--json") == 0;
	struct slice body;
	int status;

	if (argc != 1 && !raw)
		return ctl_usage(&ctl_upstreams);
	if (!ctl_ask(ctl, "upstreams", 0, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	if (!raw)
		return print_all(ctl, body);
	printf("%.*s\n", SLICE_ARG(body));
	return CTL_OK;
}

const struct ctl_command ctl_upstreams = {
    .name = "upstreams",
    .usage = "[--json]",
    .summary = "the registries that misu stands before: sessions and counts",
    .help = "A line for each worker.  Lines are misu's own sessions at the"
	    " registry,\nthose that are ready of all.  Since the worker's"
	    " start: commands passed\nwithout a decision, decided, refused"
	    " (held too), and those whose answer\nwas lost.",
    .run = run_upstreams,
};
