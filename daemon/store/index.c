#include "store/index.h"

#include <errno.h>
#include <unistd.h>

#include "base/big.h"
#include "base/text.h"
#include "store/index_priv.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS post (span INTEGER, term INTEGER,"
    " bits BLOB NOT NULL, PRIMARY KEY (span, term)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS name (term INTEGER PRIMARY KEY,"
    " newest INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS times (span INTEGER PRIMARY KEY,"
    " times BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS outcome (bundle INTEGER PRIMARY KEY,"
    " distances BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY,"
    " log BLOB NOT NULL, next INTEGER NOT NULL, last BLOB NOT NULL);";

/* --- opening --- */

static bool
prepare_reads(struct index *index, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&index->do_.post,
		"SELECT bits FROM post WHERE span = ?1 AND term = ?2"},
	    {&index->do_.posts, "SELECT term, bits FROM post WHERE span = ?1"
				" AND term >= ?2 AND term < ?3 ORDER BY term"},
	    {&index->do_.names,
		"SELECT term, newest, bytes FROM name"
		" WHERE term >= ?1 AND term < ?2 ORDER BY term"},
	    {&index->do_.times, "SELECT times FROM times WHERE span = ?1"},
	    {&index->do_.outcomes,
		"SELECT distances FROM outcome WHERE bundle = ?1"},
	    {&index->do_.meta, "SELECT log, next, last FROM meta"},
	};

	return sqlite_prepare_all(
	    index->sqlite, all, sizeof(all) / sizeof(*all), fail);
}

static bool
prepare_writes(struct index *index, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&index->do_.put,
		"INSERT OR REPLACE INTO post VALUES (?1, ?2, ?3)"},
	    {&index->do_.drop,
		"DELETE FROM post WHERE span = ?1 AND term = ?2"},
	    {&index->do_.put_name,
		"INSERT OR REPLACE INTO name VALUES (?1, ?2, ?3)"},
	    {&index->do_.put_times,
		"INSERT OR REPLACE INTO times VALUES (?1, ?2)"},
	    {&index->do_.put_outcomes,
		"INSERT OR REPLACE INTO outcome VALUES (?1, ?2)"},
	    {&index->do_.put_meta,
		"INSERT OR REPLACE INTO meta VALUES (1, ?1, ?2, ?3)"},
	};

	return sqlite_prepare_all(
	    index->sqlite, all, sizeof(all) / sizeof(*all), fail);
}

static void
copy_digest(struct digest *to, struct slice from)
{
	if (from.len == sizeof(to->bytes))
		memcpy(to->bytes, from.data, sizeof(to->bytes));
}

static bool
read_meta(struct index *index, const struct digest *log, struct fail *fail)
{
	bool row, ok;

	if (!statement_step(index->do_.meta, &row, fail))
		return false;
	if (row) {
		copy_digest(&index->log, statement_bytes(index->do_.meta, 0));
		index->next = (uint64_t)statement_number(index->do_.meta, 1);
		copy_digest(&index->last, statement_bytes(index->do_.meta, 2));
	} else if (log != NULL)
		index->log = *log;
	statement_reset(index->do_.meta);
	ok = log == NULL || digest_equal(&index->log, log);
	if (!ok) {
		fail_set(fail, FAIL_WORLD, "this index is of another log");
		fail_place(fail, "%s", index->path);
	}
	return ok;
}

/* A version that is not ours holds rows of another shape. */
static bool
is_version(struct index *index, bool *is_ours, struct fail *fail)
{
	struct statement *version =
	    sqlite_prepare(index->sqlite, "PRAGMA user_version", fail);
	bool row;

	if (version == NULL || !statement_step(version, &row, fail))
		return false;
	*is_ours = row && statement_number(version, 0) == INDEX_VERSION;
	statement_reset(version);
	return true;
}

