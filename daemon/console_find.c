/*
 * Objects and subjects in an auditor's or operator's query.  The keeper, which has the keys,
 * says what stands for them in the index and in entries, and writes down who
 * asked.  What it said is kept a while, so that the pages of one search, and
 * the looks of somebody who follows it, are one search in the ledger.
 */
#include <stdlib.h>

#include "base/text.h"
#include "codec/json.h"
#include "console_line.h"
#include "console_priv.h"

enum { KEPT = 256, KEPT_TIME = 600 * 1000 /* ms */ };

/* What was found, by auditor and name; no name stands here. */
struct found {
	struct digest key;
	int64_t until;	/* 0: nothing is here */
	bool is_object; /* else a subject */
	int64_t term;
	char pseudonym[2 * PSEUDONYM_SIZE + 1]; /* "": nobody */
};

struct console_found {
	struct found items[KEPT];
};

/* A request that waits for the keeper. */
struct seeking {
	struct console *console;
	struct http_request *request;
	bool by_operator;
	struct found names[2 * CONSOLE_FIND_MAX]; /* objects, then subjects */
	size_t object_count, subject_count;
};

/* What is asked for and not known yet. */
struct wanted {
	struct console_request *asked;
	struct seeking *seeking;
	struct text objects, subjects;
};

static int64_t
now(const struct console *console)
{
	return console->loop->operations->now(console->loop);
}

/* --- what is kept --- */

static struct digest
key_of(struct slice auditor, bool is_object, struct slice name)
{
	struct digest_run run;

	digest_start(&run);
	digest_add(&run, is_object ? "o" : "s", 1);
	digest_add(&run, auditor.data, auditor.len);
	digest_add(&run, "\n", 1);
	digest_add(&run, name.data, name.len);
	return digest_end(&run);
}

static const struct found *
look_up(const struct console *console, const struct digest *key)
{
	for (size_t i = 0; console->found != NULL && i < KEPT; i++) {
		const struct found *found = &console->found->items[i];

		if (found->until > now(console) &&
		    digest_equal(&found->key, key))
			return found;
	}
	return NULL;
}

/* In the place of the one that ends first. */
static void
keep(struct console *console, struct found *found)
{
	struct found *place = console->found->items;

	for (size_t i = 1; i < KEPT; i++)
		if (console->found->items[i].until < place->until)
			place = &console->found->items[i];
	found->until = now(console) + KEPT_TIME;
	*place = *found;
}

void
console_find_forget(struct console *console)
{
	if (console->found != NULL)
		digest_wipe(console->found, sizeof(*console->found));
	free(console->found);
	console->found = NULL;
}

/* --- what the keeper says --- */

static bool
read_term(struct slice hex, int64_t *out)
{
	uint8_t bytes[8];
	uint64_t term = 0;

	if (!text_hex_decode(hex, bytes, sizeof(bytes)))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		term = term << 8 | bytes[i];
	*out = (int64_t)term;
	return true;
}

static bool
read_one(struct found *found, const struct json_node *node)
{
	if (node->kind != JSON_KIND_STRING)
		return false;
	if (found->is_object)
		return read_term(node->string, &found->term);
	if (node->string.len != 0 &&
	    node->string.len != sizeof(found->pseudonym) - 1)
		return false;
	memcpy(found->pseudonym, node->string.data, node->string.len);
	return true;
}

static bool
read_list(struct found *names, size_t count, const struct json_node *list)
{
	if (list == NULL || list->kind != JSON_KIND_ARRAY ||
	    list->count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!read_one(&names[i], &list->items[i]))
			return false;
	return true;
}

static bool
take_answer(struct seeking *seeking, struct slice body)
{
	struct console *console = seeking->console;
	struct arena *arena = arena_create(NULL);
	struct fail ignored = FAIL_INIT;
	const struct json_node *root =
	    arena != NULL ? json_parse(arena, body, &ignored) : NULL;
	size_t objects = seeking->object_count;
	bool ok;

	if (console->found == NULL)
		console->found = calloc(1, sizeof(*console->found));
	ok = root != NULL && console->found != NULL &&
	     read_list(seeking->names, objects, json_find(root, "objects")) &&
	     read_list(seeking->names + objects, seeking->subject_count,
		 json_find(root, "subjects"));
	for (size_t i = 0; ok && i < objects + seeking->subject_count; i++)
		keep(console, &seeking->names[i]);
	arena_destroy(arena);
	return ok;
}

/* The request is looked at anew: what it lacked is there now. */
static void
answered(void *arg, int status, struct slice body)
{
	struct seeking *seeking = arg;
	struct console_request asked = {
	    .console = seeking->console, .request = seeking->request};

	if (status != 200)
		console_pass_on(&asked, status, body);
	else if (!take_answer(seeking, body))
		console_refuse(&asked, 503,
		    "the keeper's answer cannot be used: ask again");
	else if (seeking->by_operator)
		console_orders_respond(seeking->console, seeking->request);
	else
		console_respond(seeking->console, seeking->request);
	free(seeking);
}

/* --- asking --- */

static bool
add_wanted(struct wanted *wanted, bool is_object, struct slice name)
{
	struct seeking *seeking = wanted->seeking;
	struct text *text = is_object ? &wanted->objects : &wanted->subjects;
	struct found *found =
	    &seeking->names[seeking->object_count + seeking->subject_count];

	found->is_object = is_object;
	found->key = key_of(wanted->asked->auditor, is_object, name);
	if (look_up(seeking->console, &found->key) != NULL)
		return true;
	if (is_object)
		seeking->object_count++;
	else
		seeking->subject_count++;
	if (text->len != 0)
		text_add_char(text, ',');
	text_add_json(text, name);
	return !text->failed;
}

