/*
 * A random record under a random policy: nothing that the policy redacts is
 * in anything that is made of the disclosure.
 */
#include "codec/template.h"
#include "codec/workitem.h"
#include "core/decide.h"
#include "core/policy.h"
#include "runner/canary.h"
#include "runner/fuzz.h"
#include "runner/random_policy.h"

enum { BLOCKS_MAX = 32, ARENA_KEEP = 1 << 20 };

unsigned property_compiled, property_disclosed, property_passed;

/* What of the record does not pass to this recipient as it is. */
static size_t
forbidden_of(const struct record *record, const struct disclosure *disclosure,
    struct slice *out, size_t max)
{
	bool goes =
	    disclosure_outcome(disclosure).verdict == VERDICT_FORWARD;
	size_t count = 0;

	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = (enum role)(slot / FIELD_COUNT);
		enum field field = (enum field)(slot % FIELD_COUNT);
		struct values values = record_values(record, role, field);

		if (values.count != 0 && goes &&
		    disclosure_ruling(disclosure, role, field).verdict ==
			VERDICT_FORWARD) {
			property_passed++;
			continue;
		}
		for (size_t i = 0; i < values.count && count < max; i++)
			if (random_is_canary(field))
				out[count++] = values.items[i];
	}
	return count;
}

static void
check(struct slice rendered, const struct slice *forbidden, size_t count,
    struct slice policy)
{
	struct canary_found found;

	if (rendered.len == 0 ||
	    !canary_find(rendered, forbidden, count, &found))
		return;
	fprintf(stderr,
	    "redacted \"%.*s\" left (%s) in:\n%.*s\nunder:\n%.*s\n",
	    SLICE_ARG(forbidden[found.value]), found.how, SLICE_ARG(rendered),
	    SLICE_ARG(policy));
	abort();
}

static void
check_block(struct random *random, const struct ruleset *ruleset,
    const struct block *block, const struct record *record,
    struct arena *arena)
{
	struct slice *forbidden =
	    arena_take_array(arena, SLOT_COUNT * 2, sizeof(*forbidden));
	struct placeholders none = {NULL, 0};
	struct decide_given given = {.approved = false};
	struct fail fail = FAIL_INIT;
	struct slice text = random_template(random, arena);
	struct template *template = template_parse(
	    arena, SLICE("random"), text, &fail);
	struct disclosure *disclosure =
	    decide(ruleset, block, record, &given, arena, &fail);
	size_t count;

	if (forbidden == NULL || template == NULL || disclosure == NULL) {
		fprintf(stderr, "%s: %s\n", fail.place, fail.text);
		abort();
	}
	property_disclosed++;
	count =
	    forbidden_of(record, disclosure, forbidden, SLOT_COUNT * 2);
	check(template_render(template, disclosure, &none, arena, &fail),
	    forbidden, count, ruleset_text(ruleset));
	check(workitem_render(disclosure, arena, &fail), forbidden, count,
	    ruleset_text(ruleset));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct random random =
	    random_from((struct slice){(const char *)data, size});
	struct arena *arena = arena_create(NULL);
	const struct network_group own = {SLICE("own"), random_prefixes, 1};
	const struct block *blocks[BLOCKS_MAX];
	struct slice diagnostics = {NULL, 0};
	struct fail fail = FAIL_INIT;
	struct policy_source source;
	struct ruleset *ruleset;
	struct record *record;
	size_t count = 0;

	if (arena == NULL)
		return 0;
	source.name = SLICE("random.policy");
	source.text = random_policy(&random, arena);
	ruleset = policy_load(
	    arena, &source, NULL, &own, 1, &diagnostics, &fail);
	record = random_record(&random, arena, &fail);
	if (ruleset != NULL && record != NULL) {
		property_compiled++;
		count = ruleset_match(ruleset, record, blocks, BLOCKS_MAX);
	} else if (getenv("PROPERTY_VERBOSE") != NULL) {
		fprintf(stderr, "%.*s\n", SLICE_ARG(diagnostics));
	}
	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++)
		check_block(&random, ruleset, blocks[i], record, arena);
	arena_destroy(arena);
	return 0;
}
