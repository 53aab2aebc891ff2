#include "store/index_feed.h"

#include "core/canon.h"
#include "store/log_query.h"
#include "store/log_reader.h"

enum { RECENT = 8192 };

/* Terms of a disclosure that an event may soon be about. */
struct recent {
	uint64_t entry; /* plus one; 0: empty */
	int64_t object;
	struct index_terms terms;
};

struct index_feed {
	struct index_feed_options o;
	struct log_reader *reader;
	struct index *index;
	struct digest_key object_key;
	struct digest_cipher *cipher;
	struct arena *arena; /* of one entry */
	struct canon_known known;
	struct recent recent[RECENT];
};

void
index_feed_key(const struct keys *keys, struct digest_key *out)
{
	uint8_t key[KEY_SIZE];

	keys_derive(keys, "index", key);
	digest_key_set(out, key);
	digest_wipe(key, sizeof(key));
}

/* Does the index's last entry stand in this ledger, too? */
static bool
is_behind(struct index_feed *feed)
{
	uint64_t next = index_next(feed->index);
	struct fail ignored = FAIL_INIT;
	struct slice entry;

	if (next <= log_reader_minimum(feed->reader))
		return true;
	arena_reset(feed->arena);
	return log_reader_entry(
		   feed->reader, next - 1, feed->arena, &entry, &ignored) &&
	       index_is_of(feed->index, entry);
}

static bool
open_index(struct index_feed *feed, bool *anew, struct fail *fail)
{
	struct digest log = log_reader_log(feed->reader);
	struct fail first = FAIL_INIT;

	feed->index = index_open(feed->o.path, &log, &first);
	*anew = feed->index == NULL || !is_behind(feed);
	if (!*anew)
		return true;
	index_close(feed->index);
	feed->index = NULL;
	if (first.kind == FAIL_MEMORY) {
		*fail = first;
		return false;
	}
	if (index_remove(feed->o.path, fail))
		feed->index = index_open(feed->o.path, &log, fail);
	return feed->index != NULL;
}

struct index_feed *
index_feed_open(
    const struct index_feed_options *options, bool *anew, struct fail *fail)
{
	struct index_feed *feed = calloc(1, sizeof(*feed));

	if (feed == NULL) {
		fail_memory(fail);
		return NULL;
	}
	feed->o = *options;
	feed->arena = arena_create(NULL);
	feed->cipher = digest_cipher_create();
	if (feed->arena == NULL || feed->cipher == NULL)
		fail_memory(fail);
	else
		feed->reader = log_reader_open_bundles(
		    options->disk, options->directory, fail);
	if (feed->reader != NULL) {
		index_feed_key(options->keys, &feed->object_key);
		if (open_index(feed, anew, fail))
			return feed;
	}
	index_feed_close(feed);
	return NULL;
}

void
index_feed_close(struct index_feed *feed)
{
	if (feed == NULL)
		return;
	index_close(feed->index);
	log_reader_close(feed->reader);
	arena_destroy(feed->arena);
	digest_cipher_destroy(feed->cipher);
	digest_wipe(&feed->object_key, sizeof(feed->object_key));
	free(feed);
}

uint64_t
index_feed_next(const struct index_feed *feed)
{
	return index_next(feed->index);
}

/* --- entries --- */

static void
forget_recent(struct index_feed *feed)
{
	for (size_t i = 0; i < RECENT; i++)
		feed->recent[i].entry = 0;
}

static int64_t
object_of(struct index_feed *feed, uint64_t index,
    const struct entry_parts *parts)
{
	struct recent *recent = &feed->recent[index % RECENT];
	struct slice name;

	if (recent->entry == index + 1)
		return recent->object;
	recent->entry = index + 1;
	recent->object = 0;
	recent->terms.load = 0;
	if (log_query_object_of(
		feed->o.keys, feed->cipher, parts, feed->arena, &name))
		recent->object = index_object_term(&feed->object_key, name);
	return recent->object;
}

/* One that was forgotten cannot be looked for. */
static void
add_subject(struct index_feed *feed, struct index_item *item,
    struct slice pseudonym, int64_t slot)
{
	struct subject subject;

	for (size_t i = 0; i < item->subject_count; i++)
		if (slice_equal(item->subjects[i], pseudonym))
			return;
	if (item->subject_count == INDEX_SUBJECTS_MAX || slot < 0 ||
	    slot > UINT32_MAX ||
	    !keys_slot_subject(feed->o.keys, (uint32_t)slot, &subject))
		return;
	digest_wipe(&subject, sizeof(subject));
	item->subjects[item->subject_count++] = pseudonym;
}

static void
find_subjects(struct index_feed *feed, struct index_item *item)
{
	struct slice rest = item->parts->subject, pseudonym, number;
	int64_t slot;

	if (canon_next_item(&rest, &pseudonym) && pseudonym.len > 2 &&
	    canon_next_item(&rest, &number) && canon_number(number, &slot))
		add_subject(feed, item,
		    (struct slice){pseudonym.data + 1, pseudonym.len - 2},
		    slot);
	if (item->about == NULL)
		return;
	rest = item->about->subjects;
	while (entry_next_subject(&rest, &pseudonym, &slot))
		add_subject(feed, item, pseudonym, slot);
	rest = item->about->object;
	if (canon_get_string(rest, "subject", feed->arena, &pseudonym) &&
	    canon_get_number(rest, "slot", &slot))
		add_subject(feed, item, pseudonym, slot);
}

