/*
 * Answers that were made before.  One is told again only while the view says
 * what it was made of: its number (store/view_mark.h) stands as it did before
 * the row was read, or else the row is looked at again, and is one that may
 * be told, from the same entry of the ledger.  An entry's bytes never change,
 * so that is the same answer; an epoch that was raised, a doubt, an end or a
 * smaller network since would have shown.
 */
#include "publisher_priv.h"

void
publisher_set_clock(struct publisher *publisher)
{
	int64_t now = publisher_now(publisher);

	if (now == publisher->second)
		return;
	publisher->second = now;
	date_print(now, 0, publisher->date);
	http_date_print(now, publisher->http_date);
}

static bool
is_so_still(struct publisher *publisher, struct answer *answer)
{
	uint64_t generation = view_generation(publisher->view);
	struct fail ignored = FAIL_INIT;
	struct view_found found;
	bool ok;

	if (generation != 0 && generation == answer->generation)
		return true;
	/* Others stand around it, which may be others by now. */
	if (answer->ask.kind == ASK_NETWORK)
		return false;
	ok = publisher_look(publisher, &answer->ask, publisher->scratch, &found,
		 &ignored) &&
	     found.state == VIEW_CURRENT && found.entry == answer->entry;
	arena_reset(publisher->scratch);
	answer->generation = generation;
	return ok;
}

/* Both times have one length, whatever they are: they are put in place. */
static void
set_times(struct publisher *publisher, struct answer *answer)
{
	char *bytes = (char *)(uintptr_t)answer->bytes.data;

	publisher_set_clock(publisher);
	if (answer->told == publisher->second)
		return;
	answer->told = publisher->second;
	if (answer->http_date != 0)
		memcpy(bytes + answer->http_date, publisher->http_date,
		    HTTP_DATE_LEN);
	if (answer->date != 0)
		memcpy(bytes + answer->date, publisher->date,
		    strlen(publisher->date));
}

const struct answer *
publisher_kept(struct publisher *publisher, struct slice key)
{
	struct answer *answer = publisher->view != NULL
				    ? answers_find(publisher->answers, key)
				    : NULL;

	if (answer == NULL)
		return NULL;
	if (!is_so_still(publisher, answer)) {
		answers_drop(publisher->answers, answer);
		return NULL;
	}
	set_times(publisher, answer);
	return answer;
}

void
publisher_keep(struct publisher *publisher, const struct ask *ask,
    const struct publisher_found *found, const struct answer *made)
{
	struct answer answer = *made;

	const struct publication *it = &found->row.it;

	/* What several rows answer together is not known by one of them. */
	if ((ask->kind != ASK_DOMAIN && ask->kind != ASK_NETWORK &&
		ask->kind != ASK_CONTACT) ||
	    it->above.count != 0 || it->below.count != 0 || it->below.more)
		return;
	answer.told = publisher->second;
	answer.ask = *ask;
	answer.entry = found->entry;
	answer.generation = found->generation;
	answer.personal = found->personal;
	answers_keep(publisher->answers, &answer);
}

void
publisher_key(struct text *key, const struct ask *ask)
{
	char prefix[PREFIX_SIZE];
	bool is_address;

	switch (ask->kind) {
	case ASK_DOMAIN:
		text_add_string(key, "domain/");
		text_add(key, ask->name);
		break;
	case ASK_CONTACT:
		text_add_string(key, "entity/");
		text_add(key, ask->name);
		break;
	case ASK_NETWORK:
		is_address = ask->prefix.bits == (ask->prefix.six ? 128 : 32);
		text_add_string(key, "ip/");
		text_add(key,
		    (struct slice){prefix,
			is_address ? prefix_print_address(&ask->prefix, prefix)
				   : prefix_print(&ask->prefix, prefix)});
		break;
	case ASK_NAMESERVER:
	case ASK_REFERENCES:
	case ASK_AUTNUM:
	case ASK_HELP:
	case ASK_SEARCH:
		break;
	}
}
