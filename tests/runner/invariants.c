/*
 * What holds after every scenario, whatever it was about.  The judge is the
 * disk as a crash would leave it, never the daemon's own word.
 */
#include <jansson.h>

#include "base/text.h"
#include "core/canon.h"
#include "core/entry.h"
#include "core/tree.h"
#include "runner/canary.h"
#include "runner/epp_make.h"
#include "runner/epp_world.h"
#include "runner/undress.h"
#include "store/verify.h"

enum { VALUES_ROOM = 1024, DAYS_TO_REST = 8 };

/* The durable bytes, read by another process than the daemon. */
struct witness {
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct ledger *ledger;
	uint8_t chance;
	struct random_source random;
	struct fail fail;
	uint64_t stamps[2]; /* of keys and ledger, as they were durable */
	char origin[200];
};

static bool
fill(void *context, void *out, size_t len)
{
	uint8_t *chance = context, *at = out;

	while (len-- != 0)
		*at++ = (*chance)++;
	return true;
}

static int64_t
now(void *context)
{
	struct loop *loop = context;

	return loop->operations->now(loop);
}

void
invariants_finish(struct world *world)
{
	struct witness *witness = world->witness;

	if (witness == NULL)
		return;
	world->witness = NULL;
	if (witness->ledger != NULL)
		ledger_close(witness->ledger);
	if (witness->keys != NULL)
		keys_close(witness->keys);
	fake_loop_settle(witness->loop);
	memory_disk_destroy(witness->disk);
	fake_loop_destroy(witness->loop);
	free(witness);
}

static void
read_durable(struct witness *witness, const char *keys, const char *ledger)
{
	struct ledger_options options = {.disk = witness->disk,
	    .directory = ledger,
	    .origin = witness->origin,
	    .random = &witness->random,
	    .now = now,
	    .now_context = witness->loop,
	    .segment_size = WORLD_SEGMENT};

	witness->keys = keys_open(witness->disk, keys, daemon_master_key,
	    &witness->random, &witness->fail);
	options.keys = witness->keys;
	if (witness->keys != NULL)
		witness->ledger = ledger_open(&options, &witness->fail);
}

/*
 * Who looks at what a crash would leave now; NULL: there is no ledger then.
 * The one of before will do as long as that is the same.
 */
static struct witness *
witness_open(struct world *world)
{
	char keys[200], ledger[200], origin[200];
	const struct conf *conf = world_conf(world);
	struct witness *witness = world->witness;
	uint64_t stamps[2];

	if (conf == NULL)
		return NULL;
	snprintf(keys, sizeof(keys), "%.*s/keys", SLICE_ARG(conf->state));
	snprintf(
	    ledger, sizeof(ledger), "%.*s/ledger", SLICE_ARG(conf->state));
	snprintf(origin, sizeof(origin), "%.*s", SLICE_ARG(conf->origin));
	stamps[0] = memory_disk_stamp(world->disk, keys);
	stamps[1] = memory_disk_stamp(world->disk, ledger);
	if (witness != NULL && witness->ledger != NULL &&
	    memcmp(witness->stamps, stamps, sizeof(stamps)) == 0 &&
	    strcmp(witness->origin, origin) == 0)
		return witness;
	invariants_finish(world);
	witness = calloc(1, sizeof(*witness));
	if (witness == NULL)
		abort();
	world->witness = witness;
	witness->chance = 1;
	witness->random = (struct random_source){fill, &witness->chance};
	memcpy(witness->stamps, stamps, sizeof(stamps));
	memcpy(witness->origin, origin, sizeof(origin));
	witness->loop =
	    fake_loop_create(world->loop->operations->now(world->loop));
	witness->disk = memory_disk_survivor(world->disk, witness->loop);
	read_durable(witness, keys, ledger);
	return witness->ledger != NULL ? witness : NULL;
}

/* As an entry says it: "payload":"...". */
static struct slice
payload_member(const struct witness *witness, struct slice entry,
    struct slice payload, struct arena *arena)
{
	uint8_t key[KEY_SIZE];
	struct digest digest = digest_sha256(payload);
	struct text text = text_start(arena);
	struct digest_key owner;
	struct slice object;
	int64_t slot;

