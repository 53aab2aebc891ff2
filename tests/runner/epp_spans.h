/* Are a command's spans sound?  For fuzz targets. */
#ifndef TESTS_EPP_SPANS_H
#define TESTS_EPP_SPANS_H

#include "codec/epp.h"

/* Reads a command and whatever else EPP has; aborts where a promise fails. */
void epp_spans_try(struct slice text);

#endif
