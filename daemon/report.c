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

/* The roles that may need it under any revision. */
static unsigned
redacted_roles(const struct setup *setup,
    const struct conf_recipient *recipient, enum field field)
{
	unsigned roles = 0;

	for (size_t i = 0; i < setup->ruleset_count; i++)
		roles |=
		    conf_epp_redacts(setup->rulesets[i], recipient->id, field);
	return roles;
}

static void
print_placeholder(const struct conf_recipient *recipient, enum role role,
    const struct placeholder *item, FILE *out)
{
	fprintf(out, "placeholder %.*s %s.%s \"%.*s\"\n",
	    SLICE_ARG(recipient->id), role_name(role),
	    field_info[item->field].name, SLICE_ARG(item->value));
}

/* Every place where something is sent that no registrant gave. */
static void
print_placeholders(const struct setup *setup, FILE *out)
{
	const struct conf *conf = setup->conf;

	for (size_t i = 0; i < conf->recipient_count; i++) {
		const struct conf_recipient *recipient = &conf->recipients[i];
		const struct placeholder *item = recipient->placeholders.items;
		const struct placeholder *end =
		    item + recipient->placeholders.count;

		for (; item < end; item++) {
			unsigned roles = 1u << item->role;

			if (recipient->channel == CHANNEL_EPP)
				roles = redacted_roles(
				    setup, recipient, item->field);
			for (unsigned j = 0; j < ROLE_COUNT; j++)
				if ((roles & 1u << j) != 0)
					print_placeholder(recipient,
					    (enum role)j, item, out);
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
