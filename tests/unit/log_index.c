/*
 * The index of the ledger: it finds what reading every entry finds, its rows
 * follow from the entries alone, and what is forgotten is gone from it.
 */
#include "log_place.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/log_stats.h"
#include "store/tiles.h"

/* Every row of every table, digested. */
static struct digest
rows_of(const char *path)
{
	static const char *const tables[] = {
	    "SELECT span, term, bits FROM post ORDER BY span, term",
	    "SELECT term, newest, bytes FROM name ORDER BY term",
	    "SELECT span, 0, times FROM times ORDER BY span",
	    "SELECT bundle, 0, distances FROM outcome ORDER BY bundle",
	    "SELECT next, 0, last FROM meta"};
	struct digest_run run;
	sqlite3 *db;

	digest_start(&run);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < 5; i++) {
		sqlite3_stmt *rows;

		assert_int_equal(
		    sqlite3_prepare_v2(db, tables[i], -1, &rows, NULL),
		    SQLITE_OK);
		while (sqlite3_step(rows) == SQLITE_ROW) {
			int64_t numbers[3] = {sqlite3_column_int64(rows, 0),
			    sqlite3_column_int64(rows, 1),
			    sqlite3_column_bytes(rows, 2)};

			digest_add(&run, numbers, sizeof(numbers));
			digest_add(&run, sqlite3_column_blob(rows, 2),
			    (size_t)numbers[2]);
		}
		sqlite3_finalize(rows);
	}
	sqlite3_close(db);
	return digest_end(&run);
}

/* --- queries --- */

static void
ask(struct place *place, const char *text, const char *index, bool newest,
    size_t limit, struct found *found)
{
	struct query query;
	struct log_query run = {.disk = place->disk,
	    .directory = place->ledger,
	    .index = index,
	    .keys = place->keys,
	    .query = &query,
	    .newest_first = newest,
	    .limit = limit,
	    .show = on_found,
	    .context = found};
	struct log_page page;

	query_init(&query);
	found->count = 0;
	found->looked = 0;
	must_do(place, query_parse(&query, slice_from(text), 0, place->arena,
			   &place->fail));
	do {
		must_do(place, log_query_run(&run, &page, &place->fail));
		found->looked += page.looked;
		run.has_start = true;
		run.start = page.start;
	} while (page.has_more);
}

static const char *
choose(struct place *place, const char *const *words, size_t count)
{
	return words[below(place, (unsigned)count)];
}

static void
add_term(struct place *place, struct text *text)
{
	static const char *const fixed[] = {"recipient:jprs",
	    "recipient:jprs-whois", "recipient:pir-whois,authority",
	    "recipient:verisign,self-rdap", "role:admin", "role:tech,admin",
	    "field:email", "field:name,fax", "field:org.loc", "verdict:forward",
	    "verdict:redact", "verdict:replace,generalise",
	    "verdict:hold,refuse", "rule:3", "rule:1,32,45", "rule:0",
	    "purpose:p10", "purpose:p3,p15", "operation:create",
	    "operation:update,delete", "channel:epp", "channel:desk,smtp",
	    "outcome:open", "outcome:answered", "outcome:unknown",
	    "outcome:given-up,not-sent", "outcome:refuse", "outcome:hold",
	    "outcome:forward", "actor:\"uid 1001\"", "case:case-7",
	    "type:disclosure", "type:outcome,hold", "type:reveal", "about:17",
	    "type:audit", "outcome:leak,missing", "actor:misu",
	    "policy:0,1,2,3,4", "policy:a,b"};

	if (below(place, 4) == 0)
		text_add_char(text, '-');
	if (below(place, 9) == 0)
		text_add_format(text, "object:d%u.example", below(place, 95));
	else if (below(place, 9) == 0)
		add_pseudonym(place, text);
	else
		text_add_string(
		    text, choose(place, fixed, sizeof(fixed) / sizeof(*fixed)));
	text_add_char(text, ' ');
}

