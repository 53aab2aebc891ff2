/* WHOIS: which layout an object has, and what is said where there is none. */
#include "base/name.h"
#include "codec/whois.h"
#include "log.h"
#include "publisher_priv.h"

enum {
	CONNECTIONS = 1000,
	EACH = 100,
	PATIENCE = 15, /* seconds */
	REFERENCES = 20 /* names in one answer */
};

/*
 * Prefectures.  A name right below one is like a generic name; below a city of
 * theirs names are organizations'.
 */
static bool
is_regional(struct slice name)
{
	static const char *const prefectures[] = {"aichi", "akita", "aomori",
	    "chiba", "ehime", "fukui", "fukuoka", "fukushima", "gifu", "gunma",
	    "hiroshima", "hokkaido", "hyogo", "ibaraki", "ishikawa", "iwate",
	    "kagawa", "kagoshima", "kanagawa", "kochi", "kumamoto", "kyoto",
	    "mie", "miyagi", "miyazaki", "nagano", "nagasaki", "nara",
	    "niigata", "oita", "okayama", "okinawa", "osaka", "saga",
	    "saitama", "shiga", "shimane", "shizuoka", "tochigi", "tokushima",
	    "tokyo", "tottori", "toyama", "wakayama", "yamagata", "yamaguchi",
	    "yamanashi"};
	struct slice rest = name, label = {"", 0};
	size_t labels = name_labels(name);

	for (size_t i = 0; labels >= 4 && i + 1 < labels; i++) {
		const char *dot = memchr(rest.data, '.', rest.len);

		label =
		    (struct slice){rest.data, (size_t)(dot - rest.data)};
		rest.data = dot + 1;
		rest.len -= label.len + 1;
	}
	for (size_t i = 0; slice_is(rest, "jp") &&
			   i < sizeof(prefectures) / sizeof(*prefectures);
	     i++)
		if (slice_is(label, prefectures[i]))
			return true;
	return false;
}

/* Second-level domains whose names are organizations'. */
static bool
is_organizational(struct slice name)
{
	static const char *const zones[] = {".ac.jp", ".ad.jp", ".co.jp",
	    ".ed.jp", ".go.jp", ".gr.jp", ".lg.jp", ".ne.jp", ".or.jp"};

	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++)
		if (whois_ends_in(name, zones[i]))
			return true;
	return is_regional(name);
}

static void
tell_gtld(struct publisher *publisher, const struct publication *it,
    struct text *text)
{
	const struct conf_publish *publish = &publisher->conf->publish;
	struct whois_style style = whois_style_of(it);

	if (publish->contact_form.len != 0)
		style.redacted_email = publish->contact_form;
	style.footer = publish->terms;
	whois_gtld(text, it, &style, publisher_now(publisher));
}

static void
tell(struct publisher *publisher, const struct ask *ask,
    const struct publication *it, enum role role, struct text *text)
{
	if (ask->kind == ASK_CONTACT && it->type == OBJECT_DOMAIN &&
	    whois_ends_in(it->name, ".jp"))
		whois_jprs_contact(text, it, role, ask->english);
	else if (ask->kind == ASK_CONTACT)
		whois_jpnic_contact(text, it, role, ask->english);
	else if (it->type == OBJECT_NETWORK)
		whois_jpnic_network(text, it, ask->english);
	else if (is_organizational(it->name))
		whois_jprs_organizational(text, it, ask->english);
	else if (whois_ends_in(it->name, ".jp"))
		whois_jprs_generic(text, it, ask->english);
	else
		tell_gtld(publisher, it, text);
}

/* As registries' agreements have it: specification 4, section 1.7. */
static void
tell_server(struct publisher *publisher, const struct publisher_server *server,
    struct text *text)
{
	const struct publication_registrar *registrar =
	    &publisher->conf->publish.registrar;

	text_add_string(text, "Server Name: ");
	text_add(text, server->it.name);
	for (size_t i = 0; i < server->addresses.count; i++) {
		text_add_string(text, "\nIP Address: ");
		text_add(text, server->addresses.items[i]);
	}
	/* Of another's server this is not known. */
	if (server->is_ours && registrar->name.len != 0) {
		text_add_string(text, "\nRegistrar: ");
		text_add(text, registrar->name);
	}
	publisher_count(publisher, TALLY_WHOIS, TALLY_TOLD);
	publisher_set_clock(publisher);
	text_add_format(text,
	    "\n>>> Last update of WHOIS database: %s <<<\n", publisher->date);
}

static void
tell_none(
    struct publisher *publisher, const struct ask *ask, struct text *text)
{
	publisher_count(publisher, TALLY_WHOIS, TALLY_NONE);
	if (ask->kind == ASK_NETWORK || ask->kind == ASK_CONTACT ||
	    ask->kind == ASK_AUTNUM) {
		whois_jpnic_not_found(text, ask->english);
	} else if (ask->kind == ASK_DOMAIN && whois_ends_in(ask->name, ".jp")) {
		whois_jprs_not_found(text, ask->english);
	} else if (ask->kind == ASK_DOMAIN) {
		whois_gtld_not_found(text, ask->name);
	} else {
		text_add_string(text, "No match!!\n");
	}
}

