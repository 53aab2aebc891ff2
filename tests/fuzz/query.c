/* A query of anybody's: it is parsed or refused with a place, and judges. */
#include "core/query_match.h"
#include "runner/fuzz.h"

static const char entry[] =
    "{\"basis\":\"contract\",\"channel\":\"epp\",\"fields\":{\"registrant\":"
    "{\"email\":[\"forward\",3,\"aa==\"],\"fax\":[\"redact\",4]}},"
    "\"object\":{\"data\":\"aaaa\",\"slot\":1,\"subject\":\"00ff\",\"type\":"
    "\"domain\"},\"onward\":[{\"fields\":{\"registrant\":{\"email\":"
    "[\"redact\",9]}},\"recipient\":\"jprs-whois\"}],\"operation\":"
    "\"create\",\"policy\":\"ab12\",\"purpose\":\"p10\",\"recipient\":"
    "\"jprs\",\"salt\":\"00\",\"setup\":\"00\",\"subjects\":{\"registrant\":"
    "[\"00ff\",1]},\"time\":1775000000000,\"type\":\"disclosure\",\"v\":1}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data, size};
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct entry_parts parts;
	struct query_about about = {.disclosure = &parts};
	struct query query;

	query_init(&query);
	if (!query_parse(&query, text, 540, arena, &fail)) {
		fuzz_must(fail.place[0] != '\0' && fail.hint[0] != '\0');
	} else if (entry_parts_read(slice_from(entry), arena, &parts)) {
		query_matches_own(&query, 7, &parts);
		query_matches_about(&query, &parts, &about, arena);
	}
	arena_destroy(arena);
	return 0;
}
