/* An account for programs: words of the policy and the ledger, no sentences. */
#include "base/date.h"
#include "codec/account_priv.h"
#include "core/policy_tree.h"

static void
add_member(struct text *out, const char *name, struct slice value)
{
	text_add_format(out, ",\"%s\":", name);
	text_add_json(out, value);
}

static void
add_time(struct text *out, const char *name, int64_t time)
{
	char printed[DATE_SIZE];

	date_print(time / 1000, 0, printed);
	add_member(out, name, slice_from(printed));
}

static void
add_fields(struct text *out, const char *name, uint64_t fields)
{
	const char *comma = "";

	text_add_format(out, ",\"%s\":[", name);
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if ((fields & FIELD_BIT(f)) == 0)
			continue;
		text_add_format(out, "%s\"%s\"", comma, field_info[f].name);
		comma = ",";
	}
	text_add_char(out, ']');
}

static void
add_recipient(struct text *out, const struct provided_row *row)
{
	text_add_string(out, "{\"recipient\":{\"id\":");
	text_add_json(out, row->recipient);
	if (row->is != NULL) {
		add_member(out, "title", row->is->title);
		add_member(out, "country", row->is->country);
		add_member(
		    out, "method", slice_from(method_name(row->is->method)));
		add_member(out, "agreement", row->is->agreement);
	}
	if (row->via.len != 0)
		add_member(out, "via", row->via);
	text_add_format(out, ",\"unspecified_persons\":%s}",
	    row->published ? "true" : "false");
}

static void
add_consents(struct text *out, const struct provided_row *row)
{
	text_add_string(out, ",\"consents\":[");
	for (size_t i = 0; i < row->consent_count; i++) {
		text_add_format(out, "%s{\"given\":%s", i == 0 ? "" : ",",
		    row->consents[i].given ? "true" : "false");
		add_member(out, "purpose", row->consents[i].purpose);
		add_member(out, "version", row->consents[i].version);
		add_time(out, "time", row->consents[i].time * 1000);
		text_add_char(out, '}');
	}
	text_add_char(out, ']');
}

static void
add_period(struct text *out, const struct provided_row *row)
{
	add_time(out, "from", row->from);
	if (row->published && row->until == 0)
		text_add_string(out, ",\"until\":null");
	else
		add_time(out, "until", row->until);
	text_add_format(out, ",\"count\":%llu,\"entries\":[",
	    (unsigned long long)row->count);
	for (uint64_t i = 0; i < row->count && i < PROVIDED_ENTRIES_MAX; i++)
		text_add_format(out, "%s%llu", i == 0 ? "" : ",",
		    (unsigned long long)row->entries[i]);
	text_add_char(out, ']');
	if (row->ended_by != ENTRY_NONE)
		text_add_format(out, ",\"ended_by\":%llu",
		    (unsigned long long)row->ended_by);
	if (row->doubtful != ENTRY_NONE)
		text_add_format(out, ",\"doubtful_end\":%llu",
		    (unsigned long long)row->doubtful);
}

static void
add_policy(struct text *out, const struct provided_row *row)
{
	text_add_string(out, ",\"policy\":{\"identity\":\"");
	text_add_hex(out, row->policy.bytes, DIGEST_SIZE);
	text_add_char(out, '"');
	if (row->ruleset != NULL) {
		add_member(out, "name", ruleset_name(row->ruleset));
		text_add_format(
		    out, ",\"revision\":%u", ruleset_revision(row->ruleset));
	}
	text_add_char(out, '}');
}

static void
add_row(struct text *out, const struct provided_row *row)
{
	static const char *const outcomes[PROVIDED_OUTCOMES] = {
	    [PROVIDED_OPEN] = "open",
	    [PROVIDED_DELIVERED] = "delivered",
	    [PROVIDED_REFUSED] = "refused",
	    [PROVIDED_NOT_SENT] = "not-sent",
	    [PROVIDED_UNKNOWN] = "unknown",
	};

	add_recipient(out, row);
	add_member(out, "type", slice_from(object_type_name(row->type)));
	if (row->object.len != 0)
		add_member(out, "object", row->object);
	add_member(
	    out, "role", slice_from(object_role_name(row->type, row->role)));
	add_fields(out, "forwarded", row->forwarded);
	add_fields(out, "generalised", row->generalised);
	add_fields(out, "replaced", row->replaced);
	text_add_format(
	    out, ",\"passed_unchanged\":%s", row->watched ? "true" : "false");
	add_period(out, row);
	add_member(out, "purpose", row->purpose);
	add_member(out, "purpose_title", row->purpose_title);
	add_member(out, "basis", row->basis);
	add_consents(out, row);
	add_member(out, "channel", row->channel);
	add_policy(out, row);
	add_member(out, "outcome", slice_from(outcomes[row->outcome]));
	text_add_char(out, '}');
}

static void
add_steps(struct text *out, const struct account *account)
{
	const char *comma = "";

	text_add_string(out, "],\"steps\":[");
	for (const struct provided_event *event = account->provided->events;
	     event != NULL; event = event->next) {
		text_add_format(out, "%s{\"entry\":%llu", comma,
		    (unsigned long long)event->entry);
		add_time(out, "time", event->time);
		add_member(out, "type", event->type);
		add_member(out, "word", event->word);
		if (event->case_id.len != 0)
			add_member(out, "case", event->case_id);
		text_add_char(out, '}');
		comma = ",";
	}
	text_add_char(out, ']');
}

static void
add_values(struct text *out, const struct account *account)
{
	if (!account->has_values)
		return;
	text_add_string(out, ",\"values\":[");
	for (size_t i = 0; i < account->value_count; i++) {
		const struct account_value *value = &account->values[i];

		text_add_format(out, "%s{\"type\":\"%s\"", i == 0 ? "" : ",",
		    object_type_name(value->type));
		add_member(out, "object", value->object);
		add_member(out, "role",
		    slice_from(object_role_name(value->type, value->role)));
		add_member(
		    out, "field", slice_from(field_info[value->field].name));
		add_member(out, "value", value->value);
		text_add_char(out, '}');
	}
	text_add_char(out, ']');
}

struct slice
account_json(const struct account *account, struct arena *arena)
{
	const struct provided_result *provided = account->provided;
	struct text out = text_start(arena);

	text_add_string(&out, "{\"subject\":");
	text_add_json(&out, account->subject);
	add_member(&out, "pseudonym", account->pseudonym);
	add_time(&out, "made", account->made);
	text_add_format(&out,
	    ",\"forgotten\":%s,\"first_entry\":%llu,"
	    "\"ledger_entries\":%llu,\"disclosures\":%llu,"
	    "\"withheld\":%llu,\"kept\":%llu,\"cut\":%s,\"provided\":[",
	    account->is_forgotten ? "true" : "false",
	    (unsigned long long)account->minimum,
	    (unsigned long long)account->ledger,
	    (unsigned long long)provided->disclosures,
	    (unsigned long long)provided->withheld,
	    (unsigned long long)provided->kept,
	    provided->cut ? "true" : "false");
	for (const struct provided_row *row = provided->rows; row != NULL;
	     row = row->next) {
		if (row != provided->rows)
			text_add_char(&out, ',');
		add_row(&out, row);
	}
	add_steps(&out, account);
	add_values(&out, account);
	text_add_string(&out, "}\n");
	return text_slice(&out);
}
