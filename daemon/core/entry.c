#include "core/entry.h"

static const struct {
	const char *word;
	bool about;
} event_types[EVENT_COUNT] = {
#define EVENT(id, word, about) [EVENT_##id] = {word, about},
#include "core/event.tbl"
#undef EVENT
};

const char *
event_type_name(enum event_type type)
{
	return event_types[type].word;
}

bool
event_type_is_about(enum event_type type)
{
	return event_types[type].about;
}

bool
entry_is_type(struct slice word)
{
	for (unsigned i = 0; i < EVENT_COUNT; i++)
		if (slice_is(word, event_types[i].word))
			return true;
	return slice_is(word, "disclosure");
}

static bool
comes_after(const char *a, const char *b)
{
	return slice_compare(slice_from(a), slice_from(b)) > 0;
}

#define FIELD(id, name, ...)                                                  \
	_Static_assert(sizeof("\"\":[\"") + sizeof(name) - 1 <=               \
			   sizeof(((struct entry_word *)NULL)->text),         \
	    "a field's name fits into its word");
#include "core/field.tbl"
#undef FIELD

static struct entry_word
word_make(const char *before, const char *word, const char *after)
{
	struct entry_word made;
	int len = snprintf(
	    made.text, sizeof(made.text), "%s%s%s", before, word, after);

	made.len = (uint8_t)len;
	return made;
}

void
entry_order_init(struct entry_order *order)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		unsigned at = i;

		for (; at > 0 && comes_after(role_name(order->roles[at - 1]),
				     role_name((enum role)i));
		     at--)
			order->roles[at] = order->roles[at - 1];
		order->roles[at] = (enum role)i;
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		unsigned at = i;

		for (; at > 0 &&
		       comes_after(field_info[order->fields[at - 1]].name,
			   field_info[i].name);
		     at--)
			order->fields[at] = order->fields[at - 1];
		order->fields[at] = (enum field)i;
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		order->ranks[order->fields[i]] = (uint8_t)i;
		order->names[i] =
		    word_make("\"", field_info[i].name, "\":[\"");
	}
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		order->verdicts[i] =
		    word_make("", verdict_name((enum verdict)i), "\",");
}

bool
entry_may_commit(enum field field)
{
	switch (field_info[field].class) {
	case CLASS_PERSONAL:
	case CLASS_OBJECT:
	case CLASS_ACCOUNT:
	case CLASS_CONTENT:
		return true;
	case CLASS_PASSWORD:
	case CLASS_AUTHINFO:
		return false;
	}
	return false;
}

static void
add_length(struct digest_run *run, size_t len)
{
	uint8_t bytes[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
	    (uint8_t)(len >> 8), (uint8_t)len};

	digest_add(run, bytes, sizeof(bytes));
}

static void
add_framed(struct digest_run *run, struct slice piece)
{
	add_length(run, piece.len);
	digest_add(run, piece.data, piece.len);
}

static void
put_length(struct digest_piece *piece, size_t len)
{
	uint8_t bytes[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
	    (uint8_t)(len >> 8), (uint8_t)len};

	digest_put(piece, bytes, sizeof(bytes));
}

static void
put_framed(struct digest_piece *piece, struct slice value)
{
	put_length(piece, value.len);
	digest_put(piece, value.data, value.len);
}

/* Values are short nearly always: false where they are not. */
static bool
commit_short(const struct digest_key *key, struct slice role,
    struct slice field, struct values values, struct digest *out)
{
	struct digest_piece piece;

	digest_piece_start(&piece);
	digest_put(&piece, "misu-commit-1", 13);
	put_framed(&piece, role);
	put_framed(&piece, field);
	put_length(&piece, values.count);
	for (size_t i = 0; i < values.count; i++)
		put_framed(&piece, values.items[i]);
	if (piece.is_full)
		digest_wipe(piece.bytes, piece.len);
	else
		*out = digest_piece_hmac(key, &piece);
	return !piece.is_full;
}

static struct digest
commit(const struct digest_key *key, struct slice role, struct slice field,
    struct values values)
{
	struct digest_run run;
	struct digest digest;

	if (commit_short(key, role, field, values, &digest))
		return digest;
	digest_key_start(key, &run);
	digest_add(&run, "misu-commit-1", 13);
	add_framed(&run, role);
	add_framed(&run, field);
	add_length(&run, values.count);
	for (size_t i = 0; i < values.count; i++)
		add_framed(&run, values.items[i]);
	return digest_key_end(key, &run);
}

struct digest
entry_commit(const struct digest_key *key, const char *role, enum field field,
    struct values values)
{
	return commit(key, slice_from(role),
	    slice_from(field_info[field].name), values);
}

