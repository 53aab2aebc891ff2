#include "runner/log_maker.h"

#include "core/entry.h"
#include "core/tree.h"
#include "store/tiles.h"

enum { RECIPIENTS = 12, WAITING = 64, JAPANESE = 60 };

/* Who gets what: the share of entries, and what is behind. */
static const struct {
	const char *id, *onward, *purpose, *channel;
	unsigned share;
} recipients[RECIPIENTS] = {
    {"jprs", "jprs-whois", "p10", "epp", 400},
    {"verisign", NULL, "p10", "epp", 280},
    {"pir", "pir-whois", "p10", "epp", 120},
    {"self-rdap", NULL, "p11", "view", 90},
    {"afilias", "afilias-whois", "p10", "epp", 50},
    {"ntt-east", NULL, "p1", "desk", 20},
    {"jpnic", "apnic", "p10", "file", 18},
    {"kddi-web", NULL, "p3", "file", 10},
    {"gmo-cloud", NULL, "p3", "smtp", 6},
    {"japan-post", NULL, "p4", "desk", 3},
    {"ip-administrator", NULL, "p9", "smtp", 2},
    {"authority", NULL, "p15", "desk", 1},
};

/* In RFC 8785 order. */
static const char *const roles[] = {"admin", "registrant", "tech"};
static const struct {
	const char *name;
	unsigned presence; /* percent; JAPANESE: all of them or none */
	bool reach;
} fields[] = {
    {"city.loc", JAPANESE, false},
    {"country", 100, false},
    {"email", 100, true},
    {"fax", 30, true},
    {"name.int", 90, false},
    {"name.loc", JAPANESE, false},
    {"org.loc", 35, false},
    {"phone", 95, true},
    {"postcode", 90, false},
    {"street.loc", JAPANESE, false},
};
enum { ROLES = 3, FIELDS = sizeof(fields) / sizeof(*fields) };

struct log_maker {
	struct log_maker_options o;
	struct tiles *tiles;
	struct arena *arena;
	struct digest_cipher *cipher;
	uint64_t random;
	int64_t time;
	char policy[2][65];
	/* Disclosures without an outcome. */
	uint64_t waiting[WAITING];
	unsigned waiting_count;
};

