/*
 * What the files of the filter share: who is who.
 *
 *	filter --- upstreams --- sessions (backends) --- commands
 *	                    \--- lines (registry)    --- flights
 *
 * A flight is whatever waits for the registry's answer on a line: a
 * backend's command, or a request of misu's own.
 */
#ifndef MISU_FILTER_PRIV_H
#define MISU_FILTER_PRIV_H

#include "base/date.h"
#include "codec/epp_frame.h"
#include "filter.h"

enum {
	LOGIN_FAILURES = 3,
	COMMANDS_MAX = 64,    /* of one session; then it is read no more */
	FILTER_ARENAS = 1024, /* kept for reuse */
	TICK = 1000,	      /* ms between looks at what waits */
	TICK_SLOW = 60000,    /* the same where nothing does, at most */
	ANSWER_TIMES = 4,     /* as long as a frame may be is an answer */
};

/* --- the registry's side ------------------------------------------------ */

struct line;

struct flight {
	struct flight *next;
	struct line *line;
	/*
	 * The response is read into it; NULL: into one of the filter's, which
	 * stands here for the call and is wiped after it.
	 */
	struct arena *arena;
	struct slice client_id; /* what the response must echo; empty: any */
	int64_t deadline;	/* ms */
	/* Borrowed for the call.  One of the two comes, once. */
	void (*answered)(
	    struct flight *flight, const struct epp_response *response);
	void (*lost)(struct flight *flight, const struct fail *fail);
};

enum line_state {
	LINE_DIALING,
	LINE_GREETING, /* connected: the greeting is awaited */
	LINE_LOGIN,    /* misu's own login is under way */
	LINE_READY,
	LINE_DEAD, /* its connection is gone, or about to be closed */
};

struct line {
	struct upstream *upstream;
	struct epp_conn *conn;
	struct line *next;
	enum line_state state;
	struct session *session;      /* mode session: whose it is */
	bool own;		      /* misu logs in: pool, channel, import */
	bool pooled;		      /* backends share it */
	struct flight *first, **last; /* written, not answered */
	size_t flights;
	int64_t quiet; /* ms: since when nothing was sent */
	int64_t hello; /* ms: the greeting of a keep-alive comes by then; 0 */
	struct flight login;
	bool in_upstream; /* it stands in the upstream's list */
	bool retired;	  /* not counted: it ends when its flights have */
};

/* --- the backends' side ------------------------------------------------- */

enum session_state {
	SESSION_OPENING, /* the registry's greeting is awaited */
	SESSION_GREETED,
	SESSION_OPEN,	/* logged in */
	SESSION_LOST,	/* its registry session is gone: 2500 comes next */
	SESSION_ENDING, /* closes once the last answer is out */
};

struct session {
	struct upstream *upstream;
	struct epp_conn *conn; /* NULL: the backend is gone */
	struct session *next, **at;
	enum session_state state;
	struct line
	    *line;	/* mode session: its own; pool: bound while in flight */
	size_t on_line; /* commands in flight there */
	bool pooled;
	char client[17];		    /* clID it logged in with */
	struct command *first, **last;
	size_t count;
	bool paused, pumping, again;
	bool is_held;	    /* not to be freed: whoever holds it releases it */
	struct fail why;    /* LOST: what happened */
	unsigned failures;  /* of its login */
	bool has_read;	    /* a message of the queue: */
	struct digest read; /* of its id */
	int64_t greeted;    /* ms */
};

enum command_state {
	COMMAND_NEW,	/* read; waits for those before it */
	COMMAND_ASKING, /* the keeper or the registry was asked */
	COMMAND_STALE,	/* another setup comes: it begins anew then */
	COMMAND_READY,	/* may be sent in its turn */
	COMMAND_SENT,	/* in flight */
	COMMAND_DONE,	/* has its answer */
};

/* One command can need several entries: one for each person it discloses. */
struct also {
	struct also *next;
	uint64_t entry;
};

