#include "report.h"

#include "base/text.h"
#include "core/policy_matrix.h"

static void
print_identity(FILE *out, const struct digest *digest)
{
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		fprintf(out, "%02x", digest->bytes[i]);
}

static void
print_revision(
    const struct setup *setup, const struct ruleset *ruleset, FILE *out)
{
	const struct ruleset *in_force = setup_in_force(setup, time(NULL));

	fprintf(out, "policy %.*s revision %u: %zu recipients, %zu blocks, %u rules%s\n",
	    SLICE_ARG(ruleset_name(ruleset)), ruleset_revision(ruleset),
	    ruleset_recipient_count(ruleset), ruleset_block_count(ruleset),
	    ruleset_rule_count(ruleset),
	    ruleset == in_force ? ", in force" : "");
	fputs("identity ", out);
	print_identity(out, ruleset_identity(ruleset));
	fputc('\n', out);
}

/* Every place where something is sent that no registrant gave. */
static void
print_placeholders(const struct setup *setup, FILE *out)
{
	const struct conf *conf = setup->conf;

	for (size_t i = 0; i < conf->recipient_count; i++) {
		const struct conf_recipient *recipient = &conf->recipients[i];

		for (size_t j = 0; j < recipient->placeholders.count; j++) {
			const struct placeholder *item =
			    &recipient->placeholders.items[j];

			fprintf(out,
			    "placeholder %.*s %s.%s \"%.*s\"\n",
			    SLICE_ARG(recipient->id), role_name(item->role),
			    field_info[item->field].name,
			    SLICE_ARG(item->value));
		}
	}
}

static bool
print_setup_identity(const struct setup *setup, FILE *out)
{
	struct slice text = conf_setup_text(setup->conf, setup->arena);
	struct digest digest = digest_sha256(text);

	if (text.data == NULL)
		return false;
	fputs("setup identity ", out);
	print_identity(out, &digest);
	fputc('\n', out);
	return true;
}

bool
report_summary(const struct setup *setup, FILE *out)
{
	for (size_t i = 0; i < setup->ruleset_count; i++)
		print_revision(setup, setup->rulesets[i], out);
	print_placeholders(setup, out);
	return print_setup_identity(setup, out);
}

bool
report_setup(const struct setup *setup, FILE *out)
{
	for (size_t i = 0; i < setup->ruleset_count; i++) {
		const struct ruleset *ruleset = setup->rulesets[i];
		struct slice text = ruleset_text(ruleset);
		struct slice matrix = policy_matrix(ruleset, setup->arena);

		if (matrix.data == NULL)
			return false;
		fwrite(text.data, 1, text.len, out);
		fputc('\n', out);
		fwrite(matrix.data, 1, matrix.len, out);
		fputc('\n', out);
	}
	return report_summary(setup, out);
}
