/*
 * A scenario as it was read: names, texts, records and steps, whole and
 * checked before anything runs.  The language:
 *
 *	scenario "a street never reaches pir"
 *	policy FILE          conf FILE          policy {      the text itself,
 *	record taro {                               ...        braces in pairs
 *	    type domain  kind natural           }
 *	    registrant.name.loc "..."   registrant.email *   # * : made up
 *	    consent registrant p11 public given
 *	}
 *	record later like taro { registrant.street.loc none }
 *	b1 > submit create example.jp record taro to jprs, ntt key K1
 *	b1 > post "raw body" key K2             b1 > status
 *	b1 < 202 "words the answer has"
 *	jprs < { registrant.name.loc present  registrant.street absent }
 *	jprs < nothing
 *	jprs ! later | refused | unknown | lost [times 3]
 *	jprs ? sent | not-sent | refused | unknown [times 3]
 *	operator > hold approve 1 "why"         operator < 200 "..."
 *	operator > order provision-stop subject "s" reason "why"   # any verb
 *	operator > forget "cust-1" "why"        operator > forget now "cust-1"
 *	ledger 4 entries    ledger has "..."    ledger lacks "..."
 *	ledger verifies
 *	ledger account "subject" "words of the record of provision" ...
 *	ledger grows to 300 entries         # that are about nobody
 *	ledger finds "place or words"
 *	log has "..."       log lacks "..."
 *	view example.com tells "..." | lacks "..." | nothing | stale
 *	view lost           # its file, while there is no daemon
 *	auditor shows "state" "name" | silent   # the registrant's, each or none
 *	clock set -400d     # or +400d: it is set, no time passes
 *	clock +60s          disk full | read-only | ok
 *	daemon killed lost | kept | torn        daemon stopped
 *	daemon starts       daemon refuses "why it does not start"
 *	damage PATH at OFFSET
 *	reload policy FILE | NAME               reload conf FILE | NAME
 *	reload policy NAME fails "why"
 *	sweep alloc write fsync kill worker keeper
 *
 * Of the EPP filter:
 *	upstream biz registry contacts required dcp public
 *	upstream biz registry { set client reg-a "secret"   # the simulator's
 *	}                                                   # own lines
 *	registry biz : fault contact:create lost            # the same, later
 *	registry biz away | back | sees invalid frames
 *	registry biz dialed 7 times         # since this was last asked
 *	b1 connects biz     b1 logs in "id" "password"      b1 logs out
 *	b1 drops
 *	b1 > contact:create CON-1 record taro [as admin] [with misu role admin
 *	    kind natural object example.biz subject s consent p11 public given]
 *	    [also "<contact:disclose ...>"] [extension "<...>"]
 *	b1 > contact:update CON-1 [add STATUS] [rem STATUS] record later
 *	    [remove fax]
 *	b1 > domain:create example.biz ns ns1.example.net registrant CON-1 admin CON-2
 *	b1 > domain:update example.biz add tech CON-3 rem admin CON-2 chg registrant CON-4
 *	b1 > contact:info CON-1    b1 > poll req    b1 > poll ack 1    b1 > hello
 *	b1 > frame "<raw/>" | frame TEXT
 *	b1 >> ...               # as >, but nothing happens before the next step
 *	b1 < greeting "words"   b1 < 1000 "words"   b1 < closed   b1 < nothing
 *	biz < contact:create { name.int present   lacks "..." }   # logins and
 *	biz < nothing                                   # hellos are passed over
 *	biz has contact CON-1 { ... }      biz has no contact CON-1
 *	worker killed [lost | kept]     worker starts
 *	keeper killed [lost | kept | torn]      # the worker lives on
 *	asker > token example.jp [from "192.0.2.1"] [forged] [lost | unsaid]
 *	                        # with the last token that was granted
 *	operator > ask import "upstream biz\ncontact CON-1"
 */
#ifndef MISU_TESTS_SCRIPT_H
#define MISU_TESTS_SCRIPT_H

#include <stdint.h>

#include "base/arena.h"
#include "core/record.h"

enum {
	STRINGS_MAX = 8,
	CHECKS_MAX = 48,
	RECIPIENTS_MAX = 8,
	VALUES_MAX = 4
};

