/* misuctl: finds the command, helps, and suggests. */
#include <unistd.h>

#include "base/near.h"
#include "ctl_remote.h"
#include "version.h"

const struct ctl_command *const ctl_commands[] = {
    &ctl_submit,
    &ctl_status,
    &ctl_reload,
    &ctl_stop,
    &ctl_hold_list,
    &ctl_hold_show,
    &ctl_hold_approve,
    &ctl_hold_refuse,
    &ctl_desk_list,
    &ctl_desk_show,
    &ctl_desk_done,
    &ctl_provision_stop,
    &ctl_provision_resume,
    &ctl_provision_list,
    &ctl_resubmit,
    &ctl_view_rebuild,
    &ctl_view_status,
    &ctl_request_open,
    &ctl_request_list,
    &ctl_request_show,
    &ctl_request_verify,
    &ctl_request_note,
    &ctl_request_fee,
    &ctl_request_give,
    &ctl_request_grant,
    &ctl_request_revoke,
    &ctl_request_close,
    &ctl_request_letter,
    &ctl_upstreams,
    &ctl_import,
    &ctl_audit,
    &ctl_log,
    &ctl_stats,
    &ctl_reindex,
    &ctl_verify,
    &ctl_proof,
    &ctl_verify_proof,
    &ctl_why,
    &ctl_replay,
    &ctl_explain,
    &ctl_diff,
    &ctl_test,
    &ctl_check,
    &ctl_forget, &ctl_backup, &ctl_restore,
    &ctl_key_show,
    &ctl_key_rotate,
    &ctl_key_confirm,
    &ctl_subject,
    NULL};

static void
print_commands(FILE *out)
{
	fputs("usage: misuctl [-f misu.conf] [-s state-directory] command"
	      " [argument ...]\n"
	      "       misuctl -u URL -c certificate [-k key] [-a authority]"
	      " command [argument ...]\n\n",
	    out);
	for (size_t i = 0; ctl_commands[i] != NULL; i++)
		fprintf(out, "  %-23s  %s\n", ctl_commands[i]->name,
		    ctl_commands[i]->summary);
	fputs("\n`misuctl help COMMAND` says more; see misuctl(8).\n", out);
}

/* How many of the arguments are the command's name; 0: they are not it. */
static int
name_matches(const char *name, int argc, char **argv)
{
	size_t len = strcspn(name, " ");

	if (argc < 1 || strlen(argv[0]) != len ||
	    strncmp(name, argv[0], len) != 0)
		return 0;
	if (name[len] == '\0')
		return 1;
	return argc > 1 && strcmp(name + len + 1, argv[1]) == 0 ? 2 : 0;
}

static const struct ctl_command *
find(int argc, char **argv, int *words)
{
	for (size_t i = 0; ctl_commands[i] != NULL; i++) {
		*words = name_matches(ctl_commands[i]->name, argc, argv);
		if (*words != 0)
			return ctl_commands[i];
	}
	return NULL;
}

enum { WORD_MAX = 24 };

/* Is it "request show" of the group "request"? */
static bool
is_of_group(const char *name, const char *word)
{
	size_t len = strlen(word);

	return strncmp(name, word, len) == 0 && name[len] == ' ';
}

/* The command that was meant, say; NULL: none is like it. */
static const char *
nearest(const char *given, const char *word)
{
	const char *near = NULL;
	bool in_group = false;
	size_t best = 4;

	for (size_t i = 0; ctl_commands[i] != NULL; i++) {
		const char *name = ctl_commands[i]->name;
		bool of_group = is_of_group(name, word);
		size_t far =
		    near_distance(slice_from(given), slice_from(name));
		size_t first =
		    near_distance(slice_from(word), slice_from(name));

		if (of_group && !in_group) {
			in_group = true;
			near = NULL;
			best = WORD_MAX;
		}
		if (in_group && !of_group)
			continue;
		if (first < far)
			far = first;
		if (far < best) {
			best = far;
			near = name;
		}
	}
	return near;
}

