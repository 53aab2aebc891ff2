/*
 * misu.conf: where things are, who is reached how, and what may change what
 * leaves.  Parsed with the policy's lexer and the same exact diagnostics;
 * conf_check() proves together with the policy that each recipient's channel
 * can express what the policy asks of it.
 */
#ifndef MISU_CONF_H
#define MISU_CONF_H

#include "base/digest.h"
#include "base/prefix.h"
#include "codec/audit_answer.h"
#include "codec/epp_frame.h"
#include "codec/publication.h"
#include "codec/template.h"
#include "core/complaint.h"
#include "core/policy.h"

enum channel_kind {
	CHANNEL_FILE,
	CHANNEL_DESK,
	CHANNEL_EPP,
	CHANNEL_VIEW, /* what misu itself publishes */
	CHANNEL_COUNT
};

enum upstream_mode {
	UPSTREAM_SESSION, /* a registry's session for each backend session */
	UPSTREAM_POOL,    /* misu's own login, a few shared sessions */
};

enum upstream_contacts {
	CONTACTS_REQUIRED,
	CONTACTS_ACCEPTED,
	CONTACTS_PROHIBITED, /* the minimum data set: they are kept here */
};

/* Does the registry publish what it is not told to hide? */
enum upstream_dcp {
	UPSTREAM_DCP_UNSAID, /* as its greeting says; public until then */
	UPSTREAM_DCP_PUBLIC,
	UPSTREAM_DCP_PRIVATE
};

enum upstream_on_link { ON_LINK_REFUSE, ON_LINK_UPDATE };

/* Contacts whose id looks so ("*" and "?") are for these roles or this TLD. */
struct conf_pattern {
	struct slice glob;
	unsigned roles; /* 1 << role; 0: not said */
	struct slice suffix; /* ".org"; empty: not said */
	enum kind kind;
	bool has_kind;
};

/* One who may log in to misu: a tenant. */
struct conf_backend {
	struct slice login;         /* clID */
	struct slice password_file; /* pool: misu checks it; empty: session */
	bool has_certificate;
	struct digest certificate;  /* SHA-256 it must show */
	unsigned connections;       /* at most; 0: the upstream's */
	struct place place;
};

/* One registry that misu stands before. */
struct conf_upstream {
	struct slice name;
	struct slice listen;      /* "192.0.2.1:700" */
	struct slice certificate, key, clients; /* PEM files: what backends see,
						   and whose clients may come */
	struct slice server;      /* "epp.registry.example:700" */
	struct slice server_name; /* SNI and the certificate's name */
	struct slice authority;   /* PEM file; empty: the system's */
	const struct digest *pins;
	size_t pin_count;
	struct slice client_certificate, client_key; /* shown to the registry */
	enum upstream_mode mode;
	bool shadows;             /* decide and record, pass all unchanged */
	unsigned sessions;        /* pool: at most, over all workers */
	struct slice login, password_file; /* misu's own */
	const struct conf_backend *backends;
	size_t backend_count;
	enum upstream_contacts contacts;
	enum epp_disclose disclose;
	enum upstream_dcp dcp;
	enum upstream_on_link on_link;
	const struct epp_extension_rule *extensions;
	size_t extension_count;
	const struct conf_pattern *patterns;
	size_t pattern_count;
	enum kind kind;           /* where nobody says; unknown by default */
	bool infer_kind;          /* an organisation is present: legal */
	unsigned roles;           /* where nobody says; 0: all */
	unsigned connections, backend_connections;
	size_t frame;             /* bytes */
	unsigned greet, log_in, idle, answer; /* seconds */
	struct place place;
};

/* One who signs the log's checkpoints beside us. */
struct conf_witness {
	struct slice verifier_key; /* "name+id+key", a cosignature key */
	struct slice url;          /* "/add-checkpoint" is added to it */
};

struct conf_recipient {
	struct slice id;
	enum channel_kind channel;
	struct slice directory; /* relative to the state directory, or absolute */
	struct slice suffix;
	struct slice template_name, template_text;
	const struct template *template; /* file channels; NULL for desk */
	struct placeholders placeholders;
	struct slice upstream; /* EPP: its name */
	struct place upstream_place;
	struct place place;
};

