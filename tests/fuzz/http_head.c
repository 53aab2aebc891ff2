/*
 * Whatever comes where a request should: one head that says the same when it
 * is read again, of bytes that came, or none.
 */
#include "codec/http_head.h"
#include "runner/fuzz.h"

static bool
lies_in(struct slice part, struct slice all)
{
	return part.len == 0 || (part.data >= all.data &&
				    part.data + part.len <= all.data + all.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = {(const char *)data, size};
	static struct http_head head, again;
	size_t len = 0, once_more = 0;

	if (http_head_read(bytes, &head, &len) != HTTP_HEAD_WHOLE)
		return 0;
	fuzz_must(len != 0 && len <= size && len <= HTTP_HEAD_MAX);
	fuzz_must(lies_in(head.method, bytes) && head.path.len != 0);
	for (size_t i = 0; i < head.count; i++)
		fuzz_must(lies_in(head.fields[i].name, bytes) &&
			  lies_in(head.fields[i].value, bytes));
	bytes.len = len;
	fuzz_must(
	    http_head_read(bytes, &again, &once_more) == HTTP_HEAD_WHOLE &&
	    once_more == len && again.count == head.count &&
	    slice_equal(again.path, head.path));
	bytes.len = len - 1;
	fuzz_must(http_head_read(bytes, &again, &once_more) != HTTP_HEAD_WHOLE);
	http_head_ends(&head);
	http_head_has_body(&head);
	return 0;
}
