/* misuctl subject: the record of provision, for the person it is about. */
#include "codec/account.h"
#include "core/entry_parts.h"
#include "ctl_opened.h"
#include "ctl_query.h"
#include "store/log_about.h"
#include "store/vault.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HTML };
enum { OBJECTS_MAX = 1000, VALUES_MAX = 65536 };

struct asked {
	struct ctl_opened opened;
	struct account account;
	enum format format;
	struct provided *provided;
	struct arena *scratch;
	struct fail fail; /* of the reading */
};

static int
trouble(enum fail_kind kind, const char *text, const char *hint)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, kind, "%s", text);
	if (hint != NULL)
		fail_hint(&fail, "%s", hint);
	return ctl_fail(&fail);
}

/* --- whose pseudonym it is --- */

/* The vault knows, and is let go at once. */
static int
look_pseudonym(struct asked *asked)
{
	struct ctl_opened *opened = &asked->opened;
	const struct setup *setup = ctl_setup(opened->ctl);
	struct text hex = text_start(opened->ctl->arena);
	struct fail fail = FAIL_INIT;
	struct subject subject;
	struct vault *vault;
	bool found;

	if (opened->keys == NULL)
		return trouble(FAIL_DENIED,
		    "subjects need the master key, which cannot be read", NULL);
	vault = vault_open(opened->disk,
	    setup_state_path(setup, SLICE("vault")), opened->keys, &fail);
	if (vault == NULL)
		return ctl_fail(&fail);
	found = keys_find(opened->keys, asked->account.subject, &subject);
	vault_close(vault);
	if (!found) {
		trouble(FAIL_INPUT, "there is no such subject",
		    "one that was forgotten is found by --pseudonym only");
		return CTL_REFUSED;
	}
	text_add_hex(&hex, subject.pseudonym, PSEUDONYM_SIZE);
	digest_wipe(&subject, sizeof(subject));
	asked->account.pseudonym = text_slice(&hex);
	return asked->account.pseudonym.data != NULL ? CTL_OK : CTL_TROUBLE;
}

static int
find_pseudonym(struct asked *asked)
{
	if (asked->account.pseudonym.len != 0)
		return ctl_opened_reveal(&asked->opened) ? CTL_OK : CTL_TROUBLE;
	return asked->opened.live
		   ? ctl_query_pseudonym(asked->opened.ctl,
			 asked->account.subject, &asked->account.pseudonym)
		   : look_pseudonym(asked);
}

/* --- what the ledger says --- */

static void
add_rest(struct asked *asked, struct slice disclosure,
    struct provided_entry *entry)
{
	struct digest policy, setup;
	struct slice missing;

	if (asked->opened.keys != NULL)
		log_query_inputs(asked->opened.keys, disclosure, asked->scratch,
		    &entry->object, &entry->inputs);
	if (entry_digest(disclosure, "policy", &policy) &&
	    entry_digest(disclosure, "setup", &setup))
		entry->ruleset = ctl_opened_policy(
		    &asked->opened, &policy, &setup, &missing);
}

static bool
on_entry(void *context, const struct entry_shown *shown)
{
	struct asked *asked = context;
	struct provided_entry entry = {
	    .index = shown->index, .entry = shown->entry};
	struct slice disclosure;

	arena_reset(asked->scratch);
	if (entry_disclosed(shown->entry, asked->scratch, &disclosure))
		add_rest(asked, disclosure, &entry);
	return provided_add(
	    asked->provided, &entry, asked->scratch, &asked->fail);
}

/* One reading; the index may be NULL. */
static bool
read_by(struct asked *asked, const char *index, struct log_page *page)
{
	struct log_query run =
	    ctl_opened_query(&asked->opened, on_entry, asked);

	run.index = index;
	asked->fail = (struct fail)FAIL_INIT;
	asked->account.provided = NULL;
	asked->provided =
	    provided_create(asked->account.pseudonym, asked->opened.ctl->arena);
	if (asked->provided == NULL)
		return fail_memory(&asked->fail);
	if (!log_about_subject(
		&run, asked->account.pseudonym, page, &asked->fail) ||
	    asked->fail.kind != FAIL_NONE)
		return false;
	asked->account.ledger = page->size;
	asked->account.minimum = page->minimum;
	asked->account.provided =
	    provided_finish(asked->provided, &asked->fail);
	return asked->account.provided != NULL;
}

