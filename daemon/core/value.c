#include "core/value.h"

#include "base/text.h"

static bool
has_control(struct slice value, bool lines)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];

		if (c == 0x7f ||
		    (c < 0x20 && !(lines && (c == '\n' || c == '\t'))))
			return true;
	}
	return false;
}

bool
value_canonical(struct arena *arena, enum field field, struct slice value,
    struct slice *out, struct fail *fail)
{
	const struct field_info *info = &field_info[field];

	if (value.len > info->max)
		return fail_set(fail, FAIL_INPUT, "%s is longer than %zu bytes",
		    info->name, info->max);
	if (!text_is_utf8(value))
		return fail_set(
		    fail, FAIL_INPUT, "%s is not UTF-8", info->name);
	if (has_control(value, info->max > 1024))
		return fail_set(fail, FAIL_INPUT,
		    "%s has a control character", info->name);
	*out = arena_copy(arena, value);
	return out->data != NULL || fail_memory(fail);
}
