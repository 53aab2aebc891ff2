/* What the keeper counts of the workers' side, for GET /metrics. */
#include "keeper_priv.h"

static const char *const channels[COUNTED_OTHER] = {
    [COUNTED_EPP] = "epp",
    [COUNTED_SHADOW] = "epp-shadow",
    [COUNTED_VAULT] = "vault",
    [COUNTED_IMPORT] = "import",
};

static const char *const hows[COUNTED_HOWS] = {
    [COUNTED_PASSED] = "passed",
    [COUNTED_REFUSED] = "refused",
    [COUNTED_HELD] = "held",
};

enum counted_channel
counted_channel(struct slice channel)
{
	unsigned c = 0;

	while (c < COUNTED_OTHER && !slice_is(channel, channels[c]))
		c++;
	return (enum counted_channel)c;
}

void
keeper_add_metrics(const struct keeper *keeper, struct text *text)
{
	size_t workers = 0;

	for (const struct keeper_worker *w = keeper->workers; w != NULL;
	     w = w->next)
		workers++;
	text_add_string(text, "# TYPE misu_epp_entries_total counter\n");
	for (unsigned c = 0; c < COUNTED_OTHER; c++)
		for (unsigned h = 0; h < COUNTED_HOWS; h++)
			text_add_format(text,
			    "misu_epp_entries_total{channel=\"%s\","
			    "outcome=\"%s\"} %llu\n",
			    channels[c], hows[h],
			    (unsigned long long)keeper->counted[c][h]);
	text_add_format(text,
	    "# TYPE misu_epp_open_entries gauge\n"
	    "misu_epp_open_entries %zu\n"
	    "# TYPE misu_workers gauge\n"
	    "misu_workers %zu\n",
	    keeper->open_count, workers);
}
