/* The public view: rows, epochs, and who reads beside who writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store/view_mark.h"
#include "store/view_priv.h"

struct fixture {
	char directory[64], path[128];
	struct view *view, *reader;
	struct arena *arena;
	struct fail fail;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	snprintf(fixture->directory, sizeof(fixture->directory),
	    "/tmp/misu-view-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	snprintf(fixture->path, sizeof(fixture->path), "%s/view.db",
	    fixture->directory);
	fixture->arena = arena_create(NULL);
	fixture->view = view_open(fixture->path, &fixture->fail);
	fixture->reader = view_open_reader(fixture->path, &fixture->fail);
	*state = fixture;
	return fixture->view == NULL || fixture->reader == NULL;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;
	char path[160];

	view_close(fixture->reader);
	view_close(fixture->view);
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = {"", "-wal", "-mark", "-shm"};

		snprintf(path, sizeof(path), "%s%s", fixture->path, ends[i]);
		unlink(path);
	}
	rmdir(fixture->directory);
	arena_destroy(fixture->arena);
	free(fixture);
	return 0;
}

static void
put(struct fixture *fixture, const char *type, const char *name,
    uint64_t entry, const char *bytes)
{
	const struct slice handle = SLICE("T1-EXAMPLE");
	const struct view_put row = {.type = slice_from(type),
	    .name = slice_from(name),
	    .entry = entry,
	    .epoch = 1,
	    .time = 1000,
	    .bytes = slice_from(bytes),
	    .handles = &handle,
	    .handle_count = 1};

	assert_true(view_put(fixture->view, &row, &fixture->fail));
}

static struct view_found
get(struct fixture *fixture, const char *name)
{
	struct view_found found;

	assert_true(view_get(fixture->reader, fixture->arena, SLICE("domain"),
	    slice_from(name), &found, &fixture->fail));
	return found;
}

static void
what_is_put_is_read_beside(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "domain", "example.com", 7, "one");
	assert_int_equal(get(fixture, "example.com").state, VIEW_CURRENT);
	assert_true(slice_is(get(fixture, "example.com").bytes, "one"));
	assert_int_equal(get(fixture, "example.net").state, VIEW_NONE);
}

static void
an_older_entry_changes_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct view_put gone = {.type = SLICE("domain"),
	    .name = SLICE("example.com"),
	    .entry = 9,
	    .epoch = 1};

	put(fixture, "domain", "example.com", 7, "new");
	put(fixture, "domain", "example.com", 6, "old");
	assert_true(slice_is(get(fixture, "example.com").bytes, "new"));
	assert_true(view_remove(fixture->view, &gone, &fixture->fail));
	put(fixture, "domain", "example.com", 8, "late");
	assert_int_equal(get(fixture, "example.com").state, VIEW_NONE);
	put(fixture, "domain", "example.com", 10, "again");
	assert_true(slice_is(get(fixture, "example.com").bytes, "again"));
}

static void
a_row_below_the_lowest_epoch_is_not_told(void **state)
{
	struct fixture *fixture = *state;
	struct view_found found;
	int64_t current, stale, epoch;

	put(fixture, "domain", "example.com", 7, "one");
	assert_true(view_raise(fixture->view, &epoch, &fixture->fail));
	found = get(fixture, "example.com");
	assert_int_equal(found.state, VIEW_STALE);
	assert_int_equal(found.bytes.len, 0);
	assert_true(
	    view_count(fixture->reader, &current, &stale, &fixture->fail));
	assert_int_equal(current, 0);
	assert_int_equal(stale, 1);
}

static void
another_policy_begins_another_epoch(void **state)
{
	struct fixture *fixture = *state;
	struct digest one = digest_sha256(SLICE("one")),
		      two = digest_sha256(SLICE("two"));
	int64_t first, again, next;

	assert_true(view_begin(fixture->view, &one, &first, &fixture->fail));
	assert_true(view_begin(fixture->view, &one, &again, &fixture->fail));
	assert_true(view_begin(fixture->view, &two, &next, &fixture->fail));
	assert_int_equal(again, first);
	assert_int_equal(next, first + 1);
}

static void
what_is_in_doubt_waits_to_be_put_again(void **state)
{
	struct fixture *fixture = *state;
	const struct view_doubted doubted = {
	    SLICE("domain"), SLICE("example.com")};
	struct view_stale stale[4];
	size_t count;

	put(fixture, "domain", "example.com", 7, "one");
	put(fixture, "domain", "example.net", 8, "two");
	assert_true(view_doubt(
	    fixture->view, &doubted, 1, 9, 5000, &fixture->fail));
	assert_int_equal(get(fixture, "example.com").state, VIEW_STALE);
	assert_int_equal(get(fixture, "example.net").state, VIEW_CURRENT);
	assert_true(view_stale(fixture->view, fixture->arena, 5000, stale,
	    &count, 4, &fixture->fail));
	assert_int_equal(count, 0);
	assert_true(view_stale(fixture->view, fixture->arena, 5001, stale,
	    &count, 4, &fixture->fail));
	assert_int_equal(count, 1);
	assert_true(slice_is(stale[0].name, "example.com"));
	assert_int_equal(stale[0].entry, 7);
	put(fixture, "domain", "example.com", 9, "less");
	assert_true(slice_is(get(fixture, "example.com").bytes, "less"));
}

static void
what_was_on_its_way_ends_no_doubt(void **state)
{
	struct fixture *fixture = *state;
	const struct view_doubted doubted = {
	    SLICE("domain"), SLICE("example.com")};
	const struct view_put gone = {.type = SLICE("domain"),
	    .name = SLICE("example.com"),
	    .entry = 8,
	    .epoch = 1};

	put(fixture, "domain", "example.com", 7, "one");
	assert_true(view_doubt(
	    fixture->view, &doubted, 1, 9, 5000, &fixture->fail));
	put(fixture, "domain", "example.com", 8, "decided before");
	assert_int_equal(get(fixture, "example.com").state, VIEW_STALE);
	/* An end needs no doubt to be over, and ends none. */
	assert_true(view_remove(fixture->view, &gone, &fixture->fail));
	assert_int_equal(get(fixture, "example.com").state, VIEW_NONE);
	put(fixture, "domain", "example.com", 8, "decided before");
	assert_int_equal(get(fixture, "example.com").state, VIEW_NONE);
	put(fixture, "domain", "example.com", 9, "less");
	assert_true(slice_is(get(fixture, "example.com").bytes, "less"));
}