static bool
open_in(struct index *index, const struct digest *log, struct fail *fail)
{
	bool is_ours;

	if (index->sqlite == NULL || !is_version(index, &is_ours, fail))
		return false;
	if (!is_ours) {
		fail_set(fail, FAIL_WORLD, "an index of another version");
		fail_place(fail, "%s", index->path);
		return false;
	}
	return prepare_reads(index, fail) && read_meta(index, log, fail);
}

static struct index *
create(const char *path, struct fail *fail)
{
	struct index *index = calloc(1, sizeof(*index));

	if (index != NULL)
		index->arena = arena_create(NULL);
	if (index != NULL && index->arena != NULL) {
		snprintf(index->path, sizeof(index->path), "%s", path);
		return index;
	}
	fail_memory(fail);
	free(index);
	return NULL;
}

static bool load_words(struct index *index, struct fail *fail);

struct index *
index_open(const char *path, const struct digest *log, struct fail *fail)
{
	struct index *index = create(path, fail);

	if (index == NULL)
		return NULL;
	index->sqlite = sqlite_open_shared(path, schema, INDEX_VERSION, fail);
	if (open_in(index, log, fail) && prepare_writes(index, fail) &&
	    load_words(index, fail) &&
	    span_load(index, index->next >> SPAN_BITS, fail))
		return index;
	index_close(index);
	return NULL;
}

struct index *
index_open_reader(const char *path, struct fail *fail)
{
	struct index *index = create(path, fail);

	if (index == NULL)
		return NULL;
	if (access(path, R_OK) == 0)
		index->sqlite = sqlite_open_reader(path, fail);
	else
		fail_set(fail, FAIL_WORLD, "there is no index");
	if (open_in(index, NULL, fail))
		return index;
	index_close(index);
	return NULL;
}

static void
forget_words(struct index *index)
{
	for (size_t i = 0; i < WORD_HEADS; i++)
		for (struct word *word = index->words[i], *next; word != NULL;
		     word = next) {
			next = word->next;
			free(word);
		}
	memset(index->words, 0, sizeof(index->words));
	memset(index->decided, 0, sizeof(index->decided));
	index->word_count = 0;
}

void
index_close(struct index *index)
{
	if (index == NULL)
		return;
	span_free(index->span);
	forget_words(index);
	sqlite_close(index->sqlite);
	free(index->entry.data);
	arena_destroy(index->arena);
	free(index);
}

bool
index_remove(const char *path, struct fail *fail)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[1100];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		if (unlink(name) == 0 || errno == ENOENT)
			continue;
		fail_set(
		    fail, FAIL_WORLD, "cannot remove it: %s", strerror(errno));
		fail_place(fail, "%s", name);
		return false;
	}
	return true;
}

const struct digest *
index_log(const struct index *index)
{
	return &index->log;
}

uint64_t
index_next(const struct index *index)
{
	return index->next;
}

bool
index_begin_at(struct index *index, uint64_t minimum, struct fail *fail)
{
	if (index->next >= minimum)
		return true;
	if (!index_commit(index, fail))
		return false;
	index->next = minimum;
	return span_load(index, minimum >> SPAN_BITS, fail);
}

bool
index_is_of(const struct index *index, struct slice last_entry)
{
	struct digest digest = digest_sha256(last_entry);

	return digest_equal(&digest, &index->last);
}

/* --- transactions --- */

bool
index_write_begin(struct index *index, struct fail *fail)
{
	if (index->is_writing)
		return true;
	index->is_writing = sqlite_run(index->sqlite, "BEGIN", fail);
	return index->is_writing;
}

bool
index_note_last(struct index *index, struct slice entry, struct fail *fail)
{
	if (entry.len > index->entry.room) {
		size_t room = 2 * entry.len;
		char *data = realloc(index->entry.data, room);

		if (data == NULL)
			return fail_memory(fail);
		index->entry.data = data;
		index->entry.room = room;
	}
	memcpy(index->entry.data, entry.data, entry.len);
	index->entry.len = entry.len;
	return true;
}