struct command {
	struct flight flight; /* first: a flight of it is it */
	struct session *session;
	struct command *next;
	struct arena *keep;  /* the command, its frame, what is sent of it */
	struct arena *arena; /* what is read and decided; settled: `keep` */
	struct slice text;   /* the frame */
	struct epp_command *epp;
	bool settled; /* of `epp` there is what an answer needs, no more */
	enum command_state state;
	int64_t deadline;
	uint64_t setups; /* the filter's, when it began */
	/* what goes, one of them: both NULL is nothing yet */
	const struct epp_plain *plain;
	const struct sealed *sealed;
	struct slice answer; /* DONE */
	/* the decision */
	uint64_t entry;
	bool recorded; /* an outcome is owed */
	bool deletes;  /* so the keeper was told, and nothing was sent yet */
	bool approved;
	bool is_local; /* for misu alone: nothing of it is sent */
	struct slice unread; /* a frame that passes as it is; or empty */
	unsigned link_updates;
	int64_t approval;
	enum keeper_store store;
	struct keeper_object object;
	struct slice registered;   /* what the answer said; for the call */
	struct record *record;	   /* what is judged and kept */
	const struct shown *shown; /* what the registry holds; NULL: unknown */
	uint64_t named; /* FIELD_BITs that a contact's update brings or takes */
	struct keeper_held *held;
	const struct places *places; /* where the contact stands; or NULL */
	const struct keeper_object *objects; /* what was fetched */
	size_t object_count;
	struct domain_work *domain;
	struct kept_work *kept; /* filter_kept.c's */
	struct arena *scratch;	/* its, while the keeper is asked; or NULL */
	void (*then)(struct command *command);	  /* after a fetch */
	void (*cleared)(struct command *command); /* it is nobody else's */
	void (*more)(struct command *command); /* another entry comes first */
	struct also *also;		       /* entries besides the last */
	struct ruling outcome; /* of the decision, and its reason */
	struct slice reason;
	struct slice refusal; /* says more than the rule's own reason; empty */
	struct slice local_data; /* <resData> of what misu answers itself */
	unsigned local_code;	 /* and its code; 0: EPP_OK */
};

struct upstream {
	struct filter *filter;
	struct upstream *next;
	char name[48];
	const struct conf_upstream
	    *conf; /* of the setup in force; NULL: gone */
	const struct conf_recipient *binding;
	unsigned recipient; /* index in the ruleset */
	struct epp_manner manner;
	struct digest secrets; /* of the PEM texts: changed, all is made anew */
	struct digest login;   /* of what misu's own lines log in with */
	struct epp_tls *server_tls, *client_tls;
	struct epp_listener *listener;
	int fd; /* -1: none */
	struct epp_dialer *dialer;
	bool dialer_ours;
	struct arena *greeting_arena;
	bool dcp_told; /* that its dcp is another than misu.conf says */
	struct epp_greeting *greeting; /* the registry's latest; or NULL */
	char address[300];	       /* of the registry */
	char password[257];
	struct slice backend_passwords[64]; /* in password_arena, as conf's */
	struct arena *password_arena;
	struct session *sessions;
	size_t session_count;
	struct line *lines; /* misu's own: pool, channel, import */
	size_t line_count;
	unsigned failures; /* of own lines since one was ready */
	int64_t redial;	   /* ms: not before */
	bool told;	   /* that it is away was logged */
	int64_t refusal;   /* ms: when a refused backend was last logged */
	enum fail_kind told_kind; /* and why, as far as a kind says it */
	bool elsewhere; /* the setup that comes speaks to another registry */
	struct loop_timer *tick;
	bool ticking, tick_is_slow;
	struct own *own_first, **own_last; /* misu's requests that wait */
	uint64_t passed, decided, refused, answered, lost;
};

