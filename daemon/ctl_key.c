/* misuctl key: where the master key is, a copy of it, another one. */
#include "base/text.h"
#include "ctl.h"
#include "proc.h"
#include "store/keys.h"

static void
print_when(const char *what, int64_t milliseconds, const char *never)
{
	printf("%-12s ", what);
	if (milliseconds != 0)
		ctl_print_time(milliseconds);
	else
		fputs(never, stdout);
	putchar('\n');
}

static int
run_show(struct ctl *ctl, int argc, char **argv)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node;
	struct slice body;
	int status;

	(void)argv;
	if (argc != 1)
		return ctl_usage(&ctl_key_show);
	if (!ctl_ask(ctl, "key-show", 0, NULL, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	node = json_parse(ctl->arena, body, &fail);
	if (node == NULL)
		return ctl_fail(&fail);
	printf("master key   %s\n", ctl_string(node, "master"));
	printf("fingerprint  %s\n", ctl_string(node, "fingerprint"));
	print_when("in use since", ctl_integer(node, "made"), "unknown");
	print_when("copy seen", ctl_integer(node, "confirmed"),
	    "never: keep one elsewhere, then misuctl key confirm-copy FILE");
	print_when("signing key", ctl_integer(node, "signing_made"),
	    "as old as the log");
	if (ctl_integer(node, "previous_until") != 0)
		print_when(
		    "older signs", ctl_integer(node, "previous_until"), "");
	printf("key slots    %lld, %lld forgotten\n",
	    (long long)ctl_integer(node, "slots"),
	    (long long)ctl_integer(node, "forgotten"));
	return CTL_OK;
}

static int
ask_with(struct ctl *ctl, const char *verb, int64_t id, const char *text,
    const char *done)
{
	struct slice body;
	int status;

	if (!ctl_ask(ctl, verb, id, text, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	puts(done);
	return CTL_OK;
}

static int
ask(struct ctl *ctl, const char *verb, const char *text, const char *done)
{
	return ask_with(ctl, verb, 0, text, done);
}

/* Hex for the line to misu, wiped by the caller's end. */
static const char *
hex_of(struct ctl *ctl, const uint8_t *bytes, size_t len)
{
	struct text text = text_start(ctl->arena);

	text_add_hex(&text, bytes, len);
	return text_slice(&text).data;
}

static int
run_confirm(struct ctl *ctl, int argc, char **argv)
{
	struct fail fail = FAIL_INIT;
	uint8_t master[KEY_SIZE];
	struct digest fingerprint;
	const char *hex;

	if (argc != 2)
		return ctl_usage(&ctl_key_confirm);
	if (!proc_read_key(argv[1], master, &fail))
		return ctl_fail(&fail);
	fingerprint = keys_fingerprint(master);
	digest_wipe(master, sizeof(master));
	hex = hex_of(ctl, fingerprint.bytes, DIGEST_SIZE);
	return hex == NULL ? CTL_TROUBLE
			   : ask(ctl, "key-confirm", hex,
				 "the copy is the master key in use");
}

static int
run_rotate(struct ctl *ctl, int argc, char **argv)
{
	bool now = argc == 3 && strcmp(argv[2], "--now") == 0;
	struct fail fail = FAIL_INIT;
	uint8_t master[KEY_SIZE];
	const char *hex;

	if ((argc == 2 || now) && strcmp(argv[1], "--signing") == 0)
		return ask_with(ctl, "key-rotate", now ? 1 : 0, NULL,
		    "the log is signed with a new key; ledger/log.vkey has "
		    "its verifier key");
	if (argc != 3 || strcmp(argv[1], "--master") != 0)
		return ctl_usage(&ctl_key_rotate);
	if (!proc_read_key(argv[2], master, &fail))
		return ctl_fail(&fail);
	hex = hex_of(ctl, master, KEY_SIZE);
	digest_wipe(master, sizeof(master));
	if (hex == NULL)
		return CTL_TROUBLE;
	return ask(ctl, "key-rotate", hex,
	    "the new master key is in use, the old one opens nothing any "
	    "more;\nkeep a copy elsewhere (a systemd credential must be "
	    "changed before the next start)");
}

const struct ctl_command ctl_key_show = {
    .name = "key show",
    .usage = "",
    .summary = "where the master key is, and whether there is a copy",
    .run = run_show,
};

const struct ctl_command ctl_key_confirm = {
    .name = "key confirm-copy",
    .usage = "FILE",
    .summary = "is this copy of the master key the one in use?",
    .help = "FILE is the copy, mode 600.  Without the master key nobody can\n"
	    "read the vault, the spool or the keys, and no backup helps.",
    .run = run_confirm,
};

const struct ctl_command ctl_key_rotate = {
    .name = "key rotate",
    .usage = "--master NEW-FILE | --signing [--now]",
    .summary = "another master key, or another key that signs the log",
    .help = "NEW-FILE: 64 hex digits, mode 600, such as\n"
	    "(umask 077; openssl rand -hex 32 >NEW-FILE).\n"
	    "--now: although the key before still signs too; it ends then.",
    .run = run_rotate,
};
