#include "base/near.h"

enum { WORD_MAX = 24 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
near_distance(struct slice a, struct slice b)
{
	size_t row[WORD_MAX + 1];

	if (a.len > WORD_MAX || b.len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 0; i < a.len; i++) {
		size_t corner = row[0]++;

		for (size_t j = 0; j < b.len; j++) {
			size_t change = corner + (a.data[i] != b.data[j]);

			corner = row[j + 1];
			row[j + 1] =
			    least(change, least(row[j], row[j + 1]) + 1);
		}
	}
	return row[b.len];
}