	keys_derive(witness->keys, "payload", key);
	digest = digest_hmac(
	    key, (struct slice){(const char *)digest.bytes, DIGEST_SIZE});
	if (!canon_member(entry, "object", &object) ||
	    !canon_get_number(object, "slot", &slot) ||
	    !keys_slot(witness->keys, (uint32_t)slot, key))
		return SLICE("no disclosure, or forgotten");
	digest_key_set(&owner, key);
	digest = entry_payload(&owner, &digest);
	text_add_string(&text, "\"payload\":\"");
	text_add_base64(&text, digest.bytes, DIGEST_SIZE);
	text_add_char(&text, '"');
	return text_slice(&text);
}

static bool
says(struct slice entry, struct slice member)
{
	return memmem(entry.data, entry.len, member.data, member.len) != NULL;
}

/* Does the entry commit to exactly these bytes? */
static bool
covers(const struct witness *witness, struct slice entry,
    const struct sealed *sealed, struct arena *arena)
{
	struct digest leaf = tree_leaf(entry);

	return digest_equal(&leaf, sealed_leaf(sealed)) &&
	    says(entry,
		payload_member(
		    witness, entry, sealed_payload(sealed), arena));
}

/* malloc'ed, ended by a NUL. */
static struct slice
keep(struct slice bytes)
{
	char *copy = malloc(bytes.len + 1);

	if (copy == NULL)
		abort();
	memcpy(copy, bytes.data, bytes.len);
	copy[bytes.len] = '\0';
	return (struct slice){copy, bytes.len};
}

struct slice
invariants_entry_of(struct world *world, struct slice payload)
{
	struct arena *arena = arena_create(NULL);
	struct slice out = {NULL, 0}, entry, member;
	struct witness *witness = witness_open(world);
	uint64_t n = witness != NULL ? ledger_size(witness->ledger) : 0;

	/* The newest are the likeliest. */
	while (n-- != 0 && out.data == NULL)
		if (ledger_read(witness->ledger, n, arena, &entry,
			&witness->fail)) {
			member =
			    payload_member(witness, entry, payload, arena);
			if (says(entry, member))
				out = keep(entry);
		}
	arena_destroy(arena);
	return out;
}

bool
invariants_durable(
    struct world *world, const struct sealed *sealed, struct slice *entry)
{
	struct arena *arena = arena_create(NULL);
	struct witness *witness = witness_open(world);
	struct slice bytes;
	bool ok;

	ok = witness != NULL &&
	    ledger_read(witness->ledger, sealed_index(sealed), arena, &bytes,
		&witness->fail) &&
	    covers(witness, bytes, sealed, arena);
	if (ok)
		*entry = keep(bytes);
	arena_destroy(arena);
	return ok;
}

static void
found(void *context, const char *place, const char *text)
{
	struct seen *findings = context;

	seen_add(findings, slice_from(place));
	seen_add(findings, SLICE(": "));
	seen_add(findings, slice_from(text));
	seen_add(findings, SLICE("\n"));
}

struct seen
invariants_findings(struct world *world)
{
	struct loop *loop =
	    fake_loop_create(world->loop->operations->now(world->loop));
	struct disk *disk = memory_disk_survivor(world->disk, loop);
	struct seen findings = {NULL, 0, 0};
	struct verify_options options = {.disk = disk,
	    .directory = world->ledger_path,
	    .finding = found,
	    .context = &findings};
	struct verify_result result;
	struct fail fail = FAIL_INIT;

	if (!verify_ledger(&options, &result, &fail))
		found(&findings, fail.place, fail.text);
	memory_disk_destroy(disk);
	fake_loop_destroy(loop);
	return findings;
}

void
invariants_ledger(struct world *world)
{
	struct seen findings = invariants_findings(world);

	if (findings.len != 0)
		world_fail(world, "the ledger does not verify: %s",
		    findings.data);
	seen_finish(&findings);
}

/* --- canaries */

struct forbidden {
	struct slice values[VALUES_ROOM];
	size_t count;
};

static bool
is_object(const struct script *script, struct slice value)
{
	for (size_t i = 0; i < script->step_count; i++)
		if (script->steps[i].kind == STEP_SUBMIT &&
		    memmem(script->steps[i].name.data,
			script->steps[i].name.len, value.data, value.len))
			return true;
	return false;
}

static void
forbid(struct forbidden *forbidden, struct slice value)
{
	for (size_t i = 0; i < forbidden->count; i++)
		if (slice_equal(forbidden->values[i], value))
			return;
	if (forbidden->count < VALUES_ROOM && value.len >= CANARY_MIN)
		forbidden->values[forbidden->count++] = value;
}

