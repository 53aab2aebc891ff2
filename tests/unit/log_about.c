/*
 * What is about one subject or one entry is found by the index, with few
 * entries read, as it is by reading all of them.
 */
#include "log_place.h"

#include "core/canon.h"
#include "store/log_about.h"
#include "store/log_reader.h"

static struct log_query
about(struct place *place, const char *index, struct found *found)
{
	*found = (struct found){.count = 0};
	return (struct log_query){.disk = place->disk,
	    .directory = place->ledger,
	    .index = index,
	    .keys = place->keys,
	    .show = on_found,
	    .context = found};
}

/* With the index, and how many entries that takes; and without it. */
static size_t
same_about(struct place *place, struct slice pseudonym,
    const struct entry_shown *disclosure, uint64_t *looked)
{
	static struct found linear, indexed;
	struct log_query all = about(place, NULL, &linear);
	struct log_query few = about(place, place->index, &indexed);
	struct log_page page;

	if (disclosure == NULL)
		must_do(place, log_about_subject(&all, pseudonym, &page,
				   &place->fail) &&
				   log_about_subject(
				       &few, pseudonym, &page, &place->fail));
	else
		must_do(place,
		    log_about_entry(&all, disclosure, &page, &place->fail) &&
			log_about_entry(
			    &few, disclosure, &page, &place->fail));
	assert_int_equal(page.size, page.indexed);
	assert_int_equal(linear.count, indexed.count);
	assert_memory_equal(linear.indexes, indexed.indexes,
	    linear.count * sizeof(uint64_t));
	*looked = page.looked;
	return linear.count;
}

static struct slice
entry_at(struct place *place, struct log_reader *log, uint64_t index)
{
	struct slice entry;

	must_do(place, log_reader_entry(
			   log, index, place->arena, &entry, &place->fail));
	return entry;
}

static bool
names_entry(struct slice entry, const char *member, uint64_t index)
{
	int64_t number;

	return canon_get_number(entry, member, &number) &&
	       (uint64_t)number == index;
}

/* One after the other, by what stands in them. */
static size_t
count_later(struct place *place, struct log_reader *log, uint64_t index)
{
	size_t count = 0;

	for (uint64_t i = index + 1; i < log_reader_size(log); i++) {
		struct slice entry = entry_at(place, log, i);

		count += names_entry(entry, "entry", index) ||
			 names_entry(entry, "supersedes", index);
	}
	return count;
}

static size_t
count_about(struct place *place, struct log_reader *log, struct slice mark)
{
	uint64_t size = log_reader_size(log);
	bool *mine = arena_take(place->arena, size);
	size_t count = 0;

	assert_non_null(mine);
	for (uint64_t i = 0; i < size; i++) {
		struct slice entry = entry_at(place, log, i);
		int64_t of;

		mine[i] = memmem(entry.data, entry.len, mark.data,
			      mark.len) != NULL ||
			  (canon_get_number(entry, "entry", &of) && of >= 0 &&
			      (uint64_t)of < i && mine[of]);
		count += mine[i];
	}
	return count;
}

static void
what_is_about_one_is_read_by_the_index(void **state)
{
	struct place *place = place_create(11, 900);
	struct log_reader *log =
	    log_reader_open(place->disk, place->ledger, &place->fail);
	uint64_t looked;
	unsigned disclosures = 0;

	(void)state;
	assert_non_null(log);
	feed_some(place, place->index, UINT64_MAX);
	for (unsigned i = 0; i < 5; i++) {
		struct text text = text_start(place->arena);
		struct slice mark;
		size_t count;

		add_pseudonym(place, &text);
		mark = text_slice(&text);
		mark.data += strlen("pseudonym:");
		mark.len -= strlen("pseudonym:");
		count = same_about(place, mark, NULL, &looked);
		assert_int_equal(count, count_about(place, log, mark));
		assert_int_equal(looked, count);
	}
	for (uint64_t i = 0; i < 900 && disclosures < 8; i += 97) {
		struct entry_shown shown = {
		    .index = i, .entry = entry_at(place, log, i)};
		size_t count;

		if (!log_query_object(place->keys, shown.entry, place->arena,
			&shown.object))
			continue;
		disclosures++;
		count = same_about(
		    place, (struct slice){NULL, 0}, &shown, &looked);
		assert_int_equal(count, count_later(place, log, i));
		assert_true(looked < 60);
		/* Whose name nobody can read: more is looked at. */
		shown.object.len = 0;
		assert_int_equal(
		    same_about(
			place, (struct slice){NULL, 0}, &shown, &looked),
		    count);
	}
	assert_true(disclosures > 4);
	log_reader_close(log);
	place_destroy(place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_about_one_is_read_by_the_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