static bool
write_meta(struct index *index, struct fail *fail)
{
	struct statement *put = index->do_.put_meta;

	statement_bind_bytes(put, 1, index->log.bytes, DIGEST_SIZE);
	statement_bind_number(put, 2, (int64_t)index->next);
	statement_bind_bytes(put, 3, index->last.bytes, DIGEST_SIZE);
	return statement_do(put, fail);
}

bool
index_commit(struct index *index, struct fail *fail)
{
	if (!index->is_writing && !index->span->is_dirty)
		return true;
	if (index->entry.len != 0)
		index->last = digest_sha256((struct slice){
		    index->entry.data, index->entry.len});
	if (!index_write_begin(index, fail) || !span_write(index, fail) ||
	    !write_meta(index, fail) ||
	    !sqlite_run(index->sqlite, "COMMIT", fail))
		return false;
	index->is_writing = false;
	return true;
}

void
index_abandon(struct index *index)
{
	struct fail ignored = FAIL_INIT;
	struct digest log = index->log;

	if (index->is_writing)
		sqlite_run(index->sqlite, "ROLLBACK", &ignored);
	index->is_writing = false;
	forget_words(index);
	index->next = 0;
	index->entry.len = 0;
	if (!read_meta(index, &log, &ignored) || !load_words(index, &ignored) ||
	    !span_load(index, index->next >> SPAN_BITS, &ignored))
		index->next = 0;
}

/* --- rows --- */

bool
index_get_row(struct index *index, uint64_t span, int64_t term,
    struct bits *out, struct fail *fail)
{
	bits_none(out);
	return index_read_term(index, span, term, out, fail);
}

bool
index_put_row(struct index *index, uint64_t span, int64_t term,
    const struct bits *bits, struct fail *fail)
{
	uint8_t stored[BITS_STORED_MAX];
	size_t len = bits_write(bits, stored);
	struct statement *put = len != 0 ? index->do_.put : index->do_.drop;

	statement_bind_number(put, 1, (int64_t)span);
	statement_bind_number(put, 2, term);
	if (len != 0)
		statement_bind_bytes(put, 3, stored, len);
	return statement_do(put, fail);
}

/* --- reading --- */

bool
index_read_begin(struct index *index, struct fail *fail)
{
	return sqlite_run(index->sqlite, "BEGIN", fail) &&
	       read_meta(index, NULL, fail);
}

static bool
damaged(const struct index *index, struct fail *fail)
{
	fail_set(fail, FAIL_WORLD, "the index is damaged");
	fail_place(fail, "%s", index->path);
	fail_hint(fail, "misuctl reindex makes it anew");
	return false;
}

bool
index_read_term(struct index *index, uint64_t span, int64_t term,
    struct bits *out, struct fail *fail)
{
	struct statement *post = index->do_.post;
	bool row, ok;

	statement_bind_number(post, 1, (int64_t)span);
	statement_bind_number(post, 2, term);
	ok = statement_step(post, &row, fail);
	if (ok && row && !bits_read(out, statement_bytes(post, 0)))
		ok = damaged(index, fail);
	statement_reset(post);
	return ok;
}

/* Fewer terms than this are looked up one by one. */
enum { SEEKS_MAX = 48 };

static bool
read_range(struct index *index, uint64_t span, const int64_t *terms,
    size_t count, struct bits *out, struct fail *fail)
{
	struct statement *posts = index->do_.posts;
	size_t at = 0;
	bool row = true, ok = true;

	statement_bind_number(posts, 1, (int64_t)span);
	statement_bind_number(posts, 2, terms[0]);
	statement_bind_number(posts, 3, terms[count - 1] + 1);
	while (ok && at < count) {
		int64_t term;

		ok = statement_step(posts, &row, fail);
		if (!ok || !row)
			break;
		term = statement_number(posts, 0);
		while (at < count && terms[at] < term)
			at++;
		if (at < count && terms[at] == term &&
		    !bits_read(out, statement_bytes(posts, 1)))
			ok = damaged(index, fail);
	}
	statement_reset(posts);
	return ok;
}