/* Did the entry let a value of this field pass as it is? */
static bool
passed(const json_t *fields, enum role role, enum field field)
{
	/* An EPP contact has one role, wherever it will stand. */
	const json_t *contact = json_object_get(fields, "contact");
	const json_t *ruling = json_object_get(contact != NULL
		? contact
		: json_object_get(fields, role_name(role)),
	    field_info[field].name);
	const char *verdict = json_string_value(json_array_get(ruling, 0));

	return verdict != NULL && strcmp(verdict, "forward") == 0;
}

/* A value that also passed in another place tells nothing. */
static bool
passed_elsewhere(
    const struct script *script, const json_t *fields, struct slice value)
{
	for (size_t i = 0; i < script->record_count; i++) {
		const struct script_record *record = script->records[i];

		for (size_t k = 0; k < record->value_count; k++) {
			const struct script_value *v = &record->values[k];

			if (!passed(fields, v->role, v->field))
				continue;
			for (size_t n = 0; n < v->count; n++)
				if (memmem(v->items[n].data, v->items[n].len,
					value.data, value.len) != NULL)
					return true;
		}
	}
	return false;
}

/* Values of all records that may not be where `fields` decided. */
static void
collect(const struct script *script, const json_t *fields,
    struct forbidden *forbidden)
{
	for (size_t i = 0; i < script->record_count; i++) {
		const struct script_record *record = script->records[i];

		for (size_t k = 0; k < record->value_count; k++) {
			const struct script_value *v = &record->values[k];

			for (size_t n = 0; n < v->count; n++)
				if (!is_object(script, v->items[n]) &&
				    !passed_elsewhere(
					script, fields, v->items[n]))
					forbid(forbidden, v->items[n]);
		}
	}
}

/* A second run need not be searched for what the first one did not have. */
static void
note_search(struct world *world, const char *where, struct slice bytes,
    const struct forbidden *forbidden)
{
	struct digest_run *run = &world->searched;

	if (world->plan.kind != PLAN_NONE)
		return;
	digest_add(run, where, strlen(where) + 1);
	digest_add(run, bytes.data, bytes.len);
	for (size_t i = 0; i < forbidden->count; i++)
		digest_add(run, forbidden->values[i].data,
		    forbidden->values[i].len);
}

static void
search(struct world *world, const char *where, struct slice all,
    const struct forbidden *forbidden)
{
	struct slice bytes = undress_zeros(all);
	struct canary_found found;

	note_search(world, where, bytes, forbidden);
	if (world->plan.kind != PLAN_NONE) {
		for (size_t i = 0; i < forbidden->count; i++)
			if (bytes.len != 0 &&
			    memmem(bytes.data, bytes.len,
				forbidden->values[i].data,
				forbidden->values[i].len) != NULL)
				world_fail(world, "%s has \"%.*s\"", where,
				    SLICE_ARG(forbidden->values[i]));
	} else if (!world->plan.again &&
		   canary_find(
		       bytes, forbidden->values, forbidden->count, &found)) {
		world_fail(world, "%s has \"%.*s\" (%s)", where,
		    SLICE_ARG(forbidden->values[found.value]), found.how);
	}
	undress_give_back(bytes.data);
}

static void
check_payloads(struct world *world)
{
	for (struct got *got = world->got; got != NULL; got = got->next) {
		struct forbidden forbidden = {.count = 0};
		json_t *entry =
		    json_loadb(got->text, got->text_len, 0, NULL);
		char where[128];

		if (got->shadow) {
			json_decref(entry);
			continue;
		}

		snprintf(where, sizeof(where), "what %s got", got->recipient);
		collect(world->script, json_object_get(entry, "fields"),
		    &forbidden);
		search(world, where, (struct slice){got->payload, got->len},
		    &forbidden);
		json_decref(entry);
	}
}

struct file_search {
	struct world *world;
	const struct forbidden *forbidden;
};

static void
search_file(void *arg, const char *path, struct slice content)
{
	struct file_search *s = arg;

	if (!recipients_is_output(s->world, path))
		search(s->world, path, content, s->forbidden);
}

/* Passwords of logins, and what every contact's authInfo is. */
static void
forbid_secrets(const struct script *script, struct forbidden *forbidden)
{
	forbid(forbidden, SLICE(EPP_MAKE_AUTH));
	for (size_t i = 0; i < script->step_count; i++) {
		const struct step *step = &script->steps[i];

		if (step->kind == STEP_FRAME && step->word_count > 2 &&
		    slice_is(step->words[0].text, "login"))
			forbid(forbidden, step->words[2].text);
	}
}

