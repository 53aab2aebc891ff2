/*
 * search DIRECTORY [ENTRIES]: makes a ledger of so many entries (10 million
 * unless told), indexes it, and asks for filtered first pages of 50, as
 * `misuctl log` does: ledger and index are opened for each.  The goal is 100
 * ms a page.  A directory that has a ledger already is asked, not made.
 */
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runner/log_maker.h"
#include "store/index_feed.h"
#include "store/log_query.h"
#include "store/log_stats.h"

enum { PAGE = 50, TRIES = 5, STEP = 1000000, BATCH = 16384 };

struct bench {
	char ledger[600], index[600], keys_path[600];
	struct disk *disk;
	struct keys *keys;
	uint64_t entries, shown;
	struct disk_operations operations;
};

static void
die(const char *what, const struct fail *fail)
{
	fprintf(stderr, "%s: %s: %s\n", what, fail->place, fail->text);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* What is made here need not outlive a power cut. */
static bool
no_sync(struct disk *disk, struct disk_file *file, struct fail *fail)
{
	(void)disk;
	(void)file;
	(void)fail;
	return true;
}

static void
make_ledger(struct bench *bench)
{
	struct log_maker_options options = {.disk = bench->disk,
	    .directory = bench->ledger,
	    .keys = bench->keys,
	    .seed = 1,
	    .subjects = (unsigned)(bench->entries / 40 + 10),
	    .objects = (unsigned)(bench->entries / 20 + 10),
	    .start = INT64_C(1767193200000),
	    .step = 3000};
	struct fail fail = FAIL_INIT;
	struct log_maker *maker = log_maker_create(&options, &fail);
	double start = now_ms();
	uint64_t left = bench->entries;

	if (maker == NULL)
		die("make", &fail);
	while (left != 0) {
		uint64_t some = left < STEP ? left : STEP;

		if (!log_maker_add(maker, some, &fail))
			die("make", &fail);
		left -= some;
		fprintf(stderr, "%llu made\n",
		    (unsigned long long)(bench->entries - left));
	}
	if (!log_maker_checkpoint(maker, &fail))
		die("make", &fail);
	log_maker_destroy(maker);
	printf("search: %llu entries made in %.0f s\n",
	    (unsigned long long)bench->entries, (now_ms() - start) / 1e3);
}

static void
make_index(struct bench *bench)
{
	const struct index_feed_options options = {.disk = bench->disk,
	    .directory = bench->ledger,
	    .path = bench->index,
	    .keys = bench->keys};
	struct fail fail = FAIL_INIT;
	bool anew;
	struct index_feed *feed = index_feed_open(&options, &anew, &fail);
	double start = now_ms();
	uint64_t first, left = 1;
	struct stat file;

	if (feed == NULL)
		die("index", &fail);
	first = index_feed_next(feed);
	while (left != 0)
		if (!index_feed_run(feed, BATCH, NULL, &left, &fail))
			die("index", &fail);
	bench->entries = index_feed_next(feed);
	index_feed_close(feed);
	if (bench->entries != first && stat(bench->index, &file) == 0)
		printf("search: indexed in %.0f s, %.1f us an entry, %.1f "
		       "bytes an entry\n",
		    (now_ms() - start) / 1e3,
		    (now_ms() - start) * 1e3 / (double)(bench->entries - first),
		    (double)file.st_size / (double)bench->entries);
}

/* --- asking --- */

static bool
on_entry(void *context, const struct entry_shown *shown)
{
	struct bench *bench = context;

	(void)shown;
	bench->shown++;
	return true;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
ask_once(struct bench *bench, const struct query *query, struct log_page *page)
{
	const struct log_query run = {.disk = bench->disk,
	    .directory = bench->ledger,
	    .index = bench->index,
	    .keys = bench->keys,
	    .query = query,
	    .newest_first = true,
	    .limit = PAGE,
	    .show = on_entry,
	    .context = bench};
	struct fail fail = FAIL_INIT;
	double start = now_ms();

	bench->shown = 0;
	if (!log_query_run(&run, page, &fail))
		die("ask", &fail);
	return now_ms() - start;
}

static double
ask(struct bench *bench, const char *text)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	double first = 0, times[TRIES];
	struct log_page page = {.size = 0};
	struct query query;

	query_init(&query);
	if (!query_parse(&query, slice_from(text), 0, arena, &fail))
		die(text, &fail);
	for (unsigned i = 0; i < TRIES; i++) {
		times[i] = ask_once(bench, &query, &page);
		if (i == 0)
			first = times[0];
	}
	qsort(times, TRIES, sizeof(times[0]), compare);
	printf("search: %6.1f ms (first time %6.1f), %2llu shown, %4llu read:"
	       " %s\n",
	    times[TRIES / 2], first, (unsigned long long)bench->shown,
	    (unsigned long long)page.looked, text);
	arena_destroy(arena);
	return times[TRIES / 2];
}

static void
count(struct bench *bench, const char *text, enum stats_by by)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct stats_result result;
	struct query query;
	const struct log_stats stats = {.disk = bench->disk,
	    .directory = bench->ledger,
	    .index = bench->index,
	    .keys = bench->keys,
	    .query = &query,
	    .by = by};
	double start = now_ms();

	query_init(&query);
	if (!query_parse(&query, slice_from(text), 0, arena, &fail) ||
	    !log_stats_run(&stats, arena, &result, &fail))
		die(text, &fail);
	printf("search: %6.0f ms, %llu counted by %s, %llu read: stats %s\n",
	    now_ms() - start, (unsigned long long)result.total,
	    stats_by_name(by), (unsigned long long)result.looked, text);
	arena_destroy(arena);
}