static void
an_empty_row_is_not_told_and_is_decided_anew(void **state)
{
	struct fixture *fixture = *state;
	struct view_stale stale[4];
	size_t count;
	int64_t epoch;

	put(fixture, "domain", "example.com", 7, "");
	assert_int_equal(get(fixture, "example.com").state, VIEW_NONE);
	assert_true(view_raise(fixture->view, &epoch, &fixture->fail));
	assert_true(view_stale(fixture->view, fixture->arena, 0, stale, &count,
	    4, &fixture->fail));
	assert_int_equal(count, 1);
}

static void
the_smallest_network_answers(void **state)
{
	struct fixture *fixture = *state;
	struct view_found found;
	struct prefix prefix;

	put(fixture, "network", "192.0.2.0/24", 1, "wide");
	put(fixture, "network", "192.0.2.8/29", 2, "narrow");
	assert_true(prefix_parse_address(SLICE("192.0.2.9"), &prefix));
	assert_true(view_get_network(fixture->reader, fixture->arena, &prefix,
	    &found, &fixture->fail));
	assert_true(slice_is(found.bytes, "narrow"));
	assert_true(prefix_parse_address(SLICE("192.0.2.99"), &prefix));
	assert_true(view_get_network(fixture->reader, fixture->arena, &prefix,
	    &found, &fixture->fail));
	assert_true(slice_is(found.bytes, "wide"));
	assert_true(prefix_parse_address(SLICE("198.51.100.1"), &prefix));
	assert_true(view_get_network(fixture->reader, fixture->arena, &prefix,
	    &found, &fixture->fail));
	assert_int_equal(found.state, VIEW_NONE);
	/* One of which nothing is told makes room for the wider one. */
	put(fixture, "network", "192.0.2.8/29", 3, "");
	assert_true(prefix_parse_address(SLICE("192.0.2.9"), &prefix));
	assert_true(view_get_network(fixture->reader, fixture->arena, &prefix,
	    &found, &fixture->fail));
	assert_true(slice_is(found.bytes, "wide"));
}

