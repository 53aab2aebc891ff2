/* Upstreams: found, paired with recipients, and told canonically. */
#include "base/text.h"
#include "conf_parse_priv.h"

const struct conf_upstream *
conf_upstream(const struct conf *conf, struct slice name)
{
	for (size_t i = 0; i < conf->upstream_count; i++)
		if (slice_equal(conf->upstreams[i].name, name))
			return &conf->upstreams[i];
	return NULL;
}

const struct conf_recipient *
conf_upstream_recipient(
    const struct conf *conf, const struct conf_upstream *upstream)
{
	for (size_t i = 0; i < conf->recipient_count; i++)
		if (conf->recipients[i].channel == CHANNEL_EPP &&
		    slice_equal(conf->recipients[i].upstream, upstream->name))
			return &conf->recipients[i];
	return NULL;
}

bool
conf_upstream_files(const struct conf *conf,
    bool (*visit)(void *context, const struct conf_upstream *upstream,
	struct slice file, bool secret),
    void *context)
{
	for (size_t i = 0; i < conf->upstream_count; i++) {
		const struct conf_upstream *one = &conf->upstreams[i];
		const struct {
			struct slice file;
			bool secret;
		} files[] = {
		    {one->certificate, false},
		    {one->key, true},
		    {one->clients, false},
		    {one->authority, false},
		    {one->client_certificate, false},
		    {one->client_key, true},
		    {one->password_file, true},
		};

		for (size_t j = 0; j < sizeof(files) / sizeof(*files); j++)
			if (files[j].file.len != 0 &&
			    !visit(
				context, one, files[j].file, files[j].secret))
				return false;
		for (size_t j = 0; j < one->backend_count; j++)
			if (one->backends[j].password_file.len != 0 &&
			    !visit(context, one, one->backends[j].password_file,
				true))
				return false;
	}
	return true;
}

static void
check_recipient(const struct conf *conf, const struct conf_recipient *recipient,
    struct complaints *complaints)
{
	const struct conf_upstream *upstream =
	    conf_upstream(conf, recipient->upstream);
	const struct conf_recipient *first;

	if (upstream == NULL) {
		conf_complain(complaints, recipient->upstream_place,
		    CONF_UPSTREAM_NONE, recipient->upstream, NOTHING);
		return;
	}
	first = conf_upstream_recipient(conf, upstream);
	if (first != recipient)
		conf_complain(complaints, recipient->upstream_place,
		    CONF_UPSTREAM_SHARED, upstream->name, first->id);
}

/* A worker without a session of the pool could serve nobody. */
static void
check_share(const struct conf *conf, const struct conf_upstream *upstream,
    struct complaints *complaints)
{
	if (upstream->mode == UPSTREAM_POOL && upstream->sessions != 0 &&
	    upstream->sessions < conf->workers)
		conf_complain(complaints, upstream->place, CONF_POOL_SMALL,
		    upstream->name, NOTHING);
}

void
conf_check_pairs(const struct conf *conf, struct complaints *complaints)
{
	for (size_t i = 0; i < conf->upstream_count; i++)
		check_share(conf, &conf->upstreams[i], complaints);
	for (size_t i = 0; i < conf->recipient_count; i++)
		if (conf->recipients[i].channel == CHANNEL_EPP &&
		    conf->recipients[i].upstream.len != 0)
			check_recipient(conf, &conf->recipients[i], complaints);
	for (size_t i = 0; i < conf->upstream_count; i++)
		if (conf_upstream_recipient(conf, &conf->upstreams[i]) == NULL)
			conf_complain(complaints, conf->upstreams[i].place,
			    CONF_UPSTREAM_IDLE, conf->upstreams[i].name,
			    NOTHING);
}

static void
add_roles(struct text *out, unsigned roles)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if ((roles & 1u << i) != 0)
			text_add_format(out, " %s", role_name((enum role)i));
}