struct filter {
	struct filter_options o;
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct digest setup;
	struct upstream *upstreams;
	struct arena *work; /* for what is soon over; NULL: in use */
	struct arena *arenas[FILTER_ARENAS];
	size_t arena_count, arena_least; /* the least since the last look */
	uint64_t counter;		 /* of clTRIDs */
	uint64_t setups;		 /* that were put in force so far */
	char life[32]; /* begins clTRIDs, which do not repeat after a start */
	size_t life_len;
	bool publishes; /* misu.conf has a public view */
	bool draining;
	void (*drained)(void *arg);
	void *drained_arg;
};

/* --- filter.c ----------------------------------------------------------- */

struct upstream *filter_upstream(struct filter *filter, struct slice name);
struct arena *filter_arena(struct filter *filter);
void filter_give_arena(struct filter *filter, struct arena *arena);
/*
 * The same for what is over when the call is, or mostly: one that is in the
 * processor's cache still.
 */
struct arena *filter_work(struct filter *filter);
void filter_give_work(struct filter *filter, struct arena *arena);
/* Does the registry publish what it is not told to hide? */
bool filter_publishes(const struct upstream *upstream);
int64_t filter_now(const struct filter *filter);
void filter_log(struct upstream *upstream, const char *level, const char *event,
    const struct fail *fail);
/* This worker's part of what all may have, rounded up. */
size_t filter_share(const struct filter *filter, size_t all);
/* A clTRID of ours in `arena`. */
struct slice filter_client_id(struct filter *filter, struct arena *arena);
/* The upstream has something that waits: look at it every second. */
void filter_tick(struct upstream *upstream);
/* A session or line is over: the drain may be. */
void filter_look_drained(struct filter *filter);

/* --- filter_setup.c ----------------------------------------------------- */

void filter_drop_listener(struct upstream *upstream);
void filter_drop_upstream_sockets(struct upstream *upstream);

/* --- filter_session.c --------------------------------------------------- */

extern const struct epp_conn_events session_events;
struct session *session_create(
    struct upstream *upstream, struct epp_conn *conn);
/* Start, send and answer whatever may be, in the backend's order. */
void session_pump(struct session *session);
/* The registry's greeting is there (or never will be: fail). */
void session_greet(struct session *session);
void session_lost(struct session *session, const struct fail *fail);
void session_tick(struct session *session, int64_t now);
void session_close(struct session *session);
/* All of them, at once. */
void filter_end_sessions(struct upstream *upstream);
/* Has it neither connection nor command?  Then it is freed. */
void session_release(struct session *session);

/* --- filter_command.c, filter_record.c
 * --------------------------------------------------- */

/*
 * Read a frame; it stands in the session's order from here on.  False: no
 * memory for it.
 */
bool command_create(struct session *session, struct slice xml);
bool command_must_wait(const struct command *command);
void command_start(struct command *command);
/* COMMAND_READY and its turn: give it to a line; false: none yet. */
bool command_send(struct command *command);
void command_free(struct command *command);
/*
 * It waits for the keeper and the registry, which may be thousands of commands
 * at once: what was read and decided goes, ten kilobytes of it.  Whoever
 * begins anew reads the frame once more.
 */
void command_settle(struct command *command);

/* Answer; `message` may be NULL and then the code's own text stands alone. */
void command_answer(struct command *command, unsigned code, const char *format,
    ...) __attribute__((format(printf, 3, 4)));
/* A commit failed: nothing of it goes. */
void command_not_recorded(struct command *command,
    const struct keeper_committed *committed, const struct fail *fail);
void command_answer_fail(
    struct command *command, unsigned code, const struct fail *fail);
void command_answer_data(
    struct command *command, unsigned code, struct slice data);
/* The bytes of a whole response; copied if they cannot go at once. */
void command_answer_bytes(struct command *command, struct slice bytes);

/* Pass it on as it is: it carries nothing personal. */
void command_pass(struct command *command);
/* Fetch `objects` into command->held, then call. */
void command_fetch(struct command *command, const struct keeper_object *objects,
    size_t count, void (*then)(struct command *command));

/*
 * Ask the registry by info, on the command's own line; `found` is NULL where
 * it does not show it.
 */
void command_inquire(struct command *command, enum epp_object object,
    struct slice id,
    void (*then)(struct command *command, struct record *found));