uint64_t
log_maker_random(uint64_t *state)
{
	uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static unsigned
below(struct log_maker *maker, unsigned limit)
{
	return (unsigned)(log_maker_random(&maker->random) % limit);
}

/* Few are chosen often, and many seldom. */
static unsigned
skewed(struct log_maker *maker, unsigned limit)
{
	return below(maker, 4) == 0 ? below(maker, 1 + limit / 50)
				    : below(maker, limit);
}

struct log_maker *
log_maker_create(const struct log_maker_options *options, struct fail *fail)
{
	struct log_maker *maker = calloc(1, sizeof(*maker));
	struct tiles_options tiles = {.disk = options->disk,
	    .directory = options->directory,
	    .origin = "made.example/misu",
	    .seed = keys_signing_seed(options->keys),
	    .public_key = keys_public(options->keys)};

	if (maker == NULL) {
		fail_memory(fail);
		return NULL;
	}
	maker->o = *options;
	maker->random = options->seed;
	maker->time = options->start;
	maker->arena = arena_create(NULL);
	maker->cipher = digest_cipher_create();
	for (unsigned i = 0; i < 2; i++)
		for (unsigned j = 0; j < 64; j++)
			maker->policy[i][j] =
			    "0123456789abcdef"[below(maker, 16)];
	if (options->disk->operations->make_directory(
		options->disk, options->directory, fail))
		maker->tiles = tiles_open(&tiles, fail);
	if (maker->tiles != NULL)
		return maker;
	log_maker_destroy(maker);
	return NULL;
}

void
log_maker_destroy(struct log_maker *maker)
{
	if (maker == NULL)
		return;
	tiles_close(maker->tiles);
	digest_cipher_destroy(maker->cipher);
	arena_destroy(maker->arena);
	free(maker);
}

/* --- entries --- */

static bool
find_subject(struct log_maker *maker, unsigned number, struct subject *out,
    struct fail *fail)
{
	struct digest id;
	char name[32];
	bool fresh;

	snprintf(name, sizeof(name), "cust-%u", number);
	id = keys_id(maker->o.keys, slice_from(name));
	return keys_subject(maker->o.keys, &id, out, &fresh, fail);
}

static void
add_subject(struct text *text, const struct subject *subject)
{
	text_add_string(text, "[\"");
	text_add_hex(text, subject->pseudonym, PSEUDONYM_SIZE);
	text_add_format(text, "\",%u]", subject->slot);
}

static bool
add_object(struct log_maker *maker, struct text *text,
    const struct subject *owner, const uint8_t salt[ENTRY_SALT])
{
	char name[40];
	uint8_t bytes[NONCE_SIZE + sizeof(name) + TAG_SIZE];
	int len = snprintf(
	    name, sizeof(name), "d%u.example", skewed(maker, maker->o.objects));
	struct digest_seal seal = {.nonce = bytes,
	    .label = {(const char *)salt, ENTRY_SALT},
	    .plain = {name, (size_t)len}};
	struct digest_key key;
	struct digest object_key;

	digest_key_set(&key, owner->key);
	object_key = entry_object_key(&key);
	seal.key = object_key.bytes;
	for (unsigned i = 0; i < NONCE_SIZE; i++)
		bytes[i] = (uint8_t)below(maker, 256);
	if (!digest_cipher_encrypt(maker->cipher, &seal, bytes + NONCE_SIZE))
		return false;
	text_add_string(text, "{\"data\":\"");
	text_add_base64(text, bytes, NONCE_SIZE + (size_t)len + TAG_SIZE);
	text_add_format(text, "\",\"slot\":%u,\"subject\":\"", owner->slot);
	text_add_hex(text, owner->pseudonym, PSEUDONYM_SIZE);
	text_add_string(text, "\",\"type\":\"domain\"}");
	return true;
}

/* What a policy might say: reach is for few, legal persons show more. */
static void
add_ruling(struct log_maker *maker, struct text *text, unsigned recipient,
    unsigned field, bool onward, bool legal)
{
	const char *verdict = "forward";
	unsigned rule = 10 * recipient + 1;

	if (onward || recipient == 3) {
		verdict = fields[field].reach && !legal ? "redact" : "forward";
		rule += fields[field].reach ? 2 : 1;
	} else if (field == 3 && recipient % 3 == 0) {
		verdict = "replace";
		rule += 4;
	} else if (field == 8 && recipient > 6) {
		verdict = "generalise";
		rule += 5;
	}
	text_add_format(text, "[\"%s\",%u", verdict, rule);
	if (!onward && verdict[0] != 'r') {
		uint8_t commitment[DIGEST_SIZE];

		for (unsigned i = 0; i < DIGEST_SIZE; i += 8) {
			uint64_t n = log_maker_random(&maker->random);

			memcpy(commitment + i, &n, 8);
		}
		text_add_string(text, ",\"");
		text_add_base64(text, commitment, DIGEST_SIZE);
		text_add_char(text, '"');
	}
	text_add_char(text, ']');
}

static void
add_fields(struct log_maker *maker, struct text *text, unsigned recipient,
    const unsigned present[ROLES], bool onward, bool legal)
{
	text_add_char(text, '{');
	for (unsigned r = 0; r < ROLES; r++) {
		char mark = '{';

		text_add_format(text, "%s\"%s\":", r == 0 ? "" : ",", roles[r]);
		for (unsigned f = 0; f < FIELDS; f++) {
			if ((present[r] >> f & 1) == 0)
				continue;
			text_add_format(
			    text, "%c\"%s\":", mark, fields[f].name);
			add_ruling(maker, text, recipient, f, onward, legal);
			mark = ',';
		}
		text_add_string(text, mark == '{' ? "{}" : "}");
	}
	text_add_char(text, '}');
}

static unsigned
choose_recipient(struct log_maker *maker)
{
	unsigned at = below(maker, 1000), i = 0;

	while (i + 1 < RECIPIENTS && at >= recipients[i].share)
		at -= recipients[i++].share;
	return i;
}

static void
choose_fields(struct log_maker *maker, unsigned present[ROLES])
{
	bool japanese = below(maker, 100) < 60;

	for (unsigned r = 0; r < ROLES; r++) {
		present[r] = 0;
		for (unsigned f = 0; f < FIELDS; f++)
			if (fields[f].presence == JAPANESE
				? japanese
				: below(maker, 100) < fields[f].presence)
				present[r] |= 1u << f;
		/* The same person stands in most roles. */
		if (r != 0 && below(maker, 10) != 0)
			present[r] = present[0];
	}
}

static void
add_end(
    struct log_maker *maker, struct text *text, const uint8_t salt[ENTRY_SALT])
{
	text_add_string(text, ",\"salt\":\"");
	text_add_hex(text, salt, ENTRY_SALT);
	text_add_format(text, "\",\"setup\":\"%s\"", maker->policy[1]);
}

static bool
add_disclosure(struct log_maker *maker, struct text *text,
    const uint8_t salt[ENTRY_SALT], bool *goes, struct fail *fail)
{
	static const char *const operations[] = {
	    "create", "update", "update", "renew", "delete", "transfer"};
	unsigned to = choose_recipient(maker), present[ROLES];
	unsigned policy = maker->time % 100000 > 50000;
	bool legal = below(maker, 5) == 0;
	struct subject subject;

	choose_fields(maker, present);
	*goes = below(maker, 60) != 0;
	if (!find_subject(
		maker, skewed(maker, maker->o.subjects), &subject, fail))
		return false;
	text_add_format(text,
	    "{\"basis\":\"contract\",\"channel\":\"%s\","
	    "\"fields\":",
	    recipients[to].channel);
	add_fields(maker, text, to, present, false, legal);
	text_add_string(text, ",\"object\":");
	if (!add_object(maker, text, &subject, salt))
		return fail_memory(fail);
	text_add_string(text, ",\"onward\":[");
	if (recipients[to].onward != NULL) {
		text_add_string(text, "{\"fields\":");
		add_fields(maker, text, to, present, true, legal);
		text_add_format(
		    text, ",\"recipient\":\"%s\"}", recipients[to].onward);
	}
	text_add_format(
	    text, "],\"operation\":\"%s\"", operations[below(maker, 6)]);
	if (!*goes)
		text_add_format(text, ",\"outcome\":[\"%s\",%u]",
		    below(maker, 4) == 0 ? "hold" : "refuse", to);
	text_add_format(text,
	    ",\"policy\":\"%s\",\"purpose\":\"%s\",\"recipient\":\"%s\"",
	    maker->policy[policy], recipients[to].purpose, recipients[to].id);
	add_end(maker, text, salt);
	text_add_string(text, ",\"subjects\":{");
	for (unsigned r = 0; r < ROLES; r++) {
		text_add_format(text, "%s\"%s\":", r == 0 ? "" : ",", roles[r]);
		add_subject(text, &subject);
	}
	text_add_format(text,
	    "},\"time\":%lld,\"type\":\"disclosure\",\"v\":1}",
	    (long long)maker->time);
	digest_wipe(&subject, sizeof(subject));
	return true;
}

static void
add_event(struct log_maker *maker, struct text *text,
    const uint8_t salt[ENTRY_SALT], uint64_t index)
{
	static const char *const rare[] = {
	    "unknown", "given-up", "not-sent", "refused"};
	const char *type = "outcome", *word = "answered";
	uint64_t about = maker->waiting[0];

	text_add_char(text, '{');
	if (maker->waiting_count == 0 || below(maker, 500) == 0) {
		type = below(maker, 3) == 0 ? "hold" : "reveal";
		word = type[0] == 'h' ? "approved" : "object-shown";
		text_add_format(
		    text, "\"actor\":\"uid %u\",", 1000 + below(maker, 3));
		if (below(maker, 2) == 0)
			text_add_format(
			    text, "\"case\":\"case-%u\",", below(maker, 40));
		about = index == 0 ? 0 : below(maker, (unsigned)index);
	} else {
		unsigned at =
		    below(maker, 30) == 0 ? 0 : maker->waiting_count - 1;

		about = maker->waiting[at];
		if (below(maker, 8) != 0 || at == 0)
			maker->waiting[at] =
			    maker->waiting[--maker->waiting_count];
		else
			word = "sent";
		if (below(maker, 400) == 0)
			word = rare[below(maker, 4)];
	}
	if (type[0] != 'r')
		text_add_format(
		    text, "\"entry\":%llu,", (unsigned long long)about);
	text_add_format(text, "\"policy\":\"%s\"",
	    maker->policy[maker->time % 100000 > 50000]);
	add_end(maker, text, salt);
	text_add_format(text,
	    ",\"time\":%lld,\"type\":\"%s\",\"v\":1,\"word\":\"%s\"}",
	    (long long)maker->time, type, word);
}

/* An event with an object of its own. */
static bool
add_audit(struct log_maker *maker, struct text *text,
    const uint8_t salt[ENTRY_SALT], struct fail *fail)
{
	static const char *const words[] = {"leak", "stale", "missing"};
	const char *word = words[below(maker, 3)];
	struct subject subject;

	if (!find_subject(
		maker, skewed(maker, maker->o.subjects), &subject, fail))
		return false;
	text_add_format(text,
	    "{\"actor\":\"misu\",\"findings\":[[\"%s\",\"registrant\","
	    "\"email\",%u]],\"object\":",
	    word, below(maker, 40));
	if (!add_object(maker, text, &subject, salt))
		return fail_memory(fail);
	text_add_format(text,
	    ",\"policy\":\"%s\",\"recipient\":\"jprs-whois\",\"salt\":\"",
	    maker->policy[0]);
	text_add_hex(text, salt, ENTRY_SALT);
	text_add_format(text,
	    "\",\"server\":\"whois.example\",\"setup\":\"%s\","
	    "\"time\":%lld,\"type\":\"audit\",\"v\":1,\"word\":\"%s\"}",
	    maker->policy[1], (long long)maker->time, word);
	digest_wipe(&subject, sizeof(subject));
	return true;
}

static bool
add_one(struct log_maker *maker, struct fail *fail)
{
	uint64_t index = tiles_tree(maker->tiles)->size;
	struct text text = text_start(maker->arena);
	uint64_t salt[ENTRY_SALT / 8];
	struct slice entry;
	struct digest leaf;
	bool goes = false, ok = true;

	arena_reset(maker->arena);
	text = text_start(maker->arena);
	text_reserve(&text, 8192);
	for (unsigned i = 0; i < ENTRY_SALT / 8; i++)
		salt[i] = log_maker_random(&maker->random);
	maker->time += below(maker, 2 * maker->o.step + 1);
	if (maker->o.audits != 0 && below(maker, maker->o.audits) == 0)
		ok = add_audit(maker, &text, (const uint8_t *)salt, fail);
	else if (maker->waiting_count == WAITING || below(maker, 2) == 0)
		add_event(maker, &text, (const uint8_t *)salt, index);
	else
		ok = add_disclosure(
		    maker, &text, (const uint8_t *)salt, &goes, fail);
	entry = text_slice(&text);
	if (!ok || entry.data == NULL)
		return ok ? fail_memory(fail) : false;
	if (goes)
		maker->waiting[maker->waiting_count++] = index;
	leaf = tree_leaf(entry);
	return tiles_add(maker->tiles, entry, &leaf, fail);
}

bool
log_maker_add(struct log_maker *maker, uint64_t count, struct fail *fail)
{
	while (count-- != 0)
		if (!add_one(maker, fail))
			return false;
	return true;
}

bool
log_maker_checkpoint(struct log_maker *maker, struct fail *fail)
{
	return tiles_checkpoint(maker->tiles, fail);
}
