#include "console_witness.h"

#include <inttypes.h>

#include "log.h"
#include "net/http_client.h"
#include "store/cosigned.h"
#include "store/tiles.h"

enum {
	LOOK = 1000,	  /* ms between looks at the checkpoint */
	PAUSE = 5 * 1000, /* from one that was signed to the next */
	WAIT_FIRST = 5 * 1000,
	WAIT_LONGEST = 10 * 60 * 1000,
	PATIENCE = 30, /* seconds */
	ANSWER_MAX = 16 * 1024,
	URL_MAX = 600,
};

struct witness {
	struct witnesses *all;
	const struct conf_witness *conf;
	struct slice name;
	uint8_t key[32];
	struct arena *arena;  /* of `kept` */
	struct cosigned kept; /* size 0 and no note: nothing yet */
	struct arena *asking; /* of `note`; NULL: nothing is under way */
	struct slice note;    /* that was posted */
	uint64_t old;	      /* what it is thought to have seen */
	int64_t next, wait;   /* ms: not before; and then, if it fails */
	bool corrected;	      /* it has said in this round what it saw */
	bool away;	      /* and the log says so */
	uint64_t failures;
};

struct witnesses {
	struct witnesses_options options;
	struct arena *arena;
	struct http_client *client;
	struct loop_timer *timer;
	struct witness *items;
	uint64_t size; /* of the ledger's newest checkpoint */
};

static void post(struct witness *witness);

static int64_t
now(const struct witnesses *all)
{
	return all->options.loop->operations->now(all->options.loop);
}

static void
end_asking(struct witness *witness)
{
	arena_destroy(witness->asking);
	witness->asking = NULL;
}

/* Told once, until it is well again. */
static void
failed(struct witness *witness, const char *reason)
{
	char name[128];

	end_asking(witness);
	witness->failures++;
	witness->wait = witness->wait == 0 ? WAIT_FIRST : 2 * witness->wait;
	if (witness->wait > WAIT_LONGEST)
		witness->wait = WAIT_LONGEST;
	witness->next = now(witness->all) + witness->wait;
	if (witness->away)
		return;
	witness->away = true;
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(witness->name));
	log_event(LOG_LEVEL_WARN, "witness-away", "witness", name, "reason",
	    reason, NULL);
}

static void
succeeded(struct witness *witness)
{
	char name[128];

	end_asking(witness);
	witness->wait = 0;
	witness->next = now(witness->all) + PAUSE;
	if (!witness->away)
		return;
	witness->away = false;
	snprintf(name, sizeof(name), "%.*s", SLICE_ARG(witness->name));
	log_event(LOG_LEVEL_INFO, "witness-back", "witness", name, NULL);
}

/* --- what they answer --- */

/* With a copy of note and line in an arena of its own. */
static bool
keep(struct witness *witness, struct slice line, uint64_t time)
{
	const struct witnesses_options *options = &witness->all->options;
	struct arena *arena = arena_create(NULL);
	struct cosigned new = {.time = time};
	struct checkpoint checkpoint;
	struct fail fail = FAIL_INIT;

	line.len++; /* its end */
	if (arena == NULL)
		return false;
	new.note = arena_copy(arena, witness->note);
	new.line = arena_copy(arena, line);
	if (new.note.data == NULL || new.line.data == NULL ||
	    !note_read(new.note, arena, &checkpoint)) {
		arena_destroy(arena);
		return false;
	}
	new.size = checkpoint.size;
	if (!cosigned_write(options->disk, options->directory,
		witness->conf->verifier_key, &new, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "cosignature-not-kept", &fail);
		arena_destroy(arena);
		return false;
	}
	arena_destroy(witness->arena);
	witness->arena = arena;
	witness->kept = new;
	witness->old = new.size;
	return true;
}

static void
take_signature(struct witness *witness, struct slice body)
{
	struct slice line;
	uint64_t time;

	while (slice_take_line(&body, &line)) {
		if (!note_is_cosignature(line, note_body(witness->note),
			witness->name, witness->key, &time))
			continue;
		if (keep(witness, line, time))
			succeeded(witness);
		else
			failed(witness, "its cosignature cannot be kept");
		return;
	}
	failed(witness, "it sent no cosignature that holds under its key");
}

