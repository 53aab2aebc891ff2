/* Whatever a template says, it prints nothing that the policy redacts. */
#include "codec/submission.h"
#include "codec/template.h"
#include "core/decide.h"
#include "core/policy.h"
#include "runner/fuzz.h"

static const char canary[] = "Canary-1-2-3";

static const struct disclosure *
disclose(struct arena *arena)
{
	static const struct policy_source source = {
	    {"fuzz", 4},
	    SLICE("policy \"t\" revision 1 effective 2020-01-01T00:00:00Z\n"
		  "purpose p \"register\"\n"
		  "recipient reg \"r\" in JP class registry basis contract "
		  "by api {\n may receive name of registrant\n"
		  " may receive ns of subscriber\n}\n"
		  "for .example to reg for p {\n forward name of registrant\n"
		  " forward ns of subscriber\n redact * of *\n}\n")};
	struct decide_given given = {.approved = false};
	struct slice diagnostics;
	const struct block *block;
	struct ruleset *ruleset =
	    policy_load(arena, &source, NULL, NULL, 0, &diagnostics, NULL);
	struct submission *submission = submission_parse(arena,
	    SLICE("{\"object\":{\"type\":\"domain\",\"name\":\"a.example\"},"
		  "\"request\":\"create\",\"roles\":{\"registrant\":{\"kind\":"
		  "\"natural\",\"fields\":{\"name\":{\"int\":\"Taro\"},"
		  "\"street\":{\"int\":\"Canary-1-2-3\"}}},\"subscriber\":{"
		  "\"kind\":\"unknown\",\"fields\":{\"ns\":["
		  "\"ns1.example.net\",\"ns2.example.net\"]}}}}"),
	    NULL);

	fuzz_must(ruleset != NULL && submission != NULL &&
	    ruleset_match(ruleset, submission->record, &block, 1) == 1);
	return decide(
	    ruleset, block, submission->record, &given, arena, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(NULL);
	struct slice text = {(const char *)data, size}, out;
	struct placeholders none = {NULL, 0};
	struct fail fail = FAIL_INIT;
	struct template *template =
	    template_parse(arena, SLICE("fuzz"), text, &fail);

	if (template == NULL) {
		fuzz_must(fail.text[0] != '\0' && fail.place[0] != '\0');
	} else if (memmem(data, size, canary, sizeof(canary) - 1) == NULL) {
		out = template_render(
		    template, disclose(arena), &none, arena, &fail);
		fuzz_must(out.data != NULL || fail.text[0] != '\0');
		fuzz_must(out.data == NULL ||
		    memmem(out.data, out.len, canary, sizeof(canary) - 1) ==
			NULL);
	}
	arena_destroy(arena);
	return 0;
}