static int
unknown(int argc, char **argv)
{
	char given[WORD_MAX + 1];
	const char *near;

	snprintf(given, sizeof(given), "%s%s%s", argv[0],
	    argc > 1 && argv[1][0] != '-' ? " " : "",
	    argc > 1 && argv[1][0] != '-' ? argv[1] : "");
	near = nearest(given, argv[0]);
	fprintf(stderr, "misuctl: there is no command %s\n", given);
	if (near != NULL)
		fprintf(stderr, "hint: did you mean %s?\n", near);
	else
		fputs("hint: misuctl help lists them\n", stderr);
	return CTL_TROUBLE;
}

/* "request" alone is no command, but the first word of some. */
static bool
print_group(FILE *out, const char *word)
{
	bool some = false;

	for (size_t i = 0; ctl_commands[i] != NULL; i++) {
		const struct ctl_command *command = ctl_commands[i];

		if (!is_of_group(command->name, word))
			continue;
		if (!some)
			fprintf(out, "usage: misuctl %s COMMAND ...\n\n", word);
		fprintf(out, "  %-23s  %s\n", command->name,
		    command->summary);
		some = true;
	}
	if (some)
		fputs("\n`misuctl help COMMAND` says more; see misuctl(8).\n",
		    out);
	return some;
}

static bool
is_alone(int argc, char **argv)
{
	return argc == 1 || argv[1][0] == '-';
}

static int
help(int argc, char **argv)
{
	const struct ctl_command *command;
	int words;

	if (argc == 0) {
		print_commands(stdout);
		return CTL_OK;
	}
	command = find(argc, argv, &words);
	if (command == NULL && is_alone(argc, argv) &&
	    print_group(stdout, argv[0]))
		return CTL_OK;
	if (command == NULL)
		return unknown(argc, argv);
	printf("usage: misuctl %s %s\n\n%s\n", command->name, command->usage,
	    command->summary);
	if (command->help != NULL)
		printf("%s\n", command->help);
	return CTL_OK;
}

/*
 * To replay is to decide again whatever was submitted, with the keys, and
 * whoever registers something would wait for the keeper that long.
 */
static int
not_from_afar(const struct ctl_command *command)
{
	fprintf(stderr, "misuctl: %s is not given from afar\nhint: %s\n",
	    command->name,
	    command == &ctl_replay
		? "it decides again all that was submitted, and the misu there "
		  "would wait for it: give it on that machine"
		: "hold, desk, provision, request, resubmit, forget, log, "
		  "status and upstreams are");
	return CTL_TROUBLE;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_command *command;
	int words;

	if (strcmp(argv[0], "help") == 0)
		return help(argc - 1, argv + 1);
	command = find(argc, argv, &words);
	if (command == NULL && is_alone(argc, argv) &&
	    print_group(stderr, argv[0]))
		return CTL_TROUBLE;
	if (command == NULL)
		return unknown(argc, argv);
	if (argc > words && strcmp(argv[words], "--help") == 0)
		return help(words, argv);
	if (ctl->remote.url != NULL && !ctl_remote_can(command))
		return not_from_afar(command);
	return command->run(ctl, argc - words + 1, argv + words - 1);
}

/* An option with a value; false: it is none. */
static bool
take_option(struct ctl *ctl, int option, const char *value)
{
	const struct {
		char letter;
		const char **to;
	} options[] = {{'f', &ctl->given.conf}, {'s', &ctl->given.state},
	    {'u', &ctl->remote.url}, {'c', &ctl->remote.certificate},
	    {'k', &ctl->remote.key}, {'a', &ctl->remote.authority}};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (options[i].letter == option) {
			*options[i].to = value;
			return true;
		}
	return false;
}

static int
run_all(struct ctl *ctl, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+a:c:f:hk:s:u:V")) != -1) {
		if (take_option(ctl, option, optarg))
			continue;
		if (option == 'h')
			return help(0, NULL);
		if (option == 'V') {
			puts("misuctl " MISU_VERSION);
			return 0;
		}
		print_commands(stderr);
		return CTL_TROUBLE;
	}
	if (optind == argc || ctl->arena == NULL) {
		print_commands(stderr);
		return CTL_TROUBLE;
	}
	return run(ctl, argc - optind, argv + optind);
}

int
main(int argc, char **argv)
{
	struct ctl ctl = {.arena = arena_create(NULL)};
	int status = run_all(&ctl, argc, argv);

	if (fflush(stdout) != 0)
		status = CTL_TROUBLE;
	setup_free(ctl.setup);
	arena_destroy(ctl.arena);
	return status;
}