/* Logs, answers, and all that was ever written to misu's own files. */
static void
check_traces(struct world *world)
{
	static struct forbidden forbidden;
	struct file_search files = {world, &forbidden};

	forbidden.count = 0;
	collect(world->script, NULL, &forbidden);
	forbid_secrets(world->script, &forbidden);
	search(world, "the log",
	    (struct slice){world->log.data, world->log.len}, &forbidden);
	search(world, "what was written",
	    (struct slice){world->written.data, world->written.len},
	    &forbidden);
	memory_disk_each(world->disk, search_file, &files);
	/* An EPP answer may be what the registry shows its own registrar. */
	for (struct answer *a = world->answers; a != NULL; a = a->next)
		if (strncmp(a->actor, "operator", 8) != 0 &&
		    (a->kind == ANSWER_HTTP || a->status >= 2000))
			search(world, "an answer",
			    (struct slice){a->body, a->len}, &forbidden);
}

/* --- nothing promised is lost */

/* Outcome and superseding entries by the entry they are about. */
static bool
is_settled(struct world *world, long long entry, json_t *const *entries,
    size_t count)
{
	/* What was pruned ended before. */
	if ((uint64_t)entry < ledger_minimum(world->ledger))
		return true;
	for (size_t i = 0; i < count; i++) {
		const json_t *about = json_object_get(entries[i], "entry");
		const json_t *old = json_object_get(entries[i], "supersedes");
		const char *type = json_string_value(
		    json_object_get(entries[i], "type"));

		if (type == NULL)
			continue;
		if (strcmp(type, "outcome") == 0 && about != NULL &&
		    json_integer_value(about) == entry)
			return true;
		if (old != NULL && json_integer_value(old) == entry)
			return true;
	}
	return false;
}

static size_t
read_entries(struct world *world, json_t ***out)
{
	struct arena *arena = arena_create(NULL);
	uint64_t size = ledger_size(world->ledger);
	struct fail fail = FAIL_INIT;
	struct slice bytes;

	*out = calloc((size_t)size + 1, sizeof(**out));
	if (*out == NULL)
		abort();
	for (uint64_t n = ledger_minimum(world->ledger); n < size; n++) {
		if (ledger_read(world->ledger, n, arena, &bytes, &fail))
			(*out)[n] = json_loadb(bytes.data, bytes.len, 0, NULL);
		if ((*out)[n] == NULL)
			world_fail(world, "entry %llu cannot be read: %s",
			    (unsigned long long)n, fail.text);
	}
	arena_destroy(arena);
	return (size_t)size;
}

static bool
has_desk_item(const struct world *world, long long entry)
{
	for (const struct attempt *a = world->attempts; a != NULL; a = a->next)
		if ((long long)a->entry == entry)
			return a->told == DELIVERY_ACCEPTED;
	return false;
}

static void
check_promise(struct world *world, const struct answer *answer,
    json_t *const *entries, size_t count)
{
	json_t *body = json_loadb(answer->body, answer->len, 0, NULL);
	const json_t *shares = json_object_get(body, "recipients"), *share;
	size_t i;

	json_array_foreach(shares, i, share)
	{
		const json_t *at = json_object_get(share, "entry");
		const char *outcome =
		    json_string_value(json_object_get(share, "outcome"));
		long long entry = json_integer_value(at);

		if (at == NULL || entry < 0 || (size_t)entry >= count)
			world_fail(world,
			    "an acknowledged entry is gone: %lld", entry);
		else if (outcome != NULL && strcmp(outcome, "queued") == 0 &&
		    !has_desk_item(world, entry) &&
		    !is_settled(world, entry, entries, count))
			world_fail(world,
			    "acknowledged entry %lld never came to an end",
			    entry);
	}
	json_decref(body);
}

/* The engine's deliveries may be unknown first, and then known. */
static bool
is_delivery(const struct world *world, size_t n)
{
	for (const struct attempt *a = world->attempts; a != NULL; a = a->next)
		if (a->entry == n)
			return true;
	return false;
}

/* Decided again before it went: the later entry has the outcome. */
static bool
is_superseded(json_t *const *entries, size_t count, size_t n)
{
	for (size_t i = n + 1; i < count; i++) {
		const json_t *older = json_object_get(entries[i], "supersedes");

		if (older != NULL &&
		    json_integer_value(older) == (json_int_t)n)
			return true;
	}
	return false;
}

