#include "ctl_query.h"

#include <unistd.h>

#include "proc.h"
#include "store/vault.h"

/* Options that stand for one term each. */
static const struct {
	const char *option;
	enum query_key key;
} options[] = {
    {"--from", QUERY_FROM},
    {"--until", QUERY_UNTIL},
    {"--object", QUERY_OBJECT},
    {"--subject", QUERY_SUBJECT},
    {"--recipient", QUERY_RECIPIENT},
    {"--type", QUERY_TYPE},
    {"--outcome", QUERY_OUTCOME},
    {"--verdict", QUERY_VERDICT},
    {"--rule", QUERY_RULE},
    {"--sort", QUERY_SORT},
};

static enum ctl_query_took
take_word(struct ctl_query *query, const char *option, enum query_key key,
    const char *value)
{
	if (query->word_count == CTL_QUERY_WORDS_MAX)
		return CTL_NOT_MINE;
	query->words[query->word_count].option = option;
	query->words[query->word_count].key = key;
	query->words[query->word_count++].value = value;
	return option != NULL ? CTL_TWO : CTL_ONE;
}

enum ctl_query_took
ctl_query_take(struct ctl_query *query, const char *argument, const char *next)
{
	/* "-type:start" is a term, "--type" an option. */
	if (argument[0] != '-' ||
	    (argument[1] != '-' && strpbrk(argument, ":=<>") != NULL))
		return take_word(query, NULL, QUERY_KEYS, argument);
	if (next == NULL)
		return CTL_NOT_MINE;
	if (strcmp(argument, "--dir") == 0) {
		query->directory = next;
		return CTL_TWO;
	}
	if (strcmp(argument, "--zone") == 0) {
		query->zone_word = next;
		return CTL_TWO;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (strcmp(argument, options[i].option) == 0)
			return take_word(query, argument, options[i].key, next);
	return CTL_NOT_MINE;
}

bool
ctl_query_take_all(struct ctl_query *query, int argc, char **argv,
    enum ctl_query_took (*own)(
	void *context, const char *argument, const char *next),
    void *context)
{
	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		enum ctl_query_took took = ctl_query_take(query, argv[i], next);

		if (took == CTL_NOT_MINE)
			took = own(context, argv[i], next);
		if (took == CTL_NOT_MINE)
			return false;
		if (took == CTL_TWO)
			i++;
	}
	return true;
}

/* --- parsing --- */

