/* How the registries of gTLDs that are known word their answers. */
#include "codec/whois.h"

#define COMPLAINT "URL of the ICANN Whois Inaccuracy Complaint Form"
#define REDACTED_TEXT "REDACTED FOR PRIVACY"

enum { THICK = 1 << ROLE_REGISTRANT | 1 << ROLE_ADMIN | 1 << ROLE_TECH };

/*
 * As their answers were in July 2026.  The row with no TLD is for all others:
 * ICANN's labelling and display policy of February 2024.
 */
static const struct {
	const char *tld;
	const char *locked; /* the lead where the registry holds it fast */
	struct whois_style style;
} styles[] = {
    {".biz", "",
	{.always_id = true,
	    .roles = THICK,
	    .streets = 3,
	    .redacted = SLICE(REDACTED_TEXT),
	    .redacted_id = SLICE(REDACTED_TEXT),
	    .redacted_email = SLICE(
		"Please query the RDDS service of the Registrar of Record"
		" identified in this output for information on how to contact"
		" the Registrant, Admin, or Tech contact of the queried domain"
		" name."),
	    .complaint_label = SLICE(COMPLAINT),
	    .complaint_url = SLICE("https://www.icann.org/wicf/"),
	    .database = SLICE("WHOIS database")}},
#define VERISIGN                                                               \
	{                                                                      \
		.indent = 3, .upper = true, .streets = 1,                      \
		.redacted = SLICE(REDACTED_TEXT),                              \
		.redacted_id = SLICE(REDACTED_TEXT),                           \
		.redacted_email = SLICE(REDACTED_TEXT),                        \
		.complaint_label = SLICE(COMPLAINT),                           \
		.complaint_url = SLICE("https://www.icann.org/wicf/"),         \
		.database = SLICE("whois database")                            \
	}
    {".com", "", VERISIGN},
    {".net", "", VERISIGN},
#undef VERISIGN
#define DONUTS                                                                 \
	{                                                                      \
		.always_id = true, .streets = 1,                               \
		.redacted = SLICE(REDACTED_TEXT),                              \
		.redacted_id = SLICE("REDACTED"),                              \
		.redacted_email = SLICE(REDACTED_TEXT),                        \
		.complaint_label = SLICE(COMPLAINT),                           \
		.complaint_url = SLICE("https://icann.org/wicf/"),             \
		.database = SLICE("WHOIS database")                            \
	}
    {".org",
	"This domain is protected by the Registry Lock service. If you are"
	" the registrant and wish to take action on this lock, please contact"
	" your registrar.",
	DONUTS},
    {".info", "", DONUTS},
#undef DONUTS
    {"", "",
	{.streets = 1,
	    .redacted = SLICE(REDACTED_TEXT),
	    .redacted_id = SLICE(REDACTED_TEXT),
	    .redacted_email = SLICE(REDACTED_TEXT),
	    .complaint_label =
		SLICE("URL of the ICANN RDDS Inaccuracy Complaint Form"),
	    .complaint_url = SLICE("https://icann.org/wicf"),
	    .database = SLICE("WHOIS database")}},
};

static bool
has_status(const struct publication *it, const char *word)
{
	for (size_t i = 0; i < it->status.count; i++)
		if (slice_is(it->status.items[i], word))
			return true;
	return false;
}

static bool
is_locked(const struct publication *it)
{
	return has_status(it, "serverDeleteProhibited") &&
	       has_status(it, "serverTransferProhibited") &&
	       has_status(it, "serverUpdateProhibited");
}

bool
whois_ends_in(struct slice name, const char *end)
{
	size_t len = strlen(end);

	return name.len >= len &&
	       memcmp(name.data + name.len - len, end, len) == 0;
}

struct whois_style
whois_style_of(const struct publication *it)
{
	struct whois_style style;
	size_t i = 0;

	while (!whois_ends_in(it->name, styles[i].tld))
		i++;
	style = styles[i].style;
	if (is_locked(it))
		style.lead = slice_from(styles[i].locked);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (it->roles[role].present)
			style.roles |= 1u << role;
	return style;
}