static const char *
random_query(struct place *place, uint64_t size)
{
	struct text text = text_start(place->arena);
	unsigned count = 1 + below(place, 4);

	while (count-- != 0)
		add_term(place, &text);
	if (below(place, 5) == 0) {
		unsigned first = below(place, (unsigned)size);

		text_add_format(&text, "entry:%u..%u ", first,
		    first + below(place, (unsigned)size));
	}
	if (below(place, 4) == 0)
		text_add_string(&text, below(place, 2) == 0
					   ? "time>=2026-04-01T04:00:00Z "
					   : "time<2026-04-01T11:00:00Z ");
	return text_slice(&text).data;
}

/* Found one by one, and by the index, whole and in pages, both ways. */
static void
agree(struct place *place, const char *text)
{
	static struct found linear, indexed;

	for (unsigned newest = 0; newest < 2; newest++) {
		size_t limit;

		ask(place, text, NULL, newest != 0, 0, &linear);
		ask(place, text, place->index, newest != 0, 0, &indexed);
		if (linear.count != indexed.count)
			print_message("%s: %zu, and %zu by the index\n", text,
			    linear.count, indexed.count);
		assert_int_equal(linear.count, indexed.count);
		assert_memory_equal(linear.indexes, indexed.indexes,
		    linear.count * sizeof(uint64_t));
		assert_true(indexed.looked <= linear.looked);
		if (linear.count > 400 || below(place, 2) == 0)
			continue;
		/* In pages that are not too many: each opens the log anew. */
		limit = 1 + below(place, 40) + linear.count / 12;
		ask(place, text, place->index, newest != 0, limit, &indexed);
		assert_int_equal(linear.count, indexed.count);
		assert_memory_equal(linear.indexes, indexed.indexes,
		    linear.count * sizeof(uint64_t));
	}
}

static void
the_index_finds_what_reading_all_finds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 2; seed++) {
		struct place *place = place_create_with(seed, 560, 25);

		feed_some(place, place->index, UINT64_MAX);
		/* And some that the index does not have yet. */
		must_do(place,
		    log_maker_add(place->maker, seed * 60, &place->fail));
		must_do(
		    place, log_maker_checkpoint(place->maker, &place->fail));
		for (unsigned i = 0; i < 24; i++)
			agree(place, random_query(place, 560));
		place_destroy(place);
	}
}

/* Without keys: what was found for the object stands beside the query. */
static void
ask_given(struct place *place, const char *text, const struct log_given *given,
    bool newest, struct found *found)
{
	struct query query;
	struct log_query run = {.disk = place->disk,
	    .directory = place->ledger,
	    .index = place->index,
	    .givens = given,
	    .given_count = 1,
	    .query = &query,
	    .newest_first = newest,
	    .limit = 7,
	    .show = on_found,
	    .context = found};
	struct log_page page;

	query_init(&query);
	found->count = 0;
	must_do(place, query_parse(&query, slice_from(text), 0, place->arena,
			   &place->fail));
	do {
		must_do(place, log_query_run(&run, &page, &place->fail));
		run.has_start = true;
		run.start = page.start;
	} while (page.has_more);
}

static void
what_is_given_of_objects_finds_what_their_names_do(void **state)
{
	static const char *const also[] = {"", "outcome:answered",
	    "-outcome:open", "type:disclosure verdict:redact", "about:17"};
	static struct found named, given;
	struct place *place = place_create(21, 560);
	struct digest_key key;
	size_t found = 0;

	(void)state;
	feed_some(place, place->index, UINT64_MAX);
	must_do(place, log_maker_add(place->maker, 90, &place->fail));
	must_do(place, log_maker_checkpoint(place->maker, &place->fail));
	index_feed_key(place->keys, &key);
	for (unsigned i = 0; i < 20; i++) {
		bool newest = i % 2 != 0, negated = i % 4 == 3;
		struct text text = text_start(place->arena);
		char name[24];
		int64_t term;
		const struct log_given one = {negated, &term, 1};

		snprintf(name, sizeof(name), "d%u.example", below(place, 90));
		term = index_object_term(&key, slice_from(name));
		text_add_format(&text, "%s entry<560 %sobject:%s", also[i % 5],
		    negated ? "-" : "", name);
		ask(place, text_slice(&text).data, NULL, newest, 0, &named);
		ask_given(place, also[i % 5], &one, newest, &given);
		assert_int_equal(named.count, given.count);
		assert_memory_equal(named.indexes, given.indexes,
		    named.count * sizeof(uint64_t));
		found += named.count;
	}
	assert_int_not_equal(found, 0);
	place_destroy(place);
}

