#include "base/fold.h"

#include <stdint.h>
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

#include "base/digest.h"
#include "base/text.h"

/* Of ASCII, capitals become small letters and nothing else changes. */
static void
fold_ascii(char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] >= 'A' && data[i] <= 'Z')
			data[i] = (char)(data[i] + ('a' - 'A'));
}

bool
fold_text(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail)
{
	uint8_t *folded;
	size_t len;

	if (text.len == 0 || text_is_printable(text) || !text_is_utf8(text)) {
		char *copy = arena_take(arena, text.len + 1);

		if (copy == NULL)
			return fail_memory(fail);
		if (text.len != 0)
			memcpy(copy, text.data, text.len);
		if (text_is_printable(text))
			fold_ascii(copy, text.len);
		*out = (struct slice){copy, text.len};
		return true;
	}
	folded = u8_casefold((const uint8_t *)text.data, text.len, NULL,
	    UNINORM_NFKC, NULL, &len);
	if (folded == NULL)
		return fail_memory(fail);
	*out = arena_copy(arena, (struct slice){(const char *)folded, len});
	digest_wipe(folded, len);
	free(folded);
	return out->data != NULL || fail_memory(fail);
}