/* Whatever identity it has: what began under it came not in force. */
static void
what_was_unsettled_begins_an_epoch_again(void **state)
{
	struct fixture *fixture = *state;
	const struct digest one = digest_sha256(SLICE("one"));
	int64_t first, again;

	assert_true(view_begin(fixture->view, &one, &first, &fixture->fail));
	assert_true(view_begin(fixture->view, &one, &again, &fixture->fail));
	assert_int_equal(again, first);
	assert_true(view_unsettle(fixture->view, &fixture->fail));
	assert_true(view_begin(fixture->view, &one, &again, &fixture->fail));
	assert_int_equal(again, first + 1);
}

/*
 * The mark stands still while nothing is committed, is none while a commit is
 * not whole, and stands anew behind it, also where nothing was to be written.
 */
static void
the_mark_ends_with_the_commit_and_not_before(void **state)
{
	struct fixture *fixture = *state;
	const struct view_doubted none = {SLICE("domain"), SLICE("none.com")};
	const struct view_ended ended = {
	    .type = SLICE("domain"), .name = SLICE("none.com"), .from = 1};
	uint64_t before, after;

	put(fixture, "domain", "example.com", 7, "one");
	before = view_generation(fixture->reader);
	assert_true(before != 0);
	assert_true(view_batch_begin(fixture->view, &fixture->fail));
	put(fixture, "domain", "example.com", 8, "two");
	assert_true(slice_is(get(fixture, "example.com").bytes, "one"));
	assert_int_equal(view_generation(fixture->reader), before);
	assert_true(view_batch_end(fixture->view, true, &fixture->fail));
	after = view_generation(fixture->reader);
	assert_true(after > before);
	assert_true(slice_is(get(fixture, "example.com").bytes, "two"));
	/* Taken back, it is as if nothing had been. */
	assert_true(view_batch_begin(fixture->view, &fixture->fail));
	put(fixture, "domain", "example.com", 9, "three");
	assert_false(view_batch_end(fixture->view, false, &fixture->fail));
	assert_true(view_generation(fixture->reader) != 0);
	assert_true(slice_is(get(fixture, "example.com").bytes, "two"));
	/* Nothing to write is no commit that never ends. */
	put(fixture, "domain", "example.com", 3, "older");
	assert_true(view_generation(fixture->reader) != 0);
	assert_true(view_doubt(
	    fixture->view, &none, 1, 1, 1000, &fixture->fail));
	assert_true(view_generation(fixture->reader) != 0);
	assert_true(view_end_row(fixture->view, &ended, &fixture->fail));
	assert_true(view_generation(fixture->reader) != 0);
	assert_true(view_drop(fixture->view, SLICE("domain"), SLICE("none.com"),
	    &fixture->fail));
	assert_true(view_generation(fixture->reader) != 0);
}

/* Its writer moves the one that it has mapped, which is no longer there. */
static void
a_copy_of_the_mark_is_none(void **state)
{
	struct fixture *fixture = *state;
	char path[160], copy[170], bytes[64];
	FILE *file;
	size_t len;

	put(fixture, "domain", "example.com", 7, "one");
	view_close(fixture->reader);
	snprintf(path, sizeof(path), "%s-mark", fixture->path);
	snprintf(copy, sizeof(copy), "%s.copy", path);
	file = fopen(path, "r");
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	file = fopen(copy, "w");
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	fclose(file);
	assert_int_equal(rename(copy, path), 0);
	fixture->reader = view_open_reader(fixture->path, &fixture->fail);
	assert_non_null(fixture->reader);
	assert_int_equal(view_generation(fixture->reader), 0);
	put(fixture, "domain", "example.com", 8, "two");
	assert_int_equal(view_generation(fixture->reader), 0);
	assert_true(slice_is(get(fixture, "example.com").bytes, "two"));
	/* The next writer makes it its own. */
	view_close(fixture->view);
	fixture->view = view_open(fixture->path, &fixture->fail);
	assert_true(view_generation(fixture->reader) != 0);
}