/* What an operator may do, as bits. */
enum {
	CONF_MAY_LOOK = 1,    /* lists and states, no values */
	CONF_MAY_HOLD = 2,    /* look at holds and decide them */
	CONF_MAY_DESK = 4,    /* take items from the desk */
	CONF_MAY_REQUEST = 8, /* requests, stops of provision, removals */
	CONF_MAY_FORGET = 16,
	CONF_MAY_ALL = 32, /* reload, stop and whatever else there is */
};

/* How an operator is known. */
enum conf_operator_by {
	CONF_BY_USER,
	CONF_BY_GROUP,
	CONF_BY_CERTIFICATE,
	CONF_BY_SUBJECT, /* of a certificate */
};

/*
 * Who may come besides root and misu itself: users and groups to the control
 * socket, certificates over HTTPS.
 */
struct conf_operator {
	enum conf_operator_by by;
	unsigned id;		   /* uid or gid */
	struct digest certificate; /* SHA-256 of the whole certificate */
	struct slice subject;	   /* as RFC 2253 writes it */
	struct slice name;
	unsigned rights;
};

/* What an auditor's token may look for besides the rest, as bits. */
enum { CONF_FIND_SUBJECTS = 1, CONF_FIND_OBJECTS = 2 };

struct conf_auditor {
	struct slice name; /* as the tokens' file has it */
	unsigned finds;
};

/* What two different operators must approve, as bits of conf.two_for. */
enum conf_matter {
	CONF_TWO_HOLDS,
	CONF_TWO_FORGETTING,
	CONF_TWO_AUTHORITY,
};

/* By which law a request must be answered in time. */
enum conf_law {
	CONF_LAW_APPI,
	CONF_LAW_GDPR,
	CONF_LAW_NIS2,
	CONF_LAW_AUTHORITY, /* as it states; 0: no limit */
	CONF_LAW_REGISTRY,
	CONF_LAWS
};

/* What misu itself publishes, where, and how much of it to whom. */
struct conf_publish {
	struct slice whois_address, rdap_address; /* empty: it does not */
	struct slice rdap_base; /* "https://rdap.registrar.example/" */
	struct publication_registrar registrar; /* no name: none is said */
	struct slice contact_form, terms_url;
	struct slice terms; /* lines, each with its "\n" */
	struct publication_hidden hidden_jprs, hidden_jpnic;
	/* Of an address block: questions a minute, personal objects a day. */
	unsigned rate, budget;
	bool networks_in_utf8; /* their WHOIS: else in ISO-2022-JP */
	bool references; /* WHOIS: "^HANDLE" is answered */
	unsigned cache; /* MiB of answers that were made */
	const struct prefix *free; /* whom neither holds back */
	size_t free_count;
	/* Recipients who may ask with a token over RDAP. */
	const struct conf_tier {
		struct slice recipient;
		struct place place;
	} *tiers;
	size_t tier_count;
	struct place place;
};

/* A server that publishes objects for a public recipient of the policy. */
struct conf_audit_server {
	bool is_rdap;
	/* WHOIS: a host, perhaps with a port; RDAP: a URL with a slash last. */
	struct slice server;
	bool has_layout;	  /* else it is as usual for the object */
	enum audit_layout layout; /* of WHOIS */
	bool english;		  /* it is asked with "/e" */
	/* Which objects it has: names under any of these, or a network's. */
	const struct slice *suffixes; /* ".jp" */
	size_t suffix_count;
	const struct network_group *network; /* NULL: it has domains */
	struct slice recipient;
	struct values hidden; /* what it shows in place of a value */
	struct place place;
};