/* The index has all of who has an id, or a key still; of others nothing. */
static bool
is_indexed(const struct asked *asked)
{
	const struct provided_result *provided = asked->account.provided;
	uint8_t key[KEY_SIZE];
	bool found = asked->account.subject.len != 0;

	if (!found && asked->opened.keys != NULL && provided->has_slot)
		found = keys_slot(asked->opened.keys, provided->slot, key);
	digest_wipe(key, sizeof(key));
	return found;
}

static bool
read_ledger(struct asked *asked)
{
	struct log_page page;

	return (read_by(asked, asked->opened.index, &page) &&
		   (page.indexed == 0 || is_indexed(asked))) ||
	       read_by(asked, NULL, &page);
}

/* Can the names be read, and if not: can nobody? */
static void
look_at_key(struct asked *asked)
{
	const struct provided_result *provided = asked->account.provided;
	uint8_t key[KEY_SIZE];

	asked->account.has_names = asked->opened.keys != NULL;
	asked->account.is_forgotten =
	    asked->opened.keys != NULL && provided->has_slot &&
	    !keys_slot(asked->opened.keys, provided->slot, key);
	digest_wipe(key, sizeof(key));
}

/* --- what is held now --- */

struct held {
	struct asked *asked;
	struct account_value *items;
	size_t count, room;
};

static bool
add_value(struct held *held, const struct provided_row *row,
    const struct json_node *item)
{
	struct account_value value = {.type = row->type, .object = row->object};
	struct account_value *grown;

	if (!role_find(slice_from(ctl_string(item, "role")), &value.role))
		value.role = CONTACT_ROLE;
	if (!field_find(slice_from(ctl_string(item, "field")), &value.field))
		return true;
	value.value = slice_from(ctl_string(item, "value"));
	if (held->count == held->room) {
		size_t room = held->room == 0 ? 64 : 2 * held->room;

		grown = room > VALUES_MAX
			    ? NULL
			    : arena_take_array(held->asked->opened.ctl->arena,
				  room, sizeof(*grown));
		if (grown == NULL)
			return false;
		if (held->count != 0)
			memcpy(
			    grown, held->items, held->count * sizeof(*grown));
		held->items = grown;
		held->room = room;
	}
	held->items[held->count++] = value;
	return true;
}

