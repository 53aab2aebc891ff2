/*
 * What a contact:create of 2 KB costs in the filter of a worker: 64 backends
 * in mode pool over 4 sessions at the registry, every frame decided, spliced,
 * committed, sealed, sent and answered.  Connections and the keeper are next
 * to nothing: bytes that are put into a buffer, and acknowledgements.
 *
 * And the same of 256 backends: what waits for the keeper or the registry is
 * more then than the processor's cache has room for.
 *
 * The time is that within the filter, beside expat reading the same frame in
 * the same run.  For a profile of it alone:
 *	valgrind --tool=callgrind --toggle-collect='into_*'
 *build/release/bench/filter 20
 */
#include <expat.h>
#include <time.h>

#include "codec/wire.h"
#include "filter.h"
#include "runner/files.h"
#include "runner/frames.h"
#include "store/random_pool.h"

enum {
	FEW = 64,
	SESSIONS = 256,
	LINES = 4,
	QUEUE = 4096,
	ROUNDS = 4000,
	ANSWER = 600
};

/* --- a loop that does what it is told --- */

struct loop_timer {
	int unused;
};

struct call {
	void (*call)(void *arg);
	void *arg;
};

static struct call calls[QUEUE];
static size_t call_count;
static int64_t clock_ms = 1767225600000;

static int64_t
loop_now(struct loop *loop)
{
	(void)loop;
	return clock_ms;
}

static struct loop_timer *
loop_timer(struct loop *loop, void (*fire)(void *arg), void *arg)
{
	static struct loop_timer timer;

	(void)loop;
	(void)fire;
	(void)arg;
	return &timer;
}

static void
loop_timer_set(struct loop_timer *timer, int64_t delay)
{
	(void)timer;
	(void)delay;
}

static void
loop_timer_destroy(struct loop_timer *timer)
{
	(void)timer;
}

static bool
loop_soon(struct loop *loop, void (*call)(void *arg), void *arg)
{
	(void)loop;
	calls[call_count++] = (struct call){call, arg};
	return true;
}

static const struct loop_operations loop_operations = {
    .now = loop_now,
    .timer_create = loop_timer,
    .timer_set = loop_timer_set,
    .timer_destroy = loop_timer_destroy,
    .soon = loop_soon,
};

static struct loop loop = {&loop_operations};

/* --- connections --- */

struct bench_conn {
	struct epp_conn conn; /* first */
	const struct epp_conn_events *events;
	void *arg;
	char out[1 << 18]; /* what the filter sent in this turn */
	size_t len, ends[256], count;
};

static struct bench_conn backends[SESSIONS], lines[LINES];
static size_t line_count;

static bool
conn_send(struct epp_conn *conn, struct slice xml)
{
	struct bench_conn *c = (struct bench_conn *)(void *)conn;

	if (c->len + xml.len > sizeof(c->out))
		abort();
	memcpy(c->out + c->len, xml.data, xml.len);
	c->len += xml.len;
	c->ends[c->count++] = c->len;
	return true;
}

static size_t
conn_queued(const struct epp_conn *conn)
{
	(void)conn;
	return 0;
}

static void
conn_pause(struct epp_conn *conn, bool paused)
{
	(void)conn;
	(void)paused;
}

static void
conn_patience(struct epp_conn *conn, unsigned seconds)
{
	(void)conn;
	(void)seconds;
}

static void
conn_close(struct epp_conn *conn)
{
	(void)conn;
}

static const struct epp_conn_operations conn_operations = {
    .send = conn_send,
    .queued = conn_queued,
    .pause = conn_pause,
    .patience = conn_patience,
    .close = conn_close,
};

static struct epp_conn *
dial(struct epp_dialer *dialer, const struct epp_conn_events *events, void *arg,
    struct fail *fail)
{
	struct bench_conn *line = &lines[line_count++];

	(void)dialer;
	(void)fail;
	line->conn.operations = &conn_operations;
	line->events = events;
	line->arg = arg;
	return &line->conn;
}