enum step_kind {
	STEP_SUBMIT,
	STEP_POST,
	STEP_STATUS,
	STEP_ANSWER,
	STEP_PAYLOAD,
	STEP_NOTHING,
	STEP_BEHAVE,   /* what the recipient will do with a delivery */
	STEP_EVIDENCE, /* what asking it later will show */
	STEP_OPERATOR,
	STEP_ORDER, /* a verb with JSON */
	STEP_TIER,  /* somebody asks with a token */
	STEP_AUDITOR, /* what servers of others show from here on */
	STEP_LEDGER_ENTRIES,
	STEP_LEDGER_GROWS,
	STEP_LEDGER_HAS,
	STEP_LEDGER_ACCOUNT,
	STEP_LEDGER_VERIFIES,
	STEP_LEDGER_FINDS, /* the verifier names what was damaged */
	STEP_VIEW, /* what the public view tells of a domain */
	STEP_LOG_HAS,
	STEP_LOG_LACKS,
	STEP_CLOCK,
	STEP_DISK,
	STEP_DAEMON,
	STEP_DAMAGE,
	STEP_RELOAD_POLICY,
	STEP_RELOAD_CONF,
	/* EPP: backends, their registry, and misu's processes */
	STEP_CONNECT,
	STEP_DROP,	/* the backend's connection breaks */
	STEP_FRAME,	/* the backend sends one */
	STEP_GREETING,	/* and hears one of these */
	STEP_CLOSED,
	STEP_RECEIVED,	/* the next frame a registry got */
	STEP_HAS_OBJECT,
	STEP_HAS_NO_OBJECT,
	STEP_REGISTRY,	/* a line of the simulator's language */
	STEP_REGISTRY_AWAY,
	STEP_REGISTRY_BACK,
	STEP_REGISTRY_DIALED,
	STEP_WORKER,
	STEP_KEEPER,
	STEP_ASK	/* the operator asks a worker */
};

enum check_kind { CHECK_PRESENT, CHECK_ABSENT, CHECK_HAS, CHECK_LACKS };

/* What a payload must or must not hold: a field's values, or these bytes. */
struct script_check {
	enum check_kind kind;
	enum role role;
	struct slice field; /* a field's name or its group's; empty: `text` */
	struct slice text;
};

/* One of the words of which a frame is made. */
struct script_word {
	struct slice text;
	size_t at; /* offset in the file */
	bool quoted;
};

struct step {
	enum step_kind kind;
	unsigned line;
	struct slice actor, verb;
	struct slice name;   /* object, word, path, text's name */
	struct slice record; /* SUBMIT, PAYLOAD */
	struct slice key;
	struct slice to[RECIPIENTS_MAX];
	size_t to_count;
	int64_t number; /* status, entries, milliseconds, offset, id, times */
	enum operation operation;
	struct slice strings[STRINGS_MAX];
	size_t string_count;
	struct script_check *checks;
	size_t check_count;
	struct script_word *words; /* FRAME */
	size_t word_count;
	bool waits;   /* SUBMIT: it has no answer yet */
	bool hurries; /* FRAME: nothing happens before the next step */
	bool is_set;  /* CLOCK: by somebody, in no time */
	bool lacks;   /* LEDGER_HAS: has none of them */
};

/* One field of one role; count 0 takes it away in an update ("none"). */
struct script_value {
	enum role role;
	enum field field;
	struct slice items[VALUES_MAX];
	size_t count;
};

struct script_consent {
	enum role role;
	struct slice purpose, audience;
	bool given;
};

struct script_record {
	struct slice name;
	enum object_type type;
	struct slice plan, subject;
	struct slice kinds[ROLE_COUNT]; /* empty: not said */
	struct slice subjects[ROLE_COUNT];
	struct script_value values[SLOT_COUNT];
	size_t value_count;
	struct script_consent consents[16];
	size_t consent_count;
};

/* A text that stands in the scenario itself. */
struct script_text {
	struct slice name, text;
};

/* The simulator behind an upstream of the conf, and how it is set. */
struct script_registry {
	struct slice upstream;
	struct slice lines[32];
	size_t line_count;
	bool sees_invalid; /* the scenario means to send it such frames */
};

struct script {
	struct arena *arena;
	const char *path;
	struct slice text;
	struct slice title;
	struct slice policy, conf; /* names of files or texts */
	struct script_text texts[32];
	size_t text_count;
	struct script_record *records[32];
	size_t record_count;
	struct step *steps;
	size_t step_count, step_room;
	struct script_registry registries[4];
	size_t registry_count;
	bool sweep_alloc, sweep_write, sweep_sync, sweep_kill;
	bool sweep_worker, sweep_keeper;
	bool has_cases; /* some order is about a stop or a request */
	size_t errors;
};

/* NULL after the errors were printed to stderr. */
struct script *script_read(struct arena *arena, const char *path);

const struct script_record *script_record(
    const struct script *script, struct slice name);
const struct script_text *script_text(
    const struct script *script, struct slice name);

/* The whole file in `arena`; data NULL if it cannot be read. */
struct slice script_file(struct arena *arena, const char *path);

#endif
