#include "codec/workitem.h"

#include "base/text.h"

static void
add_head(struct text *text, const struct disclosure *disclosure)
{
	const struct recipient *recipient = disclosure_recipient(disclosure);
	struct slice object = disclosure_object(disclosure);

	text_add_format(text, "送付先 To: %.*s (%.*s)\n",
	    SLICE_ARG(recipient->title), SLICE_ARG(recipient->id));
	text_add_format(
	    text, "方法 By: %s\n", method_name(recipient->method));
	text_add_format(text, "利用目的 Purpose: %.*s\n",
	    SLICE_ARG(disclosure_purpose(disclosure)));
	text_add_format(text, "手続き Request: %s\n",
	    operation_name(disclosure_operation(disclosure)));
	if (object.len != 0)
		text_add_format(
		    text, "対象 Object: %.*s\n", SLICE_ARG(object));
	text_add_string(text, "\n");
}

static void
add_field(struct text *text, const struct disclosure *disclosure,
    enum role role, enum field field)
{
	struct values values = disclosure_values(disclosure, role, field);

	for (size_t i = 0; i < values.count; i++)
		text_add_format(text, "%s.%s\t%s %s\t%.*s%s\n",
		    role_name(role), field_info[field].name,
		    role_japanese(role), field_info[field].japanese,
		    SLICE_ARG(values.items[i]),
		    disclosure_publishable(disclosure, role, field)
			? ""
			: "\t[公開しない do not publish]");
	if (values.count == 0 &&
	    disclosure_operation(disclosure) == OPERATION_UPDATE &&
	    disclosure_could_pass(disclosure, role, field))
		text_add_format(text, "%s.%s\t%s %s\t[削除 remove]\n",
		    role_name(role), field_info[field].name,
		    role_japanese(role), field_info[field].japanese);
}

struct slice
workitem_render(const struct disclosure *disclosure, struct arena *arena,
    struct fail *fail)
{
	struct text text = text_start(arena);
	struct slice out;

	add_head(&text, disclosure);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (!disclosure_has_role(disclosure, (enum role)role))
			continue;
		for (unsigned field = 0; field < FIELD_COUNT; field++)
			add_field(&text, disclosure, (enum role)role,
			    (enum field)field);
	}
	out = text_slice(&text);
	if (out.data == NULL)
		fail_memory(fail);
	return out;
}