/* The decision was made: encode, record, and then it is READY. */
struct decision {
	const struct disclosure *disclosure;
	const struct decide_scope *scope;
	const struct block *block;
	const struct decide_given *given;
	enum keeper_store store;
	const struct record *stored;
	uint64_t seen; /* struct keeper_commit */
};
void command_commit(struct command *command, const struct decision *decision);

/* All is recorded: it goes, or is answered here. */
void command_go(struct command *command);

/* What the outcome of the registry means for the entry; once. */
void command_outcome(
    struct command *command, enum keeper_end end, unsigned code);

/* READY: it may go in its turn, within the time to answer. */
void command_ready(struct command *command);
/* Another setup is on its way: begin anew when it is there. */
void command_stale(struct command *command);
/*
 * Make the registry lose what a contact may not show in a link's role, and
 * then go on.
 */
struct link {
	enum role role;
	struct slice id;
	uint64_t seen; /* of the contact's fetch: struct keeper_commit */
};
void command_update_contact(struct command *command, const struct link *link,
    struct record *contact, void (*then)(struct command *command));
/* --- filter_doubt.c ----------------------------------------------------- */

/*
 * What was fetched at `index`, as it may be now; NULL: nothing is known.  Of a
 * contact that was changed and the answer lost, the registry may show what it
 * showed before and what it was told to.
 */
struct record *command_held(const struct command *command, size_t index);
/*
 * Is it one of two, nobody knows which?  Then command_inquire() and, with what
 * was found or NULL, doubt_settle(): upon which the next change is made.
 */
bool doubt_wants_info(const struct command *command, size_t index);
struct record *doubt_settle(
    struct command *command, size_t index, const struct record *found);

/* --- filter_learn.c --- */

/* What the answer says of a domain itself goes with the outcome. */
void command_learn(
    struct command *command, const struct epp_response *response);
/*
 * What an update makes of the statuses that the registry last said, where
 * something is published of domains: they stand in the record that is kept.
 */
bool command_keep_statuses(const struct command *command,
    const struct record *stored, struct record *kept, struct fail *fail);
/* And what else the keeper learns of it. */
void command_learned(
    struct command *command, const struct epp_response *response);
/* The registry deleted it: its record goes. */
void command_forget(struct command *command);
/*
 * A deletion goes on, where something is published once the keeper knows of
 * it; any command was sent; or will not be.
 */
void command_delete(struct command *command);
void command_sent(struct command *command);
void command_not_sent(struct command *command);

/* The outcome of one entry that keeps no record. */
void command_end_entry(struct command *command, uint64_t entry,
    enum keeper_end end, unsigned code);

/* "UPSTREAM/ID", as the vault knows contacts and hosts. */
struct slice command_object_name(
    const struct command *command, struct slice id, struct arena *arena);

/* --- filter_tenant.c ---------------------------------------------------- */

enum tenancy { TENANT_OWN, TENANT_OTHER, TENANT_NOBODY };

/* Does its backend share the pool with others? */
bool tenant_is_one_of_many(const struct session *session);
/* Is it known to be another backend's?  NULL is nobody's. */
bool tenant_is_others(
    const struct session *session, const struct record *record);
/* Whose is what was fetched?  TENANT_OWN where there are no others. */
enum tenancy tenant_of(const struct command *command, size_t index);
void tenant_refuse(struct command *command);
/*
 * Look whose it is, and go on, or refuse: of all that names an object and
 * is not judged by its record anyway.
 */
void tenant_look(
    struct command *command, void (*then)(struct command *command));

/* --- filter_contact.c, filter_domain.c, filter_object.c, filter_local.c --- */

void contact_start(struct command *command);
void domain_start(struct command *command);
/* What carries no person but is no plain command: hosts, transfers. */
void object_start(struct command *command);
/* Contacts that only misu keeps. */
void local_start(struct command *command);
/* A domain:info answer gets its contacts back; true if it was answered. */
bool local_domain_info(
    struct command *command, const struct epp_response *response);