static void
tell_help(const struct publisher *publisher, struct text *text)
{
	text_add_string(text,
	    "Ask for a domain name, an address, a prefix or a handle:\n"
	    "    example.jp\n    192.0.2.1\n    2001:db8::/48\n"
	    "    TM1234JP\n"
	    "or for one kind alone (種類を指定した検索):\n"
	    "    DOM example.jp        a domain name (ドメイン名)\n"
	    "    HOST ns1.example.jp   a name server (ネームサーバ)\n"
	    "    CONTACT TM1234JP      a handle (ハンドル)\n"
	    "    NET 192.0.2.0/24      a network (ネットワーク)\n");
	if (publisher->conf->publish.references)
		text_add_string(text,
		    "Which names below .jp refer to it (これを参照する JP"
		    " ドメイン名):\n    ^TM1234JP\n    ^ns1.example.jp\n");
	text_add_string(text,
	    "With /e at the end the answer has no Japanese: example.jp/e\n"
	    "\n"
	    "ドメイン名、アドレス、プレフィックス、ハンドルを検索できます。\n"
	    "末尾に /e を付けると英語のみで表示します。\n");
}

/*
 * As it leaves: lines that end in CRLF, in the charset that JPNIC's readers
 * expect where it is in JPNIC's layout.  {NULL, 0} without memory.
 */
static struct slice
ready_lines(const struct publisher *publisher, struct text *text, bool jpnic)
{
	struct text changed = text_start(text->arena);
	struct text out = text_start(text->arena);
	struct slice rest = text_slice(text), line;

	if (jpnic && rest.data != NULL && publisher->jis != NULL &&
	    !publisher->conf->publish.networks_in_utf8) {
		jis_add(&changed, publisher->jis, rest);
		rest = text_slice(&changed);
	}
	if (rest.data == NULL)
		return rest;
	while (slice_take_line(&rest, &line)) {
		text_add(&out, line);
		text_add_string(&out, "\r\n");
	}
	text_add(&out, rest);
	return text_slice(&out);
}

/* Where the database's time stands, in the layout that has one. */
static size_t
place_of_date(struct slice text)
{
	static const char *const before[] = {
	    "\n>>> Last update of WHOIS database: ",
	    "\n>>> Last update of whois database: "};
	size_t len = strlen(before[0]);
	const char *at = memmem(text.data, text.len, before[0], len);

	if (at == NULL)
		at = memmem(text.data, text.len, before[1], len);
	/* A value never begins a line, and terms come after: it is ours. */
	return at != NULL ? (size_t)(at - text.data) + len : 0;
}

static struct slice
ready_and_kept(struct publisher *publisher, const struct ask *ask,
    const struct publisher_found *found, struct slice key, struct text *text)
{
	bool jpnic = found->row.it.type == OBJECT_NETWORK;
	struct answer made = {.key = key,
	    .bytes = ready_lines(publisher, text, jpnic)};

	if (made.bytes.data == NULL || key.data == NULL)
		return made.bytes;
	publisher_set_clock(publisher);
	made.date = place_of_date(made.bytes);
	publisher_keep(publisher, ask, found, &made);
	return made.bytes;
}

static void
tell_not_now(struct publisher *publisher, struct text *text)
{
	publisher_count(publisher, TALLY_WHOIS, TALLY_FAILED);
	text_add_string(text,
	    "This cannot be told now; please ask again in a minute.\n"
	    "ただいま表示できません。しばらくしてから検索してください。\n");
}

static void
tell_too_many(struct publisher *publisher, struct text *text, unsigned wait)
{
	publisher_count(publisher, TALLY_WHOIS, TALLY_LIMITED);
	text_add_format(text,
	    "WHOIS LIMIT EXCEEDED: too many personal records in one day;"
	    " ask again in %u seconds\n",
	    wait);
}

/*
 * Each name counts as something personal: who asks for very many of them
 * learns whose is what.
 */