struct digest
entry_payload(const struct digest_key *key, const struct digest *keyed)
{
	struct digest_piece piece;

	digest_piece_start(&piece);
	digest_put(&piece, "misu-payload-1", 14);
	digest_put(&piece, keyed->bytes, DIGEST_SIZE);
	return digest_piece_hmac(key, &piece);
}

struct digest
entry_object_key(const struct digest_key *key)
{
	return digest_key_hmac(key, SLICE("misu-object-1"));
}

/* `"name":`, with a comma unless it is the first member. */
static inline void
add_name(struct text *text, bool *first, const char *name)
{
	struct slice word = slice_from(name);
	char *at;

	if (!text_reserve(text, word.len + 4))
		return;
	at = text->data + text->len;
	if (!*first)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, word.data, word.len);
	at += word.len;
	*at++ = '"';
	*at++ = ':';
	text->len = (size_t)(at - text->data);
	*first = false;
}

static void
add_text_member(
    struct text *text, bool *first, const char *name, struct slice value)
{
	add_name(text, first, name);
	text_add_json(text, value);
}

static void
add_hex_member(struct text *text, bool *first, const char *name,
    const void *bytes, size_t len)
{
	add_name(text, first, name);
	text_add_char(text, '"');
	text_add_hex(text, bytes, len);
	text_add_char(text, '"');
}

static void
add_base64(struct text *text, const void *bytes, size_t len)
{
	text_add_char(text, '"');
	text_add_base64(text, bytes, len);
	text_add_char(text, '"');
}

static void
add_ruling(struct text *text, struct ruling ruling)
{
	text_add(text, SLICE("[\""));
	text_add_string(text, verdict_name(ruling.verdict));
	text_add(text, SLICE("\","));
	text_add_number(text, ruling.rule);
}

static bool
passes(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_REFUSE:
	case VERDICT_HOLD:
	case VERDICT_REDACT:
		return false;
	case VERDICT_REPLACE:
	case VERDICT_GENERALISE:
	case VERDICT_FORWARD:
		return true;
	case VERDICT_COUNT:
		break;
	}
	return false;
}

/* A line of a field at its longest: words, a rule's number, a commitment. */
enum {
	FIELD_ROOM = 2 * sizeof(struct entry_word) + TEXT_NUMBER_MAX +
	    TEXT_BASE64_LEN(DIGEST_SIZE) + 8
};

static inline char *
put_word(char *at, const struct entry_word *word)
{
	memcpy(at, word->text, sizeof(word->text));
	return at + word->len;
}

static char *
put_commitment(char *at, const struct entry_disclosure *entry, enum role role,
    struct slice role_word, enum field field)
{
	struct values values =
	    disclosure_values(entry->disclosure, role, field);
	/* Between the quotes of the line's beginning. */
	const struct entry_word *line = &entry->order->names[field];
	struct slice name = {line->text + 1, line->len - sizeof("\":[\"")};
	struct digest commitment;

	if (values.count == 0 || !entry_may_commit(field))
		return at;
	commitment =
	    commit(&entry->subjects[role]->key, role_word, name, values);
	*at++ = ',';
	*at++ = '"';
	at = text_put_base64(at, commitment.bytes, DIGEST_SIZE);
	*at++ = '"';
	return at;
}

/* The same fields as bits in the order of their names. */
static uint64_t
ranked(const struct entry_order *order, uint64_t fields)
{
	uint64_t ranks = 0;

	for (; fields != 0; fields &= fields - 1)
		ranks |= UINT64_C(1) << order->ranks[__builtin_ctzll(fields)];
	return ranks;
}

/*
 * `onward` is ENTRY_NONE for the recipient itself.  Where the record had
 * nothing, nothing was made, and there is no line.
 */
static void
add_role_fields(struct text *text, const struct entry_disclosure *entry,
    enum role role, uint64_t onward)
{
	const struct disclosure *disclosure = entry->disclosure;
	const struct entry_order *order = entry->order;
	struct slice role_word =
	    slice_from(disclosure_role_word(disclosure, role));
	uint64_t listed =
	    ranked(order, disclosure_collected_all(disclosure, role));
	bool is_own = onward == ENTRY_NONE;
	char *at;

	text_add_char(text, '{');
	for (uint64_t left = listed; left != 0; left &= left - 1) {
		enum field field = order->fields[__builtin_ctzll(left)];
		struct ruling ruling;

		if (!text_reserve(text, FIELD_ROOM))
			return;
		ruling = is_own ? disclosure_ruling(disclosure, role, field)
				: disclosure_onward_ruling(disclosure,
				      (size_t)onward, role, field);
		at = put_word(text->data + text->len, &order->names[field]);
		at = put_word(at, &order->verdicts[ruling.verdict]);
		at = text_put_number(at, ruling.rule);
		if (is_own && passes(ruling.verdict))
			at = put_commitment(at, entry, role, role_word, field);
		*at++ = ']';
		*at++ = ',';
		text->len = (size_t)(at - text->data);
	}
	if (listed != 0)
		text->len--; /* the last comma */
	text_add_char(text, '}');
}

