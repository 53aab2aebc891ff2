/*
 * Tokens for a case: whoever has one asks misu itself for a time, over RDAP,
 * and each answer is decided then (engine_tier.c).  The grant is what an
 * operator, or two, approved: recipient, purpose, objects, how long and how
 * often.  The token is in the answer to the operator and nowhere else.
 */
#include "base/name.h"
#include "base/prefix.h"
#include "engine_approval.h"
#include "engine_case.h"
#include "engine_stop.h"

enum {
	TOKEN_BYTES = 33,    /* of chance: 44 characters */
	ANSWERS = 100,	     /* where nobody says how many */
	LONGEST = 92 * 86400 /* seconds */
};

/* An order to grant something, in the affair's arena. */
struct granting {
	struct affair *affair;
	struct grant grant;
};

/* --- what is asked for --- */

/* The next word of a list that commas or blanks part. */
static bool
next_word(struct slice *list, struct slice *word)
{
	size_t len = 0;

	while (
	    list->len != 0 && (list->data[0] == ',' || list->data[0] == ' ')) {
		list->data++;
		list->len--;
	}
	while (
	    len < list->len && list->data[len] != ',' && list->data[len] != ' ')
		len++;
	*word = (struct slice){list->data, len};
	list->data += len;
	list->len -= len;
	return len != 0;
}

/* "EXAMPLE.jp", ".example.jp" or "192.0.2.0/24", as it is compared. */
static bool
read_object(struct arena *arena, struct slice word, struct slice *out,
    struct fail *fail)
{
	bool below = word.len > 1 && word.data[0] == '.';
	char printed[PREFIX_SIZE];
	struct prefix prefix;
	struct text text;
	struct slice name;

	if (memchr(word.data, '/', word.len) != NULL ||
	    prefix_parse_address(word, &prefix)) {
		if (!prefix_parse(word, &prefix, fail))
			return false;
		*out = arena_copy(arena,
		    (struct slice){printed, prefix_print(&prefix, printed)});
		return out->data != NULL || fail_memory(fail);
	}
	if (below)
		word = (struct slice){word.data + 1, word.len - 1};
	if (!name_canonical(arena, word, &name, fail))
		return false;
	text = text_start(arena);
	if (below)
		text_add_char(&text, '.');
	text_add(&text, name);
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(fail);
}

static bool
is_pattern(struct slice object)
{
	return object.data[0] == '.' ||
	       memchr(object.data, '/', object.len) != NULL;
}

/* The vault must have what is named whole: else it is a slip of the pen. */
static bool
check_object(struct granting *granting, struct slice object, struct fail *fail)
{
	struct affair *affair = granting->affair;
	bool of_subject = affair_is_of_subject(affair->row.kind);
	const struct record *record;

	if (is_pattern(object)) {
		if (!of_subject)
			return true;
		fail_set(fail, FAIL_INPUT,
		    "a subject is given its objects one by one");
		return false;
	}
	record = engine_whole_record(
	    affair->engine, OBJECT_DOMAIN, object, affair->arena, fail);
	if (record == NULL) {
		if (fail->kind == FAIL_NONE)
			fail_set(fail, FAIL_INPUT, "misu has no such object");
		fail_hint(fail, "a domain; .example.jp for all below it;"
				" 192.0.2.0/24 for the networks in it");
		return false;
	}
	if (engine_leaving_roles(affair->engine, record) != 0)
		return fail_set(
		    fail, FAIL_INPUT, "a person in it is to be forgotten");
	return !of_subject || affair_is_about(record, affair->row.subject) ||
	       fail_set(fail, FAIL_INPUT, "the object has nothing of who asks");
}

static bool
read_objects(struct granting *granting, struct fail *fail)
{
	struct affair *affair = granting->affair;
	struct grant *grant = &granting->grant;
	struct slice list = engine_member(affair->node, "objects"), word;

	while (next_word(&list, &word)) {
		struct slice *object = &grant->objects[grant->object_count];

		if (grant->object_count == GRANT_OBJECTS_MAX ||
		    word.len > GRANT_TEXT_MAX)
			return fail_set(fail, FAIL_INPUT,
			    "a token is for at most %d objects",
			    GRANT_OBJECTS_MAX);
		if (!read_object(affair->arena, word, object, fail) ||
		    !check_object(granting, *object, fail)) {
			fail_place(fail, "object %zu", grant->object_count + 1);
			return false;
		}
		grant->object_count++;
	}
	if (grant->object_count != 0)
		return true;
	fail_set(fail, FAIL_INPUT, "what it is for is missing");
	fail_hint(fail, "--objects example.jp,.example.com,192.0.2.0/24");
	return false;
}