static void
add_subject(struct bench *bench, char *text, size_t size)
{
	struct fail fail = FAIL_INIT;
	struct subject subject;
	size_t at = strlen(text);

	if (!keys_slot_subject(bench->keys, 77, &subject))
		die("subject", &fail);
	for (size_t i = 0; i < PSEUDONYM_SIZE && at + 3 < size; i++)
		at += (size_t)snprintf(
		    text + at, size - at, "%02x", subject.pseudonym[i]);
}

static void
ask_all(struct bench *bench)
{
	static const char *const texts[] = {"", "object:d12345.example",
	    "object:no-such.example",
	    "recipient:jprs verdict:forward field:email",
	    "recipient:jprs-whois verdict:forward field:email",
	    "recipient:authority field:fax verdict:replace",
	    "recipient:japan-post verdict:generalise role:tech field:postcode",
	    "field:email -verdict:forward", "rule:35", "outcome:unknown",
	    "outcome:unknown recipient:japan-post field:fax",
	    "outcome:given-up channel:desk operation:transfer purpose:p4",
	    "time>=2026-06-01 time<2026-06-02",
	    ("time>=2026-03-01 time<2026-03-02 recipient:kddi-web role:admin "
	     "field:fax"),
	    "recipient:authority outcome:unknown field:org verdict:redact",
	    "recipient:verisign verdict:hold", "case:case-7 actor:\"uid 1001\"",
	    "recipient:pir-whois verdict:redact field:phone outcome:open"};
	char subject[64] = "pseudonym:";
	double worst = 0;

	add_subject(bench, subject, sizeof(subject));
	for (size_t i = 0; i <= sizeof(texts) / sizeof(*texts); i++) {
		double ms = ask(bench,
		    i < sizeof(texts) / sizeof(*texts) ? texts[i] : subject);

		if (ms > worst)
			worst = ms;
	}
	printf("search: %llu entries, slowest first page %.1f ms, ratio %.2f "
	       "(goal 1.00: 100 ms)\n",
	    (unsigned long long)bench->entries, worst, worst / 100);
	count(bench, "type:disclosure", STATS_RECIPIENT);
	count(bench, "type:disclosure verdict:redact", STATS_FIELD);
	count(bench, "type:disclosure recipient:jprs", STATS_DAY);
}

int
main(int argc, char **argv)
{
	static const uint8_t master[KEY_SIZE] = {1};
	static struct bench bench;
	struct fail fail = FAIL_INIT;
	bool is_there;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: search DIRECTORY [ENTRIES]\n");
		return 2;
	}
	bench.entries = argc == 3 ? strtoull(argv[2], NULL, 10) : 10000000;
	snprintf(bench.ledger, 600, "%s/ledger", argv[1]);
	snprintf(bench.index, 600, "%s/index.db", argv[1]);
	snprintf(bench.keys_path, 600, "%s/keys", argv[1]);
	is_there = access(bench.ledger, F_OK) == 0;
	bench.disk = disk_real_create(NULL, &fail);
	if (bench.disk == NULL)
		die("disk", &fail);
	bench.operations = *bench.disk->operations;
	bench.operations.sync = no_sync;
	bench.disk->operations = &bench.operations;
	bench.keys = keys_open(
	    bench.disk, bench.keys_path, master, &random_system, &fail);
	if (bench.keys == NULL)
		die("keys", &fail);
	if (!is_there)
		make_ledger(&bench);
	make_index(&bench);
	ask_all(&bench);
	keys_close(bench.keys);
	disk_real_destroy(bench.disk);
	return 0;
}
