/*
 * The master key and what is under it: opened at start, shown, rotated.  What
 * became of a key is an entry; a rotation that was killed before it was
 * recorded is recorded at the next start.
 */
#include <unistd.h>

#include "base/date.h"
#include "base/text.h"
#include "log.h"
#include "proc.h"
#include "service_priv.h"

enum { FINGERPRINT = 8 }; /* bytes of it that people see */

static const char *
key_path(const struct service *service)
{
	return setup_state_path(
	    service->setup, service->setup->conf->master_key);
}

static int64_t
now(const struct service *service)
{
	return service->loop->operations->now(service->loop);
}

static void
tell_fresh(const char *path)
{
	log_event(LOG_LEVEL_WARN, "master-key-made", "file", path, "hint",
	    "keep a copy somewhere safe: without it nobody can read the"
	    " vault, the spool or the keys again, no backup helps, and the"
	    " log cannot go on; then: misuctl key confirm-copy FILE",
	    NULL);
}

static struct keys *
open_with(
    struct service *service, const uint8_t master[KEY_SIZE], struct fail *fail)
{
	const char *directory = setup_state_path(service->setup, SLICE("keys"));

	if (directory == NULL) {
		fail_memory(fail);
		return NULL;
	}
	return keys_open(
	    service->disk, directory, master, &random_system, fail);
}

/*
 * A rotation was killed between the two: the next key opens what this one
 * does not.
 */
static bool
open_with_next(struct service *service, const char *path, struct fail *fail)
{
	struct fail other = FAIL_INIT;
	uint8_t master[KEY_SIZE];
	char next[4096];

	snprintf(next, sizeof(next), "%.4090s.new", path);
	if (proc_has_credential() || access(next, F_OK) != 0 ||
	    !proc_read_key(next, master, &other))
		return false;
	service->keys = open_with(service, master, &other);
	digest_wipe(master, sizeof(master));
	return service->keys != NULL && proc_swap_key(path, fail);
}

bool
service_open_keys(struct service *service, struct fail *fail)
{
	const char *path = key_path(service);
	struct fail first = FAIL_INIT;
	uint8_t master[KEY_SIZE];
	bool fresh;

	if (path == NULL)
		return fail_memory(fail);
	if (!service_state_fresh(service, &fresh, fail))
		return false;
	if (proc_master_key(path, master, &fresh, &first)) {
		if (fresh)
			tell_fresh(path);
		service->keys = open_with(service, master, &first);
	}
	digest_wipe(master, sizeof(master));
	if (service->keys == NULL && !open_with_next(service, path, fail)) {
		if (fail->kind == FAIL_NONE)
			*fail = first;
		return false;
	}
	return keys_date(service->keys, now(service), fail);
}

/* --- what is recorded --- */

struct recording {
	struct service *service;
	struct arena *arena;
	bool is_signing;
	struct control_request *request; /* to be answered; or NULL */
	struct slice body;
};

static void
recorded(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct recording *recording = arg;
	struct service *service = recording->service;
	struct fail trouble = FAIL_INIT;
	bool ok;

	(void)first;
	(void)sealed;
	(void)count;
	if (fail != NULL && fail->kind != FAIL_NONE)
		trouble = *fail;
	ok =
	    trouble.kind == FAIL_NONE &&
	    (recording->is_signing ? ledger_write_key(service->ledger, &trouble)
				   : keys_recorded(service->keys, &trouble));
	if (!ok)
		log_fail(LOG_LEVEL_ERROR, "key-not-recorded", &trouble);
	if (recording->request != NULL && ok)
		control_answer(recording->request, 200, recording->body);
	else if (recording->request != NULL)
		service_problem(recording->request, 503, &trouble);
	arena_destroy(recording->arena);
}

/* `request` is answered with `body` when it is durable. */
static void
record(struct service *service, const char *word, struct slice reason,
    struct control_request *request, struct slice actor)
{
	struct arena *arena = arena_create(NULL);
	struct recording *recording =
	    arena != NULL ? arena_take(arena, sizeof(*recording)) : NULL;
	struct event event = {.type = EVENT_KEY,
	    .word = slice_from(word),
	    .reason = reason,
	    .actor = actor};
	struct fail fail = FAIL_INIT;
	struct batch *batch = NULL;

	engine_identities(service->engine, &event);
	if (recording == NULL)
		fail_memory(&fail);
	else
		batch = ledger_begin(service->ledger, arena, &fail);
	if (batch == NULL || !ledger_add_event(batch, &event, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "key-not-recorded", &fail);
		if (request != NULL)
			service_problem(request, 503, &fail);
		arena_destroy(arena);
		return;
	}
	*recording = (struct recording){.service = service,
	    .arena = arena,
	    .is_signing = strcmp(word, "signing-rotated") == 0,
	    .request = request,
	    .body = SLICE("{\"done\":true}")};
	ledger_commit(batch, recorded, recording);
}

static void
fingerprint_text(const struct digest *fingerprint, char out[17])
{
	for (size_t i = 0; i < FINGERPRINT; i++)
		snprintf(out + 2 * i, 3, "%02x", fingerprint->bytes[i]);
}

static void
record_master(struct service *service, struct control_request *request,
    struct slice actor)
{
	struct keys_state state = keys_describe(service->keys);
	char hex[17], reason[64];

	fingerprint_text(&state.fingerprint, hex);
	snprintf(reason, sizeof(reason), "to fingerprint %s", hex);
	record(service, "master-rotated", slice_from(reason), request, actor);
}