/* Prefixes from which the token may be used, with a blank between. */
static bool
read_from(struct granting *granting, struct fail *fail)
{
	struct affair *affair = granting->affair;
	struct slice list = engine_member(affair->node, "from"), word;
	struct text text = text_start(affair->arena);

	while (next_word(&list, &word)) {
		char printed[PREFIX_SIZE];
		struct prefix prefix;

		if (!prefix_parse_address(word, &prefix) &&
		    !prefix_parse(word, &prefix, fail))
			return false;
		if (prefix.six && prefix.bits > 64) {
			fail_set(fail, FAIL_INPUT,
			    "who asks over IPv6 is known by a /64");
			fail_hint(fail, "--from 2001:db8::/64");
			return false;
		}
		if (text.len != 0)
			text_add_char(&text, ' ');
		text_add(&text,
		    (struct slice){printed, prefix_print(&prefix, printed)});
	}
	granting->grant.from =
	    text.len != 0 ? text_slice(&text) : (struct slice){"", 0};
	if (text.failed)
		return fail_memory(fail);
	return text.len <= GRANT_TEXT_MAX ||
	       fail_set(fail, FAIL_INPUT, "too many prefixes to come from");
}

/*
 * The one purpose for which the policy gives this recipient anything; false
 * with several (*out is one of them), or with none (it is empty).
 */
static bool
find_purpose(const struct ruleset *ruleset, unsigned recipient,
    struct slice wanted, struct slice *out)
{
	*out = (struct slice){"", 0};
	for (unsigned n = 0; n < ruleset_block_count(ruleset); n++) {
		const struct block *block = ruleset_block(ruleset, n);

		if (block->recipient != recipient ||
		    (block->type != OBJECT_DOMAIN &&
			block->type != OBJECT_NETWORK) ||
		    (wanted.len != 0 && !slice_equal(block->purpose, wanted)))
			continue;
		if (out->len != 0 && !slice_equal(*out, block->purpose))
			return false;
		*out = block->purpose;
	}
	return out->len != 0;
}

static void
refuse_purpose(bool several, struct fail *fail)
{
	if (several) {
		fail_set(fail, FAIL_INPUT,
		    "the policy gives that recipient domains or networks for"
		    " several purposes");
		fail_hint(fail, "--purpose P; misu -nv shows the blocks");
		return;
	}
	fail_set(fail, FAIL_INPUT,
	    "the policy has no block for domains or networks to that"
	    " recipient, or none for that purpose");
	fail_hint(fail, "only of such objects can a token be answered;"
			" misu -nv shows the blocks");
}

static bool
read_recipient(struct granting *granting, struct fail *fail)
{
	struct affair *affair = granting->affair;
	const struct engine *engine = affair->engine;
	struct slice to = engine_member(affair->node, "to");
	unsigned index;

	if (to.len == 0 || !conf_has_tier(engine->conf, to)) {
		fail_set(fail, FAIL_INPUT,
		    to.len == 0 ? "who gets it is missing"
				: "that recipient may not ask with a token");
		fail_hint(
		    fail, "--to RECIPIENT; misu.conf: publish tier RECIPIENT");
		return false;
	}
	if (!ruleset_find_recipient(engine->ruleset, to, &index) ||
	    !find_purpose(engine->ruleset, index,
		engine_member(affair->node, "purpose"),
		&granting->grant.purpose)) {
		refuse_purpose(granting->grant.purpose.len != 0, fail);
		return false;
	}
	/* A reload may come while a second operator's word is recorded. */
	granting->grant.purpose =
	    arena_copy(affair->arena, granting->grant.purpose);
	granting->grant.recipient = to;
	if (granting->grant.purpose.data == NULL)
		return fail_memory(fail);
	return ruleset_terms(engine->ruleset, to, granting->grant.purpose,
		   affair->arena, &granting->grant.terms) ||
	       fail_memory(fail);
}

static bool
read_answers(struct slice text, int64_t *out)
{
	*out = text.len == 0 ? ANSWERS : 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || i > 6)
			return false;
		*out = *out * 10 + (text.data[i] - '0');
	}
	return *out > 0 && *out <= GRANT_ANSWERS_MAX;
}

