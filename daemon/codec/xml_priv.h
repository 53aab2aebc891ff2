/*
 * What the files of the XML reader share: the state of one reading, the
 * classes of characters, and references.
 */
#ifndef MISU_XML_PRIV_H
#define MISU_XML_PRIV_H

#include "codec/xml.h"

/* Whatever a caller's limits say. */
enum {
	XML_BYTES_MAX = 16 << 20,
	XML_ATTRIBUTES_MAX = 64, /* of one element, with declarations */
	XML_NAMESPACES_MAX = 64	 /* declarations in all */
};

enum xml_class {
	XML_NAME_START = 1, /* ASCII only: all editions of XML 1.0 agree */
	XML_NAME = 2,
	XML_SPACE = 4,	/* space, tab, line feed */
	XML_TEXT = 8,	/* ASCII that means itself in text */
	XML_QUOTED = 16 /* ASCII that means itself between either quotes */
};

extern const uint8_t xml_classes[256];

/* A prefix and its namespace while `element` is open. */
struct xml_binding {
	const uint8_t *prefix;
	uint32_t len; /* 0: the default namespace */
	uint32_t space;
	uint32_t element;
	/* The prefix with its colon, where both have room in eight bytes. */
	uint64_t word, mask;
};

struct xml_reader {
	const uint8_t *start, *at, *end;
	struct xml_document *document;
	struct arena *arena;
	const struct xml_limits *limits;
	struct fail *fail;
	bool mixed;
	uint32_t current;  /* the open element */
	uint32_t previous; /* the last child of it so far */
	uint32_t depth;
	uint32_t element_size, attribute_size, attribute_count, space_size;
	const uint8_t *last_return; /* the last "\r\n" between elements */
	struct xml_binding bindings[XML_NAMESPACES_MAX];
	uint32_t binding_count, declared;
	uint32_t recent; /* binding of the tag before; XML_NONE: look again */
};

static inline uint32_t
xml_offset(const struct xml_reader *r, const uint8_t *at)
{
	return (uint32_t)(at - r->start);
}

/*
 * Eight bytes at a time, where the first of them is the lowest of a word: the
 * subtraction marks a byte that is less, and perhaps ones behind it.  Elsewhere
 * the loops by classes, which follow everywhere, do all.
 */
#define XML_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t
xml_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Marks the bytes that are `c`, of a word without any beyond ASCII. */
static inline uint64_t
xml_mark(uint64_t word, uint8_t c)
{
	return (word ^ XML_EACH(c)) - XML_EACH(1);
}

static inline const uint8_t *
xml_skip_space(const uint8_t *at, const uint8_t *end)
{
	if (at < end && *at == '\n')
		at++;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; end - at >= 8; at += 8) {
		uint64_t other = xml_word(at) ^ XML_EACH(' ');

		if (other != 0) {
			at += __builtin_ctzll(other) / 8;
			break;
		}
	}
#endif
	while (at < end && (xml_classes[*at] & XML_SPACE) != 0)
		at++;
	return at;
}

/* Past letters of ASCII, which is all that most names have. */
static inline const uint8_t *
xml_skip_letters(const uint8_t *at, const uint8_t *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; end - at >= 8; at += 8) {
		uint64_t word = xml_word(at), low, letter;

		/* Small letters, seven bits each, so that no sum carries. */
		low = (word | XML_EACH(0x20)) & XML_EACH(0x7f);
		letter = (low + XML_EACH(0x80 - 'a')) &
			 ~(low + XML_EACH(0x80 - 'z' - 1)) & ~word &
			 XML_EACH(0x80);
		if (letter != XML_EACH(0x80)) {
			letter ^= XML_EACH(0x80);
			return at + __builtin_ctzll(letter) / 8;
		}
	}
#endif
	return at;
}

/* Past ASCII that means itself in text. */
static inline const uint8_t *
xml_skip_text(const uint8_t *at, const uint8_t *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; end - at >= 8; at += 8) {
		uint64_t word = xml_word(at), stop;

		stop = (((word - XML_EACH(' ')) | xml_mark(word, '<') |
			    xml_mark(word, '&') | xml_mark(word, ']')) &
			   ~word) |
		       word;
		stop &= XML_EACH(0x80);
		if (stop != 0) {
			at += __builtin_ctzll(stop) / 8;
			break;
		}
	}
#endif
	while (at < end && (xml_classes[*at] & XML_TEXT) != 0)
		at++;
	return at;
}

/* Past ASCII that means itself between quotes. */
static inline const uint8_t *
xml_skip_quoted(const uint8_t *at, const uint8_t *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (; end - at >= 8; at += 8) {
		uint64_t word = xml_word(at), stop;

		stop = (((word - XML_EACH(' ')) | xml_mark(word, '<') |
			    xml_mark(word, '&') | xml_mark(word, '"') |
			    xml_mark(word, '\'')) &
			   ~word) |
		       word;
		stop &= XML_EACH(0x80);
		if (stop != 0) {
			at += __builtin_ctzll(stop) / 8;
			break;
		}
	}
#endif
	while (at < end && (xml_classes[*at] & XML_QUOTED) != 0)
		at++;
	return at;
}

/* Complain of what stands at `at`; false always. */
bool xml_refuse(struct xml_reader *r, const uint8_t *at, const char *what);

/*
 * A character beyond ASCII that XML allows: its length, or 0 if it is none
 * or not UTF-8.
 */
size_t xml_high(const uint8_t *at, const uint8_t *end);

/* The same, at once for U+3000 to U+CFFF: no lead byte has an exception. */
static inline size_t
xml_high_often(const uint8_t *at, const uint8_t *end)
{
	if (at[0] >= 0xe3 && at[0] <= 0xec && end - at >= 3 &&
	    (at[1] & 0xc0) == 0x80 && (at[2] & 0xc0) == 0x80)
		return 3;
	return xml_high(at, end);
}

/* The reference at `at`, which is a '&': its length and code point, or 0. */
size_t xml_reference(const uint8_t *at, const uint8_t *end, unsigned *point);

/* r->at is behind '<' and at a name's first character. */
bool xml_read_start_tag(struct xml_reader *r);

#endif