/* Is it about a disclosure whose terms are at hand? */
static bool
has_terms(const struct index_feed *feed, const struct entry_parts *parts)
{
	const struct recent *recent;

	if (!parts->has_about || parts->about < 0)
		return false;
	recent = &feed->recent[(uint64_t)parts->about % RECENT];
	return recent->entry == (uint64_t)parts->about + 1 &&
	       index_terms_hold(feed->index, &recent->terms);
}

static bool
feed_one(struct index_feed *feed, struct fail *fail)
{
	struct entry_parts parts, about;
	struct index_item item = {
	    .index = index_next(feed->index), .parts = &parts};
	struct fail ignored = FAIL_INIT;
	struct slice other;

	arena_reset(feed->arena);
	if (!log_reader_borrow(
		feed->reader, item.index, &item.entry, fail))
		return false;
	if (!entry_parts_read_known(
		item.entry, feed->arena, &feed->known, &parts))
		memset(&parts, 0, sizeof(parts));
	if (parts.is_disclosure || parts.object.len != 0) {
		item.about = &parts;
		item.object = object_of(feed, item.index, &parts);
		item.terms = &feed->recent[item.index % RECENT].terms;
	} else if (parts.kept.len != 0) {
		if (entry_parts_read(parts.kept, feed->arena, &about) &&
		    about.is_disclosure) {
			item.about = &about;
			item.object = object_of(feed, item.index, &about);
		}
	} else if (has_terms(feed, &parts)) {
		item.terms =
		    &feed->recent[(uint64_t)parts.about % RECENT].terms;
	} else if (parts.has_about && parts.about >= 0 &&
		   (uint64_t)parts.about < item.index &&
		   log_reader_borrow(feed->reader, (uint64_t)parts.about,
		       &other, &ignored) &&
		   entry_parts_read_known(
		       other, feed->arena, &feed->known, &about) &&
		   about.is_disclosure) {
		item.about = &about;
		item.object = object_of(feed, (uint64_t)parts.about, &about);
	}
	find_subjects(feed, &item);
	return index_add(feed->index, &item, fail);
}

static bool
is_stopped(const bool *stop)
{
	return stop != NULL && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

bool
index_feed_run(struct index_feed *feed, uint64_t most, const bool *stop,
    uint64_t *left, struct fail *fail)
{
	uint64_t size;
	bool ok = log_reader_renew(feed->reader, fail);

	*left = 0;
	if (!ok)
		return false;
	size = log_reader_bundled(feed->reader);
	ok =
	    index_begin_at(feed->index, log_reader_minimum(feed->reader), fail);
	while (ok && most-- != 0 && index_next(feed->index) < size &&
	       !is_stopped(stop))
		ok = feed_one(feed, fail);
	ok = ok && index_commit(feed->index, fail);
	if (!ok) {
		index_abandon(feed->index);
		forget_recent(feed);
	}
	*left = size - index_next(feed->index);
	return ok;
}

/* --- forgetting --- */

struct owner {
	struct index_feed *feed;
	struct slice pseudonym;
};

static bool
is_owner(void *context, uint64_t entry, bool *owner, struct fail *fail)
{
	const struct owner *who = context;
	struct index_feed *feed = who->feed;
	struct entry_parts parts;
	struct slice bytes, subject;

	arena_reset(feed->arena);
	*owner = false;
	if (entry < log_reader_minimum(feed->reader))
		return true;
	if (!log_reader_entry(feed->reader, entry, feed->arena, &bytes, fail))
		return false;
	if (!entry_parts_read(bytes, feed->arena, &parts))
		return true;
	/* An event has its object of the entry it is about. */
	if (parts.kept.len != 0 &&
	    !entry_parts_read(parts.kept, feed->arena, &parts))
		return true;
	if (!parts.is_disclosure && parts.has_about &&
	    parts.about >= (int64_t)log_reader_minimum(feed->reader) &&
	    (!log_reader_entry(feed->reader, (uint64_t)parts.about, feed->arena,
		 &bytes, fail) ||
		!entry_parts_read(bytes, feed->arena, &parts)))
		return fail->kind == FAIL_NONE;
	*owner =
	    canon_get_string(parts.object, "subject", feed->arena, &subject) &&
	    slice_equal(subject, who->pseudonym);
	return true;
}

bool
index_feed_forget(
    struct index_feed *feed, struct slice pseudonym, struct fail *fail)
{
	struct owner owner = {feed, pseudonym};

	forget_recent(feed);
	if (index_forget(feed->index, pseudonym, is_owner, &owner, fail))
		return true;
	index_abandon(feed->index);
	return false;
}

bool
index_feed_prune(struct index_feed *feed, uint64_t minimum, struct fail *fail)
{
	if (index_prune(feed->index, minimum, fail))
		return true;
	index_abandon(feed->index);
	return false;
}
