#include "conf.h"

#include "base/text.h"
#include "conf_priv.h"

enum { ERROR = false, WARNING = true };

static const struct complaint_text says[CONF_COUNT] = {
#define CONF(id, level, text, hint) [CONF_##id] = {text, hint, level},
#include "conf.tbl"
#undef CONF
};

void
conf_complain(struct complaints *complaints, struct place place,
    enum conf_complaint complaint, struct slice one, struct slice two)
{
	complain_text(complaints, place, &says[complaint], one, two);
}

const char *
channel_kind_name(enum channel_kind kind)
{
	switch (kind) {
	case CHANNEL_FILE:
		return "file";
	case CHANNEL_DESK:
		return "desk";
	case CHANNEL_EPP:
		return "epp";
	case CHANNEL_VIEW:
		return "view";
	case CHANNEL_COUNT:
		break;
	}
	return "";
}

bool
conf_has_view(const struct conf *conf)
{
	for (size_t i = 0; i < conf->recipient_count; i++)
		if (conf->recipients[i].channel == CHANNEL_VIEW)
			return true;
	return false;
}

const struct conf_recipient *
conf_recipient(const struct conf *conf, struct slice id)
{
	for (size_t i = 0; i < conf->recipient_count; i++)
		if (slice_equal(conf->recipients[i].id, id))
			return &conf->recipients[i];
	return NULL;
}

static void
add_quoted(struct text *out, struct slice value)
{
	text_add_char(out, ' ');
	text_add_json(out, value);
}

static void
add_network(struct text *out, const struct network_group *network)
{
	text_add_string(out, "network ");
	text_add(out, network->name);
	for (size_t i = 0; i < network->count; i++) {
		text_add_char(out, ' ');
		text_add(out, network->prefixes[i]);
	}
	text_add_char(out, '\n');
}

static void
add_placeholders(struct text *out, const struct conf_recipient *recipient)
{
	for (size_t i = 0; i < recipient->placeholders.count; i++) {
		const struct placeholder *item =
		    &recipient->placeholders.items[i];

		text_add_format(out, "placeholder %s.%s",
		    role_name(item->role), field_info[item->field].name);
		add_quoted(out, item->value);
		text_add_char(out, '\n');
	}
}

static void
add_recipient(struct text *out, const struct conf_recipient *recipient)
{
	struct digest digest = digest_sha256(recipient->template_text);

	text_add_string(out, "recipient ");
	text_add(out, recipient->id);
	text_add_format(out, " to %s", channel_kind_name(recipient->channel));
	if (recipient->channel == CHANNEL_FILE) {
		add_quoted(out, recipient->directory);
		add_quoted(out, recipient->suffix);
		text_add_string(out, " template ");
		text_add_hex(out, digest.bytes, DIGEST_SIZE);
	}
	if (recipient->channel == CHANNEL_EPP) {
		text_add_char(out, ' ');
		text_add(out, recipient->upstream);
	}
	text_add_char(out, '\n');
	add_placeholders(out, recipient);
}

/* Each by its place among the names: moving them about changes nothing. */
static void
add_tiers(struct text *out, const struct conf *conf)
{
	const struct conf_publish *publish = &conf->publish;
	struct slice last = {"", 0};

	for (size_t n = 0; n < publish->tier_count; n++) {
		struct slice next = {NULL, 0};

		for (size_t i = 0; i < publish->tier_count; i++) {
			struct slice id = publish->tiers[i].recipient;

			if (slice_compare(id, last) > 0 &&
			    (next.data == NULL || slice_compare(id, next) < 0))
				next = id;
		}
		if (next.data == NULL)
			return;
		text_add_string(out, "tier ");
		text_add(out, next);
		text_add_char(out, '\n');
		last = next;
	}
}

static int
compare_networks(const void *a, const void *b)
{
	const struct network_group *const *one = a, *const *two = b;

	return slice_compare((*one)->name, (*two)->name);
}

static int
compare_recipients(const void *a, const void *b)
{
	const struct conf_recipient *const *one = a, *const *two = b;

	return slice_compare((*one)->id, (*two)->id);
}

/* Sorted by name, so that moving lines about changes nothing. */
struct slice
conf_setup_text(const struct conf *conf, struct arena *arena)
{
	const struct network_group **networks = arena_take_array(
	    arena, conf->network_count + 1, sizeof(*networks));
	const struct conf_recipient **recipients = arena_take_array(
	    arena, conf->recipient_count + 1, sizeof(*recipients));
	struct text text = text_start(arena);

	if (networks == NULL || recipients == NULL)
		return (struct slice){NULL, 0};
	for (size_t i = 0; i < conf->network_count; i++)
		networks[i] = &conf->networks[i];
	for (size_t i = 0; i < conf->recipient_count; i++)
		recipients[i] = &conf->recipients[i];
	qsort(networks, conf->network_count, sizeof(*networks),
	    compare_networks);
	qsort(recipients, conf->recipient_count, sizeof(*recipients),
	    compare_recipients);
	text_add_string(&text, "setup 1\n");
	for (size_t i = 0; i < conf->network_count; i++)
		add_network(&text, networks[i]);
	for (size_t i = 0; i < conf->recipient_count; i++)
		add_recipient(&text, recipients[i]);
	conf_add_upstreams(&text, conf);
	add_tiers(&text, conf);
	return text_slice(&text);
}

struct digest
conf_setup_identity(const struct conf *conf, struct arena *arena)
{
	return digest_sha256(conf_setup_text(conf, arena));
}
