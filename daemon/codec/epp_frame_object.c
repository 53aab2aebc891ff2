#include "codec/epp_frame_priv.h"

static bool
is_hollow(const struct xml_document *document, struct xml_span part)
{
	return document->elements[epp_frame_find(document, part)].first ==
	       XML_NONE;
}

/*
 * Cut every link, and what holds nothing but links.  Is nothing left of an
 * update that had something?
 */
static bool
cut_links(struct splices *splices, const struct xml_document *document,
    const struct epp_domain *domain)
{
	const struct {
		struct xml_span span;
		bool only_links;
	} parts[] = {{domain->add, domain->add_only_links},
	    {domain->remove, domain->remove_only_links},
	    {domain->change, domain->change_only_links}};
	bool left = false, cut = false;

	for (size_t i = 0; i < domain->link_count; i++)
		splices_cut(splices, domain->links[i].whole);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!epp_frame_is_there(parts[i].span))
			continue;
		if (parts[i].only_links) {
			splices_cut(splices, parts[i].span);
			cut = true;
		} else {
			left |= !is_hollow(document, parts[i].span);
		}
	}
	return cut && !left;
}

static bool
is_object_command(const struct epp_command *command)
{
	if (command->verb == EPP_TRANSFER)
		return command->object != EPP_NO_OBJECT;
	return (command->verb == EPP_CREATE || command->verb == EPP_UPDATE) &&
	       (command->object == EPP_DOMAIN || command->object == EPP_HOST);
}

bool
epp_frame_object(const struct epp_command *command,
    const struct disclosure *disclosure, const struct epp_manner *manner,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct splices splices;
	bool empty = false;

	if (!is_object_command(command) ||
	    disclosure_outcome(disclosure).verdict != VERDICT_FORWARD)
		return fail_set(fail, FAIL_DENIED, "%s is not to be sent",
		    epp_verb_name(command->verb));
	splices_start(&splices, command->text, arena);
	epp_frame_common(
	    &splices, command, manner, FRAME_UNREAD | FRAME_EXTENSIONS, 0);
	epp_frame_cut_status_texts(&splices, command);
	if (manner->prohibits_contacts && command->domain != NULL)
		empty =
		    cut_links(&splices, command->document, command->domain) &&
		    command->verb == EPP_UPDATE &&
		    !epp_frame_extended(command, manner, 0);
	if (!empty)
		return epp_frame_finish(&splices, out, fail);
	*out = (struct slice){"", 0};
	return true;
}
