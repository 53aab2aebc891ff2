/* A jCard (RFC 7095) of an RDAP answer, as the audit reads it. */
#ifndef MISU_AUDIT_CARD_H
#define MISU_AUDIT_CARD_H

#include "codec/audit_page.h"
#include "codec/json.h"
#include "core/policy_tree.h"

/* Make the places of a role's card; the first of them. */
size_t audit_card_places(struct audit_page *page, enum role role);

/* Read an entity's handle and card into those places. */
void audit_card_read(
    struct audit_page *page, size_t first, const struct json_node *entity);

/*
 * An entry of "redacted" by its name ("Registrant Phone"): if it is of this
 * role, its place is marked.  `is_replaced`: what is shown there is not the
 * person's.
 */
void audit_card_redact(struct audit_page *page, size_t first, enum role role,
    struct slice name, bool is_replaced);

#endif
