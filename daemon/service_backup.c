/*
 * A backup while misu runs.  Here is made what must be of one moment: an
 * entry at the head of a fresh segment of the journal, a checkpoint over it,
 * and copies, below `backup` in the state directory, of all that changes in
 * place.  misuctl fetches these, the log's full tiles and bundles, which
 * never change, and the vault's segments up to the size they had, which are
 * kept as long as that takes.
 *
 * The master key is not in it.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "log.h"
#include "proc.h"
#include "service_priv.h"
#include "setup_priv.h"

enum { LONGEST = 3600 * 1000 }; /* ms that what is kept for it waits */

struct backup {
	struct service *service;
	struct arena *arena;
	struct control_request *request;
};

static const char *
path_of(struct service *service, struct arena *arena, const char *name)
{
	struct text text = text_start(arena);

	text_add_format(
	    &text, "%.*s/%s", SLICE_ARG(service->setup->state), name);
	return text_slice(&text).data;
}

/* --- the copies --- */

/* A tree of at most a few folders; what is not there is no trouble. */
static bool
remove_tree(struct service *service, const char *path, unsigned depth)
{
	const struct disk_operations *op = service->disk->operations;
	struct arena *arena = arena_create(NULL);
	struct fail ignored = FAIL_INIT;
	struct slice *names;
	size_t count = 0;
	bool listed =
	    arena != NULL && depth < 8 &&
	    op->list(service->disk, path, arena, &names, &count, &ignored);

	for (size_t i = 0; listed && i < count; i++) {
		char below[4096];

		snprintf(below, sizeof(below), "%.3000s/%.*s", path,
		    SLICE_ARG(names[i]));
		remove_tree(service, below, depth + 1);
	}
	arena_destroy(arena);
	return listed ? rmdir(path) == 0 : unlink(path) == 0;
}

