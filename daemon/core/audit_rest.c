/*
 * What an answer says of persons where no place is for it: remarks, labels
 * that nobody knows.  A value of the record that must not be seen is a leak
 * there, too, unless another person may be seen with the same.
 */
#include "core/audit_key.h"
#include "core/audit_priv.h"
#include "core/policy_tree.h"

enum { SHORT = 8 /* bytes of a key that stands in a text by chance */ };

/* What tells a person; towns and countries stand in many a text. */
static const uint64_t telling =
    FIELD_BIT(FIELD_NAME_LOC) | FIELD_BIT(FIELD_NAME_INT) |
    FIELD_BIT(FIELD_NAME_KANA) | FIELD_BIT(FIELD_STREET_LOC) |
    FIELD_BIT(FIELD_STREET_INT) | FIELD_BIT(FIELD_PHONE) |
    FIELD_BIT(FIELD_FAX) | FIELD_BIT(FIELD_EMAIL) |
    FIELD_BIT(FIELD_NOTIFY_EMAIL) | FIELD_BIT(FIELD_REPRESENTATIVE);

struct texts {
	const struct slice *as_text, *as_phone; /* keys */
	size_t count;
};

/* In any role, of the field or the same thing in its other form. */
static bool
is_allowed(struct audit_comparison *it, enum field field, struct slice key,
    bool *allowed)
{
	*allowed = false;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct values values = it->intent->items[role][field].allowed;
		struct slice *keys = audit_keys(it, FIELD_STREET_LOC, values);

		if (keys == NULL)
			return false;
		for (size_t i = 0; i < values.count; i++)
			*allowed |= slice_equal(keys[i], key);
	}
	return true;
}

static bool
is_said(const struct texts *texts, struct slice key, struct slice phone,
    bool is_phone)
{
	for (size_t i = 0; i < texts->count; i++) {
		struct slice text = texts->as_text[i];

		if ((key.len >= SHORT &&
			audit_find((char *)(uintptr_t)text.data, text.len,
			    key) != NULL) ||
		    (is_phone && slice_equal(texts->as_phone[i], phone)))
			return true;
	}
	return false;
}

static bool
look_for(struct audit_comparison *it, const struct texts *texts,
    const struct audit_candidate *of)
{
	struct values hidden = of->of->hidden;
	bool is_phone = field_info[of->field].check == CHECK_PHONE;
	struct slice *keys = audit_keys(it, FIELD_STREET_LOC, hidden);
	struct slice *phones = audit_keys(it, FIELD_PHONE, hidden);
	bool allowed;

	if (keys == NULL || phones == NULL)
		return false;
	for (size_t i = 0; i < hidden.count; i++) {
		if (!is_said(texts, keys[i], phones[i], is_phone))
			continue;
		if (!is_allowed(it, of->field, keys[i], &allowed))
			return false;
		if (!allowed)
			audit_tell(it, AUDIT_LEAK, of, true);
	}
	return true;
}

bool
audit_compare_rest(struct audit_comparison *it, struct values shown)
{
	struct texts texts = {
	    .as_text = audit_keys(it, FIELD_STREET_LOC, shown),
	    .as_phone = audit_keys(it, FIELD_PHONE, shown),
	    .count = shown.count};

	if (texts.as_text == NULL || texts.as_phone == NULL)
		return false;
	for (unsigned role = 0; shown.count != 0 && role < ROLE_COUNT; role++)
		for (unsigned field = 0; field < FIELD_COUNT; field++) {
			const struct audit_candidate of = {
			    .role = (enum role)role,
			    .field = (enum field)field,
			    .of = &it->intent->items[role][field]};

			if ((telling & FIELD_BIT(field)) != 0 &&
			    of.of->hidden.count != 0 &&
			    !look_for(it, &texts, &of))
				return false;
		}
	return true;
}