static bool
read_limits(struct granting *granting, struct fail *fail)
{
	struct affair *affair = granting->affair;
	struct grant *grant = &granting->grant;
	unsigned seconds;

	if (!conf_read_duration(engine_member(affair->node, "for"), &seconds) ||
	    seconds > LONGEST) {
		fail_set(fail, FAIL_INPUT, "for how long is missing or wrong");
		fail_hint(fail, "--for 2h; s, m, h or d, at most %dd",
		    LONGEST / 86400);
		return false;
	}
	if (!read_answers(
		engine_member(affair->node, "answers"), &grant->answers)) {
		fail_set(fail, FAIL_INPUT, "that is no number of answers");
		fail_hint(fail, "--answers 1 to %d", GRANT_ANSWERS_MAX);
		return false;
	}
	grant->case_id = affair->row.id;
	grant->granted = engine_now(affair->engine);
	grant->until = grant->granted + (int64_t)seconds * 1000;
	return true;
}

static bool
may_be_granted(const struct affair *affair, struct fail *fail)
{
	const struct case_row *row = &affair->row;
	bool of_subject = affair_is_of_subject(row->kind);

	if (affair->engine->o.grants == NULL)
		return fail_set(fail, FAIL_WORLD, "misu gives no tokens here");
	if (of_subject ? row->is_verified : row->has_basis)
		return true;
	fail_set(fail, FAIL_INPUT,
	    of_subject ? "it is not verified that the subject asks"
		       : "no basis is given");
	if (of_subject)
		fail_hint(fail, "misuctl request verify-identity");
	return false;
}

/* --- the token --- */

/* Base64url of chance, after a word that says whose it is. */
static struct slice
make_token(struct granting *granting, struct fail *fail)
{
	const struct engine *engine = granting->affair->engine;
	struct text text = text_start(granting->affair->arena);
	uint8_t bytes[TOKEN_BYTES];
	struct slice token;

	if (!engine->o.random->fill(
		engine->o.random->context, bytes, sizeof(bytes))) {
		fail_set(fail, FAIL_WORLD, "no random bytes");
		return (struct slice){NULL, 0};
	}
	text_add_string(&text, "misu-");
	text_add_base64(&text, bytes, sizeof(bytes));
	digest_wipe(bytes, sizeof(bytes));
	token = text_slice(&text);
	for (size_t i = 0; i < token.len; i++) {
		if (text.data[i] == '+')
			text.data[i] = '-';
		else if (text.data[i] == '/')
			text.data[i] = '_';
	}
	if (token.data == NULL)
		fail_memory(fail);
	return token;
}

/* What exactly was granted: for the second operator, and for the step. */
static void
add_what(struct text *text, const struct granting *granting)
{
	const struct grant *grant = &granting->grant;

	for (size_t i = 0; i < grant->object_count; i++) {
		if (i != 0)
			text_add_char(text, ' ');
		text_add(text, grant->objects[i]);
	}
	text_add_string(text, " to ");
	text_add(text, grant->recipient);
	text_add_string(text, " for ");
	text_add(text, grant->purpose);
	text_add_string(text, ", ");
	text_add(text, engine_member(granting->affair->node, "for"));
	text_add_format(text, ", %lld answers", (long long)grant->answers);
	if (grant->from.len != 0) {
		text_add_string(text, ", from ");
		text_add(text, grant->from);
	}
	/* Two that approve it see the same rules. */
	text_add_string(text, ", rules ");
	text_add_hex(text, grant->terms.bytes, 8);
}

static struct slice
members(const struct granting *granting, struct slice token)
{
	const struct grant *grant = &granting->grant;
	struct text text = text_start(granting->affair->arena);

	text_add_format(
	    &text, ",\"grant\":%lld,\"token\":", (long long)grant->id);
	text_add_json(&text, token);
	text_add_format(&text, ",\"until\":%lld,\"answers\":%lld",
	    (long long)grant->until, (long long)grant->answers);
	return text_slice(&text);
}

/* Objects stand with the grant alone, where forgetting finds them. */
static void
grant(struct granting *granting)
{
	struct affair *affair = granting->affair;
	struct text step = text_start(affair->arena);
	struct fail fail = FAIL_INIT;
	struct slice token = make_token(granting, &fail);
	bool ok = token.data != NULL;

	if (ok) {
		granting->grant.token = digest_sha256(token);
		ok = grants_add(
		    affair->engine->o.grants, &granting->grant, &fail);
	}
	text_add_format(&step, "token %lld, %lld answers to ",
	    (long long)granting->grant.id, (long long)granting->grant.answers);
	text_add(&step, granting->grant.recipient);
	affair->more = members(granting, token);
	if (ok && (affair->more.data == NULL || step.failed))
		ok = fail_memory(&fail);
	if (ok)
		affair_take_step(
		    affair, SUBJECT_CASE_GRANTED, text_slice(&step), -1);
	else
		affair_fail(affair, 503, &fail);
}

