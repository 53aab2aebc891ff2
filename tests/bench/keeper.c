/*
 * keeper DIRECTORY [COMMITS]: what a contact:create of 2 KB costs in the
 * keeper, its disclosure and its outcome, with 64 of them under way and every
 * contact a new one.  Messages are those of a worker's line, from one it made,
 * and are handed over without a socket.
 *
 * By turns in one run with groups of the same number of bytes, written and
 * synced; what counts is the median of the turns' ratios.  Then how long one
 * commit alone takes, a thousand a second, beside one synced block.
 *
 * For a profile: valgrind --tool=callgrind build/release/bench/keeper DIR 5120
 * and the same with 1024, between which the start and what comes once do not
 * count.  Keys of subjects are made in chunks of 1024.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "codec/wire.h"
#include "core/decide.h"
#include "keeper.h"
#include "net/keeper_link.h"
#include "runner/files.h"

enum {
	WRITERS = 64,
	ROUNDS = 5,
	ROUND_MS = 1000,
	LONGEST = 8192,
	ID = 12, /* characters of a contact's id */
	PLACES = 8,
	NUMBER_AT = 10, /* of a commit in its message */
	PAUSE_US = 1000,
	SAMPLES = 8192,
};

static const char conf_text[] =
    "policy epp.policy\norigin bench.example/log\nstate /state\n"
    "upstream bench {\n"
    "listen 192.0.2.1:700 certificate a key b\nserver epp.example:700\n"
    "role registrant\n"
    "}\n"
    "recipient reg to epp bench {\n"
    "placeholder \"REDACTED\" for name of *\n"
    "placeholder \"REDACTED\" for city of *\n"
    "placeholder \"redacted@relay.example\" for email of *\n"
    "placeholder \"US\" for country of *\n"
    "}\n";

struct bench {
	char root[512];
	struct loop *loop;
	struct event_base *base;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct arena *arena, *scratch;
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct keeper *keeper;
	struct keeper_worker *worker;
	struct event *turn;
	/* A worker's commit, and where its contact's id stands in it. */
	char message[LONGEST];
	size_t message_len, ids[PLACES], id_count;
	uint64_t number; /* of the newest commit */
	uint64_t entries[WRITERS * 4], numbers[WRITERS * 4];
	size_t ended;  /* outcomes to be told in the next turn */
	size_t wanted; /* commits to be made in it */
	size_t under_way;
	bool stopping;
	uint64_t done, left; /* commits still to be made, if not stopped */
	/* One at a time. */
	bool paced;
	double started, samples[SAMPLES];
	size_t sample_count;
};