bool
index_read_terms(struct index *index, uint64_t span, const int64_t *terms,
    size_t count, struct bits *out, struct fail *fail)
{
	if (count > SEEKS_MAX)
		return read_range(index, span, terms, count, out, fail);
	for (size_t i = 0; i < count; i++)
		if (!index_read_term(index, span, terms[i], out, fail))
			return false;
	return true;
}

static bool
each_name(struct index *index, int64_t first, int64_t end,
    bool (*each)(void *context, struct statement *row), void *context,
    struct fail *fail)
{
	struct statement *names = index->do_.names;
	bool row = true, ok = true;

	statement_bind_number(names, 1, first);
	statement_bind_number(names, 2, end);
	while (ok && row) {
		ok = statement_step(names, &row, fail);
		if (ok && row && !each(context, names))
			break;
	}
	statement_reset(names);
	return ok;
}

struct naming {
	bool (*each)(void *context, int64_t term, struct slice bytes);
	void *context;
};

static bool
on_name(void *context, struct statement *row)
{
	struct naming *naming = context;

	return naming->each(
	    naming->context, statement_number(row, 0), statement_bytes(row, 2));
}

bool
index_each_name(struct index *index, enum index_class class,
    bool (*each)(void *context, int64_t term, struct slice bytes),
    void *context, struct fail *fail)
{
	struct naming naming = {each, context};

	return each_name(index, class_first(class), class_first(class + 1),
	    on_name, &naming, fail);
}

bool
index_shape(struct slice bytes, struct entry_group *out)
{
	const char *end = memchr(bytes.data, '\0', bytes.len), *second;
	size_t left;

	if (end == NULL)
		return false;
	out->recipient = (struct slice){bytes.data, (size_t)(end - bytes.data)};
	left = bytes.len - out->recipient.len - 1;
	second = memchr(end + 1, '\0', left);
	if (second == NULL)
		return false;
	out->role = (struct slice){end + 1, (size_t)(second - end - 1)};
	out->fields = (struct slice){second + 1, left - out->role.len - 1};
	return true;
}

bool
index_read_times(struct index *index, uint64_t span, struct index_times *out,
    struct fail *fail)
{
	struct statement *times = index->do_.times;
	struct slice bytes = {"", 0};
	bool row, ok;

	statement_bind_number(times, 1, (int64_t)span);
	ok = statement_step(times, &row, fail);
	if (ok && row)
		bytes = statement_bytes(times, 0);
	if (ok && bytes.len != 0 && bytes.len != TIMES_SIZE)
		ok = damaged(index, fail);
	for (unsigned i = 0; ok && i < BUNDLES; i++) {
		const uint8_t *at =
		    (const uint8_t *)bytes.data + (size_t)16 * i;

		out->first[i] = bytes.len == 0 ? INT64_MAX : (int64_t)big_get64(at);
		out->last[i] = bytes.len == 0 ? INT64_MIN : (int64_t)big_get64(at + 8);
	}
	statement_reset(times);
	return ok;
}

bool
index_read_outcomes(
    struct index *index, uint64_t bundle, uint32_t out[256], struct fail *fail)
{
	struct statement *outcomes = index->do_.outcomes;
	struct slice bytes = {"", 0};
	bool row, ok;

	memset(out, 0, 256 * sizeof(*out));
	statement_bind_number(outcomes, 1, (int64_t)bundle);
	ok = statement_step(outcomes, &row, fail);
	if (ok && row)
		bytes = statement_bytes(outcomes, 0);
	if (ok && bytes.len != 0 && bytes.len != OUTCOMES_SIZE)
		ok = damaged(index, fail);
	for (unsigned i = 0; ok && i < bytes.len / 4; i++) {
		const uint8_t *at = (const uint8_t *)bytes.data + 4 * i;

		out[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
			 (uint32_t)at[2] << 8 | at[3];
	}
	statement_reset(outcomes);
	return ok;
}

bool
index_read_outcome(
    struct index *index, uint64_t entry, uint64_t *out, struct fail *fail)
{
	uint32_t all[256];
	uint32_t distance;