static void
approved(void *arg, enum approval_word word, const struct fail *fail)
{
	struct granting *granting = arg;

	if (affair_is_approved(granting->affair, word, fail) &&
	    affair_stays_open(granting->affair))
		grant(granting);
}

/*
 * A token lifts what the policy holds for a person to look at: where two must
 * approve a hold, two must grant it.  What waits there is not looked through
 * when somebody is forgotten, so it names nobody.
 */
static void
ask_approval(struct granting *granting)
{
	struct affair *affair = granting->affair;
	struct engine *engine = affair->engine;
	bool by_kind = affair->row.kind == CASE_AUTHORITY &&
		       approval_needed(engine, CONF_TWO_AUTHORITY);
	struct approval_ask ask = {
	    .matter = by_kind ? CONF_TWO_AUTHORITY : CONF_TWO_HOLDS,
	    .actor = affair->actor,
	    .case_id = slice_from(affair->name),
	    .entry = LEDGER_NONE};
	struct text what = text_start(affair->arena), about = what;
	struct fail fail = FAIL_INIT;
	struct digest digest;

	add_what(&what, granting);
	about = text_start(affair->arena);
	text_add_format(&about, "%s token ", affair->name);
	digest = digest_hmac(engine->content_key, text_slice(&what));
	if (by_kind)
		text_add(&about, text_slice(&what));
	else
		text_add_hex(&about, digest.bytes, 8);
	ask.about = text_slice(&about);
	if (what.failed || ask.about.data == NULL) {
		fail_memory(&fail);
		affair_fail(affair, 503, &fail);
		return;
	}
	approval_give(engine, &ask, approved, granting);
}

void
engine_request_grant(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	struct fail fail = FAIL_INIT;
	struct granting *granting;

	if (affair == NULL || affair_find(affair, true) == NULL)
		return;
	granting = arena_take(affair->arena, sizeof(*granting));
	if (granting == NULL) {
		fail_memory(&fail);
		affair_fail(affair, 503, &fail);
		return;
	}
	granting->affair = affair;
	if (may_be_granted(affair, &fail) && read_recipient(granting, &fail) &&
	    read_limits(granting, &fail) && read_from(granting, &fail) &&
	    read_objects(granting, &fail))
		ask_approval(granting);
	else
		affair_fail(affair, fail.kind == FAIL_INPUT ? 400 : 503, &fail);
}

/* --- taken back --- */

/* From here on none of them is answered; the entry follows. */
void
engine_request_revoke(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	struct fail fail = FAIL_INIT;
	struct slice which;
	struct text step;
	int64_t id = 0;
	int count;

	if (affair == NULL || affair_find(affair, false) == NULL)
		return;
	which = engine_member(affair->node, "grant");
	if (which.len != 0 && !read_answers(which, &id)) {
		affair_wrong(affair, "that is no number of a token",
		    "misuctl request show lists them");
		return;
	}
	if (engine->o.grants == NULL)
		fail_set(&fail, FAIL_WORLD, "misu gives no tokens here");
	if (engine->o.grants == NULL ||
	    !grants_revoke(
		engine->o.grants, affair->row.id, id, &count, &fail)) {
		affair_fail(affair, 503, &fail);
		return;
	}
	if (count == 0) {
		affair_wrong(affair,
		    "there is no such token, or it was"
		    " revoked before",
		    "misuctl request show lists them");
		return;
	}
	step = text_start(affair->arena);
	if (id != 0)
		text_add_format(&step, "token %lld", (long long)id);
	else
		text_add_format(&step, "%d tokens", count);
	affair->state = SLICE("revoked");
	affair_take_step(
	    affair, SUBJECT_CASE_REVOKED, text_slice(&step), -1);
}

/* --- shown --- */

struct showing {
	const struct affair *affair;
	struct text *text;
	bool any;
};

static bool
is_in_force(const struct showing *showing, const struct grant *grant)
{
	const struct affair *affair = showing->affair;
	bool is = false;

	return affair->engine->ruleset != NULL &&
	       engine_grant_is_in_force(
		   affair->engine, grant, affair->arena, &is, NULL) &&
	       is;
}