static bool
make_above(struct service *service, const char *path, struct fail *fail)
{
	char directory[4096];
	const char *slash = strrchr(path, '/');

	(void)service;
	snprintf(
	    directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	return proc_make_directory(directory, fail);
}

struct copying {
	struct service *service;
	struct arena *arena;
	struct fail *fail;
};

/* The first `size` bytes of a file of the state; absent ones are left out. */
static bool
copy_state(struct copying *copying, const char *name, uint64_t size)
{
	struct service *service = copying->service;
	struct disk *disk = service->disk;
	const char *from = path_of(service, copying->arena, name);
	struct text to = text_start(copying->arena);
	struct slice data;
	struct stat status;

	text_add_format(
	    &to, "%.*s/backup/%s", SLICE_ARG(service->setup->state), name);
	if (from == NULL || text_slice(&to).data == NULL)
		return fail_memory(copying->fail);
	if (stat(from, &status) != 0)
		return errno == ENOENT;
	if (!make_above(service, text_slice(&to).data, copying->fail) ||
	    !disk_read_file(disk, from, (size_t)1 << 32, copying->arena, &data,
		copying->fail))
		return false;
	if (data.len > size)
		data.len = (size_t)size;
	return disk_write_file(disk, text_slice(&to).data, data, copying->fail);
}

static bool
copy_name(void *context, const char *name, uint64_t size)
{
	return copy_state(context, name, size);
}

/* misu.conf and what it names, as they are in force. */
static bool
copy_sources(struct copying *copying)
{
	struct service *service = copying->service;
	unsigned n = 0;

	for (struct setup_source *s = service->setup->sources; s != NULL;
	     s = s->next) {
		const char *slash = strrchr(s->path.data, '/');
		struct text to = text_start(copying->arena);

		text_add_format(&to, "%.*s/backup/conf/%u-%s",
		    SLICE_ARG(service->setup->state), n++,
		    slash != NULL ? slash + 1 : s->path.data);
		if (text_slice(&to).data == NULL)
			return fail_memory(copying->fail);
		if (!make_above(service, text_slice(&to).data, copying->fail) ||
		    !disk_write_file(service->disk, text_slice(&to).data,
			s->text, copying->fail))
			return false;
	}
	return true;
}

static bool
copy_all(struct copying *copying)
{
	static const char *const names[] = {"keys/root", "keys/signing",
	    "keys/slots", "vault/format", "forgotten"};
	struct service *service = copying->service;
	const char *spool = path_of(service, copying->arena, "backup/spool.db");
	const char *cases = path_of(service, copying->arena, "backup/cases.db");
	bool ok =
	    (spool != NULL && cases != NULL) || fail_memory(copying->fail);

	ok = ok && make_above(service, spool, copying->fail) &&
	     spool_copy(service->spool, spool, copying->fail) &&
	     sqlite_copy(service->cases_db, cases, copying->fail) &&
	     ledger_each_file(
		 service->ledger, copy_name, copying, copying->fail);
	for (size_t i = 0; ok && i < sizeof(names) / sizeof(*names); i++)
		ok = copy_state(copying, names[i], UINT64_MAX);
	return ok && copy_sources(copying);
}

/* --- from entry to answer --- */

static void
end_backup(struct service *service)
{
	struct arena *arena = arena_create(NULL);
	const char *path =
	    arena != NULL ? path_of(service, arena, "backup") : NULL;

	vault_hold(service->vault, false);
	service->backup_since = 0;
	if (path != NULL)
		remove_tree(service, path, 0);
	arena_destroy(arena);
}

void
service_backup_tick(struct service *service)
{
	int64_t now = service->loop->operations->now(service->loop);

	if (service->backup_since != 0 &&
	    now - service->backup_since > LONGEST) {
		log_event(LOG_LEVEL_WARN, "backup-given-up", "reason",
		    "misuctl backup did not come to its end", NULL);
		end_backup(service);
	}
}

static void
add_segment(void *context, uint32_t segment, uint32_t size)
{
	struct text *text = context;

	text_add_format(text, "%s[%u,%u]",
	    text->data[text->len - 1] == '[' ? "" : ",", segment, size);
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct backup *backup = arg;
	struct service *service = backup->service;
	struct fail trouble = FAIL_INIT;
	struct copying copying = {service, backup->arena, &trouble};
	struct text text = text_start(backup->arena);

	(void)first;
	(void)sealed;
	(void)count;
	if (fail != NULL && fail->kind != FAIL_NONE)
		trouble = *fail;
	if (trouble.kind != FAIL_NONE ||
	    !ledger_checkpoint(service->ledger, &trouble) ||
	    !copy_all(&copying)) {
		if (trouble.kind == FAIL_NONE)
			fail_memory(&trouble);
		end_backup(service);
		service_problem(backup->request, 503, &trouble);
		arena_destroy(backup->arena);
		return;
	}
	text_add_format(&text, "{\"size\":%llu,\"minimum\":%llu,\"segments\":[",
	    (unsigned long long)ledger_covered(service->ledger),
	    (unsigned long long)ledger_minimum(service->ledger));
	vault_each_segment(service->vault, add_segment, &text);
	text_add_string(&text, "],\"state\":");
	text_add_json(&text, service->setup->state);
	text_add_string(&text, ",\"origin\":");
	text_add_json(&text, slice_from(ledger_origin(service->ledger)));
	text_add_char(&text, '}');
	control_answer(backup->request, 200, text_slice(&text));
	arena_destroy(backup->arena);
}

static void
begin(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	struct arena *arena = arena_create(NULL);
	struct backup *backup =
	    arena != NULL ? arena_take(arena, sizeof(*backup)) : NULL;
	struct event event = {
	    .type = EVENT_BACKUP, .word = SLICE("made"), .actor = ask->actor};
	struct fail fail = FAIL_INIT;
	struct batch *batch = NULL;

	engine_identities(service->engine, &event);
	if (backup == NULL)
		fail_memory(&fail);
	else
		batch = ledger_begin(service->ledger, arena, &fail);
	if (batch == NULL || !ledger_add_event(batch, &event, &fail)) {
		service_problem(request, 503, &fail);
		arena_destroy(arena);
		return;
	}
	*backup = (struct backup){service, arena, request};
	end_backup(service);
	vault_hold(service->vault, true);
	service->backup_since = service->loop->operations->now(service->loop);
	ledger_roll(service->ledger);
	ledger_commit(batch, durable, backup);
}

void
service_backup(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	struct fail fail = FAIL_INIT;

	if (slice_is(ask->text, "end")) {
		end_backup(service);
		control_answer(request, 200, SLICE("{\"ended\":true}"));
	} else if (service->backup_since != 0 && ask->id != 1) {
		fail_set(&fail, FAIL_INPUT, "another backup is being made");
		fail_hint(&fail, "--again takes its place");
		service_problem(request, 409, &fail);
	} else {
		begin(service, ask, request);
	}
}

/* --- the first start after a restore --- */

bool
service_forget_again(
    struct service *service, uint32_t slot, struct fail *fail)
{
	struct forgetting forgetting = {
	    .slot = slot, .phase = FORGET_ASKED, .due = -1};
	struct subject subject;

	/* Given to nobody in this copy yet: only the slot goes. */
	if (!keys_slot_subject(service->keys, slot, &subject))
		return slot < keys_describe(service->keys).slots ||
		       keys_forget(service->keys, slot, fail);
	memcpy(forgetting.pseudonym, subject.pseudonym, PSEUDONYM_SIZE);
	digest_wipe(&subject, sizeof(subject));
	return spool_set_forgetting(service->spool, &forgetting, fail) &&
	       keys_forget(service->keys, slot, fail);
}

struct restoring {
	struct service *service;
	struct arena *arena;
	const char *path;
};

static void
restored(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct restoring *restoring = arg;

	(void)first;
	(void)sealed;
	(void)count;
	if ((fail == NULL || fail->kind == FAIL_NONE) &&
	    unlink(restoring->path) != 0) {
		struct fail left = FAIL_INIT;

		fail_set(&left, FAIL_WORLD, "cannot be removed: %s",
		    strerror(errno));
		fail_place(&left, "%s", restoring->path);
		fail_hint(&left, "remove it: it would be read at each start");
		log_fail(LOG_LEVEL_ERROR, "restored-not-removed", &left);
	}
	arena_destroy(restoring->arena);
}

/* Each slot of the file; `apply` false only counts them. */
static bool
read_slots(struct service *service, struct slice text, bool apply,
    unsigned *count, struct fail *fail)
{
	struct slice line;
	bool ok = true;

	while (ok && slice_take_line(&text, &line)) {
		unsigned long long first;
		char copy[32];
		unsigned slot;

		snprintf(copy, sizeof(copy), "%.*s", SLICE_ARG(line));
		if (apply && sscanf(copy, "ledger %llu", &first) == 1)
			ok = service_recover(service, first, fail);
		if (!ok || sscanf(copy, "forget %u", &slot) != 1)
			continue;
		ok = !apply || service_forget_again(service, slot, fail);
		++*count;
	}
	return ok;
}

/* What `misuctl restore` left; *text.data NULL: nothing. */
static bool
read_restored(struct service *service, struct arena *arena, const char **path,
    struct slice *text, struct fail *fail)
{
	*text = (struct slice){NULL, 0};
	*path = setup_state_path(service->setup, SLICE("restored"));
	if (*path == NULL)
		return fail_memory(fail);
	return access(*path, F_OK) != 0 ||
	       proc_read_file(*path, (size_t)1 << 28, arena, text, fail);
}

bool
service_backup_older(
    struct service *service, uint64_t *older, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct slice text, line;
	const char *path;
	bool ok = arena != NULL || fail_memory(fail);

	*older = 0;
	ok = ok && read_restored(service, arena, &path, &text, fail);
	while (ok && slice_take_line(&text, &line)) {
		unsigned long long first;
		char copy[32];

		snprintf(copy, sizeof(copy), "%.*s", SLICE_ARG(line));
		if (sscanf(copy, "ledger %llu", &first) == 1)
			*older = first;
	}
	arena_destroy(arena);
	return ok;
}

bool
service_backup_forget(struct service *service, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct slice text;
	const char *path;
	unsigned count = 0;
	bool ok = arena != NULL || fail_memory(fail);

	ok = ok && read_restored(service, arena, &path, &text, fail) &&
	     read_slots(service, text, true, &count, fail);
	arena_destroy(arena);
	return ok;
}

static bool
record_restored(struct restoring *restoring, unsigned count, struct fail *fail)
{
	struct service *service = restoring->service;
	struct event event = {.type = EVENT_BACKUP, .word = SLICE("restored")};
	struct batch *batch =
	    ledger_begin(service->ledger, restoring->arena, fail);
	char reason[120];
	bool left = false;

	if (batch == NULL)
		return false;
	snprintf(reason, sizeof(reason),
	    service->recovered.end != 0
		? "from a backup and a newer ledger; %u forgotten again"
		: "from a backup; %u forgotten again",
	    count);
	engine_identities(service->engine, &event);
	event.reason = slice_from(reason);
	if (!service_recover_add(service, batch, &left, fail) || left)
		return false;
	if (!ledger_add_event(batch, &event, fail))
		return false;
	ledger_commit(batch, restored, restoring);
	return true;
}

static void
learnt(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct arena *arena = arg;

	(void)first;
	(void)sealed;
	(void)count;
	if (fail != NULL && fail->kind != FAIL_NONE)
		log_fail(LOG_LEVEL_ERROR, "not-recovered", fail);
	arena_destroy(arena);
}

/* Slots that do not fit beside the entry go before it. */
static bool
record_recovered(struct service *service, struct fail *fail)
{
	bool left;

	while (service->recovered.recorded + RECOVERED_AT_ONCE <
	       service->recovered.count) {
		struct arena *arena = arena_create(NULL);
		struct event event = {
		    .type = EVENT_BACKUP, .word = SLICE("recovered")};
		struct batch *batch =
		    arena != NULL ? ledger_begin(service->ledger, arena, fail)
				  : NULL;

		engine_identities(service->engine, &event);
		if (batch == NULL ||
		    !service_recover_add(service, batch, &left, fail) ||
		    !ledger_add_event(batch, &event, fail)) {
			arena_destroy(arena);
			return arena != NULL ? false : fail_memory(fail);
		}
		ledger_commit(batch, learnt, arena);
	}
	return true;
}

bool
service_backup_started(struct service *service, struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	struct restoring *restoring =
	    arena != NULL ? arena_take(arena, sizeof(*restoring)) : NULL;
	struct slice text = {NULL, 0};
	unsigned count = 0;
	bool ok = restoring != NULL || fail_memory(fail);

	if (ok) {
		*restoring = (struct restoring){service, arena, NULL};
		ok = read_restored(
			 service, arena, &restoring->path, &text, fail) &&
		     read_slots(service, text, false, &count, fail);
	}
	if (!ok || text.data == NULL) {
		arena_destroy(arena);
		return ok;
	}
	if (!record_recovered(service, fail) ||
	    !record_restored(restoring, count, fail)) {
		arena_destroy(arena);
		return false;
	}
	service_recover_finish(service);
	engine_forget_again(service->engine);
	return true;
}
