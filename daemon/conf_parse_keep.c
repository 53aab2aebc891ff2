/*
 * How long what is recorded stays, what may be forgotten when, and when an
 * operator is warned.
 */
#include "conf_parse_priv.h"

enum {
	DAY = 86400,
	/*
	 * APPI, enforcement rule 21: records of provision are kept three
	 * years, the longest of its periods, where the file says nothing.
	 */
	KEEP_RECORDS = 3 * 366 * DAY,
	KEY_OVERLAP = 30 * DAY,
	DISK_WARNING = 14 * DAY,
};

static bool
once(struct parser *parser, const struct token *statement, bool *given)
{
	if (*given)
		conf_complain_at(parser, statement, CONF_TWICE, NOTHING);
	*given = true;
	return true;
}

bool
conf_parse_keep(struct parser *parser, const struct token *statement)
{
	struct conf *conf = parser->conf;

	if (conf_accept(parser, "entries"))
		return once(parser, statement, &parser->entries_given) &&
		       conf_take_period(parser, &conf->keep_entries);
	if (!conf_keyword(parser, "records") ||
	    !once(parser, statement, &parser->records_given))
		return false;
	return conf_accept(parser, "none") ||
	       conf_take_period(parser, &conf->keep_records);
}

bool
conf_parse_forget(struct parser *parser, const struct token *statement)
{
	if (!conf_accept(parser, "now"))
		return conf_keyword(parser, "copy") &&
		       conf_take_once(parser, statement, "a file",
			   &parser->conf->forgotten_copy);
	return once(parser, statement, &parser->conf->forget_now);
}

bool
conf_parse_key_overlap(struct parser *parser, const struct token *statement)
{
	return once(parser, statement, &parser->overlap_given) &&
	       conf_take_duration(parser, &parser->conf->key_overlap);
}

bool
conf_parse_disk_warning(struct parser *parser, const struct token *statement)
{
	return once(parser, statement, &parser->warning_given) &&
	       conf_take_duration(parser, &parser->conf->disk_warning);
}

void
conf_keep_defaults(struct parser *parser)
{
	struct conf *conf = parser->conf;

	if (!parser->records_given)
		conf->keep_records = KEEP_RECORDS;
	if (!parser->overlap_given)
		conf->key_overlap = KEY_OVERLAP;
	if (!parser->warning_given)
		conf->disk_warning = DISK_WARNING;
}