static void
add_fields(
    struct text *text, const struct entry_disclosure *entry, uint64_t onward)
{
	bool first = true;

	text_add_char(text, '{');
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		enum role role = entry->order->roles[i];

		if (!disclosure_has_role(entry->disclosure, role))
			continue;
		add_name(text, &first,
		    disclosure_role_word(entry->disclosure, role));
		add_role_fields(text, entry, role, onward);
	}
	text_add_char(text, '}');
}

static void
add_object(struct text *text, struct slice object,
    const struct entry_subject *owner, enum object_type type)
{
	bool first = true;

	text_add_char(text, '{');
	add_name(text, &first, "data");
	add_base64(text, object.data, object.len);
	add_name(text, &first, "slot");
	text_add_number(text, owner->slot);
	add_hex_member(
	    text, &first, "subject", owner->pseudonym, ENTRY_PSEUDONYM);
	add_text_member(
	    text, &first, "type", slice_from(object_type_name(type)));
	text_add_char(text, '}');
}

static void
add_onward(struct text *text, const struct entry_disclosure *entry)
{
	const struct disclosure *disclosure = entry->disclosure;

	text_add_char(text, '[');
	for (size_t i = 0; i < disclosure_onward_count(disclosure); i++) {
		bool first = true;

		text_add_string(text, i == 0 ? "{" : ",{");
		add_name(text, &first, "fields");
		add_fields(text, entry, i);
		add_text_member(text, &first, "recipient",
		    disclosure_onward(disclosure, i)->id);
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
}

static void
add_subject(struct text *text, const struct entry_subject *subject)
{
	text_add_string(text, "[\"");
	text_add_hex(text, subject->pseudonym, ENTRY_PSEUDONYM);
	text_add_string(text, "\",");
	text_add_number(text, subject->slot);
	text_add_char(text, ']');
}

static void
add_subjects(struct text *text, const struct entry_disclosure *entry)
{
	bool first = true;

	text_add_char(text, '{');
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		enum role role = entry->order->roles[i];
		const struct entry_subject *subject = entry->subjects[role];

		if (!disclosure_has_role(entry->disclosure, role))
			continue;
		add_name(text, &first,
		    disclosure_role_word(entry->disclosure, role));
		add_subject(text, subject);
	}
	text_add_char(text, '}');
}

/* The members after "recipient" are alike in every entry but an audit's. */
static void
add_tail(struct text *text, bool *first, const struct entry_common *common,
    struct slice server)
{
	if (common->request.len != 0)
		add_text_member(text, first, "request", common->request);
	add_hex_member(text, first, "salt", common->salt, ENTRY_SALT);
	if (server.len != 0)
		add_text_member(text, first, "server", server);
	add_hex_member(text, first, "setup", common->setup.bytes, DIGEST_SIZE);
}

static void
add_end(struct text *text, bool *first, const struct entry_common *common,
    const char *type)
{
	add_name(text, first, "time");
	text_add_number(text, common->time);
	add_text_member(text, first, "type", slice_from(type));
	add_name(text, first, "v");
	text_add_number(text, ENTRY_VERSION);
	text_add_char(text, '}');
}

static void
add_outcome(
    struct text *text, bool *first, const struct disclosure *disclosure)
{
	struct ruling outcome = disclosure_outcome(disclosure);

	if (outcome.verdict == VERDICT_FORWARD)
		return;
	add_name(text, first, "outcome");
	add_ruling(text, outcome);
	if (disclosure_is_stopped(disclosure))
		text_add_string(text, ",\"stopped\"");
	text_add_char(text, ']');
}

static bool
finish(struct text *text, size_t start, struct fail *fail)
{
	if (text->failed)
		return fail_memory(fail);
	if (text->len - start > ENTRY_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "the ledger entry would have %zu bytes, at most %d fit",
		    text->len - start, ENTRY_MAX);
	return true;
}

static bool
check_text(struct slice piece, const char *what, struct fail *fail)
{
	if (text_is_utf8(piece))
		return true;
	return fail_set(
	    fail, FAIL_INPUT, "%s of a ledger entry is not UTF-8", what);
}

bool
entry_write_disclosure(
    struct text *text, const struct entry_disclosure *entry, struct fail *fail)
{
	const struct disclosure *disclosure = entry->disclosure;
	const struct recipient *recipient = disclosure_recipient(disclosure);
	size_t start = text->len;
	bool first = true;