static struct epp_dialer *
make_dialer(void *context, struct slice upstream)
{
	static struct epp_dialer dialer = {dial};

	(void)context;
	(void)upstream;
	return &dialer;
}

/* --- the keeper --- */

static char letters[QUEUE][320];
static size_t letter_lens[QUEUE], letter_count;
static struct arena *keeper_arena;
static uint64_t entries;
static size_t commits;

static void
acknowledge(const struct wire_message *message)
{
	struct text text = text_start(keeper_arena);
	struct slice bytes;

	if (!wire_write(&text, message, NULL))
		abort();
	bytes = text_slice(&text);
	if (letter_count == QUEUE || bytes.len > sizeof(letters[0]))
		abort();
	memcpy(letters[letter_count], bytes.data, bytes.len);
	letter_lens[letter_count++] = bytes.len;
	arena_reset(keeper_arena);
}

/* What the link sends is answered when the turn is over. */
static char kept[1 << 20];
static size_t kept_len, kept_ends[QUEUE], kept_count;

static bool
to_keeper(void *context, struct slice message)
{
	(void)context;
	if (kept_len + message.len > sizeof(kept))
		abort();
	memcpy(kept + kept_len, message.data, message.len);
	kept_len += message.len;
	kept_ends[kept_count++] = kept_len;
	return true;
}

static void
keep(struct slice bytes)
{
	static struct wire_message in, out;

	if (!wire_read(bytes, &in))
		abort();
	if (in.type == WIRE_COMMIT) {
		out.type = WIRE_COMMITTED;
		out.of.committed =
		    (struct wire_committed){.number = in.of.commit.number,
			.word = KEEPER_DURABLE,
			.is_sealed = true,
			.entry = ++entries,
			.payload = in.of.commit.payload};
		commits++;
		acknowledge(&out);
	} else if (in.type == WIRE_OUTCOME) {
		struct text numbers = text_start(keeper_arena);

		out.type = WIRE_NOTED;
		wire_add_number(&numbers, in.of.outcome.number);
		out.of.noted.bytes = text_slice(&numbers);
		acknowledge(&out);
	}
}

static void
keep_all(void)
{
	size_t at = 0;

	for (size_t i = 0; i < kept_count; i++) {
		keep((struct slice){kept + at, kept_ends[i] - at});
		at = kept_ends[i];
	}
	kept_len = kept_count = 0;
}

/* --- the world --- */

static const char conf_text[] =
    "policy epp.policy\norigin bench.example/log\nworkers 1\n"
    "upstream bench {\n"
    "listen 127.0.0.1:7001\n"
    "certificate \"a.pem\" key \"a.key\"\n"
    "server \"192.0.2.1:700\"\n"
    "name \"epp.registry.example\"\n"
    "authority \"ca.pem\"\n"
    "mode pool of 4 sessions\n"
    "login \"registrar\" password \"password\"\n"
    "backend \"registrar\" password \"password\"\n"
    "connections 1000 backend-connections 1000\n"
    "role registrant\n"
    "}\n"
    "recipient reg to epp bench {\n"
    "placeholder \"REDACTED\" for name of *\n"
    "placeholder \"REDACTED\" for city of *\n"
    "placeholder \"redacted@relay.example\" for email of *\n"
    "placeholder \"US\" for country of *\n"
    "}\n";

static const char greeting[] =
    "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><greeting>"
    "<svID>Example Registry</svID><svDate>2026-01-01T00:00:00.0Z</svDate>"
    "<svcMenu><version>1.0</version><lang>en</lang>"
    "<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI>"
    "<objURI>urn:ietf:params:xml:ns:contact-1.0</objURI></svcMenu>"
    "<dcp><access><all/></access><statement><purpose><admin/><prov/>"
    "</purpose><recipient><ours/></recipient><retention><stated/>"
    "</retention></statement></dcp></greeting></epp>";