/* One that never committed whole leaves the mark as none. */
static void
a_commit_that_fails_half_way_ends_no_mark(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit before, none;

	put(fixture, "domain", "example.com", 7, "one");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){.rlim_cur = 1, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_true(view_batch_begin(fixture->view, &fixture->fail));
	put(fixture, "domain", "example.com", 8, "two");
	assert_false(view_batch_end(fixture->view, true, &fixture->fail));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(slice_is(get(fixture, "example.com").bytes, "one"));
	put(fixture, "domain", "example.com", 8, "two");
	assert_true(view_generation(fixture->reader) != 0);
	assert_true(slice_is(get(fixture, "example.com").bytes, "two"));
}

static void
put_network(struct fixture *fixture, const struct prefix *prefix)
{
	char name[PREFIX_SIZE];

	name[prefix_print(prefix, name)] = '\0';
	put(fixture, "network", name, 1, name);
}

/* The longest of those that hold it, looked for among all; NULL: none. */
static const struct prefix *
longest(const struct prefix *all, size_t count, const struct prefix *asked)
{
	const struct prefix *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (prefix_contains(&all[i], asked) &&
		    (best == NULL || all[i].bits > best->bits))
			best = &all[i];
	return best;
}

static void
ask_network(struct fixture *fixture, const struct prefix *all, size_t count,
    const struct prefix *asked)
{
	const struct prefix *best = longest(all, count, asked);
	struct view_found found;
	char name[PREFIX_SIZE];

	arena_reset(fixture->arena);
	assert_true(view_get_network(fixture->reader, fixture->arena, asked,
	    &found, &fixture->fail));
	assert_int_equal(found.state, best != NULL ? VIEW_CURRENT : VIEW_NONE);
	if (best != NULL)
		assert_true(slice_equal(found.bytes,
		    (struct slice){name, prefix_print(best, name)}));
}

static struct prefix
made_up_prefix(uint32_t *state, bool six, unsigned bits)
{
	struct prefix prefix = {.six = six, .bits = (uint8_t)bits};

	for (unsigned i = 0; i < bits; i++) {
		*state = *state * 1103515245 + 12345;
		/* Few bits differ, so that many stand in each other. */
		if (i % 8 > 4 && (*state >> 16 & 1) != 0)
			prefix.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	return prefix;
}

/* Whatever stands in whatever: it is the one that a look at all finds. */
static void
networks_in_each_other_are_told_apart(void **state)
{
	enum { NETWORKS = 300, ASKED = 1500 };
	struct fixture *fixture = *state;
	struct prefix *all = calloc(NETWORKS, sizeof(*all));
	uint32_t random = 7;

	assert_true(view_batch_begin(fixture->view, &fixture->fail));
	for (size_t i = 0; i < NETWORKS; i++) {
		bool six = i % 2 == 0;

		all[i] = made_up_prefix(
		    &random, six, 1 + (unsigned)(i * 7 % (six ? 128 : 32)));
		put_network(fixture, &all[i]);
	}
	assert_true(view_batch_end(fixture->view, true, &fixture->fail));
	for (size_t i = 0; i < ASKED; i++) {
		bool six = i % 2 == 0;
		struct prefix asked =
		    made_up_prefix(&random, six, six ? 128 : 32);

		if (i % 5 == 0)
			asked = all[i % NETWORKS];
		ask_network(fixture, all, NETWORKS, &asked);
	}
	free(all);
}

/* As a registrar's networks stand: one look for each that holds another. */
static void
a_network_is_found_with_few_looks(void **state)
{
	enum { NETWORKS = 600, FEW = 6 };
	struct fixture *fixture = *state;
	struct prefix *all = calloc(NETWORKS, sizeof(*all)), asked;
	struct fail fail = FAIL_INIT;
	uint64_t most = 0;

	assert_true(view_batch_begin(fixture->view, &fixture->fail));
	for (size_t i = 0; i < NETWORKS; i++) {
		char name[64];

		if (i == 0)
			snprintf(name, sizeof(name), "2001:db8::/32");
		else if (i < 100)
			snprintf(name, sizeof(name), "2001:db8:%zx::/48", i);
		else
			snprintf(name, sizeof(name), "2001:db8:7:%zx::/64", i);
		assert_true(prefix_parse(slice_from(name), &all[i], &fail));
		put_network(fixture, &all[i]);
	}
	assert_true(view_batch_end(fixture->view, true, &fixture->fail));
	for (unsigned i = 0; i < 4096; i++) {
		uint64_t before = fixture->reader->seeks;
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:%x:%x::%x", i % 160,
		    i / 3, i);
		assert_true(prefix_parse_address(slice_from(text), &asked));
		if (i % 64 == 0)
			ask_network(fixture, all, NETWORKS, &asked);
		else
			assert_true(view_get_network(fixture->reader,
			    fixture->arena, &asked, &(struct view_found){0},
			    &fixture->fail));
		if (fixture->reader->seeks - before > most)
			most = fixture->reader->seeks - before;
	}
	assert_in_range(most, 1, FEW);
	/* And nowhere near is nowhere at once. */
	assert_true(prefix_parse_address(SLICE("2001:500::1"), &asked));
	fixture->reader->seeks = 0;
	ask_network(fixture, all, NETWORKS, &asked);
	assert_in_range(fixture->reader->seeks, 1, 2);
	free(all);
}