/* The first that fits counts, so they stay in their order. */
static void
add_patterns(struct text *out, const struct conf_upstream *upstream)
{
	for (size_t i = 0; i < upstream->pattern_count; i++) {
		const struct conf_pattern *pattern = &upstream->patterns[i];

		text_add_string(out, "contact ");
		text_add_json(out, pattern->glob);
		if (pattern->roles != 0)
			text_add_string(out, " is");
		add_roles(out, pattern->roles);
		if (pattern->suffix.len != 0)
			text_add_string(out, " under ");
		text_add(out, pattern->suffix);
		if (pattern->has_kind)
			text_add_format(
			    out, " kind %s", kind_name(pattern->kind));
		text_add_char(out, '\n');
	}
}

static int
compare_extensions(const void *a, const void *b)
{
	const struct epp_extension_rule *one = a, *two = b;

	return slice_compare(one->space, two->space);
}

static void
add_extensions(struct text *out, const struct conf_upstream *upstream)
{
	struct epp_extension_rule *sorted = arena_take_array(
	    out->arena, upstream->extension_count + 1, sizeof(*sorted));

	if (sorted == NULL) {
		out->failed = true;
		return;
	}
	if (upstream->extension_count != 0)
		memcpy(sorted, upstream->extensions,
		    upstream->extension_count * sizeof(*sorted));
	qsort(sorted, upstream->extension_count, sizeof(*sorted),
	    compare_extensions);
	for (size_t i = 0; i < upstream->extension_count; i++) {
		text_add_format(
		    out, "extension %s ", sorted[i].pass ? "pass" : "strip");
		text_add_json(out, sorted[i].space);
		text_add_char(out, '\n');
	}
}

static void
add_upstream(struct text *out, const struct conf_upstream *upstream)
{
	static const char *const contacts[] = {[CONTACTS_REQUIRED] = "required",
	    [CONTACTS_ACCEPTED] = "accepted",
	    [CONTACTS_PROHIBITED] = "prohibited"};
	static const char *const disclose[] = {
	    [EPP_DISCLOSE_SUPPORTED] = "supported",
	    [EPP_DISCLOSE_IGNORED] = "ignored",
	    [EPP_DISCLOSE_REJECTED] = "rejected"};

	static const char *const dcp[] = {[UPSTREAM_DCP_UNSAID] = "",
	    [UPSTREAM_DCP_PUBLIC] = " dcp public",
	    [UPSTREAM_DCP_PRIVATE] = " dcp private"};

	text_add_string(out, "upstream ");
	text_add(out, upstream->name);
	text_add_char(out, ' ');
	text_add_json(out, upstream->server);
	text_add_char(out, ' ');
	text_add_json(out, upstream->server_name);
	text_add_format(out,
	    "%s contacts %s disclose %s%s on-link %s kind %s roles",
	    upstream->shadows ? " shadow" : "", contacts[upstream->contacts],
	    disclose[upstream->disclose], dcp[upstream->dcp],
	    upstream->on_link == ON_LINK_UPDATE ? "update" : "refuse",
	    upstream->infer_kind ? "inferred" : kind_name(upstream->kind));
	add_roles(out, upstream->roles != 0 ? upstream->roles : EPP_ROLES);
	text_add_char(out, '\n');
	add_patterns(out, upstream);
	add_extensions(out, upstream);
}

static int
compare_upstreams(const void *a, const void *b)
{
	const struct conf_upstream *const *one = a, *const *two = b;

	return slice_compare((*one)->name, (*two)->name);
}

void
conf_add_upstreams(struct text *out, const struct conf *conf)
{
	const struct conf_upstream **sorted = arena_take_array(
	    out->arena, conf->upstream_count + 1, sizeof(*sorted));

	if (sorted == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < conf->upstream_count; i++)
		sorted[i] = &conf->upstreams[i];
	qsort(sorted, conf->upstream_count, sizeof(*sorted), compare_upstreams);
	for (size_t i = 0; i < conf->upstream_count; i++)
		add_upstream(out, sorted[i]);
}