static const char login[] =
    "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><command><login>"
    "<clID>registrar</clID><pw>registrar-pw</pw><options><version>1.0"
    "</version><lang>en</lang></options><svcs>"
    "<objURI>urn:ietf:params:xml:ns:contact-1.0</objURI></svcs></login>"
    "<clTRID>L-1</clTRID></command></epp>";

static struct random_source random_bytes;

static struct keeper_link *
make_link(struct fail *fail)
{
	const struct keeper_link_options options = {
	    .loop = &loop, .random = &random_bytes, .send = to_keeper};
	struct keeper_link *link = keeper_link_create(&options, fail);

	if (link != NULL)
		keeper_link_up(link);
	return link;
}

static struct filter *
make_filter(struct arena *arena, struct keeper_link *link, struct fail *fail)
{
	const struct filter_options options = {.loop = &loop,
	    .random = &random_bytes,
	    .link = link,
	    .dialer = make_dialer,
	    .workers = 1};
	const struct policy_source source = {
	    SLICE("misu.conf"), slice_from(conf_text)};
	const struct filter_secret secret = {
	    SLICE("password"), SLICE("registrar-pw")};
	const struct filter_secrets secrets = {&secret, 1};
	struct slice diagnostics = {NULL, 0};
	struct ruleset *ruleset =
	    files_load(arena, "tests/bench/epp.policy", &diagnostics);
	struct conf *conf =
	    conf_parse(arena, &source, NULL, &diagnostics, fail);
	struct filter *filter = filter_create(&options, fail);

	if (ruleset == NULL || conf == NULL || filter == NULL ||
	    !filter_set(filter, ruleset, conf, &secrets, fail)) {
		fprintf(stderr, "filter: %.*s%s\n", SLICE_ARG(diagnostics),
		    fail->text);
		exit(1);
	}
	return filter;
}

/* --- into the filter: what is measured --- */

__attribute__((noinline)) static void
into_session(struct bench_conn *conn, struct slice xml)
{
	conn->events->frame(conn->arg, xml);
}

__attribute__((noinline)) static void
into_line(struct bench_conn *conn, struct slice xml)
{
	conn->events->frame(conn->arg, xml);
}