/* What an earlier misu left has no keys, and gets them at the first start. */
static void
networks_of_before_are_found(void **state)
{
	struct fixture *fixture = *state;
	struct prefix all[2];
	struct fail fail = FAIL_INIT;

	assert_true(prefix_parse(SLICE("2001:db8::/32"), &all[0], &fail));
	assert_true(prefix_parse(SLICE("2001:db8:1::/48"), &all[1], &fail));
	put_network(fixture, &all[0]);
	put_network(fixture, &all[1]);
	assert_true(sqlite_run(fixture->view->sqlite,
	    "DELETE FROM handle WHERE handle < '0'", &fail));
	ask_network(fixture, NULL, 0, &all[1]);
	view_close(fixture->view);
	fixture->view = view_open(fixture->path, &fail);
	assert_non_null(fixture->view);
	ask_network(fixture, all, 2, &all[1]);
	ask_network(fixture, all, 2, &all[0]);
}

static void
a_handle_finds_the_object_that_has_it(void **state)
{
	struct fixture *fixture = *state;
	struct view_found found;

	put(fixture, "domain", "example.com", 7, "one");
	put(fixture, "domain", "example.net", 8, "two");
	assert_true(view_get_handle(fixture->reader, fixture->arena,
	    SLICE("T1-EXAMPLE"), &found, &fixture->fail));
	assert_true(slice_is(found.bytes, "two"));
}

/* A host is told of by what may be told, if anything is. */
static void
a_host_finds_an_object_that_has_it(void **state)
{
	struct fixture *fixture = *state;
	const struct slice host = SLICE("ns1.example.net");
	struct view_put row = {.type = SLICE("domain"),
	    .name = SLICE("example.com"),
	    .entry = 7,
	    .epoch = 1,
	    .bytes = SLICE("old"),
	    .handles = &host,
	    .handle_count = 1};
	struct view_found found;
	int64_t epoch;

#define GET() \
	assert_true(view_get_host( \
	    fixture->reader, fixture->arena, host, &found, &fixture->fail))
	GET();
	assert_int_equal(found.state, VIEW_NONE);
	assert_true(view_put(fixture->view, &row, &fixture->fail));
	GET();
	assert_true(slice_is(found.bytes, "old"));
	assert_true(view_raise(fixture->view, &epoch, &fixture->fail));
	GET();
	assert_int_equal(found.state, VIEW_STALE);
	row.name = SLICE("example.org");
	row.epoch = epoch;
	row.bytes = SLICE("new");
	assert_true(view_put(fixture->view, &row, &fixture->fail));
	GET();
	assert_true(slice_is(found.bytes, "new"));
	row.handle_count = 0;
	row.entry = 8;
	assert_true(view_put(fixture->view, &row, &fixture->fail));
	GET();
	assert_int_equal(found.state, VIEW_STALE);
#undef GET
}