	if (!check_text(entry->common.request, "the request id", fail) ||
	    !check_text(entry->case_id, "the case", fail) ||
	    !check_text(entry->channel, "the channel", fail))
		return false;
	text_add_char(text, '{');
	add_text_member(text, &first, "basis", recipient->basis);
	if (entry->case_id.len != 0)
		add_text_member(text, &first, "case", entry->case_id);
	add_text_member(text, &first, "channel", entry->channel);
	add_name(text, &first, "fields");
	add_fields(text, entry, ENTRY_NONE);
	add_name(text, &first, "object");
	add_object(
	    text, entry->object, entry->owner, disclosure_type(disclosure));
	add_name(text, &first, "onward");
	add_onward(text, entry);
	add_text_member(text, &first, "operation",
	    slice_from(operation_name(disclosure_operation(disclosure))));
	add_outcome(text, &first, disclosure);
	if (entry->payload != NULL) {
		add_name(text, &first, "payload");
		add_base64(text, entry->payload->bytes, DIGEST_SIZE);
	}
	add_hex_member(
	    text, &first, "policy", entry->common.policy.bytes, DIGEST_SIZE);
	add_text_member(
	    text, &first, "purpose", disclosure_purpose(disclosure));
	add_text_member(text, &first, "recipient", recipient->id);
	add_tail(text, &first, &entry->common, (struct slice){NULL, 0});
	add_name(text, &first, "subjects");
	add_subjects(text, entry);
	if (entry->supersedes != ENTRY_NONE) {
		add_name(text, &first, "supersedes");
		text_add_number(text, (int64_t)entry->supersedes);
	}
	add_end(text, &first, &entry->common, "disclosure");
	return finish(text, start, fail);
}

static void
add_finding(struct text *text, const struct audit_finding *finding)
{
	text_add_string(text, "[\"");
	text_add_string(text, audit_kind_name(finding->kind));
	text_add_char(text, '"');
	if (!finding->is_whole)
		text_add_format(text, ",\"%s\",\"%s\",%u%s%s",
		    role_name(finding->role), field_info[finding->field].name,
		    finding->rule, finding->is_current ? ",\"current\"" : "",
		    finding->is_stop ? ",\"stopped\"" : "");
	text_add_char(text, ']');
}

static void
add_findings(
    struct text *text, bool *first, const struct audit_findings *findings)
{
	add_name(text, first, "findings");
	text_add_char(text, '[');
	for (size_t i = 0; i < findings->count && i < ENTRY_FINDINGS_MAX; i++) {
		if (i != 0)
			text_add_char(text, ',');
		add_finding(text, &findings->items[i]);
	}
	text_add_char(text, ']');
}

bool
entry_write_event(
    struct text *text, const struct entry_event *entry, struct fail *fail)
{
	static const struct entry_audit nothing;
	const struct entry_common *common = &entry->common;
	const struct entry_audit *audit =
	    entry->audit != NULL ? entry->audit : &nothing;
	size_t start = text->len;
	bool first = true;

	if (!check_text(common->request, "the request id", fail) ||
	    !check_text(entry->word, "the word", fail) ||
	    !check_text(entry->actor, "the actor", fail) ||
	    !check_text(entry->case_id, "the case", fail) ||
	    !check_text(audit->server, "the server", fail) ||
	    !check_text(entry->reason, "the reason", fail))
		return false;
	text_add_char(text, '{');
	if (entry->actor.len != 0)
		add_text_member(text, &first, "actor", entry->actor);
	if (entry->case_id.len != 0)
		add_text_member(text, &first, "case", entry->case_id);
	if (entry->entry != ENTRY_NONE) {
		add_name(text, &first, "entry");
		text_add_number(text, (int64_t)entry->entry);
	}
	if (audit->owner != NULL) {
		add_findings(text, &first, &audit->findings);
		add_name(text, &first, "object");
		add_object(text, audit->object, audit->owner, audit->type);
	}
	if (entry->kept.len != 0) {
		add_name(text, &first, "kept");
		text_add(text, entry->kept);
	}
	add_hex_member(
	    text, &first, "policy", common->policy.bytes, DIGEST_SIZE);
	if (entry->reason.len != 0)
		add_text_member(text, &first, "reason", entry->reason);
	if (audit->recipient.len != 0)
		add_text_member(text, &first, "recipient", audit->recipient);
	add_tail(text, &first, common, audit->server);
	if (entry->subject != NULL) {
		add_name(text, &first, "subject");
		add_subject(text, entry->subject);
	}
	add_end(text, &first, common, entry->type);
	/* "word" sorts after "v": take the brace back. */
	if (entry->word.len != 0 && !text->failed) {
		text->len--;
		add_text_member(text, &first, "word", entry->word);
		text_add_char(text, '}');
	}
	return finish(text, start, fail);
}