/* "UTC", "JST", "+09:00" */
static bool
parse_zone(const char *word, int *out)
{
	unsigned hours, minutes;
	char sign, end;

	if (strcmp(word, "UTC") == 0 || strcmp(word, "Z") == 0)
		return *out = 0, true;
	if (strcmp(word, "JST") == 0)
		return *out = 9 * 60, true;
	if (sscanf(word, "%c%2u:%2u%c", &sign, &hours, &minutes, &end) != 3 ||
	    (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
		return false;
	*out = (int)(hours * 60 + minutes) * (sign == '-' ? -1 : 1);
	return true;
}

static int
cannot_be(const char *option, const char *value, const struct fail *fail)
{
	fprintf(stderr, "misuctl: %s cannot be %s\n", option, value);
	if (fail->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", fail->hint);
	return CTL_TROUBLE;
}

/* The query with a mark under the place that cannot stand. */
static int
point_at(const char *text, const struct fail *fail)
{
	int column = 0;

	ctl_fail(fail);
	if (sscanf(fail->place, "query:%d", &column) == 1 && column > 0)
		fprintf(stderr, "    %s\n    %*s\n", text, column, "^");
	return CTL_TROUBLE;
}

static int
parse(struct ctl_query *query)
{
	struct arena *arena = query->ctl->arena;

	query_init(&query->query);
	if (query->zone_word != NULL &&
	    !parse_zone(query->zone_word, &query->zone))
		return cannot_be("--zone", query->zone_word,
		    &(struct fail){.hint = "UTC, JST or +09:00"});
	for (size_t i = 0; i < query->word_count; i++) {
		struct slice value = slice_from(query->words[i].value);
		struct fail fail = FAIL_INIT;
		bool ok = query->words[i].option == NULL
			      ? query_parse(&query->query, value, query->zone,
				    arena, &fail)
			      : query_add(&query->query, query->words[i].key,
				    value, query->zone, arena, &fail);

		if (ok)
			continue;
		if (query->words[i].option == NULL)
			return point_at(query->words[i].value, &fail);
		return cannot_be(
		    query->words[i].option, query->words[i].value, &fail);
	}
	return CTL_OK;
}

/* --- keys --- */

/*
 * Names are encrypted: whoever may read the master key sees them.  Without
 * it the log stays readable, with pseudonyms.
 */
struct keys *
ctl_query_keys(struct ctl *ctl, struct disk *disk, struct fail *fail)
{
	const struct setup *setup = ctl_setup(ctl);
	const char *path, *directory;
	uint8_t master[KEY_SIZE];
	struct keys *keys = NULL;
	bool fresh = false;

	if (setup == NULL)
		return NULL;
	path = setup_state_path(setup, setup->conf->master_key);
	directory = setup_state_path(setup, SLICE("keys"));
	if (path == NULL || directory == NULL || access(path, R_OK) != 0 ||
	    access(directory, R_OK | X_OK) != 0) {
		fail_set(fail, FAIL_DENIED,
		    "the master key or the keys cannot be read");
		fail_place(fail, "%s", path != NULL ? path : "");
		return NULL;
	}
	if (proc_master_key(path, master, &fresh, fail))
		keys = keys_look(disk, directory, master, fail);
	digest_wipe(master, sizeof(master));
	return keys;
}

/*
 * The vault tells the keys which slots are whose.  It is let go at once: a misu
 * that starts while somebody follows the log must find it free.
 */
static bool
learn_subjects(struct ctl_query *query)
{
	const struct setup *setup = ctl_setup(query->ctl);
	struct fail fail = FAIL_INIT;
	struct vault *vault = setup == NULL
				  ? NULL
				  : vault_open(query->disk,
					setup_state_path(setup, SLICE("vault")),
					query->keys, &fail);

	if (vault != NULL) {
		vault_close(vault);
		return true;
	}
	fail_set(&fail, FAIL_WORLD,
	    "subjects need the vault, which cannot be opened");
	ctl_fail(&fail);
	return false;
}

/* A subject without a slot is in no entry. */
static struct slice
known_pseudonym(struct ctl_query *query, struct slice id)
{
	struct text hex = text_start(query->ctl->arena);
	struct subject subject;

	if (!keys_find(query->keys, id, &subject))
		return SLICE("-");
	text_add_hex(&hex, subject.pseudonym, PSEUDONYM_SIZE);
	digest_wipe(&subject, sizeof(subject));
	return text_slice(&hex);
}

int
ctl_query_pseudonym(struct ctl *ctl, struct slice id, struct slice *out)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node;
	struct slice body;
	int status;

	if (!ctl_ask(ctl, "log-subject", 0, id.data, &status, &body))
		return CTL_TROUBLE;
	if (status != 200)
		return ctl_problem(ctl, status, body);
	node = json_parse(ctl->arena, body, &fail);
	if (node == NULL)
		return ctl_fail(&fail);
	*out = slice_from(ctl_string(node, "pseudonym"));
	return CTL_OK;
}

static int
find_pseudonyms(struct ctl_query *query, struct query_term *term)
{
	term->key = QUERY_PSEUDONYM;
	for (size_t i = 0; i < term->count; i++) {
		int status = CTL_OK;

		if (query->live)
			status = ctl_query_pseudonym(
			    query->ctl, term->values[i], &term->values[i]);
		else
			term->values[i] =
			    known_pseudonym(query, term->values[i]);
		if (status != CTL_OK)
			return status;
	}
	return CTL_OK;
}

/* Objects and subjects: can they be found, and who has to know? */
static int
find_persons(struct ctl_query *query)
{
	bool objects = query_has(&query->query, QUERY_OBJECT);
	bool subjects = query_has(&query->query, QUERY_SUBJECT);
	struct slice body;
	int status = CTL_OK;

	if (query->keys == NULL && (objects || (subjects && !query->live))) {
		struct fail fail = FAIL_INIT;

		fail_set(&fail, FAIL_DENIED,
		    "objects and subjects need the master key, which cannot"
		    " be read");
		return ctl_fail(&fail);
	}
	if (objects && query->live) {
		if (!ctl_ask(query->ctl, "log-object", 0, NULL, &status, &body))
			return CTL_TROUBLE;
		if (status != 200)
			return ctl_problem(query->ctl, status, body);
	}
	if (subjects && !query->live && !learn_subjects(query))
		return CTL_TROUBLE;
	status = CTL_OK;
	for (size_t i = 0; i < query->query.count && status == CTL_OK; i++)
		if (query->query.terms[i].key == QUERY_SUBJECT)
			status = find_pseudonyms(query, &query->query.terms[i]);
	return status;
}

int
ctl_query_prepare(struct ctl_query *query)
{
	struct fail fail = FAIL_INIT, no_keys = FAIL_INIT;
	const struct setup *setup;
	int status = parse(query);

	/* The misu that is asked finds the rest. */
	if (status != CTL_OK || query->ctl->remote.url != NULL)
		return status;
	if (query->directory == NULL) {
		query->directory = ctl_ledger_directory(query->ctl);
		setup = ctl_setup(query->ctl);
		if (setup != NULL)
			query->index =
			    setup_state_path(setup, SLICE("index/index.db"));
	}
	if (query->directory == NULL)
		return CTL_TROUBLE;
	query->disk = disk_real_create(NULL, &fail);
	if (query->disk == NULL)
		return ctl_fail(&fail);
	query->live = ctl_is_live(query->ctl, query->directory);
	query->keys = ctl_query_keys(query->ctl, query->disk, &no_keys);
	return find_persons(query);
}

void
ctl_query_finish(struct ctl_query *query)
{
	keys_close(query->keys);
	disk_real_destroy(query->disk);
}
