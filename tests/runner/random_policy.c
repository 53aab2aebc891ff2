#include "runner/random_policy.h"

#include "base/text.h"

enum { GROUPS_MAX = 64, RULES_MAX = 6 };

const struct slice random_prefixes[1] = {{"192.0.2.0/24", 12}};

static const char *const roles[ROLE_COUNT] = {"registrant", "admin", "tech",
    "billing", "public-contact", "abuse", "subscriber", "applicant-agent",
    "spam-sender"};

/* The groups of fields a recipient's class may get, each group once. */
static size_t
groups_of(bool company, const char *out[GROUPS_MAX])
{
	size_t count = 0;

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		enum field_class class = field_info[f].class;
		bool open = class == CLASS_PERSONAL || class == CLASS_OBJECT;

		if (field_info[f].form == FORM_INT || class == CLASS_AUTHINFO ||
		    (!open && !company))
			continue;
		out[count++] = field_info[f].group;
	}
	return count;
}

static void
add_list(struct text *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_add_format(text, "%s%s", i == 0 ? "" : ", ", words[i]);
}

static void
add_recipient(struct text *text, const char *id, bool company)
{
	const char *groups[GROUPS_MAX];
	size_t count = groups_of(company, groups);

	text_add_format(text,
	    "recipient %s \"%s\" in JP class %s basis contract by api {\n"
	    "    may receive ",
	    id, id, company ? "company" : "registry");
	add_list(text, groups, count);
	text_add_string(text, " of ");
	add_list(text, roles, ROLE_COUNT);
	text_add_string(text, "\n}\n");
}

static void
add_condition(struct random *random, struct text *text)
{
	static const char *const kinds[] = {"natural", "legal", "unknown"};

	text_add_string(
	    text, random_once_in(random, 2) ? " when " : " unless ");
	switch (random_below(random, 5)) {
	case 0:
		text_add_format(
		    text, "kind is %s", kinds[random_below(random, 3)]);
		break;
	case 1:
		text_add_format(
		    text, "consent to p%u", random_below(random, 18) + 1);
		break;
	case 2:
		text_add_string(text, "country in near");
		break;
	case 3:
		text_add_format(text, "%s is present",
		    field_info[random_below(random, FIELD_COUNT - 1)].name);
		break;
	default:
		text_add_format(text, "request is %s",
		    operation_name((enum operation)random_below(
			random, OPERATION_COUNT)));
		break;
	}
}

/* Some of what is left; taken away where the rule holds always. */
static size_t
pick(struct random *random, const char **left, size_t *count, bool take,
    const char *out[GROUPS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < *count;) {
		if (n == 10 || !random_once_in(random, 4)) {
			i++;
			continue;
		}
		out[n++] = left[i];
		if (take)
			left[i] = left[--*count];
		else
			i++;
	}
	return n;
}

static void
add_rule(struct random *random, struct text *text, const char **left,
    size_t *count)
{
	bool always = random_once_in(random, 3);
	const char *groups[GROUPS_MAX];
	size_t n = pick(random, left, count, always, groups);
	size_t first = random_below(random, ROLE_COUNT);

	if (n == 0)
		return;
	text_add_string(text, "    ");
	if (n == 1 && strcmp(groups[0], "email") == 0 &&
	    random_once_in(random, 2)) {
		text_add_string(text,
		    "replace email by \"%{opaque}@relay.example\"");
	} else if (n == 1 && strcmp(groups[0], "postcode") == 0 &&
	    random_once_in(random, 2)) {
		text_add_format(text, "generalise postcode to first %u",
		    random_below(random, 4) + 1);
	} else {
		text_add_string(text,
		    random_once_in(random, 4) ? "redact " : "forward ");
		add_list(text, groups, n);
	}
	text_add_string(text, " of ");
	if (always)
		add_list(text, roles, ROLE_COUNT);
	else
		add_list(text, roles + first,
		    1 + random_below(random, ROLE_COUNT - (unsigned)first));
	if (!always)
		add_condition(random, text);
	text_add_char(text, '\n');
}

static void
add_block(struct random *random, struct text *text, const char *pattern,
    const char *recipient, bool company)
{
	const char *left[GROUPS_MAX];
	size_t count = groups_of(company, left);
	unsigned rules = random_below(random, RULES_MAX);

	text_add_format(text, "for %s to %s for p%u {\n", pattern, recipient,
	    random_below(random, 18) + 1);
	if (random_once_in(random, 4))
		text_add_string(text,
		    "    refuse \"no\" when registrant.kind is legal\n");
	if (random_once_in(random, 4))
		text_add_string(text,
		    "    hold \"look\" when registrant.country is DE\n");
	for (unsigned i = 0; i < rules; i++)
		add_rule(random, text, left, &count);
	text_add_string(text, "    redact * of *\n}\n");
}

struct slice
random_policy(struct random *random, struct arena *arena)
{
	static const char *const patterns[] = {".jp", ".co.jp",
	    ".com, .net, .org, .info, .biz, .example", "network own",
	    "subscriber", "spam-report"};
	struct text text = text_start(arena);

	text_add_string(&text,
	    "policy \"random\" revision 1 effective 2026-01-01T00:00:00Z\n");
	for (unsigned p = 1; p <= 18; p++)
		text_add_format(&text, "purpose p%u \"purpose %u\"\n", p, p);
	text_add_string(&text, "set near = JP, KR\n");
	add_recipient(&text, "registry", false);
	add_recipient(&text, "company", true);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		if (!random_once_in(random, 5))
			add_block(
			    random, &text, patterns[i], "registry", false);
		if (random_once_in(random, 2))
			add_block(random, &text, patterns[i], "company", true);
	}
	return text_slice(&text);
}

struct slice
random_template(struct random *random, struct arena *arena)
{
	static const char *const escapes[] = {"none", "json", "form", "xml"};
	struct text text = text_start(arena);

	text_add_format(
	    &text, "%%escape %s\n", escapes[random_below(random, 4)]);
	text_add_string(&text, "%{recipient} %{purpose} %{object}\n");
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++)
		text_add_format(&text,
		    "%%if %s.%s\n%%{%s.%s} %%{publish:%s.%s}\n%%end\n",
		    role_name(slot / FIELD_COUNT),
		    field_info[slot % FIELD_COUNT].name,
		    role_name(slot / FIELD_COUNT),
		    field_info[slot % FIELD_COUNT].name,
		    role_name(slot / FIELD_COUNT),
		    field_info[slot % FIELD_COUNT].name);
	return text_slice(&text);
}
