#include "base/name.h"

#include <idn2.h>
#include <ldns/ldns.h>

#include "base/prefix.h"
#include "base/text.h"

/* A label at work: at most 63 bytes when done, more while in other scripts. */
struct label {
	char data[256];
	size_t len;
};

static bool
is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] >= 0x80)
			return false;
	return true;
}

/* Bytes of the dot at the start of `text`, 0 if there is none (UTS 46). */
static size_t
dot(struct slice text)
{
	static const char *const dots[] = {
	    "\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"}; /* 。 ． ｡ */

	if (text.data[0] == '.')
		return 1;
	for (size_t i = 0; i < 3; i++)
		if (text.len >= 3 && memcmp(text.data, dots[i], 3) == 0)
			return 3;
	return 0;
}

/* Cut the first label off `rest`; `last` tells if no dot followed it. */
static struct slice
next_label(struct slice *rest, bool *last)
{
	struct slice label = {rest->data, 0};
	size_t skip = 0;

	while (label.len < rest->len) {
		skip = dot((struct slice){
		    rest->data + label.len, rest->len - label.len});
		if (skip != 0)
			break;
		label.len++;
	}
	*last = skip == 0;
	rest->data += label.len + skip;
	rest->len -= label.len + skip;
	return label;
}

/* To an A-label by libidn2, which also proves that an A-label is one. */
static bool
encode_label(struct label *label, struct fail *fail)
{
	uint8_t *encoded = NULL;
	size_t len = 0;
	int code = idn2_lookup_u8((const uint8_t *)label->data, &encoded,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (code == IDN2_MALLOC)
		return fail_memory(fail);
	if (code == IDN2_OK)
		len = strlen((const char *)encoded);
	if (len > 0 && len <= LABEL_MAX_BYTES)
		memcpy(label->data, encoded, len + 1);
	if (encoded != NULL)
		idn2_free(encoded);
	label->len = len;
	if (code == IDN2_TOO_BIG_LABEL || code == IDN2_TOO_BIG_DOMAIN ||
	    len > LABEL_MAX_BYTES)
		return fail_set(fail, FAIL_INPUT, "has more than %d bytes",
		    LABEL_MAX_BYTES);
	return len > 0 || fail_set(fail, FAIL_INPUT,
			      "is not a label that IDNA2008 allows");
}

static bool
check_label(const struct label *label, struct fail *fail)
{
	if (label->len > LABEL_MAX_BYTES)
		return fail_set(fail, FAIL_INPUT, "has more than %d bytes",
		    LABEL_MAX_BYTES);
	for (size_t i = 0; i < label->len; i++) {
		char c = label->data[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
			return fail_set(fail, FAIL_INPUT,
			    "has something else than letters, digits and "
			    "hyphens");
	}
	if (label->data[0] == '-' || label->data[label->len - 1] == '-')
		return fail_set(
		    fail, FAIL_INPUT, "begins or ends with a hyphen");
	if (label->len >= 4 && memcmp(label->data + 2, "--", 2) == 0 &&
	    memcmp(label->data, "xn", 2) != 0)
		return fail_set(fail, FAIL_INPUT,
		    "has hyphens in places 3 and 4 but is no A-label");
	return true;
}

static bool
canonical_label(struct slice raw, struct label *label, struct fail *fail)
{
	if (raw.len == 0)
		return fail_set(fail, FAIL_INPUT, "is empty");
	if (raw.len >= sizeof(label->data))
		return fail_set(fail, FAIL_INPUT, "has more than %d bytes",
		    LABEL_MAX_BYTES);
	label->len = raw.len;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.data[i];
		label->data[i] =
		    c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	label->data[raw.len] = '\0';
	if (memchr(label->data, '\0', label->len) != NULL)
		return fail_set(fail, FAIL_INPUT, "has a NUL character");
	if ((!is_ascii(raw) || memcmp(label->data, "xn--", 4) == 0) &&
	    !encode_label(label, fail))
		return false;
	return check_label(label, fail);
}

/*
 * A name beyond ASCII, which is libidn2's work, has ldns's word as well: can
 * the DNS carry it?  Letters, digits and hyphens were looked at one by one.
 */
static bool
check_dns(const char *name, struct fail *fail)
{
	ldns_rdf *rdf = ldns_dname_new_frm_str(name);
	bool ok = rdf != NULL && ldns_rdf_size(rdf) <= NAME_MAX_BYTES + 2;

	ldns_rdf_deep_free(rdf);
	return ok ||
	       fail_set(fail, FAIL_INPUT, "the DNS cannot carry the name");
}

bool
name_canonical(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail)
{
	char name[NAME_MAX_BYTES + 1];
	size_t len = 0;
	bool last = text.len == 0, is_plain = is_ascii(text);

	if (text.len == 0)
		return fail_set(fail, FAIL_INPUT, "the name is empty");
	if (!text_is_utf8(text))
		return fail_set(fail, FAIL_INPUT, "the name is not UTF-8");
	for (unsigned n = 1; !last && (n == 1 || text.len > 0); n++) {
		struct slice raw = next_label(&text, &last);
		struct fail why;
		struct label label;

		fail_clear(&why);
		if (!canonical_label(raw, &label, &why)) {
			if (why.kind == FAIL_MEMORY)
				return fail_memory(fail);
			return fail_set(
			    fail, FAIL_INPUT, "label %u %s", n, why.text);
		}
		if (len + label.len + 1 > NAME_MAX_BYTES)
			return fail_set(fail, FAIL_INPUT,
			    "the name has more than %d bytes", NAME_MAX_BYTES);
		if (len != 0)
			name[len++] = '.';
		memcpy(name + len, label.data, label.len);
		len += label.len;
	}
	name[len] = '\0';
	if (!is_plain && !check_dns(name, fail))
		return false;
	*out = arena_copy(arena, (struct slice){name, len});
	return out->data != NULL || fail_memory(fail);
}

bool
name_display(struct arena *arena, struct slice canonical, struct slice *out,
    struct fail *fail)
{
	struct slice copy = arena_copy(arena, canonical);
	char *display = NULL;
	int code;

	if (copy.data == NULL)
		return fail_memory(fail);
	code = idn2_to_unicode_8z8z(copy.data, &display, 0);
	if (code == IDN2_MALLOC)
		return fail_memory(fail);
	*out = code == IDN2_OK ? arena_copy(arena, slice_from(display)) : copy;
	if (display != NULL)
		idn2_free(display);
	return out->data != NULL || fail_memory(fail);
}

size_t
name_labels(struct slice canonical)
{
	size_t count = canonical.len != 0;

	for (size_t i = 0; i < canonical.len; i++)
		count += canonical.data[i] == '.';
	return count;
}

bool
name_is_under(struct slice name, struct slice zone)
{
	size_t ahead = name.len - zone.len;

	if (zone.len == 0)
		return true;
	if (name.len < zone.len ||
	    memcmp(name.data + ahead, zone.data, zone.len) != 0)
		return false;
	return ahead == 0 || name.data[ahead - 1] == '.';
}

/* --- name servers and DS -------------------------------------------------- */

/* Cut the first word off `rest`; empty when there is none left. */
static struct slice
next_word(struct slice *rest)
{
	struct slice word;

	while (
	    rest->len > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t')) {
		rest->data++;
		rest->len--;
	}
	word = (struct slice){rest->data, 0};
	while (word.len < rest->len && rest->data[word.len] != ' ' &&
	       rest->data[word.len] != '\t')
		word.len++;
	rest->data += word.len;
	rest->len -= word.len;
	return word;
}

/* Keep the addresses sorted; one given twice is an error. */
static bool
add_glue(struct prefix glue[GLUE_MAX], size_t count, struct slice word,
    struct fail *fail)
{
	struct prefix address;
	size_t at = count;

	if (!prefix_parse_address(word, &address))
		return fail_set(fail, FAIL_INPUT,
		    "word %zu of the name server is not an IP address",
		    count + 2);
	if (count == GLUE_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "a name server has more than %d addresses", GLUE_MAX);
	while (at > 0 && prefix_compare(&address, &glue[at - 1]) < 0) {
		glue[at] = glue[at - 1];
		at--;
	}
	if (at > 0 && prefix_compare(&address, &glue[at - 1]) == 0)
		return fail_set(fail, FAIL_INPUT,
		    "a name server has the same address twice");
	glue[at] = address;
	return true;
}

bool
name_server(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail)
{
	struct prefix glue[GLUE_MAX];
	struct slice host = next_word(&text), word;
	struct text all = text_start(arena);
	size_t count = 0;

	if (!name_canonical(arena, host, &host, fail))
		return false;
	if (name_labels(host) < 2)
		return fail_set(fail, FAIL_INPUT,
		    "a name server needs at least two labels");
	while ((word = next_word(&text)).len > 0)
		if (!add_glue(glue, count, word, fail))
			return false;
		else
			count++;
	text_add(&all, host);
	for (size_t i = 0; i < count; i++) {
		char address[PREFIX_SIZE];
		prefix_print_address(&glue[i], address);
		text_add_char(&all, ' ');
		text_add_string(&all, address);
	}
	*out = text_slice(&all);
	return out->data != NULL || fail_memory(fail);
}

bool
name_check_glue(struct slice server, struct slice zone, bool new,
    struct fail *fail)
{
	struct slice host = next_word(&server);
	bool glued = next_word(&server).len > 0;
	bool inside = name_is_under(host, zone);

	if (inside && !glued && new)
		return fail_set(fail, FAIL_INPUT,
		    "a name server inside the zone it makes needs an address");
	if (!inside && glued)
		return fail_set(fail, FAIL_INPUT,
		    "a name server outside the zone must have no "
		    "address");
	return true;
}

/* Algorithms that sign zones and may still be used: RFC 8624, RFC 9906. */
static bool
algorithm_signs(unsigned algorithm)
{
	return algorithm == 5 || algorithm == 7 || algorithm == 8 ||
	       algorithm == 10 || (algorithm >= 13 && algorithm <= 16);
}

static size_t
digest_length(unsigned type)
{
	return type == 1 ? 20 : type == 2 ? 32 : type == 4 ? 48 : 0;
}

/* Canonical RDATA of a DS that ldns has read. */
static bool
print_ds(struct arena *arena, const ldns_rr *rr, struct slice *out,
    struct fail *fail)
{
	const ldns_rdf *digest = ldns_rr_rdf(rr, 3);
	unsigned algorithm = ldns_rdf2native_int8(ldns_rr_rdf(rr, 1));
	unsigned type = ldns_rdf2native_int8(ldns_rr_rdf(rr, 2));
	const uint8_t *bytes = ldns_rdf_data(digest);
	struct text text = text_start(arena);

	if (!algorithm_signs(algorithm))
		return fail_set(fail, FAIL_INPUT,
		    "the DS record's algorithm does not sign zones");
	if (digest_length(type) == 0)
		return fail_set(fail, FAIL_INPUT,
		    "the DS record's digest type is not 1, 2 or 4");
	if (ldns_rdf_size(digest) != digest_length(type))
		return fail_set(fail, FAIL_INPUT,
		    "the DS record's digest does not have the %zu bytes of its "
		    "type",
		    digest_length(type));
	text_add_format(&text, "%u %u %u ",
	    ldns_rdf2native_int16(ldns_rr_rdf(rr, 0)), algorithm, type);
	for (size_t i = 0; i < ldns_rdf_size(digest); i++)
		text_add_format(&text, "%02X", bytes[i]);
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(fail);
}

static bool
is_number(struct slice word, unsigned max)
{
	unsigned value = 0;

	if (word.len == 0 || word.len > 5)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		value = value * 10 + (unsigned)(word.data[i] - '0');
	}
	return value <= max;
}

/* ldns reads far more than this, and takes numbers that do not fit. */
static bool
is_ds_text(struct slice text)
{
	if (!is_number(next_word(&text), UINT16_MAX) ||
	    !is_number(next_word(&text), UINT8_MAX) ||
	    !is_number(next_word(&text), UINT8_MAX))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\0' ||
		    strchr("0123456789abcdefABCDEF \t", text.data[i]) == NULL)
			return false;
	return true;
}

bool
name_ds(struct arena *arena, struct slice text, struct slice *out,
    struct fail *fail)
{
	ldns_rr *rr = NULL;
	char line[512];
	int len;
	bool ok;

	if (!is_ds_text(text))
		return fail_set(fail, FAIL_INPUT,
		    "a DS record is three numbers and a digest in hex");
	len = snprintf(line, sizeof(line), ". 0 IN DS %.*s", SLICE_ARG(text));
	if (len < 0 || (size_t)len >= sizeof(line))
		return fail_set(fail, FAIL_INPUT, "the DS record is too long");
	if (ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) != LDNS_STATUS_OK ||
	    rr == NULL || ldns_rr_rd_count(rr) != 4) {
		ldns_rr_free(rr);
		return fail_set(fail, FAIL_INPUT,
		    "a DS record is three numbers and a digest in hex");
	}
	ok = print_ds(arena, rr, out, fail);
	ldns_rr_free(rr);
	return ok;
}
