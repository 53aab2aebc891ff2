#include "base/prefix.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>

static unsigned
width(const struct prefix *prefix)
{
	return prefix->six ? 128 : 32;
}

bool
prefix_parse_address(struct slice text, struct prefix *out)
{
	char copy[PREFIX_SIZE];

	*out = (struct prefix){.six = false};
	if (text.len == 0 || text.len >= sizeof(copy) ||
	    memchr(text.data, '\0', text.len) != NULL)
		return false;
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	out->six = strchr(copy, ':') != NULL;
	out->bits = (uint8_t)width(out);
	return inet_pton(out->six ? AF_INET6 : AF_INET, copy, out->bytes) == 1;
}

/* Zero what lies below the prefix; true if something did. */
static bool
clear_host_bits(struct prefix *prefix)
{
	bool found = false;

	for (unsigned i = prefix->bits; i < width(prefix); i++) {
		uint8_t bit = (uint8_t)(0x80U >> i % 8);

		found = found || (prefix->bytes[i / 8] & bit) != 0;
		prefix->bytes[i / 8] &= (uint8_t)~bit;
	}
	return found;
}

static bool
read_bits(struct slice text, unsigned max, uint8_t *out)
{
	unsigned bits = 0;

	if (text.len == 0 || text.len > 3 ||
	    (text.data[0] == '0' && text.len > 1))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(text.data[i] - '0');
	}
	*out = (uint8_t)bits;
	return bits <= max;
}

bool
prefix_parse(struct slice text, struct prefix *out, struct fail *fail)
{
	const char *slash =
	    text.len == 0 ? NULL : memchr(text.data, '/', text.len);
	struct slice address, bits;
	char right[PREFIX_SIZE];

	if (slash == NULL)
		return fail_set(fail, FAIL_INPUT,
		    "not a prefix: an address, a slash and a length");
	address = (struct slice){text.data, (size_t)(slash - text.data)};
	bits = (struct slice){slash + 1, text.len - address.len - 1};
	if (!prefix_parse_address(address, out))
		return fail_set(fail, FAIL_INPUT,
		    "the prefix does not begin with an IP address");
	if (!read_bits(bits, width(out), &out->bits))
		return fail_set(fail, FAIL_INPUT,
		    "the prefix's length is not a number from 0 to %u",
		    width(out));
	if (!clear_host_bits(out))
		return true;
	fail_set(fail, FAIL_INPUT, "the prefix has bits set below its length");
	prefix_print(out, right);
	fail_hint(fail, "the prefix of this address is %s", right);
	return false;
}

size_t
prefix_print_address(const struct prefix *prefix, char out[PREFIX_SIZE])
{
	if (inet_ntop(prefix->six ? AF_INET6 : AF_INET, prefix->bytes, out,
		PREFIX_SIZE) == NULL)
		out[0] = '\0';
	return strlen(out);
}

size_t
prefix_print(const struct prefix *prefix, char out[PREFIX_SIZE])
{
	size_t len = prefix_print_address(prefix, out);

	return len + (size_t)snprintf(
			 out + len, PREFIX_SIZE - len, "/%u", prefix->bits);
}

void
prefix_last(struct prefix *prefix)
{
	unsigned bits = width(prefix);

	for (unsigned i = prefix->bits; i < bits; i++)
		prefix->bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	prefix->bits = (uint8_t)bits;
}

bool
prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	struct prefix cut = *inner;

	if (outer->six != inner->six || outer->bits > inner->bits)
		return false;
	cut.bits = outer->bits;
	clear_host_bits(&cut);
	return memcmp(cut.bytes, outer->bytes, sizeof(cut.bytes)) == 0;
}

int
prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order;

	if (a->six != b->six)
		return a->six ? 1 : -1;
	order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
	if (order != 0)
		return order;
	return (a->bits > b->bits) - (a->bits < b->bits);
}

/* The reverse name of the whole address, by ldns, in `out`. */
static bool
reverse_name(const struct prefix *prefix, char out[256])
{
	char address[PREFIX_SIZE];
	ldns_rdf *rdf, *reverse = NULL;
	char *text = NULL;
	size_t len = 0;

	prefix_print_address(prefix, address);
	rdf = ldns_rdf_new_frm_str(
	    prefix->six ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A, address);
	if (rdf != NULL)
		reverse = ldns_rdf_address_reverse(rdf);
	if (reverse != NULL)
		text = ldns_rdf2str(reverse);
	if (text != NULL)
		len = strlen(text);
	if (len > 0 && len < 256) {
		memcpy(out, text, len);
		out[len - (text[len - 1] == '.')] = '\0';
	}
	free(text);
	ldns_rdf_deep_free(reverse);
	ldns_rdf_deep_free(rdf);
	return len > 0 && len < 256;
}

static bool
add_zone(struct arena *arena, const struct prefix *prefix, struct slice *out,
    struct fail *fail)
{
	unsigned step = prefix->six ? 4 : 8;
	unsigned skip = (width(prefix) - prefix->bits) / step;
	char name[256], whole[256 + 8];
	const char *at = name;

	if (!reverse_name(prefix, name))
		return fail_memory(fail);
	for (unsigned i = 0; i < skip && strchr(at, '.') != NULL; i++)
		at = strchr(at, '.') + 1;
	snprintf(whole, sizeof(whole), "%s", at);
	if (!prefix->six && prefix->bits > 24 && prefix->bits < 32)
		snprintf(whole, sizeof(whole), "%u/%u.%s", prefix->bytes[3],
		    prefix->bits, strchr(name, '.') + 1);
	*out = arena_copy(arena, slice_from(whole));
	return out->data != NULL || fail_memory(fail);
}

/* The next zone of the same length; the octet cannot overflow before last. */
static void
advance(struct prefix *prefix)
{
	unsigned last = (prefix->bits - 1U) / 8;
	unsigned unit = 1U << (7 - (prefix->bits - 1U) % 8);

	prefix->bytes[last] = (uint8_t)(prefix->bytes[last] + unit);
}

bool
prefix_zones(struct arena *arena, const struct prefix *prefix,
    struct slice *out, size_t *count, struct fail *fail)
{
	unsigned step = prefix->six ? 4 : 8;
	unsigned whole = (prefix->bits + step - 1) / step * step;
	struct prefix zone = *prefix;

	*count = 1;
	if (!prefix->six && prefix->bits > 24)
		return add_zone(arena, prefix, out, fail);
	*count = (size_t)1 << (whole - prefix->bits);
	zone.bits = (uint8_t)whole;
	for (size_t i = 0; i < *count; i++) {
		if (!add_zone(arena, &zone, &out[i], fail))
			return false;
		if (whole > 0)
			advance(&zone);
	}
	return true;
}