static void
few_entries_are_read_for_a_rare_thing(void **state)
{
	struct place *place = place_create(5, 900);
	static struct found found;

	(void)state;
	feed_some(place, place->index, UINT64_MAX);
	ask(place,
	    "recipient:jprs-whois field:fax verdict:redact "
	    "outcome:open",
	    place->index, true, 0, &found);
	assert_true(found.count > 0);
	assert_int_equal(found.looked, found.count);
	ask(place, "recipient:nobody", place->index, true, 0, &found);
	assert_int_equal(found.looked, 0);
	place_destroy(place);
}

/* Everything counted by the index, and entry by entry. */
static void
count(struct place *place, const char *text, const char *index,
    enum stats_by by, struct stats_result *result)
{
	struct query query;
	const struct log_stats stats = {.disk = place->disk,
	    .directory = place->ledger,
	    .index = index,
	    .keys = place->keys,
	    .query = &query,
	    .by = by,
	    .zone = 540};

	query_init(&query);
	must_do(place, query_parse(&query, slice_from(text), 0, place->arena,
			   &place->fail));
	must_do(
	    place, log_stats_run(&stats, place->arena, result, &place->fail));
}

static void
counts_by_the_index_are_the_counts(void **state)
{
	static const char *const texts[] = {"type:disclosure", "",
	    "type:disclosure recipient:jprs-whois verdict:redact",
	    "field:email -verdict:redact entry:100..500",
	    "time>=2026-04-01T03:00:00Z outcome:answered,refuse"};
	struct place *place = place_create(15, 560);

	(void)state;
	feed_some(place, place->index, UINT64_MAX);
	must_do(place, log_maker_add(place->maker, 70, &place->fail));
	must_do(place, log_maker_checkpoint(place->maker, &place->fail));
	for (unsigned i = 0; i < 5 * STATS_BY_COUNT; i++) {
		enum stats_by by = (enum stats_by)(i % STATS_BY_COUNT);
		const char *text = texts[i / STATS_BY_COUNT];
		struct stats_result linear, indexed;

		count(place, text, NULL, by, &linear);
		count(place, text, place->index, by, &indexed);
		assert_int_equal(linear.total, indexed.total);
		assert_int_equal(linear.count, indexed.count);
		assert_true(linear.count != 0 || by == STATS_ACTOR);
		for (size_t k = 0; k < linear.count; k++) {
			assert_true(slice_equal(
			    linear.rows[k].key, indexed.rows[k].key));
			assert_int_equal(
			    linear.rows[k].count, indexed.rows[k].count);
		}
		if (i / STATS_BY_COUNT < 3 && by != STATS_DAY)
			assert_true(indexed.looked < 300);
	}
	place_destroy(place);
}

/* --- rows --- */

static void
rows_are_the_same_however_they_were_made(void **state)
{
	struct place *place = place_create(7, 900);
	struct digest one, other;

	(void)state;
	while (feed_some(place, place->index, 1 + below(place, 200)) != 0)
		;
	must_do(place, log_maker_add(place->maker, 333, &place->fail));
	must_do(place, log_maker_checkpoint(place->maker, &place->fail));
	feed_some(place, place->index, UINT64_MAX);
	feed_some(place, place->other, UINT64_MAX);
	one = rows_of(place->index);
	other = rows_of(place->other);
	assert_true(digest_equal(&one, &other));
	place_destroy(place);
}

/* Killed when its files have grown to `size`; false if it ended before. */
static bool
feed_killed(struct place *place, off_t size)
{
	char wal[128];
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	snprintf(wal, sizeof(wal), "%s-wal", place->index);
	if (child == 0) {
		while (feed_some(place, place->index, 97) != 0)
			;
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct stat now;

		if (stat(wal, &now) == 0 && now.st_size >= size)
			kill(child, SIGKILL);
	}
	return WIFSIGNALED(status);
}