/* Whatever is written moves it, and nothing else does. */
static void
the_mark_moves_with_each_change(void **state)
{
	struct fixture *fixture = *state;
	const struct view_doubted doubted = {
	    SLICE("domain"), SLICE("example.com")};
	const struct view_put gone = {.type = SLICE("domain"),
	    .name = SLICE("example.com"),
	    .entry = 11,
	    .epoch = 1};
	const struct digest one = digest_sha256(SLICE("one"));
	uint64_t last = view_generation(fixture->reader);
	int64_t epoch;

#define MOVED() \
	do { \
		uint64_t now = view_generation(fixture->reader); \
		assert_int_not_equal(now, 0); \
		assert_int_not_equal(now, last); \
		last = now; \
	} while (0)
	assert_int_not_equal(last, 0);
	put(fixture, "domain", "example.com", 7, "one");
	MOVED();
	get(fixture, "example.com");
	assert_int_equal(view_generation(fixture->reader), last);
	assert_true(view_raise(fixture->view, &epoch, &fixture->fail));
	MOVED();
	assert_true(view_begin(fixture->view, &one, &epoch, &fixture->fail));
	MOVED();
	assert_true(view_doubt(
	    fixture->view, &doubted, 1, 9, 5000, &fixture->fail));
	MOVED();
	assert_true(view_remove(fixture->view, &gone, &fixture->fail));
	MOVED();
	assert_true(view_drop(fixture->view, SLICE("domain"),
	    SLICE("example.com"), &fixture->fail));
	MOVED();
#undef MOVED
}

static enum view_state
state_of(struct fixture *fixture, const char *name)
{
	struct view_found found;

	assert_true(view_get(fixture->reader, fixture->arena, SLICE("domain"),
	    slice_from(name), &found, &fixture->fail));
	return found.state;
}

/* Also what was never there, and what was removed. */
static void
what_is_wanted_waits_to_be_decided(void **state)
{
	struct fixture *fixture = *state;
	const struct view_doubted wanted[] = {{SLICE("domain"), SLICE("new")},
	    {SLICE("domain"), SLICE("gone")}};
	const struct view_put gone = {.type = SLICE("domain"),
	    .name = SLICE("gone"),
	    .entry = 4,
	    .epoch = 1};
	struct view_stale rows[4];
	size_t count;

	put(fixture, "domain", "gone", 3, "told");
	assert_true(view_remove(fixture->view, &gone, &fixture->fail));
	assert_false(view_has(fixture->view, SLICE("domain"), SLICE("gone")));
	assert_true(
	    view_want(fixture->view, wanted, 2, 7, &fixture->fail));
	assert_true(view_doubts(fixture->view));
	assert_true(view_stale(fixture->view, fixture->arena, 1000, rows,
	    &count, 4, &fixture->fail));
	assert_int_equal(count, 2);
	assert_int_equal(state_of(fixture, "new"), VIEW_STALE);
	/* What is on its way from before comes too late. */
	put(fixture, "domain", "new", 6, "old");
	assert_int_equal(state_of(fixture, "new"), VIEW_STALE);
	put(fixture, "domain", "new", 7, "decided");
	assert_int_equal(state_of(fixture, "new"), VIEW_CURRENT);
}

static void
what_is_told_no_more_stays_so(void **state)
{
	struct fixture *fixture = *state;
	const struct view_doubted row = {SLICE("domain"), SLICE("a")};
	struct view_ended ended = {.type = SLICE("domain"),
	    .name = SLICE("a"),
	    .from = 5,
	    .epoch = 1};

	put(fixture, "domain", "a", 3, "told");
	assert_true(view_end_row(fixture->view, &ended, &fixture->fail));
	assert_int_equal(state_of(fixture, "a"), VIEW_NONE);
	put(fixture, "domain", "a", 3, "late");
	assert_int_equal(state_of(fixture, "a"), VIEW_NONE);
	/* Somebody wants it decided anew since: this knew nothing of that. */
	assert_true(view_want(fixture->view, &row, 1, 8, &fixture->fail));
	assert_true(view_end_row(fixture->view, &ended, &fixture->fail));
	assert_int_equal(state_of(fixture, "a"), VIEW_STALE);
	ended.from = 8;
	ended.gone = true;
	assert_true(view_end_row(fixture->view, &ended, &fixture->fail));
	assert_int_equal(state_of(fixture, "a"), VIEW_NONE);
	assert_false(view_has(fixture->view, SLICE("domain"), SLICE("a")));
}

static void
a_batch_is_there_whole_or_not_at_all(void **state)
{
	struct fixture *fixture = *state;

	assert_true(view_batch_begin(fixture->view, &fixture->fail));
	put(fixture, "domain", "a", 3, "told");
	assert_int_equal(state_of(fixture, "a"), VIEW_NONE);
	put(fixture, "domain", "b", 4, "told");
	assert_false(view_batch_end(fixture->view, false, &fixture->fail));
	assert_int_equal(state_of(fixture, "a"), VIEW_NONE);
	assert_true(view_batch_begin(fixture->view, &fixture->fail));
	put(fixture, "domain", "a", 3, "told");
	put(fixture, "domain", "b", 4, "told");
	assert_true(view_batch_end(fixture->view, true, &fixture->fail));
	assert_int_equal(state_of(fixture, "a"), VIEW_CURRENT);
	assert_int_equal(state_of(fixture, "b"), VIEW_CURRENT);
}