/* It has seen another size than we thought: once, that is put right. */
static void
take_size(struct witness *witness, const struct http_client_answer *answer)
{
	struct slice rest = answer->body, line;
	uint64_t size = 0;

	if (strcmp(answer->type, "text/x.tlog.size") != 0 ||
	    !slice_take_line(&rest, &line) || line.len == 0 || line.len > 18) {
		failed(witness, "it is in conflict and does not say with what");
		return;
	}
	for (size_t i = 0; i < line.len; i++) {
		if (line.data[i] < '0' || line.data[i] > '9') {
			failed(witness, "it says no size");
			return;
		}
		size = size * 10 + (uint64_t)(line.data[i] - '0');
	}
	if (size > witness->all->size) {
		failed(witness,
		    "it has seen a longer log than there is: was an older"
		    " copy of the ledger put back?");
	} else if (witness->corrected) {
		failed(witness, "it does not know what it has seen");
	} else {
		witness->corrected = true;
		witness->old = size;
		end_asking(witness);
		post(witness);
	}
}

static void
answered(void *context, const struct http_client_answer *answer)
{
	struct witness *witness = context;
	char reason[64];

	switch (answer->status) {
	case 200:
		take_signature(witness, answer->body);
		return;
	case 409:
		take_size(witness, answer);
		return;
	case 0:
		failed(witness, answer->reason);
		return;
	case 400:
		failed(witness, "it cannot read the checkpoint (400)");
		return;
	case 403:
		failed(witness, "it does not know this log's key (403)");
		return;
	case 404:
		failed(witness, "it does not know this log (404)");
		return;
	case 422:
		failed(witness,
		    "it says that the log does not go on from what it has"
		    " signed (422)");
		return;
	}
	snprintf(reason, sizeof(reason), "it answered %d", answer->status);
	failed(witness, reason);
}

/* --- what they are asked --- */

static bool
add_proof(struct text *out, const struct witness *witness, struct fail *fail)
{
	const struct witnesses *all = witness->all;
	struct log_hashes *hashes =
	    log_hashes_create(&all->options.log->source, all->size, fail);
	struct proof_source source;
	struct proof proof;
	bool ok;

	if (hashes == NULL)
		return false;
	source = log_hashes_source(hashes);
	ok = proof_consistency(&source, witness->old, all->size, &proof, fail);
	for (size_t i = 0; ok && i < proof.count; i++) {
		text_add_base64(out, proof.hashes[i].bytes, DIGEST_SIZE);
		text_add_char(out, '\n');
	}
	log_hashes_destroy(hashes);
	return ok;
}

static bool
ask(struct witness *witness, struct fail *fail)
{
	struct text text = text_start(witness->asking);
	struct slice url = witness->conf->url;
	char path[URL_MAX];

	while (url.len != 0 && url.data[url.len - 1] == '/')
		url.len--;
	snprintf(path, sizeof(path), "%.*s/add-checkpoint", SLICE_ARG(url));
	text_add_format(&text, "old %" PRIu64 "\n", witness->old);
	if (!add_proof(&text, witness, fail))
		return false;
	text_add_char(&text, '\n');
	text_add(&text, witness->note);
	return text.failed ? fail_memory(fail)
			   : http_client_start(witness->all->client,
				 &(struct http_client_ask){.url = path,
				     .post = text_slice(&text),
				     .answer_max = ANSWER_MAX,
				     .patience = PATIENCE,
				     .done = answered,
				     .context = witness},
				 fail);
}

/* The ledger's newest checkpoint. */
static bool
read_checkpoint(struct witnesses *all, struct arena *arena, struct slice *note)
{
	struct log_source *log = &all->options.log->source;
	struct checkpoint checkpoint;
	struct fail ignored = FAIL_INIT;

	if (log->get(log, "checkpoint", NOTE_MAX, arena, note, &ignored) !=
		LOG_GOT ||
	    !note_read(*note, arena, &checkpoint))
		return false;
	all->size = checkpoint.size;
	return true;
}

static void
post(struct witness *witness)
{
	struct fail fail = FAIL_INIT;

	witness->asking = arena_create(NULL);
	if (witness->asking == NULL ||
	    !read_checkpoint(witness->all, witness->asking, &witness->note)) {
		failed(witness, "the checkpoint cannot be read");
		return;
	}
	if (witness->old > witness->all->size)
		failed(witness, "the log is shorter than what it has signed");
	else if (!ask(witness, &fail))
		failed(witness, fail.text);
}

static bool
is_due(const struct witness *witness, struct slice note)
{
	return witness->asking == NULL && now(witness->all) >= witness->next &&
	       !slice_equal(note_body(note), note_body(witness->kept.note));
}

static void
look(void *context)
{
	struct witnesses *all = context;
	struct arena *arena = arena_create(NULL);
	struct slice note;

	if (arena != NULL && read_checkpoint(all, arena, &note))
		for (size_t i = 0; i < all->options.count; i++)
			if (is_due(&all->items[i], note)) {
				all->items[i].corrected = false;
				post(&all->items[i]);
			}
	arena_destroy(arena);
	all->options.loop->operations->timer_set(all->timer, LOOK);
}