__attribute__((noinline)) static void
into_link(struct keeper_link *link, struct slice message)
{
	if (!keeper_link_receive(link, message))
		abort();
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
acknowledge_all(struct keeper_link *link)
{
	double start;
	size_t count;

	keep_all();
	count = letter_count;
	start = now();
	for (size_t i = 0; i < count; i++)
		into_link(link, (struct slice){letters[i], letter_lens[i]});
	letter_count = 0;
	return now() - start;
}

static size_t
make_answer(struct slice frame, char out[ANSWER])
{
	static const char head[] = "<clTRID>";
	const char *id = memmem(frame.data, frame.len, head, 8);
	const char *end = memmem(frame.data, frame.len, "</clTRID>", 9);

	if (id == NULL || end == NULL)
		abort();
	return (size_t)snprintf(out, ANSWER,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
	    "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><response>"
	    "<result code=\"1000\"><msg>Command completed successfully</msg>"
	    "</result><resData><contact:creData "
	    "xmlns:contact=\"urn:ietf:params:xml:ns:contact-1.0\">"
	    "<contact:id>mihon-0001</contact:id>"
	    "<contact:crDate>2026-01-01T00:00:00.0Z</contact:crDate>"
	    "</contact:creData></resData><trID>%.*s</clTRID>"
	    "<svTRID>REGISTRY-12345</svTRID></trID></response></epp>",
	    (int)(end - id), id);
}

static double
answer_all(void)
{
	static char answers[256][ANSWER];
	double spent = 0;

	for (size_t l = 0; l < LINES; l++) {
		struct bench_conn *line = &lines[l];
		size_t count = line->count, at = 0, lens[256];
		double start;

		for (size_t i = 0; i < count; i++) {
			lens[i] = make_answer(
			    (struct slice){line->out + at, line->ends[i] - at},
			    answers[i]);
			at = line->ends[i];
		}
		line->count = line->len = 0;
		start = now();
		for (size_t i = 0; i < count; i++)
			into_line(line, (struct slice){answers[i], lens[i]});
		spent += now() - start;
	}
	return spent;
}

static double
round_once(struct keeper_link *link, struct slice frame, size_t sessions)
{
	double start = now(), spent;

	for (size_t i = 0; i < sessions; i++)
		into_session(&backends[i], frame);
	spent = now() - start;
	spent += acknowledge_all(link);
	spent += answer_all();
	spent += acknowledge_all(link);
	for (size_t i = 0; i < sessions; i++) {
		if (backends[i].count != 1)
			abort();
		backends[i].count = backends[i].len = 0;
	}
	return spent;
}

/* Seconds for one command. */
static double
time_filter(struct keeper_link *link, size_t sessions, int rounds)
{
	struct slice frame = slice_from(frame_contact_create);
	double spent = 0;

	commits = 0;
	for (int i = 0; i < rounds; i++)
		spent += round_once(link, frame, sessions);
	if (commits != (size_t)rounds * sessions)
		abort();
	return spent / ((double)rounds * (double)sessions);
}

static void
open_all(struct filter *filter)
{
	for (size_t i = 0; i < LINES; i++) {
		lines[i].events->opened(lines[i].arg);
		lines[i].events->frame(lines[i].arg, slice_from(greeting));
	}
	answer_all();
	for (size_t i = 0; i < SESSIONS; i++) {
		struct bench_conn *c = &backends[i];

		c->conn.operations = &conn_operations;
		if (!filter_accept(
			filter, SLICE("bench"), &c->conn, &c->events, &c->arg))
			abort();
		c->events->opened(c->arg);
		c->events->frame(c->arg, slice_from(login));
		if (c->count != 2 ||
		    memmem(c->out, c->len, "code=\"1000\"", 11) == NULL)
			abort();
		c->count = c->len = 0;
	}
}

/* --- the yardstick --- */

static void
on_text(void *context, const XML_Char *text, int len)
{
	(void)text;
	*(unsigned *)context += (unsigned)len;
}

static double
time_expat(struct slice frame)
{
	enum { TIMES = 10000 };
	XML_Parser parser = XML_ParserCreateNS(NULL, ' ');
	unsigned sink = 0;
	double start = now();

	for (size_t i = 0; i < TIMES; i++) {
		XML_ParserReset(parser, NULL);
		XML_SetUserData(parser, &sink);
		XML_SetCharacterDataHandler(parser, on_text);
		if (XML_Parse(parser, frame.data, (int)frame.len, 1) !=
		    XML_STATUS_OK)
			abort();
	}
	XML_ParserFree(parser);
	return (now() - start) / TIMES;
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : ROUNDS;
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice frame = slice_from(frame_contact_create);
	struct random_pool pool;
	struct keeper_link *link;
	struct filter *filter;
	double spent, many, expat;

	random_bytes = random_pool_source(&pool, &random_system);
	link = make_link(&fail);
	filter = make_filter(arena, link, &fail);

	keeper_arena = arena_create(NULL);
	open_all(filter);
	spent = time_filter(link, FEW, rounds);
	many = argc > 1 ? 0 : time_filter(link, SESSIONS, rounds / 4);
	expat = argc > 1 ? 1 : time_expat(frame);
	printf("filter: %.2f us a contact:create of %zu bytes, %.2f us with "
	       "%d in flight, expat %.2f us to read it\n",
	    spent * 1e6, frame.len, many * 1e6, (int)SESSIONS, expat * 1e6);
	printf("ratio filter/expat %.3f\n", spent / expat);
	printf("ratio filter-many/expat %.3f\n", many / expat);
	filter_destroy(filter);
	keeper_link_destroy(link);
	arena_destroy(keeper_arena);
	arena_destroy(arena);
	return 0;
}