static const char *
state_of(const struct showing *showing, const struct grant *grant)
{
	return grant->is_revoked				     ? "revoked"
	       : !grant->is_open				     ? "closed"
	       : grant->until <= engine_now(showing->affair->engine) ? "expired"
	       : grant->used >= grant->answers			     ? "spent"
	       : !is_in_force(showing, grant)			     ? "outdated"
								     : "valid";
}

static bool
add_grant(void *arg, const struct grant *grant)
{
	struct showing *showing = arg;
	struct text *text = showing->text;

	text_add_format(text, "%s{\"grant\":%lld,\"state\":\"%s\",\"to\":",
	    showing->any ? "," : ",\"grants\":[", (long long)grant->id,
	    state_of(showing, grant));
	showing->any = true;
	text_add_json(text, grant->recipient);
	text_add_string(text, ",\"purpose\":");
	text_add_json(text, grant->purpose);
	text_add_string(text, ",\"from\":");
	text_add_json(text, grant->from);
	text_add_format(text,
	    ",\"granted\":%lld,\"until\":%lld,\"answers\":%lld,\"used\":%lld,"
	    "\"objects\":[",
	    (long long)grant->granted, (long long)grant->until,
	    (long long)grant->answers, (long long)grant->used);
	for (size_t i = 0; i < grant->object_count; i++) {
		if (i != 0)
			text_add_char(text, ',');
		text_add_json(text, grant->objects[i]);
	}
	text_add_string(text, "]}");
	return !text->failed;
}

bool
affair_add_grants(struct affair *affair, struct text *text, struct fail *fail)
{
	struct showing showing = {affair, text, false};

	if (affair->engine->o.grants == NULL)
		return true;
	if (!grants_each(affair->engine->o.grants, affair->arena,
		affair->row.id, add_grant, &showing, fail))
		return false;
	if (showing.any)
		text_add_char(text, ']');
	return true;
}

struct counting {
	struct showing showing;
	struct grant_counts *out;
};

static bool
count_grant(void *arg, const struct grant *grant)
{
	const struct counting *counting = arg;
	const char *state = state_of(&counting->showing, grant);

	counting->out->valid += strcmp(state, "valid") == 0;
	counting->out->outdated += strcmp(state, "outdated") == 0;
	return true;
}

bool
affair_count_grants(const struct affair *affair, int64_t case_id,
    struct grant_counts *out, struct fail *fail)
{
	struct counting counting = {{.affair = affair}, out};

	*out = (struct grant_counts){0, 0};
	return affair->engine->o.grants == NULL ||
	       grants_each(affair->engine->o.grants, affair->arena, case_id,
		   count_grant, &counting, fail);
}

/* --- forgetting --- */

/* Does the key of this role's person belong to the pseudonym? */
static bool
is_whose(const struct engine *engine, const struct record *record,
    enum role role, const uint8_t pseudonym[PSEUDONYM_SIZE])
{
	struct subject subject;
	bool same;

	if (!engine_find_person(engine, record, role, &subject))
		return false;
	same = memcmp(subject.pseudonym, pseudonym, PSEUDONYM_SIZE) == 0;
	digest_wipe(&subject, sizeof(subject));
	return same;
}

/* What misu has nothing of any more may have been the subject's. */
static bool
goes(const struct engine *engine, struct slice object,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct arena *arena, bool *out,
    struct fail *fail)
{
	const struct record *record;

	*out = false;
	if (is_pattern(object))
		return true;
	record =
	    engine_whole_record(engine, OBJECT_DOMAIN, object, arena, fail);
	*out = record == NULL;
	for (unsigned r = 0; record != NULL && !*out && r < ROLE_COUNT; r++)
		*out = record_has_role(record, (enum role)r) &&
		       is_whose(engine, record, (enum role)r, pseudonym);
	return record != NULL || fail->kind == FAIL_NONE;
}

bool
engine_forget_grants(const struct engine *engine,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct arena *arena,
    struct fail *fail)
{
	struct grants *grants = engine->o.grants;
	bool ok = true, found = grants != NULL, gone;
	struct slice object;
	int64_t row = 0;

	while (ok && found) {
		arena_reset(arena);
		ok = grants_next_object(
		    grants, arena, &row, &object, &found, fail);
		if (!ok || !found)
			break;
		ok = goes(engine, object, pseudonym, arena, &gone, fail) &&
		     (!gone || grants_drop_object(grants, row, fail));
	}
	return ok;
}