	*out = 0;
	if (!index_read_outcomes(index, entry >> 8, all, fail))
		return false;
	distance = all[entry & 255];
	if (distance != 0)
		*out = entry + distance;
	return true;
}

/* --- the dictionary in memory --- */

static uint64_t
hash_of(enum index_class class, struct slice bytes)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ class;

	size_t i = 0;

	for (uint64_t eight; bytes.len - i >= sizeof(eight);
	    i += sizeof(eight)) {
		memcpy(&eight, bytes.data + i, sizeof(eight));
		hash = (hash ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; i < bytes.len; i++)
		hash =
		    (hash ^ (uint8_t)bytes.data[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static struct word *
word_add(struct index *index, enum index_class class, struct slice bytes,
    int64_t term)
{
	struct word *word = calloc(1, sizeof(*word) + bytes.len);

	if (word == NULL)
		return NULL;
	word->hash = hash_of(class, bytes);
	word->class = class;
	word->term = term;
	word->len = bytes.len;
	if (bytes.len != 0)
		memcpy(word->bytes, bytes.data, bytes.len);
	word->next = index->words[word->hash % WORD_HEADS];
	index->words[word->hash % WORD_HEADS] = word;
	index->word_count++;
	return word;
}

static bool
on_word(void *context, struct statement *row)
{
	struct index *index = context;
	int64_t term = statement_number(row, 0);
	struct word *word =
	    word_add(index, class_of(term), statement_bytes(row, 2), term);

	if (word == NULL)
		return false;
	word->newest = (uint64_t)statement_number(row, 1) + 1;
	return true;
}

static bool
load_words(struct index *index, struct fail *fail)
{
	return each_name(index, 0, INT64_MAX, on_word, index, fail);
}

/*
 * Two words of one term would be one: an index in which that came to pass, as
 * it does not in the life of a log, is not gone on with.
 */
static bool
is_alone(
    struct index *index, int64_t term, struct slice bytes, struct fail *fail)
{
	struct statement *names = index->do_.names;
	bool row, ok;

	statement_bind_number(names, 1, term);
	statement_bind_number(names, 2, term + 1);
	ok = statement_step(names, &row, fail);
	if (ok && row && !slice_equal(statement_bytes(names, 2), bytes)) {
		fail_set(
		    fail, FAIL_WORLD, "two words of the index have one number");
		fail_place(fail, "%s", index->path);
		fail_hint(fail, "queries go on without the index; tell those "
				"who make misu");
		ok = false;
	}
	statement_reset(names);
	return ok;
}

/* Words nobody needs in memory are looked up in the file again. */
enum { WORDS_MAX = 200000 };

bool
index_use_word(struct index *index, enum index_class class, struct slice bytes,
    int64_t *term, struct fail *fail)
{
	uint64_t hash = hash_of(class, bytes);
	struct word *word = index->words[hash % WORD_HEADS];
	struct statement *put = index->do_.put_name;

	while (word != NULL &&
	       (word->hash != hash || word->class != class ||
		   word->len != bytes.len ||
		   memcmp(word->bytes, bytes.data, bytes.len) != 0))
		word = word->next;
	if (word == NULL && index->word_count >= WORDS_MAX)
		forget_words(index);
	if (word == NULL) {
		int64_t made = index_word_term(class, bytes);

		if (!is_alone(index, made, bytes, fail))
			return false;
		word = word_add(index, class, bytes, made);
	}
	if (word == NULL)
		return fail_memory(fail);
	*term = word->term;
	if (word->newest == index->span->number + 1)
		return true;
	word->newest = index->span->number + 1;
	statement_bind_number(put, 1, word->term);
	statement_bind_number(put, 2, (int64_t)index->span->number);
	statement_bind_bytes(put, 3, bytes.data, bytes.len);
	return index_write_begin(index, fail) && statement_do(put, fail);
}