static bool
add_all(struct wanted *wanted, const struct query *query, enum query_key key)
{
	for (size_t i = 0; i < query->count; i++)
		for (size_t j = 0;
		     query->terms[i].key == key && j < query->terms[i].count;
		     j++)
			if (!add_wanted(wanted, key == QUERY_OBJECT,
				query->terms[i].values[j]))
				return false;
	return true;
}

static void
add_who(struct text *question, const struct console_request *asked)
{
	const struct console_operator *operator= asked->operator;

	if (operator== NULL) {
		text_add_string(question, "\"verb\":\"find\",\"token\":");
		text_add_json(question, asked->auditor);
	} else {
		text_add_string(question, "\"verb\":\"log/find\",");
		console_add_operator(question, operator);
	}
}

/* {NULL, 0} without memory. */
static struct slice
make_question(struct wanted *wanted)
{
	struct arena *arena = wanted->asked->arena;
	struct text names = text_start(arena), question = text_start(arena);

	text_add_string(&names, "{\"objects\":[");
	text_add(&names, text_slice(&wanted->objects));
	text_add_string(&names, "],\"subjects\":[");
	text_add(&names, text_slice(&wanted->subjects));
	text_add_string(&names, "]}");
	text_add_char(&question, '{');
	add_who(&question, wanted->asked);
	text_add_string(&question, ",\"text\":");
	text_add_json(&question, text_slice(&names));
	text_add_char(&question, '}');
	return names.failed ? (struct slice){NULL, 0} : text_slice(&question);
}

static size_t
count_values(const struct query *query, enum query_key key)
{
	size_t count = 0;

	for (size_t i = 0; i < query->count; i++)
		if (query->terms[i].key == key)
			count += query->terms[i].count;
	return count;
}

/* True: all are known; false: it was answered, or will be. */
static bool
ask_keeper(struct console_request *asked, const struct query *query)
{
	struct seeking *seeking = calloc(1, sizeof(*seeking));
	struct wanted wanted = {
	    asked, seeking, text_start(asked->arena), text_start(asked->arena)};
	struct slice question = {NULL, 0};
	bool all = false;

	if (seeking != NULL) {
		seeking->console = asked->console;
		seeking->request = asked->request;
		seeking->by_operator = asked->operator != NULL;
		if (add_all(&wanted, query, QUERY_OBJECT) &&
		    add_all(&wanted, query, QUERY_SUBJECT)) {
			all =
			    seeking->object_count + seeking->subject_count == 0;
			question = make_question(&wanted);
		}
	}
	if (!all && question.data != NULL) {
		console_keeper_ask(
		    asked->console->keeper, question, answered, seeking);
		return false;
	}
	free(seeking);
	if (!all)
		console_refuse(asked, 503, "out of memory");
	return all;
}

/* --- putting it in --- */

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
give_objects(struct console_request *asked, const struct query_term *term,
    struct log_given *given)
{
	int64_t *terms =
	    arena_take_array(asked->arena, term->count, sizeof(*terms));

	if (terms == NULL)
		return false;
	for (size_t i = 0; i < term->count; i++) {
		struct digest key =
		    key_of(asked->auditor, true, term->values[i]);
		const struct found *found = look_up(asked->console, &key);

		if (found == NULL)
			return false;
		terms[i] = found->term;
	}
	qsort(terms, term->count, sizeof(*terms), by_number);
	*given = (struct log_given){term->negated, terms, term->count};
	return true;
}

/* Nobody's pseudonym is in no entry. */
static bool
give_subjects(struct console_request *asked, struct query_term *term)
{
	term->key = QUERY_PSEUDONYM;
	for (size_t i = 0; i < term->count; i++) {
		struct digest key =
		    key_of(asked->auditor, false, term->values[i]);
		const struct found *found = look_up(asked->console, &key);

		if (found == NULL)
			return false;
		term->values[i] = arena_copy(asked->arena,
		    slice_from(
			found->pseudonym[0] != '\0' ? found->pseudonym : "-"));
		if (term->values[i].data == NULL)
			return false;
	}
	return true;
}

/* Objects are no more in the query then: the index alone knows them. */
static bool
translate(struct console_request *asked, struct query *query,
    struct console_givens *out)
{
	size_t kept = 0;

	out->count = 0;
	for (size_t i = 0; i < query->count; i++) {
		struct query_term *term = &query->terms[i];

		if (term->key == QUERY_OBJECT) {
			if (!give_objects(
				asked, term, &out->items[out->count++]))
				return false;
			continue;
		}
		if (term->key == QUERY_SUBJECT && !give_subjects(asked, term))
			return false;
		query->terms[kept++] = *term;
	}
	query->count = kept;
	return true;
}

bool
console_find(struct console_request *asked, struct query *query,
    struct console_givens *out)
{
	out->count = 0;
	if (!query_has(query, QUERY_OBJECT) && !query_has(query, QUERY_SUBJECT))
		return true;
	if (count_values(query, QUERY_OBJECT) > CONSOLE_FIND_MAX ||
	    count_values(query, QUERY_SUBJECT) > CONSOLE_FIND_MAX) {
		console_refuse(asked, 422,
		    "a query here has at most 16 objects and 16 subjects: ask "
		    "in several");
		return false;
	}
	if (!ask_keeper(asked, query))
		return false;
	if (translate(asked, query, out))
		return true;
	console_refuse(asked, 503, "what was found is gone again: ask again");
	return false;
}
