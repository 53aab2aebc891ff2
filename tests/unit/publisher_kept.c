/*
 * An answer that was made once is told again while the view says so, and never
 * after: whatever happens to its row, or to what is found instead of it.
 */
#include "publisher_world.h"
#include "store/view_mark.h"

static void
put(struct fixture *fixture, const char *type, const char *name, uint64_t entry,
    int64_t epoch)
{
	const struct view_put row = {.type = slice_from(type),
	    .name = slice_from(name),
	    .entry = entry,
	    .epoch = epoch,
	    .bytes = SLICE("row")};

	assert_true(view_put(fixture->view, &row, &fixture->fail));
}

/* Keep what was made just now of what is asked for with this path. */
static void
keep(struct fixture *fixture, const char *path, uint64_t entry)
{
	static const char bytes[] = "Date: Thu, 01 Jan 1970 00:00:00 GMT\n"
				    "at 1970-01-01T00:00:00Z.";
	const struct publisher_found found = {.entry = entry,
	    .generation = view_generation(fixture->publisher.view)};
	const struct answer made = {.key = slice_from(path),
	    .bytes = {bytes, sizeof(bytes) - 1},
	    .http_date = 6,
	    .date = 39};

	assert_true(ask_rdap(
	    fixture->arena, slice_from(path), &fixture->ask, &fixture->fail));
	publisher_keep(&fixture->publisher, &fixture->ask, &found, &made);
}

static const struct answer *
kept(struct fixture *fixture, const char *path)
{
	return publisher_kept(&fixture->publisher, slice_from(path));
}

static void
it_is_told_with_the_time_as_it_is(void **state)
{
	struct fixture *fixture = *state;
	const struct answer *answer;

	put(fixture, "domain", "example.com", 7, 1);
	assert_null(kept(fixture, "domain/example.com"));
	keep(fixture, "domain/example.com", 7);
	answer = kept(fixture, "domain/example.com");
	assert_non_null(answer);
	assert_true(
	    slice_is(answer->bytes, "Date: Fri, 15 Jan 2027 08:00:00 GMT\n"
				    "at 2027-01-15T08:00:00Z."));
	fake_loop_advance(fixture->publisher.loop, 61000);
	assert_true(slice_is(kept(fixture, "domain/example.com")->bytes,
	    "Date: Fri, 15 Jan 2027 08:01:01 GMT\n"
	    "at 2027-01-15T08:01:01Z."));
}

static void
another_rows_change_does_not_end_it(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "domain", "example.com", 7, 1);
	keep(fixture, "domain/example.com", 7);
	put(fixture, "domain", "example.net", 8, 1);
	assert_non_null(kept(fixture, "domain/example.com"));
	/* And it is looked at once for that, not each time. */
	assert_int_equal(kept(fixture, "domain/example.com")->generation,
	    view_generation(fixture->publisher.view));
}

/* Each way in which a row comes to say less, more or nothing. */
static void
raise_epoch(struct fixture *fixture)
{
	int64_t epoch;

	assert_true(view_raise(fixture->view, &epoch, &fixture->fail));
}

static void
begin_policy(struct fixture *fixture)
{
	const struct digest other = digest_sha256(SLICE("other"));
	int64_t epoch;

	assert_true(view_begin(fixture->view, &other, &epoch, &fixture->fail));
}

static void
doubt_row(struct fixture *fixture)
{
	const struct view_doubted row = {SLICE("domain"), SLICE("example.com")};

	assert_true(view_doubt(fixture->view, &row, 1, 8, NOW, &fixture->fail));
}

static void
remove_row(struct fixture *fixture)
{
	const struct view_put gone = {.type = SLICE("domain"),
	    .name = SLICE("example.com"),
	    .entry = 8,
	    .epoch = 1};

	assert_true(view_remove(fixture->view, &gone, &fixture->fail));
}

static void
empty_row(struct fixture *fixture)
{
	const struct view_put empty = {.type = SLICE("domain"),
	    .name = SLICE("example.com"),
	    .entry = 7,
	    .epoch = 1};

	assert_true(view_put(fixture->view, &empty, &fixture->fail));
}

