/*
 * The one path of an entry: a committed batch is placed in the group being
 * built, the group is written by the journal while the next is built, and
 * when it is on disk its entries go to bundles and tiles, its records to the
 * vault, and its batches get their sealed disclosures.
 */
#include "store/ledger_priv.h"

#include "core/canon.h"
#include "store/seal_priv.h"

enum {
	CHECKPOINT_ENTRIES = 1 << 16,
	CHECKPOINT_BYTES = 16 << 20, /* of the journal */
};

static void launch(void *arg);

/* --- queues of batches --- */

static void
queue_init(struct batch_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void
queue_push(struct batch_queue *queue, struct batch *batch)
{
	batch->next = NULL;
	*queue->last = batch;
	queue->last = &batch->next;
}

static struct batch *
queue_pop(struct batch_queue *queue)
{
	struct batch *batch = queue->first;

	if (batch != NULL)
		queue->first = batch->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	return batch;
}

static void
queue_move(struct batch_queue *from, struct batch_queue *to)
{
	if (from->first == NULL)
		return;
	*to->last = from->first;
	to->last = from->last;
	queue_init(from);
}

/* --- small services --- */

bool
ledger_random(
    struct ledger *ledger, void *out, size_t len, struct fail *fail)
{
	return ledger->random.fill(ledger->random.context, out, len) ||
	    fail_set(fail, FAIL_WORLD, "no random bytes to be had");
}

struct digest
ledger_payload_digest_of(
    const struct ledger *ledger, const struct digest *sha256)
{
	return digest_key_hmac(&ledger->payload_key,
	    (struct slice){(const char *)sha256->bytes, DIGEST_SIZE});
}

struct digest
ledger_payload_digest(const struct ledger *ledger, struct slice payload)
{
	struct digest sha256 = digest_sha256(payload);

	return ledger_payload_digest_of(ledger, &sha256);
}

const struct keys *
ledger_keys(const struct ledger *ledger)
{
	return ledger->options.keys;
}

const struct fail *
ledger_stopped(const struct ledger *ledger)
{
	return ledger->stopped.kind == FAIL_NONE ? NULL : &ledger->stopped;
}

uint64_t
ledger_bundled(const struct ledger *ledger)
{
	return tiles_durable(ledger->tiles);
}

uint64_t
ledger_size(const struct ledger *ledger)
{
	return tiles_tree(ledger->tiles)->size;
}

uint64_t
ledger_deletions(const struct ledger *ledger)
{
	return ledger->deletions;
}

bool
ledger_read(struct ledger *ledger, uint64_t index, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	return tiles_read(ledger->tiles, index, arena, out, fail);
}

void
ledger_stop(struct ledger *ledger, const struct fail *fail)
{
	if (ledger->stopped.kind != FAIL_NONE)
		return;
	ledger->stopped = *fail;
	snprintf(ledger->stopped.hint, sizeof(ledger->stopped.hint),
	    "%.80s%sstart misu again: nothing is sent before", fail->hint,
	    fail->hint[0] != '\0' ? ", then " : "put it right and ");
}

/* --- from batch to group --- */

static void
place_entry(struct ledger *ledger, struct item *item)
{
	if (item->has_request &&
	    requests_find(ledger->requests, &item->request, &item->index)) {
		item->is_repeat = true;
		return;
	}
	item->index = ledger->next++;
	if (item->has_request)
		requests_add(ledger->requests, &item->request, item->index);
	group_add(ledger->building, JOURNAL_ENTRY, item->bytes);
}

/* The batch gets its numbers; there is room for it. */
static void
place(struct ledger *ledger, struct batch *batch)
{
	for (struct item *item = batch->items; item; item = item->next) {
		switch (item->kind) {
		case ITEM_DISCLOSURE:
		case ITEM_EVENT:
			place_entry(ledger, item);
			break;
		case ITEM_RECORD:
			group_add(
			    ledger->building, JOURNAL_RECORD, item->bytes);
			break;
		case ITEM_SUBJECT:
			keys_note(ledger->options.keys, item->slot);
			group_add(
			    ledger->building, JOURNAL_SUBJECT, item->bytes);
			break;
		}
	}
	queue_push(&ledger->built, batch);
}

/* A batch never overtakes one that waits. */
static void
place_waiting(struct ledger *ledger)
{
	while (ledger->waiting.first != NULL &&
	    group_has_room(ledger->building, ledger->waiting.first->bytes,
		ledger->waiting.first->count))
		place(ledger, queue_pop(&ledger->waiting));
}

static void
launch_later(struct ledger *ledger)
{
	if (ledger->is_due)
		return;
	ledger->is_due = true;
	ledger->disk->operations->defer(ledger->disk, launch, ledger);
}

void
ledger_hurry(struct ledger *ledger)
{
	ledger->in_hurry = true;
	if (!ledger->is_flying)
		launch_later(ledger);
}

/* What the group has no room for is not kept waiting for long. */
void
ledger_commit_later(struct batch *batch, ledger_done *done, void *arg)
{
	struct ledger *ledger = batch->ledger;

	batch->done = done;
	batch->arg = arg;
	ledger->deletions += batch->has_deletion;
	queue_push(&ledger->waiting, batch);
	if (ledger->stopped.kind == FAIL_NONE)
		place_waiting(ledger);
	if (ledger->waiting.first != NULL || group_is_empty(ledger->building))
		ledger_hurry(ledger);
}

void
ledger_commit(struct batch *batch, ledger_done *done, void *arg)
{
	ledger_commit_later(batch, done, arg);
	ledger_hurry(batch->ledger);
}

/* --- answering --- */

static void
answer_fail(struct batch *batch, const struct fail *fail)
{
	batch->done(batch->arg, LEDGER_NONE, NULL, 0, fail);
}

/* The first time's entry must be about the same bytes. */
static bool
repeat_check(struct ledger *ledger, struct batch *batch, struct item *item,
    struct fail *fail)
{
	struct slice entry, text, bytes;
	struct digest none = {{0}};

	if (!ledger_read(ledger, item->index, batch->arena, &entry, fail))
		return false;
	item->leaf = tree_leaf(entry);
	if (item->kind != ITEM_DISCLOSURE)
		return true;
	if (!canon_get_string(entry, "payload", batch->arena, &text))
		bytes = (struct slice){(const char *)none.bytes, DIGEST_SIZE};
	else if (!text_base64_decode(batch->arena, text, &bytes))
		return fail_memory(fail);
	if (bytes.len == DIGEST_SIZE &&
	    memcmp(bytes.data, item->payload_digest.bytes, DIGEST_SIZE) == 0)
		return true;
	return fail_set(fail, FAIL_INPUT,
	    "request was recorded before, as entry %llu, with other bytes",
	    (unsigned long long)item->index);
}

static bool
seal_all(struct ledger *ledger, struct batch *batch, struct sealed **sealed,
    struct fail *fail)
{
	size_t count = 0;

	for (struct item *item = batch->items; item; item = item->next) {
		if (item->is_repeat &&
		    !repeat_check(ledger, batch, item, fail))
			return false;
		if (item->kind != ITEM_DISCLOSURE)
			continue;
		if (item->is_elsewhere) {
			sealed[count++] = NULL;
			continue;
		}
		sealed[count] = seal_make(batch->arena, item->index,
		    &item->leaf, item->recipient, item->payload);
		if (sealed[count++] == NULL)
			return fail_memory(fail);
	}
	return true;
}

static void
answer(struct ledger *ledger, struct batch *batch)
{
	struct sealed **sealed = arena_take_array(
	    batch->arena, batch->disclosures + 1, sizeof(struct sealed *));
	uint64_t first = LEDGER_NONE;
	struct fail fail;

	fail_clear(&fail);
	if (sealed == NULL)
		fail_memory(&fail);
	if (sealed == NULL || !seal_all(ledger, batch, sealed, &fail)) {
		answer_fail(batch, &fail);
		return;
	}
	for (struct item *item = batch->items; item; item = item->next)
		if (first == LEDGER_NONE && (item->kind == ITEM_DISCLOSURE ||
						item->kind == ITEM_EVENT))
			first = item->index;
	batch->done(
	    batch->arg, first, sealed, batch->disclosures, NULL);
}

bool
batch_acknowledged(const struct batch *batch, size_t n, uint64_t *index,
    struct digest *leaf)
{
	for (const struct item *item = batch->items; item; item = item->next) {
		if (item->kind != ITEM_DISCLOSURE && item->kind != ITEM_EVENT)
			continue;
		if (n-- != 0)
			continue;
		*index = item->index;
		*leaf = item->leaf;
		return true;
	}
	return false;
}

static void
answer_all(struct ledger *ledger, struct batch_queue *queue)
{
	struct batch *batch;

	while ((batch = queue_pop(queue)) != NULL)
		answer(ledger, batch);
}

/* Nothing of what is not on disk will be: say so to all who wait. */
static void
answer_stopped(struct ledger *ledger)
{
	struct batch_queue all;
	struct batch *batch;

	queue_init(&all);
	queue_move(&ledger->flown, &all);
	queue_move(&ledger->built, &all);
	queue_move(&ledger->waiting, &all);
	while ((batch = queue_pop(&all)) != NULL)
		answer_fail(batch, &ledger->stopped);
}

/* --- from group to disk --- */

static bool
store_batch(struct ledger *ledger, struct batch *batch, uint64_t sequence,
    struct fail *fail)
{
	struct vault *vault = ledger->options.vault;

	for (struct item *item = batch->items; item; item = item->next) {
		switch (item->kind) {
		case ITEM_DISCLOSURE:
		case ITEM_EVENT:
			if (!item->is_repeat &&
			    !tiles_add(ledger->tiles, item->bytes,
				&item->leaf, fail))
				return false;
			break;
		case ITEM_RECORD:
			if (vault != NULL &&
			    !vault_put(
				vault, sequence, item->bytes, fail))
				return false;
			break;
		case ITEM_SUBJECT:
			if (vault != NULL &&
			    !vault_put_subject(vault,
				(const struct digest *)item->bytes.data,
				item->slot, fail))
				return false;
			break;
		}
	}
	return true;
}

static bool checkpoint_await(struct ledger *ledger, struct fail *fail);
static bool checkpoint_now(struct ledger *ledger, struct fail *fail);

/* A group's changes stand in the vault together: it may trim only then. */
static bool
store_group(
    struct ledger *ledger, const struct batch_queue *group, struct fail *fail)
{
	uint64_t sequence = journal_sequence(ledger->journal);
	struct vault *vault = ledger->options.vault;

	for (struct batch *b = group->first; b != NULL; b = b->next) {
		batch_expect(b->next);
		if (!store_batch(ledger, b, sequence, fail))
			return false;
	}
	if (tiles_is_full(ledger->tiles) && !checkpoint_now(ledger, fail))
		return false;
	return vault == NULL || !vault_is_full(vault) ||
	    (checkpoint_await(ledger, fail) && vault_trim(vault, fail));
}

/* What is in flight is not in the tiles, nor released. */
static uint64_t
newest_durable(const struct ledger *ledger)
{
	return journal_sequence(ledger->journal) - ledger->is_flying;
}

/*
 * Bundles and vault have it, as far as each had something to do: segments are
 * free.
 */
static bool
checkpoint_finish(struct ledger *ledger, struct fail *fail)
{
	struct ledger_work *work = &ledger->work;

	ledger->is_checkpointing = false;
	/* Both come to their end, whatever becomes of the other. */
	if (work->tiles_due && !tiles_checkpoint_end(ledger->tiles, fail))
		work->failed = true;
	if (work->vault_due &&
	    !vault_flush_end(ledger->options.vault, fail))
		work->failed = true;
	if (!work->failed)
		journal_release(ledger->journal, work->covered);
	return !work->failed;
}

/* A checkpoint under way comes to its end here and now. */
static bool
checkpoint_await(struct ledger *ledger, struct fail *fail)
{
	if (!ledger->is_checkpointing)
		return true;
	ledger->disk->operations->forget(ledger->disk, &ledger->work);
	return checkpoint_finish(ledger, fail);
}

/* What is durable now is what it will cover. */
static bool
checkpoint_begin(struct ledger *ledger, struct fail *fail)
{
	struct ledger_work *work = &ledger->work;
	struct vault *vault = ledger->options.vault;

	*work = (struct ledger_work){
	    .ledger = ledger, .covered = newest_durable(ledger)};
	tiles_sign_too(
	    ledger->tiles, keys_previous_seed(ledger->options.keys));
	return tiles_checkpoint_begin(
		   ledger->tiles, &work->tiles_due, fail) &&
	    (vault == NULL ||
		vault_flush_begin(
		    vault, work->covered, &work->vault_due, fail));
}

/* Off the loop: nothing of the ledger but this may be touched. */
static void
checkpoint_work(void *arg)
{
	const struct ledger_work *work = arg;

	if (work->tiles_due)
		tiles_checkpoint_work(work->ledger->tiles);
	if (work->vault_due)
		vault_flush_work(work->ledger->options.vault);
}

static bool
checkpoint_now(struct ledger *ledger, struct fail *fail)
{
	if (!checkpoint_await(ledger, fail) ||
	    !checkpoint_begin(ledger, fail))
		return false;
	checkpoint_work(&ledger->work);
	return checkpoint_finish(ledger, fail);
}

bool
ledger_checkpoint(struct ledger *ledger, struct fail *fail)
{
	struct fail trouble = FAIL_INIT;

	if (ledger->stopped.kind == FAIL_NONE &&
	    !checkpoint_now(ledger, &trouble))
		ledger_stop(ledger, &trouble);
	if (ledger->stopped.kind == FAIL_NONE)
		return true;
	*fail = ledger->stopped;
	return false;
}

static void
tick_done(struct ledger *ledger, bool ok, const struct fail *fail)
{
	if (ok)
		return;
	ledger_stop(ledger, fail);
	if (!ledger->is_flying)
		launch_later(ledger);
}

static void
checkpoint_done(void *arg, const struct fail *none)
{
	struct ledger *ledger = ((struct ledger_work *)arg)->ledger;
	struct fail fail = FAIL_INIT;

	(void)none;
	tick_done(ledger, checkpoint_finish(ledger, &fail), &fail);
}

void
ledger_tick(struct ledger *ledger)
{
	const struct disk_operations *op = ledger->disk->operations;
	struct fail fail = FAIL_INIT;

	if (ledger->stopped.kind != FAIL_NONE || ledger->is_checkpointing)
		return;
	if (op->behind == NULL) {
		tick_done(ledger, ledger_checkpoint(ledger, &fail), &fail);
		return;
	}
	if (!checkpoint_begin(ledger, &fail)) {
		tick_done(ledger, false, &fail);
		return;
	}
	if (!ledger->work.tiles_due && !ledger->work.vault_due) {
		tick_done(ledger, checkpoint_finish(ledger, &fail), &fail);
		return;
	}
	ledger->is_checkpointing = true;
	op->behind(
	    ledger->disk, checkpoint_work, checkpoint_done, &ledger->work);
}

static bool
checkpoint_is_due(const struct ledger *ledger)
{
	return ledger_size(ledger) - tiles_durable(ledger->tiles) >=
	    CHECKPOINT_ENTRIES ||
	    journal_pending(ledger->journal) >= CHECKPOINT_BYTES;
}

/* Called from the loop when the group in flight is on disk, or is not. */
static void
written(void *arg, const struct fail *fail)
{
	struct ledger *ledger = arg;
	struct batch_queue durable;
	struct fail trouble = FAIL_INIT;

	ledger->is_flying = false;
	if (fail != NULL) {
		ledger_stop(ledger, fail);
		answer_stopped(ledger);
		return;
	}
	queue_init(&durable);
	queue_move(&ledger->flown, &durable);
	/* Durable already: a trouble here stops what comes after. */
	if (ledger->stopped.kind == FAIL_NONE &&
	    !store_group(ledger, &durable, &trouble))
		ledger_stop(ledger, &trouble);
	launch(ledger);
	answer_all(ledger, &durable);
	if (ledger->stopped.kind == FAIL_NONE && checkpoint_is_due(ledger))
		ledger_tick(ledger);
	if (ledger->stopped.kind != FAIL_NONE && !ledger->is_flying)
		answer_stopped(ledger);
}

/* What was before this group is durable, and so the tiles' tree has it. */
static void
fly(struct ledger *ledger)
{
	struct group *group = ledger->building;
	const struct tree *before = tiles_tree(ledger->tiles);
	struct digest root = tree_root(before);
	struct fail fail = FAIL_INIT;

	ledger->building = ledger->flying;
	ledger->flying = group;
	group_reset(ledger->building);
	queue_move(&ledger->built, &ledger->flown);
	ledger->is_flying = true;
	ledger->in_hurry = ledger->waiting.first != NULL;
	if (journal_write(ledger->journal, group, before->size, &root,
		written, ledger, &fail)) {
		place_waiting(ledger);
		return;
	}
	ledger->is_flying = false;
	ledger_stop(ledger, &fail);
	launch_later(ledger);
}

/* A batch that fits into no group, even an empty one. */
static void
refuse_waiting(struct ledger *ledger)
{
	struct fail fail = FAIL_INIT;

	if (ledger->waiting.first == NULL ||
	    !group_is_empty(ledger->building) || ledger->is_flying)
		return;
	fail_set(&fail, FAIL_INPUT,
	    "the entries of one request have more than %d bytes",
	    JOURNAL_GROUP_MAX);
	answer_fail(queue_pop(&ledger->waiting), &fail);
	place_waiting(ledger);
	launch_later(ledger);
}

static void
launch(void *arg)
{
	struct ledger *ledger = arg;

	ledger->is_due = false;
	if (ledger->is_flying)
		return;
	if (ledger->stopped.kind != FAIL_NONE) {
		answer_stopped(ledger);
		return;
	}
	place_waiting(ledger);
	if (!ledger->in_hurry)
		return;
	if (!group_is_empty(ledger->building))
		fly(ledger);
	else if (ledger->built.first != NULL) {
		/* Repeats only: what they ask for is on disk. */
		struct batch_queue repeats;

		queue_init(&repeats);
		queue_move(&ledger->built, &repeats);
		answer_all(ledger, &repeats);
	}
	refuse_waiting(ledger);
}

/* --- opening --- */

/* A log is new only if nothing at all is there yet. */
static bool
check_new(struct ledger *ledger, struct fail *fail)
{
	if (!tiles_is_new(ledger->tiles) ||
	    !journal_exists(ledger->disk, ledger->journal_directory))
		return true;
	fail_set(fail, FAIL_WORLD, "there is a journal, but no checkpoint");
	fail_place(fail, "%.80s/checkpoint", ledger->options.directory);
	fail_hint(fail, "restore the ledger from a backup; nothing was "
			"changed");
	return false;
}

/* The newest entries' requests are known again. */
static bool
load_requests(struct ledger *ledger, struct fail *fail)
{
	uint64_t size = ledger_size(ledger);
	uint64_t at = size > REQUESTS_KEPT ? size - REQUESTS_KEPT : 0;
	uint64_t minimum = ledger_minimum(ledger);
	struct arena *arena = arena_create(NULL);
	bool ok = arena != NULL || fail_memory(fail);

	if (at < minimum)
		at = minimum;
	for (; ok && at < size; at++) {
		struct slice entry;
		struct digest key;

		arena_reset(arena);
		ok = ledger_read(ledger, at, arena, &entry, fail);
		if (ok && requests_key_of(entry, arena, &key))
			requests_add(ledger->requests, &key, at);
	}
	arena_destroy(arena);
	return ok;
}

static bool
open_all(struct ledger *ledger, struct fail *fail)
{
	const struct ledger_options *options = &ledger->options;
	struct tiles_options tiles = {.disk = options->disk,
	    .directory = options->directory,
	    .origin = options->origin,
	    .seed = keys_signing_seed(options->keys),
	    .public_key = keys_public(options->keys),
	    .previous_key = keys_previous_public(options->keys)};
	char lock[1024];

	if (strlen(options->directory) > 800)
		return fail_set(fail, FAIL_INPUT, "the path is too long");
	snprintf(lock, sizeof(lock), "%s/lock", options->directory);
	snprintf(ledger->journal_directory, sizeof(ledger->journal_directory),
	    "%s/journal", options->directory);
	if (!ledger->disk->operations->make_directory(
		ledger->disk, options->directory, fail) ||
	    !ledger->disk->operations->lock(ledger->disk, lock, fail))
		return false;
	ledger->tiles = tiles_open(&tiles, fail);
	if (ledger->tiles == NULL || !check_new(ledger, fail))
		return false;
	/* The first checkpoint, of nothing, is there before the journal. */
	if (tiles_is_new(ledger->tiles) &&
	    !tiles_checkpoint(ledger->tiles, fail))
		return false;
	if (!ledger_replay(ledger, fail) || !load_requests(ledger, fail))
		return false;
	tiles_remove_litter(ledger->tiles);
	ledger->next = ledger_size(ledger);
	return ledger->disk->operations->sync_directory(
		   ledger->disk, options->directory, fail) &&
	    ledger_checkpoint(ledger, fail);
}

struct ledger *
ledger_open(const struct ledger_options *options, struct fail *fail)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	uint8_t key[KEY_SIZE];
	bool ok;

	if (ledger == NULL) {
		fail_memory(fail);
		return NULL;
	}
	ledger->options = *options;
	ledger->disk = options->disk;
	ledger->work.ledger = ledger;
	ledger->random = random_pool_source(&ledger->pool, options->random);
	queue_init(&ledger->built);
	queue_init(&ledger->flown);
	queue_init(&ledger->waiting);
	entry_order_init(&ledger->order);
	keys_derive(options->keys, "payload", key);
	digest_key_set(&ledger->payload_key, key);
	digest_wipe(key, sizeof(key));
	vault_key_set(&ledger->vault_key, options->keys);
	ledger->building = group_create();
	ledger->flying = group_create();
	ledger->requests = requests_create();
	ledger->cipher = digest_cipher_create();
	ledger->deletions = 1;
	ok = (ledger->building != NULL && ledger->flying != NULL &&
		 ledger->requests != NULL && ledger->cipher != NULL) ||
	    fail_memory(fail);
	if (ok && open_all(ledger, fail))
		return ledger;
	/* What could not be opened must not be written to. */
	ledger_stop(ledger, fail);
	ledger_close(ledger);
	return NULL;
}

void
ledger_close(struct ledger *ledger)
{
	struct fail fail = FAIL_INIT;
	bool was_flying;

	if (ledger == NULL)
		return;
	was_flying = ledger->is_flying;
	ledger->disk->operations->forget(ledger->disk, ledger);
	checkpoint_await(ledger, &fail);
	if (ledger->journal != NULL && ledger->stopped.kind == FAIL_NONE &&
	    !was_flying)
		ledger_checkpoint(ledger, &fail);
	journal_close(ledger->journal);
	tiles_close(ledger->tiles);
	requests_destroy(ledger->requests);
	group_destroy(ledger->building);
	group_destroy(ledger->flying);
	digest_cipher_destroy(ledger->cipher);
	digest_wipe(&ledger->payload_key, sizeof(ledger->payload_key));
	digest_wipe(&ledger->vault_key, sizeof(ledger->vault_key));
	free(ledger);
}
