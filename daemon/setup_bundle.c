/*
 * A setup as bytes, for a process that touches no disk: it compiles the same
 * texts again and must get the same identities.
 */
#include "base/text.h"
#include "setup_priv.h"

static const char magic[] = "misu setup 1\n";

static void
put_number(struct text *out, size_t number)
{
	for (unsigned i = 0; i < 4; i++)
		text_add_char(out, (char)(number >> 8 * i & 0xff));
}

static void
put(struct text *out, struct slice bytes)
{
	put_number(out, bytes.len);
	text_add(out, bytes);
}

static void
put_digest(struct text *out, const struct digest *digest)
{
	put(out,
	    (struct slice){(const char *)digest->bytes, DIGEST_SIZE});
}

static size_t
index_of(const struct setup *setup, const struct ruleset *ruleset)
{
	size_t i = 0;

	while (i < setup->ruleset_count && setup->rulesets[i] != ruleset)
		i++;
	return i;
}

struct slice
setup_bundle(const struct setup *setup, const struct ruleset *in_force,
    struct arena *arena)
{
	struct text text = text_start(arena);
	struct digest identity = conf_setup_identity(setup->conf, arena);
	size_t count = 0;

	text_add_string(&text, magic);
	put(&text, setup->path);
	put(&text, setup->state);
	put(&text, setup->run);
	put_number(&text, index_of(setup, in_force));
	put_digest(&text, ruleset_identity(in_force));
	put_digest(&text, &identity);
	for (struct setup_source *s = setup->sources; s != NULL; s = s->next)
		count++;
	put_number(&text, count);
	for (struct setup_source *s = setup->sources; s != NULL; s = s->next) {
		put(&text, s->path);
		put(&text, s->text);
	}
	return text_slice(&text);
}

static bool
get_number(struct slice *in, size_t *out)
{
	*out = 0;
	if (in->len < 4)
		return false;
	for (unsigned i = 0; i < 4; i++)
		*out |= (size_t)(unsigned char)in->data[i] << 8 * i;
	in->data += 4;
	in->len -= 4;
	return true;
}

/* Paths are used as strings: each piece is copied, with its NUL. */
static bool
get(struct slice *in, struct arena *arena, struct slice *out)
{
	size_t len;

	if (!get_number(in, &len) || len > in->len)
		return false;
	*out = arena_copy(arena, (struct slice){in->data, len});
	in->data += len;
	in->len -= len;
	return out->data != NULL;
}

static bool
get_digest(struct slice *in, struct digest *out)
{
	size_t len;

	if (!get_number(in, &len) || len != DIGEST_SIZE || in->len < len)
		return false;
	memcpy(out->bytes, in->data, len);
	in->data += len;
	in->len -= len;
	return true;
}

static bool
get_sources(struct slice *in, struct setup *setup)
{
	struct setup_source **end = &setup->sources;
	size_t count;

	if (!get_number(in, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct setup_source *source =
		    arena_take(setup->arena, sizeof(*source));

		if (source == NULL ||
		    !get(in, setup->arena, &source->path) ||
		    !get(in, setup->arena, &source->text))
			return false;
		*end = source;
		end = &source->next;
	}
	return in->len == 0;
}

/* What the bundle says must come out. */
struct expected {
	size_t index;
	struct digest policy, setup;
};

static bool
unpack(struct slice in, struct setup *setup, struct expected *expected)
{
	const size_t len = sizeof(magic) - 1;

	if (in.len < len || memcmp(in.data, magic, len) != 0)
		return false;
	in.data += len;
	in.len -= len;
	return get(&in, setup->arena, &setup->path) &&
	    get(&in, setup->arena, &setup->state) &&
	    get(&in, setup->arena, &setup->run) &&
	    get_number(&in, &expected->index) &&
	    get_digest(&in, &expected->policy) &&
	    get_digest(&in, &expected->setup) && get_sources(&in, setup);
}

static bool
is_expected(const struct setup *setup, const struct expected *expected)
{
	const struct digest identity =
	    conf_setup_identity(setup->conf, setup->arena);

	return expected->index < setup->ruleset_count &&
	    digest_equal(
		ruleset_identity(setup->rulesets[expected->index]),
		&expected->policy) &&
	    digest_equal(&identity, &expected->setup);
}

struct setup *
setup_from_bundle(struct slice bundle, const struct ruleset **in_force,
    struct fail *fail)
{
	const struct setup_given given = {.check = true};
	struct setup *setup = setup_new(fail);
	struct expected expected;
	bool ok;

	if (setup == NULL)
		return NULL;
	setup->from_bundle = true;
	ok = unpack(bundle, setup, &expected) ||
	    fail_set(fail, FAIL_WORLD, "no setup that misu wrote");
	ok = ok && setup_read(setup, &given, fail) &&
	    (is_expected(setup, &expected) ||
		fail_set(fail, FAIL_WORLD,
		    "the setup does not come out as it was sent"));
	if (ok) {
		*in_force = setup->rulesets[expected.index];
		return setup;
	}
	setup_free(setup);
	return NULL;
}
