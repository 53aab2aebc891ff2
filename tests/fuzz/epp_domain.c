/* Commands on a domain: refused with a code, or read with sound spans. */
#include "runner/epp_spans.h"
#include "runner/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	epp_spans_try((struct slice){(const char *)data, size});
	return 0;
}
