#include "core/alter.h"

#include "base/digest.h"
#include "base/text.h"
#include "core/value.h"

#define OBJECT_MARK "%{object}"
#define OPAQUE_MARK "%{opaque}"

enum { OPAQUE_BYTES = 10 };

static bool
starts(struct slice text, size_t at, const char *with)
{
	size_t len = strlen(with);

	return text.len - at >= len && memcmp(text.data + at, with, len) == 0;
}

bool
alter_template_sound(struct slice template, struct slice *wrong)
{
	for (size_t i = 0; i < template.len; i++) {
		size_t end = i;

		if (template.data[i] != '%')
			continue;
		if (starts(template, i, "%%")) {
			i++;
			continue;
		}
		if (starts(template, i, OBJECT_MARK) ||
		    starts(template, i, OPAQUE_MARK))
			continue;
		while (end < template.len && template.data[end] != '}' &&
		       end < i + 40)
			end++;
		if (end < template.len && template.data[end] == '}')
			end++;
		*wrong = (struct slice){template.data + i, end - i};
		return false;
	}
	return true;
}

bool alter_template_names_object(struct slice template)
{
	for (size_t i = 0; i < template.len; i++)
		if (starts(template, i, OBJECT_MARK))
			return true;
	return false;
}

static struct slice
fill(struct arena *arena, struct slice template, struct slice object,
    struct slice opaque)
{
	struct text out = text_start(arena);

	for (size_t i = 0; i < template.len; i++) {
		if (starts(template, i, OBJECT_MARK)) {
			text_add(&out, object);
			i += strlen(OBJECT_MARK) - 1;
		} else if (starts(template, i, OPAQUE_MARK)) {
			text_add(&out, opaque);
			i += strlen(OPAQUE_MARK) - 1;
		} else {
			if (starts(template, i, "%%"))
				i++;
			text_add_char(&out, template.data[i]);
		}
	}
	return text_slice(&out);
}

/* A domain name of 253 bytes: labels of 61, three dots, all letters. */
static struct slice
longest_domain(char out[254])
{
	memset(out, 'a', 253);
	for (size_t i = 62; i < 253; i += 63)
		out[i] = '.';
	return (struct slice){out, 253};
}

bool
alter_template_fits(struct arena *arena, struct slice template,
    enum field field, enum object_type type, struct fail *fail)
{
	char domain[254];
	struct slice opaque = SLICE("0123456789abcdef0123"), value;
	struct slice objects[] = {SLICE("a.example"), longest_domain(domain)};

	if (type == OBJECT_NETWORK) {
		objects[0] = SLICE("192.0.2.0/29");
		objects[1] =
		    SLICE("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff/128");
	}
	for (size_t i = 0; i < 2; i++) {
		value = fill(arena, template, objects[i], opaque);
		if (value.data == NULL)
			return fail_memory(fail);
		if (value.len == 0)
			return fail_set(fail, FAIL_INPUT, "%s is empty",
			    field_info[field].name);
		if (!value_canonical(arena, field, value, &value, fail))
			return false;
	}
	return true;
}

static struct slice
opaque_of(struct arena *arena, const struct alter_given *given)
{
	uint8_t key[KEY_SIZE];
	struct text slot = text_start(arena), out = text_start(arena);
	struct digest digest;

	memcpy(key, given->random, sizeof(given->random));
	memcpy(key + 16, given->random, sizeof(given->random));
	text_add_string(&slot, role_name(given->role));
	text_add_char(&slot, '/');
	text_add_string(&slot, field_info[given->field].name);
	digest = digest_hmac(key, text_slice(&slot));
	text_add_hex(&out, digest.bytes, OPAQUE_BYTES);
	return text_slice(&out);
}

static bool
replace(struct arena *arena, const struct rule *rule,
    const struct alter_given *given, struct slice *out, struct fail *fail)
{
	struct slice opaque = opaque_of(arena, given);

	if (opaque.data == NULL)
		return fail_memory(fail);
	*out = fill(arena, rule->text, given->object, opaque);
	if (out->data == NULL)
		return fail_memory(fail);
	return value_canonical(arena, given->field, *out, out, fail);
}

/*
 * One value comes of however many; none of none: what was not collected is
 * not made up.
 */
bool
alter_values(struct arena *arena, const struct rule *rule,
    const struct alter_given *given, struct values from, struct values *out,
    struct fail *fail)
{
	struct slice *item;

	*out = (struct values){NULL, 0};
	if (from.count == 0)
		return true;
	item = arena_take(arena, sizeof(*item));
	if (item == NULL)
		return fail_memory(fail);
	*item = from.items[0];
	if (rule->verdict == VERDICT_REPLACE) {
		if (!replace(arena, rule, given, item, fail))
			return false;
	} else if (rule->generalise == GENERALISE_FIRST &&
		   item->len > rule->first) {
		item->len = rule->first;
	}
	*out = (struct values){item, 1};
	return true;
}