/* --- filter_kept.c ------------------------------------------------------ */

/* What is kept of a contact; NULL: there is none. */
const struct record *kept_contact(const struct keeper_held *held);
/* Another change of it, and the one it replaces. */
bool kept_change(
    const struct command *command, struct epp_kept *kept, struct fail *fail);
/* Does a domain name it? */
void kept_look(struct command *command, const struct record *contact,
    void (*then)(struct command *command, bool is_named));
/* Nobody names the one that was looked at: what says who did is of no use. */
void kept_forget_pages(struct command *command);
/*
 * Once the domain command is recorded, note its name in these contacts, NULL
 * among them passed over, and only then go on.  `contacts` is borrowed.
 */
bool kept_plan(struct command *command, struct record *const *contacts,
    size_t count, struct fail *fail);
void kept_note(struct command *command);

/* --- filter_unread.c ---------------------------------------------------- */

/* May a frame that cannot be read pass nevertheless?  It is borrowed. */
bool unread_keep(struct command *command, struct slice text);
void unread_start(struct command *command);

/* --- filter_contact.c --------------------------------------------------- */

/* The person of the command under the vault's name. */
struct record *contact_record(struct command *command, struct fail *fail);
/*
 * Has an update, merged with what there was, one postcode and one country for
 * both its addresses?  False: it was refused.
 */
bool contact_forms_agree(struct command *command, const struct record *stored);
/* The scope of a contact: hints, patterns, misu.conf's default. */
struct decide_scope contact_scope(const struct upstream *upstream,
    struct slice id, const struct epp_hints *hints);
/*
 * Of a contact that only the registry described: it shows all it has, and
 * stands where misu.conf says that such contacts do.
 */
void contact_presume(const struct upstream *upstream, struct slice id,
    const struct record *record, struct epp_facts *facts);
bool filter_random(
    const struct filter *filter, uint8_t out[16], struct fail *fail);

/* --- filter_line.c ------------------------------------------------------ */

/* Begin to dial; NULL with a fail. */
struct line *line_dial(struct upstream *upstream, struct session *session,
    bool pooled, struct fail *fail);
/*
 * The only two ways to a registry: bytes whose entry is durable, and bytes
 * that carry nothing personal.  Written means in flight.  False: the line is
 * not ready, nothing was written.
 */
bool line_send_sealed(
    struct line *line, struct flight *flight, const struct sealed *sealed);
/* One frame of several that were sealed together. */
bool line_send_part(struct line *line, struct flight *flight,
    const struct sealed *sealed, struct slice part);
bool line_send_plain(
    struct line *line, struct flight *flight, const struct epp_plain *plain);
/* It is of no use any more: flights are lost, owners are told. */
void line_kill(struct line *line, const struct fail *fail);
/* Log out if it may, and go. */
void line_close(struct line *line);
/* No more is sent on it; it closes when the last answer is there. */
void line_retire(struct line *line);
void line_tick(struct line *line, int64_t now);

/* --- filter_pool.c ------------------------------------------------------ */

/* A line for a command of this session now, or NULL. */
struct line *pool_line(struct session *session);
/* Misu's own request: any own line. */
struct line *pool_own_line(struct upstream *upstream);
/* Have as many lines as are wanted; dial what is missing. */
void pool_fill(struct upstream *upstream);
/* A line became ready, or died. */
void pool_changed(struct upstream *upstream);
/*
 * A setup came into force.  `elsewhere`: another registry, login or proof of
 * who either is, so that no line that is there may be used any more.
 */
void pool_settle(struct upstream *upstream, bool elsewhere);
void pool_failed(struct upstream *upstream, const struct fail *fail);

/* --- filter_own.c ------------------------------------------------------- */

/* Give waiting requests of misu's own to lines. */
void own_pump(struct upstream *upstream);
void own_tick(struct upstream *upstream, int64_t now);
/* The filter ends, and the keeper answers none of them any more. */
void own_fail_all(struct upstream *upstream, const struct fail *fail);

#endif
