/* Updates of misu's own, by which a registry loses what it has of a contact. */
#include "codec/epp_frame_priv.h"

struct epp_command *
epp_frame_bare_update(struct slice id, struct arena *arena, struct fail *fail)
{
	struct text text = text_start(arena);
	struct epp_problem problem;
	struct slice xml;

	text_add_string(&text,
	    EPP_ROOT "<command><update>"
		     "<contact:update xmlns:contact=\"" EPP_CONTACT_SPACE "\">"
		     "<contact:id>");
	text_add_xml(&text, id);
	text_add_string(&text,
	    "</contact:id><contact:chg></contact:chg></contact:update>"
	    "</update></command></epp>");
	xml = text_slice(&text);
	if (xml.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	return epp_read_command(
	    arena, xml, &xml_limits_default, &problem, fail);
}

bool
epp_frame_removal(const struct disclosure *disclosure,
    const struct epp_manner *manner, struct slice id, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	struct epp_command *command = epp_frame_bare_update(id, arena, fail);
	struct text text = text_start(arena);
	struct slice frame;
	size_t len;

	if (command == NULL || !epp_frame_contact(command, disclosure, manner,
				   arena, &frame, fail))
		return false;
	*out = (struct slice){"", 0};
	if (frame.len == 0)
		return true;
	len = frame.len + 4;
	for (int shift = 24; shift >= 0; shift -= 8)
		text_add_char(&text, (char)(len >> shift & 0xff));
	text_add(&text, frame);
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(fail);
}