/* How is looked at what others publish; nothing is without a statement. */
struct conf_audit {
	bool given;
	const struct conf_audit_server *servers;
	size_t server_count;
	unsigned every;	  /* seconds for all objects; 0: on demand alone */
	unsigned rate;	  /* questions a minute to one server */
	bool records_all; /* what was found well is an entry, too */
	bool named_only;  /* no server is asked but those named here */
	struct slice bootstrap; /* directory of RFC 9224's files; or empty */
	struct slice resolver;	/* "127.0.0.1:53"; empty: resolv.conf's */
	struct slice authority; /* PEM file; empty: the system's */
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
	struct slice console_address; /* "192.0.2.1:8055"; empty: no console */
	struct slice console_tokens; /* auditors' tokens; empty: none may */
	struct place console_place;
	const struct conf_witness *witnesses;
	size_t witness_count;
	struct slice operators_address; /* "192.0.2.1:8056"; empty: no HTTPS */
	struct slice operators_certificate, operators_key; /* PEM files */
	struct slice operators_clients; /* who signs operators' certificates */
	struct slice operators_revoked; /* lists of theirs; empty: none */
	struct place operators_place;
	struct slice control_socket;
	const struct network_group *networks;
	size_t network_count;
	const struct conf_recipient *recipients;
	size_t recipient_count;
	const struct conf_upstream *upstreams;
	size_t upstream_count;
	struct conf_publish publish;
	struct conf_audit audit;
	unsigned workers;                    /* processes; 1 by default */
	const struct conf_operator *operators;
	size_t operator_count;
	const struct conf_auditor *auditors; /* who may more than the others */
	size_t auditor_count;
	unsigned two_for;           /* 1 << enum conf_matter */
	unsigned approval_lasts;    /* seconds until the second is too late */
	unsigned limits[CONF_LAWS]; /* seconds */
	unsigned fee;               /* for disclosure to the subject */
	struct slice fee_unit;      /* "JPY without tax" */
	unsigned retry_first, retry_longest; /* seconds */
	unsigned give_up_after;              /* seconds */
	/* How long what is recorded stays; seconds. */
	unsigned keep_records; /* forgetting waits so long; 0: not at all */
	unsigned keep_entries; /* older entries go; 0: never */
	bool forget_now;       /* an operator may forget before */
	struct slice forgotten_copy; /* file; empty: none */
	unsigned key_overlap;  /* seconds that two signing keys sign */
	unsigned disk_warning; /* seconds before the disk is full */
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
 * All revisions of the policy and conf together; errors and warnings are added
 * to *diagnostics, each once.  True if there was no error.
 */
bool conf_check(const struct conf *conf, const struct ruleset *const *rulesets,
    size_t count, struct arena *arena, struct slice *diagnostics,
    struct fail *fail);

/* Recipients of misu.conf that no revision of the policy knows: warnings. */
bool conf_check_idle(const struct conf *conf,
    const struct ruleset *const *rulesets, size_t count, struct arena *arena,
    struct slice *diagnostics, struct fail *fail);

/* Is there a console: for auditors, or for operators' HTTPS? */
bool conf_has_console(const struct conf *conf);

/* Does it publish anything itself? */
bool conf_publishes(const struct conf *conf);
/* May this recipient ask with a token? */
bool conf_has_tier(const struct conf *conf, struct slice recipient);

/* "90s", "30m", "24h", "7d": at most 366 days, in seconds. */
bool conf_read_duration(struct slice text, unsigned *out);

/* NULL if there is none. */
const struct conf_recipient *conf_recipient(
    const struct conf *conf, struct slice id);

const struct conf_upstream *conf_upstream(
    const struct conf *conf, struct slice name);

/* The recipient that an upstream serves; NULL if none does. */
/* The first pattern that fits the contact's id, or NULL. */
const struct conf_pattern *conf_pattern(
    const struct conf_upstream *upstream, struct slice id);
/*
 * The kind of a contact where nobody told one, anew each time that it is
 * judged: the configuration changes, and an organisation goes.
 */
bool conf_presume_kind(const struct conf_upstream *upstream,
    struct record *contact, struct slice id, struct fail *fail);
const struct conf_recipient *conf_upstream_recipient(
    const struct conf *conf, const struct conf_upstream *upstream);

/*
 * Each PEM and password file that upstreams name, with the upstream; a secret
 * one must be readable by its owner only.  Ends when `visit` says false.
 */
bool conf_upstream_files(const struct conf *conf,
    bool (*visit)(void *context, const struct conf_upstream *upstream,
	struct slice file, bool secret),
    void *context);

/*
 * The EPP roles (1 << role) of which some record lets the recipient have no
 * value of this field, so that a placeholder goes in its place.
 */
unsigned conf_epp_redacts(const struct ruleset *ruleset,
    struct slice recipient, enum field field);

/*
 * Must a value of this field go to this recipient, and is there no
 * placeholder that could stand for it?
 */
bool conf_needs_value(const struct conf_recipient *recipient, enum role role,
    enum field field);

/* Everything here that can change what leaves, as canonical text. */
struct slice conf_setup_text(const struct conf *conf, struct arena *arena);

/* Its SHA-256. */
struct digest conf_setup_identity(const struct conf *conf, struct arena *arena);

/* "appi" */
const char *conf_law_name(enum conf_law law);

const char *channel_kind_name(enum channel_kind kind);
/* Is some recipient what misu itself publishes? */
bool conf_has_view(const struct conf *conf);

#endif