/*
 * What a worker sent to a registry, or who asked with a token was told, has
 * exactly one outcome.
 */
static void
check_end(struct world *world, json_t *const *entries, size_t count, size_t n)
{
	const char *channel =
	    json_string_value(json_object_get(entries[n], "channel"));
	unsigned outcomes = 0;

	if (channel == NULL ||
	    json_object_get(entries[n], "payload") == NULL ||
	    (strcmp(channel, "rdap") != 0 &&
		(strncmp(channel, "epp", 3) != 0 || is_delivery(world, n))))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *type = json_string_value(
		    json_object_get(entries[i], "type"));
		const json_t *about = json_object_get(entries[i], "entry");

		outcomes += type != NULL && strcmp(type, "outcome") == 0 &&
		    about != NULL &&
		    json_integer_value(about) == (json_int_t)n;
	}
	if (outcomes != 1 && !(outcomes == 0 && is_superseded(entries, count, n)))
		world_fail(world, "entry %zu has %u outcomes", n, outcomes);
}

/* Who knows that it arrived, or that it was refused, knows so for good. */
static void
check_known(struct world *world, json_t *const *entries, size_t count, size_t n)
{
	const char *known = NULL;

	for (size_t i = n + 1; i < count; i++) {
		const char *type = json_string_value(
		    json_object_get(entries[i], "type"));
		const char *word = json_string_value(
		    json_object_get(entries[i], "word"));
		const json_t *about = json_object_get(entries[i], "entry");

		if (type == NULL || word == NULL || about == NULL ||
		    strcmp(type, "outcome") != 0 ||
		    json_integer_value(about) != (json_int_t)n)
			continue;
		if (known != NULL && strcmp(word, "unknown") == 0)
			world_fail(world, "entry %zu is %s, then %s", n, known,
			    word);
		if (strcmp(word, "sent") == 0 || strcmp(word, "refused") == 0)
			known = word;
	}
}

/* After days without faults everything acknowledged came to an end. */
static void
check_promises(struct world *world)
{
	json_t **entries;
	size_t count = read_entries(world, &entries);

	for (struct answer *a = world->answers; a != NULL; a = a->next)
		if (a->status == 202 && a->len != 0 &&
		    strncmp(a->actor, "operator", 8) != 0)
			check_promise(world, a, entries, count);
	for (size_t i = 0; i < count; i++) {
		check_end(world, entries, count, i);
		check_known(world, entries, count, i);
	}
	for (size_t i = 0; i < count; i++)
		json_decref(entries[i]);
	free(entries);
}

/* --- all of it */

static bool
was_damaged(const struct script *script)
{
	for (size_t i = 0; i < script->step_count; i++)
		if (script->steps[i].kind == STEP_DAMAGE)
			return true;
	return false;
}

/* A last life without faults in which everything left over happens. */
static bool
bring_to_rest(struct world *world)
{
	struct fail fail = FAIL_INIT;

	world->calm = true;
	memory_disk_set_state(world->disk, DISK_OK);
	if (world->plan.kind != PLAN_NONE) {
		bool struck =
		    world->struck || memory_disk_struck(world->disk);

		memory_disk_set_fault(
		    world->disk, FAULT_NONE, 0, LOSS_ALL);
		world->struck = struck;
	}
	daemon_stop(world);
	if (!daemon_start(world, &fail))
		return world_fail(world,
		    "the daemon does not start again: %s: %s", fail.place,
		    fail.text);
	for (int day = 0; day < DAYS_TO_REST; day++)
		daemon_settle(world, 24 * 3600 * 1000);
	return true;
}

void
invariants_check(struct world *world)
{
	/* Runs without a fault were looked at already. */
	if (world->plan.kind == PLAN_COUNT) {
		world->calm = true;
		memory_disk_set_fault(world->disk, FAULT_NONE, 0, LOSS_ALL);
		daemon_stop(world);
		return;
	}
	if (was_damaged(world->script)) {
		check_payloads(world);
		check_traces(world);
		daemon_stop(world);
		return;
	}
	if (bring_to_rest(world)) {
		check_promises(world);
		review_check(world);
		published_check(world);
		told_check(world);
	}
	check_payloads(world);
	check_traces(world);
	daemon_stop(world);
	invariants_ledger(world);
	epp_registries_check(world);
}