static int
ask_values(struct held *held, const struct provided_row *row)
{
	struct ctl *ctl = held->asked->opened.ctl;
	struct text ask = text_start(ctl->arena);
	struct fail fail = FAIL_INIT;
	const struct json_node *root, *list;
	struct slice body;
	int status;

	text_add_string(&ask, "{\"subject\":");
	text_add_json(&ask, held->asked->account.subject);
	text_add_format(
	    &ask, ",\"type\":\"%s\",\"object\":", object_type_name(row->type));
	text_add_json(&ask, row->object);
	text_add_char(&ask, '}');
	if (text_slice(&ask).data == NULL ||
	    !ctl_ask(ctl, "subject-values", 0, text_slice(&ask).data, &status,
		&body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	root = json_parse(ctl->arena, body, &fail);
	list = root != NULL ? json_find(root, "values") : NULL;
	for (size_t i = 0; list != NULL && i < list->count; i++)
		if (!add_value(held, row, &list->items[i]))
			return trouble(FAIL_INPUT,
			    "there are too many values to show", NULL);
	return list != NULL ? CTL_OK : CTL_TROUBLE;
}

static bool
was_asked(const struct provided_row *first, const struct provided_row *row)
{
	while (first != row && !(first->type == row->type &&
				   slice_equal(first->object, row->object)))
		first = first->next;
	return first != row;
}

static int
find_values(struct asked *asked)
{
	struct held held = {.asked = asked};
	const struct provided_row *first = asked->account.provided->rows;
	unsigned objects = 0;
	int status = CTL_OK;

	if (!asked->account.has_values)
		return CTL_OK;
	if (!asked->opened.live || asked->account.subject.len == 0)
		return trouble(FAIL_INPUT,
		    "values are shown by a running misu only, for a subject's "
		    "id",
		    "it writes down that they were shown");
	for (const struct provided_row *row = first;
	     row != NULL && status == CTL_OK; row = row->next) {
		if (row->object.len == 0 || was_asked(first, row))
			continue;
		if (++objects > OBJECTS_MAX)
			break;
		status = ask_values(&held, row);
	}
	asked->account.values = held.items;
	asked->account.value_count = held.count;
	return status;
}

/* --- the whole --- */

static int
print(struct asked *asked)
{
	struct arena *arena = asked->opened.ctl->arena;
	struct fail fail = FAIL_INIT;
	struct slice text = {NULL, 0};

	switch (asked->format) {
	case FORMAT_TEXT:
		text = account_text(&asked->account, arena);
		break;
	case FORMAT_JSON:
		text = account_json(&asked->account, arena);
		break;
	case FORMAT_HTML:
		text = account_html(&asked->account, arena);
		break;
	}
	if (text.data == NULL)
		return fail_memory(&fail), ctl_fail(&fail);
	fwrite(text.data, 1, text.len, stdout);
	return CTL_OK;
}

static int
show(struct asked *asked)
{
	int status = find_pseudonym(asked);

	if (status != CTL_OK)
		return status;
	asked->account.made = (int64_t)time(NULL) * 1000;
	if (!read_ledger(asked))
		return ctl_fail(&asked->fail);
	look_at_key(asked);
	status = find_values(asked);
	return status == CTL_OK ? print(asked) : status;
}

static bool
parse_pair(struct asked *asked, const char *option, const char *value)
{
	struct account *account = &asked->account;
	uint8_t bytes[PSEUDONYM_SIZE];
	bool ja = strcmp(value, "ja") == 0;

	if (strcmp(option, "--lang") == 0) {
		account->language = ja ? ACCOUNT_JAPANESE : ACCOUNT_ENGLISH;
		return ja || strcmp(value, "en") == 0;
	}
	if (strcmp(option, "--format") == 0) {
		asked->format = FORMAT_TEXT;
		if (strcmp(value, "json") == 0)
			asked->format = FORMAT_JSON;
		else if (strcmp(value, "html") == 0)
			asked->format = FORMAT_HTML;
		return asked->format != FORMAT_TEXT ||
		       strcmp(value, "text") == 0;
	}
	account->pseudonym = slice_from(value);
	return strcmp(option, "--pseudonym") == 0 &&
	       text_hex_decode(account->pseudonym, bytes, sizeof(bytes));
}

static bool
parse(struct asked *asked, int argc, char **argv)
{
	struct account *account = &asked->account;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--with-values") == 0)
			account->has_values = true;
		else if (strncmp(argv[i], "--", 2) != 0 &&
			 account->subject.len == 0)
			account->subject = slice_from(argv[i]);
		else if (i + 1 == argc ||
			 !parse_pair(asked, argv[i], argv[i + 1]))
			return false;
		else
			i++;
	}
	return (account->subject.len != 0) != (account->pseudonym.len != 0);
}

static int
run_subject(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {
	    .account.language = ACCOUNT_JAPANESE, .fail = FAIL_INIT};
	int status = CTL_TROUBLE;

	if (!parse(&asked, argc, argv))
		return ctl_usage(&ctl_subject);
	asked.scratch = arena_create(NULL);
	if (asked.scratch != NULL) {
		if (ctl_opened_open(&asked.opened, ctl))
			status = show(&asked);
		ctl_opened_close(&asked.opened);
	}
	arena_destroy(asked.scratch);
	return status;
}

const struct ctl_command ctl_subject = {
    .name = "subject",
    .usage = "[--lang ja|en] [--format text|json|html] [--with-values]\n"
	     "           ID | --pseudonym HEX",
    .summary = "a person's record of provision: what went to whom, and when",
    .help =
	"What the person may ask for under article 33(5) of the APPI:\n"
	"recipients, items, times, purposes, bases and methods, publication\n"
	"included.  ID is the backend's; one who was forgotten is found by\n"
	"the pseudonym that the ledger has.  The page that --format html\n"
	"makes needs no other file.",
    .run = run_subject,
};