static void
killed_at_any_point_it_goes_on(void **state)
{
	struct place *place = place_create(9, 1200);
	struct digest one, other;
	unsigned kills = 0;

	(void)state;
	for (off_t size = 30000; size < 400000; size += 90000)
		kills += feed_killed(place, size);
	assert_true(kills != 0);
	feed_some(place, place->index, UINT64_MAX);
	feed_some(place, place->other, UINT64_MAX);
	one = rows_of(place->index);
	other = rows_of(place->other);
	assert_true(digest_equal(&one, &other));
	place_destroy(place);
}

/* Statements, or else what the file is made of: nothing at all, or bytes. */
static void
spoil(const char *path, const char *how)
{
	struct fail fail = FAIL_INIT;
	sqlite3 *db;
	FILE *file;

	if (how[0] == 'U' || how[0] == 'P') {
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(
		    sqlite3_exec(db, how, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		return;
	}
	assert_true(index_remove(path, &fail));
	if (how[0] == '\0')
		return;
	file = fopen(path, "w");
	assert_non_null(file);
	for (unsigned i = 0; i < 4000; i++)
		fputs(how, file);
	fclose(file);
}

static void
a_useless_index_is_made_anew_and_never_believed(void **state)
{
	static const char *const spoils[] = {"", "nonsense",
	    "PRAGMA user_version=7", "UPDATE meta SET log = zeroblob(32)",
	    "UPDATE meta SET last = zeroblob(32)",
	    "UPDATE meta SET next = 99999"};
	struct place *place = place_create(11, 600);
	struct digest good, made;

	(void)state;
	feed_some(place, place->index, UINT64_MAX);
	good = rows_of(place->index);
	for (size_t i = 0; i < sizeof(spoils) / sizeof(*spoils); i++) {
		struct index_feed *feed;
		bool anew = false;
		uint64_t left;

		spoil(place->index, spoils[i]);
		agree(place, "recipient:jprs -field:fax outcome:answered");
		feed = feed_open(place, place->index, &anew);
		assert_int_equal(anew, i != 0);
		must_do(place, index_feed_run(feed, UINT64_MAX, NULL, &left,
				   &place->fail));
		index_feed_close(feed);
		made = rows_of(place->index);
		assert_true(digest_equal(&good, &made));
	}
	place_destroy(place);
}

/* --- forgetting --- */

static bool
file_has(struct place *place, const char *path, int64_t term)
{
	struct arena *arena = arena_create(NULL);
	uint8_t bytes[8];
	struct slice file;
	bool has;

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)((uint64_t)term >> (56 - 8 * i));
	must_do(place, disk_read_file(place->disk, path, 1 << 26, arena, &file,
			   &place->fail));
	has = memmem(file.data, file.len, bytes, 8) != NULL;
	arena_destroy(arena);
	return has;
}

/* Is it in any entry that can be read?  No further than the first is read. */
static bool
is_found(struct place *place, const char *text)
{
	static struct found found;
	struct query query;
	struct log_query run = {.disk = place->disk,
	    .directory = place->ledger,
	    .keys = place->keys,
	    .query = &query,
	    .newest_first = true,
	    .limit = 1,
	    .show = on_found,
	    .context = &found};
	struct log_page page;

	query_init(&query);
	found.count = 0;
	must_do(place, query_parse(&query, slice_from(text), 0, place->arena,
			   &place->fail));
	must_do(place, log_query_run(&run, &page, &place->fail));
	assert_true(found.count != 0 || !page.has_more);
	return found.count != 0;
}

/* Beside it, too. */
static bool
index_has(struct place *place, const char *path, int64_t term)
{
	struct stat now;
	char wal[128];

	snprintf(wal, sizeof(wal), "%s-wal", path);
	return file_has(place, path, term) ||
	       (stat(wal, &now) == 0 && file_has(place, wal, term));
}

static void
what_is_forgotten_is_gone_from_the_file(void **state)
{
	struct place *place = place_create(13, 700);
	static struct found before, others, after;
	struct text query = text_start(place->arena);
	struct text not_of = text_start(place->arena);
	struct index_feed *feed;
	struct subject subject;
	struct digest_key key;
	struct digest one, two;
	struct text hex = text_start(place->arena);
	int64_t term;
	bool anew;

	(void)state;
	must_do(place, keys_slot_subject(place->keys, 3, &subject));
	text_add_hex(&hex, subject.pseudonym, PSEUDONYM_SIZE);
	term = index_word_term(INDEX_SUBJECT, text_slice(&hex));
	text_add_format(&query, "pseudonym:%.*s", SLICE_ARG(text_slice(&hex)));
	text_add_format(&not_of, "object:d1.example -pseudonym:%.*s",
	    SLICE_ARG(text_slice(&hex)));
	feed_some(place, place->index, UINT64_MAX);
	ask(place, text_slice(&query).data, place->index, true, 0, &before);
	ask(place, text_slice(&not_of).data, place->index, true, 0, &others);
	assert_true(before.count != 0);
	assert_true(others.count != 0);
	assert_true(index_has(place, place->index, term));

	feed = feed_open(place, place->index, &anew);
	must_do(place, index_feed_forget(feed, text_slice(&hex), &place->fail));
	assert_false(index_has(place, place->index, term));
	index_feed_close(feed);
	must_do(place, keys_forget(place->keys, 3, &place->fail));

	ask(place, text_slice(&query).data, place->index, true, 0, &after);
	assert_int_equal(after.count, 0);
	/* What other subjects have of the same object stays. */
	ask(place, text_slice(&not_of).data, place->index, true, 0, &after);
	assert_int_equal(after.count, others.count);
	index_feed_key(place->keys, &key);
	for (unsigned i = 0; i < 90; i++) {
		char name[24];

		snprintf(name, sizeof(name), "d%u.example", i);
		snprintf(place->fail.place, sizeof(place->fail.place),
		    "object:%s", name);
		if (!is_found(place, place->fail.place))
			assert_false(index_has(place, place->index,
			    index_object_term(&key, slice_from(name))));
	}
	/* A new index has no more of it than the old one. */
	feed_some(place, place->other, UINT64_MAX);
	assert_false(index_has(place, place->other, term));
	one = rows_of(place->index);
	two = rows_of(place->other);
	assert_true(digest_equal(&one, &two));
	place_destroy(place);
}

/* --- pruning --- */

static void
what_was_pruned_is_asked_for_no_more(void **state)
{
	struct place *place = place_create(17, 1050);
	static struct found found;
	const char *texts[] = {"recipient:jprs", "type:outcome", "about:500",
	    "outcome:answered field:fax", "-recipient:jprs"};
	struct index_feed *feed;
	bool anew;

	(void)state;
	feed_some(place, place->index, UINT64_MAX);
	must_do(place, disk_replace_file(place->disk, place->ledger, "minimum",
			   SLICE("768\n"), &place->fail));
	for (unsigned i = 0; i < 3; i++) {
		char path[256], name[TILES_PATH];

		tiles_path(name, TILES_ENTRIES, i, 0);
		snprintf(path, sizeof(path), "%s/%s", place->ledger, name);
		must_do(place, place->disk->operations->remove(
				   place->disk, path, &place->fail));
	}
	for (unsigned i = 0; i < 5; i++)
		agree(place, texts[i]);
	ask(place, "", place->index, false, 0, &found);
	assert_int_equal(found.count, 1050 - 768);
	feed = feed_open(place, place->index, &anew);
	assert_false(anew);
	must_do(place, index_feed_prune(feed, 768, &place->fail));
	index_feed_close(feed);
	for (unsigned i = 0; i < 5; i++)
		agree(place, texts[i]);
	/* One that is made anew begins there. */
	must_do(place, index_remove(place->index, &place->fail));
	feed_some(place, place->index, UINT64_MAX);
	for (unsigned i = 0; i < 5; i++)
		agree(place, texts[i]);
	place_destroy(place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_index_finds_what_reading_all_finds),
	    cmocka_unit_test(
		what_is_given_of_objects_finds_what_their_names_do),
	    cmocka_unit_test(few_entries_are_read_for_a_rare_thing),
	    cmocka_unit_test(counts_by_the_index_are_the_counts),
	    cmocka_unit_test(rows_are_the_same_however_they_were_made),
	    cmocka_unit_test(killed_at_any_point_it_goes_on),
	    cmocka_unit_test(a_useless_index_is_made_anew_and_never_believed),
	    cmocka_unit_test(what_is_forgotten_is_gone_from_the_file),
	    cmocka_unit_test(what_was_pruned_is_asked_for_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
