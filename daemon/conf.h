/*
 * misu.conf: where things are, who is reached how, and what may change what
 * leaves.  Parsed with the policy's lexer and the same exact diagnostics;
 * conf_check() proves together with the policy that each recipient's channel
 * can express what the policy asks of it.
 */
#ifndef MISU_CONF_H
#define MISU_CONF_H

#include "base/digest.h"
#include "codec/template.h"
#include "core/complaint.h"
#include "core/policy.h"

enum channel_kind { CHANNEL_FILE, CHANNEL_DESK, CHANNEL_COUNT };

struct conf_recipient {
	struct slice id;
	enum channel_kind channel;
	struct slice directory; /* relative to the state directory, or absolute */
	struct slice suffix;
	struct slice template_name, template_text;
	const struct template *template; /* file channels; NULL for desk */
	struct placeholders placeholders;
	struct place place;
};

/*
 * Paths are as written: policies and templates are relative to misu.conf's
 * directory, sockets to the run directory, all others to the state directory.
 */
struct conf {
	struct slice state;      /* directory of ledger, keys, vault, spool */
	struct slice origin;     /* the log's name: "misu.example.jp/log" */
	struct slice master_key; /* file of mode 0600 */
	const struct slice *policies; /* one file a revision */
	size_t policy_count;
	struct slice unix_socket;   /* HTTP intake; empty: none */
	struct slice http_address;  /* loopback "127.0.0.1:8053"; empty: none */
	struct slice tokens_file;   /* bearer tokens, mode 0600 */
	struct slice control_socket;
	const struct network_group *networks;
	size_t network_count;
	const struct conf_recipient *recipients;
	size_t recipient_count;
	unsigned retry_first, retry_longest; /* seconds */
	unsigned give_up_after;              /* seconds */
	struct place place;                  /* where the file begins */
};

/* NULL when the text has errors, which *diagnostics then holds. */
struct conf *conf_parse(struct arena *arena,
    const struct policy_source *source, const struct policy_loader *loader,
    struct slice *diagnostics, struct fail *fail);

/*
 * As conf_parse(), for tools that only need to know where misu is: what is
 * wrong is left out.  NULL only when out of memory.
 */
struct conf *conf_glance(struct arena *arena,
    const struct policy_source *source, struct fail *fail);

/*
 * Policy and conf together; errors and warnings are added to *diagnostics.
 * True if there was no error.
 */
bool conf_check(const struct conf *conf, const struct ruleset *ruleset,
    struct arena *arena, struct slice *diagnostics, struct fail *fail);

/* Recipients of misu.conf that no revision of the policy knows: warnings. */
bool conf_check_idle(const struct conf *conf,
    const struct ruleset *const *rulesets, size_t count, struct arena *arena,
    struct slice *diagnostics, struct fail *fail);

/* NULL if there is none. */
const struct conf_recipient *conf_recipient(
    const struct conf *conf, struct slice id);

/* Everything here that can change what leaves, as canonical text. */
struct slice conf_setup_text(const struct conf *conf, struct arena *arena);

/* Its SHA-256. */
struct digest conf_setup_identity(const struct conf *conf, struct arena *arena);

const char *channel_kind_name(enum channel_kind kind);

#endif