static void
find_references(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct text *text)
{
	struct values names;
	struct fail fail = FAIL_INIT;
	size_t count = 0;
	unsigned wait = 0;

	if (!publisher->conf->publish.references) {
		publisher_count(publisher, TALLY_WHOIS, TALLY_REFUSED);
		text_add_string(text, "This search is not offered here.\n");
		return;
	}
	if (!publisher_open(publisher, &fail) ||
	    !view_references(publisher->view, text->arena, ask->name, &names,
		REFERENCES + 1, &fail)) {
		log_fail(LOG_LEVEL_ERROR, "view-not-read", &fail);
		tell_not_now(publisher, text);
		return;
	}
	while (count < names.count && count < REFERENCES &&
	       publisher_may_tell(publisher, asker, true, &wait))
		count++;
	if (count != 0 || names.count == 0)
		publisher_count(publisher, TALLY_WHOIS,
		    count != 0 ? TALLY_TOLD : TALLY_NONE);
	if (names.count == 0)
		whois_jprs_not_found(text, ask->english);
	else if (count == 0)
		tell_too_many(publisher, text, wait);
	else
		whois_jprs_references(text,
		    (struct values){names.items, count}, count < names.count,
		    ask->english);
}

static void
find_server(struct publisher *publisher, const struct ask *ask,
    struct text *text)
{
	struct publisher_server server;

	switch (publisher_find_server(
	    publisher, ask->name, text->arena, &server)) {
	case FOUND:
		tell_server(publisher, &server, text);
		break;
	case NOT_FOUND:
		tell_none(publisher, ask, text);
		break;
	case NOT_NOW:
	case TOO_MANY:
		tell_not_now(publisher, text);
		break;
	}
}

static struct slice
tell_asked(struct publisher *publisher, const struct prefix *asker,
    const struct ask *ask, struct slice key, struct text *text)
{
	struct publisher_found found = {.role = ROLE_REGISTRANT};

	switch (publisher_find(publisher, ask, asker, text->arena, &found)) {
	case FOUND:
		publisher_count(publisher, TALLY_WHOIS, TALLY_TOLD);
		tell(publisher, ask, &found.row.it, found.role, text);
		return ready_and_kept(publisher, ask, &found, key, text);
	case NOT_FOUND:
		tell_none(publisher, ask, text);
		break;
	case NOT_NOW:
		tell_not_now(publisher, text);
		break;
	case TOO_MANY:
		tell_too_many(publisher, text, found.wait);
		break;
	}
	return ready_lines(publisher, text, ask->kind != ASK_DOMAIN);
}

/* Apart from RDAP's keys, which have no blank, and from each other. */
static struct slice
key_of(struct arena *arena, const struct ask *ask)
{
	struct text key = text_start(arena);

	text_add_string(&key, ask->english ? "whois /e " : "whois ");
	publisher_key(&key, ask);
	return text_slice(&key);
}

static struct slice
find(struct publisher *publisher, const struct prefix *asker,
    const struct ask *ask, struct text *text)
{
	struct slice key = key_of(text->arena, ask);
	const struct answer *answer;
	unsigned ignored;

	if (ask->kind == ASK_HELP) {
		publisher_count(publisher, TALLY_WHOIS, TALLY_TOLD);
		tell_help(publisher, text);
		return (struct slice){NULL, 0};
	}
	if (ask->kind == ASK_NAMESERVER) {
		find_server(publisher, ask, text);
		return (struct slice){NULL, 0};
	}
	if (ask->kind == ASK_REFERENCES) {
		find_references(publisher, ask, asker, text);
		return (struct slice){NULL, 0};
	}
	answer = key.data != NULL ? publisher_kept(publisher, key) : NULL;
	if (answer != NULL &&
	    publisher_may_tell(publisher, asker, answer->personal, &ignored)) {
		publisher_count(publisher, TALLY_WHOIS, TALLY_TOLD);
		return answer->bytes;
	}
	return tell_asked(publisher, asker, ask, key, text);
}

static struct slice
answer(void *context, const struct sockaddr *from, struct slice line,
    struct text *text)
{
	struct publisher *publisher = context;
	struct fail fail = FAIL_INIT;
	struct prefix asker;
	struct ask ask;
	unsigned wait;

	if (publisher->conf == NULL || !rate_block(from, &asker))
		return (struct slice){NULL, 0};
	if (!publisher_may_ask(publisher, &asker, &wait)) {
		publisher_count(publisher, TALLY_WHOIS, TALLY_LIMITED);
		text_add_format(text,
		    "WHOIS LIMIT EXCEEDED: ask again in %u seconds\n", wait);
	} else if (!ask_whois(text->arena, line, &ask, &fail)) {
		publisher_count(publisher, TALLY_WHOIS, TALLY_REFUSED);
		text_add_format(text, "Invalid query: %s\n", fail.text);
	} else {
		return find(publisher, &asker, &ask, text);
	}
	return (struct slice){NULL, 0};
}

bool
publisher_whois_open(struct publisher *publisher, int fd, struct fail *fail)
{
	const struct whois_server_options options = {
	    .base = loop_base(publisher->loop),
	    .connections = CONNECTIONS,
	    .each = EACH,
	    .patience = PATIENCE,
	    .answer = answer,
	    .context = publisher};

	whois_server_destroy(publisher->whois);
	publisher->whois = whois_server_create(&options, fd, fail);
	return publisher->whois != NULL;
}
