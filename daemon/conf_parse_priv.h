/*
 * What the files of misu.conf's parser share: the reader of tokens and the
 * parts of sentences.  Only conf_parse*.c include it.
 */
#ifndef MISU_CONF_PARSE_PRIV_H
#define MISU_CONF_PARSE_PRIV_H

#include "conf_priv.h"
#include "core/lex.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the one looked at */
	struct arena *arena;
	struct complaints *complaints;
	const struct policy_loader *loader;
	struct conf *conf;
	bool retry_given, give_up_given;
	bool records_given, entries_given, overlap_given, warning_given;
};

void conf_next(struct parser *parser);

/* Out of memory; false always. */
bool conf_memory(struct parser *parser);

/* The token's text is the complaint's %1. */
void conf_complain_at(struct parser *parser, const struct token *token,
    enum conf_complaint complaint, struct slice two);

/* Complain at the token looked at; false always. */
bool conf_expected(struct parser *parser, const char *what);

/* Take the token if it is this word or mark; else leave it. */
bool conf_accept(struct parser *parser, const char *word);
bool conf_mark(struct parser *parser, enum token_type type);

/* The word, but not where it begins a line: there it is a statement. */
bool conf_goes_on(struct parser *parser, const char *word);

/* Take a token of the kind or complain. */
bool conf_take(struct parser *parser, enum token_type type, const char *what,
    struct token *out);
bool conf_keyword(struct parser *parser, const char *word);
bool conf_take_text(struct parser *parser, const char *what, struct token *out);
bool conf_take_name(struct parser *parser, const char *what, struct token *out);
bool conf_take_duration(struct parser *parser, unsigned *out);
/* As a duration, and years: "3y", of 366 days each, up to 100. */
bool conf_take_period(struct parser *parser, unsigned *out);
bool conf_take_number(struct parser *parser, unsigned max, unsigned *out);
bool conf_take_digest(struct parser *parser, struct digest *out);
/* One of these words, by its index; 0 where it is none, which is said. */
bool conf_take_choice(struct parser *parser, const char *const *words,
    const char *hint, unsigned *out);
/* ROLE, ...: 1 << role of each. */
bool conf_take_roles(struct parser *parser, unsigned *out);

/* A statement that may stand once, with one text. */
bool conf_take_once(struct parser *parser, const struct token *statement,
    const char *what, struct slice *out);

/* The same: "on ADDRESS", where something listens; `address` for its place. */
bool conf_take_listen(struct parser *parser, const struct token *statement,
    struct slice *out, struct token *address);

/* Does the token looked at begin a line with one of these words? */
bool conf_begins(const struct parser *parser, const char *const *words);

/* Sentences in files of their own. */
bool conf_parse_recipient(struct parser *parser, const struct token *statement);
bool conf_parse_upstream(struct parser *parser, const struct token *statement);
bool conf_parse_operator(
    struct parser *parser, const struct token *statement);
bool conf_parse_approval(
    struct parser *parser, const struct token *statement);
bool conf_parse_time_limit(
    struct parser *parser, const struct token *statement);
bool conf_parse_fee(struct parser *parser, const struct token *statement);
void conf_default_requests(struct conf *conf);
/* Once all is read. */
void conf_publish_defaults(struct parser *parser);
/* One more text that an audited server shows in place of a value. */
struct conf_audit_server;
bool conf_add_hidden(struct parser *parser, struct conf_audit_server *server,
    struct slice text);
bool conf_parse_console(struct parser *parser, const struct token *statement);
bool conf_parse_operators(
    struct parser *parser, const struct token *statement);
bool conf_parse_auditor(struct parser *parser, const struct token *statement);
bool conf_parse_witness(struct parser *parser, const struct token *statement);
bool conf_parse_publish(struct parser *parser, const struct token *statement);
bool conf_parse_registrar(struct parser *parser, const struct token *statement);

bool conf_parse_audit(struct parser *parser, const struct token *statement);

/* What the console needs and must not be; once all is read. */
void conf_check_console(const struct conf *conf, struct complaints *complaints);

/* Statements of an upstream. */
bool conf_parse_contacts(struct parser *parser, struct conf_upstream *upstream);
bool conf_parse_disclose(struct parser *parser, struct conf_upstream *upstream);
bool conf_parse_dcp(struct parser *parser, struct conf_upstream *upstream);
bool conf_parse_on_link(struct parser *parser, struct conf_upstream *upstream);
bool conf_parse_extension(
    struct parser *parser, struct conf_upstream *upstream);
bool conf_parse_contact(struct parser *parser, struct conf_upstream *upstream);
bool conf_parse_kind(struct parser *parser, struct conf_upstream *upstream);
bool conf_parse_role(struct parser *parser, struct conf_upstream *upstream);

/* The extensions that pass unless the file says otherwise. */
bool conf_ship_extensions(
    struct parser *parser, struct conf_upstream *upstream);

/* Recipients and upstreams must be pairs; here, once all are read. */
void conf_check_pairs(const struct conf *conf, struct complaints *complaints);

/* --- conf_parse_keep.c */
bool conf_parse_keep(struct parser *parser, const struct token *statement);
bool conf_parse_forget(struct parser *parser, const struct token *statement);
bool conf_parse_key_overlap(
    struct parser *parser, const struct token *statement);
bool conf_parse_disk_warning(
    struct parser *parser, const struct token *statement);
void conf_keep_defaults(struct parser *parser);

#endif