/* --- life --- */

static bool
open_one(struct witnesses *all, struct witness *witness,
    const struct conf_witness *conf, struct fail *fail)
{
	witness->all = all;
	witness->conf = conf;
	witness->arena = arena_create(NULL);
	if (witness->arena == NULL)
		return fail_memory(fail);
	if (!note_parse_witness_key(conf->verifier_key, all->arena,
		&witness->name, witness->key, fail))
		return false;
	if (!cosigned_read(all->options.disk, all->options.directory,
		conf->verifier_key, witness->arena, &witness->kept))
		witness->kept = (struct cosigned){.size = 0};
	witness->old = witness->kept.size;
	return true;
}

static bool
open_all(struct witnesses *all, struct fail *fail)
{
	const struct witnesses_options *options = &all->options;

	all->arena = arena_create(NULL);
	if (all->arena == NULL)
		return fail_memory(fail);
	all->client = http_client_create(loop_base(options->loop), fail);
	if (all->client == NULL)
		return false;
	all->timer =
	    options->loop->operations->timer_create(options->loop, look, all);
	all->items =
	    arena_take_array(all->arena, options->count, sizeof(*all->items));
	if (all->timer == NULL || all->items == NULL)
		return fail_memory(fail);
	for (size_t i = 0; i < options->count; i++)
		if (!open_one(all, &all->items[i], &options->items[i], fail))
			return false;
	options->loop->operations->timer_set(all->timer, 0);
	return true;
}

struct witnesses *
witnesses_create(const struct witnesses_options *options, struct fail *fail)
{
	struct witnesses *all = calloc(1, sizeof(*all));

	if (all == NULL) {
		fail_memory(fail);
		return NULL;
	}
	all->options = *options;
	if (open_all(all, fail))
		return all;
	witnesses_destroy(all);
	return NULL;
}

void
witnesses_destroy(struct witnesses *all)
{
	if (all == NULL)
		return;
	http_client_destroy(all->client);
	for (size_t i = 0; all->items != NULL && i < all->options.count; i++) {
		end_asking(&all->items[i]);
		arena_destroy(all->items[i].arena);
	}
	if (all->timer != NULL)
		all->options.loop->operations->timer_destroy(all->timer);
	arena_destroy(all->arena);
	free(all);
}

/* --- what comes of it --- */

struct slice
witnesses_checkpoint(const struct witnesses *all, struct arena *arena)
{
	struct text text = text_start(arena);
	const struct cosigned *newest = NULL;

	if (all == NULL)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < all->options.count; i++) {
		const struct cosigned *kept = &all->items[i].kept;

		if (kept->note.len != 0 &&
		    (newest == NULL || kept->size > newest->size))
			newest = kept;
	}
	if (newest == NULL)
		return (struct slice){NULL, 0};
	text_add(&text, newest->note);
	for (size_t i = 0; i < all->options.count; i++)
		if (slice_equal(all->items[i].kept.note, newest->note))
			text_add(&text, all->items[i].kept.line);
	return text_slice(&text);
}

static void
add_metric(const struct witnesses *all, struct text *out, const char *name,
    uint64_t (*value)(const struct witness *witness))
{
	text_add_format(out, "# TYPE misu_witness_%s gauge\n", name);
	for (size_t i = 0; i < all->options.count; i++)
		text_add_format(out,
		    "misu_witness_%s{witness=\"%.*s\"} %" PRIu64 "\n", name,
		    SLICE_ARG(all->items[i].name), value(&all->items[i]));
}

static uint64_t
entries(const struct witness *witness)
{
	return witness->kept.size;
}

static uint64_t
lag(const struct witness *witness)
{
	return witness->all->size > witness->kept.size
		   ? witness->all->size - witness->kept.size
		   : 0;
}

static uint64_t
cosigned_at(const struct witness *witness)
{
	return witness->kept.time;
}

static uint64_t
up(const struct witness *witness)
{
	return !witness->away;
}

static uint64_t
failures(const struct witness *witness)
{
	return witness->failures;
}

void
witnesses_metrics(const struct witnesses *all, struct text *out)
{
	if (all == NULL)
		return;
	add_metric(all, out, "up", up);
	add_metric(all, out, "entries", entries);
	add_metric(all, out, "lag_entries", lag);
	add_metric(all, out, "cosigned_seconds", cosigned_at);
	add_metric(all, out, "failures", failures);
}