static void
die(const char *what, const struct fail *fail)
{
	fprintf(stderr, "%s: %s: %s\n", what, fail->place, fail->text);
	exit(1);
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t
now_ms(void *context)
{
	struct bench *bench = context;

	return bench->loop->operations->now(bench->loop);
}

/* --- a worker's messages --- */

static bool
keep_message(void *context, struct slice message)
{
	struct bench *bench = context;
	const uint8_t *at = (const uint8_t *)message.data;

	if (at[1] != WIRE_COMMIT)
		return true;
	if (message.len > LONGEST)
		abort();
	memcpy(bench->message, message.data, message.len);
	bench->message_len = message.len;
	return true;
}

static void
never(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	(void)arg;
	(void)committed;
	(void)fail;
}

static void
set_field(struct record *record, enum field field, const char *value,
    struct fail *fail)
{
	struct slice item = slice_from(value);

	if (!record_set(record, ROLE_REGISTRANT, field, &item, 1, fail))
		die("record", fail);
}

static struct record *
make_record(struct bench *bench, struct fail *fail)
{
	static const struct {
		enum field field;
		const char *value;
	} values[] = {
	    {FIELD_NAME_INT, "Hanako Example"},
	    {FIELD_NAME_LOC, "\xe8\x8a\xb1\xe5\xad\x90 \xe4\xbe\x8b"},
	    {FIELD_ORG_INT, "Example Trading Company"},
	    {FIELD_ORG_LOC, "\xe4\xbe\x8b\xe5\x95\x86\xe4\xba\x8b"},
	    {FIELD_STREET_INT, "1-2-3 Example Building, Room 405"},
	    {FIELD_STREET_LOC, "\xe4\xbe\x8b\xe7\x94\xba 1-2-3"},
	    {FIELD_CITY_INT, "Chiyoda-ku"},
	    {FIELD_CITY_LOC, "\xe5\x8d\x83\xe4\xbb\xa3\xe7\x94\xb0"},
	    {FIELD_STATE_INT, "Tokyo"},
	    {FIELD_STATE_LOC, "\xe6\x9d\xb1\xe4\xba\xac"},
	    {FIELD_POSTCODE, "100-0001"},
	    {FIELD_COUNTRY, "JP"},
	    {FIELD_PHONE, "+81.312345678"},
	    {FIELD_FAX, "+81.312345679"},
	    {FIELD_EMAIL, "hanako@mail.example"},
	    {FIELD_AUTH_INFO, "2fooBAR-3"},
	};
	struct record *record = record_create(bench->arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("bench/C00000000000"), fail);

	if (record == NULL ||
	    !record_set_role(record, ROLE_REGISTRANT, KIND_UNKNOWN, fail))
		die("record", fail);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		set_field(record, values[i].field, values[i].value, fail);
	return record;
}

static void
find_ids(struct bench *bench)
{
	static const char id[] = "C00000000000";
	char *at = bench->message, *end = at + bench->message_len;

	while ((at = memmem(at, (size_t)(end - at), id, ID)) != NULL) {
		if (bench->id_count == PLACES)
			abort();
		bench->ids[bench->id_count++] = (size_t)(at - bench->message);
		at += ID;
	}
}

static void
make_message(struct bench *bench)
{
	const struct keeper_link_options options = {.loop = bench->loop,
	    .random = &random_system,
	    .send = keep_message,
	    .context = bench};
	const struct decide_given given = {.random = {7}};
	const struct decide_scope scope = {
	    .recipient = 0, .roles = 1u << ROLE_REGISTRANT};
	struct fail fail = FAIL_INIT;
	struct record *record = make_record(bench, &fail);
	struct disclosure *disclosure = decide_contact(
	    bench->ruleset, &scope, record, &given, bench->arena, &fail);
	struct epp_facts facts = {.given = true,
	    .client = SLICE("registrar"),
	    .created = 1767225600,
	    .made = true,
	    .roles = scope.roles};
	struct keeper_commit commit = {.disclosure = disclosure,
	    .record = record,
	    .scope = &scope,
	    .given = &given,
	    .upstream = SLICE("bench"),
	    .channel = SLICE("epp"),
	    .principal = SLICE("registrar"),
	    .payload = SLICE("the exact bytes"),
	    .setup = conf_setup_identity(bench->conf, bench->arena),
	    .store = KEEP_RECORD};
	struct keeper_link *link = keeper_link_create(&options, &fail);

	if (disclosure == NULL || link == NULL)
		die("decide", &fail);
	facts.shown = decide_shown(disclosure, ROLE_REGISTRANT);
	if (!record_set_epp(record, &facts, &fail))
		die("record", &fail);
	keeper_link_up(link);
	keeper_commit(link, bench->arena, &commit, never, NULL);
	keeper_link_destroy(link);
	find_ids(bench);
	bench->number = (uint64_t)getpid() << 32;
}

static void
write_id(char out[ID], uint64_t number)
{
	for (int i = ID; i-- > 1; number /= 10)
		out[i] = (char)('0' + number % 10);
}

static void
receive(struct bench *bench, struct slice message)
{
	if (!keeper_receive(bench->worker, message))
		abort();
}

static void
send_commit(struct bench *bench)
{
	uint64_t number = ++bench->number;

	if (--bench->left == 0)
		bench->stopping = true;
	for (size_t i = 0; i < 8; i++)
		bench->message[NUMBER_AT + i] = (char)(number >> 8 * i);
	for (size_t i = 0; i < bench->id_count; i++)
		write_id(bench->message + bench->ids[i], number);
	bench->under_way++;
	receive(bench, (struct slice){bench->message, bench->message_len});
}

static void
send_outcome(struct bench *bench, uint64_t entry, uint64_t number)
{
	char name[] = "bench/C00000000000";
	struct wire_message message = {.type = WIRE_OUTCOME,
	    .of.outcome = {.number = number,
		.entry = entry,
		.end = KEEPER_ANSWERED,
		.store = KEEP_RECORD,
		.code = 1000,
		.object = {OBJECT_CONTACT, {name, sizeof(name) - 1}}}};
	struct text text = text_start(bench->scratch);

	write_id(name + 6, number);
	if (!wire_write(&text, &message, NULL))
		abort();
	receive(bench, text_slice(&text));
	arena_reset(bench->scratch);
}

/* Everything that came in one turn of the loop, as from a socket. */
static void
turn(evutil_socket_t fd, short what, void *arg)
{
	struct bench *bench = arg;
	size_t ended = bench->ended, wanted = bench->wanted;

	(void)fd;
	(void)what;
	bench->ended = bench->wanted = 0;
	for (size_t i = 0; i < ended; i++)
		send_outcome(bench, bench->entries[i], bench->numbers[i]);
	for (size_t i = 0; i < wanted && bench->left != 0; i++)
		send_commit(bench);
	if (bench->paced && wanted != 0)
		bench->started = seconds(CLOCK_MONOTONIC);
}

static void
want(struct bench *bench, size_t commits)
{
	bench->wanted += commits;
	event_active(bench->turn, EV_WRITE, 0);
}

static void
take_committed(struct bench *bench, const struct wire_committed *committed)
{
	if (committed->fail.kind != FAIL_NONE)
		die("commit", &committed->fail);
	if (committed->word != KEEPER_DURABLE || !committed->is_sealed)
		abort();
	bench->entries[bench->ended] = committed->entry;
	bench->numbers[bench->ended++] = committed->number;
	if (bench->paced && bench->sample_count < SAMPLES)
		bench->samples[bench->sample_count++] =
		    seconds(CLOCK_MONOTONIC) - bench->started;
	want(bench, bench->stopping || bench->paced ? 0 : 1);
}

/* What the keeper says to the worker. */
static bool
from_keeper(void *context, struct slice bytes)
{
	static struct wire_message message;
	struct bench *bench = context;

	if (!wire_read(bytes, &message))
		abort();
	if (message.type == WIRE_COMMITTED)
		take_committed(bench, &message.of.committed);
	if (message.type != WIRE_NOTED)
		return true;
	bench->under_way -= wire_count(&message.of.noted);
	bench->done += wire_count(&message.of.noted);
	if (bench->stopping && bench->under_way == 0)
		event_base_loopbreak(bench->base);
	return true;
}

/* --- opening --- */

static void
logged(void *context, const char *level, const char *event,
    const struct fail *fail)
{
	(void)context;
	fprintf(stderr, "%s %s: %s\n", level, event, fail ? fail->text : "");
}

static void
read_setup(struct bench *bench, struct fail *fail)
{
	const struct policy_source source = {
	    SLICE("misu.conf"), slice_from(conf_text)};
	struct slice diagnostics = {NULL, 0};

	bench->ruleset =
	    files_load(bench->arena, "tests/bench/epp.policy", &diagnostics);
	if (bench->ruleset != NULL)
		bench->conf =
		    conf_parse(bench->arena, &source, NULL, &diagnostics, fail);
	if (bench->conf == NULL) {
		fprintf(stderr, "%.*s\n", SLICE_ARG(diagnostics));
		exit(1);
	}
}

static void
open_store(struct bench *bench, struct fail *fail)
{
	static const uint8_t master[KEY_SIZE] = {1};
	char path[600], vault[600], ledger[600], spool[600];

	snprintf(path, sizeof(path), "%s/keys", bench->root);
	snprintf(vault, sizeof(vault), "%s/vault", bench->root);
	snprintf(ledger, sizeof(ledger), "%s/ledger", bench->root);
	snprintf(spool, sizeof(spool), "%s/spool.db", bench->root);
	bench->disk = disk_real_create(bench->base, fail);
	bench->keys =
	    keys_open(bench->disk, path, master, &random_system, fail);
	if (bench->keys == NULL)
		die("keys", fail);
	bench->vault = vault_open(bench->disk, vault, bench->keys, fail);
	if (bench->vault == NULL)
		die("vault", fail);
	bench->ledger =
	    ledger_open(&(struct ledger_options){.disk = bench->disk,
			    .keys = bench->keys,
			    .directory = ledger,
			    .origin = "bench.example/misu",
			    .random = &random_system,
			    .now = now_ms,
			    .now_context = bench,
			    .vault = bench->vault},
		fail);
	if (bench->ledger == NULL)
		die("ledger", fail);
	bench->spool =
	    spool_open(bench->disk, spool, bench->keys, &random_system, fail);
	if (bench->spool == NULL)
		die("spool", fail);
}

static void
open_all(struct bench *bench)
{
	struct keeper_options options;
	struct fail fail = FAIL_INIT;

	bench->loop = loop_create();
	bench->base = loop_base(bench->loop);
	bench->turn = event_new(bench->base, -1, 0, turn, bench);
	bench->arena = arena_create(NULL);
	bench->scratch = arena_create(NULL);
	read_setup(bench, &fail);
	open_store(bench, &fail);
	options = (struct keeper_options){.loop = bench->loop,
	    .random = &random_system,
	    .keys = bench->keys,
	    .vault = bench->vault,
	    .ledger = bench->ledger,
	    .spool = bench->spool,
	    .log = logged};
	bench->keeper = keeper_create(&options, &fail);
	if (bench->keeper == NULL ||
	    !keeper_set_policy(bench->keeper, bench->ruleset, bench->conf,
		SLICE("bundle"), &fail))
		die("keeper", &fail);
	bench->worker = keeper_join(bench->keeper, from_keeper, bench);
	make_message(bench);
}

static void
close_all(struct bench *bench)
{
	keeper_leave(bench->worker);
	keeper_destroy(bench->keeper);
	spool_close(bench->spool);
	ledger_close(bench->ledger);
	vault_close(bench->vault);
	keys_close(bench->keys);
	disk_real_destroy(bench->disk);
	event_free(bench->turn);
	loop_destroy(bench->loop);
	arena_destroy(bench->scratch);
	arena_destroy(bench->arena);
}

/* --- turns --- */

struct result {
	double ours, raw; /* commits a second */
	double loop, all; /* CPU, microseconds a commit */
	double ratio;
};

static void
stop_round(evutil_socket_t fd, short what, void *arg)
{
	struct bench *bench = arg;

	(void)fd;
	(void)what;
	bench->stopping = true;
	if (bench->under_way == 0)
		event_base_loopbreak(bench->base);
}

static void
run_for(struct bench *bench, int ms)
{
	struct timeval length = {ms / 1000, ms % 1000 * 1000};

	bench->stopping = false;
	bench->done = 0;
	bench->left = UINT64_MAX;
	event_base_once(
	    bench->base, -1, EV_TIMEOUT, stop_round, bench, &length);
	loop_run(bench->loop);
}

static void
run_commits(struct bench *bench, uint64_t count)
{
	bench->left = count;
	want(bench, WRITERS);
	loop_run(bench->loop);
}

/* For so long, or so many commits where `ms` is 0. */
static void
round_keeper(
    struct bench *bench, int ms, uint64_t count, struct result *result)
{
	double start = seconds(CLOCK_MONOTONIC);
	double loop = seconds(CLOCK_THREAD_CPUTIME_ID);
	double all = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct fail fail = FAIL_INIT;
	double commits;

	if (ms == 0) {
		run_commits(bench, count);
	} else {
		want(bench, WRITERS);
		run_for(bench, ms);
	}
	commits = (double)bench->done;
	result->ours = commits / (seconds(CLOCK_MONOTONIC) - start);
	result->loop =
	    (seconds(CLOCK_THREAD_CPUTIME_ID) - loop) * 1e6 / commits;
	result->all = (seconds(CLOCK_PROCESS_CPUTIME_ID) - all) * 1e6 / commits;
	if (!ledger_checkpoint(bench->ledger, &fail))
		die("checkpoint", &fail);
}

/* Each commit's disclosure, record, outcome and promotion: so many bytes. */
enum { COMMIT_BYTES = 2560, RAW_SIZE = 1 << 26 };

static void
round_raw(int fd, int ms, struct result *result)
{
	static _Alignas(4096) char group[WRITERS * COMMIT_BYTES];
	double start = seconds(CLOCK_MONOTONIC), end = start;
	double commits = 0;
	off_t at = 0;

	for (; end - start < ms / 1000.0; end = seconds(CLOCK_MONOTONIC)) {
		memset(group, 1, sizeof(group));
		if (pwrite(fd, group, sizeof(group), at) !=
			(ssize_t)sizeof(group) ||
		    fdatasync(fd) != 0) {
			perror("raw");
			exit(1);
		}
		at = (at + (off_t)sizeof(group)) % RAW_SIZE;
		commits += WRITERS;
	}
	result->raw = commits / (end - start);
	result->ratio = result->ours / result->raw;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const struct result results[ROUNDS], size_t offset)
{
	double values[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++)
		memcpy(&values[i], (const char *)&results[i] + offset,
		    sizeof(values[i]));
	qsort(values, ROUNDS, sizeof(values[0]), compare);
	return values[ROUNDS / 2];
}

/* --- one alone --- */

static void
pace(evutil_socket_t fd, short what, void *arg)
{
	struct bench *bench = arg;

	(void)fd;
	(void)what;
	if (!bench->stopping && bench->under_way == 0)
		want(bench, 1);
}

static void
alone(struct bench *bench, int raw, int ms)
{
	static _Alignas(4096) char block[4096];
	static double synced[SAMPLES];
	struct timeval pause = {0, PAUSE_US};
	struct event *timer =
	    event_new(bench->base, -1, EV_PERSIST, pace, bench);
	size_t n = bench->sample_count;

	bench->paced = true;
	event_add(timer, &pause);
	run_for(bench, ms);
	event_free(timer);
	n = bench->sample_count;
	for (size_t i = 0; i < n; i++) {
		double start = seconds(CLOCK_MONOTONIC);

		if (pwrite(raw, block, sizeof(block), 0) !=
		    (ssize_t)sizeof(block))
			perror("raw");
		synced[i] = seconds(CLOCK_MONOTONIC) - start;
		usleep(PAUSE_US - 200);
	}
	if (n == 0)
		return;
	qsort(bench->samples, n, sizeof(double), compare);
	qsort(synced, n, sizeof(double), compare);
	printf("keeper alone: p50 %.0f us, p99 %.0f us, longest %.0f us; "
	       "one synced block p50 %.0f us, p99 %.0f us\n",
	    bench->samples[n / 2] * 1e6, bench->samples[n * 99 / 100] * 1e6,
	    bench->samples[n - 1] * 1e6, synced[n / 2] * 1e6,
	    synced[n * 99 / 100] * 1e6);
}

static int
open_raw(struct bench *bench, const char *name, int flags)
{
	char path[600];
	static char zeros[1 << 20];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", bench->root, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0600);
	for (off_t at = 0; fd >= 0 && flags == 0 && at < RAW_SIZE;
	     at += (off_t)sizeof(zeros))
		if (pwrite(fd, zeros, sizeof(zeros), at) < 0)
			fd = -1;
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

int
main(int argc, char **argv)
{
	static struct bench bench;
	struct result results[ROUNDS];
	int raw, block;

	if (argc < 2) {
		fprintf(stderr, "usage: keeper DIRECTORY [COMMITS]\n");
		return 2;
	}
	snprintf(bench.root, sizeof(bench.root), "%s", argv[1]);
	open_all(&bench);
	if (argc > 2) {
		round_keeper(&bench, 0, strtoull(argv[2], NULL, 10), results);
		printf("keeper: %.1f us, %.1f with its threads, %llu\n",
		    results[0].loop, results[0].all,
		    (unsigned long long)bench.done);
		close_all(&bench);
		return 0;
	}
	raw = open_raw(&bench, "raw", 0);
	block = open_raw(&bench, "block", O_DIRECT | O_DSYNC);
	for (int i = 0; i < ROUNDS; i++) {
		round_keeper(&bench, ROUND_MS, 0, &results[i]);
		round_raw(raw, ROUND_MS, &results[i]);
	}
	printf("keeper: %.0f commits/s with %d under way, %.1f us of the "
	       "loop's CPU a commit and its outcome, %.1f with its threads\n",
	    median(results, offsetof(struct result, ours)), WRITERS,
	    median(results, offsetof(struct result, loop)),
	    median(results, offsetof(struct result, all)));
	printf("ratio keeper/raw %.3f\n",
	    median(results, offsetof(struct result, ratio)));
	alone(&bench, block, 3 * ROUND_MS);
	close(raw);
	close(block);
	close_all(&bench);
	return 0;
}
