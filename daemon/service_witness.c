/* How far the witnesses are, from what the console keeps of them. */
#include "base/text.h"
#include "proc.h"
#include "service_priv.h"
#include "store/cosigned.h"

static void
add_witness(struct service *service, const struct conf_witness *witness,
    struct arena *arena, struct text *out)
{
	const char *directory =
	    proc_path(arena, service->setup->state, SLICE("witness"));
	const char *plus =
	    memchr(witness->verifier_key.data, '+', witness->verifier_key.len);
	struct cosigned cosigned = {.size = 0};
	bool signed_any =
	    directory != NULL && cosigned_read(service->disk, directory,
				     witness->verifier_key, arena, &cosigned);

	text_add_string(out, "{\"name\":");
	text_add_json(out, (struct slice){witness->verifier_key.data,
			       (size_t)(plus - witness->verifier_key.data)});
	text_add_format(out, ",\"entries\":%llu,\"time\":%llu}",
	    (unsigned long long)(signed_any ? cosigned.size : 0),
	    (unsigned long long)(signed_any ? cosigned.time : 0));
}

void
service_add_witnesses(
    struct service *service, struct arena *arena, struct text *out)
{
	const struct conf *conf = service->setup->conf;

	text_add_string(out, ",\"witnesses\":[");
	for (size_t i = 0; i < conf->witness_count; i++) {
		if (i != 0)
			text_add_char(out, ',');
		add_witness(service, &conf->witnesses[i], arena, out);
	}
	text_add_char(out, ']');
}
