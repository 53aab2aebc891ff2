/*
 * All that an answer of WHOIS or RDAP says, as one text for the audit to
 * search (struct audit_answer, core/audit.h): each line of WHOIS, each string
 * and number of RDAP with the names before them, whoever they are about.
 * What the server is known to show instead of a value is blanked.
 */
#ifndef MISU_AUDIT_TEXT_H
#define MISU_AUDIT_TEXT_H

#include "codec/audit_answer.h"
#include "codec/json.h"

/* Of UTF-8, in `arena`.  False only when out of memory. */
bool audit_text_of_lines(const struct audit_question *question,
    struct slice text, struct arena *arena, struct slice *out);
bool audit_text_of_json(const struct audit_question *question,
    const struct json_node *root, struct arena *arena, struct slice *out);

/*
 * Is that the role of one who stands in answers for itself, as a registrar?
 * What is below it is another's than the object's.
 */
bool audit_is_provider(struct slice role);

#endif