/* Of a writer that died half-way nothing is known until the next one. */
static void
a_writer_that_died_leaves_no_mark_to_trust(void **state)
{
	struct fixture *fixture = *state;
	uint64_t before = view_generation(fixture->reader);
	struct view_mark *mark =
	    view_mark_open(fixture->path, true, &fixture->fail);
	struct view *again;

	assert_non_null(mark);
	view_mark_begin(mark);
	assert_int_equal(view_generation(fixture->reader), 0);
	view_mark_close(mark);
	again = view_open(fixture->path, &fixture->fail);
	assert_non_null(again);
	assert_int_not_equal(view_generation(fixture->reader), 0);
	assert_int_not_equal(view_generation(fixture->reader), before);
	view_close(again);
}

static void
put_with(struct fixture *fixture, const char *name, const char *handle,
    const char *bytes)
{
	const struct slice handles = slice_from(handle);
	const struct view_put row = {.type = SLICE("domain"),
	    .name = slice_from(name),
	    .entry = 1,
	    .epoch = 1,
	    .bytes = slice_from(bytes),
	    .handles = &handles,
	    .handle_count = 1};

	assert_true(view_put(fixture->view, &row, &fixture->fail));
}

/* In their order, only what may be told, and no more than was asked for. */
static void
names_that_refer_to_a_handle_are_told(void **state)
{
	struct fixture *fixture = *state;
	const struct view_doubted doubt = {SLICE("domain"), SLICE("d.jp")};
	struct values names;

	put_with(fixture, "b.jp", "TM1", "row");
	put_with(fixture, "a.jp", "TM1", "row");
	put_with(fixture, "c.com", "TM1", "row");
	put_with(fixture, "d.jp", "TM1", "row");
	put_with(fixture, "e.jp", "TM1", "");
	put_with(fixture, "f.jp", "TM2", "row");
	assert_true(view_doubt(
	    fixture->view, &doubt, 1, 8, 1000, &fixture->fail));
	assert_true(view_references(fixture->reader, fixture->arena,
	    SLICE("TM1"), &names, 5, &fixture->fail));
	assert_int_equal(names.count, 2);
	assert_true(slice_is(names.items[0], "a.jp"));
	assert_true(slice_is(names.items[1], "b.jp"));
	assert_true(view_references(fixture->reader, fixture->arena,
	    SLICE("TM1"), &names, 1, &fixture->fail));
	assert_int_equal(names.count, 1);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(what_is_put_is_read_beside),
	    CASE(an_older_entry_changes_nothing),
	    CASE(a_row_below_the_lowest_epoch_is_not_told),
	    CASE(another_policy_begins_another_epoch),
	    CASE(what_is_in_doubt_waits_to_be_put_again),
	    CASE(what_was_on_its_way_ends_no_doubt),
	    CASE(an_empty_row_is_not_told_and_is_decided_anew),
	    CASE(what_was_unsettled_begins_an_epoch_again),
	    CASE(the_mark_ends_with_the_commit_and_not_before),
	    CASE(a_copy_of_the_mark_is_none),
	    CASE(a_commit_that_fails_half_way_ends_no_mark),
	    CASE(names_that_refer_to_a_handle_are_told),
	    CASE(the_smallest_network_answers),
	    CASE(networks_in_each_other_are_told_apart),
	    CASE(a_network_is_found_with_few_looks),
	    CASE(networks_of_before_are_found),
	    CASE(a_handle_finds_the_object_that_has_it),
	    CASE(a_host_finds_an_object_that_has_it),
	    CASE(the_mark_moves_with_each_change),
	    CASE(what_is_wanted_waits_to_be_decided),
	    CASE(what_is_told_no_more_stays_so),
	    CASE(a_batch_is_there_whole_or_not_at_all),
	    CASE(a_writer_that_died_leaves_no_mark_to_trust),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
