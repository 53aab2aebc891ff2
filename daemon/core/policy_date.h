/*
 * The one kind of date a policy has: RFC 3339 with seconds and an offset,
 * kept as Unix seconds and printed in UTC.
 */
#ifndef MISU_POLICY_DATE_H
#define MISU_POLICY_DATE_H

#include <stdint.h>

#include "base/text.h"

bool policy_date_parse(struct slice text, int64_t *out);
void policy_date_print(struct text *out, int64_t time);

#endif