static void
drop_row(struct fixture *fixture)
{
	assert_true(view_drop(fixture->view, SLICE("domain"),
	    SLICE("example.com"), &fixture->fail));
}

static void
put_newer(struct fixture *fixture)
{
	put(fixture, "domain", "example.com", 8, 1);
}

static void
nothing_older_is_told_once_a_change_returned(void **state)
{
	static void (*const changes[])(struct fixture * fixture) = {raise_epoch,
	    begin_policy, doubt_row, remove_row, empty_row, drop_row,
	    put_newer};

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct fixture *fixture;

		assert_int_equal(setup(state), 0);
		fixture = *state;
		put(fixture, "domain", "example.com", 7, 1);
		keep(fixture, "domain/example.com", 7);
		assert_non_null(kept(fixture, "domain/example.com"));
		changes[i](fixture);
		assert_null(kept(fixture, "domain/example.com"));
		assert_int_equal(answers_count(fixture->publisher.answers), 0);
		teardown(state);
	}
}

static void
a_smaller_network_is_found_instead(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "network", "192.0.2.0/24", 7, 1);
	keep(fixture, "ip/192.0.2.9", 7);
	assert_non_null(kept(fixture, "ip/192.0.2.9"));
	put(fixture, "network", "192.0.2.8/29", 8, 1);
	assert_null(kept(fixture, "ip/192.0.2.9"));
}

/* Made of a row that changed while it was made: it was read before. */
static void
what_changed_meanwhile_is_looked_at(void **state)
{
	struct fixture *fixture = *state;
	struct view_mark *writer;

	put(fixture, "domain", "example.com", 7, 1);
	keep(fixture, "domain/example.com", 6);
	assert_non_null(kept(fixture, "domain/example.com"));
	put(fixture, "domain", "example.net", 8, 1);
	assert_null(kept(fixture, "domain/example.com"));
	/* Of a writer that is writing, or died so, nothing is trusted. */
	keep(fixture, "domain/example.com", 7);
	writer = view_mark_open(fixture->path, true, &fixture->fail);
	view_mark_begin(writer);
	assert_non_null(kept(fixture, "domain/example.com"));
	assert_int_equal(kept(fixture, "domain/example.com")->generation, 0);
	view_mark_close(writer);
}

/* Either made anew: what the reader has mapped is moved by nobody. */
static void
a_view_or_mark_that_was_replaced_is_noticed(void **state)
{
	static const char *const ends[] = {"", "-mark"};
	struct fixture *fixture = *state;
	struct publisher_file had;
	char path[160], other[170];

	publisher_file_note(fixture->path, &had);
	assert_false(publisher_file_changed(fixture->path, &had));
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s%s", fixture->path, ends[i]);
		snprintf(other, sizeof(other), "%s.other", path);
		/* Gone, it is what the keeper writes still. */
		assert_int_equal(rename(path, other), 0);
		assert_false(publisher_file_changed(fixture->path, &had));
		file = fopen(path, "w");
		assert_non_null(file);
		fclose(file);
		assert_true(publisher_file_changed(fixture->path, &had));
		assert_int_equal(rename(other, path), 0);
		assert_false(publisher_file_changed(fixture->path, &had));
	}
}

/* A reader that came before the mark was made has none until it is told. */
static void
a_mark_that_comes_later_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	struct publisher_file had;
	char path[160], other[170];

	snprintf(path, sizeof(path), "%s-mark", fixture->path);
	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(rename(path, other), 0);
	publisher_file_note(fixture->path, &had);
	assert_false(publisher_file_changed(fixture->path, &had));
	assert_int_equal(rename(other, path), 0);
	assert_true(publisher_file_changed(fixture->path, &had));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(it_is_told_with_the_time_as_it_is),
	    CASE(another_rows_change_does_not_end_it),
	    cmocka_unit_test(nothing_older_is_told_once_a_change_returned),
	    CASE(a_smaller_network_is_found_instead),
	    CASE(a_view_or_mark_that_was_replaced_is_noticed),
	    CASE(a_mark_that_comes_later_is_noticed),
	    CASE(what_changed_meanwhile_is_looked_at),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
