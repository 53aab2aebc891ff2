#include "runner/audit_world.h"

#include <iconv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/rdap.h"
#include "codec/whois.h"
#include "core/policy_tree.h"

static const enum role told[] = {ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH,
    ROLE_BILLING, ROLE_PUBLIC_CONTACT, ROLE_ABUSE};

static const struct publication_registrar registrar = {
    .name = SLICE("Example Registrar K.K."),
    .iana_id = SLICE("9999"),
    .abuse_email = SLICE("abuse@registrar.example"),
    .abuse_phone = SLICE("+81.355550000")};

static struct slice print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct slice
print(struct arena *arena, const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return arena_copy(arena, slice_from(text));
}

/* Canonical, and another for each field, role and turn. */
static struct slice
value_of(struct arena *arena, enum role role, enum field field, unsigned turn)
{
	unsigned number = turn * 1000 + (unsigned)role * 100 + 100;

	if (field == FIELD_POSTCODE)
		return print(arena, "%03u-%04u", number / 100, field);
	if (field == FIELD_NETNAME)
		return print(arena, "NET-%u-%u", number, field);
	switch (field_info[field].check) {
	case CHECK_EMAIL:
		return print(arena, "m%u-%u@mail.example", number, field);
	case CHECK_PHONE:
		return print(arena, "+81.3%04u%04u", number, field);
	case CHECK_DIGITS:
		return print(arena, "%u%u", number, field);
	case CHECK_COUNTRY:
		return turn == 0 ? SLICE("JP") : SLICE("NZ");
	case CHECK_DOMAIN:
	case CHECK_HOST:
		return print(arena, "ns%u-%u.dns.example", number, field);
	case CHECK_DS:
		return print(
		    arena, "%u 13 2 0123456789ABCDEF%04u", number, field);
	case CHECK_TEXT:
		return print(arena, "値%u の%u", number, field);
	case CHECK_ASCII:
	case CHECK_PREFIX:
		break;
	}
	return print(arena, "Value %u of %u", number, field);
}

static struct values
one(struct arena *arena, struct slice value)
{
	struct slice *room = arena_take(arena, sizeof(*room));

	*room = value;
	return (struct values){room, 1};
}

static void
set(struct audit_world *world, enum role role, enum field field,
    struct slice value)
{
	struct values values = one(world->arena, value);

	world->it.roles[role].present = true;
	world->it.roles[role].items[field] =
	    (struct publication_item){.state = PUBLISHED, .values = values};
	world->intent->has_role[role] = true;
	world->intent->items[role][field] =
	    (struct audit_intended){.ruling = {VERDICT_FORWARD, 7},
		.collected = true,
		.allowed = values};
}

static bool
is_network(enum audit_paper paper)
{
	return paper == PAPER_NETWORK || paper == PAPER_NETWORK_ENGLISH ||
	       paper == PAPER_RDAP_NETWORK;
}

static const char *
name_of(enum audit_paper paper)
{
	if (is_network(paper))
		return "192.0.2.0/24";
	if (paper == PAPER_JPRS_ORGANIZATIONAL ||
	    paper == PAPER_JPRS_ORGANIZATIONAL_ENGLISH)
		return "example.co.jp";
	return paper == PAPER_GTLD || paper == PAPER_RDAP
		   ? "xn--r8jz45g.example"
		   : "xn--r8jz45g.jp";
}

void
audit_world_make(
    struct audit_world *world, enum audit_paper paper, struct arena *arena)
{
	*world = (struct audit_world){.arena = arena,
	    .it = {.type = is_network(paper) ? OBJECT_NETWORK : OBJECT_DOMAIN,
		.name = slice_from(name_of(paper)),
		.registrar = &registrar,
		.created = 1000000000,
		.updated = 1700000000,
		.expires = 1900000000},
	    .intent = arena_take(arena, sizeof(struct audit_intent))};
	world->intent->type = world->it.type;
	world->intent->object = world->it.name;
	world->intent->knows_record = true;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (field_info[f].class != CLASS_OBJECT)
				set(world, told[i], (enum field)f,
				    value_of(arena, told[i], (enum field)f, 0));
	set(world, ROLE_REGISTRANT, FIELD_NETNAME,
	    value_of(arena, ROLE_REGISTRANT, FIELD_NETNAME, 0));
	/* Servers and keys are the object's. */
	set(world, ROLE_REGISTRANT, FIELD_NS,
	    SLICE("ns1.dns.example 192.0.2.53"));
	set(world, ROLE_REGISTRANT, FIELD_DS,
	    value_of(arena, ROLE_REGISTRANT, FIELD_DS, 0));
	set(world, ROLE_ADMIN, FIELD_HANDLE,
	    paper == PAPER_GROUP ? SLICE("JP00000127") : SLICE("TM1234JP"));
	world->it.ns = world->it.roles[ROLE_REGISTRANT].items[FIELD_NS];
	world->it.ds = world->it.roles[ROLE_REGISTRANT].items[FIELD_DS];
}

/* --- papers --------------------------------------------------------------- */

static void
write_gtld(struct text *text, const struct publication *it)
{
	static const struct whois_style style = {.indent = 3,
	    .upper = true,
	    .roles = ~0u,
	    .streets = 3,
	    .redacted = SLICE("REDACTED FOR PRIVACY"),
	    .redacted_id = SLICE("REDACTED"),
	    .redacted_email = SLICE("https://registrar.example/contact"),
	    .database = SLICE("WHOIS database"),
	    .lead = SLICE("This name is under the lock: it stays."),
	    .footer = SLICE("Registrant Name: is a line of the footer.\n")};

	whois_gtld(text, it, &style, 1800000000);
}