static bool
record_signing(struct service *service, struct control_request *request,
    struct slice actor)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice from, to;
	bool changed = arena != NULL && ledger_key_changed(service->ledger,
					    arena, &from, &to, &fail);

	if (changed) {
		struct text reason = text_start(arena);

		text_add_string(&reason, "from ");
		text_add(&reason, from);
		text_add_string(&reason, " to ");
		text_add(&reason, to);
		record(service, "signing-rotated", text_slice(&reason), request,
		    actor);
	} else if (fail.kind != FAIL_NONE) {
		log_fail(LOG_LEVEL_ERROR, "key-not-recorded", &fail);
	}
	arena_destroy(arena);
	return changed;
}

void
service_keys_started(struct service *service)
{
	struct slice nobody = {"", 0};

	if (keys_describe(service->keys).unrecorded)
		record_master(service, NULL, nobody);
	record_signing(service, NULL, nobody);
}

void
service_keys_tick(struct service *service)
{
	struct fail fail = FAIL_INIT;

	if (!keys_retire_signing(service->keys, now(service), &fail))
		log_fail(LOG_LEVEL_ERROR, "signing-key-not-retired", &fail);
}

/* --- what is asked --- */

void
service_key_show(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	struct keys_state state = keys_describe(service->keys);
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	char hex[17];

	(void)ask;
	if (arena == NULL) {
		control_answer(request, 503, SLICE("{}"));
		return;
	}
	fingerprint_text(&state.fingerprint, hex);
	text_add_string(&text, "{\"master\":");
	text_add_json(&text,
	    slice_from(proc_has_credential() ? "systemd credential master-key"
					     : key_path(service)));
	text_add_format(&text,
	    ",\"fingerprint\":\"%s\",\"made\":%lld,\"confirmed\":%lld,"
	    "\"signing_made\":%lld,\"previous_until\":%lld,\"slots\":%u,"
	    "\"forgotten\":%u}",
	    hex, (long long)state.made, (long long)state.confirmed,
	    (long long)state.signing_made, (long long)state.previous_until,
	    state.slots, state.forgotten);
	control_answer(request, 200, text_slice(&text));
	arena_destroy(arena);
}

void
service_key_confirm(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	struct fail fail = FAIL_INIT;
	struct digest fingerprint;

	if (!text_hex_decode(ask->text, fingerprint.bytes, DIGEST_SIZE)) {
		control_answer(request, 400, SLICE("{\"title\":\"no key\"}"));
		return;
	}
	if (!keys_confirm(service->keys, &fingerprint, now(service), &fail)) {
		service_problem(
		    request, fail.kind == FAIL_DENIED ? 409 : 503, &fail);
		return;
	}
	record(service, "copy-confirmed", (struct slice){"", 0}, request,
	    ask->actor);
}

static bool
rotate_master(
    struct service *service, const uint8_t master[KEY_SIZE], struct fail *fail)
{
	const char *path = key_path(service);
	struct keys_state state = keys_describe(service->keys);
	struct digest next = keys_fingerprint(master);
	bool is_ours = !proc_has_credential();

	if (path == NULL)
		return fail_memory(fail);
	/* Else a second copy of it would stay beside it. */
	if (digest_equal(&next, &state.fingerprint))
		return fail_set(
		    fail, FAIL_INPUT, "it is the master key in use");
	return (!is_ours || proc_next_key(path, master, fail)) &&
	       keys_rotate_master(service->keys, master, now(service), fail) &&
	       (!is_ours || proc_swap_key(path, fail));
}

static void
run_master(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	struct fail fail = FAIL_INIT;
	uint8_t master[KEY_SIZE];
	bool ok;

	if (!text_hex_decode(ask->text, master, KEY_SIZE)) {
		control_answer(request, 400, SLICE("{\"title\":\"no key\"}"));
		return;
	}
	ok = rotate_master(service, master, &fail);
	digest_wipe(master, sizeof(master));
	if (ok)
		record_master(service, request, ask->actor);
	else
		service_problem(
		    request, fail.kind == FAIL_INPUT ? 409 : 503, &fail);
}

/* Nobody would learn of a key that no entry tells of. */
static bool
can_record(struct service *service, struct control_request *request)
{
	const struct fail *stopped = ledger_stopped(service->ledger);

	if (stopped != NULL)
		service_problem(request, 503, stopped);
	return stopped == NULL;
}

/*
 * Two keys sign at most: who was promised that the one before does so for a
 * while yet would find it gone.
 */
static bool
may_end_previous(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	int64_t until = keys_describe(service->keys).previous_until;
	struct fail fail = FAIL_INIT;
	char date[DATE_SIZE];

	if (until <= now(service) || ask->id == 1)
		return true;
	date_print(until / 1000, 0, date);
	fail_set(&fail, FAIL_INPUT,
	    "the signing key before this one still signs, until %s", date);
	fail_hint(&fail, "wait, or rotate with --now: it ends then, and who has"
			 " only its verifier key must get the new one");
	service_problem(request, 409, &fail);
	return false;
}

void
service_key_rotate(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	int64_t overlap = (int64_t)service->setup->conf->key_overlap * 1000;
	struct fail fail = FAIL_INIT;

	if (!can_record(service, request))
		return;
	if (ask->text.len != 0) {
		run_master(service, ask, request);
		return;
	}
	if (!may_end_previous(service, ask, request))
		return;
	if (!keys_rotate_signing(
		service->keys, now(service), now(service) + overlap, &fail)) {
		service_problem(request, 503, &fail);
		return;
	}
	if (!record_signing(service, request, ask->actor))
		control_answer(request, 503, SLICE("{}"));
}
