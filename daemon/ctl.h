/*
 * misuctl: a table of commands, each in the file of its group, and what they
 * share: where misu is, how to ask it, and how to print.
 */
#ifndef MISU_CTL_H
#define MISU_CTL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "codec/json.h"
#include "setup.h"

enum { CTL_OK = 0, CTL_REFUSED = 1, CTL_TROUBLE = 2 };

/* A misu that is asked over HTTPS; see ctl_remote.h. */
struct ctl_remote {
	const char *url; /* NULL: the one of this machine */
	const char *certificate, *key, *authority; /* PEM files, or NULL */
};

struct ctl {
	struct setup_given given; /* -f and -s */
	struct ctl_remote remote; /* -u, -c, -k and -a */
	struct arena *arena;
	struct setup *setup; /* a glance at misu.conf, once asked for */
};

struct ctl_command {
	const char *name;    /* "hold approve": one or two words */
	const char *usage;   /* what follows the name */
	const char *summary; /* one line */
	const char *help;    /* more; may be NULL */
	/* argv[0] is the last word of the name. */
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

extern const struct ctl_command *const ctl_commands[];

extern const struct ctl_command ctl_backup, ctl_restore;
extern const struct ctl_command ctl_why, ctl_replay, ctl_subject;
extern const struct ctl_command ctl_submit;
extern const struct ctl_command ctl_status;
extern const struct ctl_command ctl_reload;
extern const struct ctl_command ctl_stop;
extern const struct ctl_command ctl_hold_list;
extern const struct ctl_command ctl_hold_show;
extern const struct ctl_command ctl_hold_approve;
extern const struct ctl_command ctl_hold_refuse;
extern const struct ctl_command ctl_desk_list;
extern const struct ctl_command ctl_desk_show;
extern const struct ctl_command ctl_desk_done;
extern const struct ctl_command ctl_verify;
extern const struct ctl_command ctl_log;
extern const struct ctl_command ctl_stats;
extern const struct ctl_command ctl_reindex;
extern const struct ctl_command ctl_proof;
extern const struct ctl_command ctl_verify_proof;
extern const struct ctl_command ctl_explain;
extern const struct ctl_command ctl_diff;
extern const struct ctl_command ctl_test;
extern const struct ctl_command ctl_check;
extern const struct ctl_command ctl_upstreams;
extern const struct ctl_command ctl_import;
extern const struct ctl_command ctl_audit;
extern const struct ctl_command ctl_forget;
extern const struct ctl_command ctl_key_show;
extern const struct ctl_command ctl_key_rotate;
extern const struct ctl_command ctl_key_confirm;
extern const struct ctl_command ctl_provision_stop;
extern const struct ctl_command ctl_provision_resume;
extern const struct ctl_command ctl_provision_list;
extern const struct ctl_command ctl_resubmit;
extern const struct ctl_command ctl_view_rebuild;
extern const struct ctl_command ctl_view_status;
extern const struct ctl_command ctl_request_open;
extern const struct ctl_command ctl_request_list;
extern const struct ctl_command ctl_request_show;
extern const struct ctl_command ctl_request_verify;
extern const struct ctl_command ctl_request_note;
extern const struct ctl_command ctl_request_fee;
extern const struct ctl_command ctl_request_give;
extern const struct ctl_command ctl_request_grant, ctl_request_revoke;
extern const struct ctl_command ctl_request_close;
extern const struct ctl_command ctl_request_letter;

/* Complains on standard error; CTL_TROUBLE always. */
int ctl_fail(const struct fail *fail);
int ctl_usage(const struct ctl_command *command);

/* A glance at misu.conf; NULL after a complaint. */
const struct setup *ctl_setup(struct ctl *ctl);

/*
 * Ask the running misu.  False after a complaint that it cannot be asked;
 * else its status and body, in the arena.
 */
bool ctl_ask(struct ctl *ctl, const char *verb, int64_t id, const char *text,
    int *status, struct slice *body);

/* What misu answered with an error, for people; CTL_REFUSED or TROUBLE. */
int ctl_problem(struct ctl *ctl, int status, struct slice body);

/* The ledger's directory; NULL after a complaint. */
const char *ctl_ledger_directory(struct ctl *ctl);

/* Does a misu hold this ledger now? */
bool ctl_is_live(struct ctl *ctl, const char *directory);

/* A positive decimal number. */
bool ctl_number(const char *text, int64_t *out);

/* "2026-04-01 09:30:00Z" */
void ctl_print_time(int64_t milliseconds);

/* The member's text, or "". */
const char *ctl_string(const struct json_node *object, const char *name);
int64_t ctl_integer(const struct json_node *object, const char *name);

#endif