struct slice
audit_world_write(const struct audit_world *world, enum audit_paper paper)
{
	static const struct rdap_options options = {
	    .base = SLICE("https://rdap.registrar.example/"),
	    .contact_uri = SLICE("https://registrar.example/contact"),
	    .now = 1800000000};
	const struct publication *it = &world->it;
	struct text text = text_start(world->arena);
	bool english = paper == PAPER_JPRS_ENGLISH ||
		       paper == PAPER_JPRS_ORGANIZATIONAL_ENGLISH ||
		       paper == PAPER_NETWORK_ENGLISH ||
		       paper == PAPER_CONTACT_ENGLISH;
	struct fail fail = FAIL_INIT;
	bool ok = true;

	switch (paper) {
	case PAPER_GTLD:
		write_gtld(&text, it);
		break;
	case PAPER_JPRS:
	case PAPER_JPRS_ENGLISH:
		whois_jprs_generic(&text, it, english);
		break;
	case PAPER_JPRS_ORGANIZATIONAL:
	case PAPER_JPRS_ORGANIZATIONAL_ENGLISH:
		whois_jprs_organizational(&text, it, english);
		break;
	case PAPER_NETWORK:
	case PAPER_NETWORK_ENGLISH:
		whois_jpnic_network(&text, it, english);
		break;
	case PAPER_CONTACT:
	case PAPER_CONTACT_ENGLISH:
	case PAPER_GROUP:
		whois_jpnic_contact(&text, it, ROLE_ADMIN, english);
		break;
	case PAPER_RDAP:
		ok = rdap_domain(&text, it, &options, &fail);
		break;
	case PAPER_RDAP_NETWORK:
		ok = rdap_network(&text, it, &options, &fail);
		break;
	case PAPER_RDAP_ENTITY:
		ok = rdap_entity(&text, it, ROLE_ADMIN, &options, &fail);
		break;
	case PAPER_COUNT:
		ok = false;
	}
	if (!ok)
		abort();
	return text_slice(&text);
}

static bool
read_paper(enum audit_paper paper, const struct audit_question *question,
    struct slice bytes, struct arena *arena, struct audit_answer *out)
{
	struct fail fail = FAIL_INIT;

	switch (paper) {
	case PAPER_GTLD:
		return audit_read_whois(
		    AUDIT_GTLD, question, bytes, arena, out, &fail);
	case PAPER_JPRS:
	case PAPER_JPRS_ENGLISH:
	case PAPER_JPRS_ORGANIZATIONAL:
	case PAPER_JPRS_ORGANIZATIONAL_ENGLISH:
		return audit_read_whois(
		    AUDIT_JPRS, question, bytes, arena, out, &fail);
	case PAPER_NETWORK:
	case PAPER_NETWORK_ENGLISH:
		return audit_read_whois(
		    AUDIT_JPNIC_NETWORK, question, bytes, arena, out, &fail);
	case PAPER_CONTACT:
	case PAPER_CONTACT_ENGLISH:
	case PAPER_GROUP:
		return audit_read_whois(
		    AUDIT_CONTACT, question, bytes, arena, out, &fail);
	case PAPER_RDAP:
	case PAPER_RDAP_NETWORK:
	case PAPER_RDAP_ENTITY:
		return audit_read_rdap(question, bytes, arena, out, &fail);
	case PAPER_COUNT:
		break;
	}
	return false;
}

void
audit_world_read(const struct audit_world *world, enum audit_paper paper,
    struct slice bytes, struct audit_answer *out)
{
	bool is_contact = paper == PAPER_CONTACT ||
			  paper == PAPER_CONTACT_ENGLISH ||
			  paper == PAPER_GROUP || paper == PAPER_RDAP_ENTITY;
	static iconv_t from_jis;
	struct audit_question question = {.type = world->it.type,
	    .name = world->it.name,
	    .is_contact = is_contact,
	    .role = ROLE_ADMIN};

	if (from_jis == NULL)
		from_jis = iconv_open(AUDIT_ICONV_TO, AUDIT_ICONV_FROM);
	question.from_jis = from_jis != (iconv_t)-1 ? from_jis : NULL;
	if (is_contact)
		question.name = (struct slice){"", 0};
	if (!read_paper(paper, &question, bytes, world->arena, out))
		abort();
}

/* --- differences ---------------------------------------------------------- */

static void
settle(struct audit_world *world)
{
	world->it.ns = world->it.roles[ROLE_REGISTRANT].items[FIELD_NS];
	world->it.ds = world->it.roles[ROLE_REGISTRANT].items[FIELD_DS];
}

void
audit_world_change(struct audit_world *world, enum role role, enum field field)
{
	world->it.roles[role].items[field].values =
	    one(world->arena, value_of(world->arena, role, field, 1));
	settle(world);
}

void
audit_world_hide(struct audit_world *world, enum role role, enum field field)
{
	world->it.roles[role].items[field] =
	    (struct publication_item){.state = REDACTED};
	settle(world);
}

void
audit_world_leak(
    struct audit_world *world, enum role role, enum field field, unsigned rule)
{
	struct audit_intended *of = &world->intent->items[role][field];

	of->hidden = of->allowed;
	of->allowed = (struct values){NULL, 0};
	of->ruling = (struct ruling){VERDICT_REDACT, rule};
}
